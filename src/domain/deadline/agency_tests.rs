//! Deadlines against cases worked out by hand from contract section 4: cut-offs, agencies of their own, and the trail.

use super::tests::{calendar_days, case, check};
use super::*;
use crate::domain::testing::{
    SHUT, STANDARD, at, cut_off_at, day, no_appointment, office, rule, standard_office, working_days, working_hours,
};

#[test]
fn after_the_cut_off_a_receipt_is_of_the_next_working_day() {
    let days = |amount| cut_off_at("15:00", working_days(amount));
    let hours = |amount| cut_off_at("15:00", working_hours(amount));
    let plain = |amount| cut_off_at("15:00", calendar_days(amount));
    check(
        standard_office(),
        [
            case("2026-03-02T15:00:00", days(1), "2026-03-03T15:00", "2026-03-04T00:00", "exactly at it is in time"),
            case("2026-03-02T15:00:01", days(1), "2026-03-04T07:30", "2026-03-05T00:00", "Decree 23/2015 art. 7"),
            case("2026-03-02T15:00:00", days(0), "2026-03-02T15:00", "2026-03-03T00:00", "Decree 23/2015: same day"),
            case("2026-03-02T15:00:01", days(0), "2026-03-03T07:30", "2026-03-04T00:00", "Decree 23/2015: next day"),
            case("2026-03-02T19:00", days(0), "2026-03-03T07:30", "2026-03-04T00:00", "after closing as well"),
            case("2026-03-06T15:00:01", days(0), "2026-03-09T07:30", "2026-03-10T00:00", "Friday → Monday"),
            case("2026-04-29T16:00", days(0), "2026-05-04T07:30", "2026-05-05T00:00", "over 30 April and 1 May"),
            case(
                "2026-03-02T06:00",
                days(0),
                "2026-03-02T07:30",
                "2026-03-03T00:00",
                "before opening is before the cut-off",
            ),
            case(
                "2026-03-07T09:00",
                days(0),
                "2026-03-09T07:30",
                "2026-03-10T00:00",
                "contract 4: day off with a cut-off",
            ),
            case(
                "2026-03-07T09:00",
                days(1),
                "2026-03-10T07:30",
                "2026-03-11T00:00",
                "contract 4: day off with a cut-off",
            ),
            case("2026-03-02T15:00:00", hours(4), "2026-03-03T09:30", "2026-03-03T09:30:01", "hours: at the cut-off"),
            case(
                "2026-03-02T15:00:01",
                hours(4),
                "2026-03-03T11:30",
                "2026-03-03T11:30:01",
                "hours: from next opening",
            ),
            case("2026-03-07T09:00", hours(4), "2026-03-09T11:30", "2026-03-09T11:30:01", "hours: day off"),
            case(
                "2026-03-06T15:30",
                plain(3),
                "2026-03-12T07:30",
                "2026-03-13T00:00",
                "plain days from Monday's opening",
            ),
        ],
    );
}

#[test]
fn agencies_have_their_own_days_and_hours() {
    let closed = office(&[], &["2026-03-04", "2026-01-10"]);
    check(
        &closed,
        [
            case("2026-03-02T09:00", working_days(2), "2026-03-05T09:00", "2026-03-06T00:00", "closures don't work"),
            case(
                "2026-01-09T08:00",
                working_days(1),
                "2026-01-12T08:00",
                "2026-01-13T00:00",
                "closed on a make-up day",
            ),
            case(
                "2026-03-02T09:00",
                calendar_days(2),
                "2026-03-05T09:00",
                "2026-03-06T00:00",
                "art. 148(5) by analogy",
            ),
            case(
                "2026-03-03T16:00",
                working_hours(2),
                "2026-03-05T08:30",
                "2026-03-05T08:30:01",
                "hours over a closure",
            ),
            case("2026-03-04T09:00", working_days(1), "2026-03-05T17:00", "2026-03-06T00:00", "received while closed"),
        ],
    );
    let no_wednesday = office(&[("2020-01-01", [STANDARD, STANDARD, SHUT, STANDARD, STANDARD, STANDARD, SHUT])], &[]);
    check(
        &no_wednesday,
        [
            case(
                "2026-03-02T10:00",
                working_days(2),
                "2026-03-05T10:00",
                "2026-03-06T00:00",
                "a weekday without hours",
            ),
            case("2026-03-04T10:00", working_days(1), "2026-03-05T17:00", "2026-03-06T00:00", "it is a day off"),
            case(
                "2026-03-06T10:00",
                working_days(1),
                "2026-03-09T10:00",
                "2026-03-10T00:00",
                "Saturday hours count not",
            ),
            case(
                "2026-03-07T10:00",
                working_days(0),
                "2026-03-09T17:00",
                "2026-03-10T00:00",
                "Saturday hours count not",
            ),
            case("2026-03-07T10:00", working_hours(1), "2026-03-09T08:30", "2026-03-09T08:30:01", "nor in hours"),
        ],
    );
}

