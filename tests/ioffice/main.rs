//! Two hundred letters through a stand-in iOffice that signs, refuses, repeats, delays and lies, on both databases: each
//! letter ends where it must by what was done to it. The stand-in is a process of its own and knows only the contract.
#![allow(clippy::unwrap_used, missing_docs)]

mod plan;
mod stand_in;
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashMap;

use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use plan::{Agency, Case, Scenario, Start, Step, scenarios};
use support::process::StandIn;
use support::{Kind, TestApp};

/// How many letters take each way.
const EACH: usize = 10;
/// What came on Monday 2 March with five days is overdue on Tuesday the 10th; what comes now is not.
const TODAY: &str = "2026-03-10T08:00:00";

fn main() {
    let tests = [("two_hundred_letters_on_sqlite", Kind::Sqlite), ("two_hundred_letters_on_postgres", Kind::Postgres)];
    support::process::main(stand_in::WORD, stand_in::run, tests, tell);
}

async fn tell(kind: Kind) {
    let Some(app) = TestApp::start(kind).await else { return };
    let cases = prepare(&app).await;
    assert_eq!(cases.len(), 200);
    let mut office = Office::start(&app).await;
    let rounds = cases.iter().map(|case| case.scenario.steps.len()).max().unwrap();
    for round in 0..rounds {
        let orders: Vec<Value> = cases.iter().filter_map(|case| order(case, round)).collect();
        office.carry_out(&orders);
        for case in &cases {
            if let Some(Step::Agency(what)) = case.scenario.steps.get(round) {
                act(&app, case, *what).await;
            }
        }
    }
    office.0.close();
    for case in &cases {
        check(&app, case).await;
    }
    app.verify();
}

fn order(case: &Case, round: usize) -> Option<Value> {
    match case.scenario.steps.get(round) {
        Some(Step::Office(what)) => {
            Some(json!({"letter": case.letter, "number": case.number, "case": case.scenario.name, "what": what}))
        }
        _ => None,
    }
}

/// The dossiers with their letters, submitted.
async fn prepare(app: &TestApp) -> Vec<Case> {
    let admin = app.office().await;
    let all: Vec<Scenario> = scenarios().into_iter().flat_map(|scenario| vec![scenario; EACH]).collect();
    let mut codes = HashMap::new();
    for (index, _) in all.iter().enumerate().filter(|(_, scenario)| scenario.start == Start::Overdue) {
        codes.insert(index, app.receive(&admin, json!({})).await);
    }
    app.at(TODAY);
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let mut cases = Vec::new();
    for (index, scenario) in all.into_iter().enumerate() {
        let dossier = match codes.remove(&index) {
            Some(code) => code,
            None => {
                let code = app.receive(&admin, json!({})).await;
                let path = format!("/v1/dossiers/{code}/apology-letters");
                app.post(&path, &admin, json!({"kind": "at_risk"})).await.expect(201);
                code
            }
        };
        let shown = app.get(&format!("/v1/dossiers/{dossier}"), &admin).await.expect(200);
        let letter = shown["letter"]["id"].as_str().unwrap().to_owned();
        let case = Case { scenario, dossier, letter, number: u32::try_from(index).unwrap() + 1 };
        act(app, &case, Agency::Submit).await;
        cases.push(case);
    }
    cases
}

