//! Balances under concurrent writers: nothing is counted twice or lost, whoever comes first.

use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::statistics::Period;
use motcua::domain::vocabulary::{ApplicantKind, Channel};
use motcua::flow::intake::{NewDossier, receive};
use motcua::flow::strike::{Struck, keep_up, rebuild};
use motcua::flow::{Act, Actor, Fault};
use motcua::storage::connection::Backend;
use motcua::storage::counts::{by_balances, counts};
use motcua::storage::statistics::{GroupBy, tallies};
use motcua::storage::{Failure, Tx};
use serde_json::json;
use std::sync::mpsc;

use crate::story;
use crate::support::TestApp;

/// Takes in a dossier that was handed in so many days ago.
fn receive_late(app: &TestApp, tx: &mut Tx, days: i64, channel: Channel) -> Result<(), Fault> {
    let (actor, now) = (Actor::service("tests"), app.ambient.now());
    let new = NewDossier {
        procedure: "1.001739".parse().unwrap(),
        agency: "H16.18".parse().unwrap(),
        case: None,
        received_by: None,
        channel,
        received_at: Some(now - chrono::TimeDelta::days(days)),
        accept: Some(true),
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: "Người thử".into(),
            identity_no: None,
            phone: None,
            email: None,
            address: None,
        },
        summary: None,
        papers: Papers::default(),
    };
    receive(tx, Act { actor: &actor, now, ambient: &app.ambient }, &new).map(drop)
}

/// Reports of a past period and of one up to now, by balances and from the rows; answers what is received in all.
fn agree(app: &TestApp) -> i64 {
    let now = app.ambient.now();
    let mut received = 0;
    for to in ["2026-03-10", "2026-12-31"] {
        let window = Period::new("2026-03-05".parse().unwrap(), to.parse().unwrap()).unwrap().window(now);
        let groups = [GroupBy::Agency, GroupBy::Channel];
        let rows = app.db.snapshot(|reader| tallies(reader, &window, None, &groups)).unwrap();
        assert_eq!(app.db.read(|reader| counts(reader, &window, None, &groups)).unwrap(), rows);
        received = rows.iter().map(|group| group.tally.received()).sum();
    }
    received
}

story!(a_writer_under_way_is_waited_for, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({})).await;
    app.at("2026-03-12T09:00:00");
    assert!(keep_up(&app.db, &app.ambient).unwrap().anew);
    // Midnight passes while a writer that knows of no later balance has not committed what it dated back.
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            app.db.write(|tx| {
                receive_late(app, tx, 3, Channel::Postal)?;
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok::<_, Fault>(())
            })
        });
        has_begun.recv().unwrap();
        app.at("2026-03-14T09:00:00");
        // On SQLite the write lock itself makes everybody else wait.
        if app.db.backend() == Backend::Postgres {
            assert_eq!(keep_up(&app.db, &app.ambient).unwrap(), Struck::default(), "nothing is struck without it");
            assert_eq!(agree(app), 1);
        }
        go_on.send(()).unwrap();
        writer.join().unwrap().unwrap();
    });
    assert_eq!(agree(app), 2);
    assert_eq!(keep_up(&app.db, &app.ambient).unwrap(), Struck { stamps: 2, anew: false }, "13 and 14 March");
    assert_eq!(agree(app), 2);
});

story!(writers_strikers_and_rebuilds_at_once, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({})).await;
    app.at("2026-03-12T09:00:00");
    keep_up(&app.db, &app.ambient).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_i64 {
            scope.spawn(move || {
                for turn in 0..12 {
                    let channel = Channel::ALL[usize::try_from(turn % 3).unwrap()];
                    app.db.write(|tx| receive_late(app, tx, (writer * 3 + turn) % 10, channel)).unwrap();
                    agree_in_one_snapshot(app);
                }
            });
        }
        scope.spawn(|| {
            for minute in 1..20 {
                app.at(&format!("2026-03-{}T09:{minute:02}:00", 12 + minute / 5));
                keep_up(&app.db, &app.ambient).unwrap();
            }
        });
        scope.spawn(|| {
            for _ in 0..6 {
                // Another run may take over, and a writer may hold one up; neither harms.
                match rebuild(&app.db, &app.ambient) {
                    Ok(_) | Err(Fault::Changed) => {}
                    Err(fault) => {
                        assert!(fault.storage().is_some_and(motcua::storage::StorageError::is_busy), "{fault}")
                    }
                }
            }
        });
    });
    assert_eq!(agree(app), 49);
    keep_up(&app.db, &app.ambient).unwrap();
    assert_eq!(agree(app), 49);
});

/// As another process would see it at any moment.
fn agree_in_one_snapshot(app: &TestApp) {
    let window = Period::preset("2026-M03").unwrap().window(app.ambient.now());
    app.db
        .snapshot(|reader| {
            let rows = tallies(reader, &window, None, &[GroupBy::Channel])?;
            if let Some(struck) = by_balances(reader, &window, None, &[GroupBy::Channel])? {
                assert_eq!(struck, rows);
            }
            Ok::<_, motcua::storage::StorageError>(())
        })
        .unwrap();
}
