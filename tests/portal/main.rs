//! A hundred dossiers live their lives and are told to a stand-in portal that takes, knows, refuses, fails, falls silent and
//! lies, on both databases: at the end it knows of each what is so, and was told it in order. The stand-in is a process of
//! its own and knows only the portal's model.
#![allow(clippy::unwrap_used, missing_docs)]

mod plan;
mod stand_in;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use motcua::domain::delivery::Secret;
use motcua::domain::portal::telling::Part;
use motcua::flow::portal::turn;
use motcua::integrations::national_portal::client::Portal;
use motcua::integrations::national_portal::codes::Codes;
use motcua::integrations::national_portal::record::dossier_envelope;
use motcua::storage::portal;
use motcua::worker::portal::Herald;
use reqwest::Method;
use serde_json::{Value, json};

use plan::{Life, Step, lives};
use stand_in::{Manner, SESSION, manner};
use support::process::StandIn;
use support::{Kind, TestApp};

/// How long a call may take here; the stand-in's silence lasts for ever.
const LIMIT: Duration = Duration::from_millis(300);

fn main() {
    let tests = [("a_hundred_dossiers_on_sqlite", Kind::Sqlite), ("a_hundred_dossiers_on_postgres", Kind::Postgres)];
    support::process::main(stand_in::WORD, stand_in::run, tests, tell);
}

