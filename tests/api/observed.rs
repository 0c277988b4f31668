//! What whoever runs the service sees: metrics after real events, traces through to webhooks, and routes on their way out.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use motcua::domain::delivery::Means;
use motcua::domain::notice::Notices;
use motcua::domain::trace_context::TraceContext;
use motcua::flow::sweep::sweep;
use motcua::http::edges::Edges;
use motcua::http::retiring::Retiring;
use motcua::integrations::destination::Destination;
use motcua::integrations::webhook::Webhooks;
use motcua::worker::delivery::Courier;
use motcua::worker::work_once;
use reqwest::Method;
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::story;
use crate::support::{Kind, TestApp, dossier};

/// The samples of `/metrics`, some seconds later, so that they are read anew.
async fn metrics(app: &TestApp) -> BTreeMap<String, f64> {
    app.ambient.set(app.ambient.now() + TimeDelta::seconds(10));
    let answer = app.send(Method::GET, "/metrics", None, &[], None).await;
    answer.expect_bytes(200);
    let lines = answer.text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.into(), value.parse().unwrap()))
        .collect()
}

fn courier(app: &TestApp) -> Arc<Courier> {
    let webhooks: Arc<dyn Destination> = Arc::new(Webhooks::new(true).unwrap());
    let destinations = BTreeMap::from([(Means::Webhook, webhooks)]);
    Arc::new(Courier::new(app.db.clone(), app.ambient.clone(), Notices::default(), destinations))
}

async fn subscriber(app: &TestApp, status: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(matchers::method("POST")).respond_with(ResponseTemplate::new(status)).mount(&server).await;
    let body = json!({"url": server.uri(), "events": ["*"]});
    app.post("/v1/webhooks", &app.admin().await, body).await.expect(201);
    server
}

const LATE_DRAFTS: &str = "motcua_letters_waiting{kind=\"late\",status=\"draft\"}";

story!(metrics_tell_what_waits_and_how_far_work_is_behind, |app| {
    let admin = app.office().await;
    let fresh = metrics(app).await;
    for nothing in ["motcua_dossiers_overdue", LATE_DRAFTS, "motcua_outbox_events", "motcua_messages_waiting"] {
        assert_eq!(fresh[nothing], 0.0, "{nothing}");
    }
    assert!(!fresh.contains_key("motcua_sweep_lag_seconds"), "of a round that never was there is no age");
    let _subscriber = subscriber(app, 503).await;
    app.receive(&admin, json!({})).await;
    let seen = metrics(app).await;
    assert_eq!((seen["motcua_outbox_events"], seen["motcua_outbox_lag_seconds"]), (1.0, 10.0));
    assert!(seen["motcua_audit_unsealed_entries"] >= 1.0);
    courier(app).settle().await.unwrap();
    let seen = metrics(app).await;
    assert_eq!((seen["motcua_outbox_events"], seen["motcua_feed_behind_events"]), (0.0, 0.0));
    assert_eq!((seen["motcua_messages_waiting"], seen["motcua_messages_lag_seconds"]), (1.0, 10.0));

    // Five working days from Monday 2 March end on Monday the 9th. It is overdue before anybody noticed it.
    app.at("2026-03-10T08:59:50");
    let seen = metrics(app).await;
    assert_eq!((seen["motcua_dossiers_overdue"], seen[LATE_DRAFTS]), (1.0, 0.0));
    sweep(&app.db, &app.ambient, 0).unwrap();
    let seen = metrics(app).await;
    assert_eq!((seen["motcua_dossiers_overdue"], seen[LATE_DRAFTS]), (1.0, 1.0));

    // A complete round, of which every process tells the age, whoever did it.
    let (db, ambient, files) = (app.db.clone(), app.ambient.clone(), app.files.clone());
    tokio::task::spawn_blocking(move || work_once(db, ambient, files, 0)).await.unwrap().unwrap();
    let seen = metrics(app).await;
    assert_eq!((seen["motcua_sweep_lag_seconds"], seen["motcua_audit_unsealed_entries"]), (10.0, 0.0));
    assert!(seen["motcua_sweep_round_seconds"] > 0.0 && seen["motcua_balance_age_seconds"] < 86_400.0 + 60.0);

    for (pool, most) in [("read", 4.0), ("write", if app.kind() == Kind::Sqlite { 1.0 } else { 4.0 })] {
        assert_eq!(seen[&format!("motcua_pool_connections_max{{pool=\"{pool}\"}}")], most);
        assert_eq!(seen[&format!("motcua_pool_waiting{{pool=\"{pool}\"}}")], 0.0);
        assert_eq!(seen[&format!("motcua_pool_timeouts_total{{pool=\"{pool}\"}}")], 0.0);
    }
    assert_eq!(seen["motcua_database_up"], 1.0);
    assert!(seen["motcua_process_resident_bytes"] > 1e6 && seen["motcua_process_start_time_seconds"] > 1e9);
    let bucket = "motcua_http_request_seconds_bucket{method=\"POST\",route=\"/v1/dossiers\",le=\"30\"}";
    assert!(seen[bucket] >= 1.0, "a histogram, and no summary of one process");
});

