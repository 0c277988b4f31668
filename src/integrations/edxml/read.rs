//! Packets read from XML.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fields::{Fields, MAX_TEXT};
use super::packet::{
    Attachment, BusinessInfo, DocumentPacket, DocumentType, Organ, OtherInfo, Packet, Promulgated, ResponseFor,
    SignerInfo, StaffInfo, StatusPacket, Trace,
};
use super::refusal::EdxmlRefusal;
use super::xml::{Element, parse};
use super::{MAX_ATTACHMENT, MAX_PACKET};
use crate::domain::document_number::{DocumentId, DocumentNumber};
use crate::domain::exchange::Business;

/// Longest identifier of an office (Decision 20/2020 art. 4).
const MAX_ORGAN_ID: usize = 35;
/// Limits of another vendor's checker (domain.md 6.2).
const MAX_SUBJECT: usize = 500;
pub(super) const MAX_CONTENT: usize = 500;
pub(super) const MAX_ATTACHMENT_NAME: usize = 200;
const MAX_PLACE: usize = 150;
const MAX_APPENDIX: usize = 250;
/// Longest description of a status: it may become the remark of a letter.
const MAX_DESCRIPTION: usize = 2_000;
/// Codes have two digits; those that are not known are kept.
const MAX_STATUS_CODE: usize = 20;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a packet.
///
/// # Errors
/// The [`EdxmlRefusal`] of what is wrong first.
pub fn read(bytes: &[u8]) -> Result<Packet, EdxmlRefusal> {
    if bytes.len() > MAX_PACKET {
        return Err(EdxmlRefusal::TooMany);
    }
    let root = parse(bytes)?;
    let header = header(&root)?;
    let message = header.required_group("MessageHeader")?;
    // A status packet has no body; it is known by its code.
    if message.has("StatusCode") {
        return Ok(Packet::Status(Box::new(status(&message)?)));
    }
    Ok(Packet::Document(Box::new(document(&root, &header, &message)?)))
}

/// The header: of the envelope, or of the shorter wrapping that some write around a status.
fn header<'e, 'x>(root: &'e Element<'x>) -> Result<Fields<'e, 'x>, EdxmlRefusal> {
    let fields = Fields::of(root);
    match root.name.as_str() {
        "edXML" => fields.required_group("edXMLEnvelope")?.required_group("edXMLHeader"),
        "edXMLEnvelope" => fields.required_group("edXMLHeader"),
        "Status" => fields.required_group("Header"),
        other => Err(EdxmlRefusal::NotAPacket(other.to_owned())),
    }
}

fn document(
    root: &Element<'_>,
    header: &Fields<'_, '_>,
    message: &Fields<'_, '_>,
) -> Result<DocumentPacket, EdxmlRefusal> {
    let traces = header.required_group("TraceHeaderList")?;
    let packet = DocumentPacket {
        from: organ(&message.required_group("From")?)?,
        to: message.groups("To").map(|to| organ(&to)).collect::<Result<_, _>>()?,
        document_id: message.parsed("DocumentId")?.ok_or_else(|| message.missing("DocumentId"))?,
        code: message.group("Code")?.map(|code| document_code(&code)).transpose()?.flatten(),
        promulgated: message.group("PromulgationInfo")?.map(|info| promulgated(&info)).transpose()?.unwrap_or_default(),
        document_type: message.group("DocumentType")?.map(|kind| document_type(&kind)).transpose()?.unwrap_or_default(),
        subject: message.required("Subject", MAX_SUBJECT)?,
        content: message.text("Content", MAX_CONTENT)?,
        signer: message.group("SignerInfo")?.map(|signer| signer_info(&signer)).transpose()?.unwrap_or_default(),
        due_on: message.date("DueDate")?,
        other: message.group("OtherInfo")?.map(|other| other_info(&other)).transpose()?.unwrap_or_default(),
        response_for: message.groups("ResponseFor").map(|of| response_for(&of)).collect::<Result<_, _>>()?,
        steering: message.parsed("SteeringType")?,
        to_places: match message.group("ToPlaces")? {
            Some(places) => places.texts("Place", MAX_PLACE)?,
            None => Vec::new(),
        },
        business: business(&traces)?,
        traces: traces.groups("TraceHeader").map(|of| trace(&of)).collect::<Result<_, _>>()?,
        attachments: attachments(root)?,
    };
    agree(&packet, message)?;
    Ok(packet)
}

