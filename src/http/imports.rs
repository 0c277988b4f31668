//! Import of histories as NDJSON, streamed: one dossier with its moves a line.

use std::io::{BufRead, BufReader, Seek, Write};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpResponse, post};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Administer, Call, apart};
use super::dossier_body::{DossierBody, TransitionBody};
use super::idempotency::Reply;
use super::input::{Checker, Query, parse};
use super::problem::{FieldError, Problem, ProblemBody};
use super::texts;
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::transition::Move;
use crate::flow::desk::Desk;
use crate::flow::import::{History, take};
use crate::flow::transition::Target;
use crate::flow::{Act, Fault};
use crate::storage::{Db, StorageError, Tx};

/// How many lines one transaction takes, unless all go into one.
pub(in crate::http) const BATCH: usize = 1_000;
/// Longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(import);
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Lines taken in.
    pub accepted: usize,
    /// Lines refused.
    pub rejected: usize,
    /// Every refused line.
    pub errors: Vec<LineError>,
}

/// A refused line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineError {
    /// Its number, from 1.
    pub line: usize,
    /// The rule, by name.
    pub code: String,
    /// What is wrong, and where.
    pub detail: String,
}

impl Report {
    fn add(&mut self, batch: Self) {
        self.accepted += batch.accepted;
        self.rejected += batch.rejected;
        self.errors.extend(batch.errors);
    }

    fn refuse(&mut self, line: usize, problem: &Problem) {
        self.rejected += 1;
        let field = problem.errors().first();
        let code = field.map_or(problem.code(), |field| field.code);
        let pointer = field.map(|field| format!(": {}", field.pointer)).unwrap_or_default();
        self.errors.push(LineError { line, code: code.to_owned(), detail: format!("{}{pointer}", texts::of(code).vi) });
    }
}

/// A line as a history.
///
/// # Errors
/// What is wrong with it, by its members.
pub(in crate::http) fn history(ambient: &Ambient, line: &[u8]) -> Result<History, Problem> {
    let mut members: serde_json::Map<String, Value> = parse(line)?;
    let code = members.remove("code").filter(|code| !code.is_null());
    let events = members.remove("events").unwrap_or_else(|| Value::Array(Vec::new()));
    let body: DossierBody = parse(Value::Object(members).to_string().as_bytes())?;
    // Imported histories carry no money: their payments were entered elsewhere.
    if body.fees.is_some() || body.payment.is_some() {
        return Err(Problem::at("unknown_member", "/fees"));
    }
    let mut checker = Checker::default();
    let dossier = body.checked(ambient, &mut checker);
    let code: Option<DossierCode> = match code.as_ref().map(|code| code.as_str().and_then(|text| text.parse().ok())) {
        None => None,
        Some(Some(code)) => Some(code),
        Some(None) => return Err(Problem::at("invalid_value", "/code")),
    };
    let Value::Array(events) = events else { return Err(Problem::at("invalid_value", "/events")) };
    let mut moves = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let at_fault = |member: &str| format!("/events/{index}{member}");
        let body: TransitionBody = parse(event.to_string().as_bytes()).map_err(|problem| {
            let inner = problem.errors().first();
            let pointer = inner.map_or_else(String::new, |inner| inner.pointer.clone());
            Problem::at(inner.map_or("invalid_value", |inner| inner.code), at_fault(&pointer))
        })?;
        if body.fees.is_some() {
            return Err(Problem::at("unknown_member", at_fault("/fees")));
        }
        let wish = body.checked(ambient, &mut checker);
        let Target::Status(to) = wish.to else { return Err(Problem::at("invalid_value", at_fault("/to"))) };
        let at = wish.at.ok_or_else(|| Problem::at("missing_member", at_fault("/at")))?;
        moves.push(Move { to, at, reason: wish.reason, outcome: wish.outcome });
    }
    checker.finish()?;
    Ok(History { dossier, code, moves })
}

