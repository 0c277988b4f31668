//! Dossiers: taking a code, storing a change with its journal, and finding them again.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use super::connection::{AnyConnection, MultiBackend};
use super::db::{Reader, Tx};
use super::dialect;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::journal::{self, Appended};
use super::schema::{dossiers, past_spans};
use super::shown;
use crate::domain::dossier::Span;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::transition::SpanChange;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// Who writes, and when: stands beside every event.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// Name of the actor.
    pub actor: &'a str,
    /// For whom they stand in.
    pub on_behalf_of: Option<&'a str>,
    /// Now.
    pub now: LocalTime,
}

/// A new dossier with the history that is imported with it.
#[derive(Debug, Clone, Copy)]
pub struct Filed<'a> {
    /// The dossier as it stands after its history.
    pub record: &'a Record,
    /// Its events.
    pub events: &'a [(LocalTime, Event)],
    /// Its spans that are over.
    pub spans: &'a [Span],
}

/// The next code of an agency's day.
///
/// # Errors
/// [`StorageError`].
pub fn next_code(tx: &mut Tx, agency: &AgencyCode, day: NaiveDate) -> Result<DossierCode, StorageError> {
    let number = dialect::advance_counter(tx, agency.as_str(), day)?;
    Ok(DossierCode::compose(agency.clone(), day, number.unsigned_abs()))
}

/// How many codes of an agency's day are wanted, and the highest number of those that came from elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// New codes.
    pub new: i64,
    /// No new code up to this number.
    pub reserved: u64,
}

/// Keeps codes that came from elsewhere from being given out again, and takes new ones: the last of each agency's day,
/// those before it belong to the caller, too.
///
/// # Errors
/// [`StorageError`].
pub fn take_codes(
    tx: &mut Tx,
    wanted: &BTreeMap<(AgencyCode, NaiveDate), Wanted>,
) -> Result<BTreeMap<(AgencyCode, NaiveDate), i64>, StorageError> {
    let reserved = wanted.iter().filter(|(_, wanted)| wanted.reserved > 0);
    let reserved = reserved.map(|((agency, day), wanted)| {
        let last = i64::try_from(wanted.reserved).map_err(|cause| StorageError::corrupt("code sequence", cause))?;
        Ok((agency.as_str(), *day, last))
    });
    dialect::reserve_counters(tx, &reserved.collect::<Result<Vec<_>, StorageError>>()?)?;
    let new = wanted.iter().filter(|(_, wanted)| wanted.new > 0);
    let new: Vec<_> = new.map(|((agency, day), wanted)| (agency.as_str(), *day, wanted.new)).collect();
    let reached = dialect::advance_counters(tx, &new)?;
    reached.into_iter().map(|(agency, day, last)| Ok(((super::parsed("agency code", &agency)?, day), last))).collect()
}

/// Stores a new dossier with its first events.
///
/// # Errors
/// [`StorageError::Duplicate`] when the code is taken.
pub fn insert(
    tx: &mut Tx,
    record: &Record,
    events: &[(LocalTime, Event)],
    spans: &SpanChange,
    stamp: Stamp<'_>,
) -> Result<(), StorageError> {
    diesel::insert_into(dossiers::table).values(Row::of(record, &tx.vault)?).execute(&mut *tx.connection)?;
    store_spans(tx, &record.code, spans)?;
    journal::append(tx, record, 0, stamp, events)
}

/// Stores new dossiers with their imported histories at once.
///
/// # Errors
/// [`StorageError::Duplicate`] when a code is taken.
pub fn insert_imported(tx: &mut Tx, filed: &[Filed<'_>], stamp: Stamp<'_>) -> Result<(), StorageError> {
    let rows = filed.iter().map(|one| Row::of(one.record, &tx.vault)).collect::<Result<Vec<Row>, StorageError>>()?;
    dialect::insert_all!(tx, dossiers, rows);
    let spans = filed.iter().flat_map(|one| {
        let dossier = one.record.code.to_string();
        one.spans.iter().map(move |span| SpanRow::of(&dossier, span))
    });
    dialect::insert_all!(tx, past_spans, spans.collect::<Vec<SpanRow>>());
    let appended: Vec<Appended<'_>> =
        filed.iter().map(|one| Appended { record: one.record, last: 0, events: one.events }).collect();
    journal::append_all(tx, &appended, true, stamp)
}

/// Stores of dossiers read in [`find_all_to_change`] that their lateness is noted, with the events of it; their versions are
/// counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn note_lateness(
    tx: &mut Tx,
    noted: &mut [(Record, Vec<(LocalTime, Event)>)],
    stamp: Stamp<'_>,
) -> Result<(), StorageError> {
    let codes: Vec<String> = noted.iter().map(|(record, _)| record.code.to_string()).collect();
    let changed = diesel::update(dossiers::table.filter(dossiers::code.eq_any(&codes)))
        .set((dossiers::lateness_noted.eq(true), dossiers::version.eq(dossiers::version + 1)))
        .execute(&mut *tx.connection)?;
    if changed != noted.len() {
        return Err(StorageError::Stale);
    }
    noted.iter_mut().for_each(|(record, _)| record.version += 1);
    let lasts = journal::last_seqs(tx, &codes)?;
    let last = |record: &Record| lasts.get(&record.code.to_string()).copied().unwrap_or_default();
    let appended: Vec<Appended<'_>> =
        noted.iter().map(|(record, events)| Appended { record, last: last(record), events }).collect();
    journal::append_all(tx, &appended, false, stamp)
}

