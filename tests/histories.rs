//! Random histories of an office, told to both databases: figures balance, equal a plain recount, and stay as they were.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use motcua::domain::apology::{Promulgation, Signer};
use motcua::domain::dossier_code::DossierCode;
use motcua::domain::errand::ErrandKind;
use motcua::domain::fees::{Collection, FeeItem, FeeKind, PaymentMethod, Proof, reference};
use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::service_index::{ServiceIndex, Wait, waits};
use motcua::domain::statistics::{CountedLife, Period, Tally, Window, tally_of};
use motcua::domain::vocabulary::{ApplicantKind, Channel, Outcome, Status};
use motcua::flow::apologise::{Verb, handle};
use motcua::flow::correct::{Correction, correct, void};
use motcua::flow::errands::{self, NewErrand, Wanted};
use motcua::flow::fees::{pay, require_payment};
use motcua::flow::intake::{NewDossier, receive};
use motcua::flow::strike::{keep_up, rebuild};
use motcua::flow::sweep::sweep;
use motcua::flow::transfers::send;
use motcua::flow::transition::{Target, Transition, transition};
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor, Fault};
use motcua::storage::counts::{by_balances, counts};
use motcua::storage::dossier_row::Record;
use motcua::storage::service_index::service_index;
use motcua::storage::statistics::{GroupBy, tallies};
use motcua::storage::{dossiers, fees, journal, letters, striking};
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
    Receive { procedure: usize, channel: usize, agency: usize, days_back: i64 },
    Move { dossier: usize, to: Status, hours_back: i64 },
    Reopen { dossier: usize },
    Void { dossier: usize },
    Correct { dossier: usize, agency: usize, channel: usize, days_back: i64 },
    Apologise { dossier: usize, days_back: i64 },
    Between { dossier: usize },
    Sweep,
    Balances(Upkeep),
}

/// What becomes of the balances: they are kept up, built anew, left half-announced or half-built.
#[derive(Debug, Clone, Copy)]
enum Upkeep {
    KeepUp,
    Rebuild,
    Announce,
    StartAnew,
}

const AGENCIES: [&str; 4] = ["H16", "H16.18", "H16.20", "H16.18.01"];
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
        4 => (0..PROCEDURES.len(), 0..3_usize, 0..AGENCIES.len(), back(40)).prop_map(
            |(procedure, channel, agency, days_back)| Deed::Receive { procedure, channel, agency, days_back }),
        36 => (0..16_usize, to, back(90)).prop_map(|(dossier, to, hours_back)| Deed::Move { dossier, to, hours_back }),
        1 => (0..16_usize).prop_map(|dossier| Deed::Reopen { dossier }),
        1 => (0..16_usize).prop_map(|dossier| Deed::Void { dossier }),
        1 => (0..16_usize, 0..AGENCIES.len(), 0..3_usize, 0..30_i64).prop_map(
            |(dossier, agency, channel, days_back)| Deed::Correct { dossier, agency, channel, days_back }),
        4 => (0..16_usize, back(9)).prop_map(|(dossier, days_back)| Deed::Apologise { dossier, days_back }),
        6 => (0..16_usize).prop_map(|dossier| Deed::Between { dossier }),
        1 => Just(Deed::Sweep),
        3 => prop_oneof![
            6 => Just(Upkeep::KeepUp),
            1 => Just(Upkeep::Rebuild),
            2 => Just(Upkeep::Announce),
            1 => Just(Upkeep::StartAnew),
        ].prop_map(Deed::Balances),
    ];
    let step = (0..1_500_i64, deed).prop_map(|(minutes, deed)| Step { minutes, deed });
    (any::<bool>(), proptest::collection::vec(step, 60..110)).prop_map(|(mending, mut steps)| {
        steps.retain_mut(|step| mending || looks_forward(&mut step.deed));
        steps
    })
}

/// Mostly none.
fn back(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![5 => Just(0), 1 => 0..most]
}

