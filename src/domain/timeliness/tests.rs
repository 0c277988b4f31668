//! Early, on time and late, to the second (contract section 4).

use super::*;
use crate::domain::testing::{at, deadline};

#[test]
fn a_result_is_early_before_the_day_due_and_late_from_the_first_late_instant() {
    let by_day = deadline("2026-03-09T09:00", "2026-03-10T00:00");
    let by_hour = deadline("2026-03-03T14:30", "2026-03-03T14:30:01");
    for (deadline, finished_at, class, ground) in [
        (by_day, "2026-03-02T09:00:00", EndClass::Early, "a week ahead"),
        (by_day, "2026-03-08T23:59:59", EndClass::Early, "on a date before `due_on`"),
        (by_day, "2026-03-09T00:00:00", EndClass::OnTime, "on `due_on`, though before `due_at`"),
        (by_day, "2026-03-09T09:00:01", EndClass::OnTime, "after `due_at`: a day term runs to midnight, art. 148(6)"),
        (by_day, "2026-03-09T23:59:59", EndClass::OnTime, "the last second of the day due"),
        (by_day, "2026-03-10T00:00:00", EndClass::Late, "the midnight after `due_on`"),
        (by_hour, "2026-03-02T23:59:59", EndClass::Early, "the day before"),
        (by_hour, "2026-03-03T00:00:00", EndClass::OnTime, "the day due"),
        (by_hour, "2026-03-03T14:30:00", EndClass::OnTime, "`due_at` itself"),
        (by_hour, "2026-03-03T14:30:01", EndClass::Late, "one second after `due_at`"),
    ] {
        assert_eq!(class_of_result(Some(&deadline), at(finished_at)), class, "{finished_at}: {ground}");
    }
    assert_eq!(class_of_result(None, at("2026-03-10T00:00")), EndClass::OnTime, "no appointment ends on time");
}

#[test]
fn what_is_withdrawn_or_stopped_is_on_time_unless_already_late() {
    let late_from = Some(at("2026-03-10T00:00"));
    for (late_from, ended_at, class, ground) in [
        (late_from, "2026-03-02T09:00:00", EndClass::OnTime, "never early"),
        (late_from, "2026-03-09T23:59:59", EndClass::OnTime, "not late yet"),
        (late_from, "2026-03-10T00:00:00", EndClass::Late, "already late"),
        (None, "2030-01-01T00:00:00", EndClass::OnTime, "clock stopped, or no appointment"),
    ] {
        assert_eq!(class_of_closing(late_from, at(ended_at)), class, "{ended_at}: {ground}");
    }
}

#[test]
fn lateness_begins_at_its_instant() {
    assert!(!is_late(Some(at("2026-03-10T00:00")), at("2026-03-09T23:59:59")));
    assert!(is_late(Some(at("2026-03-10T00:00")), at("2026-03-10T00:00:00")));
    assert!(!is_late(None, at("2026-03-10T00:00")));
}

#[test]
fn timings_have_the_words_of_the_contract() {
    let words = ["within", "paused", "overdue", "early", "on_time", "late"];
    assert_eq!(Timing::ALL.map(Timing::as_str), words);
    for (word, timing) in words.into_iter().zip(Timing::ALL) {
        assert_eq!(word.parse(), Ok(timing));
    }
    assert_eq!("late".parse(), Ok(EndClass::Late));
    assert!("overdue".parse::<EndClass>().is_err(), "an open dossier has no class");
    assert!("Late".parse::<Timing>().is_err());
}

#[test]
fn a_letter_is_owed_for_what_is_or_ended_late() {
    let owing: Vec<&str> = Timing::ALL.into_iter().filter(|timing| timing.owes_apology()).map(Timing::as_str).collect();
    assert_eq!(owing, ["overdue", "late"]);
}
