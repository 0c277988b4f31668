//! The national portal at the API: what it pulls, who may, what is listed and replayed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// A token of the portal's machine client for an agency and those below it.
async fn machine(app: &TestApp, scope: &str, agency: &str) -> String {
    let body = json!({"name": format!("Cổng {scope} {agency}"), "scopes": [scope], "agency": agency});
    let client = app.post("/v1/clients", &app.admin().await, body).await.expect(201);
    let (id, secret) = (client["id"].as_str().unwrap(), client["secret"].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = "application/x-www-form-urlencoded";
    let answer = app.raw(Method::POST, "/oauth/token", None, kind, form.into_bytes()).await.expect(200);
    answer["access_token"].as_str().unwrap().to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Dossier, `isUpdating` and status of every envelope of a page.
fn codes(page: &Value) -> Vec<(&str, &str, &str)> {
    let envelopes = page["items"].as_array().unwrap().iter();
    envelopes
        .map(|envelope| {
            let record = &envelope["data"][0];
            (text(&record["MaHoSo"]), text(&envelope["isUpdating"]), text(&record["TrangThaiHoSo"]))
        })
        .collect()
}

story!(the_portal_pulls_what_changed_and_goes_on_from_there, |app| {
    let admin = app.office().await;
    let portal = machine(app, "portal:sync", "H16").await;
    let first = app.receive(&admin, json!({})).await;
    let second = app.receive(&admin, json!({"channel": "postal"})).await;
    app.transition(&admin, &first, json!({"to": "processing"})).await.expect(200);
    let page = app.get("/v1/portal/dossiers", &portal).await.expect(200);
    // One envelope for each dossier, by its last change, as it stands now.
    assert_eq!(codes(&page), [(second.as_str(), "False", "2"), (first.as_str(), "False", "4")]);
    let record = &page["items"][1]["data"][0];
    // Personal data goes to the portal as it is: the law names it as receiver.
    assert_eq!(record["DinhDanhCHS"], json!([{"LoaiDinhDanh": "1", "SoDinhDanh": "000000000001"}]));
    // Five working days from Monday 2 March, 09:00.
    assert_eq!((&record["NgayTiepNhan"], &record["NgayHenTra"]), (&json!("20260302090000"), &json!("20260309090000")));
    assert_eq!((&page["more"], &page["unmapped"]), (&json!(false), &json!([])));
    let since = page["next"].as_str().unwrap();
    app.transition(&admin, &second, json!({"to": "withdrawn", "reason": "Đổi ý"})).await.expect(200);
    let page = app.get(&format!("/v1/portal/dossiers?since={since}"), &portal).await.expect(200);
    assert_eq!(codes(&page), [(second.as_str(), "True", "7")]);
    // Page by page, nothing is skipped.
    let (mut seen, mut since) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/v1/portal/dossiers?limit=1{since}"), &portal).await.expect(200);
        seen.extend(codes(&page).into_iter().map(|(code, updating, _)| (code.to_owned(), updating == "True")));
        if page["more"] == false {
            break;
        }
        since = format!("&since={}", page["next"].as_str().unwrap());
    }
    let expected = [(&first, false), (&second, false), (&first, true), (&second, true)];
    assert_eq!(seen, expected.map(|(code, updating)| (code.clone(), updating)));
    let looked = app.get("/v1/audit?limit=200", &admin).await.expect(200).to_string();
    assert!(looked.contains("GET /v1/portal/dossiers"), "a look at personal data is on record");
});

story!(the_portal_sees_what_belongs_to_its_client_and_nothing_else_does, |app| {
    let admin = app.office().await;
    let other = json!({"code": "H16.19", "name": "Sở Nội vụ", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, other).await.expect(201);
    let portal = machine(app, "portal:sync", "H16.19").await;
    let code = app.receive(&admin, json!({"agency": "H16.19", "received_by": "H16.19"})).await;
    let moved = app.receive(&admin, json!({"agency": "H16.19", "received_by": "H16.18"})).await;
    app.receive(&admin, json!({})).await;
    let page = app.get("/v1/portal/dossiers", &portal).await.expect(200);
    assert_eq!(codes(&page).len(), 2);
    // What a correction takes away is gone with all that was said of it before.
    let correction = json!({"agency": "H16.18", "reason": "Nhầm nơi giải quyết"});
    app.post(&format!("/v1/dossiers/{moved}/correct"), &admin, correction).await.expect(200);
    let page = app.get("/v1/portal/dossiers", &portal).await.expect(200);
    assert_eq!(codes(&page), [(code.as_str(), "False", "2")]);
    for scope in ["dossiers:read", "documents:exchange", "statistics:read"] {
        let stranger = machine(app, scope, "H16").await;
        assert_eq!(app.get("/v1/portal/dossiers", &stranger).await.problem(403), "forbidden", "{scope}");
    }
    assert_eq!(app.get("/v1/portal/exchange", &portal).await.problem(403), "forbidden");
    assert_eq!(app.get("/v1/dossiers", &portal).await.problem(403), "forbidden");
});

story!(what_the_codes_do_not_know_is_named, |app| {
    let admin = app.office().await;
    let passport = json!({"kind": "citizen", "name": "John Doe", "identity_no": "C1234567"});
    let code = app.receive(&admin, json!({"applicant": passport})).await;
    let page = app.get("/v1/portal/dossiers", &admin).await;
    let listed = page.expect(200);
    assert_eq!(listed["items"], json!([]));
    assert_eq!(listed["unmapped"], json!([{"dossier": code, "table": "identity", "word": "other"}]));
    assert!(!page.text.contains("C1234567"));
});

story!(bad_questions_are_answered_by_name, |app| {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    for (path, problem) in [
        ("/v1/portal/dossiers?since=x", "bad_cursor"),
        ("/v1/portal/dossiers?since=WyI5OTk5Il0", "bad_cursor"),
        ("/v1/portal/dossiers?limit=0", "bad_limit"),
        ("/v1/portal/dossiers?status=waiting", "unknown_parameter"),
        ("/v1/portal/exchange?status=dead", "invalid_word"),
        ("/v1/portal/exchange?late=perhaps", "invalid_parameter"),
        ("/v1/portal/exchange?cursor=x", "bad_cursor"),
    ] {
        let answer = app.get(path, &admin).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 400 | 422), "{path}: {status}");
        assert_eq!(answer.problem(status), problem, "{path}");
    }
    let replay = async |code: &str| app.post(&format!("/v1/portal/exchange/{code}/replay"), &admin, json!({})).await;
    assert_eq!(replay("H16.18-260302-9999").await.problem(404), "not_found");
    assert_eq!(replay("nothing").await.problem(404), "not_found");
    // One that was never owed is told all the same.
    assert_eq!(replay(&code).await.expect(200)["status"], "waiting");
    assert_eq!(replay(&code).await.problem(409), "delivery_waits");
    let listed = app.get("/v1/portal/exchange?status=waiting", &admin).await.expect(200);
    assert_eq!(listed["items"][0]["dossier"], json!(code));
    assert_eq!((&listed["items"][0]["late"], &listed["items"][0]["known"]), (&json!(false), &json!(false)));
});
