//! Plans of reform and their tasks: given out, noted on, done; counted as of any day.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// A plan of H16 of 2 January 2026; answers its path.
async fn plan(app: &TestApp, admin: &str) -> String {
    let body = json!({"agency": "H16", "number": "01/KH-UBND", "promulgated_on": "2026-01-02",
        "title": "Kế hoạch cải cách hành chính năm 2026", "period": "2026"});
    let made = app.post("/v1/plans", admin, body.clone()).await.expect(201);
    assert_eq!(app.post("/v1/plans", admin, body).await.problem(409), "exists");
    format!("/v1/plans/{}", made["id"].as_str().unwrap())
}

async fn task(app: &TestApp, admin: &str, plan: &str, due_on: &str) -> String {
    let body = json!({"agency": "H16.18", "title": "Rà soát thủ tục", "product": "Báo cáo", "due_on": due_on});
    let made = app.post(&format!("{plan}/tasks"), admin, body).await.expect(201);
    format!("{plan}/tasks/{}", made["id"].as_str().unwrap())
}

story!(a_task_is_given_out_noted_on_and_done, |app| {
    let admin = app.office().await;
    let plan = plan(app, &admin).await;
    let task = task(app, &admin, &plan, "2026-03-10").await;
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    // The plan is the province's; whoever has a task of it sees it.
    app.get(&plan, &officer).await.expect(200);
    assert_eq!(app.get("/v1/plans", &officer).await.expect(200)["items"].as_array().unwrap().len(), 1);
    let noted = app.post(&format!("{task}/notes"), &officer, json!({"text": "Đã có dự thảo"})).await.expect(200);
    assert_eq!(noted["notes"][0]["written_by"], "officer");
    let done = json!({"completed_on": "2026-02-27", "evidence": "Báo cáo số 15/BC"});
    assert_eq!(app.post(&format!("{task}/complete"), &officer, done.clone()).await.problem(403), "forbidden");
    let patch =
        async |body: Value| app.send(Method::PATCH, &task, Some(&leader), &[("if-match", "*")], Some(body)).await;
    assert_eq!(patch(json!({"officer": "officer"})).await.expect(200)["officer"], "officer");
    assert_eq!(
        patch(json!({"due_on": "2026-03-20"})).await.problem(403),
        "forbidden",
        "more time is the province's to give"
    );
    let shown = app.post(&format!("{task}/complete"), &leader, done.clone()).await.expect(200);
    assert_eq!(
        (&shown["state"], &shown["timing"], &shown["completed_on"]),
        (&json!("done"), &json!("early"), &json!("2026-02-27"))
    );
    assert_eq!(app.post(&format!("{task}/complete"), &leader, done).await.problem(409), "task_done");
    assert_eq!(app.get(&task, &leader).await.expect(200)["notes"].as_array().unwrap().len(), 1);
});

