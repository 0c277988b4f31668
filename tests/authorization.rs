//! Who may call what: every route of the API document, walked as nobody, as every role and as every scope, from all sides.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fmt;

use motcua::domain::vocabulary::Role::{self, Admin, Auditor, FrontDesk, Leader, Officer};
use motcua::domain::vocabulary::Scope::{
    self, DocumentsExchange, DossiersRead, DossiersWrite, PortalSync, StatisticsRead,
};
use reqwest::Method;
use serde_json::Value;

use support::places::{ATTACHED, Place, Thing, furnish};
use support::{Answer, TestApp, office};

/// Routes that ask for no token: health, sessions, tokens, and the public ones.
const OPEN: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "POST /v1/sessions",
    "POST /v1/sessions/refresh",
    "POST /v1/page-session",
    "POST /v1/page-session/renew",
    "POST /oauth/token",
    "GET /v1/public/dossiers/{code}",
];

/// Roles of people, scopes of machines.
type Who = (&'static [Role], &'static [Scope]);
const ANYONE: Who = (Role::ALL, Scope::ALL);
const PERSON: Who = (Role::ALL, &[]);
const SEE: Who = (Role::ALL, &[DossiersRead, DossiersWrite]);
const COUNT: Who = (Role::ALL, &[StatisticsRead]);
const HANDLE: Who = (&[FrontDesk, Officer, Leader, Admin], &[DossiersWrite]);
const EXCHANGE: Who = (&[Leader, Admin], &[DocumentsExchange]);
const RELAY: Who = (&[Admin], &[PortalSync]);
const DRAFT: Who = (&[Officer, Leader, Admin], &[]);
const LEAD: Who = (&[Leader, Admin], &[]);
const ADMIN: Who = (&[Admin], &[]);
/// Citizens alone, whom the OpenID provider vouches for: for them every route is walked in tests/api/my_dossiers.rs.
const CITIZEN: Who = (&[], &[]);
const INSPECT: Who = (&[Auditor, Admin], &[]);

/// What a route is about, and what who is entitled to it meets outside their reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// Nothing of any agency: the same on all sides.
    Nothing,
    /// What holds for all agencies: 403 for who is held to one.
    All,
    /// An object in the path: 404.
    One(Thing),
    /// An agency, or an object, in the body: this status.
    Body(u16),
    /// A list: what is outside is not in it, and `agency=` of an outsider is 404.
    List(Thing),
    /// Figures, or a paper of many dossiers: `agency=` of an outsider is 404; for what is in it see tests/api/doors_*.rs.
    Figures,
}
use On::{All, Body, Figures, List, Nothing, One};
use Thing::{
    Agency, Asked, Client, Delivery, Dossier, File, Letter, Notice, Refused, Report, Signed, Stopped, User, Webhook,
};

/// Route; who may; on what; the query, or the body, that is right for it. In these, `{agency}`, `{dossier}`, `{letter}`
/// and `{signed}` are those of the side called at, `{new}` is a number that was never used.
type Row = (&'static str, Who, On, &'static str);

