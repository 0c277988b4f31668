//! Recounts everything from the journal and compares it with what is stored.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::fault::Fault;
use crate::domain::dossier::{Span, Standing};
use crate::domain::event::Event;
use crate::domain::statistics::{CountedLife, Period, Tally, Window, tally_of};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::journal::{self, Entry};
use crate::storage::statistics::{GroupBy, tallies};
use crate::storage::{Db, Reader, dossiers, letters};

/// How many dossiers are looked at between two questions to the database.
const BATCH: i64 = 500;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Dossiers recounted.
    pub dossiers: usize,
    /// Periods whose figures were recounted.
    pub periods: usize,
    /// What does not agree, in words.
    pub differences: Vec<String>,
}

/// A dossier folded from its journal.
struct Folded {
    standing: Standing,
    spans: Vec<Span>,
}

/// Verifies the whole store as of one state of the database.
///
/// # Errors
/// [`Fault::Storage`].
pub fn verify(db: &Db, now: LocalTime) -> Result<Verdict, Fault> {
    db.snapshot(|reader| {
        let mut verdict = Verdict::default();
        let windows = windows(reader, now)?;
        let mut recounted: Vec<BTreeMap<(AgencyCode, String), Tally>> = vec![BTreeMap::new(); windows.len()];
        let mut after = String::new();
        loop {
            let codes = dossiers::page_of_codes(reader, false, &after, BATCH)?;
            let Some(last) = codes.last() else { break };
            after = last.to_string();
            for code in &codes {
                let Some(record) = dossiers::find(reader, code)? else { continue };
                let folded = check_dossier(reader, &record, now, &mut verdict)?;
                verdict.dossiers += 1;
                let counted = |Folded { standing, spans }: Folded| {
                    CountedLife::of(&standing, record.channel, spans, record.letter_on)
                };
                let Some(life) = folded.and_then(counted) else { continue };
                for (window, cells) in windows.iter().zip(&mut recounted) {
                    *cells.entry((record.agency.clone(), record.field.to_string())).or_default() +=
                        tally_of(&life, window);
                }
            }
        }
        for (window, cells) in windows.iter().zip(recounted) {
            check_figures(reader, window, cells, &mut verdict)?;
        }
        Ok(verdict)
    })
}

/// Every reporting half-year since the first receipt, and everything up to now.
fn windows(reader: &mut Reader, now: LocalTime) -> Result<Vec<Window>, Fault> {
    let first = dossiers::first_receipt(reader)?.map_or(now.date(), |first| first.date());
    let halves = (first.year()..=now.year() + 1).flat_map(|year| [format!("{year}-H1"), format!("{year}-H2")]);
    let periods = halves.filter_map(|name| Period::preset(&name).ok());
    let begun = periods.filter(|period| period.from <= now.date());
    let everything = Period { from: NaiveDate::default(), to: now.date() };
    Ok(begun.chain([everything]).map(|period| period.window(now)).collect())
}

fn check_dossier(
    reader: &mut Reader,
    record: &Record,
    now: LocalTime,
    verdict: &mut Verdict,
) -> Result<Option<Folded>, Fault> {
    let code = &record.code;
    let entries = journal::entries(reader, code, 0, i64::MAX)?;
    let Some(folded) = fold(&entries) else {
        verdict.differences.push(format!("{code}: the journal is empty"));
        return Ok(None);
    };
    let mut differ = |what: &str, journal: String, stored: String| {
        if journal != stored {
            verdict.differences.push(format!("{code}: {what}: journal {journal}, stored {stored}"));
        }
    };
    differ("standing", format!("{:?}", folded.standing), format!("{:?}", record.standing));
    differ("spans", format!("{:?}", folded.spans), format!("{:?}", dossiers::past_spans_of(reader, code)?));
    let letter = letters::about_deadline(reader, code)?;
    let owed = folded.standing.timing(now).is_some_and(Timing::owes_apology);
    // Between two sweeps a dossier may be overdue and not noted yet; what is noted has its letter.
    if record.lateness_noted || (owed && folded.standing.end.is_some()) {
        differ("letters about the deadline", "1".into(), usize::from(letter.is_some()).to_string());
    }
    let letter_on = letter.and_then(|letter| letter.letter.promulgation).map(|promulgation| promulgation.on);
    differ("date of the letter", format!("{letter_on:?}"), format!("{:?}", record.letter_on));
    Ok(Some(folded))
}

/// Folds a journal: the standing after its last event, and the spans that are over.
fn fold(entries: &[Entry]) -> Option<Folded> {
    let mut standing = Standing::filed(entries.first()?.at);
    let mut spans = Vec::new();
    for entry in entries {
        spans.extend(standing.apply(entry.at, &entry.event));
        if let Event::Corrected { spans: anew, .. } = &entry.event {
            spans.clone_from(anew);
        }
    }
    Some(Folded { standing, spans })
}

fn check_figures(
    reader: &mut Reader,
    window: &Window,
    recounted: BTreeMap<(AgencyCode, String), Tally>,
    verdict: &mut Verdict,
) -> Result<(), Fault> {
    verdict.periods += 1;
    let mut stored: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for group in tallies(reader, window, None, &[GroupBy::Agency, GroupBy::Field])? {
        if let [agency, field] = group.keys.as_slice() {
            stored.insert((agency.clone(), field.clone()), group.tally);
        }
    }
    let period = format!("{} to {}", window.from, window.as_of());
    let mut total = Tally::default();
    for ((agency, field), tally) in recounted {
        total += tally;
        let found = stored.remove(&(agency.to_string(), field.clone())).unwrap_or_default();
        if found != tally {
            verdict.differences.push(format!("{period}, {agency}, {field}: journal {tally:?}, counted {found:?}"));
        }
    }
    for ((agency, field), tally) in stored {
        verdict.differences.push(format!("{period}, {agency}, {field}: journal nothing, counted {tally:?}"));
    }
    if !total.is_balanced() {
        verdict.differences.push(format!("{period}: does not balance: {total:?}"));
    }
    Ok(())
}
