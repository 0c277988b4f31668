//! Strict input: bodies with JSON Pointers to what is wrong, query parameters by name, pages, texts.

use std::ops::RangeInclusive;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, BytesMut};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::incoming::Incoming;
use super::problem::{FieldError, Problem};
use super::replica::{self, FRESH};
use crate::ambient::Ambient;
use crate::domain::personal::MASK;
use crate::domain::vocabulary::LocalTime;

/// Largest body, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// Longest name, in characters.
pub const MAX_NAME: usize = 200;
/// How many items a page may have.
const LIMITS: RangeInclusive<i64> = 1..=200;
/// How many it has when nothing is said.
const DEFAULT_LIMIT: i64 = 50;
/// Longest personal number, in characters.
const MAX_NUMBER: usize = 50;
/// Longest note, in characters.
pub const MAX_NOTE: usize = 2_000;

/// The body of a call that needs to be told nothing: an object without members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NoMembers {}

/// Reads a whole JSON body; one that is too large is read to its end and refused, so that the client gets the answer.
///
/// # Errors
/// `unsupported_media_type`, `payload_too_large`, `unreadable_body`, `body_stalled`.
pub async fn read_body(req: &HttpRequest, payload: Incoming) -> Result<Bytes, Problem> {
    let body = gather(payload, MAX_BODY).await?.ok_or_else(|| Problem::new("payload_too_large"))?;
    let kind = actix_web::HttpMessage::content_type(req);
    if body.is_empty()
        || kind == "application/json"
        || (kind == "application/merge-patch+json" && req.method() == "PATCH")
    {
        Ok(body)
    } else {
        Err(Problem::new("unsupported_media_type"))
    }
}

/// Reads a whole body of at most `most` bytes; `None` for a larger one, which is read to its end and not kept.
///
/// # Errors
/// `unreadable_body`, `body_stalled`.
pub async fn gather(mut payload: Incoming, most: usize) -> Result<Option<Bytes>, Problem> {
    let mut body = BytesMut::new();
    let mut too_large = false;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk?;
        too_large = too_large || body.len() + chunk.len() > most;
        if too_large {
            body = BytesMut::new();
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    Ok((!too_large).then(|| body.freeze()))
}

/// Parses a JSON body strictly.
///
/// # Errors
/// `malformed_json`; `validation` with the member's pointer for what parses and does not fit.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = if body.is_empty() { b"{}".as_slice() } else { body };
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        if inner.classify() != serde_json::error::Category::Data {
            return Problem::new("malformed_json").hint(inner);
        }
        // The reader stops at the first member that does not fit; what follows may be no JSON at all.
        if let Err(cause) = serde_json::from_slice::<IgnoredAny>(text) {
            return Problem::new("malformed_json").hint(cause);
        }
        let hint = inner.to_string();
        let quoted = hint.split('`').nth(1).unwrap_or_default();
        let (code, pointer) = match hint.split_whitespace().next() {
            Some("unknown") if hint.starts_with("unknown field") => ("unknown_member", with_member(&pointer, quoted)),
            Some("missing") => ("missing_member", with_member(&pointer, quoted)),
            _ => ("invalid_value", pointer),
        };
        let hint = hint.split(" at line ").next().map(str::to_owned);
        Problem::fields(vec![FieldError { pointer, code, hint }])
    })?;
    json.end().map_err(|cause| Problem::new("malformed_json").hint(cause))?;
    // A derived reader would take an array for an object, its items for members in order: no client means that.
    if text.trim_ascii_start().first() != Some(&b'{') {
        let hint = Some("an object is expected".to_owned());
        return Err(Problem::fields(vec![FieldError { pointer: String::new(), code: "invalid_value", hint }]));
    }
    if holds_nul(text) {
        return Err(Problem::fields(vec![FieldError {
            pointer: String::new(),
            code: "control_character",
            hint: None,
        }]));
    }
    Ok(value)
}

/// Whether a text somewhere in valid JSON holds NUL, which PostgreSQL cannot store or compare with.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = &rest[at + 1..];
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

