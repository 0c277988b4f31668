//! Edges of the API: what is refused, by which code, and what stays hidden.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;

story!(nul_is_refused_wherever_a_client_can_put_it, |app| {
    let admin = app.admin().await;
    for path in ["/v1/users/%00", "/v1/apology-letters/a%00", "/v1/dossiers/a%00"] {
        assert_eq!(app.get(path, &admin).await.problem(404), "not_found", "{path}");
    }
    for path in ["/v1/dossiers?q=%00", "/v1/dossiers?assignee=a%00"] {
        assert_eq!(app.get(path, &admin).await.problem(400), "invalid_parameter", "{path}");
    }
    // ["a\u0000"], as a cursor.
    for path in ["/v1/users?cursor=WyJhXHUwMDAwIl0", "/v1/agencies?cursor=WyJhXHUwMDAwIl0"] {
        assert_eq!(app.get(path, &admin).await.problem(400), "bad_cursor", "{path}");
    }
    let body = json!({"username": "a\0", "password": "b"});
    assert_eq!(app.send(Method::POST, "/v1/sessions", None, &[], Some(body)).await.problem(422), "validation");
    // An escaped backslash before `u0000` is no NUL.
    let body = json!({"username": "a\\u0000", "password": "b"});
    assert_eq!(app.send(Method::POST, "/v1/sessions", None, &[], Some(body)).await.problem(401), "bad_credentials");
});

story!(half_written_json_cannot_be_parsed_whatever_its_first_member, |app| {
    let body = br#"{"unknown":1,"username":"x"#.to_vec();
    let answer = app.raw(Method::POST, "/v1/sessions", None, "application/json", body).await;
    assert_eq!(answer.problem(400), "malformed_json");
});

story!(headers_are_read_as_their_standards_say, |app| {
    let admin = app.office().await;
    let me = app.send(Method::GET, "/v1/me", None, &[("authorization", &format!("bearer {admin}"))], None).await;
    assert_eq!(me.expect(200)["username"], "admin");
    let shown = app.send(Method::GET, "/v1/agencies/H16", Some(&admin), &[("if-none-match", "W/\"1\"")], None).await;
    assert_eq!(shown.status, 304);
    let name = Some(json!({"name": "UBND"}));
    let patch = app.send(Method::PATCH, "/v1/agencies/H16", Some(&admin), &[("if-match", "W/\"1\"")], name).await;
    assert_eq!(patch.problem(412), "changed");
});

story!(an_administrator_of_one_agency_sees_full_pages_of_its_own_people_alone, |app| {
    app.office().await;
    let admin = app.admin().await;
    let other = json!({"code": "H17", "name": "Tỉnh khác", "level": "province"});
    app.post("/v1/agencies", &admin, other).await.expect(201);
    for name in ["aa", "ab", "zz"] {
        app.user(name, Role::Officer, Some("H17")).await;
    }
    let own = app.user("mid", Role::Admin, Some("H16")).await;
    app.user("officer", Role::Officer, Some("H16.18")).await;

    let first = app.get("/v1/users?limit=1", &own).await.expect(200);
    assert_eq!(names(&first), ["mid"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(&format!("/v1/users?limit=1&cursor={cursor}"), &own).await.expect(200);
    assert_eq!(names(&second), ["officer"]);
    assert_eq!(second["next_cursor"], Value::Null);
});

story!(a_name_signs_in_however_the_keyboard_composed_it, |app| {
    app.office().await;
    app.user("Lân", Role::Admin, None).await;
    app.sign_in("La\u{302}n").await;
});

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect()
}

story!(a_method_that_a_route_does_not_have_is_told_those_it_has, |app| {
    let admin = app.admin().await;
    for (method, path, methods) in [
        (Method::DELETE, "/v1/me", "GET"),
        (Method::PUT, "/v1/dossiers/H16.18-260302-0001", "GET, PATCH"),
        (Method::TRACE, "/v1/sessions", "POST"),
        (Method::POST, "/openapi.json", "GET"),
    ] {
        let answer = app.send(method, path, Some(&admin), &[], None).await;
        assert_eq!((answer.problem(405).as_str(), answer.header("allow")), ("method_not_allowed", methods), "{path}");
    }
    assert_eq!(app.get("/v1/nothing", &admin).await.problem(404), "not_found");
});
