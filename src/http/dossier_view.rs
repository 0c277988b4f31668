//! A dossier as the API shows it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::ambient::Ambient;
use crate::domain::calendar::NationalCalendar;
use crate::domain::deadline::Deadline;
use crate::domain::papers::{Applicant, Delivery, Document, Submitter};
use crate::domain::personal::masked;
use crate::domain::vocabulary::{ApplicantKind, Channel, LetterKind, LetterStatus, LocalTime, Outcome, Status};
use crate::storage::dossier_row::Record;
use crate::storage::letters::LetterRecord;

/// A dossier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "H16.18-230427-0001", "procedure": "1.001739", "field": "BTXH", "agency": "H16.18",
    "received_by": "H16.18", "channel": "direct", "status": "processing", "status_code": 4,
    "received_at": "2023-04-27T16:30:00+07:00", "original_due_on": "2023-05-09", "due_on": "2023-05-09",
    "due_at": "2023-05-09T16:30:00+07:00", "late_from": "2023-05-10T00:00:00+07:00", "timing": "within",
    "supplement_requests": 0, "flags": [], "version": 3
}))]
pub struct DossierView {
    /// Its code.
    pub code: String,
    /// Procedure.
    pub procedure: String,
    /// Version of the procedure whose rule holds.
    pub procedure_version: i64,
    /// Case of the procedure, where one is named.
    pub case: Option<String>,
    /// Field of the procedure.
    pub field: String,
    /// The resolving agency; statistics go by it.
    pub agency: String,
    /// Where it was handed in.
    pub received_by: String,
    /// How it came in.
    pub channel: Channel,
    /// Where it stands.
    pub status: Status,
    /// The national code of the status, 1 to 10.
    pub status_code: i16,
    /// Who applies; the identifier is masked.
    pub applicant: ApplicantView,
    /// When it was handed in.
    pub filed_at: String,
    /// When it was accepted; deadline and statistics run from it.
    pub received_at: Option<String>,
    /// By when a registered dossier must be answered.
    pub acceptance_due_at: Option<String>,
    /// The day first promised.
    pub original_due_on: Option<String>,
    /// The day due.
    pub due_on: Option<String>,
    /// The instant due, as printed on the slip.
    pub due_at: Option<String>,
    /// The first late instant; null while the clock stands still.
    pub late_from: Option<String>,
    /// The new date given by a letter of apology.
    pub reappointed_at: Option<String>,
    /// When the result was ready.
    pub finished_at: Option<String>,
    /// When it ended: finished, withdrawn or stopped.
    pub ended_at: Option<String>,
    /// When the result was handed over.
    pub returned_at: Option<String>,
    /// Granted or refused.
    pub outcome: Option<Outcome>,
    /// within, paused, overdue, early, on_time, late; null for what is in no column.
    pub timing: Option<&'static str>,
    /// Since when, and for what, the clock stands still.
    pub paused: Option<PauseView>,
    /// How often supplements were asked for.
    pub supplement_requests: u32,
    /// accepted_late, supplement_late, supplement_repeated, notice_late, provisional_calendar.
    pub flags: Vec<&'static str>,
    /// Its letter about the deadline.
    pub letter: Option<LetterSummary>,
    /// What is asked for.
    pub summary: Option<String>,
    /// The officer in charge.
    pub assignee: Option<String>,
    /// Note of the office.
    pub note: Option<String>,
    /// Who handed it in on the owner's authority.
    pub submitted_by: Option<SubmitterView>,
    /// Number of sets.
    pub sets: Option<u16>,
    /// How the result is wanted.
    #[schema(value_type = Option<Object>)]
    pub delivery: Option<Delivery>,
    /// Components.
    #[schema(value_type = Vec<Object>)]
    pub documents: Vec<Document>,
    /// Its files.
    pub files: FilesSummary,
    /// Whether it was voided: in no column, kept for its code.
    pub void: bool,
    /// When the persons in it were forgotten, long after its end.
    pub anonymised_at: Option<String>,
    /// What opens the public look-up, as on the slip; only where one dossier is read by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup_secret: Option<String>,
    /// Counts its changes; the ETag.
    pub version: i64,
}

/// Who applies.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApplicantView {
    /// Citizen, business, state body, other organisation.
    pub kind: ApplicantKind,
    /// Full name.
    pub name: String,
    /// Identifier, masked but for its last three characters.
    pub identity_no: Option<String>,
    /// Telephone, masked in the same way.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Address.
    pub address: Option<String>,
}

/// Who handed it in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubmitterView {
    /// Full name.
    pub name: String,
    /// Identifier, masked.
    pub identity_no: Option<String>,
    /// Telephone, masked.
    pub phone: Option<String>,
    /// The paper that authorises them.
    pub authorisation: Option<String>,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseView {
    /// Since when.
    pub since: String,
    /// supplement or payment.
    #[serde(rename = "for")]
    pub waits_for: &'static str,
}

/// The files of a dossier, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilesSummary {
    /// How many.
    pub count: i64,
}

/// The letter of a dossier, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterSummary {
    /// Opaque identifier.
    pub id: String,
    /// Why it apologises.
    pub kind: LetterKind,
    /// Where it stands.
    pub status: LetterStatus,
    /// Its date, once issued.
    pub promulgated_on: Option<String>,
}

/// Timestamps of one zone, in RFC 3339.
pub fn stamp(ambient: &Ambient, at: LocalTime) -> String {
    ambient.zoned(at).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// What is needed beside a record to show it.
#[derive(Clone, Copy)]
pub struct Lens<'a> {
    /// Zone.
    pub ambient: &'a Ambient,
    /// Now.
    pub now: LocalTime,
    /// Which years are provisional.
    pub national: &'a NationalCalendar,
}

