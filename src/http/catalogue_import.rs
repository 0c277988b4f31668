//! The catalogue as a sheet, in and out: an import says row by row what it would do, and does it when it is told to.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Anyone, Call, Govern, blocking};
use super::idempotency::Reply;
use super::input::{Checker, Query, gather, parse};
use super::problem::{FieldError, Problem, ProblemBody};
use super::procedure_body::{ProcedureBody, view};
use super::reports::{file, unwritten, workbook};
use super::texts;
use crate::documents::procedure_sheet::{self, Line, Sheet, heading_of};
use crate::documents::table::Trouble;
use crate::domain::procedure::Procedure;
use crate::flow::take_catalogue::{Effect, foresee, take_over};
use crate::flow::{Act, Fault};
use crate::storage::{Reader, Tx, procedures};

/// Largest sheet, in bytes.
pub const MAX_SHEET: usize = 10 << 20;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(import_procedures).service(export_workbook).service(export_csv);
}

/// What became, or would become, of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SheetReport {
    /// Whether anything was stored.
    pub applied: bool,
    /// Procedures that are new.
    pub added: usize,
    /// Procedures that get another version.
    pub revised: usize,
    /// Procedures that say what is there.
    pub unchanged: usize,
    /// Rows refused.
    pub refused: usize,
    /// What is amiss with the headings, with merged cells, formulas and whole rows.
    pub errors: Vec<CellError>,
    /// Row by row.
    pub rows: Vec<RowReport>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowReport {
    /// As spreadsheets number it.
    pub row: u32,
    /// The procedure, where it could be read.
    pub code: Option<String>,
    /// added, revised, unchanged or refused.
    pub effect: &'static str,
    /// What is amiss.
    pub errors: Vec<CellError>,
}

/// What is amiss with a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CellError {
    /// As spreadsheets number it.
    pub row: u32,
    /// Letters of the column; empty for the whole row.
    pub column: String,
    /// The column's heading.
    pub heading: Option<&'static str>,
    /// The rule, by name.
    pub code: &'static str,
    /// The rule in a sentence.
    pub detail: &'static str,
}

impl SheetReport {
    /// Whether something is amiss, so that nothing may be stored.
    pub fn has_errors(&self) -> bool {
        self.refused > 0 || !self.errors.is_empty()
    }

    fn errors(&self) -> impl Iterator<Item = &CellError> {
        self.errors.iter().chain(self.rows.iter().flat_map(|row| &row.errors))
    }
}

/// A row as it was read: what is to be taken over, or what is amiss.
type ReadRow = (u32, Option<String>, Result<Procedure, Vec<CellError>>);

/// A sheet that was read, before anything was looked up.
#[derive(Debug)]
pub struct ReadSheet {
    rows: Vec<ReadRow>,
    errors: Vec<CellError>,
    sheet: Sheet,
}

fn cell_error(sheet: &Sheet, row: u32, column: String, code: &'static str, english: bool) -> CellError {
    let text = texts::of(code);
    let detail = if english { text.en } else { text.vi };
    CellError { row, heading: heading_of(sheet, &column), column, code, detail }
}

/// Reads a sheet into procedures; nothing is looked up yet.
///
/// # Errors
/// The problem with the file as a whole.
pub fn read_sheet(bytes: &[u8], english: bool) -> Result<ReadSheet, Problem> {
    let mut sheet = procedure_sheet::read(bytes).map_err(|trouble| Problem::new(trouble.code))?;
    let lines = std::mem::take(&mut sheet.lines);
    let told = |trouble: &Trouble| cell_error(&sheet, trouble.row, trouble.column.clone(), trouble.code, english);
    let errors = sheet.troubles.iter().map(told).collect();
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for line in lines {
        let code = line.body["code"].as_str().map(str::to_owned);
        let mut read = checked(&sheet, &line, english);
        if code.as_ref().is_some_and(|code| !seen.insert(code.clone())) {
            let repeated = cell_error(&sheet, line.row, sheet.column_of("/code"), "repeated", english);
            read = Err(read.err().unwrap_or_default().into_iter().chain([repeated]).collect());
        }
        rows.push((line.row, code, read));
    }
    Ok(ReadSheet { rows, errors, sheet })
}

