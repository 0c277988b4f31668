//! Warnings of dossiers: what the rungs of ladders brought up, and who has taken it in.

use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Draft, See};
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{NoMembers, PageWish, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use super::rung_body::RungBody;
use crate::ambient::Ambient;
use crate::domain::ladder::Told;
use crate::flow::ladder as verbs;
use crate::storage::dossier_row::Record;
use crate::storage::warnings::{self, Listed, WarningFilter, WarningRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_warnings).service(get_warning).service(acknowledge_warning);
}

/// A warning.
#[derive(Serialize, ToSchema)]
struct WarningView {
    /// Opaque identifier.
    id: String,
    /// Code of the dossier.
    dossier: String,
    /// The agency that resolves it.
    agency: String,
    /// The officer in charge of it.
    assignee: Option<String>,
    /// The instant due that it is about.
    due_at: String,
    /// The rung, with those who are told.
    rung: RungBody,
    /// When the rung was reached.
    reached_at: String,
    /// When the warning was given.
    given_at: String,
    /// When it was acknowledged.
    acknowledged_at: Option<String>,
    /// By whom.
    acknowledged_by: Option<String>,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(ambient: &Ambient, (warning, agency, assignee): Listed) -> WarningView {
    let version = 1 + i64::from(warning.acknowledged.is_some());
    let (acknowledged_at, acknowledged_by) = warning.acknowledged.unzip();
    WarningView {
        id: warning.id,
        dossier: warning.dossier.to_string(),
        agency,
        assignee,
        due_at: stamp(ambient, warning.due_at),
        rung: RungBody::of(&warning.rung),
        reached_at: stamp(ambient, warning.reached_at),
        given_at: stamp(ambient, warning.given_at),
        acknowledged_at: acknowledged_at.map(|at| stamp(ambient, at)),
        acknowledged_by,
        version,
    }
}

fn of_dossier((warning, record): (WarningRecord, Record)) -> Listed {
    (warning, record.agency.to_string(), record.assignee)
}

/// Warnings of dossiers the caller may see, the rung reached last first.
#[utoipa::path(tag = "warnings", params(
    ("agency" = Option<String>, Query, description = "Of dossiers resolved by this agency or one below it"), ("dossier" = Option<String>, Query),
    ("assignee" = Option<String>, Query, description = "Told to the officer in charge, who is this one now; `me` is the caller, or for whom they stand in"),
    ("tell" = Option<String>, Query, description = "Told to assignee or leader"), ("acknowledged" = Option<bool>, Query),
    ("current" = Option<bool>, Query, description = "About the deadline that the dossier runs towards now: it has not ended, its clock does not stand still, and its deadline has not changed; or not"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<WarningView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "A word that is not one of ours", body = ProblemBody)))]
#[get("/v1/warnings")]
async fn list_warnings(call: Call<See>) -> Result<HttpResponse, Problem> {
    let names = ["agency", "dossier", "assignee", "tell", "acknowledged", "current", "limit", "cursor"];
    let query = Query::of(&call.req, &names)?;
    let page = query.page(2)?;
    page.after_instant()?;
    let assignee = query.text("assignee").map(|name| if name == "me" { call.actor.desk() } else { name });
    let filter = WarningFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        dossier: query.parsed("dossier")?,
        assignee: assignee.map(str::to_owned),
        tell: query.word::<Told>("tell")?,
        acknowledged: query.parsed("acknowledged")?,
        current: query.parsed("current")?,
    };
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(warnings::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |(last, ..)| PageWish::key(last.reached_at, last.id.as_str()));
    let items: Vec<_> = found.into_iter().map(|listed| view(&call.state.ambient, listed)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One warning.
#[utoipa::path(tag = "warnings", params(("id" = String, Path)), responses(
    (status = 200, description = "The warning", body = WarningView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or of another agency's dossier", body = ProblemBody)))]
#[get("/v1/warnings/{id}")]
async fn get_warning(call: Call<See>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let found = call.read(move |reader, actor| verbs::find(reader, actor, &id)).await?;
    let shown = view(&call.state.ambient, of_dossier(found));
    Ok(call.show(&shown, shown.version))
}

/// Notes that the caller has taken a warning in: an officer or a leader of the agency that resolves its dossier. One that was
/// acknowledged stays as it is.
#[utoipa::path(tag = "warnings", params(("id" = String, Path)), request_body = NoMembers, responses(
    (status = 200, description = "Acknowledged", body = WarningView), (status = 403, description = "Not of the agency that resolves", body = ProblemBody),
    (status = 404, description = "Not there, or of another agency's dossier", body = ProblemBody)))]
#[post("/v1/warnings/{id}/acknowledge")]
async fn acknowledge_warning(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    let id = call.path("id").to_owned();
    call.post(&bytes, move |tx, act| {
        let shown = view(act.ambient, of_dossier(verbs::acknowledge(tx, act, &id)?));
        Reply::ok(&shown, shown.version)
    })
    .await
}
