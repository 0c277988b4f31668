//! From every number to its rows: each link lists exactly the dossiers that its figure counts.

use motcua::flow::strike::keep_up;
use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// Follows every link of an answer of `/v1/statistics`; answers how many figures above zero were looked up.
async fn follow(app: &TestApp, token: &str, answer: &Value) -> usize {
    let mut looked_up = 0;
    for shown in answer["rows"].as_array().unwrap().iter().chain([&answer["total"]]) {
        for group in ["received", "resolved", "in_progress"] {
            for (name, figure) in shown[group].as_object().unwrap() {
                let figure = figure.as_u64().unwrap();
                let Some(link) = shown["links"][group][name].as_str() else {
                    assert_eq!(figure, 0, "{group}.{name} has no link");
                    continue;
                };
                let page = app.get(&format!("{link}&limit=200"), token).await.expect(200);
                let listed = page["items"].as_array().unwrap().len();
                assert_eq!(listed as u64, figure, "{link}");
                looked_up += usize::from(figure > 0);
            }
        }
    }
    looked_up
}

/// Issues the letter that waits for a dossier, dated 12 March 2026.
async fn apologise(app: &TestApp, token: &str, code: &str) {
    let letters = app.get("/v1/apology-letters?limit=200", token).await.expect(200);
    let mut letters = letters["items"].as_array().unwrap().iter();
    let id = letters.find(|letter| letter["dossier"] == code).unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/apology-letters/{id}");
    let text = json!({"reason": "Chờ ý kiến", "new_return_at": "2026-03-20T09:00:00+07:00"});
    app.send(Method::PATCH, &path, Some(token), &[("If-Match", "*")], Some(text)).await.expect(200);
    app.post(&format!("{path}/submit"), token, json!({})).await.expect(200);
    let signer = json!({"name": "Nguyễn Văn A", "position": "Giám đốc"});
    let issue = json!({"number": 1, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-12", "signer": signer});
    app.post(&format!("{path}/issue"), token, issue).await.expect(200);
}

story!(every_figure_links_to_exactly_the_dossiers_it_counts, |app| {
    let admin = app.office().await;
    let commune = json!({"code": "H16.20", "name": "Xã", "level": "commune", "parent": "H16"});
    app.post("/v1/agencies", &admin, commune).await.expect(201);
    // 2 March 2026: all are due on the 9th. One ends early, one on time, one late with a letter and one without; one
    // waits, one runs over with a letter, one without, one is withdrawn; a commune has one more, a void one is nowhere.
    let mut codes = Vec::new();
    for channel in ["direct", "online", "postal", "direct", "online", "postal", "direct", "direct"] {
        codes.push(app.receive(&admin, json!({"channel": channel, "accept": true})).await);
    }
    app.receive(&admin, json!({"agency": "H16.20"})).await;
    let void = app.receive(&admin, json!({})).await;
    app.post(&format!("/v1/dossiers/{void}/void"), &admin, json!({"reason": "Trùng"})).await.expect(200);
    let finish = json!({"to": "finished"});
    app.at("2026-03-04T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &codes[0], finish.clone()).await.expect(200);
    app.transition(&admin, &codes[4], json!({"to": "supplement_required", "reason": "Thiếu"})).await.expect(200);
    app.transition(&admin, &codes[7], json!({"to": "withdrawn", "reason": "Rút"})).await.expect(200);
    app.at("2026-03-09T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &codes[1], finish.clone()).await.expect(200);
    app.at("2026-03-12T09:00:00");
    let admin = app.admin().await;
    for code in [&codes[2], &codes[3]] {
        app.transition(&admin, code, finish.clone()).await.expect(200);
    }
    sweep(&app.db, &app.ambient, 0).unwrap();
    for code in [&codes[2], &codes[5]] {
        apologise(app, &admin, code).await;
    }
    app.at("2026-03-16T10:00:00");
    let admin = app.admin().await;
    for struck in [false, true] {
        if struck {
            assert!(keep_up(&app.db, &app.ambient).unwrap().stamps > 0);
        }
        let mut looked_up = 0;
        for period in
            ["from=2026-03-01&to=2026-03-10", "from=2026-03-10&to=2026-03-13", "from=2026-03-05&to=2026-04-01"]
        {
            for grouping in
                ["", "&group_by=agency,channel", "&group_by=field,level", "&group_by=procedure", "&agency=H16.18"]
            {
                let answer = app.get(&format!("/v1/statistics?{period}{grouping}"), &admin).await.expect(200);
                assert_eq!(answer["balanced"], true);
                looked_up += follow(app, &admin, &answer).await;
            }
        }
        assert!(looked_up > 200, "{looked_up}");
    }
    let total = app.get("/v1/statistics?from=2026-03-10&to=2026-03-13", &admin).await.expect(200)["total"].clone();
    assert_eq!(total["received"]["carried_over"], 6, "of nine, three ended by the 9th");
    assert_eq!(total["resolved"], json!({"total": 2, "early": 0, "on_time": 0, "late": 2, "late_with_letter": 1}));
    assert_eq!(
        total["in_progress"],
        json!({"total": 4, "within": 1, "overdue": 3, "overdue_with_letter": 1, "paused": 1})
    );
    // What the list calls overdue now is what the count calls so.
    let now = app.get("/v1/statistics?from=2026-03-16&to=2026-03-16", &admin).await.expect(200);
    for timing in ["overdue", "paused"] {
        let listed = app.get(&format!("/v1/dossiers?timing={timing}"), &admin).await.expect(200);
        assert_eq!(now["total"]["in_progress"][timing], listed["items"].as_array().unwrap().len(), "{timing}");
    }
});

story!(links_can_be_left_out_and_bad_figures_are_refused, |app| {
    let admin = app.office().await;
    app.receive(&admin, json!({})).await;
    let bare = app.get("/v1/statistics?from=2026-03-01&to=2026-03-02&links=false", &admin).await.expect(200);
    assert!(bare["total"].get("links").is_none());
    for (query, status, code) in [
        ("counted=late", 400, "missing_parameter"),
        ("from=2026-03-01&to=2026-03-02", 400, "missing_parameter"),
        ("counted=lost&from=2026-03-01&to=2026-03-02", 422, "invalid_word"),
        ("counted=late&letter=maybe&from=2026-03-01&to=2026-03-02", 422, "invalid_word"),
        ("counted=late&from=2026-03-02&to=2026-03-01", 422, "period_reversed"),
        ("counted=late&from=2026-03-01&to=2026-03-02&as_of=2030-01-01T00:00:00%2B07:00", 422, "in_the_future"),
        ("resolved_by=H99", 404, "not_found"),
        ("level=planet", 422, "invalid_word"),
    ] {
        assert_eq!(app.get(&format!("/v1/dossiers?{query}"), &admin).await.problem(status), code, "{query}");
    }
});
