//! Personal data: nothing of it lies open, it is found by its hash, masked, and shown to whom it may be with a note of it.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection};
use motcua::domain::vocabulary::Role;
use motcua::flow::Fault;
use motcua::flow::reseal::{Resealed, reseal};
use motcua::flow::retention::{Retained, Retention, retain};
use motcua::http::edges::Edges;
use motcua::storage::listing::{Person, Visible, of_person};
use motcua::storage::{Db, PoolSizes, StorageError, Vault, data_keys, dossiers};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{self, Kind, TestApp};

const IDENTITY: &str = "001085012345";
const PHONE: &str = "0912345678";
const SUBMITTER_IDENTITY: &str = "001190054321";
const SUBMITTER_PHONE: &str = "0987654321";

/// A dossier with the numbers of two persons.
fn with_numbers() -> Value {
    json!({"applicant": {"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": IDENTITY, "phone": PHONE,
            "email": "thu@example.vn", "address": "Thôn Ỷ"},
        "submitted_by": {"name": "Lê Văn Hộ", "identity_no": SUBMITTER_IDENTITY, "phone": SUBMITTER_PHONE,
            "authorisation": "Giấy ủy quyền số 1"}})
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Looks at every column of every table over a connection of either kind.
macro_rules! columns_with {
    ($connection:expr, $all:expr, $text:expr) => {{
        let mut connection = $connection;
        let columns: Vec<Word> = diesel::sql_query($all).load(&mut connection).unwrap();
        assert!(columns.len() > 200, "{} columns", columns.len());
        let mut holding = Vec::new();
        for Word { word } in columns {
            let (table, column) = word.split_once('.').unwrap();
            let text = format!("CAST(\"{column}\" AS TEXT) LIKE '%{}%'", $text);
            let sql = format!("SELECT COUNT(*) AS count FROM {table} WHERE {text}");
            let found: Vec<Found> = diesel::sql_query(sql).load(&mut connection).unwrap();
            if found[0].count > 0 {
                holding.push(word);
            }
        }
        holding
    }};
}

/// The columns, `table.column`, in which a text stands in the open.
fn columns_with(app: &TestApp, text: &str) -> Vec<String> {
    let url = app.url();
    match app.kind() {
        Kind::Sqlite => {
            let all = "SELECT t.name || '.' || c.name AS word FROM sqlite_master t, pragma_table_info(t.name) c \
                       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
            columns_with!(SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap(), all, text)
        }
        Kind::Postgres => {
            let all = "SELECT table_name || '.' || column_name AS word FROM information_schema.columns \
                       WHERE table_schema = current_schema()";
            columns_with!(PgConnection::establish(&url).unwrap(), all, text)
        }
    }
}

story!(numbers_lie_open_nowhere, |app| {
    let admin = app.office().await;
    let webhook = json!({"url": "http://127.0.0.1:9/", "events": ["*"], "from": "beginning"});
    let secret = app.post("/v1/webhooks", &admin, webhook).await.expect(201)["secret"].as_str().unwrap().to_owned();
    let keyed = [("Idempotency-Key", "one")];
    let body = crate::support::dossier(with_numbers());
    let made = app.send(Method::POST, "/v1/dossiers", Some(&admin), &keyed, Some(body)).await.expect(201);
    let code = made["code"].as_str().unwrap().to_owned();
    let path = format!("/v1/dossiers/{code}");
    let patch = json!({"applicant": {"phone": "+84 912 345 679"}});
    app.send(Method::PATCH, &path, Some(&admin), &[("If-Match", "*")], Some(patch)).await.expect(200);
    let right = json!({"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": "001085099999", "phone": PHONE});
    app.post(&format!("{path}/correct"), &admin, json!({"applicant": right, "reason": "Nhầm số"})).await.expect(200);
    for step in [
        json!({"to": "supplement_required", "reason": "Thiếu bản sao"}),
        json!({"to": "processing"}),
        json!({"to": "finished", "outcome": "granted"}),
        json!({"to": "returned"}),
    ] {
        app.transition(&admin, &code, step).await.expect(200);
    }
    app.get(&format!("{path}?reveal=true"), &admin).await.expect(200);
    app.get(&format!("{path}/receipt.pdf"), &admin).await;
    app.post("/v1/dossiers/search", &admin, json!({"identity_no": IDENTITY})).await.expect(200);
    app.get("/v1/audit", &admin).await.expect(200);
    app.get("/v1/changes", &admin).await.expect(200);

    for number in [IDENTITY, PHONE, "001085099999", "912 345 679", SUBMITTER_IDENTITY, SUBMITTER_PHONE, &secret] {
        assert_eq!(columns_with(app, number), Vec::<String>::new(), "{number}");
    }
    // The look finds what does lie open.
    assert!(columns_with(app, "Quỳnh Thử").contains(&"dossiers.applicant_name".to_owned()));
    // And nothing was lost.
    let shown = app.get(&format!("{path}?reveal=true"), &admin).await.expect(200);
    assert_eq!(shown["applicant"]["identity_no"], "001085099999");
    assert_eq!(shown["submitted_by"]["identity_no"], SUBMITTER_IDENTITY);
    assert_eq!(shown["submitted_by"]["phone"], SUBMITTER_PHONE);
    let stored = app.db.read(|reader| dossiers::find(reader, &code.parse().unwrap())).unwrap().unwrap();
    assert_eq!(stored.applicant.phone.as_deref(), Some(PHONE));
});

story!(who_has_a_number_is_found_however_it_is_written, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    app.receive(&admin, json!({})).await;
    let found = async |token: &str, body: Value| {
        let page = app.post("/v1/dossiers/search", token, body).await.expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for body in [
        json!({"identity_no": IDENTITY}),
        json!({"identity_no": " 001.085.012-345 "}),
        json!({"phone": "+84 912 345 678"}),
        json!({"phone": "0912.345.678", "identity_no": IDENTITY, "channel": "direct", "agency": "H16"}),
        json!({"phone": PHONE, "q": "quynh", "received_from": "2026-03-02", "received_to": "2026-03-02"}),
    ] {
        assert_eq!(found(&admin, body.clone()).await, std::slice::from_ref(&code), "{body}");
    }
    for body in [
        json!({"identity_no": "001085012346"}),
        json!({"identity_no": "08501234"}),
        json!({"identity_no": PHONE}),
        json!({"identity_no": "---"}),
        json!({"identity_no": IDENTITY, "status": "finished"}),
        json!({"phone": PHONE, "received_to": "2026-03-01"}),
    ] {
        assert_eq!(found(&admin, body.clone()).await, Vec::<String>::new(), "{body}");
    }
    // The same eyes as the list: another agency's are not found, nor is a machine that only counts let.
    app.post(
        "/v1/agencies",
        &admin,
        json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"}),
    )
    .await
    .expect(201);
    let other = app.user("khac", Role::Officer, Some("H16.19")).await;
    assert_eq!(found(&other, json!({"identity_no": IDENTITY})).await, Vec::<String>::new());
    // Pages.
    let first = app.post("/v1/dossiers/search", &admin, json!({"limit": 1})).await.expect(200);
    let next = json!({"limit": 1, "cursor": first["next_cursor"]});
    let second = app.post("/v1/dossiers/search", &admin, next).await.expect(200);
    assert_ne!(first["items"][0]["code"], second["items"][0]["code"]);
    assert_eq!(second["next_cursor"], Value::Null);
    let refused = async |body: Value| {
        let answer = app.post("/v1/dossiers/search", &admin, body).await;
        (answer.status.as_u16(), answer.problem_code())
    };
    assert_eq!(refused(json!({"limit": 0})).await, (400, "bad_limit".to_owned()));
    assert_eq!(refused(json!({"cursor": "x"})).await, (400, "bad_cursor".to_owned()));
    assert_eq!(refused(json!({"sort": "name"})).await.0, 422);
    assert_eq!(refused(json!({"name": "x"})).await, (422, "validation".to_owned()));
    assert_eq!(refused(json!({"timing": "x"})).await, (422, "validation".to_owned()));
    // It is on record, without the number.
    let log = app.get("/v1/audit?action=POST%20/v1/dossiers/search", &admin).await;
    assert!(log.expect(200)["items"].as_array().unwrap().len() > 3);
    assert!(!log.text.contains(IDENTITY));
});

story!(numbers_are_masked_but_for_those_who_need_them_and_each_look_is_on_record, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    let path = format!("/v1/dossiers/{code}");
    let open = format!("{path}?reveal=true");
    let desk = app.user("quay", Role::FrontDesk, Some("H16.18")).await;
    let auditor = app.user("thanh-tra", Role::Auditor, Some("H16")).await;
    for masked in [
        app.get(&path, &desk).await,
        app.get("/v1/dossiers", &desk).await,
        app.get(&format!("{path}?reveal=false"), &desk).await,
    ] {
        masked.expect(200);
        for number in [IDENTITY, PHONE, SUBMITTER_IDENTITY, SUBMITTER_PHONE] {
            assert!(!masked.text.contains(number), "{}", masked.text);
        }
        assert!(masked.text.contains("•••••••••345") && masked.text.contains("•••••••678"), "{}", masked.text);
    }
    let shown = app.get(&open, &desk).await.expect(200);
    assert_eq!((&shown["applicant"]["identity_no"], &shown["applicant"]["phone"]), (&json!(IDENTITY), &json!(PHONE)));
    // An answer that the caller has is given again: who asks to see wants to see.
    let again = [("If-None-Match", "*")];
    app.send(Method::GET, &open, Some(&desk), &again, None).await.expect(200);

    assert_eq!(app.get(&open, &auditor).await.problem(403), "reveal_forbidden");
    assert_eq!(app.get(&format!("{path}?reveal=perhaps"), &desk).await.problem(400), "invalid_parameter");
    let far = app.user("xa", Role::Officer, Some("H16")).await;
    assert_eq!(app.get(&open, &far).await.problem(404), "not_found");

    // Auditors see who looked; those who handle it do not.
    let timeline = async |token: &str| {
        let page = app.get(&format!("{path}/timeline"), token).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        items.into_iter().filter(|item| item["event"] == "dossier.read").collect::<Vec<_>>()
    };
    let reads = timeline(&auditor).await;
    assert_eq!(reads.len(), 2, "{reads:?}");
    assert_eq!(
        (&reads[0]["actor"], &reads[0]["what"], &reads[0]["seq"]),
        (&json!("quay"), &json!("dossier"), &json!(1))
    );
    assert_eq!(timeline(&desk).await, Vec::<Value>::new());
    let log = app.get(&format!("/v1/audit?resource={code}&outcome=refused"), &auditor).await.expect(200);
    assert_eq!(log["items"][0]["reason"], "out_of_reach");
    assert_eq!(log["items"][1]["reason"], "reveal_forbidden");

    // Page by page nothing is lost or told twice.
    let (mut places, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}/timeline?limit=1{cursor}"), &auditor).await.expect(200);
        places.extend(page["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(places, ["dossier.received", "dossier.read", "dossier.read"]);

    // What came masked does not go back in.
    let patch = json!({"applicant": {"phone": "•••••••678"}});
    let refused = app.send(Method::PATCH, &path, Some(&desk), &[("If-Match", "*")], Some(patch)).await;
    assert_eq!(refused.problem(422), "validation");
    assert!(refused.text.contains("masked_value"));
});

story!(papers_show_numbers_to_those_who_may_see_them, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    let desk = app.user("quay", Role::FrontDesk, Some("H16.18")).await;
    let auditor = app.user("thanh-tra", Role::Auditor, Some("H16")).await;
    let slip = format!("/v1/dossiers/{code}/receipt.pdf");
    let text =
        |answer: crate::support::Answer| pdf_extract::extract_text_from_mem(&answer.bytes).unwrap().replace(' ', "");
    let full = text(app.get(&slip, &desk).await);
    assert!(full.contains(IDENTITY) && full.contains(PHONE), "{full}");
    let masked = text(app.get(&slip, &auditor).await);
    assert!(!masked.contains(IDENTITY) && !masked.contains(PHONE), "{masked}");
    app.get(&format!("/v1/dossiers/{code}/control-slip.pdf"), &desk).await;
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &auditor).await.expect(200);
    let reads: Vec<_> =
        timeline["items"].as_array().unwrap().iter().filter(|item| item["event"] == "dossier.read").collect();
    assert_eq!(reads.len(), 1, "{reads:?}");
    assert_eq!((&reads[0]["actor"], &reads[0]["what"]), (&json!("quay"), &json!("giay-tiep-nhan")));
});

