//! Lists of dossiers: filters, order and keyset pages.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamp;

use super::agencies;
use super::as_of;
use super::connection::MultiBackend;
use super::db::Reader;
use super::dossier_row::{Record, Row};
use super::error::StorageError;
use super::schema::{agency_tree, dossiers};
use super::sql::{Condition, Sql, Value};
use super::vault::Vault;
use crate::domain::dossier::Standing;
use crate::domain::personal::{plain_identity, plain_phone};
use crate::domain::statistics::{Column, Window};
use crate::domain::timeliness::Timing;
use crate::domain::vocabulary::{AgencyCode, Channel, FieldCode, LocalTime, ProcedureCode, ProcedureLevel, Status};
use crate::folding::fold;
use crate::folding::scan::scanned_code;

/// By what, and in which direction, a list is ordered; ties go by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By filing (which is the receipt, but for what waited to be accepted).
    Received {
        /// Newest first.
        descending: bool,
    },
    /// By the instant due; dossiers without one are left out.
    Due {
        /// Latest first.
        descending: bool,
    },
    /// As the work on what is open comes: by when it is due or, of what waits to be accepted, to be answered; what is
    /// paused or has no deadline comes last.
    Work,
}

/// The instant that [`Order::Work`] goes by, as [`key_of`] has it; the same text as in the index `dossiers_at_work`.
const WORK_KEY: &str = "(CASE WHEN dossiers.late_from IS NOT NULL THEN dossiers.due_at \
     WHEN dossiers.status = 1 AND dossiers.acceptance_due_at IS NOT NULL THEN dossiers.acceptance_due_at \
     ELSE '9999-12-31 00:00:00' END)";
/// Which dossiers are still to be decided on: the statuses that nothing ended. The same text as in that index.
pub(in crate::storage) const OPEN: &str = "dossiers.status IN (1, 2, 4, 5, 6) AND NOT dossiers.void";

/// In whose charge a dossier is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// In nobody's.
    Nobody,
    /// In this officer's.
    Named(String),
}

/// Whose dossiers a caller sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All.
    Everything,
    /// Those these agencies resolve or received: one, and all whose work came to it.
    Of(Vec<AgencyCode>),
    /// Those this agency or one below it resolves or received, or one whose work came to these.
    Below(AgencyCode),
}

/// Narrows a boxed query to the rows that are [`Visible`]: by a condition on the codes of their agencies, by some columns with
/// such codes, or, where none are named, by the agencies of the dossiers it reads.
macro_rules! seen {
    ($query:expr, $visible:expr) => {{
        use $crate::storage::schema::dossiers;
        seen!($query, $visible, dossiers::agency, dossiers::received_by)
    }};
    ($query:expr, $visible:expr, |$codes:ident| $condition:expr) => {{
        let query = $query;
        match $visible {
            $crate::storage::listing::Visible::Everything => query,
            $crate::storage::listing::Visible::Of(agencies) => {
                let $codes = || agencies.iter().map($crate::domain::vocabulary::AgencyCode::as_str);
                query.filter($condition)
            }
            $crate::storage::listing::Visible::Below(agency) => {
                let $codes = || $crate::storage::lineage::held(agency.as_str());
                query.filter($condition)
            }
        }
    }};
    ($query:expr, $visible:expr, $first:expr $(, $more:expr)*) => {
        seen!($query, $visible, |codes| $first.eq_any(codes())$(.or($more.eq_any(codes())))*)
    };
}
pub(in crate::storage) use seen;

/// A figure whose dossiers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The period it is of, and as of when.
    pub window: Window,
    /// The figure.
    pub column: Column,
    /// Only those with a letter of apology by then, or only those without.
    pub letter: Option<bool>,
}

