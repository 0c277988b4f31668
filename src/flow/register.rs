//! Reads the registers of dossiers and of letters, page by page.

use std::collections::HashMap;

use super::fault::Fault;
use crate::domain::personal::masked;
use crate::domain::refusal::Refusal;
use crate::domain::register::{Entry, LetterEntry};
use crate::storage::dossier_row::Record;
use crate::storage::letters::{self, LetterFilter, LetterRecord};
use crate::storage::listing::{self, Filter};
use crate::storage::{Reader, StorageError, agencies, dossiers, procedures};

/// How a register is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Dossiers read at a time.
    pub page: i64,
    /// Longest register.
    pub most: usize,
}

impl Limits {
    /// What a sheet that people still open takes; a year of a large office. A sheet ends at 1,048,576 rows.
    pub const SHEET: Self = Self { page: 1_000, most: 100_000 };

    /// What is still printed: some hundred pages, laid out in two seconds and 350 MB. Longer ones are kept as sheets.
    pub const PAPER: Self = Self { page: 1_000, most: 1_000 };
}

/// Hands on every dossier of the filter that was received, in its order; answers how many.
///
/// # Errors
/// [`Refusal::RegisterTooLong`], and what `each` answers.
pub fn entries(
    reader: &mut Reader,
    filter: &Filter,
    limits: Limits,
    mut each: impl FnMut(&Entry) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let mut names = Names::default();
    let mut last = None;
    let mut count = 0;
    loop {
        let after = last.as_ref().map(|(at, code): &(_, String)| (*at, code.as_str()));
        let records = listing::page(reader, filter, after, limits.page)?;
        let is_end = i64::try_from(records.len()).is_ok_and(|read| read < limits.page);
        last = records.last().map(|record| (listing::key_of(record, filter.order), record.code.to_string()));
        for record in records {
            let Some(entry) = entry(reader, &mut names, record)? else { continue };
            count += 1;
            if count > limits.most {
                return Err(Refusal::RegisterTooLong { most: limits.most }.into());
            }
            each(&entry)?;
        }
        if is_end {
            return Ok(count);
        }
    }
}

/// Hands on every letter of the filter, in the order they were opened; answers how many.
///
/// # Errors
/// [`Refusal::RegisterTooLong`], and what `each` answers.
pub fn letter_entries(
    reader: &mut Reader,
    filter: &LetterFilter,
    limits: Limits,
    mut each: impl FnMut(&LetterEntry) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let mut names = Names::default();
    let mut last: Option<(crate::domain::vocabulary::LocalTime, String)> = None;
    let mut count = 0;
    loop {
        let after = last.as_ref().map(|(at, id)| (*at, id.as_str()));
        let letters = letters::page(reader, filter, after, limits.page)?;
        let is_end = i64::try_from(letters.len()).is_ok_and(|read| read < limits.page);
        last = letters.last().map(|record| (record.created_at, record.letter.id.clone()));
        count += letters.len();
        if count > limits.most {
            return Err(Refusal::RegisterTooLong { most: limits.most }.into());
        }
        let codes: Vec<String> = letters.iter().map(|record| record.dossier.to_string()).collect();
        let dossiers: HashMap<String, Record> =
            dossiers::find_all(reader, &codes)?.into_iter().map(|record| (record.code.to_string(), record)).collect();
        for record in letters {
            let Some(dossier) = dossiers.get(&record.dossier.to_string()) else { continue };
            each(&letter_entry(reader, &mut names, record, dossier)?)?;
        }
        if is_end {
            return Ok(count);
        }
    }
}

fn letter_entry(
    reader: &mut Reader,
    names: &mut Names,
    record: LetterRecord,
    dossier: &Record,
) -> Result<LetterEntry, StorageError> {
    let standing = &dossier.standing;
    Ok(LetterEntry {
        letter: record.letter,
        created_at: record.created_at,
        dossier: record.dossier.to_string(),
        procedure: names.procedure(reader, dossier)?,
        applicant: dossier.applicant.name.clone(),
        agency: names.agency(reader, dossier)?,
        due_at: standing.deadline.or(standing.original).map(|deadline| deadline.due_at),
    })
}

fn entry(reader: &mut Reader, names: &mut Names, record: Record) -> Result<Option<Entry>, StorageError> {
    let standing = &record.standing;
    let Some(received_at) = standing.received_at else { return Ok(None) };
    Ok(Some(Entry {
        code: record.code.to_string(),
        procedure: names.procedure(reader, &record)?,
        agency: names.agency(reader, &record)?,
        received_at,
        due_at: standing.deadline.or(standing.original).map(|deadline| deadline.due_at),
        returned_at: standing.returned_at,
        status: standing.status,
        ended_at: standing.end.map(|end| end.at),
        void: standing.void,
        applicant: record.applicant.name,
        address: record.applicant.address,
        phone: record.applicant.phone.as_deref().map(masked),
        delivery: record.papers.delivery.map(|delivery| delivery.method),
    }))
}

/// Names that were looked up already.
#[derive(Default)]
struct Names {
    procedures: HashMap<(String, i64), String>,
    agencies: HashMap<String, String>,
}

impl Names {
    fn procedure(&mut self, reader: &mut Reader, record: &Record) -> Result<String, StorageError> {
        let key = (record.procedure.to_string(), record.procedure_version);
        if let Some(known) = self.procedures.get(&key) {
            return Ok(known.clone());
        }
        let mut versions = procedures::versions(reader, &record.procedure)?.into_iter();
        let found = versions.find(|version| version.version == record.procedure_version);
        let name = found.map_or_else(|| record.procedure.to_string(), |version| version.name);
        self.procedures.insert(key, name.clone());
        Ok(name)
    }

    fn agency(&mut self, reader: &mut Reader, record: &Record) -> Result<String, StorageError> {
        if let Some(known) = self.agencies.get(record.agency.as_str()) {
            return Ok(known.clone());
        }
        let name =
            agencies::find(reader, &record.agency)?.map_or_else(|| record.agency.to_string(), |found| found.name);
        self.agencies.insert(record.agency.to_string(), name.clone());
        Ok(name)
    }
}
