//! The calendar of the next year, missed aloud from October on, once a day, whichever process does the work.

use chrono::{Days, NaiveTime};

use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::calendar::missing_year;
use crate::storage::{Db, calendars, leases};

/// Name of the lease that whoever has said it today holds until midnight.
const SAID: &str = "calendar_missing";

/// The year that is missing, for the first who asks on a day; `None` for all others, and when none is.
///
/// # Errors
/// [`Fault::Storage`].
pub fn missing_today(db: &Db, ambient: &Ambient) -> Result<Option<i32>, Fault> {
    let now = ambient.now();
    let national = db.read(calendars::national)?;
    let Some(year) = missing_year(&national, now.date()) else { return Ok(None) };
    let midnight = (now.date() + Days::new(1)).and_time(NaiveTime::MIN);
    let holder = ambient.new_id();
    let is_first = db.write(|tx| leases::acquire(tx, SAID, &holder, now, midnight - now))?;
    Ok(is_first.then_some(year))
}
