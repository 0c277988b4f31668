//! Plans of administrative reform: set up, their tasks given out, noted on, given more time, done.

use chrono::{NaiveDate, NaiveTime};

use super::actor::{Act, Actor, Duty};
use super::administer::require_reach;
use super::fault::Fault;
use crate::domain::plan::{Plan, Task};
use crate::domain::transition::check_time;
use crate::domain::vocabulary::AgencyCode;
use crate::storage::plans::{self, PlanRecord};
use crate::storage::tasks::{self, TaskNote, TaskRecord};
use crate::storage::{Reader, StorageError, Tx};

/// Adds a plan of an agency in the actor's reach.
///
/// # Errors
/// [`Fault::NotFound`] agency, [`Fault::Exists`], [`Fault::Refused`].
pub fn add(tx: &mut Tx, act: Act<'_>, agency: &AgencyCode, plan: &Plan) -> Result<PlanRecord, Fault> {
    require_reach(tx, act.actor, agency)?;
    plan.check(act.now.date(), None)?;
    let (id, agency) = (act.ambient.new_id(), agency.clone());
    let record = PlanRecord { id, agency, plan: plan.clone(), created_at: act.now, version: 1 };
    plans::insert(tx, &record).map_err(taken)?;
    Ok(record)
}

/// An agency has one plan of a number and date.
fn taken(error: StorageError) -> Fault {
    match error {
        StorageError::Duplicate(_) => Fault::Exists("plan"),
        other => other.into(),
    }
}

/// New values of a plan; `None` leaves a member alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanPatch {
    /// Number and notation.
    pub number: Option<String>,
    /// Its date. Tasks that were given out stay with the day they were given out on.
    pub promulgated_on: Option<NaiveDate>,
    /// What it is called.
    pub title: Option<String>,
}

/// Puts right what is said of a plan.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`] to who sees it for a task alone, [`Fault::Changed`], [`Fault::Exists`],
/// [`Fault::Refused`].
pub fn change(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &PlanPatch,
) -> Result<PlanRecord, Fault> {
    let mut record = find(tx, act.actor, id)?;
    if !act.actor.sides(tx, &record.agency, &record.agency)?.resolving {
        return Err(Fault::Forbidden);
    }
    if expected.is_some_and(|expected| expected != record.version) {
        return Err(Fault::Changed);
    }
    if let Some(number) = &patch.number {
        record.plan.number.clone_from(number);
    }
    if let Some(title) = &patch.title {
        record.plan.title.clone_from(title);
    }
    if let Some(on) = patch.promulgated_on {
        record.plan.promulgated_on = on;
        record.plan.check(act.now.date(), tasks::first_due_on(tx, &record.id)?)?;
    }
    plans::save(tx, &mut record).map_err(taken)?;
    Ok(record)
}

/// A plan that the actor sees: of an agency in reach, or with a task of one.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str) -> Result<PlanRecord, Fault> {
    plans::find_seen(reader, &actor.sees(), id)?.ok_or(Fault::NotFound("plan"))
}

/// A task to be given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Whose it is to do; the plan's agency when not said.
    pub agency: Option<AgencyCode>,
    /// The officer in charge.
    pub officer: Option<String>,
    /// What is to be done.
    pub title: String,
    /// What is to come of it.
    pub product: Option<String>,
    /// Since when; since the plan's date when not said.
    pub assigned_on: Option<NaiveDate>,
    /// By when.
    pub due_on: NaiveDate,
}

/// Gives a task of a plan out.
///
/// # Errors
/// [`Fault::NotFound`] plan or agency, [`Fault::Refused`].
pub fn assign(tx: &mut Tx, act: Act<'_>, plan: &str, new: &NewTask) -> Result<TaskRecord, Fault> {
    let plan = plans::find(tx, plan)?.ok_or(Fault::NotFound("plan"))?;
    act.actor.require(tx, &plan.agency, Duty::Decide, "plan")?;
    let agency = new.agency.clone().unwrap_or(plan.agency);
    require_reach(tx, act.actor, &agency)?;
    let task = Task::assign(&plan.plan, new.title.clone(), new.assigned_on, new.due_on)?;
    let task = Task { officer: new.officer.clone(), product: new.product.clone(), ..task };
    let id = act.ambient.new_id();
    let record = TaskRecord { id, plan: plan.id, agency, task, created_at: act.now, version: 1 };
    tasks::insert(tx, &record)?;
    Ok(record)
}

