//! Deadlines explained: of a rule and a receipt, and of a dossier.

use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use serde_json::{Value, json};
use utoipa_actix_web::service_config::ServiceConfig;

use super::call::{Anyone, Call, See};
use super::dossier_view::{event_members, stamp};
use super::dossiers::visible;
use super::input::Query;
use super::problem::{Problem, ProblemBody};
use super::procedure_body::{RuleBody, parse_time};
use crate::ambient::Ambient;
use crate::domain::deadline::{Deadline, OnSupplement, Rule, SkipCause, Trail, Unit, promise};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::office::{DayOff, OfficeCalendar};
use crate::domain::vocabulary::{AgencyCode, CaseCode, Channel, LocalTime, ProcedureCode};
use crate::flow::desk::Desk;
use crate::storage::{StorageError, agencies, journal, procedures};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_deadline).service(get_dossier_deadline);
}

fn skipped(office: &OfficeCalendar, trail: &Trail) -> Vec<Value> {
    let explain = |date: NaiveDate, cause: SkipCause| {
        let special = office.national().special_day(date);
        let (reason, name, ground) = match cause {
            SkipCause::AfterCutoff => ("after_cutoff", None, None),
            SkipCause::Off(DayOff::Weekend) => ("weekend", None, None),
            SkipCause::Off(DayOff::NoOfficeHours) => ("no_office_hours", None, None),
            SkipCause::Off(DayOff::Closure) => ("closure", office.closure(date).map(str::to_owned), None),
            SkipCause::Off(DayOff::Holiday) => {
                ("holiday", special.map(|day| day.name.clone()), special.map(|day| day.ground.clone()))
            }
        };
        json!({"date": date, "reason": reason, "name": name, "ground": ground})
    };
    trail.skipped.iter().map(|(date, cause)| explain(*date, *cause)).collect()
}

fn answer(ambient: &Ambient, office: &OfficeCalendar, deadline: Option<Deadline>, trail: &Trail) -> Value {
    json!({
        "due_on": deadline.map(|deadline| deadline.due_on),
        "due_at": deadline.map(|deadline| stamp(ambient, deadline.due_at)),
        "late_from": deadline.map(|deadline| stamp(ambient, deadline.late_from)),
        "counted": trail.counted,
        "skipped": skipped(office, trail),
    })
}

/// The rule asked about: a procedure's, or one spelt out.
enum Asked {
    Procedure(ProcedureCode, Channel, Option<CaseCode>),
    Spelt(Rule),
}

fn asked(query: &Query) -> Result<Asked, Problem> {
    if let Some(procedure) = query.parsed("procedure")? {
        for name in ["amount", "unit", "cutoff"] {
            if query.text(name).is_some() {
                return Err(Problem::at("invalid_parameter", format!("?{name}")).hint("goes without procedure"));
            }
        }
        let channel = query.word("channel")?.unwrap_or(Channel::Direct);
        return Ok(Asked::Procedure(procedure, channel, query.parsed("case")?));
    }
    query.required("amount")?;
    query.required("unit")?;
    let unit: Unit = query.word("unit")?.unwrap_or(Unit::WorkingDay);
    let amount: u32 = query.parsed("amount")?.unwrap_or(0);
    if amount > unit.largest_amount() {
        return Err(Problem::at("out_of_range", "?amount"));
    }
    let cutoff =
        query.text("cutoff").map(|text| parse_time(text).ok_or_else(|| Problem::at("invalid_parameter", "?cutoff")));
    let on_supplement = OnSupplement::Restart;
    Ok(Asked::Spelt(Rule { amount, unit, cutoff: cutoff.transpose()?, on_supplement, no_appointment: false }))
}

/// The deadline that a receipt would get, with the days passed over and why.
#[utoipa::path(tag = "deadlines", params(("agency" = String, Query), ("received_at" = String, Query, description = "RFC 3339"),
    ("amount" = Option<u32>, Query), ("unit" = Option<Unit>, Query), ("cutoff" = Option<String>, Query, description = "HH:MM"),
    ("procedure" = Option<String>, Query), ("channel" = Option<Channel>, Query), ("case" = Option<String>, Query)), responses(
    (status = 200, description = "due_on, due_at, late_from, skipped", body = Object), (status = 400, description = "A parameter cannot be read", body = ProblemBody),
    (status = 404, description = "No such agency or procedure", body = ProblemBody), (status = 422, description = "Refused by a rule", body = ProblemBody)))]
