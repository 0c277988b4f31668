//! The exchange of letters with an e-office: a letter is fetched, and what comes back does what the domain says.

use sha2::{Digest, Sha256};

use super::accounts::hex;
use super::actor::{Act, Action};
use super::apologise::{Verb, carry_out};
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, letter_event, open};
use crate::domain::apology::{Letter, Promulgation};
use crate::domain::document_number::{DocumentId, DocumentNumber};
use crate::domain::dossier_code::DossierCode;
use crate::domain::exchange::{
    self as rules, Business, Effect, EntryKind, Hold, HoldState, OfficeResult, Saying, Told, judge, sending,
};
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{AgencyCode, LocalTime};
use crate::storage::dossier_row::Record;
use crate::storage::exchange::{self, Entry};
use crate::storage::letters::{self, LetterRecord};
use crate::storage::signed_papers::{self, SignedPaper};
use crate::storage::{StorageError, Tx, agencies};

/// A letter on its way to the e-office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// What the packet is about.
    pub business: Business,
    /// The identifier it bears.
    pub document_id: DocumentId,
    /// The letter.
    pub letter: Letter,
    /// Its dossier.
    pub dossier: DossierCode,
    /// Whether the result is still due.
    pub dossier_is_open: bool,
    /// Whose letter it is: code and name.
    pub agency: (AgencyCode, String),
    /// When it was fetched.
    pub at: LocalTime,
}

/// Who fetches a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetcher {
    /// The e-office: it has the letter from now on.
    Office,
    /// Someone who only looks.
    Onlooker,
}

/// The packet of a letter that waits for signature or is called back.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`]; [`Refusal::LetterStatusForbids`] for any other letter.
pub fn fetch(tx: &mut Tx, act: Act<'_>, id: &str, fetcher: Fetcher) -> Result<Outgoing, Fault> {
    let (record, letter) = opened(tx, act, id)?;
    let hold = exchange::hold_of(tx, id)?;
    let business = sending(&letter.letter, hold.as_ref())?;
    let document_id = match &hold {
        Some(hold) => hold.document_id.clone(),
        None => DocumentId {
            organ: record.agency.clone(),
            on: act.now.date(),
            number: DocumentNumber::new(0, id).map_err(|cause| StorageError::corrupt("letter id", cause))?,
        },
    };
    if fetcher == Fetcher::Office {
        note_fetch(tx, act, &letter.letter, hold, (business, &document_id))?;
    }
    let name = agencies::find(tx, &record.agency)?.map(|agency| agency.name).unwrap_or_default();
    Ok(Outgoing {
        business,
        document_id,
        letter: letter.letter,
        dossier: letter.dossier,
        dossier_is_open: record.standing.is_open(),
        agency: (record.agency, name),
        at: act.now,
    })
}

/// Records that the e-office has the letter; a fetch of what it has already is not recorded again.
fn note_fetch(
    tx: &mut Tx,
    act: Act<'_>,
    letter: &Letter,
    hold: Option<Hold>,
    (business, document_id): (Business, &DocumentId),
) -> Result<(), Fault> {
    let id = letter.id.clone();
    let is_new = business != Business::Recall
        && !hold.as_ref().is_some_and(|hold| hold.state != HoldState::Over && hold.has_text_of(letter));
    let round = hold.as_ref().map_or(0, |hold| hold.round) + i32::from(is_new);
    if business != Business::Recall {
        let fetched_at = hold.filter(|_| !is_new).map_or(act.now, |hold| hold.fetched_at);
        let hold = Hold {
            round,
            state: HoldState::Held,
            document_id: document_id.clone(),
            sent_as: business,
            fetched_at,
            reason: letter.reason.clone(),
            new_return_at: letter.new_return_at,
        };
        exchange::set_hold(tx, &letter.id, &hold)?;
    }
    let repeat_key = format!("packet:{round}:{business}");
    if exchange::entry_of(tx, &letter.id, &repeat_key)?.is_none() {
        let told = Told { document_id: Some(document_id.to_string()), ..Told::default() };
        let code = business.to_string();
        let letter = id.clone();
        log(tx, Entry { letter, repeat_key, code, told, ..blank(act, EntryKind::Packet, Effect::Sent) })?;
    }
    if is_new {
        // A text that was signed and never issued is not this one.
        signed_papers::drop_of(tx, &id)?;
    }
    Ok(())
}

