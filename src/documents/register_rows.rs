//! An office's own register (sổ theo dõi hồ sơ) as lines of an import: which column is what is said by a small file.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDateTime, NaiveTime};
use serde_json::{Map, Value, json};

use super::register_mapping::Part::{
    Address, Agency, Channel, Code, Email, FinishedAt, IdentityNo, Key, Name, Outcome, Phone, Procedure, Reason,
    ReceivedAt, ReceivedBy, RejectedAt, ResumedAt, ReturnedAt, StoppedAt, Summary, SupplementAt, WithdrawnAt,
};
use super::register_mapping::{Columns, Mapping, Part};
use super::table::{Cell, Row, Trouble};

/// The moves that columns tell of, in the order in which they can happen, each with its status.
const MOVES: &[(Part, &str)] = &[
    (RejectedAt, "rejected"),
    (SupplementAt, "supplement_required"),
    (ResumedAt, "processing"),
    (WithdrawnAt, "withdrawn"),
    (StoppedAt, "stopped"),
    (FinishedAt, "finished"),
    (ReturnedAt, "returned"),
];

/// Members of a dossier that hold text, by the part that fills them.
const MEMBERS: &[(Part, &str)] = &[
    (Code, "/code"),
    (Procedure, "/procedure"),
    (Agency, "/agency"),
    (ReceivedBy, "/received_by"),
    (Channel, "/channel"),
    (Part::Kind, "/applicant/kind"),
    (Name, "/applicant/name"),
    (IdentityNo, "/applicant/identity_no"),
    (Phone, "/applicant/phone"),
    (Email, "/applicant/email"),
    (Address, "/applicant/address"),
    (Summary, "/summary"),
];

/// Spreadsheets count times without a day from 1899 or 1900.
const EARLIEST_YEAR: i32 = 1900;

/// A row as a line of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Row as spreadsheets number it.
    pub row: u32,
    /// What it is known by again.
    pub key: String,
    /// The line.
    pub line: Value,
    /// The parts that its events came from, in their order.
    events: Vec<Part>,
}

impl Entry {
    /// The code that it brings.
    pub fn code(&self) -> Option<&str> {
        self.line["code"].as_str()
    }

    /// The letters of the column that it is known by; empty for the whole row.
    pub fn key_column(&self, columns: &Columns) -> String {
        let own = columns.letters(Key);
        if own.is_empty() { columns.letters(Code) } else { own }
    }

    /// Where the cause of a refusal stands: the letters of the column behind a place in a line, as the import names it;
    /// empty for the whole row.
    pub fn place(&self, columns: &Columns, pointer: &str) -> String {
        let event = pointer.strip_prefix("/events/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok());
        let part = match event {
            Some(_) if pointer.ends_with("/reason") => Some(Reason),
            Some(_) if pointer.ends_with("/outcome") => Some(Outcome),
            Some(index) => self.events.get(index).copied(),
            None if pointer == "/received_at" => Some(ReceivedAt),
            None => MEMBERS.iter().find(|(_, member)| *member == pointer).map(|(part, _)| *part),
        };
        part.map(|part| columns.letters(part)).unwrap_or_default()
    }
}

/// A row as a line; `None` when no column of the mapping holds anything. `stamp` writes an instant of the office's zone as
/// the API does.
///
/// # Errors
/// What is amiss with its cells.
pub fn entry(
    mapping: &Mapping,
    columns: &Columns,
    row: &Row,
    stamp: &dyn Fn(NaiveDateTime) -> String,
) -> Result<Option<Entry>, Vec<Trouble>> {
    let reading = Reading { columns, mapping, row };
    let mut troubles = reading.flaws();
    // A row of nothing but a formula without a value is not empty.
    let has_formula = troubles.iter().any(|trouble| trouble.code == "formula");
    if !has_formula && columns.parts().all(|part| reading.cell(part).is_none()) {
        return Ok(None);
    }
    let mut moments = BTreeMap::new();
    for part in [ReceivedAt].iter().chain(MOVES.iter().map(|(part, _)| part)) {
        match reading.moment(*part) {
            Ok(Some(at)) => {
                moments.insert(*part, at);
            }
            Ok(None) => {}
            // A merged cell or a formula is no second fault.
            Err(trouble) if troubles.iter().any(|other| other.column == trouble.column) => {}
            Err(trouble) => troubles.push(trouble),
        }
    }
    // Without its day a line would count as received now.
    if !moments.contains_key(&ReceivedAt) && troubles.is_empty() {
        troubles.push(reading.trouble(ReceivedAt, "missing_member"));
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    let mut line = json!({"applicant": {}});
    for (part, pointer) in MEMBERS {
        let Some(text) = reading.word(*part) else { continue };
        match pointer.strip_prefix("/applicant/") {
            Some(member) => line["applicant"][member] = json!(text),
            None => line[&pointer[1..]] = json!(text),
        }
    }
    line["received_at"] = json!(moments.get(&ReceivedAt).map(|at| stamp(*at)));
    line["accept"] = json!(!moments.contains_key(&RejectedAt));
    let (events, parts) = reading.events(&moments, stamp);
    line["events"] = events;
    Ok(Some(Entry { row: row.number, key: reading.key(), line, events: parts }))
}

/// A row under its columns.
struct Reading<'a> {
    columns: &'a Columns,
    mapping: &'a Mapping,
    row: &'a Row,
}

impl Reading<'_> {
    fn cell(&self, part: Part) -> Option<&Cell> {
        self.row.cells.get(&self.columns.of(part)?)
    }

