//! What nobody asks for by a request: the sweep, the balances, the housekeeping, delivery and the portal, each by one process
//! at a time.

pub mod delivery;
pub mod portal;

mod tidy;

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use opentelemetry::trace::SpanKind;
use tokio::sync::watch;

use crate::ambient::Ambient;
use crate::files::Files;
use crate::flow::calendar_watch::missing_today;
use crate::flow::publish::derive;
use crate::flow::sessions::LENGTH;
use crate::flow::strike::keep_up;
use crate::flow::sweep::sweep;
use crate::flow::watch::FAILURES_KEPT;
use crate::flow::{Fault, audit};
use crate::storage::{Db, deliveries, idempotency, leases, rounds, sessions, sign_ins};
use crate::trace::{self, Work};

pub use tidy::tidy_files;

/// Name of the lease, and of the rounds under it.
const BACKGROUND: &str = "background";
/// How often the work is looked at.
const TICK: Duration = Duration::from_secs(60);
/// How long a process keeps the work to itself without saying so again.
const LEASE: TimeDelta = TimeDelta::seconds(150);
/// How long the log of messages is kept.
const LOG_KEPT: TimeDelta = TimeDelta::days(90);

/// Works until `stop` turns true: at once, so that downtime is caught up with, and every minute.
pub async fn run(db: Db, ambient: Ambient, files: Files, at_risk_days: u32, mut stop: watch::Receiver<bool>) {
    let holder = ambient.new_id();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stop.changed() => return,
        }
        let (db, ambient, files, holder) = (db.clone(), ambient.clone(), files.clone(), holder.clone());
        let span = tracing::error_span!("round", round = ambient.new_id());
        let work = move || traced(&ambient, || round(&db, &ambient, &files, at_risk_days, &holder));
        let inside = span.clone();
        let round = tokio::task::spawn_blocking(move || inside.in_scope(work)).await;
        span.in_scope(|| match round {
            Ok(Ok(())) => metrics::gauge!("motcua_sweep_healthy").set(1.0),
            Ok(Err(cause)) => {
                metrics::gauge!("motcua_sweep_healthy").set(0.0);
                tracing::error!(%cause, "background round failed; it is tried again at the next tick");
            }
            Err(cause) => tracing::error!(%cause, "background round panicked"),
        });
    }
}

/// Shows a round in the traces, if any are shown.
fn traced<T>(ambient: &Ambient, round: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let Some(work) = Work::begin(ambient, None) else { return round() };
    let done = trace::on_behalf(work.context(), round);
    work.end(ambient, SpanKind::Internal, "background round".to_owned(), done.is_err(), Vec::new());
    done
}

/// One round of background work, unless another process has the lease.
///
/// # Errors
/// What a piece of it answers; the pieces after it are left for the next round.
pub fn round(db: &Db, ambient: &Ambient, files: &Files, at_risk_days: u32, holder: &str) -> Result<(), Fault> {
    let (now, began) = (ambient.now(), Instant::now());
    if !db.write(|tx| leases::acquire(tx, BACKGROUND, holder, now, LEASE))? {
        return Ok(());
    }
    let swept = sweep(db, ambient, at_risk_days)?;
    if swept.overdue + swept.warned + swept.rungs > 0 {
        tracing::info!(overdue = swept.overdue, warned = swept.warned, rungs = swept.rungs, "swept");
    }
    if let Some(year) = missing_today(db, ambient)? {
        tracing::warn!(
            year,
            "the calendar of the next year is not loaded: deadlines that reach into it are provisional"
        );
    }
    let struck = keep_up(db, ambient)?;
    if struck.stamps > 0 {
        tracing::info!(stamps = struck.stamps, anew = struck.anew, "balances struck");
    }
    let derived = derive(db, ambient)?;
    if derived > 0 {
        tracing::info!(quarters = derived, "processing times derived");
    }
    audit::seal(db)?;
    db.write(|tx| idempotency::forget(tx, now - idempotency::KEPT))?;
    db.write(|tx| sessions::forget(tx, now, now - LENGTH))?;
    db.write(|tx| sign_ins::forget(tx, now - FAILURES_KEPT))?;
    db.write(|tx| deliveries::forget(tx, now - LOG_KEPT))?;
    tidy_files(db, ambient, files)?;
    db.write(|tx| rounds::note(tx, BACKGROUND, ambient.now(), began.elapsed()))?;
    Ok(())
}
