//! The audit log's entries: who did what, from where, and whether they were let. Never a citizen's name, an identity number
//! or a body (domain.md 9).

use serde::{Deserialize, Serialize};

use super::vocabulary::LocalTime;

/// Whether somebody was let.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Done, Self::Refused]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or_else(|| format!("no outcome: {text}"))
    }
}

/// Who did it, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Identifier of the user or client, or what stands for a name that nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Name to sign in with, or the machine's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The role; `machine` or `service` for who has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The agency it is held at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_agency: Option<String>,
    /// For whom they stand in, whose role and agency those are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
}

/// What was done or tried, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Address of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request's identifier, as in the log and in problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Method and pattern of the route, or the command.
    pub action: String,
    /// Code or identifier of what it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Identifier of the part of it: a file, a delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How many rows an export gave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
}

/// The agencies that a resource belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belongs {
    /// The agency it belongs to; a dossier's is the resolving one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Where a dossier was handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_by: Option<String>,
}

/// An entry. Its JSON is what is hashed: members are only ever added, and left out where there is nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Opaque identifier.
    pub id: String,
    /// When.
    pub at: LocalTime,
    /// Who.
    pub who: Who,
    /// What and from where.
    pub trace: Trace,
    /// Whose.
    pub belongs: Belongs,
    /// Whether they were let.
    pub outcome: Outcome,
    /// The problem's code, for what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A part of an address as it may be written down: a code or an identifier, and nothing that may be a name, an identity
/// number (9 or 12 digits) or a telephone number, which people type where a code belongs.
pub fn named(part: &str) -> Option<String> {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let is_code = (1..=64).contains(&part.len()) && part.chars().all(plain);
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let is_number = (8..=15).contains(&digits) && !part.chars().any(|character| character.is_ascii_alphabetic());
    (is_code && !is_number).then(|| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_down_and_people_are_not() {
        for code in
            ["H16.18", "H16.18-260302-0001", "000.00.18.H16", "1.001739", "019ab7c5d3f07a0e8f3c1d2e4b5a6978", "BTXH"]
        {
            assert_eq!(named(code).as_deref(), Some(code));
        }
        // Names; identity numbers old and new; telephone numbers, grouped or not; what is no code.
        for person in [
            "Nguyễn Văn A",
            "nguyen van a",
            "001085012345",
            "012345678",
            "0912345678",
            "0912.345.678",
            "0912-345-678",
            "",
            "a@b.vn",
        ] {
            assert_eq!(named(person), None, "{person}");
        }
    }
}
