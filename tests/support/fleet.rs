//! Real processes of `motcua serve` on one database, and a client that insists until one of them has answered.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

const PASSWORD: &str = "mật khẩu để thử";
/// Longer than anything here may take, whatever else the machine does.
pub const AT_LAST: Duration = Duration::from_secs(150);
/// How long a request is waited for: a process that stands still answers nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at what another process has to bring about.
pub const MOMENT: Duration = Duration::from_millis(50);

/// An office's settings, the same for all its processes.
pub struct Office {
    folder: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Office {
    /// An office on this database, with further settings.
    pub fn on(url: &str, more: &[(&str, &str)]) -> Self {
        let keys = ["MOTCUA_DATA_KEY", "MOTCUA_JWT_KEY", "MOTCUA_LOOKUP_KEY"];
        let keys = keys.map(|name| (name, "a key of more than 32 bytes for tests only"));
        let given =
            [("MOTCUA_DATABASE_URL", url), ("MOTCUA_LISTEN", "127.0.0.1:0"), ("MOTCUA_WEBHOOK_PRIVATE", "true")];
        let settings = keys.iter().chain(&given).chain(more).map(|(name, value)| ((*name).into(), (*value).into()));
        Self { settings: settings.collect(), folder: tempfile::tempdir().unwrap() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What a command says that ends well.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Adds an administrator of everything.
    pub fn add_admin(&self) {
        let arguments = ["user", "create", "admin", "--role", "admin", "--password-stdin"];
        let mut child = self.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    }

    /// Starts a process, and waits until it listens.
    pub fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("API: ").unwrap_or_else(|| panic!("no server: {line:?}")).to_owned();
        Server { child, base }
    }
}

/// A process that serves; it is killed when it is not ended otherwise.
pub struct Server {
    child: Child,
    pub base: String,
}

impl Server {
    /// Sends a signal by its name: KILL, STOP, CONT, TERM, INT.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Numbers that look like chance and are the same in each run.
pub struct Dice(AtomicU64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// One of 0 … `sides` - 1.
    pub fn throw(&self, sides: usize) -> usize {
        let mut x = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((x ^ (x >> 31)) % sides as u64).unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Some processes of an office.
pub struct Fleet {
    pub office: Office,
    servers: Vec<Mutex<Server>>,
    bases: RwLock<Vec<String>>,
    turn: AtomicUsize,
    client: Client,
    pub token: String,
}

impl Fleet {
    /// So many processes of an office that has one procedure of five working days.
    pub async fn start(office: Office, size: usize) -> Self {
        office.run(&["migrate"]);
        office.add_admin();
        let servers: Vec<Server> = (0..size).map(|_| office.serve()).collect();
        let bases = RwLock::new(servers.iter().map(|server| server.base.clone()).collect());
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let servers = servers.into_iter().map(Mutex::new).collect();
        let mut fleet = Self { office, servers, bases, turn: AtomicUsize::new(0), client, token: String::new() };
        let body = json!({"username": "admin", "password": PASSWORD});
        let signed_in = fleet.insist(Method::POST, "/v1/sessions", None, Some(body)).await;
        fleet.token = signed_in.body["access_token"].as_str().unwrap().to_owned();
        let procedure = json!({"code": "1.001739", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
            "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}});
        for (path, body) in [
            ("/v1/agencies", json!({"code": "H16", "name": "UBND tỉnh", "level": "province"})),
            ("/v1/agencies", json!({"code": "H16.18", "name": "Sở Lao động", "level": "department", "parent": "H16"})),
            ("/v1/fields", json!({"code": "BTXH", "name": "Bảo trợ xã hội"})),
            ("/v1/procedures", procedure),
        ] {
            fleet.insist(Method::POST, path, Some(&format!("{path} {}", body["code"])), Some(body.clone())).await;
        }
        fleet
    }

    pub fn size(&self) -> usize {
        self.servers.len()
    }

    /// The address of a process.
    pub fn base(&self, place: usize) -> String {
        self.bases.read().unwrap()[place].clone()
    }

    pub fn signal(&self, place: usize, name: &str) {
        self.servers[place].lock().unwrap().signal(name);
    }

    /// Puts a new process in the place of one that has ended, or kills it first.
    pub fn replace(&self, place: usize) {
        let mut server = self.servers[place].lock().unwrap();
        *server = self.office.serve();
        self.bases.write().unwrap()[place].clone_from(&server.base);
    }

    /// Waits for a process to end; answers its code.
    pub fn end(&self, place: usize) -> Option<i32> {
        self.servers[place].lock().unwrap().wait().code()
    }

    /// Asks one process once.
    pub async fn ask(
        &self,
        base: &str,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{base}{path}")).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Ok(Answer { status, headers, body })
    }

    /// Asks one process after the other until one has answered well, as a client with a key may.
    pub async fn insist(&self, method: Method, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        let until = Instant::now() + AT_LAST;
        loop {
            let base = self.base(self.turn.fetch_add(1, Ordering::Relaxed) % self.size());
            let told = match self.ask(&base, (method.clone(), path), &headers, body.as_ref()).await {
                Ok(answer) if answer.status < 300 => return answer,
                Ok(answer) => {
                    let is_busy = answer.status == 503 || answer.body["code"] == "request_in_progress";
                    assert!(is_busy, "{path}: {answer:?}");
                    format!("{answer:?}")
                }
                Err(cause) => cause.to_string(),
            };
            assert!(Instant::now() < until, "{path}: {told}");
            tokio::time::sleep(MOMENT).await;
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.insist(Method::GET, path, None, None).await.body
    }
}

/// Waits until something that other processes bring about is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + AT_LAST;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(MOMENT).await;
    }
}

/// A dossier as handed in.
pub fn dossier(received_at: Option<&str>) -> Value {
    let mut body = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct",
        "applicant": {"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": "000000000001"}});
    if let Some(at) = received_at {
        body["received_at"] = json!(at);
    }
    body
}
