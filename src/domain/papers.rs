//! What is handed in with a dossier: who applies, who submitted it for them, which papers, how the result is wanted.

use serde::{Deserialize, Serialize};

use super::vocabulary::{ApplicantKind, DeliveryMethod};

/// The owner of a dossier (chủ hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// Citizen, business, state body or other organisation.
    pub kind: ApplicantKind,
    /// Full name.
    pub name: String,
    /// Personal or organisation identifier (số định danh).
    pub identity_no: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Address.
    pub address: Option<String>,
}

/// Who handed the dossier in on the owner's authority (người được ủy quyền).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitter {
    /// Full name.
    pub name: String,
    /// Personal identifier.
    pub identity_no: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// The paper that authorises them.
    pub authorisation: Option<String>,
}

/// How the result is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Counter, post or online.
    pub method: DeliveryMethod,
    /// Where.
    pub place: Option<String>,
}

/// A component of the dossier (thành phần hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// Number of originals.
    pub originals: u16,
    /// Number of copies.
    pub copies: u16,
}

/// The parts of a dossier that are kept and shown, and decide nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Papers {
    /// Who handed it in, if not the owner.
    pub submitted_by: Option<Submitter>,
    /// Number of sets.
    pub sets: Option<u16>,
    /// How the result is wanted.
    pub delivery: Option<Delivery>,
    /// Components.
    pub documents: Vec<Document>,
}
