//! What printed sheets share: the page, the fonts, the formats of cells.

use chrono::{DateTime, FixedOffset};
use rust_xlsxwriter::{DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use crate::domain::statistics::Period;
use crate::domain::vocabulary::LocalTime;

/// A sheet could not be written.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct SheetError(#[from] XlsxError);

/// What is printed beside the figures. Nothing else differs between two sheets of the same figures, down to the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Imprint {
    /// The last instant looked at.
    pub as_of: LocalTime,
    /// When the sheet is made: its day stands above the signature.
    pub made_at: DateTime<FixedOffset>,
}

/// Height of a line of text, in points.
pub(super) const LINE: f64 = 15.0;
const FONT: &str = "Times New Roman";
/// A4 (210 × 297 mm), in the numbering of the file format.
const A4: u8 = 9;

/// Text outside tables.
pub(super) fn plain() -> Format {
    Format::new().set_font_name(FONT).set_font_size(11).set_align(FormatAlign::VerticalCenter)
}

/// Text outside tables, in the middle of its cells.
pub(super) fn centred() -> Format {
    plain().set_align(FormatAlign::Center).set_text_wrap()
}

/// A cell of a table.
pub(super) fn cell() -> Format {
    plain().set_border(FormatBorder::Thin).set_text_wrap()
}

/// A heading of a table.
pub(super) fn heading() -> Format {
    cell().set_bold().set_align(FormatAlign::Center)
}

/// A workbook that says when it was made, and nothing about the machine.
pub(super) fn workbook(title: &str, made_at: DateTime<FixedOffset>) -> Result<Workbook, SheetError> {
    let mut workbook = Workbook::new();
    workbook.set_default_format(&plain(), 20, 64)?;
    let properties = DocProperties::new().set_title(title).set_creation_datetime(&made_at.naive_utc());
    workbook.set_properties(&properties);
    Ok(workbook)
}

/// What a register is called, and how its columns stand.
pub(super) struct RegisterHead<'a> {
    /// Its title.
    pub(super) title: &'a str,
    /// Name of the sheet.
    pub(super) name: &'a str,
    /// Headings with the widths of their columns.
    pub(super) columns: &'a [(&'a str, u16)],
    /// First and last row of the headings, which every page repeats.
    pub(super) headings: (u32, u32),
}

/// A workbook with one sheet for a register, its head written; rows already written take no memory.
pub(super) fn register_book(
    head: &RegisterHead<'_>,
    agency: &str,
    period: Period,
    made_at: DateTime<FixedOffset>,
) -> Result<Workbook, SheetError> {
    let mut workbook = workbook(head.title, made_at)?;
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(head.name)?;
    let mut last = 0;
    for (column, (_, width)) in (0..).zip(head.columns) {
        sheet.set_column_width(column, *width)?;
        last = column;
    }
    set_page(sheet, head.headings, 0)?;
    sheet.merge_range(0, 0, 0, last, agency, &plain().set_bold())?;
    sheet.set_row_height(1, 24)?;
    sheet.merge_range(1, 0, 1, last, head.title, &centred().set_bold().set_font_size(14))?;
    sheet.merge_range(2, 0, 2, last, &days(period), &centred().set_italic())?;
    Ok(workbook)
}

/// A4 landscape, as wide as the page, with these rows repeated on each and the pages numbered.
pub(super) fn set_page(sheet: &mut Worksheet, repeated: (u32, u32), pages_tall: u16) -> Result<(), SheetError> {
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, pages_tall);
    sheet.set_margins(0.5, 0.4, 0.5, 0.6, 0.2, 0.3).set_print_center_horizontally(true);
    sheet.set_repeat_rows(repeated.0, repeated.1)?;
    sheet.set_freeze_panes(repeated.1 + 1, 0)?;
    sheet.set_footer(format!("&C&\"{FONT},Regular\"&9Trang &P/&N"));
    Ok(())
}

/// The first and the last day of a period, as sheets write them.
pub(super) fn days(period: Period) -> String {
    let [from, to] = [period.from, period.to].map(|date| date.format("%d/%m/%Y"));
    format!("(Từ ngày {from} đến ngày {to})")
}

/// Up to when a sheet counts.
pub(super) fn counted_until(as_of: LocalTime) -> String {
    as_of.format("Số liệu tính đến %H giờ %M phút %S giây ngày %d/%m/%Y.").to_string()
}

/// The letters of a column, counted from 0.
pub(super) fn column_letters(column: u32) -> String {
    let letter = |place: u32| char::from_u32(u32::from('A') + place).unwrap_or('?');
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, letter((rest - 1) % 26));
        rest = (rest - 1) / 26;
    }
    letters
}

/// On how many lines a text stands in a cell of so many characters. Not every program fits rows to wrapped text by itself.
pub(super) fn lines_of(text: &str, fit: usize) -> u32 {
    let mut lines = 0;
    for part in text.lines() {
        let mut used = 0;
        lines += 1;
        for word in part.split_whitespace().map(|word| word.chars().count()) {
            if used > 0 && used + 1 + word > fit {
                lines += 1;
                used = 0;
            }
            used += word + usize::from(used > 0);
            while used > fit {
                lines += 1;
                used -= fit;
            }
        }
    }
    lines.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_of_spreadsheets() {
        let letters: Vec<String> = [0, 25, 26, 701, 702].into_iter().map(column_letters).collect();
        assert_eq!(letters, ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    #[test]
    fn text_is_wrapped_at_words() {
        for (text, fit, lines) in [
            ("", 10, 1),
            ("Việc làm", 10, 1),
            ("Việc làm mới", 10, 2),
            ("Bảo hiểm thất nghiệp", 9, 3),
            ("H16.18-260302-0001", 9, 2),
            ("Thôn Thử\nxã Nghiệm", 20, 2),
        ] {
            assert_eq!(lines_of(text, fit), lines, "{text}");
        }
    }
}
