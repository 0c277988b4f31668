//! One connection type for two databases; the backend is chosen by the scheme of the URL.
#![allow(missing_docs, reason = "the MultiConnection derive documents nothing")]

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::r2d2::{ManageConnection, PooledConnection, R2D2Connection};
use diesel::{Connection, PgConnection, SqliteConnection};

use super::error::StorageError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Which database a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL, shared by many processes.
    Postgres,
    /// SQLite, embedded.
    Sqlite,
}

/// How long a connection may lie idle before it is looked at again before use.
const TRUSTED: Duration = Duration::from_millis(500);

/// How long a transaction that writes may stand still, in milliseconds: shorter than a lease, so that who takes over finds no locks.
const STILL: u32 = 15_000;

/// What is told to libpq unless the URL says otherwise: a host that does not answer must not hold anybody up for minutes.
const PATIENCE: [(&str, &str); 3] =
    [("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "10")];

/// Opens connections for a pool, and tells which are still good.
///
/// Connections have a generation. When one turns out to be lost (its server died, or is no longer the primary), so are most
/// likely all that were opened before: a new generation begins, and none of the old ones is used again.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Manager {
    url: String,
    pub(in crate::storage) backend: Backend,
    /// Whether a pooler stands in between that gives each transaction another session.
    pub(in crate::storage) is_pooled: bool,
    generation: Arc<AtomicU64>,
    /// How long a transaction may stand still, in milliseconds; 0 for as long as it likes.
    still: u32,
}

/// A connection of a pool.
pub(in crate::storage) struct Held {
    connection: AnyConnection,
    born: u64,
    used_at: Instant,
}

impl Manager {
    /// Reads the scheme: `sqlite://FILE`, `postgres://…` or `postgresql://…`. Of several hosts the one that takes writes is
    /// wanted.
    pub(in crate::storage) fn new(url: &str, is_pooled: bool) -> Result<Self, StorageError> {
        let generation = Arc::default();
        if let Some(file) = url.strip_prefix("sqlite://") {
            return Ok(Self { url: file.to_owned(), backend: Backend::Sqlite, is_pooled: false, generation, still: 0 });
        }
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let hosts = rest.ok_or(StorageError::UnknownScheme)?.split('/').next().unwrap_or_default();
        let primary = hosts.contains(',').then_some(("target_session_attrs", "read-write"));
        let mut url = url.to_owned();
        for (name, value) in PATIENCE.into_iter().chain(primary) {
            if !url.contains(&format!("{name}=")) {
                let mark = if url.contains('?') { '&' } else { '?' };
                url.push_str(&format!("{mark}{name}={value}"));
            }
        }
        Ok(Self { url, backend: Backend::Postgres, is_pooled, generation, still: 0 })
    }

    /// The same for connections that write.
    pub(in crate::storage) fn for_writers(&self) -> Self {
        Self { still: STILL, ..self.clone() }
    }

    fn establish(&self) -> Result<AnyConnection, diesel::r2d2::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        match self.backend {
            Backend::Postgres => {
                let mut connection = PgConnection::establish(&self.url).map_err(failed)?;
                if self.is_pooled {
                    // Statements and settings of a session would be looked for in another one.
                    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
                } else {
                    // Compiling a query takes longer than any of these takes to run. A writer that stands still must not hold its
                    // locks against all others for ever; a reader holds none. Who waits for a lock keeps a connection from others.
                    let session = format!(
                        "SET jit = off; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = {}",
                        self.still
                    );
                    connection.batch_execute(&session).map_err(diesel::r2d2::Error::QueryError)?;
                }
                Ok(AnyConnection::Postgres(connection))
            }
            Backend::Sqlite => {
                let mut connection = SqliteConnection::establish(&self.url).map_err(failed)?;
                // The busy timeout comes first: switching to WAL may itself have to wait for another process. Each connection
                // keeps so many pages, and sorts of more than that go by way of files, so that memory stays flat.
                connection
                    .batch_execute(
                        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE;",
                    )
                    .map_err(diesel::r2d2::Error::QueryError)?;
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }

    /// Begins a new generation, unless that of this connection is over already.
    pub(in crate::storage) fn give_up(&self, connection: &Held) {
        let next = connection.born + 1;
        if self.generation.compare_exchange(connection.born, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            metrics::counter!("motcua_database_losses_total").increment(1);
            tracing::warn!("connection to the database lost; all that were open are opened anew");
        }
    }

    fn is_of_old(&self, connection: &Held) -> bool {
        connection.born < self.generation.load(Ordering::Relaxed)
    }
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Held, Self::Error> {
        let born = self.generation.load(Ordering::Relaxed);
        Ok(Held { connection: self.establish()?, born, used_at: Instant::now() })
    }

    fn is_valid(&self, held: &mut Held) -> Result<(), Self::Error> {
        let lost = diesel::r2d2::Error::QueryError;
        if self.is_of_old(held) {
            return Err(lost(diesel::result::Error::BrokenTransactionManager));
        }
        if self.backend == Backend::Postgres && held.used_at.elapsed() > TRUSTED {
            let answer = held.connection.ping().map_err(lost);
            if answer.is_err() {
                self.give_up(held);
            }
            return answer;
        }
        Ok(())
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.used_at = Instant::now();
        std::thread::panicking() || self.is_of_old(held) || held.connection.is_broken()
    }
}

/// A connection lent from a pool.
pub(in crate::storage) struct Lent(pub(in crate::storage) PooledConnection<Manager>);

impl Deref for Lent {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.0.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.0.connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(given: &str) -> String {
        Manager::new(given, false).unwrap().url
    }

    #[test]
    fn of_several_hosts_the_one_that_takes_writes_is_wanted() {
        assert!(url("postgres://motcua@one,two:5433/motcua").contains("&target_session_attrs=read-write"));
        assert!(!url("postgres://motcua@one/motcua?options=-csearch_path%3Da,b").contains("target_session_attrs"));
        let chosen = url("postgresql://one,two/motcua?target_session_attrs=any&connect_timeout=1");
        assert!(chosen.starts_with("postgresql://one,two/motcua?target_session_attrs=any&connect_timeout=1&"));
        assert_eq!((chosen.matches("connect_timeout").count(), chosen.matches("target_session").count()), (1, 1));
        assert_eq!(url("sqlite://motcua.db"), "motcua.db");
    }

    #[test]
    fn a_lost_connection_takes_those_opened_before_with_it_and_no_later_one() {
        let manager = Manager::new("sqlite://:memory:", false).unwrap();
        let [mut lost, mut other] = [manager.connect().unwrap(), manager.connect().unwrap()];
        assert!(manager.is_valid(&mut other).is_ok() && !manager.has_broken(&mut other));
        manager.give_up(&lost);
        let mut later = manager.connect().unwrap();
        assert!(manager.is_valid(&mut other).is_err() && manager.has_broken(&mut other));
        manager.give_up(&other);
        assert!(manager.is_valid(&mut later).is_ok() && !manager.has_broken(&mut later));
        assert!(manager.has_broken(&mut lost));
    }
}
