//! The state machine: every move there is and none besides, reasons, times, intake and voiding (contract section 3).

use super::*;
use crate::domain::calendar::LAST_YEAR;
use crate::domain::testing::{
    SHUT, at, attempt, cut_off_at, deadline, moved, moves_of_the_contract, office, offices, received, registered,
    standard_office, version, wish, working_days, working_hours,
};
use crate::domain::timeliness::{EndClass, Timing};

use Status::{
    Finished, PaymentRequired, Processing, Received, Registered, Rejected, Returned, Stopped, SupplementRequired,
    Withdrawn,
};

/// A dossier in each status; the one in 5 twice, after acceptance and at intake.
fn one_in_each_status() -> Vec<Dossier> {
    let new = || registered(working_days(5), "2026-03-02T09:00");
    let accepted = |moves: &[(Status, &str)]| moved(received(working_days(5), "2026-03-02T09:00"), moves);
    let noon = "2026-03-02T12:00";
    vec![
        new(),
        accepted(&[]),
        moved(new(), &[(Rejected, noon)]),
        accepted(&[(Processing, noon)]),
        accepted(&[(SupplementRequired, noon)]),
        moved(new(), &[(SupplementRequired, noon)]),
        accepted(&[(Processing, noon), (PaymentRequired, noon)]),
        accepted(&[(Withdrawn, noon)]),
        accepted(&[(Stopped, noon)]),
        accepted(&[(Finished, noon)]),
        accepted(&[(Finished, noon), (Returned, noon)]),
    ]
}

#[test]
fn there_are_the_moves_of_the_contract_and_no_others() {
    let dossiers = one_in_each_status();
    let codes: Vec<i16> = dossiers.iter().map(|dossier| dossier.standing.status.national_code()).collect();
    assert_eq!(codes, [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]);
    for dossier in dossiers {
        let from = dossier.standing.status;
        let legal = moves_of_the_contract(from, dossier.standing.received_at.is_some());
        for &to in Status::ALL {
            let tried = attempt(&dossier, &wish(to, "2026-03-03T09:00"));
            if legal.contains(&to.national_code()) {
                assert_eq!(tried.map(|change| change.after.standing.status), Ok(to), "{from} to {to}");
            } else {
                assert_eq!(tried, Err(Refusal::IllegalTransition { from, to: to.as_str() }), "{from} to {to}");
            }
        }
    }
}

#[test]
fn some_moves_want_a_reason() {
    // "Reason required for 3, 5, 6, 7, 8, refused and reopen."
    for dossier in one_in_each_status() {
        for to in moves_of_the_contract(dossier.standing.status, dossier.standing.received_at.is_some()) {
            let to = Status::from_national_code(*to).unwrap();
            let silent = Move { reason: None, ..wish(to, "2026-03-03T09:00") };
            let tried = attempt(&dossier, &silent);
            if [3, 5, 6, 7, 8].contains(&to.national_code()) {
                assert_eq!(tried, Err(Refusal::ReasonRequired), "{} to {to}", dossier.standing.status);
            } else {
                assert!(tried.is_ok(), "{} to {to}", dossier.standing.status);
            }
        }
    }
}

#[test]
fn a_finish_has_an_outcome_and_a_refusal_its_reason() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let finish = |outcome, reason: Option<&str>| {
        let wish = Move { outcome, reason: reason.map(Into::into), ..wish(Finished, "2026-03-03T09:00") };
        attempt(&dossier, &wish).map(|change| change.after.standing.outcome)
    };
    assert_eq!(finish(None, None), Ok(Some(Outcome::Granted)), "granted when not said");
    assert_eq!(finish(Some(Outcome::Granted), None), Ok(Some(Outcome::Granted)));
    assert_eq!(finish(Some(Outcome::Refused), None), Err(Refusal::ReasonRequired), "Decree 61/2018 art. 19(8)");
    assert_eq!(finish(Some(Outcome::Refused), Some("no right")), Ok(Some(Outcome::Refused)));

    let elsewhere = Move { outcome: Some(Outcome::Granted), ..wish(Processing, "2026-03-03T09:00") };
    assert_eq!(attempt(&dossier, &elsewhere), Err(Refusal::OutcomeNotAllowed), "outcome goes with finished");
}

