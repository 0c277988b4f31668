//! Dossiers: intake, list, look-up, small changes, moves.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpResponse, get, patch, post};
use chrono::{Days, NaiveDate, NaiveTime};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::agencies::require_scope;
use super::call::{Call, Handle, Permission, See};
use super::counted;
use super::dossier_body::{DossierBody, TransitionBody};
use super::dossier_view::{ApplicantView, DossierView, Lens, SubmitterView};
use super::duplicates::{TakenInView, warnings};
use super::fields::Fields;
use super::idempotency::Reply;
use super::input::{Checker, MAX_NAME, MAX_NOTE, PageWish, Query, patched};
use super::lookup_key::LookupKey;
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::ambient::Ambient;
use crate::domain::calendar::NationalCalendar;
use crate::domain::dossier_code::DossierCode;
use crate::domain::vocabulary::{Channel, LocalTime, ProcedureLevel, Status};
use crate::flow::edit::{Edit, edit};
use crate::flow::fees;
use crate::flow::intake::receive;
use crate::flow::reveal::reveal;
use crate::flow::transition::transition;
use crate::flow::{Act, Actor, Fault};
use crate::storage::dossier_row::Record;
use crate::storage::duplicates::Known;
use crate::storage::letters::LetterRecord;
use crate::storage::listing::{self, Assignee, Filter, Order};
use crate::storage::shown::{self, Beside};
use crate::storage::{Reader, Tx, calendars, dossiers, files, letters};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_dossier)
        .service(list_dossiers)
        .service(get_dossier)
        .service(patch_dossier)
        .service(create_transition);
}

/// Shows a record as it stands now.
///
/// # Errors
/// [`Fault::Storage`].
pub fn view(reader: &mut Reader, ambient: &Ambient, now: LocalTime, record: Record) -> Result<DossierView, Fault> {
    let beside = shown::beside(reader, &record.code)?;
    view_with(reader, ambient, now, record, &beside)
}

fn view_with(
    reader: &mut Reader,
    ambient: &Ambient,
    now: LocalTime,
    record: Record,
    beside: &Beside,
) -> Result<DossierView, Fault> {
    let national = calendars::national(reader)?;
    Ok(DossierView::of(record, beside.letter.as_ref(), beside.files, Lens { ambient, now, national: &national }))
}

/// A record that the actor may look up.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn visible(reader: &mut Reader, actor: &Actor, code: &DossierCode) -> Result<Record, Fault> {
    let record = dossiers::find(reader, code)?.ok_or(Fault::NotFound("dossier"))?;
    actor.sides_of_seen(reader, &record.agency, &record.received_by)?;
    Ok(record)
}

/// Takes a dossier in. When the same person has the same procedure open already, the answer says so in `warnings`.
#[utoipa::path(tag = "dossiers", request_body = DossierBody, responses(
    (status = 201, description = "Taken in", body = TakenInView), (status = 403, description = "Not at this agency", body = ProblemBody),
    (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[post("/v1/dossiers")]
async fn create_dossier(mut call: Call<Handle>) -> Result<HttpResponse, Problem> {
    let (body, bytes) = call.body::<DossierBody>().await?;
    let mut checker = Checker::default();
    let new = body.checked(&call.state.ambient, &mut checker);
    let demand = body.demand(&mut checker);
    checker.finish()?;
    call.post(&bytes, move |tx, act| {
        let warnings = warnings(tx, (act.actor, act.ambient), &new.procedure, &Known::from(&new.applicant))?;
        let mut record = receive(tx, act, &new)?;
        if let Some(demand) = &demand {
            fees::charge_at_intake(tx, act, &mut record, demand)?;
        }
        let (version, location) = (record.version, format!("/v1/dossiers/{}", record.code));
        // Of what is late already when it is entered the letter is there; files come later.
        let beside = if record.lateness_noted { shown::beside(tx, &record.code)? } else { Beside::default() };
        let dossier = view_with(tx, act.ambient, act.now, record, &beside)?;
        Reply::created(&TakenInView { dossier, warnings }, version, location)
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
    "fields",
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
    ("assignee" = Option<String>, Query, description = "In this officer's charge; me: in the caller's, none: in nobody's"), ("q" = Option<String>, Query, description = "Name or code, with or without diacritics; what a scanner reads off a slip, a whole code with whatever stands around it, finds that very dossier; a name is better searched for by POST /v1/dossiers/search, which keeps it out of addresses"),
    ("sort" = Option<String>, Query, description = "received_at (by filing, for what is not accepted yet), due_at (leaves out what has no deadline), each with - for descending; -received_at when left out"),
    ("fields" = Option<String>, Query, description = "Only these members of each item, with commas between"),
    ("limit" = Option<i64>, Query), ("cursor" = Option<String>, Query)), responses(
    (status = 200, description = "A page: items and next_cursor", body = Object), (status = 304, description = "Not changed"), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "The agency is not in the caller's reach", body = ProblemBody), (status = 422, description = "A word that is not one of ours", body = ProblemBody)))]
