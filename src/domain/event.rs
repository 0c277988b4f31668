//! Facts that a change of a dossier produced: the journal's vocabulary.

use serde::{Deserialize, Serialize};

use super::deadline::Deadline;
use super::dossier::{Span, Standing};
use super::errand::{ErrandKind, ErrandStatus};
use super::fees::{Amount, FeeItem, PaymentMethod};
use super::hand_off::HandOffStatus;
use super::ladder::Rung;
use super::timeliness::EndClass;
use super::vocabulary::{AgencyCode, FileKind, LetterKind, LetterStatus, LocalTime, Outcome, Status};

/// A field that was changed by hand, for the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name of the field in the API.
    pub field: String,
    /// Value before. Personal data is not repeated here.
    pub old: Option<String>,
    /// Value after.
    pub new: Option<String>,
}

/// What happened to a dossier. When it took effect, when it was recorded and by whom stands beside it in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Handed in, to be examined.
    Registered {
        /// By when it must be answered.
        acceptance_due_at: LocalTime,
    },
    /// Accepted: the clock starts.
    Received {
        /// The deadline promised; none without an appointment.
        deadline: Option<Deadline>,
        /// Accepted after the time allowed for it.
        accepted_late: bool,
        /// Version of the procedure whose rule holds.
        rule_version: i64,
    },
    /// Not accepted.
    Rejected {
        /// Why.
        reason: String,
    },
    /// Papers asked for at intake came in; examined anew.
    Resubmitted {
        /// By when it must be answered.
        acceptance_due_at: LocalTime,
    },
    /// Taken up by the resolving agency.
    ProcessingStarted,
    /// Papers were asked for.
    SupplementRequested {
        /// What is missing and why.
        reason: String,
        /// Whether the clock stops. Not at intake, where none runs, and not for what is late already.
        stops_clock: bool,
        /// Asked for after the third working day.
        late: bool,
    },
    /// A payment was asked for.
    PaymentRequested {
        /// What is to be paid.
        reason: String,
        /// Whether the clock stops.
        stops_clock: bool,
    },
    /// What was asked for came; resolving goes on.
    Resumed {
        /// The deadline before the wait.
        old: Option<Deadline>,
        /// The deadline from now on.
        new: Option<Deadline>,
    },
    /// Taken back by the applicant.
    Withdrawn {
        /// Why.
        reason: String,
        /// On time or late; none for what was never accepted.
        class: Option<EndClass>,
    },
    /// Stopped.
    Stopped {
        /// Why.
        reason: String,
        /// On time or late; none for what was never accepted.
        class: Option<EndClass>,
    },
    /// The result is ready.
    Finished {
        /// Granted or refused.
        outcome: Outcome,
        /// Why refused.
        reason: Option<String>,
        /// Early, on time or late.
        class: EndClass,
    },
    /// The result was handed over.
    Returned,
    /// An end was undone as if it had not been.
    Reopened {
        /// Why.
        reason: String,
        /// The status undone.
        undone: Status,
    },
    /// A mistake of entry was mended; the whole history was reckoned anew.
    Corrected {
        /// Why.
        reason: String,
        /// Old and new values.
        changes: Vec<FieldChange>,
        /// The deadline before.
        old: Option<Deadline>,
        /// The deadline from now on.
        new: Option<Deadline>,
        /// Version of the procedure whose rule holds from now on.
        rule_version: i64,
        /// Where the dossier stands from now on.
        standing: Box<Standing>,
        /// Its spans that are over.
        spans: Vec<Span>,
    },
    /// The calendar changed and the deadline was moved with it.
    DeadlineMoved {
        /// The deadline before.
        old: Option<Deadline>,
        /// The deadline from now on.
        new: Option<Deadline>,
    },
    /// Entered by mistake: in no column from now on.
    Voided {
        /// Why.
        reason: String,
    },
    /// Contact, summary, assignee or note was changed.
    Edited {
        /// Old and new values.
        changes: Vec<FieldChange>,
    },
    /// The deadline passed without a result.
    BecameOverdue {
        /// The first late instant.
        late_from: LocalTime,
    },
    /// A rung of the ladder of warnings was reached.
    Warned {
        /// The warning.
        warning: String,
        /// The rung, with those who are told.
        rung: Rung,
        /// The instant due that it is about.
        due_at: LocalTime,
    },
    /// A letter gave the applicant a new date.
    Reappointed {
        /// The letter.
        letter: String,
        /// The new date.
        new_return_at: LocalTime,
    },
    /// A letter was opened or moved.
    Letter {
        /// The letter.
        letter: String,
        /// Why it apologises.
        letter_kind: LetterKind,
        /// Where it stands now.
        status: LetterStatus,
        /// Reason given with the move.
        reason: Option<String>,
    },
    /// A file was put on the dossier. Its name may hold names of people, so it is not repeated here.
    FileAdded {
        /// The file.
        file: String,
        /// What it is.
        file_kind: FileKind,
        /// SHA-256 of its content.
        sha256: String,
    },
    /// The persons in it were forgotten, long after its end; nothing that is counted changed.
    Anonymised,
    /// A file was taken off the dossier.
    FileRemoved {
        /// The file.
        file: String,
        /// What it was.
        file_kind: FileKind,
        /// SHA-256 of its content.
        sha256: String,
        /// Why.
        reason: String,
    },
    /// Fees were demanded, item by item.
    FeesDemanded {
        /// Under which they are paid.
        reference: String,
        /// What is to be paid.
        items: Vec<FeeItem>,
    },
    /// Something was paid.
    PaymentReceived {
        /// The payment.
        payment: String,
        /// What it pays.
        reference: String,
        /// How much.
        amount: Amount,
        /// By what way.
        method: PaymentMethod,
        /// Number of its receipt.
        receipt_number: String,
    },
    /// An item was waived, wholly or in part (miễn, giảm).
    FeeExempted {
        /// The item.
        fee: String,
        /// How much of it.
        amount: Amount,
        /// Why.
        reason: String,
    },
    /// Money was given back (hoàn trả).
    PaymentRefunded {
        /// The payment.
        payment: String,
        /// How much of it.
        amount: Amount,
        /// Why.
        reason: String,
    },
    /// Sent on to the agency that resolves it (chuyển hồ sơ).
    TransferSent {
        /// The transfer.
        transfer: String,
        /// Who gives.
        from: AgencyCode,
        /// Who takes.
        to: AgencyCode,
        /// Sent after it was due.
        late: bool,
    },
    /// The agency that resolves it has confirmed to have it.
    TransferConfirmed {
        /// The transfer.
        transfer: String,
        /// Who gave.
        from: AgencyCode,
        /// Who has it.
        to: AgencyCode,
        /// Account that sent it.
        sent_by: String,
        /// Confirmed after it was due.
        late: bool,
    },
    /// One officer handed it to another, or that was answered or taken back.
    HandOff {
        /// The hand-off.
        hand_off: String,
        /// Account that gives.
        giver: String,
        /// Account that takes; `None`: whoever of the office does.
        receiver: Option<String>,
        /// Where it stands now.
        status: HandOffStatus,
        /// Why it was declined.
        reason: Option<String>,
    },
    /// Another agency was asked for an opinion or a part, or that ended. The question may name people, so it is not repeated here.
    Errand {
        /// The errand.
        errand: String,
        /// An opinion or a part.
        errand_kind: ErrandKind,
        /// The agency asked.
        agency: AgencyCode,
        /// Where it stands now.
        status: ErrandStatus,
        /// By when it is wanted.
        due_at: LocalTime,
        /// Early, on time or late, once it is done.
        class: Option<EndClass>,
    },
}

