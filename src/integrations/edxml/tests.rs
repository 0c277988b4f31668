//! Packets: those of the standard are read, whatever their prefixes; what is written is read back; every bad one has its
//! refusal.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::packet::*;
use super::*;
use crate::domain::document_number::{DocumentId, DocumentNumber};
use crate::domain::exchange::{Business, Saying};

/// The minimal document packet of domain.md 6.2, with `BODY` for more of it.
const MINIMAL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">
 <e:edXMLEnvelope xmlns:e="http://www.mic.gov.vn/TBT/QCVN_102_2016">
  <e:edXMLHeader>
   <e:MessageHeader>
    <e:From><e:OrganId>000.00.18.H16</e:OrganId><e:OrganName>Sở LĐTBXH</e:OrganName></e:From>
    <e:To><e:OrganId>000.00.00.H16</e:OrganId><e:OrganName>UBND tỉnh</e:OrganName></e:To>
    <e:DocumentId>000.00.18.H16,2023/06/02,872/SLĐTBXH-VP</e:DocumentId>
    <e:Code><e:CodeNumber>872</e:CodeNumber><e:CodeNotation>SLĐTBXH-VP</e:CodeNotation></e:Code>
    <e:PromulgationInfo><e:Place>Đắk Nông</e:Place><e:PromulgationDate>2023/06/02</e:PromulgationDate></e:PromulgationInfo>
    <e:DocumentType><e:Type>9</e:Type><e:TypeName>Công văn</e:TypeName></e:DocumentType>
    <e:Subject>Xin lỗi và hẹn lại ngày trả kết quả</e:Subject>
    <e:SignerInfo><e:Competence>KT. GIÁM ĐỐC</e:Competence><e:Position>Phó Giám đốc</e:Position><e:FullName>Nguyễn Văn A</e:FullName></e:SignerInfo>
    <e:OtherInfo><e:Priority>0</e:Priority></e:OtherInfo>
   </e:MessageHeader>
   <e:TraceHeaderList>
    <e:Bussiness><e:BussinessDocType>0</e:BussinessDocType><e:BussinessDocReason>mới</e:BussinessDocReason></e:Bussiness>
    <e:TraceHeader><e:OrganId>000.00.18.H16</e:OrganId><e:Timestamp>2023/06/02 08:00:00</e:Timestamp></e:TraceHeader>
   </e:TraceHeaderList>
  </e:edXMLHeader>
  <e:edXMLBody><e:edXMLManifest version="1.0"><e:Reference><e:ContentId>cid:1</e:ContentId><e:ContentType>application/zip</e:ContentType><e:AttachmentName>a.pdf</e:AttachmentName></e:Reference></e:edXMLManifest></e:edXMLBody>
 </e:edXMLEnvelope>
 <AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>a.pdf</AttachmentName><ContentType>application/pdf</ContentType>
  <e:ContentTransferEncoded xmlns:e="http://www.mic.gov.vn/TBT/QCVN_102_2016">JVBERi0xLjQgeA==</e:ContentTransferEncoded></Attachment></AttachmentEncoded>
</edXML>"#;

const STATUS: &str = r#"<s:edXML xmlns:s="http://www.mic.gov.vn/TBT/QCVN_102_2016"><s:edXMLEnvelope><s:edXMLHeader><s:MessageHeader>
  <s:From><s:OrganId>000.00.00.H16</s:OrganId></s:From>
  <s:ResponseFor><s:OrganId>000.00.18.H16</s:OrganId><s:Code>872/SLĐTBXH-VP</s:Code>
   <s:DocumentId>000.00.18.H16,2023/06/02,872/SLĐTBXH-VP</s:DocumentId><s:PromulgationDate>2023/06/02</s:PromulgationDate></s:ResponseFor>
  <s:StatusCode>02</s:StatusCode><s:Description>Sai thể thức</s:Description><s:Timestamp>2023/06/02 10:00:00</s:Timestamp>
 </s:MessageHeader></s:edXMLHeader></s:edXMLEnvelope></s:edXML>"#;

