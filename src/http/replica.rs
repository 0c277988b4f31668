//! Which reads may come from the read replica, and whether one of them does.

use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use super::AppState;
use super::call::read;
use super::input::Query;
use super::problem::Problem;
use crate::storage::Position;

/// The parameter that asks for the newest state.
pub(in crate::http) const FRESH: &str = "fresh";
/// How far the database was: told with the answer to a write, and given back with reads that must see it.
const POSITION: HeaderName = HeaderName::from_static("motcua-position");

/// Lists, searches, statistics and reports: what is looked through, not acted on.
const LAGGING: &[&str] = &[
    "/v1/dossiers",
    "/v1/apology-letters",
    "/v1/consultations",
    "/v1/parts",
    "/v1/feedback",
    "/v1/ratings",
    "/v1/reception-visits",
    "/v1/plans",
    "/v1/plan-tasks",
    "/v1/statistics",
    "/v1/statistics/due-soon",
    "/v1/statistics/fees",
    "/v1/statistics/transfers",
    "/v1/statistics/consultations",
    "/v1/statistics/parts",
    "/v1/statistics/feedback",
    "/v1/statistics/ratings",
    "/v1/statistics/reception",
    "/v1/statistics/plan-tasks",
    "/v1/statistics/catalogue",
    "/v1/reports/06a",
    "/v1/reports/06a.xlsx",
    "/v1/reports/06a.csv",
    "/v1/reports/06b",
    "/v1/reports/06b.xlsx",
    "/v1/reports/register",
    "/v1/reports/register.xlsx",
    "/v1/reports/register.pdf",
    "/v1/reports/letters.xlsx",
];

/// What a read must see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum Sight {
    /// Everything committed by now.
    Newest,
    /// What was committed a moment ago, and everything up to this position.
    Lagging(Option<Position>),
}

/// Whether a route may be answered by the replica.
pub(in crate::http) fn may_lag(method: &Method, pattern: &str) -> bool {
    method == Method::GET && LAGGING.contains(&pattern)
}

/// Whether this request may be answered by the replica, unless it asks for more.
pub(in crate::http) fn is_lagging(req: &HttpRequest) -> bool {
    req.match_pattern().is_some_and(|pattern| may_lag(req.method(), &pattern))
}

/// What this request must see.
///
/// # Errors
/// `invalid_parameter`.
pub(in crate::http) fn sight(req: &HttpRequest) -> Result<Sight, Problem> {
    if !is_lagging(req) {
        return Ok(Sight::Newest);
    }
    match Query::peek(req, FRESH).as_deref() {
        Some("true") => return Ok(Sight::Newest),
        Some("false") | None => {}
        Some(_) => return Err(Problem::at("invalid_parameter", format!("?{FRESH}"))),
    }
    let Some(given) = req.headers().get(POSITION) else { return Ok(Sight::Lagging(None)) };
    let position = given.to_str().ok().and_then(|text| text.parse().ok());
    // Who says what nobody understands is certainly not to be shown less.
    Ok(position.map_or(Sight::Newest, |position| Sight::Lagging(Some(position))))
}

/// Tells who wrote how far the database is now, where there is a replica that may not be.
pub(in crate::http) async fn tell_position(state: &Data<AppState>, answer: &mut ServiceResponse<BoxBody>) {
    let is_write = !answer.request().method().is_safe() && answer.status().is_success();
    if !(is_write && state.db.has_replica()) {
        return;
    }
    // Without it the client is at worst shown what it had before.
    if let Ok(position) = read(state, |reader| Ok(reader.position()?)).await
        && let Ok(value) = HeaderValue::from_str(&position.to_string())
    {
        answer.headers_mut().insert(POSITION, value);
    }
}

/// The parameter and the header that these reads take, for the API document.
pub(in crate::http) fn parameters() -> [RefOr<Parameter>; 2] {
    const FRESHNESS: &str = "With `true` everything committed by now is seen; without it the answer may come from a read \
        replica, where one is set up, and be some moments old";
    const SEEN: &str = "The `Motcua-Position` of the answer to a write: that write is seen, whoever answers";
    let query = ParameterBuilder::new().name(FRESH).parameter_in(ParameterIn::Query).required(Required::False);
    let query = query.description(Some(FRESHNESS)).schema(Some(ObjectBuilder::new().schema_type(Type::Boolean)));
    let header = ParameterBuilder::new().name("Motcua-Position").parameter_in(ParameterIn::Header);
    let header = header.required(Required::False).description(Some(SEEN));
    let header = header.schema(Some(ObjectBuilder::new().schema_type(Type::String)));
    [query.build().into(), header.build().into()]
}