/// Reads lines and hands them on in batches, each with its number; blank ones are passed over.
fn batches(
    source: &mut dyn BufRead,
    size: usize,
    mut each: impl FnMut(Vec<(usize, Vec<u8>)>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let unreadable = |cause: std::io::Error| Fault::Storage(StorageError::corrupt("import", cause));
    let (mut number, mut batch) = (0, Vec::new());
    loop {
        let mut line = Vec::new();
        let read = std::io::Read::take(&mut *source, MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            return if batch.is_empty() { Ok(()) } else { each(batch) };
        }
        number += 1;
        if !line.trim_ascii().is_empty() {
            batch.push((number, line));
        }
        if batch.len() >= size {
            each(std::mem::take(&mut batch))?;
        }
    }
}

fn take_lines(tx: &mut Tx, act: Act<'_>, lines: &[(usize, Vec<u8>)], report: &mut Report) -> Result<(), Fault> {
    let mut desk = Desk::new(tx)?;
    let (mut numbers, mut histories) = (Vec::new(), Vec::new());
    let mut refused = Vec::new();
    for (number, line) in lines {
        match history(act.ambient, line) {
            Ok(history) => {
                numbers.push(*number);
                histories.push(history);
            }
            Err(problem) => refused.push((*number, problem)),
        }
    }
    for (number, answer) in numbers.into_iter().zip(take(tx, act, &mut desk, &histories)?) {
        match answer {
            Ok(_) => report.accepted += 1,
            Err(fault) => refused.push((number, fault.into())),
        }
    }
    refused.sort_by_key(|(number, _)| *number);
    refused.iter().for_each(|(number, problem)| report.refuse(*number, problem));
    Ok(())
}

/// Imports line by line: what fails is reported and left out.
///
/// # Errors
/// [`Fault::Storage`].
pub fn import_lines(db: &Db, act: Act<'_>, source: &mut dyn BufRead) -> Result<Report, Fault> {
    let mut report = Report::default();
    batches(source, BATCH, |lines| {
        report.add(db.write(|tx| {
            let mut batch = Report::default();
            take_lines(tx, act, &lines, &mut batch)?;
            Ok::<_, Fault>(batch)
        })?);
        Ok(())
    })?;
    Ok(report)
}

/// Imports all lines or none in an open transaction.
fn import_whole(tx: &mut Tx, act: Act<'_>, source: &mut dyn BufRead) -> Result<Report, Fault> {
    let mut report = Report::default();
    batches(source, BATCH, |lines| take_lines(tx, act, &lines, &mut report))?;
    Ok(report)
}

/// Imports dossiers with their histories, one JSON object a line.
#[utoipa::path(tag = "imports", params(("atomic" = Option<bool>, Query, description = "All lines or none")),
    request_body(content = String, content_type = "application/x-ndjson"), responses(
    (status = 200, description = "accepted, rejected, errors; also when lines failed", body = Report),
    (status = 403, description = "Not an administrator", body = ProblemBody), (status = 415, description = "Not NDJSON", body = ProblemBody),
    (status = 422, description = "With atomic: a line was refused, nothing was imported", body = ProblemBody)))]
#[post("/v1/imports")]
async fn import(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let atomic = Query::of(&call.req, &["atomic"])?.parsed("atomic")?.unwrap_or(false);
    let kind = actix_web::HttpMessage::content_type(&call.req).to_owned();
    if !matches!(kind.as_str(), "" | "application/x-ndjson" | "application/ndjson" | "application/json" | "text/plain")
    {
        return Err(Problem::new("unsupported_media_type"));
    }
    let (file, digest) = spooled(&mut call).await?;
    if atomic {
        return import_atomically(&call, file, &digest).await;
    }
    let (actor, state) = (call.actor.clone(), call.state.clone());
    let report = apart(move || {
        let act = Act { actor: &actor, now: state.ambient.now(), ambient: &state.ambient };
        import_lines(&state.db, act, &mut BufReader::new(file))
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

/// The body in a temporary file, with its hash: memory stays flat however many rows come.
async fn spooled(call: &mut Call<Administer>) -> Result<(std::fs::File, Vec<u8>), Problem> {
    let unwritable = |cause: std::io::Error| {
        tracing::error!(%cause, "import not spooled");
        Problem::new("unavailable")
    };
    let mut stream = call.stream()?;
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    let mut hash = Sha256::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        hash.update(&chunk);
        file.write_all(&chunk).map_err(unwritable)?;
    }
    file.rewind().map_err(unwritable)?;
    Ok((file, hash.finalize().to_vec()))
}

async fn import_atomically(
    call: &Call<Administer>,
    mut file: std::fs::File,
    digest: &[u8],
) -> Result<HttpResponse, Problem> {
    let refused: Arc<Mutex<Report>> = Arc::default();
    let told = Arc::clone(&refused);
    let answer = call
        .post(digest, move |tx, act| {
            file.rewind().map_err(|cause| StorageError::corrupt("import", cause))?;
            let report = import_whole(tx, act, &mut BufReader::new(&file))?;
            if report.rejected == 0 {
                return Reply::plain(&report);
            }
            *told.lock().unwrap_or_else(PoisonError::into_inner) = report;
            Err(Fault::Invalid { pointer: "", code: "import_rejected" })
        })
        .await;
    answer.map_err(|problem| {
        if problem.code() != "import_rejected" {
            return problem;
        }
        let report = refused.lock().unwrap_or_else(PoisonError::into_inner);
        let errors = report.errors.iter().map(|error| FieldError {
            pointer: format!("/{}", error.line),
            code: texts::of(&error.code).code,
            hint: Some(error.detail.clone()),
        });
        Problem::fields_under("import_rejected", errors.collect())
    })
}
