//! A table that people filled in, read from a workbook or CSV into cells, with the place of everything that is amiss.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::RangeInclusive;

use calamine::{DataRef, Dimensions, Reader, Xlsx};
use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::sheet::column_letters;

/// Most rows that are taken whole.
const MOST_ROWS: usize = 20_000;
/// Most columns that are looked at.
pub const MOST_COLUMNS: u32 = 200;
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

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text, or a number as it is shown.
    Text(String),
    /// A date, perhaps with a time, that the spreadsheet knows as one; whole seconds.
    Moment(NaiveDateTime),
}

/// What is amiss with cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// First and last column, from 0.
    pub columns: RangeInclusive<u32>,
    /// The rule, by name: `merged_cells`, `formula`, `cell_error`.
    pub code: &'static str,
}

/// A row, as it was read. A cell whose formula left a value is there, with its flaw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number as spreadsheets count, from 1.
    pub number: u32,
    /// Its cells that are not empty, by column from 0.
    pub cells: BTreeMap<u32, Cell>,
    /// What is amiss with them.
    pub flaws: Vec<Flaw>,
    /// Whether dates are written as texts, as in CSV.
    pub is_text: bool,
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
    let mut table = Table::default();
    each_row(bytes, &mut |row| {
        table.is_text = row.is_text;
        table.troubles.extend(row.flaws.iter().map(|flaw| row.trouble(*flaw.columns.start(), flaw.code)));
        if !row.cells.is_empty() {
            table.rows.insert(row.number - 1, row.cells);
        }
        table.rows.len() <= MOST_ROWS
    })?;
    if table.rows.len() > MOST_ROWS { Err(whole("too_many_rows")) } else { Ok(table) }
}

/// Reads as [`read`] does, row by row and however many there are, until `visit` has enough; memory holds the file, a row,
/// and the texts that a workbook's cells share.
///
/// # Errors
/// A [`Trouble`] with the whole file; the rows before it were visited.
pub fn each_row(bytes: &[u8], visit: &mut dyn FnMut(Row) -> bool) -> Result<(), Trouble> {
    if bytes.starts_with(b"PK") {
        if unpacked(bytes) > UNPACKED {
            return Err(whole("workbook_too_large"));
        }
        return workbook(bytes, visit).map_err(whole);
    }
    if bytes.starts_with(OLD_WORKBOOK) {
        return Err(whole("old_workbook"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') && !text.trim().is_empty() => separated(text, visit).map_err(whole),
        _ => Err(whole("not_a_table")),
    }
}

fn whole(code: &'static str) -> Trouble {
    Trouble { row: 0, column: String::new(), code }
}

/// What the parts of an archive say they unpack to.
fn unpacked(bytes: &[u8]) -> u64 {
    let (sign, place) = ZIP_PART;
    let parts = bytes.windows(sign.len()).enumerate().filter(|(_, window)| *window == sign);
    let sizes = parts.filter_map(|(at, _)| bytes.get(at + place..at + place + 4)?.try_into().ok());
    sizes.map(|size| u64::from(u32::from_le_bytes(size))).sum()
}

/// Among how many lines of CSV its separator is looked for.
const HEAD_LINES: usize = 20;
const UNREADABLE: &str = "unreadable_workbook";

fn workbook(bytes: &[u8], visit: &mut dyn FnMut(Row) -> bool) -> Result<(), &'static str> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    let name = workbook.sheet_names().first().cloned().ok_or(UNREADABLE)?;
    let mut merges = Merges::of(workbook.merge_cells_by_sheet_name(&name).map_err(|_| UNREADABLE)?);
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| UNREADABLE)?;
    let mut open: Option<Row> = None;
    while let Some(found) = cells.next_cell_with_formula_metadata().map_err(|_| UNREADABLE)? {
        let (row, column) = found.pos;
        if open.as_ref().is_none_or(|open| open.number != row + 1) {
            // Rows come in order; a file in which they do not is broken.
            if open.as_ref().is_some_and(|open| open.number > row + 1) {
                return Err(UNREADABLE);
            }
            let next = Row { flaws: merges.across(row), ..Row::new(row + 1, false) };
            if let Some(done) = open.replace(next)
                && !visit(done)
            {
                return Ok(());
            }
        }
        let Some(open) = &mut open else { continue };
        if found.formula.is_some() {
            open.flaws.push(Flaw { columns: column..=column, code: "formula" });
        }
        match cell(&found.value) {
            Ok(Some(cell)) => open.enter(column, cell)?,
            Ok(None) => {}
            Err(code) => open.flaws.push(Flaw { columns: column..=column, code }),
        }
    }
    if let Some(last) = open {
        visit(last);
    }
    Ok(())
}

/// Merged cells, from above downwards.
struct Merges {
    to_come: std::iter::Peekable<std::vec::IntoIter<Dimensions>>,
    running: Vec<Dimensions>,
}

impl Merges {
    fn of(mut merges: Vec<Dimensions>) -> Self {
        merges.sort_by_key(|merge| merge.start);
        Self { to_come: merges.into_iter().peekable(), running: Vec::new() }
    }

    /// Those that cross a row, which lies below all that were asked for before.
    fn across(&mut self, row: u32) -> Vec<Flaw> {
        while let Some(next) = self.to_come.next_if(|merge| merge.start.0 <= row) {
            self.running.push(next);
        }
        self.running.retain(|merge| merge.end.0 >= row);
        let flaw = |merge: &Dimensions| Flaw { columns: merge.start.1..=merge.end.1, code: "merged_cells" };
        self.running.iter().map(flaw).collect()
    }
}