#[get("/v1/deadline")]
async fn get_deadline(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    const PARAMETERS: &[&str] = &["agency", "received_at", "amount", "unit", "cutoff", "procedure", "channel", "case"];
    let query = Query::of(&call.req, PARAMETERS)?;
    query.required("agency")?;
    query.required("received_at")?;
    let agency: AgencyCode = query.parsed("agency")?.ok_or_else(|| Problem::new("not_found"))?;
    let ambient = call.state.ambient.clone();
    let received_at: LocalTime =
        query.timestamp("received_at", &ambient)?.ok_or_else(|| Problem::new("invalid_parameter"))?;
    let asked = asked(&query)?;
    let shown = call
        .read(move |reader, _| {
            agencies::find(reader, &agency)?.ok_or(crate::flow::Fault::NotFound("agency"))?;
            let mut desk = Desk::new(reader)?;
            let rule = match asked {
                Asked::Spelt(rule) => rule,
                Asked::Procedure(code, channel, case) => {
                    if procedures::versions(reader, &code)?.is_empty() {
                        return Err(crate::flow::Fault::NotFound("procedure"));
                    }
                    desk.procedure(reader, &code, received_at.date())?.rule_for(channel, case.as_ref())?.rule
                }
            };
            let office = desk.office(reader, &agency)?;
            let mut trail = Trail::default();
            let deadline = promise(&rule, received_at, &office, &mut trail)?;
            Ok(answer(&ambient, &office, deadline, &trail))
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

/// How a dossier's deadline came about: rule and version, days counted and skipped, every pause and change.
#[utoipa::path(tag = "deadlines", params(("code" = String, Path)), responses(
    (status = 200, description = "The deadline explained", body = Object), (status = 404, description = "Not there, or another agency's", body = ProblemBody)))]
#[get("/v1/dossiers/{code}/deadline")]
async fn get_dossier_deadline(call: Call<See>) -> Result<HttpResponse, Problem> {
    let code: DossierCode = call.code("code")?;
    let ambient = call.state.ambient.clone();
    let shown = call
        .read(move |reader, actor| {
            let record = visible(reader, actor, &code)?;
            let version = procedures::version(reader, &record.procedure, record.procedure_version)?;
            let version = version.ok_or_else(|| StorageError::corrupt("procedure version", "missing"))?;
            let rule = version.rule_for(record.channel, record.case.as_ref())?.rule;
            let office = Desk::new(reader)?.office(reader, &record.agency)?;
            let entries = journal::entries(reader, &code, 0, i64::MAX)?;
            let standing = &record.standing;
            // A restart begins the count anew: the days shown are those since the last one.
            let restarted = entries.iter().rev().find(|entry| {
                rule.on_supplement == OnSupplement::Restart
                    && matches!(&entry.event, Event::Resumed { old, new } if old != new)
            });
            let start = restarted.map(|entry| entry.at).or(standing.received_at);
            let mut trail = Trail::default();
            if let Some(start) = start {
                promise(&rule, start, &office, &mut trail)?;
            }
            let mut shown = answer(&ambient, &office, standing.deadline, &trail);
            shown["late_from"] = json!(standing.late_from().map(|at| stamp(&ambient, at)));
            shown["code"] = json!(code);
            shown["procedure"] = json!(record.procedure);
            shown["procedure_version"] = json!(record.procedure_version);
            shown["case"] = json!(record.case);
            shown["rule"] = json!(RuleBody::of(&rule));
            shown["received_at"] = json!(standing.received_at.map(|at| stamp(&ambient, at)));
            shown["counted_from"] = json!(start.map(|at| stamp(&ambient, at)));
            shown["original_due_on"] = json!(standing.original.map(|deadline| deadline.due_on));
            shown["reappointed_at"] = json!(standing.reappointed_at.map(|at| stamp(&ambient, at)));
            shown["changes"] = entries
                .iter()
                .filter(|entry| changes_clock(&entry.event))
                .map(|entry| {
                    let mut change = event_members(&ambient, &entry.event);
                    change.insert("at".into(), json!(stamp(&ambient, entry.at)));
                    change.insert("event".into(), json!(entry.event.name()));
                    Value::Object(change)
                })
                .collect();
            Ok(shown)
        })
        .await?;
    Ok(HttpResponse::Ok().json(shown))
}

fn changes_clock(event: &Event) -> bool {
    matches!(
        event,
        Event::Received { .. }
            | Event::SupplementRequested { .. }
            | Event::PaymentRequested { .. }
            | Event::Resumed { .. }
            | Event::DeadlineMoved { .. }
            | Event::Corrected { .. }
            | Event::Reopened { .. }
            | Event::Reappointed { .. }
    )
}
