//! The virus scanner: a program that gets a file on its standard input and answers by its exit code.

use std::fs::File;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How often a running scanner is asked whether it is done.
const ASK: Duration = Duration::from_millis(10);
/// Where programs are looked for; a scanner reads what strangers send and inherits nothing of ours, secrets least of all.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Clean,
    /// Something.
    Infected,
}

/// How to run a scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    program: String,
    arguments: Vec<String>,
    limit: Duration,
}

impl Scanner {
    /// The program and its arguments, separated by blanks, e.g. `clamdscan --no-summary -`; no shell reads them. It may take
    /// `limit`. `None` when no program is named.
    pub fn new(command: &str, limit: Duration) -> Option<Self> {
        let mut words = command.split_whitespace().map(str::to_owned);
        Some(Self { program: words.next()?, arguments: words.collect(), limit })
    }

    /// Has a file scanned: exit code 0 is clean, 1 is infected (as with `clamscan` and `clamdscan`).
    ///
    /// # Errors
    /// When the program cannot be run, says anything else, or takes too long.
    pub async fn scan(&self, file: File) -> io::Result<Verdict> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::from(file))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let ended = tokio::time::timeout(self.limit, ended(&mut child)).await;
        let Ok(status) = ended else {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("no answer within {} s", self.limit.as_secs())));
        };
        match status?.code() {
            Some(0) => Ok(Verdict::Clean),
            Some(1) => Ok(Verdict::Infected),
            other => Err(io::Error::other(format!("exit code {other:?}"))),
        }
    }
}

async fn ended(child: &mut Child) -> io::Result<ExitStatus> {
    let mut ask = tokio::time::interval(ASK);
    loop {
        ask.tick().await;
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
    }
}
