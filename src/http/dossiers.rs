//! Dossiers: intake, list, look-up, small changes, moves, corrections, timeline.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, patch, post};
use chrono::{Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Handle, Permission, See};
use super::counted;
use super::dossier_body::{DossierBody, TransitionBody};
use super::dossier_view::{DossierView, Lens, event_members, stamp};
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query, patched};
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::calendar::NationalCalendar;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{Channel, LocalTime, ProcedureLevel, Status};
use crate::flow::actor::{Action, may};
use crate::flow::edit::{Edit, edit};
use crate::flow::fees;
use crate::flow::intake::receive;
use crate::flow::transition::transition;
use crate::flow::{Act, Actor, Fault};
use crate::storage::dossier_row::Record;
use crate::storage::letters::LetterRecord;
use crate::storage::listing::{self, Filter, Order};
use crate::storage::{Reader, Tx, calendars, dossiers, files, journal, letters};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_dossier)
        .service(list_dossiers)
        .service(get_dossier)
        .service(patch_dossier)
        .service(create_transition)
        .service(get_timeline);
}

/// Shows a record as it stands now.
///
/// # Errors
/// [`Fault::Storage`].
pub fn view(reader: &mut Reader, ambient: &Ambient, now: LocalTime, record: Record) -> Result<DossierView, Fault> {
    let letter = letters::about_deadline(reader, &record.code)?;
    let files = files::counts(reader, &[record.code.to_string()])?.into_values().sum();
    let national = calendars::national(reader)?;
    Ok(DossierView::of(record, letter.as_ref(), files, Lens { ambient, now, national: &national }))
}

/// A record that the actor may look up.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn visible(reader: &mut Reader, actor: &Actor, code: &DossierCode) -> Result<Record, Fault> {
    let record = dossiers::find(reader, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = actor.sides(reader, &record.agency, &record.received_by)?;
    if may(&actor.authority, Action::Read, sides) { Ok(record) } else { Err(Fault::NotFound("dossier")) }
}

/// Takes a dossier in.
#[utoipa::path(tag = "dossiers", request_body = DossierBody, responses(
    (status = 201, description = "Taken in", body = DossierView), (status = 403, description = "Not at this agency", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers")]
async fn create_dossier(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<DossierBody>().await?;
    let mut checker = Checker::default();
    let new = body.checked(&call.state.ambient, &mut checker);
    let demand = body.demand(&mut checker);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let mut record = receive(tx, act, &new)?;
        if let Some(demand) = &demand {
            fees::charge_at_intake(tx, act, &mut record, demand)?;
        }
        let (version, location) = (record.version, format!("/v1/dossiers/{}", record.code));
        Reply::created(&view(tx, act.ambient, act.now, record)?, version, location)
    })
    .await
}

const LIST_PARAMETERS: &[&str] = &[
    "agency",
    "resolved_by",
    "procedure",
    "field",
    "level",
    "channel",
    "status",
    "timing",
    "received_from",
    "received_to",
    "due_from",
    "due_to",
    "finished_from",
    "finished_to",
    "from",
    "to",
    "as_of",
    "counted",
    "letter",
    "assignee",
    "q",
    "sort",
    "limit",
    "cursor",
];

/// Dossiers the caller may see.
#[utoipa::path(tag = "dossiers", params(
    ("agency" = Option<String>, Query, description = "Resolved by this agency or one below it"),
    ("resolved_by" = Option<String>, Query, description = "Resolved by this very agency"),
    ("procedure" = Option<String>, Query), ("field" = Option<String>, Query), ("channel" = Option<Channel>, Query),
    ("level" = Option<ProcedureLevel>, Query, description = "Tier of the procedure"),
    ("counted" = Option<String>, Query, description = "Counted in this figure of the period from–to: received, new, carried_over, resolved, early, on_time, late, in_progress, within, paused, overdue"),
    ("from" = Option<NaiveDate>, Query, description = "First day of the period of `counted`"), ("to" = Option<NaiveDate>, Query, description = "Its last day"),
    ("as_of" = Option<String>, Query, description = "The instant at which the period was looked at; now when left out"),
    ("letter" = Option<String>, Query, description = "with or without a letter of apology by then"),
    ("status" = Option<Status>, Query), ("timing" = Option<String>, Query, description = "within, paused, overdue, early, on_time, late"),
    ("received_from" = Option<NaiveDate>, Query), ("received_to" = Option<NaiveDate>, Query),
    ("due_from" = Option<NaiveDate>, Query), ("due_to" = Option<NaiveDate>, Query),
    ("finished_from" = Option<NaiveDate>, Query), ("finished_to" = Option<NaiveDate>, Query),
    ("assignee" = Option<String>, Query), ("q" = Option<String>, Query, description = "Name or code, with or without diacritics"),
    ("sort" = Option<String>, Query, description = "received_at (by filing, for what is not accepted yet), due_at (leaves out what has no deadline), each with - for descending; -received_at when left out"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word that is not one of ours", body = ProblemBody)))]
#[get("/v1/dossiers")]
async fn list_dossiers(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, LIST_PARAMETERS)?;
    let page = query.page(2)?;
    page.after_instant()?;
    let now = call.state.ambient.now();
    let filter = filter_of(&call, &query, now)?;
    let wish = page.clone();
    let listed = call
        .read(move |reader, actor| {
            require_scope(reader, actor, filter.agency.as_ref())?;
            require_scope(reader, actor, filter.resolved_by.as_ref())?;
            Listed::read(reader, &filter, &wish)
        })
        .await?;
    let (items, next_cursor) = listed.shown(&page, &call.state.ambient);
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}

