//! The dossier as the clock sees it: its standing, folded from its events, and what can be read off it.

use serde::{Deserialize, Serialize};

use super::deadline::{Deadline, Rule};
use super::event::Event;
use super::timeliness::{self, EndClass, Timing};
use super::vocabulary::{Channel, LocalTime, Outcome, Status};

/// How the resolving of a dossier ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When: the finish, the withdrawal or the stop; never the hand-over.
    pub at: LocalTime,
    /// Early, on time or late.
    pub class: EndClass,
    /// The status before, to which `reopen` goes back.
    pub from: Status,
    /// The move before, so that `reopen` leaves no trace on the order of moves.
    pub previous_move_at: LocalTime,
}

/// A stretch of a counted dossier's life with one answer to "when does it become overdue".
///
/// The dossier is overdue at an instant of the span iff `late_from` is not after it. Spans make reports of a past day
/// answer the same whenever they are asked: a later pause or restart opens a new span and leaves the old one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First instant.
    pub from: LocalTime,
    /// The instant after the last.
    pub until: LocalTime,
    /// First late instant; `None` while paused and without an appointment.
    pub late_from: Option<LocalTime>,
    /// Whether the clock stood still.
    pub paused: bool,
}

/// Everything about a dossier that its moves change and its deadlines depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Where it stands.
    pub status: Status,
    /// When it was handed in.
    pub filed_at: LocalTime,
    /// When it was accepted; deadline and statistics run from it. `None` for what never was.
    pub received_at: Option<LocalTime>,
    /// By when a registered dossier must be answered (8 working hours; Decree 105/2025 art. 10(2)).
    pub acceptance_due_at: Option<LocalTime>,
    /// The deadline first promised; `None` before receipt and without an appointment.
    pub original: Option<Deadline>,
    /// The deadline in force. It stands still while the clock is stopped.
    pub deadline: Option<Deadline>,
    /// Since when the clock stands still.
    pub stopped_since: Option<LocalTime>,
    /// Since when `deadline` and `stopped_since` are as they are.
    pub span_from: Option<LocalTime>,
    /// How it ended.
    pub end: Option<End>,
    /// The move before it was withdrawn or stopped at intake, where it waited for papers; `reopen` goes back there.
    pub before_intake_end: Option<LocalTime>,
    /// What it brought.
    pub outcome: Option<Outcome>,
    /// When the result was handed over.
    pub returned_at: Option<LocalTime>,
    /// The last move.
    pub last_move_at: LocalTime,
    /// How often supplements were asked for, at intake and after.
    pub supplement_requests: u32,
    /// A supplement was asked for after the third working day (Decree 61/2018 art. 19(4)).
    pub supplement_late: bool,
    /// It was accepted after `acceptance_due_at`.
    pub accepted_late: bool,
    /// The one re-appointment (Decree 61/2018 art. 19(9)).
    pub reappointed_at: Option<LocalTime>,
    /// It was entered by mistake and counts nowhere.
    pub void: bool,
}

/// A dossier: what was handed in, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The time limit of the procedure version of its day of receipt, for its channel.
    pub rule: Rule,
    /// How it came in.
    pub channel: Channel,
    /// Where it stands.
    pub standing: Standing,
}

impl Standing {
    /// The standing at the moment of filing, before anything is decided.
    pub fn filed(filed_at: LocalTime) -> Self {
        Self {
            status: Status::Registered,
            filed_at,
            received_at: None,
            acceptance_due_at: None,
            original: None,
            deadline: None,
            stopped_since: None,
            span_from: None,
            end: None,
            before_intake_end: None,
            outcome: None,
            returned_at: None,
            last_move_at: filed_at,
            supplement_requests: 0,
            supplement_late: false,
            accepted_late: false,
            reappointed_at: None,
            void: false,
        }
    }

    /// Whether nothing is to be done on it any more; a finished one is still to be handed over.
    pub const fn is_closed(&self) -> bool {
        self.void || (self.status.is_ended() && !matches!(self.status, Status::Finished))
    }

    /// The first instant at which the dossier is (or was) late; `None` while the clock stands still, without an
    /// appointment, and before receipt.
    pub fn late_from(&self) -> Option<LocalTime> {
        if self.stopped_since.is_some() { None } else { self.deadline.map(|deadline| deadline.late_from) }
    }

    /// How it stands at `now`; `None` for what is in no column: not accepted, rejected, void.
    pub fn timing(&self, now: LocalTime) -> Option<Timing> {
        if self.void || self.received_at.is_none() {
            return None;
        }
        Some(match self.end {
            Some(end) => Timing::Ended(end.class),
            None if self.stopped_since.is_some() => Timing::Paused,
            None if timeliness::is_late(self.late_from(), now) => Timing::Overdue,
            None => Timing::Within,
        })
    }

