//! The service index of Decision 766/QĐ-TTg, group "progress": the on-time rate (2.1) and the average time (2.2).
//!
//! Both stand on what form II.06a counts, so that the two can be laid side by side. The readings:
//!
//! * *On time* is what [`timeliness`](super::timeliness) says: the end is compared with the deadline in force, which for
//!   a term counted in days is its whole last day (Civil Code 2015 art. 148(1)), as the portals compare the dates of
//!   `NgayKetThucXuLy` and `NgayHenTra`. A re-appointment moves nothing.
//! * The end is the finish, else the withdrawal or the stop, never the hand-over; a refusal is a finish.
//! * What waits for a supplement ends, for the index, with the request: only what was late by then is late. A payment
//!   stops the clock, too, and is read the same way; what is open otherwise ends with the period.
//! * More than one request for supplements makes a dossier late. Requests at intake do not count: they come before the
//!   receipt from which time runs, and one there and one after appraisal are both lawful (Decree 61/2018 art. 15(3), 19(4)).
//! * Without an appointment there is no longest time in the catalogue to compare with, either: such a dossier is on time.
//! * Time is calendar time, since the rule subtracts clock times: end − receipt − waits for supplements.

use std::ops::AddAssign;

use super::event::Event;
use super::statistics::{CountedLife, Rate, Tally, Window, tally_of};
use super::vocabulary::LocalTime;

/// A wait for a supplement asked for after the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// When it was asked for.
    pub from: LocalTime,
    /// When it was completed; `None` for a wait that runs or was cut short by the end.
    pub until: Option<LocalTime>,
}

/// The waits for supplements that a journal tells of, in order. A correction moves the receipt and no request, and what
/// undoes an end lets its wait run on: each request and each return holds as it was recorded.
pub fn waits<'a>(journal: impl IntoIterator<Item = (LocalTime, &'a Event)>) -> Vec<Wait> {
    let mut is_received = false;
    let mut waits: Vec<Wait> = Vec::new();
    for (at, event) in journal {
        match event {
            Event::Received { .. } => is_received = true,
            Event::SupplementRequested { .. } if is_received => waits.push(Wait { from: at, until: None }),
            Event::Resumed { .. } => {
                // After a payment no wait is open.
                if let Some(wait) = waits.last_mut().filter(|wait| wait.until.is_none()) {
                    wait.until = Some(at);
                }
            }
            _ => {}
        }
    }
    waits
}

/// What supplements make of the figures of form II.06a.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Supplements {
    /// Ended early or on time, but asked for more than once: late by the index.
    pub resolved_asked_again: i64,
    /// Open within the deadline, but asked for more than once: late by the index.
    pub within_asked_again: i64,
    /// Seconds that dossiers received and ended in the period waited for supplements.
    pub seconds: i64,
}

impl Supplements {
    /// What the waits of one dossier change.
    pub fn of(life: &CountedLife, waits: &[Wait], window: &Window) -> Self {
        let tally = tally_of(life, window);
        let requests = waits.iter().filter(|wait| wait.from < window.until).count();
        let again = i64::from(requests > 1);
        let waited_until =
            |end: LocalTime| waits.iter().map(move |wait| (wait.until.unwrap_or(end) - wait.from).num_seconds()).sum();
        Self {
            resolved_asked_again: again * (tally.early + tally.on_time),
            within_asked_again: again * tally.within,
            seconds: completed_at(life, window).map_or(0, waited_until),
        }
    }
}

impl AddAssign for Supplements {
    fn add_assign(&mut self, other: Self) {
        self.resolved_asked_again += other.resolved_asked_again;
        self.within_asked_again += other.within_asked_again;
        self.seconds += other.seconds;
    }
}

/// Dossiers received and ended in the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completed {
    /// How many.
    pub count: i64,
    /// Seconds from their receipts to their ends.
    pub seconds: i64,
}

impl Completed {
    /// What one dossier adds. The SQL of `storage::service_index` says the same for many at once; the tests of random
    /// histories hold the two against each other.
    pub fn of(life: &CountedLife, window: &Window) -> Self {
        completed_at(life, window)
            .map(|end| Self { count: 1, seconds: (end - life.received_at).num_seconds() })
            .unwrap_or_default()
    }
}

impl AddAssign for Completed {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.seconds += other.seconds;
    }
}

/// When a dossier ended that was received and ended in the period.
fn completed_at(life: &CountedLife, window: &Window) -> Option<LocalTime> {
    let end = life.end.map(|(at, _)| at)?;
    (life.received_at >= window.from && end < window.until).then_some(end)
}

/// The progress group of the index for a set of dossiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServiceIndex {
    /// The figures of form II.06a.
    pub form_06a: Tally,
    /// What supplements make of them.
    pub supplements: Supplements,
    /// What the average time is taken over.
    pub completed: Completed,
}

impl ServiceIndex {
    /// What one dossier adds.
    pub fn of(life: &CountedLife, waits: &[Wait], window: &Window) -> Self {
        Self {
            form_06a: tally_of(life, window),
            supplements: Supplements::of(life, waits, window),
            completed: Completed::of(life, window),
        }
    }

    /// Resolved in the period, on time.
    pub const fn resolved_on_time(&self) -> i64 {
        self.form_06a.early + self.form_06a.on_time - self.supplements.resolved_asked_again
    }

    /// In progress at its end, within the deadline.
    pub const fn in_progress_within(&self) -> i64 {
        self.form_06a.within - self.supplements.within_asked_again
    }

    /// 2.1: resolved on time and in progress within the deadline, out of all received or being processed in the period.
    pub const fn on_time_rate(&self) -> Rate {
        Rate { numerator: self.resolved_on_time() + self.in_progress_within(), denominator: self.form_06a.received() }
    }

    /// 2.2: the seconds that dossiers received and ended in the period took, out of how many they are.
    pub const fn average_seconds(&self) -> Rate {
        Rate { numerator: self.completed.seconds - self.supplements.seconds, denominator: self.completed.count }
    }
}

impl AddAssign for ServiceIndex {
    fn add_assign(&mut self, other: Self) {
        self.form_06a += other.form_06a;
        self.supplements += other.supplements;
        self.completed += other.completed;
    }
}

#[cfg(test)]
mod tests;
