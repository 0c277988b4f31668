//! Counting: the columns of form II.06a for any period and grouping, straight from the rows.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};

use super::db::Reader;
use super::error::StorageError;
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

    const fn column(self) -> &'static str {
        match self {
            Self::Procedure => "d.procedure_code",
            Self::Field => "d.field",
            Self::Agency => "d.agency",
            Self::Channel => "d.channel",
            Self::Level => "d.level",
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

/// Figures of the dossiers that `agency` and those below it resolve (`None`: of all), told apart by up to two groupings.
///
/// This is [`tally_of`](crate::domain::statistics::tally_of) for many dossiers in one statement. A dossier's span at
/// the end of the window is its running one if that began by then, else the past one that holds the instant.
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
    let sql = format!(
        "SELECT key1, key2, \
         SUM(CASE WHEN received_at >= $1 AND channel = 'online' THEN 1 ELSE 0 END) AS online, \
         SUM(CASE WHEN received_at >= $1 AND channel = 'direct' THEN 1 ELSE 0 END) AS direct, \
         SUM(CASE WHEN received_at >= $1 AND channel = 'postal' THEN 1 ELSE 0 END) AS postal, \
         SUM(CASE WHEN received_at < $1 THEN 1 ELSE 0 END) AS carried_over, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'early' THEN 1 ELSE 0 END) AS early, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'on_time' THEN 1 ELSE 0 END) AS on_time, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'late' THEN 1 ELSE 0 END) AS late, \
         SUM(CASE WHEN ended = 1 AND ended_class = 'late' THEN lettered ELSE 0 END) AS late_with_letter, \
         SUM(CASE WHEN ended = 0 AND overdue = 0 THEN 1 ELSE 0 END) AS within_all, \
         SUM(CASE WHEN ended = 0 AND overdue = 0 THEN paused ELSE 0 END) AS paused, \
         SUM(CASE WHEN ended = 0 THEN overdue ELSE 0 END) AS overdue, \
         SUM(CASE WHEN ended = 0 AND overdue = 1 THEN lettered ELSE 0 END) AS overdue_with_letter \
         FROM (SELECT {key1} AS key1, {key2} AS key2, d.received_at, d.channel, d.ended_class, \
           CASE WHEN d.ended_at < $2 THEN 1 ELSE 0 END AS ended, \
           CASE WHEN d.letter_on <= $3 THEN 1 ELSE 0 END AS lettered, \
           CASE WHEN d.span_from < $2 THEN CASE WHEN d.late_from < $2 THEN 1 ELSE 0 END \
                ELSE CASE WHEN s.late_from < $2 THEN 1 ELSE 0 END END AS overdue, \
           CASE WHEN d.span_from < $2 THEN CASE WHEN d.stopped_since IS NULL THEN 0 ELSE 1 END \
                ELSE CASE WHEN s.paused THEN 1 ELSE 0 END END AS paused \
         FROM dossiers d \
         LEFT JOIN past_spans s ON s.dossier = d.code AND d.span_from >= $2 AND s.starts_at < $2 AND s.ends_at >= $2 \
         WHERE d.received_at IS NOT NULL AND NOT d.void AND d.received_at < $2 \
           AND (d.ended_at IS NULL OR d.ended_at >= $1) \
           AND ($4 IS NULL OR d.agency IN (SELECT t.descendant FROM agency_tree t WHERE t.ancestor = $4))) AS counted \
         GROUP BY key1, key2 ORDER BY key1, key2",
        key1 = key(0),
        key2 = key(1),
    );
    let rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<Timestamp, _>(window.from)
        .bind::<Timestamp, _>(window.until)
        .bind::<Date, _>(window.letters_until)
        .bind::<Nullable<Text>, _>(agency.map(AgencyCode::as_str))
        .load(&mut *reader.connection)?;
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
