//! The national portal: which dossiers it is owed, what it is told of one, and what became of telling it.

use super::actor::Act;
use super::fault::Fault;
use super::feed::{self, reaches};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::portal::telling::{Outcome, Part, Telling, TellingStatus};
use crate::domain::portal::{Entry, PortalDossier, PortalFile, concerns_portal};
use crate::domain::refusal::Refusal;
use crate::storage::dossier_row::Record;
use crate::storage::feed::{Change, Wanted};
use crate::storage::listing::Visible;
use crate::storage::{
    Db, Reader, StorageError, Tx, agencies, dossiers, feed as positions, fees, files, journal, portal, procedures,
};

/// The consumer of the feed that notes what is owed.
const READER: &str = "portal";
/// How many changes one transaction notes.
const BATCH: i64 = 200;

/// Whether there may be changes to note.
///
/// # Errors
/// [`StorageError`].
pub fn is_anything_to_note(reader: &mut Reader) -> Result<bool, StorageError> {
    if positions::is_any_queued(reader)? {
        return Ok(true);
    }
    let last = positions::last(reader)?;
    Ok(positions::position_of(reader, READER)?.is_none_or(|position| position < last))
}

/// Notes of every change that was committed that it is owed, from the feed's beginning on. Imported histories are not
/// news: their dossiers are told from their next change on, or when they are replayed.
///
/// # Errors
/// [`Fault::Storage`].
pub fn note_changes(db: &Db) -> Result<(), Fault> {
    feed::sequence(db)?;
    if db.read(|reader| positions::position_of(reader, READER))?.is_none() {
        db.write(|tx| positions::add_reader(tx, READER, 0))?;
    }
    while db.write(note_batch)? {}
    Ok(())
}

/// Notes a batch of changes; answers whether there may be more.
fn note_batch(tx: &mut Tx) -> Result<bool, Fault> {
    let Some(from) = positions::position_of(tx, READER)? else { return Ok(false) };
    let page = feed::read(tx, &Wanted { visible: Visible::Everything, names: None }, from, BATCH)?;
    if page.next == from {
        return Ok(false);
    }
    for change in page.changes.iter().filter(|change| !change.imported && concerns_portal(&change.event)) {
        let mut telling = find_or_new(tx, &change.dossier)?;
        let before = telling.clone();
        telling.owe(change.seq, change.recorded_at);
        if telling != before {
            portal::save(tx, &mut telling)?;
        }
    }
    positions::advance_reader(tx, READER, from, page.next)?;
    Ok(page.more)
}

fn find_or_new(reader: &mut Reader, dossier: &DossierCode) -> Result<Telling, StorageError> {
    Ok(portal::find(reader, dossier)?.unwrap_or_else(|| Telling::new(dossier.clone())))
}

/// What the portal is to be told next of a dossier, and the dossier; `None` when nothing is owed. To be run in
/// [`Db::snapshot`], so that record and journal are of one instant.
///
/// # Errors
/// [`StorageError`].
pub fn turn(reader: &mut Reader, code: &DossierCode) -> Result<Option<(Telling, Part, PortalDossier)>, StorageError> {
    let Some(telling) = portal::find(reader, code)? else { return Ok(None) };
    let Some(part) = telling.next() else { return Ok(None) };
    Ok(dossier(reader, code)?.map(|dossier| (telling, part, dossier)))
}

/// A dossier as the portal is told of it.
///
/// # Errors
/// [`StorageError`].
pub fn dossier(reader: &mut Reader, code: &DossierCode) -> Result<Option<PortalDossier>, StorageError> {
    dossiers::find(reader, code)?.map(|record| assemble(reader, record)).transpose()
}