/// A line by the same rules as the body of a request; pointers become columns.
fn checked(sheet: &Sheet, line: &Line, english: bool) -> Result<Procedure, Vec<CellError>> {
    if !line.troubles.is_empty() {
        let told = |trouble: &Trouble| cell_error(sheet, trouble.row, trouble.column.clone(), trouble.code, english);
        return Err(line.troubles.iter().map(told).collect());
    }
    let refused = |problem: Problem| -> Vec<CellError> {
        let told =
            |error: &FieldError| cell_error(sheet, line.row, sheet.column_of(&error.pointer), error.code, english);
        problem.errors().iter().map(told).collect()
    };
    let body: ProcedureBody = parse(line.body.to_string().as_bytes()).map_err(refused)?;
    let code = body.code.clone().ok_or_else(|| refused(Problem::at("missing_member", "/code")))?;
    let mut checker = Checker::default();
    let procedure = body.checked(code, "", &mut checker);
    checker.finish().map_err(refused)?;
    Ok(procedure)
}

impl ReadSheet {
    /// What taking the sheet over does, by asking `effect` of each procedure.
    fn report(
        &self,
        english: bool,
        mut effect: impl FnMut(&Procedure) -> Result<Effect, Fault>,
    ) -> Result<SheetReport, Fault> {
        let mut report = SheetReport { errors: self.errors.clone(), ..SheetReport::default() };
        for (row, code, read) in &self.rows {
            let (word, errors) = match read.as_ref().map(&mut effect) {
                Ok(Ok(Effect::Added)) => ("added", Vec::new()),
                Ok(Ok(Effect::Revised)) => ("revised", Vec::new()),
                Ok(Ok(Effect::Unchanged)) => ("unchanged", Vec::new()),
                Ok(Err(Fault::Unknown { pointer, .. })) => {
                    let column = self.sheet.column_of(pointer);
                    ("refused", vec![cell_error(&self.sheet, *row, column, "unknown_reference", english)])
                }
                Ok(Err(other)) => return Err(other),
                Err(errors) => ("refused", errors.clone()),
            };
            match word {
                "added" => report.added += 1,
                "revised" => report.revised += 1,
                "unchanged" => report.unchanged += 1,
                _ => report.refused += 1,
            }
            report.rows.push(RowReport { row: *row, code: code.clone(), effect: word, errors });
        }
        Ok(report)
    }

    /// What taking the sheet over would do.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub fn foresee(&self, reader: &mut Reader, english: bool) -> Result<SheetReport, Fault> {
        self.report(english, |procedure| foresee(reader, procedure))
    }

    /// Takes the sheet over, if nothing at all is amiss with it; else the report says what is, and nothing is stored.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn take_over(&self, tx: &mut Tx, act: Act<'_>, english: bool) -> Result<SheetReport, Fault> {
        let foreseen = self.foresee(tx, english)?;
        if foreseen.has_errors() {
            return Ok(foreseen);
        }
        let report = self.report(english, |procedure| take_over(tx, act, procedure))?;
        Ok(SheetReport { applied: true, ..report })
    }
}

/// Takes a catalogue over from an `.xlsx` workbook or CSV as `GET /v1/procedures.xlsx` writes them: columns in any order, under
/// their Vietnamese headings or the API's names. By default (`dry_run=true`) nothing is stored and the report says row by row
/// what would be; with `dry_run=false` all rows are, or none.
#[utoipa::path(tag = "catalogue", params(("dry_run" = Option<bool>, Query, description = "true when left out")),
    request_body(content = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", description = "The workbook, or text/csv; at most 10 MiB"), responses(
    (status = 200, description = "What was or would be done, row by row", body = SheetReport), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "Not an administrator", body = ProblemBody), (status = 409, description = "The same key is being worked on", body = ProblemBody),
    (status = 413, description = "Larger than 10 MiB", body = ProblemBody),
    (status = 422, description = "No sheet; or with dry_run=false a row was refused (errors: pointer /row/column) and nothing was stored", body = ProblemBody)))]
