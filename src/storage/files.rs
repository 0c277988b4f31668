//! Files of dossiers, and the claims on their contents.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::parsed;
use super::schema::{file_claims, files};
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{FileKind, LocalTime, Scan};

/// A file of a dossier; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Opaque identifier; later ones sort after earlier ones.
    pub id: String,
    /// The dossier.
    pub dossier: DossierCode,
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: String,
    /// The part of the dossier that it is a scan of (MaThanhPhanHoSo).
    pub component: Option<String>,
    /// Media type, by content.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of its content in lower-case hexadecimal.
    pub sha256: String,
    /// What the virus scanner said.
    pub scan: Scan,
    /// Name of who put it here.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: LocalTime,
}

/// Someone's claim on a content that is on its way into the store, or out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Opaque identifier.
    pub id: String,
    /// The content.
    pub sha256: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = files)]
struct Row {
    id: String,
    dossier: String,
    kind: String,
    name: String,
    component: Option<String>,
    content_type: String,
    size: i64,
    sha256: String,
    scan: String,
    uploaded_by: String,
    uploaded_at: NaiveDateTime,
}

impl Row {
    fn of(file: &FileRecord) -> Result<Self, StorageError> {
        Ok(Self {
            id: file.id.clone(),
            dossier: file.dossier.to_string(),
            kind: file.kind.to_string(),
            name: file.name.clone(),
            component: file.component.clone(),
            content_type: file.content_type.clone(),
            size: i64::try_from(file.size).map_err(|cause| StorageError::corrupt("file size", cause))?,
            sha256: file.sha256.clone(),
            scan: file.scan.to_string(),
            uploaded_by: file.uploaded_by.clone(),
            uploaded_at: file.uploaded_at,
        })
    }

    fn read(self) -> Result<FileRecord, StorageError> {
        Ok(FileRecord {
            id: self.id,
            dossier: parsed("dossier code", &self.dossier)?,
            kind: parsed("file kind", &self.kind)?,
            name: self.name,
            component: self.component,
            content_type: self.content_type,
            size: u64::try_from(self.size).map_err(|cause| StorageError::corrupt("file size", cause))?,
            sha256: self.sha256,
            scan: parsed("scan", &self.scan)?,
            uploaded_by: self.uploaded_by,
            uploaded_at: self.uploaded_at,
        })
    }
}

/// Keeps a file.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, file: &FileRecord) -> Result<(), StorageError> {
    tx.held = None;
    diesel::insert_into(files::table).values(Row::of(file)?).execute(&mut *tx.connection)?;
    Ok(())
}

/// Forgets a file.
///
/// # Errors
/// [`StorageError`].
pub fn delete(tx: &mut Tx, id: &str) -> Result<(), StorageError> {
    tx.held = None;
    diesel::delete(files::table.filter(files::id.eq(id))).execute(&mut *tx.connection)?;
    Ok(())
}

/// A file of this dossier.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, dossier: &DossierCode, id: &str) -> Result<Option<FileRecord>, StorageError> {
    let row = files::table
        .filter(files::dossier.eq(dossier.to_string()).and(files::id.eq(id)))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Files of a dossier in the order of their coming, those after `after`; of all kinds, or of one.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    dossier: &DossierCode,
    kind: Option<FileKind>,
    after: &str,
    limit: i64,
) -> Result<Vec<FileRecord>, StorageError> {
    let mut query = files::table
        .filter(files::dossier.eq(dossier.to_string()).and(files::id.gt(after)))
        .order(files::id.asc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(files::kind.eq(kind.as_str()));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

/// What was handed in with a dossier, for the portal record (`TaiLieuNop`).
///
/// # Errors
/// [`StorageError`].
pub fn components(reader: &mut Reader, dossier: &DossierCode) -> Result<Vec<FileRecord>, StorageError> {
    page(reader, dossier, Some(FileKind::Component), "", i64::MAX)
}

/// How many files each of these dossiers has; one that has none is left out.
///
/// # Errors
/// [`StorageError`].
pub fn counts(reader: &mut Reader, dossiers: &[String]) -> Result<HashMap<String, i64>, StorageError> {
    let counted: Vec<(String, i64)> = files::table
        .filter(files::dossier.eq_any(dossiers))
        .group_by(files::dossier)
        .select((files::dossier, count_star()))
        .load(&mut *reader.connection)?;
    Ok(counted.into_iter().collect())
}

/// Claims a content. Until the claim is dropped nobody takes that content out of the store.
///
/// # Errors
/// [`StorageError`].
pub fn claim(tx: &mut Tx, claim: &Claim, now: LocalTime) -> Result<(), StorageError> {
    dialect::lock_content(tx, &claim.sha256)?;
    diesel::insert_into(file_claims::table)
        .values((file_claims::id.eq(&claim.id), file_claims::sha256.eq(&claim.sha256), file_claims::claimed_at.eq(now)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Drops a claim, and answers whether the content is nobody's now: no file has it, and nobody else claims it. It stays so
/// until the transaction ends.
///
/// # Errors
/// [`StorageError`].
pub fn drop_claim(tx: &mut Tx, claim: &Claim) -> Result<bool, StorageError> {
    dialect::lock_content(tx, &claim.sha256)?;
    diesel::delete(file_claims::table.filter(file_claims::id.eq(&claim.id))).execute(&mut *tx.connection)?;
    let used = files::table.filter(files::sha256.eq(&claim.sha256));
    let claimed = file_claims::table.filter(file_claims::sha256.eq(&claim.sha256));
    Ok(!diesel::select(exists(used)).get_result::<bool>(&mut *tx.connection)?
        && !diesel::select(exists(claimed)).get_result::<bool>(&mut *tx.connection)?)
}

/// Claims made before `before`, the oldest first.
///
/// # Errors
/// [`StorageError`].
pub fn stale_claims(reader: &mut Reader, before: LocalTime, limit: i64) -> Result<Vec<Claim>, StorageError> {
    let rows: Vec<(String, String)> = file_claims::table
        .filter(file_claims::claimed_at.lt(before))
        .order((file_claims::claimed_at.asc(), file_claims::id.asc()))
        .limit(limit)
        .select((file_claims::id, file_claims::sha256))
        .load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(|(id, sha256)| Claim { id, sha256 }).collect())
}
