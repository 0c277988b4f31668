//! The small file that says which column of an office's register is what, and where the columns are once the headings are found.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::Deserialize;
use thiserror::Error;

use super::sheet::column_letters;
use super::table::{Cell, MOST_COLUMNS, Row, Trouble};
use crate::folding::words;

/// Among how many rows the headings are looked for when the mapping does not say where they are.
const MOST_HEAD_ROWS: u32 = 100;
/// Longest name of a register, in characters.
const MAX_REGISTER: usize = 100;
/// Dates as CSV has them, where nothing else tells day from month.
const WRITTEN: [&str; 4] = ["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d", "%d/%m/%Y"];

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

/// The small file: which column is what, and what its words mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Names the register: rows taken in before are known again under it, also when the file has grown.
    pub register: String,
    /// Rows of the headings, from 1; the first row that has them all when left out.
    #[serde(default)]
    pub heading_rows: Vec<u32>,
    /// The last row that is read, where totals or signatures stand below.
    pub last_row: Option<u32>,
    /// The heading of each part's column; case, diacritics and punctuation do not matter.
    #[serde(default)]
    pub columns: BTreeMap<Part, String>,
    /// The letters of a part's column instead, where headings repeat or are not there.
    #[serde(default)]
    pub letters: BTreeMap<Part, String>,
    /// How dates are written that a workbook holds as texts, e.g. `dd/MM/yyyy` or `dd/MM/yyyy HH:mm`.
    #[serde(default)]
    pub dates: Vec<String>,
    /// Whether the value that a formula had when the file was saved is taken.
    #[serde(default)]
    pub take_formulas: bool,
    /// What the words of a column mean, e.g. `{"channel": {"Trực tiếp": "direct"}}`.
    #[serde(default)]
    pub values: BTreeMap<Part, BTreeMap<String, String>>,
    /// What holds where a column, or a cell, is empty.
    #[serde(default)]
    pub defaults: BTreeMap<Part, String>,
    /// The time of day that dates without one mean, e.g. `{"received_at": "08:00:00"}`.
    #[serde(default)]
    pub hours: BTreeMap<Part, NaiveTime>,
}

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadMapping {
    /// The register has no name, or too long a one.
    #[error("register: a name of 1 to 100 characters")]
    Register,
    /// A part has a heading and letters.
    #[error("{0:?} stands in columns and in letters")]
    Twice(Part),
    /// These are no letters of a column.
    #[error("letters: {0} is no column up to GR")]
    Letters(String),
    /// Nothing says where the rows begin.
    #[error("heading_rows: needed when every column is named by its letters; rows count from 1")]
    HeadingRows,
    /// There is no day of receipt.
    #[error("columns: received_at is needed")]
    NoReceipt,
    /// A form of dates that cannot be read.
    #[error("dates: {0} is none of dd, MM, yyyy, HH, mm, ss with what stands between them")]
    Dates(String),
    /// Days come from columns, not from defaults.
    #[error("defaults: {0:?} is a day and has no default")]
    DefaultDay(Part),
}

impl Part {
    /// Whether its cells hold days.
    fn is_moment(self) -> bool {
        use Part::*;
        matches!(
            self,
            ReceivedAt | SupplementAt | ResumedAt | WithdrawnAt | StoppedAt | RejectedAt | FinishedAt | ReturnedAt
        )
    }
}

impl Mapping {
    /// Checks what the form alone does not say.
    ///
    /// # Errors
    /// [`BadMapping`].
    pub fn check(&self) -> Result<(), BadMapping> {
        if self.register.trim().is_empty() || self.register.chars().count() > MAX_REGISTER {
            return Err(BadMapping::Register);
        }
        for (part, letters) in &self.letters {
            if self.columns.contains_key(part) {
                return Err(BadMapping::Twice(*part));
            }
            column_of(letters).ok_or_else(|| BadMapping::Letters(letters.clone()))?;
        }
        if self.heading_rows.contains(&0) || (self.columns.is_empty() && self.heading_rows.is_empty()) {
            return Err(BadMapping::HeadingRows);
        }
        if !self.columns.contains_key(&Part::ReceivedAt) && !self.letters.contains_key(&Part::ReceivedAt) {
            return Err(BadMapping::NoReceipt);
        }
        if let Some(part) = self.defaults.keys().find(|part| part.is_moment()) {
            return Err(BadMapping::DefaultDay(*part));
        }
        let unreadable = self.dates.iter().find(|form| pattern(form).is_none());
        unreadable.map_or(Ok(()), |form| Err(BadMapping::Dates(form.clone())))
    }

    /// What a word of a column means.
    pub fn meaning(&self, part: Part, word: &str) -> Option<&str> {
        let said = words(word);
        let mut meanings = self.values.get(&part)?.iter();
        meanings.find(|(spoken, _)| words(spoken) == said).map(|(_, meaning)| meaning.as_str())
    }

    /// An instant written as text, by the mapping's forms; CSV also as 2023-04-27 or 27/04/2023, perhaps with 16:30 behind it.
    pub fn written_moment(&self, text: &str, is_csv: bool) -> Option<NaiveDateTime> {
        let own = self.dates.iter().filter_map(|form| pattern(form));
        let plain = WRITTEN.iter().filter(|_| is_csv).map(|form| (*form).to_owned());
        own.chain(plain).find_map(|form| match NaiveDateTime::parse_from_str(text, &form) {
            Ok(at) => Some(at),
            Err(_) => NaiveDate::parse_from_str(text, &form)
                .ok()
                .filter(|_| !form.contains("%H"))
                .map(|day| day.and_time(NaiveTime::MIN)),
        })
    }
}

