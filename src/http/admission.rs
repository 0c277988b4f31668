//! The gate before everything that asks the database: so many work, some wait in turn, and the rest is turned away at once.

mod line;

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::rt::task::spawn_blocking;
use actix_web::web::Data;
use metrics::{Counter, Gauge, Histogram};
use tokio::sync::oneshot;

use super::AppState;
use super::address;
use super::middleware::wants_english;
use super::problem::Problem;
use super::tokens::Bearer;
use line::{Arrival, Line};

/// Of so many credentials it is remembered that they were turned away.
const REMEMBERED: usize = 10_000;
/// Who was let wait and is still not served by then is turned away all the same.
const PATIENCE: Duration = Duration::from_secs(5);

tokio::task_local! {
    static TICKET: Ticket;
}

/// Reads and writes have places of their own, as they have connections: while writes wait for one another, or for a lock, reads
/// go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Lane {
    /// What only reads.
    Read,
    /// What writes, or works on something else that takes a thread.
    Write,
}

/// By what a request is let through the gate.
struct Ticket {
    gate: Gate,
    /// Whose it is: a session or machine, an address until that is known.
    client: Cell<u64>,
    /// Whether it is going to write, by its method.
    will_write: bool,
    /// What it says who sends it, as a hash.
    credentials: Option<u64>,
    /// Whether it was let in to read, and to write, before.
    returns: (Cell<bool>, Cell<bool>),
}

/// The gate; cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inside>);

struct Inside {
    read: Entrance,
    write: Entrance,
    /// Whose the credentials are that were turned away lately, both as hashes.
    refused: Mutex<HashMap<u64, u64>>,
    hasher: RandomState,
}

/// The line of a lane, and what is told of it.
struct Entrance {
    line: Mutex<Line<Job>>,
    waiting: Gauge,
    waited: Histogram,
    shed: Counter,
}

/// A piece of work that waits for its turn. The thread that has a place takes the next one itself when it is done: through the
/// event loop, which a flood keeps busy, places would stand empty.
type Job = Box<dyn FnOnce(Turn) + Send>;

/// What becomes of a piece of work.
enum Turn {
    /// It is its turn.
    Come,
    /// It has to make room.
    Go,
}

/// Somebody in line; leaves it when dropped.
struct Waiting<'a> {
    entrance: &'a Entrance,
    client: u64,
    number: u64,
}

impl Waiting<'_> {
    /// Waits no more; whether it still did.
    fn leave(&self) -> bool {
        let mut line = self.entrance.line();
        let left = line.leave(self.client, self.number);
        self.entrance.tell(&line);
        left
    }
}

