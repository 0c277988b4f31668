//! Errands: asked of another agency, answered or finished there, withdrawn. They leave the dossier's clock alone.

use super::actor::{Act, Action, Actor, may};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use crate::domain::deadline::{Deadline, Rule, Unit, promise};
use crate::domain::dossier_code::DossierCode;
use crate::domain::errand::{Errand, ErrandKind};
use crate::domain::event::Event;
use crate::domain::refusal::Refusal;
use crate::domain::transition::check_time;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::{Reader, StorageError, Tx, dossiers, errands};

/// By when an errand is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// At an instant.
    At(LocalTime),
    /// By a rule, along the working time of the agency asked.
    By(Rule),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewErrand {
    /// An opinion or a part.
    pub kind: ErrandKind,
    /// The agency asked.
    pub agency: AgencyCode,
    /// The question, or what the part is.
    pub subject: String,
    /// Since when; now when not said.
    pub started_at: Option<LocalTime>,
    /// By when.
    pub wanted: Wanted,
}

/// How an errand ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// The agency asked answers, or has finished its part.
    Finish {
        /// When; now when not said.
        at: Option<LocalTime>,
        /// The answer.
        outcome: Option<String>,
    },
    /// Whoever asked does not want it any more.
    Withdraw {
        /// Why.
        reason: String,
    },
}

/// Asks another agency.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Unknown`] agency, [`Fault::Refused`].
pub fn ask(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    new: &NewErrand,
) -> Result<Errand, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Ask)?;
    if !record.standing.is_open() {
        return Err(Refusal::DossierNotOpen.into());
    }
    let mut desk = Desk::new(tx)?;
    desk.require_agency(tx, &new.agency, "/agency")?;
    if new.agency == record.agency {
        return Err(Refusal::OwnAgencyAsked.into());
    }
    let started_at = new.started_at.unwrap_or(act.now);
    check_time(started_at, act.now, act.days_back())?;
    let deadline = match &new.wanted {
        // An instant is promised to the second, like a term counted in hours.
        Wanted::At(due_at) => Some(Deadline::at(Unit::WorkingHour, *due_at)),
        Wanted::By(rule) => {
            let office = desk.office(tx, &new.agency)?;
            promise(rule, started_at, &office, &mut ())?
        }
    };
    let deadline = deadline.ok_or(Fault::Invalid { pointer: "/rule/no_appointment", code: "invalid_value" })?;
    if deadline.due_at <= started_at {
        return Err(Refusal::DueBeforeStart.into());
    }
    let errand = Errand {
        id: act.ambient.new_id(),
        kind: new.kind,
        dossier: code.clone(),
        agency: new.agency.clone(),
        subject: new.subject.clone(),
        started: (started_at, act.actor.name.clone()),
        deadline,
        end: None,
        version: 1,
    };
    errands::insert(tx, &errand)?;
    keep(tx, act, &mut record, Deed::of(vec![(started_at, event(&errand))]), Stored::Before)?;
    Ok(errand)
}

fn event(errand: &Errand) -> Event {
    Event::Errand {
        errand: errand.id.clone(),
        errand_kind: errand.kind,
        agency: errand.agency.clone(),
        status: errand.status(),
        due_at: errand.deadline.due_at,
        class: errand.end.as_ref().and_then(|end| end.class),
    }
}

/// An errand of this kind that the actor may see, with its dossier: it was asked of their agency, or the dossier is theirs.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn look(reader: &mut Reader, actor: &Actor, kind: ErrandKind, id: &str) -> Result<(Errand, Record), Fault> {
    let errand = errands::find(reader, id)?.filter(|errand| errand.kind == kind).ok_or(Fault::NotFound("errand"))?;
    let record = dossiers::find(reader, &errand.dossier)?;
    let record = record.ok_or_else(|| StorageError::corrupt("errand", "no dossier"))?;
    let asked = actor.sides(reader, &errand.agency, &errand.agency)?;
    let ours = actor.sides(reader, &record.agency, &record.received_by)?;
    let sees = |sides| may(&actor.authority, Action::Read, sides);
    if sees(asked) || sees(ours) { Ok((errand, record)) } else { Err(Fault::NotFound("errand")) }
}

/// Ends an errand: the agency asked finishes it, the resolving one withdraws it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn end(
    tx: &mut Tx,
    act: Act<'_>,
    kind: ErrandKind,
    id: &str,
    expected: Option<i64>,
    verb: &Verb,
) -> Result<Errand, Fault> {
    let (errand, _) = look(tx, act.actor, kind, id)?;
    // Its journal is written: nobody else may write to the dossier meanwhile, and the errand is read under that lock.
    let mut record = dossiers::find_to_change(tx, &errand.dossier)?.ok_or(Fault::NotFound("errand"))?;
    let (mut errand, _) = look(tx, act.actor, kind, id)?;
    let sides = match verb {
        Verb::Finish { .. } => act.actor.sides(tx, &errand.agency, &errand.agency)?,
        Verb::Withdraw { .. } => act.actor.sides(tx, &record.agency, &record.received_by)?,
    };
    if !may(&act.actor.authority, Action::Ask, sides) {
        return Err(Fault::Forbidden);
    }
    if expected.is_some_and(|expected| expected != errand.version) {
        return Err(Fault::Changed);
    }
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let by = act.actor.name.clone();
    let at = match verb {
        Verb::Finish { at, outcome } => {
            let at = at.unwrap_or(act.now);
            check_time(at, act.now, act.days_back())?;
            errand.finish(at, by, outcome.clone())?;
            at
        }
        Verb::Withdraw { reason } => {
            errand.withdraw(act.now, by, reason.clone())?;
            act.now
        }
    };
    errands::save(tx, &mut errand)?;
    keep(tx, act, &mut record, Deed::of(vec![(at, event(&errand))]), Stored::Before)?;
    Ok(errand)
}
