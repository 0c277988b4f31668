//! Feedback and complaints: at the counter and through the public door, to their answer, and counted.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp};

fn feedback(overlay: Value) -> Value {
    let mut body = json!({"agency": "H16.18", "kind": "feedback", "channel": "phone", "content": "Chờ quá lâu ở quầy",
        "sender": {"name": "Đặng Thị Quỳnh Thử", "phone": "0900000001"}});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn enter(app: &TestApp, token: &str, overlay: Value) -> String {
    let made = app.post("/v1/feedback", token, feedback(overlay)).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn go(app: &TestApp, token: &str, id: &str, body: Value) -> Answer {
    app.post(&format!("/v1/feedback/{id}/transitions"), token, body).await
}

async fn send(app: &TestApp, path: &str, body: Value) -> Answer {
    app.send(Method::POST, path, None, &[], Some(body)).await
}

async fn ask(app: &TestApp, id: &str, secret: &str) -> Answer {
    app.send(Method::GET, &format!("/v1/public/feedback/{id}?secret={secret}"), None, &[], None).await
}

/// How many items the list behind a link has.
async fn listed(app: &TestApp, token: &str, link: &Value) -> usize {
    app.get(link.as_str().unwrap(), token).await.expect(200)["items"].as_array().unwrap().len()
}

story!(feedback_goes_from_the_counter_to_its_answer, |app| {
    let admin = app.office().await;
    let dossier = app.receive(&admin, json!({})).await;
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let leader = app.user("leader", Role::Leader, Some("H16")).await;
    let made = app.post("/v1/feedback", &desk, feedback(json!({"dossier": dossier}))).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let made = made.expect(201);
    // Received on Monday 2 March 2026: 15 working days end on Monday 23 March.
    assert_eq!(
        (&made["status"], &made["due_on"], &made["timing"]),
        (&json!("received"), &json!("2026-03-23"), &json!("within"))
    );
    assert_eq!((&made["procedure"], &made["recorded_by"]), (&json!("1.001739"), &json!("desk")));
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/feedback/{id}");
    let patch = async |token: &str, tag: &str, body: Value| {
        app.send(Method::PATCH, &path, Some(token), &[("if-match", tag)], Some(body)).await
    };
    assert_eq!(patch(&officer, "\"1\"", json!({"assignee": "officer"})).await.problem(403), "forbidden");
    let assigned = patch(&leader, "\"1\"", json!({"assignee": "officer", "due_on": "2026-03-30"})).await.expect(200);
    assert_eq!((&assigned["assignee"], &assigned["due_on"]), (&json!("officer"), &json!("2026-03-30")));
    assert_eq!(patch(&leader, "\"1\"", json!({"note": "x"})).await.problem(412), "changed");
    assert_eq!(patch(&leader, "\"2\"", json!({"due_on": "2026-03-30"})).await.problem(422), "not_later");
    let none = app.send(Method::PATCH, &path, Some(&leader), &[], Some(json!({}))).await;
    assert_eq!(none.problem(428), "precondition_required");
    go(app, &officer, id, json!({"to": "processing"})).await.expect(200);
    let answer = json!({"to": "answered", "answer": "Đã bố trí thêm cán bộ", "answered_by": "Phó Giám đốc"});
    assert_eq!(go(app, &officer, id, answer.clone()).await.problem(403), "forbidden");
    let done = go(app, &leader, id, answer.clone()).await.expect(200);
    assert_eq!(
        (&done["status"], &done["timing"], &done["answered_by"]),
        (&json!("answered"), &json!("early"), &json!("Phó Giám đốc"))
    );
    assert_eq!(go(app, &leader, id, answer).await.problem(409), "feedback_status");
    let later = app
        .send(Method::PATCH, &path, Some(&leader), &[("if-match", "*")], Some(json!({"due_on": "2026-04-30"})))
        .await;
    assert_eq!(later.problem(409), "term_over");
    // Personal data: whole by itself, by name alone in lists.
    let listed = app.get("/v1/feedback?status=answered&assignee=officer", &desk).await.expect(200);
    assert_eq!(listed["items"][0]["sender"]["name"], "Đặng Thị Quỳnh Thử");
    assert_eq!(listed["items"][0]["sender"]["phone"], Value::Null);
    let shown = app.get(&path, &desk).await;
    assert_eq!(shown.expect(200)["sender"]["phone"], "0900000001");
    let known = app.send(Method::GET, &path, Some(&desk), &[("if-none-match", shown.header("etag"))], None).await;
    assert_eq!(known.status.as_u16(), 304);
    // Each step is in the audit log, with whose it is and without what it says.
    let log = app.get("/v1/audit?limit=200", &admin).await.expect(200);
    let moved: Vec<&Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "POST /v1/feedback/{id}/transitions" && entry["outcome"] == "done")
        .collect();
    assert_eq!(moved.len(), 2);
    assert_eq!((&moved[0]["resource"], &moved[0]["agency"]), (&json!(id), &json!("H16.18")));
    assert!(!log.to_string().contains("0900000001"));
});

story!(feedback_of_other_agencies_is_not_there, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let elsewhere = enter(app, &admin, json!({"agency": "H16.19"})).await;
    let above = enter(app, &admin, json!({"agency": "H16"})).await;
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    let leader = app.user("leader", Role::Leader, Some("H16")).await;
    let auditor = app.user("auditor", Role::Auditor, Some("H16")).await;
    for id in [&*elsewhere, &above, "nothing"] {
        assert_eq!(app.get(&format!("/v1/feedback/{id}"), &desk).await.problem(404), "not_found");
        assert_eq!(go(app, &desk, id, json!({"to": "processing"})).await.problem(404), "not_found");
    }
    assert_eq!(app.post("/v1/feedback", &desk, feedback(json!({"agency": "H16.19"}))).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/feedback", &desk).await.expect(200)["items"], json!([]));
    assert_eq!(app.get("/v1/feedback", &leader).await.expect(200)["items"].as_array().unwrap().len(), 2);
    app.get(&format!("/v1/feedback/{elsewhere}"), &auditor).await.expect(200);
    assert_eq!(go(app, &auditor, &elsewhere, json!({"to": "processing"})).await.problem(403), "forbidden");
});

story!(bad_feedback_is_told_where_it_is_wrong, |app| {
    let admin = app.office().await;
    let refused = async |overlay: Value, pointer: &str, code: &str| {
        let answer = app.post("/v1/feedback", &admin, feedback(overlay.clone())).await;
        let problem = answer.expect(422);
        let found =
            problem["errors"].as_array().unwrap().iter().any(|one| one["pointer"] == pointer && one["code"] == code);
        assert!(found, "{overlay}: {problem}");
    };
    refused(json!({"content": "  "}), "/content", "blank").await;
    refused(json!({"kind": "praise"}), "/kind", "invalid_value").await;
    refused(json!({"dossier": "H16.18-260302-0999"}), "/dossier", "unknown_reference").await;
    refused(json!({"procedure": "9.999"}), "/procedure", "unknown_reference").await;
    refused(json!({"sender": {"name": "A", "identity_no": "000000000001"}}), "/sender/identity_no", "unknown_member")
        .await;
    refused(json!({"received_at": "2026-03-03T09:00:00+07:00"}), "/received_at", "in_the_future").await;
    let anonymous = feedback(json!({"kind": "complaint", "sender": {}}));
    assert_eq!(app.post("/v1/feedback", &admin, anonymous).await.problem(422), "sender_required");
    let id = enter(app, &admin, json!({"kind": "complaint"})).await;
    for (body, status, code) in [
        (json!({"to": "answered"}), 422, "validation"),
        (json!({"to": "refused"}), 422, "validation"),
        (json!({"to": "forwarded"}), 422, "validation"),
        (json!({"to": "received"}), 422, "validation"),
        (json!({"to": "processing", "answer": "x"}), 422, "validation"),
        (json!({"to": "answered", "answer": "Đúng", "finding": "upheld"}), 409, "feedback_status"),
        (json!({"to": "processing", "at": "2026-03-02T10:00:00+07:00"}), 422, "in_the_future"),
        (json!({"to": "processing", "at": "2026-03-01T10:00:00+07:00"}), 422, "before_last_move"),
    ] {
        assert_eq!(go(app, &admin, &id, body.clone()).await.problem(status), code, "{body}");
    }
    let taken = go(app, &admin, &id, json!({"to": "processing"})).await.expect(200);
    // Law on Complaints art. 28: 30 days from 2 March end on Wednesday 1 April.
    assert_eq!(taken["due_on"], "2026-04-01");
    assert_eq!(
        go(app, &admin, &id, json!({"to": "answered", "answer": "Đúng"})).await.problem(422),
        "finding_required"
    );
    for path in ["/v1/feedback?counted=late", "/v1/feedback?kinds=x", "/v1/feedback?cursor=x"] {
        assert_eq!(app.get(path, &admin).await.status.as_u16(), 400, "{path}");
    }
});

story!(citizens_send_feedback_in_and_read_its_answer, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let slip = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200)["lookup_secret"].clone();
    let body = json!({"kind": "petition", "dossier": code, "secret": slip, "content": "Nên nhận hồ sơ qua mạng"});
    let sent = send(app, "/v1/public/feedback", body.clone()).await;
    assert_eq!(sent.header("cache-control"), "no-store");
    assert_eq!(sent.header("ratelimit-policy"), "\"submissions\";q=20;w=3600");
    let receipt = sent.expect(201);
    let (id, secret) = (receipt["id"].as_str().unwrap(), receipt["secret"].as_str().unwrap());
    let seen = ask(app, id, &secret.to_lowercase()).await.expect(200);
    // The whole answer: whom it is from and what it says are not in it.
    let expected = json!({"id": id, "kind": "petition", "status": "received", "received_on": "2026-03-02", "due_on": "2026-03-23",
        "answer": null, "finding": null, "answered_on": null, "reason": null, "forwarded_to": null});
    assert_eq!(seen, expected);
    let office = app.get(&format!("/v1/feedback/{id}"), &admin).await.expect(200);
    assert_eq!(
        (&office["agency"], &office["channel"], &office["recorded_by"]),
        (&json!("H16.18"), &json!("online"), &json!("public"))
    );
    assert!(!office.to_string().contains(secret));
    go(app, &admin, id, json!({"to": "answered", "answer": "Tiếp thu"})).await.expect(200);
    let seen = ask(app, id, secret).await;
    assert_eq!((&seen.json()["answer"], &seen.json()["answered_on"]), (&json!("Tiếp thu"), &json!("2026-03-02")));
    // What is not there and what is not its secret look alike.
    for (id, secret) in [(id, "AAAAA-AAAAA"), ("nothing", secret), ("nothing", "")] {
        assert_eq!(ask(app, id, secret).await.problem(404), "not_found");
    }
    let wrong_slip = json!({"kind": "petition", "dossier": code, "secret": "AAAAA-AAAAA", "content": "x"});
    let no_dossier = json!({"kind": "petition", "dossier": "H16.18-260302-0999", "secret": slip, "content": "x"});
    for body in [wrong_slip, no_dossier] {
        let told = send(app, "/v1/public/feedback", body).await.expect(422);
        assert_eq!(
            (&told["errors"][0]["pointer"], &told["errors"][0]["code"]),
            (&json!("/dossier"), &json!("unknown_reference"))
        );
    }
    for (body, code) in [
        (json!({"kind": "feedback", "content": "x"}), "missing_member"),
        (json!({"kind": "feedback", "content": "x", "agency": "H99"}), "unknown_reference"),
        (json!({"kind": "complaint", "content": "x", "agency": "H16.18"}), "sender_required"),
        (json!({"kind": "feedback", "content": "x", "agency": "H16.18", "channel": "phone"}), "validation"),
    ] {
        assert_eq!(send(app, "/v1/public/feedback", body.clone()).await.problem(422), code, "{body}");
    }
});

