//! Random offices, rules and histories of dossiers, for the property tests.

use std::collections::BTreeMap;

use chrono::{Days, NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::{SHUT, STANDARD, at, clock, day, moves_of_the_contract, national, version, week};
use crate::domain::deadline::{OnSupplement, Rule, Unit, promise};
use crate::domain::dossier::{Dossier, Span, Standing};
use crate::domain::event::Event;
use crate::domain::office::OfficeCalendar;
use crate::domain::statistics::CountedLife;
use crate::domain::timeliness::Timing;
use crate::domain::transition::{Change, Filing, Move, Offices, SpanChange, take_in};
use crate::domain::vocabulary::{Channel, LocalTime, Outcome, Status};

const DAY: u32 = 86_400;

/// An instant of 2022 to 2026, often on the hour or the half hour, where sessions begin and end.
pub(crate) fn any_instant() -> impl Strategy<Value = LocalTime> {
    let seconds = prop_oneof![(0..48u32).prop_map(|half_hour| half_hour * 1_800), 0..DAY];
    (0..1_826u64, seconds).prop_map(|(days, seconds)| {
        (day("2022-01-01") + Days::new(days)).and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds.into())
    })
}

/// An office with default, continuous, changing or odd hours and some closures.
pub(crate) fn any_office() -> impl Strategy<Value = OfficeCalendar> {
    const LATE: &str = "08:00-12:00 13:00-18:00";
    let versions: [Vec<(&str, [&str; 7])>; 4] = [
        vec![],
        vec![("2024-04-29", [LATE, LATE, LATE, LATE, LATE, SHUT, SHUT])],
        vec![("2020-01-01", [STANDARD, "09:00-15:00", SHUT, STANDARD, "07:00-11:00", "07:30-11:30", SHUT])],
        vec![
            ("2023-01-01", [LATE, STANDARD, LATE, STANDARD, LATE, "08:00-09:00", "08:00-12:00"]),
            ("2025-07-01", [STANDARD, STANDARD, STANDARD, STANDARD, "07:30-11:30", SHUT, SHUT]),
        ],
    ];
    let closures = prop::collection::btree_set(0..2_000u64, 0..12);
    (prop::sample::select(versions.to_vec()), closures).prop_map(|(versions, closures)| {
        let versions = versions.into_iter().map(|(from, days)| (day(from), week(days))).collect();
        let closed = |days| (day("2022-01-01") + Days::new(days), "closed".to_owned());
        OfficeCalendar::new(national(), versions, closures.into_iter().map(closed).collect::<BTreeMap<_, _>>())
    })
}

/// A rule with an appointment.
pub(crate) fn any_rule() -> impl Strategy<Value = Rule> {
    let amount_and_unit = prop_oneof![
        (0..40u32).prop_map(|amount| (amount, Unit::WorkingDay)),
        (0..90u32).prop_map(|amount| (amount, Unit::WorkingHour)),
        (0..60u32).prop_map(|amount| (amount, Unit::CalendarDay)),
        (0..4u32).prop_map(|amount| (amount, Unit::Month)),
    ];
    let cutoff = prop_oneof![Just(None), Just(Some("15:00")), Just(Some("10:00"))];
    (amount_and_unit, cutoff, any::<bool>()).prop_map(|((amount, unit), cutoff, pauses)| Rule {
        amount,
        unit,
        cutoff: cutoff.map(clock),
        on_supplement: if pauses { OnSupplement::Pause } else { OnSupplement::Restart },
        no_appointment: false,
    })
}

/// What may happen to a dossier besides its moves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Incidents {
    /// Ends are undone.
    pub(crate) reopened: bool,
    /// The calendar changes and deadlines are reckoned anew, while moves are recorded days after they took effect.
    pub(crate) calendar_changes: bool,
}

/// The life of one dossier: what was recorded, in that order.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// When it was filed.
    pub(crate) filed_at: LocalTime,
    /// Each change.
    pub(crate) changes: Vec<Change>,
}

#[derive(Debug, Clone)]
struct Step {
    /// Seconds since the step before.
    gap: u32,
    /// Seconds between the move and its recording.
    recorded_after: u32,
    /// Which of the legal moves.
    choice: prop::sample::Index,
    /// 0 and 1 stand for an incident.
    dice: u8,
}

/// A legal history: filing, then up to ten steps.
pub(crate) fn any_history(incidents: Incidents) -> impl Strategy<Value = History> {
    let gap = prop_oneof![Just(0), 0..DAY, 0..12 * DAY];
    let step = (gap, 0..4 * DAY, any::<prop::sample::Index>(), 0..8u8);
    let step = step.prop_map(|(gap, recorded_after, choice, dice)| Step { gap, recorded_after, choice, dice });
    let rule = (any_rule(), prop::bool::weighted(0.1)).prop_map(|(rule, none)| Rule { no_appointment: none, ..rule });
    let channel = prop::sample::select(Channel::ALL);
    let filing = (any_instant(), channel, prop::bool::weighted(0.7));
    (filing, rule, any_office(), prop::collection::vec(step, 0..10)).prop_map(
        move |((filed_at, channel, accept), rule, office, steps)| {
            play(Filing { channel, at: filed_at, accept }, &rule, &office, &steps, incidents)
        },
    )
}

