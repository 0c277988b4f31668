//! The clock through a dossier's life: pause, restart, payment, lateness and the undoing of ends (contract section 4).

use super::*;
use crate::domain::deadline::{Deadline, Unit};
use crate::domain::testing::{
    at, attempt, cut_off_at, deadline, moved, no_appointment, pausing, received, registered, rule, wish, working_days,
    working_hours,
};
use crate::domain::timeliness::{EndClass, Timing};

use Status::{
    Finished, PaymentRequired, Processing, Received, Rejected, Returned, Stopped, SupplementRequired, Withdrawn,
};

/// The deadline after a wait for papers.
fn after_supplement(rule: Rule, received_at: &str, asked_at: &str, returned_at: &str) -> Deadline {
    let dossier = moved(received(rule, received_at), &[(SupplementRequired, asked_at), (Processing, returned_at)]);
    assert_eq!(dossier.standing.stopped_since, None);
    dossier.standing.deadline.unwrap()
}

/// The deadline after a wait for a payment.
fn after_payment(rule: Rule, received_at: &str, asked_at: &str, paid_at: &str) -> Deadline {
    let moves = [(Processing, received_at), (PaymentRequired, asked_at), (Processing, paid_at)];
    moved(received(rule, received_at), &moves).standing.deadline.unwrap()
}

#[test]
fn a_pause_adds_the_working_time_waited() {
    // Monday 2 March 2026 09:00 and five days: due Monday 9 March 09:00.
    let five = || pausing(working_days(5));
    for (asked_at, returned_at, due_at, late_from, ground) in [
        ("2026-03-03T10:00", "2026-03-04T10:00", "2026-03-10T09:00", "2026-03-11T00:00", "7.5 h are one office day"),
        ("2026-03-03T16:00", "2026-03-04T08:00", "2026-03-09T10:30", "2026-03-10T00:00", "1 h and 0.5 h"),
        ("2026-03-03T08:00", "2026-03-03T10:30", "2026-03-09T11:30", "2026-03-10T00:00", "2.5 h, to the break"),
        (
            "2026-03-03T07:30",
            "2026-03-03T14:30",
            "2026-03-09T16:00",
            "2026-03-10T00:00",
            "5 h: 2.5 h to the break, 2.5 h",
        ),
        ("2026-03-03T07:30", "2026-03-03T15:30", "2026-03-09T17:00", "2026-03-10T00:00", "6 h: exactly at closing"),
        ("2026-03-03T07:30", "2026-03-03T15:31", "2026-03-10T07:31", "2026-03-11T00:00", "`due_on` follows `due_at`"),
        ("2026-03-06T16:00", "2026-03-09T08:00", "2026-03-09T10:30", "2026-03-10T00:00", "a weekend is not waited"),
        ("2026-03-03T11:30", "2026-03-03T13:30", "2026-03-09T09:00", "2026-03-10T00:00", "a break adds nothing"),
        ("2026-03-06T17:00", "2026-03-09T07:30", "2026-03-09T09:00", "2026-03-10T00:00", "closed hours add nothing"),
        ("2026-03-06T20:00", "2026-03-08T20:00", "2026-03-09T09:00", "2026-03-10T00:00", "closed hours add nothing"),
        ("2026-03-03T10:00", "2026-03-03T10:00", "2026-03-09T09:00", "2026-03-10T00:00", "no wait"),
    ] {
        let after = after_supplement(five(), "2026-03-02T09:00", asked_at, returned_at);
        assert_eq!(after, deadline(due_at, late_from), "{asked_at} to {returned_at}: {ground}");
    }
}

#[test]
fn a_pause_moves_every_unit() {
    let hours = after_supplement(pausing(working_hours(8)), "2026-03-02T14:00", "2026-03-02T15:00", "2026-03-02T16:00");
    assert_eq!(hours, deadline("2026-03-03T15:30", "2026-03-03T15:30:01"), "an hour later than 14:30");

    let month = pausing(rule(1, Unit::Month));
    let month = after_supplement(month, "2026-03-02T09:00", "2026-03-30T09:00", "2026-03-31T09:00");
    assert_eq!(month, deadline("2026-04-03T09:00", "2026-04-04T00:00"), "one office day after 2 April");
}

