//! The board's stream: events as they happen, in the caller's reach alone, and nothing lost over a break.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use futures_util::StreamExt;
use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// An event as it was sent: `id`, name, data.
type Event = (String, String, Value);

fn events(text: &str) -> Vec<Event> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':'));
    let member = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim_start_matches(": ").to_owned()
    };
    blocks
        .map(|block| {
            (member(block, "id"), member(block, "event"), serde_json::from_str(&member(block, "data")).unwrap())
        })
        .collect()
}

/// What there is behind an event.
async fn since(app: &TestApp, token: &str, last: &str) -> Vec<Event> {
    let answer = app.send(Method::GET, "/v1/board/stream?wait=0", Some(token), &[("last-event-id", last)], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store");
    events(&answer.text)
}

story!(a_stream_goes_on_where_it_broke_off, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({})).await;
    // Without a place the stream begins now: what was before is no news.
    let fresh = since(app, &admin, "").await;
    assert_eq!(fresh.len(), 1, "{fresh:?}");
    let (id, name, data) = &fresh[0];
    assert_eq!((name.as_str(), &data["now"]), ("ready", &json!("2026-03-02T09:00:00+07:00")));
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    let missed = since(app, &admin, id).await;
    let told: Vec<&str> = missed.iter().filter_map(|(_, _, data)| data["type"].as_str()).collect();
    assert_eq!(told, ["dossier.received", "dossier.processing"]);
    // Each event's own place is good to go on from, and no event comes twice.
    assert_eq!(since(app, &admin, &missed[1].0).await.len(), 2);
    assert_eq!(since(app, &admin, &missed[2].0).await.len(), 1);
    let text = serde_json::to_string(&missed.iter().map(|(_, _, data)| data).collect::<Vec<_>>()).unwrap();
    assert!(!text.contains("Quỳnh") && !text.contains("000000000001"), "{text}");
});

story!(a_stream_tells_of_own_dossiers_only, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H17", "name": "UBND tỉnh khác", "level": "province"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let theirs = app.user("xa", Role::FrontDesk, Some("H17")).await;
    let ours = app.user("lan", Role::FrontDesk, Some("H16.18")).await;
    let start = since(app, &admin, "").await[0].0.clone();
    app.receive(&admin, json!({})).await;
    assert_eq!(since(app, &theirs, &start).await.len(), 1);
    assert_eq!(since(app, &ours, &start).await.len(), 2);
});

story!(what_cannot_be_a_place_or_a_wait_is_refused, |app| {
    let admin = app.office().await;
    let ask = async |query: &str, last: &str| {
        app.send(Method::GET, &format!("/v1/board/stream{query}"), Some(&admin), &[("last-event-id", last)], None).await
    };
    assert_eq!(ask("?wait=0", "x").await.problem(400), "bad_cursor");
    // A place that the feed has not reached: of another database, perhaps.
    assert_eq!(ask("?wait=0", "WyI5OTkiXQ").await.problem(400), "bad_cursor");
    assert_eq!(ask("?wait=901", "").await.problem(422), "out_of_range");
    assert_eq!(ask("?wait=-1", "").await.problem(400), "invalid_parameter");
    assert_eq!(ask("?agency=H16", "").await.problem(400), "unknown_parameter");
});

story!(events_come_as_they_are_committed_until_the_session_ends, |app| {
    let admin = app.office().await;
    let leader = app.user("cuong", Role::Leader, Some("H16.18")).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{}/v1/board/stream", app.base)).bearer_auth(&leader).send().await.unwrap();
    let mut body = answer.bytes_stream();
    let mut next = async || tokio::time::timeout(Duration::from_secs(20), body.next()).await.unwrap();
    let ready = next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&ready).contains("event: ready"));
    let code = app.receive(&admin, json!({})).await;
    let change = String::from_utf8_lossy(&next().await.unwrap().unwrap()).into_owned();
    assert_eq!(events(&change)[0].2["subject"], code.as_str());
    // A new day is news by itself: what was due yesterday is overdue.
    app.at("2026-03-02T09:10:00");
    app.send(Method::DELETE, "/v1/sessions/current", Some(&leader), &[], None).await;
    app.receive(&admin, json!({})).await;
    assert!(next().await.is_none(), "who has signed out hears no more");
});

story!(a_new_day_is_told_of, |app| {
    app.office().await;
    app.at("2026-03-02T23:55:00");
    let admin = app.sign_in("admin").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{}/v1/board/stream", app.base)).bearer_auth(&admin).send().await.unwrap();
    let mut body = answer.bytes_stream();
    let mut next = async || tokio::time::timeout(Duration::from_secs(20), body.next()).await.unwrap().unwrap().unwrap();
    assert!(String::from_utf8_lossy(&next().await).contains("ready"));
    app.at("2026-03-03T00:00:01");
    let told = String::from_utf8_lossy(&next().await).into_owned();
    assert_eq!(events(&told)[0].1, "day");
    assert_eq!(events(&told)[0].2["now"], "2026-03-03T00:00:01+07:00");
});
