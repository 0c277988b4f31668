//! The words of the field: codes, channels, statuses, roles. Parsed once at the edge, then trusted.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Civil time of the office zone, in whole seconds.
///
/// The whole service reckons in the legal time of Việt Nam (UTC+7, no summer time); the offset is added and taken
/// off only where a timestamp enters or leaves the program.
pub type LocalTime = NaiveDateTime;

/// A word that is not in its vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not a {kind}")]
pub struct UnknownWord {
    /// What kind of word was expected, e.g. `channel`.
    pub kind: &'static str,
    /// What was given instead.
    pub given: String,
}

/// Declares an enum whose values are the fixed words of the contract.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident ($kind:literal) { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in the API, the database and the documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(given: &str) -> Result<Self, UnknownWord> {
                match given {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { kind: $kind, given: given.to_owned() }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(in crate::domain) use words;

words! {
    /// The way a dossier came in (cách thức nộp; Decree 61/2018 art. 16, Decree 118/2025 art. 15).
    Channel("channel") {
        /// At the counter of the one-stop unit (trực tiếp).
        Direct = "direct",
        /// Through a public-service portal (trực tuyến).
        Online = "online",
        /// By the public postal service (bưu chính công ích).
        Postal = "postal",
    }
}

impl Channel {
    /// `KenhThucHien` of the national portal.
    pub const fn national_code(self) -> u8 {
        match self {
            Self::Direct => 1,
            Self::Online => 2,
            Self::Postal => 3,
        }
    }
}

words! {
    /// Where a dossier stands; the values are the national status codes (`TrangThaiHoSo`).
    Status("status") {
        /// Newly filed, not yet examined (mới đăng ký).
        Registered = "registered",
        /// Accepted, the clock runs (được tiếp nhận).
        Received = "received",
        /// Not accepted at intake (không được tiếp nhận).
        Rejected = "rejected",
        /// Being resolved (đang xử lý).
        Processing = "processing",
        /// Waiting for papers from the applicant (yêu cầu bổ sung giấy tờ).
        SupplementRequired = "supplement_required",
        /// Waiting for a payment by the applicant (yêu cầu thực hiện nghĩa vụ tài chính).
        PaymentRequired = "payment_required",
        /// Taken back by the applicant (công dân yêu cầu rút).
        Withdrawn = "withdrawn",
        /// Stopped (dừng xử lý).
        Stopped = "stopped",
        /// Result ready (đã xử lý xong).
        Finished = "finished",
        /// Result handed over (đã trả kết quả).
        Returned = "returned",
    }
}

impl Status {
    /// The national status code, 1 to 10.
    pub const fn national_code(self) -> i16 {
        self as i16 + 1
    }

    /// The status with this national code.
    pub fn from_national_code(code: i16) -> Option<Self> {
        usize::try_from(code - 1).ok().and_then(|index| Self::ALL.get(index)).copied()
    }

    /// Whether the resolving of the dossier is over (a hand-over may still follow a finish).
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Rejected | Self::Withdrawn | Self::Stopped | Self::Finished | Self::Returned)
    }

    /// Whether the dossier waits for its applicant.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::SupplementRequired | Self::PaymentRequired)
    }
}

words! {
    /// What the finished dossier brought.
    Outcome("outcome") {
        /// The result asked for.
        Granted = "granted",
        /// A reasoned refusal after appraisal (Decree 61/2018 art. 19(8)): still a result, early, on time or late.
        Refused = "refused",
    }
}

words! {
    /// Who applies (`LoaiDoiTuong`).
    ApplicantKind("applicant kind") {
        /// Citizen (công dân).
        Citizen = "citizen",
        /// Business (doanh nghiệp).
        Business = "business",
        /// State body (cơ quan nhà nước).
        StateBody = "state_body",
        /// Another organisation (tổ chức khác).
        Organisation = "organisation",
    }
}

words! {
    /// Tier of an agency. Districts exist until 30 June 2025.
    AgencyLevel("agency level") {
        /// Ministry (bộ).
        Ministry = "ministry",
        /// Province (tỉnh).
        Province = "province",
        /// Department of a province (sở).
        Department = "department",
        /// District (huyện), until the two-tier reform.
        District = "district",
        /// Commune (xã).
        Commune = "commune",
    }
}

