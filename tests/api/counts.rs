//! Counts: periods as of their end, groupings, form 06a, and typed-in figures.

use motcua::domain::vocabulary::Role;
use serde_json::json;

use crate::story;

story!(a_past_period_answers_the_same_whenever_it_is_asked, |app| {
    let admin = app.office().await;
    let overdue = app.receive(&admin, json!({})).await;
    let paused = app.receive(&admin, json!({"channel": "postal"})).await;
    let wait = json!({"to": "supplement_required", "reason": "Thiếu"});
    app.at("2026-03-04T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &paused, wait).await.expect(200);
    app.at("2026-03-11T09:00:00");
    let admin = app.admin().await;
    let period = "/v1/statistics?from=2026-03-01&to=2026-03-10&group_by=channel";
    let asked = app.get(period, &admin).await.expect(200);
    assert_eq!(asked["as_of"], "2026-03-10T23:59:59+07:00");
    // Due on 9 March: overdue from the 10th; the other one waits.
    assert_eq!(asked["total"]["in_progress"]["overdue"], 1);
    assert_eq!(
        (&asked["total"]["in_progress"]["within"], &asked["total"]["in_progress"]["paused"]),
        (&json!(1), &json!(1))
    );

    app.transition(&admin, &paused, json!({"to": "processing"})).await.expect(200);
    app.at("2026-03-25T09:00:00");
    let admin = app.admin().await;
    for code in [&overdue, &paused] {
        app.transition(&admin, code, json!({"to": "finished"})).await.expect(200);
    }
    assert_eq!(app.get(period, &admin).await.expect(200), asked);
    // The next period carries both over and resolves both late (restarted on the 11th: due on the 18th).
    let next = app.get("/v1/statistics?from=2026-03-11&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(
        next["total"]["received"],
        json!({"total": 2, "online": 0, "direct": 0, "postal": 0, "carried_over": 2})
    );
    assert_eq!(next["total"]["resolved"]["late"], 2);
    assert_eq!(next["total"]["on_time_rate"], json!({"numerator": 0, "denominator": 2, "percent": "0.00"}));
});

story!(figures_are_told_apart_by_up_to_two_groupings, |app| {
    let admin = app.office().await;
    let commune = json!({"code": "H16.20", "name": "Xã", "level": "commune", "parent": "H16"});
    app.post("/v1/agencies", &admin, commune).await.expect(201);
    app.receive(&admin, json!({})).await;
    app.receive(&admin, json!({"agency": "H16.20", "channel": "postal"})).await;
    let count =
        async |query: &str| app.get(&format!("/v1/statistics?from=2026-03-01&to=2026-03-02{query}"), &admin).await;
    let plain = count("").await.expect(200);
    assert_eq!((&plain["rows"], &plain["balanced"]), (&json!([]), &json!(true)));
    assert_eq!(plain["total"]["on_time_rate"], json!({"numerator": 0, "denominator": 0, "percent": null}));
    let rows = count("&group_by=agency,channel").await.expect(200)["rows"].clone();
    let keys: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (row["agency"].clone(), row["channel"].clone())).collect();
    assert_eq!(keys, [(json!("H16.18"), json!("direct")), (json!("H16.20"), json!("postal"))]);
    for group in ["field", "procedure", "agency", "channel", "level"] {
        let rows = count(&format!("&group_by={group}")).await.expect(200)["rows"].clone();
        let sum: i64 = rows.as_array().unwrap().iter().map(|row| row["received"]["total"].as_i64().unwrap()).sum();
        assert_eq!(sum, 2, "{group}");
    }
    assert_eq!(count("&agency=H16").await.expect(200)["total"]["received"]["total"], 2, "with its subtree");
    assert_eq!(count("&agency=H16.20").await.expect(200)["total"]["received"]["total"], 1);
    for (query, status, code) in [
        ("&group_by=colour", 422, "unknown_grouping"),
        ("&group_by=field,level,agency", 422, "unknown_grouping"),
        ("&colour=red", 400, "unknown_parameter"),
        ("&agency=H99", 404, "not_found"),
    ] {
        assert_eq!(count(query).await.problem(status), code, "{query}");
    }
    for (period, status, code) in [
        ("from=2026-03-02&to=2026-03-01", 422, "period_reversed"),
        ("from=2000-01-01&to=2026-03-01", 422, "period_too_long"),
        ("from=2026-03-01", 400, "missing_parameter"),
        ("from=1.3.2026&to=2026-03-02", 400, "invalid_parameter"),
    ] {
        assert_eq!(app.get(&format!("/v1/statistics?{period}"), &admin).await.problem(status), code, "{period}");
    }
    let sibling = app.user("leader", Role::Leader, Some("H16.20")).await;
    let answer = app.get("/v1/statistics?from=2026-03-01&to=2026-03-02&agency=H16.18", &sibling).await;
    assert_eq!(answer.problem(404), "not_found");
});

