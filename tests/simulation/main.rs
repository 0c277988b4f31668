//! A simulated office: seeded random weeks of everything that can happen, on SQLite in memory, held against a plain model.
//!
//! `MOTCUA_SIMULATION_SEED=n` runs that seed alone, `MOTCUA_SIMULATION_RUNS=n` sets how many are run.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, unreachable_pub)]

mod beside;
mod chance;
mod checks;
mod couriers;
mod model;
mod office;
mod plain_clock;
mod steps;
mod upkeep;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use motcua::domain::event::EVENT_NAMES;
use office::{Office, Template};

/// How many seeds are run when nobody says otherwise.
const RUNS: u64 = 1_000;
/// After so many failing seeds no others are tried.
const ENOUGH: usize = 3;

/// In so many runs every event has been seen.
const ENOUGH_TO_SEE_ALL: u64 = 200;

/// A few weeks of an office; answers how it ends.
fn live(template: &Template, seed: u64) -> Office {
    let mut office = Office::new(template, seed);
    let steps = 40 + office.chance.below(60);
    for step in 0..steps {
        office.pass_time();
        one_step(&mut office);
        if step % 16 == 15 {
            office.check();
        }
    }
    office.ambient.set(office.latest);
    office.deliver_all();
    office.end_day();
    office.check_all();
    office.forget_all();
    office.check_all();
    office
}

fn one_step(office: &mut Office) {
    type Step = fn(&mut Office);
    let steps: [(u64, Step); 18] = [
        (14, Office::take_in),
        (30, Office::move_on),
        (3, Office::reopen),
        (2, Office::void),
        (5, Office::correct),
        (3, Office::draft_letter),
        (9, Office::handle_letter),
        (3, Office::edit),
        (5, Office::settle_fees),
        (7, Office::between),
        (3, Office::import),
        (3, Office::change_calendar),
        (2, Office::recompute),
        (4, Office::ask),
        (1, Office::freeze),
        (2, Office::retry),
        (8, Office::background_round),
        (2, Office::lose_process),
    ];
    let step = office.chance.weighted(&steps);
    step(office);
    // The other process goes on meanwhile.
    for _ in 0..office.chance.below(4) {
        office.deliver_some();
    }
}

#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn offices_keep_their_word() {
    let template = Template::new();
    if let Some(seed) = number_of("MOTCUA_SIMULATION_SEED") {
        live(&template, seed);
        return;
    }
    let runs = number_of("MOTCUA_SIMULATION_RUNS").unwrap_or(RUNS);
    let (next, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let happened = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs || failed.lock().unwrap().len() >= ENOUGH {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| live(&template, seed).names_of_events())) {
                        Ok(names) => happened.lock().unwrap().extend(names),
                        Err(_) => {
                            eprintln!(
                                "seed {seed} failed; again: MOTCUA_SIMULATION_SEED={seed} cargo test --test simulation"
                            );
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    if let Some(first) = failed.first() {
        panic!("seeds {failed:?} failed; MOTCUA_SIMULATION_SEED={first} runs the first alone");
    }
    // In so many runs everything has happened that touches clocks, letters and money.
    let happened = happened.into_inner().unwrap();
    let beside = ["file_", "hand_off_", "consultation_", "part_"];
    let missing =
        EVENT_NAMES.iter().filter(|name| !happened.contains(**name) && !beside.iter().any(|one| name.contains(one)));
    let missing: Vec<_> = missing.collect();
    assert!(runs < ENOUGH_TO_SEE_ALL || missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn one_seed_is_one_office() {
    let template = Template::new();
    for seed in [1, 2, 3] {
        let [first, second] = [live(&template, seed), live(&template, seed)];
        assert!(first.digest().len() > 20, "too little happened");
        assert_eq!(first.digest(), second.digest(), "seed {seed} came out in two ways");
    }
}
