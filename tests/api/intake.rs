//! Intake: channels, acceptance, codes, times, and finding dossiers again.

use std::collections::BTreeSet;

use motcua::domain::vocabulary::Role;
use serde_json::json;

use crate::story;
use crate::support::dossier;

story!(an_online_filing_waits_to_be_accepted_and_runs_from_then, |app| {
    let admin = app.office().await;
    let filed = app.post("/v1/dossiers", &admin, dossier(json!({"channel": "online"}))).await.expect(201);
    assert_eq!((filed["status"].as_str(), filed["status_code"].as_i64()), (Some("registered"), Some(1)));
    assert_eq!((&filed["received_at"], &filed["due_on"], &filed["timing"]), (&json!(null), &json!(null), &json!(null)));
    // 8 working hours from 09:00: 2½ h to 11:30, 3½ h to 17:00, 2 h from 07:30 (contract 3, domain.md 1.3).
    assert_eq!(filed["acceptance_due_at"], "2026-03-03T09:30:00+07:00");
    let code = filed["code"].as_str().unwrap();
    let counted = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(counted["total"]["received"]["total"], 0, "registered dossiers are in no column");

    app.at("2026-03-03T10:00:00");
    let admin = app.admin().await;
    let accepted = app.transition(&admin, code, json!({"to": "received"})).await.expect(200);
    assert_eq!(accepted["filed_at"], "2026-03-02T09:00:00+07:00");
    assert_eq!(accepted["received_at"], "2026-03-03T10:00:00+07:00");
    assert_eq!(accepted["due_at"], "2026-03-10T10:00:00+07:00");
    assert_eq!(accepted["flags"], json!(["accepted_late"]));
});

story!(channels_start_as_the_contract_says_unless_told, |app| {
    let admin = app.office().await;
    for (channel, accept, status) in [
        ("direct", None, "received"),
        ("postal", None, "received"),
        ("online", None, "registered"),
        ("online", Some(true), "received"),
        ("direct", Some(false), "registered"),
    ] {
        let body = dossier(json!({"channel": channel, "accept": accept}));
        assert_eq!(app.post("/v1/dossiers", &admin, body).await.expect(201)["status"], status, "{channel} {accept:?}");
    }
});

story!(a_clerk_dates_a_receipt_fifteen_days_back_and_no_further, |app| {
    app.office().await;
    let clerk = app.user("clerk", Role::FrontDesk, Some("H16.18")).await;
    let at = |received_at: &str| dossier(json!({"received_at": received_at}));
    // Today is 2 March: 15 calendar days back is 15 February (contract 3).
    app.post("/v1/dossiers", &clerk, at("2026-02-15T08:00:00+07:00")).await.expect(201);
    let answer = app.post("/v1/dossiers", &clerk, at("2026-02-14T08:00:00+07:00")).await;
    assert_eq!(answer.problem(422), "too_far_back");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/received_at");
    let answer = app.post("/v1/dossiers", &clerk, at("2026-03-02T09:00:01+07:00")).await;
    assert_eq!(answer.problem(422), "in_the_future");
    // The same instant in another zone is the same instant.
    app.post("/v1/dossiers", &clerk, at("2026-03-02T02:00:00Z")).await.expect(201);
    let admin = app.admin().await;
    app.post("/v1/dossiers", &admin, at("2024-02-14T08:00:00+07:00")).await.expect(201);
});

story!(what_is_named_must_exist, |app| {
    let admin = app.office().await;
    for (overlay, pointer) in [
        (json!({"procedure": "9.999999"}), "/procedure"),
        (json!({"agency": "H99"}), "/agency"),
        (json!({"received_by": "H99"}), "/received_by"),
    ] {
        let body = app.post("/v1/dossiers", &admin, dossier(overlay)).await.expect(422);
        assert_eq!(body["errors"][0]["pointer"], pointer);
    }
    let listed = app.get("/v1/dossiers", &admin).await.expect(200);
    assert_eq!(listed["items"], json!([]), "nothing half-written");
});

