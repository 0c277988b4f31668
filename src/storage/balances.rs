//! Reading struck balances: the figures of an instant from the last balance before it and the few rows touched since.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::as_of;
use super::db::Reader;
use super::error::StorageError;
use super::schema::balance_stamps;
use super::sql::{Sql, Value};
use super::statistics::GroupBy;
use crate::domain::balance::Balance;
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
        (Some(stamp), _) if stamp == instant => figures(reader, stamp, None, agency, groups).map(Some),
        // Whatever was touched since the last balance is found by one index.
        (Some(stamp), None) => figures(reader, stamp, Some(instant), agency, groups).map(Some),
        // Nothing was received before the first balance, then nothing was before that.
        (None, Some(first)) if figures(reader, first, None, agency, groups)?.is_empty() => Ok(Some(BTreeMap::new())),
        _ => Ok(None),
    }
}

/// The sums of all figures, as [`Row`] wants them.
pub(in crate::storage) fn sums() -> String {
    Balance::NAMES.map(|name| format!("CAST(SUM({name}) AS BIGINT) AS {name}")).join(", ")
}

/// The balances of `stamp`, carried forward to `until` by the rows touched since.
fn figures(
    reader: &mut Reader,
    stamp: LocalTime,
    until: Option<LocalTime>,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<BTreeMap<Key, Balance>, StorageError> {
    let key = |index: usize| groups.get(index).map_or("''", |group| group.as_str());
    let by_agency = groups.contains(&GroupBy::Agency);
    let mut parts = vec![if by_agency { OWN.replace("$below", below(agency)) } else { OF_SCOPE.to_owned() }];
    parts.push(CORRECTIONS.replace("$below", below(agency)));
    if until.is_some() {
        parts.push(touched(agency));
    }
    let text = format!(
        "SELECT {} AS key1, {} AS key2, channel, {} FROM ({}) AS parts GROUP BY 1, 2, 3",
        key(0),
        key(1),
        sums(),
        parts.join(" UNION ALL ").replace("$figures", &Balance::NAMES.join(", ")),
    );
    let ((stamp, stamp_day), (until, until_day)) = (as_of::instant(stamp), as_of::instant(until.unwrap_or(stamp)));
    let values = [("a", stamp), ("a_day", stamp_day), ("b", until), ("b_day", until_day), ("scope", scope(agency))];
    let rows: Vec<Row> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(Row::read).filter(|(_, balance)| *balance != Balance::default()).collect())
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

/// The rows that may count otherwise at `:b` than at `:a`: moved since, or run into their deadline between. Rows too many
/// do no harm, as the same balance at both instants adds nothing.
///
/// What must not look like the shorter way stands in an expression, where no index answers it: the agency (few rows were
/// touched in any), and that a row was settled before (nearly all were).
pub(in crate::storage) fn touched_rows(agency: Option<&AgencyCode>) -> String {
    const COLUMNS: &str = "code, agency, field, level, channel, received_at, ended_at, ended_class, late_from, \
         span_from, stopped_since, letter_on";
    let counted = as_of::COUNTED;
    let overdue = "CASE WHEN dossiers.settled_at < :a THEN 1 ELSE 0 END = 1 AND dossiers.ended_at IS NULL AND dossiers.late_from >= :a \
         AND dossiers.late_from < :b";
    let arms = [
        "dossiers.settled_at >= :a".to_owned(),
        format!("{overdue} AND dossiers.lateness_noted"),
        format!("{overdue} AND NOT dossiers.lateness_noted"),
    ];
    let selects = arms.map(|arm| {
        format!("SELECT {COLUMNS} FROM dossiers WHERE {arm} AND {counted} AND dossiers.agency || '' {}", below(agency))
    });
    selects.join(" UNION ALL ")
}

/// What happened between `:a` and `:b`, by series.
pub(in crate::storage) fn touched(agency: Option<&AgencyCode>) -> String {
    let changes: Vec<String> = as_of::balance("b")
        .iter()
        .zip(as_of::balance("a"))
        .zip(Balance::NAMES)
        .map(|((after, before), name)| format!("SUM(({after}) - ({before})) AS {name}"))
        .collect();
    format!(
        "SELECT agency, field, level, channel, {} FROM ({}) AS dossiers GROUP BY agency, field, level, channel",
        changes.join(", "),
        touched_rows(agency)
    )
}
