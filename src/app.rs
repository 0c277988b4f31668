//! Wires settings, database, clock and workers together, and serves until told to stop.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::ambient::Ambient;
use crate::config::{DeliverySettings, ServeSettings, StoreSettings};
use crate::domain::delivery::{Means, Secret};
use crate::http::portal::PortalState;
use crate::http::{self, AppState};
use crate::integrations::destination::Destination;
use crate::integrations::email::Email;
use crate::integrations::gateway::Gateway;
use crate::integrations::webhook::Webhooks;
use crate::storage::{Db, data_keys, migrate};
use crate::trace;
use crate::worker;
use crate::worker::delivery::Courier;
use crate::worker::portal::Herald;

/// Upper ends of the buckets that durations are counted in, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often recorded durations are folded.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long a client may take over the head of a request, a handshake or its leave.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may stay open with nothing asked.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// Opens the database, brings it up to date, and makes sure that its data keys are at hand.
///
/// # Errors
/// That of the database, or that of the key file.
pub fn open(settings: &StoreSettings) -> Result<Db, Box<dyn Error>> {
    let db = open_to_load(settings)?;
    data_keys::admit(&db)?;
    Ok(db)
}

/// As [`open`], whatever keys the database knows: what is loaded into it brings its own.
///
/// # Errors
/// As [`open`].
pub fn open_to_load(settings: &StoreSettings) -> Result<Db, Box<dyn Error>> {
    let db = Db::open_amid(&settings.database_url, settings.pools(), &settings.surroundings(), settings.vault()?)?;
    migrate::up(&db)?;
    Ok(db)
}

/// Collects metrics for the whole process.
///
/// # Errors
/// When a recorder is installed already.
pub fn metrics() -> io::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(SECONDS).map_err(io::Error::other)?;
    builder.install_recorder().map_err(io::Error::other)
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
    let lookup = store.lookup_key(settings.edges.lookup_key.as_deref(), &ambient)?;
    let tls = settings.edges.tls()?;
    let files = store.files(&settings.files)?;
    let portal = settings.portal.portal()?;
    let portal_state = PortalState { codes: settings.portal.codes()?, sends: portal.is_some() };
    let metrics = metrics()?;
    if let Some(endpoint) = &settings.otlp_endpoint {
        trace::export_to(endpoint)?;
    }
    let upkeep = tokio::spawn(keep_up(metrics.clone()));
    let state = Data::new(AppState {
        db: db.clone(),
        document: OnceLock::new(),
        callers: http::callers::Callers::default(),
        admission: http::admission::Gate::new(store.pools().readers, store.pools().writers),
        ambient: ambient.clone(),
        tokens,
        running: http::idempotency::Running::default(),
        files: files.clone(),
        metrics,
        gauges: http::gauges::Gauges::new(&ambient),
        press: settings.press()?,
        public_url: settings.public_url.clone(),
        webhook_private: settings.delivery.webhook_private,
        lookup,
        limits: http::public::Limits::default(),
        portal: portal_state,
        catalogue: http::public_catalogue::PublicCatalogue::default(),
        edges: settings.edges.edges(),
        feedback_days: settings.feedback_days,
        board: http::board::Board::new(&db),
        leave: http::leave::Leave::default(),
        openid: settings.openid.provider()?,
    });
    let leaving = state.clone();
    let courier = Arc::new(courier(db.clone(), ambient.clone(), &settings.delivery)?);
    let (stop, stopped) = watch::channel(false);
    let delivery = tokio::spawn(worker::delivery::run(courier, stopped.clone()));
    let herald = portal.map(|portal| {
        let herald = Arc::new(Herald::new(db.clone(), ambient.clone(), portal));
        tokio::spawn(worker::portal::run(herald, stopped.clone()))
    });
    let worker = tokio::spawn(worker::run(db, ambient, files, settings.at_risk_days, stopped));
    let server = HttpServer::new(move || http::app(state.clone()))
        .client_request_timeout(HEAD_TIME)
        .client_disconnect_timeout(HEAD_TIME)
        .tls_handshake_timeout(HEAD_TIME)
        .keep_alive(IDLE_TIME)
        .disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    let served = server.run();
    let leave = tokio::spawn(leave(served.handle(), leaving, settings.drain_seconds, stop));
    let served = served.await;
    leave.abort();
    let _ = worker.await;
    let _ = delivery.await;
    if let Some(herald) = herald {
        let _ = herald.await;
    }
    upkeep.abort();
    let _ = tokio::task::spawn_blocking(trace::flush).await;
    served
}

/// Who takes messages to webhooks and, where there is a way, to applicants.
fn courier(db: Db, ambient: Ambient, settings: &DeliverySettings) -> io::Result<Courier> {
    let webhooks = Webhooks::new(settings.webhook_private).map_err(io::Error::other)?;
    let mut destinations: BTreeMap<Means, Arc<dyn Destination>> = BTreeMap::new();
    destinations.insert(Means::Webhook, Arc::new(webhooks));
    if let (Some(url), Some(from)) = (&settings.smtp_url, &settings.mail_from) {
        let email = Email::new(url, from)
            .map_err(|_| io::Error::other("MOTCUA_SMTP_URL or MOTCUA_MAIL_FROM cannot be read"))?;
        destinations.insert(Means::Email, Arc::new(email));
    }
    if let Some(url) = &settings.notice_gateway {
        let token = settings.notice_gateway_token.clone().map(Secret);
        let gateway = Gateway::new(url, token).map_err(io::Error::other)?;
        destinations.insert(Means::Gateway, Arc::new(gateway));
    }
    Ok(Courier::new(db, ambient, settings.notices()?, destinations))
}

/// How soon a server is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Somebody waits at a terminal.
    AtOnce,
    /// When those who send requests have learnt of it, and what runs has ended.
    InTurn,
}

/// Stops the server when a signal says so. Background work goes to others first; then, where there is time, `/readyz` refuses
/// while everything else is still answered, so that a load balancer turns to others before the listener closes.
async fn leave(server: ServerHandle, state: Data<AppState>, drain_seconds: u64, stop: watch::Sender<bool>) {
    let Some(mut signals) = Signals::new() else { return };
    let mut asked = signals.next().await;
    state.leave.begin();
    state.board.close();
    let _ = stop.send(true);
    if asked == Stop::InTurn {
        tracing::info!(seconds = drain_seconds, "stopping: no new connections are wanted");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(drain_seconds)) => {}
            again = signals.next() => asked = again,
        }
    }
    let ended = server.stop(asked == Stop::InTurn);
    // A second signal does not wait for what still runs.
    tokio::select! {
        () = ended => {}
        _ = signals.next() => server.stop(false).await,
    }
}

/// The signals that stop a server.
struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate()).ok()?, signal(SignalKind::interrupt()).ok()?);
        Some(Self { terminate, interrupt })
    }

    async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::InTurn,
            _ = self.interrupt.recv() => Stop::AtOnce,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Option<Self> {
        Some(Self {})
    }

    async fn next(&mut self) -> Stop {
        drop(tokio::signal::ctrl_c().await);
        Stop::AtOnce
    }
}

/// Folds recorded durations into their summaries; without it they pile up for as long as nobody reads `/metrics`.
async fn keep_up(metrics: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
    }
}
