//! What frames the table of a report form: its head above, dates and signatures below.

use chrono::Datelike;
use rust_xlsxwriter::{FormatAlign, Worksheet};

use super::sheet::{Imprint, LINE, SheetError, centred, counted_until, days, lines_of, plain};
use crate::domain::statistics::Period;

/// A line to be filled in by hand.
const BLANK: &str = "……………………………";
/// The last columns of the left, the middle and the right part of the head.
const PARTS: [u16; 3] = [2, 9, 12];
/// The first and the last column of each signature.
const SIGNATURES: [(u16, u16); 2] = [(1, 2), (7, 12)];

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
}

/// Writes the head into the first four rows.
pub(super) fn write_head(sheet: &mut Worksheet, head: &Head<'_>) -> Result<(), SheetError> {
    let [left, middle, right] = PARTS;
    let agency = if head.agency.is_empty() { BLANK } else { head.agency };
    let (label, bold) = (plain().set_text_wrap(), plain().set_text_wrap().set_bold());
    let (title, period) = (centred().set_bold().set_font_size(12), centred().set_italic());
    sheet.set_row_height(0, 22)?;
    sheet.set_row_height(1, LINE * f64::from(lines_of(agency, 26).max(2)))?;
    sheet.merge_range(0, 0, 0, left, head.form, &bold)?;
    sheet.merge_range(0, left + 1, 1, middle, head.title, &title)?;
    sheet.merge_range(0, middle + 1, 0, right, "Đơn vị báo cáo:", &label)?;
    sheet.merge_range(1, middle + 1, 1, right, agency, &bold.set_align(FormatAlign::Top))?;
    let name = period_name(head.period).map_or_else(String::new, |name| format!("Kỳ báo cáo: {name}"));
    sheet.merge_range(2, left + 1, 2, middle, &name, &centred().set_bold())?;
    sheet.merge_range(2, middle + 1, 2, right, "Đơn vị nhận báo cáo:", &label)?;
    sheet.merge_range(3, left + 1, 3, middle, &days(head.period), &period)?;
    sheet.merge_range(3, middle + 1, 3, right, BLANK, &label)?;
    Ok(())
}

/// Writes up to when the sheet counts, the date, and who signs, from `row` on.
pub(super) fn write_foot(sheet: &mut Worksheet, row: u32, imprint: Imprint) -> Result<(), SheetError> {
    let ([left, right], bold, italic) = (SIGNATURES, centred().set_bold(), centred().set_italic());
    sheet.set_row_height(row, 20)?;
    sheet.write_string_with_format(row, 0, counted_until(imprint.as_of), &plain().set_italic())?;
    let on = imprint.made_at;
    let on = format!("…………………, ngày {:02} tháng {:02} năm {}", on.day(), on.month(), on.year());
    sheet.merge_range(row + 1, right.0, row + 1, right.1, &on, &italic)?;
    for (span, who) in [(left, "NGƯỜI LẬP BIỂU"), (right, "THỦ TRƯỞNG ĐƠN VỊ")] {
        sheet.merge_range(row + 2, span.0, row + 2, span.1, who, &bold)?;
        sheet.merge_range(row + 3, span.0, row + 3, span.1, "(Ký, ghi rõ họ tên)", &italic)?;
    }
    Ok(())
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
