//! How often something may be asked for: token buckets in memory, in a table that cannot grow without end.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};

/// A limit: so many at once, which come back evenly over a time.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Its name in the headers.
    pub name: &'static str,
    /// How many.
    pub most: u32,
    /// Over how long an empty bucket fills up, in seconds.
    pub seconds: u32,
}

/// How a bucket stands after it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// How many are left.
    pub left: u32,
    /// Until it is full again, in seconds.
    pub full_in: u64,
    /// Refused: until the next one, in seconds.
    pub retry_in: Option<u64>,
}

/// One bucket for each of many askers.
#[derive(Debug)]
pub struct Buckets {
    quota: Quota,
    /// How many buckets are kept.
    most: usize,
    /// When each is full again, in milliseconds; one that is not here is full. Askers are known by their hash, so that
    /// each takes the same little space whatever it sends.
    full_at: Mutex<HashMap<u64, i64>>,
    hasher: RandomState,
}

impl Buckets {
    /// Buckets of this quota, `most` of them at most.
    pub fn new(quota: Quota, most: usize) -> Self {
        Self { quota, most, full_at: Mutex::default(), hasher: RandomState::new() }
    }

    /// The quota of each.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// Takes one out of the bucket of `asker`; `now` in seconds since 1970.
    pub fn take(&self, asker: impl Hash, now: i64) -> Level {
        let (asker, now) = (self.hasher.hash_one(asker), now * 1000);
        let mut table = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = self.full_at(&table, asker, now);
        let after = full_at + self.each();
        let beyond = after - (now + self.window());
        if beyond > 0 {
            // What a clock that was set back left behind is put right once, and not at every refusal anew.
            table.insert(asker, full_at);
            return Level { retry_in: Some(seconds(beyond)), ..self.level(full_at, now) };
        }
        make_room(&mut table, self.most, now);
        table.insert(asker, after);
        self.level(after, now)
    }

    /// Puts one back into the bucket of `asker`.
    pub fn put_back(&self, asker: impl Hash, now: i64) -> Level {
        let (asker, now) = (self.hasher.hash_one(asker), now * 1000);
        let mut table = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = (self.full_at(&table, asker, now) - self.each()).max(now);
        if full_at == now {
            table.remove(&asker);
        } else {
            table.insert(asker, full_at);
        }
        self.level(full_at, now)
    }

    /// When a bucket is full; one whose time a clock that was set back made absurd is just empty.
    fn full_at(&self, table: &HashMap<u64, i64>, asker: u64, now: i64) -> i64 {
        table.get(&asker).copied().unwrap_or(now).clamp(now, now + self.window())
    }

    fn level(&self, full_at: i64, now: i64) -> Level {
        let left = (now + self.window() - full_at) / self.each();
        Level { left: u32::try_from(left).unwrap_or_default(), full_in: seconds(full_at - now), retry_in: None }
    }

    fn window(&self) -> i64 {
        i64::from(self.quota.seconds) * 1000
    }

    fn each(&self) -> i64 {
        (self.window() / i64::from(self.quota.most.max(1))).max(1)
    }
}

/// Milliseconds in whole seconds, rounded up.
fn seconds(millis: i64) -> u64 {
    u64::try_from(millis.max(0)).unwrap_or_default().div_ceil(1000)
}

/// Makes room in a full table: full buckets go, then a quarter of the rest, those that are nearest to full.
fn make_room(table: &mut HashMap<u64, i64>, most: usize, now: i64) {
    if table.len() < most {
        return;
    }
    table.retain(|_, full_at| *full_at > now);
    if table.len() <= most - most / 4 {
        return;
    }
    let mut times: Vec<i64> = table.values().copied().collect();
    let (_, &mut bound, _) = times.select_nth_unstable(most / 4);
    let mut surplus = most / 4 + 1;
    table.retain(|_, full_at| {
        let goes = *full_at <= bound && surplus > 0;
        surplus -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { name: "test", most: 3, seconds: 60 };

    #[test]
    fn a_bucket_gives_its_most_at_once_and_then_one_each_third_of_the_time() {
        let buckets = Buckets::new(QUOTA, 10);
        let given: Vec<_> = (0..4).map(|_| buckets.take("a", 1_000)).collect();
        assert_eq!(given.iter().map(|level| level.left).collect::<Vec<_>>(), [2, 1, 0, 0]);
        assert_eq!(given.iter().map(|level| level.retry_in).collect::<Vec<_>>(), [None, None, None, Some(20)]);
        assert_eq!(buckets.take("b", 1_000).left, 2, "everyone has their own");
        assert_eq!(buckets.take("a", 1_019).retry_in, Some(1));
        assert_eq!(buckets.take("a", 1_020), Level { left: 0, full_in: 60, retry_in: None });
        assert_eq!(buckets.take("a", 1_080).left, 2, "full again");
    }

    #[test]
    fn what_is_put_back_can_be_taken_again() {
        let buckets = Buckets::new(QUOTA, 10);
        for _ in 0..10 {
            assert_eq!(buckets.take("a", 0).retry_in, None);
            assert_eq!(buckets.put_back("a", 0).left, 3);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_longer_than_the_time() {
        let buckets = Buckets::new(QUOTA, 10);
        buckets.take("a", 1_000_000);
        assert_eq!(buckets.take("a", 0).retry_in, Some(20));
        assert_eq!(buckets.take("a", 60).retry_in, None);
    }

    #[test]
    fn the_table_stays_within_its_bound_and_keeps_the_emptiest() {
        let buckets = Buckets::new(QUOTA, 100);
        for _ in 0..3 {
            buckets.take("guesser", 0);
        }
        for asker in 0..10_000 {
            buckets.take(asker, 0);
            assert!(buckets.full_at.lock().unwrap().len() <= 100);
        }
        assert!(buckets.take("guesser", 0).retry_in.is_some(), "other askers do not wash a guesser's count away");
    }
}
