//! What can go wrong with the database; the cause is kept for the log and never shown to a client.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use thiserror::Error;

use super::vault::Closed;

/// What PostgreSQL, libpq and poolers say when a connection has come to its end and they have no code for it.
const LOST: [&str; 6] = [
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "no connection to the server",
    "server_login_retry",
    "query_wait_timeout",
];

/// What either database says when it has no room, no place or no patience left: it comes back by itself, or when somebody
/// makes room.
const EXHAUSTED: [&str; 9] = [
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "No space left on device",
    "could not extend file",
    "canceling statement due to lock timeout",
    "canceling statement due to statement timeout",
    "too many clients",
    "remaining connection slots",
];

/// A storage fault.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The URL names neither database.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownScheme,
    /// A replica of something else than PostgreSQL.
    #[error("MOTCUA_REPLICA_URL is for PostgreSQL: it and MOTCUA_DATABASE_URL must begin with postgres://")]
    NoReplica,
    /// The database cannot be reached at all.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] diesel::r2d2::Error),
    /// No connection was to be had in time.
    #[error("no database connection")]
    Unavailable(#[source] diesel::r2d2::PoolError),
    /// A unique constraint was hit.
    #[error("{0} exists already")]
    Duplicate(String),
    /// Another write changed the row in between.
    #[error("the row was changed by another write")]
    Stale,
    /// What is stored cannot be read back.
    #[error("stored {what} cannot be read: {cause}")]
    Corrupt {
        /// What was to be read.
        what: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// A sealed value cannot be opened; nothing of it is lost.
    #[error("{place} cannot be opened: {cause}")]
    Closed {
        /// Its table and row.
        place: String,
        /// Why.
        cause: Closed,
    },
    /// The data keys at hand are not those of this database.
    #[error(
        "the database is sealed under the data key {0}, which is not at hand: put the *.data-key file it was sealed with \
         back beside it, or set MOTCUA_DATA_KEY"
    )]
    WrongKey(String),
    /// The migrations failed.
    #[error("migration failed: {0}")]
    Migration(String),
    /// Anything else the database said.
    #[error(transparent)]
    Query(DieselError),
}

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                Self::Duplicate(info.constraint_name().unwrap_or_else(|| info.message()).to_owned())
            }
            other => Self::Query(other),
        }
    }
}

impl StorageError {
    /// Stored text that its type no longer reads.
    pub fn corrupt(what: &'static str, cause: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, cause: cause.to_string() }
    }

    /// What is sealed in this place stays closed.
    pub(in crate::storage) fn closed(place: &str, cause: Closed) -> Self {
        Self::Closed { place: place.to_owned(), cause }
    }

    /// Whether the same write may succeed when it is tried again: a deadlock or a serialization failure was its only fault.
    pub(in crate::storage) fn is_transient(&self) -> bool {
        match self {
            Self::Query(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(DieselError::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
            _ => false,
        }
    }

    /// Whether the connection is of no use any more: its server is gone, or is no longer the one that takes writes. What was
    /// not committed by then never will be; whether a commit under way got through, nobody can tell.
    pub(in crate::storage) fn is_lost(&self) -> bool {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand};
        match self {
            Self::Query(DieselError::DatabaseError(
                ClosedConnection | UnableToSendCommand | ReadOnlyTransaction,
                _,
            )) => true,
            Self::Query(DieselError::DatabaseError(_, info)) => LOST.iter().any(|sign| info.message().contains(sign)),
            Self::Query(DieselError::BrokenTransactionManager) => true,
            _ => false,
        }
    }

    /// Whether a lock was not to be had in the time allowed for it.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Query(DieselError::DatabaseError(_, info)) if info.message().contains("lock timeout"))
    }

    /// Whether the database cannot be reached or is too busy, so that the client should come back later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Unreachable(_) => true,
            Self::Query(DieselError::DatabaseError(_, info))
                if EXHAUSTED.iter().any(|sign| info.message().contains(sign)) =>
            {
                true
            }
            _ => self.is_lost() || self.is_transient(),
        }
    }
}

/// An error of a write: it may be one of the database, which decides whether the write is tried again.
pub trait Failure: From<StorageError> {
    /// The storage fault behind it, if it is one.
    fn storage(&self) -> Option<&StorageError>;
}

impl Failure for StorageError {
    fn storage(&self) -> Option<&StorageError> {
        Some(self)
    }
}
