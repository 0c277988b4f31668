//! The log of citizen reception: visits are entered, and what came of them is put right.

use super::actor::{Act, Actor, Duty};
use super::administer::require_reach;
use super::desk::Desk;
use super::fault::Fault;
use crate::domain::reception::{Visit, VisitOutcome};
use crate::domain::transition::check_time;
use crate::domain::vocabulary::AgencyCode;
use crate::storage::reception::{self, VisitRecord};
use crate::storage::{Reader, Tx};

/// Enters a visit, at the actor's own agency when none is named.
///
/// # Errors
/// [`Fault::NotFound`] agency, [`Fault::Forbidden`], [`Fault::Refused`].
pub fn enter(tx: &mut Tx, act: Act<'_>, agency: Option<&AgencyCode>, visit: &Visit) -> Result<VisitRecord, Fault> {
    let agency = agency.or(act.actor.agency.as_ref());
    let agency = agency.ok_or(Fault::Invalid { pointer: "/agency", code: "missing_member" })?.clone();
    require_reach(tx, act.actor, &agency)?;
    act.actor.require(tx, &agency, Duty::Record, "agency")?;
    // The log is kept by the day: one of today is not in the future, whatever the hour.
    check_time(visit.visited_on.and_time(act.now.time()), act.now, act.days_back())?;
    Desk::new(tx)?.require_agency(tx, &agency, "/agency")?.require(visit.visited_on)?;
    visit.check()?;
    let record = VisitRecord {
        id: act.ambient.new_id(),
        agency,
        visit: visit.clone(),
        recorded_by: act.actor.name.clone(),
        created_at: act.now,
        version: 1,
    };
    reception::insert(tx, &record)?;
    Ok(record)
}

/// A visit in the actor's reach, for a duty.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str, duty: Duty) -> Result<VisitRecord, Fault> {
    let record = reception::find(reader, id)?.ok_or(Fault::NotFound("visit"))?;
    actor.require(reader, &record.agency, duty, "visit")?;
    Ok(record)
}

/// What is to be changed of a visit; `None` leaves a member alone, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitPatch {
    /// What they said.
    pub content: Option<String>,
    /// What came of it.
    pub outcome: Option<VisitOutcome>,
    /// To whom it was passed on.
    pub forwarded_to: Option<Option<String>>,
    /// Note of the office.
    pub note: Option<Option<String>>,
}

/// Changes what is said of a visit. Day, occasion and number of people stand, and with them every figure.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn change(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &VisitPatch,
) -> Result<VisitRecord, Fault> {
    let mut record = find(tx, act.actor, id, Duty::Record)?;
    if expected.is_some_and(|expected| expected != record.version) {
        return Err(Fault::Changed);
    }
    let visit = &mut record.visit;
    if let Some(content) = &patch.content {
        visit.content.clone_from(content);
    }
    if let Some(outcome) = patch.outcome {
        visit.outcome = outcome;
    }
    if let Some(to) = &patch.forwarded_to {
        visit.forwarded_to.clone_from(to);
    }
    if let Some(note) = &patch.note {
        visit.note.clone_from(note);
    }
    visit.check()?;
    reception::save(tx, &mut record)?;
    Ok(record)
}
