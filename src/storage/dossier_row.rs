//! A dossier as its row holds it, and the way from one to the other.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::StorageError;
use super::schema::dossiers;
use super::vault::Vault;
use super::{from_json, parsed, to_json};
use crate::domain::balance::Series;
use crate::domain::deadline::{Deadline, Unit};
use crate::domain::dossier::{End, Standing};
use crate::domain::dossier_code::DossierCode;
use crate::domain::ladder::Climb;
use crate::domain::papers::{Applicant, Papers};
use crate::domain::vocabulary::{
    AgencyCode, CaseCode, Channel, FieldCode, LocalTime, ProcedureCode, ProcedureLevel, Status,
};
use crate::folding::fold;

/// A dossier with everything that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its code.
    pub code: DossierCode,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// The version whose rule holds.
    pub procedure_version: i64,
    /// The case of the procedure whose rule holds, where one is named.
    pub case: Option<CaseCode>,
    /// Field of the procedure.
    pub field: FieldCode,
    /// Tier of the procedure.
    pub level: ProcedureLevel,
    /// The resolving agency; statistics go by it.
    pub agency: AgencyCode,
    /// Where it was handed in.
    pub received_by: AgencyCode,
    /// Unit of the time limit.
    pub unit: Unit,
    /// How it came in.
    pub channel: Channel,
    /// Where it stands.
    pub standing: Standing,
    /// Whether its version of the procedure has a ladder of warnings.
    pub has_ladder: bool,
    /// How far it has come up that ladder.
    pub climb: Option<Climb>,
    /// Date of its letter about the deadline, once that is out.
    pub letter_on: Option<NaiveDate>,
    /// Whether its lateness has its letter.
    pub lateness_noted: bool,
    /// Who applies.
    pub applicant: Applicant,
    /// What the applicant asks for.
    pub summary: Option<String>,
    /// The officer in charge.
    pub assignee: Option<String>,
    /// Note of the office.
    pub note: Option<String>,
    /// What was handed in with it.
    pub papers: Papers,
    /// When it was entered.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
    /// When the persons in it were forgotten.
    pub anonymised_at: Option<LocalTime>,
}

impl Record {
    /// The balances that it is counted in.
    pub fn series(&self) -> Series {
        Series { agency: self.agency.clone(), field: self.field.clone(), level: self.level, channel: self.channel }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = dossiers, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(in crate::storage) struct Row {
    pub(in crate::storage) code: String,
    procedure_code: String,
    procedure_version: i64,
    field: String,
    level: String,
    agency: String,
    received_by: String,
    unit: String,
    channel: String,
    status: i16,
    void: bool,
    filed_at: NaiveDateTime,
    received_at: Option<NaiveDateTime>,
    acceptance_due_at: Option<NaiveDateTime>,
    original_due_at: Option<NaiveDateTime>,
    due_at: Option<NaiveDateTime>,
    late_from: Option<NaiveDateTime>,
    stopped_since: Option<NaiveDateTime>,
    span_from: Option<NaiveDateTime>,
    ended_at: Option<NaiveDateTime>,
    ended_class: Option<String>,
    ended_from: Option<i16>,
    ended_previous_move_at: Option<NaiveDateTime>,
    before_intake_end: Option<NaiveDateTime>,
    outcome: Option<String>,
    returned_at: Option<NaiveDateTime>,
    last_move_at: NaiveDateTime,
    supplement_requests: i32,
    supplement_late: bool,
    accepted_late: bool,
    reappointed_at: Option<NaiveDateTime>,
    letter_on: Option<NaiveDate>,
    lateness_noted: bool,
    applicant_kind: String,
    applicant_name: String,
    identity_no: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    summary: Option<String>,
    assignee: Option<String>,
    note: Option<String>,
    pub(in crate::storage) papers: String,
    search_text: String,
    created_at: NaiveDateTime,
    version: i64,
    settled_at: Option<NaiveDateTime>,
    pub(in crate::storage) sealed: Option<String>,
    pub(in crate::storage) identity_hash: Option<String>,
    pub(in crate::storage) phone_hash: Option<String>,
    pub(in crate::storage) submitter_identity_hash: Option<String>,
    pub(in crate::storage) submitter_phone_hash: Option<String>,
    anonymised_at: Option<NaiveDateTime>,
    procedure_case: Option<String>,
    has_ladder: bool,
    warn_due_at: Option<NaiveDateTime>,
    warn_passed_at: Option<NaiveDateTime>,
    warn_next_at: Option<NaiveDateTime>,
}

/// The numbers of persons in a dossier, as they are sealed: all together, which is one key and one nonce for a row.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::storage) struct Numbers {
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_no: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitter_identity_no: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitter_phone: Option<String>,
}

/// Where a dossier's numbers are sealed.
fn place(code: &str) -> String {
    format!("dossiers.sealed of {code}")
}

impl Numbers {
    /// The numbers of a record, and its papers without them.
    fn taken_from(record: &Record) -> (Self, Papers) {
        let mut papers = record.papers.clone();
        let submitter = papers.submitted_by.as_mut();
        let (submitter_identity_no, submitter_phone) =
            submitter.map_or((None, None), |submitter| (submitter.identity_no.take(), submitter.phone.take()));
        let Applicant { identity_no, phone, .. } = record.applicant.clone();
        (Self { identity_no, phone, submitter_identity_no, submitter_phone }, papers)
    }

