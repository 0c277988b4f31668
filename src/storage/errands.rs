//! Errands: opinions and parts that other agencies are asked for.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::connection::MultiBackend;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::parsed;
use super::schema::{dossiers, errands};
use super::sql::{Sql, Value};
use crate::domain::deadline::Deadline;
use crate::domain::dossier_code::DossierCode;
use crate::domain::errand::{Ending, Errand, ErrandKind, ErrandStatus, ErrandTally};
use crate::domain::statistics::Window;
use crate::domain::term::TermTally;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = errands, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    kind: String,
    dossier: String,
    agency: String,
    subject: String,
    started_at: LocalTime,
    started_by: String,
    due_at: LocalTime,
    late_from: LocalTime,
    status: String,
    ended_at: Option<LocalTime>,
    ended_by: Option<String>,
    ended_class: Option<String>,
    outcome: Option<String>,
    version: i64,
}

impl Row {
    fn of(errand: &Errand) -> Self {
        let end = errand.end.as_ref();
        Self {
            id: errand.id.clone(),
            kind: errand.kind.to_string(),
            dossier: errand.dossier.to_string(),
            agency: errand.agency.to_string(),
            subject: errand.subject.clone(),
            started_at: errand.started.0,
            started_by: errand.started.1.clone(),
            due_at: errand.deadline.due_at,
            late_from: errand.deadline.late_from,
            status: errand.status().to_string(),
            ended_at: end.map(|end| end.at),
            ended_by: end.map(|end| end.by.clone()),
            ended_class: end.and_then(|end| end.class).map(|class| class.as_str().to_owned()),
            outcome: end.and_then(|end| end.outcome.clone()),
            version: errand.version,
        }
    }

    fn read(self) -> Result<Errand, StorageError> {
        let class = self.ended_class.map(|class| parsed("class", &class)).transpose()?;
        let outcome = self.outcome;
        Ok(Errand {
            id: self.id,
            kind: parsed("kind of errand", &self.kind)?,
            dossier: parsed("dossier code", &self.dossier)?,
            agency: parsed("agency code", &self.agency)?,
            subject: self.subject,
            started: (self.started_at, self.started_by),
            deadline: Deadline { due_on: self.due_at.date(), due_at: self.due_at, late_from: self.late_from },
            end: self.ended_at.zip(self.ended_by).map(|(at, by)| Ending { at, by, class, outcome }),
            version: self.version,
        })
    }
}

