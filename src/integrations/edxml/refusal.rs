//! Why a packet is refused, by name.

use thiserror::Error;

/// What is wrong with a packet. Paths name elements by their local names.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EdxmlRefusal {
    /// The bytes are not UTF-8, or the declaration names another encoding.
    #[error("not UTF-8")]
    Encoding,
    /// It is not well-formed.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// It has a document type.
    #[error("a document type is not allowed")]
    DocumentType,
    /// It refers to an entity that XML does not know by itself.
    #[error("the entity `{0}` is not allowed")]
    Entity(String),
    /// An element is in another namespace.
    #[error("`{0}` is not in the namespace of QCVN 102:2016")]
    Namespace(String),
    /// Elements are nested too deeply.
    #[error("nested too deeply")]
    TooDeep,
    /// There are more elements, or attributes of one element, than any packet has.
    #[error("too many elements or attributes")]
    TooMany,
    /// It is no document and no status packet.
    #[error("`{0}` is no edXML packet")]
    NotAPacket(String),
    /// An element is missing or empty.
    #[error("{path} is missing")]
    Missing {
        /// The element.
        path: String,
    },
    /// An element has a value it cannot have, or is there twice.
    #[error("{path} cannot be read")]
    Invalid {
        /// The element.
        path: String,
    },
    /// A text is too long.
    #[error("{path} is longer than {most} characters")]
    TooLong {
        /// The element.
        path: String,
        /// How many characters it may have.
        most: usize,
    },
    /// Two elements say different things of the same.
    #[error("{path} contradicts the rest of the packet")]
    Contradiction {
        /// One of the elements.
        path: String,
    },
    /// An attachment is not base64.
    #[error("the attachment `{name}` is not base64")]
    Base64 {
        /// Its name.
        name: String,
    },
    /// An attachment is too large.
    #[error("the attachment `{name}` is too large")]
    AttachmentTooLarge {
        /// Its name.
        name: String,
    },
}

impl EdxmlRefusal {
    /// The stable code clients rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encoding => "xml_encoding",
            Self::Malformed(_) => "malformed_xml",
            Self::DocumentType => "xml_document_type",
            Self::Entity(_) => "xml_entity",
            Self::Namespace(_) => "xml_namespace",
            Self::TooDeep => "xml_too_deep",
            Self::TooMany => "xml_too_many",
            Self::NotAPacket(_) => "edxml_not_a_packet",
            Self::Missing { .. } => "edxml_missing",
            Self::Invalid { .. } => "edxml_invalid",
            Self::TooLong { .. } => "edxml_too_long",
            Self::Contradiction { .. } => "edxml_contradiction",
            Self::Base64 { .. } => "base64_invalid",
            Self::AttachmentTooLarge { .. } => "attachment_too_large",
        }
    }

    /// The element at fault, where it is one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Missing { path }
            | Self::Invalid { path }
            | Self::TooLong { path, .. }
            | Self::Contradiction { path } => Some(path),
            _ => None,
        }
    }
}