/// Which of these codes are taken.
///
/// # Errors
/// [`StorageError`].
pub fn taken(reader: &mut Reader, codes: &[String]) -> Result<HashSet<String>, StorageError> {
    let found: Vec<String> =
        dossiers::table.filter(dossiers::code.eq_any(codes)).select(dossiers::code).load(&mut *reader.connection)?;
    Ok(found.into_iter().collect())
}

/// Stores what a change made of a dossier, its spans and its events; `record.version` is the version it was read with,
/// and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(
    tx: &mut Tx,
    record: &mut Record,
    events: &[(LocalTime, Event)],
    spans: &SpanChange,
    stamp: Stamp<'_>,
) -> Result<(), StorageError> {
    let read_version = record.version;
    record.version += 1;
    let row = Row::of(record, &tx.vault)?;
    let update = Update { code: record.code.to_string(), read_version, set: row.as_changeset() };
    if update.execute(&mut *tx.connection)? != 1 {
        return Err(StorageError::Stale);
    }
    store_spans(tx, &record.code, spans)?;
    if events.is_empty() {
        return Ok(());
    }
    let last = journal::last_seq(tx, &record.code)?;
    journal::append(tx, record, last, stamp, events)
}

/// The update of a whole row. Diesel has each of its own planned anew, since their columns may differ; here they never do.
struct Update {
    code: String,
    read_version: i64,
    set: <Row as AsChangeset>::Changeset,
}

impl QueryFragment<MultiBackend> for Update {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("UPDATE dossiers SET ");
        self.set.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE dossiers.code = ");
        out.push_bind_param::<Text, _>(&self.code)?;
        out.push_sql(" AND dossiers.version = ");
        out.push_bind_param::<BigInt, _>(&self.read_version)
    }
}

impl QueryId for Update {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::RunQueryDsl<AnyConnection> for Update {}

fn store_spans(tx: &mut Tx, code: &DossierCode, change: &SpanChange) -> Result<(), StorageError> {
    let code = code.to_string();
    let spans = match change {
        SpanChange::Unchanged => return Ok(()),
        SpanChange::Closed(spans) => spans,
        SpanChange::Replaced(spans) => {
            diesel::delete(past_spans::table.filter(past_spans::dossier.eq(&code))).execute(&mut *tx.connection)?;
            spans
        }
    };
    for span in spans {
        diesel::insert_into(past_spans::table).values(SpanRow::of(&code, span)).execute(&mut *tx.connection)?;
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = past_spans, treat_none_as_default_value = false)]
struct SpanRow {
    dossier: String,
    starts_at: LocalTime,
    ends_at: LocalTime,
    late_from: Option<LocalTime>,
    paused: bool,
}

impl SpanRow {
    fn of(dossier: &str, span: &Span) -> Self {
        let Span { from: starts_at, until: ends_at, late_from, paused } = *span;
        Self { dossier: dossier.to_owned(), starts_at, ends_at, late_from, paused }
    }
}

/// One dossier.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, code: &DossierCode) -> Result<Option<Record>, StorageError> {
    let row = dossiers::table
        .filter(dossiers::code.eq(code.to_string()))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(|row| row.read(&reader.vault)).transpose()
}

/// The resolving agency of a dossier, and where it was handed in.
///
/// # Errors
/// [`StorageError`].
pub fn agencies_of(reader: &mut Reader, code: &DossierCode) -> Result<Option<(AgencyCode, AgencyCode)>, StorageError> {
    let found: Option<(String, String)> = dossiers::table
        .filter(dossiers::code.eq(code.to_string()))
        .select((dossiers::agency, dossiers::received_by))
        .first(&mut *reader.connection)
        .optional()?;
    let read = |code: &str| super::parsed("agency code", code);
    found.map(|(agency, received_by)| Ok((read(&agency)?, read(&received_by)?))).transpose()
}

