//! The national calendar by year, and what a change of it does to deadlines already given.

use actix_web::{HttpResponse, get, post, put};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Anyone, Call, Govern, etag};
use super::dossier_view::stamp;
use super::input::{Checker, MAX_NAME};
use super::problem::{Problem, ProblemBody};
use crate::domain::calendar::{FIRST_YEAR, LAST_YEAR, NationalCalendar, SpecialDay};
use crate::flow::Act;
use crate::flow::administer::load_year;
use crate::flow::recompute::{Affected, recompute};
use crate::storage::calendars;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_year).service(put_year).service(recompute_deadlines);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": [{"date": "2027-01-01", "kind": "off", "name": "Tết Dương lịch", "ground": "Thông báo …"}]}))]
struct YearBody {
    /// Days off on weekdays, and worked days of rest.
    #[schema(value_type = Vec<Object>)]
    days: Vec<SpecialDay>,
}

fn year_of(text: &str) -> Result<i32, Problem> {
    let year = text.parse().ok().filter(|year| (FIRST_YEAR..=LAST_YEAR).contains(year));
    year.ok_or_else(|| Problem::new("not_found"))
}

fn shown(calendar: &NationalCalendar, year: i32) -> serde_json::Value {
    let found = calendar.year(year);
    let days: Vec<&SpecialDay> = found.into_iter().flat_map(|year| year.days()).collect();
    json!({"year": year, "source": found.map(|year| year.source()), "provisional": calendar.is_provisional(year), "days": days})
}

/// A year: official, loaded or provisional.
#[utoipa::path(tag = "calendar", params(("year" = i32, Path)), responses(
    (status = 200, description = "The year", body = Object), (status = 304, description = "Not changed"), (status = 404, description = "No such year", body = ProblemBody)))]
#[get("/v1/calendar/{year}")]
async fn get_year(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let year = year_of(call.path("year"))?;
    let (calendar, version) = call
        .read(move |reader, _| Ok((calendars::national(reader)?, calendars::year_version(reader, year)?.unwrap_or(0))))
        .await?;
    Ok(call.show(&shown(&calendar, year), version))
}

/// Loads a year. Deadlines already given stay until they are recomputed.
#[utoipa::path(tag = "calendar", params(("year" = i32, Path), ("If-Match" = String, Header)), request_body = YearBody, responses(
    (status = 200, description = "Loaded", body = Object), (status = 403, description = "Not an administrator of everything", body = ProblemBody),
    (status = 404, description = "No such year", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Days refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[put("/v1/calendar/{year}")]
async fn put_year(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let year = year_of(call.path("year"))?;
    let expected = call.must_match()?;
    let (mut body, _) = call.body::<YearBody>().await?;
    let mut checker = Checker::default();
    let dates: Vec<_> = body.days.iter().map(|day| day.date).collect();
    for (index, day) in body.days.iter_mut().enumerate() {
        day.name = checker.text(&format!("/days/{index}/name"), &day.name, MAX_NAME);
        day.ground = checker.text(&format!("/days/{index}/ground"), &day.ground, MAX_NAME);
        if day.date.year() != year || dates[..index].contains(&day.date) {
            checker.fail(format!("/days/{index}/date"), "out_of_range");
        }
    }
    checker.finish()?;
    let (calendar, version) = call
        .write(move |tx, _| {
            let version = load_year(tx, year, &body.days, expected)?;
            Ok((calendars::national(tx)?, version))
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(shown(&calendar, year)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecomputeBody {
    /// List only, the default; false moves.
    #[serde(default = "yes")]
    dry_run: bool,
}

fn yes() -> bool {
    true
}

#[derive(Serialize, ToSchema)]
struct AffectedView {
    /// The dossier.
    code: String,
    /// The instant due now.
    old_due_at: String,
    /// The instant due by the present calendar.
    new_due_at: String,
    /// Late already: listed, never moved.
    late: bool,
    /// Whether it was moved.
    moved: bool,
}

/// Lists the open dossiers whose deadline the present calendar puts elsewhere, or moves them with an event each.
#[utoipa::path(tag = "calendar", request_body = RecomputeBody, responses(
    (status = 200, description = "dry_run, affected", body = Object), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/calendar/recompute")]
async fn recompute_deadlines(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (RecomputeBody { dry_run }, _) = call.body::<RecomputeBody>().await?;
    let (actor, state) = (call.actor.clone(), call.state.clone());
    let affected = super::call::blocking(move || {
        recompute(&state.db, Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient }, dry_run)
    })
    .await?;
    let ambient = &call.state.ambient;
    let view = |affected: Affected| AffectedView {
        code: affected.code.to_string(),
        old_due_at: stamp(ambient, affected.old.due_at),
        new_due_at: stamp(ambient, affected.new.due_at),
        late: affected.late,
        moved: affected.moved,
    };
    let items: Vec<AffectedView> = affected.into_iter().map(view).collect();
    let moved = items.iter().filter(|item| item.moved).count();
    Ok(HttpResponse::Ok().json(json!({"dry_run": dry_run, "count": items.len(), "moved": moved, "affected": items})))
}
