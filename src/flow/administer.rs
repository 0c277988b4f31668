//! Upkeep by administrators: agencies, fields, procedures, calendar years, office hours, closures.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::actor::{Act, Actor};
use super::fault::Fault;
use crate::domain::calendar::SpecialDay;
use crate::domain::office::WeekHours;
use crate::domain::procedure::{Procedure, in_force};
use crate::domain::refusal::Refusal;
use crate::domain::succession::{Successions, Validity};
use crate::domain::vocabulary::AgencyCode;
use crate::storage::agencies::{self, Agency};
use crate::storage::calendars::{self, Closure, DatedHours};
use crate::storage::procedures::{self, Field};
use crate::storage::{Reader, StorageError, Tx, lineage, striking};

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
/// [`Fault::Forbidden`], [`Fault::Unknown`] parent or successor, [`Fault::Exists`], [`Fault::Refused`].
pub fn add_agency(
    tx: &mut Tx,
    act: Act<'_>,
    agency: Agency,
    successors: &BTreeSet<AgencyCode>,
) -> Result<Agency, Fault> {
    agencies::hold(tx)?;
    require_place(tx, act, agency.parent.as_ref())?;
    if agencies::find(tx, &agency.code)?.is_some() {
        return Err(Fault::Exists("agency"));
    }
    agencies::insert(tx, &agency, act.now).map_err(|error| exists(error, "agency"))?;
    if !successors.is_empty() {
        succeed(tx, act, &agency, successors)?;
    }
    Ok(agency)
}

/// Only who acts everywhere puts an agency at the top; others put it below what is theirs.
fn require_place(tx: &mut Tx, act: Act<'_>, parent: Option<&AgencyCode>) -> Result<(), Fault> {
    match parent {
        None if act.actor.agency.is_some() => Err(Fault::Forbidden),
        None => Ok(()),
        Some(parent) => require_known(tx, act, parent, "/parent"),
    }
}

/// An agency that a body names must be the actor's to keep.
fn require_known(tx: &mut Tx, act: Act<'_>, code: &AgencyCode, pointer: &'static str) -> Result<(), Fault> {
    match require_reach(tx, act.actor, code) {
        Err(Fault::NotFound(what)) => Err(Fault::Unknown { pointer, what }),
        other => other.map(drop),
    }
}

/// Sets who takes over from an agency. From then on its dossiers are theirs, too.
fn succeed(tx: &mut Tx, act: Act<'_>, agency: &Agency, successors: &BTreeSet<AgencyCode>) -> Result<(), Fault> {
    for successor in successors {
        require_known(tx, act, successor, "/successors")?;
    }
    lineage::successions(tx)?.without(&agency.code).check(&agency.code, agency.validity, successors)?;
    Ok(lineage::set_successors(tx, &agency.code, successors)?)
}

/// Moves an agency with all below it. Figures of the past follow: what it counted is now in the subtree it belongs to.
/// Reports that are to stay what they were are frozen before.
fn relocate(tx: &mut Tx, act: Act<'_>, agency: &mut Agency, parent: Option<AgencyCode>) -> Result<(), Fault> {
    require_place(tx, act, parent.as_ref())?;
    if let Some(parent) = &parent
        && agencies::is_within(tx, parent, &agency.code)?
    {
        return Err(Refusal::AgencyBelowItself.into());
    }
    agencies::relocate(tx, &agency.code, parent.as_ref())?;
    agency.parent = parent;
    // Balances are struck by subtree: the worker builds them anew, and reports read the rows meanwhile.
    Ok(striking::start_anew(tx, &[], &act.ambient.new_id())?)
}

/// Changes an agency. Where it stands, when it is there and who comes after it is for who stands above it, and not for
/// who took over from it.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`] when `expected` is not its version, [`Fault::Forbidden`], [`Fault::Unknown`],
/// [`Fault::Refused`].
pub fn change_agency(
    tx: &mut Tx,
    act: Act<'_>,
    code: &AgencyCode,
    change: &AgencyChange,
    expected: Option<i64>,
) -> Result<Agency, Fault> {
    if change.is_of_its_standing() {
        agencies::hold(tx)?;
    }
    let mut agency = require_reach(tx, act.actor, code)?;
    require_version(expected, agency.version)?;
    if change.is_of_its_standing()
        && let Some(own) = &act.actor.agency
        && !agencies::is_within(tx, code, own)?
    {
        return Err(Fault::Forbidden);
    }
    let AgencyChange { name, place, address, phone, symbol, parent, valid_from, valid_to, successors } = change.clone();
    let validity = agency.validity;
    agency.validity = Validity::new(valid_from.unwrap_or(validity.from()), valid_to.unwrap_or(validity.to()))?;
    if let Some(parent) = parent.filter(|parent| *parent != agency.parent) {
        relocate(tx, act, &mut agency, parent)?;
    }
    let known = lineage::successions(tx)?.successors(code);
    match successors.filter(|successors| *successors != known) {
        Some(successors) => succeed(tx, act, &agency, &successors)?,
        // The end of what has successors is not taken back.
        None => Successions::default().check(code, agency.validity, &known)?,
    }
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
    /// The agency above it.
    pub parent: Option<Option<AgencyCode>>,
    /// Its first day.
    pub valid_from: Option<Option<NaiveDate>>,
    /// Its last day.
    pub valid_to: Option<Option<NaiveDate>>,
    /// Who takes over from it.
    pub successors: Option<BTreeSet<AgencyCode>>,
}

impl AgencyChange {
    const fn is_of_its_standing(&self) -> bool {
        self.parent.is_some() || self.valid_from.is_some() || self.valid_to.is_some() || self.successors.is_some()
    }
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
/// [`Fault::Changed`].
pub fn load_year(tx: &mut Tx, year: i32, days: &[SpecialDay], expected: Option<i64>) -> Result<i64, Fault> {
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
