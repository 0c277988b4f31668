//! Import of histories: each is a dossier with its moves, taken through the same verbs as the API and stored with others at once.

use std::collections::{BTreeMap, HashSet};

use super::actor::Act;
use super::desk::Desk;
use super::fault::Fault;
use super::intake::{NewDossier, draft};
use super::keep::{Deed, keep_imported};
use super::transition::advance;
use crate::domain::dossier_code::DossierCode;
use crate::domain::transition::{Move, SpanChange, check_time};
use crate::storage::dossier_row::Record;
use crate::storage::dossiers::{self, Wanted};
use crate::storage::{Failure, Tx, agencies};

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

/// Takes whole histories in, each as if entered then; answers for each its code or why it is refused. They are stored
/// together after the last: what one of them is refused for does not touch the others.
///
/// # Errors
/// [`Fault::Storage`]; then nothing is stored. The answers: [`Fault::Unknown`], [`Fault::Refused`], [`Fault::Forbidden`] at
/// another's agency or under another's code, [`Fault::MoveRefused`], [`Fault::Exists`] when the code is taken.
pub fn take(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    histories: &[History],
) -> Result<Vec<Result<DossierCode, Fault>>, Fault> {
    let mut taken = taken_codes(tx, histories)?;
    let mut answers = Vec::with_capacity(histories.len());
    let (mut filed, mut without_code) = (Vec::new(), Vec::new());
    for history in histories {
        match admit(tx, act, desk, history, &mut taken) {
            Ok(lived) => {
                if history.code.is_none() {
                    without_code.push(filed.len());
                }
                answers.push(Ok(filed.len()));
                filed.push(lived);
            }
            Err(fault) if fault.storage().is_some() => return Err(fault),
            Err(fault) => answers.push(Err(fault)),
        }
    }
    give_codes(tx, &mut filed, &without_code)?;
    keep_imported(tx, act, &mut filed)?;
    Ok(answers.into_iter().map(|answer| answer.map(|place: usize| filed[place].0.code.clone())).collect())
}

/// As [`take`], and stores nothing: whether each would be taken in, next to the others.
///
/// # Errors
/// [`Fault::Storage`].
pub fn foresee(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    histories: &[History],
) -> Result<Vec<Result<(), Fault>>, Fault> {
    let mut taken = taken_codes(tx, histories)?;
    let answers = histories.iter().map(|history| match admit(tx, act, desk, history, &mut taken) {
        Err(fault) if fault.storage().is_some() => Err(fault),
        answer => Ok(answer.map(drop)),
    });
    answers.collect()
}

/// What one history comes to, unless another has its code.
fn admit(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    history: &History,
    taken: &mut HashSet<String>,
) -> Result<(Record, Deed), Fault> {
    if let Some(code) = &history.code {
        require_own(tx, act, code)?;
        if taken.contains(&code.to_string()) {
            return Err(Fault::Exists("dossier"));
        }
    }
    let (mut record, deed) = live(tx, act, desk, history)?;
    if let Some(code) = &history.code {
        taken.insert(code.to_string());
        record.code = code.clone();
    }
    Ok((record, deed))
}

fn taken_codes(tx: &mut Tx, histories: &[History]) -> Result<HashSet<String>, Fault> {
    let wanted: Vec<String> = histories.iter().filter_map(|one| one.code.as_ref()).map(ToString::to_string).collect();
    Ok(if wanted.is_empty() { HashSet::new() } else { dossiers::taken(tx, &wanted)? })
}

/// A dossier after its whole history; its code is still that of number zero.
fn live(tx: &mut Tx, act: Act<'_>, desk: &mut Desk, history: &History) -> Result<(Record, Deed), Fault> {
    check_time(history.dossier.received_at.unwrap_or(act.now), act.now, None).map_err(Fault::of_receipt)?;
    let (mut record, first) = draft(tx, act, desk, &history.dossier)?;
    let mut deed = Deed::from(first);
    for (index, wish) in history.moves.iter().enumerate() {
        check_time(wish.at, act.now, None).map_err(|refusal| Fault::from(refusal).of_move(index))?;
        let change = advance(tx, desk, &mut record, wish).map_err(|fault| fault.of_move(index))?;
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
    Ok((record, deed))
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

/// Gives codes to those that brought none, after all that were brought: no number is given twice.
fn give_codes(tx: &mut Tx, filed: &mut [(Record, Deed)], without_code: &[usize]) -> Result<(), Fault> {
    let day_of = |record: &Record| (record.code.agency().clone(), record.code.day());
    let mut wanted: BTreeMap<_, Wanted> = BTreeMap::new();
    for (record, _) in filed.iter() {
        let day = wanted.entry(day_of(record)).or_default();
        day.reserved = day.reserved.max(record.code.sequence());
    }
    for place in without_code {
        wanted.entry(day_of(&filed[*place].0)).or_default().new += 1;
    }
    // Where each day's numbers begin; they end at what was reached.
    let mut last = dossiers::take_codes(tx, &wanted)?;
    for (day, last) in &mut last {
        *last -= wanted.get(day).map_or(0, |wanted| wanted.new);
    }
    for place in without_code {
        let record = &mut filed[*place].0;
        let (agency, day) = day_of(record);
        if let Some(last) = last.get_mut(&(agency.clone(), day)) {
            *last += 1;
            record.code = DossierCode::compose(agency, day, last.unsigned_abs());
        }
    }
    Ok(())
}
