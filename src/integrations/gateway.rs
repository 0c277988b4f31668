//! Notices through a gateway for text messages (SMS, Zalo): one JSON call for each.

use futures_util::future::BoxFuture;
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::json;

use super::destination::{Destination, TIME_LIMIT, status_of, traced, unanswered};
use crate::domain::delivery::{Outcome, Parcel, Receipt, Secret};
use crate::domain::notice::Template;

/// Calls the gateway.
pub struct Gateway {
    client: Client,
    url: Url,
    token: Option<Secret>,
}

impl Gateway {
    /// A client of the gateway at `url`, with the token it wants.
    ///
    /// # Errors
    /// When the URL is none, or TLS cannot be set up.
    pub fn new(url: &str, token: Option<Secret>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let url = Url::parse(url)?;
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(TIME_LIMIT).build()?;
        Ok(Self { client, url, token })
    }

    async fn attempt(&self, parcel: &Parcel) -> Receipt {
        let Ok(notice) = serde_json::from_str::<Template>(&parcel.body) else {
            return Receipt::unanswered(Outcome::Refused, "unreadable");
        };
        // The identifier lets the gateway send once what reaches it twice.
        let body = json!({"id": parcel.id, "to": parcel.to, "kind": parcel.kind, "text": notice.text});
        let mut call = self.client.post(self.url.clone()).header("Idempotency-Key", &parcel.id).json(&body);
        if let Some(token) = &self.token {
            call = call.bearer_auth(&token.0);
        }
        match traced(call).send().await {
            Ok(response) => judged(status_of(response).await),
            Err(error) => unanswered(&error),
        }
    }
}

impl Destination for Gateway {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Receipt> {
        Box::pin(self.attempt(parcel))
    }
}

/// A message that the gateway calls wrong stays wrong; a token that it does not know, and haste, are mended in time.
fn judged(status: StatusCode) -> Receipt {
    let mends = matches!(status.as_u16(), 401 | 403 | 404 | 408 | 425 | 429);
    let outcome = if status.is_success() {
        Outcome::Delivered
    } else if status.is_client_error() && !mends {
        Outcome::Refused
    } else {
        Outcome::Failed
    };
    Receipt::answered(outcome, status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_for_good_is_not_tried_again() {
        for (status, outcome) in [
            (202, Outcome::Delivered),
            (301, Outcome::Failed),
            (400, Outcome::Refused),
            (401, Outcome::Failed),
            (422, Outcome::Refused),
            (429, Outcome::Failed),
            (500, Outcome::Failed),
        ] {
            assert_eq!(judged(StatusCode::from_u16(status).unwrap()).outcome, outcome, "{status}");
        }
    }
}
