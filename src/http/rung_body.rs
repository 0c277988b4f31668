//! A rung of a ladder of warnings as clients send and read it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::Checker;
use crate::domain::ladder::{Offset, Rung, RungUnit, Told};

/// Most rungs of a ladder.
const MOST_RUNGS: usize = 20;

/// A rung of a ladder of warnings: exactly one of before and after.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"before": 3, "unit": "working_day", "tell": ["assignee"]}))]
pub(in crate::http) struct RungBody {
    /// So many units before it is due: 0 working days is the opening of the day due, 0 working hours the instant due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<u32>,
    /// So many units after it became late: working days at their opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<u32>,
    /// working_day (at most 250) or working_hour (at most 2,000).
    #[schema(value_type = String)]
    unit: RungUnit,
    /// assignee (when left out), leader: a dossier that nobody is in charge of is always told to leaders.
    #[serde(default = "assignee")]
    #[schema(value_type = Vec<String>)]
    tell: Vec<Told>,
}

fn assignee() -> Vec<Told> {
    vec![Told::Assignee]
}

impl RungBody {
    /// A rung as the API writes it.
    pub(in crate::http) fn of(rung: &Rung) -> Self {
        let (before, after) = match rung.offset {
            Offset::Before(amount) => (Some(amount), None),
            Offset::After(amount) => (None, Some(amount)),
        };
        Self { before, after, unit: rung.unit, tell: rung.tell.clone() }
    }

    fn checked(&self, at: &str, checker: &mut Checker) -> Option<Rung> {
        let (offset, member, amount) = match (self.before, self.after) {
            (Some(amount), None) => (Offset::Before(amount), "before", amount),
            (None, Some(amount)) => (Offset::After(amount), "after", amount),
            (None, None) => {
                checker.fail(format!("{at}/before"), "missing_member");
                return None;
            }
            (Some(_), Some(_)) => {
                checker.fail(format!("{at}/after"), "invalid_value");
                return None;
            }
        };
        // What is late is late since the midnight after its day: there is no working day of lateness before the next one.
        let is_least = offset == Offset::After(0) && self.unit == RungUnit::WorkingDay;
        if amount > self.unit.largest_amount() || is_least {
            checker.fail(format!("{at}/{member}"), "out_of_range");
        }
        let mut tell = self.tell.clone();
        tell.sort_unstable();
        tell.dedup();
        if tell.is_empty() || tell.len() < self.tell.len() {
            checker.fail(format!("{at}/tell"), if tell.is_empty() { "missing_member" } else { "repeated" });
        }
        Some(Rung { offset, unit: self.unit, tell })
    }
}

/// Checks the rungs of a ladder, each there once.
pub(in crate::http) fn ladder(given: &[RungBody], at: &str, checker: &mut Checker) -> Vec<Rung> {
    if given.len() > MOST_RUNGS {
        checker.fail(at, "out_of_range");
        return Vec::new();
    }
    let mut rungs: Vec<Rung> = Vec::new();
    for (place, body) in given.iter().enumerate() {
        let Some(rung) = body.checked(&format!("{at}/{place}"), checker) else { continue };
        if rungs.iter().any(|other| (other.offset, other.unit) == (rung.offset, rung.unit)) {
            checker.fail(format!("{at}/{place}"), "repeated");
        }
        rungs.push(rung);
    }
    rungs
}
