//! `Content-Disposition` both ways: the name that an upload gives its file, and the name that a download is saved under.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, Charset, ContentDisposition, DispositionParam, DispositionType,
    ExtendedValue, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::input::{Checker, MAX_NAME};
use super::problem::Problem;

/// Where problems of the name point to.
const POINTER: &str = "Content-Disposition";

/// The name in a request's header: `filename*` before `filename` (RFC 6266, 4.3), NFC, trimmed, at most 200 characters.
///
/// # Errors
/// `file_name_missing`; `blank`, `too_long`, `control_character`, `file_name_refused` for one that would lead out of a folder
/// or show as another than it is.
pub(in crate::http) fn name_of(header: Option<&HeaderValue>) -> Result<String, Problem> {
    let missing = || Problem::at("file_name_missing", POINTER);
    let parsed = ContentDisposition::from_raw(header.ok_or_else(missing)?).map_err(|_| missing())?;
    let given = match (parsed.get_filename_ext(), parsed.get_filename()) {
        (Some(name), _) if name.charset.to_string().eq_ignore_ascii_case("utf-8") => {
            String::from_utf8(name.value.clone()).map_err(|_| missing())?
        }
        (_, Some(name)) => name.to_owned(),
        (_, None) => return Err(missing()),
    };
    let mut checker = Checker::default();
    let name = checker.text(POINTER, &given, MAX_NAME);
    if name.chars().any(char::is_control) {
        checker.fail(POINTER, "control_character");
    } else if name.contains(['/', '\\']) || name.chars().all(|character| character == '.') || name.contains(unseen) {
        checker.fail(POINTER, "file_name_refused");
    }
    checker.finish()?;
    Ok(name)
}

/// Characters that take no room, or turn the direction of those beside them: `gpj.exe` read backwards looks like a picture.
fn unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Has a client save under this name what strangers sent: it is not shown, never taken for another type, and left in no
/// shared machine.
pub(in crate::http) fn to_save(answer: &mut HttpResponseBuilder, name: &str) {
    answer
        .insert_header(attachment(name))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"));
}

/// Has a client save what it gets under this name; old ones get it without diacritics (RFC 6266, appendix D).
fn attachment(name: &str) -> ContentDisposition {
    let marks_off = name.nfd().filter(|character| !is_combining_mark(*character));
    let plain = marks_off.map(|character| match character {
        'đ' => 'd',
        'Đ' => 'D',
        // A percent sign would be taken for an escape by some.
        '%' | '"' | '\\' => '_',
        other if other.is_ascii() => other,
        _ => '_',
    });
    let utf8 = Charset::Ext("UTF-8".to_owned());
    let whole = ExtendedValue { charset: utf8, language_tag: None, value: name.as_bytes().to_vec() };
    let parameters = vec![DispositionParam::Filename(plain.collect()), DispositionParam::FilenameExt(whole)];
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<String, &'static str> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        name_of(Some(&header)).map_err(|problem| problem.errors().first().map_or(problem.code(), |error| error.code))
    }

    #[test]
    fn names_come_escaped_or_as_they_are() {
        // RFC 8187, 3.2.1: percent-encoded UTF-8, and it wins over `filename` wherever it stands.
        assert_eq!(read("attachment; filename*=UTF-8''%C4%90%C6%A1n.pdf").unwrap(), "Đơn.pdf");
        assert_eq!(read("attachment; filename=\"don.pdf\"; filename*=utf-8'vi'%C4%90%C6%A1n.pdf").unwrap(), "Đơn.pdf");
        assert_eq!(read("attachment; filename=\"Đơn xin.pdf\"").unwrap(), "Đơn xin.pdf");
        assert_eq!(read("attachment; filename=don.pdf").unwrap(), "don.pdf");
        // Decomposed letters are composed, and blanks around trimmed.
        assert_eq!(read("attachment; filename*=UTF-8''%20Nguye%CC%82%CC%83n.pdf%20").unwrap(), "Nguyễn.pdf");
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for (header, code) in [
            ("", "file_name_missing"),
            ("attachment", "file_name_missing"),
            ("attachment; filename*=UTF-8''%FF.pdf", "file_name_missing"),
            ("attachment; filename*=ISO-8859-1''%E9.pdf", "file_name_missing"),
            ("attachment; filename=\"  \"", "blank"),
            ("attachment; filename=\"../../etc/passwd\"", "file_name_refused"),
            ("attachment; filename=\"C:\\\\Windows\\\\a.pdf\"", "file_name_refused"),
            ("attachment; filename=\"..\"", "file_name_refused"),
            ("attachment; filename*=UTF-8''a%0Ab.pdf", "control_character"),
            ("attachment; filename*=UTF-8''a%00b.pdf", "control_character"),
            // Shows as “ảnh_exe.jpg” where the override is obeyed.
            ("attachment; filename*=UTF-8''%E1%BA%A3nh_%E2%80%AEgpj.exe", "file_name_refused"),
            ("attachment; filename*=UTF-8''a%E2%80%8B.pdf", "file_name_refused"),
        ] {
            assert_eq!(read(header), Err(code), "{header}");
        }
        let of_length = |length: usize| read(&format!("attachment; filename=\"{}.pdf\"", "ă".repeat(length - 4)));
        assert!(of_length(200).is_ok());
        assert_eq!(of_length(201), Err("too_long"));
    }

    #[test]
    fn a_download_is_saved_under_its_name_by_old_and_new_clients() {
        assert_eq!(
            attachment("Đơn \"xin\" 100%.pdf").to_string(),
            "attachment; filename=\"Don _xin_ 100_.pdf\"; filename*=UTF-8''%C4%90%C6%A1n%20%22xin%22%20100%25.pdf"
        );
    }
}
