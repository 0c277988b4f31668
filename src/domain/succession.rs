//! When an agency is there, and who takes over from one that ended (two-tier change of 1 July 2025: districts end, agencies merge).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::refusal::Refusal;
use super::vocabulary::AgencyCode;

/// The days on which an agency is there, both inclusive; where nothing is said, always (contract, section 3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Validity {
    /// From one day to another.
    ///
    /// # Errors
    /// [`Refusal::ValidityReversed`].
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self, Refusal> {
        match (from, to) {
            (Some(from), Some(to)) if to < from => Err(Refusal::ValidityReversed),
            _ => Ok(Self { from, to }),
        }
    }

    /// First day.
    pub const fn from(&self) -> Option<NaiveDate> {
        self.from
    }

    /// Last day.
    pub const fn to(&self) -> Option<NaiveDate> {
        self.to
    }

    /// Whether dossiers can be received on a day.
    ///
    /// # Errors
    /// [`Refusal::AgencyNotInForce`].
    pub fn require(&self, on: NaiveDate) -> Result<(), Refusal> {
        let holds = self.from.is_none_or(|from| from <= on) && self.to.is_none_or(|to| on <= to);
        if holds { Ok(()) } else { Err(Refusal::AgencyNotInForce { on }) }
    }

    /// Whether the last day is over.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.to.is_some_and(|to| to < today)
    }
}

/// Who took over from whom: pairs of agency and successor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Successions {
    successors: BTreeMap<AgencyCode, BTreeSet<AgencyCode>>,
    predecessors: BTreeMap<AgencyCode, BTreeSet<AgencyCode>>,
}

impl FromIterator<(AgencyCode, AgencyCode)> for Successions {
    fn from_iter<I: IntoIterator<Item = (AgencyCode, AgencyCode)>>(pairs: I) -> Self {
        let mut all = Self::default();
        for (agency, successor) in pairs {
            all.predecessors.entry(successor.clone()).or_default().insert(agency.clone());
            all.successors.entry(agency).or_default().insert(successor);
        }
        all
    }
}

impl Successions {
    /// Who took over from an agency.
    pub fn successors(&self, agency: &AgencyCode) -> BTreeSet<AgencyCode> {
        self.successors.get(agency).cloned().unwrap_or_default()
    }

    /// From whom an agency took over.
    pub fn predecessors(&self, agency: &AgencyCode) -> BTreeSet<AgencyCode> {
        self.predecessors.get(agency).cloned().unwrap_or_default()
    }

    /// Everyone who took over from someone.
    pub fn heirs(&self) -> impl Iterator<Item = &AgencyCode> {
        self.predecessors.keys()
    }

    /// The same, but nobody takes over from `agency`.
    #[must_use]
    pub fn without(mut self, agency: &AgencyCode) -> Self {
        self.successors.remove(agency);
        for predecessors in self.predecessors.values_mut() {
            predecessors.remove(agency);
        }
        self
    }

    /// An agency and all whose work came to it, through others, too. What lies below an ended agency does not go with it:
    /// it has successors of its own, or goes on elsewhere.
    pub fn lineage(&self, agency: &AgencyCode) -> BTreeSet<AgencyCode> {
        let mut found = BTreeSet::from([agency.clone()]);
        let mut waiting = vec![agency.clone()];
        while let Some(next) = waiting.pop() {
            for predecessor in self.predecessors.get(&next).into_iter().flatten() {
                if found.insert(predecessor.clone()) {
                    waiting.push(predecessor.clone());
                }
            }
        }
        found
    }

    /// Checks that an agency may have these successors, which are not among the pairs yet.
    ///
    /// # Errors
    /// [`Refusal::SuccessorsWithoutEnd`] while it has no last day; [`Refusal::SuccessionCycle`] when it would come after
    /// itself.
    pub fn check(
        &self,
        agency: &AgencyCode,
        validity: Validity,
        successors: &BTreeSet<AgencyCode>,
    ) -> Result<(), Refusal> {
        if successors.is_empty() {
            return Ok(());
        }
        if validity.to.is_none() {
            return Err(Refusal::SuccessorsWithoutEnd);
        }
        let before = self.lineage(agency);
        if successors.iter().any(|successor| before.contains(successor)) {
            return Err(Refusal::SuccessionCycle);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> AgencyCode {
        text.parse().unwrap()
    }

    fn codes(texts: &[&str]) -> BTreeSet<AgencyCode> {
        texts.iter().map(|text| code(text)).collect()
    }

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    /// Decree 118/2025: the last day of the district level is 30 June 2025.
    #[test]
    fn an_agency_takes_dossiers_from_its_first_day_to_its_last() {
        let district = Validity::new(day("2012-01-01"), day("2025-06-30")).unwrap();
        for (on, holds) in [("2011-12-31", false), ("2012-01-01", true), ("2025-06-30", true), ("2025-07-01", false)] {
            assert_eq!(district.require(on.parse().unwrap()).is_ok(), holds, "{on}");
        }
        assert!(!district.is_over("2025-06-30".parse().unwrap()));
        assert!(district.is_over("2025-07-01".parse().unwrap()));
        assert!(Validity::default().require("1900-01-01".parse().unwrap()).is_ok());
        assert_eq!(Validity::new(day("2025-07-01"), day("2025-06-30")), Err(Refusal::ValidityReversed));
        assert!(Validity::new(day("2025-07-01"), day("2025-07-01")).is_ok());
    }

    #[test]
    fn work_comes_from_many_to_one_and_from_one_to_many_through_others_too() {
        // Two communes became A, the district went to A and B, and A went to C later.
        let pairs = [("X1", "A"), ("X2", "A"), ("H", "A"), ("H", "B"), ("A", "C")];
        let all = pairs.map(|(agency, successor)| (code(agency), code(successor))).into_iter().collect::<Successions>();
        assert_eq!(all.lineage(&code("A")), codes(&["A", "H", "X1", "X2"]));
        assert_eq!(all.lineage(&code("B")), codes(&["B", "H"]));
        assert_eq!(all.lineage(&code("C")), codes(&["A", "C", "H", "X1", "X2"]));
        assert_eq!(all.lineage(&code("H")), codes(&["H"]));
        assert_eq!(all.successors(&code("H")), codes(&["A", "B"]));
        assert_eq!(all.predecessors(&code("A")), codes(&["H", "X1", "X2"]));
        assert_eq!(all.without(&code("A")).lineage(&code("C")), codes(&["C"]));
    }

    #[test]
    fn nothing_comes_after_itself_and_nothing_is_succeeded_while_it_goes_on() {
        let all: Successions = [(code("A"), code("B")), (code("B"), code("C"))].into_iter().collect();
        let ended = Validity::new(None, day("2025-06-30")).unwrap();
        for successor in ["A", "B", "C"] {
            assert_eq!(
                all.check(&code("C"), ended, &codes(&[successor])),
                Err(Refusal::SuccessionCycle),
                "{successor}"
            );
        }
        assert_eq!(all.check(&code("C"), ended, &codes(&["D"])), Ok(()));
        let going_on = Validity::default();
        assert_eq!(all.check(&code("C"), going_on, &codes(&["D"])), Err(Refusal::SuccessorsWithoutEnd));
        assert_eq!(all.check(&code("C"), going_on, &codes(&[])), Ok(()));
    }
}
