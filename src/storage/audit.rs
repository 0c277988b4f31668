//! The audit log: the queue of entries, the chain they are sealed into, and pages of it.

use diesel::prelude::*;

use super::connection::MultiBackend;
use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::lineage::held;
use super::listing::Visible;
use super::schema::{agency_lineage, audit, audit_head, audit_queue, dossiers, letters};
use super::{from_json, parsed, to_json};
use crate::domain::audit::{Belongs, Entry, Outcome, Trace, Who};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// From 1, without gaps.
    pub position: i64,
    /// SHA-256 over what came before and this.
    pub hash: String,
    /// The entry.
    pub entry: Entry,
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Position of the last entry; 0 when there is none.
    pub position: i64,
    /// Its hash.
    pub hash: String,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
pub(in crate::storage) struct Row {
    position: i64,
    hash: String,
    id: String,
    at: LocalTime,
    actor: Option<String>,
    actor_name: Option<String>,
    role: Option<String>,
    actor_agency: Option<String>,
    address: Option<String>,
    request: Option<String>,
    action: String,
    resource: Option<String>,
    part: Option<String>,
    agency: Option<String>,
    received_by: Option<String>,
    outcome: String,
    reason: Option<String>,
    row_count: Option<i64>,
    on_behalf_of: Option<String>,
}

impl Row {
    fn of(sealed: &Sealed) -> Self {
        let Sealed { position, hash, entry } = sealed.clone();
        let Entry { id, at, who, trace, belongs, outcome, reason } = entry;
        Self {
            position,
            hash,
            id,
            at,
            actor: who.actor,
            actor_name: who.actor_name,
            role: who.role,
            actor_agency: who.actor_agency,
            address: trace.address,
            request: trace.request,
            action: trace.action,
            resource: trace.resource,
            part: trace.part,
            agency: belongs.agency,
            received_by: belongs.received_by,
            outcome: outcome.as_str().to_owned(),
            reason,
            row_count: trace.rows,
            on_behalf_of: who.on_behalf_of,
        }
    }

    fn read(self) -> Result<Sealed, StorageError> {
        let who = Who {
            actor: self.actor,
            actor_name: self.actor_name,
            role: self.role,
            actor_agency: self.actor_agency,
            on_behalf_of: self.on_behalf_of,
        };
        let trace = Trace {
            address: self.address,
            request: self.request,
            action: self.action,
            resource: self.resource,
            part: self.part,
            rows: self.row_count,
        };
        let belongs = Belongs { agency: self.agency, received_by: self.received_by };
        let outcome: Outcome = parsed("outcome", &self.outcome)?;
        let entry = Entry { id: self.id, at: self.at, who, trace, belongs, outcome, reason: self.reason };
        Ok(Sealed { position: self.position, hash: self.hash, entry })
    }
}

/// Writes an entry into the queue: one statement, and no row that others wait for.
///
/// # Errors
/// [`StorageError`].
pub fn enqueue(tx: &mut Tx, entry: &Entry) -> Result<(), StorageError> {
    dialect::enqueue_audit(tx, &entry.id, canonical(entry)?)
}

/// The text of an entry that is hashed.
///
/// # Errors
/// [`StorageError::Corrupt`] when it cannot be written.
pub fn canonical(entry: &Entry) -> Result<String, StorageError> {
    to_json("audit entry", entry)
}

/// The agencies of what this transaction wrote last, where it knows them.
pub fn concerned(tx: &Tx) -> Option<Belongs> {
    let (agency, received_by) = tx.concerns.clone()?;
    Some(Belongs { agency: Some(agency), received_by })
}

/// What this transaction made, where its answer does not tell.
pub fn made(tx: &Tx) -> Option<String> {
    tx.made.clone()
}

/// The agencies of a dossier.
///
/// # Errors
/// [`StorageError`].
pub fn of_dossier(reader: &mut Reader, code: &str) -> Result<Option<Belongs>, StorageError> {
    let row: Option<(String, String)> = dossiers::table
        .filter(dossiers::code.eq(code))
        .select((dossiers::agency, dossiers::received_by))
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(|(agency, received_by)| Belongs { agency: Some(agency), received_by: Some(received_by) }))
}

/// The agencies of a letter's dossier.
///
/// # Errors
/// [`StorageError`].
pub fn of_letter(reader: &mut Reader, id: &str) -> Result<Option<Belongs>, StorageError> {
    let row: Option<(String, String)> = letters::table
        .inner_join(dossiers::table.on(dossiers::code.eq(letters::dossier)))
        .filter(letters::id.eq(id))
        .select((dossiers::agency, dossiers::received_by))
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(|(agency, received_by)| Belongs { agency: Some(agency), received_by: Some(received_by) }))
}

/// Whether an entry waits to be sealed.
///
/// # Errors
/// [`StorageError`].
pub fn is_any_waiting(reader: &mut Reader) -> Result<bool, StorageError> {
    let first: Option<i64> = audit_queue::table.select(audit_queue::place).first(&mut *reader.connection).optional()?;
    Ok(first.is_some())
}

