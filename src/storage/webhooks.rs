//! Webhook subscriptions.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::schema::{agency_lineage, webhooks};
use super::vault::Vault;
use super::{from_json, parsed, to_json};
use crate::domain::delivery::Secret;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::domain::webhook::EventFilter;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Opaque identifier.
    pub id: String,
    /// Where events go.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events.
    pub events: EventFilter,
    /// Of dossiers of this agency and those below it; `None`: of all.
    pub agency: Option<AgencyCode>,
    /// Whether events are sent.
    pub active: bool,
    /// Why the service itself switched it off.
    pub switched_off: Option<String>,
    /// Signs.
    pub secret: Secret,
    /// Signed before, and signs, too, until then.
    pub old_secret: Option<(Secret, LocalTime)>,
    /// When it was made.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    url: String,
    description: Option<String>,
    events: String,
    agency: Option<String>,
    active: bool,
    switched_off: Option<String>,
    secret: String,
    old_secret: Option<String>,
    old_secret_until: Option<LocalTime>,
    created_at: LocalTime,
    version: i64,
    sealed: Option<String>,
}

/// The secrets of a webhook, as they are sealed.
#[derive(Serialize, Deserialize)]
struct Secrets {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_secret: Option<String>,
}

/// Where the secrets of a webhook are sealed.
fn place(id: &str) -> String {
    format!("webhooks.sealed of {id}")
}

impl Row {
    fn of(webhook: &Webhook, vault: &Vault) -> Result<Self, StorageError> {
        let old = webhook.old_secret.as_ref();
        let secrets = Secrets { secret: webhook.secret.0.clone(), old_secret: old.map(|(secret, _)| secret.0.clone()) };
        let place = place(&webhook.id);
        let sealed = vault.seal(&place, &to_json("secrets", &secrets)?);
        Ok(Self {
            id: webhook.id.clone(),
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: webhook.events.to_string(),
            agency: webhook.agency.as_ref().map(AgencyCode::to_string),
            active: webhook.active,
            switched_off: webhook.switched_off.clone(),
            secret: String::new(),
            old_secret: None,
            old_secret_until: old.map(|(_, until)| *until),
            created_at: webhook.created_at,
            version: webhook.version,
            sealed: Some(sealed.map_err(|cause| StorageError::closed(&place, cause))?),
        })
    }

    fn read(self, vault: &Vault) -> Result<Webhook, StorageError> {
        let secrets = match &self.sealed {
            Some(sealed) => {
                let place = place(&self.id);
                let text = vault.open(&place, sealed).map_err(|cause| StorageError::closed(&place, cause))?;
                from_json("secrets", &text)?
            }
            // An older version wrote them.
            None => Secrets { secret: self.secret, old_secret: self.old_secret },
        };
        Ok(Webhook {
            id: self.id,
            url: self.url,
            description: self.description,
            events: parsed("event filter", &self.events)?,
            agency: self.agency.map(|code| parsed("agency code", &code)).transpose()?,
            active: self.active,
            switched_off: self.switched_off,
            secret: Secret(secrets.secret),
            old_secret: secrets.old_secret.map(Secret).zip(self.old_secret_until),
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// Adds a subscription.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &Webhook) -> Result<(), StorageError> {
    diesel::insert_into(webhooks::table).values(Row::of(new, &tx.vault)?).execute(&mut *tx.connection)?;
    tx.made = Some(new.id.clone());
    Ok(())
}

/// Stores a changed subscription; `webhook.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, webhook: &mut Webhook) -> Result<(), StorageError> {
    let read_version = webhook.version;
    webhook.version += 1;
    let changed = diesel::update(webhooks::table)
        .filter(webhooks::id.eq(&webhook.id).and(webhooks::version.eq(read_version)))
        .set(Row::of(webhook, &tx.vault)?)
        .execute(&mut *tx.connection)?;
    tx.to_send = true;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Removes a subscription.
///
/// # Errors
/// [`StorageError`].
pub fn remove(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    diesel::delete(webhooks::table.filter(webhooks::id.eq(id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// One subscription.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Webhook>, StorageError> {
    let row = webhooks::table
        .filter(webhooks::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|row| row.read(&reader.vault)).transpose()
}

/// Subscriptions in order of their identifiers after `after`: all, or those of the subtree of `root`.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    root: Option<&AgencyCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Webhook>, StorageError> {
    let mut query = webhooks::table.select(Row::as_select()).order(webhooks::id.asc()).limit(limit).into_boxed();
    if let Some(root) = root {
        query =
            query.filter(webhooks::agency.eq_any(held(root.as_str()).select(agency_lineage::predecessor.nullable())));
    }
    if let Some(after) = after {
        query = query.filter(webhooks::id.gt(after));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}

/// The subscriptions that events are sent to.
///
/// # Errors
/// [`StorageError`].
pub fn active(reader: &mut Reader) -> Result<Vec<Webhook>, StorageError> {
    let rows = webhooks::table
        .filter(webhooks::active)
        .order(webhooks::id.asc())
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}
