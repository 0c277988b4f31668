//! A procedure as clients send and read it, and its time limits.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Checker, MAX_NAME, MAX_NOTE};
use super::rung_body::{RungBody, ladder};
use crate::domain::deadline::{OnSupplement, Rule, Unit};
use crate::domain::fees::FeeKind;
use crate::domain::procedure::{Case, Component, Details, Fee, OldOnlineLevel, Procedure};
use crate::domain::vocabulary::{
    AgencyCode, AgencyLevel, CaseCode, FieldCode, OnlineLevel, ProcedureCode, ProcedureLevel,
};

/// Most entries in a list of a procedure's parts.
const MOST_PARTS: usize = 200;

/// A time limit.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 5, "unit": "working_day", "on_supplement": "restart"}))]
pub struct RuleBody {
    /// How many units.
    #[serde(default)]
    amount: Option<u32>,
    /// Of what.
    #[serde(default)]
    unit: Option<Unit>,
    /// `HH:MM`; a receipt after it counts as received at the next working day's opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cutoff: Option<String>,
    /// restart (the default) or pause.
    #[serde(default)]
    #[schema(value_type = String)]
    on_supplement: OnSupplement,
    /// No appointment is given; amount and unit are then ignored.
    #[serde(default)]
    no_appointment: bool,
}

impl RuleBody {
    pub(in crate::http) fn checked(&self, pointer: &str, checker: &mut Checker) -> Rule {
        let unit = self.unit.unwrap_or(Unit::WorkingDay);
        let amount = self.amount.unwrap_or(0);
        if !self.no_appointment {
            if self.amount.is_none() {
                checker.fail(format!("{pointer}/amount"), "missing_member");
            }
            if self.unit.is_none() {
                checker.fail(format!("{pointer}/unit"), "missing_member");
            }
            if amount > unit.largest_amount() {
                checker.fail(format!("{pointer}/amount"), "out_of_range");
            }
        }
        let cutoff = self.cutoff.as_deref().and_then(|text| {
            let time = parse_time(text);
            if time.is_none() {
                checker.fail(format!("{pointer}/cutoff"), "invalid_value");
            }
            time
        });
        Rule { amount, unit, cutoff, on_supplement: self.on_supplement, no_appointment: self.no_appointment }
    }

    /// A rule as the API writes it.
    pub fn of(rule: &Rule) -> Self {
        Self {
            amount: Some(rule.amount),
            unit: Some(rule.unit),
            cutoff: rule.cutoff.map(|time| time.format("%H:%M").to_string()),
            on_supplement: rule.on_supplement,
            no_appointment: rule.no_appointment,
        }
    }
}

/// A clock time as `HH:MM`.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| text.len() == 5)
}

/// A case with time limits of its own.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseBody {
    /// Code, by which a dossier names it.
    #[schema(value_type = String)]
    code: CaseCode,
    /// Name.
    name: String,
    /// Time limit.
    rule: RuleBody,
    /// Time limit of online filings, if another.
    #[serde(default)]
    online_rule: Option<RuleBody>,
    /// Time limit of filings by post, if another.
    #[serde(default)]
    postal_rule: Option<RuleBody>,
}

/// A component of the dossier.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentBody {
    /// Name.
    name: String,
    /// How many originals.
    #[serde(default)]
    originals: u16,
    /// How many copies.
    #[serde(default)]
    copies: u16,
    /// The form to fill in.
    #[serde(default)]
    form: Option<String>,
}

/// A fee.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureFeeBody {
    /// charge (phí) or fee (lệ phí).
    kind: FeeKind,
    /// In đồng; 0 is free of charge.
    amount: u32,
    /// For what one pays it once.
    #[serde(default)]
    unit: Option<String>,
    /// When it is paid, or how it is reckoned.
    #[serde(default)]
    condition: Option<String>,
}

