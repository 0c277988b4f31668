//! Mending mistakes of entry: a correction reckons the whole life anew, a void takes it out of every column.

use super::actor::{Act, Action};
use super::desk::Desk;
use super::fault::Fault;
use super::history::retrace;
use super::keep::{Deed, Stored, dossier_of, keep, open};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::{Event, FieldChange};
use crate::domain::papers::Applicant;
use crate::domain::refusal::Refusal;
use crate::domain::transition::{SpanChange, check_time, live};
use crate::domain::vocabulary::{AgencyCode, CaseCode, Channel, LocalTime, ProcedureCode, Status};
use crate::storage::dossier_row::Record;
use crate::storage::{Tx, journal};

/// What was entered wrongly, as it should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The procedure.
    pub procedure: Option<ProcedureCode>,
    /// The case: left as it is, cleared, or set. Another procedure has none unless it is set.
    pub case: Option<Option<CaseCode>>,
    /// The resolving agency.
    pub agency: Option<AgencyCode>,
    /// The channel.
    pub channel: Option<Channel>,
    /// The receipt; of what was never accepted, the filing.
    pub received_at: Option<LocalTime>,
    /// The applicant.
    pub applicant: Option<Applicant>,
    /// Why.
    pub reason: String,
}

/// Corrects a dossier: deadlines and counts become those it would have had if entered right from the start.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Unknown`], [`Fault::Refused`].
pub fn correct(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    wish: &Correction,
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Mend)?;
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let old = record.standing.deadline;
    let mut desk = Desk::new(tx)?;
    let changes = apply(tx, &mut desk, act, &mut record, wish)?;
    if changes.is_empty() {
        return Err(Refusal::NothingToCorrect.into());
    }
    let spans = relive(tx, &mut record, wish)?;
    let event = Event::Corrected {
        reason: wish.reason.clone(),
        changes,
        old,
        new: record.standing.deadline,
        rule_version: record.procedure_version,
        standing: Box::new(record.standing.clone()),
        spans: spans.clone(),
    };
    keep(
        tx,
        act,
        &mut record,
        Deed { events: vec![(act.now, event)], spans: SpanChange::Replaced(spans) },
        Stored::Before,
    )?;
    Ok(record)
}

/// Sets the plain members and lists what changed; personal data is not repeated in the journal.
fn apply(
    tx: &mut Tx,
    desk: &mut Desk,
    act: Act<'_>,
    record: &mut Record,
    wish: &Correction,
) -> Result<Vec<FieldChange>, Fault> {
    let mut changes = Vec::new();
    let mut note = |field: &str, old: Option<String>, new: Option<String>| {
        changes.push(FieldChange { field: field.to_owned(), old, new });
    };
    let other = wish.procedure.as_ref().filter(|procedure| **procedure != record.procedure);
    // The cases of one procedure say nothing of another's.
    let case = wish.case.clone().or(other.map(|_| None));
    if let Some(procedure) = other {
        note("procedure", Some(record.procedure.to_string()), Some(procedure.to_string()));
        record.procedure = procedure.clone();
    }
    if let Some(case) = case.filter(|case| *case != record.case) {
        note("case", record.case.as_ref().map(CaseCode::to_string), case.as_ref().map(CaseCode::to_string));
        record.case = case;
    }
    if let Some(agency) = wish.agency.as_ref().filter(|agency| **agency != record.agency) {
        desk.require_agency(tx, agency, "/agency")?;
        note("agency", Some(record.agency.to_string()), Some(agency.to_string()));
        record.agency = agency.clone();
    }
    if let Some(channel) = wish.channel.filter(|channel| *channel != record.channel) {
        note("channel", Some(record.channel.to_string()), Some(channel.to_string()));
        record.channel = channel;
    }
    let received_at = record.standing.received_at.unwrap_or(record.standing.filed_at);
    if let Some(right) = wish.received_at.filter(|right| *right != received_at) {
        check_time(right, act.now, None).map_err(Fault::of_receipt)?;
        let text = |at: LocalTime| Some(act.ambient.zoned(at).to_rfc3339());
        note("received_at", text(received_at), text(right));
    }
    if let Some(applicant) = wish.applicant.as_ref().filter(|applicant| **applicant != record.applicant) {
        note("applicant", None, None);
        record.applicant = applicant.clone();
    }
    Ok(changes)
}

/// Reckons the dossier's life anew from its journal and the record's present members; answers its spans that are over.
fn relive(tx: &mut Tx, record: &mut Record, wish: &Correction) -> Result<Vec<crate::domain::dossier::Span>, Fault> {
    let entries = journal::entries(tx, &record.code, 0, i64::MAX)?;
    let (mut filing, mut moves) = retrace(record.channel, &entries).ok_or(Fault::NotFound("dossier"))?;
    let filed_at = filing.at;
    if let Some(received_at) = wish.received_at {
        match moves.iter_mut().find(|wish| wish.to == Status::Received) {
            Some(acceptance) => acceptance.at = received_at,
            None => filing.at = received_at,
        }
    }
    let received_on = moves.iter().find(|wish| wish.to == Status::Received).map_or(filing.at, |wish| wish.at).date();
    let mut desk = Desk::new(tx)?;
    // Where it is entered anew must have been there to take it in; what its agency took in while it was there stays.
    if wish.agency.is_some() || filing.at != filed_at {
        desk.require_agency(tx, &record.agency, "/agency")?.require(filing.at.date())?;
    }
    let procedure = desk.procedure_for(tx, &record.procedure, filing.at.date(), received_on)?;
    let version = procedure.rule_for(record.channel, record.case.as_ref())?;
    let pair = desk.pair(tx, &record.agency, &record.received_by)?;
    let life = live(&filing, &moves, &version, pair.offices()).map_err(Fault::of_receipt)?;
    let reappointed_at = record.standing.reappointed_at;
    record.standing = life.dossier.standing;
    record.standing.reappointed_at = reappointed_at;
    record.procedure_version = procedure.version;
    record.field = procedure.field;
    record.level = procedure.level;
    record.unit = version.rule.unit;
    record.has_ladder = !procedure.details.warnings.is_empty();
    Ok(life.spans)
}

/// Voids a dossier.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn void(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    reason: String,
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Mend)?;
    let change = dossier_of(tx, &record)?.void(act.now, reason)?;
    record.standing = change.after.standing.clone();
    keep(tx, act, &mut record, change.into(), Stored::Before)?;
    Ok(record)
}
