//! Answers that cost no more than they must: not sent again to who has them, and compressed where that saves and harms nothing.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding, HeaderMap, HeaderValue, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpResponse};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::call::knows;
use crate::flow::accounts::hex;

/// Smaller answers fit into one packet as they are, in bytes.
const WORTH_COMPRESSING: u64 = 1_024;

/// What compresses well. Papers, sheets, packets and uploaded files are compressed in themselves or are what was kept, byte
/// for byte.
const COMPRESSIBLE: &[&str] = &[
    "application/json",
    "text/csv",
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "image/svg+xml",
];

/// When an answer was made, as far as it says so. It is no part of what it says.
#[derive(Deserialize)]
struct Made {
    as_of: Option<String>,
}

/// Gives every JSON answer to a GET that has no version a weak ETag by its content, and answers 304 to who has it already.
pub(in crate::http) fn spare(mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let is_read = answer.request().method() == Method::GET && answer.request().path().starts_with("/v1/");
    let is_plain = answer.status() == StatusCode::OK && !answer.headers().contains_key(ETAG);
    if !is_read || !is_plain || kind(answer.headers()) != "application/json" {
        return answer;
    }
    let mut tag = None;
    answer = answer.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => {
            tag = Some(tag_of(&bytes));
            BoxBody::new(bytes)
        }
        Err(streamed) => streamed,
    });
    let Some(tag) = tag else { return answer };
    if let Ok(value) = HeaderValue::from_str(&format!("W/{tag}")) {
        answer.headers_mut().insert(ETAG, value);
    }
    if !knows(answer.request().headers(), &tag) {
        return answer;
    }
    let mut unchanged = HttpResponse::NotModified().insert_header((VARY, "Accept-Encoding")).finish();
    for (name, value) in answer.headers() {
        if *name != CONTENT_TYPE {
            unchanged.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer.into_response(unchanged)
}

/// The tag of a JSON text. What was only made later and says the same is the same (RFC 9110, section 8.8.1, on weak tags):
/// figures as of now do not change with each second, and the links from figures to rows lead to those they were made of.
fn tag_of(bytes: &[u8]) -> String {
    let hash = |text: &[u8]| format!("\"{}\"", &hex(&Sha256::digest(text))[..32]);
    // Reading the whole text takes longer than hashing it, and few say when they were made.
    let Some(text) = str::from_utf8(bytes).ok().filter(|text| text.contains("\"as_of\"")) else { return hash(bytes) };
    let made = serde_json::from_str::<Made>(text).ok().and_then(|made| made.as_of);
    match made.filter(|made| !made.is_empty()) {
        Some(made) => hash(text.replace(&made, "").replace(&made.replace('+', "%2B"), "").as_bytes()),
        None => hash(bytes),
    }
}

/// Whoever refuses even what is not compressed gets it all the same, which RFC 9110 (12.5.3) allows, and no 406.
pub(in crate::http) fn accept(req: &mut ServiceRequest) {
    let offered = [Encoding::identity(), Encoding::brotli(), Encoding::gzip(), Encoding::deflate()];
    if req.get_header::<AcceptEncoding>().is_some_and(|accepted| accepted.negotiate(offered.iter()).is_none()) {
        req.headers_mut().remove(ACCEPT_ENCODING);
    }
}

/// Says whether an answer may be compressed, before that is done. What has a strong ETag may not: one tag cannot stand for two
/// rows of bytes, and `If-Match` needs strong ones. Answers to POST may not: tokens and secrets come by them alone, but for
/// those of one dossier and of the public look-up, which have strong tags; so none stands in a compressed answer, whose length
/// would tell it to who can choose what stands beside it (BREACH).
pub(in crate::http) fn weigh(answer: &mut ServiceResponse<BoxBody>) {
    let is_read = answer.request().method() == Method::GET;
    let is_strong = answer.headers().get(ETAG).is_some_and(|tag| !tag.as_bytes().starts_with(b"W/"));
    let is_kind = COMPRESSIBLE.contains(&kind(answer.headers()));
    let is_worth_it = match answer.response().body().size() {
        BodySize::Sized(size) => size >= WORTH_COMPRESSING,
        BodySize::Stream => true,
        BodySize::None => false,
    };
    let may_be = is_read && is_kind && !is_strong;
    if may_be {
        answer.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    let is_settled = answer.headers().contains_key(CONTENT_ENCODING) || (may_be && is_worth_it);
    if !is_settled {
        answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
}

/// Takes the word of [`weigh`] off again, which is for the compressor alone, and says once what the compressor said again.
pub(in crate::http) fn tidy(headers: &mut HeaderMap) {
    let said: Vec<HeaderValue> = headers.remove(VARY).collect();
    for value in said {
        let is_known = headers.get_all(VARY).any(|known| known.as_bytes().eq_ignore_ascii_case(value.as_bytes()));
        if !is_known {
            headers.append(VARY, value);
        }
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "identity") {
        headers.remove(CONTENT_ENCODING);
    }
}

/// The media type without its parameters.
fn kind(headers: &HeaderMap) -> &str {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_has_the_same_tag() {
        let tag = |text: &str| tag_of(text.as_bytes());
        let made = |at: &str, total: u32| {
            tag(&format!(r#"{{"as_of":"{at}+07:00","total":{total},"link":"/v1/dossiers?as_of={at}%2B07:00"}}"#))
        };
        assert_eq!(made("2026-03-02T09:00:00", 1), made("2026-03-02T09:00:01", 1));
        assert_ne!(made("2026-03-02T09:00:00", 1), made("2026-03-02T09:00:00", 2));
        // Deeper down it may be what is said.
        assert_ne!(tag(r#"{"a":{"as_of":"x"}}"#), tag(r#"{"a":{"as_of":"y"}}"#));
        assert_ne!(tag(r#"{"as_of":""}"#), tag(r#"{"as_of":null}"#));
        assert_ne!(tag("[]"), tag("{}"));
        assert_eq!(tag("[]").len(), 34);
    }
}
