//! The national calendar by year, and what a change of it does to deadlines already given.

use actix_web::{HttpResponse, get, post, put};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Anyone, Call, Govern, etag};
use super::dossier_view::stamp;
use super::input::{Checker, MAX_NAME, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::calendar::{FIRST_YEAR, LAST_YEAR, NationalCalendar, SpecialDay, Year, YearSource, missing_year};
use crate::domain::timeliness::EndClass;
use crate::flow::Act;
use crate::flow::administer::load_year;
use crate::flow::recompute::{Affected, preview, recompute};
use crate::storage::calendars;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_years).service(get_year).service(put_year).service(preview_year).service(recompute_deadlines);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": [{"date": "2027-01-01", "kind": "off", "name": "Tết Dương lịch", "ground": "Thông báo …"}]}))]
struct YearBody {
    /// Days off on weekdays, and worked days of rest.
    #[schema(value_type = Vec<Object>)]
    days: Vec<SpecialDay>,
}

impl YearBody {
    /// The days, which must be of the year and each there once.
    fn checked(mut self, year: i32) -> Result<Vec<SpecialDay>, Problem> {
        let mut checker = Checker::default();
        let dates: Vec<_> = self.days.iter().map(|day| day.date).collect();
        for (index, day) in self.days.iter_mut().enumerate() {
            day.name = checker.text(&format!("/days/{index}/name"), &day.name, MAX_NAME);
            day.ground = checker.text(&format!("/days/{index}/ground"), &day.ground, MAX_NAME);
            if day.date.year() != year || dates[..index].contains(&day.date) {
                checker.fail(format!("/days/{index}/date"), "out_of_range");
            }
        }
        checker.finish()?;
        Ok(self.days)
    }
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

#[derive(Serialize, ToSchema)]
struct YearView {
    /// The year.
    year: i32,
    /// official, loaded or provisional.
    #[schema(value_type = Option<String>)]
    source: Option<YearSource>,
    /// Whether deadlines that reach into it may still move.
    provisional: bool,
    /// How many days differ from the ordinary week.
    days: usize,
}

#[derive(Serialize, ToSchema)]
struct YearsView {
    /// From 1 October on: the next year, while its calendar is not loaded.
    missing: Option<i32>,
    /// The year before this one, this one and the two after.
    years: Vec<YearView>,
}

/// The years around this one, and whether the next one is missing: from October on its notice should be out.
#[utoipa::path(tag = "calendar", responses((status = 200, description = "The years", body = YearsView), (status = 304, description = "Not changed")))]
#[get("/v1/calendar")]
async fn list_years(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let today = call.state.ambient.today();
    let calendar = call.read(|reader, _| Ok(calendars::national(reader)?)).await?;
    let view = |year: i32| YearView {
        year,
        source: calendar.year(year).map(Year::source),
        provisional: calendar.is_provisional(year),
        days: calendar.year(year).map_or(0, |year| year.days().count()),
    };
    let years = (today.year() - 1..=today.year() + 2).map(view).collect();
    Ok(HttpResponse::Ok().json(YearsView { missing: missing_year(&calendar, today), years }))
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
    let (body, _) = call.body::<YearBody>().await?;
    let days = body.checked(year)?;
    let (calendar, version) = call
        .write(move |tx, _| {
            let version = load_year(tx, year, &days, expected)?;
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
    /// The instant due by the calendar.
    new_due_at: String,
    /// early, on_time or late: the class of a result of now; null while the clock stands still.
    #[schema(value_type = Option<String>)]
    old_class: Option<EndClass>,
    /// The same by the calendar.
    #[schema(value_type = Option<String>)]
    new_class: Option<EndClass>,
    /// Late already: listed, never moved.
    late: bool,
    /// Whether it was moved.
    moved: bool,
}

impl AffectedView {
    fn of(ambient: &Ambient, affected: &Affected) -> Self {
        Self {
            code: affected.code.to_string(),
            old_due_at: stamp(ambient, affected.old.due_at),
            new_due_at: stamp(ambient, affected.new.due_at),
            old_class: affected.classes.map(|(old, _)| old),
            new_class: affected.classes.map(|(_, new)| new),
            late: affected.late,
            moved: affected.moved,
        }
    }
}

/// What a calendar does to the open dossiers.
#[derive(Serialize, ToSchema)]
struct EffectView {
    /// How many deadlines it puts elsewhere.
    count: usize,
    /// How many of these move, or would: all that are not late already.
    moves: usize,
    /// For how many of those a result of now is of another class (early, on_time, late).
    change_class: usize,
}

impl EffectView {
    fn of(affected: &[Affected]) -> Self {
        Self {
            count: affected.len(),
            moves: affected.iter().filter(|one| one.moves()).count(),
            change_class: affected.iter().filter(|one| one.changes_class()).count(),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct PreviewView {
    #[serde(flatten)]
    effect: EffectView,
    #[serde(flatten)]
    affected: Page<AffectedView>,
}

/// What loading a year, and recomputing after it, would do to open dossiers: the numbers, and a page of them by their codes.
/// Nothing is stored.
#[utoipa::path(tag = "calendar", params(("year" = i32, Path), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), request_body = YearBody, responses(
    (status = 200, description = "The effect", body = PreviewView), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "Not an administrator of everything", body = ProblemBody), (status = 404, description = "No such year", body = ProblemBody),
    (status = 422, description = "Days refused", body = ProblemBody)))]
#[post("/v1/calendar/{year}/preview")]
async fn preview_year(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let year = year_of(call.path("year"))?;
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let (body, _) = call.body::<YearBody>().await?;
    let days = body.checked(year)?;
    let (actor, state) = (call.actor.clone(), call.state.clone());
    let mut affected = super::call::blocking(move || {
        preview(&state.db, Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient }, year, days)
    })
    .await?;
    let effect = EffectView::of(&affected);
    if let Some(after) = page.after_code() {
        affected.retain(|one| one.code.to_string().as_str() > after);
    }
    let next_cursor = page.cut(&mut affected, |last| vec![last.code.to_string()]);
    let items = affected.iter().map(|one| AffectedView::of(&call.state.ambient, one)).collect();
    Ok(HttpResponse::Ok().json(PreviewView { effect, affected: Page { items, next_cursor } }))
}

#[derive(Serialize, ToSchema)]
struct RecomputedView {
    /// Whether it was only listed.
    dry_run: bool,
    #[serde(flatten)]
    effect: EffectView,
    /// How many were moved.
    moved: usize,
    /// The dossiers.
    affected: Vec<AffectedView>,
}

/// Lists the open dossiers whose deadline the present calendar puts elsewhere, or moves them with an event each.
#[utoipa::path(tag = "calendar", request_body = RecomputeBody, responses(
    (status = 200, description = "What it does, or did", body = RecomputedView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/calendar/recompute")]
async fn recompute_deadlines(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (RecomputeBody { dry_run }, _) = call.body::<RecomputeBody>().await?;
    let (actor, state) = (call.actor.clone(), call.state.clone());
    let affected = super::call::blocking(move || {
        recompute(&state.db, Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient }, dry_run)
    })
    .await?;
    let view = RecomputedView {
        dry_run,
        effect: EffectView::of(&affected),
        moved: affected.iter().filter(|one| one.moved).count(),
        affected: affected.iter().map(|one| AffectedView::of(&call.state.ambient, one)).collect(),
    };
    Ok(HttpResponse::Ok().json(view))
}