    fn trouble(&self, part: Part, code: &'static str) -> Trouble {
        Trouble { row: self.row.number, column: self.columns.letters(part), code }
    }

    /// What is amiss with the columns that are looked at; the value of a formula counts where the mapping says so.
    fn flaws(&self) -> Vec<Trouble> {
        let told = self.row.flaws.iter().filter(|flaw| {
            let is_taken = flaw.code == "formula"
                && self.mapping.take_formulas
                && self.row.cells.contains_key(flaw.columns.start());
            !is_taken && self.columns.any_in(&flaw.columns)
        });
        told.map(|flaw| self.row.trouble(*flaw.columns.start(), flaw.code)).collect()
    }

    /// A cell in the words of the API, or what holds where it is empty.
    fn word(&self, part: Part) -> Option<String> {
        let text = match self.cell(part) {
            Some(Cell::Text(text)) => text.trim().to_owned(),
            Some(Cell::Moment(at)) => at.date().to_string(),
            None => return self.mapping.defaults.get(&part).cloned(),
        };
        Some(self.mapping.meaning(part, &text).map_or(text, str::to_owned))
    }

    fn moment(&self, part: Part) -> Result<Option<NaiveDateTime>, Trouble> {
        let at = match self.cell(part) {
            None => return Ok(None),
            Some(Cell::Moment(at)) => *at,
            Some(Cell::Text(text)) => {
                let read = self.mapping.written_moment(text.trim(), self.row.is_text);
                read.ok_or_else(|| self.trouble(part, "date_as_text"))?
            }
        };
        // A time without a day counts from 1900, and a year of two digits is not guessed at.
        if at.date().year() <= EARLIEST_YEAR {
            return Err(self.trouble(part, "invalid_value"));
        }
        let hour = self.mapping.hours.get(&part).filter(|_| at.time() == NaiveTime::MIN);
        Ok(Some(hour.map_or(at, |hour| at.date().and_time(*hour))))
    }

    /// What the row tells of the dossier's life, and which column tells it.
    fn events(
        &self,
        moments: &BTreeMap<Part, NaiveDateTime>,
        stamp: &dyn Fn(NaiveDateTime) -> String,
    ) -> (Value, Vec<Part>) {
        let outcome = self.word(Outcome);
        let (mut events, mut parts) = (Vec::new(), Vec::new());
        for (part, status) in MOVES {
            let Some(at) = moments.get(part) else { continue };
            let mut event = Map::new();
            event.insert("to".to_owned(), json!(status));
            event.insert("at".to_owned(), json!(stamp(*at)));
            if *part == FinishedAt {
                event.insert("outcome".to_owned(), json!(outcome.as_deref().unwrap_or("granted")));
            }
            let wants_reason = match part {
                FinishedAt => outcome.as_deref() == Some("refused"),
                part => matches!(part, RejectedAt | SupplementAt | WithdrawnAt | StoppedAt),
            };
            if let Some(reason) = self.word(Reason).filter(|_| wants_reason) {
                event.insert("reason".to_owned(), json!(reason));
            }
            events.push(Value::Object(event));
            parts.push(*part);
        }
        (Value::Array(events), parts)
    }

