//! A rolling restart under load, behind a load balancer: nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};

use crate::fleet::{Fleet, MOMENT, Office, dossier, until};
use crate::postgres::Schema;

/// How often each process is restarted.
const ROUNDS: usize = 3;

/// What stands before the processes: it asks each whether it is ready, and tries another only where the connection was refused.
struct Balancer {
    fleet: Arc<Fleet>,
    ready: Vec<AtomicBool>,
    client: Client,
    turn: AtomicUsize,
    answered: AtomicUsize,
}

impl Balancer {
    /// Looks after one process until the end.
    async fn watch(self: Arc<Self>, place: usize) {
        loop {
            let answer = self.client.get(format!("{}/readyz", self.fleet.base(place))).send().await;
            self.ready[place].store(answer.is_ok_and(|answer| answer.status() == StatusCode::OK), Ordering::Relaxed);
            tokio::time::sleep(MOMENT).await;
        }
    }

    /// Passes a request on; what went wrong is told.
    async fn pass(&self, key: &str, is_write: bool) -> Result<(), String> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let places = (0..self.ready.len()).map(|step| (turn + step) % self.ready.len());
        for place in places.filter(|place| self.ready[*place].load(Ordering::Relaxed)) {
            let url = format!("{}/v1/dossiers", self.fleet.base(place));
            let request = if is_write {
                self.client.post(url).header("idempotency-key", key).json(&dossier(None))
            } else {
                self.client.get(url)
            };
            match request.bearer_auth(&self.fleet.token).send().await {
                Ok(answer) if answer.status().is_success() => {
                    answer.bytes().await.map_err(|cause| cause.to_string())?;
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Ok(answer) => return Err(format!("{}: {}", answer.status(), answer.text().await.unwrap_or_default())),
                Err(cause) if cause.is_connect() => {}
                Err(cause) => return Err(format!("{cause:?}")),
            }
        }
        Err("nobody is ready".to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_request() {
    let Some(schema) = Schema::create() else { return };
    let fleet = Arc::new(Fleet::start(Office::on(&schema.url, &[("MOTCUA_DRAIN_SECONDS", "1")]), 2).await);
    let client = Client::builder().no_proxy().pool_idle_timeout(Duration::from_millis(500)).build().unwrap();
    let ready = (0..fleet.size()).map(|_| AtomicBool::new(false)).collect();
    let (turn, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let balancer = Arc::new(Balancer { fleet: Arc::clone(&fleet), ready, client, turn, answered });
    let watchers: Vec<_> = (0..fleet.size()).map(|place| tokio::spawn(Arc::clone(&balancer).watch(place))).collect();
    let ready = async |place: usize| {
        until("a process is ready", async || balancer.ready[place].load(Ordering::Relaxed).then_some(())).await;
    };
    ready(0).await;
    ready(1).await;

    let enough = Arc::new(AtomicBool::new(false));
    let load = |one: usize| {
        let (balancer, enough) = (Arc::clone(&balancer), Arc::clone(&enough));
        async move {
            let mut failed = Vec::new();
            let mut place = 0;
            while !enough.load(Ordering::Relaxed) {
                failed.extend(balancer.pass(&format!("{one} {place}"), place % 3 == 0).await.err());
                place += 1;
            }
            failed
        }
    };
    let clients: Vec<_> = (0..6).map(|one| tokio::spawn(load(one))).collect();
    for _ in 0..ROUNDS {
        for place in 0..fleet.size() {
            fleet.signal(place, "TERM");
            let ending = Arc::clone(&fleet);
            let code = tokio::task::spawn_blocking(move || ending.end(place)).await.unwrap();
            assert_eq!(code, Some(0));
            balancer.ready[place].store(false, Ordering::Relaxed);
            let starting = Arc::clone(&fleet);
            tokio::task::spawn_blocking(move || starting.replace(place)).await.unwrap();
            ready(place).await;
        }
    }
    enough.store(true, Ordering::Relaxed);
    let mut failed = Vec::new();
    for client in clients {
        failed.extend(client.await.unwrap());
    }
    let answered = balancer.answered.load(Ordering::Relaxed);
    eprintln!("{answered} requests answered, {} failed", failed.len());
    assert_eq!(failed, Vec::<String>::new());
    watchers.iter().for_each(tokio::task::JoinHandle::abort);

    // Somebody at a terminal does not wait, whoever has a connection open.
    fleet.insist(Method::GET, "/v1/me", None, None).await;
    fleet.signal(0, "INT");
    assert_eq!(fleet.end(0), Some(0));
    schema.drop_it();
}
