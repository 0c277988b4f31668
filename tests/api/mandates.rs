//! Mandates: a stand-in acts by the absent officer's right, on dated days, and never by more.

use motcua::domain::vocabulary::Role;
use motcua::flow::audit::seal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp, dossier};

/// Leaders `binh` and `cuong` (of H16.19), officers `lan` and `hoa` of H16.18, a front desk `cua`.
async fn office(app: &TestApp) {
    let admin = app.office().await;
    let other = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, other).await.expect(201);
    app.user("binh", Role::Leader, Some("H16.18")).await;
    app.user("cuong", Role::Leader, Some("H16.19")).await;
    app.user("lan", Role::Officer, Some("H16.18")).await;
    app.user("hoa", Role::Officer, Some("H16.18")).await;
    app.user("cua", Role::FrontDesk, Some("H16.18")).await;
}

fn mandate(absent: &str, stand_in: &str, from: &str, to: &str) -> Value {
    json!({"absent": absent, "stand_in": stand_in, "from": from, "to": to, "reason": "Nghỉ phép"})
}

async fn give(app: &TestApp, by: &str, body: Value) -> Answer {
    app.post("/v1/mandates", &app.sign_in(by).await, body).await
}

/// A call by `who` on behalf of `absent`.
async fn call(app: &TestApp, who: &str, absent: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let token = app.sign_in(who).await;
    app.send(method, path, Some(&token), &[("on-behalf-of", absent), ("if-match", "*")], body).await
}

async fn look(app: &TestApp, who: &str, absent: &str, path: &str) -> Answer {
    call(app, who, absent, Method::GET, path, None).await
}

async fn ask(app: &TestApp, who: &str, absent: &str, path: &str, body: Value) -> Answer {
    call(app, who, absent, Method::POST, path, Some(body)).await
}

story!(a_stand_in_acts_by_the_right_of_the_absent_officer_on_the_days_of_the_mandate, |app| {
    office(app).await;
    let given = give(app, "binh", mandate("binh", "lan", "2026-03-03", "2026-03-05")).await.expect(201);
    assert_eq!((&given["given_by"], &given["version"]), (&json!("binh"), &json!(1)));
    let code = app.receive(&app.sign_in("lan").await, json!({})).await;
    let path = format!("/v1/dossiers/{code}");
    let void = format!("{path}/void");
    let reason = json!({"reason": "Nhập nhầm"});
    // Not yet; and an officer by herself never voids.
    assert_eq!(ask(app, "lan", "binh", &void, reason.clone()).await.problem(403), "no_mandate");
    app.at("2026-03-03T07:30:00");
    let lan = app.sign_in("lan").await;
    assert_eq!(app.post(&void, &lan, reason.clone()).await.problem(403), "forbidden");
    let me = look(app, "lan", "binh", "/v1/me").await.expect(200);
    assert_eq!((&me["username"], &me["role"], &me["on_behalf_of"]), (&json!("lan"), &json!("leader"), &json!("binh")));
    assert_eq!(app.get("/v1/me", &lan).await.expect(200)["on_behalf_of"], Value::Null);
    ask(app, "lan", "binh", &format!("{path}/transitions"), json!({"to": "finished"})).await.expect(200);
    let reopen = json!({"to": "reopen", "reason": "Sai kết quả"});
    assert_eq!(app.transition(&lan, &code, reopen.clone()).await.problem(403), "forbidden");
    ask(app, "lan", "binh", &format!("{path}/transitions"), reopen).await.expect(200);
    app.transition(&lan, &code, json!({"to": "processing"})).await.expect(200);
    // Recorded in the timeline and in the audit log.
    let timeline = app.get(&format!("{path}/timeline"), &lan).await.expect(200);
    let acts: Vec<_> =
        timeline["items"].as_array().unwrap().iter().map(|item| (&item["actor"], &item["on_behalf_of"])).collect();
    let (lan_name, binh_name) = (json!("lan"), json!("binh"));
    let (own, behalf) = ((&lan_name, &Value::Null), (&lan_name, &binh_name));
    assert_eq!(acts, [own, behalf, behalf, own]);
    seal(&app.db).unwrap();
    let audit = app.get(&format!("/v1/audit?resource={code}"), &app.admin().await).await.expect(200);
    let done = audit["items"].as_array().unwrap().iter().filter(|entry| entry["outcome"] == "done");
    let acts: Vec<_> = done.map(|entry| (&entry["actor_name"], &entry["on_behalf_of"], &entry["role"])).collect();
    let (officer, leader) = (json!("officer"), json!("leader"));
    assert_eq!(
        acts,
        [
            (&lan_name, &Value::Null, &officer),
            (&lan_name, &binh_name, &leader),
            (&lan_name, &binh_name, &leader),
            (&lan_name, &Value::Null, &officer),
        ]
    );
    let refused = audit["items"].as_array().unwrap().iter().find(|entry| entry["reason"] == "no_mandate").unwrap();
    assert_eq!((&refused["actor_name"], &refused["on_behalf_of"]), (&lan_name, &Value::Null));
    // The last day is the last.
    app.at("2026-03-05T23:59:00");
    look(app, "lan", "binh", &path).await.expect(200);
    app.at("2026-03-06T00:00:00");
    assert_eq!(look(app, "lan", "binh", &path).await.problem(403), "no_mandate");
});

