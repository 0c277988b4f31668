//! Counting straight from the rows: the columns of form II.06a for any period and grouping.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::db::Reader;
use super::error::StorageError;
use super::sql::{Sql, Value};
use super::{as_of, balances};
use crate::domain::statistics::{Tally, Window};
use crate::domain::vocabulary::AgencyCode;

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// Field of the procedure.
    Field,
    /// Procedure.
    Procedure,
    /// Resolving agency.
    Agency,
    /// Channel.
    Channel,
    /// Tier of the procedure.
    Level,
}

impl GroupBy {
    /// Every grouping.
    pub const ALL: [Self; 5] = [Self::Field, Self::Procedure, Self::Agency, Self::Channel, Self::Level];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Procedure => "procedure",
            Self::Agency => "agency",
            Self::Channel => "channel",
            Self::Level => "level",
        }
    }

    /// The column of `dossiers`.
    pub(in crate::storage) const fn column(self) -> &'static str {
        match self {
            Self::Procedure => "dossiers.procedure_code",
            Self::Field => "dossiers.field",
            Self::Agency => "dossiers.agency",
            Self::Channel => "dossiers.channel",
            Self::Level => "dossiers.level",
        }
    }
}

/// Figures of one group: the codes it is told apart by, in the order asked for, and its tally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// One code for each grouping.
    pub keys: Vec<String>,
    /// Its figures.
    pub tally: Tally,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key1: String,
    #[diesel(sql_type = Text)]
    key2: String,
    #[diesel(sql_type = BigInt)]
    online: i64,
    #[diesel(sql_type = BigInt)]
    direct: i64,
    #[diesel(sql_type = BigInt)]
    postal: i64,
    #[diesel(sql_type = BigInt)]
    carried_over: i64,
    #[diesel(sql_type = BigInt)]
    early: i64,
    #[diesel(sql_type = BigInt)]
    on_time: i64,
    #[diesel(sql_type = BigInt)]
    late: i64,
    #[diesel(sql_type = BigInt)]
    late_with_letter: i64,
    #[diesel(sql_type = BigInt)]
    within_all: i64,
    #[diesel(sql_type = BigInt)]
    paused: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
    #[diesel(sql_type = BigInt)]
    overdue_with_letter: i64,
}

/// Figures of the dossiers that `agency` and those below it resolve (`None`: of all), told apart by up to two groupings,
/// in order of their codes.
///
/// This is [`tally_of`](crate::domain::statistics::tally_of) for many dossiers in one statement.
///
/// # Errors
/// [`StorageError`].
pub fn tallies(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<Vec<Group>, StorageError> {
    let key = |index: usize| groups.get(index).map_or("''", |group| group.column());
    let text = format!(
        "SELECT key1, key2, \
         SUM(CASE WHEN received_at >= :from AND channel = 'online' THEN 1 ELSE 0 END) AS online, \
         SUM(CASE WHEN received_at >= :from AND channel = 'direct' THEN 1 ELSE 0 END) AS direct, \
         SUM(CASE WHEN received_at >= :from AND channel = 'postal' THEN 1 ELSE 0 END) AS postal, \
         SUM(CASE WHEN received_at < :from THEN 1 ELSE 0 END) AS carried_over, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'early' THEN 1 ELSE 0 END) AS early, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'on_time' THEN 1 ELSE 0 END) AS on_time, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'late' THEN 1 ELSE 0 END) AS late, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'late' THEN lettered ELSE 0 END) AS late_with_letter, \
         SUM(CASE WHEN ended = 0 AND overdue = 0 THEN 1 ELSE 0 END) AS within_all, \
         SUM(CASE WHEN ended = 0 AND overdue = 0 THEN paused ELSE 0 END) AS paused, \
         SUM(CASE WHEN ended = 0 THEN overdue ELSE 0 END) AS overdue, \
         SUM(CASE WHEN ended = 0 AND overdue = 1 THEN lettered ELSE 0 END) AS overdue_with_letter \
         FROM (SELECT {} AS key1, {} AS key2, dossiers.received_at, dossiers.channel, dossiers.ended_class, \
           CASE WHEN dossiers.ended_at < :until THEN 1 ELSE 0 END AS ended, \
           {} AS lettered, {} AS overdue, {} AS paused \
         FROM dossiers WHERE {} AND {} AND dossiers.agency {}) AS counted \
         GROUP BY key1, key2 ORDER BY key1, key2",
        key(0),
        key(1),
        as_of::lettered("until"),
        as_of::late("until"),
        as_of::paused("until"),
        as_of::COUNTED,
        as_of::IN_PERIOD,
        balances::below(agency),
    );
    let values = [
        ("from", Value::Time(window.from)),
        ("until", Value::Time(window.until)),
        ("until_day", Value::Day(window.letters_until)),
        ("scope", balances::scope(agency)),
    ];
    let rows: Vec<Row> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    Ok(rows
        .into_iter()
        .map(|row| Group {
            keys: [row.key1, row.key2].into_iter().take(groups.len()).collect(),
            tally: Tally {
                online: row.online,
                direct: row.direct,
                postal: row.postal,
                carried_over: row.carried_over,
                early: row.early,
                on_time: row.on_time,
                late: row.late,
                late_with_letter: row.late_with_letter,
                within: row.within_all,
                paused: row.paused,
                overdue: row.overdue,
                overdue_with_letter: row.overdue_with_letter,
            },
        })
        .collect())
}
