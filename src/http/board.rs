//! What moves on the boards: the feed of changes as server-sent events, for as long as somebody looks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get, rt};
use chrono::NaiveDate;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use utoipa_actix_web::service_config::ServiceConfig;

use super::AppState;
use super::call::{Call, See, blocking};
use super::caller::signed_in;
use super::changes::position;
use super::dossier_view::stamp;
use super::input::{Query, cursor};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::flow::Fault;
use crate::flow::feed::{self, envelope};
use crate::storage::Db;
use crate::storage::feed::{Wanted, last};

/// How often what other processes committed is looked for, while somebody listens.
const TICK: Duration = Duration::from_secs(1);
/// After so long in silence a stream says that it lives, and asks whether its caller is still signed in.
const BREATH: Duration = Duration::from_secs(15);
/// How long a stream goes on at most, in seconds: as long as an access token.
const LONGEST: u64 = 900;
/// After how many milliseconds a client comes again.
const RETRY: u32 = 2_000;
/// How many events are read at once.
const BATCH: i64 = 200;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_board_stream);
}

/// How far the feed reaches, and which day it is at the offices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pulse {
    head: i64,
    day: NaiveDate,
    /// The service stops.
    is_over: bool,
}

/// The pulse of this process: one watcher, however many look.
#[derive(Debug)]
pub struct Board {
    pulse: watch::Sender<Pulse>,
    bell: Arc<Notify>,
    is_watched: AtomicBool,
}

impl Board {
    /// The board over a database.
    pub fn new(db: &Db) -> Self {
        let bell = Arc::new(Notify::new());
        let rung = Arc::clone(&bell);
        db.on_something_to_send(move || rung.notify_one());
        Self { pulse: watch::Sender::new(Pulse::default()), bell, is_watched: AtomicBool::new(false) }
    }

    /// Ends all streams: a server that stops does not wait for who only listens.
    pub fn close(&self) {
        self.pulse.send_modify(|pulse| pulse.is_over = true);
    }
}

fn listen(state: &Data<AppState>) -> watch::Receiver<Pulse> {
    let pulse = state.board.pulse.subscribe();
    if !state.board.is_watched.swap(true, Ordering::Relaxed) {
        rt::spawn(keep_watch(state.clone()));
    }
    pulse
}

/// Takes the pulse after every commit of this process, and every second for those of others; not while nobody listens.
async fn keep_watch(state: Data<AppState>) {
    loop {
        let _ = timeout(TICK, state.board.bell.notified()).await;
        if state.board.pulse.receiver_count() == 0 {
            continue;
        }
        let (db, day) = (state.db.clone(), state.ambient.today());
        match blocking(move || head(&db)).await {
            Ok(head) => {
                state.board.pulse.send_if_modified(|pulse| {
                    let next = Pulse { head, day, ..*pulse };
                    std::mem::replace(pulse, next) != next
                });
            }
            Err(problem) => {
                tracing::warn!(code = problem.code(), "the feed was not looked at; the next second tries again")
            }
        }
    }
}

/// The last position, what is committed by now included; after a long import as far as one batch goes.
fn head(db: &Db) -> Result<i64, Fault> {
    feed::sequence_batch(db)?;
    Ok(db.read(last)?)
}

/// Events of the board as they happen, as server-sent events. First comes `ready` with the clock of the offices; then a `change`
/// (a CloudEvent as in `GET /v1/changes`, no personal data) for each change of a dossier in the caller's reach, and `day` when a
/// new day begins. `id` is the place in the feed: `Last-Event-ID` goes on behind it, with nothing lost; without it the stream begins
/// now. It ends after 15 minutes at most, when the caller's token or session does, and when the service stops: come again.
#[utoipa::path(tag = "changes", params(("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was read"),
    ("wait" = Option<u64>, Query, description = "Seconds after which the stream ends at the latest, 0 to 900; 0 gives what there is")), responses(
    (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
    (status = 400, description = "A parameter or Last-Event-ID cannot be read", body = ProblemBody)))]
