//! The database: pools, and the only two ways in, `read` and `write`.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::ManageConnection;

use super::connection::{AnyConnection, Backend, Lent, Manager};
use super::dialect;
use super::error::{Failure, StorageError};
use super::lending::{Lending, LentOut};
use super::reference::{Reference, References, Stamped};
use super::replica::{Replica, ReplicaSettings};
use super::shown::Held;
use super::vault::Vault;
use crate::domain::vocabulary::LocalTime;
use crate::trace;

/// A write that lost against another, or its connection before it could commit, is tried this often in all.
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
    readers: Lending,
    writers: Lending,
    manager: Manager,
    replica: Option<Replica>,
    bells: Bells,
    cut: Arc<OnceLock<Cut>>,
    vault: Vault,
    references: References,
    rights: Arc<AtomicU64>,
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

/// What stands between the process and the database, and beside it. By default nothing.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// Whether a pooler such as pgbouncer stands in between that gives each transaction another session: nothing is kept in
    /// one then.
    pub is_pooled: bool,
    /// A read replica.
    pub replica: Option<ReplicaSettings>,
}

/// How far the database is: a place in its log of writes, which only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(String);

impl FromStr for Position {
    type Err = ();

    /// As PostgreSQL writes it: two hexadecimal numbers of 32 bits with a slash.
    fn from_str(text: &str) -> Result<Self, ()> {
        let is_number = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_one = text.split_once('/').is_some_and(|(high, low)| is_number(high) && is_number(low));
        if is_one { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A connection to read with.
pub struct Reader {
    pub(in crate::storage) connection: Lent,
    /// Seals and opens what must not lie open.
    pub(in crate::storage) vault: Vault,
    pub(in crate::storage) references: References,
    pub(in crate::storage) stamped: Stamped,
    /// What was read of a dossier under its lock.
    pub(in crate::storage) held: Option<Held>,
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
    /// How far the database is.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn position(&mut self) -> Result<Position, StorageError> {
        dialect::position(self).map(Position)
    }

    /// Runs `work`, in a transaction with this access or in none.
    fn work<T, E: Failure>(
        &mut self,
        access: Option<&str>,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(access) = access else { return work(self) };
        begin_steady(&mut self.connection, access)?;
        self.view = View::Steady;
        let answer = work(self);
        self.view = View::Moving;
        let rolled_back = roll_back(&mut self.connection);
        let answer = answer?;
        rolled_back?;
        Ok(answer)
    }

    /// Runs `work` with all statements seeing one state of the database; `None` inside a write, where that cannot be had.
    ///
    /// # Errors
    /// [`StorageError`], and what `work` answers.
    pub fn steady<T, E: Failure>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<Option<T>, E> {
        match self.view {
            View::Writing => return Ok(None),
            View::Steady => return work(self).map(Some),
            View::Moving => {}
        }
        let stamped = std::mem::replace(&mut self.stamped, Stamped::Alone);
        let answer = self.work(Some("READ ONLY"), work);
        self.stamped = stamped;
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
    /// Whether it changes who may do what.
    pub(in crate::storage) changes_rights: bool,
    /// The trace context of the request it belongs to, which goes with the events it writes.
    pub(in crate::storage) trace: Option<String>,
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
        Self::open_amid(url, sizes, &Surroundings::default(), vault)
    }

    /// As [`Db::open`], with a pooler in between or a replica beside it.
    ///
    /// # Errors
    /// As [`Db::open`]; a replica need not be there yet.
    pub fn open_amid(
        url: &str,
        sizes: PoolSizes,
        surroundings: &Surroundings,
        vault: Vault,
    ) -> Result<Self, StorageError> {
        let Surroundings { is_pooled, replica } = surroundings;
        let manager = Manager::new(url, *is_pooled)?;
        let replica = replica.as_ref().map(|replica| Replica::new(replica, &manager, sizes.readers)).transpose()?;
        // Once by hand: a pool would only say that it timed out, and not why; and a new SQLite file is switched to WAL by one.
        manager.connect().map_err(StorageError::Unreachable)?;
        let writers = if manager.backend == Backend::Sqlite { 1 } else { sizes.writers };
        Ok(Self {
            readers: Lending::new(&manager, sizes.readers, sizes.wait),
            writers: Lending::new(&manager.for_writers(), writers, sizes.wait),
            manager,
            replica,
            bells: Bells::default(),
            cut: Arc::default(),
            vault,
            references: References::default(),
            rights: Arc::default(),
        })
    }

    /// A number that is another after each change of this process to who may do what.
    pub fn state_of_rights(&self) -> u64 {
        self.rights.load(Ordering::SeqCst)
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.manager.backend
    }

    /// Whether there is a read replica.
    pub fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// How the connections are lent out by now: those for reads, those for writes.
    pub fn lent_out(&self) -> [(&'static str, LentOut); 2] {
        [("read", self.readers.lent_out()), ("write", self.writers.lent_out())]
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
    pub fn read<T, E: Failure>(&self, work: impl FnOnce(&mut Reader) -> Result<T, E>) -> Result<T, E> {
        self.read_under(None, work)
    }

    /// As [`Db::read`], by who knows already what was read under a stamp that is young enough for them.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_under<T, E: Failure>(
        &self,
        reference: Option<Arc<Reference>>,
        work: impl FnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        // Behind a pooler a statement is prepared and run in one session only inside a transaction.
        let access = self.manager.is_pooled.then_some("READ WRITE");
        self.read_in(access, reference.map_or(Stamped::Unasked, Stamped::At), work)
    }

    /// Reads with all statements seeing one state of the database.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn snapshot<T, E: Failure>(&self, work: impl FnOnce(&mut Reader) -> Result<T, E>) -> Result<T, E> {
        self.read_in(Some("READ ONLY"), Stamped::Alone, work)
    }

    /// Reads what may be a moment old, but not older than `position`: from the replica, if there is one that keeps up, else as
    /// [`Db::read`].
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_lagging<T, E: Failure>(
        &self,
        position: Option<&Position>,
        reference: Option<Arc<Reference>>,
        work: impl FnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(replica) = &self.replica else { return self.read_under(reference, work) };
        let lent = replica.lend(position.map(|position| position.0.as_str()));
        let from = if lent.is_some() { "replica" } else { "primary" };
        metrics::counter!("motcua_lagging_reads_total", "from" => from).increment(1);
        let Some(connection) = lent else { return self.read_under(reference, work) };
        let mut reader = self.reader(connection, Stamped::Unasked, View::Moving);
        let access = self.manager.is_pooled.then_some("READ ONLY");
        let answer = reader.work(access, work);
        if is_lost(&answer) {
            replica.give_up(&reader.connection);
        }
        answer
    }

    /// Reads, in a transaction with this access or in none.
    fn read_in<T, E: Failure>(
        &self,
        access: Option<&str>,
        stamped: Stamped,
        work: impl FnOnce(&mut Reader) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = Lent(self.readers.get()?);
        let mut reader = self.reader(connection, stamped, View::Moving);
        let answer = reader.work(access, work);
        self.look_after(&reader, &answer);
        answer
    }

    fn reader(&self, connection: Lent, stamped: Stamped, view: View) -> Reader {
        Reader { connection, vault: self.vault.clone(), references: self.references.clone(), stamped, held: None, view }
    }

    /// Gives a connection up that turned out to be lost.
    fn look_after<T, E: Failure>(&self, reader: &Reader, answer: &Result<T, E>) {
        if is_lost(answer) {
            self.manager.give_up(&reader.connection.0);
        }
    }

    /// Runs one write transaction; it commits iff `work` answers `Ok`. On SQLite it takes the write lock at once. A write
    /// that lost a deadlock is run again, and so is one whose server was lost before it was told to commit.
    ///
    /// # Errors
    /// [`StorageError`] of the database, and what `work` answers; nothing is written then, except that a server lost in the
    /// midst of the commit leaves open what became of it: an `Idempotency-Key` of the caller's tells.
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
            let is_worth_it = |error: &StorageError| error.is_transient() || error.is_lost();
            match self.write_once(view, &mut work) {
                Ok(answer) => return answer,
                Err(NotCommitted(error)) if attempt < ATTEMPTS && error.storage().is_some_and(is_worth_it) => {
                    attempt += 1
                }
                Err(NotCommitted(error)) => return Err(error),
            }
        }
    }

