//! The one trait of what takes messages.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Response, StatusCode};

use crate::domain::delivery::{Outcome, Parcel, Receipt};

/// How long an attempt may take in all.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How much of an answer is read, in bytes: nobody needs it, but a connection that is read to its end can be used again.
const MOST_READ: usize = 64 << 10;

/// Takes messages to another side.
pub trait Destination: Send + Sync {
    /// Makes one attempt. It ends within [`TIME_LIMIT`] and never fails: how it ended is the answer.
    fn send<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Receipt>;
}

/// Reads an answer as far as is sensible, and judges nothing but its status.
pub(in crate::integrations) async fn status_of(mut response: Response) -> StatusCode {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > MOST_READ {
            break;
        }
    }
    response.status()
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
