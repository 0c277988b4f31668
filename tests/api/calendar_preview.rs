//! The calendar of the next year: missed from October on, and looked at before it moves anything.

use motcua::flow::calendar_watch::missing_today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

fn days(given: &[(&str, &str)]) -> Value {
    let day = |(date, kind): &(&str, &str)| json!({"date": date, "kind": kind, "name": "x", "ground": "Thông báo thử"});
    json!({"days": given.iter().map(day).collect::<Vec<Value>>()})
}

async fn load(app: &TestApp, days: Value) {
    let admin = app.admin().await;
    app.send(Method::PUT, "/v1/calendar/2027", Some(&admin), &[("if-match", "*")], Some(days)).await.expect(200);
}

async fn numbers(app: &TestApp, days: Value) -> (u64, u64, u64) {
    let shown = app.post("/v1/calendar/2027/preview", &app.admin().await, days).await.expect(200);
    let number = |name: &str| shown[name].as_u64().unwrap();
    (number("count"), number("moves"), number("change_class"))
}

story!(the_next_year_is_missed_from_october_on_until_it_is_loaded, |app| {
    app.at("2026-09-30T23:59:59");
    let ready = app.get("/readyz", "").await.expect(200);
    assert_eq!((&ready["warnings"], &ready["calendar_missing"]), (&json!([]), &Value::Null));
    assert_eq!(missing_today(&app.db, &app.ambient).unwrap(), None);
    app.at("2026-10-01T00:00:00");
    let ready = app.get("/readyz", "").await.expect(200);
    assert_eq!((&ready["warnings"], &ready["calendar_missing"]), (&json!(["calendar_missing"]), &json!(2027)));
    let listed = app.get("/v1/calendar", &app.admin().await).await.expect(200);
    assert_eq!(listed["missing"], 2027);
    let years: Vec<_> = listed["years"].as_array().unwrap().iter().map(|one| (&one["year"], &one["source"])).collect();
    assert_eq!(years[1..3], [(&json!(2026), &json!("official")), (&json!(2027), &json!("provisional"))]);
    // Said once a day, whichever process looks.
    for (now, said) in [
        ("2026-10-01T00:00:30", Some(2027)),
        ("2026-10-01T00:01:30", None),
        ("2026-10-01T23:59:30", None),
        ("2026-10-02T00:00:30", Some(2027)),
    ] {
        app.at(now);
        assert_eq!(missing_today(&app.db, &app.ambient).unwrap(), said, "{now}");
    }
    load(app, days(&[("2027-01-01", "off")])).await;
    assert_eq!(app.get("/readyz", "").await.expect(200)["warnings"], json!([]));
    assert_eq!(app.get("/v1/calendar", &app.admin().await).await.expect(200)["missing"], Value::Null);
    app.at("2026-10-03T00:00:30");
    assert_eq!(missing_today(&app.db, &app.ambient).unwrap(), None);
});

story!(a_year_shows_its_effect_before_anything_moves, |app| {
    app.office().await;
    // Contract, section 4: five working days after Monday 28 December 2026 are 29, 30, 31, and 4 and 5 January; 1 January is off
    // by law.
    app.at("2026-12-28T09:00:00");
    let admin = app.admin().await;
    let first = app.receive(&admin, json!({})).await;
    let second = app.receive(&admin, json!({})).await;
    // The clock of the third stands still.
    let paused = app.receive(&admin, json!({})).await;
    app.transition(&admin, &paused, json!({"to": "supplement_required", "reason": "x"})).await.expect(200);
    let due = async |code: &str| {
        app.get(&format!("/v1/dossiers/{code}"), &app.admin().await).await.expect(200)["due_on"].clone()
    };
    assert_eq!(due(&first).await, "2027-01-05");
    let (off, longer) = (("2027-01-01", "off"), ("2027-01-04", "off"));
    // A day later, both long before.
    assert_eq!(numbers(app, days(&[off, longer])).await, (3, 3, 0));
    assert_eq!(numbers(app, days(&[off])).await, (0, 0, 0));
    app.at("2027-01-05T10:00:00");
    // On its last day a result is on time; with a day more it is early, with the Saturday before worked it is late.
    assert_eq!(numbers(app, days(&[off, longer])).await, (3, 3, 2));
    assert_eq!(numbers(app, days(&[off, ("2027-01-02", "work")])).await, (3, 3, 2));
    let admin = app.admin().await;
    let page = app.post("/v1/calendar/2027/preview?limit=1", &admin, days(&[off, longer])).await.expect(200);
    let item = &page["items"][0];
    assert_eq!((&item["code"], &item["new_due_at"]), (&json!(first), &json!("2027-01-06T09:00:00+07:00")));
    assert_eq!((&item["old_class"], &item["new_class"]), (&json!("on_time"), &json!("early")));
    assert_eq!((&item["moved"], &page["count"]), (&json!(false), &json!(3)));
    let rest = format!("/v1/calendar/2027/preview?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = app.post(&rest, &admin, days(&[off, longer])).await.expect(200);
    assert_eq!((&rest["items"][0]["code"], &rest["items"][1]["code"]), (&json!(second), &json!(paused)));
    assert_eq!((&rest["items"][1]["old_class"], &rest["next_cursor"]), (&Value::Null, &Value::Null));
    // Nothing was stored.
    assert_eq!(app.get("/v1/calendar/2027", &admin).await.expect(200)["source"], "provisional");
    assert_eq!(due(&first).await, "2027-01-05");
    // What is late already is listed and stays.
    app.transition(&admin, &second, json!({"to": "finished"})).await.expect(200);
    app.at("2027-01-06T08:00:00");
    assert_eq!(numbers(app, days(&[off, longer])).await, (2, 1, 0));
    load(app, days(&[off, longer])).await;
    let admin = app.admin().await;
    let listed = app.post("/v1/calendar/recompute", &admin, json!({})).await.expect(200);
    let of = |name: &str| listed[name].as_u64().unwrap();
    assert_eq!((of("count"), of("moves"), of("change_class"), of("moved")), (2, 1, 0, 0));
    let moved = app.post("/v1/calendar/recompute", &admin, json!({"dry_run": false})).await.expect(200);
    assert_eq!((&moved["moves"], &moved["moved"]), (&json!(1), &json!(1)));
    assert_eq!((due(&first).await, due(&paused).await), (json!("2027-01-05"), json!("2027-01-06")));
});

story!(what_is_no_year_is_not_looked_at, |app| {
    let admin = app.office().await;
    let path = "/v1/calendar/2027/preview";
    for (body, code) in [
        (json!({}), "missing_member"),
        (json!({"days": [], "dry_run": true}), "unknown_member"),
        (days(&[("2026-01-01", "off")]), "validation"),
        (days(&[("2027-01-01", "off"), ("2027-01-01", "work")]), "validation"),
        (days(&[("2027-01-01", "holiday")]), "validation"),
    ] {
        assert!(
            [code, "validation"].contains(&app.post(path, &admin, body.clone()).await.problem(422).as_str()),
            "{body}"
        );
    }
    assert_eq!(app.post("/v1/calendar/next/preview", &admin, days(&[])).await.problem(404), "not_found");
    assert_eq!(app.post(&format!("{path}?limit=0"), &admin, days(&[])).await.problem(400), "bad_limit");
    assert_eq!(app.post(&format!("{path}?dry_run=true"), &admin, days(&[])).await.problem(400), "unknown_parameter");
});
