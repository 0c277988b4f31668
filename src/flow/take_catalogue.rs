//! A catalogue that was prepared elsewhere is taken over, procedure by procedure: what is not there is added, what differs is
//! revised, what is the same is left alone.

use super::actor::Act;
use super::administer::{add_procedure, require_references, revise_procedure};
use super::fault::Fault;
use crate::domain::procedure::Procedure;
use crate::storage::{Reader, Tx, procedures};

/// What taking a procedure over does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is new.
    Added,
    /// It gets another version.
    Revised,
    /// It says what is there.
    Unchanged,
}

/// What taking a procedure over would do.
///
/// # Errors
/// [`Fault::Unknown`] for what it names and is not there.
pub fn foresee(reader: &mut Reader, new: &Procedure) -> Result<Effect, Fault> {
    require_references(reader, new)?;
    let versions = procedures::versions(reader, &new.code)?;
    let Some(newest) = versions.last() else { return Ok(Effect::Added) };
    let same = Procedure {
        version: newest.version,
        valid_from: new.valid_from.or(newest.valid_from),
        valid_to: newest.valid_to,
        ..new.clone()
    };
    Ok(if same == *newest { Effect::Unchanged } else { Effect::Revised })
}

/// Takes a procedure over; see [`foresee`].
///
/// # Errors
/// Those of [`foresee`].
pub fn take_over(tx: &mut Tx, act: Act<'_>, new: &Procedure) -> Result<Effect, Fault> {
    let effect = foresee(tx, new)?;
    match effect {
        Effect::Added => drop(add_procedure(tx, act, new.clone())?),
        Effect::Revised => drop(revise_procedure(tx, act, new.clone(), None)?),
        Effect::Unchanged => {}
    }
    Ok(effect)
}
