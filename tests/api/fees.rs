//! Fees: demanded with and without a wait, paid in parts, exempted, refunded, and summed up.

use motcua::domain::vocabulary::Role;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp};

fn item(name: &str, kind: &str, amount: i64) -> Value {
    json!({"name": name, "kind": kind, "amount": amount, "collection": "during"})
}

/// A dossier that waits since Tuesday 3 March 09:00 for 150,000 + 50,000 đồng; due on Monday 9 March 09:00.
async fn waiting(app: &TestApp) -> (String, String) {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-03T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    let fees = [item("Lệ phí", "charge", 150_000), item("Phí thẩm định", "fee", 50_000)];
    let wish = json!({"to": "payment_required", "reason": "Nộp lệ phí", "fees": fees});
    let shown = app.transition(&admin, &code, wish).await.expect(200);
    assert_eq!((&shown["status"], &shown["timing"]), (&json!("payment_required"), &json!("paused")));
    (admin, code)
}

async fn pay(app: &TestApp, token: &str, code: &str, body: Value) -> Answer {
    app.post(&format!("/v1/dossiers/{code}/payments"), token, body).await
}

fn proof(code: &str, amount: i64, number: &str) -> Value {
    json!({"reference": format!("{code}-P1"), "amount": amount, "method": "transfer", "receipt_number": number})
}

async fn account(app: &TestApp, token: &str, code: &str) -> Value {
    app.get(&format!("/v1/dossiers/{code}/fees"), token).await.expect(200)
}

fn sums(account: &Value) -> [i64; 5] {
    ["due", "exempted", "paid", "refunded", "balance"].map(|member| account[member].as_i64().unwrap())
}

story!(the_clock_runs_again_when_all_is_paid, |app| {
    let (_, code) = waiting(app).await;
    app.at("2026-03-04T09:00:00");
    let admin = app.admin().await;
    let part = pay(app, &admin, &code, proof(&code, 120_000, "BL-1")).await.expect(200);
    assert_eq!((sums(&part), &part["status"]), ([200_000, 0, 120_000, 0, 80_000], &json!("payment_required")));
    app.at("2026-03-06T09:00:00");
    let admin = app.admin().await;
    let mut rest = proof(&code, 80_000, "BL-2");
    // The bank told of it a day later: the clock runs from the payment.
    rest["paid_at"] = json!("2026-03-05T09:00:00+07:00");
    let all = pay(app, &admin, &code, rest).await.expect(200);
    assert_eq!((sums(&all), &all["status"]), ([200_000, 0, 200_000, 0, 0], &json!("processing")));
    // Two office days waited (3 March 09:00 to 5 March 09:00) are added to Monday 9 March 09:00 (contract 4).
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!((&shown["due_at"], &shown["timing"]), (&json!("2026-03-11T09:00:00+07:00"), &json!("within")));
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    let events: Vec<_> =
        timeline["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "dossier.received",
            "dossier.processing",
            "dossier.payment_required",
            "dossier.fees_demanded",
            "dossier.payment_received",
            "dossier.payment_received",
            "dossier.resumed"
        ]
    );
    let feed = app.get("/v1/changes?limit=200", &admin).await.expect(200);
    let told = feed["items"].as_array().unwrap().iter().filter(|item| item["type"] == "dossier.payment_received");
    assert_eq!(told.count(), 2);
});

story!(wrong_payments_are_refused_by_name_and_the_same_one_counts_once, |app| {
    let (admin, code) = waiting(app).await;
    for (body, status, problem) in [
        (json!({"reference": format!("{code}-P2")}), 422, "wrong_reference"),
        (json!({"reference": "H16.18-260302-9999-P1"}), 422, "wrong_reference"),
        (json!({"amount": 200_001}), 422, "overpaid"),
        (json!({"amount": 0}), 422, "validation"),
        (json!({"amount": -1}), 422, "validation"),
        (json!({"amount": 10.5}), 422, "validation"),
        (json!({"amount": "10"}), 422, "validation"),
        (json!({"method": "gold"}), 422, "validation"),
        (json!({"receipt_number": " "}), 422, "validation"),
        (json!({"file": "none"}), 422, "unknown_reference"),
        (json!({"paid_at": "2026-03-03T09:00:01+07:00"}), 422, "in_the_future"),
        (json!({"paid_at": "2026-03-02T08:59:59+07:00"}), 422, "paid_before_filing"),
    ] {
        let mut wish = proof(&code, 50_000, "BL-1");
        wish.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        assert_eq!(pay(app, &admin, &code, wish).await.problem(status), problem, "{body}");
    }
    let once = pay(app, &admin, &code, proof(&code, 50_000, "BL-1")).await.expect(200);
    let again = pay(app, &admin, &code, proof(&code, 50_000, "BL-1")).await.expect(200);
    assert_eq!(once, again);
    let other = pay(app, &admin, &code, proof(&code, 60_000, "BL-1")).await;
    assert_eq!(other.problem(409), "receipt_number_used");
    assert_eq!(sums(&account(app, &admin, &code).await), [200_000, 0, 50_000, 0, 150_000]);
});

