//! What is shown beside a dossier: its letter about the deadline, and how many files it has; all with one statement.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::letters::{self, LetterRecord};
use super::schema::{dossiers, files, journal, letters as letters_table};
use crate::domain::dossier_code::DossierCode;

/// What is shown beside a dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Its letter about the deadline that is not cancelled.
    pub letter: Option<LetterRecord>,
    /// How many files it has.
    pub files: i64,
}

/// What was read of a dossier under its lock, for as long as nothing of it changes.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Held {
    code: String,
    beside: Beside,
    /// The place of the last event in its journal.
    pub(in crate::storage) last_seq: i64,
}

impl Reader {
    /// What was read of this dossier under its lock.
    pub(in crate::storage) fn held(&self, code: &DossierCode) -> Option<&Held> {
        self.held.as_ref().filter(|held| held.code == code.to_string())
    }
}

impl Held {
    /// After so many events more of a dossier.
    pub(in crate::storage) fn after(self, code: &DossierCode, events: usize) -> Self {
        let more = if self.code == code.to_string() { i64::try_from(events).unwrap_or_default() } else { 0 };
        Self { last_seq: self.last_seq + more, ..self }
    }

    /// What is shown beside it.
    pub(in crate::storage) fn beside(&self) -> &Beside {
        &self.beside
    }
}

type Read = (Option<letters::Row>, Option<i64>);

impl Beside {
    fn read((letter, files): Read) -> Result<Self, StorageError> {
        Ok(Self { letter: letter.map(letters::Row::read).transpose()?, files: files.unwrap_or_default() })
    }
}

/// Dossiers with their letters, and these columns of them.
macro_rules! joined {
    ($code:expr, $($column:expr),*) => {
        dossiers::table
            .left_join(
                letters_table::table.on(letters_table::dossier
                    .eq(dossiers::code)
                    .and(letters_table::kind.eq_any(["late", "at_risk"]))
                    .and(letters_table::status.ne("cancelled"))),
            )
            .filter(dossiers::code.eq($code.to_string()))
            .select((
                $($column,)*
                (
                    Option::<letters::Row>::as_select(),
                    files::table.filter(files::dossier.eq(dossiers::code)).select(count_star()).single_value(),
                ),
            ))
    };
}

/// What is shown beside a dossier that is there.
///
/// # Errors
/// [`StorageError`].
pub fn beside(reader: &mut Reader, code: &DossierCode) -> Result<Beside, StorageError> {
    if let Some(held) = reader.held(code) {
        return Ok(held.beside.clone());
    }
    let found: Option<(Read,)> = joined!(code,).first(&mut *reader.connection).optional()?;
    found.map_or_else(|| Ok(Beside::default()), |(read,)| Beside::read(read))
}

/// One dossier with what is shown beside it.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, code: &DossierCode) -> Result<Option<(Record, Beside)>, StorageError> {
    let found: Option<(Row, Read)> = joined!(code, Row::as_select()).first(&mut *reader.connection).optional()?;
    found.map(|(row, read)| Ok((row.read(&reader.vault)?, Beside::read(read)?))).transpose()
}

/// One dossier that is locked, with what is shown beside it and the end of its journal, which the transaction keeps at hand.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn find_held(tx: &mut Tx, code: &DossierCode) -> Result<Option<Record>, StorageError> {
    let last_seq = journal::table.filter(journal::dossier.eq(dossiers::code)).select(max(journal::seq)).single_value();
    let found: Option<(Row, Option<i64>, Read)> =
        joined!(code, Row::as_select(), last_seq).first(&mut *tx.connection).optional()?;
    let Some((row, last_seq, read)) = found else { return Ok(None) };
    let (code, last_seq) = (code.to_string(), last_seq.unwrap_or_default());
    tx.held = Some(Held { code, beside: Beside::read(read)?, last_seq });
    row.read(&tx.vault).map(Some)
}
