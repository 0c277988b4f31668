//! Delivery: messages to subscribers and applicants, each line by itself, by one process at a time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::SpanKind;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tracing::Instrument;

use crate::ambient::Ambient;
use crate::domain::delivery::{Means, Outcome, Parcel, Receipt};
use crate::domain::notice::Notices;
use crate::domain::trace_context::TraceContext;
use crate::flow::Fault;
use crate::flow::deliver::{self, Line, NoticePlan, Turn};
use crate::integrations::destination::Destination;
use crate::storage::deliveries::Delivery;
use crate::storage::{Db, StorageError};
use crate::trace::{self, Work};
use crate::worker::lease::Lease;

/// How often work is looked for that no bell announced: what other processes committed, and what is due again.
const TICK: Duration = Duration::from_secs(1);

/// How far apart looks for work are at least that the bell calls for.
const TOGETHER: Duration = Duration::from_millis(100);

/// Sends messages.
pub struct Courier {
    db: Db,
    ambient: Ambient,
    plan: NoticePlan,
    destinations: BTreeMap<Means, Arc<dyn Destination>>,
    lease: Lease,
}

impl Courier {
    /// A courier who knows these destinations, and sends these notices by those that reach applicants.
    pub fn new(
        db: Db,
        ambient: Ambient,
        notices: Notices,
        destinations: BTreeMap<Means, Arc<dyn Destination>>,
    ) -> Self {
        let means = destinations.keys().copied().filter(|means| *means != Means::Webhook).collect();
        let lease = Lease::new(db.clone(), "delivery", ambient.new_id());
        let plan = NoticePlan { notices, means };
        Self { db, ambient, plan, destinations, lease }
    }

    /// Sends all that is due by now, as far as it can be sent.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn settle(self: &Arc<Self>) -> Result<(), Fault> {
        loop {
            let due = self.look().await?;
            if due.is_empty() {
                return if self.lease.let_go() { self.hand_back().await } else { Ok(()) };
            }
            let mut lines: JoinSet<_> = due.into_iter().map(|line| Arc::clone(self).work(line)).collect();
            while lines.join_next().await.is_some() {}
        }
    }

    /// Makes messages of what was committed; answers the lines in which one is due. None, while another process works.
    async fn look(self: &Arc<Self>) -> Result<Vec<Line>, Fault> {
        let courier = Arc::clone(self);
        blocking(move || {
            let Courier { db, ambient, plan, lease, .. } = &*courier;
            let now = ambient.now();
            if !db.read(|reader| deliver::is_anything_to_do(reader, plan, now))? {
                return Ok(Vec::new());
            }
            if !lease.take()? {
                return Ok(Vec::new());
            }
            deliver::enqueue(db, ambient, plan)?;
            Ok(db.read(|reader| deliver::due(reader, plan, now))?)
        })
        .await
    }

    /// Lets another process take the work over at once.
    async fn hand_back(self: &Arc<Self>) -> Result<(), Fault> {
        let courier = Arc::clone(self);
        blocking(move || Ok(courier.lease.hand_back()?)).await
    }

    /// Works a line off; answers whether it stopped at a failure.
    async fn work(self: Arc<Self>, line: Line) -> bool {
        while self.lease.is_held() {
            match self.step(&line).await {
                Ok(Some(Outcome::Failed)) => return true,
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(cause) => {
                    tracing::error!(%cause, means = %line.means(), "message not handled; it is tried again");
                    return true;
                }
            }
        }
        false
    }

    /// Sends a message in the trace of the request that caused it.
    async fn send(&self, to: &dyn Destination, means: Means, delivery: &Delivery, parcel: &Parcel) -> Receipt {
        let cause = delivery.trace.as_deref().and_then(TraceContext::read);
        let work = Work::begin(&self.ambient, cause);
        let span = tracing::error_span!("delivery", message = %delivery.id);
        let sending = to.send(parcel).instrument(span);
        let receipt = trace::within(work.as_ref().map(Work::context), sending).await;
        if let Some(work) = work {
            let (name, has_failed) = (format!("deliver {means}"), receipt.outcome != Outcome::Delivered);
            let attributes = vec![("motcua.message_id", delivery.id.clone()), ("motcua.kind", delivery.kind.clone())];
            work.end(&self.ambient, SpanKind::Client, name, has_failed, attributes);
        }
        receipt
    }

    /// Handles the next message of a line; `None` when there is none.
    async fn step(self: &Arc<Self>, line: &Line) -> Result<Option<Outcome>, Fault> {
        let (courier, asked) = (Arc::clone(self), line.clone());
        let turn = move || courier.db.read(|reader| deliver::turn(reader, &courier.ambient, &asked));
        let (delivery, parcel) = match blocking(turn).await? {
            Turn::Nobody => return Ok(None),
            Turn::Skip(delivery, why) => {
                let db = self.db.clone();
                return blocking(move || {
                    settled(db.write(|tx| deliver::skip(tx, &delivery, why)))?;
                    Ok(Some(Outcome::Refused))
                })
                .await;
            }
            Turn::Send(delivery, parcel) => (delivery, parcel),
        };
        let Some(destination) = self.destinations.get(&line.means()) else { return Ok(None) };
        let receipt = self.send(destination.as_ref(), line.means(), &delivery, &parcel).await;
        let (courier, line) = (Arc::clone(self), line.clone());
        blocking(move || {
            let Courier { db, ambient, .. } = &*courier;
            let noted = settled(db.write(|tx| deliver::record(tx, ambient, &line, &delivery, receipt)))?;
            if let Some(status) = noted {
                let labels = [("means", line.means().as_str()), ("status", status.as_str())];
                metrics::counter!("motcua_messages_total", &labels).increment(1);
            }
            Ok(Some(receipt.outcome))
        })
        .await
    }
}

