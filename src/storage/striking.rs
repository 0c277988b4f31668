//! Striking balances: announcing an instant, striking it from the one before, folding corrections in, building all anew.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::as_of;
use super::balances::{Row, last_struck, stamps, touched, touched_rows};
use super::db::{Reader, Tx};
use super::dialect;
use super::error::StorageError;
use super::schema::{agencies, agency_tree, balance_corrections, balance_stamps, balances};
use super::sql::{ROWS_AT_ONCE, Sql, Value};
use crate::domain::balance::{Balance, Ledger, Series, is_kept};
use crate::domain::vocabulary::LocalTime;

/// Every agency with the scopes that it is in.
const SCOPES: &str = "(SELECT ancestor AS scope, descendant FROM agency_tree UNION ALL SELECT '', code FROM agencies)";

/// What a struck balance is of: scope, field, level, channel. A scope is an agency with all below it, or, empty, everything.
pub type Cell = [String; 4];

/// A change of the past: after `at`, the balances of a series are other than struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which balances.
    pub series: Series,
    /// It is in every balance after this instant.
    pub at: LocalTime,
    /// By how much.
    pub change: Balance,
}

/// Corrections that are not folded in yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// How many.
    pub count: i64,
    /// From when on the first holds.
    pub earliest: Option<LocalTime>,
}

/// The last instant that has or awaits its balance. What takes effect before it must be posted as a correction in the
/// same transaction; until that ends, no later instant is announced.
///
/// # Errors
/// [`StorageError`].
pub fn horizon(tx: &mut Tx) -> Result<Option<LocalTime>, StorageError> {
    dialect::balance_horizon(tx)
}

/// Posts corrections of what was struck before; `new_id` names them.
///
/// # Errors
/// [`StorageError`].
pub fn post(tx: &mut Tx, corrections: &[Correction], new_id: impl Fn() -> String) -> Result<(), StorageError> {
    let row = |Correction { series, at, change }: &Correction| {
        let mut row = vec![Value::Text(new_id()), Value::Time(*at)];
        row.extend(cell(series.agency.as_str(), series).map(Value::Text));
        row.extend(figures(change)?);
        Ok(row)
    };
    let rows = corrections.iter().map(row).collect::<Result<Vec<_>, StorageError>>()?;
    insert(tx, "INSERT INTO balance_corrections", rows, "")
}

/// Announces instants: from its commit on, writers mind them. Waits for writers under way, but not for long.
///
/// # Errors
/// [`StorageError`]; after [`StorageError::is_busy`], try again later.
pub fn announce(tx: &mut Tx, stamps: &[LocalTime], run: &str) -> Result<(), StorageError> {
    dialect::lock_gate(tx)?;
    let known: Vec<NaiveDateTime> = balance_stamps::table.select(balance_stamps::at).load(&mut *tx.connection)?;
    let new = stamps.iter().filter(|at| !known.contains(at));
    add_stamps(tx, new, run)
}

/// Drops every balance and announces these instants in their place; reports read rows until [`fill`] is done.
///
/// # Errors
/// As [`announce`].
pub fn start_anew(tx: &mut Tx, stamps: &[LocalTime], run: &str) -> Result<(), StorageError> {
    dialect::lock_gate(tx)?;
    diesel::delete(balance_stamps::table).execute(&mut *tx.connection)?;
    diesel::delete(balance_corrections::table).execute(&mut *tx.connection)?;
    add_stamps(tx, stamps.iter(), run)
}