/// A procedure.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureBody {
    /// Code; in a PUT that of the path, if given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1.001739")]
    pub code: Option<ProcedureCode>,
    /// Name.
    name: String,
    /// Field.
    #[schema(value_type = String, example = "BTXH")]
    field: FieldCode,
    /// The tier that resolves it.
    level: ProcedureLevel,
    /// How far it can be done online.
    online_level: OnlineLevel,
    /// The same by the levels before Decree 42/2022: 1 to 4.
    #[serde(default)]
    old_online_level: Option<OldOnlineLevel>,
    /// The agency in whose list it stands.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Time limit.
    rule: RuleBody,
    /// Time limit of online filings, if another.
    #[serde(default)]
    online_rule: Option<RuleBody>,
    /// Time limit of filings by post, if another.
    #[serde(default)]
    postal_rule: Option<RuleBody>,
    /// Cases with time limits of their own.
    #[serde(default)]
    cases: Vec<CaseBody>,
    /// First day of this version.
    #[serde(default)]
    valid_from: Option<NaiveDate>,
    /// The decision that announces it.
    #[serde(default)]
    decision: Option<String>,
    /// What is to be handed in.
    #[serde(default)]
    components: Vec<ComponentBody>,
    /// In how many sets.
    #[serde(default)]
    sets: Option<u16>,
    /// What is paid.
    #[serde(default)]
    fees: Vec<ProcedureFeeBody>,
    /// The steps, in order.
    #[serde(default)]
    steps: Vec<String>,
    /// Who may apply.
    #[serde(default)]
    applicants: Vec<String>,
    /// What comes of it.
    #[serde(default)]
    results: Vec<String>,
    /// Conditions.
    #[serde(default)]
    conditions: Vec<String>,
    /// Legal grounds.
    #[serde(default)]
    grounds: Vec<String>,
    /// Tiers of the agencies that carry it out.
    #[serde(default)]
    implemented_by: Vec<AgencyLevel>,
    /// The ladder of warnings of its dossiers, each rung in working time before the deadline or after it.
    #[serde(default)]
    warnings: Vec<RungBody>,
}

fn rule(given: Option<&RuleBody>, pointer: &str, checker: &mut Checker) -> Option<Rule> {
    given.map(|rule| rule.checked(pointer, checker))
}

fn parts<T, U>(
    given: &[T],
    pointer: &str,
    checker: &mut Checker,
    mut check: impl FnMut(&T, &str, &mut Checker) -> U,
) -> Vec<U> {
    if given.len() > MOST_PARTS {
        checker.fail(pointer, "out_of_range");
        return Vec::new();
    }
    given.iter().enumerate().map(|(place, part)| check(part, &format!("{pointer}/{place}"), checker)).collect()
}

impl ProcedureBody {
    /// Checks the members, which stand below `at`, and takes the procedure for the catalogue.
    pub fn checked(&self, code: ProcedureCode, at: &str, checker: &mut Checker) -> Procedure {
        Procedure {
            code,
            version: 1,
            name: checker.text(&format!("{at}/name"), &self.name, MAX_NOTE),
            field: self.field.clone(),
            level: self.level,
            online_level: self.online_level,
            old_online_level: self.old_online_level,
            agency: self.agency.clone(),
            rule: self.rule.checked(&format!("{at}/rule"), checker),
            online_rule: rule(self.online_rule.as_ref(), &format!("{at}/online_rule"), checker),
            valid_from: self.valid_from,
            valid_to: None,
            decision: checker.optional(&format!("{at}/decision"), self.decision.as_deref(), MAX_NAME),
            details: self.details(at, checker),
        }
    }

    fn details(&self, at: &str, checker: &mut Checker) -> Details {
        let mut texts = |given: &[String], member: &str| {
            parts(given, &format!("{at}/{member}"), checker, |text, at, checker| checker.text(at, text, MAX_NOTE))
        };
        let (steps, applicants) = (texts(&self.steps, "steps"), texts(&self.applicants, "applicants"));
        let (results, conditions) = (texts(&self.results, "results"), texts(&self.conditions, "conditions"));
        let grounds = texts(&self.grounds, "grounds");
        let cases = parts(&self.cases, &format!("{at}/cases"), checker, |case, at, checker| Case {
            code: case.code.clone(),
            name: checker.text(&format!("{at}/name"), &case.name, MAX_NOTE),
            rule: case.rule.checked(&format!("{at}/rule"), checker),
            online_rule: rule(case.online_rule.as_ref(), &format!("{at}/online_rule"), checker),
            postal_rule: rule(case.postal_rule.as_ref(), &format!("{at}/postal_rule"), checker),
        });
        for (place, case) in cases.iter().enumerate() {
            if cases[..place].iter().any(|other| other.code == case.code) {
                checker.fail(format!("{at}/cases/{place}/code"), "repeated");
            }
        }
        let components = parts(&self.components, &format!("{at}/components"), checker, |part, at, checker| Component {
            name: checker.text(&format!("{at}/name"), &part.name, MAX_NOTE),
            originals: part.originals,
            copies: part.copies,
            form: checker.optional(&format!("{at}/form"), part.form.as_deref(), MAX_NAME),
        });
        let fees = parts(&self.fees, &format!("{at}/fees"), checker, |fee, at, checker| Fee {
            kind: fee.kind,
            amount: fee.amount,
            unit: checker.optional(&format!("{at}/unit"), fee.unit.as_deref(), MAX_NAME),
            condition: checker.optional(&format!("{at}/condition"), fee.condition.as_deref(), MAX_NOTE),
        });
        let postal_rule = rule(self.postal_rule.as_ref(), &format!("{at}/postal_rule"), checker);
        let (sets, implemented_by) = (self.sets, self.implemented_by.clone());
        let warnings = ladder(&self.warnings, &format!("{at}/warnings"), checker);
        Details {
            postal_rule,
            cases,
            components,
            sets,
            fees,
            steps,
            applicants,
            results,
            conditions,
            grounds,
            implemented_by,
            warnings,
        }
    }
}

