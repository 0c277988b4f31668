//! What the API document says of every operation, once: the problems that follow from what kind of operation it is.

use std::collections::HashMap;
use std::sync::OnceLock;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Deprecated, HttpMethod, OpenApi, Ref, RefOr, Required, ResponseBuilder};

use super::call::ON_BEHALF_OF;
use super::replica;
use super::retiring::{self, Retiring};

/// The media type of problems.
const PROBLEM: &str = "application/problem+json";
/// The one operation whose errors are no problems but OAuth's own; it may be unavailable like all others.
const OAUTH: &str = "/oauth/token";

/// Completes the document of the handlers: what they do not name themselves is added, problems have
/// their media type, and what is on its way out is marked so.
pub(in crate::http) fn completed(mut document: OpenApi, table: &[Retiring]) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            if retiring::entry(table, path).is_some() {
                operation.deprecated = Some(Deprecated::True);
            }
            // Citizens, who have no desk, are under this path.
            if operation.security.is_none() && !path.starts_with("/v1/my/") {
                operation.parameters.get_or_insert_default().push(on_behalf_of());
            }
            if replica::may_lag(&actix_web::http::Method::GET, path) && method == HttpMethod::Get {
                operation.parameters.get_or_insert_default().extend(replica::parameters());
            }
            for (status, description) in common(path, &method, operation) {
                let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
                let problem = ResponseBuilder::new().description(description).content(PROBLEM, content);
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| problem.build().into());
            }
            if path != OAUTH {
                name_media_type(operation);
            }
        }
    }
    document
}

/// The header by which a stand-in acts; every signed-in call takes it.
fn on_behalf_of() -> RefOr<Parameter> {
    const TEXT: &str = "Name of an absent officer for whom the caller stands in by a mandate in force today: the request is \
        made with that person's role and agency, and recorded as on behalf of them. A name that is not ASCII as RFC 8187 \
        writes it (`UTF-8''L%C3%A2n`)";
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let header = ParameterBuilder::new().name(ON_BEHALF_OF).parameter_in(ParameterIn::Header).required(Required::False);
    header.description(Some(TEXT)).schema(Some(schema)).build().into()
}

/// The methods that a route has, with commas between; what the document does not name is only looked at.
pub(in crate::http) fn methods(pattern: &str) -> String {
    static METHODS: OnceLock<HashMap<String, String>> = OnceLock::new();
    let known = METHODS.get_or_init(|| {
        let paths = super::openapi().paths.paths.into_iter();
        paths
            .map(|(path, item)| {
                let all = [
                    ("GET", &item.get),
                    ("PUT", &item.put),
                    ("POST", &item.post),
                    ("PATCH", &item.patch),
                    ("DELETE", &item.delete),
                ];
                let there: Vec<&str> =
                    all.into_iter().filter_map(|(name, operation)| operation.as_ref().map(|_| name)).collect();
                (path, there.join(", "))
            })
            .collect()
    });
    known.get(pattern).map_or_else(|| "GET".to_owned(), String::clone)
}

/// The problems of an operation of this kind.
fn common(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let is_signed_in = operation.security.is_none();
    let has_body = operation.request_body.is_some();
    let is_write = !matches!(method, HttpMethod::Get);
    let is_part = path.contains('{');
    let mut parameters = operation.parameters.iter().flatten();
    let is_queried =
        parameters.any(|parameter| matches!(parameter, RefOr::T(found) if found.parameter_in == ParameterIn::Query));
    let all = [
        ("400", "The body, a parameter or a header cannot be read", is_signed_in || has_body),
        ("401", "Not signed in", is_signed_in),
        ("403", "Not for this role or these scopes", is_signed_in),
        ("404", "Not there, or another agency's", is_signed_in && is_part),
        ("408", "Nothing more of the body came for too long", has_body),
        ("409", "In conflict with where it stands, or with another request", is_signed_in && is_write),
        ("412", "Changed since it was read", is_signed_in && is_write && is_part),
        ("413", "The body is too large", has_body),
        ("415", "The body is not of this media type", has_body),
        ("422", "What can be read is refused", is_signed_in && (is_write || is_queried)),
        ("428", "If-Match is required", is_signed_in && matches!(method, HttpMethod::Put | HttpMethod::Patch)),
        ("503", "Busy; ask again as Retry-After says", is_signed_in || has_body),
    ];
    let holds = all.into_iter().filter(|(_, _, holds)| *holds);
    holds.filter(|(status, ..)| path != OAUTH || *status == "503").map(|(status, text, _)| (status, text)).collect()
}

/// Problems have a media type of their own, which the annotations of handlers cannot know.
fn name_media_type(operation: &mut Operation) {
    let responses = operation.responses.responses.iter_mut();
    for (_, response) in responses.filter(|(status, _)| status.starts_with(['4', '5'])) {
        let RefOr::T(response) = response else { continue };
        if let Some(content) = response.content.shift_remove("application/json") {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
}
