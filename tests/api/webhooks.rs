//! Webhooks: signed, retried, in order, given up and replayed, and never sent where they must not go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveDateTime, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use motcua::domain::delivery::Means;
use motcua::domain::notice::Notices;
use motcua::domain::vocabulary::Role;
use motcua::integrations::destination::Destination;
use motcua::integrations::webhook::Webhooks;
use motcua::worker::delivery::Courier;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::story;
use crate::support::{Kind, TestApp};

/// A subscriber's server: answers with the status set for an event's type, else with the one for all.
struct Receiver {
    server: MockServer,
    answers: Arc<Mutex<BTreeMap<String, u16>>>,
}

impl Receiver {
    async fn start() -> Self {
        let answers: Arc<Mutex<BTreeMap<String, u16>>> = Arc::default();
        let (server, known) = (MockServer::start().await, Arc::clone(&answers));
        let answer = move |request: &Request| {
            let event: Value = serde_json::from_slice(&request.body).unwrap();
            let known = known.lock().unwrap();
            let status = known.get(event["type"].as_str().unwrap()).or_else(|| known.get("*")).copied();
            ResponseTemplate::new(status.unwrap_or(204)).insert_header("location", "/elsewhere")
        };
        Mock::given(matchers::method("POST")).respond_with(answer).mount(&server).await;
        Self { server, answers }
    }

    /// Answers events of a type (`*`: of all others) with a status from now on.
    fn answer(&self, kind: &str, status: u16) {
        self.answers.lock().unwrap().insert(kind.to_owned(), status);
    }

    fn url(&self) -> String {
        format!("{}/hook", self.server.uri())
    }

    async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    async fn types(&self) -> Vec<String> {
        self.requests().await.iter().map(|request| body(request)["type"].as_str().unwrap().to_owned()).collect()
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).unwrap().to_str().unwrap()
}

/// Verifies as the standard tells receivers to: by the raw bytes, with any signature of the list.
fn is_signed_by(request: &Request, secret: &str) -> bool {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut content =
        format!("{}.{}.", header(request, "webhook-id"), header(request, "webhook-timestamp")).into_bytes();
    content.extend_from_slice(&request.body);
    header(request, "webhook-signature").split(' ').any(|signature| {
        let (version, signature) = signature.split_once(',').unwrap();
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&content);
        version == "v1" && mac.verify_slice(&STANDARD.decode(signature).unwrap()).is_ok()
    })
}

fn courier(app: &TestApp, allow_private: bool) -> Arc<Courier> {
    let webhooks: Arc<dyn Destination> = Arc::new(Webhooks::new(allow_private).unwrap());
    let destinations = BTreeMap::from([(Means::Webhook, webhooks)]);
    Arc::new(Courier::new(app.db.clone(), app.ambient.clone(), Notices::default(), destinations))
}

async fn subscribe(app: &TestApp, url: &str, overlay: Value) -> Value {
    let mut body = json!({"url": url, "events": ["*"]});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post("/v1/webhooks", &app.admin().await, body).await.expect(201)
}

