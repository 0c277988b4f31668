//! What the portal answers, and what that means.

use serde_json::Value;

use super::codes::{Codes, Meaning};
use crate::domain::papers::Applicant;
use crate::folding::fold;

/// Longest reason that is kept, in characters.
const LONGEST: usize = 200;
/// How many digits in a row are taken for an identity or telephone number.
const TELLING_DIGITS: usize = 8;

/// What the portal said to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It took it.
    Done,
    /// It has it already; whether it said so in words ("đã tồn tại"), and what it said.
    Exists(bool, String),
    /// It said nothing about it, for this reason: later it may.
    Later(String),
    /// It refuses it, for this reason.
    Refused(String),
}

/// Reads an answer: an object with `error_code` and `message`, or a plain text. Words count more than codes: "đã tồn tại"
/// comes with several, and a code of success with "không thành công" is none.
pub fn judge(body: &str, codes: &Codes) -> Answer {
    let (code, message) = match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(members)) => (text(members.get("error_code")), text(members.get("message"))),
        Ok(Value::String(text)) => (String::new(), text),
        _ => (String::new(), body.to_owned()),
    };
    let words = fold(&message);
    let says = |wanted: &str| words.contains(wanted);
    let reason = reason(&code, &message);
    if says("da ton tai") {
        return Answer::Exists(true, reason);
    }
    let (failed, succeeded) = (says("khong thanh cong"), says("thanh cong"));
    match codes.meaning(&code) {
        Meaning::Done | Meaning::Exists if failed => Answer::Refused(reason),
        Meaning::Done => Answer::Done,
        Meaning::Exists if succeeded => Answer::Done,
        Meaning::Exists => Answer::Exists(false, reason),
        Meaning::Later => Answer::Later(reason),
        Meaning::Refused if code.is_empty() && succeeded && !failed => Answer::Done,
        // Neither words nor a code: an error page, or a proxy's.
        Meaning::Refused if code.is_empty() => Answer::Later("broken_answer".to_owned()),
        Meaning::Refused => Answer::Refused(reason),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Code and message in short. Portals quote what they refuse: numbers of people are blotted out.
fn reason(code: &str, message: &str) -> String {
    let mut blotted = String::new();
    let mut digits = String::new();
    for character in message.chars().chain([' ']) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        blotted.push_str(if digits.len() >= TELLING_DIGITS { "…" } else { &digits });
        digits.clear();
        blotted.push(if character.is_control() { ' ' } else { character });
    }
    let code: String =
        code.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '-').collect();
    let whole = if code.is_empty() { blotted } else { format!("{code}: {blotted}") };
    whole.trim().chars().take(LONGEST).collect()
}

/// A reason without what it quotes of the applicant.
pub fn without_applicant(reason: &str, applicant: &Applicant) -> String {
    let Applicant { name, identity_no, phone, email, address, .. } = applicant;
    let quoted = [Some(name), identity_no.as_ref(), phone.as_ref(), email.as_ref(), address.as_ref()];
    quoted.into_iter().flatten().filter(|text| !text.is_empty()).fold(reason.to_owned(), |reason, text| {
        reason.replace(text.as_str(), "…").replace(&text.to_uppercase(), "…").replace(&text.to_lowercase(), "…")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::vocabulary::ApplicantKind;

    fn judged(body: &str) -> Answer {
        judge(body, &Codes::new(None).unwrap())
    }

    #[test]
    fn success_has_two_codes_as_text_or_number_and_may_come_in_words() {
        for body in [
            r#"{"error_code": "0", "message": "Thành công"}"#,
            r#"{"error_code": "00"}"#,
            r#"{"error_code": 0, "message": ""}"#,
            r#"{"error_code": "-3", "message": "Cập nhật THÀNH CÔNG"}"#,
            r#"{"error_code": "3", "message": "thành công"}"#,
            r#""Đồng bộ thành công""#,
            "Đồng bộ thành công",
        ] {
            assert_eq!(judged(body), Answer::Done, "{body}");
        }
    }

    #[test]
    fn what_exists_is_said_by_words_with_any_code_or_by_three() {
        for code in ["0", "3", "-3", "7"] {
            let body = format!(r#"{{"error_code": "{code}", "message": "Hồ sơ Đã Tồn Tại"}}"#);
            assert!(matches!(judged(&body), Answer::Exists(true, _)), "{body}");
        }
        assert!(matches!(judged(r#"{"error_code": "-3"}"#), Answer::Exists(false, _)));
    }

    #[test]
    fn what_is_no_success_is_refused_by_name() {
        let refused = |body| match judged(body) {
            Answer::Refused(reason) => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(r#"{"error_code": "7", "message": "Sai mã thủ tục"}"#), "7: Sai mã thủ tục");
        assert_eq!(refused(r#"{"error_code": "0", "message": "Không thành công"}"#), "0: Không thành công");
        assert_eq!(refused(r#"{"error_code": "99", "message": "thành công"}"#), "99: thành công");
    }

    #[test]
    fn a_page_of_something_else_is_no_answer() {
        for body in ["", "<html>502</html>", "[]", "{}", r#"{"error_code": null}"#] {
            assert_eq!(judged(body), Answer::Later("broken_answer".into()), "{body:?}");
        }
    }

    #[test]
    fn numbers_of_people_are_not_kept() {
        let body = r#"{"error_code": "7", "message": "Số định danh 067000000001 và 0912345678 sai, lỗi 404\n"}"#;
        assert_eq!(judged(body), Answer::Refused("7: Số định danh … và … sai, lỗi 404".into()));
    }

    #[test]
    fn nor_is_what_is_quoted_of_the_applicant() {
        let applicant = Applicant {
            kind: ApplicantKind::Citizen,
            name: "Đặng Thị Thử".into(),
            identity_no: Some("C1234567".into()),
            phone: None,
            email: Some("a@example.vn".into()),
            address: None,
        };
        let reason = "7: ĐẶNG THỊ THỬ (C1234567, a@example.vn) không hợp lệ";
        assert_eq!(without_applicant(reason, &applicant), "7: … (…, …) không hợp lệ");
    }
}
