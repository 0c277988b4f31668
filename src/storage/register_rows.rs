//! Which rows of offices' own registers were taken in before, and what became of them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::schema::register_rows;
use crate::domain::dossier_code::DossierCode;

/// How many hashes one statement asks for.
const ASKED: usize = 5_000;

#[derive(Insertable)]
#[diesel(table_name = register_rows, treat_none_as_default_value = false)]
struct Row {
    register: String,
    key: String,
    dossier: String,
}

/// Which of these keys of a register were taken in, under whatever data key, by their places.
///
/// # Errors
/// [`StorageError`].
pub fn known(reader: &mut Reader, register: &str, keys: &[String]) -> Result<HashSet<usize>, StorageError> {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, key) in keys.iter().enumerate() {
        places.extend(reader.vault.register_hashes(register, key).into_iter().map(|hash| (hash, place)));
    }
    let hashes: Vec<&String> = places.keys().collect();
    let mut known = HashSet::new();
    for some in hashes.chunks(ASKED) {
        let found: Vec<String> = register_rows::table
            .filter(register_rows::register.eq(register).and(register_rows::key.eq_any(some)))
            .select(register_rows::key)
            .load(&mut *reader.connection)?;
        known.extend(found.iter().filter_map(|hash| places.get(hash).copied()));
    }
    Ok(known)
}

/// Writes down which keys of a register became which dossiers.
///
/// # Errors
/// [`StorageError::Duplicate`] when another process took one of them in meanwhile.
pub fn insert_all(tx: &mut Tx, register: &str, taken: Vec<(&str, DossierCode)>) -> Result<(), StorageError> {
    let row = |(key, dossier): (&str, DossierCode)| Row {
        register: register.to_owned(),
        key: tx.vault.register_hash(register, key),
        dossier: dossier.to_string(),
    };
    let rows: Vec<Row> = taken.into_iter().map(row).collect();
    dialect::insert_all!(tx, register_rows, rows);
    Ok(())
}
