//! What is kept about one person, for whoever asks for their own data (Decree 13/2023; Law 91/2025).

use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::audit_log::{self, AuditEntryView};
use super::call::{Administer, Call, blocking};
use super::dossier_view::{DossierView, event_members, stamp};
use super::dossiers::open_view;
use super::files::{self, FileView};
use super::input::{Checker, MAX_NOTE};
use super::letters::{self, LetterView};
use super::problem::{Problem, ProblemBody};
use super::webhooks::{DeliveryView, delivery_view};
use crate::flow::subject::{About, extract};
use crate::flow::{Act, Fault, audit};
use crate::storage::Tx;
use crate::storage::listing::Person;
use crate::storage::personal_reads::PersonalRead;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_extract);
}

/// Who asks, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"identity_no": "000000000001", "reason": "Đơn của công dân ngày 02/3/2026"}))]
struct ExtractBody {
    /// Identity number; either this or the telephone number.
    identity_no: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// On what ground it is given out; written down with it.
    reason: String,
}

/// Everything that is kept about a person.
#[derive(Serialize, ToSchema)]
struct ExtractView {
    /// When it was put together.
    made_at: String,
    /// Dossiers they applied for or handed in for somebody.
    dossiers: Vec<SubjectDossier>,
}

/// A dossier with all that hangs on it.
#[derive(Serialize, ToSchema)]
struct SubjectDossier {
    /// `applicant` or `submitter`.
    role: &'static str,
    /// The dossier; the person's own numbers in full.
    dossier: DossierView,
    /// What happened to it.
    #[schema(value_type = Vec<Object>)]
    timeline: Vec<Map<String, Value>>,
    /// Its letters.
    letters: Vec<LetterView>,
    /// Its files; their contents are given out one by one.
    files: Vec<FileView>,
    /// Notices that were sent.
    notices: Vec<DeliveryView>,
    /// Who saw the numbers in full, or a file.
    reads: Vec<ReadView>,
    /// Who did what to it, from the audit log.
    audit: Vec<AuditEntryView>,
}

/// Somebody looked.
#[derive(Serialize, ToSchema)]
struct ReadView {
    /// Who.
    by: String,
    /// At what: `dossier`, a paper, or `file` and its identifier.
    what: String,
    /// When.
    at: String,
}

/// Everything kept about the person with an identity or telephone number, in the administrator's subtree: dossiers, letters,
/// files, notices, and who saw them. It is a look like any other: written down, with its reason, on each dossier.
#[utoipa::path(tag = "data-subjects", request_body = ExtractBody, responses(
    (status = 200, description = "Everything that is kept; no dossiers where there is nothing", body = ExtractView),
    (status = 403, description = "Not an administrator", body = ProblemBody), (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/data-subjects/extract")]
async fn create_extract(mut call: Call<Administer>) -> Result<HttpResponse, Problem> {
    let (body, _) = call.body::<ExtractBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.text("/reason", &body.reason, MAX_NOTE);
    let identity_no = checker.number("/identity_no", body.identity_no.as_deref());
    let phone = checker.number("/phone", body.phone.as_deref());
    let person = match (identity_no, phone) {
        (Some(number), None) => Person::Identity(number),
        (None, Some(number)) => Person::Phone(number),
        _ => {
            checker.fail("/identity_no", "one_number");
            Person::Identity(String::new())
        }
    };
    checker.finish()?;
    let db = call.state.db.clone();
    // So that the extract tells what happened a moment ago.
    blocking(move || Ok(audit::seal(&db)?)).await?;
    let shown = call
        .write(move |tx, act| {
            let found = extract(tx, act, &person, &reason)?;
            let dossiers = found.into_iter().map(|about| shown(tx, act, about)).collect::<Result<_, Fault>>()?;
            Ok(ExtractView { made_at: stamp(act.ambient, act.now), dossiers })
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

fn shown(tx: &mut Tx, act: Act<'_>, about: About) -> Result<SubjectDossier, Fault> {
    let ambient = act.ambient;
    let timeline = about.events.into_iter().map(|entry| {
        let mut members = event_members(ambient, &entry.event);
        members.insert("event".to_owned(), entry.event.name().into());
        members.insert("at".to_owned(), stamp(ambient, entry.at).into());
        members.insert("actor".to_owned(), entry.actor.into());
        members
    });
    let look =
        |read: PersonalRead| ReadView { by: read.reader_name, what: read.what, at: stamp(ambient, read.read_at) };
    Ok(SubjectDossier {
        role: about.role,
        timeline: timeline.collect(),
        letters: about.letters.into_iter().map(|letter| letters::view(ambient, letter)).collect(),
        files: about.files.into_iter().map(|file| files::view(ambient, file)).collect(),
        notices: about.notices.into_iter().map(|notice| delivery_view(ambient, notice)).collect(),
        reads: about.reads.into_iter().map(look).collect(),
        audit: about.audit.into_iter().map(|entry| audit_log::view(ambient, entry)).collect(),
        dossier: open_view(tx, act, about.record)?,
    })
}
