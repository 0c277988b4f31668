//! The one trait of what takes messages.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{RequestBuilder, Response, StatusCode};

use crate::domain::delivery::{Outcome, Parcel, Receipt};
use crate::trace::{self, TRACEPARENT};

/// How long an attempt may take in all.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How much of an answer is read, in bytes: few need it, but a connection that is read to its end can be used again.
const MOST_READ: usize = 64 << 10;

/// Takes messages to another side.
pub trait Destination: Send + Sync {
    /// Makes one attempt. It ends within [`TIME_LIMIT`] and never fails: how it ended is the answer.
    fn send<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Receipt>;
}

/// A call with the trace that it is made for.
pub(in crate::integrations) fn traced(call: RequestBuilder) -> RequestBuilder {
    match trace::current() {
        Some(context) => call.header(TRACEPARENT, context.to_string()),
        None => call,
    }
}

/// Reads an answer as far as is sensible, and judges nothing but its status.
pub(in crate::integrations) async fn status_of(response: Response) -> StatusCode {
    let status = response.status();
    // One that breaks off has said all the same how it went.
    let _ = text_of(response).await;
    status
}

/// Status and text of an answer, read as far as is sensible.
///
/// # Errors
/// When it breaks off.
pub(in crate::integrations) async fn text_of(mut response: Response) -> reqwest::Result<(StatusCode, String)> {
    let mut read = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        read.extend_from_slice(&chunk);
        if read.len() > MOST_READ {
            break;
        }
    }
    Ok((response.status(), String::from_utf8_lossy(&read).into_owned()))
}

/// What an HTTP call that got no answer is remembered as; its cause may name addresses and is not kept.
pub(in crate::integrations) fn unanswered(error: &reqwest::Error) -> Receipt {
    let fault = if error.is_timeout() {
        "timeout"
    } else if super::target::is_refusal(error) {
        "private_target"
    } else if error.is_connect() {
        "unreachable"
    } else {
        "broken_answer"
    };
    Receipt::unanswered(Outcome::Failed, fault)
}
