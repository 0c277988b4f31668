//! Transfers of dossiers between agencies.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::Visible;
use super::parsed;
use super::schema::transfers;
use super::sql::{Sql, Value};
use crate::domain::dossier_code::DossierCode;
use crate::domain::statistics::Window;
use crate::domain::transfer::{Handled, Transfer};
use crate::domain::vocabulary::{AgencyCode, LocalTime};

#[derive(Queryable, QueryableByName, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = transfers, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    dossier: String,
    from_agency: String,
    to_agency: String,
    due_at: LocalTime,
    sent_at: Option<LocalTime>,
    sent_by: Option<String>,
    note: Option<String>,
    confirm_due_at: Option<LocalTime>,
    confirmed_at: Option<LocalTime>,
    confirmed_by: Option<String>,
}

impl Row {
    fn of(transfer: &Transfer) -> Self {
        let (sent, confirmed) = (transfer.sent.as_ref(), transfer.confirmed.as_ref());
        Self {
            id: transfer.id.clone(),
            dossier: transfer.dossier.to_string(),
            from_agency: transfer.from.to_string(),
            to_agency: transfer.to.to_string(),
            due_at: transfer.due_at,
            sent_at: sent.map(|sent| sent.at),
            sent_by: sent.map(|sent| sent.by.clone()),
            note: transfer.note.clone(),
            confirm_due_at: transfer.confirm_due_at,
            confirmed_at: confirmed.map(|confirmed| confirmed.at),
            confirmed_by: confirmed.map(|confirmed| confirmed.by.clone()),
        }
    }

    fn read(self) -> Result<Transfer, StorageError> {
        let handled = |at: Option<LocalTime>, by: Option<String>| at.zip(by).map(|(at, by)| Handled { at, by });
        Ok(Transfer {
            id: self.id,
            dossier: parsed("dossier code", &self.dossier)?,
            from: parsed("agency code", &self.from_agency)?,
            to: parsed("agency code", &self.to_agency)?,
            due_at: self.due_at,
            sent: handled(self.sent_at, self.sent_by),
            note: self.note,
            confirm_due_at: self.confirm_due_at,
            confirmed: handled(self.confirmed_at, self.confirmed_by),
        })
    }
}

