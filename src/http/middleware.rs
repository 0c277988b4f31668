//! Around every request: its identifier, its trace, its line in the log, its metrics, and problems in the caller's language.

use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use opentelemetry::trace::SpanKind;
use tracing::Instrument;

use super::AppState;
use super::problem::Problem;
use super::reach::put_off_refusal;
use super::{audit, lean, replica, retiring};
use crate::domain::trace_context::TraceContext;
use crate::trace::{self, TRACEPARENT, Work};

/// Wraps a request: all that is said in the log while it is answered names it, and it goes on with the trace it came with.
///
/// # Errors
/// Those of the service inside that no answer was made of.
pub async fn around(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = req.app_data::<Data<AppState>>().cloned() else {
        return Err(Problem::new("internal").into());
    };
    let id = state.ambient.new_id();
    let route = req.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let method = known_method(req.method());
    let work = Work::begin(&state.ambient, trace_of(req.headers()));
    // Of the highest level: the lines inside are to name the request whatever is let through.
    let span = tracing::error_span!("request", request_id = %id);
    let answering = answer(req, next, &state, (&id, method, &route));
    let answered = trace::within(work.as_ref().map(Work::context), answering).instrument(span).await;
    if let Some(work) = work {
        let status = match &answered {
            Ok(answer) => answer.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let attributes = vec![
            ("http.request.method", method.to_owned()),
            ("http.route", route.clone()),
            ("http.response.status_code", status.as_u16().to_string()),
            ("motcua.request_id", id),
        ];
        let name = format!("{method} {route}");
        work.end(&state.ambient, SpanKind::Server, name, status.is_server_error(), attributes);
    }
    answered
}

/// The trace that a request comes with; two are none.
fn trace_of(headers: &HeaderMap) -> Option<TraceContext> {
    let mut given = headers.get_all(TRACEPARENT);
    let first = given.next().filter(|_| given.next().is_none())?;
    TraceContext::read(first.to_str().ok()?)
}

async fn answer(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    state: &Data<AppState>,
    (id, method, route): (&str, &'static str, &str),
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let english = wants_english(req.headers());
    audit::begin(req.request(), id);
    let limit = state.edges.time_for(req.method(), route);
    let answered = in_time(limit, next.call(req)).await;
    let Some(answer) = answered else {
        // What was begun may still be done: a client with an Idempotency-Key finds out by asking again.
        tracing::warn!(method, route, "request took too long");
        let late = Problem::new("timed_out");
        return Err(InternalError::from_response(late.clone(), late.render(english, id)).into());
    };
    let mut answer = answer?.map_into_boxed_body();
    if let Some(problem) = put_off_refusal(state, &answer).await {
        answer = ServiceResponse::from_err(problem, answer.into_parts().0);
    }
    let problem = match audit::note_answer(&answer).await {
        Ok(()) => answer.response().error().and_then(|error| error.as_error::<Problem>()).cloned(),
        // What cannot be written down does not go out.
        Err(problem) => Some(problem),
    };
    if let Some(problem) = problem {
        answer = answer.map_body(|_, body| body).into_response(problem.render(english, id));
    }
    answer = lean::spare(answer);
    lean::weigh(&mut answer);
    retiring::mark(answer.headers_mut(), state.edges.retiring, route);
    if let Ok(value) = HeaderValue::from_str(id) {
        answer.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    state.leave.tell(&mut answer);
    replica::tell_position(state, &mut answer).await;
    let status = answer.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("motcua_http_requests_total", &labels).increment(1);
    metrics::histogram!("motcua_http_request_seconds", &labels[..2]).record(seconds);
    tracing::info!(method, route, status, seconds, "request");
    Ok(answer)
}

/// What comes of `work` unless it takes longer than `limit`.
async fn in_time<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

/// The method as a label; clients may send any word, and each new one would be kept for ever.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whether a request asks for English rather than Vietnamese.
pub(in crate::http) fn wants_english(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).is_some_and(prefers_english)
}

/// Whether English comes before Vietnamese in an `Accept-Language` header.
fn prefers_english(header: &str) -> bool {
    let weight = |language: &str| {
        let ranges = header.split(',').map(str::trim).enumerate();
        let found = ranges.filter(|(_, range)| range.to_ascii_lowercase().starts_with(language));
        found
            .map(|(place, range)| {
                let q = range.split_once("q=").and_then(|(_, q)| q.trim().parse::<f32>().ok()).unwrap_or(1.0);
                (q, place)
            })
            .next()
    };
    match (weight("en"), weight("vi")) {
        (Some((en, en_place)), Some((vi, vi_place))) => en > vi || (en >= vi && en_place < vi_place),
        (Some((en, _)), None) => en > 0.0,
        (None, _) => false,
    }
}
