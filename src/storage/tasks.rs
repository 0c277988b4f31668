//! Tasks of plans, and what is noted of their progress.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Counted, Visible, below, seen};
use super::parsed;
use super::schema::{plan_task_notes, plan_tasks, plans};
use super::terms::{self, Matters};
use crate::domain::plan::Task;
use crate::domain::statistics::Window;
use crate::domain::term::{Term, TermTally, end_of};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// A task as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// Opaque identifier.
    pub id: String,
    /// Its plan.
    pub plan: String,
    /// Whose it is to do.
    pub agency: AgencyCode,
    /// The task.
    pub task: Task,
    /// When it was entered.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

/// A note on a task's progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskNote {
    /// Opaque identifier.
    pub id: String,
    /// When it was written.
    pub written_at: LocalTime,
    /// By whom.
    pub written_by: String,
    /// What it says.
    pub text: String,
}

/// Which tasks to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct TaskFilter {
    /// Of this plan.
    pub plan: Option<String>,
    /// Of this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Whose.
    pub visible: Visible,
    /// In this officer's charge.
    pub officer: Option<String>,
    /// Counted in this figure of a period.
    pub counted: Option<Counted>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = plan_tasks, treat_none_as_null = true)]
struct Row {
    id: String,
    plan: String,
    agency: String,
    officer: Option<String>,
    title: String,
    product: Option<String>,
    assigned_at: LocalTime,
    due_on: NaiveDate,
    late_from: LocalTime,
    ended_at: Option<LocalTime>,
    ended_class: Option<String>,
    evidence: Option<String>,
    created_at: LocalTime,
    version: i64,
}

impl Row {
    fn of(record: &TaskRecord) -> Result<Self, StorageError> {
        let Task { title, product, officer, term, evidence } = record.task.clone();
        let deadline = term.deadline.ok_or_else(|| StorageError::corrupt("task", "it has no day due"))?;
        Ok(Self {
            id: record.id.clone(),
            plan: record.plan.clone(),
            agency: record.agency.to_string(),
            officer,
            title,
            product,
            assigned_at: term.since,
            due_on: deadline.due_on,
            late_from: deadline.late_from,
            ended_at: term.end.map(|(at, _)| at),
            ended_class: term.end.map(|(_, class)| class.as_str().to_owned()),
            evidence,
            created_at: record.created_at,
            version: record.version,
        })
    }

    fn read(self) -> Result<TaskRecord, StorageError> {
        let class = self.ended_class.map(|class| parsed("class", &class)).transpose()?;
        let term = Term { since: self.assigned_at, deadline: Some(end_of(self.due_on)), end: self.ended_at.zip(class) };
        let Self { officer, title, product, evidence, .. } = self;
        Ok(TaskRecord {
            id: self.id,
            plan: self.plan,
            agency: parsed("agency code", &self.agency)?,
            task: Task { title, product, officer, term, evidence },
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// Stores a new task.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &TaskRecord) -> Result<(), StorageError> {
    tx.concerns = Some((new.agency.to_string(), None));
    diesel::insert_into(plan_tasks::table).values(Row::of(new)?).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores a changed task; `record.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, record: &mut TaskRecord) -> Result<(), StorageError> {
    tx.concerns = Some((record.agency.to_string(), None));
    let read_version = record.version;
    record.version += 1;
    let changed = diesel::update(plan_tasks::table)
        .filter(plan_tasks::id.eq(&record.id).and(plan_tasks::version.eq(read_version)))
        .set(Row::of(record)?)
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One task.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<TaskRecord>, StorageError> {
    let row: Option<Row> = plan_tasks::table
        .filter(plan_tasks::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// The day by which the first task of a plan is due.
///
/// # Errors
/// [`StorageError`].
pub fn first_due_on(reader: &mut Reader, plan: &str) -> Result<Option<NaiveDate>, StorageError> {
    let first = diesel::dsl::min(plan_tasks::due_on);
    Ok(plan_tasks::table.filter(plan_tasks::plan.eq(plan)).select(first).first(&mut *reader.connection)?)
}

/// Adds a note.
///
/// # Errors
/// [`StorageError`].
pub fn add_note(tx: &mut Tx, task: &str, note: &TaskNote) -> Result<(), StorageError> {
    diesel::insert_into(plan_task_notes::table)
        .values((
            plan_task_notes::id.eq(&note.id),
            plan_task_notes::task.eq(task),
            plan_task_notes::written_at.eq(note.written_at),
            plan_task_notes::written_by.eq(&note.written_by),
            plan_task_notes::text.eq(&note.text),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The notes on a task, in the order they were written.
///
/// # Errors
/// [`StorageError`].
pub fn notes(reader: &mut Reader, task: &str) -> Result<Vec<TaskNote>, StorageError> {
    let rows: Vec<(String, LocalTime, String, String)> = plan_task_notes::table
        .filter(plan_task_notes::task.eq(task))
        .order(plan_task_notes::id.asc())
        .select((plan_task_notes::id, plan_task_notes::written_at, plan_task_notes::written_by, plan_task_notes::text))
        .load(&mut *reader.connection)?;
    let note = |(id, written_at, written_by, text)| TaskNote { id, written_at, written_by, text };
    Ok(rows.into_iter().map(note).collect())
}

/// Tasks by the day they are due, after `after` (day and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &TaskFilter,
    after: Option<(NaiveDate, &str)>,
    limit: i64,
) -> Result<Vec<TaskRecord>, StorageError> {
    let mut query = plan_tasks::table
        .select(Row::as_select())
        .order((plan_tasks::due_on.asc(), plan_tasks::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(plan) = &filter.plan {
        query = query.filter(plan_tasks::plan.eq(plan));
    }
    if let Some(agency) = &filter.agency {
        query = query.filter(plan_tasks::agency.eq_any(below(agency.as_str())));
    }
    // The plan's agency sees what it gives to others.
    query = seen!(query, &filter.visible, |own| {
        let planned = plans::table.filter(plans::agency.eq_any(own())).select(plans::id);
        plan_tasks::agency.eq_any(own()).or(plan_tasks::plan.eq_any(planned))
    });
    if let Some(officer) = &filter.officer {
        query = query.filter(plan_tasks::officer.eq(officer));
    }
    if let Some(counted) = &filter.counted {
        query = query.filter(terms::counted_in(Matters::Tasks, counted));
    }
    if let Some((on, id)) = after {
        query = query.filter(plan_tasks::due_on.gt(on).or(plan_tasks::due_on.eq(on).and(plan_tasks::id.gt(id))));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Figures of the tasks of an agency and those below it (`None`: of all), by plan.
///
/// # Errors
/// [`StorageError`].
pub fn figures(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
) -> Result<Vec<(String, TermTally)>, StorageError> {
    let tallies = terms::tallies(reader, Matters::Tasks, window, agency, [Some("plan"), None])?;
    Ok(tallies.into_iter().map(|([plan, _], tally)| (plan, tally)).collect())
}
