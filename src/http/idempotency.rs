//! POSTs that may be retried: the first answer is kept in the transaction of the work and given again.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::AppState;
use super::audit;
use super::call::{Call, Permission, blocking, etag};
use super::problem::Problem;
use crate::domain::audit::Trace;
use crate::flow::audit::deed;
use crate::flow::{Act, Actor, Fault};
use crate::storage::idempotency::{self, Answer, KEPT, Key};
use crate::storage::{StorageError, Tx};

/// Keys whose first request is still running in this process.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashSet<Key>>);

/// Frees a key when its request is over, however it ends.
struct Ticket<'a> {
    running: &'a Running,
    key: Key,
}

impl Running {
    fn enter(&self, key: &Key) -> Option<Ticket<'_>> {
        let entered = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        entered.then(|| Ticket { running: self, key: key.clone() })
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// A successful answer to a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    /// 200 with a resource and its version.
    ///
    /// # Errors
    /// When the view cannot be written as JSON.
    pub fn ok(view: &impl Serialize, version: i64) -> Result<Self, Fault> {
        Ok(Self { status: 200, headers: vec![("ETag".into(), etag(version))], body: written(view)? })
    }

    /// 200 with something that is no single resource.
    ///
    /// # Errors
    /// When the view cannot be written as JSON.
    pub fn plain(view: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { status: 200, headers: Vec::new(), body: written(view)? })
    }

    /// 201 with the new resource, its version and where it is.
    ///
    /// # Errors
    /// When the view cannot be written as JSON.
    pub fn created(view: &impl Serialize, version: i64, location: String) -> Result<Self, Fault> {
        let headers = vec![("ETag".into(), etag(version)), ("Location".into(), location)];
        Ok(Self { status: 201, headers, body: written(view)? })
    }

    /// 201 with what only who sent it in is to have, and where that is, if it is anywhere.
    ///
    /// # Errors
    /// When the view cannot be written as JSON.
    pub fn receipt(view: &impl Serialize, location: Option<String>) -> Result<Self, Fault> {
        let location = location.map(|location| ("Location".into(), location));
        let headers = [("Cache-Control".into(), "no-store".into())].into_iter().chain(location).collect();
        Ok(Self { status: 201, headers, body: written(view)? })
    }

    /// Where the new resource is.
    fn location(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "Location").map(|(_, location)| location.as_str())
    }

    fn respond(self, replayed: bool) -> HttpResponse {
        let mut answer = HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        for (name, value) in self.headers {
            answer.insert_header((name, value));
        }
        if replayed {
            answer.insert_header(("Idempotency-Replayed", "true"));
        }
        answer.content_type("application/json").body(self.body)
    }

    fn kept(&self, body_hash: &str) -> Result<Answer, StorageError> {
        let headers = serde_json::to_string(&self.headers).map_err(|cause| StorageError::corrupt("headers", cause))?;
        let status = i16::try_from(self.status).unwrap_or(200);
        Ok(Answer { body_hash: body_hash.to_owned(), status, headers, answer: self.body.clone() })
    }

    fn given(answer: Answer) -> Result<Self, StorageError> {
        let headers = serde_json::from_str(&answer.headers).map_err(|cause| StorageError::corrupt("headers", cause))?;
        Ok(Self { status: answer.status.unsigned_abs(), headers, body: answer.answer })
    }
}

fn written(view: &impl Serialize) -> Result<String, Fault> {
    Ok(serde_json::to_string(view).map_err(|cause| StorageError::corrupt("answer", cause))?)
}

/// What became of a keyed request inside its transaction.
enum Outcome {
    Fresh(Reply),
    Replayed(Reply),
    OtherBody,
}

