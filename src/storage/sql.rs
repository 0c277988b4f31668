//! SQL written out where the query builder falls short: text with named parameters, prepared once like any other query.

use std::marker::PhantomData;
use std::sync::OnceLock;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text, Timestamp, Untyped};

use super::connection::{AnyConnection, MultiBackend};
use super::schema::{dossiers, feedback, plan_tasks};

/// Rows in one `INSERT`: SQLite binds at most 32,766 values.
pub(in crate::storage) const ROWS_AT_ONCE: usize = 1_000;

/// A value to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) enum Value {
    /// An instant.
    Time(NaiveDateTime),
    /// A day.
    Day(NaiveDate),
    /// A text.
    Text(String),
    /// A text, or none.
    Maybe(Option<String>),
    /// A figure.
    Figure(i32),
    /// A large number.
    Number(i64),
}

impl Value {
    /// As a field of PostgreSQL's COPY.
    pub(in crate::storage) fn copied(&self) -> String {
        match self {
            Self::Time(at) => at.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Maybe(None) => "\\N".to_owned(),
            Self::Text(text) | Self::Maybe(Some(text)) => {
                text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
            }
            Self::Figure(figure) => figure.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Bound(Value),
}

/// A statement, or a condition on the rows of one.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct Sql {
    pieces: Vec<Piece>,
    /// Its text will not come again: the connection need not remember it.
    once: bool,
}

impl Sql {
    /// `text` with a bound value in place of each `:name` that `values` knows. Each place is bound anew, since SQLite and
    /// PostgreSQL number parameters differently.
    pub(in crate::storage) fn of(text: &str, values: &[(&str, Value)]) -> Self {
        let mut sql = Self::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(':') {
            let length = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, behind) = after.split_at(length);
            sql.pieces.push(Piece::Text(before.to_owned()));
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => sql.pieces.push(Piece::Bound(value.clone())),
                // The database says that it does not know the parameter.
                None => sql.pieces.push(Piece::Text(format!(":{name}"))),
            }
            rest = behind;
        }
        sql.pieces.push(Piece::Text(rest.to_owned()));
        sql
    }

    /// `INSERT` of many rows: `head VALUES (…), (…) tail`.
    pub(in crate::storage) fn insert(head: &str, rows: &[Vec<Value>], tail: &str) -> Self {
        let mut sql = Self { pieces: vec![Piece::Text(format!("{head} VALUES "))], once: true };
        for (place, row) in rows.iter().enumerate() {
            for (column, value) in row.iter().enumerate() {
                let separator = match (place, column) {
                    (0, 0) => "(",
                    (_, 0) => "), (",
                    _ => ", ",
                };
                sql.pieces.push(Piece::Text(separator.to_owned()));
                sql.pieces.push(Piece::Bound(value.clone()));
            }
        }
        sql.pieces.push(Piece::Text(format!(") {tail}")));
        sql
    }
}

impl QueryFragment<MultiBackend> for Sql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.once {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Bound(Value::Time(at)) => out.push_bind_param::<Timestamp, _>(at)?,
                Piece::Bound(Value::Day(day)) => out.push_bind_param::<Date, _>(day)?,
                Piece::Bound(Value::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                Piece::Bound(Value::Maybe(text)) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                Piece::Bound(Value::Figure(figure)) => out.push_bind_param::<Integer, _>(figure)?,
                Piece::Bound(Value::Number(number)) => out.push_bind_param::<BigInt, _>(number)?,
            }
        }
        Ok(())
    }
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql {
    type SqlType = Untyped;
}

impl diesel::RunQueryDsl<AnyConnection> for Sql {}

/// A query on PostgreSQL that binds one text and is written once: the query builder would write a wide one anew each time it is
/// asked, which takes longer than to answer it.
#[derive(Debug)]
pub(in crate::storage) struct Fixed<ST> {
    pieces: &'static [String],
    value: String,
    answers: PhantomData<ST>,
}

impl<ST> Fixed<ST> {
    /// What `query` asks, of this value. Its text is kept in `text`.
    pub(in crate::storage) fn of<Q>(text: &'static OnceLock<Vec<String>>, query: &Q, value: String) -> QueryResult<Self>
    where
        Q: Query<SqlType = ST> + QueryFragment<Pg>,
    {
        if text.get().is_none() {
            let mut builder = PgQueryBuilder::default();
            query.to_sql(&mut builder, &Pg)?;
            let written = builder.finish();
            debug_assert!(!written.contains("$2"), "binds one value: {written}");
            let _ = text.set(written.split("$1").map(str::to_owned).collect());
        }
        let pieces = text.get().map(Vec::as_slice).unwrap_or_default();
        Ok(Self { pieces, value, answers: PhantomData })
    }
}

impl<ST> QueryFragment<MultiBackend> for Fixed<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (place, piece) in self.pieces.iter().enumerate() {
            if place > 0 {
                out.push_bind_param::<Text, _>(&self.value)?;
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<ST> QueryId for Fixed<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Fixed<ST> {
    type SqlType = ST;
}

impl<ST> diesel::RunQueryDsl<AnyConnection> for Fixed<ST> {}

/// A condition on rows of one of the tables below, for the query builder.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Condition(pub(in crate::storage) Sql);

impl QueryFragment<MultiBackend> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Condition {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Condition {
    type SqlType = Bool;
}

impl ValidGrouping<()> for Condition {
    type IsAggregate = is_aggregate::No;
}

impl AppearsOnTable<dossiers::table> for Condition {}
impl SelectableExpression<dossiers::table> for Condition {}
impl AppearsOnTable<feedback::table> for Condition {}
impl SelectableExpression<feedback::table> for Condition {}
impl AppearsOnTable<plan_tasks::table> for Condition {}
impl SelectableExpression<plan_tasks::table> for Condition {}
