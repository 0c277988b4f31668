//! Opinions asked of other agencies (consultations) and parts of interlinked dossiers. The agency asked sees the question and
//! what it needs of the dossier, and nothing else.

use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, Draft, See, etag};
use super::dossier_view::stamp;
use super::dossiers::visible;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query};
use super::problem::{Problem, ProblemBody};
use super::procedure_body::RuleBody;
use super::statistics::{as_of, free_period, scope};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::errand::{Errand, ErrandKind, ErrandStatus, ErrandTally};
use crate::domain::vocabulary::{AgencyCode, ApplicantKind, LocalTime};
use crate::flow::Fault;
use crate::flow::errands::{self as verbs, NewErrand, Verb, Wanted};
use crate::storage::dossier_row::Record;
use crate::storage::errands::{self, ErrandFilter};
use crate::storage::{Reader, dossiers, procedures};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(ask_opinion)
        .service(dossier_consultations)
        .service(list_consultations)
        .service(get_consultation)
        .service(answer_consultation)
        .service(withdraw_consultation)
        .service(count_consultations)
        .service(open_part)
        .service(dossier_parts)
        .service(list_parts)
        .service(get_part)
        .service(finish_part)
        .service(withdraw_part)
        .service(count_parts);
}

/// An opinion or a part.
#[derive(Serialize, ToSchema)]
struct ErrandView {
    /// Opaque identifier.
    id: String,
    /// The agency asked.
    agency: String,
    /// The question, or what the part is.
    subject: String,
    /// Since when.
    started_at: String,
    /// By when it is wanted.
    due_at: String,
    /// The first late instant.
    late_from: String,
    /// open, done or withdrawn.
    status: ErrandStatus,
    /// within, overdue, early, on_time or late; null for what was withdrawn.
    timing: Option<&'static str>,
    /// When it ended.
    ended_at: Option<String>,
    /// Who ended it.
    ended_by: Option<String>,
    /// The answer or result, or why it was withdrawn.
    outcome: Option<String>,
    /// Code of the dossier.
    dossier: String,
    /// What the agency asked needs of the dossier; null once the errand is withdrawn.
    matter: Option<MatterView>,
    /// Counts its changes; the ETag.
    version: i64,
}

/// A dossier without anything by which its applicant could be reached or identified beyond the name.
#[derive(Serialize, ToSchema)]
struct MatterView {
    /// The agency that resolves it and asks.
    agency: String,
    /// Procedure.
    procedure: String,
    /// Its name.
    procedure_name: String,
    /// Citizen, business, state body or other organisation.
    applicant_kind: ApplicantKind,
    /// Name of the applicant.
    applicant_name: String,
    /// What is asked for.
    summary: Option<String>,
    /// When it was accepted.
    received_at: Option<String>,
}

fn view(
    reader: &mut Reader,
    ambient: &Ambient,
    now: LocalTime,
    errand: Errand,
    record: Record,
) -> Result<ErrandView, Fault> {
    let at = |at: LocalTime| stamp(ambient, at);
    let status = errand.status();
    let needed = status != ErrandStatus::Withdrawn && !record.standing.void;
    let matter = if needed {
        let procedure = procedures::version(reader, &record.procedure, record.procedure_version)?;
        Some(MatterView {
            agency: record.agency.to_string(),
            procedure: record.procedure.to_string(),
            procedure_name: procedure.map(|procedure| procedure.name).unwrap_or_default(),
            applicant_kind: record.applicant.kind,
            applicant_name: record.applicant.name,
            summary: record.summary,
            received_at: record.standing.received_at.map(at),
        })
    } else {
        None
    };
    let timing = errand.timing(now).map(|timing| timing.as_str());
    let end = errand.end;
    Ok(ErrandView {
        id: errand.id,
        agency: errand.agency.to_string(),
        subject: errand.subject,
        started_at: at(errand.started.0),
        due_at: at(errand.deadline.due_at),
        late_from: at(errand.deadline.late_from),
        status,
        timing,
        ended_at: end.as_ref().map(|end| at(end.at)),
        ended_by: end.as_ref().map(|end| end.by.clone()),
        outcome: end.and_then(|end| end.outcome),
        dossier: errand.dossier.to_string(),
        matter,
        version: errand.version,
    })
}

