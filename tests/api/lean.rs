//! Small answers for mobile clients: chosen members, nothing sent twice, compressed where that saves and tells no secret.

use motcua::http::edges::Edges;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Kind, TestApp};
use crate::{story, trusting_story};

async fn get(app: &TestApp, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    app.send(Method::GET, path, Some(token), headers, None).await
}

story!(chosen_members_alone_are_sent, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let one = get(app, &format!("/v1/dossiers/{code}?fields=status,code"), &admin, &[]).await;
    assert_eq!(one.text, format!(r#"{{"code":"{code}","status":"received"}}"#));
    // The version is the dossier's, whatever is shown of it.
    assert_eq!(one.header("etag"), "\"1\"");
    let listed = get(app, "/v1/dossiers?fields=code,due_on&limit=1", &admin, &[]).await.expect(200);
    assert_eq!(listed, json!({"items": [{"code": code, "due_on": "2026-03-09"}], "next_cursor": null}));
    for path in ["/v1/dossiers".to_owned(), format!("/v1/dossiers/{code}")] {
        for (fields, named) in [("kode", "kode"), ("code,applicant.name", "applicant.name"), ("", "")] {
            let refused = get(app, &format!("{path}?fields={fields}"), &admin, &[("accept-language", "en")]).await;
            assert_eq!(refused.problem(400), "unknown_field");
            assert!(refused.json()["detail"].as_str().unwrap().ends_with(&format!("({named})")), "{}", refused.text);
            assert_eq!(refused.json()["errors"][0]["pointer"], "?fields");
        }
    }
    assert_eq!(get(app, "/v1/changes?fields=id", &admin, &[]).await.problem(400), "unknown_parameter");
});

story!(who_polls_is_told_that_nothing_changed, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({})).await;
    let paths = [
        "/v1/dossiers?status=received",
        "/v1/dossiers?fields=code",
        "/v1/changes",
        "/v1/statistics?from=2026-03-01&to=2026-03-31&group_by=field",
        "/v1/statistics/due-soon?within=10",
        "/v1/apology-letters",
        "/v1/notices",
        "/v1/procedures",
    ];
    let mut tags = Vec::new();
    for path in paths {
        let first = get(app, path, &admin, &[]).await;
        first.expect(200);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{path}: {tag}");
        assert_eq!(first.header("cache-control"), "no-store", "{path}: shared desks keep nothing");
        tags.push(tag);
    }
    // A minute later, and with one tag among others.
    app.at("2026-03-02T09:01:00");
    for (path, tag) in paths.iter().zip(&tags) {
        let again = get(app, path, &admin, &[("if-none-match", &format!("\"x\", {tag}"))]).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path}: {}", again.text);
        assert_eq!(again.header("etag"), tag, "{path}");
        assert!(!again.headers.contains_key("content-type"), "{path}");
        assert_eq!(again.header("vary"), "Accept-Encoding");
    }
    app.receive(&admin, json!({})).await;
    for (path, tag) in paths.iter().zip(&tags).take(5) {
        let changed = get(app, path, &admin, &[("if-none-match", tag)]).await;
        changed.expect(200);
        assert_ne!(changed.header("etag"), tag, "{path}");
    }
    // Refusals and answers to writes are nobody's to keep.
    let refused = get(app, "/v1/dossiers?limit=x", &admin, &[("if-none-match", "*")]).await;
    assert!(!refused.headers.contains_key("etag"));
    let asked = json!({"online": 1, "direct_postal": 0, "carried_over": 0, "late": 0, "within": 1, "overdue": 0});
    assert!(!app.post("/v1/reports/check", &admin, asked).await.headers.contains_key("etag"));
});

trusting_story!(a_phone_polls_its_dossiers_for_nothing, |app, _sso, key| {
    let admin = app.office().await;
    let applicant = json!({"kind": "citizen", "name": "Nguyễn Thị Thử", "identity_no": "067012345678"});
    let code = app.receive(&admin, json!({"applicant": applicant})).await;
    let me = key.token(app, json!({"identity_no": "067012345678"}));
    for path in [
        "/v1/my/dossiers".to_owned(),
        format!("/v1/my/dossiers/{code}"),
        format!("/v1/my/dossiers/{code}?fields=completion"),
    ] {
        let first = get(app, &path, &me, &[]).await;
        first.expect(200);
        let again = get(app, &path, &me, &[("if-none-match", first.header("etag"))]).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path}");
    }
    let small = get(app, "/v1/my/dossiers?fields=code,completion", &me, &[]).await;
    assert_eq!(small.expect(200)["items"], json!([{"code": code, "completion": "received"}]));
    let steps = get(app, &format!("/v1/my/dossiers/{code}?fields=completion,steps"), &me, &[]).await.expect(200);
    assert_eq!(steps.as_object().unwrap().keys().collect::<Vec<_>>(), ["completion", "steps"]);
    assert_eq!(get(app, "/v1/my/dossiers?fields=applicant", &me, &[]).await.problem(400), "unknown_field");
});

