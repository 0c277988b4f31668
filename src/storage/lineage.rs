//! Who took over from whom, and whose objects are therefore within reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::parsed;
use super::schema::{agencies, agency_lineage, agency_successors, agency_tree};
use crate::domain::succession::Successions;
use crate::domain::vocabulary::AgencyCode;

/// All whose work came to an agency, through others, too.
///
/// # Errors
/// [`StorageError`].
pub fn before(reader: &mut Reader, agency: Option<&AgencyCode>) -> Result<Vec<AgencyCode>, StorageError> {
    let Some(agency) = agency else { return Ok(Vec::new()) };
    let read = |reader: &mut Reader| {
        let codes = agency_lineage::table
            .filter(agency_lineage::agency.eq(agency.as_str()).and(agency_lineage::predecessor.ne(agency.as_str())))
            .order(agency_lineage::predecessor.asc())
            .select(agency_lineage::predecessor)
            .load::<String>(&mut *reader.connection)?;
        codes.iter().map(|code| parsed("agency code", code)).collect::<Result<_, _>>().map(Arc::new).map(Some)
    };
    let before = reader.remembered(|reference| &reference.lineages, agency, read)?;
    Ok(before.map(|before| before.to_vec()).unwrap_or_default())
}

/// Whether `code` is `root`, below it, or came to one of these.
///
/// # Errors
/// [`StorageError`].
pub fn is_held(reader: &mut Reader, code: &AgencyCode, root: &AgencyCode) -> Result<bool, StorageError> {
    let read = |reader: &mut Reader| {
        let codes = held(root.as_str()).load::<String>(&mut *reader.connection)?;
        codes.iter().map(|code| parsed("agency code", code)).collect::<Result<_, _>>().map(Arc::new).map(Some)
    };
    let held = reader.remembered(|reference| &reference.held, root, read)?;
    Ok(held.is_some_and(|held| held.contains(code)))
}

/// The codes of an agency, of all below it, and of all whose work came to these, to be looked for among.
#[diesel::dsl::auto_type]
pub(in crate::storage) fn held<'a>(root: &'a str) -> _ {
    agency_tree::table
        .inner_join(agency_lineage::table.on(agency_lineage::agency.eq(agency_tree::descendant)))
        .filter(agency_tree::ancestor.eq(root))
        .select(agency_lineage::predecessor)
}

/// Who took over from whom.
///
/// # Errors
/// [`StorageError`].
pub fn successions(reader: &mut Reader) -> Result<Successions, StorageError> {
    let pairs: Vec<(String, String)> = agency_successors::table
        .select((agency_successors::agency, agency_successors::successor))
        .load(&mut *reader.connection)?;
    let read = |code: &str| parsed("agency code", code);
    pairs.iter().map(|(agency, successor)| Ok((read(agency)?, read(successor)?))).collect()
}

/// Every agency with itself and each one whose work came to it, as stored.
///
/// # Errors
/// [`StorageError`].
pub fn pairs(reader: &mut Reader) -> Result<BTreeSet<(AgencyCode, AgencyCode)>, StorageError> {
    let rows: Vec<(String, String)> = agency_lineage::table
        .select((agency_lineage::agency, agency_lineage::predecessor))
        .load(&mut *reader.connection)?;
    let read = |code: &str| parsed("agency code", code);
    rows.iter().map(|(agency, predecessor)| Ok((read(agency)?, read(predecessor)?))).collect()
}

/// Makes a new agency known, which nobody came before.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn begin(tx: &mut Tx, agency: &str) -> Result<(), StorageError> {
    tx.changes_reference();
    diesel::insert_into(agency_lineage::table)
        .values((agency_lineage::agency.eq(agency), agency_lineage::predecessor.eq(agency)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Sets who comes after an agency, and reckons anew whose work came to whom.
///
/// # Errors
/// [`StorageError`].
pub fn set_successors(tx: &mut Tx, agency: &AgencyCode, successors: &BTreeSet<AgencyCode>) -> Result<(), StorageError> {
    tx.changes_reference();
    let former = successions(tx)?.successors(agency);
    diesel::delete(agency_successors::table.filter(agency_successors::agency.eq(agency.as_str())))
        .execute(&mut *tx.connection)?;
    for successor in successors {
        diesel::insert_into(agency_successors::table)
            .values((
                agency_successors::agency.eq(agency.as_str()),
                agency_successors::successor.eq(successor.as_str()),
            ))
            .execute(&mut *tx.connection)?;
    }
    // They show from whom they took over: it is a change of theirs, too.
    let changed = former.symmetric_difference(successors).map(AgencyCode::as_str);
    diesel::update(agencies::table.filter(agencies::code.eq_any(changed)))
        .set(agencies::version.eq(agencies::version + 1))
        .execute(&mut *tx.connection)?;
    diesel::delete(agency_lineage::table.filter(agency_lineage::agency.ne(agency_lineage::predecessor)))
        .execute(&mut *tx.connection)?;
    let all = successions(tx)?;
    for heir in all.heirs() {
        for predecessor in all.lineage(heir).iter().filter(|predecessor| *predecessor != heir) {
            diesel::insert_into(agency_lineage::table)
                .values((
                    agency_lineage::agency.eq(heir.as_str()),
                    agency_lineage::predecessor.eq(predecessor.as_str()),
                ))
                .execute(&mut *tx.connection)?;
        }
    }
    Ok(())
}
