//! The sweep: notices what became overdue, and sees to it that each has its letter; warns of the rungs that are reached; opens
//! letters ahead when asked to.

use std::collections::HashSet;

use super::actor::{Act, Actor};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, keep_overdue, letter_event};
use super::ladder::climb;
use crate::ambient::Ambient;
use crate::domain::apology::{Letter, is_notice_late};
use crate::domain::dossier_code::DossierCode;
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::LetterKind;
use crate::storage::dossier_row::Record;
use crate::storage::letters::{self, LetterRecord};
use crate::storage::{Db, Tx, dossiers};

/// How many dossiers one transaction takes.
const BATCH: i64 = 1_000;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Dossiers newly noticed as overdue.
    pub overdue: usize,
    /// Warning letters opened.
    pub warned: usize,
    /// Rungs of ladders reached.
    pub rungs: usize,
}

/// Sweeps until nothing is left to notice. Any number may run at once, and any may die at any instant: each dossier is
/// noted and gets its letter in one transaction under its lock.
///
/// # Errors
/// [`Fault::Storage`].
pub fn sweep(db: &Db, ambient: &Ambient, at_risk_days: u32) -> Result<Swept, Fault> {
    let actor = Actor::service("sweep");
    let now = ambient.now();
    let act = Act { actor: &actor, now, ambient };
    let mut swept = Swept::default();
    loop {
        let codes = db.read(|reader| dossiers::newly_overdue(reader, now, BATCH))?;
        if codes.is_empty() {
            break;
        }
        swept.overdue += db.write(|tx| note_all(tx, act, &codes))?;
    }
    swept.rungs = climb(db, act)?;
    if at_risk_days > 0 {
        swept.warned = warn(db, act, at_risk_days)?;
    }
    Ok(swept)
}

/// Notes those of a batch that are overdue still; answers how many. Most have only become so, and are noted all at once.
fn note_all(tx: &mut Tx, act: Act<'_>, codes: &[DossierCode]) -> Result<usize, Fault> {
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let mut overdue = dossiers::find_all_to_change(tx, &codes)?;
    overdue.retain(|record| !record.lateness_noted && record.standing.timing(act.now) == Some(Timing::Overdue));
    let lettered: HashSet<DossierCode> =
        letters::about_deadlines(tx, &codes)?.into_iter().map(|letter| letter.dossier).collect();
    let count = overdue.len();
    let is_special = |record: &Record| record.has_ladder || lettered.contains(&record.code);
    let (special, plain): (Vec<Record>, Vec<Record>) = overdue.into_iter().partition(is_special);
    for mut record in special {
        keep(tx, act, &mut record, Deed::of(Vec::new()), Stored::Before)?;
    }
    keep_overdue(tx, act, plain)?;
    Ok(count)
}

/// Opens a warning for each open dossier whose day due is at most `days` working days off.
fn warn(db: &Db, act: Act<'_>, days: u32) -> Result<usize, Fault> {
    let mut warned = 0;
    let mut after = String::new();
    // Working days are at most some weeks of calendar days apart; the office of each dossier decides exactly.
    let horizon = act.now + chrono::TimeDelta::days(i64::from(days) * 2 + 21);
    loop {
        let codes = db.read(|reader| dossiers::due_by(reader, &after, horizon, BATCH))?;
        let Some(last) = codes.last() else { return Ok(warned) };
        after = last.to_string();
        warned += db.write(|tx| {
            let mut desk = Desk::new(tx)?;
            codes.iter().try_fold(0, |sum, code| Ok::<_, Fault>(sum + warn_one(tx, act, &mut desk, code, days)?))
        })?;
    }
}

fn warn_one(tx: &mut Tx, act: Act<'_>, desk: &mut Desk, code: &DossierCode, days: u32) -> Result<usize, Fault> {
    let Some(mut record) = dossiers::find_to_change(tx, code)? else { return Ok(0) };
    let office = desk.office(tx, &record.agency)?;
    let limit = office.nth_working_day_after(act.now.date(), days)?;
    let is_near = record.standing.deadline.is_some_and(|deadline| deadline.due_on <= limit);
    let in_time = record.standing.timing(act.now) == Some(Timing::Within);
    // A warning that was dropped by hand is not opened again.
    if !is_near || !in_time || letters::ever_about_deadline(tx, code)? {
        return Ok(0);
    }
    let notice_late = is_notice_late(record.standing.deadline.as_ref(), act.now.date());
    let letter = Letter::draft(act.ambient.new_id(), LetterKind::AtRisk, notice_late);
    let event = letter_event(&letter, None);
    letters::insert(tx, &LetterRecord { letter, dossier: code.clone(), created_at: act.now, version: 1 })?;
    keep(tx, act, &mut record, Deed::of(vec![(act.now, event)]), Stored::Before)?;
    Ok(1)
}
