//! A dossier's whole life: received, moved, late, apologised for, finished, counted.

use serde_json::json;

use crate::story;
use crate::support::dossier;

story!(a_late_dossier_is_counted_and_apologised_for, |app| {
    let admin = app.office().await;
    let received = app.post("/v1/dossiers", &admin, dossier(json!({}))).await;
    let body = received.expect(201);
    // Received Monday 2 March 2026 09:00, 5 working days: Monday 9 March (contract section 4).
    assert_eq!(body["due_at"], "2026-03-09T09:00:00+07:00");
    assert_eq!(body["late_from"], "2026-03-10T00:00:00+07:00");
    assert_eq!(body["timing"], "within");
    let code = body["code"].as_str().unwrap();
    assert_eq!(code, "H16.18-260302-0001");
    assert_eq!(received.header("location"), format!("/v1/dossiers/{code}"));

    app.at("2026-03-10T08:00:00");
    let admin = app.admin().await;
    let swept = motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    assert_eq!(swept.overdue, 1);
    let swept = motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    assert_eq!(swept.overdue, 0);
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(shown["timing"], "overdue");
    let letter = shown["letter"]["id"].as_str().unwrap();

    let path = format!("/v1/apology-letters/{letter}");
    let submit = app.post(&format!("{path}/submit"), &admin, json!({})).await;
    assert_eq!(submit.problem(422), "letter_reason_missing");
    let tag = app.get(&path, &admin).await.header("etag").to_owned();
    let patch = json!({"reason": "Chờ ý kiến", "new_return_at": "2026-03-16T09:00:00+07:00"});
    app.send(reqwest::Method::PATCH, &path, Some(&admin), &[("if-match", &tag)], Some(patch)).await.expect(200);
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    let issue = json!({"number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-10",
        "signer": {"name": "Nguyễn Văn A", "position": "Giám đốc"}});
    let issued = app.post(&format!("{path}/issue"), &admin, issue).await.expect(200);
    assert_eq!(issued["notation"], "PXL-SLĐTBXH");
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    assert_eq!(shown["reappointed_at"], "2026-03-16T09:00:00+07:00");
    assert_eq!(shown["due_on"], "2026-03-09");

    let counted = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &admin).await.expect(200);
    assert_eq!(
        counted["total"]["in_progress"],
        json!({"total": 1, "within": 0, "overdue": 1, "overdue_with_letter": 1, "paused": 0})
    );
    app.transition(&admin, code, json!({"to": "finished"})).await.expect(200);
    let counted =
        app.get("/v1/statistics?from=2026-03-01&to=2026-03-31&group_by=agency,channel", &admin).await.expect(200);
    assert_eq!(counted["balanced"], true);
    assert_eq!(counted["rows"][0]["agency"], "H16.18");
    assert_eq!(
        counted["rows"][0]["resolved"],
        json!({"total": 1, "early": 0, "on_time": 0, "late": 1, "late_with_letter": 1})
    );
});
