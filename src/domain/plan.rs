//! Plans of administrative reform (kế hoạch cải cách hành chính) and their tasks (nhiệm vụ).

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::term::Term;
use super::timeliness::Timing;
use super::vocabulary::{LocalTime, UnknownWord, words};

words! {
    /// How a task stands, in the words of reports.
    TaskState("state of a task") {
        /// Done (đã hoàn thành).
        Done = "done",
        /// To be done, and in time (đang thực hiện).
        InProgress = "in_progress",
        /// To be done, and late (quá hạn).
        Overdue = "overdue",
    }
}

impl From<Timing> for TaskState {
    fn from(timing: Timing) -> Self {
        match timing {
            Timing::Ended(_) => Self::Done,
            Timing::Within | Timing::Paused => Self::InProgress,
            Timing::Overdue => Self::Overdue,
        }
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Number and notation, as `12/KH-SLĐTBXH`.
    pub number: String,
    /// Its date.
    pub promulgated_on: NaiveDate,
    /// What it is called.
    pub title: String,
    /// The period it is for, by the name of its preset.
    pub period: String,
}

impl Plan {
    /// Whether its date can be: not ahead, and not after the day by which the first of its tasks is due.
    ///
    /// # Errors
    /// [`Refusal::PromulgatedInTheFuture`], [`Refusal::TaskDueBefore`].
    pub fn check(&self, today: NaiveDate, first_due_on: Option<NaiveDate>) -> Result<(), Refusal> {
        if self.promulgated_on > today {
            return Err(Refusal::PromulgatedInTheFuture { on: self.promulgated_on });
        }
        match first_due_on.filter(|due_on| *due_on < self.promulgated_on) {
            Some(due_on) => Err(Refusal::TaskDueBefore { due_on }),
            None => Ok(()),
        }
    }
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// What is to be done.
    pub title: String,
    /// What is to come of it.
    pub product: Option<String>,
    /// The officer in charge.
    pub officer: Option<String>,
    /// Since when, until when, and when it was done.
    pub term: Term,
    /// What shows that it was done: a document, an address.
    pub evidence: Option<String>,
}

impl Task {
    /// A task of a plan, since a day, by default the plan's.
    ///
    /// # Errors
    /// [`Refusal::NotLater`] when it is due before it begins, or before the plan's day.
    pub fn assign(
        plan: &Plan,
        title: String,
        assigned_on: Option<NaiveDate>,
        due_on: NaiveDate,
    ) -> Result<Self, Refusal> {
        let assigned_on = assigned_on.unwrap_or(plan.promulgated_on);
        let than = assigned_on.max(plan.promulgated_on);
        if due_on < than {
            return Err(Refusal::NotLater { than });
        }
        let term = Term::by_day(assigned_on.and_time(NaiveTime::MIN), due_on);
        Ok(Self { title, product: None, officer: None, term, evidence: None })
    }

    /// Records that it was done at `at`.
    ///
    /// # Errors
    /// [`Refusal::TaskDone`], [`Refusal::BeforeLastMove`].
    pub fn complete(&mut self, at: LocalTime, evidence: Option<String>) -> Result<(), Refusal> {
        if self.term.end.is_some() {
            return Err(Refusal::TaskDone);
        }
        if at < self.term.since {
            return Err(Refusal::BeforeLastMove { at, last_move_at: self.term.since });
        }
        self.term.finish(at);
        self.evidence = evidence;
        Ok(())
    }
}
