//! The database: pools, and the only two ways in, `read` and `write`.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};

use super::connection::{AnyConnection, Backend, Manager};
use super::error::{Failure, StorageError};
use super::vault::Vault;
use crate::domain::vocabulary::LocalTime;

/// A write that lost against another is tried this often in all.
const ATTEMPTS: usize = 4;

/// Rung, each of them, after a commit that leaves something to be sent.
type Bells = Arc<RwLock<Vec<Box<dyn Fn() + Send + Sync>>>>;

/// A place in a write where a crash leaves one of two states, and nothing between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Everything is written and nothing of it is committed.
    BeforeCommit,
    /// It is committed, and nobody knows.
    AfterCommit,
}

/// Says whether a write ends at a moment, and as what.
type Cut = Box<dyn Fn(Moment) -> Result<(), StorageError> + Send + Sync>;

/// The database behind its pools; cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    backend: Backend,
    bells: Bells,
    cut: Arc<OnceLock<Cut>>,
    vault: Vault,
}

/// How many connections the pools hold.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    /// Connections for reads.
    pub readers: u32,
    /// Connections for writes; SQLite has one writer whatever is said here.
    pub writers: u32,
    /// How long to wait for a free connection.
    pub wait: Duration,
}

/// A connection to read with.
pub struct Reader {
    pub(in crate::storage) connection: PooledConnection<Manager>,
    /// Seals and opens what must not lie open.
    pub(in crate::storage) vault: Vault,
    view: View,
}

/// What the statements of a reader see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// Each the state of its own moment.
    Moving,
    /// All the same state.
    Steady,
    /// They stand in a transaction that writes; each sees what is committed by its moment.
    Writing,
}

impl Reader {
    /// Runs `work` with all statements seeing one state of the database; `None` inside a write, where that cannot be had.
    ///
    /// # Errors
    /// [`StorageError`], and what `work` answers.
    pub fn steady<T, E: From<StorageError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        match self.view {
            View::Writing => return Ok(None),
            View::Steady => return work(self).map(Some),
            View::Moving => {}
        }
        begin_steady(&mut self.connection, "READ ONLY")?;
        self.view = View::Steady;
        let answer = work(self);
        self.view = View::Moving;
        roll_back(&mut self.connection)?;
        answer.map(Some)
    }
}

/// An open write transaction; it reads, too.
pub struct Tx {
    reader: Reader,
    /// The last instant that has or awaits its balance, once it is known: it stays so until the transaction ends.
    pub(in crate::storage) horizon: Option<Option<LocalTime>>,
    /// Whether it leaves something to be sent.
    pub(in crate::storage) to_send: bool,
    /// The agencies of the last dossier or account it wrote: its resolving one, and where it was handed in.
    pub(in crate::storage) concerns: Option<(String, Option<String>)>,
    /// The identifier of what it made, where its answer has no `Location` to tell it.
    pub(in crate::storage) made: Option<String>,
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Db {
    /// Opens the database that `url` names, and what is sealed in it with `vault`.
    ///
    /// # Errors
    /// [`StorageError::UnknownScheme`], [`StorageError::Unreachable`] when no connection can be made.
    pub fn open(url: &str, sizes: PoolSizes, vault: Vault) -> Result<Self, StorageError> {
        let manager = Manager::new(url)?;
        let backend = manager.backend;
        // Once by hand: a pool would only say that it timed out, and not why.
        manager.connect().map_err(StorageError::Unreachable)?;
        let pool = |size: u32| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(sizes.wait)
                .test_on_check_out(true)
                .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
                .build(manager.clone())
                .map_err(StorageError::Unavailable)
        };
        let writers = if backend == Backend::Sqlite { 1 } else { sizes.writers };
        // The writer first: on a new SQLite file it is the one to switch to WAL.
        let writers = pool(writers)?;
        Ok(Self {
            readers: pool(sizes.readers)?,
            writers,
            backend,
            bells: Bells::default(),
            cut: Arc::default(),
            vault,
        })
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Has `ring` called after each commit of this process that leaves something to be sent, events for the feed among it.
    pub fn on_something_to_send(&self, ring: impl Fn() + Send + Sync + 'static) {
        self.bells.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(ring));
    }

    /// Has writes end where `cut` says so, as if the line had broken there. It is passed in, as the clock is, by who tests what
    /// that leaves; no setting leads here, and where none was passed a write looks at an empty place twice.
    pub fn cut_writes(&self, cut: impl Fn(Moment) -> Result<(), StorageError> + Send + Sync + 'static) {
        let _ = self.cut.set(Box::new(cut));
    }

    fn pass(&self, moment: Moment) -> Result<(), StorageError> {
        self.cut.get().map_or(Ok(()), |cut| cut(moment))
    }

