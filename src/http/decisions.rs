//! Announcing decisions, and the changes of the catalogue that they made.

use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Anyone, Call, Govern};
use super::catalogue::{listing_agencies, selection};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query};
use super::problem::{Problem, ProblemBody};
use super::procedure_body::ProcedureBody;
use super::statistics::free_period;
use crate::domain::vocabulary::{AgencyCode, CatalogueChange, ProcedureCode, ProcedureLevel};
use crate::flow::Fault;
use crate::flow::announce::{NewDecision, NewItem, announce};
use crate::storage::decisions::{self, Announced, Decision};

/// Most changes in one decision: a whole ministry's list.
const MOST_ITEMS: usize = 1_000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_decision).service(list_decisions).service(get_decision).service(list_catalogue_changes);
}

/// A decision to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// Number and notation.
    #[schema(example = "1200/QĐ-UBND")]
    number: String,
    /// Its date.
    decided_on: NaiveDate,
    /// Who signed it.
    #[schema(example = "Chủ tịch UBND tỉnh")]
    issuer: String,
    /// The agency whose list it changes; the administrator's own when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// What it is about.
    #[serde(default)]
    summary: Option<String>,
    /// From when on its changes hold, where an item does not say; the day of the decision when left out.
    #[serde(default)]
    effective_on: Option<NaiveDate>,
    /// What it changes.
    items: Vec<ItemBody>,
}

/// One change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemBody {
    /// new, amended, replaced or abolished.
    change: CatalogueChange,
    /// The procedure.
    #[schema(value_type = String)]
    procedure: ProcedureCode,
    /// First day of the new version; of an abolished procedure the first day without it.
    #[serde(default)]
    effective_on: Option<NaiveDate>,
    /// What the procedure says from then on, without `code`, `valid_from` and `decision`; left out, the version of that day
    /// is the one announced. An abolished procedure has none.
    #[serde(default)]
    content: Option<ProcedureBody>,
}

impl DecisionBody {
    fn checked(&self, today: NaiveDate) -> Result<NewDecision, Problem> {
        let mut checker = Checker::default();
        if self.decided_on > today {
            checker.fail("/decided_on", "in_the_future");
        }
        if self.items.is_empty() || self.items.len() > MOST_ITEMS {
            checker.fail("/items", "out_of_range");
        }
        let items = self.items.iter().enumerate();
        let items = items.map(|(place, item)| {
            let at = format!("/items/{place}/content");
            let content = item.content.as_ref().map(|content| {
                if item.change == CatalogueChange::Abolished {
                    checker.fail(&at, "invalid_value");
                }
                if content.code.as_ref().is_some_and(|code| *code != item.procedure) {
                    checker.fail(format!("{at}/code"), "invalid_value");
                }
                content.checked(item.procedure.clone(), &at, &mut checker)
            });
            NewItem {
                change: item.change,
                procedure: item.procedure.clone(),
                effective_on: item.effective_on.or(self.effective_on).unwrap_or(self.decided_on),
                content,
            }
        });
        let items = items.collect();
        let new = NewDecision {
            number: checker.text("/number", &self.number, MAX_NAME),
            decided_on: self.decided_on,
            issuer: checker.text("/issuer", &self.issuer, MAX_NAME),
            agency: self.agency.clone(),
            summary: checker.optional("/summary", self.summary.as_deref(), MAX_NOTE),
            items,
        };
        checker.finish()?;
        Ok(new)
    }
}

/// A decision.
#[derive(Serialize, ToSchema)]
struct DecisionView {
    /// Opaque identifier.
    id: String,
    /// Number and notation.
    number: String,
    /// Its date.
    decided_on: NaiveDate,
    /// Who signed it.
    issuer: String,
    /// The agency whose list it changes.
    agency: Option<String>,
    /// What it is about.
    summary: Option<String>,
    /// What it changes.
    items: Vec<ItemView>,
    /// Counts its changes; the ETag.
    version: i64,
}

/// One change.
#[derive(Serialize, ToSchema)]
struct ItemView {
    /// The change.
    change: CatalogueChange,
    /// The procedure.
    procedure: String,
    /// Its version: the one announced, or the one that ends.
    procedure_version: i64,
    /// First day of the version, or the first without it.
    effective_on: NaiveDate,
}

fn view(decision: Decision) -> DecisionView {
    let item = |item: decisions::Item| ItemView {
        change: item.change,
        procedure: item.procedure.to_string(),
        procedure_version: item.version,
        effective_on: item.effective_on,
    };
    DecisionView {
        id: decision.id,
        number: decision.number,
        decided_on: decision.decided_on,
        issuer: decision.issuer,
        agency: decision.agency.map(|agency| agency.to_string()),
        summary: decision.summary,
        items: decision.items.into_iter().map(item).collect(),
        version: decision.version,
    }
}

