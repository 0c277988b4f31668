//! A signed-in call: who makes it, with the permission in the handler's type, checked before the body is read.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload as RawPayload;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, IF_MATCH, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::AppState;
use super::audit;
use super::input::{Query, parse, read_body};
use super::problem::Problem;
use super::tokens::Bearer;
use crate::domain::vocabulary::{LocalTime, Role, Scope};
use crate::flow::actor::Authority;
use crate::flow::audit::deed;
use crate::flow::{Act, Actor, Fault};
use crate::storage::{Reader, StorageError, Tx, clients, sessions};

/// Who may make a call.
pub trait Permission: 'static {
    /// People of these roles.
    const ROLES: &'static [Role];
    /// Machines with one of these scopes.
    const SCOPES: &'static [Scope];

    /// Whether this right is enough.
    fn allows(authority: &Authority) -> bool {
        match authority {
            Authority::Role(role) => Self::ROLES.contains(role),
            Authority::Scopes(scopes) => Self::SCOPES.iter().any(|scope| scopes.contains(scope)),
        }
    }
}

macro_rules! permission {
    ($(#[$doc:meta] $name:ident: $($role:ident),+ $(; $($scope:ident),+)?;)+) => {$(
        #[$doc]
        #[derive(Debug)]
        pub struct $name;

        impl Permission for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),+];
            const SCOPES: &'static [Scope] = &[$($(Scope::$scope),+)?];
        }
    )+};
}

permission! {
    /// Whoever is signed in.
    Anyone: FrontDesk, Officer, Leader, Auditor, Admin; DossiersRead, DossiersWrite, DocumentsExchange, PortalSync, StatisticsRead;
    /// Every person.
    Person: FrontDesk, Officer, Leader, Auditor, Admin;
    /// Whoever sees dossiers.
    See: FrontDesk, Officer, Leader, Auditor, Admin; DossiersRead, DossiersWrite;
    /// Whoever sees figures.
    Count: FrontDesk, Officer, Leader, Auditor, Admin; StatisticsRead;
    /// Whoever handles dossiers.
    Handle: FrontDesk, Officer, Leader, Admin; DossiersWrite;
    /// Whoever talks with people: enters feedback and visits.
    Attend: FrontDesk, Officer, Leader, Admin;
    /// An e-office, and whoever signs.
    Exchange: Leader, Admin; DocumentsExchange;
    /// Whoever drafts letters.
    Draft: Officer, Leader, Admin;
    /// Whoever signs letters and mends mistakes.
    Lead: Leader, Admin;
    /// Whoever sets things up.
    Administer: Admin;
    /// Whoever looks into the audit log.
    Inspect: Auditor, Admin;
}

/// The calls that take query parameters and check their names; to all others any parameter is unknown.
const QUERIED: &[(Method, &str)] = &[
    (Method::GET, "/v1/dossiers"),
    (Method::GET, "/v1/dossiers/{code}/timeline"),
    (Method::GET, "/v1/dossiers/{code}/files"),
    (Method::POST, "/v1/dossiers/{code}/files"),
    (Method::GET, "/v1/apology-letters"),
    (Method::GET, "/v1/apology-letters/{id}/exchange"),
    (Method::GET, "/v1/ioffice/documents"),
    (Method::GET, "/v1/changes"),
    (Method::GET, "/v1/statistics"),
    (Method::GET, "/v1/statistics/due-soon"),
    (Method::GET, "/v1/reports"),
    (Method::GET, "/v1/statistics/service-index"),
    (Method::GET, "/v1/reports/06a"),
    (Method::GET, "/v1/reports/06a.xlsx"),
    (Method::GET, "/v1/reports/06a.csv"),
    (Method::GET, "/v1/reports/06b"),
    (Method::GET, "/v1/reports/06b.xlsx"),
    (Method::GET, "/v1/reports/register"),
    (Method::GET, "/v1/reports/register.xlsx"),
    (Method::GET, "/v1/reports/letters.xlsx"),
    (Method::GET, "/v1/reports/register.pdf"),
    (Method::GET, "/v1/feedback"),
    (Method::GET, "/v1/ratings"),
    (Method::GET, "/v1/reception-visits"),
    (Method::GET, "/v1/plans"),
    (Method::GET, "/v1/plan-tasks"),
    (Method::GET, "/v1/statistics/feedback"),
    (Method::GET, "/v1/statistics/ratings"),
    (Method::GET, "/v1/statistics/reception"),
    (Method::GET, "/v1/statistics/plan-tasks"),
    (Method::GET, "/v1/deadline"),
    (Method::GET, "/v1/agencies"),
    (Method::GET, "/v1/agencies/{code}/closures"),
    (Method::GET, "/v1/fields"),
    (Method::GET, "/v1/procedures"),
    (Method::GET, "/v1/webhooks"),
    (Method::GET, "/v1/webhooks/{id}/deliveries"),
    (Method::GET, "/v1/notices"),
    (Method::GET, "/v1/users"),
    (Method::GET, "/v1/clients"),
    (Method::GET, "/v1/audit"),
    (Method::POST, "/v1/imports"),
];

