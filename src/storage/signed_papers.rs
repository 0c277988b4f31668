//! The signed papers of letters, as they came from the e-office.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::signed_papers;
use crate::domain::vocabulary::LocalTime;

/// A signed paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPaper {
    /// Its name, as it came.
    pub name: String,
    /// Its media type, by its content.
    pub content_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Hexadecimal SHA-256 of the bytes.
    pub sha256: String,
}

/// Keeps the paper of a letter, whose dossier is locked, in place of one that was there.
///
/// # Errors
/// [`StorageError`].
pub fn keep(tx: &mut Tx, letter: &str, paper: &SignedPaper, now: LocalTime) -> Result<(), StorageError> {
    drop_of(tx, letter)?;
    diesel::insert_into(signed_papers::table)
        .values((
            signed_papers::letter.eq(letter),
            signed_papers::name.eq(&paper.name),
            signed_papers::content_type.eq(&paper.content_type),
            signed_papers::content.eq(&paper.content),
            signed_papers::sha256.eq(&paper.sha256),
            signed_papers::received_at.eq(now),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Drops the paper of a letter.
///
/// # Errors
/// [`StorageError`].
pub fn drop_of(tx: &mut Tx, letter: &str) -> Result<(), StorageError> {
    diesel::delete(signed_papers::table.filter(signed_papers::letter.eq(letter))).execute(&mut *tx.connection)?;
    Ok(())
}

/// The paper of a letter.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, letter: &str) -> Result<Option<SignedPaper>, StorageError> {
    let row: Option<(String, String, Vec<u8>, String)> = signed_papers::table
        .filter(signed_papers::letter.eq(letter))
        .select((signed_papers::name, signed_papers::content_type, signed_papers::content, signed_papers::sha256))
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(|(name, content_type, content, sha256)| SignedPaper { name, content_type, content, sha256 }))
}

/// The SHA-256 of the paper of a letter.
///
/// # Errors
/// [`StorageError`].
pub fn sha256_of(reader: &mut Reader, letter: &str) -> Result<Option<String>, StorageError> {
    Ok(signed_papers::table
        .filter(signed_papers::letter.eq(letter))
        .select(signed_papers::sha256)
        .first(&mut *reader.connection)
        .optional()?)
}
