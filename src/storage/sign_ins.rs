//! Failed sign-ins by name and address, kept where all processes see them.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::sign_in_failures;
use crate::domain::lockout::Tally;
use crate::domain::vocabulary::LocalTime;

/// The failures of a subject.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, subject: &str) -> Result<Option<Tally>, StorageError> {
    let columns = (sign_in_failures::failures, sign_in_failures::last_at, sign_in_failures::locked_until);
    let row: Option<(i32, LocalTime, Option<LocalTime>)> = sign_in_failures::table
        .filter(sign_in_failures::subject.eq(subject))
        .select(columns)
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(|(failures, last_at, locked_until)| Tally { failures, last_at, locked_until }))
}

/// The failures of a subject, held until the transaction ends.
///
/// # Errors
/// [`StorageError`].
pub fn hold(tx: &mut Tx, subject: &str, now: LocalTime) -> Result<Tally, StorageError> {
    if !touch(tx, subject)? {
        let first = tx.part(|tx| {
            diesel::insert_into(sign_in_failures::table)
                .values((
                    sign_in_failures::subject.eq(subject),
                    sign_in_failures::failures.eq(0),
                    sign_in_failures::last_at.eq(now),
                ))
                .execute(&mut *tx.connection)?;
            Ok(())
        });
        match first {
            Ok(()) => {}
            // Another failure of the same subject came first.
            Err(StorageError::Duplicate(_)) => drop(touch(tx, subject)?),
            Err(other) => return Err(other),
        }
    }
    Ok(find(tx, subject)?.unwrap_or(Tally::none(now)))
}

/// Takes the lock of a row; answers whether there is one.
fn touch(tx: &mut Tx, subject: &str) -> Result<bool, StorageError> {
    let held = diesel::update(sign_in_failures::table.filter(sign_in_failures::subject.eq(subject)))
        .set(sign_in_failures::failures.eq(sign_in_failures::failures))
        .execute(&mut *tx.connection)?;
    Ok(held == 1)
}

/// Stores the failures of a subject that is held.
///
/// # Errors
/// [`StorageError`].
pub fn save(tx: &mut Tx, subject: &str, tally: &Tally) -> Result<(), StorageError> {
    diesel::update(sign_in_failures::table.filter(sign_in_failures::subject.eq(subject)))
        .set((
            sign_in_failures::failures.eq(tally.failures),
            sign_in_failures::last_at.eq(tally.last_at),
            sign_in_failures::locked_until.eq(tally.locked_until),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Forgets the failures of a subject.
///
/// # Errors
/// [`StorageError`].
pub fn clear(tx: &mut Tx, subject: &str) -> Result<(), StorageError> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::subject.eq(subject)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Removes what had its last failure before `before`.
///
/// # Errors
/// [`StorageError`].
pub fn forget(tx: &mut Tx, before: LocalTime) -> Result<(), StorageError> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_at.lt(before)))
        .execute(&mut *tx.connection)?;
    Ok(())
}
