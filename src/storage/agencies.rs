//! Agencies and their tree.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::lineage;
use super::listing::below;
use super::parsed;
use super::schema::{agencies, agency_tree};
use crate::domain::forms::letterhead::Imprint;
use crate::domain::succession::Validity;
use crate::domain::vocabulary::{AgencyCode, AgencyLevel, LocalTime};

/// An agency as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its identifier.
    pub code: AgencyCode,
    /// Its name.
    pub name: String,
    /// Its tier.
    pub level: AgencyLevel,
    /// The agency above it.
    pub parent: Option<AgencyCode>,
    /// What its papers say beside its name.
    pub imprint: Imprint,
    /// When it is there.
    pub validity: Validity,
    /// Counts its changes.
    pub version: i64,
}

impl Agency {
    /// A new agency that is always there.
    pub fn new(
        code: AgencyCode,
        name: String,
        level: AgencyLevel,
        parent: Option<AgencyCode>,
        imprint: Imprint,
    ) -> Self {
        Self { code, name, level, parent, imprint, validity: Validity::default(), version: 1 }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = agencies)]
struct Row {
    code: String,
    name: String,
    level: String,
    parent: Option<String>,
    place: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    symbol: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    version: i64,
}

impl Row {
    fn read(self) -> Result<Agency, StorageError> {
        let Self { place, address, phone, symbol, .. } = self;
        Ok(Agency {
            code: parsed("agency code", &self.code)?,
            name: self.name,
            level: parsed("agency level", &self.level)?,
            parent: self.parent.map(|parent| parsed("agency code", &parent)).transpose()?,
            imprint: Imprint { place, address, phone, symbol },
            validity: Validity::new(self.valid_from, self.valid_to)
                .map_err(|cause| StorageError::corrupt("validity", cause))?,
            version: self.version,
        })
    }
}

/// From here to the end of the transaction nobody else changes who stands below whom and who comes after whom.
///
/// # Errors
/// [`StorageError`].
pub fn hold(tx: &mut Tx) -> Result<(), StorageError> {
    dialect::lock_agencies(tx)
}

