//! The catalogue as a sheet: a line of headings and one line for each procedure, written and read back to the same.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde_json::{Map, Value, json};

use super::form_06a::quoted;
use super::procedure_cells::{self as cells, Kind};
use super::sheet::{SheetError, cell, column_letters, heading, workbook};
use super::table::{self, Cell, Trouble};
use crate::folding::words;

/// The columns: member of the API, heading, what the cells hold, width.
const COLUMNS: [(&str, &str, Kind, u16); 22] = [
    ("code", "Mã thủ tục", Kind::Text, 14),
    ("name", "Tên thủ tục", Kind::Text, 50),
    ("field", "Mã lĩnh vực", Kind::Text, 12),
    ("level", "Cấp", Kind::Level, 10),
    ("online_level", "Mức độ trực tuyến", Kind::OnlineLevel, 14),
    ("old_online_level", "Mức độ cũ", Kind::Text, 8),
    ("agency", "Cơ quan", Kind::Text, 18),
    ("rule", "Thời hạn", Kind::Rule, 20),
    ("online_rule", "Thời hạn trực tuyến", Kind::Rule, 20),
    ("postal_rule", "Thời hạn bưu chính", Kind::Rule, 20),
    ("cases", "Trường hợp", Kind::Cases, 40),
    ("valid_from", "Hiệu lực từ", Kind::Day, 12),
    ("decision", "Quyết định công bố", Kind::Text, 20),
    ("components", "Thành phần hồ sơ", Kind::Components, 40),
    ("sets", "Số bộ", Kind::Number, 8),
    ("fees", "Phí, lệ phí", Kind::Fees, 30),
    ("steps", "Trình tự", Kind::Lines, 40),
    ("applicants", "Đối tượng", Kind::Lines, 20),
    ("results", "Kết quả", Kind::Lines, 30),
    ("conditions", "Điều kiện", Kind::Lines, 30),
    ("grounds", "Căn cứ pháp lý", Kind::Lines, 30),
    ("implemented_by", "Cấp thực hiện", Kind::Levels, 15),
];
/// Columns that a sheet cannot do without.
const NEEDED: [&str; 6] = ["code", "name", "field", "level", "online_level", "rule"];

/// A line read: the procedure as the API takes it, and what is amiss with its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Row as spreadsheets number it.
    pub row: u32,
    /// The members of the procedure.
    pub body: Value,
    /// What is amiss.
    pub troubles: Vec<Trouble>,
}

/// A sheet read.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its lines.
    pub lines: Vec<Line>,
    /// What is amiss with the headings.
    pub troubles: Vec<Trouble>,
    /// The letters of the columns by their members.
    places: BTreeMap<&'static str, String>,
}

impl Sheet {
    /// Where a member stands, by a JSON Pointer to or into it; nothing where the sheet has no column for it.
    pub fn column_of(&self, pointer: &str) -> String {
        let member = pointer.split('/').nth(1).unwrap_or_default();
        self.places.get(member).cloned().unwrap_or_default()
    }
}

/// The heading of the column that a trouble is in, if it is one of the catalogue's.
pub fn heading_of(sheet: &Sheet, column: &str) -> Option<&'static str> {
    let member = sheet.places.iter().find(|(_, letters)| *letters == column)?.0;
    COLUMNS.iter().find(|(known, ..)| known == member).map(|(_, heading, ..)| *heading)
}

/// Procedures, as the API writes them, as a workbook.
///
/// # Errors
/// [`SheetError`].
pub fn xlsx(procedures: &[Value], made_at: DateTime<FixedOffset>) -> Result<Vec<u8>, SheetError> {
    let mut workbook = workbook("Danh mục thủ tục hành chính", made_at)?;
    let sheet = workbook.add_worksheet();
    sheet.set_name("Danh mục")?;
    let (text, bold, day) = (cell(), heading(), cell().set_num_format("yyyy-mm-dd"));
    for (column, (_, heading, _, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, heading, &bold)?;
    }
    sheet.set_freeze_panes(1, 2)?;
    for (row, procedure) in (1..).zip(procedures) {
        for (column, (member, _, kind, _)) in (0..).zip(COLUMNS) {
            let written = cells::written(kind, &procedure[member]);
            match written.parse::<NaiveDate>() {
                Ok(date) if kind == Kind::Day => {
                    sheet.write_datetime_with_format(row, column, date, &day)?;
                }
                _ => {
                    sheet.write_string_with_format(row, column, &written, &text)?;
                }
            }
        }
    }
    Ok(workbook.save_to_buffer()?)
}

