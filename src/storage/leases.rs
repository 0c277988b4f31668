//! Leases: which process does a piece of background work, for how long, by the clock of the database.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::db::Tx;
use super::dialect;
use super::error::StorageError;
use super::schema::leases;
use crate::domain::vocabulary::LocalTime;

/// Takes or renews a lease of this length; answers for how long `holder` has it at least, `None` when another has it. One
/// that ran out goes to whoever asks first.
///
/// All holders go by the one clock of the database, so that those of their hosts do not matter. No lease is longer than
/// `length`: one that says so was written by another clock (before a failover, or by an earlier version), and has run out.
///
/// # Errors
/// [`StorageError`].
pub fn acquire(tx: &mut Tx, name: &str, holder: &str, length: TimeDelta) -> Result<Option<TimeDelta>, StorageError> {
    let now = dialect::clock(tx)?;
    let (until, plenty) = (now + length, length * 2 / 3);
    let known: Option<(String, NaiveDateTime)> = leases::table
        .filter(leases::name.eq(name))
        .select((leases::holder, leases::until))
        .first(&mut *tx.connection)
        .optional()?;
    let Some((had_by, had_until)) = known else {
        return Ok(first(tx, name, holder, until)?.then_some(length));
    };
    let left = had_until - now;
    let runs = left > TimeDelta::zero() && left <= length;
    if runs && had_by != holder {
        return Ok(None);
    }
    // Nothing is written as long as there is plenty left: who looks every second need not write every second.
    if runs && left > plenty {
        return Ok(Some(left));
    }
    // Whoever was quicker has it; a holder's own renewals do not stand in each other's way.
    let as_seen = leases::holder.eq(&had_by).and(leases::until.eq(had_until).or(leases::holder.eq(holder)));
    let taken = diesel::update(leases::table)
        .filter(leases::name.eq(name).and(as_seen))
        .set((leases::holder.eq(holder), leases::until.eq(until)))
        .execute(&mut *tx.connection)?;
    Ok((taken == 1).then_some(length))
}

/// Notes that something was done, `done` telling which time of it; answers whether it had not been noted yet. Whoever is
/// first gets true, however many ask.
///
/// # Errors
/// [`StorageError`].
pub fn note(tx: &mut Tx, name: &str, done: &str, now: LocalTime) -> Result<bool, StorageError> {
    let noted: Option<String> =
        leases::table.filter(leases::name.eq(name)).select(leases::holder).first(&mut *tx.connection).optional()?;
    let Some(noted) = noted else { return first(tx, name, done, now) };
    let anew = diesel::update(leases::table)
        .filter(leases::name.eq(name).and(leases::holder.eq(&noted)).and(leases::holder.ne(done)))
        .set((leases::holder.eq(done), leases::until.eq(now)))
        .execute(&mut *tx.connection)?;
    Ok(anew == 1)
}

/// Writes a row that was not there; answers whether nobody was quicker.
fn first(tx: &mut Tx, name: &str, holder: &str, until: NaiveDateTime) -> Result<bool, StorageError> {
    let written = tx.part(|tx| {
        diesel::insert_into(leases::table)
            .values((leases::name.eq(name), leases::holder.eq(holder), leases::until.eq(until)))
            .execute(&mut *tx.connection)?;
        Ok(())
    });
    match written {
        Ok(()) => Ok(true),
        Err(StorageError::Duplicate(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Gives a lease back before it runs out, so that the next process need not wait.
///
/// # Errors
/// [`StorageError`].
pub fn release(tx: &mut Tx, name: &str, holder: &str) -> Result<(), StorageError> {
    let own = leases::name.eq(name).and(leases::holder.eq(holder));
    diesel::delete(leases::table.filter(own)).execute(&mut *tx.connection)?;
    Ok(())
}
