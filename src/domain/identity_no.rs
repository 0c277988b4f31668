//! The personal identification number (số định danh cá nhân) that stands on a citizen's card.

use std::fmt;
use std::str::FromStr;

/// Twelve digits (Law on Identification 26/2023 art. 12(1)). Shown to nobody in logs: it names a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityNo(String);

/// What was given is no personal identification number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a personal identification number has twelve digits")]
pub struct NoIdentity;

impl IdentityNo {
    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdentityNo {
    type Err = NoIdentity;

    fn from_str(text: &str) -> Result<Self, NoIdentity> {
        let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Self(text.to_owned())) } else { Err(NoIdentity) }
    }
}

impl fmt::Debug for IdentityNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityNo(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_and_nothing_else() {
        assert_eq!("067012345678".parse::<IdentityNo>().unwrap().as_str(), "067012345678");
        // The nine digits of the old card, a tax code, digits of another script, blanks.
        for bad in [
            "",
            "240123456",
            "0100109106-001",
            "06701234567",
            "0670123456789",
            "06701234567x",
            "٠٦٧٠١٢٣٤٥٦٧٨",
            " 67012345678",
        ] {
            assert_eq!(bad.parse::<IdentityNo>(), Err(NoIdentity), "{bad}");
        }
    }

    #[test]
    fn a_log_does_not_tell_it() {
        assert_eq!(format!("{:?}", "067012345678".parse::<IdentityNo>().unwrap()), "IdentityNo(…)");
    }
}
