//! The register of dossiers (sổ theo dõi hồ sơ) of a period, to print.

use serde::Serialize;

use super::letterhead::Letterhead;
use super::text::{Block, Column, Group, Paper, Table};
use super::wording::BLANK;
use super::{Form, FormSet, Printable};
use crate::domain::register::Entry;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::LocalTime;

/// What a register is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterPaper {
    /// Whose register.
    pub letterhead: Letterhead,
    /// Its period.
    pub period: Period,
    /// Dossiers by filing, as they stand at `made_at`.
    pub entries: Vec<Entry>,
    /// When it is made.
    pub made_at: LocalTime,
}

const COLUMNS: [Column; 11] = [
    Column { heading: "STT", width: 9, centred: true },
    Column { heading: "Mã hồ sơ", width: 39, centred: true },
    Column { heading: "Tên TTHC", width: 40, centred: false },
    Column { heading: "Tên tổ chức, cá nhân", width: 28, centred: false },
    Column { heading: "Địa chỉ, số điện thoại", width: 30, centred: false },
    Column { heading: "Cơ quan chủ trì giải quyết", width: 33, centred: false },
    Column { heading: "Nhận hồ sơ", width: 18, centred: true },
    Column { heading: "Hẹn trả kết quả", width: 18, centred: true },
    Column { heading: "Trả kết quả", width: 18, centred: true },
    Column { heading: "Phương thức nhận kết quả", width: 20, centred: true },
    Column { heading: "Ký nhận", width: 14, centred: true },
];

fn row(number: usize, entry: &Entry) -> Vec<String> {
    let time = |at: Option<LocalTime>| at.map_or_else(String::new, |at| at.format("%H:%M\n%d/%m/%Y").to_string());
    let returned = if entry.remark().is_empty() { time(entry.returned_at) } else { entry.remark() };
    vec![
        number.to_string(),
        entry.code.clone(),
        entry.procedure.clone(),
        entry.applicant.clone(),
        entry.contact(),
        entry.agency.clone(),
        time(Some(entry.received_at)),
        time(entry.due_at),
        returned,
        entry.delivery_name().to_owned(),
        String::new(),
    ]
}

impl Printable for RegisterPaper {
    fn paper(&self) -> Paper {
        // A register is opened at the beginning of its period, on the form of that day.
        let set = FormSet::on(self.period.from);
        let number = match set {
            FormSet::Of2018 => format!("Quyển số: {BLANK}"),
            FormSet::Of2025 => format!("Số: {BLANK}/STD-{}", self.letterhead.unit_symbol()),
        };
        let head = self.letterhead.head_of_unit(number, Some(self.made_at.date()));
        let identity = format!("{}/{}", self.period.from, self.period.to);
        let agency = self.letterhead.code.clone();
        let mut paper = Paper::new(agency, Form::Register, set, identity, head, "SỔ THEO DÕI HỒ SƠ".to_owned());
        paper.date = Some(self.made_at.date());
        let [from, to] = [self.period.from, self.period.to].map(|date| date.format("%d/%m/%Y"));
        paper.subtitle = Some(format!("(Từ ngày {from} đến ngày {to})"));
        let rows = (1..).zip(&self.entries).map(|(number, entry)| row(number, entry)).collect();
        let group = Group { first: 6, count: 5, heading: "Nhận và trả kết quả" };
        paper.body = vec![Block::Table(Table { columns: COLUMNS.to_vec(), group: Some(group), numbered: true, rows })];
        let made_at = self.made_at.format("%H giờ %M phút ngày %d/%m/%Y");
        paper.notes = vec![format!("Tổng số: {} hồ sơ. Số liệu tính đến {made_at}.", self.entries.len())];
        paper
    }
}