/// A view with the dossier read anew.
fn shown(reader: &mut Reader, ambient: &Ambient, now: LocalTime, errand: Errand) -> Result<ErrandView, Fault> {
    let record = dossiers::find(reader, &errand.dossier)?.ok_or(Fault::NotFound("dossier"))?;
    view(reader, ambient, now, errand, record)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency": "H16.19", "question": "Thửa đất có trong quy hoạch không?", "rule": {"amount": 3, "unit": "working_day"}}))]
struct ConsultationBody {
    /// The agency asked.
    #[schema(value_type = String)]
    agency: AgencyCode,
    /// The question. It is shown to the agency asked: no identity numbers, no telephone numbers.
    question: String,
    /// By when; this or `rule`.
    due_at: Option<DateTime<FixedOffset>>,
    /// By when, counted in the working time of the agency asked.
    rule: Option<RuleBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agency": "H16.19", "name": "Xác minh tại cơ quan thuế", "rule": {"amount": 2, "unit": "working_day"}}))]
struct PartBody {
    /// The agency that resolves the part.
    #[schema(value_type = String)]
    agency: AgencyCode,
    /// What the part is.
    name: String,
    /// Since when; now when left out.
    started_at: Option<DateTime<FixedOffset>>,
    /// By when; this or `rule`.
    due_at: Option<DateTime<FixedOffset>>,
    /// By when, counted in the working time of the agency.
    rule: Option<RuleBody>,
}

fn wanted(
    checker: &mut Checker,
    ambient: &Ambient,
    due_at: Option<DateTime<FixedOffset>>,
    rule: Option<&RuleBody>,
) -> Option<Wanted> {
    match (due_at, rule) {
        (Some(due_at), None) => Some(Wanted::At(ambient.local(due_at))),
        (None, Some(rule)) => Some(Wanted::By(rule.checked("/rule", checker))),
        (None, None) => {
            checker.fail("/due_at", "missing_member");
            None
        }
        (Some(_), Some(_)) => {
            checker.fail("/rule", "repeated");
            None
        }
    }
}

async fn ask(call: &Call<Draft>, bytes: &[u8], new: NewErrand, path: &'static str) -> Result<HttpResponse, Problem> {
    let (code, expected): (DossierCode, _) = (call.code("code")?, call.if_match()?);
    call.post(bytes, move |tx, act| {
        let errand = verbs::ask(tx, act, &code, expected, &new)?;
        let (version, location) = (errand.version, format!("{path}/{}", errand.id));
        Reply::created(&shown(tx, act.ambient, act.now, errand)?, version, location)
    })
    .await
}

async fn end(call: &Call<Draft>, bytes: &[u8], kind: ErrandKind, verb: Verb) -> Result<HttpResponse, Problem> {
    let (id, expected) = (call.path("id").to_owned(), call.if_match()?);
    call.post(bytes, move |tx, act| {
        let errand = verbs::end(tx, act, kind, &id, expected, &verb)?;
        let version = errand.version;
        Reply::ok(&shown(tx, act.ambient, act.now, errand)?, version)
    })
    .await
}

async fn one(call: &Call<See>, kind: ErrandKind) -> Result<HttpResponse, Problem> {
    let (id, ambient) = (call.path("id").to_owned(), call.state.ambient.clone());
    let found = call
        .read(move |reader, actor| {
            let (errand, record) = verbs::look(reader, actor, kind, &id)?;
            view(reader, &ambient, ambient.now(), errand, record)
        })
        .await?;
    // What it shows of the dossier may change without it.
    let tag = etag(found.version);
    Ok(HttpResponse::Ok().insert_header(("ETag", tag)).json(found))
}

/// A page of errands; of one dossier where the route names one.
async fn list(call: &Call<See>, kind: ErrandKind, allowed: &[&str]) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, allowed)?;
    let page = query.page(2)?;
    page.after_instant()?;
    let ambient = call.state.ambient.clone();
    let dossier: Option<DossierCode> = if call.path("code").is_empty() { None } else { Some(call.code("code")?) };
    let filter = ErrandFilter {
        kind,
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        dossier,
        status: query.word("status")?,
        late: query.parsed("late")?,
        now: ambient.now(),
    };
    let wish = page.clone();
    let (items, next_cursor) = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            if let Some(code) = &filter.dossier {
                visible(reader, actor, code)?;
            }
            let after = wish.after_instant().ok().flatten();
            let mut found = errands::page(reader, &filter, after, wish.fetch())?;
            let next_cursor = wish.cut(&mut found, |last| PageWish::key(last.deadline.due_at, last.id.as_str()));
            let views = found.into_iter().map(|errand| shown(reader, &ambient, filter.now, errand));
            Ok((views.collect::<Result<Vec<_>, _>>()?, next_cursor))
        })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

