//! Everything in the database as lines of JSON, and back into an empty one of either kind.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use chrono::NaiveDateTime;
use diesel::connection::SimpleConnection;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::connection::AnyConnection;
use super::data_keys;
use super::db::{Reader, Tx};
use super::error::{Failure, StorageError};
use super::sql::Sql;
use super::tables::{self, Column, Kind, Table};

/// How lines are written; a change of it gets another number.
const FORMAT: u32 = 1;
/// Rows stored at once.
const BATCH: usize = 500;
/// Who works on what for the next seconds, when that was done last, and the stamp of what was read: nothing that outlives its
/// process or its database.
const NOT_KEPT: &[&str] = &["leases", "reference_state", "rounds"];
/// Tables that have their one row from the start, with the number in it that only grows.
const HEADS: &[(&str, &str)] = &[("feed_head", "last"), ("audit_head", "position")];
/// Where one of these has a row, the database is in use.
const SIGNS_OF_USE: &[&str] = &["agencies", "audit", "audit_queue", "clients", "dossiers", "journal", "users"];

/// Why a dump is not written or not loaded.
#[derive(Debug, Error)]
pub enum DumpError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The file.
    #[error("cannot read or write the file: {0}")]
    File(#[from] io::Error),
    /// What is to be loaded into is in use.
    #[error("the database is not empty: {0} has rows")]
    InUse(&'static str),
    /// It was written by another version.
    #[error("written at migration {theirs}, this database is at {ours}: use the same version of motcua for both")]
    OtherVersion {
        /// The last migration of the database it was written from.
        theirs: String,
        /// Of this one.
        ours: String,
    },
    /// A line is not what it should be.
    #[error("line {line}: {cause}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        cause: String,
    },
}

impl Failure for DumpError {
    fn storage(&self) -> Option<&StorageError> {
        if let Self::Storage(error) = self { Some(error) } else { None }
    }
}

impl From<diesel::result::Error> for DumpError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// A line that is no row: the first, the one before each table's rows, the last.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Mark {
    Motcua { format: u32, migration: String },
    Table { name: String, columns: Vec<String> },
    End { rows: u64 },
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Writes every table; answers the number of rows. To be run in [`Db::snapshot`](super::Db::snapshot): all is of one state.
///
/// # Errors
/// [`DumpError::Storage`], [`DumpError::File`].
pub fn write(reader: &mut Reader, out: &mut dyn Write) -> Result<u64, DumpError> {
    let migration = tables::last_migration(reader)?;
    mark(out, &Mark::Motcua { format: FORMAT, migration })?;
    let mut rows = 0;
    for table in tables::all(reader)?.iter().filter(|table| !NOT_KEPT.contains(&table.name.as_str())) {
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        mark(out, &Mark::Table { name: table.name.clone(), columns })?;
        rows += write_rows(reader, table, out)?;
    }
    mark(out, &Mark::End { rows })?;
    out.flush()?;
    Ok(rows)
}

