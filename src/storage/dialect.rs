//! Every statement whose SQL must differ between the two databases, side by side.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};

use super::audit::Row;
use super::connection::AnyConnection;
use super::db::{Reader, Tx};
use super::error::StorageError;
use super::feed::Queued;
use super::journal::Row as JournalRow;
use super::schema::{audit, balances, dossiers, journal, outbox};
use super::sql::{ROWS_AT_ONCE, Sql, Value};

/// The last instant that has or awaits its balance, as a column that other statements carry along on PostgreSQL.
///
/// It also takes the gate's weak lock, which other writers do not notice and which [`lock_gate`] waits for: it locks the
/// (empty) table and no row, before the statement's snapshot is taken. Hence what it says holds until the transaction
/// ends. On SQLite writers are alone anyway.
macro_rules! horizon {
    () => {
        "(SELECT MAX(at) FROM balance_stamps) AS horizon, (SELECT id FROM balance_gate FOR KEY SHARE) AS gate"
    };
}
/// Keeps other processes from migrating until this transaction ends. On SQLite the write lock does that already.
pub(in crate::storage) fn lock_migrations(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        // As long as the other takes.
        connection.batch_execute("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(1836019811)")?;
    }
    Ok(())
}

/// The clock of the database, the same for all who use it; on SQLite they share a computer. In UTC, with fractions.
pub(in crate::storage) fn clock(reader: &mut Reader) -> Result<NaiveDateTime, StorageError> {
    const SQLITE: &str = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now') AS now";
    const POSTGRES: &str = "SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now";
    let sql = if matches!(*reader.connection, AnyConnection::Postgres(_)) { POSTGRES } else { SQLITE };
    Ok(Sql::of(sql, &[]).get_result::<Clock>(&mut *reader.connection)?.now)
}

/// How far PostgreSQL's log of writes reaches by now; SQLite, which has no replica, has none to tell of.
pub(in crate::storage) fn position(reader: &mut Reader) -> Result<String, StorageError> {
    #[derive(QueryableByName)]
    struct Place {
        #[diesel(sql_type = Text)]
        place: String,
    }
    let AnyConnection::Postgres(connection) = &mut *reader.connection else { return Err(StorageError::NoReplica) };
    let sql = "SELECT pg_current_wal_insert_lsn()::text AS place";
    Ok(diesel::sql_query(sql).get_result::<Place>(connection)?.place)
}

#[derive(QueryableByName)]
struct Clock {
    #[diesel(sql_type = Timestamp)]
    now: NaiveDateTime,
}

/// Makes those who derive processing times take turns until this transaction ends. On SQLite the write lock does that
/// already.
pub(in crate::storage) fn lock_quarters(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("LOCK TABLE processing_quarters IN EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Keeps other writers off a dossier until this transaction ends, and learns the horizon and the stamp of what is remembered
/// with it. On SQLite there are no
/// others.
pub(in crate::storage) fn lock_dossier(tx: &mut Tx, code: &str) -> Result<(), StorageError> {
    const SQL: &str = concat!(
        "SELECT ",
        horizon!(),
        ", (SELECT stamp FROM reference_state) AS stamp FROM dossiers WHERE code = :code FOR UPDATE OF dossiers"
    );
    if matches!(*tx.connection, AnyConnection::Postgres(_)) {
        let lock = Sql::of(SQL, &[("code", Value::Text(code.to_owned()))]);
        let row: Option<StampedHorizon> = lock.get_result(&mut *tx.connection).optional()?;
        if let Some(row) = row {
            tx.horizon = Some(row.horizon.horizon);
            tx.note_stamp(row.stamp);
        }
    }
    Ok(())
}

/// As [`lock_dossier`], for many, always in the same order: nobody who locks them so waits for another who waits for them.
pub(in crate::storage) fn lock_dossiers(tx: &mut Tx, codes: &[String]) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        let locked = dossiers::table.filter(dossiers::code.eq_any(codes)).order(dossiers::code.asc());
        locked.select(dossiers::code).for_update().load::<String>(connection)?;
    }
    Ok(())
}

