//! The registers of a period as workbooks: of dossiers (sổ theo dõi hồ sơ) and of letters of apology.

use actix_web::{HttpResponse, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::audit;
use super::call::{Call, See};
use super::input::Query;
use super::papers::{Kind, hand_out};
use super::problem::{Problem, ProblemBody};
use super::reports::{Asked, unwritten, workbook};
use crate::documents::letter_register::LetterRegister;
use crate::documents::register::Register;
use crate::domain::vocabulary::{LetterKind, LetterStatus};
use crate::flow::papers;
use crate::flow::register::{Limits, entries, letter_entries};
use crate::flow::report::name_of;
use crate::storage::letters::LetterFilter;
use crate::storage::listing::{Filter, Order};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_register).service(get_register_xlsx).service(get_register_pdf).service(get_letter_register);
}

/// How long a register may be: what its kind takes, and no more than an export may give out here.
fn limits(call: &Call<See>, kind: Limits) -> Limits {
    Limits { most: kind.most.min(call.state.edges.export_rows), ..kind }
}

/// The dossiers that a register asked for holds.
fn wanted(call: &Call<See>, query: &Query, asked: &Asked) -> Result<Filter, Problem> {
    Ok(Filter {
        agency: query.parsed("agency")?,
        received: (Some(asked.window.from), Some(asked.window.until)),
        ..Filter::of(call.actor.sees(), call.state.ambient.now(), Order::Received { descending: false })
    })
}

async fn register(call: &Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period"])?;
    let asked = Asked::of(call, &query)?;
    let filter = wanted(call, &query, &asked)?;
    let (wish, limits) = (asked.clone(), limits(call, Limits::SHEET));
    let (bytes, count) = call
        .read(move |reader, actor| {
            require_scope(reader, actor, wish.agency.as_ref())?;
            let agency = name_of(reader, wish.agency.as_ref())?;
            let mut register = Register::open(&agency, wish.period, wish.imprint.made_at).map_err(unwritten)?;
            let count = entries(reader, &filter, limits, |entry| register.write(entry).map_err(unwritten))?;
            Ok((register.finish().map_err(unwritten)?, count))
        })
        .await?;
    audit::gives_rows(&call.req, count);
    Ok(workbook(bytes, &asked.file_name("so-theo-doi", "xlsx")))
}

/// The register of a period, as a workbook: dossiers received in it that the caller may see, as they stand now, by filing; at most 100,000.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "Resolved by this agency or one below it; all the caller may see when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused, or too many dossiers for a sheet", body = ProblemBody)))]
#[get("/v1/reports/register")]
async fn get_register(call: Call<See>) -> Result<HttpResponse, Problem> {
    register(&call).await
}

/// The register of a period under the name of its format.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "Resolved by this agency or one below it; all the caller may see when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused, or too many dossiers for a sheet", body = ProblemBody)))]
#[get("/v1/reports/register.xlsx")]
async fn get_register_xlsx(call: Call<See>) -> Result<HttpResponse, Problem> {
    register(&call).await
}

/// The register of letters of apology opened in a period, as a workbook, as they stand now; at most 100,000.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "Of dossiers resolved by this agency or one below it; all the caller may see when left out"),
    ("status" = Option<LetterStatus>, Query), ("kind" = Option<LetterKind>, Query),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused, or too many letters for a sheet", body = ProblemBody)))]
#[get("/v1/reports/letters.xlsx")]
async fn get_letter_register(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "status", "kind", "from", "to", "period"])?;
    let asked = Asked::of(&call, &query)?;
    let filter = LetterFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        status: query.word("status")?,
        kind: query.word("kind")?,
        from: Some(asked.window.from),
        until: Some(asked.window.until),
    };
    let (wish, limits) = (asked.clone(), limits(&call, Limits::SHEET));
    let (bytes, count) = call
        .read(move |reader, actor| {
            require_scope(reader, actor, wish.agency.as_ref())?;
            let agency = name_of(reader, wish.agency.as_ref())?;
            let mut register = LetterRegister::open(&agency, wish.period, wish.imprint.made_at).map_err(unwritten)?;
            let count = letter_entries(reader, &filter, limits, |entry| register.write(entry).map_err(unwritten))?;
            Ok((register.finish().map_err(unwritten)?, count))
        })
        .await?;
    audit::gives_rows(&call.req, count);
    Ok(workbook(bytes, &asked.file_name("van-ban-xin-loi", "xlsx")))
}

/// The register of a period to print, on A4 landscape; at most 1,000 dossiers.
#[utoipa::path(tag = "papers", params(("agency" = Option<String>, Query, description = "Resolved by this agency or one below it; all the caller may see when left out"),
    ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The register", body = Vec<u8>, content_type = "application/pdf"), (status = 304, description = "Not changed"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused, or too many dossiers to print", body = ProblemBody)))]
#[get("/v1/reports/register.pdf")]
async fn get_register_pdf(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period"])?;
    let asked = Asked::of(&call, &query)?;
    let filter = wanted(&call, &query, &asked)?;
    let (wish, now, limits) = (asked.clone(), call.state.ambient.now(), limits(&call, Limits::PAPER));
    let paper = call
        .read(move |reader, actor| {
            require_scope(reader, actor, wish.agency.as_ref())?;
            papers::register(reader, wish.agency.as_ref(), (&filter, limits), wish.period, now)
        })
        .await?;
    audit::gives_rows(&call.req, paper.entries.len());
    hand_out(&call, paper, Kind::Pdf, &asked.file_name("so-theo-doi", "pdf")).await
}
