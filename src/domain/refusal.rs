//! Every rule of the domain that can say no, by name.

use chrono::NaiveDate;
use thiserror::Error;

use super::feedback::FeedbackStatus;
use super::hand_off::HandOffStatus;
use super::office::BeyondCalendar;
use super::timeliness::Timing;
use super::vocabulary::{CaseCode, LetterStatus, LocalTime, Status};

/// A rule said no. The English text is for logs; clients get the texts of `http::texts` by [`Refusal::code`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The state machine has no such move.
    #[error("no move from {from} to {to}")]
    IllegalTransition {
        /// Where the dossier stands.
        from: Status,
        /// Where it was to go.
        to: &'static str,
    },
    /// The dossier was voided; nothing moves it any more.
    #[error("the dossier is void")]
    DossierVoid,
    /// The move wants a reason.
    #[error("a reason is required")]
    ReasonRequired,
    /// An outcome belongs to `finished` only.
    #[error("an outcome goes with `finished` only")]
    OutcomeNotAllowed,
    /// The time lies in the future.
    #[error("{at} lies in the future")]
    InTheFuture {
        /// The time given.
        at: LocalTime,
    },
    /// The time lies before the dossier's last move.
    #[error("{at} lies before the last move at {last_move_at}")]
    BeforeLastMove {
        /// The time given.
        at: LocalTime,
        /// The last move.
        last_move_at: LocalTime,
    },
    /// The time lies further back than the role allows.
    #[error("{at} lies more than {days} days back")]
    TooFarBack {
        /// The time given.
        at: LocalTime,
        /// How many calendar days back are allowed.
        days: u32,
    },
    /// The procedure had no version in force on the day of receipt.
    #[error("the procedure was not in force on {on}")]
    ProcedureNotInForce {
        /// The day of receipt.
        on: NaiveDate,
    },
    /// The agency was not there yet, or not any more, on the day of receipt.
    #[error("the agency was not there on {on}")]
    AgencyNotInForce {
        /// The day of receipt.
        on: NaiveDate,
    },
    /// An agency does not end before it begins.
    #[error("the last day lies before the first")]
    ValidityReversed,
    /// Only what ends is succeeded.
    #[error("an agency without a last day has no successors")]
    SuccessorsWithoutEnd,
    /// An agency does not come after itself.
    #[error("an agency would come after itself")]
    SuccessionCycle,
    /// An agency does not stand below itself.
    #[error("an agency would stand below itself")]
    AgencyBelowItself,
    /// The procedure is abolished.
    #[error("the procedure ended with {last_day}")]
    ProcedureEnded {
        /// Its last day.
        last_day: NaiveDate,
    },
    /// The version of the procedure that holds has no such case.
    #[error("the procedure has no case {case}")]
    CaseNotInForce {
        /// The case named.
        case: CaseCode,
    },
    /// The deadline runs past the last year the calendar knows.
    #[error("the deadline lies beyond the calendar")]
    BeyondCalendar,
    /// A correction that changes nothing.
    #[error("nothing to correct")]
    NothingToCorrect,

    /// The dossier has a letter about its deadline that is not cancelled.
    #[error("the dossier has its letter already")]
    LetterExists,
    /// Letters of kind `late` are made by the sweep or the late finish.
    #[error("a late letter is not made by hand")]
    LateLetterByHand,
    /// A warning letter for a dossier that is not open and in time.
    #[error("the dossier is not at risk: it is {}", .timing.map_or("not counted", Timing::as_str))]
    NotAtRisk {
        /// Where the dossier stands.
        timing: Option<Timing>,
    },
    /// The letter's status does not allow this.
    #[error("the letter is {status}")]
    LetterStatusForbids {
        /// Where the letter stands.
        status: LetterStatus,
    },
    /// The letter lacks its reason.
    #[error("the letter has no reason")]
    LetterReasonMissing,
    /// The letter lacks its new date.
    #[error("the letter has no new date of return")]
    NewReturnMissing,
    /// The new date is not later than the deadline and than now.
    #[error("the new date of return must be later than {than}")]
    NewReturnTooEarly {
        /// What it must be later than.
        than: LocalTime,
    },
    /// The new date does not fall into office hours.
    #[error("the new date of return is outside office hours")]
    NewReturnOutsideHours,
    /// A late letter stays while its dossier is late.
    #[error("the dossier is late: its letter cannot be cancelled")]
    LetterOwed,
    /// A dossier is re-appointed at most once (Decree 61/2018 art. 19(9)).
    #[error("the dossier was re-appointed already")]
    AlreadyReappointed,
    /// The letter's date lies in the future.
    #[error("{on} lies in the future")]
    PromulgatedInTheFuture {
        /// The date given.
        on: NaiveDate,
    },

    /// The letter's date lies before its dossier was handed in.
    #[error("{on} lies before the dossier was handed in")]
    PromulgatedBeforeFiling {
        /// The date given.
        on: NaiveDate,
    },
    /// The dossier has no paper of this kind.
    #[error("the dossier has no such paper")]
    NoSuchPaper,
    /// There was no form for the paper on its day.
    #[error("there was no form for this paper on {on}")]
    FormNotInForce {
        /// Its day.
        on: NaiveDate,
    },
    /// The e-office says otherwise of a letter that is out.
    #[error("the letter was issued as {number} already")]
    AlreadyIssued {
        /// Its number and notation.
        number: String,
    },
    /// The e-office signed a text that was changed since it fetched it.
    #[error("the letter was changed after its packet was fetched")]
    LetterSuperseded,
    /// The subscription is switched off.
    #[error("the webhook is switched off")]
    WebhookOff,
    /// The message is still being tried.
    #[error("the message waits to be sent anyway")]
    DeliveryWaits,

    /// Administrators do not disable, demote or reset themselves: somebody is always left to administer.
    #[error("nobody does this to their own account")]
    OwnAccount,

    /// The persons in the dossier were forgotten; nothing is done on it any more.
    #[error("the dossier is anonymised")]
    DossierAnonymised,
    /// The numbers of persons are not for this role.
    #[error("not for this role")]
    RevealForbidden,
    /// Received and resolved by one agency, filed online, or not received.
    #[error("no transfer is owed")]
    NoTransferOwed,
    /// The transfer is under way.
    #[error("the transfer was sent already")]
    TransferSent,
    /// Nothing was sent that could be confirmed.
    #[error("the transfer was not sent")]
    TransferNotSent,
    /// The receiver has confirmed.
    #[error("the transfer was confirmed already")]
    TransferConfirmed,
    /// The dossier was handed to somebody who has not answered yet.
    #[error("a hand-off of the dossier waits for its receiver")]
    HandOffPending,
    /// The hand-off was answered, or taken back.
    #[error("the hand-off is {status}")]
    HandOffEnded {
        /// Where it stands.
        status: HandOffStatus,
    },
    /// A dossier is given to somebody else.
    #[error("the giver is the receiver")]
    HandedToGiver,
    /// Nothing is to be done on the dossier any more.
    #[error("nothing is to be done on the dossier any more")]
    DossierClosed,
    /// Other agencies are asked only while the dossier is being resolved.
    #[error("the dossier is not being resolved")]
    DossierNotOpen,
    /// An agency does not ask itself.
    #[error("the resolving agency does not ask itself")]
    OwnAgencyAsked,
    /// Wanted before it was asked for.
    #[error("it is wanted before it was asked for")]
    DueBeforeStart,
    /// Answered, finished or withdrawn before.
    #[error("it has ended already")]
    ErrandEnded,

    /// Items of fees belong to `payment_required` only.
    #[error("fees go with `payment_required` only")]
    FeesNotAllowed,
    /// The reference is that of no demand of this dossier.
    #[error("{given} is no demand of this dossier")]
    WrongReference {
        /// The reference given.
        given: String,
    },
    /// More than is open under the reference.
    #[error("only {open} đồng are open")]
    Overpaid {
        /// What is open, in đồng.
        open: i64,
    },
    /// The receipt's number stands for another payment of this dossier.
    #[error("the receipt's number stands for another payment")]
    ReceiptNumberUsed,
    /// It was paid before the dossier was handed in.
    #[error("it was paid before the dossier was handed in")]
    PaidBeforeFiling,
    /// The item was exempted before.
    #[error("the item was exempted already")]
    AlreadyExempted,
    /// The payment was refunded before.
    #[error("the payment was refunded already")]
    AlreadyRefunded,
    /// More than there is to waive or to give back.
    #[error("at most {most} đồng")]
    TooMuch {
        /// The most there is, in đồng.
        most: i64,
    },
    /// Feedback has no such move.
    #[error("no move from {from} to {to}")]
    FeedbackStatusForbids {
        /// Where it stands.
        from: FeedbackStatus,
        /// Where it was to go.
        to: FeedbackStatus,
    },
    /// A complaint that nobody signs (Law on Complaints 02/2011 art. 8).
    #[error("a complaint needs the name of who complains")]
    SenderRequired,
    /// The decision on a complaint says whether it is right (art. 31).
    #[error("the answer to a complaint needs a finding")]
    FindingRequired,
    /// What is passed on goes to somebody.
    #[error("what is passed on needs an addressee")]
    AddresseeRequired,
    /// No later day is set for what ended or is late.
    #[error("it ended or is late")]
    TermOver,
    /// The day given is too early.
    #[error("the day must not be earlier than {than}")]
    NotLater {
        /// Than which it must be later, or at which it begins.
        than: NaiveDate,
    },
    /// A dossier is rated when it ended.
    #[error("the dossier is {status}")]
    NotEnded {
        /// Where it stands.
        status: Status,
    },
    /// A dossier is rated once.
    #[error("the dossier was rated already")]
    AlreadyRated,
    /// A plan is not of a later day than one of its tasks is due.
    #[error("a task of the plan is due on {due_on}")]
    TaskDueBefore {
        /// The first day on which one is due.
        due_on: NaiveDate,
    },
    /// The task is done already.
    #[error("the task is done already")]
    TaskDone,

    /// More dossiers than a register takes.
    #[error("a register takes at most {most} dossiers")]
    RegisterTooLong {
        /// How many it takes.
        most: usize,
    },
    /// The period of a report to be frozen is not over.
    #[error("the period runs until {to}")]
    PeriodOpen {
        /// Its last day.
        to: NaiveDate,
    },
}

