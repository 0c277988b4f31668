//! Texts and times as the portal wants them.

use crate::domain::vocabulary::LocalTime;

/// What stands for a text that is missing where the portal wants one.
const MISSING: &str = "Dinhkem";

/// A time as `yyyyMMddHHmmss`, local; what is not known is empty.
pub(in crate::integrations::national_portal) fn time(at: Option<LocalTime>) -> String {
    at.map_or_else(String::new, |at| at.format("%Y%m%d%H%M%S").to_string())
}

/// A text of at most `most` characters as the portal counts them, in UTF-16; a longer one is cut to five less and three
/// dots, between characters.
pub(in crate::integrations::national_portal) fn cut(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(5);
    let mut kept = String::new();
    for character in text.chars() {
        let Some(rest) = left.checked_sub(character.len_utf16()) else { break };
        left = rest;
        kept.push(character);
    }
    kept + "..."
}

/// [`cut`], with [`MISSING`] for what is empty.
pub(in crate::integrations::national_portal) fn wanted(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.is_empty() { MISSING.to_owned() } else { cut(text, most) }
}
