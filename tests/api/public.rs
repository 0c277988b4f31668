//! The public door: what a slip opens, what guessing tells, how often one may ask, and who counts as one.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use motcua::domain::vocabulary::Role;
use motcua::http::edges::Edges;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, Kind, TestApp};

async fn secret(app: &TestApp, token: &str, code: &str) -> String {
    let shown = app.get(&format!("/v1/dossiers/{code}"), token).await.expect(200);
    shown["lookup_secret"].as_str().unwrap().to_owned()
}

async fn look_up(app: &TestApp, code: &str, secret: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(Method::GET, &format!("/v1/public/dossiers/{code}?secret={secret}"), None, headers, None).await
}

/// A dossier with its secret.
async fn with_slip(app: &TestApp) -> (String, String) {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let secret = secret(app, &admin, &code).await;
    (code, secret)
}

story!(a_slip_tells_how_far_its_dossier_has_come_and_nothing_else, |app| {
    let (code, secret) = with_slip(app).await;
    let see = async || look_up(app, &code, &secret, &[]).await.expect(200);
    let go = async |body: Value| app.transition(&app.admin().await, &code, body).await.expect(200);
    // Received on Monday 2 March 2026, 5 working days: Monday 9 March (contract section 4). The whole answer, so that
    // nothing personal can be in it (Circular 01/2018 art. 16(2)(d)).
    let shown = |completion: &str, due_on: Value| json!({"code": code, "completion": completion, "due_on": due_on});
    assert_eq!(see().await, shown("received", json!("2026-03-09")));
    go(json!({"to": "processing"})).await;
    assert_eq!(see().await, shown("in_progress", json!("2026-03-09")));
    go(json!({"to": "supplement_required", "reason": "Thiếu tờ khai"})).await;
    assert_eq!(see().await["completion"], "waiting_for_applicant");
    go(json!({"to": "processing"})).await;
    go(json!({"to": "finished", "outcome": "refused", "reason": "Không đủ điều kiện"})).await;
    assert_eq!(see().await, shown("finished", json!("2026-03-09")), "not what came of it");
    go(json!({"to": "returned"})).await;
    let last = look_up(app, &code, &secret, &[]).await;
    assert_eq!(last.expect(200), shown("returned", json!("2026-03-09")));
    assert_eq!(last.header("cache-control"), "no-store");
    let again = look_up(app, &code, &secret, &[("if-none-match", last.header("etag"))]).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    app.post(&format!("/v1/dossiers/{code}/void"), &app.admin().await, json!({"reason": "Nhập nhầm"}))
        .await
        .expect(200);
    assert_eq!(look_up(app, &code, &secret, &[]).await.problem(404), "not_found", "void: nobody's dossier");
});

story!(a_filing_that_waits_for_acceptance_is_received_and_has_no_date, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({"channel": "online"})).await;
    let secret = secret(app, &admin, &code).await;
    let shown = look_up(app, &code, &secret, &[]).await.expect(200);
    assert_eq!(shown, json!({"code": code, "completion": "received", "due_on": null}));
    app.transition(&admin, &code, json!({"to": "rejected", "reason": "Không thuộc thẩm quyền"})).await.expect(200);
    let shown = look_up(app, &code, &secret, &[]).await.expect(200);
    assert_eq!(shown, json!({"code": code, "completion": "finished", "due_on": null}), "there is a notice to fetch");
});

story!(wrong_codes_and_wrong_secrets_are_answered_alike, |app| {
    let (code, secret) = with_slip(app).await;
    let other = code.replace("-0001", "-0002");
    let mut told = Vec::new();
    for (code, secret) in
        [(&*code, "AAAAA-AAAAA"), (&other, &secret), (&other, "AAAAA-AAAAA"), ("x", &secret), (&code, "")]
    {
        let answer = look_up(app, code, secret, &[]).await;
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        // The first counts the look-ups of this address, the second names the request.
        let told_apart = |name: &str| ["ratelimit", "x-request-id", "date"].contains(&name);
        let headers = answer.headers.iter().filter(|(name, _)| !told_apart(name.as_str()));
        let headers: BTreeMap<_, _> = headers.map(|(name, value)| (name.to_string(), value.clone())).collect();
        told.push((answer.status, body.to_string(), answer.bytes.len(), headers));
    }
    assert_eq!(told[0].0, 404);
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
    let none = app.send(Method::GET, &format!("/v1/public/dossiers/{code}"), None, &[], None).await;
    assert_eq!(none.problem(400), "missing_parameter");
    let more = look_up(app, &code, &format!("{secret}&fields=applicant"), &[]).await;
    assert_eq!(more.problem(400), "unknown_parameter");
});

