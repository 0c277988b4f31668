//! Feedback, petitions and complaints: taken in at the counter or through the public door, assigned, and brought to an end.

use chrono::NaiveDate;

use super::actor::{Act, Actor, Duty};
use super::administer::require_reach;
use super::desk::Desk;
use super::fault::Fault;
use crate::domain::contact::Contact;
use crate::domain::dossier_code::DossierCode;
use crate::domain::feedback::{Feedback, FeedbackChannel, FeedbackKind, Move};
use crate::domain::transition::check_time;
use crate::domain::vocabulary::{AgencyCode, LocalTime, ProcedureCode};
use crate::storage::feedback::{self, FeedbackRecord};
use crate::storage::{Reader, Tx, dossiers, lineage, procedures};

/// What is sent in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeedback {
    /// Whose it is to answer; when not said the dossier's resolving agency, else the actor's own.
    pub agency: Option<AgencyCode>,
    /// What it is.
    pub kind: FeedbackKind,
    /// The way it came in.
    pub channel: FeedbackChannel,
    /// The procedure it is about; the dossier's when not said.
    pub procedure: Option<ProcedureCode>,
    /// The dossier it is about.
    pub dossier: Option<DossierCode>,
    /// What it says.
    pub content: String,
    /// Whom it is from.
    pub sender: Contact,
    /// Note of the office.
    pub note: Option<String>,
    /// When it came in; now when not said.
    pub received_at: Option<LocalTime>,
}

/// Takes feedback in, to be answered in `answer_days` working days.
///
/// # Errors
/// [`Fault::NotFound`] agency, [`Fault::Forbidden`], [`Fault::Unknown`] procedure or dossier, [`Fault::Invalid`] agency that
/// has nothing to do with the dossier, [`Fault::Refused`].
pub fn receive(tx: &mut Tx, act: Act<'_>, new: &NewFeedback, answer_days: u32) -> Result<FeedbackRecord, Fault> {
    let received_at = new.received_at.unwrap_or(act.now);
    check_time(received_at, act.now, act.days_back()).map_err(Fault::of_receipt)?;
    let about = new.dossier.as_ref().map(|code| dossier(tx, act.actor, code)).transpose()?;
    let agency = new.agency.clone().or(about.as_ref().map(|about| about.agency.clone()));
    let agency = agency.or_else(|| act.actor.agency.clone());
    let agency = agency.ok_or(Fault::Invalid { pointer: "/agency", code: "missing_member" })?;
    require_reach(tx, act.actor, &agency)?;
    act.actor.require(tx, &agency, Duty::Record, "agency")?;
    let mut desk = Desk::new(tx)?;
    match &about {
        // Whoever follows an ended agency answers for its dossiers, whenever somebody asks.
        Some(about) => require_concerned(tx, about, &agency)?,
        None => desk.require_agency(tx, &agency, "/agency")?.require(received_at.date())?,
    }
    let procedure = new.procedure.clone().or(about.map(|about| about.procedure));
    if let Some(code) = &new.procedure
        && procedures::versions(tx, code)?.is_empty()
    {
        return Err(Fault::Unknown { pointer: "/procedure", what: "procedure" });
    }
    let office = desk.office(tx, &agency)?;
    let feedback = Feedback::receive(new.kind, received_at, new.sender.name.is_some(), answer_days, &office)?;
    let record = FeedbackRecord {
        id: act.ambient.new_id(),
        agency,
        channel: new.channel,
        procedure,
        dossier: new.dossier.clone(),
        content: new.content.clone(),
        sender: new.sender.clone(),
        assignee: None,
        note: new.note.clone(),
        feedback,
        recorded_by: act.actor.name.clone(),
        created_at: act.now,
        version: 1,
    };
    feedback::insert(tx, &record)?;
    Ok(record)
}

