//! The warning that a dossier may be there already: with the answer to an intake, and before it is sent.

use actix_web::{HttpResponse, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Handle};
use super::dossier_view::{DossierView, stamp};
use super::input::{Checker, MAX_NAME};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::papers::Applicant;
use crate::domain::vocabulary::{ProcedureCode, Status};
use crate::flow::{Actor, Fault};
use crate::storage::Reader;
use crate::storage::dossier_row::Record;
use crate::storage::duplicates::{Known, of_person};

/// Most dossiers named in one warning.
const MOST: usize = 20;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(find_duplicates);
}

/// Something that the clerk should look at; nothing is refused for it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct DuplicateWarningView {
    /// possible_duplicate: the same person has the same procedure open.
    code: &'static str,
    /// The open dossiers that the caller may see, newest first, 20 at most.
    dossiers: Vec<OpenDossierView>,
    /// Whether there are more of them.
    more: bool,
}

/// An open dossier of the same person and procedure.
#[derive(Debug, Serialize, ToSchema)]
struct OpenDossierView {
    /// Its code.
    code: String,
    /// Resolving agency.
    agency: String,
    /// Where it was handed in.
    received_by: String,
    /// Where it stands.
    status: Status,
    /// When it was handed in.
    filed_at: String,
    /// The day it is due.
    due_on: Option<NaiveDate>,
    /// What is asked for.
    summary: Option<String>,
    /// The officer in charge.
    assignee: Option<String>,
}

fn view(ambient: &Ambient, record: Record) -> OpenDossierView {
    OpenDossierView {
        code: record.code.to_string(),
        agency: record.agency.to_string(),
        received_by: record.received_by.to_string(),
        status: record.standing.status,
        filed_at: stamp(ambient, record.standing.filed_at),
        due_on: record.standing.deadline.map(|deadline| deadline.due_on),
        summary: record.summary,
        assignee: record.assignee,
    }
}

/// The warnings about a dossier of this person and procedure that is yet to be taken in.
///
/// # Errors
/// [`Fault::Storage`].
pub(in crate::http) fn warnings(
    reader: &mut Reader,
    (actor, ambient): (&Actor, &Ambient),
    procedure: &ProcedureCode,
    person: &Known,
) -> Result<Vec<DuplicateWarningView>, Fault> {
    if !person.is_enough() {
        return Ok(Vec::new());
    }
    let fetched = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut found = of_person(reader, &actor.sees(), procedure, person, fetched)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let more = found.len() > MOST;
    found.truncate(MOST);
    let dossiers = found.into_iter().map(|record| view(ambient, record)).collect();
    Ok(vec![DuplicateWarningView { code: "possible_duplicate", dossiers, more }])
}

impl From<&Applicant> for Known {
    fn from(applicant: &Applicant) -> Self {
        Self {
            identity_no: applicant.identity_no.clone(),
            name: Some(applicant.name.clone()),
            phone: applicant.phone.clone(),
        }
    }
}

/// A dossier just taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TakenInView {
    /// The dossier.
    #[serde(flatten)]
    pub(in crate::http) dossier: DossierView,
    /// What the clerk should look at; left out when there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) warnings: Vec<DuplicateWarningView>,
}

/// What is about to be taken in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"procedure": "1.001739", "applicant": {"identity_no": "000000000001"}}))]
struct PreviewBody {
    /// The procedure.
    #[schema(value_type = String)]
    procedure: ProcedureCode,
    /// Who applies.
    applicant: PersonBody,
}

/// Who applies: by the identity number, or by name and telephone together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonBody {
    /// Identity number, whole; spaces, dots and dashes do not matter.
    identity_no: Option<String>,
    /// Full name.
    name: Option<String>,
    /// Telephone, whole.
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct DuplicatesView {
    /// As in the answer of the intake; empty when there is nothing.
    warnings: Vec<DuplicateWarningView>,
}

/// The warnings that taking a dossier in would bring, before it is sent. It changes nothing, and is written down in the audit
/// log without who was asked for.
#[utoipa::path(tag = "dossiers", request_body = PreviewBody, responses(
    (status = 200, description = "The warnings", body = DuplicatesView),
    (status = 422, description = "Members refused, or neither an identity number nor name and telephone", body = ProblemBody)))]
#[post("/v1/dossiers/duplicates")]
async fn find_duplicates(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (body, _) = call.body::<PreviewBody>().await?;
    let mut checker = Checker::default();
    let PersonBody { identity_no, name, phone } = body.applicant;
    let person = Known {
        identity_no: checker.number("/applicant/identity_no", identity_no.as_deref()),
        name: checker.optional("/applicant/name", name.as_deref(), MAX_NAME),
        phone: checker.number("/applicant/phone", phone.as_deref()),
    };
    if !person.is_enough() {
        checker.fail("/applicant/identity_no", "missing_member");
    }
    checker.finish()?;
    let ambient = call.state.ambient.clone();
    let warnings =
        call.read(move |reader, actor| warnings(reader, (actor, &ambient), &body.procedure, &person)).await?;
    Ok(HttpResponse::Ok().json(DuplicatesView { warnings }))
}
