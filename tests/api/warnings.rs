//! The ladder of warnings: each rung once, in working time, silent while the clock stands still.

use motcua::domain::vocabulary::Role;
use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// An office with a procedure of five working days, 2.000001, that warns three working days ahead, four office hours ahead
/// and on the first working day of lateness; an officer, `lan`, and a leader, `binh`.
async fn office(app: &TestApp) {
    app.office().await;
    let ladder = json!([{"before": 3, "unit": "working_day"}, {"before": 4, "unit": "working_hour", "tell": ["leader"]},
        {"after": 1, "unit": "working_day", "tell": ["assignee", "leader"]}]);
    let made = app.post("/v1/procedures", &app.admin().await, procedure(ladder)).await.expect(201);
    assert_eq!(made["warnings"][0], json!({"before": 3, "unit": "working_day", "tell": ["assignee"]}));
    app.user("lan", Role::Officer, Some("H16.18")).await;
    app.user("binh", Role::Leader, Some("H16.18")).await;
}

fn procedure(ladder: Value) -> Value {
    json!({"code": "2.000001", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
        "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}, "warnings": ladder})
}

/// A dossier in Lan's charge; answers its code.
async fn dossier(app: &TestApp) -> String {
    let admin = app.admin().await;
    let code = app.receive(&admin, json!({"procedure": "2.000001"})).await;
    let patch = json!({"assignee": "lan"});
    app.send(Method::PATCH, &format!("/v1/dossiers/{code}"), Some(&admin), &[("if-match", "*")], Some(patch))
        .await
        .expect(200);
    code
}

/// Moves the clock and sweeps; answers how many rungs were reached.
fn at(app: &TestApp, now: &str) -> usize {
    app.at(now);
    sweep(&app.db, &app.ambient, 0).unwrap().rungs
}

async fn listed(app: &TestApp, name: &str, query: &str) -> Vec<Value> {
    let token = app.sign_in(name).await;
    let page = app.get(&format!("/v1/warnings?{query}"), &token).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

story!(each_rung_is_warned_of_once, |app| {
    office(app).await;
    // Received on Monday 2 March at 09:00, due on the 9th at 09:00 (contract section 4): three working days before is the 4th,
    // four office hours before is Friday 6 at 14:30, the first day of lateness is the 10th.
    let code = dossier(app).await;
    for (now, rungs) in [
        ("2026-03-02T09:01:00", 0),
        ("2026-03-04T07:29:00", 0),
        ("2026-03-04T07:30:00", 1),
        ("2026-03-04T07:31:00", 0),
        ("2026-03-06T14:31:00", 1),
        ("2026-03-09T09:00:00", 0),
        ("2026-03-10T00:00:00", 0),
        ("2026-03-10T07:31:00", 1),
        ("2026-03-20T10:00:00", 0),
    ] {
        assert_eq!(at(app, now), rungs, "{now}");
    }
    let told = listed(app, "lan", "assignee=me").await;
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["rung"]["after"], &told[1]["rung"]["before"]), (&json!(1), &json!(3)));
    let first = &told[1];
    assert_eq!((&first["dossier"], &first["due_at"]), (&json!(code), &json!("2026-03-09T09:00:00+07:00")));
    assert_eq!((&first["reached_at"], &first["assignee"]), (&json!("2026-03-04T07:30:00+07:00"), &json!("lan")));
    assert_eq!(listed(app, "binh", "tell=leader&agency=H16.18").await.len(), 2);
    assert_eq!(listed(app, "binh", &format!("dossier={code}&current=true")).await.len(), 3);
    let lan = app.sign_in("lan").await;
    let path = format!("/v1/dossiers/{code}/timeline");
    let timeline = app.get(&path, &lan).await.expect(200);
    let of = |item: &&Value| item["event"] == "dossier.warning";
    let warned: Vec<&Value> = timeline["items"].as_array().unwrap().iter().filter(of).collect();
    assert_eq!(warned.len(), 3);
    assert_eq!((&warned[0]["warning"], &warned[0]["actor"]), (&first["id"], &json!("sweep")));
    assert_eq!(warned[0]["rung"], json!({"before": 3, "unit": "working_day", "tell": ["assignee"]}));
    let feed = app.get("/v1/changes?limit=200", &lan).await.expect(200).to_string();
    assert_eq!(feed.matches("dossier.warning").count(), 3, "{feed}");
    // Once it ends they are about nothing that runs.
    app.transition(&app.admin().await, &code, json!({"to": "finished"})).await.expect(200);
    assert_eq!(listed(app, "binh", "current=true").await, Vec::<Value>::new());
    assert_eq!(listed(app, "binh", "current=false&limit=2").await.len(), 2);
});

story!(the_ladder_is_silent_while_the_clock_stands_still, |app| {
    office(app).await;
    let code = dossier(app).await;
    let go = async |now: &str, to: &str| {
        app.at(now);
        app.transition(&app.admin().await, &code, json!({"to": to, "reason": "x"})).await.expect(200)
    };
    go("2026-03-03T10:00:00", "supplement_required").await;
    assert_eq!(at(app, "2026-03-04T08:00:00"), 0);
    // Counted again from Thursday the 5th: due on the 12th at 10:00. Three working days before is Monday the 9th.
    assert_eq!(go("2026-03-05T10:00:00", "processing").await["due_at"], "2026-03-12T10:00:00+07:00");
    assert_eq!(at(app, "2026-03-05T10:01:00"), 0);
    assert_eq!(at(app, "2026-03-09T07:31:00"), 1);
    // A wait of no office time leaves the deadline, and what was warned of for it.
    go("2026-03-09T18:00:00", "payment_required").await;
    assert_eq!(go("2026-03-09T19:00:00", "processing").await["due_at"], "2026-03-12T10:00:00+07:00");
    assert_eq!(at(app, "2026-03-11T15:29:00"), 0);
    // Four office hours before: 2.5 of Thursday, 1.5 of Wednesday.
    assert_eq!(at(app, "2026-03-11T15:31:00"), 1);
    // What ended has no rungs any more, and what is reopened has those that are still to come.
    go("2026-03-12T09:00:00", "finished").await;
    assert_eq!(at(app, "2026-03-13T08:00:00"), 0);
    go("2026-03-13T09:00:00", "reopen").await;
    assert_eq!(at(app, "2026-03-13T09:01:00"), 0);
    go("2026-03-13T10:00:00", "finished").await;
    assert_eq!(listed(app, "lan", "").await.len(), 2);
});

story!(what_nobody_looked_at_for_days_is_told_in_order, |app| {
    office(app).await;
    let code = dossier(app).await;
    assert_eq!(at(app, "2026-03-09T12:00:00"), 2);
    let told = listed(app, "binh", "").await;
    let instants: Vec<_> = told.iter().map(|one| (&one["reached_at"], &one["given_at"])).collect();
    let noon = json!("2026-03-09T12:00:00+07:00");
    assert_eq!(instants, [(&json!("2026-03-06T14:30:00+07:00"), &noon), (&json!("2026-03-04T07:30:00+07:00"), &noon)]);
    // A page at a time.
    let token = app.sign_in("binh").await;
    let page = app.get("/v1/warnings?limit=1", &token).await.expect(200);
    let next = format!("/v1/warnings?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    let page = app.get(&next, &token).await.expect(200);
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&told[1]["id"], &Value::Null));
    // A change of the charge hands the warnings on; without one they are the leaders'.
    let admin = app.admin().await;
    let patch = async |assignee: Value| {
        let body = json!({"assignee": assignee});
        app.send(Method::PATCH, &format!("/v1/dossiers/{code}"), Some(&admin), &[("if-match", "*")], Some(body))
            .await
            .expect(200)
    };
    patch(json!("hoa")).await;
    assert_eq!(listed(app, "lan", "assignee=me").await, Vec::<Value>::new());
    assert_eq!(listed(app, "lan", "assignee=hoa").await.len(), 1);
    app.at("2026-03-09T13:30:00");
    app.receive(&app.admin().await, json!({"procedure": "2.000001"})).await;
    assert_eq!(at(app, "2026-03-11T08:00:00"), 2, "the first rung of the second, and the last of the first");
    let told = listed(app, "binh", "").await;
    assert_eq!(told[0]["rung"], json!({"before": 3, "unit": "working_day", "tell": ["assignee", "leader"]}));
});