#[test]
fn a_refusal_is_a_result_with_its_own_punctuality() {
    // Decree 61/2018 art. 19(8): within the time limit, entered as a returned result.
    let dossier = received(working_days(1), "2026-03-02T09:00");
    for (refused_at, class) in [
        ("2026-03-02T16:00", EndClass::Early),
        ("2026-03-03T16:00", EndClass::OnTime),
        ("2026-03-04T00:00", EndClass::Late),
    ] {
        let refused = Move { outcome: Some(Outcome::Refused), ..wish(Finished, refused_at) };
        let after = attempt(&dossier, &refused).unwrap().after;
        assert_eq!(after.standing.timing(at("2026-04-01T00:00")), Some(Timing::Ended(class)), "{refused_at}");
    }
}

#[test]
fn moves_follow_each_other_in_time() {
    let dossier = moved(received(working_days(5), "2026-03-02T09:00"), &[(Processing, "2026-03-03T10:00")]);
    let tried =
        |moved_at: &str| attempt(&dossier, &wish(Finished, moved_at)).map(|change| change.after.standing.status);
    let refusal = Refusal::BeforeLastMove { at: at("2026-03-03T09:59:59"), last_move_at: at("2026-03-03T10:00") };
    assert_eq!(tried("2026-03-03T09:59:59"), Err(refusal));
    assert_eq!(tried("2026-03-03T10:00:00"), Ok(Finished), "at or after the one before");
}

#[test]
fn an_immediate_result_takes_no_time() {
    // Decree 61/2018 art. 17(4), domain.md 1.3: receipt and end on the same instant, counted all the same.
    let same = "2026-03-02T09:00";
    let dossier = moved(received(working_days(0), same), &[(Finished, same), (Returned, same)]);
    assert_eq!(dossier.standing.timing(at(same)), Some(Timing::Ended(EndClass::OnTime)));
    assert_eq!(dossier.standing.returned_at, Some(at(same)));
}

#[test]
fn the_end_is_the_finish_not_the_hand_over() {
    let dossier = received(working_days(1), "2026-03-02T09:00");
    let dossier = moved(dossier, &[(Finished, "2026-03-03T16:00"), (Returned, "2026-03-20T10:00")]);
    let end = dossier.standing.end.unwrap();
    assert_eq!((end.at, end.class), (at("2026-03-03T16:00"), EndClass::OnTime));
    assert_eq!(dossier.standing.returned_at, Some(at("2026-03-20T10:00")));
}

#[test]
fn a_filing_is_answered_within_eight_working_hours_of_the_receiving_agency() {
    // Decree 105/2025 art. 10(2), domain.md 1.3.
    let due = |filed_at| registered(working_days(5), filed_at).standing.acceptance_due_at.unwrap();
    assert_eq!(due("2026-03-02T14:00"), at("2026-03-03T14:30"), "3 h, 4 h, 1 h");
    assert_eq!(due("2026-03-07T10:00"), at("2026-03-10T08:00"), "from Monday's opening: 7.5 h, 0.5 h");

    const FORENOON: &str = "08:00-12:00";
    let receiving = office(&[("2020-01-01", [FORENOON, FORENOON, FORENOON, FORENOON, FORENOON, SHUT, SHUT])], &[]);
    let offices = Offices { resolving: standard_office(), receiving: &receiving };
    let filing = Filing { channel: Channel::Online, at: at("2026-03-02T14:00"), accept: false };
    let taken = take_in(&filing, &version(working_days(5)), offices).unwrap().after;
    assert_eq!(taken.standing.acceptance_due_at, Some(at("2026-03-04T12:00")), "4 h on Tuesday and on Wednesday");
}

