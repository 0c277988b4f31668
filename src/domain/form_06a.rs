//! A filled form II.06a: fields in sections by level, columns 3 to 13.

use serde::{Deserialize, Serialize};

use super::statistics::{Period, Tally};

/// A filled form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Name of the agency reported on; empty for all of them.
    pub agency: String,
    /// The period.
    pub period: Period,
    /// Sections, one for each level that has dossiers, from the ministry down.
    pub sections: Vec<Section>,
    /// All sections together.
    pub total: Tally,
}

/// The procedures of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The level.
    pub level: String,
    /// Its fields.
    pub lines: Vec<Line>,
    /// All lines together.
    pub total: Tally,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Code of the field.
    pub field: String,
    /// Name of the field (column 2).
    pub name: String,
    /// Its figures.
    pub tally: Tally,
}

/// Names of columns 3 to 13.
pub const COLUMNS: [&str; 11] = [
    "received_total",
    "online",
    "direct_postal",
    "carried_over",
    "resolved_total",
    "early",
    "on_time",
    "late",
    "in_progress_total",
    "within",
    "overdue",
];

/// The number of the first of [`COLUMNS`] on the form.
pub const FIRST_COLUMN: usize = 3;

/// The figures of [`COLUMNS`]. Counter and post are one column.
pub fn columns(tally: &Tally) -> [i64; 11] {
    [
        tally.received(),
        tally.online,
        tally.direct + tally.postal,
        tally.carried_over,
        tally.resolved(),
        tally.early,
        tally.on_time,
        tally.late,
        tally.in_progress(),
        tally.within,
        tally.overdue,
    ]
}

/// A figure that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Level and code of the field, with its name; `None` for the total.
    pub line: Option<LineName>,
    /// Number of the column.
    pub number: usize,
    /// Name of the column.
    pub column: &'static str,
    /// What it was; 0 where the line was not there.
    pub before: i64,
    /// What it is; 0 where the line is gone.
    pub after: i64,
}

/// What tells a line from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineName {
    /// The level.
    pub level: String,
    /// Code of the field.
    pub field: String,
    /// Name of the field.
    pub name: String,
}

impl Form {
    fn lines(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.sections.iter().flat_map(|section| section.lines.iter().map(|line| (section.level.as_str(), line)))
    }

    fn tally_of(&self, level: &str, field: &str) -> Option<&Tally> {
        let found = self.lines().find(|(of_level, line)| *of_level == level && line.field == field);
        found.map(|(_, line)| &line.tally)
    }

    /// Every figure of the lines, then of the total, that differs in `now`; lines are those of either form.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let nothing = Tally::default();
        let appeared = now.lines().filter(|(level, line)| self.tally_of(level, &line.field).is_none());
        let mut found = Vec::new();
        for (level, line) in self.lines().chain(appeared) {
            let before = self.tally_of(level, &line.field).unwrap_or(&nothing);
            let after = now.tally_of(level, &line.field).unwrap_or(&nothing);
            let name = LineName { level: level.to_owned(), field: line.field.clone(), name: line.name.clone() };
            found.extend(differing(Some(&name), before, after));
        }
        found.extend(differing(None, &self.total, &now.total));
        found
    }
}

fn differing<'a>(
    line: Option<&'a LineName>,
    before: &Tally,
    after: &Tally,
) -> impl Iterator<Item = Difference> + use<'a> {
    let figures = columns(before).into_iter().zip(columns(after));
    let numbered = (FIRST_COLUMN..).zip(COLUMNS).zip(figures);
    numbered.filter(|(_, (before, after))| before != after).map(move |((number, column), (before, after))| Difference {
        line: line.cloned(),
        number,
        column,
        before,
        after,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form(lines: &[(&str, &str, Tally)]) -> Form {
        let mut form = Form {
            agency: "Sở".into(),
            period: Period::preset("2023-H1").unwrap(),
            sections: Vec::new(),
            total: Tally::default(),
        };
        for (level, field, tally) in lines {
            let line = Line { field: (*field).into(), name: format!("Lĩnh vực {field}"), tally: *tally };
            form.sections.push(Section { level: (*level).into(), lines: vec![line], total: *tally });
            form.total += *tally;
        }
        form
    }

    #[test]
    fn what_moves_between_lines_differs_in_them_and_not_in_the_total() {
        let one = Tally { direct: 1, within: 1, ..Tally::default() };
        let before = form(&[("province", "A", one), ("commune", "A", one)]);
        let after = form(&[("province", "A", one), ("commune", "B", one)]);
        assert_eq!(before.differences(&before), []);
        let found = before.differences(&after);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.line.as_ref().map(|line| line.field.as_str()), one.number, one.before, one.after))
            .collect();
        let gone = [3, 5, 11, 12].map(|number| (Some("A"), number, 1, 0));
        let appeared = [3, 5, 11, 12].map(|number| (Some("B"), number, 0, 1));
        assert_eq!(told, [gone, appeared].concat());
        assert!(found.iter().all(|one| one.line.as_ref().is_some_and(|line| line.level == "commune")));
    }

    #[test]
    fn post_and_counter_are_one_column() {
        let [posted, handed] = [Tally { postal: 2, ..Tally::default() }, Tally { direct: 2, ..Tally::default() }];
        assert_eq!(form(&[("province", "A", posted)]).differences(&form(&[("province", "A", handed)])), []);
    }
}