impl Refusal {
    /// Whether only the new date of return of a letter stands against issuing it.
    pub const fn is_about_new_return(&self) -> bool {
        matches!(self, Self::NewReturnMissing | Self::NewReturnTooEarly { .. } | Self::NewReturnOutsideHours)
    }

    /// The stable code clients rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::DossierVoid => "dossier_void",
            Self::ReasonRequired => "reason_required",
            Self::OutcomeNotAllowed => "outcome_not_allowed",
            Self::InTheFuture { .. } => "in_the_future",
            Self::BeforeLastMove { .. } => "before_last_move",
            Self::TooFarBack { .. } => "too_far_back",
            Self::ProcedureNotInForce { .. } => "procedure_not_in_force",
            Self::AgencyNotInForce { .. } => "agency_not_in_force",
            Self::ValidityReversed => "validity_reversed",
            Self::SuccessorsWithoutEnd => "successors_without_end",
            Self::SuccessionCycle => "succession_cycle",
            Self::AgencyBelowItself => "agency_below_itself",
            Self::ProcedureEnded { .. } => "procedure_ended",
            Self::CaseNotInForce { .. } => "case_not_in_force",
            Self::BeyondCalendar => "beyond_calendar",
            Self::NothingToCorrect => "nothing_to_correct",
            Self::LetterExists => "letter_exists",
            Self::LateLetterByHand => "late_letter_by_hand",
            Self::NotAtRisk { .. } => "not_at_risk",
            Self::LetterStatusForbids { .. } => "letter_status",
            Self::LetterReasonMissing => "letter_reason_missing",
            Self::NewReturnMissing => "new_return_missing",
            Self::NewReturnTooEarly { .. } => "new_return_too_early",
            Self::NewReturnOutsideHours => "new_return_outside_hours",
            Self::LetterOwed => "letter_owed",
            Self::AlreadyReappointed => "already_reappointed",
            Self::PromulgatedInTheFuture { .. } => "promulgated_in_the_future",
            Self::PromulgatedBeforeFiling { .. } => "promulgated_before_filing",
            Self::NoSuchPaper => "no_such_paper",
            Self::FormNotInForce { .. } => "form_not_in_force",
            Self::AlreadyIssued { .. } => "already_issued",
            Self::LetterSuperseded => "letter_superseded",
            Self::WebhookOff => "webhook_off",
            Self::DeliveryWaits => "delivery_waits",
            Self::OwnAccount => "own_account",
            Self::DossierAnonymised => "dossier_anonymised",
            Self::RevealForbidden => "reveal_forbidden",
            Self::NoTransferOwed => "no_transfer_owed",
            Self::TransferSent => "transfer_sent",
            Self::TransferNotSent => "transfer_not_sent",
            Self::TransferConfirmed => "transfer_confirmed",
            Self::HandOffPending => "hand_off_pending",
            Self::HandOffEnded { .. } => "hand_off_ended",
            Self::HandedToGiver => "handed_to_giver",
            Self::DossierClosed => "dossier_closed",
            Self::DossierNotOpen => "dossier_not_open",
            Self::OwnAgencyAsked => "own_agency_asked",
            Self::DueBeforeStart => "due_before_start",
            Self::ErrandEnded => "errand_ended",
            Self::FeesNotAllowed => "fees_not_allowed",
            Self::WrongReference { .. } => "wrong_reference",
            Self::Overpaid { .. } => "overpaid",
            Self::ReceiptNumberUsed => "receipt_number_used",
            Self::PaidBeforeFiling => "paid_before_filing",
            Self::AlreadyExempted => "already_exempted",
            Self::AlreadyRefunded => "already_refunded",
            Self::TooMuch { .. } => "too_much",
            Self::FeedbackStatusForbids { .. } => "feedback_status",
            Self::SenderRequired => "sender_required",
            Self::FindingRequired => "finding_required",
            Self::AddresseeRequired => "addressee_required",
            Self::TermOver => "term_over",
            Self::NotLater { .. } => "not_later",
            Self::NotEnded { .. } => "not_ended",
            Self::AlreadyRated => "already_rated",
            Self::TaskDueBefore { .. } => "task_due_before",
            Self::TaskDone => "task_done",
            Self::RegisterTooLong { .. } => "register_too_long",
            Self::PeriodOpen { .. } => "period_open",
        }
    }
}

impl From<BeyondCalendar> for Refusal {
    fn from(_: BeyondCalendar) -> Self {
        Self::BeyondCalendar
    }
}
