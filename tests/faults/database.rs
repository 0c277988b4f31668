//! PostgreSQL stopped, cut off, locked and frozen under the service: it says to come back later, and comes back by itself.

use std::process::Command;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Integer};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::postgres::{Cluster, required};
use super::service::{Answer, Service};

/// So many ask at once.
const CROWD: usize = 64;
/// So many connections the service has, and so many threads work at once: what one crowd needs more of than the one before is
/// no leak, which would be of the crowd's size.
const AT_ONCE: usize = 8;
/// A database that does not come back within so many looks does not come back.
const LOOKS: usize = 300;

/// The service on a PostgreSQL of its own, which a test may maltreat.
struct Stage {
    cluster: Cluster,
    service: Service,
    /// What a crowd leaves behind: threads and open files.
    before: (usize, usize),
    keys: std::cell::Cell<usize>,
}

impl Stage {
    /// `None`, said loudly, where there is no PostgreSQL.
    async fn set() -> Option<Self> {
        let Some(cluster) = Cluster::create(&tempfile::tempdir().unwrap().keep(), &[]) else {
            required("no server program found");
            return None;
        };
        cluster.stop_with_us();
        assert!(cluster.start("-c fsync=off"));
        // A frozen database is given up after some seconds, and not after two minutes.
        let settings = vec![("MOTCUA_REQUEST_SECONDS", "8".to_owned())];
        let service = Service::with_office(&cluster.url(), settings).await;
        let mut stage = Self { cluster, service, before: (0, 0), keys: std::cell::Cell::default() };
        for answer in stage.crowd().await {
            answer.good();
        }
        stage.before = stage.weight();
        Some(stage)
    }

    fn weight(&self) -> (usize, usize) {
        (self.service.threads(), self.service.open_files())
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.cluster.url()).unwrap()
    }

    async fn create(&self) -> Answer {
        self.keys.set(self.keys.get() + 1);
        self.service.post("/v1/dossiers", &format!("key-{}", self.keys.get()), &dossier()).await.unwrap()
    }

    /// Reads and writes at the same time.
    async fn crowd(&self) -> Vec<Answer> {
        let reads = join_all((0..CROWD / 2).map(|_| self.service.get("/v1/dossiers")));
        let writes = join_all((0..CROWD / 2).map(|_| self.create()));
        let (mut answers, writes) = join(reads, writes).await;
        answers.extend(writes);
        answers
    }

    /// Everybody is told to come back later, and the process says that it lives and is not ready.
    async fn is_down(&self) {
        let (answers, ready) = join(self.crowd(), self.service.get("/readyz")).await;
        for answer in answers.iter().chain([&ready]) {
            assert!(answer.is_put_off(), "{} {}", answer.status, answer.text);
        }
        assert_eq!(self.service.get("/healthz").await.status, 200);
    }

    /// The same process serves again, with no more threads and connections than before.
    async fn comes_back(&self) {
        for look in 0.. {
            let answer = self.create().await;
            if !answer.is_put_off() {
                answer.good();
                break;
            }
            assert!(look < LOOKS, "it does not come back: {}", self.service.said());
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
        // Connections that broke are found out one by one.
        while self.crowd().await.iter().any(Answer::is_put_off) {}
        for answer in self.crowd().await {
            answer.good();
        }
        let (threads, files) = self.weight();
        assert!(
            threads <= self.before.0 + AT_ONCE && files <= self.before.1 + AT_ONCE,
            "{:?}, now {:?}",
            self.before,
            (threads, files)
        );
        #[derive(QueryableByName)]
        struct Counted {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let sql = "SELECT count(*) AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let connections = diesel::sql_query(sql).get_result::<Counted>(&mut self.connect()).unwrap().count;
        assert!(connections <= AT_ONCE as i64, "{connections} connections");
        self.service.verify();
    }

    /// The processes of the database that work for the service.
    fn backends(&self) -> Vec<i32> {
        #[derive(QueryableByName)]
        struct Backend {
            #[diesel(sql_type = Integer)]
            pid: i32,
        }
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let found: Vec<Backend> = diesel::sql_query(sql).load(&mut self.connect()).unwrap();
        found.into_iter().map(|backend| backend.pid).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.cluster.stop("immediate");
    }
}

fn dossier() -> Value {
    json!({"procedure": "1.001739", "agency": "H16", "channel": "direct", "applicant": {"kind": "citizen", "name": "Người thử"}})
}

#[actix_web::test]
async fn a_database_that_was_stopped_is_found_again() {
    let Some(stage) = Stage::set().await else { return };
    assert!(stage.cluster.stop("immediate"));
    stage.is_down().await;
    assert!(stage.cluster.start("-c fsync=off"));
    stage.comes_back().await;
    // One that restarts quickly leaves nothing but dead connections.
    assert!(stage.cluster.stop("fast") && stage.cluster.start("-c fsync=off"));
    stage.comes_back().await;
}

#[actix_web::test]
async fn connections_that_are_cut_are_made_anew() {
    let Some(stage) = Stage::set().await else { return };
    let mut own = stage.connect();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for _ in 0..3 {
        let asked = stage.crowd();
        let mut asked = std::pin::pin!(asked);
        // In the midst of it: the requests are under way when the lines go.
        assert!(futures_util::poll!(asked.as_mut()).is_pending());
        own.batch_execute(cut).unwrap();
        for answer in asked.await {
            if !answer.is_put_off() {
                answer.good();
            }
        }
    }
    drop(own);
    stage.comes_back().await;
}

#[actix_web::test]
async fn who_waits_for_a_lock_is_put_off_and_lets_go() {
    let Some(stage) = Stage::set().await else { return };
    let mut holder = stage.connect();
    holder.batch_execute("BEGIN; LOCK TABLE dossiers IN ACCESS EXCLUSIVE MODE").unwrap();
    for answer in stage.crowd().await {
        assert!(answer.is_put_off(), "{} {}", answer.status, answer.text);
    }
    holder.batch_execute("ROLLBACK").unwrap();
    drop(holder);
    stage.comes_back().await;
}

#[actix_web::test]
async fn a_database_that_stands_still_holds_nobody_for_ever() {
    let Some(stage) = Stage::set().await else { return };
    let frozen = stage.backends();
    assert!(!frozen.is_empty());
    let signal = |name: &str| {
        let mut command = Command::new("kill");
        assert!(command.arg(name).args(frozen.iter().map(i32::to_string)).status().unwrap().success());
    };
    signal("-STOP");
    for answer in stage.crowd().await {
        // New connections still work; those that stand still are given up.
        if !answer.is_put_off() {
            answer.good();
        }
    }
    signal("-CONT");
    stage.comes_back().await;
}
