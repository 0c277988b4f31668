//! The migrations, embedded in the binary and run once each.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::db::{Db, Reader};
use super::dialect;
use super::error::StorageError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Brings the database up to date, all or nothing; several processes may call it at once. Answers how many ran.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn up(db: &Db) -> Result<usize, StorageError> {
    db.write(|tx| {
        dialect::lock_migrations(tx)?;
        let ran = tx.connection.run_pending_migrations(MIGRATIONS);
        ran.map(|ran| ran.len()).map_err(|cause| StorageError::Migration(cause.to_string()))
    })
}

/// Takes every migration back; for the tests of the migrations themselves.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn down(db: &Db) -> Result<(), StorageError> {
    db.write(|tx| {
        let reverted = tx.connection.revert_all_migrations(MIGRATIONS);
        reverted.map(drop).map_err(|cause| StorageError::Migration(cause.to_string()))
    })
}

/// Whether every migration has run.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn is_up_to_date(reader: &mut Reader) -> Result<bool, StorageError> {
    let pending = reader.connection.has_pending_migration(MIGRATIONS);
    pending.map(|pending| !pending).map_err(|cause| StorageError::Migration(cause.to_string()))
}
