//! The catalogue: announcing decisions, versions and cases, the search, and its figures.

use serde_json::{Value, json};

use crate::story;
use crate::support::{TestApp, dossier};

/// What a procedure says, with members overlaid.
pub(crate) fn content(overlay: Value) -> Value {
    let mut body = json!({"name": "Trợ cấp mai táng", "field": "BTXH", "level": "province", "online_level": "partial",
        "rule": {"amount": 10, "unit": "working_day"}});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn decision(number: &str, items: Value) -> Value {
    json!({"number": number, "decided_on": "2026-02-02", "issuer": "Chủ tịch UBND tỉnh", "agency": "H16.18",
        "effective_on": "2026-02-16", "items": items})
}

async fn figures(app: &TestApp, token: &str, query: &str) -> Value {
    app.get(&format!("/v1/statistics/catalogue?{query}"), token).await.expect(200)
}

/// Follows a link and counts what it lists.
async fn listed(app: &TestApp, token: &str, link: &Value) -> u64 {
    let page = app.get(&format!("{}&limit=200", link.as_str().unwrap()), token).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null);
    page["items"].as_array().unwrap().len() as u64
}

story!(a_decision_brings_versions_and_ends_procedures, |app| {
    let admin = app.office().await;
    for code in ["2.000001", "2.000002"] {
        app.procedure(code, json!({"amount": 5, "unit": "working_day"})).await;
    }
    let items = json!([
        {"change": "new", "procedure": "2.000003", "content": content(json!({"old_online_level": "3"}))},
        {"change": "amended", "procedure": "2.000001", "content": content(json!({"online_level": "full"}))},
        {"change": "abolished", "procedure": "2.000002", "effective_on": "2026-03-01"},
    ]);
    let made = app.post("/v1/decisions", &admin, decision("12/QĐ-UBND", items.clone())).await.expect(201);
    assert_eq!(made["items"][1]["procedure_version"], 2);
    let id = made["id"].as_str().unwrap();
    assert_eq!(app.get(&format!("/v1/decisions/{id}"), &admin).await.expect(200), made);
    let listed_ones = app.get("/v1/decisions?from=2026-02-02&to=2026-02-02", &admin).await.expect(200);
    assert_eq!(listed_ones["items"], json!([made]));
    assert_eq!(app.post("/v1/decisions", &admin, decision("12/QĐ-UBND", items)).await.problem(409), "exists");

    let amended = app.get("/v1/procedures/2.000001", &admin).await.expect(200);
    assert_eq!((&amended["valid_from"], &amended["decision"]), (&json!("2026-02-16"), &json!("12/QĐ-UBND")));
    assert_eq!(amended["agency"], "H16.18", "the list that the decision changes");
    assert_eq!(amended["versions"].as_array().unwrap().len(), 2);
    let ended = app.get("/v1/procedures/2.000002", &admin).await.expect(200);
    assert_eq!(ended["valid_to"], "2026-02-28", "the day before the first without it");

    // Effective days: the eve of the first, between, and after the last (Decree 63/2010 arts. 13–15, domain.md 7.3).
    let total = async |on: &str| figures(app, &admin, &format!("on={on}")).await["in_force"]["total"].clone();
    assert_eq!((total("2026-02-15").await, total("2026-02-28").await), (json!(3), json!(4)));
    let after = figures(app, &admin, "on=2026-03-01").await;
    let in_force = &after["in_force"];
    assert_eq!((&in_force["total"], &in_force["full"], &in_force["partial"]), (&json!(3), &json!(2), &json!(1)));
    for (member, expected) in [("total", 3), ("full", 2), ("partial", 1), ("information", 0)] {
        assert_eq!(listed(app, &admin, &in_force["links"][member]).await, expected, "{member}");
    }
    let old = &in_force["old_online_levels"][1];
    assert_eq!((&old["old_online_level"], &old["total"]), (&json!("3"), &json!(1)));
    assert_eq!(listed(app, &admin, &old["link"]).await, 1);

    let period = figures(app, &admin, "from=2026-02-16&to=2026-03-31").await;
    for change in ["new", "amended", "abolished"] {
        assert_eq!(period["changes"][change]["total"], 1, "{change}");
        assert_eq!(period["changes"][change]["levels"][0]["level"], "province");
        assert_eq!(listed(app, &admin, &period["changes"][change]["link"]).await, 1, "{change}");
    }
    assert_eq!(period["changes"]["replaced"]["total"], 0);
    assert_eq!((&period["opening"], &period["closing"], &period["unannounced"]), (&json!(3), &json!(3), &json!(0)));
    // Only what stands in the department's own list: the two that the decision announced.
    assert_eq!(figures(app, &admin, "on=2026-03-01&agency=H16.18").await["in_force"]["total"], 2);
    assert_eq!(figures(app, &admin, "on=2026-03-01&field=BTXH").await["in_force"]["total"], 3);
});

