//! The state machine: each verb turns a dossier and a wish into events, or refuses by the name of a rule.

use chrono::Days;

use super::deadline::{self, OnSupplement, Rule};
use super::dossier::{Dossier, Span, Standing};
use super::event::Event;
use super::office::OfficeCalendar;
use super::refusal::Refusal;
use super::timeliness::{class_of_closing, class_of_result, is_late};
use super::vocabulary::{Channel, LocalTime, Outcome, Status};

/// An online filing is answered within 8 working hours (Decree 105/2025 art. 10(2)).
const ACCEPTANCE_SECONDS: u64 = 8 * 3_600;
/// A supplement is asked for within 3 working days of receipt (Decree 61/2018 art. 19(4)).
const SUPPLEMENT_WORKING_DAYS: u32 = 3;
/// How far back a clerk may date a receipt or a move, in calendar days.
pub const MAX_DAYS_BACK: u32 = 15;

/// The moves there are: national status codes 1→2,3,5 · 2→4,5,7,8,9 · 4→5,6,7,8,9 · 5→4,7,8 · 6→4,7,8 · 9→10.
/// At intake 5 goes back to 1; see [`is_allowed`].
const MOVES: &[(Status, &[Status])] = &[
    (Status::Registered, &[Status::Received, Status::Rejected, Status::SupplementRequired]),
    (
        Status::Received,
        &[Status::Processing, Status::SupplementRequired, Status::Withdrawn, Status::Stopped, Status::Finished],
    ),
    (
        Status::Processing,
        &[Status::SupplementRequired, Status::PaymentRequired, Status::Withdrawn, Status::Stopped, Status::Finished],
    ),
    (Status::SupplementRequired, &[Status::Processing, Status::Withdrawn, Status::Stopped]),
    (Status::PaymentRequired, &[Status::Processing, Status::Withdrawn, Status::Stopped]),
    (Status::Finished, &[Status::Returned]),
];

/// A wish to move a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where to.
    pub to: Status,
    /// When it took effect.
    pub at: LocalTime,
    /// Why.
    pub reason: Option<String>,
    /// With [`Status::Finished`] only; granted when not said.
    pub outcome: Option<Outcome>,
}

/// What is known when a dossier is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// How it came in.
    pub channel: Channel,
    /// When.
    pub at: LocalTime,
    /// Whether it is accepted at once; else it starts as registered.
    pub accept: bool,
}

/// The working time that decides: of the agency that resolves and of the one that receives.
#[derive(Debug, Clone, Copy)]
pub struct Offices<'a> {
    /// Deadlines run along this one.
    pub resolving: &'a OfficeCalendar,
    /// The answer to a filing is due along this one.
    pub receiving: &'a OfficeCalendar,
}

/// The rule of one dated version of a procedure, for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVersion {
    /// Identifies the version.
    pub id: i64,
    /// Its time limit.
    pub rule: Rule,
}

/// What happened to the spans of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanChange {
    /// Nothing.
    Unchanged,
    /// These ended, and others began.
    Closed(Vec<Span>),
    /// These are all that ended, whatever was there before.
    Replaced(Vec<Span>),
}

impl SpanChange {
    /// The spans that ended.
    pub fn spans(&self) -> &[Span] {
        match self {
            Self::Unchanged => &[],
            Self::Closed(spans) | Self::Replaced(spans) => spans,
        }
    }
}

/// A dossier after a verb, with the facts that made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The events with the instants at which they took effect.
    pub events: Vec<(LocalTime, Event)>,
    /// The dossier after them.
    pub after: Dossier,
    /// What became of its spans.
    pub spans: SpanChange,
}

impl Change {
    /// The change that `events` make to a dossier.
    pub fn of(before: &Dossier, events: Vec<(LocalTime, Event)>) -> Self {
        let mut after = before.clone();
        let closed: Vec<Span> = events.iter().filter_map(|(at, event)| after.standing.apply(*at, event)).collect();
        let spans = if closed.is_empty() { SpanChange::Unchanged } else { SpanChange::Closed(closed) };
        Self { events, after, spans }
    }
}

