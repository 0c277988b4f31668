//! The catalogue: fields, and procedures with their dated versions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::{fields, procedure_versions, procedures};
use super::{from_json, parsed, to_json};
use crate::domain::catalogue::{Edition, Selection};
use crate::domain::procedure::{Procedure, Validity};
use crate::domain::vocabulary::{AgencyCode, FieldCode, LocalTime, ProcedureCode};
use crate::folding::{Search, haystack};

/// A field of administration (lĩnh vực).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its code.
    pub code: FieldCode,
    /// Its name.
    pub name: String,
    /// Counts its changes.
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = procedure_versions)]
struct Row {
    procedure_code: String,
    version: i64,
    name: String,
    field: String,
    level: String,
    online_level: String,
    rule: String,
    online_rule: Option<String>,
    valid_from: Option<NaiveDate>,
    decision: Option<String>,
    old_online_level: Option<String>,
    agency: Option<String>,
    valid_to: Option<NaiveDate>,
    details: String,
}

impl Row {
    fn read(self) -> Result<Procedure, StorageError> {
        Ok(Procedure {
            code: parsed("procedure code", &self.procedure_code)?,
            version: self.version,
            name: self.name,
            field: parsed("field code", &self.field)?,
            level: parsed("procedure level", &self.level)?,
            online_level: parsed("online level", &self.online_level)?,
            rule: from_json("rule", &self.rule)?,
            online_rule: self.online_rule.map(|rule| from_json("rule", &rule)).transpose()?,
            valid_from: self.valid_from,
            decision: self.decision,
            old_online_level: self.old_online_level.map(|level| parsed("old online level", &level)).transpose()?,
            agency: self.agency.map(|agency| parsed("agency code", &agency)).transpose()?,
            valid_to: self.valid_to,
            details: from_json("details", &self.details)?,
        })
    }

    fn of(procedure: &Procedure) -> Result<Self, StorageError> {
        Ok(Self {
            procedure_code: procedure.code.as_str().to_owned(),
            version: procedure.version,
            name: procedure.name.clone(),
            field: procedure.field.as_str().to_owned(),
            level: procedure.level.as_str().to_owned(),
            online_level: procedure.online_level.as_str().to_owned(),
            rule: to_json("rule", &procedure.rule)?,
            online_rule: procedure.online_rule.as_ref().map(|rule| to_json("rule", rule)).transpose()?,
            valid_from: procedure.valid_from,
            decision: procedure.decision.clone(),
            old_online_level: procedure.old_online_level.map(|level| level.to_string()),
            agency: procedure.agency.as_ref().map(AgencyCode::to_string),
            valid_to: procedure.valid_to,
            details: to_json("details", &procedure.details)?,
        })
    }
}

