//! Messages made of the feed, handed out one by one to be sent, and what became of each attempt.

use super::fault::Fault;
use super::feed::{self, envelope};
use super::webhooks::TEST;
use crate::ambient::Ambient;
use crate::domain::delivery::{DeliveryStatus, Means, Outcome, Parcel, Receipt, next_attempt};
use crate::domain::dossier_code::DossierCode;
use crate::domain::notice::{Facts, NoticeKind, Notices, Template};
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::deliveries::{self, Delivery, LONGEST_LINE};
use crate::storage::feed::{Change, Wanted};
use crate::storage::listing::Visible;
use crate::storage::webhooks::{self, Webhook};
use crate::storage::{Db, Reader, StorageError, Tx, agencies, dossiers, feed as positions};

/// How many messages one transaction makes.
const BATCH: i64 = 200;
/// The consumer of the feed that makes notices.
const NOTICES: &str = "notices";

/// Which notices are sent, and by what. By default none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticePlan {
    /// Which.
    pub notices: Notices,
    /// By what.
    pub means: Vec<Means>,
}

impl NoticePlan {
    fn is_off(&self) -> bool {
        self.notices.are_off() || self.means.is_empty()
    }
}

/// Where messages stand behind each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Line {
    /// Those of a webhook.
    Webhook(String),
    /// Notices by one means.
    Notices(Means),
}

impl Line {
    fn name(&self) -> &str {
        match self {
            Self::Webhook(id) => id,
            Self::Notices(means) => means.as_str(),
        }
    }

    /// By what its messages go.
    pub const fn means(&self) -> Means {
        match self {
            Self::Webhook(_) => Means::Webhook,
            Self::Notices(means) => *means,
        }
    }
}

/// Gives what was committed its positions and makes the messages that subscribers and applicants are owed of it, as long
/// as their lines have room.
///
/// # Errors
/// [`Fault::Storage`].
pub fn enqueue(db: &Db, ambient: &Ambient, plan: &NoticePlan) -> Result<(), Fault> {
    feed::sequence(db)?;
    let last = db.read(positions::last)?;
    for webhook in db.read(webhooks::active)? {
        while is_behind(db, &webhook.id, last)? && db.write(|tx| enqueue_webhook(tx, ambient, &webhook))? {}
    }
    let known = db.read(|reader| positions::position_of(reader, NOTICES))?;
    match known {
        // Whoever switches notices on means those to come.
        Some(_) if plan.is_off() => db.write(switch_off_notices)?,
        None if !plan.is_off() => db.write(|tx| positions::add_reader(tx, NOTICES, last))?,
        _ if plan.is_off() => {}
        _ => while is_behind(db, NOTICES, last)? && db.write(|tx| enqueue_notices(tx, ambient, plan))? {},
    }
    Ok(())
}

/// Forgets how far notices had come, and drops those that wait.
fn switch_off_notices(tx: &mut Tx) -> Result<(), StorageError> {
    for means in Means::ALL {
        deliveries::skip_waiting(tx, means.as_str())?;
    }
    positions::remove_reader(tx, NOTICES)
}

/// Whether there is anything to make or to send.
///
/// # Errors
/// [`StorageError`].
pub fn is_anything_to_do(reader: &mut Reader, plan: &NoticePlan, now: LocalTime) -> Result<bool, StorageError> {
    if positions::is_any_queued(reader)? || !due(reader, plan, now)?.is_empty() {
        return Ok(true);
    }
    let last = positions::last(reader)?;
    for webhook in webhooks::active(reader)? {
        if positions::position_of(reader, &webhook.id)?.is_some_and(|position| position < last) {
            return Ok(true);
        }
    }
    Ok(match positions::position_of(reader, NOTICES)? {
        Some(position) => plan.is_off() || position < last,
        None => !plan.is_off(),
    })
}

fn is_behind(db: &Db, consumer: &str, last: i64) -> Result<bool, StorageError> {
    Ok(db.read(|reader| positions::position_of(reader, consumer))?.is_some_and(|position| position < last))
}

