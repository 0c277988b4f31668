//! The feed of changes, for clients that poll.

use actix_web::{HttpResponse, get};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, See, blocking};
use super::input::{Query, cursor, read_cursor};
use super::problem::{Problem, ProblemBody};
use crate::flow::feed::{self, envelope};
use crate::storage::feed::Wanted;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_changes);
}

/// The position that a cursor stands for.
pub(in crate::http) fn position(cursor: &str) -> Option<i64> {
    let texts = read_cursor(cursor, 1)?;
    texts.first()?.parse().ok().filter(|position| *position >= 0)
}

/// Every event of the dossiers in the caller's reach, in the order of commits: CloudEvents with codes and states, no
/// personal data. `next` is where to go on, also when nothing came; with `more` there is more by now. Nothing is skipped,
/// and a dossier's events come in their order.
#[utoipa::path(tag = "changes", params(("since" = Option<String>, Query, description = "`next` of the page before; left out: from the beginning"),
    ("limit" = Option<i64>, Query)), responses(
    (status = 200, description = "A page: items (CloudEvents), next, more", body = Object,
        example = json!({"items": [{"specversion": "1.0", "id": "H16.18-260302-0001/1", "source": "/v1/dossiers", "type": "dossier.received",
            "subject": "H16.18-260302-0001", "time": "2026-03-02T09:00:00+07:00", "datacontenttype": "application/json",
            "data": {"dossier": "H16.18-260302-0001", "agency": "H16.18", "received_by": "H16.18", "at": "2026-03-02T09:00:00+07:00",
                "status": "received", "status_code": 2}}], "next": "WyIxIl0", "more": false})),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody)))]
#[get("/v1/changes")]
async fn list_changes(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, &["since", "limit"])?;
    let limit = query.limit()?;
    let after = match query.text("since") {
        None => 0,
        Some(text) => position(text).ok_or_else(|| Problem::at("bad_cursor", "?since"))?,
    };
    let (state, wanted) = (call.state.clone(), Wanted { visible: call.actor.sees(), names: None });
    let answer = blocking(move || {
        // So that whoever just wrote reads it now, and not only after the worker came by. One batch: after a long import
        // the rest is the worker's.
        feed::sequence_batch(&state.db)?;
        state.db.read(|reader| {
            let page = feed::read(reader, &wanted, after, limit)?;
            let envelope = |change| envelope(reader, &state.ambient, &wanted.visible, change);
            let items = page.changes.iter().map(envelope).collect::<Result<Vec<_>, _>>()?;
            Ok(json!({"items": items, "next": cursor(&[page.next.to_string()]), "more": page.more}))
        })
    })
    .await?;
    Ok(HttpResponse::Ok().json(answer))
}
