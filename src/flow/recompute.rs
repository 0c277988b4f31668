//! What a calendar does to the deadlines of open dossiers: listed, for the present one or for one not loaded yet, or moved.

use std::sync::Arc;

use super::actor::{Act, Action, may};
use super::desk::Desk;
use super::fault::Fault;
use super::history::retrace;
use super::keep::{Stored, dossier_of, keep};
use crate::domain::calendar::{NationalCalendar, SpecialDay};
use crate::domain::deadline::Deadline;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::timeliness::{EndClass, Timing, class_of_result};
use crate::domain::transition::{Change, RuleVersion, live};
use crate::storage::dossier_row::Record;
use crate::storage::{Db, Reader, calendars, dossiers, journal};

/// How many dossiers one transaction takes.
const BATCH: i64 = 200;

/// A dossier whose deadline a calendar would put elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The dossier.
    pub code: DossierCode,
    /// The deadline in force.
    pub old: Deadline,
    /// The deadline by that calendar.
    pub new: Deadline,
    /// The class that a result of now would have before and after; `None` while the clock stands still, when there is none.
    pub classes: Option<(EndClass, EndClass)>,
    /// It is late already: listed, never moved.
    pub late: bool,
    /// Whether it was moved.
    pub moved: bool,
}

impl Affected {
    /// Whether it moves, or would.
    pub fn moves(&self) -> bool {
        !self.late
    }

    /// Whether a result of now would be early, on time or late otherwise than before. What is late already keeps its class.
    pub fn changes_class(&self) -> bool {
        self.moves() && self.classes.is_some_and(|(old, new)| old != new)
    }
}

/// Goes through the open dossiers in the actor's reach; with `dry_run` nothing is moved.
///
/// # Errors
/// [`Fault::Storage`].
pub fn recompute(db: &Db, act: Act<'_>, dry_run: bool) -> Result<Vec<Affected>, Fault> {
    if dry_run {
        return db.read(|reader| {
            let mut desk = Desk::new(reader)?;
            survey(reader, act, &mut desk)
        });
    }
    let mut affected = Vec::new();
    let mut after = String::new();
    loop {
        let codes = db.read(|reader| dossiers::page_of_codes(reader, true, &after, BATCH))?;
        let Some(last) = codes.last() else { return Ok(affected) };
        after = last.to_string();
        affected.extend(db.write(|tx| {
            let mut desk = Desk::new(tx)?;
            let mut found = Vec::new();
            for code in &codes {
                let Some(mut record) = dossiers::find_to_change(tx, code)? else { continue };
                let Some(mut one) = judge(tx, act, &mut desk, &record)? else { continue };
                if one.moves() {
                    let event = Event::DeadlineMoved { old: Some(one.old), new: Some(one.new) };
                    let change = Change::of(&dossier_of(tx, &record)?, vec![(act.now, event)]);
                    record.standing = change.after.standing.clone();
                    keep(tx, act, &mut record, change.into(), Stored::Before)?;
                    one.moved = true;
                }
                found.push(one);
            }
            Ok::<_, Fault>(found)
        })?);
    }
}

/// What loading a year and recomputing would do to the open dossiers in the actor's reach; nothing is stored.
///
/// # Errors
/// [`Fault::Storage`].
pub fn preview(db: &Db, act: Act<'_>, year: i32, days: Vec<SpecialDay>) -> Result<Vec<Affected>, Fault> {
    db.read(|reader| {
        let mut years = calendars::loaded_years(reader)?;
        years.insert(year, days);
        survey(reader, act, &mut Desk::with_national(Arc::new(NationalCalendar::new(years))))
    })
}

fn survey(reader: &mut Reader, act: Act<'_>, desk: &mut Desk) -> Result<Vec<Affected>, Fault> {
    let mut affected = Vec::new();
    let mut after = String::new();
    loop {
        let codes = dossiers::page_of_codes(reader, true, &after, BATCH)?;
        let Some(last) = codes.last() else { return Ok(affected) };
        after = last.to_string();
        let codes: Vec<String> = codes.iter().map(DossierCode::to_string).collect();
        let mut records = dossiers::find_all(reader, &codes)?;
        records.sort_by_key(|record| record.code.to_string());
        for record in &records {
            affected.extend(judge(reader, act, desk, record)?);
        }
    }
}

/// What the desk's calendar does to a dossier; `None` when nothing, or it is not the actor's to mend.
fn judge(reader: &mut Reader, act: Act<'_>, desk: &mut Desk, record: &Record) -> Result<Option<Affected>, Fault> {
    let sides = act.actor.sides(reader, &record.agency, &record.received_by)?;
    if !record.standing.is_open() || !may(&act.actor.authority, Action::Mend, sides) {
        return Ok(None);
    }
    let (Some(old), Some(new)) = (record.standing.deadline, by_calendar(reader, desk, record)?) else {
        return Ok(None);
    };
    if old == new {
        return Ok(None);
    }
    let class = |deadline: &Deadline| class_of_result(Some(deadline), act.now);
    let runs = record.standing.stopped_since.is_none();
    let classes = runs.then(|| (class(&old), class(&new)));
    let late = record.standing.timing(act.now) == Some(Timing::Overdue);
    Ok(Some(Affected { code: record.code.clone(), old, new, classes, late, moved: false }))
}

fn by_calendar(reader: &mut Reader, desk: &mut Desk, record: &Record) -> Result<Option<Deadline>, Fault> {
    let entries = journal::entries(reader, &record.code, 0, i64::MAX)?;
    let Some((filing, moves)) = retrace(record.channel, &entries) else { return Ok(None) };
    let version = RuleVersion { id: record.procedure_version, rule: dossier_of(reader, record)?.rule };
    let pair = desk.pair(reader, &record.agency, &record.received_by)?;
    Ok(live(&filing, &moves, &version, pair.offices())?.dossier.standing.deadline)
}
