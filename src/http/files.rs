//! Files of a dossier: put on, list, look up, download, take off.
//!
//! The body of an upload is the file itself, not a form: any client can stream it, and it is hashed as it comes. Its name
//! comes in `Content-Disposition`, as it leaves in a download, and not in the address: names of files hold names of
//! people, and addresses are kept in logs along the way (domain.md 9).

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, IF_RANGE, RANGE, Range};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::call::{Call, Draft, Handle, Permission, See, blocking, knows};
use super::corrections::ReasonBody;
use super::disposition;
use super::dossier_view::stamp;
use super::dossiers::visible;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{FileKind, Scan};
use crate::files::drain;
use crate::files::spool::Spooled;
use crate::flow::files::{NewFile, add, admit, claim, note_read, release, removal_claim, remove};
use crate::flow::{Actor, Fault};
use crate::storage::Reader;
use crate::storage::files::{self, Claim, FileRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(add_file).service(list_files).service(get_file).service(get_file_content).service(remove_file);
}

/// A file never changes.
const VERSION: i64 = 1;

/// A file of a dossier.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019ab7c5d3f07a0e8f3c1d2e4b5a6978", "name": "Đơn đề nghị.pdf", "kind": "component", "component": "TP01",
    "content_type": "application/pdf", "size": 120_345,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_by": "clerk", "uploaded_at": "2026-03-02T09:00:00+07:00", "scan": "clean"
}))]
pub(in crate::http) struct FileView {
    /// Opaque identifier.
    id: String,
    /// Its name, with an ending that fits its content.
    name: String,
    /// What it is.
    kind: FileKind,
    /// The part of the dossier that it is a scan of.
    component: Option<String>,
    /// Media type, by content.
    content_type: String,
    /// In bytes.
    size: u64,
    /// SHA-256 of its content.
    sha256: String,
    /// Who put it here.
    uploaded_by: String,
    /// When.
    uploaded_at: String,
    /// What the virus scanner said.
    scan: Scan,
}

/// A file as it is shown.
pub(in crate::http) fn view(ambient: &Ambient, file: FileRecord) -> FileView {
    FileView {
        id: file.id,
        name: file.name,
        kind: file.kind,
        component: file.component,
        content_type: file.content_type,
        size: file.size,
        sha256: file.sha256,
        uploaded_by: file.uploaded_by,
        uploaded_at: stamp(ambient, file.uploaded_at),
        scan: file.scan,
    }
}

/// What an upload says of its file before the bytes come.
struct Label {
    code: DossierCode,
    kind: FileKind,
    component: Option<String>,
    name: String,
}

async fn label(call: &Call<Handle>) -> Result<Label, Problem> {
    let code: DossierCode = call.code("code")?;
    let (wanted, today) = (code.clone(), call.state.ambient.today());
    call.read(move |reader, actor| admit(reader, actor, &wanted, today)).await?;
    let query = Query::of(&call.req, &["kind", "component"])?;
    query.required("kind")?;
    let kind = query.word("kind")?.ok_or_else(|| Problem::at("missing_parameter", "?kind"))?;
    let mut checker = Checker::default();
    let component = checker.optional("?component", query.text("component"), MAX_NAME);
    checker.finish()?;
    let name = disposition::name_of(call.req.headers().get(CONTENT_DISPOSITION))?;
    if actix_web::HttpMessage::content_type(&call.req).starts_with("multipart/") {
        return Err(Problem::new("unsupported_media_type").hint("the body is the file itself, not a form"));
    }
    Ok(Label { code, kind, component, name })
}