/// A task of a plan that the actor sees: its agency or the plan's is in reach.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find_task(reader: &mut Reader, actor: &Actor, plan: &str, id: &str) -> Result<TaskRecord, Fault> {
    let not_found = || Fault::NotFound("task");
    let record = tasks::find(reader, id)?.filter(|record| record.plan == plan).ok_or_else(not_found)?;
    if actor.sides(reader, &record.agency, &record.agency)?.resolving {
        return Ok(record);
    }
    let plan = plans::find(reader, plan)?.ok_or_else(not_found)?;
    actor.require(reader, &plan.agency, Duty::Read, "task")?;
    Ok(record)
}

fn to_change(
    tx: &mut Tx,
    act: Act<'_>,
    (plan, id): (&str, &str),
    expected: Option<i64>,
    duty: Duty,
) -> Result<TaskRecord, Fault> {
    let record = find_task(tx, act.actor, plan, id)?;
    // Who sees it by its plan alone does not do it.
    act.actor.require(tx, &record.agency, duty, "task")?;
    if expected.is_some_and(|expected| expected != record.version) { Err(Fault::Changed) } else { Ok(record) }
}

/// New values of a task; `None` leaves a member alone, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskPatch {
    /// The officer in charge.
    pub officer: Option<Option<String>>,
    /// A later day due, which is for the plan's agency to give.
    pub due_on: Option<NaiveDate>,
}

/// Gives a task to another officer, or more time.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn change_task(
    tx: &mut Tx,
    act: Act<'_>,
    which: (&str, &str),
    expected: Option<i64>,
    patch: &TaskPatch,
) -> Result<TaskRecord, Fault> {
    let mut record = to_change(tx, act, which, expected, Duty::Decide)?;
    if let Some(officer) = &patch.officer {
        record.task.officer.clone_from(officer);
    }
    if let Some(due_on) = patch.due_on {
        let plan = plans::find(tx, &record.plan)?.ok_or(Fault::NotFound("plan"))?;
        if !act.actor.sides(tx, &plan.agency, &plan.agency)?.resolving {
            return Err(Fault::Forbidden);
        }
        record.task.term.prolong(due_on, act.now)?;
    }
    tasks::save(tx, &mut record)?;
    Ok(record)
}

/// Notes something of a task's progress.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn note(tx: &mut Tx, act: Act<'_>, which: (&str, &str), text: &str) -> Result<TaskRecord, Fault> {
    let mut record = to_change(tx, act, which, None, Duty::Record)?;
    let (id, written_by) = (act.ambient.new_id(), act.actor.name.clone());
    let note = TaskNote { id, written_at: act.now, written_by, text: text.to_owned() };
    tasks::add_note(tx, &record.id, &note)?;
    tasks::save(tx, &mut record)?;
    Ok(record)
}

/// Records that a task is done, since a day (today when not said).
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn complete(
    tx: &mut Tx,
    act: Act<'_>,
    which: (&str, &str),
    expected: Option<i64>,
    completed_on: Option<NaiveDate>,
    evidence: Option<String>,
) -> Result<TaskRecord, Fault> {
    let mut record = to_change(tx, act, which, expected, Duty::Decide)?;
    let at = match completed_on.filter(|on| *on != act.now.date()) {
        Some(on) => on.and_time(NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default()),
        None => act.now,
    };
    check_time(at, act.now, act.days_back())?;
    record.task.complete(at, evidence)?;
    tasks::save(tx, &mut record)?;
    Ok(record)
}
