//! Random histories of an office, told to both databases: figures balance, equal a plain recount, and stay as they were.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use motcua::domain::dossier_code::DossierCode;
use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::statistics::{CountedLife, Period, Tally, Window, tally_of};
use motcua::domain::vocabulary::{ApplicantKind, Channel, Outcome, Status};
use motcua::flow::correct::void;
use motcua::flow::intake::{NewDossier, receive};
use motcua::flow::sweep::sweep;
use motcua::flow::transition::{Target, Transition, transition};
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor, Fault};
use motcua::storage::dossier_row::Record;
use motcua::storage::statistics::{GroupBy, tallies};
use motcua::storage::{dossiers, letters};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Kind, TestApp};

/// What happens next, and how many minutes after what happened before. Dossiers are numbered from the newest.
#[derive(Debug, Clone)]
struct Step {
    minutes: i64,
    deed: Deed,
}

#[derive(Debug, Clone)]
enum Deed {
    Receive { procedure: usize, channel: usize },
    Move { dossier: usize, to: Status },
    Reopen { dossier: usize },
    Void { dossier: usize },
    Sweep,
}

const PROCEDURES: [&str; 4] = ["1.001739", "1.000002", "1.000003", "1.000004"];

/// Waits and returns are frequent and ends rare, so that many dossiers have several spans; half of the stretches mend
/// nothing, so that past reports must stay as they were.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let to = prop_oneof![
        6 => Just(Status::Processing),
        5 => Just(Status::SupplementRequired),
        4 => Just(Status::PaymentRequired),
        2 => Just(Status::Finished),
        1 => Just(Status::Withdrawn),
        1 => Just(Status::Stopped),
        1 => Just(Status::Returned),
        1 => Just(Status::Rejected),
    ];
    let deed = prop_oneof![
        4 => (0..PROCEDURES.len(), 0..3_usize).prop_map(|(procedure, channel)| Deed::Receive { procedure, channel }),
        16 => (0..16_usize, to).prop_map(|(dossier, to)| Deed::Move { dossier, to }),
        1 => (0..16_usize).prop_map(|dossier| Deed::Reopen { dossier }),
        1 => (0..16_usize).prop_map(|dossier| Deed::Void { dossier }),
        1 => Just(Deed::Sweep),
    ];
    let step = (0..1_500_i64, deed).prop_map(|(minutes, deed)| Step { minutes, deed });
    (any::<bool>(), proptest::collection::vec(step, 40..90)).prop_map(|(mending, mut steps)| {
        steps.retain(|step| mending || !matches!(step.deed, Deed::Reopen { .. } | Deed::Void { .. }));
        steps
    })
}

/// A past report that was asked for once, to be asked for again.
type Asked = (Window, Vec<(Vec<String>, Tally)>);

#[actix_web::test]
async fn on_sqlite() {
    tell(&TestApp::start(Kind::Sqlite).await.unwrap(), 12).await;
}

#[actix_web::test]
async fn on_postgres() {
    if let Some(app) = TestApp::start(Kind::Postgres).await {
        tell(&app, 8).await;
    }
}

async fn tell(app: &TestApp, cases: u32) {
    app.office().await;
    for (code, rule) in PROCEDURES[1..].iter().zip([
        serde_json::json!({"amount": 8, "unit": "working_hour", "on_supplement": "pause"}),
        serde_json::json!({"amount": 10, "unit": "calendar_day", "cutoff": "15:00"}),
        serde_json::json!({"no_appointment": true}),
    ]) {
        app.procedure(code, rule).await;
    }
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() });
    // Each case goes on where the one before stopped: one growing office, checked after every stretch.
    runner
        .run(&steps(), |steps| {
            live(app, &steps);
            Ok(())
        })
        .unwrap();
    let codes = app.db.read(|reader| dossiers::page_of_codes(reader, false, "", 10_000)).unwrap();
    assert!(spans_over(app, &codes) > 10, "too few waits came to an end");
}

