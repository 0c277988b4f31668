//! The vault: seals what must not lie open in the database (AES-256-GCM), and hashes what is searched by (HMAC-SHA-256).

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use thiserror::Error;

use crate::domain::personal::{plain_identity, plain_phone};

/// Length of a key that is derived, in bytes.
const KEY: usize = 32;

/// A ring of keys: the newest seals, all of them open. Cheap to clone; nothing prints what is in it.
#[derive(Clone)]
pub struct Vault(Arc<Ring>);

struct Ring {
    newest: DataKey,
    older: Vec<DataKey>,
}

struct DataKey {
    id: String,
    seal: RandomizedNonceKey,
    hash: hmac::Key,
}

/// Why there is no vault.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NoVault {
    /// No key was given.
    #[error("no data key")]
    NoKey,
    /// The library refused.
    #[error("a data key cannot be used")]
    Refused,
}

/// Why something sealed stays closed.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Closed {
    /// It was sealed under a key that the ring does not hold.
    #[error("it is sealed under the data key {0}, which is not at hand")]
    UnknownKey(String),
    /// It was changed, moved from elsewhere, or never sealed.
    #[error("it is not what was sealed here")]
    Broken,
    /// The library could not seal.
    #[error("it cannot be sealed")]
    Refused,
}

/// How long a key to be derived is.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY
    }
}

impl DataKey {
    fn new(secret: &[u8]) -> Result<Self, NoVault> {
        let root = Salt::new(HKDF_SHA256, b"motcua data key").extract(secret);
        let refused = |_| NoVault::Refused;
        Ok(Self {
            id: URL_SAFE_NO_PAD.encode(&derived(&root, b"name")?[..9]),
            seal: RandomizedNonceKey::new(&AES_256_GCM, &derived(&root, b"seal")?).map_err(refused)?,
            hash: hmac::Key::new(hmac::HMAC_SHA256, &derived(&root, b"hash")?),
        })
    }

    fn hashed(&self, what: &str, text: &str) -> String {
        let mut hash = hmac::Context::with_key(&self.hash);
        hash.update(what.as_bytes());
        hash.update(b"\0");
        hash.update(text.as_bytes());
        URL_SAFE_NO_PAD.encode(hash.sign())
    }
}

fn derived(root: &Prk, purpose: &[u8]) -> Result<[u8; KEY], NoVault> {
    let mut key = [0; KEY];
    let filled = root.expand(&[purpose], Length).and_then(|key_material| key_material.fill(&mut key));
    filled.map(|()| key).map_err(|_| NoVault::Refused)
}

/// Names hold no NUL, keys may hold anything.
fn register_key(register: &str, key: &str) -> String {
    format!("{register}\0{key}")
}

