//! How far the portal was told of a dossier: what it has, what is owed to it since when, and what came of each attempt.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TOLD_WITHIN;
use crate::domain::delivery::wait;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{LocalTime, UnknownWord, words};

/// The longest wait between attempts, in seconds: a portal that is back is caught up with well within the ten minutes.
const LONGEST_WAIT: i64 = 300;
/// How often in a row the portal may refuse a dossier before it is parked: some refusals are faults of its own.
const MOST_REFUSALS: i32 = 5;

words! {
    /// Where the telling of a dossier stands.
    TellingStatus("telling status") {
        /// Something is owed to the portal.
        Waiting = "waiting",
        /// The portal knows everything.
        Told = "told",
        /// The portal refused it, or it cannot be said in its codes; it waits for a change or a replay.
        Parked = "parked",
    }
}

/// How far the portal was told of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The dossier.
    pub dossier: DossierCode,
    /// Whether the portal has it: it is created once, and updated from then on.
    pub known: bool,
    /// Place in the journal of the last change that it is owed.
    pub changed_seq: i64,
    /// Up to which place of the journal its record was told.
    pub record_seq: i64,
    /// Up to which place of the journal its steps were told.
    pub progress_seq: i64,
    /// Where it stands.
    pub status: TellingStatus,
    /// When the first change that it is owed was recorded.
    pub since: Option<LocalTime>,
    /// Failures in a row.
    pub attempts: i32,
    /// Those of them that were refusals.
    pub refusals: i32,
    /// When it is tried next.
    pub due_at: Option<LocalTime>,
    /// When it was tried last.
    pub attempted_at: Option<LocalTime>,
    /// When it was last told everything.
    pub told_at: Option<LocalTime>,
    /// What went wrong last; no personal data.
    pub reason: Option<String>,
    /// Counts its changes.
    pub version: i64,
}

/// What is sent next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The record of the dossier: the first of all, or an update.
    Record {
        /// Whether the portal has the dossier.
        updating: bool,
    },
    /// Steps behind this place of the journal.
    Progress {
        /// The place.
        after: i64,
    },
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The portal has the part, which told the journal up to this place.
    Told(i64),
    /// The portal has the dossier already.
    Exists,
    /// No answer, or none about the dossier: it may go better later.
    Later(String),
    /// The portal says no to it.
    Refused(String),
    /// It cannot be said in the portal's codes.
    Unsayable(String),
    /// Nothing was sent: the portal never heard of a dossier that turned out to be entered by mistake.
    Needless,
}

impl Telling {
    /// A dossier that the portal was never told of.
    pub const fn new(dossier: DossierCode) -> Self {
        Self {
            dossier,
            known: false,
            changed_seq: 0,
            record_seq: 0,
            progress_seq: 0,
            status: TellingStatus::Told,
            since: None,
            attempts: 0,
            refusals: 0,
            due_at: None,
            attempted_at: None,
            told_at: None,
            reason: None,
            version: 0,
        }
    }

    /// A change was recorded. What was parked is tried again: the change may be what it wanted.
    pub fn owe(&mut self, seq: i64, recorded_at: LocalTime) {
        if seq <= self.changed_seq || seq <= self.record_seq.min(self.progress_seq) {
            return;
        }
        self.changed_seq = seq;
        if self.status != TellingStatus::Waiting {
            self.wait_anew(recorded_at);
        }
    }

    /// Tells it again, from its record on; steps that the portal has are not repeated.
    pub fn replay(&mut self, now: LocalTime) {
        self.record_seq = 0;
        self.wait_anew(now);
    }

    fn wait_anew(&mut self, now: LocalTime) {
        self.status = TellingStatus::Waiting;
        self.since = self.since.or(Some(now));
        self.attempts = 0;
        self.refusals = 0;
        self.due_at = Some(now);
    }

    /// What is sent next; the record goes before the steps.
    pub fn next(&self) -> Option<Part> {
        if self.status != TellingStatus::Waiting {
            None
        } else if self.record_seq < self.changed_seq || self.record_seq == 0 {
            Some(Part::Record { updating: self.known })
        } else if self.progress_seq < self.changed_seq {
            Some(Part::Progress { after: self.progress_seq })
        } else {
            None
        }
    }

