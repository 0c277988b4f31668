//! Text without diacritics, for searching: what a clerk types on any keyboard finds what was entered.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without marks, `đ` as `d`.
pub fn fold(text: &str) -> String {
    let plain = text.nfd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase);
    plain.map(|character| if character == 'đ' { 'd' } else { character }).collect()
}
