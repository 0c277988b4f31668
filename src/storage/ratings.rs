//! Ratings of the service that dossiers got. They go by what their dossier is now: its agency, its procedure, whether it is void.

use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::balances;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Visible, below, seen};
use super::schema::{dossiers, ratings};
use super::sql::{Sql, Value};
use super::{from_json, parsed, to_json};
use crate::domain::dossier_code::DossierCode;
use crate::domain::rating::{Rating, Score};
use crate::domain::statistics::{Period, Window};
use crate::domain::vocabulary::{AgencyCode, LocalTime, ProcedureCode};

/// A rating with its dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingRecord {
    /// The dossier.
    pub dossier: DossierCode,
    /// Its resolving agency.
    pub agency: AgencyCode,
    /// Its procedure.
    pub procedure: ProcedureCode,
    /// What was said.
    pub rating: Rating,
}

/// Which ratings to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct RatingFilter {
    /// Of dossiers resolved by this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Whose.
    pub visible: Visible,
    /// Of dossiers resolved by this very agency.
    pub resolved_by: Option<AgencyCode>,
    /// Of this procedure.
    pub procedure: Option<ProcedureCode>,
    /// With this score.
    pub score: Option<Score>,
    /// Given in this period.
    pub period: Option<Period>,
    /// Given before.
    pub until: Option<LocalTime>,
}

/// Stores a rating.
///
/// # Errors
/// [`StorageError::Duplicate`] when the dossier has one.
pub fn insert(tx: &mut Tx, dossier: &DossierCode, agency: &AgencyCode, rating: &Rating) -> Result<(), StorageError> {
    tx.concerns = Some((agency.to_string(), None));
    diesel::insert_into(ratings::table)
        .values((
            ratings::dossier.eq(dossier.to_string()),
            ratings::score.eq(i32::from(rating.score)),
            ratings::aspects.eq(to_json("aspects", &rating.aspects)?),
            ratings::comment.eq(rating.comment.as_deref()),
            ratings::rated_at.eq(rating.rated_at),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Whether a dossier was rated.
///
/// # Errors
/// [`StorageError`].
pub fn is_rated(reader: &mut Reader, dossier: &DossierCode) -> Result<bool, StorageError> {
    let found: Option<i32> = ratings::table
        .filter(ratings::dossier.eq(dossier.to_string()))
        .select(ratings::score)
        .first(&mut *reader.connection)
        .optional()?;
    Ok(found.is_some())
}

fn read_score(score: i32) -> Result<Score, StorageError> {
    Score::try_from(score).map_err(|cause| StorageError::corrupt("score", cause))
}

type Row = (String, String, String, i32, String, Option<String>, LocalTime);

fn read((dossier, agency, procedure, score, aspects, comment, rated_at): Row) -> Result<RatingRecord, StorageError> {
    Ok(RatingRecord {
        dossier: parsed("dossier code", &dossier)?,
        agency: parsed("agency code", &agency)?,
        procedure: parsed("procedure code", &procedure)?,
        rating: Rating { score: read_score(score)?, aspects: from_json("aspects", &aspects)?, comment, rated_at },
    })
}

/// Ratings in the order they were given, after `after` (time and dossier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &RatingFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<RatingRecord>, StorageError> {
    let mut query = ratings::table
        .inner_join(dossiers::table.on(dossiers::code.eq(ratings::dossier)))
        .filter(diesel::dsl::not(dossiers::void))
        .select((
            ratings::dossier,
            dossiers::agency,
            dossiers::procedure_code,
            ratings::score,
            ratings::aspects,
            ratings::comment,
            ratings::rated_at,
        ))
        .order((ratings::rated_at.asc(), ratings::dossier.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(agency) = &filter.agency {
        query = query.filter(dossiers::agency.eq_any(below(agency.as_str())));
    }
    query = seen!(query, &filter.visible);
    if let Some(agency) = &filter.resolved_by {
        query = query.filter(dossiers::agency.eq(agency.as_str()));
    }
    if let Some(procedure) = &filter.procedure {
        query = query.filter(dossiers::procedure_code.eq(procedure.as_str()));
    }
    if let Some(score) = filter.score {
        query = query.filter(ratings::score.eq(i32::from(score)));
    }
    if let Some(Period { from, to }) = filter.period {
        let end = to.and_time(NaiveTime::MIN) + TimeDelta::days(1);
        query = query.filter(ratings::rated_at.ge(from.and_time(NaiveTime::MIN)).and(ratings::rated_at.lt(end)));
    }
    if let Some(until) = filter.until {
        query = query.filter(ratings::rated_at.lt(until));
    }
    if let Some((at, dossier)) = after {
        let later = ratings::rated_at.gt(at).or(ratings::rated_at.eq(at).and(ratings::dossier.gt(dossier)));
        query = query.filter(later);
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(read).collect()
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Integer)]
    score: i32,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatingGroup {
    /// The dossier's procedure.
    Procedure,
    /// Its resolving agency.
    Agency,
}

impl RatingGroup {
    /// Every grouping.
    pub const ALL: [Self; 2] = [Self::Procedure, Self::Agency];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::Agency => "agency",
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Procedure => "dossiers.procedure_code",
            Self::Agency => "dossiers.agency",
        }
    }
}

/// How often each score was given in a period for dossiers that `agency` and those below it resolve (`None`: for all), by
/// group; one group, named by an empty text, when there is no grouping.
///
/// # Errors
/// [`StorageError`].
pub fn figures(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    group: Option<RatingGroup>,
) -> Result<BTreeMap<String, BTreeMap<Score, i64>>, StorageError> {
    let text = format!(
        "SELECT {} AS key, ratings.score AS score, COUNT(*) AS count \
         FROM ratings JOIN dossiers ON dossiers.code = ratings.dossier \
         WHERE ratings.rated_at >= :from AND ratings.rated_at < :until AND NOT dossiers.void AND dossiers.agency {} \
         GROUP BY 1, 2",
        group.map_or("''", RatingGroup::column),
        balances::below(agency),
    );
    let values =
        [("from", Value::Time(window.from)), ("until", Value::Time(window.until)), ("scope", balances::scope(agency))];
    let rows: Vec<Counted> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    let mut figures: BTreeMap<String, BTreeMap<Score, i64>> = BTreeMap::new();
    for Counted { key, score, count } in rows {
        figures.entry(key).or_default().insert(read_score(score)?, count);
    }
    Ok(figures)
}
