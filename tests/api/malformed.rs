//! Malformed input for every route that the API document has: a problem that says what is wrong, and nothing half-written.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::places::{Thing, furnish};

/// Routes that take no JSON object: an import is lines or a sheet, an upload the file itself, a machine's sign-in a form, a
/// packet of an e-office XML, and a page renews its session by its cookie.
const WITHOUT_OBJECT: &[&str] = &[
    "/v1/imports",
    "/v1/imports/register",
    "/v1/procedures/import",
    "/v1/dossiers/H16.18-260302-0001/files",
    "/oauth/token",
    "/v1/ioffice/packets",
    "/v1/page-session/renew",
];

/// Routes that take more than a mebibyte: signed papers come with a result.
const LARGE: &[&str] = &["/v1/ioffice/documents/0123/result"];

/// Every route with this method, its parameters filled with something that may exist.
fn routes(wanted: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(&motcua::http::openapi().to_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let found = paths.iter().filter(|(_, operations)| operations.get(wanted).is_some());
    found
        .map(|(path, _)| {
            let agency = path.starts_with("/v1/agencies");
            path.replace("{code}", if agency { "H16.18" } else { "H16.18-260302-0001" })
                .replace("{id}", "0123")
                .replace("{year}", "2027")
        })
        .collect()
}

story!(every_body_is_read_strictly, |app| {
    // Who sends a body for what is not there is told so before it is read: the paths name what is.
    let place = furnish(app).await.swap_remove(1);
    let admin = app.admin().await;
    let things = [
        ("/v1/apology-letters/", Thing::Letter),
        ("/v1/clients/", Thing::Client),
        ("/v1/consultations/", Thing::Consultation),
        ("/v1/feedback/", Thing::Feedback),
        ("/v1/ioffice/documents/", Thing::Letter),
        ("/v1/mandates/", Thing::Mandate),
        ("/v1/parts/", Thing::Part),
        ("/v1/plans/", Thing::Plan),
        ("/v1/reception-visits/", Thing::Visit),
        ("/v1/users/", Thing::User),
        ("/v1/warnings/", Thing::Warning),
        ("/v1/webhooks/", Thing::Webhook),
    ];
    let named = |path: &String| {
        let thing = things.iter().find(|(prefix, _)| path.starts_with(prefix));
        thing.map_or_else(|| path.clone(), |(_, thing)| path.replacen("0123", place.name(*thing), 1))
    };
    let mut tried = 0;
    for (name, method) in [("post", Method::POST), ("put", Method::PUT), ("patch", Method::PATCH)] {
        for path in routes(name).iter().filter(|path| !WITHOUT_OBJECT.contains(&path.as_str())) {
            let (pattern, path) = (path, &named(path));
            let headers = [("if-match", "*")];
            let send = async |body: Value| app.send(method.clone(), path, Some(&admin), &headers, Some(body)).await;
            let unknown = send(json!({"no_such_member": 1})).await;
            assert_eq!(unknown.problem(422), "validation", "{method} {path}");
            let error = &unknown.json()["errors"][0];
            assert!(
                matches!(error["code"].as_str(), Some("unknown_member" | "missing_member")),
                "{method} {path}: {error}"
            );
            assert!(error["pointer"].as_str().is_some_and(|pointer| pointer.starts_with('/')), "{method} {path}");
            assert_eq!(send(json!([])).await.status, 422, "{method} {path}");
            if method != Method::POST {
                continue;
            }
            let raw =
                async |kind: &str, body: &[u8]| app.raw(method.clone(), path, Some(&admin), kind, body.to_vec()).await;
            assert_eq!(raw("application/json", b"{\"a\":").await.problem(400), "malformed_json", "{path}");
            assert_eq!(raw("application/json", b"{} {}").await.problem(400), "malformed_json", "{path}");
            assert_eq!(raw("application/json", b"\xff\xfe").await.problem(400), "malformed_json", "{path}");
            assert_eq!(raw("text/xml", b"<a/>").await.problem(415), "unsupported_media_type", "{path}");
            tried += 1;
            if LARGE.contains(&pattern.as_str()) {
                continue;
            }
            let large = vec![b' '; (1 << 20) + 1];
            assert_eq!(raw("application/json", &large).await.problem(413), "payload_too_large", "{path}");
        }
    }
    assert!(tried >= 18, "only {tried} routes were found");
});

story!(every_get_refuses_parameters_it_does_not_know, |app| {
    app.office().await;
    let admin = app.admin().await;
    let open = ["/healthz", "/readyz", "/metrics"];
    // A citizen's own are told of where citizens are.
    for path in routes("get").iter().filter(|path| !open.contains(&path.as_str()) && !path.starts_with("/v1/my/")) {
        let answer = app.get(&format!("{path}?no_such_parameter=1"), &admin).await;
        assert_eq!(answer.problem(400), "unknown_parameter", "{path}");
    }
});

story!(texts_are_checked_and_said_in_the_callers_language, |app| {
    app.office().await;
    let clerk = app.user("clerk", Role::FrontDesk, Some("H16.18")).await;
    let with_name = |name: &str| crate::support::dossier(json!({"applicant": {"kind": "citizen", "name": name}}));
    for (name, code) in [("  ", "blank"), (&"ă".repeat(201) as &str, "too_long"), ("a\u{7}", "control_character")] {
        let body = app.post("/v1/dossiers", &clerk, with_name(name)).await.expect(422);
        let error = &body["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/applicant/name"), &json!(code)));
    }
    app.post("/v1/dossiers", &clerk, with_name(&"ă".repeat(200))).await.expect(201);
    // Decomposed letters come back composed (contract 1: NFC).
    let taken = app.post("/v1/dossiers", &clerk, with_name("Ngu\u{79}e\u{302}\u{303}n")).await.expect(201);
    assert_eq!(taken["applicant"]["name"], "Nguyễn");
    let code = taken["code"].as_str().unwrap();
    let path = format!("/v1/dossiers/{code}/transitions");
    for (language, sentence) in [
        ("vi", "Không thể chuyển hồ sơ sang trạng thái này. (từ “được tiếp nhận” sang “đã trả kết quả”)"),
        ("en-GB", "The dossier cannot move there from where it stands. (no move from received to returned)"),
    ] {
        let headers = [("accept-language", language)];
        let answer = app.send(Method::POST, &path, Some(&clerk), &headers, Some(json!({"to": "returned"}))).await;
        assert_eq!(answer.problem(409), "illegal_transition");
        assert_eq!(answer.json()["detail"], sentence);
    }
});
