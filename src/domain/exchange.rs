//! What passes between a letter and the e-office (iOffice) that signs it, and what each answer does, in whatever order
//! they come.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use super::apology::{Letter, Promulgation};
use super::document_number::DocumentId;
use super::dossier::Standing;
use super::refusal::Refusal;
use super::vocabulary::{LetterStatus, LocalTime, Status, UnknownWord, words};

words! {
    /// Which letters an e-office asks for.
    Waiting("state of a document") {
        /// Waiting for signature.
        Submitted = "submitted",
        /// Called back from the e-office, which has not answered that yet.
        Recalled = "recalled",
    }
}

words! {
    /// The result that an e-office reports (`LoaiKetQua` 01 to 04; domain.md 6.5).
    OfficeResult("result") {
        /// Numbered and issued (01).
        Issued = "issued",
        /// Signed, not issued yet (02).
        Signed = "signed",
        /// Not approved (03).
        Returned = "returned",
        /// For the record (04).
        Trace = "trace",
    }
}

words! {
    /// What a document packet is about (`BussinessDocType`; QCVN 102:2016).
    Business("business of a packet") {
        /// A new document (0).
        New = "new",
        /// A document is called back (1).
        Recall = "recall",
        /// A document's text has changed (2).
        Update = "update",
        /// A document takes the place of another (3).
        Replace = "replace",
    }
}

impl Business {
    /// `BussinessDocType`.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The business with this `BussinessDocType`.
    pub fn from_code(code: &str) -> Option<Self> {
        code.parse::<usize>().ok().and_then(|index| Self::ALL.get(index)).copied()
    }
}

words! {
    /// Whether the e-office has the letter.
    HoldState("hold") {
        /// It fetched the letter and has not given a last answer.
        Held = "held",
        /// It will not give it back.
        RecallRefused = "recall_refused",
        /// It answered: issued, returned or recalled.
        Over = "over",
    }
}

words! {
    /// How an entry of the exchange went.
    EntryKind("kind of exchange") {
        /// A document packet went out.
        Packet = "packet",
        /// A result came in.
        Result = "result",
        /// A document packet came in.
        Document = "document",
        /// A status packet came in.
        Status = "status",
    }
}

words! {
    /// What an entry of the exchange did.
    Effect("effect") {
        /// It went out.
        Sent = "sent",
        /// The letter is issued.
        Issued = "issued",
        /// The letter, signed before its recall came, is on file; the deadline is as it was.
        Kept = "kept",
        /// It is signed and not issued yet.
        Signed = "signed",
        /// The letter was issued so already.
        Confirmed = "confirmed",
        /// The letter went back to its drafter.
        Rejected = "rejected",
        /// The e-office gave the letter back that was called back.
        Recalled = "recalled",
        /// The e-office will not give it back.
        RecallRefused = "recall_refused",
        /// On file, nothing else.
        Noted = "noted",
        /// The dossier was handed over before the letter went out: on file, nothing else.
        Ignored = "ignored",
    }
}

/// A letter at the e-office: what was fetched, and whether it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Counts the times the letter went there; 1 for the first.
    pub round: i32,
    /// Whether it is there.
    pub state: HoldState,
    /// The identifier its packets bear, the same in all rounds.
    pub document_id: DocumentId,
    /// As what the letter went there: new or an update.
    pub sent_as: Business,
    /// When it was fetched in this round.
    pub fetched_at: LocalTime,
    /// The reason in the text that was fetched.
    pub reason: Option<String>,
    /// The new date of return in the text that was fetched.
    pub new_return_at: Option<LocalTime>,
}

impl Hold {
    /// Whether the letter's text is the one that was fetched.
    pub fn has_text_of(&self, letter: &Letter) -> bool {
        self.reason == letter.reason && self.new_return_at == letter.new_return_at
    }

    fn is_there(&self) -> bool {
        self.state != HoldState::Over
    }
}

/// What is to be sent for a letter that an e-office asks for.
///
/// # Errors
/// [`Refusal::LetterStatusForbids`] for a letter that neither waits for signature nor has to be called back.
pub fn sending(letter: &Letter, hold: Option<&Hold>) -> Result<Business, Refusal> {
    let there = hold.filter(|hold| hold.is_there());
    match (letter.status, there) {
        (LetterStatus::Submitted, None) => Ok(Business::New),
        (LetterStatus::Submitted, Some(hold)) if hold.has_text_of(letter) => Ok(hold.sent_as),
        (LetterStatus::Submitted, Some(_)) => Ok(Business::Update),
        (_, Some(hold)) if hold.state == HoldState::Held => Ok(Business::Recall),
        (status, _) => Err(Refusal::LetterStatusForbids { status }),
    }
}