story!(secrets_are_given_with_one_dossier_to_those_who_see_it, |app| {
    let (code, secret) = with_slip(app).await;
    let admin = app.admin().await;
    assert!(!app.get("/v1/dossiers", &admin).await.text.contains("lookup_secret"), "not in lists");
    let moved = app.transition(&admin, &code, json!({"to": "processing"})).await;
    assert!(!moved.text.contains("lookup_secret"), "answers to writes are kept for their replay");
    let changes = app.get("/v1/changes", &admin).await;
    assert!(!changes.text.contains(&secret));
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    assert_eq!(self::secret(app, &desk, &code).await, secret);
});

story!(the_secret_on_the_printed_slip_opens_the_look_up, |app| {
    let (code, secret) = with_slip(app).await;
    let slip = app.get(&format!("/v1/dossiers/{code}/receipt.pdf"), &app.admin().await).await;
    let text = pdf_extract::extract_text_from_mem(&slip.bytes).unwrap();
    let text: String = text.split_whitespace().collect();
    let (_, after) = text.split_once("Mãtracứu:").unwrap();
    let printed: String = after.chars().take(11).collect();
    assert_eq!(printed, secret);
    let typed = printed.to_lowercase().replace('-', "");
    look_up(app, &code, &typed, &[]).await.expect(200);
});

story!(wrong_guesses_at_one_code_come_to_an_end_and_begin_again_with_time, |app| {
    let (code, secret) = with_slip(app).await;
    // 20 wrong ones an hour, from wherever: one comes back every 3 minutes. Right ones cost nothing.
    for left in (0..20).rev() {
        look_up(app, &code, &secret, &[]).await.expect(200);
        let guess = look_up(app, &code, "AAAAA-AAAAA", &[]).await;
        assert_eq!(guess.problem(404), "not_found");
        let told = guess.header("ratelimit").to_owned();
        assert!(told.contains(&format!("\"code\";r={left};t=")), "{told}");
    }
    assert_eq!(look_up(app, &code, "AAAAA-AAAAA", &[]).await.header("retry-after"), "180");
    let shut = look_up(app, &code, &secret, &[]).await;
    assert_eq!(shut.problem(429), "too_many_requests", "a guess that is right would tell otherwise");
    assert_eq!(shut.header("ratelimit-policy"), "\"address\";q=60;w=60, \"code\";q=20;w=3600");
    let admin = app.admin().await;
    let path = format!("/v1/public/dossiers/{code}?secret={secret}");
    let signed_in = app.get(&path, &admin).await;
    signed_in.expect(200);
    assert!(!signed_in.headers.contains_key("ratelimit"), "who is signed in is not limited");
    app.at("2026-03-02T09:02:59");
    assert_eq!(look_up(app, &code, &secret, &[]).await.header("retry-after"), "1");
    app.at("2026-03-02T09:03:00");
    look_up(app, &code, &secret, &[]).await.expect(200);
});

story!(one_address_gets_sixty_a_minute_whatever_it_says_about_itself, |app| {
    let (code, secret) = with_slip(app).await;
    for number in 0..60 {
        // Not trusted, so not believed.
        let forged = format!("203.0.113.{number}");
        let headers =
            [("x-forwarded-for", &*forged), ("forwarded", "for=203.0.113.200"), ("authorization", "Bearer x")];
        look_up(app, &code, &secret, &headers).await.expect(200);
    }
    let stopped = look_up(app, &code, &secret, &[("x-forwarded-for", "203.0.113.250")]).await;
    assert_eq!(stopped.problem(429), "too_many_requests");
    assert_eq!((stopped.header("retry-after"), stopped.header("ratelimit")), ("1", "\"address\";r=0;t=60"));
    app.at("2026-03-02T09:00:01");
    look_up(app, &code, &secret, &[]).await.expect(200);
});

#[actix_web::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let edges = Edges { proxies: vec!["127.0.0.0/8".parse().unwrap()], ..Edges::default() };
    let app = TestApp::start_behind(Kind::Sqlite, edges).await.unwrap();
    let (code, secret) = with_slip(&app).await;
    let ask = async |chain: &str| look_up(&app, &code, &secret, &[("x-forwarded-for", chain)]).await.status.as_u16();
    for number in 0..60 {
        // The proxy appended the last one; what stands before it the client wrote itself.
        assert_eq!(ask(&format!("203.0.113.{number}, 198.51.100.1")).await, 200);
    }
    assert_eq!(ask("203.0.113.77, 198.51.100.1").await, 429);
    assert_eq!(ask("198.51.100.1, 198.51.100.2").await, 200);
}