fn mark(out: &mut dyn Write, mark: &Mark) -> Result<(), DumpError> {
    let text = serde_json::to_string(mark).map_err(io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}

/// Row by row, so that memory stays flat however long the table is.
fn write_rows(reader: &mut Reader, table: &Table, out: &mut dyn Write) -> Result<u64, DumpError> {
    let mut rows = 0;
    let mut put = |line: QueryResult<Line>| -> Result<(), DumpError> {
        rows += 1;
        Ok(writeln!(out, "{}", line?.line)?)
    };
    match &mut *reader.connection {
        AnyConnection::Postgres(connection) => {
            let sql = select(table, "json_build_array", "::text", |Column { name, kind, .. }| match kind {
                Kind::Bytes => format!("encode(\"{name}\", 'hex')"),
                _ => format!("\"{name}\""),
            });
            diesel::sql_query(sql).load_iter::<Line, PgRowByRowLoadingMode>(connection)?.try_for_each(&mut put)?;
        }
        AnyConnection::Sqlite(connection) => {
            let sql = select(table, "json_array", "", |Column { name, kind, .. }| match kind {
                Kind::Flag => format!("json(CASE WHEN \"{name}\" THEN 'true' WHEN NOT \"{name}\" THEN 'false' END)"),
                Kind::Bytes => format!("lower(hex(\"{name}\"))"),
                Kind::Time => format!("replace(\"{name}\", ' ', 'T')"),
                Kind::Text | Kind::Number | Kind::Day => format!("\"{name}\""),
            });
            diesel::sql_query(sql).load_iter::<Line, _>(connection)?.try_for_each(&mut put)?;
        }
    }
    Ok(rows)
}

fn select(table: &Table, function: &str, cast: &str, column: impl Fn(&Column) -> String) -> String {
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    format!("SELECT {function}({}){cast} AS line FROM \"{}\"", columns.join(", "), table.name)
}

/// Loads what [`write()`] wrote into an empty database at the same migration, under the data keys that it was sealed with;
/// answers the number of rows. All or nothing.
///
/// # Errors
/// [`DumpError`].
pub fn load(tx: &mut Tx, source: &mut dyn BufRead) -> Result<u64, DumpError> {
    let known: BTreeMap<String, Table> =
        tables::all(tx)?.into_iter().map(|table| (table.name.clone(), table)).collect();
    refuse_in_use(tx)?;
    let mut lines = Lines { source, number: 0, text: String::new() };
    match lines.next_mark()? {
        Some(Mark::Motcua { format: FORMAT, migration }) => {
            let ours = tables::last_migration(tx)?;
            if migration != ours {
                return Err(DumpError::OtherVersion { theirs: migration, ours });
            }
        }
        _ => return Err(lines.wrong("this is no export of motcua, or of a version that is not known")),
    }
    clear(tx, known.values())?;
    let checks = suspend_references(tx)?;
    let rows = load_tables(tx, &known, &mut lines)?;
    resume_references(tx, &checks)?;
    continue_numbering(tx, known.values())?;
    // What is sealed in it must open here.
    data_keys::admit_in(tx)?;
    Ok(rows)
}

fn load_tables(tx: &mut Tx, known: &BTreeMap<String, Table>, lines: &mut Lines<'_>) -> Result<u64, DumpError> {
    let mut rows = 0;
    let mut mark = lines.next_mark()?;
    loop {
        match mark {
            Some(Mark::Table { name, columns }) => {
                let table = known.get(&name).ok_or_else(|| lines.wrong(format!("there is no table {name}")))?;
                let into = Into::new(table, &columns).map_err(|cause| lines.wrong(cause))?;
                mark = loop {
                    let batch = lines.next_rows(&into)?;
                    rows += batch.rows.len() as u64;
                    into.store(tx, &batch.rows)?;
                    if let Some(next) = batch.then {
                        break Some(next);
                    }
                };
            }
            Some(Mark::End { rows: told }) if told == rows => return Ok(rows),
            Some(Mark::End { rows: told }) => return Err(lines.wrong(format!("{told} rows are told, {rows} are here"))),
            Some(Mark::Motcua { .. }) | None => return Err(lines.wrong("the file ends too early")),
        }
    }
}

/// The lines of a dump, counted.
struct Lines<'a> {
    source: &'a mut dyn BufRead,
    number: u64,
    text: String,
}

/// Rows, and the mark that ended them.
struct Batch {
    rows: Vec<Value>,
    then: Option<Mark>,
}

impl Lines<'_> {
    fn wrong(&self, cause: impl ToString) -> DumpError {
        DumpError::Line { line: self.number, cause: cause.to_string() }
    }

    fn advance(&mut self) -> Result<bool, DumpError> {
        self.text.clear();
        self.number += 1;
        Ok(self.source.read_line(&mut self.text)? > 0)
    }

    fn next_mark(&mut self) -> Result<Option<Mark>, DumpError> {
        if !self.advance()? {
            return Ok(None);
        }
        serde_json::from_str(&self.text).map(Some).map_err(|cause| self.wrong(cause))
    }

    fn next_rows(&mut self, into: &Into<'_>) -> Result<Batch, DumpError> {
        let mut rows = Vec::new();
        while rows.len() < BATCH {
            if !self.advance()? {
                return Err(self.wrong("the file ends too early"));
            }
            if self.text.starts_with('[') {
                let row: Vec<Value> = serde_json::from_str(&self.text).map_err(|cause| self.wrong(cause))?;
                rows.push(into.row(row).map_err(|cause| self.wrong(cause))?);
            } else {
                let then = serde_json::from_str(&self.text).map_err(|cause| self.wrong(cause))?;
                return Ok(Batch { rows, then: Some(then) });
            }
        }
        Ok(Batch { rows, then: None })
    }
}

/// A table that rows go into, with its columns in the order in which the file has them.
struct Into<'a> {
    table: &'a Table,
    columns: Vec<&'a Column>,
}

impl<'a> Into<'a> {
    fn new(table: &'a Table, names: &[String]) -> Result<Self, String> {
        let column = |name: &String| table.columns.iter().find(|column| column.name == *name);
        let columns: Vec<&Column> = names.iter().filter_map(column).collect();
        if columns.len() != names.len() || columns.len() != table.columns.len() {
            return Err(format!("the columns of {} are others", table.name));
        }
        Ok(Self { table, columns })
    }

    /// A row as this database wants it: instants are text in SQLite, and their equality is that of the text.
    fn row(&self, mut row: Vec<Value>) -> Result<Value, String> {
        if row.len() != self.columns.len() {
            return Err(format!("{} values for {} columns", row.len(), self.columns.len()));
        }
        for (value, column) in row.iter_mut().zip(&self.columns).filter(|(_, column)| column.kind == Kind::Time) {
            if let Value::String(text) = value {
                let at: NaiveDateTime = text.parse().map_err(|cause| format!("{}: {cause}", column.name))?;
                *text = at.format("%F %T%.f").to_string();
            }
        }
        Ok(Value::Array(row))
    }