impl DossierView {
    /// Shows a record with its letter about the deadline and the number of its files.
    pub fn of(record: Record, letter: Option<&LetterRecord>, files: i64, lens: Lens<'_>) -> Self {
        let at = |at: LocalTime| stamp(lens.ambient, at);
        let flags = flags(&record, letter, lens.national);
        let standing = &record.standing;
        let ended_at = standing.end.map(|end| at(end.at));
        let has_result = matches!(standing.status, Status::Finished | Status::Returned);
        let waits_for = if standing.status == Status::PaymentRequired { "payment" } else { "supplement" };
        let is_open = standing.end.is_none();
        let date = |deadline: Deadline| deadline.due_on.to_string();
        Self {
            code: record.code.to_string(),
            procedure: record.procedure.to_string(),
            procedure_version: record.procedure_version,
            case: record.case.as_ref().map(ToString::to_string),
            field: record.field.to_string(),
            agency: record.agency.to_string(),
            received_by: record.received_by.to_string(),
            channel: record.channel,
            status: standing.status,
            status_code: standing.status.national_code(),
            filed_at: at(standing.filed_at),
            received_at: standing.received_at.map(at),
            acceptance_due_at: standing.acceptance_due_at.map(at),
            original_due_on: standing.original.map(date),
            due_on: standing.deadline.map(date),
            due_at: standing.deadline.map(|deadline| at(deadline.due_at)),
            late_from: standing.late_from().map(at),
            reappointed_at: standing.reappointed_at.map(at),
            finished_at: ended_at.clone().filter(|_| has_result),
            ended_at,
            returned_at: standing.returned_at.map(at),
            outcome: standing.outcome,
            timing: standing.timing(lens.now).map(|timing| timing.as_str()),
            paused: standing.stopped_since.filter(|_| is_open).map(|since| PauseView { since: at(since), waits_for }),
            supplement_requests: standing.supplement_requests,
            flags,
            letter: letter.map(|record| LetterSummary {
                id: record.letter.id.clone(),
                kind: record.letter.kind,
                status: record.letter.status,
                promulgated_on: record.letter.promulgation.as_ref().map(|promulgation| promulgation.on.to_string()),
            }),
            files: FilesSummary { count: files },
            void: standing.void,
            anonymised_at: record.anonymised_at.map(at),
            lookup_secret: None,
            version: record.version,
            applicant: ApplicantView::of(record.applicant),
            summary: record.summary,
            assignee: record.assignee,
            note: record.note,
            submitted_by: record.papers.submitted_by.map(SubmitterView::of),
            sets: record.papers.sets,
            delivery: record.papers.delivery,
            documents: record.papers.documents,
        }
    }
}

impl ApplicantView {
    /// With the numbers, which is not done without a note of it.
    pub(in crate::http) fn in_the_open(applicant: Applicant) -> Self {
        let (identity_no, phone) = (applicant.identity_no.clone(), applicant.phone.clone());
        Self { identity_no, phone, ..Self::of(applicant) }
    }

    fn of(applicant: Applicant) -> Self {
        Self {
            kind: applicant.kind,
            name: applicant.name,
            identity_no: applicant.identity_no.as_deref().map(masked),
            phone: applicant.phone.as_deref().map(masked),
            email: applicant.email,
            address: applicant.address,
        }
    }
}

impl SubmitterView {
    /// With the numbers, which is not done without a note of it.
    pub(in crate::http) fn in_the_open(submitter: Submitter) -> Self {
        let (identity_no, phone) = (submitter.identity_no.clone(), submitter.phone.clone());
        Self { identity_no, phone, ..Self::of(submitter) }
    }

    fn of(submitter: Submitter) -> Self {
        Self {
            name: submitter.name,
            identity_no: submitter.identity_no.as_deref().map(masked),
            phone: submitter.phone.as_deref().map(masked),
            authorisation: submitter.authorisation,
        }
    }
}

fn flags(record: &Record, letter: Option<&LetterRecord>, national: &NationalCalendar) -> Vec<&'static str> {
    let standing = &record.standing;
    let is_provisional = standing.deadline.is_some_and(|deadline| {
        let year = |at: LocalTime| chrono::Datelike::year(&at.date());
        let first = standing.received_at.map_or_else(|| year(deadline.due_at), year);
        (first..=year(deadline.due_at)).any(|year| national.is_provisional(year))
    });
    let notice_late = letter.is_some_and(|record| record.letter.notice_late);
    [
        (standing.accepted_late, "accepted_late"),
        (standing.supplement_late, "supplement_late"),
        (standing.supplement_requests > 1, "supplement_repeated"),
        (notice_late, "notice_late"),
        (is_provisional, "provisional_calendar"),
    ]
    .into_iter()
    .filter_map(|(holds, flag)| holds.then_some(flag))
    .collect()
}

/// An event of the journal as the timeline shows it: its own members, with timestamps in the zone.
pub fn event_members(ambient: &Ambient, event: &crate::domain::event::Event) -> Map<String, Value> {
    let mut members = match serde_json::to_value(event) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.remove("standing");
    members.remove("spans");
    for value in members.values_mut() {
        zone(ambient, value);
    }
    members
}

fn zone(ambient: &Ambient, value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(at) = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S") {
                *value = json!(stamp(ambient, at));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| zone(ambient, item)),
        Value::Object(members) => members.values_mut().for_each(|member| zone(ambient, member)),
        _ => {}
    }
}