story!(every_answer_carries_its_headers, |app| {
    let (code, _) = with_slip(app).await;
    let admin = app.admin().await;
    let own = format!("/v1/dossiers/{code}");
    let slip = format!("{own}/receipt.pdf");
    for (path, token) in [
        (&*own, Some(&*admin)),
        (&own, None),
        ("/nowhere", None),
        ("/healthz", None),
        (&slip, Some(&admin)),
        ("/docs/", None),
    ] {
        let answer = app.send(Method::GET, path, token, &[("origin", "https://elsewhere.example")], None).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(policy.contains("script-src 'self'"), path == "/docs/", "{path}: {policy}");
        assert_eq!(answer.header("cache-control"), if path == "/docs/" { "no-cache" } else { "no-store" }, "{path}");
        for closed in ["access-control-allow-origin", "strict-transport-security"] {
            assert!(!answer.headers.contains_key(closed), "{path}: {closed}");
        }
        assert!(answer.headers.get_all("vary").iter().all(|named| named != "Origin"), "{path}");
    }
    // What the policy of the pages lets through is all they need: no script and no style stands in the page itself.
    let page = app.send(Method::GET, "/docs/", None, &[], None).await.text;
    assert_eq!((page.matches("<script").count(), page.matches("<script src=\"./").count()), (3, 3), "{page}");
    assert!(!page.contains("<style") && !page.contains("http"), "{page}");
});

#[actix_web::test]
async fn pages_of_permitted_origins_may_call_and_no_others() {
    let own = "https://dvc.example.vn";
    let edges = Edges { origins: vec![own.to_owned()], ..Edges::default() };
    let app = TestApp::start_behind(Kind::Sqlite, edges).await.unwrap();
    let ask = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "PATCH")];
        app.send(Method::OPTIONS, "/v1/dossiers/x", None, &headers, None).await
    };
    let answer = ask(own).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), own);
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    assert!(answer.header("access-control-allow-headers").contains("If-Match"));
    for other in ["https://dvc.example.vn.evil.example", "http://dvc.example.vn", "null"] {
        let answer = ask(other).await;
        assert_eq!(answer.status, 405, "{other}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{other}");
    }
    let refused = app.send(Method::GET, "/v1/me", None, &[("origin", own)], None).await;
    assert_eq!(refused.problem(401), "unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), own);
    assert!(refused.headers.get_all("vary").iter().any(|named| named == "Origin"));
    assert!(!refused.headers.contains_key("access-control-allow-credentials"), "there are no cookies");
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let edges = Edges { request_time: Duration::from_millis(50), ..Edges::default() };
    let app = TestApp::start_behind(Kind::Sqlite, edges).await.unwrap();
    let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let answer = actix_web::rt::task::spawn_blocking(move || answer_to(stream)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    for part in ["\"code\":\"timed_out\"", "\"request_id\":\"", "retry-after: 2", "x-content-type-options: nosniff"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
}

/// What comes before the server closes the connection.
fn answer_to(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[actix_web::test]
async fn an_upload_whose_client_falls_silent_is_dropped() {
    let edges = Edges { idle_time: Duration::from_millis(50), ..Edges::default() };
    let app = TestApp::start_behind(Kind::Sqlite, edges).await.unwrap();
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let before = app.get("/v1/dossiers", &admin).await.text;
    let upload = format!("/v1/dossiers/{code}/files?kind=component");
    let begun = [
        ("/v1/imports", "application/x-ndjson", "{\"procedure\""),
        ("/v1/imports?atomic=true", "application/x-ndjson", ""),
        (&*upload, "application/pdf", "%PDF-1.7"),
        ("/v1/ioffice/packets", "application/xml", "<edXML"),
        // Whatever is to be read at once is not waited for any longer.
        ("/v1/dossiers", "application/json", "{"),
    ];
    let answers = begun.map(|(path, kind, part)| {
        let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin}\r\nContent-Type: {kind}\r\n\
             Content-Disposition: attachment; filename=\"a.pdf\"\r\nContent-Length: 99\r\n\r\n{part}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        actix_web::rt::task::spawn_blocking(move || answer_to(stream))
    });
    for ((path, ..), answer) in begun.iter().zip(answers) {
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains("\"code\":\"body_stalled\""), "{path}: {answer}");
    }
    assert_eq!(app.get("/v1/dossiers", &admin).await.text, before);
    assert_eq!(app.get(&format!("/v1/dossiers/{code}/files"), &admin).await.expect(200)["items"], json!([]));
}
