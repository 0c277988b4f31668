//! Tokens of the OpenID provider: whether one is good, and whom it stands for. Where its keys come from is elsewhere.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::input::MAX_NAME;
use super::problem::Problem;
use crate::domain::identity_no::IdentityNo;
use crate::domain::vocabulary::{AgencyCode, Role};
use crate::flow::accounts::hex;
use crate::integrations::key_set::{KeySource, NoKey};

/// By how much clocks may differ, in seconds.
const SKEW: f64 = 60.0;
/// The signatures that are taken: none that a public key could be mistaken for the secret of.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
/// Shortest RSA modulus, in bytes.
const SHORTEST_MODULUS: usize = 256;
/// What a token may say it is: nothing, or an access or identity token. Others of the same provider (for logout, say) are
/// signed with the same keys (RFC 8725, section 3.11).
const KINDS: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The provider whose tokens are taken.
pub struct Provider {
    /// What its tokens must say, and what their claims mean here.
    pub rules: Rules,
    /// Its keys.
    pub keys: Arc<KeySource>,
}

/// What a token must say, and what its claims mean here. A claim is named by a path with dots between, or by its whole name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who issues the tokens (`iss`).
    pub issuer: String,
    /// Whom they are for (`aud`): this service.
    pub audience: String,
    /// The claim that says the role or, in an array, the roles.
    pub role_claim: Option<String>,
    /// What the words of that claim are here. Of several that a person has, the first here counts.
    pub roles: Vec<(String, Role)>,
    /// The claim that says the agency of the role; when there is none, only administrators of everything come by tokens.
    pub agency_claim: Option<String>,
    /// The claim that says a citizen's personal identification number.
    pub identity_claim: String,
}

/// Whom a good token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The same for the same person: a hash of issuer and subject, since a subject may be an identity number.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they are here.
    pub standing: Standing,
}

/// What a holder is here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Somebody of an office.
    Staff {
        /// Their role.
        role: Role,
        /// The agency it is held at.
        agency: Option<AgencyCode>,
    },
    /// A citizen, who has no role.
    Citizen(IdentityNo),
    /// Nobody: no role that means anything here, and no identity number.
    Nobody,
}

/// What of a token's header decides about its key.
struct Head {
    kid: String,
    algorithm: Algorithm,
}

/// The issuer that a token names, before anything about it is believed.
#[derive(Deserialize)]
struct Named {
    iss: String,
}

impl Provider {
    /// Whether a token says that it comes from the provider. That chooses the way it is checked, and each way checks it again.
    pub fn is_named_by(&self, token: &str) -> bool {
        dangerous::insecure_decode_claims::<Named>(token).is_ok_and(|named| named.iss == self.rules.issuer)
    }

    /// Whom a token stands for; `now` in seconds since 1970.
    ///
    /// # Errors
    /// `unauthenticated`; `unavailable` when its key could not be fetched.
    pub async fn holder(&self, token: &str, now: i64) -> Result<Holder, Problem> {
        let unauthenticated = || Problem::new("unauthenticated");
        let head = head(token).ok_or_else(unauthenticated)?;
        let key = self.keys.key(&head.kid, now).await.map_err(|none| match none {
            NoKey::Unknown => unauthenticated(),
            NoKey::Unreachable => Problem::new("unavailable"),
        })?;
        self.rules.holder(token, &head, &key, now).ok_or_else(unauthenticated)
    }
}

impl Holder {
    /// The name with the beginning of the id: names are not unique, and the journal keeps nothing but a name.
    pub fn shown(&self) -> String {
        format!("{} ({})", self.name, self.id.chars().take(15).collect::<String>()).trim().to_owned()
    }
}

/// The header of a token whose key is worth looking for.
fn head(token: &str) -> Option<Head> {
    let header = decode_header(token).ok()?;
    let is_kind = header.typ.as_ref().is_none_or(|kind| KINDS.contains(&kind.to_ascii_lowercase().as_str()));
    // Nothing that a header could call critical is understood here.
    let is_taken = ALGORITHMS.contains(&header.alg) && header.crit.is_none() && is_kind;
    header.kid.filter(|_| is_taken).map(|kid| Head { kid, algorithm: header.alg })
}

