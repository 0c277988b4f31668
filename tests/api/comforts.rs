//! A clerk's comforts at the counter: warned of a dossier that is there already, finding one by its slip, moving many at once.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{TestApp, dossier};

fn person(identity_no: Option<&str>, name: &str, phone: Option<&str>) -> Value {
    json!({"kind": "citizen", "name": name, "identity_no": identity_no, "phone": phone})
}

/// What an answer warns of: the codes of the dossiers.
fn warned(answer: &Value) -> Vec<&str> {
    let Some(warnings) = answer["warnings"].as_array() else { return Vec::new() };
    let codes = warnings.iter().flat_map(|warning| {
        assert_eq!(warning["code"], "possible_duplicate");
        warning["dossiers"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap())
    });
    codes.collect()
}

async fn taken_in(app: &TestApp, token: &str, overlay: Value) -> Value {
    app.post("/v1/dossiers", token, dossier(overlay)).await.expect(201)
}

story!(the_same_person_with_the_same_procedure_is_warned_of, |app| {
    let admin = app.office().await;
    app.procedure("1.001740", json!({"amount": 5, "unit": "working_day", "on_supplement": "restart"})).await;
    let first = taken_in(app, &admin, json!({"summary": "Trợ cấp tháng 3"})).await;
    assert_eq!(first.get("warnings"), None, "nothing to warn of");
    let code = first["code"].as_str().unwrap();
    let again = taken_in(app, &admin, json!({"applicant": person(Some("000 000 000 001"), "Đặng Thử", None)})).await;
    assert_eq!(warned(&again), [code], "the number decides, however it is written");
    let shown = &again["warnings"][0]["dossiers"][0];
    assert_eq!((&shown["status"], &shown["agency"]), (&json!("received"), &json!("H16.18")));
    assert_eq!((&shown["due_on"], &shown["summary"]), (&json!("2026-03-09"), &json!("Trợ cấp tháng 3")));
    assert!(!again["warnings"].to_string().contains("000000000001"));
    // Another procedure, another person.
    assert_eq!(warned(&taken_in(app, &admin, json!({"procedure": "1.001740"})).await), Vec::<&str>::new());
    let other = json!({"applicant": person(Some("000000000002"), "Đặng Thị Quỳnh Thử", None)});
    assert_eq!(warned(&taken_in(app, &admin, other).await), Vec::<&str>::new());
    // What ended is no duplicate: both of the first person's dossiers end.
    app.transition(&admin, code, json!({"to": "withdrawn", "reason": "Rút"})).await.expect(200);
    let second = again["code"].as_str().unwrap().to_owned();
    app.transition(&admin, &second, json!({"to": "finished", "outcome": "granted"})).await.expect(200);
    assert_eq!(warned(&taken_in(app, &admin, json!({})).await), Vec::<&str>::new());
});

story!(without_a_number_name_and_telephone_decide, |app| {
    let admin = app.office().await;
    let by_phone = |name: &str, phone: &str| json!({"applicant": person(None, name, Some(phone))});
    let first = taken_in(app, &admin, by_phone("Nguyễn Văn Bình", "0912 345 678")).await;
    let code = first["code"].as_str().unwrap();
    let none = Vec::<&str>::new();
    for (name, phone, found) in [
        ("nguyen van binh", "+84912345678", vec![code]),
        ("Văn Bình", "0912345678", none.clone()),
        ("Trần Nguyễn Văn Bình", "0912345678", none.clone()),
        ("Nguyễn Văn Bình", "0912345679", none.clone()),
    ] {
        let preview = json!({"procedure": "1.001739", "applicant": {"name": name, "phone": phone}});
        let answer = app.post("/v1/dossiers/duplicates", &admin, preview).await.expect(200);
        assert_eq!(warned(&answer), found, "{name} {phone}");
    }
    // With a number now, by a dossier that had none: the telephone still tells.
    let known = json!({"applicant": person(Some("000000000009"), "Nguyễn Văn Bình", Some("0912345678"))});
    assert_eq!(warned(&taken_in(app, &admin, known).await), [code]);
    // Two numbers are two persons, though they share a name and a telephone.
    let son = json!({"applicant": person(Some("000000000010"), "Nguyễn Văn Bình", Some("0912345678"))});
    assert_eq!(warned(&taken_in(app, &admin, son).await), [code]);
    let unknown = json!({"procedure": "9.9", "applicant": {"identity_no": "000000000009"}});
    assert_eq!(warned(&app.post("/v1/dossiers/duplicates", &admin, unknown).await.expect(200)), none);
});