/// Makes a batch of messages for a subscriber; answers whether there may be more to make.
fn enqueue_webhook(tx: &mut Tx, ambient: &Ambient, webhook: &Webhook) -> Result<bool, Fault> {
    let room = LONGEST_LINE - deliveries::waiting(tx, &webhook.id)?;
    let Some(from) = positions::position_of(tx, &webhook.id)?.filter(|_| room > 0) else { return Ok(false) };
    let visible = webhook.agency.clone().map_or(Visible::Everything, Visible::Below);
    let wanted = Wanted { visible, names: Some(webhook.events.names()) };
    let page = feed::read(tx, &wanted, from, room.min(BATCH))?;
    for change in &page.changes {
        let body = envelope(tx, ambient, &wanted.visible, change)?.to_string();
        let message = Message { line: &webhook.id, aside: false, kind: &change.name, body };
        deliveries::insert(tx, &message.about(ambient, change))?;
    }
    positions::advance_reader(tx, &webhook.id, from, page.next)?;
    Ok(page.more)
}

/// Makes a batch of notices; answers whether there may be more to make.
fn enqueue_notices(tx: &mut Tx, ambient: &Ambient, plan: &NoticePlan) -> Result<bool, Fault> {
    let Some(from) = positions::position_of(tx, NOTICES)? else { return Ok(false) };
    let page = feed::read(tx, &Wanted { visible: Visible::Everything, names: None }, from, BATCH)?;
    for change in page.changes.iter().filter(|change| !change.imported) {
        let Some(kind) = plan.notices.wanted(&change.event) else { continue };
        let Some(written) = write(tx, &plan.notices, kind, change)? else { continue };
        let body = serde_json::to_string(&written).map_err(|cause| StorageError::corrupt("notice", cause))?;
        for means in &plan.means {
            let message = Message { line: means.as_str(), aside: true, kind: kind.as_str(), body: body.clone() };
            deliveries::insert(tx, &message.about(ambient, change))?;
        }
    }
    positions::advance_reader(tx, NOTICES, from, page.next)?;
    Ok(page.more)
}

fn write(
    reader: &mut Reader,
    notices: &Notices,
    kind: NoticeKind,
    change: &Change,
) -> Result<Option<Template>, StorageError> {
    let mut name_of = |code: &AgencyCode| {
        Ok::<_, StorageError>(agencies::find(reader, code)?.map_or_else(|| code.to_string(), |agency| agency.name))
    };
    let (agency, counter) = (name_of(&change.agency)?, name_of(&change.received_by)?);
    let code = change.dossier.to_string();
    let facts = Facts { code: &code, agency: &agency, counter: &counter, at: change.at, event: &change.event };
    Ok(notices.write(kind, &facts))
}

struct Message<'a> {
    line: &'a str,
    aside: bool,
    kind: &'a str,
    body: String,
}

impl Message<'_> {
    fn about(self, ambient: &Ambient, change: &Change) -> Delivery {
        let now = ambient.now();
        Delivery {
            id: ambient.new_id(),
            line: self.line.to_owned(),
            place: change.position,
            aside: self.aside,
            kind: self.kind.to_owned(),
            dossier: Some(change.dossier.clone()),
            seq: Some(change.seq),
            body: self.body,
            status: DeliveryStatus::Waiting,
            attempts: 0,
            queued_at: now,
            due_at: Some(now),
            attempted_at: None,
            response: None,
            fault: None,
            created_at: now,
            trace: change.trace.clone(),
        }
    }
}

/// The lines in which a message is due.
///
/// # Errors
/// [`StorageError`].
pub fn due(reader: &mut Reader, plan: &NoticePlan, now: LocalTime) -> Result<Vec<Line>, StorageError> {
    let webhooks = webhooks::active(reader)?.into_iter().map(|webhook| Line::Webhook(webhook.id));
    let lines: Vec<Line> = webhooks.chain(plan.means.iter().copied().map(Line::Notices)).collect();
    let mut due = Vec::new();
    for line in lines {
        if deliveries::next(reader, line.name(), now)?.is_some() {
            due.push(line);
        }
    }
    Ok(due)
}

/// Whose turn it is in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Nobody's.
    Nobody,
    /// Of a message that is not to be sent after all.
    Skip(Box<Delivery>, &'static str),
    /// Of a message to be sent.
    Send(Box<Delivery>, Parcel),
}

