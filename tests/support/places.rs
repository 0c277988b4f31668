//! Five agencies, H16 ⊃ H16.18 ⊃ H16.18.1, H16.19 beside it, and H16.17, which ended and which H16.18 took over from, with
//! one object of every kind in each.

use std::collections::BTreeMap;

use motcua::domain::delivery::DeliveryStatus;
use motcua::domain::ladder::{Offset, Rung, RungUnit, Told};
use motcua::flow::{Act, Actor};
use motcua::storage::deliveries::{self, Delivery};
use motcua::storage::warnings::{self, WarningRecord};
use reqwest::Method;
use serde_json::{Value, json};

use super::TestApp;

/// Parent, own, child, sibling and predecessor, as an actor of H16.18 sees them.
pub const PLACES: [&str; 5] = ["H16", "H16.18", "H16.18.1", "H16.19", "H16.17"];

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Agency,
    Client,
    /// An opinion that is asked of the agency, for another's dossier.
    Consultation,
    /// A decision, the same everywhere: it belongs to no agency.
    Decision,
    Delivery,
    /// An open, overdue dossier.
    Dossier,
    /// A dossier that waits for a supplement.
    Asked,
    Refused,
    Stopped,
    Fee,
    Feedback,
    File,
    /// To whoever of the office takes the dossier that waits for a supplement.
    HandOff,
    /// A draft.
    Letter,
    /// A letter before the e-office, with its signed paper.
    Signed,
    Mandate,
    Notice,
    /// An opinion that is asked for the agency's dossier, of another.
    OwnConsultation,
    /// A part of the agency's dossier, asked of another.
    OwnPart,
    /// A part that is asked of the agency, of another's dossier.
    Part,
    Payment,
    Plan,
    /// Named by its dossier.
    Rating,
    Report,
    Task,
    /// To the agency, from another.
    Transfer,
    User,
    Visit,
    Warning,
    Webhook,
}

/// An agency with its objects.
#[derive(Debug, Clone)]
pub struct Place {
    pub agency: &'static str,
    /// What the parts of a path are that lead to an object; the last names itself.
    names: BTreeMap<Thing, Vec<String>>,
}

impl Place {
    pub fn names(&self, thing: Thing) -> &[String] {
        &self.names[&thing]
    }

    /// How the object itself is called.
    pub fn name(&self, thing: Thing) -> &str {
        self.names(thing).last().unwrap()
    }

    fn put(&mut self, thing: Thing, names: &[&str]) {
        self.names.insert(thing, names.iter().map(|name| (*name).to_owned()).collect());
    }

    /// Puts a new file on the dossier: the one before it may have been taken off.
    pub async fn renew_file(&mut self, app: &TestApp, token: &str) {
        let dossier = self.name(Thing::Dossier).to_owned();
        let path = format!("/v1/dossiers/{dossier}/files?kind=component");
        let added = app.bytes(Method::POST, &path, Some(token), &[ATTACHED], b"%PDF-1.7\n".to_vec()).await.expect(201);
        self.put(Thing::File, &[&dossier, text(&added, "id")]);
    }
}

/// How the name of an uploaded file comes.
pub const ATTACHED: (&str, &str) = ("content-disposition", "attachment; filename=\"a.pdf\"");

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