    /// The row's own key, else its code, with the agency whose it is; else all that it says.
    fn key(&self) -> String {
        let agency = self.word(Agency).unwrap_or_default();
        let own = self.word(Key).or_else(|| self.word(Code)).map(|own| format!("{agency}\n{own}"));
        own.unwrap_or_else(|| self.columns.parts().map(|part| format!("{part:?}={:?}\n", self.cell(part))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::register_mapping::{BadMapping, Found, Headings};
    use super::super::table::each_row;
    use super::super::table::tests::without_value;
    use super::*;

    fn mapping(overlay: Value) -> Mapping {
        let mut whole = json!({"register": "2025", "columns": {"key": "TT", "name": "Họ tên", "received_at": "Ngày nhận",
            "finished_at": "Ngày xong"}, "defaults": {"agency": "H16.18"}});
        for (member, value) in overlay.as_object().unwrap() {
            whole[member] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    type Read = Vec<Result<Value, Vec<(u32, String, &'static str)>>>;

    /// The rows below the headings, as lines; or what is amiss.
    fn read(mapping: &Mapping, bytes: &[u8]) -> Read {
        let (mut headings, mut columns, mut rows) = (Headings::of(mapping), None, Vec::new());
        each_row(bytes, &mut |row| {
            let Some(columns) = &columns else {
                if let Found::Here(found) = headings.look_at(&row).unwrap() {
                    columns = Some(found);
                }
                return true;
            };
            let places = |troubles: Vec<Trouble>| troubles.into_iter().map(|it| (it.row, it.column, it.code)).collect();
            if let Some(read) = entry(mapping, columns, &row, &|at| at.to_string()).transpose() {
                rows.push(read.map(|entry| entry.line).map_err(places));
            }
            true
        })
        .unwrap();
        assert!(columns.is_some(), "no headings: {:?}", headings.missing());
        rows
    }

    fn written(cells: &[(u32, u16, &str)]) -> rust_xlsxwriter::Workbook {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, column, text) in cells {
            sheet.write_string(*row, *column, *text).unwrap();
        }
        workbook
    }

    const HEADS: [(u32, u16, &str); 4] = [(0, 0, "TT"), (0, 1, "HỌ TÊN"), (0, 2, "Ngày nhận"), (0, 3, "Ngày xong")];

    #[test]
    fn a_row_becomes_a_dossier_with_its_moves() {
        let mapping = mapping(json!({"hours": {"received_at": "08:00", "finished_at": "16:30"}}));
        let lines = read(&mapping, "Sổ theo dõi\nTT,Họ tên,Ngày nhận,Ngày xong\n1,Nguyễn Văn A,2025-03-03,05/03/2025\n,,,\n2,Trần B,2025-03-03 09:15,\n".as_bytes());
        let expected = json!({"applicant": {"name": "Nguyễn Văn A"}, "agency": "H16.18", "received_at": "2025-03-03 08:00:00",
            "accept": true, "events": [{"to": "finished", "at": "2025-03-05 16:30:00", "outcome": "granted"}]});
        assert_eq!(lines[0], Ok(expected));
        assert_eq!(lines[1].as_ref().unwrap()["received_at"], "2025-03-03 09:15:00", "a time that is there counts");
        assert_eq!(lines.len(), 2, "a row of nothing is no row");
    }

    #[test]
    fn dates_as_texts_are_read_in_the_form_the_mapping_names_and_in_no_other() {
        let cells =
            [(1, 1, "A"), (1, 2, "04/03/2025"), (2, 1, "B"), (2, 2, "2025-03-04"), (3, 1, "C"), (3, 2, "04/03/25")];
        let bytes = written(&[&HEADS[..], &cells].concat()).save_to_buffer().unwrap();
        let codes = |overlay| -> Vec<_> {
            let rows = read(&mapping(overlay), &bytes).into_iter();
            rows.map(|row| row.map(|line| line["received_at"].clone())).collect()
        };
        let as_text = |row| Err(vec![(row, "C".to_owned(), "date_as_text")]);
        assert_eq!(codes(json!({})), [as_text(2), as_text(3), as_text(4)]);
        let short = Err(vec![(4, "C".to_owned(), "invalid_value")]);
        assert_eq!(codes(json!({"dates": ["dd/MM/yyyy"]})), [Ok(json!("2025-03-04 00:00:00")), as_text(3), short]);
    }

    #[test]
    fn two_rows_of_headings_are_named_by_the_mapping() {
        let mut workbook = written(&[
            (0, 0, "TT"),
            (0, 1, "Họ tên"),
            (1, 2, "Ngày nhận"),
            (1, 3, "Ngày xong"),
            (2, 1, "A"),
            (2, 9, "x"),
        ]);
        let sheet = workbook.worksheet_from_index(0).unwrap();
        sheet.merge_range(0, 2, 0, 3, "Ngày, tháng, năm", &rust_xlsxwriter::Format::new()).unwrap();
        let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        let date = chrono::NaiveDate::from_ymd_opt(2025, 3, 4).unwrap();
        sheet.write_datetime_with_format(2, 2, date, &day).unwrap();
        let bytes = workbook.save_to_buffer().unwrap();
        let lines = read(&mapping(json!({"heading_rows": [1, 2]})), &bytes);
        assert_eq!(lines[0].as_ref().unwrap()["received_at"], "2025-03-04 00:00:00");
        let one = mapping(json!({}));
        let mut headings = Headings::of(&one);
        each_row(&bytes, &mut |row| headings.look_at(&row).unwrap() == Found::NotYet).unwrap();
        assert_eq!(headings.missing(), (1, vec!["Ngày nhận".to_owned(), "Ngày xong".to_owned()]));
    }

    #[test]
    fn merged_cells_and_formulas_count_where_a_column_is_looked_at() {
        let plain = rust_xlsxwriter::Format::new();
        let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        let mut workbook = written(&HEADS);
        let sheet = workbook.worksheet_from_index(0).unwrap();
        sheet.merge_range(1, 1, 2, 1, "A", &plain).unwrap();
        for row in 1..6 {
            let date = rust_xlsxwriter::Formula::new("=DATE(2025,3,4)").set_result("45720");
            match row {
                4 => sheet.write_formula_with_format(row, 2, date, &day).unwrap(),
                5 => sheet.write_formula(row, 2, rust_xlsxwriter::Formula::new("=X1").set_result("0")).unwrap(),
                _ => sheet
                    .write_datetime_with_format(row, 2, chrono::NaiveDate::from_ymd_opt(2025, 3, 4).unwrap(), &day)
                    .unwrap(),
            };
        }
        sheet.write_formula(3, 8, "=1+1").unwrap();
        sheet.merge_range(3, 9, 3, 10, "x", &plain).unwrap();
        let bytes = without_value(&workbook.save_to_buffer().unwrap(), "X1");
        let at = |row, column: &str, code| Err(vec![(row, column.to_owned(), code)]);
        let told =
            |overlay| -> Vec<_> { read(&mapping(overlay), &bytes).into_iter().map(|row| row.map(drop)).collect() };
        let merged = [at(2, "B", "merged_cells"), at(3, "B", "merged_cells"), Ok(())];
        let strict = [&merged[..], &[at(5, "C", "formula"), at(6, "C", "formula")]].concat();
        assert_eq!(told(json!({})), strict);
        // The value that a formula left behind is taken when asked for; where there is none, nothing can be.
        assert_eq!(told(json!({"take_formulas": true})), [&merged[..], &[Ok(()), at(6, "C", "formula")]].concat());
    }

    #[test]
    fn a_refused_rejected_or_withdrawn_row_carries_its_reason() {
        let mapping = mapping(
            json!({"columns": {"received_at": "Nhận", "rejected_at": "Từ chối", "withdrawn_at": "Rút",
            "finished_at": "Xong", "outcome": "Kết quả", "reason": "Lý do"}, "values": {"outcome": {"Không": "refused"}}}),
        );
        let rows = read(
            &mapping,
            "Nhận,Từ chối,Rút,Xong,Kết quả,Lý do\n2025-03-03,2025-03-04,,,,a\n2025-03-03,,2025-03-04,,,b\n2025-03-03,,,2025-03-04,KHÔNG,c\n"
                .as_bytes(),
        );
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                let line = row.as_ref().unwrap();
                let event = &line["events"][0];
                (line["accept"].as_bool().unwrap(), event["to"].as_str().unwrap(), event["reason"].as_str().unwrap())
            })
            .collect();
        assert_eq!(told, [(false, "rejected", "a"), (true, "withdrawn", "b"), (true, "finished", "c")]);
    }

    #[test]
    fn a_mapping_that_cannot_work_says_why() {
        let check = |overlay: Value| mapping(overlay).check();
        assert_eq!(check(json!({})), Ok(()));
        assert_eq!(check(json!({"register": " "})), Err(BadMapping::Register));
        assert_eq!(check(json!({"letters": {"name": "F"}})), Err(BadMapping::Twice(Name)));
        assert_eq!(check(json!({"letters": {"phone": "GS"}})), Err(BadMapping::Letters("GS".to_owned())));
        assert_eq!(check(json!({"columns": {"name": "x"}})), Err(BadMapping::NoReceipt));
        assert_eq!(check(json!({"columns": {}, "letters": {"received_at": "c"}})), Err(BadMapping::HeadingRows));
        assert_eq!(check(json!({"columns": {}, "letters": {"received_at": "c"}, "heading_rows": [1]})), Ok(()));
        assert_eq!(check(json!({"dates": ["d/M/yyyy"]})), Err(BadMapping::Dates("d/M/yyyy".to_owned())));
        assert_eq!(check(json!({"defaults": {"received_at": "x"}})), Err(BadMapping::DefaultDay(ReceivedAt)));
    }
}
