//! Sealing anew: what older versions left open, and what older data keys seal, comes under the newest key.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::dossier_row::Row;
use super::error::StorageError;
use super::schema::{dossiers, webhooks as webhook_rows};
use super::sql::{Condition, Sql, Value};
use super::webhooks;

/// Codes of the dossiers after `after` whose numbers lie open or under an older key, in order.
///
/// # Errors
/// [`StorageError`].
pub fn stale_dossiers(reader: &mut Reader, after: &str, limit: i64) -> Result<Vec<String>, StorageError> {
    // Papers are stored as JSON, in which a quotation mark inside of a text is escaped: these are members and nothing else.
    const STALE: &str = "sealed IS NOT NULL AND SUBSTR(sealed, 1, :length) <> :key OR identity_no IS NOT NULL \
                         OR phone IS NOT NULL OR papers LIKE :identity OR papers LIKE :phone";
    let key = format!("{}.", reader.vault.newest());
    let length = i32::try_from(key.len()).map_err(|cause| StorageError::corrupt("data key", cause))?;
    let values = [
        ("length", Value::Figure(length)),
        ("key", Value::Text(key)),
        ("identity", Value::Text("%\"identity_no\":\"%".to_owned())),
        ("phone", Value::Text("%\"phone\":\"%".to_owned())),
    ];
    Ok(dossiers::table
        .filter(Condition(Sql::of(STALE, &values)))
        .filter(dossiers::code.gt(after))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(dossiers::code)
        .load(&mut *reader.connection)?)
}

/// Seals the numbers of a dossier anew. Nothing else of it changes, its version neither.
///
/// # Errors
/// [`StorageError::Closed`] when they cannot be opened; they stay as they are.
pub fn reseal_dossier(tx: &mut Tx, code: &str) -> Result<(), StorageError> {
    dialect::lock_dossier(tx, code)?;
    let row: Option<Row> = dossiers::table
        .filter(dossiers::code.eq(code))
        .select(Row::as_select())
        .first(&mut *tx.connection)
        .optional()?;
    let Some(row) = row else { return Ok(()) };
    let row = Row::of(&row.read(&tx.vault)?, &tx.vault)?;
    diesel::update(dossiers::table.filter(dossiers::code.eq(code)))
        .set((
            dossiers::sealed.eq(row.sealed),
            dossiers::identity_hash.eq(row.identity_hash),
            dossiers::phone_hash.eq(row.phone_hash),
            dossiers::submitter_identity_hash.eq(row.submitter_identity_hash),
            dossiers::submitter_phone_hash.eq(row.submitter_phone_hash),
            dossiers::identity_no.eq(None::<String>),
            dossiers::phone.eq(None::<String>),
            dossiers::papers.eq(row.papers),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Identifiers of the webhooks whose secrets lie open or under an older key.
///
/// # Errors
/// [`StorageError`].
pub fn stale_webhooks(reader: &mut Reader) -> Result<Vec<String>, StorageError> {
    let key = format!("{}.", reader.vault.newest());
    let rows: Vec<(String, Option<String>)> = webhook_rows::table
        .select((webhook_rows::id, webhook_rows::sealed))
        .order(webhook_rows::id)
        .load(&mut *reader.connection)?;
    let is_stale = |sealed: &Option<String>| sealed.as_ref().is_none_or(|sealed| !sealed.starts_with(&key));
    Ok(rows.into_iter().filter(|(_, sealed)| is_stale(sealed)).map(|(id, _)| id).collect())
}

/// Seals the secrets of a webhook anew.
///
/// # Errors
/// [`StorageError::Closed`] when they cannot be opened; [`StorageError::Stale`] when another write came in between.
pub fn reseal_webhook(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    match webhooks::find(tx, id)? {
        Some(mut webhook) => webhooks::save(tx, &mut webhook),
        None => Ok(()),
    }
}
