//! Balances: what a set of dossiers amounts to as of an instant, cumulated since the beginning, like a bank's at midnight.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::{AddAssign, Neg, SubAssign};

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

use super::statistics::CountedLife;
use super::timeliness::{EndClass, is_late};
use super::vocabulary::{AgencyCode, Channel, FieldCode, LocalTime, ProcedureLevel};

/// Days for which the balance of every midnight is kept: a quarter and some more. Older ones are kept where official and
/// calendar periods begin: on the 15th and the 1st.
const KEPT_DAYS: i64 = 100;

/// What a set of dossiers amounts to as of an instant.
///
/// Everything is linear: balances of disjoint sets add up, and the difference of two instants is what happened between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Received so far.
    pub received: i64,
    /// Ended early so far.
    pub early: i64,
    /// Ended on time so far.
    pub on_time: i64,
    /// Ended late so far.
    pub late: i64,
    /// Of those, with a letter of apology dated by then.
    pub late_with_letter: i64,
    /// Open and late.
    pub overdue: i64,
    /// Of those, with a letter of apology dated by then.
    pub overdue_with_letter: i64,
    /// Open with the clock stopped.
    pub paused: i64,
}

impl Balance {
    /// Names of the figures, in the order of [`Self::figures`].
    pub const NAMES: [&str; 8] =
        ["received", "early", "on_time", "late", "late_with_letter", "overdue", "overdue_with_letter", "paused"];

    /// The figures in a row.
    pub const fn figures(&self) -> [i64; 8] {
        [
            self.received,
            self.early,
            self.on_time,
            self.late,
            self.late_with_letter,
            self.overdue,
            self.overdue_with_letter,
            self.paused,
        ]
    }

    /// The balance with these figures.
    pub const fn of_figures(figures: [i64; 8]) -> Self {
        let [received, early, on_time, late, late_with_letter, overdue, overdue_with_letter, paused] = figures;
        Self { received, early, on_time, late, late_with_letter, overdue, overdue_with_letter, paused }
    }

    /// What one dossier amounts to, by all that took effect before `instant`.
    pub fn at(life: &CountedLife, instant: LocalTime) -> Self {
        let mut balance = Self::default();
        if life.received_at >= instant {
            return balance;
        }
        balance.received = 1;
        let with_letter = i64::from(life.letter_on.is_some_and(|on| on.and_time(NaiveTime::MIN) < instant));
        match life.end {
            Some((at, class)) if at < instant => match class {
                EndClass::Early => balance.early = 1,
                EndClass::OnTime => balance.on_time = 1,
                EndClass::Late => {
                    balance.late = 1;
                    balance.late_with_letter = with_letter;
                }
            },
            _ => {
                let as_of = instant - TimeDelta::seconds(1);
                let past = life.past_spans.iter().find(|span| span.from <= as_of && as_of < span.until);
                let (late_from, paused) =
                    past.map_or((life.late_from, life.paused), |span| (span.late_from, span.paused));
                if is_late(late_from, as_of) {
                    balance.overdue = 1;
                    balance.overdue_with_letter = with_letter;
                } else {
                    balance.paused = i64::from(paused);
                }
            }
        }
        balance
    }

    /// Received and not ended.
    pub const fn open(&self) -> i64 {
        self.received - self.early - self.on_time - self.late
    }
}

impl AddAssign for Balance {
    fn add_assign(&mut self, other: Self) {
        let (mut sum, more) = (self.figures(), other.figures());
        sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        *self = Self::of_figures(sum);
    }
}

impl Neg for Balance {
    type Output = Self;

    fn neg(self) -> Self {
        Self::of_figures(self.figures().map(i64::wrapping_neg))
    }
}

impl SubAssign for Balance {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

/// The instants at which a dossier's balance changes, each with the change: it is in the balance of every later instant.
pub fn changes(life: &CountedLife) -> Vec<(LocalTime, Balance)> {
    let mut instants: BTreeSet<LocalTime> = [life.received_at].into();
    instants.extend(life.late_from);
    instants.extend(life.end.map(|(at, _)| at));
    instants.extend(life.letter_on.map(|on| on.and_time(NaiveTime::MIN)));
    for span in &life.past_spans {
        instants.extend([Some(span.from), Some(span.until), span.late_from].into_iter().flatten());
    }
    let mut before = Balance::default();
    let mut found = Vec::with_capacity(instants.len());
    for instant in instants {
        let after = Balance::at(life, instant + TimeDelta::seconds(1));
        let mut change = after;
        change -= before;
        before = after;
        if change != Balance::default() {
            found.push((instant, change));
        }
    }
    found
}

/// What balances are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The resolving agency.
    pub agency: AgencyCode,
    /// Field of the procedure.
    pub field: FieldCode,
    /// Tier of the procedure.
    pub level: ProcedureLevel,
    /// How the dossiers came in.
    pub channel: Channel,
}