story!(what_a_decision_cannot_do_is_refused_whole_and_at_its_item, |app| {
    let admin = app.office().await;
    let new = |procedure: &str| json!({"change": "new", "procedure": procedure, "content": content(json!({}))});
    for (item, code, pointer) in [
        (new("1.001739"), "exists", "/items/1/procedure"),
        (json!({"change": "amended", "procedure": "9.9"}), "unknown_reference", "/items/1/procedure"),
        (json!({"change": "abolished", "procedure": "9.9"}), "unknown_reference", "/items/1/procedure"),
        (
            json!({"change": "new", "procedure": "2.9", "content": content(json!({"field": "XX"}))}),
            "unknown_reference",
            "/items/1/content",
        ),
    ] {
        let answer = app.post("/v1/decisions", &admin, decision("1/QĐ", json!([new("2.000009"), item]))).await;
        assert_eq!((answer.problem_code().as_str(), &answer.json()["errors"][0]["pointer"]), (code, &json!(pointer)));
        assert_eq!(app.get("/v1/procedures/2.000009", &admin).await.problem(404), "not_found", "nothing half-done");
    }
    let ended = json!([{"change": "abolished", "procedure": "1.001739"}]);
    app.post("/v1/decisions", &admin, decision("2/QĐ", ended.clone())).await.expect(201);
    let again = app.post("/v1/decisions", &admin, decision("3/QĐ", ended)).await;
    assert_eq!(again.problem(422), "later_version");
    assert_eq!(again.json()["errors"][0]["pointer"], "/items/0/procedure");
    let future = json!({"number": "4/QĐ", "decided_on": "2026-03-03", "issuer": "X", "items": []});
    let answer = app.post("/v1/decisions", &admin, future).await;
    assert_eq!(answer.problem(422), "validation");
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 2, "the date and the missing items");
});

story!(an_abolished_procedure_takes_nothing_in_and_what_came_before_goes_on, |app| {
    let admin = app.office().await;
    let received = app.receive(&admin, json!({})).await;
    let filed = app.receive(&admin, json!({"channel": "online"})).await;
    let ended = json!([{"change": "abolished", "procedure": "1.001739", "effective_on": "2026-03-03"}]);
    app.post("/v1/decisions", &admin, decision("5/QĐ", ended)).await.expect(201);
    app.receive(&admin, json!({})).await;

    app.at("2026-03-03T08:00:00");
    let admin = app.admin().await;
    let refused = app.post("/v1/dossiers", &admin, dossier(json!({}))).await;
    assert_eq!(refused.problem(422), "procedure_ended");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/procedure");
    // Filed while it stood: accepted by the version of that day (contract 3: a dossier keeps its version).
    let accepted = app.transition(&admin, &filed, json!({"to": "received"})).await.expect(200);
    assert_eq!((&accepted["procedure_version"], &accepted["due_on"]), (&json!(1), &json!("2026-03-10")));
    app.transition(&admin, &received, json!({"to": "processing"})).await.expect(200);
    app.transition(&admin, &received, json!({"to": "finished"})).await.expect(200);
    let back = json!({"received_at": "2026-03-02T10:00:00+07:00"});
    app.post("/v1/dossiers", &admin, dossier(back)).await.expect(201);
});