/// Which dossiers to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Whose.
    pub visible: Visible,
    /// Resolved by this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Resolved by this very agency.
    pub resolved_by: Option<AgencyCode>,
    /// Of this procedure.
    pub procedure: Option<ProcedureCode>,
    /// Of this field.
    pub field: Option<FieldCode>,
    /// Of this tier of procedures.
    pub level: Option<ProcedureLevel>,
    /// By this channel.
    pub channel: Option<Channel>,
    /// In this status.
    pub status: Option<Status>,
    /// Standing so at `now`.
    pub timing: Option<Timing>,
    /// The instant `timing` is asked for.
    pub now: LocalTime,
    /// Received at or after, before.
    pub received: (Option<LocalTime>, Option<LocalTime>),
    /// Due at or after, before.
    pub due: (Option<LocalTime>, Option<LocalTime>),
    /// Ended at or after, before.
    pub finished: (Option<LocalTime>, Option<LocalTime>),
    /// Counted in this figure of a period.
    pub counted: Option<Counted>,
    /// In whose charge.
    pub assignee: Option<Assignee>,
    /// Still to be decided on.
    pub open: bool,
    /// Name or code, in part, with or without diacritics.
    pub q: Option<String>,
    /// Applied for by whoever has this identity number, however it is written.
    pub identity_no: Option<String>,
    /// Applied for by whoever has this telephone number, however it is written.
    pub phone: Option<String>,
    /// The order.
    pub order: Order,
}

impl Filter {
    /// Everything that is visible, in this order.
    pub fn of(visible: Visible, now: LocalTime, order: Order) -> Self {
        Self {
            visible,
            agency: None,
            resolved_by: None,
            procedure: None,
            field: None,
            level: None,
            channel: None,
            status: None,
            timing: None,
            now,
            received: (None, None),
            due: (None, None),
            finished: (None, None),
            counted: None,
            assignee: None,
            open: false,
            q: None,
            identity_no: None,
            phone: None,
            order,
        }
    }
}

type Boxed<'a> = dossiers::BoxedQuery<'a, MultiBackend>;

/// One page after `after` (the order's instant and the code of the last row before).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &Filter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Record>, StorageError> {
    let query = ordered(selected(reader, filter)?, filter.order, after);
    let rows: Vec<Row> = query.limit(limit).select(Row::as_select()).load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}

/// How many dossiers the filter leaves.
///
/// # Errors
/// [`StorageError`].
pub fn count(reader: &mut Reader, filter: &Filter) -> Result<i64, StorageError> {
    Ok(selected(reader, filter)?.count().get_result(&mut *reader.connection)?)
}

fn selected<'a>(reader: &mut Reader, filter: &'a Filter) -> Result<Boxed<'a>, StorageError> {
    let has_none_below = match &filter.agency {
        Some(agency) => agencies::is_leaf(reader, agency)?,
        None => false,
    };
    let query = narrowed(dossiers::table.into_boxed(), filter, &reader.vault, has_none_below);
    Ok(match (scanned_in(reader, filter)?, &filter.q) {
        (Some(code), _) => query.filter(dossiers::code.eq(code)),
        (None, Some(q)) => {
            let pattern = format!("%{}%", fold(q).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            query.filter(dossiers::search_text.like(pattern).escape('\\'))
        }
        (None, None) => query,
    })
}

/// The dossier whose whole code stands in what is searched for, if it is there to be seen: then no other is meant, however
/// the text around it reads. Otherwise the text may be a part of a longer code.
fn scanned_in(reader: &mut Reader, filter: &Filter) -> Result<Option<String>, StorageError> {
    let Some(code) = filter.q.as_deref().and_then(scanned_code) else { return Ok(None) };
    let one = seen!(dossiers::table.into_boxed::<MultiBackend>(), &filter.visible);
    let one = one.filter(dossiers::code.eq(code.to_string())).select(dossiers::code);
    Ok(one.first(&mut *reader.connection).optional()?)
}

/// A person, by one of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// By the identity number.
    Identity(String),
    /// By the telephone number.
    Phone(String),
}

impl Person {
    /// Whether the number is the applicant's, and not only that of who handed the dossier in.
    pub fn is_applicant(&self, record: &Record) -> bool {
        let same = |plain: fn(&str) -> Option<String>, theirs: &Option<String>, given: &str| {
            theirs.as_deref().and_then(plain).is_some_and(|theirs| Some(theirs) == plain(given))
        };
        match self {
            Self::Identity(number) => same(plain_identity, &record.applicant.identity_no, number),
            Self::Phone(number) => same(plain_phone, &record.applicant.phone, number),
        }
    }
}

