//! Import of an office's own register: rows of a workbook or CSV, taken in a thousand at a time, each only once.

use std::collections::HashSet;

use actix_web::{HttpResponse, post};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, apart};
use super::imports::{BATCH, history};
use super::input::{Query, gather, parse};
use super::problem::{Problem, ProblemBody};
use super::texts;
use crate::documents::register_mapping::{Columns, Found, Headings, Mapping};
use crate::documents::register_rows::{Entry, entry};
use crate::documents::table::{self, Row, Trouble};
use crate::domain::vocabulary::AgencyCode;
use crate::flow::desk::Desk;
use crate::flow::import::{foresee, take};
use crate::flow::{Act, Fault};
use crate::storage::{Db, Tx, register_rows};

/// Largest register, in bytes.
const MAX_REGISTER: usize = 64 << 20;
/// How many errors are told one by one.
const MOST_ERRORS: usize = 1_000;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(import_register_file);
}

/// What became, or would become, of a register.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RegisterReport {
    /// Whether the accepted rows were stored.
    pub applied: bool,
    /// Rows taken in, or that would be.
    pub accepted: usize,
    /// Rows taken in before, and passed over.
    pub known: usize,
    /// Rows refused.
    pub rejected: usize,
    /// Row by row what is amiss, and where; the first 1,000.
    pub errors: Vec<RowError>,
    /// How many more there are.
    pub further_errors: usize,
}

/// What is amiss with a cell or a row.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowError {
    /// As spreadsheets number it; 0 is the whole file.
    pub row: u32,
    /// Letters of the column; empty for the whole row.
    pub column: String,
    /// The cell as spreadsheets name it, e.g. `F12`; null for the whole row.
    pub cell: Option<String>,
    /// The rule, by name.
    pub code: String,
    /// The rule in a sentence.
    pub detail: String,
}

impl RegisterReport {
    /// Whether something is amiss.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// Reads the file that says which column is what.
///
/// # Errors
/// What is wrong with it, in English.
pub fn read_mapping(json: &[u8]) -> Result<Mapping, String> {
    let told = |problem: Problem| {
        let place = |error: &super::problem::FieldError| {
            format!("{} {}: {}", error.pointer, error.code, error.hint.as_deref().unwrap_or_default())
        };
        problem.errors().first().map_or_else(|| problem.text().en.to_owned(), place)
    };
    let mapping: Mapping = parse(json).map_err(|problem| format!("mapping: {}", told(problem)))?;
    mapping.check().map_err(|cause| format!("mapping: {cause}"))?;
    Ok(mapping)
}

/// Takes in an office's own register, an `.xlsx` workbook or CSV; `mapping` says which column is what (docs/REGISTER.md).
/// By default nothing is stored and the report says what would be; with `apply=true` the rows that are right are taken in and
/// the others told with their row and column. Rows taken in before are passed over, so the same file may be sent again.
#[utoipa::path(tag = "imports", params(
    ("mapping" = String, Query, description = "The mapping, as JSON"),
    ("apply" = Option<bool>, Query, description = "false when left out")),
    request_body(content = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "The workbook, or text/csv; at most 64 MiB"), responses(
    (status = 200, description = "What was or would be done, and what is amiss row by row; also when all rows are refused", body = RegisterReport),
    (status = 400, description = "A parameter, or the mapping, cannot be read", body = ProblemBody),
    (status = 403, description = "Not an administrator", body = ProblemBody),
    (status = 413, description = "Larger than 64 MiB", body = ProblemBody)))]
