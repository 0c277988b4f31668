//! The application on a free port over a fresh database of either kind, with a clock that tests move.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, dead_code, missing_docs, unreachable_pub)]

pub mod bucket;
pub mod office;
pub mod places;
pub mod postgres;
pub mod process;
pub mod sign_on;

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use chrono::NaiveDateTime;
use metrics_exporter_prometheus::PrometheusHandle;
use motcua::ambient::Ambient;
use motcua::documents::press::Press;
use motcua::domain::feedback::ANSWER_DAYS;
use motcua::domain::vocabulary::{AgencyCode, Role};
use motcua::files::Files;
use motcua::files::store::FileStore;
use motcua::flow::accounts::{add_user, hash_password};
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor};
use motcua::http::admission::Gate;
use motcua::http::board::Board;
use motcua::http::edges::Edges;
use motcua::http::gauges::Gauges;
use motcua::http::idempotency::Running;
use motcua::http::leave::Leave;
use motcua::http::lookup_key::LookupKey;
use motcua::http::openid::Provider;
use motcua::http::portal::PortalState;
use motcua::http::public::Limits;
use motcua::http::public_catalogue::PublicCatalogue;
use motcua::http::tokens::TokenKey;
use motcua::http::{self, AppState};
use motcua::integrations::national_portal::codes::Codes;
use motcua::storage::{Db, PoolSizes, Vault, migrate};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Monday 2 March 2026, 09:00: an ordinary working morning.
pub const NOW: &str = "2026-03-02T09:00:00";
pub const PASSWORD: &str = "mật khẩu để thử";
/// What the application under test seals with.
pub const DATA_KEY: &str = "a data key for tests only, 32 bytes";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Runs one story on SQLite and on PostgreSQL; where no PostgreSQL is to be had it says so loudly.
#[macro_export]
macro_rules! story {
    ($(#[$meta:meta])* $name:ident, |$app:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn tell($app: &$crate::support::TestApp) $body

            #[actix_web::test]
            async fn on_sqlite() {
                let app = $crate::support::TestApp::start($crate::support::Kind::Sqlite).await.unwrap();
                tell(&app).await;
                app.verify();
            }

            #[actix_web::test]
            async fn on_postgres() {
                if let Some(app) = $crate::support::TestApp::start($crate::support::Kind::Postgres).await {
                    tell(&app).await;
                    app.verify();
                }
            }
        }
    };
}

pub struct TestApp {
    pub base: String,
    pub db: Db,
    pub ambient: Ambient,
    pub files: Files,
    /// Where the files are, unless the test put them elsewhere.
    pub folder: tempfile::TempDir,
    client: reqwest::Client,
    admin: OnceLock<String>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    store: Store,
    url: String,
}

