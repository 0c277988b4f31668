//! Letters of apology by hand: draft, edit, submit, issue, deliver, send back, drop.

use chrono::NaiveTime;

use super::actor::{Act, Action};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, letter_event, open};
use crate::domain::apology::{Letter, Promulgation, check_new_return};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::vocabulary::{LetterChannel, LetterKind, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::letters::{self, LetterRecord};
use crate::storage::{StorageError, Tx};

/// What is to be done with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Sets reason and new date; `Some(None)` clears.
    Edit {
        /// The reason given to the applicant.
        reason: Option<Option<String>>,
        /// The new date of return.
        new_return_at: Option<Option<LocalTime>>,
    },
    /// Lays it before the signer.
    Submit,
    /// Signs, numbers and dates it.
    Issue(Promulgation),
    /// Records that the applicant has it.
    Deliver {
        /// By which way.
        channel: LetterChannel,
        /// When; now when not said.
        at: Option<LocalTime>,
    },
    /// Sends it back for change.
    Reject {
        /// Why.
        reason: String,
    },
    /// Drops it.
    Cancel {
        /// Why.
        reason: Option<String>,
    },
}

impl Verb {
    const fn action(&self) -> Action {
        match self {
            Self::Edit { .. } | Self::Submit | Self::Deliver { .. } => Action::DraftLetter,
            Self::Issue(_) | Self::Reject { .. } | Self::Cancel { .. } => Action::SignLetter,
        }
    }
}

/// Opens a letter by hand.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Refused`].
pub fn draft(
    tx: &mut Tx,
    act: Act<'_>,
    dossier: &DossierCode,
    kind: LetterKind,
    reason: Option<String>,
    new_return_at: Option<LocalTime>,
) -> Result<LetterRecord, Fault> {
    let mut record = open(tx, act, dossier, None, |_| Action::DraftLetter)?;
    if record.standing.void {
        return Err(crate::domain::refusal::Refusal::DossierVoid.into());
    }
    let existing = letters::about_deadline(tx, dossier)?;
    let existing = existing.as_ref().map(|record| &record.letter);
    let mut letter = Letter::by_hand(act.ambient.new_id(), kind, &record.standing, existing, act.now)?;
    let office = Desk::new(tx)?.office(tx, &record.agency)?;
    letter.edit(Some(reason), Some(new_return_at), &record.standing, &office, act.now)?;
    let letter = LetterRecord { letter, dossier: dossier.clone(), created_at: act.now, version: 1 };
    letters::insert(tx, &letter)?;
    let event = letter_event(&letter.letter, None);
    keep(tx, act, &mut record, Deed::of(vec![(act.now, event)]), Stored::Before)?;
    Ok(letter)
}

/// Does something with a letter.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn handle(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>, verb: Verb) -> Result<LetterRecord, Fault> {
    let dossier = letters::find(tx, id)?.ok_or(Fault::NotFound("letter"))?.dossier;
    let action = verb.action();
    let mut record = open(tx, act, &dossier, None, |_| action).map_err(|fault| match fault {
        Fault::NotFound(_) => Fault::NotFound("letter"),
        other => other,
    })?;
    // Read again under the dossier's lock: another writer may have moved it meanwhile.
    let letter = letters::find(tx, id)?.ok_or(Fault::NotFound("letter"))?;
    if expected.is_some_and(|expected| expected != letter.version) {
        return Err(Fault::Changed);
    }
    carry_out(tx, act, &mut record, letter, verb)
}

/// Does something with a letter of a dossier that was opened for it in this transaction.
pub(in crate::flow) fn carry_out(
    tx: &mut Tx,
    act: Act<'_>,
    record: &mut Record,
    mut letter: LetterRecord,
    verb: Verb,
) -> Result<LetterRecord, Fault> {
    let id = letter.letter.id.clone();
    if record.standing.void && matches!(verb, Verb::Submit | Verb::Issue(_)) {
        return Err(crate::domain::refusal::Refusal::DossierVoid.into());
    }
    let standing = &mut record.standing;
    let mut events = Vec::new();
    let mut remark = None;
    match verb {
        Verb::Edit { reason, new_return_at } => {
            let office = Desk::new(tx)?.office(tx, &record.agency)?;
            letter.letter.edit(reason, new_return_at, standing, &office, act.now)?;
        }
        Verb::Submit => letter.letter.submit(standing)?,
        Verb::Issue(promulgation) => {
            let on = promulgation.on;
            if let Some(new_return_at) = letter.letter.issue(promulgation, standing, act.now)? {
                let office = Desk::new(tx)?.office(tx, &record.agency)?;
                // It is promised by the letter's date, however late the record of it comes.
                check_new_return(new_return_at, standing, &office, on.and_time(NaiveTime::MIN))?;
                let event = Event::Reappointed { letter: letter.letter.id.clone(), new_return_at };
                standing.apply(act.now, &event);
                events.push((act.now, event));
            }
            if letter.letter.kind.is_about_deadline() {
                record.letter_on = Some(on);
            }
        }
        Verb::Deliver { channel, at } => letter.letter.deliver(channel, at.unwrap_or(act.now), act.now)?,
        Verb::Reject { reason } => {
            remark = Some(reason.clone());
            letter.letter.reject(reason)?;
        }
        Verb::Cancel { reason } => {
            remark.clone_from(&reason);
            letter.letter.cancel(reason, standing, act.now)?;
        }
    }
    events.insert(0, (act.now, letter_event(&letter.letter, remark)));
    letters::save(tx, &mut letter)?;
    keep(tx, act, record, Deed::of(events), Stored::Before)?;
    letters::find(tx, &id)?.ok_or_else(|| StorageError::corrupt("letter", "gone").into())
}
