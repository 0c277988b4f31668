//! Fills forms II.06a and II.06b from the counts.

use std::collections::HashMap;

use super::fault::Fault;
use crate::domain::form_06a::{Form, Line, Section};
use crate::domain::form_06b::{Summary, SummaryLine};
use crate::domain::statistics::{Period, Tally, Window};
use crate::domain::vocabulary::{AgencyCode, ProcedureLevel};
use crate::storage::counts::counts;
use crate::storage::statistics::GroupBy;
use crate::storage::{Reader, StorageError, agencies, procedures};

/// The form of an agency with those below it (`None`: of all).
///
/// # Errors
/// [`Fault::Storage`].
pub fn form_06a(
    reader: &mut Reader,
    agency: Option<&AgencyCode>,
    period: Period,
    window: &Window,
) -> Result<Form, Fault> {
    let mut form = Form { agency: name_of(reader, agency)?, period, sections: Vec::new(), total: Tally::default() };
    let names = procedures::field_names(reader)?;
    for group in counts(reader, window, agency, &[GroupBy::Level, GroupBy::Field])? {
        let [level, field] = group.keys.as_slice() else { continue };
        let name = names.get(field).unwrap_or(field).clone();
        if form.sections.last().is_none_or(|section| section.level != *level) {
            form.sections.push(Section { level: level.clone(), lines: Vec::new(), total: Tally::default() });
        }
        if let Some(section) = form.sections.last_mut() {
            section.total += group.tally;
            section.lines.push(Line { field: field.clone(), name, tally: group.tally });
        }
        form.total += group.tally;
    }
    form.sections.sort_by_key(|section| section.level.parse::<ProcedureLevel>().ok());
    Ok(form)
}

/// The summary over an agency by itself and each one directly below it with all that is below that (`None`: over the
/// agencies at the top); every dossier is in one line.
///
/// # Errors
/// [`Fault::Storage`].
pub fn form_06b(
    reader: &mut Reader,
    agency: Option<&AgencyCode>,
    period: Period,
    window: &Window,
) -> Result<Summary, Fault> {
    // The counts first: an agency added meanwhile has a line and no figures, and not the other way round.
    let counted = counts(reader, window, agency, &[GroupBy::Agency])?;
    let mut lines: Vec<SummaryLine> = Vec::new();
    let mut line_of = HashMap::new();
    for member in agencies::branches(reader, agency)? {
        if lines.last().is_none_or(|line| line.agency != member.branch) {
            let name = member.branch_name;
            lines.push(SummaryLine { agency: member.branch, name, tally: Tally::default() });
        }
        line_of.insert(member.agency, lines.len() - 1);
    }
    let mut total = Tally::default();
    for group in counted {
        let line = group.keys.first().and_then(|code| line_of.get(code)).and_then(|index| lines.get_mut(*index));
        let line = line.ok_or_else(|| StorageError::corrupt("agency tree", format!("{:?}", group.keys)))?;
        line.tally += group.tally;
        total += group.tally;
    }
    Ok(Summary { agency: name_of(reader, agency)?, period, lines, total })
}

/// The name of an agency; empty for all of them.
///
/// # Errors
/// [`StorageError`].
pub fn name_of(reader: &mut Reader, agency: Option<&AgencyCode>) -> Result<String, StorageError> {
    let Some(code) = agency else { return Ok(String::new()) };
    Ok(agencies::find(reader, code)?.map_or_else(|| code.to_string(), |agency| agency.name))
}
