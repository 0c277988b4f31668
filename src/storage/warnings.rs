//! Warnings that were given, and how far dossiers have come up their ladders.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::parsed;
use super::schema::{dossiers, warnings};
use crate::domain::dossier_code::DossierCode;
use crate::domain::ladder::{Climb, Offset, Rung, Told};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// A warning as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningRecord {
    /// Opaque identifier.
    pub id: String,
    /// The dossier.
    pub dossier: DossierCode,
    /// The instant due that it is about.
    pub due_at: LocalTime,
    /// The rung, with those who are told.
    pub rung: Rung,
    /// When the rung was reached.
    pub reached_at: LocalTime,
    /// When the warning was given.
    pub given_at: LocalTime,
    /// When and by whom it was acknowledged.
    pub acknowledged: Option<(LocalTime, String)>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = warnings, treat_none_as_default_value = false)]
struct Row {
    id: String,
    dossier: String,
    due_at: LocalTime,
    side: String,
    amount: i32,
    unit: String,
    to_assignee: bool,
    to_leader: bool,
    reached_at: LocalTime,
    given_at: LocalTime,
    acknowledged_at: Option<LocalTime>,
    acknowledged_by: Option<String>,
}

/// The side and the amount of a rung as columns hold them.
fn columns(offset: Offset) -> (&'static str, i32) {
    let (side, amount) = match offset {
        Offset::Before(amount) => ("before", amount),
        Offset::After(amount) => ("after", amount),
    };
    (side, i32::try_from(amount).unwrap_or(i32::MAX))
}

impl Row {
    fn of(record: &WarningRecord) -> Self {
        let (side, amount) = columns(record.rung.offset);
        Self {
            id: record.id.clone(),
            dossier: record.dossier.to_string(),
            due_at: record.due_at,
            side: side.to_owned(),
            amount,
            unit: record.rung.unit.to_string(),
            to_assignee: record.rung.tell.contains(&Told::Assignee),
            to_leader: record.rung.tell.contains(&Told::Leader),
            reached_at: record.reached_at,
            given_at: record.given_at,
            acknowledged_at: record.acknowledged.as_ref().map(|(at, _)| *at),
            acknowledged_by: record.acknowledged.as_ref().map(|(_, by)| by.clone()),
        }
    }

    fn read(self) -> Result<WarningRecord, StorageError> {
        let amount = self.amount.unsigned_abs();
        let offset = if self.side == "before" { Offset::Before(amount) } else { Offset::After(amount) };
        let told = [(self.to_assignee, Told::Assignee), (self.to_leader, Told::Leader)];
        let tell = told.into_iter().filter(|(is_told, _)| *is_told).map(|(_, who)| who).collect();
        Ok(WarningRecord {
            id: self.id,
            dossier: parsed("dossier code", &self.dossier)?,
            due_at: self.due_at,
            rung: Rung { offset, unit: parsed("unit of a rung", &self.unit)?, tell },
            reached_at: self.reached_at,
            given_at: self.given_at,
            acknowledged: self.acknowledged_at.zip(self.acknowledged_by),
        })
    }
}

/// Codes of dossiers whose next rung is reached by `now`, or has to be reckoned; the longest waiting first.
///
/// # Errors
/// [`StorageError`].
pub fn due(reader: &mut Reader, now: LocalTime, limit: i64) -> Result<Vec<DossierCode>, StorageError> {
    let codes: Vec<String> = dossiers::table
        .filter(dossiers::warn_next_at.le(now))
        .order((dossiers::warn_next_at.asc(), dossiers::code.asc()))
        .limit(limit)
        .select(dossiers::code)
        .load(&mut *reader.connection)?;
    codes.iter().map(|code| parsed("dossier code", code)).collect()
}

