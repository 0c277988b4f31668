//! The calendar of the next year, missed aloud from October on, once a day, whichever process does the work.

use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::calendar::missing_year;
use crate::storage::{Db, calendars, leases};

/// Under this name the day is noted on which it was said last.
const SAID: &str = "calendar_missing";

/// The year that is missing, for the first who asks on a day; `None` for all others, and when none is.
///
/// # Errors
/// [`Fault::Storage`].
pub fn missing_today(db: &Db, ambient: &Ambient) -> Result<Option<i32>, Fault> {
    let now = ambient.now();
    let national = db.read(calendars::national)?;
    let Some(year) = missing_year(&national, now.date()) else { return Ok(None) };
    let is_first = db.write(|tx| leases::note(tx, SAID, &now.date().to_string(), now))?;
    Ok(is_first.then_some(year))
}
