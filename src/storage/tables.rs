//! The tables as the database itself describes them: what a dump goes through, whatever later versions add.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::connection::AnyConnection;
use super::db::Reader;
use super::error::StorageError;
use super::sql::Sql;

/// What a column holds; both databases know the same kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// An instant.
    Time,
    /// A day.
    Day,
    /// Bytes.
    Bytes,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) struct Column {
    /// Its name.
    pub(in crate::storage) name: String,
    /// What it holds.
    pub(in crate::storage) kind: Kind,
    /// The database numbers it by itself.
    pub(in crate::storage) is_numbered: bool,
}

/// A table with its columns in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) struct Table {
    /// Its name.
    pub(in crate::storage) name: String,
    /// Its columns.
    pub(in crate::storage) columns: Vec<Column>,
}

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    numbered: i64,
}

/// Every table but the list of migrations, by name.
///
/// # Errors
/// [`StorageError`]; a column of a kind that [`Kind`] does not know is corrupt.
pub(in crate::storage) fn all(reader: &mut Reader) -> Result<Vec<Table>, StorageError> {
    const POSTGRES: &str = "SELECT c.table_name::text AS table_name, c.column_name::text AS column_name, \
         c.data_type::text AS kind, (COALESCE(c.column_default, '') LIKE 'nextval%')::int::bigint AS numbered \
         FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) \
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' \
         ORDER BY c.table_name::text COLLATE \"C\", c.ordinal_position";
    const SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, LOWER(c.type) AS kind, 0 AS numbered \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid";
    let sql = if matches!(*reader.connection, AnyConnection::Postgres(_)) { POSTGRES } else { SQLITE };
    let described: Vec<Described> = Sql::of(sql, &[]).load(&mut *reader.connection)?;
    let mut tables: Vec<Table> = Vec::new();
    for Described { table_name, column_name, kind, numbered } in described {
        if table_name == "__diesel_schema_migrations" {
            continue;
        }
        let column = Column { kind: kind_of(&table_name, &kind)?, name: column_name, is_numbered: numbered != 0 };
        match tables.last_mut().filter(|table| table.name == table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: table_name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

fn kind_of(table: &str, name: &str) -> Result<Kind, StorageError> {
    Ok(match name {
        "text" => Kind::Text,
        "bigint" | "integer" | "smallint" | "bigserial" => Kind::Number,
        "boolean" => Kind::Flag,
        "timestamp" | "timestamp without time zone" => Kind::Time,
        "date" => Kind::Day,
        "bytea" | "blob" => Kind::Bytes,
        other => return Err(StorageError::corrupt("column", format!("{table}: {other}"))),
    })
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The last migration that ran.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn last_migration(reader: &mut Reader) -> Result<String, StorageError> {
    const SQL: &str = "SELECT MAX(version) AS version FROM __diesel_schema_migrations";
    Ok(Sql::of(SQL, &[]).get_result::<Version>(&mut *reader.connection)?.version)
}
