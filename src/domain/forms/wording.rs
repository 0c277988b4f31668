//! How state papers write dates, times, terms and capacities (Decree 30/2020, appendix I).

use chrono::{Datelike, NaiveDate, Timelike};

use crate::domain::deadline::Unit;
use crate::domain::vocabulary::LocalTime;

/// A short stretch to be written on by hand.
pub const BLANK: &str = "……";

/// A date in words: days below 10 and the months 1 and 2 have a zero before them.
pub fn day(date: NaiveDate) -> String {
    let month = date.month();
    let month = if month < 3 { format!("{month:02}") } else { month.to_string() };
    format!("ngày {:02} tháng {month} năm {}", date.day(), date.year())
}

/// A time of a day in words.
pub fn moment(at: LocalTime) -> String {
    format!("{:02} giờ {:02} phút, {}", at.hour(), at.minute(), day(at.date()))
}

/// A time of a day that is to be filled in.
pub fn blank_moment() -> String {
    format!("{BLANK} giờ {BLANK} phút, ngày {BLANK} tháng {BLANK} năm {BLANK}")
}

/// Place and date; what is missing is left to be filled in.
pub fn place_and_date(place: Option<&str>, date: Option<NaiveDate>) -> String {
    let place = place.unwrap_or("……………");
    let date = date.map_or_else(|| format!("ngày {BLANK} tháng {BLANK} năm {BLANK}"), day);
    format!("{place}, {date}")
}

/// Number and notation: a number below 10 has a zero before it, and one not given yet is left open.
pub fn number_and_notation(number: Option<u32>, notation: &str) -> String {
    let number = number.map_or_else(|| "……".to_owned(), |number| format!("{number:02}"));
    format!("Số: {number}/{notation}")
}

/// A term, e.g. `05 ngày làm việc`.
pub fn term(amount: u32, unit: Unit) -> String {
    let unit = match unit {
        Unit::WorkingDay => "ngày làm việc",
        Unit::WorkingHour => "giờ làm việc",
        Unit::CalendarDay => "ngày",
        Unit::Month => "tháng",
    };
    format!("{amount:02} {unit}")
}

/// A name in capitals.
pub fn capitals(name: &str) -> String {
    name.to_uppercase()
}

/// In what capacity the holder of a position signs for an agency, in capitals, one line each: a people's committee signs
/// as a body, and a deputy in place of the head.
pub fn capacity(agency: &str, position: &str) -> Vec<String> {
    let (agency, position) = (capitals(agency), capitals(position));
    let mut lines = Vec::new();
    if agency.starts_with("UBND") || agency.starts_with("ỦY BAN NHÂN DÂN") || agency.starts_with("UỶ BAN NHÂN DÂN")
    {
        lines.push("TM. ỦY BAN NHÂN DÂN".to_owned());
    }
    if let Some(head) = position.strip_prefix("PHÓ ") {
        lines.push(format!("KT. {head}"));
    }
    lines.push(position);
    lines
}

/// The lines of a text that people wrote, without empty ones.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// A text ends with a full stop, and a text that has one keeps it.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
