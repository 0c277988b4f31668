//! The report on administrative reform of a period, to print and to edit.

use serde::Serialize;

use super::letterhead::Letterhead;
use super::text::{Block, Paper, Signature};
use super::wording::BLANK;
use super::{Form, FormSet, Printable};
use crate::domain::reform::{Paragraph, Section};
use crate::domain::statistics::Period;
use crate::domain::vocabulary::LocalTime;

/// What a report is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReformReport {
    /// Whose report.
    pub letterhead: Letterhead,
    /// Its period.
    pub period: Period,
    /// Its sections.
    pub sections: Vec<WrittenSection>,
    /// The last instant looked at.
    pub as_of: LocalTime,
    /// When it is made.
    pub made_at: LocalTime,
}

/// A section as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenSection {
    /// Its heading.
    pub title: &'static str,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

impl From<&Section> for WrittenSection {
    fn from(section: &Section) -> Self {
        Self { title: section.title, paragraphs: section.paragraphs.iter().map(Paragraph::text).collect() }
    }
}

impl Printable for ReformReport {
    fn paper(&self) -> Paper {
        let made_on = self.made_at.date();
        // Decree 30/2020, appendix III: a report (báo cáo) is "BC".
        let number = format!("Số: {BLANK}/BC-{}", self.letterhead.symbol());
        let head = self.letterhead.head(number, Some(made_on));
        let identity = format!("{}/{}", self.period.from, self.period.to);
        let agency = self.letterhead.code.clone();
        let set = FormSet::on(made_on);
        let mut paper = Paper::new(agency, Form::ReformReport, set, identity, head, "BÁO CÁO".to_owned());
        paper.date = Some(made_on);
        let [from, to] = [self.period.from, self.period.to].map(|date| date.format("%d/%m/%Y"));
        paper.subtitle = Some(format!("Công tác cải cách hành chính từ ngày {from} đến ngày {to}"));
        for section in &self.sections {
            paper.body.push(Block::Heading { text: section.title.to_owned() });
            paper.body.extend(section.paragraphs.iter().map(|text| Block::Paragraph { text: text.clone() }));
        }
        let capacity = vec!["THỦ TRƯỞNG ĐƠN VỊ".to_owned()];
        paper.signatures =
            vec![Signature { capacity, hint: Some("(Ký, ghi rõ họ tên và đóng dấu)"), name: None }];
        paper.recipients = ["Cơ quan cấp trên", "Lưu: VT"].map(str::to_owned).to_vec();
        let as_of = self.as_of.format("%H giờ %M phút ngày %d/%m/%Y");
        paper.notes = vec![format!("Số liệu tính đến {as_of}.")];
        paper
    }
}
