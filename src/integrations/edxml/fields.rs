//! The members of an element, looked up by local name and checked: texts with their limits, numbers, dates.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use unicode_normalization::UnicodeNormalization;

use super::refusal::EdxmlRefusal;
use super::xml::Element;
use crate::domain::document_number::slashed_date;

/// Longest text that has no limit of its own, in characters.
pub(super) const MAX_TEXT: usize = 500;

/// An element with the path to it.
pub(super) struct Fields<'e, 'x> {
    element: &'e Element<'x>,
    path: String,
}

impl<'e, 'x> Fields<'e, 'x> {
    pub(super) fn of(element: &'e Element<'x>) -> Self {
        Self { element, path: format!("/{}", element.name) }
    }

    /// The path to a member, for refusals.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Whether there is such a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.element.children.iter().any(|child| child.name == name)
    }

    /// The text of the element itself.
    pub(super) fn own_text(&self) -> &str {
        &self.element.text
    }

    fn child(&self, name: &str) -> Result<Option<&'e Element<'x>>, EdxmlRefusal> {
        let mut found = self.element.children.iter().filter(|child| child.name == name);
        let first = found.next();
        if found.next().is_some() { Err(self.invalid(name)) } else { Ok(first) }
    }

    pub(super) fn invalid(&self, name: &str) -> EdxmlRefusal {
        EdxmlRefusal::Invalid { path: self.path(name) }
    }

    pub(super) fn missing(&self, name: &str) -> EdxmlRefusal {
        EdxmlRefusal::Missing { path: self.path(name) }
    }

    /// A member that holds others.
    pub(super) fn group(&self, name: &str) -> Result<Option<Fields<'e, 'x>>, EdxmlRefusal> {
        Ok(self.child(name)?.map(|element| Fields { element, path: self.path(name) }))
    }

    /// A member that holds others and must be there.
    pub(super) fn required_group(&self, name: &str) -> Result<Fields<'e, 'x>, EdxmlRefusal> {
        self.group(name)?.ok_or_else(|| self.missing(name))
    }

    /// Every member of a name.
    pub(super) fn groups(&self, name: &str) -> impl Iterator<Item = Fields<'e, 'x>> {
        let path = self.path(name);
        let named: Vec<_> = self.element.children.iter().filter(|child| child.name == name).collect();
        named.into_iter().map(move |element| Fields { element, path: path.clone() })
    }

    /// A text: composed (NFC), trimmed; an empty one is not there.
    pub(super) fn text(&self, name: &str, most: usize) -> Result<Option<String>, EdxmlRefusal> {
        let Some(child) = self.child(name)? else { return Ok(None) };
        if !child.children.is_empty() {
            return Err(self.invalid(name));
        }
        clean(&child.text, most, || self.path(name))
    }

    /// The texts of every member of a name that are not empty.
    pub(super) fn texts(&self, name: &str, most: usize) -> Result<Vec<String>, EdxmlRefusal> {
        let texts = self.groups(name).map(|member| clean(member.own_text(), most, || self.path(name)));
        texts.filter_map(Result::transpose).collect()
    }

    pub(super) fn required(&self, name: &str, most: usize) -> Result<String, EdxmlRefusal> {
        self.text(name, most)?.ok_or_else(|| self.missing(name))
    }

    /// A text that has a form.
    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, EdxmlRefusal> {
        let text = self.text(name, MAX_TEXT)?;
        text.map(|text| text.parse().map_err(|_| self.invalid(name))).transpose()
    }

    /// A date, `yyyy/MM/dd`.
    pub(super) fn date(&self, name: &str) -> Result<Option<NaiveDate>, EdxmlRefusal> {
        let text = self.text(name, MAX_TEXT)?;
        text.map(|text| slashed_date(&text).ok_or_else(|| self.invalid(name))).transpose()
    }

    /// An instant, `yyyy/MM/dd HH:mm:ss`.
    pub(super) fn instant(&self, name: &str) -> Result<Option<NaiveDateTime>, EdxmlRefusal> {
        let text = self.text(name, MAX_TEXT)?;
        let parse =
            |text: String| NaiveDateTime::parse_from_str(&text, "%Y/%m/%d %H:%M:%S").ok().filter(|_| text.len() == 19);
        text.map(|text| parse(text).ok_or_else(|| self.invalid(name))).transpose()
    }
}

fn clean(given: &str, most: usize, path: impl Fn() -> String) -> Result<Option<String>, EdxmlRefusal> {
    let text: String = given.trim().nfc().collect();
    if text.chars().count() > most {
        return Err(EdxmlRefusal::TooLong { path: path(), most });
    }
    // XML itself does not know these, and a database may choke on them.
    let is_refused = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t' | '\r'))
            || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if text.chars().any(is_refused) {
        return Err(EdxmlRefusal::Invalid { path: path() });
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}
