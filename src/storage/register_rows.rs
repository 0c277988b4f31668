//! Which rows of offices' own registers were taken in before, and what became of them.

use std::collections::HashSet;

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::schema::register_rows;
use crate::domain::dossier_code::DossierCode;

/// A row that was taken in.
#[derive(Debug, Insertable)]
#[diesel(table_name = register_rows, treat_none_as_default_value = false)]
pub struct Taken {
    register: String,
    key: String,
    dossier: String,
}

impl Taken {
    /// The row of a register that became this dossier.
    pub fn new(register: &str, key: &str, dossier: &DossierCode) -> Self {
        Self { register: register.to_owned(), key: key.to_owned(), dossier: dossier.to_string() }
    }
}

/// Which of these keys of a register were taken in.
///
/// # Errors
/// [`StorageError`].
pub fn known(reader: &mut Reader, register: &str, keys: &[String]) -> Result<HashSet<String>, StorageError> {
    let found: Vec<String> = register_rows::table
        .filter(register_rows::register.eq(register).and(register_rows::key.eq_any(keys)))
        .select(register_rows::key)
        .load(&mut *reader.connection)?;
    Ok(found.into_iter().collect())
}

/// Writes down rows that are taken in.
///
/// # Errors
/// [`StorageError::Duplicate`] when another process took one of them in meanwhile.
pub fn insert_all(tx: &mut Tx, rows: Vec<Taken>) -> Result<(), StorageError> {
    dialect::insert_all!(tx, register_rows, rows);
    Ok(())
}
