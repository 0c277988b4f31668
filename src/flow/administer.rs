//! Upkeep by administrators: agencies, fields, procedures, calendar years, office hours, closures.

use chrono::NaiveDate;

use super::actor::{Act, Actor};
use super::fault::Fault;
use crate::domain::calendar::SpecialDay;
use crate::domain::forms::letterhead::Imprint;
use crate::domain::office::WeekHours;
use crate::domain::procedure::{Procedure, in_force};
use crate::domain::vocabulary::{AgencyCode, AgencyLevel};
use crate::storage::agencies::{self, Agency};
use crate::storage::calendars::{self, Closure, DatedHours};
use crate::storage::procedures::{self, Field};
use crate::storage::{Reader, StorageError, Tx};

/// Whether an agency is the actor's to keep or, for those who only read, to see.
///
/// # Errors
/// [`Fault::NotFound`] for what is not there or belongs to another agency.
pub fn require_reach(reader: &mut Reader, actor: &Actor, code: &AgencyCode) -> Result<Agency, Fault> {
    let agency = agencies::find(reader, code)?.ok_or(Fault::NotFound("agency"))?;
    if actor.sides(reader, code, code)?.resolving { Ok(agency) } else { Err(Fault::NotFound("agency")) }
}

/// Adds an agency. An administrator of one agency adds below it; only one of everything adds at the top.
///
/// # Errors
/// [`Fault::Forbidden`], [`Fault::Unknown`] parent, [`Fault::Exists`].
pub fn add_agency(
    tx: &mut Tx,
    act: Act<'_>,
    code: AgencyCode,
    name: String,
    level: AgencyLevel,
    parent: Option<AgencyCode>,
    imprint: Imprint,
) -> Result<Agency, Fault> {
    match &parent {
        None if act.actor.agency.is_some() => return Err(Fault::Forbidden),
        None => {}
        Some(parent) => {
            require_reach(tx, act.actor, parent).map_err(|fault| match fault {
                Fault::NotFound(_) => Fault::Unknown { pointer: "/parent", what: "agency" },
                other => other,
            })?;
        }
    }
    let agency = Agency { code, name, level, parent, imprint, version: 1 };
    if agencies::find(tx, &agency.code)?.is_some() {
        return Err(Fault::Exists("agency"));
    }
    agencies::insert(tx, &agency, act.now).map_err(|error| exists(error, "agency"))?;
    Ok(agency)
}

/// Changes the name of an agency and what its papers say of it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`] when `expected` is not its version.
pub fn change_agency(
    tx: &mut Tx,
    act: Act<'_>,
    code: &AgencyCode,
    change: &AgencyChange,
    expected: Option<i64>,
) -> Result<Agency, Fault> {
    let mut agency = require_reach(tx, act.actor, code)?;
    require_version(expected, agency.version)?;
    let AgencyChange { name, place, address, phone, symbol } = change.clone();
    let imprint = &mut agency.imprint;
    agency.name = name.unwrap_or(agency.name);
    for (member, change) in [
        (&mut imprint.place, place),
        (&mut imprint.address, address),
        (&mut imprint.phone, phone),
        (&mut imprint.symbol, symbol),
    ] {
        if let Some(change) = change {
            *member = change;
        }
    }
    agencies::save(tx, &mut agency)?;
    Ok(agency)
}

/// What is to be changed of an agency; `Some(None)` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgencyChange {
    /// Its name.
    pub name: Option<String>,
    /// Place of its papers.
    pub place: Option<Option<String>>,
    /// Address.
    pub address: Option<Option<String>>,
    /// Telephone.
    pub phone: Option<Option<String>>,
    /// Abbreviation in notations.
    pub symbol: Option<Option<String>>,
}

/// Adds a field.
///
/// # Errors
/// [`Fault::Exists`].
pub fn add_field(tx: &mut Tx, field: Field) -> Result<Field, Fault> {
    if procedures::find_field(tx, &field.code)?.is_some() {
        return Err(Fault::Exists("field"));
    }
    procedures::insert_field(tx, &field).map_err(|error| exists(error, "field"))?;
    Ok(field)
}

