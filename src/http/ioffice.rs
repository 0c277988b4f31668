//! The e-office (iOffice): letters waiting for it, their packets, and what it answers.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Exchange, blocking};
use super::dossier_view::stamp;
use super::exchange_log::{EntryView, entry_view};
use super::idempotency::Reply as Answer;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query, gather, parse};
use super::letters::SignerBody;
use super::papers::Kind;
use super::problem::{FieldError, Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::documents::press::Press;
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::exchange::{Business, EntryKind, OfficeResult, Saying, Told, Waiting};
use crate::domain::forms::apology::LetterPaper;
use crate::domain::vocabulary::LetterKind;
use crate::flow::accounts::hex;
use crate::flow::actor::Authority;
use crate::flow::exchange::{About, Fetcher, Reply, fetch, hear};
use crate::flow::{Actor, papers, reveal};
use crate::integrations::edxml::packet::Attachment;
use crate::integrations::edxml::{self, EdxmlRefusal, MAX_PACKET, Packet, letter};
use crate::storage::exchange::{self, WaitingLetter};
use crate::storage::signed_papers::SignedPaper;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_documents).service(get_packet).service(post_result).service(post_packet);
}

impl From<EdxmlRefusal> for Problem {
    fn from(refusal: EdxmlRefusal) -> Self {
        let problem = match refusal.path() {
            Some(path) => Self::at(refusal.code(), path),
            None => Self::new(refusal.code()),
        };
        problem.hint(refusal)
    }
}

/// A letter that the e-office is asked to sign or to give back.
#[derive(Serialize, ToSchema)]
struct WaitingView {
    /// The letter.
    id: String,
    /// submitted or recalled.
    status: Waiting,
    /// Code of its dossier.
    dossier: String,
    /// The agency whose letter it is.
    agency: String,
    /// Why it apologises.
    kind: LetterKind,
    /// The reason given to the applicant.
    reason: Option<String>,
    /// The new date of return.
    new_return_at: Option<String>,
    /// When it was opened.
    created_at: String,
    /// The identifier its packets bear; null before the first is fetched.
    document_id: Option<String>,
    /// When the e-office last fetched it.
    fetched_at: Option<String>,
    /// Where its packet is.
    packet: String,
}

/// A page of letters.
#[derive(Serialize, ToSchema)]
struct WaitingPage {
    /// The letters, in the order they were opened.
    items: Vec<WaitingView>,
    /// The cursor of the next page.
    next_cursor: Option<String>,
}

fn waiting_view(ambient: &Ambient, status: Waiting, waiting: WaitingLetter) -> WaitingView {
    let WaitingLetter { record, agency, hold } = waiting;
    let letter = record.letter;
    WaitingView {
        packet: format!("/v1/ioffice/documents/{}/packet.edxml", letter.id),
        id: letter.id,
        status,
        dossier: record.dossier.to_string(),
        agency: agency.to_string(),
        kind: letter.kind,
        reason: letter.reason,
        new_return_at: letter.new_return_at.map(|at| stamp(ambient, at)),
        created_at: stamp(ambient, record.created_at),
        document_id: hold.as_ref().map(|hold| hold.document_id.to_string()),
        fetched_at: hold.map(|hold| stamp(ambient, hold.fetched_at)),
    }
}

/// Letters of the caller's agency and those below it that wait for signature, or that are called back.
#[utoipa::path(tag = "ioffice", params(("status" = Option<Waiting>, Query, description = "submitted when left out"), ("limit" = Option<i64>, Query),
    ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = WaitingPage), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "Not an e-office", body = ProblemBody), (status = 422, description = "No such status", body = ProblemBody)))]
#[get("/v1/ioffice/documents")]
async fn list_documents(call: Call<Exchange>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["status", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let status = query.word("status")?.unwrap_or(Waiting::Submitted);
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| {
            let after = wish.after_instant().ok().flatten();
            Ok(exchange::waiting(reader, status, &actor.sees(), after, wish.fetch())?)
        })
        .await?;
    let key = |waiting: &WaitingLetter| PageWish::key(waiting.record.created_at, waiting.record.letter.id.as_str());
    let next_cursor = page.cut(&mut found, key);
    let ambient = &call.state.ambient;
    let items = found.into_iter().map(|waiting| waiting_view(ambient, status, waiting)).collect();
    Ok(HttpResponse::Ok().json(WaitingPage { items, next_cursor }))
}

