//! Moves: waits that stop the clock, ends and their classes, reopening, corrections, voids.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story;

fn supplement() -> Value {
    json!({"to": "supplement_required", "reason": "Thiếu giấy khai sinh"})
}

story!(a_supplement_restarts_the_term_and_a_payment_pauses_it, |app| {
    let admin = app.office().await;
    let restarted = app.receive(&admin, json!({})).await;
    let paying = app.receive(&admin, json!({})).await;
    app.at("2026-03-03T09:00:00");
    let admin = app.admin().await;
    let waiting = app.transition(&admin, &restarted, supplement()).await.expect(200);
    assert_eq!((&waiting["timing"], &waiting["late_from"]), (&json!("paused"), &json!(null)));
    assert_eq!(waiting["paused"], json!({"since": "2026-03-03T09:00:00+07:00", "for": "supplement"}));
    app.transition(&admin, &paying, json!({"to": "processing"})).await.expect(200);
    let bill = json!({"to": "payment_required", "reason": "Lệ phí"});
    assert_eq!(app.transition(&admin, &paying, bill).await.expect(200)["timing"], "paused");

    app.at("2026-03-05T09:00:00");
    let admin = app.admin().await;
    // Restart: 5 working days from Thursday 5 March end on Thursday the 12th (Decree 61/2018 art. 19(4)).
    let back = app.transition(&admin, &restarted, json!({"to": "processing"})).await.expect(200);
    assert_eq!((&back["due_on"], &back["original_due_on"]), (&json!("2026-03-12"), &json!("2026-03-09")));
    // Pause: two office days waited are added to Monday 9 March 09:00.
    let back = app.transition(&admin, &paying, json!({"to": "processing"})).await.expect(200);
    assert_eq!(back["due_at"], "2026-03-11T09:00:00+07:00");
});

story!(a_lateness_is_never_wiped, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-10T00:00:00");
    let admin = app.admin().await;
    let asked = app.transition(&admin, &code, supplement()).await.expect(200);
    assert_eq!((&asked["timing"], &asked["paused"]), (&json!("overdue"), &json!(null)));
    assert_eq!(asked["letter"]["kind"], "late", "whoever touches it first notices");
    app.at("2026-03-12T09:00:00");
    let admin = app.admin().await;
    let back = app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    assert_eq!(back["late_from"], "2026-03-10T00:00:00+07:00");
    assert_eq!(app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200)["timing"], "late");
});

story!(ends_are_early_on_time_or_late_to_the_second, |app| {
    let admin = app.office().await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(app.receive(&admin, json!({})).await);
    }
    app.at("2026-03-10T08:00:00");
    let admin = app.admin().await;
    // Due on Monday 9 March; late from the midnight after it (contract 4).
    for (code, to, at, timing) in [
        (&codes[0], "finished", "2026-03-08T23:59:59+07:00", "early"),
        (&codes[1], "finished", "2026-03-09T23:59:59+07:00", "on_time"),
        (&codes[2], "finished", "2026-03-10T00:00:00+07:00", "late"),
        (&codes[3], "withdrawn", "2026-03-03T10:00:00+07:00", "on_time"),
    ] {
        let body = json!({"to": to, "at": at, "reason": "vì"});
        assert_eq!(app.transition(&admin, code, body).await.expect(200)["timing"], timing, "{at}");
    }
});

story!(what_the_rules_refuse_changes_nothing, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    for (body, status, problem) in [
        (json!({"to": "returned"}), 409, "illegal_transition"),
        (json!({"to": "reopen", "reason": "x"}), 409, "illegal_transition"),
        (json!({"to": "withdrawn"}), 422, "reason_required"),
        (json!({"to": "finished", "outcome": "refused"}), 422, "reason_required"),
        (json!({"to": "processing", "outcome": "granted"}), 422, "outcome_not_allowed"),
        (json!({"to": "processing", "at": "2026-03-02T08:00:00+07:00"}), 422, "before_last_move"),
        (json!({"to": "processing", "at": "2026-03-03T08:00:00+07:00"}), 422, "in_the_future"),
    ] {
        assert_eq!(app.transition(&admin, &code, body.clone()).await.problem(status), problem, "{body}");
    }
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200)["version"], 1);
});

