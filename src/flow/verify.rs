//! Recounts everything from the journal and compares it with what is stored.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;

use chrono::{Datelike, NaiveDate};

use super::audit;
use super::fault::Fault;
use crate::domain::balance::{Balance, Ledger, Series};
use crate::domain::dossier::{Span, Standing};
use crate::domain::event::Event;
use crate::domain::ladder::Climb;
use crate::domain::statistics::{CountedLife, Period, Tally, Window, tally_of};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::{AgencyCode, FieldCode, LocalTime};
use crate::storage::histories::{self, History};
use crate::storage::statistics::{GroupBy, tallies};
use crate::storage::striking::{self, Cell};
use crate::storage::{Db, Reader, agencies, balances, dossiers, lineage};

/// How many dossiers are looked at between two questions to the database.
const BATCH: i64 = 2_000;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Dossiers recounted.
    pub dossiers: usize,
    /// Periods whose figures were recounted.
    pub periods: usize,
    /// Instants whose balances were recounted.
    pub balances: usize,
    /// Entries of the audit log that stand in its chain.
    pub audited: i64,
    /// Entries that wait to be sealed into it.
    pub unsealed: i64,
    /// Hash of the chain's last entry.
    pub audit_head: String,
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
        let struck = balances::stamps(reader)?.into_iter().filter(|(_, struck)| *struck).map(|(at, _)| at).collect();
        let mut ledger = Ledger::new(struck);
        let mut recounted: Vec<HashMap<(AgencyCode, FieldCode), Tally>> = vec![HashMap::new(); windows.len()];
        let mut after = String::new();
        loop {
            let page = histories::page(reader, &after, BATCH)?;
            let Some(last) = page.last() else { break };
            after = last.record.code.to_string();
            for history in &page {
                verdict.dossiers += 1;
                let Some(life) = check_dossier(history, now, &mut verdict) else { continue };
                let record = &history.record;
                ledger.enter(&record.series(), &life);
                for (window, cells) in windows.iter().zip(&mut recounted) {
                    let tally = tally_of(&life, window);
                    if tally != Tally::default() {
                        *cells.entry((record.agency.clone(), record.field.clone())).or_default() += tally;
                    }
                }
            }
        }
        for (window, cells) in windows.iter().zip(recounted) {
            check_figures(reader, window, cells, &mut verdict)?;
        }
        check_balances(reader, &ledger, &mut verdict)?;
        check_agencies(reader, &mut verdict)?;
        let chain = audit::check(reader)?;
        (verdict.audited, verdict.unsealed, verdict.audit_head) = (chain.sealed, chain.waiting, chain.head);
        verdict.differences.extend(chain.differences);
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

/// Compares a dossier's row, spans and letter with its journal; answers how the journal has it counted.
fn check_dossier(history: &History, now: LocalTime, verdict: &mut Verdict) -> Option<CountedLife> {
    let History { record, events, spans, letter } = history;
    let code = &record.code;
    let Some(folded) = fold(events) else {
        verdict.differences.push(format!("{code}: the journal is empty"));
        return None;
    };
    let differences = &mut verdict.differences;
    let mut differ = |what: &str, journal: &dyn Debug, stored: &dyn Debug| {
        differences.push(format!("{code}: {what}: journal {journal:?}, stored {stored:?}"));
    };
    if folded.standing != record.standing {
        differ("standing", &folded.standing, &record.standing);
    }
    if folded.spans != *spans {
        differ("spans", &folded.spans, spans);
    }
    let owed = folded.standing.timing(now).is_some_and(Timing::owes_apology);
    // Between two sweeps a dossier may be overdue and not noted yet; what is noted has its letter.
    if (record.lateness_noted || (owed && folded.standing.end.is_some())) && letter.is_none() {
        differ("letters about the deadline", &1, &0);
    }
    if letter.flatten() != record.letter_on {
        differ("date of the letter", &letter.flatten(), &record.letter_on);
    }
    // Which deadline a dossier is warned about follows from its standing; how far it has come is the sweep's.
    let climbs = if record.has_ladder { Climb::of(&folded.standing, record.climb, now) } else { None };
    let [wanted, stored] = [climbs, record.climb].map(|climb| climb.map(|climb| climb.due_at));
    if wanted != stored {
        differ("deadline of the ladder", &wanted, &stored);
    }
    CountedLife::of(&folded.standing, record.channel, folded.spans, record.letter_on)
}

