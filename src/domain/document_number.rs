//! Number and notation of an official paper (số, ký hiệu), and the identifier that edXML makes of them.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use super::vocabulary::{AgencyCode, MalformedCode};

/// Longest notation, in characters.
const MAX_NOTATION: usize = 100;

/// Number and notation, e.g. `12/PXL-SLĐTBXH` or `1200/QĐ-SLĐTBXH` (Decree 30/2020, Appendix I): an integer that runs in
/// a register of one year, and who issued what. Only the first `/` divides them. The text is taken as it comes: whoever
/// reads it from outside composes it (NFC) first, so that a decomposed `Đ` compares equal.
///
/// Number 0 stands for a paper that waits for its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentNumber {
    number: u32,
    notation: String,
}

impl DocumentNumber {
    /// A number with its notation.
    ///
    /// # Errors
    /// [`MalformedCode`] for a notation that is blank, too long or holds control characters.
    pub fn new(number: u32, notation: &str) -> Result<Self, MalformedCode> {
        let text = notation.trim();
        let fits = !text.is_empty() && text.chars().count() <= MAX_NOTATION && !text.chars().any(char::is_control);
        if fits {
            Ok(Self { number, notation: text.to_owned() })
        } else {
            Err(MalformedCode { expected: "a notation of 1 to 100 characters", given: notation.to_owned() })
        }
    }

    /// The running number (số).
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The notation (ký hiệu).
    pub fn notation(&self) -> &str {
        &self.notation
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.notation)
    }
}

impl FromStr for DocumentNumber {
    type Err = MalformedCode;

    fn from_str(given: &str) -> Result<Self, MalformedCode> {
        let parsed = given.trim().split_once('/').and_then(|(number, notation)| {
            let number = number.trim_end();
            let is_number = number.len() <= 9 && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            Self::new(number.parse().ok().filter(|_| is_number)?, notation).ok()
        });
        parsed.ok_or_else(|| MalformedCode {
            expected: "number and notation like 12/PXL-SLĐTBXH",
            given: given.to_owned(),
        })
    }
}

/// The identifier of a paper between offices: `OrganId,yyyy/MM/dd,number/notation` (QCVN 102:2016).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentId {
    /// Who issues or sends it.
    pub organ: AgencyCode,
    /// The date of the paper; of one that waits for its number, the day it was sent.
    pub on: NaiveDate,
    /// Number and notation; number 0 and our own identifier for one that waits for its number.
    pub number: DocumentNumber,
}

impl DocumentId {
    /// Our own identifier of a paper that waits for its number.
    pub fn waiting(&self) -> Option<&str> {
        (self.number.number == 0).then_some(self.number.notation())
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.organ, self.on.format("%Y/%m/%d"), self.number)
    }
}

impl FromStr for DocumentId {
    type Err = MalformedCode;

    fn from_str(given: &str) -> Result<Self, MalformedCode> {
        let parsed = || {
            let mut parts = given.trim().splitn(3, ',');
            let organ = parts.next()?.trim().parse().ok()?;
            let on = slashed_date(parts.next()?.trim())?;
            Some(Self { organ, on, number: parts.next()?.parse().ok()? })
        };
        parsed().ok_or_else(|| MalformedCode {
            expected: "an identifier like H16.18,2023/06/02,872/SLĐTBXH-VP",
            given: given.to_owned(),
        })
    }
}

/// A date as edXML writes it: `yyyy/MM/dd`.
pub fn slashed_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y/%m/%d").ok().filter(|_| text.len() == 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_seen_in_reports_are_read_and_written_unchanged() {
        // domain.md 6.5, the half-year report, and the letter of the issue.
        for (text, number, notation) in [
            ("872/SLĐTBXH-VP", 872, "SLĐTBXH-VP"),
            ("1200/QĐ-SLĐTBXH", 1200, "QĐ-SLĐTBXH"),
            ("12/PXL-SLĐTBXH", 12, "PXL-SLĐTBXH"),
            ("61/2018/NĐ-CP", 61, "2018/NĐ-CP"),
        ] {
            let parsed: DocumentNumber = text.parse().unwrap();
            assert_eq!((parsed.number(), parsed.notation()), (number, notation));
            assert_eq!(parsed.to_string(), text);
        }
        let spaced: DocumentNumber = " 12 / PXL-SLĐTBXH ".parse().unwrap();
        assert_eq!(spaced.to_string(), "12/PXL-SLĐTBXH");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let long = format!("1/{}", "Đ".repeat(101));
        for text in ["", "12", "/PXL", "12/", "12/ ", "a/PXL", "-1/PXL", "+1/PXL", "12/A\u{0}", "1234567890/P", &long] {
            assert!(text.parse::<DocumentNumber>().is_err(), "{text}");
        }
        assert!(format!("1/{}", "Đ".repeat(100)).parse::<DocumentNumber>().is_ok());
    }

    #[test]
    fn identifiers_hold_organ_date_and_number() {
        // domain.md 6.2, the minimal packet.
        let text = "000.00.18.H16,2023/06/02,872/SLĐTBXH-VP";
        let id: DocumentId = text.parse().unwrap();
        assert_eq!((id.organ.as_str(), id.number.number(), id.waiting()), ("000.00.18.H16", 872, None));
        assert_eq!(id.on, NaiveDate::from_ymd_opt(2023, 6, 2).unwrap());
        assert_eq!(id.to_string(), text);
        let waiting: DocumentId = "H16.18,2026/03/10,0/0195f2".parse().unwrap();
        assert_eq!(waiting.waiting(), Some("0195f2"));
        // A notation may hold a comma; only the first two divide.
        assert_eq!("H16,2026/03/10,1/A,B".parse::<DocumentId>().unwrap().number.notation(), "A,B");
        for text in ["", "H16", "H16,2026/03/10", "H16,2026-03-10,1/A", "H16,2026/02/30,1/A", "h16,2026/03/10,1/A"] {
            assert!(text.parse::<DocumentId>().is_err(), "{text}");
        }
    }
}
