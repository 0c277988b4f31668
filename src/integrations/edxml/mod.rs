//! edXML (QCVN 102:2016/BTTTT, Amendment 1:2022): the packets in which offices exchange documents, read and written by
//! namespace and local name.
//!
//! A packet comes from outside: no document type, no entity beyond the five of XML, no other encoding than UTF-8, no other
//! namespace than that of the standard, and limits on everything. The non-standard `http://www.go.vn/eDoc` of one
//! provincial variant is refused like any other. A signature (XML-DSig) in the header is passed over and not checked:
//! who sends is known by the sign-in.

mod fields;
pub mod letter;
pub mod packet;
mod read;
mod refusal;
mod write;
mod xml;

pub use packet::Packet;
pub use read::{decoded, read};
pub use refusal::EdxmlRefusal;
pub use write::write;

/// The namespace of the standard.
pub const NAMESPACE: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";
/// Largest packet, in bytes: two of the largest attachments and some.
pub const MAX_PACKET: usize = 60 << 20;
/// Largest attachment, decoded, in bytes.
pub const MAX_ATTACHMENT: usize = 20 << 20;

#[cfg(test)]
mod tests;
