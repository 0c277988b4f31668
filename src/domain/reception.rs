//! The log of citizen reception (sổ tiếp công dân; Law on Citizen Reception 42/2013).

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::refusal::Refusal;
use super::vocabulary::{UnknownWord, words};

words! {
    /// On what occasion people were received.
    Session("reception session") {
        /// Every working day, by whoever is charged with it (tiếp thường xuyên).
        Regular = "regular",
        /// The leader's regular day (tiếp định kỳ của lãnh đạo; art. 18).
        LeaderRegular = "leader_regular",
        /// The leader, out of turn (tiếp đột xuất; art. 18).
        LeaderExtra = "leader_extra",
    }
}

words! {
    /// What people came for.
    Subject("subject of a visit") {
        /// Complaint (khiếu nại).
        Complaint = "complaint",
        /// Denunciation (tố cáo).
        Denunciation = "denunciation",
        /// Petition (kiến nghị).
        Petition = "petition",
        /// Feedback (phản ánh).
        Feedback = "feedback",
        /// A question about a procedure or a dossier (hỏi thủ tục).
        Procedure = "procedure",
    }
}

words! {
    /// What came of it.
    VisitOutcome("outcome of a visit") {
        /// Explained and answered on the spot (giải thích, trả lời tại chỗ).
        Explained = "explained",
        /// Taken up (thụ lý giải quyết).
        Accepted = "accepted",
        /// Told where to turn to (hướng dẫn).
        Guided = "guided",
        /// Passed on (chuyển đơn).
        Forwarded = "forwarded",
    }
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The day.
    pub visited_on: NaiveDate,
    /// The occasion.
    pub session: Session,
    /// Who received them.
    pub host: Host,
    /// How many came.
    pub people: u32,
    /// One of them.
    pub visitor: Contact,
    /// What they came for; one thing at least, each once.
    pub subjects: Vec<Subject>,
    /// What they said.
    pub content: String,
    /// What came of it.
    pub outcome: VisitOutcome,
    /// To whom it was passed on.
    pub forwarded_to: Option<String>,
    /// Note of the office.
    pub note: Option<String>,
}

/// Who receives people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Full name.
    pub name: String,
    /// Position.
    pub position: Option<String>,
}

impl Visit {
    /// Whether what is said of the outcome holds together.
    ///
    /// # Errors
    /// [`Refusal::AddresseeRequired`].
    pub fn check(&self) -> Result<(), Refusal> {
        if self.outcome == VisitOutcome::Forwarded && self.forwarded_to.is_none() {
            return Err(Refusal::AddresseeRequired);
        }
        Ok(())
    }
}