#[post("/v1/imports/register")]
async fn import_register_file(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["mapping", "apply"])?;
    let apply = query.parsed("apply")?.unwrap_or(false);
    let mapping = read_mapping(query.required("mapping")?.as_bytes())
        .map_err(|cause| Problem::at("invalid_parameter", "?mapping").hint(cause))?;
    let english = call.prefers_english();
    let bytes = gather(call.stream()?, MAX_REGISTER).await?.ok_or_else(|| Problem::new("payload_too_large"))?;
    let (actor, state) = (call.actor.clone(), call.state.clone());
    let report = apart(move || {
        let act = Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient };
        import_register(&state.db, act, &mapping, &bytes, apply, english)
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

/// Goes through a register, and takes its rows in when `apply` says so. Rows that were taken in before are passed over: a run
/// that was cut short, or a file that has grown or been mended, is simply run again.
///
/// # Errors
/// [`Fault::Storage`]; what was taken in until then stays.
pub fn import_register(
    db: &Db,
    act: Act<'_>,
    mapping: &Mapping,
    bytes: &[u8],
    apply: bool,
    english: bool,
) -> Result<RegisterReport, Fault> {
    let report = RegisterReport { applied: apply, ..RegisterReport::default() };
    let reached = Reached::Headings(Headings::of(mapping));
    let mut run = Run { db, act, mapping, english, reached, batch: Vec::new(), seen: HashSet::new(), report };
    let mut failed = None;
    let read = table::each_row(bytes, &mut |row| match run.enter(&row) {
        Ok(goes_on) => goes_on,
        Err(fault) => {
            failed = Some(fault);
            false
        }
    });
    if let Some(fault) = failed {
        return Err(fault);
    }
    run.store()?;
    run.end(read.err());
    Ok(run.report)
}

/// How far a run is.
enum Reached<'a> {
    /// The headings are looked for.
    Headings(Headings<'a>),
    /// The rows are.
    Rows(Columns),
    /// A heading stands there twice, so nothing is read.
    Broken,
}

struct Run<'a> {
    db: &'a Db,
    act: Act<'a>,
    mapping: &'a Mapping,
    english: bool,
    reached: Reached<'a>,
    batch: Vec<Entry>,
    /// What the rows of this file were known by, and their codes, hashed.
    seen: HashSet<[u8; 16]>,
    report: RegisterReport,
}

impl Run<'_> {
    fn tell(&mut self, Trouble { row, column, code }: Trouble, more: &str) {
        let text = texts::of(code);
        let detail = format!("{}{more}", if self.english { text.en } else { text.vi });
        let cell = (!column.is_empty()).then(|| format!("{column}{row}"));
        if self.report.errors.len() < MOST_ERRORS {
            self.report.errors.push(RowError { row, column, cell, code: code.to_owned(), detail });
        } else {
            self.report.further_errors += 1;
        }
    }

    fn refuse(&mut self, troubles: Vec<Trouble>) {
        self.report.rejected += 1;
        troubles.into_iter().for_each(|trouble| self.tell(trouble, ""));
    }

    /// Takes the next row; answers whether more are wanted.
    fn enter(&mut self, row: &Row) -> Result<bool, Fault> {
        if self.mapping.last_row.is_some_and(|last| row.number > last) {
            return Ok(false);
        }
        match &mut self.reached {
            Reached::Headings(headings) => match headings.look_at(row) {
                Ok(Found::NotYet) => {}
                Ok(Found::Here(columns)) => self.reached = Reached::Rows(columns),
                Ok(Found::Nowhere) => return Ok(false),
                Err(trouble) => {
                    self.reached = Reached::Broken;
                    self.tell(trouble, "");
                    return Ok(false);
                }
            },
            Reached::Rows(columns) => {
                let columns = columns.clone();
                self.enter_below(&columns, row)?;
            }
            Reached::Broken => return Ok(false),
        }
        Ok(true)
    }

    fn enter_below(&mut self, columns: &Columns, row: &Row) -> Result<(), Fault> {
        if let Some(column) = columns.named_again(self.mapping, row) {
            self.refuse(vec![row.trouble(column, "second_heading_row")]);
            return Ok(());
        }
        let stamp = |at| super::dossier_view::stamp(self.act.ambient, at);
        match entry(self.mapping, columns, row, &stamp) {
            Ok(None) => {}
            Ok(Some(entry)) if !self.is_new("key", &entry.key) => {
                let column = entry.key_column(columns);
                self.refuse(vec![Trouble { row: row.number, column, code: "repeated" }]);
            }
            Ok(Some(entry)) if entry.code().is_some_and(|code| !self.is_new("code", code)) => {
                let column = entry.place(columns, "/code");
                self.refuse(vec![Trouble { row: row.number, column, code: "repeated" }]);
            }
            Ok(Some(entry)) => self.batch.push(entry),
            Err(troubles) => self.refuse(troubles),
        }
        if self.batch.len() >= BATCH { self.store() } else { Ok(()) }
    }

    /// Whether no row before said the same.
    fn is_new(&mut self, what: &str, text: &str) -> bool {
        let hash = Sha256::new().chain_update(what).chain_update("\0").chain_update(text).finalize();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        self.seen.insert(short)
    }

    /// Stores what was gathered, or asks whether it could be.
    fn store(&mut self) -> Result<(), Fault> {
        let entries = std::mem::take(&mut self.batch);
        if entries.is_empty() {
            return Ok(());
        }
        let (act, mapping, apply) = (self.act, self.mapping, self.report.applied);
        let stored = self.db.write(|tx| store(tx, act, mapping, apply, &entries))?;
        self.report.known += stored.known;
        self.report.accepted += stored.accepted;
        for (place, problem) in stored.refused {
            let field = problem.errors().first();
            let (code, pointer) = field.map_or((problem.code(), ""), |field| (field.code, &field.pointer));
            let column = match &self.reached {
                Reached::Rows(columns) => entries[place].place(columns, pointer),
                Reached::Headings(_) | Reached::Broken => String::new(),
            };
            self.refuse(vec![Trouble { row: entries[place].row, column, code }]);
        }
        Ok(())
    }

    /// Tells what is amiss with the whole file, and puts what was told into the order of the rows.
    fn end(&mut self, unreadable: Option<Trouble>) {
        if let Some(trouble) = unreadable {
            self.tell(trouble, "");
        } else if let Reached::Headings(headings) = std::mem::replace(&mut self.reached, Reached::Broken) {
            let (row, missing) = headings.missing();
            let trouble = Trouble { row, column: String::new(), code: "heading_missing" };
            missing.iter().for_each(|heading| self.tell(trouble.clone(), &format!(" {heading}")));
            if missing.is_empty() {
                self.tell(trouble, "");
            }
        }
        self.report.errors.sort_by_key(|error| error.row);
    }
}

