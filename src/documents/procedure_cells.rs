//! What stands in the cells of the catalogue's sheet: members of the API as clerks read and write them, there and back.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::folding::words;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A date.
    Day,
    /// A tier.
    Level,
    /// How far it can be done online.
    OnlineLevel,
    /// A time limit.
    Rule,
    /// Texts, one a line.
    Lines,
    /// Tiers, one a line.
    Levels,
    /// Components, one a line: name | originals | copies | form.
    Components,
    /// Fees, one a line: kind | amount | unit | condition.
    Fees,
    /// Cases, one a line: code | name | time limit | online | by post.
    Cases,
}

/// Words of the API with those that clerks write.
type Words = &'static [(&'static str, &'static str)];

const LEVELS: Words =
    &[("ministry", "Bộ"), ("province", "Tỉnh"), ("department", "Sở"), ("district", "Huyện"), ("commune", "Xã")];
const ONLINE_LEVELS: Words = &[("full", "Toàn trình"), ("partial", "Một phần"), ("information", "Thông tin")];
const FEE_KINDS: Words = &[("fee", "Phí"), ("charge", "Lệ phí")];
/// Longer ones first: each is looked for at the end.
const UNITS: Words =
    &[("working_day", "ngày làm việc"), ("working_hour", "giờ làm việc"), ("calendar_day", "ngày"), ("month", "tháng")];
const PAUSES: &str = "tạm dừng khi bổ sung";
const NO_APPOINTMENT: &str = "không hẹn";
const CUTOFF: &str = "sau";

/// A member as a cell; what is not there is an empty one.
pub(super) fn written(kind: Kind, value: &Value) -> String {
    let lines = |line: &dyn Fn(&Value) -> String| {
        value.as_array().map(|items| items.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap_or_default()
    };
    match kind {
        Kind::Text | Kind::Number | Kind::Day => plain(value),
        Kind::Level => spoken(LEVELS, value),
        Kind::OnlineLevel => spoken(ONLINE_LEVELS, value),
        Kind::Rule => rule(value),
        Kind::Lines => lines(&|line| escaped(&plain(line))),
        Kind::Levels => lines(&|level| spoken(LEVELS, level)),
        Kind::Components => {
            lines(&|part| joined([&part["name"], &part["originals"], &part["copies"], &part["form"]].map(plain)))
        }
        Kind::Fees => lines(&|fee| {
            joined([
                spoken(FEE_KINDS, &fee["kind"]),
                plain(&fee["amount"]),
                plain(&fee["unit"]),
                plain(&fee["condition"]),
            ])
        }),
        Kind::Cases => lines(&|case| {
            let rules = [&case["rule"], &case["online_rule"], &case["postal_rule"]].map(rule);
            let [own, online, postal] = rules;
            joined([plain(&case["code"]), plain(&case["name"]), own, online, postal])
        }),
    }
}

/// A cell as a member.
///
/// # Errors
/// The rule that it breaks, by name.
pub(super) fn read(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let lines = |line: &dyn Fn(&str) -> Result<Value, &'static str>| {
        text.lines().map(str::trim).filter(|text| !text.is_empty()).map(line).collect::<Result<Value, _>>()
    };
    match kind {
        Kind::Text => Ok(json!(text.trim())),
        Kind::Number => number(text),
        Kind::Day => match NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
            Ok(day) if text.trim().len() == 10 => Ok(json!(day)),
            _ => Err("date_as_text"),
        },
        Kind::Level => word(LEVELS, text),
        Kind::OnlineLevel => word(ONLINE_LEVELS, text),
        Kind::Rule => read_rule(text),
        Kind::Lines => lines(&|line| Ok(json!(parts(line, 1)?[0]))),
        Kind::Levels => lines(&|line| word(LEVELS, line)),
        Kind::Components => lines(&|line| {
            let parts = parts(line, 4)?;
            let count = |text: &str| if text.is_empty() { Ok(json!(0)) } else { number(text) };
            let (originals, copies) = (count(&parts[1])?, count(&parts[2])?);
            Ok(json!({"name": parts[0], "originals": originals, "copies": copies, "form": optional(&parts[3])}))
        }),
        Kind::Fees => lines(&|line| {
            let parts = parts(line, 4)?;
            let (kind, amount) = (word(FEE_KINDS, &parts[0])?, number(&parts[1])?);
            Ok(json!({"kind": kind, "amount": amount, "unit": optional(&parts[2]), "condition": optional(&parts[3])}))
        }),
        Kind::Cases => lines(&|line| {
            let parts = parts(line, 5)?;
            let other = |text: &str| if text.is_empty() { Ok(Value::Null) } else { read_rule(text) };
            let (own, online, postal) = (read_rule(&parts[2])?, other(&parts[3])?, other(&parts[4])?);
            Ok(json!({"code": parts[0], "name": parts[1], "rule": own, "online_rule": online, "postal_rule": postal}))
        }),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn optional(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn spoken(vocabulary: Words, value: &Value) -> String {
    let word = plain(value);
    vocabulary.iter().find(|(known, _)| *known == word).map_or(word, |(_, spoken)| (*spoken).to_owned())
}

fn word(vocabulary: Words, text: &str) -> Result<Value, &'static str> {
    let said = words(text);
    let found = vocabulary.iter().find(|(known, spoken)| *known == text.trim() || words(spoken) == said);
    found.map(|(known, _)| json!(known)).ok_or("invalid_word")
}

fn number(text: &str) -> Result<Value, &'static str> {
    text.trim().parse::<u32>().map(|number| json!(number)).map_err(|_| "invalid_value")
}

