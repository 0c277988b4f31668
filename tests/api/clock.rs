//! A clock that is set wrong and set right again, and clocks of two hosts that differ a little.

use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::json;

use crate::story;
use crate::support::{Answer, TestApp, dossier};

async fn keyed(app: &TestApp, token: &str, key: &str) -> Answer {
    app.send(Method::POST, "/v1/dossiers", Some(token), &[("idempotency-key", key)], Some(dossier(json!({})))).await
}

story!(a_clock_that_was_set_back_lets_nothing_happen_twice, |app| {
    let admin = app.office().await;
    let first = keyed(app, &admin, "k").await;
    let code = first.expect(201)["code"].as_str().unwrap().to_owned();
    app.at("2026-03-02T08:00:00");
    // Who was signed in still is, and what was answered is answered the same.
    let again = keyed(app, &admin, "k").await;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    // Nothing is entered as done before what it follows.
    let refused = app.transition(&admin, &code, json!({"to": "processing"})).await;
    assert_eq!(refused.problem(422), "before_last_move");
    // Another dossier is as good as ever, under a code of its own.
    let other = app.receive(&admin, json!({})).await;
    assert_ne!(other, code);
    app.transition(&admin, &other, json!({"to": "processing"})).await.expect(200);
    app.at("2026-03-02T09:00:01");
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
});

story!(the_clocks_of_two_hosts_may_differ_a_little, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    // The next request is answered by the host whose clock is half a minute behind.
    app.at("2026-03-02T08:59:30");
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    let told = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    let last = told["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["at"], "2026-03-02T09:00:00+07:00", "it happened with what it follows, not before: {last}");
    // What says when it happened is taken at its word.
    let said = json!({"to": "supplement_required", "reason": "Thiếu", "at": "2026-03-02T08:59:30+07:00"});
    assert_eq!(app.transition(&admin, &code, said).await.problem(422), "before_last_move");
});

story!(a_clock_that_ran_ahead_for_a_while_ends_no_session_for_good, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-04-02T09:00:00");
    assert_eq!(app.get("/v1/me", &admin).await.problem(401), "unauthenticated");
    assert_eq!(sweep(&app.db, &app.ambient, 0).unwrap().overdue, 1, "by this clock it is late");
    app.at("2026-03-02T09:05:00");
    app.get("/v1/me", &admin).await.expect(200);
    // Its letter is on file as a draft; the dossier itself is within its time and goes on.
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!((&shown["timing"], &shown["letter"]["status"]), (&json!("within"), &json!("draft")));
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
});
