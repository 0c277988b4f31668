//! Frozen reports; they are added and read, and nothing else.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::listing::below;
use super::schema::{agency_lineage, agency_tree, reports};
use super::{from_json, parsed, to_json};
use crate::domain::form_06a::Form;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, LocalTime, ReportKind};

/// A frozen report without its sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenReport {
    /// Opaque identifier.
    pub id: String,
    /// Which form.
    pub kind: ReportKind,
    /// The agency, with those below it; `None`: all.
    pub agency: Option<AgencyCode>,
    /// The period.
    pub period: Period,
    /// The last instant looked at.
    pub as_of: LocalTime,
    /// Whether the period was not over yet.
    pub open: bool,
    /// The form as filled then.
    pub figures: Form,
    /// Who froze it.
    pub frozen_by: String,
    /// When.
    pub frozen_at: LocalTime,
}

/// Which frozen reports to list; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    /// Of this agency, one below it, or one whose work came to these.
    pub held_by: Option<AgencyCode>,
    /// Of this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Of this kind.
    pub kind: Option<ReportKind>,
    /// Of exactly this period.
    pub period: Option<Period>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reports)]
struct Row {
    id: String,
    kind: String,
    agency: Option<String>,
    period_from: NaiveDate,
    period_to: NaiveDate,
    as_of: NaiveDateTime,
    open: bool,
    figures: String,
    frozen_by: String,
    frozen_at: NaiveDateTime,
}

impl Row {
    fn of(report: &FrozenReport) -> Result<Self, StorageError> {
        Ok(Self {
            id: report.id.clone(),
            kind: report.kind.to_string(),
            agency: report.agency.as_ref().map(AgencyCode::to_string),
            period_from: report.period.from,
            period_to: report.period.to,
            as_of: report.as_of,
            open: report.open,
            figures: to_json("figures", &report.figures)?,
            frozen_by: report.frozen_by.clone(),
            frozen_at: report.frozen_at,
        })
    }

    fn read(self) -> Result<FrozenReport, StorageError> {
        Ok(FrozenReport {
            id: self.id,
            kind: parsed("report kind", &self.kind)?,
            agency: self.agency.map(|agency| parsed("agency code", &agency)).transpose()?,
            period: Period { from: self.period_from, to: self.period_to },
            as_of: self.as_of,
            open: self.open,
            figures: from_json("figures", &self.figures)?,
            frozen_by: self.frozen_by,
            frozen_at: self.frozen_at,
        })
    }
}

/// Keeps a report with its sheet.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, report: &FrozenReport, sheet: &[u8]) -> Result<(), StorageError> {
    diesel::insert_into(reports::table)
        .values((Row::of(report)?, reports::sheet.eq(sheet)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One report.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<FrozenReport>, StorageError> {
    let row =
        reports::table.filter(reports::id.eq(id)).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(Row::read).transpose()
}

/// The sheet of a report, byte for byte.
///
/// # Errors
/// [`StorageError`].
pub fn sheet(reader: &mut Reader, id: &str) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(reports::table.filter(reports::id.eq(id)).select(reports::sheet).first(&mut *reader.connection).optional()?)
}

/// Reports, the newest first, behind `after` (its time and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &ReportFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<FrozenReport>, StorageError> {
    let mut query = reports::table
        .select(Row::as_select())
        .order((reports::frozen_at.desc(), reports::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(holder) = &filter.held_by {
        let ours = held(holder.as_str()).select(agency_lineage::predecessor.nullable());
        query = query.filter(reports::agency.eq_any(ours));
    }
    if let Some(agency) = &filter.agency {
        let subtree = below(agency.as_str()).select(agency_tree::descendant.nullable());
        query = query.filter(reports::agency.eq_any(subtree));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(reports::kind.eq(kind.as_str()));
    }
    if let Some(period) = filter.period {
        query = query.filter(reports::period_from.eq(period.from).and(reports::period_to.eq(period.to)));
    }
    if let Some((at, id)) = after {
        query = query.filter(reports::frozen_at.lt(at).or(reports::frozen_at.eq(at).and(reports::id.lt(id))));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}
