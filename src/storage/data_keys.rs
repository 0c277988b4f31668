//! The data keys that something in the database is sealed under: each leaves a proof, so that a wrong key is found out at the
//! start and not at the first dossier.

use diesel::prelude::*;

use super::db::{Db, Tx};
use super::error::StorageError;
use super::schema::data_keys;

/// What a proof says.
const PROOF: &str = "motcua";

fn place(id: &str) -> String {
    format!("data_keys.proof of {id}")
}

/// Checks that the vault opens what is sealed here, and has its newest key known.
///
/// # Errors
/// [`StorageError::WrongKey`] when a key is missing, [`StorageError::Closed`] when a proof was tampered with.
pub fn admit(db: &Db) -> Result<(), StorageError> {
    match db.write(admit_in) {
        // Another process that starts at the same time was first.
        Err(StorageError::Duplicate(_)) => db.write(admit_in),
        other => other,
    }
}

/// As [`admit`], in a transaction.
pub(in crate::storage) fn admit_in(tx: &mut Tx) -> Result<(), StorageError> {
    let known: Vec<(String, String)> =
        data_keys::table.select((data_keys::id, data_keys::proof)).load(&mut *tx.connection)?;
    for (id, proof) in &known {
        if !tx.vault.holds(id) {
            return Err(StorageError::WrongKey(id.clone()));
        }
        tx.vault.open(&place(id), proof).map_err(|cause| StorageError::closed(&place(id), cause))?;
    }
    let newest = tx.vault.newest().to_owned();
    if known.iter().all(|(id, _)| *id != newest) {
        let proof = tx.vault.seal(&place(&newest), PROOF);
        let proof = proof.map_err(|cause| StorageError::closed(&place(&newest), cause))?;
        diesel::insert_into(data_keys::table)
            .values((data_keys::id.eq(&newest), data_keys::proof.eq(proof)))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Forgets all keys but the newest, once nothing is sealed under them any more.
///
/// # Errors
/// [`StorageError`].
pub fn forget_older(tx: &mut Tx) -> Result<(), StorageError> {
    let newest = tx.vault.newest().to_owned();
    diesel::delete(data_keys::table.filter(data_keys::id.ne(newest))).execute(&mut *tx.connection)?;
    Ok(())
}
