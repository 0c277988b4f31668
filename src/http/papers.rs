//! Papers of a dossier to print and to edit: receipt, supplement request, refusal, stop notice, control slip, letter of apology.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get};
use sha2::{Digest as _, Sha256};
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Permission, See, apart};
use super::dossiers::visible;
use super::problem::{Problem, ProblemBody};
use crate::documents::docx::docx;
use crate::documents::press::Press;
use crate::domain::dossier_code::DossierCode;
use crate::domain::forms::Printable;
use crate::flow::accounts::hex;
use crate::flow::{Fault, papers, reveal};
use crate::storage::dossier_row::Record;
use crate::storage::{Reader, letters};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_receipt_pdf)
        .service(get_supplement_pdf)
        .service(get_supplement_docx)
        .service(get_refusal_pdf)
        .service(get_refusal_docx)
        .service(get_stop_pdf)
        .service(get_stop_docx)
        .service(get_control_slip_pdf)
        .service(get_letter_pdf)
        .service(get_letter_docx);
}

/// In which kind of file a paper is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Kind {
    /// To print.
    Pdf,
    /// To edit.
    Docx,
}

impl Kind {
    /// Makes a paper of this kind; on a thread that may block.
    ///
    /// # Errors
    /// `internal` for a template that is wrong; the log says which and where.
    pub(in crate::http) fn make(self, press: &Press, paper: &impl Printable) -> Result<Vec<u8>, Problem> {
        let made = match self {
            Self::Pdf => press.pdf(paper),
            Self::Docx => docx(paper),
        };
        made.map_err(|cause| {
            tracing::error!(%cause, "a paper could not be made");
            Problem::new("internal")
        })
    }

    /// Its media type.
    pub(in crate::http) const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// The ending of its file.
    pub(in crate::http) const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }

    /// What is printed is looked at, what is edited is kept.
    const fn disposition(self) -> &'static str {
        match self {
            Self::Pdf => "inline",
            Self::Docx => "attachment",
        }
    }
}

/// Prints or writes a paper on a thread that may block, and answers the file, or 304 when the caller has it. The same
/// paper makes the same bytes, so that its tag is theirs.
///
/// # Errors
/// `internal` for a template that is wrong; the log says which and where.
pub(in crate::http) async fn hand_out<P: Printable + Send + 'static>(
    call: &Call<impl Permission>,
    paper: P,
    kind: Kind,
    name: &str,
) -> Result<HttpResponse, Problem> {
    let press = call.state.press.clone();
    let bytes = apart(move || Ok(kind.make(&press, &paper))).await??;
    let tag = format!("\"{}\"", hex(&Sha256::digest(&bytes)));
    if call.knows(&tag) {
        return Ok(HttpResponse::NotModified().insert_header(("ETag", tag)).finish());
    }
    let disposition = format!("{}; filename=\"{name}\"", kind.disposition());
    let mut answer = HttpResponse::Ok();
    answer.content_type(kind.media_type()).insert_header((CONTENT_DISPOSITION, disposition));
    Ok(answer.insert_header(("ETag", tag)).body(bytes))
}

/// A paper of the dossier in the path, which the caller must be able to look up.
async fn of_dossier<P: Printable + Send + 'static>(
    call: Call<See>,
    (kind, name): (Kind, &str),
    mut assemble: impl FnMut(&mut Reader, &Record) -> Result<P, Fault> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let file = format!("{name}_{code}.{}", kind.extension());
    let what = name.to_owned();
    let paper = call
        .prepare(move |tx, act| {
            let mut record = visible(tx, act.actor, &code)?;
            reveal::on_paper(tx, act, &mut record, &what, &mut assemble)
        })
        .await?;
    hand_out(&call, paper, kind, &file).await
}

/// The letter in the path, whose dossier the caller must be able to look up.
async fn letter(call: Call<See>, kind: Kind) -> Result<HttpResponse, Problem> {
    let (id, now) = (call.path("id").to_owned(), call.state.ambient.now());
    let paper = call
        .prepare(move |tx, act| {
            let letter = letters::find(tx, &id)?.ok_or(Fault::NotFound("letter"))?;
            let mut record = visible(tx, act.actor, &letter.dossier)?;
            let assemble =
                |reader: &mut Reader, record: &Record| papers::letter_of(reader, letter.clone(), record, now);
            reveal::on_paper(tx, act, &mut record, "phieu-xin-loi", assemble)
        })
        .await?;
    let name = format!("phieu-xin-loi_{}.{}", paper.dossier, kind.extension());
    hand_out(&call, paper, kind, &name).await
}

/// The receipt and appointment slip, with the QR code of the dossier.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The slip", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or never accepted", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/receipt.pdf")]
async fn get_receipt_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    let (key, address) = (call.state.lookup.clone(), call.state.public_url.clone());
    let assemble = move |reader: &mut Reader, record: &Record| {
        papers::receipt(reader, record, key.secret(&record.code), address.clone())
    };
    of_dossier(call, (Kind::Pdf, "giay-tiep-nhan"), assemble).await
}

/// The last request to supplement.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or no supplement was asked for", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/supplement.pdf")]
async fn get_supplement_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Pdf, "phieu-bo-sung"), papers::supplement).await
}

/// The last request to supplement, to edit.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or no supplement was asked for", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/supplement.docx")]
async fn get_supplement_docx(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Docx, "phieu-bo-sung"), papers::supplement).await
}

/// The refusal, at intake or as the result.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or nothing was refused", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/refusal.pdf")]
async fn get_refusal_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Pdf, "phieu-tu-choi"), papers::refusal).await
}

/// The refusal, at intake or as the result, to edit.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or nothing was refused", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/refusal.docx")]
async fn get_refusal_docx(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Docx, "phieu-tu-choi"), papers::refusal).await
}

/// The notice that resolving stopped; it has a form since 15 September 2025.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or it was not stopped", body = ProblemBody), (status = 409, description = "Stopped before there was a form for it, or the dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/stop.pdf")]
async fn get_stop_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Pdf, "thong-bao-dung"), papers::stop).await
}

/// The notice that resolving stopped, to edit.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The paper", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or it was not stopped", body = ProblemBody), (status = 409, description = "Stopped before there was a form for it, or the dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/stop.docx")]
async fn get_stop_docx(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Docx, "thong-bao-dung"), papers::stop).await
}

/// The control slip: every hand-over of the dossier, from its journal.
#[utoipa::path(tag = "papers", params(("code" = String, Path)), responses(
    (status = 200, description = "The slip", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, another agency's, or never accepted", body = ProblemBody), (status = 409, description = "The dossier is void", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/control-slip.pdf")]
async fn get_control_slip_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    of_dossier(call, (Kind::Pdf, "phieu-kiem-soat"), papers::control_slip).await
}

/// A letter of apology in the form of its date; one that is not out says that it is a draft.
#[utoipa::path(tag = "papers", params(("id" = String, Path)), responses(
    (status = 200, description = "The letter", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/apology-letters/{id}/letter.pdf")]
async fn get_letter_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    letter(call, Kind::Pdf).await
}

/// A letter of apology, to edit.
#[utoipa::path(tag = "papers", params(("id" = String, Path)), responses(
    (status = 200, description = "The letter", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/apology-letters/{id}/letter.docx")]
async fn get_letter_docx(call: Call<See>) -> Result<HttpResponse, Problem> {
    letter(call, Kind::Docx).await
}
