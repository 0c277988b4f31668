//! Identity: stolen refresh tokens, passwords, waiting after failures, users and clients disabled, secrets rotated.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, PASSWORD, TestApp};

const OTHER: &str = "con ngựa ăn khoai lang";

async fn sign_in(app: &TestApp, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    app.send(Method::POST, "/v1/sessions", None, &[], Some(body)).await
}

/// Access and refresh token of a new session.
async fn session(app: &TestApp, name: &str) -> (String, String) {
    tokens(&sign_in(app, name, PASSWORD).await)
}

#[track_caller]
fn tokens(answer: &Answer) -> (String, String) {
    let given = answer.expect(200);
    let token = |name: &str| given[name].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}

async fn renew(app: &TestApp, token: &str) -> Answer {
    app.send(Method::POST, "/v1/sessions/refresh", None, &[], Some(json!({"refresh_token": token}))).await
}

async fn patch(app: &TestApp, path: &str, token: &str, body: Value) -> Answer {
    app.send(Method::PATCH, path, Some(token), &[("if-match", "*")], Some(body)).await
}

async fn id_of(app: &TestApp, name: &str) -> String {
    let users = app.get("/v1/users", &app.admin().await).await.expect(200);
    let users = users["items"].as_array().unwrap();
    users.iter().find(|user| user["username"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

// RFC 9700, section 4.14.2: a used-up token that comes again tells that it was stolen, from whichever side.
story!(a_used_up_refresh_token_ends_its_whole_session, |app| {
    app.user("lan", Role::Admin, None).await;
    let (access, first) = session(app, "lan").await;
    let (elsewhere, other) = session(app, "lan").await;
    let (_, second) = tokens(&renew(app, &first).await);
    let (renewed, third) = tokens(&renew(app, &second).await);
    app.at("2026-03-02T09:00:10");
    assert_eq!(renew(app, &first).await.problem(401), "bad_credentials");
    assert_eq!(renew(app, &third).await.problem(401), "bad_credentials");
    for token in [&access, &renewed] {
        assert_eq!(app.get("/v1/me", token).await.problem(401), "unauthenticated");
    }
    // The same person's other session is another family.
    app.get("/v1/me", &elsewhere).await.expect(200);
    tokens(&renew(app, &other).await);
    // What was never given ends nothing.
    assert_eq!(renew(app, "0123456789abcdef").await.problem(401), "bad_credentials");
    app.get("/v1/me", &elsewhere).await.expect(200);
});

story!(a_lost_answer_to_a_renewal_may_be_asked_for_again_for_ten_seconds, |app| {
    app.user("lan", Role::Admin, None).await;
    let (_, first) = session(app, "lan").await;
    tokens(&renew(app, &first).await);
    app.at("2026-03-02T09:00:09");
    let (_, third) = tokens(&renew(app, &first).await);
    let (access, fourth) = tokens(&renew(app, &third).await);
    app.get("/v1/me", &access).await.expect(200);
    app.at("2026-03-02T09:00:19");
    assert_eq!(renew(app, &third).await.problem(401), "bad_credentials");
    assert_eq!(renew(app, &fourth).await.problem(401), "bad_credentials");
    // A thief as quick as that is found out: the token of the answer that was not lost is used up, too.
    let (_, first) = session(app, "lan").await;
    let (_, second) = tokens(&renew(app, &first).await);
    let (thief, stolen) = tokens(&renew(app, &first).await);
    assert_eq!(renew(app, &second).await.problem(401), "bad_credentials");
    assert_eq!(renew(app, &stolen).await.problem(401), "bad_credentials");
    assert_eq!(app.get("/v1/me", &thief).await.problem(401), "unauthenticated");
});

story!(renewals_at_the_same_time_leave_one_good_token, |app| {
    app.user("lan", Role::Admin, None).await;
    let (_, first) = session(app, "lan").await;
    let given: Vec<_> = join_all((0..8).map(|_| renew(app, &first))).await.iter().map(tokens).collect();
    let (access, _) = &given[0];
    app.get("/v1/me", access).await.expect(200);
    let mut good = 0;
    for (_, token) in &given {
        good += u32::from(renew(app, token).await.status.as_u16() == 200);
    }
    // Whichever is tried first, the last one given or one that is used up, at most one renews.
    assert!(good <= 1, "{good}");
});

story!(signing_out_and_thirty_days_end_a_session, |app| {
    app.user("lan", Role::Admin, None).await;
    let (access, refresh) = session(app, "lan").await;
    app.send(Method::DELETE, "/v1/sessions/current", Some(&access), &[], None).await.expect(204);
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");
    let (_, refresh) = session(app, "lan").await;
    app.at("2026-04-01T08:59:59");
    let (_, refresh) = tokens(&renew(app, &refresh).await);
    app.at("2026-05-01T08:59:59");
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");
});

story!(passwords_are_no_names_and_not_what_everybody_tries, |app| {
    let admin = app.office().await;
    for (password, code) in [
        ("ngan-ngui", "weak_password"),
        ("TranVanBinh2026", "password_is_name"),
        ("Trần Văn Bình", "password_is_name"),
        ("Mật khẩu 2026", "common_password"),
        ("1234567890", "common_password"),
    ] {
        let body = json!({"username": "tranvanbinh", "password": password, "role": "officer", "agency": "H16.18"});
        let answer = app.post("/v1/users", &admin, body).await;
        assert_eq!(answer.problem(422), code, "{password}");
        assert_eq!(answer.json()["errors"][0]["pointer"], "/password");
    }
});

story!(who_changes_their_password_knows_the_present_one_and_signs_in_anew, |app| {
    app.office().await;
    let token = app.user("binh", Role::Officer, Some("H16.18")).await;
    let (elsewhere, refresh) = session(app, "binh").await;
    let change = async |current: &str, new: &str| {
        app.post("/v1/me/password", &token, json!({"current": current, "new": new})).await
    };
    let wrong = change("không phải thế này", OTHER).await;
    assert_eq!(wrong.problem(422), "wrong_password");
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/current");
    let weak = change(PASSWORD, "binh").await;
    assert_eq!(weak.problem(422), "weak_password");
    assert_eq!(weak.json()["errors"][0]["pointer"], "/new");
    app.get("/v1/me", &token).await.expect(200);

    change(PASSWORD, OTHER).await.expect(204);
    for old in [&token, &elsewhere] {
        assert_eq!(app.get("/v1/me", old).await.problem(401), "unauthenticated");
    }
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");
    assert_eq!(sign_in(app, "binh", PASSWORD).await.problem(401), "bad_credentials");
    let (token, _) = tokens(&sign_in(app, "binh", OTHER).await);
    // A session that was left open is no way to guess the password.
    for _ in 0..5 {
        let body = json!({"current": "không phải thế này", "new": PASSWORD});
        assert_eq!(app.post("/v1/me/password", &token, body).await.problem(422), "wrong_password");
    }
    let body = json!({"current": OTHER, "new": PASSWORD});
    assert_eq!(app.post("/v1/me/password", &token, body).await.problem(429), "too_many_attempts");
});

story!(an_administrator_resets_disables_and_enables, |app| {
    let admin = app.office().await;
    let token = app.user("binh", Role::Officer, Some("H16.18")).await;
    let (_, refresh) = session(app, "binh").await;
    let path = format!("/v1/users/{}", id_of(app, "binh").await);
    let shown = app.get(&path, &admin).await;
    assert_eq!((shown.header("etag"), &shown.expect(200)["disabled"]), ("\"1\"", &json!(false)));

    // Role and agency hold from the next call on.
    let changed = patch(app, &path, &admin, json!({"role": "auditor", "agency": "H16"})).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let me = app.get("/v1/me", &token).await.expect(200);
    assert_eq!((&me["role"], &me["agency"]), (&json!("auditor"), &json!("H16")));
    let stale = app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "\"1\"")], Some(json!({}))).await;
    assert_eq!(stale.problem(412), "changed");
    let bare = app.send(Method::PATCH, &path, Some(&admin), &[], Some(json!({}))).await;
    assert_eq!(bare.problem(428), "precondition_required");
    assert_eq!(patch(app, &path, &admin, json!({"agency": null})).await.problem(422), "agency_required");
    assert_eq!(patch(app, &path, &admin, json!({"username": "x"})).await.problem(422), "validation");

    let reset = app.post(&format!("{path}/password"), &admin, json!({"password": OTHER})).await;
    assert_eq!((reset.header("etag"), &reset.expect(200)["version"]), ("\"3\"", &json!(3)));
    assert_eq!(app.get("/v1/me", &token).await.problem(401), "unauthenticated");
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");
    let weak = app.post(&format!("{path}/password"), &admin, json!({"password": "password123"})).await;
    assert_eq!(weak.problem(422), "common_password");
    let stale = app
        .send(
            Method::POST,
            &format!("{path}/password"),
            Some(&admin),
            &[("if-match", "\"1\"")],
            Some(json!({"password": OTHER})),
        )
        .await;
    assert_eq!(stale.problem(412), "changed");

    let (token, refresh) = tokens(&sign_in(app, "binh", OTHER).await);
    assert_eq!(patch(app, &path, &admin, json!({"disabled": true})).await.expect(200)["disabled"], true);
    assert_eq!(app.get("/v1/me", &token).await.problem(401), "unauthenticated");
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");
    // Told like a wrong password.
    assert_eq!(sign_in(app, "binh", OTHER).await.problem(401), "bad_credentials");
    patch(app, &path, &admin, json!({"disabled": false})).await.expect(200);
    tokens(&sign_in(app, "binh", OTHER).await);
    // What ended stays ended.
    assert_eq!(renew(app, &refresh).await.problem(401), "bad_credentials");

    // Somebody is always left to administer, and one's own password is changed by who knows it.
    let own = format!("/v1/users/{}", id_of(app, "admin").await);
    assert_eq!(patch(app, &own, &admin, json!({"disabled": true})).await.problem(409), "own_account");
    let reset = app.post(&format!("{own}/password"), &admin, json!({"password": OTHER})).await;
    assert_eq!(reset.problem(409), "own_account");
});