/// How many entries wait to be sealed.
///
/// # Errors
/// [`StorageError`].
pub fn waiting_count(reader: &mut Reader) -> Result<i64, StorageError> {
    Ok(audit_queue::table.count().get_result(&mut *reader.connection)?)
}

/// The end of the chain.
///
/// # Errors
/// [`StorageError`].
pub fn head(reader: &mut Reader) -> Result<Head, StorageError> {
    let (position, hash) =
        audit_head::table.select((audit_head::position, audit_head::hash)).first(&mut *reader.connection)?;
    Ok(Head { position, hash })
}

/// Takes the turn to seal and answers the end of the chain; to be run in [`Db::write_steady`](super::Db::write_steady),
/// first of all.
///
/// # Errors
/// [`StorageError`].
pub fn take_turn(tx: &mut Tx) -> Result<Head, StorageError> {
    dialect::lock_audit(tx)?;
    head(tx)
}

/// The first entries of the queue that are committed by now, each with its place.
///
/// # Errors
/// [`StorageError`].
pub fn waiting(reader: &mut Reader, most: i64) -> Result<Vec<(i64, Entry)>, StorageError> {
    let rows: Vec<(i64, String)> = audit_queue::table
        .order(audit_queue::place.asc())
        .limit(most)
        .select((audit_queue::place, audit_queue::entry))
        .load(&mut *reader.connection)?;
    rows.into_iter().map(|(place, entry)| Ok((place, from_json("audit entry", &entry)?))).collect()
}

/// Moves the entries up to a place from the queue into the chain, which ends with them now.
///
/// # Errors
/// [`StorageError`].
pub fn keep(tx: &mut Tx, sealed: &[Sealed], up_to: i64) -> Result<(), StorageError> {
    let Some(last) = sealed.last() else { return Ok(()) };
    let rows: Vec<Row> = sealed.iter().map(Row::of).collect();
    dialect::insert_audit(tx, &rows)?;
    let left = diesel::delete(audit_queue::table.filter(audit_queue::place.le(up_to))).execute(&mut *tx.connection)?;
    if left != sealed.len() {
        return Err(StorageError::corrupt("audit queue", format!("{} sealed, {left} left", sealed.len())));
    }
    diesel::update(audit_head::table)
        .set((audit_head::position.eq(last.position), audit_head::hash.eq(&last.hash)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The entries after a position, in the order of the chain.
///
/// # Errors
/// [`StorageError`].
pub fn chain(reader: &mut Reader, after: i64, limit: i64) -> Result<Vec<Sealed>, StorageError> {
    let rows: Vec<Row> = audit::table
        .filter(audit::position.gt(after))
        .order(audit::position.asc())
        .limit(limit)
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Which entries are wanted; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// By whose agency, or on whose resources.
    pub visible: Visible,
    /// Not before.
    pub from: Option<LocalTime>,
    /// Not after.
    pub to: Option<LocalTime>,
    /// By who has this identifier or name.
    pub actor: Option<String>,
    /// Of this route or command.
    pub action: Option<String>,
    /// On what has this code or identifier.
    pub resource: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
}

/// The wanted entries before a position, newest first.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    wanted: &Wanted,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Sealed>, StorageError> {
    let mut query = audit::table.order(audit::position.desc()).limit(limit).into_boxed::<MultiBackend>();
    query = match &wanted.visible {
        Visible::Everything => query,
        Visible::Of(agencies) => {
            let codes = || agencies.iter().map(AgencyCode::as_str);
            let theirs = audit::agency.eq_any(codes()).or(audit::received_by.eq_any(codes()));
            query.filter(audit::actor_agency.eq_any(codes()).or(theirs))
        }
        Visible::Below(agency) => {
            let codes = || held(agency.as_str()).select(agency_lineage::predecessor.nullable());
            let theirs = audit::agency.eq_any(codes()).or(audit::received_by.eq_any(codes()));
            query.filter(audit::actor_agency.eq_any(codes()).or(theirs))
        }
    };
    if let Some(before) = before {
        query = query.filter(audit::position.lt(before));
    }
    if let Some(from) = wanted.from {
        query = query.filter(audit::at.ge(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(audit::at.le(to));
    }
    if let Some(actor) = &wanted.actor {
        query = query.filter(audit::actor.eq(actor.clone()).or(audit::actor_name.eq(actor.clone())));
    }
    if let Some(action) = &wanted.action {
        query = query.filter(audit::action.eq(action.clone()));
    }
    if let Some(resource) = &wanted.resource {
        query = query.filter(audit::resource.eq(resource.clone()));
    }
    if let Some(outcome) = wanted.outcome {
        query = query.filter(audit::outcome.eq(outcome.as_str()));
    }
    query.load::<Row>(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}
