//! Who is owed a letter of apology (văn bản xin lỗi), by when, saying what; at most one re-appointment per dossier.

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::deadline::Deadline;
use super::dossier::Standing;
use super::office::OfficeCalendar;
use super::refusal::Refusal;
use super::timeliness::Timing;
use super::vocabulary::{LetterChannel, LetterKind, LetterStatus, LocalTime};

/// Who signs a letter: the head of the agency (Decree 61/2018 art. 19(9)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// Full name.
    pub name: String,
    /// Position, e.g. `Giám đốc`.
    pub position: String,
}

/// Number, date and signer that make a letter official.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promulgation {
    /// Running number of the register (số).
    pub number: u32,
    /// Notation (ký hiệu), e.g. `PXL-SLĐTBXH`.
    pub notation: String,
    /// Date of the letter.
    pub on: NaiveDate,
    /// Who signed.
    pub signer: Signer,
}

impl Promulgation {
    /// Number and notation (số, ký hiệu) as papers write them, e.g. `12/PXL-SLĐTBXH`.
    pub fn designation(&self) -> String {
        format!("{}/{}", self.number, self.notation)
    }
}

/// A letter of apology. One about a deadline also asks for more time and re-appoints the return of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Opaque identifier.
    pub id: String,
    /// Why it apologises.
    pub kind: LetterKind,
    /// Where it stands.
    pub status: LetterStatus,
    /// The reason given to the applicant.
    pub reason: Option<String>,
    /// The new date of return.
    pub new_return_at: Option<LocalTime>,
    /// Number, date and signer, once issued.
    pub promulgation: Option<Promulgation>,
    /// How and when it reached the applicant.
    pub delivered: Option<(LetterChannel, LocalTime)>,
    /// Why it was sent back or dropped.
    pub remark: Option<String>,
    /// It went out (or was opened) later than one day before the deadline's expiry (Decree 61/2018 art. 19(9)).
    pub notice_late: bool,
}

/// What the state of a dossier wants done about its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Nothing.
    Keep,
    /// Open a late letter.
    Open,
    /// The warning draft becomes the late letter and keeps its text.
    Promote,
    /// The letter that did not go out is dropped.
    Cancel,
}

/// What is to be done about the letter of a dossier that stands so; `letter` is its letter about the deadline that is
/// not cancelled.
///
/// The sweep, the late finish, corrections and reopening all ask here, so that "owed" has one definition.
pub fn settle(standing: &Standing, letter: Option<&Letter>, now: LocalTime) -> Settlement {
    let timing = standing.timing(now);
    let owed = timing.is_some_and(Timing::owes_apology);
    match letter {
        None if owed => Settlement::Open,
        None => Settlement::Keep,
        Some(letter) if letter.status.is_out() => Settlement::Keep,
        Some(letter) if owed && letter.kind == LetterKind::AtRisk => Settlement::Promote,
        Some(_) if owed => Settlement::Keep,
        // A warning stays while its dossier is open and in time; a late letter does not outlive its lateness.
        Some(letter) if letter.kind == LetterKind::AtRisk && standing.is_open() => Settlement::Keep,
        Some(_) => Settlement::Cancel,
    }
}

/// Whether a letter dated `on` comes later than one day before the deadline's expiry.
pub fn is_notice_late(deadline: Option<&Deadline>, on: NaiveDate) -> bool {
    deadline.is_some_and(|deadline| on + Days::new(1) > deadline.due_on)
}

impl Letter {
    /// A new draft.
    pub fn draft(id: String, kind: LetterKind, notice_late: bool) -> Self {
        Self {
            id,
            kind,
            status: LetterStatus::Draft,
            reason: None,
            new_return_at: None,
            promulgation: None,
            delivered: None,
            remark: None,
            notice_late,
        }
    }