story!(an_administrator_of_a_subtree_keeps_only_its_users_and_raises_nobody_above, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let own = app.user("own", Role::Admin, Some("H16.18")).await;
    app.user("inside", Role::Officer, Some("H16.18")).await;
    app.user("beside", Role::Officer, Some("H16.19")).await;
    app.user("above", Role::Leader, Some("H16")).await;
    for name in ["beside", "above", "admin"] {
        let path = format!("/v1/users/{}", id_of(app, name).await);
        assert_eq!(app.get(&path, &own).await.problem(404), "not_found", "{name}");
        assert_eq!(patch(app, &path, &own, json!({"disabled": true})).await.problem(404), "not_found", "{name}");
        let reset = app.post(&format!("{path}/password"), &own, json!({"password": OTHER})).await;
        assert_eq!(reset.problem(404), "not_found", "{name}");
    }
    let path = format!("/v1/users/{}", id_of(app, "inside").await);
    let nowhere = patch(app, &path, &own, json!({"role": "admin", "agency": null})).await;
    assert_eq!(nowhere.problem(403), "forbidden");
    for agency in ["H16", "H16.19", "H99"] {
        let answer = patch(app, &path, &own, json!({"agency": agency})).await;
        assert_eq!(answer.problem(422), "unknown_reference", "{agency}");
    }
    let raised = patch(app, &path, &own, json!({"role": "admin"})).await.expect(200);
    assert_eq!((&raised["role"], &raised["agency"]), (&json!("admin"), &json!("H16.18")));
});

