//! The public keys of an OpenID provider (JWKS, RFC 7517): fetched when needed, kept, and fetched anew when they change.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use reqwest::header::CACHE_CONTROL;
use reqwest::{Client, Response, StatusCode, Url, redirect};
use serde::Deserialize;

/// How long a fetch may take; who asks for a key waits no longer.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Largest set of keys, in bytes.
const MOST: usize = 256 << 10;
/// For how long keys are used without asking again, in seconds, whatever the provider says.
const FRESH: (i64, i64) = (60, 86_400);
/// The same, when it says nothing.
const FRESH_UNSAID: i64 = 600;
/// How long keys are good that cannot be fetched again, in seconds.
pub const KEPT: i64 = 86_400;
/// How long after an attempt there is no other, in seconds, however many tokens name keys that are not there.
pub const PAUSE: i64 = 5;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKey {
    /// The provider has no such key.
    Unknown,
    /// The provider could not be asked.
    Unreachable,
}

/// Where the keys of a provider are, and those that were there last.
pub struct KeySource {
    client: Client,
    url: Url,
    held: Mutex<Held>,
    /// Who has it fetches; all others wait for what comes of it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What was fetched. Instants are seconds since 1970.
#[derive(Default)]
struct Held {
    keys: Option<Keys>,
    tried_at: Option<i64>,
}

struct Keys {
    all: Vec<Jwk>,
    fetched_at: i64,
    fresh_until: i64,
}

/// What to do about a key that is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Use(Box<Jwk>),
    /// Use it, and have the set fetched anew behind.
    UseAndRenew(Box<Jwk>),
    Fetch,
    Give(NoKey),
}

/// The set as providers publish it. A key of a kind that is not known here does not spoil the others.
#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

impl KeySource {
    /// Keys at this URL. Whoever can change them on their way can be anybody: hence TLS, but on the machine itself.
    ///
    /// # Errors
    /// When it is no `https` URL, or TLS cannot be set up.
    pub fn new(url: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let url = Url::parse(url)?;
        let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return Err("https:// is required, but on this machine".into());
        }
        let client = Client::builder()
            .user_agent(concat!("motcua/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(TIME_LIMIT);
        Ok(Self { client: client.build()?, url, held: Mutex::default(), turn: Arc::default() })
    }

    /// The key of this name; `now` in seconds since 1970.
    ///
    /// # Errors
    /// [`NoKey`].
    pub async fn key(self: &Arc<Self>, kid: &str, now: i64) -> Result<Jwk, NoKey> {
        let step = self.step(kid, now);
        match step {
            Step::Use(key) => Ok(*key),
            Step::Give(none) => Err(none),
            Step::UseAndRenew(key) => {
                if let Ok(turn) = self.turn.clone().try_lock_owned() {
                    self.start(turn, now);
                }
                Ok(*key)
            }
            Step::Fetch => {
                let turn = self.turn.clone().lock_owned().await;
                // Somebody else may have fetched meanwhile.
                if self.step(kid, now) == Step::Fetch {
                    let _ = self.start(turn, now).await;
                } else {
                    drop(turn);
                }
                match self.step(kid, now) {
                    Step::Use(key) | Step::UseAndRenew(key) => Ok(*key),
                    Step::Give(none) => Err(none),
                    Step::Fetch => Err(NoKey::Unreachable),
                }
            }
        }
    }

    fn step(&self, kid: &str, now: i64) -> Step {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).step(kid, now)
    }

    /// Fetches in a task of its own: a client that hangs up does not take the answer from those who wait for it.
    fn start(self: &Arc<Self>, turn: tokio::sync::OwnedMutexGuard<()>, now: i64) -> tokio::task::JoinHandle<()> {
        let source = self.clone();
        tokio::spawn(async move {
            let fetched = source.fetch().await;
            if let Err(cause) = &fetched {
                tracing::warn!(?cause, "the keys of the OpenID provider could not be fetched");
            }
            let mut held = source.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.tried_at = Some(now);
            if let Ok((all, fresh)) = fetched {
                held.keys = Some(Keys { all, fetched_at: now, fresh_until: now + fresh });
            }
            drop(held);
            drop(turn);
        })
    }

    /// The keys, and for how many seconds they are fresh.
    async fn fetch(&self) -> Result<(Vec<Jwk>, i64), Box<dyn std::error::Error + Send + Sync>> {
        let mut response = self.client.get(self.url.clone()).send().await.map_err(reqwest::Error::without_url)?;
        if response.status() != StatusCode::OK {
            return Err(format!("answered {}", response.status()).into());
        }
        let fresh = fresh_for(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MOST {
                return Err(format!("larger than {MOST} bytes").into());
            }
            body.extend_from_slice(&chunk);
        }
        let published: Published = serde_json::from_slice(&body)?;
        let keys: Vec<Jwk> = published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        // A provider that has none is broken, and nobody is locked out for that.
        if keys.is_empty() { Err("there is no key in it".into()) } else { Ok((keys, fresh)) }
    }
}

