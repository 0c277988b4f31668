//! Between agencies: dossiers handed over, opinions asked for, parts of interlinked dossiers.

use motcua::domain::vocabulary::Role;
use serde_json::{Value, json};

use crate::papers::said;
use crate::story;
use crate::support::{Answer, TestApp};

/// H16 ⊃ H16.18 (resolves), H16.19 (receives), H16.20 (is asked).
async fn three_agencies(app: &TestApp) -> String {
    let admin = app.office().await;
    for (code, name) in [("H16.19", "Trung tâm Phục vụ hành chính công"), ("H16.20", "Sở Xây dựng")] {
        let body = json!({"code": code, "name": name, "level": "department", "parent": "H16"});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    admin
}

async fn send(app: &TestApp, token: &str, code: &str, body: Value) -> Answer {
    app.post(&format!("/v1/dossiers/{code}/transfers"), token, body).await
}

async fn confirm(app: &TestApp, token: &str, code: &str, id: &Value) -> Answer {
    app.post(&format!("/v1/dossiers/{code}/transfers/{}/confirm", id.as_str().unwrap()), token, json!({})).await
}

async fn codes(app: &TestApp, path: &str, token: &str) -> Vec<String> {
    let listed = app.get(path, token).await.expect(200);
    listed["items"].as_array().unwrap().iter().map(|item| item["dossier"].as_str().unwrap().to_owned()).collect()
}

story!(a_dossier_is_handed_over_and_confirmed, |app| {
    let admin = three_agencies(app).await;
    let code = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let before = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    let owed = app.get(&format!("/v1/dossiers/{code}/transfers"), &admin).await.expect(200);
    // Received on Monday 09:00: by the closing of the day (Decree 61/2018 art. 18).
    let due = &owed["items"][0];
    assert_eq!(
        (&due["from"], &due["to"], &due["due_at"]),
        (&json!("H16.19"), &json!("H16.18"), &json!("2026-03-02T17:00:00+07:00"))
    );
    assert_eq!((&due["sent_at"], &due["sent_late"]), (&json!(null), &json!(false)));
    assert_eq!(confirm(app, &admin, &code, &due["id"]).await.problem(409), "transfer_not_sent");

    let giver = app.user("giver", Role::FrontDesk, Some("H16.19")).await;
    let taker = app.user("taker", Role::Officer, Some("H16.18")).await;
    let stranger = app.user("stranger", Role::Leader, Some("H16.20")).await;
    assert_eq!(send(app, &stranger, &code, json!({})).await.problem(404), "not_found");
    assert_eq!(send(app, &taker, &code, json!({})).await.problem(403), "forbidden");
    let early = json!({"at": "2026-03-02T08:00:00+07:00"});
    assert_eq!(send(app, &giver, &code, early).await.problem(422), "before_last_move");
    let sent = send(app, &giver, &code, json!({"note": "Một bộ"})).await.expect(200);
    assert_eq!((&sent["sent_by"], &sent["sent_late"]), (&json!("giver"), &json!(false)));
    // Two working hours (Decree 63/2024 art. 7(4)).
    assert_eq!(sent["confirm_due_at"], "2026-03-02T11:00:00+07:00");
    assert_eq!(send(app, &giver, &code, json!({})).await.problem(409), "transfer_sent");
    assert_eq!(confirm(app, &giver, &code, &sent["id"]).await.problem(403), "forbidden");
    assert_eq!(confirm(app, &stranger, &code, &sent["id"]).await.problem(404), "not_found");
    assert_eq!(confirm(app, &taker, &code, &json!("other")).await.problem(404), "not_found");
    let taken = confirm(app, &taker, &code, &sent["id"]).await.expect(200);
    assert_eq!((&taken["confirmed_by"], &taken["confirmed_late"]), (&json!("taker"), &json!(false)));
    assert_eq!(confirm(app, &taker, &code, &sent["id"]).await.problem(409), "transfer_confirmed");

    let after = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    for member in ["due_at", "due_on", "late_from", "original_due_on", "timing", "status"] {
        assert_eq!(before[member], after[member], "a transfer moves no appointment: {member}");
    }
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    let last = &timeline["items"][2];
    assert_eq!((&last["event"], &last["sent_by"]), (&json!("dossier.transfer_confirmed"), &json!("giver")));
    let slip = app.get(&format!("/v1/dossiers/{code}/control-slip.pdf"), &admin).await;
    let slip = said(&slip);
    for row in ["Chuyển hồ sơ đến cơ quan giải quyết", "người giao: giver", "Đúng hạn"] {
        assert!(slip.contains(row), "{row}: {slip}");
    }
});

story!(late_transfers_are_listed_and_counted, |app| {
    let admin = three_agencies(app).await;
    app.receive(&admin, json!({})).await;
    app.receive(&admin, json!({"received_by": "H16.19", "channel": "online", "accept": true})).await;
    let in_time = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let late = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let never = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let ended = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    app.transition(&admin, &ended, json!({"to": "withdrawn", "reason": "Rút"})).await.expect(200);
    let all = codes(app, "/v1/transfers", &admin).await;
    assert_eq!(all.len(), 4, "none within an agency, none for what was filed online");
    let nothing = codes(app, "/v1/transfers?late=true", &admin).await;
    assert_eq!(nothing, Vec::<String>::new());
    send(app, &admin, &in_time, json!({})).await.expect(200);
    app.at("2026-03-03T09:00:00");
    let admin = app.admin().await;
    let sent = send(app, &admin, &late, json!({})).await.expect(200);
    assert_eq!(sent["sent_late"], true);
    confirm(app, &admin, &late, &sent["id"]).await.expect(200);
    // Sent in time and never confirmed, sent late, never sent; what was withdrawn before it was due need not be sent.
    let mut found = codes(app, "/v1/transfers?late=true", &admin).await;
    found.sort();
    assert_eq!(found, [in_time, late, never]);
    assert_eq!(codes(app, "/v1/transfers?late=false", &admin).await, [ended.as_str()]);
    assert_eq!(codes(app, "/v1/transfers?late=true&from=2026-03-03&to=2026-03-04", &admin).await, Vec::<String>::new());
    assert_eq!(codes(app, "/v1/transfers?agency=H16.20", &admin).await, Vec::<String>::new());
    let page = app.get("/v1/transfers?limit=3", &admin).await.expect(200);
    let rest = format!("/v1/transfers?limit=3&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(codes(app, &rest, &admin).await.len(), 1);
    app.at("2026-03-03T12:00:00");
    let admin = app.admin().await;
    let counted = app.get("/v1/statistics/transfers?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(counted["total"], json!({"given": 4, "given_late": 2, "taken": 2, "taken_late": 1}));
    assert_eq!(
        counted["rows"],
        json!([{"agency": "H16.18", "given": 0, "given_late": 0, "taken": 2, "taken_late": 1},
            {"agency": "H16.19", "given": 4, "given_late": 2, "taken": 0, "taken_late": 0}])
    );
    let stranger = app.user("stranger", Role::Leader, Some("H16.20")).await;
    assert_eq!(codes(app, "/v1/transfers", &stranger).await, Vec::<String>::new());
    assert_eq!(app.get("/v1/transfers?agency=H16.19", &stranger).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/transfers?late=perhaps", &admin).await.problem(400), "invalid_parameter");
});

story!(a_correction_changes_what_is_owed, |app| {
    let admin = three_agencies(app).await;
    let code = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let correct = async |body: Value| app.post(&format!("/v1/dossiers/{code}/correct"), &admin, body).await.expect(200);
    let owed = async || app.get(&format!("/v1/dossiers/{code}/transfers"), &admin).await.expect(200)["items"].clone();
    // Friday 27 February 15:30 is after 15:00: on Monday at opening.
    correct(json!({"received_at": "2026-02-27T15:30:00+07:00", "reason": "Nhập nhầm giờ"})).await;
    assert_eq!(owed().await[0]["due_at"], "2026-03-02T07:30:00+07:00");
    correct(json!({"agency": "H16.20", "reason": "Nhầm cơ quan"})).await;
    let items = owed().await;
    assert_eq!((items.as_array().unwrap().len(), &items[0]["to"]), (1, &json!("H16.20")));
    correct(json!({"agency": "H16.19", "reason": "Nhầm cơ quan"})).await;
    assert_eq!(owed().await, json!([]));
    assert_eq!(send(app, &admin, &code, json!({})).await.problem(409), "no_transfer_owed");
});

fn question() -> Value {
    json!({"agency": "H16.20", "question": "Thửa đất có trong quy hoạch không?", "rule": {"amount": 2, "unit": "working_day"}})
}

story!(an_opinion_is_asked_and_answered_beside_the_clock, |app| {
    let admin = three_agencies(app).await;
    let overlay = json!({"applicant": {"kind": "citizen", "name": "Người Hỏi", "identity_no": "000000000777", "phone": "0900000888",
        "email": "hoi@example.vn", "address": "Thôn 9"}});
    let code = app.receive(&admin, overlay).await;
    let asker = app.user("asker", Role::Officer, Some("H16.18")).await;
    let asked = app.user("asked", Role::Officer, Some("H16.20")).await;
    let other = app.user("other", Role::Leader, Some("H16.19")).await;
    let path = format!("/v1/dossiers/{code}/consultations");
    for (body, status, problem) in [
        (json!({"agency": "H16.99"}), 422, "unknown_reference"),
        (json!({"agency": "H16.18"}), 422, "own_agency_asked"),
        (json!({"question": " "}), 422, "validation"),
        (json!({"rule": {"amount": 2}}), 422, "validation"),
        (json!({"rule": {"no_appointment": true}}), 422, "invalid_value"),
        (json!({"rule": null}), 422, "validation"),
        (json!({"due_at": "2026-03-05T09:00:00+07:00"}), 422, "validation"),
        (json!({"rule": null, "due_at": "2026-03-02T09:00:00+07:00"}), 422, "due_before_start"),
    ] {
        let mut wish = question();
        wish.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = app.post(&path, &asker, wish).await;
        assert_eq!(answer.problem(status), problem, "{body}");
    }
    assert_eq!(app.post(&path, &asked, question()).await.problem(404), "not_found");
    let made = app.post(&path, &asker, question()).await.expect(201);
    // Two working days after Monday 2 March.
    assert_eq!((&made["due_at"], &made["timing"]), (&json!("2026-03-04T09:00:00+07:00"), &json!("within")));
    let id = made["id"].as_str().unwrap();
    let one = format!("/v1/consultations/{id}");

    let seen = app.get(&one, &asked).await;
    let shown = seen.expect(200);
    assert_eq!((&shown["matter"]["applicant_name"], &shown["dossier"]), (&json!("Người Hỏi"), &json!(code)));
    for hidden in ["0777", "0900000888", "hoi@example.vn", "Thôn 9"] {
        assert!(!seen.text.contains(hidden), "{hidden}");
    }
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &asked).await.problem(404), "not_found");
    assert_eq!(app.get(&path, &asked).await.problem(404), "not_found");
    assert_eq!(app.get(&one, &other).await.problem(404), "not_found");
    assert_eq!(app.get(&format!("/v1/parts/{id}"), &asked).await.problem(404), "not_found");
    assert_eq!(codes(app, "/v1/consultations", &asked).await, [code.as_str()]);
    assert_eq!(codes(app, "/v1/consultations", &other).await, Vec::<String>::new());
    assert_eq!(codes(app, &path, &asker).await, [code.as_str()]);

    let answer = json!({"text": "Không nằm trong quy hoạch"});
    assert_eq!(app.post(&format!("{one}/answer"), &asker, answer.clone()).await.problem(403), "forbidden");
    assert_eq!(app.post(&format!("{one}/answer"), &other, answer.clone()).await.problem(404), "not_found");
    assert_eq!(app.post(&format!("{one}/withdraw"), &asked, json!({"reason": "x"})).await.problem(403), "forbidden");
    app.at("2026-03-05T00:00:00");
    let (asked, admin) = (app.sign_in("asked").await, app.admin().await);
    assert_eq!(codes(app, "/v1/consultations?late=true", &asked).await, [code.as_str()]);
    let done = app.post(&format!("{one}/answer"), &asked, answer.clone()).await.expect(200);
    assert_eq!(
        (&done["status"], &done["timing"], &done["ended_by"]),
        (&json!("done"), &json!("late"), &json!("asked"))
    );
    assert_eq!(app.post(&format!("{one}/answer"), &asked, answer).await.problem(409), "errand_ended");
    let whole = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!((&whole["timing"], &whole["due_on"]), (&json!("within"), &json!("2026-03-09")), "the clock ran on");

    let asker = app.sign_in("asker").await;
    let second = app.post(&path, &asker, question()).await.expect(201);
    let second = format!("/v1/consultations/{}", second["id"].as_str().unwrap());
    let gone = app.post(&format!("{second}/withdraw"), &asker, json!({"reason": "Đã rõ"})).await.expect(200);
    assert_eq!((&gone["status"], &gone["matter"]), (&json!("withdrawn"), &json!(null)));
    let counted = app.get("/v1/statistics/consultations?from=2026-03-01&to=2026-03-31", &asked).await.expect(200);
    let tally = json!({"agency": "H16.20", "new": 1, "carried_over": 0, "early": 0, "on_time": 0, "late": 1, "within": 0,
        "overdue": 0, "withdrawn": 1});
    assert_eq!(counted["rows"], json!([tally]));
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    assert_eq!(app.post(&path, &asker, question()).await.problem(409), "dossier_not_open");
});

story!(parts_are_timed_for_their_agencies_and_change_no_count_of_the_whole, |app| {
    let admin = three_agencies(app).await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}/parts");
    let figures = async |token: &str| {
        app.get("/v1/statistics?from=2026-03-01&to=2026-03-31&links=false", token).await.expect(200)["total"].clone()
    };
    let before = figures(&admin).await;
    let part = |agency: &str, hours: u32| json!({"agency": agency, "name": "Xác minh", "rule": {"amount": hours, "unit": "working_hour"}});
    let first = app.post(&path, &admin, part("H16.20", 2)).await.expect(201);
    let second = app.post(&path, &admin, part("H16.19", 8)).await.expect(201);
    assert_eq!(first["due_at"], "2026-03-02T11:00:00+07:00");
    let id = |part: &Value| format!("/v1/parts/{}", part["id"].as_str().unwrap());
    app.at("2026-03-02T11:00:01");
    let twenty = app.user("twenty", Role::Officer, Some("H16.20")).await;
    assert_eq!(app.get(&id(&second), &twenty).await.problem(404), "not_found");
    let late = app.post(&format!("{}/finish", id(&first)), &twenty, json!({"result": "Đã xác minh"})).await.expect(200);
    assert_eq!((&late["timing"], &late["outcome"]), (&json!("late"), &json!("Đã xác minh")));
    let admin = app.admin().await;
    let counted = app.get("/v1/statistics/parts?from=2026-03-02&to=2026-03-02", &admin).await.expect(200);
    let row = |agency: &str, late: i64, within: i64| {
        json!({"agency": agency, "new": 1, "carried_over": 0, "early": 0, "on_time": 0,
        "late": late, "within": within, "overdue": 0, "withdrawn": 0})
    };
    assert_eq!(counted["rows"], json!([row("H16.19", 0, 1), row("H16.20", 1, 0)]));
    assert_eq!(figures(&admin).await, before);
    let slip = said(&app.get(&format!("/v1/dossiers/{code}/control-slip.pdf"), &admin).await);
    assert!(slip.contains("Trung tâm Phục vụ hành chính công; Sở Xây dựng"), "{slip}");
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    let last = timeline["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["class"]), (&json!("dossier.part_finished"), &json!("late")));
    app.post(&format!("/v1/dossiers/{code}/void"), &admin, json!({"reason": "Nhập nhầm"})).await.expect(200);
    assert_eq!(codes(app, "/v1/parts", &twenty).await, Vec::<String>::new());
    assert_eq!(app.post(&format!("{}/finish", id(&second)), &admin, json!({})).await.problem(409), "dossier_void");
});
