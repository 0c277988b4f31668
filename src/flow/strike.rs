//! Balances: struck at midnight and when a day has grown long, mended for changes of the past, built anew when asked to.

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta, Timelike};

use super::actor::Act;
use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::balance::{Balance, Ledger, Series, changes, kept_midnights};
use crate::domain::event::Event;
use crate::domain::statistics::CountedLife;
use crate::domain::vocabulary::{LetterStatus, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::dossiers::Filed;
use crate::storage::striking::{self, Correction};
use crate::storage::{Db, Failure, Reader, StorageError, Tx, balances, dossiers, lives};

/// A report up to now reads every row touched since the last balance: with more than this many, another is struck.
const LONG_DAY: i64 = 200;
/// With more corrections waiting than this, building all anew is the shorter way.
const MANY_CORRECTIONS: i64 = 20_000;
/// After so many days without a balance, too.
const MANY_DAYS: usize = 60;
/// Rows read at once when all is built anew.
const PAGE: i64 = 5_000;

/// What was done to the balances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Struck {
    /// Balances struck.
    pub stamps: usize,
    /// Whether all were built anew.
    pub anew: bool,
}

/// Brings the balances up to date. Any number of processes may do so at once, and any may die at any instant. While a long
/// write is under way, or another process builds all anew, nothing is done; the next round tries again.
///
/// # Errors
/// [`Fault::Storage`].
pub fn keep_up(db: &Db, ambient: &Ambient) -> Result<Struck, Fault> {
    match catch_up(db, ambient) {
        Err(Fault::Changed) => Ok(Struck::default()),
        Err(fault) if fault.storage().is_some_and(StorageError::is_busy) => Ok(Struck::default()),
        answer => answer,
    }
}

fn catch_up(db: &Db, ambient: &Ambient) -> Result<Struck, Fault> {
    let now = ambient.now();
    let (stamps, pending) =
        db.read(|reader| Ok::<_, Fault>((balances::stamps(reader)?, striking::pending(reader)?)))?;
    let Some(last) = stamps.iter().rev().find(|(_, struck)| *struck).map(|(at, _)| *at) else {
        return rebuild(db, ambient);
    };
    let before_the_first = pending.earliest.zip(stamps.first()).is_some_and(|(earliest, (first, _))| earliest < *first);
    let due = due(db, last, now)?;
    if before_the_first || pending.count > MANY_CORRECTIONS || due.len() > MANY_DAYS {
        return rebuild(db, ambient);
    }
    if !due.is_empty() {
        db.write(|tx| striking::announce(tx, &due, &ambient.new_id()))?;
    }
    let mut struck = Struck::default();
    while db.write_steady(|tx| strike_one(tx, now))?.is_some() {
        struck.stamps += 1;
    }
    if struck.stamps == 0 && pending.count > 0 {
        db.write_steady(striking::fold)?;
    }
    Ok(struck)
}

fn strike_one(tx: &mut Tx, now: LocalTime) -> Result<Option<LocalTime>, StorageError> {
    let struck = striking::strike_next(tx)?;
    if struck.is_some() {
        striking::thin(tx, now)?;
    }
    Ok(struck)
}

/// The midnights since the last balance, and the running minute when the day has grown long.
fn due(db: &Db, last: LocalTime, now: LocalTime) -> Result<Vec<LocalTime>, Fault> {
    let mut due: Vec<LocalTime> =
        kept_midnights(last.date(), now).into_iter().filter(|midnight| *midnight > last).collect();
    let minute = now - TimeDelta::seconds(i64::from(now.second()));
    if due.is_empty() && minute > last && db.read(|reader| striking::touched_since(reader, last, now))? > LONG_DAY {
        due.push(minute);
    }
    Ok(due)
}

/// Builds every balance anew from the rows. Reports read the rows meanwhile, and writers go on.
///
/// # Errors
/// [`Fault::Storage`]; [`Fault::Changed`] when another process began to build them anew meanwhile.
pub fn rebuild(db: &Db, ambient: &Ambient) -> Result<Struck, Fault> {
    let now = ambient.now();
    let Some(first) = db.read(dossiers::first_receipt)? else { return Ok(Struck::default()) };
    let stamps = kept_midnights(first.date(), now);
    let run = ambient.new_id();
    db.write(|tx| striking::start_anew(tx, &stamps, &run))?;
    let (ledger, known) = db.snapshot(|reader| {
        let known = striking::pending_ids(reader)?;
        Ok::<_, Fault>((ledger_of_rows(reader, stamps.clone())?, known))
    })?;
    if !db.write(|tx| striking::fill(tx, &ledger, &run, &known))? {
        return Err(Fault::Changed);
    }
    Ok(Struck { stamps: stamps.len(), anew: true })
}

