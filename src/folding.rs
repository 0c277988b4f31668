//! Text without diacritics, for searching: what a clerk types on any keyboard finds what was entered.

pub mod scan;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without marks, `đ` as `d`.
pub fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase);
    plain.map(|character| if character == 'đ' { 'd' } else { character }).collect()
}

/// The words of a text, folded: what stands between characters that are no letters and no digits.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of a text, each between spaces, to be looked through by a [`Search`].
pub fn haystack(text: &str) -> String {
    words(text).iter().map(|word| format!(" {word}")).collect::<String>() + " "
}

/// Words in any order, with or without diacritics; the last may be a word's beginning, unless a space follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// What was typed.
    pub fn of(typed: &str) -> Self {
        let words = words(typed);
        let open = words.len().saturating_sub(usize::from(!typed.ends_with(char::is_whitespace)));
        let needle = |(place, word)| if place < open { format!(" {word} ") } else { format!(" {word}") };
        Self(words.into_iter().enumerate().map(needle).collect())
    }

    /// What a [`haystack`] must hold to be found: letters, digits and spaces, all of them.
    pub fn needles(&self) -> &[String] {
        &self.0
    }

    /// Whether it finds a [`haystack`].
    pub fn finds(&self, haystack: &str) -> bool {
        self.0.iter().all(|needle| haystack.contains(needle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_clerk_types_on_any_keyboard() {
        assert_eq!(words("Trợ cấp, MAI táng  (Đợt 2)"), ["tro", "cap", "mai", "tang", "dot", "2"]);
        assert_eq!(words("1.001739"), ["1", "001739"]);
        assert_eq!(words(" %_ "), Vec::<String>::new());
    }

    #[test]
    fn a_search_finds_words_in_any_order_and_the_beginning_of_the_last() {
        let name = haystack("Hỗ trợ chi phí mai táng");
        for (typed, found) in
            [("tang mai", true), ("MAI tá", true), ("ma tang", false), ("ang", false), ("ma ", false), ("", true)]
        {
            assert_eq!(Search::of(typed).finds(&name), found, "{typed}");
        }
    }
}
