//! Freezing: figures and sheet of a report as they stand, and how far history has moved from them since.

use super::actor::Act;
use super::administer::require_reach;
use super::fault::Fault;
use super::report::form_06a;
use crate::domain::form_06a::{Difference, Form};
use crate::domain::refusal::Refusal;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, LocalTime, ReportKind};
use crate::storage::reports::{self, FrozenReport};
use crate::storage::{Reader, Tx};

/// What to freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which form.
    pub kind: ReportKind,
    /// The agency, with those below it; `None`: all, for those who stand above all.
    pub agency: Option<AgencyCode>,
    /// The period.
    pub period: Period,
    /// Whether a period that is not over may be frozen.
    pub open: bool,
}

/// Keeps a report as it stands now; `render` draws its sheet from the form and the last instant looked at.
///
/// # Errors
/// [`Fault::NotFound`] for another's agency, [`Refusal::PeriodOpen`], what `render` answers.
pub fn freeze(
    tx: &mut Tx,
    act: Act<'_>,
    wish: &Wish,
    render: impl FnOnce(&Form, LocalTime) -> Result<Vec<u8>, Fault>,
) -> Result<FrozenReport, Fault> {
    let agency = wish.agency.as_ref().or(act.actor.agency.as_ref());
    if let Some(agency) = agency {
        require_reach(tx, act.actor, agency)?;
    }
    let open = wish.period.is_open(act.now.date());
    if open && !wish.open {
        return Err(Refusal::PeriodOpen { to: wish.period.to }.into());
    }
    let window = wish.period.window(act.now);
    let form = form_06a(tx, agency, wish.period, &window)?;
    let sheet = render(&form, window.as_of())?;
    let report = FrozenReport {
        id: act.ambient.new_id(),
        kind: wish.kind,
        agency: agency.cloned(),
        period: wish.period,
        as_of: window.as_of(),
        open,
        figures: form,
        frozen_by: act.actor.name.clone(),
        frozen_at: act.now,
    };
    reports::insert(tx, &report, &sheet)?;
    Ok(report)
}

/// Counts a frozen report anew, over what it looked at then, and answers every figure that differs.
///
/// # Errors
/// [`Fault::Storage`].
pub fn drift(reader: &mut Reader, report: &FrozenReport) -> Result<Vec<Difference>, Fault> {
    let window = report.period.window(report.frozen_at);
    let now = form_06a(reader, report.agency.as_ref(), report.period, &window)?;
    Ok(report.figures.differences(&now))
}
