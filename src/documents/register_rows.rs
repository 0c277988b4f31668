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
    if columns.parts().all(|part| reading.cell(part).is_none()) {
        return Ok(None);
    }
    let mut troubles = reading.flaws();
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
