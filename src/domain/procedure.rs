//! A procedure (thủ tục hành chính) in its dated versions: which one is in force, which time limit holds, what is posted of it.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::deadline::Rule;
use super::fees::FeeKind;
use super::ladder::Rung;
use super::refusal::Refusal;
use super::transition::RuleVersion;
use super::vocabulary::{
    AgencyCode, AgencyLevel, CaseCode, Channel, FieldCode, OnlineLevel, ProcedureCode, ProcedureLevel, UnknownWord,
    words,
};

words! {
    /// How far a procedure could be done online before Decree 42/2022 (mức độ dịch vụ công trực tuyến 1 to 4).
    OldOnlineLevel("old online level") {
        /// Information only.
        One = "1",
        /// Forms to download.
        Two = "2",
        /// Filing online.
        Three = "3",
        /// Filing, payment and result online.
        Four = "4",
    }
}

/// A procedure in the version in force from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its code.
    pub code: ProcedureCode,
    /// Number of the version, from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Its field.
    pub field: FieldCode,
    /// The tier that resolves it.
    pub level: ProcedureLevel,
    /// How far it can be done online.
    pub online_level: OnlineLevel,
    /// The same by the levels of old.
    pub old_online_level: Option<OldOnlineLevel>,
    /// The agency in whose list it stands.
    pub agency: Option<AgencyCode>,
    /// Its time limit.
    pub rule: Rule,
    /// Its time limit for online filings, if another.
    pub online_rule: Option<Rule>,
    /// First day of this version; `None`: since ever.
    pub valid_from: Option<NaiveDate>,
    /// Last day, once the procedure is abolished.
    pub valid_to: Option<NaiveDate>,
    /// The decision that announced it.
    pub decision: Option<String>,
    /// What else is announced of it.
    pub details: Details,
}

/// The parts of a procedure (Decree 63/2010 art. 8(2)) beside its name, tier and main time limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Time limit of filings by post, if another.
    pub postal_rule: Option<Rule>,
    /// Cases with time limits of their own.
    pub cases: Vec<Case>,
    /// What is to be handed in.
    pub components: Vec<Component>,
    /// In how many sets.
    pub sets: Option<u16>,
    /// What is paid.
    pub fees: Vec<Fee>,
    /// The steps in order (trình tự thực hiện).
    pub steps: Vec<String>,
    /// Who may apply (đối tượng thực hiện).
    pub applicants: Vec<String>,
    /// What comes of it (kết quả).
    pub results: Vec<String>,
    /// Conditions (yêu cầu, điều kiện).
    pub conditions: Vec<String>,
    /// Legal grounds (căn cứ pháp lý).
    pub grounds: Vec<String>,
    /// Tiers of the agencies that carry it out.
    pub implemented_by: Vec<AgencyLevel>,
    /// The ladder of warnings of its dossiers; nothing that is announced, and nothing that a sheet holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Rung>,
}

/// A case of a procedure (trường hợp): its time limits hold in place of the procedure's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its code, by which a dossier names it.
    pub code: CaseCode,
    /// Its name.
    pub name: String,
    /// Its time limit.
    pub rule: Rule,
    /// Its time limit for online filings, if another.
    pub online_rule: Option<Rule>,
    /// Its time limit for filings by post, if another.
    pub postal_rule: Option<Rule>,
}

/// A component of the dossier (thành phần hồ sơ), as the procedure asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// How many originals.
    pub originals: u16,
    /// How many copies.
    pub copies: u16,
    /// The form to fill in (mẫu đơn, tờ khai).
    pub form: Option<String>,
}

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Fee (phí) or charge (lệ phí).
    pub kind: FeeKind,
    /// How much, in đồng; 0 is free of charge.
    pub amount: u32,
    /// For what one pays it once, e.g. a copy.
    pub unit: Option<String>,
    /// When it is paid, or how it is reckoned.
    pub condition: Option<String>,
}

/// When a version holds.
pub trait Dated {
    /// Its number, its first and its last day.
    fn validity(&self) -> Validity;
}

/// When a version holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Number of the version.
    pub version: i64,
    /// First day; `None`: since ever.
    pub from: Option<NaiveDate>,
    /// Last day; `None`: until another takes its place.
    pub to: Option<NaiveDate>,
}

impl Dated for Procedure {
    fn validity(&self) -> Validity {
        Validity { version: self.version, from: self.valid_from, to: self.valid_to }
    }
}

