//! The posted catalogue (niêm yết) and processing times for everybody: made at most once a minute, whoever asks how often.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::call::{knows, read};
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use super::procedure_body::view;
use super::public::admit_reader;
use crate::documents::processing_times::{Line, csv};
use crate::domain::procedure::{Procedure, in_force};
use crate::domain::processing_time::{Quarter, Times};
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{FieldCode, LocalTime};
use crate::flow::Fault;
use crate::flow::accounts::hex;
use crate::folding::{Search, haystack};
use crate::storage::{Reader, StorageError, procedures, processing_times};

/// How long what was made is given out.
const KEPT: TimeDelta = TimeDelta::seconds(60);
/// The same for those in between.
const CACHE: &str = "public, max-age=60";
/// So many per cent of the last quarter's dossiers ended within the usual time.
const USUAL: u64 = 90;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_posted).service(get_posted).service(get_processing_times);
}

/// What was made last.
#[derive(Debug, Default)]
pub struct PublicCatalogue(Mutex<Option<Arc<Made>>>);

/// The catalogue as it is given out.
#[derive(Debug)]
struct Made {
    at: LocalTime,
    posted: Vec<Posted>,
    times: String,
}

/// One procedure as it is given out.
#[derive(Debug)]
struct Posted {
    code: String,
    field: FieldCode,
    haystack: String,
    body: String,
}

impl PublicCatalogue {
    /// What is in force now. Of those who ask when it is too old, one makes it and the others wait.
    async fn made(&self, state: &Data<AppState>) -> Result<Arc<Made>, Problem> {
        let now = state.ambient.now();
        let mut kept = self.0.lock().await;
        let is_fresh =
            |made: &&Arc<Made>| made.at.date() == now.date() && (TimeDelta::zero()..KEPT).contains(&(now - made.at));
        if let Some(made) = kept.as_ref().filter(is_fresh) {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(read(state, move |reader| make(reader, now)).await?);
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }
}

fn make(reader: &mut Reader, now: LocalTime) -> Result<Made, Fault> {
    let versions = procedures::all_versions(reader)?;
    let fields = procedures::field_names(reader)?;
    let times = processing_times::all(reader)?;
    let last = Quarter::last_over(now.date());
    let mut posted = Vec::new();
    for versions in versions.chunk_by(|one, other| one.code == other.code) {
        let Ok(procedure) = in_force(versions, now.date()) else { continue };
        let usual = last
            .as_ref()
            .and_then(|quarter| usual_time(quarter, times.get(&(quarter.name.clone(), procedure.code.to_string()))?));
        let mut shown = json!(view(procedure));
        if let Some(members) = shown.as_object_mut() {
            // The count of changes is the office's own business.
            members.remove("version");
            members.insert("field_name".to_owned(), json!(fields.get(procedure.field.as_str())));
            members.insert("usual_time".to_owned(), json!(usual));
        }
        let body = serde_json::to_string(&shown).map_err(|cause| StorageError::corrupt("posted procedure", cause))?;
        posted.push(Posted {
            code: procedure.code.to_string(),
            field: procedure.field.clone(),
            haystack: haystack(&format!("{} {}", procedure.code, procedure.name)),
            body,
        });
    }
    Ok(Made { at: now, posted, times: open_data(&versions, &times, now) })
}

/// Within how many working days most dossiers of a quarter ended; nothing where they are too few to be told of.
fn usual_time(quarter: &Quarter, times: &Times) -> Option<Value> {
    let within = times.within(USUAL).filter(|_| times.may_be_told())?;
    let period = &quarter.period;
    Some(json!({"quarter": quarter.name, "from": period.from, "to": period.to, "ended": times.ended().total,
        "percent": USUAL, "within_working_days": within}))
}

fn open_data(versions: &[Procedure], times: &BTreeMap<(String, String), Times>, now: LocalTime) -> String {
    let newest: HashMap<&str, &Procedure> = versions.iter().map(|version| (version.code.as_str(), version)).collect();
    let quarters = times.keys().map(|(quarter, _)| quarter.as_str());
    let first = quarters.filter_map(|name| Some(Period::preset(name).ok()?.from)).min();
    let over = first.map(|first| Quarter::over(first, now.date())).unwrap_or_default();
    let quarters: HashMap<&str, &Quarter> = over.iter().map(|quarter| (quarter.name.as_str(), quarter)).collect();
    csv(times.iter().filter_map(|((quarter, procedure), times)| {
        let of = newest.get(procedure.as_str())?;
        let quarter = quarters.get(quarter.as_str())?;
        Some(Line { procedure, name: &of.name, field: of.field.as_str(), quarter, times })
    }))
}

/// The procedures in force, with what is posted of each and the usual time: within how many working days 90 % of the last
/// quarter's dossiers ended, where there were at least five. No login; at most a minute old.
#[utoipa::path(tag = "public", security(()), params(("q" = Option<String>, Query, description = "Words of name and code, with or without diacritics"),
    ("field" = Option<String>, Query), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object, headers(("ETag" = String), ("Cache-Control" = String))),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 429, description = "Too many calls from this address", body = ProblemBody), (status = 503, description = "Busy", body = ProblemBody)))]
