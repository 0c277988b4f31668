//! Calls to the portal: one POST with the session in a header.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::Value;

use super::codes::Codes;
use super::reply::{Answer, judge};
use crate::domain::delivery::Secret;
use crate::integrations::destination::{text_of, traced, unanswered};

/// The portal, or the adapter in front of it.
pub struct Portal {
    client: Client,
    url: Url,
    session: Option<(HeaderName, HeaderValue)>,
    codes: Codes,
}

impl Portal {
    /// A client of the portal at `url`, with the session that it wants in this header; no call takes longer than `limit`.
    ///
    /// # Errors
    /// When the URL is none, the header cannot be one, or TLS cannot be set up.
    pub fn new(
        url: &str,
        session: Option<(&str, &Secret)>,
        codes: Codes,
        limit: Duration,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let url = Url::parse(url)?;
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(limit).build()?;
        let session = session.map(|(name, secret)| header(name, secret)).transpose()?;
        Ok(Self { client, url, session, codes })
    }

    /// The codes that it understands.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Makes one call. It ends within the limit and never fails: how it ended is the answer.
    pub async fn call(&self, envelope: &Value) -> Answer {
        let mut call = self.client.post(self.url.clone()).json(envelope);
        if let Some((name, value)) = &self.session {
            call = call.header(name, value);
        }
        let answered = match traced(call).send().await {
            Ok(response) => text_of(response).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok((status, _)) if !status.is_success() => rejected(status),
            Ok((_, body)) => judge(&body, &self.codes),
            Err(error) => Answer::Later(unanswered(&error).fault.unwrap_or("broken_answer").to_owned()),
        }
    }
}

fn header(name: &str, secret: &Secret) -> Result<(HeaderName, HeaderValue), Box<dyn std::error::Error + Send + Sync>> {
    let mut value = HeaderValue::from_str(&secret.0).map_err(|_| "the session cannot be sent in a header")?;
    value.set_sensitive(true);
    Ok((name.parse()?, value))
}

/// A body that is called wrong stays wrong; a session that ran out, and haste, are mended in time.
fn rejected(status: StatusCode) -> Answer {
    let reason = format!("http {}", status.as_u16());
    if matches!(status.as_u16(), 400 | 413 | 422) { Answer::Refused(reason) } else { Answer::Later(reason) }
}
