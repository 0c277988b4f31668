//! Deadlines as a clerk would find them with a calendar on the wall, day by day: what the program's own are held against.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use motcua::domain::deadline::{Rule, Unit};

/// Opening and closing of each stretch of a day.
pub type Sessions = Vec<(NaiveTime, NaiveTime)>;

/// By when a dossier is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub on: NaiveDate,
    pub at: NaiveDateTime,
    pub late_from: NaiveDateTime,
}

/// What hangs on the walls of all agencies: the nation's special days (worked or not), hours of the week, closures.
#[derive(Default)]
pub struct Wall {
    pub special: BTreeMap<NaiveDate, bool>,
    /// Versions of the hours of an agency that has its own, from their first day; the first holds since ever.
    pub hours: BTreeMap<&'static str, BTreeMap<NaiveDate, [Sessions; 7]>>,
    pub closures: BTreeSet<(&'static str, NaiveDate)>,
}

pub fn clock(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

/// Monday to Friday 07:30–11:30 and 13:30–17:00.
fn standard() -> [Sessions; 7] {
    let day = vec![(clock(7, 30), clock(11, 30)), (clock(13, 30), clock(17, 0))];
    std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() })
}

impl Wall {
    fn week(&self, agency: &'static str, date: NaiveDate) -> [Sessions; 7] {
        let above =
            super::office::AGENCIES.iter().find(|(code, ..)| *code == agency).and_then(|(_, parent, _)| *parent);
        match (self.hours.get(agency), above) {
            (Some(own), _) => own.range(..=date).next_back().or_else(|| own.iter().next()).unwrap().1.clone(),
            (None, Some(above)) => self.week(above, date),
            (None, None) => standard(),
        }
    }

    /// When the agency works on this day; empty when it does not.
    pub fn sessions(&self, agency: &'static str, date: NaiveDate) -> Sessions {
        let week = self.week(agency, date);
        let own = week[date.weekday().num_days_from_monday() as usize].clone();
        match self.special.get(&date) {
            _ if self.closures.contains(&(agency, date)) => Vec::new(),
            Some(false) => Vec::new(),
            Some(true) if own.is_empty() => week[0].clone(),
            Some(true) => own,
            None if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) => Vec::new(),
            None => own,
        }
    }

    fn next_working_day(&self, agency: &'static str, date: NaiveDate) -> NaiveDate {
        date.iter_days().skip(1).find(|day| !self.sessions(agency, *day).is_empty()).unwrap()
    }

    fn worked(&self, agency: &'static str, date: NaiveDate) -> NaiveDate {
        if self.sessions(agency, date).is_empty() { self.next_working_day(agency, date) } else { date }
    }

    /// The deadline of a receipt at `at`; `None` without an appointment.
    pub fn promise(&self, rule: &Rule, agency: &'static str, at: NaiveDateTime) -> Option<Due> {
        if rule.no_appointment {
            return None;
        }
        let is_off = self.sessions(agency, at.date()).is_empty();
        let start = match rule.cutoff {
            Some(cutoff) if is_off || at.time() > cutoff => {
                let next = self.next_working_day(agency, at.date());
                next.and_time(self.sessions(agency, next)[0].0)
            }
            _ => at,
        };
        let on = match rule.unit {
            Unit::WorkingHour => {
                let due_at = self.walk(agency, start, TimeDelta::hours(rule.amount.into()));
                return Some(Due { on: due_at.date(), at: due_at, late_from: due_at + TimeDelta::seconds(1) });
            }
            Unit::WorkingDay if rule.amount > 0 => {
                (0..rule.amount).fold(start.date(), |day, _| self.next_working_day(agency, day))
            }
            Unit::WorkingDay => self.worked(agency, start.date()),
            Unit::CalendarDay => self.worked(agency, start.date() + Days::new(rule.amount.into())),
            Unit::Month => self.worked(agency, start.date() + Months::new(rule.amount)),
        };
        let sessions = self.sessions(agency, on);
        let closing = sessions.last().unwrap().1;
        let time = if self.sessions(agency, start.date()).is_empty() {
            closing
        } else {
            sessions
                .iter()
                .find(|(_, close)| start.time() <= *close)
                .map_or(closing, |(open, _)| start.time().max(*open))
        };
        Some(by_the_day(on.and_time(time)))
    }

    /// The deadline after a wait that leaves the time waited out.
    pub fn postpone(
        &self,
        due: Due,
        unit: Unit,
        agency: &'static str,
        since: NaiveDateTime,
        until: NaiveDateTime,
    ) -> Due {
        let waited = self.office_time(agency, since, until);
        if waited <= TimeDelta::zero() {
            return due;
        }
        let at = self.walk(agency, due.at, waited);
        if unit == Unit::WorkingHour {
            Due { on: at.date(), at, late_from: at + TimeDelta::seconds(1) }
        } else {
            by_the_day(at)
        }
    }

    /// The stretches of office time from an instant on.
    fn stretches(
        &self,
        agency: &'static str,
        from: NaiveDateTime,
    ) -> impl Iterator<Item = (NaiveDateTime, NaiveDateTime)> {
        from.date()
            .iter_days()
            .flat_map(move |day| {
                self.sessions(agency, day)
                    .into_iter()
                    .map(move |(open, close)| (day.and_time(open), day.and_time(close)))
            })
            .filter(move |(_, close)| from <= *close)
            .map(move |(open, close)| (open.max(from), close))
    }

    fn walk(&self, agency: &'static str, from: NaiveDateTime, mut left: TimeDelta) -> NaiveDateTime {
        for (open, close) in self.stretches(agency, from) {
            if left <= close - open {
                return open + left;
            }
            left -= close - open;
        }
        unreachable!("office time never ends")
    }

    fn office_time(&self, agency: &'static str, since: NaiveDateTime, until: NaiveDateTime) -> TimeDelta {
        let within = self.stretches(agency, since).take_while(|(open, _)| *open < until);
        within.map(|(open, close)| close.min(until) - open).sum()
    }
}

fn by_the_day(at: NaiveDateTime) -> Due {
    Due { on: at.date(), at, late_from: (at.date() + Days::new(1)).and_time(NaiveTime::MIN) }
}
