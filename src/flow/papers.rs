//! Assembles what papers are made of: the dossier, its journal, its letter, and the letterheads of its agencies.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::register::{Limits, entries};
use crate::domain::errand::ErrandStatus;
use crate::domain::event::Event;
use crate::domain::forms::apology::{Ended, LetterPaper};
use crate::domain::forms::control_slip::{ControlSlipPaper, steps};
use crate::domain::forms::letterhead::{Imprint, Letterhead};
use crate::domain::forms::notice::{Matter, RefusalPaper, StopPaper, SupplementPaper};
use crate::domain::forms::party::Party;
use crate::domain::forms::receipt::ReceiptPaper;
use crate::domain::forms::register::RegisterPaper;
use crate::domain::procedure::Procedure;
use crate::domain::refusal::Refusal;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, LocalTime, Outcome, Status};
use crate::storage::dossier_row::Record;
use crate::storage::letters::{self, LetterRecord};
use crate::storage::listing::Filter;
use crate::storage::procedures;
use crate::storage::{Reader, StorageError, agencies, dossiers, journal};

/// The letterhead of an agency.
///
/// # Errors
/// [`StorageError`].
pub fn letterhead(reader: &mut Reader, code: &AgencyCode) -> Result<Letterhead, StorageError> {
    let mut upwards = Vec::new();
    for code in agencies::line_upwards(reader, code)? {
        let code = code.parse().map_err(|cause| StorageError::corrupt("agency code", cause))?;
        upwards.extend(agencies::find(reader, &code)?);
    }
    let place = upwards.iter().find_map(|agency| agency.imprint.place.clone());
    let mut upwards = upwards.into_iter();
    let own = upwards.next().ok_or_else(|| StorageError::corrupt("agency", "missing"))?;
    Ok(Letterhead {
        code: Some(own.code),
        agency: own.name,
        governing: upwards.next().map(|agency| agency.name),
        imprint: Imprint { place, ..own.imprint },
    })
}

fn procedure(reader: &mut Reader, record: &Record) -> Result<Procedure, StorageError> {
    let found = procedures::version(reader, &record.procedure, record.procedure_version)?;
    found.ok_or_else(|| StorageError::corrupt("procedure version", "missing"))
}

fn require_valid(record: &Record) -> Result<(), Refusal> {
    if record.standing.void { Err(Refusal::DossierVoid) } else { Ok(()) }
}

/// The receipt, with what opens the look-up of this dossier and the address below which applicants look dossiers up.
///
/// # Errors
/// [`Refusal::NoSuchPaper`] for what was never accepted, [`Refusal::DossierVoid`], [`Fault::Storage`].
pub fn receipt(
    reader: &mut Reader,
    record: &Record,
    secret: String,
    address: Option<String>,
) -> Result<ReceiptPaper, Fault> {
    require_valid(record)?;
    let received_at = record.standing.received_at.ok_or(Refusal::NoSuchPaper)?;
    let procedure = procedure(reader, record)?;
    let rule = procedure.rule_for(record.channel, record.case.as_ref())?.rule;
    Ok(ReceiptPaper {
        letterhead: letterhead(reader, &record.received_by)?,
        dossier: record.code.to_string(),
        applicant: Party::from(&record.applicant),
        submitted_by: record.papers.submitted_by.clone(),
        procedure: procedure.name,
        summary: record.summary.clone(),
        documents: record.papers.documents.clone(),
        sets: record.papers.sets,
        limit: Some(rule).filter(|rule| !rule.no_appointment),
        received_at,
        promised_at: record.standing.original.map(|deadline| deadline.due_at),
        delivery: record.papers.delivery.clone(),
        secret,
        address,
    })
}

/// What a notice says, from the last event of the journal that has a reason for it.
fn matter(reader: &mut Reader, record: &Record, reason: fn(&Event) -> Option<&str>) -> Result<Matter, Fault> {
    require_valid(record)?;
    let journal = journal::entries(reader, &record.code, 0, i64::MAX)?;
    let found = journal.iter().rev().find_map(|entry| reason(&entry.event).map(|reason| (entry.at, reason.to_owned())));
    let (at, reason) = found.ok_or(Refusal::NoSuchPaper)?;
    Ok(Matter {
        letterhead: letterhead(reader, &record.received_by)?,
        dossier: record.code.to_string(),
        applicant: Party::from(&record.applicant),
        procedure: procedure(reader, record)?.name,
        filed_at: record.standing.filed_at,
        reason,
        at,
    })
}

/// The last request to supplement.
///
/// # Errors
/// [`Refusal::NoSuchPaper`] where none was ever made, [`Refusal::DossierVoid`], [`Fault::Storage`].
pub fn supplement(reader: &mut Reader, record: &Record) -> Result<SupplementPaper, Fault> {
    let matter = matter(reader, record, |event| match event {
        Event::SupplementRequested { reason, .. } => Some(reason),
        _ => None,
    })?;
    Ok(SupplementPaper(matter))
}

/// The refusal at intake, or the refusal that is the dossier's result.
///
/// # Errors
/// [`Refusal::NoSuchPaper`] where nothing was refused, [`Refusal::DossierVoid`], [`Fault::Storage`].
pub fn refusal(reader: &mut Reader, record: &Record) -> Result<RefusalPaper, Fault> {
    let standing = &record.standing;
    if standing.status != Status::Rejected && standing.outcome != Some(Outcome::Refused) {
        return Err(Refusal::NoSuchPaper.into());
    }
    let matter = matter(reader, record, |event| match event {
        Event::Rejected { reason } => Some(reason),
        Event::Finished { outcome: Outcome::Refused, reason, .. } => Some(reason.as_deref().unwrap_or_default()),
        _ => None,
    })?;
    Ok(RefusalPaper(matter))
}

