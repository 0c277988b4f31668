//! One connection type for two databases; the backend is chosen by the scheme of the URL.
#![allow(missing_docs, reason = "the MultiConnection derive documents nothing")]

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
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

/// Opens connections for a pool.
#[derive(Debug, Clone)]
pub(in crate::storage) struct Manager {
    url: String,
    pub(in crate::storage) backend: Backend,
}

impl Manager {
    /// Reads the scheme: `sqlite://FILE`, `postgres://…` or `postgresql://…`.
    pub(in crate::storage) fn new(url: &str) -> Result<Self, StorageError> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            Ok(Self { url: file.to_owned(), backend: Backend::Sqlite })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self { url: url.to_owned(), backend: Backend::Postgres })
        } else {
            Err(StorageError::UnknownScheme)
        }
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        let failed = diesel::r2d2::Error::ConnectionError;
        match self.backend {
            Backend::Postgres => {
                let mut connection = PgConnection::establish(&self.url).map_err(failed)?;
                // Compiling a query takes longer than any of these takes to run. Who waits for a lock keeps a connection
                // from others.
                connection
                    .batch_execute("SET jit = off; SET lock_timeout = '5s'")
                    .map_err(diesel::r2d2::Error::QueryError)?;
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

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), Self::Error> {
        connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}
