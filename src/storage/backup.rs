//! Copies of a SQLite database while it is in use, and what is asked of a copy before it is trusted.

use std::path::Path;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Integer, Text};

use super::db::Reader;
use super::error::StorageError;
use super::sql::{Sql, Value};

#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Copies the database as it stands at this moment into `file`, which is empty or not there; writers go on meanwhile. Answers
/// what is wrong with the copy.
///
/// # Errors
/// [`StorageError`].
pub fn copy_into(reader: &mut Reader, file: &Path) -> Result<Vec<String>, StorageError> {
    let file = [("file", Value::Text(file.display().to_string()))];
    Sql::of("VACUUM INTO :file", &file).execute(&mut *reader.connection)?;
    Sql::of("ATTACH :file AS copied", &file).execute(&mut *reader.connection)?;
    let faults = check(reader, "PRAGMA copied.integrity_check");
    reader.connection.batch_execute("DETACH copied")?;
    faults
}

/// What is wrong with the database's file.
///
/// # Errors
/// [`StorageError`].
pub fn faults(reader: &mut Reader) -> Result<Vec<String>, StorageError> {
    check(reader, "PRAGMA integrity_check")
}

fn check(reader: &mut Reader, sql: &str) -> Result<Vec<String>, StorageError> {
    let said: Vec<Said> = Sql::of(sql, &[]).load(&mut *reader.connection)?;
    Ok(said.into_iter().map(|line| line.integrity_check).filter(|line| line != "ok").collect())
}

/// Brings everything into the database's one file; answers whether nobody stood in the way.
///
/// # Errors
/// [`StorageError`].
pub fn settle(reader: &mut Reader) -> Result<bool, StorageError> {
    let done: Checkpoint = Sql::of("PRAGMA wal_checkpoint(TRUNCATE)", &[]).get_result(&mut *reader.connection)?;
    Ok(done.busy == 0)
}
