//! The secrets of the public look-up: short, derived from a key and the dossier's code, printed on the slip.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::dossier_code::DossierCode;

/// What secrets are written with. There is no 0, O, 1, I or l to be mistaken for one another, and with 32 characters
/// each is 5 bits of the hash.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// How many characters: 50 bits, which nobody guesses through the limits of the route.
const LENGTH: usize = 10;

/// The key that secrets are derived from. It is no token key: slips live for months, and outlive its rotation.
#[derive(Clone)]
pub struct LookupKey(Hmac<Sha256>);

impl LookupKey {
    /// The key made of these bytes.
    ///
    /// # Errors
    /// When the library refuses the key's length, which HMAC never does.
    pub fn new(secret: &[u8]) -> Result<Self, hmac::digest::InvalidLength> {
        Hmac::new_from_slice(secret).map(Self)
    }

    /// The secret of a dossier, as printed: `ABCDE-FGHJK`.
    pub fn secret(&self, code: &DossierCode) -> String {
        self.grouped(&code.to_string())
    }

    /// The secret of what `id` names, as on its receipt.
    pub fn secret_of(&self, id: &str) -> String {
        self.grouped(id)
    }

    /// Whether `given` is the secret of what `code` names, hyphens, spaces and case aside. It takes the same time whatever is
    /// wrong, and reads nothing: so no answer tells whether there is such a dossier.
    pub fn opens(&self, code: &str, given: &str) -> bool {
        // Hashes are compared, by the library and in constant time: how far the secrets agree is not to be seen in them.
        let hashed = |secret: &str| {
            let mut mac = self.0.clone();
            mac.update(b"motcua look-up: compare\0");
            for byte in secret.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
                mac.update(&[byte.to_ascii_uppercase()]);
            }
            mac
        };
        hashed(given).verify_slice(&hashed(&self.grouped(code)).finalize().into_bytes()).is_ok()
    }

    fn grouped(&self, code: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(b"motcua look-up: secret\0");
        mac.update(code.as_bytes());
        let hash = mac.finalize().into_bytes();
        let characters = hash.iter().take(LENGTH).map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        let mut secret: String = characters.collect();
        secret.insert(LENGTH / 2, '-');
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> LookupKey {
        LookupKey::new(secret.as_bytes()).unwrap()
    }

    #[test]
    fn a_secret_opens_its_own_dossier_alone_however_it_is_typed() {
        let code: DossierCode = "H16.18-260302-0001".parse().unwrap();
        let (own, other) = (key("a"), key("b"));
        let secret = own.secret(&code);
        assert!(own.opens(&code.to_string(), &secret));
        assert!(own.opens(&code.to_string(), &secret.to_lowercase().replace('-', " ")));
        assert!(!own.opens("H16.18-260302-0002", &secret));
        assert!(!other.opens(&code.to_string(), &secret));
        for wrong in ["", "-", &secret[..10], &format!("{secret}2")] {
            assert!(!own.opens(&code.to_string(), wrong), "{wrong}");
        }
    }

    #[test]
    fn secrets_have_ten_characters_none_of_which_looks_like_another() {
        let key = key("a");
        for number in 1..500 {
            let secret = key.grouped(&format!("H16.18-260302-{number:04}"));
            let (head, tail) = secret.split_once('-').unwrap();
            assert_eq!((head.len(), tail.len()), (5, 5), "{secret}");
            assert!(!secret.contains(['0', 'O', '1', 'I', 'l']), "{secret}");
        }
    }
}