/// The contract's role table (section 2), route by route.
#[rustfmt::skip]
const TABLE: &[&[Row]] = &[
    &[ // The caller
        ("GET /v1/me",                                          ANYONE,   Nothing,       ""),
        ("POST /v1/me/password",                                PERSON,   Nothing,       r#"{"current": "mật khẩu sai", "new": "hồ sơ một cửa"}"#),
        ("GET /v1/page-session",                                PERSON,   Nothing,       ""),
        ("DELETE /v1/sessions/current",                         PERSON,   Nothing,       ""),
    ],
    &[ // Dossiers
        ("GET /v1/dossiers",                                    SEE,      List(Dossier), ""),
        ("POST /v1/dossiers",                                   HANDLE,   Body(403),     r#"{"procedure": "1.001739", "agency": "{agency}", "channel": "direct", "applicant": {"kind": "citizen", "name": "A"}}"#),
        ("GET /v1/dossiers/{code}",                             SEE,      One(Dossier),  ""),
        ("PATCH /v1/dossiers/{code}",                           HANDLE,   One(Dossier),  r#"{"note": "x"}"#),
        ("GET /v1/dossiers/{code}/deadline",                    SEE,      One(Dossier),  ""),
        ("GET /v1/dossiers/{code}/timeline",                    SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/transitions",                HANDLE,   One(Dossier),  r#"{"to": "returned"}"#),
        ("POST /v1/dossiers/{code}/correct",                    LEAD,     One(Dossier),  r#"{"reason": "x", "channel": "postal"}"#),
        ("POST /v1/dossiers/{code}/void",                       LEAD,     One(Refused),  r#"{"reason": "x"}"#),
        ("POST /v1/imports",                                    ADMIN,    Nothing,       r#"{"procedure": "1.001739", "agency": "H16.18", "channel": "direct", "applicant": {"kind": "citizen", "name": "A"}}"#),
        ("POST /v1/dossiers/search",                            SEE,      Nothing,       r#"{"q": "A"}"#),
        ("POST /v1/data-subjects/extract",                      ADMIN,    Nothing,       r#"{"phone": "0900000000", "reason": "x"}"#),
        ("GET /v1/changes",                                     SEE,      List(Dossier), "limit=200"),
        ("GET /v1/board/stream",                                SEE,      Nothing,       "wait=0"),
    ],
    &[ // A citizen's own
        ("GET /v1/my/dossiers",                                 CITIZEN,  Nothing,       ""),
        ("GET /v1/my/dossiers/{code}",                          CITIZEN,  Nothing,       ""),
        ("GET /v1/my/dossiers/{code}/files/{id}/content",       CITIZEN,  Nothing,       ""),
    ],
    &[ // Papers and files
        ("GET /v1/dossiers/{code}/receipt.pdf",                 SEE,      One(Dossier),  ""),
        ("GET /v1/dossiers/{code}/supplement.pdf",              SEE,      One(Asked),    ""),
        ("GET /v1/dossiers/{code}/supplement.docx",             SEE,      One(Asked),    ""),
        ("GET /v1/dossiers/{code}/refusal.pdf",                 SEE,      One(Refused),  ""),
        ("GET /v1/dossiers/{code}/refusal.docx",                SEE,      One(Refused),  ""),
        ("GET /v1/dossiers/{code}/stop.pdf",                    SEE,      One(Stopped),  ""),
        ("GET /v1/dossiers/{code}/stop.docx",                   SEE,      One(Stopped),  ""),
        ("GET /v1/dossiers/{code}/control-slip.pdf",            SEE,      One(Dossier),  ""),
        ("GET /v1/dossiers/{code}/files",                       SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/files",                      HANDLE,   One(Dossier),  "%PDF-1.7"),
        ("GET /v1/dossiers/{code}/files/{id}",                  SEE,      One(File),     ""),
        ("GET /v1/dossiers/{code}/files/{id}/content",          SEE,      One(File),     ""),
        ("POST /v1/dossiers/{code}/files/{id}/remove",          DRAFT,    One(File),     r#"{"reason": "x"}"#),
    ],
    &[ // Letters
        ("POST /v1/dossiers/{code}/apology-letters",            DRAFT,    One(Dossier),  r#"{"kind": "lost"}"#),
        ("GET /v1/apology-letters",                             SEE,      List(Letter),  ""),
        ("POST /v1/apology-letters/bulk",                       DRAFT,    Nothing,       r#"{"letters": [{"id": "{letter}", "reason": "x"}]}"#),
        ("GET /v1/apology-letters/{id}",                        SEE,      One(Letter),   ""),
        ("GET /v1/apology-letters/{id}/letter.pdf",             SEE,      One(Letter),   ""),
        ("GET /v1/apology-letters/{id}/letter.docx",            SEE,      One(Letter),   ""),
        ("PATCH /v1/apology-letters/{id}",                      DRAFT,    One(Letter),   r#"{"reason": "x"}"#),
        ("POST /v1/apology-letters/{id}/submit",                DRAFT,    One(Letter),   "{}"),
        ("POST /v1/apology-letters/{id}/deliver",               DRAFT,    One(Letter),   r#"{"channel": "postal"}"#),
        ("POST /v1/apology-letters/{id}/issue",                 LEAD,     One(Letter),   r#"{"number": 1, "notation": "X", "promulgated_on": "2026-03-11", "signer": {"name": "A", "position": "B"}}"#),
        ("POST /v1/apology-letters/{id}/reject",                LEAD,     One(Letter),   r#"{"reason": "x"}"#),
        ("POST /v1/apology-letters/{id}/cancel",                LEAD,     One(Letter),   "{}"),
        ("GET /v1/apology-letters/{id}/exchange",               SEE,      One(Signed),   ""),
        ("GET /v1/apology-letters/{id}/signed",                 SEE,      One(Signed),   ""),
        ("GET /v1/ioffice/documents",                           EXCHANGE, List(Signed),  ""),
        ("GET /v1/ioffice/documents/{id}/packet.edxml",         EXCHANGE, One(Signed),   ""),
        ("POST /v1/ioffice/documents/{id}/result",              EXCHANGE, One(Signed),   r#"{"result": "trace"}"#),
        ("POST /v1/ioffice/packets",                            EXCHANGE, Body(422),     STATUS_PACKET),
    ],
    &[ // The national portal
        ("GET /v1/portal/dossiers",                             RELAY,    List(Dossier), "limit=200"),
        ("GET /v1/portal/exchange",                             ADMIN,    Figures,       "limit=200"),
        ("POST /v1/portal/exchange/replay",                     ADMIN,    Nothing,       "{}"),
        ("POST /v1/portal/exchange/{code}/replay",              ADMIN,    One(Dossier),  "{}"),
    ],
    &[ // Figures
        ("GET /v1/statistics",                                  COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/statistics/due-soon",                         SEE,      List(Agency),  ""),
        ("GET /v1/statistics/service-index",                    COUNT,    Figures,       "period=2026-M03"),
        ("GET /v1/reports",                                     COUNT,    List(Report),  ""),
        ("POST /v1/reports",                                    LEAD,     Body(404),     r#"{"kind": "06a", "agency": "{agency}", "period": "2025"}"#),
        ("GET /v1/reports/{id}",                                COUNT,    One(Report),   ""),
        ("GET /v1/reports/{id}/sheet.xlsx",                     COUNT,    One(Report),   ""),
        ("GET /v1/reports/{id}/drift",                          COUNT,    One(Report),   ""),
        ("GET /v1/reports/06a",                                 COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/06a.xlsx",                            COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/06a.csv",                             COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/06b",                                 COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/06b.xlsx",                            COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register",                            SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register.xlsx",                       SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/letters.xlsx",                        SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register.pdf",                        SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("POST /v1/reports/check",                              COUNT,    Nothing,       r#"{"online": 0, "direct_postal": 0, "carried_over": 0, "early_or_on_time": 0, "late": 0, "within": 0, "overdue": 0}"#),
    ],
    &[ // Calendar, agencies, catalogue
        ("GET /v1/deadline",                                    ANYONE,   Nothing,       "agency=H16.19&received_at=2026-03-02T09:00:00%2B07:00&amount=5&unit=working_day"),
        ("GET /v1/calendar/{year}",                             ANYONE,   Nothing,       ""),
        ("PUT /v1/calendar/{year}",                             ADMIN,    All,           r#"{"days": []}"#),
        ("POST /v1/calendar/recompute",                         ADMIN,    Nothing,       "{}"),
        ("GET /v1/agencies",                                    ANYONE,   List(Agency),  ""),
        ("POST /v1/agencies",                                   ADMIN,    Body(422),     r#"{"code": "{agency}.{new}", "name": "A", "level": "commune", "parent": "{agency}"}"#),
        ("GET /v1/agencies/{code}",                             ANYONE,   One(Agency),   ""),
        ("PATCH /v1/agencies/{code}",                           ADMIN,    One(Agency),   r#"{"phone": "113"}"#),
        ("GET /v1/agencies/{code}/hours",                       ANYONE,   One(Agency),   ""),
        ("PUT /v1/agencies/{code}/hours",                       ADMIN,    One(Agency),   r#"{"from": "2027-01-01", "weekdays": {"mon": [["07:30", "11:30"]]}}"#),
        ("GET /v1/agencies/{code}/closures",                    ANYONE,   One(Agency),   ""),
        ("POST /v1/agencies/{code}/closures",                   ADMIN,    One(Agency),   r#"{"date": "2026-12-04", "reason": "Bão"}"#),
        ("GET /v1/fields",                                      ANYONE,   Nothing,       ""),
        ("POST /v1/fields",                                     ADMIN,    All,           r#"{"code": "F{new}", "name": "A"}"#),
        ("GET /v1/fields/{code}",                               ANYONE,   Nothing,       ""),
        ("GET /v1/procedures",                                  ANYONE,   Nothing,       ""),
        ("POST /v1/procedures",                                 ADMIN,    All,           r#"{"code": "2.{new}", "name": "A", "field": "BTXH", "level": "province", "online_level": "full", "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}"#),
        ("GET /v1/procedures/{code}",                           ANYONE,   Nothing,       ""),
        ("PUT /v1/procedures/{code}",                           ADMIN,    All,           r#"{"name": "A", "field": "BTXH", "level": "province", "online_level": "full", "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}"#),
    ],
    &[ // Accounts and the audit log
        ("GET /v1/users",                                       ADMIN,    List(User),    ""),
        ("POST /v1/users",                                      ADMIN,    Body(422),     r#"{"username": "cb{new}", "password": "hồ sơ một cửa", "role": "officer", "agency": "{agency}"}"#),
        ("GET /v1/users/{id}",                                  ADMIN,    One(User),     ""),
        ("PATCH /v1/users/{id}",                                ADMIN,    One(User),     r#"{"disabled": false}"#),
        ("POST /v1/users/{id}/password",                        ADMIN,    One(User),     r#"{"password": "hồ sơ một cửa"}"#),
        ("GET /v1/clients",                                     ADMIN,    List(Client),  ""),
        ("POST /v1/clients",                                    ADMIN,    Body(422),     r#"{"name": "A", "scopes": ["dossiers:read"], "agency": "{agency}"}"#),
        ("GET /v1/clients/{id}",                                ADMIN,    One(Client),   ""),
        ("PATCH /v1/clients/{id}",                              ADMIN,    One(Client),   r#"{"name": "A"}"#),
        ("DELETE /v1/clients/{id}",                             ADMIN,    One(Client),   ""),
        ("POST /v1/clients/{id}/rotate-secret",                 ADMIN,    One(Client),   "{}"),
        ("GET /v1/audit",                                       INSPECT,  List(Agency),  "action=GET%20/nowhere"),
    ],
    &[ // Webhooks and notices
        ("GET /v1/webhooks",                                    ADMIN,    List(Webhook), ""),
        ("POST /v1/webhooks",                                   ADMIN,    Body(422),     r#"{"url": "http://127.0.0.1:9/", "events": ["*"], "agency": "{agency}"}"#),
        ("GET /v1/webhooks/{id}",                               ADMIN,    One(Webhook),  ""),
        ("PATCH /v1/webhooks/{id}",                             ADMIN,    One(Webhook),  r#"{"description": "x"}"#),
        ("DELETE /v1/webhooks/{id}",                            ADMIN,    One(Webhook),  ""),
        ("POST /v1/webhooks/{id}/rotate-secret",                ADMIN,    One(Webhook),  "{}"),
        ("POST /v1/webhooks/{id}/test",                         ADMIN,    One(Webhook),  "{}"),
        ("GET /v1/webhooks/{id}/deliveries",                    ADMIN,    One(Webhook),  ""),
        ("POST /v1/webhooks/{id}/deliveries/{delivery}/replay", ADMIN,    One(Delivery), "{}"),
        ("POST /v1/webhooks/{id}/replay",                       ADMIN,    One(Webhook),  r#"{"since": "2026-03-01T00:00:00+07:00"}"#),
        ("GET /v1/notices",                                     ADMIN,    List(Notice),  ""),
    ],
];

/// The e-office received the letter of this side.
const STATUS_PACKET: &str = "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"><edXMLEnvelope><edXMLHeader><MessageHeader>\
    <From><OrganId>H16</OrganId></From><ResponseFor><OrganId>{agency}</OrganId><DocumentId>{agency},2026/03/11,0/{signed}</DocumentId></ResponseFor>\
    <StatusCode>01</StatusCode><Description>x</Description><Timestamp>2026/03/11 08:00:00</Timestamp></MessageHeader></edXMLHeader></edXMLEnvelope></edXML>";

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
        let shared = [if path.contains("/fields/") { "BTXH" } else { "1.001739" }.to_owned()];
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
            _ => "application/json",
        };
        let query = if kind == "application/pdf" { "?kind=component" } else { "" };
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
