//! Packets written as XML, element after element in the order of the SDK.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveDate, NaiveDateTime};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::NAMESPACE;
use super::packet::{
    Attachment, BusinessInfo, DocumentPacket, Organ, OtherInfo, Packet, ResponseFor, StaffInfo, StatusPacket, Trace,
};

/// Writes a packet. Empty elements are left out.
///
/// # Errors
/// None in practice: memory is written to.
pub fn write(packet: &Packet) -> io::Result<Vec<u8>> {
    let mut xml = Xml { writer: Writer::new(Vec::new()) };
    xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.event(Event::Start(BytesStart::new("edXML").with_attributes([("xmlns", NAMESPACE)])))?;
    xml.event(Event::Start(BytesStart::new("edXML:edXMLEnvelope").with_attributes([("xmlns:edXML", NAMESPACE)])))?;
    match packet {
        Packet::Document(packet) => xml.document(packet)?,
        Packet::Status(packet) => xml.group("edXML:edXMLHeader", |xml| xml.status(packet))?,
    }
    xml.event(Event::End(BytesEnd::new("edXML:edXMLEnvelope")))?;
    if let Packet::Document(packet) = packet
        && !packet.attachments.is_empty()
    {
        xml.group("AttachmentEncoded", |xml| packet.attachments.iter().try_for_each(|file| xml.attachment(file)))?;
    }
    xml.event(Event::End(BytesEnd::new("edXML")))?;
    Ok(xml.writer.into_inner())
}

struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    fn event(&mut self, event: Event<'_>) -> io::Result<()> {
        self.writer.write_event(event)
    }

    fn group(&mut self, name: &str, inside: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        self.event(Event::Start(BytesStart::new(name)))?;
        inside(self)?;
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.group(name, |xml| xml.event(Event::Text(BytesText::new(text))))
    }

    fn maybe(&mut self, name: &str, text: Option<&String>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.text(name, text))
    }

    fn date(&mut self, name: &str, date: Option<NaiveDate>) -> io::Result<()> {
        date.map_or(Ok(()), |date| self.text(name, &date.format("%Y/%m/%d").to_string()))
    }

    fn instant(&mut self, name: &str, at: NaiveDateTime) -> io::Result<()> {
        self.text(name, &at.format("%Y/%m/%d %H:%M:%S").to_string())
    }

    fn document(&mut self, packet: &DocumentPacket) -> io::Result<()> {
        self.group("edXML:edXMLHeader", |xml| {
            xml.group("edXML:MessageHeader", |xml| xml.message(packet))?;
            xml.group("edXML:TraceHeaderList", |xml| {
                xml.business(&packet.business)?;
                packet.traces.iter().try_for_each(|trace| xml.trace(trace))
            })
        })?;
        self.group("edXML:edXMLBody", |xml| {
            xml.event(Event::Start(BytesStart::new("edXML:edXMLManifest").with_attributes([("version", "1.0")])))?;
            packet.attachments.iter().try_for_each(|file| xml.reference(file))?;
            xml.event(Event::End(BytesEnd::new("edXML:edXMLManifest")))
        })
    }

    fn message(&mut self, packet: &DocumentPacket) -> io::Result<()> {
        self.group("edXML:From", |xml| xml.organ(&packet.from))?;
        packet.to.iter().try_for_each(|to| self.group("edXML:To", |xml| xml.organ(to)))?;
        self.text("edXML:DocumentId", &packet.document_id.to_string())?;
        if let Some(code) = &packet.code {
            self.group("edXML:Code", |xml| {
                xml.text("edXML:CodeNumber", &code.number().to_string())?;
                xml.text("edXML:CodeNotation", code.notation())
            })?;
        }
        self.group("edXML:PromulgationInfo", |xml| {
            xml.maybe("edXML:Place", packet.promulgated.place.as_ref())?;
            xml.date("edXML:PromulgationDate", packet.promulgated.on)
        })?;
        self.group("edXML:DocumentType", |xml| {
            xml.maybe("edXML:Type", packet.document_type.code.as_ref())?;
            xml.maybe("edXML:TypeDetail", packet.document_type.detail.as_ref())?;
            xml.maybe("edXML:TypeName", packet.document_type.name.as_ref())
        })?;
        self.text("edXML:Subject", &packet.subject)?;
        self.maybe("edXML:Content", packet.content.as_ref())?;
        self.group("edXML:SignerInfo", |xml| {
            xml.maybe("edXML:Competence", packet.signer.competence.as_ref())?;
            xml.maybe("edXML:Position", packet.signer.position.as_ref())?;
            xml.maybe("edXML:FullName", packet.signer.full_name.as_ref())
        })?;
        self.date("edXML:DueDate", packet.due_on)?;
        self.group("edXML:OtherInfo", |xml| xml.other(&packet.other))?;
        packet.response_for.iter().try_for_each(|of| self.response_for(of))?;
        self.maybe("edXML:SteeringType", packet.steering.map(|kind| kind.to_string()).as_ref())?;
        if !packet.to_places.is_empty() {
            self.group("edXML:ToPlaces", |xml| {
                packet.to_places.iter().try_for_each(|place| xml.text("edXML:Place", place))
            })?;
        }
        Ok(())
    }

    fn organ(&mut self, organ: &Organ) -> io::Result<()> {
        self.text("edXML:OrganId", &organ.id)?;
        self.maybe("edXML:OrganizationInCharge", organ.in_charge.as_ref())?;
        self.maybe("edXML:OrganName", organ.name.as_ref())?;
        self.maybe("edXML:OrganAdd", organ.address.as_ref())?;
        self.maybe("edXML:Email", organ.email.as_ref())?;
        self.maybe("edXML:Telephone", organ.telephone.as_ref())?;
        self.maybe("edXML:Fax", organ.fax.as_ref())?;
        self.maybe("edXML:Website", organ.website.as_ref())
    }

    fn other(&mut self, other: &OtherInfo) -> io::Result<()> {
        self.maybe("edXML:Priority", other.priority.map(|priority| priority.to_string()).as_ref())?;
        self.maybe("edXML:SphereOfPromulgation", other.sphere.as_ref())?;
        self.maybe("edXML:TyperNotation", other.typer.as_ref())?;
        self.maybe("edXML:PromulgationAmount", other.copies.map(|copies| copies.to_string()).as_ref())?;
        self.maybe("edXML:PageAmount", other.pages.map(|pages| pages.to_string()).as_ref())?;
        self.maybe("edXML:Direction", other.direction.as_ref())?;
        if other.appendixes.is_empty() {
            return Ok(());
        }
        self.group("edXML:Appendixes", |xml| {
            other.appendixes.iter().try_for_each(|appendix| xml.text("edXML:Appendix", appendix))
        })
    }

    fn response_for(&mut self, of: &ResponseFor) -> io::Result<()> {
        self.group("edXML:ResponseFor", |xml| {
            xml.maybe("edXML:OrganId", of.organ.as_ref())?;
            xml.maybe("edXML:Code", of.code.as_ref())?;
            xml.text("edXML:DocumentId", &of.document_id.to_string())?;
            xml.date("edXML:PromulgationDate", of.on)
        })
    }

    fn staff(&mut self, staff: &StaffInfo) -> io::Result<()> {
        self.group("edXML:StaffInfo", |xml| {
            xml.maybe("edXML:Department", staff.department.as_ref())?;
            xml.maybe("edXML:Staff", staff.staff.as_ref())?;
            xml.maybe("edXML:Email", staff.email.as_ref())?;
            xml.maybe("edXML:Mobile", staff.mobile.as_ref())
        })
    }

    fn business(&mut self, business: &BusinessInfo) -> io::Result<()> {
        self.group("edXML:Bussiness", |xml| {
            xml.text("edXML:BussinessDocType", &business.kind.code().to_string())?;
            xml.maybe("edXML:BussinessDocReason", business.reason.as_ref())?;
            xml.maybe("edXML:Paper", business.paper.as_ref())?;
            business.staff.as_ref().map_or(Ok(()), |staff| xml.staff(staff))
        })
    }

    fn trace(&mut self, trace: &Trace) -> io::Result<()> {
        self.group("edXML:TraceHeader", |xml| {
            xml.text("edXML:OrganId", &trace.organ)?;
            trace.at.map_or(Ok(()), |at| xml.instant("edXML:Timestamp", at))
        })
    }

    fn reference(&mut self, file: &Attachment) -> io::Result<()> {
        self.group("edXML:Reference", |xml| {
            xml.text("edXML:ContentId", &file.content_id)?;
            xml.maybe("edXML:ContentType", file.content_type.as_ref())?;
            xml.maybe("edXML:Description", file.description.as_ref())?;
            xml.text("edXML:AttachmentName", &file.name)
        })
    }

    fn attachment(&mut self, file: &Attachment) -> io::Result<()> {
        self.group("Attachment", |xml| {
            xml.text("ContentId", &file.content_id)?;
            xml.text("AttachmentName", &file.name)?;
            xml.maybe("Description", file.description.as_ref())?;
            xml.maybe("ContentType", file.content_type.as_ref())?;
            let name = "edXML:ContentTransferEncoded";
            xml.event(Event::Start(BytesStart::new(name).with_attributes([("xmlns:edXML", NAMESPACE)])))?;
            xml.event(Event::Text(BytesText::from_escaped(STANDARD.encode(&file.content))))?;
            xml.event(Event::End(BytesEnd::new(name)))
        })
    }

    fn status(&mut self, packet: &StatusPacket) -> io::Result<()> {
        self.group("edXML:MessageHeader", |xml| {
            xml.group("edXML:From", |xml| xml.organ(&packet.from))?;
            xml.response_for(&packet.response_for)?;
            packet.staff.as_ref().map_or(Ok(()), |staff| xml.staff(staff))?;
            xml.text("edXML:StatusCode", &packet.code)?;
            xml.maybe("edXML:Description", packet.description.as_ref())?;
            xml.instant("edXML:Timestamp", packet.at)
        })
    }
}