story!(a_warning_names_only_what_the_clerk_may_see_and_changes_nothing, |app| {
    let admin = app.office().await;
    let sibling = json!({"code": "H16.19", "name": "Sở Xây dựng", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, sibling).await.expect(201);
    let code = app.receive(&admin, json!({})).await;
    let here = app.user("here", Role::FrontDesk, Some("H16.18")).await;
    let there = app.user("there", Role::FrontDesk, Some("H16.19")).await;
    let preview = json!({"procedure": "1.001739", "applicant": {"identity_no": "000000000001"}});
    let seen = app.post("/v1/dossiers/duplicates", &here, preview.clone()).await.expect(200);
    assert_eq!(warned(&seen), [code.as_str()]);
    assert_eq!(app.post("/v1/dossiers/duplicates", &there, preview).await.expect(200), json!({"warnings": []}));
    let taken = taken_in(app, &there, json!({"agency": "H16.19"})).await;
    assert_eq!(taken.get("warnings"), None);
    // Twenty-one more: twenty are named, and that there are more.
    for _ in 0..21 {
        app.receive(&admin, json!({})).await;
    }
    let many = taken_in(app, &here, json!({})).await;
    assert_eq!((warned(&many).len(), &many["warnings"][0]["more"]), (20, &json!(true)));
    for (body, pointer, rule) in [
        (json!({"procedure": "1.001739", "applicant": {}}), "/applicant/identity_no", "missing_member"),
        (json!({"procedure": "1.001739", "applicant": {"name": "A"}}), "/applicant/identity_no", "missing_member"),
        (json!({"procedure": "1.001739", "applicant": {"identity_no": "   "}}), "/applicant/identity_no", ""),
    ] {
        let answer = app.post("/v1/dossiers/duplicates", &admin, body).await;
        assert_eq!(answer.problem(422), "validation", "{}", answer.text);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["pointer"], pointer);
        assert!(rule.is_empty() || error["code"] == rule, "{}", answer.text);
    }
});

