//! Letters of apology: exactly one for each late dossier, and what becomes of it.

use motcua::domain::vocabulary::Role;
use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

async fn letters(app: &TestApp, token: &str, filter: &str) -> Vec<Value> {
    let listed = app.get(&format!("/v1/apology-letters?limit=200{filter}"), token).await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

async fn fill(app: &TestApp, token: &str, id: &str, new_return_at: &str) {
    let body = json!({"reason": "Chờ ý kiến", "new_return_at": new_return_at});
    let path = format!("/v1/apology-letters/{id}");
    app.send(Method::PATCH, &path, Some(token), &[("if-match", "*")], Some(body)).await.expect(200);
}

fn issue(number: u32, on: &str) -> Value {
    json!({"number": number, "notation": "PXL-SLĐTBXH", "promulgated_on": on,
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}})
}

story!(eight_sweeps_at_once_make_one_letter_each, |app| {
    let admin = app.office().await;
    for _ in 0..20 {
        app.receive(&admin, json!({})).await;
    }
    app.at("2026-03-10T00:00:00");
    let found: usize = std::thread::scope(|scope| {
        let sweeps: Vec<_> = (0..8).map(|_| scope.spawn(|| sweep(&app.db, &app.ambient, 0).unwrap().overdue)).collect();
        sweeps.into_iter().map(|sweep| sweep.join().unwrap()).sum()
    });
    assert_eq!(found, 20, "each dossier is noticed once");
    let admin = app.admin().await;
    let mut dossiers: Vec<String> =
        letters(app, &admin, "&kind=late").await.iter().map(|letter| letter["dossier"].to_string()).collect();
    dossiers.sort();
    dossiers.dedup();
    assert_eq!(dossiers.len(), 20);
    assert_eq!(letters(app, &admin, "").await.len(), 20);
});

story!(a_late_finish_opens_its_letter_which_needs_no_new_date, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-11T09:00:00");
    let admin = app.admin().await;
    let finished = app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    assert_eq!(finished["flags"], json!(["notice_late"]));
    let id = finished["letter"]["id"].as_str().unwrap();
    assert_eq!(sweep(&app.db, &app.ambient, 0).unwrap().overdue, 0);
    let path = format!("/v1/apology-letters/{id}");
    assert_eq!(app.post(&format!("{path}/cancel"), &admin, json!({})).await.problem(409), "letter_owed");
    let body = Some(json!({"reason": "Chậm"}));
    app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], body).await.expect(200);
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    app.post(&format!("{path}/issue"), &admin, issue(1, "2026-03-11")).await.expect(200);
    let delivered = app.post(&format!("{path}/deliver"), &admin, json!({"channel": "postal"})).await.expect(200);
    assert_eq!(delivered["delivered"], json!({"channel": "postal", "at": "2026-03-11T09:00:00+07:00"}));
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(shown["reappointed_at"], json!(null), "the letter of an ended dossier re-appoints nothing");
    let counted = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(counted["total"]["resolved"]["late_with_letter"], 1);
});

