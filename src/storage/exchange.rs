//! The exchange of letters with an e-office: what it holds, what went and came, and what waits for it.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::letters::{self, LetterRecord};
use super::lineage::held;
use super::listing::Visible;
use super::schema::{dossiers, letter_exchange, letter_holds, letters as letter_rows};
use super::{from_json, parsed, to_json};
use crate::domain::document_number::DocumentNumber;
use crate::domain::exchange::{Effect, EntryKind, Hold, Told, Waiting};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// An entry of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The letter.
    pub letter: String,
    /// Its place among the entries of the letter, from 1.
    pub seq: i64,
    /// What a repetition has in common with the first; unique for the letter.
    pub repeat_key: String,
    /// When it was recorded.
    pub at: LocalTime,
    /// By whom it came, or who fetched it.
    pub actor: String,
    /// How it went.
    pub kind: EntryKind,
    /// Result, business of the packet or code of the status.
    pub code: String,
    /// What it did.
    pub effect: Effect,
    /// What was told.
    pub told: Told,
}

/// A letter that an e-office asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLetter {
    /// The letter.
    pub record: LetterRecord,
    /// The agency that resolves its dossier.
    pub agency: AgencyCode,
    /// What the e-office has of it.
    pub hold: Option<Hold>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = letter_holds, treat_none_as_null = true)]
struct HoldRow {
    letter: String,
    document_id: String,
    round: i32,
    state: String,
    sent_as: String,
    fetched_at: NaiveDateTime,
    reason: Option<String>,
    new_return_at: Option<NaiveDateTime>,
}

impl HoldRow {
    fn of(letter: &str, hold: &Hold) -> Self {
        Self {
            letter: letter.to_owned(),
            document_id: hold.document_id.to_string(),
            round: hold.round,
            state: hold.state.to_string(),
            sent_as: hold.sent_as.to_string(),
            fetched_at: hold.fetched_at,
            reason: hold.reason.clone(),
            new_return_at: hold.new_return_at,
        }
    }

