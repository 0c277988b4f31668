//! A table that people filled in, read from a workbook or CSV into cells, with the place of everything that is amiss.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};
use chrono::NaiveDate;

use super::sheet::column_letters;

/// Most rows that are taken.
const MOST_ROWS: usize = 20_000;
/// Most columns that are looked at.
const MOST_COLUMNS: u32 = 200;
/// A workbook that unpacks to more than this is not opened, in bytes.
const UNPACKED: u64 = 200 << 20;
/// A part in a ZIP archive's list: its sign, and where the unpacked size stands.
const ZIP_PART: (&[u8], usize) = (b"PK\x01\x02", 24);
/// How workbooks from before 2007 begin (OLE compound files).
const OLD_WORKBOOK: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// What is amiss, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Row as spreadsheets number it; 0 is the whole file.
    pub row: u32,
    /// Letters of the column; empty is the whole row.
    pub column: String,
    /// The rule, by name.
    pub code: &'static str,
}

impl Trouble {
    fn at((row, column): (u32, u32), code: &'static str) -> Self {
        Self { row: row + 1, column: column_letters(column), code }
    }
}

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text, or a number as it is shown.
    Text(String),
    /// A date that the spreadsheet knows as one.
    Day(NaiveDate),
}

/// A table as it was read: rows from 0, each with its cells by column from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The rows that are not empty.
    pub rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    /// What is amiss with single cells.
    pub troubles: Vec<Trouble>,
    /// Whether dates are written as texts, as in CSV.
    pub is_text: bool,
}

/// Reads the first sheet of an `.xlsx` workbook, or CSV in UTF-8 with commas, semicolons or tabs.
///
/// # Errors
/// A [`Trouble`] with the whole file.
pub fn read(bytes: &[u8]) -> Result<Table, Trouble> {
    let whole = |code| Trouble { row: 0, column: String::new(), code };
    if bytes.starts_with(b"PK") {
        if unpacked(bytes) > UNPACKED {
            return Err(whole("workbook_too_large"));
        }
        return workbook(bytes).map_err(whole);
    }
    if bytes.starts_with(OLD_WORKBOOK) {
        return Err(whole("old_workbook"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') && !text.trim().is_empty() => separated(text).map_err(whole),
        _ => Err(whole("not_a_table")),
    }
}

/// What the parts of an archive say they unpack to.
fn unpacked(bytes: &[u8]) -> u64 {
    let (sign, place) = ZIP_PART;
    let parts = bytes.windows(sign.len()).enumerate().filter(|(_, window)| *window == sign);
    let sizes = parts.filter_map(|(at, _)| bytes.get(at + place..at + place + 4)?.try_into().ok());
    sizes.map(|size| u64::from(u32::from_le_bytes(size))).sum()
}

fn workbook(bytes: &[u8]) -> Result<Table, &'static str> {
    const UNREADABLE: &str = "unreadable_workbook";
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    let name = workbook.sheet_names().first().cloned().ok_or(UNREADABLE)?;
    let mut table = Table::default();
    for merged in workbook.merge_cells_by_sheet_name(&name).map_err(|_| UNREADABLE)? {
        table.troubles.push(Trouble::at(merged.start, "merged_cells"));
    }
    let mut formulas = workbook.worksheet_cells_reader(&name).map_err(|_| UNREADABLE)?;
    while let Some(formula) = formulas.next_formula().map_err(|_| UNREADABLE)? {
        if !formula.get_value().is_empty() {
            table.troubles.push(Trouble::at(formula.get_position(), "formula"));
        }
    }
    drop(formulas);
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| UNREADABLE)?;
    while let Some(found) = cells.next_cell().map_err(|_| UNREADABLE)? {
        let (row, column) = found.get_position();
        let cell = match found.get_value() {
            DataRef::Empty => continue,
            DataRef::String(text) => Cell::Text(text.clone()),
            DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
            DataRef::Int(number) => Cell::Text(number.to_string()),
            DataRef::Float(number) => Cell::Text(number.to_string()),
            DataRef::Bool(truth) => Cell::Text(truth.to_string()),
            DataRef::DateTime(at) if at.is_datetime() => match at.as_datetime() {
                Some(at) => Cell::Day(at.date()),
                None => Cell::Text(at.as_f64().to_string()),
            },
            DataRef::DateTime(at) => Cell::Text(at.as_f64().to_string()),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
            DataRef::Error(_) => {
                table.troubles.push(Trouble::at((row, column), "cell_error"));
                continue;
            }
        };
        enter(&mut table, row, column, cell)?;
    }
    Ok(table)
}