#[post("/v1/procedures/import")]
async fn import_procedures(mut call: Call<Govern>) -> Result<HttpResponse, Problem> {
    let dry_run = Query::of(&call.req, &["dry_run"])?.parsed("dry_run")?.unwrap_or(true);
    let english = call.prefers_english();
    let bytes = gather(call.stream()?, MAX_SHEET).await?.ok_or_else(|| Problem::new("payload_too_large"))?;
    let (copy, refused) = (bytes.clone(), Arc::new(Mutex::new(None)));
    let read = actix_web::web::block(crate::trace::carried(move || read_sheet(&copy, english))).await;
    let sheet = read.map_err(|_| Problem::new("unavailable"))??;
    if dry_run {
        let report = call.read(move |reader, _| sheet.foresee(reader, english)).await?;
        return Ok(HttpResponse::Ok().json(report));
    }
    let told = Arc::clone(&refused);
    let answer = call
        .post(&bytes, move |tx, act| {
            let report = sheet.take_over(tx, act, english)?;
            if report.applied {
                return Reply::plain(&report);
            }
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
            Err(Fault::Invalid { pointer: "", code: "import_rejected" })
        })
        .await;
    answer.map_err(|problem| {
        let report = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        report.map_or(problem, |report| rejected(&report))
    })
}

fn rejected(report: &SheetReport) -> Problem {
    let errors = report.errors().map(|error| FieldError {
        pointer: format!("/{}/{}", error.row, error.column),
        code: error.code,
        hint: error.heading.map(str::to_owned),
    });
    Problem::fields_under("import_rejected", errors.collect())
}

/// The catalogue that goes out: each procedure in its newest version, but for those that are abolished.
///
/// # Errors
/// [`Fault::Storage`].
pub fn catalogue(reader: &mut Reader, today: NaiveDate) -> Result<Vec<Value>, Fault> {
    let versions = procedures::all_versions(reader)?;
    let newest = versions.chunk_by(|one, other| one.code == other.code).filter_map(<[Procedure]>::last);
    let standing = newest.filter(|newest| newest.valid_to.is_none_or(|last_day| last_day >= today));
    Ok(standing.map(|procedure| json!(view(procedure))).collect())
}

async fn gone_out(call: &Call<Anyone>) -> Result<Vec<Value>, Problem> {
    let today = call.state.ambient.now().date();
    call.read(move |reader, _| catalogue(reader, today)).await
}

/// The catalogue as a workbook: every procedure that is not abolished, in its newest version.
#[utoipa::path(tag = "catalogue", responses(
    (status = 200, description = "The workbook", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>)))]
#[get("/v1/procedures.xlsx")]
async fn export_workbook(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let (procedures, made_at) = (gone_out(&call).await?, call.state.ambient.zoned(call.state.ambient.now()));
    let written = blocking(move || procedure_sheet::xlsx(&procedures, made_at).map_err(unwritten));
    Ok(workbook(written.await?, "danh-muc-thu-tuc.xlsx"))
}

/// The same as CSV.
#[utoipa::path(tag = "catalogue", responses((status = 200, description = "CSV with a line of headings", content_type = "text/csv", body = String)))]
#[get("/v1/procedures.csv")]
async fn export_csv(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let procedures = gone_out(&call).await?;
    Ok(file("text/csv; charset=utf-8", "danh-muc-thu-tuc.csv", procedure_sheet::csv(&procedures).into_bytes()))
}
