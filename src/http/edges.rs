//! What every answer carries and no request gets around: security headers, CORS by permission, a limit in time.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL,
    CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use super::AppState;
use super::address::Network;
use super::lean;
use super::retiring::{RETIRING, Retiring};

/// Answers are data and never a page: nothing in them may run, and nobody may frame them.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The pages of the API document: their own scripts and styles, and the pictures inside these.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a page of another origin may send besides what browsers always let through.
const SENT: &str = "Authorization, Content-Type, Content-Disposition, Accept-Language, Idempotency-Key, If-Match, If-None-Match, On-Behalf-Of, Range";
/// What it may read besides.
const READ: &str = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, \
    Content-Disposition, Content-Range, Deprecation, Sunset, Link";

/// Requests whose body is as long as it is: they end when their client stops sending.
const LONG: &[&str] = &["/v1/imports", "/v1/imports/register", "/v1/dossiers/{code}/files", "/v1/ioffice/packets"];

/// How the service deals with the outside.
#[derive(Debug, Clone)]
pub struct Edges {
    /// Proxies whose word about addresses is taken.
    pub proxies: Vec<Network>,
    /// Origins whose pages may call.
    pub origins: Vec<String>,
    /// How long a request may take.
    pub request_time: Duration,
    /// How long a client may send nothing of a body that is waited for.
    pub idle_time: Duration,
    /// Whether the connection is encrypted here, and browsers may be told to insist on that.
    pub is_tls: bool,
    /// How many rows an export may give out.
    pub export_rows: usize,
    /// What of the API is on its way out.
    pub retiring: &'static [Retiring],
}

impl Default for Edges {
    fn default() -> Self {
        Self {
            proxies: Vec::new(),
            origins: Vec::new(),
            request_time: Duration::from_secs(120),
            idle_time: Duration::from_secs(30),
            is_tls: false,
            export_rows: 100_000,
            retiring: RETIRING,
        }
    }
}

impl Edges {
    /// How long this request may take; `None` for those as long as their body.
    pub fn time_for(&self, method: &Method, route: &str) -> Option<Duration> {
        Some(self.request_time).filter(|_| method != Method::POST || !LONG.contains(&route))
    }

    /// The origin of a request, when its pages may call.
    fn permitted(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.origins.iter().any(|permitted| permitted.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

/// Wraps a request, around everything else.
///
/// # Errors
/// Those of the service inside, with the same headers as answers.
pub async fn guard(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let edges = req.app_data::<Data<AppState>>().map(|state| state.edges.clone()).unwrap_or_default();
    let origin = edges.permitted(req.headers());
    lean::accept(&mut req);
    let is_page = req.path() == "/docs" || req.path().starts_with("/docs/");
    let asks = req.method() == Method::OPTIONS && req.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let answered = match origin.is_some() && asks {
        true => Ok(req.into_response(permission())),
        false => next.call(req).await.map(ServiceResponse::map_into_boxed_body),
    };
    match answered {
        Ok(mut answer) => {
            complete(answer.headers_mut(), &edges, origin, is_page);
            Ok(answer)
        }
        Err(error) => {
            let mut answer = error.error_response();
            complete(answer.headers_mut(), &edges, origin, is_page);
            Err(InternalError::from_response("refused", answer).into())
        }
    }
}

/// The answer to a browser that asks on behalf of a permitted origin what its page may do.
fn permission() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, SENT))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "600"))
        .finish()
}

fn complete(headers: &mut HeaderMap, edges: &Edges, origin: Option<HeaderValue>, is_page: bool) {
    lean::tidy(headers);
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    set(CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { DATA_POLICY });
    // Desks are shared: what an answer said must not be found on the disk of the next one.
    set(CACHE_CONTROL, if is_page { "no-cache" } else { "no-store" });
    if edges.is_tls {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !edges.origins.is_empty() {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
    }
}
