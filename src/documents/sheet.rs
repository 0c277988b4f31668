//! What printed sheets share: the page, the fonts, the head of a form, the signatures.

use chrono::{DateTime, Datelike, FixedOffset};
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

/// A line to be filled in by hand.
pub(super) const BLANK: &str = "……………………………";
const FONT: &str = "Times New Roman";
/// A4 (210 × 297 mm), in the numbering of the file format.
const A4: u8 = 9;

/// The head of a form.
pub(super) struct Head<'a> {
    /// Number of the form, or what the sheet is.
    pub(super) form: &'a str,
    /// Its title.
    pub(super) title: &'a str,
    /// Name of the agency; empty when it is to be filled in.
    pub(super) agency: &'a str,
    /// The period.
    pub(super) period: Period,
    /// Last columns of its left, middle and right part.
    pub(super) parts: [u16; 3],
}

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

/// A4 landscape, as wide as the page, with these rows repeated on each and the pages numbered.
pub(super) fn set_page(sheet: &mut Worksheet, repeated: (u32, u32), pages_tall: u16) -> Result<(), SheetError> {
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, pages_tall);
    sheet.set_margins(0.5, 0.4, 0.5, 0.6, 0.2, 0.3).set_print_center_horizontally(true);
    sheet.set_repeat_rows(repeated.0, repeated.1)?;
    sheet.set_freeze_panes(repeated.1 + 1, 0)?;
    sheet.set_footer(format!("&C&\"{FONT},Regular\"&9Trang &P/&N"));
    Ok(())
}

/// Writes the head into the first four rows.
pub(super) fn write_head(sheet: &mut Worksheet, head: &Head<'_>) -> Result<(), SheetError> {
    let [left, middle, right] = head.parts;
    let agency = if head.agency.is_empty() { BLANK } else { head.agency };
    let (label, bold) = (plain().set_text_wrap(), plain().set_text_wrap().set_bold());
    let (title, period) = (centred().set_bold().set_font_size(13), centred().set_italic());
    sheet.set_row_height(0, 22)?;
    sheet.set_row_height(1, 15.0 * f64::from(lines_of(agency, 26).max(2)))?;
    sheet.merge_range(0, 0, 0, left, head.form, &bold)?;
    sheet.merge_range(0, left + 1, 1, middle, head.title, &title)?;
    sheet.merge_range(0, middle + 1, 0, right, "Đơn vị báo cáo:", &label)?;
    sheet.merge_range(1, middle + 1, 1, right, agency, &bold.set_align(FormatAlign::Top))?;
    let name = period_name(head.period).map_or_else(String::new, |name| format!("Kỳ báo cáo: {name}"));
    sheet.merge_range(2, left + 1, 2, middle, &name, &centred().set_bold())?;
    sheet.merge_range(2, middle + 1, 2, right, "Đơn vị nhận báo cáo:", &label)?;
    let [from, to] = [head.period.from, head.period.to].map(|date| date.format("%d/%m/%Y"));
    sheet.merge_range(3, left + 1, 3, middle, &format!("(Từ ngày {from} đến ngày {to})"), &period)?;
    sheet.merge_range(3, middle + 1, 3, right, BLANK, &label)?;
    Ok(())
}

/// Writes up to when the sheet counts, the date, and who signs, from `row` on.
pub(super) fn write_foot(
    sheet: &mut Worksheet,
    row: u32,
    imprint: Imprint,
    (left, right): ((u16, u16), (u16, u16)),
) -> Result<(), SheetError> {
    let as_of = imprint.as_of.format("Số liệu tính đến %H giờ %M phút %S giây ngày %d/%m/%Y.").to_string();
    sheet.set_row_height(row, 20)?;
    sheet.write_string_with_format(row, 0, as_of, &plain().set_italic())?;
    let (bold, italic) = (centred().set_bold(), centred().set_italic());
    let on = imprint.made_at;
    let on = format!("…………………, ngày {:02} tháng {:02} năm {}", on.day(), on.month(), on.year());
    sheet.merge_range(row + 1, right.0, row + 1, right.1, &on, &italic)?;
    for (span, who) in [(left, "NGƯỜI LẬP BIỂU"), (right, "THỦ TRƯỞNG ĐƠN VỊ")] {
        sheet.merge_range(row + 2, span.0, row + 2, span.1, who, &bold)?;
        sheet.merge_range(row + 3, span.0, row + 3, span.1, "(Ký, ghi rõ họ tên)", &italic)?;
    }
    Ok(())
}

/// On how many lines a text stands where so many characters fit on one.
fn lines_of(text: &str, fit: usize) -> u16 {
    u16::try_from(text.chars().count().div_ceil(fit)).unwrap_or(u16::MAX)
}

/// A period as the head names it, when it is one of the presets.
fn period_name(period: Period) -> Option<String> {
    const NAMES: [(&str, &str); 8] = [
        ("", "Năm"),
        ("-H1", "6 tháng đầu năm"),
        ("-H2", "6 tháng cuối năm"),
        ("-9M", "9 tháng đầu năm"),
        ("-Q1", "Quý I năm"),
        ("-Q2", "Quý II năm"),
        ("-Q3", "Quý III năm"),
        ("-Q4", "Quý IV năm"),
    ];
    let year = period.to.year();
    let is = |suffix: &str| Period::preset(&format!("{year}{suffix}")).is_ok_and(|preset| preset == period);
    let month = period.to.month();
    if is(&format!("-M{month:02}")) {
        return Some(format!("Tháng {month} năm {year}"));
    }
    NAMES.iter().find(|(suffix, _)| is(suffix)).map(|(_, name)| format!("{name} {year}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_names_of_the_form() {
        for (preset, name) in [
            ("2023", "Năm 2023"),
            ("2023-H1", "6 tháng đầu năm 2023"),
            ("2023-H2", "6 tháng cuối năm 2023"),
            ("2023-9M", "9 tháng đầu năm 2023"),
            ("2023-Q1", "Quý I năm 2023"),
            ("2023-Q4", "Quý IV năm 2023"),
            // From 15 December of the year before: the period is named after its end.
            ("2023-M01", "Tháng 1 năm 2023"),
            ("2023-M12", "Tháng 12 năm 2023"),
        ] {
            assert_eq!(period_name(Period::preset(preset).unwrap()).as_deref(), Some(name));
        }
        let free = Period::new("2023-01-01".parse().unwrap(), "2023-01-31".parse().unwrap()).unwrap();
        assert_eq!(period_name(free), None);
    }
}
