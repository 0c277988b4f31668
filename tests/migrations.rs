//! The migrations: there and back again, and the same tables as `src/storage/schema.rs`, on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/postgres.rs"]
#[allow(clippy::expect_used, clippy::print_stderr, unreachable_pub)]
mod postgres;

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use motcua::storage::listing::Visible;
use motcua::storage::{Db, PoolSizes, feed, migrate};

/// Table → column → (nullable, type in lower case).
type Tables = BTreeMap<String, BTreeMap<String, (bool, String)>>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    text: String,
}

enum Look {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Look {
    fn columns(&mut self) -> Tables {
        let rows: Vec<Column> = match self {
            Self::Sqlite(connection) => sql_query(
                "SELECT m.name AS table_name, c.name AS column_name, c.\"notnull\" = 0 AS nullable, lower(c.type) AS kind \
                 FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            )
            .load(connection.as_mut())
            .unwrap(),
            Self::Postgres(connection) => sql_query(
                "SELECT table_name::text, column_name::text, is_nullable = 'YES' AS nullable, data_type::text AS kind \
                 FROM information_schema.columns WHERE table_schema = current_schema()",
            )
            .load(connection.as_mut())
            .unwrap(),
        };
        let mut tables = Tables::new();
        for row in rows.into_iter().filter(|row| row.table_name != "__diesel_schema_migrations") {
            tables.entry(row.table_name).or_default().insert(row.column_name, (row.nullable, row.kind));
        }
        tables
    }

    /// Tables, columns, indexes and constraints, spelt out.
    fn everything(&mut self) -> Vec<String> {
        let mut all: Vec<Object> = match self {
            Self::Sqlite(connection) => sql_query(
                "SELECT type || ' ' || name || ': ' || coalesce(sql, '') AS text FROM sqlite_master \
                 WHERE name NOT LIKE 'sqlite_%' AND name <> '__diesel_schema_migrations'",
            )
            .load(connection.as_mut())
            .unwrap(),
            Self::Postgres(connection) => {
                let mut found: Vec<Object> = sql_query(
                    "SELECT 'index ' || indexdef AS text FROM pg_indexes \
                     WHERE schemaname = current_schema() AND tablename <> '__diesel_schema_migrations'",
                )
                .load(connection.as_mut())
                .unwrap();
                found.extend(
                    sql_query(
                        "SELECT c.conrelid::regclass::text || ' ' || pg_get_constraintdef(c.oid) AS text \
                         FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace \
                         WHERE n.nspname = current_schema() AND c.conrelid::regclass::text <> '__diesel_schema_migrations'",
                    )
                    .load::<Object>(connection.as_mut())
                    .unwrap(),
                );
                found.extend(
                    sql_query(
                        "SELECT pg_get_triggerdef(t.oid) AS text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                         WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal \
                         UNION ALL SELECT 'function ' || proname FROM pg_proc \
                         WHERE pronamespace = current_schema()::regnamespace",
                    )
                    .load::<Object>(connection.as_mut())
                    .unwrap(),
                );
                found
            }
        };
        let mut spelt: Vec<String> = all.drain(..).map(|object| object.text).collect();
        spelt.push(format!("{:?}", self.columns()));
        spelt.sort();
        spelt
    }
}

/// What `schema.rs` says, with the types that may stand for each of Diesel's.
fn expected() -> Tables {
    let mut tables = Tables::new();
    let mut table = String::new();
    let texts = [
        include_str!("../src/storage/schema.rs"),
        include_str!("../src/storage/schema/between.rs"),
        include_str!("../src/storage/schema/catalogue.rs"),
        include_str!("../src/storage/schema/clerks.rs"),
        include_str!("../src/storage/schema/outward.rs"),
        include_str!("../src/storage/schema/voices.rs"),
    ];
    for line in texts.into_iter().flat_map(str::lines).map(str::trim) {
        if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let entry = (inner.is_some(), inner.unwrap_or(kind).to_owned());
            tables.get_mut(&table).unwrap().insert(column.to_owned(), entry);
        } else if line.ends_with('{') && line.contains(" (") {
            table = line.split(" (").next().unwrap().to_owned();
            tables.insert(table.clone(), BTreeMap::new());
        }
    }
    assert!(tables.len() >= 19, "{tables:?}");
    tables
}

fn may_stand_for(found: &str, diesel: &str) -> bool {
    match diesel {
        "Text" => found == "text",
        // SQLite keeps the word by which PostgreSQL makes a column with a sequence of its own.
        "BigInt" => matches!(found, "bigint" | "bigserial"),
        "Integer" => found == "integer",
        "SmallInt" => found == "smallint",
        "Bool" => found == "boolean",
        "Date" => found == "date",
        "Binary" => found == "bytea",
        "Timestamp" => matches!(found, "timestamp" | "timestamp without time zone"),
        _ => false,
    }
}

fn there_and_back(db: &Db, look: &mut Look) {
    assert!(migrate::up(db).unwrap() > 0);
    let first = look.everything();
    assert!(!look.columns().is_empty());
    assert_eq!(migrate::up(db).unwrap(), 0);
    migrate::down(db).unwrap();
    assert_eq!(look.columns(), Tables::new());
    assert!(!db.read(migrate::is_up_to_date).unwrap());
    migrate::up(db).unwrap();
    assert!(db.read(migrate::is_up_to_date).unwrap());
    assert_eq!(look.everything(), first);

    let (found, expected) = (look.columns(), expected());
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (table, columns) in &expected {
        let names: Vec<_> = found[table].keys().collect();
        assert_eq!(names, columns.keys().collect::<Vec<_>>(), "{table}");
        for (column, (nullable, kind)) in columns {
            let (found_nullable, found_kind) = &found[table][column];
            assert_eq!(found_nullable, nullable, "{table}.{column}");
            assert!(may_stand_for(found_kind, kind), "{table}.{column}: {found_kind} for {kind}");
        }
    }
}

fn open(url: &str) -> Db {
    let vault = motcua::storage::Vault::new(&["a data key for tests only, 32 bytes"]).unwrap();
    Db::open(url, PoolSizes { readers: 1, writers: 1, wait: Duration::from_secs(20) }, vault).unwrap()
}

#[test]
fn there_and_back_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("migrated.db").display().to_string();
    let db = open(&format!("sqlite://{file}"));
    there_and_back(&db, &mut Look::Sqlite(Box::new(SqliteConnection::establish(&file).unwrap())));
}

