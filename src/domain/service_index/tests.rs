//! What one dossier adds to the progress group of Decision 766, rule by rule (domain.md 2.6); reckoned by hand.

use proptest::prelude::*;

use super::*;
use crate::domain::deadline::{Rule, Unit};
use crate::domain::statistics::Period;
use crate::domain::testing::histories::{History, Incidents, any_history, long_after};
use crate::domain::testing::{
    at, attempt, day, no_appointment, offices, pausing, rule, version, wish, working_days, working_hours,
};
use crate::domain::transition::{Filing, take_in};
use crate::domain::vocabulary::{Channel, Status};
use Status::*;

/// Received on Monday 2 March 2026: 5 working days are over on Monday the 9th, 8 working hours on Tuesday at 09:30.
const RECEIPT: &str = "2026-03-02T09:00";

fn told(rule: Rule, accept: bool, moves: &[(Status, &str)]) -> History {
    let filing = Filing { channel: Channel::Direct, at: at(RECEIPT), accept };
    let mut changes = vec![take_in(&filing, &version(rule), offices()).unwrap()];
    for (to, moved_at) in moves {
        changes.push(attempt(&changes.last().unwrap().after, &wish(*to, moved_at)).unwrap());
    }
    History { filed_at: filing.at, changes }
}

fn waits_of(history: &History) -> Vec<Wait> {
    waits(history.events().map(|(at, event)| (*at, event)))
}

fn index(history: &History, window: &Window) -> ServiceIndex {
    let life = history.life();
    life.map_or_else(ServiceIndex::default, |life| ServiceIndex::of(&life, &waits_of(history), window))
}

/// Two days and all between, long past.
fn period(from: &str, to: &str) -> Window {
    Period::new(day(from), day(to)).unwrap().window(long_after())
}

fn march() -> Window {
    period("2026-03-01", "2026-03-31")
}

#[test]
fn what_ended_is_on_time_up_to_the_appointment() {
    let five = || working_days(5);
    for (rule, moves, on_time, ground) in [
        (five(), &[(Finished, "2026-03-06T10:00")][..], 1, "before the day due"),
        (five(), &[(Finished, "2026-03-09T16:59")], 1, "the day due counts whole (Civil Code art. 148(1))"),
        (five(), &[(Finished, "2026-03-10T00:00")], 0, "the day after"),
        (working_hours(8), &[(Finished, "2026-03-03T09:30:00")], 1, "a term of hours runs to its instant"),
        (working_hours(8), &[(Finished, "2026-03-03T09:30:01")], 0, "and not a second further"),
        (five(), &[(Withdrawn, "2026-03-09T10:00")], 1, "withdrawn is an end"),
        (five(), &[(Withdrawn, "2026-03-10T10:00")], 0, "withdrawn when late"),
        (five(), &[(Stopped, "2026-03-09T10:00")], 1, "stopped is an end"),
        (five(), &[(Stopped, "2026-03-10T10:00")], 0, "stopped when late"),
        (
            five(),
            &[(Finished, "2026-03-09T10:00"), (Returned, "2026-03-20T10:00")],
            1,
            "the finish goes before the hand-over",
        ),
        (no_appointment(), &[(Finished, "2026-03-31T23:59")], 1, "no appointment, no longest time"),
    ] {
        let index = index(&told(rule, true, moves), &march());
        assert_eq!(index.on_time_rate(), Rate { numerator: on_time, denominator: 1 }, "{ground}");
        assert_eq!((index.resolved_on_time(), index.in_progress_within()), (on_time, 0), "{ground}");
    }
}

#[test]
fn what_is_open_ends_with_the_period_or_with_the_request_it_waits_on() {
    let pay = [(Processing, "2026-03-03T10:00"), (PaymentRequired, "2026-03-04T10:00")];
    for (rule, moves, within, ground) in [
        (working_days(30), &[][..], 1, "due on 13 April, after the period's end"),
        (working_days(5), &[], 0, "due on the 9th, before it"),
        (no_appointment(), &[], 1, "no appointment, no longest time"),
        (working_days(5), &[(SupplementRequired, "2026-03-09T16:00")], 1, "asked on the day due"),
        (working_days(5), &[(SupplementRequired, "2026-03-10T10:00")], 0, "asked when late already"),
        (working_days(5), &pay, 1, "the clock stands still for a payment, too"),
    ] {
        let index = index(&told(rule, true, moves), &march());
        assert_eq!(index.on_time_rate(), Rate { numerator: within, denominator: 1 }, "{ground}");
        assert_eq!((index.resolved_on_time(), index.in_progress_within()), (0, within), "{ground}");
    }
    let withdrawn = [(SupplementRequired, "2026-03-04T10:00"), (Withdrawn, "2026-03-30T10:00")];
    let index = index(&told(working_days(5), true, &withdrawn), &march());
    assert_eq!(index.resolved_on_time(), 1, "withdrawn out of the wait: the request came in time");
}

