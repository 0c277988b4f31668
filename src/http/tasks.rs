//! Tasks of plans: given out, noted on, done, listed and counted.

use actix_web::{HttpResponse, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Administer, Call, Count, Draft, Lead, Permission, Person, etag};
use super::counted;
use super::dossier_view::stamp;
use super::figures::{Frame, term_figures};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query, patched};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::plan::TaskState;
use crate::domain::statistics::Column;
use crate::domain::term::TermTally;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::flow::plans::{self as verbs, NewTask, TaskPatch};
use crate::storage::tasks::{self, TaskFilter, TaskNote, TaskRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_task)
        .service(get_task)
        .service(patch_task)
        .service(note_task)
        .service(complete_task)
        .service(list_tasks)
        .service(get_task_statistics);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTaskBody {
    /// Whose it is to do; the plan's agency when left out.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
    /// The officer in charge.
    officer: Option<String>,
    /// What is to be done.
    title: String,
    /// What is to come of it.
    #[schema(example = "Báo cáo")]
    product: Option<String>,
    /// Since when; since the plan's date when left out.
    assigned_on: Option<NaiveDate>,
    /// By when.
    due_on: NaiveDate,
}

/// A task.
#[derive(Serialize, ToSchema)]
struct TaskView {
    /// Opaque identifier.
    id: String,
    /// Its plan.
    plan: String,
    /// Whose it is to do.
    agency: String,
    /// The officer in charge.
    officer: Option<String>,
    /// What is to be done.
    title: String,
    /// What is to come of it.
    product: Option<String>,
    /// Since when.
    assigned_on: NaiveDate,
    /// By when.
    due_on: Option<NaiveDate>,
    /// done, in_progress or overdue.
    state: TaskState,
    /// within, overdue, early, on_time, late.
    timing: &'static str,
    /// The day it was done.
    completed_on: Option<NaiveDate>,
    /// What shows that it was done.
    evidence: Option<String>,
    /// Notes on its progress; only where one task is read by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<NoteView>>,
    /// When it was entered.
    created_at: String,
    /// Counts its changes; the ETag.
    version: i64,
}

/// A note on a task's progress.
#[derive(Serialize, ToSchema)]
struct NoteView {
    /// When it was written.
    written_at: String,
    /// By whom.
    written_by: String,
    /// What it says.
    text: String,
}

fn view(ambient: &Ambient, now: LocalTime, record: TaskRecord, notes: Option<Vec<TaskNote>>) -> TaskView {
    let TaskRecord { id, plan, agency, task, created_at, version } = record;
    let timing = task.term.timing(now);
    let note = |note: TaskNote| NoteView {
        written_at: stamp(ambient, note.written_at),
        written_by: note.written_by,
        text: note.text,
    };
    TaskView {
        id,
        plan,
        agency: agency.to_string(),
        officer: task.officer,
        title: task.title,
        product: task.product,
        assigned_on: task.term.since.date(),
        due_on: task.term.deadline.map(|deadline| deadline.due_on),
        state: timing.into(),
        timing: timing.as_str(),
        completed_on: task.term.end.map(|(at, _)| at.date()),
        evidence: task.evidence,
        notes: notes.map(|notes| notes.into_iter().map(note).collect()),
        created_at: stamp(ambient, created_at),
        version,
    }
}