/// As [`receive`], for who is not signed in: an agency that is not there is no secret, and a fault of the body.
///
/// # Errors
/// [`Fault::Unknown`] agency, procedure or dossier, [`Fault::Invalid`] agency, [`Fault::Refused`].
pub fn submit(tx: &mut Tx, act: Act<'_>, new: &NewFeedback, answer_days: u32) -> Result<FeedbackRecord, Fault> {
    receive(tx, act, new, answer_days).map_err(|fault| match fault {
        Fault::NotFound(what) => Fault::Unknown { pointer: "/agency", what },
        other => other,
    })
}

/// The dossier that feedback is about.
struct About {
    agency: AgencyCode,
    received_by: AgencyCode,
    procedure: ProcedureCode,
}

/// Refuses to lay feedback on a dossier before an agency that neither handles it nor stands above one that does.
fn require_concerned(tx: &mut Tx, about: &About, agency: &AgencyCode) -> Result<(), Fault> {
    let is_concerned =
        lineage::is_held(tx, &about.agency, agency)? || lineage::is_held(tx, &about.received_by, agency)?;
    if is_concerned { Ok(()) } else { Err(Fault::Invalid { pointer: "/agency", code: "invalid_value" }) }
}

/// A dossier that the actor may see.
fn dossier(tx: &mut Tx, actor: &Actor, code: &DossierCode) -> Result<About, Fault> {
    let unknown = || Fault::Unknown { pointer: "/dossier", what: "dossier" };
    let record = dossiers::find(tx, code)?.ok_or_else(unknown)?;
    let sides = actor.sides(tx, &record.agency, &record.received_by)?;
    if !sides.receiving && !sides.resolving {
        return Err(unknown());
    }
    Ok(About { agency: record.agency, received_by: record.received_by, procedure: record.procedure })
}

/// Feedback in the actor's reach, for a duty.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str, duty: Duty) -> Result<FeedbackRecord, Fault> {
    let record = feedback::find(reader, id)?.ok_or(Fault::NotFound("feedback"))?;
    actor.require(reader, &record.agency, duty, "feedback")?;
    Ok(record)
}

fn to_change(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>, duty: Duty) -> Result<FeedbackRecord, Fault> {
    let record = find(tx, act.actor, id, duty)?;
    if expected.is_some_and(|expected| expected != record.version) { Err(Fault::Changed) } else { Ok(record) }
}

/// Moves feedback on. What ends it for the office is the leader's.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn go(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    step: Move,
    at: Option<LocalTime>,
) -> Result<FeedbackRecord, Fault> {
    let duty = match step {
        Move::Take | Move::Withdraw { .. } => Duty::Record,
        Move::Answer(_) | Move::Forward { .. } | Move::Refuse { .. } => Duty::Decide,
    };
    let mut record = to_change(tx, act, id, expected, duty)?;
    let at = at.unwrap_or(act.now);
    check_time(at, act.now, act.days_back())?;
    let office = Desk::new(tx)?.office(tx, &record.agency)?;
    record.feedback.go(step, at, &office)?;
    feedback::save(tx, &mut record)?;
    Ok(record)
}

/// New values; `None` leaves a member alone, `Some(None)` clears it (JSON Merge Patch).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedbackPatch {
    /// The officer in charge; the leader assigns.
    pub assignee: Option<Option<String>>,
    /// Note of the office.
    pub note: Option<Option<String>>,
    /// A later day due; the leader's, too.
    pub due_on: Option<NaiveDate>,
}

/// Changes what does not move it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn change(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &FeedbackPatch,
) -> Result<FeedbackRecord, Fault> {
    let decides = patch.assignee.is_some() || patch.due_on.is_some();
    let duty = if decides { Duty::Decide } else { Duty::Record };
    let mut record = to_change(tx, act, id, expected, duty)?;
    if let Some(assignee) = &patch.assignee {
        record.assignee.clone_from(assignee);
    }
    if let Some(note) = &patch.note {
        record.note.clone_from(note);
    }
    if let Some(due_on) = patch.due_on {
        record.feedback.term.prolong(due_on, act.now)?;
    }
    feedback::save(tx, &mut record)?;
    Ok(record)
}
