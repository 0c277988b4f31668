//! Within, paused, overdue, early, on time, late: the one definition, used by lists, counts, reports and letters.

use super::deadline::Deadline;
use super::vocabulary::{LocalTime, UnknownWord};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How a dossier that ended stands against its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndClass {
    /// Before the day due (trước hạn).
    Early,
    /// On the day due, or with no appointment (đúng hạn).
    OnTime,
    /// After the deadline (quá hạn).
    Late,
}

/// How a dossier stands against its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timing {
    /// Open and not late (trong hạn).
    Within,
    /// Open, waiting for the applicant with the clock stopped.
    Paused,
    /// Open and late (quá hạn).
    Overdue,
    /// Ended.
    Ended(EndClass),
}

impl Timing {
    /// Every value.
    pub const ALL: [Self; 6] = [
        Self::Within,
        Self::Paused,
        Self::Overdue,
        Self::Ended(EndClass::Early),
        Self::Ended(EndClass::OnTime),
        Self::Ended(EndClass::Late),
    ];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Paused => "paused",
            Self::Overdue => "overdue",
            Self::Ended(class) => class.as_str(),
        }
    }

    /// Whether a letter of apology is owed (Decree 61/2018 art. 19(9)).
    pub const fn owes_apology(self) -> bool {
        matches!(self, Self::Overdue | Self::Ended(EndClass::Late))
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Timing {
    type Err = UnknownWord;

    fn from_str(given: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|timing| timing.as_str() == given);
        found.ok_or_else(|| UnknownWord { kind: "timing", given: given.to_owned() })
    }
}

impl EndClass {
    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::OnTime => "on_time",
            Self::Late => "late",
        }
    }
}

impl FromStr for EndClass {
    type Err = UnknownWord;

    fn from_str(given: &str) -> Result<Self, UnknownWord> {
        match Timing::from_str(given)? {
            Timing::Ended(class) => Ok(class),
            _ => Err(UnknownWord { kind: "class of an ended dossier", given: given.to_owned() }),
        }
    }
}

/// Whether `at` is late; never when no instant is.
pub fn is_late(late_from: Option<LocalTime>, at: LocalTime) -> bool {
    late_from.is_some_and(|late_from| at >= late_from)
}

/// The class of a result that was ready at `at`.
pub fn class_of_result(deadline: Option<&Deadline>, at: LocalTime) -> EndClass {
    match deadline {
        Some(deadline) if is_late(Some(deadline.late_from), at) => EndClass::Late,
        Some(deadline) if at.date() < deadline.due_on => EndClass::Early,
        Some(_) | None => EndClass::OnTime,
    }
}

/// The class of a dossier withdrawn or stopped at `at`: on time, unless the clock (`late_from`) had run out already.
pub fn class_of_closing(late_from: Option<LocalTime>, at: LocalTime) -> EndClass {
    if is_late(late_from, at) { EndClass::Late } else { EndClass::OnTime }
}

#[cfg(test)]
mod tests;
