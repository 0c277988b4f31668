//! Frozen reports: freeze, list, look up, open the sheet, and see what history has moved since.

use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::{require_scope, require_visible};
use super::call::{Call, Count, Lead};
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{PageWish, Query};
use super::page::Page;
use super::problem::{FieldError, Problem, ProblemBody};
use super::reports::{file_name, unwritten, workbook};
use super::statistics::{period_problem, scope};
use crate::ambient::Ambient;
use crate::documents::form_06a;
use crate::documents::sheet::Imprint;
use crate::domain::form_06a::Difference;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, ReportKind};
use crate::flow::freeze::{Wish, drift, freeze};
use crate::flow::{Actor, Fault};
use crate::storage::Reader;
use crate::storage::reports::{self, FrozenReport, ReportFilter};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(freeze_report)
        .service(list_reports)
        .service(get_report)
        .service(get_report_sheet)
        .service(get_report_drift);
}

/// A frozen report never changes.
const VERSION: i64 = 1;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "06a", "agency": "H16.18", "period": "2023-H1"}))]
struct FreezeBody {
    /// Which form.
    kind: ReportKind,
    /// The agency, with those below it; the caller's own when left out.
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// A preset, e.g. 2023-H1, instead of two dates.
    period: Option<String>,
    /// First day.
    from: Option<NaiveDate>,
    /// Last day.
    to: Option<NaiveDate>,
    /// Whether to freeze a period that is not over, as of now.
    #[serde(default)]
    open: bool,
}

impl FreezeBody {
    fn period(&self) -> Result<Period, Problem> {
        let at =
            |pointer: &str, code| Problem::fields(vec![FieldError { pointer: pointer.to_owned(), code, hint: None }]);
        match (self.period.as_deref(), self.from, self.to) {
            (Some(name), None, None) => Period::preset(name).map_err(period_problem('/')),
            (Some(_), ..) => Err(at("/period", "period_twice")),
            (None, Some(from), Some(to)) => Period::new(from, to).map_err(period_problem('/')),
            (None, Some(_), None) => Err(at("/to", "missing_member")),
            (None, None, Some(_)) => Err(at("/from", "missing_member")),
            (None, None, None) => Err(at("/period", "missing_member")),
        }
    }
}

/// A frozen report, without its figures.
#[derive(Serialize, ToSchema)]
struct ReportView {
    /// Opaque identifier.
    id: String,
    /// Which form.
    kind: ReportKind,
    /// The agency, with those below it; null: all.
    agency: Option<String>,
    /// First and last day.
    #[schema(value_type = Object)]
    period: Period,
    /// The last instant looked at.
    as_of: String,
    /// Whether the period was not over.
    open: bool,
    /// Who froze it.
    frozen_by: String,
    /// When.
    frozen_at: String,
}

/// A frozen report.
#[derive(Serialize, ToSchema)]
struct FrozenView {
    #[serde(flatten)]
    report: ReportView,
    /// The form as filled then.
    #[schema(value_type = Object)]
    figures: Value,
}

fn view(ambient: &Ambient, report: &FrozenReport) -> ReportView {
    ReportView {
        id: report.id.clone(),
        kind: report.kind,
        agency: report.agency.as_ref().map(AgencyCode::to_string),
        period: report.period,
        as_of: stamp(ambient, report.as_of),
        open: report.open,
        frozen_by: report.frozen_by.clone(),
        frozen_at: stamp(ambient, report.frozen_at),
    }
}

fn whole(ambient: &Ambient, report: &FrozenReport) -> FrozenView {
    let figures = form_06a::json(&report.figures, &stamp(ambient, report.as_of));
    FrozenView { report: view(ambient, report), figures }
}