fn with_member(pointer: &str, member: &str) -> String {
    let member = member.replace('~', "~0").replace('/', "~1");
    if pointer.ends_with(&format!("/{member}")) { pointer.to_owned() } else { format!("{pointer}/{member}") }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// A member of a merge patch: left out, cleared by `null`, or set.
///
/// # Errors
/// Those of the value.
pub fn patched<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Gathers everything that is wrong with a body before refusing it.
#[derive(Debug, Default)]
pub struct Checker {
    errors: Vec<FieldError>,
}

impl Checker {
    /// Notes a fault.
    pub fn fail(&mut self, pointer: impl Into<String>, code: &'static str) {
        self.errors.push(FieldError { pointer: pointer.into(), code, hint: None });
    }

    /// A text that must be there: NFC, trimmed, not blank, at most `longest` characters, no control characters.
    pub fn text(&mut self, pointer: &str, given: &str, longest: usize) -> String {
        let text: String = given.trim().nfc().collect();
        let is_control = |character: char| character.is_control() && !matches!(character, '\n' | '\t' | '\r');
        if text.is_empty() {
            self.fail(pointer, "blank");
        } else if text.chars().count() > longest {
            self.fail(pointer, "too_long");
        } else if text.chars().any(is_control) {
            self.fail(pointer, "control_character");
        }
        text
    }

    /// A text that may be missing.
    pub fn optional(&mut self, pointer: &str, given: Option<&str>, longest: usize) -> Option<String> {
        given.map(|given| self.text(pointer, given, longest))
    }

    /// A personal number that may be missing. One that came masked from an answer of ours would overwrite the real one.
    pub fn number(&mut self, pointer: &str, given: Option<&str>) -> Option<String> {
        let number = self.optional(pointer, given, MAX_NUMBER)?;
        if number.contains(MASK) {
            self.fail(pointer, "masked_value");
        }
        Some(number)
    }

    /// A text of a merge patch.
    pub fn patched(&mut self, pointer: &str, given: Option<&Option<String>>, longest: usize) -> Option<Option<String>> {
        given.map(|given| self.optional(pointer, given.as_deref(), longest))
    }

    /// Refuses when anything was wrong.
    ///
    /// # Errors
    /// `validation` with every fault.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}

/// The query parameters of a request, each known by name.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone)]
pub struct PageWish {
    /// How many items, 1 to 200.
    pub limit: i64,
    /// Where the page before ended.
    pub after: Option<Vec<String>>,
}

impl Query {
    /// Takes the parameters of a request; names not in `allowed`, and names given twice, are refused.
    ///
    /// # Errors
    /// `unknown_parameter`, `invalid_parameter`.
    pub fn of(req: &HttpRequest, allowed: &[&str]) -> Result<Self, Problem> {
        let parsed = actix_web::web::Query::<Vec<(String, String)>>::from_query(req.query_string());
        let pairs = parsed.map_err(|cause| Problem::new("invalid_parameter").hint(cause))?.into_inner();
        for (index, (name, value)) in pairs.iter().enumerate() {
            let is_known = allowed.contains(&name.as_str()) || (name == FRESH && replica::is_lagging(req));
            if !is_known {
                return Err(Problem::at("unknown_parameter", format!("?{name}")));
            }
            if value.contains('\0') {
                return Err(Problem::at("invalid_parameter", format!("?{name}")).hint("holds NUL"));
            }
            if pairs[..index].iter().any(|(other, _)| other == name) {
                return Err(Problem::at("invalid_parameter", format!("?{name}")).hint("given twice"));
            }
        }
        Ok(Self { pairs })
    }

    /// A parameter of a request whose parameters nobody has checked.
    pub fn peek(req: &HttpRequest, name: &str) -> Option<String> {
        let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(req.query_string()).ok()?.into_inner();
        pairs.into_iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// A parameter as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that cannot be done without.
    ///
    /// # Errors
    /// `missing_parameter`.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::at("missing_parameter", format!("?{name}")))
    }

    /// A parameter that has a form: a number, a date, a code.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let parse = |text: &str| text.parse().map_err(|_| Problem::at("invalid_parameter", format!("?{name}")));
        self.text(name).map(parse).transpose()
    }

    /// A parameter that is one of the words of the contract.
    ///
    /// # Errors
    /// `invalid_word`.
    pub fn word<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let parse = |text: &str| text.parse().map_err(|_| Problem::at("invalid_word", format!("?{name}")));
        self.text(name).map(parse).transpose()
    }

    /// A date as `YYYY-MM-DD`.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, Problem> {
        let text = self.text(name);
        let parse = |text| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                // Signs, blanks and missing zeros are read, too, and years of more or less than four digits.
                .filter(|date| date.to_string() == text)
                .ok_or_else(|| Problem::at("invalid_parameter", format!("?{name}")))
        };
        text.map(parse).transpose()
    }

    /// A timestamp in RFC 3339, of 1970 or later. A `+` that was not escaped arrives as a space and is taken for what it was.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub fn timestamp(&self, name: &str, ambient: &Ambient) -> Result<Option<LocalTime>, Problem> {
        let parse = |text: &str| {
            DateTime::<FixedOffset>::parse_from_rfc3339(&text.replace(' ', "+"))
                .map(|at| ambient.local(at))
                .ok()
                // Before, zones were off by seconds, which RFC 3339 cannot write; after, years have five digits.
                .filter(|at| (1970..=9999).contains(&at.year()))
                .ok_or_else(|| Problem::at("invalid_parameter", format!("?{name}")))
        };
        self.text(name).map(parse).transpose()
    }

    /// `limit` and `cursor`; the cursor holds `parts` texts.
    ///
    /// # Errors
    /// `bad_limit`, `bad_cursor`.
    pub fn page(&self, parts: usize) -> Result<PageWish, Problem> {
        Ok(PageWish { limit: self.limit()?, after: self.cursor("cursor", parts)? })
    }

    /// `limit`: how many items are wanted.
    ///
    /// # Errors
    /// `bad_limit`.
    pub fn limit(&self) -> Result<i64, Problem> {
        let Some(text) = self.text("limit") else { return Ok(DEFAULT_LIMIT) };
        let number = text.parse::<i64>().ok().filter(|limit| LIMITS.contains(limit));
        number.ok_or_else(|| Problem::at("bad_limit", "?limit"))
    }

    /// A cursor of `parts` texts, as [`cursor`] makes it.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub fn cursor(&self, name: &str, parts: usize) -> Result<Option<Vec<String>>, Problem> {
        let read = |cursor| read_cursor(cursor, parts).ok_or_else(|| Problem::at("bad_cursor", format!("?{name}")));
        self.text(name).map(read).transpose()
    }
}