/// Every name an event can have.
pub const EVENT_NAMES: &[&str] = &[
    "dossier.registered",
    "dossier.received",
    "dossier.rejected",
    "dossier.resubmitted",
    "dossier.processing",
    "dossier.supplement_required",
    "dossier.payment_required",
    "dossier.resumed",
    "dossier.withdrawn",
    "dossier.stopped",
    "dossier.finished",
    "dossier.returned",
    "dossier.reopened",
    "dossier.corrected",
    "dossier.deadline_moved",
    "dossier.voided",
    "dossier.edited",
    "dossier.overdue",
    "dossier.warning",
    "dossier.reappointed",
    "dossier.file_added",
    "dossier.file_removed",
    "dossier.anonymised",
    "dossier.fees_demanded",
    "dossier.payment_received",
    "dossier.fee_exempted",
    "dossier.payment_refunded",
    "dossier.transfer_sent",
    "dossier.transfer_confirmed",
    "dossier.hand_off_offered",
    "dossier.hand_off_confirmed",
    "dossier.hand_off_declined",
    "dossier.hand_off_taken_back",
    "dossier.consultation_asked",
    "dossier.consultation_answered",
    "dossier.consultation_withdrawn",
    "dossier.part_opened",
    "dossier.part_finished",
    "dossier.part_withdrawn",
    "letter.draft",
    "letter.submitted",
    "letter.issued",
    "letter.delivered",
    "letter.rejected",
    "letter.cancelled",
];