fn assemble(reader: &mut Reader, record: Record) -> Result<PortalDossier, StorageError> {
    let procedure = procedures::version(reader, &record.procedure, record.procedure_version)?
        .ok_or_else(|| StorageError::corrupt("procedure version", "missing"))?;
    let field =
        procedures::find_field(reader, &record.field)?.ok_or_else(|| StorageError::corrupt("field", "missing"))?;
    let agency = agencies::find(reader, &record.agency)?.ok_or_else(|| StorageError::corrupt("agency", "missing"))?;
    let files = files::page(reader, &record.code, None, "", i64::MAX)?.into_iter();
    let journal = journal::entries(reader, &record.code, 0, i64::MAX)?.into_iter();
    Ok(PortalDossier {
        account: fees::account(reader, &record.code)?,
        code: record.code,
        procedure: record.procedure,
        procedure_name: procedure.name,
        field: record.field,
        field_name: field.name,
        agency_name: agency.name,
        channel: record.channel,
        applicant: record.applicant,
        summary: record.summary,
        note: record.note,
        papers: record.papers,
        standing: record.standing,
        files: files
            .map(|file| PortalFile { id: file.id, kind: file.kind, name: file.name, component: file.component })
            .collect(),
        journal: journal
            .map(|entry| Entry { seq: entry.seq, at: entry.at, actor: entry.actor, event: entry.event })
            .collect(),
    })
}

/// Notes how sending a part ended; answers what is known of the dossier from then on.
///
/// # Errors
/// [`StorageError::Stale`] when the telling was changed meanwhile: the part will be sent again.
pub fn note(
    tx: &mut Tx,
    ambient: &Ambient,
    telling: &Telling,
    part: Part,
    outcome: &Outcome,
) -> Result<Telling, StorageError> {
    let mut after = telling.clone();
    after.note(part, outcome, ambient.now(), u16::from_be_bytes(ambient.random()));
    portal::save(tx, &mut after)?;
    Ok(after)
}

/// Tells the portal of a dossier again, whatever it has been told; also of one that it was never told of.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Refused`] when it waits anyway.
pub fn replay(tx: &mut Tx, act: Act<'_>, code: &DossierCode) -> Result<Telling, Fault> {
    let record = dossiers::find(tx, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = act.actor.sides(tx, &record.agency, &record.received_by)?;
    if !(sides.resolving || sides.receiving) {
        return Err(Fault::NotFound("dossier"));
    }
    let mut telling = find_or_new(tx, code)?;
    if telling.status == TellingStatus::Waiting {
        return Err(Refusal::DeliveryWaits.into());
    }
    telling.owe(journal::last_seq(tx, code)?, act.now);
    telling.replay(act.now);
    portal::save(tx, &mut telling)?;
    Ok(telling)
}

/// A page of the feed as the portal pulls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Each dossier that changed in the page, as it stands now, in the order of its last change; with whether it was known
    /// before the page.
    pub dossiers: Vec<(PortalDossier, bool)>,
    /// The position it reaches to.
    pub next: i64,
    /// Whether there is more behind it by now.
    pub more: bool,
}

/// The dossiers with changes behind position `after`, among at most `limit` changes. To be run in [`Db::snapshot`].
///
/// # Errors
/// [`Fault::Invalid`] when the feed is not that long.
pub fn pull(reader: &mut Reader, visible: &Visible, after: i64, limit: i64) -> Result<Pulled, Fault> {
    let wanted = Wanted { visible: visible.clone(), names: None };
    let page = feed::read(reader, &wanted, after, limit)?;
    let mut last: Vec<(&Change, bool)> = Vec::new();
    for change in page.changes.iter().filter(|change| concerns_portal(&change.event)) {
        let mut known = change.seq > 1;
        if let Some(index) = last.iter().position(|(other, _)| other.dossier == change.dossier) {
            known &= last.remove(index).1;
        }
        last.push((change, known));
    }
    let mut dossiers = Vec::new();
    for (change, known) in last {
        let Some(record) = dossiers::find(reader, &change.dossier)? else { continue };
        // A dossier that a correction took away is told by whoever has it now.
        if reaches(reader, visible, [&record.agency, &record.received_by])? {
            dossiers.push((assemble(reader, record)?, known));
        }
    }
    Ok(Pulled { dossiers, next: page.next, more: page.more })
}
