//! Announcing decisions and what they change of the catalogue.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::parsed;
use super::schema::{decision_items, decisions, procedure_versions};
use crate::domain::catalogue::Selection;
use crate::domain::vocabulary::{AgencyCode, CatalogueChange, FieldCode, LocalTime, ProcedureCode, ProcedureLevel};

/// An announcing decision (quyết định công bố).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Identifies it.
    pub id: String,
    /// Its number and notation, e.g. `1200/QĐ-UBND`.
    pub number: String,
    /// Its date.
    pub decided_on: NaiveDate,
    /// Who signed it: minister or chairman (Decree 63/2010 art. 15).
    pub issuer: String,
    /// The agency whose list it changes.
    pub agency: Option<AgencyCode>,
    /// What it is about.
    pub summary: Option<String>,
    /// What it changes, in order.
    pub items: Vec<Item>,
    /// Counts its changes.
    pub version: i64,
}

/// What a decision does to one procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The change.
    pub change: CatalogueChange,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// Its version: the one announced, or the one that ends.
    pub version: i64,
    /// First day of the version, or the first without it.
    pub effective_on: NaiveDate,
}

/// A change of the catalogue with its decision and its procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its decision.
    pub decision: String,
    /// The decision's number.
    pub number: String,
    /// The decision's date.
    pub decided_on: NaiveDate,
    /// Its place in the decision.
    pub place: i32,
    /// The change.
    pub item: Item,
    /// Name of the procedure in that version.
    pub name: String,
    /// Its field.
    pub field: FieldCode,
    /// Its tier.
    pub level: ProcedureLevel,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions)]
struct Row {
    id: String,
    number: String,
    decided_on: NaiveDate,
    issuer: String,
    agency: Option<String>,
    summary: Option<String>,
    version: i64,
}

