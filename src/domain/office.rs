//! One agency's working time: dated office hours and closures laid over the national calendar, and walks along it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike, Weekday};
use thiserror::Error;

use super::calendar::{DayKind, FIRST_YEAR, LAST_YEAR, NationalCalendar, is_weekend};
use super::vocabulary::LocalTime;

/// An unbroken stretch of office time within a day; both ends count as inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Opening.
    pub open: NaiveTime,
    /// Closing, or the start of a break.
    pub close: NaiveTime,
}

/// Why a table of office hours cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HoursFault {
    /// A session ends before or when it starts.
    #[error("a session must end after it starts")]
    Empty,
    /// Sessions of a day overlap or are out of order.
    #[error("sessions of a day must follow each other")]
    Overlap,
    /// No weekday from Monday to Friday has a session: no deadline could ever end.
    #[error("at least one day from Monday to Friday must have hours")]
    NeverOpen,
}

/// The office hours of a week, Monday first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekHours([Vec<Session>; 7]);

impl WeekHours {
    /// Checks and takes the sessions of each weekday, Monday first.
    ///
    /// # Errors
    /// [`HoursFault`] when a day's sessions are empty, overlap, or no weekday is open.
    pub fn new(days: [Vec<Session>; 7]) -> Result<Self, HoursFault> {
        for sessions in &days {
            if sessions.iter().any(|session| session.open >= session.close) {
                return Err(HoursFault::Empty);
            }
            if sessions.windows(2).any(|pair| pair[0].close >= pair[1].open) {
                return Err(HoursFault::Overlap);
            }
        }
        if days[..5].iter().all(Vec::is_empty) {
            return Err(HoursFault::NeverOpen);
        }
        Ok(Self(days))
    }

    /// Monday to Friday 07:30–11:30 and 13:30–17:00, where an agency has set nothing.
    pub fn standard() -> Self {
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        let day = vec![Session { open: at(7, 30), close: at(11, 30) }, Session { open: at(13, 30), close: at(17, 0) }];
        let day_of = |weekday: usize| if weekday < 5 { day.clone() } else { Vec::new() };
        Self(std::array::from_fn(day_of))
    }

    /// The sessions of one weekday; empty when the office is shut.
    pub fn on(&self, weekday: Weekday) -> &[Session] {
        &self.0[weekday.num_days_from_monday() as usize]
    }
}

/// Why a day is not worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff {
    /// Saturday or Sunday.
    Weekend,
    /// A day off of the national calendar.
    Holiday,
    /// The agency closed.
    Closure,
    /// The agency has no hours on this weekday.
    NoOfficeHours,
}

/// A day as an agency lives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    /// Worked, in these sessions (at least one).
    Working(&'a [Session]),
    /// Not worked.
    Off(DayOff),
}

/// A walk along the calendar ran past the last year it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the calendar ends before this much working time has passed")]
pub struct BeyondCalendar;

/// An agency's working time.
#[derive(Debug, Clone)]
pub struct OfficeCalendar {
    national: Arc<NationalCalendar>,
    /// Dated versions, oldest first; before the first one the standard hours hold.
    versions: Vec<(NaiveDate, WeekHours)>,
    standard: WeekHours,
    closures: BTreeMap<NaiveDate, String>,
}

impl OfficeCalendar {
    /// Lays hours (each valid from its date) and closures (with their reason) over the national calendar.
    pub fn new(
        national: Arc<NationalCalendar>,
        mut versions: Vec<(NaiveDate, WeekHours)>,
        closures: BTreeMap<NaiveDate, String>,
    ) -> Self {
        versions.sort_by_key(|(from, _)| *from);
        Self { national, versions, standard: WeekHours::standard(), closures }
    }

    /// The national calendar underneath.
    pub fn national(&self) -> &NationalCalendar {
        &self.national
    }

    /// The reason of the closure on this date, if the agency closed.
    pub fn closure(&self, date: NaiveDate) -> Option<&str> {
        self.closures.get(&date).map(String::as_str)
    }