/// Runs a statement past the program.
fn execute(app: &TestApp, sql: &str) -> Result<usize, diesel::result::Error> {
    let url = app.url();
    match app.kind() {
        Kind::Sqlite => {
            let mut connection = SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap();
            diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut connection).unwrap();
            diesel::sql_query(sql).execute(&mut connection)
        }
        Kind::Postgres => diesel::sql_query(sql).execute(&mut PgConnection::establish(&url).unwrap()),
    }
}

/// The database of the application with other data keys.
fn with_keys(app: &TestApp, keys: &[&str]) -> Db {
    let sizes = PoolSizes { readers: 1, writers: 1, wait: Duration::from_secs(20) };
    Db::open(&app.url(), sizes, Vault::new(keys).unwrap()).unwrap()
}

const SECOND_KEY: &str = "another data key for tests, 32 bytes";

story!(what_an_older_version_left_open_is_read_and_sealed, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    let webhook = json!({"url": "http://127.0.0.1:9/", "events": ["*"]});
    app.post("/v1/webhooks", &admin, webhook).await.expect(201);
    let submitter = json!({"submitted_by": {"name": "Lê Văn Hộ", "identity_no": SUBMITTER_IDENTITY, "phone": SUBMITTER_PHONE,
        "authorisation": null}, "sets": null, "delivery": null, "documents": []});
    let open = format!(
        "UPDATE dossiers SET sealed = NULL, identity_hash = NULL, phone_hash = NULL, submitter_identity_hash = NULL, \
         submitter_phone_hash = NULL, identity_no = '{IDENTITY}', phone = '{PHONE}', papers = '{submitter}'"
    );
    assert_eq!(execute(app, &open), Ok(1));
    assert_eq!(execute(app, "UPDATE webhooks SET sealed = NULL, secret = 'whsec_b3Blbg==', old_secret = NULL"), Ok(1));

    let path = format!("/v1/dossiers/{code}?reveal=true");
    let shown = app.get(&path, &admin).await.expect(200);
    assert_eq!(
        (&shown["applicant"]["phone"], &shown["submitted_by"]["identity_no"]),
        (&json!(PHONE), &json!(SUBMITTER_IDENTITY))
    );
    let done = reseal(&app.db).unwrap();
    assert_eq!(done, Resealed { dossiers: 1, webhooks: 1, closed: Vec::new() });
    assert_eq!(reseal(&app.db).unwrap(), Resealed::default(), "once is enough");
    for number in [IDENTITY, PHONE, SUBMITTER_IDENTITY, SUBMITTER_PHONE, "whsec_"] {
        assert_eq!(columns_with(app, number), Vec::<String>::new(), "{number}");
    }
    assert_eq!(app.get(&path, &admin).await.expect(200), shown, "nobody sees a difference, the version neither");
    let found = app.post("/v1/dossiers/search", &admin, json!({"identity_no": IDENTITY})).await.expect(200);
    assert_eq!(found["items"][0]["code"], code);
});

