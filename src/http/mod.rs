//! The API, thin: extract, call, present; one file per resource, one table of errors.

pub mod address;
pub mod admission;
mod audit;
pub mod call;
mod caller;
pub mod callers;
mod disposition;
mod document;
pub mod edges;
pub mod fields;
pub mod gauges;
pub mod idempotency;
pub mod incoming;
pub mod input;
mod lean;
pub mod leave;
pub mod limits;
pub mod lookup_key;
pub mod middleware;
pub mod openid;
mod page;
pub mod problem;
mod reach;
mod replica;
pub mod retiring;
pub mod schema;
pub mod texts;
pub mod timeline;
pub mod tokens;

mod bulk;
pub mod changes;
pub mod corrections;
mod counted;
pub mod dossier_body;
pub mod dossier_view;
pub mod dossiers;
pub mod duplicates;
pub mod errands;
pub mod fees;
pub mod files;
pub mod frozen_reports;
pub mod hand_offs;
pub mod imports;
pub mod letters;
pub mod letters_bulk;
pub mod papers;
pub mod reform;
pub mod register;
pub mod register_import;
pub mod reports;
pub mod search;
pub mod service_index;
pub mod statistics;
pub mod today;
pub mod transfers;
pub mod transitions_bulk;
pub mod warnings;
pub mod worklist;

pub mod exchange_log;
pub mod ioffice;

pub mod agencies;
pub mod calendar;
pub mod catalogue;
pub mod catalogue_figures;
pub mod catalogue_import;
pub mod data_subjects;
pub mod deadlines;
pub mod decisions;
pub mod procedure_body;
mod rung_body;

pub mod notices;
pub mod portal;
pub mod webhooks;

pub mod citizen;
pub mod feedback;
pub mod feedback_statistics;
mod figures;
pub mod my_dossiers;
pub mod plans;
pub mod public;
pub mod public_catalogue;
pub mod ratings;
pub mod reception;
pub mod tasks;

pub mod public_feedback;

pub mod board;
pub mod page_session;
pub mod pages;

pub mod accounts;
pub mod audit_log;
pub mod clients;
pub mod mandates;
pub mod oauth;
pub mod sessions;
pub mod system;

use std::sync::OnceLock;

use actix_web::dev::{ServiceFactory, ServiceRequest};
use actix_web::http::header::HeaderName;
use actix_web::web::{self, Data};
use actix_web::{App, Error};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::ambient::Ambient;
use crate::documents::press::Press;
use crate::files::Files;
use crate::storage::Db;
use edges::Edges;
use idempotency::Running;
use lookup_key::LookupKey;
use tokens::TokenKey;

/// The limits of a route, and what is left of them.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What every handler stands on.
pub struct AppState {
    /// The database.
    pub db: Db,
    /// Lets so many at a time ask it.
    pub admission: admission::Gate,
    /// Who called lately.
    pub callers: callers::Callers,
    /// Clock, zone and chance.
    pub ambient: Ambient,
    /// Signs access tokens.
    pub tokens: TokenKey,
    /// Keyed requests under way.
    pub running: Running,
    /// Takes files in and gives them out.
    pub files: Files,
    /// The text of the API document, once somebody asked for it.
    pub document: OnceLock<web::Bytes>,
    /// Renders what is counted and timed for `/metrics`.
    pub metrics: PrometheusHandle,
    /// Reads what else it tells.
    pub gauges: gauges::Gauges,
    /// Prints papers.
    pub press: Press,
    /// Address below which applicants look dossiers up.
    pub public_url: Option<String>,
    /// Whether webhooks may call private addresses.
    pub webhook_private: bool,
    /// Makes and checks the secrets of the public look-up.
    pub lookup: LookupKey,
    /// How often the public look-up may be asked.
    pub limits: public::Limits,
    /// What the national portal is told by.
    pub portal: portal::PortalState,
    /// The catalogue as everybody sees it.
    pub catalogue: public_catalogue::PublicCatalogue,
    /// How the service deals with the outside.
    pub edges: Edges,
    /// In how many working days feedback is to be answered.
    pub feedback_days: u32,
    /// What moves on the boards.
    pub board: board::Board,
    /// Whether this process is about to stop.
    pub leave: leave::Leave,
    /// Whose tokens are taken besides our own.
    pub openid: Option<openid::Provider>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "motcua",
        description = "Dossiers of one-stop shops: deadlines, states, counts, letters of apology.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    modifiers(&Bearer),
    security(("bearer" = [])),
    components(schemas(problem::ProblemBody))
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The routes of version 1, in the order of the document.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(sessions::routes)
        .configure(page_session::routes)
        .configure(oauth::routes)
        .configure(dossiers::routes)
        .configure(timeline::routes)
        .configure(search::routes)
        .configure(duplicates::routes)
        .configure(worklist::routes)
        .configure(transitions_bulk::routes)
        .configure(data_subjects::routes)
        .configure(corrections::routes)
        .configure(fees::routes)
        .configure(transfers::routes)
        .configure(hand_offs::routes)
        .configure(errands::routes)
        .configure(files::routes)
        .configure(imports::routes)
        .configure(register_import::routes)
        .configure(letters::routes)
        .configure(letters_bulk::routes)
        .configure(papers::routes)
        .configure(exchange_log::routes)
        .configure(ioffice::routes)
        .configure(changes::routes)
        .configure(board::routes)
        .configure(statistics::routes)
        .configure(today::routes)
        .configure(reports::routes)
        .configure(reform::routes)
        .configure(register::routes)
        .configure(frozen_reports::routes)
        .configure(service_index::routes)
        .configure(feedback::routes)
        .configure(feedback_statistics::routes)
        .configure(ratings::routes)
        .configure(reception::routes)
        .configure(plans::routes)
        .configure(warnings::routes)
        .configure(mandates::routes)
        .configure(tasks::routes)
        .configure(deadlines::routes)
        .configure(calendar::routes)
        .configure(agencies::routes)
        .configure(catalogue::routes)
        .configure(catalogue_import::routes)
        .configure(decisions::routes)
        .configure(catalogue_figures::routes)
        .configure(webhooks::routes)
        .configure(notices::routes)
        .configure(portal::routes)
        .configure(accounts::routes)
        .configure(public::routes)
        .configure(my_dossiers::routes)
        .configure(public_catalogue::routes)
        .configure(public_feedback::routes)
        .configure(clients::routes)
        .configure(audit_log::routes)
        .configure(system::routes);
}

/// The API document, made from the handlers themselves.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi_with(retiring::RETIRING)
}

/// The same, with these routes on their way out.
pub(in crate::http) fn openapi_with(table: &[retiring::Retiring]) -> utoipa::openapi::OpenApi {
    let (_, document) = App::new().into_utoipa_app().openapi(Document::openapi()).configure(routes).split_for_parts();
    document::completed(document, table)
}

/// The whole application.
pub fn app(
    state: Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse<actix_web::body::BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (app, _) = App::new().app_data(state).into_utoipa_app().configure(routes).split_for_parts();
    app.route("/openapi.json", web::get().to(system::document))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::new(["/openapi.json"])))
        .service(web::redirect("/docs", "/docs/"))
        .configure(pages::routes)
        .default_service(web::to(system::not_found))
        .wrap(actix_web::middleware::from_fn(admission::ticketed))
        .wrap(actix_web::middleware::from_fn(middleware::around))
        .wrap(actix_web::middleware::Compress::default())
        .wrap(actix_web::middleware::from_fn(admission::at_the_door))
        .wrap(actix_web::middleware::from_fn(edges::guard))
}