impl Vault {
    /// The vault whose keys are derived (HKDF-SHA-256) from these secrets, the newest last.
    ///
    /// # Errors
    /// [`NoVault`].
    pub fn new<S: AsRef<[u8]>>(secrets: &[S]) -> Result<Self, NoVault> {
        let mut keys = secrets.iter().map(|secret| DataKey::new(secret.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let newest = keys.pop().ok_or(NoVault::NoKey)?;
        Ok(Self(Arc::new(Ring { newest, older: keys })))
    }

    /// Name of the key that seals; it tells nothing of the key.
    pub fn newest(&self) -> &str {
        &self.0.newest.id
    }

    /// Seals a text for a place, from which it cannot be moved: `NAME.NONCE-AND-CIPHERTEXT`, in base64.
    ///
    /// # Errors
    /// [`Closed::Refused`].
    pub fn seal(&self, place: &str, text: &str) -> Result<String, Closed> {
        let DataKey { id, seal, .. } = &self.0.newest;
        let mut sealed = text.as_bytes().to_vec();
        let nonce = seal.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed);
        let mut whole = nonce.map_err(|_| Closed::Refused)?.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(format!("{id}.{}", STANDARD_NO_PAD.encode(whole)))
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// [`Closed`].
    pub fn open(&self, place: &str, sealed: &str) -> Result<String, Closed> {
        let (id, whole) = sealed.split_once('.').ok_or(Closed::Broken)?;
        let key = self.keys().find(|key| key.id == id).ok_or_else(|| Closed::UnknownKey(id.to_owned()))?;
        let mut whole = STANDARD_NO_PAD.decode(whole).map_err(|_| Closed::Broken)?;
        let (nonce, text) = whole.split_at_mut_checked(NONCE_LEN).ok_or(Closed::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Closed::Broken)?;
        let text = key.seal.open_in_place(nonce, Aad::from(place.as_bytes()), text).map_err(|_| Closed::Broken)?;
        String::from_utf8(text.to_vec()).map_err(|_| Closed::Broken)
    }

    /// Whether the ring holds the key of this name.
    pub fn holds(&self, id: &str) -> bool {
        self.keys().any(|key| key.id == id)
    }

    /// The hash that an identity number is kept and found by; `None` when nothing is left of it. However it is written, the
    /// hash is the same ([`plain_identity`]).
    pub fn hash_identity(&self, number: &str) -> Option<String> {
        plain_identity(number).map(|plain| self.0.newest.hashed("identity", &plain))
    }

    /// The same for a telephone number ([`plain_phone`]).
    pub fn hash_phone(&self, number: &str) -> Option<String> {
        plain_phone(number).map(|plain| self.0.newest.hashed("phone", &plain))
    }

    /// The hashes of an identity number under every key: rows that were not resealed yet are found by an older one.
    pub fn identity_hashes(&self, number: &str) -> Vec<String> {
        let plain = plain_identity(number);
        plain.map(|plain| self.keys().map(|key| key.hashed("identity", &plain)).collect()).unwrap_or_default()
    }

    /// The same for a telephone number.
    pub fn phone_hashes(&self, number: &str) -> Vec<String> {
        let plain = plain_phone(number);
        plain.map(|plain| self.keys().map(|key| key.hashed("phone", &plain)).collect()).unwrap_or_default()
    }

    /// The hash that a row of an office's register is known again by.
    pub fn register_hash(&self, register: &str, key: &str) -> String {
        self.0.newest.hashed("register", &register_key(register, key))
    }

    /// The same under every key.
    pub fn register_hashes(&self, register: &str, key: &str) -> Vec<String> {
        let text = register_key(register, key);
        self.keys().map(|data_key| data_key.hashed("register", &text)).collect()
    }

    fn keys(&self) -> impl Iterator<Item = &DataKey> {
        std::iter::once(&self.0.newest).chain(&self.0.older)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_alone_and_under_its_key_alone() {
        let vault = Vault::new(&["one"]).unwrap();
        let sealed = vault.seal("dossiers/H16.18-260302-0001", "001085012345").unwrap();
        assert!(!sealed.contains("001085012345"));
        assert_eq!(vault.open("dossiers/H16.18-260302-0001", &sealed).unwrap(), "001085012345");
        assert_eq!(vault.open("dossiers/H16.18-260302-0002", &sealed), Err(Closed::Broken));
        assert_ne!(sealed, vault.seal("dossiers/H16.18-260302-0001", "001085012345").unwrap(), "the nonce is new");
        let other = Vault::new(&["two"]).unwrap();
        let id = vault.newest().to_owned();
        assert_eq!(other.open("dossiers/H16.18-260302-0001", &sealed), Err(Closed::UnknownKey(id)));
    }

    #[test]
    fn nothing_that_was_touched_opens() {
        let vault = Vault::new(&["one"]).unwrap();
        let sealed = vault.seal("here", "text").unwrap();
        let (id, body) = sealed.split_once('.').unwrap();
        let mut bytes = STANDARD_NO_PAD.decode(body).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(vault.open("here", &format!("{id}.{}", STANDARD_NO_PAD.encode(&bytes))), Err(Closed::Broken));
            bytes[at] ^= 1;
        }
        for broken in ["", "text", &format!("{id}."), &format!("{id}.AAAA"), &format!("{id}.§")] {
            assert_eq!(vault.open("here", broken), Err(Closed::Broken), "{broken}");
        }
    }

    #[test]
    fn the_newest_key_seals_and_the_older_ones_open_and_are_searched_by() {
        let before = Vault::new(&["one"]).unwrap();
        let after = Vault::new(&["one", "two"]).unwrap();
        let sealed = before.seal("here", "text").unwrap();
        assert_eq!(after.open("here", &sealed).unwrap(), "text");
        assert!(after.seal("here", "text").unwrap().starts_with(after.newest()));
        assert!(after.holds(before.newest()) && !before.holds(after.newest()));
        let old = before.hash_identity("001085012345").unwrap();
        assert_eq!(after.identity_hashes("001 085 012 345")[1], old);
        assert_eq!(after.identity_hashes("001085012345")[0], after.hash_identity("001085012345").unwrap());
        assert_ne!(before.hash_phone("001085012345").unwrap(), old, "a phone is no identity number");
        assert_eq!(before.identity_hashes(" - "), Vec::<String>::new());
        assert_eq!(after.register_hashes("2025", "7")[1], before.register_hash("2025", "7"));
        assert_ne!(before.register_hash("2025", "7"), before.register_hash("2024", "7"));
    }

    #[test]
    fn there_is_no_vault_without_a_key() {
        assert_eq!(Vault::new::<&str>(&[]).err(), Some(NoVault::NoKey));
    }
}