/// Stores a transfer, new or changed.
///
/// # Errors
/// [`StorageError`].
pub fn put(tx: &mut Tx, transfer: &Transfer) -> Result<(), StorageError> {
    let row = Row::of(transfer);
    let changed = diesel::update(transfers::table.filter(transfers::id.eq(&transfer.id)))
        .set(&row)
        .execute(&mut *tx.connection)?;
    if changed == 0 {
        diesel::insert_into(transfers::table).values(row).execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Forgets the transfers of a dossier that were never sent, but for one to `keep`.
///
/// # Errors
/// [`StorageError`].
pub fn drop_unsent(tx: &mut Tx, dossier: &DossierCode, keep: Option<&AgencyCode>) -> Result<(), StorageError> {
    let keep = keep.map(AgencyCode::to_string).unwrap_or_default();
    let unsent = transfers::table.filter(transfers::dossier.eq(dossier.to_string()).and(transfers::sent_at.is_null()));
    diesel::delete(unsent.filter(transfers::to_agency.ne(keep))).execute(&mut *tx.connection)?;
    Ok(())
}

/// The transfers of a dossier, in order.
///
/// # Errors
/// [`StorageError`].
pub fn of_dossier(reader: &mut Reader, dossier: &DossierCode) -> Result<Vec<Transfer>, StorageError> {
    let rows: Vec<Row> = transfers::table
        .filter(transfers::dossier.eq(dossier.to_string()))
        .order((transfers::due_at.asc(), transfers::id.asc()))
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Which transfers to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct TransferFilter {
    /// Of whose dossiers.
    pub visible: Visible,
    /// Given or taken by this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Due at or after.
    pub from: Option<LocalTime>,
    /// Due before.
    pub until: Option<LocalTime>,
    /// Sent or confirmed late, or overdue for it, at `now`; or not.
    pub late: Option<bool>,
    /// Now.
    pub now: LocalTime,
}

/// Sent late, or not sent and late at `:now`; what ended in time is not to be sent any more.
const SENT_LATE: &str = "(CASE WHEN t.sent_at > t.due_at OR (t.sent_at IS NULL AND t.due_at < :now \
     AND (d.ended_at IS NULL OR d.ended_at > t.due_at)) THEN 1 ELSE 0 END)";
/// Confirmed late, or not confirmed and late at `:now`.
const CONFIRMED_LATE: &str = "(CASE WHEN t.confirmed_at > t.confirm_due_at \
     OR (t.confirmed_at IS NULL AND t.confirm_due_at < :now) THEN 1 ELSE 0 END)";
const SUBTREE: &str = "IN (SELECT descendant FROM agency_tree WHERE ancestor = ";
/// As `lineage::held` has it.
const HELD: &str = "IN (SELECT l.predecessor FROM agency_tree a JOIN agency_lineage l ON l.agency = a.descendant \
     WHERE a.ancestor = ";

/// Transfers in the order they are due, after `after` (its time and identifier). Those of void dossiers are left out.
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &TransferFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<Transfer>, StorageError> {
    let mut text = "SELECT t.* FROM transfers t JOIN dossiers d ON d.code = t.dossier WHERE NOT d.void".to_owned();
    let mut values = vec![("now", Value::Time(filter.now)), ("limit", Value::Number(limit))];
    match &filter.visible {
        Visible::Everything => {}
        Visible::Of(own) => {
            // Codes are letters, digits and dots.
            text += " AND (:own LIKE '%,' || d.agency || ',%' OR :own LIKE '%,' || d.received_by || ',%')";
            let own: String = own.iter().map(|agency| format!(",{agency},")).collect();
            values.push(("own", Value::Text(own)));
        }
        Visible::Below(own) => {
            text += &format!(" AND (d.agency {HELD}:own) OR d.received_by {HELD}:own))");
            values.push(("own", Value::Text(own.to_string())));
        }
    }
    if let Some(agency) = &filter.agency {
        text += &format!(" AND (t.from_agency {SUBTREE}:side) OR t.to_agency {SUBTREE}:side))");
        values.push(("side", Value::Text(agency.to_string())));
    }
    if let Some(from) = filter.from {
        text += " AND t.due_at >= :from";
        values.push(("from", Value::Time(from)));
    }
    if let Some(until) = filter.until {
        text += " AND t.due_at < :until";
        values.push(("until", Value::Time(until)));
    }
    if let Some(late) = filter.late {
        text += &format!(" AND {SENT_LATE} + {CONFIRMED_LATE} {} 0", if late { ">" } else { "=" });
    }
    if let Some((at, id)) = after {
        text += " AND (t.due_at > :after_at OR (t.due_at = :after_at AND t.id > :after_id))";
        values.extend([("after_at", Value::Time(at)), ("after_id", Value::Text(id.to_owned()))]);
    }
    text += " ORDER BY t.due_at, t.id LIMIT :limit";
    let rows: Vec<Row> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Counts of one agency.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TransferCount {
    /// The agency.
    #[diesel(sql_type = Text)]
    pub agency: String,
    /// Transfers it was to send.
    #[diesel(sql_type = BigInt)]
    pub given: i64,
    /// Of those, sent late, or not sent and late.
    #[diesel(sql_type = BigInt)]
    pub given_late: i64,
    /// Transfers it was to confirm.
    #[diesel(sql_type = BigInt)]
    pub taken: i64,
    /// Of those, confirmed late, or not confirmed and late.
    #[diesel(sql_type = BigInt)]
    pub taken_late: i64,
}

/// What was due within the window to be sent or to be confirmed by an agency and those below it (`None`: by all), per agency
/// in order of their codes.
///
/// # Errors
/// [`StorageError`].
pub fn counts(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
) -> Result<Vec<TransferCount>, StorageError> {
    let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT) AS {what}");
    let side = |columns: String, agency_column: &str, due: &str| {
        format!(
            "SELECT t.{agency_column} AS agency, {columns} FROM transfers t JOIN dossiers d ON d.code = t.dossier \
             WHERE NOT d.void AND t.{due} >= :from AND t.{due} < :until AND t.{agency_column} {}",
            balances::below(agency),
        )
    };
    let text = format!(
        "SELECT agency, {}, {}, {}, {} FROM ({} UNION ALL {}) AS sides GROUP BY agency ORDER BY agency",
        sum("given"),
        sum("given_late"),
        sum("taken"),
        sum("taken_late"),
        side(format!("1 AS given, {SENT_LATE} AS given_late, 0 AS taken, 0 AS taken_late"), "from_agency", "due_at"),
        side(format!("0, 0, 1, {CONFIRMED_LATE}"), "to_agency", "confirm_due_at"),
    );
    let values = [
        ("from", Value::Time(window.from)),
        ("until", Value::Time(window.until)),
        ("now", Value::Time(window.as_of())),
        ("scope", balances::scope(agency)),
    ];
    Ok(Sql::of(&text, &values).load(&mut *reader.connection)?)
}
