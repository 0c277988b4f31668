//! Rungs in working time (contract section 4, domain.md 5.6), and the way up a ladder; every instant is reckoned by hand.

use super::*;
use crate::domain::dossier::Dossier;
use crate::domain::office::OfficeCalendar;
use crate::domain::testing::{at, deadline, office, received, standard_office, working_days};
use crate::domain::vocabulary::Status;

fn rung(offset: Offset, unit: RungUnit) -> Rung {
    Rung { offset, unit, tell: vec![Told::Assignee] }
}

fn reached(offset: Offset, unit: RungUnit, due: &Deadline, office: &OfficeCalendar) -> LocalTime {
    rung(offset, unit).reached_at(due, office).unwrap()
}

use Offset::{After, Before};
use RungUnit::{WorkingDay, WorkingHour};

#[test]
fn rungs_are_counted_in_working_time() {
    // Received on Monday 2 March 2026 at 09:00 with five working days: due on Monday the 9th at 09:00, late from the 10th.
    let march = deadline("2026-03-09T09:00", "2026-03-10T00:00");
    // 1 and 2 January 2026 are off and Saturday 10 January is worked (domain.md 5.6).
    let january = deadline("2026-01-12T10:00", "2026-01-13T00:00");
    for (due, offset, unit, expected, why) in [
        (&march, Before(3), WorkingDay, "2026-03-04T07:30", "the 6th, 5th, 4th"),
        (&march, Before(0), WorkingDay, "2026-03-09T07:30", "the day due opens"),
        (&march, Before(4), WorkingHour, "2026-03-06T14:30", "1.5 hours of Monday, 2.5 of Friday"),
        (&march, Before(0), WorkingHour, "2026-03-09T09:00", "the instant due"),
        (&march, After(1), WorkingDay, "2026-03-10T07:30", "the first day of lateness opens"),
        (&march, After(5), WorkingDay, "2026-03-16T07:30", "the 10th to 13th, and the 16th"),
        (&march, After(2), WorkingHour, "2026-03-10T09:30", "late from midnight, and two office hours"),
        (&march, After(0), WorkingHour, "2026-03-10T07:30", "late from midnight: the next opening"),
        (&january, Before(1), WorkingDay, "2026-01-10T07:30", "the make-up Saturday"),
        (&january, Before(6), WorkingDay, "2026-01-05T07:30", "the 10th, and the 9th to the 5th"),
        (&january, Before(7), WorkingDay, "2025-12-31T07:30", "over the weekend and two days off"),
        (&january, Before(8), WorkingHour, "2026-01-10T09:30", "2.5 hours of Monday, 5.5 of a Saturday of 7.5"),
    ] {
        assert_eq!(reached(offset, unit, due, standard_office()), at(expected), "{offset:?} {unit}: {why}");
    }
}

#[test]
fn closures_are_no_working_days_and_a_day_due_that_fell_off_counts_from_the_one_before() {
    let due = deadline("2026-03-09T09:00", "2026-03-10T00:00");
    let closed = office(&[], &["2026-03-06"]);
    assert_eq!(reached(Before(1), WorkingDay, &due, &closed), at("2026-03-05T07:30"));
    assert_eq!(reached(Before(2), WorkingHour, &due, &closed), at("2026-03-05T16:30"));
    // The calendar changed after the promise, which stands until it is recomputed.
    let closed = office(&[], &["2026-03-09"]);
    assert_eq!(reached(Before(0), WorkingDay, &due, &closed), at("2026-03-06T07:30"));
    assert_eq!(reached(Before(0), WorkingHour, &due, &closed), at("2026-03-06T17:00"));
}

#[test]
fn a_deadline_in_hours_is_late_a_second_after_its_instant() {
    let due = deadline("2026-03-02T11:00", "2026-03-02T11:00:01");
    assert_eq!(reached(Before(2), WorkingHour, &due, standard_office()), at("2026-03-02T09:00"));
    assert_eq!(reached(After(1), WorkingHour, &due, standard_office()), at("2026-03-02T14:00:01"));
    assert_eq!(reached(After(1), WorkingDay, &due, standard_office()), at("2026-03-03T07:30"));
}

fn started(dossier: &Dossier, now: &str) -> Climb {
    Climb::of(&dossier.standing, None, at(now)).unwrap()
}

#[test]
fn each_rung_is_reached_once_and_what_is_passed_at_the_start_stays_silent() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let due = dossier.standing.deadline.unwrap();
    let ladder = [rung(Before(5), WorkingDay), rung(After(1), WorkingDay), rung(Before(3), WorkingDay)];
    let go = |climb: Climb, now: &str| {
        let (reached, climb) = climb.go_on(&ladder, &due, standard_office(), at(now));
        (reached.into_iter().map(|(at, rung)| (at, rung.offset)).collect::<Vec<_>>(), climb)
    };
    // The fifth working day before the 9th is the day of receipt itself, and its opening was before that.
    let (silent, climb) = go(started(&dossier, "2026-03-02T09:00"), "2026-03-02T09:00");
    assert_eq!((silent, climb.next_at), (Vec::new(), Some(at("2026-03-04T07:30"))));
    let (third, climb) = go(climb, "2026-03-04T07:30");
    assert_eq!((third, climb.next_at), (vec![(at("2026-03-04T07:30"), Before(3))], Some(at("2026-03-10T07:30"))));
    assert_eq!(go(climb, "2026-03-04T07:31").0, []);
    // Nobody looked for two weeks: what was reached meanwhile comes in order.
    let all = go(started(&dossier, "2026-03-02T09:00"), "2026-03-16T08:00");
    assert_eq!(all.0.iter().map(|(_, offset)| *offset).collect::<Vec<_>>(), [Before(3), After(1)]);
    assert_eq!(all.1.next_at, None);
}

#[test]
fn a_climb_lasts_as_long_as_its_deadline() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let climb = Climb { next_at: None, ..started(&dossier, "2026-03-02T09:00") };
    let mut standing = dossier.standing.clone();
    assert_eq!(Climb::of(&standing, Some(climb), at("2026-03-05T09:00")), Some(climb), "nothing changed");
    standing.stopped_since = Some(at("2026-03-05T09:00"));
    assert_eq!(Climb::of(&standing, Some(climb), at("2026-03-05T09:00")), None, "the clock stands still");
    standing.stopped_since = None;
    standing.deadline = Some(deadline("2026-03-12T09:00", "2026-03-13T00:00"));
    let anew = Climb::of(&standing, Some(climb), at("2026-03-06T09:00")).unwrap();
    assert_eq!((anew.due_at, anew.passed), (at("2026-03-12T09:00"), at("2026-03-06T09:00")));
    standing.void = true;
    assert_eq!(Climb::of(&standing, Some(anew), at("2026-03-06T09:00")), None);
    assert_eq!(standing.status, Status::Received);
}
