//! The audit log for those who look into it: who did what from where, and what was refused.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Inspect, blocking};
use super::dossier_view::stamp;
use super::input::Query;
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::vocabulary::LocalTime;
use crate::flow::audit::seal;
use crate::storage::audit::{Sealed, Wanted, page};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_audit);
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "position": 1207, "at": "2026-03-02T09:00:00+07:00", "actor": "019ab7c5d3f07a0e8f3c1d2e4b5a6978", "actor_name": "lan",
    "role": "leader", "actor_agency": "H16.18", "on_behalf_of": null, "address": "10.1.2.3", "request_id": "019ab7c5d3f07a0e8f3c1d2e4b5a6979",
    "action": "POST /v1/dossiers/{code}/void", "resource": "H16.18-260302-0001", "part": null, "rows": null, "agency": "H16.18",
    "received_by": "H16.18", "outcome": "done", "reason": null,
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}))]
pub(in crate::http) struct AuditEntryView {
    /// Its place in the chain.
    position: i64,
    /// When.
    at: String,
    /// Identifier of the user or client; `unknown:…` stands for a name that nobody has, `session:…` for a session that
    /// ended.
    actor: Option<String>,
    /// Name of the user or client.
    actor_name: Option<String>,
    /// The user's role; `machine` for a client.
    role: Option<String>,
    /// The agency it is held at.
    actor_agency: Option<String>,
    /// For whom they stood in, by a mandate: role and agency are that person's.
    on_behalf_of: Option<String>,
    /// Where the request came from.
    address: Option<String>,
    /// The request, as its answer named it.
    request_id: Option<String>,
    /// Method and route, or the command.
    action: String,
    /// Code or identifier of what it was done to.
    resource: Option<String>,
    /// Identifier of the part of it.
    part: Option<String>,
    /// How many rows an export gave out.
    rows: Option<i64>,
    /// The agency of what it was done to.
    agency: Option<String>,
    /// Where that dossier was handed in.
    received_by: Option<String>,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Code of the problem; `out_of_reach` for what exists and is not shown to the caller.
    reason: Option<String>,
    /// SHA-256 of it and all before it.
    hash: String,
}

/// An entry as it is shown.
pub(in crate::http) fn view(ambient: &Ambient, Sealed { position, hash, entry }: Sealed) -> AuditEntryView {
    AuditEntryView {
        position,
        at: stamp(ambient, entry.at),
        actor: entry.who.actor,
        actor_name: entry.who.actor_name,
        role: entry.who.role,
        actor_agency: entry.who.actor_agency,
        on_behalf_of: entry.who.on_behalf_of,
        address: entry.trace.address,
        request_id: entry.trace.request,
        action: entry.trace.action,
        resource: entry.trace.resource,
        part: entry.trace.part,
        rows: entry.trace.rows,
        agency: entry.belongs.agency,
        received_by: entry.belongs.received_by,
        outcome: entry.outcome.as_str(),
        reason: entry.reason,
        hash,
    }
}

/// A day, from its first second or to its last, or an instant.
fn instant(
    query: &Query,
    ambient: &Ambient,
    name: &str,
    (hour, minute, second): (u32, u32, u32),
) -> Result<Option<LocalTime>, Problem> {
    match query.date(name) {
        Ok(day) => Ok(day.and_then(|day| day.and_hms_opt(hour, minute, second))),
        Err(_) => query.timestamp(name, ambient),
    }
}

/// Who did what from where, newest first: sign-ins, everything written, papers, files and registers given out, and what was
/// refused. Of the callers and of the resources of the own subtree. Looking into it is written down, too.
#[utoipa::path(tag = "audit", params(
    ("from" = Option<String>, Query, description = "A day or an instant, inclusive"), ("to" = Option<String>, Query, description = "A day or an instant, inclusive"),
    ("actor" = Option<String>, Query, description = "Identifier or name"), ("action" = Option<String>, Query, description = "Method and route, e.g. `POST /v1/dossiers/{code}/void`"),
    ("resource" = Option<String>, Query, description = "Code or identifier"), ("outcome" = Option<String>, Query, description = "`done` or `refused`"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page", body = Page<AuditEntryView>,
        example = json!({"items": [{"position": 1, "at": "2026-03-02T09:00:00+07:00", "actor": "019ab7c5d3f07a0e8f3c1d2e4b5a6978",
            "actor_name": "lan", "role": "auditor", "actor_agency": "H16.18", "address": "10.1.2.3", "request_id": "019ab7c5d3f07a0e8f3c1d2e4b5a6979",
            "action": "GET /v1/audit", "resource": null, "part": null, "rows": null, "agency": null, "received_by": null, "outcome": "done", "reason": null,
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}], "next_cursor": null})),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody), (status = 403, description = "Not an auditor", body = ProblemBody),
    (status = 422, description = "An outcome that there is not", body = ProblemBody)))]
#[get("/v1/audit")]
async fn list_audit(call: Call<Inspect>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["from", "to", "actor", "action", "resource", "outcome", "limit", "cursor"])?;
    let text = |name| query.text(name).map(str::to_owned);
    let wanted = Wanted {
        visible: call.actor.sees(),
        from: instant(&query, &call.state.ambient, "from", (0, 0, 0))?,
        to: instant(&query, &call.state.ambient, "to", (23, 59, 59))?,
        actor: text("actor"),
        action: text("action"),
        resource: text("resource"),
        outcome: query.word("outcome")?,
    };
    let wish = query.page(1)?;
    let before = wish.after_code().map(str::parse).transpose().map_err(|_| Problem::at("bad_cursor", "?cursor"))?;
    let (state, fetch) = (call.state.clone(), wish.fetch());
    let mut found = blocking(move || {
        // So that what was done a moment ago is there to be seen, and not only after the worker came by.
        seal(&state.db)?;
        Ok(state.db.read(|reader| page(reader, &wanted, before, fetch))?)
    })
    .await?;
    let next_cursor = wish.cut(&mut found, |last| vec![last.position.to_string()]);
    let items: Vec<AuditEntryView> = found.into_iter().map(|sealed| view(&call.state.ambient, sealed)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor }))
}
