//! How far the national portal was told of each dossier.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::below;
use super::parsed;
use super::schema::{dossiers, portal_tellings};
use crate::domain::dossier_code::DossierCode;
use crate::domain::portal::telling::{Telling, TellingStatus, latest};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = portal_tellings, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    dossier: String,
    known: bool,
    changed_seq: i64,
    record_seq: i64,
    progress_seq: i64,
    status: String,
    since: Option<LocalTime>,
    attempts: i32,
    refusals: i32,
    due_at: Option<LocalTime>,
    attempted_at: Option<LocalTime>,
    told_at: Option<LocalTime>,
    reason: Option<String>,
    version: i64,
}

impl Row {
    fn of(telling: &Telling) -> Self {
        Self {
            dossier: telling.dossier.to_string(),
            known: telling.known,
            changed_seq: telling.changed_seq,
            record_seq: telling.record_seq,
            progress_seq: telling.progress_seq,
            status: telling.status.to_string(),
            since: telling.since,
            attempts: telling.attempts,
            refusals: telling.refusals,
            due_at: telling.due_at,
            attempted_at: telling.attempted_at,
            told_at: telling.told_at,
            reason: telling.reason.clone(),
            version: telling.version,
        }
    }

    fn read(self) -> Result<Telling, StorageError> {
        Ok(Telling {
            dossier: parsed("dossier code", &self.dossier)?,
            known: self.known,
            changed_seq: self.changed_seq,
            record_seq: self.record_seq,
            progress_seq: self.progress_seq,
            status: parsed("telling status", &self.status)?,
            since: self.since,
            attempts: self.attempts,
            refusals: self.refusals,
            due_at: self.due_at,
            attempted_at: self.attempted_at,
            told_at: self.told_at,
            reason: self.reason,
            version: self.version,
        })
    }
}

/// How far the portal was told of a dossier.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, dossier: &DossierCode) -> Result<Option<Telling>, StorageError> {
    let row = portal_tellings::table
        .filter(portal_tellings::dossier.eq(dossier.to_string()))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Stores a telling that is new (version 0) or was read; its version is counted up.
///
/// # Errors
/// [`StorageError::Stale`], or [`StorageError::Duplicate`] of a new one, when another write came in between.
pub fn save(tx: &mut Tx, telling: &mut Telling) -> Result<(), StorageError> {
    let read_version = telling.version;
    telling.version += 1;
    let row = Row::of(telling);
    if read_version == 0 {
        diesel::insert_into(portal_tellings::table).values(row).execute(&mut *tx.connection)?;
        return Ok(());
    }
    let changed = diesel::update(portal_tellings::table)
        .filter(portal_tellings::dossier.eq(telling.dossier.to_string()))
        .filter(portal_tellings::version.eq(read_version))
        .set(row)
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Dossiers whose turn it is at `now`, those that waited longest for it first.
///
/// # Errors
/// [`StorageError`].
pub fn due(reader: &mut Reader, now: LocalTime, limit: i64) -> Result<Vec<DossierCode>, StorageError> {
    let codes: Vec<String> = portal_tellings::table
        .filter(portal_tellings::status.eq("waiting").and(portal_tellings::due_at.le(now)))
        .order((portal_tellings::due_at.asc(), portal_tellings::dossier.asc()))
        .limit(limit)
        .select(portal_tellings::dossier)
        .load(&mut *reader.connection)?;
    codes.iter().map(|code| parsed("dossier code", code)).collect()
}

/// What is owed to the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// Dossiers that wait.
    pub waiting: i64,
    /// Dossiers that are parked.
    pub parked: i64,
    /// Those of both that the portal ought to know of by now (Decree 63/2024 art. 7(4)).
    pub late: i64,
}

/// Counts what is owed at `now`.
///
/// # Errors
/// [`StorageError`].
pub fn owed(reader: &mut Reader, now: LocalTime) -> Result<Owed, StorageError> {
    let waiting = portal_tellings::table.filter(portal_tellings::status.eq("waiting")).count();
    let parked = portal_tellings::table.filter(portal_tellings::status.eq("parked")).count();
    Ok(Owed {
        waiting: waiting.get_result(&mut *reader.connection)?,
        parked: parked.get_result(&mut *reader.connection)?,
        late: late(reader, now)?,
    })
}

/// How many dossiers the portal ought to know of by now.
///
/// # Errors
/// [`StorageError`].
pub fn late(reader: &mut Reader, now: LocalTime) -> Result<i64, StorageError> {
    let late = portal_tellings::table.filter(portal_tellings::since.lt(latest(now))).count();
    Ok(late.get_result(&mut *reader.connection)?)
}

/// Has what is parked told again from its record on, of dossiers that `agency` or one below it resolves or received, or of
/// all; answers how many. As [`Telling::replay`], for many.
///
/// # Errors
/// [`StorageError`].
pub fn revive(tx: &mut Tx, agency: Option<&AgencyCode>, now: LocalTime) -> Result<usize, StorageError> {
    let again = (
        portal_tellings::status.eq("waiting"),
        portal_tellings::record_seq.eq(0),
        portal_tellings::attempts.eq(0),
        portal_tellings::refusals.eq(0),
        portal_tellings::due_at.eq(now),
        portal_tellings::version.eq(portal_tellings::version + 1),
    );
    let parked = portal_tellings::table.filter(portal_tellings::status.eq("parked"));
    Ok(match agency {
        None => diesel::update(parked).set(again).execute(&mut *tx.connection)?,
        Some(agency) => {
            let own = dossiers::table
                .filter(
                    dossiers::agency
                        .eq_any(below(agency.as_str()))
                        .or(dossiers::received_by.eq_any(below(agency.as_str()))),
                )
                .select(dossiers::code);
            let parked = parked.filter(portal_tellings::dossier.eq_any(own));
            diesel::update(parked).set(again).execute(&mut *tx.connection)?
        }
    })
}

/// Which tellings a list is to show.
#[derive(Debug, Clone, Default)]
pub struct TellingFilter {
    /// Of dossiers that this agency or one below it resolves or received.
    pub agency: Option<AgencyCode>,
    /// Standing so.
    pub status: Option<TellingStatus>,
    /// Late, or not, at this instant.
    pub late: Option<(bool, LocalTime)>,
}

/// Tellings in order of their dossiers' codes, those after `after`.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &TellingFilter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Telling>, StorageError> {
    let mut query =
        portal_tellings::table.order(portal_tellings::dossier.asc()).limit(limit).select(Row::as_select()).into_boxed();
    if let Some(agency) = &filter.agency {
        let own = dossiers::table
            .filter(
                dossiers::agency
                    .eq_any(below(agency.as_str()))
                    .or(dossiers::received_by.eq_any(below(agency.as_str()))),
            )
            .select(dossiers::code);
        query = query.filter(portal_tellings::dossier.eq_any(own));
    }
    if let Some(status) = filter.status {
        query = query.filter(portal_tellings::status.eq(status.as_str()));
    }
    query = match filter.late {
        Some((true, now)) => query.filter(portal_tellings::since.lt(latest(now))),
        Some((false, now)) => query.filter(portal_tellings::since.ge(latest(now)).or(portal_tellings::since.is_null())),
        None => query,
    };
    if let Some(after) = after {
        query = query.filter(portal_tellings::dossier.gt(after));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}