/// Adds a procedure with its first version.
///
/// # Errors
/// [`Fault::Unknown`] field, [`Fault::Exists`].
pub fn add_procedure(tx: &mut Tx, act: Act<'_>, new: Procedure) -> Result<Procedure, Fault> {
    require_references(tx, &new)?;
    if !procedures::versions(tx, &new.code)?.is_empty() {
        return Err(Fault::Exists("procedure"));
    }
    procedures::insert(tx, &new, act.now).map_err(|error| exists(error, "procedure"))?;
    Ok(new)
}

/// Adds a version to a procedure, valid from today when it does not say from when. Dossiers keep theirs.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Unknown`] field, [`Fault::Changed`].
pub fn revise_procedure(
    tx: &mut Tx,
    act: Act<'_>,
    mut new: Procedure,
    expected: Option<i64>,
) -> Result<Procedure, Fault> {
    let versions = procedures::versions(tx, &new.code)?;
    let newest = versions.last().ok_or(Fault::NotFound("procedure"))?;
    require_version(expected, newest.version)?;
    require_references(tx, &new)?;
    new.version = newest.version + 1;
    let from = new.valid_from.unwrap_or(act.now.date());
    new.valid_from = Some(from);
    // An abolished procedure ends when it ended, whatever is mended about the time before.
    new.valid_to = in_force(&versions, from).ok().and_then(|replaced| replaced.valid_to);
    procedures::add_version(tx, &new, act.now)?;
    Ok(new)
}

/// Loads a calendar year; deadlines already given stay until they are recomputed.
///
/// # Errors
/// [`Fault::Forbidden`] for an administrator of one agency, [`Fault::Changed`].
pub fn load_year(
    tx: &mut Tx,
    act: Act<'_>,
    year: i32,
    days: &[SpecialDay],
    expected: Option<i64>,
) -> Result<i64, Fault> {
    if act.actor.agency.is_some() {
        return Err(Fault::Forbidden);
    }
    require_version(expected, calendars::year_version(tx, year)?.unwrap_or(0))?;
    Ok(calendars::load_year(tx, year, days)?)
}

/// Sets an agency's hours from a day on.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`].
pub fn set_hours(
    tx: &mut Tx,
    act: Act<'_>,
    agency: &AgencyCode,
    (from, hours): (NaiveDate, WeekHours),
    expected: Option<i64>,
) -> Result<(), Fault> {
    require_reach(tx, act.actor, agency)?;
    let version = hours_version(&calendars::hours(tx, agency)?, agency);
    require_version(expected, version)?;
    let new = DatedHours { agency: agency.to_string(), from, hours, version: version + 1 };
    Ok(calendars::set_hours(tx, &new)?)
}

/// Counts the changes of an agency's own hours; 0 while it has none.
pub fn hours_version(hours: &[DatedHours], agency: &AgencyCode) -> i64 {
    hours.iter().filter(|dated| dated.agency == agency.as_str()).map(|dated| dated.version).max().unwrap_or(0)
}

/// Closes an agency for a day.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Exists`].
pub fn close(tx: &mut Tx, act: Act<'_>, agency: &AgencyCode, on: NaiveDate, reason: String) -> Result<Closure, Fault> {
    require_reach(tx, act.actor, agency)?;
    let closure = Closure { id: act.ambient.new_id(), agency: agency.to_string(), closed_on: on, reason };
    tx.part(|tx| calendars::insert_closure(tx, &closure)).map_err(|error| exists(error, "closure"))?;
    Ok(closure)
}

/// What a procedure names must exist: its field, and the agency in whose list it stands.
///
/// # Errors
/// [`Fault::Unknown`].
pub(in crate::flow) fn require_references(reader: &mut Reader, procedure: &Procedure) -> Result<(), Fault> {
    if procedures::find_field(reader, &procedure.field)?.is_none() {
        return Err(Fault::Unknown { pointer: "/field", what: "field" });
    }
    match &procedure.agency {
        Some(agency) if agencies::find(reader, agency)?.is_none() => {
            Err(Fault::Unknown { pointer: "/agency", what: "agency" })
        }
        _ => Ok(()),
    }
}

fn require_version(expected: Option<i64>, actual: i64) -> Result<(), Fault> {
    if expected.is_none_or(|expected| expected == actual) { Ok(()) } else { Err(Fault::Changed) }
}

fn exists(error: StorageError, what: &'static str) -> Fault {
    match error {
        StorageError::Duplicate(_) => Fault::Exists(what),
        other => other.into(),
    }
}
