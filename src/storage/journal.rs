//! The journal: every event of every dossier, in order; and the outbox row that goes with each.

use std::collections::HashMap;

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::dossier_row::Record;
use super::dossiers::Stamp;
use super::error::StorageError;
use super::feed::Queued;
use super::schema::journal;
use super::{from_json, to_json};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::vocabulary::LocalTime;

/// An event as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the dossier's history, from 1.
    pub seq: i64,
    /// When it took effect.
    pub at: LocalTime,
    /// When it was recorded.
    pub recorded_at: LocalTime,
    /// Who did it.
    pub actor: String,
    /// For whom they stood in.
    pub on_behalf_of: Option<String>,
    /// What happened.
    pub event: Event,
}

/// The place of the last event in a dossier's journal; 0 when it has none.
///
/// # Errors
/// [`StorageError`].
pub fn last_seq(reader: &mut Reader, dossier: &DossierCode) -> Result<i64, StorageError> {
    if let Some(held) = reader.held(dossier) {
        return Ok(held.last_seq);
    }
    let last: Option<i64> = journal::table
        .filter(journal::dossier.eq(dossier.to_string()))
        .select(diesel::dsl::max(journal::seq))
        .first(&mut *reader.connection)?;
    Ok(last.unwrap_or(0))
}

/// The places of the last events in the journals of these dossiers, those with none left out.
///
/// # Errors
/// [`StorageError`].
pub fn last_seqs(reader: &mut Reader, dossiers: &[String]) -> Result<HashMap<String, i64>, StorageError> {
    let rows: Vec<(String, Option<i64>)> = journal::table
        .filter(journal::dossier.eq_any(dossiers))
        .group_by(journal::dossier)
        .select((journal::dossier, diesel::dsl::max(journal::seq)))
        .load(&mut *reader.connection)?;
    Ok(rows.into_iter().filter_map(|(dossier, last)| Some((dossier, last?))).collect())
}

/// Appends events to a dossier's journal, whose last is `last`, and an outbox row for each. The dossier's row is new or
/// locked: the outbox numbers its events in their order.
///
/// # Errors
/// [`StorageError::Duplicate`] when another write appended in between.
pub fn append(
    tx: &mut Tx,
    record: &Record,
    last: i64,
    stamp: Stamp<'_>,
    events: &[(LocalTime, Event)],
) -> Result<(), StorageError> {
    tx.held = tx.held.take().map(|held| held.after(&record.code, events.len()));
    tx.concerns = Some((record.agency.to_string(), Some(record.received_by.to_string())));
    for (seq, (at, event)) in (last + 1..).zip(events) {
        let row = Row::of(record, seq, *at, event, stamp)?;
        let trace = tx.trace.clone();
        dialect::append(tx, &row, &queued(&row, record, event, trace.as_deref()))?;
    }
    Ok(())
}

/// What is appended to the journal of one dossier of many.
#[derive(Debug, Clone, Copy)]
pub struct Appended<'a> {
    /// The dossier.
    pub record: &'a Record,
    /// The place of the last event in its journal.
    pub last: i64,
    /// The events.
    pub events: &'a [(LocalTime, Event)],
}

/// As [`append`], for many dossiers at once; `imported` where a history is imported.
///
/// # Errors
/// [`StorageError`].
pub fn append_all(
    tx: &mut Tx,
    appended: &[Appended<'_>],
    imported: bool,
    stamp: Stamp<'_>,
) -> Result<(), StorageError> {
    tx.held = None;
    let mut rows = Vec::new();
    for one in appended {
        for (seq, (at, event)) in (one.last + 1..).zip(one.events) {
            rows.push((Row::of(one.record, seq, *at, event, stamp)?, one.record, event));
        }
    }
    let outbox =
        rows.iter().map(|(row, record, event)| Queued { imported, ..queued(row, record, event, None) }).collect();
    dialect::enqueue_all(tx, outbox)?;
    dialect::insert_all!(tx, journal, rows.into_iter().map(|(row, _, _)| row).collect::<Vec<Row>>());
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = journal, treat_none_as_default_value = false)]
pub(in crate::storage) struct Row {
    pub(in crate::storage) dossier: String,
    pub(in crate::storage) seq: i64,
    pub(in crate::storage) at: LocalTime,
    pub(in crate::storage) recorded_at: LocalTime,
    pub(in crate::storage) actor: String,
    pub(in crate::storage) name: String,
    pub(in crate::storage) event: String,
    pub(in crate::storage) on_behalf_of: Option<String>,
}

impl Row {
    fn of(record: &Record, seq: i64, at: LocalTime, event: &Event, stamp: Stamp<'_>) -> Result<Self, StorageError> {
        Ok(Self {
            dossier: record.code.to_string(),
            seq,
            at,
            recorded_at: stamp.now,
            actor: stamp.actor.to_owned(),
            name: event.name(),
            event: to_json("event", event)?,
            on_behalf_of: stamp.on_behalf_of.map(str::to_owned),
        })
    }
}

fn queued<'a>(row: &'a Row, record: &'a Record, event: &'a Event, trace: Option<&'a str>) -> Queued<'a> {
    Queued {
        dossier: &row.dossier,
        seq: row.seq,
        name: &row.name,
        agency: record.agency.as_str(),
        received_by: record.received_by.as_str(),
        former_agency: event.former_agency(),
        imported: false,
        trace,
    }
}

/// A dossier's events after `after`, in order, at most `limit`.
///
/// # Errors
/// [`StorageError`].
pub fn entries(reader: &mut Reader, dossier: &DossierCode, after: i64, limit: i64) -> Result<Vec<Entry>, StorageError> {
    let rows: Vec<(i64, LocalTime, LocalTime, String, Option<String>, String)> = journal::table
        .filter(journal::dossier.eq(dossier.to_string()).and(journal::seq.gt(after)))
        .order(journal::seq.asc())
        .limit(limit)
        .select((
            journal::seq,
            journal::at,
            journal::recorded_at,
            journal::actor,
            journal::on_behalf_of,
            journal::event,
        ))
        .load(&mut *reader.connection)?;
    rows.into_iter()
        .map(|(seq, at, recorded_at, actor, on_behalf_of, event)| {
            Ok(Entry { seq, at, recorded_at, actor, on_behalf_of, event: from_json("event", &event)? })
        })
        .collect()
}
