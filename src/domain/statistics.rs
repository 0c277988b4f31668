//! What is counted: tallies of form II.06a, the identities that must balance, and the periods reports are made for.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::balance::Balance;
use super::dossier::{Span, Standing};
use super::timeliness::EndClass;
use super::vocabulary::{Channel, LocalTime, UnknownWord, words};

/// Longest period a report covers, in years.
pub const MAX_YEARS: i32 = 20;

/// A reporting period: two local dates, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// Why a period cannot be reported on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PeriodFault {
    /// It ends before it begins.
    #[error("the period ends before it begins")]
    Reversed,
    /// It is longer than [`MAX_YEARS`].
    #[error("the period is longer than {MAX_YEARS} years")]
    TooLong,
    /// No preset has this name.
    #[error("no preset has this name")]
    UnknownPreset,
}

impl Period {
    /// The period between two dates, both included.
    ///
    /// # Errors
    /// [`PeriodFault::Reversed`], [`PeriodFault::TooLong`].
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, PeriodFault> {
        if to < from {
            return Err(PeriodFault::Reversed);
        }
        let last_allowed =
            from.with_year(from.year() + MAX_YEARS).or_else(|| from.succ_opt()?.with_year(from.year() + MAX_YEARS));
        if last_allowed.is_none_or(|last| to > last) {
            return Err(PeriodFault::TooLong);
        }
        Ok(Self { from, to })
    }

    /// A period of state reports, which run from the 15th to the 14th (Decree 09/2019 art. 12): `2023` (15 December before
    /// to 14 December), `2023-H1`, `2023-H2`, `2023-Q1` to `Q4`, `2023-9M`, `2023-M01` to `M12`.
    ///
    /// # Errors
    /// [`PeriodFault::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, PeriodFault> {
        let (first_month, last_month, year) = months_of(name).ok_or(PeriodFault::UnknownPreset)?;
        let (from_year, from_month) = if first_month == 1 { (year - 1, 12) } else { (year, first_month - 1) };
        let from = NaiveDate::from_ymd_opt(from_year, from_month, 15);
        let to = NaiveDate::from_ymd_opt(year, last_month, 14);
        from.zip(to).map(|(from, to)| Self { from, to }).ok_or(PeriodFault::UnknownPreset)
    }

    /// Whether it is not over on this day.
    pub fn is_open(self, today: NaiveDate) -> bool {
        self.to >= today
    }

    /// The period as seen at `now`: a past one as of its end, one up to now or into the future as of now.
    pub fn window(self, now: LocalTime) -> Window {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        let tomorrow = |date: NaiveDate| date.succ_opt().unwrap_or(NaiveDate::MAX);
        let just_after_now = now + chrono::TimeDelta::seconds(1);
        let until = if self.is_open(now.date()) { just_after_now } else { midnight(tomorrow(self.to)) };
        Window { from: midnight(self.from).min(until), until, letters_until: self.to.min(now.date()) }
    }
}

fn months_of(name: &str) -> Option<(u32, u32, i32)> {
    let (year, part) = name.split_once('-').map_or((name, None), |(year, part)| (year, Some(part)));
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i32 = year.parse().ok()?;
    let (first, last) = match part {
        None => (1, 12),
        Some("H1") => (1, 6),
        Some("H2") => (7, 12),
        Some("9M") => (1, 9),
        Some(part) => match part.split_at_checked(1)? {
            ("Q", quarter @ ("1" | "2" | "3" | "4")) => {
                let quarter: u32 = quarter.parse().ok()?;
                (3 * quarter - 2, 3 * quarter)
            }
            ("M", month) if month.len() == 2 => {
                let month: u32 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
                (month, month)
            }
            _ => return None,
        },
    };
    (year >= 1900).then_some((first, last, year))
}

/// What a report looks at: everything that took effect before `until`, of which what lies at or after `from` is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant of the period.
    pub from: LocalTime,
    /// The instant after the last one looked at.
    pub until: LocalTime,
    /// Letters dated up to this day count.
    pub letters_until: NaiveDate,
}

impl Window {
    /// The last instant looked at.
    pub fn as_of(&self) -> LocalTime {
        self.until - chrono::TimeDelta::seconds(1)
    }

    /// The last day before the period.
    pub fn day_before(&self) -> NaiveDate {
        (self.from - chrono::TimeDelta::seconds(1)).date()
    }
}

