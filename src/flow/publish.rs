//! What the public is told of processing times is derived once a day, so that anonymous callers never make anybody count.

use std::collections::BTreeMap;

use chrono::NaiveTime;

use super::desk::Desk;
use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::processing_time::{Ended, Quarter, Times, working_days};
use crate::domain::timeliness::EndClass;
use crate::storage::{Db, Reader, agencies, dossiers, processing_times};

/// So many of the last quarters are derived anew each day, since corrections change them; older ones once.
const RENEWED: usize = 8;

/// Derives the processing times of the quarters that are over; answers how many quarters were. Any number may run at once:
/// what was derived from an older state never replaces what another derived meanwhile.
///
/// # Errors
/// [`Fault::Storage`].
pub fn derive(db: &Db, ambient: &Ambient) -> Result<usize, Fault> {
    let now = ambient.now();
    let derived = db.read(processing_times::derived)?;
    let is_of_today = |name: &str| derived.get(name).is_some_and(|at| at.date() == now.date());
    let Some(last) = Quarter::last_over(now.date()).filter(|last| !is_of_today(&last.name)) else { return Ok(0) };
    let first = db.read(dossiers::first_receipt)?.map_or(last.period.from, |first| first.date());
    let over = Quarter::over(first.min(last.period.from), now.date());
    let renewed_from = over.len().saturating_sub(RENEWED);
    let mut count = 0;
    for (place, quarter) in over.iter().enumerate() {
        if place < renewed_from && derived.contains_key(&quarter.name) {
            continue;
        }
        let times = db.snapshot(|reader| reckon(reader, quarter))?;
        let at = (derived.get(&quarter.name).copied(), now);
        let replaced = db.write(|tx| processing_times::replace(tx, &quarter.name, &times, at))?;
        count += usize::from(replaced);
    }
    Ok(count)
}

fn reckon(reader: &mut Reader, quarter: &Quarter) -> Result<BTreeMap<String, Times>, Fault> {
    let mut desk = Desk::new(reader)?;
    let after = quarter.period.to.succ_opt().unwrap_or(quarter.period.to);
    let span = (quarter.period.from.and_time(NaiveTime::MIN), after.and_time(NaiveTime::MIN));
    let mut times: BTreeMap<String, Times> = BTreeMap::new();
    for agency in agencies::page(reader, None, None, i64::MAX)? {
        let results = processing_times::results(reader, &agency.code, span)?;
        if results.is_empty() {
            continue;
        }
        let office = desk.office(reader, &agency.code)?;
        for resolved in results {
            let days = working_days(&office, resolved.received_at.date(), resolved.ended_at.date());
            let ended = Ended { total: 1, on_time: u64::from(resolved.class != EndClass::Late) };
            times.entry(resolved.procedure).or_default().count(days, ended);
        }
    }
    Ok(times)
}
