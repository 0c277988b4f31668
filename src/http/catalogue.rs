//! The catalogue: fields, and procedures with their dated versions.

use actix_web::{HttpResponse, get, post, put};
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Anyone, Call, Govern, etag};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::domain::deadline::{OnSupplement, Rule, Unit};
use crate::domain::vocabulary::{FieldCode, OnlineLevel, ProcedureCode, ProcedureLevel};
use crate::flow::Fault;
use crate::flow::administer::{add_field, add_procedure, revise_procedure};
use crate::storage::procedures::{self, Field, Procedure};

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
    (status = 200, description = "A page", body = Page<FieldView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/fields")]
async fn list_fields(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut fields =
        call.read(move |reader, _| Ok(procedures::page_of_fields(reader, wish.after_code(), wish.fetch())?)).await?;
    let next_cursor = page.cut(&mut fields, |field| vec![field.code.to_string()]);
    let items: Vec<FieldView> = fields.into_iter().map(field_view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
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

/// A time limit.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 5, "unit": "working_day", "on_supplement": "restart"}))]
pub struct RuleBody {
    /// How many units.
    #[serde(default)]
    amount: Option<u32>,
    /// Of what.
    #[serde(default)]
    unit: Option<Unit>,
    /// `HH:MM`; a receipt after it counts as received at the next working day's opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cutoff: Option<String>,
    /// restart (the default) or pause.
    #[serde(default)]
    #[schema(value_type = String)]
    on_supplement: OnSupplement,
    /// No appointment is given; amount and unit are then ignored.
    #[serde(default)]
    no_appointment: bool,
}

impl RuleBody {
    /// Checks the rule found at `pointer`.
    pub(in crate::http) fn checked(&self, pointer: &str, checker: &mut Checker) -> Rule {
        let unit = self.unit.unwrap_or(Unit::WorkingDay);
        let amount = self.amount.unwrap_or(0);
        if !self.no_appointment {
            if self.amount.is_none() {
                checker.fail(format!("{pointer}/amount"), "missing_member");
            }
            if self.unit.is_none() {
                checker.fail(format!("{pointer}/unit"), "missing_member");
            }
            if amount > unit.largest_amount() {
                checker.fail(format!("{pointer}/amount"), "out_of_range");
            }
        }
        let cutoff = self.cutoff.as_deref().and_then(|text| {
            let time = parse_time(text);
            if time.is_none() {
                checker.fail(format!("{pointer}/cutoff"), "invalid_value");
            }
            time
        });
        Rule { amount, unit, cutoff, on_supplement: self.on_supplement, no_appointment: self.no_appointment }
    }

    /// A rule as the API writes it.
    pub fn of(rule: &Rule) -> Self {
        Self {
            amount: Some(rule.amount),
            unit: Some(rule.unit),
            cutoff: rule.cutoff.map(|time| time.format("%H:%M").to_string()),
            on_supplement: rule.on_supplement,
            no_appointment: rule.no_appointment,
        }
    }
}

/// A clock time as `HH:MM`.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| text.len() == 5)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProcedureBody {
    /// Code; in a PUT that of the path, if given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1.001739")]
    code: Option<ProcedureCode>,
    /// Name.
    name: String,
    /// Field.
    #[schema(value_type = String, example = "BTXH")]
    field: FieldCode,
    /// The tier that resolves it.
    level: ProcedureLevel,
    /// How far it can be done online.
    online_level: OnlineLevel,
    /// Time limit.
    rule: RuleBody,
    /// Time limit of online filings, if another.
    #[serde(default)]
    online_rule: Option<RuleBody>,
    /// First day of this version.
    #[serde(default)]
    valid_from: Option<NaiveDate>,
    /// The decision that announces it.
    #[serde(default)]
    decision: Option<String>,
}

impl ProcedureBody {
    fn checked(&self, code: ProcedureCode) -> Result<Procedure, Problem> {
        let mut checker = Checker::default();
        let procedure = Procedure {
            code,
            version: 1,
            name: checker.text("/name", &self.name, MAX_NOTE),
            field: self.field.clone(),
            level: self.level,
            online_level: self.online_level,
            rule: self.rule.checked("/rule", &mut checker),
            online_rule: self.online_rule.as_ref().map(|rule| rule.checked("/online_rule", &mut checker)),
            valid_from: self.valid_from,
            decision: checker.optional("/decision", self.decision.as_deref(), MAX_NAME),
        };
        checker.finish()?;
        Ok(procedure)
    }
}

#[derive(Serialize, ToSchema)]
struct ProcedureView {
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// Field.
    field: String,
    /// The tier that resolves it.
    level: ProcedureLevel,
    /// How far it can be done online.
    online_level: OnlineLevel,
    /// Time limit.
    rule: RuleBody,
    /// Time limit of online filings, if another.
    online_rule: Option<RuleBody>,
    /// First day of this version; null: since ever.
    valid_from: Option<NaiveDate>,
    /// The decision that announces it.
    decision: Option<String>,
    /// Number of the version; the ETag.
    version: i64,
}

fn view(procedure: &Procedure) -> ProcedureView {
    ProcedureView {
        code: procedure.code.to_string(),
        name: procedure.name.clone(),
        field: procedure.field.to_string(),
        level: procedure.level,
        online_level: procedure.online_level,
        rule: RuleBody::of(&procedure.rule),
        online_rule: procedure.online_rule.as_ref().map(RuleBody::of),
        valid_from: procedure.valid_from,
        decision: procedure.decision.clone(),
        version: procedure.version,
    }
}

/// Adds a procedure with its first version.
#[utoipa::path(tag = "catalogue", request_body = ProcedureBody, responses(
    (status = 201, description = "Added", body = ProcedureView), (status = 403, description = "Not an administrator of all agencies", body = ProblemBody),
    (status = 409, description = "The code is taken", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/procedures")]
async fn create_procedure(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<ProcedureBody>().await?;
    let code = body.code.clone().ok_or_else(|| Problem::at("missing_member", "/code"))?;
    let new = body.checked(code)?;
    call.post(&bytes, move |tx, act| {
        let procedure = add_procedure(tx, act, new.clone())?;
        Reply::created(&view(&procedure), procedure.version, format!("/v1/procedures/{}", procedure.code))
    })
    .await
}

/// Procedures in their newest versions, by code.
#[utoipa::path(tag = "catalogue", params(("field" = Option<String>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<ProcedureView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/procedures")]
async fn list_procedures(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["field", "limit", "cursor"])?;
    let page = query.page(1)?;
    let (wish, field) = (page.clone(), query.parsed("field")?);
    let mut found = call
        .read(move |reader, _| Ok(procedures::page(reader, field.as_ref(), wish.after_code(), wish.fetch())?))
        .await?;
    let next_cursor = page.cut(&mut found, |procedure| vec![procedure.code.to_string()]);
    let items: Vec<ProcedureView> = found.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
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
    let new = body.checked(code)?;
    let revised = call.write(move |tx, act| revise_procedure(tx, act, new.clone(), expected)).await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(revised.version))).json(view(&revised)))
}
