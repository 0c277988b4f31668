//! Leases: one holder at a time, by the database's clock, and none for ever.

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use motcua::storage::leases::{acquire, release};

use crate::story;
use crate::support::{Kind, TestApp};

/// How long nothing here takes.
const LONG: TimeDelta = TimeDelta::minutes(10);

/// Whether `holder` has the work now.
fn has(app: &TestApp, holder: &str, length: TimeDelta) -> bool {
    app.db.write(|tx| acquire(tx, "work", holder, length)).unwrap().is_some_and(|left| left <= length)
}

/// Says until when the lease runs, in words of the database.
fn write_until(app: &TestApp, sqlite: &str, postgres: &str) {
    let set = |until: &str| format!("UPDATE leases SET until = {until} WHERE name = 'work'");
    match app.kind() {
        Kind::Sqlite => {
            let url = app.url();
            let mut connection = SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap();
            connection.batch_execute(&set(sqlite)).unwrap();
        }
        Kind::Postgres => PgConnection::establish(&app.url()).unwrap().batch_execute(&set(postgres)).unwrap(),
    }
}

story!(one_holder_at_a_time, |app| {
    assert!(has(app, "one", LONG));
    assert!(!has(app, "other", LONG));
    assert!(has(app, "one", LONG), "its holder keeps it");
    app.db.write(|tx| release(tx, "work", "other")).unwrap();
    assert!(!has(app, "other", LONG), "nobody gives away what another has");
    app.db.write(|tx| release(tx, "work", "one")).unwrap();
    assert!(has(app, "other", LONG));
    assert!(!has(app, "one", LONG));
});

story!(a_lease_that_ran_out_goes_to_who_asks, |app| {
    assert!(has(app, "one", LONG));
    write_until(
        app,
        "strftime('%Y-%m-%d %H:%M:%S', 'now', '-1 second')",
        "(clock_timestamp() AT TIME ZONE 'UTC') - interval '1 second'",
    );
    assert!(has(app, "other", LONG));
    assert!(!has(app, "one", LONG), "who held it has to ask as all do");
});

story!(a_lease_that_is_longer_than_leases_are_has_run_out, |app| {
    // The database went on elsewhere, by a clock that is an hour behind; or an earlier version wrote local time.
    assert!(has(app, "one", LONG));
    write_until(
        app,
        "strftime('%Y-%m-%d %H:%M:%S', 'now', '+70 minutes')",
        "(clock_timestamp() AT TIME ZONE 'UTC') + interval '70 minutes'",
    );
    assert!(has(app, "other", LONG));
    assert!(!has(app, "one", LONG));
});

story!(a_lease_is_renewed_before_it_is_short, |app| {
    let left = |length| app.db.write(|tx| acquire(tx, "work", "one", length)).unwrap().unwrap();
    assert_eq!(left(LONG), LONG);
    write_until(
        app,
        "strftime('%Y-%m-%d %H:%M:%S', 'now', '+5 minutes')",
        "(clock_timestamp() AT TIME ZONE 'UTC') + interval '5 minutes'",
    );
    assert_eq!(left(LONG), LONG, "half of it was left");
    write_until(
        app,
        "strftime('%Y-%m-%d %H:%M:%S', 'now', '+8 minutes')",
        "(clock_timestamp() AT TIME ZONE 'UTC') + interval '8 minutes'",
    );
    let kept = left(LONG);
    let plenty = TimeDelta::minutes(7)..=TimeDelta::minutes(8);
    assert!(plenty.contains(&kept), "with plenty left nothing is written: {kept}");
});