words! {
    /// Tier that resolves a procedure.
    ProcedureLevel("procedure level") {
        /// Ministry (bộ).
        Ministry = "ministry",
        /// Province (tỉnh).
        Province = "province",
        /// District (huyện), until the two-tier reform.
        District = "district",
        /// Commune (xã).
        Commune = "commune",
    }
}

impl ProcedureLevel {
    /// As forms and reports name it.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Ministry => "Cấp bộ",
            Self::Province => "Cấp tỉnh",
            Self::District => "Cấp huyện",
            Self::Commune => "Cấp xã",
        }
    }
}

words! {
    /// How far a procedure can be done online (Decree 42/2022; old levels 4, 3 and 2).
    OnlineLevel("online level") {
        /// From filing to result (toàn trình).
        Full = "full",
        /// In part (một phần).
        Partial = "partial",
        /// Information only.
        Information = "information",
    }
}

words! {
    /// How the applicant wants the result.
    DeliveryMethod("delivery method") {
        /// At the counter.
        Counter = "counter",
        /// By post.
        Postal = "postal",
        /// Electronically.
        Online = "online",
    }
}

words! {
    /// What a signed-in person may do; see the role table of the contract.
    Role("role") {
        /// Receives and hands over at the counter.
        FrontDesk = "front_desk",
        /// Resolves dossiers and drafts letters.
        Officer = "officer",
        /// Signs letters, reopens, corrects; in the agency and those below it.
        Leader = "leader",
        /// Reads everything in the subtree.
        Auditor = "auditor",
        /// Keeps agencies, catalogue, calendar and accounts, and may do everything in the subtree.
        Admin = "admin",
    }
}

words! {
    /// What a machine client may do.
    Scope("scope") {
        /// Read dossiers.
        DossiersRead = "dossiers:read",
        /// Receive and move dossiers.
        DossiersWrite = "dossiers:write",
        /// Exchange documents with an e-office.
        DocumentsExchange = "documents:exchange",
        /// Sync with the national portal.
        PortalSync = "portal:sync",
        /// Read statistics.
        StatisticsRead = "statistics:read",
    }
}

words! {
    /// Why an agency apologises.
    LetterKind("letter kind") {
        /// The dossier is or ended late (Decree 61/2018 art. 19(9)).
        Late = "late",
        /// The dossier will be late; the letter that the law wants one day ahead.
        AtRisk = "at_risk",
        /// Papers were lost (art. 21(2)).
        Lost = "lost",
        /// Papers were damaged (art. 21(2)).
        Damaged = "damaged",
        /// An official broke the rules of conduct (art. 37(2)(d)).
        Misconduct = "misconduct",
    }
}

impl LetterKind {
    /// Whether the letter is about the deadline; a dossier has at most one such letter that is not cancelled.
    pub const fn is_about_deadline(self) -> bool {
        matches!(self, Self::Late | Self::AtRisk)
    }
}

words! {
    /// Where a letter stands.
    LetterStatus("letter status") {
        /// Being written.
        Draft = "draft",
        /// Waiting for signature.
        Submitted = "submitted",
        /// Signed, numbered and dated.
        Issued = "issued",
        /// In the applicant's hands.
        Delivered = "delivered",
        /// Sent back for change.
        Rejected = "rejected",
        /// Dropped: it never went out.
        Cancelled = "cancelled",
    }
}

impl LetterStatus {
    /// Whether the letter has gone out.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Issued | Self::Delivered)
    }
}

words! {
    /// What a file of a dossier is.
    FileKind("file kind") {
        /// A part of the dossier as handed in (thành phần hồ sơ).
        Component = "component",
        /// A paper of the office, signed: slip, request, refusal, letter.
        SignedPaper = "signed_paper",
        /// The result (kết quả giải quyết).
        Result = "result",
    }
}

words! {
    /// What a virus scanner said of a file. An infected one is never kept.
    Scan("scan") {
        /// Nothing found.
        Clean = "clean",
        /// Nobody looked: no scanner is set up.
        Unscanned = "unscanned",
    }
}