    fn seal(&self, vault: &Vault, code: &str) -> Result<Option<String>, StorageError> {
        if *self == Self::default() {
            return Ok(None);
        }
        let place = place(code);
        let sealed = vault.seal(&place, &to_json("numbers", self)?);
        sealed.map(Some).map_err(|cause| StorageError::closed(&place, cause))
    }

    fn open(vault: &Vault, code: &str, sealed: &str) -> Result<Self, StorageError> {
        let place = place(code);
        let text = vault.open(&place, sealed).map_err(|cause| StorageError::closed(&place, cause))?;
        from_json("numbers", &text)
    }
}

impl Row {
    pub(in crate::storage) fn of(record: &Record, vault: &Vault) -> Result<Self, StorageError> {
        let (numbers, papers) = Numbers::taken_from(record);
        let code = record.code.to_string();
        let identity_hash = |number: &Option<String>| number.as_deref().and_then(|number| vault.hash_identity(number));
        let phone_hash = |number: &Option<String>| number.as_deref().and_then(|number| vault.hash_phone(number));
        let Record { standing, applicant, .. } = record;
        let end = standing.end;
        Ok(Self {
            sealed: numbers.seal(vault, &code)?,
            identity_hash: identity_hash(&numbers.identity_no),
            phone_hash: phone_hash(&numbers.phone),
            submitter_identity_hash: identity_hash(&numbers.submitter_identity_no),
            submitter_phone_hash: phone_hash(&numbers.submitter_phone),
            code,
            procedure_code: record.procedure.to_string(),
            procedure_version: record.procedure_version,
            field: record.field.to_string(),
            level: record.level.to_string(),
            agency: record.agency.to_string(),
            received_by: record.received_by.to_string(),
            unit: record.unit.as_str().to_owned(),
            channel: record.channel.to_string(),
            status: standing.status.national_code(),
            void: standing.void,
            filed_at: standing.filed_at,
            received_at: standing.received_at,
            acceptance_due_at: standing.acceptance_due_at,
            original_due_at: standing.original.map(|deadline| deadline.due_at),
            due_at: standing.deadline.map(|deadline| deadline.due_at),
            late_from: standing.late_from(),
            stopped_since: standing.stopped_since,
            span_from: standing.span_from,
            ended_at: end.map(|end| end.at),
            ended_class: end.map(|end| end.class.as_str().to_owned()),
            ended_from: end.map(|end| end.from.national_code()),
            ended_previous_move_at: end.map(|end| end.previous_move_at),
            before_intake_end: standing.before_intake_end,
            outcome: standing.outcome.map(|outcome| outcome.to_string()),
            returned_at: standing.returned_at,
            last_move_at: standing.last_move_at,
            supplement_requests: i32::try_from(standing.supplement_requests).unwrap_or(i32::MAX),
            supplement_late: standing.supplement_late,
            accepted_late: standing.accepted_late,
            reappointed_at: standing.reappointed_at,
            letter_on: record.letter_on,
            lateness_noted: record.lateness_noted,
            applicant_kind: applicant.kind.to_string(),
            applicant_name: applicant.name.clone(),
            identity_no: None,
            phone: None,
            email: applicant.email.clone(),
            address: applicant.address.clone(),
            summary: record.summary.clone(),
            assignee: record.assignee.clone(),
            note: record.note.clone(),
            papers: to_json("papers", &papers)?,
            search_text: fold(&format!("{} {}", record.code, applicant.name)),
            created_at: record.created_at,
            version: record.version,
            anonymised_at: record.anonymised_at,
            settled_at: settled_at(record),
            procedure_case: record.case.as_ref().map(CaseCode::to_string),
            has_ladder: record.has_ladder,
            warn_due_at: record.climb.map(|climb| climb.due_at),
            warn_passed_at: record.climb.map(|climb| climb.passed),
            warn_next_at: record.climb.and_then(|climb| climb.next_at),
        })
    }

