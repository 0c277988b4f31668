//! Machine clients, set up by administrators; their secrets are shown once.

use actix_web::{HttpResponse, HttpResponseBuilder, delete, get, patch, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, etag};
use super::dossier_view::stamp;
use super::input::{Checker, MAX_NAME, Query, patched};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::vocabulary::{AgencyCode, Scope};
use crate::flow::clients::{self as verbs, ClientPatch};
use crate::storage::clients::{self, Client};

/// How many hours an old secret goes on unless it is said otherwise.
pub const OVERLAP_HOURS: i64 = 24;
/// How many hours it may go on at most.
pub const LONGEST_OVERLAP_HOURS: i64 = 720;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_client)
        .service(list_clients)
        .service(get_client)
        .service(patch_client)
        .service(delete_client)
        .service(rotate_client_secret);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClient {
    /// Name shown in timelines.
    #[schema(example = "iOffice")]
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Agency it acts for.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
}

#[derive(Serialize, ToSchema)]
struct ClientView {
    /// Opaque identifier.
    id: String,
    /// Name.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
    /// Agency.
    agency: Option<String>,
    /// Whether its secret and its tokens are of no use for now.
    disabled: bool,
    /// Until when the secret before the present one is good, too.
    old_secret_until: Option<String>,
    /// Counts its changes; the ETag.
    version: i64,
    /// The secret, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn view(ambient: &Ambient, client: Client, secret: Option<String>) -> ClientView {
    let Client { id, name, scopes, agency, disabled, old_secret_until, version } = client;
    let agency = agency.map(|agency| agency.to_string());
    let old_secret_until = old_secret_until.map(|until| stamp(ambient, until));
    ClientView { id, name, scopes, agency, disabled, old_secret_until, version, secret }
}

/// An answer with a secret, which nobody is to keep on the way.
fn told_once(answer: &mut HttpResponseBuilder, view: ClientView) -> HttpResponse {
    answer.insert_header(("ETag", etag(view.version))).insert_header(("Cache-Control", "no-store")).json(view)
}

/// Adds a machine client; its secret is shown once and not kept.
#[utoipa::path(tag = "accounts", request_body = NewClient, responses(
    (status = 201, description = "Added", body = ClientView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/clients")]
async fn create_client(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (new, _) = call.body::<NewClient>().await?;
    let mut checker = Checker::default();
    let name = checker.text("/name", &new.name, MAX_NAME);
    if new.scopes.is_empty() {
        checker.fail("/scopes", "blank");
    }
    checker.finish()?;
    // No idempotent replay: a secret is never stored.
    let view = call
        .write(move |tx, act| {
            let (client, secret) = verbs::add(tx, act, &name, &new.scopes, new.agency.clone())?;
            Ok(view(act.ambient, client, Some(secret)))
        })
        .await?;
    let location = ("Location", format!("/v1/clients/{}", view.id));
    Ok(told_once(HttpResponse::Created().insert_header(location), view))
}

/// Clients in the caller's reach.
#[utoipa::path(tag = "accounts", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<ClientView>), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/clients")]
async fn list_clients(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| Ok(clients::page(reader, actor.agency.as_ref(), wish.after_code(), wish.fetch())?))
        .await?;
    let next_cursor = page.cut(&mut found, |client| vec![client.id.clone()]);
    let items: Vec<ClientView> = found.into_iter().map(|client| view(&call.state.ambient, client, None)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One client.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, description = "The client", body = ClientView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/clients/{id}")]
async fn get_client(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let client = call.read(move |reader, actor| verbs::find(reader, actor, &id)).await?;
    let version = client.version;
    Ok(call.show(&view(&call.state.ambient, client, None), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientPatchBody {
    /// Name shown in timelines.
    name: Option<String>,
    /// What it may do.
    scopes: Option<Vec<Scope>>,
    /// Agency it acts for; `null` for all.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<Option<AgencyCode>>,
    /// The secret and the tokens of a disabled client are of no use.
    disabled: Option<bool>,
}

/// Changes a client, disables or enables it (JSON Merge Patch). Tokens that are out follow at once.
#[utoipa::path(tag = "accounts", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = ClientPatchBody, responses(
    (status = 200, description = "Changed", body = ClientView), (status = 403, description = "Beyond the caller's reach", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/clients/{id}")]
async fn patch_client(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<ClientPatchBody>().await?;
    let mut checker = Checker::default();
    let name = checker.optional("/name", body.name.as_deref(), MAX_NAME);
    if body.scopes.as_ref().is_some_and(Vec::is_empty) {
        checker.fail("/scopes", "blank");
    }
    checker.finish()?;
    let patch = ClientPatch { name, scopes: body.scopes, agency: body.agency, disabled: body.disabled };
    let id = call.path("id").to_owned();
    let client = call.write(move |tx, act| verbs::change(tx, act, &id, expected, &patch)).await?;
    let version = client.version;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(view(&call.state.ambient, client, None)))
}

/// Removes a client; its tokens end at once.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), responses((status = 204, description = "Removed"),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody)))]
#[delete("/v1/clients/{id}")]
async fn delete_client(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (id, expected) = (call.path("id").to_owned(), call.if_match()?);
    call.write(move |tx, act| verbs::remove(tx, act, &id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// How many hours the old secret goes on beside the new one, 0 to 720; 24 when left out. 0 for one that got out.
    #[schema(example = 24)]
    overlap_hours: Option<i64>,
}

/// Gives a client a new secret, shown once. The old one goes on for the overlap, the one before it no longer.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), request_body = Rotation, responses(
    (status = 200, description = "The new secret", body = ClientView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/clients/{id}/rotate-secret")]
async fn rotate_client_secret(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.if_match()?;
    let (Rotation { overlap_hours }, _) = call.body::<Rotation>().await?;
    let hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
    if !(0..=LONGEST_OVERLAP_HOURS).contains(&hours) {
        let mut checker = Checker::default();
        checker.fail("/overlap_hours", "out_of_range");
        checker.finish()?;
    }
    let (id, overlap) = (call.path("id").to_owned(), TimeDelta::hours(hours));
    // No idempotent replay: a secret is never stored.
    let view = call
        .write(move |tx, act| {
            let (client, secret) = verbs::rotate_secret(tx, act, &id, expected, overlap)?;
            Ok(view(act.ambient, client, Some(secret)))
        })
        .await?;
    Ok(told_once(&mut HttpResponse::Ok(), view))
}
