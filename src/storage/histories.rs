//! Whole histories, page by page: a dossier's row with its journal, its spans and its letter, for recounting.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::from_json;
use super::lives::spans_between;
use super::schema::{dossiers, journal, letters};
use crate::domain::dossier::Span;
use crate::domain::event::Event;
use crate::domain::vocabulary::LocalTime;

/// Everything stored of one dossier that its figures depend on.
#[derive(Debug, Clone)]
pub struct History {
    /// Its row.
    pub record: Record,
    /// Its events with the instants at which they took effect, in order.
    pub events: Vec<(LocalTime, Event)>,
    /// Its spans that are over, in order.
    pub spans: Vec<Span>,
    /// The date of the letter about its deadline, once that is out; `None` without such a letter.
    pub letter: Option<Option<NaiveDate>>,
}

/// The histories of the dossiers after `after`, in order of their codes.
///
/// # Errors
/// [`StorageError`].
pub fn page(reader: &mut Reader, after: &str, limit: i64) -> Result<Vec<History>, StorageError> {
    let rows: Vec<Row> = dossiers::table
        .filter(dossiers::code.gt(after))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    let Some(last) = rows.last().map(|row| row.code.clone()) else { return Ok(Vec::new()) };
    let mut events = events_between(reader, after, &last)?;
    let mut spans = spans_between(reader, after, &last)?;
    let mut letters = letters_between(reader, after, &last)?;
    rows.into_iter()
        .map(|row| {
            let code = row.code.clone();
            Ok(History {
                record: row.read(&reader.vault)?,
                events: events.remove(&code).unwrap_or_default(),
                spans: spans.remove(&code).unwrap_or_default(),
                letter: letters.remove(&code),
            })
        })
        .collect()
}

fn events_between(
    reader: &mut Reader,
    after: &str,
    last: &str,
) -> Result<HashMap<String, Vec<(LocalTime, Event)>>, StorageError> {
    let rows: Vec<(String, LocalTime, String)> = journal::table
        .filter(journal::dossier.gt(after).and(journal::dossier.le(last)))
        .order((journal::dossier.asc(), journal::seq.asc()))
        .select((journal::dossier, journal::at, journal::event))
        .load(&mut *reader.connection)?;
    let mut events: HashMap<String, Vec<(LocalTime, Event)>> = HashMap::new();
    for (dossier, at, event) in rows {
        events.entry(dossier).or_default().push((at, from_json("event", &event)?));
    }
    Ok(events)
}

fn letters_between(
    reader: &mut Reader,
    after: &str,
    last: &str,
) -> Result<HashMap<String, Option<NaiveDate>>, StorageError> {
    let rows: Vec<(String, Option<NaiveDate>)> = letters::table
        .filter(letters::dossier.gt(after).and(letters::dossier.le(last)))
        .filter(letters::kind.eq_any(["late", "at_risk"]).and(letters::status.ne("cancelled")))
        .select((letters::dossier, letters::promulgated_on))
        .load(&mut *reader.connection)?;
    Ok(rows.into_iter().collect())
}
