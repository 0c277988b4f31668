//! Who called lately: whom a token stands for is known for a second without asking the database again.
//!
//! What this process itself changes in sessions, users, clients or the tree of agencies counts at once; what others change, a
//! second later at the latest. Writes go by the catalogue and the calendar as they are at that moment, whatever is known here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::tokens::Bearer;
use crate::storage::reference::Reference;

/// How long it is known.
const KNOWN: Duration = Duration::from_secs(1);
/// How many are known at most.
const MOST: usize = 10_000;

/// Who called, and what was read under the stamp that came with them.
pub(in crate::http) type Known = (Caller, Option<Arc<Reference>>);

/// The callers of the last second.
#[derive(Default)]
pub struct Callers(Mutex<HashMap<Bearer, Entry>>);

struct Entry {
    known: Known,
    /// The state of rights that it was read in.
    rights: u64,
    since: Instant,
}

impl Callers {
    /// Whom this token stood for less than a second ago, if rights are still in the state `rights`.
    pub(in crate::http) fn get(&self, bearer: &Bearer, rights: u64) -> Option<Known> {
        let callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = callers.get(bearer)?;
        (entry.rights == rights && entry.since.elapsed() < KNOWN).then(|| entry.known.clone())
    }

    /// Keeps whom a token stands for, as read in the state `rights` at `since` or later.
    pub(in crate::http) fn keep(&self, bearer: Bearer, known: &Known, rights: u64, since: Instant) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MOST {
            callers.retain(|_, entry| entry.since.elapsed() < KNOWN);
        }
        if callers.len() < MOST {
            callers.insert(bearer, Entry { known: known.clone(), rights, since });
        }
    }
}
