//! The log of citizen reception: who came, about what, what came of it; and its counts.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;

fn visit(overlay: Value) -> Value {
    let mut body = json!({"agency": "H16.18", "visited_on": "2026-03-02", "session": "regular",
        "received_by": {"name": "Trần Văn Thử", "position": "Chuyên viên"}, "people": 1, "visitor": {"name": "Lê Thị Thử"},
        "subjects": ["petition"], "content": "Đề nghị trợ cấp", "outcome": "explained"});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

story!(visits_are_entered_put_right_and_counted_with_their_subjects, |app| {
    let admin = app.office().await;
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    let enter = async |overlay: Value| app.post("/v1/reception-visits", &desk, visit(overlay)).await.expect(201);
    let first = enter(json!({})).await;
    enter(json!({"session": "leader_regular", "people": 5, "subjects": ["denunciation", "complaint"], "outcome": "accepted"})).await;
    enter(json!({"visited_on": "2026-02-27", "subjects": ["complaint"]})).await;
    let path = format!("/v1/reception-visits/{}", first["id"].as_str().unwrap());
    let patch = async |body: Value| app.send(Method::PATCH, &path, Some(&desk), &[("if-match", "*")], Some(body)).await;
    assert_eq!(patch(json!({"outcome": "forwarded"})).await.problem(422), "addressee_required");
    assert_eq!(patch(json!({"people": 9})).await.problem(422), "validation");
    let changed = patch(json!({"outcome": "forwarded", "forwarded_to": "Thanh tra tỉnh"})).await.expect(200);
    assert_eq!((&changed["forwarded_to"], &changed["version"]), (&json!("Thanh tra tỉnh"), &json!(2)));
    let counted = app.get("/v1/statistics/reception?from=2026-03-01&to=2026-03-31", &desk).await.expect(200);
    assert_eq!((&counted["visits"], &counted["people"]), (&json!(2), &json!(6)));
    assert_eq!(counted["sessions"], json!({"regular": 1, "leader_regular": 1, "leader_extra": 0}));
    let subjects = json!({"complaint": 1, "denunciation": 1, "petition": 1, "feedback": 0, "procedure": 0});
    assert_eq!(counted["subjects"], subjects);
    assert_eq!(counted["outcomes"], json!({"explained": 0, "accepted": 1, "guided": 0, "forwarded": 1}));
    for part in ["sessions", "subjects", "outcomes"] {
        for (word, figure) in counted[part].as_object().unwrap() {
            let list = app.get(counted["links"][part][word].as_str().unwrap(), &admin).await.expect(200);
            assert_eq!(json!(list["items"].as_array().unwrap().len()), *figure, "{part} {word}");
        }
    }
    // A page at a time, oldest first.
    let page = app.get("/v1/reception-visits?limit=2", &desk).await.expect(200);
    assert_eq!(page["items"][0]["visited_on"], "2026-02-27");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/v1/reception-visits?limit=2&cursor={cursor}"), &desk).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
});

story!(visits_elsewhere_are_not_there_and_bad_ones_are_refused, |app| {
    let admin = app.office().await;
    let made = app.post("/v1/reception-visits", &admin, visit(json!({"agency": "H16"}))).await.expect(201);
    let path = format!("/v1/reception-visits/{}", made["id"].as_str().unwrap());
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    let auditor = app.user("auditor", Role::Auditor, Some("H16.18")).await;
    assert_eq!(app.get(&path, &desk).await.problem(404), "not_found");
    assert_eq!(
        app.post("/v1/reception-visits", &desk, visit(json!({"agency": "H16"}))).await.problem(404),
        "not_found"
    );
    assert_eq!(app.post("/v1/reception-visits", &auditor, visit(json!({}))).await.problem(403), "forbidden");
    for (overlay, code) in [
        (json!({"people": 0}), "validation"),
        (json!({"subjects": []}), "validation"),
        (json!({"subjects": ["petition", "petition"]}), "validation"),
        (json!({"content": ""}), "validation"),
        (json!({"session": "weekly"}), "validation"),
        (json!({"visited_on": "2026-03-03"}), "in_the_future"),
        (json!({"visited_on": "2026-02-14"}), "too_far_back"),
        (json!({"outcome": "forwarded"}), "addressee_required"),
    ] {
        let answer = app.post("/v1/reception-visits", &desk, visit(overlay.clone())).await;
        assert_eq!(answer.problem(422), code, "{overlay}");
    }
});
