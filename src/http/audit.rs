//! What the audit log is told of a request. Deeds are written down in their own transaction (`Call::write`, `Call::post`);
//! everything else here, from the answer, so that no route can forget it.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::AppState;
use super::call::blocking;
use super::input::Query;
use super::problem::Problem;
use super::tokens::{Bearer, TokenKey};
use crate::domain::audit::{Outcome, Trace, Who, named};
use crate::domain::vocabulary::AgencyCode;
use crate::flow::Actor;
use crate::flow::actor::Authority;
use crate::flow::audit::{Named, Note, note};
use crate::storage::accounts::User;

/// Where people and machines sign in: what is refused here was no attempt of a known caller, and is one all the same.
const DOORS: &[&str] =
    &["/v1/sessions", "/v1/sessions/refresh", "/v1/page-session", "/v1/page-session/renew", "/oauth/token"];

/// Looks at personal data that are answered as JSON; whatever is answered in another form (papers, packets, files, sheets)
/// is one anyway.
const LOOKS: &[&str] = &["/v1/reports/register", "/v1/audit", "/v1/portal/dossiers"];

/// Sheets of figures, and the board's events, in which nobody is named.
const FIGURES: &[&str] = &[
    "/v1/board/stream",
    "/v1/reports/06a",
    "/v1/reports/06a.xlsx",
    "/v1/reports/06a.csv",
    "/v1/reports/06b",
    "/v1/reports/06b.xlsx",
    "/v1/reports/{id}/sheet.xlsx",
];

/// POSTs that change nothing.
const QUESTIONS: &[&str] = &["/v1/reports/check", "/v1/calendar/{year}/preview"];

/// The request's identifier.
struct RequestId(String);

/// Who makes the request, as far as it is known by now.
#[derive(Clone)]
struct Caller(Named);

/// How many rows the request gives out.
struct Rows(usize);

/// The deed is on record, or none.
struct Noted;

/// Opens the record of a request.
pub(in crate::http) fn begin(req: &HttpRequest, id: &str) {
    req.extensions_mut().insert(RequestId(id.to_owned()));
}

/// Says who makes the request.
pub(in crate::http) fn recognise(req: &HttpRequest, who: Who) {
    req.extensions_mut().insert(Caller(Named::Who(who)));
}

/// Says how many rows the request gives out.
pub(in crate::http) fn gives_rows(req: &HttpRequest, count: usize) {
    req.extensions_mut().insert(Rows(count));
}

/// Says that the request's deed is on record.
pub(in crate::http) fn noted(req: &HttpRequest) {
    req.extensions_mut().insert(Noted);
}

/// Says who the request claims to come from, before that is checked.
pub(in crate::http) fn claim_user(req: &HttpRequest, key: &TokenKey, name: &str) {
    req.extensions_mut().insert(Caller(Named::User { name: name.to_owned(), stand_in: stand_in(key, name) }));
}

/// As [`claim_user`], for a machine client.
pub(in crate::http) fn claim_client(req: &HttpRequest, key: &TokenKey, id: &str) {
    req.extensions_mut().insert(Caller(Named::Client { id: id.to_owned(), stand_in: stand_in(key, id) }));
}

/// The same for the same text, and nothing to guess the text from: it may be a password.
fn stand_in(key: &TokenKey, text: &str) -> String {
    key.fingerprint(text.as_bytes()).unwrap_or_default().chars().take(12).collect()
}

/// Whom a good token names before its session or client is looked up; what is refused from here on is told by it.
pub(in crate::http) fn bearer(bearer: &Bearer) -> Who {
    let actor = match bearer {
        Bearer::Session(session) => format!("session:{session}"),
        Bearer::Client { id, .. } => id.clone(),
        Bearer::Outside(holder) => {
            return Who { actor: Some(holder.id.clone()), actor_name: Some(holder.shown()), ..Who::default() };
        }
    };
    Who { actor: Some(actor), ..Who::default() }
}

/// A user who has just proved to be one.
pub(in crate::http) fn user(user: &User) -> Who {
    let authority = Authority::Role(user.role);
    Who::from(&Actor {
        id: user.id.clone(),
        name: user.username.clone(),
        authority,
        agency: user.agency.clone(),
        predecessors: Vec::new(),
        on_behalf_of: None,
    })
}

