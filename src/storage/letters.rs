//! Letters of apology.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::parsed;
use super::schema::{dossiers, letters};
use crate::domain::apology::{Letter, Promulgation, Signer};
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{AgencyCode, LetterKind, LetterStatus, LocalTime};

/// A letter with the dossier it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRecord {
    /// The letter.
    pub letter: Letter,
    /// Its dossier.
    pub dossier: DossierCode,
    /// When it was opened.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

/// Which letters to list.
#[derive(Debug, Clone)]
pub struct LetterFilter {
    /// Of whose dossiers.
    pub visible: Visible,
    /// Of dossiers resolved by this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// In this status.
    pub status: Option<LetterStatus>,
    /// Of this kind.
    pub kind: Option<LetterKind>,
    /// Opened at or after.
    pub from: Option<LocalTime>,
    /// Opened before.
    pub until: Option<LocalTime>,
}

impl LetterFilter {
    /// Everything that is visible.
    pub fn of(visible: Visible) -> Self {
        Self { visible, agency: None, status: None, kind: None, from: None, until: None }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = letters, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(in crate::storage) struct Row {
    id: String,
    dossier: String,
    kind: String,
    status: String,
    reason: Option<String>,
    new_return_at: Option<NaiveDateTime>,
    number: Option<i64>,
    notation: Option<String>,
    promulgated_on: Option<NaiveDate>,
    signer_name: Option<String>,
    signer_position: Option<String>,
    delivered_channel: Option<String>,
    delivered_at: Option<NaiveDateTime>,
    remark: Option<String>,
    notice_late: bool,
    created_at: NaiveDateTime,
    version: i64,
}

impl Row {
    fn of(record: &LetterRecord) -> Self {
        let letter = &record.letter;
        let promulgation = letter.promulgation.as_ref();
        Self {
            id: letter.id.clone(),
            dossier: record.dossier.to_string(),
            kind: letter.kind.to_string(),
            status: letter.status.to_string(),
            reason: letter.reason.clone(),
            new_return_at: letter.new_return_at,
            number: promulgation.map(|promulgation| i64::from(promulgation.number)),
            notation: promulgation.map(|promulgation| promulgation.notation.clone()),
            promulgated_on: promulgation.map(|promulgation| promulgation.on),
            signer_name: promulgation.map(|promulgation| promulgation.signer.name.clone()),
            signer_position: promulgation.map(|promulgation| promulgation.signer.position.clone()),
            delivered_channel: letter.delivered.map(|(channel, _)| channel.to_string()),
            delivered_at: letter.delivered.map(|(_, at)| at),
            remark: letter.remark.clone(),
            notice_late: letter.notice_late,
            created_at: record.created_at,
            version: record.version,
        }
    }

    pub(in crate::storage) fn read(self) -> Result<LetterRecord, StorageError> {
        let promulgation =
            match (self.number, self.notation, self.promulgated_on, self.signer_name, self.signer_position) {
                (Some(number), Some(notation), Some(on), Some(name), Some(position)) => Some(Promulgation {
                    number: u32::try_from(number).map_err(|cause| StorageError::corrupt("letter number", cause))?,
                    notation,
                    on,
                    signer: Signer { name, position },
                }),
                _ => None,
            };
        let delivered = match (self.delivered_channel, self.delivered_at) {
            (Some(channel), Some(at)) => Some((parsed("letter channel", &channel)?, at)),
            _ => None,
        };
        Ok(LetterRecord {
            letter: Letter {
                id: self.id,
                kind: parsed("letter kind", &self.kind)?,
                status: parsed("letter status", &self.status)?,
                reason: self.reason,
                new_return_at: self.new_return_at,
                promulgation,
                delivered,
                remark: self.remark,
                notice_late: self.notice_late,
            },
            dossier: parsed("dossier code", &self.dossier)?,
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// Stores a new letter.
///
/// # Errors
/// [`StorageError::Duplicate`] when its dossier has one about the deadline that is not cancelled.
pub fn insert(tx: &mut Tx, record: &LetterRecord) -> Result<(), StorageError> {
    tx.held = None;
    diesel::insert_into(letters::table).values(Row::of(record)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores new letters at once.
///
/// # Errors
/// As [`insert`].
pub fn insert_all(tx: &mut Tx, records: &[LetterRecord]) -> Result<(), StorageError> {
    tx.held = None;
    dialect::insert_all!(tx, letters, records.iter().map(Row::of).collect::<Vec<Row>>());
    Ok(())
}

/// Stores a changed letter; `record.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, record: &mut LetterRecord) -> Result<(), StorageError> {
    tx.held = None;
    let read_version = record.version;
    record.version += 1;
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(&record.letter.id).and(letters::version.eq(read_version)))
        .set(Row::of(record))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One letter.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<LetterRecord>, StorageError> {
    let row =
        letters::table.filter(letters::id.eq(id)).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(Row::read).transpose()
}

/// These letters, in no order.
///
/// # Errors
/// [`StorageError`].
pub fn find_all(reader: &mut Reader, ids: &[String]) -> Result<Vec<LetterRecord>, StorageError> {
    let rows = letters::table.filter(letters::id.eq_any(ids)).select(Row::as_select()).load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// The letter about a dossier's deadline that is not cancelled.
///
/// # Errors
/// [`StorageError`].
pub fn about_deadline(reader: &mut Reader, dossier: &DossierCode) -> Result<Option<LetterRecord>, StorageError> {
    if let Some(held) = reader.held(dossier) {
        return Ok(held.beside().letter.clone());
    }
    let row = letters::table
        .filter(letters::dossier.eq(dossier.to_string()))
        .filter(letters::kind.eq_any(["late", "at_risk"]).and(letters::status.ne("cancelled")))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// All letters of a dossier, in the order they were opened.
///
/// # Errors
/// [`StorageError`].
pub fn of_dossier(reader: &mut Reader, dossier: &DossierCode) -> Result<Vec<LetterRecord>, StorageError> {
    let rows: Vec<Row> = letters::table
        .filter(letters::dossier.eq(dossier.to_string()))
        .order((letters::created_at.asc(), letters::id.asc()))
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// The letters about the deadlines of these dossiers that are not cancelled.
///
/// # Errors
/// [`StorageError`].
pub fn about_deadlines(reader: &mut Reader, dossiers: &[String]) -> Result<Vec<LetterRecord>, StorageError> {
    let rows = letters::table
        .filter(letters::dossier.eq_any(dossiers))
        .filter(letters::kind.eq_any(["late", "at_risk"]).and(letters::status.ne("cancelled")))
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Letters in the order they were opened, after `after` (its time and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &LetterFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<LetterRecord>, StorageError> {
    let mut query = letters::table
        .inner_join(dossiers::table.on(dossiers::code.eq(letters::dossier)))
        .select(Row::as_select())
        .order((letters::created_at.asc(), letters::id.asc()))
        .limit(limit)
        .into_boxed();
    query = seen!(query, &filter.visible);
    if let Some(agency) = &filter.agency {
        query = query.filter(dossiers::agency.eq_any(below(agency.as_str())));
    }
    if let Some(status) = filter.status {
        query = query.filter(letters::status.eq(status.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(letters::kind.eq(kind.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(letters::created_at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(letters::created_at.lt(until));
    }
    if let Some((at, id)) = after {
        query = query.filter(letters::created_at.gt(at).or(letters::created_at.eq(at).and(letters::id.gt(id))));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

/// Whether a dossier ever had a letter about its deadline, dropped ones included.
///
/// # Errors
/// [`StorageError`].
pub fn ever_about_deadline(reader: &mut Reader, dossier: &DossierCode) -> Result<bool, StorageError> {
    let found = letters::table
        .filter(letters::dossier.eq(dossier.to_string()).and(letters::kind.eq_any(["late", "at_risk"])))
        .select(letters::id)
        .first::<String>(&mut *reader.connection)
        .optional()?;
    Ok(found.is_some())
}