fn refuse_unknown_parameters(req: &HttpRequest) -> Result<(), Problem> {
    let pattern = req.match_pattern().unwrap_or_default();
    let is_queried = QUERIED.iter().any(|(method, path)| method == req.method() && *path == pattern);
    if is_queried { Ok(()) } else { Query::of(req, &[]).map(drop) }
}

/// A call by someone signed in who has the permission `P`.
pub struct Call<P> {
    /// Who calls.
    pub actor: Actor,
    /// The session; machines have none.
    pub session: Option<String>,
    /// What the service stands on.
    pub state: Data<AppState>,
    /// The request.
    pub req: HttpRequest,
    payload: Option<Payload>,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Call<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let req = req.clone();
        let payload = Payload::from_request(&req, payload).into_inner();
        Box::pin(async move {
            let state = req.app_data::<Data<AppState>>().cloned().ok_or_else(|| Problem::new("internal"))?;
            let (session, actor) = signed_in(&state, &req).await?;
            if !P::allows(&actor.authority) {
                return Err(Problem::new("forbidden"));
            }
            refuse_unknown_parameters(&req)?;
            // Nothing is named so, and PostgreSQL cannot even compare with it.
            if req.match_info().iter().any(|(_, part)| part.contains('\0')) {
                return Err(Problem::new("not_found"));
            }
            Ok(Self { actor, session, state, req, payload: payload.ok(), permission: PhantomData })
        })
    }
}

/// Who calls, and in which session; they are known to the audit log from here on, whatever becomes of the call.
///
/// # Errors
/// `unauthenticated`; `unavailable` when that cannot be looked up.
pub(in crate::http) async fn signed_in(
    state: &Data<AppState>,
    req: &HttpRequest,
) -> Result<(Option<String>, Actor), Problem> {
    let bearer = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = bearer.map(|(_, token)| token.trim());
    let now = state.ambient.now();
    let bearer = token.and_then(|token| state.tokens.bearer(token, state.ambient.unix(now)));
    let bearer = bearer.ok_or_else(|| Problem::new("unauthenticated"))?;
    audit::recognise(req, audit::bearer(&bearer));
    let known = read(state, move |reader| Ok(known(reader, bearer, now)?)).await?;
    let known = known.ok_or_else(|| Problem::new("unauthenticated"))?;
    audit::recognise(req, (&known.1).into());
    Ok(known)
}

/// Whom a token stands for now: its session or client may have ended, or have less rights than it had.
fn known(reader: &mut Reader, bearer: Bearer, now: LocalTime) -> Result<Option<(Option<String>, Actor)>, StorageError> {
    match bearer {
        Bearer::Session(session) => Ok(sessions::user_of(reader, &session, now)?.map(|user| {
            let authority = Authority::Role(user.role);
            (Some(session), Actor { id: user.id, name: user.username, authority, agency: user.agency })
        })),
        Bearer::Client { id, scopes } => {
            Ok(clients::find(reader, &id)?.filter(|client| !client.disabled).map(|client| {
                let scopes = scopes.into_iter().filter(|scope| client.scopes.contains(scope)).collect();
                (
                    None,
                    Actor {
                        id: client.id,
                        name: client.name,
                        authority: Authority::Scopes(scopes),
                        agency: client.agency,
                    },
                )
            }))
        }
    }
}