story!(what_is_late_to_be_sealed_or_sent_is_not_asked_for_at_every_scrape, |app| {
    let admin = app.office().await;
    metrics(app).await;
    app.receive(&admin, json!({})).await;
    let at_once = app.send(Method::GET, "/metrics", None, &[], None).await;
    assert!(at_once.text.contains("\nmotcua_outbox_events 0\n"), "within five seconds it is as it was read");
    assert_eq!(metrics(app).await["motcua_outbox_events"], 1.0);
});

story!(a_webhook_goes_on_with_the_trace_of_the_request_that_caused_it, |app| {
    let admin = app.office().await;
    let subscriber = subscriber(app, 204).await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let cause = TraceContext::read(given).unwrap();
    let token = Some(admin.as_str());
    let send = async |headers: &[(&str, &str)]| {
        app.send(Method::POST, "/v1/dossiers", token, headers, Some(dossier(json!({})))).await.expect(201)
    };
    send(&[("traceparent", given)]).await;
    send(&[]).await;
    send(&[("traceparent", "00-nonsense")]).await;
    courier(app).settle().await.unwrap();
    let requests = subscriber.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3);
    let told = TraceContext::read(requests[0].headers["traceparent"].to_str().unwrap()).unwrap();
    assert_eq!((told.trace, told.is_sampled), (cause.trace, true));
    assert_ne!(told.span, cause.span, "the call is a piece of work of its own");
    assert!(requests[1..].iter().all(|request| !request.headers.contains_key("traceparent")));
});

/// Fields retire on 1 January 2027 and go with the year.
static RETIRED: &[Retiring] =
    &[Retiring { route: "/v1/fields", since: 1_798_736_400, sunset: 1_830_272_399, successor: "/v2/fields" }];

async fn tells_what_retires(kind: Kind) {
    let edges = Edges { retiring: RETIRED, ..Edges::default() };
    let Some(app) = TestApp::start_behind(kind, edges).await else { return };
    let admin = app.office().await;
    let answer = app.get("/v1/fields", &admin).await;
    answer.expect(200);
    assert_eq!(answer.header("deprecation"), "@1798736400");
    assert_eq!(answer.header("sunset"), "Fri, 31 Dec 2027 16:59:59 GMT");
    assert_eq!(answer.header("link"), "</v2/fields>; rel=\"successor-version\"");
    // What is refused on it retires, too; what is not in the table does not.
    assert_eq!(app.post("/v1/fields", &admin, json!({})).await.header("deprecation"), "@1798736400");
    assert!(!app.get("/v1/agencies", &admin).await.headers.contains_key("deprecation"));
    let document = app.get("/openapi.json", &admin).await.expect(200);
    let is_deprecated = |path: &str, method: &str| document["paths"][path][method]["deprecated"] == json!(true);
    assert!(is_deprecated("/v1/fields", "get") && is_deprecated("/v1/fields", "post"));
    assert!(!is_deprecated("/v1/agencies", "get"));
}

#[actix_web::test]
async fn what_retires_says_so_in_answers_and_document() {
    tells_what_retires(Kind::Sqlite).await;
    tells_what_retires(Kind::Postgres).await;
}