/// Enters an announcing decision: its new versions of procedures begin, and what it abolishes ends, all or nothing.
#[utoipa::path(tag = "catalogue", request_body = DecisionBody, responses(
    (status = 201, description = "Entered", body = DecisionView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 409, description = "A decision of this number and date, or a new procedure, is there already", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/decisions")]
async fn create_decision(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<DecisionBody>().await?;
    let new = body.checked(call.state.ambient.now().date())?;
    call.post(&bytes, move |tx, act| {
        let decision = announce(tx, act, &new)?;
        let (location, version) = (format!("/v1/decisions/{}", decision.id), decision.version);
        Reply::created(&view(decision), version, location)
    })
    .await
}

/// Announcing decisions, newest first.
#[utoipa::path(tag = "catalogue", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/decisions")]
async fn list_decisions(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "limit", "cursor"])?;
    let (page, between) = (query.page(2)?, (query.date("from")?, query.date("to")?));
    let after = match page.after.as_deref() {
        Some([day, id]) => Some((day.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?, id.clone())),
        _ => None,
    };
    let limit = page.fetch();
    let mut found = call
        .read(move |reader, _| {
            Ok(decisions::page(reader, between, after.as_ref().map(|(day, id)| (*day, id.as_str())), limit)?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |last| vec![last.decided_on.to_string(), last.id.clone()]);
    let items: Vec<DecisionView> = found.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// One decision.
#[utoipa::path(tag = "catalogue", params(("id" = String, Path)), responses(
    (status = 200, description = "The decision", body = DecisionView), (status = 304, description = "Not changed"), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/decisions/{id}")]
async fn get_decision(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let decision = call.read(move |reader, _| decisions::find(reader, &id)?.ok_or(Fault::NotFound("decision"))).await?;
    let version = decision.version;
    Ok(call.show(&view(decision), version))
}

/// A change of the catalogue.
#[derive(Serialize, ToSchema)]
struct ChangeView {
    /// The day from which on it holds.
    effective_on: NaiveDate,
    /// The change.
    change: CatalogueChange,
    /// The procedure.
    procedure: String,
    /// Its version: the one announced, or the one that ends.
    procedure_version: i64,
    /// The name of the procedure in that version.
    name: String,
    /// Its field.
    field: String,
    /// Its tier.
    level: ProcedureLevel,
    /// Identifier of the decision.
    decision: String,
    /// The decision's number.
    number: String,
    /// The decision's date.
    decided_on: NaiveDate,
}

fn change_view(announced: Announced) -> ChangeView {
    ChangeView {
        effective_on: announced.item.effective_on,
        change: announced.item.change,
        procedure: announced.item.procedure.to_string(),
        procedure_version: announced.item.version,
        name: announced.name,
        field: announced.field.to_string(),
        level: announced.level,
        decision: announced.decision,
        number: announced.number,
        decided_on: announced.decided_on,
    }
}

/// The changes that took effect between two days, by day: what `/v1/statistics/catalogue` counts.
#[utoipa::path(tag = "catalogue", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query), ("change" = Option<CatalogueChange>, Query),
    ("level" = Option<ProcedureLevel>, Query), ("field" = Option<String>, Query), ("agency" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or word refused", body = ProblemBody)))]
#[get("/v1/catalogue-changes")]
async fn list_catalogue_changes(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    const PARAMETERS: &[&str] = &["from", "to", "change", "level", "field", "agency", "limit", "cursor"];
    let query = Query::of(&call.req, PARAMETERS)?;
    let (page, period) = (query.page(3)?, free_period(&query)?);
    let bad_cursor = || Problem::at("bad_cursor", "?cursor");
    let after = match page.after.as_deref() {
        Some([day, id, place]) => {
            let day: NaiveDate = day.parse().map_err(|_| bad_cursor())?;
            let place: i32 = place.parse().map_err(|_| bad_cursor())?;
            Some((day, id.clone(), place))
        }
        _ => None,
    };
    let (change, mut selection, limit) = (query.word("change")?, selection(&query)?, page.fetch());
    let agency = query.parsed("agency")?;
    let mut found = call
        .read(move |reader, actor| {
            selection.agencies = listing_agencies(reader, actor, agency.as_ref())?;
            let after = after.as_ref().map(|(day, id, place)| (*day, id.as_str(), *place));
            Ok(decisions::changes(reader, (period.from, period.to), change, &selection, after, limit)?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |last| {
        vec![last.item.effective_on.to_string(), last.decision.clone(), last.place.to_string()]
    });
    let items: Vec<ChangeView> = found.into_iter().map(change_view).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}