/// Texts as one opaque word.
pub fn cursor(texts: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!(texts).to_string())
}

/// The `parts` texts of a cursor.
pub fn read_cursor(cursor: &str, parts: usize) -> Option<Vec<String>> {
    let texts: Vec<String> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    (texts.len() == parts && !texts.iter().any(|text| text.contains('\0'))).then_some(texts)
}

impl PageWish {
    /// `limit` and `cursor` of a body; the cursor holds `parts` texts.
    ///
    /// # Errors
    /// `bad_limit`, `bad_cursor`.
    pub fn of(limit: Option<i64>, cursor: Option<&str>, parts: usize) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !LIMITS.contains(&limit) {
            return Err(Problem::at("bad_limit", "/limit"));
        }
        let read = |cursor| read_cursor(cursor, parts).ok_or_else(|| Problem::at("bad_cursor", "/cursor"));
        Ok(Self { limit, after: cursor.map(read).transpose()? })
    }

    /// How many rows to ask for, so that one more tells of a next page.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The only text of the cursor.
    pub fn after_code(&self) -> Option<&str> {
        self.after.as_ref().and_then(|texts| texts.first()).map(String::as_str)
    }

    /// The instant and the text of the cursor.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub fn after_instant(&self) -> Result<Option<(LocalTime, &str)>, Problem> {
        let Some([instant, text]) = self.after.as_deref() else { return Ok(None) };
        let instant = instant.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?;
        Ok(Some((instant, text)))
    }

    /// The day and the text of the cursor.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub fn after_day(&self) -> Result<Option<(NaiveDate, &str)>, Problem> {
        let Some([day, text]) = self.after.as_deref() else { return Ok(None) };
        let day = day.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?;
        Ok(Some((day, text)))
    }

    /// The cursor behind a row at this instant, as [`PageWish::after_instant`] reads it.
    pub fn key(instant: LocalTime, text: impl Into<String>) -> Vec<String> {
        vec![instant.format("%Y-%m-%dT%H:%M:%S").to_string(), text.into()]
    }

    /// Cuts the rows to the page and makes the cursor of the next one.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl FnOnce(&T) -> Vec<String>) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(|last| cursor(&key(last)))
    }
}
