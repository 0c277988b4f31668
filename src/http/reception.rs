//! The log of citizen reception: visits entered, listed, put right and counted.

use std::fmt::Display;

use actix_web::{HttpResponse, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Attend, Call, Count, Person, etag};
use super::dossier_view::stamp;
use super::feedback::ContactBody;
use super::figures::Frame;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query, patched};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::contact::Contact;
use crate::domain::reception::{Host, Session, Subject, Visit, VisitOutcome};
use crate::domain::vocabulary::AgencyCode;
use crate::flow::actor::Duty;
use crate::flow::reception::{self as verbs, VisitPatch};
use crate::storage::reception::{self, VisitFilter, VisitRecord};

/// Most people in one visit.
const MOST_PEOPLE: u32 = 10_000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_visit)
        .service(list_visits)
        .service(get_visit)
        .service(patch_visit)
        .service(get_reception_statistics);
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HostBody {
    /// Full name.
    #[schema(example = "Nguyễn Văn A")]
    name: String,
    /// Position.
    #[schema(example = "Giám đốc")]
    position: Option<String>,
}

/// A visit.
#[derive(Serialize, ToSchema)]
struct VisitView {
    /// Opaque identifier.
    id: String,
    /// Where it was.
    agency: String,
    /// The day.
    visited_on: NaiveDate,
    /// The occasion.
    session: Session,
    /// Who received them.
    received_by: HostBody,
    /// How many came.
    people: u32,
    /// One of them; in lists by name alone.
    visitor: ContactBody,
    /// What they came for.
    subjects: Vec<Subject>,
    /// What they said.
    content: String,
    /// What came of it.
    outcome: VisitOutcome,
    /// To whom it was passed on.
    forwarded_to: Option<String>,
    /// Note of the office.
    note: Option<String>,
    /// Who entered it.
    recorded_by: String,
    /// When it was entered.
    created_at: String,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(ambient: &Ambient, record: VisitRecord, visitor: fn(Contact) -> ContactBody) -> VisitView {
    let VisitRecord { id, agency, visit, recorded_by, created_at, version } = record;
    VisitView {
        id,
        agency: agency.to_string(),
        visited_on: visit.visited_on,
        session: visit.session,
        received_by: HostBody { name: visit.host.name, position: visit.host.position },
        people: visit.people,
        visitor: visitor(visit.visitor),
        subjects: visit.subjects,
        content: visit.content,
        outcome: visit.outcome,
        forwarded_to: visit.forwarded_to,
        note: visit.note,
        recorded_by,
        created_at: stamp(ambient, created_at),
        version,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewVisitBody {
    /// Where it was; the caller's own agency when left out.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
    /// The day.
    visited_on: NaiveDate,
    /// regular, leader_regular or leader_extra.
    session: Session,
    /// Who received them.
    received_by: HostBody,
    /// How many came.
    #[schema(minimum = 1, example = 1)]
    people: u32,
    /// One of them, as far as they say who they are.
    #[serde(default)]
    visitor: ContactBody,
    /// complaint, denunciation, petition, feedback, procedure; one at least.
    subjects: Vec<Subject>,
    /// What they said.
    content: String,
    /// explained, accepted, guided or forwarded.
    outcome: VisitOutcome,
    /// To whom it was passed on; with `forwarded`.
    forwarded_to: Option<String>,
    /// Note of the office.
    note: Option<String>,
}

impl NewVisitBody {
    fn checked(self, checker: &mut Checker) -> Visit {
        if !(1..=MOST_PEOPLE).contains(&self.people) {
            checker.fail("/people", "out_of_range");
        }
        if self.subjects.is_empty() {
            checker.fail("/subjects", "blank");
        }
        let mut subjects = self.subjects;
        let count = subjects.len();
        subjects.sort_unstable();
        subjects.dedup();
        if subjects.len() < count {
            checker.fail("/subjects", "repeated");
        }
        Visit {
            visited_on: self.visited_on,
            session: self.session,
            host: Host {
                name: checker.text("/received_by/name", &self.received_by.name, MAX_NAME),
                position: checker.optional("/received_by/position", self.received_by.position.as_deref(), MAX_NAME),
            },
            people: self.people,
            visitor: self.visitor.checked(checker, "/visitor"),
            subjects,
            content: checker.text("/content", &self.content, MAX_NOTE),
            outcome: self.outcome,
            forwarded_to: checker.optional("/forwarded_to", self.forwarded_to.as_deref(), MAX_NAME),
            note: checker.optional("/note", self.note.as_deref(), MAX_NOTE),
        }
    }
}

/// Enters a visit.
#[utoipa::path(tag = "feedback", request_body = NewVisitBody, responses(
    (status = 201, description = "Entered", body = VisitView), (status = 403, description = "Not whoever talks with people", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/reception-visits")]
async fn create_visit(mut call: Call<Attend>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<NewVisitBody>().await?;
    let agency = body.agency.clone();
    let mut checker = Checker::default();
    let visit = body.checked(&mut checker);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = verbs::enter(tx, act, agency.as_ref(), &visit)?;
        let (version, location) = (record.version, format!("/v1/reception-visits/{}", record.id));
        Reply::created(&view(act.ambient, record, ContactBody::of), version, location)
    })
    .await
}

/// Visits in the caller's reach, by day.
#[utoipa::path(tag = "feedback", params(("agency" = Option<String>, Query, description = "With its subtree"), ("session" = Option<Session>, Query),
    ("subject" = Option<Subject>, Query), ("outcome" = Option<VisitOutcome>, Query), ("from" = Option<NaiveDate>, Query),
    ("to" = Option<NaiveDate>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word is refused", body = ProblemBody)))]
#[get("/v1/reception-visits")]
async fn list_visits(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let allowed = ["agency", "session", "subject", "outcome", "from", "to", "limit", "cursor"];
    let query = Query::of(&call.req, &allowed)?;
    let page = query.page(2)?;
    page.after_day()?;
    let filter = VisitFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        session: query.word("session")?,
        subject: query.word("subject")?,
        outcome: query.word("outcome")?,
        from: query.date("from")?,
        to: query.date("to")?,
    };
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(reception::page(reader, &filter, wish.after_day().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut records, |last| vec![last.visit.visited_on.to_string(), last.id.clone()]);
    let shown = |record| view(&call.state.ambient, record, ContactBody::named);
    let items: Vec<VisitView> = records.into_iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One visit.
#[utoipa::path(tag = "feedback", params(("id" = String, Path)), responses(
    (status = 200, description = "The visit", body = VisitView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/reception-visits/{id}")]
async fn get_visit(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let record = call.read(move |reader, actor| verbs::find(reader, actor, &id, Duty::Read)).await?;
    let version = record.version;
    Ok(call.show(&view(&call.state.ambient, record, ContactBody::of), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitPatchBody {
    /// What they said.
    content: Option<String>,
    /// What came of it.
    outcome: Option<VisitOutcome>,
    /// To whom it was passed on.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    forwarded_to: Option<Option<String>>,
    /// Note of the office.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
}

/// Puts right what is said of a visit (JSON Merge Patch); day, occasion and number of people stand.
#[utoipa::path(tag = "feedback", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = VisitPatchBody, responses(
    (status = 200, description = "Changed", body = VisitView), (status = 403, description = "Not whoever talks with people", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/reception-visits/{id}")]
async fn patch_visit(mut call: Call<Attend>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<VisitPatchBody>().await?;
    let mut checker = Checker::default();
    let patch = VisitPatch {
        content: checker.optional("/content", body.content.as_deref(), MAX_NOTE),
        outcome: body.outcome,
        forwarded_to: checker.patched("/forwarded_to", body.forwarded_to.as_ref(), MAX_NAME),
        note: checker.patched("/note", body.note.as_ref(), MAX_NOTE),
    };
    checker.finish()?;
    let id = call.path("id").to_owned();
    let record = call.write(move |tx, act| verbs::change(tx, act, &id, expected, &patch)).await?;
    let version = record.version;
    let shown = view(&call.state.ambient, record, ContactBody::of);
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(shown))
}

/// Visits of a period with their occasions, subjects and outcomes; each figure with the list it counts.
#[utoipa::path(tag = "statistics", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("period" = Option<String>, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "period, as_of, agency, visits, people, sessions, subjects, outcomes, links", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "The period is refused", body = ProblemBody)))]
#[get("/v1/statistics/reception")]
async fn get_reception_statistics(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "period", "agency"])?;
    let frame = Frame::of(&call, &query)?;
    let figures =
        frame.read(&call, |reader, frame| Ok(reception::figures(reader, frame.period, frame.agency.as_ref())?)).await?;
    let list = frame.days("/v1/reception-visits");
    Ok(HttpResponse::Ok().json(frame.answer(json!({
        "visits": figures.visits,
        "people": figures.people,
        "sessions": each(Session::ALL, |word| json!(figures.sessions.get(word).copied().unwrap_or_default())),
        "subjects": each(Subject::ALL, |word| json!(figures.subjects.get(word).copied().unwrap_or_default())),
        "outcomes": each(VisitOutcome::ALL, |word| json!(figures.outcomes.get(word).copied().unwrap_or_default())),
        "links": {
            "visits": list,
            "sessions": each(Session::ALL, |word| json!(format!("{list}&session={word}"))),
            "subjects": each(Subject::ALL, |word| json!(format!("{list}&subject={word}"))),
            "outcomes": each(VisitOutcome::ALL, |word| json!(format!("{list}&outcome={word}"))),
        },
    }))))
}

/// A member for each word.
fn each<T: Display>(words: &[T], value: impl Fn(&T) -> Value) -> Map<String, Value> {
    words.iter().map(|word| (word.to_string(), value(word))).collect()
}
