//! A citizen's own dossiers: listed and followed, in the words of the public look-up, without a word of what is the office's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{blocking, read};
use super::citizen::CitizenCall;
use super::dossier_view::stamp;
use super::fields::Fields;
use super::files::content;
use super::input::{PageWish, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::look_up::{Completion, Progress, Step, steps};
use crate::domain::vocabulary::{Channel, FileKind, Status};
use crate::flow::Fault;
use crate::flow::files::note_read;
use crate::storage::dossier_row::Record;
use crate::storage::files::{self, FileRecord};
use crate::storage::letters::{self, LetterRecord};
use crate::storage::{Reader, agencies, journal, my_dossiers, procedures};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_my_dossiers).service(get_my_dossier).service(get_my_file_content);
}

/// A dossier as its applicant sees it, or who handed it in for them.
#[derive(Debug, Serialize, ToSchema)]
struct MyDossierView {
    /// Its code.
    #[schema(example = "H16.18-230427-0001")]
    code: String,
    /// Code of the procedure.
    procedure: String,
    /// What the procedure is called.
    procedure_name: Option<String>,
    /// The agency that resolves it.
    agency: String,
    /// What that agency is called.
    agency_name: Option<String>,
    /// How it came in.
    channel: Channel,
    /// When it was handed in.
    filed_at: String,
    /// When it was accepted.
    received_at: Option<String>,
    /// How far it has come. `finished` says that the office is done, whatever came of it.
    #[schema(value_type = String, pattern = "^(received|in_progress|waiting_for_applicant|finished|returned)$")]
    completion: Completion,
    /// What is waited for: supplement or payment.
    waiting_for: Option<&'static str>,
    /// The day on which the result is promised now; null where none is.
    due_on: Option<NaiveDate>,
    /// When the result was handed over.
    returned_at: Option<String>,
    /// The letter of apology, once it is out.
    letter: Option<MyLetterView>,
    /// How far it had come, and since when, oldest first; only where one dossier is read by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepView>>,
    /// Files of the result, once it was handed over; only where one dossier is read by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<MyFileView>>,
}

/// A letter of apology that is out.
#[derive(Debug, Serialize, ToSchema)]
struct MyLetterView {
    /// Its number and notation.
    #[schema(example = "12/PXL-SLĐTBXH")]
    number: String,
    /// Its date.
    promulgated_on: NaiveDate,
    /// Why the dossier is late.
    reason: Option<String>,
    /// When the result is promised now.
    new_return_at: Option<String>,
}

/// A file of the result.
#[derive(Debug, Serialize, ToSchema)]
struct MyFileView {
    /// Opaque identifier.
    id: String,
    /// Its name.
    name: String,
    /// Media type.
    content_type: String,
    /// In bytes.
    size: u64,
}

/// How far it had come.
#[derive(Debug, Serialize, ToSchema)]
struct StepView {
    /// Since when.
    at: String,
    /// How far.
    #[schema(value_type = String, pattern = "^(received|in_progress|waiting_for_applicant|finished|returned)$")]
    completion: Completion,
}

/// What things are called, of the page that is shown.
#[derive(Default)]
struct Names {
    agencies: HashMap<String, Option<String>>,
    procedures: HashMap<(String, i64), Option<String>>,
}

impl Names {
    fn learn(&mut self, reader: &mut Reader, record: &Record) -> Result<(), Fault> {
        if let Entry::Vacant(unknown) = self.agencies.entry(record.agency.to_string()) {
            let found = agencies::find(reader, &record.agency)?;
            unknown.insert(found.map(|agency| agency.name));
        }
        let procedure = (record.procedure.to_string(), record.procedure_version);
        if let Entry::Vacant(unknown) = self.procedures.entry(procedure) {
            let found = procedures::version(reader, &record.procedure, record.procedure_version)?;
            unknown.insert(found.map(|procedure| procedure.name));
        }
        Ok(())
    }
}

/// Shows a record; `None` for a void one, which is nobody's.
fn view(ambient: &Ambient, record: &Record, letter: Option<&LetterRecord>, names: &Names) -> Option<MyDossierView> {
    let Progress { completion, due_on } = Progress::of(&record.standing)?;
    let at = |at| stamp(ambient, at);
    let waiting_for = match record.standing.status {
        Status::SupplementRequired => Some("supplement"),
        Status::PaymentRequired => Some("payment"),
        _ => None,
    };
    let letter = letter.map(|record| &record.letter).filter(|letter| letter.status.is_out());
    let letter = letter.and_then(|letter| {
        let promulgation = letter.promulgation.as_ref()?;
        Some(MyLetterView {
            number: format!("{}/{}", promulgation.number, promulgation.notation),
            promulgated_on: promulgation.on,
            reason: letter.reason.clone(),
            new_return_at: letter.new_return_at.map(at),
        })
    });
    let procedure = record.procedure.to_string();
    Some(MyDossierView {
        code: record.code.to_string(),
        procedure_name: names.procedures.get(&(procedure.clone(), record.procedure_version)).cloned().flatten(),
        procedure,
        agency: record.agency.to_string(),
        agency_name: names.agencies.get(record.agency.as_str()).cloned().flatten(),
        channel: record.channel,
        filed_at: at(record.standing.filed_at),
        received_at: record.standing.received_at.map(at),
        completion,
        waiting_for,
        due_on,
        returned_at: record.standing.returned_at.map(at),
        letter,
        steps: None,
        files: None,
    })
}