fn document(xml: &str) -> DocumentPacket {
    match read(xml.as_bytes()).unwrap() {
        Packet::Document(packet) => *packet,
        Packet::Status(packet) => panic!("{packet:?}"),
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_packet_of_the_standard_is_read_whole() {
    let packet = document(MINIMAL);
    let (from, to) = (packet.from.clone(), packet.to.clone());
    assert_eq!((from.id.as_str(), from.name.as_deref()), ("000.00.18.H16", Some("Sở LĐTBXH")));
    assert_eq!((to.len(), to[0].name.as_deref()), (1, Some("UBND tỉnh")));
    assert_eq!(packet.document_id.to_string(), "000.00.18.H16,2023/06/02,872/SLĐTBXH-VP");
    assert_eq!(packet.code.as_ref().unwrap().to_string(), "872/SLĐTBXH-VP");
    assert_eq!(
        (packet.promulgated.place.as_deref(), packet.promulgated.on),
        (Some("Đắk Nông"), Some(date("2023-06-02")))
    );
    assert_eq!(
        (packet.document_type.code.as_deref(), packet.document_type.name.as_deref()),
        (Some("9"), Some("Công văn"))
    );
    assert_eq!(packet.subject, "Xin lỗi và hẹn lại ngày trả kết quả");
    assert_eq!(packet.signer.competence.as_deref(), Some("KT. GIÁM ĐỐC"));
    assert_eq!(packet.signer.position.as_deref(), Some("Phó Giám đốc"));
    assert_eq!(packet.other.priority, Some(0));
    assert_eq!((packet.business.kind, packet.business.reason.as_deref()), (Business::New, Some("mới")));
    assert_eq!(
        packet.traces,
        [Trace { organ: "000.00.18.H16".into(), at: Some(date("2023-06-02").and_hms_opt(8, 0, 0).unwrap()) }]
    );
    assert_eq!(packet.attachments.len(), 1);
    assert_eq!(
        (packet.attachments[0].name.as_str(), packet.attachments[0].content.as_slice()),
        ("a.pdf", b"%PDF-1.4 x".as_slice())
    );
    let (documents, saying) = letter::answer(&packet).unwrap();
    assert_eq!(documents, [packet.document_id]);
    let Saying::Issued(promulgation) = saying else { panic!("{saying:?}") };
    assert_eq!(
        (promulgation.number, promulgation.notation.as_str(), promulgation.on),
        (872, "SLĐTBXH-VP", date("2023-06-02"))
    );
    assert_eq!(promulgation.signer.position, "Phó Giám đốc");
}

#[test]
fn prefixes_and_spellings_differ_and_mean_the_same() {
    let expected = document(MINIMAL);
    let variants = [
        MINIMAL.replace("e:", "edXML:").replace("xmlns:e=", "xmlns:edXML="),
        MINIMAL.replace("e:", "").replace("xmlns:e=", "xmlns:unused="),
        MINIMAL.replace("Bussiness", "Business"),
        MINIMAL.replace("Bussiness>", "Business>"),
        MINIMAL.replace("BussinessDoc", "BusinessDoc"),
        MINIMAL.replace("<e:Subject>Xin", "<e:Subject><![CDATA[Xin]]>"),
        MINIMAL.replace("Xin lỗi", "X&#105;n lỗi"),
        MINIMAL.replace("</e:To>", "<e:Website /><!-- none --></e:To><e:DueDate/>"),
        MINIMAL.replace("JVBERi0xLjQgeA==", "\n JVBERi0x\r\n LjQgeA== \n"),
        MINIMAL.replace("JVBERi0xLjQgeA==", "JVBERi0xLjQgeA"),
        MINIMAL.replace("<e:Subject>", "<e:NewerThanThis><e:X>1</e:X></e:NewerThanThis><e:Subject>"),
        MINIMAL.replace(
            "</e:edXMLHeader>",
            r##"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/><ds:SignatureValue>x</ds:SignatureValue></ds:Signature></e:edXMLHeader>"##,
        ),
        format!("\u{feff}{MINIMAL}"),
    ];
    for (index, variant) in variants.iter().enumerate() {
        assert_eq!(document(variant), expected, "variant {index}");
    }
    // Decomposed letters come out composed (NFC), so that a number compares equal.
    let decomposed = MINIMAL.replace("Nguyễn", "Nguy\u{65}\u{302}\u{303}n");
    assert_eq!(document(&decomposed), expected);
}

#[test]
fn a_status_is_read_in_either_wrapping() {
    let wrapped = STATUS.replace("<s:edXMLEnvelope><s:edXMLHeader>", "<s:Header>");
    let wrapped = wrapped.replace("</s:edXMLHeader></s:edXMLEnvelope>", "</s:Header>").replace("s:edXML", "s:Status");
    for xml in [STATUS, &wrapped] {
        let Packet::Status(packet) = read(xml.as_bytes()).unwrap() else { panic!() };
        let (documents, saying) = letter::status(&packet);
        assert_eq!(documents[0].to_string(), "000.00.18.H16,2023/06/02,872/SLĐTBXH-VP");
        let at: NaiveDateTime = "2023-06-02T10:00:00".parse().unwrap();
        assert_eq!(saying, Saying::Status { code: "02".into(), at, description: Some("Sai thể thức".into()) });
    }
}

/// Nested elements of our namespace, so many deep inside the root.
fn nested(depth: usize) -> String {
    format!(
        r#"<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">{}{}</edXML>"#,
        "<a>".repeat(depth),
        "</a>".repeat(depth)
    )
}

#[test]
fn every_bad_packet_has_its_refusal() {
    let instead = |old: &str, new: &str| {
        assert!(MINIMAL.contains(old), "{old}");
        MINIMAL.replacen(old, new, 1)
    };
    let bomb = format!(
        "<!DOCTYPE bomb [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>{}",
        instead("Xin lỗi", "&b;").replace(r#"<?xml version="1.0" encoding="UTF-8"?>"#, "")
    );
    let external = instead("<edXML ", r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><edXML "#);
    let twenty = 20 << 20;
    let large = instead("JVBERi0xLjQgeA==", &"AAAA".repeat(twenty / 3 + 2));
    let with_attributes: String = (0..40).map(|number| format!(" a{number}=\"\"")).collect();
    let table: Vec<(String, &str, &str)> = vec![
        (String::new(), "malformed_xml", ""),
        ("no xml".into(), "malformed_xml", ""),
        (r#"{"result":"issued"}"#.into(), "malformed_xml", ""),
        (MINIMAL.replace("</edXML>", ""), "malformed_xml", ""),
        (MINIMAL.replace("</e:Subject>", "</e:Content>"), "malformed_xml", ""),
        (format!("{MINIMAL}<edXML xmlns=\"{NAMESPACE}\"/>"), "malformed_xml", ""),
        (format!("{MINIMAL} and more"), "malformed_xml", ""),
        (instead("Xin lỗi", "a & b"), "malformed_xml", ""),
        (instead("Xin lỗi", "&#0;"), "malformed_xml", ""),
        (instead("<e:Code>", "<e:Code>text"), "malformed_xml", ""),
        (instead("<edXML ", "<edXML a=\"1\" a=\"2\" "), "malformed_xml", ""),
        (instead("1.0", "1.1"), "malformed_xml", ""),
        (instead("UTF-8", "windows-1258"), "xml_encoding", ""),
        (instead("UTF-8", "UTF-16"), "xml_encoding", ""),
        (bomb, "xml_document_type", ""),
        (external, "xml_document_type", ""),
        (instead("Xin lỗi", "&nbsp;"), "xml_entity", ""),
        (instead("<edXML ", "<edXML a=\"&xxe;\" "), "xml_entity", ""),
        (MINIMAL.replace("www.mic.gov.vn/TBT/QCVN_102_2016", "www.go.vn/eDoc"), "xml_namespace", ""),
        (instead(r#" xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016""#, ""), "xml_namespace", ""),
        (instead("<e:Subject>", r#"<x:Extra xmlns:x="urn:x"/><e:Subject>"#), "xml_namespace", ""),
        (instead("<e:Subject>", "<unbound:Extra/><e:Subject>"), "xml_namespace", ""),
        (nested(100), "xml_too_deep", ""),
        (format!(r#"<edXML xmlns="{NAMESPACE}">{}</edXML>"#, "<a/>".repeat(60_000)), "xml_too_many", ""),
        (instead("<edXML ", &format!("<edXML{with_attributes} ")), "xml_too_many", ""),
        (format!(r#"<other xmlns="{NAMESPACE}"/>"#), "edxml_not_a_packet", ""),
        (format!(r#"<edXML xmlns="{NAMESPACE}"/>"#), "edxml_missing", "/edXML/edXMLEnvelope"),
        (instead("Xin lỗi và hẹn lại ngày trả kết quả", " "), "edxml_missing", "MessageHeader/Subject"),
        (instead("<e:OrganId>000.00.18.H16</e:OrganId>", ""), "edxml_missing", "MessageHeader/From/OrganId"),
        (instead("<e:CodeNumber>872</e:CodeNumber>", ""), "edxml_missing", "MessageHeader/Code/CodeNumber"),
        (
            instead("<e:BussinessDocType>0</e:BussinessDocType>", ""),
            "edxml_missing",
            "TraceHeaderList/Bussiness/BussinessDocType",
        ),
        (instead("<AttachmentName>a.pdf</AttachmentName>", ""), "edxml_missing", "Attachment/AttachmentName"),
        (instead("Xin lỗi", &"ă".repeat(501)), "edxml_too_long", "MessageHeader/Subject"),
        (
            instead("<e:Subject>", &format!("<e:Content>{}</e:Content><e:Subject>", "ă".repeat(501))),
            "edxml_too_long",
            "MessageHeader/Content",
        ),
        (
            instead("<AttachmentName>a", &format!("<AttachmentName>{}", "a".repeat(200))),
            "edxml_too_long",
            "Attachment/AttachmentName",
        ),
        (instead("Đắk Nông", &"ă".repeat(151)), "edxml_too_long", "PromulgationInfo/Place"),
        (
            instead(
                "<e:Priority>0</e:Priority>",
                &format!("<e:Appendixes><e:Appendix>{}</e:Appendix></e:Appendixes>", "ă".repeat(251)),
            ),
            "edxml_too_long",
            "Appendixes/Appendix",
        ),
        (instead("000.00.18.H16,2023/06/02", "000.00.18.H16,2023-06-02"), "edxml_invalid", "MessageHeader/DocumentId"),
        (instead(">2023/06/02<", ">02/06/2023<"), "edxml_invalid", "PromulgationInfo/PromulgationDate"),
        (instead("<e:CodeNumber>872", "<e:CodeNumber>-1"), "edxml_invalid", "Code/CodeNumber"),
        (instead("<e:Priority>0", "<e:Priority>5"), "edxml_invalid", "OtherInfo/Priority"),
        (instead("<e:BussinessDocType>0", "<e:BussinessDocType>4"), "edxml_invalid", "Bussiness/BussinessDocType"),
        (instead("<e:Subject>", "<e:Subject>twice</e:Subject><e:Subject>"), "edxml_invalid", "MessageHeader/Subject"),
        (instead("Xin lỗi", "a\u{1}b"), "edxml_invalid", "MessageHeader/Subject"),
        (instead("Xin lỗi", "a&#1;b"), "edxml_invalid", "MessageHeader/Subject"),
        (instead("<e:CodeNumber>872", "<e:CodeNumber>873"), "edxml_contradiction", "MessageHeader/Code"),
        (instead(">2023/06/02<", ">2023/06/03<"), "edxml_contradiction", "MessageHeader/PromulgationInfo"),
        (instead("JVBERi0xLjQgeA==", "not base64!"), "base64_invalid", ""),
        (instead("JVBERi0xLjQgeA==", "JVBE=Ri0"), "base64_invalid", ""),
        (instead("JVBERi0xLjQgeA==", ""), "base64_invalid", ""),
        (large, "attachment_too_large", ""),
    ];
    for (xml, code, path) in table {
        let shown: String = xml.chars().take(300).collect();
        let refusal = read(xml.as_bytes()).expect_err(&shown);
        assert_eq!(refusal.code(), code, "{refusal}: {shown}");
        assert!(refusal.path().unwrap_or_default().ends_with(path), "{refusal}, expected {path}");
    }
    let utf16: Vec<u8> = MINIMAL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&utf16).unwrap_err(), EdxmlRefusal::Encoding);
    assert_eq!(read(b"\xff\xfe<\0").unwrap_err(), EdxmlRefusal::Encoding);
    let latin: Vec<u8> = MINIMAL.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
    assert_eq!(read(&latin).unwrap_err(), EdxmlRefusal::Encoding);
}

#[test]
fn limits_are_reached_and_not_passed() {
    for (old, new) in [
        ("Xin lỗi và hẹn lại ngày trả kết quả", "ă".repeat(500)),
        ("a.pdf</AttachmentName>", format!("{}</AttachmentName>", "a".repeat(200))),
        ("Đắk Nông", "ă".repeat(150)),
    ] {
        document(&MINIMAL.replace(old, &new));
    }
    let twenty = vec![7; MAX_ATTACHMENT];
    let mut packet = document(MINIMAL);
    packet.attachments[0].content.clone_from(&twenty);
    let written = write(&Packet::Document(Box::new(packet))).unwrap();
    assert_eq!(document(std::str::from_utf8(&written).unwrap()).attachments[0].content, twenty);
}

#[test]
fn an_issued_letter_has_number_date_and_signer() {
    let without = |old: &str| {
        assert!(MINIMAL.contains(old), "{old}");
        letter::answer(&document(&MINIMAL.replacen(old, "", 1))).unwrap_err().to_string()
    };
    assert!(
        without("<e:Code><e:CodeNumber>872</e:CodeNumber><e:CodeNotation>SLĐTBXH-VP</e:CodeNotation></e:Code>")
            .contains("CodeNumber")
    );
    assert!(without("<e:PromulgationDate>2023/06/02</e:PromulgationDate>").contains("PromulgationDate"));
    assert!(without("<e:FullName>Nguyễn Văn A</e:FullName>").contains("FullName"));
    // In whose name stands for the position where that is not said.
    let packet = document(&MINIMAL.replace("<e:Position>Phó Giám đốc</e:Position>", ""));
    let Saying::Issued(promulgation) = letter::answer(&packet).unwrap().1 else { panic!() };
    assert_eq!(promulgation.signer.position, "KT. GIÁM ĐỐC");
    let recall = document(&MINIMAL.replace("DocType>0<", "DocType>1<"));
    assert_eq!(letter::answer(&recall).unwrap().1, Saying::Trace);
}

/// A text as the reader gives it: trimmed, composed, not empty.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z<>&'\"ƯỞĐắễỳỶ0-9][a-z ĐỶớ<>&'\"/,.-]{0,20}[a-zĐỷ0-9]"
}

fn organ() -> impl Strategy<Value = Organ> {
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()), of(text()), of(text()));
    ("[A-Z0-9]{1,3}(\\.[A-Z0-9]{2,3}){0,3}", texts).prop_map(
        |(id, (in_charge, name, address, email, telephone, fax, website))| Organ {
            id,
            in_charge,
            name,
            address,
            email,
            telephone,
            fax,
            website,
        },
    )
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (2000..2100_i32, 1..366_u32).prop_map(|(year, day)| NaiveDate::from_yo_opt(year, day).unwrap())
}

fn instant() -> impl Strategy<Value = NaiveDateTime> {
    (day(), 0..86_400_u32)
        .prop_map(|(day, seconds)| day.and_time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap()))
}

fn number() -> impl Strategy<Value = DocumentNumber> {
    (1..1_000_000_u32, text()).prop_map(|(number, notation)| DocumentNumber::new(number, &notation).unwrap())
}

fn document_id() -> impl Strategy<Value = DocumentId> {
    (day(), number()).prop_map(|(on, number)| DocumentId { organ: "000.00.18.H16".parse().unwrap(), on, number })
}

fn response_for() -> impl Strategy<Value = ResponseFor> {
    (of(text()), of(text()), document_id(), of(day())).prop_map(|(organ, code, document_id, on)| ResponseFor {
        organ,
        code,
        document_id,
        on,
    })
}

fn staff() -> impl Strategy<Value = StaffInfo> {
    (of(text()), of(text()), of(text()), of(text())).prop_map(|(department, staff, email, mobile)| StaffInfo {
        department,
        staff,
        email,
        mobile,
    })
}

fn other() -> impl Strategy<Value = OtherInfo> {
    (of(0..5_u8), of(text()), of(text()), of(0..99_u32), of(0..99_u32), of(text()), vec(text(), 0..3)).prop_map(
        |(priority, sphere, typer, copies, pages, direction, appendixes)| OtherInfo {
            priority,
            sphere,
            typer,
            copies,
            pages,
            direction,
            appendixes,
        },
    )
}

fn attachment() -> impl Strategy<Value = Attachment> {
    (text(), text(), of(text()), of(text()), vec(any::<u8>(), 1..100)).prop_map(
        |(content_id, name, description, content_type, content)| Attachment {
            content_id,
            name,
            description,
            content_type,
            content,
        },
    )
}

fn business() -> impl Strategy<Value = BusinessInfo> {
    let kind = proptest::sample::select(Business::ALL.to_vec());
    (kind, of(text()), of(text()), of(staff())).prop_map(|(kind, reason, paper, staff)| BusinessInfo {
        kind,
        reason,
        paper,
        staff,
    })
}

fn any_document() -> impl Strategy<Value = Packet> {
    let head = (organ(), vec(organ(), 0..3), document_id(), any::<bool>(), of(text()), any::<bool>());
    let what = (of(text()), of(text()), of(text()), text(), of(text()), of(day()));
    let signer = (of(text()), of(text()), of(text()));
    let rest = (
        other(),
        vec(response_for(), 0..3),
        of(1..4_u8),
        vec(text(), 0..3),
        business(),
        vec((text(), of(instant())), 0..3),
        vec(attachment(), 0..3),
    );
    (head, what, signer, rest).prop_map(|(head, what, signer, rest)| {
        let (from, to, document_id, with_code, place, with_date) = head;
        let (code, detail, name, subject, content, due_on) = what;
        let (competence, position, full_name) = signer;
        let (other, response_for, steering, to_places, business, traces, attachments) = rest;
        Packet::Document(Box::new(DocumentPacket {
            from,
            to,
            code: with_code.then(|| document_id.number.clone()),
            promulgated: Promulgated { place, on: with_date.then_some(document_id.on) },
            document_id,
            document_type: DocumentType { code, detail, name },
            subject,
            content,
            signer: SignerInfo { competence, position, full_name },
            due_on,
            other,
            response_for,
            steering,
            to_places,
            business,
            traces: traces.into_iter().map(|(organ, at)| Trace { organ, at }).collect(),
            attachments,
        }))
    })
}

fn any_status() -> impl Strategy<Value = Packet> {
    (organ(), response_for(), of(staff()), "[0-9]{2}", of(text()), instant()).prop_map(
        |(from, response_for, staff, code, description, at)| {
            Packet::Status(Box::new(StatusPacket { from, response_for, staff, code, description, at }))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_back(packet in prop_oneof![3 => any_document(), 1 => any_status()]) {
        let written = write(&packet).unwrap();
        prop_assert_eq!(read(&written).unwrap(), packet, "{}", String::from_utf8_lossy(&written));
    }

    #[test]
    fn a_spoilt_packet_is_read_or_refused_and_never_worse(at in 0..MINIMAL.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = MINIMAL.as_bytes().to_vec();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Err(refusal) = read(&bytes) {
            prop_assert!(!refusal.code().is_empty());
        }
    }
}