    /// How the agency lives this day.
    ///
    /// A closure beats everything; a make-up day is worked with the hours of its weekday if it has any, else Monday's;
    /// hours on a Saturday or Sunday do not make it a working day.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        if !self.closures.is_empty() && self.closures.contains_key(&date) {
            return Day::Off(DayOff::Closure);
        }
        let hours = self.hours_on(date);
        let own = hours.on(date.weekday());
        let sessions = match self.national.mark(date) {
            Some(DayKind::Off) => return Day::Off(DayOff::Holiday),
            Some(DayKind::Work) if own.is_empty() => hours.on(Weekday::Mon),
            Some(DayKind::Work) => own,
            None if is_weekend(date) => return Day::Off(DayOff::Weekend),
            None => own,
        };
        if sessions.is_empty() { Day::Off(DayOff::NoOfficeHours) } else { Day::Working(sessions) }
    }

    /// Whether the agency works on this day.
    pub fn is_working(&self, date: NaiveDate) -> bool {
        matches!(self.day(date), Day::Working(_))
    }

    /// Whether the instant lies in office hours, both ends of a session included.
    pub fn is_open(&self, at: LocalTime) -> bool {
        match self.day(at.date()) {
            Day::Working(sessions) => {
                sessions.iter().any(|session| (session.open..=session.close).contains(&at.time()))
            }
            Day::Off(_) => false,
        }
    }

    /// The first working day strictly after `date`, with each day passed over reported.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when there is none before the calendar ends.
    pub fn next_working_day(
        &self,
        date: NaiveDate,
        mut passed_over: impl FnMut(NaiveDate, DayOff),
    ) -> Result<(NaiveDate, &[Session]), BeyondCalendar> {
        let mut day = date;
        loop {
            day = day.succ_opt().filter(|next| next.year() <= LAST_YEAR).ok_or(BeyondCalendar)?;
            match self.day(day) {
                Day::Working(sessions) => return Ok((day, sessions)),
                Day::Off(reason) => passed_over(day, reason),
            }
        }
    }

    /// The working day that `count` working days after `date` brings; `date` itself is not counted.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the calendar ends first.
    pub fn nth_working_day_after(&self, date: NaiveDate, count: u32) -> Result<NaiveDate, BeyondCalendar> {
        (0..count).try_fold(date, |day, _| Ok(self.next_working_day(day, |_, _| ())?.0))
    }

    /// The working day `count` working days before `date`, with its sessions; for 0 `date` itself, or the last working day
    /// before it when it is off.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when there is none after the calendar begins.
    pub fn nth_working_day_before(
        &self,
        date: NaiveDate,
        count: u32,
    ) -> Result<(NaiveDate, &[Session]), BeyondCalendar> {
        if let (Day::Working(sessions), 0) = (self.day(date), count) {
            return Ok((date, sessions));
        }
        let (mut day, mut left) = (date, count.max(1));
        loop {
            day = day.pred_opt().filter(|day| day.year() >= FIRST_YEAR).ok_or(BeyondCalendar)?;
            if let Day::Working(sessions) = self.day(day) {
                left -= 1;
                if left == 0 {
                    return Ok((day, sessions));
                }
            }
        }
    }

    /// The latest instant from which `seconds` of office time pass until `until`: [`OfficeCalendar::walk`] the other way.
    ///
    /// Zero seconds from outside office hours lead to the closing before.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the calendar begins later.
    pub fn walk_back(&self, until: LocalTime, seconds: u64) -> Result<LocalTime, BeyondCalendar> {
        let mut remaining = seconds;
        let (mut date, mut end) = (until.date(), Some(until.time()));
        loop {
            if let Day::Working(sessions) = self.day(date) {
                for session in sessions.iter().rev().filter(|session| end.is_none_or(|end| session.open <= end)) {
                    let last = end.map_or(session.close, |end| end.min(session.close));
                    let available = seconds_between(session.open, last);
                    if remaining <= available {
                        return Ok(date.and_time(last) - TimeDelta::seconds(remaining.cast_signed()));
                    }
                    remaining -= available;
                }
            }
            date = date.pred_opt().filter(|day| day.year() >= FIRST_YEAR).ok_or(BeyondCalendar)?;
            end = None;
        }
    }

    /// The earliest instant by which `seconds` of office time have passed since `from`, with days off reported.
    ///
    /// Zero seconds from outside office hours lead to the next opening.
    ///
    /// # Errors
    /// [`BeyondCalendar`] when the calendar ends first.
    pub fn walk(
        &self,
        from: LocalTime,
        seconds: u64,
        mut passed_over: impl FnMut(NaiveDate, DayOff),
    ) -> Result<LocalTime, BeyondCalendar> {
        let mut remaining = seconds;
        let mut start = from.time();
        let (mut date, mut day) = (from.date(), self.day(from.date()));
        loop {
            match day {
                Day::Working(sessions) => {
                    for session in sessions.iter().filter(|session| start <= session.close) {
                        let begin = start.max(session.open);
                        let available = seconds_between(begin, session.close);
                        if remaining <= available {
                            return Ok(date.and_time(begin) + TimeDelta::seconds(remaining.cast_signed()));
                        }
                        remaining -= available;
                    }
                }
                Day::Off(reason) => passed_over(date, reason),
            }
            date = date.succ_opt().filter(|next| next.year() <= LAST_YEAR).ok_or(BeyondCalendar)?;
            (start, day) = (NaiveTime::MIN, self.day(date));
        }
    }

    /// Seconds of office time from `from` to `to`; 0 when `to` is not later.
    pub fn office_seconds(&self, from: LocalTime, to: LocalTime) -> u64 {
        let days = from.date().iter_days().take_while(|date| *date <= to.date());
        days.map(|date| match self.day(date) {
            Day::Off(_) => 0,
            Day::Working(sessions) => {
                let overlap = |session: &Session| {
                    let begin = if date == from.date() { session.open.max(from.time()) } else { session.open };
                    let end = if date == to.date() { session.close.min(to.time()) } else { session.close };
                    if begin < end { seconds_between(begin, end) } else { 0 }
                };
                sessions.iter().map(overlap).sum()
            }
        })
        .sum()
    }

    fn hours_on(&self, date: NaiveDate) -> &WeekHours {
        let in_force = self.versions.iter().rev().find(|(from, _)| *from <= date);
        in_force.map_or(&self.standard, |(_, hours)| hours)
    }
}

/// The clock time `time` fitted into a working day: before opening → opening, in a break → its end, after closing →
/// closing. Opening, start of a break and closing count as inside.
pub fn fit_into(sessions: &[Session], time: NaiveTime) -> NaiveTime {
    let next = sessions.iter().find(|session| time <= session.close);
    next.map_or_else(|| closing(sessions), |session| time.max(session.open))
}

/// When a working day opens.
pub fn opening(sessions: &[Session]) -> NaiveTime {
    sessions.first().map_or(NaiveTime::MIN, |session| session.open)
}

/// When a working day closes.
pub fn closing(sessions: &[Session]) -> NaiveTime {
    sessions.last().map_or(NaiveTime::MIN, |session| session.close)
}

fn seconds_between(begin: NaiveTime, end: NaiveTime) -> u64 {
    u64::from(end.num_seconds_from_midnight() - begin.num_seconds_from_midnight())
}

#[cfg(test)]
mod tests;
