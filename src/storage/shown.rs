//! What is shown beside a dossier: its letter about the deadline, and how many files it has; all with one statement.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::letters::{self, LetterRecord};
use super::schema::{dossiers, files, letters as letters_table};
use crate::domain::dossier_code::DossierCode;

/// What is shown beside a dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Its letter about the deadline that is not cancelled.
    pub letter: Option<LetterRecord>,
    /// How many files it has.
    pub files: i64,
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