enum Store {
    Folder(#[allow(dead_code)] tempfile::TempDir),
    Schema(postgres::Schema),
}

/// An answer read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|cause| panic!("{cause}: {}", self.text))
    }

    /// The body, when the status is the expected one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The body as it came, when the status is the expected one.
    #[track_caller]
    pub fn expect_bytes(&self, status: u16) -> &[u8] {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        &self.bytes
    }

    /// The problem's code, when the status is the expected one and the body a problem.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let body = self.expect(status);
        for member in ["type", "title", "detail", "request_id"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
        }
        assert_eq!(body["status"], status);
        body["code"].as_str().unwrap().to_owned()
    }

    /// The code of whatever problem this is; empty when it is none.
    pub fn problem_code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl TestApp {
    /// Starts the application; `None` where the database is not to be had.
    pub async fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, in_folder).await
    }

    /// Starts the application with files of the test's own making.
    pub async fn start_with(kind: Kind, files: impl FnOnce(&Path) -> Files) -> Option<Self> {
        Self::set_up(kind, files, true, Edges::default(), None).await
    }

    /// Starts the application as offices run it: webhooks may not call private addresses.
    pub async fn start_guarded(kind: Kind) -> Option<Self> {
        Self::set_up(kind, in_folder, false, Edges::default(), None).await
    }

    /// Starts the application with settings for the outside.
    pub async fn start_behind(kind: Kind, edges: Edges) -> Option<Self> {
        Self::set_up(kind, in_folder, true, edges, None).await
    }

    /// Starts the application with an OpenID provider whose tokens it takes.
    pub async fn start_trusting(kind: Kind, provider: Provider) -> Option<Self> {
        Self::set_up(kind, in_folder, true, Edges::default(), Some(provider)).await
    }

    async fn set_up(
        kind: Kind,
        files: impl FnOnce(&Path) -> Files,
        webhook_private: bool,
        edges: Edges,
        openid: Option<Provider>,
    ) -> Option<Self> {
        let (url, store) = match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                (format!("sqlite://{}", folder.path().join("test.db").display()), Store::Folder(folder))
            }
            Kind::Postgres => {
                let schema = postgres::Schema::create()?;
                (schema.url.clone(), Store::Schema(schema))
            }
        };
        let sizes = PoolSizes { readers: 4, writers: 4, wait: Duration::from_secs(20) };
        let db = Db::open(&url, sizes, Vault::new(&[DATA_KEY]).unwrap()).unwrap();
        migrate::up(&db).unwrap();
        let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, NOW.parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let state = Data::new(AppState {
            callers: motcua::http::callers::Callers::default(),
            document: std::sync::OnceLock::new(),
            db: db.clone(),
            admission: Gate::new(sizes.readers, sizes.writers),
            ambient: ambient.clone(),
            tokens: TokenKey::new(b"a key for tests only, 32 bytes long"),
            running: Running::default(),
            files: files.clone(),
            metrics: recorder(),
            gauges: Gauges::new(&ambient),
            press: Press::default(),
            public_url: Some("https://tra-cuu.example.vn/ho-so".to_owned()),
            webhook_private,
            lookup: LookupKey::new(b"a key for tests only").unwrap(),
            limits: Limits::default(),
            portal: PortalState { codes: Codes::new(None).unwrap(), sends: true },
            catalogue: PublicCatalogue::default(),
            edges,
            feedback_days: ANSWER_DAYS,
            board: Board::new(&db),
            leave: Leave::default(),
            openid,
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = actix_web::HttpServer::new(move || http::app(state.clone()));
                let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receiver.recv().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let admin = OnceLock::new();
        Some(Self { base, db, ambient, files, folder, client, admin, handle, thread: Some(thread), store, url })
    }

    /// The database, for those who come in past the program.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        if matches!(self.store, Store::Folder(_)) { Kind::Sqlite } else { Kind::Postgres }
    }

    /// Moves the clock.
    pub fn at(&self, now: &str) {
        self.ambient.set(now.parse::<NaiveDateTime>().unwrap());
    }

    /// Adds a user and signs in; answers the access token.
    pub async fn user(&self, name: &str, role: Role, agency: Option<&str>) -> String {
        let actor = Actor::service("tests");
        let act = Act { actor: &actor, now: self.ambient.now(), ambient: &self.ambient };
        let hash = hash_password(name, PASSWORD).unwrap();
        let agency: Option<AgencyCode> = agency.map(|code| code.parse().unwrap());
        self.db.write(|tx| add_user(tx, act, (name, &hash), role, agency.clone())).unwrap();
        self.sign_in(name).await
    }

    pub async fn sign_in(&self, name: &str) -> String {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = self.send(Method::POST, "/v1/sessions", None, &[], Some(body)).await.expect(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The token of an administrator of everything. Tokens last 15 minutes of the test's clock: ask again after moving it.
    pub async fn admin(&self) -> String {
        if self.admin.get().is_none() {
            self.user("admin", Role::Admin, None).await;
            self.admin.set("admin".into()).ok();
        }
        self.sign_in("admin").await
    }

    /// A province with a department, a field, and a procedure of 5 working days: H16, H16.18, BTXH, 1.001739.
    pub async fn office(&self) -> String {
        let token = self.admin().await;
        let post = async |path: &str, body: Value| self.post(path, &token, body).await.expect(201);
        post("/v1/agencies", json!({"code": "H16", "name": "UBND tỉnh", "level": "province"})).await;
        post("/v1/agencies", json!({"code": "H16.18", "name": "Sở Lao động", "level": "department", "parent": "H16"}))
            .await;
        post("/v1/fields", json!({"code": "BTXH", "name": "Bảo trợ xã hội"})).await;
        self.procedure("1.001739", json!({"amount": 5, "unit": "working_day", "on_supplement": "restart"})).await;
        token
    }

    /// Adds a procedure with a rule.
    pub async fn procedure(&self, code: &str, rule: Value) {
        let body = json!({"code": code, "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full", "rule": rule});
        self.post("/v1/procedures", &self.admin().await, body).await.expect(201);
    }

    /// Takes in a dossier at H16.18 now, with members overlaid; answers its code.
    pub async fn receive(&self, token: &str, overlay: Value) -> String {
        let answer = self.post("/v1/dossiers", token, dossier(overlay)).await.expect(201);
        answer["code"].as_str().unwrap().to_owned()
    }

    /// Moves a dossier; answers it.
    pub async fn transition(&self, token: &str, code: &str, body: Value) -> Answer {
        self.post(&format!("/v1/dossiers/{code}/transitions"), token, body).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, Some(token), &[], None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), &[], Some(body)).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::read(request.send().await.unwrap()).await
    }

    /// Sends bytes as they are.
    pub async fn raw(&self, method: Method, path: &str, token: Option<&str>, kind: &str, body: Vec<u8>) -> Answer {
        self.bytes(method, path, token, &[("content-type", kind)], body).await
    }

    /// Sends bytes with headers.
    pub async fn bytes(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Self::read(request.send().await.unwrap()).await
    }

    async fn read(response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    /// `motcua verify` on what the story left behind.
    #[track_caller]
    pub fn verify(&self) {
        let verdict = verify(&self.db, self.ambient.now()).unwrap();
        assert_eq!(verdict.differences, Vec::<String>::new());
    }
}

fn in_folder(folder: &Path) -> Files {
    Files::new(FileStore::in_folder(folder).unwrap(), None, 20 << 20)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Store::Schema(schema) = &self.store {
            schema.drop_it();
        }
    }
}

/// A dossier as handed in, with members overlaid.
pub fn dossier(overlay: Value) -> Value {
    let mut body = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct",
        "applicant": {"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": "000000000001"}});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<Arc<PrometheusHandle>> = OnceLock::new();
    let handle = HANDLE.get_or_init(|| Arc::new(motcua::app::metrics().unwrap()));
    handle.as_ref().clone()
}
