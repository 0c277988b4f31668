//! The catalogue: fields, and procedures with their dated versions.

use std::collections::HashSet;

use actix_web::{HttpResponse, get, post, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_visible;
use super::call::{Anyone, Call, Govern, etag};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, Query};
use super::problem::{Problem, ProblemBody};
use super::procedure_body::{ProcedureBody, ProcedureView, view};
use crate::domain::catalogue::{Selection, standing_on};
use crate::domain::procedure::{OldOnlineLevel, Procedure};
use crate::domain::vocabulary::{AgencyCode, FieldCode, OnlineLevel, ProcedureCode, ProcedureLevel};
use crate::flow::administer::{add_field, add_procedure, revise_procedure};
use crate::flow::{Actor, Fault};
use crate::storage::procedures::{self, Field, Wanted};
use crate::storage::{Reader, agencies};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_field)
        .service(list_fields)
        .service(get_field)
        .service(create_procedure)
        .service(list_procedures)
        .service(get_procedure)
        .service(put_procedure);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewField {
    /// Code.
    #[schema(value_type = String, example = "BTXH")]
    code: FieldCode,
    /// Name.
    #[schema(example = "Bảo trợ xã hội")]
    name: String,
}

#[derive(Serialize, ToSchema)]
struct FieldView {
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// Counts its changes; the ETag.
    version: i64,
}

fn field_view(field: Field) -> FieldView {
    FieldView { code: field.code.to_string(), name: field.name, version: field.version }
}

/// Adds a field.
#[utoipa::path(tag = "catalogue", request_body = NewField, responses(
    (status = 201, description = "Added", body = FieldView), (status = 403, description = "Not an administrator of all agencies", body = ProblemBody),
    (status = 409, description = "The code is taken", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/fields")]
async fn create_field(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let (new, bytes) = call.body::<NewField>().await?;
    let mut checker = Checker::default();
    let name = checker.text("/name", &new.name, MAX_NAME);
    checker.finish()?;
    call.post(&bytes, move |tx, _| {
        let field = add_field(tx, Field { code: new.code.clone(), name: name.clone(), version: 1 })?;
        let location = format!("/v1/fields/{}", field.code);
        Reply::created(&field_view(field), 1, location)
    })
    .await
}

/// Fields, by code.
#[utoipa::path(tag = "catalogue", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/fields")]
async fn list_fields(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut fields =
        call.read(move |reader, _| Ok(procedures::page_of_fields(reader, wish.after_code(), wish.fetch())?)).await?;
    let next_cursor = page.cut(&mut fields, |field| vec![field.code.to_string()]);
    let items: Vec<FieldView> = fields.into_iter().map(field_view).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One field.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path)), responses(
    (status = 200, description = "The field", body = FieldView), (status = 304, description = "Not changed"), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/fields/{code}")]
async fn get_field(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let code: FieldCode = call.code("code")?;
    let field =
        call.read(move |reader, _| procedures::find_field(reader, &code)?.ok_or(Fault::NotFound("field"))).await?;
    let version = field.version;
    Ok(call.show(&field_view(field), version))
}

/// Adds a procedure with its first version.
#[utoipa::path(tag = "catalogue", request_body = ProcedureBody, responses(
    (status = 201, description = "Added", body = ProcedureView), (status = 403, description = "Not an administrator of all agencies", body = ProblemBody),
    (status = 409, description = "The code is taken", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/procedures")]
async fn create_procedure(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<ProcedureBody>().await?;
    let code = body.code.clone().ok_or_else(|| Problem::at("missing_member", "/code"))?;
    let new = checked(&body, code)?;
    call.post(&bytes, move |tx, act| {
        let procedure = add_procedure(tx, act, new.clone())?;
        Reply::created(&view(&procedure), procedure.version, format!("/v1/procedures/{}", procedure.code))
    })
    .await
}

fn checked(body: &ProcedureBody, code: ProcedureCode) -> Result<Procedure, Problem> {
    let mut checker = Checker::default();
    let procedure = body.checked(code, "", &mut checker);
    checker.finish()?;
    Ok(procedure)
}

/// The parameters that narrow the catalogue, beside `agency`.
pub(in crate::http) const SELECTING: [&str; 4] = ["field", "level", "online_level", "old_online_level"];

/// What is selected by [`SELECTING`].
///
/// # Errors
/// `invalid_parameter`, `invalid_word`.
pub(in crate::http) fn selection(query: &Query) -> Result<Selection, Problem> {
    Ok(Selection {
        field: query.parsed("field")?,
        level: query.word("level")?,
        online_level: query.word("online_level")?,
        old_online_level: query.word("old_online_level")?,
        agencies: None,
    })
}

/// An agency named in `?agency=` with all below it.
///
/// # Errors
/// [`Fault::NotFound`] when it is not the caller's to see.
pub(in crate::http) fn listing_agencies(
    reader: &mut Reader,
    actor: &Actor,
    agency: Option<&AgencyCode>,
) -> Result<Option<HashSet<String>>, Fault> {
    let Some(agency) = agency else { return Ok(None) };
    require_visible(reader, actor, agency)?;
    Ok(Some(agencies::subtree(reader, agency)?))
}

/// Procedures by code: in their newest versions, or with `on` those in force on a day as they were then. `q` finds words of
/// name and code in any order, with or without diacritics; the last may be a word's beginning.
#[utoipa::path(tag = "catalogue", params(("q" = Option<String>, Query), ("on" = Option<NaiveDate>, Query), ("field" = Option<String>, Query),
    ("level" = Option<ProcedureLevel>, Query), ("online_level" = Option<OnlineLevel>, Query), ("old_online_level" = Option<OldOnlineLevel>, Query),
    ("agency" = Option<String>, Query, description = "In the list of this agency or one below it"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "No such word", body = ProblemBody)))]
