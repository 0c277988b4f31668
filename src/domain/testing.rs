//! Builders shared by the tests of the domain: instants, offices, rules, dossiers and their moves.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{NaiveDate, NaiveTime};

use super::calendar::NationalCalendar;
use super::deadline::{Deadline, OnSupplement, Rule, Unit};
use super::dossier::Dossier;
use super::office::{OfficeCalendar, Session, WeekHours};
use super::refusal::Refusal;
use super::transition::{Change, Filing, Move, Offices, RuleVersion, take_in};
use super::vocabulary::{Channel, LocalTime, Status};

pub(crate) mod histories;

/// The default hours of contract section 4.
pub(crate) const STANDARD: &str = "07:30-11:30 13:30-17:00";
/// A weekday without hours.
pub(crate) const SHUT: &str = "";

/// An instant, written `2026-03-02T09:00` or with seconds.
pub(crate) fn at(text: &str) -> LocalTime {
    let format = if text.len() == 16 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    LocalTime::parse_from_str(text, format).unwrap()
}

/// A date, written `2026-03-02`.
pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A clock time, written `15:00`.
pub(crate) fn clock(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

/// The sessions of a day, written like [`STANDARD`].
pub(crate) fn sessions(text: &str) -> Vec<Session> {
    let session = |(open, close): (&str, &str)| Session { open: clock(open), close: clock(close) };
    text.split_whitespace().map(|part| session(part.split_once('-').unwrap())).collect()
}

/// The hours of a week, Monday first.
pub(crate) fn week(days: [&str; 7]) -> WeekHours {
    WeekHours::new(days.map(sessions)).unwrap()
}

/// The calendar shipped with the program.
pub(crate) fn national() -> Arc<NationalCalendar> {
    static NATIONAL: LazyLock<Arc<NationalCalendar>> = LazyLock::new(|| Arc::new(NationalCalendar::new([])));
    Arc::clone(&NATIONAL)
}

/// An office with the default hours and no closures.
pub(crate) fn standard_office() -> &'static OfficeCalendar {
    static OFFICE: LazyLock<OfficeCalendar> = LazyLock::new(|| office(&[], &[]));
    &OFFICE
}

/// An office with dated hours and closures.
pub(crate) fn office(versions: &[(&str, [&str; 7])], closures: &[&str]) -> OfficeCalendar {
    let versions = versions.iter().map(|&(from, days)| (day(from), week(days))).collect();
    let closures: BTreeMap<_, _> = closures.iter().map(|&date| (day(date), "storm".to_owned())).collect();
    OfficeCalendar::new(national(), versions, closures)
}

/// A rule without cut-off whose supplements restart the term.
pub(crate) fn rule(amount: u32, unit: Unit) -> Rule {
    Rule { amount, unit, cutoff: None, on_supplement: OnSupplement::Restart, no_appointment: false }
}

/// So many working days.
pub(crate) fn working_days(amount: u32) -> Rule {
    rule(amount, Unit::WorkingDay)
}

/// So many working hours.
pub(crate) fn working_hours(amount: u32) -> Rule {
    rule(amount, Unit::WorkingHour)
}

/// The rule with a cut-off.
pub(crate) fn cut_off_at(cutoff: &str, rule: Rule) -> Rule {
    Rule { cutoff: Some(clock(cutoff)), ..rule }
}

/// The rule with supplements that only pause the clock.
pub(crate) fn pausing(rule: Rule) -> Rule {
    Rule { on_supplement: OnSupplement::Pause, ..rule }
}

/// A rule that gives no appointment.
pub(crate) fn no_appointment() -> Rule {
    Rule { no_appointment: true, ..working_days(5) }
}

/// A deadline, spelled out.
pub(crate) fn deadline(due_at: &str, late_from: &str) -> Deadline {
    Deadline { due_on: at(due_at).date(), due_at: at(due_at), late_from: at(late_from) }
}

/// The standard office in both parts.
pub(crate) fn offices() -> Offices<'static> {
    Offices { resolving: standard_office(), receiving: standard_office() }
}

/// A procedure version with this rule.
pub(crate) fn version(rule: Rule) -> RuleVersion {
    RuleVersion { id: 1, rule }
}

/// A dossier accepted at the counter.
pub(crate) fn received(rule: Rule, received_at: &str) -> Dossier {
    let filing = Filing { channel: Channel::Direct, at: at(received_at), accept: true };
    take_in(&filing, &version(rule), offices()).unwrap().after
}

/// A dossier filed online, to be examined.
pub(crate) fn registered(rule: Rule, filed_at: &str) -> Dossier {
    let filing = Filing { channel: Channel::Online, at: at(filed_at), accept: false };
    take_in(&filing, &version(rule), offices()).unwrap().after
}

/// A move with a reason.
pub(crate) fn wish(to: Status, moved_at: &str) -> Move {
    Move { to, at: at(moved_at), reason: Some("because".into()), outcome: None }
}

/// Tries a move, with the rule the dossier was taken in with.
pub(crate) fn attempt(dossier: &Dossier, wish: &Move) -> Result<Change, Refusal> {
    dossier.transition(wish, &version(dossier.rule.clone()), offices())
}

/// The dossier after these moves, each with a reason.
pub(crate) fn moved(dossier: Dossier, moves: &[(Status, &str)]) -> Dossier {
    moves.iter().fold(dossier, |dossier, (to, moved_at)| attempt(&dossier, &wish(*to, moved_at)).unwrap().after)
}

/// The moves of contract section 3 by national code. A dossier that was never accepted waits at intake in 5: from there
/// it goes back to 1, or ends in 7 or 8.
pub(crate) fn moves_of_the_contract(from: Status, was_accepted: bool) -> &'static [i16] {
    match (from.national_code(), was_accepted) {
        (1, _) => &[2, 3, 5],
        (2, _) => &[4, 5, 7, 8, 9],
        (4, _) => &[5, 6, 7, 8, 9],
        (5, true) => &[4, 7, 8],
        (5, false) => &[1, 7, 8],
        (6, _) => &[4, 7, 8],
        (9, _) => &[10],
        _ => &[],
    }
}
