//! The feed of changes: the queue of committed events, the positions they are given in turn, and pages of them.

use diesel::prelude::*;

use super::connection::MultiBackend;
use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::lineage::held;
use super::listing::Visible;
use super::schema::{agency_lineage, changes, feed_head, feed_readers, journal, outbox};
use super::sql::{Sql, Value};
use super::{from_json, parsed};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// An event on its way into the queue.
#[derive(Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub(in crate::storage) struct Queued<'a> {
    pub(in crate::storage) dossier: &'a str,
    pub(in crate::storage) seq: i64,
    pub(in crate::storage) name: &'a str,
    pub(in crate::storage) agency: &'a str,
    pub(in crate::storage) received_by: &'a str,
    pub(in crate::storage) former_agency: Option<&'a str>,
    pub(in crate::storage) imported: bool,
    pub(in crate::storage) trace: Option<&'a str>,
}

/// An event with its position in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands: from 1, without gaps.
    pub position: i64,
    /// Its dossier.
    pub dossier: DossierCode,
    /// Its place in the dossier's journal.
    pub seq: i64,
    /// Its name.
    pub name: String,
    /// The resolving agency after it.
    pub agency: AgencyCode,
    /// Where the dossier was handed in.
    pub received_by: AgencyCode,
    /// The resolving agency it took the dossier from.
    pub former_agency: Option<AgencyCode>,
    /// It is part of a history that was imported.
    pub imported: bool,
    /// When it took effect.
    pub at: LocalTime,
    /// When it was recorded.
    pub recorded_at: LocalTime,
    /// What happened.
    pub event: Event,
    /// The trace of the request that caused it.
    pub trace: Option<String>,
}

/// Whether an event waits for its position.
///
/// # Errors
/// [`StorageError`].
pub fn is_any_queued(reader: &mut Reader) -> Result<bool, StorageError> {
    let first: Option<i64> = outbox::table.select(outbox::place).first(&mut *reader.connection).optional()?;
    Ok(first.is_some())
}

/// Gives the first `most` of the events committed by now their positions; answers how many there were. To be run in
/// [`Db::write_steady`](super::Db::write_steady), first of all.
///
/// Nothing is skipped: an event that is committed later is found in the queue later, whatever its place, and those who
/// give positions take turns, so that positions become visible in order. A dossier's events keep their order: each was
/// written under the dossier's lock, so whoever sees one sees all before it, and their places rise.
///
/// # Errors
/// [`StorageError`].
pub fn sequence(tx: &mut Tx, most: i64) -> Result<usize, StorageError> {
    const MOVE: &str = "INSERT INTO changes \
         (position, dossier, seq, name, agency, received_by, former_agency, imported, trace) \
         SELECT :last + ROW_NUMBER() OVER (ORDER BY place), dossier, seq, name, agency, received_by, former_agency, imported, \
         trace \
         FROM (SELECT * FROM outbox ORDER BY place LIMIT :most) AS first";
    const CLEAR: &str = "DELETE FROM outbox WHERE place IN (SELECT place FROM outbox ORDER BY place LIMIT :most)";
    dialect::lock_feed(tx)?;
    let last = last(tx)?;
    let values = [("last", Value::Number(last)), ("most", Value::Number(most))];
    let moved = Sql::of(MOVE, &values).execute(&mut *tx.connection)?;
    if moved == 0 {
        return Ok(0);
    }
    let cleared = Sql::of(CLEAR, &values).execute(&mut *tx.connection)?;
    if cleared != moved {
        return Err(StorageError::corrupt("outbox", format!("{moved} moved, {cleared} cleared")));
    }
    let count = i64::try_from(moved).map_err(|cause| StorageError::corrupt("outbox", cause))?;
    diesel::update(feed_head::table).set(feed_head::last.eq(last + count)).execute(&mut *tx.connection)?;
    tx.to_send = true;
    Ok(moved)
}

/// The last position given; 0 when there is none.
///
/// # Errors
/// [`StorageError`].
pub fn last(reader: &mut Reader) -> Result<i64, StorageError> {
    Ok(feed_head::table.select(feed_head::last).first(&mut *reader.connection)?)
}