impl Entrance {
    fn new(places: u32, lane: &'static str) -> Self {
        Self {
            line: Mutex::new(Line::new(usize::try_from(places).unwrap_or(1))),
            waiting: metrics::gauge!("motcua_requests_waiting", "lane" => lane),
            waited: metrics::histogram!("motcua_wait_seconds", "lane" => lane),
            shed: metrics::counter!("motcua_requests_shed_total", "lane" => lane),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line<Job>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how many wait.
    fn tell(&self, line: &Line<Job>) {
        self.waiting.set(u32::try_from(line.len()).unwrap_or(u32::MAX));
    }

    fn refusal(&self) -> Problem {
        self.shed.increment(1);
        Problem::new("overloaded")
    }
}

impl Gate {
    /// A gate that lets so many read and so many write at once. Metrics are recorded by what is installed by now.
    pub fn new(readers: u32, writers: u32) -> Self {
        metrics::describe_gauge!("motcua_requests_waiting", "Requests that wait for the database");
        metrics::describe_histogram!("motcua_wait_seconds", "How long they waited, of those that did");
        metrics::describe_counter!("motcua_requests_shed_total", "Requests turned away because too many waited");
        let (read, write) = (Entrance::new(readers, "read"), Entrance::new(writers, "write"));
        Self(Arc::new(Inside { read, write, refused: Mutex::default(), hasher: RandomState::new() }))
    }

    fn entrance(&self, lane: Lane) -> &Entrance {
        if lane == Lane::Read { &self.0.read } else { &self.0.write }
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<u64, u64>> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By what a request says who sends it, before that is checked.
    fn credentials(&self, headers: &HeaderMap) -> Option<u64> {
        headers.get(AUTHORIZATION).map(|value| self.0.hasher.hash_one(value.as_bytes()))
    }

    /// Whether a request would be turned away for certain: its sender was before, and there still is no room for them.
    fn is_hopeless(&self, req: &ServiceRequest) -> bool {
        let entrance = self.entrance(if req.method().is_safe() { Lane::Read } else { Lane::Write });
        if !entrance.line().is_crowded() {
            return false;
        }
        let known = self.credentials(req.headers()).and_then(|credentials| self.refused().get(&credentials).copied());
        let is_hopeless = known.is_some_and(|client| !entrance.line().has_room(client, Instant::now()));
        if is_hopeless {
            entrance.shed.increment(1);
        }
        is_hopeless
    }

    /// Remembers whom credentials that were turned away stand for.
    fn remember(&self, credentials: Option<u64>, client: u64) {
        let Some(credentials) = credentials else { return };
        let mut refused = self.refused();
        if refused.len() >= REMEMBERED {
            refused.clear();
        }
        refused.insert(credentials, client);
    }

    /// Does work when it is its turn; `None` when it broke off.
    async fn run<T: Send + 'static>(
        &self,
        (lane, client, returns): (Lane, u64, bool),
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let (now, entrance) = (Instant::now(), self.entrance(lane));
        let (tell, mut told) = oneshot::channel();
        let job: Job = Box::new(move |turn| {
            let waited = now.elapsed();
            drop(tell.send(match turn {
                Turn::Come => Some((waited, work())),
                Turn::Go => None,
            }));
        });
        let arrival = entrance.line().arrive(client, returns, job, now);
        let waiting = match arrival {
            Arrival::Enters(job) => {
                let gate = self.clone();
                drop(spawn_blocking(move || gate.work_off(lane, job)));
                return Ok(told.await.ok().flatten().map(|(_, done)| done));
            }
            Arrival::Refused => return Err(entrance.refusal()),
            Arrival::Waits(number, goes) => {
                if let Some(goes) = goes {
                    goes(Turn::Go);
                }
                entrance.tell(&entrance.line());
                Waiting { entrance, client, number }
            }
        };
        // Who was let in is not turned away any more: what their request did already would be in vain.
        if !returns {
            let in_time = tokio::time::timeout(PATIENCE, &mut told).await;
            match in_time {
                Ok(answer) => return entrance.outcome(answer),
                Err(_) if waiting.leave() => return Err(entrance.refusal()),
                Err(_) => {}
            }
        }
        entrance.outcome(told.await)
    }

    /// Has a place until nobody waits for it.
    fn work_off(&self, lane: Lane, mut job: Job) {
        let entrance = self.entrance(lane);
        loop {
            let began = Instant::now();
            // What panics ends its request and not the place.
            let _ = catch_unwind(AssertUnwindSafe(|| job(Turn::Come)));
            let mut line = entrance.line();
            let Some(next) = line.depart(began.elapsed()) else { return };
            entrance.tell(&line);
            drop(line);
            job = next;
        }
    }
}

impl Entrance {
    /// What became of work that waited.
    fn outcome<T>(
        &self,
        answer: Result<Option<(Duration, T)>, oneshot::error::RecvError>,
    ) -> Result<Option<T>, Problem> {
        match answer {
            Ok(Some((waited, done))) => {
                self.waited.record(waited.as_secs_f64());
                Ok(Some(done))
            }
            Ok(None) => Err(self.refusal()),
            Err(_) => Ok(None),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Turns away at the door who would be turned away for certain further in: under a flood, that is most of the work there is.
///
/// # Errors
/// `overloaded`, and those of the service inside.
pub async fn at_the_door(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = req.app_data::<Data<AppState>>().filter(|state| state.admission.is_hopeless(&req));
    let Some(state) = state else { return Ok(next.call(req).await?.map_into_boxed_body()) };
    let answer = Problem::new("overloaded").render(wants_english(req.headers()), &state.ambient.new_id());
    Ok(req.into_response(answer))
}

/// Gives a request its ticket.
///
/// # Errors
/// Those of the service inside.
pub async fn ticketed(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(state) = req.app_data::<Data<AppState>>() else { return next.call(req).await };
    let gate = state.admission.clone();
    let client = Cell::new(gate.0.hasher.hash_one(address::of(req.request(), &state.edges.proxies)));
    let will_write = !req.method().is_safe();
    let credentials = gate.credentials(req.headers());
    TICKET.scope(Ticket { gate, client, will_write, credentials, returns: Default::default() }, next.call(req)).await
}

/// Has the request wait in the line of whom its token stands for.
pub(in crate::http) fn recognise(bearer: &Bearer) {
    let who = match bearer {
        Bearer::Session(id) | Bearer::Client { id, .. } => id,
        Bearer::Outside(holder) => &holder.id,
    };
    // What has no ticket does not wait.
    let _ = TICKET.try_with(|ticket| ticket.client.set(ticket.gate.0.hasher.hash_one(who)));
}

/// Does work for the request under way, on a thread that may block, when it is its turn; `None` when it broke off. What is no
/// request, or goes on after its answer began, waits for nobody.
///
/// # Errors
/// `overloaded`.
pub(in crate::http) async fn run<T: Send + 'static>(
    lane: Lane,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Problem> {
    let asked = TICKET.try_with(|ticket| {
        let (read, write) = &ticket.returns;
        let returns = if lane == Lane::Read { read } else { write }.replace(true);
        (ticket.gate.clone(), ticket.client.get(), returns, ticket.will_write)
    });
    let Ok((gate, client, returns, will_write)) = asked else { return Ok(spawn_blocking(work).await.ok()) };
    // Who will not get to write need not be looked up.
    let is_first = lane == Lane::Read && !returns && will_write;
    let done = match is_first && !gate.0.write.line().has_room(client, Instant::now()) {
        true => Err(gate.0.write.refusal()),
        false => gate.run((lane, client, returns), work).await,
    };
    if done.is_err() {
        let _ = TICKET.try_with(|ticket| gate.remember(ticket.credentials, client));
    }
    done
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// How something is asked for: lane, client, and not for the first time.
    const NEW: (Lane, u64, bool) = (Lane::Read, 1, false);

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Work that takes the only place until it is let go.
    fn busy(gate: &Gate, lane: Lane) -> (mpsc::Sender<()>, impl Future<Output = Result<Option<()>, Problem>>) {
        let (go, wait) = mpsc::channel();
        let gate = gate.clone();
        (go, async move { gate.run((lane, 0, false), move || wait.recv().unwrap()).await })
    }

    #[actix_web::test]
    async fn a_place_goes_to_who_waits_and_past_who_hung_up() {
        let gate = Gate::new(1, 1);
        let (go, working) = busy(&gate, Lane::Read);
        let mut working = Box::pin(working);
        assert!(poll(working.as_mut()).is_pending());
        let mut gone = Box::pin(gate.run(NEW, || panic!("nobody wants it")));
        let mut next = Box::pin(gate.run(NEW, || "done"));
        assert!(poll(gone.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
        drop(gone);
        go.send(()).unwrap();
        assert_eq!((working.await.unwrap(), next.await.unwrap()), (Some(()), Some("done")));
        assert_eq!(gate.run(NEW, || "free").await.unwrap(), Some("free"));
    }

    #[actix_web::test]
    async fn work_that_panics_leaves_its_place_to_others() {
        let gate = Gate::new(1, 1);
        for _ in 0..3 {
            assert_eq!(gate.run(NEW, || panic!("as tests do")).await.unwrap(), None::<()>);
        }
        assert_eq!(gate.run(NEW, || 1).await.unwrap(), Some(1));
    }

    #[actix_web::test]
    async fn writes_that_wait_do_not_keep_reads_waiting() {
        let gate = Gate::new(1, 1);
        let (go, working) = busy(&gate, Lane::Write);
        let mut working = Box::pin(working);
        assert!(poll(working.as_mut()).is_pending());
        assert!(poll(Box::pin(gate.run((Lane::Write, 2, false), || ())).as_mut()).is_pending());
        assert_eq!(gate.run((Lane::Read, 2, false), || "read").await.unwrap(), Some("read"));
        go.send(()).unwrap();
        working.await.unwrap();
    }

    #[actix_web::test]
    async fn who_is_pushed_out_is_told_so() {
        let gate = Gate::new(1, 1);
        let (go, working) = busy(&gate, Lane::Read);
        let mut working = Box::pin(working);
        assert!(poll(working.as_mut()).is_pending());
        let mut greedy: Vec<_> = (0..1_000).map(|_| Box::pin(gate.run(NEW, || ()))).collect();
        let refused = greedy.iter_mut().filter_map(|waits| match poll(waits.as_mut()) {
            Poll::Ready(answer) => Some(answer.err().map(|problem| problem.code())),
            Poll::Pending => None,
        });
        let waiting = 1_000 - refused.inspect(|code| assert_eq!(*code, Some("overloaded"))).count();
        let mut modest = Box::pin(gate.run((Lane::Read, 2, false), || ()));
        assert!(poll(modest.as_mut()).is_pending());
        let Poll::Ready(Err(problem)) = poll(greedy[waiting - 1].as_mut()) else { panic!("the newest goes") };
        let answer = problem.render(false, "r");
        let retry_after = answer.headers().get("retry-after").unwrap().to_str().unwrap();
        assert_eq!((answer.status().as_u16(), retry_after), (503, "2"));
        go.send(()).unwrap();
        working.await.unwrap();
    }
}
