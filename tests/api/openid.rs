//! Tokens of an OpenID provider: whom they let in as what, keys that change, and a provider that does not answer.

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{PASSWORD, dossier};
use crate::{story, trusting_story};

/// Claims of somebody with a role at an agency.
fn staff(role: &str, agency: &str) -> Value {
    json!({"realm_access": {"roles": ["offline_access", role]}, "agency": agency})
}

trusting_story!(a_person_of_the_provider_works_as_what_its_claims_say, |app, _sso, key| {
    let admin = app.office().await;
    let other = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, other).await.expect(201);
    let desk = key.token(app, staff("mot-cua", "H16.18"));
    let me = app.get("/v1/me", &desk).await.expect(200);
    assert_eq!((&me["role"], &me["agency"]), (&json!("front_desk"), &json!("H16.18")));
    let code = app.receive(&desk, json!({})).await;
    // The journal and the audit log tell who it was, the same at each sign-in.
    let (id, name) = (me["id"].as_str().unwrap(), me["username"].as_str().unwrap());
    assert_eq!(name, format!("Nguyễn Thị Thử ({})", &id[..15]));
    let timeline = app.get(&format!("/v1/dossiers/{code}/timeline"), &admin).await.expect(200);
    assert_eq!(timeline["items"][0]["actor"], name);
    let deed = app.get("/v1/audit?limit=200", &admin).await.expect(200);
    let deed =
        deed["items"].as_array().unwrap().iter().find(|entry| entry["resource"] == code.as_str()).unwrap().clone();
    assert_eq!((&deed["actor"], &deed["role"]), (&json!(id), &json!("front_desk")), "{deed}");
    // As a front desk's is, so is this one's reach.
    let elsewhere = app.post("/v1/dossiers", &admin, dossier(json!({"agency": "H16.19"}))).await.expect(201);
    let elsewhere = format!("/v1/dossiers/{}", elsewhere["code"].as_str().unwrap());
    assert_eq!(app.get(&elsewhere, &desk).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/users", &desk).await.problem(403), "forbidden");
    let admin = key.token(app, staff("quan-tri", "H16.19"));
    app.get(&elsewhere, &admin).await.expect(200);
    assert_eq!(app.get(&format!("/v1/dossiers/{code}"), &admin).await.problem(404), "not_found");
});

trusting_story!(who_is_nobody_here_gets_in_nowhere, |app, _sso, key| {
    let admin = app.office().await;
    for overlay in [
        json!({}),
        json!({"identity_no": "240123456"}),
        // Known words of ours, roles without agency, an agency that is not there.
        json!({"role": "admin", "realm_access": {"roles": ["admin"]}, "agency": "H16"}),
        json!({"realm_access": {"roles": ["quan-tri"]}}),
        staff("mot-cua", "H99"),
        staff("quan-tri", ""),
    ] {
        let token = key.token(app, overlay.clone());
        for path in ["/v1/me", "/v1/dossiers", "/v1/my/dossiers"] {
            assert_eq!(app.get(path, &token).await.problem(403), "forbidden", "{path} {overlay}");
        }
    }
    // Each attempt is on record, by whom.
    let refused = app.get("/v1/audit?outcome=refused&limit=200", &admin).await.expect(200);
    let refused = refused["items"].as_array().unwrap();
    assert_eq!(refused.len(), 18);
    assert!(refused.iter().all(|entry| entry["actor"].as_str().unwrap().starts_with("openid:")), "{refused:?}");
});

trusting_story!(a_token_that_is_not_good_now_and_here_is_refused, |app, _sso, key| {
    app.office().await;
    let now = app.ambient.unix(app.ambient.now());
    for overlay in [
        json!({"exp": now - 61}),
        json!({"nbf": now + 61}),
        json!({"iat": now + 61}),
        json!({"aud": "account"}),
        json!({"iss": "https://sso.example.vn/"}),
        json!({"exp": null}),
        json!({"sub": null}),
    ] {
        let mut claims = staff("mot-cua", "H16.18");
        claims.as_object_mut().unwrap().extend(overlay.as_object().unwrap().clone());
        assert_eq!(app.get("/v1/me", &key.token(app, claims)).await.problem(401), "unauthenticated", "{overlay}");
    }
    let token = key.token(app, staff("mot-cua", "H16.18"));
    app.get("/v1/me", &token).await.expect(200);
    app.at("2026-03-02T09:05:59");
    app.get("/v1/me", &token).await.expect(200);
    app.at("2026-03-02T09:06:00");
    assert_eq!(app.get("/v1/me", &token).await.problem(401), "unauthenticated");
});

trusting_story!(our_tokens_and_theirs_are_never_taken_for_each_other, |app, sso, key| {
    app.office().await;
    let own = app.admin().await;
    app.get("/v1/me", &own).await.expect(200);
    assert_eq!(sso.asked().await, 0, "an own token is nobody else's business");
    // Theirs under our name, whatever it claims.
    let claims = json!({"iss": "motcua", "sid": "x", "scope": "dossiers:read"});
    assert_eq!(app.get("/v1/me", &key.token(app, claims)).await.problem(401), "unauthenticated");
    // Ours under their name: signed with our secret, by our key's name and by theirs.
    let now = app.ambient.unix(app.ambient.now());
    let claims = json!({"iss": "https://sso.example.vn", "aud": "motcua", "sub": "7f3a", "exp": now + 300, "sid": "x",
        "realm_access": {"roles": ["quan-tri"]}, "agency": "H16"});
    let ours = EncodingKey::from_secret(b"a key for tests only, 32 bytes long");
    let named = jsonwebtoken::decode_header(&own).unwrap().kid;
    for kid in [named, Some("k1".to_owned()), None] {
        let token = encode(&Header { kid, ..Header::new(Algorithm::HS256) }, &claims, &ours).unwrap();
        assert_eq!(app.get("/v1/me", &token).await.problem(401), "unauthenticated");
    }
    assert_eq!(sso.asked().await, 0, "none of these is worth a look at the keys");
});

