//! Access tokens: short JWTs, signed with a key kept beside the database.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::domain::vocabulary::Scope;
use crate::flow::accounts::hex;

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = 900;

/// The key that signs and checks tokens.
#[derive(Clone)]
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    secret: Vec<u8>,
}

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// A person's session.
    Session(String),
    /// A machine client.
    Client {
        /// Its identifier.
        id: String,
        /// What it asked to be allowed; it may do no more than it is allowed at the time of a call.
        scopes: Vec<Scope>,
    },
}

/// The claims of a token: a session has `sid`, a client `scope` (RFC 9068).
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    iat: i64,
    exp: i64,
}

impl TokenKey {
    /// The key made of these bytes.
    pub fn new(secret: &[u8]) -> Self {
        let (encoding, decoding) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Self { encoding, decoding, secret: secret.to_vec() }
    }

    /// A token for the session of a user; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign_session(&self, user: &str, session: &str, now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(user, Some(session.to_owned()), None, now)
    }

    /// A token for a client that may do these; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign_client(&self, id: &str, scopes: &[Scope], now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(id, None, Some(words(scopes)), now)
    }

    fn sign(
        &self,
        sub: &str,
        sid: Option<String>,
        scope: Option<String>,
        now: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let (iss, sub) = ("motcua".to_owned(), sub.to_owned());
        let claims = Claims { iss, sub, sid, scope, iat: now, exp: now + LIFETIME };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// A keyed hash by which a body is known again. Bodies may hold passwords: without the key theirs cannot be guessed
    /// from what is stored.
    ///
    /// # Errors
    /// When the library refuses the key's length, which HMAC never does.
    pub fn fingerprint(&self, body: &[u8]) -> Result<String, hmac::digest::InvalidLength> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)?;
        mac.update(body);
        Ok(hex(&mac.finalize().into_bytes()))
    }

    /// Whom a token stands for that is ours and has not expired.
    pub fn bearer(&self, token: &str, now: i64) -> Option<Bearer> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked against the clock that is passed in.
        validation.validate_exp = false;
        validation.set_issuer(&["motcua"]);
        let claims = decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        if claims.exp <= now {
            return None;
        }
        match (claims.sid, claims.scope) {
            (Some(session), _) => Some(Bearer::Session(session)),
            (None, Some(scope)) => {
                let scopes = scope.split_whitespace().filter_map(|word| word.parse().ok()).collect();
                Some(Bearer::Client { id: claims.sub, scopes })
            }
            (None, None) => None,
        }
    }
}

/// Scopes as OAuth writes them.
pub fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}
