//! What everybody may read of the catalogue: the posted procedures with their usual time, and the open data.

use motcua::flow::publish::derive;
use reqwest::Method;
use serde_json::{Value, json};

use crate::catalogue::content;
use crate::story;
use crate::support::{Answer, TestApp};

async fn ask(app: &TestApp, path: &str) -> Answer {
    app.send(Method::GET, path, None, &[], None).await
}

/// Takes in a dossier of the procedure on Monday 5 January 2026 and ends it on another day.
async fn resolved(app: &TestApp, token: &str, procedure: &str, ended_on: &str) {
    let received = json!({"procedure": procedure, "received_at": "2026-01-05T09:00:00+07:00"});
    let code = app.receive(token, received).await;
    let finished = json!({"to": "finished", "at": format!("{ended_on}T10:00:00+07:00")});
    app.transition(token, &code, finished).await.expect(200);
}

story!(the_posted_catalogue_needs_no_login_and_says_the_usual_time, |app| {
    let admin = app.office().await;
    let parts = json!({"code": "2.1", "name": "Hỗ trợ mai táng", "components": [{"name": "Tờ khai", "originals": 1}],
        "fees": [{"kind": "fee", "amount": 20000}], "grounds": ["Nghị định 20/2021/NĐ-CP"]});
    app.post("/v1/procedures", &admin, content(parts)).await.expect(201);
    // Five of 2.1 after 1, 1, 2, 3 and 9 working days (Tuesday 6, Wednesday 7, Thursday 8, Thursday 15 January, the make-up
    // Saturday of the 10th counted: domain.md 0, 5); four of the other.
    for day in ["2026-01-06", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-15"] {
        resolved(app, &admin, "2.1", day).await;
    }
    for _ in 0..4 {
        resolved(app, &admin, "1.001739", "2026-01-06").await;
    }
    app.at("2026-03-16T09:00:00");
    assert_eq!(derive(&app.db, &app.ambient).unwrap(), 1, "2026-Q1 ended with 14 March");
    assert_eq!(derive(&app.db, &app.ambient).unwrap(), 0, "once a day");

    let list = ask(app, "/v1/public/procedures").await;
    let items = list.expect(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert_eq!(list.header("cache-control"), "public, max-age=60");
    let page = ask(app, "/v1/public/procedures/2.1").await;
    let shown = page.expect(200);
    assert_eq!(items[1], shown);
    assert_eq!((&shown["components"][0]["name"], &shown["fees"][0]["amount"]), (&json!("Tờ khai"), &json!(20000)));
    assert_eq!(
        (&shown["grounds"][0], &shown["field_name"]),
        (&json!("Nghị định 20/2021/NĐ-CP"), &json!("Bảo trợ xã hội"))
    );
    assert_eq!(shown["rule"]["amount"], 10);
    // 90 % of five are all five.
    assert_eq!(
        shown["usual_time"],
        json!({"quarter": "2026-Q1", "from": "2025-12-15", "to": "2026-03-14", "ended": 5, "percent": 90, "within_working_days": 9})
    );
    assert_eq!(items[0]["usual_time"], Value::Null, "four are too few to be told of");
    assert_eq!(shown["version"], Value::Null);

    let tag = page.header("etag").to_owned();
    let known = app.send(Method::GET, "/v1/public/procedures/2.1", None, &[("if-none-match", &tag)], None).await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
    let found = ask(app, "/v1/public/procedures?q=tang%20mai").await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let first = ask(app, "/v1/public/procedures?limit=1").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ask(app, &format!("/v1/public/procedures?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&second["items"][0]["code"], &second["next_cursor"]), (&json!("2.1"), &Value::Null));
    assert_eq!(ask(app, "/v1/public/procedures/9.9").await.problem(404), "not_found");
    assert_eq!(ask(app, "/v1/public/procedures?agency=H16").await.problem(400), "unknown_parameter");

    let csv = ask(app, "/v1/public/processing-times.csv").await;
    let lines: Vec<&str> = csv.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "procedure,name,field,quarter,from,to,ended,within_days_50,within_days_75,within_days_90,on_time,on_time_percent"
    );
    assert_eq!(lines[1], "\"1.001739\",\"Trợ cấp\",\"BTXH\",2026-Q1,2025-12-15,2026-03-14,<5,,,,,");
    // Half of five are three: within 2 days; three quarters four: within 3.
    assert_eq!(lines[2], "\"2.1\",\"Hỗ trợ mai táng\",\"BTXH\",2026-Q1,2025-12-15,2026-03-14,5,2,3,9,5,100.00");
    assert_eq!(lines.len(), 3);
});

story!(the_posted_catalogue_is_made_once_a_minute_and_at_midnight, |app| {
    let admin = app.office().await;
    let count = async || ask(app, "/v1/public/procedures").await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!(count().await, 1);
    app.post("/v1/procedures", &admin, content(json!({"code": "2.1"}))).await.expect(201);
    app.post("/v1/procedures", &admin, content(json!({"code": "2.2", "valid_from": "2026-03-03"}))).await.expect(201);
    assert_eq!(count().await, 1, "still what was made");
    app.at("2026-03-02T09:01:00");
    assert_eq!(count().await, 2);
    app.at("2026-03-02T23:59:30");
    assert_eq!(count().await, 2);
    app.at("2026-03-03T00:00:00");
    assert_eq!(count().await, 3, "a version begins with its day");
});

story!(anonymous_readers_are_limited_and_signed_in_ones_are_not, |app| {
    let admin = app.office().await;
    // 300 a minute for an address.
    for _ in 0..300 {
        assert_eq!(ask(app, "/v1/public/procedures/1.001739").await.status.as_u16(), 200);
    }
    let refused = ask(app, "/v1/public/processing-times.csv").await;
    assert_eq!(refused.problem(429), "too_many_requests");
    assert_eq!(refused.header("retry-after"), "1");
    app.get("/v1/public/procedures/1.001739", &admin).await.expect(200);
});