fn play(filing: Filing, rule: &Rule, office: &OfficeCalendar, steps: &[Step], incidents: Incidents) -> History {
    let offices = Offices { resolving: office, receiving: office };
    let version = version(rule.clone());
    let mut changes = vec![take_in(&filing, &version, offices).unwrap()];
    let mut now = filing.at;
    for step in steps {
        let dossier = changes.last().unwrap().after.clone();
        now += TimeDelta::seconds(step.gap.into());
        let change = match step.dice {
            0 if incidents.reopened => dossier.reopen(now, "a mistake".into()).ok(),
            1 if incidents.calendar_changes && moves_with_the_calendar(&dossier, now) => {
                Some(recompute(&dossier, now, office))
            }
            _ => next_move(&dossier, step, now, incidents).map(|wish| {
                dossier.transition(&wish, &version, offices).unwrap_or_else(|refusal| panic!("{wish:?}: {refusal}"))
            }),
        };
        changes.extend(change);
    }
    History { filed_at: filing.at, changes }
}

fn next_move(dossier: &Dossier, step: &Step, now: LocalTime, incidents: Incidents) -> Option<Move> {
    let standing = &dossier.standing;
    let targets = moves_of_the_contract(standing.status, standing.received_at.is_some());
    let to = Status::from_national_code(*targets.get(step.choice.index(targets.len().max(1)))?)?;
    let recorded_after = if incidents.calendar_changes { step.recorded_after } else { 0 };
    let moved_at = (now - TimeDelta::seconds(recorded_after.into())).max(standing.last_move_at);
    let outcome = (to == Status::Finished).then_some(if step.dice == 2 { Outcome::Refused } else { Outcome::Granted });
    Some(Move { to, at: moved_at, reason: Some("because".into()), outcome })
}

/// "Those already late are only listed" (contract section 4).
fn moves_with_the_calendar(dossier: &Dossier, now: LocalTime) -> bool {
    matches!(dossier.standing.timing(now), Some(Timing::Within | Timing::Paused))
}

/// What a day added to the calendar does: the deadline moves by some days.
fn recompute(dossier: &Dossier, now: LocalTime, office: &OfficeCalendar) -> Change {
    let later = Rule { amount: dossier.rule.amount + 1, ..dossier.rule.clone() };
    let new = promise(&later, dossier.standing.received_at.unwrap(), office, &mut ()).unwrap();
    Change::of(dossier, vec![(now, Event::DeadlineMoved { old: dossier.standing.deadline, new })])
}

impl History {
    /// The dossier after everything.
    pub(crate) fn dossier(&self) -> &Dossier {
        &self.changes.last().unwrap().after
    }

    /// Everything recorded, with the instants at which it took effect.
    pub(crate) fn events(&self) -> impl Iterator<Item = &(LocalTime, Event)> {
        self.changes.iter().flat_map(|change| &change.events)
    }

    /// The spans that ended, in the order in which they were closed.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let closed = self.changes.iter().filter_map(|change| match &change.spans {
            SpanChange::Closed(spans) => Some(spans.clone()),
            SpanChange::Unchanged => None,
            SpanChange::Replaced(_) => panic!("no step of a history replaces spans"),
        });
        closed.flatten().collect()
    }

    /// What counting sees of it; `None` when it is in no column.
    pub(crate) fn life(&self) -> Option<CountedLife> {
        counted(self.dossier().channel, &self.dossier().standing, self.spans())
    }

    /// What counting saw of it when only what took effect before `until` was known.
    pub(crate) fn life_until(&self, until: LocalTime) -> Option<CountedLife> {
        let mut standing = Standing::filed(self.filed_at);
        let known = self.events().filter(|(effective, _)| *effective < until);
        let spans = known.filter_map(|(effective, event)| standing.apply(*effective, event)).collect();
        counted(self.dossier().channel, &standing, spans)
    }
}

fn counted(channel: Channel, standing: &Standing, past_spans: Vec<Span>) -> Option<CountedLife> {
    Some(CountedLife {
        channel,
        received_at: standing.received_at?,
        end: standing.end.map(|end| (end.at, end.class)),
        past_spans,
        late_from: standing.late_from(),
        paused: standing.stopped_since.is_some(),
        letter_on: None,
    })
}

/// An instant later than every step of every history.
pub(crate) fn long_after() -> LocalTime {
    at("2040-01-01T00:00")
}
