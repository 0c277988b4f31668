//! What anyone who holds a slip may know of a dossier: how far it has come, and the date promised (Circular 01/2018 art. 16(2)(d)).

use chrono::NaiveDate;
use serde::Serialize;

use super::dossier::Standing;
use super::event::Event;
use super::vocabulary::{LocalTime, Status};

/// How far a dossier has come, without a word about why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// Handed in; it may not be accepted yet.
    Received,
    /// Being resolved.
    InProgress,
    /// The office waits for papers or a payment.
    WaitingForApplicant,
    /// The office is done: there is a result or a notice to fetch. So are refused, withdrawn and stopped dossiers.
    Finished,
    /// The result was handed over.
    Returned,
}

/// What the public look-up shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How far it has come.
    pub completion: Completion,
    /// The day promised now: that of the re-appointment where there was one. `None` where no result is promised: before
    /// it is accepted, without an appointment, and for what ended without a result.
    pub due_on: Option<NaiveDate>,
}

impl Progress {
    /// Reads it off a standing; `None` for a void dossier, which was entered by mistake and is nobody's.
    pub fn of(standing: &Standing) -> Option<Self> {
        if standing.void {
            return None;
        }
        let completion = match standing.status {
            Status::Registered | Status::Received => Completion::Received,
            Status::Processing => Completion::InProgress,
            Status::SupplementRequired | Status::PaymentRequired => Completion::WaitingForApplicant,
            Status::Rejected | Status::Withdrawn | Status::Stopped | Status::Finished => Completion::Finished,
            Status::Returned => Completion::Returned,
        };
        let has_no_result = matches!(standing.status, Status::Rejected | Status::Withdrawn | Status::Stopped);
        let promised = standing.reappointed_at.map(|at| at.date());
        let promised = promised.or(standing.deadline.map(|deadline| deadline.due_on));
        Some(Self { completion, due_on: promised.filter(|_| !has_no_result) })
    }
}

/// How far a dossier had come from some instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Since when.
    pub at: LocalTime,
    /// How far.
    pub completion: Completion,
}

/// The way a dossier has come, from the events of its journal in their order. A correction mends a history and is no step of
/// it, but for what it changes in how far the dossier has come.
pub fn steps<'a>(filed_at: LocalTime, events: impl IntoIterator<Item = (LocalTime, &'a Event)>) -> Vec<Step> {
    let mut standing = Standing::filed(filed_at);
    let mut steps = Vec::<Step>::new();
    for (at, event) in events {
        standing.apply(at, event);
        let Some(Progress { completion, .. }) = Progress::of(&standing) else { continue };
        if steps.last().is_none_or(|last| last.completion != completion) {
            steps.push(Step { at, completion });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deadline::Deadline;
    use crate::domain::vocabulary::LocalTime;

    fn time(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    fn standing(status: Status) -> Standing {
        let due_at = time("2026-03-09T09:00:00");
        let deadline = Deadline { due_on: due_at.date(), due_at, late_from: time("2026-03-10T00:00:00") };
        Standing { status, deadline: Some(deadline), ..Standing::filed(time("2026-03-02T09:00:00")) }
    }

    #[test]
    fn every_status_has_one_of_the_five_words_of_the_contract() {
        let shown = |status| {
            let progress = Progress::of(&standing(status)).unwrap();
            (serde_json::to_value(progress.completion).unwrap().as_str().unwrap().to_owned(), progress.due_on.is_some())
        };
        for (status, word, is_promised) in [
            (Status::Registered, "received", true),
            (Status::Received, "received", true),
            (Status::Rejected, "finished", false),
            (Status::Processing, "in_progress", true),
            (Status::SupplementRequired, "waiting_for_applicant", true),
            (Status::PaymentRequired, "waiting_for_applicant", true),
            (Status::Withdrawn, "finished", false),
            (Status::Stopped, "finished", false),
            (Status::Finished, "finished", true),
            (Status::Returned, "returned", true),
        ] {
            assert_eq!(shown(status), (word.to_owned(), is_promised), "{status:?}");
        }
    }

    #[test]
    fn steps_are_what_the_five_words_tell_of_a_history() {
        let (filed, later) = (time("2026-03-02T09:00:00"), |day: u32| time(&format!("2026-03-{day:02}T09:00:00")));
        let received = Event::Received { deadline: None, accepted_late: false, rule_version: 1 };
        let events = [
            (filed, received),
            (later(3), Event::ProcessingStarted),
            (later(4), Event::Edited { changes: Vec::new() }),
            (later(5), Event::SupplementRequested { reason: "Thiếu".to_owned(), stops_clock: false, late: true }),
            (later(6), Event::ProcessingStarted),
            (later(9), Event::Returned),
        ];
        let shown = steps(filed, events.iter().map(|(at, event)| (*at, event)));
        let shown: Vec<_> = shown.iter().map(|step| (step.at, step.completion)).collect();
        assert_eq!(
            shown,
            [
                (filed, Completion::Received),
                (later(3), Completion::InProgress),
                (later(5), Completion::WaitingForApplicant),
                (later(6), Completion::InProgress),
                (later(9), Completion::Returned),
            ]
        );
    }

    #[test]
    fn the_day_is_the_one_promised_last() {
        let mut standing = standing(Status::Processing);
        standing.reappointed_at = Some(time("2026-03-16T09:00:00"));
        assert_eq!(Progress::of(&standing).unwrap().due_on, NaiveDate::from_ymd_opt(2026, 3, 16));
    }

    #[test]
    fn a_void_dossier_is_not_there() {
        assert_eq!(Progress::of(&Standing { void: true, ..standing(Status::Received) }), None);
    }
}