/// Freezes a report: its figures and its sheet stay as they are now, whatever is corrected later.
#[utoipa::path(tag = "reports", request_body = FreezeBody, responses(
    (status = 201, description = "Frozen", body = FrozenView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 409, description = "The period is not over", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[post("/v1/reports")]
async fn freeze_report(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<FreezeBody>().await?;
    let wish = Wish { kind: body.kind, period: body.period()?, agency: body.agency, open: body.open };
    call.post(&bytes, move |tx, act| {
        let report = freeze(tx, act, &wish, |form, as_of| {
            form_06a::xlsx(form, Imprint { as_of, made_at: act.ambient.zoned(act.now) }).map_err(unwritten)
        })?;
        Reply::created(&whole(act.ambient, &report), VERSION, format!("/v1/reports/{}", report.id))
    })
    .await
}

/// Frozen reports of the caller's agency, those below it, and those whose work came to these, the newest first.
#[utoipa::path(tag = "reports", params(("agency" = Option<String>, Query, description = "With its subtree; all the caller may see when left out"),
    ("kind" = Option<ReportKind>, Query), ("period" = Option<String>, Query, description = "A preset, e.g. 2023-H1"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<ReportView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Word or preset refused", body = ProblemBody)))]
#[get("/v1/reports")]
async fn list_reports(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "kind", "period", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let period = query.text("period").map(Period::preset).transpose().map_err(period_problem('?'))?;
    let agency = if query.text("agency").is_some() { scope(&call, &query)? } else { None };
    let filter = ReportFilter { held_by: call.actor.agency.clone(), agency, kind: query.word("kind")?, period };
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(reports::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |report| PageWish::key(report.frozen_at, report.id.as_str()));
    let items: Vec<ReportView> = found.iter().map(|report| view(&call.state.ambient, report)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// A report of the caller's agency or one below it; that of all agencies is for those who stand above all.
fn readable(reader: &mut Reader, actor: &Actor, id: &str) -> Result<FrozenReport, Fault> {
    let report = reports::find(reader, id)?.ok_or(Fault::NotFound("report"))?;
    match (&report.agency, &actor.agency) {
        (Some(agency), _) => require_visible(reader, actor, agency)?,
        (None, Some(_)) => return Err(Fault::NotFound("report")),
        (None, None) => {}
    }
    Ok(report)
}

/// One frozen report with its figures.
#[utoipa::path(tag = "reports", params(("id" = String, Path)), responses(
    (status = 200, description = "The report", body = FrozenView), (status = 304, description = "Known already: it never changes"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/reports/{id}")]
async fn get_report(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let report = call.read(move |reader, actor| readable(reader, actor, &id)).await?;
    Ok(call.show(&whole(&call.state.ambient, &report), VERSION))
}

/// The sheet of a frozen report, byte for byte as it was.
#[utoipa::path(tag = "reports", params(("id" = String, Path)), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/reports/{id}/sheet.xlsx")]
async fn get_report_sheet(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let (report, sheet) = call
        .read(move |reader, actor| {
            let report = readable(reader, actor, &id)?;
            let sheet = reports::sheet(reader, &id)?.ok_or(Fault::NotFound("report"))?;
            Ok((report, sheet))
        })
        .await?;
    Ok(workbook(sheet, &file_name(report.kind.as_str(), report.agency.as_ref(), report.period, "xlsx")))
}

fn difference(difference: &Difference) -> Value {
    let Difference { line, number, column, before, after } = difference;
    let figures =
        json!({"column": column, "number": number, "frozen": before, "now": after, "difference": after - before});
    let mut members = serde_json::Map::new();
    if let Some(line) = line {
        members.insert("level".into(), json!(line.level));
        members.insert("field".into(), json!(line.field));
        members.insert("name".into(), json!(line.name));
    }
    members.extend(figures.as_object().cloned().unwrap_or_default());
    Value::Object(members)
}

/// Counts a frozen report anew over what it looked at then: every figure that a later correction has moved.
#[utoipa::path(tag = "reports", params(("id" = String, Path)), responses(
    (status = 200, description = "drifted, frozen_at, and differences by line and in the total: level, field, name, column, frozen, now, difference", body = Object),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/reports/{id}/drift")]
async fn get_report_drift(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let (report, found) = call
        .read(move |reader, actor| {
            let report = readable(reader, actor, &id)?;
            let found = drift(reader, &report)?;
            Ok((report, found))
        })
        .await?;
    let (lines, total): (Vec<_>, Vec<_>) = found.iter().partition(|difference| difference.line.is_some());
    let ambient = &call.state.ambient;
    Ok(HttpResponse::Ok().json(json!({
        "drifted": !found.is_empty(),
        "frozen_at": stamp(ambient, report.frozen_at),
        "as_of": stamp(ambient, report.as_of),
        "differences": lines.into_iter().map(difference).collect::<Vec<_>>(),
        "total": total.into_iter().map(difference).collect::<Vec<_>>(),
    })))
}