/// Whether a key is there to check signatures of this kind.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let common = &key.common;
    let is_for_signatures = common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify))
        && common.key_algorithm.as_ref().is_none_or(|named| *named == KeyAlgorithm::from(algorithm));
    is_for_signatures
        && match (&key.algorithm, algorithm) {
            (AlgorithmParameters::RSA(rsa), Algorithm::RS256) => {
                // Six bits to a character.
                rsa.n.trim_end_matches('=').len() * 6 / 8 >= SHORTEST_MODULUS
            }
            (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES256) => ec.curve == EllipticCurve::P256,
            (AlgorithmParameters::OctetKeyPair(okp), Algorithm::EdDSA) => okp.curve == EllipticCurve::Ed25519,
            _ => false,
        }
}

impl Rules {
    fn holder(&self, token: &str, head: &Head, key: &Jwk, now: i64) -> Option<Holder> {
        let claims = signed(token, head, key)?;
        self.holds(&claims, now).then(|| self.read(&claims)).flatten()
    }

    /// Whether claims that are signed are those of a token for this service that is good now.
    fn holds(&self, claims: &Map<String, Value>, now: i64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "seconds are exact for some 285 million years")]
        let now = now as f64;
        // A claim that is there and no number is no time that has come.
        let time = |name: &str| claims.get(name).map(|value| value.as_f64().unwrap_or(f64::NAN));
        let has_begun = |name: &str| time(name).is_none_or(|at| at - SKEW <= now);
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        };
        let is_theirs = claims.get("iss").and_then(Value::as_str) == Some(&self.issuer);
        is_theirs && is_for_us && time("exp").is_some_and(|at| now < at + SKEW) && has_begun("nbf") && has_begun("iat")
    }

    fn read(&self, claims: &Map<String, Value>) -> Option<Holder> {
        // OpenID Connect Core 1.0, section 2: at most 255 characters.
        let subject = claims.get("sub")?.as_str().filter(|subject| (1..=255).contains(&subject.len()))?;
        let id = format!("openid:{}", &hex(&Sha256::digest(format!("{}\n{subject}", self.issuer)))[..32]);
        let names = ["name", "preferred_username"].iter();
        let name = names.filter_map(|claim| claims.get(*claim)?.as_str()).find_map(readable).unwrap_or_default();
        Some(Holder { id, name, standing: self.standing(claims) })
    }

    fn standing(&self, claims: &Map<String, Value>) -> Standing {
        let claim = |path: &str| at(claims, path);
        let said = self.role_claim.as_deref().and_then(claim);
        let says = |word: &str| match said {
            Some(Value::String(one)) => one == word,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(word)),
            _ => false,
        };
        if let Some((_, role)) = self.roles.iter().find(|(word, _)| says(word)) {
            let agency = self.agency_claim.as_deref().map(|path| claim(path)?.as_str()?.parse().ok());
            return match agency {
                None if *role == Role::Admin => Standing::Staff { role: *role, agency: None },
                Some(Some(agency)) => Standing::Staff { role: *role, agency: Some(agency) },
                // Nobody is given all agencies because theirs cannot be told.
                None | Some(None) => Standing::Nobody,
            };
        }
        let number = claim(&self.identity_claim).and_then(Value::as_str).and_then(|number| number.parse().ok());
        number.map_or(Standing::Nobody, Standing::Citizen)
    }
}

/// The claims of a token that this key has signed.
fn signed(token: &str, head: &Head, key: &Jwk) -> Option<Map<String, Value>> {
    let key = fits(key, head.algorithm).then(|| DecodingKey::from_jwk(key).ok()).flatten()?;
    let mut validation = Validation::new(head.algorithm);
    // Times are checked against the clock that is passed in, the rest beside them.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode(token, &key, &validation).ok().map(|token| token.claims)
}

/// A claim by its whole name, which may have dots in it (a URL), or else by the path of its members.
fn at<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(claims.get(first)?.as_object()?, rest)
}

/// A name as it may be shown; `None` for what has nothing to show.
fn readable(name: &str) -> Option<String> {
    let name: String = name.nfc().filter(|character| !character.is_control()).take(MAX_NAME).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
