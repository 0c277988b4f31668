//! The register of letters of apology (sổ theo dõi văn bản xin lỗi) as a workbook, written row by row.

use chrono::{DateTime, FixedOffset};
use rust_xlsxwriter::{Format, FormatAlign, Workbook};

use super::sheet::{LINE, RegisterHead, SheetError, cell, counted_until, heading, lines_of, plain, register_book};
use crate::domain::apology::{Letter, Promulgation};
use crate::domain::register::LetterEntry;
use crate::domain::statistics::Period;
use crate::domain::vocabulary::{LetterChannel, LetterKind, LetterStatus};

const TITLE: &str = "SỔ THEO DÕI VĂN BẢN XIN LỖI";
/// Row of the headings; the column numbers stand below.
const HEADINGS: u32 = 4;
/// The last column.
const LAST: u16 = 12;
/// Headings with the widths of their columns.
const COLUMNS: [(&str, u16); 13] = [
    ("STT", 6),
    ("Mã hồ sơ", 23),
    ("Tên thủ tục hành chính", 26),
    ("Tên cá nhân, tổ chức", 20),
    ("Cơ quan giải quyết", 22),
    ("Hẹn trả kết quả", 17),
    ("Loại", 14),
    ("Lý do", 26),
    ("Hẹn lại", 17),
    ("Số, ký hiệu", 18),
    ("Ngày ban hành", 12),
    ("Người ký", 18),
    ("Tình trạng", 18),
];

/// A register that is being written; rows already written take no memory.
pub struct LetterRegister {
    workbook: Workbook,
    row: u32,
    count: u32,
    made_at: DateTime<FixedOffset>,
    text: Format,
    middle: Format,
    time: Format,
    date: Format,
}

impl LetterRegister {
    /// Begins the register of an agency (empty: of all); letters are as they stand at `made_at`.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn open(agency: &str, period: Period, made_at: DateTime<FixedOffset>) -> Result<Self, SheetError> {
        let head = RegisterHead {
            title: TITLE,
            name: "Văn bản xin lỗi",
            columns: &COLUMNS,
            headings: (HEADINGS, HEADINGS + 1),
        };
        let mut workbook = register_book(&head, agency, period, made_at)?;
        let sheet = workbook.worksheet_from_index(0)?;
        let (bold, small) = (heading(), cell().set_align(FormatAlign::Center).set_italic().set_font_size(9));
        sheet.set_row_height(HEADINGS, 34)?;
        for (column, (text, _)) in (0..).zip(COLUMNS) {
            sheet.write_string_with_format(HEADINGS, column, text, &bold)?;
        }
        for column in 0..=LAST {
            sheet.write_string_with_format(HEADINGS + 1, column, format!("({})", column + 1), &small)?;
        }
        let middle = cell().set_align(FormatAlign::Center);
        let (time, date) =
            (middle.clone().set_num_format("hh:mm dd/mm/yyyy"), middle.clone().set_num_format("dd/mm/yyyy"));
        Ok(Self { workbook, row: HEADINGS + 2, count: 0, made_at, text: cell(), middle, time, date })
    }

    /// Writes a letter below the others.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn write(&mut self, entry: &LetterEntry) -> Result<(), SheetError> {
        self.count += 1;
        let (row, letter) = (self.row, &entry.letter);
        let promulgation = letter.promulgation.as_ref();
        let number = promulgation.map(Promulgation::designation).unwrap_or_default();
        let signer = promulgation.map_or_else(String::new, |it| format!("{}\n{}", it.signer.position, it.signer.name));
        let (kind, state) = (kind(letter), state(letter));
        let reason = letter.reason.as_deref().unwrap_or_default();
        let texts = [
            (1, entry.dossier.as_str()),
            (2, &entry.procedure),
            (3, &entry.applicant),
            (4, &entry.agency),
            (6, kind),
            (7, reason),
            (9, &number),
            (11, &signer),
            (12, &state),
        ];
        let lines = texts.iter().map(|(column, text)| lines_of(text, usize::from(COLUMNS[*column].1) - 1)).max();
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.set_row_height(row, LINE * f64::from(lines.unwrap_or(1).max(2)))?;
        sheet.write_with_format(row, 0, self.count, &self.middle)?;
        // Rows are written from left to right: what is written leaves memory.
        for column in 1..=LAST {
            let at = match column {
                5 => entry.due_at,
                8 => letter.new_return_at,
                _ => None,
            };
            match (column, at, promulgation) {
                (5 | 8, Some(at), _) => sheet.write_datetime_with_format(row, column, at, &self.time)?,
                (10, _, Some(promulgation)) => {
                    sheet.write_datetime_with_format(row, column, promulgation.on, &self.date)?
                }
                _ => {
                    let text =
                        texts.iter().find(|(place, _)| *place == usize::from(column)).map_or("", |(_, text)| text);
                    sheet.write_string_with_format(row, column, text, &self.text)?
                }
            };
        }
        self.row += 1;
        Ok(())
    }

    /// Closes the register and answers the file.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn finish(mut self) -> Result<Vec<u8>, SheetError> {
        let last = format!("Tổng số: {} văn bản. {}", self.count, counted_until(self.made_at.naive_local()));
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.write_string_with_format(self.row, 0, last, &plain().set_italic())?;
        Ok(self.workbook.save_to_buffer()?)
    }
}

const fn kind(letter: &Letter) -> &'static str {
    match letter.kind {
        LetterKind::Late => "Quá hạn",
        LetterKind::AtRisk => "Có thể quá hạn",
        LetterKind::Lost => "Mất hồ sơ",
        LetterKind::Damaged => "Hư hỏng hồ sơ",
        LetterKind::Misconduct => "Vi phạm quy tắc ứng xử",
    }
}

fn state(letter: &Letter) -> String {
    let state = match letter.status {
        LetterStatus::Draft => "Dự thảo",
        LetterStatus::Submitted => "Chờ ký",
        LetterStatus::Issued => "Đã ban hành",
        LetterStatus::Delivered => "Đã gửi",
        LetterStatus::Rejected => "Trả lại để sửa",
        LetterStatus::Cancelled => "Đã hủy",
    };
    match letter.delivered {
        Some((channel, at)) => format!("{state} {} ngày {}", way(channel), at.format("%d/%m/%Y")),
        None => state.to_owned(),
    }
}

const fn way(channel: LetterChannel) -> &'static str {
    match channel {
        LetterChannel::Counter => "tại quầy",
        LetterChannel::Postal => "qua bưu chính",
        LetterChannel::Email => "qua thư điện tử",
        LetterChannel::Sms => "qua tin nhắn",
        LetterChannel::Phone => "qua điện thoại",
        LetterChannel::SocialNetwork => "qua mạng xã hội",
        LetterChannel::Portal => "qua cổng dịch vụ công",
    }
}
