//! Tests with a stand-in for an outside system: a process of its own, started from the same test binary, spoken to line by line.

use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Kind;

/// The main function of a test binary without the usual harness: called with `word` it is the stand-in; otherwise it takes the
/// names to run, and lists them when asked to.
#[allow(clippy::print_stdout)]
pub fn main(word: &str, stand_in: fn(), tests: [(&str, Kind); 2], tell: impl AsyncFn(Kind)) {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given.first().is_some_and(|first| first == word) {
        return stand_in();
    }
    let filters: Vec<&String> = given.iter().filter(|word| !word.starts_with('-')).collect();
    for (name, kind) in tests {
        if given.iter().any(|word| word == "--list") {
            println!("{name}: test");
        } else if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            actix_web::rt::System::new().block_on(tell(kind));
            println!("test {name} ... ok");
        }
    }
}

/// A stand-in that runs.
pub struct StandIn {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl StandIn {
    pub fn start(word: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(word).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (orders, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, orders, answers }
    }

    pub fn tell(&mut self, line: impl Display) {
        writeln!(self.orders.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line that it says.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line
    }

    /// Has nothing more to tell it; it ends well.
    pub fn close(&mut self) {
        self.orders = None;
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // When a check failed half-way; one that has ended already takes no harm.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
