//! Backups that were restored: of SQLite by the program while others write, of PostgreSQL as docs/OPERATIONS.md says.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::cluster::{Cluster, text};
use crate::office::{Served, command, create_admin, program, run, told, verify};

const SQLITE: &str = "sqlite://office.db";

/// Takes dossiers in without a pause, while `work` is done; answers those acknowledged before it began, and all.
async fn under_writes(office: &Arc<Served>, work: impl FnOnce() + Send + 'static) -> (Vec<String>, Vec<String>) {
    let (acknowledged, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (office, acknowledged, is_over) = (office.clone(), acknowledged.clone(), is_over.clone());
            actix_web::rt::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let code = office.receive().await;
                    acknowledged.lock().unwrap().push(code);
                }
            })
        })
        .collect();
    while acknowledged.lock().unwrap().len() < 20 {
        tokio::task::yield_now().await;
    }
    let before = acknowledged.lock().unwrap().clone();
    tokio::task::spawn_blocking(work).await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let all = acknowledged.lock().unwrap().clone();
    assert!(all.len() > before.len(), "writers went on");
    (before, all)
}

/// Serves what was restored, and finds these dossiers there.
async fn holds(folder: &Path, url: &str, codes: &[String]) {
    let mut office = Served::start(&program(), folder, url, &[]);
    office.sign_in().await;
    for code in codes {
        let answer = office.send(Method::GET, &format!("/v1/dossiers/{code}"), None).await;
        assert_eq!(answer.status().as_u16(), 200, "{code}");
    }
    office.life().await;
    office.stop();
    verify(&program(), folder, url);
}

#[actix_web::test]
async fn a_backup_made_under_writes_is_whole_when_it_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_owned();
    create_admin(&program(), &folder, SQLITE);
    let mut office = Served::start(&program(), &folder, SQLITE, &[]);
    office.set_up().await;
    let office = Arc::new(office);
    let there = folder.clone();
    let (before, _) = under_writes(&office, move || {
        let said = run(&program(), &there, SQLITE, &["backup", "copy.db", "--keys", "keys.json"], 0);
        assert!(said.contains("copy.db") && said.contains("keep them apart"), "{said}");
    })
    .await;
    Arc::into_inner(office).unwrap().stop();
    assert!(run(&program(), &folder, SQLITE, &["backup", "copy.db"], 1).contains("not overwritten"));
    assert!(run(&program(), &folder, SQLITE, &["restore", "copy.db"], 1).contains("not overwritten"));
    assert!(run(&program(), &folder, SQLITE, &["backup", "keyless.db"], 0).contains("WITHOUT KEYS"));

    let copied = |name: &str| {
        let place = folder.join(name);
        fs::create_dir(&place).unwrap();
        fs::copy(folder.join("copy.db"), place.join("copy.db")).unwrap();
        fs::copy(folder.join("keys.json"), place.join("keys.json")).unwrap();
        place
    };
    let names = |place: &Path| {
        let mut names: Vec<String> =
            fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    // What is not whole, or has no keys, or others, is refused and leaves nothing.
    let restore = ["restore", "copy.db", "--keys", "keys.json"];
    let torn = copied("torn");
    let bytes = fs::read(torn.join("copy.db")).unwrap();
    let mut broken = bytes.clone();
    broken[bytes.len() / 2..bytes.len() / 2 + 8_192].fill(0x5a);
    for bytes in [&broken[..], &bytes[..bytes.len() / 2], b"no database"] {
        fs::write(torn.join("copy.db"), bytes).unwrap();
        run(&program(), &torn, SQLITE, &restore, 1);
        assert_eq!(names(&torn), ["copy.db", "keys.json"]);
    }
    let keyless = copied("keyless");
    assert!(run(&program(), &keyless, SQLITE, &["restore", "copy.db"], 1).contains("--keys"));
    let other = fs::read_to_string(keyless.join("keys.json")).unwrap().replacen(
        "\"data\": [\n    \"",
        "\"data\": [\n    \"0",
        1,
    );
    fs::write(keyless.join("keys.json"), other).unwrap();
    assert!(run(&program(), &keyless, SQLITE, &restore, 1).contains("data key"));
    assert_eq!(names(&keyless), ["copy.db", "keys.json"]);

    let good = copied("good");
    assert!(run(&program(), &good, SQLITE, &restore, 0).contains("no differences"));
    verify(&program(), &good, SQLITE);
    holds(&good, SQLITE, &before).await;
}