/// Stores a new errand.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, errand: &Errand) -> Result<(), StorageError> {
    diesel::insert_into(errands::table).values(Row::of(errand)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores a changed errand; `errand.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, errand: &mut Errand) -> Result<(), StorageError> {
    let read_version = errand.version;
    errand.version += 1;
    let changed = diesel::update(errands::table)
        .filter(errands::id.eq(&errand.id).and(errands::version.eq(read_version)))
        .set(Row::of(errand))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One errand.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Errand>, StorageError> {
    let row =
        errands::table.filter(errands::id.eq(id)).select(Row::as_select()).first(&mut *reader.connection).optional()?;
    row.map(Row::read).transpose()
}

/// Which errands to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct ErrandFilter {
    /// Opinions or parts.
    pub kind: ErrandKind,
    /// Asked of the viewer's agencies, or for dossiers of theirs.
    pub visible: Visible,
    /// Asked of this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Of this dossier.
    pub dossier: Option<DossierCode>,
    /// Where they stand.
    pub status: Option<ErrandStatus>,
    /// Late: open and late at `now`, or ended late; or not.
    pub late: Option<bool>,
    /// Now.
    pub now: LocalTime,
}

/// Errands in the order they are due, after `after` (its time and identifier). Those of void dossiers are left out.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &ErrandFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Errand>, StorageError> {
    let mut query = errands::table
        .inner_join(dossiers::table.on(dossiers::code.eq(errands::dossier)))
        .filter(errands::kind.eq(filter.kind.as_str()).and(diesel::dsl::not(dossiers::void)))
        .select(Row::as_select())
        .order((errands::due_at.asc(), errands::id.asc()))
        .limit(limit)
        .into_boxed::<MultiBackend>();
    query = seen!(query, &filter.visible, errands::agency, dossiers::agency, dossiers::received_by);
    if let Some(agency) = &filter.agency {
        query = query.filter(errands::agency.eq_any(below(agency.as_str())));
    }
    if let Some(dossier) = &filter.dossier {
        query = query.filter(errands::dossier.eq(dossier.to_string()));
    }
    if let Some(status) = filter.status {
        query = query.filter(errands::status.eq(status.as_str()));
    }
    let is_overdue = || errands::status.eq("open").and(errands::late_from.le(filter.now));
    query = match filter.late {
        None => query,
        Some(true) => query.filter(is_overdue().nullable().or(errands::ended_class.eq("late"))),
        Some(false) => query
            .filter(diesel::dsl::not(is_overdue()))
            .filter(errands::ended_class.is_null().or(errands::ended_class.assume_not_null().ne("late"))),
    };
    if let Some((at, id)) = after {
        let behind = errands::due_at.eq(at).and(errands::id.gt(id.to_owned()));
        query = query.filter(errands::due_at.gt(at).or(behind));
    }
    query.load::<Row>(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

#[derive(QueryableByName)]
struct TallyRow {
    #[diesel(sql_type = Text)]
    agency: String,
    #[diesel(sql_type = BigInt)]
    begun: i64,
    #[diesel(sql_type = BigInt)]
    carried_over: i64,
    #[diesel(sql_type = BigInt)]
    early: i64,
    #[diesel(sql_type = BigInt)]
    on_time: i64,
    #[diesel(sql_type = BigInt)]
    late: i64,
    #[diesel(sql_type = BigInt)]
    in_time: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
    #[diesel(sql_type = BigInt)]
    withdrawn: i64,
}

/// Figures of the errands that an agency and those below it (`None`: all) were asked for, per agency asked in order of their
/// codes. Those of void dossiers are left out; what was withdrawn is in no other figure.
///
/// # Errors
/// [`StorageError`].
pub fn tallies(
    reader: &mut Reader,
    kind: ErrandKind,
    window: &Window,
    agency: Option<&AgencyCode>,
) -> Result<Vec<(String, ErrandTally)>, StorageError> {
    let sum = |name: &str, holds: &str| format!("SUM(CASE WHEN {holds} THEN 1 ELSE 0 END) AS {name}");
    let counted = "(e.ended_at IS NULL OR e.ended_at >= :until OR e.ended_class IS NOT NULL)";
    let open = "(e.ended_at IS NULL OR e.ended_at >= :until)";
    let ended = |class: &str| format!("e.ended_at < :until AND e.ended_class = '{class}'");
    let columns = [
        sum("begun", &format!("{counted} AND e.started_at >= :from")),
        sum("carried_over", &format!("{counted} AND e.started_at < :from")),
        sum("early", &ended("early")),
        sum("on_time", &ended("on_time")),
        sum("late", &ended("late")),
        sum("in_time", &format!("{open} AND e.late_from >= :until")),
        sum("overdue", &format!("{open} AND e.late_from < :until")),
        sum("withdrawn", "e.ended_at < :until AND e.ended_class IS NULL"),
    ];
    let text = format!(
        "SELECT e.agency AS agency, {} FROM errands e JOIN dossiers d ON d.code = e.dossier \
         WHERE e.kind = :kind AND NOT d.void AND e.started_at < :until AND (e.ended_at IS NULL OR e.ended_at >= :from) \
         AND e.agency {} GROUP BY e.agency ORDER BY e.agency",
        columns.join(", "),
        balances::below(agency),
    );
    let values = [
        ("kind", Value::Text(kind.to_string())),
        ("from", Value::Time(window.from)),
        ("until", Value::Time(window.until)),
        ("scope", balances::scope(agency)),
    ];
    let rows: Vec<TallyRow> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    let read = |row: TallyRow| {
        let TallyRow { agency, begun, carried_over, early, on_time, late, in_time, overdue, withdrawn } = row;
        let term = TermTally { new: begun, carried_over, early, on_time, late, within: in_time, overdue };
        (agency, ErrandTally { term, withdrawn })
    };
    Ok(rows.into_iter().map(read).collect())
}