    fn store(&self, tx: &mut Tx, rows: &[Value]) -> Result<(), DumpError> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows_text = serde_json::to_string(rows).map_err(io::Error::from)?;
        let stored = match &mut *tx.connection {
            AnyConnection::Postgres(connection) => {
                let sql = self.insert("jsonb_array_elements(CAST($1 AS jsonb)) AS r(value)", |place, kind| {
                    let text = format!("value ->> {place}");
                    match kind {
                        Kind::Text => text,
                        Kind::Number => format!("CAST({text} AS BIGINT)"),
                        Kind::Flag => format!("CAST({text} AS BOOLEAN)"),
                        Kind::Time => format!("CAST({text} AS TIMESTAMP)"),
                        Kind::Day => format!("CAST({text} AS DATE)"),
                        Kind::Bytes => format!("decode({text}, 'hex')"),
                    }
                });
                diesel::sql_query(sql).bind::<Text, _>(rows_text).execute(connection)
            }
            AnyConnection::Sqlite(connection) => {
                let sql = self.insert("json_each(?1)", |place, kind| match kind {
                    Kind::Bytes => format!("unhex(json_extract(value, '$[{place}]'))"),
                    _ => format!("json_extract(value, '$[{place}]')"),
                });
                diesel::sql_query(sql).bind::<Text, _>(rows_text).execute(connection)
            }
        };
        stored.map(drop).map_err(|cause| {
            DumpError::Storage(StorageError::corrupt("export", format!("table {}: {cause}", self.table.name)))
        })
    }

    fn insert(&self, rows: &str, value: impl Fn(usize, Kind) -> String) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let values: Vec<String> =
            self.columns.iter().enumerate().map(|(place, column)| value(place, column.kind)).collect();
        let name = &self.table.name;
        // `WHERE true` keeps SQLite from reading ON CONFLICT as the beginning of a join.
        let mut sql = format!(
            "INSERT INTO \"{name}\" ({}) SELECT {} FROM {rows} WHERE true",
            names.join(", "),
            values.join(", ")
        );
        if let Some((_, number)) = HEADS.iter().find(|(head, _)| head == name) {
            let set: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
            sql += &format!(
                " ON CONFLICT (id) DO UPDATE SET {} WHERE excluded.{number} > {name}.{number}",
                set.join(", ")
            );
        }
        sql
    }
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn refuse_in_use(tx: &mut Tx) -> Result<(), DumpError> {
    for name in SIGNS_OF_USE {
        let sql = format!("SELECT COUNT(*) AS count FROM (SELECT 1 FROM {name} LIMIT 1) AS first");
        if Sql::of(&sql, &[]).get_result::<Counted>(&mut *tx.connection)?.count > 0 {
            return Err(DumpError::InUse(name));
        }
    }
    Ok(())
}

/// What a database that nobody has used yet holds already comes with the file, too.
fn clear<'a>(tx: &mut Tx, tables: impl Iterator<Item = &'a Table>) -> Result<(), DumpError> {
    let is_kept =
        |table: &&Table| HEADS.iter().any(|(head, _)| *head == table.name) || NOT_KEPT.contains(&table.name.as_str());
    for Table { name, .. } in tables.filter(|table| !is_kept(table)) {
        tx.connection.batch_execute(&format!("DELETE FROM \"{name}\""))?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    reference: String,
}

/// Has references between tables checked when all rows are in; answers what [`resume_references`] puts back.
fn suspend_references(tx: &mut Tx) -> Result<Vec<String>, DumpError> {
    const FIND: &str = "SELECT format('%s ALTER CONSTRAINT %I', conrelid::regclass, conname) AS reference \
         FROM pg_constraint WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace";
    match &mut *tx.connection {
        AnyConnection::Sqlite(connection) => {
            connection.batch_execute("PRAGMA defer_foreign_keys = ON")?;
            Ok(Vec::new())
        }
        AnyConnection::Postgres(connection) => {
            let found: Vec<Reference> = diesel::sql_query(FIND).load(connection)?;
            let found: Vec<String> = found.into_iter().map(|found| found.reference).collect();
            for reference in &found {
                connection.batch_execute(&format!("ALTER TABLE {reference} DEFERRABLE"))?;
            }
            connection.batch_execute("SET CONSTRAINTS ALL DEFERRED")?;
            Ok(found)
        }
    }
}

fn resume_references(tx: &mut Tx, references: &[String]) -> Result<(), DumpError> {
    if !references.is_empty() {
        tx.connection.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")?;
    }
    for reference in references {
        tx.connection.batch_execute(&format!("ALTER TABLE {reference} NOT DEFERRABLE"))?;
    }
    Ok(())
}

/// Has the database's own numbers go on after the last one loaded.
fn continue_numbering<'a>(tx: &mut Tx, tables: impl Iterator<Item = &'a Table>) -> Result<(), DumpError> {
    for table in tables {
        for Column { name, .. } in table.columns.iter().filter(|column| column.is_numbered) {
            let table = &table.name;
            tx.connection.batch_execute(&format!(
                "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{name}'), (SELECT COALESCE(MAX(\"{name}\"), 0) FROM \"{table}\") + 1, false)"
            ))?;
        }
    }
    Ok(())
}