/// Every visible dossier that a person applied for or handed in for somebody, by filing.
///
/// # Errors
/// [`StorageError`].
pub fn of_person(reader: &mut Reader, visible: &Visible, person: &Person) -> Result<Vec<Record>, StorageError> {
    let query = seen!(dossiers::table.into_boxed::<MultiBackend>(), visible);
    let query = match person {
        Person::Identity(number) => {
            let hashes = reader.vault.identity_hashes(number);
            let applicant = dossiers::identity_hash.eq_any(hashes.clone());
            query.filter(applicant.or(dossiers::submitter_identity_hash.eq_any(hashes)))
        }
        Person::Phone(number) => {
            let hashes = reader.vault.phone_hashes(number);
            let applicant = dossiers::phone_hash.eq_any(hashes.clone());
            query.filter(applicant.or(dossiers::submitter_phone_hash.eq_any(hashes)))
        }
    };
    let rows: Vec<Row> = query
        .order((dossiers::filed_at.asc(), dossiers::code.asc()))
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(|row| row.read(&reader.vault)).collect()
}

/// The instant a record is ordered by.
pub fn key_of(record: &Record, order: Order) -> LocalTime {
    match order {
        Order::Received { .. } => record.standing.filed_at,
        Order::Due { .. } => record.standing.deadline.map_or(NaiveDateTime::MIN, |deadline| deadline.due_at),
        Order::Work => {
            let Standing { status, deadline, acceptance_due_at, .. } = record.standing;
            let running = deadline.filter(|_| record.standing.late_from().is_some()).map(|deadline| deadline.due_at);
            running.or(acceptance_due_at.filter(|_| status == Status::Registered)).unwrap_or_else(never)
        }
    }
}

/// Stands for what has no instant at which it is due.
fn never() -> LocalTime {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX).and_time(NaiveTime::MIN)
}

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter, vault: &Vault, has_none_below: bool) -> Boxed<'a> {
    query = seen!(query, &filter.visible);
    if let Some(agency) = &filter.agency {
        // Of one agency an index has the rows in their order.
        query = if has_none_below {
            query.filter(dossiers::agency.eq(agency.as_str()))
        } else {
            query.filter(dossiers::agency.eq_any(below(agency.as_str())))
        };
    }
    if let Some(agency) = &filter.resolved_by {
        query = query.filter(dossiers::agency.eq(agency.as_str()));
    }
    if let Some(level) = filter.level {
        query = query.filter(dossiers::level.eq(level.as_str()));
    }
    if let Some(counted) = &filter.counted {
        query = query.filter(counted_in(counted));
    }
    if let Some(procedure) = &filter.procedure {
        query = query.filter(dossiers::procedure_code.eq(procedure.as_str()));
    }
    if let Some(field) = &filter.field {
        query = query.filter(dossiers::field.eq(field.as_str()));
    }
    if let Some(channel) = filter.channel {
        query = query.filter(dossiers::channel.eq(channel.as_str()));
    }
    if let Some(status) = filter.status {
        query = query.filter(dossiers::status.eq(status.national_code()));
    }
    match &filter.assignee {
        Some(Assignee::Named(assignee)) => query = query.filter(dossiers::assignee.eq(assignee)),
        Some(Assignee::Nobody) => query = query.filter(dossiers::assignee.is_null()),
        None => {}
    }
    if filter.open {
        query = query.filter(Condition(Sql::of(OPEN, &[])));
    }
    if let Some(number) = &filter.identity_no {
        query = query.filter(dossiers::identity_hash.eq_any(vault.identity_hashes(number)));
    }
    if let Some(number) = &filter.phone {
        query = query.filter(dossiers::phone_hash.eq_any(vault.phone_hashes(number)));
    }
    if let (Some(from), _) = filter.received {
        query = query.filter(dossiers::received_at.ge(from));
    }
    if let (_, Some(until)) = filter.received {
        query = query.filter(dossiers::received_at.lt(until));
    }
    if let (Some(from), _) = filter.due {
        query = query.filter(dossiers::due_at.ge(from));
    }
    if let (_, Some(until)) = filter.due {
        query = query.filter(dossiers::due_at.lt(until));
    }
    if let (Some(from), _) = filter.finished {
        query = query.filter(dossiers::ended_at.ge(from));
    }
    if let (_, Some(until)) = filter.finished {
        query = query.filter(dossiers::ended_at.lt(until));
    }
    match filter.timing {
        Some(timing) => timed(query, timing, filter.now),
        None => query,
    }
}