story!(two_workers_warn_of_a_rung_once, |app| {
    office(app).await;
    for _ in 0..6 {
        dossier(app).await;
    }
    app.at("2026-03-06T15:00:00");
    let rungs: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| sweep(&app.db, &app.ambient, 0).unwrap().rungs)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(rungs, 12);
    assert_eq!(listed(app, "binh", "limit=200").await.len(), 12);
    // What was on the way when the calendar changed is warned of for the new deadline, and not again for the old one.
    let admin = app.admin().await;
    app.post("/v1/agencies/H16.18/closures", &admin, json!({"date": "2026-03-09", "reason": "Bão"})).await.expect(201);
    assert_eq!(at(app, "2026-03-06T15:01:00"), 0);
    app.post("/v1/calendar/recompute", &admin, json!({"dry_run": false})).await.expect(200);
    // Due on the 10th at 09:00 now: four office hours before that is still Friday at 14:30, which is passed.
    assert_eq!(at(app, "2026-03-06T15:02:00"), 0);
    assert_eq!(at(app, "2026-03-11T08:00:00"), 6);
});

story!(a_warning_is_acknowledged_once_by_who_resolves, |app| {
    office(app).await;
    dossier(app).await;
    at(app, "2026-03-04T08:00:00");
    let id = listed(app, "lan", "acknowledged=false").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/warnings/{id}");
    let desk = app.user("cua", Role::FrontDesk, Some("H16.18")).await;
    assert_eq!(app.post(&format!("{path}/acknowledge"), &desk, json!({})).await.problem(403), "forbidden");
    let lan = app.sign_in("lan").await;
    let shown = app.get(&path, &lan).await;
    assert_eq!(shown.header("etag"), "\"1\"");
    let done = app.post(&format!("{path}/acknowledge"), &lan, json!({})).await.expect(200);
    assert_eq!((&done["acknowledged_by"], &done["version"]), (&json!("lan"), &json!(2)));
    app.at("2026-03-04T08:05:00");
    let again = app.post(&format!("{path}/acknowledge"), &app.sign_in("binh").await, json!({})).await.expect(200);
    assert_eq!(again["acknowledged_by"], "lan");
    assert_eq!(again["acknowledged_at"], "2026-03-04T08:00:00+07:00");
    assert_eq!(listed(app, "lan", "acknowledged=false").await, Vec::<Value>::new());
    for (path, status, code) in [
        ("/v1/warnings/nothing", 404, "not_found"),
        ("/v1/warnings?agency=H99", 404, "not_found"),
        ("/v1/warnings?dossier=x", 400, "invalid_parameter"),
        ("/v1/warnings?acknowledged=perhaps", 400, "invalid_parameter"),
        ("/v1/warnings?tell=boss", 422, "invalid_word"),
        ("/v1/warnings?limit=201", 400, "bad_limit"),
        ("/v1/warnings?rung=1", 400, "unknown_parameter"),
    ] {
        assert_eq!(app.get(path, &lan).await.problem(status), code, "{path}");
    }
    let body = json!({"note": "x"});
    assert_eq!(app.post(&format!("{path}/acknowledge"), &lan, body).await.problem(422), "validation");
});