story!(what_is_said_of_a_plan_is_put_right, |app| {
    let admin = app.office().await;
    let plan = plan(app, &admin).await;
    let task = task(app, &admin, &plan, "2026-01-30").await;
    let patch = async |token: &str, tag: &str, body: Value| {
        app.send(Method::PATCH, &plan, Some(token), &[("if-match", tag)], Some(body)).await
    };
    let changed = patch(&admin, "\"1\"", json!({"number": "1/KH-UBND", "promulgated_on": "2026-01-05"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.expect(200);
    assert_eq!((&changed["number"], &changed["promulgated_on"]), (&json!("1/KH-UBND"), &json!("2026-01-05")));
    assert_eq!(
        (&changed["title"], &changed["period"]),
        (&json!("Kế hoạch cải cách hành chính năm 2026"), &json!("2026"))
    );
    assert_eq!(app.get(&task, &admin).await.expect(200)["assigned_on"], "2026-01-02", "a task keeps its day");
    assert_eq!(patch(&admin, "\"1\"", json!({"title": "x"})).await.problem(412), "changed");
    let none = app.send(Method::PATCH, &plan, Some(&admin), &[], Some(json!({"title": "x"}))).await;
    assert_eq!(none.problem(428), "precondition_required");
    for (body, code) in [
        (json!({"number": null}), "validation"),
        (json!({"title": " "}), "validation"),
        (json!({"promulgated_on": null}), "validation"),
        (json!({"promulgated_on": "2026-02-30"}), "validation"),
        (json!({"period": "2025"}), "validation"),
        (json!({"agency": "H16.18"}), "validation"),
        (json!({"promulgated_on": "2026-03-03"}), "promulgated_in_the_future"),
        (json!({"promulgated_on": "2026-02-02"}), "task_due_before"),
    ] {
        assert_eq!(patch(&admin, "*", body.clone()).await.problem(422), code, "{body}");
    }
    // Of one number and date there is one.
    let body =
        json!({"agency": "H16", "number": "2/KH-UBND", "promulgated_on": "2026-01-05", "title": "x", "period": "2026"});
    app.post("/v1/plans", &admin, body).await.expect(201);
    assert_eq!(patch(&admin, "*", json!({"number": "2/KH-UBND"})).await.problem(409), "exists");
    // Whoever sees it for a task of theirs does not change it.
    let below = app.user("below", Role::Admin, Some("H16.18")).await;
    app.get(&plan, &below).await.expect(200);
    assert_eq!(patch(&below, "*", json!({"title": "x"})).await.problem(403), "forbidden");
    let leader = app.user("leader", Role::Leader, Some("H16")).await;
    assert_eq!(patch(&leader, "*", json!({"title": "x"})).await.problem(403), "forbidden");
});

story!(tasks_count_as_of_the_end_of_a_period, |app| {
    let admin = app.office().await;
    let plan = plan(app, &admin).await;
    let first = task(app, &admin, &plan, "2026-03-10").await;
    let second = task(app, &admin, &plan, "2026-03-31").await;
    let third = task(app, &admin, &plan, "2026-06-30").await;
    app.at("2026-03-10T16:00:00");
    app.post(&format!("{first}/complete"), &app.admin().await, json!({})).await.expect(200);
    let quarter = "/v1/statistics/plan-tasks?from=2026-01-01&to=2026-03-31&agency=H16.18";
    let april = "/v1/statistics/plan-tasks?from=2026-04-01&to=2026-04-15&agency=H16.18";
    app.at("2026-04-20T09:00:00");
    let admin = app.admin().await;
    let states = async |path: &str| app.get(path, &admin).await.expect(200)["total"]["states"].clone();
    assert_eq!(states(quarter).await, json!({"done": 1, "in_progress": 2, "overdue": 0}));
    assert_eq!(states(april).await, json!({"done": 0, "in_progress": 1, "overdue": 1}));
    // What happens later changes neither.
    app.post(&format!("{second}/complete"), &admin, json!({"evidence": "x"})).await.expect(200);
    let longer = json!({"due_on": "2026-07-31"});
    app.send(Method::PATCH, &third, Some(&admin), &[("if-match", "*")], Some(longer)).await.expect(200);
    assert_eq!(states(quarter).await, json!({"done": 1, "in_progress": 2, "overdue": 0}));
    assert_eq!(states(april).await, json!({"done": 0, "in_progress": 1, "overdue": 1}));
    let counted = app.get(april, &admin).await.expect(200);
    let (states, links) = (&counted["total"]["states"], &counted["total"]["links"]["states"]);
    for (state, figure) in states.as_object().unwrap() {
        let list = app.get(links[state].as_str().unwrap(), &admin).await.expect(200);
        assert_eq!(json!(list["items"].as_array().unwrap().len()), *figure, "{state}");
    }
    assert_eq!(counted["balanced"], true);
});

story!(plans_elsewhere_are_not_there_and_bad_ones_are_refused, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let plan = plan(app, &admin).await;
    let task = task(app, &admin, &plan, "2026-03-10").await;
    let stranger = app.user("stranger", Role::Leader, Some("H16.19")).await;
    for path in [&plan, &task] {
        assert_eq!(app.get(path, &stranger).await.problem(404), "not_found");
    }
    assert_eq!(app.post(&format!("{task}/notes"), &stranger, json!({"text": "x"})).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/plan-tasks", &stranger).await.expect(200)["items"], json!([]));
    for (overlay, code) in [
        (json!({"period": "2026-H3"}), "validation"),
        (json!({"title": ""}), "validation"),
        (json!({"promulgated_on": "2026-03-03"}), "promulgated_in_the_future"),
    ] {
        let mut body = json!({"agency": "H16", "number": "02/KH-UBND", "promulgated_on": "2026-01-02", "title": "x", "period": "2026"});
        for (name, value) in overlay.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(app.post("/v1/plans", &admin, body).await.problem(422), code, "{overlay}");
    }
    let early = json!({"title": "x", "due_on": "2026-01-01"});
    assert_eq!(app.post(&format!("{plan}/tasks"), &admin, early).await.problem(422), "not_later");
    // Given out before the plan was there, and due before it.
    let earlier = json!({"title": "x", "assigned_on": "2025-12-01", "due_on": "2025-12-31"});
    assert_eq!(app.post(&format!("{plan}/tasks"), &admin, earlier).await.problem(422), "not_later");
    let done = json!({"completed_on": "2026-03-03"});
    assert_eq!(app.post(&format!("{task}/complete"), &admin, done).await.problem(422), "in_the_future");
});
