//! Loaded calendar years, office hours and closures.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use diesel::prelude::*;

use super::agencies::line_upwards;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::schema::{calendar_years, closures, office_hours};
use super::{from_json, to_json};
use crate::domain::calendar::{NationalCalendar, SpecialDay};
use crate::domain::office::{OfficeCalendar, Session, WeekHours};
use crate::domain::vocabulary::AgencyCode;

/// Opening and closing of each session of each weekday, Monday first, as stored.
type StoredWeek = [Vec<(NaiveTime, NaiveTime)>; 7];

/// A dated version of an agency's office hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedHours {
    /// The agency that set them.
    pub agency: String,
    /// First day they hold.
    pub from: NaiveDate,
    /// The hours.
    pub hours: WeekHours,
    /// Counts changes of this version.
    pub version: i64,
}

/// A day on which an agency closes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = closures)]
pub struct Closure {
    /// Opaque identifier.
    pub id: String,
    /// The agency.
    pub agency: String,
    /// The day.
    pub closed_on: NaiveDate,
    /// Why.
    pub reason: String,
}

/// The national calendar with every loaded year in it.
///
/// # Errors
/// [`StorageError`].
pub fn national(reader: &mut Reader) -> Result<Arc<NationalCalendar>, StorageError> {
    reader.remembered_calendar(|reader| Ok(NationalCalendar::new(loaded_years(reader)?)))
}

/// The days of every loaded year.
///
/// # Errors
/// [`StorageError`].
pub fn loaded_years(reader: &mut Reader) -> Result<BTreeMap<i32, Vec<SpecialDay>>, StorageError> {
    let rows: Vec<(i32, String)> =
        calendar_years::table.select((calendar_years::year, calendar_years::days)).load(&mut *reader.connection)?;
    rows.into_iter().map(|(year, days)| Ok((year, from_json("calendar year", &days)?))).collect()
}

/// How often a year was loaded; `None` when never.
///
/// # Errors
/// [`StorageError`].
pub fn year_version(reader: &mut Reader, year: i32) -> Result<Option<i64>, StorageError> {
    Ok(calendar_years::table
        .filter(calendar_years::year.eq(year))
        .select(calendar_years::version)
        .first(&mut *reader.connection)
        .optional()?)
}

/// Loads a year in place of what was there.
///
/// # Errors
/// [`StorageError`].
pub fn load_year(tx: &mut Tx, year: i32, days: &[SpecialDay]) -> Result<i64, StorageError> {
    tx.changes_reference();
    let version = year_version(tx, year)?.unwrap_or(0) + 1;
    diesel::delete(calendar_years::table.filter(calendar_years::year.eq(year))).execute(&mut *tx.connection)?;
    diesel::insert_into(calendar_years::table)
        .values((
            calendar_years::year.eq(year),
            calendar_years::days.eq(to_json("calendar year", &days)?),
            calendar_years::version.eq(version),
        ))
        .execute(&mut *tx.connection)?;
    Ok(version)
}

