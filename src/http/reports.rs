//! Reports to print: forms II.06a and II.06b of any period, and the check of typed-in figures.

use actix_web::http::header::{CONTENT_DISPOSITION, ContentType};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, Permission};
use super::input::Query;
use super::problem::{FieldError, Problem, ProblemBody};
use super::statistics::{as_of, period, scope};
use crate::documents::sheet::{Imprint, SheetError};
use crate::documents::{form_06a, form_06b};
use crate::domain::statistics::{Period, TypedFigures, Window};
use crate::domain::vocabulary::AgencyCode;
use crate::flow::{Fault, report};
use crate::storage::StorageError;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_report_06a)
        .service(get_report_06a_xlsx)
        .service(get_report_06a_csv)
        .service(get_report_06b)
        .service(get_report_06b_xlsx)
        .service(check_figures);
}

/// The media type of workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How a report is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Xlsx,
}

impl Format {
    fn of(query: &Query) -> Result<Self, Problem> {
        match query.text("format").unwrap_or("json") {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(Problem::at("invalid_word", "?format")),
        }
    }
}

/// What a report is asked for.
#[derive(Debug, Clone)]
pub(in crate::http) struct Asked {
    /// With those below it; `None`: all.
    pub(in crate::http) agency: Option<AgencyCode>,
    /// The period.
    pub(in crate::http) period: Period,
    /// The period as seen now.
    pub(in crate::http) window: Window,
    /// What is printed beside the figures.
    pub(in crate::http) imprint: Imprint,
}

impl Asked {
    /// Reads `agency` and `period`, or `from` and `to`.
    ///
    /// # Errors
    /// Those of [`scope`] and [`period`].
    pub(in crate::http) fn of(call: &Call<impl Permission>, query: &Query) -> Result<Self, Problem> {
        let period = period(query)?;
        let (ambient, now) = (&call.state.ambient, call.state.ambient.now());
        let window = period.window(now);
        let imprint = Imprint { as_of: window.as_of(), made_at: ambient.zoned(now) };
        Ok(Self { agency: scope(call, query)?, period, window, imprint })
    }

    /// The name of a file that holds the report.
    pub(in crate::http) fn file_name(&self, what: &str, extension: &str) -> String {
        file_name(what, self.agency.as_ref(), self.period, extension)
    }
}

/// The name of a file that holds a report.
pub(in crate::http) fn file_name(what: &str, agency: Option<&AgencyCode>, period: Period, extension: &str) -> String {
    let agency = agency.map_or_else(String::new, |agency| format!("_{agency}"));
    format!("{what}{agency}_{}_{}.{extension}", period.from, period.to)
}

/// A sheet that could not be written.
pub(in crate::http) fn unwritten(cause: SheetError) -> Fault {
    StorageError::corrupt("sheet", cause).into()
}

/// A workbook to keep under this name.
pub(in crate::http) fn workbook(bytes: Vec<u8>, name: &str) -> HttpResponse {
    file(XLSX, name, bytes)
}

/// A file to keep under this name.
pub(in crate::http) fn file(kind: &str, name: &str, bytes: Vec<u8>) -> HttpResponse {
    let disposition = format!("attachment; filename=\"{name}\"");
    HttpResponse::Ok().content_type(kind).insert_header((CONTENT_DISPOSITION, disposition)).body(bytes)
}

async fn report_06a(call: &Call<Count>, query: &Query, format: Format) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(call, query)?;
    let as_of = as_of(call, &asked.window);
    let wish = asked.clone();
    let bytes = call
        .read(move |reader, actor| {
            require_scope(reader, actor, wish.agency.as_ref())?;
            let form = report::form_06a(reader, wish.agency.as_ref(), wish.period, &wish.window)?;
            match format {
                Format::Json => Ok(form_06a::json(&form, &as_of).to_string().into_bytes()),
                Format::Csv => Ok(form_06a::csv(&form).into_bytes()),
                Format::Xlsx => form_06a::xlsx(&form, wish.imprint).map_err(unwritten),
            }
        })
        .await?;
    Ok(match format {
        Format::Json => HttpResponse::Ok().insert_header(ContentType::json()).body(bytes),
        Format::Csv => file("text/csv; charset=utf-8", &asked.file_name("06a", "csv"), bytes),
        Format::Xlsx => workbook(bytes, &asked.file_name("06a", "xlsx")),
    })
}

