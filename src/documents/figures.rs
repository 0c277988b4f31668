//! The table of forms II.06a and II.06b: thirteen columns, three rows of headings, sums as live formulas.

use rust_xlsxwriter::{Format, FormatAlign, Formula, Workbook, Worksheet};

use super::frame::{Head, write_foot, write_head};
use super::sheet::{Imprint, LINE, SheetError, cell, heading, lines_of, plain, set_page, workbook};
use crate::domain::form_06a::columns;
use crate::domain::statistics::Tally;

/// Lines that belong together, under a line of their own that sums them up or, without one, straight under the total.
pub(super) struct Block<'a> {
    /// Number and name of the line above.
    pub(super) head: Option<(String, &'a str)>,
    /// Name and figures of each line.
    pub(super) lines: Vec<(&'a str, &'a Tally)>,
    /// All lines together.
    pub(super) total: Tally,
}

/// Row of the unit, above the headings.
const UNIT: u32 = 4;
/// First of three rows of headings.
const HEADINGS: u32 = 5;
/// Row of the column numbers.
const NUMBERS: u32 = 8;
/// First row of figures.
const FIRST: u32 = 9;
/// Where column 3 of the form stands.
const FIGURES: u16 = 2;
/// Where column 13 stands.
const LAST: u16 = 12;
/// Width of column 2, in characters.
const NAME_WIDTH: u16 = 38;
/// Up to so many lines still read well when shrunk to one page.
const LINES_ON_A_PAGE: usize = 30;

/// Wholes among columns 3 to 13 with the first and the last of their parts, counted from column 3.
const WHOLES: [(usize, usize, usize); 3] = [(0, 1, 3), (4, 5, 7), (8, 9, 10)];

