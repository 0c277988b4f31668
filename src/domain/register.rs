//! The registers: of dossiers (sổ theo dõi hồ sơ), one entry for each received, and of letters of apology.

use super::apology::Letter;
use super::vocabulary::{DeliveryMethod, LocalTime, Status};

/// A letter of apology as its register shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterEntry {
    /// The letter.
    pub letter: Letter,
    /// When it was opened.
    pub created_at: LocalTime,
    /// Code of its dossier.
    pub dossier: String,
    /// Name of the procedure.
    pub procedure: String,
    /// Who applies.
    pub applicant: String,
    /// Name of the resolving agency.
    pub agency: String,
    /// When the result was promised.
    pub due_at: Option<LocalTime>,
}

/// A dossier as the register shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Code of the dossier.
    pub code: String,
    /// Name of the procedure.
    pub procedure: String,
    /// Who applies.
    pub applicant: String,
    /// Their address.
    pub address: Option<String>,
    /// Their telephone.
    pub phone: Option<String>,
    /// Name of the resolving agency.
    pub agency: String,
    /// When it was received.
    pub received_at: LocalTime,
    /// When the result is promised.
    pub due_at: Option<LocalTime>,
    /// When the result was handed over.
    pub returned_at: Option<LocalTime>,
    /// How the result is wanted.
    pub delivery: Option<DeliveryMethod>,
    /// Where it stands.
    pub status: Status,
    /// When its resolving ended.
    pub ended_at: Option<LocalTime>,
    /// Whether it was voided.
    pub void: bool,
}