/// Hands out the next message of a line. To whom it goes is looked up now: what was corrected meanwhile counts.
///
/// # Errors
/// [`Fault::Storage`].
pub fn turn(reader: &mut Reader, ambient: &Ambient, line: &Line) -> Result<Turn, Fault> {
    let now = ambient.now();
    let Some(delivery) = deliveries::next(reader, line.name(), now)? else { return Ok(Turn::Nobody) };
    let (to, keys) = match line {
        Line::Webhook(id) => {
            let Some(webhook) = webhooks::find(reader, id)?.filter(|webhook| webhook.active) else {
                return Ok(Turn::Nobody);
            };
            let old = webhook.old_secret.filter(|(_, until)| *until > now).map(|(secret, _)| secret);
            (webhook.url, [webhook.secret].into_iter().chain(old).collect())
        }
        Line::Notices(means) => match recipient(reader, *means, &delivery)? {
            Ok(to) => (to, Vec::new()),
            Err(why) => return Ok(Turn::Skip(Box::new(delivery), why)),
        },
    };
    let parcel = Parcel {
        id: delivery.id.clone(),
        kind: delivery.kind.clone(),
        to,
        keys,
        body: delivery.body.clone(),
        unix_time: ambient.unix(now),
    };
    Ok(Turn::Send(Box::new(delivery), parcel))
}

/// The applicant's address, or why the notice is not sent.
fn recipient(
    reader: &mut Reader,
    means: Means,
    delivery: &Delivery,
) -> Result<Result<String, &'static str>, StorageError> {
    let kind: NoticeKind =
        delivery.kind.parse().map_err(|cause| StorageError::corrupt("kind of notice", format!("{cause}")))?;
    let find = |code: &DossierCode| dossiers::find(reader, code);
    let Some(record) = delivery.dossier.as_ref().map(find).transpose()?.flatten() else {
        return Ok(Err("no_dossier"));
    };
    if !kind.holds(&record.standing) {
        return Ok(Err("outdated"));
    }
    let (contact, missing) = match means {
        Means::Email => (record.applicant.email, "no_email"),
        Means::Gateway | Means::Webhook => (record.applicant.phone, "no_phone"),
    };
    Ok(contact.ok_or(missing))
}

/// Notes that a message is not sent.
///
/// # Errors
/// [`StorageError`].
pub fn skip(tx: &mut Tx, delivery: &Delivery, why: &str) -> Result<(), StorageError> {
    let mut after = delivery.clone();
    after.status = DeliveryStatus::Skipped;
    after.due_at = None;
    after.fault = Some(why.to_owned());
    deliveries::save(tx, delivery, &after)
}

/// Notes what became of an attempt: through, to be tried again, or given up. A subscriber that is gone is switched off.
///
/// # Errors
/// [`StorageError`]; [`StorageError::Stale`] when the message was changed meanwhile.
pub fn record(
    tx: &mut Tx,
    ambient: &Ambient,
    line: &Line,
    delivery: &Delivery,
    receipt: Receipt,
) -> Result<DeliveryStatus, StorageError> {
    let now = ambient.now();
    let mut after = delivery.clone();
    after.attempts += 1;
    after.attempted_at = Some(now);
    after.response = receipt.response.map(i32::from);
    after.fault = receipt.fault.map(str::to_owned);
    let again = match receipt.outcome {
        Outcome::Failed if delivery.kind != TEST => {
            let chance = u16::from_be_bytes(ambient.random());
            next_attempt(after.attempts.unsigned_abs(), delivery.queued_at, now, chance)
        }
        Outcome::Delivered | Outcome::Failed | Outcome::Refused | Outcome::Gone => None,
    };
    after.due_at = again;
    after.status = match receipt.outcome {
        Outcome::Delivered => DeliveryStatus::Delivered,
        _ if again.is_some() => DeliveryStatus::Waiting,
        _ => DeliveryStatus::Dead,
    };
    deliveries::save(tx, delivery, &after)?;
    if let (Outcome::Gone, Line::Webhook(id)) = (receipt.outcome, line)
        && let Some(mut webhook) = webhooks::find(tx, id)?
    {
        webhook.active = false;
        webhook.switched_off = Some("gone".to_owned());
        webhooks::save(tx, &mut webhook)?;
    }
    Ok(after.status)
}