/// The notice that resolving stopped, at the applicant's request or otherwise.
///
/// # Errors
/// [`Refusal::NoSuchPaper`] where it did not, [`Refusal::FormNotInForce`], [`Refusal::DossierVoid`], [`Fault::Storage`].
pub fn stop(reader: &mut Reader, record: &Record) -> Result<StopPaper, Fault> {
    let status = record.standing.status;
    if !matches!(status, Status::Withdrawn | Status::Stopped) {
        return Err(Refusal::NoSuchPaper.into());
    }
    let matter = matter(reader, record, |event| match event {
        Event::Withdrawn { reason, .. } | Event::Stopped { reason, .. } => Some(reason),
        _ => None,
    })?;
    Ok(StopPaper::new(matter, status == Status::Withdrawn)?)
}

/// The control slip.
///
/// # Errors
/// [`Refusal::NoSuchPaper`] for what was never accepted, [`Refusal::DossierVoid`], [`Fault::Storage`].
pub fn control_slip(reader: &mut Reader, record: &Record) -> Result<ControlSlipPaper, Fault> {
    require_valid(record)?;
    let standing = &record.standing;
    let received_at = standing.received_at.ok_or(Refusal::NoSuchPaper)?;
    let journal = journal::entries(reader, &record.code, 0, i64::MAX)?;
    let mut name = |code: &AgencyCode| {
        Ok::<_, StorageError>(agencies::find(reader, code)?.map_or_else(|| code.to_string(), |agency| agency.name))
    };
    let resolved_by = name(&record.agency)?;
    let asked = journal.iter().filter_map(|entry| match &entry.event {
        Event::Errand { agency, status: ErrandStatus::Open, .. } => Some(agency),
        _ => None,
    });
    let asked: BTreeSet<&AgencyCode> = asked.collect();
    let coordinating = asked.into_iter().map(name).collect::<Result<_, _>>()?;
    Ok(ControlSlipPaper {
        letterhead: letterhead(reader, &record.received_by)?,
        dossier: record.code.to_string(),
        resolved_by,
        coordinating,
        received_at,
        promised_at: standing.deadline.or(standing.original).map(|deadline| deadline.due_at),
        steps: steps(journal.iter().map(|entry| (&entry.event, entry.at, entry.actor.as_str()))),
    })
}

/// The letter with this identifier, as of `now`.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Storage`].
pub fn letter(reader: &mut Reader, id: &str, now: LocalTime) -> Result<LetterPaper, Fault> {
    let letter = letters::find(reader, id)?.ok_or(Fault::NotFound("letter"))?;
    let record = dossiers::find(reader, &letter.dossier)?.ok_or(Fault::NotFound("dossier"))?;
    letter_of(reader, letter, &record, now)
}

/// A letter of a dossier, as of `now`.
///
/// # Errors
/// [`Fault::Storage`].
pub fn letter_of(
    reader: &mut Reader,
    letter: LetterRecord,
    record: &Record,
    now: LocalTime,
) -> Result<LetterPaper, Fault> {
    let (letter, standing) = (letter.letter, &record.standing);
    let is_about_deadline = letter.kind.is_about_deadline();
    // What is out gave the date that it gave; what is not will give one if the result is still due.
    let reappoints = if letter.status.is_out() { letter.new_return_at.is_some() } else { standing.is_open() };
    let reappoints = is_about_deadline && reappoints;
    let on = letter.promulgation.as_ref().map_or(now.date(), |promulgation| promulgation.on);
    let end = standing.end.filter(|end| is_about_deadline && !reappoints && end.at.date() <= on);
    Ok(LetterPaper {
        letterhead: letterhead(reader, &record.agency)?,
        letter: letter.id,
        kind: letter.kind,
        status: letter.status,
        dossier: record.code.to_string(),
        applicant: Party::from(&record.applicant),
        procedure: procedure(reader, record)?.name,
        received_at: standing.received_at.unwrap_or(standing.filed_at),
        promised_at: standing.deadline.or(standing.original).map(|deadline| deadline.due_at),
        reason: letter.reason,
        reappoints,
        new_return_at: letter.new_return_at,
        ended: end.map(|end| Ended { at: end.at, with_result: standing.outcome.is_some() }),
        promulgation: letter.promulgation,
        today: now.date(),
    })
}

/// The register of an agency (`None`: of all) over a period, as it stands at `now`.
///
/// # Errors
/// [`Refusal::RegisterTooLong`], [`Fault::Storage`].
pub fn register(
    reader: &mut Reader,
    agency: Option<&AgencyCode>,
    (filter, limits): (&Filter, Limits),
    period: Period,
    now: LocalTime,
) -> Result<RegisterPaper, Fault> {
    let letterhead = match agency {
        Some(agency) => letterhead(reader, agency)?,
        None => Letterhead::blank(),
    };
    let mut found = Vec::new();
    entries(reader, filter, limits, |entry| {
        found.push(entry.clone());
        Ok(())
    })?;
    Ok(RegisterPaper { letterhead, period, entries: found, made_at: now })
}
