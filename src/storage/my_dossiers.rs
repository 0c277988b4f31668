//! The dossiers of one citizen: those they applied for, and those they handed in for somebody.

use diesel::prelude::*;

use super::connection::MultiBackend;
use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::schema::dossiers;
use super::vault::Vault;
use crate::domain::dossier_code::DossierCode;
use crate::domain::identity_no::IdentityNo;
use crate::domain::vocabulary::LocalTime;

/// A citizen's own. Void dossiers were entered by mistake and are nobody's.
fn own(vault: &Vault, number: &IdentityNo) -> dossiers::BoxedQuery<'static, MultiBackend> {
    let hashes = vault.identity_hashes(number.as_str());
    let is_own = dossiers::identity_hash.eq_any(hashes.clone()).or(dossiers::submitter_identity_hash.eq_any(hashes));
    dossiers::table.into_boxed().filter(is_own).filter(diesel::dsl::not(dossiers::void))
}

/// A citizen's dossiers, filed last first, after `after` (the filing and the code of the last one before).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    number: &IdentityNo,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Record>, StorageError> {
    use dossiers::{code, filed_at};
    let mut query = own(&reader.vault, number);
    if let Some((at, last)) = after {
        query = query.filter(filed_at.lt(at).or(filed_at.eq(at).and(code.lt(last.to_owned()))));
    }
    let query = query.order((filed_at.desc(), code.desc())).limit(limit);
    let rows: Vec<Row> = query.select(Row::as_select()).load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}

/// One of a citizen's dossiers.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, number: &IdentityNo, code: &DossierCode) -> Result<Option<Record>, StorageError> {
    let row: Option<Row> = own(&reader.vault, number)
        .filter(dossiers::code.eq(code.to_string()))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|row| row.read(&reader.vault)).transpose()
}
