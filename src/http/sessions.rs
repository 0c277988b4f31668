//! Signing in, renewing, signing out, and who one is.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::audit;
use super::call::{Anyone, Call, Person, blocking};
use super::input::{parse, read_body};
use super::problem::{Problem, ProblemBody};
use super::tokens::LIFETIME;
use crate::domain::vocabulary::{Role, Scope};
use crate::flow::accounts::{self, Session};
use crate::flow::actor::Authority;
use crate::storage::accounts::end_session;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(sign_in).service(refresh).service(sign_out).service(me);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
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
}

/// Signs in.
#[utoipa::path(tag = "sessions", security(()), request_body = Credentials, responses(
    (status = 200, description = "Signed in", body = Tokens),
    (status = 401, description = "Wrong name or password", body = ProblemBody),
    (status = 400, description = "Not JSON", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/sessions")]
async fn sign_in(state: Data<AppState>, req: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let Credentials { username, password } = parse(&read_body(&req, payload).await?)?;
    // As names are kept: however the keyboard composed it.
    let username: String = username.trim().nfc().collect();
    audit::claim_user(&req, &state.tokens, &username);
    let inner = state.clone();
    let session = blocking(move || accounts::sign_in(&inner.db, &inner.ambient, &username, &password)).await?;
    tokens(&state, session)
}

/// Exchanges a refresh token for new tokens.
#[utoipa::path(tag = "sessions", security(()), request_body = Refresh, responses(
    (status = 200, description = "Renewed", body = Tokens),
    (status = 401, description = "The token is used up or unknown", body = ProblemBody),
    (status = 400, description = "Not JSON", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/sessions/refresh")]
async fn refresh(state: Data<AppState>, req: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let Refresh { refresh_token } = parse(&read_body(&req, payload).await?)?;
    let inner = state.clone();
    let session = blocking(move || accounts::renew(&inner.db, &inner.ambient, &refresh_token)).await?;
    audit::recognise(&req, audit::user(&session.user));
    tokens(&state, session)
}

fn tokens(state: &AppState, session: Session) -> Result<HttpResponse, Problem> {
    let now = state.ambient.unix(state.ambient.now());
    let access_token = state.tokens.sign_session(&session.user.id, &session.id, now).map_err(|cause| {
        tracing::error!(%cause, "token not signed");
        Problem::new("internal")
    })?;
    let tokens =
        Tokens { access_token, refresh_token: session.refresh_token, token_type: "Bearer", expires_in: LIFETIME };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(tokens))
}

/// Signs out: the session's tokens end at once.
#[utoipa::path(tag = "sessions", responses((status = 204, description = "Signed out"), (status = 401, description = "Not signed in", body = ProblemBody)))]
#[delete("/v1/sessions/current")]
async fn sign_out(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let session = call.session.clone().unwrap_or_default();
    call.write(move |tx, _| Ok(end_session(tx, &session)?)).await?;
    Ok(HttpResponse::NoContent().finish())
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
    })
}
