//! Small changes that move nothing: contact, summary, assignee, note.

use super::actor::{Act, Action};
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::{Event, FieldChange};
use crate::storage::Tx;
use crate::storage::dossier_row::Record;

/// New values; `None` leaves a member alone, `Some(None)` clears it (JSON Merge Patch).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Telephone of the applicant.
    pub phone: Option<Option<String>>,
    /// E-mail of the applicant.
    pub email: Option<Option<String>>,
    /// Address of the applicant.
    pub address: Option<Option<String>>,
    /// What is asked for.
    pub summary: Option<Option<String>>,
    /// The officer in charge.
    pub assignee: Option<Option<String>>,
    /// Note of the office.
    pub note: Option<Option<String>>,
}

/// Edits a dossier. Contact data is not repeated in the journal, only that it changed.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`].
pub fn edit(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    wish: &Edit,
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Edit)?;
    let mut changes = Vec::new();
    let mut set = |field: &str, slot: &mut Option<String>, new: &Option<Option<String>>, personal: bool| {
        let Some(new) = new.as_ref().filter(|new| *new != slot) else { return };
        let shown = |value: &Option<String>| value.clone().filter(|_| !personal);
        changes.push(FieldChange { field: field.to_owned(), old: shown(slot), new: shown(new) });
        slot.clone_from(new);
    };
    set("applicant.phone", &mut record.applicant.phone, &wish.phone, true);
    set("applicant.email", &mut record.applicant.email, &wish.email, true);
    set("applicant.address", &mut record.applicant.address, &wish.address, true);
    set("summary", &mut record.summary, &wish.summary, true);
    set("assignee", &mut record.assignee, &wish.assignee, false);
    set("note", &mut record.note, &wish.note, true);
    if !changes.is_empty() {
        keep(tx, act, &mut record, Deed::of(vec![(act.now, Event::Edited { changes })]), Stored::Before)?;
    }
    Ok(record)
}
