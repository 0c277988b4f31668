//! Processing times as open data: one line for each procedure and quarter, figures about few dossiers left out.

use super::form_06a::quoted;
use crate::domain::processing_time::{FEWEST, Quarter, Times};

/// The parts of all dossiers, in per cent, whose time is told.
const PARTS: [u64; 3] = [50, 75, 90];

/// One line.
#[derive(Debug)]
pub struct Line<'a> {
    /// The procedure.
    pub procedure: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its field.
    pub field: &'a str,
    /// The quarter.
    pub quarter: &'a Quarter,
    /// How long its dossiers took.
    pub times: &'a Times,
}

/// The lines as CSV with a byte-order mark. Days are working days of the resolving agency; a rate is in per cent with two
/// decimals.
pub fn csv<'a>(lines: impl Iterator<Item = Line<'a>>) -> String {
    let mut text = String::from("\u{feff}procedure,name,field,quarter,from,to,ended");
    for part in PARTS {
        text.push_str(&format!(",within_days_{part}"));
    }
    text.push_str(",on_time,on_time_percent\r\n");
    for line in lines {
        let Quarter { name: quarter, period } = line.quarter;
        let (procedure, name, field) = (quoted(line.procedure), quoted(line.name), quoted(line.field));
        text.push_str(&format!("{procedure},{name},{field},{quarter},{},{}", period.from, period.to));
        let ended = line.times.ended();
        if line.times.may_be_told() {
            text.push_str(&format!(",{}", ended.total));
            for part in PARTS {
                text.push_str(&format!(",{}", line.times.within(part).unwrap_or_default()));
            }
            let rate = ended.on_time_rate().percent().unwrap_or_default();
            text.push_str(&format!(",{},{rate}\r\n", ended.on_time));
        } else {
            text.push_str(&format!(",<{FEWEST}{}\r\n", ",".repeat(PARTS.len() + 2)));
        }
    }
    text
}
