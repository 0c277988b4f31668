//! The first half of 2023 (15 December 2022 to 14 June 2023) such that its report shows the published figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::catalogue::{DEPARTMENT, agency, standing_procedures};
use crate::domain::calendar::NationalCalendar;
use crate::domain::deadline::promise;
use crate::domain::office::OfficeCalendar;
use crate::domain::papers::{Applicant, Papers};
use crate::domain::procedure::Procedure;
use crate::domain::transition::Move;
use crate::domain::vocabulary::{ApplicantKind, Channel, LocalTime, Outcome, Status};
use crate::flow::Fault;
use crate::flow::import::History;
use crate::flow::intake::NewDossier;

/// New in the period, online.
const ONLINE: usize = 158;
/// New in the period, at the counter.
const DIRECT: usize = 1_640;
/// New in the period, by post: with the counter 1,758.
const POSTAL: usize = 118;
/// Open at the end of the period; of everything else the result was ready by then.
const IN_PROGRESS: usize = 202;

/// The demonstration office's plain working time.
pub(super) fn office(national: &NationalCalendar) -> OfficeCalendar {
    let loaded = (2022..=2028).filter_map(|year| {
        let days = national.year(year)?.days().cloned().collect();
        Some((year, days))
    });
    OfficeCalendar::new(Arc::new(NationalCalendar::new(loaded)), Vec::new(), BTreeMap::new())
}

/// All dossiers of the half-year, the one carried over first.
pub(super) fn histories(national: &NationalCalendar) -> Result<Vec<History>, Fault> {
    let office = office(national);
    let procedures = standing_procedures()?;
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let (first, last) = (date(2022, 12, 15), date(2023, 6, 14));
    let days: Vec<NaiveDate> =
        first.iter_days().take_while(|day| *day <= last).filter(|day| office.is_working(*day)).collect();
    let (received_on, finished_on) = (date(2022, 12, 12), date(2022, 12, 16));
    let mut histories = vec![history(&office, &procedures[0], Channel::Direct, received_on, finished_on, 0)?];
    let channels = std::iter::repeat_n(Channel::Online, ONLINE)
        .chain(std::iter::repeat_n(Channel::Direct, DIRECT))
        .chain(std::iter::repeat_n(Channel::Postal, POSTAL));
    let total = ONLINE + DIRECT + POSTAL;
    for (index, channel) in channels.enumerate() {
        // Spread over the list, so that every channel has some in progress.
        let is_open = (index + 1) * IN_PROGRESS / total > index * IN_PROGRESS / total;
        let candidates: Vec<&Procedure> =
            procedures.iter().filter(|procedure| !is_open || procedure.rule.amount >= 15).collect();
        let procedure = candidates[index * 13 % candidates.len()];
        let amount = procedure.rule.amount as usize;
        // A dossier open at the end came in within its last `amount` working days; the others at least that long before.
        let (from, count) = if is_open { (days.len() - amount + 3, amount - 3) } else { (0, days.len() - amount - 2) };
        let received_on = days[from + index * 31 % count];
        histories.push(if is_open {
            open(&office, procedure, channel, received_on, index)?
        } else {
            resolved(&office, procedure, channel, received_on, index)?
        });
    }
    Ok(histories)
}

/// A dossier whose result was ready between one working day after its receipt and the day due.
fn resolved(
    office: &OfficeCalendar,
    procedure: &Procedure,
    channel: Channel,
    received_on: NaiveDate,
    index: usize,
) -> Result<History, Fault> {
    let days = 1 + u32::try_from(index * 7).unwrap_or_default() % procedure.rule.amount;
    let finished_on = office.nth_working_day_after(received_on, days)?;
    history(office, procedure, channel, received_on, finished_on, index)
}

/// A dossier whose result was ready on the day due.
fn open(
    office: &OfficeCalendar,
    procedure: &Procedure,
    channel: Channel,
    received_on: NaiveDate,
    index: usize,
) -> Result<History, Fault> {
    let received_at = received_on.and_time(hour(index)) + acceptance(channel);
    let due_on =
        promise(&procedure.rule, received_at, office, &mut ())?.map_or(received_on, |deadline| deadline.due_on);
    history(office, procedure, channel, received_on, due_on, index)
}

fn history(
    office: &OfficeCalendar,
    procedure: &Procedure,
    channel: Channel,
    received_on: NaiveDate,
    finished_on: NaiveDate,
    index: usize,
) -> Result<History, Fault> {
    let filed_at = received_on.and_time(hour(index));
    let mut moves = Vec::new();
    if channel == Channel::Online {
        moves.push(step(Status::Received, filed_at + acceptance(channel)));
    }
    let noon = NaiveTime::from_hms_opt(11, 15, 0).unwrap_or_default();
    moves.push(step(Status::Processing, received_on.and_time(noon)));
    let finished_at = finished_on.and_time(NaiveTime::from_hms_opt(15, 30, 0).unwrap_or_default());
    moves.push(Move { outcome: Some(Outcome::Granted), ..step(Status::Finished, finished_at) });
    let handed_over_on = office.nth_working_day_after(finished_on, 1)?;
    moves.push(step(Status::Returned, handed_over_on.and_time(hour(index))));
    Ok(History { dossier: filed(procedure, channel, filed_at, index)?, code: None, moves })
}

/// What an invented person hands in; the names say that they are invented.
pub(super) fn filed(procedure: &Procedure, channel: Channel, at: LocalTime, index: usize) -> Result<NewDossier, Fault> {
    const NAMES: [&str; 8] = ["An", "Bình", "Chi", "Dũng", "Hạnh", "Khánh", "Quỳnh", "Yến"];
    let name = NAMES[index % NAMES.len()];
    Ok(NewDossier {
        procedure: procedure.code.clone(),
        agency: agency(DEPARTMENT)?,
        case: None,
        received_by: None,
        channel,
        received_at: Some(at),
        accept: None,
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: format!("Người Minh Họa {name} {index:04}"),
            identity_no: Some(format!("000000{index:06}")),
            phone: None,
            email: None,
            address: Some("Địa chỉ minh họa".to_owned()),
        },
        summary: None,
        papers: Papers::default(),
    })
}

/// A move without reason.
pub(super) fn step(to: Status, at: LocalTime) -> Move {
    Move { to, at, reason: None, outcome: None }
}

/// Between 07:30 and 10:27.
fn hour(index: usize) -> NaiveTime {
    let minutes = u32::try_from(index * 17 % 178).unwrap_or_default();
    NaiveTime::from_hms_opt(7 + (30 + minutes) / 60, (30 + minutes) % 60, 0).unwrap_or_default()
}

/// How long an online filing waits to be accepted.
fn acceptance(channel: Channel) -> TimeDelta {
    if channel == Channel::Online { TimeDelta::minutes(40) } else { TimeDelta::zero() }
}
