//! Asks a running service for more than it can do and prints what became of that; `benches/overload.sh` sets it up.
#![allow(clippy::unwrap_used, missing_docs)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

/// How often the service is asked for what it can do.
const TIMES: f64 = 5.0;
/// Connections that a peak is looked for with.
const PEAK: usize = 16;
/// Connections that the flood comes by.
const FLOOD: usize = 400;
/// What comes before the measurement and does not count.
const WARM_UP: Duration = Duration::from_secs(3);

/// Answers with their times, and how many were turned away or came to nothing.
#[derive(Default)]
struct Outcome {
    served: Vec<Duration>,
    shed: usize,
    other: usize,
}

impl Outcome {
    fn count(&mut self, status: u16, took: Duration) {
        match status {
            200..=299 => self.served.push(took),
            503 => self.shed += 1,
            _ => self.other += 1,
        }
    }

    fn percentile(&mut self, share: f64) -> f64 {
        self.served.sort_unstable();
        let place = (self.served.len() as f64 * share) as usize;
        self.served
            .get(place.min(self.served.len().saturating_sub(1)))
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

/// One connection, one request at a time.
struct Line {
    address: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Line {
    fn to(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, buffer: Vec::new() }
    }

    /// Sends a request and reads the answer to its end; its status, 0 when the line broke.
    async fn ask(&mut self, request: &[u8]) -> u16 {
        let answered = self.try_to_ask(request).await;
        if answered.is_err() {
            self.stream = None;
        }
        answered.unwrap_or(0)
    }

    async fn try_to_ask(&mut self, request: &[u8]) -> io::Result<u16> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_ref().unwrap();
        let mut sent = 0;
        while sent < request.len() {
            match stream.try_write(&request[sent..]) {
                Ok(more) => sent += more,
                Err(busy) if busy.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
                Err(other) => return Err(other),
            }
        }
        self.buffer.clear();
        loop {
            match stream.try_read_buf(&mut self.buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {
                    if let Some(status) = whole(&self.buffer) {
                        return Ok(status);
                    }
                }
                Err(busy) if busy.kind() == io::ErrorKind::WouldBlock => stream.readable().await?,
                Err(other) => return Err(other),
            }
        }
    }
}

/// The status of an answer that is there to its end.
fn whole(answer: &[u8]) -> Option<u16> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let length =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    (answer.len() >= head + 4 + length.unwrap_or(0)).then(|| text[9..12].parse().unwrap())
}

/// Each connection asks again as soon as it is answered.
async fn closed(address: &str, requests: &[Rc<[u8]>], connections: usize, length: Duration) -> (Outcome, f64) {
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let begins = Instant::now() + WARM_UP;
    let ends = begins + length;
    let lines: Vec<_> = (0..connections)
        .map(|number| {
            let (outcome, request) = (Rc::clone(&outcome), Rc::clone(&requests[number % requests.len()]));
            let mut line = Line::to(address);
            spawn_local(async move {
                while Instant::now() < ends {
                    let asked = Instant::now();
                    let status = line.ask(&request).await;
                    if asked >= begins {
                        outcome.borrow_mut().count(status, asked.elapsed());
                    }
                }
            })
        })
        .collect();
    for line in lines {
        line.await.unwrap();
    }
    (outcome.take(), length.as_secs_f64())
}

/// So many a second are asked for, whatever becomes of those before.
async fn open(address: &str, requests: &[Rc<[u8]>], rate: f64, length: Duration) -> (Outcome, f64) {
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let (due, rung) = (Rc::new(RefCell::new(VecDeque::<usize>::new())), Rc::new(Notify::new()));
    let begins = Instant::now() + WARM_UP;
    let ends = begins + length;
    for _ in 0..FLOOD {
        let (outcome, due, rung) = (Rc::clone(&outcome), Rc::clone(&due), Rc::clone(&rung));
        let (mut line, requests) = (Line::to(address), requests.to_vec());
        spawn_local(async move {
            loop {
                let next = due.borrow_mut().pop_front();
                let Some(number) = next else {
                    rung.notified().await;
                    continue;
                };
                let asked = Instant::now();
                let status = line.ask(&requests[number % requests.len()]).await;
                if asked >= begins && asked < ends {
                    outcome.borrow_mut().count(status, asked.elapsed());
                }
            }
        });
    }
    let (started, mut asked) = (Instant::now(), 0_usize);
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    while Instant::now() < ends {
        tick.tick().await;
        let wanted = (started.elapsed().as_secs_f64() * rate) as usize;
        // What the generator itself cannot send is not held against the service: it is left out and shows in the rate.
        let room = (4 * FLOOD).saturating_sub(due.borrow().len());
        let sent = (wanted - asked).min(room);
        due.borrow_mut().extend(asked..asked + sent);
        asked = wanted;
        (0..sent).for_each(|_| rung.notify_one());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    (outcome.take(), length.as_secs_f64())
}

async fn measure(name: &str, address: &str, requests: &[Rc<[u8]>]) {
    let (mut calm, _) = closed(address, requests, 1, Duration::from_secs(5)).await;
    let (mut peak, seconds) = closed(address, requests, PEAK, Duration::from_secs(10)).await;
    let most = peak.served.len() as f64 / seconds;
    let (mut flood, seconds) = open(address, requests, most * TIMES, Duration::from_secs(15)).await;
    let (served, shed) = (flood.served.len() as f64 / seconds, flood.shed as f64 / seconds);
    println!(
        "| {name} | {:.1} | {most:.0} | {:.1} | {:.0} | {served:.0} ({:.0} %) | {shed:.0} | {:.1} ({:.1} ×) | {} |",
        calm.percentile(0.99),
        peak.percentile(0.99),
        served + shed,
        served / most * 100.0,
        flood.percentile(0.99),
        flood.percentile(0.99) / calm.percentile(0.99),
        calm.other + peak.other + flood.other
    );
}

/// Arguments: the address, a file of tokens, then name, method, path and body (`-` for none) of each request.
fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [address, tokens, asked @ ..] = &given[..] else { return };
    let tokens: Vec<String> = std::fs::read_to_string(tokens).unwrap().lines().map(str::to_owned).collect();
    println!(
        "| Request | Unloaded p99, ms | Peak/s | p99 at peak, ms | Answered/s at {TIMES} × | Served/s | Shed/s | p99 of the served, ms | Other answers |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for request in asked.chunks(4) {
        let [name, method, path, body] = request else { return };
        let body = if body == "-" { "" } else { body };
        let requests: Vec<Rc<[u8]>> = tokens
            .iter()
            .map(|token| {
                let length = body.len();
                format!(
                    "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
                     Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
                )
                .into_bytes()
                .into()
            })
            .collect();
        LocalSet::new().block_on(&runtime, measure(name, address, &requests));
    }
}