async fn count(call: &Call<Count>, kind: ErrandKind) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "agency"])?;
    let period = free_period(&query)?;
    let agency = scope(call, &query)?;
    let window = period.window(call.state.ambient.now());
    let counted = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            Ok(errands::tallies(reader, kind, &window, agency.as_ref())?)
        })
        .await?;
    let mut total = ErrandTally::default();
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for (agency, tally) in counted {
        total += tally;
        let mut row = Map::from_iter([("agency".to_owned(), json!(agency))]);
        if let Value::Object(figures) = json!(tally) {
            row.extend(figures);
        }
        rows.push(row);
    }
    Ok(HttpResponse::Ok().json(json!({"period": period, "as_of": as_of(call, &window), "rows": rows, "total": total})))
}

const OF_DOSSIER: &[&str] = &["status", "late", "limit", "cursor"];
const OF_ALL: &[&str] = &["agency", "status", "late", "limit", "cursor"];

/// Asks another agency for its opinion (lấy ý kiến). The dossier's clock runs on.
#[utoipa::path(tag = "consultations", params(("code" = String, Path)), request_body = ConsultationBody, responses(
    (status = 201, description = "Asked", body = ErrandView), (status = 403, description = "Not an officer of the resolving agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "The dossier is not being resolved", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/consultations")]
async fn ask_opinion(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<ConsultationBody>().await?;
    let mut checker = Checker::default();
    let subject = checker.text("/question", &body.question, MAX_NOTE);
    let wanted = wanted(&mut checker, &call.state.ambient, body.due_at, body.rule.as_ref());
    checker.finish()?;
    let Some(wanted) = wanted else { return Err(Problem::new("internal")) };
    let new = NewErrand { kind: ErrandKind::Consultation, agency: body.agency, subject, started_at: None, wanted };
    ask(&call, &bytes, new, "/v1/consultations").await
}

/// The opinions asked for a dossier, in the order they are due.
#[utoipa::path(tag = "consultations", params(("code" = String, Path), ("status" = Option<ErrandStatus>, Query),
    ("late" = Option<bool>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/consultations")]
async fn dossier_consultations(call: Call<See>) -> Result<HttpResponse, Problem> {
    list(&call, ErrandKind::Consultation, OF_DOSSIER).await
}

/// Opinions asked of the caller's agencies, or for their dossiers, in the order they are due.
#[utoipa::path(tag = "consultations", params(("agency" = Option<String>, Query, description = "Asked of this agency or one below it"),
    ("status" = Option<ErrandStatus>, Query), ("late" = Option<bool>, Query, description = "Overdue or answered late; or not"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/consultations")]
async fn list_consultations(call: Call<See>) -> Result<HttpResponse, Problem> {
    list(&call, ErrandKind::Consultation, OF_ALL).await
}

/// One opinion.
#[utoipa::path(tag = "consultations", params(("id" = String, Path)), responses(
    (status = 200, description = "The opinion", body = ErrandView), (status = 404, description = "Not there, or other agencies'", body = ProblemBody)))]
#[get("/v1/consultations/{id}")]
async fn get_consultation(call: Call<See>) -> Result<HttpResponse, Problem> {
    one(&call, ErrandKind::Consultation).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    /// The opinion.
    text: String,
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
}

