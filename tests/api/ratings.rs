//! Ratings: once for each dossier, with the secret of its slip, after it ended; and their counts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp};

async fn rate(app: &TestApp, code: &str, body: Value) -> Answer {
    app.send(Method::POST, &format!("/v1/public/dossiers/{code}/rating"), None, &[], Some(body)).await
}

/// A dossier that ended, with the secret of its slip.
async fn ended(app: &TestApp) -> (String, String) {
    let admin = app.admin().await;
    let code = app.receive(&admin, json!({})).await;
    for body in [json!({"to": "processing"}), json!({"to": "finished", "outcome": "granted"})] {
        app.transition(&admin, &code, body).await.expect(200);
    }
    let secret = secret(app, &code).await;
    (code, secret)
}

async fn secret(app: &TestApp, code: &str) -> String {
    let shown = app.get(&format!("/v1/dossiers/{code}"), &app.admin().await).await.expect(200);
    shown["lookup_secret"].as_str().unwrap().to_owned()
}

story!(a_dossier_is_rated_once_and_after_it_ended, |app| {
    let admin = app.office().await;
    let open = app.receive(&admin, json!({})).await;
    let early = rate(app, &open, json!({"secret": secret(app, &open).await, "score": 5})).await;
    assert_eq!(early.problem(409), "not_ended");
    let (code, secret) = ended(app).await;
    let aspects = json!([{"aspect": "officials", "score": 4}, {"aspect": "access", "score": 2}]);
    let body = json!({"secret": secret, "score": 5, "aspects": aspects, "comment": "Nhanh"});
    let rated = rate(app, &code, body).await.expect(201);
    let expected = json!({"dossier": code, "agency": "H16.18", "procedure": "1.001739", "score": 5, "aspects": aspects,
        "comment": "Nhanh", "rated_at": "2026-03-02T09:00:00+07:00"});
    assert_eq!(rated, expected);
    assert_eq!(rate(app, &code, json!({"secret": secret, "score": 1})).await.problem(409), "already_rated");
    assert_eq!(app.get("/v1/ratings", &admin).await.expect(200)["items"], json!([expected]));
});

story!(bad_ratings_are_refused_and_wrong_secrets_look_alike, |app| {
    app.office().await;
    let (code, secret) = ended(app).await;
    let other = code.replace("-0001", "-0999");
    let mut told = Vec::new();
    for (code, secret) in [(&*code, "AAAAA-AAAAA"), (&other, &*secret), ("x", &secret)] {
        let answer = rate(app, code, json!({"secret": secret, "score": 5})).await;
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        told.push((answer.status.as_u16(), body));
    }
    assert_eq!(told[0].0, 404);
    told.dedup();
    assert_eq!(told.len(), 1, "{told:#?}");
    for (body, pointer) in [
        (json!({"secret": secret, "score": 0}), "/score"),
        (json!({"secret": secret, "score": 6}), "/score"),
        (json!({"secret": secret, "score": 4.5}), "/score"),
        (json!({"secret": secret, "score": 5, "aspects": [{"aspect": "moon", "score": 1}]}), "/aspects/0/aspect"),
        (json!({"secret": secret, "score": 5, "aspects": [{"aspect": "result", "score": 9}]}), "/aspects/0/score"),
        (
            json!({"secret": secret, "score": 5, "aspects": [{"aspect": "result", "score": 1}, {"aspect": "result", "score": 2}]}),
            "/aspects/1/aspect",
        ),
        (json!({"secret": secret, "score": 5, "comment": ""}), "/comment"),
    ] {
        let problem = rate(app, &code, body.clone()).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    assert_eq!(rate(app, &code, json!({"secret": secret, "score": 3})).await.status.as_u16(), 201, "nothing was kept");
});

story!(a_rating_sent_again_with_its_key_is_answered_as_before, |app| {
    let admin = app.office().await;
    let (code, secret) = ended(app).await;
    let keyed = async |secret: &str, score: i32| {
        let body = json!({"secret": secret, "score": score});
        let path = format!("/v1/public/dossiers/{code}/rating");
        app.send(Method::POST, &path, None, &[("idempotency-key", "k-1")], Some(body)).await
    };
    let first = keyed(&secret, 4).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = keyed(&secret, 4).await;
    assert_eq!(again.expect(201), first.expect(201));
    assert_eq!((again.header("idempotency-replayed"), again.header("cache-control")), ("true", "no-store"));
    assert_eq!(keyed(&secret, 5).await.problem(422), "idempotency_key_reused");
    // The key opens nothing: who does not have the slip is told what everybody is told.
    assert_eq!(keyed("AAAAA-AAAAA", 4).await.problem(404), "not_found");
    assert_eq!(rate(app, &code, json!({"secret": secret, "score": 4})).await.problem(409), "already_rated");
    assert_eq!(app.get("/v1/ratings", &admin).await.expect(200)["items"].as_array().unwrap().len(), 1);
});

story!(guesses_at_a_rating_come_to_an_end, |app| {
    app.office().await;
    let (code, secret) = ended(app).await;
    for _ in 0..20 {
        assert_eq!(rate(app, &code, json!({"secret": "AAAAA-AAAAA", "score": 5})).await.problem(404), "not_found");
    }
    assert_eq!(rate(app, &code, json!({"secret": secret, "score": 5})).await.problem(429), "too_many_requests");
});

story!(ratings_are_counted_by_score_and_each_figure_has_its_list, |app| {
    app.office().await;
    for score in [5, 4, 4, 2] {
        let (code, secret) = ended(app).await;
        rate(app, &code, json!({"secret": secret, "score": score})).await.expect(201);
    }
    let (void, secret) = ended(app).await;
    rate(app, &void, json!({"secret": secret, "score": 1})).await.expect(201);
    let admin = app.admin().await;
    app.post(&format!("/v1/dossiers/{void}/void"), &admin, json!({"reason": "Nhập nhầm"})).await.expect(200);
    let counted = app.get("/v1/statistics/ratings?period=2026-M03&group_by=procedure", &admin).await.expect(200);
    let total = &counted["total"];
    assert_eq!(total["count"], 4);
    assert_eq!(total["scores"], json!({"1": 0, "2": 1, "3": 0, "4": 2, "5": 1}));
    // (5 + 4 + 4 + 2) ÷ 4 = 3.75; three of four at 4 or 5.
    assert_eq!(total["average"], json!({"numerator": 15, "denominator": 4, "mean": "3.75"}));
    assert_eq!(total["satisfied"], json!({"numerator": 3, "denominator": 4, "percent": "75.00"}));
    assert_eq!(counted["rows"][0]["procedure"], "1.001739");
    for (score, figure) in total["scores"].as_object().unwrap() {
        let list = app.get(total["links"]["scores"][score].as_str().unwrap(), &admin).await.expect(200);
        assert_eq!(json!(list["items"].as_array().unwrap().len()), *figure, "{score}");
    }
    let before = app.get("/v1/statistics/ratings?period=2026-M02", &admin).await.expect(200);
    assert_eq!(before["total"]["average"]["mean"], Value::Null);
});
