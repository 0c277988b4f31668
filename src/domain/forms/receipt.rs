//! Form 01, the receipt and appointment slip (giấy tiếp nhận hồ sơ và hẹn trả kết quả).

use serde::Serialize;

use super::letterhead::Letterhead;
use super::party::{Party, authorised};
use super::text::{Block, Field, LookUp, Paper, Signature};
use super::wording::{moment, term};
use super::{Form, FormSet, Printable};
use crate::domain::deadline::Rule;
use crate::domain::papers::{Delivery, Document, Submitter};
use crate::domain::vocabulary::{ApplicantKind, DeliveryMethod, LocalTime};

/// What a receipt is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptPaper {
    /// Where the dossier was handed in.
    pub letterhead: Letterhead,
    /// Code of the dossier.
    pub dossier: String,
    /// Who applies.
    pub applicant: Party,
    /// Who handed it in for them.
    pub submitted_by: Option<Submitter>,
    /// Name of the procedure.
    pub procedure: String,
    /// What is asked for, beside the procedure.
    pub summary: Option<String>,
    /// Components.
    pub documents: Vec<Document>,
    /// Number of sets.
    pub sets: Option<u16>,
    /// The time limit; none where no appointment is given.
    pub limit: Option<Rule>,
    /// When it was received.
    pub received_at: LocalTime,
    /// When the result was promised first: what later moved the deadline is not on the slip that the applicant has.
    pub promised_at: Option<LocalTime>,
    /// How the result is wanted.
    pub delivery: Option<Delivery>,
    /// What opens the look-up of this dossier to who holds the slip.
    pub secret: String,
    /// Address below which applicants look dossiers up.
    pub address: Option<String>,
}

impl Printable for ReceiptPaper {
    fn paper(&self) -> Paper {
        let on = self.received_at.date();
        let set = FormSet::on(on);
        // The code counts receipts already, by day within the agency: a second running number would only contradict it.
        let number = self.dossier.split_once('-').map_or(self.dossier.as_str(), |(_, number)| number);
        let notation = if set == FormSet::Of2018 { "TNHS" } else { self.letterhead.unit_symbol() };
        let head = self.letterhead.head_of_unit(format!("Số: {number}/{notation}"), Some(on));
        let title = "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ".to_owned();
        let identity = self.dossier.clone();
        let mut paper = Paper::new(self.letterhead.code.clone(), Form::Receipt, set, identity, head, title);
        paper.date = Some(on);
        paper.subtitle = Some(format!("Mã hồ sơ: {}", self.dossier));
        paper.body = self.body(set);
        paper.signatures = self.signatures();
        let caption = format!("Mã tra cứu: {}", self.secret);
        paper.look_up = Some(LookUp { content: self.address_of_dossier(), caption });
        paper
    }
}

impl ReceiptPaper {
    /// What the QR code says: the address of the dossier with its secret, or where there is no such address, the code.
    fn address_of_dossier(&self) -> String {
        match &self.address {
            // Browsers keep what follows `#` to themselves: the secret gets into no log and no referrer on the way to the page.
            Some(base) => format!("{}/{}#secret={}", base.trim_end_matches('/'), self.dossier, self.secret),
            None => self.dossier.clone(),
        }
    }

    fn body(&self, set: FormSet) -> Vec<Block> {
        let applicant = &self.applicant;
        let mut body = vec![
            Block::paragraph(self.letterhead.unit_and_address()),
            Block::strong(format!("Tiếp nhận hồ sơ của {}:", applicant.label()), Some(applicant.name.clone())),
        ];
        body.extend(applicant.identity_field(set));
        body.extend(applicant.contact_fields());
        body.extend(self.submitted_by.as_ref().map(|by| Block::field("Người được ủy quyền:", Some(authorised(by)))));
        body.push(Block::field("Nội dung yêu cầu giải quyết:", Some(self.request())));
        if self.documents.is_empty() {
            body.push(Block::field("Thành phần hồ sơ nộp gồm:", None));
        } else {
            body.push(Block::paragraph("Thành phần hồ sơ nộp gồm:"));
            body.push(Block::Items { items: self.documents.iter().map(component).collect() });
        }
        body.push(Block::field("Số lượng hồ sơ:", Some(format!("{:02} (bộ)", self.sets.unwrap_or(1)))));
        let limit = self.limit.as_ref().map(|rule| term(rule.amount, rule.unit));
        let limit = limit.unwrap_or_else(|| "không hẹn trước".to_owned());
        body.push(Block::field("Thời gian giải quyết hồ sơ theo quy định là:", Some(limit)));
        body.push(Block::field("Thời gian nhận hồ sơ:", Some(moment(self.received_at))));
        let promised = self.promised_at.map_or_else(|| "khi có kết quả".to_owned(), moment);
        body.push(Block::strong("Thời gian trả kết quả giải quyết hồ sơ:", Some(promised)));
        body.push(Block::field("Đăng ký nhận kết quả tại:", Some(self.place_of_return())));
        body.push(Block::pair(
            Field::new("Vào Sổ theo dõi hồ sơ, Quyển số:", None),
            Field::new("Số thứ tự (nếu có):", None),
        ));
        body
    }

    fn request(&self) -> String {
        match &self.summary {
            Some(summary) => format!("{} ({summary})", self.procedure),
            None => self.procedure.clone(),
        }
    }

    fn place_of_return(&self) -> String {
        let (method, place) = match &self.delivery {
            Some(Delivery { method, place }) => (*method, place.as_deref()),
            None => (DeliveryMethod::Counter, None),
        };
        match (method, place) {
            (DeliveryMethod::Counter, None) => self.letterhead.unit(),
            (DeliveryMethod::Counter, Some(place)) => place.to_owned(),
            (DeliveryMethod::Postal, None) => "Qua dịch vụ bưu chính công ích".to_owned(),
            (DeliveryMethod::Postal, Some(place)) => format!("Qua dịch vụ bưu chính công ích: {place}"),
            (DeliveryMethod::Online, None) => "Trực tuyến".to_owned(),
            (DeliveryMethod::Online, Some(place)) => format!("Trực tuyến: {place}"),
        }
    }

    fn signatures(&self) -> Vec<Signature> {
        let own = (self.applicant.kind == ApplicantKind::Citizen).then(|| self.applicant.name.clone());
        let submitter = self.submitted_by.as_ref().map(|by| by.name.clone()).or(own);
        vec![Signature::by_hand("NGƯỜI NỘP HỒ SƠ", submitter), Signature::by_hand("NGƯỜI TIẾP NHẬN HỒ SƠ", None)]
    }
}

/// A component with how often it was handed in.
fn component(document: &Document) -> String {
    let Document { name, originals, copies } = document;
    let counted = |count: u16, what| (count > 0).then(|| format!("{count:02} {what}"));
    let counts: Vec<String> =
        [counted(*originals, "bản chính"), counted(*copies, "bản sao")].into_iter().flatten().collect();
    if counts.is_empty() { name.clone() } else { format!("{name} ({})", counts.join(", ")) }
}
