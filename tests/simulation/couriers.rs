//! Two processes that do what nobody asks for, taking turns at any moment, and the other side that they deliver to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, TimeDelta};
use motcua::domain::delivery::{DeliveryStatus, Outcome, Parcel, Receipt};
use motcua::domain::webhook::EventFilter;
use motcua::flow::audit::seal;
use motcua::flow::deliver::{self, Line, NoticePlan, Turn};
use motcua::flow::strike::keep_up;
use motcua::flow::sweep::sweep;
use motcua::flow::webhooks::{NewWebhook, add, replay_dead};
use motcua::storage::deliveries::Delivery;
use motcua::storage::{StorageError, idempotency, leases, webhooks};

use super::chance::Chance;
use super::office::{Office, agency};

const LEASE: TimeDelta = TimeDelta::seconds(60);

/// What the two and the other side know.
pub struct Couriers {
    couriers: [Courier; 2],
    /// Who has which lease until when.
    leases: BTreeMap<&'static str, (String, NaiveDateTime)>,
    born: usize,
    /// How many attempts of a hundred fail.
    failing: u64,
    /// What each subscriber has taken, in the order in which it came first.
    taken: BTreeMap<String, Vec<String>>,
    /// What was given up once, and comes out of its order.
    given_up: BTreeSet<(String, String)>,
}

struct Courier {
    holder: String,
    phase: Phase,
}

/// Between which steps of its work a process stands.
enum Phase {
    Idle,
    /// It has the work, and goes through these lines.
    Lines(Vec<Line>),
    /// It has read a message and is about to send it.
    Holds(Vec<Line>, Line, Box<Delivery>, Parcel),
    /// It has sent it and is about to note how that went.
    Sent(Vec<Line>, Line, Box<Delivery>, Receipt),
}

impl Couriers {
    pub fn new(chance: &mut Chance) -> Self {
        let courier = |number: usize| Courier { holder: format!("process {number}"), phase: Phase::Idle };
        Self {
            couriers: [courier(0), courier(1)],
            leases: BTreeMap::new(),
            born: 2,
            failing: *chance.pick(&[0, 10, 40, 90]),
            taken: BTreeMap::new(),
            given_up: BTreeSet::new(),
        }
    }

    fn receive(&mut self, chance: &mut Chance, line: &str, parcel: &Parcel) -> Receipt {
        if chance.percent(self.failing) {
            return Receipt::unanswered(Outcome::Failed, "unreachable");
        }
        if self.failing > 0 && chance.percent(2) {
            return Receipt::answered(Outcome::Refused, 400);
        }
        let event = name_of(&parcel.body);
        let taken = self.taken.entry(line.to_owned()).or_default();
        if !taken.contains(&event) {
            taken.push(event);
        }
        // It has it, and the answer may be lost all the same.
        if chance.percent(self.failing.min(5)) {
            return Receipt::unanswered(Outcome::Failed, "timeout");
        }
        Receipt::answered(Outcome::Delivered, 204)
    }
}

/// The event a message is about.
fn name_of(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["id"].as_str().unwrap().to_owned()
}

fn line_name(line: &Line) -> &str {
    match line {
        Line::Webhook(id) => id,
        Line::Notices(means) => means.as_str(),
    }
}

impl Office {
    /// One subscriber of everything, one of a department's dossiers.
    pub fn subscribe(&mut self) {
        for (patterns, of) in [("*", None), ("dossier.*", Some("H16.18"))] {
            let new = NewWebhook {
                url: "https://office.example.vn/hook".into(),
                description: None,
                events: EventFilter::new(vec![patterns.into()]).unwrap(),
                agency: of.map(agency),
                after: None,
            };
            self.upkeep(|tx, act| add(tx, act, &new));
        }
    }

