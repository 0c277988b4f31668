//! What holds for every deadline, whatever the office, the rule and the receipt.

use proptest::prelude::*;

use super::*;
use crate::domain::testing::histories::{any_instant, any_office, any_rule};
use crate::domain::testing::working_days;

fn promised(rule: &Rule, received_at: LocalTime, office: &OfficeCalendar) -> Deadline {
    promise(rule, received_at, office, &mut ()).unwrap().unwrap()
}

/// The first day on which a receipt can be dealt with, told from the contract without the code under test.
fn effective_day(rule: &Rule, received_at: LocalTime, office: &OfficeCalendar) -> NaiveDate {
    let missed = rule.cutoff.is_some_and(|cutoff| received_at.time() > cutoff);
    let mut days = received_at.date().iter_days().skip(usize::from(missed));
    days.find(|date| office.is_working(*date)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_deadline_lies_in_office_hours_and_not_before_the_receipt_takes_effect(
        rule in any_rule(), received_at in any_instant(), office in any_office(),
    ) {
        let deadline = promised(&rule, received_at, &office);
        prop_assert!(deadline.due_on >= effective_day(&rule, received_at, &office));
        prop_assert!(office.is_working(deadline.due_on));
        prop_assert!(office.is_open(deadline.due_at));
        prop_assert_eq!(deadline.due_at.date(), deadline.due_on);
        prop_assert!(deadline.late_from > deadline.due_at);
    }

    #[test]
    fn more_time_never_ends_earlier(rule in any_rule(), received_at in any_instant(), office in any_office()) {
        let longer = Rule { amount: rule.amount + 1, ..rule.clone() };
        let (short, long) = (promised(&rule, received_at, &office), promised(&longer, received_at, &office));
        prop_assert!(short.due_at <= long.due_at && short.late_from <= long.late_from);
        if matches!(rule.unit, Unit::WorkingDay) && office.is_working(received_at.date()) {
            prop_assert!(short.due_on < long.due_on);
        }
    }

    #[test]
    fn a_later_receipt_is_never_due_earlier(
        rule in any_rule(), received_at in any_instant(), wait in 0..400_000i64, office in any_office(),
    ) {
        let early = promised(&rule, received_at, &office);
        let late = promised(&rule, received_at + TimeDelta::seconds(wait), &office);
        prop_assert!(early.due_on <= late.due_on && early.late_from <= late.late_from);
        if rule.unit == Unit::WorkingHour {
            prop_assert!(early.due_at <= late.due_at);
        }
    }

    #[test]
    fn as_many_working_days_lie_behind_as_were_promised(
        amount in 0..40u32, received_at in any_instant(), office in any_office(),
    ) {
        let due_on = promised(&working_days(amount), received_at, &office).due_on;
        let behind = received_at.date().iter_days().skip(1).take_while(|date| *date <= due_on);
        let worked = behind.filter(|date| office.is_working(*date)).count();
        let made_up = usize::from(amount == 0 && !office.is_working(received_at.date()));
        prop_assert_eq!(worked, amount as usize + made_up);
    }

    #[test]
    fn a_walk_takes_the_time_it_was_told(
        from in any_instant(), seconds in 1..400_000u64, office in any_office(),
    ) {
        let until = office.walk(from, seconds, |_, _| ()).unwrap();
        prop_assert_eq!(office.office_seconds(from, until), seconds);
        let just_before = until - TimeDelta::seconds(1);
        prop_assert_eq!(office.office_seconds(from, just_before), seconds - 1, "the earliest instant");
        prop_assert!(office.is_open(until));
    }

    #[test]
    fn office_time_adds_up(
        from in any_instant(), first in 0..900_000i64, second in 0..900_000i64, office in any_office(),
    ) {
        let (middle, until) = (from + TimeDelta::seconds(first), from + TimeDelta::seconds(first + second));
        let parts = office.office_seconds(from, middle) + office.office_seconds(middle, until);
        prop_assert_eq!(parts, office.office_seconds(from, until));
    }

    #[test]
    fn a_wait_moves_a_deadline_by_the_office_time_waited(
        rule in any_rule(), received_at in any_instant(), since in 0..900_000i64, wait in 0..900_000i64,
        office in any_office(),
    ) {
        let old = promised(&rule, received_at, &office);
        let since = received_at + TimeDelta::seconds(since);
        let until = since + TimeDelta::seconds(wait);
        let new = postpone(old, rule.unit, (since, until), &office).unwrap();
        let waited = office.office_seconds(since, until);
        prop_assert_eq!(office.office_seconds(old.due_at, new.due_at), waited);
        prop_assert!(office.is_open(new.due_at));
        if waited == 0 {
            prop_assert_eq!(new, old);
        }
        let at_once = postpone(old, rule.unit, (since, since), &office).unwrap();
        prop_assert_eq!(at_once, old);
    }
}
