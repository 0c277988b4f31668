//! An office's own register (sổ theo dõi) as lines of an import: which column is what is said by a small file.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::sheet::column_letters;
use super::table::{Cell, Row, Trouble};
use crate::folding::words;

/// What a column can be: the part of a dossier, or of its history, that its cells hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What a row is known by when the register is taken in again, e.g. its running number.
    Key,
    /// The dossier's code, where it has one already.
    Code,
    /// Code of the procedure, or a name that `values` knows.
    Procedure,
    /// The resolving agency.
    Agency,
    /// Where it was handed in.
    ReceivedBy,
    /// How it came in.
    Channel,
    /// When it was handed in and accepted.
    ReceivedAt,
    /// Kind of applicant.
    Kind,
    /// Full name.
    Name,
    /// Identifier.
    IdentityNo,
    /// Telephone.
    Phone,
    /// E-mail.
    Email,
    /// Address.
    Address,
    /// What is asked for.
    Summary,
    /// When papers were found to be missing.
    SupplementAt,
    /// When they came.
    ResumedAt,
    /// When the applicant took it back.
    WithdrawnAt,
    /// When it was stopped.
    StoppedAt,
    /// When it was turned away at intake.
    RejectedAt,
    /// When the result was ready.
    FinishedAt,
    /// Granted or refused.
    Outcome,
    /// When the result was handed over.
    ReturnedAt,
    /// Why: of a supplement, a withdrawal, a stop, a rejection, a refusal.
    Reason,
}

use Part::{
    Address, Agency, Channel, Code, Email, FinishedAt, IdentityNo, Key, Name, Outcome, Phone, Procedure, Reason,
    ReceivedAt, ReceivedBy, RejectedAt, ResumedAt, ReturnedAt, StoppedAt, Summary, SupplementAt, WithdrawnAt,
};

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

/// The small file: which column is what, and what its words mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Names the register: rows taken in before are known again under it, also when the file has grown.
    pub register: String,
    /// Row of the headings, from 1; the first row that has them all when left out.
    #[serde(default)]
    pub heading_row: Option<u32>,
    /// The heading of each part's column; case, diacritics and punctuation do not matter.
    pub columns: BTreeMap<Part, String>,
    /// What the words of a column mean, e.g. `{"channel": {"Trực tiếp": "direct"}}`.
    #[serde(default)]
    pub values: BTreeMap<Part, BTreeMap<String, String>>,
    /// What holds where a column, or a cell, is empty.
    #[serde(default)]
    pub defaults: BTreeMap<Part, String>,
    /// The time of day that dates without one mean, e.g. `{"received_at": "08:00"}`.
    #[serde(default)]
    pub hours: BTreeMap<Part, NaiveTime>,
}

/// Where each part's column is, once the headings are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(BTreeMap<Part, u32>);

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

impl Mapping {
    /// The columns, when this is the row of the headings.
    ///
    /// # Errors
    /// A [`Trouble`] with the row that the mapping names, or with a heading that stands there twice.
    pub fn headings(&self, row: &Row) -> Result<Option<Columns>, Trouble> {
        let Row { number: row, ref cells, .. } = *row;
        if self.heading_row.is_some_and(|named| named != row) {
            return Ok(None);
        }
        let mut columns = BTreeMap::new();
        for (part, heading) in &self.columns {
            let said = words(heading);
            let mut found = cells.iter().filter(|(_, cell)| matches!(cell, Cell::Text(text) if words(text) == said));
            match (found.next(), found.next()) {
                (Some((column, _)), None) => {
                    columns.insert(*part, *column);
                }
                (Some(_), Some((column, _))) => {
                    return Err(Trouble { row, column: column_letters(*column), code: "heading_repeated" });
                }
                (None, _) if self.heading_row.is_some() => {
                    return Err(Trouble { row, column: String::new(), code: "heading_missing" });
                }
                (None, _) => return Ok(None),
            }
        }
        Ok(Some(Columns(columns)))
    }
}

