//! The forms of the one-stop mechanism: which set holds on a day, and what each paper says, as plain data for every writer.

pub mod apology;
pub mod control_slip;
pub mod letterhead;
pub mod notice;
pub mod party;
pub mod receipt;
pub mod reform_report;
pub mod register;
pub mod text;
pub mod wording;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::vocabulary::{UnknownWord, words};
use std::fmt;
use std::str::FromStr;
use text::Paper;

words! {
    /// A set of forms.
    FormSet("set of forms") {
        /// Circular 01/2018/TT-VPCP art. 9: forms 01–06.
        Of2018 = "2018",
        /// Circular 03/2025/TT-VPCP, appendix I: forms 01–07.
        Of2025 = "2025",
    }
}

words! {
    /// A kind of paper.
    Form("form") {
        /// Receipt and appointment slip (giấy tiếp nhận hồ sơ và hẹn trả kết quả).
        Receipt = "receipt",
        /// Request to supplement (phiếu yêu cầu bổ sung, hoàn thiện hồ sơ).
        Supplement = "supplement",
        /// Refusal (phiếu từ chối tiếp nhận giải quyết hồ sơ).
        Refusal = "refusal",
        /// Letter of apology, with or without a new date of return.
        Apology = "apology",
        /// Notice that resolving stops (thông báo dừng giải quyết hồ sơ), since 2025.
        Stop = "stop",
        /// Control slip (phiếu kiểm soát quá trình giải quyết hồ sơ).
        ControlSlip = "control-slip",
        /// Register (sổ theo dõi hồ sơ).
        Register = "register",
        /// Report on administrative reform (báo cáo cải cách hành chính).
        ReformReport = "reform-report",
    }
}

words! {
    /// The sheet a paper is printed on.
    PageSize("page size") {
        /// 148 × 210 mm.
        A5 = "a5",
        /// 210 × 297 mm.
        A4 = "a4",
        /// 297 × 210 mm.
        A4Landscape = "a4-landscape",
    }
}

impl FormSet {
    /// The set for a paper of this day.
    ///
    /// Decree 118/2025 is in force from 1 July 2025 but brought no forms of its own: until Circular 03/2025 of 15
    /// September 2025, in use from the day it was signed, one-stop units went on with those of Circular 01/2018.
    pub fn on(day: NaiveDate) -> Self {
        let first_day_of_2025_set = NaiveDate::from_ymd_opt(2025, 9, 15).unwrap_or_default();
        if day < first_day_of_2025_set { Self::Of2018 } else { Self::Of2025 }
    }

    /// The circular that issued it.
    pub const fn circular(self) -> &'static str {
        match self {
            Self::Of2018 => "Thông tư số 01/2018/TT-VPCP",
            Self::Of2025 => "Thông tư số 03/2025/TT-VPCP",
        }
    }
}

impl Form {
    /// Its number in a set; the stop notice has none in that of 2018, and no form is set for the report on reform.
    pub const fn number(self, set: FormSet) -> Option<u8> {
        Some(match (self, set) {
            (Self::Receipt, _) => 1,
            (Self::Supplement, _) => 2,
            (Self::Refusal, _) => 3,
            (Self::Apology, _) => 4,
            (Self::Stop, FormSet::Of2018) | (Self::ReformReport, _) => return None,
            (Self::Stop, FormSet::Of2025) | (Self::ControlSlip, FormSet::Of2018) => 5,
            (Self::ControlSlip, FormSet::Of2025) | (Self::Register, FormSet::Of2018) => 6,
            (Self::Register, FormSet::Of2025) => 7,
        })
    }

    /// The sheet it is printed on.
    ///
    /// Circular 01/2018 art. 9 has A5 for all but the register. From 2025 on papers follow the A4 of Decree 30/2020;
    /// the receipt, handed out by the thousand, stays small.
    pub const fn size(self, set: FormSet) -> PageSize {
        match (self, set) {
            (Self::Register, _) => PageSize::A4Landscape,
            (Self::ReformReport, _) => PageSize::A4,
            (Self::Receipt, _) | (_, FormSet::Of2018) => PageSize::A5,
            (_, FormSet::Of2025) => PageSize::A4,
        }
    }
}

/// A paper with its facts, which its serialised form holds for templates of an agency's own.
pub trait Printable: Serialize {
    /// What it says, ready for any writer.
    fn paper(&self) -> Paper;
}

#[cfg(test)]
mod tests;