fn add_stamps<'a>(tx: &mut Tx, stamps: impl Iterator<Item = &'a LocalTime>, run: &str) -> Result<(), StorageError> {
    for at in stamps {
        diesel::insert_into(balance_stamps::table)
            .values((balance_stamps::at.eq(at), balance_stamps::struck.eq(false), balance_stamps::run.eq(run)))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Fills in what [`start_anew`] announced for the same run, from a ledger of one state of the database. The corrections
/// `known` to that state are in it. Answers whether the run was still the one in force.
///
/// # Errors
/// [`StorageError`].
pub fn fill(tx: &mut Tx, ledger: &Ledger<Series>, run: &str, known: &[String]) -> Result<bool, StorageError> {
    dialect::lock_striking(tx)?;
    let waiting: Vec<NaiveDateTime> = balance_stamps::table
        .filter(balance_stamps::run.eq(run).and(diesel::dsl::not(balance_stamps::struck)))
        .order(balance_stamps::at.asc())
        .select(balance_stamps::at)
        .load(&mut *tx.connection)?;
    if waiting != ledger.stamps() {
        return Ok(false);
    }
    diesel::delete(balances::table).execute(&mut *tx.connection)?;
    let scoped = scoped(tx, ledger)?;
    for (stamp, cells) in scoped.balances() {
        let row = |(cell, balance): (&Cell, Balance)| balance_row(stamp, cell, &balance);
        let rows = cells.into_iter().map(row).collect::<Result<Vec<_>, StorageError>>()?;
        dialect::load_balances(tx, &rows)?;
    }
    forget(tx, known)?;
    diesel::update(balance_stamps::table.filter(balance_stamps::run.eq(run)))
        .set(balance_stamps::struck.eq(true))
        .execute(&mut *tx.connection)?;
    Ok(true)
}

/// A ledger of each agency's own figures as one of every scope's.
///
/// # Errors
/// [`StorageError`].
pub fn scoped(reader: &mut Reader, ledger: &Ledger<Series>) -> Result<Ledger<Cell>, StorageError> {
    let scopes = Scopes::read(reader)?;
    Ok(ledger.spread(|series| scopes.of(series.agency.as_str()).map(|scope| cell(scope, series)).collect()))
}

/// Strikes the next instant that awaits its balance: from the last one struck and what was touched since. Answers it.
///
/// All statements must see one state. The corrections in it are folded in first. Whoever is not in it asked for the
/// horizon after this instant was announced, so that their correction holds for the new balance, too.
///
/// # Errors
/// [`StorageError`].
pub fn strike_next(tx: &mut Tx) -> Result<Option<LocalTime>, StorageError> {
    dialect::lock_striking(tx)?;
    let Some(last) = last_struck(tx)? else { return Ok(None) };
    let next: Option<NaiveDateTime> = balance_stamps::table
        .filter(balance_stamps::at.gt(last))
        .order(balance_stamps::at.asc())
        .select(balance_stamps::at)
        .first(&mut *tx.connection)
        .optional()?;
    let Some(next) = next else { return Ok(None) };
    fold_in(tx)?;
    let sums: Vec<String> = Balance::NAMES.iter().map(|name| format!("SUM({name})")).collect();
    let names = Balance::NAMES.join(", ");
    let text = format!(
        "INSERT INTO balances SELECT :b, scope, field, level, channel, {} FROM (\
         SELECT scope, field, level, channel, {names} FROM balances WHERE at = :a \
         UNION ALL SELECT t.scope, c.field, c.level, c.channel, {names} FROM ({}) AS c \
         JOIN {SCOPES} AS t ON t.descendant = c.agency) AS parts GROUP BY scope, field, level, channel",
        sums.join(", "),
        touched(),
    );
    Sql::of(&text, &between(last, next)).execute(&mut *tx.connection)?;
    diesel::update(balance_stamps::table.filter(balance_stamps::at.eq(next)))
        .set(balance_stamps::struck.eq(true))
        .execute(&mut *tx.connection)?;
    Ok(Some(next))
}

fn between(a: LocalTime, b: LocalTime) -> [(&'static str, Value); 4] {
    let ((a, a_day), (b, b_day)) = (as_of::instant(a), as_of::instant(b));
    [("a", a), ("a_day", a_day), ("b", b), ("b_day", b_day)]
}

/// Every balance of a struck instant, with the corrections that are not folded in yet; empty ones are left out.
///
/// # Errors
/// [`StorageError`].
pub fn balances_of(reader: &mut Reader, stamp: LocalTime) -> Result<HashMap<Cell, Balance>, StorageError> {
    let names = Balance::NAMES.join(", ");
    let text = format!(
        "SELECT scope AS key1, field AS key2, level, channel, {} FROM (\
         SELECT scope, field, level, channel, {names} FROM balances WHERE at = :a \
         UNION ALL SELECT t.scope, c.field, c.level, c.channel, {names} FROM balance_corrections AS c \
         JOIN {SCOPES} AS t ON t.descendant = c.agency WHERE c.at < :a) AS parts \
         GROUP BY scope, field, level, channel",
        super::balances::sums(),
    );
    let rows: Vec<CellRow> = Sql::of(&text, &between(stamp, stamp)).load(&mut *reader.connection)?;
    let read = |row: CellRow| {
        let ((scope, field, channel), balance) = row.rest.read();
        ([scope, field, row.level, channel], balance)
    };
    Ok(rows.into_iter().map(read).filter(|(_, balance)| *balance != Balance::default()).collect())
}

#[derive(QueryableByName)]
struct CellRow {
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(embed)]
    rest: Row,
}

/// How many rows a report up to `now` has to look at beside the last balance, struck at `since`.
///
/// # Errors
/// [`StorageError`].
pub fn touched_since(reader: &mut Reader, since: LocalTime, now: LocalTime) -> Result<i64, StorageError> {
    #[derive(QueryableByName)]
    struct Touched {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let text = format!("SELECT COUNT(*) AS rows FROM ({}) AS touched", touched_rows());
    Ok(Sql::of(&text, &between(since, now)).get_result::<Touched>(&mut *reader.connection)?.rows)
}

/// What is not folded in yet.
///
/// # Errors
/// [`StorageError`].
pub fn pending(reader: &mut Reader) -> Result<Pending, StorageError> {
    let (count, earliest) = balance_corrections::table
        .select((diesel::dsl::count_star(), diesel::dsl::min(balance_corrections::at)))
        .first(&mut *reader.connection)?;
    Ok(Pending { count, earliest })
}

/// Identifiers of the corrections that are not folded in yet.
///
/// # Errors
/// [`StorageError`].
pub fn pending_ids(reader: &mut Reader) -> Result<Vec<String>, StorageError> {
    Ok(balance_corrections::table.select(balance_corrections::id).load(&mut *reader.connection)?)
}

/// Folds the pending corrections into the balances they are of. All statements must see one state.
///
/// # Errors
/// [`StorageError`].
pub fn fold(tx: &mut Tx) -> Result<(), StorageError> {
    dialect::lock_striking(tx)?;
    fold_in(tx)
}

type CorrectionRow =
    (String, NaiveDateTime, (String, String, String, String), (i32, i32, i32, i32, i32, i32, i32, i32));

fn fold_in(tx: &mut Tx) -> Result<(), StorageError> {
    use balance_corrections as c;
    let corrections: Vec<CorrectionRow> = c::table
        .select((
            c::id,
            c::at,
            (c::agency, c::field, c::level, c::channel),
            (
                c::received,
                c::early,
                c::on_time,
                c::late,
                c::late_with_letter,
                c::overdue,
                c::overdue_with_letter,
                c::paused,
            ),
        ))
        .load(&mut *tx.connection)?;
    if corrections.is_empty() {
        return Ok(());
    }
    let struck: Vec<NaiveDateTime> = balance_stamps::table
        .filter(balance_stamps::struck)
        .order(balance_stamps::at.asc())
        .select(balance_stamps::at)
        .load(&mut *tx.connection)?;
    if struck.is_empty() {
        // All are being built anew, from a state that may not know these corrections: they stay for what is built then.
        return Ok(());
    }
    let scopes = Scopes::read(tx)?;
    let mut sums: BTreeMap<(LocalTime, Cell), Balance> = BTreeMap::new();
    for (_, at, (agency, field, level, channel), figures) in &corrections {
        let (a, b, c, d, e, f, g, h) = *figures;
        let change = Balance::of_figures([a, b, c, d, e, f, g, h].map(i64::from));
        for stamp in struck.iter().filter(|stamp| *stamp > at) {
            for scope in scopes.of(agency) {
                let cell = [scope.to_owned(), field.clone(), level.clone(), channel.clone()];
                *sums.entry((*stamp, cell)).or_default() += change;
            }
        }
    }
    let row = |((stamp, cell), change): (&(LocalTime, Cell), &Balance)| balance_row(*stamp, cell, change);
    let rows = sums.iter().map(row).collect::<Result<Vec<_>, StorageError>>()?;
    let adds: Vec<String> =
        Balance::NAMES.iter().map(|name| format!("{name} = balances.{name} + excluded.{name}")).collect();
    let tail = format!("ON CONFLICT (at, scope, field, level, channel) DO UPDATE SET {}", adds.join(", "));
    insert(tx, "INSERT INTO balances", rows, &tail)?;
    let ids: Vec<String> = corrections.into_iter().map(|(id, ..)| id).collect();
    forget(tx, &ids)
}

fn forget(tx: &mut Tx, corrections: &[String]) -> Result<(), StorageError> {
    for ids in corrections.chunks(ROWS_AT_ONCE) {
        diesel::delete(balance_corrections::table.filter(balance_corrections::id.eq_any(ids)))
            .execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Drops the balances that are too old to be kept for their day, and what was announced before the last one and never
/// struck; the last one stays.
///
/// # Errors
/// [`StorageError`].
pub fn thin(tx: &mut Tx, now: LocalTime) -> Result<(), StorageError> {
    let last = last_struck(tx)?;
    let passed = stamps(tx)?.into_iter().filter(|(stamp, _)| Some(*stamp) < last);
    for (stamp, _) in passed.filter(|(stamp, struck)| !struck || !is_kept(*stamp, now)) {
        diesel::delete(balance_stamps::table.filter(balance_stamps::at.eq(stamp))).execute(&mut *tx.connection)?;
        diesel::delete(balances::table.filter(balances::at.eq(stamp))).execute(&mut *tx.connection)?;
    }
    Ok(())
}

/// Each agency with the scopes that it is in.
struct Scopes(HashMap<String, Vec<String>>);

impl Scopes {
    fn read(reader: &mut Reader) -> Result<Self, StorageError> {
        let codes: Vec<String> = agencies::table.select(agencies::code).load(&mut *reader.connection)?;
        let mut scopes: HashMap<String, Vec<String>> =
            codes.into_iter().map(|code| (code, vec![String::new()])).collect();
        let tree: Vec<(String, String)> = agency_tree::table
            .select((agency_tree::descendant, agency_tree::ancestor))
            .load(&mut *reader.connection)?;
        for (descendant, ancestor) in tree {
            scopes.entry(descendant).or_default().push(ancestor);
        }
        Ok(Self(scopes))
    }

    fn of(&self, agency: &str) -> impl Iterator<Item = &str> {
        self.0.get(agency).into_iter().flatten().map(String::as_str)
    }
}

fn cell(scope: &str, series: &Series) -> Cell {
    [scope.to_owned(), series.field.to_string(), series.level.to_string(), series.channel.to_string()]
}

fn balance_row(stamp: LocalTime, cell: &Cell, balance: &Balance) -> Result<Vec<Value>, StorageError> {
    let mut row = vec![Value::Time(stamp)];
    row.extend(cell.iter().cloned().map(Value::Text));
    row.extend(figures(balance)?);
    Ok(row)
}

fn figures(balance: &Balance) -> Result<Vec<Value>, StorageError> {
    let figure = |figure: i64| i32::try_from(figure).map_err(|cause| StorageError::corrupt("balance", cause));
    balance.figures().into_iter().map(|value| Ok(Value::Figure(figure(value)?))).collect()
}

fn insert(tx: &mut Tx, head: &str, rows: Vec<Vec<Value>>, tail: &str) -> Result<(), StorageError> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        Sql::insert(head, rows, tail).execute(&mut *tx.connection)?;
    }
    Ok(())
}
