//! Time and chance, passed in: the one home of the system clock and of the random source.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::domain::vocabulary::LocalTime;

/// The zone of the office, the clock and the dice.
#[derive(Debug, Clone)]
pub struct Ambient {
    zone: Tz,
    clock: Clock,
    dice: Dice,
}

#[derive(Debug, Clone)]
enum Clock {
    System,
    Set(Arc<Mutex<LocalTime>>),
}

#[derive(Debug, Clone)]
enum Dice {
    System,
    /// The state of a generator (splitmix64).
    Loaded(Arc<Mutex<u64>>),
}

impl Ambient {
    /// The system's clock, read in `zone`.
    pub fn system(zone: Tz) -> Self {
        Self { zone, clock: Clock::System, dice: Dice::System }
    }

    /// A clock that stands at `now` until it is moved; for tests and demonstrations.
    pub fn standing_at(zone: Tz, now: LocalTime) -> Self {
        Self { zone, clock: Clock::Set(Arc::new(Mutex::new(now))), dice: Dice::System }
    }

    /// A clock that stands, and dice that fall the same way for the same `seed`: for simulations, whose secrets anybody can guess.
    pub fn simulated(zone: Tz, now: LocalTime, seed: u64) -> Self {
        Self { dice: Dice::Loaded(Arc::new(Mutex::new(seed))), ..Self::standing_at(zone, now) }
    }

    /// Moves a standing clock; a system clock goes its own way.
    pub fn set(&self, now: LocalTime) {
        if let Clock::Set(instant) = &self.clock {
            *instant.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }

    /// Now, in the civil time of the zone and whole seconds.
    pub fn now(&self) -> LocalTime {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
            Clock::System => self.local(chrono::Utc::now().fixed_offset()),
            Clock::Set(instant) => *instant.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Now to the fraction of a second, to show how long work took; a standing clock has no fractions.
    pub fn wall_clock(&self) -> SystemTime {
        match &self.clock {
            #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
            Clock::System => SystemTime::now(),
            Clock::Set(_) => {
                SystemTime::UNIX_EPOCH + Duration::from_secs(self.unix(self.now()).try_into().unwrap_or_default())
            }
        }
    }

    /// Today in the zone.
    pub fn today(&self) -> NaiveDate {
        self.now().date()
    }

    /// An instant with an offset, as civil time of the zone; fractions of a second are dropped.
    pub fn local(&self, at: DateTime<FixedOffset>) -> LocalTime {
        let local = at.with_timezone(&self.zone).naive_local();
        local.with_nanosecond(0).unwrap_or(local)
    }

    /// A civil time of the zone, with its offset.
    pub fn zoned(&self, at: LocalTime) -> DateTime<FixedOffset> {
        let zoned = self.zone.from_local_datetime(&at).earliest();
        let offset = zoned.map_or_else(|| self.zone.offset_from_utc_datetime(&at).fix(), |at| at.offset().fix());
        (at - TimeDelta::seconds(i64::from(offset.local_minus_utc()))).and_utc().with_timezone(&offset)
    }

    /// Seconds since 1970, for tokens.
    pub fn unix(&self, at: LocalTime) -> i64 {
        self.zoned(at).timestamp()
    }

    /// A new opaque identifier; later ones sort after earlier ones (UUID version 7).
    pub fn new_id(&self) -> String {
        let millis = u64::try_from(self.zoned(self.now()).timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid().simple().to_string()
    }

    /// Random bytes fit for secrets.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: going on without it would hand out guessable secrets.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        if let Dice::Loaded(state) = &self.dice {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.fill_with(|| roll(&mut state));
            return bytes;
        }
        #[expect(clippy::expect_used, reason = "no randomness, no secrets: there is nothing to fall back on")]
        getrandom::fill(&mut bytes).expect("the operating system gives no randomness");
        bytes
    }
}

/// The next byte of loaded dice.
fn roll(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_be_bytes()[0]
}