/// Of the versions of one procedure, the one in force on a day: the latest to begin, of two that begin together the one
/// entered last.
///
/// # Errors
/// [`Refusal::ProcedureNotInForce`] before the first one, [`Refusal::ProcedureEnded`] after the end.
pub fn in_force<T: Dated>(versions: &[T], on: NaiveDate) -> Result<&T, Refusal> {
    let begun = versions.iter().filter(|version| version.validity().from.is_none_or(|from| from <= on));
    let latest = begun.max_by_key(|version| (version.validity().from, version.validity().version));
    let latest = latest.ok_or(Refusal::ProcedureNotInForce { on })?;
    match latest.validity().to {
        Some(last_day) if last_day < on => Err(Refusal::ProcedureEnded { last_day }),
        _ => Ok(latest),
    }
}

/// The version that holds for a dossier received on one day and filed on another, no later one: a procedure abolished in
/// between goes on as it was on the day of filing.
///
/// # Errors
/// Those of [`in_force`].
pub fn for_dossier<T: Dated>(versions: &[T], filed_on: NaiveDate, received_on: NaiveDate) -> Result<&T, Refusal> {
    match in_force(versions, received_on) {
        Err(Refusal::ProcedureEnded { last_day }) if filed_on <= last_day => in_force(versions, filed_on),
        found => found,
    }
}

impl Procedure {
    /// The rule for a channel and, where the dossier names one, a case, with the version it belongs to.
    ///
    /// # Errors
    /// [`Refusal::CaseNotInForce`] when this version has no such case.
    pub fn rule_for(&self, channel: Channel, case: Option<&CaseCode>) -> Result<RuleVersion, Refusal> {
        let (rule, online, postal) = match case {
            None => (&self.rule, &self.online_rule, &self.details.postal_rule),
            Some(code) => {
                let case = self.details.cases.iter().find(|case| case.code == *code);
                let case = case.ok_or_else(|| Refusal::CaseNotInForce { case: code.clone() })?;
                (&case.rule, &case.online_rule, &case.postal_rule)
            }
        };
        let own = match channel {
            Channel::Direct => None,
            Channel::Online => online.as_ref(),
            Channel::Postal => postal.as_ref(),
        };
        Ok(RuleVersion { id: self.version, rule: own.unwrap_or(rule).clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Version(Validity);

    impl Dated for Version {
        fn validity(&self) -> Validity {
            self.0
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn versions(spans: &[(Option<&str>, Option<&str>)]) -> Vec<Version> {
        (1..)
            .zip(spans)
            .map(|(version, (from, to))| Version(Validity { version, from: from.map(day), to: to.map(day) }))
            .collect()
    }

    fn number(versions: &[Version], on: &str) -> Result<i64, Refusal> {
        in_force(versions, day(on)).map(|version| version.0.version)
    }

    #[test]
    fn the_latest_to_begin_is_in_force_and_of_two_of_one_day_the_one_entered_last() {
        let versions = versions(&[(None, None), (Some("2023-03-01"), None), (Some("2023-03-01"), None)]);
        assert_eq!(number(&versions, "2023-02-28"), Ok(1));
        assert_eq!(number(&versions, "2023-03-01"), Ok(3));
    }

    #[test]
    fn an_abolished_procedure_ends_with_its_last_day_and_may_be_announced_anew() {
        let mut all = versions(&[(Some("2022-01-01"), Some("2023-03-31"))]);
        assert_eq!(number(&all, "2021-12-31"), Err(Refusal::ProcedureNotInForce { on: day("2021-12-31") }));
        assert_eq!(number(&all, "2023-03-31"), Ok(1));
        assert_eq!(number(&all, "2023-04-01"), Err(Refusal::ProcedureEnded { last_day: day("2023-03-31") }));
        all.push(Version(Validity { version: 2, from: Some(day("2024-01-01")), to: None }));
        assert_eq!(number(&all, "2023-04-01"), Err(Refusal::ProcedureEnded { last_day: day("2023-03-31") }));
        assert_eq!(number(&all, "2024-01-01"), Ok(2));
    }

    #[test]
    fn a_dossier_filed_before_the_end_goes_on_by_the_version_of_its_filing() {
        let all = versions(&[(None, None), (Some("2023-03-01"), Some("2023-03-31"))]);
        let of =
            |filed: &str, received: &str| for_dossier(&all, day(filed), day(received)).map(|version| version.0.version);
        assert_eq!(of("2023-03-31", "2023-04-03"), Ok(2));
        assert_eq!(of("2023-02-28", "2023-03-02"), Ok(2), "the day of receipt decides while there is a version");
        assert_eq!(of("2023-04-03", "2023-04-03"), Err(Refusal::ProcedureEnded { last_day: day("2023-03-31") }));
    }
}
