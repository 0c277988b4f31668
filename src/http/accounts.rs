//! Users and machine clients, set up by administrators.

use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, Query};
use super::problem::{Problem, ProblemBody};
use crate::domain::vocabulary::{AgencyCode, Role, Scope};
use crate::flow::Fault;
use crate::flow::accounts::{add_client, add_user, hash_password};
use crate::storage::accounts::{self, Client, User};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_user).service(list_users).service(get_user).service(create_client).service(list_clients);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Name to sign in with.
    #[schema(example = "lan")]
    username: String,
    /// At least 10 characters.
    password: String,
    /// Role.
    role: Role,
    /// Agency the role is held at; may be left out for an administrator of everything.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
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
struct UserView {
    /// Opaque identifier.
    id: String,
    /// Name.
    username: String,
    /// Role.
    role: Role,
    /// Agency.
    agency: Option<String>,
    /// Counts its changes.
    version: i64,
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
    /// The secret, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn user_view(user: User) -> UserView {
    let agency = user.agency.map(|agency| agency.to_string());
    UserView { id: user.id, username: user.username, role: user.role, agency, version: user.version }
}

fn client_view(client: Client, secret: Option<String>) -> ClientView {
    let agency = client.agency.map(|agency| agency.to_string());
    ClientView { id: client.id, name: client.name, scopes: client.scopes, agency, secret }
}

/// Adds a user.
#[utoipa::path(tag = "accounts", request_body = NewUser, responses(
    (status = 201, description = "Added", body = UserView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 409, description = "The name is taken", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/users")]
async fn create_user(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (new, bytes) = call.body::<NewUser>().await?;
    let mut checker = Checker::default();
    let username = checker.text("/username", &new.username, MAX_NAME);
    checker.finish()?;
    let NewUser { password, role, agency, .. } = new;
    let hash = super::call::blocking(move || hash_password(&password)).await?;
    call.post(&bytes, move |tx, act| {
        let user = add_user(tx, act, (&username, &hash), role, agency.clone())?;
        let location = format!("/v1/users/{}", user.id);
        let version = user.version;
        Reply::created(&user_view(user), version, location)
    })
    .await
}

/// Users in the caller's reach, by name.
#[utoipa::path(tag = "accounts", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Object), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/users")]
async fn list_users(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut users = call
        .read(move |reader, actor| {
            Ok(accounts::page_of_users(reader, actor.agency.as_ref(), wish.after_code(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut users, |user| vec![user.username.clone()]);
    let items: Vec<UserView> = users.into_iter().map(user_view).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One user.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, description = "The user", body = UserView), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/users/{id}")]
async fn get_user(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let user = call
        .read(move |reader, actor| {
            let user = accounts::find_user(reader, &id)?.ok_or(Fault::NotFound("user"))?;
            if within_reach(reader, actor, user.agency.as_ref())? { Ok(user) } else { Err(Fault::NotFound("user")) }
        })
        .await?;
    let version = user.version;
    Ok(call.show(&user_view(user), version))
}

fn within_reach(
    reader: &mut crate::storage::Reader,
    actor: &crate::flow::Actor,
    agency: Option<&AgencyCode>,
) -> Result<bool, Fault> {
    match agency {
        Some(agency) => Ok(actor.sides(reader, agency, agency)?.resolving),
        None => Ok(actor.agency.is_none()),
    }
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
            let (client, secret) = add_client(tx, act, &name, &new.scopes, new.agency.clone())?;
            Ok(client_view(client, Some(secret)))
        })
        .await?;
    Ok(HttpResponse::Created().insert_header(("Cache-Control", "no-store")).json(view))
}

/// Clients in the caller's reach.
#[utoipa::path(tag = "accounts", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Object), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/clients")]
async fn list_clients(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut clients = call
        .read(move |reader, actor| {
            Ok(accounts::page_of_clients(reader, actor.agency.as_ref(), wish.after_code(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut clients, |client| vec![client.id.clone()]);
    let items: Vec<ClientView> = clients.into_iter().map(|client| client_view(client, None)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}