/// A page of dossiers as read, with all that is needed to show it.
pub struct Listed {
    records: Vec<Record>,
    letters: Vec<LetterRecord>,
    files: HashMap<String, i64>,
    national: NationalCalendar,
    order: Order,
    now: LocalTime,
}

impl Listed {
    /// Reads the page and one row more, which tells of a next one.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub fn read(reader: &mut Reader, filter: &Filter, page: &PageWish) -> Result<Self, Fault> {
        let after = page.after_instant().ok().flatten();
        let records = listing::page(reader, filter, after, page.fetch())?;
        let codes: Vec<String> = records.iter().map(|record| record.code.to_string()).collect();
        let letters = letters::about_deadlines(reader, &codes)?;
        let files = files::counts(reader, &codes)?;
        let national = calendars::national(reader)?;
        Ok(Self { records, letters, files, national, order: filter.order, now: filter.now })
    }

    /// The items and the cursor of the next page.
    pub fn shown(mut self, page: &PageWish, ambient: &Ambient) -> (Vec<DossierView>, Option<String>) {
        let order = self.order;
        let key = |record: &Record| PageWish::key(listing::key_of(record, order), record.code.to_string());
        let next_cursor = page.cut(&mut self.records, key);
        let lens = Lens { ambient, now: self.now, national: &self.national };
        let shown = self.records.into_iter().map(|record| {
            let letter = self.letters.iter().find(|letter| letter.dossier == record.code);
            let files = self.files.get(&record.code.to_string()).copied().unwrap_or_default();
            DossierView::of(record, letter, files, lens)
        });
        (shown.collect(), next_cursor)
    }
}

fn filter_of<P: Permission>(call: &Call<P>, query: &Query, now: LocalTime) -> Result<Filter, Problem> {
    let range = |from: &str, to: &str| -> Result<_, Problem> {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        let until = query.date(to)?.and_then(|date| date.checked_add_days(Days::new(1)));
        Ok((query.date(from)?.map(midnight), until.map(midnight)))
    };
    // A `+` that was not escaped arrives as a space.
    let order = match query.text("sort").map(|sort| sort.trim_start_matches([' ', '+'])) {
        None | Some("-received_at") => Order::Received { descending: true },
        Some("received_at") => Order::Received { descending: false },
        Some("due_at") => Order::Due { descending: false },
        Some("-due_at") => Order::Due { descending: true },
        Some(_) => return Err(Problem::at("invalid_word", "?sort")),
    };
    Ok(Filter {
        agency: query.parsed("agency")?,
        resolved_by: query.parsed("resolved_by")?,
        level: query.word("level")?,
        counted: counted::wanted(query, &call.state.ambient, now)?,
        procedure: query.parsed("procedure")?,
        field: query.parsed("field")?,
        channel: query.word("channel")?,
        status: query.word("status")?,
        timing: query.word("timing")?,
        received: range("received_from", "received_to")?,
        due: range("due_from", "due_to")?,
        finished: range("finished_from", "finished_to")?,
        assignee: query.text("assignee").map(str::to_owned),
        q: query.text("q").filter(|q| !q.trim().is_empty()).map(|q| q.trim().to_owned()),
        ..Filter::of(call.actor.sees(), now, order)
    })
}

/// One dossier.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path)), responses(
    (status = 200, description = "The dossier", body = DossierView), (status = 304, description = "Not changed"),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}")]
async fn get_dossier(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let (ambient, key) = (call.state.ambient.clone(), call.state.lookup.clone());
    let shown = call
        .read(move |reader, actor| {
            let record = visible(reader, actor, &code)?;
            // Answers to writes have none: they are kept for their replay, and the secret is kept nowhere.
            let lookup_secret = (!record.standing.void).then(|| key.secret(&code));
            Ok(DossierView { lookup_secret, ..view(reader, &ambient, ambient.now(), record)? })
        })
        .await?;
    let version = shown.version;
    Ok(call.show(&shown, version))
}