/// An office on PostgreSQL.
async fn office_at(folder: &Path, url: &str) -> Served {
    create_admin(&program(), folder, url);
    let mut office = Served::start(&program(), folder, url, &[]);
    office.set_up().await;
    office
}

#[actix_web::test]
async fn a_dump_of_postgres_made_under_writes_is_whole_when_it_is_restored() {
    let Some(mut cluster) = Cluster::create() else { return };
    cluster.start("data", &[]);
    cluster.run("createdb", &["-h", text(&cluster.path("")), "-U", "postgres", "motcua"]);
    let folder = tempfile::tempdir().unwrap();
    let (folder, url) = (folder.path(), cluster.url("motcua"));
    let refused = told(&command(&program(), folder, &url, &["backup", "copy.db"]).output().unwrap(), 1);
    assert!(refused.contains("pg_dump"), "{refused}");
    let office = Arc::new(office_at(folder, &url).await);
    let cluster = Arc::new(cluster);
    let dumping = cluster.clone();
    let (before, _) = under_writes(&office, move || {
        let file = dumping.path("motcua.dump");
        dumping.run("pg_dump", &["--format=custom", "--file", text(&file), "-d", &dumping.url("motcua")]);
    })
    .await;
    Arc::into_inner(office).unwrap().stop();
    let dump = cluster.path("motcua.dump");
    cluster.run("createdb", &["-h", text(&cluster.path("")), "-U", "postgres", "restored"]);
    cluster.run("pg_restore", &["--exit-on-error", "-d", &cluster.url("restored"), text(&dump)]);
    verify(&program(), folder, &cluster.url("restored"));
    holds(folder, &cluster.url("restored"), &before).await;
}

#[actix_web::test]
async fn postgres_goes_back_to_a_moment_between_two_writes() {
    let Some(mut cluster) = Cluster::create() else { return };
    let wal = cluster.path("wal");
    let archive = format!("test -d {0} || mkdir {0}; cp %p {0}/%f", text(&wal));
    cluster.start("data", &[("archive_mode", "on".into()), ("archive_command", archive)]);
    cluster.run("createdb", &["-h", text(&cluster.path("")), "-U", "postgres", "motcua"]);
    let folder = tempfile::tempdir().unwrap();
    let (folder, url) = (folder.path(), cluster.url("motcua"));
    let office = office_at(folder, &url).await;
    let base = cluster.path("base");
    cluster.run("pg_basebackup", &["-d", &cluster.url("motcua"), "-D", text(&base), "-c", "fast"]);
    let first = office.receive().await;
    let moment = cluster.ask("motcua", "SELECT clock_timestamp()");
    let second = office.receive().await;
    office.stop();
    cluster.ask("motcua", "SELECT pg_switch_wal()");
    cluster.stop();

    fs::write(base.join("recovery.signal"), "").unwrap();
    let settings = [
        ("restore_command", format!("cp {}/%f %p", text(&wal))),
        ("recovery_target_time", moment),
        ("recovery_target_action", "promote".into()),
    ];
    cluster.start("base", &settings);
    let limit = Instant::now() + Duration::from_secs(60);
    while cluster.ask("postgres", "SELECT pg_is_in_recovery()") == "t" {
        assert!(Instant::now() < limit, "the server does not come up");
    }
    verify(&program(), folder, &url);
    let mut office = Served::start(&program(), folder, &url, &[]);
    office.sign_in().await;
    for (code, status) in [(&first, 200), (&second, 404)] {
        let answer = office.send(Method::GET, &format!("/v1/dossiers/{code}"), None).await;
        assert_eq!(answer.status().as_u16(), status, "{code}");
    }
    office.stop();
}