story!(a_stand_in_has_the_absent_officers_desk_and_nothing_of_their_own_there, |app| {
    office(app).await;
    // Lan stands in for Cuong of another department: she sees his dossiers, and hers only by herself.
    give(app, "admin", mandate("cuong", "lan", "2026-03-02", "2026-03-06")).await.expect(201);
    let admin = app.admin().await;
    let theirs = app.receive(&admin, json!({"agency": "H16.19"})).await;
    let ours = app.receive(&admin, json!({})).await;
    let lan = app.sign_in("lan").await;
    let path = |code: &str| format!("/v1/dossiers/{code}");
    assert_eq!(app.get(&path(&theirs), &lan).await.problem(404), "not_found");
    look(app, "lan", "cuong", &path(&theirs)).await.expect(200);
    assert_eq!(look(app, "lan", "cuong", &path(&ours)).await.problem(404), "not_found");
    let listed = look(app, "lan", "cuong", "/v1/dossiers").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let receive = dossier(json!({"agency": "H16.18"}));
    assert_eq!(ask(app, "lan", "cuong", "/v1/dossiers", receive).await.problem(403), "forbidden");
    // An answer kept for one right is not replayed to the other.
    let body = dossier(json!({"agency": "H16.19"}));
    let keyed = |absent: Option<&'static str>| {
        let headers: Vec<(&str, &str)> =
            [("idempotency-key", "k1")].into_iter().chain(absent.map(|name| ("on-behalf-of", name))).collect();
        let (lan, body) = (lan.clone(), body.clone());
        async move { app.send(Method::POST, "/v1/dossiers", Some(&lan), &headers, Some(body)).await }
    };
    let first = keyed(Some("cuong")).await;
    first.expect(201);
    assert_eq!(keyed(Some("cuong")).await.header("idempotency-replayed"), "true");
    assert_eq!(keyed(None).await.problem(403), "forbidden");
});

