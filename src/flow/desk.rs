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
    validities: HashMap<AgencyCode, Validity>,
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
        Ok(Self::with_national(Arc::new(calendars::national(reader)?)))
    }

    /// A desk over a national calendar that need not be the stored one.
    pub fn with_national(national: Arc<NationalCalendar>) -> Self {
        Self { national, offices: HashMap::new(), procedures: HashMap::new(), validities: HashMap::new() }
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
        let office = Arc::new(calendars::office(reader, &self.national, agency)?);
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
        if !self.procedures.contains_key(code) {
            let versions = procedures::versions(reader, code)?;
            self.procedures.insert(code.clone(), versions.into());
        }
        let versions = self.procedures.get(code).map(Arc::as_ref).unwrap_or_default();
        if versions.is_empty() {
            return Err(Fault::Unknown { pointer: "/procedure", what: "procedure" });
        }
        Ok(for_dossier(versions, filed_on, received_on)?.clone())
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
        let known = self.procedures.get(code).and_then(|all| all.iter().find(|one| one.version == version)).cloned();
        match known {
            Some(known) => Ok(known),
            None => procedures::version(reader, code, version)?
                .ok_or_else(|| StorageError::corrupt("procedure version", "missing")),
        }
    }

    /// Checks that an agency named in `pointer` exists; answers when it is there.
    ///
    /// # Errors
    /// [`Fault::Unknown`].
    pub fn require_agency(
        &mut self,
        reader: &mut Reader,
        code: &AgencyCode,
        pointer: &'static str,
    ) -> Result<Validity, Fault> {
        if let Some(known) = self.validities.get(code) {
            return Ok(*known);
        }
        let agency = agencies::find(reader, code)?.ok_or(Fault::Unknown { pointer, what: "agency" })?;
        self.validities.insert(code.clone(), agency.validity);
        Ok(agency.validity)
    }
}