story!(who_fails_waits_longer_each_time_whether_or_not_there_is_such_a_name, |app| {
    app.user("lan", Role::Admin, None).await;
    let (access, refresh) = session(app, "lan").await;
    let mut told: BTreeMap<&str, Vec<(u16, Value)>> = BTreeMap::new();
    let fail = async |name: &str| {
        let answer = sign_in(app, name, "không phải thế này").await;
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        (answer, body)
    };
    // 30 s with the fifth failure, then twice as long.
    for (time, wait) in [("09:00:00", "30"), ("09:00:30", "60"), ("09:01:30", "120"), ("09:03:30", "240")] {
        app.at(&format!("2026-03-02T{time}"));
        for name in ["lan", "nobody"] {
            for _ in 0..if time == "09:00:00" { 5 } else { 1 } {
                let (answer, body) = fail(name).await;
                assert_eq!(answer.problem(401), "bad_credentials", "{name} at {time}");
                told.entry(name).or_default().push((401, body));
            }
            let (answer, body) = fail(name).await;
            assert_eq!(answer.problem(429), "too_many_attempts", "{name} at {time}");
            assert_eq!(answer.header("retry-after"), wait);
            told.entry(name).or_default().push((429, body));
        }
    }
    assert_eq!(told["lan"], told["nobody"]);
    // The right password is not looked at either, and what is tried meanwhile makes the wait no longer.
    app.at("2026-03-02T09:07:29");
    let early = sign_in(app, "lan", PASSWORD).await;
    assert_eq!((early.problem(429).as_str(), early.header("retry-after")), ("too_many_attempts", "1"));
    // Who is signed in works on, and renews.
    app.get("/v1/me", &access).await.expect(200);
    tokens(&renew(app, &refresh).await);
    app.at("2026-03-02T09:07:30");
    tokens(&sign_in(app, "lan", PASSWORD).await);
    // Success forgets: five more are free.
    for _ in 0..5 {
        assert_eq!(fail("lan").await.0.problem(401), "bad_credentials");
    }
    assert_eq!(fail("lan").await.0.header("retry-after"), "30");
    // Another name from the same office signs in.
    app.user("binh", Role::Admin, None).await;
});

