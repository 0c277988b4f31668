//! The journal: every event of every dossier, in order; and the outbox row that goes with each.

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
    /// What happened.
    pub event: Event,
}

/// The place of the last event in a dossier's journal; 0 when it has none.
///
/// # Errors
/// [`StorageError`].
pub fn last_seq(reader: &mut Reader, dossier: &DossierCode) -> Result<i64, StorageError> {
    let last: Option<i64> = journal::table
        .filter(journal::dossier.eq(dossier.to_string()))
        .select(diesel::dsl::max(journal::seq))
        .first(&mut *reader.connection)?;
    Ok(last.unwrap_or(0))
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
    let dossier = record.code.to_string();
    tx.concerns = Some((record.agency.to_string(), Some(record.received_by.to_string())));
    for (seq, (at, event)) in (last + 1..).zip(events) {
        let name = event.name();
        diesel::insert_into(journal::table)
            .values((
                journal::dossier.eq(&dossier),
                journal::seq.eq(seq),
                journal::at.eq(at),
                journal::recorded_at.eq(stamp.now),
                journal::actor.eq(stamp.actor),
                journal::name.eq(&name),
                journal::event.eq(to_json("event", event)?),
            ))
            .execute(&mut *tx.connection)?;
        let queued = Queued {
            dossier: &dossier,
            seq,
            name: &name,
            agency: record.agency.as_str(),
            received_by: record.received_by.as_str(),
            former_agency: event.former_agency(),
            imported: stamp.imported,
        };
        dialect::enqueue(tx, &queued)?;
    }
    Ok(())
}

/// A dossier's events after `after`, in order, at most `limit`.
///
/// # Errors
/// [`StorageError`].
pub fn entries(reader: &mut Reader, dossier: &DossierCode, after: i64, limit: i64) -> Result<Vec<Entry>, StorageError> {
    let rows: Vec<(i64, LocalTime, LocalTime, String, String)> = journal::table
        .filter(journal::dossier.eq(dossier.to_string()).and(journal::seq.gt(after)))
        .order(journal::seq.asc())
        .limit(limit)
        .select((journal::seq, journal::at, journal::recorded_at, journal::actor, journal::event))
        .load(&mut *reader.connection)?;
    rows.into_iter()
        .map(|(seq, at, recorded_at, actor, event)| {
            Ok(Entry { seq, at, recorded_at, actor, event: from_json("event", &event)? })
        })
        .collect()
}
