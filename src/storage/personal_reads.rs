//! Who saw the numbers of persons in the open, or was given a file (domain.md 9: who read what).

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::journal;
use super::schema::personal_reads;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::LocalTime;

/// Somebody saw them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PersonalRead {
    /// The last event of the dossier's journal by then.
    pub after_seq: i64,
    /// Opaque identifier; later ones sort after earlier ones.
    pub id: String,
    /// Identifier of the caller.
    pub reader: String,
    /// Their name.
    pub reader_name: String,
    /// What: `dossier`, the name of a paper, `file` with its identifier, `extract` with its reason.
    pub what: String,
    /// When.
    pub read_at: LocalTime,
}

/// Notes that somebody sees the numbers or a file of a dossier; `read.after_seq` is set.
///
/// # Errors
/// [`StorageError`].
pub fn note(tx: &mut Tx, dossier: &DossierCode, mut read: PersonalRead) -> Result<(), StorageError> {
    read.after_seq = journal::last_seq(tx, dossier)?;
    diesel::insert_into(personal_reads::table)
        .values((
            personal_reads::dossier.eq(dossier.to_string()),
            personal_reads::after_seq.eq(read.after_seq),
            personal_reads::id.eq(&read.id),
            personal_reads::reader.eq(&read.reader),
            personal_reads::reader_name.eq(&read.reader_name),
            personal_reads::what.eq(&read.what),
            personal_reads::read_at.eq(read.read_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The reads of a dossier behind `after` (the event and the identifier of the last one before), in order, at most `limit`.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    dossier: &DossierCode,
    (seq, id): (i64, &str),
    limit: i64,
) -> Result<Vec<PersonalRead>, StorageError> {
    let behind = personal_reads::after_seq.gt(seq).or(personal_reads::after_seq.eq(seq).and(personal_reads::id.gt(id)));
    Ok(personal_reads::table
        .filter(personal_reads::dossier.eq(dossier.to_string()).and(behind))
        .order((personal_reads::after_seq.asc(), personal_reads::id.asc()))
        .limit(limit)
        .select((
            personal_reads::after_seq,
            personal_reads::id,
            personal_reads::reader,
            personal_reads::reader_name,
            personal_reads::what,
            personal_reads::read_at,
        ))
        .load(&mut *reader.connection)?)
}
