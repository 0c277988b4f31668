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
        ..with_ladder(new, newest)
    };
    Ok(if same == *newest { Effect::Unchanged } else { Effect::Revised })
}

/// What comes from elsewhere says nothing of warnings: those of the newest version stay.
fn with_ladder(new: &Procedure, newest: &Procedure) -> Procedure {
    let mut new = new.clone();
    if new.details.warnings.is_empty() {
        new.details.warnings.clone_from(&newest.details.warnings);
    }
    new
}

/// Takes a procedure over; see [`foresee`].
///
/// # Errors
/// Those of [`foresee`].
pub fn take_over(tx: &mut Tx, act: Act<'_>, new: &Procedure) -> Result<Effect, Fault> {
    let effect = foresee(tx, new)?;
    match effect {
        Effect::Added => drop(add_procedure(tx, act, new.clone())?),
        Effect::Revised => {
            let versions = procedures::versions(tx, &new.code)?;
            let revised = versions.last().map_or_else(|| new.clone(), |newest| with_ladder(new, newest));
            drop(revise_procedure(tx, act, revised, None)?);
        }
        Effect::Unchanged => {}
    }
    Ok(effect)
}