/// Which letter an answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// This one.
    Letter(String),
    /// The one that these identifiers name.
    Documents(Vec<DocumentId>),
}

/// What came from the e-office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub saying: Saying,
    /// How it came.
    pub kind: EntryKind,
    /// Everything it told, for the log.
    pub told: Told,
    /// The signed paper that came with it.
    pub paper: Option<SignedPaper>,
}

impl Reply {
    fn code(&self) -> String {
        match &self.saying {
            Saying::Issued(_) => OfficeResult::Issued.to_string(),
            Saying::Signed => OfficeResult::Signed.to_string(),
            Saying::Returned { .. } => OfficeResult::Returned.to_string(),
            Saying::Trace => OfficeResult::Trace.to_string(),
            Saying::Status { code, .. } => code.clone(),
        }
    }

    /// What a repetition has in common with the first. A status says when it was given, and a signed document is the
    /// same whenever it comes; a result may be given again when the letter went there again.
    fn repeat_key(&self, round: i32) -> Result<String, Fault> {
        let told = serde_json::to_vec(&self.told).map_err(|cause| StorageError::corrupt("told", cause))?;
        let digest = hex(&Sha256::digest(told));
        let (kind, code) = (self.kind, self.code());
        Ok(match &self.saying {
            Saying::Status { at, .. } => {
                let document_id = self.told.document_id.as_deref().unwrap_or_default();
                hex(&Sha256::digest(format!("{kind}:{document_id}:{code}:{at}")))
            }
            _ if self.kind == EntryKind::Document => format!("{kind}:{code}:{digest}"),
            _ => format!("{kind}:{round}:{code}:{digest}"),
        })
    }
}

/// Takes what the e-office says about a letter. The same again answers the entry of the first time and does nothing.
///
/// # Errors
/// [`Fault::NotFound`]; `unknown_document` when no letter, or more than one, is named; [`Fault::Refused`] by the domain.
pub fn hear(tx: &mut Tx, act: Act<'_>, about: &About, reply: &Reply) -> Result<Entry, Fault> {
    let id = match about {
        About::Letter(id) => id.clone(),
        About::Documents(documents) => named(tx, documents)?.ok_or(UNKNOWN)?,
    };
    let opened = opened(tx, act, &id).map_err(|fault| match (about, fault) {
        (About::Documents(_), Fault::NotFound(_)) => UNKNOWN,
        (_, fault) => fault,
    });
    let (mut record, letter) = opened?;
    let hold = exchange::hold_of(tx, &id)?;
    let repeat_key = reply.repeat_key(hold.as_ref().map_or(0, |hold| hold.round))?;
    if let Some(entry) = exchange::entry_of(tx, &id, &repeat_key)? {
        return Ok(entry);
    }
    let judgement = judge(&letter.letter, &record.standing, hold.as_ref(), &reply.saying)?;
    let (deed, mut effect) = (judgement.deed, judgement.effect);
    // What was signed is what was fetched.
    let text = hold.as_ref().map_or_else(
        || (letter.letter.reason.clone(), letter.letter.new_return_at),
        |hold| (hold.reason.clone(), hold.new_return_at),
    );
    match deed {
        rules::Deed::Nothing => {}
        rules::Deed::Issue(promulgation) => {
            let issue = Verb::Issue(promulgation.clone());
            let issued = tx.part(|tx| carry_out(tx, act, &mut record.clone(), letter.clone(), issue).map(drop));
            match issued {
                // It is signed and numbered, and no retry will change that: kept, without effect on the deadline.
                Err(Fault::Refused(refusal)) if refusal.is_about_new_return() => {
                    effect = Effect::Kept;
                    keep_signed(tx, act, &mut record, letter, promulgation, text)?;
                }
                other => other?,
            }
        }
        rules::Deed::Reject(reason) => carry_out(tx, act, &mut record, letter, Verb::Reject { reason }).map(drop)?,
        rules::Deed::KeepSigned(promulgation) => {
            keep_signed(tx, act, &mut record, letter, promulgation, text)?;
        }
    }
    if let (Some(state), Some(hold)) = (judgement.hold, hold) {
        exchange::set_hold(tx, &id, &Hold { state, ..hold })?;
    }
    keep_paper(tx, act, &id, reply, effect)?;
    let (code, told) = (reply.code(), reply.told.clone());
    log(tx, Entry { letter: id, repeat_key, code, told, ..blank(act, reply.kind, effect) })
}

