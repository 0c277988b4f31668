//! Personal numbers: when two are the same, and how they are shown to those who need not know them (domain.md 9).

/// What hides a character.
pub const MASK: char = '•';
/// What stands for the name of a person who was forgotten.
pub const ANONYMOUS: &str = "(đã ẩn danh)";

/// An identity number (số định danh) as it is compared: small letters, without spaces, dots and dashes; `None` when nothing
/// is left.
pub fn plain_identity(number: &str) -> Option<String> {
    let is_filling = |character: &char| character.is_whitespace() || matches!(character, '.' | '-' | '‐' | '–');
    let plain: String =
        number.chars().filter(|character| !is_filling(character)).flat_map(char::to_lowercase).collect();
    (!plain.is_empty()).then_some(plain)
}

/// A telephone number as it is compared: as [`plain_identity`], without brackets, and with 0 for the country code +84.
pub fn plain_phone(number: &str) -> Option<String> {
    let plain: String = plain_identity(number)?.chars().filter(|character| !matches!(character, '(' | ')')).collect();
    let national = plain.strip_prefix("+84").or_else(|| plain.strip_prefix("0084"));
    let plain = national.map_or_else(|| plain.clone(), |rest| format!("0{}", rest.trim_start_matches('0')));
    (!plain.is_empty()).then_some(plain)
}

/// A number with all but its last three characters hidden; of a short one at most half is shown.
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let hidden = length - (length / 2).min(3);
    number.chars().enumerate().map(|(index, shown)| if index < hidden { MASK } else { shown }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for written in ["001085012345", " 001 085 012 345 ", "001.085.012.345", "001-085-012-345", "001\u{a0}085012345"]
        {
            assert_eq!(plain_identity(written).as_deref(), Some("001085012345"), "{written}");
        }
        assert_eq!(plain_identity("B-123 456"), plain_identity("b123456"));
        for written in ["0912345678", "+84 912 345 678", "0084-912-345-678", "+84 (0) 912.345.678", "(091) 2345678"] {
            assert_eq!(plain_phone(written).as_deref(), Some("0912345678"), "{written}");
        }
        for empty in ["", "  ", "-.-"] {
            assert_eq!((plain_identity(empty), plain_phone(empty)), (None, None));
        }
        assert_ne!(plain_identity("001085012345"), plain_identity("001085012346"));
    }

    #[test]
    fn a_masked_number_shows_its_end() {
        assert_eq!(masked("000000000001"), "•••••••••001");
        assert_eq!(masked("1234"), "••34");
        assert_eq!(masked("1"), "•");
        assert_eq!(masked(""), "");
    }
}
