//! Counts for any period, form 06a, what falls due soon, and the check of typed-in figures.

use actix_web::{HttpResponse, get, post};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Anyone, Call, Permission};
use super::dossier_view::stamp;
use super::dossiers::Listed;
use super::input::Query;
use super::problem::{FieldError, Problem, ProblemBody};
use crate::documents::form_06a;
use crate::domain::form_06a::Form;
use crate::domain::statistics::{Period, PeriodFault, Tally, TypedFigures, Window};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::AgencyCode;
use crate::flow::desk::Desk;
use crate::flow::report::form_06a as filled;
use crate::storage::counts::counts;
use crate::storage::listing::{Filter, Order};
use crate::storage::statistics::GroupBy;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_statistics).service(get_due_soon).service(get_report_06a).service(check_figures);
}

/// Figures of a tally as the contract writes them.
pub(in crate::http) fn figures(tally: &Tally) -> Map<String, Value> {
    let rate = tally.on_time_rate();
    let value = json!({
        "received": {"total": tally.received(), "online": tally.online, "direct": tally.direct,
            "postal": tally.postal, "carried_over": tally.carried_over},
        "resolved": {"total": tally.resolved(), "early": tally.early, "on_time": tally.on_time, "late": tally.late,
            "late_with_letter": tally.late_with_letter},
        "in_progress": {"total": tally.in_progress(), "within": tally.within, "overdue": tally.overdue,
            "overdue_with_letter": tally.overdue_with_letter, "paused": tally.paused},
        "on_time_rate": {"numerator": rate.numerator, "denominator": rate.denominator, "percent": rate.percent()},
    });
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The agency asked for, else the caller's own; `None` means everything and is for those without an agency.
///
/// # Errors
/// `not_found` for what is no code.
pub(in crate::http) fn scope<P: Permission>(call: &Call<P>, query: &Query) -> Result<Option<AgencyCode>, Problem> {
    let named = query.text("agency").map(|text| text.parse().map_err(|_| Problem::new("not_found"))).transpose()?;
    Ok(named.or_else(|| call.actor.agency.clone()))
}

fn period_problem(fault: PeriodFault) -> Problem {
    match fault {
        PeriodFault::Reversed => Problem::at("period_reversed", "?to"),
        PeriodFault::TooLong => Problem::at("period_too_long", "?to"),
        PeriodFault::UnknownPreset => Problem::at("unknown_preset", "?period"),
    }
}

fn free_period(query: &Query) -> Result<Period, Problem> {
    let date = |name: &str| query.date(name)?.ok_or_else(|| Problem::at("missing_parameter", format!("?{name}")));
    Period::new(date("from")?, date("to")?).map_err(period_problem)
}

/// The period of a preset, or else between two dates.
///
/// # Errors
/// `unknown_preset`, and those of [`free_period`].
pub(in crate::http) fn period(query: &Query) -> Result<Period, Problem> {
    match query.text("period") {
        Some(name) => Period::preset(name).map_err(period_problem),
        None => free_period(query),
    }
}

fn groupings(query: &Query) -> Result<Vec<GroupBy>, Problem> {
    let unknown = || Problem::at("unknown_grouping", "?group_by");
    let Some(text) = query.text("group_by").filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    let parsed = text.split(',').map(|word| GroupBy::ALL.into_iter().find(|group| group.as_str() == word.trim()));
    let groups: Vec<GroupBy> = parsed.collect::<Option<_>>().ok_or_else(unknown)?;
    let twice = groups.len() == 2 && groups[0] == groups[1];
    if groups.len() > 2 || twice { Err(unknown()) } else { Ok(groups) }
}

/// The last instant that a window looks at.
pub(in crate::http) fn as_of(call: &Call<impl Permission>, window: &Window) -> String {
    stamp(&call.state.ambient, window.as_of())
}

/// Counts of a period, as of its end (as of now, when it ends today or later).
#[utoipa::path(tag = "statistics", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("group_by" = Option<String>, Query, description = "field, procedure, agency, channel, level; at most two, comma-separated")), responses(
    (status = 200, description = "period, as_of, rows, total, balanced", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or grouping refused", body = ProblemBody)))]
#[get("/v1/statistics")]
async fn get_statistics(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "agency", "group_by"])?;
    let period = free_period(&query)?;
    let groups = groupings(&query)?;
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let wanted = groups.clone();
    let counted = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            Ok(counts(reader, &window, agency.as_ref(), &wanted)?)
        })
        .await?;
    let mut total = Tally::default();
    let mut balanced = true;
    let mut rows = Vec::new();
    for group in counted {
        total += group.tally;
        balanced &= group.tally.is_balanced();
        if !groups.is_empty() {
            let mut row = Map::new();
            for (grouping, key) in groups.iter().zip(group.keys) {
                row.insert(grouping.as_str().to_owned(), Value::String(key));
            }
            row.extend(figures(&group.tally));
            rows.push(Value::Object(row));
        }
    }
    balanced &= total.is_balanced();
    Ok(HttpResponse::Ok().json(json!({
        "period": period, "as_of": as_of(&call, &window), "rows": rows, "total": figures(&total), "balanced": balanced,
    })))
}

/// Open dossiers in time that fall due within so many working days, soonest first.
#[utoipa::path(tag = "statistics", params(("within" = Option<u32>, Query, description = "Working days, 0 to 60; 3 when left out"),
    ("agency" = Option<String>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: until, items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Out of range", body = ProblemBody)))]
#[get("/v1/statistics/due-soon")]
async fn get_due_soon(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["within", "agency", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let within: u32 = query.parsed("within")?.unwrap_or(3);
    if within > 60 {
        return Err(Problem::at("out_of_range", "?within"));
    }
    let agency = scope(&call, &query)?;
    let (now, wish, visible) = (call.state.ambient.now(), page.clone(), call.actor.sees());
    let (listed, until) = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            let mut desk = Desk::new(reader)?;
            let office = match &agency {
                Some(agency) => desk.office(reader, agency)?,
                None => desk.standard_office(),
            };
            let until = office.nth_working_day_after(now.date(), within)?;
            let after_until = until.succ_opt().unwrap_or(until).and_time(NaiveTime::MIN);
            let filter = Filter {
                agency,
                timing: Some(Timing::Within),
                due: (None, Some(after_until)),
                ..Filter::of(visible, now, Order::Due { descending: false })
            };
            Ok((Listed::read(reader, &filter, &wish)?, until))
        })
        .await?;
    let (items, next_cursor) = listed.shown(&page, &call.state.ambient);
    Ok(HttpResponse::Ok().json(json!({"within": within, "until": until, "items": items, "next_cursor": next_cursor})))
}

/// Form II.06a of a period: free dates, or a preset from the 15th to the 14th.
#[utoipa::path(tag = "statistics", params(("agency" = Option<String>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05"), ("format" = Option<String>, Query, description = "json or csv")), responses(
    (status = 200, description = "The form", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/reports/06a")]
async fn get_report_06a(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "from", "to", "period", "format"])?;
    let period = period(&query)?;
    let format = query.text("format").unwrap_or("json");
    if !matches!(format, "json" | "csv") {
        return Err(Problem::at("invalid_word", "?format"));
    }
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let form: Form = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            filled(reader, agency.as_ref(), period, &window)
        })
        .await?;
    if format == "csv" {
        return Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(form_06a::csv(&form)));
    }
    Ok(HttpResponse::Ok().json(form_06a::json(&form, &as_of(&call, &window))))
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
async fn check_figures(mut call: Call<Anyone>) -> Result<HttpResponse, Problem> {
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
