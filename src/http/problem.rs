//! Errors as clients see them: RFC 9457 problems, in the caller's language, without internal causes.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, RETRY_AFTER, VARY};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::texts::{self, Text};
use crate::domain::refusal::Refusal;
use crate::files::FileFault;
use crate::flow::Fault;
use crate::storage::StorageError;

/// A member that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer of the member, or the name of a query parameter after `?`.
    pub pointer: String,
    /// Why, by name.
    pub code: &'static str,
    /// What is wrong in detail (for developers, in English).
    pub hint: Option<String>,
}

/// An error answer.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    /// What happened this time, in English.
    hint: Option<String>,
    /// The same for a clerk, in Vietnamese.
    particulars: Option<String>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, String)>,
}

/// How a problem is written, for the API document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// URN of the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:motcua:problem:illegal_transition")]
    pub kind: String,
    /// The rule in a sentence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Stable name of the rule.
    pub code: String,
    /// Identifies the request in the service's log; the problem of one of many items goes by that of the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The members at fault, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldErrorBody>,
}

/// A member at fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldErrorBody {
    /// JSON Pointer of the member, or the name of a query parameter after `?`.
    pub pointer: String,
    /// Why, by name.
    pub code: String,
    /// The rule in a sentence.
    pub detail: String,
}

impl Problem {
    /// A problem by its code in [`texts::TEXTS`].
    pub fn new(code: &'static str) -> Self {
        Self { code, hint: None, particulars: None, errors: Vec::new(), headers: Vec::new() }
    }

    /// A problem at one member or parameter, under its own code.
    pub fn at(code: &'static str, pointer: impl Into<String>) -> Self {
        Self { errors: vec![FieldError { pointer: pointer.into(), code, hint: None }], ..Self::new(code) }
    }

