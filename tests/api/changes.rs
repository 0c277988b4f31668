//! The feed of changes: complete, in order, within the reader's reach, and nothing skipped by who commits late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use motcua::domain::dossier_code::DossierCode;
use motcua::domain::vocabulary::Role;
use motcua::flow::edit::{Edit, edit};
use motcua::flow::feed;
use motcua::flow::{Act, Actor, Fault};
use motcua::storage::Tx;
use motcua::storage::feed::{Change, Wanted};
use motcua::storage::listing::Visible;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Kind, TestApp};

/// Reads the feed to its end from `since` on, `limit` events at a time; answers them and where it ends.
async fn read(app: &TestApp, token: &str, since: Option<&str>, limit: usize) -> (Vec<Value>, String) {
    let (mut events, mut since) = (Vec::new(), since.map(str::to_owned));
    loop {
        let since_parameter = since.map(|since| format!("&since={since}")).unwrap_or_default();
        let page = app.get(&format!("/v1/changes?limit={limit}{since_parameter}"), token).await.expect(200);
        events.extend(page["items"].as_array().unwrap().iter().cloned());
        let next = page["next"].as_str().unwrap().to_owned();
        if page["more"] == json!(false) {
            return (events, next);
        }
        since = Some(next);
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

story!(a_client_reads_every_event_once_and_goes_on_from_there, |app| {
    let admin = app.office().await;
    let (none, start) = read(app, &admin, None, 50).await;
    assert_eq!(none, Vec::<Value>::new(), "an empty feed has its end, too");
    let code = app.receive(&admin, json!({})).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.at("2026-03-02T10:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    let (events, end) = read(app, &admin, Some(&start), 1).await;
    assert_eq!(types(&events), ["dossier.received", "dossier.processing", "dossier.finished"]);
    // CloudEvents 1.0, section 3.1: the required attributes, and those of a subject in JSON.
    let expected = json!({
        "specversion": "1.0", "id": format!("{code}/3"), "source": "/v1/dossiers", "type": "dossier.finished",
        "subject": code, "time": "2026-03-02T10:00:00+07:00", "datacontenttype": "application/json",
        "data": {"dossier": code, "agency": "H16.18", "received_by": "H16.18", "at": "2026-03-02T10:00:00+07:00",
            "status": "finished", "status_code": 9},
    });
    assert_eq!(events[2], expected);
    assert_eq!(read(app, &admin, None, 200).await.0, events, "the same from the beginning");
    let (again, same_end) = read(app, &admin, Some(&end), 50).await;
    assert_eq!((again, same_end), (Vec::new(), end));
    for bad in
        ["since=x", "since=WyI5OTkiXQ", "since=WyItMSJd", "since=WyIxIiwiMiJd", "cursor=x", "limit=0", "limit=201"]
    {
        let answer = app.get(&format!("/v1/changes?{bad}"), &admin).await;
        assert_eq!(answer.status.as_u16(), 400, "{bad}: {}", answer.text);
    }
});

story!(events_hold_codes_and_states_and_nothing_of_a_person, |app| {
    let admin = app.office().await;
    let applicant = json!({"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": "000000000001",
        "phone": "0900000001", "email": "quynh@example.vn", "address": "1 Phố Thử"});
    let code = app.receive(&admin, json!({"applicant": applicant, "summary": "Xin trợ cấp"})).await;
    let body = json!({"to": "supplement_required", "reason": "Thiếu giấy khai sinh"});
    app.transition(&admin, &code, body).await.expect(200);
    let path = format!("/v1/dossiers/{code}");
    let body = Some(json!({"applicant": {"phone": "0900000002"}, "note": "Đã gọi"}));
    app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], body).await.expect(200);
    let body = json!({"kind": "lost", "reason": "Thất lạc giấy tờ"});
    app.post(&format!("{path}/apology-letters"), &admin, body).await.expect(201);
    app.post(&format!("{path}/void"), &admin, json!({"reason": "Nhập nhầm người"})).await.expect(200);
    let (events, _) = read(app, &admin, None, 50).await;
    let told = json!(events).to_string();
    for secret in ["Quỳnh", "0000000", "090000", "example", "Phố", "trợ cấp", "khai sinh", "gọi", "giấy tờ", "nhầm"]
    {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    let expected =
        ["dossier.received", "dossier.supplement_required", "dossier.edited", "letter.draft", "dossier.voided"];
    assert_eq!(types(&events), expected);
    let letter = &events[3]["data"]["letter"];
    assert_eq!((&letter["kind"], &letter["status"]), (&json!("lost"), &json!("draft")));
    assert_eq!(events[4]["data"]["tombstone"], json!(true));
});

story!(everyone_sees_the_dossiers_in_their_reach, |app| {
    let admin = app.office().await;
    for (code, parent) in [("H16.19", "H16"), ("H16.18.1", "H16.18")] {
        let body = json!({"code": code, "name": "Đơn vị", "level": "department", "parent": parent});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    let mut codes = BTreeMap::new();
    for agency in ["H16", "H16.18", "H16.18.1", "H16.19"] {
        codes.insert(agency, app.receive(&admin, json!({"agency": agency})).await);
    }
    // Handed in at H16.19 for H16.18: it belongs to both.
    let both = app.receive(&admin, json!({"received_by": "H16.19"})).await;
    let seen = async |token: &str| -> BTreeSet<String> {
        let (events, _) = read(app, token, None, 2).await;
        events.iter().map(|event| event["subject"].as_str().unwrap().to_owned()).collect()
    };
    let of = |agencies: &[&str]| -> BTreeSet<String> {
        agencies.iter().map(|agency| codes[agency].clone()).chain([both.clone()]).collect()
    };
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    assert_eq!(seen(&officer).await, of(&["H16.18"]));
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    assert_eq!(seen(&leader).await, of(&["H16.18", "H16.18.1"]));
    let clerk = app.user("clerk", Role::FrontDesk, Some("H16.19")).await;
    assert_eq!(seen(&clerk).await, of(&["H16.19"]));
    let body = json!({"name": "Kho", "scopes": ["dossiers:read"], "agency": "H16.18"});
    let client = app.post("/v1/clients", &admin, body).await.expect(201);
    let text = |member: &str| client[member].as_str().unwrap().to_owned();
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", text("id"), text("secret"));
    let kind = "application/x-www-form-urlencoded";
    let answer = app.raw(Method::POST, "/oauth/token", None, kind, form.into_bytes()).await.expect(200);
    assert_eq!(seen(answer["access_token"].as_str().unwrap()).await, of(&["H16.18", "H16.18.1"]));
});

story!(who_loses_a_dossier_by_a_correction_is_told_with_a_tombstone, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let code = app.receive(&admin, json!({"received_by": "H16"})).await;
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let other = app.user("other", Role::Officer, Some("H16.19")).await;
    let (_, here) = read(app, &officer, None, 50).await;
    let mend = json!({"agency": "H16.19", "reason": "Nhập nhầm cơ quan"});
    app.post(&format!("/v1/dossiers/{code}/correct"), &admin, mend).await.expect(200);
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    let (lost, _) = read(app, &officer, Some(&here), 50).await;
    assert_eq!(types(&lost), ["dossier.corrected"]);
    assert_eq!(lost[0]["data"], json!({"dossier": code, "tombstone": true}));
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &officer).await.problem(404), "not_found");
    let (gained, _) = read(app, &other, Some(&here), 50).await;
    assert_eq!(types(&gained), ["dossier.corrected", "dossier.processing"]);
    assert_eq!(gained[0]["data"]["agency"], "H16.19");
});

