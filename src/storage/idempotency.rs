//! First answers to POSTs that carry an `Idempotency-Key`, kept in the transaction of the work itself.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::idempotency_keys as keys;
use crate::domain::vocabulary::LocalTime;

/// How long a first answer is given again.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// Whose key it is, and for which call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The caller.
    pub caller: String,
    /// Method and path.
    pub route: String,
    /// The key as sent.
    pub key: String,
}

/// An answer to be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Hash of the body that was answered.
    pub body_hash: String,
    /// HTTP status.
    pub status: i16,
    /// Header lines `name: value` that belong to the answer.
    pub headers: String,
    /// The body.
    pub answer: String,
}

/// The answer given under a key since `not_before`.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, key: &Key, not_before: LocalTime) -> Result<Option<Answer>, StorageError> {
    let row: Option<(String, i16, String, String)> = keys::table
        .filter(keys::caller.eq(&key.caller).and(keys::route.eq(&key.route)).and(keys::key.eq(&key.key)))
        .filter(keys::created_at.ge(not_before))
        .select((keys::body_hash, keys::status, keys::headers, keys::answer))
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(|(body_hash, status, headers, answer)| Answer { body_hash, status, headers, answer }))
}

/// Keeps the answer given under a key, in place of one that has expired.
///
/// # Errors
/// [`StorageError::Duplicate`] when another process gave one in between.
pub fn keep(
    tx: &mut Tx,
    key: &Key,
    answer: &Answer,
    now: LocalTime,
    not_before: LocalTime,
) -> Result<(), StorageError> {
    let same = keys::caller.eq(&key.caller).and(keys::route.eq(&key.route)).and(keys::key.eq(&key.key));
    diesel::delete(keys::table.filter(same).filter(keys::created_at.lt(not_before))).execute(&mut *tx.connection)?;
    diesel::insert_into(keys::table)
        .values((
            keys::caller.eq(&key.caller),
            keys::route.eq(&key.route),
            keys::key.eq(&key.key),
            keys::body_hash.eq(&answer.body_hash),
            keys::status.eq(answer.status),
            keys::headers.eq(&answer.headers),
            keys::answer.eq(&answer.answer),
            keys::created_at.eq(now),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Forgets answers older than `before`.
///
/// # Errors
/// [`StorageError`].
pub fn forget(tx: &mut Tx, before: LocalTime) -> Result<usize, StorageError> {
    Ok(diesel::delete(keys::table.filter(keys::created_at.lt(before))).execute(&mut *tx.connection)?)
}