/// Takes a dossier in, accepted at once or to be examined.
///
/// # Errors
/// [`Refusal::BeyondCalendar`].
pub fn take_in(filing: &Filing, version: &RuleVersion, offices: Offices<'_>) -> Result<Change, Refusal> {
    let blank = Dossier { rule: version.rule.clone(), channel: filing.channel, standing: Standing::filed(filing.at) };
    let event = if filing.accept {
        received(&blank, filing.at, version, offices)?
    } else {
        Event::Registered { acceptance_due_at: acceptance_due_at(filing.at, offices)? }
    };
    Ok(Change::of(&blank, vec![(filing.at, event)]))
}

impl Dossier {
    /// Moves the dossier. `version` is the procedure's version of the day of the move; only an acceptance looks at it.
    ///
    /// # Errors
    /// The [`Refusal`] that names the rule.
    pub fn transition(&self, wish: &Move, version: &RuleVersion, offices: Offices<'_>) -> Result<Change, Refusal> {
        let standing = &self.standing;
        if standing.void {
            return Err(Refusal::DossierVoid);
        }
        if !is_allowed(standing, wish.to) {
            return Err(Refusal::IllegalTransition { from: standing.status, to: wish.to.as_str() });
        }
        if wish.outcome.is_some() && wish.to != Status::Finished {
            return Err(Refusal::OutcomeNotAllowed);
        }
        if wish.at < standing.last_move_at {
            return Err(Refusal::BeforeLastMove { at: wish.at, last_move_at: standing.last_move_at });
        }
        let mut change = Change::of(self, vec![(wish.at, self.event_of(wish, version, offices)?)]);
        if wish.to == Status::Received {
            change.after.rule = version.rule.clone();
        }
        Ok(change)
    }

    fn event_of(&self, wish: &Move, version: &RuleVersion, offices: Offices<'_>) -> Result<Event, Refusal> {
        let standing = &self.standing;
        let reason = || wish.reason.clone().ok_or(Refusal::ReasonRequired);
        let stops_clock = standing.received_at.is_some() && !is_late(standing.late_from(), wish.at);
        let closing = || standing.received_at.map(|_| class_of_closing(standing.late_from(), wish.at));
        Ok(match wish.to {
            Status::Registered => Event::Resubmitted { acceptance_due_at: acceptance_due_at(wish.at, offices)? },
            Status::Received => received(self, wish.at, version, offices)?,
            Status::Rejected => Event::Rejected { reason: reason()? },
            Status::Processing if standing.status.is_waiting() => {
                Event::Resumed { old: standing.deadline, new: self.resumed_deadline(wish.at, offices.resolving)? }
            }
            Status::Processing => Event::ProcessingStarted,
            Status::SupplementRequired => Event::SupplementRequested {
                reason: reason()?,
                stops_clock,
                late: supplement_is_late(standing, wish.at, offices.resolving)?,
            },
            Status::PaymentRequired => Event::PaymentRequested { reason: reason()?, stops_clock },
            Status::Withdrawn => Event::Withdrawn { reason: reason()?, class: closing() },
            Status::Stopped => Event::Stopped { reason: reason()?, class: closing() },
            Status::Finished => {
                let outcome = wish.outcome.unwrap_or(Outcome::Granted);
                let reason = if outcome == Outcome::Refused { Some(reason()?) } else { wish.reason.clone() };
                Event::Finished { outcome, reason, class: class_of_result(standing.deadline.as_ref(), wish.at) }
            }
            Status::Returned => Event::Returned,
        })
    }

    /// The deadline after a wait that ends at `at`. A wait that stopped nothing changes nothing: a lateness is never wiped.
    fn resumed_deadline(&self, at: LocalTime, office: &OfficeCalendar) -> Result<Option<deadline::Deadline>, Refusal> {
        let (Some(deadline), Some(since)) = (self.standing.deadline, self.standing.stopped_since) else {
            return Ok(self.standing.deadline);
        };
        // Only a supplement may restart the term; the time a payment takes is always just left out (Decree 151/2025 App.).
        let restarts =
            self.standing.status == Status::SupplementRequired && self.rule.on_supplement == OnSupplement::Restart;
        if restarts {
            Ok(deadline::promise(&self.rule, at, office, &mut ())?)
        } else {
            Ok(Some(deadline::postpone(deadline, self.rule.unit, (since, at), office)?))
        }
    }

