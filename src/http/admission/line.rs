//! Who works, who waits and who is turned away: the rules of the gate, pure, with the time passed in.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// So many may wait whatever else is said: one client's 64 requests at once are never refused.
const ALWAYS: usize = 64;
/// No more wait than this.
const MOST: usize = 1_000;
/// Nobody joins who would probably wait longer than this.
const LONGEST: Duration = Duration::from_secs(1);
/// A crowd that lasts longer than this is no rush that passes: from then on only [`ALWAYS`] wait, so that those who are served
/// are served soon.
const RUSH: Duration = Duration::from_millis(500);
/// What a piece of work is taken to need before any was seen, in seconds.
const FIRST_GUESS: f64 = 0.005;
/// How much the newest piece of work counts in what one is taken to need.
const WEIGHT: f64 = 1.0 / 16.0;

/// A line before a number of places to work at; those who wait are known by `W`.
#[derive(Debug)]
pub(in crate::http) struct Line<W> {
    places: usize,
    working: usize,
    /// Who was let in once and comes again for the same request: they go before all others, lest what was done be in vain.
    returning: VecDeque<(u64, W)>,
    waiting: HashMap<u64, VecDeque<(u64, W)>>,
    /// Each client that waits, once, in the order of their turns.
    turns: VecDeque<u64>,
    /// How many wait, those who return not counted.
    length: usize,
    /// Since when there has been a crowd.
    crowded_since: Option<Instant>,
    /// What a piece of work needs, in seconds.
    need: f64,
    next_number: u64,
}

/// What becomes of who arrives.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http) enum Arrival<W> {
    /// To work at once.
    Enters(W),
    /// Waits, under this number; who has to go for it, if anybody.
    Waits(u64, Option<W>),
    /// Turned away.
    Refused,
}

impl<W> Line<W> {
    /// A line before so many places.
    pub(in crate::http) fn new(places: usize) -> Self {
        Self {
            places: places.max(1),
            working: 0,
            returning: VecDeque::new(),
            waiting: HashMap::new(),
            turns: VecDeque::new(),
            length: 0,
            crowded_since: None,
            need: FIRST_GUESS,
            next_number: 0,
        }
    }

    /// Somebody comes with a request of `client`, for the first time or, when `returns`, once more.
    pub(in crate::http) fn arrive(&mut self, client: u64, returns: bool, who: W, now: Instant) -> Arrival<W> {
        if self.working < self.places {
            self.working += 1;
            return Arrival::Enters(who);
        }
        let number = self.next_number;
        if returns {
            self.next_number += 1;
            self.returning.push_back((number, who));
            return Arrival::Waits(number, None);
        }
        let mut goes = None;
        if self.length >= self.bound(now) {
            goes = self.push_out_for(client);
            if goes.is_none() {
                return Arrival::Refused;
            }
        }
        self.next_number += 1;
        let own = self.waiting.entry(client).or_default();
        if own.is_empty() {
            self.turns.push_back(client);
        }
        own.push_back((number, who));
        self.length += 1;
        if self.length >= ALWAYS {
            self.crowded_since.get_or_insert(now);
        }
        Arrival::Waits(number, goes)
    }

    /// How many wait.
    pub(in crate::http) fn len(&self) -> usize {
        self.length + self.returning.len()
    }

    /// Whether so many wait that it is worth asking who has room.
    pub(in crate::http) fn is_crowded(&self) -> bool {
        self.crowded_since.is_some()
    }

    /// Whether somebody of `client` who came now would be let in or let wait.
    pub(in crate::http) fn has_room(&self, client: u64, now: Instant) -> bool {
        self.working < self.places || self.length < self.bound(now) || self.gives_way_to(client).is_some()
    }

