//! Counting by the struck balances: any period is the difference of two instants; where no balance helps, the rows answer.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::db::Reader;
use super::error::StorageError;
use super::sql::{Sql, Value};
use super::statistics::{Group, GroupBy, tallies};
use super::{balances, dialect, parsed};
use crate::domain::balance::Balance;
use crate::domain::statistics::{Tally, Window};
use crate::domain::vocabulary::{AgencyCode, Channel};

/// Figures of the dossiers that `agency` and those below it resolve (`None`: of all), told apart by up to two groupings,
/// in order of their codes: by the struck balances where they help, else from the rows.
///
/// # Errors
/// [`StorageError`].
pub fn counts(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<Vec<Group>, StorageError> {
    // Balances do not tell procedures apart.
    if !groups.contains(&GroupBy::Procedure) {
        let counted = reader.steady(|reader| by_balances(reader, window, agency, groups))?;
        if let Some(counted) = counted.flatten() {
            return Ok(counted);
        }
    }
    tallies(reader, window, agency, groups)
}

/// The same by the struck balances alone; `None` where they do not help.
///
/// # Errors
/// [`StorageError`].
pub fn by_balances(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<Option<Vec<Group>>, StorageError> {
    dialect::plan_once(reader)?;
    let Some(opening) = balances::at(reader, window.from, agency, groups)? else { return Ok(None) };
    let Some(mut closing) = balances::at(reader, window.until, agency, groups)? else { return Ok(None) };
    let letters = |balances: &BTreeMap<_, Balance>| balances.values().map(|one| one.late_with_letter).sum::<i64>();
    let lettered_since = if letters(&closing) > letters(&opening) {
        lettered_since(reader, window, agency, groups)?
    } else {
        HashMap::new()
    };
    for key in opening.keys() {
        closing.entry(key.clone()).or_default();
    }
    let mut counted: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for (key, closing) in closing {
        let opening = opening.get(&key).copied().unwrap_or_default();
        let lettered_since = lettered_since.get(&key).copied().unwrap_or_default();
        let (key1, key2, channel) = key;
        let channel: Channel = parsed("channel", &channel)?;
        let tally = Tally::between(channel, &opening, &closing, lettered_since);
        if tally != Tally::default() {
            *counted.entry((key1, key2)).or_default() += tally;
        }
    }
    let group = |((key1, key2), tally)| Group { keys: [key1, key2].into_iter().take(groups.len()).collect(), tally };
    Ok(Some(counted.into_iter().map(group).collect()))
}

/// Dossiers that ended late before the period and got their letter in it.
fn lettered_since(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<HashMap<balances::Key, i64>, StorageError> {
    #[derive(QueryableByName)]
    struct Lettered {
        #[diesel(sql_type = Text)]
        key1: String,
        #[diesel(sql_type = Text)]
        key2: String,
        #[diesel(sql_type = Text)]
        channel: String,
        #[diesel(sql_type = BigInt)]
        dossiers: i64,
    }
    let key = |index: usize| groups.get(index).map_or("''", |group| group.column());
    let text = format!(
        "SELECT {} AS key1, {} AS key2, dossiers.channel AS channel, COUNT(*) AS dossiers FROM dossiers \
         WHERE dossiers.ended_class = 'late' AND dossiers.letter_on > dossiers.ended_at AND NOT dossiers.void \
         AND dossiers.ended_at < :from AND dossiers.letter_on > :day_before AND dossiers.letter_on <= :letters_until \
         AND dossiers.agency {} GROUP BY 1, 2, 3",
        key(0),
        key(1),
        balances::below(agency),
    );
    let values = [
        ("from", Value::Time(window.from)),
        ("day_before", Value::Day(window.day_before())),
        ("letters_until", Value::Day(window.letters_until)),
        ("scope", balances::scope(agency)),
    ];
    let rows: Vec<Lettered> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(|row| ((row.key1, row.key2, row.channel), row.dossiers)).collect())
}
