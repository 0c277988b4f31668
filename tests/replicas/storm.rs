//! Three processes under load, of which some are killed and others stand still for longer than a lease.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::fleet::{Dice, Fleet, Office, dossier, until};
use crate::postgres::Schema;

/// How many write at once.
const WRITERS: usize = 4;
/// How many processes are killed while they write.
const KILLS: usize = 8;

/// What was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// The codes, each once.
    pub(crate) codes: BTreeSet<String>,
    /// How many of them are overdue.
    pub(crate) overdue: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Instant {
    #[diesel(sql_type = Text)]
    instant: String,
}

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    truth: bool,
}

pub(crate) fn count(database: &mut PgConnection, sql: &str) -> i64 {
    diesel::sql_query(format!("SELECT COUNT(*) AS number FROM {sql}")).get_result::<Number>(database).unwrap().number
}

/// Writes until told to stop, and at least a few: every third dossier is long overdue, every fourth is finished.
pub(crate) async fn write(fleet: Arc<Fleet>, writer: usize, enough: Arc<AtomicBool>) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    let mut place = 0;
    while place < 12 || !enough.load(Ordering::Relaxed) {
        let is_old = place % 3 == 0;
        let key = format!("dossier {writer} {place}");
        let body = dossier(is_old.then_some("2026-01-05T08:00:00+07:00"));
        let taken = fleet.insist(Method::POST, "/v1/dossiers", Some(&key), Some(body)).await.body;
        let code = taken["code"].as_str().unwrap().to_owned();
        if place % 4 == 1 {
            let path = format!("/v1/dossiers/{code}/transitions");
            let body = json!({"to": "finished", "outcome": "granted"});
            fleet.insist(Method::POST, &path, Some(&format!("finish {writer} {place}")), Some(body)).await;
        }
        assert!(acknowledged.codes.insert(code), "a code was given twice");
        acknowledged.overdue += i64::from(is_old);
        place += 1;
    }
    acknowledged
}