/// Small changes; a member left out stays, `null` clears it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DossierPatch {
    /// Contact of the applicant.
    #[serde(default)]
    applicant: Option<ContactPatch>,
    /// What is asked for.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    summary: Option<Option<String>>,
    /// The officer in charge.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    assignee: Option<Option<String>>,
    /// Note of the office.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
}

/// Contact of the applicant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactPatch {
    /// Telephone.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// E-mail.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Address.
    #[serde(default, deserialize_with = "patched")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
}

/// Changes contact, summary, assignee or note (JSON Merge Patch).
#[utoipa::path(tag = "dossiers", params(("code" = String, Path), ("If-Match" = String, Header)), request_body = DossierPatch, responses(
    (status = 200, description = "Changed", body = DossierView), (status = 404, description = "Not there", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 428, description = "If-Match is missing", body = ProblemBody)))]
#[patch("/v1/dossiers/{code}")]
async fn patch_dossier(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let expected = call.must_match()?;
    let (body, _) = call.body::<DossierPatch>().await?;
    let contact = body.applicant.unwrap_or_default();
    let mut checker = Checker::default();
    let wish = Edit {
        phone: checker.patched("/applicant/phone", contact.phone.as_ref(), 50),
        email: checker.patched("/applicant/email", contact.email.as_ref(), MAX_NAME),
        address: checker.patched("/applicant/address", contact.address.as_ref(), MAX_NOTE),
        summary: checker.patched("/summary", body.summary.as_ref(), MAX_NOTE),
        assignee: checker.patched("/assignee", body.assignee.as_ref(), MAX_NAME),
        note: checker.patched("/note", body.note.as_ref(), MAX_NOTE),
    };
    checker.finish()?;
    let shown = call
        .write(move |tx, act| {
            let record = edit(tx, act, &code, expected, &wish)?;
            view(tx, act.ambient, act.now, record)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", super::call::etag(shown.version))).json(shown))
}

/// Moves a dossier.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path)), request_body = TransitionBody, responses(
    (status = 200, description = "Moved", body = DossierView), (status = 403, description = "Not this role's move", body = ProblemBody),
    (status = 404, description = "Not there", body = ProblemBody), (status = 409, description = "No such move from here", body = ProblemBody),
    (status = 412, description = "Changed since read", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers/{code}/transitions")]
async fn create_transition(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let expected = call.if_match()?;
    let (body, bytes) = call.body::<TransitionBody>().await?;
    let mut checker = Checker::default();
    let wish = body.checked(&call.state.ambient, &mut checker);
    let items = body.items(&mut checker);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let record = match &items {
            Some(items) => fees::require_payment(tx, act, &code, expected, &wish, items)?,
            None => transition(tx, act, &code, expected, &wish)?,
        };
        answer(tx, act, record)
    })
    .await
}

/// 200 with a dossier as it stands after a verb.
///
/// # Errors
/// [`Fault::Storage`].
pub fn answer(tx: &mut Tx, act: Act<'_>, record: Record) -> Result<Reply, Fault> {
    let version = record.version;
    Reply::ok(&view(tx, act.ambient, act.now, record)?, version)
}

/// An event of the timeline; members of the event itself stand beside these.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineItem {
    /// Its place, from 1.
    seq: i64,
    /// When it took effect.
    at: String,
    /// When it was recorded.
    recorded_at: String,
    /// Who did it.
    actor: String,
    /// e.g. `dossier.received`.
    event: String,
    /// Members of the event.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    members: serde_json::Map<String, Value>,
}

/// Everything that happened to a dossier, oldest first.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path), ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 404, description = "Not there", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/timeline")]
async fn get_timeline(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let page = Query::of(&call.req, &["limit", "cursor"])?.page(1)?;
    let after = match page.after_code() {
        Some(text) => text.parse().map_err(|_| Problem::at("bad_cursor", "?cursor"))?,
        None => 0,
    };
    let fetch = page.fetch();
    let mut entries = call
        .read(move |reader, actor| {
            visible(reader, actor, &code)?;
            Ok(journal::entries(reader, &code, after, fetch)?)
        })
        .await?;
    let next_cursor = page.cut(&mut entries, |entry| vec![entry.seq.to_string()]);
    let ambient = &call.state.ambient;
    let items = entries.into_iter().map(|entry| TimelineItem {
        seq: entry.seq,
        at: stamp(ambient, entry.at),
        recorded_at: stamp(ambient, entry.recorded_at),
        event: entry.event.name(),
        members: event_members(ambient, &entry.event),
        actor: entry.actor,
    });
    let items: Vec<TimelineItem> = items.collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next_cursor})))
}
