//! Citizens follow their own dossiers: those they applied for or handed in, nobody else's, and nothing of the office.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};
use crate::trusting_story;

const MINE: &str = "067012345678";
const OTHERS: &str = "067087654321";

/// A dossier that a person of this number applies for.
async fn of(app: &TestApp, token: &str, number: &str) -> String {
    let applicant = json!({"kind": "citizen", "name": "Nguyễn Thị Thử", "identity_no": number, "phone": "0912345678"});
    app.receive(token, json!({"applicant": applicant})).await
}

/// A dossier that a person of this number hands in for somebody else.
async fn handed_in_by(app: &TestApp, token: &str, number: &str) -> String {
    let submitter =
        json!({"name": "Nguyễn Thị Thử", "identity_no": number, "phone": null, "authorisation": "Giấy ủy quyền"});
    app.receive(token, json!({"submitted_by": submitter})).await
}

fn codes(answer: &Answer) -> Vec<String> {
    let listed = answer.expect(200);
    let codes = listed["items"].as_array().unwrap().iter();
    codes.map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

trusting_story!(a_citizen_sees_what_they_applied_for_or_handed_in_and_nothing_else, |app, _sso, key| {
    let admin = app.office().await;
    let first = of(app, &admin, MINE).await;
    app.at("2026-03-02T09:00:01");
    let second = handed_in_by(app, &admin, MINE).await;
    app.at("2026-03-02T09:00:02");
    let theirs = of(app, &admin, OTHERS).await;
    // Texts that only look like the number in the papers.
    let decoy = json!({"documents": [{"name": format!("\"identity_no\":\"{MINE}\""), "originals": 1, "copies": 0}],
        "summary": MINE, "applicant": {"kind": "citizen", "name": MINE, "identity_no": format!("{MINE}9")}});
    app.receive(&admin, decoy).await;
    let void = of(app, &admin, MINE).await;
    app.post(&format!("/v1/dossiers/{void}/void"), &admin, json!({"reason": "Nhập nhầm"})).await.expect(200);

    let me = key.token(app, json!({"identity_no": MINE}));
    assert_eq!(codes(&app.get("/v1/my/dossiers", &me).await), [second.clone(), first.clone()]);
    let page = app.get("/v1/my/dossiers?limit=1", &me).await;
    assert_eq!(codes(&page), [second.as_str()]);
    let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
    let page = app.get(&format!("/v1/my/dossiers?limit=1&cursor={cursor}"), &me).await;
    assert_eq!((codes(&page), &page.json()["next_cursor"]), (vec![first.clone()], &Value::Null));
    for code in [&first, &second] {
        assert_eq!(app.get(&format!("/v1/my/dossiers/{code}"), &me).await.expect(200)["code"], code.as_str());
    }
    for code in [&theirs, &void, &"H16.18-260302-0099".to_owned(), &"x".to_owned(), &"%00".to_owned()] {
        assert_eq!(app.get(&format!("/v1/my/dossiers/{code}"), &me).await.problem(404), "not_found", "{code}");
    }
    for path in ["", &format!("/{first}"), &format!("/{first}/files/x/content")] {
        let answer = app.get(&format!("/v1/my/dossiers{path}?no_such_parameter=1"), &me).await;
        assert_eq!(answer.problem(400), "unknown_parameter", "{path}");
    }
    // The same number under another name of the provider's is the same citizen; another number is another.
    let again = key.token(app, json!({"identity_no": MINE, "sub": "other", "name": "Khác"}));
    assert_eq!(codes(&app.get("/v1/my/dossiers", &again).await).len(), 2);
    let other = key.token(app, json!({"identity_no": OTHERS}));
    assert_eq!(codes(&app.get("/v1/my/dossiers", &other).await), [theirs.as_str()]);
    let nobody = key.token(app, json!({"identity_no": "000000000000"}));
    assert_eq!(codes(&app.get("/v1/my/dossiers", &nobody).await), Vec::<String>::new());
    // A corrected number changes whose dossier it is.
    let correct =
        json!({"reason": "Ghi sai số", "applicant": {"kind": "citizen", "name": "Trần Văn Thử", "identity_no": MINE}});
    app.post(&format!("/v1/dossiers/{theirs}/correct"), &admin, correct).await.expect(200);
    assert_eq!(codes(&app.get("/v1/my/dossiers", &me).await).len(), 3);
    assert_eq!(app.get(&format!("/v1/my/dossiers/{theirs}"), &other).await.problem(404), "not_found");
});

trusting_story!(a_dossier_is_followed_from_filing_to_hand_over, |app, _sso, key| {
    let admin = app.office().await;
    let code = of(app, &admin, MINE).await;
    let path = format!("/v1/my/dossiers/{code}");
    let see = async || app.get(&path, &key.token(app, json!({"identity_no": MINE}))).await.expect(200);
    // The whole answer, so that nothing of the office can be in it. 5 working days from Monday 2 March (contract, section 4).
    assert_eq!(
        see().await,
        json!({"code": code, "procedure": "1.001739", "procedure_name": "Trợ cấp", "agency": "H16.18",
            "agency_name": "Sở Lao động", "channel": "direct", "filed_at": "2026-03-02T09:00:00+07:00",
            "received_at": "2026-03-02T09:00:00+07:00", "completion": "received", "waiting_for": null,
            "due_on": "2026-03-09", "returned_at": null, "letter": null,
            "steps": [{"at": "2026-03-02T09:00:00+07:00", "completion": "received"}], "files": []})
    );
    let go = async |at: &str, body: Value| {
        app.at(at);
        app.transition(&app.admin().await, &code, body).await.expect(200);
    };
    go("2026-03-03T09:00:00", json!({"to": "processing"})).await;
    go("2026-03-04T09:00:00", json!({"to": "supplement_required", "reason": "Lý do nội bộ"})).await;
    let waiting = see().await;
    assert_eq!(
        (&waiting["completion"], &waiting["waiting_for"]),
        (&json!("waiting_for_applicant"), &json!("supplement"))
    );
    assert!(!waiting.to_string().contains("nội bộ"));
    go("2026-03-05T09:00:00", json!({"to": "processing"})).await;
    assert_eq!(see().await["waiting_for"], Value::Null);
    // Restarted on Thursday 5 March: due on Thursday 12 March, overdue on Friday. The letter is theirs once it is out.
    app.at("2026-03-13T09:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    assert_eq!(see().await["letter"], Value::Null, "a draft is the office's own");
    let admin = app.admin().await;
    let letter = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200)["letter"]["id"].clone();
    let letter = format!("/v1/apology-letters/{}", letter.as_str().unwrap());
    let fill = json!({"reason": "Chờ ý kiến", "new_return_at": "2026-03-20T09:00:00+07:00"});
    app.send(Method::PATCH, &letter, Some(&admin), &[("if-match", "*")], Some(fill)).await.expect(200);
    app.post(&format!("{letter}/submit"), &admin, json!({})).await.expect(200);
    let issue = json!({"number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-13",
        "signer": {"name": "Nguyễn Văn A", "position": "Giám đốc"}});
    app.post(&format!("{letter}/issue"), &admin, issue).await.expect(200);
    let late = see().await;
    assert_eq!(
        late["letter"],
        json!({"number": "12/PXL-SLĐTBXH", "promulgated_on": "2026-03-13", "reason": "Chờ ý kiến",
            "new_return_at": "2026-03-20T09:00:00+07:00"})
    );
    assert_eq!(late["due_on"], "2026-03-20", "the day promised now");
    go("2026-03-16T09:00:00", json!({"to": "finished", "outcome": "granted"})).await;
    go("2026-03-17T09:00:00", json!({"to": "returned"})).await;
    let done = see().await;
    assert_eq!(done["returned_at"], "2026-03-17T09:00:00+07:00");
    let steps: Vec<_> = done["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["at"].as_str().unwrap()[..10].to_owned(), step["completion"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("2026-03-02", "received"),
        ("2026-03-03", "in_progress"),
        ("2026-03-04", "waiting_for_applicant"),
        ("2026-03-05", "in_progress"),
        ("2026-03-16", "finished"),
        ("2026-03-17", "returned"),
    ];
    assert_eq!(steps, expected.map(|(at, word)| (at.to_owned(), word.to_owned())));
});

trusting_story!(the_result_is_theirs_once_it_was_handed_over, |app, _sso, key| {
    let admin = app.office().await;
    let code = of(app, &admin, MINE).await;
    let put = async |kind: &str, name: &str| {
        let path = format!("/v1/dossiers/{code}/files?kind={kind}");
        let named = format!("attachment; filename=\"{name}\"");
        let headers = [("content-disposition", named.as_str())];
        let body = format!("%PDF-1.4\n{name}").into_bytes();
        let put = app.bytes(Method::POST, &path, Some(&admin), &headers, body).await.expect(201);
        put["id"].as_str().unwrap().to_owned()
    };
    let (component, signed, result) =
        (put("component", "a.pdf").await, put("signed_paper", "b.pdf").await, put("result", "c.pdf").await);
    let me = key.token(app, json!({"identity_no": MINE}));
    let content = |id: &str| format!("/v1/my/dossiers/{code}/files/{id}/content");
    let shown = async || app.get(&format!("/v1/my/dossiers/{code}"), &me).await.expect(200)["files"].clone();
    for body in [json!({"to": "processing"}), json!({"to": "finished", "outcome": "granted"})] {
        app.transition(&admin, &code, body).await.expect(200);
        assert_eq!(shown().await, json!([]));
        assert_eq!(app.get(&content(&result), &me).await.problem(404), "not_found");
    }
    app.transition(&admin, &code, json!({"to": "returned"})).await.expect(200);
    assert_eq!(shown().await, json!([{"id": result, "name": "c.pdf", "content_type": "application/pdf", "size": 14}]));
    let given = app.get(&content(&result), &me).await;
    assert_eq!((given.status.as_u16(), given.text.as_str()), (200, "%PDF-1.4\nc.pdf"));
    let known =
        app.send(Method::GET, &content(&result), Some(&me), &[("if-none-match", given.header("etag"))], None).await;
    assert_eq!(known.status, 304);
    for id in [component.as_str(), &signed, "x", "%00"] {
        assert_eq!(app.get(&content(id), &me).await.problem(404), "not_found", "{id}");
    }
    let other = key.token(app, json!({"identity_no": OTHERS}));
    assert_eq!(app.get(&content(&result), &other).await.problem(404), "not_found");
    assert_eq!(app.get(&content(&result), &admin).await.problem(403), "forbidden");
    // Who was given it is on record.
    let log = app.get("/v1/audit?outcome=done&limit=200", &admin).await.expect(200);
    let looks = log["items"].as_array().unwrap().iter().filter(|entry| entry["role"] == "citizen").count();
    assert_eq!(looks, 1, "{log}");
});

trusting_story!(every_other_door_is_closed_to_a_citizen, |app, _sso, key| {
    let admin = app.office().await;
    let code = of(app, &admin, MINE).await;
    let me = key.token(app, json!({"identity_no": MINE}));
    let document: Value = serde_json::from_str(&motcua::http::openapi().to_json().unwrap()).unwrap();
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_open = |operation: &Value| operation["security"] == json!([{}]);
        for (method, _) in item
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, operation)| operation["responses"].is_object() && !is_open(operation))
        {
            if path.starts_with("/v1/my/") {
                continue;
            }
            let filled =
                path.replace("{code}", &code).replace("{year}", "2026").replace("{id}", "x").replace("{delivery}", "x");
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = app.raw(method.clone(), &filled, Some(&me), "application/json", b"{broken".to_vec()).await;
            assert_eq!(answer.problem(403), "forbidden", "{method} {path}");
            walked += 1;
        }
    }
    assert!(walked > 90, "{walked}");
    // And theirs to everyone else.
    for token in [&admin, &key.token(app, json!({"realm_access": {"roles": ["quan-tri"]}, "agency": "H16"}))] {
        assert_eq!(app.get("/v1/my/dossiers", token).await.problem(403), "forbidden");
        assert_eq!(app.get(&format!("/v1/my/dossiers/{code}"), token).await.problem(403), "forbidden");
    }
    assert_eq!(app.send(Method::GET, "/v1/my/dossiers", None, &[], None).await.problem(401), "unauthenticated");
});

trusting_story!(a_citizen_guesses_at_slips_no_faster_than_anybody, |app, _sso, key| {
    let admin = app.office().await;
    let code = of(app, &admin, OTHERS).await;
    let me = key.token(app, json!({"identity_no": MINE}));
    let guess = async |token: &str| {
        app.get(&format!("/v1/public/dossiers/{code}?secret=AAAAA-AAAAA"), token).await.status.as_u16()
    };
    let mut answers = Vec::new();
    for _ in 0..21 {
        answers.push(guess(&me).await);
    }
    assert_eq!((answers[19], answers[20]), (404, 429), "20 wrong ones an hour");
    assert_eq!(guess(&admin).await, 404);
});
