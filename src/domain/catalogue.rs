//! The catalogue counted: how many procedures are in force on a day, by level, and what decisions changed in a period.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDate;

use super::procedure::{Dated, OldOnlineLevel, Validity, in_force};
use super::vocabulary::{AgencyCode, CatalogueChange, FieldCode, OnlineLevel, ProcedureCode, ProcedureLevel};

/// What is counted of one version of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The procedure.
    pub code: ProcedureCode,
    /// Its field.
    pub field: FieldCode,
    /// The tier that resolves it.
    pub level: ProcedureLevel,
    /// How far it can be done online.
    pub online_level: OnlineLevel,
    /// The same by the levels of old.
    pub old_online_level: Option<OldOnlineLevel>,
    /// The agency in whose list it stands.
    pub agency: Option<AgencyCode>,
    /// When it holds.
    pub validity: Validity,
}

impl Dated for Edition {
    fn validity(&self) -> Validity {
        self.validity
    }
}

/// Which procedures are counted; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Of this field.
    pub field: Option<FieldCode>,
    /// Of this tier.
    pub level: Option<ProcedureLevel>,
    /// Of this online level.
    pub online_level: Option<OnlineLevel>,
    /// Of this online level of old.
    pub old_online_level: Option<OldOnlineLevel>,
    /// In the list of one of these agencies.
    pub agencies: Option<HashSet<String>>,
}

impl Selection {
    /// Whether a version is counted.
    pub fn admits(&self, edition: &Edition) -> bool {
        let listed = |agencies: &HashSet<String>| {
            edition.agency.as_ref().is_some_and(|agency| agencies.contains(agency.as_str()))
        };
        self.field.as_ref().is_none_or(|field| *field == edition.field)
            && self.level.is_none_or(|level| level == edition.level)
            && self.online_level.is_none_or(|level| level == edition.online_level)
            && self.old_online_level.is_none_or(|level| Some(level) == edition.old_online_level)
            && self.agencies.as_ref().is_none_or(listed)
    }
}

/// Of all versions, those of one procedure side by side, the ones in force on a day.
pub fn standing_on(editions: &[Edition], on: NaiveDate) -> impl Iterator<Item = &Edition> {
    editions.chunk_by(|one, other| one.code == other.code).filter_map(move |versions| in_force(versions, on).ok())
}

/// Procedures by how far they can be done online.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlineLevels {
    /// Wholly (toàn trình).
    pub full: u64,
    /// In part (một phần).
    pub partial: u64,
    /// Information only.
    pub information: u64,
}

impl OnlineLevels {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.full + self.partial + self.information
    }

    fn count(&mut self, level: OnlineLevel) {
        match level {
            OnlineLevel::Full => self.full += 1,
            OnlineLevel::Partial => self.partial += 1,
            OnlineLevel::Information => self.information += 1,
        }
    }
}

/// The procedures in force on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// All.
    pub total: OnlineLevels,
    /// By tier.
    pub levels: BTreeMap<ProcedureLevel, OnlineLevels>,
    /// By online level of old; a procedure announced since Decree 42/2022 need not have one.
    pub old_levels: BTreeMap<OldOnlineLevel, u64>,
}

impl Inventory {
    /// Counts procedures.
    pub fn of<'a>(standing: impl Iterator<Item = &'a Edition>) -> Self {
        let mut inventory = Self::default();
        for edition in standing {
            inventory.total.count(edition.online_level);
            inventory.levels.entry(edition.level).or_default().count(edition.online_level);
            if let Some(old) = edition.old_online_level {
                *inventory.old_levels.entry(old).or_default() += 1;
            }
        }
        inventory
    }
}

/// What decisions changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(BTreeMap<(CatalogueChange, ProcedureLevel), u64>);

impl Changes {
    /// Counts changes with the tiers of their procedures.
    pub fn of(changes: impl Iterator<Item = (CatalogueChange, ProcedureLevel)>) -> Self {
        let mut counted = BTreeMap::new();
        for change in changes {
            *counted.entry(change).or_default() += 1;
        }
        Self(counted)
    }

    /// How many changes of one kind there were, of one tier or of all.
    pub fn count(&self, change: CatalogueChange, level: Option<ProcedureLevel>) -> u64 {
        let wanted = self.0.iter().filter(|((kind, at), _)| *kind == change && level.is_none_or(|level| level == *at));
        wanted.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(code: &str, version: i64, from: &str, to: Option<&str>, online_level: OnlineLevel) -> Edition {
        Edition {
            code: code.parse().unwrap(),
            field: "BTXH".parse().unwrap(),
            level: if code == "3" { ProcedureLevel::District } else { ProcedureLevel::Province },
            online_level,
            old_online_level: (online_level == OnlineLevel::Full).then_some(OldOnlineLevel::Four),
            agency: (code == "1").then(|| "H16.18".parse().unwrap()),
            validity: Validity { version, from: Some(from.parse().unwrap()), to: to.map(|to| to.parse().unwrap()) },
        }
    }

    fn all() -> Vec<Edition> {
        vec![
            edition("1", 1, "2022-01-01", None, OnlineLevel::Information),
            edition("1", 2, "2023-02-01", None, OnlineLevel::Full),
            edition("2", 1, "2022-01-01", Some("2023-02-28"), OnlineLevel::Information),
            edition("3", 1, "2023-03-01", None, OnlineLevel::Partial),
        ]
    }

    fn on(day: &str) -> Inventory {
        Inventory::of(standing_on(&all(), day.parse().unwrap()))
    }

    #[test]
    fn each_procedure_is_counted_once_and_by_its_version_of_the_day() {
        let figures = |inventory: &Inventory| {
            (inventory.total.full, inventory.total.partial, inventory.total.information, inventory.total.total())
        };
        assert_eq!(figures(&on("2021-12-31")), (0, 0, 0, 0));
        assert_eq!(figures(&on("2023-01-31")), (0, 0, 2, 2));
        assert_eq!(figures(&on("2023-02-28")), (1, 0, 1, 2));
        let march = on("2023-03-01");
        assert_eq!(figures(&march), (1, 1, 0, 2));
        assert_eq!(march.levels[&ProcedureLevel::District].total(), 1);
        assert_eq!(march.old_levels, BTreeMap::from([(OldOnlineLevel::Four, 1)]));
    }

    #[test]
    fn a_selection_narrows_by_what_it_names() {
        let editions = all();
        let counted = |selection: &Selection| {
            standing_on(&editions, "2023-03-01".parse().unwrap()).filter(|edition| selection.admits(edition)).count()
        };
        assert_eq!(counted(&Selection::default()), 2);
        assert_eq!(counted(&Selection { level: Some(ProcedureLevel::District), ..Selection::default() }), 1);
        assert_eq!(counted(&Selection { old_online_level: Some(OldOnlineLevel::Four), ..Selection::default() }), 1);
        let agencies = Some(HashSet::from(["H16.18".to_owned()]));
        assert_eq!(counted(&Selection { agencies, ..Selection::default() }), 1);
        assert_eq!(counted(&Selection { field: Some("VL".parse().unwrap()), ..Selection::default() }), 0);
    }

    #[test]
    fn changes_are_counted_by_kind_and_by_tier() {
        use CatalogueChange::{Abolished, New};
        use ProcedureLevel::{Commune, Province};
        let changes =
            Changes::of([(New, Province), (New, Commune), (New, Province), (Abolished, Province)].into_iter());
        assert_eq!((changes.count(New, None), changes.count(New, Some(Province))), (3, 2));
        assert_eq!((changes.count(Abolished, None), changes.count(CatalogueChange::Amended, None)), (1, 0));
    }
}
