//! The public look-up: how far a dossier has come, for who holds its slip; limited, and silent about everything else.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::address;
use super::call::{knows, read};
use super::caller::{Caller, signed_in};
use super::idempotency::{self, Reply};
use super::input::Query;
use super::limits::{Buckets, Level, Quota};
use super::problem::{Problem, ProblemBody};
use super::{AppState, RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::domain::dossier_code::DossierCode;
use crate::domain::look_up::{Completion, Progress};
use crate::flow::accounts::hex;
use crate::flow::{Act, Actor, Fault};
use crate::storage::{Tx, dossiers};

/// How often one address may look up. Whole villages share an address behind a carrier's gateway.
const BY_ADDRESS: Quota = Quota { name: "address", most: 60, seconds: 60 };
/// How often anyone may be wrong about one code.
const BY_CODE: Quota = Quota { name: "code", most: 20, seconds: 3_600 };
/// How often one address may read what is posted.
const BY_READER: Quota = Quota { name: "reader", most: 300, seconds: 60 };
/// How much one address may send in.
const SUBMISSIONS: Quota = Quota { name: "submissions", most: 20, seconds: 3_600 };
/// How many addresses, and how many codes, are kept in mind: some megabytes.
const KEPT: usize = 100_000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(look_up);
}

/// The limits of the public door; for the whole process, and gone with it.
#[derive(Debug)]
pub struct Limits {
    addresses: Buckets,
    codes: Buckets,
    readers: Buckets,
    submissions: Buckets,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            addresses: Buckets::new(BY_ADDRESS, KEPT),
            codes: Buckets::new(BY_CODE, KEPT),
            readers: Buckets::new(BY_READER, KEPT),
            submissions: Buckets::new(SUBMISSIONS, KEPT),
        }
    }
}

/// How far a dossier has come.
#[derive(Debug, Serialize, ToSchema)]
struct ProgressView {
    /// Its code.
    #[schema(example = "H16.18-230427-0001")]
    code: String,
    /// How far it has come. `finished` says that the office is done, whatever came of it.
    #[schema(value_type = String, pattern = "^(received|in_progress|waiting_for_applicant|finished|returned)$")]
    completion: Completion,
    /// The day on which the result is promised now; null where none is.
    due_on: Option<NaiveDate>,
}

/// Looks a dossier up with the secret of its slip, without signing in. A code that is not there and a secret that is wrong
/// are answered alike. Callers of an office are not limited.
#[utoipa::path(tag = "public", security(()), params(("code" = String, Path),
    ("secret" = String, Query, description = "The secret printed on the slip; hyphen and case do not matter")), responses(
    (status = 200, description = "How far it has come", body = ProgressView, headers(
        ("RateLimit" = String, description = "What is left of each limit"), ("RateLimit-Policy" = String, description = "The limits"), ("ETag" = String))),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter is missing or unknown", body = ProblemBody),
    (status = 404, description = "No such dossier, or not its secret", body = ProblemBody),
    (status = 429, description = "Too many look-ups from this address, or too many wrong ones of this code", body = ProblemBody, headers(
        ("Retry-After" = u64, description = "Seconds"), ("RateLimit" = String, description = "What is left of each limit"))),
    (status = 503, description = "Busy", body = ProblemBody)))]
#[get("/v1/public/dossiers/{code}")]
async fn look_up(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let code = req.match_info().get("code").unwrap_or_default();
    limited(&state, &req, code, answer(&state, &req, code)).await
}

/// Answers who is not signed in within the limits: so many from an address, and so many wrong ones of what `code` names.
///
/// # Errors
/// `too_many_requests`, and what `answer` answers.
pub(in crate::http) async fn limited(
    state: &Data<AppState>,
    req: &HttpRequest,
    code: &str,
    answer: impl Future<Output = Result<HttpResponse, Problem>>,
) -> Result<HttpResponse, Problem> {
    if matches!(signed_in(state, req).await, Ok((Caller::Office { .. }, _))) {
        return answer.await;
    }
    let (limits, now) = (&state.limits, state.ambient.unix(state.ambient.now()));
    let by_address = limits.addresses.take(asker(state, req), now);
    if let Some(seconds) = by_address.retry_in {
        return Err(too_many(seconds, &[(BY_ADDRESS, by_address)]));
    }
    let by_code = limits.codes.take(code, now);
    if let Some(seconds) = by_code.retry_in {
        return Err(too_many(seconds, &[(BY_ADDRESS, by_address), (BY_CODE, by_code)]));
    }
    let answered = answer.await;
    // Only being wrong counts against a code: whoever has the slip may look as often as they like.
    let is_wrong = answered.as_ref().is_err_and(|problem| problem.code() == "not_found");
    let by_code = if is_wrong { by_code } else { limits.codes.put_back(code, now) };
    told(answered, &[(BY_ADDRESS, by_address), (BY_CODE, by_code)])
}

/// Takes something in from who is not signed in, so many from an address.
///
/// # Errors
/// `too_many_requests`, and what `answer` answers.
pub(in crate::http) async fn submitted(
    state: &Data<AppState>,
    req: &HttpRequest,
    answer: impl Future<Output = Result<HttpResponse, Problem>>,
) -> Result<HttpResponse, Problem> {
    let level = state.limits.submissions.take(asker(state, req), state.ambient.unix(state.ambient.now()));
    match level.retry_in {
        Some(seconds) => Err(too_many(seconds, &[(SUBMISSIONS, level)])),
        None => told(answer.await, &[(SUBMISSIONS, level)]),
    }
}

