//! Errands: what the resolving agency asks of another for a dossier, an opinion (lấy ý kiến; Decree 61/2018 art. 19(5)) or a part
//! of an interlinked procedure (liên thông; art. 19(6)-(7)). Each has its own deadline; none touches the dossier's clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::deadline::Deadline;
use super::dossier_code::DossierCode;
use super::refusal::Refusal;
use super::term::TermTally;
use super::timeliness::{EndClass, Timing, class_of_result, is_late};
use super::vocabulary::{AgencyCode, LocalTime, UnknownWord, words};

words! {
    /// What is asked for.
    ErrandKind("kind of errand") {
        /// An opinion (ý kiến).
        Consultation = "consultation",
        /// A part of the dossier's resolving (phần việc liên thông).
        Part = "part",
    }
}

words! {
    /// Where an errand stands.
    ErrandStatus("status of an errand") {
        /// Asked for.
        Open = "open",
        /// Answered, or finished.
        Done = "done",
        /// Not wanted any more.
        Withdrawn = "withdrawn",
    }
}

/// An errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Opaque identifier.
    pub id: String,
    /// What is asked for.
    pub kind: ErrandKind,
    /// The dossier.
    pub dossier: DossierCode,
    /// The agency asked.
    pub agency: AgencyCode,
    /// The question, or what the part is.
    pub subject: String,
    /// When it was asked, and who asked.
    pub started: (LocalTime, String),
    /// By when it is wanted.
    pub deadline: Deadline,
    /// How it ended.
    pub end: Option<Ending>,
    /// Counts its changes.
    pub version: i64,
}

/// How an errand ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: LocalTime,
    /// Who ended it.
    pub by: String,
    /// Early, on time or late; none for what was withdrawn.
    pub class: Option<EndClass>,
    /// The answer, or why it was withdrawn.
    pub outcome: Option<String>,
}

impl Errand {
    /// Where it stands.
    pub const fn status(&self) -> ErrandStatus {
        match &self.end {
            None => ErrandStatus::Open,
            Some(Ending { class: Some(_), .. }) => ErrandStatus::Done,
            Some(_) => ErrandStatus::Withdrawn,
        }
    }

    /// How it stands against its deadline at `now`; `None` for what was withdrawn.
    pub fn timing(&self, now: LocalTime) -> Option<Timing> {
        match &self.end {
            Some(end) => end.class.map(Timing::Ended),
            None if is_late(Some(self.deadline.late_from), now) => Some(Timing::Overdue),
            None => Some(Timing::Within),
        }
    }

    /// The agency asked answers, or ends its part.
    ///
    /// # Errors
    /// [`Refusal::ErrandEnded`], [`Refusal::BeforeLastMove`].
    pub fn finish(&mut self, at: LocalTime, by: String, outcome: Option<String>) -> Result<(), Refusal> {
        let class = Some(class_of_result(Some(&self.deadline), at));
        self.close(Ending { at, by, class, outcome })
    }

    /// Whoever asked does not want it any more.
    ///
    /// # Errors
    /// [`Refusal::ErrandEnded`].
    pub fn withdraw(&mut self, at: LocalTime, by: String, reason: String) -> Result<(), Refusal> {
        self.close(Ending { at, by, class: None, outcome: Some(reason) })
    }

    fn close(&mut self, end: Ending) -> Result<(), Refusal> {
        if self.end.is_some() {
            return Err(Refusal::ErrandEnded);
        }
        if end.at < self.started.0 {
            return Err(Refusal::BeforeLastMove { at: end.at, last_move_at: self.started.0 });
        }
        self.end = Some(end);
        Ok(())
    }
}

/// Figures of a set of errands in a period, in the manner of form II.06a.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ErrandTally {
    /// Those that ended with a result or are open.
    #[serde(flatten)]
    pub term: TermTally,
    /// Withdrawn in the period.
    pub withdrawn: i64,
}

impl std::ops::AddAssign for ErrandTally {
    fn add_assign(&mut self, other: Self) {
        self.term += other.term;
        self.withdrawn += other.withdrawn;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deadline::Unit;
    use crate::domain::testing::at;

    #[test]
    fn an_errand_is_timed_like_a_dossier() {
        let errand = Errand {
            id: "e".into(),
            kind: ErrandKind::Consultation,
            dossier: "H16.18-260302-0001".parse().unwrap(),
            agency: "H16.19".parse().unwrap(),
            subject: "Ý kiến về quy hoạch".into(),
            started: (at("2026-03-02T09:00"), "canbo".into()),
            deadline: Deadline::at(Unit::WorkingDay, at("2026-03-04T09:00")),
            end: None,
            version: 1,
        };
        // A day-counted term runs to the end of its last day (Civil Code art. 148(1)).
        assert_eq!(errand.timing(at("2026-03-04T23:59:59")), Some(Timing::Within));
        assert_eq!(errand.timing(at("2026-03-05T00:00")), Some(Timing::Overdue));
        for (end, class) in [
            ("2026-03-03T17:00", EndClass::Early),
            ("2026-03-04T17:00", EndClass::OnTime),
            ("2026-03-05T00:00", EndClass::Late),
        ] {
            let mut answered = errand.clone();
            answered.finish(at(end), "sở".into(), Some("Đồng ý".into())).unwrap();
            assert_eq!(answered.timing(at("2026-04-01T00:00")), Some(Timing::Ended(class)), "{end}");
            assert_eq!(answered.finish(at(end), "sở".into(), None), Err(Refusal::ErrandEnded));
        }
        let mut withdrawn = errand.clone();
        withdrawn.withdraw(at("2026-03-06T09:00"), "canbo".into(), "Không cần nữa".into()).unwrap();
        assert_eq!((withdrawn.status(), withdrawn.timing(at("2026-03-07T00:00"))), (ErrandStatus::Withdrawn, None));
        let mut before = errand;
        let refused = before.finish(at("2026-03-02T08:59:59"), "sở".into(), None);
        assert!(matches!(refused, Err(Refusal::BeforeLastMove { .. })), "{refused:?}");
    }
}