    /// Undoes a withdrawal, a stop or a finish as if it had not been.
    ///
    /// # Errors
    /// [`Refusal::IllegalTransition`] when the dossier stands elsewhere, [`Refusal::DossierVoid`].
    pub fn reopen(&self, now: LocalTime, reason: String) -> Result<Change, Refusal> {
        let undone = self.standing.status;
        match (self.standing.void, undone) {
            (true, _) => Err(Refusal::DossierVoid),
            (false, Status::Withdrawn | Status::Stopped | Status::Finished) => {
                Ok(Change::of(self, vec![(now, Event::Reopened { reason, undone })]))
            }
            (false, _) => Err(Refusal::IllegalTransition { from: undone, to: "reopen" }),
        }
    }

    /// Takes the dossier out of every column.
    ///
    /// # Errors
    /// [`Refusal::DossierVoid`] when it is out already.
    pub fn void(&self, now: LocalTime, reason: String) -> Result<Change, Refusal> {
        if self.standing.void {
            return Err(Refusal::DossierVoid);
        }
        Ok(Change::of(self, vec![(now, Event::Voided { reason })]))
    }
}

/// A dossier's life reckoned from its beginning: used by corrections and by a change of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The dossier after its last move.
    pub dossier: Dossier,
    /// Every span that ended.
    pub spans: Vec<Span>,
}

/// Reckons a whole life: the filing and the moves after it, in order.
///
/// # Errors
/// The [`Refusal`] of the first move that the rules do not allow.
pub fn live(filing: &Filing, moves: &[Move], version: &RuleVersion, offices: Offices<'_>) -> Result<Life, Refusal> {
    let mut change = take_in(filing, version, offices)?;
    let mut spans = Vec::new();
    for wish in moves {
        change = change.after.transition(wish, version, offices)?;
        if let SpanChange::Closed(closed) = change.spans {
            spans.extend(closed);
        }
    }
    Ok(Life { dossier: change.after, spans })
}

/// Refuses a time in the future and one further back than `days_back` calendar days (`None`: any time back).
///
/// # Errors
/// [`Refusal::InTheFuture`], [`Refusal::TooFarBack`].
pub fn check_time(at: LocalTime, now: LocalTime, days_back: Option<u32>) -> Result<(), Refusal> {
    if at > now {
        return Err(Refusal::InTheFuture { at });
    }
    match days_back {
        Some(days) if at.date() + Days::new(u64::from(days)) < now.date() => Err(Refusal::TooFarBack { at, days }),
        _ => Ok(()),
    }
}

/// Whether there is such a move. What was never accepted waits at intake: from there it goes back to be examined, or it
/// is withdrawn or stopped, but it is not resolved.
fn is_allowed(standing: &Standing, to: Status) -> bool {
    let at_intake = standing.received_at.is_none() && standing.status == Status::SupplementRequired;
    if at_intake {
        return matches!(to, Status::Registered | Status::Withdrawn | Status::Stopped);
    }
    MOVES.iter().any(|(from, targets)| *from == standing.status && targets.contains(&to))
}

fn received(dossier: &Dossier, at: LocalTime, version: &RuleVersion, offices: Offices<'_>) -> Result<Event, Refusal> {
    let deadline = deadline::promise(&version.rule, at, offices.resolving, &mut ())?;
    let accepted_late = dossier.standing.acceptance_due_at.is_some_and(|due| at > due);
    Ok(Event::Received { deadline, accepted_late, rule_version: version.id })
}

fn acceptance_due_at(filed_at: LocalTime, offices: Offices<'_>) -> Result<LocalTime, Refusal> {
    Ok(offices.receiving.walk(filed_at, ACCEPTANCE_SECONDS, |_, _| ())?)
}

fn supplement_is_late(standing: &Standing, at: LocalTime, office: &OfficeCalendar) -> Result<bool, Refusal> {
    let Some(received_at) = standing.received_at else { return Ok(false) };
    Ok(at.date() > office.nth_working_day_after(received_at.date(), SUPPLEMENT_WORKING_DAYS)?)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod clock_tests;

#[cfg(test)]
mod span_tests;

#[cfg(test)]
mod property_tests;