    /// Takes or renews a lease; nobody else has it then.
    fn acquire(&mut self, name: &'static str, holder: &str, length: TimeDelta) -> bool {
        let now = self.now();
        // Leases go by the database's clock, which is none of the office's: what ran out there is let run out here.
        if let Some((other, _)) = self.couriers.leases.get(name).filter(|(_, until)| *until <= now) {
            self.db.write(|tx| leases::release(tx, name, other)).unwrap();
        }
        let is_ours = self.db.write(|tx| leases::acquire(tx, name, holder, length)).unwrap().is_some();
        if let Some((other, until)) = self.couriers.leases.get(name) {
            let is_taken = other != holder && *until > now;
            assert_eq!(is_ours, !is_taken, "{holder} asks for {name} at {now}, which {other} has until {until}");
        }
        if is_ours {
            self.couriers.leases.insert(name, (holder.to_owned(), now + length));
        }
        is_ours
    }

    /// A process dies, and another takes its place that knows nothing of what it was about.
    pub fn lose_process(&mut self) {
        let number = self.chance.below(2);
        let holder = format!("process {}", self.couriers.born);
        self.couriers.born += 1;
        self.couriers.couriers[number] = Courier { holder, phase: Phase::Idle };
    }

    /// One of the processes keeps the house, as far as it lives to.
    pub fn background_round(&mut self) {
        let number = self.chance.below(2);
        let holder = self.couriers.couriers[number].holder.clone();
        if !self.acquire("background", &holder, TimeDelta::seconds(150)) {
            return;
        }
        let lives_for = if self.chance.percent(85) { 4 } else { self.chance.below(4) };
        let at_risk_days = if self.chance.percent(30) { 2 } else { 0 };
        let now = self.now();
        if lives_for > 0 {
            sweep(&self.db, &self.ambient, at_risk_days).unwrap();
            self.check_letters();
        }
        if lives_for > 1 {
            keep_up(&self.db, &self.ambient).unwrap();
        }
        if lives_for > 2 {
            seal(&self.db).unwrap();
        }
        if lives_for > 3 {
            self.db.write(|tx| idempotency::forget(tx, now - idempotency::KEPT)).unwrap();
        }
    }

    /// The house is kept to its end, whoever does it.
    pub fn end_day(&mut self) {
        sweep(&self.db, &self.ambient, 0).unwrap();
        self.check_letters();
        keep_up(&self.db, &self.ambient).unwrap();
        seal(&self.db).unwrap();
    }

    /// One of the processes goes one step on with its messages.
    pub fn deliver_some(&mut self) {
        let number = self.chance.below(2);
        self.deliver_step(number);
    }

    /// Answers whether there was anything to do.
    fn deliver_step(&mut self, number: usize) -> bool {
        let phase = std::mem::replace(&mut self.couriers.couriers[number].phase, Phase::Idle);
        let next = match phase {
            Phase::Idle => self.look(number),
            Phase::Lines(lines) => self.take_message(lines, number),
            Phase::Holds(lines, line, delivery, parcel) => {
                let receipt = self.couriers.receive(&mut self.chance, line_name(&line), &parcel);
                Phase::Sent(lines, line, delivery, receipt)
            }
            Phase::Sent(mut lines, line, delivery, receipt) => {
                let noted = self.db.write(|tx| deliver::record(tx, &self.ambient, &line, &delivery, receipt));
                match noted {
                    Ok(DeliveryStatus::Dead) => {
                        self.couriers.given_up.insert((line_name(&line).to_owned(), name_of(&delivery.body)));
                    }
                    // The other process was faster.
                    Ok(_) | Err(StorageError::Stale) => {}
                    Err(cause) => panic!("{cause}"),
                }
                if receipt.outcome == Outcome::Failed {
                    lines.retain(|other| *other != line);
                }
                Phase::Lines(lines)
            }
        };
        let is_busy = !matches!(next, Phase::Idle);
        self.couriers.couriers[number].phase = next;
        is_busy
    }

