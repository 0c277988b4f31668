//! What nobody asks for by a request: the sweep, the balances, the housekeeping, delivery and the portal, each by one process
//! at a time.

pub mod delivery;
pub mod portal;

mod lease;
mod tidy;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use opentelemetry::trace::SpanKind;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::{Interval, MissedTickBehavior};
use tracing::Instrument;

use crate::ambient::Ambient;
use crate::files::Files;
use crate::flow::calendar_watch::missing_today;
use crate::flow::publish::derive;
use crate::flow::sessions::LENGTH;
use crate::flow::strike::keep_up;
use crate::flow::sweep::sweep;
use crate::flow::watch::FAILURES_KEPT;
use crate::flow::{Fault, audit};
use crate::storage::{Db, deliveries, idempotency, rounds, sessions, sign_ins};
use crate::trace::{self, Work as Traced};
use lease::{BEAT, Lease};

pub use tidy::tidy_files;

/// Name of the lease, and of the rounds under it.
const BACKGROUND: &str = "background";
/// How often the work is done.
const PERIOD: Duration = Duration::from_secs(60);
/// How long the log of messages is kept.
const LOG_KEPT: TimeDelta = TimeDelta::days(90);

/// What the background work stands on.
struct Work {
    db: Db,
    ambient: Ambient,
    files: Files,
    at_risk_days: u32,
    lease: Lease,
}

impl Work {
    fn new(db: Db, ambient: Ambient, files: Files, at_risk_days: u32) -> Self {
        let lease = Lease::new(db.clone(), BACKGROUND, ambient.new_id());
        Self { db, ambient, files, at_risk_days, lease }
    }
}

/// Does the background work once, unless another process has it in hand. For threads that may block.
///
/// # Errors
/// What a piece of it answers; the pieces after it are left for the next round.
pub fn work_once(db: Db, ambient: Ambient, files: Files, at_risk_days: u32) -> Result<(), Fault> {
    let work = Work::new(db, ambient, files, at_risk_days);
    if work.lease.take()? {
        round(&work)?;
        work.lease.hand_back()?;
    }
    Ok(())
}

/// Works until `stop` turns true: at once, so that downtime is caught up with, and every minute; or, while another process
/// does, stands by to take over when that one is gone.
pub async fn run(db: Db, ambient: Ambient, files: Files, at_risk_days: u32, mut stop: watch::Receiver<bool>) {
    let work = Arc::new(Work::new(db, ambient, files, at_risk_days));
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = Instant::now();
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stop.changed() => break,
        }
        match on_a_thread(&work, |work| Ok(work.lease.take()?)).await {
            Ok(Ok(true)) if due <= Instant::now() => {
                due = Instant::now() + PERIOD;
                let span = tracing::error_span!("round", round = work.ambient.new_id());
                let ended = one_round(&work, &mut beat).instrument(span.clone()).await;
                span.in_scope(|| report(ended));
            }
            Ok(Ok(true)) => {}
            // Whoever takes over begins at once.
            Ok(Ok(false)) => due = Instant::now(),
            other => report(other.map(|taken| taken.map(drop))),
        }
    }
    if work.lease.let_go()
        && let Ok(Err(cause)) = on_a_thread(&work, |work| Ok(work.lease.hand_back()?)).await
    {
        tracing::warn!(%cause, "the next process waits for this one's lease to run out");
    }
}

/// Does a round, and keeps the lease meanwhile.
async fn one_round(work: &Arc<Work>, beat: &mut Interval) -> Result<Result<(), Fault>, JoinError> {
    let mut round = std::pin::pin!(on_a_thread(work, round));
    loop {
        tokio::select! {
            ended = &mut round => return ended,
            _ = beat.tick() => {
                if let Ok(Err(cause)) = on_a_thread(work, |work| Ok(work.lease.take()?)).await {
                    tracing::warn!(%cause, "the lease is not renewed");
                }
            }
        }
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: &Arc<Work>,
    deed: fn(&Work) -> Result<T, Fault>,
) -> Result<Result<T, Fault>, JoinError> {
    let (work, span) = (Arc::clone(work), tracing::Span::current());
    tokio::task::spawn_blocking(move || span.in_scope(|| deed(&work))).await
}

fn report(round: Result<Result<(), Fault>, JoinError>) {
    match round {
        Ok(Ok(())) => metrics::gauge!("motcua_sweep_healthy").set(1.0),
        Ok(Err(cause)) => {
            metrics::gauge!("motcua_sweep_healthy").set(0.0);
            tracing::error!(%cause, "background round failed; it is tried again at the next tick");
        }
        Err(cause) => tracing::error!(%cause, "background round panicked"),
    }
}

/// Does everything once. Each step is right also when another process does the same at the same time, and when it stands
/// still in its midst for any time: it changes rows under their locks, by what they say then, or not at all. The lease only
/// spares the double work.
fn round(work: &Work) -> Result<(), Fault> {
    let Some(traced) = Traced::begin(&work.ambient, None) else { return steps(work) };
    let done = trace::on_behalf(traced.context(), || steps(work));
    traced.end(&work.ambient, SpanKind::Internal, "background round".to_owned(), done.is_err(), Vec::new());
    done
}

fn steps(work: &Work) -> Result<(), Fault> {
    let began = Instant::now();
    for step in [sweep_up, miss_calendar, strike, publish, seal, forget, tidy] {
        if !work.lease.is_held() {
            tracing::warn!("another process takes the background work over");
            return Ok(());
        }
        step(work)?;
    }
    work.db.write(|tx| rounds::note(tx, BACKGROUND, work.ambient.now(), began.elapsed()))?;
    Ok(())
}

fn sweep_up(Work { db, ambient, at_risk_days, .. }: &Work) -> Result<(), Fault> {
    let swept = sweep(db, ambient, *at_risk_days)?;
    if swept.overdue + swept.warned + swept.rungs > 0 {
        tracing::info!(overdue = swept.overdue, warned = swept.warned, rungs = swept.rungs, "swept");
    }
    Ok(())
}

fn miss_calendar(Work { db, ambient, .. }: &Work) -> Result<(), Fault> {
    if let Some(year) = missing_today(db, ambient)? {
        tracing::warn!(
            year,
            "the calendar of the next year is not loaded: deadlines that reach into it are provisional"
        );
    }
    Ok(())
}

fn strike(Work { db, ambient, .. }: &Work) -> Result<(), Fault> {
    let struck = keep_up(db, ambient)?;
    if struck.stamps > 0 {
        tracing::info!(stamps = struck.stamps, anew = struck.anew, "balances struck");
    }
    Ok(())
}

fn publish(Work { db, ambient, .. }: &Work) -> Result<(), Fault> {
    let derived = derive(db, ambient)?;
    if derived > 0 {
        tracing::info!(quarters = derived, "processing times derived");
    }
    Ok(())
}

fn seal(Work { db, .. }: &Work) -> Result<(), Fault> {
    audit::seal(db)?;
    Ok(())
}

fn forget(Work { db, ambient, .. }: &Work) -> Result<(), Fault> {
    let now = ambient.now();
    db.write(|tx| idempotency::forget(tx, now - idempotency::KEPT))?;
    db.write(|tx| sessions::forget(tx, now, now - LENGTH))?;
    db.write(|tx| sign_ins::forget(tx, now - FAILURES_KEPT))?;
    db.write(|tx| deliveries::forget(tx, now - LOG_KEPT))?;
    Ok(())
}

fn tidy(Work { db, ambient, files, .. }: &Work) -> Result<(), Fault> {
    tidy_files(db, ambient, files)
}