fn separated(text: &str) -> Result<Table, &'static str> {
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(u8::try_from(separator).unwrap_or(b','));
    let mut table = Table { is_text: true, ..Table::default() };
    for (row, record) in (0..).zip(reader.from_reader(text.as_bytes()).records()) {
        let record = record.map_err(|_| "not_a_table")?;
        for (column, text) in (0..).zip(&record) {
            // Undoes what keeps a spreadsheet from taking a text for a formula.
            let guarded = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
            enter(&mut table, row, column, Cell::Text(guarded.unwrap_or(text).to_owned()))?;
        }
    }
    Ok(table)
}

fn enter(table: &mut Table, row: u32, column: u32, cell: Cell) -> Result<(), &'static str> {
    if matches!(&cell, Cell::Text(text) if text.trim().is_empty()) {
        return Ok(());
    }
    if column >= MOST_COLUMNS {
        return Err("too_many_columns");
    }
    table.rows.entry(row).or_default().insert(column, cell);
    if table.rows.len() > MOST_ROWS { Err("too_many_rows") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(bytes: &[u8]) -> Result<Vec<(u32, String, &'static str)>, &'static str> {
        let place = |trouble: Trouble| (trouble.row, trouble.column, trouble.code);
        read(bytes).map(|table| table.troubles.into_iter().map(place).collect()).map_err(|trouble| trouble.code)
    }

    #[test]
    fn what_is_no_table_is_said_to_be_none() {
        assert_eq!(codes(b"%PDF-1.7\n\0\0"), Err("not_a_table"));
        assert_eq!(codes(&[0xFF, 0xD8, 0xFF, 0xE0]), Err("not_a_table"));
        assert_eq!(codes(b""), Err("not_a_table"));
        assert_eq!(codes(&[OLD_WORKBOOK, &[0xA1, 0xB1, 0x1A, 0xE1]].concat()), Err("old_workbook"));
        assert_eq!(codes(b"PK\x03\x04 and nothing more"), Err("unreadable_workbook"));
        let mut bomb = b"PK\x03\x04PK\x01\x02".to_vec();
        bomb.extend([0xFF; 60]);
        assert_eq!(codes(&bomb), Err("workbook_too_large"));
    }

    #[test]
    fn merged_cells_and_formulas_are_named_by_their_place() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        let plain = rust_xlsxwriter::Format::new();
        sheet.merge_range(0, 1, 0, 2, "Chung", &plain).unwrap();
        sheet.write_formula(3, 27, "=1+1").unwrap();
        sheet.write_number(4, 0, 5).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let expected = vec![(1, "B".to_owned(), "merged_cells"), (4, "AB".to_owned(), "formula")];
        assert_eq!(codes(&bytes), Ok(expected));
        assert_eq!(read(&bytes).unwrap().rows[&4][&0], Cell::Text("5".to_owned()), "a whole number has no fraction");
    }

    #[test]
    fn csv_is_told_by_its_separator_and_texts_may_have_lines() {
        for text in ["\u{feff}a,b\r\n\"1\n2\",'=x\r\n", "a;b\n\"1\n2\";'=x\n", "a\tb\n\"1\n2\"\t'=x"] {
            let table = read(text.as_bytes()).unwrap();
            assert_eq!(table.rows[&1][&0], Cell::Text("1\n2".to_owned()), "{text:?}");
            assert_eq!(table.rows[&1][&1], Cell::Text("=x".to_owned()), "{text:?}");
        }
    }
}
