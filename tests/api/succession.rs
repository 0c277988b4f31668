//! The two-tier change of 1 July 2025: districts end, agencies merge and move, and history stays readable.

use motcua::domain::vocabulary::Role;
use motcua::flow::strike::keep_up;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp, office};

const FIRST_HALF: &str = "from=2025-01-01&to=2025-06-30";
/// Decree 118/2025: no district level any more from 1 July 2025.
const LAST_DAY: &str = "2025-06-30";

async fn patch(app: &TestApp, token: &str, agency: &str, body: Value) -> Answer {
    app.send(Method::PATCH, &format!("/v1/agencies/{agency}"), Some(token), &[("if-match", "*")], Some(body)).await
}

/// A province with a district and three communes beside it. It is Friday 27 June 2025, 09:00; answers the administrator.
async fn province(app: &TestApp) -> String {
    app.at("2025-06-27T09:00:00");
    let admin = app.office().await;
    for (code, level) in
        [("H16.05", "district"), ("H16.201", "commune"), ("H16.202", "commune"), ("H16.203", "commune")]
    {
        let body = json!({"code": code, "name": "Đơn vị", "level": level, "parent": "H16"});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    admin
}

async fn listed(app: &TestApp, token: &str, query: &str) -> Vec<String> {
    let page = app.get(&format!("/v1/dossiers?{query}"), token).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

async fn received(app: &TestApp, token: &str, query: &str) -> Value {
    app.get(&format!("/v1/statistics?{query}"), token).await.expect(200)["total"]["received"]["total"].clone()
}

story!(who_takes_over_sees_and_handles_what_the_ended_agency_left, |app| {
    let admin = province(app).await;
    let code = app.receive(&admin, json!({"agency": "H16.05"})).await;
    let path = format!("/v1/dossiers/{code}");
    app.at("2025-07-01T08:00:00");
    keep_up(&app.db, &app.ambient).unwrap();
    let admin = app.admin().await;
    let officer = app.user("xa-201", Role::Officer, Some("H16.201")).await;
    let leader = app.user("xa-202", Role::Leader, Some("H16.202")).await;
    let machine = office::client(app, "dossiers:read", Some("H16.201")).await;
    let strangers = [
        app.user("xa-203", Role::Leader, Some("H16.203")).await,
        office::client(app, "dossiers:read", Some("H16.203")).await,
    ];
    let before = app.get(&format!("/v1/reports/06a?{FIRST_HALF}&agency=H16.05"), &admin).await.expect(200);
    for token in [&officer, &leader, &machine] {
        assert_eq!(app.get(&path, token).await.problem(404), "not_found");
    }

    let body = json!({"valid_to": LAST_DAY, "successors": ["H16.202", "H16.201"]});
    let ended = patch(app, &admin, "H16.05", body).await.expect(200);
    assert_eq!((&ended["valid_to"], &ended["successors"]), (&json!(LAST_DAY), &json!(["H16.201", "H16.202"])));
    for token in [&officer, &leader, &machine] {
        app.get(&path, token).await.expect(200);
        for query in ["", "agency=H16.05", "resolved_by=H16.05", "q=quynh", "timing=within"] {
            assert_eq!(listed(app, token, query).await, [code.as_str()], "{query}");
        }
        let changes = app.get("/v1/changes", token).await.expect(200);
        assert!(changes.to_string().contains(&code), "{changes}");
        let shown = app.get("/v1/agencies/H16.05", token).await.expect(200);
        assert_eq!(shown["successors"], json!(["H16.201", "H16.202"]));
    }
    for token in &strangers {
        assert_eq!(app.get(&path, token).await.problem(404), "not_found");
        assert_eq!(app.get("/v1/dossiers?agency=H16.05", token).await.problem(404), "not_found");
        assert_eq!(app.get("/v1/agencies/H16.05", token).await.problem(404), "not_found");
        assert_eq!(listed(app, token, "").await, [""; 0]);
        assert!(!app.get("/v1/changes", token).await.text.contains(&code));
    }

    // Figures are not handed on: the old agency's are its own, and are shown to those who ask for them.
    for token in [&officer, &leader] {
        assert_eq!(received(app, token, FIRST_HALF).await, 0);
        assert_eq!(received(app, token, &format!("{FIRST_HALF}&agency=H16.05")).await, 1);
    }
    let after = app.get(&format!("/v1/reports/06a?{FIRST_HALF}&agency=H16.05"), &admin).await.expect(200);
    assert_eq!(before, after);

    // Its dossiers go on: one commune resolves, the other signs that it was late.
    app.transition(&officer, &code, json!({"to": "processing"})).await.expect(200);
    app.at("2025-07-14T09:00:00");
    let (officer, leader) = (app.sign_in("xa-201").await, app.sign_in("xa-202").await);
    let done = app.transition(&officer, &code, json!({"to": "finished", "outcome": "granted"})).await.expect(200);
    assert_eq!((&done["agency"], &done["timing"]), (&json!("H16.05"), &json!("late")));
    let letter = format!("/v1/apology-letters/{}", done["letter"]["id"].as_str().unwrap());
    let reason = json!({"reason": "Sắp xếp đơn vị hành chính"});
    app.send(Method::PATCH, &letter, Some(&officer), &[("if-match", "*")], Some(reason)).await.expect(200);
    app.post(&format!("{letter}/submit"), &officer, json!({})).await.expect(200);
    let signer = json!({"name": "A", "position": "Chủ tịch"});
    let issue = json!({"number": 1, "notation": "PXL", "promulgated_on": "2025-07-14", "signer": signer});
    app.post(&format!("{letter}/issue"), &leader, issue).await.expect(200);
    app.transition(&officer, &code, json!({"to": "returned"})).await.expect(200);
    keep_up(&app.db, &app.ambient).unwrap();
});

story!(an_agency_takes_dossiers_only_while_it_is_there, |app| {
    let admin = province(app).await;
    let left = app.receive(&admin, json!({"agency": "H16.05"})).await;
    let clerk = app.user("huyen", Role::Officer, Some("H16.05")).await;
    patch(app, &admin, "H16.05", json!({"valid_to": LAST_DAY, "successors": ["H16.201"]})).await.expect(200);
    let merged = json!({"code": "H16.301", "name": "Phường mới", "level": "commune", "parent": "H16", "valid_from": "2025-07-01"});
    let merged = app.post("/v1/agencies", &admin, merged).await.expect(201);
    assert_eq!((&merged["valid_from"], &merged["valid_to"]), (&json!("2025-07-01"), &Value::Null));
    // On its last day it is still there; the new one is not yet.
    app.at("2025-06-30T09:00:00");
    let (admin, clerk_then) = (app.admin().await, app.sign_in("huyen").await);
    let last = app.receive(&clerk_then, json!({"agency": "H16.05"})).await;
    let early = app.post("/v1/dossiers", &admin, crate::support::dossier(json!({"agency": "H16.301"}))).await;
    assert_eq!(early.problem(422), "agency_not_in_force");
    assert!(early.json()["detail"].as_str().unwrap().contains("30/06/2025"), "{}", early.text);
    drop(clerk);

    app.at("2025-07-01T09:00:00");
    let (admin, clerk) = (app.admin().await, app.sign_in("huyen").await);
    for (overlay, status) in [
        (json!({"agency": "H16.05"}), 422),
        (json!({"agency": "H16.05", "received_at": "2025-06-30T15:00:00+07:00"}), 201),
        // Handed in where nobody sits any more.
        (json!({"agency": "H16.201", "received_by": "H16.05"}), 422),
        (json!({"agency": "H16.301"}), 201),
        (json!({"agency": "H16.301", "received_at": "2025-06-30T15:00:00+07:00"}), 422),
        // Without dates an agency is always there.
        (json!({"agency": "H16.202", "received_at": "2023-01-03T15:00:00+07:00"}), 201),
    ] {
        let answer = app.post("/v1/dossiers", &admin, crate::support::dossier(overlay.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{overlay}: {}", answer.text);
        if status == 422 {
            assert_eq!(answer.problem(422), "agency_not_in_force", "{overlay}");
        }
    }
    // A correction enters anew, and the same holds.
    let wrong = app.receive(&admin, json!({"agency": "H16.202"})).await;
    let correct = json!({"reason": "x", "agency": "H16.05"});
    let answer = app.post(&format!("/v1/dossiers/{wrong}/correct"), &admin, correct).await;
    assert_eq!(answer.problem(422), "agency_not_in_force");
    let correct = json!({"reason": "x", "received_at": "2025-07-01T08:00:00+07:00"});
    let answer = app.post(&format!("/v1/dossiers/{last}/correct"), &admin, correct).await;
    assert_eq!(answer.problem(422), "agency_not_in_force");
    let correct = json!({"reason": "x", "channel": "postal"});
    app.post(&format!("/v1/dossiers/{last}/correct"), &admin, correct).await.expect(200);

    // Its people keep reading, and act no more.
    let mut theirs = listed(app, &clerk, "sort=received_at").await;
    theirs.truncate(2);
    assert_eq!(theirs, [left.as_str(), last.as_str()]);
    app.get(&format!("/v1/dossiers/{left}/timeline"), &clerk).await.expect(200);
    assert_eq!(app.transition(&clerk, &left, json!({"to": "processing"})).await.problem(403), "forbidden");
    let note = app
        .send(
            Method::PATCH,
            &format!("/v1/dossiers/{left}"),
            Some(&clerk),
            &[("if-match", "*")],
            Some(json!({"note": "x"})),
        )
        .await;
    assert_eq!(note.problem(403), "forbidden");
    let file = app
        .bytes(
            Method::POST,
            &format!("/v1/dossiers/{left}/files?kind=component"),
            Some(&clerk),
            &[crate::support::places::ATTACHED],
            b"%PDF-1.7".to_vec(),
        )
        .await;
    assert_eq!(file.problem(403), "forbidden");
    let new = crate::support::dossier(json!({"agency": "H16.05", "received_at": "2025-06-30T15:00:00+07:00"}));
    assert_eq!(app.post("/v1/dossiers", &clerk, new).await.problem(403), "forbidden");
});

story!(successions_are_checked_and_shown_on_both_sides, |app| {
    let admin = province(app).await;
    let heir = app.get("/v1/agencies/H16.201", &admin).await;
    assert_eq!((heir.header("etag"), &heir.json()["predecessors"]), ("\"1\"", &json!([])));
    for (body, rule, pointer) in [
        (json!({"successors": ["H16.201"]}), "successors_without_end", "/successors"),
        (json!({"valid_to": LAST_DAY, "successors": ["H16.05"]}), "succession_cycle", "/successors"),
        (json!({"valid_to": LAST_DAY, "successors": ["H16.999"]}), "validation", "/successors"),
        (json!({"valid_from": "2025-07-01", "valid_to": LAST_DAY}), "validity_reversed", "/valid_to"),
        (json!({"valid_to": "hôm qua"}), "validation", "/valid_to"),
        (json!({"successors": "H16.201"}), "validation", "/successors"),
    ] {
        let answer = patch(app, &admin, "H16.05", body.clone()).await;
        let problem = answer.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
        assert!(problem["code"] == rule || rule == "validation", "{body}: {problem}");
    }
    // The commune and the district merge into one; that one ends, too, later.
    let ended = |to: &str| json!({"valid_to": LAST_DAY, "successors": [to]});
    patch(app, &admin, "H16.05", ended("H16.201")).await.expect(200);
    patch(app, &admin, "H16.203", ended("H16.201")).await.expect(200);
    patch(app, &admin, "H16.201", ended("H16.202")).await.expect(200);
    let heir = app.get("/v1/agencies/H16.201", &admin).await;
    assert_eq!(
        (&heir.json()["predecessors"], &heir.json()["successors"]),
        (&json!(["H16.05", "H16.203"]), &json!(["H16.202"]))
    );
    assert_eq!(heir.header("etag"), "\"4\"", "whoever kept it is told of its predecessors");
    assert_eq!(patch(app, &admin, "H16.202", ended("H16.05")).await.problem(422), "succession_cycle");
    let back = patch(app, &admin, "H16.05", json!({"valid_to": null})).await;
    assert_eq!(back.problem(422), "successors_without_end");
    let listed = app.get("/v1/agencies", &admin).await.expect(200);
    let last = listed["items"].as_array().unwrap().iter().find(|agency| agency["code"] == "H16.202").unwrap();
    assert_eq!(last["predecessors"], json!(["H16.201"]));

    // What came to the first came on to the second; when it was a mistake, it is undone.
    let code = app.receive(&admin, json!({"agency": "H16.05"})).await;
    let officer = app.user("xa-202", Role::Officer, Some("H16.202")).await;
    app.get(&format!("/v1/dossiers/{code}"), &officer).await.expect(200);
    patch(app, &admin, "H16.201", json!({"valid_to": null, "successors": null})).await.expect(200);
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &officer).await.problem(404), "not_found");
});

story!(what_an_agency_is_stays_with_those_above_it, |app| {
    let admin = province(app).await;
    patch(app, &admin, "H16.05", json!({"valid_to": LAST_DAY, "successors": ["H16.201", "H16.202"]})).await.expect(200);
    // Who took over keeps what was left, but does not say who else did.
    let heir = app.user("xa-201", Role::Admin, Some("H16.201")).await;
    patch(app, &heir, "H16.05", json!({"phone": "0261 0000 001"})).await.expect(200);
    for body in [json!({"successors": ["H16.201"]}), json!({"valid_to": "2025-12-31"}), json!({"parent": "H16.201"})] {
        assert_eq!(patch(app, &heir, "H16.05", body.clone()).await.problem(403), "forbidden", "{body}");
    }
    // One's own agency is not given to a neighbour, nor put below one.
    let own = json!({"valid_to": LAST_DAY, "successors": ["H16.203"]});
    assert_eq!(patch(app, &heir, "H16.201", own).await.expect(422)["errors"][0]["pointer"], "/successors");
    assert_eq!(
        patch(app, &heir, "H16.201", json!({"parent": "H16.203"})).await.expect(422)["errors"][0]["pointer"],
        "/parent"
    );
    assert_eq!(patch(app, &heir, "H16.201", json!({"parent": null})).await.problem(403), "forbidden");
});

story!(an_agency_moves_with_all_below_it, |app| {
    let admin = province(app).await;
    let body = json!({"code": "H16.05.1", "name": "Xã", "level": "commune", "parent": "H16.05"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let body = json!({"code": "H16.05.1.1", "name": "Thôn", "level": "commune", "parent": "H16.05.1"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let code = app.receive(&admin, json!({"agency": "H16.05.1.1"})).await;
    app.at("2025-07-01T08:00:00");
    keep_up(&app.db, &app.ambient).unwrap();
    let admin = app.admin().await;
    let district = app.user("huyen", Role::Leader, Some("H16.05")).await;
    let commune = app.user("xa", Role::Leader, Some("H16.201")).await;
    assert_eq!(received(app, &district, FIRST_HALF).await, 1);
    for below in ["H16.05.1", "H16.05.1.1"] {
        let answer = patch(app, &admin, "H16.05.1", json!({"parent": below})).await;
        assert_eq!(answer.problem(422), "agency_below_itself");
    }

    let moved = patch(app, &admin, "H16.05.1", json!({"parent": "H16.201"})).await.expect(200);
    assert_eq!((&moved["parent"], &moved["version"]), (&json!("H16.201"), &json!(2)));
    for rebuilt in [false, true] {
        if rebuilt {
            keep_up(&app.db, &app.ambient).unwrap();
        }
        for (token, figure) in [(&district, 0), (&commune, 1), (&admin, 1)] {
            assert_eq!(received(app, token, FIRST_HALF).await, figure, "rebuilt: {rebuilt}");
        }
        assert_eq!(received(app, &admin, &format!("{FIRST_HALF}&agency=H16")).await, 1);
        app.verify();
    }
    app.get(&format!("/v1/dossiers/{code}"), &commune).await.expect(200);
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &district).await.problem(404), "not_found");
    // At the top, and back again.
    for parent in [Value::Null, json!("H16.05")] {
        patch(app, &admin, "H16.05.1", json!({"parent": parent})).await.expect(200);
    }
    app.get(&format!("/v1/dossiers/{code}"), &district).await.expect(200);
    assert_eq!(received(app, &district, FIRST_HALF).await, 1);
});

/// What people said to the district and what it planned, on 27 June 2025; answers where to find it.
async fn said_and_planned(app: &TestApp, admin: &str) -> (String, [String; 4]) {
    let made = async |path: &str, body: Value| {
        let made = app.post(path, admin, body).await.expect(201);
        format!("{path}/{}", made["id"].as_str().unwrap())
    };
    let feedback = json!({"agency": "H16.05", "kind": "feedback", "channel": "direct", "content": "Chờ lâu"});
    let visit = json!({"agency": "H16.05", "visited_on": "2025-06-27", "session": "regular", "received_by": {"name": "A"},
        "people": 1, "subjects": ["petition"], "content": "x", "outcome": "accepted"});
    let plan = json!({"agency": "H16.05", "number": "1/KH-UBND", "promulgated_on": "2025-01-06", "title": "x", "period": "2025"});
    let feedback = made("/v1/feedback", feedback).await;
    let visit = made("/v1/reception-visits", visit).await;
    let plan = made("/v1/plans", plan).await;
    let task = made(&format!("{plan}/tasks"), json!({"title": "Số hóa hồ sơ", "due_on": "2025-12-31"})).await;
    let code = app.receive(admin, json!({"agency": "H16.05"})).await;
    app.transition(admin, &code, json!({"to": "processing"})).await.expect(200);
    app.transition(admin, &code, json!({"to": "finished", "outcome": "granted"})).await.expect(200);
    let shown = app.get(&format!("/v1/dossiers/{code}"), admin).await.expect(200);
    let rating = json!({"secret": shown["lookup_secret"], "score": 5});
    app.post(&format!("/v1/public/dossiers/{code}/rating"), admin, rating).await.expect(201);
    (code, [feedback, visit, plan, task])
}

const VOICES: [&str; 5] = ["/v1/feedback", "/v1/reception-visits", "/v1/plans", "/v1/plan-tasks", "/v1/ratings"];
const COUNTS: [&str; 4] = ["feedback", "reception", "plan-tasks", "ratings"];

story!(who_takes_over_answers_what_people_said_and_does_what_was_planned, |app| {
    let admin = province(app).await;
    let (code, paths) = said_and_planned(app, &admin).await;
    let [feedback, visit, plan, task] = &paths;
    app.at("2025-07-01T08:00:00");
    let admin = app.admin().await;
    let officer = app.user("xa-201", Role::Officer, Some("H16.201")).await;
    let leader = app.user("xa-202", Role::Leader, Some("H16.202")).await;
    let stranger = app.user("xa-203", Role::Leader, Some("H16.203")).await;
    let figures = async || {
        let mut figures = Vec::new();
        for count in COUNTS {
            let path = format!("/v1/statistics/{count}?{FIRST_HALF}&agency=H16.05");
            figures.push(app.get(&path, &admin).await.expect(200));
        }
        figures
    };
    let before = figures().await;
    for path in &paths {
        assert_eq!(app.get(path, &officer).await.problem(404), "not_found", "{path}");
    }

    let body = json!({"valid_to": LAST_DAY, "successors": ["H16.201", "H16.202"]});
    patch(app, &admin, "H16.05", body).await.expect(200);
    let count =
        async |token: &str, path: &str| app.get(path, token).await.expect(200)["items"].as_array().unwrap().len();
    for token in [&officer, &leader] {
        for path in &paths {
            app.get(path, token).await.expect(200);
        }
        for list in VOICES {
            assert_eq!(count(token, list).await, 1, "{list}");
            assert_eq!(count(token, &format!("{list}?agency=H16.05")).await, 1, "{list}");
        }
    }
    for path in &paths {
        assert_eq!(app.get(path, &stranger).await.problem(404), "not_found", "{path}");
    }
    for list in VOICES {
        assert_eq!(count(&stranger, list).await, 0, "{list}");
        assert_eq!(app.get(&format!("{list}?agency=H16.05"), &stranger).await.problem(404), "not_found");
    }

    // They answer it, note on it and do it.
    app.post(&format!("{feedback}/transitions"), &officer, json!({"to": "processing"})).await.expect(200);
    let answer = json!({"to": "answered", "answer": "Đã bố trí thêm cán bộ"});
    let answered = app.post(&format!("{feedback}/transitions"), &leader, answer).await.expect(200);
    assert_eq!((&answered["agency"], &answered["timing"]), (&json!("H16.05"), &json!("early")));
    let change = async |token: &str, path: &str, body: Value| {
        app.send(Method::PATCH, path, Some(token), &[("if-match", "*")], Some(body)).await
    };
    change(&officer, visit, json!({"note": "Đã chuyển hồ sơ"})).await.expect(200);
    change(&leader, task, json!({"due_on": "2026-01-30"})).await.expect(200);
    app.post(&format!("{task}/complete"), &leader, json!({})).await.expect(200);
    let keeper = app.user("qt-201", Role::Admin, Some("H16.201")).await;
    change(&keeper, plan, json!({"title": "Kế hoạch năm 2025"})).await.expect(200);

    // Nobody turns to who is not there any more, but for what it left.
    let new = json!({"agency": "H16.05", "kind": "feedback", "channel": "direct", "content": "x"});
    assert_eq!(app.post("/v1/feedback", &admin, new.clone()).await.problem(422), "agency_not_in_force");
    let visited = json!({"agency": "H16.05", "visited_on": "2025-07-01", "session": "regular", "received_by": {"name": "A"},
        "people": 1, "subjects": ["petition"], "content": "x", "outcome": "accepted"});
    assert_eq!(app.post("/v1/reception-visits", &admin, visited).await.problem(422), "agency_not_in_force");
    let slip = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200)["lookup_secret"].clone();
    let about = json!({"kind": "feedback", "content": "x", "dossier": code, "secret": slip});
    app.send(Method::POST, "/v1/public/feedback", None, &[], Some(about)).await.expect(201);
    assert_eq!(count(&officer, "/v1/feedback").await, 2);

    // The past is the district's, whoever asks, and was not changed.
    assert_eq!(figures().await, before);
    let path = format!("/v1/statistics/reception?{FIRST_HALF}");
    assert_eq!(app.get(&path, &leader).await.expect(200)["visits"], 0);
    assert_eq!(app.get(&format!("{path}&agency=H16.05"), &leader).await.expect(200)["visits"], 1);
});