    /// Reads. Several statements may see different states; use one statement, or [`Db::snapshot`].
    ///
    /// # Errors
    /// [`StorageError::Unavailable`], and what `work` answers.
    pub fn read<T, E: From<StorageError>>(&self, work: impl FnOnce(&mut Reader) -> Result<T, E>) -> Result<T, E> {
        let connection = self.readers.get().map_err(StorageError::Unavailable)?;
        work(&mut Reader { connection, vault: self.vault.clone(), view: View::Moving })
    }

    /// Reads with all statements seeing one state of the database.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn snapshot<T, E: From<StorageError>>(&self, work: impl FnOnce(&mut Reader) -> Result<T, E>) -> Result<T, E> {
        self.read(|reader| {
            begin_steady(&mut reader.connection, "READ ONLY")?;
            reader.view = View::Steady;
            let answer = work(reader);
            roll_back(&mut reader.connection)?;
            answer
        })
    }

    /// Runs one write transaction; it commits iff `work` answers `Ok`. On SQLite it takes the write lock at once. A write
    /// that lost a deadlock is run again.
    ///
    /// # Errors
    /// [`StorageError`] of the database, and what `work` answers; nothing is written then.
    pub fn write<T, E: Failure>(&self, work: impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        self.write_seeing(View::Writing, work)
    }

    /// As [`Db::write`], with all statements seeing one state of the database and what they wrote.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_steady<T, E: Failure>(&self, work: impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        self.write_seeing(View::Steady, work)
    }

    fn write_seeing<T, E: Failure>(&self, view: View, mut work: impl FnMut(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut attempt = 1;
        loop {
            let answer = self.write_once(view, &mut work);
            match &answer {
                Err(error) if attempt < ATTEMPTS && error.storage().is_some_and(StorageError::is_transient) => {
                    attempt += 1
                }
                _ => return answer,
            }
        }
    }

    fn write_once<T, E: From<StorageError>>(
        &self,
        view: View,
        work: &mut impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.writers.get().map_err(StorageError::Unavailable)?;
        let reader = Reader { connection, vault: self.vault.clone(), view };
        let mut tx = Tx { reader, horizon: None, to_send: false, concerns: None, made: None };
        match (self.backend, view) {
            (Backend::Sqlite, _) => begin_with(&mut tx.connection, "BEGIN IMMEDIATE")?,
            (Backend::Postgres, View::Steady) => begin_steady(&mut tx.connection, "READ WRITE")?,
            (Backend::Postgres, _) => begin_with(&mut tx.connection, "BEGIN")?,
        }
        let worked = work(&mut tx).and_then(|value| {
            self.pass(Moment::BeforeCommit)?;
            Ok(value)
        });
        match worked {
            Ok(value) => {
                <AnyConnection as Connection>::TransactionManager::commit_transaction(&mut *tx.connection)
                    .map_err(StorageError::from)?;
                self.pass(Moment::AfterCommit)?;
                if tx.to_send {
                    self.bells.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|ring| ring());
                }
                Ok(value)
            }
            Err(error) => {
                roll_back(&mut tx.connection)?;
                Err(error)
            }
        }
    }
}

impl Tx {
    /// Runs a part of the transaction that can fail alone: an error undoes what the part wrote and nothing else.
    ///
    /// # Errors
    /// What `work` answers.
    pub fn part<T, E: From<StorageError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        type Manager = <AnyConnection as Connection>::TransactionManager;
        let horizon = self.horizon;
        Manager::begin_transaction(&mut *self.connection).map_err(StorageError::from)?;
        match work(self) {
            Ok(value) => {
                Manager::commit_transaction(&mut *self.connection).map_err(StorageError::from)?;
                Ok(value)
            }
            Err(error) => {
                roll_back(&mut self.connection)?;
                // The lock that kept it so went with the part.
                self.horizon = horizon;
                Err(error)
            }
        }
    }
}

fn begin_steady(connection: &mut AnyConnection, access: &str) -> Result<(), StorageError> {
    match connection {
        AnyConnection::Postgres(_) => {
            begin_with(connection, &format!("BEGIN ISOLATION LEVEL REPEATABLE READ {access}"))
        }
        AnyConnection::Sqlite(_) => begin_with(connection, "BEGIN"),
    }
}

fn begin_with(connection: &mut AnyConnection, sql: &str) -> Result<(), StorageError> {
    match connection {
        AnyConnection::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(connection, sql)?,
        AnyConnection::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(connection, sql)?,
    }
    Ok(())
}

fn roll_back(connection: &mut AnyConnection) -> Result<(), StorageError> {
    Ok(<AnyConnection as Connection>::TransactionManager::rollback_transaction(connection)?)
}
