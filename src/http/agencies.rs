//! Agencies, their office hours and closures.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, get, patch, post, put};
use chrono::{NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Anyone, Call, etag};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, Query, patched};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use super::procedure_body::parse_time;
use crate::domain::forms::letterhead::Imprint;
use crate::domain::office::{Session, WeekHours};
use crate::domain::succession::{Successions, Validity};
use crate::domain::vocabulary::{AgencyCode, AgencyLevel};
use crate::flow::administer::{AgencyChange, add_agency, change_agency, close, hours_version, set_hours};
use crate::flow::{Actor, Fault};
use crate::storage::agencies::{self, Agency};
use crate::storage::calendars::{self, Closure, DatedHours};
use crate::storage::{Reader, lineage};

/// Longest telephone, in characters.
const MAX_PHONE: usize = 50;
/// Longest abbreviation, in characters.
const MAX_SYMBOL: usize = 50;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_agency)
        .service(list_agencies)
        .service(get_agency)
        .service(patch_agency)
        .service(get_hours)
        .service(put_hours)
        .service(create_closure)
        .service(list_closures);
}

/// Whether the caller may count or list by this agency: it is their own or below it, or its work came to one of these.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn require_visible(reader: &mut Reader, actor: &Actor, code: &AgencyCode) -> Result<(), Fault> {
    match &actor.agency {
        None => agencies::known(reader, code)?.map(drop).ok_or(Fault::NotFound("agency")),
        Some(own) if lineage::is_held(reader, code, own)? => Ok(()),
        Some(_) => Err(Fault::NotFound("agency")),
    }
}

/// As [`require_visible`], where an agency need not be named.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn require_scope(reader: &mut Reader, actor: &Actor, code: Option<&AgencyCode>) -> Result<(), Fault> {
    code.map_or(Ok(()), |code| require_visible(reader, actor, code))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAgency {
    /// Identifier, in either style.
    #[schema(value_type = String, example = "H16.18")]
    code: AgencyCode,
    /// Name.
    #[schema(example = "Sở Lao động - Thương binh và Xã hội")]
    name: String,
    /// Tier.
    level: AgencyLevel,
    /// The agency above it.
    #[schema(value_type = Option<String>, example = "H16")]
    parent: Option<AgencyCode>,
    /// Place of its papers (địa danh); that of the nearest agency above it when left out.
    #[schema(example = "Đắk Nông")]
    place: Option<String>,
    /// Address.
    address: Option<String>,
    /// Telephone that papers name.
    phone: Option<String>,
    /// Its abbreviation in the notations of its papers.
    #[schema(example = "SLĐTBXH")]
    symbol: Option<String>,
    /// First day on which it is there; null: since ever.
    valid_from: Option<NaiveDate>,
    /// Last day on which it is there; null: it goes on.
    valid_to: Option<NaiveDate>,
    /// Who takes over from it when it ends.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!([]))]
    successors: BTreeSet<AgencyCode>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AgencyPatch {
    /// Name.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// Place of its papers (địa danh).
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "Đắk Nông")]
    place: Option<Option<String>>,
    /// Address.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// Telephone that papers name.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// Its abbreviation in the notations of its papers.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "SLĐTBXH")]
    symbol: Option<Option<String>>,
    /// The agency above it; it moves there with all below it. Figures of the past move, too: those that are to stay are frozen before.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "H16")]
    parent: Option<Option<AgencyCode>>,
    /// First day on which it is there.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<NaiveDate>)]
    valid_from: Option<Option<NaiveDate>>,
    /// Last day on which it is there; its people keep reading after that.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<NaiveDate>, example = "2025-06-30")]
    valid_to: Option<Option<NaiveDate>>,
    /// Who takes over: from now on its dossiers are theirs, too. It must have a last day.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["H16.25"]))]
    successors: Option<Option<BTreeSet<AgencyCode>>>,
}

