//! pgbouncer in its transaction mode: each transaction may have another session.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;

use diesel::{Connection, PgConnection};
use reqwest::Method;
use serde_json::json;

use crate::cluster::{Cluster, as_postgres, folder, free_port};
use crate::fleet::{Fleet, Office, dossier, until};
use crate::storm::{count, settle, under_load};

/// pgbouncer before a cluster; it ends with the test.
struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// With fewer sessions than its clients have connections, so that they have to be shared.
    async fn before(cluster: &Cluster) -> Option<Self> {
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].map(Path::new).into_iter().find(|path| path.exists());
        let Some(program) = program else {
            #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
            let required = std::env::var("MOTCUA_REQUIRE_PGBOUNCER").is_ok();
            assert!(!required, "pgbouncer is required and not to be had");
            eprintln!("!!! NO PGBOUNCER: transaction mode was not tried. Install the Debian package pgbouncer.");
            return None;
        };
        let (folder, port) = (folder(), free_port());
        let place = folder.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\nmotcua = host=127.0.0.1 port={} dbname=motcua user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 200\nlogfile = {}/log\n",
            cluster.port,
            folder.path().display()
        );
        fs::write(&place, settings).unwrap();
        let process = as_postgres(program).arg(&place).spawn().unwrap();
        until("pgbouncer listens", async || TcpStream::connect(("127.0.0.1", port)).ok().map(drop)).await;
        Some(Self { process, port, _folder: folder })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_behind_pgbouncer_in_transaction_mode() {
    let Some(cluster) = Cluster::start() else { return };
    let Some(pooler) = Pooler::before(&cluster).await else { return };
    let url = format!("postgres://postgres@127.0.0.1:{}/motcua?sslmode=disable", pooler.port);
    let settings = [("MOTCUA_STATEMENT_CACHE", "off"), ("MOTCUA_READERS", "8"), ("MOTCUA_WRITERS", "8")];
    let fleet = Arc::new(Fleet::start(Office::on(&url, &settings), 2).await);

    let taken = fleet.insist(Method::POST, "/v1/dossiers", Some("one"), Some(dossier(None))).await.body;
    let path = format!("/v1/dossiers/{}/transitions", taken["code"].as_str().unwrap());
    for (place, body) in [
        json!({"to": "processing"}),
        json!({"to": "supplement_required", "reason": "Thiếu giấy tờ"}),
        json!({"to": "processing"}),
        json!({"to": "finished", "outcome": "granted"}),
        json!({"to": "returned"}),
    ]
    .into_iter()
    .enumerate()
    {
        fleet.insist(Method::POST, &path, Some(&format!("step {place}")), Some(body)).await;
    }
    for path in
        ["/v1/statistics?from=2026-01-01&to=2026-12-31", "/v1/reports/06a?period=2026", "/v1/changes", "/readyz"]
    {
        fleet.get(path).await;
    }

    let mut database = PgConnection::establish(&cluster.url()).unwrap();
    let mut acknowledged = under_load(&fleet, async || {
        for place in 0..fleet.size() {
            let before = count(&mut database, "journal");
            fleet.signal(place, "KILL");
            fleet.replace(place);
            until("writers go on", async || (count(&mut database, "journal") > before + 20).then_some(())).await;
        }
    })
    .await;
    acknowledged.codes.insert(taken["code"].as_str().unwrap().to_owned());
    settle(&fleet, &mut database, &acknowledged).await;
}