story!(a_warning_becomes_the_letter_or_is_dropped, |app| {
    let admin = app.office().await;
    let (late, in_time) = (app.receive(&admin, json!({})).await, app.receive(&admin, json!({})).await);
    for code in [&late, &in_time] {
        let body = json!({"kind": "at_risk", "reason": "Hệ thống lỗi"});
        let path = format!("/v1/dossiers/{code}/apology-letters");
        app.post(&path, &admin, body.clone()).await.expect(201);
        assert_eq!(app.post(&path, &admin, body).await.problem(409), "letter_exists");
    }
    app.at("2026-03-09T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &in_time, json!({"to": "finished"})).await.expect(200);
    app.at("2026-03-10T00:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let dropped = letters(app, &admin, "&status=cancelled").await;
    assert_eq!((dropped.len(), &dropped[0]["dossier"]), (1, &json!(in_time)));
    let kept = letters(app, &admin, "&status=draft").await;
    assert_eq!((kept.len(), &kept[0]["dossier"], &kept[0]["kind"]), (1, &json!(late), &json!("late")));
    assert_eq!(kept[0]["reason"], "Hệ thống lỗi", "it keeps its text");
});

story!(a_dossier_is_reappointed_once, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let body = json!({"kind": "at_risk", "reason": "Chậm", "new_return_at": "2026-03-16T09:00:00+07:00"});
    let opened = app.post(&format!("/v1/dossiers/{code}/apology-letters"), &admin, body).await.expect(201);
    let path = format!("/v1/apology-letters/{}", opened["id"].as_str().unwrap());
    assert_eq!(app.post(&format!("{path}/issue"), &admin, issue(3, "2026-03-02")).await.problem(409), "letter_status");
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    let issuing = format!("{path}/issue");
    let raced = futures_util::future::join(
        app.post(&issuing, &admin, issue(4, "2026-03-02")),
        app.post(&issuing, &admin, issue(5, "2026-03-02")),
    )
    .await;
    let mut statuses = [raced.0.status.as_u16(), raced.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "of two at once, one issues");
    assert_eq!(app.post(&issuing, &admin, issue(6, "2026-03-02")).await.problem(409), "already_reappointed");
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(shown["reappointed_at"], "2026-03-16T09:00:00+07:00");
    // The warning went out on 2 March, more than a day before 9 March (Decree 61/2018 art. 19(9)).
    assert_eq!(shown["flags"], json!([]));
    app.at("2026-03-10T00:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    assert_eq!(letters(app, &admin, "").await.len(), 1, "the issued warning is its letter");
    let counted = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(counted["total"]["in_progress"]["overdue_with_letter"], 1);
});

story!(other_faults_are_apologised_for_without_a_date, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    let path = format!("/v1/dossiers/{code}/apology-letters");
    assert_eq!(app.post(&path, &admin, json!({"kind": "late"})).await.problem(422), "late_letter_by_hand");
    for kind in ["lost", "damaged", "misconduct"] {
        let opened = app.post(&path, &admin, json!({"kind": kind, "reason": "Xin lỗi"})).await.expect(201);
        let letter = format!("/v1/apology-letters/{}", opened["id"].as_str().unwrap());
        app.post(&format!("{letter}/submit"), &admin, json!({})).await.expect(200);
        app.post(&format!("{letter}/issue"), &admin, issue(9, "2026-03-02")).await.expect(200);
    }
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!((&shown["reappointed_at"], &shown["letter"]), (&json!(null), &json!(null)));
});

story!(a_correction_that_shows_it_was_never_late_drops_the_draft, |app| {
    let admin = app.office().await;
    app.procedure("1.000020", json!({"amount": 20, "unit": "working_day"})).await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-10T00:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let mend = json!({"procedure": "1.000020", "reason": "Nhập nhầm thủ tục"});
    let mended = app.post(&format!("/v1/dossiers/{code}/correct"), &admin, mend).await.expect(200);
    assert_eq!((&mended["timing"], &mended["letter"]), (&json!("within"), &json!(null)));
    assert_eq!(letters(app, &admin, "&status=cancelled").await.len(), 1);
});

story!(an_officer_drafts_and_a_leader_signs, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-10T08:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let leader = app.user("leader", Role::Leader, Some("H16")).await;
    let shown = app.get(&format!("/v1/dossiers/{code}"), &officer).await.expect(200);
    let id = shown["letter"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/apology-letters/{id}");
    for (new_return_at, problem) in [
        ("2026-03-09T09:00:00+07:00", "new_return_too_early"),
        ("2026-03-10T08:00:00+07:00", "new_return_too_early"),
        ("2026-03-14T09:00:00+07:00", "new_return_outside_hours"),
        ("2026-03-16T12:00:00+07:00", "new_return_outside_hours"),
    ] {
        let body = Some(json!({"new_return_at": new_return_at}));
        let answer = app.send(Method::PATCH, &path, Some(&officer), &[("if-match", "*")], body).await;
        assert_eq!(answer.problem(422), problem, "{new_return_at}");
    }
    fill(app, &officer, &id, "2026-03-16T09:00:00+07:00").await;
    app.post(&format!("{path}/submit"), &officer, json!({})).await.expect(200);
    assert_eq!(app.post(&format!("{path}/issue"), &officer, issue(1, "2026-03-10")).await.problem(403), "forbidden");
    let rejected = app.post(&format!("{path}/reject"), &leader, json!({"reason": "Sửa lại"})).await.expect(200);
    assert_eq!((&rejected["status"], &rejected["remark"]), (&json!("rejected"), &json!("Sửa lại")));
    app.post(&format!("{path}/submit"), &officer, json!({})).await.expect(200);
    let future = app.post(&format!("{path}/issue"), &leader, issue(1, "2026-03-11")).await;
    assert_eq!(future.problem(422), "promulgated_in_the_future");
    app.post(&format!("{path}/issue"), &leader, issue(1, "2026-03-10")).await.expect(200);
});

story!(many_drafts_are_filled_in_at_once, |app| {
    let admin = app.office().await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(app.receive(&admin, json!({})).await);
    }
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let elsewhere = app.receive(&admin, json!({"agency": "H16.19"})).await;
    app.at("2026-03-10T08:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    let admin = app.admin().await;
    let letter_of = async |code: &str| {
        let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
        shown["letter"]["id"].as_str().unwrap().to_owned()
    };
    let mut ids = Vec::new();
    for code in &codes {
        ids.push(letter_of(code).await);
    }
    let foreign = letter_of(&elsewhere).await;
    app.post(&format!("/v1/apology-letters/{}/submit", ids[3]), &leader, json!({})).await.problem(422);
    let bulk = json!({"reason": "Chờ ý kiến cơ quan phối hợp", "new_return_at": "2026-03-16T09:00:00+07:00", "submit": true,
        "letters": [{"id": ids[0]}, {"id": ids[1], "reason": "Máy hỏng", "new_return_at": "2026-03-17T09:00:00+07:00"},
            // A Saturday: refused alone (contract 6: in office hours).
            {"id": ids[2], "new_return_at": "2026-03-14T09:00:00+07:00"},
            {"id": ids[3], "version": 99}, {"id": foreign}, {"id": "no such letter"}]});
    let headers = [("idempotency-key", "bulk-1"), ("accept-language", "en")];
    let send =
        async || app.send(Method::POST, "/v1/apology-letters/bulk", Some(&leader), &headers, Some(bulk.clone())).await;
    let answer = send().await.expect(200);
    assert_eq!((&answer["done"], &answer["refused"]), (&json!(2), &json!(4)));
    let items = answer["items"].as_array().unwrap();
    let statuses: Vec<u64> = items.iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 422, 412, 404, 404]);
    let codes: Vec<&str> = items[2..].iter().map(|item| item["problem"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["new_return_outside_hours", "changed", "not_found", "not_found"]);
    assert_eq!(items[2]["problem"]["errors"][0]["pointer"], "/new_return_at");
    assert_eq!(items[0]["letter"]["reason"], "Chờ ý kiến cơ quan phối hợp");
    assert_eq!(
        (&items[1]["letter"]["reason"], &items[1]["letter"]["status"]),
        (&json!("Máy hỏng"), &json!("submitted"))
    );
    assert_eq!(letters(app, &leader, "&status=submitted").await.len(), 2);
    let kept = app.get(&format!("/v1/apology-letters/{}", ids[2]), &leader).await.expect(200);
    assert_eq!(
        (&kept["reason"], &kept["status"]),
        (&json!(null), &json!("draft")),
        "nothing of a refused one is written"
    );
    // The retry gets the first answer and does nothing again.
    let again = send().await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), answer);
    for (letters, pointer, code) in [
        (json!([]), "/letters", "out_of_range"),
        (json!([{"id": ids[2]}, {"id": ids[2]}]), "/letters/1/id", "repeated"),
    ] {
        let refused = app.post("/v1/apology-letters/bulk", &leader, json!({"letters": letters})).await.expect(422);
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    // Without a reason a letter cannot be submitted, and says so (issue 5, bad input).
    let bare =
        app.post("/v1/apology-letters/bulk", &leader, json!({"letters": [{"id": ids[2]}], "submit": true})).await;
    assert_eq!(bare.expect(200)["items"][0]["problem"]["code"], "letter_reason_missing");
});

