//! A signed-in call: who makes it, with the permission in the handler's type, checked before the body is read.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload as RawPayload;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, IF_MATCH, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::AppState;
use super::admission::{self, Lane};
use super::audit;
use super::caller::{Caller, signed_in};
use super::incoming::Incoming;
use super::input::{Query, parse, read_body};
use super::problem::Problem;
use super::reach::{Named, put_off};
use super::replica::{self, Sight};
use crate::domain::vocabulary::{Role, Scope};
use crate::files::drain;
use crate::flow::actor::Authority;
use crate::flow::audit::deed;
use crate::flow::{Act, Actor, Fault};
use crate::storage::reference::Reference;
use crate::storage::{Reader, Tx};

/// Names the absent officer for whom the caller stands in.
pub(in crate::http) const ON_BEHALF_OF: &str = "On-Behalf-Of";

/// Who may make a call.
pub trait Permission: 'static {
    /// People of these roles.
    const ROLES: &'static [Role];
    /// Machines with one of these scopes.
    const SCOPES: &'static [Scope];
    /// Only those who are held to no agency: what it changes holds for all of them.
    const EVERYWHERE: bool;

    /// Whether what the caller has is enough.
    fn allows(actor: &Actor) -> bool {
        let entitled = match &actor.authority {
            Authority::Role(role) => Self::ROLES.contains(role),
            Authority::Scopes(scopes) => Self::SCOPES.iter().any(|scope| scopes.contains(scope)),
        };
        entitled && (actor.agency.is_none() || !Self::EVERYWHERE)
    }
}

macro_rules! permission {
    ($(#[$doc:meta] $name:ident $(@ $everywhere:ident)?: $($role:ident),+ $(; $($scope:ident),+)?;)+) => {$(
        #[$doc]
        #[derive(Debug)]
        pub struct $name;

        impl Permission for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),+];
            const SCOPES: &'static [Scope] = &[$($(Scope::$scope),+)?];
            const EVERYWHERE: bool = !concat!($(stringify!($everywhere))?).is_empty();
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
    /// Whoever resolves dossiers.
    Resolve: Officer, Leader, Admin; DossiersWrite;
    /// Whoever talks with people: enters feedback and visits.
    Attend: FrontDesk, Officer, Leader, Admin;
    /// An e-office, and whoever signs.
    Exchange: Leader, Admin; DocumentsExchange;
    /// The national portal, and who looks after it: personal data goes out plain.
    Relay: Admin; PortalSync;
    /// Whoever drafts letters.
    Draft: Officer, Leader, Admin;
    /// Whoever signs letters and mends mistakes.
    Lead: Leader, Admin;
    /// Whoever sets things up in their agency and below it.
    Administer: Admin;
    /// Whoever sets up what holds for all agencies: catalogue and calendar.
    Govern @everywhere: Admin;
    /// Whoever looks into the audit log.
    Inspect: Auditor, Admin;
}