/// Empties the reasons that events of an anonymised dossier gave: the one change that the journal's guard lets through.
pub(in crate::storage) fn empty_reasons(tx: &mut Tx, dossier: &str) -> Result<(), StorageError> {
    const SQLITE: &str = "UPDATE journal SET event = json_set(event, '$.reason', '') \
                          WHERE dossier = ?1 AND json_extract(event, '$.reason') <> ''";
    const POSTGRES: &str = "UPDATE journal SET event = jsonb_set(event::jsonb, '{reason}', '\"\"')::text \
                            WHERE dossier = $1 AND event::jsonb ->> 'reason' <> ''";
    match &mut *tx.connection {
        AnyConnection::Sqlite(connection) => diesel::sql_query(SQLITE).bind::<Text, _>(dossier).execute(connection)?,
        AnyConnection::Postgres(connection) => {
            diesel::sql_query(POSTGRES).bind::<Text, _>(dossier).execute(connection)?
        }
    };
    Ok(())
}

/// Makes those who bring a file's content in or take it out take turns, until this transaction ends. On SQLite the write
/// lock does that already.
pub(in crate::storage) fn lock_content(tx: &mut Tx, sha256: &str) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7))";
        diesel::sql_query(sql).bind::<Text, _>(sha256).execute(connection)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Horizon {
    #[diesel(sql_type = Nullable<Timestamp>)]
    horizon: Option<NaiveDateTime>,
}

#[derive(QueryableByName)]
struct StampedHorizon {
    #[diesel(embed)]
    horizon: Horizon,
    #[diesel(sql_type = BigInt)]
    stamp: i64,
}

/// The last instant that has or awaits its balance; asked once a transaction.
pub(in crate::storage) fn balance_horizon(tx: &mut Tx) -> Result<Option<NaiveDateTime>, StorageError> {
    const SQLITE: &str = "SELECT MAX(at) AS horizon FROM balance_stamps";
    const POSTGRES: &str = concat!("SELECT ", horizon!());
    if let Some(known) = tx.horizon {
        return Ok(known);
    }
    let sql = if matches!(*tx.connection, AnyConnection::Postgres(_)) { POSTGRES } else { SQLITE };
    let horizon = Sql::of(sql, &[]).get_result::<Horizon>(&mut *tx.connection)?.horizon;
    tx.horizon = Some(horizon);
    Ok(horizon)
}