    /// Members at fault, all named.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::fields_under("validation", errors)
    }

    /// Members at fault, under a code of its own.
    pub fn fields_under(code: &'static str, errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(code) }
    }

    /// Adds what is wrong in detail.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds a header that goes with the status.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds the word at fault, in either language. It comes from the caller: at most 50 characters of it are repeated.
    #[must_use]
    pub fn naming(self, word: &str) -> Self {
        let word: String = word.chars().take(50).collect();
        Self { particulars: Some(word.clone()), hint: Some(word), ..self }
    }

    fn refused(refusal: Refusal, pointer: Option<&str>) -> Self {
        let problem = pointer.map_or_else(|| Self::new(refusal.code()), |pointer| Self::at(refusal.code(), pointer));
        Self { particulars: texts::particulars(&refusal), ..problem.hint(refusal) }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The members at fault.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The text of this problem.
    pub fn text(&self) -> Text {
        texts::of(self.code)
    }

    /// The document, in Vietnamese or English, without the request's identifier.
    pub fn body(&self, english: bool) -> serde_json::Value {
        let say = |text: Text| if english { text.en } else { text.vi };
        let text = self.text();
        let detail = |code: &str, more: Option<&String>| {
            let sentence = say(texts::of(code));
            more.map_or_else(|| sentence.to_owned(), |more| format!("{sentence} ({more})"))
        };
        // Hints are the parser's own English; Vietnamese answers have the sentence and, for rules, its values.
        let more = if english { self.hint.as_ref() } else { self.particulars.as_ref() };
        let errors: Vec<_> = self
            .errors
            .iter()
            .map(|error| json!({"pointer": error.pointer, "code": error.code, "detail": detail(error.code, error.hint.as_ref().filter(|_| english))}))
            .collect();
        let mut body = json!({
            "type": format!("urn:motcua:problem:{}", self.code),
            "title": say(text),
            "status": text.status,
            "detail": detail(self.code, more),
            "code": self.code,
        });
        if !errors.is_empty() {
            body["errors"] = json!(errors);
        }
        body
    }

    /// The whole answer, in Vietnamese or English.
    pub fn render(&self, english: bool, request_id: &str) -> HttpResponse {
        let text = self.text();
        let mut body = self.body(english);
        body["request_id"] = json!(request_id);
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((VARY, "Accept-Language"));
        if text.status == 401 {
            answer.insert_header(("WWW-Authenticate", "Bearer"));
        }
        if text.status == 408 {
            // What may still come of the body would be taken for the next request.
            answer.force_close();
        }
        if text.status == 503 {
            answer.insert_header(("Retry-After", "2"));
        }
        for header in &self.headers {
            answer.insert_header(header.clone());
        }
        answer.content_type("application/problem+json").body(body.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.text().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Only where no middleware knows the caller's language.
    fn error_response(&self) -> HttpResponse {
        self.render(false, "")
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(cause = %error, "database unavailable");
            return Self::new("unavailable");
        }
        match error {
            StorageError::Stale => Self::new("conflict"),
            StorageError::Duplicate(_) => Self::new("exists"),
            StorageError::Closed { .. } => {
                tracing::error!(cause = %error, "something sealed cannot be opened");
                Self::new("sealed")
            }
            other => {
                tracing::error!(cause = ?other, "storage fault");
                Self::new("internal")
            }
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::ReceiptRefused(refusal) => Self::refused(refusal, Some("/received_at")),
            Fault::MoveRefused { index, refusal } => Self::refused(refusal, Some(&format!("/events/{index}"))),
            Fault::NotFound(_) => Self::new("not_found"),
            Fault::Forbidden => Self::new("forbidden"),
            Fault::NoMandate => Self::new("no_mandate"),
            Fault::Unknown { pointer, .. } => Self::at("unknown_reference", pointer),
            Fault::Exists(_) => Self::new("exists"),
            Fault::Changed => Self::new("changed"),
            Fault::Invalid { pointer, code } => Self::at(code, pointer),
            Fault::Item { list, index, member, code } => Self::at(code, format!("/{list}/{index}/{member}")),
            Fault::Unavailable(_) => Self::new("unavailable"),
            Fault::BadCredentials => Self::new("bad_credentials"),
            Fault::TooManyAttempts { seconds } => {
                Self::new("too_many_attempts").with_header(RETRY_AFTER, seconds.to_string())
            }
            Fault::Storage(error) => error.into(),
        }
    }
}

impl From<FileFault> for Problem {
    fn from(fault: FileFault) -> Self {
        match fault {
            FileFault::BrokenOff(cause) => Self::new("unreadable_body").hint(cause),
            FileFault::Stalled => Self::new("body_stalled"),
            FileFault::TooLarge { most } => {
                let problem = Self::new("file_too_large").hint(format!("at most {most} bytes"));
                Self { particulars: Some(format!("tối đa {most} byte")), ..problem }
            }
            FileFault::Empty => Self::new("file_empty"),
            FileFault::TypeRefused => Self::new("file_type_refused"),
            FileFault::Infected => Self::new("file_infected"),
            FileFault::Lost(_) => {
                tracing::error!(cause = %fault, "a content is lost");
                Self::new("internal")
            }
            FileFault::NotScanned(_) | FileFault::Spool(_) | FileFault::Store(_) => {
                tracing::error!(cause = %fault, "file not taken or given");
                Self::new("unavailable")
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let pointer = match refusal {
            Refusal::ReasonRequired | Refusal::LetterReasonMissing => Some("/reason"),
            Refusal::OutcomeNotAllowed => Some("/outcome"),
            Refusal::HandedToGiver => Some("/to"),
            Refusal::InTheFuture { .. } | Refusal::BeforeLastMove { .. } | Refusal::TooFarBack { .. } => Some("/at"),
            Refusal::ValidityReversed => Some("/valid_to"),
            Refusal::SuccessorsWithoutEnd | Refusal::SuccessionCycle => Some("/successors"),
            Refusal::AgencyBelowItself => Some("/parent"),
            Refusal::ProcedureNotInForce { .. } | Refusal::ProcedureEnded { .. } => Some("/procedure"),
            Refusal::CaseNotInForce { .. } => Some("/case"),
            Refusal::NewReturnMissing | Refusal::NewReturnTooEarly { .. } | Refusal::NewReturnOutsideHours => {
                Some("/new_return_at")
            }
            Refusal::PromulgatedInTheFuture { .. }
            | Refusal::PromulgatedBeforeFiling { .. }
            | Refusal::TaskDueBefore { .. } => Some("/promulgated_on"),
            Refusal::NotLater { .. } => Some("/due_on"),
            Refusal::LateLetterByHand => Some("/kind"),
            _ => None,
        };
        Self::refused(refusal, pointer)
    }
}