fn counted_in(counted: &Counted) -> Condition {
    let Counted { window, column, letter } = counted;
    let values = [
        ("from", Value::Time(window.from)),
        ("until", Value::Time(window.until)),
        ("until_day", Value::Day(window.letters_until)),
    ];
    Condition(Sql::of(&as_of::counted_in(*column, *letter), &values))
}

/// The SQL side of [`Standing::timing`](crate::domain::dossier::Standing::timing).
fn timed(query: Boxed<'_>, timing: Timing, now: LocalTime) -> Boxed<'_> {
    let query = query.filter(dossiers::received_at.is_not_null().and(diesel::dsl::not(dossiers::void)));
    let open = dossiers::ended_at.is_null();
    match timing {
        Timing::Ended(class) => query.filter(dossiers::ended_class.eq(class.as_str())),
        Timing::Paused => query.filter(open.and(dossiers::stopped_since.is_not_null())),
        Timing::Overdue => query.filter(open.and(dossiers::late_from.le(now))),
        Timing::Within => query.filter(
            open.and(dossiers::stopped_since.is_null())
                .and(dossiers::late_from.is_null().or(dossiers::late_from.gt(now))),
        ),
    }
}

fn ordered<'a>(query: Boxed<'a>, order: Order, after: Option<(LocalTime, &'a str)>) -> Boxed<'a> {
    use dossiers::{code, due_at, filed_at};
    match (order, after) {
        (Order::Received { descending: false }, None) => query.order((filed_at.asc(), code.asc())),
        (Order::Received { descending: false }, Some((at, last))) => {
            query.filter(filed_at.gt(at).or(filed_at.eq(at).and(code.gt(last)))).order((filed_at.asc(), code.asc()))
        }
        (Order::Received { descending: true }, None) => query.order((filed_at.desc(), code.desc())),
        (Order::Received { descending: true }, Some((at, last))) => {
            query.filter(filed_at.lt(at).or(filed_at.eq(at).and(code.lt(last)))).order((filed_at.desc(), code.desc()))
        }
        (Order::Due { descending: false }, None) => {
            query.filter(due_at.is_not_null()).order((due_at.asc(), code.asc()))
        }
        (Order::Due { descending: false }, Some((at, last))) => {
            query.filter(due_at.gt(at).or(due_at.eq(at).and(code.gt(last)))).order((due_at.asc(), code.asc()))
        }
        (Order::Due { descending: true }, None) => {
            query.filter(due_at.is_not_null()).order((due_at.desc(), code.desc()))
        }
        (Order::Due { descending: true }, Some((at, last))) => {
            query.filter(due_at.lt(at).or(due_at.eq(at).and(code.lt(last)))).order((due_at.desc(), code.desc()))
        }
        (Order::Work, after) => {
            let query = match after {
                Some((at, last)) => query
                    .filter(sql::<Timestamp>(WORK_KEY).gt(at).or(sql::<Timestamp>(WORK_KEY).eq(at).and(code.gt(last)))),
                None => query,
            };
            query.order((sql::<Timestamp>(WORK_KEY).asc(), code.asc()))
        }
    }
}

/// The codes of an agency and all below it, to be looked for among.
#[diesel::dsl::auto_type]
pub(in crate::storage) fn below<'a>(root: &'a str) -> _ {
    agency_tree::table.filter(agency_tree::ancestor.eq(root)).select(agency_tree::descendant)
}
