//! The log of citizen reception.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::parsed;
use super::schema::{reception_subjects, reception_visits};
use super::sql::{Sql, Value};
use crate::domain::contact::Contact;
use crate::domain::reception::{Host, Session, Subject, Visit, VisitOutcome};
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// A visit as entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRecord {
    /// Opaque identifier.
    pub id: String,
    /// Where it was.
    pub agency: AgencyCode,
    /// The visit.
    pub visit: Visit,
    /// Who entered it.
    pub recorded_by: String,
    /// When it was entered.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

/// Which visits to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct VisitFilter {
    /// At this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Whose.
    pub visible: Visible,
    /// On this occasion.
    pub session: Option<Session>,
    /// About this.
    pub subject: Option<Subject>,
    /// With this outcome.
    pub outcome: Option<VisitOutcome>,
    /// On or after.
    pub from: Option<NaiveDate>,
    /// On or before.
    pub to: Option<NaiveDate>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reception_visits, treat_none_as_null = true)]
struct Row {
    id: String,
    agency: String,
    visited_on: NaiveDate,
    session: String,
    host_name: String,
    host_position: Option<String>,
    people: i32,
    visitor_name: Option<String>,
    visitor_phone: Option<String>,
    visitor_email: Option<String>,
    visitor_address: Option<String>,
    content: String,
    outcome: String,
    forwarded_to: Option<String>,
    note: Option<String>,
    recorded_by: String,
    created_at: LocalTime,
    version: i64,
}

impl Row {
    fn of(record: &VisitRecord) -> Result<Self, StorageError> {
        let VisitRecord { visit, .. } = record;
        Ok(Self {
            id: record.id.clone(),
            agency: record.agency.to_string(),
            visited_on: visit.visited_on,
            session: visit.session.to_string(),
            host_name: visit.host.name.clone(),
            host_position: visit.host.position.clone(),
            people: i32::try_from(visit.people).map_err(|cause| StorageError::corrupt("people", cause))?,
            visitor_name: visit.visitor.name.clone(),
            visitor_phone: visit.visitor.phone.clone(),
            visitor_email: visit.visitor.email.clone(),
            visitor_address: visit.visitor.address.clone(),
            content: visit.content.clone(),
            outcome: visit.outcome.to_string(),
            forwarded_to: visit.forwarded_to.clone(),
            note: visit.note.clone(),
            recorded_by: record.recorded_by.clone(),
            created_at: record.created_at,
            version: record.version,
        })
    }