#[test]
fn acceptance_starts_the_clock_and_keeps_the_filing() {
    // "1→2 sets `received_at` to its `at` (the filing stays as `filed_at`): deadline and statistics run from it."
    let filed = registered(working_days(5), "2026-03-02T14:00");
    assert_eq!(filed.standing.timing(at("2026-03-02T14:00")), None, "1 has no timing");
    let due = at("2026-03-03T14:30");
    for (accepted_at, late) in [("2026-03-03T14:30:00", false), ("2026-03-03T14:30:01", true)] {
        let accepted = moved(filed.clone(), &[(Received, accepted_at)]).standing;
        assert_eq!(accepted.filed_at, at("2026-03-02T14:00"));
        assert_eq!(accepted.received_at, Some(at(accepted_at)));
        assert_eq!(accepted.acceptance_due_at, Some(due));
        assert_eq!(accepted.accepted_late, late, "{accepted_at}");
        assert_eq!(accepted.deadline.unwrap().due_at, at("2026-03-10T14:30:00") + (at(accepted_at) - due));
        assert_eq!(accepted.original, accepted.deadline);
        assert_eq!(accepted.timing(at(accepted_at)), Some(Timing::Within));
    }
}

#[test]
fn acceptance_takes_the_rule_of_its_day() {
    // "a dossier keeps the version of its day of receipt"
    let filed = registered(working_days(5), "2026-03-02T09:00");
    let newer = RuleVersion { id: 7, rule: working_days(1) };
    let change = filed.transition(&wish(Received, "2026-03-02T10:00"), &newer, offices()).unwrap();
    assert_eq!(change.after.rule, newer.rule);
    assert_eq!(change.after.standing.deadline, Some(deadline("2026-03-03T10:00", "2026-03-04T00:00")));
    assert!(matches!(change.events[..], [(_, Event::Received { rule_version: 7, .. })]));

    let newest = RuleVersion { id: 8, rule: working_hours(1) };
    let moves = [(SupplementRequired, "2026-03-02T11:00"), (Processing, "2026-03-05T09:00")];
    let after = moves.iter().fold(change.after, |dossier, (to, moved_at)| {
        dossier.transition(&wish(*to, moved_at), &newest, offices()).unwrap().after
    });
    assert_eq!(after.rule, newer.rule, "a later version changes nothing");
    assert_eq!(after.standing.deadline, Some(deadline("2026-03-06T09:00", "2026-03-07T00:00")));
}

#[test]
fn supplements_at_intake_stop_no_clock_and_are_in_no_column() {
    // "1→5→1 at intake: no clock, `timing: null`, in no column"
    let filed = registered(working_days(5), "2026-03-02T09:00");
    let waiting = moved(filed, &[(SupplementRequired, "2026-03-02T10:00")]);
    let later = at("2026-06-01T00:00");
    assert_eq!((waiting.standing.timing(later), waiting.standing.is_open()), (None, false));
    assert_eq!((waiting.standing.stopped_since, waiting.standing.received_at), (None, None));

    let change = attempt(&waiting, &wish(Registered, "2026-03-20T14:00")).unwrap();
    assert_eq!(change.spans, SpanChange::Unchanged);
    let again = change.after;
    assert_eq!(again.standing.acceptance_due_at, Some(at("2026-03-23T14:30")), "examined anew: Fri 3 h, Mon 4 h + 1 h");
    assert_eq!((again.standing.timing(later), again.standing.supplement_requests), (None, 1));

    let accepted = moved(again, &[(Received, "2026-03-23T09:00"), (SupplementRequired, "2026-03-24T09:00")]);
    assert_eq!(accepted.standing.supplement_requests, 2, "requests at intake count as well");
    assert!(!accepted.standing.accepted_late);
}

