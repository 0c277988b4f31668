//! Working time of an agency: which days it works, in which hours, and walks along them (contract section 4).

use chrono::Weekday;

use super::*;
use crate::domain::testing::{SHUT, STANDARD, at, clock, day, office, sessions, standard_office, week};

const FORENOON: &str = "07:30-11:30";

fn table(days: [&str; 7]) -> Result<WeekHours, HoursFault> {
    WeekHours::new(days.map(sessions))
}

#[test]
fn default_hours_are_those_of_the_contract() {
    // "Hours default to Mon–Fri 07:30–11:30, 13:30–17:00."
    assert_eq!(WeekHours::standard(), week([STANDARD, STANDARD, STANDARD, STANDARD, STANDARD, SHUT, SHUT]));
    assert_eq!(WeekHours::standard().on(Weekday::Sat), []);
}

#[test]
fn unusable_hours_are_refused() {
    let monday = |text| table([text, SHUT, SHUT, SHUT, SHUT, SHUT, SHUT]);
    for (hours, fault) in [
        ("11:30-07:30", HoursFault::Empty),
        ("07:30-07:30", HoursFault::Empty),
        ("07:30-11:30 11:00-17:00", HoursFault::Overlap),
        ("07:30-11:30 11:30-17:00", HoursFault::Overlap),
        ("13:30-17:00 07:30-11:30", HoursFault::Overlap),
        (SHUT, HoursFault::NeverOpen),
    ] {
        assert_eq!(monday(hours), Err(fault), "{hours}");
    }
    let weekend_only = table([SHUT, SHUT, SHUT, SHUT, SHUT, FORENOON, FORENOON]);
    assert_eq!(weekend_only, Err(HoursFault::NeverOpen), "hours on a weekend make no working day");
    let friday_only = table([SHUT, SHUT, SHUT, SHUT, FORENOON, SHUT, SHUT]);
    assert!(friday_only.is_ok());
}

#[test]
fn every_kind_of_day_is_lived_as_the_contract_says() {
    let standard = standard_office();
    let saturdays = office(&[("2020-01-01", [STANDARD, STANDARD, SHUT, STANDARD, STANDARD, FORENOON, FORENOON])], &[]);
    let monday_short = office(&[("2020-01-01", [FORENOON, STANDARD, STANDARD, STANDARD, STANDARD, SHUT, SHUT])], &[]);
    let monday_shut = office(&[("2020-01-01", [SHUT, STANDARD, STANDARD, STANDARD, STANDARD, SHUT, SHUT])], &[]);
    let closed = office(&[], &["2026-03-04", "2026-01-10", "2026-11-24", "2026-03-07"]);
    let off = |reason: DayOff| Err(reason);
    let cases: &[(&OfficeCalendar, &str, Result<&str, DayOff>, &str)] = &[
        (standard, "2026-03-04", Ok(STANDARD), "an ordinary Wednesday"),
        (standard, "2026-03-07", off(DayOff::Weekend), "an ordinary Saturday"),
        (standard, "2026-03-08", off(DayOff::Weekend), "an ordinary Sunday"),
        (standard, "2026-11-24", off(DayOff::Holiday), "24 November, Resolution 28/2026/QH16"),
        (standard, "2025-11-24", Ok(STANDARD), "24 November is a day off from 2026 only"),
        (standard, "2023-05-03", off(DayOff::Holiday), "made good for 30 April 2023, domain.md 5.6"),
        (standard, "2026-01-02", off(DayOff::Holiday), "swapped day, 12729/VPCP-KGVX"),
        (standard, "2024-05-04", Ok(STANDARD), "make-up Saturday with Monday's hours, domain.md 5.6"),
        (standard, "2025-04-26", Ok(STANDARD), "make-up Saturday with Monday's hours, domain.md 5.6"),
        (standard, "2026-01-10", Ok(STANDARD), "make-up Saturday with Monday's hours, domain.md 5.6"),
        (standard, "2026-08-22", Ok(STANDARD), "make-up Saturday with Monday's hours, domain.md 5.6"),
        (&saturdays, "2026-01-10", Ok(FORENOON), "make-up Saturday with its own hours"),
        (&saturdays, "2026-01-17", off(DayOff::Weekend), "hours on a Saturday do not make it a working day"),
        (&saturdays, "2026-01-18", off(DayOff::Weekend), "hours on a Sunday do not make it a working day"),
        (&saturdays, "2026-03-04", off(DayOff::NoOfficeHours), "a weekday without hours is none"),
        (&monday_short, "2026-01-10", Ok(FORENOON), "make-up Saturday without own hours: Monday's, not Friday's"),
        (&monday_shut, "2026-01-10", off(DayOff::NoOfficeHours), "neither own hours nor Monday's"),
        (&closed, "2026-03-04", off(DayOff::Closure), "agency closures don't work"),
        (&closed, "2026-01-10", off(DayOff::Closure), "a closure beats a make-up day"),
        (&closed, "2026-11-24", off(DayOff::Closure), "a closure on a holiday stays a closure"),
        (&closed, "2026-03-07", off(DayOff::Closure), "a closure on a Saturday stays a closure"),
        (&closed, "2026-03-05", Ok(STANDARD), "the day after a closure"),
    ];
    for (office, date, expected, ground) in cases {
        let lived = match office.day(day(date)) {
            Day::Working(open) => Ok(open.to_vec()),
            Day::Off(reason) => Err(reason),
        };
        assert_eq!(lived, expected.map(sessions), "{date}: {ground}");
        assert_eq!(office.is_working(day(date)), expected.is_ok(), "{date}: {ground}");
    }
}