story!(what_was_sent_twice_by_mistake_is_there_once, |app| {
    let admin = app.office().await;
    let body = json!({"kind": "petition", "agency": "H16.18", "content": "Nên mở cửa sáng thứ bảy"});
    let keyed = async |key: &str, body: &Value| {
        app.send(Method::POST, "/v1/public/feedback", None, &[("idempotency-key", key)], Some(body.clone())).await
    };
    let first = keyed("k-1", &body).await;
    let again = keyed("k-1", &body).await;
    assert_eq!(again.expect(201), first.expect(201));
    for header in ["location", "cache-control"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!({"kind": "petition", "agency": "H16.18", "content": "Khác"});
    assert_eq!(keyed("k-1", &other).await.problem(422), "idempotency_key_reused");
    assert_eq!(keyed(&"k".repeat(201), &body).await.problem(400), "bad_idempotency_key");
    assert_ne!(keyed("k-2", &body).await.expect(201)["id"], first.json()["id"]);
    assert_eq!(app.get("/v1/feedback", &admin).await.expect(200)["items"].as_array().unwrap().len(), 2);
});

story!(feedback_on_a_dossier_goes_to_those_who_handle_it_or_stand_above, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let code = app.receive(&admin, json!({})).await;
    let slip = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200)["lookup_secret"].clone();
    let about =
        |agency: &str| json!({"kind": "feedback", "content": "x", "agency": agency, "dossier": code, "secret": slip});
    for agency in ["H16.18", "H16"] {
        send(app, "/v1/public/feedback", about(agency)).await.expect(201);
    }
    let told = send(app, "/v1/public/feedback", about("H16.19")).await.expect(422);
    assert_eq!(told["errors"][0]["pointer"], "/agency");
    // An office that does not see the dossier cannot tell whether there is one.
    let stranger = app.user("stranger", Role::FrontDesk, Some("H16.19")).await;
    let body = feedback(json!({"agency": "H16.19", "dossier": code}));
    let told = app.post("/v1/feedback", &stranger, body).await.expect(422);
    assert_eq!(
        (&told["errors"][0]["pointer"], &told["errors"][0]["code"]),
        (&json!("/dossier"), &json!("unknown_reference"))
    );
});

