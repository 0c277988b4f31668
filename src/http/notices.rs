//! The log of notices to applicants.

use actix_web::{HttpResponse, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call};
use super::input::Query;
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use super::webhooks::{DeliveryView, delivery_view, log_key};
use crate::domain::delivery::{DeliveryStatus, Means};
use crate::storage::deliveries::{self, LogFilter};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_notices);
}

/// What applicants were told, newest first, and whom nobody could tell (`skipped`: `no_email`, `no_phone`, `outdated`).
/// Neither addresses nor texts are shown.
#[utoipa::path(tag = "webhooks", params(("dossier" = Option<String>, Query), ("status" = Option<DeliveryStatus>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses((status = 200, description = "A page", body = Page<DeliveryView>),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/notices")]
async fn list_notices(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["dossier", "status", "limit", "cursor"])?;
    let page = query.page(2)?;
    let filter = LogFilter {
        lines: [Means::Email, Means::Gateway].map(|means| means.to_string()).to_vec(),
        agency: call.actor.agency.clone(),
        dossier: query.parsed("dossier")?,
        status: query.word("status")?,
    };
    let (key, limit) = (log_key(&page)?, page.fetch());
    let mut found = call
        .read(move |reader, _| {
            Ok(deliveries::log(reader, &filter, key.as_ref().map(|(place, id)| (*place, id.as_str())), limit)?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |last| vec![last.place.to_string(), last.id.clone()]);
    let items: Vec<_> = found.into_iter().map(|one| delivery_view(&call.state.ambient, one)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}
