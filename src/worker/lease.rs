//! A lease as its holder knows it: work stops in time by itself, also when nobody can be asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::storage::{Db, StorageError, leases};

/// How long a process keeps a work to itself without saying so again.
const LENGTH: TimeDelta = TimeDelta::seconds(18);
/// How often a holder says so, and others look whether it still does: several times in a lease.
pub(in crate::worker) const BEAT: Duration = Duration::from_secs(4);

/// One process's hold on a piece of work.
///
/// Until when it holds, it reckons by a clock that only goes forward, from before it asked the database: it stops before
/// the database gives the work to another, whatever the clocks of their computers say. A process that was held up between
/// its look at this clock and its deed comes too late all the same; what is done under a lease is therefore right also
/// when two do it.
pub(in crate::worker) struct Lease {
    db: Db,
    name: &'static str,
    holder: String,
    until: Mutex<Option<Instant>>,
}

impl Lease {
    /// A lease that is yet to be taken.
    pub(in crate::worker) fn new(db: Db, name: &'static str, holder: String) -> Self {
        Self { db, name, holder, until: Mutex::new(None) }
    }

    /// Takes or renews it; answers whether the work is this process's. For threads that may block.
    pub(in crate::worker) fn take(&self) -> Result<bool, StorageError> {
        let asked = Instant::now();
        let left = self.db.write(|tx| leases::acquire(tx, self.name, &self.holder, LENGTH))?;
        let until = left.and_then(|left| left.to_std().ok()).map(|left| asked + left);
        *self.until() = until;
        Ok(until.is_some())
    }

    /// Whether the work is this process's for certain.
    pub(in crate::worker) fn is_held(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    /// Begins no more work under it; answers whether it was this process's.
    pub(in crate::worker) fn let_go(&self) -> bool {
        self.until().take().is_some()
    }

    /// Lets another process take the work over at once. For threads that may block.
    pub(in crate::worker) fn hand_back(&self) -> Result<(), StorageError> {
        self.db.write(|tx| leases::release(tx, self.name, &self.holder))
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
