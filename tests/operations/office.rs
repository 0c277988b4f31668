//! A small office served by a built program, spoken to over HTTP.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub const PASSWORD: &str = "mật khẩu để thử";

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_motcua"))
}

/// Runs a command of a program in a folder of its own.
pub fn command(program: &Path, folder: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("MOTCUA_DATABASE_URL", url);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
pub fn told(output: &Output, code: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

#[track_caller]
pub fn run(program: &Path, folder: &Path, url: &str, arguments: &[&str], code: i32) -> String {
    told(&command(program, folder, url, arguments).output().unwrap(), code)
}

#[track_caller]
pub fn verify(program: &Path, folder: &Path, url: &str) {
    assert!(run(program, folder, url, &["verify"], 0).contains(" 0 differences"));
}

/// Makes the administrator.
pub fn create_admin(program: &Path, folder: &Path, url: &str) {
    let arguments = ["user", "create", "admin", "--role", "admin", "--password-stdin"];
    let mut child = command(program, folder, url, &arguments).stdin(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    told(&child.wait_with_output().unwrap(), 0);
}

/// A program that serves.
pub struct Served {
    process: Child,
    pub base: String,
    client: Client,
    token: String,
}

impl Served {
    /// Serves on a free port, with settings; what it logs goes into `log` beside the database.
    pub fn start(program: &Path, folder: &Path, url: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = command(program, folder, url, &["serve", "--listen", "127.0.0.1:0"]);
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut process = command.envs(settings.iter().copied()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("API: ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { process, base, client, token: String::new() }
    }

    pub async fn sign_in(&mut self) {
        let body = json!({"username": "admin", "password": PASSWORD});
        let answer = self.post("/v1/sessions", body).await;
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        self.send_with(method, path, &[], body).await
    }

    pub async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// Sends a text as it is.
    pub async fn raw(&self, path: &str, headers: &[(&str, &str)], body: String) -> u16 {
        let mut request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.token).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// The body of a success.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.send(Method::POST, path, Some(body)).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, None).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A department with one procedure.
    pub async fn set_up(&mut self) {
        self.sign_in().await;
        self.post("/v1/agencies", json!({"code": "H16.18", "name": "Sở Lao động", "level": "department"})).await;
        self.post("/v1/fields", json!({"code": "BTXH", "name": "Bảo trợ xã hội"})).await;
        let rule = json!({"amount": 5, "unit": "working_day", "on_supplement": "restart"});
        let body = json!({"code": "1.001739", "name": "Trợ cấp", "field": "BTXH", "level": "province",
            "online_level": "full", "rule": rule});
        self.post("/v1/procedures", body).await;
    }

    /// Takes a dossier in; answers its code.
    pub async fn receive(&self) -> String {
        let body = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct",
            "applicant": {"kind": "citizen", "name": "Người Thử", "identity_no": "000000000001"}});
        self.post("/v1/dossiers", body).await["code"].as_str().unwrap().to_owned()
    }

    pub async fn transition(&self, code: &str, body: Value) {
        self.post(&format!("/v1/dossiers/{code}/transitions"), body).await;
    }

    /// The whole life of a dossier.
    pub async fn life(&self) -> String {
        let code = self.receive().await;
        for step in [
            json!({"to": "supplement_required", "reason": "Thiếu giấy"}),
            json!({"to": "processing"}),
            json!({"to": "finished", "outcome": "granted"}),
            json!({"to": "returned"}),
        ] {
            self.transition(&code, step).await;
        }
        code
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Has it end as a service manager does.
    pub fn stop(mut self) {
        assert!(Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // When a check failed half-way; one that has ended already takes no harm.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
