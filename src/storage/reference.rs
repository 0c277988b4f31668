//! What the catalogue, the calendar and the tree of agencies were read to be: kept for as long as their stamp stays the same.
//!
//! Triggers give another stamp with every change, and none comes twice; so what was read under a stamp is what anyone finds who
//! reads under it, in whatever process. A request learns the stamp with its caller.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use diesel::prelude::*;

use super::agencies::Agency;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::reference_state;
use crate::domain::calendar::NationalCalendar;
use crate::domain::office::OfficeCalendar;
use crate::domain::procedure::Procedure;
use crate::domain::vocabulary::{AgencyCode, ProcedureCode};

/// Things by their names, each read once.
#[derive(Debug)]
pub(in crate::storage) struct Memo<K, V: ?Sized>(RwLock<HashMap<K, Arc<V>>>);

impl<K, V: ?Sized> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash + Clone, V: ?Sized> Memo<K, V> {
    /// The thing of this name, if it was read.
    fn get(&self, name: &K) -> Option<Arc<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn keep(&self, name: &K, thing: Arc<V>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), thing);
    }
}

/// What was read under one stamp.
#[derive(Debug, Default)]
pub struct Reference {
    stamp: i64,
    national: OnceLock<Arc<NationalCalendar>>,
    pub(in crate::storage) agencies: Memo<AgencyCode, Agency>,
    pub(in crate::storage) lineages: Memo<AgencyCode, Vec<AgencyCode>>,
    pub(in crate::storage) held: Memo<AgencyCode, BTreeSet<AgencyCode>>,
    /// Which agencies have none below them.
    pub(in crate::storage) leaves: Memo<AgencyCode, bool>,
    pub(in crate::storage) offices: Memo<AgencyCode, OfficeCalendar>,
    pub(in crate::storage) procedures: Memo<ProcedureCode, [Procedure]>,
}

/// What was read lately, shared by all who read the same database. Two states: a replica may lag behind.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) struct References(Arc<Mutex<[Option<Arc<Reference>>; 2]>>);

impl References {
    fn at(&self, stamp: i64) -> Arc<Reference> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().flatten().find(|known| known.stamp == stamp) {
            return Arc::clone(known);
        }
        let new = Arc::new(Reference { stamp, ..Reference::default() });
        kept.swap(0, 1);
        kept[0] = Some(Arc::clone(&new));
        new
    }
}

/// What a reader or a transaction knows of the stamp.
#[derive(Debug, Clone, Default)]
pub(in crate::storage) enum Stamped {
    /// It did not ask yet.
    #[default]
    Unasked,
    /// What was read under it.
    At(Arc<Reference>),
    /// It changes what is stamped, or sees the state of an earlier moment, and reads for itself.
    Alone,
}

impl Reader {
    /// What was read under the present stamp; asks for it once, unless the request knew it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn reference(&mut self) -> Result<Option<Arc<Reference>>, StorageError> {
        match &self.stamped {
            Stamped::At(reference) => return Ok(Some(Arc::clone(reference))),
            Stamped::Alone => return Ok(None),
            Stamped::Unasked => {}
        }
        let stamp = stamp(self)?;
        Ok(Some(self.note_stamp(stamp)))
    }

    /// Notes a stamp that came with another answer.
    pub(in crate::storage) fn note_stamp(&mut self, stamp: i64) -> Arc<Reference> {
        let reference = self.references.at(stamp);
        if matches!(self.stamped, Stamped::Unasked) {
            self.stamped = Stamped::At(Arc::clone(&reference));
        }
        reference
    }

    /// The thing of this name under the present stamp, read if nobody did before.
    ///
    /// # Errors
    /// What `read` answers, and [`StorageError`].
    pub(in crate::storage) fn remembered<K: Eq + Hash + Clone, V: ?Sized>(
        &mut self,
        memo: impl Fn(&Reference) -> &Memo<K, V>,
        name: &K,
        read: impl FnOnce(&mut Self) -> Result<Option<Arc<V>>, StorageError>,
    ) -> Result<Option<Arc<V>>, StorageError> {
        let Some(reference) = self.reference()? else { return read(self) };
        if let Some(known) = memo(&reference).get(name) {
            return Ok(Some(known));
        }
        let found = read(self)?;
        if let Some(thing) = &found {
            memo(&reference).keep(name, Arc::clone(thing));
        }
        Ok(found)
    }

    /// The national calendar under the present stamp.
    ///
    /// # Errors
    /// What `read` answers, and [`StorageError`].
    pub(in crate::storage) fn remembered_calendar(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<NationalCalendar, StorageError>,
    ) -> Result<Arc<NationalCalendar>, StorageError> {
        let Some(reference) = self.reference()? else { return read(self).map(Arc::new) };
        if let Some(known) = reference.national.get() {
            return Ok(Arc::clone(known));
        }
        let calendar = Arc::new(read(self)?);
        Ok(Arc::clone(reference.national.get_or_init(|| calendar)))
    }
}

impl Tx {
    /// To be called by whatever changes what is stamped: from here on the transaction reads for itself, and rights, which hang
    /// on the tree of agencies, are looked up anew.
    pub(in crate::storage) fn changes_reference(&mut self) {
        self.stamped = Stamped::Alone;
        self.changes_rights = true;
    }
}

/// The present stamp.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn stamp(reader: &mut Reader) -> Result<i64, StorageError> {
    Ok(reference_state::table.select(reference_state::stamp).first(&mut *reader.connection)?)
}