story!(a_warning_is_opened_on_the_last_working_day_before_the_day_due, |app| {
    // Received on Monday 2 March, five working days: due on Monday 9 March. The working day before it is Friday 6 March:
    // "no later than 1 day before expiry" (Decree 61/2018 art. 19(9); contract 6: MOTCUA_AT_RISK_DAYS = 1).
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-05T23:59:59");
    assert_eq!(sweep(&app.db, &app.ambient, 1).unwrap().warned, 0, "on Thursday it is too early");
    app.at("2026-03-06T07:30:00");
    assert_eq!(sweep(&app.db, &app.ambient, 0).unwrap().warned, 0, "off unless asked for");
    assert_eq!(sweep(&app.db, &app.ambient, 1).unwrap().warned, 1);
    assert_eq!(sweep(&app.db, &app.ambient, 1).unwrap().warned, 0, "once");
    let admin = app.admin().await;
    let opened = letters(app, &admin, "&kind=at_risk").await;
    assert_eq!((opened.len(), &opened[0]["dossier"], &opened[0]["notice_late"]), (1, &json!(code), &json!(false)));
    // On the last day it is opened all the same, and comes too late to be in time with the notice.
    app.at("2026-03-06T08:00:00");
    let second = app.receive(&app.admin().await, json!({})).await;
    app.at("2026-03-13T08:00:00");
    assert_eq!(sweep(&app.db, &app.ambient, 1).unwrap().warned, 1);
    let opened = letters(app, &app.admin().await, "&kind=at_risk").await;
    let late = opened.iter().find(|letter| letter["dossier"] == json!(second)).unwrap();
    assert_eq!(late["notice_late"], json!(true));
});