#[test]
fn what_ends_at_intake_is_in_no_column() {
    let later = at("2026-06-01T00:00");
    let waiting = moved(registered(working_days(5), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-02T10:00")]);
    for to in [Withdrawn, Stopped] {
        let ended = moved(waiting.clone(), &[(to, "2026-03-09T09:00")]);
        assert_eq!((ended.standing.status, ended.standing.timing(later)), (to, None));
        assert_eq!(ended.standing.end, None);
    }
    let rejected = moved(registered(working_days(5), "2026-03-02T09:00"), &[(Rejected, "2026-03-02T10:00")]);
    assert_eq!(rejected.standing.timing(later), None, "3 has no timing");
}

#[test]
fn nothing_moves_a_void_dossier() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let finished = moved(dossier, &[(Finished, "2026-03-03T09:00")]);
    let void = finished.void(at("2026-03-04T09:00"), "entered twice".into()).unwrap().after;
    assert_eq!((void.standing.timing(at("2026-03-04T09:00")), void.standing.is_open()), (None, false));
    assert_eq!(attempt(&void, &wish(Returned, "2026-03-05T09:00")), Err(Refusal::DossierVoid));
    assert_eq!(void.reopen(at("2026-03-05T09:00"), "because".into()), Err(Refusal::DossierVoid));
    assert_eq!(void.void(at("2026-03-05T09:00"), "because".into()), Err(Refusal::DossierVoid));
}

#[test]
fn times_lie_up_to_fifteen_days_back_and_never_ahead() {
    let now = at("2026-03-20T10:00");
    let days_back = Some(MAX_DAYS_BACK);
    let too_far = |text| Err(Refusal::TooFarBack { at: at(text), days: 15 });
    for (text, days_back, expected, ground) in [
        ("2026-03-20T10:00:00", days_back, Ok(()), "now"),
        ("2026-03-20T10:00:01", days_back, Err(Refusal::InTheFuture { at: at("2026-03-20T10:00:01") }), "never ahead"),
        ("2026-03-05T00:00:00", days_back, Ok(()), "15 calendar days back, at whatever hour"),
        ("2026-03-04T23:59:59", days_back, too_far("2026-03-04T23:59:59"), "16 days back"),
        ("1999-01-01T00:00:00", None, Ok(()), "any time back for admin and imports"),
        ("2026-03-20T10:00:01", None, Err(Refusal::InTheFuture { at: at("2026-03-20T10:00:01") }), "but never ahead"),
    ] {
        assert_eq!(check_time(at(text), now, days_back), expected, "{text}: {ground}");
    }
}

#[test]
fn a_term_past_the_calendar_is_refused_by_name() {
    let filing = Filing { channel: Channel::Direct, at: at(&format!("{LAST_YEAR}-12-31T10:00")), accept: true };
    assert_eq!(take_in(&filing, &version(working_days(1)), offices()), Err(Refusal::BeyondCalendar));
    let unaccepted = Filing { accept: false, ..filing };
    assert_eq!(take_in(&unaccepted, &version(working_days(1)), offices()), Err(Refusal::BeyondCalendar));
}

#[test]
fn a_life_is_the_sum_of_its_moves() {
    let version = version(cut_off_at("15:00", working_days(5)));
    let filing = Filing { channel: Channel::Online, at: at("2026-03-02T09:00"), accept: false };
    let moves = [
        wish(Received, "2026-03-02T10:00"),
        wish(SupplementRequired, "2026-03-03T10:00"),
        wish(Processing, "2026-03-12T15:00:01"),
        wish(Finished, "2026-03-21T00:00"),
    ];
    let life = live(&filing, &moves, &version, offices()).unwrap();
    let standing = &life.dossier.standing;
    // After the cut-off on Thursday the 12th: received anew on Friday, five days later is Friday the 20th.
    assert_eq!(standing.deadline, Some(deadline("2026-03-20T07:30", "2026-03-21T00:00")));
    assert_eq!(standing.end.map(|end| end.class), Some(EndClass::Late), "finished at the first late instant");
    let span = |from, until, late_from: Option<&str>| Span {
        from: at(from),
        until: at(until),
        late_from: late_from.map(at),
        paused: late_from.is_none(),
    };
    assert_eq!(
        life.spans,
        [
            span("2026-03-02T10:00", "2026-03-03T10:00", Some("2026-03-10T00:00")),
            span("2026-03-03T10:00", "2026-03-12T15:00:01", None),
        ]
    );
    let illegal = [wish(Received, "2026-03-02T10:00"), wish(Returned, "2026-03-03T10:00")];
    let refusal = Refusal::IllegalTransition { from: Received, to: "returned" };
    assert_eq!(live(&filing, &illegal, &version, offices()), Err(refusal));
}
