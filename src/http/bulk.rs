//! What becomes of each of many things that one call is about.

use serde_json::Value;

use super::problem::Problem;
use crate::flow::Fault;

/// What became of one of them.
pub(in crate::http) struct Judged<T> {
    /// The status that a call for this one alone would have had.
    pub(in crate::http) status: u16,
    /// What it is now.
    pub(in crate::http) done: Option<T>,
    /// Why it was refused.
    pub(in crate::http) problem: Option<Value>,
}

impl<T> Judged<T> {
    /// Tells what was done from what was refused.
    ///
    /// # Errors
    /// [`Fault::Storage`]: the database's trouble is not the one thing's. The whole call fails, and nothing is written.
    pub(in crate::http) fn of(outcome: Result<T, Fault>, english: bool) -> Result<Self, Fault> {
        match outcome {
            Ok(done) => Ok(Self { status: 200, done: Some(done), problem: None }),
            Err(fault @ Fault::Storage(_)) => Err(fault),
            Err(fault) => {
                let problem = Problem::from(fault);
                Ok(Self { status: problem.text().status, done: None, problem: Some(problem.body(english)) })
            }
        }
    }
}