/// The calls that take query parameters and check their names; to all others any parameter is unknown.
const QUERIED: &[(Method, &str)] = &[
    (Method::GET, "/v1/dossiers"),
    (Method::GET, "/v1/dossiers/{code}"),
    (Method::GET, "/v1/my/dossiers"),
    (Method::GET, "/v1/my/dossiers/{code}"),
    (Method::GET, "/v1/dossiers/{code}/timeline"),
    (Method::GET, "/v1/dossiers/{code}/files"),
    (Method::POST, "/v1/dossiers/{code}/files"),
    (Method::GET, "/v1/apology-letters"),
    (Method::GET, "/v1/apology-letters/{id}/exchange"),
    (Method::GET, "/v1/ioffice/documents"),
    (Method::GET, "/v1/changes"),
    (Method::GET, "/v1/board/stream"),
    (Method::GET, "/v1/statistics"),
    (Method::GET, "/v1/statistics/due-soon"),
    (Method::GET, "/v1/statistics/fees"),
    (Method::GET, "/v1/worklist"),
    (Method::GET, "/v1/hand-offs"),
    (Method::GET, "/v1/statistics/today"),
    (Method::GET, "/v1/transfers"),
    (Method::GET, "/v1/warnings"),
    (Method::GET, "/v1/mandates"),
    (Method::GET, "/v1/statistics/transfers"),
    (Method::GET, "/v1/dossiers/{code}/consultations"),
    (Method::GET, "/v1/consultations"),
    (Method::GET, "/v1/statistics/consultations"),
    (Method::GET, "/v1/dossiers/{code}/parts"),
    (Method::GET, "/v1/parts"),
    (Method::GET, "/v1/statistics/parts"),
    (Method::GET, "/v1/reports"),
    (Method::GET, "/v1/statistics/service-index"),
    (Method::GET, "/v1/reports/06a"),
    (Method::GET, "/v1/reports/06a.xlsx"),
    (Method::GET, "/v1/reports/06a.csv"),
    (Method::GET, "/v1/reports/06b"),
    (Method::GET, "/v1/reports/06b.xlsx"),
    (Method::GET, "/v1/reports/reform"),
    (Method::GET, "/v1/reports/reform.docx"),
    (Method::GET, "/v1/reports/reform.pdf"),
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
    (Method::POST, "/v1/calendar/{year}/preview"),
    (Method::GET, "/v1/agencies"),
    (Method::GET, "/v1/agencies/{code}/closures"),
    (Method::GET, "/v1/fields"),
    (Method::GET, "/v1/procedures"),
    (Method::POST, "/v1/procedures/import"),
    (Method::GET, "/v1/decisions"),
    (Method::GET, "/v1/catalogue-changes"),
    (Method::GET, "/v1/statistics/catalogue"),
    (Method::GET, "/v1/webhooks"),
    (Method::GET, "/v1/webhooks/{id}/deliveries"),
    (Method::GET, "/v1/notices"),
    (Method::GET, "/v1/portal/dossiers"),
    (Method::GET, "/v1/portal/exchange"),
    (Method::GET, "/v1/users"),
    (Method::GET, "/v1/clients"),
    (Method::GET, "/v1/audit"),
    (Method::POST, "/v1/imports"),
    (Method::POST, "/v1/imports/register"),
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
    /// The session; machines and those who come from the OpenID provider have none here.
    session: Option<String>,
    /// What was read under the stamp that the call began with.
    reference: Option<Arc<Reference>>,
    /// What the service stands on.
    pub state: Data<AppState>,
    /// The request.
    pub req: HttpRequest,
    payload: Option<Incoming>,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Call<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let req = req.clone();
        let mut payload = Incoming::from_request(&req, payload).into_inner();
        Box::pin(async move {
            let state = state_of(&req)?;
            let (Caller::Office { session, actor }, reference) = signed_in(&state, &req).await? else {
                return Err(Problem::new("forbidden"));
            };
            if !P::allows(&actor) {
                return Err(Problem::new("forbidden"));
            }
            check_address(&req)?;
            // Who only looks is told by what they look for; who sends a body is told before it is read.
            let named = Named::of(&req).filter(|_| req.method() != Method::GET);
            if let Some(Err(named)) = named.map(|named| put_off(&req, named, &actor, &reference)) {
                let asking = actor.clone();
                let looking = reference.clone();
                let within = read_under(&state, looking, move |reader| named.require_within(reader, &asking)).await;
                if let Err(problem) = within {
                    if let Ok(body) = &mut payload {
                        drain(body).await;
                    }
                    return Err(problem);
                }
            }
            Ok(Self { actor, session, reference, state, req, payload: payload.ok(), permission: PhantomData })
        })
    }
}

/// What the service stands on.
///
/// # Errors
/// `internal`.
pub(in crate::http) fn state_of(req: &HttpRequest) -> Result<Data<AppState>, Problem> {
    req.app_data::<Data<AppState>>().cloned().ok_or_else(|| Problem::new("internal"))
}

