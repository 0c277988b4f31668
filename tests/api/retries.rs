//! Retries: a keyed POST is done once, and an import takes lines or nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp, dossier};

async fn keyed(app: &TestApp, token: &str, key: &str, body: Value) -> Answer {
    app.send(Method::POST, "/v1/dossiers", Some(token), &[("idempotency-key", key)], Some(body)).await
}

async fn count(app: &TestApp, token: &str) -> usize {
    app.get("/v1/dossiers?limit=200", token).await.expect(200)["items"].as_array().unwrap().len()
}

story!(a_keyed_post_is_done_once_and_its_answer_given_again, |app| {
    let admin = app.office().await;
    let first = keyed(app, &admin, "k1", dossier(json!({}))).await;
    let again = keyed(app, &admin, "k1", dossier(json!({}))).await;
    assert_eq!(again.expect(201), first.expect(201));
    assert_eq!((again.header("idempotency-replayed"), again.header("location")), ("true", first.header("location")));
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let other = keyed(app, &admin, "k1", dossier(json!({"channel": "postal"}))).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    assert_eq!(count(app, &admin).await, 1);
    // A refusal is not kept: the mended request may use the key.
    assert_eq!(keyed(app, &admin, "k2", dossier(json!({"agency": "H99"}))).await.problem(422), "unknown_reference");
    keyed(app, &admin, "k2", dossier(json!({}))).await.expect(201);
    // After 24 hours the key is free.
    app.at("2026-03-03T09:00:01");
    let admin = app.admin().await;
    keyed(app, &admin, "k1", dossier(json!({"channel": "postal"}))).await.expect(201);
    assert_eq!(count(app, &admin).await, 3);
});

story!(one_key_sent_many_times_at_once_makes_one_dossier, |app| {
    let admin = app.office().await;
    let sent = (0..12).map(|_| keyed(app, &admin, "same", dossier(json!({}))));
    for answer in futures_util::future::join_all(sent).await {
        match answer.status.as_u16() {
            201 => {}
            _ => assert_eq!(answer.problem(409), "request_in_progress"),
        }
    }
    keyed(app, &admin, "same", dossier(json!({}))).await.expect(201);
    assert_eq!(count(app, &admin).await, 1);
});

fn lines(lines: &[Value]) -> Vec<u8> {
    lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes()
}

fn history(overlay: Value) -> Value {
    let mut line = dossier(json!({"received_at": "2023-04-27T16:30:00+07:00",
        "events": [{"to": "processing", "at": "2023-04-28T09:00:00+07:00"},
            {"to": "finished", "at": "2023-05-09T10:00:00+07:00", "outcome": "granted"}]}));
    for (name, value) in overlay.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

async fn import(app: &TestApp, token: &str, query: &str, body: Vec<u8>) -> Answer {
    app.raw(Method::POST, &format!("/v1/imports{query}"), Some(token), "application/x-ndjson", body).await
}

story!(histories_are_imported_line_by_line_as_if_entered_then, |app| {
    let admin = app.office().await;
    let backwards = json!([{"to": "processing", "at": "2023-04-26T09:00:00+07:00"}]);
    let body = lines(&[
        history(json!({"code": "H16.18-230427-0007"})),
        history(json!({"code": "H16.18-230427-0007"})),
        history(json!({"events": backwards})),
        history(json!({"events": [{"to": "processing"}]})),
        history(json!({"colour": "red"})),
        history(json!({})),
    ]);
    let mut body = body;
    body.extend_from_slice(b"\nno json\n");
    let report = import(app, &admin, "", body).await.expect(200);
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(2), &json!(5)));
    let errors: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["line"].clone(), error["code"].clone()))
        .collect();
    assert_eq!(
        errors,
        [(2, "exists"), (3, "before_last_move"), (4, "missing_member"), (5, "unknown_member"), (8, "malformed_json")]
            .map(|(line, code)| (json!(line), json!(code)))
    );
    let ahead = import(app, &admin, "", lines(&[history(json!({"received_at": "2027-01-04T08:00:00+07:00"}))])).await;
    let error = &ahead.expect(200)["errors"][0];
    assert_eq!(error["code"], "in_the_future");
    assert!(error["detail"].as_str().unwrap().ends_with(": /received_at"), "{error}");
    // An imported code advances the day's counter (contract 3).
    let shown = app.get("/v1/dossiers/H16.18-230427-0008", &admin).await.expect(200);
    // The contract's own example: received Thursday 27 April 2023 at 16:30, due on 9 May; finished on it.
    assert_eq!((&shown["due_at"], &shown["timing"]), (&json!("2023-05-09T16:30:00+07:00"), &json!("on_time")));
    let counted = app.get("/v1/statistics?from=2023-05-01&to=2023-05-31", &admin).await.expect(200);
    assert_eq!(
        (&counted["total"]["received"]["carried_over"], &counted["total"]["resolved"]["on_time"]),
        (&json!(2), &json!(2))
    );
});

story!(codes_given_in_one_import_never_meet_those_brought_with_it, |app| {
    let admin = app.office().await;
    // Lines without a code before and after one that brings the day's second.
    let body = lines(&[history(json!({})), history(json!({"code": "H16.18-230427-0002"})), history(json!({}))]);
    let report = import(app, &admin, "", body).await.expect(200);
    assert_eq!(report, json!({"accepted": 3, "rejected": 0, "errors": []}));
    for code in ["H16.18-230427-0002", "H16.18-230427-0003", "H16.18-230427-0004"] {
        app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    }
    // The next one goes on from there, by import and at the counter.
    import(app, &admin, "", lines(&[history(json!({}))])).await.expect(200);
    app.get("/v1/dossiers/H16.18-230427-0005", &admin).await.expect(200);
    let late = json!({"received_at": "2023-04-27T10:00:00+07:00"});
    assert_eq!(app.receive(&admin, late).await, "H16.18-230427-0006");
});

story!(an_atomic_import_takes_all_or_nothing, |app| {
    let admin = app.office().await;
    let refused =
        import(app, &admin, "?atomic=true", lines(&[history(json!({})), history(json!({"agency": "H99"}))])).await;
    assert_eq!(refused.problem(422), "import_rejected");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/2");
    assert_eq!(count(app, &admin).await, 0);
    let taken = import(app, &admin, "?atomic=true", lines(&[history(json!({})), history(json!({}))])).await.expect(200);
    assert_eq!(taken, json!({"accepted": 2, "rejected": 0, "errors": []}));
    assert_eq!(count(app, &admin).await, 2);
});