async fn found(app: &TestApp, token: &str, typed: &str) -> Vec<String> {
    let typed: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let listed = app.get(&format!("/v1/dossiers?q={typed}"), token).await.expect(200);
    listed["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

story!(what_a_scanner_types_finds_the_very_dossier, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    assert_eq!(code, "H16.18-260302-0001");
    let longer = dossier(json!({"code": "H16.18-260302-00019", "received_at": "2026-03-02T09:00:00+07:00"}));
    let lines = format!("{longer}\n").into_bytes();
    let imported = app.raw(Method::POST, "/v1/imports", Some(&admin), "application/x-ndjson", lines).await.expect(200);
    assert_eq!(imported["accepted"], 1, "{imported}");
    for typed in [
        "H16.18-260302-0001",
        "h16.18-260302-0001\r\n",
        " H16.18 - 260302 - 0001 ",
        // As the QR code of the receipt has it, and as other look-up pages do.
        "https://dichvucong.example/tra-cuu/H16.18-260302-0001#secret=ABCDE-FGHJK",
        "https://dichvucong.example/tra-cuu?code=h16.18-260302-0001&secret=ABCDE-FGHJK",
        // A scanner set for an English keyboard, on a Vietnamese one.
        "Hẳ.ắ-â\u{309}đêđâ-đđđă",
    ] {
        assert_eq!(found(app, &admin, typed).await, [code.as_str()], "{typed}");
    }
    assert_eq!(found(app, &admin, "H16.18-260302-00019").await, ["H16.18-260302-00019"]);
    // Parts of a code are searched for as before, also such as read like a whole one.
    assert_eq!(found(app, &admin, "260302-0001").await.len(), 2);
    assert_eq!(found(app, &admin, "18-260302-0001").await.len(), 2);
    assert_eq!(found(app, &admin, "H16.18-260302-0007").await, Vec::<String>::new());
    let searched = json!({"q": "https://dichvucong.example/tra-cuu/H16.18-260302-0001#secret=ABCDE-FGHJK"});
    let searched = app.post("/v1/dossiers/search", &admin, searched).await.expect(200);
    assert_eq!((searched["items"].as_array().unwrap().len(), &searched["items"][0]["code"]), (1, &json!(code)));
    // Another agency's dossier is not there.
    let sibling = json!({"code": "H16.19", "name": "Sở Xây dựng", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, sibling).await.expect(201);
    let there = app.user("there", Role::FrontDesk, Some("H16.19")).await;
    assert_eq!(found(app, &there, "H16.18-260302-0001").await, Vec::<String>::new());
});

story!(many_dossiers_are_moved_at_once_each_answered_for_itself, |app| {
    let admin = app.office().await;
    let (good, finished, bad) = (
        app.receive(&admin, json!({})).await,
        app.receive(&admin, json!({})).await,
        app.receive(&admin, json!({})).await,
    );
    let officer = app.user("officer", Role::Officer, Some("H16.18")).await;
    let items = json!([
        {"code": good, "to": "processing"},
        {"code": finished, "to": "finished", "outcome": "granted", "at": "2026-03-02T09:00:00+07:00"},
        {"code": bad, "to": "supplement_required"},
        {"code": "H16.18-260302-0099", "to": "processing"},
        {"code": "no code", "to": "processing"},
    ]);
    let body = json!({"items": items});
    let headers = [("idempotency-key", "bulk-1"), ("accept-language", "en")];
    let send =
        async || app.send(Method::POST, "/v1/dossiers/transitions", Some(&officer), &headers, Some(body.clone())).await;
    let first = send().await;
    let answer = first.expect(200);
    assert_eq!((&answer["done"], &answer["refused"]), (&json!(2), &json!(3)));
    let statuses: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 422, 404, 404]);
    assert_eq!(answer["items"][0]["dossier"]["status"], "processing");
    assert_eq!(answer["items"][1]["dossier"]["outcome"], "granted");
    assert_eq!(answer["items"][2]["problem"]["code"], "reason_required");
    assert_eq!(answer["items"][3]["problem"]["code"], "not_found");
    assert_eq!(
        app.get(&format!("/v1/dossiers/{bad}"), &admin).await.expect(200)["version"],
        1,
        "nothing of it was written"
    );
    let again = send().await;
    assert_eq!((again.expect(200), again.header("idempotency-replayed")), (answer, "true"));
    // A version that is not the present one, and a move that is not this role's.
    let stale = json!({"items": [{"code": good, "version": 1, "to": "processing"}, {"code": bad, "to": "reopen", "reason": "x"}]});
    let stale = app.post("/v1/dossiers/transitions", &officer, stale).await.expect(200);
    assert_eq!((&stale["items"][0]["status"], &stale["items"][1]["status"]), (&json!(412), &json!(403)));
    for (items, code) in [
        (json!([]), "out_of_range"),
        (json!([{"code": good, "to": "returned"}, {"code": good, "to": "returned"}]), "repeated"),
        (
            Value::Array(
                (0..201).map(|n| json!({"code": format!("H16.18-260302-{n:04}"), "to": "returned"})).collect(),
            ),
            "out_of_range",
        ),
    ] {
        let refused = app.post("/v1/dossiers/transitions", &officer, json!({"items": items})).await;
        assert_eq!((refused.problem(422).as_str(), &refused.json()["errors"][0]["code"]), ("validation", &json!(code)));
    }
    for body in [
        json!({"items": [{"code": good, "to": "nowhere"}]}),
        json!({"items": [{"code": good}]}),
        json!({"items": "all"}),
    ] {
        let refused = app.post("/v1/dossiers/transitions", &officer, body).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
    }
});