#[get("/v1/dossiers")]
async fn list_dossiers(call: Call<See>) -> Result<HttpResponse, Problem> {
    let query = Query::of(&call.req, LIST_PARAMETERS)?;
    let (page, fields) = (query.page(2)?, Fields::of::<DossierView>(&query)?);
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
    Ok(HttpResponse::Ok().json(Page { items: fields.pick_each(&items)?, next_cursor }))
}

/// A page of dossiers as read, with all that is needed to show it.
pub struct Listed {
    records: Vec<Record>,
    letters: Vec<LetterRecord>,
    files: HashMap<String, i64>,
    national: Arc<NationalCalendar>,
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

/// The order that is asked for; newest first when nothing is said.
pub(in crate::http) fn order_of(sort: Option<&str>) -> Option<Order> {
    // A `+` that was not escaped arrives as a space.
    Some(match sort.map(|sort| sort.trim_start_matches([' ', '+'])) {
        None | Some("-received_at") => Order::Received { descending: true },
        Some("received_at") => Order::Received { descending: false },
        Some("due_at") => Order::Due { descending: false },
        Some("-due_at") => Order::Due { descending: true },
        Some(_) => return None,
    })
}

/// Whose work is asked for: `me` is the caller, `none` nobody.
pub(in crate::http) fn assignee(word: &str, actor: &Actor) -> Assignee {
    match word {
        "none" => Assignee::Nobody,
        "me" => Assignee::Named(actor.desk().to_owned()),
        name => Assignee::Named(name.to_owned()),
    }
}

fn filter_of<P: Permission>(call: &Call<P>, query: &Query, now: LocalTime) -> Result<Filter, Problem> {
    let range = |from: &str, to: &str| -> Result<_, Problem> {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        let until = query.date(to)?.and_then(|date| date.checked_add_days(Days::new(1)));
        Ok((query.date(from)?.map(midnight), until.map(midnight)))
    };
    let order = order_of(query.text("sort")).ok_or_else(|| Problem::at("invalid_word", "?sort"))?;
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
        assignee: query.text("assignee").map(|name| assignee(name, &call.actor)),
        q: query.text("q").filter(|q| !q.trim().is_empty()).map(|q| q.trim().to_owned()),
        ..Filter::of(call.actor.sees(), now, order)
    })
}

/// One dossier. With `reveal=true` its identity and telephone numbers are shown in full, to front desks, officers, leaders,
/// administrators and machines that write dossiers; each such look is written down.
#[utoipa::path(tag = "dossiers", params(("code" = String, Path), ("reveal" = Option<bool>, Query),
    ("fields" = Option<String>, Query, description = "Only these members, with commas between")), responses(
    (status = 200, description = "The dossier", body = DossierView), (status = 304, description = "Not changed"),
    (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 403, description = "The numbers are not for this role", body = ProblemBody),
    (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}")]
async fn get_dossier(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let query = Query::of(&call.req, &["reveal", "fields"])?;
    let fields = Fields::of::<DossierView>(&query)?;
    let (ambient, key) = (call.state.ambient.clone(), call.state.lookup.clone());
    if query.parsed("reveal")?.unwrap_or(false) {
        return revealed(&call, code, key, &fields).await;
    }
    let shown = call
        .read(move |reader, actor| {
            let (record, beside) = shown::find(reader, &code)?.ok_or(Fault::NotFound("dossier"))?;
            actor.sides_of_seen(reader, &record.agency, &record.received_by)?;
            let lookup_secret = lookup_secret(&record, &key);
            Ok(DossierView { lookup_secret, ..view_with(reader, &ambient, ambient.now(), record, &beside)? })
        })
        .await?;
    let version = shown.version;
    Ok(call.show(&fields.pick(&shown)?, version))
}

/// The dossier with its numbers; who looks has it on record before they see it.
async fn revealed(
    call: &Call<See>,
    code: DossierCode,
    key: LookupKey,
    fields: &Fields,
) -> Result<HttpResponse, Problem> {
    let shown = call
        .write(move |tx, act| {
            let record = reveal(tx, act, &code)?;
            let lookup_secret = lookup_secret(&record, &key);
            Ok(DossierView { lookup_secret, ..open_view(tx, act, record)? })
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("ETag", super::call::etag(shown.version))).json(fields.pick(&shown)?))
}

/// Shows a record with the numbers it holds, of which there is a note by now.
///
/// # Errors
/// [`Fault::Storage`].
pub(in crate::http) fn open_view(tx: &mut Tx, act: Act<'_>, record: Record) -> Result<DossierView, Fault> {
    let (applicant, submitted_by) = (record.applicant.clone(), record.papers.submitted_by.clone());
    let masked = view(tx, act.ambient, act.now, record)?;
    let submitted_by = submitted_by.map(SubmitterView::in_the_open);
    Ok(DossierView { applicant: ApplicantView::in_the_open(applicant), submitted_by, ..masked })
}

/// What opens the look-up of a dossier. Answers to writes have none: they are kept for their replay, and the secret is kept
/// nowhere.
fn lookup_secret(record: &Record, key: &LookupKey) -> Option<String> {
    (!record.standing.void).then(|| key.secret(&record.code))
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
        phone: contact.phone.as_ref().map(|phone| checker.number("/applicant/phone", phone.as_deref())),
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
