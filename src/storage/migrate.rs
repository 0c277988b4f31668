//! The migrations, embedded in the binary and run once each.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{AnyConnection, MultiBackend};
use super::db::{Db, Reader};
use super::dialect;
use super::error::StorageError;
use super::procedures;

const PORTABLE: EmbeddedMigrations = embed_migrations!("migrations/portable");
/// What cannot be said to both databases in the same words, under the same names.
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The migrations of a database: the portable ones and its own; they run in the order of their names.
struct All(EmbeddedMigrations);

impl All {
    fn of(connection: &AnyConnection) -> Self {
        Self(if matches!(connection, AnyConnection::Sqlite(_)) { SQLITE } else { POSTGRES })
    }
}

impl MigrationSource<MultiBackend> for All {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<MultiBackend>>>> {
        let mut all: Vec<Box<dyn Migration<MultiBackend>>> = PORTABLE.migrations()?;
        all.extend(MigrationSource::<MultiBackend>::migrations(&self.0)?);
        Ok(all)
    }
}

/// Brings the database up to date, all or nothing; several processes may call it at once. Answers how many ran.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn up(db: &Db) -> Result<usize, StorageError> {
    db.write(|tx| {
        dialect::lock_migrations(tx)?;
        let all = All::of(&tx.connection);
        let ran = tx.connection.run_pending_migrations(all);
        let ran = ran.map(|ran| ran.len()).map_err(|cause| StorageError::Migration(cause.to_string()))?;
        procedures::fill_search_text(tx)?;
        Ok(ran)
    })
}

/// Takes every migration back; for the tests of the migrations themselves.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn down(db: &Db) -> Result<(), StorageError> {
    db.write(|tx| {
        let all = All::of(&tx.connection);
        let reverted = tx.connection.revert_all_migrations(all);
        reverted.map(drop).map_err(|cause| StorageError::Migration(cause.to_string()))
    })
}

/// Whether all migrations that ran are known here; one that is not is a later version's.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn is_known(reader: &mut Reader) -> Result<bool, StorageError> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| StorageError::Migration(cause.to_string());
    let known = All::of(&reader.connection).migrations().map_err(failed)?;
    let ran = reader.connection.applied_migrations().map_err(failed)?;
    Ok(ran.iter().all(|version| known.iter().any(|migration| migration.name().version() == *version)))
}

/// Whether every migration has run.
///
/// # Errors
/// [`StorageError::Migration`].
pub fn is_up_to_date(reader: &mut Reader) -> Result<bool, StorageError> {
    let all = All::of(&reader.connection);
    let pending = reader.connection.has_pending_migration(all);
    pending.map(|pending| !pending).map_err(|cause| StorageError::Migration(cause.to_string()))
}
