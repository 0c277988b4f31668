//! Transfers between agencies: sent, confirmed, listed when late, and counted.

use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Count, Handle, Resolve, See};
use super::dossier_view::stamp;
use super::dossiers::visible;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NOTE, PageWish, Query};
use super::problem::{Problem, ProblemBody};
use super::statistics::{as_of, free_period, scope};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::transfer::Transfer;
use crate::domain::vocabulary::LocalTime;
use crate::flow::transfers as verbs;
use crate::storage::transfers::{self, TransferCount, TransferFilter};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(send_transfer)
        .service(get_transfers)
        .service(confirm_transfer)
        .service(list_transfers)
        .service(count_transfers);
}

/// A hand-over.
#[derive(Serialize, ToSchema)]
struct TransferView {
    /// Opaque identifier.
    id: String,
    /// The dossier.
    dossier: String,
    /// Who gives.
    from: String,
    /// Who takes.
    to: String,
    /// By when it is to be sent (Decree 61/2018 art. 18).
    due_at: String,
    /// When it was sent.
    sent_at: Option<String>,
    /// Who sent it.
    sent_by: Option<String>,
    /// What the giver says with it.
    note: Option<String>,
    /// Sent late, or not sent and late.
    sent_late: bool,
    /// By when it is to be confirmed, once it is sent.
    confirm_due_at: Option<String>,
    /// When the receiver confirmed.
    confirmed_at: Option<String>,
    /// Who confirmed.
    confirmed_by: Option<String>,
    /// Confirmed late, or not confirmed and late.
    confirmed_late: bool,
}

