//! The clock of a dossier: from a procedure's rule and a receipt to the day due, the instant due and the first late instant.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::calendar::LAST_YEAR;
use super::office::{BeyondCalendar, Day, DayOff, OfficeCalendar, closing, fit_into, opening};
use super::vocabulary::{LocalTime, UnknownWord, words};
use std::fmt;
use std::str::FromStr;

words! {
    /// In what a procedure's time limit is counted.
    Unit("unit") {
        /// Office days of the agency (ngày làm việc), never so many hours.
        WorkingDay = "working_day",
        /// Hours of office time (giờ làm việc).
        WorkingHour = "working_hour",
        /// Plain days (ngày).
        CalendarDay = "calendar_day",
        /// Months (tháng).
        Month = "month",
    }
}

impl Unit {
    /// The largest amount that makes sense: some ten years.
    pub const fn largest_amount(self) -> u32 {
        match self {
            Self::WorkingDay | Self::CalendarDay => 3_650,
            Self::WorkingHour => 20_000,
            Self::Month => 120,
        }
    }
}

/// What the return of a supplement does to the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSupplement {
    /// The time limit is counted again from the start (Decree 61/2018 art. 19(4)), the legal default.
    #[default]
    Restart,
    /// The working time waited is added (sector rules).
    Pause,
}

/// A procedure's time limit (thời hạn giải quyết).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// How many units.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
    /// A receipt strictly after this time counts as received at the next working day's opening (e.g. 15:00, Decree
    /// 23/2015 art. 7).
    pub cutoff: Option<NaiveTime>,
    /// What a supplement does.
    pub on_supplement: OnSupplement,
    /// No appointment is given: never overdue, ends on time.
    pub no_appointment: bool,
}

/// A promise to an applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The day due.
    pub due_on: NaiveDate,
    /// The instant printed on the slip.
    pub due_at: LocalTime,
    /// The first instant that is late.
    pub late_from: LocalTime,
}

impl Deadline {
    /// The deadline whose instant due is `due_at`. A day-counted term runs to the end of its last day (Civil Code 2015
    /// art. 148(1)), an hour-counted one to its instant.
    pub fn at(unit: Unit, due_at: LocalTime) -> Self {
        let due_on = due_at.date();
        let late_from = match unit {
            Unit::WorkingHour => due_at + TimeDelta::seconds(1),
            Unit::WorkingDay | Unit::CalendarDay | Unit::Month => (due_on + Days::new(1)).and_time(NaiveTime::MIN),
        };
        Self { due_on, due_at, late_from }
    }
}

/// Why a day did not count towards a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipCause {
    /// The agency did not work.
    Off(DayOff),
    /// The receipt came after the cut-off.
    AfterCutoff,
}

/// Told of every day on the way to a deadline.
pub trait Witness {
    /// A day that did not count.
    fn skipped(&mut self, date: NaiveDate, cause: SkipCause);
    /// A day that counted.
    fn counted(&mut self, date: NaiveDate);
}

/// Nobody looks on.
impl Witness for () {
    fn skipped(&mut self, _: NaiveDate, _: SkipCause) {}
    fn counted(&mut self, _: NaiveDate) {}
}

/// The days on the way to a deadline, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// Days that counted.
    pub counted: Vec<NaiveDate>,
    /// Days that did not.
    pub skipped: Vec<(NaiveDate, SkipCause)>,
}

impl Witness for Trail {
    fn skipped(&mut self, date: NaiveDate, cause: SkipCause) {
        self.skipped.push((date, cause));
    }

    fn counted(&mut self, date: NaiveDate) {
        self.counted.push(date);
    }
}

/// The deadline of a dossier received at `received_at`; `None` when the rule gives no appointment.
///
/// # Errors
/// [`BeyondCalendar`] when the term runs past the last year the calendar knows.
pub fn promise(
    rule: &Rule,
    received_at: LocalTime,
    office: &OfficeCalendar,
    witness: &mut impl Witness,
) -> Result<Option<Deadline>, BeyondCalendar> {
    if rule.no_appointment {
        return Ok(None);
    }
    let start = effective_receipt(rule, received_at, office, witness)?;
    let due_at = match rule.unit {
        Unit::WorkingHour => walk_hours(rule.amount, start, office, witness)?,
        Unit::WorkingDay | Unit::CalendarDay | Unit::Month => {
            let due_on = last_day(rule, start.date(), office, witness)?;
            due_on.and_time(appointed_time(start, due_on, office))
        }
    };
    Ok(Some(Deadline::at(rule.unit, due_at)))
}