async fn log(app: &TestApp, id: &str) -> Vec<Value> {
    let listed = app.get(&format!("/v1/webhooks/{id}/deliveries"), &app.admin().await).await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

fn statuses(log: &[Value]) -> Vec<(&str, &str)> {
    log.iter().map(|one| (one["type"].as_str().unwrap(), one["status"].as_str().unwrap())).collect()
}

fn advance(app: &TestApp, seconds: i64) {
    app.ambient.set(app.ambient.now() + TimeDelta::seconds(seconds));
}

story!(events_go_out_signed_and_in_order, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    app.receive(&admin, json!({})).await;
    let made = subscribe(app, &receiver.url(), json!({"description": "Kho dữ liệu"})).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    // Standard Webhooks: at least 24 bytes in base64 behind `whsec_`.
    assert!(STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap().len() >= 24);
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    courier(app, true).settle().await.unwrap();
    let requests = receiver.requests().await;
    let expected = ["dossier.received", "dossier.processing", "dossier.finished"];
    assert_eq!(receiver.types().await, expected, "what was before the subscription is not news");
    for request in &requests {
        assert!(is_signed_by(request, secret));
        assert!(!is_signed_by(request, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!(header(request, "content-type"), "application/cloudevents+json");
        assert_eq!(body(request)["subject"], json!(code));
        // 2026-03-02T09:00:00+07:00.
        assert_eq!(header(request, "webhook-timestamp"), "1772416800");
    }
    let feed = app.get("/v1/changes", &admin).await.expect(200);
    assert_eq!(body(&requests[2]), feed["items"][3], "the feed and the webhook tell the same");
    let log = log(app, id).await;
    let newest = &log[0];
    assert_eq!(statuses(&log)[0], ("dossier.finished", "delivered"));
    assert_eq!((&newest["attempts"], &newest["response_code"]), (&json!(1), &json!(204)));
    assert_eq!(newest["attempted_at"], "2026-03-02T09:00:00+07:00");
    assert_eq!(header(&requests[2], "webhook-id"), format!("msg_{}", newest["id"].as_str().unwrap()));
    courier(app, true).settle().await.unwrap();
    assert_eq!(receiver.requests().await.len(), 3, "once is enough");
    let shown = app.get(&format!("/v1/webhooks/{id}"), &admin).await;
    assert!(!shown.text.contains("whsec") && shown.json()["description"] == "Kho dữ liệu", "{}", shown.text);
});

story!(a_retry_sends_the_same_and_holds_up_what_is_behind_it, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let courier = courier(app, true);
    receiver.answer("*", 503);
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    courier.settle().await.unwrap();
    courier.settle().await.unwrap();
    assert_eq!(receiver.types().await, ["dossier.received"], "not before its time, and nobody overtakes");
    // The first wait is ten seconds, the second twenty, a fifth more or less.
    advance(app, 7);
    courier.settle().await.unwrap();
    assert_eq!(receiver.requests().await.len(), 1);
    advance(app, 5);
    courier.settle().await.unwrap();
    assert_eq!(receiver.requests().await.len(), 2);
    let head = log(app, id).await.pop().unwrap();
    assert_eq!(
        (&head["status"], &head["attempts"], &head["response_code"]),
        (&json!("waiting"), &json!(2), &json!(503))
    );
    receiver.answer("*", 200);
    advance(app, 24);
    courier.settle().await.unwrap();
    let requests = receiver.requests().await;
    let expected = ["dossier.received", "dossier.received", "dossier.received", "dossier.processing"];
    assert_eq!(receiver.types().await, expected);
    for retry in &requests[1..3] {
        assert_eq!(retry.body, requests[0].body);
        assert_eq!(header(retry, "webhook-id"), header(&requests[0], "webhook-id"));
        assert!(is_signed_by(retry, secret));
    }
    // Standard Webhooks: the timestamp is the attempt's, else every receiver would take a retry for a replay attack.
    let times: Vec<i64> = requests.iter().map(|one| header(one, "webhook-timestamp").parse().unwrap()).collect();
    assert_eq!(times, [1_772_416_800, 1_772_416_812, 1_772_416_836, 1_772_416_836]);
});

story!(what_fails_for_three_days_is_dead_and_can_be_replayed, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    let id = made["id"].as_str().unwrap();
    let courier = courier(app, true);
    receiver.answer("dossier.received", 500);
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    let start: NaiveDateTime = app.ambient.now();
    while app.ambient.now() < start + TimeDelta::hours(72) {
        courier.settle().await.unwrap();
        assert!(!receiver.types().await.contains(&"dossier.processing".to_owned()), "at {}", app.ambient.now());
        advance(app, 1_800);
    }
    courier.settle().await.unwrap();
    let first = log(app, id).await;
    assert_eq!(statuses(&first), [("dossier.processing", "delivered"), ("dossier.received", "dead")]);
    assert_eq!(first[1]["attempted_at"], "2026-03-05T09:00:00+07:00", "the last attempt is after three days");
    assert_eq!((&first[1]["response_code"], &first[1]["next_attempt_at"]), (&json!(500), &json!(null)));
    // Doubling from ten seconds it is tried some twenty times in three days; looked at every half hour, at least 12.
    assert!(first[1]["attempts"].as_i64().unwrap() >= 12, "{}", first[1]);

    let admin = app.admin().await;
    let dead = first[1]["id"].as_str().unwrap();
    let replay = format!("/v1/webhooks/{id}/deliveries/{dead}/replay");
    assert_eq!(app.post(&replay, &admin, json!({})).await.expect(200)["status"], "waiting");
    assert_eq!(app.post(&replay, &admin, json!({})).await.problem(409), "delivery_waits");
    courier.settle().await.unwrap();
    // It fails again, and what is new does not wait for it.
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    courier.settle().await.unwrap();
    assert_eq!(receiver.types().await.last().unwrap(), "dossier.finished");
    receiver.answer("dossier.received", 200);
    advance(app, 12);
    courier.settle().await.unwrap();
    let requests = receiver.requests().await;
    let last = requests.last().unwrap();
    assert_eq!(header(last, "webhook-id"), format!("msg_{dead}"), "the same message");
    assert_eq!(last.body, requests[0].body);
    assert_eq!(log(app, id).await.iter().filter(|one| one["status"] == "delivered").count(), 3);
});