impl Event {
    /// Name of the event in the timeline and, with `dossier.` or `letter.` before it, in webhooks.
    pub fn name(&self) -> String {
        match self {
            Self::Registered { .. } => "dossier.registered".into(),
            Self::Received { .. } => "dossier.received".into(),
            Self::Rejected { .. } => "dossier.rejected".into(),
            Self::Resubmitted { .. } => "dossier.resubmitted".into(),
            Self::ProcessingStarted => "dossier.processing".into(),
            Self::SupplementRequested { .. } => "dossier.supplement_required".into(),
            Self::PaymentRequested { .. } => "dossier.payment_required".into(),
            Self::Resumed { .. } => "dossier.resumed".into(),
            Self::Withdrawn { .. } => "dossier.withdrawn".into(),
            Self::Stopped { .. } => "dossier.stopped".into(),
            Self::Finished { .. } => "dossier.finished".into(),
            Self::Returned => "dossier.returned".into(),
            Self::Reopened { .. } => "dossier.reopened".into(),
            Self::Corrected { .. } => "dossier.corrected".into(),
            Self::DeadlineMoved { .. } => "dossier.deadline_moved".into(),
            Self::Voided { .. } => "dossier.voided".into(),
            Self::Edited { .. } => "dossier.edited".into(),
            Self::BecameOverdue { .. } => "dossier.overdue".into(),
            Self::Warned { .. } => "dossier.warning".into(),
            Self::Reappointed { .. } => "dossier.reappointed".into(),
            Self::Letter { status, .. } => format!("letter.{status}"),
            Self::FileAdded { .. } => "dossier.file_added".into(),
            Self::FileRemoved { .. } => "dossier.file_removed".into(),
            Self::Anonymised => "dossier.anonymised".into(),
            Self::FeesDemanded { .. } => "dossier.fees_demanded".into(),
            Self::PaymentReceived { .. } => "dossier.payment_received".into(),
            Self::FeeExempted { .. } => "dossier.fee_exempted".into(),
            Self::PaymentRefunded { .. } => "dossier.payment_refunded".into(),
            Self::TransferSent { .. } => "dossier.transfer_sent".into(),
            Self::TransferConfirmed { .. } => "dossier.transfer_confirmed".into(),
            Self::HandOff { status, .. } => match status {
                HandOffStatus::Pending => "dossier.hand_off_offered",
                HandOffStatus::Confirmed => "dossier.hand_off_confirmed",
                HandOffStatus::Declined => "dossier.hand_off_declined",
                HandOffStatus::TakenBack => "dossier.hand_off_taken_back",
            }
            .into(),
            Self::Errand { errand_kind, status, .. } => match (errand_kind, status) {
                (ErrandKind::Consultation, ErrandStatus::Open) => "dossier.consultation_asked",
                (ErrandKind::Consultation, ErrandStatus::Done) => "dossier.consultation_answered",
                (ErrandKind::Consultation, ErrandStatus::Withdrawn) => "dossier.consultation_withdrawn",
                (ErrandKind::Part, ErrandStatus::Open) => "dossier.part_opened",
                (ErrandKind::Part, ErrandStatus::Done) => "dossier.part_finished",
                (ErrandKind::Part, ErrandStatus::Withdrawn) => "dossier.part_withdrawn",
            }
            .into(),
        }
    }

