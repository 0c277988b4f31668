//! The work list: what an officer has open, in the order in which it comes.

use actix_web::{HttpResponse, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, See};
use super::dossier_view::DossierView;
use super::dossiers::{Listed, assignee};
use super::fields::Fields;
use super::input::Query;
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::domain::vocabulary::Status;
use crate::storage::listing::{Filter, Order};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_worklist);
}

const PARAMETERS: &[&str] =
    &["assignee", "agency", "procedure", "field", "status", "timing", "fields", "limit", "cursor"];

/// What an officer has open: first what is overdue, longest first, then by when it is due (what waits to be accepted: to be
/// answered); last what is paused or has no deadline.
#[utoipa::path(tag = "dossiers", params(
    ("assignee" = Option<String>, Query, description = "Whose: an officer's; me, the caller's, when left out; none: what is in nobody's charge"),
    ("agency" = Option<String>, Query, description = "Resolved by this agency or one below it"),
    ("procedure" = Option<String>, Query), ("field" = Option<String>, Query), ("status" = Option<Status>, Query),
    ("timing" = Option<String>, Query, description = "within, paused, overdue"),
    ("fields" = Option<String>, Query, description = "Only these members of each item, with commas between"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word that is not one of ours", body = ProblemBody)))]
#[get("/v1/worklist")]
async fn get_worklist(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, PARAMETERS)?;
    let (page, fields) = (query.page(2)?, Fields::of::<DossierView>(&query)?);
    page.after_instant()?;
    let filter = Filter {
        assignee: Some(assignee(query.text("assignee").unwrap_or("me"), &call.actor)),
        open: true,
        agency: query.parsed("agency")?,
        procedure: query.parsed("procedure")?,
        field: query.parsed("field")?,
        status: query.word("status")?,
        timing: query.word("timing")?,
        ..Filter::of(call.actor.sees(), call.state.ambient.now(), Order::Work)
    };
    let wish = page.clone();
    let listed = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Listed::read(reader, &filter, &wish)
        })
        .await?;
    let (items, next_cursor) = listed.shown(&page, &call.state.ambient);
    Ok(HttpResponse::Ok().json(Page { items: fields.pick_each(&items)?, next_cursor }))
}