story!(everything_dead_since_a_time_is_replayed_at_once, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    let id = made["id"].as_str().unwrap();
    let courier = courier(app, true);
    receiver.answer("*", 500);
    for _ in 0..3 {
        app.receive(&admin, json!({})).await;
    }
    courier.settle().await.unwrap();
    advance(app, 73 * 3_600);
    courier.settle().await.unwrap();
    assert!(log(app, id).await.iter().all(|one| one["status"] == "dead"));
    let admin = app.admin().await;
    receiver.answer("*", 200);
    let path = format!("/v1/webhooks/{id}/replay");
    let none = app.post(&path, &admin, json!({"since": "2026-03-02T09:00:01+07:00"})).await.expect(200);
    assert_eq!(none, json!({"replayed": 0}));
    let all = app.post(&path, &admin, json!({"since": "2026-03-02T09:00:00+07:00"})).await.expect(200);
    assert_eq!(all, json!({"replayed": 3}));
    courier.settle().await.unwrap();
    let subjects: Vec<Value> =
        receiver.requests().await.iter().rev().take(3).rev().map(|request| body(request)["subject"].clone()).collect();
    let expected = ["H16.18-260302-0001", "H16.18-260302-0002", "H16.18-260302-0003"];
    assert_eq!(subjects, expected);
    assert!(log(app, id).await.iter().all(|one| one["status"] == "delivered"));
});

story!(an_old_secret_signs_beside_the_new_one_for_a_day, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    let (id, old) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let rotated = app.post(&format!("/v1/webhooks/{id}/rotate-secret"), &admin, json!({})).await;
    assert_eq!(rotated.header("cache-control"), "no-store");
    let rotated = rotated.expect(200);
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(rotated["old_secret_until"], "2026-03-03T09:00:00+07:00");
    let courier = courier(app, true);
    app.receive(&admin, json!({})).await;
    courier.settle().await.unwrap();
    app.at("2026-03-03T09:00:00");
    app.receive(&app.admin().await, json!({})).await;
    courier.settle().await.unwrap();
    let requests = receiver.requests().await;
    assert_eq!(header(&requests[0], "webhook-signature").split(' ').count(), 2);
    assert!(is_signed_by(&requests[0], old) && is_signed_by(&requests[0], new));
    assert_eq!(header(&requests[1], "webhook-signature").split(' ').count(), 1);
    assert!(!is_signed_by(&requests[1], old) && is_signed_by(&requests[1], new));
});