words! {
    /// How a letter reached the applicant.
    LetterChannel("letter channel") {
        /// Handed over at the counter.
        Counter = "counter",
        /// By post.
        Postal = "postal",
        /// By e-mail.
        Email = "email",
        /// By text message.
        Sms = "sms",
        /// By telephone.
        Phone = "phone",
        /// By a permitted social network.
        SocialNetwork = "social_network",
        /// Through the public-service portal.
        Portal = "portal",
    }
}

words! {
    /// What an announcing decision (quyết định công bố) does to a procedure (Decree 63/2010 arts. 13–15).
    CatalogueChange("change of the catalogue") {
        /// New (ban hành mới).
        New = "new",
        /// Amended (sửa đổi, bổ sung).
        Amended = "amended",
        /// Replaced (thay thế).
        Replaced = "replaced",
        /// Abolished (bãi bỏ).
        Abolished = "abolished",
    }
}

words! {
    /// Which report is frozen.
    ReportKind("kind of report") {
        /// Form II.06a.
        Form06a = "06a",
    }
}

/// A code that does not have the form its kind must have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{given}` is not {expected}")]
pub struct MalformedCode {
    /// What a good one looks like.
    pub expected: &'static str,
    /// What was given.
    pub given: String,
}

/// Declares a code kept as text, checked when parsed.
macro_rules! code {
    ($(#[$meta:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The code as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = MalformedCode;

            fn from_str(given: &str) -> Result<Self, MalformedCode> {
                let valid: fn(&str) -> bool = $valid;
                if valid(given) {
                    Ok(Self(given.to_owned()))
                } else {
                    Err(MalformedCode { expected: $expected, given: given.to_owned() })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

code! {
    /// Identifier of an agency (mã định danh điện tử), in either style: level first (`H16.18`, Decision 20/2020 art. 4)
    /// or level last (`000.00.18.H16`, QCVN 102:2016). One is not computed from the other: the register decides.
    AgencyCode,
    "an agency identifier: up to 35 of A–Z, 0–9 in groups joined by dots",
    |text| {
        text.len() <= 35
            && text.split('.').all(|group| {
                !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            })
    }
}

code! {
    /// Code of a field (lĩnh vực), e.g. `BTXH` or `H16-LV01` (Circular 01/2018 art. 20).
    FieldCode,
    "a field code: up to 40 of A–Z, a–z, 0–9, dot, dash, underscore",
    |text| is_catalogue_code(text, 40)
}

code! {
    /// Code of a procedure (mã thủ tục hành chính), e.g. `1.001739`; opaque.
    ProcedureCode,
    "a procedure code: up to 60 of A–Z, a–z, 0–9, dot, dash, underscore",
    |text| is_catalogue_code(text, 60)
}

code! {
    /// Code of a case (trường hợp) of a procedure, by which a dossier names it; the catalogue chooses it.
    CaseCode,
    "a case code: up to 40 of A–Z, a–z, 0–9, dot, dash, underscore",
    |text| is_catalogue_code(text, 40)
}

fn is_catalogue_code(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_status_codes_are_those_of_the_portal() {
        // domain.md 3.3: 1 newly filed … 10 result handed over.
        assert_eq!(Status::Registered.national_code(), 1);
        assert_eq!(Status::SupplementRequired.national_code(), 5);
        assert_eq!(Status::Returned.national_code(), 10);
        assert_eq!(Status::from_national_code(9), Some(Status::Finished));
        assert_eq!(Status::from_national_code(0), None);
        assert_eq!(Status::from_national_code(11), None);
    }

    #[test]
    fn both_styles_of_agency_identifier_are_accepted() {
        // domain.md 4: QCVN 102:2016 has level 1 last, Decision 20/2020 level 1 first, at most 35 characters.
        for good in ["000.00.18.H16", "H16.18", "H16", "0100109106"] {
            assert!(good.parse::<AgencyCode>().is_ok(), "{good}");
        }
        for bad in ["", "H16.", ".H16", "h16.18", "H16-18", "H16 18", &"A".repeat(36)] {
            assert!(bad.parse::<AgencyCode>().is_err(), "{bad}");
        }
    }
}