#[test]
fn a_second_request_for_supplements_makes_late() {
    let asked = (SupplementRequired, "2026-03-04T10:00");
    let back = (Processing, "2026-03-05T10:00");
    let again = (SupplementRequired, "2026-03-06T10:00");
    let late_again = |resolved_asked_again, within_asked_again| (resolved_asked_again, within_asked_again);
    for (moves, on_time, by_form_06a, ground) in [
        (&[asked, back][..], 1, late_again(0, 0), "one, open"),
        (&[asked, back, (Finished, "2026-03-20T10:00")], 1, late_again(0, 0), "one, resolved"),
        (&[asked, back, again], 0, late_again(0, 1), "two, waiting"),
        (&[asked, back, again, (Processing, "2026-03-09T10:00")], 0, late_again(0, 1), "two, open"),
        (&[asked, back, again, (Stopped, "2026-03-09T10:00")], 0, late_again(1, 0), "two, stopped in time"),
        (
            &[asked, back, again, (Processing, "2026-03-09T10:00"), (Finished, "2026-03-10T10:00")],
            0,
            late_again(1, 0),
            "two, resolved early",
        ),
    ] {
        let index = index(&told(working_days(30), true, moves), &march());
        assert_eq!(index.on_time_rate(), Rate { numerator: on_time, denominator: 1 }, "{ground}");
        let found = (index.supplements.resolved_asked_again, index.supplements.within_asked_again);
        assert_eq!(found, by_form_06a, "{ground}");
    }
    let late = [asked, back, again, (Processing, "2026-03-09T10:00"), (Finished, "2026-03-30T10:00")];
    let index = index(&told(working_days(5), true, &late), &march());
    assert_eq!(index.supplements.resolved_asked_again, 0, "late by form 06a already: nothing to take away");
    assert_eq!(index.on_time_rate(), Rate { numerator: 0, denominator: 1 });
}

#[test]
fn only_requests_up_to_the_period_s_end_count() {
    let moves = [
        (SupplementRequired, "2026-03-04T10:00"),
        (Processing, "2026-03-05T10:00"),
        (SupplementRequired, "2026-03-31T23:59:59"),
        (Processing, "2026-04-02T10:00"),
        (Finished, "2026-04-03T10:00"),
    ];
    let history = told(working_days(60), true, &moves);
    for (from, to, numerator, ground) in [
        ("2026-03-01", "2026-03-30", 1, "one request by then"),
        ("2026-03-01", "2026-03-31", 0, "the second in the last second"),
        ("2026-04-01", "2026-04-30", 0, "carried over with both"),
    ] {
        let rate = index(&history, &period(from, to)).on_time_rate();
        assert_eq!(rate, Rate { numerator, denominator: 1 }, "{ground}");
    }
    assert_eq!(index(&history, &period("2026-04-04", "2026-04-30")).on_time_rate().denominator, 0, "over before");
}

#[test]
fn what_was_never_accepted_is_not_counted_and_requests_at_intake_are_none() {
    for moves in [&[][..], &[(Rejected, "2026-03-03T10:00")], &[(SupplementRequired, "2026-03-03T10:00")]] {
        assert_eq!(index(&told(working_days(5), false, moves), &march()), ServiceIndex::default(), "{moves:?}");
    }
    // Asked once by the desk and once after appraisal: both lawful (Decree 61/2018 art. 15(3), 19(4)).
    let moves = [
        (SupplementRequired, "2026-03-03T09:00"),
        (Registered, "2026-03-04T09:00"),
        (Received, "2026-03-05T09:00"),
        (SupplementRequired, "2026-03-05T09:00"),
        (Processing, "2026-03-06T09:00"),
        (Finished, "2026-03-09T09:00"),
    ];
    let index = index(&told(working_days(5), false, &moves), &march());
    assert_eq!(index.on_time_rate(), Rate { numerator: 1, denominator: 1 });
    // From the 5th to the 9th, less the day waited after the receipt.
    assert_eq!(index.average_seconds(), Rate { numerator: 3 * 86_400, denominator: 1 });
}

