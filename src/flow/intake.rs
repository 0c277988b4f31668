//! Intake: a dossier is handed in, gets its code and, when accepted, its deadline.

use super::actor::{Act, Action, may};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Stored, keep};
use crate::domain::papers::{Applicant, Papers};
use crate::domain::transition::{Change, Filing, check_time, take_in};
use crate::domain::vocabulary::{AgencyCode, CaseCode, Channel, LocalTime, ProcedureCode};
use crate::storage::dossier_row::Record;
use crate::storage::{Tx, dossiers};

/// What is said of a dossier when it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDossier {
    /// The procedure.
    pub procedure: ProcedureCode,
    /// The case of the procedure, where it has several.
    pub case: Option<CaseCode>,
    /// The agency that resolves it.
    pub agency: AgencyCode,
    /// Where it is handed in; the resolving agency when not said.
    pub received_by: Option<AgencyCode>,
    /// How it comes in.
    pub channel: Channel,
    /// When; now when not said.
    pub received_at: Option<LocalTime>,
    /// Whether it is accepted at once; when not said, all but online filings are.
    pub accept: Option<bool>,
    /// Who applies.
    pub applicant: Applicant,
    /// What is asked for.
    pub summary: Option<String>,
    /// What is handed in with it.
    pub papers: Papers,
}

/// Takes a dossier in.
///
/// # Errors
/// [`Fault::Unknown`], [`Fault::Forbidden`], [`Fault::Refused`].
pub fn receive(tx: &mut Tx, act: Act<'_>, new: &NewDossier) -> Result<Record, Fault> {
    let mut desk = Desk::new(tx)?;
    check_time(new.received_at.unwrap_or(act.now), act.now, act.days_back()).map_err(Fault::of_receipt)?;
    let (draft, change) = draft(tx, act, &mut desk, new)?;
    let mut record = draft;
    record.code = dossiers::next_code(tx, &record.received_by, record.standing.filed_at.date())?;
    keep(tx, act, &mut record, change.into(), Stored::Never)?;
    Ok(record)
}

/// The record of a new dossier, its code still that of number zero, and the change that took it in.
///
/// # Errors
/// As [`receive`].
pub(in crate::flow) fn draft(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    new: &NewDossier,
) -> Result<(Record, Change), Fault> {
    let received_by = new.received_by.as_ref().unwrap_or(&new.agency);
    let resolving = desk.require_agency(tx, &new.agency, "/agency")?;
    let receiving = desk.require_agency(tx, received_by, "/received_by")?;
    let sides = act.actor.sides(tx, &new.agency, received_by)?;
    if !may(&act.actor.authority, Action::Receive, sides) {
        return Err(Fault::Forbidden);
    }
    act.actor.require_in_office(tx, act.now.date())?;
    let filed_at = new.received_at.unwrap_or(act.now);
    resolving.require(filed_at.date())?;
    receiving.require(filed_at.date())?;
    let procedure = desk.procedure(tx, &new.procedure, filed_at.date())?;
    let accept = new.accept.unwrap_or(new.channel != Channel::Online);
    let filing = Filing { channel: new.channel, at: filed_at, accept };
    let version = procedure.rule_for(new.channel, new.case.as_ref())?;
    let change = take_in(&filing, &version, desk.pair(tx, &new.agency, received_by)?.offices())?;
    let record = Record {
        code: crate::domain::dossier_code::DossierCode::compose(received_by.clone(), filed_at.date(), 0),
        procedure: procedure.code,
        procedure_version: procedure.version,
        case: new.case.clone(),
        field: procedure.field,
        level: procedure.level,
        agency: new.agency.clone(),
        received_by: received_by.clone(),
        unit: version.rule.unit,
        channel: new.channel,
        standing: change.after.standing.clone(),
        has_ladder: !procedure.details.warnings.is_empty(),
        climb: None,
        letter_on: None,
        lateness_noted: false,
        applicant: new.applicant.clone(),
        summary: new.summary.clone(),
        assignee: None,
        note: None,
        papers: new.papers.clone(),
        created_at: act.now,
        version: 1,
        anonymised_at: None,
    };
    Ok((record, change))
}
