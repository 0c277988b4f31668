//! The log at its most talkative: every line is JSON, a request's lines name it, and nobody can be found in it.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::office::{Served, create_admin, program, run};
use crate::postgres::Schema;

/// What a dossier says of its applicant, each found nowhere else.
const NAME: &str = "Tạ Khuyển Ưng";
const IDENTITY: &str = "079313371337";
const PHONE: &str = "0913371337";
const EMAIL: &str = "khuyen.ung@example.vn";
const ADDRESS: &str = "Ngõ Sao Hỏa 1337";
const PASSPORT_PAPER: &str = "Giấy khai sinh khuyển ưng";

/// Each as it could be met: plain, as in a URL, and as ASCII in JSON.
fn shapes(mark: &str) -> [String; 3] {
    let url = mark.bytes().map(|byte| match byte {
        byte if byte.is_ascii_alphanumeric() || byte == b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    let escaped = mark.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    [mark.to_owned(), url.collect(), escaped.collect()]
}

async fn tell(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    create_admin(&program(), folder, url);
    let settings =
        [("MOTCUA_LOG", "debug,motcua=trace"), ("MOTCUA_LOG_FORMAT", "json"), ("MOTCUA_WEBHOOK_PRIVATE", "true")];
    let mut office = Served::start(&program(), folder, url, &settings);
    office.set_up().await;
    // A subscriber that nobody answers for.
    office.post("/v1/webhooks", json!({"url": "http://127.0.0.1:9/hook", "events": ["*"]})).await;
    let applicant = json!({"kind": "citizen", "name": NAME, "identity_no": IDENTITY, "phone": PHONE, "email": EMAIL,
        "address": ADDRESS});
    let body = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct", "applicant": applicant});
    let code = office.post("/v1/dossiers", body.clone()).await["code"].as_str().unwrap().to_owned();

    // What goes wrong says most.
    for bad in [
        body.to_string().replace('}', ""),
        body.to_string().replace("\"citizen\"", &format!("\"{NAME}\"")),
        body.to_string().replace("\"direct\"", &format!("\"{ADDRESS}\"")),
        body.to_string().replace("1.001739", NAME),
        body.to_string().replace("\"phone\"", &format!("\"{PHONE}\"")),
    ] {
        let status = office.raw("/v1/dossiers", &[("content-type", "application/json")], bad.clone()).await;
        assert!((400..500).contains(&status), "{bad}: {status}");
    }
    for query in [NAME, IDENTITY, PHONE] {
        for path in [
            format!("/v1/dossiers?q={query}"),
            format!("/v1/dossiers?{query}=1"),
            format!("/v1/dossiers/{query}"),
            format!("/v1/public/dossiers/{code}?secret={query}"),
            format!("/{query}"),
        ] {
            office.send(Method::GET, &path, None).await;
        }
    }
    let kinds = [("content-type", "application/x-ndjson")];
    office.raw("/v1/imports", &kinds, format!("{{\"applicant\": {{\"name\": \"{NAME}\"}}}}\n{NAME}\n")).await;
    let disposition = format!("attachment; filename*=UTF-8''{}.pdf", shapes(PASSPORT_PAPER)[1]);
    let headers = [("content-type", "application/pdf"), ("content-disposition", disposition.as_str())];
    let uploaded =
        office.raw(&format!("/v1/dossiers/{code}/files?kind=component"), &headers, format!("%PDF-1.7\n{NAME}\n")).await;
    assert_eq!(uploaded, 201);
    let name = json!({"username": NAME, "password": PHONE});
    assert_eq!(office.send(Method::POST, "/v1/sessions", Some(name)).await.status().as_u16(), 401);
    office.transition(&code, json!({"to": "supplement_required", "reason": ADDRESS})).await;
    office.transition(&code, json!({"to": "processing", "reason": NAME})).await;
    office.get(&format!("/v1/dossiers/{code}?reveal=true")).await;
    for path in ["receipt.pdf", "timeline", "deadline", "files"] {
        assert!(office.send(Method::GET, &format!("/v1/dossiers/{code}/{path}"), None).await.status().is_success());
    }
    let letters = format!("/v1/dossiers/{code}/apology-letters");
    let letter =
        office.post(&letters, json!({"kind": "lost", "reason": NAME})).await["id"].as_str().unwrap().to_owned();
    office.post(&format!("/v1/apology-letters/{letter}/submit"), json!({})).await;
    assert!(
        office.send(Method::GET, &format!("/v1/apology-letters/{letter}/letter.pdf"), None).await.status().is_success()
    );
    office.transition(&code, json!({"to": "finished", "outcome": "granted"})).await;
    office.transition(&code, json!({"to": "returned"})).await;
    office.get("/v1/changes").await;
    office.stop();
    run(&program(), folder, url, &["verify"], 0);

    let log = fs::read_to_string(folder.join("log")).unwrap();
    let mut ours = 0;
    for line in log.lines() {
        let said: Value = serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}: {line}"));
        let target = said["target"].as_str().unwrap();
        let of_a_request = target.starts_with("motcua::http");
        let named = said["spans"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|span| span["name"] == "request" && span["request_id"].as_str().is_some_and(|id| id.len() == 32));
        assert!(named || !of_a_request, "{line}");
        let mut spans = said["spans"].as_array().into_iter().flatten();
        let is_traceable = spans.any(|span| ["round", "courier"].iter().any(|id| span[*id].is_string()));
        assert!(is_traceable || !target.starts_with("motcua::worker"), "{line}");
        ours += usize::from(named);
    }
    assert!(ours > 40, "{ours} lines of requests in\n{log}");
    for mark in [NAME, IDENTITY, PHONE, EMAIL, ADDRESS, PASSPORT_PAPER] {
        for shape in shapes(mark) {
            let found = log.lines().find(|line| line.contains(&shape));
            assert_eq!(found, None, "{shape}");
        }
    }
}

#[actix_web::test]
async fn the_log_of_a_dossiers_life_names_nobody_on_sqlite() {
    tell("sqlite://office.db").await;
}

#[actix_web::test]
async fn the_log_of_a_dossiers_life_names_nobody_on_postgres() {
    let Some(schema) = Schema::create() else { return };
    tell(&schema.url).await;
    schema.drop_it();
}
