//! Who may call what: every route of the API document, walked as nobody, as every role and as every scope, from all sides.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/mod.rs"]
mod support;
#[path = "authorization/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::fmt;

use motcua::domain::vocabulary::Role::{self, Admin, FrontDesk, Officer};
use motcua::domain::vocabulary::Scope;
use reqwest::Method;
use serde_json::Value;

use support::places::Thing::{self, Agency, Decision, Dossier, Letter, Report, Signed};
use support::places::{ATTACHED, Place, furnish};
use support::{Answer, TestApp, office};
use table::On::{All, Body, Figures, List, Nothing, One};
use table::{OPEN, Row, TABLE, Who};

/// How the columns of a register are named: {"register": "x", "columns": {"received_at": "TT"}}.
const MAPPING: &str = "?mapping=%7B%22register%22%3A%22x%22%2C%22columns%22%3A%7B%22received_at%22%3A%22TT%22%7D%7D";

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().flat_map(|group| group.iter())
}

fn document() -> Value {
    serde_json::from_str(&motcua::http::openapi().to_pretty_json().unwrap()).unwrap()
}

/// Every operation of the document, as `METHOD path`.
fn operations() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if matches!(method.as_str(), "get" | "put" | "post" | "patch" | "delete") {
                found.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
            }
        }
    }
    found
}

fn split(route: &str) -> (Method, &str) {
    let (method, path) = route.split_once(' ').unwrap();
    (method.parse().unwrap(), path)
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let mut ruled: Vec<String> = rows().map(|(route, ..)| (*route).to_owned()).collect();
    ruled.extend(OPEN.iter().map(|route| (*route).to_owned()));
    ruled.sort();
    let mut routes: Vec<String> = operations().into_iter().map(|(route, _)| route).collect();
    routes.sort();
    assert_eq!(routes, ruled);
}

story!(nobody_gets_in_without_a_good_token, |app| {
    app.user("somebody", Role::Admin, None).await;
    let expired = app.sign_in("somebody").await;
    app.at("2026-03-02T12:00:00");
    for (route, ..) in rows() {
        let (method, path) = split(route);
        let path = path.replace("{year}", "2026");
        for token in [None, Some("garbage"), Some("a.b.c"), Some(expired.as_str())] {
            let answer = app.raw(method.clone(), &path, token, "application/json", b"{broken".to_vec()).await;
            assert_eq!(answer.status.as_u16(), 401, "{route} with {token:?}: {}", answer.text);
            assert_eq!(answer.problem(401), "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    for route in OPEN.iter().chain(&["GET /openapi.json", "GET /docs/"]) {
        let (method, path) = split(route);
        let answer = app.send(method, path, None, &[], None).await;
        assert_ne!(answer.problem_code(), "unauthenticated", "{route}");
    }
});

/// Someone who calls, and by what right.
struct Caller {
    token: String,
    right: Right,
    /// Held to H16.18, not to all.
    held: bool,
}

#[derive(Debug, Clone, Copy)]
enum Right {
    Role(Role),
    Scope(Scope),
}

impl Caller {
    fn is_among(&self, (roles, scopes): Who) -> bool {
        match self.right {
            Right::Role(role) => roles.contains(&role),
            Right::Scope(scope) => scopes.contains(&scope),
        }
    }

    /// Whether a thing of an agency is theirs to see: the counter and the officers have the dossiers of their own agency
    /// alone, and of those it took over from; agencies and figures are seen with all below them.
    fn reaches(&self, agency: &str, thing: Option<Thing>) -> bool {
        let is_dossiers = !matches!(thing, None | Some(Agency | Report));
        let own_only = is_dossiers && matches!(self.right, Right::Role(FrontDesk | Officer));
        !self.held || matches!(agency, "H16.18" | "H16.17") || (agency == "H16.18.1" && !own_only)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.right, if self.held { "" } else { " of all" })
    }
}

/// Every role and every scope at H16.18, and an administrator of all.
async fn callers(app: &TestApp) -> Vec<Caller> {
    let mut all = vec![Caller { token: app.admin().await, right: Right::Role(Admin), held: false }];
    for role in Role::ALL {
        let token = app.user(&format!("{role:?}"), *role, Some("H16.18")).await;
        all.push(Caller { token, right: Right::Role(*role), held: true });
    }
    for scope in Scope::ALL {
        let token = office::client(app, scope.as_str(), Some("H16.18")).await;
        all.push(Caller { token, right: Right::Scope(*scope), held: true });
    }
    all
}

/// What is sent to a route.
struct Call<'a> {
    route: &'a str,
    path: String,
    body: Option<(&'static str, Vec<u8>)>,
}

impl<'a> Call<'a> {
    fn of(&(route, _, on, sent): &'a Row, place: &Place, new: usize) -> Self {
        let (method, path) = split(route);
        let shared = match path {
            _ if path.contains("/fields/") => "BTXH",
            _ if path.contains("/decisions/") => place.name(Decision),
            _ => "1.001739",
        };
        let shared = [shared.to_owned()];
        let names = if let One(thing) = on { place.names(thing) } else { &shared };
        let mut path = path.replace("{year}", "2030");
        for name in names {
            if let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                path.replace_range(from..=to, name);
            }
        }
        let known = [
            ("agency", place.agency),
            ("dossier", place.name(Dossier)),
            ("letter", place.name(Letter)),
            ("signed", place.name(Signed)),
        ];
        let mut sent = sent.replace("{new}", &format!("{new:06}"));
        for (name, value) in known {
            sent = sent.replace(&format!("{{{name}}}"), value);
        }
        if method == Method::GET {
            return Self { route, path: format!("{path}?{sent}"), body: None };
        }
        let kind = match sent.chars().next() {
            Some('<') => "application/xml",
            Some('%') => "application/pdf",
            None | Some('{') => "application/json",
            Some(_) => "text/csv",
        };
        let query = match kind {
            "application/pdf" => "?kind=component",
            _ if path.ends_with("/register") => MAPPING,
            _ => "",
        };
        Self {
            route,
            path: format!("{path}{query}"),
            body: Some((kind, sent.into_bytes())).filter(|(_, body)| !body.is_empty()),
        }
    }

    async fn send(&self, app: &TestApp, token: &str) -> Answer {
        let (method, _) = split(self.route);
        let (kind, body) = self.body.clone().unwrap_or(("application/json", Vec::new()));
        // What would be gone for the next caller is only tried: the version is not the present one.
        let gone = method == Method::DELETE || self.route.ends_with("/void");
        let headers = [("content-type", kind), ("if-match", if gone { "\"999\"" } else { "*" }), ATTACHED];
        app.bytes(method, &self.path, Some(token), &headers, body).await
    }

    /// The same with a body that cannot be read.
    fn broken(&self) -> Option<Self> {
        let (kind, _) = self.body.as_ref()?;
        Some(Self { route: self.route, path: self.path.clone(), body: Some((kind, b"{broken".to_vec())) })
    }
}