    /// Whether the portal cannot have heard of the dossier: nothing was ever sent, not even what got no answer.
    pub const fn is_unheard_of(&self) -> bool {
        !self.known && self.attempted_at.is_none()
    }

    /// Notes how sending a part ended.
    pub fn note(&mut self, part: Part, outcome: &Outcome, now: LocalTime, chance: u16) {
        if !matches!(outcome, Outcome::Unsayable(_) | Outcome::Needless) {
            self.attempted_at = Some(now);
        }
        match outcome {
            Outcome::Told(up_to) => self.advance(part, *up_to, now),
            Outcome::Exists => self.known = true,
            Outcome::Later(reason) => {
                self.attempts += 1;
                self.try_again(reason, now, chance);
            }
            Outcome::Refused(reason) => {
                self.attempts += 1;
                self.refusals += 1;
                if self.refusals >= MOST_REFUSALS {
                    self.park(reason);
                } else {
                    self.try_again(reason, now, chance);
                }
            }
            Outcome::Unsayable(reason) => self.park(reason),
            Outcome::Needless => {
                self.record_seq = self.changed_seq;
                self.progress_seq = self.changed_seq;
                self.settle(now);
            }
        }
    }

    fn advance(&mut self, part: Part, up_to: i64, now: LocalTime) {
        match part {
            Part::Record { .. } => {
                self.known = true;
                self.record_seq = up_to;
            }
            Part::Progress { .. } => self.progress_seq = up_to,
        }
        self.attempts = 0;
        self.refusals = 0;
        self.due_at = Some(now);
        if self.next().is_none() {
            self.settle(now);
        }
    }

    fn settle(&mut self, now: LocalTime) {
        self.status = TellingStatus::Told;
        self.told_at = Some(now);
        self.since = None;
        self.due_at = None;
        self.reason = None;
    }

    fn try_again(&mut self, reason: &str, now: LocalTime, chance: u16) {
        self.reason = Some(reason.to_owned());
        self.due_at = Some(now + wait(self.attempts.unsigned_abs(), LONGEST_WAIT, chance));
    }

    fn park(&mut self, reason: &str) {
        self.status = TellingStatus::Parked;
        self.reason = Some(reason.to_owned());
        self.due_at = None;
    }

    /// Whether the portal ought to know by now what it does not.
    pub fn is_late(&self, now: LocalTime) -> bool {
        self.since.is_some_and(|since| since < latest(now))
    }
}