story!(a_ladder_that_cannot_be_climbed_is_refused, |app| {
    let admin = app.office().await;
    for (ladder, pointer, code) in [
        (json!([{"unit": "working_day"}]), "/warnings/0/before", "missing_member"),
        (json!([{"before": 1, "after": 1, "unit": "working_day"}]), "/warnings/0/after", "invalid_value"),
        (json!([{"before": 251, "unit": "working_day"}]), "/warnings/0/before", "out_of_range"),
        (json!([{"before": 2001, "unit": "working_hour"}]), "/warnings/0/before", "out_of_range"),
        (json!([{"after": 0, "unit": "working_day"}]), "/warnings/0/after", "out_of_range"),
        (json!([{"before": 1, "unit": "working_day", "tell": []}]), "/warnings/0/tell", "missing_member"),
        (json!([{"before": 1, "unit": "working_day", "tell": ["leader", "leader"]}]), "/warnings/0/tell", "repeated"),
        (
            json!([{"before": 1, "unit": "working_day"}, {"before": 1, "unit": "working_day", "tell": ["leader"]}]),
            "/warnings/1",
            "repeated",
        ),
    ] {
        let refused = app.post("/v1/procedures", &admin, procedure(ladder.clone())).await;
        assert_eq!(refused.problem(422), "validation", "{ladder}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{ladder}");
    }
    for ladder in [
        json!([{"before": -1, "unit": "working_day"}]),
        json!([{"before": 1, "unit": "month"}]),
        json!([{"before": 1, "unit": "working_day", "tell": ["boss"]}]),
        json!({"before": 1}),
    ] {
        assert_eq!(app.post("/v1/procedures", &admin, procedure(ladder.clone())).await.status, 422, "{ladder}");
    }
    let many: Vec<Value> = (0..21).map(|days| json!({"before": days, "unit": "working_day"})).collect();
    assert_eq!(app.post("/v1/procedures", &admin, procedure(json!(many))).await.problem(422), "validation");
    // A new version has its own ladder; a dossier keeps that of its version.
    app.post("/v1/procedures", &admin, procedure(json!([{"before": 3, "unit": "working_day"}]))).await.expect(201);
    let code = app.receive(&admin, json!({"procedure": "2.000001"})).await;
    let body = procedure(json!([]));
    app.send(Method::PUT, "/v1/procedures/2.000001", Some(&admin), &[("if-match", "*")], Some(body)).await.expect(200);
    app.receive(&admin, json!({"procedure": "2.000001"})).await;
    assert_eq!(at(app, "2026-03-04T08:00:00"), 1);
    assert_eq!(app.get("/v1/warnings", &app.admin().await).await.expect(200)["items"][0]["dossier"], code);
});

story!(a_sheet_says_nothing_of_the_ladder_and_leaves_it, |app| {
    let admin = app.office().await;
    let ladder = json!([{"before": 3, "unit": "working_day", "tell": ["assignee"]}]);
    app.post("/v1/procedures", &admin, procedure(ladder.clone())).await.expect(201);
    let sheet = app.get("/v1/procedures.csv", &admin).await;
    let import = async |query: &str, bytes: Vec<u8>| {
        let path = format!("/v1/procedures/import{query}");
        app.raw(Method::POST, &path, Some(&admin), "application/octet-stream", bytes).await.expect(200)
    };
    assert_eq!(import("", sheet.bytes.clone()).await["unchanged"], 2);
    let renamed = sheet.text.replace("\"2.000001\",\"Trợ cấp\"", "\"2.000001\",\"Trợ giúp\"");
    assert_eq!(import("?dry_run=false", renamed.into_bytes()).await["revised"], 1, "{}", sheet.text);
    let shown = app.get("/v1/procedures/2.000001", &admin).await.expect(200);
    assert_eq!((&shown["name"], &shown["warnings"]), (&json!("Trợ giúp"), &ladder));
});
