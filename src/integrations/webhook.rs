//! Webhooks: events to subscribers, signed as Standard Webhooks 1.0 wants it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, redirect};
use sha2::Sha256;

use super::destination::{Destination, TIME_LIMIT, status_of, traced, unanswered};
use super::target::{self, PublicOnly};
use crate::domain::delivery::{Outcome, Parcel, Receipt, Secret};

/// Calls subscribers.
pub struct Webhooks {
    client: Client,
    allow_private: bool,
}

impl Webhooks {
    /// A client that follows no redirect, asks no proxy and, without leave for more, connects to public addresses only.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allow_private: bool) -> reqwest::Result<Self> {
        let mut client = Client::builder()
            .user_agent(concat!("motcua/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_LIMIT);
        if !allow_private {
            client = client.dns_resolver(std::sync::Arc::new(PublicOnly));
        }
        Ok(Self { client: client.build()?, allow_private })
    }

    async fn attempt(&self, parcel: &Parcel) -> Receipt {
        let url = match target::read(&parcel.to, self.allow_private) {
            Ok(url) => url,
            // It may be allowed, or mended, before it is given up.
            Err(_) => return Receipt::unanswered(Outcome::Failed, "private_target"),
        };
        let id = format!("msg_{}", parcel.id);
        let call = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("webhook-signature", signatures(&parcel.keys, &id, parcel.unix_time, &parcel.body))
            .header("webhook-timestamp", parcel.unix_time)
            .header("webhook-id", id)
            .body(parcel.body.clone());
        match traced(call).send().await {
            Ok(response) => judged(status_of(response).await),
            Err(error) => unanswered(&error),
        }
    }
}

impl Destination for Webhooks {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Receipt> {
        Box::pin(self.attempt(parcel))
    }
}

fn judged(status: StatusCode) -> Receipt {
    let outcome = match status {
        status if status.is_success() => Outcome::Delivered,
        StatusCode::GONE => Outcome::Gone,
        _ => Outcome::Failed,
    };
    Receipt::answered(outcome, status.as_u16())
}

/// The signature by each secret, newest first, separated by spaces.
fn signatures(keys: &[Secret], id: &str, unix_time: i64, body: &str) -> String {
    let signed: Vec<String> = keys.iter().filter_map(|key| sign(key, id, unix_time, body)).collect();
    signed.join(" ")
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; `None` for what is no secret.
fn sign(secret: &Secret, id: &str, unix_time: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.0.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{unix_time}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_vector_of_the_standard() {
        // The vector that the libraries of Standard Webhooks test with.
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(&secret, id, 1_614_265_330, body).as_deref(), Some(signature));
        let both = signatures(&[secret.clone(), secret], id, 1_614_265_330, body);
        assert_eq!(both, format!("{signature} {signature}"));
    }

    #[test]
    fn only_success_is_success() {
        for (status, outcome) in [
            (200, Outcome::Delivered),
            (204, Outcome::Delivered),
            (302, Outcome::Failed),
            (400, Outcome::Failed),
            (410, Outcome::Gone),
            (503, Outcome::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(judged(status), Receipt::answered(outcome, status.as_u16()));
        }
    }
}
