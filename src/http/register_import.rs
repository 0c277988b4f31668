//! Import of an office's own register: rows of a workbook or CSV, taken in a thousand at a time, each only once.

use std::collections::HashSet;

use serde::Serialize;

use super::imports::history;
use super::problem::Problem;
use super::texts;
use crate::documents::register_rows::{Columns, Entry, Mapping};
use crate::documents::table::{self, Row, Trouble};
use crate::flow::desk::Desk;
use crate::flow::import::{foresee, take};
use crate::flow::{Act, Fault};
use crate::storage::register_rows::{self, Taken};
use crate::storage::{Db, Tx};

/// Rows that one transaction takes.
const BATCH: usize = 1_000;

/// What is done with the rows that can be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: it is only told what would be.
    Foresee,
    /// They are taken in.
    Take,
}

/// What became of a register.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows taken in, or that would be.
    pub accepted: usize,
    /// Rows taken in before.
    pub known: usize,
    /// Rows refused.
    pub rejected: usize,
    /// What is amiss, and where.
    pub errors: Vec<RowError>,
}

/// What is amiss with a row.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// Row as spreadsheets number it; 0 is the whole file.
    pub row: u32,
    /// Letters of the column; empty is the whole row.
    pub column: String,
    /// The rule, by name.
    pub code: String,
    /// What is wrong.
    pub detail: String,
}

impl Report {
    fn refuse_at(&mut self, row: u32, column: String, code: &str) {
        self.errors.push(RowError { row, column, code: code.to_owned(), detail: texts::of(code).vi.to_owned() });
    }

    fn refuse(&mut self, troubles: Vec<Trouble>) {
        self.rejected += 1;
        for Trouble { row, column, code } in troubles {
            self.refuse_at(row, column, code);
        }
    }
}

/// Goes through a register. Rows that were taken in before are passed over: a run that was cut short, or a file that has
/// grown or been mended, is simply run again.
///
/// # Errors
/// [`Fault::Storage`]; what was taken in until then stays.
pub fn import_register(db: &Db, act: Act<'_>, mapping: &Mapping, bytes: &[u8], mode: Mode) -> Result<Report, Fault> {
    let mut run = Run { db, act, mapping, mode, columns: None, batch: Vec::new(), seen: HashSet::new(), report: Report::default() };
    let mut failed = None;
    let read = table::each_row(bytes, &mut |row| match run.enter(row) {
        Ok(()) => true,
        Err(fault) => {
            failed = Some(fault);
            false
        }
    });
    if let Some(fault) = failed {
        return Err(fault);
    }
    run.store()?;
    if let Err(Trouble { row, column, code }) = read {
        run.report.refuse_at(row, column, code);
    } else if run.columns.is_none() {
        run.report.refuse_at(mapping.heading_row.unwrap_or(0), String::new(), "heading_missing");
    }
    run.report.errors.sort_by_key(|error| error.row);
    Ok(run.report)
}

struct Run<'a> {
    db: &'a Db,
    act: Act<'a>,
    mapping: &'a Mapping,
    mode: Mode,
    columns: Option<Columns>,
    batch: Vec<Entry>,
    /// Keys of this file, hashed.
    seen: HashSet<String>,
    report: Report,
}

impl Run<'_> {
    fn enter(&mut self, row: Row) -> Result<(), Fault> {
        let number = row.number;
        let Some(columns) = &self.columns else {
            match self.mapping.headings(&row) {
                Ok(columns) => self.columns = columns,
                Err(trouble) => self.report.refuse(vec![trouble]),
            }
            return Ok(());
        };
        if !row.troubles.is_empty() {
            self.report.refuse(row.troubles);
            return Ok(());
        }
        if columns.are_named_by(self.mapping, &row) {
            self.report.refuse(vec![Trouble { row: number, column: String::new(), code: "second_heading_row" }]);
            return Ok(());
        }
        let stamp = |at| super::dossier_view::stamp(self.act.ambient, at);
        match columns.entry(self.mapping, &row, &stamp) {
            Ok(mut entry) => {
                entry.key = self.db.vault().hash_text(&entry.key);
                if self.seen.insert(entry.key.clone()) {
                    self.batch.push(entry);
                } else {
                    self.report.refuse(vec![Trouble { row: number, column: String::new(), code: "row_repeated" }]);
                }
            }
            Err(troubles) => self.report.refuse(troubles),
        }
        if self.batch.len() >= BATCH { self.store() } else { Ok(()) }
    }

    fn store(&mut self) -> Result<(), Fault> {
        let entries = std::mem::take(&mut self.batch);
        let (act, mapping, mode) = (self.act, self.mapping, self.mode);
        let outcome = self.db.write(|tx| store(tx, act, mapping, mode, &entries))?;
        self.report.known += outcome.known;
        self.report.accepted += outcome.accepted;
        for (entry, problem) in outcome.refused {
            let field = problem.errors().first();
            let code = field.map_or(problem.code(), |field| field.code);
            let pointer = field.map_or("", |field| &field.pointer);
            let column = self.columns.as_ref().map(|columns| columns.place(&entries[entry], pointer)).unwrap_or_default();
            self.report.rejected += 1;
            self.report.refuse_at(entries[entry].row, column, code);
        }
        Ok(())
    }
}

/// What became of a batch.
#[derive(Default)]
struct Stored {
    accepted: usize,
    known: usize,
    refused: Vec<(usize, Problem)>,
}

fn store(tx: &mut Tx, act: Act<'_>, mapping: &Mapping, mode: Mode, entries: &[Entry]) -> Result<Stored, Fault> {
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let known = register_rows::known(tx, &mapping.register, &keys)?;
    let mut stored = Stored { known: known.len(), ..Stored::default() };
    let (mut places, mut histories) = (Vec::new(), Vec::new());
    for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| !known.contains(&entry.key)) {
        match history(act.ambient, entry.line.to_string().as_bytes()) {
            Ok(history) => {
                places.push(place);
                histories.push(history);
            }
            Err(problem) => stored.refused.push((place, problem)),
        }
    }
    let mut desk = Desk::new(tx)?;
    let answers: Vec<Result<Option<Taken>, Fault>> = match mode {
        Mode::Foresee => {
            let answers = foresee(tx, act, &mut desk, &histories)?;
            answers.into_iter().map(|answer| answer.map(|()| None)).collect()
        }
        Mode::Take => {
            let answers = take(tx, act, &mut desk, &histories)?.into_iter().zip(&places);
            let row = |code, place: usize| Some(Taken::new(&mapping.register, &entries[place].key, &code));
            answers.map(|(answer, place)| answer.map(|code| row(code, *place))).collect()
        }
    };
    let mut taken = Vec::new();
    for (answer, place) in answers.into_iter().zip(places) {
        match answer {
            Ok(row) => {
                stored.accepted += 1;
                taken.extend(row);
            }
            Err(fault) => stored.refused.push((place, fault.into())),
        }
    }
    register_rows::insert_all(tx, taken)?;
    Ok(stored)
}