story!(who_is_gone_is_switched_off_and_can_be_switched_on_again, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    let id = made["id"].as_str().unwrap();
    let courier = courier(app, true);
    receiver.answer("*", 410);
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    courier.settle().await.unwrap();
    assert_eq!(receiver.requests().await.len(), 1);
    let path = format!("/v1/webhooks/{id}");
    let shown = app.get(&path, &admin).await.expect(200);
    assert_eq!((&shown["active"], &shown["switched_off"]), (&json!(false), &json!("gone")));
    assert_eq!(app.post(&format!("{path}/test"), &admin, json!({})).await.problem(409), "webhook_off");
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    courier.settle().await.unwrap();
    receiver.answer("*", 200);
    let patch = json!({"active": true, "events": ["dossier.*"]});
    let version = format!("\"{}\"", shown["version"]);
    let stale = app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "\"1\"")], Some(patch.clone())).await;
    assert_eq!(stale.problem(412), "changed");
    let on = app.send(Method::PATCH, &path, Some(&admin), &[("if-match", &version)], Some(patch)).await.expect(200);
    assert_eq!((&on["active"], &on["switched_off"]), (&json!(true), &json!(null)));
    courier.settle().await.unwrap();
    let expected = ["dossier.received", "dossier.processing", "dossier.finished"];
    assert_eq!(receiver.types().await, expected, "it goes on where it stopped");
});

story!(a_redirect_is_not_followed, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let made = subscribe(app, &receiver.url(), json!({})).await;
    for status in [301, 302, 307, 308] {
        receiver.answer("webhook.test", status);
        app.post(&format!("/v1/webhooks/{}/test", made["id"].as_str().unwrap()), &admin, json!({})).await.expect(200);
        courier(app, true).settle().await.unwrap();
    }
    let requests = receiver.requests().await;
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|request| request.url.path() == "/hook"));
    let log = log(app, made["id"].as_str().unwrap()).await;
    assert!(log.iter().all(|one| one["status"] == "dead" && one["attempts"] == 1), "a test is not tried again");
    let mut codes: Vec<i64> = log.iter().map(|one| one["response_code"].as_i64().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [301, 302, 307, 308]);
});

story!(private_addresses_are_not_called, |app| {
    let admin = app.office().await;
    let receiver = Receiver::start().await;
    let port = receiver.server.address().port();
    // A name is judged by the address it leads to at the moment of the call.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let made = subscribe(app, &format!("http://{host}:{port}/hook"), json!({})).await;
        let id = made["id"].as_str().unwrap();
        app.post(&format!("/v1/webhooks/{id}/test"), &admin, json!({})).await.expect(200);
        courier(app, false).settle().await.unwrap();
        let log = log(app, id).await;
        assert_eq!((&log[0]["fault"], &log[0]["response_code"]), (&json!("private_target"), &json!(null)), "{host}");
    }
    assert_eq!(receiver.requests().await.len(), 0);
});

#[actix_web::test]
async fn private_addresses_are_refused_when_a_webhook_is_set_up() {
    let app = TestApp::start_guarded(Kind::Sqlite).await.unwrap();
    let admin = app.office().await;
    for (url, code) in [
        ("http://127.0.0.1:9/", "private_target"),
        ("http://2130706433/", "private_target"),
        ("http://localhost/", "private_target"),
        ("https://10.0.0.1/", "private_target"),
        ("http://169.254.169.254/latest", "private_target"),
        ("http://[fd00::1]/", "private_target"),
        ("ftp://example.vn/", "bad_url"),
        ("https://user:pass@example.vn/", "bad_url"),
        ("nonsense", "bad_url"),
    ] {
        let answer = app.post("/v1/webhooks", &admin, json!({"url": url, "events": ["*"]})).await;
        assert_eq!(answer.problem(422), "validation", "{url}");
        let error = &answer.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/url"), &json!(code)), "{url}");
    }
    for events in [json!([]), json!(["dossier.finishd"]), json!(["files.*"])] {
        let body = json!({"url": "https://example.vn/", "events": events});
        assert_eq!(app.post("/v1/webhooks", &admin, body).await.problem(422), "validation");
    }
    let made =
        app.post("/v1/webhooks", &admin, json!({"url": "https://example.vn/", "events": ["*"]})).await.expect(201);
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let body = Some(json!({"url": "http://192.168.0.1/"}));
    let answer = app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], body).await;
    assert_eq!(answer.problem(422), "validation");
    assert_eq!(
        app.send(Method::PATCH, &path, Some(&admin), &[], Some(json!({}))).await.problem(428),
        "precondition_required"
    );
}