/// A form such as `dd/MM/yyyy HH:mm` as chrono writes it; at least a day, a month and a year.
fn pattern(form: &str) -> Option<String> {
    const TOKENS: [(&str, &str); 6] =
        [("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")];
    let mut written = String::new();
    let mut rest = form.trim();
    while let Some(next) = rest.chars().next() {
        if let Some((token, pattern)) = TOKENS.iter().find(|(token, _)| rest.starts_with(token)) {
            written += pattern;
            rest = &rest[token.len()..];
        } else if next.is_alphabetic() || next == '%' {
            return None;
        } else {
            written.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    ["%Y", "%m", "%d"].iter().all(|part| written.contains(part)).then_some(written)
}

/// The column, from 0, that has these letters.
fn column_of(letters: &str) -> Option<u32> {
    (0..MOST_COLUMNS).find(|column| column_letters(*column).eq_ignore_ascii_case(letters.trim()))
}

/// Where each part's column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(BTreeMap<Part, u32>);

impl Columns {
    /// The column of a part, from 0.
    pub fn of(&self, part: Part) -> Option<u32> {
        self.0.get(&part).copied()
    }

    /// Its letters; empty where it has no column.
    pub fn letters(&self, part: Part) -> String {
        self.of(part).map(column_letters).unwrap_or_default()
    }

    /// The parts that have columns.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.0.keys().copied()
    }

    /// Whether one of the columns is among these.
    pub fn any_in(&self, columns: &RangeInclusive<u32>) -> bool {
        self.0.values().any(|column| columns.contains(column))
    }

    /// The column, from 0, by which a row is the headings once more, or numbers the columns as forms do: (1), (2) …
    pub fn named_again(&self, mapping: &Mapping, row: &Row) -> Option<u32> {
        let texts = self.0.iter().filter_map(|(part, column)| match row.cells.get(column) {
            Some(Cell::Text(text)) => Some((*part, *column, text.trim())),
            _ => None,
        });
        let mut numbered = Vec::new();
        for (part, column, text) in texts {
            if mapping.columns.get(&part).is_some_and(|heading| words(heading) == words(text)) {
                return Some(column);
            }
            let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
            if inner.is_some_and(|inner| inner.parse::<u8>().is_ok()) {
                numbered.push(column);
            }
        }
        // One cell may say (1) for a reason of its own.
        numbered.first().copied().filter(|_| numbered.len() > 1)
    }
}

/// Looks for the headings from the first row on.
#[derive(Debug)]
pub struct Headings<'a> {
    mapping: &'a Mapping,
    /// What was found in the rows that the mapping names.
    found: BTreeMap<Part, u32>,
    /// The row that had most of them, and what it lacked.
    nearest: Option<(u32, Vec<String>)>,
}

/// What a row is for who looks for the headings.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Something above them.
    NotYet,
    /// Their last row.
    Here(Columns),
    /// It lies below where they should be.
    Nowhere,
}

impl<'a> Headings<'a> {
    /// Those that a mapping names.
    pub fn of(mapping: &'a Mapping) -> Self {
        Self { mapping, found: BTreeMap::new(), nearest: None }
    }

    /// Looks at the next row.
    ///
    /// # Errors
    /// The [`Trouble`] with a heading that stands there twice.
    pub fn look_at(&mut self, row: &Row) -> Result<Found, Trouble> {
        let last = self.mapping.heading_rows.iter().max().copied();
        if row.number > last.unwrap_or(MOST_HEAD_ROWS) {
            return Ok(Found::Nowhere);
        }
        if last.is_some() && !self.mapping.heading_rows.contains(&row.number) {
            return Ok(Found::NotYet);
        }
        if last.is_none() {
            self.found.clear();
        }
        let mut repeated = None;
        for (part, heading) in &self.mapping.columns {
            let said = words(heading);
            let is_it = |cell: &Cell| matches!(cell, Cell::Text(text) if words(text) == said);
            let mut places = row.cells.iter().filter(|(_, cell)| is_it(cell)).map(|(column, _)| *column);
            let Some(column) = places.next() else { continue };
            let before = self.found.insert(*part, column);
            repeated = repeated.or(places.next()).or(before.filter(|before| *before != column).map(|_| column));
        }
        let lacking: Vec<String> = self
            .mapping
            .columns
            .iter()
            .filter(|(part, _)| !self.found.contains_key(part))
            .map(|(_, heading)| heading.clone())
            .collect();
        let is_last = last.is_none_or(|last| last == row.number);
        if lacking.is_empty() && is_last {
            if let Some(column) = repeated {
                return Err(row.trouble(column, "heading_repeated"));
            }
            let lettered = self.mapping.letters.iter().filter_map(|(part, letters)| Some((*part, column_of(letters)?)));
            return Ok(Found::Here(Columns(
                self.found.iter().map(|(part, column)| (*part, *column)).chain(lettered).collect(),
            )));
        }
        if last.is_some() || self.nearest.as_ref().is_none_or(|(_, before)| before.len() > lacking.len()) {
            self.nearest = Some((row.number, lacking));
        }
        Ok(if is_last && last.is_some() { Found::Nowhere } else { Found::NotYet })
    }

    /// The row in which headings are missing, and which.
    pub fn missing(self) -> (u32, Vec<String>) {
        let all = || self.mapping.columns.values().cloned().collect();
        self.nearest.unwrap_or_else(|| (self.mapping.heading_rows.iter().max().copied().unwrap_or(0), all()))
    }
}
