//! The ladder of warnings of a procedure (các mốc cảnh báo): which rungs there are, when each is reached, and how far a dossier
//! has come.

use serde::{Deserialize, Serialize};

use super::deadline::Deadline;
use super::dossier::Standing;
use super::office::{BeyondCalendar, OfficeCalendar, opening};
use super::vocabulary::{LocalTime, UnknownWord, words};
use std::fmt;
use std::str::FromStr;

words! {
    /// In what the way from a rung to the deadline is counted.
    RungUnit("unit of a rung") {
        /// Office days of the agency (ngày làm việc): the rung is reached when that day opens.
        WorkingDay = "working_day",
        /// Hours of office time (giờ làm việc).
        WorkingHour = "working_hour",
    }
}

words! {
    /// Whom a warning is for.
    Told("person to tell") {
        /// The officer in charge of the dossier.
        Assignee = "assignee",
        /// The leaders of the agency.
        Leader = "leader",
    }
}

/// On which side of the deadline a rung lies, and how far off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offset {
    /// So many units before it is due.
    Before(u32),
    /// So many units after it became late.
    After(u32),
}

/// A rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Where it lies.
    #[serde(flatten)]
    pub offset: Offset,
    /// In what that is counted.
    pub unit: RungUnit,
    /// Whom to tell.
    pub tell: Vec<Told>,
}

impl RungUnit {
    /// The largest amount that makes sense: about a year.
    pub const fn largest_amount(self) -> u32 {
        match self {
            Self::WorkingDay => 250,
            Self::WorkingHour => 2_000,
        }
    }
}

impl Rung {
    /// When the rung is reached. A working day is one office day and never so many hours (contract section 4): a rung counted
    /// in days is reached when its day opens, counted back or on from the day due. One counted in hours is walked literally,
    /// back from the instant due or on from the first late one.
    ///
    /// # Errors
    /// [`BeyondCalendar`].
    pub fn reached_at(&self, deadline: &Deadline, office: &OfficeCalendar) -> Result<LocalTime, BeyondCalendar> {
        let seconds = |hours: u32| u64::from(hours) * 3_600;
        match (self.offset, self.unit) {
            (Offset::Before(days), RungUnit::WorkingDay) => {
                let (day, sessions) = office.nth_working_day_before(deadline.due_on, days)?;
                Ok(day.and_time(opening(sessions)))
            }
            (Offset::After(days), RungUnit::WorkingDay) => {
                let before = office.nth_working_day_after(deadline.due_on, days.saturating_sub(1))?;
                let (day, sessions) = office.next_working_day(before, |_, _| ())?;
                Ok(day.and_time(opening(sessions)))
            }
            (Offset::Before(hours), RungUnit::WorkingHour) => office.walk_back(deadline.due_at, seconds(hours)),
            (Offset::After(hours), RungUnit::WorkingHour) => office.walk(deadline.late_from, seconds(hours), |_, _| ()),
        }
    }
}

/// How far a dossier has come up the ladder for the deadline it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climb {
    /// The instant due that it is for: another one begins the ladder anew.
    pub due_at: LocalTime,
    /// Rungs up to this instant are passed, warned of or not.
    pub passed: LocalTime,
    /// When the next rung is reached, or has to be reckoned; `None` when none is left.
    pub next_at: Option<LocalTime>,
}

impl Climb {
    /// The climb of a dossier that stands so now: none while the clock stands still and once it ended; the same while its
    /// deadline is the same; else a new one, whose rungs that are passed by now stay silent.
    pub fn of(standing: &Standing, before: Option<Self>, now: LocalTime) -> Option<Self> {
        let runs = standing.is_open() && standing.stopped_since.is_none();
        let due_at = standing.deadline.filter(|_| runs)?.due_at;
        let same = before.filter(|climb| climb.due_at == due_at);
        Some(same.unwrap_or(Self { due_at, passed: now, next_at: Some(now) }))
    }

    /// Goes on to `now`: answers the rungs reached on the way, in order, and where the dossier is then. A rung beyond the
    /// calendar is never reached.
    pub fn go_on<'a>(
        self,
        ladder: &'a [Rung],
        deadline: &Deadline,
        office: &OfficeCalendar,
        now: LocalTime,
    ) -> (Vec<(LocalTime, &'a Rung)>, Self) {
        let instants = ladder.iter().filter_map(|rung| Some((rung.reached_at(deadline, office).ok()?, rung)));
        let (mut reached, ahead): (Vec<_>, Vec<_>) =
            instants.filter(|(at, _)| *at > self.passed).partition(|(at, _)| *at <= now);
        reached.sort_by_key(|(at, rung)| (*at, rung.offset));
        let next_at = ahead.into_iter().map(|(at, _)| at).min();
        (reached, Self { passed: now, next_at, ..self })
    }
}

#[cfg(test)]
mod tests;