/// Runs a read on a thread that may block.
///
/// # Errors
/// What `work` answers.
pub async fn read<T: Send + 'static>(
    state: &Data<AppState>,
    work: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    let db = state.db.clone();
    blocking(move || db.read(work)).await
}

/// Runs work on a thread that may block.
///
/// # Errors
/// What `work` answers; `unavailable` when the pool is shutting down.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let answer = actix_web::web::block(move || span.in_scope(work)).await;
    Ok(answer.map_err(|_| Problem::new("unavailable"))??)
}

impl<P: Permission> Call<P> {
    /// A part of the path.
    pub fn path(&self, name: &str) -> &str {
        self.req.match_info().get(name).unwrap_or_default()
    }

    /// A code in the path; what is no code names nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn code<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.path(name).parse().map_err(|_| Problem::new("not_found"))
    }

    /// The body, with its bytes.
    ///
    /// # Errors
    /// See [`read_body`] and [`parse`].
    pub async fn body<T: DeserializeOwned>(&mut self) -> Result<(T, Bytes), Problem> {
        let payload = self.payload.take().ok_or_else(|| Problem::new("unreadable_body"))?;
        let bytes = read_body(&self.req, payload).await?;
        Ok((parse(&bytes)?, bytes))
    }

    /// The raw body, for streams.
    ///
    /// # Errors
    /// `unreadable_body`.
    pub fn stream(&mut self) -> Result<Payload, Problem> {
        self.payload.take().ok_or_else(|| Problem::new("unreadable_body"))
    }

    /// Reads as this caller.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader, &Actor) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let actor = self.actor.clone();
        read(&self.state, move |reader| work(reader, &actor)).await
    }

    /// Writes as this caller, now; the deed is written down in the same transaction.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let trace = audit::trace(&self.req);
        let audited = move |tx: &mut Tx, act: Act<'_>| {
            let done = work(tx, act)?;
            deed(tx, act, &trace)?;
            Ok(done)
        };
        let done = self.prepare(audited).await?;
        audit::noted(&self.req);
        Ok(done)
    }

    /// Writes as this caller, now, what is no deed yet and only prepares the one that is written down.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn prepare<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let (actor, state) = (self.actor.clone(), self.state.clone());
        blocking(move || {
            let act = Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient };
            state.db.write(|tx| work(tx, act))
        })
        .await
    }

    /// Whether the caller reads English rather than Vietnamese.
    pub fn prefers_english(&self) -> bool {
        super::middleware::wants_english(self.req.headers())
    }

    /// The version that `If-Match` asks for; `None` when the header is absent or `*`.
    ///
    /// # Errors
    /// `bad_if_match`; `changed` for a tag that is none of ours.
    pub fn if_match(&self) -> Result<Option<i64>, Problem> {
        let Some(value) = self.req.headers().get(IF_MATCH) else { return Ok(None) };
        let text = value.to_str().map_err(|_| Problem::new("bad_if_match"))?.trim();
        if text == "*" {
            return Ok(None);
        }
        // A weak tag never matches strongly.
        if text.starts_with("W/\"") {
            return Err(Problem::new("changed"));
        }
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let tag = tag.ok_or_else(|| Problem::new("bad_if_match"))?;
        tag.parse().map(Some).map_err(|_| Problem::new("changed"))
    }

    /// As [`Call::if_match`], where the header must be there.
    ///
    /// # Errors
    /// `precondition_required` besides.
    pub fn must_match(&self) -> Result<Option<i64>, Problem> {
        if self.req.headers().contains_key(IF_MATCH) {
            self.if_match()
        } else {
            Err(Problem::new("precondition_required"))
        }
    }

    /// Whether the caller says in `If-None-Match` that it has what this tag stands for.
    pub fn knows(&self, tag: &str) -> bool {
        knows(self.req.headers(), tag)
    }

    /// Shows one resource with its ETag, or 304 when the caller has this version.
    pub fn show(&self, view: &impl Serialize, version: i64) -> HttpResponse {
        let tag = etag(version);
        if self.knows(&tag) {
            return HttpResponse::NotModified().insert_header(("ETag", tag)).finish();
        }
        HttpResponse::Ok().insert_header(("ETag", tag)).json(view)
    }
}

/// Whether `If-None-Match` says that the caller has what this tag stands for.
pub(in crate::http) fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
}

/// The ETag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
