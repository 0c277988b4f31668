//! The portal's codes as data: the table compiled in, and what a site sets differently.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

/// Status, channel, applicant and identity codes of domain facts 3.2 and 3.3. There is no code for a dossier entered by
/// mistake: it is told as stopped. A result sent electronically has none either, and is left open. `collection` is from a
/// ministry's test page for the portal, `fee` our reading: the annex of Circular 04/2025 that rules them was not to be had.
const BUILT_IN: &str = include_str!("codes.json");
/// Longest code.
const LONGEST: usize = 20;
/// The tables whose words are not the service's own, so that a site may add some.
const OPEN: &[&str] = &["identity", "reply"];

/// A word that has no code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unmapped:{table}:{word}")]
pub struct Unmapped {
    /// In which table.
    pub table: &'static str,
    /// The word.
    pub word: String,
}

/// Why a table of codes cannot be used.
#[derive(Debug, Error)]
pub enum BadCodes {
    /// It is no JSON of the right form: an object of objects of texts.
    #[error("the table of codes is no object of objects: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It names a table or a word that there is none of.
    #[error("the table of codes names {0}, which is not known")]
    Unknown(String),
    /// A code is too long, or holds something else than letters, digits, dots and dashes.
    #[error("the table of codes gives {0} a code that cannot be one")]
    Bad(String),
}

/// What an error code of the portal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It took it.
    Done,
    /// It has it already.
    Exists,
    /// It may take it later.
    Later,
    /// It will not take it.
    Refused,
}

/// The portal's codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes(BTreeMap<String, BTreeMap<String, String>>);

impl Codes {
    /// The built-in table, changed by a site's own: a file of the same form with what differs, where null takes a code away.
    ///
    /// # Errors
    /// [`BadCodes`].
    pub fn new(own: Option<&str>) -> Result<Self, BadCodes> {
        let mut tables: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(BUILT_IN)?;
        let own: BTreeMap<String, BTreeMap<String, Option<String>>> =
            own.map(serde_json::from_str).transpose()?.unwrap_or_default();
        for (name, changes) in own {
            let table = tables.get_mut(&name).ok_or_else(|| BadCodes::Unknown(name.clone()))?;
            for (word, code) in changes {
                let place = format!("{name}.{word}");
                if !table.contains_key(&word) && !OPEN.contains(&name.as_str()) {
                    return Err(BadCodes::Unknown(place));
                }
                match code {
                    Some(code) if is_code(&name, &code) => table.insert(word, code),
                    Some(_) => return Err(BadCodes::Bad(place)),
                    None => table.remove(&word),
                };
            }
        }
        Ok(Self(tables))
    }

    /// The code for a word.
    ///
    /// # Errors
    /// [`Unmapped`].
    pub fn of(&self, table: &'static str, word: &str) -> Result<Value, Unmapped> {
        let code = self.find(table, word);
        code.map(Value::from).ok_or_else(|| Unmapped { table, word: word.to_owned() })
    }

    fn find(&self, table: &str, word: &str) -> Option<&str> {
        self.0.get(table)?.get(word).map(String::as_str)
    }

    /// The kind of an identifier, by how many digits it has; what is no number is `other`.
    ///
    /// # Errors
    /// [`Unmapped`]; the identifier is not repeated.
    pub fn identity_kind(&self, identifier: &str) -> Result<Value, Unmapped> {
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        let length = if is_number { identifier.len().to_string() } else { "other".to_owned() };
        self.of("identity", &length)
    }

    /// What an error code means.
    pub fn meaning(&self, code: &str) -> Meaning {
        match self.find("reply", code) {
            Some("done") => Meaning::Done,
            Some("exists") => Meaning::Exists,
            Some("later") => Meaning::Later,
            _ => Meaning::Refused,
        }
    }
}

fn is_code(table: &str, code: &str) -> bool {
    if table == "reply" {
        return matches!(code, "done" | "exists" | "later" | "refused");
    }
    code.len() <= LONGEST && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::vocabulary::{ApplicantKind, Channel, DeliveryMethod, Status};

    #[test]
    fn every_word_of_the_service_has_the_code_of_the_portal() {
        let codes = Codes::new(None).unwrap();
        for status in Status::ALL {
            assert_eq!(codes.of("status", status.as_str()).unwrap(), status.national_code().to_string());
        }
        for channel in Channel::ALL {
            assert_eq!(codes.of("channel", channel.as_str()).unwrap(), channel.national_code().to_string());
        }
        // domain.md 3.2: 1 citizen, 2 business, 3 state body, 4 other organisation; 0 counter, 1 postal.
        for (kind, code) in ApplicantKind::ALL.iter().zip(["1", "2", "3", "4"]) {
            assert_eq!(codes.of("applicant", kind.as_str()).unwrap(), code);
        }
        for (method, code) in DeliveryMethod::ALL.iter().zip(["0", "1", ""]) {
            assert_eq!(codes.of("delivery", method.as_str()).unwrap(), code);
        }
    }

    #[test]
    fn a_site_changes_adds_and_takes_away() {
        let own = r#"{"status": {"void": "7", "payment_required": null}, "identity": {"other": "5"}, "reply": {"-99": "later"}}"#;
        let codes = Codes::new(Some(own)).unwrap();
        assert_eq!(codes.of("status", "void").unwrap(), "7");
        assert_eq!(codes.of("status", "received").unwrap(), "2");
        assert_eq!(codes.of("status", "payment_required").unwrap_err().to_string(), "unmapped:status:payment_required");
        assert_eq!(codes.identity_kind("C1234567").unwrap(), "5");
        assert_eq!((codes.meaning("-99"), codes.meaning("-98")), (Meaning::Later, Meaning::Refused));
    }

    #[test]
    fn identifiers_go_by_their_length_and_an_unknown_one_is_named_without_its_digits() {
        let codes = Codes::new(None).unwrap();
        assert_eq!(
            (codes.identity_kind("067000000001").unwrap(), codes.identity_kind("123456789").unwrap()),
            ("1".into(), "2".into())
        );
        assert_eq!(codes.identity_kind("0100109106").unwrap_err().to_string(), "unmapped:identity:10");
        assert_eq!(codes.identity_kind("C1234567").unwrap_err().to_string(), "unmapped:identity:other");
    }

    #[test]
    fn a_table_that_cannot_be_one_is_refused() {
        for bad in [
            "",
            "[]",
            r#"{"status": "1"}"#,
            r#"{"statuses": {"void": "1"}}"#,
            r#"{"status": {"posting": "0"}}"#,
            r#"{"status": {"void": 8}}"#,
            r#"{"status": {"void": "8\u0000"}}"#,
            r#"{"reply": {"-1": "perhaps"}}"#,
        ] {
            assert!(Codes::new(Some(bad)).is_err(), "{bad}");
        }
    }
}