story!(the_code_names_the_receiving_agency_and_both_see_the_dossier, |app| {
    let admin = app.office().await;
    let commune = json!({"code": "H16.20.01", "name": "Xã", "level": "commune", "parent": "H16"});
    app.post("/v1/agencies", &admin, commune).await.expect(201);
    let desk = app.user("desk", Role::FrontDesk, Some("H16.20.01")).await;
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let stranger_agency = json!({"code": "H17", "name": "Tỉnh khác", "level": "province"});
    app.post("/v1/agencies", &admin, stranger_agency).await.expect(201);
    let stranger = app.user("stranger", Role::Leader, Some("H17")).await;

    let code = app.receive(&desk, json!({"received_by": "H16.20.01"})).await;
    assert_eq!(code, "H16.20.01-260302-0001");
    let path = format!("/v1/dossiers/{code}");
    app.get(&path, &desk).await.expect(200);
    app.get(&path, &officer).await.expect(200);
    assert_eq!(app.get(&path, &stranger).await.problem(404), "not_found");
    // The counter may not resolve, and the resolving agency does not hand over at another's counter (contract 2).
    assert_eq!(app.transition(&desk, &code, json!({"to": "finished"})).await.problem(403), "forbidden");
    app.transition(&officer, &code, json!({"to": "finished"})).await.expect(200);
    assert_eq!(app.transition(&officer, &code, json!({"to": "returned"})).await.problem(403), "forbidden");
    app.transition(&desk, &code, json!({"to": "returned"})).await.expect(200);
});

story!(fifty_at_once_get_fifty_codes, |app| {
    let admin = app.office().await;
    let sent = (0..50).map(|_| app.post("/v1/dossiers", &admin, dossier(json!({}))));
    let answers = futures_util::future::join_all(sent).await;
    let codes: BTreeSet<String> =
        answers.iter().map(|answer| answer.expect(201)["code"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<String> = (1..=50).map(|number| format!("H16.18-260302-{number:04}")).collect();
    assert_eq!(codes, expected);
});

story!(lists_find_by_name_without_diacritics_and_page_without_gaps, |app| {
    let admin = app.office().await;
    let mut codes = BTreeSet::new();
    for _ in 0..7 {
        codes.insert(app.receive(&admin, json!({})).await);
    }
    let other = json!({"applicant": {"kind": "business", "name": "Công ty Ưởng"}, "channel": "postal"});
    let company = app.receive(&admin, other).await;
    for q in ["uong", "ƯỞNG", "cong ty"] {
        let found = app.get(&format!("/v1/dossiers?q={q}"), &admin).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{q}");
        assert_eq!(found["items"][0]["code"], company.as_str());
    }
    let everything = app.get("/v1/dossiers?q=%25", &admin).await.expect(200);
    assert_eq!(everything["items"], json!([]), "a percent sign is a percent sign");

    for sort in ["received_at", "-received_at", "due_at", "-due_at"] {
        let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
        loop {
            let path = format!("/v1/dossiers?channel=direct&limit=3&sort={sort}{cursor}");
            let page = app.get(&path, &admin).await.expect(200);
            for item in page["items"].as_array().unwrap() {
                assert!(seen.insert(item["code"].as_str().unwrap().to_owned()), "{sort}: no row twice");
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, codes, "{sort}");
    }
    for (query, status, code) in [
        ("limit=0", 400, "bad_limit"),
        ("limit=201", 400, "bad_limit"),
        ("cursor=x", 400, "bad_cursor"),
        ("colour=red", 400, "unknown_parameter"),
        ("received_from=yesterday", 400, "invalid_parameter"),
        ("channel=fax", 422, "invalid_word"),
        ("agency=H99", 404, "not_found"),
    ] {
        assert_eq!(app.get(&format!("/v1/dossiers?{query}"), &admin).await.problem(status), code, "{query}");
    }
});
