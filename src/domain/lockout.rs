//! How long a name or an address has to wait after failed sign-ins.
//!
//! A name waits whether or not there is such a user, and never longer than [`PER_NAME`]'s cap: attempts made meanwhile are
//! refused and do not count, so that nobody can lengthen a wait. Addresses are dearer, because a whole office shares one.

use chrono::TimeDelta;

use super::vocabulary::LocalTime;

/// The first wait, in seconds; it doubles with each further failure.
const FIRST_WAIT: i64 = 30;
/// Failures beyond the free ones are told apart this far: 30 s × 2⁵ is more than the longest cap.
const LEVELS: i32 = 5;

/// What failures cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The failure with which waiting begins.
    free: i32,
    /// One failure is forgotten in this time.
    forgets_one_in: TimeDelta,
    /// The longest wait.
    cap: TimeDelta,
}

/// For the name to sign in with: 30 s after the fifth failure, doubling to 15 minutes.
pub const PER_NAME: Policy = Policy { free: 5, forgets_one_in: TimeDelta::minutes(15), cap: TimeDelta::minutes(15) };
/// For an address: after a hundred failures, six a minute.
pub const PER_ADDRESS: Policy =
    Policy { free: 100, forgets_one_in: TimeDelta::seconds(10), cap: TimeDelta::seconds(60) };

/// The failures of one name or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How many there were, less those forgotten by `last_at`.
    pub failures: i32,
    /// When the last one was.
    pub last_at: LocalTime,
    /// Until when nothing is tried.
    pub locked_until: Option<LocalTime>,
}

impl Tally {
    /// No failures.
    pub const fn none(now: LocalTime) -> Self {
        Self { failures: 0, last_at: now, locked_until: None }
    }

    /// How many seconds are still to be waited.
    pub fn wait(&self, now: LocalTime) -> Option<i64> {
        self.locked_until.map(|until| (until - now).num_seconds()).filter(|seconds| *seconds > 0)
    }

    /// With one more failure.
    #[must_use]
    pub fn failed(self, policy: Policy, now: LocalTime) -> Self {
        let elapsed = (now - self.last_at).num_seconds().max(0);
        let forgotten = i32::try_from(elapsed / policy.forgets_one_in.num_seconds()).unwrap_or(i32::MAX);
        let left = self.failures.saturating_sub(forgotten).max(0);
        let failures = (left + 1).min(policy.free + LEVELS);
        let level = failures - policy.free;
        let wait = (level >= 0).then(|| TimeDelta::seconds(FIRST_WAIT << level).min(policy.cap));
        Self { failures, last_at: now, locked_until: wait.map(|wait| now + wait) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> LocalTime {
        let start = chrono::NaiveDate::from_ymd_opt(2026, 3, 2).unwrap().and_hms_opt(9, 0, 0).unwrap();
        start + TimeDelta::seconds(seconds)
    }

    #[test]
    fn waits_double_from_the_fifth_failure_to_the_cap() {
        let (mut tally, mut now, mut waits) = (Tally::none(at(0)), 0, Vec::new());
        for _ in 0..12 {
            tally = tally.failed(PER_NAME, at(now));
            let wait = tally.wait(at(now)).unwrap_or(0);
            waits.push(wait);
            now += wait;
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn a_failure_is_forgotten_in_a_quarter_of_an_hour() {
        let four = (0..4).fold(Tally::none(at(0)), |tally, _| tally.failed(PER_NAME, at(0)));
        assert_eq!(four.failed(PER_NAME, at(899)).wait(at(899)), Some(30));
        assert_eq!(four.failed(PER_NAME, at(900)).wait(at(900)), None);
        assert_eq!(four.failed(PER_NAME, at(1_000_000)).failures, 1);
    }

    #[test]
    fn an_office_behind_one_address_may_mistype_six_times_a_minute_for_ever() {
        let mut tally = Tally::none(at(0));
        for place in 0..1_000 {
            tally = tally.failed(PER_ADDRESS, at(place * 10));
            assert_eq!(tally.wait(at(place * 10)), None);
        }
        let burst = (0..100).fold(Tally::none(at(0)), |tally, _| tally.failed(PER_ADDRESS, at(0)));
        assert_eq!(burst.wait(at(0)), Some(30));
        assert_eq!(burst.failed(PER_ADDRESS, at(5)).wait(at(5)), Some(60));
    }
}