impl<P: Permission> Call<P> {
    /// Answers a POST of this caller; see `post` of this file.
    ///
    /// # Errors
    /// Those of `post`.
    pub async fn post(
        &self,
        body: &[u8],
        work: impl FnMut(&mut Tx, Act<'_>) -> Result<Reply, Fault> + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        post(&self.state, &self.req, (&self.actor, &self.actor.caller()), body, work).await
    }
}

/// Answers a POST: with an `Idempotency-Key` the work is done once and its answer given again for 24 hours to the same caller,
/// who goes by the second name of the two.
///
/// # Errors
/// What `work` answers; `request_in_progress`, `idempotency_key_reused`, `bad_idempotency_key`.
pub(in crate::http) async fn post(
    state: &Data<AppState>,
    req: &HttpRequest,
    (actor, caller): (&Actor, &str),
    body: &[u8],
    mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<Reply, Fault> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let trace = audit::trace(req);
    let mut work = move |tx: &mut Tx, act: Act<'_>| audited(tx, act, &trace, &mut work);
    let key = key_of(req, caller)?;
    let body_hash = key.as_ref().map(|_| state.tokens.fingerprint(body)).transpose();
    let keyed_by = key.zip(body_hash.map_err(|_| Problem::new("internal"))?);
    let (actor, state) = (actor.clone(), state.clone());
    let outcome = blocking(move || {
        let act = Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient };
        let Some((key, body_hash)) = keyed_by else {
            return Ok(Some(Outcome::Fresh(state.db.write(|tx| work(tx, act))?)));
        };
        let Some(_ticket) = state.running.enter(&key) else { return Ok(None) };
        let mut once = || state.db.write(|tx| keyed(tx, act, &key, &body_hash, &mut work));
        match once() {
            // Another process gave the first answer in between: this time it is found.
            Err(Fault::Storage(StorageError::Duplicate(name))) if name.contains("idempotency") => once().map(Some),
            other => other.map(Some),
        }
    })
    .await?;
    match outcome {
        None => Err(Problem::new("request_in_progress")),
        Some(Outcome::OtherBody) => Err(Problem::new("idempotency_key_reused")),
        Some(Outcome::Fresh(reply)) => {
            audit::noted(req);
            Ok(reply.respond(false))
        }
        // An answer given again is no new deed.
        Some(Outcome::Replayed(reply)) => {
            audit::noted(req);
            Ok(reply.respond(true))
        }
    }
}

/// The key that a request carries, if any.
fn key_of(req: &HttpRequest, caller: &str) -> Result<Option<Key>, Problem> {
    let Some(header) = req.headers().get("Idempotency-Key") else { return Ok(None) };
    let key = header.to_str().ok().map(str::trim).filter(|key| (1..=200).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::new("bad_idempotency_key"))?.to_owned();
    Ok(Some(Key { caller: caller.to_owned(), route: format!("{} {}", req.method(), req.path()), key }))
}

/// Does the work and writes the deed down in its transaction.
fn audited(
    tx: &mut Tx,
    act: Act<'_>,
    trace: &Trace,
    work: &mut impl FnMut(&mut Tx, Act<'_>) -> Result<Reply, Fault>,
) -> Result<Reply, Fault> {
    let reply = work(tx, act)?;
    deed(tx, act, &audit::created(trace, reply.location()))?;
    Ok(reply)
}

fn keyed(
    tx: &mut Tx,
    act: Act<'_>,
    key: &Key,
    body_hash: &str,
    work: &mut impl FnMut(&mut Tx, Act<'_>) -> Result<Reply, Fault>,
) -> Result<Outcome, Fault> {
    let not_before = act.now - KEPT;
    if let Some(answer) = idempotency::find(tx, key, not_before)? {
        let same = answer.body_hash == body_hash;
        return Ok(if same { Outcome::Replayed(Reply::given(answer)?) } else { Outcome::OtherBody });
    }
    let reply = work(tx, act)?;
    idempotency::keep(tx, key, &reply.kept(body_hash)?, act.now, not_before)?;
    Ok(Outcome::Fresh(reply))
}
