//! The service index of Decision 766: sums over the dossiers of a period, and the journals of those asked for supplements.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamp};

use super::counts::counts;
use super::db::Reader;
use super::error::StorageError;
use super::sql::{Condition, Sql, Value};
use super::{as_of, balances, dialect, from_json, lives};
use crate::domain::event::Event;
use crate::domain::service_index::{Completed, ServiceIndex, Supplements, waits};
use crate::domain::statistics::Window;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

/// How many dossiers are looked at between two questions to the database.
const PAGE: i64 = 1_000;

/// The progress group of the index for the dossiers that `agency` and those below it resolve (`None`: of all).
///
/// Most dossiers are summed up where they lie; only those asked for supplements are looked at one by one. It takes
/// several statements: ask within [`Reader::steady`] or [`Db::snapshot`](super::Db::snapshot).
///
/// # Errors
/// [`StorageError`].
pub fn service_index(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
) -> Result<ServiceIndex, StorageError> {
    let mut index = ServiceIndex {
        completed: completed(reader, window, agency)?,
        supplements: supplements(reader, window, agency)?,
        ..ServiceIndex::default()
    };
    for group in counts(reader, window, agency, &[])? {
        index.form_06a += group.tally;
    }
    Ok(index)
}

fn parameters(window: &Window, agency: Option<&AgencyCode>) -> [(&'static str, Value); 3] {
    [("from", Value::Time(window.from)), ("until", Value::Time(window.until)), ("scope", balances::scope(agency))]
}

/// [`Completed::of`] for many dossiers in one statement.
fn completed(reader: &mut Reader, window: &Window, agency: Option<&AgencyCode>) -> Result<Completed, StorageError> {
    #[derive(QueryableByName)]
    struct Sums {
        #[diesel(sql_type = BigInt)]
        dossiers: i64,
        #[diesel(sql_type = BigInt)]
        seconds: i64,
    }
    let text = format!(
        "SELECT COUNT(*) AS dossiers, CAST(COALESCE(SUM({}), 0) AS BIGINT) AS seconds FROM dossiers \
         WHERE {} AND dossiers.received_at >= :from AND dossiers.ended_at < :until AND dossiers.agency {}",
        dialect::seconds_between(reader, "dossiers.received_at", "dossiers.ended_at"),
        as_of::COUNTED,
        balances::below(agency),
    );
    let sums: Sums = Sql::of(&text, &parameters(window, agency)).get_result(&mut *reader.connection)?;
    Ok(Completed { count: sums.dossiers, seconds: sums.seconds })
}

fn supplements(reader: &mut Reader, window: &Window, agency: Option<&AgencyCode>) -> Result<Supplements, StorageError> {
    let asked = format!(
        "{} AND {} AND dossiers.supplement_requests > 0 AND dossiers.agency {}",
        as_of::COUNTED,
        as_of::IN_PERIOD,
        balances::below(agency),
    );
    let parameters = parameters(window, agency);
    let which = Condition(Sql::of(&asked, &parameters));
    let mut supplements = Supplements::default();
    let mut after = String::new();
    loop {
        let lives = lives::page(reader, &which, &after, PAGE)?;
        let Some((last, ..)) = lives.last() else { return Ok(supplements) };
        let journals = journals(reader, &asked, &parameters, (&after, last))?;
        for (code, _, life) in &lives {
            let journal = journals.get(code).into_iter().flatten();
            let waits = waits(journal.map(|(at, event)| (*at, event)));
            supplements += Supplements::of(life, &waits, window);
        }
        after.clone_from(last);
    }
}

/// The journals, in order, of the dossiers for which `which` holds, from after the first of two codes up to the second.
fn journals(
    reader: &mut Reader,
    which: &str,
    parameters: &[(&str, Value)],
    (after, last): (&str, &str),
) -> Result<HashMap<String, Vec<(LocalTime, Event)>>, StorageError> {
    #[derive(QueryableByName)]
    struct Entry {
        #[diesel(sql_type = Text)]
        dossier: String,
        #[diesel(sql_type = Timestamp)]
        at: NaiveDateTime,
        #[diesel(sql_type = Text)]
        event: String,
    }
    let text = format!(
        "SELECT journal.dossier, journal.at, journal.event FROM journal \
         JOIN dossiers ON dossiers.code = journal.dossier \
         WHERE {which} AND dossiers.code > :after AND dossiers.code <= :last ORDER BY journal.dossier, journal.seq"
    );
    let mut parameters = parameters.to_vec();
    parameters.extend([("after", Value::Text(after.to_owned())), ("last", Value::Text(last.to_owned()))]);
    let entries: Vec<Entry> = Sql::of(&text, &parameters).load(&mut *reader.connection)?;
    let mut journals: HashMap<String, Vec<(LocalTime, Event)>> = HashMap::new();
    for Entry { dossier, at, event } in entries {
        journals.entry(dossier).or_default().push((at, from_json("event", &event)?));
    }
    Ok(journals)
}