/// The agency asked answers.
#[utoipa::path(tag = "consultations", params(("id" = String, Path)), request_body = AnswerBody, responses(
    (status = 200, description = "Answered", body = ErrandView), (status = 403, description = "Not an officer of the agency asked", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Answered or withdrawn before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/consultations/{id}/answer")]
async fn answer_consultation(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<AnswerBody>().await?;
    let mut checker = Checker::default();
    let outcome = Some(checker.text("/text", &body.text, MAX_NOTE));
    checker.finish()?;
    let at = body.at.map(|at| call.state.ambient.local(at));
    end(&call, &bytes, ErrandKind::Consultation, Verb::Finish { at, outcome }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawBody {
    /// Why.
    reason: String,
}

impl WithdrawBody {
    fn verb(&self) -> Result<Verb, Problem> {
        let mut checker = Checker::default();
        let reason = checker.text("/reason", &self.reason, MAX_NOTE);
        checker.finish()?;
        Ok(Verb::Withdraw { reason })
    }
}

/// The opinion is not wanted any more.
#[utoipa::path(tag = "consultations", params(("id" = String, Path)), request_body = WithdrawBody, responses(
    (status = 200, description = "Withdrawn", body = ErrandView), (status = 403, description = "Not an officer of the resolving agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Answered or withdrawn before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/consultations/{id}/withdraw")]
async fn withdraw_consultation(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<WithdrawBody>().await?;
    end(&call, &bytes, ErrandKind::Consultation, body.verb()?).await
}

/// Opinions of a period per agency asked: begun, ended, open, against their own deadlines.
#[utoipa::path(tag = "statistics", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "period, as_of, rows and total: new, carried_over, early, on_time, late, within, overdue, withdrawn", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/statistics/consultations")]
async fn count_consultations(call: Call<Count>) -> Result<HttpResponse, Problem> {
    count(&call, ErrandKind::Consultation).await
}

/// Gives a part of an interlinked dossier (liên thông) to another agency, with a deadline of its own.
#[utoipa::path(tag = "parts", params(("code" = String, Path)), request_body = PartBody, responses(
    (status = 201, description = "Opened", body = ErrandView), (status = 403, description = "Not an officer of the resolving agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "The dossier is not being resolved", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/parts")]
async fn open_part(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<PartBody>().await?;
    let mut checker = Checker::default();
    let subject = checker.text("/name", &body.name, MAX_NAME);
    let wanted = wanted(&mut checker, &call.state.ambient, body.due_at, body.rule.as_ref());
    checker.finish()?;
    let Some(wanted) = wanted else { return Err(Problem::new("internal")) };
    let started_at = body.started_at.map(|at| call.state.ambient.local(at));
    let new = NewErrand { kind: ErrandKind::Part, agency: body.agency, subject, started_at, wanted };
    ask(&call, &bytes, new, "/v1/parts").await
}

/// The parts of a dossier, in the order they are due.
#[utoipa::path(tag = "parts", params(("code" = String, Path), ("status" = Option<ErrandStatus>, Query),
    ("late" = Option<bool>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/parts")]
async fn dossier_parts(call: Call<See>) -> Result<HttpResponse, Problem> {
    list(&call, ErrandKind::Part, OF_DOSSIER).await
}

/// Parts that the caller's agencies resolve, or of their dossiers, in the order they are due.
#[utoipa::path(tag = "parts", params(("agency" = Option<String>, Query, description = "Resolved by this agency or one below it"),
    ("status" = Option<ErrandStatus>, Query), ("late" = Option<bool>, Query, description = "Overdue or finished late; or not"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/parts")]
async fn list_parts(call: Call<See>) -> Result<HttpResponse, Problem> {
    list(&call, ErrandKind::Part, OF_ALL).await
}

/// One part.
#[utoipa::path(tag = "parts", params(("id" = String, Path)), responses(
    (status = 200, description = "The part", body = ErrandView), (status = 404, description = "Not there, or other agencies'", body = ProblemBody)))]
#[get("/v1/parts/{id}")]
async fn get_part(call: Call<See>) -> Result<HttpResponse, Problem> {
    one(&call, ErrandKind::Part).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishBody {
    /// What came of it.
    result: Option<String>,
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
}

/// The agency has finished its part.
#[utoipa::path(tag = "parts", params(("id" = String, Path)), request_body = FinishBody, responses(
    (status = 200, description = "Finished", body = ErrandView), (status = 403, description = "Not an officer of the part's agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Finished or withdrawn before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/parts/{id}/finish")]
async fn finish_part(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<FinishBody>().await?;
    let mut checker = Checker::default();
    let outcome = checker.optional("/result", body.result.as_deref(), MAX_NOTE);
    checker.finish()?;
    let at = body.at.map(|at| call.state.ambient.local(at));
    end(&call, &bytes, ErrandKind::Part, Verb::Finish { at, outcome }).await
}

/// The part is not wanted any more.
#[utoipa::path(tag = "parts", params(("id" = String, Path)), request_body = WithdrawBody, responses(
    (status = 200, description = "Withdrawn", body = ErrandView), (status = 403, description = "Not an officer of the resolving agency", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Finished or withdrawn before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/parts/{id}/withdraw")]
async fn withdraw_part(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<WithdrawBody>().await?;
    end(&call, &bytes, ErrandKind::Part, body.verb()?).await
}

/// Parts of a period per agency: begun, ended, open, against their own deadlines. The dossiers' own figures are not touched.
#[utoipa::path(tag = "statistics", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "period, as_of, rows and total: new, carried_over, early, on_time, late, within, overdue, withdrawn", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/statistics/parts")]
async fn count_parts(call: Call<Count>) -> Result<HttpResponse, Problem> {
    count(&call, ErrandKind::Part).await
}