    /// Whether the event ends the resolving of a dossier that was being resolved.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Withdrawn { class: Some(_), .. } | Self::Stopped { class: Some(_), .. } | Self::Finished { .. }
        )
    }

    /// Where the dossier stands after the event, if the event by itself says so.
    pub fn leads_to(&self) -> Option<Status> {
        Some(match self {
            Self::Registered { .. } | Self::Resubmitted { .. } => Status::Registered,
            Self::Received { .. } => Status::Received,
            Self::Rejected { .. } => Status::Rejected,
            Self::ProcessingStarted | Self::Resumed { .. } => Status::Processing,
            Self::SupplementRequested { .. } => Status::SupplementRequired,
            Self::PaymentRequested { .. } => Status::PaymentRequired,
            Self::Withdrawn { .. } => Status::Withdrawn,
            Self::Stopped { .. } => Status::Stopped,
            Self::Finished { .. } => Status::Finished,
            Self::Returned => Status::Returned,
            Self::Corrected { standing, .. } => standing.status,
            Self::Reopened { .. }
            | Self::DeadlineMoved { .. }
            | Self::Voided { .. }
            | Self::Edited { .. }
            | Self::BecameOverdue { .. }
            | Self::Warned { .. }
            | Self::Reappointed { .. }
            | Self::Letter { .. }
            | Self::FileAdded { .. }
            | Self::FileRemoved { .. }
            | Self::Anonymised
            | Self::FeesDemanded { .. }
            | Self::PaymentReceived { .. }
            | Self::FeeExempted { .. }
            | Self::PaymentRefunded { .. }
            | Self::TransferSent { .. }
            | Self::TransferConfirmed { .. }
            | Self::HandOff { .. }
            | Self::Errand { .. } => return None,
        })
    }

    /// The resolving agency that a correction took the dossier from.
    pub fn former_agency(&self) -> Option<&str> {
        let Self::Corrected { changes, .. } = self else { return None };
        changes.iter().find(|change| change.field == "agency").and_then(|change| change.old.as_deref())
    }

    /// Whether the event is a move of the state machine, after which earlier moves are refused.
    pub fn is_move(&self) -> bool {
        matches!(
            self,
            Self::Registered { .. }
                | Self::Received { .. }
                | Self::Rejected { .. }
                | Self::Resubmitted { .. }
                | Self::ProcessingStarted
                | Self::SupplementRequested { .. }
                | Self::PaymentRequested { .. }
                | Self::Resumed { .. }
                | Self::Withdrawn { .. }
                | Self::Stopped { .. }
                | Self::Finished { .. }
                | Self::Returned
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ladder::{Offset, RungUnit, Told};

    #[test]
    fn the_list_of_names_is_complete() {
        let at: LocalTime = "2026-03-02T09:00:00".parse().unwrap();
        let reason = String::new;
        let amount: Amount = 1.try_into().unwrap();
        let agency = || "H16".parse::<AgencyCode>().unwrap();
        let standing = Box::new(Standing::filed(at));
        let mut events = vec![
            Event::Registered { acceptance_due_at: at },
            Event::Received { deadline: None, accepted_late: false, rule_version: 1 },
            Event::Rejected { reason: reason() },
            Event::Resubmitted { acceptance_due_at: at },
            Event::ProcessingStarted,
            Event::SupplementRequested { reason: reason(), stops_clock: true, late: false },
            Event::PaymentRequested { reason: reason(), stops_clock: true },
            Event::Resumed { old: None, new: None },
            Event::Withdrawn { reason: reason(), class: None },
            Event::Stopped { reason: reason(), class: None },
            Event::Finished { outcome: Outcome::Granted, reason: None, class: EndClass::Early },
            Event::Returned,
            Event::Reopened { reason: reason(), undone: Status::Finished },
            Event::Corrected {
                reason: reason(),
                changes: vec![FieldChange { field: "agency".into(), old: Some("H16".into()), new: None }],
                old: None,
                new: None,
                rule_version: 1,
                standing,
                spans: Vec::new(),
            },
            Event::DeadlineMoved { old: None, new: None },
            Event::Voided { reason: reason() },
            Event::Edited { changes: Vec::new() },
            Event::BecameOverdue { late_from: at },
            Event::Warned {
                warning: reason(),
                rung: Rung { offset: Offset::Before(3), unit: RungUnit::WorkingDay, tell: vec![Told::Assignee] },
                due_at: at,
            },
            Event::Reappointed { letter: reason(), new_return_at: at },
            Event::FileAdded { file: reason(), file_kind: FileKind::Result, sha256: reason() },
            Event::FileRemoved { file: reason(), file_kind: FileKind::Result, sha256: reason(), reason: reason() },
            Event::Anonymised,
            Event::FeesDemanded { reference: reason(), items: Vec::new() },
            Event::PaymentReceived {
                payment: reason(),
                reference: reason(),
                amount,
                method: PaymentMethod::Cash,
                receipt_number: reason(),
            },
            Event::FeeExempted { fee: reason(), amount, reason: reason() },
            Event::PaymentRefunded { payment: reason(), amount, reason: reason() },
            Event::TransferSent { transfer: reason(), from: agency(), to: agency(), late: false },
            Event::TransferConfirmed {
                transfer: reason(),
                from: agency(),
                to: agency(),
                sent_by: reason(),
                late: false,
            },
        ];
        assert_eq!(events.iter().filter_map(Event::former_agency).collect::<Vec<_>>(), ["H16"]);
        events.extend(HandOffStatus::ALL.iter().map(|status| Event::HandOff {
            hand_off: reason(),
            giver: reason(),
            receiver: None,
            status: *status,
            reason: None,
        }));
        for errand_kind in ErrandKind::ALL {
            events.extend(ErrandStatus::ALL.iter().map(|status| Event::Errand {
                errand: reason(),
                errand_kind: *errand_kind,
                agency: agency(),
                status: *status,
                due_at: at,
                class: None,
            }));
        }
        events.extend(LetterStatus::ALL.iter().map(|status| Event::Letter {
            letter: reason(),
            letter_kind: LetterKind::Late,
            status: *status,
            reason: None,
        }));
        assert_eq!(events.iter().map(Event::name).collect::<Vec<_>>(), EVENT_NAMES);
    }
}
