//! The catalogue in figures: procedures in force on a day, and what decisions changed in a period, each with its list.

use actix_web::{HttpResponse, get};
use serde_json::{Map, Value, json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Count};
use super::catalogue::listing_agencies;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use super::statistics::{free_period, scope};
use crate::domain::catalogue::{Changes, Inventory, OnlineLevels, Selection, standing_on};
use crate::domain::procedure::OldOnlineLevel;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{CatalogueChange, OnlineLevel, ProcedureLevel};
use crate::storage::{decisions, procedures};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_catalogue_figures);
}

/// Procedures in force on a day (`on`, today when left out), by how far they can be done online and by tier; or, with `from`
/// and `to`, what decisions changed in that period, and the procedures in force on its last day. A change counts on the day
/// it takes effect, so `opening + new − abolished + unannounced = closing`.
#[utoipa::path(tag = "statistics", params(("on" = Option<NaiveDate>, Query), ("from" = Option<NaiveDate>, Query), ("to" = Option<NaiveDate>, Query),
    ("field" = Option<String>, Query), ("agency" = Option<String>, Query, description = "The lists of this agency and those below it; the caller's own when left out")), responses(
    (status = 200, description = "on, in_force and, for a period, changes; every figure with its link", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/statistics/catalogue")]
async fn get_catalogue_figures(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["on", "from", "to", "field", "agency"])?;
    let period = match (query.text("from"), query.text("to")) {
        (None, None) => None,
        _ if query.text("on").is_some() => {
            return Err(Problem::at("invalid_parameter", "?on").hint("goes without from and to"));
        }
        _ => Some(free_period(&query)?),
    };
    let today = call.state.ambient.now().date();
    let on = period.map(|period| period.to).or(query.date("on")?).unwrap_or(today);
    let (field, agency) = (query.parsed("field")?, scope(&call, &query)?);
    let mut narrowed = String::new();
    for (name, value) in [("field", query.text("field")), ("agency", agency.as_ref().map(|agency| agency.as_str()))] {
        narrowed.extend(value.map(|value| format!("&{name}={value}")));
    }
    let counted = call
        .read(move |reader, actor| {
            let agencies = listing_agencies(reader, actor, agency.as_ref())?;
            let selection = Selection { field, agencies, ..Selection::default() };
            let editions = procedures::editions(reader)?;
            let inventory = |on| Inventory::of(standing_on(&editions, on).filter(|edition| selection.admits(edition)));
            let Some(period) = period else { return Ok((inventory(on), None)) };
            let span = (period.from, period.to);
            let found = decisions::changes(reader, span, None, &selection, None, i64::MAX)?;
            let changes = Changes::of(found.iter().map(|announced| (announced.item.change, announced.level)));
            let opening = period.from.pred_opt().map_or(0, |eve| inventory(eve).total.total());
            Ok((inventory(on), Some((period, opening, changes))))
        })
        .await?;
    let (inventory, changed) = counted;
    let mut shown = json!({"on": on, "in_force": in_force(&inventory, &format!("/v1/procedures?on={on}{narrowed}"))});
    if let Some((period, opening, changes)) = changed {
        shown["period"] = json!(period);
        shown["changes"] = change_figures(period, &changes, &narrowed);
        let closing = inventory.total.total();
        let announced = changes.count(CatalogueChange::New, None).cast_signed()
            - changes.count(CatalogueChange::Abolished, None).cast_signed();
        shown["opening"] = json!(opening);
        shown["closing"] = json!(closing);
        // What was entered or ended without a decision.
        shown["unannounced"] = json!(closing.cast_signed() - opening.cast_signed() - announced);
    }
    Ok(HttpResponse::Ok().json(shown))
}

fn online(levels: &OnlineLevels, link: &str) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("total".into(), json!(levels.total()));
    let mut links = Map::new();
    links.insert("total".into(), json!(link));
    for (level, count) in [
        (OnlineLevel::Full, levels.full),
        (OnlineLevel::Partial, levels.partial),
        (OnlineLevel::Information, levels.information),
    ] {
        shown.insert(level.to_string(), json!(count));
        links.insert(level.to_string(), json!(format!("{link}&online_level={level}")));
    }
    shown.insert("links".into(), links.into());
    shown
}

fn in_force(inventory: &Inventory, link: &str) -> Value {
    let mut shown = online(&inventory.total, link);
    let levels = ProcedureLevel::ALL.iter().filter_map(|level| {
        let counted = inventory.levels.get(level)?;
        let mut row = online(counted, &format!("{link}&level={level}"));
        row.insert("level".into(), json!(level));
        Some(Value::from(row))
    });
    shown.insert("levels".into(), levels.collect());
    let old = OldOnlineLevel::ALL.iter().rev().map(|level| {
        let count = inventory.old_levels.get(level).copied().unwrap_or_default();
        json!({"old_online_level": level, "total": count, "link": format!("{link}&old_online_level={level}")})
    });
    shown.insert("old_online_levels".into(), old.collect());
    shown.into()
}

fn change_figures(period: Period, changes: &Changes, narrowed: &str) -> Value {
    let link = format!("/v1/catalogue-changes?from={}&to={}{narrowed}", period.from, period.to);
    let mut shown = Map::new();
    for change in CatalogueChange::ALL {
        let link = format!("{link}&change={change}");
        let levels = ProcedureLevel::ALL.iter().filter_map(|level| {
            let count = changes.count(*change, Some(*level));
            (count > 0).then(|| json!({"level": level, "total": count, "link": format!("{link}&level={level}")}))
        });
        let levels: Vec<Value> = levels.collect();
        let row = json!({"total": changes.count(*change, None), "levels": levels, "link": link});
        shown.insert(change.to_string(), row);
    }
    shown.into()
}