/// A time limit, e.g. `5 ngày làm việc; sau 15:00; tạm dừng khi bổ sung`.
fn rule(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let mut text = format!("{} {}", plain(&value["amount"]), spoken(UNITS, &value["unit"]));
    if let Some(cutoff) = value["cutoff"].as_str() {
        text.push_str(&format!("; {CUTOFF} {cutoff}"));
    }
    if value["on_supplement"] == "pause" {
        text.push_str(&format!("; {PAUSES}"));
    }
    if value["no_appointment"] == true {
        text.push_str(&format!("; {NO_APPOINTMENT}"));
    }
    text
}

fn read_rule(text: &str) -> Result<Value, &'static str> {
    let mut rule = json!({"amount": 0, "unit": "working_day", "on_supplement": "restart", "no_appointment": false});
    for (place, part) in text.split(';').map(str::trim).enumerate() {
        let said = words(part);
        if said == words(NO_APPOINTMENT) {
            rule["no_appointment"] = json!(true);
        } else if said == words(PAUSES) {
            rule["on_supplement"] = json!("pause");
        } else if let Some(("sau", time)) = part.split_once(' ') {
            rule["cutoff"] = json!(time.trim());
        } else if let (0, Some((amount, unit))) = (place, part.split_once(' ')) {
            rule["amount"] = number(amount)?;
            rule["unit"] = word(UNITS, unit)?;
        } else {
            return Err("invalid_value");
        }
    }
    Ok(rule)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\r', "").replace('\n', "\\n")
}

/// Parts in one line; those that are empty at the end are left out.
fn joined<const N: usize>(parts: [String; N]) -> String {
    let used = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
    parts[..used].iter().map(|part| escaped(part)).collect::<Vec<_>>().join(" | ")
}

/// The parts of a line, filled up with empty ones.
fn parts(line: &str, count: usize) -> Result<Vec<String>, &'static str> {
    let mut parts = vec![String::new()];
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        let last = parts.len() - 1;
        match character {
            '|' => parts.push(String::new()),
            '\\' => parts[last].push(match rest.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            }),
            other => parts[last].push(other),
        }
    }
    if parts.len() > count {
        return Err("invalid_value");
    }
    parts.resize(count, String::new());
    Ok(parts.into_iter().map(|part| part.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_back_as_they_were_written() {
        let limit = json!({"amount": 5, "unit": "working_day", "cutoff": "15:00", "on_supplement": "pause", "no_appointment": false});
        let hours = json!({"amount": 8, "unit": "working_hour", "on_supplement": "restart", "no_appointment": true});
        for (kind, value, cell) in [
            (Kind::Rule, limit.clone(), "5 ngày làm việc; sau 15:00; tạm dừng khi bổ sung"),
            (Kind::Rule, hours.clone(), "8 giờ làm việc; không hẹn"),
            (Kind::Lines, json!(["một | hai", "ba\nbốn", "năm\\"]), "một \\| hai\nba\\nbốn\nnăm\\\\"),
            (
                Kind::Components,
                json!([{"name": "Tờ khai", "originals": 1, "copies": 0, "form": "Mẫu 01"},
                    {"name": "Bản sao", "originals": 0, "copies": 2, "form": null}]),
                "Tờ khai | 1 | 0 | Mẫu 01\nBản sao | 0 | 2",
            ),
            (
                Kind::Fees,
                json!([{"kind": "charge", "amount": 50_000, "unit": null, "condition": "mỗi bản"}]),
                "Lệ phí | 50000 |  | mỗi bản",
            ),
            (
                Kind::Cases,
                json!([{"code": "A", "name": "Gấp", "rule": limit, "online_rule": null, "postal_rule": hours}]),
                "A | Gấp | 5 ngày làm việc; sau 15:00; tạm dừng khi bổ sung |  | 8 giờ làm việc; không hẹn",
            ),
            (Kind::Levels, json!(["department", "commune"]), "Sở\nXã"),
            (Kind::Day, json!("2026-03-02"), "2026-03-02"),
        ] {
            assert_eq!(written(kind, &value), cell);
            assert_eq!(read(kind, cell), Ok(value), "{cell}");
        }
    }

    #[test]
    fn what_clerks_write_otherwise_is_understood_or_refused_by_name() {
        assert_eq!(read(Kind::OnlineLevel, " toan TRINH "), Ok(json!("full")));
        assert_eq!(read(Kind::OnlineLevel, "full"), Ok(json!("full")));
        assert_eq!(read(Kind::OnlineLevel, "mức 4"), Err("invalid_word"));
        assert_eq!(read(Kind::Rule, "5 tuần"), Err("invalid_word"));
        assert_eq!(read(Kind::Rule, "khoảng năm ngày"), Err("invalid_value"));
        assert_eq!(read(Kind::Day, "02/03/2026"), Err("date_as_text"));
        assert_eq!(read(Kind::Number, "1.5"), Err("invalid_value"));
        assert_eq!(read(Kind::Components, "a | 1 | 1 | x | y"), Err("invalid_value"));
    }
}
