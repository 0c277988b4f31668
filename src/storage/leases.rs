//! Leases: which process does a piece of background work, for how long.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::db::Tx;
use super::error::StorageError;
use super::schema::leases;
use crate::domain::vocabulary::LocalTime;

/// Takes or renews a lease; answers whether `holder` has it now. One that ran out goes to whoever asks first.
///
/// # Errors
/// [`StorageError`].
pub fn acquire(tx: &mut Tx, name: &str, holder: &str, now: LocalTime, length: TimeDelta) -> Result<bool, StorageError> {
    let until = now + length;
    let free = leases::holder.eq(holder).or(leases::until.le(now));
    let renewed = diesel::update(leases::table)
        .filter(leases::name.eq(name).and(free))
        .set((leases::holder.eq(holder), leases::until.eq(until)))
        .execute(&mut *tx.connection)?;
    if renewed == 1 {
        return Ok(true);
    }
    let taken = leases::table.filter(leases::name.eq(name)).select(leases::holder);
    if taken.first::<String>(&mut *tx.connection).optional()?.is_some() {
        return Ok(false);
    }
    let first = tx.part(|tx| {
        diesel::insert_into(leases::table)
            .values((leases::name.eq(name), leases::holder.eq(holder), leases::until.eq(until)))
            .execute(&mut *tx.connection)?;
        Ok(())
    });
    match first {
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