/// Has all write while `meanwhile` happens; answers what was acknowledged.
pub(crate) async fn under_load(fleet: &Arc<Fleet>, meanwhile: impl AsyncFnOnce()) -> Acknowledged {
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(Arc::clone(fleet), writer, Arc::clone(&enough)))).collect();
    meanwhile().await;
    enough.store(true, Ordering::Relaxed);
    let mut all = Acknowledged::default();
    for writer in writers {
        let mut one = writer.await.unwrap();
        let expected = all.codes.len() + one.codes.len();
        all.codes.append(&mut one.codes);
        assert_eq!(all.codes.len(), expected, "a code was given twice");
        all.overdue += one.overdue;
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_done_twice_when_processes_are_killed_or_stand_still() {
    let Some(schema) = Schema::create() else { return };
    let receiver = MockServer::start().await;
    Mock::given(matchers::method("POST")).respond_with(ResponseTemplate::new(204)).mount(&receiver).await;
    let fleet = Arc::new(Fleet::start(Office::on(&schema.url, &[]), 3).await);
    let hook = json!({"url": receiver.uri(), "events": ["*"]});
    fleet.insist(Method::POST, "/v1/webhooks", Some("hook"), Some(hook)).await;
    let mut database = PgConnection::establish(&schema.url).unwrap();

    let acknowledged = under_load(&fleet, async || {
        let dice = Dice::new(20_261_125);
        for _ in 0..KILLS {
            let before = count(&mut database, "journal");
            let place = dice.throw(fleet.size());
            fleet.signal(place, "KILL");
            fleet.replace(place);
            until("writers go on", async || (count(&mut database, "journal") > before + 40).then_some(())).await;
        }
        stand_still(&fleet, &mut database).await;
        let frozen = json!({"kind": "06a", "agency": "H16", "from": "2026-01-01", "to": "2026-01-31"});
        let freeze = || fleet.insist(Method::POST, "/v1/reports", Some("freeze"), Some(frozen.clone()));
        let _ = tokio::join!(freeze(), freeze(), freeze());
    })
    .await;
    settle(&fleet, &mut database, &acknowledged).await;
    every_event_was_told(&fleet, &receiver).await;
    drop(fleet);
    schema.drop_it();
}

/// Two of three stand still until the third has all the work, and then go on where they were.
async fn stand_still(fleet: &Fleet, database: &mut PgConnection) {
    let others = 1..fleet.size();
    others.clone().for_each(|place| fleet.signal(place, "STOP"));
    let now = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::text AS instant";
    let stopped = diesel::sql_query(now).get_result::<Instant>(database).unwrap().instant;
    // Longer than any lease that one of them could have had.
    let taken = format!(
        "SELECT COUNT(*) = 2 AS truth FROM leases WHERE name IN ('background', 'delivery') \
         AND until > '{stopped}'::timestamp + interval '19 seconds'"
    );
    until("the third takes over", async || {
        diesel::sql_query(&taken).get_result::<Truth>(database).unwrap().truth.then_some(())
    })
    .await;
    others.for_each(|place| fleet.signal(place, "CONT"));
}

/// In the end everything acknowledged is there once, with its letter, and what is stored agrees with the journal.
pub(crate) async fn settle(fleet: &Fleet, database: &mut PgConnection, acknowledged: &Acknowledged) {
    let (one, other) = (fleet.office.command(&["sweep"]).spawn().unwrap(), fleet.office.command(&["sweep"]).spawn());
    for sweep in [one, other.unwrap()] {
        assert!(sweep.wait_with_output().unwrap().status.success());
    }
    let total = i64::try_from(acknowledged.codes.len()).unwrap();
    assert_eq!(count(database, "dossiers"), total);
    assert_eq!(count(database, "(SELECT DISTINCT code FROM dossiers) AS codes"), total);
    for code in acknowledged.codes.iter().step_by(7) {
        assert_eq!(fleet.get(&format!("/v1/dossiers/{code}")).await["code"], json!(code));
    }
    assert_eq!(count(database, "letters"), acknowledged.overdue);
    assert_eq!(count(database, "(SELECT DISTINCT dossier FROM letters) AS d"), acknowledged.overdue);
    let said = fleet.office.run(&["verify"]);
    assert!(said.contains(" 0 differences"), "{said}");
    eprintln!("{total} dossiers, {} letters: {}", acknowledged.overdue, said.trim().replace('\n', "; "));
}

/// The feed has each event once; the subscriber heard of each, and what came again came as the same message.
async fn every_event_was_told(fleet: &Fleet, receiver: &MockServer) {
    let mut events: Vec<String> = Vec::new();
    let mut since = String::new();
    loop {
        let page = fleet.get(&format!("/v1/changes?limit=200{since}")).await;
        events.extend(page["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        since = format!("&since={}", page["next"].as_str().unwrap());
        if page["more"] == json!(false) && page["items"] == json!([]) {
            break;
        }
    }
    let distinct: BTreeSet<&String> = events.iter().collect();
    assert_eq!(distinct.len(), events.len(), "an event stands twice in the feed");

    let heard = until("all are told", async || {
        let mut heard: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
        for request in receiver.received_requests().await.unwrap() {
            let id = request.headers["webhook-id"].to_str().unwrap().to_owned();
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            heard.entry(body["id"].as_str().unwrap().to_owned()).or_default().push((id, body));
        }
        (heard.len() >= events.len()).then_some(heard)
    })
    .await;
    let known: BTreeSet<&String> = heard.keys().collect();
    assert_eq!(known, distinct);
    let mut repeats = 0;
    for (event, messages) in &heard {
        repeats += messages.len() - 1;
        assert!(messages.iter().all(|message| *message == messages[0]), "{event} came as different messages");
    }
    eprintln!("{} events, each told; {repeats} came again", events.len());
}
