//! Deadlines against cases worked out by hand from contract section 4, each with its ground: units and clock times.

use super::*;
use crate::domain::testing::{at, deadline, rule, standard_office, working_days, working_hours};

/// A receipt, the rule, and what is due on what ground.
pub(super) struct Case {
    received_at: &'static str,
    rule: Rule,
    due_at: &'static str,
    late_from: &'static str,
    ground: &'static str,
}

pub(super) fn case(
    received_at: &'static str,
    rule: Rule,
    due_at: &'static str,
    late_from: &'static str,
    ground: &'static str,
) -> Case {
    Case { received_at, rule, due_at, late_from, ground }
}

pub(super) fn check(office: &OfficeCalendar, cases: impl IntoIterator<Item = Case>) {
    for Case { received_at, rule, due_at, late_from, ground } in cases {
        let promised = promise(&rule, at(received_at), office, &mut ());
        assert_eq!(promised, Ok(Some(deadline(due_at, late_from))), "{ground} ({received_at}, {rule:?})");
    }
}

pub(super) fn calendar_days(amount: u32) -> Rule {
    rule(amount, Unit::CalendarDay)
}

fn months(amount: u32) -> Rule {
    rule(amount, Unit::Month)
}

#[test]
fn the_example_of_the_contract() {
    // Thu 27 April 2023; 28 April is the first day, 29 April to 3 May are off, then 4, 5, 8 and 9 May: five days.
    check(
        standard_office(),
        [case(
            "2023-04-27T16:30",
            working_days(5),
            "2023-05-09T16:30",
            "2023-05-10T00:00",
            "contract 3: example dossier; 1–3 May 2023 off (domain.md 5.6)",
        )],
    );
}

#[test]
fn working_days_pass_over_days_off() {
    let d = working_days;
    check(
        standard_office(),
        [
            case("2026-03-02T09:00", d(1), "2026-03-03T09:00", "2026-03-04T00:00", "Civil Code art. 147(2)"),
            case("2026-03-06T09:00", d(1), "2026-03-09T09:00", "2026-03-10T00:00", "over a weekend"),
            case("2026-03-02T09:00", d(10), "2026-03-16T09:00", "2026-03-17T00:00", "two weeks are ten working days"),
            case("2024-04-26T09:00", d(3), "2024-05-04T09:00", "2024-05-05T00:00", "domain.md 5.6: Sat 4 May 2024"),
            case("2024-04-26T09:00", d(4), "2024-05-06T09:00", "2024-05-07T00:00", "domain.md 5.6: after 4 May 2024"),
            case("2025-04-25T10:00", d(1), "2025-04-26T10:00", "2025-04-27T00:00", "domain.md 5.6: Sat 26 April 2025"),
            case("2025-04-25T10:00", d(4), "2025-05-05T10:00", "2025-05-06T00:00", "domain.md 5.6: 30 April–2 May off"),
            case(
                "2025-12-31T08:00",
                d(6),
                "2026-01-10T08:00",
                "2026-01-11T00:00",
                "domain.md 5.6: Sat 10 January 2026",
            ),
            case("2025-12-31T08:00", d(7), "2026-01-12T08:00", "2026-01-13T00:00", "domain.md 5.6: after 10 January"),
            case("2026-08-21T14:00", d(1), "2026-08-22T14:00", "2026-08-23T00:00", "domain.md 5.6: Sat 22 August 2026"),
            case("2026-08-21T14:00", d(7), "2026-09-03T14:00", "2026-09-04T00:00", "31 August–2 September 2026 off"),
            case("2026-08-22T14:00", d(1), "2026-08-24T14:00", "2026-08-25T00:00", "a receipt on a make-up Saturday"),
            case("2026-11-23T10:00", d(1), "2026-11-25T10:00", "2026-11-26T00:00", "Resolution 28/2026: 24 November"),
            case("2025-11-23T10:00", d(1), "2025-11-24T17:00", "2025-11-25T00:00", "not yet in 2025; Sunday: closing"),
            case("2026-02-13T10:00", d(1), "2026-02-23T10:00", "2026-02-24T00:00", "Tết 2026: 16–20 February off"),
            case("2026-12-30T10:00", d(3), "2027-01-05T10:00", "2027-01-06T00:00", "provisional: 1 January 2027 off"),
            case(
                "2027-02-04T10:00",
                d(1),
                "2027-02-12T10:00",
                "2027-02-13T00:00",
                "provisional Tết: 5–11 February 2027",
            ),
        ],
    );
}