#[test]
fn hours_are_dated() {
    const EARLY: &str = "07:00-11:00 13:00-16:30";
    let office = office(
        &[
            ("2026-03-09", [EARLY, EARLY, EARLY, EARLY, EARLY, SHUT, SHUT]),
            ("2024-01-01", [FORENOON, FORENOON, FORENOON, FORENOON, FORENOON, SHUT, SHUT]),
        ],
        &[],
    );
    for (date, hours, ground) in [
        ("2023-12-29", STANDARD, "before the first version the default holds"),
        ("2024-01-02", FORENOON, "the first version"),
        ("2026-03-06", FORENOON, "the last working day of the first version"),
        ("2026-03-09", EARLY, "the first day of the second version, which was given first"),
        ("2027-03-09", EARLY, "no end"),
    ] {
        assert_eq!(office.day(day(date)), Day::Working(&sessions(hours)), "{date}: {ground}");
    }
}

#[test]
fn both_ends_of_a_session_are_inside() {
    // "Opening, start of break and closing count as inside."
    let office = standard_office();
    for (instant, open) in [
        ("2026-03-02T07:29:59", false),
        ("2026-03-02T07:30:00", true),
        ("2026-03-02T11:30:00", true),
        ("2026-03-02T11:30:01", false),
        ("2026-03-02T13:29:59", false),
        ("2026-03-02T13:30:00", true),
        ("2026-03-02T17:00:00", true),
        ("2026-03-02T17:00:01", false),
        ("2026-03-07T09:00:00", false),
        ("2026-08-22T09:00:00", true),
    ] {
        assert_eq!(office.is_open(at(instant)), open, "{instant}");
    }
}

#[test]
fn a_clock_time_is_fitted_into_a_day() {
    // "before opening → opening; in the break → end of the break; after closing → closing time"
    let open = sessions(STANDARD);
    for (time, fitted) in [
        ("00:00", "07:30"),
        ("07:30", "07:30"),
        ("09:15", "09:15"),
        ("11:30", "11:30"),
        ("11:31", "13:30"),
        ("13:29", "13:30"),
        ("13:30", "13:30"),
        ("17:00", "17:00"),
        ("17:01", "17:00"),
        ("23:59", "17:00"),
    ] {
        assert_eq!(fit_into(&open, clock(time)), clock(fitted), "{time}");
    }
    assert_eq!((opening(&open), closing(&open)), (clock("07:30"), clock("17:00")));
}

#[test]
fn working_days_are_found_over_days_off() {
    let office = standard_office();
    let mut passed = Vec::new();
    let (next, open) = office.next_working_day(day("2023-04-28"), |date, reason| passed.push((date, reason))).unwrap();
    assert_eq!((next, open), (day("2023-05-04"), sessions(STANDARD).as_slice()));
    assert_eq!(
        passed,
        [
            (day("2023-04-29"), DayOff::Weekend),
            (day("2023-04-30"), DayOff::Weekend),
            (day("2023-05-01"), DayOff::Holiday),
            (day("2023-05-02"), DayOff::Holiday),
            (day("2023-05-03"), DayOff::Holiday),
        ],
        "1–3 May 2023 were off, domain.md 5.6"
    );
    assert_eq!(office.nth_working_day_after(day("2026-03-05"), 3), Ok(day("2026-03-10")), "6, 9 and 10 March");
    assert_eq!(office.nth_working_day_after(day("2026-03-07"), 0), Ok(day("2026-03-07")), "nothing counted");
}

