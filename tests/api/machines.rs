//! Machine clients sign in by OAuth's client credentials and may do what their scopes say, in their agency's subtree.

use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp, dossier};

/// Asks for a token with a form as it stands.
async fn ask(app: &TestApp, form: &str) -> Answer {
    app.raw(Method::POST, "/oauth/token", None, "application/x-www-form-urlencoded", form.as_bytes().to_vec()).await
}

/// Adds a client and answers its identifier and secret.
async fn client(app: &TestApp, scopes: &[&str], agency: &str) -> (String, String) {
    let body = json!({"name": "iOffice", "scopes": scopes, "agency": agency});
    let made = app.post("/v1/clients", &app.admin().await, body).await.expect(201);
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn token(app: &TestApp, (id, secret): &(String, String)) -> String {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    ask(app, &form).await.expect(200)["access_token"].as_str().unwrap().to_owned()
}

story!(a_client_signs_in_as_rfc_6749_says, |app| {
    app.office().await;
    let known = client(app, &["dossiers:read", "statistics:read"], "H16.18").await;
    let (id, secret) = &known;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let answer = ask(app, &form).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let given = answer.expect(200);
    assert_eq!((&given["token_type"], &given["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(given["scope"], "dossiers:read statistics:read");
    // Section 3.3: less may be asked for than is allowed.
    let less = ask(app, &format!("{form}&scope=statistics:read")).await.expect(200);
    assert_eq!(less["scope"], "statistics:read");
    let less = less["access_token"].as_str().unwrap();
    assert_eq!(app.get("/v1/dossiers", less).await.problem(403), "forbidden");
    app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", less).await.expect(200);
    // Section 2.3.1: HTTP Basic, which servers must take.
    let basic = format!("Basic {}", base64(&format!("{id}:{secret}")));
    let with_basic = async |form: &str| {
        let url = format!("{}/oauth/token", app.base);
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(url);
        let request =
            request.header("authorization", &basic).header("content-type", "application/x-www-form-urlencoded");
        request.body(form.to_owned()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(with_basic("grant_type=client_credentials").await, 200);
    // Section 2.3: not more than one way in a request.
    assert_eq!(with_basic(&form).await, 400);
    // Section 5.2.
    for (form, status, error) in [
        ("", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=x&client_secret=y", 401, "invalid_client"),
        (&format!("grant_type=client_credentials&client_id={id}&client_secret=wrong"), 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=%00&client_secret=%00", 401, "invalid_client"),
        (&format!("{form}&scope=dossiers:write"), 400, "invalid_scope"),
        (&format!("{form}&scope=everything"), 400, "invalid_scope"),
    ] {
        let answer = ask(app, form).await;
        assert_eq!(answer.expect(status)["error"], error, "{form}");
    }
    let json =
        app.send(Method::POST, "/oauth/token", None, &[], Some(json!({"grant_type": "client_credentials"}))).await;
    assert_eq!(json.expect(400)["error"], "invalid_request");
});

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

story!(a_machine_does_what_its_scopes_say_in_its_subtree, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let elsewhere = app.receive(&admin, json!({"agency": "H16.19"})).await;
    let writer = token(app, &client(app, &["dossiers:write"], "H16.18").await).await;
    let me = app.get("/v1/me", &writer).await.expect(200);
    assert_eq!((&me["role"], &me["scopes"]), (&Value::Null, &json!(["dossiers:write"])));
    // Received and resolved by the front-desk software of the agency; the timeline names the machine.
    let code = app.receive(&writer, json!({})).await;
    for to in ["processing", "finished", "returned"] {
        let body = if to == "finished" { json!({"to": to, "outcome": "granted"}) } else { json!({"to": to}) };
        app.transition(&writer, &code, body).await.expect(200);
    }
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &writer).await.expect(200);
    assert_eq!(timeline["items"][0]["actor"], "iOffice");
    // Not mended, not elsewhere, nothing but dossiers.
    let mend = json!({"reason": "x", "channel": "postal"});
    assert_eq!(app.post(&format!("/v1/dossiers/{code}/correct"), &writer, mend).await.problem(403), "forbidden");
    assert_eq!(app.get(&format!("/v1/dossiers/{elsewhere}"), &writer).await.problem(404), "not_found");
    let moved = app.transition(&writer, &elsewhere, json!({"to": "processing"})).await;
    assert_eq!(moved.problem(404), "not_found");
    assert_eq!(app.post("/v1/dossiers", &writer, dossier(json!({"agency": "H16.19"}))).await.problem(403), "forbidden");
    assert_eq!(app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &writer).await.problem(403), "forbidden");
    assert_eq!(app.get("/v1/users", &writer).await.problem(403), "forbidden");
    let sign_out = app.send(Method::DELETE, "/v1/sessions/current", Some(&writer), &[], None).await;
    assert_eq!(sign_out.problem(403), "forbidden");
    // A reader writes nothing.
    let reader = token(app, &client(app, &["dossiers:read"], "H16.18").await).await;
    app.get(&format!("/v1/dossiers/{code}"), &reader).await.expect(200);
    assert_eq!(app.post("/v1/dossiers", &reader, dossier(json!({}))).await.problem(403), "forbidden");
    // A token ends after 15 minutes.
    app.at("2026-03-02T09:16:00");
    assert_eq!(app.get("/v1/dossiers", &reader).await.problem(401), "unauthenticated");
});

story!(wrong_secrets_make_a_client_wait_whether_or_not_there_is_one, |app| {
    app.office().await;
    let known = client(app, &["dossiers:read"], "H16.18").await;
    let (other, nobody) = (client(app, &["dossiers:read"], "H16.18").await, ("nobody".to_owned(), String::new()));
    let guess =
        async |id: &str| ask(app, &format!("grant_type=client_credentials&client_id={id}&client_secret=x")).await;
    // As people wait: 30 s with the fifth failure, then twice as long.
    for (time, failures, wait) in [("09:00:00", 5, "30"), ("09:00:30", 1, "60"), ("09:01:30", 1, "120")] {
        app.at(&format!("2026-03-02T{time}"));
        let mut told = Vec::new();
        for (id, _) in [&known, &nobody] {
            for _ in 0..failures {
                assert_eq!(guess(id).await.expect(401)["error"], "invalid_client", "{id} at {time}");
            }
            let waits = guess(id).await;
            assert_eq!((waits.header("retry-after"), waits.header("cache-control")), (wait, "no-store"));
            told.push(waits.expect(429));
        }
        assert_eq!(told[0]["error"], "temporarily_unavailable");
        assert_eq!(told[0], told[1]);
    }
    // The right secret is not looked at either; another client of the same address is not held up.
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", known.0, known.1);
    ask(app, &form).await.expect(429);
    token(app, &other).await;
    app.at("2026-03-02T09:03:30");
    token(app, &known).await;
    // Success forgets; and an administrator ends a wait.
    for _ in 0..5 {
        guess(&known.0).await.expect(401);
    }
    ask(app, &form).await.expect(429);
    let (path, headers) = (format!("/v1/clients/{}", known.0), [("if-match", "*")]);
    let admin = app.admin().await;
    app.send(Method::PATCH, &path, Some(&admin), &headers, Some(json!({"disabled": false}))).await.expect(200);
    token(app, &known).await;
});

story!(many_clients_from_one_address_wait_for_each_other, |app| {
    app.office().await;
    let known = client(app, &["dossiers:read"], "H16.18").await;
    let mut answers = Vec::new();
    for number in 0..120 {
        let form = format!("grant_type=client_credentials&client_id=id{number}&client_secret=x");
        answers.push(ask(app, &form).await.status.as_u16());
    }
    assert_eq!(answers, [vec![401; 100], vec![429; 20]].concat());
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", known.0, known.1);
    assert_eq!(ask(app, &form).await.header("retry-after"), "30");
    app.at("2026-03-02T09:00:30");
    token(app, &known).await;
});
