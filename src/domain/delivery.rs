//! Messages to other systems and people: what one is, how sending it can end, when it is tried again.

use chrono::TimeDelta;

use super::vocabulary::{LocalTime, UnknownWord, words};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long a message is tried before it is given up.
pub const TRIED_FOR: TimeDelta = TimeDelta::days(3);
/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: i64 = 10;
/// The longest wait, in seconds: one that is back up is found within six hours.
const LONGEST_WAIT: i64 = 6 * 3_600;

words! {
    /// Where a message stands.
    DeliveryStatus("delivery status") {
        /// To be sent, or sent again.
        Waiting = "waiting",
        /// The other side has it.
        Delivered = "delivered",
        /// Given up; it can be replayed.
        Dead = "dead",
        /// Not sent: there was nobody to send it to, or it was no longer true.
        Skipped = "skipped",
    }
}

words! {
    /// By what a message goes.
    Means("means of delivery") {
        /// An HTTP call to a subscriber.
        Webhook = "webhook",
        /// E-mail.
        Email = "email",
        /// The gateway for text messages (SMS, Zalo).
        Gateway = "gateway",
    }
}

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Identifies the message; the same at every attempt.
    pub id: String,
    /// Kind of event or notice.
    pub kind: String,
    /// URL, e-mail address or telephone number.
    pub to: String,
    /// Secrets that sign it, if any.
    pub keys: Vec<Secret>,
    /// What is sent, the same at every attempt.
    pub body: String,
    /// The instant of the attempt, in seconds since 1970.
    pub unix_time: i64,
}

/// A text that must not be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took it.
    Delivered,
    /// It may go better later.
    Failed,
    /// It will not go better later.
    Refused,
    /// The other side wants nothing any more.
    Gone,
}

/// What is kept of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// Status code of the answer, if there was one.
    pub response: Option<u16>,
    /// What went wrong, by name.
    pub fault: Option<&'static str>,
}

impl Receipt {
    /// An attempt that got an answer.
    pub const fn answered(outcome: Outcome, response: u16) -> Self {
        Self { outcome, response: Some(response), fault: None }
    }

    /// An attempt that got none.
    pub const fn unanswered(outcome: Outcome, fault: &'static str) -> Self {
        Self { outcome, response: None, fault: Some(fault) }
    }
}

/// When a message is tried again whose `attempts`-th attempt failed at `now`; `None`: it is given up.
///
/// The wait doubles from ten seconds to six hours and is made up to a fifth shorter or longer by `chance`, so that what
/// failed together does not come back together. The last attempt is made when the three days are over.
pub fn next_attempt(attempts: u32, queued_at: LocalTime, now: LocalTime, chance: u16) -> Option<LocalTime> {
    let end = queued_at + TRIED_FOR;
    if now >= end {
        return None;
    }
    Some((now + wait(attempts, LONGEST_WAIT, chance)).min(end))
}

/// The wait after the `attempts`-th failure in a row, of `longest` seconds at most before `chance` moves it.
pub(in crate::domain) fn wait(attempts: u32, longest: i64, chance: u16) -> TimeDelta {
    let wait = (FIRST_WAIT << attempts.saturating_sub(1).min(20)).min(longest);
    let jitter = wait * 2 * i64::from(chance) / (5 * i64::from(u16::MAX));
    TimeDelta::seconds(wait * 4 / 5 + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_wait_doubles_up_to_six_hours() {
        let now = at("2026-03-02T09:00:00");
        // Half way between a fifth shorter and a fifth longer.
        let wait = |attempts| (next_attempt(attempts, now, now, u16::MAX / 2).unwrap() - now).num_seconds();
        assert_eq!([1, 2, 3, 4].map(wait), [9, 19, 39, 79]);
        assert_eq!([12, 13, 40].map(wait), [20_479, 21_599, 21_599]);
    }

    #[test]
    fn chance_moves_it_by_a_fifth() {
        let now = at("2026-03-02T09:00:00");
        assert_eq!(next_attempt(5, now, now, 0), Some(at("2026-03-02T09:02:08")));
        assert_eq!(next_attempt(5, now, now, u16::MAX), Some(at("2026-03-02T09:03:12")));
    }

    #[test]
    fn the_last_attempt_is_at_the_end_of_the_third_day() {
        let queued = at("2026-03-02T09:00:00");
        let end = at("2026-03-05T09:00:00");
        assert_eq!(next_attempt(20, queued, at("2026-03-05T08:00:00"), 9), Some(end));
        assert_eq!(next_attempt(21, queued, end, 9), None);
        assert_eq!(next_attempt(1, queued, at("2026-03-09T08:00:00"), 9), None);
    }
}
