//! The ladder: each rung that an open dossier reaches is warned of once, as an event with its row.

use std::collections::HashMap;
use std::sync::Arc;

use super::actor::{Act, Action, Actor, may};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::ladder::{Climb, Rung, Told};
use crate::domain::vocabulary::ProcedureCode;
use crate::storage::dossier_row::Record;
use crate::storage::warnings::{self, WarningRecord};
use crate::storage::{Db, Reader, Tx, dossiers};

/// How many dossiers one transaction takes.
const BATCH: i64 = 200;

/// The ladders of procedure versions already read.
type Ladders = HashMap<(ProcedureCode, i64), Arc<[Rung]>>;

/// Warns of every rung reached by now; answers how many there were. Any number may run at once, and any may die at any
/// instant: a rung's row, its event and the dossier's place on the ladder are one transaction under the dossier's lock.
///
/// # Errors
/// [`Fault::Storage`].
pub fn climb(db: &Db, act: Act<'_>) -> Result<usize, Fault> {
    let mut ladders = Ladders::new();
    let mut given = 0;
    loop {
        let codes = db.read(|reader| warnings::due(reader, act.now, BATCH))?;
        if codes.is_empty() {
            return Ok(given);
        }
        given += db.write(|tx| {
            let mut desk = Desk::new(tx)?;
            let mut sum = 0;
            for code in &codes {
                sum += climb_one(tx, act, &mut desk, &mut ladders, code)?;
            }
            Ok::<_, Fault>(sum)
        })?;
    }
}

fn climb_one(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    ladders: &mut Ladders,
    code: &DossierCode,
) -> Result<usize, Fault> {
    let Some(mut record) = dossiers::find_to_change(tx, code)? else { return Ok(0) };
    let (Some(climb), Some(deadline)) = (record.climb, record.standing.deadline) else { return Ok(0) };
    // Another process may have been here first.
    if climb.next_at.is_none_or(|next_at| next_at > act.now) {
        return Ok(0);
    }
    let ladder = ladder_of(tx, desk, ladders, &record)?;
    let office = desk.office(tx, &record.agency)?;
    let (reached, climb) = climb.go_on(&ladder, &deadline, &office, act.now);
    let mut events = Vec::new();
    for (reached_at, rung) in reached {
        // A change of the calendar may bring a rung again that was reached before.
        if warnings::is_given(tx, code, climb.due_at, rung)? {
            continue;
        }
        let warning = WarningRecord {
            id: act.ambient.new_id(),
            dossier: code.clone(),
            due_at: climb.due_at,
            rung: told(rung, &record),
            reached_at,
            given_at: act.now,
            acknowledged: None,
        };
        warnings::insert(tx, &warning)?;
        let event = Event::Warned { warning: warning.id, rung: warning.rung, due_at: climb.due_at };
        events.push((reached_at, event));
    }
    let given = events.len();
    if given == 0 {
        warnings::note_climb(tx, code, &climb)?;
    } else {
        record.climb = Some(climb);
        keep(tx, act, &mut record, Deed::of(events), Stored::Before)?;
    }
    Ok(given)
}

/// The rung with those who are told: the leaders, where an officer in charge is wanted and there is none.
fn told(rung: &Rung, record: &Record) -> Rung {
    let mut rung = rung.clone();
    if record.assignee.is_none() && !rung.tell.contains(&Told::Leader) {
        rung.tell.push(Told::Leader);
    }
    rung
}

fn ladder_of(tx: &mut Tx, desk: &mut Desk, ladders: &mut Ladders, record: &Record) -> Result<Arc<[Rung]>, Fault> {
    let key = (record.procedure.clone(), record.procedure_version);
    if let Some(known) = ladders.get(&key) {
        return Ok(Arc::clone(known));
    }
    let ladder: Arc<[Rung]> = desk.version(tx, &key.0, key.1)?.details.warnings.into();
    ladders.insert(key, Arc::clone(&ladder));
    Ok(ladder)
}

/// Where a dossier is on its ladder after what was done to it.
pub(in crate::flow) fn follow(act: Act<'_>, record: &mut Record) {
    record.climb = if record.has_ladder { Climb::of(&record.standing, record.climb, act.now) } else { None };
}

/// A warning of a dossier that the actor may look up, with the dossier.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str) -> Result<(WarningRecord, Record), Fault> {
    let warning = warnings::find(reader, id)?.ok_or(Fault::NotFound("warning"))?;
    let record = dossiers::find(reader, &warning.dossier)?.ok_or(Fault::NotFound("warning"))?;
    actor.sides_of_seen(reader, &record.agency, &record.received_by)?;
    Ok((warning, record))
}

/// Notes that the actor has taken a warning in. One that was acknowledged stays as it is.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn acknowledge(tx: &mut Tx, act: Act<'_>, id: &str) -> Result<(WarningRecord, Record), Fault> {
    let (_, record) = find(tx, act.actor, id)?;
    let sides = act.actor.sides(tx, &record.agency, &record.received_by)?;
    if !may(&act.actor.authority, Action::Acknowledge, sides) {
        return Err(Fault::Forbidden);
    }
    act.actor.require_in_office(tx, act.now.date())?;
    warnings::acknowledge(tx, id, act.now, &act.actor.name)?;
    find(tx, act.actor, id)
}