/// These dossiers, in no order.
///
/// # Errors
/// [`StorageError`].
pub fn find_all(reader: &mut Reader, codes: &[String]) -> Result<Vec<Record>, StorageError> {
    let rows: Vec<Row> =
        dossiers::table.filter(dossiers::code.eq_any(codes)).select(Row::as_select()).load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}

/// One dossier, kept from other writers until the transaction ends.
///
/// # Errors
/// [`StorageError`].
pub fn find_to_change(tx: &mut Tx, code: &DossierCode) -> Result<Option<Record>, StorageError> {
    dialect::lock_dossier(tx, &code.to_string())?;
    shown::find_held(tx, code)
}

/// These dossiers in the order of their codes, kept from other writers until the transaction ends.
///
/// # Errors
/// [`StorageError`].
pub fn find_all_to_change(tx: &mut Tx, codes: &[String]) -> Result<Vec<Record>, StorageError> {
    dialect::lock_dossiers(tx, codes)?;
    let mut records = find_all(tx, codes)?;
    records.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(records)
}

/// A dossier's spans that are over, in order.
///
/// # Errors
/// [`StorageError`].
pub fn past_spans_of(reader: &mut Reader, code: &DossierCode) -> Result<Vec<Span>, StorageError> {
    let rows: Vec<(LocalTime, LocalTime, Option<LocalTime>, bool)> = past_spans::table
        .filter(past_spans::dossier.eq(code.to_string()))
        .order(past_spans::starts_at.asc())
        .select((past_spans::starts_at, past_spans::ends_at, past_spans::late_from, past_spans::paused))
        .load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(|(from, until, late_from, paused)| Span { from, until, late_from, paused }).collect())
}

/// Codes of open dossiers that became overdue by `now` and have no letter for it yet, longest overdue first.
///
/// # Errors
/// [`StorageError`].
pub fn newly_overdue(reader: &mut Reader, now: LocalTime, limit: i64) -> Result<Vec<DossierCode>, StorageError> {
    let codes: Vec<String> = dossiers::table
        .filter(dossiers::ended_at.is_null().and(dossiers::late_from.le(now)))
        .filter(diesel::dsl::not(dossiers::void).and(diesel::dsl::not(dossiers::lateness_noted)))
        .order((dossiers::late_from.asc(), dossiers::code.asc()))
        .limit(limit)
        .select(dossiers::code)
        .load(&mut *reader.connection)?;
    parsed_codes(&codes)
}

/// Codes of open dossiers whose clock runs and whose deadline lies at or before `until`: those to be warned about.
///
/// # Errors
/// [`StorageError`].
pub fn due_by(
    reader: &mut Reader,
    after: &str,
    until: LocalTime,
    limit: i64,
) -> Result<Vec<DossierCode>, StorageError> {
    let codes: Vec<String> = dossiers::table
        .filter(dossiers::ended_at.is_null().and(dossiers::late_from.is_not_null()))
        .filter(diesel::dsl::not(dossiers::void).and(diesel::dsl::not(dossiers::lateness_noted)))
        .filter(dossiers::due_at.le(until).and(dossiers::code.gt(after)))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(dossiers::code)
        .load(&mut *reader.connection)?;
    parsed_codes(&codes)
}

/// Codes after `after`, in order: of all dossiers, or of those counted and not ended.
///
/// # Errors
/// [`StorageError`].
pub fn page_of_codes(
    reader: &mut Reader,
    open_only: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<DossierCode>, StorageError> {
    let mut query = dossiers::table
        .filter(dossiers::code.gt(after))
        .order(dossiers::code.asc())
        .limit(limit)
        .select(dossiers::code)
        .into_boxed();
    if open_only {
        query = query.filter(dossiers::received_at.is_not_null().and(dossiers::ended_at.is_null()));
        query = query.filter(diesel::dsl::not(dossiers::void));
    }
    let codes: Vec<String> = query.load(&mut *reader.connection)?;
    parsed_codes(&codes)
}

fn parsed_codes(codes: &[String]) -> Result<Vec<DossierCode>, StorageError> {
    codes.iter().map(|code| super::parsed("dossier code", code)).collect()
}

/// The first receipt of all.
///
/// # Errors
/// [`StorageError`].
pub fn first_receipt(reader: &mut Reader) -> Result<Option<LocalTime>, StorageError> {
    Ok(dossiers::table.select(diesel::dsl::min(dossiers::received_at)).first(&mut *reader.connection)?)
}
