//! Import of histories: each line is a dossier with its moves, taken through the same verbs as the API.

use super::actor::Act;
use super::desk::Desk;
use super::fault::Fault;
use super::intake::{NewDossier, draft};
use super::keep::{Deed, Stored, keep};
use super::transition::advance;
use crate::domain::dossier_code::DossierCode;
use crate::domain::transition::{Move, SpanChange, check_time};
use crate::storage::{Tx, agencies, dossiers};

/// One line of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The dossier as handed in.
    pub dossier: NewDossier,
    /// Its code, when it has one already.
    pub code: Option<DossierCode>,
    /// What happened to it, in order.
    pub moves: Vec<Move>,
}

/// Takes a whole history in. It is stored once, after its last move, as if entered then.
///
/// # Errors
/// [`Fault::Unknown`], [`Fault::Refused`], [`Fault::Forbidden`] at another's agency or under another's code,
/// [`Fault::Exists`] when the code is taken.
pub fn take(tx: &mut Tx, act: Act<'_>, desk: &mut Desk, history: &History) -> Result<DossierCode, Fault> {
    check_time(history.dossier.received_at.unwrap_or(act.now), act.now, None).map_err(Fault::of_receipt)?;
    let (mut record, first) = draft(tx, act, desk, &history.dossier)?;
    let mut deed = Deed::from(first);
    for wish in &history.moves {
        check_time(wish.at, act.now, None)?;
        let change = advance(tx, desk, &mut record, wish)?;
        deed.events.extend(change.events);
        if let SpanChange::Closed(closed) = change.spans {
            let mut spans = match deed.spans {
                SpanChange::Closed(spans) | SpanChange::Replaced(spans) => spans,
                SpanChange::Unchanged => Vec::new(),
            };
            spans.extend(closed);
            deed.spans = SpanChange::Closed(spans);
        }
    }
    if let Some(code) = &history.code {
        require_own(tx, act, code)?;
    }
    record.code = match &history.code {
        Some(code) if dossiers::find(tx, code)?.is_some() => return Err(Fault::Exists("dossier")),
        Some(code) => {
            dossiers::reserve_code(tx, code)?;
            code.clone()
        }
        None => dossiers::next_code(tx, &record.received_by, record.standing.filed_at.date())?,
    };
    keep(tx, act, &mut record, deed, Stored::Imported)?;
    Ok(record.code)
}

/// A code begins with the identifier of the agency that gave it (contract, section 3). Those of an agency out of reach are
/// not the actor's to give, and whether one is taken is not theirs to know. Former identifiers are nobody's.
fn require_own(tx: &mut Tx, act: Act<'_>, code: &DossierCode) -> Result<(), Fault> {
    let giver = code.agency();
    if act.actor.agency.is_none() || agencies::find(tx, giver)?.is_none() {
        return Ok(());
    }
    if act.actor.sides(tx, giver, giver)?.receiving { Ok(()) } else { Err(Fault::Forbidden) }
}
