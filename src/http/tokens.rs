//! Access tokens: short JWTs, signed with a key kept beside the database.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

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
        let (encoding, decoding) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Self { encoding, decoding, secret: secret.to_vec() }
    }

    /// A token for a session; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign(&self, user: &str, session: &str, now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        let (iss, sub, sid) = ("motcua".to_owned(), user.to_owned(), session.to_owned());
        encode(&Header::new(Algorithm::HS256), &Claims { iss, sub, sid, iat: now, exp: now + LIFETIME }, &self.encoding)
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
