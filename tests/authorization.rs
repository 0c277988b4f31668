//! Who may call what: every route of the API document, walked as nobody, as every role, and from every side.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/mod.rs"]
mod support;

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use support::{TestApp, dossier};

/// Routes that ask for no token: method and path.
const OPEN: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "POST /v1/sessions",
    "POST /v1/sessions/refresh",
    "POST /oauth/token",
    "GET /v1/public/dossiers/{code}",
    "POST /v1/public/dossiers/{code}/rating",
    "POST /v1/public/feedback",
    "GET /v1/public/feedback/{id}",
];

const EVERYONE: &[Role] = &[Role::FrontDesk, Role::Officer, Role::Leader, Role::Auditor, Role::Admin];
const HANDLE: &[Role] = &[Role::FrontDesk, Role::Officer, Role::Leader, Role::Admin];
const DRAFT: &[Role] = &[Role::Officer, Role::Leader, Role::Admin];
const LEAD: &[Role] = &[Role::Leader, Role::Admin];
const ADMIN: &[Role] = &[Role::Admin];

/// The contract's role table (section 2), route by route: who is not named gets 403 whatever the body.
const TABLE: &[(&str, &[Role])] = &[
    ("GET /v1/me", EVERYONE),
    ("POST /v1/me/password", EVERYONE),
    ("DELETE /v1/sessions/current", EVERYONE),
    ("GET /v1/dossiers", EVERYONE),
    ("POST /v1/dossiers", HANDLE),
    ("GET /v1/dossiers/{code}", EVERYONE),
    ("PATCH /v1/dossiers/{code}", HANDLE),
    ("GET /v1/dossiers/{code}/deadline", EVERYONE),
    ("GET /v1/dossiers/{code}/timeline", EVERYONE),
    ("POST /v1/dossiers/{code}/transitions", HANDLE),
    ("GET /v1/dossiers/{code}/receipt.pdf", EVERYONE),
    ("GET /v1/dossiers/{code}/supplement.pdf", EVERYONE),
    ("GET /v1/dossiers/{code}/supplement.docx", EVERYONE),
    ("GET /v1/dossiers/{code}/refusal.pdf", EVERYONE),
    ("GET /v1/dossiers/{code}/refusal.docx", EVERYONE),
    ("GET /v1/dossiers/{code}/stop.pdf", EVERYONE),
    ("GET /v1/dossiers/{code}/stop.docx", EVERYONE),
    ("GET /v1/dossiers/{code}/control-slip.pdf", EVERYONE),
    ("POST /v1/dossiers/{code}/correct", LEAD),
    ("POST /v1/dossiers/{code}/void", LEAD),
    ("GET /v1/dossiers/{code}/files", EVERYONE),
    ("POST /v1/dossiers/{code}/files", HANDLE),
    ("GET /v1/dossiers/{code}/files/{id}", EVERYONE),
    ("GET /v1/dossiers/{code}/files/{id}/content", EVERYONE),
    ("POST /v1/dossiers/{code}/files/{id}/remove", DRAFT),
    ("POST /v1/dossiers/{code}/apology-letters", DRAFT),
    ("GET /v1/apology-letters", EVERYONE),
    ("GET /v1/apology-letters/{id}", EVERYONE),
    ("POST /v1/apology-letters/bulk", DRAFT),
    ("GET /v1/apology-letters/{id}/letter.pdf", EVERYONE),
    ("GET /v1/apology-letters/{id}/letter.docx", EVERYONE),
    ("PATCH /v1/apology-letters/{id}", DRAFT),
    ("POST /v1/apology-letters/{id}/submit", DRAFT),
    ("POST /v1/apology-letters/{id}/deliver", DRAFT),
    ("POST /v1/apology-letters/{id}/issue", LEAD),
    ("POST /v1/apology-letters/{id}/reject", LEAD),
    ("POST /v1/apology-letters/{id}/cancel", LEAD),
    ("GET /v1/apology-letters/{id}/exchange", EVERYONE),
    ("GET /v1/apology-letters/{id}/signed", EVERYONE),
    ("GET /v1/ioffice/documents", LEAD),
    ("GET /v1/ioffice/documents/{id}/packet.edxml", LEAD),
    ("POST /v1/ioffice/documents/{id}/result", LEAD),
    ("POST /v1/ioffice/packets", LEAD),
    ("GET /v1/changes", EVERYONE),
    ("GET /v1/statistics", EVERYONE),
    ("GET /v1/statistics/due-soon", EVERYONE),
    ("GET /v1/reports", EVERYONE),
    ("POST /v1/reports", LEAD),
    ("GET /v1/reports/{id}", EVERYONE),
    ("GET /v1/reports/{id}/sheet.xlsx", EVERYONE),
    ("GET /v1/reports/{id}/drift", EVERYONE),
    ("GET /v1/statistics/service-index", EVERYONE),
    ("GET /v1/reports/06a", EVERYONE),
    ("GET /v1/reports/06a.xlsx", EVERYONE),
    ("GET /v1/reports/06a.csv", EVERYONE),
    ("GET /v1/reports/06b", EVERYONE),
    ("GET /v1/reports/06b.xlsx", EVERYONE),
    ("GET /v1/reports/register", EVERYONE),
    ("GET /v1/reports/register.xlsx", EVERYONE),
    ("GET /v1/reports/letters.xlsx", EVERYONE),
    ("GET /v1/reports/register.pdf", EVERYONE),
    ("POST /v1/reports/check", EVERYONE),
    ("GET /v1/feedback", EVERYONE),
    ("POST /v1/feedback", HANDLE),
    ("GET /v1/feedback/{id}", EVERYONE),
    ("PATCH /v1/feedback/{id}", HANDLE),
    ("POST /v1/feedback/{id}/transitions", HANDLE),
    ("GET /v1/ratings", EVERYONE),
    ("GET /v1/reception-visits", EVERYONE),
    ("POST /v1/reception-visits", HANDLE),
    ("GET /v1/reception-visits/{id}", EVERYONE),
    ("PATCH /v1/reception-visits/{id}", HANDLE),
    ("GET /v1/plans", EVERYONE),
    ("POST /v1/plans", ADMIN),
    ("GET /v1/plans/{id}", EVERYONE),
    ("POST /v1/plans/{id}/tasks", ADMIN),
    ("GET /v1/plans/{id}/tasks/{task}", EVERYONE),
    ("PATCH /v1/plans/{id}/tasks/{task}", LEAD),
    ("POST /v1/plans/{id}/tasks/{task}/notes", DRAFT),
    ("POST /v1/plans/{id}/tasks/{task}/complete", LEAD),
    ("GET /v1/plan-tasks", EVERYONE),
    ("GET /v1/statistics/feedback", EVERYONE),
    ("GET /v1/statistics/ratings", EVERYONE),
    ("GET /v1/statistics/reception", EVERYONE),
    ("GET /v1/statistics/plan-tasks", EVERYONE),
    ("GET /v1/deadline", EVERYONE),
    ("GET /v1/calendar/{year}", EVERYONE),
    ("PUT /v1/calendar/{year}", ADMIN),
    ("POST /v1/calendar/recompute", ADMIN),
    ("GET /v1/agencies", EVERYONE),
    ("POST /v1/agencies", ADMIN),
    ("GET /v1/agencies/{code}", EVERYONE),
    ("PATCH /v1/agencies/{code}", ADMIN),
    ("GET /v1/agencies/{code}/hours", EVERYONE),
    ("PUT /v1/agencies/{code}/hours", ADMIN),
    ("GET /v1/agencies/{code}/closures", EVERYONE),
    ("POST /v1/agencies/{code}/closures", ADMIN),
    ("GET /v1/fields", EVERYONE),
    ("POST /v1/fields", ADMIN),
    ("GET /v1/fields/{code}", EVERYONE),
    ("GET /v1/procedures", EVERYONE),
    ("POST /v1/procedures", ADMIN),
    ("GET /v1/procedures/{code}", EVERYONE),
    ("PUT /v1/procedures/{code}", ADMIN),
    ("GET /v1/users", ADMIN),
    ("POST /v1/users", ADMIN),
    ("GET /v1/users/{id}", ADMIN),
    ("PATCH /v1/users/{id}", ADMIN),
    ("POST /v1/users/{id}/password", ADMIN),
    ("GET /v1/audit", &[Role::Auditor, Role::Admin]),
    ("GET /v1/clients", ADMIN),
    ("POST /v1/clients", ADMIN),
    ("GET /v1/clients/{id}", ADMIN),
    ("PATCH /v1/clients/{id}", ADMIN),
    ("DELETE /v1/clients/{id}", ADMIN),
    ("POST /v1/clients/{id}/rotate-secret", ADMIN),
    ("POST /v1/imports", ADMIN),
    ("GET /v1/webhooks", ADMIN),
    ("POST /v1/webhooks", ADMIN),
    ("GET /v1/webhooks/{id}", ADMIN),
    ("PATCH /v1/webhooks/{id}", ADMIN),
    ("DELETE /v1/webhooks/{id}", ADMIN),
    ("POST /v1/webhooks/{id}/rotate-secret", ADMIN),
    ("POST /v1/webhooks/{id}/test", ADMIN),
    ("GET /v1/webhooks/{id}/deliveries", ADMIN),
    ("POST /v1/webhooks/{id}/deliveries/{delivery}/replay", ADMIN),
    ("POST /v1/webhooks/{id}/replay", ADMIN),
    ("GET /v1/notices", ADMIN),
];

