//! What whoever runs the service watches: how far background work is behind and what waits. Each figure is read from an index of
//! just what waits, and counting stops at [`MOST`], so that looking costs little however much there is.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

use super::db::Reader;
use super::error::StorageError;
use super::sql::{Sql, Value};
use crate::domain::vocabulary::LocalTime;

/// Where counting stops: as many or more.
pub const MOST: i64 = 100_000;

/// The figures of one look.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Vitals {
    /// Open dossiers past their deadline whose clock runs.
    #[diesel(sql_type = BigInt)]
    pub overdue: i64,
    /// Events that have no position in the feed yet.
    #[diesel(sql_type = BigInt)]
    pub outbox: i64,
    /// When the first of them was recorded.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub outbox_since: Option<LocalTime>,
    /// Events of the feed that the slowest consumer has not made messages of.
    #[diesel(sql_type = BigInt)]
    pub feed_behind: i64,
    /// Messages that wait to be sent, or sent again.
    #[diesel(sql_type = BigInt)]
    pub messages: i64,
    /// Since when the first of them waits.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub messages_since: Option<LocalTime>,
    /// Entries of the audit log that are not in its chain yet.
    #[diesel(sql_type = BigInt)]
    pub unsealed: i64,
    /// The last instant with a struck balance.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub balance_at: Option<LocalTime>,
    /// When the last complete round of background work ended.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub round_ended_at: Option<LocalTime>,
    /// How long it took, in milliseconds.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub round_took: Option<i64>,
}

/// Letters of one kind and status that are not issued yet.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Unissued {
    /// Kind of letter.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Where they stand.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub letters: i64,
}

/// Looks, at `now`.
///
/// # Errors
/// [`StorageError`].
pub fn look(reader: &mut Reader, now: LocalTime) -> Result<(Vitals, Vec<Unissued>), StorageError> {
    // The conditions are spelt as those of the indexes dossiers_noted_overdue, dossiers_to_sweep, letters_unissued,
    // deliveries_waiting_since: SQLite takes a partial index for no other wording.
    const VITALS: &str = "SELECT \
         (SELECT COUNT(*) FROM (SELECT 1 FROM dossiers WHERE ended_at IS NULL AND late_from IS NOT NULL AND NOT void \
             AND lateness_noted AND late_from <= :now LIMIT :most) AS noted) \
         + (SELECT COUNT(*) FROM (SELECT 1 FROM dossiers WHERE ended_at IS NULL AND late_from IS NOT NULL AND NOT void \
             AND NOT lateness_noted AND late_from <= :now LIMIT :most) AS unnoted) AS overdue, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM outbox LIMIT :most) AS queued) AS outbox, \
         (SELECT j.recorded_at FROM outbox o JOIN journal j ON j.dossier = o.dossier AND j.seq = o.seq \
             ORDER BY o.place LIMIT 1) AS outbox_since, \
         (SELECT COALESCE(MAX(h.last - r.position), 0) FROM feed_head h CROSS JOIN feed_readers r \
             LEFT JOIN webhooks w ON w.id = r.name WHERE w.id IS NULL OR w.active) AS feed_behind, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE status = 'waiting' LIMIT :most) AS waiting) AS messages, \
         (SELECT MIN(queued_at) FROM deliveries WHERE status = 'waiting') AS messages_since, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM audit_queue LIMIT :most) AS unsealed) AS unsealed, \
         (SELECT MAX(at) FROM balance_stamps WHERE struck) AS balance_at, \
         (SELECT ended_at FROM rounds WHERE name = 'background') AS round_ended_at, \
         (SELECT milliseconds FROM rounds WHERE name = 'background') AS round_took";
    const UNISSUED: &str = "SELECT kind, status, COUNT(*) AS letters FROM (SELECT kind, status FROM letters \
         WHERE status IN ('draft', 'submitted', 'rejected') LIMIT :most) AS unissued GROUP BY kind, status ORDER BY kind, status";
    let values = [("now", Value::Time(now)), ("most", Value::Number(MOST))];
    let vitals = Sql::of(VITALS, &values).get_result(&mut *reader.connection)?;
    Ok((vitals, Sql::of(UNISSUED, &values).load(&mut *reader.connection)?))
}
