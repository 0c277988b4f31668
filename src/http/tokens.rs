//! Access tokens: short JWTs, signed with a key kept beside the database.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = 900;

/// The key that signs and checks tokens.
#[derive(Clone)]
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

impl TokenKey {
    /// The key made of these bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }

    /// A token for a session; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign(&self, user: &str, session: &str, now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let (iss, sub, sid) = ("motcua".to_owned(), user.to_owned(), session.to_owned());
        encode(&Header::new(Algorithm::HS256), &Claims { iss, sub, sid, iat: now, exp: now + LIFETIME }, &self.encoding)
    }

    /// The session of a token that is ours and has not expired.
    pub fn session(&self, token: &str, now: i64) -> Option<String> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked against the clock that is passed in.
        validation.validate_exp = false;
        validation.set_issuer(&["motcua"]);
        let claims = decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        (claims.exp > now).then_some(claims.sid)
    }
}