story!(keys_change_and_a_wrong_one_is_found_out, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    let path = format!("/v1/dossiers/{code}");
    data_keys::admit(&app.db).unwrap();
    data_keys::admit(&app.db).unwrap();
    let fault = data_keys::admit(&with_keys(app, &[SECOND_KEY])).unwrap_err();
    assert!(matches!(&fault, StorageError::WrongKey(_)), "{fault}");

    // Under the ring of both everything opens and is found, before and after.
    let both = with_keys(app, &[support::DATA_KEY, SECOND_KEY]);
    data_keys::admit(&both).unwrap();
    let person = Person::Identity(IDENTITY.to_owned());
    let found = || both.read(|reader| of_person(reader, &Visible::Everything, &person)).unwrap();
    assert_eq!(found().len(), 1);
    assert_eq!(reseal(&both).unwrap().dossiers, 1);
    assert_eq!(found()[0].applicant.identity_no.as_deref(), Some(IDENTITY));
    // The older key is asked for no more.
    data_keys::admit(&with_keys(app, &[SECOND_KEY])).unwrap();

    // Who still has the old key alone gets a named error and no garbage, and loses nothing.
    assert_eq!(app.get(&path, &admin).await.problem(500), "sealed");
    let patch = app.send(Method::PATCH, &path, Some(&admin), &[("If-Match", "*")], Some(json!({"note": "x"}))).await;
    assert_eq!(patch.problem(500), "sealed");
    assert!(reseal(&app.db).unwrap().closed[0].contains(&code), "the row is named");
    assert_eq!(found()[0].applicant.identity_no.as_deref(), Some(IDENTITY));

    // What is moved from one row to another does not open there.
    let back = with_keys(app, &[SECOND_KEY, support::DATA_KEY]);
    reseal(&back).unwrap();
    let other = app.receive(&admin, json!({})).await;
    let swap = format!(
        "UPDATE dossiers SET sealed = (SELECT sealed FROM dossiers WHERE code = '{code}') WHERE code = '{other}'"
    );
    execute(app, &swap).unwrap();
    assert_eq!(app.get(&format!("/v1/dossiers/{other}"), &admin).await.problem(500), "sealed");
    execute(app, &format!("UPDATE dossiers SET sealed = NULL WHERE code = '{other}'")).unwrap();
    app.get(&path, &admin).await.expect(200);
});

