//! Clusters of PostgreSQL that a test may stop, copy and put things before; each on a port of its own.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::postgres::{as_root, binaries};

/// A cluster in a folder of its own; it ends with the test.
pub struct Cluster {
    pub port: u16,
    folder: tempfile::TempDir,
}

/// A port that nobody has at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command as the user that the server's programs want: they refuse to run as root. Its process is the program's own.
pub fn as_postgres(program: &Path) -> Command {
    let mut command = if as_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").env("HOME", "/");
    command
}

/// A folder that user may write to.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    if as_root() {
        assert!(Command::new("chown").arg("postgres").arg(folder.path()).status().unwrap().success());
    }
    folder
}

/// Runs a program of the server's to its good end.
pub fn run(program: &str, arguments: &[&str]) {
    let status = as_postgres(&binaries().unwrap().join(program)).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

impl Cluster {
    /// A new one with a database `motcua`; `None` where there is no server, which `postgres::Schema` has said aloud.
    pub fn start() -> Option<Self> {
        binaries()?;
        let cluster = Self { port: free_port(), folder: folder() };
        let data = cluster.data();
        let data = data.to_str().unwrap();
        run("initdb", &["-D", data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "-N"]);
        cluster.go();
        let (port, socket) = (cluster.port.to_string(), cluster.socket());
        run("createdb", &["-h", &socket, "-p", &port, "-U", "postgres", "motcua"]);
        Some(cluster)
    }

    /// A streaming replica of it.
    pub fn replica(&self) -> Self {
        let replica = Self { port: free_port(), folder: folder() };
        let (data, port) = (replica.data(), self.port.to_string());
        let place = ["-D", data.to_str().unwrap(), "-h", "127.0.0.1", "-p", &port, "-U", "postgres"];
        run("pg_basebackup", &[&place[..], &["-R", "-X", "stream", "-c", "fast", "-N"]].concat());
        replica.go();
        replica
    }

    fn go(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={} -c fsync=off -c max_connections=100",
            self.port,
            self.socket()
        );
        run("pg_ctl", &["-D", self.data().to_str().unwrap(), "-w", "-o", &options, "start"]);
    }

    /// Stops it at once, as if its machine had gone.
    pub fn stop(&self) {
        run("pg_ctl", &["-D", self.data().to_str().unwrap(), "-w", "-m", "immediate", "stop"]);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/motcua?sslmode=disable", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(binaries) = binaries() {
            let mut command = as_postgres(&binaries.join("pg_ctl"));
            let _ = command.arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]).status();
        }
    }
}
