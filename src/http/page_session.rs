//! Sessions of the service's own pages: tokens in cookies that no script can read, honoured only beside a proof that no other
//! site's page can send.

use actix_web::http::header::{COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Person, blocking};
use super::dossier_view::stamp;
use super::incoming::Incoming;
use super::problem::{Problem, ProblemBody};
use super::sessions::{access_token, opened};
use super::tokens::{Bearer, TokenKey};
use super::{AppState, audit};
use crate::domain::vocabulary::{AgencyCode, Role};
use crate::flow::actor::Authority;
use crate::flow::sessions::{self as verbs, Session};

/// Holds the access token.
const ACCESS: &str = "motcua_access";
/// Holds the refresh token; sent to this file's routes alone.
const REFRESH: &str = "motcua_refresh";
/// Holds the proof, for the pages' scripts to repeat in [`PROOF_HEADER`].
const PROOF: &str = "motcua_proof";
/// Where a request shows that a page of this service sent it: other sites can neither read the cookie nor set the header.
const PROOF_HEADER: &str = "x-csrf-token";
/// Where browsers say which page a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";
/// Below which path the refresh token is sent.
const DOOR: &str = "/v1/page-session";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(open_page_session).service(renew_page_session).service(get_page_session);
}

/// Who is signed in at a page.
#[derive(Serialize, ToSchema)]
struct PageSession {
    /// Name.
    username: String,
    /// Role; null where machines ask.
    role: Option<Role>,
    /// Agency it is held at; null for all.
    agency: Option<String>,
    /// The clock of the offices, which the pages go by.
    now: String,
}

/// Whom the cookies of a request stand for; nobody, unless the proof is beside them.
pub(in crate::http) fn bearer(req: &HttpRequest, keys: &TokenKey, now: i64) -> Option<Bearer> {
    let found = keys.bearer(cookie(req, ACCESS)?, now)?;
    let Bearer::Session(session) = &found else { return None };
    let expected = proof(keys, session)?;
    (is_from_here(req) && shown(req) == Some(&expected)).then_some(found)
}

/// What the pages of a session show. It is bound to the session: a cookie that a neighbouring host plants does not fit.
fn proof(keys: &TokenKey, session: &str) -> Option<String> {
    keys.fingerprint(format!("page session {session}").as_bytes()).ok()
}

fn shown(req: &HttpRequest) -> Option<&str> {
    req.headers().get(PROOF_HEADER)?.to_str().ok()
}

/// Browsers that say where a request comes from must say that it is a page of ours.
fn is_from_here(req: &HttpRequest) -> bool {
    req.headers().get(FETCH_SITE).is_none_or(|site| site == "same-origin")
}

fn cookie<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let texts = req.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Signs in at a page: as `POST /v1/sessions`, with the tokens in cookies that end with the browser's session. They are honoured
/// only for requests whose `X-CSRF-Token` repeats the cookie `motcua_proof`.
#[utoipa::path(tag = "sessions", security(()), request_body = super::sessions::Credentials, responses(
    (status = 200, description = "Signed in", body = PageSession, headers(("Set-Cookie" = String))),
    (status = 401, description = "Wrong name or password", body = ProblemBody),
    (status = 429, description = "Too many failed; wait as Retry-After says", body = ProblemBody),
    (status = 400, description = "Not JSON", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/page-session")]
async fn open_page_session(
    state: Data<AppState>,
    req: HttpRequest,
    payload: Incoming,
) -> Result<HttpResponse, Problem> {
    if !is_from_here(&req) {
        return Err(Problem::new("unauthenticated"));
    }
    let session = opened(&state, &req, payload).await?;
    settled(&state, &req, &session)
}

/// Renews the session of a page by its cookies, as `POST /v1/sessions/refresh`.
#[utoipa::path(tag = "sessions", security(()), responses(
    (status = 200, description = "Renewed", body = PageSession, headers(("Set-Cookie" = String))),
    (status = 401, description = "No cookies, no proof, or the token is used up", body = ProblemBody), (status = 503, description = "Busy", body = ProblemBody)))]
#[post("/v1/page-session/renew")]
async fn renew_page_session(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let is_proven = is_from_here(&req) && cookie(&req, PROOF).is_some_and(|proof| shown(&req) == Some(proof));
    let token = cookie(&req, REFRESH).filter(|_| is_proven).map(str::to_owned);
    let token = token.ok_or_else(|| Problem::new("bad_credentials"))?;
    let inner = state.clone();
    let session = blocking(move || verbs::renew(&inner.db, &inner.ambient, &token)).await?;
    audit::recognise(&req, audit::user(&session.user));
    settled(&state, &req, &session)
}

/// Who is signed in at a page, and what time it is at the offices.
#[utoipa::path(tag = "sessions", responses((status = 200, description = "The caller", body = PageSession),
    (status = 403, description = "Not a person", body = ProblemBody), (status = 401, description = "Not signed in", body = ProblemBody)))]
#[get("/v1/page-session")]
async fn get_page_session(call: Call<Person>) -> HttpResponse {
    let actor = &call.actor;
    let role = match &actor.authority {
        Authority::Role(role) => Some(*role),
        Authority::Scopes(_) => None,
    };
    HttpResponse::Ok().json(view(&call.state, &actor.name, role, actor.agency.as_ref()))
}

/// Takes the cookies of a session that ended from the browser, when they came with the request.
pub(in crate::http) fn forget(req: &HttpRequest, answer: &mut HttpResponseBuilder) {
    let given = [(ACCESS, "/"), (REFRESH, DOOR), (PROOF, "/")].into_iter().filter(|_| cookie(req, ACCESS).is_some());
    for (name, path) in given {
        answer.append_header((SET_COOKIE, format!("{name}=; Path={path}; Max-Age=0; SameSite=Strict")));
    }
}

fn view(state: &AppState, name: &str, role: Option<Role>, agency: Option<&AgencyCode>) -> PageSession {
    PageSession {
        username: name.to_owned(),
        role,
        agency: agency.map(ToString::to_string),
        now: stamp(&state.ambient, state.ambient.now()),
    }
}

/// The answer that leaves a session's cookies with the browser.
fn settled(state: &AppState, req: &HttpRequest, session: &Session) -> Result<HttpResponse, Problem> {
    let access = access_token(state, session)?;
    let proof = proof(&state.tokens, &session.id).ok_or_else(|| Problem::new("internal"))?;
    // Behind a proxy that ends TLS the connection here is plain; the page's own address tells.
    let is_secure = state.edges.is_tls
        || req.headers().get(ORIGIN).is_some_and(|origin: &HeaderValue| origin.as_bytes().starts_with(b"https://"));
    let secure = if is_secure { "; Secure" } else { "" };
    let user = &session.user;
    let mut answer = HttpResponse::Ok();
    for (name, value, path, kept) in [
        (ACCESS, &access, "/", "; HttpOnly"),
        (REFRESH, &session.refresh_token, DOOR, "; HttpOnly"),
        (PROOF, &proof, "/", ""),
    ] {
        answer.append_header((SET_COOKIE, format!("{name}={value}; Path={path}; SameSite=Strict{kept}{secure}")));
    }
    Ok(answer.json(view(state, &user.username, Some(user.role), user.agency.as_ref())))
}
