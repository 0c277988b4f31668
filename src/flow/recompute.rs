//! After a change of the calendar: lists the open dossiers whose deadlines it touches, or moves them.

use super::actor::{Act, Action, may};
use super::desk::Desk;
use super::fault::Fault;
use super::history::retrace;
use super::keep::{Stored, dossier_of, keep};
use crate::domain::deadline::Deadline;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::timeliness::Timing;
use crate::domain::transition::{Change, RuleVersion, live};
use crate::storage::dossier_row::Record;
use crate::storage::{Db, Tx, dossiers, journal};

/// How many dossiers one transaction takes.
const BATCH: i64 = 200;

/// A dossier whose deadline the present calendar would put elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The dossier.
    pub code: DossierCode,
    /// The deadline in force.
    pub old: Deadline,
    /// The deadline by the present calendar.
    pub new: Deadline,
    /// It is late already: listed, never moved.
    pub late: bool,
    /// Whether it was moved.
    pub moved: bool,
}

/// Goes through the open dossiers in the actor's reach; with `dry_run` nothing is moved.
///
/// # Errors
/// [`Fault::Storage`].
pub fn recompute(db: &Db, act: Act<'_>, dry_run: bool) -> Result<Vec<Affected>, Fault> {
    let mut affected = Vec::new();
    let mut after = String::new();
    loop {
        let codes = db.read(|reader| dossiers::page_of_codes(reader, true, &after, BATCH))?;
        let Some(last) = codes.last() else { return Ok(affected) };
        after = last.to_string();
        affected.extend(db.write(|tx| {
            let mut desk = Desk::new(tx)?;
            let found = codes.iter().map(|code| one(tx, act, &mut desk, code, dry_run));
            found.filter_map(Result::transpose).collect::<Result<Vec<_>, Fault>>()
        })?);
    }
}

fn one(
    tx: &mut Tx,
    act: Act<'_>,
    desk: &mut Desk,
    code: &DossierCode,
    dry_run: bool,
) -> Result<Option<Affected>, Fault> {
    let Some(mut record) = dossiers::find_to_change(tx, code)? else { return Ok(None) };
    let sides = act.actor.sides(tx, &record.agency, &record.received_by)?;
    if !record.standing.is_open() || !may(&act.actor.authority, Action::Mend, sides) {
        return Ok(None);
    }
    let (Some(old), Some(new)) = (record.standing.deadline, by_present_calendar(tx, desk, &record)?) else {
        return Ok(None);
    };
    if old == new {
        return Ok(None);
    }
    let late = record.standing.timing(act.now) == Some(Timing::Overdue);
    let moved = !late && !dry_run;
    if moved {
        let event = Event::DeadlineMoved { old: Some(old), new: Some(new) };
        let change = Change::of(&dossier_of(tx, &record)?, vec![(act.now, event)]);
        record.standing = change.after.standing.clone();
        keep(tx, act, &mut record, change.into(), Stored::Before)?;
    }
    Ok(Some(Affected { code: code.clone(), old, new, late, moved }))
}

fn by_present_calendar(tx: &mut Tx, desk: &mut Desk, record: &Record) -> Result<Option<Deadline>, Fault> {
    let entries = journal::entries(tx, &record.code, 0, i64::MAX)?;
    let Some((filing, moves)) = retrace(record.channel, &entries) else { return Ok(None) };
    let version = RuleVersion { id: record.procedure_version, rule: dossier_of(tx, record)?.rule };
    let pair = desk.pair(tx, &record.agency, &record.received_by)?;
    Ok(live(&filing, &moves, &version, pair.offices())?.dossier.standing.deadline)
}
