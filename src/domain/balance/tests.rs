//! Balances of single lives, by hand, and of random ones against the figures of any period.

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::domain::dossier::Span;
use crate::domain::testing::at;
use crate::domain::testing::histories::{Incidents, any_history, long_after};
use crate::domain::vocabulary::Channel;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Received on 2 March at 8:00, late from midnight of the 10th on.
fn life() -> CountedLife {
    CountedLife {
        channel: Channel::Direct,
        received_at: at("2026-03-02T08:00"),
        end: None,
        past_spans: Vec::new(),
        late_from: Some(at("2026-03-10T00:00")),
        paused: false,
        letter_on: None,
    }
}

fn balance_at(life: &CountedLife, instant: &str) -> Balance {
    Balance::at(life, at(instant))
}

#[test]
fn an_open_dossier_is_received_and_then_overdue() {
    let life = life();
    assert_eq!(
        balance_at(&life, "2026-03-02T08:00"),
        Balance::default(),
        "what happens at an instant is not before it"
    );
    let within = Balance { received: 1, ..Balance::default() };
    assert_eq!(balance_at(&life, "2026-03-02T08:01"), within);
    assert_eq!(balance_at(&life, "2026-03-10T00:00"), within, "the day due is over, nothing is late yet");
    let overdue = Balance { received: 1, overdue: 1, ..Balance::default() };
    assert_eq!(balance_at(&life, "2026-03-10T00:01"), overdue);
    assert_eq!(overdue.open(), 1);
    let lettered = CountedLife { letter_on: Some(day("2026-03-12")), ..life };
    assert_eq!(balance_at(&lettered, "2026-03-12T00:00"), overdue, "not on file on the 11th");
    assert_eq!(balance_at(&lettered, "2026-03-13T00:00"), Balance { overdue_with_letter: 1, ..overdue });
}

#[test]
fn a_wait_stops_being_one_when_the_dossier_ends() {
    let span = |from, until, late_from, paused| Span { from: at(from), until: at(until), late_from, paused };
    let life = CountedLife {
        end: Some((at("2026-03-06T10:00"), EndClass::OnTime)),
        past_spans: vec![span("2026-03-02T08:00", "2026-03-04T09:00", Some(at("2026-03-10T00:00")), false)],
        late_from: None,
        paused: true,
        ..life()
    };
    let paused = Balance { received: 1, paused: 1, ..Balance::default() };
    assert_eq!(balance_at(&life, "2026-03-04T09:00"), Balance { received: 1, ..Balance::default() });
    assert_eq!(balance_at(&life, "2026-03-04T09:01"), paused);
    let withdrawn = Balance { received: 1, on_time: 1, ..Balance::default() };
    assert_eq!(balance_at(&life, "2026-03-07T00:00"), withdrawn);
    assert_eq!(withdrawn.open(), 0);
    let gone = Balance { paused: -1, on_time: 1, ..Balance::default() };
    assert_eq!(
        changes(&life),
        [
            (at("2026-03-02T08:00"), Balance { received: 1, ..Balance::default() }),
            (at("2026-03-04T09:00"), Balance { paused: 1, ..Balance::default() }),
            (at("2026-03-06T10:00"), gone),
        ]
    );
}

#[test]
fn a_letter_after_the_end_is_in_the_balances_from_its_day_on() {
    let life = CountedLife {
        end: Some((at("2026-03-11T15:00"), EndClass::Late)),
        letter_on: Some(day("2026-03-13")),
        ..life()
    };
    let late = Balance { received: 1, late: 1, ..Balance::default() };
    assert_eq!(balance_at(&life, "2026-03-12T00:00"), late);
    assert_eq!(balance_at(&life, "2026-03-14T00:00"), Balance { late_with_letter: 1, ..late });
}

#[test]
fn balances_thin_out_with_age_to_where_periods_begin() {
    let now = at("2026-11-24T16:30");
    for (stamp, kept, why) in [
        ("2026-11-24T10:20", true, "of today all"),
        ("2026-11-23T10:20", false, "of yesterday its midnight"),
        ("2026-11-23T00:00", true, "of yesterday its midnight"),
        ("2026-08-16T00:00", true, "100 days ago"),
        ("2026-08-14T00:00", false, "102 days ago"),
        ("2025-06-15T00:00", true, "the half-year ends on 14 June (Decree 152/2020)"),
        ("2024-07-01T00:00", true, "a calendar month begins"),
        ("2024-07-02T00:00", false, "no period begins"),
    ] {
        assert_eq!(is_kept(at(stamp), now), kept, "{stamp}: {why}");
    }
    let midnights = kept_midnights(day("2024-03-09"), now);
    assert_eq!(midnights[..3], [at("2024-03-01T00:00"), at("2024-03-15T00:00"), at("2024-04-01T00:00")]);
    assert_eq!(midnights.last(), Some(&at("2026-11-24T00:00")));
    assert_eq!(kept_midnights(day("2026-11-16"), now)[0], at("2026-11-15T00:00"), "before the first receipt");
}

proptest! {
    /// The changes add up to the balance of any instant, and a ledger's stamps hold just that.
    #[test]
    fn changes_add_up_to_the_balance(
        history in any_history(Incidents { reopened: true, calendar_changes: true }), hours in 1..9_000_i64) {
        let Some(life) = history.life() else { return Ok(()) };
        let instant = life.received_at + TimeDelta::hours(hours) - TimeDelta::hours(48);
        let mut sum = Balance::default();
        for (_, change) in changes(&life).into_iter().filter(|(at, _)| *at < instant) {
            sum += change;
        }
        prop_assert_eq!(sum, Balance::at(&life, instant));
        let mut ledger = Ledger::new(vec![instant, long_after()]);
        ledger.enter(&"all", &life);
        let twice = ledger.spread(|_| vec!["one", "other"]);
        let (at_instant, cells) = twice.balances().next().unwrap();
        prop_assert_eq!(at_instant, instant);
        let held: Vec<Balance> = cells.into_iter().map(|(_, balance)| balance).collect();
        let expected = if sum == Balance::default() { Vec::new() } else { vec![sum; 2] };
        prop_assert_eq!(held, expected);
    }
}
