//! Moves: accept, reject, ask for a supplement or a payment, resume, withdraw, stop, finish, hand over, and reopen.

use chrono::TimeDelta;

use super::actor::{Act, Action};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Stored, dossier_of, keep, move_action, open, under};
use crate::domain::dossier_code::DossierCode;
use crate::domain::papers::Document;
use crate::domain::refusal::Refusal;
use crate::domain::transition::{Change, Move, RuleVersion, check_time};
use crate::domain::vocabulary::{LocalTime, Outcome, Status};
use crate::storage::Tx;
use crate::storage::dossier_row::Record;

/// By how much the clocks of two hosts may differ.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// A wish to move a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Where to.
    pub to: Target,
    /// When; now when not said.
    pub at: Option<LocalTime>,
    /// Why.
    pub reason: Option<String>,
    /// Granted or refused, with a finish.
    pub outcome: Option<Outcome>,
    /// Components that came with it.
    pub documents: Vec<Document>,
}

/// Where a dossier is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To a status.
    Status(Status),
    /// Back to where it stood before it was withdrawn, stopped or finished.
    Reopen,
}

/// Moves a dossier.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn transition(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    wish: &Transition,
) -> Result<Record, Fault> {
    let (mut record, change) = moved(tx, act, code, expected, wish)?;
    keep(tx, act, &mut record, change.into(), Stored::Before)?;
    Ok(record)
}

/// Reads a dossier and moves it, and leaves it to the caller to keep it.
///
/// # Errors
/// As [`transition`].
pub(in crate::flow) fn moved(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    wish: &Transition,
) -> Result<(Record, Change), Fault> {
    let mut record = open(tx, act, code, expected, |record| match wish.to {
        Target::Status(to) => move_action(record, to),
        Target::Reopen => Action::Mend,
    })?;
    let change = match wish.to {
        Target::Status(to) => {
            let at = match wish.at {
                Some(at) => {
                    check_time(at, act.now, act.days_back())?;
                    at
                }
                None => now_after(record.standing.last_move_at, act.now),
            };
            let wish = Move { to, at, reason: wish.reason.clone(), outcome: wish.outcome };
            let mut desk = Desk::new(tx)?;
            advance(tx, &mut desk, &mut record, &wish)?
        }
        Target::Reopen => {
            let reason = wish.reason.clone().ok_or(Refusal::ReasonRequired)?;
            let change = dossier_of(tx, &record)?.reopen(act.now, reason)?;
            record.standing = change.after.standing.clone();
            change
        }
    };
    record.papers.documents.extend(wish.documents.iter().cloned());
    Ok((record, change))
}

/// Now, for a dossier that was moved last at `last`: the clock of the host that did it may have been a little ahead of this one.
fn now_after(last: LocalTime, now: LocalTime) -> LocalTime {
    if last > now && last - now <= SKEW { last } else { now }
}

/// Applies one move to a record; an acceptance takes the procedure's version of its day.
///
/// # Errors
/// [`Fault::Refused`].
pub(in crate::flow) fn advance(
    tx: &mut Tx,
    desk: &mut Desk,
    record: &mut Record,
    wish: &Move,
) -> Result<Change, Fault> {
    let dossier = under(&desk.version(tx, &record.procedure, record.procedure_version)?, record)?;
    let pair = desk.pair(tx, &record.agency, &record.received_by)?;
    let procedure = match wish.to {
        Status::Received if record.standing.status == Status::Registered => {
            let filed_on = record.standing.filed_at.date();
            Some(desk.procedure_for(tx, &record.procedure, filed_on, wish.at.date())?)
        }
        _ => None,
    };
    let version = match &procedure {
        Some(procedure) => procedure.rule_for(record.channel, record.case.as_ref())?,
        None => RuleVersion { id: record.procedure_version, rule: dossier.rule.clone() },
    };
    let change = dossier.transition(wish, &version, pair.offices())?;
    if let Some(procedure) = procedure {
        record.procedure_version = procedure.version;
        record.field = procedure.field;
        record.level = procedure.level;
        record.unit = version.rule.unit;
        record.has_ladder = !procedure.details.warnings.is_empty();
    }
    record.standing = change.after.standing.clone();
    Ok(change)
}
