//! Feedback, petitions and complaints (phản ánh, kiến nghị, khiếu nại): their terms, their moves, and what an answer needs.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::deadline::{OnSupplement, Rule, Unit, promise};
use super::office::{BeyondCalendar, OfficeCalendar};
use super::refusal::Refusal;
use super::term::Term;
use super::vocabulary::{LocalTime, UnknownWord, words};

words! {
    /// What somebody sends in.
    FeedbackKind("kind of feedback") {
        /// Tells what goes wrong (phản ánh; Decree 20/2008).
        Feedback = "feedback",
        /// Proposes something (kiến nghị; Decree 20/2008).
        Petition = "petition",
        /// Contests a decision or a conduct (khiếu nại; Law on Complaints 02/2011).
        Complaint = "complaint",
    }
}

words! {
    /// The way it came in.
    FeedbackChannel("channel of feedback") {
        /// At the counter, or at a citizen reception.
        Direct = "direct",
        /// Through the public door.
        Online = "online",
        /// By post.
        Postal = "postal",
        /// By the hotline (đường dây nóng).
        Phone = "phone",
        /// By e-mail.
        Email = "email",
    }
}

words! {
    /// Where it stands.
    FeedbackStatus("feedback status") {
        /// Taken in.
        Received = "received",
        /// Being looked into; a complaint is accepted by it (thụ lý).
        Processing = "processing",
        /// Answered.
        Answered = "answered",
        /// Passed on to the authority that is competent (chuyển cơ quan có thẩm quyền).
        Forwarded = "forwarded",
        /// Not taken up, with the reason.
        Refused = "refused",
        /// Taken back by who sent it.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What an answer finds (Law on Complaints 02/2011 art. 31).
    Finding("finding") {
        /// It is right (đúng).
        Upheld = "upheld",
        /// It is right in part (đúng một phần).
        PartlyUpheld = "partly_upheld",
        /// It is wrong (sai).
        NotUpheld = "not_upheld",
    }
}

impl FeedbackStatus {
    /// Whether nothing is to be done any more.
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Received | Self::Processing)
    }
}

/// In how many working days from receipt feedback and petitions are to be answered, where the service is set up with no other
/// number. It is a default of this service and quotes no rule.
pub const ANSWER_DAYS: u32 = 15;

/// In which term from receipt a complaint is to be accepted (Law on Complaints 02/2011 art. 27).
const ACCEPTANCE: Rule = rule(10, Unit::CalendarDay);
/// In which term from its acceptance a complaint is to be resolved (art. 28: up to 45 days where the matter is complicated, by
/// prolonging).
const RESOLUTION: Rule = rule(30, Unit::CalendarDay);

const fn rule(amount: u32, unit: Unit) -> Rule {
    Rule { amount, unit, cutoff: None, on_supplement: OnSupplement::Restart, no_appointment: false }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub text: String,
    /// What it finds; complaints must have it.
    pub finding: Option<Finding>,
    /// Who answers.
    pub by: String,
}

/// Where feedback is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// It is looked into; a complaint is accepted.
    Take,
    /// It is answered.
    Answer(Answer),
    /// It is passed on.
    Forward {
        /// To whom.
        to: String,
        /// Why, if that is to be said.
        reason: Option<String>,
    },
    /// It is not taken up.
    Refuse {
        /// Why not.
        reason: String,
    },
    /// Who sent it takes it back.
    Withdraw {
        /// Why, if they say so.
        reason: Option<String>,
    },
}

impl Move {
    /// Where it leads.
    pub const fn to(&self) -> FeedbackStatus {
        match self {
            Self::Take => FeedbackStatus::Processing,
            Self::Answer(_) => FeedbackStatus::Answered,
            Self::Forward { .. } => FeedbackStatus::Forwarded,
            Self::Refuse { .. } => FeedbackStatus::Refused,
            Self::Withdraw { .. } => FeedbackStatus::Withdrawn,
        }
    }
}

