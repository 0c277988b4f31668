//! Letters of apology: list, look-up, draft by hand, and the way to the applicant.

use actix_web::{HttpResponse, get, patch, post};
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Draft, Lead, Permission, See, etag};
use super::dossier_view::stamp;
use super::dossiers::visible;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, NoMembers, PageWish, Query, patched};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{LetterChannel, LetterKind, LetterStatus};
use crate::flow::Fault;
use crate::flow::apologise::{Verb, draft, handle};
use crate::storage::letters::{self, LetterFilter, LetterRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_letters)
        .service(get_letter)
        .service(draft_letter)
        .service(patch_letter)
        .service(submit_letter)
        .service(issue_letter)
        .service(deliver_letter)
        .service(reject_letter)
        .service(cancel_letter);
}

/// A letter of apology.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct LetterView {
    /// Opaque identifier.
    id: String,
    /// Code of its dossier.
    dossier: String,
    /// Why it apologises.
    kind: LetterKind,
    /// Where it stands.
    status: LetterStatus,
    /// The reason given to the applicant.
    reason: Option<String>,
    /// The new date of return.
    new_return_at: Option<String>,
    /// Number (số).
    number: Option<u32>,
    /// Notation (ký hiệu).
    notation: Option<String>,
    /// Date of the letter.
    promulgated_on: Option<NaiveDate>,
    /// Who signed.
    signer: Option<SignerBody>,
    /// How and when it reached the applicant.
    delivered: Option<DeliveredView>,
    /// Why it was sent back or dropped.
    remark: Option<String>,
    /// It comes later than one day before the deadline's expiry.
    notice_late: bool,
    /// When it was opened.
    created_at: String,
    /// Counts its changes; the ETag.
    version: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct SignerBody {
    /// Full name.
    #[schema(example = "Nguyễn Văn A")]
    pub(in crate::http) name: String,
    /// Position.
    #[schema(example = "Giám đốc")]
    pub(in crate::http) position: String,
}

#[derive(Serialize, ToSchema)]
struct DeliveredView {
    /// By which way.
    channel: LetterChannel,
    /// When.
    at: String,
}

/// A letter as it is shown.
pub(in crate::http) fn view(ambient: &Ambient, record: LetterRecord) -> LetterView {
    let LetterRecord { letter, dossier, created_at, version } = record;
    let promulgation = letter.promulgation;
    LetterView {
        id: letter.id,
        dossier: dossier.to_string(),
        kind: letter.kind,
        status: letter.status,
        reason: letter.reason,
        new_return_at: letter.new_return_at.map(|at| stamp(ambient, at)),
        number: promulgation.as_ref().map(|promulgation| promulgation.number),
        notation: promulgation.as_ref().map(|promulgation| promulgation.notation.clone()),
        promulgated_on: promulgation.as_ref().map(|promulgation| promulgation.on),
        signer: promulgation
            .map(|promulgation| SignerBody { name: promulgation.signer.name, position: promulgation.signer.position }),
        delivered: letter.delivered.map(|(channel, at)| DeliveredView { channel, at: stamp(ambient, at) }),
        remark: letter.remark,
        notice_late: letter.notice_late,
        created_at: stamp(ambient, created_at),
        version,
    }
}