/// What an e-office says about a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// It is signed, numbered and issued.
    Issued(Promulgation),
    /// It is signed and not issued yet.
    Signed,
    /// It is not approved.
    Returned {
        /// Why.
        reason: String,
    },
    /// Something for the record.
    Trace,
    /// A status packet (domain.md 6.3).
    Status {
        /// The code; those that are not known are kept and shown.
        code: String,
        /// When it was given.
        at: LocalTime,
        /// What is said with it.
        description: Option<String>,
    },
}

/// Reception was refused.
pub const REFUSED: &str = "02";

/// What a code of a status packet means (domain.md 6.3).
pub fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "01" => "arrived",
        REFUSED => "refused",
        "03" => "received",
        "04" => "waiting_for_assignment",
        "05" => "in_progress",
        "06" => "completed",
        "13" => "recalled",
        "15" => "recall_agreed",
        "16" => "recall_refused",
        _ => return None,
    })
}

/// What is to be done with the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Nothing.
    Nothing,
    /// It is issued, as by hand.
    Issue(Promulgation),
    /// It was signed though it was called back: it goes on file and re-appoints nothing.
    KeepSigned(Promulgation),
    /// It goes back to its drafter.
    Reject(String),
}

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is to be done with the letter.
    pub deed: Deed,
    /// Where the hold stands from now on, where that changes.
    pub hold: Option<HoldState>,
    /// How it is called in the log.
    pub effect: Effect,
}

impl Judgement {
    fn noted(hold: Option<HoldState>) -> Self {
        Self { deed: Deed::Nothing, hold, effect: Effect::Noted }
    }

    fn over(deed: Deed, effect: Effect) -> Self {
        Self { deed, hold: Some(HoldState::Over), effect }
    }
}

/// How a letter and its hold stand to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// The letter waits for this answer.
    Waiting,
    /// The letter waits for signature with a text that the e-office has not fetched: the answer is about the former one.
    Superseded,
    /// The letter was called back.
    CalledBack,
    /// The letter is out.
    Out,
    /// Nothing is asked of the e-office.
    Settled,
}

fn position(letter: &Letter, hold: Option<&Hold>) -> Position {
    match (letter.status, hold) {
        (LetterStatus::Issued | LetterStatus::Delivered, _) => Position::Out,
        (LetterStatus::Submitted, Some(hold)) if !hold.has_text_of(letter) => Position::Superseded,
        (LetterStatus::Submitted, _) => Position::Waiting,
        (_, Some(hold)) if hold.is_there() => Position::CalledBack,
        _ => Position::Settled,
    }
}

/// What an answer of the e-office comes to. A repeated answer does not come here.
///
/// # Errors
/// [`Refusal::AlreadyIssued`] when it contradicts the letter that is out, [`Refusal::LetterSuperseded`] when another text
/// was signed than the one submitted, [`Refusal::LetterStatusForbids`] when nothing is asked of the e-office.
pub fn judge(letter: &Letter, standing: &Standing, hold: Option<&Hold>, saying: &Saying) -> Result<Judgement, Refusal> {
    if is_too_late(letter, standing, hold) {
        return Ok(Judgement { deed: Deed::Nothing, hold: closing(saying), effect: Effect::Ignored });
    }
    let position = position(letter, hold);
    match saying {
        Saying::Issued(promulgation) => issued(letter, position, promulgation),
        Saying::Signed => match position {
            Position::Out => Err(already_issued(letter)),
            Position::Settled => Err(Refusal::LetterStatusForbids { status: letter.status }),
            Position::Superseded => Ok(Judgement::noted(None)),
            Position::Waiting | Position::CalledBack => {
                Ok(Judgement { deed: Deed::Nothing, hold: None, effect: Effect::Signed })
            }
        },
        Saying::Returned { reason } => match position {
            Position::Waiting => Ok(Judgement::over(Deed::Reject(reason.clone()), Effect::Rejected)),
            Position::CalledBack => Ok(Judgement::over(Deed::Nothing, Effect::Recalled)),
            Position::Superseded => Ok(Judgement::noted(Some(HoldState::Over))),
            // Issued by hand while the e-office had it: it gives back what is called back.
            Position::Out if hold.is_some_and(Hold::is_there) => Ok(Judgement::over(Deed::Nothing, Effect::Recalled)),
            Position::Out => Err(already_issued(letter)),
            Position::Settled => Err(Refusal::LetterStatusForbids { status: letter.status }),
        },
        Saying::Trace => Ok(Judgement::noted(None)),
        Saying::Status { code, at, description } => {
            Ok(status(letter, hold, position, (code.as_str(), *at, description)))
        }
    }
}

