//! Webhook subscriptions and the log of their messages, kept by administrators.

use actix_web::{HttpResponse, HttpResponseBuilder, delete, get, patch, post};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, etag};
use super::changes::position;
use super::dossier_view::stamp;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NOTE, NoMembers, PageWish, Query, patched};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::delivery::DeliveryStatus;
use crate::domain::vocabulary::AgencyCode;
use crate::domain::webhook::EventFilter;
use crate::flow::webhooks::{self as verbs, NewWebhook, WebhookPatch};
use crate::flow::{Act, feed};
use crate::integrations::target::{self, BadTarget};
use crate::storage::deliveries::{self, Delivery, LogFilter};
use crate::storage::webhooks::{self, Webhook};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_webhook)
        .service(list_webhooks)
        .service(get_webhook)
        .service(patch_webhook)
        .service(delete_webhook)
        .service(rotate_secret)
        .service(test_webhook)
        .service(list_deliveries)
        .service(replay_delivery)
        .service(replay_dead);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhookBody {
    /// Where events are sent by POST: http or https, without credentials.
    #[schema(example = "https://example.vn/motcua")]
    url: String,
    /// Names of events, `dossier.*`, `letter.*` or `*`.
    #[schema(example = json!(["dossier.*", "letter.issued"]))]
    events: Vec<String>,
    /// What it is for.
    description: Option<String>,
    /// Only events of dossiers of this agency and those below it; the caller's when left out.
    #[schema(value_type = Option<String>, example = "H16.18")]
    agency: Option<AgencyCode>,
    /// Where it begins: `now` (when left out), `beginning`, or the `next` of a page of changes.
    from: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct WebhookView {
    /// Opaque identifier.
    id: String,
    /// Where events are sent.
    url: String,
    /// Which events.
    events: Vec<String>,
    /// What it is for.
    description: Option<String>,
    /// Of whose dossiers.
    agency: Option<String>,
    /// Whether events are sent.
    active: bool,
    /// Why the service itself switched it off: `gone` after an answer 410.
    switched_off: Option<String>,
    /// Until when the old secret signs, too.
    old_secret_until: Option<String>,
    /// When it was made.
    created_at: String,
    /// Counts its changes; the ETag.
    version: i64,
    /// The secret that signs, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

fn view(ambient: &Ambient, webhook: Webhook) -> WebhookView {
    WebhookView {
        id: webhook.id,
        url: webhook.url,
        events: webhook.events.patterns().to_vec(),
        description: webhook.description,
        agency: webhook.agency.map(|agency| agency.to_string()),
        active: webhook.active,
        switched_off: webhook.switched_off,
        old_secret_until: webhook.old_secret.map(|(_, until)| stamp(ambient, until)),
        created_at: stamp(ambient, webhook.created_at),
        version: webhook.version,
        secret: None,
    }
}

fn view_with_secret(ambient: &Ambient, webhook: Webhook) -> WebhookView {
    let secret = Some(webhook.secret.0.clone());
    WebhookView { secret, ..view(ambient, webhook) }
}

/// A message and what became of it.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct DeliveryView {
    /// Opaque identifier; the header `webhook-id` is `msg_` and this.
    id: String,
    /// The event, as the feed names it.
    event: Option<String>,
    /// Name of the event, or kind of notice.
    #[serde(rename = "type")]
    kind: String,
    /// The dossier.
    dossier: Option<String>,
    /// By what it goes: webhook, email or gateway.
    means: String,
    /// Where it stands.
    status: DeliveryStatus,
    /// How often it was tried (again, after a replay).
    attempts: i32,
    /// Status code of the last answer.
    response_code: Option<i32>,
    /// What went wrong last, by name.
    fault: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it was tried last.
    attempted_at: Option<String>,
    /// When it is tried next.
    next_attempt_at: Option<String>,
}

pub(in crate::http) fn delivery_view(ambient: &Ambient, delivery: Delivery) -> DeliveryView {
    let is_notice = matches!(delivery.line.as_str(), "email" | "gateway");
    let dossier = delivery.dossier.map(|code| code.to_string());
    DeliveryView {
        id: delivery.id,
        event: dossier.as_ref().zip(delivery.seq).map(|(code, seq)| format!("{code}/{seq}")),
        kind: delivery.kind,
        dossier,
        means: if is_notice { delivery.line } else { "webhook".to_owned() },
        status: delivery.status,
        attempts: delivery.attempts,
        response_code: delivery.response,
        fault: delivery.fault,
        created_at: stamp(ambient, delivery.created_at),
        attempted_at: delivery.attempted_at.map(|at| stamp(ambient, at)),
        next_attempt_at: delivery.due_at.map(|at| stamp(ambient, at)),
    }
}

/// The log is paged by place and identifier.
pub(in crate::http) fn log_key(page: &PageWish) -> Result<Option<(i64, String)>, Problem> {
    let Some([place, id]) = page.after.as_deref() else { return Ok(None) };
    let place = place.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?;
    Ok(Some((place, id.clone())))
}

fn checked_url(checker: &mut Checker, url: &str, allow_private: bool) -> String {
    match target::read(url.trim(), allow_private) {
        Ok(url) => url.into(),
        Err(fault) => {
            checker.fail("/url", if fault == BadTarget::Private { "private_target" } else { "bad_url" });
            String::new()
        }
    }
}

fn checked_events(checker: &mut Checker, events: Vec<String>) -> Option<EventFilter> {
    if events.is_empty() {
        checker.fail("/events", "blank");
    }
    EventFilter::new(events).map_err(|_| checker.fail("/events", "invalid_word")).ok()
}

/// An answer with a secret, which nobody is to keep on the way.
fn told_once(answer: &mut HttpResponseBuilder, view: WebhookView) -> HttpResponse {
    answer.insert_header(("ETag", etag(view.version))).insert_header(("Cache-Control", "no-store")).json(view)
}

/// Adds a subscription; its secret is shown once.
#[utoipa::path(tag = "webhooks", request_body = NewWebhookBody, responses(
    (status = 201, description = "Added", body = WebhookView), (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/webhooks")]
async fn create_webhook(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (body, _) = call.body::<NewWebhookBody>().await?;
    let mut checker = Checker::default();
    let url = checked_url(&mut checker, &body.url, call.state.webhook_private);
    let description = checker.optional("/description", body.description.as_deref(), MAX_NOTE);
    let after = match body.from.as_deref() {
        None | Some("now") => None,
        Some("beginning") => Some(0),
        Some(text) => position(text).or_else(|| {
            checker.fail("/from", "invalid_value");
            None
        }),
    };
    let events = checked_events(&mut checker, body.events);
    checker.finish()?;
    let Some(events) = events else { return Err(Problem::new("internal")) };
    let new = NewWebhook { url, description, events, agency: body.agency, after };
    // What was committed before is not news to the new subscriber.
    let db = call.state.db.clone();
    super::call::blocking(move || Ok(feed::sequence(&db)?)).await?;
    // No idempotent replay: a secret is shown once.
    let view = call.write(move |tx, act| Ok(view_with_secret(act.ambient, verbs::add(tx, act, &new)?))).await?;
    let location = ("Location", format!("/v1/webhooks/{}", view.id));
    Ok(told_once(HttpResponse::Created().insert_header(location), view))
}

/// Subscriptions in the caller's reach.
#[utoipa::path(tag = "webhooks", params(("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<WebhookView>), (status = 403, description = "Not an administrator", body = ProblemBody)))]
#[get("/v1/webhooks")]
async fn list_webhooks(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| Ok(webhooks::page(reader, actor.agency.as_ref(), wish.after_code(), wish.fetch())?))
        .await?;
    let next_cursor = page.cut(&mut found, |webhook| vec![webhook.id.clone()]);
    let items: Vec<WebhookView> = found.into_iter().map(|webhook| view(&call.state.ambient, webhook)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// One subscription.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, description = "The subscription", body = WebhookView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/webhooks/{id}")]
async fn get_webhook(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let id = call.path("id").to_owned();
    let webhook = call.read(move |reader, actor| verbs::find(reader, actor, &id)).await?;
    let version = webhook.version;
    Ok(call.show(&view(&call.state.ambient, webhook), version))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookPatchBody {
    /// Where events are sent.
    url: Option<String>,
    /// Which events.
    events: Option<Vec<String>>,
    /// What it is for.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Whether events are sent. One that is switched on again goes on where it stopped.
    active: Option<bool>,
}

/// Changes a subscription (JSON Merge Patch).
#[utoipa::path(tag = "webhooks", params(("id" = String, Path), ("If-Match" = String, Header)), request_body = WebhookPatchBody, responses(
    (status = 200, description = "Changed", body = WebhookView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody),
    (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/webhooks/{id}")]
async fn patch_webhook(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let expected = call.must_match()?;
    let (body, _) = call.body::<WebhookPatchBody>().await?;
    let mut checker = Checker::default();
    let allow_private = call.state.webhook_private;
    let patch = WebhookPatch {
        url: body.url.map(|url| checked_url(&mut checker, &url, allow_private)),
        description: checker.patched("/description", body.description.as_ref(), MAX_NOTE),
        events: body.events.and_then(|events| checked_events(&mut checker, events)),
        active: body.active,
    };
    checker.finish()?;
    let id = call.path("id").to_owned();
    let webhook = call.write(move |tx, act| verbs::change(tx, act, &id, expected, &patch)).await?;
    let version = webhook.version;
    Ok(HttpResponse::Ok().insert_header(("ETag", etag(version))).json(view(&call.state.ambient, webhook)))
}

/// Removes a subscription, with its log.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 204, description = "Removed"),
    (status = 404, description = "Not there", body = ProblemBody), (status = 412, description = "Changed since read", body = ProblemBody)))]
#[delete("/v1/webhooks/{id}")]
async fn delete_webhook(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (id, expected) = (call.path("id").to_owned(), call.if_match()?);
    call.write(move |tx, act| verbs::remove(tx, act, &id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a subscription a new secret, shown once. For 24 hours the old one signs, too: messages carry two signatures.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 200, description = "The new secret", body = WebhookView),
    (status = 404, description = "Not there", body = ProblemBody)))]
#[post("/v1/webhooks/{id}/rotate-secret")]
async fn rotate_secret(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, _) = call.body::<NoMembers>().await?;
    let id = call.path("id").to_owned();
    let rotate = move |tx: &mut crate::storage::Tx, act: Act<'_>| {
        Ok(view_with_secret(act.ambient, verbs::rotate_secret(tx, act, &id)?))
    };
    let view = call.write(rotate).await?;
    Ok(told_once(&mut HttpResponse::Ok(), view))
}