/// Adds a field.
///
/// # Errors
/// [`StorageError::Duplicate`] when the code is taken.
pub fn insert_field(tx: &mut Tx, new: &Field) -> Result<(), StorageError> {
    diesel::insert_into(fields::table)
        .values((fields::code.eq(new.code.as_str()), fields::name.eq(&new.name), fields::version.eq(new.version)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One field.
///
/// # Errors
/// [`StorageError`].
pub fn find_field(reader: &mut Reader, code: &FieldCode) -> Result<Option<Field>, StorageError> {
    let row: Option<(String, String, i64)> =
        fields::table.filter(fields::code.eq(code.as_str())).first(&mut *reader.connection).optional()?;
    row.map(field).transpose()
}

/// The names of all fields by their codes.
///
/// # Errors
/// [`StorageError`].
pub fn field_names(reader: &mut Reader) -> Result<HashMap<String, String>, StorageError> {
    let names: Vec<(String, String)> =
        fields::table.select((fields::code, fields::name)).load(&mut *reader.connection)?;
    Ok(names.into_iter().collect())
}

/// Fields in order of their codes after `after`.
///
/// # Errors
/// [`StorageError`].
pub fn page_of_fields(reader: &mut Reader, after: Option<&str>, limit: i64) -> Result<Vec<Field>, StorageError> {
    let mut query = fields::table.order(fields::code.asc()).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(fields::code.gt(after));
    }
    query.load(&mut *reader.connection)?.into_iter().map(field).collect()
}

fn field((code, name, version): (String, String, i64)) -> Result<Field, StorageError> {
    Ok(Field { code: parsed("field code", &code)?, name, version })
}

/// Adds a procedure with its first version.
///
/// # Errors
/// [`StorageError::Duplicate`] when the code is taken.
pub fn insert(tx: &mut Tx, new: &Procedure, now: LocalTime) -> Result<(), StorageError> {
    tx.changes_reference();
    diesel::insert_into(procedures::table)
        .values((
            procedures::code.eq(new.code.as_str()),
            procedures::version.eq(new.version),
            procedures::search_text.eq(search_text(&new.code, &new.name)),
        ))
        .execute(&mut *tx.connection)?;
    insert_version(tx, new, now)
}

/// Adds a version to a procedure; `new.version` must be the next one.
///
/// # Errors
/// [`StorageError::Stale`] when another write added one in between.
pub fn add_version(tx: &mut Tx, new: &Procedure, now: LocalTime) -> Result<(), StorageError> {
    tx.changes_reference();
    let changed = diesel::update(procedures::table)
        .filter(procedures::code.eq(new.code.as_str()).and(procedures::version.eq(new.version - 1)))
        .set((procedures::version.eq(new.version), procedures::search_text.eq(search_text(&new.code, &new.name))))
        .execute(&mut *tx.connection)?;
    if changed != 1 {
        return Err(StorageError::Stale);
    }
    insert_version(tx, new, now)
}

fn insert_version(tx: &mut Tx, new: &Procedure, now: LocalTime) -> Result<(), StorageError> {
    diesel::insert_into(procedure_versions::table)
        .values((Row::of(new)?, procedure_versions::created_at.eq(now)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One version of a procedure.
///
/// # Errors
/// [`StorageError`].
pub fn version(reader: &mut Reader, code: &ProcedureCode, version: i64) -> Result<Option<Procedure>, StorageError> {
    let row = procedure_versions::table
        .filter(procedure_versions::procedure_code.eq(code.as_str()).and(procedure_versions::version.eq(version)))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// All versions of a procedure, oldest first; none when there is no such procedure.
///
/// # Errors
/// [`StorageError`].
pub fn versions(reader: &mut Reader, code: &ProcedureCode) -> Result<Vec<Procedure>, StorageError> {
    let rows = procedure_versions::table
        .filter(procedure_versions::procedure_code.eq(code.as_str()))
        .order(procedure_versions::version.asc())
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// All versions of a procedure, oldest first, from what was read under the present stamp; `None` when there is no such
/// procedure.
///
/// # Errors
/// [`StorageError`].
pub fn known(reader: &mut Reader, code: &ProcedureCode) -> Result<Option<Arc<[Procedure]>>, StorageError> {
    let read = |reader: &mut Reader| {
        let versions = versions(reader, code)?;
        Ok((!versions.is_empty()).then(|| versions.into()))
    };
    reader.remembered(|reference| &reference.procedures, code, read)
}

/// Ends the version of a procedure with a day.
///
/// # Errors
/// [`StorageError`].
pub fn end(tx: &mut Tx, code: &ProcedureCode, version: i64, last_day: NaiveDate) -> Result<(), StorageError> {
    tx.changes_reference();
    diesel::update(procedure_versions::table)
        .filter(procedure_versions::procedure_code.eq(code.as_str()).and(procedure_versions::version.eq(version)))
        .set(procedure_versions::valid_to.eq(last_day))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// What a search for a procedure looks through.
fn search_text(code: &ProcedureCode, name: &str) -> String {
    haystack(&format!("{code} {name}"))
}

/// Writes the words of procedures that have none yet, as those have that were there before there was a search.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn fill_search_text(tx: &mut Tx) -> Result<(), StorageError> {
    tx.changes_reference();
    let bare: Vec<(String, String)> = newest()
        .filter(procedures::search_text.eq(""))
        .select((procedures::code, procedure_versions::name))
        .load(&mut *tx.connection)?;
    for (code, name) in bare {
        let text = search_text(&parsed("procedure code", &code)?, &name);
        diesel::update(procedures::table.filter(procedures::code.eq(code)))
            .set(procedures::search_text.eq(text))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Which procedures are listed, each in its newest version.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Narrowed by what the newest version says.
    pub selection: Selection,
    /// Words of the name or the code in any order, with or without diacritics; the last may be a word's beginning.
    pub q: Option<String>,
}

#[diesel::dsl::auto_type]
fn newest() -> _ {
    procedures::table.inner_join(
        procedure_versions::table.on(procedure_versions::procedure_code
            .eq(procedures::code)
            .and(procedure_versions::version.eq(procedures::version))),
    )
}

/// Procedures in order of their codes after `after`, each in its newest version.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    wanted: &Wanted,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Procedure>, StorageError> {
    let mut query = newest().select(Row::as_select()).order(procedures::code.asc()).limit(limit).into_boxed();
    let Selection { field, level, online_level, old_online_level, agencies } = &wanted.selection;
    if let Some(field) = field {
        query = query.filter(procedure_versions::field.eq(field.as_str()));
    }
    if let Some(level) = level {
        query = query.filter(procedure_versions::level.eq(level.as_str()));
    }
    if let Some(level) = online_level {
        query = query.filter(procedure_versions::online_level.eq(level.as_str()));
    }
    if let Some(level) = old_online_level {
        query = query.filter(procedure_versions::old_online_level.eq(level.as_str()));
    }
    if let Some(agencies) = agencies {
        query = query.filter(procedure_versions::agency.eq_any(agencies));
    }
    for pattern in wanted.q.as_deref().map(patterns).unwrap_or_default() {
        query = query.filter(procedures::search_text.like(pattern));
    }
    if let Some(after) = after {
        query = query.filter(procedures::code.gt(after));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

/// The codes of the procedures that the words of `q` find; see [`Wanted::q`].
///
/// # Errors
/// [`StorageError`].
pub fn codes(reader: &mut Reader, q: &str) -> Result<HashSet<String>, StorageError> {
    let mut query = procedures::table.select(procedures::code).into_boxed();
    for pattern in patterns(q) {
        query = query.filter(procedures::search_text.like(pattern));
    }
    Ok(query.load(&mut *reader.connection)?.into_iter().collect())
}

/// A search as patterns of SQL: words hold letters and digits alone, so nothing is escaped.
fn patterns(q: &str) -> Vec<String> {
    Search::of(q).needles().iter().map(|needle| format!("%{needle}%")).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = procedure_versions)]
struct EditionRow {
    procedure_code: String,
    version: i64,
    field: String,
    level: String,
    online_level: String,
    old_online_level: Option<String>,
    agency: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

/// What is counted of every version of every procedure, in order of code and version.
///
/// # Errors
/// [`StorageError`].
pub fn editions(reader: &mut Reader) -> Result<Vec<Edition>, StorageError> {
    let mut rows: Vec<EditionRow> =
        procedure_versions::table.select(EditionRow::as_select()).load(&mut *reader.connection)?;
    // By bytes, whatever order the database has for texts.
    rows.sort_unstable_by(|one, other| (&one.procedure_code, one.version).cmp(&(&other.procedure_code, other.version)));
    let read = |row: EditionRow| {
        Ok(Edition {
            code: parsed("procedure code", &row.procedure_code)?,
            field: parsed("field code", &row.field)?,
            level: parsed("procedure level", &row.level)?,
            online_level: parsed("online level", &row.online_level)?,
            old_online_level: row.old_online_level.map(|level| parsed("old online level", &level)).transpose()?,
            agency: row.agency.map(|agency| parsed("agency code", &agency)).transpose()?,
            validity: Validity { version: row.version, from: row.valid_from, to: row.valid_to },
        })
    };
    rows.into_iter().map(read).collect()
}

/// Every version of every procedure, in order of code and version.
///
/// # Errors
/// [`StorageError`].
pub fn all_versions(reader: &mut Reader) -> Result<Vec<Procedure>, StorageError> {
    let mut rows: Vec<Row> = procedure_versions::table.select(Row::as_select()).load(&mut *reader.connection)?;
    rows.sort_unstable_by(|one, other| (&one.procedure_code, one.version).cmp(&(&other.procedure_code, other.version)));
    rows.into_iter().map(Row::read).collect()
}