/// Notes how far a dossier, locked by this transaction, has come without a warning.
///
/// # Errors
/// [`StorageError`].
pub fn note_climb(tx: &mut Tx, dossier: &DossierCode, climb: &Climb) -> Result<(), StorageError> {
    diesel::update(dossiers::table.filter(dossiers::code.eq(dossier.to_string())))
        .set((
            dossiers::warn_due_at.eq(climb.due_at),
            dossiers::warn_passed_at.eq(climb.passed),
            dossiers::warn_next_at.eq(climb.next_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Whether a rung was warned of for this deadline.
///
/// # Errors
/// [`StorageError`].
pub fn is_given(
    reader: &mut Reader,
    dossier: &DossierCode,
    due_at: LocalTime,
    rung: &Rung,
) -> Result<bool, StorageError> {
    let (side, amount) = columns(rung.offset);
    let found = warnings::table
        .filter(warnings::dossier.eq(dossier.to_string()).and(warnings::due_at.eq(due_at)))
        .filter(warnings::side.eq(side).and(warnings::amount.eq(amount)).and(warnings::unit.eq(rung.unit.as_str())))
        .select(warnings::id)
        .first::<String>(&mut *reader.connection)
        .optional()?;
    Ok(found.is_some())
}

/// Stores a new warning.
///
/// # Errors
/// [`StorageError::Duplicate`] when its rung was warned of for this deadline.
pub fn insert(tx: &mut Tx, new: &WarningRecord) -> Result<(), StorageError> {
    diesel::insert_into(warnings::table).values(Row::of(new)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Notes who has taken a warning in, and when; the first one stays.
///
/// # Errors
/// [`StorageError`].
pub fn acknowledge(tx: &mut Tx, id: &str, at: LocalTime, by: &str) -> Result<(), StorageError> {
    diesel::update(warnings::table.filter(warnings::id.eq(id).and(warnings::acknowledged_at.is_null())))
        .set((warnings::acknowledged_at.eq(at), warnings::acknowledged_by.eq(by)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One warning.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<WarningRecord>, StorageError> {
    let row = warnings::table
        .filter(warnings::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Which warnings to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct WarningFilter {
    /// Of whose dossiers.
    pub visible: Visible,
    /// Of dossiers resolved by this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Of this dossier.
    pub dossier: Option<DossierCode>,
    /// Told to the officer in charge, who is this one now.
    pub assignee: Option<String>,
    /// Told to these.
    pub tell: Option<Told>,
    /// Whether they were acknowledged.
    pub acknowledged: Option<bool>,
    /// Whether they are about the deadline that the dossier runs towards now.
    pub current: Option<bool>,
}

/// A warning with what its dossier says now.
pub type Listed = (WarningRecord, String, Option<String>);

/// Warnings in the order their rungs were reached, newest first, after `after` (its time and identifier), with the resolving
/// agency and the officer in charge of each.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &WarningFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Listed>, StorageError> {
    let mut query = warnings::table
        .inner_join(dossiers::table.on(dossiers::code.eq(warnings::dossier)))
        .select((Row::as_select(), dossiers::agency, dossiers::assignee))
        .order((warnings::reached_at.desc(), warnings::id.desc()))
        .limit(limit)
        .into_boxed();
    query = seen!(query, &filter.visible);
    if let Some(agency) = &filter.agency {
        query = query.filter(dossiers::agency.eq_any(below(agency.as_str())));
    }
    if let Some(dossier) = &filter.dossier {
        query = query.filter(warnings::dossier.eq(dossier.to_string()));
    }
    if let Some(assignee) = &filter.assignee {
        query = query.filter(warnings::to_assignee.and(dossiers::assignee.eq(assignee.clone())));
    }
    query = match filter.tell {
        Some(Told::Assignee) => query.filter(warnings::to_assignee),
        Some(Told::Leader) => query.filter(warnings::to_leader),
        None => query,
    };
    query = match filter.acknowledged {
        Some(true) => query.filter(warnings::acknowledged_at.is_not_null()),
        Some(false) => query.filter(warnings::acknowledged_at.is_null()),
        None => query,
    };
    // The climb of a dossier is for the deadline that its clock runs towards; there is none while it stands still.
    query = match filter.current {
        Some(true) => query.filter(dossiers::warn_due_at.eq(warnings::due_at.nullable())),
        Some(false) => {
            query.filter(dossiers::warn_due_at.is_null().or(dossiers::warn_due_at.ne(warnings::due_at.nullable())))
        }
        None => query,
    };
    if let Some((at, id)) = after {
        query = query.filter(warnings::reached_at.lt(at).or(warnings::reached_at.eq(at).and(warnings::id.lt(id))));
    }
    let rows: Vec<(Row, String, Option<String>)> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(|(row, agency, assignee)| Ok((row.read()?, agency, assignee))).collect()
}
