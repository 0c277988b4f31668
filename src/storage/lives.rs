//! The lives that counting knows, read from the rows page by page.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::balances::touched_parts;
use super::db::Reader;
use super::error::StorageError;
use super::schema::{dossiers, past_spans};
use super::sql::{Condition, ROWS_AT_ONCE, Sql, Value};
use super::{as_of, parsed};
use crate::domain::balance::Series;
use crate::domain::dossier::Span;
use crate::domain::statistics::CountedLife;
use crate::domain::vocabulary::LocalTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = dossiers)]
struct Row {
    code: String,
    agency: String,
    field: String,
    level: String,
    channel: String,
    received_at: Option<NaiveDateTime>,
    ended_at: Option<NaiveDateTime>,
    ended_class: Option<String>,
    late_from: Option<NaiveDateTime>,
    span_from: Option<NaiveDateTime>,
    stopped_since: Option<NaiveDateTime>,
    letter_on: Option<NaiveDate>,
}

impl Row {
    fn read(self, past_spans: Vec<Span>) -> Result<Option<(Series, CountedLife)>, StorageError> {
        let Some(received_at) = self.received_at else { return Ok(None) };
        let channel = parsed("channel", &self.channel)?;
        let series = Series {
            agency: parsed("agency code", &self.agency)?,
            field: parsed("field code", &self.field)?,
            level: parsed("procedure level", &self.level)?,
            channel,
        };
        let class = self.ended_class.map(|class| parsed("class", &class)).transpose()?;
        let life = CountedLife {
            channel,
            received_at,
            end: self.ended_at.zip(class),
            past_spans,
            late_from: self.late_from,
            paused: self.stopped_since.is_some(),
            letter_on: self.letter_on,
        };
        Ok(Some((series, life)))
    }
}

/// Hands every counted dossier's life to `each`, in order of their codes, `page` rows at a time.
///
/// # Errors
/// [`StorageError`].
pub fn for_each(
    reader: &mut Reader,
    page: i64,
    mut each: impl FnMut(&Series, &CountedLife),
) -> Result<(), StorageError> {
    let counted = Condition(Sql::of(as_of::COUNTED, &[]));
    let mut after = String::new();
    loop {
        let lives = self::page(reader, &counted, &after, page)?;
        let Some((last, ..)) = lives.last() else { return Ok(()) };
        lives.iter().for_each(|(_, series, life)| each(series, life));
        after.clone_from(last);
    }
}

/// The first `limit` lives of the dossiers for which `which` holds, after the code `after`, in order of their codes. What
/// is in no column has no life.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn page(
    reader: &mut Reader,
    which: &Condition,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Series, CountedLife)>, StorageError> {
    let rows: Vec<Row> = dossiers::table
        .filter(which.clone())
        .filter(dossiers::code.gt(after))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    let Some(last) = rows.last().map(|row| row.code.clone()) else { return Ok(Vec::new()) };
    let mut spans = spans_between(reader, after, &last)?;
    let mut lives = Vec::with_capacity(rows.len());
    for row in rows {
        let (code, own) = (row.code.clone(), spans.remove(&row.code).unwrap_or_default());
        if let Some((series, life)) = row.read(own)? {
            lives.push((code, series, life));
        }
    }
    Ok(lives)
}

/// The lives that may count otherwise at `until` than at `from`. Spans that were over by `from` are left out.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn touched(
    reader: &mut Reader,
    from: LocalTime,
    until: LocalTime,
) -> Result<Vec<(Series, CountedLife)>, StorageError> {
    let mut rows: Vec<Row> = Vec::new();
    for part in touched_parts() {
        let which = Condition(Sql::of(&part, &[("a", Value::Time(from)), ("b", Value::Time(until))]));
        let query = dossiers::table.filter(which).select(Row::as_select());
        rows.extend(query.load::<Row>(&mut *reader.connection)?);
    }
    // One span that began before runs through both instants.
    let changed: Vec<&str> =
        rows.iter().filter(|row| row.span_from >= Some(from)).map(|row| row.code.as_str()).collect();
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    for codes in changed.chunks(ROWS_AT_ONCE) {
        let of_these = past_spans::table.filter(past_spans::dossier.eq_any(codes).and(past_spans::ends_at.ge(from)));
        gather(of_these.order((past_spans::dossier, past_spans::starts_at)).load(&mut *reader.connection)?, &mut spans);
    }
    let mut lives = Vec::with_capacity(rows.len());
    for row in rows {
        let own = spans.remove(&row.code).unwrap_or_default();
        lives.extend(row.read(own)?);
    }
    Ok(lives)
}

type SpanRow = (String, NaiveDateTime, NaiveDateTime, Option<NaiveDateTime>, bool);

fn gather(rows: Vec<SpanRow>, spans: &mut HashMap<String, Vec<Span>>) {
    for (dossier, from, until, late_from, paused) in rows {
        spans.entry(dossier).or_default().push(Span { from, until, late_from, paused });
    }
}

/// The spans that are over of the dossiers after `after` up to `last`, each dossier's in order.
///
/// # Errors
/// [`StorageError`].
pub fn spans_between(reader: &mut Reader, after: &str, last: &str) -> Result<HashMap<String, Vec<Span>>, StorageError> {
    let rows: Vec<SpanRow> = past_spans::table
        .filter(past_spans::dossier.gt(after).and(past_spans::dossier.le(last)))
        .order((past_spans::dossier.asc(), past_spans::starts_at.asc()))
        .load(&mut *reader.connection)?;
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    gather(rows, &mut spans);
    Ok(spans)
}