/// The status that a caller is refused with at a side; `None`: they may.
fn refusal(caller: &Caller, (_, who, on, _): &Row, place: &Place) -> Option<u16> {
    if !caller.is_among(*who) {
        return Some(403);
    }
    match on {
        Nothing | List(_) | Figures => None,
        All => caller.held.then_some(403),
        One(thing) => (!caller.reaches(place.agency, Some(*thing))).then_some(404),
        Body(status) => (!caller.reaches(place.agency, Some(Dossier))).then_some(*status),
    }
}

/// Not a refusal by right, nor for a body or parameters that were not in order.
fn is_let_in(answer: &Answer) -> bool {
    let ill_formed = matches!(answer.status.as_u16(), 400 | 401 | 403 | 404 | 415 | 428 | 500..);
    !ill_formed && !matches!(answer.problem_code().as_str(), "validation" | "unknown_member" | "missing_member")
}

story!(every_right_on_every_route_from_every_side, |app| {
    let mut places = furnish(app).await;
    let callers = callers(app).await;
    let admin = app.admin().await;
    let mut new = 0;
    // Signing out comes last: it ends the token.
    let (last, rest): (Vec<&Row>, Vec<&Row>) = rows().partition(|row| row.0.starts_with("DELETE /v1/sessions"));
    for row in rest.into_iter().chain(last) {
        let (route, who, on, _) = row;
        for caller in &callers {
            for place in &mut places {
                if matches!(on, Nothing | List(_) | Figures) && place.agency != "H16.18" {
                    continue;
                }
                let refused = refusal(caller, row, place);
                if route.ends_with("/remove") && refused.is_none() {
                    place.renew_file(app, &admin).await;
                }
                new += 1;
                let call = Call::of(row, place, new);
                let answer = call.send(app, &caller.token).await;
                let told = format!("{caller}: {route} of {}: {} {}", place.agency, answer.status, answer.text);
                match refused {
                    Some(status) => assert_eq!(answer.status.as_u16(), status, "{told}"),
                    None => assert!(is_let_in(&answer), "{told}"),
                }
                // The refusal comes before the body, unless it is for what only the body names.
                let Some(broken) = call.broken() else { continue };
                let answer = broken.send(app, &caller.token).await;
                let status = answer.status.as_u16();
                let told = format!("{caller}: broken {route} of {}: {status} {}", place.agency, answer.text);
                match refused {
                    Some(expected) if !matches!(on, Body(_)) || !caller.is_among(*who) => {
                        assert_eq!(status, expected, "{told}");
                    }
                    _ => assert!(!matches!(status, 401 | 403 | 404 | 500..), "{told}"),
                }
            }
        }
    }
});

/// Whether an answer speaks of an object.
fn tells_of(answer: &Answer, thing: Thing, place: &Place) -> bool {
    let name = place.name(thing);
    answer.text.contains(&if thing == Agency { format!("\"code\":\"{name}\"") } else { format!("\"{name}\"") })
}

story!(every_list_holds_what_is_in_reach_and_nothing_else, |app| {
    let places = furnish(app).await;
    let by_agency: BTreeSet<String> = operations()
        .into_iter()
        .filter(|(_, operation)| {
            operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "agency"))
        })
        .map(|(route, _)| route)
        .collect();
    for caller in callers(app).await {
        for row in rows().filter(|(_, who, on, _)| matches!(on, List(_) | Figures) && caller.is_among(*who)) {
            let (route, _, on, _) = row;
            let listed = Call::of(row, &places[1], 0).send(app, &caller.token).await;
            listed.expect_bytes(200);
            // Neither of these names things: one is of dossiers due soon, one of what nobody did.
            if let (List(thing), false) = (on, route.ends_with("due-soon") || route.ends_with("audit")) {
                for place in &places {
                    let expected = caller.reaches(place.agency, Some(*thing));
                    assert_eq!(
                        tells_of(&listed, *thing, place),
                        expected,
                        "{caller}: {route} of {}: {}",
                        place.agency,
                        listed.text
                    );
                }
            }
            if !by_agency.contains(*route) {
                continue;
            }
            for place in &places {
                let mut call = Call::of(row, place, 0);
                call.path = format!("{}&agency={}", call.path, place.agency);
                let answer = call.send(app, &caller.token).await;
                let inside = caller.reaches(place.agency, None);
                let told = format!("{caller}: {route} of {}: {} {}", place.agency, answer.status, answer.text);
                assert_eq!(answer.status.as_u16(), if inside { 200 } else { 404 }, "{told}");
            }
        }
    }
});