/// A reply for a dossier already handed over is ignored (domain.md 6.5), unless the letter went out only after that.
fn is_too_late(letter: &Letter, standing: &Standing, hold: Option<&Hold>) -> bool {
    let asked_since = |returned_at| {
        letter.status == LetterStatus::Submitted
            && hold.is_some_and(|hold| hold.state == HoldState::Held && hold.fetched_at >= returned_at)
    };
    standing.status == Status::Returned && !standing.returned_at.is_some_and(asked_since)
}

/// What an answer says about the hold whatever becomes of the letter.
fn closing(saying: &Saying) -> Option<HoldState> {
    match saying {
        Saying::Issued(_) | Saying::Returned { .. } => Some(HoldState::Over),
        Saying::Signed | Saying::Trace => None,
        Saying::Status { code, .. } => match code.as_str() {
            REFUSED | "13" | "15" => Some(HoldState::Over),
            "16" => Some(HoldState::RecallRefused),
            _ => None,
        },
    }
}

fn issued(letter: &Letter, position: Position, promulgation: &Promulgation) -> Result<Judgement, Refusal> {
    if letter.promulgation.as_ref() == Some(promulgation) {
        return Ok(Judgement::over(Deed::Nothing, Effect::Confirmed));
    }
    match position {
        Position::Waiting => Ok(Judgement::over(Deed::Issue(promulgation.clone()), Effect::Issued)),
        Position::Superseded => Err(Refusal::LetterSuperseded),
        Position::CalledBack => Ok(Judgement::over(Deed::KeepSigned(promulgation.clone()), Effect::Kept)),
        Position::Out => Err(already_issued(letter)),
        Position::Settled => Err(Refusal::LetterStatusForbids { status: letter.status }),
    }
}

fn already_issued(letter: &Letter) -> Refusal {
    let promulgation = letter.promulgation.as_ref();
    Refusal::AlreadyIssued { number: promulgation.map(Promulgation::designation).unwrap_or_default() }
}

fn status(
    letter: &Letter,
    hold: Option<&Hold>,
    position: Position,
    (code, at, description): (&str, LocalTime, &Option<String>),
) -> Judgement {
    // One that was on its way since before this round is about the round before.
    let is_old = hold.is_some_and(|hold| hold.round > 1 && at < hold.fetched_at);
    match (code, position) {
        (REFUSED, Position::Waiting) if !is_old => {
            let reason = description.clone().unwrap_or_else(|| "Hệ thống văn bản từ chối tiếp nhận".to_owned());
            Judgement::over(Deed::Reject(reason), Effect::Rejected)
        }
        (REFUSED | "13" | "15", Position::CalledBack) => Judgement::over(Deed::Nothing, Effect::Recalled),
        (REFUSED | "13" | "15", Position::Superseded) => Judgement::noted(Some(HoldState::Over)),
        // Issued by hand while the e-office had it.
        (REFUSED | "13" | "15", Position::Out) if letter_is_called_back(letter, hold) => {
            Judgement::over(Deed::Nothing, Effect::Recalled)
        }
        ("16", Position::CalledBack) => recall_refused(),
        ("16", Position::Out) if letter_is_called_back(letter, hold) => recall_refused(),
        _ => Judgement::noted(None),
    }
}

fn letter_is_called_back(letter: &Letter, hold: Option<&Hold>) -> bool {
    letter.status != LetterStatus::Submitted && hold.is_some_and(|hold| hold.state == HoldState::Held)
}

fn recall_refused() -> Judgement {
    Judgement { deed: Deed::Nothing, hold: Some(HoldState::RecallRefused), effect: Effect::RecallRefused }
}

/// What was told in an entry of the exchange; what is not there was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The identifier the packet is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// Number (số).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Notation (ký hiệu).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notation: Option<String>,
    /// Date of the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promulgated_on: Option<NaiveDate>,
    /// Date of the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_on: Option<NaiveDate>,
    /// Full name of the signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Position of the signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Reason or description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When the other side says it happened, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamped: Option<String>,
    /// Name of the signed paper that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<String>,
    /// SHA-256 of that paper, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[cfg(test)]
mod tests;