/// `motcua retention` on the application.
async fn retained(app: &TestApp, years: u32, apply: bool) -> Retained {
    let (db, ambient, files) = (app.db.clone(), app.ambient.clone(), app.files.clone());
    let work = move || {
        let erase = |sha256: &str| files.store.erase(sha256).map_err(|cause| Fault::unavailable("file store", cause));
        retain(&db, &ambient, &Retention { years, agency: None, apply }, erase).unwrap()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

story!(what_ended_long_ago_forgets_its_persons_and_no_figure, |app| {
    let admin = app.office().await;
    let mut long_ago = with_numbers();
    long_ago["summary"] = json!("Xin trợ cấp cho bà Thử");
    let code = app.receive(&admin, long_ago).await;
    let path = format!("/v1/dossiers/{code}");
    let file =
        [("content-type", "application/pdf"), ("content-disposition", "attachment; filename=\"don-cua-ba-thu.pdf\"")];
    let pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec();
    let upload = app.bytes(Method::POST, &format!("{path}/files?kind=component"), Some(&admin), &file, pdf).await;
    let file = upload.expect(201)["id"].as_str().unwrap().to_owned();
    app.get(&format!("{path}/files/{file}/content"), &admin).await;
    let timeline = app.get(&format!("{path}/timeline"), &admin).await.expect(200);
    assert_eq!(timeline["items"][2]["what"], format!("file {file}"), "{timeline}");
    app.transition(&admin, &code, json!({"to": "supplement_required", "reason": "Bà Thử thiếu giấy"}))
        .await
        .expect(200);
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.transition(&admin, &code, json!({"to": "finished", "outcome": "granted"})).await.expect(200);
    app.transition(&admin, &code, json!({"to": "returned"})).await.expect(200);
    let late = app.receive(&admin, json!({"applicant": {"kind": "citizen", "name": "Người muộn"}})).await;
    app.at("2026-03-20T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &late, json!({"to": "finished", "outcome": "granted"})).await.expect(200);

    app.at("2028-03-27T09:00:00");
    let admin = app.admin().await;
    let young = app.receive(&admin, json!({"applicant": {"kind": "citizen", "name": "Người mới"}})).await;
    let figures = async || {
        let statistics =
            app.get("/v1/statistics?from=2026-01-01&to=2028-12-31&group_by=field", &admin).await.expect(200);
        let form = app.get("/v1/reports/06a?period=2026-H1&agency=H16.18", &admin).await.expect(200);
        (statistics, form)
    };
    let before = figures().await;
    let expected = Retained { anonymised: 1, open_letters: 1, held: 0 };
    assert_eq!(retained(app, 3, true).await, Retained::default(), "three years are not over");
    assert_eq!(retained(app, 2, false).await, expected);
    assert_eq!(app.get(&path, &admin).await.expect(200)["anonymised_at"], Value::Null, "that was dry");
    assert_eq!(retained(app, 2, true).await, expected);
    assert_eq!(retained(app, 2, true).await, Retained { anonymised: 0, ..expected }, "once is enough");

    for trace in ["Quỳnh Thử", "quynh thu", "thu@example.vn", "Thôn Ỷ", "Bà Thử", "bà Thử", "don-cua-ba-thu", "Văn Hộ"]
    {
        assert_eq!(columns_with(app, trace), Vec::<String>::new(), "{trace}");
    }
    assert_eq!(figures().await, before);
    app.verify();
    let shown = app.get(&format!("{path}?reveal=true"), &admin).await.expect(200);
    assert_eq!(
        (&shown["applicant"]["name"], &shown["applicant"]["identity_no"]),
        (&json!("(đã ẩn danh)"), &Value::Null)
    );
    assert_eq!((&shown["status"], &shown["procedure"]), (&json!("returned"), &json!("1.001739")));
    assert_eq!(app.get(&format!("{path}/files/{file}/content"), &admin).await.status.as_u16(), 404);
    let stored = walk(app.folder.path());
    assert_eq!(stored, Vec::<std::path::PathBuf>::new(), "the content is gone");
    let found = app.post("/v1/dossiers/search", &admin, json!({"identity_no": IDENTITY})).await.expect(200);
    assert_eq!(found["items"], json!([]));
    let feed = app.get("/v1/changes?limit=200", &admin).await.expect(200);
    let last = feed["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["type"], &last["data"]["tombstone"]), (&json!("dossier.anonymised"), &json!(true)));
    // The others know whom they are about.
    assert_eq!(app.get(&format!("/v1/dossiers/{late}"), &admin).await.expect(200)["applicant"]["name"], "Người muộn");
    assert_eq!(app.get(&format!("/v1/dossiers/{young}"), &admin).await.expect(200)["applicant"]["name"], "Người mới");

    // Nothing is done on it any more.
    let reopen = app.transition(&admin, &code, json!({"to": "reopen", "reason": "x"})).await;
    assert_eq!(reopen.problem(409), "dossier_anonymised");
    let patch = app.send(Method::PATCH, &path, Some(&admin), &[("If-Match", "*")], Some(json!({"note": "x"}))).await;
    assert_eq!(patch.problem(409), "dossier_anonymised");

    // The journal's guard lets reasons of anonymised dossiers be emptied, and nothing else.
    for change in [
        format!(
            "UPDATE journal SET event = '{{\"kind\":\"returned\",\"reason\":\"\"}}' WHERE dossier = '{code}' AND seq = 1"
        ),
        format!("UPDATE journal SET actor = 'x' WHERE dossier = '{code}'"),
        format!("UPDATE journal SET event = '{{}}' WHERE dossier = '{late}'"),
        format!("UPDATE journal SET event = event WHERE dossier = '{late}'"),
        format!("DELETE FROM journal WHERE dossier = '{code}'"),
    ] {
        assert!(execute(app, &change).is_err(), "{change}");
    }
});

/// Every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

story!(a_person_gets_an_account_of_what_is_kept, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, with_numbers()).await;
    let other = app.receive(&admin, json!({})).await;
    app.get(&format!("/v1/dossiers/{code}?reveal=true"), &admin).await.expect(200);
    let extract = async |token: &str, body: Value| app.post("/v1/data-subjects/extract", token, body).await;
    let ground = json!({"identity_no": "001.085.012.345", "reason": "Đơn ngày 02/3/2026"});
    let whole = extract(&admin, ground.clone()).await.expect(200);
    let dossiers = whole["dossiers"].as_array().unwrap();
    assert_eq!(dossiers.len(), 1, "{whole}");
    let only = &dossiers[0];
    assert_eq!((&only["role"], &only["dossier"]["code"]), (&json!("applicant"), &json!(code)));
    assert_eq!(only["dossier"]["applicant"]["identity_no"], IDENTITY);
    assert_eq!(
        only["dossier"]["submitted_by"]["identity_no"], "•••••••••321",
        "the other's number is not theirs to see"
    );
    assert_eq!(only["timeline"][0]["event"], "dossier.received");
    assert_eq!((&only["reads"][0]["by"], &only["reads"][0]["what"]), (&json!("admin"), &json!("dossier")));
    assert!(only["audit"].as_array().unwrap().iter().any(|entry| entry["action"] == "POST /v1/dossiers"), "{only}");

    // Who handed it in for them has it, too; and each account is a look on record.
    let submitted = extract(&admin, json!({"phone": SUBMITTER_PHONE, "reason": "Đơn"})).await.expect(200);
    assert_eq!(submitted["dossiers"][0]["role"], "submitter");
    assert_eq!(submitted["dossiers"][0]["dossier"]["applicant"]["identity_no"], "•••••••••345");
    let reads = submitted["dossiers"][0]["reads"].as_array().unwrap();
    assert!(reads.iter().any(|read| read["what"] == "extract: Đơn ngày 02/3/2026"), "{submitted}");
    assert_ne!(submitted["dossiers"][0]["dossier"]["code"], other);
    assert_eq!(extract(&admin, json!({"phone": "0", "reason": "Đơn"})).await.expect(200)["dossiers"], json!([]));

    // An administrator elsewhere has nothing to tell, and nobody else is asked.
    app.post("/v1/agencies", &admin, json!({"code": "H17", "name": "Tỉnh khác", "level": "province"}))
        .await
        .expect(201);
    let elsewhere = app.user("noi-khac", Role::Admin, Some("H17")).await;
    assert_eq!(extract(&elsewhere, ground.clone()).await.expect(200)["dossiers"], json!([]));
    let leader = app.user("lanh-dao", Role::Leader, Some("H16")).await;
    assert_eq!(extract(&leader, ground).await.problem(403), "forbidden");
    for bad in [
        json!({"identity_no": IDENTITY}),
        json!({"reason": "Đơn"}),
        json!({"identity_no": IDENTITY, "phone": PHONE, "reason": "Đơn"}),
        json!({"identity_no": "•••••••••345", "reason": "Đơn"}),
        json!({"identity_no": IDENTITY, "reason": " "}),
    ] {
        assert_eq!(extract(&admin, bad.clone()).await.problem(422), "validation", "{bad}");
    }
});

/// An export is refused beyond what is set, and the log says how many rows went out.
async fn exports_are_limited(kind: Kind) {
    let edges = Edges { export_rows: 1, ..Edges::default() };
    let Some(app) = TestApp::start_behind(kind, edges).await else { return };
    let admin = app.office().await;
    app.receive(&admin, with_numbers()).await;
    let register = "/v1/reports/register.xlsx?from=2026-03-01&to=2026-03-31";
    let sheet = app.get(register, &admin).await;
    assert_eq!(sheet.status.as_u16(), 200);
    let log = app.get("/v1/audit?action=GET%20/v1/reports/register.xlsx", &admin).await.expect(200);
    assert_eq!((&log["items"][0]["rows"], &log["items"][0]["outcome"]), (&json!(1), &json!("done")));
    app.receive(&admin, json!({})).await;
    assert_eq!(app.get(register, &admin).await.problem(422), "register_too_long");
    assert_eq!(app.get(&register.replace("xlsx", "pdf"), &admin).await.problem(422), "register_too_long");
    app.verify();
}

#[actix_web::test]
async fn exports_are_limited_on_sqlite() {
    exports_are_limited(Kind::Sqlite).await;
}

#[actix_web::test]
async fn exports_are_limited_on_postgres() {
    exports_are_limited(Kind::Postgres).await;
}