/// What was recorded before this is told late, if it is not told yet at `now`.
pub fn latest(now: LocalTime) -> LocalTime {
    now - TOLD_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> LocalTime {
        format!("2026-03-02T{text}").parse().unwrap()
    }

    fn telling() -> Telling {
        let mut telling = Telling::new("H16.18-260302-0001".parse().unwrap());
        telling.owe(2, at("09:00:00"));
        telling
    }

    const HALF: u16 = u16::MAX / 2;

    #[test]
    fn a_new_dossier_is_created_then_its_steps_are_told_then_it_is_updated() {
        let mut telling = telling();
        assert_eq!(telling.next(), Some(Part::Record { updating: false }));
        telling.note(Part::Record { updating: false }, &Outcome::Told(2), at("09:00:01"), HALF);
        assert_eq!(telling.next(), Some(Part::Progress { after: 0 }));
        telling.note(Part::Progress { after: 0 }, &Outcome::Told(2), at("09:00:02"), HALF);
        assert_eq!((telling.next(), telling.status, telling.since), (None, TellingStatus::Told, None));
        telling.owe(3, at("10:00:00"));
        assert_eq!(telling.next(), Some(Part::Record { updating: true }));
        assert_eq!(telling.since, Some(at("10:00:00")));
    }

    #[test]
    fn what_exists_at_the_portal_is_updated_at_once() {
        // domain.md 3.1: "already exists" → repeat as update.
        let mut telling = telling();
        telling.note(Part::Record { updating: false }, &Outcome::Exists, at("09:00:01"), HALF);
        assert_eq!(telling.next(), Some(Part::Record { updating: true }));
        assert_eq!((telling.attempts, telling.due_at), (0, Some(at("09:00:00"))));
    }

    #[test]
    fn what_the_record_told_already_is_not_told_again() {
        let mut telling = telling();
        telling.note(Part::Record { updating: false }, &Outcome::Told(3), at("09:00:01"), HALF);
        telling.note(Part::Progress { after: 0 }, &Outcome::Told(3), at("09:00:01"), HALF);
        telling.owe(3, at("09:00:00"));
        assert_eq!(telling.status, TellingStatus::Told);
    }

    #[test]
    fn silence_is_tried_for_ever_and_never_waits_longer_than_five_minutes() {
        let mut telling = telling();
        let part = Part::Record { updating: false };
        for attempt in 1..200 {
            telling.note(part, &Outcome::Later("timeout".into()), at("09:00:00"), HALF);
            assert_eq!((telling.status, telling.attempts), (TellingStatus::Waiting, attempt));
            assert!(telling.due_at.unwrap() <= at("09:05:00"), "{attempt}");
        }
        assert_eq!(telling.due_at, Some(at("09:04:59")));
        assert_eq!(telling.since, Some(at("09:00:00")));
    }

    #[test]
    fn a_refusal_is_tried_five_times_and_parked_until_a_change_or_a_replay() {
        let mut telling = telling();
        let part = Part::Record { updating: false };
        for _ in 0..4 {
            telling.note(part, &Outcome::Refused("7: sai".into()), at("09:00:00"), HALF);
            assert_eq!(telling.status, TellingStatus::Waiting);
        }
        telling.note(part, &Outcome::Refused("7: sai".into()), at("09:02:00"), HALF);
        assert_eq!(
            (telling.status, telling.reason.as_deref(), telling.next()),
            (TellingStatus::Parked, Some("7: sai"), None)
        );
        let mut replayed = telling.clone();
        replayed.replay(at("09:30:00"));
        assert_eq!((replayed.next(), replayed.due_at), (Some(part), Some(at("09:30:00"))));
        telling.owe(3, at("10:00:00"));
        assert_eq!((telling.next(), telling.attempts), (Some(part), 0));
        // It has been owed something since nine.
        assert_eq!(telling.since, Some(at("09:00:00")));
    }

    #[test]
    fn what_cannot_be_said_is_parked_at_once() {
        let mut telling = telling();
        telling.note(Part::Record { updating: false }, &Outcome::Unsayable("unmapped".into()), at("09:00:00"), HALF);
        assert_eq!(telling.status, TellingStatus::Parked);
    }

    #[test]
    fn silence_may_mean_that_the_portal_heard_and_what_cannot_be_said_was_not_heard() {
        let part = Part::Record { updating: false };
        let after = |outcome| {
            let mut telling = telling();
            telling.note(part, &outcome, at("09:00:00"), HALF);
            telling.is_unheard_of()
        };
        assert!(telling().is_unheard_of() && after(Outcome::Unsayable("unmapped".into())));
        assert!(!after(Outcome::Later("timeout".into())) && !after(Outcome::Told(2)));
    }

    #[test]
    fn a_replay_repeats_the_record_and_not_the_steps() {
        let mut telling = telling();
        telling.note(Part::Record { updating: false }, &Outcome::Told(2), at("09:00:01"), HALF);
        telling.note(Part::Progress { after: 0 }, &Outcome::Told(2), at("09:00:01"), HALF);
        telling.replay(at("09:10:00"));
        assert_eq!(telling.next(), Some(Part::Record { updating: true }));
        telling.note(Part::Record { updating: true }, &Outcome::Told(2), at("09:10:01"), HALF);
        assert_eq!(telling.status, TellingStatus::Told);
    }

    #[test]
    fn ten_minutes_after_a_step_the_portal_ought_to_know() {
        // Decree 63/2024 art. 7(4).
        let telling = telling();
        assert!(!telling.is_late(at("09:10:00")));
        assert!(telling.is_late(at("09:10:01")));
    }
}
