//! Signing in, renewing, signing out, who one is, and one's own password.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Anyone, Call, Person, blocking};
use super::incoming::Incoming;
use super::input::{parse, read_body};
use super::problem::{Problem, ProblemBody};
use super::tokens::LIFETIME;
use super::{AppState, address, audit, page_session};
use crate::domain::vocabulary::{Role, Scope};
use crate::flow::actor::Authority;
use crate::flow::sessions::{self as verbs, Session};
use crate::storage::sessions::end;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(sign_in).service(refresh).service(sign_out).service(me).service(change_password);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Credentials {
    /// Name.
    #[schema(example = "lan")]
    username: String,
    /// Password.
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The token given last.
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
struct Tokens {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// To be exchanged once for new tokens.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the access token is good for.
    expires_in: i64,
}

#[derive(Serialize, ToSchema)]
struct Me {
    /// Opaque identifier.
    id: String,
    /// Name.
    username: String,
    /// A person's role.
    role: Option<Role>,
    /// A machine's scopes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Scope>,
    /// Agency these are held at.
    agency: Option<String>,
    /// The absent officer whose role and agency these are, by a mandate.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The present password.
    current: String,
    /// At least 10 characters, not the name, none of those that everybody tries first.
    new: String,
}

/// Signs in. After five wrong passwords a name has to wait for 30 seconds, then twice as long each time, 15 minutes at most;
/// an address after a hundred. Sessions that are open go on meanwhile.
#[utoipa::path(tag = "sessions", security(()), request_body = Credentials, responses(
    (status = 200, description = "Signed in", body = Tokens),
    (status = 401, description = "Wrong name or password", body = ProblemBody),
    (status = 429, description = "Too many failed; wait as Retry-After says", body = ProblemBody),
    (status = 400, description = "Not JSON", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/sessions")]
async fn sign_in(state: Data<AppState>, req: HttpRequest, payload: Incoming) -> Result<HttpResponse, Problem> {
    let session = opened(&state, &req, payload).await?;
    tokens(&state, session)
}

/// Opens a session by the credentials in the body.
///
/// # Errors
/// Those of the body, `bad_credentials`, `too_many_attempts`.
pub(in crate::http) async fn opened(
    state: &Data<AppState>,
    req: &HttpRequest,
    payload: Incoming,
) -> Result<Session, Problem> {
    let Credentials { username, password } = parse(&read_body(req, payload).await?)?;
    // As names are kept: however the keyboard composed it.
    let username: String = username.trim().nfc().collect();
    audit::claim_user(req, &state.tokens, &username);
    let (inner, address) = (state.clone(), address::of(req, &state.edges.proxies));
    blocking(move || verbs::sign_in(&inner.db, &inner.ambient, (&username, &password), address)).await
}

/// The access token of a session, from now on.
///
/// # Errors
/// `internal` when it cannot be signed.
pub(in crate::http) fn access_token(state: &AppState, session: &Session) -> Result<String, Problem> {
    let now = state.ambient.unix(state.ambient.now());
    state.tokens.sign_session(&session.user.id, &session.id, now).map_err(|cause| {
        tracing::error!(%cause, "token not signed");
        Problem::new("internal")
    })
}

/// Exchanges a refresh token for new tokens. A token that is used up and comes again ends its session, but for the one used
/// last, which may come again for ten seconds when its answer was lost. A client renews one at a time.
#[utoipa::path(tag = "sessions", security(()), request_body = Refresh, responses(
    (status = 200, description = "Renewed", body = Tokens),
    (status = 401, description = "The token is used up or unknown", body = ProblemBody),
    (status = 400, description = "Not JSON", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/sessions/refresh")]
async fn refresh(state: Data<AppState>, req: HttpRequest, payload: Incoming) -> Result<HttpResponse, Problem> {
    let Refresh { refresh_token } = parse(&read_body(&req, payload).await?)?;
    let inner = state.clone();
    let session = blocking(move || verbs::renew(&inner.db, &inner.ambient, &refresh_token)).await?;
    audit::recognise(&req, audit::user(&session.user));
    tokens(&state, session)
}

fn tokens(state: &AppState, session: Session) -> Result<HttpResponse, Problem> {
    let access_token = access_token(state, &session)?;
    let tokens =
        Tokens { access_token, refresh_token: session.refresh_token, token_type: "Bearer", expires_in: LIFETIME };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(tokens))
}

/// Signs out: the session's tokens end at once.
#[utoipa::path(tag = "sessions", responses((status = 204, description = "Signed out"),
    (status = 403, description = "Not a person, or one whom the OpenID provider signs out", body = ProblemBody), (status = 401, description = "Not signed in", body = ProblemBody)))]
#[delete("/v1/sessions/current")]
async fn sign_out(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let session = call.own_session()?.to_owned();
    call.write(move |tx, _| Ok(end(tx, &session)?)).await?;
    let mut answer = HttpResponse::NoContent();
    page_session::forget(&call.req, &mut answer);
    Ok(answer.finish())
}

/// Who is signed in.
#[utoipa::path(tag = "sessions", responses((status = 200, description = "The caller", body = Me), (status = 401, description = "Not signed in", body = ProblemBody)))]
#[get("/v1/me")]
async fn me(call: Call<Anyone>) -> HttpResponse {
    let actor = &call.actor;
    let (role, scopes) = match &actor.authority {
        Authority::Role(role) => (Some(*role), Vec::new()),
        Authority::Scopes(scopes) => (None, scopes.clone()),
    };
    HttpResponse::Ok().json(Me {
        id: actor.id.clone(),
        username: actor.name.clone(),
        role,
        scopes,
        agency: actor.agency.as_ref().map(ToString::to_string),
        on_behalf_of: actor.on_behalf_of.clone(),
    })
}

/// Changes one's own password. All of one's sessions end, this one, too.
#[utoipa::path(tag = "sessions", request_body = NewPassword, responses((status = 204, description = "Changed; sign in anew"),
    (status = 403, description = "Not a person, or one whose password the OpenID provider keeps", body = ProblemBody),
    (status = 422, description = "The present password is wrong or the new one is not taken", body = ProblemBody),
    (status = 429, description = "Too many failed; wait as Retry-After says", body = ProblemBody)))]
#[post("/v1/me/password")]
async fn change_password(mut call: Call<Person>) -> Result<HttpResponse, Problem> {
    call.own_session()?;
    let (NewPassword { current, new }, _) = call.body::<NewPassword>().await?;
    let (state, name, address) =
        (call.state.clone(), call.actor.name.clone(), address::of(&call.req, &call.state.edges.proxies));
    let passwords = move || verbs::change_password(&state.db, &state.ambient, &name, (&current, &new), address);
    blocking(passwords).await?;
    Ok(HttpResponse::NoContent().finish())
}