/// The deadline after a wait that only pauses the clock: the office time waited is added to the instant due.
///
/// # Errors
/// [`BeyondCalendar`] when it runs past the last year the calendar knows.
pub fn postpone(
    deadline: Deadline,
    unit: Unit,
    (since, until): (LocalTime, LocalTime),
    office: &OfficeCalendar,
) -> Result<Deadline, BeyondCalendar> {
    match office.office_seconds(since, until) {
        0 => Ok(deadline),
        waited => Ok(Deadline::at(unit, office.walk(deadline.due_at, waited, |_, _| ())?)),
    }
}

/// The receipt as the clock sees it: with a cut-off, one after it or on a day off is received at the next opening.
fn effective_receipt(
    rule: &Rule,
    received_at: LocalTime,
    office: &OfficeCalendar,
    witness: &mut impl Witness,
) -> Result<LocalTime, BeyondCalendar> {
    let Some(cutoff) = rule.cutoff else { return Ok(received_at) };
    let cause = match office.day(received_at.date()) {
        Day::Working(_) if received_at.time() <= cutoff => return Ok(received_at),
        Day::Working(_) => SkipCause::AfterCutoff,
        Day::Off(reason) => SkipCause::Off(reason),
    };
    witness.skipped(received_at.date(), cause);
    let (day, sessions) =
        office.next_working_day(received_at.date(), |date, reason| witness.skipped(date, SkipCause::Off(reason)))?;
    Ok(day.and_time(opening(sessions)))
}

/// The last day of a term counted in days or months. The day of receipt is not counted (Civil Code art. 147(2)); a last
/// day off rolls to the next working day (art. 148(5)).
fn last_day(
    rule: &Rule,
    received_on: NaiveDate,
    office: &OfficeCalendar,
    witness: &mut impl Witness,
) -> Result<NaiveDate, BeyondCalendar> {
    let amount = rule.amount;
    let nominal = match rule.unit {
        Unit::WorkingDay if amount > 0 => {
            return (0..amount).try_fold(received_on, |day, _| {
                let (next, _) =
                    office.next_working_day(day, |date, reason| witness.skipped(date, SkipCause::Off(reason)))?;
                witness.counted(next);
                Ok(next)
            });
        }
        Unit::CalendarDay => received_on.checked_add_days(Days::new(u64::from(amount))),
        Unit::Month => received_on.checked_add_months(Months::new(amount)),
        Unit::WorkingDay | Unit::WorkingHour => Some(received_on),
    };
    let nominal = nominal.filter(|date| date.year() <= LAST_YEAR).ok_or(BeyondCalendar)?;
    received_on.iter_days().skip(1).take_while(|date| *date < nominal).for_each(|date| witness.counted(date));
    let due_on = match office.day(nominal) {
        Day::Working(_) => nominal,
        Day::Off(reason) => {
            witness.skipped(nominal, SkipCause::Off(reason));
            office.next_working_day(nominal, |date, reason| witness.skipped(date, SkipCause::Off(reason)))?.0
        }
    };
    witness.counted(due_on);
    Ok(due_on)
}

/// The clock time of the appointment: that of the receipt, fitted into the office hours of the day due; closing time
/// for a receipt on a day off.
fn appointed_time(received_at: LocalTime, due_on: NaiveDate, office: &OfficeCalendar) -> NaiveTime {
    match office.day(due_on) {
        Day::Working(sessions) if office.is_working(received_at.date()) => fit_into(sessions, received_at.time()),
        Day::Working(sessions) => closing(sessions),
        Day::Off(_) => received_at.time(),
    }
}

fn walk_hours(
    hours: u32,
    start: LocalTime,
    office: &OfficeCalendar,
    witness: &mut impl Witness,
) -> Result<LocalTime, BeyondCalendar> {
    let due_at =
        office.walk(start, u64::from(hours) * 3_600, |date, reason| witness.skipped(date, SkipCause::Off(reason)))?;
    let days = start.date().iter_days().take_while(|date| *date <= due_at.date());
    days.filter(|date| office.is_working(*date)).for_each(|date| witness.counted(date));
    Ok(due_at)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod agency_tests;

#[cfg(test)]
mod property_tests;