/// Makes them all; then it is 11 March 2026, 09:00, and what was received on the 2nd is overdue.
pub async fn furnish(app: &TestApp) -> Vec<Place> {
    let admin = app.office().await;
    for (code, parent) in [("H16.17", "H16"), ("H16.19", "H16"), ("H16.18.1", "H16.18")] {
        let body = json!({"code": code, "name": "Đơn vị", "level": "department", "parent": parent});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    let item = json!({"change": "amended", "procedure": "1.001739", "effective_on": "2026-01-01"});
    let decision = json!({"number": "1/QĐ", "decided_on": "2026-01-05", "issuer": "A", "items": [item]});
    let decision = app.post("/v1/decisions", &admin, decision).await.expect(201);
    let mut places = Vec::new();
    for agency in PLACES {
        let mut place = Place { agency, names: BTreeMap::new() };
        place.put(Thing::Decision, &[text(&decision, "id")]);
        place.put(Thing::Agency, &[agency]);
        receive(app, &admin, &mut place).await;
        accounts(app, &admin, &mut place).await;
        between(app, &admin, &mut place).await;
        voices(app, &admin, &mut place).await;
        places.push(place);
    }
    app.at("2026-03-11T09:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    let office = super::office::machine_of_all(app).await;
    for place in &mut places {
        letters(app, &office, place).await;
    }
    let ended = json!({"valid_to": "2026-03-06", "successors": ["H16.18"]});
    let admin = app.admin().await;
    app.send(Method::PATCH, "/v1/agencies/H16.17", Some(&admin), &[("if-match", "*")], Some(ended)).await.expect(200);
    places
}

async fn receive(app: &TestApp, admin: &str, place: &mut Place) {
    let agency = place.agency;
    let signed = app.receive(admin, json!({"agency": agency})).await;
    place.put(Thing::Signed, &[&signed]);
    for (thing, to) in
        [(Thing::Asked, "supplement_required"), (Thing::Stopped, "stopped"), (Thing::Refused, "rejected")]
    {
        let code = app.receive(admin, json!({"agency": agency, "accept": to != "rejected"})).await;
        app.transition(admin, &code, json!({"to": to, "reason": "x"})).await.expect(200);
        place.put(thing, &[&code]);
    }
    let code = app.receive(admin, json!({"agency": agency})).await;
    place.put(Thing::Dossier, &[&code]);
    place.renew_file(app, admin).await;
    let hand_off = hand_off(app, place.name(Thing::Asked));
    let asked = place.name(Thing::Asked).to_owned();
    place.put(Thing::HandOff, &[&asked, &hand_off]);
    let notice = notice(app, &code);
    place.put(Thing::Notice, &[&notice]);
    place.put(Thing::Warning, &[&warning(app, &code)]);
}

/// A hand-off that waits, of somebody who is none of those who call.
fn hand_off(app: &TestApp, dossier: &str) -> String {
    let actor = Actor::service("tests");
    let act = Act { actor: &actor, now: app.ambient.now(), ambient: &app.ambient };
    let code = dossier.parse().unwrap();
    app.db.write(|tx| motcua::flow::hand_offs::offer(tx, act, &code, None, None, None)).unwrap().id
}

/// A notice to an applicant, as the worker makes it.
fn notice(app: &TestApp, dossier: &str) -> String {
    let now = app.ambient.now();
    let delivery = Delivery {
        id: app.ambient.new_id(),
        line: "email".to_owned(),
        place: 1,
        aside: true,
        kind: "received".to_owned(),
        dossier: Some(dossier.parse().unwrap()),
        seq: Some(1),
        body: "{}".to_owned(),
        status: DeliveryStatus::Waiting,
        attempts: 0,
        queued_at: now,
        due_at: Some(now),
        attempted_at: None,
        response: None,
        fault: None,
        created_at: now,
        trace: None,
    };
    app.db.write(|tx| deliveries::insert(tx, &delivery)).unwrap();
    delivery.id
}

/// A warning of a rung of this dossier.
fn warning(app: &TestApp, dossier: &str) -> String {
    let (id, now) = (app.ambient.new_id(), app.ambient.now());
    let rung = Rung { offset: Offset::Before(1), unit: RungUnit::WorkingDay, tell: vec![Told::Leader] };
    let dossier = dossier.parse().unwrap();
    let record = WarningRecord {
        id: id.clone(),
        dossier,
        due_at: now,
        rung,
        reached_at: now,
        given_at: now,
        acknowledged: None,
    };
    app.db.write(|tx| warnings::insert(tx, &record)).unwrap();
    id
}

async fn accounts(app: &TestApp, admin: &str, place: &mut Place) {
    let agency = place.agency;
    let post = async |path: &str, body: Value| app.post(path, admin, body).await.expect(201);
    let user =
        json!({"username": format!("cb.{agency}"), "password": "hồ sơ một cửa", "role": "officer", "agency": agency});
    place.put(Thing::User, &[text(&post("/v1/users", user).await, "id")]);
    let deputy =
        json!({"username": format!("tt.{agency}"), "password": "hồ sơ một cửa", "role": "officer", "agency": agency});
    post("/v1/users", deputy).await;
    let mandate = json!({"absent": format!("cb.{agency}"), "stand_in": format!("tt.{agency}"), "from": "2026-03-02",
        "to": "2026-03-31", "reason": "Nghỉ phép"});
    place.put(Thing::Mandate, &[text(&post("/v1/mandates", mandate).await, "id")]);
    let client = json!({"name": format!("máy {agency}"), "scopes": ["dossiers:read"], "agency": agency});
    place.put(Thing::Client, &[text(&post("/v1/clients", client).await, "id")]);
    let webhook = json!({"url": "http://127.0.0.1:9/", "events": ["*"], "agency": agency});
    let webhook = post("/v1/webhooks", webhook).await;
    let webhook = text(&webhook, "id");
    place.put(Thing::Webhook, &[webhook]);
    let delivery = app.post(&format!("/v1/webhooks/{webhook}/test"), admin, json!({})).await.expect(200);
    place.put(Thing::Delivery, &[webhook, text(&delivery, "id")]);
    let report = post("/v1/reports", json!({"kind": "06a", "agency": agency, "period": "2025"})).await;
    place.put(Thing::Report, &[text(&report, "id")]);
}

/// An agency that shares nothing with this one in the eyes of H16.18.
fn stranger(agency: &str) -> &'static str {
    if agency == "H16" { "H16.19" } else { "H16" }
}

/// What goes to and fro between the agency and a stranger, and what is paid for its dossier.
async fn between(app: &TestApp, admin: &str, place: &mut Place) {
    let (agency, stranger) = (place.agency, stranger(place.agency));
    let post = async |path: &str, body: Value| {
        let answer = app.post(path, admin, body).await;
        let status = answer.status.as_u16();
        answer.expect(status)
    };
    let own = place.name(Thing::Dossier).to_owned();
    let others = app.receive(admin, json!({"agency": stranger})).await;
    let rule = json!({"amount": 3, "unit": "working_day"});
    for (dossier, asked, opinion, part) in
        [(&others, agency, Thing::Consultation, Thing::Part), (&own, stranger, Thing::OwnConsultation, Thing::OwnPart)]
    {
        let body = json!({"agency": asked, "question": "x", "rule": rule});
        let made = post(&format!("/v1/dossiers/{dossier}/consultations"), body).await;
        place.put(opinion, &[text(&made, "id")]);
        let body = json!({"agency": asked, "name": "x", "rule": rule});
        let made = post(&format!("/v1/dossiers/{dossier}/parts"), body).await;
        place.put(part, &[text(&made, "id")]);
    }
    let moved = app.receive(admin, json!({"agency": agency, "received_by": stranger})).await;
    let transfer = post(&format!("/v1/dossiers/{moved}/transfers"), json!({})).await;
    place.put(Thing::Transfer, &[&moved, text(&transfer, "id")]);
    let fee = json!({"name": "x", "kind": "charge", "amount": 1000});
    let demanded = post(&format!("/v1/dossiers/{own}/fees"), json!({"fees": [fee, fee]})).await;
    place.put(Thing::Fee, &[&own, text(&demanded["items"][0], "id")]);
    let payment = json!({"reference": format!("{own}-P1"), "amount": 500, "method": "cash", "receipt_number": format!("{agency}")});
    let paid = post(&format!("/v1/dossiers/{own}/payments"), payment).await;
    place.put(Thing::Payment, &[&own, text(&paid["payments"][0], "id")]);
}

/// What people said to the agency, and what it plans.
async fn voices(app: &TestApp, admin: &str, place: &mut Place) {
    let agency = place.agency;
    let post = async |path: &str, body: Value| app.post(path, admin, body).await.expect(201);
    let feedback = json!({"agency": agency, "kind": "feedback", "channel": "direct", "content": "x"});
    place.put(Thing::Feedback, &[text(&post("/v1/feedback", feedback).await, "id")]);
    let visit = json!({"agency": agency, "visited_on": "2026-03-02", "session": "regular", "received_by": {"name": "A"},
        "people": 1, "subjects": ["petition"], "content": "x", "outcome": "explained"});
    place.put(Thing::Visit, &[text(&post("/v1/reception-visits", visit).await, "id")]);
    let plan =
        json!({"agency": agency, "number": "1/KH", "promulgated_on": "2026-01-05", "title": "x", "period": "2026"});
    let plan = post("/v1/plans", plan).await;
    let plan = text(&plan, "id");
    place.put(Thing::Plan, &[plan]);
    let task = post(&format!("/v1/plans/{plan}/tasks"), json!({"title": "x", "due_on": "2026-06-30"})).await;
    place.put(Thing::Task, &[plan, text(&task, "id")]);
    let rated = place.name(Thing::Stopped).to_owned();
    let shown = app.get(&format!("/v1/dossiers/{rated}"), admin).await.expect(200);
    let rating = json!({"secret": shown["lookup_secret"], "score": 5});
    app.post(&format!("/v1/public/dossiers/{rated}/rating"), admin, rating).await.expect(201);
    place.put(Thing::Rating, &[&rated]);
}

/// A draft; and a letter that the e-office fetched and gave back signed.
async fn letters(app: &TestApp, office: &str, place: &mut Place) {
    let admin = app.admin().await;
    let letter_of = async |thing: Thing| {
        let shown = app.get(&format!("/v1/dossiers/{}", place.name(thing)), &admin).await.expect(200);
        text(&shown["letter"], "id").to_owned()
    };
    let (draft, signed) = (letter_of(Thing::Dossier).await, letter_of(Thing::Signed).await);
    let item = json!({"id": signed, "reason": "Thiếu người", "new_return_at": "2026-03-13T09:00:00+07:00"});
    let filled = app.post("/v1/apology-letters/bulk", &admin, json!({"letters": [item], "submit": true})).await;
    assert_eq!(filled.expect(200)["done"], 1, "{}", filled.text);
    let path = format!("/v1/ioffice/documents/{signed}");
    app.get(&format!("{path}/packet.edxml"), office).await.expect_bytes(200);
    // "%PDF-1.7" in base64.
    let paper = json!({"name": "a.pdf", "base64": "JVBERi0xLjc="});
    let result = json!({"result": "signed", "signed_on": "2026-03-11", "signer": {"name": "A", "position": "B"}, "attachment": paper});
    app.post(&format!("{path}/result"), office, result).await.expect(200);
    place.put(Thing::Letter, &[&draft]);
    place.put(Thing::Signed, &[&signed]);
}
