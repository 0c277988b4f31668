//! Failover: under load the primary's server and its keeper are killed again and again, and nothing acknowledged is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/fleet.rs"]
mod fleet;
#[path = "../support/postgres.rs"]
#[allow(clippy::expect_used, dead_code, unreachable_pub)]
mod postgres;

mod stack;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;

use fleet::{Fleet, Office, dossier};
use stack::Stack;

/// How often the primary is killed.
const ROUNDS: usize = 10;
/// How many write at once.
const WRITERS: usize = 4;

/// What was acknowledged, and when.
#[derive(Default)]
struct Book {
    codes: BTreeSet<String>,
    at: Vec<Instant>,
}

async fn write(fleet: Arc<Fleet>, book: Arc<Mutex<Book>>, enough: Arc<AtomicBool>, writer: usize) {
    let mut place = 0;
    while !enough.load(Ordering::Relaxed) {
        let key = format!("{writer} {place}");
        let taken = fleet.insist(Method::POST, "/v1/dossiers", Some(&key), Some(dossier(None))).await.body;
        let mut book = book.lock().unwrap();
        assert!(book.codes.insert(taken["code"].as_str().unwrap().to_owned()), "a code was given twice");
        book.at.push(Instant::now());
        place += 1;
    }
}

/// How long nothing was acknowledged around an instant.
fn silence(book: &Book, at: Instant) -> Duration {
    let before = book.at.iter().copied().filter(|acknowledged| *acknowledged <= at).max().unwrap_or(at);
    let after = book.at.iter().copied().filter(|acknowledged| *acknowledged > at).collect::<Vec<_>>();
    // What was under way at the instant itself may still be answered: the longest pause of what follows is meant.
    let marks: Vec<Instant> = std::iter::once(before).chain(after).collect();
    marks.windows(2).map(|pair| pair[1].saturating_duration_since(pair[0])).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_when_the_primary_is_killed() {
    let Some(mut stack) = Stack::start().await else { return };
    let fleet = Arc::new(Fleet::start(Office::on(&stack.url(), &[]), 2).await);
    let (book, enough) = (Arc::new(Mutex::new(Book::default())), Arc::new(AtomicBool::new(false)));
    let spawn = |writer| tokio::spawn(write(Arc::clone(&fleet), Arc::clone(&book), Arc::clone(&enough), writer));
    let writers: Vec<_> = (0..WRITERS).map(spawn).collect();
    let mut silences = Vec::new();
    for round in 0..ROUNDS {
        let primary = stack.settled().await;
        let (at, before) = (Instant::now(), book.lock().unwrap().at.len());
        stack.kill(primary);
        stack.led_by(1 - primary).await;
        let some = before + 2 * WRITERS;
        fleet::until("writers go on", async || (book.lock().unwrap().at.len() > some).then_some(())).await;
        let silence = silence(&book.lock().unwrap(), at);
        eprintln!("round {}: node {primary} killed, {:.1} s without an answer", round + 1, silence.as_secs_f64());
        silences.push(silence);
        stack.revive(primary);
    }
    stack.settled().await;
    enough.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    silences.sort();
    let (median, longest) = (silences[ROUNDS / 2].as_secs_f64(), silences[ROUNDS - 1].as_secs_f64());
    let acknowledged = std::mem::take(&mut book.lock().unwrap().codes);
    eprintln!("{} dossiers; downtime: median {median:.1} s, longest {longest:.1} s", acknowledged.len());

    let mut stored = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = fleet.get(&format!("/v1/dossiers?limit=200{cursor}")).await;
        stored.extend(page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(stored, acknowledged, "each acknowledged one is there, and no other");
    let said = fleet.office.run(&["verify"]);
    assert!(said.contains(" 0 differences"), "{said}");
}