/// Sends a test message (`webhook.test`) at once, and once; the log tells what became of it.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), responses((status = 200, description = "The message", body = DeliveryView),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Switched off", body = ProblemBody)))]
#[post("/v1/webhooks/{id}/test")]
async fn test_webhook(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    let id = call.path("id").to_owned();
    call.post(&bytes, move |tx, act| Reply::plain(&delivery_view(act.ambient, verbs::test(tx, act, &id)?))).await
}

/// The log of a subscription's messages, newest first.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path), ("status" = Option<DeliveryStatus>, Query), ("limit" = Option<i64>, Query),
    ("cursor" = Option<String>, Query)), responses((status = 200, description = "A page", body = Page<DeliveryView>),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/webhooks/{id}/deliveries")]
async fn list_deliveries(call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["status", "limit", "cursor"])?;
    let (page, status) = (query.page(2)?, query.word("status")?);
    let (id, key, limit) = (call.path("id").to_owned(), log_key(&page)?, page.fetch());
    let mut found = call
        .read(move |reader, actor| {
            let filter = LogFilter { lines: vec![verbs::find(reader, actor, &id)?.id], status, ..LogFilter::default() };
            Ok(deliveries::log(reader, &filter, key.as_ref().map(|(place, id)| (*place, id.as_str())), limit)?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |last| vec![last.place.to_string(), last.id.clone()]);
    let items: Vec<_> = found.into_iter().map(|one| delivery_view(&call.state.ambient, one)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}

/// Sends a message again that is through or was given up: the same bytes under the same `webhook-id`.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path), ("delivery" = String, Path)), responses(
    (status = 200, description = "The message", body = DeliveryView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 409, description = "It waits anyway", body = ProblemBody)))]
#[post("/v1/webhooks/{id}/deliveries/{delivery}/replay")]
async fn replay_delivery(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (NoMembers {}, bytes) = call.body::<NoMembers>().await?;
    let (id, delivery) = (call.path("id").to_owned(), call.path("delivery").to_owned());
    let replay = move |tx: &mut crate::storage::Tx, act: Act<'_>| {
        Reply::plain(&delivery_view(act.ambient, verbs::replay(tx, act, &id, &delivery)?))
    };
    call.post(&bytes, replay).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// Messages made since then.
    since: DateTime<FixedOffset>,
}

/// Sends everything again that was given up since a time.
#[utoipa::path(tag = "webhooks", params(("id" = String, Path)), request_body = ReplayBody, responses(
    (status = 200, description = "replayed: how many", body = Object), (status = 404, description = "Not there", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/webhooks/{id}/replay")]
async fn replay_dead(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<ReplayBody>().await?;
    let (id, since) = (call.path("id").to_owned(), call.state.ambient.local(body.since));
    let replay = move |tx: &mut crate::storage::Tx, act: Act<'_>| {
        Reply::plain(&json!({"replayed": verbs::replay_dead(tx, act, &id, since)?}))
    };
    call.post(&bytes, replay).await
}