    /// A place is free again after `took`; answers whose it is now.
    pub(in crate::http) fn depart(&mut self, took: Duration) -> Option<W> {
        self.need += (took.as_secs_f64() - self.need) * WEIGHT;
        let next = self.returning.pop_front().map(|(_, who)| who).or_else(|| self.next_in_turn());
        if next.is_none() {
            self.working -= 1;
        }
        next
    }

    /// Somebody waits no more; answers whether they still did.
    pub(in crate::http) fn leave(&mut self, client: u64, number: u64) -> bool {
        let before = self.returning.len();
        self.returning.retain(|(waiting, _)| *waiting != number);
        if self.returning.len() < before {
            return true;
        }
        let Some(own) = self.waiting.get_mut(&client) else { return false };
        let Some(at) = own.iter().position(|(waiting, _)| *waiting == number) else { return false };
        own.remove(at);
        self.one_less(client);
        true
    }

    fn next_in_turn(&mut self) -> Option<W> {
        let client = self.turns.pop_front()?;
        let own = self.waiting.get_mut(&client)?;
        let (_, who) = own.pop_front()?;
        if !own.is_empty() {
            self.turns.push_back(client);
        }
        self.one_less(client);
        Some(who)
    }

    /// Makes room for a client at the cost of another, whose newest goes.
    fn push_out_for(&mut self, client: u64) -> Option<W> {
        let greediest = self.gives_way_to(client)?;
        let (_, who) = self.waiting.get_mut(&greediest)?.pop_back()?;
        self.one_less(greediest);
        Some(who)
    }

    /// The client with the most in line, unless `client` would then itself have as many.
    fn gives_way_to(&self, client: u64) -> Option<u64> {
        let own = self.waiting.get(&client).map_or(0, VecDeque::len);
        let (&greediest, most) = self.waiting.iter().map(|(who, queue)| (who, queue.len())).max_by_key(|(_, n)| *n)?;
        (own + 2 <= most).then_some(greediest)
    }