/// Letters of dossiers the caller may see, in the order they were opened.
#[utoipa::path(tag = "letters", params(("agency" = Option<String>, Query), ("status" = Option<LetterStatus>, Query),
    ("kind" = Option<LetterKind>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<LetterView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/apology-letters")]
async fn list_letters(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "status", "kind", "from", "to", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let filter = LetterFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        status: query.word("status")?,
        kind: query.word("kind")?,
        from: query.date("from")?.map(midnight),
        until: query.date("to")?.and_then(|date| date.checked_add_days(Days::new(1))).map(midnight),
    };
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            super::agencies::require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(letters::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let key = |record: &LetterRecord| PageWish::key(record.created_at, record.letter.id.as_str());
    let next_cursor = page.cut(&mut records, key);
    let items: Vec<LetterView> = records.into_iter().map(|record| view(&call.state.ambient, record)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One letter.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), responses(
    (status = 200, description = "The letter", body = LetterView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/apology-letters/{id}")]
async fn get_letter(call: Call<See>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let record = call
        .read(move |reader, actor| {
            let record = letters::find(reader, &id)?.ok_or(Fault::NotFound("letter"))?;
            visible(reader, actor, &record.dossier)?;
            Ok(record)
        })
        .await?;
    let version = record.version;
    Ok(call.show(&view(&call.state.ambient, record), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftBody {
    /// at_risk, lost, damaged or misconduct; late letters are opened by the service itself.
    kind: LetterKind,
    /// The reason given to the applicant.
    reason: Option<String>,
    /// The new date of return.
    new_return_at: Option<DateTime<FixedOffset>>,
}

/// Opens a letter by hand.
#[utoipa::path(tag = "letters", params(("code" = String, Path)), request_body = DraftBody, responses(
    (status = 201, description = "Opened", body = LetterView), (status = 403, description = "Not an officer", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It has its letter already", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/apology-letters")]
async fn draft_letter(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let (body, bytes) = call.body::<DraftBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.optional("/reason", body.reason.as_deref(), MAX_NOTE);
    checker.finish()?;
    let new_return_at = body.new_return_at.map(|at| call.state.ambient.local(at));
    call.post(&bytes, move |tx, act| {
        let record = draft(tx, act, &code, body.kind, reason.clone(), new_return_at)?;
        let (version, location) = (record.version, format!("/v1/apology-letters/{}", record.letter.id));
        Reply::created(&view(act.ambient, record), version, location)
    })
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LetterPatch {
    /// The reason given to the applicant.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    reason: Option<Option<String>>,
    /// The new date of return: later than the deadline and than now, in office hours.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, format = DateTime)]
    new_return_at: Option<Option<DateTime<FixedOffset>>>,
}

/// Sets reason and new date while the letter is a draft or sent back (JSON Merge Patch).
#[utoipa::path(tag = "letters", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = LetterPatch, responses(
    (status = 200, description = "Changed", body = LetterView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "Not a draft any more", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/apology-letters/{id}")]
async fn patch_letter(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<LetterPatch>().await?;
    let mut checker = Checker::default();
    let reason = checker.patched("/reason", body.reason.as_ref(), MAX_NOTE);
    checker.finish()?;
    let (id, ambient) = (call.path("id").to_owned(), call.state.ambient.clone());
    let new_return_at = body.new_return_at.map(|at| at.map(|at| ambient.local(at)));
    let record = call
        .write(move |tx, act| handle(tx, act, &id, expected, Verb::Edit { reason: reason.clone(), new_return_at }))
        .await?;
    let version = record.version;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(view(&ambient, record)))
}

async fn act_on<P: Permission>(call: &Call<P>, bytes: &[u8], verb: Verb) -> Result<HttpResponse, Problem> {
    let expected = call.if_match()?;
    let id = call.path("id").to_owned();
    call.post(bytes, move |tx, act| {
        let record = handle(tx, act, &id, expected, verb.clone())?;
        let version = record.version;
        Reply::ok(&view(act.ambient, record), version)
    })
    .await
}

/// Lays the letter before the signer; reason and, while the result is due, new date must be there.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), responses(
    (status = 200, description = "Submitted", body = LetterView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "Not a draft", body = ProblemBody), (status = 422, description = "Reason or date is missing", body = ProblemBody)))]
#[post("/v1/apology-letters/{id}/submit")]
async fn submit_letter(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    act_on(&call, &bytes, Verb::Submit).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueBody {
    /// Number (số).
    #[schema(example = 12)]
    number: u32,
    /// Notation (ký hiệu).
    #[schema(example = "PXL-SLĐTBXH")]
    notation: String,
    /// Date of the letter.
    promulgated_on: NaiveDate,
    /// Who signs.
    signer: SignerBody,
}

/// Signs, numbers and dates the letter; it re-appoints the dossier, at most once.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), request_body = IssueBody, responses(
    (status = 200, description = "Issued", body = LetterView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Not submitted, or re-appointed already", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/apology-letters/{id}/issue")]
async fn issue_letter(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<IssueBody>().await?;
    let mut checker = Checker::default();
    if body.number == 0 {
        checker.fail("/number", "out_of_range");
    }
    let promulgation = Promulgation {
        number: body.number,
        notation: checker.text("/notation", &body.notation, 100),
        on: body.promulgated_on,
        signer: Signer {
            name: checker.text("/signer/name", &body.signer.name, MAX_NAME),
            position: checker.text("/signer/position", &body.signer.position, MAX_NAME),
        },
    };
    checker.finish()?;
    act_on(&call, &bytes, Verb::Issue(promulgation)).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliverBody {
    /// By which way.
    channel: LetterChannel,
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
}

/// Records that the applicant has the letter.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), request_body = DeliverBody, responses(
    (status = 200, description = "Delivered", body = LetterView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "Not issued", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/apology-letters/{id}/deliver")]
async fn deliver_letter(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<DeliverBody>().await?;
    let at = body.at.map(|at| call.state.ambient.local(at));
    act_on(&call, &bytes, Verb::Deliver { channel: body.channel, at }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectBody {
    /// Why it goes back.
    reason: String,
}

/// Sends the letter back for change.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), request_body = RejectBody, responses(
    (status = 200, description = "Sent back", body = LetterView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "Not submitted", body = ProblemBody), (status = 422, description = "No reason", body = ProblemBody)))]
#[post("/v1/apology-letters/{id}/reject")]
async fn reject_letter(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<RejectBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.text("/reason", &body.reason, MAX_NOTE);
    checker.finish()?;
    act_on(&call, &bytes, Verb::Reject { reason }).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelBody {
    /// Why it is dropped.
    reason: Option<String>,
}

/// Drops a letter that did not go out; that of a dossier that is late stays.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), request_body = CancelBody, responses(
    (status = 200, description = "Dropped", body = LetterView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "Owed, or out already", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/apology-letters/{id}/cancel")]
async fn cancel_letter(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<CancelBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.optional("/reason", body.reason.as_deref(), MAX_NOTE);
    checker.finish()?;
    act_on(&call, &bytes, Verb::Cancel { reason }).await
}
