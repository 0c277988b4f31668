//! A disk that is full under either database: what cannot be written is put off, what is stored can be read, and writing goes on
//! when there is room again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::postgres::{Cluster, required};
use super::service::{Answer, Service};

/// As often as a database that comes up after its crash is looked at.
const LOOKS: usize = 600;

/// A small disk of its own, gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None`, said loudly, where nothing may be mounted; whoever is root can, or is told why not.
    fn mount(mebibytes: usize) -> Option<Self> {
        let place = tempfile::tempdir().unwrap().keep();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place).output().unwrap();
        if mounted.status.success() {
            return Some(Self(place));
        }
        let cause = String::from_utf8_lossy(&mounted.stderr).into_owned();
        #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
        let required = std::env::var("MOTCUA_REQUIRE_TMPFS").is_ok();
        assert!(!required, "a tmpfs is required and not to be had: {cause}");
        eprintln!("!!! NO SMALL DISK: nothing was filled up here. Mounting a tmpfs takes root: {cause}");
        None
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves no room at all.
    fn fill(&self) {
        let mut filler = File::options().create(true).append(true).open(self.filler()).unwrap();
        for size in [1 << 20, 4096] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

async fn create(service: &Service, key: &str) -> Answer {
    let applicant = json!({"kind": "citizen", "name": "Người thử", "address": "x".repeat(200)});
    let body = json!({"procedure": "1.001739", "agency": "H16", "channel": "direct", "applicant": applicant});
    service.post("/v1/dossiers", key, &body).await.unwrap()
}

/// Writes until the disk takes no more; every answer before is good. Answers how many were acknowledged.
async fn write_until_full(service: &Service, disk: &Disk) -> usize {
    for number in 0..10_000 {
        // Also what was set free meanwhile.
        disk.fill();
        let answer = create(service, &format!("full-{number}")).await;
        if answer.is_put_off() {
            return number;
        }
        answer.good();
    }
    panic!("the disk is never full");
}

/// With room again the same process writes: first what was put off, once.
async fn goes_on(service: &Service, acknowledged: usize) {
    for look in 0.. {
        let answer = create(service, &format!("full-{acknowledged}")).await;
        if !answer.is_put_off() {
            answer.good();
            break;
        }
        assert!(look < LOOKS, "it does not come back: {}", service.said());
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
    for number in 0..20 {
        let mut answer = create(service, &format!("again-{number}")).await;
        while answer.is_put_off() {
            answer = create(service, &format!("again-{number}")).await;
        }
        answer.good();
    }
    let listed = service.get("/v1/dossiers?limit=200").await.good();
    // The first, those before the disk was full, the one put off and twenty more: each once.
    assert_eq!(listed["items"].as_array().unwrap().len(), (1 + acknowledged + 1 + 20).min(200));
    assert!(create(service, &format!("full-{acknowledged}")).await.replayed);
    service.verify();
}

#[actix_web::test]
async fn a_full_disk_under_sqlite_is_no_end() {
    let Some(disk) = Disk::mount(24) else { return };
    let url = format!("sqlite://{}", disk.0.join("office.db").display());
    let service = Service::with_office(&url, Vec::new()).await;
    create(&service, "first").await.good();
    let acknowledged = write_until_full(&service, &disk).await;
    let listed: Value = service.get("/v1/dossiers").await.good();
    assert!(!listed["items"].as_array().unwrap().is_empty(), "what is stored can be read");
    assert_eq!(service.get("/healthz").await.status, 200);
    disk.empty();
    goes_on(&service, acknowledged).await;
}

#[actix_web::test]
async fn a_full_disk_under_postgres_is_no_end() {
    let Some(disk) = Disk::mount(160) else { return };
    let Some(cluster) = on(&disk.0) else { return };
    let settings = "-c fsync=off -c max_wal_size=32MB -c min_wal_size=32MB -c shared_buffers=16MB";
    assert!(cluster.start(settings));
    let service = Service::with_office(&cluster.url(), Vec::new()).await;
    create(&service, "first").await.good();
    let acknowledged = write_until_full(&service, &disk).await;
    assert_eq!(service.get("/healthz").await.status, 200);
    disk.empty();
    // Without room for its log PostgreSQL gives up; whoever watches over it starts it again.
    if !cluster.runs() {
        assert!(cluster.start(settings));
    }
    goes_on(&service, acknowledged).await;
    assert!(cluster.stop("immediate"));
}

fn on(place: &Path) -> Option<Cluster> {
    let cluster = Cluster::create(place, &["--wal-segsize=1"]);
    if cluster.is_none() {
        required("no server program found");
    }
    cluster
}