impl Columns {
    /// Whether a row is the headings once more, or numbers the columns as forms do, (1), (2) …
    pub fn are_named_by(&self, mapping: &Mapping, row: &Row) -> bool {
        let text = |part: &Part| match self.0.get(part).and_then(|column| row.cells.get(column)) {
            Some(Cell::Text(text)) => Some(text.trim()),
            _ => None,
        };
        let numbers = |text: &str| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).is_some_and(|inner| inner.parse::<u8>().is_ok());
        let mut named = self.0.keys().filter_map(|part| Some((text(part)?, mapping.columns.get(part)?)));
        named.any(|(text, heading)| numbers(text) || words(text) == words(heading))
    }

    /// A row as a line; `stamp` writes an instant of the office's zone as the API does.
    ///
    /// # Errors
    /// What is amiss with its cells.
    pub fn entry(
        &self,
        mapping: &Mapping,
        row: &Row,
        stamp: &dyn Fn(NaiveDateTime) -> String,
    ) -> Result<Entry, Vec<Trouble>> {
        let reading = Reading { columns: self, mapping, row };
        let mut troubles = Vec::new();
        let mut line = json!({"applicant": {}});
        for (part, pointer) in MEMBERS {
            let Some(text) = reading.word(*part) else { continue };
            match pointer.strip_prefix("/applicant/") {
                Some(member) => line["applicant"][member] = json!(text),
                None => line[&pointer[1..]] = json!(text),
            }
        }
        let mut moments = BTreeMap::new();
        for part in [ReceivedAt].iter().chain(MOVES.iter().map(|(part, _)| part)) {
            match reading.moment(*part) {
                Ok(Some(at)) => {
                    moments.insert(*part, at);
                }
                Ok(None) => {}
                Err(trouble) => troubles.push(trouble),
            }
        }
        if !troubles.is_empty() {
            return Err(troubles);
        }
        // Without its day a line would count as received now.
        let Some(received_at) = moments.get(&ReceivedAt) else { return Err(vec![reading.trouble(ReceivedAt, "missing_member")]) };
        line["received_at"] = json!(stamp(*received_at));
        line["accept"] = json!(!moments.contains_key(&RejectedAt));
        let (events, parts) = reading.events(&moments, stamp);
        line["events"] = events;
        Ok(Entry { row: row.number, key: reading.key(), line, events: parts })
    }

    /// Where the cause of a refusal stands: the place in a line, as the import names it.
    pub fn place(&self, entry: &Entry, pointer: &str) -> String {
        let part = match pointer.strip_prefix("/events/").and_then(|rest| rest.split('/').next()?.parse::<usize>().ok()) {
            Some(index) if pointer.ends_with("/reason") => entry.events.get(index).map(|_| Reason),
            Some(index) if pointer.ends_with("/outcome") => entry.events.get(index).map(|_| Outcome),
            Some(index) => entry.events.get(index).copied(),
            None if pointer == "/received_at" => Some(ReceivedAt),
            None => MEMBERS.iter().find(|(_, member)| *member == pointer).map(|(part, _)| *part),
        };
        part.and_then(|part| self.0.get(&part)).map(|column| column_letters(*column)).unwrap_or_default()
    }
}

/// An instant as offices write it in plain text, where nothing else tells day from month: 2023-04-27 or 27/04/2023,
/// perhaps with 16:30 behind it.
fn written_moment(text: &str) -> Option<NaiveDateTime> {
    let days = ["%Y-%m-%d", "%d/%m/%Y"];
    let with_time = days.iter().find_map(|day| NaiveDateTime::parse_from_str(text, &format!("{day} %H:%M")).ok());
    with_time.or_else(|| days.iter().find_map(|day| NaiveDate::parse_from_str(text, day).ok()).map(|day| day.and_time(NaiveTime::MIN)))
}

/// A row under its columns.
struct Reading<'a> {
    columns: &'a Columns,
    mapping: &'a Mapping,
    row: &'a Row,
}

impl Reading<'_> {
    fn cell(&self, part: Part) -> Option<&Cell> {
        self.row.cells.get(self.columns.0.get(&part)?)
    }

    fn trouble(&self, part: Part, code: &'static str) -> Trouble {
        let column = self.columns.0.get(&part).map(|column| column_letters(*column)).unwrap_or_default();
        Trouble { row: self.row.number, column, code }
    }

    /// A cell in the words of the API, or what holds where it is empty.
    fn word(&self, part: Part) -> Option<String> {
        let text = match self.cell(part) {
            Some(Cell::Text(text)) => text.trim().to_owned(),
            Some(Cell::Moment(at)) => at.date().to_string(),
            None => return self.mapping.defaults.get(&part).cloned(),
        };
        let said = words(&text);
        let mut meanings = self.mapping.values.get(&part).into_iter().flatten();
        Some(meanings.find(|(spoken, _)| words(spoken) == said).map_or(text, |(_, meaning)| meaning.clone()))
    }

    fn moment(&self, part: Part) -> Result<Option<NaiveDateTime>, Trouble> {
        let at = match self.cell(part) {
            None => return Ok(None),
            Some(Cell::Moment(at)) => *at,
            Some(Cell::Text(text)) => {
                let read = self.row.is_text.then(|| written_moment(text.trim())).flatten();
                read.ok_or_else(|| self.trouble(part, "date_as_text"))?
            }
        };
        let hour = self.mapping.hours.get(&part).filter(|_| at.time() == NaiveTime::MIN);
        Ok(Some(hour.map_or(at, |hour| at.date().and_time(*hour))))
    }

    /// What the row tells of the dossier's life, and which column tells it.
    fn events(&self, moments: &BTreeMap<Part, NaiveDateTime>, stamp: &dyn Fn(NaiveDateTime) -> String) -> (Value, Vec<Part>) {
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

    /// The row's own key, else its code, else all that it says.
    fn key(&self) -> String {
        let own = self.word(Key).or_else(|| self.word(Code));
        own.unwrap_or_else(|| self.columns.0.keys().map(|part| format!("{part:?}={:?}\n", self.cell(*part))).collect())
    }
}