/// The edXML packet of a letter: the document (type 0) or its new text (2) while it waits for signature, its recall (1)
/// when it is called back. An e-office that fetches it has the letter from then on.
#[utoipa::path(tag = "ioffice", params(("id" = String, Path)), responses(
    (status = 200, description = "The packet", content_type = "application/xml", body = String), (status = 403, description = "Not an e-office", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody), (status = 409, description = "It neither waits nor is called back", body = ProblemBody)))]
#[get("/v1/ioffice/documents/{id}/packet.edxml")]
async fn get_packet(call: Call<Exchange>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let (outgoing, paper) = call
        .write(move |tx, act| {
            let outgoing = fetch(tx, act, &id, fetcher(act.actor))?;
            // What is called back is no longer to be signed.
            let is_sent = outgoing.business != Business::Recall;
            let paper = if is_sent { Some(papers::letter(tx, &id, act.now)?) } else { None };
            if let Some(paper) = &paper {
                reveal::in_packet(tx, act, paper)?;
            }
            Ok((outgoing, paper))
        })
        .await?;
    let press = call.state.press.clone();
    let written = blocking(move || {
        let files = paper.map_or(Ok(Vec::new()), |paper| attachments(&press, &paper));
        Ok(files.map(|files| edxml::write(&letter::packet(&outgoing, files))))
    });
    let xml = written.await??.map_err(|cause| {
        tracing::error!(%cause, "packet not written");
        Problem::new("internal")
    })?;
    Ok(HttpResponse::Ok().content_type("application/xml; charset=utf-8").body(xml))
}

/// The letter as it would be printed, and as the e-office may still edit it.
fn attachments(press: &Press, paper: &LetterPaper) -> Result<Vec<Attachment>, Problem> {
    let file = |(number, kind): (usize, Kind)| {
        Ok(Attachment {
            content_id: format!("cid:{number}"),
            name: format!("phieu-xin-loi_{}.{}", paper.dossier, kind.extension()),
            description: None,
            content_type: Some(kind.media_type().to_owned()),
            content: kind.make(press, paper)?,
        })
    };
    [(1, Kind::Pdf), (2, Kind::Docx)].into_iter().map(file).collect()
}

/// Only what a machine fetches is at the e-office; people look.
fn fetcher(actor: &Actor) -> Fetcher {
    match actor.authority {
        Authority::Scopes(_) => Fetcher::Office,
        Authority::Role(_) => Fetcher::Onlooker,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultBody {
    /// issued: signed, numbered and issued; signed: not issued yet; returned: not approved; trace: for the record.
    result: OfficeResult,
    /// Number (số); with issued.
    #[schema(example = 12)]
    number: Option<u32>,
    /// Notation (ký hiệu); with issued.
    #[schema(example = "PXL-SLĐTBXH")]
    notation: Option<String>,
    /// Date of the letter; with issued.
    promulgated_on: Option<NaiveDate>,
    /// Date of the signature; with signed.
    signed_on: Option<NaiveDate>,
    /// Who signed; with issued and signed.
    signer: Option<SignerBody>,
    /// Why; with returned.
    reason: Option<String>,
    /// The signed paper.
    attachment: Option<AttachmentBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttachmentBody {
    /// Its name.
    #[schema(example = "12_PXL-SLDTBXH.pdf")]
    name: String,
    /// Its media type, as declared; what is kept goes by its content.
    #[schema(example = "application/pdf")]
    content_type: Option<String>,
    /// Its bytes, at most 20 MiB.
    base64: String,
}

/// Takes the result for a letter. The same result again answers the same; another one for a letter that is out is refused.
#[utoipa::path(tag = "ioffice", params(("id" = String, Path)), request_body = ResultBody, responses(
    (status = 200, description = "On file: what it did", body = EntryView), (status = 403, description = "Not an e-office", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody), (status = 409, description = "It contradicts where the letter stands", body = ProblemBody),
    (status = 413, description = "Too large", body = ProblemBody), (status = 422, description = "Members refused, or refused by a rule", body = ProblemBody)))]
