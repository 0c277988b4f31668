//! How a dossier's row stood as of an instant, in SQL: the twin of [`Balance::at`](crate::domain::balance::Balance::at).
//!
//! Each text speaks of one row of `dossiers` and of the parameters `:NAME`, an instant of which all that lies before it
//! is known, and `:NAME_day`, the last day before that instant.

use chrono::TimeDelta;

use super::sql::Value;
use crate::domain::statistics::Column;
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::LocalTime;

/// Which rows are in some column.
pub(in crate::storage) const COUNTED: &str = "dossiers.received_at IS NOT NULL AND NOT dossiers.void";

/// Which rows belong to the period `:from` to `:until`: received before its end, and not ended before it began.
pub(in crate::storage) const IN_PERIOD: &str =
    "dossiers.received_at < :until AND (dossiers.ended_at IS NULL OR dossiers.ended_at >= :from)";

/// 1 if the dossier is late unless it ended. Its running span answers if that began by then, else the past one that
/// holds the instant.
pub(in crate::storage) fn late(at: &str) -> String {
    format!(
        "CASE WHEN dossiers.span_from < :{at} THEN CASE WHEN dossiers.late_from < :{at} THEN 1 ELSE 0 END \
         WHEN EXISTS (SELECT 1 FROM past_spans s WHERE s.dossier = dossiers.code \
         AND s.starts_at < :{at} AND s.ends_at >= :{at} AND s.late_from < :{at}) THEN 1 ELSE 0 END"
    )
}

/// 1 if the clock stands still unless the dossier ended.
pub(in crate::storage) fn paused(at: &str) -> String {
    format!(
        "CASE WHEN dossiers.span_from < :{at} THEN CASE WHEN dossiers.stopped_since IS NULL THEN 0 ELSE 1 END \
         WHEN EXISTS (SELECT 1 FROM past_spans s WHERE s.dossier = dossiers.code \
         AND s.starts_at < :{at} AND s.ends_at >= :{at} AND s.paused) THEN 1 ELSE 0 END"
    )
}

/// 1 if it has its letter about the deadline.
pub(in crate::storage) fn lettered(at: &str) -> String {
    format!("CASE WHEN dossiers.letter_on <= :{at}_day THEN 1 ELSE 0 END")
}

/// Whether it was received and had not ended.
pub(in crate::storage) fn open(at: &str) -> String {
    format!("dossiers.received_at < :{at} AND (dossiers.ended_at IS NULL OR dossiers.ended_at >= :{at})")
}

/// Its balance: the figures in the order of [`Balance::NAMES`](crate::domain::balance::Balance::NAMES).
pub(in crate::storage) fn balance(at: &str) -> [String; 8] {
    let ended = |class: &str| format!("dossiers.ended_at < :{at} AND dossiers.ended_class = '{class}'");
    let (open, late, paused, lettered) = (open(at), late(at), paused(at), lettered(at));
    [
        format!("CASE WHEN dossiers.received_at < :{at} THEN 1 ELSE 0 END"),
        format!("CASE WHEN {} THEN 1 ELSE 0 END", ended("early")),
        format!("CASE WHEN {} THEN 1 ELSE 0 END", ended("on_time")),
        format!("CASE WHEN {} THEN 1 ELSE 0 END", ended("late")),
        format!("CASE WHEN {} THEN {lettered} ELSE 0 END", ended("late")),
        format!("CASE WHEN {open} THEN {late} ELSE 0 END"),
        format!("CASE WHEN {open} THEN ({late}) * ({lettered}) ELSE 0 END"),
        format!("CASE WHEN {open} THEN {paused} ELSE 0 END"),
    ]
}

/// Which rows a figure of the period `:from` to `:until` counts; `letter` narrows to those with, or without, a letter.
pub(in crate::storage) fn counted_in(column: Column, letter: Option<bool>) -> String {
    const AT: &str = "until";
    let ended = "dossiers.ended_at < :until";
    let of_class = |class: EndClass| format!("{ended} AND dossiers.ended_class = '{}'", class.as_str());
    let open = open(AT);
    let figure = match column {
        Column::Received => "1 = 1".to_owned(),
        Column::New => "dossiers.received_at >= :from".to_owned(),
        Column::CarriedOver => "dossiers.received_at < :from".to_owned(),
        Column::Resolved => ended.to_owned(),
        Column::Early => of_class(EndClass::Early),
        Column::OnTime => of_class(EndClass::OnTime),
        Column::Late => of_class(EndClass::Late),
        Column::InProgress => open,
        Column::Within => format!("{open} AND ({}) = 0", late(AT)),
        Column::Paused => format!("{open} AND ({}) = 0 AND ({}) = 1", late(AT), paused(AT)),
        Column::Overdue => format!("{open} AND ({}) = 1", late(AT)),
    };
    let lettered = match letter {
        Some(with) => format!(" AND ({}) = {}", lettered(AT), i32::from(with)),
        None => String::new(),
    };
    format!("{COUNTED} AND {IN_PERIOD} AND {figure}{lettered}")
}

/// The values of the parameters for `instant`: the instant itself and the last day before it.
pub(in crate::storage) fn instant(instant: LocalTime) -> (Value, Value) {
    (Value::Time(instant), Value::Day((instant - TimeDelta::seconds(1)).date()))
}