story!(guesses_at_an_answer_come_to_an_end, |app| {
    app.office().await;
    let body = json!({"kind": "feedback", "agency": "H16.18", "content": "x"});
    let receipt = send(app, "/v1/public/feedback", body).await.expect(201);
    let (id, secret) = (receipt["id"].as_str().unwrap(), receipt["secret"].as_str().unwrap());
    for _ in 0..20 {
        assert_eq!(ask(app, id, "AAAAA-AAAAA").await.problem(404), "not_found");
    }
    assert_eq!(ask(app, id, secret).await.problem(429), "too_many_requests");
});

story!(one_address_sends_twenty_an_hour, |app| {
    app.office().await;
    let body = json!({"kind": "feedback", "agency": "H16.18", "content": "Cảm ơn"});
    for _ in 0..20 {
        send(app, "/v1/public/feedback", body.clone()).await.expect(201);
    }
    let stopped = send(app, "/v1/public/feedback", body.clone()).await;
    assert_eq!(stopped.problem(429), "too_many_requests");
    // One comes back every three minutes.
    assert_eq!(stopped.header("retry-after"), "180");
    app.at("2026-03-02T09:03:00");
    send(app, "/v1/public/feedback", body).await.expect(201);
});

story!(a_past_period_counts_the_same_whatever_happens_later, |app| {
    app.office().await;
    // Due on 23 March: one answered early, one on the day, one late, one refused; one open at the end of March.
    let mut ids = Vec::new();
    for kind in ["feedback", "petition", "feedback", "feedback", "petition"] {
        ids.push(enter(app, &app.admin().await, json!({"kind": kind})).await);
    }
    for (at, id, body) in [
        ("2026-03-10T10:00:00", 0, json!({"to": "answered", "answer": "x"})),
        ("2026-03-10T10:00:00", 3, json!({"to": "refused", "reason": "Trùng"})),
        ("2026-03-23T16:00:00", 1, json!({"to": "answered", "answer": "x"})),
        ("2026-03-24T08:00:00", 2, json!({"to": "answered", "answer": "x"})),
    ] {
        app.at(at);
        go(app, &app.admin().await, &ids[id], body).await.expect(200);
    }
    let march = "/v1/statistics/feedback?from=2026-03-01&to=2026-03-31&agency=H16.18";
    app.at("2026-03-31T20:00:00");
    let then = app.get(march, &app.admin().await).await.expect(200);
    let total = &then["total"];
    assert_eq!(total["received"], json!({"total": 5, "new": 5, "carried_over": 0}));
    assert_eq!(total["resolved"], json!({"total": 4, "early": 1, "on_time": 2, "late": 1}));
    assert_eq!(total["in_progress"], json!({"total": 1, "within": 0, "overdue": 1}));
    assert_eq!(total["ended_as"], json!({"answered": 3, "forwarded": 0, "refused": 1, "withdrawn": 0}));
    assert_eq!((&total["on_time_rate"]["percent"], &then["balanced"]), (&json!("75.00"), &json!(true)));
    app.at("2026-04-10T09:00:00");
    let admin = app.admin().await;
    go(app, &admin, &ids[4], json!({"to": "forwarded", "forwarded_to": "UBND tỉnh"})).await.expect(200);
    enter(app, &admin, json!({})).await;
    let later = app.get(march, &admin).await.expect(200);
    for figure in ["received", "resolved", "in_progress", "ended_as"] {
        assert_eq!(later["total"][figure], then["total"][figure], "{figure}");
    }
    let april =
        app.get("/v1/statistics/feedback?from=2026-04-01&to=2026-04-30&group_by=kind", &admin).await.expect(200);
    assert_eq!(april["total"]["received"], json!({"total": 2, "new": 1, "carried_over": 1}));
    assert_eq!(april["rows"][1]["kind"], "petition");
    assert_eq!(april["rows"][1]["ended_as"]["forwarded"], 1);
    // From each figure to its rows.
    let (figures, links) = (&later["total"], &later["total"]["links"]);
    for part in ["received", "resolved", "in_progress", "ended_as"] {
        for (name, figure) in figures[part].as_object().unwrap() {
            let found = listed(app, &admin, &links[part][name]).await;
            assert_eq!(json!(found), *figure, "{part} {name}: {}", links[part][name]);
        }
    }
    let by_agency = app.get(&format!("{march}&group_by=agency"), &admin).await.expect(200);
    assert_eq!(listed(app, &admin, &by_agency["rows"][0]["links"]["resolved"]["late"]).await, 1);
    let unknown = app.get(&format!("{march}&group_by=moon"), &admin).await;
    assert_eq!(unknown.problem(422), "unknown_grouping");
});