#[post("/v1/ioffice/documents/{id}/result")]
async fn post_result(mut call: Call<Exchange>) -> Result<HttpResponse, Problem> {
    let about = About::Letter(call.path("id").to_owned());
    let body = whole_body(&mut call, |kind| matches!(kind, "" | "application/json")).await?;
    let today = call.state.ambient.today();
    let read = move || Ok(parse::<ResultBody>(&body).and_then(|result| Ok((digest(&body), reply(result, today)?))));
    let (digest, reply) = blocking(read).await??;
    answered(&call, &digest, about, reply).await
}

/// Takes an edXML packet: a document that answers a letter, or a status. The same packet again answers the same.
#[utoipa::path(tag = "ioffice", request_body(content = String, content_type = "application/xml"), responses(
    (status = 200, description = "On file: what it did", body = EntryView), (status = 400, description = "No well-formed XML in UTF-8", body = ProblemBody),
    (status = 403, description = "Not an e-office", body = ProblemBody), (status = 409, description = "It contradicts where the letter stands", body = ProblemBody),
    (status = 413, description = "Too large", body = ProblemBody), (status = 415, description = "Not XML", body = ProblemBody),
    (status = 422, description = "No packet, of an unknown document, or refused by a rule", body = ProblemBody)))]
#[post("/v1/ioffice/packets")]
async fn post_packet(mut call: Call<Exchange>) -> Result<HttpResponse, Problem> {
    let body = whole_body(&mut call, |kind| matches!(kind, "application/xml" | "text/xml")).await?;
    let charset = call.req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(charset_of);
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(EdxmlRefusal::Encoding.into());
    }
    let read = move || Ok(edxml::read(&body).and_then(|packet| Ok((digest(&body), packet_reply(packet)?))));
    let (digest, (about, reply)) = blocking(read).await??;
    answered(&call, &digest, about, reply).await
}

/// The whole body, when its media type is one of those taken.
async fn whole_body(call: &mut Call<Exchange>, takes: impl Fn(&str) -> bool) -> Result<Bytes, Problem> {
    let body = gather(call.stream()?, MAX_PACKET).await?.ok_or_else(|| Problem::new("packet_too_large"))?;
    if takes(call.req.content_type()) { Ok(body) } else { Err(Problem::new("unsupported_media_type")) }
}

fn charset_of(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value.trim().trim_matches('"'))
}

async fn answered(call: &Call<Exchange>, digest: &[u8], about: About, reply: Reply) -> Result<HttpResponse, Problem> {
    call.post(digest, move |tx, act| {
        let entry = hear(tx, act, &about, &reply)?;
        Answer::plain(&entry_view(act.ambient, entry))
    })
    .await
}

fn digest(body: &[u8]) -> Vec<u8> {
    Sha256::digest(body).to_vec()
}