/// Where a request comes from; the one place to ask.
fn address(req: &HttpRequest) -> Option<String> {
    let state = req.app_data::<Data<AppState>>()?;
    super::address::of(req, &state.edges.proxies).map(|address| address.to_string())
}

/// What a request does, to what, and from where.
pub(in crate::http) fn trace(req: &HttpRequest) -> Trace {
    let parts: Vec<Option<String>> = req.match_info().iter().map(|(_, part)| named(part)).collect();
    Trace {
        address: address(req),
        request: req.extensions().get::<RequestId>().map(|RequestId(id)| id.clone()),
        action: format!("{} {}", req.method(), req.match_pattern().unwrap_or_default()),
        resource: parts.first().cloned().flatten(),
        part: parts.get(1).cloned().flatten(),
        rows: req.extensions().get::<Rows>().and_then(|Rows(count)| i64::try_from(*count).ok()),
    }
}

/// The same, with what was made by it.
pub(in crate::http) fn created(trace: &Trace, location: Option<&str>) -> Trace {
    let mut trace = trace.clone();
    let made = location.and_then(|location| location.rsplit('/').next()).and_then(named);
    if made.is_some() {
        if trace.resource.is_none() {
            trace.resource = made;
        } else {
            trace.part = made;
        }
    }
    trace
}

/// Writes down what an answer tells and no transaction of its own has: looks at personal data, deeds without a transaction,
/// sign-ins, and whatever was refused to somebody known.
///
/// # Errors
/// When a look or a deed cannot be written down; its answer must not go out then.
pub(in crate::http) async fn note_answer(answer: &ServiceResponse<BoxBody>) -> Result<(), Problem> {
    let Some((state, found)) = worth_noting(answer) else { return Ok(()) };
    let is_refusal = found.outcome == Outcome::Refused;
    let written = blocking(move || Ok(note(&state.db, &state.ambient, &found)?)).await;
    match written {
        Err(problem) if is_refusal => {
            tracing::error!(code = problem.code(), "a refused attempt is not in the audit log");
            Ok(())
        }
        other => other,
    }
}

fn worth_noting(answer: &ServiceResponse<BoxBody>) -> Option<(Data<AppState>, Note)> {
    let req = answer.request();
    let state = req.app_data::<Data<AppState>>()?.clone();
    let Caller(by) = req.extensions().get::<Caller>()?.clone();
    let problem = answer.response().error().and_then(|error| error.as_error::<Problem>());
    let (outcome, reason) = outcome(answer, problem)?;
    let agency = Query::peek(req, "agency").filter(|code| code.parse::<AgencyCode>().is_ok());
    Some((state, Note { by, trace: trace(req), agency, outcome, reason }))
}

fn outcome(answer: &ServiceResponse<BoxBody>, problem: Option<&Problem>) -> Option<(Outcome, Option<String>)> {
    let (req, status) = (answer.request(), answer.status());
    let pattern = req.match_pattern().unwrap_or_default();
    let is_door = DOORS.contains(&pattern.as_str());
    let refused = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS
    );
    if refused || (is_door && status.is_client_error()) {
        let reason = problem.map_or_else(|| status.as_str().to_owned(), |problem| problem.code().to_owned());
        return Some((Outcome::Refused, Some(reason)));
    }
    if !status.is_success() || req.extensions().get::<Noted>().is_some() {
        return None;
    }
    let is_look = matches!(*req.method(), Method::GET | Method::HEAD);
    let is_worth = if is_look { gives_out(answer, &pattern) } else { !QUESTIONS.contains(&pattern.as_str()) };
    is_worth.then_some((Outcome::Done, None))
}

/// Whether an answer to a GET hands personal data out that are not to be seen in passing.
fn gives_out(answer: &ServiceResponse<BoxBody>, pattern: &str) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_paper = !kind.is_empty() && !kind.starts_with("application/json");
    let is_revealed = Query::peek(answer.request(), "reveal").as_deref() == Some("true");
    LOOKS.contains(&pattern) || is_revealed || (is_paper && !FIGURES.contains(&pattern))
}
