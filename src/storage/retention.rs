//! Forgetting persons: which dossiers ended long enough ago, and what is erased beside their rows.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::files::{self, FileRecord};
use super::hand_offs;
use super::listing::below;
use super::schema::{deliveries, dossiers, files as file_rows, letter_exchange, letter_holds, letters, signed_papers};
use super::{from_json, parsed, to_json};
use crate::domain::dossier_code::DossierCode;
use crate::domain::exchange::Told;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// Letters that are still to be worked on.
const OPEN: [&str; 3] = ["draft", "submitted", "rejected"];
/// National codes of rejected, withdrawn and stopped: what ended so at intake has no end that counts.
const ENDED_AT_INTAKE: [i16; 3] = [3, 7, 8];

/// Codes after `after` of the dossiers whose last move was before `before`, that have ended and still name persons: of the
/// agency and those below it, or of all.
///
/// # Errors
/// [`StorageError`].
pub fn ended_before(
    reader: &mut Reader,
    before: LocalTime,
    agency: Option<&AgencyCode>,
    after: &str,
    limit: i64,
) -> Result<Vec<DossierCode>, StorageError> {
    let ended = dossiers::ended_at.is_not_null().or(dossiers::status.eq_any(ENDED_AT_INTAKE)).or(dossiers::void);
    let mut query = dossiers::table
        .filter(ended)
        .filter(dossiers::last_move_at.lt(before).and(dossiers::anonymised_at.is_null()))
        .filter(dossiers::ended_at.is_null().or(dossiers::ended_at.lt(before)))
        .filter(dossiers::code.gt(after))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(dossiers::code)
        .into_boxed();
    if let Some(agency) = agency {
        query = query.filter(dossiers::agency.eq_any(below(agency.as_str())));
    }
    let codes: Vec<String> = query.load(&mut *reader.connection)?;
    codes.iter().map(|code| parsed("dossier code", code)).collect()
}

/// Whether a letter of the dossier is still to be worked on.
///
/// # Errors
/// [`StorageError`].
pub fn has_open_letter(reader: &mut Reader, dossier: &DossierCode) -> Result<bool, StorageError> {
    let open = letters::table.filter(letters::dossier.eq(dossier.to_string()).and(letters::status.eq_any(OPEN)));
    Ok(diesel::select(exists(open)).get_result(&mut *reader.connection)?)
}

/// Whether an e-office still holds a letter of the dossier.
///
/// # Errors
/// [`StorageError`].
pub fn is_held(reader: &mut Reader, dossier: &DossierCode) -> Result<bool, StorageError> {
    let own = letters::table.filter(letters::dossier.eq(dossier.to_string())).select(letters::id);
    let held = letter_holds::table.filter(letter_holds::letter.eq_any(own).and(letter_holds::state.eq("held")));
    Ok(diesel::select(exists(held)).get_result(&mut *reader.connection)?)
}

/// Erases what names persons beside the row of an anonymised dossier: reasons in its journal, words of its letters and of
/// their exchange, signed papers, notices, and files. Answers the files, whose contents are still in the store.
///
/// # Errors
/// [`StorageError`].
pub fn erase_beside(tx: &mut Tx, dossier: &DossierCode) -> Result<Vec<FileRecord>, StorageError> {
    let code = dossier.to_string();
    dialect::empty_reasons(tx, &code)?;
    hand_offs::erase_words(tx, &code)?;
    let own = || letters::table.filter(letters::dossier.eq(code.clone())).select(letters::id);
    diesel::update(letter_holds::table.filter(letter_holds::letter.eq_any(own())))
        .set(letter_holds::reason.eq(None::<String>))
        .execute(&mut *tx.connection)?;
    let told: Vec<(String, i64, String)> = letter_exchange::table
        .filter(letter_exchange::letter.eq_any(own()))
        .select((letter_exchange::letter, letter_exchange::seq, letter_exchange::told))
        .load(&mut *tx.connection)?;
    for (letter, seq, told) in told {
        let told = Told { text: None, attachment: None, ..from_json("told", &told)? };
        diesel::update(letter_exchange::table.find((letter, seq)))
            .set(letter_exchange::told.eq(to_json("told", &told)?))
            .execute(&mut *tx.connection)?;
    }
    diesel::delete(signed_papers::table.filter(signed_papers::letter.eq_any(own()))).execute(&mut *tx.connection)?;
    tx.held = None;
    diesel::update(letters::table.filter(letters::dossier.eq(&code)))
        .set((
            letters::reason.eq(None::<String>),
            letters::remark.eq(None::<String>),
            letters::version.eq(letters::version + 1),
        ))
        .execute(&mut *tx.connection)?;
    let notices = deliveries::line.eq_any(["email", "gateway"]);
    diesel::delete(deliveries::table.filter(deliveries::dossier.eq(&code).and(notices)))
        .execute(&mut *tx.connection)?;
    let files = files::page(tx, dossier, None, "", i64::MAX)?;
    diesel::delete(file_rows::table.filter(file_rows::dossier.eq(&code))).execute(&mut *tx.connection)?;
    Ok(files)
}
