//! How long procedures took, by quarter: derived from the dossiers, for the public.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::parsed;
use super::schema::{dossiers, processing_quarters, processing_times};
use super::sql::{ROWS_AT_ONCE, Sql, Value};
use crate::domain::processing_time::{Ended, Times};
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// A dossier whose result came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Its procedure.
    pub procedure: String,
    /// When it was received.
    pub received_at: LocalTime,
    /// When its result came.
    pub ended_at: LocalTime,
    /// How it ended.
    pub class: EndClass,
}

/// The dossiers of an agency whose result came from `from` on and before `until`; what was withdrawn or stopped has none.
///
/// # Errors
/// [`StorageError`].
pub fn results(
    reader: &mut Reader,
    agency: &AgencyCode,
    (from, until): (LocalTime, LocalTime),
) -> Result<Vec<Resolved>, StorageError> {
    type Columns = (String, Option<NaiveDateTime>, Option<NaiveDateTime>, Option<String>);
    let resolved_here = dossiers::agency.eq(agency.as_str()).and(dossiers::outcome.is_not_null());
    let rows: Vec<Columns> = dossiers::table
        .filter(resolved_here.and(diesel::dsl::not(dossiers::void)))
        .filter(dossiers::ended_at.ge(from).and(dossiers::ended_at.lt(until)))
        .select((dossiers::procedure_code, dossiers::received_at, dossiers::ended_at, dossiers::ended_class))
        .load(&mut *reader.connection)?;
    let read = |(procedure, received_at, ended_at, class): Columns| {
        let (received_at, ended_at, class) = (received_at?, ended_at?, class?);
        Some(parsed("class", &class).map(|class| Resolved { procedure, received_at, ended_at, class }))
    };
    rows.into_iter().filter_map(read).collect()
}

/// When each quarter was derived.
///
/// # Errors
/// [`StorageError`].
pub fn derived(reader: &mut Reader) -> Result<HashMap<String, LocalTime>, StorageError> {
    let rows: Vec<(String, NaiveDateTime)> = processing_quarters::table.load(&mut *reader.connection)?;
    Ok(rows.into_iter().collect())
}

/// Puts a quarter's counts, by procedure, in place of those derived at `before`; answers false, and leaves everything as it
/// is, when another process put newer ones there meanwhile.
///
/// # Errors
/// [`StorageError`].
pub fn replace(
    tx: &mut Tx,
    quarter: &str,
    times: &BTreeMap<String, Times>,
    (before, now): (Option<LocalTime>, LocalTime),
) -> Result<bool, StorageError> {
    dialect::lock_quarters(tx)?;
    if derived(tx)?.get(quarter).copied() != before {
        return Ok(false);
    }
    diesel::delete(processing_times::table.filter(processing_times::quarter.eq(quarter)))
        .execute(&mut *tx.connection)?;
    diesel::delete(processing_quarters::table.filter(processing_quarters::quarter.eq(quarter)))
        .execute(&mut *tx.connection)?;
    let number = |number: u64| Value::Number(i64::try_from(number).unwrap_or(i64::MAX));
    let cells = times.iter().flat_map(|(procedure, times)| times.cells().map(move |cell| (procedure, cell)));
    let rows: Vec<Vec<Value>> = cells
        .map(|(procedure, (days, ended))| {
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            let key = [Value::Text(quarter.to_owned()), Value::Text(procedure.clone()), Value::Figure(days)];
            key.into_iter().chain([number(ended.total), number(ended.on_time)]).collect()
        })
        .collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        const HEAD: &str = "INSERT INTO processing_times (quarter, procedure_code, days, ended, on_time)";
        Sql::insert(HEAD, rows, "").execute(&mut *tx.connection)?;
    }
    diesel::insert_into(processing_quarters::table)
        .values((processing_quarters::quarter.eq(quarter), processing_quarters::derived_at.eq(now)))
        .execute(&mut *tx.connection)?;
    Ok(true)
}

/// All counts, by quarter and procedure.
///
/// # Errors
/// [`StorageError`].
pub fn all(reader: &mut Reader) -> Result<BTreeMap<(String, String), Times>, StorageError> {
    let rows: Vec<(String, String, i32, i64, i64)> = processing_times::table.load(&mut *reader.connection)?;
    let mut found: BTreeMap<(String, String), Times> = BTreeMap::new();
    for (quarter, procedure, days, total, on_time) in rows {
        let ended = Ended { total: total.unsigned_abs(), on_time: on_time.unsigned_abs() };
        found.entry((quarter, procedure)).or_default().count(days.unsigned_abs(), ended);
    }
    Ok(found)
}