#[test]
fn a_supplement_restarts_the_term_by_law() {
    // Decree 61/2018 art. 19(4): "time limit counted again from the start once complete".
    let five = || working_days(5);
    let cut_off = || cut_off_at("15:00", five());
    for (rule, returned_at, due_at, late_from, ground) in [
        (five(), "2026-03-12T15:30", "2026-03-19T15:30", "2026-03-20T00:00", "13, 16, 17, 18, 19 March"),
        (five(), "2026-03-14T09:00", "2026-03-20T17:00", "2026-03-21T00:00", "came on a Saturday: closing"),
        (cut_off(), "2026-03-12T15:00:00", "2026-03-19T15:00", "2026-03-20T00:00", "exactly at the cut-off"),
        (cut_off(), "2026-03-12T15:00:01", "2026-03-20T07:30", "2026-03-21T00:00", "cut-off included: of the 13th"),
        (cut_off(), "2026-03-14T09:00", "2026-03-23T07:30", "2026-03-24T00:00", "of Monday the 16th, from its opening"),
        (working_hours(2), "2026-03-12T16:00", "2026-03-13T08:30", "2026-03-13T08:30:01", "hours anew"),
    ] {
        let received_at = "2026-03-02T09:00";
        let after = after_supplement(rule, received_at, "2026-03-02T10:00", returned_at);
        assert_eq!(after, deadline(due_at, late_from), "{returned_at}: {ground}");
    }
}

#[test]
fn the_first_promise_is_kept_on_file() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let moves = [(SupplementRequired, "2026-03-04T10:00"), (Processing, "2026-03-12T15:30")];
    let standing = moved(dossier, &moves).standing;
    assert_eq!(standing.original, Some(deadline("2026-03-09T09:00", "2026-03-10T00:00")));
    assert_eq!(standing.deadline, Some(deadline("2026-03-19T15:30", "2026-03-20T00:00")));
}

#[test]
fn a_payment_always_pauses() {
    for rule in [working_days(5), pausing(working_days(5))] {
        let after = after_payment(rule, "2026-03-02T09:00", "2026-03-03T10:00", "2026-03-04T10:00");
        assert_eq!(after, deadline("2026-03-10T09:00", "2026-03-11T00:00"), "domain.md 5.2: payment is not counted");
    }
    let hours = after_payment(working_hours(8), "2026-03-02T14:00", "2026-03-02T15:00", "2026-03-05T09:00");
    assert_eq!(hours, deadline("2026-03-06T08:30", "2026-03-06T08:30:01"), "2 h, two days and 1.5 h, then 7 h left");
}

#[test]
fn a_dossier_that_waits_is_paused_and_never_becomes_overdue() {
    for to in [SupplementRequired, PaymentRequired] {
        let dossier = moved(received(working_days(1), "2026-03-02T09:00"), &[(Processing, "2026-03-02T10:00")]);
        let asked = moved(dossier, &[(to, "2026-03-03T23:59:59")]).standing;
        assert_eq!(asked.late_from(), None, "contract 4: `late_from: null`");
        assert_eq!(asked.timing(at("2027-03-03T00:00")), Some(Timing::Paused), "one second before `late_from` stops");
    }
}