story!(form_06a_and_its_check, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({"channel": "postal"})).await;
    app.receive(&admin, json!({})).await;
    // M03 runs from 15 February to 14 March (domain.md 2.2).
    let form = app.get("/v1/reports/06a?period=2026-M03&agency=H16", &admin).await.expect(200);
    assert_eq!(form["period"], json!({"from": "2026-02-15", "to": "2026-03-14"}));
    assert_eq!(form["sections"][0]["level"], "province");
    assert_eq!(form["total"]["direct_postal"], 2, "counter and post are one column");
    let csv = app.get("/v1/reports/06a?period=2026-M03&format=csv", &admin).await;
    assert!(csv.text.contains("1,\"Bảo trợ xã hội\",2,0,2,0,0,0,0,0,2,2,0\r\n"), "{}", csv.text);
    assert_eq!(app.get("/v1/reports/06a?period=2026-Q5", &admin).await.problem(422), "unknown_preset");

    // The published half-year is off by one (domain.md 2.3).
    let figures = json!({"online": 158, "direct_postal": 1759, "carried_over": 1, "early_or_on_time": 1715, "late": 0, "within": 202, "overdue": 0});
    let checked = app.post("/v1/reports/check", &admin, figures.clone()).await.expect(200);
    assert_eq!((&checked["balanced"], &checked["difference"]), (&json!(false), &json!(1)));
    assert_eq!((&checked["failed"][0]["left"], &checked["failed"][0]["right"]), (&json!(1918), &json!(1917)));
    let mut right = figures.clone();
    right["direct_postal"] = json!(1758);
    assert_eq!(
        app.post("/v1/reports/check", &admin, right).await.expect(200),
        json!({"balanced": true, "difference": 0, "failed": []})
    );
    let mut negative = figures;
    negative["late"] = json!(-1);
    assert_eq!(app.post("/v1/reports/check", &admin, negative).await.expect(422)["errors"][0]["pointer"], "/late");
});

story!(what_falls_due_soon_is_listed_soonest_first, |app| {
    let admin = app.office().await;
    app.procedure("1.000003", json!({"amount": 3, "unit": "working_day"})).await;
    app.procedure("1.000008", json!({"amount": 8, "unit": "working_hour"})).await;
    app.receive(&admin, json!({})).await;
    let three = app.receive(&admin, json!({"procedure": "1.000003"})).await;
    let hours = app.receive(&admin, json!({"procedure": "1.000008"})).await;
    // Three working days from Monday: until Thursday 5 March.
    let soon = app.get("/v1/statistics/due-soon?within=3", &admin).await.expect(200);
    assert_eq!(soon["until"], "2026-03-05");
    let codes: Vec<_> = soon["items"].as_array().unwrap().iter().map(|item| item["code"].clone()).collect();
    assert_eq!(codes, [json!(hours), json!(three)]);
});
