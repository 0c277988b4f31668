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
            required("Set TEST_DATABASE_URL or install the server.");
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

/// Says loudly that there is no PostgreSQL; with `MOTCUA_REQUIRE_POSTGRES` that is a failure.
pub fn required(cause: &str) {
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
    let required = std::env::var("MOTCUA_REQUIRE_POSTGRES").is_ok();
    assert!(!required, "PostgreSQL is required and not to be had");
    eprintln!("!!! NO POSTGRESQL: this test did not run on it. {cause}");
}

fn server() -> Option<&'static String> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "where the tests find their server")]
    let given = || std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    SERVER.get_or_init(|| given().or_else(start_cluster)).as_ref()
}

/// Starts a cluster in a temporary folder that is gone when this process ends.
fn start_cluster() -> Option<String> {
    let cluster = Cluster::create(&tempfile::tempdir().ok()?.keep(), &[])?;
    cluster.stop_with_us();
    cluster.start("-c fsync=off -c max_connections=300").then(|| cluster.url())
}

/// A cluster in a folder of its own.
pub struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    as_root: bool,
}

impl Cluster {
    /// Makes one; `None` where there is no server binary.
    pub fn create(folder: &Path, options: &[&str]) -> Option<Self> {
        let as_root = as_root();
        if as_root {
            Command::new("chown").arg("postgres").arg(folder).status().ok()?;
        }
        let cluster = Self { binaries: binaries()?, folder: folder.to_owned(), as_root };
        let data = cluster.data();
        let arguments = ["-D", &data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-N"];
        cluster.run("initdb", &[&arguments, options].concat()).then_some(cluster)
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&self, settings: &str) -> bool {
        let socket = self.folder.display();
        let options = format!("-c listen_addresses='' -c unix_socket_directories={socket} {settings}");
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-o", &options, "start"])
    }

    /// Stops it: `fast`, or `immediate` as a crash does.
    #[allow(dead_code, reason = "not everybody who starts one maltreats it")]
    pub fn stop(&self, mode: &str) -> bool {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", mode, "stop"])
    }

    /// Whether it runs.
    #[allow(dead_code, reason = "not everybody who starts one maltreats it")]
    pub fn runs(&self) -> bool {
        self.run("pg_ctl", &["-D", &self.data(), "status"])
    }

    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.folder.display().to_string().replace('/', "%2F"))
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        // initdb and postgres refuse to run as root.
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(self.binaries.join(program));
            command
        } else {
            Command::new(self.binaries.join(program))
        };
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        command.status().is_ok_and(|status| status.success())
    }

    /// A small watcher outlives this process just long enough to stop the cluster and remove its folder.
    pub fn stop_with_us(&self) {
        let prefix = if self.as_root { "runuser -u postgres -- " } else { "" };
        let script = format!(
            "while kill -0 {} 2>/dev/null; do sleep 1; done; {prefix}{} -D {} -m immediate stop; rm -rf {}",
            std::process::id(),
            self.binaries.join("pg_ctl").display(),
            self.data(),
            self.folder.display()
        );
        let mut watcher = Command::new("setsid");
        watcher.args(["sh", "-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = watcher.current_dir("/").spawn();
    }
}

/// Whether we are root, as whom the server's programs refuse to run.
pub fn as_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// Where the programs of the newest server found here are.
pub fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    found.retain(|folder| folder.join("initdb").exists());
    found.sort();
    found.pop()
}
