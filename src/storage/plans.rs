//! Plans of administrative reform.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::connection::MultiBackend;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::parsed;
use super::schema::{plan_tasks, plans};
use crate::domain::plan::Plan;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// A plan as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRecord {
    /// Opaque identifier.
    pub id: String,
    /// Whose plan it is.
    pub agency: AgencyCode,
    /// The plan.
    pub plan: Plan,
    /// When it was entered.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = plans)]
struct Row {
    id: String,
    agency: String,
    number: String,
    promulgated_on: NaiveDate,
    title: String,
    period: String,
    created_at: LocalTime,
    version: i64,
}

impl Row {
    fn of(record: &PlanRecord) -> Self {
        let Plan { number, promulgated_on, title, period } = record.plan.clone();
        let (id, agency) = (record.id.clone(), record.agency.to_string());
        let (created_at, version) = (record.created_at, record.version);
        Self { id, agency, number, promulgated_on, title, period, created_at, version }
    }

    fn read(self) -> Result<PlanRecord, StorageError> {
        let Self { id, agency, number, promulgated_on, title, period, created_at, version } = self;
        let plan = Plan { number, promulgated_on, title, period };
        Ok(PlanRecord { id, agency: parsed("agency code", &agency)?, plan, created_at, version })
    }
}

/// Stores a new plan.
///
/// # Errors
/// [`StorageError::Duplicate`] when the agency has one with this number and date.
pub fn insert(tx: &mut Tx, new: &PlanRecord) -> Result<(), StorageError> {
    tx.concerns = Some((new.agency.to_string(), None));
    diesel::insert_into(plans::table).values(Row::of(new)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores a changed plan; `record.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Duplicate`] as for a new one, [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, record: &mut PlanRecord) -> Result<(), StorageError> {
    tx.concerns = Some((record.agency.to_string(), None));
    let read_version = record.version;
    record.version += 1;
    let changed = diesel::update(plans::table)
        .filter(plans::id.eq(&record.id).and(plans::version.eq(read_version)))
        .set(Row::of(record))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One plan.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<PlanRecord>, StorageError> {
    let row: Option<Row> =
        plans::table.filter(plans::id.eq(id)).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(Row::read).transpose()
}

type Boxed<'a> = plans::BoxedQuery<'a, MultiBackend>;

/// The plans of the agencies that a caller sees, and those that give one of them a task.
fn seen(visible: &Visible) -> Boxed<'_> {
    seen!(plans::table.into_boxed(), visible, |own| {
        let tasked = plan_tasks::table.filter(plan_tasks::agency.eq_any(own())).select(plan_tasks::plan);
        plans::agency.eq_any(own()).or(plans::id.eq_any(tasked))
    })
}

/// One plan, where the caller sees it.
///
/// # Errors
/// [`StorageError`].
pub fn find_seen(reader: &mut Reader, visible: &Visible, id: &str) -> Result<Option<PlanRecord>, StorageError> {
    let row: Option<Row> =
        seen(visible).filter(plans::id.eq(id)).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(Row::read).transpose()
}

/// Plans by their date, after `after` (date and identifier); of `agency` and those below it, when one is named.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    visible: &Visible,
    agency: Option<&AgencyCode>,
    after: Option<(NaiveDate, &str)>,
    limit: i64,
) -> Result<Vec<PlanRecord>, StorageError> {
    let mut query =
        seen(visible).select(Row::as_select()).order((plans::promulgated_on.asc(), plans::id.asc())).limit(limit);
    if let Some(agency) = agency {
        query = query.filter(plans::agency.eq_any(below(agency.as_str())));
    }
    if let Some((on, id)) = after {
        query = query.filter(plans::promulgated_on.gt(on).or(plans::promulgated_on.eq(on).and(plans::id.gt(id))));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}
