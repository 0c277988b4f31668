//! People and machines that may sign in, and their sessions.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::parsed;
use super::schema::{agency_tree, clients, sessions, users};
use crate::domain::vocabulary::{AgencyCode, LocalTime, Role, Scope};

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
    /// Counts its changes.
    pub version: i64,
}

/// A machine client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Opaque identifier.
    pub id: String,
    /// Name shown in the timeline.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Agency it acts for.
    pub agency: Option<AgencyCode>,
    /// Counts its changes.
    pub version: i64,
}

type UserRow = (String, String, String, Option<String>, i64);
type ClientRow = (String, String, String, Option<String>, i64);

const USER: (users::id, users::username, users::role, users::agency, users::version) =
    (users::id, users::username, users::role, users::agency, users::version);
const CLIENT: (clients::id, clients::name, clients::scopes, clients::agency, clients::version) =
    (clients::id, clients::name, clients::scopes, clients::agency, clients::version);

fn user((id, username, role, agency, version): UserRow) -> Result<User, StorageError> {
    let agency = agency.map(|agency| parsed("agency code", &agency)).transpose()?;
    Ok(User { id, username, role: parsed("role", &role)?, agency, version })
}

fn client((id, name, scopes, agency, version): ClientRow) -> Result<Client, StorageError> {
    let agency = agency.map(|agency| parsed("agency code", &agency)).transpose()?;
    let scopes = scopes.split_whitespace().map(|scope| parsed("scope", scope)).collect::<Result<_, _>>()?;
    Ok(Client { id, name, scopes, agency, version })
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
            users::created_at.eq(now),
            users::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    tx.concerns = new.agency.as_ref().map(|agency| (agency.to_string(), None));
    Ok(())
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
        let subtree = agency_tree::table
            .filter(agency_tree::ancestor.eq(root.as_str()))
            .select(agency_tree::descendant.nullable());
        query = query.filter(users::agency.eq_any(subtree));
    }
    if let Some(after) = after {
        query = query.filter(users::username.gt(after));
    }
    query.load::<UserRow>(&mut *reader.connection)?.into_iter().map(user).collect()
}

/// Opens a session.
///
/// # Errors
/// [`StorageError`].
pub fn insert_session(
    tx: &mut Tx,
    id: &str,
    user_id: &str,
    refresh_hash: &str,
    (now, expires_at): (LocalTime, LocalTime),
) -> Result<(), StorageError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user_id),
            sessions::refresh_hash.eq(refresh_hash),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The user of a session that has not ended.
///
/// # Errors
/// [`StorageError`].
pub fn user_of_session(reader: &mut Reader, id: &str, now: LocalTime) -> Result<Option<User>, StorageError> {
    let row = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id).and(sessions::expires_at.gt(now)))
        .select(USER)
        .first::<UserRow>(&mut *reader.connection)
        .optional()?;
    row.map(user).transpose()
}

/// Gives a session a new refresh token in place of `old_hash`; answers the session and its user, or `None` when there is
/// no such session.
///
/// # Errors
/// [`StorageError`].
pub fn rotate(
    tx: &mut Tx,
    old_hash: &str,
    new_hash: &str,
    (now, expires_at): (LocalTime, LocalTime),
) -> Result<Option<(String, User)>, StorageError> {
    let found: Option<(String, UserRow)> = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::refresh_hash.eq(old_hash).and(sessions::expires_at.gt(now)))
        .select((sessions::id, USER))
        .first(&mut *tx.connection)
        .optional()?;
    let Some((id, row)) = found else { return Ok(None) };
    let changed = diesel::update(sessions::table)
        .filter(sessions::id.eq(&id).and(sessions::refresh_hash.eq(old_hash)))
        .set((sessions::refresh_hash.eq(new_hash), sessions::expires_at.eq(expires_at)))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(Some((id, user(row)?))) } else { Ok(None) }
}

/// Ends a session.
///
/// # Errors
/// [`StorageError`].
pub fn end_session(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    diesel::delete(sessions::table.filter(sessions::id.eq(id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// Adds a client.
///
/// # Errors
/// [`StorageError`].
pub fn insert_client(tx: &mut Tx, new: &Client, secret_hash: &str, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(&new.id),
            clients::name.eq(&new.name),
            clients::secret_hash.eq(secret_hash),
            clients::scopes.eq(new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")),
            clients::agency.eq(new.agency.as_ref().map(AgencyCode::as_str)),
            clients::created_at.eq(now),
            clients::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    tx.made = Some(new.id.clone());
    tx.concerns = new.agency.as_ref().map(|agency| (agency.to_string(), None));
    Ok(())
}

/// A client.
///
/// # Errors
/// [`StorageError`].
pub fn find_client(reader: &mut Reader, id: &str) -> Result<Option<Client>, StorageError> {
    let row = clients::table
        .filter(clients::id.eq(id))
        .select(CLIENT)
        .first::<ClientRow>(&mut *reader.connection)
        .optional()?;
    row.map(client).transpose()
}

/// A client and the hash of its secret.
///
/// # Errors
/// [`StorageError`].
pub fn client_with_secret(reader: &mut Reader, id: &str) -> Result<Option<(Client, String)>, StorageError> {
    let row: Option<(ClientRow, String)> = clients::table
        .filter(clients::id.eq(id))
        .select((CLIENT, clients::secret_hash))
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|(row, hash)| Ok((client(row)?, hash))).transpose()
}

/// Clients in order of their identifiers after `after`: all, or those of the subtree of `root`.
///
/// # Errors
/// [`StorageError`].
pub fn page_of_clients(
    reader: &mut Reader,
    root: Option<&AgencyCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Client>, StorageError> {
    let mut query = clients::table.select(CLIENT).order(clients::id.asc()).limit(limit).into_boxed();
    if let Some(root) = root {
        let subtree = agency_tree::table
            .filter(agency_tree::ancestor.eq(root.as_str()))
            .select(agency_tree::descendant.nullable());
        query = query.filter(clients::agency.eq_any(subtree));
    }
    if let Some(after) = after {
        query = query.filter(clients::id.gt(after));
    }
    query.load::<ClientRow>(&mut *reader.connection)?.into_iter().map(client).collect()
}
