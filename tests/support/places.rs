//! Five agencies, H16 ⊃ H16.18 ⊃ H16.18.1, H16.19 beside it, and H16.17, which ended and which H16.18 took over from, with
//! one object of every kind in each.

use std::collections::BTreeMap;

use motcua::domain::delivery::DeliveryStatus;
use motcua::flow::{Act, Actor};
use motcua::storage::deliveries::{self, Delivery};
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
    Delivery,
    /// An open, overdue dossier.
    Dossier,
    /// A dossier that waits for a supplement.
    Asked,
    Refused,
    Stopped,
    File,
    /// To whoever of the office takes the dossier that waits for a supplement.
    HandOff,
    /// A draft.
    Letter,
    /// A letter before the e-office, with its signed paper.
    Signed,
    Notice,
    Report,
    User,
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
    let mut places = Vec::new();
    for agency in PLACES {
        let mut place = Place { agency, names: BTreeMap::new() };
        place.put(Thing::Agency, &[agency]);
        receive(app, &admin, &mut place).await;
        accounts(app, &admin, &mut place).await;
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
    };
    app.db.write(|tx| deliveries::insert(tx, &delivery)).unwrap();
    delivery.id
}

async fn accounts(app: &TestApp, admin: &str, place: &mut Place) {
    let agency = place.agency;
    let post = async |path: &str, body: Value| app.post(path, admin, body).await.expect(201);
    let user =
        json!({"username": format!("cb.{agency}"), "password": "hồ sơ một cửa", "role": "officer", "agency": agency});
    place.put(Thing::User, &[text(&post("/v1/users", user).await, "id")]);
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
