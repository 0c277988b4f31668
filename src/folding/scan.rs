//! What a scanner types for the code on a slip: a barcode's plain code, or the address in the QR code.

use unicode_normalization::UnicodeNormalization;

use crate::domain::dossier_code::DossierCode;

/// The one dossier code in a text, whatever stands around it: the address of the look-up, its secret, blanks, a line end.
/// Small letters are read as capitals. What a scanner that thinks itself on an English keyboard types on a Vietnamese one is
/// undone. `None` where there is no whole code, or more than one.
pub fn scanned_code(typed: &str) -> Option<DossierCode> {
    let plain: String = typed.nfkc().map(plain_dash).collect();
    let undone: String = typed.chars().flat_map(on_english_keyboard).map(plain_dash).collect();
    [plain, undone].iter().find_map(|text| {
        let joined: String = text.split_whitespace().collect();
        only_code(text).or_else(|| only_code(&joined))
    })
}

fn only_code(text: &str) -> Option<DossierCode> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    let pieces = text.split(|character| !is_part(character));
    let mut codes = pieces.filter_map(|piece| piece.to_ascii_uppercase().trim_matches(['.', '-']).parse().ok());
    let first: DossierCode = codes.next()?;
    codes.all(|other| other == first).then_some(first)
}

/// Dashes that keyboards and copied texts have for the hyphen.
const fn plain_dash(character: char) -> char {
    match character {
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        other => other,
    }
}

/// The keys of the number row by what the Vietnamese layout of Windows makes of them: ă â ê ô, five tone marks, đ.
fn on_english_keyboard(character: char) -> Vec<char> {
    let mut keys = Vec::new();
    for part in std::iter::once(character).nfd() {
        let key = match (keys.last().copied(), part) {
            (Some('a'), '\u{306}') => ('1', true),
            (Some('a'), '\u{302}') => ('2', true),
            (Some('e'), '\u{302}') => ('3', true),
            (Some('o'), '\u{302}') => ('4', true),
            (_, '\u{300}') => ('5', false),
            (_, '\u{309}') => ('6', false),
            (_, '\u{303}') => ('7', false),
            (_, '\u{301}') => ('8', false),
            (_, '\u{323}') => ('9', false),
            (_, 'đ') => ('0', false),
            (_, other) => (other, false),
        };
        if key.1 {
            keys.pop();
        }
        keys.push(key.0);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_scanner_types_is_the_code() {
        for typed in [
            "H16.18-230427-0001",
            "h16.18-230427-0001\r\n",
            " H16.18 - 230427 - 0001\t",
            "H16.18–230427–0001",
            "Ｈ１６.18-230427-0001",
            "https://dichvucong.gov.vn/tra-cuu/H16.18-230427-0001#secret=ABCDE-FGHJK",
            "https://motcua.example/tra-cuu?code=h16.18-230427-0001&secret=ABCDE-FGHJK",
            "HTTPS://MOTCUA.EXAMPLE/TRA-CUU/H16.18-230427-0001/",
            "H16.18-230427-0001 ABCDE-FGHJK",
            "Mã số hồ sơ: H16.18-230427-0001.",
            // 1 = ă, 2 = â, 3 = ê, 4 = ô, 6 = hook, 7 = tilde, 8 = acute, 0 = đ on the Vietnamese layout.
            "Hă\u{309}.ă\u{301}-âêđôâ\u{303}-đđđă",
            // The same as an input method composes it.
            "Hẳ.ắ-âêđôẫ-đđđă",
        ] {
            assert_eq!(
                scanned_code(typed).map(|code| code.to_string()).as_deref(),
                Some("H16.18-230427-0001"),
                "{typed}"
            );
        }
        assert_eq!(
            scanned_code("000.00.18.h16-230203-0001").map(|code| code.to_string()).as_deref(),
            Some("000.00.18.H16-230203-0001")
        );
    }

    #[test]
    fn what_is_no_whole_code_is_searched_for_as_it_is() {
        for typed in [
            "",
            "Nguyễn Văn A",
            "230427-0001",
            "H16.18-230427",
            "H16.18-231327-0001",
            "H16.18-230427-001",
            "0900000001",
            "H16.18-230427-0001 H16.18-230427-0002",
            "https://motcua.example/tra-cuu",
        ] {
            assert_eq!(scanned_code(typed), None, "{typed}");
        }
    }
}
