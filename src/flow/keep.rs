//! Where every verb ends: dossier, journal, outbox rows, the letter it is owed and corrected balances are stored together.

use super::actor::{Act, Action};
use super::fault::Fault;
use super::ladder::follow;
use super::strike::{enter, look_back, mend};
use super::transfers;
use crate::domain::apology::{Letter, Settlement, settle};
use crate::domain::dossier::Dossier;
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::procedure::Procedure;
use crate::domain::refusal::Refusal;
use crate::domain::timeliness::Timing;
use crate::domain::transition::{Change, SpanChange};
use crate::domain::vocabulary::{LetterKind, LetterStatus, LocalTime, Status};
use crate::storage::dossier_row::Record;
use crate::storage::dossiers::Filed;
use crate::storage::letters::{self, LetterRecord};
use crate::storage::procedures;
use crate::storage::{Reader, StorageError, Tx, dossiers};

/// What a verb did to a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The events, with the instants at which they took effect.
    pub events: Vec<(LocalTime, Event)>,
    /// What became of its spans.
    pub spans: SpanChange,
}

impl Deed {
    /// Events that leave the clock alone.
    pub fn of(events: Vec<(LocalTime, Event)>) -> Self {
        Self { events, spans: SpanChange::Unchanged }
    }
}

impl From<Change> for Deed {
    fn from(change: Change) -> Self {
        Self { events: change.events, spans: change.spans }
    }
}

/// Whether the dossier is stored for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Not yet.
    Never,
    /// It was read in this transaction.
    Before,
}

enum LetterWrite {
    Nothing,
    Insert(LetterRecord),
    Save(LetterRecord),
}

/// Stores what a verb did, settles the dossier's letter with it, and mends the balances that were struck otherwise.
///
/// # Errors
/// [`StorageError`].
pub fn keep(tx: &mut Tx, act: Act<'_>, record: &mut Record, mut deed: Deed, stored: Stored) -> Result<(), Fault> {
    let existing = match stored {
        Stored::Never => None,
        Stored::Before => letters::about_deadline(tx, &record.code)?,
    };
    let letter = settle_letter(act, record, existing, &mut deed.events);
    follow(act, record);
    let struck = look_back(tx, record, &deed.events, stored != Stored::Before)?;
    match stored {
        Stored::Never => dossiers::insert(tx, record, &deed.events, &deed.spans, act.stamp())?,
        Stored::Before => dossiers::save(tx, record, &deed.events, &deed.spans, act.stamp())?,
    }
    match letter {
        LetterWrite::Nothing => {}
        LetterWrite::Insert(letter) => letters::insert(tx, &letter)?,
        LetterWrite::Save(mut letter) => letters::save(tx, &mut letter)?,
    }
    transfers::owe(tx, act, record, &deed.events)?;
    if let Some(before) = struck {
        mend(tx, act, record, before)?;
    }
    Ok(())
}

/// As [`keep`], for new dossiers with a history, stored all at once: an import takes thousands. It says nothing of their
/// hand-overs, and none are owed.
///
/// # Errors
/// [`StorageError`].
pub fn keep_imported(tx: &mut Tx, act: Act<'_>, filed: &mut [(Record, Deed)]) -> Result<(), Fault> {
    let mut owed = Vec::new();
    for (record, deed) in filed.iter_mut() {
        follow(act, record);
        if let LetterWrite::Insert(letter) = settle_letter(act, record, None, &mut deed.events) {
            owed.push(letter);
        }
    }
    let rows: Vec<Filed<'_>> =
        filed.iter().map(|(record, deed)| Filed { record, events: &deed.events, spans: deed.spans.spans() }).collect();
    dossiers::insert_imported(tx, &rows, act.stamp())?;
    letters::insert_all(tx, &owed)?;
    enter(tx, act, &rows)?;
    Ok(())
}

/// As [`keep`], for dossiers that became overdue and nothing else, that are on no ladder and have no letter about their
/// deadline: a sweep notes thousands. They are locked.
///
/// # Errors
/// [`StorageError`].
pub fn keep_overdue(tx: &mut Tx, act: Act<'_>, records: Vec<Record>) -> Result<(), Fault> {
    let (mut owed, mut struck, mut noted) = (Vec::new(), Vec::new(), Vec::new());
    for mut record in records {
        let mut events = Vec::new();
        if let LetterWrite::Insert(letter) = settle_letter(act, &mut record, None, &mut events) {
            owed.push(letter);
        }
        if let Some(before) = look_back(tx, &record, &events, false)? {
            struck.push((noted.len(), before));
        }
        noted.push((record, events));
    }
    dossiers::note_lateness(tx, &mut noted, act.stamp())?;
    letters::insert_all(tx, &owed)?;
    for (place, before) in struck {
        mend(tx, act, &noted[place].0, before)?;
    }
    Ok(())
}

