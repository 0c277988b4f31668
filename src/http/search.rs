//! The search for dossiers by what must not stand in an address: numbers and names of persons.

use actix_web::{HttpResponse, post};
use chrono::{Days, NaiveDate, NaiveTime};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, See};
use super::dossiers::{Listed, assignee, order_of};
use super::input::{Checker, MAX_NAME, PageWish};
use super::problem::{Problem, ProblemBody};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::{AgencyCode, Channel, FieldCode, LocalTime, ProcedureCode, ProcedureLevel, Status};
use crate::flow::Actor;
use crate::storage::listing::Filter;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(search_dossiers);
}

/// What is searched for; what is left out does not narrow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"identity_no": "000000000001"}))]
struct SearchBody {
    /// Identity number of the applicant, whole; spaces, dots and dashes do not matter.
    identity_no: Option<String>,
    /// Telephone of the applicant, whole; +84 is as good as 0.
    phone: Option<String>,
    /// Name or code, in part, with or without diacritics.
    q: Option<String>,
    /// Resolved by this agency or one below it.
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Of this procedure.
    #[schema(value_type = Option<String>)]
    procedure: Option<ProcedureCode>,
    /// Of this field.
    #[schema(value_type = Option<String>)]
    field: Option<FieldCode>,
    /// Of this tier of procedures.
    level: Option<ProcedureLevel>,
    /// By this channel.
    channel: Option<Channel>,
    /// In this status.
    status: Option<Status>,
    /// within, paused, overdue, early, on_time, late.
    timing: Option<String>,
    /// First day of receipt.
    received_from: Option<NaiveDate>,
    /// Last day of receipt.
    received_to: Option<NaiveDate>,
    /// First day due.
    due_from: Option<NaiveDate>,
    /// Last day due.
    due_to: Option<NaiveDate>,
    /// First day of the end.
    finished_from: Option<NaiveDate>,
    /// Last day of the end.
    finished_to: Option<NaiveDate>,
    /// In this officer's charge; `me`: in the caller's, `none`: in nobody's.
    assignee: Option<String>,
    /// As in the list.
    sort: Option<String>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl SearchBody {
    fn filter(&self, all: Filter, actor: &Actor, checker: &mut Checker) -> Filter {
        let text = |checker: &mut Checker, pointer: &str, given: &Option<String>| {
            checker.optional(pointer, given.as_deref(), MAX_NAME)
        };
        let timing = self.timing.as_deref().map(str::parse::<Timing>);
        if timing.as_ref().is_some_and(Result::is_err) {
            checker.fail("/timing", "invalid_word");
        }
        Filter {
            identity_no: text(checker, "/identity_no", &self.identity_no),
            phone: text(checker, "/phone", &self.phone),
            q: text(checker, "/q", &self.q),
            agency: self.agency.clone(),
            procedure: self.procedure.clone(),
            field: self.field.clone(),
            level: self.level,
            channel: self.channel,
            status: self.status,
            timing: timing.and_then(Result::ok),
            received: days(self.received_from, self.received_to),
            due: days(self.due_from, self.due_to),
            finished: days(self.finished_from, self.finished_to),
            assignee: text(checker, "/assignee", &self.assignee).map(|name| assignee(&name, actor)),
            ..all
        }
    }
}

/// From the first instant of one day to the last of another.
fn days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> (Option<LocalTime>, Option<LocalTime>) {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    (from.map(midnight), to.and_then(|date| date.checked_add_days(Days::new(1))).map(midnight))
}

/// Dossiers the caller may see, by the whole identity or telephone number of the applicant, by name, and by what narrows the
/// list. It changes nothing, and is written down in the audit log without what was searched for.
#[utoipa::path(tag = "dossiers", request_body = SearchBody, responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A bad limit or cursor", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/search")]
async fn search_dossiers(mut call: Call<See>) -> Result<HttpResponse, Problem> {
    let (body, _) = call.body::<SearchBody>().await?;
    let page = PageWish::of(body.limit, body.cursor.as_deref(), 2)?;
    page.after_instant()?;
    let order = order_of(body.sort.as_deref()).ok_or_else(|| Problem::at("invalid_word", "/sort"))?;
    let mut checker = Checker::default();
    let filter = body.filter(Filter::of(call.actor.sees(), call.state.ambient.now(), order), &call.actor, &mut checker);
    checker.finish()?;
    let wish = page.clone();
    let listed = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Listed::read(reader, &filter, &wish)
        })
        .await?;
    let (items, next_cursor) = listed.shown(&page, &call.state.ambient);
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}
