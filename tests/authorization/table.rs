//! Every route with who may call it, on what, and what is sent.

use motcua::domain::vocabulary::Role::{self, Admin, Auditor, FrontDesk, Leader, Officer};
use motcua::domain::vocabulary::Scope::{
    self, DocumentsExchange, DossiersRead, DossiersWrite, PortalSync, StatisticsRead,
};

use crate::support::places::Thing;

/// Routes that ask for no token: health, sessions, tokens, and the public ones.
pub(crate) const OPEN: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "POST /v1/sessions",
    "POST /v1/sessions/refresh",
    "POST /v1/page-session",
    "POST /v1/page-session/renew",
    "POST /oauth/token",
    "GET /v1/public/dossiers/{code}",
    "POST /v1/public/dossiers/{code}/rating",
    "POST /v1/public/feedback",
    "GET /v1/public/feedback/{id}",
    "GET /v1/public/procedures",
    "GET /v1/public/procedures/{code}",
    "GET /v1/public/processing-times.csv",
];

/// Roles of people, scopes of machines.
pub(crate) type Who = (&'static [Role], &'static [Scope]);
const ANYONE: Who = (Role::ALL, Scope::ALL);
const PERSON: Who = (Role::ALL, &[]);
const SEE: Who = (Role::ALL, &[DossiersRead, DossiersWrite]);
const COUNT: Who = (Role::ALL, &[StatisticsRead]);
const ATTEND: Who = (&[FrontDesk, Officer, Leader, Admin], &[]);
const HANDLE: Who = (&[FrontDesk, Officer, Leader, Admin], &[DossiersWrite]);
const EXCHANGE: Who = (&[Leader, Admin], &[DocumentsExchange]);
const RELAY: Who = (&[Admin], &[PortalSync]);
const RESOLVE: Who = (&[Officer, Leader, Admin], &[DossiersWrite]);
const DRAFT: Who = (&[Officer, Leader, Admin], &[]);
const LEAD: Who = (&[Leader, Admin], &[]);
const ADMIN: Who = (&[Admin], &[]);
/// Citizens alone, whom the OpenID provider vouches for: for them every route is walked in tests/api/my_dossiers.rs.
const CITIZEN: Who = (&[], &[]);
const INSPECT: Who = (&[Auditor, Admin], &[]);

/// What a route is about, and what who is entitled to it meets outside their reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
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
    Agency, Asked, Client, Consultation, Delivery, Dossier, Fee, Feedback, File, HandOff, Letter, Mandate, Notice,
    OwnConsultation, OwnPart, Part, Payment, Plan, Rating, Refused, Report, Signed, Stopped, Task, Transfer, User,
    Visit, Warning, Webhook,
};

/// Route; who may; on what; the query, or the body, that is right for it. In these, `{agency}`, `{dossier}`, `{letter}`
/// and `{signed}` are those of the side called at, `{new}` is a number that was never used.
pub(crate) type Row = (&'static str, Who, On, &'static str);