fn live(app: &TestApp, steps: &[Step]) {
    let actor = Actor::service("office");
    let mut codes: Vec<DossierCode> = app.db.read(|reader| dossiers::page_of_codes(reader, false, "", 10_000)).unwrap();
    let started = app.ambient.now();
    let asked: Vec<Asked> = past(started).into_iter().map(|window| (window, ask(app, &window))).collect();
    let mut history_mended = false;
    for step in steps {
        let now = app.ambient.now() + TimeDelta::minutes(step.minutes);
        app.ambient.set(now);
        let act = Act { actor: &actor, now, ambient: &app.ambient };
        match &step.deed {
            Deed::Receive { procedure, channel } => {
                let new = new_dossier(PROCEDURES[*procedure], Channel::ALL[*channel]);
                codes.push(app.db.write(|tx| receive(tx, act, &new)).unwrap().code);
            }
            Deed::Move { dossier, to } => {
                attempt(app, act, &codes, *dossier, Target::Status(*to));
            }
            Deed::Reopen { dossier } => {
                history_mended |= attempt(app, act, &codes, *dossier, Target::Reopen);
            }
            Deed::Void { dossier } => {
                let Some(code) = codes.iter().rev().nth(*dossier) else { continue };
                let voided: Result<Record, Fault> = app.db.write(|tx| void(tx, act, code, None, "Trùng".into()));
                history_mended |= voided.is_ok();
            }
            Deed::Sweep => drop(sweep(&app.db, &app.ambient, 0).unwrap()),
        }
    }
    sweep(&app.db, &app.ambient, 0).unwrap();
    if !history_mended {
        for (window, before) in &asked {
            assert_eq!(ask(app, window), *before, "a past report changed: {window:?}");
        }
    }
    check(app, &codes);
}

/// How many spans of all dossiers are over: with too few, the test would prove little.
fn spans_over(app: &TestApp, codes: &[DossierCode]) -> usize {
    codes.iter().map(|code| app.db.read(|reader| dossiers::past_spans_of(reader, code)).unwrap().len()).sum()
}

/// A move that the rules may refuse; answers whether it was made.
fn attempt(app: &TestApp, act: Act<'_>, codes: &[DossierCode], dossier: usize, to: Target) -> bool {
    let Some(code) = codes.iter().rev().nth(dossier) else { return false };
    let finished = to == Target::Status(Status::Finished);
    let outcome = finished.then_some(Outcome::Granted);
    let wish = Transition { to, at: None, reason: Some("Lý do".into()), outcome, documents: Vec::new() };
    match app.db.write(|tx| transition(tx, act, code, None, &wish)) {
        Ok(_) => true,
        Err(Fault::Refused(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn new_dossier(procedure: &str, channel: Channel) -> NewDossier {
    NewDossier {
        procedure: procedure.parse().unwrap(),
        agency: "H16.18".parse().unwrap(),
        received_by: None,
        channel,
        received_at: None,
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
    }
}

/// Periods that end before `now`: nothing but a mended history changes them.
fn past(now: NaiveDateTime) -> Vec<Window> {
    let first: NaiveDate = "2026-03-01".parse().unwrap();
    let yesterday = now.date().pred_opt().unwrap();
    first.iter_days().step_by(9).take_while(|to| *to <= yesterday).map(|to| window(first, to, now)).collect()
}

fn window(from: NaiveDate, to: NaiveDate, now: NaiveDateTime) -> Window {
    Period::new(from, to).unwrap().window(now)
}

fn ask(app: &TestApp, window: &Window) -> Vec<(Vec<String>, Tally)> {
    let groups = [GroupBy::Procedure, GroupBy::Channel];
    let counted = app.db.read(|reader| tallies(reader, window, None, &groups)).unwrap();
    counted.into_iter().map(|group| (group.keys, group.tally)).collect()
}

fn check(app: &TestApp, codes: &[DossierCode]) {
    let now = app.ambient.now();
    assert_eq!(verify(&app.db, now).unwrap().differences, Vec::<String>::new());
    let today = now.date();
    let mut windows = past(now);
    windows.push(window(today - TimeDelta::days(7), today, now));
    windows.push(window(today, today + TimeDelta::days(30), now));
    for window in &windows {
        let mut recounted: BTreeMap<Vec<String>, Tally> = BTreeMap::new();
        for code in codes {
            let record = app.db.read(|reader| dossiers::find(reader, code)).unwrap().unwrap();
            let spans = app.db.read(|reader| dossiers::past_spans_of(reader, code)).unwrap();
            let life = CountedLife::of(&record.standing, record.channel, spans, record.letter_on);
            let Some(life) = life else { continue };
            let keys = vec![record.procedure.to_string(), record.channel.to_string()];
            *recounted.entry(keys).or_default() += tally_of(&life, window);
        }
        recounted.retain(|_, tally| *tally != Tally::default());
        let counted: BTreeMap<Vec<String>, Tally> = ask(app, window).into_iter().collect();
        assert_eq!(counted, recounted, "{window:?}");
        assert!(counted.values().all(Tally::is_balanced), "{window:?}");
    }
    for code in codes {
        let record = app.db.read(|reader| dossiers::find(reader, code)).unwrap().unwrap();
        let owed = record.standing.timing(now).is_some_and(motcua::domain::timeliness::Timing::owes_apology);
        let has = app.db.read(|reader| letters::about_deadline(reader, code)).unwrap().is_some();
        assert_eq!(has, owed, "{code}: one letter iff late");
    }
}