/// The refusal of what is about no letter of ours.
const UNKNOWN: Fault = Fault::Invalid { pointer: "/DocumentId", code: "unknown_document" };

/// The one letter that these identifiers name: by the identifier it went out with, or by the number it was issued under.
fn named(tx: &mut Tx, documents: &[DocumentId]) -> Result<Option<String>, Fault> {
    let mut found: Vec<String> = Vec::new();
    for document in documents {
        match document.waiting() {
            Some(letter) => {
                let is_ours = exchange::hold_of(tx, letter)?.is_some_and(|hold| hold.document_id == *document);
                found.extend(is_ours.then(|| letter.to_owned()));
            }
            None => found.extend(exchange::issued_as(tx, &document.organ, document.on, &document.number)?),
        }
    }
    found.sort();
    found.dedup();
    let only = if found.len() == 1 { found.pop() } else { None };
    Ok(only)
}

/// A letter with its dossier, kept from other writers; both must be the actor's to sign.
fn opened(tx: &mut Tx, act: Act<'_>, id: &str) -> Result<(Record, LetterRecord), Fault> {
    let dossier = letters::find(tx, id)?.ok_or(Fault::NotFound("letter"))?.dossier;
    let record = open(tx, act, &dossier, None, |_| Action::SignLetter).map_err(|fault| match fault {
        Fault::NotFound(_) => Fault::NotFound("letter"),
        other => other,
    })?;
    // Read again under the dossier's lock: another writer may have moved it meanwhile.
    let letter = letters::find(tx, id)?.ok_or(Fault::NotFound("letter"))?;
    Ok((record, letter))
}

fn keep_signed(
    tx: &mut Tx,
    act: Act<'_>,
    record: &mut Record,
    mut letter: LetterRecord,
    promulgation: Promulgation,
    text: (Option<String>, Option<LocalTime>),
) -> Result<(), Fault> {
    let is_about_deadline = letter.letter.kind.is_about_deadline();
    let other = letters::about_deadline(tx, &record.code)?.filter(|other| other.letter.id != letter.letter.id);
    let replaced = is_about_deadline && other.is_some();
    let on = promulgation.on;
    letter.letter.keep_signed(promulgation, text, &record.standing, (act.now, replaced))?;
    if is_about_deadline && !replaced {
        record.letter_on = Some(on);
    }
    letters::save(tx, &mut letter)?;
    let event = letter_event(&letter.letter, None);
    keep(tx, act, record, Deed::of(vec![(act.now, event)]), Stored::Before)
}

/// Keeps the signed paper that came. Of a letter that was issued so already, another paper than the one kept contradicts it.
fn keep_paper(tx: &mut Tx, act: Act<'_>, id: &str, reply: &Reply, effect: Effect) -> Result<(), Fault> {
    let Some(paper) = &reply.paper else { return Ok(()) };
    if !matches!(effect, Effect::Signed | Effect::Issued | Effect::Kept | Effect::Confirmed) {
        return Ok(());
    }
    let known = signed_papers::sha256_of(tx, id)?;
    if effect == Effect::Confirmed && known.as_ref().is_some_and(|known| *known != paper.sha256) {
        let number = reply.told.number.zip(reply.told.notation.as_ref());
        let number = number.map(|(number, notation)| format!("{number}/{notation}")).unwrap_or_default();
        return Err(Refusal::AlreadyIssued { number }.into());
    }
    Ok(signed_papers::keep(tx, id, paper, act.now)?)
}

/// An entry made now, to be filled in.
fn blank(act: Act<'_>, kind: EntryKind, effect: Effect) -> Entry {
    Entry {
        letter: String::new(),
        seq: 0,
        repeat_key: String::new(),
        at: act.now,
        actor: act.actor.name.clone(),
        kind,
        code: String::new(),
        effect,
        told: Told::default(),
    }
}

fn log(tx: &mut Tx, mut entry: Entry) -> Result<Entry, Fault> {
    exchange::append(tx, &mut entry)?;
    Ok(entry)
}
