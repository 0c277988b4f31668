//! Fees and payments of dossiers, and what they sum up to over a period.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::balances;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::parsed;
use super::schema::{fees, payments};
use super::sql::{Sql, Value};
use super::statistics::GroupBy;
use crate::domain::dossier_code::DossierCode;
use crate::domain::fees::{Account, Amount, Fee, FeeItem, Payment, Remission, Sums};
use crate::domain::statistics::Window;
use crate::domain::vocabulary::{AgencyCode, LocalTime};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = fees, treat_none_as_default_value = false)]
struct FeeRow {
    id: String,
    dossier: String,
    demand: i32,
    place: i32,
    name: String,
    code: Option<String>,
    kind: String,
    collection: String,
    amount: i64,
    awaited: bool,
    demanded_at: LocalTime,
    demanded_by: String,
    exempted: Option<i64>,
    exempted_at: Option<LocalTime>,
    exempted_by: Option<String>,
    exemption_reason: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
struct PaymentRow {
    id: String,
    dossier: String,
    demand: i32,
    amount: i64,
    paid_at: LocalTime,
    method: String,
    receipt_number: String,
    proof_file: Option<String>,
    recorded_at: LocalTime,
    recorded_by: String,
    refunded: Option<i64>,
    refunded_at: Option<LocalTime>,
    refunded_by: Option<String>,
    refund_reason: Option<String>,
}

fn amount(dong: i64) -> Result<Amount, StorageError> {
    dong.try_into().map_err(|cause| StorageError::corrupt("amount", cause))
}

fn remission(
    dong: Option<i64>,
    at: Option<LocalTime>,
    by: Option<String>,
    reason: Option<String>,
) -> Result<Option<Remission>, StorageError> {
    let (Some(dong), Some(at), Some(by), Some(reason)) = (dong, at, by, reason) else { return Ok(None) };
    Ok(Some(Remission { amount: amount(dong)?, reason, at, by }))
}

impl FeeRow {
    fn read(self) -> Result<Fee, StorageError> {
        Ok(Fee {
            id: self.id,
            demand: self.demand,
            item: FeeItem {
                name: self.name,
                code: self.code,
                kind: parsed("kind of fee", &self.kind)?,
                amount: amount(self.amount)?,
                collection: parsed("collection", &self.collection)?,
            },
            awaited: self.awaited,
            demanded_at: self.demanded_at,
            demanded_by: self.demanded_by,
            exemption: remission(self.exempted, self.exempted_at, self.exempted_by, self.exemption_reason)?,
        })
    }
}

impl PaymentRow {
    fn read(self) -> Result<Payment, StorageError> {
        Ok(Payment {
            id: self.id,
            demand: self.demand,
            amount: amount(self.amount)?,
            paid_at: self.paid_at,
            method: parsed("payment method", &self.method)?,
            receipt_number: self.receipt_number,
            file: self.proof_file,
            recorded_at: self.recorded_at,
            recorded_by: self.recorded_by,
            refund: remission(self.refunded, self.refunded_at, self.refunded_by, self.refund_reason)?,
        })
    }
}

/// The account of a dossier.
///
/// # Errors
/// [`StorageError`].
pub fn account(reader: &mut Reader, dossier: &DossierCode) -> Result<Account, StorageError> {
    let code = dossier.to_string();
    let items: Vec<FeeRow> = fees::table
        .filter(fees::dossier.eq(&code))
        .order((fees::demand.asc(), fees::place.asc()))
        .select(FeeRow::as_select())
        .load(&mut *reader.connection)?;
    let paid: Vec<PaymentRow> = payments::table
        .filter(payments::dossier.eq(&code))
        .order((payments::paid_at.asc(), payments::id.asc()))
        .select(PaymentRow::as_select())
        .load(&mut *reader.connection)?;
    Ok(Account {
        dossier: dossier.clone(),
        fees: items.into_iter().map(FeeRow::read).collect::<Result<_, _>>()?,
        payments: paid.into_iter().map(PaymentRow::read).collect::<Result<_, _>>()?,
    })
}

/// Stores the items of a new demand, in order.
///
/// # Errors
/// [`StorageError`].
pub fn insert_fees(tx: &mut Tx, dossier: &DossierCode, items: &[Fee]) -> Result<(), StorageError> {
    for (place, fee) in (1..).zip(items) {
        let row = FeeRow {
            id: fee.id.clone(),
            dossier: dossier.to_string(),
            demand: fee.demand,
            place,
            name: fee.item.name.clone(),
            code: fee.item.code.clone(),
            kind: fee.item.kind.to_string(),
            collection: fee.item.collection.to_string(),
            amount: fee.item.amount.dong(),
            awaited: fee.awaited,
            demanded_at: fee.demanded_at,
            demanded_by: fee.demanded_by.clone(),
            exempted: None,
            exempted_at: None,
            exempted_by: None,
            exemption_reason: None,
        };
        diesel::insert_into(fees::table).values(row).execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Notes what of an item was waived.
///
/// # Errors
/// [`StorageError`].
pub fn exempt(tx: &mut Tx, id: &str, exemption: &Remission) -> Result<(), StorageError> {
    diesel::update(fees::table.filter(fees::id.eq(id)))
        .set((
            fees::exempted.eq(exemption.amount.dong()),
            fees::exempted_at.eq(exemption.at),
            fees::exempted_by.eq(&exemption.by),
            fees::exemption_reason.eq(&exemption.reason),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores a payment.
///
/// # Errors
/// [`StorageError::Duplicate`] when the dossier has one with this receipt number.
pub fn insert_payment(tx: &mut Tx, dossier: &DossierCode, payment: &Payment) -> Result<(), StorageError> {
    let row = PaymentRow {
        id: payment.id.clone(),
        dossier: dossier.to_string(),
        demand: payment.demand,
        amount: payment.amount.dong(),
        paid_at: payment.paid_at,
        method: payment.method.to_string(),
        receipt_number: payment.receipt_number.clone(),
        proof_file: payment.file.clone(),
        recorded_at: payment.recorded_at,
        recorded_by: payment.recorded_by.clone(),
        refunded: None,
        refunded_at: None,
        refunded_by: None,
        refund_reason: None,
    };
    diesel::insert_into(payments::table).values(row).execute(&mut *tx.connection)?;
    Ok(())
}

/// Notes what of a payment was given back.
///
/// # Errors
/// [`StorageError`].
pub fn refund(tx: &mut Tx, id: &str, refund: &Remission) -> Result<(), StorageError> {
    diesel::update(payments::table.filter(payments::id.eq(id)))
        .set((
            payments::refunded.eq(refund.amount.dong()),
            payments::refunded_at.eq(refund.at),
            payments::refunded_by.eq(&refund.by),
            payments::refund_reason.eq(&refund.reason),
        ))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Sums of one group: the codes it is told apart by, in the order asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// One code for each grouping.
    pub keys: Vec<String>,
    /// Its sums.
    pub sums: Sums,
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = Text)]
    key1: String,
    #[diesel(sql_type = Text)]
    key2: String,
    #[diesel(sql_type = BigInt)]
    due: i64,
    #[diesel(sql_type = BigInt)]
    exempted: i64,
    #[diesel(sql_type = BigInt)]
    paid: i64,
    #[diesel(sql_type = BigInt)]
    refunded: i64,
}

/// What was demanded, waived, paid and given back within the window, of the dossiers that `agency` and those below it
/// resolve (`None`: of all), told apart by up to two groupings, in order of their codes. Void dossiers are left out.
///
/// # Errors
/// [`StorageError`].
pub fn totals(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    groups: &[GroupBy],
) -> Result<Vec<Group>, StorageError> {
    let key = |index: usize| groups.get(index).map_or("''", |group| group.column());
    let sum = |what: &str| format!("CAST(SUM(CASE WHEN what = '{what}' THEN dong ELSE 0 END) AS BIGINT) AS {what}");
    let moved = |what: &str, table: &str, dong: &str, at: &str| {
        format!(
            "SELECT '{what}' AS what, {table}.{dong} AS dong, {} AS key1, {} AS key2 FROM {table} \
             JOIN dossiers ON dossiers.code = {table}.dossier \
             WHERE {table}.{at} >= :from AND {table}.{at} < :until AND NOT dossiers.void AND dossiers.agency {}",
            key(0),
            key(1),
            balances::below(agency),
        )
    };
    let text = format!(
        "SELECT key1, key2, {}, {}, {}, {} FROM ({} UNION ALL {} UNION ALL {} UNION ALL {}) AS moved \
         GROUP BY key1, key2 ORDER BY key1, key2",
        sum("due"),
        sum("exempted"),
        sum("paid"),
        sum("refunded"),
        moved("due", "fees", "amount", "demanded_at"),
        moved("exempted", "fees", "exempted", "exempted_at"),
        moved("paid", "payments", "amount", "paid_at"),
        moved("refunded", "payments", "refunded", "refunded_at"),
    );
    let values =
        [("from", Value::Time(window.from)), ("until", Value::Time(window.until)), ("scope", balances::scope(agency))];
    let rows: Vec<SumRow> = Sql::of(&text, &values).load(&mut *reader.connection)?;
    let group = |row: SumRow| Group {
        keys: [row.key1, row.key2].into_iter().take(groups.len()).collect(),
        sums: Sums { due: row.due, exempted: row.exempted, paid: row.paid, refunded: row.refunded },
    };
    Ok(rows.into_iter().map(group).collect())
}