#[test]
fn a_working_day_is_an_office_day_never_eight_hours() {
    // domain.md 5.3: with days of 7.5 h, 5 × 8 h would end 2.5 h later, on the next day.
    check(
        standard_office(),
        [
            case(
                "2026-03-02T16:30",
                working_days(5),
                "2026-03-09T16:30",
                "2026-03-10T00:00",
                "contract 4; domain.md 5.3",
            ),
            case("2026-03-02T16:30", working_days(20), "2026-03-30T16:30", "2026-03-31T00:00", "contract 4: no drift"),
            case("2026-03-02T07:30", working_hours(8), "2026-03-03T08:00", "2026-03-03T08:00:01", "8 hours are hours"),
        ],
    );
}

#[test]
fn the_slip_names_the_clock_time_of_receipt_fitted_into_the_day_due() {
    let one = || working_days(1);
    let tuesday = |received_at, due_at, ground| case(received_at, one(), due_at, "2026-03-04T00:00", ground);
    check(
        standard_office(),
        [
            tuesday("2026-03-02T00:00", "2026-03-03T07:30", "contract 4: before opening → opening (midnight)"),
            tuesday("2026-03-02T07:29:59", "2026-03-03T07:30", "contract 4: before opening → opening"),
            tuesday("2026-03-02T07:30", "2026-03-03T07:30", "contract 4: opening counts as inside"),
            tuesday("2026-03-02T10:17:23", "2026-03-03T10:17:23", "contract 4: to the second"),
            tuesday("2026-03-02T11:30", "2026-03-03T11:30", "contract 4: start of break counts as inside"),
            tuesday("2026-03-02T11:30:01", "2026-03-03T13:30", "contract 4: in the break → its end"),
            tuesday("2026-03-02T12:30", "2026-03-03T13:30", "contract 4: in the break → its end"),
            tuesday("2026-03-02T13:30", "2026-03-03T13:30", "contract 4: end of break"),
            tuesday("2026-03-02T17:00", "2026-03-03T17:00", "contract 4: closing counts as inside"),
            tuesday("2026-03-02T17:00:01", "2026-03-03T17:00", "contract 4: after closing → closing, same day due"),
            tuesday("2026-03-02T23:59:59", "2026-03-03T17:00", "contract 4: after closing → closing"),
            case(
                "2026-03-07T09:00",
                one(),
                "2026-03-09T17:00",
                "2026-03-10T00:00",
                "contract 4: on a day off → closing",
            ),
            case(
                "2026-03-08T23:00",
                one(),
                "2026-03-09T17:00",
                "2026-03-10T00:00",
                "contract 4: on a day off → closing",
            ),
            case(
                "2026-04-30T09:00",
                one(),
                "2026-05-04T17:00",
                "2026-05-05T00:00",
                "contract 4: on a holiday → closing",
            ),
        ],
    );
}

#[test]
fn plain_days_count_every_day_and_roll_off_days_off() {
    let d = calendar_days;
    check(
        standard_office(),
        [
            case("2026-03-02T09:00", d(3), "2026-03-05T09:00", "2026-03-06T00:00", "Civil Code art. 147(2)"),
            case("2026-03-06T09:00", d(3), "2026-03-09T09:00", "2026-03-10T00:00", "a weekend counts"),
            case("2026-03-05T09:00", d(2), "2026-03-09T09:00", "2026-03-10T00:00", "art. 148(5): Saturday rolls"),
            case("2026-03-05T09:00", d(3), "2026-03-09T09:00", "2026-03-10T00:00", "art. 148(5): Sunday rolls"),
            case("2023-04-24T09:00", d(5), "2023-05-04T09:00", "2023-05-05T00:00", "art. 148(5): 29 April–3 May 2023"),
            case("2024-04-24T09:00", d(10), "2024-05-04T09:00", "2024-05-05T00:00", "a make-up Saturday is no day off"),
            case("2026-11-20T09:00", d(4), "2026-11-25T09:00", "2026-11-26T00:00", "art. 148(5): 24 November 2026"),
            case("2026-03-01T09:00", d(1), "2026-03-02T17:00", "2026-03-03T00:00", "received on a Sunday: closing"),
            case("2026-03-02T12:00", d(365), "2027-03-02T13:30", "2027-03-03T00:00", "a year, received in the break"),
        ],
    );
}

