//! The gate before everything that asks the database: so many work, some wait in turn, and the rest is turned away at once.

mod line;

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use metrics::{Counter, Gauge, Histogram};
use tokio::sync::oneshot;

use super::AppState;
use super::address;
use super::problem::Problem;
use super::tokens::Bearer;
use line::{Arrival, Line};

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
    /// Whether it was let in to read, and to write, before.
    returns: (Cell<bool>, Cell<bool>),
}

/// The gate; cheap to clone.
#[derive(Clone)]
pub struct Gate(Arc<Inside>);

struct Inside {
    read: Entrance,
    write: Entrance,
    hasher: RandomState,
}

/// The line of a lane, and what is told of it.
struct Entrance {
    line: Mutex<Line<oneshot::Sender<Permit>>>,
    waiting: Gauge,
    waited: Histogram,
    shed: Counter,
}

/// A place to work at; given back when it is dropped.
pub(in crate::http) struct Permit {
    gate: Gate,
    lane: Lane,
    since: Instant,
}

/// Somebody in line; leaves it when dropped.
struct Waiting<'a> {
    entrance: &'a Entrance,
    client: u64,
    number: u64,
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

    fn line(&self) -> MutexGuard<'_, Line<oneshot::Sender<Permit>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
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
        Self(Arc::new(Inside { read, write, hasher: RandomState::new() }))
    }

    fn entrance(&self, lane: Lane) -> &Entrance {
        if lane == Lane::Read { &self.0.read } else { &self.0.write }
    }

    async fn enter(&self, lane: Lane, client: u64, returns: bool) -> Result<Permit, Problem> {
        let (now, entrance) = (Instant::now(), self.entrance(lane));
        let (call, called) = oneshot::channel();
        let arrival = entrance.line().arrive(client, returns, call, now);
        let number = match arrival {
            Arrival::Enters => return Ok(Permit { gate: self.clone(), lane, since: now }),
            Arrival::Refused => return Err(entrance.refusal()),
            // Whoever has to go finds their call dropped.
            Arrival::Waits(number, _goes) => number,
        };
        entrance.waiting.increment(1.0);
        let waiting = Waiting { entrance, client, number };
        // Who was let in is not turned away any more: what their request did already would be in vain.
        let permit = match returns {
            true => called.await.ok(),
            false => tokio::time::timeout(PATIENCE, called).await.ok().and_then(Result::ok),
        };
        drop(waiting);
        entrance.waited.record(now.elapsed().as_secs_f64());
        permit.ok_or_else(|| entrance.refusal())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = Instant::now();
        let next = self.gate.entrance(self.lane).line().depart(now - self.since);
        if let Some(call) = next {
            // Who left in this very moment drops the place that was sent, which hands it on again.
            drop(call.send(Self { gate: self.gate.clone(), lane: self.lane, since: now }));
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.entrance.line().leave(self.client, self.number);
        self.entrance.waiting.decrement(1.0);
    }
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
    TICKET.scope(Ticket { gate, client, will_write, returns: Default::default() }, next.call(req)).await
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

/// A place for the request under way; `None` for what is no request, or goes on after its answer began.
///
/// # Errors
/// `overloaded`.
pub(in crate::http) async fn permit(lane: Lane) -> Result<Option<Permit>, Problem> {
    let asked = TICKET.try_with(|ticket| {
        let (read, write) = &ticket.returns;
        let returns = if lane == Lane::Read { read } else { write }.replace(true);
        (ticket.gate.clone(), ticket.client.get(), returns, ticket.will_write)
    });
    let Ok((gate, client, returns, will_write)) = asked else { return Ok(None) };
    // Who will not get to write need not be looked up.
    if lane == Lane::Read && !returns && will_write && !gate.0.write.line().has_room(client, Instant::now()) {
        return Err(gate.0.write.refusal());
    }
    gate.enter(lane, client, returns).await.map(Some)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[actix_web::test]
    async fn a_place_given_back_goes_to_who_waits_and_past_who_hung_up() {
        let gate = Gate::new(1, 1);
        let first = gate.enter(Lane::Read, 1, false).await.unwrap();
        let mut second = Box::pin(gate.enter(Lane::Read, 1, false));
        let mut third = pin!(gate.enter(Lane::Read, 2, false));
        assert!(poll(second.as_mut()).is_pending() && poll(third.as_mut()).is_pending());
        // The second is called and hangs up without having heard it.
        drop(first);
        drop(second);
        let Poll::Ready(Ok(permit)) = poll(third.as_mut()) else { panic!("the place got lost") };
        drop(permit);
        assert!(matches!(poll(pin!(gate.enter(Lane::Read, 3, false))), Poll::Ready(Ok(_))), "all is free again");
    }

    #[actix_web::test]
    async fn writes_that_wait_do_not_keep_reads_waiting() {
        let gate = Gate::new(1, 1);
        let _writes = gate.enter(Lane::Write, 1, false).await.unwrap();
        assert!(poll(pin!(gate.enter(Lane::Write, 2, false))).is_pending());
        assert!(matches!(poll(pin!(gate.enter(Lane::Read, 2, false))), Poll::Ready(Ok(_))));
    }

    #[actix_web::test]
    async fn who_is_pushed_out_is_told_so() {
        let gate = Gate::new(1, 1);
        let _working = gate.enter(Lane::Read, 1, false).await.unwrap();
        let mut greedy: Vec<_> = (0..1_000).map(|_| Box::pin(gate.enter(Lane::Read, 1, false))).collect();
        let refused = greedy.iter_mut().filter_map(|waits| match poll(waits.as_mut()) {
            Poll::Ready(answer) => Some(answer.err().map(|problem| problem.code())),
            Poll::Pending => None,
        });
        let waiting = 1_000 - refused.inspect(|code| assert_eq!(*code, Some("overloaded"))).count();
        let mut modest = pin!(gate.enter(Lane::Read, 2, false));
        assert!(poll(modest.as_mut()).is_pending());
        let Poll::Ready(Err(problem)) = poll(greedy[waiting - 1].as_mut()) else { panic!("the newest goes") };
        let answer = problem.render(false, "r");
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get("retry-after").unwrap().to_str().unwrap()),
            (503, "2")
        );
    }
}