/// The identifier repeats number, notation and date: where they are said, they are the same. The identifier of a paper
/// that waits for its number is its sender's own.
fn agree(packet: &DocumentPacket, message: &Fields<'_, '_>) -> Result<(), EdxmlRefusal> {
    let id = &packet.document_id;
    if id.waiting().is_some() {
        return Ok(());
    }
    let contradiction = |name| Err(EdxmlRefusal::Contradiction { path: message.path(name) });
    if packet.code.as_ref().is_some_and(|code| *code != id.number) {
        return contradiction("Code");
    }
    if packet.promulgated.on.is_some_and(|on| on != id.on) {
        return contradiction("PromulgationInfo");
    }
    Ok(())
}

fn status(message: &Fields<'_, '_>) -> Result<StatusPacket, EdxmlRefusal> {
    Ok(StatusPacket {
        from: organ(&message.required_group("From")?)?,
        response_for: response_for(&message.required_group("ResponseFor")?)?,
        staff: message.group("StaffInfo")?.map(|staff| staff_info(&staff)).transpose()?,
        code: message.required("StatusCode", MAX_STATUS_CODE)?,
        description: message.text("Description", MAX_DESCRIPTION)?,
        at: message.instant("Timestamp")?.ok_or_else(|| message.missing("Timestamp"))?,
    })
}

fn organ(fields: &Fields<'_, '_>) -> Result<Organ, EdxmlRefusal> {
    let text = |name| fields.text(name, MAX_TEXT);
    Ok(Organ {
        id: fields.required("OrganId", MAX_ORGAN_ID)?,
        in_charge: text("OrganizationInCharge")?,
        name: text("OrganName")?,
        address: text("OrganAdd")?,
        email: text("Email")?,
        telephone: text("Telephone")?,
        fax: text("Fax")?,
        website: text("Website")?,
    })
}

fn document_code(fields: &Fields<'_, '_>) -> Result<Option<DocumentNumber>, EdxmlRefusal> {
    let number: Option<u32> = fields.parsed("CodeNumber")?;
    let notation = fields.text("CodeNotation", MAX_TEXT)?;
    match (number, notation) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(fields.missing("CodeNotation")),
        (None, Some(_)) => Err(fields.missing("CodeNumber")),
        (Some(number), Some(notation)) => {
            DocumentNumber::new(number, &notation).map(Some).map_err(|_| fields.invalid("CodeNotation"))
        }
    }
}

fn promulgated(fields: &Fields<'_, '_>) -> Result<Promulgated, EdxmlRefusal> {
    Ok(Promulgated { place: fields.text("Place", MAX_PLACE)?, on: fields.date("PromulgationDate")? })
}

fn document_type(fields: &Fields<'_, '_>) -> Result<DocumentType, EdxmlRefusal> {
    let text = |name| fields.text(name, MAX_TEXT);
    Ok(DocumentType { code: text("Type")?, detail: text("TypeDetail")?, name: text("TypeName")? })
}

fn signer_info(fields: &Fields<'_, '_>) -> Result<SignerInfo, EdxmlRefusal> {
    let text = |name| fields.text(name, 200);
    Ok(SignerInfo { competence: text("Competence")?, position: text("Position")?, full_name: text("FullName")? })
}

fn other_info(fields: &Fields<'_, '_>) -> Result<OtherInfo, EdxmlRefusal> {
    let priority: Option<u8> = fields.parsed("Priority")?;
    if priority.is_some_and(|priority| priority > 4) {
        return Err(fields.invalid("Priority"));
    }
    Ok(OtherInfo {
        priority,
        sphere: fields.text("SphereOfPromulgation", MAX_TEXT)?,
        typer: fields.text("TyperNotation", MAX_TEXT)?,
        copies: fields.parsed("PromulgationAmount")?,
        pages: fields.parsed("PageAmount")?,
        direction: fields.text("Direction", MAX_TEXT)?,
        appendixes: match fields.group("Appendixes")? {
            Some(appendixes) => appendixes.texts("Appendix", MAX_APPENDIX)?,
            None => Vec::new(),
        },
    })
}