/// The dossiers of the citizen who is signed in through the OpenID provider: those they applied for and those they handed in
/// for somebody, filed last first.
#[utoipa::path(tag = "my dossiers", params(
    ("fields" = Option<String>, Query, description = "Only these members of each item, with commas between"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "Not a citizen", body = ProblemBody), (status = 503, description = "Busy, or the provider gives no answer", body = ProblemBody)))]
#[get("/v1/my/dossiers")]
async fn list_my_dossiers(call: CitizenCall) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["fields", "limit", "cursor"])?;
    let (page, fields) = (query.page(2)?, Fields::of::<MyDossierView>(&query)?);
    page.after_instant()?;
    let (number, wish) = (call.citizen.identity_no.clone(), page.clone());
    let (mut records, about, names) = read(&call.state, move |reader| {
        let after = wish.after_instant().ok().flatten();
        let records = my_dossiers::page(reader, &number, after, wish.fetch())?;
        let codes: Vec<String> = records.iter().map(|record| record.code.to_string()).collect();
        let about = letters::about_deadlines(reader, &codes)?;
        let mut names = Names::default();
        for record in &records {
            names.learn(reader, record)?;
        }
        Ok((records, about, names))
    })
    .await?;
    let next_cursor = page.cut(&mut records, |last| PageWish::key(last.standing.filed_at, last.code.to_string()));
    let shown = |record: &Record| {
        let letter = about.iter().find(|letter| letter.dossier == record.code);
        view(&call.state.ambient, record, letter, &names)
    };
    let items: Vec<MyDossierView> = records.iter().filter_map(shown).collect();
    Ok(HttpResponse::Ok().json(Page { items: fields.pick_each(&items)?, next_cursor }))
}

/// One of the citizen's dossiers, with the way it has come.
#[utoipa::path(tag = "my dossiers", params(("code" = String, Path),
    ("fields" = Option<String>, Query, description = "Only these members, with commas between")), responses(
    (status = 200, description = "The dossier", body = MyDossierView), (status = 304, description = "Not changed"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 403, description = "Not a citizen", body = ProblemBody),
    (status = 404, description = "Not there, or somebody else's", body = ProblemBody), (status = 503, description = "Busy, or the provider gives no answer", body = ProblemBody)))]
#[get("/v1/my/dossiers/{code}")]
async fn get_my_dossier(call: CitizenCall) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let fields = Fields::of::<MyDossierView>(&Query::of(&call.req, &["fields"])?)?;
    let (number, ambient) = (call.citizen.identity_no.clone(), call.state.ambient.clone());
    let shown = read(&call.state, move |reader| {
        let record = my_dossiers::find(reader, &number, &code)?.ok_or(Fault::NotFound("dossier"))?;
        let letter = letters::about_deadline(reader, &code)?;
        let mut names = Names::default();
        names.learn(reader, &record)?;
        let entries = journal::entries(reader, &code, 0, i64::MAX)?;
        let events = entries.iter().map(|entry| (entry.at, &entry.event));
        let steps = steps(record.standing.filed_at, events);
        let steps = steps.into_iter().map(|Step { at, completion }| StepView { at: stamp(&ambient, at), completion });
        let dossier = view(&ambient, &record, letter.as_ref(), &names).ok_or(Fault::NotFound("dossier"))?;
        let files = results(reader, &record)?.into_iter().map(|file| {
            let FileRecord { id, name, content_type, size, .. } = file;
            MyFileView { id, name, content_type, size }
        });
        Ok(MyDossierView { steps: Some(steps.collect()), files: Some(files.collect()), ..dossier })
    })
    .await?;
    Ok(HttpResponse::Ok().json(fields.pick(&shown)?))
}

/// The files of the result. Before it is handed over they are the office's: what is prepared may change, and a fee may be due.
fn results(reader: &mut Reader, record: &Record) -> Result<Vec<FileRecord>, Fault> {
    if record.standing.returned_at.is_none() {
        return Ok(Vec::new());
    }
    Ok(files::page(reader, &record.code, Some(FileKind::Result), "", i64::MAX)?)
}

/// The content of a file of the result, to be saved. Who is given it is noted.
#[utoipa::path(tag = "my dossiers", params(("code" = String, Path), ("id" = String, Path), ("Range" = Option<String>, Header, description = "One range of bytes")), responses(
    (status = 200, description = "The content", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 206, description = "The range", body = Vec<u8>, content_type = "application/octet-stream"), (status = 304, description = "Known already"),
    (status = 403, description = "Not a citizen", body = ProblemBody), (status = 404, description = "Not there, somebody else's, or not handed over yet", body = ProblemBody),
    (status = 416, description = "No such range", body = ProblemBody), (status = 503, description = "The store or the provider gives no answer", body = ProblemBody)))]
#[get("/v1/my/dossiers/{code}/files/{id}/content")]
async fn get_my_file_content(call: CitizenCall) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let (number, id) = (call.citizen.identity_no.clone(), call.req.match_info().query("id").to_owned());
    let file = read(&call.state, move |reader| {
        let record = my_dossiers::find(reader, &number, &code)?.ok_or(Fault::NotFound("dossier"))?;
        results(reader, &record)?.into_iter().find(|file| file.id == id).ok_or(Fault::NotFound("file"))
    })
    .await?;
    let (state, citizen, noted) = (call.state.clone(), call.citizen.clone(), file.clone());
    let note =
        blocking(move || state.db.write(|tx| note_read(tx, &state.ambient, (&citizen.id, &citizen.name), &noted)));
    content(&call.state, &call.req, file, note).await
}