/// Figures of a set of dossiers, in the columns of form II.06a and those beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// New in the period, online (column 4).
    pub online: i64,
    /// New, at the counter (with postal: column 5).
    pub direct: i64,
    /// New, by post.
    pub postal: i64,
    /// Received before the period and open when it began (column 6).
    pub carried_over: i64,
    /// Ended in the period, before the day due (column 8).
    pub early: i64,
    /// Ended on time (column 9).
    pub on_time: i64,
    /// Ended late (column 10).
    pub late: i64,
    /// Of those, with a letter of apology.
    pub late_with_letter: i64,
    /// Open and not late (column 12).
    pub within: i64,
    /// Of those, with the clock stopped.
    pub paused: i64,
    /// Open and late (column 13).
    pub overdue: i64,
    /// Of those, with a letter of apology.
    pub overdue_with_letter: i64,
}

impl Tally {
    /// The figures of a period from the balances at its two ends, for dossiers of one channel. `lettered_since` are those
    /// that ended late before the period and got their letter in it: they are in the difference, not in the period.
    pub const fn between(channel: Channel, opening: &Balance, closing: &Balance, lettered_since: i64) -> Self {
        let new = closing.received - opening.received;
        let (online, direct, postal) = match channel {
            Channel::Online => (new, 0, 0),
            Channel::Direct => (0, new, 0),
            Channel::Postal => (0, 0, new),
        };
        Self {
            online,
            direct,
            postal,
            carried_over: opening.open(),
            early: closing.early - opening.early,
            on_time: closing.on_time - opening.on_time,
            late: closing.late - opening.late,
            late_with_letter: closing.late_with_letter - opening.late_with_letter - lettered_since,
            within: closing.open() - closing.overdue,
            paused: closing.paused,
            overdue: closing.overdue,
            overdue_with_letter: closing.overdue_with_letter,
        }
    }

    /// Column 3: everything to resolve in the period.
    pub const fn received(&self) -> i64 {
        self.online + self.direct + self.postal + self.carried_over
    }

    /// Column 7: everything resolved in it.
    pub const fn resolved(&self) -> i64 {
        self.early + self.on_time + self.late
    }

    /// Column 11: everything open at its end.
    pub const fn in_progress(&self) -> i64 {
        self.within + self.overdue
    }

    /// Whether (3) = (7) + (11), and the parts fit into their wholes.
    pub const fn is_balanced(&self) -> bool {
        self.received() == self.resolved() + self.in_progress()
            && self.late_with_letter <= self.late
            && self.overdue_with_letter <= self.overdue
            && self.paused <= self.within
    }

    /// Resolved early or on time ÷ resolved.
    pub const fn on_time_rate(&self) -> Rate {
        Rate { numerator: self.early + self.on_time, denominator: self.resolved() }
    }
}

words! {
    /// A figure of a tally, by which the dossiers that it counts are asked for.
    Column("column of the figures") {
        /// Everything to resolve in the period (column 3).
        Received = "received",
        /// New in the period (columns 4 and 5).
        New = "new",
        /// Received before the period and open when it began (column 6).
        CarriedOver = "carried_over",
        /// Ended in the period (column 7).
        Resolved = "resolved",
        /// Ended early (column 8).
        Early = "early",
        /// Ended on time (column 9).
        OnTime = "on_time",
        /// Ended late (column 10).
        Late = "late",
        /// Open at the end of the period (column 11).
        InProgress = "in_progress",
        /// Open and not late (column 12).
        Within = "within",
        /// Open with the clock stopped.
        Paused = "paused",
        /// Open and late (column 13).
        Overdue = "overdue",
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.online += other.online;
        self.direct += other.direct;
        self.postal += other.postal;
        self.carried_over += other.carried_over;
        self.early += other.early;
        self.on_time += other.on_time;
        self.late += other.late;
        self.late_with_letter += other.late_with_letter;
        self.within += other.within;
        self.paused += other.paused;
        self.overdue += other.overdue;
        self.overdue_with_letter += other.overdue_with_letter;
    }
}

/// A share or an average, kept as the two integers it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Counted.
    pub numerator: i64,
    /// Out of.
    pub denominator: i64,
}

impl Rate {
    /// In per cent with two decimals, half up; `None` out of nothing.
    pub fn percent(self) -> Option<String> {
        Self { numerator: 100 * self.numerator, ..self }.decimal()
    }

    /// The quotient with two decimals, half up; `None` out of nothing.
    pub fn decimal(self) -> Option<String> {
        if self.denominator == 0 {
            return None;
        }
        let hundredths = (self.numerator * 200 + self.denominator) / (2 * self.denominator);
        Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }

    /// The same, measured in a unit so many times as large.
    pub const fn per(self, unit: i64) -> Self {
        Self { denominator: self.denominator * unit, ..self }
    }
}