    /// A draft made by hand.
    ///
    /// # Errors
    /// [`Refusal::LateLetterByHand`]; for a warning, [`Refusal::LetterExists`] and [`Refusal::NotAtRisk`].
    pub fn by_hand(
        id: String,
        kind: LetterKind,
        standing: &Standing,
        existing: Option<&Self>,
        now: LocalTime,
    ) -> Result<Self, Refusal> {
        match kind {
            LetterKind::Late => return Err(Refusal::LateLetterByHand),
            LetterKind::AtRisk if existing.is_some() => return Err(Refusal::LetterExists),
            LetterKind::AtRisk => {
                let timing = standing.timing(now);
                let in_time = matches!(timing, Some(Timing::Within | Timing::Paused));
                if !in_time || standing.deadline.is_none() {
                    return Err(Refusal::NotAtRisk { timing });
                }
            }
            LetterKind::Lost | LetterKind::Damaged | LetterKind::Misconduct => {}
        }
        let is_warning = kind == LetterKind::AtRisk;
        Ok(Self::draft(id, kind, is_warning && is_notice_late(standing.deadline.as_ref(), now.date())))
    }

    /// Sets reason and new date while the letter is a draft or sent back.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`], and what [`check_new_return`] refuses.
    pub fn edit(
        &mut self,
        reason: Option<Option<String>>,
        new_return_at: Option<Option<LocalTime>>,
        standing: &Standing,
        office: &OfficeCalendar,
        now: LocalTime,
    ) -> Result<(), Refusal> {
        self.require(&[LetterStatus::Draft, LetterStatus::Rejected])?;
        if let Some(Some(new_return_at)) = new_return_at {
            check_new_return(new_return_at, standing, office, now)?;
        }
        if let Some(reason) = reason {
            self.reason = reason;
        }
        if let Some(new_return_at) = new_return_at {
            self.new_return_at = new_return_at;
        }
        Ok(())
    }

    /// Lays the letter before the signer.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`], [`Refusal::LetterReasonMissing`], [`Refusal::NewReturnMissing`].
    pub fn submit(&mut self, standing: &Standing) -> Result<(), Refusal> {
        self.require(&[LetterStatus::Draft, LetterStatus::Rejected])?;
        if self.reason.is_none() {
            return Err(Refusal::LetterReasonMissing);
        }
        if self.reappoints(standing) && self.new_return_at.is_none() {
            return Err(Refusal::NewReturnMissing);
        }
        // The letter of an ended dossier promises nothing any more (contract 6).
        if self.kind.is_about_deadline() && !self.reappoints(standing) {
            self.new_return_at = None;
        }
        self.status = LetterStatus::Submitted;
        Ok(())
    }

    /// Signs, numbers and dates the letter; returns the new date of return when it re-appoints the dossier.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`], [`Refusal::PromulgatedInTheFuture`], [`Refusal::PromulgatedBeforeFiling`], [`Refusal::AlreadyReappointed`],
    /// [`Refusal::NewReturnMissing`].
    pub fn issue(
        &mut self,
        promulgation: Promulgation,
        standing: &Standing,
        now: LocalTime,
    ) -> Result<Option<LocalTime>, Refusal> {
        // Named before the status: to whoever issues twice, that the one re-appointment is spent says more.
        if self.status.is_out() && self.reappoints(standing) && standing.reappointed_at.is_some() {
            return Err(Refusal::AlreadyReappointed);
        }
        self.require(&[LetterStatus::Submitted])?;
        if promulgation.on > now.date() {
            return Err(Refusal::PromulgatedInTheFuture { on: promulgation.on });
        }
        if promulgation.on < standing.filed_at.date() {
            return Err(Refusal::PromulgatedBeforeFiling { on: promulgation.on });
        }
        let new_return_at = if self.reappoints(standing) {
            if standing.reappointed_at.is_some() {
                return Err(Refusal::AlreadyReappointed);
            }
            Some(self.new_return_at.ok_or(Refusal::NewReturnMissing)?)
        } else {
            None
        };
        if self.kind.is_about_deadline() {
            self.notice_late = is_notice_late(standing.deadline.as_ref(), promulgation.on);
        }
        self.promulgation = Some(promulgation);
        self.status = LetterStatus::Issued;
        Ok(new_return_at)
    }