#[get("/v1/public/procedures")]
async fn list_posted(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let headers = admit_reader(&state, &req).await?;
    let query = Query::of(&req, &["q", "field", "limit", "cursor"])?;
    let (page, field) = (query.page(1)?, query.parsed::<FieldCode>("field")?);
    let search = query.text("q").map(Search::of);
    let made = state.catalogue.made(&state).await?;
    let found = made.posted.iter().filter(|posted| {
        page.after_code().is_none_or(|after| posted.code.as_str() > after)
            && field.as_ref().is_none_or(|field| *field == posted.field)
            && search.as_ref().is_none_or(|search| search.finds(&posted.haystack))
    });
    let mut found: Vec<&Posted> = found.take(usize::try_from(page.fetch()).unwrap_or_default()).collect();
    let next = page.cut(&mut found, |posted| vec![posted.code.clone()]);
    let items: Vec<&str> = found.iter().map(|posted| posted.body.as_str()).collect();
    let body = format!("{{\"items\":[{}],\"next_cursor\":{}}}", items.join(","), json!(next));
    Ok(given_out(&req, "application/json", body, headers))
}

/// One procedure in force, with what is posted of it. No login; at most a minute old.
#[utoipa::path(tag = "public", security(()), params(("code" = String, Path)), responses(
    (status = 200, description = "The procedure", body = Object, headers(("ETag" = String), ("Cache-Control" = String))),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter is unknown", body = ProblemBody),
    (status = 404, description = "No such procedure is in force", body = ProblemBody),
    (status = 429, description = "Too many calls from this address", body = ProblemBody), (status = 503, description = "Busy", body = ProblemBody)))]
#[get("/v1/public/procedures/{code}")]
async fn get_posted(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let headers = admit_reader(&state, &req).await?;
    Query::of(&req, &[])?;
    let made = state.catalogue.made(&state).await?;
    let code = req.match_info().get("code").unwrap_or_default();
    let place = made.posted.binary_search_by(|posted| posted.code.as_str().cmp(code));
    let posted = place.ok().and_then(|place| made.posted.get(place)).ok_or_else(|| Problem::new("not_found"))?;
    Ok(given_out(&req, "application/json", posted.body.clone(), headers))
}

/// Processing times as open data: for each procedure and quarter that is over, how many dossiers ended, within how many
/// working days half, three quarters and nine tenths of them did, and how many on time. Lines about fewer than five dossiers
/// say only that. No login.
#[utoipa::path(tag = "public", security(()), responses(
    (status = 200, description = "CSV with a line of headings", content_type = "text/csv", body = String, headers(("ETag" = String), ("Cache-Control" = String))),
    (status = 304, description = "Not changed"), (status = 400, description = "A parameter is unknown", body = ProblemBody),
    (status = 429, description = "Too many calls from this address", body = ProblemBody), (status = 503, description = "Busy", body = ProblemBody)))]
#[get("/v1/public/processing-times.csv")]
async fn get_processing_times(state: Data<AppState>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let headers = admit_reader(&state, &req).await?;
    Query::of(&req, &[])?;
    let made = state.catalogue.made(&state).await?;
    Ok(given_out(&req, "text/csv; charset=utf-8", made.times.clone(), headers))
}

fn given_out(req: &HttpRequest, kind: &str, body: String, headers: Vec<(super::HeaderName, String)>) -> HttpResponse {
    let tag = format!("\"{}\"", hex(&Sha256::digest(&body)[..16]));
    let is_known = knows(req.headers(), &tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, CACHE));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.insert_header((name, value));
        }
    }
    if is_known { answer.finish() } else { answer.content_type(kind).body(body) }
}