/// Every route of the document, as `METHOD path`.
fn routes() -> Vec<String> {
    let document: Value = serde_json::from_str(&motcua::http::openapi().to_pretty_json().unwrap()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        let methods = methods.filter(|method| matches!(method.as_str(), "get" | "put" | "post" | "patch" | "delete"));
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes
}

fn split(route: &str) -> (Method, &str) {
    let (method, path) = route.split_once(' ').unwrap();
    (method.parse().unwrap(), path)
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let mut ruled: Vec<String> = TABLE.iter().map(|(route, _)| (*route).to_owned()).collect();
    ruled.extend(OPEN.iter().map(|route| (*route).to_owned()));
    ruled.sort();
    let mut routes = routes();
    routes.sort();
    assert_eq!(routes, ruled);
}

story!(nobody_gets_in_without_a_good_token, |app| {
    app.user("somebody", Role::Admin, None).await;
    let expired = app.sign_in("somebody").await;
    app.at("2026-03-02T12:00:00");
    for route in routes().iter().filter(|route| !OPEN.contains(&route.as_str())) {
        let (method, path) = split(route);
        let path = path.replace("{year}", "2026");
        for token in [None, Some("garbage"), Some("a.b.c"), Some(expired.as_str())] {
            let answer = app.raw(method.clone(), &path, token, "application/json", b"{broken".to_vec()).await;
            assert_eq!(answer.status.as_u16(), 401, "{route} with {token:?}: {}", answer.text);
            assert_eq!(answer.problem(401), "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    for route in OPEN.iter().chain(&["GET /openapi.json", "GET /docs/"]) {
        let (method, path) = split(route);
        let answer = app.send(method, path, None, &[], None).await;
        assert_ne!(answer.problem_code(), "unauthenticated", "{route}");
    }
});

story!(a_role_is_checked_before_the_body, |app| {
    app.office().await;
    for (place, role) in EVERYONE.iter().enumerate() {
        let token = app.user(&format!("user{place}"), *role, Some("H16.18")).await;
        // Signing out comes last: it ends the token.
        let (last, rest): (Vec<_>, Vec<_>) =
            TABLE.iter().partition(|(route, _)| route.starts_with("DELETE /v1/sessions"));
        for (route, may) in rest.into_iter().chain(last) {
            let (method, path) = split(route);
            let path = path.replace("{year}", "2026").replace("{code}", "H16.18").replace("{id}", "x");
            let answer = app.raw(method, &path, Some(&token), "application/json", b"{broken".to_vec()).await;
            let refused = answer.status.as_u16() == 403;
            assert_eq!(refused, !may.contains(role), "{role:?} {route}: {} {}", answer.status, answer.text);
            assert!(!answer.status.is_server_error(), "{route}: {}", answer.text);
        }
    }
});

/// H16 ⊃ H16.18 ⊃ H16.18.1, and H16.19 beside it; an overdue dossier with its letter in each. Agency → (code, letter).
async fn tree(app: &TestApp) -> Vec<(&'static str, String, String)> {
    let admin = app.office().await;
    for (code, parent) in [("H16.19", "H16"), ("H16.18.1", "H16.18")] {
        let body = json!({"code": code, "name": "Đơn vị", "level": "department", "parent": parent});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    let mut made = Vec::new();
    for agency in ["H16", "H16.18", "H16.18.1", "H16.19"] {
        made.push((agency, app.receive(&admin, json!({"agency": agency})).await));
    }
    app.at("2026-03-11T09:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let mut all = Vec::new();
    for (agency, code) in made {
        let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
        all.push((agency, code, shown["letter"]["id"].as_str().unwrap().to_owned()));
    }
    all
}

/// Whether a role held at H16.18 reaches an agency.
fn reaches(role: Role, agency: &str) -> bool {
    agency == "H16.18" || (agency == "H16.18.1" && matches!(role, Role::Leader | Role::Auditor | Role::Admin))
}

story!(what_belongs_to_another_agency_is_not_there, |app| {
    let tree = tree(app).await;
    for (place, role) in EVERYONE.iter().enumerate() {
        let token = app.user(&format!("user{place}"), *role, Some("H16.18")).await;
        for (agency, code, letter) in &tree {
            let bodies: &[(&str, Value)] = &[
                ("GET /v1/dossiers/{code}", Value::Null),
                ("GET /v1/dossiers/{code}/deadline", Value::Null),
                ("GET /v1/dossiers/{code}/timeline", Value::Null),
                ("GET /v1/dossiers/{code}/files", Value::Null),
                ("POST /v1/dossiers/{code}/files", Value::Null),
                ("GET /v1/dossiers/{code}/receipt.pdf", Value::Null),
                ("GET /v1/dossiers/{code}/control-slip.pdf", Value::Null),
                ("PATCH /v1/dossiers/{code}", json!({"note": "x"})),
                ("POST /v1/dossiers/{code}/transitions", json!({"to": "returned"})),
                ("POST /v1/dossiers/{code}/correct", json!({"reason": "x", "channel": "moon"})),
                ("POST /v1/dossiers/{code}/correct", json!({"reason": "x", "channel": "postal"})),
                ("POST /v1/dossiers/{code}/apology-letters", json!({"kind": "at_risk"})),
                ("GET /v1/apology-letters/{id}", Value::Null),
                ("GET /v1/apology-letters/{id}/letter.pdf", Value::Null),
                ("GET /v1/apology-letters/{id}/letter.docx", Value::Null),
                ("GET /v1/apology-letters/{id}/exchange", Value::Null),
                ("PATCH /v1/apology-letters/{id}", json!({"reason": "x"})),
                ("POST /v1/apology-letters/{id}/submit", json!({})),
                ("POST /v1/apology-letters/{id}/deliver", json!({"channel": "sms"})),
                (
                    "POST /v1/apology-letters/{id}/issue",
                    json!({"number": 1, "notation": "X",
                    "promulgated_on": "2026-03-11", "signer": {"name": "A", "position": "B"}}),
                ),
                ("POST /v1/apology-letters/{id}/reject", json!({"reason": "x"})),
                ("POST /v1/apology-letters/{id}/cancel", json!({})),
            ];
            for (route, body) in bodies {
                // A body that is refused by its form says nothing about whose dossier it is.
                let malformed = body["channel"] == "moon" || body["channel"] == "sms";
                let may = TABLE.iter().find(|(known, _)| known == route).unwrap().1.contains(role);
                let (method, path) = split(route);
                let path = path.replace("{code}", code).replace("{id}", letter);
                let body = Some(body.clone()).filter(|body| !body.is_null());
                let answer = app.send(method, &path, Some(&token), &[("if-match", "*")], body).await;
                let status = answer.status.as_u16();
                let told = format!("{role:?} {route} of {agency}: {status} {}", answer.text);
                match (may, reaches(*role, agency)) {
                    (false, _) => assert_eq!(status, 403, "{told}"),
                    (true, false) if malformed => assert!(matches!(status, 404 | 422), "{told}"),
                    (true, false) => assert_eq!(answer.problem(404), "not_found", "{told}"),
                    (true, true) => assert!(!matches!(status, 401 | 403 | 404 | 500..), "{told}"),
                }
            }
        }
        let listed = app.get("/v1/dossiers", &token).await.expect(200);
        let expected = tree.iter().filter(|(agency, ..)| reaches(*role, agency)).count();
        assert_eq!(listed["items"].as_array().unwrap().len(), expected, "{role:?}");
        let letters = app.get("/v1/apology-letters", &token).await.expect(200);
        assert_eq!(letters["items"].as_array().unwrap().len(), expected, "{role:?} letters");
    }
});

story!(agencies_and_figures_end_at_the_own_subtree, |app| {
    tree(app).await;
    for (place, role) in EVERYONE.iter().enumerate() {
        let token = app.user(&format!("user{place}"), *role, Some("H16.18")).await;
        for (agency, inside) in [("H16.18", true), ("H16.18.1", true), ("H16", false), ("H16.19", false)] {
            for path in [
                format!("/v1/statistics?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/statistics/due-soon?agency={agency}"),
                format!("/v1/statistics/service-index?period=2026-M03&agency={agency}"),
                format!("/v1/reports/06a?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/reports/06a.xlsx?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/reports/06b?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/reports/register?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/reports/letters.xlsx?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/reports/register.pdf?from=2026-03-01&to=2026-03-31&agency={agency}"),
                format!("/v1/statistics/feedback?period=2026-M03&agency={agency}"),
                format!("/v1/statistics/ratings?period=2026-M03&agency={agency}"),
                format!("/v1/statistics/reception?period=2026-M03&agency={agency}"),
                format!("/v1/statistics/plan-tasks?period=2026-M03&agency={agency}"),
                format!("/v1/feedback?agency={agency}"),
                format!("/v1/ratings?agency={agency}"),
                format!("/v1/reception-visits?agency={agency}"),
                format!("/v1/plans?agency={agency}"),
                format!("/v1/plan-tasks?agency={agency}"),
                format!("/v1/reports?agency={agency}"),
                format!("/v1/dossiers?agency={agency}"),
                format!("/v1/apology-letters?agency={agency}"),
                format!("/v1/agencies/{agency}"),
                format!("/v1/agencies/{agency}/hours"),
                format!("/v1/agencies/{agency}/closures"),
            ] {
                let answer = app.get(&path, &token).await;
                assert_eq!(answer.status.as_u16(), if inside { 200 } else { 404 }, "{role:?} {path}: {}", answer.text);
            }
            let body = json!({"date": format!("2026-12-0{}", place + 1), "reason": "Bão"});
            let closed = app.post(&format!("/v1/agencies/{agency}/closures"), &token, body).await.status.as_u16();
            let expected = if *role != Role::Admin {
                403
            } else if inside {
                201
            } else {
                404
            };
            assert_eq!(closed, expected, "{role:?} closes {agency}");
        }
        let taken = app.post("/v1/dossiers", &token, dossier(json!({}))).await.status.as_u16();
        assert_eq!(taken, if *role == Role::Auditor { 403 } else { 201 }, "{role:?}");
        let elsewhere = app.post("/v1/dossiers", &token, dossier(json!({"agency": "H16.19"}))).await;
        assert!(matches!(elsewhere.status.as_u16(), 403 | 404), "{role:?}: {}", elsewhere.text);
    }
});
