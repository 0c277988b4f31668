//! Many letters filled in at once: `POST /v1/apology-letters/bulk`, each answered for itself.

use std::collections::HashSet;

use actix_web::{HttpResponse, post};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::bulk::Judged;
use super::call::{Call, Draft};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NOTE};
use super::letters::{LetterView, view};
use super::problem::{Problem, ProblemBody};
use crate::domain::vocabulary::LocalTime;
use crate::flow::apologise::{Verb, handle};

/// Most letters in one call.
const MOST: usize = 200;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(fill_letters);
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BulkBody {
    /// The letters, 1 to 200.
    letters: Vec<BulkItem>,
    /// The reason for those that name none.
    reason: Option<String>,
    /// The new date of return for those that name none.
    new_return_at: Option<DateTime<FixedOffset>>,
    /// Whether each is laid before the signer, too.
    #[serde(default)]
    submit: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BulkItem {
    /// The letter.
    id: String,
    /// The version it was read with; any when left out.
    version: Option<i64>,
    /// Its own reason.
    reason: Option<String>,
    /// Its own new date of return.
    new_return_at: Option<DateTime<FixedOffset>>,
}

#[derive(Serialize, ToSchema)]
struct BulkAnswer {
    /// How many were filled in.
    done: usize,
    /// How many were refused; nothing of these was written.
    refused: usize,
    /// One answer a letter, in the order asked.
    items: Vec<ItemAnswer>,
}

#[derive(Serialize, ToSchema)]
struct ItemAnswer {
    /// The letter.
    id: String,
    /// The status that a call for this letter alone would have had.
    status: u16,
    /// The letter as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<LetterView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemBody>)]
    problem: Option<Value>,
}

/// What is to be written into one letter.
#[derive(Clone)]
struct Filling {
    id: String,
    version: Option<i64>,
    reason: Option<String>,
    new_return_at: Option<LocalTime>,
}

/// Fills reason and new date of return into many letters, and lays them before the signer when asked to. Each letter is
/// done or refused for itself; all is one transaction.
#[utoipa::path(tag = "letters", request_body = BulkBody, responses(
    (status = 200, description = "An answer for each letter", body = BulkAnswer),
    (status = 403, description = "Not an officer", body = ProblemBody),
    (status = 422, description = "No letters, too many, or one twice", body = ProblemBody)))]
#[post("/v1/apology-letters/bulk")]
async fn fill_letters(mut call: Call<Draft>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<BulkBody>().await?;
    let submit = body.submit;
    let fillings = fillings(&call, body)?;
    let english = call.prefers_english();
    call.post(&bytes, move |tx, act| {
        let mut items = Vec::with_capacity(fillings.len());
        for filling in &fillings {
            let Filling { id, version, reason, new_return_at } = filling;
            let filled = tx.part(|tx| {
                let edit = Verb::Edit { reason: reason.clone().map(Some), new_return_at: new_return_at.map(Some) };
                let record = handle(tx, act, id, *version, edit)?;
                if submit { handle(tx, act, id, Some(record.version), Verb::Submit) } else { Ok(record) }
            });
            let Judged { status, done, problem } = Judged::of(filled, english)?;
            let letter = done.map(|record| view(act.ambient, record));
            items.push(ItemAnswer { id: id.clone(), status, letter, problem });
        }
        let done = items.iter().filter(|item| item.letter.is_some()).count();
        Reply::plain(&BulkAnswer { done, refused: items.len() - done, items })
    })
    .await
}

fn fillings(call: &Call<Draft>, body: BulkBody) -> Result<Vec<Filling>, Problem> {
    let mut checker = Checker::default();
    if body.letters.is_empty() || body.letters.len() > MOST {
        checker.fail("/letters", "out_of_range");
    }
    let shared_reason = checker.optional("/reason", body.reason.as_deref(), MAX_NOTE);
    let local = |at: DateTime<FixedOffset>| call.state.ambient.local(at);
    let shared_date = body.new_return_at.map(local);
    let mut seen = HashSet::new();
    let mut fillings = Vec::with_capacity(body.letters.len());
    for (place, item) in body.letters.into_iter().enumerate() {
        if !seen.insert(item.id.clone()) {
            checker.fail(format!("/letters/{place}/id"), "repeated");
        }
        let reason = checker.optional(&format!("/letters/{place}/reason"), item.reason.as_deref(), MAX_NOTE);
        fillings.push(Filling {
            id: item.id,
            version: item.version,
            reason: reason.or_else(|| shared_reason.clone()),
            new_return_at: item.new_return_at.map(local).or(shared_date),
        });
    }
    checker.finish()?;
    Ok(fillings)
}