#[test]
fn there_and_back_on_postgres() {
    let Some(schema) = postgres::Schema::create() else { return };
    let db = open(&schema.url);
    there_and_back(&db, &mut Look::Postgres(Box::new(PgConnection::establish(&schema.url).unwrap())));
    drop(db);
    schema.drop_it();
}

#[test]
fn two_processes_may_migrate_at_once() {
    let Some(schema) = postgres::Schema::create() else { return };
    let runs: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate::up(&open(&schema.url)).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(runs > 0);
    assert!(open(&schema.url).read(migrate::is_up_to_date).unwrap());
    schema.drop_it();
}

/// The portable migrations, one by one.
const PORTABLE: EmbeddedMigrations = embed_migrations!("migrations/portable");
/// How many of them an office had before events got a feed.
const BEFORE_THE_FEED: usize = 3;

/// Two dossiers with three events, as they were written then; B's second event was recorded between A's and B's first.
const THEN: &str = "
    INSERT INTO agencies VALUES ('H16.18', 'Sở', 'department', NULL, '2026-03-02 09:00:00', 1);
    INSERT INTO dossiers (code, procedure_code, procedure_version, field, level, agency, received_by, unit, channel, status, void,
        filed_at, last_move_at, supplement_requests, supplement_late, accepted_late, lateness_noted, applicant_kind, applicant_name,
        papers, search_text, created_at, version)
    SELECT code, '1.001739', 1, 'BTXH', 'province', 'H16.18', 'H16.18', 'working_day', 'direct', 4, FALSE, '2026-03-02 09:00:00',
        '2026-03-02 09:00:00', 0, FALSE, FALSE, FALSE, 'citizen', 'Nguyễn Văn Thử', '{}', 'nguyen van thu', '2026-03-02 09:00:00', 1
    FROM (SELECT 'H16.18-260302-0001' AS code UNION ALL SELECT 'H16.18-260302-0002') AS codes;
    INSERT INTO journal (dossier, seq, at, recorded_at, actor, name, event) VALUES
        ('H16.18-260302-0001', 1, '2026-03-02 09:00:00', '2026-03-02 09:00:00', 'lan', 'dossier.processing', '{\"kind\":\"processing_started\"}'),
        ('H16.18-260302-0001', 2, '2026-03-02 11:00:00', '2026-03-02 11:00:00', 'lan', 'dossier.returned', '{\"kind\":\"returned\"}'),
        ('H16.18-260302-0002', 1, '2026-03-02 10:00:00', '2026-03-02 10:00:00', 'lan', 'dossier.processing', '{\"kind\":\"processing_started\"}');
    INSERT INTO outbox (id, name, dossier, seq, created_at) VALUES
        ('c', 'dossier.returned', 'H16.18-260302-0001', 2, '2026-03-02 11:00:00'),
        ('b', 'dossier.processing', 'H16.18-260302-0002', 1, '2026-03-02 10:00:00'),
        ('a', 'dossier.processing', 'H16.18-260302-0001', 1, '2026-03-02 09:00:00');";

/// What was waiting in the outbox before there was a feed stands at its beginning, in the order it was recorded.
fn old_events_begin_the_feed(db: &Db) {
    migrate::up(db).unwrap();
    assert_eq!(db.write_steady(|tx| feed::sequence(tx, 10)).unwrap(), 3);
    let wanted = feed::Wanted { visible: Visible::Everything, names: None };
    let changes = db.read(|reader| feed::page(reader, &wanted, (0, 10), 10)).unwrap();
    let found: Vec<_> = changes.iter().map(|it| (it.position, it.dossier.sequence(), it.seq, it.imported)).collect();
    assert_eq!(found, [(1, 1, 1, true), (2, 2, 1, true), (3, 1, 2, true)]);
}

#[test]
fn an_office_with_events_is_brought_up_to_date_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.db").display().to_string();
    let mut then = SqliteConnection::establish(&file).unwrap();
    (0..BEFORE_THE_FEED).for_each(|_| drop(then.run_next_migration(PORTABLE).unwrap()));
    then.batch_execute(THEN).unwrap();
    old_events_begin_the_feed(&open(&format!("sqlite://{file}")));
}

#[test]
fn an_office_with_events_is_brought_up_to_date_on_postgres() {
    let Some(schema) = postgres::Schema::create() else { return };
    let mut then = PgConnection::establish(&schema.url).unwrap();
    (0..BEFORE_THE_FEED).for_each(|_| drop(then.run_next_migration(PORTABLE).unwrap()));
    then.batch_execute(THEN).unwrap();
    old_events_begin_the_feed(&open(&schema.url));
    drop(then);
    schema.drop_it();
}
