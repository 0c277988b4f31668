//! The timeline of a dossier: its events and, for auditors, who saw the numbers of persons in it.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Call, Inspect, Permission, See};
use super::dossier_view::{event_members, stamp};
use super::dossiers::visible;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::storage::journal;
use crate::storage::personal_reads::{self, PersonalRead};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_timeline);
}

/// An event of the timeline; members of the event itself stand beside these.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineItem {
    /// Its place, from 1; of a look at personal numbers, that of the event before.
    seq: i64,
    /// When it took effect.
    at: String,
    /// When it was recorded.
    recorded_at: String,
    /// Who did it.
    actor: String,
    /// For whom they stood in, by a mandate.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<String>,
    /// e.g. `dossier.received`.
    event: String,
    /// Members of the event.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    members: serde_json::Map<String, Value>,
}

/// What stands in a timeline.
enum Entry {
    Event(journal::Entry),
    Read(PersonalRead),
}

impl Entry {
    /// The event's place, or that of the event before and the identifier of the look.
    fn place(&self) -> (i64, &str) {
        match self {
            Self::Event(entry) => (entry.seq, ""),
            Self::Read(read) => (read.after_seq, &read.id),
        }
    }

    fn shown(self, ambient: &Ambient) -> TimelineItem {
        match self {
            Self::Event(entry) => TimelineItem {
                seq: entry.seq,
                at: stamp(ambient, entry.at),
                recorded_at: stamp(ambient, entry.recorded_at),
                event: entry.event.name(),
                members: event_members(ambient, &entry.event),
                actor: entry.actor,
                on_behalf_of: entry.on_behalf_of,
            },
            Self::Read(read) => TimelineItem {
                seq: read.after_seq,
                at: stamp(ambient, read.read_at),
                recorded_at: stamp(ambient, read.read_at),
                event: "dossier.read".to_owned(),
                members: [("what".to_owned(), json!(read.what))].into_iter().collect(),
                actor: read.reader_name,
                on_behalf_of: None,
            },
        }
    }
}

fn merged(events: Vec<journal::Entry>, reads: Vec<PersonalRead>) -> Vec<Entry> {
    let mut all: Vec<Entry> = events.into_iter().map(Entry::Event).chain(reads.into_iter().map(Entry::Read)).collect();
    all.sort_by(|one, other| one.place().cmp(&other.place()));
    all
}

/// Everything that happened to a dossier, oldest first. To auditors and administrators it also tells who saw the numbers of
/// persons in full or was given a file (`dossier.read`).
#[utoipa::path(tag = "dossiers", params(("code" = String, Path), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/timeline")]
async fn get_timeline(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(2)?;
    let after = match page.after.as_deref() {
        Some([seq, read]) => (seq.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?, read.clone()),
        _ => (0, String::new()),
    };
    let (fetch, sees_reads) = (page.fetch(), Inspect::allows(&call.actor));
    let mut entries = call
        .read(move |reader, actor| {
            visible(reader, actor, &code)?;
            let events = journal::entries(reader, &code, after.0, fetch)?;
            let behind = (after.0, after.1.as_str());
            let reads = if sees_reads { personal_reads::page(reader, &code, behind, fetch)? } else { Vec::new() };
            Ok(merged(events, reads))
        })
        .await?;
    let next_cursor = page.cut(&mut entries, |entry| {
        let (seq, read) = entry.place();
        vec![seq.to_string(), read.to_owned()]
    });
    let items: Vec<TimelineItem> = entries.into_iter().map(|entry| entry.shown(&call.state.ambient)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}
