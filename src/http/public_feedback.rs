//! The public door for those who speak up: feedback without a login, and its answer for who holds the secret of its receipt.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::call::read;
use super::feedback::ContactBody;
use super::idempotency::Reply;
use super::incoming::Incoming;
use super::input::{Checker, MAX_NOTE, Query, parse, read_body};
use super::problem::{Problem, ProblemBody};
use super::public::{limited, private, submitted, taken_in};
use crate::domain::dossier_code::DossierCode;
use crate::domain::feedback::{FeedbackChannel, FeedbackKind, FeedbackStatus, Finding};
use crate::domain::vocabulary::{AgencyCode, ProcedureCode};
use crate::flow::feedback::{NewFeedback, submit};
use crate::storage::feedback::{self, FeedbackRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(submit_feedback).service(look_up_feedback);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicFeedbackBody {
    /// Whose it is to answer; the dossier's resolving agency when left out.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
    /// feedback, petition or complaint.
    kind: FeedbackKind,
    /// The procedure it is about.
    #[schema(value_type = Option<String>)]
    procedure: Option<ProcedureCode>,
    /// The dossier it is about.
    #[schema(value_type = Option<String>)]
    dossier: Option<DossierCode>,
    /// The secret of the dossier's slip; with `dossier`.
    secret: Option<String>,
    /// What it says.
    content: String,
    /// Whom it is from; nothing of it must be said, but a complaint needs the name. Identity numbers are not asked for.
    #[serde(default)]
    sender: ContactBody,
}

/// How feedback stands, for who sent it.
#[derive(Serialize, ToSchema)]
struct ReceiptView {
    /// What to ask by.
    id: String,
    /// What opens it; told with the receipt alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ABCDE-FGHJK")]
    secret: Option<String>,
    /// What it is.
    kind: FeedbackKind,
    /// Where it stands.
    status: FeedbackStatus,
    /// The day it came in.
    received_on: NaiveDate,
    /// The day by which it is to be answered; a complaint has one once it is accepted.
    due_on: Option<NaiveDate>,
    /// The answer.
    answer: Option<String>,
    /// What it finds.
    finding: Option<Finding>,
    /// The day of the answer.
    answered_on: Option<NaiveDate>,
    /// Why it was refused or passed on.
    reason: Option<String>,
    /// To whom it was passed on.
    forwarded_to: Option<String>,
}

fn receipt(record: FeedbackRecord, secret: Option<String>) -> ReceiptView {
    let feedback = record.feedback;
    let ended_on = feedback.term.end.map(|(at, _)| at.date());
    ReceiptView {
        id: record.id,
        secret,
        kind: feedback.kind,
        status: feedback.status,
        received_on: feedback.term.since.date(),
        due_on: feedback.term.deadline.map(|deadline| deadline.due_on),
        answered_on: ended_on.filter(|_| feedback.answer.is_some()),
        finding: feedback.answer.as_ref().and_then(|answer| answer.finding),
        answer: feedback.answer.map(|answer| answer.text),
        reason: feedback.reason,
        forwarded_to: feedback.forwarded_to,
    }
}

/// Sends feedback in without signing in; the answer is its receipt. Limited by address, and a key is known again from the same
/// address only.
#[utoipa::path(tag = "public", security(()), params(("Idempotency-Key" = Option<String>, Header)), request_body = PublicFeedbackBody, responses(
    (status = 201, description = "The receipt, with the secret that opens the answer", body = ReceiptView),
    (status = 400, description = "Not JSON", body = ProblemBody),
    (status = 409, description = "The first request with this key is still running", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody),
    (status = 429, description = "Too many from this address", body = ProblemBody, headers(
        ("Retry-After" = u64, description = "Seconds"), ("RateLimit" = String, description = "What is left of the limit"))),
    (status = 503, description = "Busy", body = ProblemBody)))]
#[post("/v1/public/feedback")]
async fn submit_feedback(state: Data<AppState>, req: HttpRequest, payload: Incoming) -> Result<HttpResponse, Problem> {
    submitted(&state, &req, async {
        Query::of(&req, &[])?;
        let bytes = read_body(&req, payload).await?;
        let body: PublicFeedbackBody = parse(&bytes)?;
        let mut checker = Checker::default();
        let content = checker.text("/content", &body.content, MAX_NOTE);
        let sender = body.sender.checked(&mut checker, "/sender");
        if let Some(code) = &body.dossier {
            // Nothing was read: no answer can tell whether there is such a dossier.
            if !state.lookup.opens(&code.to_string(), body.secret.as_deref().unwrap_or_default()) {
                checker.fail("/dossier", "unknown_reference");
            }
        } else if body.secret.is_some() {
            checker.fail("/secret", "invalid_value");
        }
        checker.finish()?;
        let PublicFeedbackBody { agency, kind, procedure, dossier, .. } = body;
        let channel = FeedbackChannel::Online;
        let new =
            NewFeedback { agency, kind, channel, procedure, dossier, content, sender, note: None, received_at: None };
        let served = state.clone();
        taken_in(&state, &req, &bytes, move |tx, act| {
            let record = submit(tx, act, &new, served.feedback_days)?;
            let location = format!("/v1/public/feedback/{}", record.id);
            let secret = served.lookup.secret_of(&record.id);
            Reply::receipt(&receipt(record, Some(secret)), Some(location))
        })
        .await
    })
    .await
}

/// How feedback stands, and its answer, with the secret of its receipt. What is not there and a wrong secret are answered
/// alike. Signed-in callers are not limited.
#[utoipa::path(tag = "public", security(()), params(("id" = String, Path),
    ("secret" = String, Query, description = "The secret of the receipt; hyphen and case do not matter")), responses(
    (status = 200, description = "How it stands", body = ReceiptView), (status = 304, description = "Not changed"),
    (status = 400, description = "A parameter is missing or unknown", body = ProblemBody),
    (status = 404, description = "No such feedback, or not its secret", body = ProblemBody),
    (status = 429, description = "Too many look-ups from this address, or too many wrong ones of this feedback", body = ProblemBody, headers(
        ("Retry-After" = u64, description = "Seconds"))),
    (status = 503, description = "Busy", body = ProblemBody)))]
#[get("/v1/public/feedback/{id}")]
async fn look_up_feedback(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = req.match_info().get("id").unwrap_or_default().to_owned();
    limited(&state, &req, &id, async {
        let query = Query::of(&req, &["secret"])?;
        if !state.lookup.opens(&id, query.required("secret")?) {
            return Err(Problem::new("not_found"));
        }
        let asked = id.clone();
        let record = read(&state, move |reader| Ok(feedback::find(reader, &asked)?)).await?;
        let record = record.ok_or_else(|| Problem::new("not_found"))?;
        private(&req, &receipt(record, None))
    })
    .await
}