/// Answers a POST of who is not signed in, once for each of their keys. They are known by their address alone: who sends the
/// same again from elsewhere is somebody else.
///
/// # Errors
/// Those of [`idempotency::post`].
pub(in crate::http) async fn taken_in(
    state: &Data<AppState>,
    req: &HttpRequest,
    body: &[u8],
    work: impl FnMut(&mut Tx, Act<'_>) -> Result<Reply, Fault> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let address = asker(state, req).map(|address| address.to_string()).unwrap_or_default();
    let address = state.tokens.fingerprint(address.as_bytes()).map_err(|_| Problem::new("internal"))?;
    idempotency::post(state, req, (&Actor::service("public"), &format!("public:{address}")), body, work).await
}

/// Who asks, as they are counted.
fn asker(state: &Data<AppState>, req: &HttpRequest) -> Option<IpAddr> {
    address::of(req, &state.edges.proxies).map(household)
}

/// The answer, with what is left of the limits.
fn told(answered: Result<HttpResponse, Problem>, levels: &[(Quota, Level)]) -> Result<HttpResponse, Problem> {
    match answered {
        Ok(mut answer) => {
            for (name, value) in headers(levels) {
                answer.headers_mut().insert(name, HeaderValue::try_from(value).map_err(|_| Problem::new("internal"))?);
            }
            Ok(answer)
        }
        Err(problem) => Err(with_headers(problem, headers(levels))),
    }
}

/// Lets someone read what is posted; answers the headers that say how often they may again. Signed-in callers are not limited.
///
/// # Errors
/// `too_many_requests`.
pub(in crate::http) async fn admit_reader(
    state: &Data<AppState>,
    req: &HttpRequest,
) -> Result<Vec<(HeaderName, String)>, Problem> {
    if req.headers().contains_key(AUTHORIZATION) && signed_in(state, req).await.is_ok() {
        return Ok(Vec::new());
    }
    let asker = address::of(req, &state.edges.proxies).map(household);
    let level = state.limits.readers.take(asker, state.ambient.unix(state.ambient.now()));
    match level.retry_in {
        Some(seconds) => Err(too_many(seconds, &[(BY_READER, level)])),
        None => Ok(headers(&[(BY_READER, level)])),
    }
}

async fn answer(state: &Data<AppState>, req: &HttpRequest, code: &str) -> Result<HttpResponse, Problem> {
    let query = Query::of(req, &["secret"])?;
    let code = opened(state, code, query.required("secret")?)?;
    let shown = code.to_string();
    let record = read(state, move |reader| Ok(dossiers::find(reader, &code)?)).await?;
    let progress = record.and_then(|record| Progress::of(&record.standing));
    let Progress { completion, due_on } = progress.ok_or_else(|| Problem::new("not_found"))?;
    private(req, &ProgressView { code: shown, completion, due_on })
}

/// The code, when this is its secret. What is wrong ends here, before anything was read: no answer can tell by its time
/// whether there is such a dossier.
///
/// # Errors
/// `not_found`.
pub(in crate::http) fn opened(state: &AppState, code: &str, secret: &str) -> Result<DossierCode, Problem> {
    let is_right = state.lookup.opens(code, secret);
    let code = Some(code).filter(|_| is_right).and_then(|code| code.parse().ok());
    code.ok_or_else(|| Problem::new("not_found"))
}

/// Shows something that nobody is to keep on the way.
///
/// # Errors
/// `internal`, when it cannot be written as JSON.
pub(in crate::http) fn private(req: &HttpRequest, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_string(view).map_err(|_| Problem::new("internal"))?;
    // Not the version of what is shown, which would tell how much is going on.
    let tag = format!("\"{}\"", hex(&Sha256::digest(&body)[..16]));
    let mut answer = if knows(req.headers(), &tag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag.clone())).insert_header((CACHE_CONTROL, "no-store"));
    if knows(req.headers(), &tag) {
        return Ok(answer.finish());
    }
    Ok(answer.content_type("application/json").body(body))
}

/// Who counts as one: an address, and of version 6 the whole /64, since that is what one line is given.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

fn too_many(seconds: u64, levels: &[(Quota, Level)]) -> Problem {
    with_headers(Problem::new("too_many_requests"), headers(levels)).with_header(RETRY_AFTER, seconds.to_string())
}

fn with_headers(problem: Problem, headers: Vec<(HeaderName, String)>) -> Problem {
    headers.into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value))
}

/// The limits and what is left of them (draft-ietf-httpapi-ratelimit-headers-10).
fn headers(levels: &[(Quota, Level)]) -> Vec<(HeaderName, String)> {
    let joined = |one: fn(&(Quota, Level)) -> String| levels.iter().map(one).collect::<Vec<_>>().join(", ");
    let policy = joined(|(quota, _)| format!("\"{}\";q={};w={}", quota.name, quota.most, quota.seconds));
    let left = joined(|(quota, level)| format!("\"{}\";r={};t={}", quota.name, level.left, level.full_in));
    vec![(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_version_6_counts_as_one() {
        let one = household("2001:db8:1:2:aaaa::1".parse().unwrap());
        assert_eq!(one, household("2001:db8:1:2:bbbb::2".parse().unwrap()));
        assert_ne!(one, household("2001:db8:1:3:aaaa::1".parse().unwrap()));
    }
}