/// A procedure in one version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProcedureView {
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// Field.
    field: String,
    /// The tier that resolves it.
    level: ProcedureLevel,
    /// How far it can be done online.
    online_level: OnlineLevel,
    /// The same by the levels before Decree 42/2022: 1 to 4.
    old_online_level: Option<OldOnlineLevel>,
    /// The agency in whose list it stands.
    agency: Option<String>,
    /// Time limit.
    rule: RuleBody,
    /// Time limit of online filings, if another.
    online_rule: Option<RuleBody>,
    /// Time limit of filings by post, if another.
    postal_rule: Option<RuleBody>,
    /// Cases with time limits of their own.
    cases: Vec<CaseBody>,
    /// First day of this version; null: since ever.
    valid_from: Option<NaiveDate>,
    /// Last day, once the procedure is abolished.
    valid_to: Option<NaiveDate>,
    /// The decision that announces it.
    decision: Option<String>,
    /// What is to be handed in.
    components: Vec<ComponentBody>,
    /// In how many sets.
    sets: Option<u16>,
    /// What is paid.
    fees: Vec<ProcedureFeeBody>,
    /// The steps, in order.
    steps: Vec<String>,
    /// Who may apply.
    applicants: Vec<String>,
    /// What comes of it.
    results: Vec<String>,
    /// Conditions.
    conditions: Vec<String>,
    /// Legal grounds.
    grounds: Vec<String>,
    /// Tiers of the agencies that carry it out.
    implemented_by: Vec<AgencyLevel>,
    /// The ladder of warnings.
    warnings: Vec<RungBody>,
    /// Number of the version; the ETag.
    version: i64,
}

/// A procedure as the API writes it.
pub fn view(procedure: &Procedure) -> ProcedureView {
    let details = &procedure.details;
    let rule = |rule: &Option<Rule>| rule.as_ref().map(RuleBody::of);
    let case = |case: &Case| CaseBody {
        code: case.code.clone(),
        name: case.name.clone(),
        rule: RuleBody::of(&case.rule),
        online_rule: rule(&case.online_rule),
        postal_rule: rule(&case.postal_rule),
    };
    let component = |part: &Component| ComponentBody {
        name: part.name.clone(),
        originals: part.originals,
        copies: part.copies,
        form: part.form.clone(),
    };
    let fee = |fee: &Fee| ProcedureFeeBody {
        kind: fee.kind,
        amount: fee.amount,
        unit: fee.unit.clone(),
        condition: fee.condition.clone(),
    };
    ProcedureView {
        code: procedure.code.to_string(),
        name: procedure.name.clone(),
        field: procedure.field.to_string(),
        level: procedure.level,
        online_level: procedure.online_level,
        old_online_level: procedure.old_online_level,
        agency: procedure.agency.as_ref().map(AgencyCode::to_string),
        rule: RuleBody::of(&procedure.rule),
        online_rule: rule(&procedure.online_rule),
        postal_rule: rule(&details.postal_rule),
        cases: details.cases.iter().map(case).collect(),
        valid_from: procedure.valid_from,
        valid_to: procedure.valid_to,
        decision: procedure.decision.clone(),
        components: details.components.iter().map(component).collect(),
        sets: details.sets,
        fees: details.fees.iter().map(fee).collect(),
        steps: details.steps.clone(),
        applicants: details.applicants.clone(),
        results: details.results.clone(),
        conditions: details.conditions.clone(),
        grounds: details.grounds.clone(),
        implemented_by: details.implemented_by.clone(),
        warnings: details.warnings.iter().map(RungBody::of).collect(),
        version: procedure.version,
    }
}