/// Notes something on a dossier in an open transaction.
fn note(tx: &mut Tx, app: &TestApp, code: &DossierCode, text: &str) -> Result<(), Fault> {
    let actor = Actor::service("tests");
    let act = Act { actor: &actor, now: app.ambient.now(), ambient: &app.ambient };
    let wish = Edit { note: Some(Some(text.to_owned())), ..Edit::default() };
    edit(tx, act, code, None, &wish).map(drop)
}

/// All that stands in the feed behind a position, and its end.
fn behind(app: &TestApp, after: i64) -> (Vec<Change>, i64) {
    let wanted = Wanted { visible: Visible::Everything, names: None };
    let (mut changes, mut next) = (Vec::new(), after);
    loop {
        let page = app.db.read(|reader| feed::read(reader, &wanted, next, 7)).unwrap();
        changes.extend(page.changes);
        next = page.next;
        if !page.more {
            return (changes, next);
        }
    }
}

async fn four_dossiers(app: &TestApp) -> Vec<DossierCode> {
    let admin = app.office().await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(app.receive(&admin, json!({})).await.parse().unwrap());
    }
    feed::sequence(&app.db).unwrap();
    codes
}

/// An event numbered early and committed late is read after those that a reader has passed already.
#[actix_web::test]
async fn a_late_committer_is_not_skipped() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let codes = four_dossiers(&app).await;
    let (_, start) = behind(&app, 0);
    let (written, has_written) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let (app, codes) = (&app, &codes);
        let slow = scope.spawn(move || {
            app.db.write(|tx| {
                note(tx, app, &codes[0], "chậm")?;
                written.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, Fault>(())
            })
        });
        has_written.recv().unwrap();
        app.db.write(|tx| note(tx, app, &codes[1], "nhanh")).unwrap();
        feed::sequence(&app.db).unwrap();
        let (first, here) = behind(app, start);
        assert_eq!(first.iter().map(|change| &change.dossier).collect::<Vec<_>>(), [&codes[1]]);
        release.send(()).unwrap();
        slow.join().unwrap().unwrap();
        feed::sequence(&app.db).unwrap();
        let (second, _) = behind(app, here);
        assert_eq!(second.iter().map(|change| &change.dossier).collect::<Vec<_>>(), [&codes[0]]);
    });
    app.verify();
}

