//! Everything that is kept about one person, put together for whoever asks for their own data.

use super::actor::Act;
use super::fault::Fault;
use super::reveal;
use crate::domain::delivery::Means;
use crate::storage::Tx;
use crate::storage::audit::{self, Sealed};
use crate::storage::deliveries::{self, Delivery, LogFilter};
use crate::storage::dossier_row::Record;
use crate::storage::files::{self, FileRecord};
use crate::storage::journal;
use crate::storage::letters::{self, LetterRecord};
use crate::storage::listing::{self, Person};
use crate::storage::personal_reads::{self, PersonalRead};

/// A dossier of a person with all that hangs on it.
#[derive(Debug, Clone)]
pub struct About {
    /// `applicant` or `submitter`.
    pub role: &'static str,
    /// The dossier. Numbers of the other person in it are masked.
    pub record: Record,
    /// Its journal.
    pub events: Vec<journal::Entry>,
    /// Its letters.
    pub letters: Vec<LetterRecord>,
    /// Its files.
    pub files: Vec<FileRecord>,
    /// Notices to the applicant.
    pub notices: Vec<Delivery>,
    /// Who saw numbers in full or was given a file.
    pub reads: Vec<PersonalRead>,
    /// What the audit log has of it.
    pub audit: Vec<Sealed>,
}

/// What is kept about a person within the actor's reach, by filing; each dossier has the look and its reason on record.
///
/// # Errors
/// [`Fault::Storage`].
pub fn extract(tx: &mut Tx, act: Act<'_>, person: &Person, reason: &str) -> Result<Vec<About>, Fault> {
    let records = listing::of_person(tx, &act.actor.sees(), person)?;
    records.into_iter().map(|record| about(tx, act, person, reason, record)).collect()
}

fn about(tx: &mut Tx, act: Act<'_>, person: &Person, reason: &str, mut record: Record) -> Result<About, Fault> {
    let code = record.code.clone();
    let is_applicant = person.is_applicant(&record);
    reveal::mask_others(&mut record, is_applicant);
    let notices = LogFilter {
        lines: Means::ALL.iter().filter(|means| **means != Means::Webhook).map(ToString::to_string).collect(),
        dossier: Some(code.clone()),
        ..LogFilter::default()
    };
    let of_dossier = audit::Wanted {
        visible: act.actor.sees(),
        from: None,
        to: None,
        actor: None,
        action: None,
        resource: Some(code.to_string()),
        outcome: None,
    };
    let found = About {
        role: if is_applicant { "applicant" } else { "submitter" },
        events: journal::entries(tx, &code, 0, i64::MAX)?,
        letters: letters::of_dossier(tx, &code)?,
        files: files::page(tx, &code, None, "", i64::MAX)?,
        notices: deliveries::log(tx, &notices, None, i64::MAX)?,
        reads: personal_reads::page(tx, &code, (0, ""), i64::MAX)?,
        audit: audit::page(tx, &of_dossier, None, i64::MAX)?,
        record,
    };
    reveal::note(tx, act, &code, &format!("extract: {reason}"))?;
    Ok(found)
}