/// Decides what the dossier's new standing wants done about its letter, and adds the events of it.
fn settle_letter(
    act: Act<'_>,
    record: &mut Record,
    mut existing: Option<LetterRecord>,
    events: &mut Vec<(LocalTime, Event)>,
) -> LetterWrite {
    let standing = &record.standing;
    let owed = standing.timing(act.now).is_some_and(Timing::owes_apology);
    if owed && !record.lateness_noted && standing.is_open() {
        events.extend(standing.late_from().map(|late_from| (act.now, Event::BecameOverdue { late_from })));
    }
    record.lateness_noted = owed;
    // A letter waiting for signature when its dossier ends late no longer fits; one submitted after that does.
    let ends = owed && events.iter().any(|(_, event)| event.is_end());
    let taken_back = ends && existing.as_mut().is_some_and(|record| record.letter.take_back());
    match (settle(standing, existing.as_ref().map(|record| &record.letter), act.now), existing) {
        (Settlement::Open, _) => {
            let letter = Letter::draft(act.ambient.new_id(), LetterKind::Late, true);
            events.push((act.now, letter_event(&letter, None)));
            let dossier = record.code.clone();
            LetterWrite::Insert(LetterRecord { letter, dossier, created_at: act.now, version: 1 })
        }
        (Settlement::Promote, Some(mut existing)) => {
            existing.letter.kind = LetterKind::Late;
            existing.letter.notice_late = true;
            let reason = existing.letter.remark.clone().filter(|_| taken_back);
            events.push((act.now, letter_event(&existing.letter, reason)));
            LetterWrite::Save(existing)
        }
        (Settlement::Cancel, Some(mut existing)) => {
            existing.letter.status = LetterStatus::Cancelled;
            events.push((act.now, letter_event(&existing.letter, None)));
            LetterWrite::Save(existing)
        }
        (Settlement::Keep, Some(existing)) if taken_back => {
            events.push((act.now, letter_event(&existing.letter, existing.letter.remark.clone())));
            LetterWrite::Save(existing)
        }
        (Settlement::Keep | Settlement::Promote | Settlement::Cancel, _) => LetterWrite::Nothing,
    }
}

/// The event of a letter that stands as it does now.
pub fn letter_event(letter: &Letter, reason: Option<String>) -> Event {
    Event::Letter { letter: letter.id.clone(), letter_kind: letter.kind, status: letter.status, reason }
}

/// Reads a dossier to change it: it must be the actor's to see and the action theirs to take.
///
/// # Errors
/// [`Fault::NotFound`] for what is not there or belongs to another agency, [`Fault::Forbidden`], [`Fault::Changed`] when
/// `expected` is not its version, [`Refusal::DossierAnonymised`].
pub fn open(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    action: impl FnOnce(&Record) -> Action,
) -> Result<Record, Fault> {
    let record = dossiers::find_to_change(tx, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = act.actor.sides_of_seen(tx, &record.agency, &record.received_by)?;
    if !super::actor::may(&act.actor.authority, action(&record), sides) {
        return Err(Fault::Forbidden);
    }
    act.actor.require_in_office(tx, act.now.date())?;
    if expected.is_some_and(|expected| expected != record.version) {
        return Err(Fault::Changed);
    }
    if record.anonymised_at.is_some() {
        return Err(Refusal::DossierAnonymised.into());
    }
    Ok(record)
}

/// The move action that an actor would take on a record.
pub fn move_action(record: &Record, to: Status) -> Action {
    Action::Move { from: record.standing.status, at_intake: record.standing.received_at.is_none(), to }
}

/// The dossier with the rule of its version, as the domain's verbs want it.
///
/// # Errors
/// [`StorageError`]; a missing version is a corrupt store.
pub fn dossier_of(reader: &mut Reader, record: &Record) -> Result<Dossier, Fault> {
    let versions = procedures::known(reader, &record.procedure)?;
    let version = versions.iter().flat_map(|all| all.iter()).find(|one| one.version == record.procedure_version);
    under(version.ok_or_else(|| StorageError::corrupt("procedure version", "missing"))?, record)
}

/// The dossier under the version of its procedure that holds for it.
///
/// # Errors
/// [`Fault::Refused`] when that version has no such case.
pub(in crate::flow) fn under(version: &Procedure, record: &Record) -> Result<Dossier, Fault> {
    Ok(Dossier {
        rule: version.rule_for(record.channel, record.case.as_ref())?.rule,
        channel: record.channel,
        standing: record.standing.clone(),
    })
}
