//! What is shown beside a dossier: its letter about the deadline, and how many files it has; all with one statement.

use std::sync::OnceLock;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};

use super::connection::{AnyConnection, MultiBackend};
use super::db::{Reader, Tx};
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::letters::{self, LetterRecord};
use super::schema::{dossiers, letters as letters_table};
use super::sql::Fixed;
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
                    .and(sql::<Bool>("letters.kind IN ('late', 'at_risk') AND letters.status <> 'cancelled'"))),
            )
            .filter(dossiers::code.eq($code.to_string()))
            .select((
                $($column,)*
                (
                    <letters::Row as Selectable<MultiBackend>>::construct_selection().nullable(),
                    sql::<Nullable<BigInt>>("(SELECT COUNT(*) FROM files WHERE files.dossier = dossiers.code)"),
                ),
            ))
    };
}

/// The one row that a query answers, if any; on PostgreSQL by its text, made once.
macro_rules! asked {
    ($reader:expr, $text:expr, $query:expr, $code:expr) => {
        if matches!(*$reader.connection, AnyConnection::Postgres(_)) {
            Fixed::of(&$text, &$query, $code.to_string())?.get_result(&mut *$reader.connection).optional()?
        } else {
            $query.first(&mut *$reader.connection).optional()?
        }
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
    static TEXT: OnceLock<Vec<String>> = OnceLock::new();
    let query = joined!(code, <Row as Selectable<MultiBackend>>::construct_selection());
    let found: Option<(Row, Read)> = asked!(reader, TEXT, query, code);
    found.map(|(row, read)| Ok((row.read(&reader.vault)?, Beside::read(read)?))).transpose()
}

/// One dossier that is locked, with what is shown beside it and the end of its journal, which the transaction keeps at hand.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn find_held(tx: &mut Tx, code: &DossierCode) -> Result<Option<Record>, StorageError> {
    let last_seq =
        sql::<Nullable<BigInt>>("(SELECT MAX(journal.seq) FROM journal WHERE journal.dossier = dossiers.code)");
    static TEXT: OnceLock<Vec<String>> = OnceLock::new();
    let query = joined!(code, <Row as Selectable<MultiBackend>>::construct_selection(), last_seq);
    let found: Option<(Row, Option<i64>, Read)> = asked!(tx, TEXT, query, code);
    let Some((row, last_seq, read)) = found else { return Ok(None) };
    let (code, last_seq) = (code.to_string(), last_seq.unwrap_or_default());
    tx.held = Some(Held { code, beside: Beside::read(read)?, last_seq });
    row.read(&tx.vault).map(Some)
}