    fn read(self) -> Result<Hold, StorageError> {
        Ok(Hold {
            round: self.round,
            state: parsed("hold", &self.state)?,
            document_id: parsed("document id", &self.document_id)?,
            sent_as: parsed("business", &self.sent_as)?,
            fetched_at: self.fetched_at,
            reason: self.reason,
            new_return_at: self.new_return_at,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = letter_exchange)]
struct EntryRow {
    letter: String,
    seq: i64,
    repeat_key: String,
    at: NaiveDateTime,
    actor: String,
    kind: String,
    code: String,
    effect: String,
    told: String,
}

impl EntryRow {
    fn of(entry: &Entry) -> Result<Self, StorageError> {
        Ok(Self {
            letter: entry.letter.clone(),
            seq: entry.seq,
            repeat_key: entry.repeat_key.clone(),
            at: entry.at,
            actor: entry.actor.clone(),
            kind: entry.kind.to_string(),
            code: entry.code.clone(),
            effect: entry.effect.to_string(),
            told: to_json("told", &entry.told)?,
        })
    }

    fn read(self) -> Result<Entry, StorageError> {
        Ok(Entry {
            letter: self.letter,
            seq: self.seq,
            repeat_key: self.repeat_key,
            at: self.at,
            actor: self.actor,
            kind: parsed("kind of exchange", &self.kind)?,
            code: self.code,
            effect: parsed("effect", &self.effect)?,
            told: from_json("told", &self.told)?,
        })
    }
}

/// What the e-office has of a letter.
///
/// # Errors
/// [`StorageError`].
pub fn hold_of(reader: &mut Reader, letter: &str) -> Result<Option<Hold>, StorageError> {
    let row = letter_holds::table
        .filter(letter_holds::letter.eq(letter))
        .select(HoldRow::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(HoldRow::read).transpose()
}

/// Stores what the e-office has of a letter; its dossier is locked.
///
/// # Errors
/// [`StorageError`].
pub fn set_hold(tx: &mut Tx, letter: &str, hold: &Hold) -> Result<(), StorageError> {
    let row = HoldRow::of(letter, hold);
    let changed = diesel::update(letter_holds::table.filter(letter_holds::letter.eq(letter)))
        .set(&row)
        .execute(&mut *tx.connection)?;
    if changed == 0 {
        diesel::insert_into(letter_holds::table).values(row).execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// The entry that a repetition repeats.
///
/// # Errors
/// [`StorageError`].
pub fn entry_of(reader: &mut Reader, letter: &str, repeat_key: &str) -> Result<Option<Entry>, StorageError> {
    let row = letter_exchange::table
        .filter(letter_exchange::letter.eq(letter).and(letter_exchange::repeat_key.eq(repeat_key)))
        .select(EntryRow::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(EntryRow::read).transpose()
}

/// Adds an entry behind the last of its letter, whose dossier is locked; `entry.seq` is set.
///
/// # Errors
/// [`StorageError`].
pub fn append(tx: &mut Tx, entry: &mut Entry) -> Result<(), StorageError> {
    let last: Option<i64> = letter_exchange::table
        .filter(letter_exchange::letter.eq(&entry.letter))
        .select(max(letter_exchange::seq))
        .first(&mut *tx.connection)?;
    entry.seq = last.unwrap_or(0) + 1;
    diesel::insert_into(letter_exchange::table).values(EntryRow::of(entry)?).execute(&mut *tx.connection)?;
    Ok(())
}

/// The entries of a letter behind `after`, in order.
///
/// # Errors
/// [`StorageError`].
pub fn entries(reader: &mut Reader, letter: &str, after: i64, limit: i64) -> Result<Vec<Entry>, StorageError> {
    let rows: Vec<EntryRow> = letter_exchange::table
        .filter(letter_exchange::letter.eq(letter).and(letter_exchange::seq.gt(after)))
        .order(letter_exchange::seq.asc())
        .limit(limit)
        .select(EntryRow::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// The letters that were issued by an agency on a day under a number.
///
/// # Errors
/// [`StorageError`].
pub fn issued_as(
    reader: &mut Reader,
    agency: &AgencyCode,
    on: chrono::NaiveDate,
    number: &DocumentNumber,
) -> Result<Vec<String>, StorageError> {
    Ok(letter_rows::table
        .inner_join(dossiers::table.on(dossiers::code.eq(letter_rows::dossier)))
        .filter(letter_rows::promulgated_on.eq(on).and(letter_rows::number.eq(i64::from(number.number()))))
        .filter(letter_rows::notation.eq(number.notation()).and(dossiers::agency.eq(agency.as_str())))
        .select(letter_rows::id)
        .load(&mut *reader.connection)?)
}

/// Letters that an e-office is asked to sign or to give back, in the order they were opened, behind `after`.
///
/// # Errors
/// [`StorageError`].
pub fn waiting(
    reader: &mut Reader,
    which: Waiting,
    visible: &Visible,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<WaitingLetter>, StorageError> {
    let mut query = letter_rows::table
        .inner_join(dossiers::table.on(dossiers::code.eq(letter_rows::dossier)))
        .left_join(letter_holds::table.on(letter_holds::letter.eq(letter_rows::id)))
        .select((letter_rows::id, dossiers::agency, Option::<HoldRow>::as_select()))
        .filter(diesel::dsl::not(dossiers::void).or(letter_rows::status.ne("submitted")))
        .order((letter_rows::created_at.asc(), letter_rows::id.asc()))
        .limit(limit)
        .into_boxed();
    // Spelt out, so that a plan made once still knows the partial index.
    query = match which {
        Waiting::Submitted => query.filter(sql::<Bool>("letters.status = 'submitted'")),
        Waiting::Recalled => query
            .filter(sql::<Bool>("letter_holds.state = 'held'"))
            .filter(sql::<Bool>("letters.status <> 'submitted'")),
    };
    query = match visible {
        Visible::Everything => query,
        Visible::Of(agencies) => query.filter(dossiers::agency.eq_any(agencies.iter().map(AgencyCode::as_str))),
        Visible::Below(agency) => query.filter(dossiers::agency.eq_any(held(agency.as_str()))),
    };
    if let Some((at, id)) = after {
        let created_at = letter_rows::created_at;
        query = query.filter(created_at.gt(at).or(created_at.eq(at).and(letter_rows::id.gt(id))));
    }
    let rows: Vec<(String, String, Option<HoldRow>)> = query.load(&mut *reader.connection)?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let mut records: HashMap<String, LetterRecord> =
        letters::find_all(reader, &ids)?.into_iter().map(|record| (record.letter.id.clone(), record)).collect();
    let whole = |(id, agency, hold): (String, String, Option<HoldRow>)| {
        // One that was moved on between the two statements is left out.
        let record = records.remove(&id)?;
        let hold = hold.map(HoldRow::read).transpose();
        Some(hold.and_then(|hold| Ok(WaitingLetter { record, agency: parsed("agency code", &agency)?, hold })))
    };
    rows.into_iter().filter_map(whole).collect()
}