fn response_for(fields: &Fields<'_, '_>) -> Result<ResponseFor, EdxmlRefusal> {
    let document_id: DocumentId = fields.parsed("DocumentId")?.ok_or_else(|| fields.missing("DocumentId"))?;
    Ok(ResponseFor {
        organ: fields.text("OrganId", MAX_ORGAN_ID)?,
        code: fields.text("Code", MAX_TEXT)?,
        document_id,
        on: fields.date("PromulgationDate")?,
    })
}

fn staff_info(fields: &Fields<'_, '_>) -> Result<StaffInfo, EdxmlRefusal> {
    let text = |name| fields.text(name, MAX_TEXT);
    Ok(StaffInfo {
        department: text("Department")?,
        staff: text("Staff")?,
        email: text("Email")?,
        mobile: text("Mobile")?,
    })
}

/// `Bussiness` as the SDK spells it, or `Business`; the same holds for its members.
fn business(traces: &Fields<'_, '_>) -> Result<BusinessInfo, EdxmlRefusal> {
    let (info, spelling) = match (traces.group("Bussiness")?, traces.group("Business")?) {
        (Some(info), None) => (info, "Bussiness"),
        (None, Some(info)) => (info, "Business"),
        (None, None) => return Err(traces.missing("Bussiness")),
        (Some(_), Some(_)) => return Err(traces.invalid("Business")),
    };
    let member = |name: &str| {
        let (sdk, other) = (format!("Bussiness{name}"), format!("Business{name}"));
        if info.has(&sdk) || (spelling == "Bussiness" && !info.has(&other)) { sdk } else { other }
    };
    let kind = member("DocType");
    let code = info.required(&kind, MAX_TEXT)?;
    Ok(BusinessInfo {
        kind: Business::from_code(&code).ok_or_else(|| info.invalid(&kind))?,
        reason: info.text(&member("DocReason"), MAX_TEXT)?,
        paper: info.text("Paper", MAX_TEXT)?,
        staff: info.group("StaffInfo")?.map(|staff| staff_info(&staff)).transpose()?,
    })
}

fn trace(fields: &Fields<'_, '_>) -> Result<Trace, EdxmlRefusal> {
    Ok(Trace { organ: fields.required("OrganId", MAX_ORGAN_ID)?, at: fields.instant("Timestamp")? })
}

/// The attachments of the document: their bytes stand beside the envelope.
fn attachments(root: &Element<'_>) -> Result<Vec<Attachment>, EdxmlRefusal> {
    let Some(encoded) = Fields::of(root).group("AttachmentEncoded")? else { return Ok(Vec::new()) };
    encoded.groups("Attachment").map(|fields| attachment(&fields)).collect()
}

fn attachment(fields: &Fields<'_, '_>) -> Result<Attachment, EdxmlRefusal> {
    let name = fields.required("AttachmentName", MAX_ATTACHMENT_NAME)?;
    let encoded = fields.required_group("ContentTransferEncoded")?;
    Ok(Attachment {
        content_id: fields.required("ContentId", MAX_TEXT)?,
        description: fields.text("Description", MAX_TEXT)?,
        content_type: fields.text("ContentType", MAX_TEXT)?,
        content: decoded(encoded.own_text(), &name)?,
        name,
    })
}

/// The bytes of an attachment; white space between the letters is passed over.
///
/// # Errors
/// [`EdxmlRefusal::Base64`], also for nothing at all; [`EdxmlRefusal::AttachmentTooLarge`].
pub fn decoded(text: &str, name: &str) -> Result<Vec<u8>, EdxmlRefusal> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if letters.len() / 4 * 3 > MAX_ATTACHMENT + 3 {
        return Err(EdxmlRefusal::AttachmentTooLarge { name: name.to_owned() });
    }
    let bytes = BASE64.decode(letters).map_err(|_| EdxmlRefusal::Base64 { name: name.to_owned() })?;
    if bytes.is_empty() {
        return Err(EdxmlRefusal::Base64 { name: name.to_owned() });
    }
    if bytes.len() > MAX_ATTACHMENT {
        return Err(EdxmlRefusal::AttachmentTooLarge { name: name.to_owned() });
    }
    Ok(bytes)
}
