//! Gathers what the report on administrative reform counts, and makes the report.

use std::collections::HashSet;

use super::fault::Fault;
use super::papers::letterhead;
use crate::domain::catalogue::{Changes, Inventory, Selection, standing_on};
use crate::domain::forms::letterhead::Letterhead;
use crate::domain::forms::reform_report::ReformReport;
use crate::domain::rating::Score;
use crate::domain::reform::ReformFigures;
use crate::domain::statistics::{Period, Rate, Tally, Window};
use crate::domain::term::TermTally;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::counts::counts;
use crate::storage::{Reader, agencies, decisions, feedback, procedures, ratings, reception, tasks};

/// The figures of an agency with those below it (`None`: of all). To be run in [`Db::snapshot`](crate::storage::Db::snapshot),
/// so that all are of one instant.
///
/// # Errors
/// [`Fault::Storage`].
pub fn figures(
    reader: &mut Reader,
    agency: Option<&AgencyCode>,
    period: Period,
    window: &Window,
) -> Result<ReformFigures, Fault> {
    let listing: Option<HashSet<String>> = agency.map(|agency| agencies::subtree(reader, agency)).transpose()?;
    let selection = Selection { agencies: listing, ..Selection::default() };
    let editions = procedures::editions(reader)?;
    let standing = standing_on(&editions, period.to).filter(|edition| selection.admits(edition));
    let announced = decisions::changes(reader, (period.from, period.to), None, &selection, None, i64::MAX)?;
    let mut dossiers = Tally::default();
    for group in counts(reader, window, agency, &[])? {
        dossiers += group.tally;
    }
    let visits = reception::figures(reader, period, agency)?;
    let mut heard = TermTally::default();
    for (_, figures) in feedback::figures(reader, window, agency, None)? {
        heard += figures.tally;
    }
    let scores = ratings::figures(reader, window, agency, None)?;
    let scores = || scores.values().flatten();
    let satisfied = Rate {
        numerator: scores().filter(|(score, _)| **score >= Score::SATISFIED).map(|(_, count)| count).sum(),
        denominator: scores().map(|(_, count)| count).sum(),
    };
    let mut given = TermTally::default();
    for (_, tally) in tasks::figures(reader, window, agency)? {
        given += tally;
    }
    Ok(ReformFigures {
        period,
        inventory: Inventory::of(standing),
        changes: Changes::of(announced.iter().map(|announced| (announced.item.change, announced.level))),
        dossiers,
        visits: visits.visits,
        people: visits.people,
        subjects: visits.subjects,
        feedback: heard,
        satisfied,
        tasks: given,
    })
}

/// The report of these figures on an agency's paper.
///
/// # Errors
/// [`Fault::Storage`].
pub fn report(
    reader: &mut Reader,
    agency: Option<&AgencyCode>,
    window: &Window,
    figures: &ReformFigures,
    now: LocalTime,
) -> Result<ReformReport, Fault> {
    let letterhead = match agency {
        Some(agency) => letterhead(reader, agency)?,
        None => Letterhead::blank(),
    };
    let sections = figures.sections().iter().map(Into::into).collect();
    Ok(ReformReport { letterhead, period: figures.period, sections, as_of: window.as_of(), made_at: now })
}