story!(what_ends_ends_at_once, |app| {
    office(app).await;
    let days = ("2026-03-02", "2026-03-06");
    let given = give(app, "binh", mandate("lan", "hoa", days.0, days.1)).await.expect(201);
    let path = format!("/v1/mandates/{}", given["id"].as_str().unwrap());
    look(app, "hoa", "lan", "/v1/me").await.expect(200);
    // Not the other way round, not passed on, and not for others.
    assert_eq!(look(app, "lan", "hoa", "/v1/me").await.problem(403), "no_mandate");
    give(app, "binh", mandate("binh", "lan", days.0, days.1)).await.expect(201);
    assert_eq!(look(app, "hoa", "binh", "/v1/me").await.problem(403), "no_mandate");
    let chained = [("on-behalf-of", "lan"), ("on-behalf-of", "binh")];
    let hoa = app.sign_in("hoa").await;
    let answer = app.send(Method::GET, "/v1/me", Some(&hoa), &chained, None).await;
    assert_eq!(answer.problem(403), "no_mandate");
    // What a person does to their account, and mandates themselves, are done in person.
    let on = mandate("lan", "cua", days.0, days.1);
    assert_eq!(ask(app, "lan", "binh", "/v1/mandates", on).await.problem(403), "in_person");
    assert_eq!(ask(app, "lan", "binh", &format!("{path}/revoke"), json!({})).await.problem(403), "in_person");
    let password = json!({"current": "x", "new": "hồ sơ một cửa"});
    assert_eq!(ask(app, "hoa", "lan", "/v1/me/password", password).await.problem(403), "in_person");
    assert_eq!(call(app, "hoa", "lan", Method::DELETE, "/v1/sessions/current", None).await.problem(403), "in_person");
    assert_eq!(ask(app, "lan", "binh", "/v1/users", json!({})).await.problem(403), "forbidden");
    // The absent officer's account is disabled, then enabled again.
    let users = app.get("/v1/users?limit=200", &app.admin().await).await.expect(200);
    let id = |name: &str| {
        let found = users["items"].as_array().unwrap().iter().find(|user| user["username"] == name).unwrap();
        format!("/v1/users/{}", found["id"].as_str().unwrap())
    };
    let patch = async |name: &str, body: Value| {
        app.send(Method::PATCH, &id(name), Some(&app.admin().await), &[("if-match", "*")], Some(body)).await.expect(200)
    };
    patch("lan", json!({"disabled": true})).await;
    assert_eq!(look(app, "hoa", "lan", "/v1/me").await.problem(403), "no_mandate");
    patch("lan", json!({"disabled": false, "role": "front_desk"})).await;
    assert_eq!(
        look(app, "hoa", "lan", "/v1/me").await.expect(200)["role"],
        "front_desk",
        "as it is now, not as it was"
    );
    patch("lan", json!({"role": "admin"})).await;
    assert_eq!(
        look(app, "hoa", "lan", "/v1/me").await.problem(403),
        "no_mandate",
        "nobody stands in for an administrator"
    );
    patch("lan", json!({"role": "officer"})).await;
    // Revoked when she came back early; again changes nothing.
    let revoked = app.post(&format!("{path}/revoke"), &app.sign_in("binh").await, json!({})).await.expect(200);
    assert_eq!((&revoked["revoked_by"], &revoked["version"]), (&json!("binh"), &json!(2)));
    assert_eq!(look(app, "hoa", "lan", "/v1/me").await.problem(403), "no_mandate");
    let again = app.post(&format!("{path}/revoke"), &app.admin().await, json!({})).await.expect(200);
    assert_eq!(again["revoked_by"], "binh");
});