/// Refuses parameters that nothing reads, and parts of a path that name nothing.
///
/// # Errors
/// `unknown_parameter`, `not_found`.
pub(in crate::http) fn check_address(req: &HttpRequest) -> Result<(), Problem> {
    refuse_unknown_parameters(req)?;
    // Nothing is named so, and PostgreSQL cannot even compare with it.
    let has_nul = req.match_info().iter().any(|(_, part)| part.contains('\0'));
    if has_nul { Err(Problem::new("not_found")) } else { Ok(()) }
}

/// A code in the path; what is no code names nothing.
///
/// # Errors
/// `not_found`.
pub(in crate::http) fn code_in<T: std::str::FromStr>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    req.match_info().get(name).and_then(|code| code.parse().ok()).ok_or_else(|| Problem::new("not_found"))
}

/// Runs a read on a thread that may block.
///
/// # Errors
/// What `work` answers.
pub async fn read<T: Send + 'static>(
    state: &Data<AppState>,
    work: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    read_under(state, None, work).await
}

/// As [`read`], by who knows already what was read under the present stamp.
///
/// # Errors
/// What `work` answers.
pub(in crate::http) async fn read_under<T: Send + 'static>(
    state: &Data<AppState>,
    reference: Option<Arc<Reference>>,
    work: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    let db = state.db.clone();
    in_lane(Lane::Read, move || db.read_under(reference, work)).await
}

/// Runs work on a thread that may block, when it is the request's turn.
///
/// # Errors
/// What `work` answers; `overloaded`; `unavailable` when the pool is shutting down.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    in_lane(Lane::Write, work).await
}

async fn in_lane<T: Send + 'static>(
    lane: Lane,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Problem> {
    let answer = admission::run(lane, crate::trace::carried(work)).await?;
    Ok(answer.ok_or_else(|| Problem::new("unavailable"))??)
}

/// Runs work on a thread that may block, without a turn: what takes long and asks the database seldom or not at all would
/// keep a place from many others.
///
/// # Errors
/// What `work` answers; `unavailable` when the pool is shutting down.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Problem> {
    let answer = actix_web::web::block(crate::trace::carried(work)).await;
    Ok(answer.map_err(|_| Problem::new("unavailable"))??)
}

impl<P: Permission> Call<P> {
    /// The session that the caller opened here with a password.
    ///
    /// # Errors
    /// `outside_account` for whom the OpenID provider vouches for: it keeps their password and their session; `in_person`.
    pub fn own_session(&self) -> Result<&str, Problem> {
        self.in_person()?;
        self.session.as_deref().ok_or_else(|| Problem::new("outside_account"))
    }

    /// Refuses who stands in for somebody.
    ///
    /// # Errors
    /// `in_person`.
    pub fn in_person(&self) -> Result<(), Problem> {
        if self.actor.on_behalf_of.is_some() { Err(Problem::new("in_person")) } else { Ok(()) }
    }

    /// A part of the path.
    pub fn path(&self, name: &str) -> &str {
        self.req.match_info().get(name).unwrap_or_default()
    }

    /// A code in the path; what is no code names nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn code<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        code_in(&self.req, name)
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
    pub fn stream(&mut self) -> Result<Incoming, Problem> {
        self.payload.take().ok_or_else(|| Problem::new("unreadable_body"))
    }

    /// Reads as this caller; lists and reports as far as the read replica has come.
    ///
    /// # Errors
    /// What `work` answers.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader, &Actor) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let actor = self.actor.clone();
        let work = move |reader: &mut Reader| work(reader, &actor);
        match replica::sight(&self.req)? {
            Sight::Newest => read_under(&self.state, self.reference.clone(), work).await,
            Sight::Lagging(position) => {
                let (db, reference) = (self.state.db.clone(), self.reference.clone());
                in_lane(Lane::Read, move || db.read_lagging(position.as_ref(), reference, work)).await
            }
        }
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