/// The same as CSV with a byte-order mark.
pub fn csv(procedures: &[Value]) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n";
    let mut text = String::from("\u{feff}");
    text.push_str(&line(COLUMNS.iter().map(|(_, heading, ..)| (*heading).to_owned()).collect()));
    for procedure in procedures {
        text.push_str(&line(
            COLUMNS.iter().map(|(member, _, kind, _)| cells::written(*kind, &procedure[member])).collect(),
        ));
    }
    text
}

/// Reads a sheet, a workbook or CSV; columns may stand in any order, under their headings or the names of the API.
///
/// # Errors
/// A [`Trouble`] with the whole file.
pub fn read(bytes: &[u8]) -> Result<Sheet, Trouble> {
    let mut table = table::read(bytes)?;
    let Some((row, headings)) = table.rows.pop_first() else {
        return Err(Trouble { row: 0, column: String::new(), code: "not_a_table" });
    };
    let mut sheet = Sheet { lines: Vec::new(), troubles: std::mem::take(&mut table.troubles), places: BTreeMap::new() };
    let mut columns: BTreeMap<u32, usize> = BTreeMap::new();
    for (column, heading) in &headings {
        let place = |code| Trouble { row: row + 1, column: column_letters(*column), code };
        match known(heading) {
            Some(index) if columns.values().any(|other| *other == index) => {
                sheet.troubles.push(place("heading_repeated"));
            }
            Some(index) => {
                columns.insert(*column, index);
                sheet.places.insert(COLUMNS[index].0, column_letters(*column));
            }
            None => sheet.troubles.push(place("heading_unknown")),
        }
    }
    if NEEDED.iter().any(|member| !sheet.places.contains_key(member)) {
        sheet.troubles.push(Trouble { row: row + 1, column: String::new(), code: "heading_missing" });
        return Ok(sheet);
    }
    for (row, line) in &table.rows {
        if line.values().any(|cell| known(cell).is_some() || is_number_of_column(cell)) && !is_procedure(line, &columns)
        {
            sheet.troubles.push(Trouble { row: row + 1, column: String::new(), code: "second_heading_row" });
            continue;
        }
        sheet.lines.push(read_line(*row, line, &columns, table.is_text));
    }
    Ok(sheet)
}

/// The column that a heading names, whatever its case, its diacritics and its punctuation.
fn known(heading: &Cell) -> Option<usize> {
    let Cell::Text(text) = heading else { return None };
    let said = words(text);
    COLUMNS.iter().position(|(member, heading, ..)| said == words(heading) || text.trim() == *member)
}

/// Whether a cell numbers its column, as `(1)`.
fn is_number_of_column(cell: &Cell) -> bool {
    let Cell::Text(text) = cell else { return false };
    let inner = text.trim().strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    inner.is_some_and(|inner| inner.parse::<u8>().is_ok())
}

/// Whether a line has a code that is no heading.
fn is_procedure(line: &BTreeMap<u32, Cell>, columns: &BTreeMap<u32, usize>) -> bool {
    let code = columns.iter().find(|(_, index)| COLUMNS[**index].0 == "code").and_then(|(column, _)| line.get(column));
    code.is_some_and(|code| known(code).is_none() && !is_number_of_column(code))
}

fn read_line(row: u32, line: &BTreeMap<u32, Cell>, columns: &BTreeMap<u32, usize>, is_text: bool) -> Line {
    let mut body = Map::new();
    let mut troubles = Vec::new();
    for (column, cell) in line {
        let Some((member, _, kind, _)) = columns.get(column).map(|index| COLUMNS[*index]) else { continue };
        let value = match (cell, kind) {
            (Cell::Moment(at), Kind::Day) => Ok(json!(at.date())),
            (Cell::Text(text), Kind::Day) if is_text => cells::read(kind, text),
            (Cell::Text(_), Kind::Day) => Err("date_as_text"),
            (Cell::Moment(_), _) => Err("invalid_value"),
            (Cell::Text(text), _) => cells::read(kind, text),
        };
        match value {
            Ok(value) => {
                body.insert(member.to_owned(), value);
            }
            Err(code) => troubles.push(Trouble { row: row + 1, column: column_letters(*column), code }),
        }
    }
    Line { row: row + 1, body: body.into(), troubles }
}