    fn look(&mut self, number: usize) -> Phase {
        let (now, plan) = (self.now(), NoticePlan::default());
        let holder = self.couriers.couriers[number].holder.clone();
        if !self.db.read(|reader| deliver::is_anything_to_do(reader, &plan, now)).unwrap()
            || !self.acquire("delivery", &holder, LEASE)
        {
            return Phase::Idle;
        }
        deliver::enqueue(&self.db, &self.ambient, &plan).unwrap();
        let due = self.db.read(|reader| deliver::due(reader, &plan, now)).unwrap();
        if due.is_empty() { Phase::Idle } else { Phase::Lines(due) }
    }

    fn take_message(&mut self, mut lines: Vec<Line>, number: usize) -> Phase {
        let Some(line) = lines.first().cloned() else {
            let holder = self.couriers.couriers[number].holder.clone();
            self.db.write(|tx| leases::release(tx, "delivery", &holder)).unwrap();
            if self.couriers.leases.get("delivery").is_some_and(|(other, _)| *other == holder) {
                self.couriers.leases.remove("delivery");
            }
            return Phase::Idle;
        };
        match self.db.read(|reader| deliver::turn(reader, &self.ambient, &line)).unwrap() {
            Turn::Send(delivery, parcel) => Phase::Holds(lines, line, delivery, parcel),
            Turn::Skip(..) => panic!("a message to a subscriber is never skipped"),
            Turn::Nobody => {
                lines.remove(0);
                Phase::Lines(lines)
            }
        }
    }

    /// The other side is well again, and the processes work until nothing waits; what was given up is sent again.
    pub fn deliver_all(&mut self) {
        self.couriers.failing = 0;
        self.lose_process();
        let lines = self.db.read(webhooks::active).unwrap();
        assert_eq!(lines.len(), 2, "nobody switched a subscriber off");
        for round in 0..2 {
            if round == 1 {
                let since = self.now() - TimeDelta::days(3_650);
                for line in &lines {
                    self.upkeep(|tx, act| replay_dead(tx, act, &line.id, since));
                }
            }
            while !self.lines("SELECT id AS text FROM deliveries WHERE status = 'waiting' LIMIT 1").is_empty()
                || self
                    .db
                    .read(|reader| deliver::is_anything_to_do(reader, &NoticePlan::default(), self.now()))
                    .unwrap()
            {
                // Leases run out, and waits after failures.
                self.ambient.set(self.now() + TimeDelta::hours(6));
                self.latest = self.latest.max(self.now());
                for number in [0, 1] {
                    while self.deliver_step(number) {}
                }
            }
        }
        self.check_delivered(&lines[0].id, &lines[1].id);
    }

    /// Each subscriber has every event it wants at least once, those of a dossier in order unless they were given up once.
    fn check_delivered(&self, first: &str, second: &str) {
        for line in [first, second] {
            let everything =
                self.lines(&format!("SELECT agency AS text FROM webhooks WHERE id = '{line}'"))[0].is_empty();
            let which = if everything {
                "1 = 1"
            } else {
                "name LIKE 'dossier.%' AND (agency LIKE 'H16.18%' OR received_by LIKE 'H16.18%' OR former_agency LIKE 'H16.18%')"
            };
            let wanted: BTreeSet<_> = self
                .lines(&format!("SELECT dossier || '/' || seq AS text FROM changes WHERE {which}"))
                .into_iter()
                .collect();
            let none = Vec::new();
            let taken = self.couriers.taken.get(line).unwrap_or(&none);
            assert_eq!(taken.iter().cloned().collect::<BTreeSet<_>>(), wanted, "what subscriber {line} has");
            let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
            for event in taken {
                if self.couriers.given_up.contains(&(line.to_owned(), event.clone())) {
                    continue;
                }
                let (dossier, seq) = event.rsplit_once('/').unwrap();
                let seq: u64 = seq.parse().unwrap();
                let before = reached.insert(dossier, seq).unwrap_or(0);
                assert!(before < seq, "subscriber {line} has {event} after {before}");
            }
        }
    }
}
