//! The control slip (phiếu kiểm soát quá trình giải quyết hồ sơ): who handed the dossier to whom, when, and how that stood against time.

use serde::Serialize;

use super::letterhead::Letterhead;
use super::text::{Block, Column, Paper, Table};
use super::wording::{BLANK, day, moment, number_and_notation};
use super::{Form, FormSet, Printable};
use crate::domain::event::Event;
use crate::domain::hand_off::HandOffStatus;
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::{LocalTime, Outcome};

/// What a control slip is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlSlipPaper {
    /// Where the dossier was handed in.
    pub letterhead: Letterhead,
    /// Code of the dossier.
    pub dossier: String,
    /// Name of the resolving agency.
    pub resolved_by: String,
    /// Names of the agencies that were asked for an opinion or a part.
    pub coordinating: Vec<String>,
    /// When the dossier was received: the slip is opened then and goes with it.
    pub received_at: LocalTime,
    /// The appointed time of return.
    pub promised_at: Option<LocalTime>,
    /// Every hand-over, oldest first.
    pub steps: Vec<Step>,
}

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Who gives.
    pub giver: Side,
    /// Who receives.
    pub receiver: Side,
    /// When.
    pub at: LocalTime,
    /// Who recorded it: the trace that stands for the signatures of the paper slip.
    pub recorded_by: String,
    /// Early, on time or late, where a rule says by when.
    pub class: Option<EndClass>,
    /// What it was for.
    pub note: String,
}

/// Who holds a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The applicant.
    Applicant,
    /// The one-stop shop.
    Unit,
    /// The resolving agency.
    Agency,
    /// An officer, by the account's name.
    Officer(String),
}

/// Every hand-over that a journal tells of: its events with when they took effect and who recorded them, oldest first.
pub fn steps<'a>(journal: impl IntoIterator<Item = (&'a Event, LocalTime, &'a str)>) -> Vec<Step> {
    let mut desk = Desk { registered: false, received: false, transferred: false };
    journal.into_iter().filter_map(|(event, at, recorded_by)| desk.step(event, at, recorded_by)).collect()
}

/// What went before an event and tells who holds the dossier.
struct Desk {
    /// It was handed in to be examined: there is a time by which it must be answered.
    registered: bool,
    /// It was accepted.
    received: bool,
    /// It was sent on by a hand-over of its own.
    transferred: bool,
}

impl Desk {
    fn step(&mut self, event: &Event, at: LocalTime, recorded_by: &str) -> Option<Step> {
        use Side::{Agency, Applicant, Officer, Unit};
        let holder = || if self.received { Agency } else { Unit };
        let timely = |late: bool| Some(if late { EndClass::Late } else { EndClass::OnTime });
        let (giver, receiver, class, note) = match event {
            Event::Registered { .. } => {
                self.registered = true;
                (Applicant, Unit, None, "Nộp hồ sơ".to_owned())
            }
            Event::Received { accepted_late, .. } => {
                self.received = true;
                (Applicant, Unit, timely(*accepted_late).filter(|_| self.registered), "Tiếp nhận hồ sơ".to_owned())
            }
            Event::Resubmitted { .. } => (Applicant, Unit, None, "Nộp bổ sung hồ sơ".to_owned()),
            Event::TransferSent { late, .. } => {
                self.transferred = true;
                (Unit, Agency, timely(*late), "Chuyển hồ sơ đến cơ quan giải quyết".to_owned())
            }
            Event::TransferConfirmed { sent_by, late, .. } => {
                (Unit, Agency, timely(*late), format!("Xác nhận đã nhận hồ sơ; người giao: {sent_by}"))
            }
            Event::HandOff { giver, receiver, status, reason, .. } => {
                let taker = receiver.clone().map_or_else(holder, Officer);
                let note = match status {
                    HandOffStatus::Pending => "Bàn giao hồ sơ, chờ xác nhận".to_owned(),
                    HandOffStatus::Confirmed => "Xác nhận đã nhận bàn giao hồ sơ".to_owned(),
                    HandOffStatus::Declined => because("Không nhận bàn giao", reason.as_deref().unwrap_or_default()),
                    HandOffStatus::TakenBack => "Rút lại việc bàn giao".to_owned(),
                };
                // Who declined gives it back, and so does who is not to have it after all.
                match status {
                    HandOffStatus::Pending => (Officer(giver.clone()), taker, None, note),
                    HandOffStatus::Confirmed => (Officer(giver.clone()), Officer(recorded_by.to_owned()), None, note),
                    HandOffStatus::Declined | HandOffStatus::TakenBack => (taker, Officer(giver.clone()), None, note),
                }
            }
            Event::ProcessingStarted if self.transferred => (Agency, Agency, None, "Giải quyết hồ sơ".to_owned()),
            Event::ProcessingStarted => (Unit, Agency, None, "Chuyển hồ sơ giải quyết".to_owned()),
            Event::SupplementRequested { reason, late, .. } => {
                (holder(), Applicant, timely(*late).filter(|_| self.received), because("Yêu cầu bổ sung", reason))
            }
            Event::PaymentRequested { reason, .. } => {
                (holder(), Applicant, None, because("Yêu cầu thực hiện nghĩa vụ tài chính", reason))
            }
            Event::Resumed { old, new } => {
                (Applicant, Agency, None, appointed("Đã bổ sung", new.filter(|_| old != new).map(|new| new.due_at)))
            }
            Event::Withdrawn { reason, class } => (holder(), Applicant, *class, because("Rút hồ sơ", reason)),
            Event::Stopped { reason, class } => (holder(), Applicant, *class, because("Dừng giải quyết", reason)),
            Event::Finished { outcome: Outcome::Granted, class, .. } => {
                (Agency, Unit, Some(*class), "Có kết quả giải quyết".to_owned())
            }
            Event::Finished { outcome: Outcome::Refused, reason, class } => {
                let why = reason.as_deref().unwrap_or("kết quả từ chối");
                (Agency, Unit, Some(*class), because("Từ chối giải quyết", why))
            }
            Event::Returned => (Unit, Applicant, None, "Trả kết quả".to_owned()),
            Event::Reopened { reason, .. } => (Unit, holder(), None, because("Giải quyết lại", reason)),
            Event::Reappointed { new_return_at, .. } => {
                (Agency, Unit, None, appointed("Xin lỗi", Some(*new_return_at)))
            }
            Event::DeadlineMoved { new, .. } => {
                (Agency, Unit, None, appointed("Lịch làm việc thay đổi", new.map(|new| new.due_at)))
            }
            Event::Corrected { reason, .. } => {
                (holder(), holder(), None, because("Điều chỉnh thông tin hồ sơ", reason))
            }
            Event::Rejected { .. }
            | Event::Voided { .. }
            | Event::Edited { .. }
            | Event::BecameOverdue { .. }
            | Event::Letter { .. }
            | Event::FileAdded { .. }
            | Event::FileRemoved { .. }
            | Event::Anonymised
            | Event::FeesDemanded { .. }
            | Event::PaymentReceived { .. }
            | Event::FeeExempted { .. }
            | Event::PaymentRefunded { .. }
            | Event::Warned { .. }
            | Event::Errand { .. } => return None,
        };
        Some(Step { giver, receiver, at, recorded_by: recorded_by.to_owned(), class, note })
    }
}