#[get("/v1/board/stream")]
async fn get_board_stream(call: Call<See>) -> Result<HttpResponse, Problem> {
    let wait: u64 = Query::of(&call.req, &["wait"])?.parsed("wait")?.unwrap_or(LONGEST);
    if wait > LONGEST {
        return Err(Problem::at("out_of_range", "?wait"));
    }
    let given = call.req.headers().get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    let resumed = given.map(|id| position(id).ok_or_else(|| Problem::new("bad_cursor"))).transpose()?;
    // Listening comes before looking: what is committed in between is heard of.
    let mut pulse = listen(&call.state);
    pulse.mark_unchanged();
    let db = call.state.db.clone();
    let head = blocking(move || head(&db)).await?;
    let mut stream = Stream {
        after: resumed.unwrap_or(head),
        day: call.state.ambient.today(),
        end: Instant::now() + Duration::from_secs(wait),
        call,
        pulse,
        said: VecDeque::new(),
        is_over: false,
    };
    let now = json!({"now": stamp(&stream.call.state.ambient, stream.call.state.ambient.now())});
    stream.said.push_back(format!("retry: {RETRY}\n{}", event("ready", stream.after, &now)));
    stream.read().await?;
    let body = unfold(stream, |mut stream| async move {
        let said = stream.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(said)), stream))
    });
    // A proxy that collects an answer before it passes it on would hold the events back.
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(body)))
}

/// One listener's place in the feed.
struct Stream {
    call: Call<See>,
    pulse: watch::Receiver<Pulse>,
    /// The position that was told of last.
    after: i64,
    day: NaiveDate,
    end: Instant,
    /// What is to be sent.
    said: VecDeque<String>,
    is_over: bool,
}

impl Stream {
    /// What is sent next; nothing at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(said) = self.said.pop_front() {
                return Some(said);
            }
            let breath = (Instant::now() + BREATH).min(self.end);
            let is_silent = tokio::select! {
                changed = self.pulse.changed() => { self.is_over |= changed.is_err(); false }
                () = sleep_until(breath) => true,
            };
            let Pulse { day, is_over, .. } = *self.pulse.borrow_and_update();
            self.is_over |= is_over || Instant::now() >= self.end;
            // Who has signed out meanwhile, or has fewer rights, hears no more.
            if self.is_over || signed_in(&self.call.state, &self.call.req).await.is_err() {
                return None;
            }
            if is_silent {
                return Some(":\n\n".to_owned());
            }
            self.read().await.ok()?;
            if day != NaiveDate::default() && day != self.day {
                self.day = day;
                let now = json!({"now": stamp(&self.call.state.ambient, self.call.state.ambient.now())});
                self.said.push_back(event("day", self.after, &now));
            }
        }
    }

    /// Reads what came since.
    async fn read(&mut self) -> Result<(), Problem> {
        loop {
            let (state, after) = (self.call.state.clone(), self.after);
            let wanted = Wanted { visible: self.call.actor.sees(), names: None };
            let (said, next, more) = blocking(move || told(&state.db, &state.ambient, &wanted, after)).await?;
            self.said.extend(said);
            self.after = next;
            if !more {
                return Ok(());
            }
        }
    }
}

/// The wanted events behind a position as they are sent, the position they reach to, and whether there is more.
fn told(db: &Db, ambient: &Ambient, wanted: &Wanted, after: i64) -> Result<(Vec<String>, i64, bool), Fault> {
    db.read(|reader| {
        let page = feed::read(reader, wanted, after, BATCH)?;
        let told = page.changes.iter().map(|change| {
            let data = envelope(reader, ambient, &wanted.visible, change)?;
            Ok::<_, Fault>(event("change", change.position, &data))
        });
        Ok((told.collect::<Result<_, _>>()?, page.next, page.more))
    })
}

/// One event (HTML, section 9.2.5); JSON has no line breaks of its own.
fn event(name: &str, position: i64, data: &Value) -> String {
    format!("id: {}\nevent: {name}\ndata: {data}\n\n", cursor(&[position.to_string()]))
}
