//! Reading struck balances: the figures of an instant from the last balance before it and the few rows touched since.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::db::Reader;
use super::error::StorageError;
use super::schema::balance_stamps;
use super::sql::{Sql, Value};
use super::statistics::GroupBy;
use super::{agencies, as_of, lives};
use crate::domain::balance::{Balance, Series};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// What a figure is told apart by: one code for each grouping, and the channel.
pub(in crate::storage) type Key = (String, String, String);

/// A balance with what it is told apart by.
#[derive(QueryableByName)]
pub(in crate::storage) struct Row {
    #[diesel(sql_type = Text)]
    key1: String,
    #[diesel(sql_type = Text)]
    key2: String,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = BigInt)]
    received: i64,
    #[diesel(sql_type = BigInt)]
    early: i64,
    #[diesel(sql_type = BigInt)]
    on_time: i64,
    #[diesel(sql_type = BigInt)]
    late: i64,
    #[diesel(sql_type = BigInt)]
    late_with_letter: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
    #[diesel(sql_type = BigInt)]
    overdue_with_letter: i64,
    #[diesel(sql_type = BigInt)]
    paused: i64,
}

impl Row {
    pub(in crate::storage) fn read(self) -> (Key, Balance) {
        let balance = Balance {
            received: self.received,
            early: self.early,
            on_time: self.on_time,
            late: self.late,
            late_with_letter: self.late_with_letter,
            overdue: self.overdue,
            overdue_with_letter: self.overdue_with_letter,
            paused: self.paused,
        };
        ((self.key1, self.key2, self.channel), balance)
    }
}

/// The last struck balance, if there is one.
///
/// # Errors
/// [`StorageError`].
pub fn last_struck(reader: &mut Reader) -> Result<Option<LocalTime>, StorageError> {
    let query = balance_stamps::table.filter(balance_stamps::struck).select(balance_stamps::at);
    Ok(query.order(balance_stamps::at.desc()).first(&mut *reader.connection).optional()?)
}

/// Every instant that has or awaits its balance, in order, and whether it is struck.
///
/// # Errors
/// [`StorageError`].
pub fn stamps(reader: &mut Reader) -> Result<Vec<(LocalTime, bool)>, StorageError> {
    let query = balance_stamps::table.select((balance_stamps::at, balance_stamps::struck));
    Ok(query.order(balance_stamps::at.asc()).load(&mut *reader.connection)?)
}

/// Balances at `instant` of the dossiers that `agency` and those below it resolve (`None`: of all).
///
/// `None` when no balance helps: there is none, or only one so old that the rows themselves are the shorter way.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn at(
    reader: &mut Reader,
    instant: LocalTime,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<Option<BTreeMap<Key, Balance>>, StorageError> {
    let struck = || balance_stamps::table.filter(balance_stamps::struck).select(balance_stamps::at);
    let before: Option<LocalTime> = struck()
        .filter(balance_stamps::at.le(instant))
        .order(balance_stamps::at.desc())
        .first(&mut *reader.connection)
        .optional()?;
    let after: Option<LocalTime> = struck()
        .filter(balance_stamps::at.gt(instant))
        .order(balance_stamps::at.asc())
        .first(&mut *reader.connection)
        .optional()?;
    match (before, after) {
        (Some(stamp), _) if stamp == instant => figures(reader, stamp, agency, groups).map(Some),
        // Whatever was touched since the last balance is found by its indexes.
        (Some(stamp), None) => {
            let mut balances = figures(reader, stamp, agency, groups)?;
            carry_forward(reader, &mut balances, (stamp, instant), agency, groups)?;
            Ok(Some(balances))
        }
        // Nothing was received before the first balance, then nothing was before that.
        (None, Some(first)) if figures(reader, first, agency, groups)?.is_empty() => Ok(Some(BTreeMap::new())),
        _ => Ok(None),
    }
}

/// The sums of all figures, as [`Row`] wants them.
pub(in crate::storage) fn sums() -> String {
    Balance::NAMES.map(|name| format!("CAST(SUM({name}) AS BIGINT) AS {name}")).join(", ")
}

/// The balances struck at `stamp`, with the corrections that are not folded in yet.
fn figures(
    reader: &mut Reader,
    stamp: LocalTime,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<BTreeMap<Key, Balance>, StorageError> {
    let key = |index: usize| groups.get(index).map_or("''", |group| group.as_str());
    let by_agency = groups.contains(&GroupBy::Agency);
    let parts = [if by_agency { OWN } else { OF_SCOPE }, CORRECTIONS].join(" UNION ALL ");
    let text = format!(
        "SELECT {} AS key1, {} AS key2, channel, {} FROM ({}) AS parts GROUP BY 1, 2, 3",
        key(0),
        key(1),
        sums(),
        parts.replace("$below", below(agency)).replace("$figures", &Balance::NAMES.join(", ")),
    );
    let values = [("a", Value::Time(stamp)), ("scope", scope(agency))];
    let rows: Vec<Row> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(Row::read).filter(|(_, balance)| *balance != Balance::default()).collect())
}