/// What the agency does on its side.
async fn act(app: &TestApp, case: &Case, what: Agency) {
    let admin = app.sign_in("admin").await;
    let letter = format!("/v1/apology-letters/{}", case.letter);
    let transition = async |body: Value| app.transition(&admin, &case.dossier, body).await.expect(200);
    let submit = async |new_return_at: Option<&str>| {
        let body = Some(json!({"reason": "Chờ ý kiến phối hợp", "new_return_at": new_return_at}));
        app.send(Method::PATCH, &letter, Some(&admin), &[("if-match", "*")], body).await.expect(200);
        app.post(&format!("{letter}/submit"), &admin, json!({})).await.expect(200)
    };
    match what {
        Agency::Submit => submit(Some(plan::NEW_DATE)).await,
        Agency::SubmitAnotherDate => submit(Some(plan::OTHER_DATE)).await,
        Agency::SubmitWithoutDate => submit(None).await,
        Agency::Finish => transition(json!({"to": "finished"})).await,
        Agency::HandOver => transition(json!({"to": "returned"})).await,
        Agency::Reopen => transition(json!({"to": "reopen", "reason": "Nhầm"})).await,
        Agency::Reject => {
            app.post(&format!("{letter}/reject"), &admin, json!({"reason": "Đổi ngày hẹn"})).await.expect(200)
        }
        Agency::Wait => Value::Null,
    };
}

/// The letter, its dossier and its papers are as the plan has it.
async fn check(app: &TestApp, case: &Case) {
    let admin = app.sign_in("admin").await;
    let name = case.scenario.name;
    let end = &case.scenario.end;
    let letter = app.get(&format!("/v1/apology-letters/{}", case.letter), &admin).await.expect(200);
    assert_eq!(letter["status"], end.status, "{name}: {letter}");
    let number = end.numbered.then_some(case.number);
    assert_eq!(letter["number"], json!(number), "{name}: {letter}");
    if end.numbered {
        assert_eq!(
            (&letter["notation"], &letter["promulgated_on"]),
            (&json!("PXL-SLĐTBXH"), &json!("2026-03-10")),
            "{name}"
        );
        assert_eq!(letter["signer"], json!({"name": "Đặng Văn Ưởng", "position": "Giám đốc"}), "{name}");
    }
    let dossier = app.get(&format!("/v1/dossiers/{}", case.dossier), &admin).await.expect(200);
    assert_eq!(dossier["reappointed_at"], json!(end.reappointed_at), "{name}: {dossier}");
    let exchange =
        app.get(&format!("/v1/apology-letters/{}/exchange?limit=200", case.letter), &admin).await.expect(200);
    let effects = exchange["items"].as_array().unwrap().iter();
    let effects: Vec<&str> =
        effects.map(|entry| entry["effect"].as_str().unwrap()).filter(|word| *word != "noted").collect();
    assert_eq!(effects, end.effects, "{name}: {exchange}");
    let signed = app.get(&format!("/v1/apology-letters/{}/signed", case.letter), &admin).await;
    assert_eq!(signed.status == 200, end.paper, "{name}: {}", signed.text);
    if end.paper {
        assert_eq!(signed.bytes, stand_in::paper(case.number), "{name}");
    }
    let timeline = app.get(&format!("/v1/dossiers/{}/timeline?limit=200", case.dossier), &admin).await.expect(200);
    let reappointed = timeline.to_string().matches("dossier.reappointed").count();
    assert_eq!(reappointed, usize::from(end.reappointed_at.is_some()), "{name}: at most once");
}

/// The stand-in, spoken to over its standard input and output.
struct Office(StandIn);

impl Office {
    /// Starts it with the credentials of a machine client, and nothing else.
    async fn start(app: &TestApp) -> Self {
        let body = json!({"name": "iOffice", "scopes": ["documents:exchange"], "agency": "H16"});
        let client = app.post("/v1/clients", &app.sign_in("admin").await, body).await.expect(201);
        let mut stand_in = StandIn::start(stand_in::WORD);
        stand_in.tell(json!({"base": app.base, "id": client["id"], "secret": client["secret"]}));
        Self(stand_in)
    }

    /// Has it carry out orders, one for a letter; nothing may surprise it.
    fn carry_out(&mut self, orders: &[Value]) {
        self.0.tell(json!(orders));
        let line = self.0.line();
        let surprises: Vec<String> = serde_json::from_str(&line).unwrap_or_else(|cause| panic!("{cause}: {line:?}"));
        assert_eq!(surprises, Vec::<String>::new());
    }
}
