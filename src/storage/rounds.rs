//! When a piece of background work was last done whole, by whichever process.

use std::time::Duration;

use super::db::Tx;
use super::error::StorageError;
use super::sql::{Sql, Value};
use crate::domain::vocabulary::LocalTime;
use diesel::RunQueryDsl;

/// Notes that a round of `name` ended whole at `now` and took so long.
///
/// # Errors
/// [`StorageError`].
pub fn note(tx: &mut Tx, name: &str, now: LocalTime, took: Duration) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO rounds (name, ended_at, milliseconds) VALUES (:name, :now, :took) \
         ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, milliseconds = excluded.milliseconds";
    let took = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    let values = [("name", Value::Text(name.to_owned())), ("now", Value::Time(now)), ("took", Value::Number(took))];
    Sql::of(SQL, &values).execute(&mut *tx.connection)?;
    Ok(())
}
