//! Feedback counted: how much of it a period had, how it ended and how that stood against its day.

use actix_web::{HttpResponse, get};
use serde_json::{Map, Value, json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Count};
use super::figures::{Frame, term_figures};
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use crate::domain::feedback::FeedbackStatus;
use crate::storage::feedback::{self, FeedbackFigures, FeedbackGroup};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_feedback_statistics);
}

/// Feedback of a period, as of its end (as of now, when it ends today or later); each figure with the list it counts.
#[utoipa::path(tag = "statistics", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("period" = Option<String>, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("group_by" = Option<String>, Query, description = "kind, channel, procedure or agency")), responses(
    (status = 200, description = "period, as_of, agency, total, rows, balanced", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or grouping refused", body = ProblemBody)))]
#[get("/v1/statistics/feedback")]
async fn get_feedback_statistics(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "period", "agency", "group_by"])?;
    let frame = Frame::of(&call, &query)?;
    let group = match query.text("group_by").filter(|text| !text.is_empty()) {
        None => None,
        Some(word) => {
            let found = FeedbackGroup::ALL.into_iter().find(|group| group.as_str() == word);
            Some(found.ok_or_else(|| Problem::at("unknown_grouping", "?group_by"))?)
        }
    };
    let groups = frame
        .read(&call, move |reader, frame| Ok(feedback::figures(reader, &frame.window, frame.agency.as_ref(), group)?))
        .await?;
    let list = frame.list("/v1/feedback");
    let mut total = FeedbackFigures::default();
    let mut rows = Vec::new();
    for (key, figures) in groups {
        total.tally += figures.tally;
        for (status, count) in &figures.ended_as {
            *total.ended_as.entry(status.clone()).or_default() += count;
        }
        rows.extend(group.map(|group| row(group, &key, &figures, &list)));
    }
    let balanced = total.tally.is_balanced();
    Ok(HttpResponse::Ok()
        .json(frame.answer(json!({"total": shown(&total, &list), "rows": rows, "balanced": balanced}))))
}

fn row(group: FeedbackGroup, key: &str, figures: &FeedbackFigures, list: &str) -> Map<String, Value> {
    // A row of an agency counts what that very agency answers.
    let name = if group == FeedbackGroup::Agency { "resolved_by" } else { group.as_str() };
    let mut row = shown(figures, &format!("{list}&{name}={key}"));
    if key.is_empty() {
        // No list is narrowed to what is about no procedure.
        row.remove("links");
    }
    row.insert(group.as_str().to_owned(), json!(Some(key).filter(|key| !key.is_empty())));
    row
}

fn shown(figures: &FeedbackFigures, list: &str) -> Map<String, Value> {
    let mut shown = term_figures(&figures.tally, list);
    let of = |status: &FeedbackStatus| figures.ended_as.get(status.as_str()).copied().unwrap_or_default();
    let ended = || FeedbackStatus::ALL.iter().filter(|status| status.is_ended());
    let counts: Map<String, Value> = ended().map(|status| (status.to_string(), json!(of(status)))).collect();
    let link = |status: &FeedbackStatus| json!(format!("{list}&counted=resolved&status={status}"));
    let links: Map<String, Value> = ended().map(|status| (status.to_string(), link(status))).collect();
    shown.insert("ended_as".to_owned(), Value::Object(counts));
    if let Some(Value::Object(all)) = shown.get_mut("links") {
        all.insert("ended_as".to_owned(), Value::Object(links));
    }
    shown
}
