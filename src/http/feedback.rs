//! Feedback, petitions and complaints as the offices deal with them: entered, listed, assigned, answered.

use actix_web::{HttpResponse, get, patch, post};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Attend, Call, Person, etag};
use super::counted;
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query, patched};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::contact::Contact;
use crate::domain::dossier_code::DossierCode;
use crate::domain::feedback::{Answer, FeedbackChannel, FeedbackKind, FeedbackStatus, Finding, Move};
use crate::domain::vocabulary::{AgencyCode, LocalTime, ProcedureCode};
use crate::flow::actor::Duty;
use crate::flow::feedback::{self as verbs, FeedbackPatch, NewFeedback};
use crate::storage::feedback::{self, FeedbackFilter, FeedbackRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_feedback)
        .service(list_feedback)
        .service(get_feedback)
        .service(patch_feedback)
        .service(move_feedback);
}

/// How to reach a person; nothing of it must be said.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::http) struct ContactBody {
    /// Full name.
    name: Option<String>,
    /// Telephone.
    phone: Option<String>,
    /// E-mail.
    email: Option<String>,
    /// Address.
    address: Option<String>,
}

impl ContactBody {
    /// Checks it; `pointer` is where it stands in the body.
    pub(in crate::http) fn checked(&self, checker: &mut Checker, pointer: &str) -> Contact {
        let mut text = |name: &str, given: &Option<String>, longest| {
            checker.optional(&format!("{pointer}/{name}"), given.as_deref(), longest)
        };
        Contact {
            name: text("name", &self.name, MAX_NAME),
            phone: text("phone", &self.phone, 20),
            email: text("email", &self.email, MAX_NAME),
            address: text("address", &self.address, MAX_NOTE),
        }
    }

    /// As it is shown by itself.
    pub(in crate::http) fn of(contact: Contact) -> Self {
        let Contact { name, phone, email, address } = contact;
        Self { name, phone, email, address }
    }

    /// As it is shown in lists: by name.
    pub(in crate::http) fn named(contact: Contact) -> Self {
        Self { name: contact.name, ..Self::default() }
    }
}

