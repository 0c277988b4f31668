//! Machines that may sign in.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::parsed;
use super::schema::{agency_lineage, clients};
use crate::domain::vocabulary::{AgencyCode, LocalTime, Scope};

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
    /// Whether its secret and its tokens are of no use for now.
    pub disabled: bool,
    /// Until when the secret before the present one is good, too.
    pub old_secret_until: Option<LocalTime>,
    /// Counts its changes.
    pub version: i64,
}

/// The hashes of a client's secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHashes {
    /// Of the present one.
    pub present: String,
    /// Of the one before.
    pub old: Option<String>,
}

type Row = (String, String, String, Option<String>, bool, Option<LocalTime>, i64);
type Columns = (
    clients::id,
    clients::name,
    clients::scopes,
    clients::agency,
    clients::disabled,
    clients::old_secret_until,
    clients::version,
);

const CLIENT: Columns = (
    clients::id,
    clients::name,
    clients::scopes,
    clients::agency,
    clients::disabled,
    clients::old_secret_until,
    clients::version,
);

fn client((id, name, scopes, agency, disabled, old_secret_until, version): Row) -> Result<Client, StorageError> {
    let agency = agency.map(|agency| parsed("agency code", &agency)).transpose()?;
    let scopes = scopes.split_whitespace().map(|scope| parsed("scope", scope)).collect::<Result<_, _>>()?;
    Ok(Client { id, name, scopes, agency, disabled, old_secret_until, version })
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// Adds a client.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &Client, secret_hash: &str, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(&new.id),
            clients::name.eq(&new.name),
            clients::secret_hash.eq(secret_hash),
            clients::scopes.eq(words(&new.scopes)),
            clients::agency.eq(new.agency.as_ref().map(AgencyCode::as_str)),
            clients::disabled.eq(new.disabled),
            clients::created_at.eq(now),
            clients::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    tx.made = Some(new.id.clone());
    tx.concerns = new.agency.as_ref().map(|agency| (agency.to_string(), None));
    Ok(())
}

/// Stores a changed client; `client.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, client: &mut Client) -> Result<(), StorageError> {
    tx.changes_rights = true;
    let changed = diesel::update(clients::table)
        .filter(clients::id.eq(&client.id).and(clients::version.eq(client.version)))
        .set((
            clients::name.eq(&client.name),
            clients::scopes.eq(words(&client.scopes)),
            clients::agency.eq(client.agency.as_ref().map(AgencyCode::as_str)),
            clients::disabled.eq(client.disabled),
            clients::version.eq(client.version + 1),
        ))
        .execute(&mut *tx.connection)?;
    client.version += 1;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Gives a client a new secret; the present one goes on until `until`, and the one before it ends.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn rotate(tx: &mut Tx, client: &mut Client, secret_hash: &str, until: LocalTime) -> Result<(), StorageError> {
    tx.changes_rights = true;
    let changed = diesel::update(clients::table)
        .filter(clients::id.eq(&client.id).and(clients::version.eq(client.version)))
        .set((
            clients::old_secret_hash.eq(clients::secret_hash.nullable()),
            clients::old_secret_until.eq(until),
            clients::secret_hash.eq(secret_hash),
            clients::version.eq(client.version + 1),
        ))
        .execute(&mut *tx.connection)?;
    client.version += 1;
    client.old_secret_until = Some(until);
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Removes a client.
///
/// # Errors
/// [`StorageError`].
pub fn remove(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    tx.changes_rights = true;
    diesel::delete(clients::table.filter(clients::id.eq(id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// A client.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Client>, StorageError> {
    let row =
        clients::table.filter(clients::id.eq(id)).select(CLIENT).first::<Row>(&mut *reader.connection).optional()?;
    row.map(client).transpose()
}

/// A client and the hashes of its secrets.
///
/// # Errors
/// [`StorageError`].
pub fn with_secrets(reader: &mut Reader, id: &str) -> Result<Option<(Client, SecretHashes)>, StorageError> {
    let row: Option<(Row, String, Option<String>)> = clients::table
        .filter(clients::id.eq(id))
        .select((CLIENT, clients::secret_hash, clients::old_secret_hash))
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|(row, present, old)| Ok((client(row)?, SecretHashes { present, old }))).transpose()
}

/// Clients in order of their identifiers after `after`: all, or those of the subtree of `root`.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    root: Option<&AgencyCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Client>, StorageError> {
    let mut query = clients::table.select(CLIENT).order(clients::id.asc()).limit(limit).into_boxed();
    if let Some(root) = root {
        query =
            query.filter(clients::agency.eq_any(held(root.as_str()).select(agency_lineage::predecessor.nullable())));
    }
    if let Some(after) = after {
        query = query.filter(clients::id.gt(after));
    }
    query.load::<Row>(&mut *reader.connection)?.into_iter().map(client).collect()
}