/// A message that was replayed or removed while it was under way is no fault.
fn settled<T>(written: Result<T, StorageError>) -> Result<Option<T>, Fault> {
    match written {
        Err(StorageError::Stale) => Ok(None),
        other => Ok(Some(other?)),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(trace::carried(work)).await {
        Ok(answer) => answer,
        Err(cause) => Err(StorageError::corrupt("delivery", cause).into()),
    }
}

/// Sends until `stop` turns true: at once after a commit of this process, and what else is due every second. What is under
/// way then is brought to its end.
pub async fn run(courier: Arc<Courier>, stop: watch::Receiver<bool>) {
    let span = tracing::error_span!("courier", courier = %courier.ambient.new_id());
    work_off(courier, stop).instrument(span).await;
}

async fn work_off(courier: Arc<Courier>, mut stop: watch::Receiver<bool>) {
    let bell = Arc::new(Notify::new());
    let rung = Arc::clone(&bell);
    courier.db.on_something_to_send(move || rung.notify_one());
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tasks: JoinSet<bool> = JoinSet::new();
    let mut running: HashMap<Id, Line> = HashMap::new();
    // Lines that failed rest until the next tick: who is down is not hammered.
    let mut resting: HashSet<Line> = HashSet::new();
    let mut looked_at = Instant::now();
    loop {
        tokio::select! {
            _ = tick.tick() => resting.clear(),
            () = called(&bell, looked_at) => {}
            Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                let (id, failed) = ended.unwrap_or_else(|cause| (cause.id(), true));
                resting.extend(running.remove(&id).filter(|_| failed));
            }
            _ = stop.changed() => break,
        }
        looked_at = Instant::now();
        match courier.look().await {
            Ok(due) => {
                for line in due {
                    if !resting.contains(&line) && !running.values().any(|other| *other == line) {
                        let task = tasks.spawn(Arc::clone(&courier).work(line.clone()).in_current_span());
                        running.insert(task.id(), line);
                    }
                }
            }
            Err(cause) => tracing::error!(%cause, "messages not looked for; the next tick tries again"),
        }
    }
    if courier.lease.let_go() {
        // What is under way ends within its time limit: given up now, it would be sent twice.
        while tasks.join_next().await.is_some() {}
        if let Err(cause) = courier.hand_back().await {
            tracing::warn!(%cause, "the next process waits for this one's lease to run out");
        }
    }
}

/// Waits for the bell. While it rings all the time, some rings are answered together: looking for work is work, too.
async fn called(bell: &Notify, looked_at: Instant) {
    tokio::time::sleep_until(looked_at + TOGETHER).await;
    bell.notified().await;
}
