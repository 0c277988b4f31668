//! Access tokens: short JWTs, signed with the newest of the keys kept beside the database; those before it still verify.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::openid::Holder;
use crate::domain::vocabulary::Scope;
use crate::flow::accounts::hex;

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = 900;
/// Who issues them; no OpenID provider may be called so.
pub const ISSUER: &str = "motcua";

/// The keys that check tokens, the newest of which signs.
#[derive(Clone)]
pub struct TokenKey {
    encoding: EncodingKey,
    /// Name of the key that signs.
    id: String,
    /// All keys by name, that one included.
    decoding: Vec<(String, DecodingKey)>,
    secret: Vec<u8>,
}

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// Somebody whom the OpenID provider vouches for.
    Outside(Holder),
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
        Self::after(&[], secret)
    }

    /// The key made of `newest`, after these, whose tokens are still good.
    pub fn after(older: &[&[u8]], newest: &[u8]) -> Self {
        let all = older.iter().copied().chain([newest]);
        Self {
            encoding: EncodingKey::from_secret(newest),
            id: name_of(newest),
            decoding: all.map(|secret| (name_of(secret), DecodingKey::from_secret(secret))).collect(),
            secret: newest.to_vec(),
        }
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
        let (iss, sub) = (ISSUER.to_owned(), sub.to_owned());
        let claims = Claims { iss, sub, sid, scope, iat: now, exp: now + LIFETIME };
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &self.encoding)
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
        validation.set_issuer(&[ISSUER]);
        // Tokens of the time before keys had names try them all.
        let id = decode_header(token).ok()?.kid;
        let keys = self.decoding.iter().filter(|(name, _)| id.as_ref().is_none_or(|id| id == name));
        let mut claims = keys.filter_map(|(_, key)| decode::<Claims>(token, key, &validation).ok());
        let claims = claims.next()?.claims;
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

/// Names a key without telling it.
fn name_of(secret: &[u8]) -> String {
    hex(&Sha256::new().chain_update(b"motcua key ").chain_update(secret).finalize()[..8])
}

/// Scopes as OAuth writes them.
pub fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[u8] = b"the key before, 32 bytes and more";
    const NEW: &[u8] = b"the newest key, 32 bytes and more";

    #[test]
    fn tokens_of_the_key_before_are_good_until_they_run_out() {
        let token = TokenKey::new(OLD).sign_session("lan", "s", 1_000).unwrap();
        let both = TokenKey::after(&[OLD], NEW);
        assert_eq!(both.bearer(&token, 1_899), Some(Bearer::Session("s".to_owned())));
        assert_eq!(both.bearer(&token, 1_900), None);
        assert_eq!(TokenKey::new(NEW).bearer(&token, 1_000), None);
        // The newest signs.
        let token = both.sign_session("lan", "s", 1_000).unwrap();
        assert_eq!(TokenKey::new(NEW).bearer(&token, 1_000), Some(Bearer::Session("s".to_owned())));
        assert_eq!(TokenKey::new(OLD).bearer(&token, 1_000), None);
    }

    #[test]
    fn a_key_is_not_taken_for_another_and_none_is_no_algorithm() {
        let key = TokenKey::after(&[OLD], NEW);
        let token = key.sign_session("lan", "s", 1_000).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let forge = |header: &str| {
            use base64::Engine;
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            (format!("{header}.{}.{}", parts[1], parts[2]), format!("{header}.{}.", parts[1]))
        };
        let named = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, name_of(OLD));
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"HS256","kid":"../key"}"#, &named] {
            let (signed, bare) = forge(header);
            assert_eq!((key.bearer(&signed, 1_000), key.bearer(&bare, 1_000)), (None, None), "{header}");
        }
    }
}
