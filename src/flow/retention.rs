//! Retention: dossiers that ended long ago forget whom they were about. Everything that is counted stays.

use chrono::Months;

use super::actor::{Act, Actor};
use super::audit;
use super::fault::Fault;
use super::files::{release, removal_claim};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::papers::{Applicant, Delivery, Papers};
use crate::domain::personal::ANONYMOUS;
use crate::domain::transition::SpanChange;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::files::{self, FileRecord};
use crate::storage::{Db, Reader, StorageError, Tx, dossiers, retention};

/// How many dossiers are looked for at a time.
const BATCH: i64 = 200;

/// Whom to forget.
#[derive(Debug, Clone)]
pub struct Retention {
    /// Dossiers that ended longer ago than this.
    pub years: u32,
    /// Resolved by this agency or one below it; `None`: by any.
    pub agency: Option<AgencyCode>,
    /// Do it, and do not only count.
    pub apply: bool,
}

/// What was done, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retained {
    /// Dossiers anonymised.
    pub anonymised: usize,
    /// Left because a letter is still to be worked on.
    pub open_letters: usize,
    /// Left because an e-office holds a letter.
    pub held: usize,
}

/// Why a dossier is left as it is.
enum Left {
    OpenLetter,
    Held,
}

/// Anonymises what ended so many years ago, each dossier in a transaction of its own: run again, it goes on where it was.
/// `erase` takes a content out of the store; it is called after the commit.
///
/// # Errors
/// [`Fault::Storage`], and what `erase` answers; the content goes with the housekeeping then.
pub fn retain(
    db: &Db,
    ambient: &Ambient,
    wish: &Retention,
    mut erase: impl FnMut(&str) -> Result<(), Fault>,
) -> Result<Retained, Fault> {
    let now = ambient.now();
    // What lies before all time ended never.
    let Some(before) = now.checked_sub_months(Months::new(wish.years.saturating_mul(12))) else {
        return Ok(Retained::default());
    };
    let actor = Actor::service("retention");
    let act = Act { actor: &actor, now, ambient };
    let mut done = Retained::default();
    let mut after = String::new();
    loop {
        let find = |reader: &mut Reader| retention::ended_before(reader, before, wish.agency.as_ref(), &after, BATCH);
        let codes = db.read(find)?;
        let Some(last) = codes.last() else { return Ok(done) };
        after = last.to_string();
        for code in &codes {
            let left = if wish.apply {
                match db.write(|tx| anonymise(tx, act, code))? {
                    Ok(files) => {
                        for file in &files {
                            release(db, &removal_claim(file), &mut erase)?;
                        }
                        None
                    }
                    Err(left) => Some(left),
                }
            } else {
                db.read(|reader| left(reader, code))?
            };
            match left {
                None => done.anonymised += 1,
                Some(Left::OpenLetter) => done.open_letters += 1,
                Some(Left::Held) => done.held += 1,
            }
        }
    }
}

fn left(reader: &mut Reader, code: &DossierCode) -> Result<Option<Left>, StorageError> {
    if retention::has_open_letter(reader, code)? {
        return Ok(Some(Left::OpenLetter));
    }
    Ok(retention::is_held(reader, code)?.then_some(Left::Held))
}

/// Erases what names persons in a dossier, or says why not. Its figures do not change, so that neither letter nor balance is
/// to be settled. A dossier that another process was faster with has nothing left to be erased.
fn anonymise(tx: &mut Tx, act: Act<'_>, code: &DossierCode) -> Result<Result<Vec<FileRecord>, Left>, Fault> {
    let Some(mut record) = dossiers::find_to_change(tx, code)?.filter(|record| record.anonymised_at.is_none()) else {
        return Ok(Ok(Vec::new()));
    };
    if let Some(left) = left(tx, code)? {
        return Ok(Err(left));
    }
    forget(&mut record, act.now);
    dossiers::save(tx, &mut record, &[(act.now, Event::Anonymised)], &SpanChange::Unchanged, act.stamp())?;
    let files = retention::erase_beside(tx, code)?;
    for file in &files {
        files::claim(tx, &removal_claim(file), act.now)?;
    }
    audit::command(tx, act, "motcua retention", Some(&code.to_string()))?;
    Ok(Ok(files))
}

/// Takes persons out of a record: names, numbers, contacts, places, and free words.
fn forget(record: &mut Record, now: LocalTime) {
    let Papers { sets, delivery, .. } = std::mem::take(&mut record.papers);
    let delivery = delivery.map(|delivery| Delivery { place: None, ..delivery });
    record.papers = Papers { submitted_by: None, sets, delivery, documents: Vec::new() };
    let kind = record.applicant.kind;
    record.applicant =
        Applicant { kind, name: ANONYMOUS.to_owned(), identity_no: None, phone: None, email: None, address: None };
    record.summary = None;
    record.note = None;
    record.anonymised_at = Some(now);
}
