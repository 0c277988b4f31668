//! Plans of administrative reform.

use actix_web::{HttpResponse, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Administer, Call, Person, etag};
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query, patched};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::plan::Plan;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::AgencyCode;
use crate::flow::plans::{self as verbs, PlanPatch};
use crate::storage::plans::{self, PlanRecord};

/// Longest number and notation, in characters.
const MAX_NUMBER: usize = 100;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_plan).service(list_plans).service(get_plan).service(patch_plan);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlanBody {
    /// Whose plan it is.
    #[schema(value_type = String, example = "H16.18")]
    agency: AgencyCode,
    /// Number and notation.
    #[schema(example = "12/KH-SLĐTBXH")]
    number: String,
    /// Its date.
    promulgated_on: NaiveDate,
    /// What it is called.
    #[schema(example = "Kế hoạch cải cách hành chính năm 2023")]
    title: String,
    /// The period it is for: 2023, 2023-H1, 2023-Q1, 2023-M05.
    #[schema(example = "2023")]
    period: String,
}

/// A plan.
#[derive(Serialize, ToSchema)]
struct PlanView {
    /// Opaque identifier.
    id: String,
    /// Whose plan it is.
    agency: String,
    /// Number and notation.
    number: String,
    /// Its date.
    promulgated_on: NaiveDate,
    /// What it is called.
    title: String,
    /// The period it is for.
    period: String,
    /// When it was entered.
    created_at: String,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(ambient: &Ambient, record: PlanRecord) -> PlanView {
    let PlanRecord { id, agency, plan, created_at, version } = record;
    let Plan { number, promulgated_on, title, period } = plan;
    let (agency, created_at) = (agency.to_string(), stamp(ambient, created_at));
    PlanView { id, agency, number, promulgated_on, title, period, created_at, version }
}

/// Adds a plan; its tasks are given out one by one.
#[utoipa::path(tag = "plans", request_body = NewPlanBody, responses(
    (status = 201, description = "Added", body = PlanView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 409, description = "The agency has a plan of this number and date", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/plans")]
async fn create_plan(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<NewPlanBody>().await?;
    let mut checker = Checker::default();
    if Period::preset(&body.period).is_err() {
        checker.fail("/period", "unknown_preset");
    }
    let plan = Plan {
        number: checker.text("/number", &body.number, MAX_NUMBER),
        promulgated_on: body.promulgated_on,
        title: checker.text("/title", &body.title, MAX_NOTE),
        period: checker.text("/period", &body.period, MAX_NAME),
    };
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = verbs::add(tx, act, &body.agency, &plan)?;
        let (version, location) = (record.version, format!("/v1/plans/{}", record.id));
        Reply::created(&view(act.ambient, record), version, location)
    })
    .await
}

/// Plans of agencies in the caller's reach, and those with a task of one, by their date.
#[utoipa::path(tag = "plans", params(("agency" = Option<String>, Query, description = "With its subtree"), ("limit" = Option<i64>, Query),
    ("cursor" = Option<String>, Query)), responses((status = 200, description = "A page: items and next_cursor", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/plans")]
async fn list_plans(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["agency", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_day()?;
    let agency: Option<AgencyCode> = query.parsed("agency")?;
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            let after = wish.after_day().ok().flatten();
            Ok(plans::page(reader, &actor.sees(), agency.as_ref(), after, wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut records, |last| vec![last.plan.promulgated_on.to_string(), last.id.clone()]);
    let items: Vec<PlanView> = records.into_iter().map(|record| view(&call.state.ambient, record)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One plan.
#[utoipa::path(tag = "plans", params(("id" = String, Path)), responses(
    (status = 200, description = "The plan", body = PlanView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/plans/{id}")]
async fn get_plan(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let record = call.read(move |reader, actor| verbs::find(reader, actor, &id)).await?;
    let version = record.version;
    Ok(call.show(&view(&call.state.ambient, record), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlanPatchBody {
    /// Number and notation.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    number: Option<Option<String>>,
    /// Its date; no later than the day by which the first of its tasks is due.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<NaiveDate>)]
    promulgated_on: Option<Option<NaiveDate>>,
    /// What it is called.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
}

impl PlanPatchBody {
    /// The new values: a plan has all of these, so none is cleared.
    fn checked(self, checker: &mut Checker) -> PlanPatch {
        let is_cleared = [
            ("/number", self.number == Some(None)),
            ("/promulgated_on", self.promulgated_on == Some(None)),
            ("/title", self.title == Some(None)),
        ];
        for (pointer, _) in is_cleared.iter().filter(|(_, cleared)| *cleared) {
            checker.fail(*pointer, "blank");
        }
        PlanPatch {
            number: self.number.flatten().map(|number| checker.text("/number", &number, MAX_NUMBER)),
            promulgated_on: self.promulgated_on.flatten(),
            title: self.title.flatten().map(|title| checker.text("/title", &title, MAX_NOTE)),
        }
    }
}

/// Puts right what is said of a plan (JSON Merge Patch). Its agency and period stand, and its tasks keep the day they were
/// given out on.
#[utoipa::path(tag = "plans", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = PlanPatchBody, responses(
    (status = 200, description = "Changed", body = PlanView), (status = 403, description = "Not an administrator, or only a task of it is in reach", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody),
    (status = 409, description = "The agency has a plan of this number and date", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused, or a task is due before", body = ProblemBody),
    (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/plans/{id}")]
async fn patch_plan(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<PlanPatchBody>().await?;
    let mut checker = Checker::default();
    let patch = body.checked(&mut checker);
    checker.finish()?;
    let id = call.path("id").to_owned();
    let record = call.write(move |tx, act| verbs::change(tx, act, &id, expected, &patch)).await?;
    let version = record.version;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(view(&call.state.ambient, record)))
}