story!(a_dossier_names_its_case_and_the_rule_of_the_case_holds, |app| {
    let admin = app.admin().await;
    app.office().await;
    let cases = json!([{"code": "KHAN", "name": "Khẩn cấp", "rule": {"amount": 1, "unit": "working_day"},
        "online_rule": {"amount": 4, "unit": "working_hour"}}]);
    let body = content(json!({"code": "2.1", "cases": cases, "postal_rule": {"amount": 12, "unit": "working_day"}}));
    app.post("/v1/procedures", &admin, body).await.expect(201);
    let due = async |overlay: Value| {
        let mut body = dossier(json!({"procedure": "2.1", "accept": true}));
        for (name, value) in overlay.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.post("/v1/dossiers", &admin, body).await.expect(201)
    };
    // Received on Monday 2 March 2026, 09:00: 10 working days, 12 by post; the case 1 day, or 4 hours of office time.
    assert_eq!(due(json!({})).await["due_on"], "2026-03-16");
    assert_eq!(due(json!({"channel": "postal"})).await["due_on"], "2026-03-18");
    let urgent = due(json!({"case": "KHAN"})).await;
    assert_eq!((&urgent["due_on"], &urgent["case"]), (&json!("2026-03-03"), &json!("KHAN")));
    assert_eq!(due(json!({"case": "KHAN", "channel": "online"})).await["due_at"], "2026-03-02T15:00:00+07:00");
    let unknown = app.post("/v1/dossiers", &admin, dossier(json!({"case": "KHAC"}))).await;
    assert_eq!(unknown.problem(422), "case_not_in_force");
    assert_eq!(unknown.json()["errors"][0]["pointer"], "/case");
    let asked = "/v1/deadline?agency=H16.18&procedure=2.1&case=KHAN&received_at=2026-03-02T09:00:00%2B07:00";
    assert_eq!(app.get(asked, &admin).await.expect(200)["due_on"], "2026-03-03");

    let path = format!("/v1/dossiers/{}", urgent["code"].as_str().unwrap());
    assert_eq!(app.get(&format!("{path}/deadline"), &admin).await.expect(200)["rule"]["amount"], 1);
    let cleared = json!({"case": null, "reason": "Nhập nhầm trường hợp"});
    let cleared = app.post(&format!("{path}/correct"), &admin, cleared).await.expect(200);
    assert_eq!((&cleared["due_on"], &cleared["case"]), (&json!("2026-03-16"), &Value::Null));
    let named = json!({"case": "KHAN", "reason": "Đúng là khẩn cấp"});
    app.post(&format!("{path}/correct"), &admin, named).await.expect(200);
    // Another procedure has none of its cases.
    let moved = json!({"procedure": "1.001739", "reason": "Nhầm thủ tục"});
    let moved = app.post(&format!("{path}/correct"), &admin, moved).await.expect(200);
    assert_eq!((&moved["due_on"], &moved["case"]), (&json!("2026-03-09"), &Value::Null));
    app.verify();
});

story!(the_search_finds_words_in_any_order_without_diacritics, |app| {
    let admin = app.office().await;
    for (code, name) in
        [("3.000100", "Hỗ trợ chi phí mai táng cho đối tượng bảo trợ"), ("3.000200", "Đăng ký mai táng 100%")]
    {
        app.post("/v1/procedures", &admin, content(json!({"code": code, "name": name}))).await.expect(201);
    }
    let found = async |q: &str| -> Vec<String> {
        let page = app.get(&format!("/v1/procedures?q={q}"), &admin).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("tang mai").await, ["3.000100", "3.000200"]);
    assert_eq!(found("bao tro mai ta").await, ["3.000100"]);
    assert_eq!(found("ĐĂNG").await, ["3.000200"]);
    assert_eq!(found("dan").await, ["3.000200"], "the last word may be a beginning");
    assert_eq!(found("dan%20mai").await, Vec::<String>::new(), "the others are whole");
    assert_eq!(found("ang").await, Vec::<String>::new(), "no word begins so");
    assert_eq!(found("3.0002").await, ["3.000200"]);
    assert_eq!(found("100%25").await, ["3.000200"], "a percent sign is no pattern");
    assert_eq!(found("%25").await.len(), 3, "no word narrows nothing");
});

story!(parts_of_a_procedure_are_kept_and_refused_by_their_place, |app| {
    let admin = app.office().await;
    let parts = json!({"code": "2.2", "old_online_level": "4", "agency": "H16.18", "sets": 1,
        "components": [{"name": "Tờ khai", "originals": 1, "copies": 0, "form": "Mẫu 01"}],
        "fees": [{"kind": "charge", "amount": 50000, "unit": "hồ sơ", "condition": null}],
        "steps": ["Nộp"], "applicants": ["Cá nhân"], "results": ["Quyết định"], "conditions": [],
        "grounds": ["Nghị định 20/2021/NĐ-CP"], "implemented_by": ["commune"]});
    let made = app.post("/v1/procedures", &admin, content(parts.clone())).await.expect(201);
    for (member, value) in parts.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
    for (overlay, pointer) in [
        (json!({"components": [{"name": " "}]}), "/components/0/name"),
        (json!({"fees": [{"kind": "tip", "amount": 1}]}), "/fees/0/kind"),
        (json!({"fees": [{"kind": "fee", "amount": -1}]}), "/fees/0/amount"),
        (json!({"old_online_level": 4}), "/old_online_level"),
        (json!({"agency": "H99"}), "/agency"),
        (json!({"postal_rule": {"unit": "month"}}), "/postal_rule/amount"),
        (
            json!({"cases": [{"code": "A", "name": "a", "rule": {"amount": 1, "unit": "month"}},
                {"code": "A", "name": "b", "rule": {"amount": 1, "unit": "month"}}]}),
            "/cases/1/code",
        ),
    ] {
        let mut body = content(overlay);
        body["code"] = json!("2.3");
        let answer = app.post("/v1/procedures", &admin, body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer);
    }
});