/// Feedback, a petition or a complaint.
#[derive(Serialize, ToSchema)]
struct FeedbackView {
    /// Opaque identifier.
    id: String,
    /// Whose it is to answer.
    agency: String,
    /// What it is.
    kind: FeedbackKind,
    /// The way it came in.
    channel: FeedbackChannel,
    /// The procedure it is about.
    procedure: Option<String>,
    /// The dossier it is about.
    dossier: Option<String>,
    /// What it says.
    content: String,
    /// Whom it is from; in lists by name alone.
    sender: ContactBody,
    /// The officer in charge.
    assignee: Option<String>,
    /// Note of the office.
    note: Option<String>,
    /// Where it stands.
    status: FeedbackStatus,
    /// When it came in.
    received_at: String,
    /// The day by which a complaint is to be accepted.
    acceptance_due_on: Option<NaiveDate>,
    /// The day by which it is to be answered.
    due_on: Option<NaiveDate>,
    /// The first late instant.
    late_from: Option<String>,
    /// within, overdue, early, on_time, late.
    timing: &'static str,
    /// When it ended.
    ended_at: Option<String>,
    /// The answer.
    answer: Option<String>,
    /// What it finds.
    finding: Option<Finding>,
    /// Who answered.
    answered_by: Option<String>,
    /// Why it was refused, passed on or taken back.
    reason: Option<String>,
    /// To whom it was passed on.
    forwarded_to: Option<String>,
    /// Who entered it.
    recorded_by: String,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(ambient: &Ambient, now: LocalTime, record: FeedbackRecord, sender: fn(Contact) -> ContactBody) -> FeedbackView {
    let feedback = record.feedback;
    let (text, finding, by) = match feedback.answer {
        Some(Answer { text, finding, by }) => (Some(text), finding, Some(by)),
        None => (None, None, None),
    };
    FeedbackView {
        id: record.id,
        agency: record.agency.to_string(),
        kind: feedback.kind,
        channel: record.channel,
        procedure: record.procedure.map(|code| code.to_string()),
        dossier: record.dossier.map(|code| code.to_string()),
        content: record.content,
        sender: sender(record.sender),
        assignee: record.assignee,
        note: record.note,
        status: feedback.status,
        received_at: stamp(ambient, feedback.term.since),
        acceptance_due_on: feedback.acceptance_due_on,
        due_on: feedback.term.deadline.map(|deadline| deadline.due_on),
        late_from: feedback.term.late_from().map(|at| stamp(ambient, at)),
        timing: feedback.term.timing(now).as_str(),
        ended_at: feedback.term.end.map(|(at, _)| stamp(ambient, at)),
        answer: text,
        finding,
        answered_by: by,
        reason: feedback.reason,
        forwarded_to: feedback.forwarded_to,
        recorded_by: record.recorded_by,
        version: record.version,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFeedbackBody {
    /// Whose it is to answer; the dossier's resolving agency, else the caller's own, when left out.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
    /// feedback, petition or complaint.
    kind: FeedbackKind,
    /// direct, online, postal, phone or email.
    channel: FeedbackChannel,
    /// The procedure it is about; the dossier's when left out.
    #[schema(value_type = Option<String>)]
    procedure: Option<ProcedureCode>,
    /// The dossier it is about.
    #[schema(value_type = Option<String>)]
    dossier: Option<DossierCode>,
    /// What it says.
    content: String,
    /// Whom it is from. A complaint needs the name.
    #[serde(default)]
    sender: ContactBody,
    /// Note of the office.
    note: Option<String>,
    /// When it came in; now when left out.
    received_at: Option<DateTime<FixedOffset>>,
}

/// Enters feedback that came in at an office.
#[utoipa::path(tag = "feedback", request_body = NewFeedbackBody, responses(
    (status = 201, description = "Entered", body = FeedbackView), (status = 403, description = "Not whoever talks with people", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/feedback")]
async fn create_feedback(mut call: Call<Attend>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<NewFeedbackBody>().await?;
    let mut checker = Checker::default();
    let new = NewFeedback {
        content: checker.text("/content", &body.content, MAX_NOTE),
        sender: body.sender.checked(&mut checker, "/sender"),
        note: checker.optional("/note", body.note.as_deref(), MAX_NOTE),
        received_at: body.received_at.map(|at| call.state.ambient.local(at)),
        agency: body.agency,
        kind: body.kind,
        channel: body.channel,
        procedure: body.procedure,
        dossier: body.dossier,
    };
    checker.finish()?;
    let answer_days = call.state.feedback_days;
    call.post(&bytes, move |tx, act| {
        let record = verbs::receive(tx, act, &new, answer_days)?;
        let (version, location) = (record.version, format!("/v1/feedback/{}", record.id));
        Reply::created(&view(act.ambient, act.now, record, ContactBody::of), version, location)
    })
    .await
}

const LIST_PARAMETERS: &[&str] = &[
    "agency",
    "resolved_by",
    "kind",
    "channel",
    "status",
    "procedure",
    "dossier",
    "assignee",
    "from",
    "to",
    "as_of",
    "counted",
    "limit",
    "cursor",
];

/// Feedback in the caller's reach, in the order of its receipt.
#[utoipa::path(tag = "feedback", params(("agency" = Option<String>, Query, description = "With its subtree"),
    ("resolved_by" = Option<String>, Query, description = "Of this very agency"), ("kind" = Option<FeedbackKind>, Query),
    ("channel" = Option<FeedbackChannel>, Query), ("status" = Option<FeedbackStatus>, Query), ("procedure" = Option<String>, Query),
    ("dossier" = Option<String>, Query), ("assignee" = Option<String>, Query),
    ("counted" = Option<String>, Query, description = "Counted in this figure of the period from–to, as of as_of: received, new, carried_over, resolved, early, on_time, late, in_progress, within, overdue"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("as_of" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word or the period is refused", body = ProblemBody)))]
#[get("/v1/feedback")]
async fn list_feedback(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, LIST_PARAMETERS)?;
    let page = query.page(2)?;
    page.after_instant()?;
    let now = call.state.ambient.now();
    let filter = FeedbackFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        resolved_by: query.parsed("resolved_by")?,
        kind: query.word("kind")?,
        channel: query.word("channel")?,
        status: query.word("status")?,
        procedure: query.parsed("procedure")?,
        dossier: query.parsed("dossier")?,
        assignee: query.text("assignee").map(str::to_owned),
        counted: counted::wanted(&query, &call.state.ambient, now)?,
    };
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            require_scope(reader, actor, filter.resolved_by.as_ref())?;
            Ok(feedback::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut records, |last| PageWish::key(last.feedback.term.since, last.id.as_str()));
    let shown = |record| view(&call.state.ambient, now, record, ContactBody::named);
    let items: Vec<FeedbackView> = records.into_iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One piece of feedback.
#[utoipa::path(tag = "feedback", params(("id" = String, Path)), responses(
    (status = 200, description = "The feedback", body = FeedbackView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/feedback/{id}")]
async fn get_feedback(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let record = call.read(move |reader, actor| verbs::find(reader, actor, &id, Duty::Read)).await?;
    let version = record.version;
    Ok(call.show(&view(&call.state.ambient, call.state.ambient.now(), record, ContactBody::of), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackPatchBody {
    /// The officer in charge; a leader assigns.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    assignee: Option<Option<String>>,
    /// Note of the office.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
    /// A later day due, set by a leader while it is open and not late.
    due_on: Option<NaiveDate>,
}

/// Assigns feedback, notes something on it, or gives it more time (JSON Merge Patch).
#[utoipa::path(tag = "feedback", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = FeedbackPatchBody, responses(
    (status = 200, description = "Changed", body = FeedbackView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It ended or is late", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody),
    (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/feedback/{id}")]
async fn patch_feedback(mut call: Call<Attend>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<FeedbackPatchBody>().await?;
    let mut checker = Checker::default();
    let patch = FeedbackPatch {
        assignee: checker.patched("/assignee", body.assignee.as_ref(), MAX_NAME),
        note: checker.patched("/note", body.note.as_ref(), MAX_NOTE),
        due_on: body.due_on,
    };
    checker.finish()?;
    let id = call.path("id").to_owned();
    let record = call.write(move |tx, act| verbs::change(tx, act, &id, expected, &patch)).await?;
    let (version, now) = (record.version, call.state.ambient.now());
    let shown = view(&call.state.ambient, now, record, ContactBody::of);
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(shown))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedbackMove {
    /// processing, answered, forwarded, refused or withdrawn.
    to: FeedbackStatus,
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
    /// The answer; with `answered`.
    answer: Option<String>,
    /// What it finds; with `answered`, and required there for a complaint.
    finding: Option<Finding>,
    /// Who answers; the caller when left out.
    answered_by: Option<String>,
    /// Why; required with `refused`.
    reason: Option<String>,
    /// To whom it is passed on; with `forwarded`.
    forwarded_to: Option<String>,
}

impl FeedbackMove {
    /// The move; `None` when the checker was told why there is none.
    fn checked(&self, checker: &mut Checker, caller: &str) -> Option<Move> {
        let reason = checker.optional("/reason", self.reason.as_deref(), MAX_NOTE);
        let text = checker.optional("/answer", self.answer.as_deref(), 10 * MAX_NOTE);
        let by = checker.optional("/answered_by", self.answered_by.as_deref(), MAX_NAME);
        let to = checker.optional("/forwarded_to", self.forwarded_to.as_deref(), MAX_NAME);
        let is_answer = self.to == FeedbackStatus::Answered;
        for (pointer, is_given, is_for) in [
            ("/answer", text.is_some(), is_answer),
            ("/finding", self.finding.is_some(), is_answer),
            ("/answered_by", by.is_some(), is_answer),
            ("/forwarded_to", to.is_some(), self.to == FeedbackStatus::Forwarded),
        ] {
            if is_given && !is_for {
                checker.fail(pointer, "invalid_value");
            }
        }
        let mut required = |pointer: &str, given: Option<String>| {
            if given.is_none() {
                checker.fail(pointer, "missing_member");
            }
            given
        };
        match self.to {
            FeedbackStatus::Received => {
                checker.fail("/to", "invalid_word");
                None
            }
            FeedbackStatus::Processing => Some(Move::Take),
            FeedbackStatus::Answered => required("/answer", text).map(|text| {
                Move::Answer(Answer { text, finding: self.finding, by: by.unwrap_or_else(|| caller.to_owned()) })
            }),
            FeedbackStatus::Forwarded => required("/forwarded_to", to).map(|to| Move::Forward { to, reason }),
            FeedbackStatus::Refused => required("/reason", reason).map(|reason| Move::Refuse { reason }),
            FeedbackStatus::Withdrawn => Some(Move::Withdraw { reason }),
        }
    }
}

/// Moves feedback on. Leaders answer, pass on and refuse it.
#[utoipa::path(tag = "feedback", params(("id" = String, Path)), request_body = FeedbackMove, responses(
    (status = 200, description = "Moved", body = FeedbackView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "There is no such move", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/feedback/{id}/transitions")]
async fn move_feedback(mut call: Call<Attend>) -> Result<HttpResponse, Problem> {
    let expected = call.if_match()?;
    let (body, bytes) = call.body::<FeedbackMove>().await?;
    let mut checker = Checker::default();
    let step = body.checked(&mut checker, &call.actor.name);
    checker.finish()?;
    let step = step.ok_or_else(|| Problem::new("internal"))?;
    let (id, at) = (call.path("id").to_owned(), body.at.map(|at| call.state.ambient.local(at)));
    call.post(&bytes, move |tx, act| {
        let record = verbs::go(tx, act, &id, expected, step.clone(), at)?;
        let version = record.version;
        Reply::ok(&view(act.ambient, act.now, record, ContactBody::of), version)
    })
    .await
}