impl Row {
    fn read(self, items: Vec<Item>) -> Result<Decision, StorageError> {
        Ok(Decision {
            id: self.id,
            number: self.number,
            decided_on: self.decided_on,
            issuer: self.issuer,
            agency: self.agency.map(|agency| parsed("agency code", &agency)).transpose()?,
            summary: self.summary,
            items,
            version: self.version,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = decision_items)]
struct ItemRow {
    decision: String,
    place: i32,
    change: String,
    procedure_code: String,
    procedure_version: i64,
    effective_on: NaiveDate,
}

impl ItemRow {
    fn read(self) -> Result<Item, StorageError> {
        Ok(Item {
            change: parsed("change", &self.change)?,
            procedure: parsed("procedure code", &self.procedure_code)?,
            version: self.procedure_version,
            effective_on: self.effective_on,
        })
    }
}

/// Adds a decision.
///
/// # Errors
/// [`StorageError::Duplicate`] when there is one of that number and date.
pub fn insert(tx: &mut Tx, new: &Decision, now: LocalTime) -> Result<(), StorageError> {
    let row = Row {
        id: new.id.clone(),
        number: new.number.clone(),
        decided_on: new.decided_on,
        issuer: new.issuer.clone(),
        agency: new.agency.as_ref().map(AgencyCode::to_string),
        summary: new.summary.clone(),
        version: new.version,
    };
    diesel::insert_into(decisions::table).values((row, decisions::created_at.eq(now))).execute(&mut *tx.connection)?;
    for (place, item) in (1..).zip(&new.items) {
        let row = ItemRow {
            decision: new.id.clone(),
            place,
            change: item.change.to_string(),
            procedure_code: item.procedure.to_string(),
            procedure_version: item.version,
            effective_on: item.effective_on,
        };
        diesel::insert_into(decision_items::table).values(row).execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// One decision.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Decision>, StorageError> {
    let row: Option<Row> =
        decisions::table.find(id).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(|row| with_items(reader, vec![row])).transpose().map(|found| found.and_then(|mut found| found.pop()))
}

/// Whether there is a decision of this number and date.
///
/// # Errors
/// [`StorageError`].
pub fn exists(reader: &mut Reader, number: &str, decided_on: NaiveDate) -> Result<bool, StorageError> {
    let same = decisions::table.filter(decisions::number.eq(number).and(decisions::decided_on.eq(decided_on)));
    Ok(same.select(decisions::id).first::<String>(&mut *reader.connection).optional()?.is_some())
}

/// Decisions made between two days, both included where given, newest first, after the last of the page before.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    after: Option<(NaiveDate, &str)>,
    limit: i64,
) -> Result<Vec<Decision>, StorageError> {
    use decisions::{decided_on, id};
    let order = (decided_on.desc(), id.desc());
    let mut query = decisions::table.select(Row::as_select()).order(order).limit(limit).into_boxed();
    if let Some(from) = from {
        query = query.filter(decided_on.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(decided_on.le(to));
    }
    if let Some((day, last)) = after {
        query = query.filter(decided_on.lt(day).or(decided_on.eq(day).and(id.lt(last))));
    }
    let rows = query.load(&mut *reader.connection)?;
    with_items(reader, rows)
}

fn with_items(reader: &mut Reader, rows: Vec<Row>) -> Result<Vec<Decision>, StorageError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut items: Vec<ItemRow> = decision_items::table
        .filter(decision_items::decision.eq_any(ids))
        .order((decision_items::decision.asc(), decision_items::place.asc()))
        .select(ItemRow::as_select())
        .load(&mut *reader.connection)?;
    let mut read = Vec::new();
    for row in rows {
        let (own, others): (Vec<ItemRow>, _) = items.into_iter().partition(|item| item.decision == row.id);
        items = others;
        read.push(row.read(own.into_iter().map(ItemRow::read).collect::<Result<_, _>>()?)?);
    }
    Ok(read)
}

/// Changes that took effect between two days, both included, in order of day, decision and place, after the last of the
/// page before.
///
/// # Errors
/// [`StorageError`].
pub fn changes(
    reader: &mut Reader,
    (from, to): (NaiveDate, NaiveDate),
    change: Option<CatalogueChange>,
    selection: &Selection,
    after: Option<(NaiveDate, &str, i32)>,
    limit: i64,
) -> Result<Vec<Announced>, StorageError> {
    use decision_items::{decision, effective_on, place};
    let mut query = decision_items::table
        .inner_join(decisions::table.on(decisions::id.eq(decision)))
        .inner_join(
            procedure_versions::table.on(procedure_versions::procedure_code
                .eq(decision_items::procedure_code)
                .and(procedure_versions::version.eq(decision_items::procedure_version))),
        )
        .filter(effective_on.ge(from).and(effective_on.le(to)))
        .order((effective_on.asc(), decision.asc(), place.asc()))
        .limit(limit)
        .select((
            ItemRow::as_select(),
            (decisions::number, decisions::decided_on),
            (procedure_versions::name, procedure_versions::field, procedure_versions::level),
        ))
        .into_boxed();
    if let Some(change) = change {
        query = query.filter(decision_items::change.eq(change.as_str()));
    }
    if let Some(field) = &selection.field {
        query = query.filter(procedure_versions::field.eq(field.as_str()));
    }
    if let Some(level) = selection.level {
        query = query.filter(procedure_versions::level.eq(level.as_str()));
    }
    if let Some(agencies) = &selection.agencies {
        query = query.filter(procedure_versions::agency.eq_any(agencies));
    }
    if let Some((day, last, number)) = after {
        let later = decision.gt(last).or(decision.eq(last).and(place.gt(number)));
        query = query.filter(effective_on.gt(day).or(effective_on.eq(day).and(later)));
    }
    type Columns = (ItemRow, (String, NaiveDate), (String, String, String));
    let rows: Vec<Columns> = query.load(&mut *reader.connection)?;
    let read = |(item, (number, decided_on), (name, field, level)): Columns| {
        Ok(Announced {
            decision: item.decision.clone(),
            number,
            decided_on,
            place: item.place,
            item: item.read()?,
            name,
            field: parsed("field code", &field)?,
            level: parsed("procedure level", &level)?,
        })
    };
    rows.into_iter().map(read).collect()
}
