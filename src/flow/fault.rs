//! How a flow fails: a rule said no, something is not there, the input is wrong, or the database failed.

use thiserror::Error;

use crate::domain::office::BeyondCalendar;
use crate::domain::refusal::Refusal;
use crate::storage::{Failure, StorageError};

/// Why a flow did nothing.
#[derive(Debug, Error)]
pub enum Fault {
    /// A rule of the domain said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rule of the domain said no to the time of a receipt, which bodies name `received_at`.
    #[error(transparent)]
    ReceiptRefused(Refusal),
    /// A rule of the domain said no to one move of a history.
    #[error("move {index}: {refusal}")]
    MoveRefused {
        /// Its place, from 0.
        index: usize,
        /// The rule.
        refusal: Refusal,
    },
    /// There is no such thing, or it belongs to another agency.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The role does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// A member names something that does not exist.
    #[error("{pointer} names an unknown {what}")]
    Unknown {
        /// JSON Pointer of the member.
        pointer: &'static str,
        /// What it should name.
        what: &'static str,
    },
    /// The code is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// The `If-Match` condition does not hold.
    #[error("the resource was changed in between")]
    Changed,
    /// Nobody gave the actor a mandate to stand in for that person today.
    #[error("no mandate in force")]
    NoMandate,
    /// A member has a value that is refused.
    #[error("{pointer}: {code}")]
    Invalid {
        /// JSON Pointer of the member.
        pointer: &'static str,
        /// The rule, by name.
        code: &'static str,
    },
    /// A member of one item of a list has a value that is refused.
    #[error("/{list}/{index}/{member}: {code}")]
    Item {
        /// The list.
        list: &'static str,
        /// The item's place in it, from 0.
        index: usize,
        /// The member.
        member: &'static str,
        /// The rule, by name.
        code: &'static str,
    },
    /// Something outside the database cannot be reached, and may be again later.
    #[error("{0} cannot be reached")]
    Unavailable(&'static str),
    /// Name or password, or the refresh token, is wrong.
    #[error("wrong credentials")]
    BadCredentials,
    /// Too many sign-ins failed; nothing was looked at.
    #[error("too many failed sign-ins; wait {seconds} s")]
    TooManyAttempts {
        /// How long to wait.
        seconds: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Fault {
    /// Something outside the database failed, which the log is told more of.
    pub fn unavailable(what: &'static str, cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, what, "unavailable");
        Self::Unavailable(what)
    }

    /// A refusal met while dating a receipt: one of a time is blamed on the receipt.
    pub fn of_receipt(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InTheFuture { .. } | Refusal::BeforeLastMove { .. } | Refusal::TooFarBack { .. } => {
                Self::ReceiptRefused(refusal)
            }
            other => Self::Refused(other),
        }
    }

    /// A refusal met while living a history is blamed on the move.
    pub fn of_move(self, index: usize) -> Self {
        if let Self::Refused(refusal) = self { Self::MoveRefused { index, refusal } } else { self }
    }
}

impl From<BeyondCalendar> for Fault {
    fn from(beyond: BeyondCalendar) -> Self {
        Self::Refused(beyond.into())
    }
}

impl Failure for Fault {
    fn storage(&self) -> Option<&StorageError> {
        if let Self::Storage(error) = self { Some(error) } else { None }
    }
}
