//! Fills form II.06a from the counts.

use super::fault::Fault;
use crate::domain::form_06a::{Form, Line, Section};
use crate::domain::statistics::{Period, Tally, Window};
use crate::domain::vocabulary::{AgencyCode, FieldCode};
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
    let name = match agency {
        Some(code) => agencies::find(reader, code)?.map_or_else(|| code.to_string(), |agency| agency.name),
        None => String::new(),
    };
    let mut form = Form { agency: name, period, sections: Vec::new(), total: Tally::default() };
    for group in counts(reader, window, agency, &[GroupBy::Level, GroupBy::Field])? {
        let [level, field] = group.keys.as_slice() else { continue };
        let code: FieldCode = field.parse().map_err(|cause| StorageError::corrupt("field code", cause))?;
        let name = procedures::find_field(reader, &code)?.map_or_else(|| field.clone(), |field| field.name);
        if form.sections.last().is_none_or(|section| section.level != *level) {
            form.sections.push(Section { level: level.clone(), lines: Vec::new(), total: Tally::default() });
        }
        if let Some(section) = form.sections.last_mut() {
            section.total += group.tally;
            section.lines.push(Line { field: field.clone(), name, tally: group.tally });
        }
        form.total += group.tally;
    }
    Ok(form)
}
