//! Two nodes of PostgreSQL kept by Patroni, with etcd to agree on who leads; all on the loopback interface.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::cluster::{as_postgres, folder, free_port, run};
use crate::fleet::until;
use crate::postgres::binaries;

const PATRONI: &str = "/usr/bin/patroni";
const ETCD: &str = "/usr/bin/etcd";

/// A program that runs; it is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server with its keeper.
struct Node {
    settings: PathBuf,
    data: PathBuf,
    port: u16,
    api: u16,
    keeper: Option<Running>,
}

impl Node {
    fn go(&mut self) {
        let log = fs::File::create(self.settings.with_extension("log")).unwrap();
        let mut command = as_postgres(Path::new(PATRONI));
        self.keeper = Some(Running(command.arg(&self.settings).stderr(Stdio::from(log)).spawn().unwrap()));
    }

    /// Kills the keeper and the server with all its processes, none of which may do anything more.
    fn kill(&mut self) {
        self.keeper = None;
        let Ok(file) = fs::read_to_string(self.data.join("postmaster.pid")) else { return };
        let Some(server) = file.lines().next() else { return };
        // A file that a server left behind may name a process of somebody else's by now.
        let is_ours = fs::read_to_string(format!("/proc/{server}/cmdline")).unwrap_or_default();
        if !is_ours.contains(self.data.to_str().unwrap()) {
            return;
        }
        let children = Command::new("ps").args(["--ppid", server, "-o", "pid="]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let _ = Command::new("kill").arg("-KILL").arg(server).args(children.split_whitespace()).status();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The nodes, and what they agree by.
pub(crate) struct Stack {
    nodes: [Node; 2],
    client: reqwest::Client,
    _etcd: Running,
    _folder: tempfile::TempDir,
}

impl Stack {
    /// Starts everything; `None` where the programs are not to be had.
    pub(crate) async fn start() -> Option<Self> {
        if !(Path::new(PATRONI).exists() && Path::new(ETCD).exists() && binaries().is_some()) {
            #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
            let required = std::env::var("MOTCUA_REQUIRE_PATRONI").is_ok();
            assert!(!required, "Patroni is required and not to be had");
            eprintln!("!!! NO PATRONI: failover was not tried. Install the Debian packages patroni and etcd-server.");
            return None;
        }
        let folder = folder();
        let (etcd, endpoint) = start_etcd(folder.path());
        let nodes = [0, 1].map(|number| node(folder.path(), number, &endpoint));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build().unwrap();
        let mut stack = Self { nodes, client, _etcd: etcd, _folder: folder };
        stack.nodes[0].go();
        stack.led_by(0).await;
        let port = stack.nodes[0].port.to_string();
        run("createdb", &["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "motcua"]);
        stack.nodes[1].go();
        stack.settled().await;
        Some(stack)
    }

    /// Both hosts; whoever takes writes is meant.
    pub(crate) fn url(&self) -> String {
        let [one, other] = &self.nodes;
        format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/motcua?sslmode=disable", one.port, other.port)
    }

    /// What a keeper says of the nodes: role and state of each that is there.
    async fn members(&self, node: usize) -> Option<Vec<(String, String, String)>> {
        let url = format!("http://127.0.0.1:{}/cluster", self.nodes[node].api);
        let said: Value = self.client.get(url).send().await.ok()?.json().await.ok()?;
        let word = |member: &Value, name: &str| member[name].as_str().unwrap_or_default().to_owned();
        let member = |member: &Value| (word(member, "name"), word(member, "role"), word(member, "state"));
        Some(said["members"].as_array()?.iter().map(member).collect())
    }

    /// Waits until a node leads.
    pub(crate) async fn led_by(&self, node: usize) {
        let name = format!("node{node}");
        until("a node leads", async || {
            let members = self.members(node).await?;
            members
                .iter()
                .any(|(one, role, state)| *one == name && role == "leader" && state == "running")
                .then_some(())
        })
        .await;
    }

    /// Waits until one node leads and the other has all that was acknowledged; answers which leads.
    pub(crate) async fn settled(&self) -> usize {
        until("the other node follows in step", async || {
            for node in 0..2 {
                let Some(members) = self.members(node).await else { continue };
                let leads = members.iter().position(|(name, role, state)| {
                    *name == format!("node{node}") && role == "leader" && state == "running"
                });
                let follows = members.iter().any(|(_, role, _)| role == "sync_standby");
                if leads.is_some() && follows {
                    return Some(node);
                }
            }
            None
        })
        .await
    }

    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    pub(crate) fn revive(&mut self, node: usize) {
        self.nodes[node].go();
    }
}

fn start_etcd(folder: &Path) -> (Running, String) {
    let (client, peer) = (free_port(), free_port());
    let [client, peer] = [client, peer].map(|port| format!("http://127.0.0.1:{port}"));
    let mut command = as_postgres(Path::new(ETCD));
    command.arg("--data-dir").arg(folder.join("etcd")).args(["--name", "one"]);
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("one={peer}")]);
    (Running(command.spawn().unwrap()), client.trim_start_matches("http://").to_owned())
}

/// A node's settings: short times, and commits that wait for the other node.
fn node(folder: &Path, number: usize, endpoint: &str) -> Node {
    let (port, api) = (free_port(), free_port());
    let (settings, data) = (folder.join(format!("node{number}.yml")), folder.join(format!("data{number}")));
    let text = format!(
        "scope: motcua
name: node{number}
restapi:
  listen: 127.0.0.1:{api}
  connect_address: 127.0.0.1:{api}
etcd3:
  host: {endpoint}
bootstrap:
  dcs:
    ttl: 5
    loop_wait: 1
    retry_timeout: 2
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters:
        max_connections: 100
        wal_keep_size: 256MB
  initdb:
  - auth: trust
  - encoding: UTF8
  - locale: C.UTF-8
postgresql:
  listen: 127.0.0.1:{port}
  connect_address: 127.0.0.1:{port}
  data_dir: {data}
  bin_dir: {binaries}
  use_unix_socket: false
  pgpass: {folder}/pgpass{number}
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  parameters:
    unix_socket_directories: {folder}
    fsync: 'off'
  pg_hba:
  - local all all trust
  - host all all 127.0.0.1/32 trust
  - host replication all 127.0.0.1/32 trust
  authentication:
    superuser:
      username: postgres
    replication:
      username: postgres
",
        data = data.display(),
        folder = folder.display(),
        binaries = binaries().unwrap().display(),
    );
    fs::write(&settings, text).unwrap();
    Node { settings, data, port, api, keeper: None }
}
