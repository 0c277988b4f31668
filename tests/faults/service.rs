//! The service as a process of its own, which can be killed, and what a client says to it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

const PASSWORD: &str = "mật khẩu để thử";
/// Who waits longer than this waits for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

/// The program with its database and its keys; running or not.
pub(crate) struct Service {
    folder: tempfile::TempDir,
    url: String,
    settings: Vec<(&'static str, String)>,
    process: Option<Child>,
    base: String,
    client: Client,
    token: String,
}

/// An answer read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) replayed: bool,
    pub(crate) text: String,
}

impl Answer {
    /// The body, when it went well.
    #[track_caller]
    pub(crate) fn good(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Whether it says to come back later, and nothing else.
    #[track_caller]
    pub(crate) fn is_put_off(&self) -> bool {
        if self.status != 503 {
            return false;
        }
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        let code = problem["code"].as_str().unwrap();
        assert!(["unavailable", "overloaded", "timed_out"].contains(&code), "{}", self.text);
        assert!(self.retry_after.is_some(), "{}", self.text);
        true
    }
}

impl Service {
    /// Starts on a database, with a small office in it.
    pub(crate) async fn with_office(url: &str, settings: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let client = Client::builder().no_proxy().timeout(FOR_EVER).build().unwrap();
        let (base, token) = (String::new(), String::new());
        let mut service = Self { folder, url: url.to_owned(), settings, process: None, base, client, token };
        let arguments = ["user", "create", "lan", "--role", "admin", "--password-stdin"];
        let mut child = service.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        service.start();
        service.sign_in().await;
        for (path, body) in [
            ("/v1/agencies", json!({"code": "H16", "name": "UBND tỉnh", "level": "province"})),
            ("/v1/fields", json!({"code": "BTXH", "name": "Bảo trợ xã hội"})),
            (
                "/v1/procedures",
                json!({"code": "1.001739", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
                    "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}),
            ),
        ] {
            service.post(path, path, &body).await.unwrap().good();
        }
        service
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
        command.args(arguments).current_dir(self.folder.path()).env("MOTCUA_DATABASE_URL", &self.url);
        command.envs(self.settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command.stderr(File::options().create(true).append(true).open(self.log()).unwrap());
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts it; it serves when this returns.
    pub(crate) fn start(&mut self) {
        let mut process = self.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("API: ");
        self.base = base.unwrap_or_else(|| panic!("{line}{}", fs::read_to_string(self.log()).unwrap())).to_owned();
        self.process = Some(process);
    }

    /// As `kill -9` does: it gets no say in it.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    pub(crate) fn kill_by_number(number: u32) {
        assert!(Command::new("kill").args(["-9", &number.to_string()]).status().unwrap().success());
    }

    pub(crate) fn number(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// The process is gone already; takes notice.
    pub(crate) fn bury(&mut self) {
        self.process.take().unwrap().wait().unwrap();
    }

    pub(crate) async fn sign_in(&mut self) {
        let body = json!({"username": "lan", "password": PASSWORD});
        let request = self.client.post(format!("{}/v1/sessions", self.base)).json(&body);
        let answer = answer(request).await.unwrap().good();
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    /// Sends a request under a key; `None` when no answer came.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Option<Answer> {
        let request = self.request(Method::POST, path).header("idempotency-key", key).json(body);
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await.unwrap()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// How many threads the process has.
    pub(crate) fn threads(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.number())).unwrap();
        status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap().trim().parse().unwrap()
    }

    /// How many files and connections it has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.number())).unwrap().count()
    }

    /// `motcua verify` finds what is stored in agreement with its journal.
    #[track_caller]
    pub(crate) fn verify(&self) {
        let found = self.command(&["verify"]).output().unwrap();
        let text = String::from_utf8(found.stdout).unwrap();
        assert!(found.status.success() && text.contains(" 0 differences"), "{text}");
    }

    /// What the program said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

async fn answer(request: RequestBuilder) -> Option<Answer> {
    let response = match request.send().await {
        Ok(response) => response,
        Err(cause) => {
            assert!(!cause.is_timeout(), "no answer at all: {cause}");
            return None;
        }
    };
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, retry_after, replayed) =
        (response.status().as_u16(), header("retry-after"), header("idempotency-replayed").is_some());
    let text = response.text().await.ok()?;
    Some(Answer { status, retry_after, replayed, text })
}
