//! Mandates: who stands in for whom, given and revoked in person.

use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Lead, Person};
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, NoMembers, PageWish, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::mandate::Mandate;
use crate::flow::mandates::{self as verbs, NewMandate};
use crate::storage::mandates::{self, MandateFilter};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(give_mandate).service(list_mandates).service(get_mandate).service(revoke_mandate);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMandateBody {
    /// Name of the absent officer: a front desk, an officer or a leader.
    #[schema(example = "lan")]
    absent: String,
    /// Name of who stands in, one of these, too.
    #[schema(example = "hoa")]
    stand_in: String,
    /// First day.
    from: NaiveDate,
    /// Last day: today or later, at most a year after the first.
    to: NaiveDate,
    /// Why.
    #[schema(example = "Nghỉ phép")]
    reason: String,
}

/// A mandate.
#[derive(Serialize, ToSchema)]
struct MandateView {
    /// Opaque identifier.
    id: String,
    /// Name of the absent officer.
    absent: String,
    /// Name of who stands in.
    stand_in: String,
    /// First day.
    from: NaiveDate,
    /// Last day.
    to: NaiveDate,
    /// Why.
    reason: String,
    /// When it was given.
    given_at: String,
    /// By whom.
    given_by: String,
    /// When it was revoked.
    revoked_at: Option<String>,
    /// By whom.
    revoked_by: Option<String>,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(ambient: &Ambient, mandate: Mandate) -> MandateView {
    let version = 1 + i64::from(mandate.revoked.is_some());
    let (revoked_at, revoked_by) = mandate.revoked.unzip();
    let Mandate { id, absent, stand_in, from, to, reason, given_at, given_by, .. } = mandate;
    let given_at = stamp(ambient, given_at);
    let revoked_at = revoked_at.map(|at| stamp(ambient, at));
    MandateView { id, absent, stand_in, from, to, reason, given_at, given_by, revoked_at, revoked_by, version }
}

/// Lets a person stand in for an absent officer from a day to a day, both in the caller's reach. On these days who stands in
/// may send `On-Behalf-Of: NAME` with any request: it is then made with the absent officer's role, agency and work list, and
/// with nothing else, and recorded as done on behalf of them.
#[utoipa::path(tag = "mandates", request_body = NewMandateBody, responses(
    (status = 201, description = "Given", body = MandateView), (status = 403, description = "Neither a leader nor an administrator, or not in person", body = ProblemBody),
    (status = 422, description = "Members refused: nobody in reach, a role that is not mandated, days out of order or over", body = ProblemBody)))]
#[post("/v1/mandates")]
async fn give_mandate(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    call.in_person()?;
    let (body, bytes) = call.body::<NewMandateBody>().await?;
    let mut checker = Checker::default();
    let new = NewMandate {
        absent: checker.text("/absent", &body.absent, MAX_NAME),
        stand_in: checker.text("/stand_in", &body.stand_in, MAX_NAME),
        from: body.from,
        to: body.to,
        reason: checker.text("/reason", &body.reason, MAX_NOTE),
    };
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let given = view(act.ambient, verbs::give(tx, act, &new)?);
        let location = format!("/v1/mandates/{}", given.id);
        Reply::created(&given, given.version, location)
    })
    .await
}

/// Mandates, newest first: of absent officers of the caller's agency and, for those who reach below it, of those there; and the
/// caller's own.
#[utoipa::path(tag = "mandates", params(
    ("absent" = Option<String>, Query, description = "A name; `me` is the caller"), ("stand_in" = Option<String>, Query, description = "A name; `me` is the caller"),
    ("in_force" = Option<bool>, Query, description = "true: only those in force today"), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<MandateView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/mandates")]
async fn list_mandates(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["absent", "stand_in", "in_force", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let name = |parameter: &str| {
        let named = query.text(parameter);
        named.map(|name| if name == "me" { call.actor.desk().to_owned() } else { name.to_owned() })
    };
    let in_force = query.parsed::<bool>("in_force")?.unwrap_or(false).then(|| call.state.ambient.today());
    let filter = MandateFilter {
        visible: call.actor.sees(),
        party: call.actor.desk().to_owned(),
        absent: name("absent"),
        stand_in: name("stand_in"),
        in_force,
    };
    let wish = page.clone();
    let mut found = call
        .read(move |reader, _| Ok(mandates::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?))
        .await?;
    let next_cursor = page.cut(&mut found, |last| PageWish::key(last.given_at, last.id.as_str()));
    let items: Vec<_> = found.into_iter().map(|mandate| view(&call.state.ambient, mandate)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One mandate.
#[utoipa::path(tag = "mandates", params(("id" = String, Path)), responses(
    (status = 200, description = "The mandate", body = MandateView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or not the caller's to see", body = ProblemBody)))]
#[get("/v1/mandates/{id}")]
async fn get_mandate(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let found = call.read(move |reader, actor| verbs::find(reader, actor, &id)).await?;
    let shown = view(&call.state.ambient, found);
    Ok(call.show(&shown, shown.version))
}

/// Revokes a mandate at once: leaders and administrators in whose reach the absent officer is. One that was revoked stays as it
/// is.
#[utoipa::path(tag = "mandates", params(("id" = String, Path)), request_body = NoMembers, responses(
    (status = 200, description = "Revoked", body = MandateView), (status = 403, description = "Neither a leader nor an administrator, or not in person", body = ProblemBody),
    (status = 404, description = "Not there, or not the caller's to see", body = ProblemBody)))]
#[post("/v1/mandates/{id}/revoke")]
async fn revoke_mandate(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    call.in_person()?;
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    let id = call.path("id").to_owned();
    call.post(&bytes, move |tx, act| {
        let shown = view(act.ambient, verbs::revoke(tx, act, &id)?);
        Reply::ok(&shown, shown.version)
    })
    .await
}