#[test]
fn a_lateness_is_never_wiped() {
    // Due Tuesday 3 March, late from Wednesday 00:00.
    for (rule, to) in [
        (working_days(1), SupplementRequired),
        (pausing(working_days(1)), SupplementRequired),
        (working_days(1), PaymentRequired),
    ] {
        let late = deadline("2026-03-03T09:00", "2026-03-04T00:00");
        for asked_at in ["2026-03-04T00:00:00", "2026-03-05T10:00:00"] {
            let dossier = moved(received(rule.clone(), "2026-03-02T09:00"), &[(Processing, "2026-03-02T10:00")]);
            let asked = moved(dossier, &[(to, asked_at)]);
            assert_eq!(asked.standing.stopped_since, None, "asked at or after `late_from`: stops nothing");
            assert_eq!(asked.standing.late_from(), Some(late.late_from));
            assert_eq!(asked.standing.timing(at(asked_at)), Some(Timing::Overdue), "stays overdue");

            let back = attempt(&asked, &wish(Processing, "2026-03-16T09:00")).unwrap();
            assert_eq!(back.after.standing.deadline, Some(late), "its return changes no deadline");
            assert_eq!(back.spans, SpanChange::Unchanged);
            let withdrawn = moved(asked, &[(Withdrawn, "2026-03-16T09:00")]).standing;
            assert_eq!(withdrawn.end.map(|end| end.class), Some(EndClass::Late), "already late");
        }
    }
    let exactly = moved(received(working_hours(1), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-02T10:00:00")]);
    assert_eq!(exactly.standing.stopped_since, Some(at("2026-03-02T10:00")), "`due_at` itself is not late");
    let after = moved(received(working_hours(1), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-02T10:00:01")]);
    assert_eq!(after.standing.stopped_since, None, "for hours one second after `due_at`");
}

#[test]
fn withdrawals_and_stops_are_on_time_unless_late() {
    let late_from = "2026-03-04T00:00:00";
    let dossier = || received(working_days(1), "2026-03-02T09:00");
    for to in [Withdrawn, Stopped] {
        for (ended_at, class) in [
            ("2026-03-02T10:00", EndClass::OnTime),
            ("2026-03-03T23:59:59", EndClass::OnTime),
            (late_from, EndClass::Late),
        ] {
            let end = moved(dossier(), &[(to, ended_at)]).standing.end.unwrap();
            assert_eq!((end.at, end.class), (at(ended_at), class), "{to} at {ended_at}");
        }
        let paused = moved(dossier(), &[(SupplementRequired, "2026-03-02T10:00"), (to, "2026-06-01T09:00")]);
        assert_eq!(paused.standing.end.map(|end| end.class), Some(EndClass::OnTime), "the clock stood still");
    }
}

#[test]
fn without_an_appointment_nothing_is_late() {
    let dossier = received(no_appointment(), "2026-03-02T09:00");
    assert_eq!((dossier.standing.deadline, dossier.standing.late_from()), (None, None));
    assert_eq!(dossier.standing.timing(at("2036-03-02T09:00")), Some(Timing::Within));
    let waiting = moved(dossier, &[(SupplementRequired, "2026-03-03T09:00")]);
    assert_eq!(waiting.standing.timing(at("2036-03-02T09:00")), Some(Timing::Paused));
    let finished = moved(waiting, &[(Processing, "2026-03-09T09:00"), (Finished, "2026-12-01T09:00")]);
    assert_eq!(finished.standing.end.map(|end| end.class), Some(EndClass::OnTime), "ends `on_time`");
    assert_eq!(finished.standing.deadline, None);
}

#[test]
fn supplements_are_counted_and_late_after_three_working_days() {
    // Decree 61/2018 art. 19(4): "notice within 3 working days of receipt".
    for (received_at, asked_at, late, ground) in [
        ("2026-03-02T09:00", "2026-03-05T23:59:59", false, "the third working day, to its end"),
        ("2026-03-02T09:00", "2026-03-06T00:00:00", true, "after 3 working days"),
        ("2026-03-05T09:00", "2026-03-10T16:00:00", false, "over a weekend: 6, 9, 10 March"),
        ("2026-03-05T09:00", "2026-03-11T08:00:00", true, "over a weekend"),
        ("2026-03-07T09:00", "2026-03-11T16:00:00", false, "received on a Saturday: 9, 10, 11 March"),
        ("2024-05-02T09:00", "2024-05-06T16:00:00", false, "3, 4 (make-up Saturday), 6 May 2024"),
        ("2024-05-02T09:00", "2024-05-07T08:00:00", true, "3, 4 (make-up Saturday), 6 May 2024"),
    ] {
        let dossier = received(working_days(20), received_at);
        let asked = moved(dossier, &[(SupplementRequired, asked_at)]).standing;
        assert_eq!(
            (asked.supplement_late, asked.supplement_requests),
            (late, 1),
            "{received_at}, {asked_at}: {ground}"
        );
    }
    let moves = [
        (SupplementRequired, "2026-03-09T09:00"),
        (Processing, "2026-03-10T09:00"),
        (PaymentRequired, "2026-03-10T10:00"),
        (Processing, "2026-03-10T11:00"),
        (SupplementRequired, "2026-03-10T12:00"),
    ];
    let standing = moved(received(working_days(20), "2026-03-02T09:00"), &moves).standing;
    assert_eq!(standing.supplement_requests, 2, "a payment is no supplement");
    assert!(standing.supplement_late, "once late, flagged for good");
}

#[test]
fn reopening_undoes_an_end_as_if_it_had_not_been() {
    let working = || moved(received(pausing(working_days(5)), "2026-03-02T09:00"), &[(Processing, "2026-03-02T10:00")]);
    let supplement = || moved(working(), &[(SupplementRequired, "2026-03-03T10:00")]);
    let payment = || moved(working(), &[(PaymentRequired, "2026-03-03T10:00")]);
    let at_intake =
        || moved(registered(working_days(5), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-02T10:00")]);
    for (before, to) in [
        (received(working_days(5), "2026-03-02T09:00"), Finished),
        (working(), Finished),
        (working(), Withdrawn),
        (working(), Stopped),
        (supplement(), Withdrawn),
        (supplement(), Stopped),
        (payment(), Withdrawn),
        (payment(), Stopped),
        (at_intake(), Withdrawn),
        (at_intake(), Stopped),
    ] {
        for ended_at in ["2026-03-04T10:00", "2026-05-04T10:00"] {
            let ended = moved(before.clone(), &[(to, ended_at)]);
            let change = ended.reopen(at("2026-05-05T10:00"), "a mistake".into()).unwrap();
            // Status, pause, deadline, outcome and order of moves: nothing is left of the end.
            assert_eq!(change.after, before, "{to} at {ended_at}");
            assert_eq!(change.spans, SpanChange::Unchanged);
            assert_eq!(
                change.events,
                [(at("2026-05-05T10:00"), Event::Reopened { reason: "a mistake".into(), undone: to })]
            );
        }
    }
}

#[test]
fn a_pause_goes_on_after_reopening() {
    let paused =
        moved(received(pausing(working_days(5)), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-03T10:00")]);
    let withdrawn = moved(paused, &[(Withdrawn, "2026-03-03T11:00")]);
    let reopened = withdrawn.reopen(at("2026-03-20T09:00"), "a mistake".into()).unwrap().after;
    assert_eq!(reopened.standing.timing(at("2026-03-20T09:00")), Some(Timing::Paused));
    let back = moved(reopened, &[(Processing, "2026-03-04T10:00")]);
    assert_eq!(back.standing.deadline, Some(deadline("2026-03-10T09:00", "2026-03-11T00:00")), "7.5 h were waited");
}

#[test]
fn a_late_finish_reopened_is_overdue_again() {
    let late = moved(received(working_days(1), "2026-03-02T09:00"), &[(Finished, "2026-03-04T00:00")]);
    let reopened = late.reopen(at("2026-03-04T09:00"), "a mistake".into()).unwrap().after;
    assert_eq!(reopened.standing.timing(at("2026-03-04T09:00")), Some(Timing::Overdue));
    assert_eq!(reopened.standing.outcome, None);
}

#[test]
fn only_withdrawn_stopped_and_finished_dossiers_are_reopened() {
    let accepted = || received(working_days(5), "2026-03-02T09:00");
    let noon = "2026-03-02T12:00";
    for dossier in [
        registered(working_days(5), "2026-03-02T09:00"),
        accepted(),
        moved(registered(working_days(5), "2026-03-02T09:00"), &[(Rejected, noon)]),
        moved(accepted(), &[(Processing, noon)]),
        moved(accepted(), &[(SupplementRequired, noon)]),
        moved(accepted(), &[(Processing, noon), (PaymentRequired, noon)]),
        moved(accepted(), &[(Finished, noon), (Returned, noon)]),
    ] {
        let from = dossier.standing.status;
        let refused = dossier.reopen(at("2026-03-03T09:00"), "because".into());
        assert_eq!(refused, Err(Refusal::IllegalTransition { from, to: "reopen" }));
    }
    let once = moved(accepted(), &[(Finished, noon)]).reopen(at("2026-03-03T09:00"), "because".into()).unwrap().after;
    let twice = once.reopen(at("2026-03-03T09:00"), "because".into());
    assert_eq!(twice, Err(Refusal::IllegalTransition { from: Received, to: "reopen" }));
}

#[test]
fn a_re_appointment_moves_no_deadline() {
    // "Re-appointment changes `reappointed_at` only; statistics go by `due_on`/`late_from`."
    let dossier = received(working_days(1), "2026-03-02T09:00");
    let new_return_at = at("2026-03-20T09:00");
    let event = Event::Reappointed { letter: "letter".into(), new_return_at };
    let change = Change::of(&dossier, vec![(at("2026-03-03T10:00"), event)]);
    let expected = Standing { reappointed_at: Some(new_return_at), ..dossier.standing.clone() };
    assert_eq!((change.after.standing.clone(), change.spans), (expected, SpanChange::Unchanged));
    assert_eq!(change.after.standing.timing(at("2026-03-04T00:00")), Some(Timing::Overdue));
}
