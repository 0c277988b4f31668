//! How long procedures take: working days from receipt to result, counted by number of days, and what the public is told.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::office::OfficeCalendar;
use super::statistics::{Period, Rate};

/// Fewer dossiers than this are not told of: a figure about one or two of them is about persons (Law 91/2025 on personal
/// data; the number is a custom of statistics offices).
pub const FEWEST: u64 = 5;

/// The working days of an agency that a dossier took: those after the day of receipt, up to the day of its end. What it
/// waited for its applicant is part of it.
pub fn working_days(office: &OfficeCalendar, received_on: NaiveDate, ended_on: NaiveDate) -> u32 {
    let days = received_on.iter_days().skip(1).take_while(|day| *day <= ended_on);
    u32::try_from(days.filter(|day| office.is_working(*day)).count()).unwrap_or(u32::MAX)
}

/// How many dossiers ended, and how many of them early or on time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// All.
    pub total: u64,
    /// Not late.
    pub on_time: u64,
}

impl Ended {
    /// Not late ÷ all.
    pub fn on_time_rate(&self) -> Rate {
        Rate { numerator: self.on_time.cast_signed(), denominator: self.total.cast_signed() }
    }
}

/// Dossiers that ended, by the working days they took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times(BTreeMap<u32, Ended>);

impl Times {
    /// Counts dossiers that took so many days.
    pub fn count(&mut self, days: u32, ended: Ended) {
        let cell = self.0.entry(days).or_default();
        cell.total += ended.total;
        cell.on_time += ended.on_time;
    }

    /// The counts by number of days.
    pub fn cells(&self) -> impl Iterator<Item = (u32, Ended)> {
        self.0.iter().map(|(days, ended)| (*days, *ended))
    }

    /// All of them.
    pub fn ended(&self) -> Ended {
        self.0.values().fold(Ended::default(), |sum, ended| Ended {
            total: sum.total + ended.total,
            on_time: sum.on_time + ended.on_time,
        })
    }

    /// The smallest number of days within which at least so many per cent of them ended; exact (nearest rank).
    pub fn within(&self, percent: u64) -> Option<u32> {
        let total = self.ended().total;
        let mut reached = 0;
        self.0.iter().find_map(|(days, ended)| {
            reached += ended.total;
            (reached * 100 >= total * percent).then_some(*days)
        })
    }

    /// Whether there are enough of them to be told of.
    pub fn may_be_told(&self) -> bool {
        self.ended().total >= FEWEST
    }
}

/// A quarter of state reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarter {
    /// Its name as a preset, e.g. `2026-Q3`.
    pub name: String,
    /// Its days.
    pub period: Period,
}

impl Quarter {
    /// The quarters that are over, oldest first, from that of a day on.
    pub fn over(first: NaiveDate, today: NaiveDate) -> Vec<Self> {
        let names = (first.year()..=today.year()).flat_map(|year| (1..=4).map(move |part| format!("{year}-Q{part}")));
        let quarters = names.filter_map(|name| Some(Self { period: Period::preset(&name).ok()?, name }));
        quarters.filter(|quarter| quarter.period.to >= first && !quarter.period.is_open(today)).collect()
    }

    /// The last one that is over.
    pub fn last_over(today: NaiveDate) -> Option<Self> {
        let year_ago = today.with_day(1)?.with_year(today.year() - 1)?;
        Self::over(year_ago, today).pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::office;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_of_receipt_and_days_off_do_not_count() {
        let office = office(&[], &[]);
        // Thursday 26 February to Monday 2 March 2026: Friday and Monday.
        assert_eq!(working_days(&office, day("2026-02-26"), day("2026-03-02")), 2);
        assert_eq!(working_days(&office, day("2026-03-02"), day("2026-03-02")), 0, "the result at once");
        assert_eq!(working_days(&office, day("2026-02-27"), day("2026-03-01")), 0, "over a weekend");
    }

    #[test]
    fn within_names_the_least_days_that_are_enough() {
        let mut times = Times::default();
        for (days, total) in [(1, 5), (3, 4), (10, 1)] {
            times.count(days, Ended { total, on_time: total });
        }
        // Of ten: five within 1 day, nine within 3, all within 10.
        assert_eq!(
            (times.within(50), times.within(51), times.within(90), times.within(91)),
            (Some(1), Some(3), Some(3), Some(10))
        );
        assert_eq!(Times::default().within(90), None);
    }

    #[test]
    fn few_dossiers_are_not_told_of() {
        let mut times = Times::default();
        times.count(2, Ended { total: 4, on_time: 4 });
        assert!(!times.may_be_told());
        times.count(7, Ended { total: 1, on_time: 0 });
        assert!(times.may_be_told());
        assert_eq!(times.ended(), Ended { total: 5, on_time: 4 });
    }

    #[test]
    fn quarters_run_from_the_15th_to_the_14th() {
        // Decree 09/2019 art. 12 as read for Period::preset: the first quarter of 2026 ends with 14 March.
        let names = |first: &str, today: &str| -> Vec<String> {
            Quarter::over(day(first), day(today)).into_iter().map(|quarter| quarter.name).collect()
        };
        assert_eq!(names("2025-09-20", "2026-03-14"), ["2025-Q4"]);
        assert_eq!(names("2025-09-14", "2026-03-15"), ["2025-Q3", "2025-Q4", "2026-Q1"]);
        assert_eq!(Quarter::last_over(day("2026-03-14")).unwrap().name, "2025-Q4");
        assert_eq!(Quarter::last_over(day("2025-12-20")).unwrap().name, "2025-Q4");
    }
}
