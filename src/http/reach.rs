//! What the path of a call names, and whether it is in the caller's reach; asked before a body is read.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::AppState;
use super::call::read_under;
use super::problem::Problem;
use crate::domain::dossier_code::DossierCode;
use crate::domain::errand::ErrandKind;
use crate::domain::vocabulary::AgencyCode;
use crate::flow::actor::Duty;
use crate::flow::administer::require_reach;
use crate::flow::{Actor, Fault, accounts, clients, errands, feedback, ladder, mandates, plans, reception, webhooks};
use crate::storage::reference::Reference;
use crate::storage::{Reader, dossiers, letters};

/// An object that belongs to an agency, named by the first part of a path.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Agency,
    Client,
    Consultation,
    Dossier,
    Feedback,
    Letter,
    Part,
    Plan,
    User,
    Visit,
    Mandate,
    Warning,
    Webhook,
}

/// Where the objects stand that belong to an agency; what is under another path belongs to none.
const PLACES: &[(&str, Kind)] = &[
    ("/v1/agencies/{code}", Kind::Agency),
    ("/v1/apology-letters/{id}", Kind::Letter),
    ("/v1/clients/{id}", Kind::Client),
    ("/v1/consultations/{id}", Kind::Consultation),
    ("/v1/dossiers/{code}", Kind::Dossier),
    ("/v1/feedback/{id}", Kind::Feedback),
    ("/v1/ioffice/documents/{id}", Kind::Letter),
    ("/v1/parts/{id}", Kind::Part),
    ("/v1/plans/{id}", Kind::Plan),
    ("/v1/mandates/{id}", Kind::Mandate),
    ("/v1/portal/exchange/{code}", Kind::Dossier),
    ("/v1/reception-visits/{id}", Kind::Visit),
    ("/v1/users/{id}", Kind::User),
    ("/v1/warnings/{id}", Kind::Warning),
    ("/v1/webhooks/{id}", Kind::Webhook),
];

/// Where the verb asks for itself, under the lock and before all else. Of a request that gets that far it is not asked twice.
const ASKED_BY_VERB: &str = "/v1/dossiers/{code}/transitions";

/// What is asked only of a request that was refused before its verb could ask.
struct PutOff {
    named: Named,
    actor: Actor,
    reference: Option<Arc<Reference>>,
}

/// Leaves it to the verb of a request to ask whether what it names is in reach, if its verb does.
///
/// # Errors
/// What is to be asked at once.
pub(in crate::http) fn put_off(
    req: &HttpRequest,
    named: Named,
    actor: &Actor,
    reference: &Option<Arc<Reference>>,
) -> Result<(), Named> {
    // Of an answer that is given again there is no verb.
    let is_plain = !req.headers().contains_key("Idempotency-Key");
    if !is_plain || req.match_pattern().as_deref() != Some(ASKED_BY_VERB) {
        return Err(named);
    }
    req.extensions_mut().insert(PutOff { named, actor: actor.clone(), reference: reference.clone() });
    Ok(())
}

/// Why a request that was refused for what it says is refused before that: it names what is out of reach.
pub(in crate::http) async fn put_off_refusal(
    state: &Data<AppState>,
    answer: &ServiceResponse<BoxBody>,
) -> Option<Problem> {
    const OF_WHAT_IT_SAYS: [u16; 5] = [400, 413, 415, 422, 428];
    if !OF_WHAT_IT_SAYS.contains(&answer.status().as_u16()) {
        return None;
    }
    let PutOff { named, actor, reference } = answer.request().extensions_mut().remove::<PutOff>()?;
    read_under(state, reference, move |reader| named.require_within(reader, &actor)).await.err()
}

/// What the path of a request names.
#[derive(Debug)]
pub(in crate::http) struct Named {
    kind: Kind,
    name: String,
}

impl Named {
    /// The object that a request is about, or about a part of which it is.
    pub(in crate::http) fn of(req: &HttpRequest) -> Option<Self> {
        let pattern = req.match_pattern()?;
        let (_, kind) = PLACES.iter().find(|(place, _)| pattern.starts_with(place))?;
        let (_, name) = req.match_info().iter().next()?;
        Some(Self { kind: *kind, name: name.to_owned() })
    }

    /// Refuses what is not there, or belongs to an agency that is not the caller's to see.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub(in crate::http) fn require_within(&self, reader: &mut Reader, actor: &Actor) -> Result<(), Fault> {
        let Self { kind, name } = self;
        match kind {
            Kind::Agency => {
                let code: AgencyCode = name.parse().map_err(|_| Fault::NotFound("agency"))?;
                require_reach(reader, actor, &code).map(drop)
            }
            Kind::Client => clients::find(reader, actor, name).map(drop),
            Kind::Consultation => errands::look(reader, actor, ErrandKind::Consultation, name).map(drop),
            Kind::Dossier => {
                let code: DossierCode = name.parse().map_err(|_| Fault::NotFound("dossier"))?;
                require_seen(reader, actor, &code)
            }
            Kind::Feedback => feedback::find(reader, actor, name, Duty::Read).map(drop),
            Kind::Letter => {
                let letter = letters::find(reader, name)?.ok_or(Fault::NotFound("letter"))?;
                require_seen(reader, actor, &letter.dossier)
            }
            Kind::Part => errands::look(reader, actor, ErrandKind::Part, name).map(drop),
            Kind::Plan => plans::find(reader, actor, name).map(drop),
            Kind::User => accounts::find_user(reader, actor, name).map(drop),
            Kind::Visit => reception::find(reader, actor, name, Duty::Read).map(drop),
            Kind::Mandate => mandates::find(reader, actor, name).map(drop),
            Kind::Warning => ladder::find(reader, actor, name).map(drop),
            Kind::Webhook => webhooks::find(reader, actor, name).map(drop),
        }
    }
}

/// Asks for no more of the dossier than whose it is: the verb reads it again, under its lock.
fn require_seen(reader: &mut Reader, actor: &Actor, code: &DossierCode) -> Result<(), Fault> {
    let (agency, received_by) = dossiers::agencies_of(reader, code)?.ok_or(Fault::NotFound("dossier"))?;
    actor.sides_of_seen(reader, &agency, &received_by).map(drop)
}