/// What became of a batch.
#[derive(Default)]
struct Stored {
    accepted: usize,
    known: usize,
    refused: Vec<(usize, Problem)>,
}

fn store(tx: &mut Tx, act: Act<'_>, mapping: &Mapping, apply: bool, entries: &[Entry]) -> Result<Stored, Fault> {
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let known = register_rows::known(tx, &mapping.register, &keys)?;
    let mut stored = Stored::default();
    let (mut places, mut histories) = (Vec::new(), Vec::new());
    for (place, entry) in entries.iter().enumerate() {
        if known.contains(&place) && is_own(tx, act, entry)? {
            stored.known += 1;
            continue;
        }
        match history(act.ambient, entry.line.to_string().as_bytes()) {
            Ok(history) => {
                places.push(place);
                histories.push(history);
            }
            Err(problem) => stored.refused.push((place, problem)),
        }
    }
    let mut desk = Desk::new(tx)?;
    let mut taken = Vec::new();
    let answers: Vec<Result<(), Fault>> = if apply {
        let answers = take(tx, act, &mut desk, &histories)?.into_iter().zip(&places);
        answers.map(|(answer, place)| answer.map(|code| taken.push((entries[*place].key.as_str(), code)))).collect()
    } else {
        foresee(tx, act, &mut desk, &histories)?
    };
    for (answer, place) in answers.into_iter().zip(places) {
        match answer {
            Ok(()) => stored.accepted += 1,
            Err(fault) => stored.refused.push((place, fault.into())),
        }
    }
    register_rows::insert_all(tx, &mapping.register, taken)?;
    stored.refused.sort_by_key(|(place, _)| *place);
    Ok(stored)
}

/// Whether a row is of an agency in reach: what others have taken in is not the actor's to know.
fn is_own(tx: &mut Tx, act: Act<'_>, entry: &Entry) -> Result<bool, Fault> {
    let agency: Option<AgencyCode> = entry.line["agency"].as_str().and_then(|code| code.parse().ok());
    match (&act.actor.agency, agency) {
        (None, _) => Ok(true),
        (Some(_), Some(agency)) => Ok(act.actor.sides(tx, &agency, &agency)?.resolving),
        (Some(_), None) => Ok(false),
    }
}
