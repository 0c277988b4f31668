//! A pool of connections that knows how many wait for one, and how many waited in vain.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::{NopErrorHandler, Pool, PooledConnection};

use super::connection::Manager;
use super::error::StorageError;

/// A pool that cannot connect tries again after half of this at the latest, so that it does not miss a server that is back.
const RETRY: Duration = Duration::from_secs(1);

/// The connections for one kind of work.
#[derive(Clone)]
pub(in crate::storage) struct Lending {
    pool: Pool<Manager>,
    wait: Duration,
    waiting: Arc<AtomicU32>,
    timeouts: Arc<AtomicU64>,
}

/// How the connections of a pool are lent out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LentOut {
    /// How many there may be.
    pub most: u32,
    /// How many do work.
    pub in_use: u32,
    /// How many callers wait for one.
    pub waiting: u32,
    /// How many waited in vain since the start.
    pub timeouts: u64,
}

impl Lending {
    /// At most `most` connections; who finds none free waits for `wait`.
    pub(in crate::storage) fn new(manager: &Manager, most: u32, wait: Duration) -> Self {
        let pool = Pool::builder()
            .max_size(most)
            .min_idle(Some(1))
            .connection_timeout(RETRY)
            .test_on_check_out(true)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager.clone());
        Self { pool, wait, waiting: Arc::default(), timeouts: Arc::default() }
    }

    /// A connection, as soon as one is free.
    pub(in crate::storage) fn get(&self) -> Result<PooledConnection<Manager>, StorageError> {
        if let Some(connection) = self.pool.try_get() {
            return Ok(connection);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let found = self.pool.get_timeout(self.wait);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        found.map_err(|cause| {
            self.timeouts.fetch_add(1, Ordering::Relaxed);
            StorageError::Unavailable(cause)
        })
    }

    pub(in crate::storage) fn lent_out(&self) -> LentOut {
        let state = self.pool.state();
        LentOut {
            most: self.pool.max_size(),
            in_use: state.connections.saturating_sub(state.idle_connections),
            waiting: self.waiting.load(Ordering::Relaxed),
            timeouts: self.timeouts.load(Ordering::Relaxed),
        }
    }
}
