//! Showing the numbers of persons in the open: to whom, and never without a note of it in the same transaction.

use super::actor::{Act, Action, may};
use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::forms::Printable;
use crate::domain::forms::apology::LetterPaper;
use crate::domain::personal::masked;
use crate::domain::refusal::Refusal;
use crate::storage::dossier_row::Record;
use crate::storage::personal_reads::{self, PersonalRead};
use crate::storage::{Reader, StorageError, Tx, dossiers};

/// A dossier to be shown with its numbers.
///
/// # Errors
/// [`Fault::NotFound`] for what the actor may not look up, [`Refusal::RevealForbidden`].
pub fn reveal(tx: &mut Tx, act: Act<'_>, code: &DossierCode) -> Result<Record, Fault> {
    let record = dossiers::find(tx, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = act.actor.sides_of_seen(tx, &record.agency, &record.received_by)?;
    if !may(&act.actor.authority, Action::Reveal, sides) {
        return Err(Refusal::RevealForbidden.into());
    }
    note(tx, act, code, "dossier")?;
    Ok(record)
}

/// Notes that the actor sees the numbers of a dossier, and on what.
///
/// # Errors
/// [`StorageError`].
pub fn note(tx: &mut Tx, act: Act<'_>, code: &DossierCode, what: &str) -> Result<(), StorageError> {
    note_by(tx, act.ambient, (&act.actor.id, &act.actor.name), code, what)
}

/// As [`note`], for a reader who is no actor: a citizen.
///
/// # Errors
/// [`StorageError`].
pub fn note_by(
    tx: &mut Tx,
    ambient: &Ambient,
    (reader, reader_name): (&str, &str),
    code: &DossierCode,
    what: &str,
) -> Result<(), StorageError> {
    let (reader, reader_name, what) = (reader.to_owned(), reader_name.to_owned(), what.to_owned());
    let read = PersonalRead { after_seq: 0, id: ambient.new_id(), reader, reader_name, what, read_at: ambient.now() };
    personal_reads::note(tx, code, read)
}

/// Makes a paper of a dossier that the actor may look up. Its form says which numbers stand on it; who may not see them gets
/// it with masks, and of who may it is noted that they did.
///
/// # Errors
/// What `assemble` answers.
pub fn on_paper<P: Printable>(
    tx: &mut Tx,
    act: Act<'_>,
    record: &mut Record,
    what: &str,
    mut assemble: impl FnMut(&mut Reader, &Record) -> Result<P, Fault>,
) -> Result<P, Fault> {
    let sides = act.actor.sides(tx, &record.agency, &record.received_by)?;
    let may_reveal = may(&act.actor.authority, Action::Reveal, sides);
    if !may_reveal {
        numbers(record).for_each(|number| *number = masked(number));
    }
    let paper = assemble(tx, record)?;
    if may_reveal && shows(&paper, numbers(record))? {
        note(tx, act, &record.code, what)?;
    }
    Ok(paper)
}

/// Notes that an e-office fetches a letter with its applicant's numbers: what it has signed is the paper with them.
///
/// # Errors
/// [`StorageError`].
pub fn in_packet(tx: &mut Tx, act: Act<'_>, paper: &LetterPaper) -> Result<(), StorageError> {
    let party = &paper.applicant;
    if party.identity_no.is_none() && party.phone.is_none() {
        return Ok(());
    }
    let code = paper.dossier.parse().map_err(|cause| StorageError::corrupt("dossier code", cause))?;
    note(tx, act, &code, "packet.edxml")
}

/// Whether any of the numbers is among the facts of a paper; an agency's own template may print every fact.
fn shows<'a>(paper: &impl Printable, mut numbers: impl Iterator<Item = &'a mut String>) -> Result<bool, StorageError> {
    let facts = serde_json::to_string(paper).map_err(|cause| StorageError::corrupt("paper", cause))?;
    Ok(numbers.any(|number| facts.contains(number.as_str())))
}

/// Masks the numbers of the other person in a record: of who handed it in, or of the applicant.
pub fn mask_others(record: &mut Record, is_applicant: bool) {
    let Record { applicant, papers, .. } = record;
    let others = match (&mut papers.submitted_by, is_applicant) {
        (Some(submitter), true) => [&mut submitter.identity_no, &mut submitter.phone],
        (None, true) => return,
        (_, false) => [&mut applicant.identity_no, &mut applicant.phone],
    };
    others.into_iter().flatten().for_each(|number| *number = masked(number));
}

/// Every number of a person in a record.
fn numbers(record: &mut Record) -> impl Iterator<Item = &mut String> {
    let Record { applicant, papers, .. } = record;
    let submitter = papers.submitted_by.iter_mut().flat_map(|person| [&mut person.identity_no, &mut person.phone]);
    [&mut applicant.identity_no, &mut applicant.phone].into_iter().chain(submitter).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::actor::{Authority, Sides};
    use super::*;
    use crate::domain::vocabulary::{Role, Scope};

    #[test]
    fn numbers_are_for_those_who_handle_dossiers_within_their_reach() {
        let (ours, theirs) =
            (Sides { receiving: false, resolving: true }, Sides { receiving: false, resolving: false });
        let may_reveal = |authority: &Authority, sides| may(authority, Action::Reveal, sides);
        for role in [Role::FrontDesk, Role::Officer, Role::Leader, Role::Admin] {
            let authority = Authority::Role(role);
            assert!(may_reveal(&authority, ours) && !may_reveal(&authority, theirs), "{role:?}");
        }
        assert!(!may_reveal(&Authority::Role(Role::Auditor), ours));
        for (scope, may) in [
            (Scope::DossiersWrite, true),
            (Scope::DossiersRead, false),
            (Scope::DocumentsExchange, false),
            (Scope::PortalSync, false),
            (Scope::StatisticsRead, false),
        ] {
            let authority = Authority::Scopes(vec![scope]);
            assert_eq!((may_reveal(&authority, ours), may_reveal(&authority, theirs)), (may, false), "{scope:?}");
        }
    }
}