/// Sets an agency's hours from a day on, in place of any set for the same day.
///
/// # Errors
/// [`StorageError`].
pub fn set_hours(tx: &mut Tx, new: &DatedHours) -> Result<(), StorageError> {
    tx.changes_reference();
    let stored: StoredWeek = std::array::from_fn(|day| {
        let sessions = new.hours.on(weekday(day)).iter();
        sessions.map(|session| (session.open, session.close)).collect()
    });
    let same_day = office_hours::agency.eq(&new.agency).and(office_hours::valid_from.eq(new.from));
    diesel::delete(office_hours::table.filter(same_day)).execute(&mut *tx.connection)?;
    diesel::insert_into(office_hours::table)
        .values((
            office_hours::agency.eq(&new.agency),
            office_hours::valid_from.eq(new.from),
            office_hours::weekdays.eq(to_json("office hours", &stored)?),
            office_hours::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The hours that hold for an agency, oldest first: its own versions, before them those of the nearest agency above
/// that has any.
///
/// # Errors
/// [`StorageError`].
pub fn hours(reader: &mut Reader, agency: &AgencyCode) -> Result<Vec<DatedHours>, StorageError> {
    let line = line_upwards(reader, agency)?;
    let rows: Vec<(String, NaiveDate, String, i64)> = office_hours::table
        .filter(office_hours::agency.eq_any(&line))
        .order(office_hours::valid_from.asc())
        .load(&mut *reader.connection)?;
    let mut versions: Vec<DatedHours> = Vec::new();
    for above in &line {
        let begins = versions.first().map_or(NaiveDate::MAX, |first| first.from);
        let own = rows.iter().filter(|(owner, from, ..)| owner == above && *from < begins);
        let own = own.map(dated_hours).collect::<Result<Vec<_>, _>>()?;
        versions.splice(0..0, own);
    }
    Ok(versions)
}

fn dated_hours((agency, from, week, version): &(String, NaiveDate, String, i64)) -> Result<DatedHours, StorageError> {
    let stored: StoredWeek = from_json("office hours", week)?;
    let sessions = stored.map(|day| day.into_iter().map(|(open, close)| Session { open, close }).collect());
    let hours = WeekHours::new(sessions).map_err(|cause| StorageError::corrupt("office hours", cause))?;
    Ok(DatedHours { agency: agency.clone(), from: *from, hours, version: *version })
}

fn weekday(days_from_monday: usize) -> chrono::Weekday {
    u8::try_from(days_from_monday).ok().and_then(|day| day.try_into().ok()).unwrap_or(chrono::Weekday::Mon)
}

/// Closes an agency for a day.
///
/// # Errors
/// [`StorageError::Duplicate`] when it is closed already.
pub fn insert_closure(tx: &mut Tx, new: &Closure) -> Result<(), StorageError> {
    tx.changes_reference();
    diesel::insert_into(closures::table).values(new).execute(&mut *tx.connection)?;
    Ok(())
}

/// An agency's closures in order of date, after `after`.
///
/// # Errors
/// [`StorageError`].
pub fn page_of_closures(
    reader: &mut Reader,
    agency: &AgencyCode,
    after: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<Closure>, StorageError> {
    let mut query = closures::table
        .filter(closures::agency.eq(agency.as_str()))
        .order(closures::closed_on.asc())
        .limit(limit)
        .select(Closure::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(closures::closed_on.gt(after));
    }
    Ok(query.load(&mut *reader.connection)?)
}

/// An agency's working time over the stored national calendar.
///
/// # Errors
/// [`StorageError`].
pub fn stored_office(reader: &mut Reader, agency: &AgencyCode) -> Result<Arc<OfficeCalendar>, StorageError> {
    let read = |reader: &mut Reader| {
        let national = national(reader)?;
        office(reader, &national, agency).map(Arc::new).map(Some)
    };
    let office = reader.remembered(|reference| &reference.offices, agency, read)?;
    office.ok_or_else(|| StorageError::corrupt("office", "missing"))
}

/// An agency's working time: its hours and closures over a national calendar.
///
/// # Errors
/// [`StorageError`].
pub fn office(
    reader: &mut Reader,
    national: &Arc<NationalCalendar>,
    agency: &AgencyCode,
) -> Result<OfficeCalendar, StorageError> {
    let versions = hours(reader, agency)?.into_iter().map(|dated| (dated.from, dated.hours)).collect();
    let closed: BTreeMap<NaiveDate, String> = closures::table
        .filter(closures::agency.eq(agency.as_str()))
        .select((closures::closed_on, closures::reason))
        .load::<(NaiveDate, String)>(&mut *reader.connection)?
        .into_iter()
        .collect();
    Ok(OfficeCalendar::new(Arc::clone(national), versions, closed))
}