/// Which events of the feed are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of whose dossiers.
    pub visible: Visible,
    /// Of these names; all when not said.
    pub names: Option<Vec<&'static str>>,
}

/// The wanted events after position `after` up to `until`, in order, at most `limit`.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    wanted: &Wanted,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<Change>, StorageError> {
    let mut query = changes::table
        .inner_join(journal::table.on(journal::dossier.eq(changes::dossier).and(journal::seq.eq(changes::seq))))
        .filter(changes::position.gt(after).and(changes::position.le(until)))
        .select((
            changes::position,
            changes::dossier,
            changes::seq,
            changes::name,
            changes::agency,
            changes::received_by,
            changes::former_agency,
            changes::imported,
            journal::at,
            journal::recorded_at,
            journal::event,
            changes::trace,
        ))
        .order(changes::position.asc())
        .limit(limit)
        .into_boxed::<MultiBackend>();
    query = match &wanted.visible {
        Visible::Everything => query,
        Visible::Of(agencies) => {
            let codes = || agencies.iter().map(AgencyCode::as_str);
            let own = changes::agency.eq_any(codes()).or(changes::received_by.eq_any(codes()));
            query.filter(own.or(changes::former_agency.eq_any(codes())))
        }
        Visible::Below(agency) => {
            let codes = || held(agency.as_str());
            let own = changes::agency.eq_any(codes()).or(changes::received_by.eq_any(codes()));
            let former = codes().select(agency_lineage::predecessor.nullable());
            query.filter(own.or(changes::former_agency.eq_any(former)))
        }
    };
    if let Some(names) = &wanted.names {
        query = query.filter(changes::name.eq_any(names.clone()));
    }
    query.load::<Row>(&mut *reader.connection)?.into_iter().map(change).collect()
}

type Row =
    (i64, String, i64, String, String, String, Option<String>, bool, LocalTime, LocalTime, String, Option<String>);

fn change(row: Row) -> Result<Change, StorageError> {
    let (position, dossier, seq, name, agency, received_by, former_agency, imported, at, recorded_at, event, trace) =
        row;
    Ok(Change {
        position,
        dossier: parsed("dossier code", &dossier)?,
        seq,
        name,
        agency: parsed("agency code", &agency)?,
        received_by: parsed("agency code", &received_by)?,
        former_agency: former_agency.map(|code| parsed("agency code", &code)).transpose()?,
        imported,
        at,
        recorded_at,
        event: from_json("event", &event)?,
        trace,
    })
}

/// How far a consumer has read; `None` when it is not known.
///
/// # Errors
/// [`StorageError`].
pub fn position_of(reader: &mut Reader, name: &str) -> Result<Option<i64>, StorageError> {
    let row = feed_readers::table.filter(feed_readers::name.eq(name)).select(feed_readers::position);
    Ok(row.first(&mut *reader.connection).optional()?)
}

/// Makes a consumer known that has read up to `position`.
///
/// # Errors
/// [`StorageError::Duplicate`] when it is known.
pub fn add_reader(tx: &mut Tx, name: &str, position: i64) -> Result<(), StorageError> {
    diesel::insert_into(feed_readers::table)
        .values((feed_readers::name.eq(name), feed_readers::position.eq(position)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Moves a consumer on.
///
/// # Errors
/// [`StorageError::Stale`] when it is not at `from`: another process reads for it, too.
pub fn advance_reader(tx: &mut Tx, name: &str, from: i64, to: i64) -> Result<(), StorageError> {
    let moved = diesel::update(feed_readers::table)
        .filter(feed_readers::name.eq(name).and(feed_readers::position.eq(from)))
        .set(feed_readers::position.eq(to))
        .execute(&mut *tx.connection)?;
    if moved == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Forgets a consumer.
///
/// # Errors
/// [`StorageError`].
pub fn remove_reader(tx: &mut Tx, name: &str) -> Result<(), StorageError> {
    diesel::delete(feed_readers::table.filter(feed_readers::name.eq(name))).execute(&mut *tx.connection)?;
    Ok(())
}