/// All that counting needs to know of one dossier that is in some column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLife {
    /// How it came in.
    pub channel: Channel,
    /// When it was received.
    pub received_at: LocalTime,
    /// When and how it ended.
    pub end: Option<(LocalTime, EndClass)>,
    /// Its spans that ended.
    pub past_spans: Vec<Span>,
    /// The first late instant of its last span; `None` while paused and without an appointment.
    pub late_from: Option<LocalTime>,
    /// Whether the clock stands still in its last span.
    pub paused: bool,
    /// Date of its letter about the deadline, once that is out.
    pub letter_on: Option<NaiveDate>,
}

impl CountedLife {
    /// What counting knows of a dossier that stands so; `None` for what is in no column.
    pub fn of(
        standing: &Standing,
        channel: Channel,
        past_spans: Vec<Span>,
        letter_on: Option<NaiveDate>,
    ) -> Option<Self> {
        Some(Self {
            channel,
            received_at: standing.received_at.filter(|_| !standing.void)?,
            end: standing.end.map(|end| (end.at, end.class)),
            past_spans,
            late_from: standing.late_from(),
            paused: standing.stopped_since.is_some(),
            letter_on,
        })
    }
}

/// What one dossier adds to the figures of a period. The SQL of `storage::statistics` says the same for many at once;
/// the property tests and `motcua verify` hold the two against each other.
pub fn tally_of(life: &CountedLife, window: &Window) -> Tally {
    let (opening, closing) = (Balance::at(life, window.from), Balance::at(life, window.until));
    let ended_before = life.end.is_some_and(|(at, class)| at < window.from && class == EndClass::Late);
    let lettered_since =
        life.letter_on.is_some_and(|on| on > window.day_before() && on <= window.letters_until) && ended_before;
    Tally::between(life.channel, &opening, &closing, i64::from(lettered_since))
}

/// Figures of form II.06a typed in from elsewhere, to be checked against each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedFigures {
    /// Column 4.
    pub online: i64,
    /// Column 5.
    pub direct_postal: i64,
    /// Column 6.
    pub carried_over: i64,
    /// Column 8, when told apart.
    pub early: Option<i64>,
    /// Column 9, when told apart.
    pub on_time: Option<i64>,
    /// Columns 8 and 9 in one.
    pub early_or_on_time: Option<i64>,
    /// Column 10.
    pub late: i64,
    /// Column 12.
    pub within: i64,
    /// Column 13.
    pub overdue: i64,
    /// Column 3, when given.
    pub received_total: Option<i64>,
    /// Column 7, when given.
    pub resolved_total: Option<i64>,
    /// Column 11, when given.
    pub in_progress_total: Option<i64>,
}

/// An identity that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedIdentity {
    /// The identity in words.
    pub identity: &'static str,
    /// Its left side.
    pub left: i64,
    /// Its right side.
    pub right: i64,
}

/// What came of checking typed-in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFigures {
    /// Received − resolved − in progress: positive when the outcome side is short.
    pub difference: i64,
    /// Every identity that fails.
    pub failed: Vec<FailedIdentity>,
}

impl TypedFigures {
    /// Checks every identity of the form that the figures given allow to check.
    pub fn check(&self) -> CheckedFigures {
        let in_time_parts = self.early.zip(self.on_time).map(|(early, on_time)| early + on_time);
        let in_time = self
            .early_or_on_time
            .or(in_time_parts)
            .unwrap_or_else(|| self.early.unwrap_or(0) + self.on_time.unwrap_or(0));
        let received_parts = self.online + self.direct_postal + self.carried_over;
        let resolved_parts = in_time + self.late;
        let in_progress_parts = self.within + self.overdue;
        let received = self.received_total.unwrap_or(received_parts);
        let resolved = self.resolved_total.unwrap_or(resolved_parts);
        let in_progress = self.in_progress_total.unwrap_or(in_progress_parts);
        let sides = [
            ("(3) = (4) + (5) + (6)", received, received_parts),
            ("(8+9) = (8) + (9)", in_time, in_time_parts.unwrap_or(in_time)),
            ("(7) = (8) + (9) + (10)", resolved, resolved_parts),
            ("(11) = (12) + (13)", in_progress, in_progress_parts),
            ("(3) = (7) + (11)", received, resolved + in_progress),
        ];
        let failed = sides
            .into_iter()
            .filter(|(_, left, right)| left != right)
            .map(|(identity, left, right)| FailedIdentity { identity, left, right })
            .collect();
        CheckedFigures { difference: received - resolved - in_progress, failed }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod figures_tests;

#[cfg(test)]
mod property_tests;
