//! The service index of Decision 766, progress group, beside the figures of form II.06a that it stands on.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, blocking};
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use super::statistics::{as_of, figures, period, scope};
use crate::domain::service_index::{ServiceIndex, Supplements};
use crate::domain::statistics::Period;
use crate::storage::service_index::service_index;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_service_index);
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[derive(Serialize, ToSchema)]
struct ServiceIndexView {
    /// `from` and `to`.
    #[schema(value_type = Object)]
    period: Period,
    /// The last instant looked at.
    as_of: String,
    /// With its subtree; null: all.
    agency: Option<String>,
    /// 2.1.
    on_time_rate: OnTimeRate,
    /// 2.2.
    average_time: AverageTime,
    /// The figures of the same dossiers as `/v1/statistics` gives them.
    #[schema(value_type = Object)]
    form_06a: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
struct OnTimeRate {
    /// `resolved_on_time` + `in_progress_within`.
    numerator: i64,
    /// All received or being processed in the period: `form_06a.received.total`.
    denominator: i64,
    /// Two decimals; null out of nothing.
    percent: Option<String>,
    /// Of form 06a early and on time, less those asked for supplements more than once.
    resolved_on_time: i64,
    /// Of form 06a within, less those asked for supplements more than once.
    in_progress_within: i64,
    /// In time by form 06a, late here: asked for supplements more than once since the receipt.
    asked_again: AskedAgain,
}

#[derive(Serialize, ToSchema)]
struct AskedAgain {
    /// Resolved in the period.
    resolved: i64,
    /// In progress at its end.
    in_progress: i64,
}

#[derive(Serialize, ToSchema)]
struct AverageTime {
    /// Seconds of calendar time from receipt to end, less the waits for supplements.
    numerator: i64,
    /// Dossiers received and ended in the period.
    denominator: i64,
    /// Their quotient in hours, two decimals; null out of nothing.
    hours: Option<String>,
    /// In days of 24 hours.
    days: Option<String>,
    /// Seconds they waited for supplements, already subtracted.
    supplement_seconds: i64,
}

impl OnTimeRate {
    fn of(index: &ServiceIndex) -> Self {
        let rate = index.on_time_rate();
        let Supplements { resolved_asked_again, within_asked_again, .. } = index.supplements;
        Self {
            numerator: rate.numerator,
            denominator: rate.denominator,
            percent: rate.percent(),
            resolved_on_time: index.resolved_on_time(),
            in_progress_within: index.in_progress_within(),
            asked_again: AskedAgain { resolved: resolved_asked_again, in_progress: within_asked_again },
        }
    }
}

impl AverageTime {
    fn of(index: &ServiceIndex) -> Self {
        let seconds = index.average_seconds();
        Self {
            numerator: seconds.numerator,
            denominator: seconds.denominator,
            hours: seconds.per(HOUR).decimal(),
            days: seconds.per(DAY).decimal(),
            supplement_seconds: index.supplements.seconds,
        }
    }
}

/// The progress group of the service index (Decision 766/QĐ-TTg): on-time rate and average time of a period, as of its
/// end, beside the figures of form II.06a.
///
/// An end is on time up to the deadline in force (a term in days: to the end of its last day). What waits for a supplement
/// ends with the request; a second request after the receipt makes late; what has no appointment is on time.
#[utoipa::path(tag = "statistics", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("period" = Option<String>, Query, description = "Instead of from and to: 2023, 2023-H1, 2023-Q1, 2023-9M, 2023-M05"),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "Each figure with what it is made of", body = ServiceIndexView), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/statistics/service-index")]
async fn get_service_index(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "period", "agency"])?;
    let period = period(&query)?;
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let (db, actor, wanted) = (call.state.db.clone(), call.actor.clone(), agency.clone());
    let read = move || {
        db.snapshot(|reader| {
            require_scope(reader, &actor, wanted.as_ref())?;
            Ok(service_index(reader, &window, wanted.as_ref())?)
        })
    };
    let index = blocking(read).await?;
    Ok(HttpResponse::Ok().json(ServiceIndexView {
        period,
        as_of: as_of(&call, &window),
        agency: agency.map(|code| code.to_string()),
        on_time_rate: OnTimeRate::of(&index),
        average_time: AverageTime::of(&index),
        form_06a: figures(&index.form_06a),
    }))
}
