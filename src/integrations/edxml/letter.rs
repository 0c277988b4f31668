//! A letter of apology as a packet, and what a packet of the e-office says about one.

use super::packet::{
    Attachment, BusinessInfo, DocumentPacket, DocumentType, Organ, OtherInfo, Packet, Promulgated, ResponseFor,
    SignerInfo, StatusPacket, Trace,
};
use super::read::MAX_CONTENT;
use super::refusal::EdxmlRefusal;
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::document_number::DocumentId;
use crate::domain::exchange::{Business, Saying};
use crate::domain::vocabulary::LetterKind;
use crate::flow::exchange::Outgoing;

/// The packet of a letter that goes to the e-office of its agency.
pub fn packet(outgoing: &Outgoing, attachments: Vec<Attachment>) -> Packet {
    let (code, name) = &outgoing.agency;
    let office = Organ { id: code.to_string(), name: Some(name.clone()), ..Organ::default() };
    let document_id = outgoing.document_id.clone();
    let called_back = ResponseFor {
        organ: Some(document_id.organ.to_string()),
        code: None,
        document_id: document_id.clone(),
        on: Some(document_id.on),
    };
    Packet::Document(Box::new(DocumentPacket {
        from: office.clone(),
        to: vec![office],
        code: Some(document_id.number.clone()),
        promulgated: Promulgated { place: None, on: Some(document_id.on) },
        document_id,
        document_type: DocumentType { code: Some("9".into()), detail: None, name: Some("Công văn".into()) },
        subject: subject(outgoing),
        content: content(outgoing),
        signer: SignerInfo::default(),
        due_on: None,
        other: OtherInfo { priority: Some(0), ..OtherInfo::default() },
        response_for: if outgoing.business == Business::Recall { vec![called_back] } else { Vec::new() },
        steering: Some(1),
        to_places: Vec::new(),
        business: BusinessInfo {
            kind: outgoing.business,
            reason: Some(reason(outgoing.business).into()),
            paper: None,
            staff: None,
        },
        traces: vec![Trace { organ: code.to_string(), at: Some(outgoing.at) }],
        attachments,
    }))
}

/// What the letter is about (trích yếu).
pub fn subject(outgoing: &Outgoing) -> String {
    let about = match outgoing.letter.kind {
        LetterKind::Late | LetterKind::AtRisk if outgoing.dossier_is_open => {
            "Xin lỗi và hẹn lại ngày trả kết quả hồ sơ"
        }
        LetterKind::Late | LetterKind::AtRisk => "Xin lỗi về việc chậm trả kết quả hồ sơ",
        LetterKind::Lost => "Xin lỗi về việc làm mất giấy tờ của hồ sơ",
        LetterKind::Damaged => "Xin lỗi về việc làm hư hỏng giấy tờ của hồ sơ",
        LetterKind::Misconduct => "Xin lỗi về thái độ phục vụ khi giải quyết hồ sơ",
    };
    format!("{about} {}", outgoing.dossier)
}

fn content(outgoing: &Outgoing) -> Option<String> {
    let reason = outgoing.letter.reason.as_ref().map(|reason| format!("Lý do: {reason}"));
    let date = outgoing.letter.new_return_at.map(|at| format!("Hẹn trả lại: {}", at.format("%H:%M ngày %d/%m/%Y")));
    // The date comes first: it is what must not be cut off.
    let parts: Vec<String> = [date, reason].into_iter().flatten().collect();
    let whole: String = parts.join(". ").chars().take(MAX_CONTENT).collect();
    Some(whole.trim().to_owned()).filter(|whole| !whole.is_empty())
}

const fn reason(business: Business) -> &'static str {
    match business {
        Business::New => "Trình ký văn bản mới",
        Business::Recall => "Thu hồi: văn bản không còn phù hợp",
        Business::Update => "Cập nhật nội dung văn bản trình ký",
        Business::Replace => "Thay thế văn bản",
    }
}

/// What a document of the e-office says: which documents it answers, and that the letter is issued. A recall, an update or
/// a replacement is for the record.
///
/// # Errors
/// [`EdxmlRefusal::Missing`] where number, date or signer of an issued letter is not said.
pub fn answer(packet: &DocumentPacket) -> Result<(Vec<DocumentId>, Saying), EdxmlRefusal> {
    let mut documents: Vec<DocumentId> = packet.response_for.iter().map(|of| of.document_id.clone()).collect();
    if documents.is_empty() {
        documents.push(packet.document_id.clone());
    }
    if packet.business.kind != Business::New {
        return Ok((documents, Saying::Trace));
    }
    let missing = |name: &str| EdxmlRefusal::Missing { path: format!("/MessageHeader/{name}") };
    let code = packet.code.as_ref().filter(|code| code.number() > 0).ok_or_else(|| missing("Code/CodeNumber"))?;
    let signer = &packet.signer;
    let position = signer.position.as_ref().or(signer.competence.as_ref());
    let promulgation = Promulgation {
        number: code.number(),
        notation: code.notation().to_owned(),
        on: packet.promulgated.on.ok_or_else(|| missing("PromulgationInfo/PromulgationDate"))?,
        signer: Signer {
            name: signer.full_name.clone().ok_or_else(|| missing("SignerInfo/FullName"))?,
            position: position.cloned().ok_or_else(|| missing("SignerInfo/Position"))?,
        },
    };
    Ok((documents, Saying::Issued(promulgation)))
}

/// What a status says, and of which document.
pub fn status(packet: &StatusPacket) -> (Vec<DocumentId>, Saying) {
    let saying = Saying::Status { code: packet.code.clone(), at: packet.at, description: packet.description.clone() };
    (vec![packet.response_for.document_id.clone()], saying)
}
