//! How an applicant rates the service that a dossier got (đánh giá mức độ hài lòng), once and after it ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dossier::Standing;
use super::refusal::Refusal;
use super::vocabulary::{LocalTime, UnknownWord, words};

words! {
    /// What may be rated by itself: the five factors of the satisfaction survey (Decision 2640/QĐ-BNV of 2017).
    Aspect("aspect of service") {
        /// How easily the service is reached (tiếp cận dịch vụ).
        Access = "access",
        /// The procedure (thủ tục hành chính).
        Procedure = "procedure",
        /// The officials (công chức).
        Officials = "officials",
        /// The result (kết quả dịch vụ).
        Result = "result",
        /// How feedback is dealt with (tiếp nhận, giải quyết phản ánh, kiến nghị).
        Feedback = "feedback",
    }
}

/// A rating from 1, very dissatisfied (rất không hài lòng), to 5, very satisfied (rất hài lòng).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Score(i32);

impl Score {
    /// The scores, worst first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// From this score on somebody is satisfied.
    pub const SATISFIED: Self = Self(4);
}

impl TryFrom<i32> for Score {
    type Error = &'static str;

    fn try_from(given: i32) -> Result<Self, &'static str> {
        if (1..=5).contains(&given) { Ok(Self(given)) } else { Err("a score is 1 to 5") }
    }
}

impl From<Score> for i32 {
    fn from(Score(score): Score) -> Self {
        score
    }
}

/// An aspect with its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AspectScore {
    /// What is rated.
    pub aspect: Aspect,
    /// How.
    pub score: Score,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// On the whole.
    pub score: Score,
    /// By aspects; each once at most.
    pub aspects: Vec<AspectScore>,
    /// In words.
    pub comment: Option<String>,
    /// When.
    pub rated_at: LocalTime,
}

/// Whether a dossier can be rated: its resolving is over.
///
/// # Errors
/// [`Refusal::NotEnded`].
pub fn may_rate(standing: &Standing) -> Result<(), Refusal> {
    if standing.status.is_ended() { Ok(()) } else { Err(Refusal::NotEnded { status: standing.status }) }
}
