//! What of the API is on its way out: the one table that answers and the API document speak from.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use chrono::DateTime;

/// A route that has a successor. Instants are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retiring {
    /// Pattern of the route, e.g. `/v1/dossiers/{code}`.
    pub route: &'static str,
    /// Since when it is not to be built upon any more.
    pub since: i64,
    /// When it goes.
    pub sunset: i64,
    /// Where its successor is described or found.
    pub successor: &'static str,
}

/// All of version 1 is here to stay.
pub const RETIRING: &[Retiring] = &[];

/// The entry of a route.
pub(in crate::http) fn entry<'a>(table: &'a [Retiring], route: &str) -> Option<&'a Retiring> {
    table.iter().find(|retiring| retiring.route == route)
}

/// Says of an answer that its route is on its way out: since when (RFC 9745), until when (RFC 8594) and what comes instead.
pub(in crate::http) fn mark(headers: &mut HeaderMap, table: &[Retiring], route: &str) {
    let Some(Retiring { since, sunset, successor, .. }) = entry(table, route) else { return };
    let sunset = DateTime::from_timestamp(*sunset, 0).map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let told = [
        (HeaderName::from_static("deprecation"), Some(format!("@{since}"))),
        (HeaderName::from_static("sunset"), sunset),
        (LINK, Some(format!("<{successor}>; rel=\"successor-version\""))),
    ];
    for (name, value) in told {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.append(name, value);
        }
    }
}