    fn read(self, subjects: Vec<Subject>) -> Result<VisitRecord, StorageError> {
        Ok(VisitRecord {
            id: self.id,
            agency: parsed("agency code", &self.agency)?,
            visit: Visit {
                visited_on: self.visited_on,
                session: parsed("reception session", &self.session)?,
                host: Host { name: self.host_name, position: self.host_position },
                people: u32::try_from(self.people).map_err(|cause| StorageError::corrupt("people", cause))?,
                visitor: Contact {
                    name: self.visitor_name,
                    phone: self.visitor_phone,
                    email: self.visitor_email,
                    address: self.visitor_address,
                },
                subjects,
                content: self.content,
                outcome: parsed("outcome of a visit", &self.outcome)?,
                forwarded_to: self.forwarded_to,
                note: self.note,
            },
            recorded_by: self.recorded_by,
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// Stores a new visit.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &VisitRecord) -> Result<(), StorageError> {
    tx.concerns = Some((new.agency.to_string(), None));
    diesel::insert_into(reception_visits::table).values(Row::of(new)?).execute(&mut *tx.connection)?;
    for subject in &new.visit.subjects {
        diesel::insert_into(reception_subjects::table)
            .values((reception_subjects::visit.eq(&new.id), reception_subjects::subject.eq(subject.as_str())))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Stores a changed visit, its subjects aside; `record.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, record: &mut VisitRecord) -> Result<(), StorageError> {
    tx.concerns = Some((record.agency.to_string(), None));
    let read_version = record.version;
    record.version += 1;
    let changed = diesel::update(reception_visits::table)
        .filter(reception_visits::id.eq(&record.id).and(reception_visits::version.eq(read_version)))
        .set(Row::of(record)?)
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One visit.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<VisitRecord>, StorageError> {
    let row: Option<Row> = reception_visits::table
        .filter(reception_visits::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    Ok(whole(reader, row.into_iter().collect())?.pop())
}

/// Visits by day, after `after` (day and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &VisitFilter,
    after: Option<(NaiveDate, &str)>,
    limit: i64,
) -> Result<Vec<VisitRecord>, StorageError> {
    let mut query = reception_visits::table
        .select(Row::as_select())
        .order((reception_visits::visited_on.asc(), reception_visits::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(agency) = &filter.agency {
        query = query.filter(reception_visits::agency.eq_any(below(agency.as_str())));
    }
    query = seen!(query, &filter.visible, reception_visits::agency);
    if let Some(session) = filter.session {
        query = query.filter(reception_visits::session.eq(session.as_str()));
    }
    if let Some(subject) = filter.subject {
        let about = reception_subjects::table
            .filter(reception_subjects::subject.eq(subject.as_str()))
            .select(reception_subjects::visit);
        query = query.filter(reception_visits::id.eq_any(about));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(reception_visits::outcome.eq(outcome.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(reception_visits::visited_on.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(reception_visits::visited_on.le(to));
    }
    if let Some((on, id)) = after {
        let same_day = reception_visits::visited_on.eq(on).and(reception_visits::id.gt(id));
        query = query.filter(reception_visits::visited_on.gt(on).or(same_day));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    whole(reader, rows)
}

fn whole(reader: &mut Reader, rows: Vec<Row>) -> Result<Vec<VisitRecord>, StorageError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let found: Vec<(String, String)> = reception_subjects::table
        .filter(reception_subjects::visit.eq_any(ids))
        .select((reception_subjects::visit, reception_subjects::subject))
        .load(&mut *reader.connection)?;
    let mut subjects: HashMap<String, Vec<Subject>> = HashMap::new();
    for (visit, subject) in found {
        subjects.entry(visit).or_default().push(parsed("subject of a visit", &subject)?);
    }
    rows.into_iter()
        .map(|row| {
            let mut subjects = subjects.remove(&row.id).unwrap_or_default();
            subjects.sort_unstable();
            row.read(subjects)
        })
        .collect()
}

/// Figures of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitFigures {
    /// Visits (lượt).
    pub visits: i64,
    /// People (người).
    pub people: i64,
    /// Visits by occasion.
    pub sessions: BTreeMap<Session, i64>,
    /// Visits by what came of them.
    pub outcomes: BTreeMap<VisitOutcome, i64>,
    /// Visits by subject; one with two subjects counts for both.
    pub subjects: BTreeMap<Subject, i64>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    session: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = BigInt)]
    visits: i64,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

#[derive(QueryableByName)]
struct CountedSubject {
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = BigInt)]
    visits: i64,
}

/// Figures of a period at `agency` and those below it (`None`: at all).
///
/// # Errors
/// [`StorageError`].
pub fn figures(reader: &mut Reader, period: Period, agency: Option<&AgencyCode>) -> Result<VisitFigures, StorageError> {
    let values = [("from", Value::Day(period.from)), ("to", Value::Day(period.to)), ("scope", balances::scope(agency))];
    let counted = format!("visited_on >= :from AND visited_on <= :to AND agency {}", balances::below(agency));
    let text = format!(
        "SELECT session, outcome, COUNT(*) AS visits, SUM(people) AS people FROM reception_visits WHERE {counted} \
         GROUP BY session, outcome"
    );
    let mut figures = VisitFigures::default();
    let rows: Vec<Counted> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    for Counted { session, outcome, visits, people } in rows {
        figures.visits += visits;
        figures.people += people;
        *figures.sessions.entry(parsed("reception session", &session)?).or_default() += visits;
        *figures.outcomes.entry(parsed("outcome of a visit", &outcome)?).or_default() += visits;
    }
    let text = format!(
        "SELECT subject, COUNT(*) AS visits FROM reception_subjects \
         WHERE visit IN (SELECT id FROM reception_visits WHERE {counted}) GROUP BY subject"
    );
    let rows: Vec<CountedSubject> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    for CountedSubject { subject, visits } in rows {
        figures.subjects.insert(parsed("subject of a visit", &subject)?, visits);
    }
    Ok(figures)
}