    /// Bookkeeping after one of a client's was taken out.
    fn one_less(&mut self, client: u64) {
        self.length -= 1;
        if self.length <= ALWAYS / 2 {
            self.crowded_since = None;
        }
        if self.waiting.get(&client).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(&client);
            self.turns.retain(|turn| *turn != client);
        }
    }

    /// How many may wait now.
    fn bound(&self, now: Instant) -> usize {
        if self.crowded_since.is_some_and(|since| now.saturating_duration_since(since) >= RUSH) {
            return ALWAYS;
        }
        let bearable = LONGEST.as_secs_f64() * self.places as f64 / self.need.max(f64::EPSILON);
        // A float beyond the type's range becomes its limit.
        (bearable as usize).clamp(ALWAYS, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    /// A line whose only place is taken.
    fn busy() -> (Line<&'static str>, Instant) {
        let (mut line, now) = (Line::new(1), Instant::now());
        assert_eq!(line.arrive(0, false, "at work", now), Arrival::Enters("at work"));
        (line, now)
    }

    fn served(line: &mut Line<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| line.depart(SHORT)).collect()
    }

    #[test]
    fn places_are_given_at_once_and_handed_on() {
        let (mut line, now) = (Line::new(2), Instant::now());
        assert_eq!(line.arrive(1, false, "first", now), Arrival::Enters("first"));
        assert_eq!(line.arrive(1, false, "second", now), Arrival::Enters("second"));
        assert_eq!(line.arrive(1, false, "third", now), Arrival::Waits(0, None));
        assert_eq!(line.depart(SHORT), Some("third"));
        assert_eq!((line.depart(SHORT), line.depart(SHORT)), (None, None));
        assert_eq!(line.arrive(2, false, "next", now), Arrival::Enters("next"));
    }

    #[test]
    fn clients_take_turns_however_many_each_has_waiting() {
        let (mut line, now) = busy();
        for who in ["a1", "a2", "a3"] {
            line.arrive(1, false, who, now);
        }
        line.arrive(2, false, "b1", now);
        line.arrive(3, false, "c1", now);
        line.arrive(2, false, "b2", now);
        assert_eq!(served(&mut line), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn a_request_that_was_let_in_goes_before_those_that_were_not() {
        let (mut line, now) = busy();
        line.arrive(1, false, "new", now);
        line.arrive(2, true, "returns", now);
        assert_eq!(served(&mut line), ["returns", "new"]);
    }

    #[test]
    fn one_client_always_has_64_waiting_however_slow_the_work() {
        let (mut line, now) = busy();
        for _ in 0..100 {
            line.working = 1;
            line.depart(Duration::from_secs(10));
        }
        line.working = 1;
        for _ in 0..64 {
            assert!(matches!(line.arrive(1, false, "one", now), Arrival::Waits(_, None)));
        }
        assert_eq!(line.arrive(1, false, "too much", now), Arrival::Refused);
    }

    #[test]
    fn a_rush_may_wait_for_a_second_and_a_crowd_that_stays_may_not() {
        let (mut line, now) = busy();
        // Five milliseconds each: two hundred are through in a second.
        for _ in 0..200 {
            assert!(matches!(line.arrive(1, false, "one", now), Arrival::Waits(..)));
        }
        assert_eq!(line.arrive(1, false, "one more", now), Arrival::Refused);
        for _ in 0..100 {
            line.depart(Duration::from_millis(5)).unwrap();
        }
        assert!(matches!(line.arrive(1, false, "as before", now), Arrival::Waits(..)));
        let later = now + RUSH;
        assert_eq!(line.arrive(1, false, "in a crowd", later), Arrival::Refused);
        while line.length > ALWAYS / 2 {
            line.depart(Duration::from_millis(5)).unwrap();
        }
        while line.length < 100 {
            assert!(matches!(line.arrive(1, false, "in a new rush", later), Arrival::Waits(..)));
        }
    }

    #[test]
    fn work_that_is_quick_lets_no_more_than_a_thousand_wait() {
        let (mut line, now) = (Line::new(1), Instant::now());
        for _ in 0..200 {
            line.arrive(1, false, "quick", now);
            line.depart(Duration::from_micros(100));
        }
        let answers = (0..MOST + 2).map(|_| line.arrive(1, false, "one", now)).collect::<Vec<_>>();
        assert_eq!(answers.iter().filter(|answer| **answer == Arrival::Refused).count(), 1);
    }

    #[test]
    fn in_a_full_line_who_has_few_waiting_takes_the_place_of_who_has_most() {
        let (mut line, now) = busy();
        line.need = 10.0;
        for _ in 0..ALWAYS {
            line.arrive(1, false, "greedy", now);
        }
        for _ in 0..ALWAYS / 2 {
            assert!(matches!(line.arrive(2, false, "modest", now), Arrival::Waits(_, Some("greedy"))));
        }
        // They have equally many now.
        assert!(!line.has_room(1, now) && !line.has_room(2, now) && line.has_room(3, now));
        assert_eq!(line.arrive(2, false, "modest", now), Arrival::Refused);
        assert_eq!(line.arrive(1, false, "greedy", now), Arrival::Refused);
        assert!(matches!(line.arrive(3, false, "new", now), Arrival::Waits(_, Some(_))));
        assert_eq!(line.length, ALWAYS);
    }

    #[test]
    fn who_hangs_up_leaves_and_holds_nobody_up() {
        let (mut line, now) = busy();
        let Arrival::Waits(first, _) = line.arrive(1, false, "first", now) else { panic!("waits") };
        line.arrive(2, false, "second", now);
        let Arrival::Waits(again, _) = line.arrive(1, true, "returns", now) else { panic!("waits") };
        assert!(line.leave(1, first) && line.leave(1, again));
        assert!(!line.leave(1, first), "gone already");
        assert_eq!(served(&mut line), ["second"]);
        assert_eq!((line.length, line.working, line.waiting.len(), line.turns.len()), (0, 0, 0, 0));
    }
}
