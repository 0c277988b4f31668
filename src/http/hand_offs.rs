//! Hand-offs: an officer gives a dossier to another of the office, who confirms to have it.

use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Handle, See};
use super::dossier_view::stamp;
use super::dossiers::{assignee, visible};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::hand_off::{HandOff, HandOffStatus};
use crate::flow::hand_offs as verbs;
use crate::storage::hand_offs::{self, HandOffFilter};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(offer_dossier)
        .service(get_hand_offs)
        .service(confirm_hand_off)
        .service(decline_hand_off)
        .service(take_hand_off_back)
        .service(list_hand_offs);
}

/// A hand-off.
#[derive(Serialize, ToSchema)]
struct HandOffView {
    /// Opaque identifier.
    id: String,
    /// The dossier.
    dossier: String,
    /// Account that gives: who is in charge, or who offered it where nobody was.
    from: String,
    /// Account that is to take it; null: whoever of the office does.
    to: Option<String>,
    /// What the receiver is to know.
    note: Option<String>,
    /// pending, confirmed, declined, taken_back.
    #[schema(value_type = String)]
    status: HandOffStatus,
    /// When it was offered.
    offered_at: String,
    /// Who offered it.
    offered_by: String,
    /// When it was confirmed, declined or taken back.
    ended_at: Option<String>,
    /// By whom.
    ended_by: Option<String>,
    /// Why it was declined.
    reason: Option<String>,
}

fn view(ambient: &Ambient, hand_off: HandOff) -> HandOffView {
    HandOffView {
        id: hand_off.id,
        dossier: hand_off.dossier.to_string(),
        from: hand_off.giver,
        to: hand_off.receiver,
        note: hand_off.note,
        status: hand_off.status,
        offered_at: stamp(ambient, hand_off.offered.at),
        offered_by: hand_off.offered.by,
        ended_at: hand_off.ended.as_ref().map(|ended| stamp(ambient, ended.at)),
        ended_by: hand_off.ended.map(|ended| ended.by),
        reason: hand_off.reason,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OfferBody {
    /// Account that is to take it and may handle the dossier; whoever of the office does when left out.
    to: Option<String>,
    /// What the receiver is to know.
    note: Option<String>,
}

/// Hands a dossier to another officer, who is in charge of it as soon as they confirm. Given by who is in charge, or by a
/// leader; by anybody where nobody is.
#[utoipa::path(tag = "hand-offs", params(("code" = String, Path)), request_body = OfferBody, responses(
    (status = 200, description = "Offered", body = HandOffView), (status = 403, description = "Another is in charge", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "One is pending, or nothing is to be done on the dossier any more", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "The receiver is the giver, or no account that handles the dossier", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/hand-offs")]
async fn offer_dossier(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (code, expected): (DossierCode, _) = (call.code("code")?, call.if_match()?);
    let (body, bytes) = call.body::<OfferBody>().await?;
    let mut checker = Checker::default();
    let to = body.to.map(|to| checker.text("/to", &to, MAX_NAME));
    let note = checker.optional("/note", body.note.as_deref(), MAX_NOTE);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let offered = verbs::offer(tx, act, &code, expected, to.clone(), note.clone())?;
        Reply::plain(&view(act.ambient, offered))
    })
    .await
}

/// The hand-offs of a dossier.
#[utoipa::path(tag = "hand-offs", params(("code" = String, Path)), responses(
    (status = 200, description = "All of them, in order; next_cursor is always null", body = Page<HandOffView>),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/hand-offs")]
async fn get_hand_offs(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let found = call
        .read(move |reader, actor| {
            visible(reader, actor, &code)?;
            Ok(hand_offs::of_dossier(reader, &code)?)
        })
        .await?;
    let items: Vec<_> = found.into_iter().map(|hand_off| view(&call.state.ambient, hand_off)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Ends a hand-off as the path says.
async fn end(
    call: &Call<Handle>,
    status: HandOffStatus,
    reason: Option<String>,
    bytes: &[u8],
) -> Result<HttpResponse, Problem> {
    let (code, id, expected): (DossierCode, _, _) = (call.code("code")?, call.path("id").to_owned(), call.if_match()?);
    call.post(bytes, move |tx, act| {
        let ended = verbs::end(tx, act, (&code, &id), expected, status, reason.clone())?;
        Reply::plain(&view(act.ambient, ended))
    })
    .await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NothingBody {}

/// The receiver confirms to have the dossier, and is in charge of it from now on.
#[utoipa::path(tag = "hand-offs", params(("code" = String, Path), ("id" = String, Path)), request_body = NothingBody, responses(
    (status = 200, description = "Confirmed", body = HandOffView), (status = 403, description = "Not the receiver", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It ended, or nothing is to be done on the dossier any more", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/hand-offs/{id}/confirm")]
async fn confirm_hand_off(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (NothingBody {}, bytes) = call.body().await?;
    end(&call, HandOffStatus::Confirmed, None, &bytes).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeclineBody {
    /// Why.
    reason: Option<String>,
}

/// The receiver will not have the dossier; it stays with who is in charge.
#[utoipa::path(tag = "hand-offs", params(("code" = String, Path), ("id" = String, Path)), request_body = DeclineBody, responses(
    (status = 200, description = "Declined", body = HandOffView), (status = 403, description = "Not the receiver", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It ended", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "No reason", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/hand-offs/{id}/decline")]
async fn decline_hand_off(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<DeclineBody>().await?;
    let mut checker = Checker::default();
    let reason = checker.optional("/reason", body.reason.as_deref(), MAX_NOTE);
    checker.finish()?;
    end(&call, HandOffStatus::Declined, reason, &bytes).await
}

/// Who gives, or a leader, takes the dossier back before it is confirmed.
#[utoipa::path(tag = "hand-offs", params(("code" = String, Path), ("id" = String, Path)), request_body = NothingBody, responses(
    (status = 200, description = "Taken back", body = HandOffView), (status = 403, description = "Not the giver", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "It ended", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/hand-offs/{id}/take-back")]
async fn take_hand_off_back(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (NothingBody {}, bytes) = call.body().await?;
    end(&call, HandOffStatus::TakenBack, None, &bytes).await
}

/// Hand-offs of dossiers the caller may see, in the order they were offered.
#[utoipa::path(tag = "hand-offs", params(
    ("to" = Option<String>, Query, description = "To this account; me: to the caller, none: to whoever of the office takes it"),
    ("from" = Option<String>, Query, description = "Of this account; me: of the caller"),
    ("status" = Option<String>, Query, description = "pending, confirmed, declined, taken_back"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<HandOffView>), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 422, description = "A word that is not one of ours", body = ProblemBody)))]
#[get("/v1/hand-offs")]
async fn list_hand_offs(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["to", "from", "status", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let giver =
        query.text("from").map(|name| if name == "me" { call.actor.desk().to_owned() } else { name.to_owned() });
    let filter = HandOffFilter {
        visible: call.actor.sees(),
        receiver: query.text("to").map(|name| assignee(name, &call.actor)),
        giver,
        status: query.word("status")?,
    };
    let wish = page.clone();
    let mut found = call
        .read(move |reader, _| Ok(hand_offs::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?))
        .await?;
    let next_cursor = page.cut(&mut found, |last| PageWish::key(last.offered.at, last.id.as_str()));
    let items: Vec<_> = found.into_iter().map(|hand_off| view(&call.state.ambient, hand_off)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}