#[derive(Serialize, ToSchema)]
struct AgencyView {
    /// Identifier.
    code: String,
    /// Name.
    name: String,
    /// Tier.
    level: AgencyLevel,
    /// The agency above it.
    parent: Option<String>,
    /// Place of its papers.
    place: Option<String>,
    /// Address.
    address: Option<String>,
    /// Telephone.
    phone: Option<String>,
    /// Its abbreviation in notations.
    symbol: Option<String>,
    /// First day on which it is there; null: since ever.
    valid_from: Option<NaiveDate>,
    /// Last day on which it is there; null: it goes on.
    valid_to: Option<NaiveDate>,
    /// Who took over from it.
    #[schema(value_type = Vec<String>)]
    successors: BTreeSet<AgencyCode>,
    /// From whom it took over.
    #[schema(value_type = Vec<String>)]
    predecessors: BTreeSet<AgencyCode>,
    /// Counts its changes; the ETag.
    version: i64,
}

fn view(agency: Agency, successions: &Successions) -> AgencyView {
    let Imprint { place, address, phone, symbol } = agency.imprint;
    AgencyView {
        valid_from: agency.validity.from(),
        valid_to: agency.validity.to(),
        successors: successions.successors(&agency.code),
        predecessors: successions.predecessors(&agency.code),
        code: agency.code.to_string(),
        name: agency.name,
        level: agency.level,
        parent: agency.parent.map(|parent| parent.to_string()),
        place,
        address,
        phone,
        symbol,
        version: agency.version,
    }
}