/// Form II.06a of a period: free dates, or a preset from the 15th to the 14th.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05"), ("format" = Option<String>, Query, description = "json, csv or xlsx")), responses(
    (status = 200, description = "The form", content((Object = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06a")]
async fn get_report_06a(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period", "format"])?;
    let format = Format::of(&query)?;
    report_06a(&call, &query, format).await
}

/// Form II.06a as a workbook: one A4 landscape page, sums as live formulas.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06a.xlsx")]
async fn get_report_06a_xlsx(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period"])?;
    report_06a(&call, &query, Format::Xlsx).await
}

/// Form II.06a as CSV with a byte-order mark.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The table", body = String, content_type = "text/csv"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06a.csv")]
async fn get_report_06a_csv(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period"])?;
    report_06a(&call, &query, Format::Csv).await
}

async fn report_06b(call: &Call<Count>, query: &Query, format: Format) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(call, query)?;
    let as_of = as_of(call, &asked.window);
    let wish = asked.clone();
    let bytes = call
        .read(move |reader, actor| {
            require_scope(reader, actor, wish.agency.as_ref())?;
            let form = report::form_06b(reader, wish.agency.as_ref(), wish.period, &wish.window)?;
            match format {
                Format::Xlsx => form_06b::xlsx(&form, wish.imprint).map_err(unwritten),
                Format::Json | Format::Csv => Ok(form_06b::json(&form, &as_of).to_string().into_bytes()),
            }
        })
        .await?;
    Ok(match format {
        Format::Xlsx => workbook(bytes, &asked.file_name("06b", "xlsx")),
        Format::Json | Format::Csv => HttpResponse::Ok().insert_header(ContentType::json()).body(bytes),
    })
}

/// Form II.06b of a period: the figures of form II.06a summed up over the agency itself and each one directly below it.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05"), ("format" = Option<String>, Query, description = "json or xlsx")), responses(
    (status = 200, description = "The form", content((Object = "application/json"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06b")]
async fn get_report_06b(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period", "format"])?;
    match Format::of(&query)? {
        Format::Csv => Err(Problem::at("invalid_word", "?format")),
        format => report_06b(&call, &query, format).await,
    }
}

/// Form II.06b as a workbook.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05")), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06b.xlsx")]
async fn get_report_06b_xlsx(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period"])?;
    report_06b(&call, &query, Format::Xlsx).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"online": 158, "direct_postal": 1759, "carried_over": 1, "early_or_on_time": 1715,
    "late": 0, "within": 202, "overdue": 0}))]
struct FiguresBody {
    /// Column 4.
    online: u32,
    /// Column 5.
    direct_postal: u32,
    /// Column 6.
    carried_over: u32,
    /// Column 8.
    early: Option<u32>,
    /// Column 9.
    on_time: Option<u32>,
    /// Columns 8 and 9 in one.
    early_or_on_time: Option<u32>,
    /// Column 10.
    late: u32,
    /// Column 12.
    within: u32,
    /// Column 13.
    overdue: u32,
    /// Column 3.
    received_total: Option<u32>,
    /// Column 7.
    resolved_total: Option<u32>,
    /// Column 11.
    in_progress_total: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct FailedView {
    /// The identity in columns.
    identity: &'static str,
    /// Its left side.
    left: i64,
    /// Its right side.
    right: i64,
    /// Left − right.
    difference: i64,
}

#[derive(Serialize, ToSchema)]
struct CheckedView {
    /// Whether every identity holds.
    balanced: bool,
    /// Received − resolved − in progress.
    difference: i64,
    /// Every identity that fails.
    failed: Vec<FailedView>,
}

/// Checks typed-in figures of form 06a against each other.
#[utoipa::path(tag = "statistics", request_body = FiguresBody, responses(
    (status = 200, description = "What fails, and by how much", body = CheckedView), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/reports/check")]
async fn check_figures(mut call: Call<Count>) -> Result<HttpResponse, Problem> {
    let (body, _) = call.body::<FiguresBody>().await?;
    if body.early_or_on_time.is_none() && (body.early.is_none() || body.on_time.is_none()) {
        let missing = FieldError { pointer: "/early_or_on_time".into(), code: "missing_member", hint: None };
        return Err(Problem::fields(vec![missing]));
    }
    let checked = TypedFigures {
        online: body.online.into(),
        direct_postal: body.direct_postal.into(),
        carried_over: body.carried_over.into(),
        early: body.early.map(i64::from),
        on_time: body.on_time.map(i64::from),
        early_or_on_time: body.early_or_on_time.map(i64::from),
        late: body.late.into(),
        within: body.within.into(),
        overdue: body.overdue.into(),
        received_total: body.received_total.map(i64::from),
        resolved_total: body.resolved_total.map(i64::from),
        in_progress_total: body.in_progress_total.map(i64::from),
    }
    .check();
    let failed: Vec<FailedView> = checked
        .failed
        .iter()
        .map(|failed| FailedView {
            identity: failed.identity,
            left: failed.left,
            right: failed.right,
            difference: failed.left - failed.right,
        })
        .collect();
    Ok(HttpResponse::Ok().json(CheckedView { balanced: failed.is_empty(), difference: checked.difference, failed }))
}