story!(a_wait_is_never_longer_than_a_quarter_of_an_hour_and_an_administrator_ends_it, |app| {
    app.user("lan", Role::Admin, None).await;
    let wrong = "không phải thế này";
    for _ in 0..4 {
        assert_eq!(sign_in(app, "lan", wrong).await.problem(401), "bad_credentials");
    }
    let mut now = app.ambient.now();
    for wait in [30, 60, 120, 240, 480, 900, 900, 900] {
        assert_eq!(sign_in(app, "lan", wrong).await.problem(401), "bad_credentials");
        assert_eq!(sign_in(app, "lan", wrong).await.header("retry-after"), wait.to_string());
        now += chrono::TimeDelta::seconds(wait);
        app.ambient.set(now);
    }
    assert_eq!(sign_in(app, "lan", wrong).await.problem(401), "bad_credentials");
    assert_eq!(sign_in(app, "lan", PASSWORD).await.problem(429), "too_many_attempts");
    let admin = app.admin().await;
    let path = format!("/v1/users/{}", id_of(app, "lan").await);
    patch(app, &path, &admin, json!({"disabled": false})).await.expect(200);
    tokens(&sign_in(app, "lan", PASSWORD).await);
});

story!(of_many_guesses_at_once_five_are_answered, |app| {
    app.user("lan", Role::Admin, None).await;
    let guesses = join_all((0..24).map(|_| sign_in(app, "lan", "không phải thế này"))).await;
    let mut count: BTreeMap<u16, u32> = BTreeMap::new();
    for guess in &guesses {
        *count.entry(guess.status.as_u16()).or_default() += 1;
    }
    assert_eq!(count, BTreeMap::from([(401, 5), (429, 19)]));
});

story!(many_names_from_one_address_wait_for_each_other_a_minute_at_most, |app| {
    app.user("lan", Role::Admin, None).await;
    let names: Vec<String> = (0..120).map(|place| format!("name{place}")).collect();
    let mut refused = 0;
    for names in names.chunks(20) {
        let answers = join_all(names.iter().map(|name| sign_in(app, name, "không phải thế này"))).await;
        refused += answers.iter().filter(|answer| answer.status.as_u16() == 429).count();
    }
    assert_eq!(refused, 20);
    let locked = sign_in(app, "lan", PASSWORD).await;
    assert_eq!((locked.problem(429).as_str(), locked.header("retry-after")), ("too_many_attempts", "30"));
    app.at("2026-03-02T09:00:30");
    tokens(&sign_in(app, "lan", PASSWORD).await);
});

/// Asks for a client's token.
async fn token(app: &TestApp, id: &str, secret: &str) -> Answer {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    app.raw(Method::POST, "/oauth/token", None, "application/x-www-form-urlencoded", form.into_bytes()).await
}

