//! Machine clients sign in: `POST /oauth/token` with client credentials (RFC 6749, section 4.4).

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::blocking;
use super::problem::Problem;
use super::tokens::{LIFETIME, words};
use super::{AppState, address, audit};
use crate::domain::vocabulary::Scope;
use crate::flow::Fault;
use crate::flow::clients::sign_in;
use crate::storage::clients::Client;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(token);
}

#[derive(Deserialize, ToSchema)]
struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: Option<String>,
    /// The client, where HTTP Basic does not name it.
    client_id: Option<String>,
    /// Its secret.
    client_secret: Option<String>,
    /// What is asked for, separated by spaces; all the client may do when left out.
    #[schema(example = "documents:exchange")]
    scope: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ClientToken {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the access token is good for.
    expires_in: i64,
    /// What it allows.
    scope: String,
}

/// An error as RFC 6749, section 5.2, has it; OAuth libraries look for this and not for a problem document.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct OauthError {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type`, `invalid_scope`, or `temporarily_unavailable` with a 429.
    error: &'static str,
    /// What is wrong.
    error_description: &'static str,
}

const INVALID_REQUEST: OauthError = OauthError {
    error: "invalid_request",
    error_description: "a form with grant_type is expected, and one way to name the client",
};
const UNSUPPORTED_GRANT: OauthError =
    OauthError { error: "unsupported_grant_type", error_description: "only client_credentials" };
const INVALID_CLIENT: OauthError =
    OauthError { error: "invalid_client", error_description: "unknown client or wrong secret" };
/// Section 5.2 has no word for it; this is the nearest one of the register of OAuth's errors (section 4.1.2.1).
const TOO_MANY: OauthError = OauthError {
    error: "temporarily_unavailable",
    error_description: "too many wrong secrets; wait as Retry-After says",
};
const INVALID_SCOPE: OauthError = OauthError {
    error: "invalid_scope",
    error_description: "a scope that there is not or that the client does not have",
};

/// A token for a machine client. The client is named by HTTP Basic or in the form. After five wrong secrets a client has to wait
/// for 30 seconds, then twice as long each time, 15 minutes at most; an address after a hundred.
#[utoipa::path(tag = "sessions", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, description = "The token", body = ClientToken),
    (status = 400, description = "The form, the grant or the scope is refused", body = OauthError),
    (status = 401, description = "Unknown client or wrong secret", body = OauthError),
    (status = 429, description = "Too many failed; wait as Retry-After says", body = OauthError, headers(("Retry-After" = u64, description = "Seconds")))))]
#[post("/oauth/token")]
async fn token(
    state: Data<AppState>,
    req: HttpRequest,
    form: Result<Form<TokenRequest>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let Ok(Form(form)) = form else { return Ok(refused(INVALID_REQUEST)) };
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Ok(refused(UNSUPPORTED_GRANT)),
        None => return Ok(refused(INVALID_REQUEST)),
    }
    let basic = basic(&req);
    let in_form = form.client_id.zip(form.client_secret);
    let (id, secret) = match (basic, in_form) {
        (Basic::Given(credentials), None) | (Basic::Absent, Some(credentials)) => credentials,
        (Basic::Given(_), Some(_)) => return Ok(refused(INVALID_REQUEST)),
        (Basic::Unreadable, _) | (Basic::Absent, None) => return Ok(refused(INVALID_CLIENT)),
    };
    // No identifier has one, and PostgreSQL cannot even compare with it.
    if id.contains('\0') {
        return Ok(refused(INVALID_CLIENT));
    }
    audit::claim_client(&req, &state.tokens, &id);
    let (inner, address) = (state.clone(), address::of(&req, &state.edges.proxies));
    let signed_in = blocking(move || match sign_in(&inner.db, &inner.ambient, (&id, &secret), address) {
        Err(fault @ (Fault::BadCredentials | Fault::TooManyAttempts { .. })) => Ok(Err(fault)),
        other => other.map(Ok),
    });
    let client = match signed_in.await? {
        Ok(client) => client,
        Err(Fault::TooManyAttempts { seconds }) => return Ok(wait(seconds)),
        Err(_) => return Ok(refused(INVALID_CLIENT)),
    };
    let now = state.ambient.unix(state.ambient.now());
    let Some(scopes) = granted(&client, form.scope.as_deref()) else { return Ok(refused(INVALID_SCOPE)) };
    let access_token = state.tokens.sign_client(&client.id, &scopes, now).map_err(|cause| {
        tracing::error!(%cause, "token not signed");
        Problem::new("internal")
    })?;
    let token = ClientToken { access_token, token_type: "Bearer", expires_in: LIFETIME, scope: words(&scopes) };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(token))
}

/// What a client gets of what it asks for: all of it, or nothing.
fn granted(client: &Client, asked: Option<&str>) -> Option<Vec<Scope>> {
    let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else { return Some(client.scopes.clone()) };
    let asked: Vec<Scope> = asked.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    asked.iter().all(|scope| client.scopes.contains(scope)).then_some(asked)
}

enum Basic {
    Absent,
    Unreadable,
    Given((String, String)),
}

fn basic(req: &HttpRequest) -> Basic {
    let Some(header) = req.headers().get(AUTHORIZATION) else { return Basic::Absent };
    let credentials = header.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, encoded)| {
        let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        // Identifiers and secrets are of letters and digits: their form-encoding is themselves.
        Some((id.to_owned(), secret.to_owned()))
    });
    credentials.map_or(Basic::Unreadable, Basic::Given)
}

/// Seconds to be waited, as an answer.
fn wait(seconds: i64) -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, seconds.to_string()))
        .insert_header(("Cache-Control", "no-store"))
        .json(TOO_MANY)
}

fn refused(error: OauthError) -> HttpResponse {
    let status = if error.error == INVALID_CLIENT.error { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header(("WWW-Authenticate", "Basic realm=\"motcua\""));
    }
    answer.insert_header(("Cache-Control", "no-store")).json(error)
}