story!(mandates_are_given_by_leaders_among_their_own_people, |app| {
    office(app).await;
    let days = ("2026-03-02", "2026-03-06");
    let of = |absent: &str, stand_in: &str| mandate(absent, stand_in, days.0, days.1);
    assert_eq!(give(app, "lan", of("lan", "hoa")).await.problem(403), "forbidden");
    app.user("kiem", Role::Auditor, Some("H16.18")).await;
    app.user("quan", Role::Admin, Some("H16.18")).await;
    for (by, body, pointer, code) in [
        ("binh", of("cuong", "lan"), "/absent", "unknown_reference"),
        ("binh", of("lan", "cuong"), "/stand_in", "unknown_reference"),
        ("binh", of("nobody", "lan"), "/absent", "unknown_reference"),
        ("quan", of("admin", "lan"), "/absent", "unknown_reference"),
        ("quan", of("quan", "lan"), "/absent", "role_not_mandated"),
        ("binh", of("kiem", "lan"), "/absent", "role_not_mandated"),
        ("binh", of("lan", "kiem"), "/stand_in", "role_not_mandated"),
        ("binh", of("lan", "lan"), "/stand_in", "invalid_value"),
        ("binh", mandate("lan", "hoa", "2026-03-06", "2026-03-02"), "/to", "out_of_range"),
        ("binh", mandate("lan", "hoa", "2026-02-01", "2026-03-01"), "/to", "out_of_range"),
        ("binh", mandate("lan", "hoa", "2026-03-02", "2027-06-01"), "/to", "out_of_range"),
        (
            "binh",
            json!({"absent": "lan", "stand_in": "hoa", "from": "2026-03-02", "to": "2026-03-06", "reason": " "}),
            "/reason",
            "blank",
        ),
    ] {
        let refused = give(app, by, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.text);
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
    for body in [json!({}), json!({"absent": "lan", "stand_in": "hoa", "from": "2026-13-01", "to": "x", "reason": "x"})]
    {
        assert_eq!(give(app, "binh", body).await.problem(422), "validation");
    }
    let given = give(app, "binh", of("lan", "hoa")).await.expect(201);
    let path = format!("/v1/mandates/{}", given["id"].as_str().unwrap());
    let sees = async |name: &str| {
        let token = app.sign_in(name).await;
        let list = app.get("/v1/mandates?in_force=true", &token).await.expect(200);
        (list["items"].as_array().unwrap().len(), app.get(&path, &token).await.status.as_u16())
    };
    for (name, expected) in [
        ("lan", (1, 200)),
        ("hoa", (1, 200)),
        ("binh", (1, 200)),
        ("kiem", (1, 200)),
        ("admin", (1, 200)),
        ("cua", (1, 200)),
        ("cuong", (0, 404)),
    ] {
        assert_eq!(sees(name).await, expected, "{name}");
    }
    let mine = app.get("/v1/mandates?stand_in=me", &app.sign_in("lan").await).await.expect(200);
    assert_eq!(mine["items"], json!([]));
    let kiem = app.sign_in("kiem").await;
    assert_eq!(app.post(&format!("{path}/revoke"), &kiem, json!({})).await.problem(403), "forbidden");
    for (name, status) in [("lan", 403), ("hoa", 403), ("cuong", 404)] {
        let token = app.sign_in(name).await;
        assert_eq!(app.post(&format!("{path}/revoke"), &token, json!({})).await.status, status, "{name}");
    }
    assert_eq!(app.get("/v1/mandates?in_force=perhaps", &kiem).await.problem(400), "invalid_parameter");
    // Auditors, administrators and machines stand in for nobody.
    for who in ["kiem", "quan", "admin"] {
        assert_eq!(look(app, who, "lan", "/v1/me").await.problem(403), "no_mandate", "{who}");
    }
    let token = crate::support::office::client(app, "dossiers:read", Some("H16.18")).await;
    let machine = app.send(Method::GET, "/v1/dossiers", Some(&token), &[("on-behalf-of", "lan")], None).await;
    assert_eq!(machine.problem(403), "no_mandate");
});

story!(a_name_that_is_not_ascii_is_written_as_rfc_8187_says, |app| {
    office(app).await;
    app.user("Lê Ánh", Role::Officer, Some("H16.18")).await;
    give(app, "binh", mandate("Lê Ánh", "hoa", "2026-03-02", "2026-03-06")).await.expect(201);
    let me = look(app, "hoa", "UTF-8''L%C3%AA%20%C3%81nh", "/v1/me").await.expect(200);
    assert_eq!((&me["username"], &me["on_behalf_of"]), (&json!("hoa"), &json!("Lê Ánh")));
    for broken in ["", " ", "UTF-8''%FF", "L%C3%AA", "lan, hoa"] {
        assert_eq!(look(app, "hoa", broken, "/v1/me").await.problem(403), "no_mandate", "{broken:?}");
    }
});

story!(a_stand_in_has_the_warnings_of_the_absent_officer, |app| {
    office(app).await;
    give(app, "binh", mandate("lan", "hoa", "2026-03-02", "2026-03-06")).await.expect(201);
    let admin = app.admin().await;
    let body = json!({"code": "2.000001", "name": "Trợ cấp", "field": "BTXH", "level": "province", "online_level": "full",
        "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}, "warnings": [{"before": 3, "unit": "working_day"}]});
    app.post("/v1/procedures", &admin, body).await.expect(201);
    let code = app.receive(&admin, json!({"procedure": "2.000001"})).await;
    let assign = json!({"assignee": "lan"});
    app.send(Method::PATCH, &format!("/v1/dossiers/{code}"), Some(&admin), &[("if-match", "*")], Some(assign))
        .await
        .expect(200);
    app.at("2026-03-04T08:00:00");
    assert_eq!(motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap().rungs, 1);
    let own = app.get("/v1/warnings?assignee=me", &app.sign_in("hoa").await).await.expect(200);
    assert_eq!(own["items"], json!([]));
    let theirs = look(app, "hoa", "lan", "/v1/warnings?assignee=me").await.expect(200);
    assert_eq!(theirs["items"][0]["dossier"], code);
    let path = format!("/v1/warnings/{}/acknowledge", theirs["items"][0]["id"].as_str().unwrap());
    assert_eq!(ask(app, "hoa", "lan", &path, json!({})).await.expect(200)["acknowledged_by"], "hoa");
});