story!(a_client_is_disabled_changed_and_removed_with_its_tokens, |app| {
    let admin = app.office().await;
    let body = json!({"name": "iOffice", "scopes": ["dossiers:read", "statistics:read"], "agency": "H16.18"});
    let made = app.post("/v1/clients", &admin, body).await;
    assert_eq!((made.header("cache-control"), made.header("etag")), ("no-store", "\"1\""));
    let path = made.header("location").to_owned();
    let made = made.expect(201);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let shown = app.get(&path, &admin).await.expect(200);
    assert_eq!((&shown["disabled"], &shown["secret"]), (&json!(false), &Value::Null));
    let machine = token(app, id, secret).await.expect(200)["access_token"].as_str().unwrap().to_owned();
    app.get("/v1/dossiers", &machine).await.expect(200);

    // Less scopes hold at once.
    patch(app, &path, &admin, json!({"scopes": ["statistics:read"]})).await.expect(200);
    assert_eq!(app.get("/v1/dossiers", &machine).await.problem(403), "forbidden");
    assert_eq!(patch(app, &path, &admin, json!({"scopes": []})).await.problem(422), "validation");
    let bare = app.send(Method::PATCH, &path, Some(&admin), &[], Some(json!({}))).await;
    assert_eq!(bare.problem(428), "precondition_required");

    assert_eq!(patch(app, &path, &admin, json!({"disabled": true})).await.expect(200)["disabled"], true);
    assert_eq!(app.get("/v1/me", &machine).await.problem(401), "unauthenticated");
    assert_eq!(token(app, id, secret).await.expect(401)["error"], "invalid_client");
    patch(app, &path, &admin, json!({"disabled": false})).await.expect(200);
    app.get("/v1/me", &machine).await.expect(200);

    // To an administrator of another agency it is not there.
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let beside = app.user("beside", Role::Admin, Some("H16.19")).await;
    assert_eq!(app.get(&path, &beside).await.problem(404), "not_found");
    assert_eq!(patch(app, &path, &beside, json!({"disabled": true})).await.problem(404), "not_found");
    let rotated = app.post(&format!("{path}/rotate-secret"), &beside, json!({})).await;
    assert_eq!(rotated.problem(404), "not_found");
    let removed = app.send(Method::DELETE, &path, Some(&beside), &[], None).await;
    assert_eq!(removed.problem(404), "not_found");
    let own = app.user("own", Role::Admin, Some("H16.18")).await;
    assert_eq!(patch(app, &path, &own, json!({"agency": null})).await.problem(403), "forbidden");
    assert_eq!(patch(app, &path, &own, json!({"agency": "H16"})).await.problem(422), "unknown_reference");

    let stale = app.send(Method::DELETE, &path, Some(&admin), &[("if-match", "\"1\"")], None).await;
    assert_eq!(stale.problem(412), "changed");
    app.send(Method::DELETE, &path, Some(&admin), &[], None).await.expect(204);
    assert_eq!(app.get("/v1/me", &machine).await.problem(401), "unauthenticated");
    assert_eq!(app.get(&path, &admin).await.problem(404), "not_found");
});

story!(a_clients_old_secret_goes_on_for_the_overlap, |app| {
    let admin = app.office().await;
    let body = json!({"name": "iOffice", "scopes": ["dossiers:read"], "agency": "H16.18"});
    let made = app.post("/v1/clients", &admin, body).await.expect(201);
    let (id, first) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let path = format!("/v1/clients/{id}/rotate-secret");
    let rotated = app.post(&path, &admin, json!({})).await;
    assert_eq!(rotated.header("cache-control"), "no-store");
    let rotated = rotated.expect(200);
    assert_eq!(rotated["old_secret_until"], "2026-03-03T09:00:00+07:00");
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(first, second);
    app.at("2026-03-03T08:59:59");
    token(app, id, first).await.expect(200);
    token(app, id, second).await.expect(200);
    app.at("2026-03-03T09:00:00");
    assert_eq!(token(app, id, first).await.expect(401)["error"], "invalid_client");
    token(app, id, second).await.expect(200);
    // One that got out ends at once; and a secret before the old one ended with the rotation.
    let admin = app.admin().await;
    let third = app.post(&path, &admin, json!({"overlap_hours": 0})).await.expect(200);
    let third = third["secret"].as_str().unwrap();
    assert_eq!(token(app, id, second).await.expect(401)["error"], "invalid_client");
    app.post(&path, &admin, json!({"overlap_hours": 1})).await.expect(200);
    app.post(&path, &admin, json!({"overlap_hours": 1})).await.expect(200);
    assert_eq!(token(app, id, third).await.expect(401)["error"], "invalid_client");
    for hours in [-1, 721] {
        assert_eq!(app.post(&path, &admin, json!({"overlap_hours": hours})).await.problem(422), "validation");
    }
});