story!(what_is_exempted_need_not_be_paid_and_what_is_refunded_is_told, |app| {
    let (admin, code) = waiting(app).await;
    let shown = account(app, &admin, &code).await;
    let ids: Vec<_> =
        shown["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    let exempt = |id: &str| format!("/v1/dossiers/{code}/fees/{id}/exempt");
    let poor = json!({"reason": "Hộ nghèo"});
    let too_much = app.post(&exempt(&ids[1]), &admin, json!({"reason": "x", "amount": 50_001})).await;
    assert_eq!(too_much.problem(422), "too_much");
    assert_eq!(app.post(&exempt("nothing"), &admin, poor.clone()).await.problem(404), "not_found");
    let paid = pay(app, &admin, &code, proof(&code, 150_000, "BL-1")).await.expect(200);
    assert_eq!(paid["status"], "payment_required");
    app.at("2026-03-04T10:00:00");
    let admin = app.admin().await;
    let settled = app.post(&exempt(&ids[1]), &admin, poor.clone()).await.expect(200);
    assert_eq!((sums(&settled), &settled["status"]), ([200_000, 50_000, 150_000, 0, 0], &json!("processing")));
    let granted = &settled["items"][1]["exemption"];
    assert_eq!(
        (&granted["amount"], &granted["reason"], &granted["by"]),
        (&json!(50_000), &json!("Hộ nghèo"), &json!("admin"))
    );
    assert_eq!(app.post(&exempt(&ids[1]), &admin, poor).await.problem(409), "already_exempted");

    let payment = settled["payments"][0]["id"].as_str().unwrap();
    let refund = format!("/v1/dossiers/{code}/payments/{payment}/refund");
    assert_eq!(app.post(&refund, &admin, json!({"amount": 30_000})).await.problem(422), "validation");
    let back = app.post(&refund, &admin, json!({"amount": 30_000, "reason": "Thu thừa"})).await.expect(200);
    assert_eq!((sums(&back), &back["status"]), ([200_000, 50_000, 150_000, 30_000, 30_000], &json!("processing")));
    assert_eq!(app.post(&refund, &admin, json!({"reason": "x"})).await.problem(409), "already_refunded");
    // Payments of March: 150,000 in, 30,000 back; the day before has only the demand.
    let path = |from: &str, to: &str| format!("/v1/statistics/fees?from={from}&to={to}&group_by=agency,procedure");
    let month = app.get(&path("2026-03-01", "2026-03-31"), &admin).await.expect(200);
    assert_eq!(month["total"], json!({"due": 200_000, "exempted": 50_000, "paid": 150_000, "refunded": 30_000}));
    let row = json!({"agency": "H16.18", "procedure": "1.001739", "due": 200_000, "exempted": 50_000, "paid": 150_000, "refunded": 30_000});
    assert_eq!(month["rows"], json!([row]));
    let day = app.get(&path("2026-03-03", "2026-03-03"), &admin).await.expect(200);
    assert_eq!(day["total"], json!({"due": 200_000, "exempted": 0, "paid": 150_000, "refunded": 0}));
    let before = app.get(&path("2026-03-01", "2026-03-02"), &admin).await.expect(200);
    assert_eq!((&before["rows"], &before["total"]["due"]), (&json!([]), &json!(0)));
    app.post(&format!("/v1/dossiers/{code}/void"), &admin, json!({"reason": "Nhập nhầm"})).await.expect(200);
    let month = app.get(&path("2026-03-01", "2026-03-31"), &admin).await.expect(200);
    assert_eq!(month["total"]["due"], 0, "a void dossier is in no column");
    assert_eq!(pay(app, &admin, &code, proof(&code, 1, "BL-9")).await.problem(409), "dossier_void");
});

story!(fees_at_intake_stop_no_clock, |app| {
    let admin = app.office().await;
    let paid = json!({"method": "cash", "receipt_number": "0000012"});
    let fees = json!([{"name": "Lệ phí hộ tịch", "code": "LP-HT", "kind": "charge", "amount": 8_000}]);
    let code = app.receive(&admin, json!({"fees": fees, "payment": paid})).await;
    let shown = account(app, &admin, &code).await;
    assert_eq!((sums(&shown), &shown["status"]), ([8_000, 0, 8_000, 0, 0], &json!("received")));
    assert_eq!((&shown["items"][0]["collection"], &shown["items"][0]["awaited"]), (&json!("at_intake"), &json!(false)));
    let later = json!({"fees": [item("Phí sao lục", "fee", 3_000)]});
    let more = app.post(&format!("/v1/dossiers/{code}/fees"), &admin, later).await.expect(200);
    assert_eq!(sums(&more), [11_000, 0, 8_000, 0, 3_000]);
    assert_eq!(more["demands"][1]["reference"], format!("{code}-P2"));
    let mut second = proof(&code, 3_000, "0000013");
    second["reference"] = json!(format!("{code}-P2"));
    assert_eq!(sums(&pay(app, &admin, &code, second).await.expect(200))[4], 0);

    let post = async |overlay: Value| app.post("/v1/dossiers", &admin, crate::support::dossier(overlay)).await;
    for overlay in [
        json!({"fees": []}),
        json!({"payment": paid}),
        json!({"fees": [item(" ", "fee", 1)]}),
        json!({"fees": [item("Phí", "tip", 1)]}),
        json!({"fees": [item("Phí", "fee", 0)]}),
    ] {
        assert_eq!(post(overlay.clone()).await.problem(422), "validation", "{overlay}");
    }
    let wish = json!({"to": "processing", "fees": [item("Phí", "fee", 1)]});
    assert_eq!(app.transition(&admin, &code, wish).await.problem(422), "fees_not_allowed");
    let line = crate::support::dossier(json!({"fees": [item("Phí", "fee", 1)]})).to_string();
    let kind = "application/x-ndjson";
    let report = app.raw(reqwest::Method::POST, "/v1/imports", Some(&admin), kind, line.into_bytes()).await.expect(200);
    assert_eq!(report["errors"][0]["code"], "unknown_member");
});

story!(a_wait_ends_by_its_own_payments_or_by_hand, |app| {
    let (admin, code) = waiting(app).await;
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.at("2026-03-03T10:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &code, json!({"to": "payment_required", "reason": "Nộp thuế"})).await.expect(200);
    let earlier = pay(app, &admin, &code, proof(&code, 150_000, "BL-1")).await.expect(200);
    assert_eq!(earlier["status"], "payment_required");
    let earlier = pay(app, &admin, &code, proof(&code, 50_000, "BL-2")).await.expect(200);
    assert_eq!(earlier["status"], "payment_required", "what an earlier wait was for");
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.at("2026-03-03T11:00:00");
    let admin = app.admin().await;
    let wish = json!({"to": "payment_required", "reason": "Phí bổ sung", "fees": [item("Phí", "fee", 5_000)]});
    app.transition(&admin, &code, wish).await.expect(200);
    let mut last = proof(&code, 5_000, "BL-3");
    last["reference"] = json!(format!("{code}-P2"));
    assert_eq!(pay(app, &admin, &code, last).await.expect(200)["status"], "processing");
});

story!(money_is_for_the_dossiers_own_agencies_and_the_roles_that_handle_it, |app| {
    let (admin, code) = waiting(app).await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let id = account(app, &admin, &code).await["items"][0]["id"].as_str().unwrap().to_owned();
    let exempt = format!("/v1/dossiers/{code}/fees/{id}/exempt");
    let stranger = app.user("stranger", Role::Leader, Some("H16.19")).await;
    assert_eq!(app.get(&format!("/v1/dossiers/{code}/fees"), &stranger).await.problem(404), "not_found");
    assert_eq!(pay(app, &stranger, &code, proof(&code, 1, "BL-1")).await.problem(404), "not_found");
    assert_eq!(app.post(&exempt, &stranger, json!({"reason": "x"})).await.problem(404), "not_found");
    let desk = app.user("desk", Role::FrontDesk, Some("H16.18")).await;
    assert_eq!(app.post(&exempt, &desk, json!({"reason": "x"})).await.problem(403), "forbidden");
    assert_eq!(pay(app, &desk, &code, proof(&code, 200_000, "BL-1")).await.expect(200)["status"], "processing");
});