/// Waits until every writer that has asked for [`balance_horizon`] is done, and holds up others until this transaction
/// ends; not longer than it takes a long writer to be noticed as such.
pub(in crate::storage) fn lock_gate(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("SET LOCAL lock_timeout = '300ms'; LOCK TABLE balance_gate IN EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Makes strikers of balances take turns. It must come first in the transaction, before its snapshot is taken.
pub(in crate::storage) fn lock_striking(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("LOCK TABLE balance_stamps IN EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Has others who change agencies wait until this transaction ends; who reads goes on.
pub(in crate::storage) fn lock_agencies(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("LOCK TABLE agency_tree IN SHARE ROW EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Has the statements of this transaction planned once for a connection, not for each execution: planning a report takes
/// longer than running it. Plans that know no values must not take a whole table, or several workers, for the
/// shortest way.
pub(in crate::storage) fn plan_once(reader: &mut Reader) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *reader.connection {
        connection.batch_execute(
            "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; \
             SET LOCAL max_parallel_workers_per_gather = 0",
        )?;
    }
    Ok(())
}

/// Stores many balances at once: by COPY on PostgreSQL, which has millions to take when all is built anew.
pub(in crate::storage) fn load_balances(tx: &mut Tx, rows: &[Vec<Value>]) -> Result<(), StorageError> {
    match &mut *tx.connection {
        AnyConnection::Postgres(connection) => {
            let lines = |copy: &mut dyn std::io::Write| {
                rows.iter().try_for_each(|row| {
                    let values: Vec<String> = row.iter().map(Value::copied).collect();
                    writeln!(copy, "{}", values.join("\t"))
                        .map_err(|cause| diesel::result::Error::SerializationError(cause.into()))
                })
            };
            diesel::copy_from(balances::table).from_raw_data(balances::table, lines).execute(connection)?;
        }
        AnyConnection::Sqlite(_) => {
            for rows in rows.chunks(ROWS_AT_ONCE) {
                Sql::insert("INSERT INTO balances", rows, "").execute(&mut *tx.connection)?;
            }
        }
    }
    Ok(())
}

/// Stores many rows at once: by COPY on PostgreSQL, by one prepared statement on SQLite.
macro_rules! insert_all {
    ($tx:expr, $table:ident, $rows:expr) => {{
        use $crate::storage::connection::AnyConnection;
        let rows = $rows;
        match &mut *$tx.connection {
            _ if rows.is_empty() => 0,
            AnyConnection::Postgres(connection) => {
                diesel::copy_from($table::table).from_insertable(rows).execute(connection)?
            }
            AnyConnection::Sqlite(connection) => {
                let mut stored = 0;
                // All rows in one statement would be more values than SQLite binds.
                for row in rows {
                    stored += diesel::insert_into($table::table).values(row).execute(connection)?;
                }
                stored
            }
        }
    }};
}
pub(in crate::storage) use insert_all;

/// The seconds from one instant to another, as an expression.
pub(in crate::storage) fn seconds_between(reader: &Reader, from: &str, to: &str) -> String {
    match &*reader.connection {
        AnyConnection::Postgres(_) => format!("CAST(EXTRACT(EPOCH FROM {to} - {from}) AS BIGINT)"),
        AnyConnection::Sqlite(_) => format!("(unixepoch({to}) - unixepoch({from}))"),
    }
}

/// Writes an event into the journal and puts it into the queue. PostgreSQL does both with one statement and numbers the queue
/// from a sequence, which no writer waits for; SQLite has one writer, who counts.
pub(in crate::storage) fn append(tx: &mut Tx, row: &JournalRow, queued: &Queued<'_>) -> Result<(), StorageError> {
    const SQL: &str = "WITH written AS (\
             INSERT INTO journal (dossier, seq, at, recorded_at, actor, name, event, on_behalf_of) \
             VALUES (:dossier, :seq, :at, :recorded_at, :actor, :name, :event, :on_behalf_of) RETURNING dossier, seq, name) \
         INSERT INTO outbox (dossier, seq, name, agency, received_by, former_agency, imported, trace) \
         SELECT dossier, seq, name, :agency, :received_by, :former_agency, false, :trace FROM written";
    tx.to_send = true;
    if let AnyConnection::Sqlite(connection) = &mut *tx.connection {
        diesel::insert_into(journal::table).values(row).execute(connection)?;
        let last: Option<i64> = outbox::table.select(diesel::dsl::max(outbox::place)).first(connection)?;
        let numbered = (outbox::place.eq(last.unwrap_or(0) + 1), queued);
        diesel::insert_into(outbox::table).values(numbered).execute(connection)?;
        return Ok(());
    }
    let text = |text: &str| Value::Text(text.to_owned());
    let maybe = |text: Option<&str>| Value::Maybe(text.map(str::to_owned));
    let values = [
        ("dossier", text(&row.dossier)),
        ("seq", Value::Number(row.seq)),
        ("at", Value::Time(row.at)),
        ("recorded_at", Value::Time(row.recorded_at)),
        ("actor", text(&row.actor)),
        ("name", text(&row.name)),
        ("event", text(&row.event)),
        ("on_behalf_of", maybe(row.on_behalf_of.as_deref())),
        ("agency", text(queued.agency)),
        ("received_by", text(queued.received_by)),
        ("former_agency", maybe(queued.former_agency)),
        ("trace", maybe(queued.trace)),
    ];
    Sql::of(SQL, &values).execute(&mut *tx.connection)?;
    Ok(())
}

/// Puts events of the journal into the queue, many at once; numbered as in [`append`].
pub(in crate::storage) fn enqueue_all(tx: &mut Tx, queued: Vec<Queued<'_>>) -> Result<(), StorageError> {
    tx.to_send |= !queued.is_empty();
    match &mut *tx.connection {
        _ if queued.is_empty() => {}
        AnyConnection::Postgres(connection) => {
            diesel::copy_from(outbox::table).from_insertable(queued).execute(connection)?;
        }
        AnyConnection::Sqlite(connection) => {
            let last: Option<i64> = outbox::table.select(diesel::dsl::max(outbox::place)).first(connection)?;
            let numbered =
                (last.unwrap_or(0) + 1..).zip(queued).map(|(place, queued)| (outbox::place.eq(place), queued));
            diesel::insert_into(outbox::table).values(numbered.collect::<Vec<_>>()).execute(connection)?;
        }
    }
    Ok(())
}

/// Makes those who give positions in the feed take turns. It must come first in the transaction, before its snapshot is
/// taken. Writers of events never lock this table.
pub(in crate::storage) fn lock_feed(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("LOCK TABLE feed_head IN EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Puts an audit entry into the queue, in one statement. It is numbered as [`append`] numbers events.
pub(in crate::storage) fn enqueue_audit(tx: &mut Tx, id: &str, entry: String) -> Result<(), StorageError> {
    const POSTGRES: &str = "INSERT INTO audit_queue (id, entry) VALUES (:id, :entry)";
    const SQLITE: &str = "INSERT INTO audit_queue (place, id, entry) \
         VALUES ((SELECT COALESCE(MAX(place), 0) + 1 FROM audit_queue), :id, :entry)";
    let sql = if matches!(*tx.connection, AnyConnection::Postgres(_)) { POSTGRES } else { SQLITE };
    let values = [("id", Value::Text(id.to_owned())), ("entry", Value::Text(entry))];
    Sql::of(sql, &values).execute(&mut *tx.connection)?;
    Ok(())
}

/// Makes those who seal audit entries take turns, as [`lock_feed`] does. Writers of entries never lock this table.
pub(in crate::storage) fn lock_audit(tx: &mut Tx) -> Result<(), StorageError> {
    if let AnyConnection::Postgres(connection) = &mut *tx.connection {
        connection.batch_execute("LOCK TABLE audit_head IN EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Stores many audit entries at once.
pub(in crate::storage) fn insert_audit(tx: &mut Tx, rows: &[Row]) -> Result<(), StorageError> {
    match &mut *tx.connection {
        AnyConnection::Postgres(connection) => diesel::insert_into(audit::table).values(rows).execute(connection)?,
        AnyConnection::Sqlite(connection) => diesel::insert_into(audit::table).values(rows).execute(connection)?,
    };
    Ok(())
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

#[derive(QueryableByName)]
struct CountedWithHorizon {
    #[diesel(embed)]
    counted: Counted,
    #[diesel(embed)]
    horizon: Horizon,
}

/// Moves an agency's counter of a day on by one; answers the number reached, and learns the horizon with it.
///
/// One statement under the row's lock: no two transactions get the same number, on either database.
pub(in crate::storage) fn advance_counter(tx: &mut Tx, agency: &str, day: NaiveDate) -> Result<i64, StorageError> {
    const POSTGRES: &str = concat!(
        "INSERT INTO code_counters AS c (agency, day, last) VALUES (:agency, :day, 1) \
         ON CONFLICT (agency, day) DO UPDATE SET last = c.last + 1 RETURNING last, ",
        horizon!()
    );
    const SQLITE: &str = "INSERT INTO code_counters AS c (agency, day, last) VALUES (:agency, :day, 1) \
         ON CONFLICT (agency, day) DO UPDATE SET last = c.last + 1 RETURNING last";
    let values = [("agency", Value::Text(agency.to_owned())), ("day", Value::Day(day))];
    if matches!(*tx.connection, AnyConnection::Postgres(_)) {
        let row: CountedWithHorizon = Sql::of(POSTGRES, &values).get_result(&mut *tx.connection)?;
        tx.horizon = Some(row.horizon.horizon);
        Ok(row.counted.last)
    } else {
        let row: Counted = Sql::of(SQLITE, &values).get_result(&mut *tx.connection)?;
        Ok(row.last)
    }
}

/// Moves counters to at least these numbers. Rows come in order, so that two writers never wait for each other.
pub(in crate::storage) fn reserve_counters(tx: &mut Tx, rows: &[(&str, NaiveDate, i64)]) -> Result<(), StorageError> {
    const TAIL: &str = "ON CONFLICT (agency, day) DO UPDATE SET \
         last = CASE WHEN c.last > excluded.last THEN c.last ELSE excluded.last END";
    for rows in rows.chunks(ROWS_AT_ONCE) {
        counters(rows, TAIL).execute(&mut *tx.connection)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct CountedDay {
    #[diesel(sql_type = Text)]
    agency: String,
    #[diesel(sql_type = Date)]
    day: NaiveDate,
    #[diesel(embed)]
    counted: Counted,
}

/// Moves counters on by these numbers, in the same order; answers what they reached.
pub(in crate::storage) fn advance_counters(
    tx: &mut Tx,
    rows: &[(&str, NaiveDate, i64)],
) -> Result<Vec<(String, NaiveDate, i64)>, StorageError> {
    const TAIL: &str =
        "ON CONFLICT (agency, day) DO UPDATE SET last = c.last + excluded.last RETURNING agency, day, last";
    let mut reached = Vec::with_capacity(rows.len());
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let days: Vec<CountedDay> = counters(rows, TAIL).load(&mut *tx.connection)?;
        reached.extend(days.into_iter().map(|day| (day.agency, day.day, day.counted.last)));
    }
    Ok(reached)
}

fn counters(rows: &[(&str, NaiveDate, i64)], tail: &str) -> Sql {
    let row = |&(agency, day, last): &(&str, NaiveDate, i64)| {
        vec![Value::Text(agency.to_owned()), Value::Day(day), Value::Number(last)]
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    Sql::insert("INSERT INTO code_counters AS c (agency, day, last)", &rows, tail)
}