fn view(ambient: &Ambient, now: LocalTime, transfer: Transfer) -> TransferView {
    let (sent_late, confirmed_late) = (transfer.is_sent_late(now), transfer.is_confirmed_late(now));
    let (sent, confirmed) = (transfer.sent, transfer.confirmed);
    TransferView {
        id: transfer.id,
        dossier: transfer.dossier.to_string(),
        from: transfer.from.to_string(),
        to: transfer.to.to_string(),
        due_at: stamp(ambient, transfer.due_at),
        sent_at: sent.as_ref().map(|sent| stamp(ambient, sent.at)),
        sent_by: sent.map(|sent| sent.by),
        note: transfer.note,
        sent_late,
        confirm_due_at: transfer.confirm_due_at.map(|at| stamp(ambient, at)),
        confirmed_at: confirmed.as_ref().map(|confirmed| stamp(ambient, confirmed.at)),
        confirmed_by: confirmed.map(|confirmed| confirmed.by),
        confirmed_late,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SendBody {
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
    /// What the receiver is to know.
    note: Option<String>,
}

/// Sends a dossier on to the agency that resolves it.
#[utoipa::path(tag = "transfers", params(("code" = String, Path)), request_body = SendBody, responses(
    (status = 200, description = "Sent", body = TransferView), (status = 403, description = "Not the giver", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void, none is owed, or sent before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/transfers")]
async fn send_transfer(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (code, expected): (DossierCode, _) = (call.code("code")?, call.if_match()?);
    let (body, bytes) = call.body::<SendBody>().await?;
    let mut checker = Checker::default();
    let note = checker.optional("/note", body.note.as_deref(), MAX_NOTE);
    checker.finish()?;
    let at = body.at.map(|at| call.state.ambient.local(at));
    call.post(&bytes, move |tx, act| {
        let sent = verbs::send(tx, act, &code, expected, at, note.clone())?;
        Reply::plain(&view(act.ambient, act.now, sent))
    })
    .await
}

/// The transfers of a dossier.
#[utoipa::path(tag = "transfers", params(("code" = String, Path)), responses(
    (status = 200, description = "items, in order; next_cursor is always null", body = Object),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/transfers")]
async fn get_transfers(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let found = call
        .read(move |reader, actor| {
            visible(reader, actor, &code)?;
            Ok(transfers::of_dossier(reader, &code)?)
        })
        .await?;
    let ambient = &call.state.ambient;
    let items: Vec<_> = found.into_iter().map(|transfer| view(ambient, ambient.now(), transfer)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": null})))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
}

/// The agency that resolves confirms to have the dossier.
#[utoipa::path(tag = "transfers", params(("code" = String, Path), ("id" = String, Path)), request_body = ConfirmBody, responses(
    (status = 200, description = "Confirmed", body = TransferView), (status = 403, description = "Not the receiver", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "Void, not sent, or confirmed before", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/transfers/{id}/confirm")]
async fn confirm_transfer(mut call: Call<Resolve>) -> Result<HttpResponse, Problem> {
    let (code, id, expected): (DossierCode, _, _) = (call.code("code")?, call.path("id").to_owned(), call.if_match()?);
    let (body, bytes) = call.body::<ConfirmBody>().await?;
    let at = body.at.map(|at| call.state.ambient.local(at));
    call.post(&bytes, move |tx, act| {
        let confirmed = verbs::confirm(tx, act, &code, expected, &id, at)?;
        Reply::plain(&view(act.ambient, act.now, confirmed))
    })
    .await
}

/// Transfers of dossiers the caller may see, in the order they are due.
#[utoipa::path(tag = "transfers", params(
    ("late" = Option<bool>, Query, description = "Sent or confirmed late, or overdue for it; or not"),
    ("agency" = Option<String>, Query, description = "Given or taken by this agency or one below it"),
    ("from" = Option<NaiveDate>, Query, description = "Due on this day or later"), ("to" = Option<NaiveDate>, Query),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody)))]
#[get("/v1/transfers")]
async fn list_transfers(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["late", "agency", "from", "to", "limit", "cursor"])?;
    let page = query.page(2)?;
    page.after_instant()?;
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let now = call.state.ambient.now();
    let filter = TransferFilter {
        visible: call.actor.sees(),
        agency: query.parsed("agency")?,
        from: query.date("from")?.map(midnight),
        until: query.date("to")?.and_then(|date| date.checked_add_days(Days::new(1))).map(midnight),
        late: query.parsed("late")?,
        now,
    };
    let wish = page.clone();
    let mut found = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            Ok(transfers::page(reader, &filter, wish.after_instant().ok().flatten(), wish.fetch())?)
        })
        .await?;
    let next_cursor = page.cut(&mut found, |last| PageWish::key(last.due_at, last.id.as_str()));
    let items: Vec<_> = found.into_iter().map(|transfer| view(&call.state.ambient, now, transfer)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// What was due in a period to be sent, and to be confirmed, by each agency.
#[utoipa::path(tag = "statistics", params(("from" = NaiveDate, Query), ("to" = NaiveDate, Query),
    ("agency" = Option<String>, Query, description = "With its subtree; the caller's own when left out")), responses(
    (status = 200, description = "period, as_of, rows (agency, given, given_late, taken, taken_late) and total", body = Object),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody),
    (status = 422, description = "Period refused", body = ProblemBody)))]
#[get("/v1/statistics/transfers")]
async fn count_transfers(call: Call<Count>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "agency"])?;
    let period = free_period(&query)?;
    let agency = scope(&call, &query)?;
    let window = period.window(call.state.ambient.now());
    let counted = call
        .read(move |reader, actor| {
            require_scope(reader, actor, agency.as_ref())?;
            Ok(transfers::counts(reader, &window, agency.as_ref())?)
        })
        .await?;
    let sum = |of: fn(&TransferCount) -> i64| counted.iter().map(of).sum::<i64>();
    let total = json!({"given": sum(|row| row.given), "given_late": sum(|row| row.given_late),
        "taken": sum(|row| row.taken), "taken_late": sum(|row| row.taken_late)});
    let row = |row: &TransferCount| {
        json!({"agency": row.agency, "given": row.given, "given_late": row.given_late,
        "taken": row.taken, "taken_late": row.taken_late})
    };
    let rows: Vec<_> = counted.iter().map(row).collect();
    Ok(HttpResponse::Ok().json(json!({"period": period, "as_of": as_of(&call, &window), "rows": rows, "total": total})))
}
