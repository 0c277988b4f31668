//! A clerk's comforts at the desk: the work list, hand-offs with the receiver's confirmation, the day so far.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::papers::said;
use crate::story;
use crate::support::{Answer, TestApp};

async fn codes(app: &TestApp, path: &str, token: &str) -> Vec<String> {
    let listed = app.get(path, token).await.expect(200);
    listed["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

async fn assign(app: &TestApp, token: &str, code: &str, name: &str) {
    let body = json!({"assignee": name});
    let path = format!("/v1/dossiers/{code}");
    app.send(Method::PATCH, &path, Some(token), &[("if-match", "*")], Some(body)).await.expect(200);
}

story!(the_work_list_has_what_is_open_in_the_order_it_comes, |app| {
    let admin = app.office().await;
    app.procedure("2.1", json!({"amount": 1, "unit": "working_day", "on_supplement": "restart"})).await;
    app.procedure(
        "2.9",
        json!({"amount": 1, "unit": "working_day", "on_supplement": "restart", "no_appointment": true}),
    )
    .await;
    let within = app.receive(&admin, json!({"received_at": "2026-03-02T08:00:00+07:00"})).await;
    let overdue = app.receive(&admin, json!({"procedure": "2.1", "received_at": "2026-02-26T08:00:00+07:00"})).await;
    let paused = app.receive(&admin, json!({"procedure": "2.1", "received_at": "2026-02-27T08:00:00+07:00"})).await;
    let asked = json!({"to": "supplement_required", "reason": "Thiếu", "at": "2026-02-27T09:00:00+07:00"});
    app.transition(&admin, &paused, asked).await.expect(200);
    let unpromised = app.receive(&admin, json!({"procedure": "2.9"})).await;
    let registered = app.receive(&admin, json!({"accept": false})).await;
    let finished = app.receive(&admin, json!({})).await;
    for code in [&within, &overdue, &paused, &unpromised, &registered, &finished] {
        assign(app, &admin, code, "officer").await;
    }
    app.transition(&admin, &finished, json!({"to": "finished", "outcome": "granted"})).await.expect(200);
    let nobodys = app.receive(&admin, json!({})).await;
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    // Overdue since Friday; to be answered within 8 working hours; due in a week; then what waits and what has no day.
    let expected = [&overdue, &registered, &within, &paused, &unpromised].map(String::as_str);
    assert_eq!(codes(app, "/v1/worklist", &officer).await, expected);
    assert_eq!(codes(app, "/v1/worklist?assignee=officer", &admin).await, expected);
    assert_eq!(codes(app, "/v1/worklist?assignee=none", &officer).await, [nobodys.as_str()]);
    assert_eq!(codes(app, "/v1/worklist", &admin).await, Vec::<String>::new());
    let shown = app.get("/v1/worklist?fields=code,timing", &officer).await.expect(200);
    let timings: Vec<_> = shown["items"].as_array().unwrap().iter().map(|item| item["timing"].clone()).collect();
    assert_eq!(timings, [json!("overdue"), Value::Null, json!("within"), json!("paused"), json!("within")]);
    let mut walked = Vec::new();
    let mut path = "/v1/worklist?limit=1".to_owned();
    loop {
        let page = app.get(&path, &officer).await.expect(200);
        walked.extend(page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/worklist?limit=1&cursor={cursor}");
    }
    assert_eq!(walked, expected, "page by page");
    assert_eq!(codes(app, "/v1/worklist?timing=overdue", &officer).await, [overdue.as_str()]);
    assert_eq!(codes(app, "/v1/worklist?status=supplement_required&procedure=2.1", &officer).await, [paused.as_str()]);
    // The list of dossiers knows the same words.
    assert_eq!(codes(app, "/v1/dossiers?assignee=me&timing=overdue&sort=due_at", &officer).await, [overdue.as_str()]);
    assert_eq!(codes(app, "/v1/dossiers?assignee=none", &officer).await, [nobodys.as_str()]);
    assert_eq!(app.get("/v1/worklist?sort=due_at", &officer).await.problem(400), "unknown_parameter");
    assert_eq!(app.get("/v1/worklist?timing=soon", &officer).await.problem(422), "invalid_word");
    assert_eq!(app.get("/v1/worklist?cursor=abc", &officer).await.problem(400), "bad_cursor");
    assert_eq!(app.get("/v1/worklist?limit=0", &officer).await.problem(400), "bad_limit");
});

async fn offer(app: &TestApp, token: &str, code: &str, body: Value) -> Answer {
    app.post(&format!("/v1/dossiers/{code}/hand-offs"), token, body).await
}

async fn answer(app: &TestApp, token: &str, hand_off: &Value, verb: &str, body: Value) -> Answer {
    let (code, id) = (hand_off["dossier"].as_str().unwrap(), hand_off["id"].as_str().unwrap());
    app.post(&format!("/v1/dossiers/{code}/hand-offs/{id}/{verb}"), token, body).await
}

async fn assignee(app: &TestApp, token: &str, code: &str) -> Value {
    app.get(&format!("/v1/dossiers/{code}"), token).await.expect(200)["assignee"].clone()
}

story!(a_dossier_changes_hands_when_the_receiver_confirms, |app| {
    let admin = app.office().await;
    let an = app.user("an", Role::Officer, Some("H16.18")).await;
    let binh = app.user("binh", Role::Officer, Some("H16.18")).await;
    let chi = app.user("chi", Role::FrontDesk, Some("H16.18")).await;
    let code = app.receive(&admin, json!({})).await;
    assign(app, &admin, &code, "an").await;
    let before = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(offer(app, &binh, &code, json!({"to": "binh"})).await.problem(403), "forbidden");
    let offered = offer(app, &an, &code, json!({"to": "binh", "note": "Đủ bản gốc"})).await.expect(200);
    assert_eq!(
        (&offered["from"], &offered["to"], &offered["status"]),
        (&json!("an"), &json!("binh"), &json!("pending"))
    );
    assert_eq!(offered["offered_at"], "2026-03-02T09:00:00+07:00");
    assert_eq!(assignee(app, &an, &code).await, "an", "pending: it is still theirs");
    assert_eq!(offer(app, &an, &code, json!({"to": "chi"})).await.problem(409), "hand_off_pending");
    let waiting = app.get("/v1/hand-offs?to=me&status=pending", &binh).await.expect(200);
    assert_eq!(waiting["items"], json!([offered]));
    // Neither the giver nor a third confirms.
    assert_eq!(answer(app, &an, &offered, "confirm", json!({})).await.problem(403), "forbidden");
    assert_eq!(answer(app, &chi, &offered, "confirm", json!({})).await.problem(403), "forbidden");
    assert_eq!(answer(app, &chi, &offered, "take-back", json!({})).await.problem(403), "forbidden");
    assert_eq!(answer(app, &binh, &offered, "decline", json!({})).await.problem(422), "reason_required");
    app.at("2026-03-02T09:10:00");
    let declined = answer(app, &binh, &offered, "decline", json!({"reason": "Không đúng lĩnh vực"})).await.expect(200);
    assert_eq!((&declined["status"], &declined["ended_by"]), (&json!("declined"), &json!("binh")));
    assert_eq!(answer(app, &binh, &offered, "confirm", json!({})).await.problem(409), "hand_off_ended");
    let second = offer(app, &an, &code, json!({"to": "chi"})).await.expect(200);
    assert_eq!(answer(app, &an, &second, "take-back", json!({})).await.expect(200)["status"], "taken_back");
    // To whoever of the office takes it; the giver is not one of them.
    let third = offer(app, &an, &code, json!({})).await.expect(200);
    assert_eq!(third["to"], Value::Null);
    assert_eq!(answer(app, &an, &third, "confirm", json!({})).await.problem(403), "forbidden");
    assert_eq!(
        answer(app, &binh, &third, "confirm", json!({})).await.expect(200)["ended_at"],
        "2026-03-02T09:10:00+07:00"
    );
    assert_eq!(assignee(app, &binh, &code).await, "binh");
    assert_eq!(codes(app, "/v1/worklist", &binh).await, [code.as_str()]);
    let after = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    for member in ["due_at", "late_from", "timing", "status"] {
        assert_eq!(before[member], after[member], "a hand-off moves no appointment: {member}");
    }
    let all = app.get(&format!("/v1/dossiers/{code}/hand-offs"), &chi).await.expect(200);
    let statuses: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses.len(), 3);
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    let events: Vec<_> =
        timeline["items"].as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(
        &events[2..],
        [
            "dossier.hand_off_offered",
            "dossier.hand_off_declined",
            "dossier.hand_off_offered",
            "dossier.hand_off_taken_back",
            "dossier.hand_off_offered",
            "dossier.hand_off_confirmed"
        ]
    );
    let slip = app.get(&format!("/v1/dossiers/{code}/control-slip.pdf"), &admin).await;
    let slip = said(&slip);
    for row in [
        "1. Giao: an2. Nhận: binh",
        "1. Giao: binh2. Nhận: an",
        "Bàn giao hồ sơ, chờ xác nhận",
        "Không nhận bàn giao: Không đúng lĩnh vực",
        "Rút lại việc bàn giao",
        "Xác nhận đã nhận bàn giao hồ sơ",
    ] {
        assert!(slip.contains(row), "{row}: {slip}");
    }
});

story!(a_dossier_is_handed_only_to_who_may_handle_it, |app| {
    let admin = app.office().await;
    let sibling = json!({"code": "H16.19", "name": "Sở Xây dựng", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, sibling).await.expect(201);
    let an = app.user("an", Role::Officer, Some("H16.18")).await;
    let leader = app.user("truong", Role::Leader, Some("H16.18")).await;
    let there = app.user("there", Role::Officer, Some("H16.19")).await;
    app.user("kiemtra", Role::Auditor, Some("H16.18")).await;
    let code = app.receive(&admin, json!({})).await;
    for to in ["nobody", "there", "kiemtra"] {
        let refused = offer(app, &an, &code, json!({"to": to})).await;
        assert_eq!(refused.problem(422), "unknown_reference", "{}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/to");
    }
    assert_eq!(offer(app, &an, &code, json!({"to": "an"})).await.problem(422), "handed_to_giver");
    assert_eq!(offer(app, &an, &code, json!({"to": ""})).await.problem(422), "validation");
    assert_eq!(offer(app, &an, &code, json!({"receiver": "x"})).await.status.as_u16(), 422);
    assert_eq!(offer(app, &there, &code, json!({})).await.problem(404), "not_found");
    // A leader hands on what an officer is in charge of, and takes it back.
    assign(app, &admin, &code, "an").await;
    let offered = offer(app, &leader, &code, json!({"to": "truong"})).await.expect(200);
    assert_eq!((&offered["from"], &offered["offered_by"]), (&json!("an"), &json!("truong")));
    assert_eq!(answer(app, &there, &offered, "confirm", json!({})).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/hand-offs", &there).await.expect(200)["items"], json!([]));
    answer(app, &leader, &offered, "take-back", json!({})).await.expect(200);
    assert_eq!(
        answer(app, &an, &json!({"dossier": code, "id": "other"}), "confirm", json!({})).await.problem(404),
        "not_found"
    );
    // What was handed over to its applicant changes hands no more; what was offered before can be declined.
    let late = offer(app, &an, &code, json!({"to": "truong"})).await.expect(200);
    app.transition(&admin, &code, json!({"to": "withdrawn", "reason": "Rút"})).await.expect(200);
    assert_eq!(answer(app, &leader, &late, "confirm", json!({})).await.problem(409), "dossier_closed");
    answer(app, &leader, &late, "decline", json!({"reason": "Đã rút"})).await.expect(200);
    assert_eq!(offer(app, &an, &code, json!({})).await.problem(409), "dossier_closed");
    let mine = app.get("/v1/hand-offs?from=me&status=declined", &an).await.expect(200);
    assert_eq!(mine["items"][0]["id"], late["id"]);
    assert_eq!(app.get("/v1/hand-offs?status=open", &an).await.problem(422), "invalid_word");
});

story!(the_day_so_far_agrees_with_the_statistics, |app| {
    let admin = app.office().await;
    app.procedure("2.1", json!({"amount": 1, "unit": "working_day", "on_supplement": "restart"})).await;
    app.procedure("2.0", json!({"amount": 0, "unit": "working_day", "on_supplement": "restart"})).await;
    app.receive(&admin, json!({"procedure": "2.1", "received_at": "2026-02-26T08:00:00+07:00"})).await;
    let due_today = app.receive(&admin, json!({"procedure": "2.1", "received_at": "2026-02-27T08:00:00+07:00"})).await;
    app.receive(&admin, json!({"procedure": "2.0", "channel": "postal"})).await;
    let paused = app.receive(&admin, json!({})).await;
    app.transition(&admin, &paused, json!({"to": "supplement_required", "reason": "Thiếu"})).await.expect(200);
    app.receive(&admin, json!({"channel": "online"})).await;
    let done = app.receive(&admin, json!({})).await;
    for body in [json!({"to": "finished", "outcome": "granted"}), json!({"to": "returned"})] {
        app.transition(&admin, &done, body).await.expect(200);
    }
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    let an = app.user("an", Role::Officer, Some("H16.18")).await;
    app.user("binh", Role::Officer, Some("H16.18")).await;
    offer(app, &an, &due_today, json!({"to": "binh"})).await.expect(200);
    offer(app, &an, &paused, json!({})).await.expect(200);
    let binh = app.sign_in("binh").await;
    let today = app.get("/v1/statistics/today", &binh).await.expect(200);
    let statistics = app.get("/v1/statistics?from=2026-03-02&to=2026-03-02", &binh).await.expect(200);
    assert_eq!((&today["date"], &today["agency"]), (&json!("2026-03-02"), &json!("H16.18")));
    // By hand: received today the postal, the paused and the finished one; two carried over; the online one waits.
    assert_eq!(today["received"], json!({"total": 3, "online": 0, "direct": 2, "postal": 1}));
    assert_eq!(today["resolved"], json!({"total": 1, "early": 1, "on_time": 0, "late": 0}));
    assert_eq!(today["returned"], 1);
    assert_eq!(today["in_progress"], json!({"total": 4, "within": 3, "overdue": 1, "paused": 1, "due_today": 2}));
    assert_eq!(today["to_accept"], json!({"total": 1, "overdue": 0}));
    assert_eq!(today["letters"], json!({"draft": 1, "submitted": 0, "rejected": 0, "issued": 0}));
    assert_eq!(today["hand_offs"], json!({"to_me": 1, "to_anybody": 1}));
    for member in ["total", "within", "overdue", "paused"] {
        assert_eq!(today["in_progress"][member], statistics["total"]["in_progress"][member], "{member}");
    }
    let above = app.get("/v1/statistics/today?agency=H16", &admin).await.expect(200);
    assert_eq!(above["received"], today["received"]);
    let everywhere = app.get("/v1/statistics/today", &admin).await.expect(200);
    assert_eq!((&everywhere["agency"], &everywhere["hand_offs"]["to_me"]), (&Value::Null, &json!(0)));
    assert_eq!(app.get("/v1/statistics/today?agency=H16", &binh).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/statistics/today?from=2026-03-02", &binh).await.problem(400), "unknown_parameter");
});
