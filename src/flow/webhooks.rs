//! Webhook subscriptions: made, changed, given a new secret, tested, removed; messages replayed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::json;

use super::actor::{Act, Actor};
use super::administer::require_reach;
use super::fault::Fault;
use crate::domain::delivery::{DeliveryStatus, Secret};
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::domain::webhook::EventFilter;
use crate::storage::deliveries::{self, Delivery};
use crate::storage::webhooks::{self, Webhook};
use crate::storage::{Reader, Tx, feed};

/// How long an old secret signs beside the new one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// The kind of a test message.
pub const TEST: &str = "webhook.test";

/// What is said of a subscription when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Where events go; checked before.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events.
    pub events: EventFilter,
    /// Of whose dossiers; the caller's when not said.
    pub agency: Option<AgencyCode>,
    /// Behind which position of the feed it begins; at its present end when not said.
    pub after: Option<i64>,
}

/// What is to be changed; `None` leaves a member alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// Where events go.
    pub url: Option<String>,
    /// What it is for; `Some(None)` clears.
    pub description: Option<Option<String>>,
    /// Which events.
    pub events: Option<EventFilter>,
    /// Whether events are sent.
    pub active: Option<bool>,
}

/// Adds a subscription; its secret is to be told this once.
///
/// # Errors
/// [`Fault::Unknown`] agency, [`Fault::Invalid`] start.
pub fn add(tx: &mut Tx, act: Act<'_>, new: &NewWebhook) -> Result<Webhook, Fault> {
    let agency = new.agency.clone().or_else(|| act.actor.agency.clone());
    if let Some(agency) = &agency {
        require_reach(tx, act.actor, agency).map_err(|fault| match fault {
            Fault::NotFound(_) => Fault::Unknown { pointer: "/agency", what: "agency" },
            other => other,
        })?;
    }
    let last = feed::last(tx)?;
    let after = new.after.unwrap_or(last);
    if !(0..=last).contains(&after) {
        return Err(Fault::Invalid { pointer: "/from", code: "bad_cursor" });
    }
    let webhook = Webhook {
        id: act.ambient.new_id(),
        url: new.url.clone(),
        description: new.description.clone(),
        events: new.events.clone(),
        agency,
        active: true,
        switched_off: None,
        secret: new_secret(act),
        old_secret: None,
        created_at: act.now,
        version: 1,
    };
    webhooks::insert(tx, &webhook)?;
    feed::add_reader(tx, &webhook.id, after)?;
    Ok(webhook)
}

/// A secret as Standard Webhooks writes it: at least 24 random bytes in base64 behind `whsec_`.
fn new_secret(act: Act<'_>) -> Secret {
    Secret(format!("whsec_{}", STANDARD.encode(act.ambient.random::<32>())))
}

/// A subscription in the actor's reach.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str) -> Result<Webhook, Fault> {
    let webhook = webhooks::find(reader, id)?.ok_or(Fault::NotFound("webhook"))?;
    let is_ours = match &webhook.agency {
        Some(agency) => actor.sides(reader, agency, agency)?.resolving,
        None => actor.agency.is_none(),
    };
    if is_ours { Ok(webhook) } else { Err(Fault::NotFound("webhook")) }
}

/// Changes a subscription. One that is switched on again goes on where it stopped.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`].
pub fn change(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &WebhookPatch,
) -> Result<Webhook, Fault> {
    let mut webhook = find(tx, act.actor, id)?;
    if expected.is_some_and(|expected| expected != webhook.version) {
        return Err(Fault::Changed);
    }
    if let Some(url) = &patch.url {
        webhook.url.clone_from(url);
    }
    if let Some(description) = &patch.description {
        webhook.description.clone_from(description);
    }
    if let Some(events) = &patch.events {
        webhook.events.clone_from(events);
    }
    if let Some(active) = patch.active {
        webhook.active = active;
        webhook.switched_off = None;
    }
    webhooks::save(tx, &mut webhook)?;
    Ok(webhook)
}

/// Removes a subscription with its log.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`].
pub fn remove(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>) -> Result<(), Fault> {
    let webhook = find(tx, act.actor, id)?;
    if expected.is_some_and(|expected| expected != webhook.version) {
        return Err(Fault::Changed);
    }
    // The reader first: whoever makes messages for the line meanwhile holds it, and theirs go with the line, too.
    feed::remove_reader(tx, id)?;
    deliveries::remove_line(tx, id)?;
    Ok(webhooks::remove(tx, id)?)
}

/// Gives a subscription a new secret, to be told this once; the old one signs, too, for a day.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn rotate_secret(tx: &mut Tx, act: Act<'_>, id: &str) -> Result<Webhook, Fault> {
    let mut webhook = find(tx, act.actor, id)?;
    let old = std::mem::replace(&mut webhook.secret, new_secret(act));
    webhook.old_secret = Some((old, act.now + OVERLAP));
    webhooks::save(tx, &mut webhook)?;
    Ok(webhook)
}

/// Sends a test message, once and at once.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Refused`] while it is switched off.
pub fn test(tx: &mut Tx, act: Act<'_>, id: &str) -> Result<Delivery, Fault> {
    let webhook = find(tx, act.actor, id)?;
    if !webhook.active {
        return Err(Refusal::WebhookOff.into());
    }
    let id = act.ambient.new_id();
    let time = act.ambient.zoned(act.now).to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    let body = json!({
        "specversion": "1.0", "id": id, "source": "/v1/webhooks", "type": TEST, "subject": webhook.id, "time": time,
        "datacontenttype": "application/json", "data": {"webhook": webhook.id},
    });
    let delivery = Delivery {
        id,
        line: webhook.id,
        place: feed::last(tx)?,
        aside: true,
        kind: TEST.to_owned(),
        dossier: None,
        seq: None,
        body: body.to_string(),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        queued_at: act.now,
        due_at: Some(act.now),
        attempted_at: None,
        response: None,
        fault: None,
        created_at: act.now,
        trace: tx.trace().map(str::to_owned),
    };
    deliveries::insert(tx, &delivery)?;
    Ok(delivery)
}

/// Sends a message again that is through or was given up; it keeps its identifier, and nothing waits for it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Refused`] when it waits anyway.
pub fn replay(tx: &mut Tx, act: Act<'_>, id: &str, delivery: &str) -> Result<Delivery, Fault> {
    let webhook = find(tx, act.actor, id)?;
    let before = deliveries::find(tx, &webhook.id, delivery)?.ok_or(Fault::NotFound("delivery"))?;
    if before.status == DeliveryStatus::Waiting {
        return Err(Refusal::DeliveryWaits.into());
    }
    let mut after = before.clone();
    after.status = DeliveryStatus::Waiting;
    after.aside = true;
    after.attempts = 0;
    after.queued_at = act.now;
    after.due_at = Some(act.now);
    deliveries::save(tx, &before, &after)?;
    Ok(after)
}

/// Sends everything again that was given up and was made since `since`; answers how many.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn replay_dead(tx: &mut Tx, act: Act<'_>, id: &str, since: LocalTime) -> Result<usize, Fault> {
    let webhook = find(tx, act.actor, id)?;
    Ok(deliveries::revive(tx, &webhook.id, since, act.now)?)
}
