//! Hand-offs (bàn giao hồ sơ) within an office: one officer gives a dossier to another, who has it once they confirm.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dossier_code::DossierCode;
use super::refusal::Refusal;
use super::transfer::Handled;
use super::vocabulary::{UnknownWord, words};

words! {
    /// Where a hand-off stands.
    HandOffStatus("status of a hand-off") {
        /// Offered: the giver still has the dossier.
        Pending = "pending",
        /// The receiver has it.
        Confirmed = "confirmed",
        /// The receiver would not have it.
        Declined = "declined",
        /// The giver wants to keep it.
        TakenBack = "taken_back",
    }
}

/// A hand-off. The control slip names both sides and when each acted (Circular 03/2025 App. I form 06).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOff {
    /// Opaque identifier.
    pub id: String,
    /// The dossier.
    pub dossier: DossierCode,
    /// Account that gives.
    pub giver: String,
    /// Account that is to take it; `None`: whoever of the office does.
    pub receiver: Option<String>,
    /// What the receiver is to know.
    pub note: Option<String>,
    /// That it was offered.
    pub offered: Handled,
    /// Where it stands.
    pub status: HandOffStatus,
    /// That it ended.
    pub ended: Option<Handled>,
    /// Why it was declined.
    pub reason: Option<String>,
}

impl HandOff {
    /// Whether it waits for this account to confirm.
    pub fn is_for(&self, account: &str) -> bool {
        self.receiver.as_deref().is_none_or(|receiver| receiver == account)
    }

    /// Whether this account gives, or offered it for who does.
    pub fn is_of(&self, account: &str) -> bool {
        self.giver == account || self.offered.by == account
    }

    /// Refuses what was answered or taken back.
    ///
    /// # Errors
    /// [`Refusal::HandOffEnded`].
    pub fn require_pending(&self) -> Result<(), Refusal> {
        match self.status {
            HandOffStatus::Pending => Ok(()),
            status => Err(Refusal::HandOffEnded { status }),
        }
    }

    /// Ends it: confirmed, declined with a reason, or taken back.
    ///
    /// # Errors
    /// [`Refusal::HandOffEnded`], [`Refusal::ReasonRequired`] when it is declined without one.
    pub fn end(&mut self, status: HandOffStatus, ended: Handled, reason: Option<String>) -> Result<(), Refusal> {
        self.require_pending()?;
        if status == HandOffStatus::Declined && reason.is_none() {
            return Err(Refusal::ReasonRequired);
        }
        self.status = status;
        self.ended = Some(ended);
        self.reason = reason;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::at;

    fn handled(by: &str) -> Handled {
        Handled { at: at("2026-03-02T09:00"), by: by.into() }
    }

    fn offered(receiver: Option<&str>) -> HandOff {
        HandOff {
            id: "h".into(),
            dossier: "H16.18-260302-0001".parse().unwrap(),
            giver: "an".into(),
            receiver: receiver.map(str::to_owned),
            note: None,
            offered: handled("truong"),
            status: HandOffStatus::Pending,
            ended: None,
            reason: None,
        }
    }

    #[test]
    fn it_ends_once_and_is_declined_with_a_reason() {
        let mut one = offered(Some("binh"));
        assert!(
            one.is_for("binh") && !one.is_for("an") && one.is_of("an") && one.is_of("truong") && !one.is_of("binh")
        );
        assert!(offered(None).is_for("cuong"));
        assert_eq!(one.end(HandOffStatus::Declined, handled("binh"), None), Err(Refusal::ReasonRequired));
        assert_eq!(one.status, HandOffStatus::Pending);
        one.end(HandOffStatus::Confirmed, handled("binh"), None).unwrap();
        let again = one.end(HandOffStatus::TakenBack, handled("an"), None);
        assert_eq!(again, Err(Refusal::HandOffEnded { status: HandOffStatus::Confirmed }));
    }
}