fn fresh_for(response: &Response) -> i64 {
    let header = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    let Some(header) = header else { return FRESH_UNSAID };
    let seconds = |directive: &str| {
        let (name, value) = directive.trim().split_once('=')?;
        let value = value.trim_matches('"').parse::<i64>().ok();
        value.filter(|_| name.eq_ignore_ascii_case("max-age"))
    };
    let named = header.split(',').find_map(seconds);
    let is_short = header.split(',').any(|directive| matches!(directive.trim(), "no-store" | "no-cache"));
    named.unwrap_or(if is_short { FRESH.0 } else { FRESH_UNSAID }).clamp(FRESH.0, FRESH.1)
}

impl Held {
    fn step(&self, kid: &str, now: i64) -> Step {
        // Of requests at once some read the clock before the one that asked; a clock that was set back by more ends the pause.
        let is_paused = self.tried_at.is_some_and(|at| (at - PAUSE..at + PAUSE).contains(&now));
        let keys = self.keys.as_ref().filter(|keys| now < keys.fetched_at + KEPT);
        match (keys.and_then(|keys| keys.named(kid)), keys) {
            (Some(key), Some(keys)) if is_paused || now < keys.fresh_until => Step::Use(Box::new(key.clone())),
            (Some(key), _) => Step::UseAndRenew(Box::new(key.clone())),
            (None, _) if !is_paused => Step::Fetch,
            // What the last attempt brought is all there is.
            (None, Some(keys)) if self.tried_at == Some(keys.fetched_at) => Step::Give(NoKey::Unknown),
            (None, _) => Step::Give(NoKey::Unreachable),
        }
    }
}

impl Keys {
    /// The key of this name; none where two have it, since nobody could say which is meant.
    fn named(&self, kid: &str) -> Option<&Jwk> {
        let mut named = self.all.iter().filter(|key| key.common.key_id.as_deref() == Some(kid));
        let only = named.next();
        only.filter(|_| named.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str) -> Jwk {
        let key = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        serde_json::from_value(key).unwrap()
    }

    fn held(kids: &[&str], fetched_at: i64, tried_at: i64) -> Held {
        let all = kids.iter().map(|kid| key(kid)).collect();
        Held { keys: Some(Keys { all, fetched_at, fresh_until: fetched_at + 600 }), tried_at: Some(tried_at) }
    }

    #[test]
    fn a_key_that_is_there_is_used_for_a_day_though_the_provider_is_silent() {
        let found = || Box::new(key("a"));
        assert_eq!(held(&["a"], 0, 0).step("a", 599), Step::Use(found()));
        assert_eq!(held(&["a"], 0, 0).step("a", 600), Step::UseAndRenew(found()));
        // Asked a moment ago, in vain.
        assert_eq!(held(&["a"], 0, 700).step("a", 704), Step::Use(found()));
        assert_eq!(held(&["a"], 0, 700).step("a", KEPT - 1), Step::UseAndRenew(found()));
        assert_eq!(held(&["a"], 0, 700).step("a", KEPT), Step::Fetch);
        assert_eq!(held(&["a"], 0, KEPT).step("a", KEPT), Step::Give(NoKey::Unreachable));
    }

    #[test]
    fn a_key_that_is_not_there_is_asked_for_once_in_five_seconds() {
        assert_eq!(Held::default().step("a", 0), Step::Fetch);
        assert_eq!(held(&["a"], 0, 0).step("b", 4), Step::Give(NoKey::Unknown));
        assert_eq!(held(&["a"], 0, 0).step("b", 5), Step::Fetch);
        // Whether there is such a key is not known when the provider did not answer.
        assert_eq!(held(&["a"], 0, 5).step("b", 6), Step::Give(NoKey::Unreachable));
        assert_eq!(Held { tried_at: Some(0), ..Held::default() }.step("a", 1), Step::Give(NoKey::Unreachable));
        // The clock was set back.
        assert_eq!(held(&["a"], 100, 100).step("b", 94), Step::Fetch);
    }

    #[test]
    fn two_keys_of_one_name_are_none() {
        assert_eq!(held(&["a", "a", "b"], 0, 0).step("a", 1), Step::Give(NoKey::Unknown));
        assert!(matches!(held(&["a", "a", "b"], 0, 0).step("b", 1), Step::Use(_)));
    }

    #[test]
    fn keys_travel_encrypted() {
        for good in
            ["https://sso.example.vn/keys", "http://127.0.0.1:8180/keys", "http://localhost/keys", "http://[::1]/keys"]
        {
            assert!(KeySource::new(good).is_ok(), "{good}");
        }
        for bad in ["http://sso.example.vn/keys", "http://127.0.0.1.example.vn/keys", "file:///etc/keys", "keys", ""] {
            assert!(KeySource::new(bad).is_err(), "{bad}");
        }
    }
}
