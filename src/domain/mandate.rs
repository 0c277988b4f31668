//! A dated mandate (uỷ quyền): who stands in for an absent officer, and when.

use chrono::{Days, NaiveDate};

use super::vocabulary::{LocalTime, Role};

/// Longest mandate, in calendar days: what lasts longer is an appointment.
const LONGEST: u64 = 366;

/// A mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Opaque identifier.
    pub id: String,
    /// Name of the absent officer.
    pub absent: String,
    /// Name of who stands in.
    pub stand_in: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why.
    pub reason: String,
    /// When it was given.
    pub given_at: LocalTime,
    /// By whom.
    pub given_by: String,
    /// When and by whom it was revoked.
    pub revoked: Option<(LocalTime, String)>,
}

impl Mandate {
    /// Whether it is in force on a day.
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.revoked.is_none() && (self.from..=self.to).contains(&on)
    }
}

/// Whether a role can be stood in for, or stand in: those of the offices. An administrator's would last longer than the
/// mandate (accounts made under it), and an auditor is nobody's deputy.
pub const fn is_mandated(role: Role) -> bool {
    matches!(role, Role::FrontDesk | Role::Officer | Role::Leader)
}

/// Whether the days of a mandate given on a day are acceptable: in order, not over, and not too many.
pub fn are_days_acceptable(from: NaiveDate, to: NaiveDate, today: NaiveDate) -> bool {
    from <= to && today <= to && from.checked_add_days(Days::new(LONGEST)).is_some_and(|end| to < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_mandate_holds_from_its_first_day_to_its_last_unless_it_is_revoked() {
        let given_at: LocalTime = "2026-03-02T09:00:00".parse().unwrap();
        let mut mandate = Mandate {
            id: String::new(),
            absent: "lan".into(),
            stand_in: "hoa".into(),
            from: day("2026-03-03"),
            to: day("2026-03-05"),
            reason: "Nghỉ phép".into(),
            given_at,
            given_by: "binh".into(),
            revoked: None,
        };
        for (on, holds) in [("2026-03-02", false), ("2026-03-03", true), ("2026-03-05", true), ("2026-03-06", false)] {
            assert_eq!(mandate.is_in_force(day(on)), holds, "{on}");
        }
        mandate.revoked = Some((given_at, "binh".into()));
        assert!(!mandate.is_in_force(day("2026-03-03")));
    }

    #[test]
    fn days_are_in_order_not_over_and_not_more_than_a_year() {
        let accepts = |from: &str, to: &str| are_days_acceptable(day(from), day(to), day("2026-03-02"));
        assert!(accepts("2026-03-02", "2026-03-02"));
        assert!(accepts("2026-02-01", "2026-03-02"));
        assert!(accepts("2026-03-02", "2027-03-02"));
        assert!(!accepts("2026-03-02", "2027-03-03"));
        assert!(!accepts("2026-03-03", "2026-03-02"));
        assert!(!accepts("2026-02-01", "2026-03-01"));
    }
}