/// Checks a result, everything that is wrong with it at once.
fn reply(body: ResultBody, today: NaiveDate) -> Result<Reply, Problem> {
    let mut checker = Checker::default();
    let signer = body.signer.map(|signer| Signer {
        name: checker.text("/signer/name", &signer.name, MAX_NAME),
        position: checker.text("/signer/position", &signer.position, MAX_NAME),
    });
    let notation = checker.optional("/notation", body.notation.as_deref(), 100);
    let reason = checker.optional("/reason", body.reason.as_deref(), MAX_NOTE);
    if body.number == Some(0) {
        checker.fail("/number", "out_of_range");
    }
    if body.signed_on.is_some_and(|on| on > today) {
        checker.fail("/signed_on", "in_the_future");
    }
    let wanted: &[(&str, bool)] = match body.result {
        OfficeResult::Issued => &[
            ("/number", body.number.is_some()),
            ("/notation", notation.is_some()),
            ("/promulgated_on", body.promulgated_on.is_some()),
            ("/signer", signer.is_some()),
        ],
        OfficeResult::Signed => &[("/signed_on", body.signed_on.is_some()), ("/signer", signer.is_some())],
        OfficeResult::Returned => &[("/reason", reason.is_some())],
        OfficeResult::Trace => &[],
    };
    wanted.iter().filter(|(_, there)| !there).for_each(|(pointer, _)| checker.fail(*pointer, "missing_member"));
    let paper = body.attachment.map(|file| {
        let name = checker.text("/attachment/name", &file.name, MAX_NAME);
        checker.optional("/attachment/content_type", file.content_type.as_deref(), MAX_NAME);
        edxml::decoded(&file.base64, &name).map(|content| paper(name, content))
    });
    checker.finish()?;
    let paper = paper.transpose().map_err(|refusal| match refusal {
        EdxmlRefusal::Base64 { .. } => Problem::fields(vec![FieldError {
            pointer: "/attachment/base64".to_owned(),
            code: refusal.code(),
            hint: None,
        }]),
        other => other.into(),
    })?;
    let mut told = Told {
        number: body.number,
        notation: notation.clone(),
        promulgated_on: body.promulgated_on,
        signed_on: body.signed_on,
        signer: signer.as_ref().map(|signer| signer.name.clone()),
        position: signer.as_ref().map(|signer| signer.position.clone()),
        text: reason.clone(),
        ..Told::default()
    };
    tell_paper(&mut told, paper.as_ref());
    let saying = match (body.result, body.number, notation, body.promulgated_on, signer) {
        (OfficeResult::Issued, Some(number), Some(notation), Some(on), Some(signer)) => {
            Saying::Issued(Promulgation { number, notation, on, signer })
        }
        (OfficeResult::Signed, ..) => Saying::Signed,
        (OfficeResult::Returned, ..) => Saying::Returned { reason: reason.unwrap_or_default() },
        (OfficeResult::Issued | OfficeResult::Trace, ..) => Saying::Trace,
    };
    Ok(Reply { saying, kind: EntryKind::Result, told, paper })
}

/// What a packet says, and of which documents.
fn packet_reply(packet: Packet) -> Result<(About, Reply), EdxmlRefusal> {
    match packet {
        Packet::Status(packet) => {
            let (documents, saying) = letter::status(&packet);
            let told = Told {
                document_id: documents.first().map(ToString::to_string),
                text: packet.description,
                stamped: Some(packet.at.format("%Y/%m/%d %H:%M:%S").to_string()),
                signer: packet.staff.and_then(|staff| staff.staff),
                ..Told::default()
            };
            Ok((About::Documents(documents), Reply { saying, kind: EntryKind::Status, told, paper: None }))
        }
        Packet::Document(packet) => {
            let (documents, saying) = letter::answer(&packet)?;
            let mut told = Told {
                document_id: Some(packet.document_id.to_string()),
                number: packet.code.as_ref().map(|code| code.number()),
                notation: packet.code.as_ref().map(|code| code.notation().to_owned()),
                promulgated_on: packet.promulgated.on,
                signer: packet.signer.full_name.clone(),
                position: packet.signer.position.clone().or(packet.signer.competence.clone()),
                text: Some(packet.subject.clone()),
                ..Told::default()
            };
            // The letter itself is the PDF; what else may come with it is not.
            let is_pdf = |content: &[u8]| infer::is(content, "pdf");
            let mut files = packet.attachments;
            let first = files.iter().position(|file| is_pdf(&file.content)).unwrap_or(0);
            let file = (first < files.len()).then(|| files.swap_remove(first));
            let paper = file.map(|file| paper(file.name, file.content));
            tell_paper(&mut told, paper.as_ref());
            Ok((About::Documents(documents), Reply { saying, kind: EntryKind::Document, told, paper }))
        }
    }
}

fn paper(name: String, content: Vec<u8>) -> SignedPaper {
    let content_type = infer::get(&content).map_or("application/octet-stream", |kind| kind.mime_type()).to_owned();
    let sha256 = hex(&Sha256::digest(&content));
    SignedPaper { name, content_type, content, sha256 }
}

fn tell_paper(told: &mut Told, paper: Option<&SignedPaper>) {
    told.attachment = paper.map(|paper| paper.name.clone());
    told.sha256 = paper.map(|paper| paper.sha256.clone());
}
