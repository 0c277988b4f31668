//! Files of dossiers: putting one on, taking one off, being given one; and the claims that keep store and rows together.
//!
//! A content is claimed before it is brought into the store, and claimed again in the transaction that takes a file away.
//! Whoever drops the last claim on a content that no file has erases it. So whatever lies in the store is a file's, or
//! has a claim by which it is found again after a crash.

use chrono::NaiveDate;

use super::actor::{Act, Action, Actor, may};
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use super::reveal;
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{FileKind, LocalTime, Scan};
use crate::storage::files::{self, Claim, FileRecord};
use crate::storage::{Db, Reader, Tx, dossiers};

/// How many forgotten claims are settled at a time.
const BATCH: i64 = 200;

/// What is put on a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: String,
    /// The part of the dossier that it is a scan of.
    pub component: Option<String>,
    /// Media type, by content.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of its content.
    pub sha256: String,
    /// What the virus scanner said.
    pub scan: Scan,
}

/// Whether the actor may put a file on this dossier, asked before its bytes are taken.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn admit(reader: &mut Reader, actor: &Actor, code: &DossierCode, today: NaiveDate) -> Result<(), Fault> {
    let (agency, received_by) = dossiers::agencies_of(reader, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = actor.sides_of_seen(reader, &agency, &received_by)?;
    if !may(&actor.authority, Action::AddFile, sides) {
        return Err(Fault::Forbidden);
    }
    actor.require_in_office(reader, today)
}

/// Claims a content before it is brought into the store.
///
/// # Errors
/// [`Fault::Storage`].
pub fn claim(tx: &mut Tx, act: Act<'_>, sha256: &str) -> Result<Claim, Fault> {
    let claim = Claim { id: act.ambient.new_id(), sha256: sha256.to_owned() };
    files::claim(tx, &claim, act.now)?;
    Ok(claim)
}

/// Puts a file on a dossier; its content is in the store, and claimed.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Refusal::DossierVoid`].
pub fn add(tx: &mut Tx, act: Act<'_>, code: &DossierCode, new: &NewFile) -> Result<FileRecord, Fault> {
    let mut record = open(tx, act, code, None, |_| Action::AddFile)?;
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let file = FileRecord {
        id: act.ambient.new_id(),
        dossier: code.clone(),
        kind: new.kind,
        name: new.name.clone(),
        component: new.component.clone(),
        content_type: new.content_type.clone(),
        size: new.size,
        sha256: new.sha256.clone(),
        scan: new.scan,
        uploaded_by: act.actor.name.clone(),
        uploaded_at: act.now,
    };
    files::insert(tx, &file)?;
    let event = Event::FileAdded { file: file.id.clone(), file_kind: file.kind, sha256: file.sha256.clone() };
    keep(tx, act, &mut record, Deed::of(vec![(act.now, event)]), Stored::Before)?;
    Ok(file)
}

/// Takes a file off a dossier. The journal keeps what it was and why; its content goes when its [`removal_claim`] is dropped,
/// unless another file has it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn remove(tx: &mut Tx, act: Act<'_>, code: &DossierCode, id: &str, reason: &str) -> Result<FileRecord, Fault> {
    let mut record = open(tx, act, code, None, |record| Action::RemoveFile { closed: record.standing.is_closed() })?;
    let file = files::find(tx, code, id)?.ok_or(Fault::NotFound("file"))?;
    let event = Event::FileRemoved {
        file: file.id.clone(),
        file_kind: file.kind,
        sha256: file.sha256.clone(),
        reason: reason.to_owned(),
    };
    files::delete(tx, &file.id)?;
    files::claim(tx, &removal_claim(&file), act.now)?;
    keep(tx, act, &mut record, Deed::of(vec![(act.now, event)]), Stored::Before)?;
    Ok(file)
}

/// The claim that the removal of a file leaves on its content.
pub fn removal_claim(file: &FileRecord) -> Claim {
    Claim { id: file.id.clone(), sha256: file.sha256.clone() }
}

/// Notes that somebody, by identifier and name, is given a file's content now (domain.md 9: who read what).
///
/// # Errors
/// [`Fault::Storage`].
pub fn note_read(tx: &mut Tx, ambient: &Ambient, reader: (&str, &str), file: &FileRecord) -> Result<(), Fault> {
    Ok(reveal::note_by(tx, ambient, reader, &file.dossier, &format!("file {}", file.id))?)
}

/// Drops a claim, and has the content erased when it is nobody's any more. Nobody brings the same content in meanwhile:
/// they would first have to claim it.
///
/// # Errors
/// What `erase` answers; the claim stays then, for [`settle`].
pub fn release(db: &Db, claim: &Claim, mut erase: impl FnMut(&str) -> Result<(), Fault>) -> Result<bool, Fault> {
    db.write(|tx| {
        let is_nobodys = files::drop_claim(tx, claim)?;
        if is_nobodys {
            erase(&claim.sha256)?;
        }
        Ok(is_nobodys)
    })
}

/// Drops the claims that somebody made before `before` and never came back for; answers how many contents were erased.
///
/// # Errors
/// As [`release`].
pub fn settle(db: &Db, before: LocalTime, mut erase: impl FnMut(&str) -> Result<(), Fault>) -> Result<usize, Fault> {
    let mut erased = 0;
    loop {
        let claims = db.read(|reader| files::stale_claims(reader, before, BATCH))?;
        if claims.is_empty() {
            return Ok(erased);
        }
        // One that cannot be erased does not hold up the others; the next round tries it again.
        let mut failed = None;
        for claim in &claims {
            match release(db, claim, &mut erase) {
                Ok(done) => erased += usize::from(done),
                Err(fault) => failed = Some(fault),
            }
        }
        if let Some(fault) = failed {
            return Err(fault);
        }
    }
}
