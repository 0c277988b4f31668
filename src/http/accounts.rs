//! Users, set up by administrators.

use actix_web::{HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, blocking, etag};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, Query, patched};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::domain::vocabulary::{AgencyCode, Role};
use crate::flow::accounts::{self as verbs, UserPatch, hash_password};
use crate::storage::accounts::{self, User};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_user).service(list_users).service(get_user).service(patch_user).service(reset_password);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Name to sign in with.
    #[schema(example = "lan")]
    username: String,
    /// At least 10 characters, not the name, none of those that everybody tries first.
    password: String,
    /// Role.
    role: Role,
    /// Agency the role is held at; may be left out for an administrator of everything.
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
    /// Whether signing in is over for now.
    disabled: bool,
    /// Counts its changes; the ETag.
    version: i64,
}

fn user_view(user: User) -> UserView {
    let User { id, username, role, agency, disabled, version } = user;
    UserView { id, username, role, agency: agency.map(|agency| agency.to_string()), disabled, version }
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
    let name = username.clone();
    let hash = blocking(move || hash_password(&name, &password)).await?;
    call.post(&bytes, move |tx, act| {
        let user = verbs::add_user(tx, act, (&username, &hash), role, agency.clone())?;
        let location = format!("/v1/users/{}", user.id);
        let version = user.version;
        Reply::created(&user_view(user), version, location)
    })
    .await
}

/// Users in the caller's reach, by name.
#[utoipa::path(tag = "accounts", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<UserView>), (status = 403, description = "Not an administrator", body = ProblemBody)))]
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
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One user.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), responses(
    (status = 200, description = "The user", body = UserView), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/users/{id}")]
async fn get_user(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let user = call.read(move |reader, actor| verbs::find_user(reader, actor, &id)).await?;
    let version = user.version;
    Ok(call.show(&user_view(user), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserPatchBody {
    /// Role.
    role: Option<Role>,
    /// Agency the role is held at; `null` for an administrator of everything.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<Option<AgencyCode>>,
    /// Who is disabled cannot sign in and is signed out everywhere.
    disabled: Option<bool>,
}

/// Changes a user's role or agency, disables or enables them (JSON Merge Patch).
#[utoipa::path(tag = "accounts", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = UserPatchBody, responses(
    (status = 200, description = "Changed", body = UserView), (status = 403, description = "Beyond the caller's reach", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "The caller's own account", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody),
    (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/users/{id}")]
async fn patch_user(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<UserPatchBody>().await?;
    let patch = UserPatch { role: body.role, agency: body.agency, disabled: body.disabled };
    let id = call.path("id").to_owned();
    let user = call.write(move |tx, act| verbs::change_user(tx, act, &id, expected, &patch)).await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(user.version))).json(user_view(user)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResetPassword {
    /// At least 10 characters, not the name, none of those that everybody tries first.
    password: String,
}

/// Gives a user a new password; they are signed out everywhere and may sign in with it at once.
#[utoipa::path(tag = "accounts", params(("id" = String, Path)), request_body = ResetPassword, responses(
    (status = 200, description = "Changed", body = UserView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "The caller's own account", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/users/{id}/password")]
async fn reset_password(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.if_match()?;
    let (ResetPassword { password }, bytes) = call.body::<ResetPassword>().await?;
    let id = call.path("id").to_owned();
    let asked = id.clone();
    let user = call.read(move |reader, actor| verbs::find_user(reader, actor, &asked)).await?;
    let hash = blocking(move || hash_password(&user.username, &password)).await?;
    call.post(&bytes, move |tx, act| {
        let user = verbs::reset_password(tx, act, &id, expected, &hash)?;
        let version = user.version;
        Reply::ok(&user_view(user), version)
    })
    .await
}
