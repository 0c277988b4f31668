//! Messages to subscribers and applicants: what waits, what became of each, and the log of them.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::parsed;
use super::schema::{deliveries, dossiers};
use crate::domain::delivery::DeliveryStatus;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// How many messages may wait in a line; more are made of the feed when these are gone.
pub const LONGEST_LINE: i64 = 1_000;

/// A message and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Opaque identifier; the same at every attempt.
    pub id: String,
    /// Which line it stands in: a webhook's, or that of a means of notice.
    pub line: String,
    /// Its event's position in the feed.
    pub place: i64,
    /// Those behind it do not wait for it.
    pub aside: bool,
    /// Name of the event, or kind of notice.
    pub kind: String,
    /// The dossier.
    pub dossier: Option<DossierCode>,
    /// The event's place in the dossier's journal.
    pub seq: Option<i64>,
    /// What is sent.
    pub body: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// Since when it is tried.
    pub queued_at: LocalTime,
    /// When it is tried next.
    pub due_at: Option<LocalTime>,
    /// When it was tried last.
    pub attempted_at: Option<LocalTime>,
    /// Status code of the last answer.
    pub response: Option<i32>,
    /// What went wrong last.
    pub fault: Option<String>,
    /// When it was made.
    pub created_at: LocalTime,
    /// The trace of the request that caused it.
    pub trace: Option<String>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    line: String,
    place: i64,
    aside: bool,
    kind: String,
    dossier: Option<String>,
    seq: Option<i64>,
    body: String,
    status: String,
    attempts: i32,
    queued_at: LocalTime,
    due_at: Option<LocalTime>,
    attempted_at: Option<LocalTime>,
    response: Option<i32>,
    fault: Option<String>,
    created_at: LocalTime,
    trace: Option<String>,
}

impl Row {
    fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.clone(),
            line: delivery.line.clone(),
            place: delivery.place,
            aside: delivery.aside,
            kind: delivery.kind.clone(),
            dossier: delivery.dossier.as_ref().map(DossierCode::to_string),
            seq: delivery.seq,
            body: delivery.body.clone(),
            status: delivery.status.to_string(),
            attempts: delivery.attempts,
            queued_at: delivery.queued_at,
            due_at: delivery.due_at,
            attempted_at: delivery.attempted_at,
            response: delivery.response,
            fault: delivery.fault.clone(),
            created_at: delivery.created_at,
            trace: delivery.trace.clone(),
        }
    }

    fn read(self) -> Result<Delivery, StorageError> {
        Ok(Delivery {
            id: self.id,
            line: self.line,
            place: self.place,
            aside: self.aside,
            kind: self.kind,
            dossier: self.dossier.map(|code| parsed("dossier code", &code)).transpose()?,
            seq: self.seq,
            body: self.body,
            status: parsed("delivery status", &self.status)?,
            attempts: self.attempts,
            queued_at: self.queued_at,
            due_at: self.due_at,
            attempted_at: self.attempted_at,
            response: self.response,
            fault: self.fault,
            created_at: self.created_at,
            trace: self.trace,
        })
    }
}

/// Adds a message.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &Delivery) -> Result<(), StorageError> {
    diesel::insert_into(deliveries::table).values(Row::of(new)).execute(&mut *tx.connection)?;
    tx.to_send = true;
    Ok(())
}

/// Stores what became of a message that was read as `before`.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, before: &Delivery, after: &Delivery) -> Result<(), StorageError> {
    let unchanged = deliveries::status
        .eq(before.status.as_str())
        .and(deliveries::attempts.eq(before.attempts))
        .and(deliveries::queued_at.eq(before.queued_at));
    let changed = diesel::update(deliveries::table)
        .filter(deliveries::id.eq(&before.id).and(unchanged))
        .set(Row::of(after))
        .execute(&mut *tx.connection)?;
    // One that failed waits for its time, which the worker looks at anyway.
    tx.to_send |= after.status == DeliveryStatus::Waiting && after.attempts == 0;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// Drops the messages of a line that wait: nobody is to be told of what is past.
