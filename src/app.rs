//! Wires settings, database, clock and workers together, and serves until told to stop.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::web::Data;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;

use crate::ambient::Ambient;
use crate::config::{ServeSettings, StoreSettings};
use crate::http::{self, AppState};
use crate::storage::{Db, StorageError, migrate};
use crate::worker;

/// How often recorded durations are folded.
const UPKEEP: Duration = Duration::from_secs(5);

/// Opens the database and brings it up to date.
///
/// # Errors
/// [`StorageError`].
pub fn open(settings: &StoreSettings) -> Result<Db, StorageError> {
    let db = Db::open(&settings.database_url, settings.pools())?;
    migrate::up(&db)?;
    Ok(db)
}

/// Collects metrics for the whole process.
///
/// # Errors
/// When a recorder is installed already.
pub fn metrics() -> io::Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().map_err(io::Error::other)
}

/// Serves on `listener` until a signal comes, then lets running requests end.
///
/// # Errors
/// When the address or the key file cannot be used.
pub async fn serve(
    db: Db,
    ambient: Ambient,
    store: &StoreSettings,
    settings: &ServeSettings,
    listener: TcpListener,
) -> io::Result<()> {
    let tokens = store.token_key(settings.jwt_key.as_deref(), &ambient)?;
    let files = store.files(&settings.files)?;
    let metrics = metrics()?;
    let upkeep = tokio::spawn(keep_up(metrics.clone()));
    let state = Data::new(AppState {
        db: db.clone(),
        ambient: ambient.clone(),
        tokens,
        running: http::idempotency::Running::default(),
        files: files.clone(),
        metrics,
        press: settings.press()?,
        public_url: settings.public_url.clone(),
    });
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::run(db, ambient, files, settings.at_risk_days, stopped));
    let served = HttpServer::new(move || http::app(state.clone())).listen(listener)?.run().await;
    let _ = stop.send(true);
    let _ = worker.await;
    upkeep.abort();
    served
}

/// Folds recorded durations into their summaries; without it they pile up for as long as nobody reads `/metrics`.
async fn keep_up(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}