/// Writes a whole form.
///
/// # Errors
/// [`SheetError`].
pub(super) fn write(
    head: &Head<'_>,
    second_column: &str,
    blocks: &[Block<'_>],
    total: &Tally,
    imprint: Imprint,
) -> Result<Vec<u8>, SheetError> {
    let mut workbook: Workbook = workbook(head.title, imprint.made_at)?;
    let sheet = workbook.add_worksheet();
    sheet.set_name("Biểu")?;
    let widths = [5, NAME_WIDTH, 14, 9, 11, 9, 14, 9, 9, 9, 14, 9, 9];
    for (column, width) in (0..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    write_head(sheet, head)?;
    write_headings(sheet, second_column)?;
    let mut table = Table { sheet, row: FIRST, addends: Vec::new() };
    for block in blocks {
        table.block(block)?;
    }
    table.total(total)?;
    let (end, count) = (table.row, blocks.iter().map(|block| block.lines.len() + 1).sum::<usize>());
    let pages_tall = u16::from(count <= LINES_ON_A_PAGE);
    set_page(sheet, (HEADINGS, NUMBERS), pages_tall)?;
    write_foot(sheet, end, imprint)?;
    Ok(workbook.save_to_buffer()?)
}

fn write_headings(sheet: &mut Worksheet, second_column: &str) -> Result<(), SheetError> {
    let unit = plain().set_italic().set_align(FormatAlign::Right);
    sheet.write_string_with_format(UNIT, LAST, "Đơn vị tính: Số hồ sơ TTHC", &unit)?;
    let bold = heading();
    let (top, middle, bottom) = (HEADINGS, HEADINGS + 1, HEADINGS + 2);
    for (row, height) in [(UNIT, 20), (top, 20), (middle, 32), (bottom, 48), (NUMBERS, 18)] {
        sheet.set_row_height(row, height)?;
    }
    let mut write = |rows: (u32, u32), columns: (u16, u16), text: &str| {
        sheet.merge_range(rows.0, columns.0, rows.1, columns.1, text, &bold).map(drop)
    };
    write((top, bottom), (0, 0), "STT")?;
    write((top, bottom), (1, 1), second_column)?;
    write((top, top), (2, 5), "Số hồ sơ nhận giải quyết")?;
    write((top, top), (6, 9), "Số hồ sơ đã giải quyết")?;
    write((top, top), (10, 12), "Số hồ sơ đang giải quyết")?;
    write((middle, middle), (3, 4), "Tiếp nhận mới trong kỳ")?;
    for (column, text) in [
        (2, "Tổng số"),
        (5, "Từ kỳ trước"),
        (6, "Tổng số"),
        (7, "Trước hạn"),
        (8, "Đúng hạn"),
        (9, "Quá hạn"),
        (10, "Tổng số"),
        (11, "Trong hạn"),
        (12, "Quá hạn"),
    ] {
        write((middle, bottom), (column, column), text)?;
    }
    sheet.write_string_with_format(bottom, 3, "Trực tuyến", &bold)?;
    sheet.write_string_with_format(bottom, 4, "Trực tiếp, dịch vụ bưu chính", &bold)?;
    let small = cell().set_align(FormatAlign::Center).set_italic().set_font_size(9);
    for column in 0..=LAST {
        let text = match column {
            2 => "(3)=(4)+(5)+(6)".to_owned(),
            6 => "(7)=(8)+(9)+(10)".to_owned(),
            10 => "(11)=(12)+(13)".to_owned(),
            _ => format!("({})", column + 1),
        };
        sheet.write_string_with_format(NUMBERS, column, text, &small)?;
    }
    Ok(())
}

/// The lines of the table as they are written, one below the other.
struct Table<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    /// Rows that the total sums up, from and to.
    addends: Vec<(u32, u32)>,
}

impl Table<'_> {
    fn block(&mut self, block: &Block<'_>) -> Result<(), SheetError> {
        let count = u32::try_from(block.lines.len()).unwrap_or(u32::MAX);
        if let Some((no, name)) = &block.head {
            self.addends.push((self.row, self.row));
            self.line((no, name), &block.total, Some(&[(self.row + 1, self.row + count)]), true)?;
        } else if count > 0 {
            self.addends.push((self.row, self.row + count - 1));
        }
        for (no, (name, tally)) in (1..).zip(&block.lines) {
            self.line((&no.to_string(), name), tally, None, false)?;
        }
        Ok(())
    }

    /// Writes the total and, below it, whether everything received is resolved or in progress.
    fn total(&mut self, total: &Tally) -> Result<(), SheetError> {
        let addends = std::mem::take(&mut self.addends);
        let summed = Some(addends.as_slice()).filter(|addends| !addends.is_empty());
        self.line(("", "TỔNG SỐ"), total, summed, true)?;
        let (above, row) = (self.row - 1, self.row);
        let (text, figure) = (cell().set_italic(), figure_format().set_italic());
        let rest = total.received() - total.resolved() - total.in_progress();
        let difference = format!("={}-{}-{}", name_of(above, 0), name_of(above, 4), name_of(above, 8));
        let verdict = format!("=IF({}=0,\"Cân đối\",\"Không cân đối\")", name_of(row, 0));
        let said = if rest == 0 { "Cân đối" } else { "Không cân đối" };
        self.sheet.write_string_with_format(row, 0, "", &text)?;
        self.sheet.write_string_with_format(row, 1, "Kiểm tra: (3) − (7) − (11)", &text.clone().set_indent(1))?;
        write_formula(self.sheet, (row, FIGURES), difference, &rest.to_string(), &figure)?;
        self.sheet.merge_range(row, FIGURES + 1, row, LAST, "", &text)?;
        write_formula(self.sheet, (row, FIGURES + 1), verdict, said, &text)?;
        self.row += 1;
        Ok(())
    }

    /// Writes one line; its parts are sums of the rows in `summed` or, without any, plain figures.
    fn line(
        &mut self,
        (no, name): (&str, &str),
        tally: &Tally,
        summed: Option<&[(u32, u32)]>,
        bold: bool,
    ) -> Result<(), SheetError> {
        let weighted = |format: Format| if bold { format.set_bold() } else { format };
        let figure = weighted(figure_format());
        let row = self.row;
        self.sheet.set_row_height(row, LINE * f64::from(lines_of(name, usize::from(NAME_WIDTH) - 3)) + 1.0)?;
        self.sheet.write_string_with_format(row, 0, no, &weighted(cell().set_align(FormatAlign::Center)))?;
        self.sheet.write_string_with_format(row, 1, name, &weighted(cell().set_indent(1)))?;
        for (index, value) in columns(tally).into_iter().enumerate() {
            let place = (row, column_at(index));
            let whole = WHOLES.iter().find(|(whole, ..)| *whole == index);
            let formula = match (whole, summed) {
                (Some((_, first, last)), _) => {
                    let parts: Vec<String> = (*first..=*last).map(|part| name_of(row, part)).collect();
                    format!("={}", parts.join("+"))
                }
                (None, Some(rows)) => {
                    let ranges: Vec<String> = rows.iter().map(|rows| range_name(*rows, index)).collect();
                    format!("=SUM({})", ranges.join(","))
                }
                (None, None) => {
                    self.sheet.write_with_format(place.0, place.1, value, &figure)?;
                    continue;
                }
            };
            write_formula(self.sheet, place, formula, &value.to_string(), &figure)?;
        }
        self.row += 1;
        Ok(())
    }
}

fn figure_format() -> Format {
    cell().set_align(FormatAlign::Center).set_num_format("#,##0")
}

/// Writes a formula with what comes out of it, for readers that do not reckon.
fn write_formula(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    formula: String,
    result: &str,
    format: &Format,
) -> Result<(), SheetError> {
    sheet.write_formula_with_format(row, column, Formula::new(formula).set_result(result), format)?;
    Ok(())
}

fn column_at(index: usize) -> u16 {
    FIGURES + u16::try_from(index).unwrap_or_default()
}

/// Name of the cell in `row` of the column so far from column 3.
fn name_of(row: u32, index: usize) -> String {
    rust_xlsxwriter::row_col_to_cell(row, column_at(index))
}

fn range_name((first, last): (u32, u32), index: usize) -> String {
    rust_xlsxwriter::cell_range(first, column_at(index), last, column_at(index))
}

#[cfg(test)]
mod tests;