/// Adds an agency below its parent.
///
/// # Errors
/// [`StorageError::Duplicate`] when the code is taken.
pub fn insert(tx: &mut Tx, new: &Agency, now: LocalTime) -> Result<(), StorageError> {
    tx.changes_reference();
    let created_at: NaiveDateTime = now;
    diesel::insert_into(agencies::table)
        .values((
            agencies::code.eq(new.code.as_str()),
            agencies::name.eq(&new.name),
            agencies::level.eq(new.level.as_str()),
            agencies::parent.eq(new.parent.as_ref().map(AgencyCode::as_str)),
            agencies::created_at.eq(created_at),
            agencies::place.eq(&new.imprint.place),
            agencies::address.eq(&new.imprint.address),
            agencies::phone.eq(&new.imprint.phone),
            agencies::symbol.eq(&new.imprint.symbol),
            agencies::valid_from.eq(new.validity.from()),
            agencies::valid_to.eq(new.validity.to()),
            agencies::version.eq(new.version),
        ))
        .execute(&mut *tx.connection)?;
    lineage::begin(tx, new.code.as_str())?;
    let mut line = vec![(new.code.as_str().to_owned(), 0)];
    if let Some(parent) = &new.parent {
        let above: Vec<(String, i32)> = agency_tree::table
            .filter(agency_tree::descendant.eq(parent.as_str()))
            .select((agency_tree::ancestor, agency_tree::distance))
            .load(&mut *tx.connection)?;
        line.extend(above.into_iter().map(|(ancestor, distance)| (ancestor, distance + 1)));
    }
    for (ancestor, distance) in line {
        diesel::insert_into(agency_tree::table)
            .values((
                agency_tree::ancestor.eq(ancestor),
                agency_tree::descendant.eq(new.code.as_str()),
                agency_tree::distance.eq(distance),
            ))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Stores the changed members of an agency, but for its place in the tree ([`relocate`]); `agency.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, agency: &mut Agency) -> Result<(), StorageError> {
    tx.changes_reference();
    let read_version = agency.version;
    agency.version += 1;
    let changed = diesel::update(agencies::table)
        .filter(agencies::code.eq(agency.code.as_str()).and(agencies::version.eq(read_version)))
        .set((
            agencies::name.eq(&agency.name),
            agencies::place.eq(&agency.imprint.place),
            agencies::address.eq(&agency.imprint.address),
            agencies::phone.eq(&agency.imprint.phone),
            agencies::symbol.eq(&agency.imprint.symbol),
            agencies::valid_from.eq(agency.validity.from()),
            agencies::valid_to.eq(agency.validity.to()),
            agencies::version.eq(agency.version),
        ))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One agency.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, code: &AgencyCode) -> Result<Option<Agency>, StorageError> {
    let row = agencies::table
        .filter(agencies::code.eq(code.as_str()))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// One agency, from what was read under the present stamp.
///
/// # Errors
/// [`StorageError`].
pub fn known(reader: &mut Reader, code: &AgencyCode) -> Result<Option<Arc<Agency>>, StorageError> {
    let read = |reader: &mut Reader| Ok(find(reader, code)?.map(Arc::new));
    reader.remembered(|reference| &reference.agencies, code, read)
}

/// Moves an agency, with all below it, to another place in the tree, which is not below itself.
///
/// # Errors
/// [`StorageError`].
pub fn relocate(tx: &mut Tx, code: &AgencyCode, parent: Option<&AgencyCode>) -> Result<(), StorageError> {
    tx.changes_reference();
    diesel::update(agencies::table.filter(agencies::code.eq(code.as_str())))
        .set(agencies::parent.eq(parent.map(AgencyCode::as_str)))
        .execute(&mut *tx.connection)?;
    let below: Vec<(String, i32)> = agency_tree::table
        .filter(agency_tree::ancestor.eq(code.as_str()))
        .select((agency_tree::descendant, agency_tree::distance))
        .load(&mut *tx.connection)?;
    let moved: Vec<&str> = below.iter().map(|(descendant, _)| descendant.as_str()).collect();
    diesel::delete(
        agency_tree::table.filter(agency_tree::descendant.eq_any(&moved).and(agency_tree::ancestor.ne_all(&moved))),
    )
    .execute(&mut *tx.connection)?;
    let Some(parent) = parent else { return Ok(()) };
    let above: Vec<(String, i32)> = agency_tree::table
        .filter(agency_tree::descendant.eq(parent.as_str()))
        .select((agency_tree::ancestor, agency_tree::distance))
        .load(&mut *tx.connection)?;
    for (ancestor, up) in &above {
        for (descendant, down) in &below {
            diesel::insert_into(agency_tree::table)
                .values((
                    agency_tree::ancestor.eq(ancestor),
                    agency_tree::descendant.eq(descendant),
                    agency_tree::distance.eq(up + 1 + down),
                ))
                .execute(&mut *tx.connection)?;
        }
    }
    Ok(())
}

/// Agencies in order of their codes after `after`: all, or those of the subtree of `root` with all whose work came there.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    root: Option<&AgencyCode>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Agency>, StorageError> {
    let mut query = agencies::table.select(Row::as_select()).order(agencies::code.asc()).limit(limit).into_boxed();
    if let Some(root) = root {
        query = query.filter(agencies::code.eq_any(lineage::held(root.as_str())));
    }
    if let Some(after) = after {
        query = query.filter(agencies::code.gt(after));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

/// The codes of an agency and all below it.
///
/// # Errors
/// [`StorageError`].
pub fn subtree(reader: &mut Reader, root: &AgencyCode) -> Result<HashSet<String>, StorageError> {
    Ok(below(root.as_str()).load(&mut *reader.connection)?.into_iter().collect())
}

/// Whether an agency has none below it.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn is_leaf(reader: &mut Reader, code: &AgencyCode) -> Result<bool, StorageError> {
    let read = |reader: &mut Reader| {
        let itself_and_another: Vec<String> = below(code.as_str()).limit(2).load(&mut *reader.connection)?;
        Ok(Some(Arc::new(itself_and_another.len() == 1)))
    };
    let is_leaf = reader.remembered(|reference| &reference.leaves, code, read)?;
    Ok(is_leaf.is_some_and(|is_leaf| *is_leaf))
}

/// Whether `code` is `root` or below it.
///
/// # Errors
/// [`StorageError`].
pub fn is_within(reader: &mut Reader, code: &AgencyCode, root: &AgencyCode) -> Result<bool, StorageError> {
    let found = agency_tree::table
        .filter(agency_tree::ancestor.eq(root.as_str()).and(agency_tree::descendant.eq(code.as_str())))
        .select(agency_tree::distance)
        .first::<i32>(&mut *reader.connection)
        .optional()?;
    Ok(found.is_some())
}

/// The agency and those above it, nearest first.
///
/// # Errors
/// [`StorageError`].
pub fn line_upwards(reader: &mut Reader, code: &AgencyCode) -> Result<Vec<String>, StorageError> {
    Ok(agency_tree::table
        .filter(agency_tree::descendant.eq(code.as_str()))
        .order(agency_tree::distance.asc())
        .select(agency_tree::ancestor)
        .load(&mut *reader.connection)?)
}

/// Every agency with the one above it.
///
/// # Errors
/// [`StorageError`].
pub fn parents(reader: &mut Reader) -> Result<BTreeMap<AgencyCode, Option<AgencyCode>>, StorageError> {
    let rows: Vec<(String, Option<String>)> =
        agencies::table.select((agencies::code, agencies::parent)).load(&mut *reader.connection)?;
    let read = |code: &str| parsed("agency code", code);
    rows.iter().map(|(code, parent)| Ok((read(code)?, parent.as_deref().map(read).transpose()?))).collect()
}

/// The tree as stored: ancestor, descendant, and how far apart they are.
///
/// # Errors
/// [`StorageError`].
pub fn tree(reader: &mut Reader) -> Result<BTreeSet<(AgencyCode, AgencyCode, i32)>, StorageError> {
    let rows: Vec<(String, String, i32)> = agency_tree::table
        .select((agency_tree::ancestor, agency_tree::descendant, agency_tree::distance))
        .load(&mut *reader.connection)?;
    let read = |code: &str| parsed("agency code", code);
    rows.iter().map(|(ancestor, descendant, distance)| Ok((read(ancestor)?, read(descendant)?, *distance))).collect()
}

/// An agency with the branch of the tree that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Code of the first agency of the branch.
    pub branch: String,
    /// Its name.
    pub branch_name: String,
    /// Code of the agency.
    pub agency: String,
}

/// `root` as a branch by itself, then each agency directly below it with all below that, by code; with no root, each
/// agency that has none above it.
///
/// # Errors
/// [`StorageError`].
pub fn branches(reader: &mut Reader, root: Option<&AgencyCode>) -> Result<Vec<Member>, StorageError> {
    let mut members = Vec::new();
    if let Some(root) = root {
        let found = find(reader, root)?;
        members.extend(found.map(|agency| Member {
            branch: agency.code.to_string(),
            branch_name: agency.name,
            agency: agency.code.to_string(),
        }));
    }
    let below = agencies::table
        .inner_join(agency_tree::table.on(agency_tree::ancestor.eq(agencies::code)))
        .select((agencies::code, agencies::name, agency_tree::descendant))
        .order((agencies::code.asc(), agency_tree::descendant.asc()))
        .into_boxed();
    let below = match root {
        Some(root) => below.filter(agencies::parent.eq(root.as_str())),
        None => below.filter(agencies::parent.is_null()),
    };
    let rows: Vec<(String, String, String)> = below.load(&mut *reader.connection)?;
    members.extend(rows.into_iter().map(|(branch, branch_name, agency)| Member { branch, branch_name, agency }));
    Ok(members)
}