/// One piece of feedback on its way to its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// What it is.
    pub kind: FeedbackKind,
    /// Where it stands.
    pub status: FeedbackStatus,
    /// Receipt, deadline and end.
    pub term: Term,
    /// The day by which a complaint is to be accepted.
    pub acceptance_due_on: Option<NaiveDate>,
    /// When it moved last.
    pub last_move_at: LocalTime,
    /// The answer.
    pub answer: Option<Answer>,
    /// Why it was refused, passed on or taken back.
    pub reason: Option<String>,
    /// To whom it was passed on.
    pub forwarded_to: Option<String>,
}

impl Feedback {
    /// Takes it in; feedback and petitions are to be answered in `answer_days` working days.
    ///
    /// # Errors
    /// [`Refusal::BeyondCalendar`]; [`Refusal::SenderRequired`] for a complaint that nobody signs (art. 8).
    pub fn receive(
        kind: FeedbackKind,
        at: LocalTime,
        is_signed: bool,
        answer_days: u32,
        office: &OfficeCalendar,
    ) -> Result<Self, Refusal> {
        if kind == FeedbackKind::Complaint && !is_signed {
            return Err(Refusal::SenderRequired);
        }
        let due = |rule: Rule| -> Result<_, BeyondCalendar> { promise(&rule, at, office, &mut ()) };
        let (deadline, acceptance_due_on) = match kind {
            // Its term runs from the acceptance.
            FeedbackKind::Complaint => (None, due(ACCEPTANCE)?.map(|deadline| deadline.due_on)),
            FeedbackKind::Feedback | FeedbackKind::Petition => (due(rule(answer_days, Unit::WorkingDay))?, None),
        };
        Ok(Self {
            kind,
            status: FeedbackStatus::Received,
            term: Term { since: at, deadline, end: None },
            acceptance_due_on,
            last_move_at: at,
            answer: None,
            reason: None,
            forwarded_to: None,
        })
    }

    /// Moves it on.
    ///
    /// # Errors
    /// [`Refusal::FeedbackStatusForbids`], [`Refusal::BeforeLastMove`], [`Refusal::FindingRequired`],
    /// [`Refusal::BeyondCalendar`].
    pub fn go(&mut self, step: Move, at: LocalTime, office: &OfficeCalendar) -> Result<(), Refusal> {
        let to = step.to();
        if !self.may_go(to) {
            return Err(Refusal::FeedbackStatusForbids { from: self.status, to });
        }
        if at < self.last_move_at {
            return Err(Refusal::BeforeLastMove { at, last_move_at: self.last_move_at });
        }
        match step {
            Move::Take if self.kind == FeedbackKind::Complaint => {
                self.term.deadline = promise(&RESOLUTION, at, office, &mut ())?;
            }
            Move::Take => {}
            Move::Answer(answer) => {
                if self.kind == FeedbackKind::Complaint && answer.finding.is_none() {
                    return Err(Refusal::FindingRequired);
                }
                self.answer = Some(answer);
                self.term.finish(at);
            }
            Move::Forward { to, reason } => {
                (self.forwarded_to, self.reason) = (Some(to), reason);
                self.term.close(at);
            }
            Move::Refuse { reason } => {
                self.reason = Some(reason);
                self.term.close(at);
            }
            Move::Withdraw { reason } => {
                self.reason = reason;
                self.term.close(at);
            }
        }
        (self.status, self.last_move_at) = (to, at);
        Ok(())
    }

    /// What is not open moves no more; a complaint is accepted before it is answered.
    fn may_go(&self, to: FeedbackStatus) -> bool {
        match (self.status, to) {
            (_, FeedbackStatus::Received) | (FeedbackStatus::Processing, FeedbackStatus::Processing) => false,
            (FeedbackStatus::Received, FeedbackStatus::Answered) => self.kind != FeedbackKind::Complaint,
            (from, _) => !from.is_ended(),
        }
    }
}

#[cfg(test)]
mod tests;
