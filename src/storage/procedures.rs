//! The catalogue: fields, and procedures with their dated versions.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::{fields, procedure_versions, procedures};
use super::{from_json, parsed, to_json};
use crate::domain::deadline::Rule;
use crate::domain::transition::RuleVersion;
use crate::domain::vocabulary::{Channel, FieldCode, LocalTime, OnlineLevel, ProcedureCode, ProcedureLevel};

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

/// A procedure (thủ tục hành chính) in the version in force from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its code.
    pub code: ProcedureCode,
    /// Number of the version, from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Its field.
    pub field: FieldCode,
    /// The tier that resolves it.
    pub level: ProcedureLevel,
    /// How far it can be done online.
    pub online_level: OnlineLevel,
    /// Its time limit.
    pub rule: Rule,
    /// Its time limit for online filings, if another.
    pub online_rule: Option<Rule>,
    /// First day of this version; `None`: since ever.
    pub valid_from: Option<NaiveDate>,
    /// The decision that announced it.
    pub decision: Option<String>,
}

impl Procedure {
    /// The rule for a channel, with the version it belongs to.
    pub fn rule_for(&self, channel: Channel) -> RuleVersion {
        let online = self.online_rule.as_ref().filter(|_| channel == Channel::Online);
        RuleVersion { id: self.version, rule: online.unwrap_or(&self.rule).clone() }
    }
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
    diesel::insert_into(procedures::table)
        .values((procedures::code.eq(new.code.as_str()), procedures::version.eq(new.version)))
        .execute(&mut *tx.connection)?;
    insert_version(tx, new, now)
}

/// Adds a version to a procedure; `new.version` must be the next one.
///
/// # Errors
/// [`StorageError::Stale`] when another write added one in between.
pub fn add_version(tx: &mut Tx, new: &Procedure, now: LocalTime) -> Result<(), StorageError> {
    let changed = diesel::update(procedures::table)
        .filter(procedures::code.eq(new.code.as_str()).and(procedures::version.eq(new.version - 1)))
        .set(procedures::version.eq(new.version))
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

/// The version in force on a day: the latest to begin, of two that begin together the one entered last.
pub fn in_force(versions: &[Procedure], on: NaiveDate) -> Option<&Procedure> {
    let begun = versions.iter().filter(|version| version.valid_from.is_none_or(|from| from <= on));
    begun.max_by_key(|version| (version.valid_from, version.version))
}

/// Procedures in order of their codes after `after`, each in its newest version.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    field: Option<&FieldCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Procedure>, StorageError> {
    let mut query = procedures::table
        .inner_join(
            procedure_versions::table.on(procedure_versions::procedure_code
                .eq(procedures::code)
                .and(procedure_versions::version.eq(procedures::version))),
        )
        .select(Row::as_select())
        .order(procedures::code.asc())
        .limit(limit)
        .into_boxed();
    if let Some(field) = field {
        query = query.filter(procedure_versions::field.eq(field.as_str()));
    }
    if let Some(after) = after {
        query = query.filter(procedures::code.gt(after));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}