/// The transaction with the lower number waits for a dossier that the one with the higher number changes first: the
/// dossier's order is that of its journal, whatever the transactions' numbers say.
#[actix_web::test]
async fn a_dossiers_order_is_not_that_of_transaction_numbers() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let codes = four_dossiers(&app).await;
    let (_, start) = behind(&app, 0);
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let (app, codes) = (&app, &codes);
        let older = scope.spawn(move || {
            app.db.write(|tx| {
                // It writes, and so has its number, before the other one begins.
                note(tx, app, &codes[2], "trước")?;
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                note(tx, app, &codes[3], "sau")
            })
        });
        has_begun.recv().unwrap();
        app.db.write(|tx| note(tx, app, &codes[3], "trước")).unwrap();
        go.send(()).unwrap();
        older.join().unwrap().unwrap();
    });
    feed::sequence(&app.db).unwrap();
    let (changes, _) = behind(&app, start);
    let of_the_last: Vec<i64> =
        changes.iter().filter(|change| change.dossier == codes[3]).map(|change| change.seq).collect();
    assert_eq!(of_the_last, [2, 3], "{changes:?}");
    app.verify();
}

/// Writers that overlap in every way, two processes that give positions, and a reader who never goes back.
#[actix_web::test]
async fn many_writers_at_once_lose_nothing_and_keep_the_order_of_each_dossier() {
    const ROUNDS: usize = 40;
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let codes = four_dossiers(&app).await;
    let (_, start) = behind(&app, 0);
    let mut read = Vec::new();
    std::thread::scope(|scope| {
        let (app, codes) = (&app, &codes);
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        // Two of the four dossiers, in the order of their locks; commits fall as they may.
                        let (first, second) = ((writer + round) % 3, 3);
                        let text = format!("{writer}.{round}");
                        app.db
                            .write(|tx| {
                                note(tx, app, &codes[first], &text)?;
                                if round % 2 == 0 { note(tx, app, &codes[second], &text) } else { Ok(()) }
                            })
                            .unwrap();
                    }
                })
            })
            .collect();
        let sequencer = scope.spawn(move || {
            while !behind(app, start).1.eq(&(start + 180)) {
                feed::sequence(&app.db).unwrap();
            }
        });
        let mut here = start;
        while here < start + 180 {
            feed::sequence(&app.db).unwrap();
            let (more, next) = behind(app, here);
            read.extend(more);
            here = next;
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        sequencer.join().unwrap();
    });
    // 3 writers, 40 rounds, one note each and another every second round.
    assert_eq!(read.len(), 180);
    let positions: Vec<i64> = read.iter().map(|change| change.position).collect();
    assert_eq!(positions, (start + 1..=start + 180).collect::<Vec<_>>(), "dense and in order");
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for change in &read {
        let before = last.insert(change.dossier.to_string(), change.seq).unwrap_or(1);
        assert_eq!(change.seq, before + 1, "{change:?}");
    }
    assert_eq!(behind(&app, start + 180).0, Vec::new());
    app.verify();
}