/// Balances of many dossiers at many instants, reckoned from their lives and told apart by `K`.
#[derive(Debug, Clone)]
pub struct Ledger<K> {
    stamps: Vec<LocalTime>,
    /// For each key, what is added at each stamp to the balance of the stamp before.
    steps: HashMap<K, Vec<Balance>>,
}

impl<K: Clone + Eq + Hash> Ledger<K> {
    /// An empty ledger for these instants, in order.
    pub fn new(stamps: Vec<LocalTime>) -> Self {
        Self { stamps, steps: HashMap::new() }
    }

    /// Its instants.
    pub fn stamps(&self) -> &[LocalTime] {
        &self.stamps
    }

    /// Enters a dossier.
    pub fn enter(&mut self, key: &K, life: &CountedLife) {
        for (at, change) in changes(life) {
            let place = self.stamps.partition_point(|stamp| *stamp <= at);
            if place == self.stamps.len() {
                continue;
            }
            if !self.steps.contains_key(key) {
                self.steps.insert(key.clone(), vec![Balance::default(); self.stamps.len()]);
            }
            if let Some(step) = self.steps.get_mut(key).and_then(|steps| steps.get_mut(place)) {
                *step += change;
            }
        }
    }

    /// The same entries under other keys, several for one if need be.
    pub fn spread<L: Clone + Eq + Hash>(&self, onto: impl Fn(&K) -> Vec<L>) -> Ledger<L> {
        let mut spread = Ledger::new(self.stamps.clone());
        for (key, steps) in &self.steps {
            for key in onto(key) {
                let sums = spread.steps.entry(key).or_insert_with(|| vec![Balance::default(); steps.len()]);
                sums.iter_mut().zip(steps).for_each(|(sum, step)| *sum += *step);
            }
        }
        spread
    }

    /// The balances of every key at each stamp, stamp by stamp; keys with nothing in them are left out.
    pub fn balances(&self) -> impl Iterator<Item = (LocalTime, Vec<(&K, Balance)>)> {
        let mut running: Vec<(&K, &Vec<Balance>, Balance)> =
            self.steps.iter().map(|(key, steps)| (key, steps, Balance::default())).collect();
        self.stamps.iter().enumerate().map(move |(place, stamp)| {
            for (_, steps, sum) in &mut running {
                *sum += steps.get(place).copied().unwrap_or_default();
            }
            let filled = running.iter().filter(|(_, _, sum)| *sum != Balance::default());
            (*stamp, filled.map(|(key, _, sum)| (*key, *sum)).collect())
        })
    }
}

/// Whether the balance of `stamp` is kept at `now`: of the running day all, then of midnights, then of the 15th and the
/// 1st, on which reporting and calendar periods begin.
pub fn is_kept(stamp: LocalTime, now: LocalTime) -> bool {
    let age = (now.date() - stamp.date()).num_days();
    let is_midnight = stamp.num_seconds_from_midnight() == 0;
    age <= 0 || is_midnight && (age <= KEPT_DAYS || begins_period(stamp.date()))
}

fn begins_period(day: NaiveDate) -> bool {
    matches!(day.day(), 1 | 15)
}

/// The midnights whose balances are kept at `now`. The first is one before which nothing was received and which is kept
/// for good: from there on every balance is known.
pub fn kept_midnights(first_receipt: NaiveDate, now: LocalTime) -> Vec<LocalTime> {
    let start = first_receipt.with_day(if first_receipt.day() < 15 { 1 } else { 15 }).unwrap_or(first_receipt);
    let days = start.iter_days().take_while(|day| *day <= now.date());
    days.map(|day| day.and_time(NaiveTime::MIN)).filter(|stamp| is_kept(*stamp, now)).collect()
}

#[cfg(test)]
mod tests;