///
/// # Errors
/// [`StorageError`].
pub fn skip_waiting(tx: &mut Tx, line: &str) -> Result<(), StorageError> {
    diesel::update(deliveries::table)
        .filter(deliveries::line.eq(line).and(deliveries::status.eq("waiting")))
        .set((deliveries::status.eq("skipped"), deliveries::due_at.eq(None::<LocalTime>)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One message of a line.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, line: &str, id: &str) -> Result<Option<Delivery>, StorageError> {
    let row = deliveries::table
        .filter(deliveries::id.eq(id).and(deliveries::line.eq(line)))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// How many messages wait in order in a line.
///
/// # Errors
/// [`StorageError`].
pub fn waiting(reader: &mut Reader, line: &str) -> Result<i64, StorageError> {
    let waiting = deliveries::table
        .filter(deliveries::line.eq(line).and(deliveries::status.eq("waiting")))
        .filter(diesel::dsl::not(deliveries::aside))
        .count()
        .get_result(&mut *reader.connection)?;
    Ok(waiting)
}

/// The message of a line whose turn it is at `now`: the first of those in order, when it is due; else the first due of
/// those aside.
///
/// # Errors
/// [`StorageError`].
pub fn next(reader: &mut Reader, line: &str, now: LocalTime) -> Result<Option<Delivery>, StorageError> {
    let waiting = || {
        deliveries::table
            .filter(deliveries::line.eq(line).and(deliveries::status.eq("waiting")))
            .order((deliveries::place.asc(), deliveries::id.asc()))
            .select(Row::as_select())
    };
    let head: Option<Row> =
        waiting().filter(diesel::dsl::not(deliveries::aside)).first(&mut *reader.connection).optional()?;
    if let Some(head) = head.filter(|head| head.due_at.is_none_or(|due_at| due_at <= now)) {
        return head.read().map(Some);
    }
    let aside: Option<Row> = waiting()
        .filter(deliveries::aside.and(deliveries::due_at.le(now)))
        .first(&mut *reader.connection)
        .optional()?;
    aside.map(Row::read).transpose()
}

/// Queues again, at `now`, what was given up in a line and was made since `since`; answers how many.
///
/// # Errors
/// [`StorageError`].
pub fn revive(tx: &mut Tx, line: &str, since: LocalTime, now: LocalTime) -> Result<usize, StorageError> {
    tx.to_send = true;
    Ok(diesel::update(deliveries::table)
        .filter(deliveries::line.eq(line).and(deliveries::status.eq("dead")))
        .filter(deliveries::created_at.ge(since))
        .set((
            deliveries::status.eq("waiting"),
            deliveries::aside.eq(true),
            deliveries::attempts.eq(0),
            deliveries::queued_at.eq(now),
            deliveries::due_at.eq(now),
        ))
        .execute(&mut *tx.connection)?)
}

/// Removes the messages of a line.
///
/// # Errors
/// [`StorageError`].
pub fn remove_line(tx: &mut Tx, line: &str) -> Result<(), StorageError> {
    diesel::delete(deliveries::table.filter(deliveries::line.eq(line))).execute(&mut *tx.connection)?;
    Ok(())
}

/// Forgets messages made before `before` that do not wait.
///
/// # Errors
/// [`StorageError`].
pub fn forget(tx: &mut Tx, before: LocalTime) -> Result<usize, StorageError> {
    let old = deliveries::created_at.lt(before).and(deliveries::status.ne("waiting"));
    Ok(diesel::delete(deliveries::table.filter(old)).execute(&mut *tx.connection)?)
}

/// Which messages the log is to show.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Of these lines.
    pub lines: Vec<String>,
    /// Of dossiers that this agency or one below it resolves or received.
    pub agency: Option<AgencyCode>,
    /// Of this dossier.
    pub dossier: Option<DossierCode>,
    /// Standing so.
    pub status: Option<DeliveryStatus>,
}

/// The log, newest first, from before `before` (the place and identifier of the last one shown).
///
/// # Errors
/// [`StorageError`].
pub fn log(
    reader: &mut Reader,
    filter: &LogFilter,
    before: Option<(i64, &str)>,
    limit: i64,
) -> Result<Vec<Delivery>, StorageError> {
    let mut query = deliveries::table
        .filter(deliveries::line.eq_any(&filter.lines))
        .order((deliveries::place.desc(), deliveries::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(agency) = &filter.agency {
        let ours = || held(agency.as_str());
        let own = dossiers::table
            .filter(dossiers::agency.eq_any(ours()).or(dossiers::received_by.eq_any(ours())))
            .select(dossiers::code.nullable());
        query = query.filter(deliveries::dossier.eq_any(own));
    }
    if let Some(dossier) = &filter.dossier {
        query = query.filter(deliveries::dossier.eq(dossier.to_string()));
    }
    if let Some(status) = filter.status {
        query = query.filter(deliveries::status.eq(status.as_str()));
    }
    if let Some((place, id)) = before {
        query = query.filter(deliveries::place.lt(place).or(deliveries::place.eq(place).and(deliveries::id.lt(id))));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}
