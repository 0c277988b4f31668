//! The feed of changes: events get their positions, and are read by people, machines and the service's own consumers.

use serde_json::{Map, Value, json};

use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::event::Event;
use crate::domain::vocabulary::AgencyCode;
use crate::storage::feed::{self, Change, Wanted};
use crate::storage::listing::Visible;
use crate::storage::{Db, Reader, StorageError, lineage};

/// How many events one transaction gives positions to.
const BATCH: i64 = 5_000;
/// How many positions one page looks through, however few of them are wanted.
const WINDOW: i64 = 10_000;

/// Gives every event that is committed by now its position. Any number of processes may do so at once, and any may die at
/// any instant.
///
/// # Errors
/// [`StorageError`].
pub fn sequence(db: &Db) -> Result<(), StorageError> {
    // Not until the queue is empty: while others write, that may be never.
    while sequence_batch(db)? {}
    Ok(())
}

/// Gives the first events of the queue their positions; answers whether there may be more.
///
/// # Errors
/// [`StorageError`].
pub fn sequence_batch(db: &Db) -> Result<bool, StorageError> {
    if !db.read(feed::is_any_queued)? {
        return Ok(false);
    }
    let moved = db.write_steady(|tx| feed::sequence(tx, BATCH))?;
    Ok(i64::try_from(moved).is_ok_and(|moved| moved >= BATCH))
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The wanted events in it.
    pub changes: Vec<Change>,
    /// The position it reaches to: the next page begins behind it.
    pub next: i64,
    /// Whether there is more behind it by now.
    pub more: bool,
}

/// Reads the wanted events behind position `after`, at most `limit`. The page reaches as far as was looked, even when
/// nothing was found.
///
/// # Errors
/// [`Fault::Invalid`] when the feed is not that long.
pub fn read(reader: &mut Reader, wanted: &Wanted, after: i64, limit: i64) -> Result<Page, Fault> {
    // The end first: what comes behind it meanwhile belongs to the next page.
    let last = feed::last(reader)?;
    if !(0..=last).contains(&after) {
        return Err(Fault::Invalid { pointer: "?since", code: "bad_cursor" });
    }
    let until = last.min(after.saturating_add(WINDOW));
    let changes = feed::page(reader, wanted, (after, until), limit)?;
    let is_full = i64::try_from(changes.len()).is_ok_and(|count| count >= limit);
    let next = changes.last().filter(|_| is_full).map_or(until, |change| change.position);
    Ok(Page { changes, next, more: next < last })
}

/// An event as CloudEvents 1.0 has it: codes and states, never who applies or what was said. `visible` is the reader's
/// reach: from a dossier that left it, or is void, a tombstone remains.
///
/// # Errors
/// [`StorageError`].
pub fn envelope(
    reader: &mut Reader,
    ambient: &Ambient,
    visible: &Visible,
    change: &Change,
) -> Result<Value, StorageError> {
    let stamp = |at| ambient.zoned(at).to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    let code = change.dossier.to_string();
    let mut data = Map::new();
    data.insert("dossier".to_owned(), json!(code));
    if is_within_reach(reader, visible, change)? {
        data.insert("agency".to_owned(), json!(change.agency.as_str()));
        data.insert("received_by".to_owned(), json!(change.received_by.as_str()));
        data.insert("at".to_owned(), json!(stamp(change.at)));
        if let Some(status) = change.event.leads_to() {
            data.insert("status".to_owned(), json!(status));
            data.insert("status_code".to_owned(), json!(status.national_code()));
        }
        match &change.event {
            Event::Letter { letter, letter_kind, status, .. } => {
                data.insert("letter".to_owned(), json!({"id": letter, "kind": letter_kind, "status": status}));
            }
            Event::Voided { .. } | Event::Anonymised => {
                data.insert("tombstone".to_owned(), json!(true));
            }
            _ => {}
        }
    } else {
        data.insert("tombstone".to_owned(), json!(true));
    }
    Ok(json!({
        "specversion": "1.0",
        "id": format!("{code}/{}", change.seq),
        "source": "/v1/dossiers",
        "type": change.name,
        "subject": code,
        "time": stamp(change.recorded_at),
        "datacontenttype": "application/json",
        "data": data,
    }))
}

/// Whether the reader still sees the dossier after the event; only a correction takes it away.
fn is_within_reach(reader: &mut Reader, visible: &Visible, change: &Change) -> Result<bool, StorageError> {
    if change.former_agency.is_none() {
        return Ok(true);
    }
    reaches(reader, visible, [&change.agency, &change.received_by])
}

/// Whether what belongs to these agencies is seen.
///
/// # Errors
/// [`StorageError`].
pub fn reaches(reader: &mut Reader, visible: &Visible, ours: [&AgencyCode; 2]) -> Result<bool, StorageError> {
    match visible {
        Visible::Everything => Ok(true),
        Visible::Of(own) => Ok(ours.into_iter().any(|code| own.contains(code))),
        Visible::Below(root) => {
            ours.iter().try_fold(false, |found, code| Ok(found || lineage::is_held(reader, code, root)?))
        }
    }
}