fn ledger_of_rows(reader: &mut Reader, stamps: Vec<LocalTime>) -> Result<Ledger<Series>, StorageError> {
    let mut ledger = Ledger::new(stamps);
    lives::for_each(reader, PAGE, |series, life| ledger.enter(series, life))?;
    Ok(ledger)
}

/// How a dossier was counted before a change that reaches behind the last balance.
#[derive(Debug)]
pub struct Before {
    horizon: LocalTime,
    counted: Option<(Series, CountedLife)>,
}

/// Looks whether `events` change what was struck already; if so, reads how the stored dossier is counted.
///
/// # Errors
/// [`StorageError`].
pub fn look_back(
    tx: &mut Tx,
    record: &Record,
    events: &[(LocalTime, Event)],
    is_new: bool,
) -> Result<Option<Before>, StorageError> {
    let Some(horizon) = striking::horizon(tx)? else { return Ok(None) };
    if !reaches_back(record, events, horizon) {
        return Ok(None);
    }
    let counted = if is_new { None } else { counted(tx, record)? };
    Ok(Some(Before { horizon, counted }))
}

fn reaches_back(record: &Record, events: &[(LocalTime, Event)], horizon: LocalTime) -> bool {
    events.iter().any(|(at, event)| *at < horizon || rewrites(record, event, horizon))
}

/// Whether an event takes effect earlier than it happened.
fn rewrites(record: &Record, event: &Event, horizon: LocalTime) -> bool {
    match event {
        Event::Corrected { .. } | Event::Voided { .. } | Event::Reopened { .. } => true,
        Event::Letter { status: LetterStatus::Issued, .. } => {
            record.letter_on.is_some_and(|on| on.and_time(NaiveTime::MIN) < horizon)
        }
        _ => false,
    }
}

/// Posts what the change that is stored now makes of the balances struck before.
///
/// # Errors
/// [`StorageError`].
pub fn mend(tx: &mut Tx, act: Act<'_>, record: &Record, before: Before) -> Result<(), StorageError> {
    let mut sums = Sums::new();
    if let Some((series, life)) = counted(tx, record)? {
        for (at, change) in changes(&life) {
            *sums.entry((series.clone(), at)).or_default() += change;
        }
    }
    if let Some((series, life)) = before.counted {
        for (at, change) in changes(&life) {
            *sums.entry((series.clone(), at)).or_default() -= change;
        }
    }
    post(tx, act, sums, before.horizon)
}

/// Posts what new dossiers with a history make of the balances struck before; many of them share a correction.
///
/// # Errors
/// [`StorageError`].
pub fn enter(tx: &mut Tx, act: Act<'_>, filed: &[Filed<'_>]) -> Result<(), StorageError> {
    let Some(horizon) = striking::horizon(tx)? else { return Ok(()) };
    let mut sums = Sums::new();
    for Filed { record, spans, .. } in filed.iter().filter(|one| reaches_back(one.record, one.events, horizon)) {
        let Some(life) = CountedLife::of(&record.standing, record.channel, spans.to_vec(), record.letter_on) else {
            continue;
        };
        for (at, change) in changes(&life) {
            *sums.entry((record.series(), at)).or_default() += change;
        }
    }
    post(tx, act, sums, horizon)
}

type Sums = BTreeMap<(Series, LocalTime), Balance>;

fn post(tx: &mut Tx, act: Act<'_>, sums: Sums, horizon: LocalTime) -> Result<(), StorageError> {
    let corrections: Vec<Correction> = sums
        .into_iter()
        .filter(|((_, at), change)| *at < horizon && *change != Balance::default())
        .map(|((series, at), change)| Correction { series, at, change })
        .collect();
    striking::post(tx, &corrections, || act.ambient.new_id())
}

/// How the stored dossier is counted now.
fn counted(tx: &mut Tx, record: &Record) -> Result<Option<(Series, CountedLife)>, StorageError> {
    let Some(stored) = dossiers::find(tx, &record.code)? else { return Ok(None) };
    let spans = dossiers::past_spans_of(tx, &record.code)?;
    let life = CountedLife::of(&stored.standing, stored.channel, spans, stored.letter_on);
    Ok(life.map(|life| (stored.series(), life)))
}