story!(a_subscriber_gets_what_it_asked_for_from_where_it_asked, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let first = app.receive(&admin, json!({})).await;
    let here = app.get("/v1/changes", &admin).await.expect(200)["next"].as_str().unwrap().to_owned();
    app.receive(&admin, json!({"agency": "H16.19"})).await;
    app.transition(&admin, &first, json!({"to": "finished"})).await.expect(200);
    let wishes = [
        (json!({"from": "beginning"}), vec!["dossier.received", "dossier.received", "dossier.finished"]),
        (json!({"from": here}), vec!["dossier.received", "dossier.finished"]),
        (json!({"from": "beginning", "agency": "H16.18"}), vec!["dossier.received", "dossier.finished"]),
        (json!({"from": "beginning", "events": ["dossier.finished", "letter.*"]}), vec!["dossier.finished"]),
        (json!({"from": "now"}), vec![]),
    ];
    for (wish, expected) in wishes {
        let receiver = Receiver::start().await;
        let made = subscribe(app, &receiver.url(), wish.clone()).await;
        courier(app, true).settle().await.unwrap();
        assert_eq!(receiver.types().await, expected, "{wish}");
        let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
        app.send(Method::DELETE, &path, Some(&admin), &[], None).await.expect(204);
        assert_eq!(app.get(&path, &admin).await.problem(404), "not_found");
    }
    let body = json!({"url": "https://example.vn/", "events": ["*"], "from": "WyI5OTkiXQ"});
    assert_eq!(app.post("/v1/webhooks", &admin, body).await.status.as_u16(), 400);
    let body = json!({"url": "https://example.vn/", "events": ["*"], "from": "yesterday"});
    assert_eq!(app.post("/v1/webhooks", &admin, body).await.problem(422), "validation");
});

story!(an_administrator_of_one_agency_keeps_to_it, |app| {
    let admin = app.office().await;
    let all = subscribe(app, "https://example.vn/", json!({})).await;
    let own = app.user("own", Role::Admin, Some("H16.18")).await;
    let body = json!({"url": "https://example.vn/", "events": ["*"]});
    let made = app.post("/v1/webhooks", &own, body).await.expect(201);
    assert_eq!(made["agency"], "H16.18", "one's own agency when not said");
    let body = json!({"url": "https://example.vn/", "events": ["*"], "agency": "H16"});
    assert_eq!(app.post("/v1/webhooks", &own, body).await.problem(422), "unknown_reference");
    let listed = app.get("/v1/webhooks", &own).await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &made["id"]));
    assert_eq!(app.get("/v1/webhooks", &admin).await.expect(200)["items"].as_array().unwrap().len(), 2);
    let path = format!("/v1/webhooks/{}", all["id"].as_str().unwrap());
    for (method, below, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(json!({"active": false}))),
        (Method::DELETE, "", None),
        (Method::GET, "/deliveries", None),
        (Method::POST, "/test", Some(json!({}))),
        (Method::POST, "/rotate-secret", Some(json!({}))),
        (Method::POST, "/replay", Some(json!({"since": "2026-03-02T09:00:00+07:00"}))),
        (Method::POST, "/deliveries/x/replay", Some(json!({}))),
    ] {
        let answer = app.send(method, &format!("{path}{below}"), Some(&own), &[("if-match", "*")], body).await;
        assert_eq!(answer.problem(404), "not_found", "{below}");
    }
});

story!(a_serving_process_sends_at_once_and_hands_its_work_over, |app| {
    let admin = app.office().await;
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        arrived.send(body(request)["subject"].clone()).unwrap();
        ResponseTemplate::new(200)
    };
    Mock::given(matchers::method("POST")).respond_with(answer).mount(&server).await;
    subscribe(app, &server.uri(), json!({})).await;
    for round in 0..2 {
        // The second process takes over without waiting for the first one's lease: the clock stands still.
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let process = tokio::spawn(motcua::worker::delivery::run(courier(app, true), stopped));
        let code = app.receive(&admin, json!({})).await;
        assert_eq!(arrivals.recv().await, Some(json!(code)), "round {round}");
        stop.send(true).unwrap();
        process.await.unwrap();
    }
});
