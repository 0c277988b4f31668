//! Text without diacritics, for searching: what a clerk types on any keyboard finds what was entered.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_clerk_types_on_any_keyboard() {
        assert_eq!(words("Trợ cấp, MAI táng  (Đợt 2)"), ["tro", "cap", "mai", "tang", "dot", "2"]);
        assert_eq!(words("1.001739"), ["1", "001739"]);
        assert_eq!(words(" %_ "), Vec::<String>::new());
    }
}
