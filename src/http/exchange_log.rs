//! What went to the e-office with a letter and what came back: the log, and the signed paper.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, See};
use super::disposition;
use super::dossier_view::stamp;
use super::dossiers::visible;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::exchange::{Effect, EntryKind, Hold, HoldState, Told, meaning};
use crate::domain::vocabulary::LetterStatus;
use crate::flow::{Actor, Fault};
use crate::storage::exchange::{self, Entry};
use crate::storage::letters::{self, LetterRecord};
use crate::storage::{Reader, signed_papers};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_exchange).service(get_signed);
}

/// An entry of the exchange.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct EntryView {
    /// The letter.
    document: String,
    /// Its place among the entries of the letter, from 1.
    seq: i64,
    /// When it was recorded.
    at: String,
    /// Who fetched or sent it.
    by: String,
    /// out or in.
    direction: &'static str,
    /// How it went.
    kind: EntryKind,
    /// Result, business of the packet or code of the status.
    code: String,
    /// What a known code of a status means.
    meaning: Option<&'static str>,
    /// What it did.
    effect: Effect,
    /// What was told: document_id, number, notation, promulgated_on, signed_on, signer, position, text, stamped, attachment, sha256.
    #[schema(value_type = Object)]
    told: Told,
}

pub(in crate::http) fn entry_view(ambient: &Ambient, entry: Entry) -> EntryView {
    let is_status = entry.kind == EntryKind::Status;
    EntryView {
        seq: entry.seq,
        at: stamp(ambient, entry.at),
        by: entry.actor,
        direction: if entry.kind == EntryKind::Packet { "out" } else { "in" },
        kind: entry.kind,
        meaning: is_status.then(|| meaning(&entry.code)).flatten(),
        code: entry.code,
        effect: entry.effect,
        told: entry.told,
        document: entry.letter,
    }
}

/// What the e-office has of a letter.
#[derive(Serialize, ToSchema)]
struct HoldView {
    /// held, recall_refused or over.
    #[schema(value_type = String)]
    state: HoldState,
    /// Whether the letter is called back and that is not answered yet.
    recall_owed: bool,
    /// The identifier its packets bear.
    document_id: String,
    /// How often it went there.
    round: i32,
    /// When it was last fetched.
    fetched_at: String,
}

fn hold_view(ambient: &Ambient, hold: &Hold, status: LetterStatus) -> HoldView {
    HoldView {
        state: hold.state,
        recall_owed: hold.state == HoldState::Held && status != LetterStatus::Submitted,
        document_id: hold.document_id.to_string(),
        round: hold.round,
        fetched_at: stamp(ambient, hold.fetched_at),
    }
}

/// A page of the exchange.
#[derive(Serialize, ToSchema)]
struct ExchangeView {
    /// The entries, in order.
    items: Vec<EntryView>,
    /// The cursor of the next page.
    next_cursor: Option<String>,
    /// What the e-office has of the letter; null when it never fetched it.
    office: Option<HoldView>,
    /// SHA-256 of the signed paper that came, if one did.
    signed_sha256: Option<String>,
}

/// A letter of a dossier that the actor may see.
fn letter_of(reader: &mut Reader, actor: &Actor, id: &str) -> Result<LetterRecord, Fault> {
    let record = letters::find(reader, id)?.ok_or(Fault::NotFound("letter"))?;
    visible(reader, actor, &record.dossier)?;
    Ok(record)
}

/// What went to the e-office with a letter and what came back.
#[utoipa::path(tag = "letters", params(("id" = String, Path), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page of the log", body = ExchangeView), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/apology-letters/{id}/exchange")]
async fn get_exchange(call: Call<See>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let after = page.after_code().map(|seq| seq.parse().map_err(|_| Problem::at("bad_cursor", "?cursor")));
    let after: i64 = after.transpose()?.unwrap_or(0);
    let (id, fetch) = (call.path("id").to_owned(), page.fetch());
    let (status, hold, signed_sha256, mut entries) = call
        .read(move |reader, actor| {
            let record = letter_of(reader, actor, &id)?;
            let hold = exchange::hold_of(reader, &id)?;
            let signed = signed_papers::sha256_of(reader, &id)?;
            Ok((record.letter.status, hold, signed, exchange::entries(reader, &id, after, fetch)?))
        })
        .await?;
    let next_cursor = page.cut(&mut entries, |entry| vec![entry.seq.to_string()]);
    let ambient = &call.state.ambient;
    Ok(HttpResponse::Ok().json(ExchangeView {
        items: entries.into_iter().map(|entry| entry_view(ambient, entry)).collect(),
        next_cursor,
        office: hold.map(|hold| hold_view(ambient, &hold, status)),
        signed_sha256,
    }))
}

/// The signed paper of a letter, as it came from the e-office.
#[utoipa::path(tag = "letters", params(("id" = String, Path)), responses(
    (status = 200, description = "The paper; its media type by its content", content((Vec<u8> = "application/pdf"), (Vec<u8> = "application/octet-stream"))),
    (status = 304, description = "Not changed"), (status = 404, description = "Not there, not signed, or another agency's", body = ProblemBody)))]
#[get("/v1/apology-letters/{id}/signed")]
async fn get_signed(call: Call<See>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let paper = call
        .read(move |reader, actor| {
            letter_of(reader, actor, &id)?;
            signed_papers::find(reader, &id)?.ok_or(Fault::NotFound("signed paper"))
        })
        .await?;
    let tag = format!("\"{}\"", paper.sha256);
    if call.knows(&tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let mut answer = HttpResponse::Ok();
    disposition::to_save(&mut answer, &paper.name);
    Ok(answer.content_type(paper.content_type).insert_header((ETAG, tag)).body(paper.content))
}