/// Folds a journal: the standing after its last event, and the spans that are over.
fn fold(events: &[(LocalTime, Event)]) -> Option<Folded> {
    let mut standing = Standing::filed(events.first()?.0);
    let mut spans = Vec::new();
    for (at, event) in events {
        spans.extend(standing.apply(*at, event));
        if let Event::Corrected { spans: anew, .. } = event {
            spans.clone_from(anew);
        }
    }
    Some(Folded { standing, spans })
}

/// Compares every struck balance with the journal.
fn check_balances(reader: &mut Reader, ledger: &Ledger<Series>, verdict: &mut Verdict) -> Result<(), Fault> {
    let recounted = striking::scoped(reader, ledger)?;
    for (stamp, cells) in recounted.balances() {
        verdict.balances += 1;
        let mut stored = striking::balances_of(reader, stamp)?;
        let mut differ = |cell: &Cell, journal: Balance, struck: Balance| {
            let cell = cell.join(" ");
            verdict.differences.push(format!("balance at {stamp}, {cell}: journal {journal:?}, struck {struck:?}"));
        };
        for (cell, balance) in cells {
            let struck = stored.remove(cell).unwrap_or_default();
            if struck != balance {
                differ(cell, balance, struck);
            }
        }
        stored.iter().for_each(|(cell, struck)| differ(cell, Balance::default(), *struck));
    }
    Ok(())
}

/// Compares what is derived of the agencies, on which every right and every figure goes: who is below whom by their
/// parents, and whose work came to whom by their successors.
fn check_agencies(reader: &mut Reader, verdict: &mut Verdict) -> Result<(), Fault> {
    let parents = agencies::parents(reader)?;
    let mut tree = BTreeSet::new();
    for code in parents.keys() {
        let above = std::iter::successors(Some(code), |code| parents.get(*code).and_then(Option::as_ref));
        // No line is longer than there are agencies, unless it runs in a circle.
        tree.extend(
            above.take(parents.len()).zip(0..).map(|(above, distance)| (above.clone(), code.clone(), distance)),
        );
    }
    let stored = agencies::tree(reader)?;
    verdict.differences.extend(
        tree.symmetric_difference(&stored)
            .map(|(above, code, _)| format!("{code}: its place below {above} is not the parents'")),
    );
    let successions = lineage::successions(reader)?;
    let lines = parents.keys().map(|code| (code.clone(), successions.lineage(code)));
    let lineage: BTreeSet<_> =
        lines.flat_map(|(code, line)| line.into_iter().map(move |before| (code.clone(), before))).collect();
    let stored = lineage::pairs(reader)?;
    verdict.differences.extend(
        lineage
            .symmetric_difference(&stored)
            .map(|(code, before)| format!("{code}: {before} before it is not the successors'")),
    );
    Ok(())
}

fn check_figures(
    reader: &mut Reader,
    window: &Window,
    recounted: HashMap<(AgencyCode, FieldCode), Tally>,
    verdict: &mut Verdict,
) -> Result<(), Fault> {
    verdict.periods += 1;
    let mut stored: HashMap<(String, String), Tally> = HashMap::new();
    for group in tallies(reader, window, None, &[GroupBy::Agency, GroupBy::Field])? {
        if let [agency, field] = group.keys.as_slice() {
            stored.insert((agency.clone(), field.clone()), group.tally);
        }
    }
    let period = format!("{} to {}", window.from, window.as_of());
    let mut total = Tally::default();
    for ((agency, field), tally) in recounted {
        total += tally;
        let found = stored.remove(&(agency.to_string(), field.to_string())).unwrap_or_default();
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