/// Gives a task out.
#[utoipa::path(tag = "plans", params(("id" = String, Path)), request_body = NewTaskBody, responses(
    (status = 201, description = "Given out", body = TaskView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Plan or agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/plans/{id}/tasks")]
async fn create_task(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<NewTaskBody>().await?;
    let mut checker = Checker::default();
    let new = NewTask {
        agency: body.agency,
        officer: checker.optional("/officer", body.officer.as_deref(), MAX_NAME),
        title: checker.text("/title", &body.title, MAX_NOTE),
        product: checker.optional("/product", body.product.as_deref(), MAX_NOTE),
        assigned_on: body.assigned_on,
        due_on: body.due_on,
    };
    checker.finish()?;
    let plan = call.path("id").to_owned();
    call.post(&bytes, move |tx, act| {
        let record = verbs::assign(tx, act, &plan, &new)?;
        let (version, location) = (record.version, format!("/v1/plans/{plan}/tasks/{}", record.id));
        Reply::created(&view(act.ambient, act.now, record, None), version, location)
    })
    .await
}

/// The plan and the task in the path.
fn which(call: &Call<impl Permission>) -> (String, String) {
    (call.path("id").to_owned(), call.path("task").to_owned())
}

/// One task, with the notes on its progress.
#[utoipa::path(tag = "plans", params(("id" = String, Path), ("task" = String, Path)), responses(
    (status = 200, description = "The task", body = TaskView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/plans/{id}/tasks/{task}")]
async fn get_task(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let (plan, task) = which(&call);
    let (record, notes) = call
        .read(move |reader, actor| {
            let record = verbs::find_task(reader, actor, &plan, &task)?;
            let notes = tasks::notes(reader, &record.id)?;
            Ok((record, notes))
        })
        .await?;
    let version = record.version;
    Ok(call.show(&view(&call.state.ambient, call.state.ambient.now(), record, Some(notes)), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskPatchBody {
    /// The officer in charge.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    officer: Option<Option<String>>,
    /// A later day due, given by the plan's agency while the task is not done and not late.
    due_on: Option<NaiveDate>,
}

/// Gives a task to another officer, or more time (JSON Merge Patch).
#[utoipa::path(tag = "plans", params(("id" = String, Path), ("task" = String, Path), ("If-Match" = String, Header)), request_body = TaskPatchBody, responses(
    (status = 200, description = "Changed", body = TaskView), (status = 403, description = "Not a leader, or not of the plan's agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It is done or late", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody),
    (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/plans/{id}/tasks/{task}")]
async fn patch_task(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<TaskPatchBody>().await?;
    let mut checker = Checker::default();
    let patch =
        TaskPatch { officer: checker.patched("/officer", body.officer.as_ref(), MAX_NAME), due_on: body.due_on };
    checker.finish()?;
    let (plan, task) = which(&call);
    let record = call.write(move |tx, act| verbs::change_task(tx, act, (&plan, &task), expected, &patch)).await?;
    let (version, now) = (record.version, call.state.ambient.now());
    let shown = view(&call.state.ambient, now, record, None);
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(shown))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// What there is to say of its progress.
    text: String,
}

/// Notes something of a task's progress.
#[utoipa::path(tag = "plans", params(("id" = String, Path), ("task" = String, Path)), request_body = NoteBody, responses(
    (status = 200, description = "Noted", body = TaskView), (status = 403, description = "Not an officer", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/plans/{id}/tasks/{task}/notes")]
async fn note_task(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<NoteBody>().await?;
    let mut checker = Checker::default();
    let text = checker.text("/text", &body.text, MAX_NOTE);
    checker.finish()?;
    let (plan, task) = which(&call);
    call.post(&bytes, move |tx, act| {
        let record = verbs::note(tx, act, (&plan, &task), &text)?;
        let (version, notes) = (record.version, tasks::notes(tx, &record.id)?);
        Reply::ok(&view(act.ambient, act.now, record, Some(notes)), version)
    })
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CompleteBody {
    /// The day it was done; today when left out.
    completed_on: Option<NaiveDate>,
    /// What shows that it was done: a document, an address.
    evidence: Option<String>,
}

/// Records that a task is done.
#[utoipa::path(tag = "plans", params(("id" = String, Path), ("task" = String, Path)), request_body = CompleteBody, responses(
    (status = 200, description = "Done", body = TaskView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It is done already", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/plans/{id}/tasks/{task}/complete")]
async fn complete_task(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let expected = call.if_match()?;
    let (body, bytes) = call.body::<CompleteBody>().await?;
    let mut checker = Checker::default();
    let evidence = checker.optional("/evidence", body.evidence.as_deref(), MAX_NOTE);
    checker.finish()?;
    let (plan, task) = which(&call);
    call.post(&bytes, move |tx, act| {
        let record = verbs::complete(tx, act, (&plan, &task), expected, body.completed_on, evidence.clone())?;
        let version = record.version;
        Reply::ok(&view(act.ambient, act.now, record, None), version)
    })
    .await
}

/// Tasks in the caller's reach, by the day they are due.
#[utoipa::path(tag = "plans", params(("plan" = Option<String>, Query), ("agency" = Option<String>, Query, description = "With its subtree"),
    ("officer" = Option<String>, Query),
    ("counted" = Option<String>, Query, description = "Counted in this figure of the period from–to, as of as_of: received, new, carried_over, resolved, early, on_time, late, in_progress, within, overdue"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("as_of" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word or the period is refused", body = ProblemBody)))]
#[get("/v1/plan-tasks")]
async fn list_tasks(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let allowed = ["plan", "agency", "officer", "counted", "from", "to", "as_of", "limit", "cursor"];
    let query = Query::of(&call.req, &allowed)?;
    let page = query.page(2)?;
    page.after_day()?;
    let now = call.state.ambient.now();
    let filter = TaskFilter {
        plan: query.text("plan").map(str::to_owned),
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        officer: query.text("officer").map(str::to_owned),
        counted: counted::wanted(&query, &call.state.ambient, now)?,
    };
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(tasks::page(reader, &filter, wish.after_day().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let key = |last: &TaskRecord| {
        let due_on = last.task.term.deadline.map(|deadline| deadline.due_on.to_string());
        vec![due_on.unwrap_or_default(), last.id.clone()]
    };
    let next_cursor = page.cut(&mut records, key);
    let items: Vec<TaskView> = records.into_iter().map(|record| view(&call.state.ambient, now, record, None)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// Tasks of a period, as of its end (as of now, when it ends today or later): all, and by plan; each figure with the list it
/// counts.
#[utoipa::path(tag = "statistics", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("period" = Option<String>, Query),
    ("agency" = Option<String>, Query, description = "Whose they are to do, with its subtree; the caller's own when left out")), responses(
    (status = 200, description = "period, as_of, agency, total, plans, balanced", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "The period is refused", body = ProblemBody)))]
#[get("/v1/statistics/plan-tasks")]
async fn get_task_statistics(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "period", "agency"])?;
    let frame = Frame::of(&call, &query)?;
    let plans =
        frame.read(&call, |reader, frame| Ok(tasks::figures(reader, &frame.window, frame.agency.as_ref())?)).await?;
    let list = frame.list("/v1/plan-tasks");
    let mut total = TermTally::default();
    let mut rows = Vec::new();
    for (plan, tally) in plans {
        total += tally;
        let mut row = shown(&tally, &format!("{list}&plan={plan}"));
        row.insert("plan".to_owned(), json!(plan));
        rows.push(row);
    }
    let balanced = total.is_balanced();
    let members = json!({"total": shown(&total, &list), "plans": rows, "balanced": balanced});
    Ok(HttpResponse::Ok().json(frame.answer(members)))
}

/// The figures, and beside them the states in which reports tell tasks apart.
fn shown(tally: &TermTally, list: &str) -> Map<String, Value> {
    let mut shown = term_figures(tally, list);
    let states = [
        (TaskState::Done, tally.ended(), Column::Resolved),
        (TaskState::InProgress, tally.within, Column::Within),
        (TaskState::Overdue, tally.overdue, Column::Overdue),
    ];
    let counts: Map<String, Value> = states.iter().map(|(state, count, _)| (state.to_string(), json!(count))).collect();
    let link = |column: Column| json!(format!("{list}&counted={column}"));
    let links: Map<String, Value> =
        states.iter().map(|(state, _, column)| (state.to_string(), link(*column))).collect();
    shown.insert("states".to_owned(), Value::Object(counts));
    if let Some(Value::Object(all)) = shown.get_mut("links") {
        all.insert("states".to_owned(), Value::Object(links));
    }
    shown
}
