//! A live sample around today: dossiers within their deadline, due soon, paused, overdue and ended late, so that letters appear.

use chrono::{Days, NaiveDate, NaiveTime};

use super::catalogue::procedures;
use super::half_year::{filed, office, step};
use crate::domain::calendar::NationalCalendar;
use crate::domain::transition::Move;
use crate::domain::vocabulary::{Channel, LocalTime, Outcome, Status};
use crate::flow::Fault;
use crate::flow::import::History;

/// What becomes of a dossier of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Being resolved.
    Processing,
    /// Waiting for papers.
    Paused,
    /// Filed online and not answered yet.
    Registered,
    /// Its result came in time.
    Finished,
    /// Its result came after the deadline.
    FinishedLate,
}

/// How many working days ago it came in, the working days allowed, and what became of it.
const SAMPLE: [(u32, u32, Fate); 16] = [
    (1, 10, Fate::Processing),
    (2, 15, Fate::Processing),
    (3, 5, Fate::Processing),
    (4, 5, Fate::Processing),
    (4, 7, Fate::Processing),
    (5, 25, Fate::Processing),
    (6, 20, Fate::Paused),
    (3, 10, Fate::Paused),
    (1, 5, Fate::Registered),
    (7, 5, Fate::Processing),
    (12, 7, Fate::Processing),
    (18, 10, Fate::Processing),
    (9, 5, Fate::FinishedLate),
    (8, 10, Fate::Finished),
    (10, 15, Fate::Finished),
    (6, 5, Fate::Finished),
];

/// The sample as of `now`.
pub(super) fn histories(national: &NationalCalendar, now: LocalTime) -> Result<Vec<History>, Fault> {
    let office = office(national);
    let procedures = procedures()?;
    let latest_first = (1..200).map(|ago| now.date() - Days::new(ago)).filter(|day| office.is_working(*day));
    let days: Vec<NaiveDate> = latest_first.take(40).collect();
    let at = |ago: u32, hour, minute| {
        let day = days[(ago as usize).clamp(1, days.len()) - 1];
        day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
    };
    let mut histories = Vec::new();
    for (index, &(ago, amount, fate)) in SAMPLE.iter().enumerate() {
        let fitting: Vec<_> = procedures.iter().filter(|procedure| procedure.rule.amount == amount).collect();
        let procedure = fitting[index % fitting.len()];
        let channel = match (fate, index % 3) {
            (Fate::Registered, _) => Channel::Online,
            (_, 2) => Channel::Postal,
            _ => Channel::Direct,
        };
        let processing = step(Status::Processing, at(ago, 10, 0));
        let finished = |at| Move { outcome: Some(Outcome::Granted), ..step(Status::Finished, at) };
        let moves = match fate {
            Fate::Registered => Vec::new(),
            Fate::Processing => vec![processing],
            Fate::Paused => {
                let reason = Some("Thiếu bản sao giấy tờ tùy thân (minh họa)".to_owned());
                vec![processing, Move { reason, ..step(Status::SupplementRequired, at(ago - 1, 9, 0)) }]
            }
            Fate::Finished => vec![processing, finished(at(ago - 4, 15, 0))],
            Fate::FinishedLate => vec![processing, finished(at(1, 15, 0))],
        };
        let dossier = filed(procedure, channel, at(ago, 8, 15), 9_000 + index)?;
        histories.push(History { dossier, code: None, moves });
    }
    Ok(histories)
}