#[test]
fn office_time_is_walked_and_measured_alike() {
    let office = standard_office();
    const H: u64 = 3_600;
    // A day has 4 h and 3.5 h; 2 to 6 March 2026 are Monday to Friday.
    for (from, seconds, until, ground) in [
        ("2026-03-02T07:30:00", 4 * H, "2026-03-02T11:30:00", "the earliest instant that fits: before the break"),
        ("2026-03-02T07:30:00", 4 * H + 1, "2026-03-02T13:30:01", "over the break"),
        ("2026-03-02T07:30:00", 15 * H / 2, "2026-03-02T17:00:00", "one office day, to closing"),
        ("2026-03-02T07:30:00", 8 * H, "2026-03-03T08:00:00", "8 h are more than a day of 7.5 h"),
        ("2026-03-02T11:30:00", H, "2026-03-02T14:30:00", "from the start of the break"),
        ("2026-03-02T12:15:00", H, "2026-03-02T14:30:00", "from within the break"),
        ("2026-03-02T17:00:00", H, "2026-03-03T08:30:00", "from closing"),
        ("2026-03-06T16:00:00", 2 * H, "2026-03-09T08:30:00", "over a weekend"),
        ("2026-03-07T10:00:00", H, "2026-03-09T08:30:00", "from a day off"),
        ("2024-05-03T16:00:00", 4 * H, "2024-05-04T10:30:00", "into the make-up Saturday"),
        ("2026-11-23T16:00:00", 2 * H, "2026-11-25T08:30:00", "over 24 November 2026"),
    ] {
        assert_eq!(office.walk(at(from), seconds, |_, _| ()), Ok(at(until)), "{from}: {ground}");
        assert_eq!(office.office_seconds(at(from), at(until)), seconds, "{from}: {ground}");
    }
}

#[test]
fn no_time_leads_to_the_next_instant_inside() {
    for (from, until) in [
        ("2026-03-02T06:00:00", "2026-03-02T07:30:00"),
        ("2026-03-02T11:30:00", "2026-03-02T11:30:00"),
        ("2026-03-02T12:00:00", "2026-03-02T13:30:00"),
        ("2026-03-02T17:00:00", "2026-03-02T17:00:00"),
        ("2026-03-06T17:00:01", "2026-03-09T07:30:00"),
    ] {
        assert_eq!(standard_office().walk(at(from), 0, |_, _| ()), Ok(at(until)), "{from}");
    }
}

#[test]
fn closed_hours_hold_no_office_time() {
    let office = standard_office();
    for (from, to) in [
        ("2026-03-02T11:30:00", "2026-03-02T13:30:00"),
        ("2026-03-06T17:00:00", "2026-03-09T07:30:00"),
        ("2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("2026-03-03T09:00:00", "2026-03-02T09:00:00"),
        ("2026-03-02T10:00:00", "2026-03-02T09:00:00"),
    ] {
        assert_eq!(office.office_seconds(at(from), at(to)), 0, "{from} to {to}");
    }
}

#[test]
fn the_calendar_ends() {
    let office = standard_office();
    assert_eq!(office.next_working_day(day("2150-12-31"), |_, _| ()).unwrap_err(), BeyondCalendar);
    assert_eq!(office.walk(at("2150-12-31T16:00"), 4 * 3_600, |_, _| ()), Err(BeyondCalendar));
    assert_eq!(office.nth_working_day_after(day("2150-12-01"), 60), Err(BeyondCalendar));
}

#[test]
fn a_closure_keeps_its_reason() {
    let office = office(&[], &["2026-03-04"]);
    assert_eq!(office.closure(day("2026-03-04")), Some("storm"));
    assert_eq!(office.closure(day("2026-03-05")), None);
    assert!(office.national().is_provisional(2027));
}

#[test]
fn walking_back_ends_at_the_latest_instant_from_which_so_much_time_passes() {
    let standard = standard_office();
    for (until, seconds, expected, why) in [
        ("2026-03-02T09:30", 7_200, "2026-03-02T07:30", "the opening, not the closing before it"),
        ("2026-03-02T13:30", 0, "2026-03-02T13:30", "the end of the break is inside"),
        ("2026-03-02T13:31", 120, "2026-03-02T11:29", "over the break"),
        ("2026-03-02T12:00", 0, "2026-03-02T11:30", "in the break: its start"),
        ("2026-03-02T06:00", 3_600, "2026-02-27T16:00", "before opening: Friday's last hour"),
        ("2026-03-08T10:00", 60, "2026-03-06T16:59", "on a Sunday"),
    ] {
        assert_eq!(standard.walk_back(at(until), seconds), Ok(at(expected)), "{until} {seconds}: {why}");
    }
    // Back and on again.
    for seconds in [1, 3_600, 27_000, 100_000] {
        let back = standard.walk_back(at("2026-03-10T10:17"), seconds).unwrap();
        assert_eq!(standard.walk(back, seconds, |_, _| ()), Ok(at("2026-03-10T10:17")), "{seconds}");
    }
    assert_eq!(standard.walk_back(at("1990-01-02T08:00"), 100_000_000), Err(BeyondCalendar));
}