story!(what_is_large_and_no_secret_is_compressed, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    for _ in 0..5 {
        app.receive(&admin, json!({})).await;
    }
    let coded = async |path: &str, accepted: &str| {
        let answer = get(app, path, &admin, &[("accept-encoding", accepted)]).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        let encoding = answer.headers.get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        let vary: Vec<String> =
            answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase()).collect();
        (encoding, vary == ["accept-encoding"], answer.bytes.len())
    };
    let plain = coded("/v1/dossiers", "identity").await;
    assert_eq!((plain.0.as_deref(), plain.1), (None, true));
    for (accepted, encoding) in [("gzip, deflate, br", "br"), ("br;q=0.1, gzip", "gzip"), ("gzip", "gzip")] {
        let (chosen, varies, size) = coded("/v1/dossiers", accepted).await;
        assert_eq!((chosen.as_deref(), varies), (Some(encoding), true), "{accepted}");
        assert!(size * 2 < plain.2, "{size} of {}", plain.2);
    }
    assert_eq!(coded("/openapi.json", "br").await.0.as_deref(), Some("br"));
    for refusing in ["*;q=0", "identity;q=0, zstd", ""] {
        assert_eq!(coded("/v1/dossiers", refusing).await, plain, "{refusing}");
    }
    // Small; with a secret in it; compressed in itself; the bytes that were kept.
    let secret = format!("/v1/dossiers/{code}");
    let slip = format!("/v1/dossiers/{code}/receipt.pdf");
    let sheet = "/v1/reports/06a.xlsx?from=2026-03-01&to=2026-03-31&agency=H16.18";
    for path in ["/v1/me", "/v1/dossiers?limit=1&fields=code", &secret, &slip, sheet] {
        assert_eq!(coded(path, "br, gzip").await.0, None, "{path}");
    }
    let shown = get(app, &secret, &admin, &[]).await.expect(200);
    let public = format!("/v1/public/dossiers/{code}?secret={}", shown["lookup_secret"].as_str().unwrap());
    assert_eq!(coded(&public, "br").await.0, None);
    let body = json!({"username": "admin", "password": crate::support::PASSWORD});
    let tokens = app.send(Method::POST, "/v1/sessions", None, &[("accept-encoding", "br")], Some(body)).await;
    assert!(!tokens.headers.contains_key("content-encoding"));
});

/// What the pages of a mobile client ask first, and what they may read of the answers.
async fn page_of_another_origin(kind: Kind) {
    let origin = "https://m.dvc.example.vn";
    let edges = Edges { origins: vec![origin.to_owned()], ..Edges::default() };
    let Some(app) = TestApp::start_behind(kind, edges).await else { return };
    let admin = app.office().await;
    let wanted = "authorization,content-type,idempotency-key,if-match,if-none-match";
    for (path, method) in [("/v1/my/dossiers", "GET"), ("/v1/dossiers", "POST"), ("/v1/dossiers/x", "PATCH")] {
        let asked =
            [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", wanted)];
        let answer = app.send(Method::OPTIONS, path, None, &asked, None).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, origin));
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        assert!(wanted.split(',').all(|header| allowed.split(", ").any(|one| one == header)), "{allowed}");
        assert!(answer.header("access-control-allow-methods").contains(method));
    }
    let listed = get(&app, "/v1/dossiers", &admin, &[("origin", origin)]).await;
    let shown = listed.header("access-control-expose-headers").to_lowercase();
    for header in
        ["etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "idempotency-replayed", "x-request-id"]
    {
        assert!(shown.split(", ").any(|one| one == header), "{header}: {shown}");
    }
    let vary: Vec<&str> = listed.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
    // A 304 may be read as the answer it stands for.
    let known = [("origin", origin), ("if-none-match", listed.header("etag"))];
    let known = get(&app, "/v1/dossiers", &admin, &known).await;
    assert_eq!((known.status.as_u16(), known.header("access-control-allow-origin")), (304, origin));
    let stranger = get(&app, "/v1/dossiers", &admin, &[("origin", "https://example.org")]).await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
    let refused = get(&app, "/v1/dossiers?limit=x", &admin, &[]).await;
    let vary: Vec<&str> = refused.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!((vary, refused.json()["code"].clone()), (vec!["Accept-Language", "Origin"], Value::from("bad_limit")));
}

#[actix_web::test]
async fn a_page_of_another_origin_may_do_and_read_what_a_client_needs_on_sqlite() {
    page_of_another_origin(Kind::Sqlite).await;
}

#[actix_web::test]
async fn a_page_of_another_origin_may_do_and_read_what_a_client_needs_on_postgres() {
    page_of_another_origin(Kind::Postgres).await;
}
