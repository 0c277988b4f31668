//! The packets, typed: a document with its attachments, and a status about a document.

use chrono::{NaiveDate, NaiveDateTime};

use crate::domain::document_number::{DocumentId, DocumentNumber};
use crate::domain::exchange::Business;

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// A document.
    Document(Box<DocumentPacket>),
    /// The status of a document.
    Status(Box<StatusPacket>),
}

/// An office (`From`, `To`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organ {
    /// `OrganId`, of either style of identifier.
    pub id: String,
    /// `OrganizationInCharge`: the office above it.
    pub in_charge: Option<String>,
    /// `OrganName`.
    pub name: Option<String>,
    /// `OrganAdd`.
    pub address: Option<String>,
    /// `Email`.
    pub email: Option<String>,
    /// `Telephone`.
    pub telephone: Option<String>,
    /// `Fax`.
    pub fax: Option<String>,
    /// `Website`.
    pub website: Option<String>,
}

/// Where and when a document was issued (`PromulgationInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promulgated {
    /// `Place`.
    pub place: Option<String>,
    /// `PromulgationDate`.
    pub on: Option<NaiveDate>,
}

/// What kind of document it is (`DocumentType`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentType {
    /// `Type`.
    pub code: Option<String>,
    /// `TypeDetail`.
    pub detail: Option<String>,
    /// `TypeName`, e.g. `Công văn`.
    pub name: Option<String>,
}

/// Who signed (`SignerInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignerInfo {
    /// `Competence`: in whose name, e.g. `KT. GIÁM ĐỐC`.
    pub competence: Option<String>,
    /// `Position`.
    pub position: Option<String>,
    /// `FullName`.
    pub full_name: Option<String>,
}

/// `OtherInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherInfo {
    /// `Priority`: 0 normal, 1 urgent (khẩn), 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc at a fixed hour.
    pub priority: Option<u8>,
    /// `SphereOfPromulgation`.
    pub sphere: Option<String>,
    /// `TyperNotation`.
    pub typer: Option<String>,
    /// `PromulgationAmount`: copies.
    pub copies: Option<u32>,
    /// `PageAmount`.
    pub pages: Option<u32>,
    /// `Direction`.
    pub direction: Option<String>,
    /// `Appendixes`.
    pub appendixes: Vec<String>,
}

/// The document that one answers (`ResponseFor`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseFor {
    /// `OrganId`.
    pub organ: Option<String>,
    /// `Code`: number and notation.
    pub code: Option<String>,
    /// `DocumentId`.
    pub document_id: DocumentId,
    /// `PromulgationDate`.
    pub on: Option<NaiveDate>,
}

/// Who handles it (`StaffInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffInfo {
    /// `Department`.
    pub department: Option<String>,
    /// `Staff`.
    pub staff: Option<String>,
    /// `Email`.
    pub email: Option<String>,
    /// `Mobile`.
    pub mobile: Option<String>,
}

/// What the packet does (`Bussiness`, as the SDK spells it; `Business` is read, too).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessInfo {
    /// `BussinessDocType`.
    pub kind: Business,
    /// `BussinessDocReason`.
    pub reason: Option<String>,
    /// `Paper`: whether paper follows.
    pub paper: Option<String>,
    /// `StaffInfo`.
    pub staff: Option<StaffInfo>,
}

/// A station on the way (`TraceHeader`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// `OrganId`.
    pub organ: String,
    /// `Timestamp`.
    pub at: Option<NaiveDateTime>,
}

/// A file that comes with a document: its `Reference` in the body and its `Attachment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `ContentId`, e.g. `cid:1`.
    pub content_id: String,
    /// `AttachmentName`.
    pub name: String,
    /// `Description`.
    pub description: Option<String>,
    /// `ContentType`, as declared.
    pub content_type: Option<String>,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A document with its attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPacket {
    /// `From`.
    pub from: Organ,
    /// `To`.
    pub to: Vec<Organ>,
    /// `DocumentId`.
    pub document_id: DocumentId,
    /// `Code`.
    pub code: Option<DocumentNumber>,
    /// `PromulgationInfo`.
    pub promulgated: Promulgated,
    /// `DocumentType`.
    pub document_type: DocumentType,
    /// `Subject` (trích yếu).
    pub subject: String,
    /// `Content`.
    pub content: Option<String>,
    /// `SignerInfo`.
    pub signer: SignerInfo,
    /// `DueDate`.
    pub due_on: Option<NaiveDate>,
    /// `OtherInfo`.
    pub other: OtherInfo,
    /// `ResponseFor`.
    pub response_for: Vec<ResponseFor>,
    /// `SteeringType`: 1 none, 2 directive, 3 report on a directive.
    pub steering: Option<u8>,
    /// `ToPlaces`.
    pub to_places: Vec<String>,
    /// `Bussiness`.
    pub business: BusinessInfo,
    /// `TraceHeader`.
    pub traces: Vec<Trace>,
    /// `Attachment`.
    pub attachments: Vec<Attachment>,
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPacket {
    /// `From`.
    pub from: Organ,
    /// `ResponseFor`.
    pub response_for: ResponseFor,
    /// `StaffInfo`.
    pub staff: Option<StaffInfo>,
    /// `StatusCode`.
    pub code: String,
    /// `Description`.
    pub description: Option<String>,
    /// `Timestamp`.
    pub at: NaiveDateTime,
}
