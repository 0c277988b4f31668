//! Counts for any period, and what falls due soon.

use actix_web::{HttpResponse, get};
use chrono::NaiveTime;
use serde_json::{Map, Value, json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, Permission, See};
use super::counted::Links;
use super::dossier_view::stamp;
use super::dossiers::Listed;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use crate::domain::statistics::{Period, PeriodFault, Tally, Window};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::AgencyCode;
use crate::flow::desk::Desk;
use crate::storage::counts::counts;
use crate::storage::listing::{Filter, Order};
use crate::storage::statistics::GroupBy;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_statistics).service(get_due_soon);
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

/// The problem of a period that cannot be reported on; `mark` stands before the names of parameters or members.
pub(in crate::http) fn period_problem(mark: char) -> impl Fn(PeriodFault) -> Problem {
    move |fault| match fault {
        PeriodFault::Reversed => Problem::at("period_reversed", format!("{mark}to")),
        PeriodFault::TooLong => Problem::at("period_too_long", format!("{mark}to")),
        PeriodFault::UnknownPreset => Problem::at("unknown_preset", format!("{mark}period")),
    }
}

/// The period between the dates `from` and `to`.
///
/// # Errors
/// `missing_parameter`, `invalid_parameter`, and those of [`period_problem`].
pub(in crate::http) fn free_period(query: &Query) -> Result<Period, Problem> {
    let date = |name: &str| query.date(name)?.ok_or_else(|| Problem::at("missing_parameter", format!("?{name}")));
    Period::new(date("from")?, date("to")?).map_err(period_problem('?'))
}

/// The period of a preset, or else between two dates.
///
/// # Errors
/// `unknown_preset`, and those of [`free_period`].
pub(in crate::http) fn period(query: &Query) -> Result<Period, Problem> {
    match query.text("period") {
        Some(name) => Period::preset(name).map_err(period_problem('?')),
        None => free_period(query),
    }
}

/// What `group_by` asks for.
///
/// # Errors
/// `unknown_grouping`.
pub(in crate::http) fn groupings(query: &Query) -> Result<Vec<GroupBy>, Problem> {
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
    ("group_by" = Option<String>, Query, description = "field, procedure, agency, channel, level; at most two, comma-separated"),
    ("links" = Option<bool>, Query, description = "false leaves out the links from each figure to its dossiers")), responses(
    (status = 200, description = "period, as_of, rows, total, balanced; each row and the total with links in the shape of its figures", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or grouping refused", body = ProblemBody)))]
#[get("/v1/statistics")]
async fn get_statistics(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "agency", "group_by", "links"])?;
    let period = free_period(&query)?;
    let groups = groupings(&query)?;
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let with_links = query.parsed("links")?.unwrap_or(true);
    let links = with_links.then(|| Links::new(period, &window, agency.clone(), &call.state.ambient));
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
    let shown = |tally: &Tally, groups: &[GroupBy], keys: &[String]| {
        let mut shown: Map<String, Value> =
            groups.iter().zip(keys).map(|(group, key)| (group.as_str().to_owned(), json!(key))).collect();
        shown.extend(figures(tally));
        shown.extend(links.as_ref().map(|links| ("links".to_owned(), links.of(groups, keys))));
        shown
    };
    for group in counted {
        total += group.tally;
        balanced &= group.tally.is_balanced();
        if !groups.is_empty() {
            rows.push(shown(&group.tally, &groups, &group.keys));
        }
    }
    balanced &= total.is_balanced();
    Ok(HttpResponse::Ok().json(json!({
        "period": period, "as_of": as_of(&call, &window), "rows": rows, "total": shown(&total, &[], &[]), "balanced": balanced,
    })))
}

/// Open dossiers in time that fall due within so many working days, soonest first.
#[utoipa::path(tag = "statistics", params(("within" = Option<u32>, Query, description = "Working days, 0 to 60; 3 when left out"),
    ("agency" = Option<String>, Query, description = "With its subtree; all the caller may see when left out"), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: until, items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Out of range", body = ProblemBody)))]
#[get("/v1/statistics/due-soon")]
async fn get_due_soon(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["within", "agency", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let within: u32 = query.parsed("within")?.unwrap_or(3);
    if within > 60 {
        return Err(Problem::at("out_of_range", "?within"));
    }
    let by_hours_of = scope(&call, &query)?;
    let agency = query.text("agency").and(by_hours_of.clone());
    let (now, wish, visible) = (call.state.ambient.now(), page.clone(), call.actor.sees());
    let (listed, until) = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            let mut desk = Desk::new(reader)?;
            let office = match &by_hours_of {
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
