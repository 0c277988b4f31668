//! `kill -9` at random instants while several clerks write, a hundred times on each database.

use std::cell::Cell;

use futures_util::future::join_all;

use super::clerk::Clerk;
use super::postgres::Schema;
use super::service::Service;

const ROUNDS: usize = 100;
const CLERKS: usize = 4;
/// So often everything is recounted, and a new token asked for.
const RECOUNT: usize = 25;

/// A small generator (xorshift), so that a run can be had again by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_and_nothing_done_twice_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    kill_often(&format!("sqlite://{}", folder.path().join("office.db").display()), 20_260_302).await;
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_and_nothing_done_twice_on_postgres() {
    let Some(schema) = Schema::create() else { return };
    kill_often(&schema.url, 20_260_303).await;
    schema.drop_it();
}

async fn kill_often(url: &str, seed: u64) {
    eprintln!("seed {seed}");
    let mut dice = Dice(seed);
    let mut service = Service::with_office(url, Vec::new()).await;
    let mut clerks: Vec<Clerk> = (1..=CLERKS).map(Clerk::new).collect();
    for round in 1..=ROUNDS {
        let before: Vec<_> = clerks.iter().map(|clerk| clerk.at_hand().map(str::to_owned)).collect();
        work_until_killed(&mut service, &mut clerks, dice.below(40)).await;
        if round % RECOUNT == 0 {
            service.verify();
        }
        service.start();
        if round % RECOUNT == 0 {
            service.sign_in().await;
        }
        for (clerk, before) in clerks.iter().zip(before) {
            for code in before.as_deref().into_iter().chain(clerk.at_hand()) {
                clerk.check(&service, code).await;
            }
        }
    }
    recount(&mut service, &mut clerks).await;
}

/// All write at the same time, until so many writes were acknowledged; then the service dies in the midst of the others.
async fn work_until_killed(service: &mut Service, clerks: &mut [Clerk], acknowledged: u64) {
    let left = Cell::new(Some(acknowledged));
    let number = service.number();
    let alive = &*service;
    join_all(clerks.iter_mut().map(|clerk| {
        let left = &left;
        async move {
            while let Some(more) = left.get() {
                if more == 0 {
                    // The requests of the others are under way by now, each at another place.
                    left.set(None);
                    Service::kill_by_number(number);
                } else if clerk.act(alive).await {
                    left.set(left.get().map(|left| left.saturating_sub(1)));
                }
            }
        }
    }))
    .await;
    service.bury();
}

/// What is in doubt is tried again until it is acknowledged; then everything is there once, and nothing else.
async fn recount(service: &mut Service, clerks: &mut [Clerk]) {
    for clerk in &mut *clerks {
        while clerk.is_in_doubt() {
            assert!(clerk.act(service).await);
        }
        for code in clerk.dossiers.keys() {
            clerk.check(service, code).await;
        }
    }
    let acknowledged: usize = clerks.iter().map(|clerk| clerk.dossiers.len()).sum();
    let letters =
        clerks.iter().flat_map(|clerk| clerk.dossiers.values()).filter(|known| known.letter.is_some()).count();
    assert_eq!(listed(service, "/v1/dossiers").await, acknowledged, "each create took effect once");
    assert_eq!(listed(service, "/v1/apology-letters").await, letters, "each letter is there once");
    assert!(acknowledged > ROUNDS, "only {acknowledged} dossiers: this was no load");
    let (doubts, done) = clerks.iter().fold((0, 0), |sum, clerk| (sum.0 + clerk.doubts.0, sum.1 + clerk.doubts.1));
    assert!(doubts > 0 && done > 0 && done < doubts, "{done} of {doubts}: the kills came too early or too late");
    eprintln!("{doubts} requests in doubt, {done} of them had been done");
    eprintln!("{acknowledged} dossiers, {letters} letters after {ROUNDS} kills");
    service.kill();
    service.verify();
}

async fn listed(service: &Service, path: &str) -> usize {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let page = service.get(&format!("{path}?limit=200{cursor}")).await.good();
        count += page["items"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}