/// Dates a deed back to nothing; answers whether it then leaves the past alone.
fn looks_forward(deed: &mut Deed) -> bool {
    match deed {
        Deed::Reopen { .. } | Deed::Void { .. } | Deed::Correct { .. } => return false,
        Deed::Receive { days_back, .. } | Deed::Apologise { days_back, .. } => *days_back = 0,
        Deed::Move { hours_back, .. } => *hours_back = 0,
        Deed::Between { .. } | Deed::Sweep | Deed::Balances(_) => {}
    }
    true
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
    let admin = app.office().await;
    for (code, parent) in [("H16.20", "H16"), ("H16.18.01", "H16.18")] {
        let agency = serde_json::json!({"code": code, "name": "Xã", "level": "commune", "parent": parent});
        app.post("/v1/agencies", &admin, agency).await.expect(201);
    }
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
    let over = spans_over(app, &codes);
    assert!(over > 5, "too few waits came to an end: {over}");
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
            Deed::Receive { procedure, channel, agency, days_back } => {
                let mut new = new_dossier(PROCEDURES[*procedure], AGENCIES[*agency], Channel::ALL[*channel]);
                new.received_at = (*days_back > 0).then(|| now - TimeDelta::days(*days_back));
                codes.push(app.db.write(|tx| receive(tx, act, &new)).unwrap().code);
                history_mended |= *days_back > 0;
            }
            Deed::Move { dossier, to, hours_back } => {
                let at = now - TimeDelta::hours(*hours_back);
                history_mended |= attempt(app, act, &codes, *dossier, Target::Status(*to), at) && *hours_back > 0;
            }
            Deed::Reopen { dossier } => {
                history_mended |= attempt(app, act, &codes, *dossier, Target::Reopen, now);
            }
            Deed::Void { dossier } => {
                let Some(code) = codes.iter().rev().nth(*dossier) else { continue };
                let voided: Result<Record, Fault> = app.db.write(|tx| void(tx, act, code, None, "Trùng".into()));
                history_mended |= voided.is_ok();
            }
            Deed::Correct { dossier, agency, channel, days_back } => {
                let Some(code) = codes.iter().rev().nth(*dossier) else { continue };
                let right = Correction {
                    procedure: None,
                    case: None,
                    agency: Some(AGENCIES[*agency].parse().unwrap()),
                    channel: Some(Channel::ALL[*channel]),
                    received_at: (*days_back > 20).then(|| now - TimeDelta::days(*days_back)),
                    applicant: None,
                    reason: "Nhập nhầm".into(),
                };
                history_mended |= app.db.write(|tx| correct(tx, act, code, None, &right)).is_ok();
                compare_with_rows(app);
            }
            Deed::Apologise { dossier, days_back } => {
                let Some(code) = codes.iter().rev().nth(*dossier) else { continue };
                history_mended |= apologise(app, act, code, now.date() - TimeDelta::days(*days_back)) && *days_back > 0;
            }
            Deed::Between { dossier } => {
                let Some(code) = codes.iter().rev().nth(*dossier) else { continue };
                between(app, act, code);
            }
            Deed::Sweep => drop(sweep(&app.db, &app.ambient, 0).unwrap()),
            Deed::Balances(upkeep) => keep_balances(app, *upkeep),
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
fn attempt(app: &TestApp, act: Act<'_>, codes: &[DossierCode], dossier: usize, to: Target, at: NaiveDateTime) -> bool {
    let Some(code) = codes.iter().rev().nth(dossier) else { return false };
    let finished = to == Target::Status(Status::Finished);
    let outcome = finished.then_some(Outcome::Granted);
    let at = (at != act.now).then_some(at);
    let wish = Transition { to, at, reason: Some("Lý do".into()), outcome, documents: Vec::new() };
    let items = [fee()];
    let moved = app.db.write(|tx| match to {
        Target::Status(Status::PaymentRequired) => require_payment(tx, act, code, None, &wish, &items),
        _ => transition(tx, act, code, None, &wish),
    });
    match moved {
        Ok(_) => true,
        Err(Fault::Refused(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn fee() -> FeeItem {
    let (kind, collection) = (FeeKind::Charge, Collection::During);
    FeeItem { name: "Lệ phí".into(), code: None, kind, amount: 5_000.try_into().unwrap(), collection }
}

/// What other agencies and the cashier do to a dossier: a part is given out, the dossier sent on, the last demand paid. The rules
/// may refuse each; a payment may end a wait, from now on.
fn between(app: &TestApp, act: Act<'_>, code: &DossierCode) {
    let tried = |answer: Result<(), Fault>| match answer {
        Ok(()) | Err(Fault::Refused(_)) => {}
        Err(other) => panic!("{other}"),
    };
    let part = NewErrand {
        kind: ErrandKind::Part,
        agency: "H16".parse().unwrap(),
        subject: "Xác minh".into(),
        started_at: None,
        wanted: Wanted::At(act.now + TimeDelta::days(2)),
    };
    tried(app.db.write(|tx| errands::ask(tx, act, code, None, &part).map(drop)));
    tried(app.db.write(|tx| send(tx, act, code, None, None, None).map(drop)));
    let account = app.db.read(|reader| fees::account(reader, code)).unwrap();
    let Some(demand) = account.demands().pop() else { return };
    let Ok(amount) = account.sums(Some(demand)).balance().try_into() else { return };
    let receipt_number = format!("BL{demand}");
    let (reference, method) = (reference(code, demand), PaymentMethod::Cash);
    let proof = Proof { reference, amount, paid_at: act.now, method, receipt_number, file: None };
    tried(app.db.write(|tx| pay(tx, act, code, None, &proof).map(drop)));
}

/// Issues the letter that waits, dated `on`; answers whether one did and the rules allowed it.
fn apologise(app: &TestApp, act: Act<'_>, dossier: &DossierCode, on: NaiveDate) -> bool {
    let letter = app.db.read(|reader| letters::about_deadline(reader, dossier)).unwrap();
    let Some(id) = letter.map(|record| record.letter.id) else { return false };
    let in_a_week = (act.now.date() + TimeDelta::days(7)).and_hms_opt(9, 0, 0);
    let signer = Signer { name: "Nguyễn Văn A".into(), position: "Giám đốc".into() };
    let verbs = [
        Verb::Edit { reason: Some(Some("Chờ ý kiến".into())), new_return_at: Some(in_a_week) },
        Verb::Submit,
        Verb::Issue(Promulgation { number: 1, notation: "PXL".into(), on, signer }),
    ];
    // One refusal leaves the letter as it was.
    let answer: Result<(), Fault> =
        app.db.write(|tx| verbs.iter().try_for_each(|verb| handle(tx, act, &id, None, verb.clone()).map(drop)));
    answer.is_ok()
}

fn keep_balances(app: &TestApp, upkeep: Upkeep) {
    let now = app.ambient.now();
    let minute = now.with_second(0).unwrap();
    match upkeep {
        Upkeep::KeepUp => drop(keep_up(&app.db, &app.ambient).unwrap()),
        Upkeep::Rebuild => drop(rebuild(&app.db, &app.ambient).unwrap()),
        Upkeep::Announce => app.db.write(|tx| striking::announce(tx, &[minute], "half")).unwrap(),
        Upkeep::StartAnew => app.db.write(|tx| striking::start_anew(tx, &[minute], "half")).unwrap(),
    }
    let helped = compare_with_rows(app);
    let has_dossiers = app.db.read(dossiers::first_receipt).unwrap().is_some();
    match upkeep {
        Upkeep::KeepUp | Upkeep::Rebuild => assert_eq!(helped, has_dossiers, "balances up to date must be used"),
        Upkeep::StartAnew => assert!(!helped, "what is not struck must not be read"),
        Upkeep::Announce => {}
    }
}

/// Whatever state the balances are in, reports equal those from the rows; answers whether balances gave every one.
fn compare_with_rows(app: &TestApp) -> bool {
    let now = app.ambient.now();
    let today = now.date();
    let past = past(now);
    // For a quarter back every midnight has its balance; beyond that, only where periods begin.
    let mut windows: Vec<Window> = past.iter().rev().take(10).step_by(2).copied().collect();
    windows.push(window(today - TimeDelta::days(3), today, now));
    windows.push(window(today, today, now));
    let mut helped = true;
    for window in &windows {
        for agency in [None, Some("H16"), Some("H16.18"), Some("H16.18.01")] {
            let agency = agency.map(|code| code.parse().unwrap());
            for groups in [&[][..], &[GroupBy::Field], &[GroupBy::Agency, GroupBy::Channel], &[GroupBy::Level]] {
                let rows = app.db.read(|reader| tallies(reader, window, agency.as_ref(), groups)).unwrap();
                let counted = app.db.read(|reader| counts(reader, window, agency.as_ref(), groups)).unwrap();
                assert_eq!(counted, rows, "{window:?} {agency:?} {groups:?}");
                let struck = app.db.read(|reader| by_balances(reader, window, agency.as_ref(), groups)).unwrap();
                helped &= struck.is_some();
            }
        }
    }
    helped
}

fn new_dossier(procedure: &str, agency: &str, channel: Channel) -> NewDossier {
    NewDossier {
        procedure: procedure.parse().unwrap(),
        agency: agency.parse().unwrap(),
        case: None,
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

fn waits_of(app: &TestApp, code: &DossierCode) -> Vec<Wait> {
    let entries = app.db.read(|reader| journal::entries(reader, code, 0, i64::MAX)).unwrap();
    waits(entries.iter().map(|entry| (entry.at, &entry.event)))
}

fn check(app: &TestApp, codes: &[DossierCode]) {
    let now = app.ambient.now();
    compare_with_rows(app);
    assert_eq!(verify(&app.db, now).unwrap().differences, Vec::<String>::new());
    let today = now.date();
    let mut windows = past(now);
    windows.push(window(today - TimeDelta::days(7), today, now));
    windows.push(window(today, today + TimeDelta::days(30), now));
    let waits: HashMap<_, _> = codes.iter().map(|code| (code, waits_of(app, code))).collect();
    for window in &windows {
        let mut recounted: BTreeMap<Vec<String>, Tally> = BTreeMap::new();
        let mut index = ServiceIndex::default();
        for code in codes {
            let record = app.db.read(|reader| dossiers::find(reader, code)).unwrap().unwrap();
            let spans = app.db.read(|reader| dossiers::past_spans_of(reader, code)).unwrap();
            let life = CountedLife::of(&record.standing, record.channel, spans, record.letter_on);
            let Some(life) = life else { continue };
            let keys = vec![record.procedure.to_string(), record.channel.to_string()];
            *recounted.entry(keys).or_default() += tally_of(&life, window);
            index += ServiceIndex::of(&life, &waits[code], window);
        }
        assert_eq!(app.db.snapshot(|reader| service_index(reader, window, None)).unwrap(), index, "{window:?}");
        recounted.retain(|_, tally| *tally != Tally::default());
        let counted: BTreeMap<Vec<String>, Tally> = ask(app, window).into_iter().collect();
        assert_eq!(counted, recounted, "{window:?}");
        assert!(counted.values().all(Tally::is_balanced), "{window:?}");
    }
    for code in codes {
        let record = app.db.read(|reader| dossiers::find(reader, code)).unwrap().unwrap();
        let owed = record.standing.timing(now).is_some_and(motcua::domain::timeliness::Timing::owes_apology);
        let letter = app.db.read(|reader| letters::about_deadline(reader, code)).unwrap();
        // A letter that is out stays on file when a correction shows that it was not owed (contract 6).
        let is_out = letter.as_ref().is_some_and(|letter| letter.letter.promulgation.is_some());
        assert!(letter.is_some() == owed || is_out, "{code}: one letter iff late");
    }
}