story!(without_a_provider_there_are_only_our_tokens, |app| {
    let key = crate::support::sign_on::Signer::new("k1");
    app.office().await;
    assert_eq!(app.get("/v1/me", &key.token(app, staff("quan-tri", "H16"))).await.problem(401), "unauthenticated");
});

trusting_story!(keys_are_changed_without_a_restart, |app, sso, key| {
    app.office().await;
    let next = Signer::new("k2");
    let (old, new) = (|| key.token(app, staff("mot-cua", "H16.18")), || next.token(app, staff("mot-cua", "H16.18")));
    app.get("/v1/me", &old()).await.expect(200);
    app.get("/v1/me", &old()).await.expect(200);
    assert_eq!(sso.asked().await, 1);
    // Both are published, then only the new one.
    sso.publish(&[key, &next]);
    assert_eq!(app.get("/v1/me", &new()).await.problem(401), "unauthenticated", "asked less than 5 seconds ago");
    app.at("2026-03-02T09:00:05");
    app.get("/v1/me", &new()).await.expect(200);
    app.get("/v1/me", &old()).await.expect(200);
    assert_eq!(sso.asked().await, 2);
    sso.publish(&[&next]);
    app.at("2026-03-02T10:00:05");
    // The hour that the provider named is over: the next token has the keys fetched anew, behind its back.
    app.get("/v1/me", &new()).await.expect(200);
    app.at("2026-03-02T10:00:10");
    while sso.asked().await < 3 {
        tokio::task::yield_now().await;
    }
    // What is waited for here comes after the answer was taken in.
    let stranger = Signer::new("k3");
    assert_eq!(app.get("/v1/me", &stranger.token(app, json!({}))).await.problem(401), "unauthenticated");
    assert_eq!(app.get("/v1/me", &old()).await.problem(401), "unauthenticated");
    app.get("/v1/me", &new()).await.expect(200);
    // A key that another signs under the same name.
    let impostor = Signer::new("k2");
    assert_eq!(app.get("/v1/me", &impostor.token(app, staff("quan-tri", "H16"))).await.problem(401), "unauthenticated");
});

trusting_story!(however_many_come_the_provider_is_asked_once, |app, sso, key| {
    app.office().await;
    let good = key.token(app, staff("mot-cua", "H16.18"));
    let answers = join_all((0..40).map(|_| app.get("/v1/me", &good))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(sso.asked().await, 1);
    app.at("2026-03-02T09:01:00");
    let signers: Vec<Signer> = (0..40).map(|number| Signer::new(&format!("x{number}"))).collect();
    let tokens: Vec<String> = signers.iter().map(|signer| signer.token(app, staff("quan-tri", "H16"))).collect();
    let answers = join_all(tokens.iter().map(|token| app.get("/v1/me", token))).await;
    assert!(answers.iter().all(|answer| answer.status == 401));
    assert_eq!(sso.asked().await, 2);
});

trusting_story!(a_provider_that_is_down_locks_nobody_out_for_a_day, |app, sso, key| {
    app.office().await;
    let token = || key.token(app, staff("mot-cua", "H16.18"));
    sso.answer(ResponseTemplate::new(500));
    let answer = app.get("/v1/me", &token()).await;
    assert_eq!(answer.problem(503), "unavailable", "nobody can say that the token is wrong");
    assert!(answer.headers.contains_key("retry-after"));
    for broken in ["", "<html>", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[7]}"#, &" ".repeat(300_000)] {
        sso.answer(ResponseTemplate::new(200).set_body_string(broken));
        let later = app.ambient.now() + chrono::TimeDelta::seconds(5);
        app.ambient.set(later);
        assert_eq!(app.get("/v1/me", &token()).await.problem(503), "unavailable");
    }
    // Own tokens have nothing to do with it.
    app.admin().await;
    sso.publish(&[key]);
    app.at("2026-03-02T09:01:00");
    app.get("/v1/me", &token()).await.expect(200);
    sso.answer(ResponseTemplate::new(500));
    app.at("2026-03-03T09:00:59");
    app.get("/v1/me", &token()).await.expect(200);
    // Whether another key is new or wrong cannot be told now.
    let other = Signer::new("k2").token(app, json!({}));
    assert_eq!(app.get("/v1/me", &other).await.problem(503), "unavailable");
    app.at("2026-03-03T09:01:00");
    assert_eq!(app.get("/v1/me", &token()).await.problem(503), "unavailable", "24 hours old");
});

trusting_story!(passwords_and_sessions_are_the_providers_own, |app, _sso, key| {
    app.office().await;
    app.user("lan", Role::FrontDesk, Some("H16.18")).await;
    let mut claims = staff("mot-cua", "H16.18");
    claims["name"] = json!("lan");
    let token = key.token(app, claims);
    let change = json!({"current": PASSWORD, "new": "con ngựa ăn khoai lang"});
    assert_eq!(app.post("/v1/me/password", &token, change).await.problem(403), "outside_account");
    let left = app.send(Method::DELETE, "/v1/sessions/current", Some(&token), &[], None).await;
    assert_eq!(left.problem(403), "outside_account");
    app.sign_in("lan").await;
});
