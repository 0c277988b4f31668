//! A streaming replica: what may lag is read from it, what must not is not, and without it everything goes on.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use reqwest::Method;
use serde_json::json;

use crate::cluster::Cluster;
use crate::fleet::{Fleet, Office, dossier, until};

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    truth: bool,
}

/// Whether the list shows a dossier.
async fn shows(fleet: &Fleet, query: &str, position: Option<&str>, code: &str) -> bool {
    let headers: Vec<(&str, &str)> = position.map(|position| ("motcua-position", position)).into_iter().collect();
    let path = format!("/v1/dossiers{query}");
    let answer = fleet.ask(&fleet.base(0), (Method::GET, &path), &headers, None).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["items"].as_array().unwrap().iter().any(|item| item["code"] == code)
}

/// Takes a dossier in; answers its code, and the position that the answer told.
async fn receive(fleet: &Fleet, key: &str) -> (String, String) {
    let taken = fleet.insist(Method::POST, "/v1/dossiers", Some(key), Some(dossier(None))).await;
    let position = taken.headers["motcua-position"].to_str().unwrap().to_owned();
    (taken.body["code"].as_str().unwrap().to_owned(), position)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_from_the_replica_and_who_must_see_more_does() {
    let Some(primary) = Cluster::start() else { return };
    let replica = primary.replica();
    let settings = [("MOTCUA_REPLICA_URL", &*replica.url()), ("MOTCUA_REPLICA_LAG_SECONDS", "3600")];
    let fleet = Fleet::start(Office::on(&primary.url(), &settings), 1).await;
    let (first, position) = receive(&fleet, "first").await;
    assert!(shows(&fleet, "", Some(&position), &first).await, "who wrote sees it");
    until("the replica has it", async || shows(&fleet, "", None, &first).await.then_some(())).await;

    let mut standby = PgConnection::establish(&replica.url()).unwrap();
    standby.batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    let paused = "SELECT pg_get_wal_replay_pause_state() = 'paused' AS truth";
    until("replay is paused", async || {
        diesel::sql_query(paused).get_result::<Truth>(&mut standby).unwrap().truth.then_some(())
    })
    .await;
    let (second, position) = receive(&fleet, "second").await;
    assert!(!shows(&fleet, "", None, &second).await, "the list is the replica's");
    assert!(!shows(&fleet, "?fresh=false", None, &second).await);
    assert!(shows(&fleet, "?fresh=true", None, &second).await);
    assert!(shows(&fleet, "", Some(&position), &second).await);
    assert!(shows(&fleet, "", Some("what nobody understands"), &second).await);
    assert_eq!(fleet.get(&format!("/v1/dossiers/{second}")).await["code"], json!(second), "one alone is the primary's");
    let refused = fleet.ask(&fleet.base(0), (Method::GET, "/v1/dossiers?fresh=perhaps"), &[], None).await.unwrap();
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!("?fresh")));
    let path = format!("/v1/dossiers/{second}?fresh=true");
    assert_eq!(fleet.ask(&fleet.base(0), (Method::GET, &path), &[], None).await.unwrap().status, 400);

    standby.batch_execute("SELECT pg_wal_replay_resume()").unwrap();
    until("the replica goes on", async || shows(&fleet, "", None, &second).await.then_some(())).await;
    drop(standby);
    replica.stop();
    let (third, _) = receive(&fleet, "third").await;
    assert!(shows(&fleet, "", None, &third).await, "without the replica the primary answers");
    let metrics = fleet.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("motcua_lagging_reads_total{from=\"replica\"}"), "{metrics}");
    assert!(metrics.contains("motcua_replica_lag_seconds"));
}