fn cell(value: &DataRef<'_>) -> Result<Option<Cell>, &'static str> {
    Ok(Some(match value {
        DataRef::Empty => return Ok(None),
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => Cell::Text(number.to_string()),
        DataRef::Bool(truth) => Cell::Text(truth.to_string()),
        // Times are fractions of days: 16:30 may come as 16:29:59.9999.
        DataRef::DateTime(at) if at.is_datetime() => at
            .as_datetime()
            .and_then(|at| (at + TimeDelta::milliseconds(500)).with_nanosecond(0))
            .map_or_else(|| Cell::Text(at.as_f64().to_string()), Cell::Moment),
        DataRef::DateTime(at) => Cell::Text(at.as_f64().to_string()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::Error(_) => return Err("cell_error"),
    }))
}

/// What separates the cells of the first line that has several; titles above have few.
fn separator_of(text: &str) -> u8 {
    let count = |line: &str, separator: u8| line.bytes().filter(|byte| *byte == separator).count();
    let most =
        |line| b",;\t".iter().map(|separator| (count(line, *separator), *separator)).max_by_key(|(count, _)| *count);
    let mut lines = text.lines().take(HEAD_LINES).filter_map(most);
    let first = lines.clone().next();
    lines.find(|(count, _)| *count > 1).or(first).map_or(b',', |(_, separator)| separator)
}

fn separated(text: &str, visit: &mut dyn FnMut(Row) -> bool) -> Result<(), &'static str> {
    let text = text.trim_start_matches('\u{feff}');
    let separator = separator_of(text);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator);
    for (number, record) in (1..).zip(reader.from_reader(text.as_bytes()).records()) {
        let record = record.map_err(|_| "not_a_table")?;
        let mut row = Row::new(number, true);
        for (column, text) in (0..).zip(&record) {
            // Undoes what keeps a spreadsheet from taking a text for a formula.
            let guarded = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
            row.enter(column, Cell::Text(guarded.unwrap_or(text).to_owned()))?;
        }
        if !row.cells.is_empty() && !visit(row) {
            break;
        }
    }
    Ok(())
}

impl Row {
    fn new(number: u32, is_text: bool) -> Self {
        Self { number, cells: BTreeMap::new(), flaws: Vec::new(), is_text }
    }

    /// What is amiss with one of its cells.
    pub fn trouble(&self, column: u32, code: &'static str) -> Trouble {
        Trouble { row: self.number, column: column_letters(column), code }
    }

    fn enter(&mut self, column: u32, cell: Cell) -> Result<(), &'static str> {
        if matches!(&cell, Cell::Text(text) if text.trim().is_empty()) {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            return Err("too_many_columns");
        }
        self.cells.insert(column, cell);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The workbook, in which this formula has no value: what programs that do not reckon leave behind.
    pub(in crate::documents) fn without_value(workbook: &[u8], formula: &str) -> Vec<u8> {
        use std::io::{Read, Write};
        let mut parts = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
        let mut written = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for place in 0..parts.len() {
            let mut part = parts.by_index(place).unwrap();
            let mut text = Vec::new();
            part.read_to_end(&mut text).unwrap();
            written.start_file(part.name().unwrap().into_owned(), zip::write::SimpleFileOptions::default()).unwrap();
            let bare = String::from_utf8(text)
                .unwrap()
                .replace(&format!("<f>{formula}</f><v>0</v>"), &format!("<f>{formula}</f>"));
            written.write_all(bare.as_bytes()).unwrap();
        }
        written.finish().unwrap().into_inner()
    }

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
    fn a_merge_is_amiss_in_each_row_it_crosses_and_a_formula_keeps_its_value() {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        let plain = rust_xlsxwriter::Format::new();
        sheet.merge_range(1, 0, 3, 1, "Chung", &plain).unwrap();
        sheet.write_formula(2, 3, rust_xlsxwriter::Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
        sheet.write_formula(3, 3, rust_xlsxwriter::Formula::new("=\"\"").set_result("0")).unwrap();
        sheet.write_string(4, 0, "Riêng").unwrap();
        let bytes = without_value(&workbook.save_to_buffer().unwrap(), "\"\"");
        let mut rows = Vec::new();
        each_row(&bytes, &mut |row| {
            rows.push((
                row.number,
                row.flaws.iter().map(|flaw| (*flaw.columns.start(), flaw.code)).collect::<Vec<_>>(),
                row.cells.get(&3).cloned(),
            ));
            true
        })
        .unwrap();
        let merged = (0, "merged_cells");
        let value = Some(Cell::Text("ab".to_owned()));
        assert_eq!(
            rows,
            [
                (2, vec![merged], None),
                (3, vec![merged, (3, "formula")], value),
                (4, vec![merged, (3, "formula")], None),
                (5, vec![], None),
            ]
        );
    }

    #[test]
    fn what_a_spreadsheet_knows_as_a_time_is_read_to_the_second() {
        let at = chrono::NaiveDate::from_ymd_opt(2023, 4, 27).unwrap().and_hms_opt(16, 29, 59).unwrap();
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let format = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy hh:mm");
        workbook.add_worksheet().write_datetime_with_format(0, 0, at, &format).unwrap();
        assert_eq!(read(&workbook.save_to_buffer().unwrap()).unwrap().rows[&0][&0], Cell::Moment(at));
    }

    #[test]
    fn reading_stops_when_the_visitor_has_enough() {
        let mut seen = Vec::new();
        each_row(b"a\nb\nc\n", &mut |row| {
            seen.push(row.number);
            row.number < 2
        })
        .unwrap();
        assert_eq!(seen, [1, 2]);
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