#[test]
fn make_up_saturdays_have_their_own_hours_or_mondays() {
    const FORENOON: &str = "07:30-11:30";
    const MONDAY: &str = "08:00-12:00 13:00-16:00";
    let own = office(&[("2020-01-01", [STANDARD, STANDARD, STANDARD, STANDARD, STANDARD, FORENOON, SHUT])], &[]);
    check(
        &own,
        [
            case(
                "2024-05-03T15:00",
                working_days(1),
                "2024-05-04T11:30",
                "2024-05-05T00:00",
                "closing of that Saturday",
            ),
            case(
                "2025-04-25T15:00",
                working_days(1),
                "2025-04-26T11:30",
                "2025-04-27T00:00",
                "closing of that Saturday",
            ),
            case("2026-08-21T15:00", working_hours(7), "2026-08-24T08:30", "2026-08-24T08:30:01", "2 h, 4 h, 1 h"),
        ],
    );
    let mondays = office(&[("2020-01-01", [MONDAY, STANDARD, STANDARD, STANDARD, STANDARD, SHUT, SHUT])], &[]);
    check(
        &mondays,
        [
            case("2024-05-03T16:30", working_days(1), "2024-05-04T16:00", "2024-05-05T00:00", "else Monday's"),
            case("2026-01-09T07:45", working_days(1), "2026-01-10T08:00", "2026-01-11T00:00", "else Monday's"),
            case("2026-08-21T16:00", working_hours(2), "2026-08-22T09:00", "2026-08-22T09:00:01", "else Monday's"),
        ],
    );
}

#[test]
fn the_hours_of_the_day_due_decide() {
    // From Monday 9 March 2026 the office opens 08:00–12:00 and 13:00–16:30.
    const NEW: &str = "08:00-12:00 13:00-16:30";
    let office = office(&[("2026-03-09", [NEW, NEW, NEW, NEW, NEW, SHUT, SHUT])], &[]);
    let monday = |received_at, due_at, ground| case(received_at, working_days(1), due_at, "2026-03-10T00:00", ground);
    check(
        &office,
        [
            monday("2026-03-06T07:45", "2026-03-09T08:00", "inside on Friday, before opening on Monday"),
            monday("2026-03-06T16:45", "2026-03-09T16:30", "inside on Friday, after closing on Monday"),
            monday("2026-03-06T10:00", "2026-03-09T10:00", "inside on both"),
            monday("2026-03-07T10:00", "2026-03-09T16:30", "a day off: closing of the day due"),
            case("2026-03-06T16:30", working_hours(1), "2026-03-09T08:30", "2026-03-09T08:30:01", "each day its hours"),
        ],
    );
}

#[test]
fn no_appointment_promises_nothing() {
    // "`no_appointment` → all null (amount and unit are then ignored)"
    for unit in [Unit::WorkingDay, Unit::WorkingHour, Unit::CalendarDay, Unit::Month] {
        let rule = cut_off_at("15:00", Rule { unit, ..no_appointment() });
        assert_eq!(promise(&rule, at("2026-03-02T16:00"), standard_office(), &mut ()), Ok(None));
    }
}

#[test]
fn a_term_past_the_calendar_is_refused() {
    for rule in [working_days(1), working_hours(80), calendar_days(1), rule(1, Unit::Month)] {
        let promised = promise(&rule, at("2150-12-31T10:00"), standard_office(), &mut ());
        assert_eq!(promised, Err(BeyondCalendar), "{rule:?}");
    }
}

#[test]
fn the_trail_tells_counted_and_skipped_days() {
    let trail = |rule: &Rule, received_at: &str| {
        let mut trail = Trail::default();
        promise(rule, at(received_at), standard_office(), &mut trail).unwrap();
        trail
    };
    let days = |texts: &[&str]| texts.iter().map(|text| day(text)).collect::<Vec<_>>();
    const WEEKEND: SkipCause = SkipCause::Off(DayOff::Weekend);
    const HOLIDAY: SkipCause = SkipCause::Off(DayOff::Holiday);

    let example = trail(&working_days(5), "2023-04-27T16:30");
    assert_eq!(example.counted, days(&["2023-04-28", "2023-05-04", "2023-05-05", "2023-05-08", "2023-05-09"]));
    assert_eq!(
        example.skipped,
        [
            (day("2023-04-29"), WEEKEND),
            (day("2023-04-30"), WEEKEND),
            (day("2023-05-01"), HOLIDAY),
            (day("2023-05-02"), HOLIDAY),
            (day("2023-05-03"), HOLIDAY),
            (day("2023-05-06"), WEEKEND),
            (day("2023-05-07"), WEEKEND),
        ]
    );

    let cut_off = trail(&cut_off_at("15:00", working_days(1)), "2026-03-02T15:00:01");
    assert_eq!(cut_off.skipped, [(day("2026-03-02"), SkipCause::AfterCutoff)]);
    assert_eq!(cut_off.counted, days(&["2026-03-04"]), "3 March is the day of receipt and not counted");

    let plain = trail(&calendar_days(2), "2026-03-05T09:00");
    assert_eq!(plain.skipped, [(day("2026-03-07"), WEEKEND), (day("2026-03-08"), WEEKEND)]);
    assert_eq!(plain.counted, days(&["2026-03-06", "2026-03-09"]));
}
