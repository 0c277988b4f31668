//! Ratings of service: given once by who holds a dossier's slip, listed and counted by the offices.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::agencies::require_scope;
use super::call::{Call, Count, Person};
use super::dossier_view::stamp;
use super::figures::{Frame, rate};
use super::idempotency::Reply;
use super::incoming::Incoming;
use super::input::{Checker, MAX_NOTE, PageWish, Query, parse, read_body};
use super::problem::{Problem, ProblemBody};
use super::public::{limited, opened, taken_in};
use super::statistics::free_period;
use crate::ambient::Ambient;
use crate::domain::rating::{Aspect, AspectScore, Score};
use crate::domain::statistics::Rate;
use crate::flow::rate::{Verdict, rate as give};
use crate::storage::ratings::{self, RatingFilter, RatingGroup, RatingRecord};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_rating).service(list_ratings).service(get_rating_statistics);
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AspectBody {
    /// access, procedure, officials, result or feedback.
    aspect: Aspect,
    /// From 1, very dissatisfied, to 5, very satisfied.
    #[schema(minimum = 1, maximum = 5)]
    score: i32,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RatingBody {
    /// The secret printed on the slip.
    secret: String,
    /// From 1, very dissatisfied, to 5, very satisfied.
    #[schema(minimum = 1, maximum = 5)]
    score: i32,
    /// Scores of aspects, each once at most.
    #[serde(default)]
    aspects: Vec<AspectBody>,
    /// In words.
    comment: Option<String>,
}

impl RatingBody {
    /// What is said; `None` when the checker was told why it is nothing.
    fn checked(&self, checker: &mut Checker) -> Option<Verdict> {
        let mut score =
            |pointer: &str, given: i32| Score::try_from(given).map_err(|_| checker.fail(pointer, "out_of_range")).ok();
        let whole = score("/score", self.score);
        let scored = self.aspects.iter().enumerate().filter_map(|(index, body)| {
            let score = score(&format!("/aspects/{index}/score"), body.score)?;
            Some(AspectScore { aspect: body.aspect, score })
        });
        let aspects: Vec<AspectScore> = scored.collect();
        for (index, body) in self.aspects.iter().enumerate() {
            if self.aspects[..index].iter().any(|before| before.aspect == body.aspect) {
                checker.fail(format!("/aspects/{index}/aspect"), "repeated");
            }
        }
        let comment = checker.optional("/comment", self.comment.as_deref(), MAX_NOTE);
        whole.map(|score| Verdict { score, aspects, comment })
    }
}

/// A rating.
#[derive(Serialize, ToSchema)]
struct RatingView {
    /// Its dossier.
    dossier: String,
    /// The dossier's resolving agency.
    agency: String,
    /// The dossier's procedure.
    procedure: String,
    /// 1 to 5.
    score: i32,
    /// Scores of aspects.
    aspects: Vec<AspectBody>,
    /// In words.
    comment: Option<String>,
    /// When it was given.
    rated_at: String,
}

fn view(ambient: &Ambient, record: RatingRecord) -> RatingView {
    let RatingRecord { dossier, agency, procedure, rating } = record;
    let aspect = |one: AspectScore| AspectBody { aspect: one.aspect, score: one.score.into() };
    RatingView {
        dossier: dossier.to_string(),
        agency: agency.to_string(),
        procedure: procedure.to_string(),
        score: rating.score.into(),
        aspects: rating.aspects.into_iter().map(aspect).collect(),
        comment: rating.comment,
        rated_at: stamp(ambient, rating.rated_at),
    }
}

/// Rates the service that a dossier got, once and after it ended, with the secret of its slip. A code that is not there and
/// a secret that is wrong are answered alike. Signed-in callers are not limited.
#[utoipa::path(tag = "public", security(()), params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = RatingBody, responses(
    (status = 201, description = "Rated", body = RatingView), (status = 400, description = "Not JSON", body = ProblemBody),
    (status = 404, description = "No such dossier, or not its secret", body = ProblemBody),
    (status = 409, description = "It has not ended, or was rated already; or the first request with this key is still running", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody),
    (status = 429, description = "Too many from this address, or too many wrong ones of this code", body = ProblemBody, headers(
        ("Retry-After" = u64, description = "Seconds"))),
    (status = 503, description = "Busy", body = ProblemBody)))]
#[post("/v1/public/dossiers/{code}/rating")]
async fn create_rating(state: Data<AppState>, req: HttpRequest, payload: Incoming) -> Result<HttpResponse, Problem> {
    let code = req.match_info().get("code").unwrap_or_default();
    limited(&state, &req, code, async {
        Query::of(&req, &[])?;
        let bytes = read_body(&req, payload).await?;
        let body: RatingBody = parse(&bytes)?;
        let dossier = opened(&state, code, &body.secret)?;
        let mut checker = Checker::default();
        let verdict = body.checked(&mut checker);
        checker.finish()?;
        let verdict = verdict.ok_or_else(|| Problem::new("internal"))?;
        taken_in(&state, &req, &bytes, move |tx, act| {
            Reply::receipt(&view(act.ambient, give(tx, act, &dossier, &verdict)?), None)
        })
        .await
    })
    .await
}

