//! The register of dossiers (sổ theo dõi hồ sơ) as a workbook, written row by row however long it is.

use chrono::{DateTime, FixedOffset};
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet};

use super::sheet::{LINE, RegisterHead, SheetError, cell, counted_until, heading, lines_of, plain, register_book};
use crate::domain::register::Entry;
use crate::domain::statistics::Period;

const TITLE: &str = "SỔ THEO DÕI HỒ SƠ";
/// First of two rows of headings.
const HEADINGS: u32 = 4;
/// Row of the column numbers.
const NUMBERS: u32 = 6;
/// The last column.
const LAST: u16 = 11;
/// Headings with the widths of their columns; from [`RESULT`] to the last but one they stand under a common one.
const COLUMNS: [(&str, u16); 12] = [
    ("STT", 7),
    ("Mã hồ sơ", 25),
    ("Tên thủ tục hành chính", 30),
    ("Tên cá nhân, tổ chức", 21),
    ("Địa chỉ, số điện thoại", 25),
    ("Cơ quan chủ trì giải quyết", 28),
    ("Nhận hồ sơ", 17),
    ("Hẹn trả kết quả", 17),
    ("Trả kết quả", 17),
    ("Phương thức nhận kết quả", 12),
    ("Ký nhận", 9),
    ("Ghi chú", 13),
];
/// The first column under the common heading.
const RESULT: u16 = 6;

/// A register that is being written; rows already written take no memory.
pub struct Register {
    workbook: Workbook,
    row: u32,
    count: u32,
    made_at: DateTime<FixedOffset>,
    text: Format,
    middle: Format,
    time: Format,
}

impl Register {
    /// Begins the register of an agency (empty: of all); entries are as they stand at `made_at`.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn open(agency: &str, period: Period, made_at: DateTime<FixedOffset>) -> Result<Self, SheetError> {
        let head =
            RegisterHead { title: TITLE, name: "Sổ theo dõi", columns: &COLUMNS, headings: (HEADINGS, NUMBERS) };
        let mut workbook = register_book(&head, agency, period, made_at)?;
        write_headings(workbook.worksheet_from_index(0)?)?;
        let middle = cell().set_align(FormatAlign::Center);
        let time = middle.clone().set_num_format("hh:mm dd/mm/yyyy");
        Ok(Self { workbook, row: NUMBERS + 1, count: 0, made_at, text: cell(), middle, time })
    }

    /// Writes an entry below the others.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn write(&mut self, entry: &Entry) -> Result<(), SheetError> {
        self.count += 1;
        let (row, text, middle, time) = (self.row, &self.text, &self.middle, &self.time);
        let sheet = self.workbook.worksheet_from_index(0)?;
        let texts = [&entry.code, &entry.procedure, &entry.applicant, &entry.contact(), &entry.agency];
        let remark = entry.remark();
        let wrapped = texts.into_iter().zip(&COLUMNS[1..]).chain([(&remark, &COLUMNS[11])]);
        let lines = wrapped.map(|(written, (_, width))| lines_of(written, usize::from(*width) - 1)).max();
        sheet.set_row_height(row, LINE * f64::from(lines.unwrap_or(1)))?;
        sheet.write_with_format(row, 0, self.count, middle)?;
        for (column, written) in (1..).zip(texts) {
            sheet.write_string_with_format(row, column, written, text)?;
        }
        for (column, at) in (RESULT..).zip([Some(entry.received_at), entry.due_at, entry.returned_at]) {
            match at {
                Some(at) => sheet.write_datetime_with_format(row, column, at, time)?,
                None => sheet.write_blank(row, column, time)?,
            };
        }
        sheet.write_string_with_format(row, 9, entry.delivery_name(), middle)?;
        sheet.write_blank(row, 10, text)?;
        sheet.write_string_with_format(row, LAST, remark, text)?;
        self.row += 1;
        Ok(())
    }

    /// Closes the register and answers the file.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn finish(mut self) -> Result<Vec<u8>, SheetError> {
        let last = format!("Tổng số: {} hồ sơ. {}", self.count, counted_until(self.made_at.naive_local()));
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.write_string_with_format(self.row, 0, last, &plain().set_italic())?;
        Ok(self.workbook.save_to_buffer()?)
    }
}

fn write_headings(sheet: &mut Worksheet) -> Result<(), SheetError> {
    let bold = heading();
    let small = cell().set_align(FormatAlign::Center).set_italic().set_font_size(9);
    sheet.set_row_height(HEADINGS, 20)?;
    sheet.set_row_height(HEADINGS + 1, 48)?;
    for (column, (text, _)) in (0..).zip(COLUMNS) {
        if column == RESULT {
            sheet.merge_range(HEADINGS, RESULT, HEADINGS, LAST - 1, "Nhận và trả kết quả", &bold)?;
        } else if !(RESULT..LAST).contains(&column) {
            sheet.merge_range(HEADINGS, column, HEADINGS + 1, column, text, &bold)?;
        }
    }
    for (column, (text, _)) in (0..).zip(COLUMNS) {
        if (RESULT..LAST).contains(&column) {
            sheet.write_string_with_format(HEADINGS + 1, column, text, &bold)?;
        }
    }
    for column in 0..=LAST {
        sheet.write_string_with_format(NUMBERS, column, format!("({})", column + 1), &small)?;
    }
    Ok(())
}
