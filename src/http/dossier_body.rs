//! A dossier and a move as clients send them, checked into what the flows take.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use utoipa::ToSchema;

use super::fees::{FeeBody, OnTheSpotBody, checked_items};
use super::input::{Checker, MAX_NAME, MAX_NOTE};
use crate::ambient::Ambient;
use crate::domain::fees::FeeItem;
use crate::domain::papers::{Applicant, Delivery, Document, Papers, Submitter};
use crate::domain::vocabulary::{AgencyCode, ApplicantKind, CaseCode, Channel, DeliveryMethod, Outcome, ProcedureCode};
use crate::flow::fees::Demand;
use crate::flow::intake::NewDossier;
use crate::flow::transition::{Target, Transition};

/// A dossier as handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct",
    "applicant": {"kind": "citizen", "name": "Nguyễn Văn A", "identity_no": "000000000001"}}))]
pub struct DossierBody {
    /// Procedure.
    #[schema(value_type = String)]
    pub procedure: ProcedureCode,
    /// Case of the procedure, where its time limit differs.
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseCode>,
    /// Resolving agency.
    #[schema(value_type = String)]
    pub agency: AgencyCode,
    /// Where it is handed in; the resolving agency when left out.
    #[schema(value_type = Option<String>)]
    pub received_by: Option<AgencyCode>,
    /// How it comes in.
    pub channel: Channel,
    /// When; now when left out.
    pub received_at: Option<DateTime<FixedOffset>>,
    /// Whether it is accepted at once; false for `online` when left out, else true.
    pub accept: Option<bool>,
    /// Who applies.
    pub applicant: ApplicantBody,
    /// What is asked for.
    pub summary: Option<String>,
    /// Who hands it in on the owner's authority.
    pub submitted_by: Option<SubmitterBody>,
    /// Number of sets.
    pub sets: Option<u16>,
    /// How the result is wanted.
    pub delivery: Option<DeliveryBody>,
    /// Components.
    pub documents: Option<Vec<DocumentBody>>,
    /// Fees demanded at intake, without a wait. Not in imports.
    pub fees: Option<Vec<FeeBody>>,
    /// How all of them were paid on the spot.
    pub payment: Option<OnTheSpotBody>,
}

/// Who applies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicantBody {
    /// Citizen, business, state body or other organisation.
    pub kind: ApplicantKind,
    /// Full name.
    pub name: String,
    /// Personal or organisation identifier.
    pub identity_no: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Address.
    pub address: Option<String>,
}

/// Who hands it in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitterBody {
    /// Full name.
    pub name: String,
    /// Personal identifier.
    pub identity_no: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// The paper that authorises them.
    pub authorisation: Option<String>,
}

/// How the result is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryBody {
    /// Counter, post or online.
    pub method: DeliveryMethod,
    /// Where.
    pub place: Option<String>,
}

/// A component.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentBody {
    /// Its name.
    pub name: String,
    /// Number of originals.
    #[serde(default)]
    pub originals: u16,
    /// Number of copies.
    #[serde(default)]
    pub copies: u16,
}

impl ApplicantBody {
    /// Checks the texts.
    pub fn checked(&self, checker: &mut Checker) -> Applicant {
        Applicant {
            kind: self.kind,
            name: checker.text("/applicant/name", &self.name, MAX_NAME),
            identity_no: checker.number("/applicant/identity_no", self.identity_no.as_deref()),
            phone: checker.number("/applicant/phone", self.phone.as_deref()),
            email: checker.optional("/applicant/email", self.email.as_deref(), MAX_NAME),
            address: checker.optional("/applicant/address", self.address.as_deref(), MAX_NOTE),
        }
    }
}

fn checked_documents(given: &[DocumentBody], checker: &mut Checker) -> Vec<Document> {
    let documents = given.iter().enumerate().map(|(index, document)| Document {
        name: checker.text(&format!("/documents/{index}/name"), &document.name, MAX_NAME),
        originals: document.originals,
        copies: document.copies,
    });
    documents.collect()
}

impl DossierBody {
    /// Checks the fees demanded at intake.
    pub fn demand(&self, checker: &mut Checker) -> Option<Demand> {
        let paid = self.payment.as_ref().map(|payment| payment.checked(checker));
        if self.fees.is_none() && paid.is_some() {
            checker.fail("/fees", "missing_member");
        }
        let items = checked_items(self.fees.as_deref()?, checker);
        Some(Demand { items, paid })
    }

    /// Checks the texts and takes the dossier for intake.
    pub fn checked(&self, ambient: &Ambient, checker: &mut Checker) -> NewDossier {
        let submitted_by = self.submitted_by.as_ref().map(|submitter| Submitter {
            name: checker.text("/submitted_by/name", &submitter.name, MAX_NAME),
            identity_no: checker.number("/submitted_by/identity_no", submitter.identity_no.as_deref()),
            phone: checker.number("/submitted_by/phone", submitter.phone.as_deref()),
            authorisation: checker.optional(
                "/submitted_by/authorisation",
                submitter.authorisation.as_deref(),
                MAX_NOTE,
            ),
        });
        let delivery = self.delivery.as_ref().map(|delivery| Delivery {
            method: delivery.method,
            place: checker.optional("/delivery/place", delivery.place.as_deref(), MAX_NOTE),
        });
        NewDossier {
            procedure: self.procedure.clone(),
            case: self.case.clone(),
            agency: self.agency.clone(),
            received_by: self.received_by.clone(),
            channel: self.channel,
            received_at: self.received_at.map(|at| ambient.local(at)),
            accept: self.accept,
            applicant: self.applicant.checked(checker),
            summary: checker.optional("/summary", self.summary.as_deref(), MAX_NOTE),
            papers: Papers {
                submitted_by,
                sets: self.sets,
                delivery,
                documents: checked_documents(self.documents.as_deref().unwrap_or_default(), checker),
            },
        }
    }
}

/// A move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "finished", "outcome": "granted"}))]
pub struct TransitionBody {
    /// A status, or `reopen`.
    #[serde(deserialize_with = "target")]
    #[schema(value_type = String)]
    pub to: Target,
    /// When; now when left out.
    pub at: Option<DateTime<FixedOffset>>,
    /// Why.
    pub reason: Option<String>,
    /// With `finished` only.
    pub outcome: Option<Outcome>,
    /// Components that came with it.
    #[serde(default)]
    pub documents: Vec<DocumentBody>,
    /// With `payment_required` only: what the dossier waits to be paid. Without them the wait ends by hand. Not in imports.
    pub fees: Option<Vec<FeeBody>>,
}

/// A status, or `reopen`.
pub(in crate::http) fn target<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
    let word = String::deserialize(deserializer)?;
    if word == "reopen" {
        return Ok(Target::Reopen);
    }
    word.parse().map(Target::Status).map_err(serde::de::Error::custom)
}

impl TransitionBody {
    /// Checks the fees that the dossier is to wait for.
    pub fn items(&self, checker: &mut Checker) -> Option<Vec<FeeItem>> {
        self.fees.as_deref().map(|fees| checked_items(fees, checker))
    }

    /// Checks the texts.
    pub fn checked(&self, ambient: &Ambient, checker: &mut Checker) -> Transition {
        Transition {
            to: self.to,
            at: self.at.map(|at| ambient.local(at)),
            reason: checker.optional("/reason", self.reason.as_deref(), MAX_NOTE),
            outcome: self.outcome,
            documents: checked_documents(&self.documents, checker),
        }
    }
}
