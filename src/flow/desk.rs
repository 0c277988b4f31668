//! What a verb has to hand: the working time of agencies and the catalogue, read once per transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::fault::Fault;
use crate::domain::calendar::NationalCalendar;
use crate::domain::office::OfficeCalendar;
use crate::domain::procedure::{Procedure, for_dossier};
use crate::domain::succession::Validity;
use crate::domain::transition::Offices;
use crate::domain::vocabulary::{AgencyCode, ProcedureCode};
use crate::storage::{Reader, StorageError, agencies, calendars, procedures};

/// Calendars and procedures already read.
#[derive(Debug)]
pub struct Desk {
    national: Arc<NationalCalendar>,
    offices: HashMap<AgencyCode, Arc<OfficeCalendar>>,
    procedures: HashMap<ProcedureCode, Arc<[Procedure]>>,
    /// The national calendar is the stored one.
    is_stored: bool,
}

/// The two offices of a dossier.
#[derive(Debug, Clone)]
pub struct Pair {
    resolving: Arc<OfficeCalendar>,
    receiving: Arc<OfficeCalendar>,
}

impl Pair {
    /// As the domain wants them.
    pub fn offices(&self) -> Offices<'_> {
        Offices { resolving: &self.resolving, receiving: &self.receiving }
    }
}

impl Desk {
    /// Sits down: reads the national calendar.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn new(reader: &mut Reader) -> Result<Self, StorageError> {
        Ok(Self { is_stored: true, ..Self::with_national(calendars::national(reader)?) })
    }

    /// A desk over a national calendar that need not be the stored one.
    pub fn with_national(national: Arc<NationalCalendar>) -> Self {
        Self { national, offices: HashMap::new(), procedures: HashMap::new(), is_stored: false }
    }

    /// The national calendar.
    pub fn national(&self) -> &NationalCalendar {
        &self.national
    }

    /// Standard hours without closures, for what belongs to no one agency.
    pub fn standard_office(&self) -> Arc<OfficeCalendar> {
        Arc::new(OfficeCalendar::new(Arc::clone(&self.national), Vec::new(), BTreeMap::new()))
    }

    /// The working time of an agency.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn office(&mut self, reader: &mut Reader, agency: &AgencyCode) -> Result<Arc<OfficeCalendar>, StorageError> {
        if let Some(office) = self.offices.get(agency) {
            return Ok(Arc::clone(office));
        }
        let office = if self.is_stored {
            calendars::stored_office(reader, agency)?
        } else {
            Arc::new(calendars::office(reader, &self.national, agency)?)
        };
        self.offices.insert(agency.clone(), Arc::clone(&office));
        Ok(office)
    }

    /// The offices of a dossier resolved here and received there.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn pair(
        &mut self,
        reader: &mut Reader,
        resolving: &AgencyCode,
        receiving: &AgencyCode,
    ) -> Result<Pair, StorageError> {
        Ok(Pair { resolving: self.office(reader, resolving)?, receiving: self.office(reader, receiving)? })
    }

    /// The version of a procedure in force on a day.
    ///
    /// # Errors
    /// As [`Desk::procedure_for`].
    pub fn procedure(&mut self, reader: &mut Reader, code: &ProcedureCode, on: NaiveDate) -> Result<Procedure, Fault> {
        self.procedure_for(reader, code, on, on)
    }

    /// The version of a procedure that holds for a dossier filed and received on these days.
    ///
    /// # Errors
    /// [`Fault::Unknown`] at `/procedure`, those of [`for_dossier`].
    pub fn procedure_for(
        &mut self,
        reader: &mut Reader,
        code: &ProcedureCode,
        filed_on: NaiveDate,
        received_on: NaiveDate,
    ) -> Result<Procedure, Fault> {
        let versions = self.versions(reader, code)?;
        let versions = versions.ok_or(Fault::Unknown { pointer: "/procedure", what: "procedure" })?;
        Ok(for_dossier(&versions, filed_on, received_on)?.clone())
    }

    fn versions(
        &mut self,
        reader: &mut Reader,
        code: &ProcedureCode,
    ) -> Result<Option<Arc<[Procedure]>>, StorageError> {
        if let Some(known) = self.procedures.get(code) {
            return Ok(Some(Arc::clone(known)));
        }
        let found = procedures::known(reader, code)?;
        if let Some(versions) = &found {
            self.procedures.insert(code.clone(), Arc::clone(versions));
        }
        Ok(found)
    }

    /// A version of a procedure by its number.
    ///
    /// # Errors
    /// [`StorageError`]; a missing version is a corrupt store.
    pub fn version(
        &mut self,
        reader: &mut Reader,
        code: &ProcedureCode,
        version: i64,
    ) -> Result<Procedure, StorageError> {
        let versions = self.versions(reader, code)?;
        let version = versions.and_then(|all| all.iter().find(|one| one.version == version).cloned());
        version.ok_or_else(|| StorageError::corrupt("procedure version", "missing"))
    }

    /// Checks that an agency named in `pointer` exists; answers when it is there.
    ///
    /// # Errors
    /// [`Fault::Unknown`].
    pub fn require_agency(
        &self,
        reader: &mut Reader,
        code: &AgencyCode,
        pointer: &'static str,
    ) -> Result<Validity, Fault> {
        let agency = agencies::known(reader, code)?.ok_or(Fault::Unknown { pointer, what: "agency" })?;
        Ok(agency.validity)
    }
}