    /// Runs a write; what is told outright is not to be tried again.
    fn write_once<T, E: Failure>(
        &self,
        view: View,
        work: &mut impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<Result<T, E>, NotCommitted<E>> {
        let connection = self.writers.get().map_err(|cause| NotCommitted(cause.into()))?;
        let stamped = if view == View::Steady { Stamped::Alone } else { Stamped::Unasked };
        let reader = self.reader(Lent(connection), stamped, view);
        let trace = trace::current().map(|context| context.to_string());
        let mut tx =
            Tx { reader, horizon: None, to_send: false, concerns: None, made: None, changes_rights: false, trace };
        let begun = match (self.backend(), view) {
            (Backend::Sqlite, _) => begin_with(&mut tx.connection, "BEGIN IMMEDIATE"),
            (Backend::Postgres, View::Steady) => begin_steady(&mut tx.connection, "READ WRITE"),
            (Backend::Postgres, _) => begin_with(&mut tx.connection, "BEGIN"),
        };
        self.look_after(&tx, &begun);
        begun.map_err(|cause| NotCommitted(cause.into()))?;
        let done = work(&mut tx).and_then(|value| {
            self.pass(Moment::BeforeCommit)?;
            Ok(value)
        });
        self.look_after(&tx, &done);
        let value = match done {
            Ok(value) => value,
            Err(error) => {
                // Of a lost connection, that it cannot be rolled back either says nothing new.
                let undone = roll_back(&mut tx.connection);
                let is_plain = !error.storage().is_some_and(StorageError::is_lost);
                return Err(NotCommitted(undone.err().filter(|_| is_plain).map_or(error, E::from)));
            }
        };
        let committed = <AnyConnection as Connection>::TransactionManager::commit_transaction(&mut *tx.connection);
        let committed = committed.map_err(|cause| E::from(StorageError::from(cause)));
        self.look_after(&tx, &committed);
        match committed {
            Ok(()) => {}
            // It was told to commit: what it did, nobody knows.
            Err(error) if error.storage().is_some_and(StorageError::is_lost) => return Ok(Err(error)),
            Err(error) => return Err(NotCommitted(error)),
        }
        if tx.changes_rights {
            self.rights.fetch_add(1, Ordering::SeqCst);
        }
        if let Err(cut) = self.pass(Moment::AfterCommit) {
            return Ok(Err(cut.into()));
        }
        if tx.to_send {
            self.bells.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|ring| ring());
        }
        Ok(Ok(value))
    }
}

/// Why a write was certainly not committed.
struct NotCommitted<E>(E);

impl Tx {
    /// The trace context of the request it belongs to.
    pub fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

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
                self.held = None;
                Err(error)
            }
        }
    }
}

/// Whether something failed because its connection was lost.
fn is_lost<T, E: Failure>(answer: &Result<T, E>) -> bool {
    answer.as_ref().err().and_then(Failure::storage).is_some_and(StorageError::is_lost)
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
