//! Mandates: who stands in for whom.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::connection::MultiBackend;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::lineage::held;
use super::listing::Visible;
use super::schema::{agency_lineage, mandates, users};
use crate::domain::mandate::Mandate;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = mandates, treat_none_as_default_value = false)]
struct Row {
    id: String,
    absent: String,
    stand_in: String,
    first_day: NaiveDate,
    last_day: NaiveDate,
    reason: String,
    given_at: LocalTime,
    given_by: String,
    revoked_at: Option<LocalTime>,
    revoked_by: Option<String>,
}

impl From<Row> for Mandate {
    fn from(row: Row) -> Self {
        let Row { id, absent, stand_in, first_day: from, last_day: to, reason, given_at, given_by, .. } = row;
        let revoked = row.revoked_at.zip(row.revoked_by);
        Self { id, absent, stand_in, from, to, reason, given_at, given_by, revoked }
    }
}

/// Stores a new mandate.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &Mandate) -> Result<(), StorageError> {
    let Mandate { id, absent, stand_in, from, to, reason, given_at, given_by, revoked } = new.clone();
    let (revoked_at, revoked_by) = revoked.unzip();
    let (first_day, last_day) = (from, to);
    let row = Row { id, absent, stand_in, first_day, last_day, reason, given_at, given_by, revoked_at, revoked_by };
    diesel::insert_into(mandates::table).values(row).execute(&mut *tx.connection)?;
    tx.made = Some(new.id.clone());
    Ok(())
}

/// Notes when and by whom a mandate was revoked; the first time stays.
///
/// # Errors
/// [`StorageError`].
pub fn revoke(tx: &mut Tx, id: &str, at: LocalTime, by: &str) -> Result<(), StorageError> {
    diesel::update(mandates::table.filter(mandates::id.eq(id).and(mandates::revoked_at.is_null())))
        .set((mandates::revoked_at.eq(at), mandates::revoked_by.eq(by)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// One mandate.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Mandate>, StorageError> {
    let row: Option<Row> = mandates::table
        .filter(mandates::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    Ok(row.map(Mandate::from))
}

/// Whether `stand_in` has a mandate of `absent` that is in force on a day.
///
/// # Errors
/// [`StorageError`].
pub fn is_in_force(reader: &mut Reader, absent: &str, stand_in: &str, on: NaiveDate) -> Result<bool, StorageError> {
    let found = mandates::table
        .filter(mandates::absent.eq(absent).and(mandates::stand_in.eq(stand_in)).and(mandates::revoked_at.is_null()))
        .filter(mandates::first_day.le(on).and(mandates::last_day.ge(on)))
        .select(mandates::id)
        .first::<String>(&mut *reader.connection)
        .optional()?;
    Ok(found.is_some())
}

/// Which mandates to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct MandateFilter {
    /// Of absent officers of these agencies.
    pub visible: Visible,
    /// And those in which this person is the absent one or the stand-in.
    pub party: String,
    /// Of this absent officer.
    pub absent: Option<String>,
    /// By whom it is done.
    pub stand_in: Option<String>,
    /// In force on this day.
    pub in_force: Option<NaiveDate>,
}

/// Mandates, newest first, after `after` (its time and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &MandateFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Mandate>, StorageError> {
    let mut query = mandates::table
        .inner_join(users::table.on(users::username.eq(mandates::absent)))
        .select(Row::as_select())
        .order((mandates::given_at.desc(), mandates::id.desc()))
        .limit(limit)
        .into_boxed::<MultiBackend>();
    let party = || mandates::absent.eq(filter.party.clone()).or(mandates::stand_in.eq(filter.party.clone()));
    query = match &filter.visible {
        Visible::Everything => query,
        Visible::Below(agency) => {
            let codes = held(agency.as_str()).select(agency_lineage::predecessor.nullable());
            query.filter(users::agency.eq_any(codes).or(party()))
        }
        Visible::Of(agencies) => {
            let codes = agencies.iter().map(AgencyCode::as_str);
            query.filter(users::agency.eq_any(codes).or(party()))
        }
    };
    if let Some(absent) = &filter.absent {
        query = query.filter(mandates::absent.eq(absent.clone()));
    }
    if let Some(stand_in) = &filter.stand_in {
        query = query.filter(mandates::stand_in.eq(stand_in.clone()));
    }
    if let Some(on) = filter.in_force {
        query = query.filter(mandates::revoked_at.is_null());
        query = query.filter(mandates::first_day.le(on).and(mandates::last_day.ge(on)));
    }
    if let Some((at, id)) = after {
        query = query.filter(mandates::given_at.lt(at).or(mandates::given_at.eq(at).and(mandates::id.lt(id))));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    Ok(rows.into_iter().map(Mandate::from).collect())
}
