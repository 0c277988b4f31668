//! Sessions of people, and the refresh tokens that are used up.

use diesel::prelude::*;

use super::accounts::{USER, User, UserRow, user};
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::{reference_state, sessions, spent_tokens, users};
use crate::domain::vocabulary::LocalTime;

/// A session: the family of refresh tokens that came one out of the other. Tokens are known by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Opaque identifier.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The token given last.
    pub newest: String,
    /// The token used last, and until when it may come again because its answer was lost.
    pub retry: Option<(String, LocalTime)>,
    /// When it ends unless it is renewed.
    pub expires_at: LocalTime,
}

/// Opens a session.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &Session, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(&new.id),
            sessions::user_id.eq(&new.user_id),
            sessions::refresh_hash.eq(&new.newest),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(new.expires_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The user of a session that has not ended. The stamp of what is remembered comes with it.
///
/// # Errors
/// [`StorageError`].
pub fn user_of(reader: &mut Reader, id: &str, now: LocalTime) -> Result<Option<User>, StorageError> {
    let row: Option<(UserRow, Option<i64>)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id).and(sessions::expires_at.gt(now)).and(users::disabled.eq(false)))
        .select((USER, reference_state::table.select(reference_state::stamp).single_value()))
        .first(&mut *reader.connection)
        .optional()?;
    let Some((row, stamp)) = row else { return Ok(None) };
    if let Some(stamp) = stamp {
        reader.note_stamp(stamp);
    }
    user(row).map(Some)
}

/// The session that a refresh token was given for, used up or not.
///
/// # Errors
/// [`StorageError`].
pub fn of_token(reader: &mut Reader, hash: &str) -> Result<Option<String>, StorageError> {
    // In this order: a token that is used up in between is found by the second look.
    let newest = sessions::table.filter(sessions::refresh_hash.eq(hash)).select(sessions::id);
    if let Some(id) = newest.first(&mut *reader.connection).optional()? {
        return Ok(Some(id));
    }
    let spent = spent_tokens::table.filter(spent_tokens::refresh_hash.eq(hash)).select(spent_tokens::session);
    Ok(spent.first(&mut *reader.connection).optional()?)
}

/// A session, held as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`].
pub fn hold(tx: &mut Tx, id: &str) -> Result<Option<Session>, StorageError> {
    diesel::update(sessions::table.filter(sessions::id.eq(id)))
        .set(sessions::expires_at.eq(sessions::expires_at))
        .execute(&mut *tx.connection)?;
    type Row = (String, String, String, Option<String>, Option<LocalTime>, LocalTime);
    let row: Option<Row> = sessions::table
        .filter(sessions::id.eq(id))
        .select((
            sessions::id,
            sessions::user_id,
            sessions::refresh_hash,
            sessions::retry_hash,
            sessions::retry_until,
            sessions::expires_at,
        ))
        .first(&mut *tx.connection)
        .optional()?;
    Ok(row.map(|(id, user_id, newest, retry, until, expires_at)| Session {
        id,
        user_id,
        newest,
        retry: retry.zip(until),
        expires_at,
    }))
}

/// Stores a session that was held and got a new token; `spent` is the one that is used up by that.
///
/// # Errors
/// [`StorageError`].
pub fn rotate(tx: &mut Tx, session: &Session, spent: &str, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(spent_tokens::table)
        .values((
            spent_tokens::refresh_hash.eq(spent),
            spent_tokens::session.eq(&session.id),
            spent_tokens::spent_at.eq(now),
        ))
        .execute(&mut *tx.connection)?;
    diesel::update(sessions::table.filter(sessions::id.eq(&session.id)))
        .set((
            sessions::refresh_hash.eq(&session.newest),
            sessions::retry_hash.eq(session.retry.as_ref().map(|(hash, _)| hash)),
            sessions::retry_until.eq(session.retry.as_ref().map(|(_, until)| *until)),
            sessions::expires_at.eq(session.expires_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Ends a session; its used-up tokens go with it.
///
/// # Errors
/// [`StorageError`].
pub fn end(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    tx.changes_rights = true;
    diesel::delete(sessions::table.filter(sessions::id.eq(id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// Ends all sessions of a user.
///
/// # Errors
/// [`StorageError`].
pub fn end_all_of(tx: &mut Tx, user_id: &str) -> Result<(), StorageError> {
    tx.changes_rights = true;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// Removes sessions that ran out, and tokens used up before `spent_before`, which would have run out themselves.
///
/// # Errors
/// [`StorageError`].
pub fn forget(tx: &mut Tx, now: LocalTime, spent_before: LocalTime) -> Result<(), StorageError> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(&mut *tx.connection)?;
    diesel::delete(spent_tokens::table.filter(spent_tokens::spent_at.lt(spent_before))).execute(&mut *tx.connection)?;
    Ok(())
}