fn because(what: &str, reason: &str) -> String {
    format!("{what}: {}", reason.trim())
}

/// A note with the appointment that holds from then on, if it changed.
fn appointed(what: &str, at: Option<LocalTime>) -> String {
    at.map_or_else(|| what.to_owned(), |at| format!("{what}; hẹn trả: {}", moment(at)))
}

/// How a step stands, as the form says it.
const fn result(class: Option<EndClass>) -> &'static str {
    match class {
        Some(EndClass::Early) => "Trước hạn",
        Some(EndClass::OnTime) => "Đúng hạn",
        Some(EndClass::Late) => "Quá hạn",
        None => "",
    }
}

const COLUMNS: [Column; 4] = [
    Column { heading: "Tên đơn vị", width: 36, centred: false },
    Column { heading: "Thời gian giao, nhận hồ sơ", width: 24, centred: true },
    Column {
        heading: "Kết quả giải quyết hồ sơ (trước hạn/đúng hạn/quá hạn)", width: 18, centred: true
    },
    Column { heading: "Ghi chú", width: 30, centred: false },
];

impl ControlSlipPaper {
    fn name<'a>(&'a self, side: &'a Side) -> &'a str {
        match side {
            Side::Officer(account) => account,
            Side::Applicant => "Người nộp hồ sơ",
            Side::Unit => "Bộ phận TN&TKQ",
            Side::Agency => &self.resolved_by,
        }
    }

    fn row(&self, step: &Step) -> Vec<String> {
        vec![
            format!("1. Giao: {}\n2. Nhận: {}", self.name(&step.giver), self.name(&step.receiver)),
            format!("{}\n({})", step.at.format("%H giờ %M phút,\nngày %d/%m/%Y"), step.recorded_by),
            result(step.class).to_owned(),
            step.note.clone(),
        ]
    }
}

impl Printable for ControlSlipPaper {
    fn paper(&self) -> Paper {
        let on = self.received_at.date();
        let set = FormSet::on(on);
        let number = match set {
            FormSet::Of2018 => format!("Số: {BLANK}{BLANK}"),
            FormSet::Of2025 => number_and_notation(None, &format!("PKS-{}", self.letterhead.unit_symbol())),
        };
        let head = self.letterhead.head_of_unit(number, Some(on));
        let title = "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ".to_owned();
        let agency = self.letterhead.code.clone();
        let mut paper = Paper::new(agency, Form::ControlSlip, set, self.dossier.clone(), head, title);
        paper.date = Some(on);
        let promised = self.promised_at.map_or_else(|| "không hẹn trước".to_owned(), moment);
        let coordinating = Some(self.coordinating.join("; ")).filter(|names| !names.is_empty());
        let rows = self.steps.iter().map(|step| self.row(step)).collect();
        paper.body = vec![
            Block::strong("Mã số hồ sơ:", Some(self.dossier.clone())),
            Block::field("Cơ quan (bộ phận) giải quyết hồ sơ:", Some(self.resolved_by.clone())),
            Block::field("Cơ quan phối hợp giải quyết hồ sơ:", coordinating),
            Block::field("Ngày nhận:", Some(day(on).trim_start_matches("ngày ").to_owned())),
            Block::field("Hẹn trả kết quả vào:", Some(promised)),
            Block::Table(Table { columns: COLUMNS.to_vec(), group: None, numbered: false, rows }),
        ];
        paper.notes = vec![
            "Phiếu được lập từ lưu vết tự động của hệ thống; trong ngoặc là tài khoản đã ghi nhận việc giao, nhận."
                .to_owned(),
        ];
        paper
    }
}