/// The contract's role table (section 2), route by route.
#[rustfmt::skip]
pub(crate) const TABLE: &[&[Row]] = &[
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
        ("POST /v1/imports/register",                           ADMIN,    Nothing,       "TT,Họ tên"),
        ("POST /v1/dossiers/search",                            SEE,      Nothing,       r#"{"q": "A"}"#),
        ("POST /v1/dossiers/duplicates",                        HANDLE,   Nothing,       r#"{"procedure": "1.001739", "applicant": {"identity_no": "000000000001"}}"#),
        ("POST /v1/dossiers/transitions",                       HANDLE,   Nothing,       r#"{"items": [{"code": "{dossier}", "to": "returned"}]}"#),
        ("GET /v1/worklist",                                    SEE,      List(Dossier), "assignee=none"),
        ("GET /v1/hand-offs",                                   SEE,      List(HandOff), ""),
        ("GET /v1/dossiers/{code}/hand-offs",                   SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/hand-offs",                  HANDLE,   One(Dossier),  "{}"),
        ("POST /v1/dossiers/{code}/hand-offs/{id}/confirm",     HANDLE,   One(HandOff),  "{}"),
        ("POST /v1/dossiers/{code}/hand-offs/{id}/decline",     HANDLE,   One(HandOff),  r#"{"reason": "x"}"#),
        ("POST /v1/dossiers/{code}/hand-offs/{id}/take-back",   HANDLE,   One(HandOff),  "{}"),
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
        ("GET /v1/warnings",                                    SEE,      List(Warning), ""),
        ("GET /v1/warnings/{id}",                               SEE,      One(Warning),  ""),
        ("POST /v1/warnings/{id}/acknowledge",                  DRAFT,    One(Warning),  "{}"),
        ("GET /v1/ioffice/documents",                           EXCHANGE, List(Signed),  ""),
        ("GET /v1/ioffice/documents/{id}/packet.edxml",         EXCHANGE, One(Signed),   ""),
        ("POST /v1/ioffice/documents/{id}/result",              EXCHANGE, One(Signed),   r#"{"result": "trace"}"#),
        ("POST /v1/ioffice/packets",                            EXCHANGE, Body(422),     STATUS_PACKET),
    ],
    &[ // Between agencies
        ("GET /v1/dossiers/{code}/transfers",                   SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/transfers",                  HANDLE,   One(Dossier),  "{}"),
        ("POST /v1/dossiers/{code}/transfers/{id}/confirm",     RESOLVE,  One(Transfer), "{}"),
        ("GET /v1/transfers",                                   SEE,      List(Transfer), ""),
        ("GET /v1/statistics/transfers",                        COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/dossiers/{code}/consultations",               SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/consultations",              DRAFT,    One(Dossier),  r#"{"agency": "H16.19", "question": "x", "rule": {"amount": 3, "unit": "working_day"}}"#),
        ("GET /v1/consultations",                               SEE,      List(Consultation), "limit=200"),
        ("GET /v1/consultations/{id}",                          SEE,      One(Consultation), ""),
        ("POST /v1/consultations/{id}/answer",                  DRAFT,    One(Consultation), r#"{"text": "x"}"#),
        ("POST /v1/consultations/{id}/withdraw",                DRAFT,    One(OwnConsultation), r#"{"reason": "x"}"#),
        ("GET /v1/statistics/consultations",                    COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/dossiers/{code}/parts",                       SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/parts",                      DRAFT,    One(Dossier),  r#"{"agency": "H16.19", "name": "x", "rule": {"amount": 3, "unit": "working_day"}}"#),
        ("GET /v1/parts",                                       SEE,      List(Part),    "limit=200"),
        ("GET /v1/parts/{id}",                                  SEE,      One(Part),     ""),
        ("POST /v1/parts/{id}/finish",                          DRAFT,    One(Part),     "{}"),
        ("POST /v1/parts/{id}/withdraw",                        DRAFT,    One(OwnPart),  r#"{"reason": "x"}"#),
        ("GET /v1/statistics/parts",                            COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
    ],
    &[ // Fees
        ("GET /v1/dossiers/{code}/fees",                        SEE,      One(Dossier),  ""),
        ("POST /v1/dossiers/{code}/fees",                       HANDLE,   One(Dossier),  r#"{"fees": [{"name": "x", "kind": "charge", "amount": 1000}]}"#),
        ("POST /v1/dossiers/{code}/fees/{id}/exempt",           DRAFT,    One(Fee),      r#"{"reason": "x"}"#),
        ("POST /v1/dossiers/{code}/payments",                   HANDLE,   One(Dossier),  r#"{"reference": "{dossier}-P1", "amount": 1000, "method": "cash", "receipt_number": "{new}"}"#),
        ("POST /v1/dossiers/{code}/payments/{id}/refund",       DRAFT,    One(Payment),  r#"{"reason": "x"}"#),
        ("GET /v1/statistics/fees",                             COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
    ],
    &[ // Feedback, ratings, reception
        ("GET /v1/feedback",                                    PERSON,   List(Feedback), ""),
        ("POST /v1/feedback",                                   ATTEND,   Body(404),     r#"{"agency": "{agency}", "kind": "feedback", "channel": "direct", "content": "x"}"#),
        ("GET /v1/feedback/{id}",                               PERSON,   One(Feedback), ""),
        ("PATCH /v1/feedback/{id}",                             ATTEND,   One(Feedback), r#"{"note": "x"}"#),
        ("POST /v1/feedback/{id}/transitions",                  ATTEND,   One(Feedback), r#"{"to": "processing"}"#),
        ("GET /v1/statistics/feedback",                         COUNT,    Figures,       "period=2026-Q1"),
        ("GET /v1/ratings",                                     PERSON,   List(Rating),  ""),
        ("GET /v1/statistics/ratings",                          COUNT,    Figures,       "period=2026-Q1"),
        ("GET /v1/reception-visits",                            PERSON,   List(Visit),   ""),
        ("POST /v1/reception-visits",                           ATTEND,   Body(404),     r#"{"agency": "{agency}", "visited_on": "2026-03-10", "session": "regular", "received_by": {"name": "A"}, "people": 1, "subjects": ["petition"], "content": "x", "outcome": "explained"}"#),
        ("GET /v1/reception-visits/{id}",                       PERSON,   One(Visit),    ""),
        ("PATCH /v1/reception-visits/{id}",                     ATTEND,   One(Visit),    r#"{"note": "x"}"#),
        ("GET /v1/statistics/reception",                        COUNT,    Figures,       "period=2026-Q1"),
    ],
    &[ // Plans
        ("GET /v1/plans",                                       PERSON,   List(Plan),    ""),
        ("POST /v1/plans",                                      ADMIN,    Body(404),     r#"{"agency": "{agency}", "number": "{new}", "promulgated_on": "2026-01-05", "title": "x", "period": "2026"}"#),
        ("GET /v1/plans/{id}",                                  PERSON,   One(Plan),     ""),
        ("PATCH /v1/plans/{id}",                                ADMIN,    One(Plan),     r#"{"title": "x"}"#),
        ("POST /v1/plans/{id}/tasks",                           ADMIN,    One(Plan),     r#"{"title": "x", "due_on": "2026-06-30"}"#),
        ("GET /v1/plans/{id}/tasks/{task}",                     PERSON,   One(Task),     ""),
        ("PATCH /v1/plans/{id}/tasks/{task}",                   LEAD,     One(Task),     r#"{"officer": "A"}"#),
        ("POST /v1/plans/{id}/tasks/{task}/notes",              DRAFT,    One(Task),     r#"{"text": "x"}"#),
        ("POST /v1/plans/{id}/tasks/{task}/complete",           LEAD,     One(Task),     "{}"),
        ("GET /v1/plan-tasks",                                  PERSON,   List(Task),    "limit=200"),
        ("GET /v1/statistics/plan-tasks",                       COUNT,    Figures,       "period=2026-Q1"),
    ],
    &[ // The national portal
        ("GET /v1/portal/dossiers",                             RELAY,    List(Dossier), "limit=200"),
        ("GET /v1/portal/exchange",                             ADMIN,    Figures,       "limit=200"),
        ("POST /v1/portal/exchange/replay",                     ADMIN,    Nothing,       "{}"),
        ("POST /v1/portal/exchange/{code}/replay",              ADMIN,    One(Dossier),  "{}"),
    ],
    &[ // Figures
        ("GET /v1/statistics",                                  COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/statistics/today",                            COUNT,    Figures,       ""),
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
        ("GET /v1/reports/reform",                              COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/reform.docx",                         COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/reform.pdf",                          COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register",                            SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register.xlsx",                       SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/letters.xlsx",                        SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/reports/register.pdf",                        SEE,      Figures,       "from=2026-03-01&to=2026-03-31"),
        ("POST /v1/reports/check",                              COUNT,    Nothing,       r#"{"online": 0, "direct_postal": 0, "carried_over": 0, "early_or_on_time": 0, "late": 0, "within": 0, "overdue": 0}"#),
    ],
    &[ // Calendar, agencies, catalogue
        ("GET /v1/deadline",                                    ANYONE,   Nothing,       "agency=H16.19&received_at=2026-03-02T09:00:00%2B07:00&amount=5&unit=working_day"),
        ("GET /v1/calendar",                                    ANYONE,   Nothing,       ""),
        ("GET /v1/calendar/{year}",                             ANYONE,   Nothing,       ""),
        ("POST /v1/calendar/{year}/preview",                    ADMIN,    All,           r#"{"days": []}"#),
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
        ("GET /v1/procedures.xlsx",                             ANYONE,   Nothing,       ""),
        ("GET /v1/procedures.csv",                              ANYONE,   Nothing,       ""),
        ("POST /v1/procedures/import",                          ADMIN,    All,           "code,name\n1.001739,A"),
        ("GET /v1/decisions",                                   ANYONE,   Nothing,       ""),
        ("POST /v1/decisions",                                  ADMIN,    All,           r#"{"number": "{new}", "decided_on": "2026-03-10", "issuer": "A", "items": [{"change": "amended", "procedure": "1.001739", "effective_on": "2026-03-02"}]}"#),
        ("GET /v1/decisions/{id}",                              ANYONE,   Nothing,       ""),
        ("GET /v1/catalogue-changes",                           ANYONE,   Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/statistics/catalogue",                        COUNT,    Figures,       "from=2026-03-01&to=2026-03-31"),
        ("GET /v1/procedures/{code}",                           ANYONE,   Nothing,       ""),
        ("PUT /v1/procedures/{code}",                           ADMIN,    All,           r#"{"name": "A", "field": "BTXH", "level": "province", "online_level": "full", "rule": {"amount": 5, "unit": "working_day", "on_supplement": "restart"}}"#),
    ],
    &[ // Accounts and the audit log
        ("GET /v1/users",                                       ADMIN,    List(User),    ""),
        ("POST /v1/users",                                      ADMIN,    Body(422),     r#"{"username": "cb{new}", "password": "hồ sơ một cửa", "role": "officer", "agency": "{agency}"}"#),
        ("GET /v1/users/{id}",                                  ADMIN,    One(User),     ""),
        ("PATCH /v1/users/{id}",                                ADMIN,    One(User),     r#"{"disabled": false}"#),
        ("POST /v1/users/{id}/password",                        ADMIN,    One(User),     r#"{"password": "hồ sơ một cửa"}"#),
        ("GET /v1/mandates",                                    PERSON,   List(Mandate), ""),
        ("POST /v1/mandates",                                   LEAD,     Body(422),     r#"{"absent": "cb.{agency}", "stand_in": "tt.{agency}", "from": "2026-03-11", "to": "2026-03-12", "reason": "x"}"#),
        ("GET /v1/mandates/{id}",                               PERSON,   One(Mandate),  ""),
        ("POST /v1/mandates/{id}/revoke",                       LEAD,     One(Mandate),  "{}"),
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
