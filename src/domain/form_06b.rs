//! A filled form II.06b: the figures of form II.06a, summed up over agencies.

use super::statistics::{Period, Tally};

/// A filled summary; its lines partition the total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Name of the agency reported on; empty for all of them.
    pub agency: String,
    /// The period.
    pub period: Period,
    /// The agency's own figures, then those of each one directly below it.
    pub lines: Vec<SummaryLine>,
    /// All lines together.
    pub total: Tally,
}

/// One agency: the one reported on by itself, or one directly below it with all that is below that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    /// Its code.
    pub agency: String,
    /// Its name (column 2).
    pub name: String,
    /// Its figures.
    pub tally: Tally,
}