/// Ratings of dossiers in the caller's reach, in the order they were given.
#[utoipa::path(tag = "feedback", params(("agency" = Option<String>, Query, description = "Of dossiers resolved by it or below it"),
    ("resolved_by" = Option<String>, Query, description = "Resolved by this very agency"), ("procedure" = Option<String>, Query),
    ("score" = Option<i32>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("as_of" = Option<String>, Query, description = "Given by then"), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "The period is refused", body = ProblemBody)))]
#[get("/v1/ratings")]
async fn list_ratings(call: Call<Person>) -> Result<HttpResponse, Problem> {
    let allowed = ["agency", "resolved_by", "procedure", "score", "from", "to", "as_of", "limit", "cursor"];
    let query = Query::of(&call.req, &allowed)?;
    let page = query.page(2)?;
    page.after_instant()?;
    let score: Option<i32> = query.parsed("score")?;
    let score = score.map(|score| Score::try_from(score).map_err(|_| Problem::at("invalid_parameter", "?score")));
    let has_period = query.text("from").is_some() || query.text("to").is_some();
    let as_of = query.timestamp("as_of", &call.state.ambient)?;
    let filter = RatingFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        resolved_by: query.parsed("resolved_by")?,
        procedure: query.parsed("procedure")?,
        score: score.transpose()?,
        period: if has_period { Some(free_period(&query)?) } else { None },
        until: as_of.map(|as_of| as_of + chrono::TimeDelta::seconds(1)),
    };
    let wish = page.clone();
    let mut records = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            require_scope(reader, actor, filter.resolved_by.as_ref())?;
            Ok(ratings::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut records, |last| PageWish::key(last.rating.rated_at, last.dossier.to_string()));
    let items: Vec<RatingView> = records.into_iter().map(|record| view(&call.state.ambient, record)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// Ratings given in a period; each figure with the list it counts.
#[utoipa::path(tag = "statistics", params(("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query), ("period" = Option<String>, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out"),
    ("group_by" = Option<String>, Query, description = "procedure or agency")), responses(
    (status = 200, description = "period, as_of, agency, total, rows", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period or grouping refused", body = ProblemBody)))]
#[get("/v1/statistics/ratings")]
async fn get_rating_statistics(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "period", "agency", "group_by"])?;
    let frame = Frame::of(&call, &query)?;
    let group = match query.text("group_by").filter(|text| !text.is_empty()) {
        None => None,
        Some(word) => {
            let found = RatingGroup::ALL.into_iter().find(|group| group.as_str() == word);
            Some(found.ok_or_else(|| Problem::at("unknown_grouping", "?group_by"))?)
        }
    };
    let groups = frame
        .read(&call, move |reader, frame| Ok(ratings::figures(reader, &frame.window, frame.agency.as_ref(), group)?))
        .await?;
    let list = frame.list("/v1/ratings");
    let mut total: BTreeMap<Score, i64> = BTreeMap::new();
    let mut rows = Vec::new();
    for (key, counts) in groups {
        for (score, count) in &counts {
            *total.entry(*score).or_default() += count;
        }
        rows.extend(group.map(|group| {
            let name = if group == RatingGroup::Agency { "resolved_by" } else { group.as_str() };
            let mut row = shown(&counts, &format!("{list}&{name}={key}"));
            row.insert(group.as_str().to_owned(), json!(key));
            row
        }));
    }
    Ok(HttpResponse::Ok().json(frame.answer(json!({"total": shown(&total, &list), "rows": rows}))))
}

fn shown(counts: &BTreeMap<Score, i64>, list: &str) -> Map<String, Value> {
    let count: i64 = counts.values().sum();
    let sum: i64 = counts.iter().map(|(score, count)| i64::from(i32::from(*score)) * count).sum();
    let satisfied: i64 = counts.range(Score::SATISFIED..).map(|(_, count)| count).sum();
    let average = Rate { numerator: sum, denominator: count };
    let by_score = |value: &dyn Fn(Score) -> Value| -> Map<String, Value> {
        Score::ALL.into_iter().map(|score| (i32::from(score).to_string(), value(score))).collect()
    };
    let mut shown = Map::new();
    shown.insert("count".to_owned(), json!(count));
    shown.insert("scores".to_owned(), by_score(&|score| json!(counts.get(&score).copied().unwrap_or_default())).into());
    shown.insert("average".to_owned(), json!({"numerator": sum, "denominator": count, "mean": average.decimal()}));
    shown.insert("satisfied".to_owned(), rate(Rate { numerator: satisfied, denominator: count }));
    let scores = by_score(&|score| json!(format!("{list}&score={}", i32::from(score))));
    shown.insert("links".to_owned(), json!({"count": list, "scores": scores}));
    shown
}