#[get("/v1/procedures")]
async fn list_procedures(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &[&["q", "on", "agency", "limit", "cursor"], &SELECTING[..]].concat())?;
    let (page, on) = (query.page(1)?, query.date("on")?);
    let mut wanted = Wanted { selection: selection(&query)?, q: query.text("q").map(str::to_owned) };
    let (wish, agency) = (page.clone(), query.parsed("agency")?);
    let mut found = call
        .read(move |reader, actor| {
            wanted.selection.agencies = listing_agencies(reader, actor, agency.as_ref())?;
            Ok(match on {
                None => procedures::page(reader, &wanted, wish.after_code(), wish.fetch())?,
                Some(on) => page_on(reader, &wanted, on, wish.after_code(), wish.fetch())?,
            })
        })
        .await?;
    let next_cursor = page.cut(&mut found, |procedure| vec![procedure.code.to_string()]);
    let items: Vec<ProcedureView> = found.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// The procedures in force on a day, in the versions of that day.
fn page_on(
    reader: &mut Reader,
    wanted: &Wanted,
    on: NaiveDate,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Procedure>, Fault> {
    let editions = procedures::editions(reader)?;
    let named = wanted.q.as_ref().map(|q| procedures::codes(reader, q)).transpose()?;
    let standing = standing_on(&editions, on)
        .filter(|edition| wanted.selection.admits(edition))
        .filter(|edition| after.is_none_or(|after| edition.code.as_str() > after))
        .filter(|edition| named.as_ref().is_none_or(|named| named.contains(edition.code.as_str())));
    let mut found = Vec::new();
    for edition in standing.take(usize::try_from(limit).unwrap_or_default()) {
        found.extend(procedures::version(reader, &edition.code, edition.validity.version)?);
    }
    Ok(found)
}

/// One procedure in its newest version, with all versions.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path)), responses(
    (status = 200, description = "The procedure", body = ProcedureView), (status = 304, description = "Not changed"), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/procedures/{code}")]
async fn get_procedure(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let code: ProcedureCode = call.code("code")?;
    let versions = call.read(move |reader, _| Ok(procedures::versions(reader, &code)?)).await?;
    let newest = versions.last().ok_or_else(|| Problem::new("not_found"))?;
    let mut shown = json!(view(newest));
    shown["versions"] = json!(versions.iter().map(view).collect::<Vec<_>>());
    Ok(call.show(&shown, newest.version))
}

/// Adds a version, valid from `valid_from` (today when left out). Dossiers keep theirs.
#[utoipa::path(tag = "catalogue", params(("code" = String, Path), ("If-Match" = String, Header)), request_body = ProcedureBody, responses(
    (status = 200, description = "Revised", body = ProcedureView), (status = 403, description = "Not an administrator of all agencies", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[put("/v1/procedures/{code}")]
async fn put_procedure(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let code: ProcedureCode = call.code("code")?;
    let expected = call.must_match()?;
    let (body, _) = call.body::<ProcedureBody>().await?;
    if body.code.as_ref().is_some_and(|other| *other != code) {
        return Err(Problem::at("invalid_value", "/code"));
    }
    let new = checked(&body, code)?;
    let revised = call.write(move |tx, act| revise_procedure(tx, act, new.clone(), expected)).await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(revised.version))).json(view(&revised)))
}