/// Puts a file on a dossier. The body is the file itself; its type is told by its content, whatever `Content-Type` says.
#[utoipa::path(tag = "files", params(("code" = String, Path),
    ("kind" = FileKind, Query), ("component" = Option<String>, Query, description = "The part of the dossier that it is a scan of"),
    ("Content-Disposition" = String, Header, description = "The file's name: `attachment; filename*=UTF-8''…` (RFC 8187) or `attachment; filename=\"…\"`"),
    ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "PDF, JPEG, PNG, TIFF, DOCX, XLSX, ODT, XML or CMS (p7s)"), responses(
    (status = 201, description = "On the dossier", body = FileView), (status = 400, description = "A parameter or the name is missing or cannot be read", body = ProblemBody),
    (status = 403, description = "Not at this agency", body = ProblemBody), (status = 404, description = "Not there, or another agency's", body = ProblemBody),
    (status = 409, description = "The dossier is void", body = ProblemBody), (status = 413, description = "Too large", body = ProblemBody),
    (status = 415, description = "Not of an accepted type, by its content", body = ProblemBody),
    (status = 422, description = "Empty, infected, or its name refused", body = ProblemBody),
    (status = 503, description = "Store or scanner give no answer", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/files")]
async fn add_file(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let mut body = call.stream()?;
    let label = match label(&call).await {
        Ok(label) => label,
        Err(problem) => {
            drain(&mut body).await;
            return Err(problem);
        }
    };
    let taken = &call.state.files;
    let spooled = taken.receive(&mut body).await?;
    let (spooled, found) = taken.examine(spooled).await?;
    let scan = taken.scan(&spooled).await?;
    let name = found.fitted(&label.name);
    if name.chars().count() > MAX_NAME {
        return Err(Problem::at("too_long", "Content-Disposition"));
    }
    let new = NewFile {
        kind: label.kind,
        name,
        component: label.component,
        content_type: found.media_type().to_owned(),
        size: spooled.size,
        sha256: spooled.sha256.clone(),
        scan,
    };
    let sha256 = spooled.sha256.clone();
    let claim = call.prepare(move |tx, act| claim(tx, act, &sha256)).await?;
    let added = keep(&call, label.code, new, spooled).await;
    drop_claim(&call, claim).await;
    added
}

/// Brings the content into the store and the file on the dossier.
async fn keep(call: &Call<Handle>, code: DossierCode, new: NewFile, spooled: Spooled) -> Result<HttpResponse, Problem> {
    call.state.files.store.keep(spooled).await?;
    // The same request is one with the same file under the same name, however it was cut into pieces on its way.
    let request = json!([new.kind, new.component, new.name, new.sha256]).to_string();
    call.post(request.as_bytes(), move |tx, act| {
        let file = add(tx, act, &code, &new)?;
        let location = format!("/v1/dossiers/{code}/files/{}", file.id);
        Reply::created(&view(act.ambient, file), VERSION, location)
    })
    .await
}

/// Drops a claim on a content; where that fails, the housekeeping does it a day later.
async fn drop_claim<P: Permission>(call: &Call<P>, claim: Claim) {
    let state = call.state.clone();
    let dropped = blocking(move || {
        let erase =
            |sha256: &str| state.files.store.erase(sha256).map_err(|cause| Fault::unavailable("file store", cause));
        release(&state.db, &claim, erase)
    });
    if let Err(problem) = dropped.await {
        tracing::warn!(code = problem.code(), "a claim on a content is left to the housekeeping");
    }
}

/// Files of a dossier, in the order of their coming.
#[utoipa::path(tag = "files", params(("code" = String, Path), ("kind" = Option<FileKind>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<FileView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/files")]
async fn list_files(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let query = Query::of(&call.req, &["kind", "limit", "cursor"])?;
    let (page, kind) = (query.page(1)?, query.word("kind")?);
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| {
            visible(reader, actor, &code)?;
            Ok(files::page(reader, &code, kind, wish.after_code().unwrap_or_default(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |file| vec![file.id.clone()]);
    let items: Vec<FileView> = found.into_iter().map(|file| view(&call.state.ambient, file)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// A file that the actor may look up.
fn readable(reader: &mut Reader, actor: &Actor, code: &DossierCode, id: &str) -> Result<FileRecord, Fault> {
    visible(reader, actor, code)?;
    files::find(reader, code, id)?.ok_or(Fault::NotFound("file"))
}

async fn asked(call: &Call<See>) -> Result<FileRecord, Problem> {
    let (code, id): (DossierCode, _) = (call.code("code")?, call.path("id").to_owned());
    call.read(move |reader, actor| readable(reader, actor, &code, &id)).await
}

/// What is known of one file.
#[utoipa::path(tag = "files", params(("code" = String, Path), ("id" = String, Path)), responses(
    (status = 200, description = "The file", body = FileView), (status = 304, description = "Known already: it never changes"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/files/{id}")]
async fn get_file(call: Call<See>) -> Result<HttpResponse, Problem> {
    let file = asked(&call).await?;
    Ok(call.show(&view(&call.state.ambient, file), VERSION))
}

/// The first and the last byte that are wanted; `None`: all of them. Several ranges, other units and what cannot be read
/// are passed over, as RFC 9110 (14.2) allows.
fn wanted_range(req: &HttpRequest, tag: &str, size: u64) -> Result<Option<(u64, u64)>, Problem> {
    let header = |name| req.headers().get(name).and_then(|value| value.to_str().ok());
    if header(IF_RANGE).is_some_and(|condition| condition.trim() != tag) {
        return Ok(None);
    }
    let Some(Ok(Range::Bytes(ranges))) = header(RANGE).map(str::parse) else { return Ok(None) };
    let [range] = ranges.as_slice() else { return Ok(None) };
    let unsatisfiable = || Problem::new("range_not_satisfiable").with_header(CONTENT_RANGE, format!("bytes */{size}"));
    range.to_satisfiable_range(size).map(Some).ok_or_else(unsatisfiable)
}

/// The content of a file, to be saved. Who is given it is noted.
#[utoipa::path(tag = "files", params(("code" = String, Path), ("id" = String, Path), ("Range" = Option<String>, Header, description = "One range of bytes")), responses(
    (status = 200, description = "The content", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"), (status = 304, description = "Known already"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody), (status = 416, description = "No such range", body = ProblemBody),
    (status = 503, description = "The store gives no answer", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/files/{id}/content")]
async fn get_file_content(call: Call<See>) -> Result<HttpResponse, Problem> {
    let file = asked(&call).await?;
    let noted = file.clone();
    let note = call.write(move |tx, act| note_read(tx, act.ambient, (&act.actor.id, &act.actor.name), &noted));
    content(&call.state, &call.req, file, note).await
}

/// Answers with the content of a file, or a range of it, once `note` has written down who is given it.
///
/// # Errors
/// `range_not_satisfiable`, `unavailable`, and those of `note`.
pub(in crate::http) async fn content(
    state: &AppState,
    req: &HttpRequest,
    file: FileRecord,
    note: impl Future<Output = Result<(), Problem>>,
) -> Result<HttpResponse, Problem> {
    let tag = format!("\"{}\"", file.sha256);
    if knows(req.headers(), &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let range = wanted_range(req, &tag, file.size)?;
    let content = state.files.store.read(&file.sha256, range.map(|(first, last)| first..last + 1)).await?;
    note.await?;
    let mut answer = HttpResponse::build(if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK });
    if let Some((first, last)) = range {
        answer.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{}", file.size)));
    }
    let length = range.map_or(file.size, |(first, last)| last - first + 1);
    disposition::to_save(&mut answer, &file.name);
    Ok(answer
        .content_type(file.content_type)
        .insert_header((ETAG, tag))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .body(SizedStream::new(length, content.into_stream())))
}

/// Takes a file off a dossier: leaders at any time, officers until it is handed over or closed. The timeline keeps what it was and why.
#[utoipa::path(tag = "files", params(("code" = String, Path), ("id" = String, Path)), request_body = ReasonBody, responses(
    (status = 200, description = "Taken off; the file as it was", body = FileView), (status = 403, description = "Not this role's", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody), (status = 412, description = "Not this file", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/files/{id}/remove")]
async fn remove_file(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (code, id): (DossierCode, _) = (call.code("code")?, call.path("id").to_owned());
    if call.if_match()?.is_some_and(|version| version != VERSION) {
        return Err(Problem::new("changed"));
    }
    let (body, bytes) = call.body::<ReasonBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.text("/reason", &body.reason, MAX_NOTE);
    checker.finish()?;
    let (of, removed) = (code.clone(), id.clone());
    let known = call.read(move |reader, _| Ok(files::find(reader, &of, &removed)?)).await?;
    let answer = call
        .post(&bytes, move |tx, act| {
            let file = remove(tx, act, &code, &id, &reason)?;
            Reply::ok(&view(act.ambient, file), VERSION)
        })
        .await?;
    if let Some(file) = known {
        drop_claim(&call, removal_claim(&file)).await;
    }
    Ok(answer)
}
