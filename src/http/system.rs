//! Health, readiness, metrics, and what is no route.

use actix_web::http::header::ALLOW;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::call::apart;
use super::document as parts;
use super::gauges::Gauges;
use super::openapi_with;
use super::problem::Problem;
use crate::domain::calendar::missing_year;
use crate::domain::vocabulary::LocalTime;
use crate::flow::Fault;
use crate::storage::{Reader, calendars, migrate, portal};

/// What does not stand in the way and should be looked at, and the year whose calendar is missing.
type Warnings = (Vec<&'static str>, Option<i32>);

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(healthz).service(readyz).service(metrics);
}

/// Whether the process lives.
#[utoipa::path(tag = "system", security(()), responses((status = 200, description = "Alive")))]
#[get("/healthz")]
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Whether the service can answer: the database is there and up to date, and the process is not about to stop
/// (`shutting_down`; requests are still answered for some seconds). `warnings` names what does not stand in the way
/// and should be looked at: `portal_late`, when the national portal is owed something for more than ten minutes;
/// `calendar_missing`, from 1 October on while the next year's calendar is not loaded, with the year in `calendar_missing`.
#[utoipa::path(tag = "system", security(()), responses((status = 200, description = "Ready"), (status = 503, description = "Not ready", body = super::problem::ProblemBody)))]
#[get("/readyz")]
async fn readyz(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    if state.leave.is_begun() {
        return Err(Problem::new("shutting_down"));
    }
    let (now, sends) = (state.ambient.now(), state.portal.sends);
    let db = state.db.clone();
    // Asked by whoever decides where requests go: it says how the database is and not how many wait for it.
    let warnings = apart(move || db.read(|reader| warnings(reader, now, sends)));
    let (warnings, missing) = warnings.await?.ok_or_else(|| Problem::new("unavailable"))?;
    Ok(HttpResponse::Ok().json(json!({"status": "ready", "warnings": warnings, "calendar_missing": missing})))
}

/// What should be looked at, and the year whose calendar is missing; `None` while migrations are.
fn warnings(reader: &mut Reader, now: LocalTime, sends: bool) -> Result<Option<Warnings>, Fault> {
    if !migrate::is_up_to_date(reader)? {
        return Ok(None);
    }
    let is_late = sends && portal::late(reader, now)? > 0;
    let national = calendars::national(reader)?;
    let missing = missing_year(&national, now.date());
    let warnings = [is_late.then_some("portal_late"), missing.map(|_| "calendar_missing")];
    Ok(Some((warnings.into_iter().flatten().collect(), missing)))
}

/// The API document: made when it is first asked for, and one text for all who ask.
///
/// # Errors
/// `internal` when it cannot be written.
pub(in crate::http) async fn document(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let text = match state.document.get() {
        Some(text) => text.clone(),
        None => {
            let text = openapi_with(state.edges.retiring).to_json().map_err(|_| Problem::new("internal"))?;
            state.document.get_or_init(|| text.into()).clone()
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// Metrics in the Prometheus text format; docs/OPERATIONS.md says what each means.
#[utoipa::path(tag = "system", security(()), responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
#[get("/metrics")]
async fn metrics(state: Data<AppState>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(state.metrics.render() + &Gauges::render(&state).await)
}

/// Answers what matches no route: a path unknown, or a method that the path does not have.
///
/// # Errors
/// Always.
pub async fn not_found(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(pattern) = req.match_pattern() else { return Err(Problem::new("not_found")) };
    // RFC 9110, section 15.5.6.
    Err(Problem::new("method_not_allowed").with_header(ALLOW, parts::methods(&pattern)))
}