#[test]
fn months_end_on_the_same_day_or_the_last_of_the_month() {
    let m = months;
    check(
        standard_office(),
        [
            case("2026-03-02T09:00", m(1), "2026-04-02T09:00", "2026-04-03T00:00", "Civil Code art. 148(3)"),
            case("2023-01-31T09:00", m(1), "2023-02-28T09:00", "2023-03-01T00:00", "art. 148(3): no 31 February"),
            case("2024-01-31T09:00", m(1), "2024-02-29T09:00", "2024-03-01T00:00", "art. 148(3): leap year"),
            case("2024-02-29T09:00", m(12), "2025-02-28T09:00", "2025-03-01T00:00", "art. 148(3): leap day + a year"),
            case("2024-02-29T09:00", m(1), "2024-03-29T09:00", "2024-03-30T00:00", "same day, not the last of March"),
            case("2023-03-15T09:00", m(1), "2023-04-17T09:00", "2023-04-18T00:00", "art. 148(5): Sat 15 April 2023"),
            case("2026-08-31T09:00", m(1), "2026-09-30T17:00", "2026-10-01T00:00", "31 August 2026 is a day off"),
            case("2026-01-31T09:00", m(1), "2026-03-02T17:00", "2026-03-03T00:00", "28 February 2026 is a Saturday"),
            case("2023-03-30T09:00", m(1), "2023-05-04T09:00", "2023-05-05T00:00", "30 April 2023 rolls over 1–3 May"),
        ],
    );
}

#[test]
fn working_hours_are_walked_literally() {
    let h = working_hours;
    check(
        standard_office(),
        [
            case("2026-03-02T08:00", h(2), "2026-03-02T10:00", "2026-03-02T10:00:01", "contract 4: an instant"),
            case("2026-03-02T10:30", h(1), "2026-03-02T11:30", "2026-03-02T11:30:01", "ends at the start of the break"),
            case("2026-03-02T10:30", h(2), "2026-03-02T14:30", "2026-03-02T14:30:01", "over the break"),
            case("2026-03-02T11:30", h(1), "2026-03-02T14:30", "2026-03-02T14:30:01", "domain.md 5.4: exactly 11:30"),
            case("2026-03-02T12:00", h(1), "2026-03-02T14:30", "2026-03-02T14:30:01", "received in the break"),
            case("2026-03-02T16:00", h(1), "2026-03-02T17:00", "2026-03-02T17:00:01", "ends exactly at closing"),
            case("2026-03-02T07:30", h(15), "2026-03-03T17:00", "2026-03-03T17:00:01", "two days, exactly at closing"),
            case("2026-03-02T16:00", h(2), "2026-03-03T08:30", "2026-03-03T08:30:01", "over night"),
            case("2026-03-06T16:00", h(2), "2026-03-09T08:30", "2026-03-09T08:30:01", "over a weekend"),
            case("2026-03-02T17:00", h(1), "2026-03-03T08:30", "2026-03-03T08:30:01", "received at closing"),
            case("2026-03-02T18:45", h(1), "2026-03-03T08:30", "2026-03-03T08:30:01", "received after closing"),
            case("2026-03-02T05:00", h(1), "2026-03-02T08:30", "2026-03-02T08:30:01", "received before opening"),
            case("2026-03-07T10:00", h(1), "2026-03-09T08:30", "2026-03-09T08:30:01", "received on a day off"),
            case("2024-05-03T16:00", h(4), "2024-05-04T10:30", "2024-05-04T10:30:01", "into a make-up Saturday"),
            case("2026-03-02T14:00", h(8), "2026-03-03T14:30", "2026-03-03T14:30:01", "3 h, 4 h, 1 h"),
        ],
    );
}

#[test]
fn amount_nought_is_the_day_of_receipt() {
    let zero = || working_days(0);
    check(
        standard_office(),
        [
            case("2026-03-02T10:00", zero(), "2026-03-02T10:00", "2026-03-03T00:00", "contract 4: the day of receipt"),
            case("2026-03-02T06:00", zero(), "2026-03-02T07:30", "2026-03-03T00:00", "before opening → opening"),
            case("2026-03-02T18:00", zero(), "2026-03-02T17:00", "2026-03-03T00:00", "after closing → closing"),
            case(
                "2026-03-07T10:00",
                zero(),
                "2026-03-09T17:00",
                "2026-03-10T00:00",
                "day off: next working day, closing",
            ),
            case(
                "2026-11-24T10:00",
                zero(),
                "2026-11-25T17:00",
                "2026-11-26T00:00",
                "holiday: next working day, closing",
            ),
            case("2026-03-07T10:00", calendar_days(0), "2026-03-09T17:00", "2026-03-10T00:00", "in plain days too"),
            case("2026-03-02T10:00", months(0), "2026-03-02T10:00", "2026-03-03T00:00", "in months too"),
            case("2026-03-02T10:00", working_hours(0), "2026-03-02T10:00", "2026-03-02T10:00:01", "in hours: at once"),
            case(
                "2026-03-02T12:00",
                working_hours(0),
                "2026-03-02T13:30",
                "2026-03-02T13:30:01",
                "the earliest instant",
            ),
        ],
    );
}
