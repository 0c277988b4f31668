//! What the day so far brought beside the columns of the form: hand-overs, what waits to be accepted, letters to work on.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::db::Reader;
use super::error::StorageError;
use super::sql::{Sql, Value};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// Counts of dossiers that are in no column of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Beside {
    /// Results handed over since the midnight before.
    #[diesel(sql_type = BigInt)]
    pub returned: i64,
    /// Registered, and neither accepted nor refused.
    #[diesel(sql_type = BigInt)]
    pub to_accept: i64,
    /// Of these, not answered in time (Decree 105/2025 art. 10(2)).
    #[diesel(sql_type = BigInt)]
    pub to_accept_overdue: i64,
}

/// These counts of what `agency` and those below it resolve (`None`: of all), from a midnight to now.
///
/// # Errors
/// [`StorageError`].
pub fn beside(
    reader: &mut Reader,
    (midnight, now): (LocalTime, LocalTime),
    agency: Option<&AgencyCode>,
) -> Result<Beside, StorageError> {
    let below = balances::below(agency);
    let count = |condition: &str| {
        format!("(SELECT COUNT(*) FROM dossiers WHERE {condition} AND NOT dossiers.void AND dossiers.agency {below})")
    };
    let text = format!(
        "SELECT {} AS returned, {} AS to_accept, {} AS to_accept_overdue",
        count("dossiers.returned_at >= :midnight AND dossiers.returned_at <= :now"),
        count("dossiers.status = 1"),
        count("dossiers.status = 1 AND dossiers.acceptance_due_at < :now"),
    );
    let values = [("midnight", Value::Time(midnight)), ("now", Value::Time(now)), ("scope", balances::scope(agency))];
    let mut rows: Vec<Beside> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    rows.pop().ok_or_else(|| StorageError::corrupt("count", "no row"))
}

/// Letters in a status.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LetterCount {
    /// The status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub letters: i64,
}

/// How many letters about dossiers of `agency` and those below it (`None`: about all) wait in each status that somebody has to
/// take further: to be written, signed, changed, delivered.
///
/// # Errors
/// [`StorageError`].
pub fn letters(reader: &mut Reader, agency: Option<&AgencyCode>) -> Result<Vec<LetterCount>, StorageError> {
    let text = format!(
        "SELECT l.status AS status, COUNT(*) AS letters FROM letters l JOIN dossiers ON dossiers.code = l.dossier \
         WHERE l.status IN ('draft', 'submitted', 'rejected', 'issued') AND NOT dossiers.void AND dossiers.agency {} \
         GROUP BY l.status ORDER BY l.status",
        balances::below(agency),
    );
    Ok(Sql::of(&text, &[("scope", balances::scope(agency))]).load(&mut *reader.connection)?)
}
