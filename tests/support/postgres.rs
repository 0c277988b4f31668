//! PostgreSQL for tests: the server of `TEST_DATABASE_URL`, else a throw-away cluster of a server binary found here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// A schema of its own for one test.
pub struct Schema {
    pub url: String,
    server: String,
    name: String,
}

impl Schema {
    /// A fresh schema; `None`, said loudly, where there is no PostgreSQL. With `MOTCUA_REQUIRE_POSTGRES` that is a failure.
    pub fn create() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(server) = server() else {
            #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
            let required = std::env::var("MOTCUA_REQUIRE_POSTGRES").is_ok();
            assert!(!required, "PostgreSQL is required and not to be had");
            eprintln!("!!! NO POSTGRESQL: this test ran on SQLite only. Set TEST_DATABASE_URL or install the server.");
            return None;
        };
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::establish(server).unwrap();
        connection.batch_execute(&format!("CREATE SCHEMA {name}")).unwrap();
        let mark = if server.contains('?') { '&' } else { '?' };
        Some(Self { url: format!("{server}{mark}options=-csearch_path%3D{name}"), server: server.clone(), name })
    }

    pub fn drop_it(&self) {
        if let Ok(mut connection) = PgConnection::establish(&self.server) {
            let _ = connection.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}

fn server() -> Option<&'static String> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "where the tests find their server")]
    let given = || std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    SERVER.get_or_init(|| given().or_else(start_cluster)).as_ref()
}

/// Starts a cluster in a temporary folder that is gone when this process ends.
fn start_cluster() -> Option<String> {
    let binaries = binaries()?;
    let folder = tempfile::tempdir().ok()?.keep();
    let data = folder.join("data");
    let as_root = Command::new("id").arg("-u").output().ok()?.stdout.starts_with(b"0\n");
    let run = |program: &str, arguments: &[&str]| {
        // initdb and postgres refuse to run as root.
        let mut command = if as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(binaries.join(program));
            command
        } else {
            Command::new(binaries.join(program))
        };
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        command.status().is_ok_and(|status| status.success())
    };
    if as_root {
        Command::new("chown").arg("postgres").arg(&folder).status().ok()?;
    }
    let (data, socket) = (data.to_str()?.to_owned(), folder.to_str()?.to_owned());
    if !run("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-N"]) {
        return None;
    }
    let options =
        format!("-c listen_addresses='' -c unix_socket_directories={socket} -c fsync=off -c max_connections=300");
    if !run("pg_ctl", &["-D", &data, "-w", "-o", &options, "start"]) {
        return None;
    }
    stop_with_us(&binaries, &data, &socket, as_root);
    Some(format!("postgres:///postgres?host={}&user=postgres", socket.replace('/', "%2F")))
}

/// A small watcher outlives this process just long enough to stop the cluster and remove its folder.
fn stop_with_us(binaries: &Path, data: &str, folder: &str, as_root: bool) {
    let pg_ctl = binaries.join("pg_ctl");
    let prefix = if as_root { "runuser -u postgres -- " } else { "" };
    let script = format!(
        "while kill -0 {} 2>/dev/null; do sleep 1; done; {prefix}{} -D {data} -m immediate stop; rm -rf {folder}",
        std::process::id(),
        pg_ctl.display()
    );
    let mut watcher = Command::new("setsid");
    watcher.args(["sh", "-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = watcher.current_dir("/").spawn();
}

/// Where the programs of the newest server found here are.
pub fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    found.retain(|folder| folder.join("initdb").exists());
    found.sort();
    found.pop()
}
