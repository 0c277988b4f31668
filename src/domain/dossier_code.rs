//! The dossier code (mã số hồ sơ): composed at intake, printed on the slip, never reused.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::vocabulary::{AgencyCode, MalformedCode};

/// `<receiving agency>-<YYMMDD>-<sequence>`, e.g. `H16.18-230427-0001` or `000.00.18.H16-230203-0001`
/// (Decree 61/2018 art. 26, Circular 01/2018 art. 19, Circular 03/2025 art. 13).
///
/// The sequence has at least four digits and grows when a day brings more than 9,999 dossiers; codes of nationally
/// centralised services carry two more digits before it (`AAXXXX`) and are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DossierCode {
    agency: AgencyCode,
    day: NaiveDate,
    digits: String,
}

impl DossierCode {
    /// The code of the `sequence`-th dossier that `agency` took in on `day`.
    pub fn compose(agency: AgencyCode, day: NaiveDate, sequence: u64) -> Self {
        Self { agency, day, digits: format!("{sequence:04}") }
    }

    /// The agency that took the dossier in.
    pub fn agency(&self) -> &AgencyCode {
        &self.agency
    }

    /// The day of filing. The code has two digits for the year; they are read as 20YY.
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// The running number of the day.
    pub fn sequence(&self) -> u64 {
        // At most 18 digits, checked when parsed: it always fits.
        self.digits.parse().unwrap_or(u64::MAX)
    }
}

impl fmt::Display for DossierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.day.year() % 100;
        write!(f, "{}-{year:02}{:02}{:02}-{}", self.agency, self.day.month(), self.day.day(), self.digits)
    }
}

impl FromStr for DossierCode {
    type Err = MalformedCode;

    fn from_str(given: &str) -> Result<Self, MalformedCode> {
        parse(given).ok_or_else(|| MalformedCode {
            expected: "a dossier code like H16.18-230427-0001",
            given: given.to_owned(),
        })
    }
}

fn parse(given: &str) -> Option<DossierCode> {
    let (head, digits) = given.rsplit_once('-')?;
    let (agency, day) = head.rsplit_once('-')?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(4..=18).contains(&digits.len()) || !all_digits(digits) || day.len() != 6 || !all_digits(day) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| day[range].parse::<u32>().ok();
    let year = 2000 + i32::try_from(number(0..2)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(2..4)?, number(4..6)?)?;
    Some(DossierCode { agency: agency.parse().ok()?, day, digits: digits.to_owned() })
}

impl Serialize for DossierCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DossierCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn codes_of_both_styles_are_read_and_written_unchanged() {
        // Seen in the wild (domain.md 4), and the grown and the centralised forms.
        for text in
            ["H21.65-220914-0011", "000.00.18.H16-230203-0001", "H16.18-230427-12345", "G01.001.01-260125-160001"]
        {
            assert_eq!(text.parse::<DossierCode>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_parts_of_a_code() {
        let code: DossierCode = "000.00.18.H16-230203-0017".parse().unwrap();
        assert_eq!(code.agency().as_str(), "000.00.18.H16");
        assert_eq!(code.day(), date(2023, 2, 3));
        assert_eq!(code.sequence(), 17);
    }

    #[test]
    fn the_sequence_has_at_least_four_digits_and_grows() {
        let agency: AgencyCode = "H16.18".parse().unwrap();
        let code = |sequence| DossierCode::compose(agency.clone(), date(2023, 4, 27), sequence).to_string();
        assert_eq!(code(1), "H16.18-230427-0001");
        assert_eq!(code(10_000), "H16.18-230427-10000");
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "H16.18",
            "H16.18-230427",
            "H16.18-230427-001",
            "H16.18-231327-0001",
            "H16.18-230230-0001",
            "h16-230427-0001",
            "H16.18-230427-00O1",
            "-230427-0001",
            "H16.18-2304270-0001",
        ] {
            assert!(text.parse::<DossierCode>().is_err(), "{text}");
        }
    }
}