/// Adds what happened from one instant to another in the dossiers touched between.
fn carry_forward(
    reader: &mut Reader,
    balances: &mut BTreeMap<Key, Balance>,
    (from, until): (LocalTime, LocalTime),
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<(), StorageError> {
    let members = agency.map(|agency| agencies::subtree(reader, agency)).transpose()?;
    for (series, life) in lives::touched(reader, from, until)? {
        if members.as_ref().is_some_and(|members| !members.contains(series.agency.as_str())) {
            continue;
        }
        let mut change = Balance::at(&life, until);
        change -= Balance::at(&life, from);
        let code = |index: usize| groups.get(index).map_or_else(String::new, |group| code_of(&series, *group));
        *balances.entry((code(0), code(1), series.channel.to_string())).or_default() += change;
    }
    Ok(())
}

fn code_of(series: &Series, group: GroupBy) -> String {
    match group {
        GroupBy::Field => series.field.to_string(),
        GroupBy::Agency => series.agency.to_string(),
        GroupBy::Channel => series.channel.to_string(),
        GroupBy::Level => series.level.to_string(),
        // Balances do not tell procedures apart; whoever groups by them reads the rows.
        GroupBy::Procedure => String::new(),
    }
}

/// A scope's subtree in one range of the primary key.
const OF_SCOPE: &str =
    "SELECT scope AS agency, field, level, channel, $figures FROM balances WHERE at = :a AND scope = :scope";

/// What each agency itself resolves: its subtree less the subtrees right below it.
const OWN: &str = "SELECT b.scope AS agency, b.field, b.level, b.channel, $figures FROM balances b \
     WHERE b.at = :a AND b.scope <> '' AND b.scope $below \
     UNION ALL SELECT c.parent, b.field, b.level, b.channel, -received, -early, -on_time, -late, -late_with_letter, \
     -overdue, -overdue_with_letter, -paused FROM balances b JOIN agencies c ON c.code = b.scope \
     WHERE b.at = :a AND c.parent $below";

const CORRECTIONS: &str = "SELECT agency, field, level, channel, $figures FROM balance_corrections \
     WHERE at < :a AND agency $below";

/// The scope of an agency with all below it; without one, everything.
pub(in crate::storage) fn scope(agency: Option<&AgencyCode>) -> Value {
    Value::Text(agency.map(|code| code.as_str().to_owned()).unwrap_or_default())
}

/// Which agencies lie in the scope.
pub(in crate::storage) const fn below(agency: Option<&AgencyCode>) -> &'static str {
    match agency {
        Some(_) => "IN (SELECT descendant FROM agency_tree WHERE ancestor = :scope)",
        None => "IS NOT NULL",
    }
}

/// Which rows may count otherwise at `:b` than at `:a`: moved since, or run into their deadline between. The parts exclude
/// each other, and each has an index. Rows too many do no harm: the same balance at both instants adds nothing.
///
/// That a row was settled before stands in an expression, which no index answers: nearly all were.
pub(in crate::storage) fn touched_parts() -> [String; 3] {
    let counted = as_of::COUNTED;
    let overdue = format!(
        "{counted} AND dossiers.ended_at IS NULL AND dossiers.late_from >= :a AND dossiers.late_from < :b \
         AND CASE WHEN dossiers.settled_at < :a THEN 1 ELSE 0 END = 1"
    );
    [
        format!("{counted} AND dossiers.settled_at >= :a"),
        format!("{overdue} AND dossiers.lateness_noted"),
        format!("{overdue} AND NOT dossiers.lateness_noted"),
    ]
}

/// What happened between `:a` and `:b`, by series.
pub(in crate::storage) fn touched() -> String {
    let changes: Vec<String> = as_of::balance("b")
        .iter()
        .zip(as_of::balance("a"))
        .zip(Balance::NAMES)
        .map(|((after, before), name)| format!("SUM(({after}) - ({before})) AS {name}"))
        .collect();
    format!(
        "SELECT agency, field, level, channel, {} FROM ({}) AS dossiers GROUP BY agency, field, level, channel",
        changes.join(", "),
        touched_rows()
    )
}

/// The rows of [`touched_parts`] together.
pub(in crate::storage) fn touched_rows() -> String {
    const COLUMNS: &str = "code, agency, field, level, channel, received_at, ended_at, ended_class, late_from, \
         span_from, stopped_since, letter_on";
    touched_parts().map(|part| format!("SELECT {COLUMNS} FROM dossiers WHERE {part}")).join(" UNION ALL ")
}
