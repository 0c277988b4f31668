//! People who may sign in.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::parsed;
use super::schema::{agency_lineage, users};
use crate::domain::vocabulary::{AgencyCode, LocalTime, Role};

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Opaque identifier.
    pub id: String,
    /// Name to sign in with.
    pub username: String,
    /// Role.
    pub role: Role,
    /// Agency the role is held at.
    pub agency: Option<AgencyCode>,
    /// Whether signing in is over for now.
    pub disabled: bool,
    /// Counts its changes.
    pub version: i64,
}

pub(in crate::storage) type UserRow = (String, String, String, Option<String>, bool, i64);
type UserColumns = (users::id, users::username, users::role, users::agency, users::disabled, users::version);

pub(in crate::storage) const USER: UserColumns =
    (users::id, users::username, users::role, users::agency, users::disabled, users::version);

pub(in crate::storage) fn user(row: UserRow) -> Result<User, StorageError> {
    let (id, username, role, agency, disabled, version) = row;
    let agency = agency.map(|agency| parsed("agency code", &agency)).transpose()?;
    Ok(User { id, username, role: parsed("role", &role)?, agency, disabled, version })
}

/// Adds a user.
///
/// # Errors
/// [`StorageError::Duplicate`] when the name is taken.
pub fn insert_user(tx: &mut Tx, new: &User, password_hash: &str, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(&new.id),
            users::username.eq(&new.username),
            users::password_hash.eq(password_hash),
            users::role.eq(new.role.as_str()),
            users::agency.eq(new.agency.as_ref().map(AgencyCode::as_str)),
            users::disabled.eq(new.disabled),
            users::created_at.eq(now),
            users::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    tx.concerns = new.agency.as_ref().map(|agency| (agency.to_string(), None));
    Ok(())
}

/// Stores a changed user; `user.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save_user(tx: &mut Tx, user: &mut User) -> Result<(), StorageError> {
    tx.changes_rights = true;
    let changed = diesel::update(users::table)
        .filter(users::id.eq(&user.id).and(users::version.eq(user.version)))
        .set((
            users::role.eq(user.role.as_str()),
            users::agency.eq(user.agency.as_ref().map(AgencyCode::as_str)),
            users::disabled.eq(user.disabled),
            users::version.eq(user.version + 1),
        ))
        .execute(&mut *tx.connection)?;
    user.version += 1;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Stores the hash of a new password, which is a change of the user, too.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn set_password(tx: &mut Tx, user: &mut User, password_hash: &str) -> Result<(), StorageError> {
    tx.changes_rights = true;
    let changed = diesel::update(users::table)
        .filter(users::id.eq(&user.id).and(users::version.eq(user.version)))
        .set((users::password_hash.eq(password_hash), users::version.eq(user.version + 1)))
        .execute(&mut *tx.connection)?;
    user.version += 1;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Holds a user as they are until the transaction ends, when the password is still that of `password_hash` and they may
/// sign in; answers whether it is so.
///
/// # Errors
/// [`StorageError`].
pub fn hold(tx: &mut Tx, id: &str, password_hash: &str) -> Result<bool, StorageError> {
    let same = users::id.eq(id).and(users::password_hash.eq(password_hash)).and(users::disabled.eq(false));
    let held = diesel::update(users::table.filter(same))
        .set(users::version.eq(users::version))
        .execute(&mut *tx.connection)?;
    Ok(held == 1)
}

/// A user and the hash of the password, by the name to sign in with.
///
/// # Errors
/// [`StorageError`].
pub fn by_username(reader: &mut Reader, username: &str) -> Result<Option<(User, String)>, StorageError> {
    let row: Option<(UserRow, String)> = users::table
        .filter(users::username.eq(username))
        .select((USER, users::password_hash))
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|(row, hash)| Ok((user(row)?, hash))).transpose()
}

/// A user.
///
/// # Errors
/// [`StorageError`].
pub fn find_user(reader: &mut Reader, id: &str) -> Result<Option<User>, StorageError> {
    let row =
        users::table.filter(users::id.eq(id)).select(USER).first::<UserRow>(&mut *reader.connection).optional()?;
    row.map(user).transpose()
}

/// Users in order of their names after `after`: all, or those of the subtree of `root`.
///
/// # Errors
/// [`StorageError`].
pub fn page_of_users(
    reader: &mut Reader,
    root: Option<&AgencyCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<User>, StorageError> {
    let mut query = users::table.select(USER).order(users::username.asc()).limit(limit).into_boxed();
    if let Some(root) = root {
        query = query.filter(users::agency.eq_any(held(root.as_str()).select(agency_lineage::predecessor.nullable())));
    }
    if let Some(after) = after {
        query = query.filter(users::username.gt(after));
    }
    query.load::<UserRow>(&mut *reader.connection)?.into_iter().map(user).collect()
}