#[test]
fn average_time_is_from_receipt_to_end_less_the_waits_for_supplements() {
    let hours = |hours: i64| Rate { numerator: hours * 3_600, denominator: 1 };
    let none = Rate { numerator: 0, denominator: 0 };
    let asked = (SupplementRequired, "2026-03-03T09:00");
    let pay = (PaymentRequired, "2026-03-05T09:00");
    for (moves, expected, ground) in [
        (&[(Finished, "2026-03-06T15:00")][..], hours(102), "4 days and 6 hours, nights counted"),
        (
            &[(Finished, "2026-03-06T15:00"), (Returned, "2026-03-30T15:00")],
            hours(102),
            "to the finish, not the hand-over",
        ),
        (&[(Stopped, "2026-03-03T10:00")], hours(25), "stopped is an end"),
        (&[asked, (Processing, "2026-03-05T09:00"), (Finished, "2026-03-09T09:00")], hours(120), "7 days less 2"),
        (
            &[
                asked,
                (Processing, "2026-03-05T09:00"),
                (SupplementRequired, "2026-03-06T09:00"),
                (Processing, "2026-03-07T09:00"),
                (Finished, "2026-03-09T09:00"),
            ],
            hours(96),
            "both waits are subtracted",
        ),
        (&[asked, (Withdrawn, "2026-03-20T09:00")], hours(24), "withdrawn out of the wait: up to the request"),
        (
            &[
                (SupplementRequired, "2026-03-12T09:00"),
                (Processing, "2026-03-14T09:00"),
                (Finished, "2026-03-14T10:00"),
            ],
            hours(241),
            "a wait that stopped no clock is subtracted, too",
        ),
        (
            &[(Processing, "2026-03-03T09:00"), pay, (Processing, "2026-03-07T09:00"), (Finished, "2026-03-09T09:00")],
            hours(168),
            "a wait for a payment is none for a supplement",
        ),
        (&[], none, "open"),
        (&[(Finished, "2026-04-01T00:00")], none, "ended after the period"),
    ] {
        assert_eq!(
            index(&told(pausing(working_days(5)), true, moves), &march()).average_seconds(),
            expected,
            "{ground}"
        );
    }
    let carried = told(working_days(5), true, &[(Finished, "2026-03-06T15:00")]);
    let index = index(&carried, &period("2026-03-03", "2026-03-31"));
    assert_eq!((index.average_seconds(), index.on_time_rate().denominator), (none, 1), "received before the period");
}

#[test]
fn an_undone_end_lets_its_wait_run_on() {
    let mut history = told(
        rule(30, Unit::CalendarDay),
        true,
        &[(SupplementRequired, "2026-03-03T09:00"), (Withdrawn, "2026-03-04T09:00")],
    );
    let undone = history.dossier().reopen(at("2026-03-10T09:00"), "by mistake".into()).unwrap();
    history.changes.push(undone);
    for (to, moved_at) in [(Processing, "2026-03-05T09:00"), (Finished, "2026-03-06T09:00")] {
        let next = attempt(history.dossier(), &wish(to, moved_at)).unwrap();
        history.changes.push(next);
    }
    let wait = Wait { from: at("2026-03-03T09:00"), until: Some(at("2026-03-05T09:00")) };
    assert_eq!(waits_of(&history), [wait]);
    assert_eq!(index(&history, &march()).average_seconds(), Rate { numerator: 2 * 86_400, denominator: 1 });
}

#[test]
fn averages_read_in_hours_and_days() {
    let mut sum = ServiceIndex::default();
    let waited =
        [(SupplementRequired, "2026-03-03T10:00"), (Processing, "2026-03-05T08:30"), (Finished, "2026-03-06T15:00")];
    for moves in [&[(Finished, "2026-03-06T15:00")][..], &waited] {
        sum += index(&told(working_days(5), true, moves), &march());
    }
    // 102 h, and 102 h less 46½ h: 157½ h over 2.
    let average = sum.average_seconds();
    assert_eq!(average, Rate { numerator: 567_000, denominator: 2 });
    assert_eq!(average.per(3_600).decimal().as_deref(), Some("78.75"));
    assert_eq!(average.per(86_400).decimal().as_deref(), Some("3.28"));
    assert_eq!(sum.on_time_rate().percent().as_deref(), Some("100.00"));
    assert_eq!(ServiceIndex::default().average_seconds().per(3_600).decimal(), None, "nothing ended: no average");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn whatever_is_not_on_time_is_late_by_form_06a_or_was_asked_again(
        history in any_history(Incidents { reopened: true, calendar_changes: true }), lead in 0..40u64, days in 0..80u64,
    ) {
        let from = history.filed_at.date() - chrono::Days::new(lead);
        let window = Period::new(from, from + chrono::Days::new(days)).unwrap().window(long_after());
        let index = index(&history, &window);
        let (rate, tally, supplements) = (index.on_time_rate(), index.form_06a, index.supplements);
        let late = tally.late + tally.overdue + supplements.resolved_asked_again + supplements.within_asked_again;
        prop_assert_eq!(rate.numerator + late, rate.denominator);
        prop_assert!(index.average_seconds().numerator >= 0, "no wait lies outside of receipt and end");
        prop_assert!(index.completed.count <= tally.resolved());
    }

    #[test]
    fn a_past_period_is_answered_alike_then_and_later(
        history in any_history(Incidents::default()), lead in 0..40u64, days in 0..80u64,
    ) {
        let from = history.filed_at.date() - chrono::Days::new(lead);
        let window = Period::new(from, from + chrono::Days::new(days)).unwrap().window(long_after());
        let known = history.events().filter(|(effective, _)| *effective < window.until);
        let waits = waits(known.map(|(effective, event)| (*effective, event)));
        let life = history.life_until(window.until);
        let then = life.map_or_else(ServiceIndex::default, |life| ServiceIndex::of(&life, &waits, &window));
        prop_assert_eq!(index(&history, &window), then);
    }
}
