//! Pages and their sessions: cookies that no script reads and no other site can use, and files with a strict policy.
#![allow(clippy::unwrap_used)]

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use serde_json::json;

use crate::story;
use crate::support::{Answer, PASSWORD, TestApp, dossier};

/// A browser's jar: name, value.
struct Jar(Vec<(String, String)>);

impl Jar {
    fn of(answer: &Answer) -> Self {
        let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        Self(
            set.map(|text| text.split(';').next().unwrap().split_once('=').unwrap())
                .map(|(a, b)| (a.into(), b.into()))
                .collect(),
        )
    }

    fn value(&self, name: &str) -> &str {
        &self.0.iter().find(|(known, _)| known == name).unwrap().1
    }

    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

async fn open(app: &TestApp) -> Answer {
    app.user("lan", Role::FrontDesk, Some("H16.18")).await;
    let body = json!({"username": "lan", "password": PASSWORD});
    app.send(Method::POST, "/v1/page-session", None, &[], Some(body)).await
}

story!(cookies_are_honoured_only_beside_the_proof, |app| {
    app.office().await;
    let opened = open(app).await;
    let me = opened.expect(200);
    assert_eq!((&me["username"], &me["role"], &me["agency"]), (&json!("lan"), &json!("front_desk"), &json!("H16.18")));
    assert_eq!(me["now"], "2026-03-02T09:00:00+07:00");
    assert!(!opened.text.contains("token"), "no token is given to scripts");
    for cookie in opened.headers.get_all("set-cookie") {
        let text = cookie.to_str().unwrap();
        assert!(text.contains("SameSite=Strict"), "{text}");
        assert_eq!(text.contains("HttpOnly"), !text.starts_with("motcua_proof="), "{text}");
    }
    let jar = Jar::of(&opened);
    let (cookie, proof) = (jar.header(), jar.value("motcua_proof").to_owned());
    let ask = async |method: Method, headers: &[(&str, &str)]| {
        let body = (method == Method::POST).then(|| dossier(json!({})));
        app.send(method, "/v1/dossiers", None, headers, body).await
    };
    let with = [("cookie", cookie.as_str()), ("x-csrf-token", proof.as_str())];
    ask(Method::GET, &with).await.expect(200);
    ask(Method::POST, &with).await.expect(201);
    ask(Method::POST, &[with[0], with[1], ("sec-fetch-site", "same-origin")]).await.expect(201);
    // OWASP's list for double submit: no header, another's, a planted pair, and a browser that says where the call comes from.
    let planted = cookie.replace(&proof, "planted");
    for forged in [
        vec![with[0]],
        vec![with[0], ("x-csrf-token", "")],
        vec![with[0], ("x-csrf-token", "planted")],
        vec![("cookie", planted.as_str()), ("x-csrf-token", "planted")],
        vec![with[1]],
        vec![with[0], with[1], ("sec-fetch-site", "cross-site")],
        vec![with[0], with[1], ("sec-fetch-site", "same-site")],
    ] {
        for method in [Method::GET, Method::POST] {
            assert_eq!(ask(method, &forged).await.problem(401), "unauthenticated", "{forged:?}");
        }
    }
    // A page of another site cannot sign somebody in as somebody else either.
    let body = json!({"username": "lan", "password": PASSWORD});
    let foreign =
        app.send(Method::POST, "/v1/page-session", None, &[("sec-fetch-site", "cross-site")], Some(body)).await;
    assert_eq!(foreign.problem(401), "unauthenticated");
});

story!(a_page_is_renewed_and_signed_out_by_its_cookies, |app| {
    app.office().await;
    let jar = Jar::of(&open(app).await);
    app.at("2026-03-02T10:00:00");
    let (cookie, proof) = (jar.header(), jar.value("motcua_proof").to_owned());
    let with = [("cookie", cookie.as_str()), ("x-csrf-token", proof.as_str())];
    let get = async |with: &[(&str, &str)]| app.send(Method::GET, "/v1/page-session", None, with, None).await;
    let renew = async |with: &[(&str, &str)]| app.send(Method::POST, "/v1/page-session/renew", None, with, None).await;
    assert_eq!(get(&with).await.problem(401), "unauthenticated");
    assert_eq!(renew(&with[..1]).await.problem(401), "bad_credentials");
    assert_eq!(renew(&[with[0], ("x-csrf-token", "other")]).await.problem(401), "bad_credentials");
    let renewed = renew(&with).await;
    renewed.expect(200);
    let jar = Jar::of(&renewed);
    let (cookie, proof) = (jar.header(), jar.value("motcua_proof").to_owned());
    let with = [("cookie", cookie.as_str()), ("x-csrf-token", proof.as_str())];
    get(&with).await.expect(200);
    let out = app.send(Method::DELETE, "/v1/sessions/current", None, &with, None).await;
    out.expect(204);
    assert_eq!(
        out.headers.get_all("set-cookie").iter().filter(|set| set.to_str().unwrap().contains("Max-Age=0")).count(),
        3
    );
    assert_eq!(get(&with).await.problem(401), "unauthenticated");
    assert_eq!(renew(&with).await.problem(401), "bad_credentials");
});

story!(cookies_are_secure_where_the_page_is, |app| {
    app.office().await;
    app.user("lan", Role::FrontDesk, Some("H16.18")).await;
    let body = json!({"username": "lan", "password": PASSWORD});
    let origin = [("origin", "https://motcua.example.vn")];
    let answer = app.send(Method::POST, "/v1/page-session", None, &origin, Some(body)).await;
    assert!(answer.headers.get_all("set-cookie").iter().all(|set| set.to_str().unwrap().ends_with("; Secure")));
});

story!(pages_and_files_have_a_strict_policy_and_are_kept, |app| {
    let get = async |path: &str, headers: &[(&str, &str)]| app.send(Method::GET, path, None, headers, None).await;
    for path in
        ["/login", "/desk", "/board", "/board?display=hall", "/tra-cuu", "/tra-cuu/H16.18-260302-0001", "/niem-yet"]
    {
        let page = get(path, &[]).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        // Nothing inline, nothing from elsewhere.
        for forbidden in ["<style", " style=", " onclick=", "javascript:", "http://", "https://", "{version}"] {
            assert!(!page.text.contains(forbidden), "{path}: {forbidden}");
        }
        assert!(page.text.split("<script").skip(1).all(|script| script.contains("src=")), "{path}");
        assert_eq!(get(path, &[("if-none-match", page.header("etag"))]).await.status, 304);
        for file in page.text.split("/static/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let file = get(&format!("/static/{file}"), &[]).await;
            assert_eq!(file.status, 200);
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        }
    }
    let front = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let front = front.get(format!("{}/", app.base)).send().await.unwrap();
    assert_eq!((front.status().as_u16(), front.headers()["location"].to_str().unwrap()), (303, "/desk"));
    assert_eq!(get("/static/0/base.css", &[]).await.problem(404), "not_found");
    assert_eq!(get("/desk/x", &[]).await.problem(404), "not_found");
});
