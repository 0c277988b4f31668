//! Many dossiers moved at once: `POST /v1/dossiers/transitions`, each answered for itself.

use std::collections::HashSet;

use actix_web::{HttpResponse, post};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::bulk::Judged;
use super::call::{Call, Handle};
use super::dossier_body::target;
use super::dossier_view::DossierView;
use super::dossiers::view;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NOTE};
use super::problem::{Problem, ProblemBody};
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::Outcome;
use crate::flow::Fault;
use crate::flow::transition::{Target, Transition, transition};

/// Most dossiers in one call.
const MOST: usize = 200;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(move_dossiers);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"code": "H16.18-230427-0001", "to": "returned"}]}))]
struct MovesBody {
    /// The moves, 1 to 200, each of another dossier.
    items: Vec<MoveItem>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveItem {
    /// The dossier.
    code: String,
    /// The version it was read with; any when left out.
    version: Option<i64>,
    /// A status, or `reopen`.
    #[serde(deserialize_with = "target")]
    #[schema(value_type = String)]
    to: Target,
    /// When; now when left out.
    at: Option<DateTime<FixedOffset>>,
    /// Why.
    reason: Option<String>,
    /// With `finished` only.
    outcome: Option<Outcome>,
}

#[derive(Serialize, ToSchema)]
struct MovesAnswer {
    /// How many were moved.
    done: usize,
    /// How many were refused; nothing of these was written.
    refused: usize,
    /// One answer a dossier, in the order asked.
    items: Vec<MoveAnswer>,
}

#[derive(Serialize, ToSchema)]
struct MoveAnswer {
    /// The dossier, as it was named.
    code: String,
    /// The status that a call for this dossier alone would have had.
    status: u16,
    /// The dossier as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    dossier: Option<DossierView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemBody>)]
    problem: Option<Value>,
}

/// One move.
struct Wish {
    code: String,
    version: Option<i64>,
    transition: Transition,
}

/// Moves many dossiers. Each is moved or refused for itself; all is one transaction.
#[utoipa::path(tag = "dossiers", request_body = MovesBody, responses(
    (status = 200, description = "An answer for each dossier", body = MovesAnswer),
    (status = 403, description = "Nobody who handles dossiers", body = ProblemBody),
    (status = 422, description = "No moves, too many, or two of one dossier", body = ProblemBody)))]
#[post("/v1/dossiers/transitions")]
async fn move_dossiers(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<MovesBody>().await?;
    let wishes = wishes(&call, body)?;
    let english = call.prefers_english();
    call.post(&bytes, move |tx, act| {
        let mut items = Vec::with_capacity(wishes.len());
        for Wish { code, version, transition: wish } in &wishes {
            let moved = tx.part(|tx| {
                // What is no code names nothing.
                let code: DossierCode = code.parse().map_err(|_| Fault::NotFound("dossier"))?;
                let record = transition(tx, act, &code, *version, wish)?;
                view(tx, act.ambient, act.now, record)
            });
            let Judged { status, done: dossier, problem } = Judged::of(moved, english)?;
            items.push(MoveAnswer { code: code.clone(), status, dossier, problem });
        }
        let done = items.iter().filter(|item| item.dossier.is_some()).count();
        Reply::plain(&MovesAnswer { done, refused: items.len() - done, items })
    })
    .await
}

fn wishes(call: &Call<Handle>, body: MovesBody) -> Result<Vec<Wish>, Problem> {
    let mut checker = Checker::default();
    if body.items.is_empty() || body.items.len() > MOST {
        checker.fail("/items", "out_of_range");
    }
    let mut seen = HashSet::new();
    let mut wishes = Vec::with_capacity(body.items.len());
    for (place, item) in body.items.into_iter().enumerate() {
        if !seen.insert(item.code.clone()) {
            checker.fail(format!("/items/{place}/code"), "repeated");
        }
        let transition = Transition {
            to: item.to,
            at: item.at.map(|at| call.state.ambient.local(at)),
            reason: checker.optional(&format!("/items/{place}/reason"), item.reason.as_deref(), MAX_NOTE),
            outcome: item.outcome,
            documents: Vec::new(),
        };
        wishes.push(Wish { code: item.code, version: item.version, transition });
    }
    checker.finish()?;
    Ok(wishes)
}