    /// Takes a letter about the deadline that waits for signature back to its drafter, because its dossier has ended
    /// meanwhile: the new date it promises no longer fits. Answers whether there was one to take back.
    pub fn take_back(&mut self) -> bool {
        let is_waiting = self.kind.is_about_deadline() && self.status == LetterStatus::Submitted;
        if is_waiting {
            self.status = LetterStatus::Draft;
            self.new_return_at = None;
            self.remark = Some("Hồ sơ kết thúc trước khi văn bản được ký".to_owned());
        }
        is_waiting
    }

    /// Puts on file a letter that was signed although it had been called back: it is out with the text that was signed,
    /// and re-appoints nothing. Where the dossier has another letter about its deadline by now (`replaced`), it stays
    /// dropped and only keeps number, date and signer.
    ///
    /// # Errors
    /// [`Refusal::PromulgatedInTheFuture`], [`Refusal::PromulgatedBeforeFiling`].
    pub fn keep_signed(
        &mut self,
        promulgation: Promulgation,
        (reason, new_return_at): (Option<String>, Option<LocalTime>),
        standing: &Standing,
        (now, replaced): (LocalTime, bool),
    ) -> Result<(), Refusal> {
        if promulgation.on > now.date() {
            return Err(Refusal::PromulgatedInTheFuture { on: promulgation.on });
        }
        if promulgation.on < standing.filed_at.date() {
            return Err(Refusal::PromulgatedBeforeFiling { on: promulgation.on });
        }
        if self.kind.is_about_deadline() {
            self.notice_late = is_notice_late(standing.deadline.as_ref(), promulgation.on);
        }
        (self.reason, self.new_return_at) = (reason, new_return_at);
        self.promulgation = Some(promulgation);
        if !replaced {
            self.status = LetterStatus::Issued;
        }
        Ok(())
    }

    /// Records that the applicant has the letter.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`], [`Refusal::InTheFuture`].
    pub fn deliver(&mut self, channel: LetterChannel, at: LocalTime, now: LocalTime) -> Result<(), Refusal> {
        self.require(&[LetterStatus::Issued])?;
        if at > now {
            return Err(Refusal::InTheFuture { at });
        }
        self.delivered = Some((channel, at));
        self.status = LetterStatus::Delivered;
        Ok(())
    }

    /// Sends the letter back for change.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`].
    pub fn reject(&mut self, reason: String) -> Result<(), Refusal> {
        self.require(&[LetterStatus::Submitted])?;
        self.remark = Some(reason);
        self.status = LetterStatus::Rejected;
        Ok(())
    }

    /// Drops a letter that did not go out.
    ///
    /// # Errors
    /// [`Refusal::LetterStatusForbids`]; [`Refusal::LetterOwed`] for the late letter of a dossier that is late.
    pub fn cancel(&mut self, reason: Option<String>, standing: &Standing, now: LocalTime) -> Result<(), Refusal> {
        self.require(&[LetterStatus::Draft, LetterStatus::Submitted, LetterStatus::Rejected])?;
        let owed = standing.timing(now).is_some_and(Timing::owes_apology);
        if self.kind.is_about_deadline() && owed {
            return Err(Refusal::LetterOwed);
        }
        self.remark = reason;
        self.status = LetterStatus::Cancelled;
        Ok(())
    }

    /// Whether issuing the letter gives the applicant a new date: it is about the deadline, and the result is still due.
    fn reappoints(&self, standing: &Standing) -> bool {
        self.kind.is_about_deadline() && standing.is_open()
    }

    fn require(&self, allowed: &[LetterStatus]) -> Result<(), Refusal> {
        if allowed.contains(&self.status) { Ok(()) } else { Err(Refusal::LetterStatusForbids { status: self.status }) }
    }
}

/// A new date of return is later than the deadline and than now, and falls into office hours.
///
/// # Errors
/// [`Refusal::NewReturnTooEarly`], [`Refusal::NewReturnOutsideHours`].
pub fn check_new_return(
    new_return_at: LocalTime,
    standing: &Standing,
    office: &OfficeCalendar,
    now: LocalTime,
) -> Result<(), Refusal> {
    let than = standing.deadline.map_or(now, |deadline| deadline.due_at.max(now));
    if new_return_at <= than {
        return Err(Refusal::NewReturnTooEarly { than });
    }
    if !office.is_open(new_return_at) {
        return Err(Refusal::NewReturnOutsideHours);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