    /// Whether it is counted and not ended.
    pub fn is_open(&self) -> bool {
        !self.void && self.received_at.is_some() && self.end.is_none()
    }

    /// Applies an event that took effect at `at`; returns the span it closed, if it closed one.
    pub fn apply(&mut self, at: LocalTime, event: &Event) -> Option<Span> {
        let before = self.clock();
        match event {
            Event::Registered { acceptance_due_at } | Event::Resubmitted { acceptance_due_at } => {
                self.status = Status::Registered;
                self.acceptance_due_at = Some(*acceptance_due_at);
            }
            Event::Received { deadline, accepted_late, .. } => {
                self.status = Status::Received;
                self.received_at = Some(at);
                self.original = *deadline;
                self.deadline = *deadline;
                self.accepted_late = *accepted_late;
            }
            Event::Rejected { .. } => self.status = Status::Rejected,
            Event::ProcessingStarted => self.status = Status::Processing,
            Event::SupplementRequested { stops_clock, late, .. } => {
                self.status = Status::SupplementRequired;
                self.supplement_requests += 1;
                self.supplement_late |= late;
                self.stopped_since = stops_clock.then_some(at);
            }
            Event::PaymentRequested { stops_clock, .. } => {
                self.status = Status::PaymentRequired;
                self.stopped_since = stops_clock.then_some(at);
            }
            Event::Resumed { new, .. } => {
                self.status = Status::Processing;
                self.deadline = *new;
                self.stopped_since = None;
            }
            Event::Withdrawn { class, .. } => self.close(at, Status::Withdrawn, *class),
            Event::Stopped { class, .. } => self.close(at, Status::Stopped, *class),
            Event::Finished { class, outcome, .. } => {
                self.close(at, Status::Finished, Some(*class));
                self.outcome = Some(*outcome);
            }
            Event::Returned => {
                self.status = Status::Returned;
                self.returned_at = Some(at);
            }
            Event::Reopened { .. } => self.reopen(),
            Event::Corrected { standing, .. } => {
                // The spans of the whole life come anew with the correction.
                *self = (**standing).clone();
                return None;
            }
            Event::DeadlineMoved { new, .. } => self.deadline = *new,
            Event::Voided { .. } => self.void = true,
            Event::Reappointed { new_return_at, .. } => self.reappointed_at = Some(*new_return_at),
            Event::Edited { .. }
            | Event::BecameOverdue { .. }
            | Event::Warned { .. }
            | Event::Letter { .. }
            | Event::FileAdded { .. }
            | Event::FileRemoved { .. }
            | Event::Anonymised
            | Event::FeesDemanded { .. }
            | Event::PaymentReceived { .. }
            | Event::FeeExempted { .. }
            | Event::PaymentRefunded { .. }
            | Event::TransferSent { .. }
            | Event::TransferConfirmed { .. }
            | Event::HandOff { .. }
            | Event::Errand { .. } => {}
        }
        if event.is_move() {
            self.last_move_at = at;
        }
        if before == self.clock() {
            return None;
        }
        // A move recorded after a change of the calendar may be dated before it: the spans up to that change stay.
        let until = self.span_from.map_or(at, |from| at.max(from));
        let from = self.span_from.replace(until)?;
        let span = |(late_from, paused)| Span { from, until, late_from, paused };
        // A span of no length holds no instant.
        before.filter(|_| from < until).map(span)
    }

    /// What a [`Span`] holds still: when the dossier becomes overdue and whether the clock stands; `None` before receipt.
    fn clock(&self) -> Option<(Option<LocalTime>, bool)> {
        self.received_at.map(|_| (self.late_from(), self.stopped_since.is_some()))
    }

    fn close(&mut self, at: LocalTime, status: Status, class: Option<EndClass>) {
        let (from, previous_move_at) = (self.status, self.last_move_at);
        self.end = class.map(|class| End { at, class, from, previous_move_at });
        self.before_intake_end = class.is_none().then_some(previous_move_at);
        self.status = status;
    }

    /// Undoes the end as if it had not been; a pause that was running runs on. An end at intake was an end of waiting.
    fn reopen(&mut self) {
        if let Some(end) = self.end.take() {
            self.status = end.from;
            self.last_move_at = end.previous_move_at;
            self.outcome = None;
        } else if let Some(previous_move_at) = self.before_intake_end.take() {
            self.status = Status::SupplementRequired;
            self.last_move_at = previous_move_at;
        }
    }
}
