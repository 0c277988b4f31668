//! Counting what has a term and is no dossier: the figures of any period from the rows, and the rows of a figure.
//!
//! A row is open until it ended, and late from an instant that is only ever moved while it is not late: so the row as it is
//! tells how it stood at any instant before.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::db::Reader;
use super::error::StorageError;
use super::listing::Counted;
use super::sql::{Condition, Sql, Value};
use crate::domain::statistics::{Column, Window};
use crate::domain::term::TermTally;
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::AgencyCode;

/// A table of such rows. Each has `agency`, `late_from`, `ended_at` and `ended_class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matters {
    /// Feedback.
    Feedback,
    /// Tasks of plans.
    Tasks,
}

impl Matters {
    const fn table(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Tasks => "plan_tasks",
        }
    }

    /// Since when a row is to be dealt with.
    const fn since(self) -> &'static str {
        match self {
            Self::Feedback => "received_at",
            Self::Tasks => "assigned_at",
        }
    }

    fn in_period(self) -> String {
        format!("{} < :until AND (ended_at IS NULL OR ended_at >= :from)", self.since())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key1: String,
    #[diesel(sql_type = Text)]
    key2: String,
    #[diesel(sql_type = BigInt)]
    fresh: i64,
    #[diesel(sql_type = BigInt)]
    carried_over: i64,
    #[diesel(sql_type = BigInt)]
    early: i64,
    #[diesel(sql_type = BigInt)]
    on_time: i64,
    #[diesel(sql_type = BigInt)]
    late: i64,
    #[diesel(sql_type = BigInt)]
    within_all: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
}

/// Figures of what belongs to `agency` and those below it (`None`: of all), told apart by two columns of the table, empty
/// for what has no value there; in their order.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn tallies(
    reader: &mut Reader,
    matters: Matters,
    window: &Window,
    agency: Option<&AgencyCode>,
    keys: [Option<&'static str>; 2],
) -> Result<Vec<([String; 2], TermTally)>, StorageError> {
    let key = |key: Option<&str>| key.map_or_else(|| "''".to_owned(), |column| format!("COALESCE({column}, '')"));
    let text = format!(
        "SELECT key1, key2, \
         SUM(CASE WHEN since >= :from THEN 1 ELSE 0 END) AS fresh, \
         SUM(CASE WHEN since < :from THEN 1 ELSE 0 END) AS carried_over, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'early' THEN 1 ELSE 0 END) AS early, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'on_time' THEN 1 ELSE 0 END) AS on_time, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'late' THEN 1 ELSE 0 END) AS late, \
         SUM(CASE WHEN ended = 0 AND overdue = 0 THEN 1 ELSE 0 END) AS within_all, \
         SUM(CASE WHEN ended = 0 THEN overdue ELSE 0 END) AS overdue \
         FROM (SELECT {} AS key1, {} AS key2, {} AS since, ended_class, \
           CASE WHEN ended_at < :until THEN 1 ELSE 0 END AS ended, \
           CASE WHEN late_from < :until THEN 1 ELSE 0 END AS overdue \
         FROM {} WHERE {} AND agency {}) AS counted \
         GROUP BY key1, key2 ORDER BY key1, key2",
        key(keys[0]),
        key(keys[1]),
        matters.since(),
        matters.table(),
        matters.in_period(),
        balances::below(agency),
    );
    let values =
        [("from", Value::Time(window.from)), ("until", Value::Time(window.until)), ("scope", balances::scope(agency))];
    let rows: Vec<Row> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tally = TermTally {
                new: row.fresh,
                carried_over: row.carried_over,
                early: row.early,
                on_time: row.on_time,
                late: row.late,
                within: row.within_all,
                overdue: row.overdue,
            };
            ([row.key1, row.key2], tally)
        })
        .collect())
}

/// Which rows of the table a figure counts.
pub(in crate::storage) fn counted_in(matters: Matters, counted: &Counted) -> Condition {
    let (ended, open) = ("ended_at < :until", "(ended_at IS NULL OR ended_at >= :until)");
    let of_class = |class: EndClass| format!("{ended} AND ended_class = '{}'", class.as_str());
    let figure = match counted.column {
        Column::Received => "1 = 1".to_owned(),
        Column::New => format!("{} >= :from", matters.since()),
        Column::CarriedOver => format!("{} < :from", matters.since()),
        Column::Resolved => ended.to_owned(),
        Column::Early => of_class(EndClass::Early),
        Column::OnTime => of_class(EndClass::OnTime),
        Column::Late => of_class(EndClass::Late),
        Column::InProgress => open.to_owned(),
        Column::Within => format!("{open} AND (late_from IS NULL OR late_from >= :until)"),
        // Nothing stops these clocks.
        Column::Paused => "1 = 0".to_owned(),
        Column::Overdue => format!("{open} AND late_from < :until"),
    };
    let text = format!("{} AND {figure}", matters.in_period());
    let values = [("from", Value::Time(counted.window.from)), ("until", Value::Time(counted.window.until))];
    Condition(Sql::of(&text, &values))
}