story!(reopening_undoes_an_end_as_if_it_had_not_been, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-04T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &code, supplement()).await.expect(200);
    app.transition(&admin, &code, json!({"to": "withdrawn", "reason": "Rút"})).await.expect(200);
    let past = "/v1/statistics?from=2026-03-01&to=2026-03-04";
    app.at("2026-03-06T09:00:00");
    let admin = app.admin().await;
    assert_eq!(app.get(past, &admin).await.expect(200)["total"]["resolved"]["on_time"], 1);
    let again = app.transition(&admin, &code, json!({"to": "reopen", "reason": "Nhầm"})).await.expect(200);
    assert_eq!((&again["status"], &again["timing"]), (&json!("supplement_required"), &json!("paused")));
    assert_eq!(again["paused"]["since"], "2026-03-04T09:00:00+07:00", "the pause runs on");
    let counted = app.get(past, &admin).await.expect(200);
    assert_eq!(
        (&counted["total"]["resolved"]["total"], &counted["total"]["in_progress"]["paused"]),
        (&json!(0), &json!(1))
    );
});

story!(a_correction_counts_as_if_entered_right_and_a_void_nowhere, |app| {
    let admin = app.office().await;
    app.procedure("1.000010", json!({"amount": 10, "unit": "working_day"})).await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}/correct");
    let mend = json!({"procedure": "1.000010", "channel": "postal", "received_at": "2026-02-27T09:00:00+07:00", "reason": "Nhập nhầm"});
    let mended = app.post(&path, &admin, mend.clone()).await.expect(200);
    // 10 working days after Friday 27 February: Friday 13 March.
    assert_eq!((&mended["due_on"], &mended["original_due_on"]), (&json!("2026-03-13"), &json!("2026-03-13")));
    assert_eq!(mended["code"], code.as_str(), "the code stays");
    assert_eq!(app.post(&path, &admin, mend).await.problem(422), "nothing_to_correct");
    let february = "/v1/statistics?from=2026-02-01&to=2026-02-28";
    assert_eq!(app.get(february, &admin).await.expect(200)["total"]["received"]["postal"], 1);
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    assert_eq!(timeline["items"][1]["event"], "dossier.corrected");
    assert_eq!(timeline["items"][1]["changes"][0], json!({"field": "procedure", "old": "1.001739", "new": "1.000010"}));

    let void = app.post(&format!("/v1/dossiers/{code}/void"), &admin, json!({"reason": "Trùng"})).await.expect(200);
    assert_eq!((&void["void"], &void["timing"]), (&json!(true), &json!(null)));
    assert_eq!(app.get(february, &admin).await.expect(200)["total"]["received"]["total"], 0);
    assert_eq!(app.transition(&admin, &code, json!({"to": "processing"})).await.problem(409), "dossier_void");
});

story!(lost_updates_are_refused, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}");
    let patch = |tag: Option<&'static str>| {
        let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        let (path, admin) = (path.clone(), admin.clone());
        async move { app.send(Method::PATCH, &path, Some(&admin), &headers, Some(json!({"assignee": "lan"}))).await }
    };
    assert_eq!(patch(None).await.problem(428), "precondition_required");
    assert_eq!(patch(Some("\"7\"")).await.problem(412), "changed");
    assert_eq!(patch(Some("\"1\"")).await.expect(200)["assignee"], "lan");
    assert_eq!(patch(Some("\"1\"")).await.problem(412), "changed");
    let (moves, stale) = (format!("{path}/transitions"), [("if-match", "\"1\"")]);
    let moved = app.send(Method::POST, &moves, Some(&admin), &stale, Some(json!({"to": "processing"}))).await;
    assert_eq!(moved.problem(412), "changed");
    assert_eq!(app.send(Method::GET, &path, Some(&admin), &[("if-none-match", "\"2\"")], None).await.status, 304);
});

story!(a_calendar_change_moves_deadlines_only_when_told, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}");
    app.post("/v1/agencies/H16.18/closures", &admin, json!({"date": "2026-03-05", "reason": "Bão"})).await.expect(201);
    assert_eq!(app.get(&path, &admin).await.expect(200)["due_on"], "2026-03-09");
    let listed = app.post("/v1/calendar/recompute", &admin, json!({})).await.expect(200);
    assert_eq!((&listed["dry_run"], &listed["count"], &listed["moved"]), (&json!(true), &json!(1), &json!(0)));
    assert_eq!(listed["affected"][0]["new_due_at"], "2026-03-10T09:00:00+07:00");
    let moved = app.post("/v1/calendar/recompute", &admin, json!({"dry_run": false})).await.expect(200);
    assert_eq!(moved["moved"], 1);
    let shown = app.get(&path, &admin).await.expect(200);
    assert_eq!((&shown["due_on"], &shown["original_due_on"]), (&json!("2026-03-10"), &json!("2026-03-09")));
});
