//! Mending mistakes of entry: corrections and voids.

use actix_web::{HttpResponse, post};
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Lead};
use super::dossier_body::ApplicantBody;
use super::dossier_view::DossierView;
use super::dossiers::answer;
use super::input::{Checker, MAX_NOTE, patched};
use super::problem::{Problem, ProblemBody};
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{AgencyCode, CaseCode, Channel, ProcedureCode};
use crate::flow::correct::{Correction, correct, void};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(correct_dossier).service(void_dossier);
}

/// What was entered wrongly, as it should have been.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionBody {
    /// Procedure.
    #[schema(value_type = Option<String>)]
    procedure: Option<ProcedureCode>,
    /// Case of the procedure; null clears it, and another procedure has none unless it is named.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    case: Option<Option<CaseCode>>,
    /// Resolving agency.
    #[schema(value_type = Option<String>)]
    agency: Option<AgencyCode>,
    /// Channel.
    channel: Option<Channel>,
    /// Receipt.
    received_at: Option<DateTime<FixedOffset>>,
    /// Applicant.
    applicant: Option<ApplicantBody>,
    /// Why.
    reason: String,
}

/// A deed that wants a reason and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ReasonBody {
    /// Why.
    pub(in crate::http) reason: String,
}

/// Corrects a mistake of entry: deadlines and counts become those of a right entry from the start.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path)), request_body = CorrectionBody, responses(
    (status = 200, description = "Corrected", body = DossierView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/correct")]
async fn correct_dossier(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let expected = call.if_match()?;
    let (body, bytes) = call.body::<CorrectionBody>().await?;
    let mut checker = Checker::default();
    let wish = Correction {
        applicant: body.applicant.as_ref().map(|applicant| applicant.checked(&mut checker)),
        reason: checker.text("/reason", &body.reason, MAX_NOTE),
        procedure: body.procedure,
        case: body.case,
        agency: body.agency,
        channel: body.channel,
        received_at: body.received_at.map(|at| call.state.ambient.local(at)),
    };
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = correct(tx, act, &code, expected, &wish)?;
        answer(tx, act, record)
    })
    .await
}

/// Voids a dossier entered by mistake.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path)), request_body = ReasonBody, responses(
    (status = 200, description = "Void", body = DossierView), (status = 403, description = "Not a leader", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void already", body = ProblemBody),
    (status = 422, description = "Members refused", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/void")]
async fn void_dossier(mut call: Call<Lead>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let expected = call.if_match()?;
    let (body, bytes) = call.body::<ReasonBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.text("/reason", &body.reason, MAX_NOTE);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = void(tx, act, &code, expected, reason.clone())?;
        answer(tx, act, record)
    })
    .await
}