    pub(in crate::storage) fn read(self, vault: &Vault) -> Result<Record, StorageError> {
        let mut papers: Papers = from_json("papers", &self.papers)?;
        let (identity_no, phone) = match &self.sealed {
            Some(sealed) => {
                let numbers = Numbers::open(vault, &self.code, sealed)?;
                if let Some(submitter) = &mut papers.submitted_by {
                    submitter.identity_no = numbers.submitter_identity_no;
                    submitter.phone = numbers.submitter_phone;
                }
                (numbers.identity_no, numbers.phone)
            }
            // There are none, or an older version wrote them.
            None => (self.identity_no.clone(), self.phone.clone()),
        };
        let unit: Unit = parsed("unit", &self.unit)?;
        let standing = self.standing(unit)?;
        let climb = self.warn_due_at.zip(self.warn_passed_at);
        Ok(Record {
            code: parsed("dossier code", &self.code)?,
            procedure: parsed("procedure code", &self.procedure_code)?,
            procedure_version: self.procedure_version,
            case: self.procedure_case.map(|case| parsed("case code", &case)).transpose()?,
            field: parsed("field code", &self.field)?,
            level: parsed("procedure level", &self.level)?,
            agency: parsed("agency code", &self.agency)?,
            received_by: parsed("agency code", &self.received_by)?,
            unit,
            channel: parsed("channel", &self.channel)?,
            standing,
            has_ladder: self.has_ladder,
            climb: climb.map(|(due_at, passed)| Climb { due_at, passed, next_at: self.warn_next_at }),
            letter_on: self.letter_on,
            lateness_noted: self.lateness_noted,
            applicant: Applicant {
                kind: parsed("applicant kind", &self.applicant_kind)?,
                name: self.applicant_name,
                identity_no,
                phone,
                email: self.email,
                address: self.address,
            },
            summary: self.summary,
            assignee: self.assignee,
            note: self.note,
            papers,
            created_at: self.created_at,
            version: self.version,
            anonymised_at: self.anonymised_at,
        })
    }

    fn standing(&self, unit: Unit) -> Result<Standing, StorageError> {
        let deadline = |due_at: Option<NaiveDateTime>| due_at.map(|due_at| Deadline::at(unit, due_at));
        let end = match (self.ended_at, &self.ended_class, self.ended_from, self.ended_previous_move_at) {
            (Some(at), Some(class), Some(from), Some(previous_move_at)) => {
                Some(End { at, class: parsed("class", class)?, from: status(from)?, previous_move_at })
            }
            _ => None,
        };
        Ok(Standing {
            status: status(self.status)?,
            filed_at: self.filed_at,
            received_at: self.received_at,
            acceptance_due_at: self.acceptance_due_at,
            original: deadline(self.original_due_at),
            deadline: deadline(self.due_at),
            stopped_since: self.stopped_since,
            span_from: self.span_from,
            end,
            before_intake_end: self.before_intake_end,
            outcome: self.outcome.as_deref().map(|outcome| parsed("outcome", outcome)).transpose()?,
            returned_at: self.returned_at,
            last_move_at: self.last_move_at,
            supplement_requests: self.supplement_requests.unsigned_abs(),
            supplement_late: self.supplement_late,
            accepted_late: self.accepted_late,
            reappointed_at: self.reappointed_at,
            void: self.void,
        })
    }
}

/// From when on nothing but the passing of its deadline changes the dossier's figures: its last move or letter.
fn settled_at(record: &Record) -> Option<NaiveDateTime> {
    let Standing { received_at, span_from, end, .. } = record.standing;
    let letter = record.letter_on.map(|on| on.and_time(NaiveTime::MIN));
    received_at.and_then(|_| [received_at, span_from, end.map(|end| end.at), letter].into_iter().max().flatten())
}

fn status(code: i16) -> Result<Status, StorageError> {
    Status::from_national_code(code).ok_or_else(|| StorageError::corrupt("status", code))
}
