//! A filled form II.06a: fields in sections by level.

use super::statistics::{Period, Tally};

/// A filled form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Name of the agency reported on.
    pub agency: String,
    /// The period.
    pub period: Period,
    /// Sections, one for each level that has dossiers.
    pub sections: Vec<Section>,
    /// All sections together.
    pub total: Tally,
}

/// The procedures of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The level.
    pub level: String,
    /// Its fields.
    pub lines: Vec<Line>,
    /// All lines together.
    pub total: Tally,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Code of the field.
    pub field: String,
    /// Name of the field (column 2).
    pub name: String,
    /// Its figures.
    pub tally: Tally,
}
