//! The chance of a run: everything that is left open falls as its seed says.

use chrono::{NaiveDateTime, TimeDelta};

/// A stream of numbers that one seed determines (splitmix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, and not including, `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % u64::try_from(end).unwrap()).unwrap()
    }

    /// From `from` up to `to`, both included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.number() % u64::try_from(to - from + 1).unwrap()).unwrap()
    }

    /// Happens so many times out of a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.number() % 100 < share
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of the choices, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let mut left = self.number() % choices.iter().map(|(weight, _)| weight).sum::<u64>();
        for (weight, choice) in choices {
            if left < *weight {
                return *choice;
            }
            left -= weight;
        }
        unreachable!("less than the sum of the weights")
    }

    /// Mostly now, sometimes up to so many hours before.
    pub fn at_most_back(&mut self, now: NaiveDateTime, hours: i64) -> NaiveDateTime {
        if self.percent(80) { now } else { now - TimeDelta::seconds(self.between(0, hours * 3_600)) }
    }
}
