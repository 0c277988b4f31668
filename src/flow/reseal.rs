//! Brings everything sealed under the newest data key, in batches and while others work; run again it goes on where it was.

use super::fault::Fault;
use crate::storage::{Db, StorageError, Tx, data_keys, resealing};

/// How many rows one transaction seals.
const BATCH: usize = 200;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Dossiers sealed anew.
    pub dossiers: usize,
    /// Webhooks sealed anew.
    pub webhooks: usize,
    /// What could not be opened, and why; it stays as it is.
    pub closed: Vec<String>,
}

/// Seals everything anew that is not sealed under the newest key. When nothing is left the older keys are no longer asked
/// for at the start: they may be taken off the ring as soon as every process knows the newest.
///
/// # Errors
/// [`Fault::Storage`].
pub fn reseal(db: &Db) -> Result<Resealed, Fault> {
    let mut done = Resealed::default();
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let mut after = String::new();
    loop {
        let codes = db.read(|reader| resealing::stale_dossiers(reader, &after, limit))?;
        let Some(last) = codes.last() else { break };
        after.clone_from(last);
        done.dossiers += each(db, &codes, &mut done.closed, resealing::reseal_dossier)?;
    }
    let webhooks = db.read(resealing::stale_webhooks)?;
    done.webhooks = each(db, &webhooks, &mut done.closed, resealing::reseal_webhook)?;
    db.write(|tx| {
        let is_any_left =
            !resealing::stale_dossiers(tx, "", 1)?.is_empty() || !resealing::stale_webhooks(tx)?.is_empty();
        if is_any_left { Ok(()) } else { data_keys::forget_older(tx) }
    })?;
    Ok(done)
}

/// Seals rows in one transaction; what stays closed is passed over and told. Answers how many were sealed.
fn each(
    db: &Db,
    rows: &[String],
    closed: &mut Vec<String>,
    seal: fn(&mut Tx, &str) -> Result<(), StorageError>,
) -> Result<usize, StorageError> {
    let failed = db.write(|tx| {
        let mut failed = Vec::new();
        for row in rows {
            match seal(tx, row) {
                Err(fault @ StorageError::Closed { .. }) => failed.push(fault.to_string()),
                other => other?,
            }
        }
        Ok::<_, StorageError>(failed)
    })?;
    let count = rows.len() - failed.len();
    closed.extend(failed);
    Ok(count)
}
