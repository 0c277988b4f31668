//! What is to be done by a day and is no dossier, feedback and tasks of a plan: how it stands, and how a period counts it.

use std::ops::AddAssign;

use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;

use super::deadline::{Deadline, Unit};
use super::refusal::Refusal;
use super::statistics::Rate;
use super::timeliness::{EndClass, Timing, class_of_closing, class_of_result, is_late};
use super::vocabulary::LocalTime;

/// Since when something is to be done, until when, and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Since when.
    pub since: LocalTime,
    /// Until when; `None` as long as no day is set.
    pub deadline: Option<Deadline>,
    /// When it ended, and how that stood against the deadline.
    pub end: Option<(LocalTime, EndClass)>,
}

impl Term {
    /// To be done by the end of a day.
    pub fn by_day(since: LocalTime, due_on: NaiveDate) -> Self {
        Self { since, deadline: Some(end_of(due_on)), end: None }
    }

    /// How it stands at `now`.
    pub fn timing(&self, now: LocalTime) -> Timing {
        match self.end {
            Some((_, class)) => Timing::Ended(class),
            None if is_late(self.late_from(), now) => Timing::Overdue,
            None => Timing::Within,
        }
    }

    /// The first instant that is late.
    pub fn late_from(&self) -> Option<LocalTime> {
        self.deadline.map(|deadline| deadline.late_from)
    }

    /// Ends it with its result.
    pub fn finish(&mut self, at: LocalTime) {
        self.end = Some((at, class_of_result(self.deadline.as_ref(), at)));
    }

    /// Ends it without a result.
    pub fn close(&mut self, at: LocalTime) {
        self.end = Some((at, class_of_closing(self.late_from(), at)));
    }

    /// Sets a later day. One that is past due stays so: a lateness is never wiped, and no past figure changes.
    ///
    /// # Errors
    /// [`Refusal::TermOver`], [`Refusal::NotLater`].
    pub fn prolong(&mut self, due_on: NaiveDate, now: LocalTime) -> Result<(), Refusal> {
        if self.timing(now) != Timing::Within {
            return Err(Refusal::TermOver);
        }
        let Some(deadline) = self.deadline else { return Err(Refusal::TermOver) };
        if due_on <= deadline.due_on {
            return Err(Refusal::NotLater { than: deadline.due_on });
        }
        self.deadline = Some(end_of(due_on));
        Ok(())
    }
}

/// The deadline that a day is.
pub fn end_of(day: NaiveDate) -> Deadline {
    Deadline::at(Unit::CalendarDay, day.and_time(NaiveTime::MIN))
}

/// How many a period counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TermTally {
    /// New in the period.
    pub new: i64,
    /// From before, and open when it began.
    pub carried_over: i64,
    /// Ended in it, before the day due.
    pub early: i64,
    /// Ended on time.
    pub on_time: i64,
    /// Ended late.
    pub late: i64,
    /// Open at its end and not late.
    pub within: i64,
    /// Open and late.
    pub overdue: i64,
}

impl TermTally {
    /// Everything to be done in the period.
    pub const fn total(&self) -> i64 {
        self.new + self.carried_over
    }

    /// Everything that ended in it.
    pub const fn ended(&self) -> i64 {
        self.early + self.on_time + self.late
    }

    /// Everything open at its end.
    pub const fn open(&self) -> i64 {
        self.within + self.overdue
    }

    /// Whether everything has either ended or is open.
    pub const fn is_balanced(&self) -> bool {
        self.total() == self.ended() + self.open()
    }

    /// Ended early or on time ÷ ended.
    pub const fn on_time_rate(&self) -> Rate {
        Rate { numerator: self.early + self.on_time, denominator: self.ended() }
    }
}

impl AddAssign for TermTally {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.carried_over += other.carried_over;
        self.early += other.early;
        self.on_time += other.on_time;
        self.late += other.late;
        self.within += other.within;
        self.overdue += other.overdue;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_belongs_to_the_term() {
        // Civil Code 2015 art. 148(1): a term in days runs to the end of its last day.
        let term = Term::by_day(at("2026-03-02T09:00:00"), day("2026-03-31"));
        assert_eq!(term.timing(at("2026-03-31T23:59:59")), Timing::Within);
        assert_eq!(term.timing(at("2026-04-01T00:00:00")), Timing::Overdue);
        for (end, class) in [
            ("2026-03-30T17:00:00", EndClass::Early),
            ("2026-03-31T17:00:00", EndClass::OnTime),
            ("2026-04-01T08:00:00", EndClass::Late),
        ] {
            let mut done = term;
            done.finish(at(end));
            assert_eq!(done.timing(at("2027-01-01T00:00:00")), Timing::Ended(class), "{end}");
        }
    }

    #[test]
    fn a_later_day_is_set_in_time_or_never() {
        let term = Term::by_day(at("2026-03-02T09:00:00"), day("2026-03-31"));
        let wish = |now: &str, due_on: &str| {
            let mut term = term;
            term.prolong(day(due_on), at(now)).map(|()| term.deadline.unwrap().due_on)
        };
        assert_eq!(wish("2026-03-31T16:00:00", "2026-04-15"), Ok(day("2026-04-15")));
        assert_eq!(wish("2026-03-31T16:00:00", "2026-03-31"), Err(Refusal::NotLater { than: day("2026-03-31") }));
        assert_eq!(wish("2026-04-01T00:00:00", "2026-04-15"), Err(Refusal::TermOver));
    }
}