/// Adds an agency.
#[utoipa::path(tag = "agencies", request_body = NewAgency, responses(
    (status = 201, description = "Added", body = AgencyView), (status = 403, description = "Not an administrator here", body = ProblemBody),
    (status = 409, description = "The code is taken", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/agencies")]
async fn create_agency(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (new, bytes) = call.body::<NewAgency>().await?;
    let mut checker = Checker::default();
    let name = checker.text("/name", &new.name, MAX_NAME);
    let imprint = Imprint {
        place: checker.optional("/place", new.place.as_deref(), MAX_NAME),
        address: checker.optional("/address", new.address.as_deref(), MAX_NOTE),
        phone: checker.optional("/phone", new.phone.as_deref(), MAX_PHONE),
        symbol: checker.optional("/symbol", new.symbol.as_deref(), MAX_SYMBOL),
    };
    checker.finish()?;
    let agency = Agency {
        validity: Validity::new(new.valid_from, new.valid_to)?,
        ..Agency::new(new.code, name, new.level, new.parent, imprint)
    };
    call.post(&bytes, move |tx, act| {
        let agency = add_agency(tx, act, agency.clone(), &new.successors)?;
        let (version, location) = (agency.version, format!("/v1/agencies/{}", agency.code));
        Reply::created(&view(agency, &lineage::successions(tx)?), version, location)
    })
    .await
}

/// Agencies in the caller's reach, by code.
#[utoipa::path(tag = "agencies", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<AgencyView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/agencies")]
async fn list_agencies(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let (mut found, successions) = call
        .read(move |reader, actor| {
            let found = agencies::page(reader, actor.agency.as_ref(), wish.after_code(), wish.fetch())?;
            Ok((found, lineage::successions(reader)?))
        })
        .await?;
    let next_cursor = page.cut(&mut found, |agency| vec![agency.code.to_string()]);
    let items: Vec<AgencyView> = found.into_iter().map(|agency| view(agency, &successions)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One agency.
#[utoipa::path(tag = "agencies", params(("code" = String, Path)), responses(
    (status = 200, description = "The agency", body = AgencyView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or not in the caller's reach", body = ProblemBody)))]
#[get("/v1/agencies/{code}")]
async fn get_agency(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let (agency, successions) = call
        .read(move |reader, actor| {
            require_visible(reader, actor, &code)?;
            let agency = agencies::find(reader, &code)?.ok_or(Fault::NotFound("agency"))?;
            Ok((agency, lineage::successions(reader)?))
        })
        .await?;
    let version = agency.version;
    Ok(call.show(&view(agency, &successions), version))
}

/// Changes an agency: its name, what its papers say of it, where it stands, when it is there and who takes over from it (JSON Merge Patch).
#[utoipa::path(tag = "agencies", params(("code" = String, Path), ("If-Match" = String, Header)), request_body = AgencyPatch, responses(
    (status = 200, description = "Changed", body = AgencyView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/agencies/{code}")]
async fn patch_agency(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let expected = call.must_match()?;
    let (body, _) = call.body::<AgencyPatch>().await?;
    let mut checker = Checker::default();
    if body.name == Some(None) {
        checker.fail("/name", "blank");
    }
    let change = AgencyChange {
        name: body.name.flatten().map(|name| checker.text("/name", &name, MAX_NAME)),
        place: checker.patched("/place", body.place.as_ref(), MAX_NAME),
        address: checker.patched("/address", body.address.as_ref(), MAX_NOTE),
        phone: checker.patched("/phone", body.phone.as_ref(), MAX_PHONE),
        symbol: checker.patched("/symbol", body.symbol.as_ref(), MAX_SYMBOL),
        parent: body.parent,
        valid_from: body.valid_from,
        valid_to: body.valid_to,
        successors: body.successors.map(Option::unwrap_or_default),
    };
    checker.finish()?;
    let (agency, successions) = call
        .write(move |tx, act| {
            let agency = change_agency(tx, act, &code, &change, expected)?;
            Ok((agency, lineage::successions(tx)?))
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(agency.version))).json(view(agency, &successions)))
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "2026-01-01", "weekdays": {"mon": [["07:30", "11:30"], ["13:30", "17:00"]]}}))]
struct HoursBody {
    /// First day the hours hold.
    from: NaiveDate,
    /// Sessions of each weekday; a weekday left out is shut.
    #[schema(value_type = Object)]
    weekdays: BTreeMap<String, Vec<(String, String)>>,
}

impl HoursBody {
    fn checked(&self) -> Result<WeekHours, Problem> {
        let mut days: [Vec<Session>; 7] = Default::default();
        for (name, sessions) in &self.weekdays {
            let pointer = format!("/weekdays/{name}");
            let place = WEEKDAYS.iter().position(|(known, _)| known == name);
            let place = place.ok_or_else(|| Problem::at("unknown_member", pointer.clone()))?;
            let time = |text: &str| parse_time(text).ok_or_else(|| Problem::at("invalid_value", pointer.clone()));
            for (open, close) in sessions {
                days[place].push(Session { open: time(open)?, close: time(close)? });
            }
        }
        WeekHours::new(days).map_err(|fault| Problem::at("hours_invalid", "/weekdays").hint(fault))
    }
}

#[derive(Serialize, ToSchema)]
struct HoursView {
    /// First day the hours hold; null: since ever.
    from: Option<NaiveDate>,
    /// The agency that set them; null: the default of the service.
    set_by: Option<String>,
    /// own, inherited or default.
    source: &'static str,
    /// Sessions of each weekday.
    #[schema(value_type = Object)]
    weekdays: serde_json::Value,
}

fn week(hours: &WeekHours) -> serde_json::Value {
    let day = |weekday: Weekday| -> Vec<[String; 2]> {
        let sessions = hours.on(weekday).iter();
        sessions.map(|session| [session.open, session.close].map(|time| time.format("%H:%M").to_string())).collect()
    };
    WEEKDAYS
        .iter()
        .map(|(name, weekday)| ((*name).to_owned(), json!(day(*weekday))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn hours_answer(agency: &AgencyCode, versions: &[DatedHours], today: NaiveDate) -> serde_json::Value {
    let shown: Vec<HoursView> = versions
        .iter()
        .map(|dated| HoursView {
            from: Some(dated.from),
            set_by: Some(dated.agency.clone()),
            source: if dated.agency == agency.as_str() { "own" } else { "inherited" },
            weekdays: week(&dated.hours),
        })
        .collect();
    let standard = HoursView { from: None, set_by: None, source: "default", weekdays: week(&WeekHours::standard()) };
    let current = shown.iter().rev().find(|view| view.from.is_some_and(|from| from <= today)).unwrap_or(&standard);
    json!({"agency": agency, "from": current.from, "source": current.source, "set_by": current.set_by,
        "weekdays": current.weekdays, "versions": shown})
}

/// The hours that hold today, and every dated version: own, inherited or default.
#[utoipa::path(tag = "agencies", params(("code" = String, Path)), responses(
    (status = 200, description = "The hours", body = Object), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or not in the caller's reach", body = ProblemBody)))]
#[get("/v1/agencies/{code}/hours")]
async fn get_hours(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let asked = code.clone();
    let versions = call
        .read(move |reader, actor| {
            require_visible(reader, actor, &asked)?;
            Ok(calendars::hours(reader, &asked)?)
        })
        .await?;
    let version = hours_version(&versions, &code);
    Ok(call.show(&hours_answer(&code, &versions, call.state.ambient.today()), version))
}

/// Sets the hours from a day on. Deadlines already given stay until they are recomputed.
#[utoipa::path(tag = "agencies", params(("code" = String, Path), ("If-Match" = String, Header)), request_body = HoursBody, responses(
    (status = 200, description = "Set", body = Object), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody),
    (status = 422, description = "Hours refused", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[put("/v1/agencies/{code}/hours")]
async fn put_hours(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let expected = call.must_match()?;
    let (body, _) = call.body::<HoursBody>().await?;
    let hours = body.checked()?;
    let asked = code.clone();
    let versions = call
        .write(move |tx, act| {
            set_hours(tx, act, &asked, (body.from, hours.clone()), expected)?;
            Ok(calendars::hours(tx, &asked)?)
        })
        .await?;
    let tag = etag(hours_version(&versions, &code));
    let answer = hours_answer(&code, &versions, call.state.ambient.today());
    Ok(HttpResponse::Ok().insert_header(("ETag", tag)).json(answer))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"date": "2026-12-04", "reason": "Bão số 12"}))]
struct NewClosure {
    /// The day.
    date: NaiveDate,
    /// Why.
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct ClosureView {
    /// Opaque identifier.
    id: String,
    /// The day.
    date: NaiveDate,
    /// Why.
    reason: String,
}

fn closure_view(closure: Closure) -> ClosureView {
    ClosureView { id: closure.id, date: closure.closed_on, reason: closure.reason }
}

/// Closes an agency for a day. Deadlines already given stay until they are recomputed.
#[utoipa::path(tag = "agencies", params(("code" = String, Path)), request_body = NewClosure, responses(
    (status = 201, description = "Closed", body = ClosureView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Closed already", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/agencies/{code}/closures")]
async fn create_closure(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let (new, bytes) = call.body::<NewClosure>().await?;
    let mut checker = Checker::default();
    let reason = checker.text("/reason", &new.reason, MAX_NAME);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let closure = close(tx, act, &code, new.date, reason.clone())?;
        Reply::created(&closure_view(closure), 1, format!("/v1/agencies/{code}/closures"))
    })
    .await
}

/// Closures of an agency, by date.
#[utoipa::path(tag = "agencies", params(("code" = String, Path), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<ClosureView>), (status = 404, description = "Not there, or not in the caller's reach", body = ProblemBody)))]
#[get("/v1/agencies/{code}/closures")]
async fn list_closures(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let code: AgencyCode = call.code("code")?;
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let after = page.after_code().map(str::parse).transpose().map_err(|_| Problem::at("bad_cursor", "?cursor"))?;
    let fetch = page.fetch();
    let mut closures = call
        .read(move |reader, actor| {
            require_visible(reader, actor, &code)?;
            Ok(calendars::page_of_closures(reader, &code, after, fetch)?)
        })
        .await?;
    let next_cursor = page.cut(&mut closures, |closure| vec![closure.closed_on.to_string()]);
    let items: Vec<ClosureView> = closures.into_iter().map(closure_view).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}
