//! A PostgreSQL cluster that a test may back up, break and bring back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::postgres::{Schema, binaries};

/// A cluster's programs and folder; the server is stopped and the folder gone when it is dropped.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    as_root: bool,
    running: Option<PathBuf>,
}

impl Cluster {
    /// A new cluster, not running; `None`, said loudly, where no server is installed.
    pub fn create() -> Option<Self> {
        let Some(programs) = binaries() else {
            // Says so, and fails where it is required.
            Schema::create()?.drop_it();
            return None;
        };
        let folder = tempfile::tempdir().unwrap().keep();
        let as_root = Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n");
        let cluster = Self { programs, folder, as_root, running: None };
        if as_root {
            assert!(Command::new("chown").arg("postgres").arg(&cluster.folder).status().unwrap().success());
        }
        let data = cluster.path("data");
        let options = ["-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-N", "-D"];
        cluster.run("initdb", &[&options[..], &[text(&data)]].concat());
        Some(cluster)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Address of a database of the running server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", text(&self.folder).replace('/', "%2F"))
    }

    /// Starts the server on a folder of data, with settings from now on.
    pub fn start(&mut self, data: &str, settings: &[(&str, String)]) {
        let data = self.path(data);
        let mut configuration = fs::File::options().append(true).open(data.join("postgresql.conf")).unwrap();
        let own = [
            ("listen_addresses", String::new()),
            ("unix_socket_directories", text(&self.folder).to_owned()),
            ("fsync", "off".to_owned()),
        ];
        for (name, value) in own.iter().chain(settings) {
            writeln!(configuration, "{name} = '{value}'").unwrap();
        }
        let log = self.path("log");
        self.run("pg_ctl", &["-D", text(&data), "-w", "-l", text(&log), "start"]);
        self.running = Some(data);
    }

    /// Stops the server as it is stopped in good order: what is to be archived is.
    pub fn stop(&mut self) {
        if let Some(data) = self.running.take() {
            self.run("pg_ctl", &["-D", text(&data), "-m", "fast", "-w", "stop"]);
        }
    }

    /// Runs one of PostgreSQL's programs as its user; answers what it says.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        // initdb and postgres refuse to run as root.
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(self.programs.join(program));
            command
        } else {
            Command::new(self.programs.join(program))
        };
        // A server that was started keeps what it inherited: a pipe would never end.
        let said = self.path(&format!("said-{program}"));
        let out = fs::File::create(&said).unwrap();
        let fault = out.try_clone().unwrap();
        let status = command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(fault).current_dir("/").status();
        let said = fs::read_to_string(said).unwrap();
        assert!(status.unwrap().success(), "{program} {arguments:?}: {said}");
        said
    }

    /// What a statement answers, as text.
    #[track_caller]
    pub fn ask(&self, database: &str, sql: &str) -> String {
        self.run("psql", &["-d", &self.url(database), "-Atqc", sql]).trim().to_owned()
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        } else if let Some(data) = self.running.take() {
            let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            let pid = pid.lines().next().unwrap_or_default();
            let _ = Command::new("kill").args(["-QUIT", pid]).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