async fn tell(kind: Kind) {
    let Some(app) = TestApp::start(kind).await else { return };
    let mut office = Office::start();
    app.office().await;
    let cases = live(&app, &mut office).await;
    drain(&app, &office.herald(&app)).await;
    parked_ones_are_listed_and_sent_again(&app, &mut office, &cases).await;
    let books = office.ask("books");
    assert_eq!(books["violations"], json!([]));
    let chunks: Vec<u64> = books["chunks"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect();
    assert_eq!(chunks.iter().max(), Some(&10), "chunks of ten, and no more");
    let pulled = pull(&app).await;
    for (code, life) in &cases {
        check(&app, code, life, &books, &pulled).await;
    }
    app.verify();
}

/// Takes the dossiers in and moves them on, one step a minute; the portal is told meanwhile, by two processes in turn.
async fn live(app: &TestApp, office: &mut Office) -> Vec<(String, Life)> {
    let mut admin = app.admin().await;
    let lives = lives();
    let mut cases = Vec::new();
    for number in 1..=100 {
        let life = &lives[number / 10 % 10];
        let applicant = json!({"kind": "citizen", "name": format!("Đặng Thị Thử {number}"), "identity_no": format!("06700000{number:04}"), "phone": "0912345678"});
        let channel = if life.online { "online" } else { "direct" };
        let code = app.receive(&admin, json!({"channel": channel, "applicant": applicant})).await;
        assert!(code.ends_with(&format!("-{number:04}")), "{code}");
        cases.push((code, life.clone()));
    }
    let first = office.herald(app);
    let second = office.herald(app);
    let longest = lives.iter().map(|life| life.steps.len()).max().unwrap();
    for round in 0..longest {
        advance(app, 60);
        admin = app.sign_in("admin").await;
        for (code, life) in &cases {
            if let Some(step) = life.steps.get(round) {
                act(app, &admin, code, step).await;
            }
        }
        let herald = if round < 4 { &first } else { &second };
        if round == 4 {
            // The first is gone without a word.
            first.round().await.unwrap();
            run_out(app);
        }
        if round == 2 {
            crash(app, office).await;
        }
        herald.round().await.unwrap();
    }
    cases
}

/// Sends what is due first, and dies before it is noted.
async fn crash(app: &TestApp, office: &Office) {
    let portal = office.portal();
    advance(app, 60);
    let due = app.db.read(|reader| portal::due(reader, app.ambient.now(), 20)).unwrap();
    for code in due {
        let Some((_, part, dossier)) = app.db.snapshot(|reader| turn(reader, &code)).unwrap() else { continue };
        if let Part::Record { updating } = part {
            portal.call(&dossier_envelope(&dossier, portal.codes(), updating).unwrap()).await;
        }
    }
}

async fn act(app: &TestApp, admin: &str, code: &str, step: &Step) {
    let path = format!("/v1/dossiers/{code}");
    match step {
        Step::Move(body) => app.transition(admin, code, body.clone()).await.expect(200),
        Step::Edit(body) => {
            app.send(Method::PATCH, &path, Some(admin), &[("if-match", "*")], Some(body.clone())).await.expect(200)
        }
        Step::Correct(body) => app.post(&format!("{path}/correct"), admin, body.clone()).await.expect(200),
        Step::Void => app.post(&format!("{path}/void"), admin, json!({"reason": "Nhập trùng"})).await.expect(200),
    };
}

fn advance(app: &TestApp, seconds: i64) {
    app.ambient.set(app.ambient.now() + TimeDelta::seconds(seconds));
}

/// Has the lease of whoever told the portal run out, which goes by the database's own clock.
fn run_out(app: &TestApp) {
    let sql = "DELETE FROM leases WHERE name = 'portal'";
    let url = app.url();
    match app.kind() {
        Kind::Sqlite => SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap().batch_execute(sql),
        Kind::Postgres => PgConnection::establish(&url).unwrap().batch_execute(sql),
    }
    .unwrap();
}

/// Tells the portal until nothing waits: time passes, and each attempt has its turn.
async fn drain(app: &TestApp, herald: &Arc<Herald>) {
    run_out(app);
    for _ in 0..400 {
        while herald.round().await.unwrap() > 0 {}
        if app.db.read(|reader| portal::owed(reader, app.ambient.now())).unwrap().waiting == 0 {
            return;
        }
        advance(app, 30);
    }
    panic!("something waits for ever");
}

async fn parked_ones_are_listed_and_sent_again(app: &TestApp, office: &mut Office, cases: &[(String, Life)]) {
    let admin = app.sign_in("admin").await;
    let parked = app.get("/v1/portal/exchange?status=parked&limit=200", &admin).await;
    let refused = cases.iter().map(|(code, _)| code.as_str()).filter(|code| manner(code) == Manner::Refusing);
    let items = parked.expect(200)["items"].as_array().unwrap().clone();
    let listed: Vec<&str> = items.iter().map(|item| item["dossier"].as_str().unwrap()).collect();
    assert_eq!(listed, refused.collect::<Vec<_>>());
    for item in &items {
        assert_eq!(item["reason"], "7: Số định danh \"…\" của \"…\" không hợp lệ", "{item}");
        assert_eq!((&item["late"], &item["known"]), (&json!(true), &json!(false)), "{item}");
    }
    assert!(!parked.text.contains("06700000") && !parked.text.contains("Thử"), "{}", parked.text);
    let ready = app.get("/readyz", &admin).await.expect(200);
    assert_eq!(ready["warnings"], json!(["portal_late"]));
    office.ask("forgive");
    let (first, rest) = listed.split_first().unwrap();
    let path = format!("/v1/portal/exchange/{first}/replay");
    assert_eq!(app.post(&path, &admin, json!({})).await.expect(200)["status"], "waiting");
    assert_eq!(app.post(&path, &admin, json!({})).await.problem(409), "delivery_waits");
    let all = app.post("/v1/portal/exchange/replay", &admin, json!({})).await.expect(200);
    assert_eq!(all, json!({"replayed": rest.len()}));
    advance(app, 61);
    drain(app, &office.herald(app)).await;
    let admin = app.sign_in("admin").await;
    assert_eq!(app.get("/readyz", &admin).await.expect(200)["warnings"], json!([]));
    let told = app.get("/v1/portal/exchange?status=told&late=false&limit=200", &admin).await.expect(200);
    assert_eq!(told["items"].as_array().unwrap().len(), cases.len());
}

/// Everything as the portal pulls it, page after page: dossier → the record that came last.
async fn pull(app: &TestApp) -> BTreeMap<String, Value> {
    let admin = app.sign_in("admin").await;
    let body = json!({"name": "Cổng DVCQG", "scopes": ["portal:sync"], "agency": "H16"});
    let client = app.post("/v1/clients", &admin, body).await.expect(201);
    let (id, secret) = (client["id"].as_str().unwrap(), client["secret"].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = "application/x-www-form-urlencoded";
    let token = app.raw(Method::POST, "/oauth/token", None, kind, form.into_bytes()).await.expect(200);
    let token = token["access_token"].as_str().unwrap();
    let (mut found, mut since) = (BTreeMap::new(), String::new());
    loop {
        let page = app.get(&format!("/v1/portal/dossiers?limit=70{since}"), token).await.expect(200);
        assert_eq!(page["unmapped"], json!([]));
        for envelope in page["items"].as_array().unwrap() {
            assert_eq!(envelope["service"], "DongBoHoSoMC");
            let code = envelope["data"][0]["MaHoSo"].as_str().unwrap().to_owned();
            let was_known = found.insert(code, envelope["data"][0].clone()).is_some();
            assert_eq!(envelope["isUpdating"], if was_known { "True" } else { "False" }, "{envelope}");
        }
        if page["more"] == false {
            return found;
        }
        since = format!("&since={}", page["next"].as_str().unwrap());
    }
}

/// The portal's books on a dossier say what is so, and say it in the order in which it happened.
async fn check(app: &TestApp, code: &str, life: &Life, books: &Value, pulled: &BTreeMap<String, Value>) {
    let admin = app.sign_in("admin").await;
    let told = format!("{code} {:?}", manner(code));
    let ours = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(pulled[code]["TrangThaiHoSo"], life.status, "{told}");
    let records = books["records"][code].as_array().unwrap_or_else(|| panic!("{told}: nothing was told"));
    let last = records.last().unwrap();
    assert_eq!(last, &pulled[code], "{told}");
    assert_eq!(last["KenhThucHien"], life.channel, "{told}");
    assert_eq!(last["DinhDanhCHS"][0]["SoDinhDanh"], format!("06700000{}", &code[code.len() - 4..]), "{told}");
    for (theirs, member) in [
        ("NgayTiepNhan", "received_at"),
        ("NgayHenTra", "due_at"),
        ("NgayKetThucXuLy", "finished_at"),
        ("NgayTra", "returned_at"),
    ] {
        // "2026-03-02T09:01:00+07:00" → "20260302090100"; finished_at of what ended otherwise is not shown.
        let digits = |at: &str| at.bytes().take(19).filter(u8::is_ascii_digit).map(char::from).collect::<String>();
        let ours = ours[member].as_str().map(digits).unwrap_or_default();
        if theirs != "NgayKetThucXuLy" || !ours.is_empty() {
            assert_eq!(last[theirs], ours, "{told} {theirs}");
        }
    }
    let supplements = last["DanhSachHoSoBoSung"].as_array().unwrap();
    assert_eq!(supplements.len(), life.supplements, "{told}");
    let steps = books["steps"][code].as_array().unwrap();
    let codes: Vec<&str> = steps.iter().map(|step| step["TrangThai"].as_str().unwrap()).collect();
    assert_eq!(codes, life.told, "{told}: every step, once and in order");
    // What the records said on the way is what happened, in that order, with nothing said twice in between.
    let mut on_the_way: Vec<&str> = records.iter().map(|record| record["TrangThaiHoSo"].as_str().unwrap()).collect();
    on_the_way.dedup();
    let mut happened = life.told.iter();
    assert!(on_the_way.iter().all(|status| happened.any(|other| other == status)), "{told}: {on_the_way:?}");
}

/// The stand-in, spoken to over its standard input and output.
struct Office {
    stand_in: StandIn,
    url: String,
}

impl Office {
    fn start() -> Self {
        let mut stand_in = StandIn::start(stand_in::WORD);
        let url = format!("http://127.0.0.1:{}/mapi/g", stand_in.line().trim());
        Self { stand_in, url }
    }

    fn ask(&mut self, order: &str) -> Value {
        self.stand_in.tell(order);
        serde_json::from_str(&self.stand_in.line()).unwrap()
    }

    fn portal(&self) -> Portal {
        let session = Secret(SESSION.to_owned());
        Portal::new(&self.url, Some(("session", &session)), Codes::new(None).unwrap(), LIMIT).unwrap()
    }

    /// A process that tells the stand-in.
    fn herald(&self, app: &TestApp) -> Arc<Herald> {
        Arc::new(Herald::new(app.db.clone(), app.ambient.clone(), self.portal()))
    }
}
