//! The national calendar of civil servants: which days are off, which Saturdays are worked, and on what ground.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::{lunar, official_calendar};

/// First year the calendar knows.
pub const FIRST_YEAR: i32 = 1990;
/// Last year the calendar knows.
pub const LAST_YEAR: i32 = 2150;

/// Whether a special day is a day off or a worked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A day off (ngày nghỉ).
    Off,
    /// A make-up working day (ngày làm bù).
    Work,
}

/// A day that differs from the ordinary week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialDay {
    /// The day.
    pub date: NaiveDate,
    /// Off or worked.
    pub kind: DayKind,
    /// What the day is, e.g. `Giỗ Tổ Hùng Vương`.
    pub name: String,
    /// The notice or law that makes it so.
    pub ground: String,
}

/// Where a year's days come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum YearSource {
    /// Shipped with the program, from the yearly notices.
    Official,
    /// Loaded by an administrator.
    Loaded,
    /// Computed, because no notice is out yet: deadlines that reach into it may still move.
    Provisional,
}

/// One year's days off and make-up days.
#[derive(Debug, Clone)]
pub struct Year {
    source: YearSource,
    days: BTreeMap<NaiveDate, SpecialDay>,
    /// By ordinal day: off, worked, or as the week has it.
    marks: Box<[Option<DayKind>; 366]>,
}

impl Year {
    fn new(source: YearSource, days: impl IntoIterator<Item = SpecialDay>) -> Self {
        let mut marks = Box::new([None; 366]);
        let days: BTreeMap<_, _> = days.into_iter().map(|day| (day.date, day)).collect();
        for day in days.values() {
            marks[day.date.ordinal0() as usize] = Some(day.kind);
        }
        Self { source, days, marks }
    }

    /// Where the year's days come from.
    pub fn source(&self) -> YearSource {
        self.source
    }

    /// The special days in order.
    pub fn days(&self) -> impl Iterator<Item = &SpecialDay> {
        self.days.values()
    }
}

/// The days off and make-up days of every year from [`FIRST_YEAR`] to [`LAST_YEAR`].
#[derive(Debug)]
pub struct NationalCalendar {
    years: Vec<OnceLock<Year>>,
}

impl NationalCalendar {
    /// The shipped years, overlaid by those an administrator has loaded; all others are provisional.
    pub fn new(loaded: impl IntoIterator<Item = (i32, Vec<SpecialDay>)>) -> Self {
        let years: Vec<OnceLock<Year>> = (FIRST_YEAR..=LAST_YEAR).map(|_| OnceLock::new()).collect();
        for (year, days) in loaded {
            if let Some(slot) = slot(year).and_then(|index| years.get(index)) {
                slot.get_or_init(|| Year::new(YearSource::Loaded, days));
            }
        }
        Self { years }
    }

    /// One year; beyond the known range the nearest known year's provisional rules do not apply and no day is special.
    pub fn year(&self, year: i32) -> Option<&Year> {
        let cell = self.years.get(slot(year)?)?;
        Some(cell.get_or_init(|| match official_calendar::days(year) {
            Some(days) => Year::new(YearSource::Official, days),
            None => Year::new(YearSource::Provisional, provisional_days(year)),
        }))
    }

    /// The special day on this date, if it is one.
    pub fn special_day(&self, date: NaiveDate) -> Option<&SpecialDay> {
        self.year(date.year())?.days.get(&date)
    }

    /// Off, worked, or `None` for a day like any other of its weekday.
    pub fn mark(&self, date: NaiveDate) -> Option<DayKind> {
        self.year(date.year()).and_then(|year| year.marks[date.ordinal0() as usize])
    }

    /// Whether the official calendar of this year is not loaded.
    pub fn is_provisional(&self, year: i32) -> bool {
        self.year(year).is_none_or(|year| year.source == YearSource::Provisional)
    }
}

/// The next year, while its notice should be out and its calendar is not loaded: from 1 October on. The Ministry of Home
/// Affairs announces the Tết and National Day off of a year in the autumn before it (Labour Code 2019 art. 112(3)).
pub fn missing_year(calendar: &NationalCalendar, today: NaiveDate) -> Option<i32> {
    let next = today.year() + 1;
    (today.month() >= 10 && calendar.is_provisional(next)).then_some(next)
}

fn slot(year: i32) -> Option<usize> {
    usize::try_from(year - FIRST_YEAR).ok()
}

/// Whether the date is a Saturday or a Sunday, the weekly days of rest.
pub fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The days off that the law itself fixes for a year whose notice is not out.
///
/// Labour Code 2019 art. 112(1): New Year, five days at Tết, Hùng Kings, 30 April, 1 May, National Day; 24 November from
/// 2026 (Resolution 28/2026/QH16). Which five days Tết takes and the second day of National Day are the Prime
/// Minister's choice (art. 112(3)): the last day of the old year and the first four of the new are taken for Tết, and
/// 2 September alone. A holiday on a weekly day of rest is made good on the next working day (art. 111(3)).
fn provisional_days(year: i32) -> Vec<SpecialDay> {
    let fixed = |month, day, name| NaiveDate::from_ymd_opt(year, month, day).map(|date| (date, name));
    let mut holidays: Vec<(NaiveDate, &str)> = Vec::new();
    holidays.extend(fixed(1, 1, "Tết Dương lịch"));
    let eve = lunar::new_year(year) - Days::new(1);
    holidays.extend((0..5).map(|offset| (eve + Days::new(offset), "Tết Âm lịch")));
    holidays.push((lunar::hung_kings_day(year), "Giỗ Tổ Hùng Vương"));
    holidays.extend(fixed(4, 30, "Ngày Chiến thắng"));
    holidays.extend(fixed(5, 1, "Ngày Quốc tế lao động"));
    holidays.extend(fixed(9, 2, "Quốc khánh"));
    if year >= 2026 {
        holidays.extend(fixed(11, 24, "Ngày Văn hóa Việt Nam"));
    }
    holidays.sort();

    const GROUND: &str = "Bộ luật Lao động 2019, Điều 112 (tạm tính)";
    const MADE_GOOD: &str = "Bộ luật Lao động 2019, Điều 111 khoản 3 (tạm tính)";
    let off = |date, name: String, ground: &str| SpecialDay { date, kind: DayKind::Off, name, ground: ground.into() };
    let mut days: BTreeMap<NaiveDate, SpecialDay> =
        holidays.iter().map(|&(date, name)| (date, off(date, name.to_owned(), GROUND))).collect();
    for &(date, name) in holidays.iter().filter(|(date, _)| is_weekend(*date)) {
        let is_rest = |day: &NaiveDate| !is_weekend(*day) && !days.contains_key(day);
        if let Some(instead) = date.iter_days().skip(1).find(is_rest) {
            days.insert(instead, off(instead, format!("Nghỉ bù {name}"), MADE_GOOD));
        }
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn shipped_years_have_the_published_number_of_working_days() {
        // domain.md 5.6: working days of 2022 to 2026 are 249, 249, 251, 250, 249.
        let calendar = NationalCalendar::new([]);
        for (year, expected) in [(2022, 249), (2023, 249), (2024, 251), (2025, 250), (2026, 249)] {
            let working =
                date(year, 1, 1).iter_days().take_while(|day| day.year() == year).filter(|day| {
                    match calendar.mark(*day) {
                        Some(kind) => kind == DayKind::Work,
                        None => !is_weekend(*day),
                    }
                });
            assert_eq!(working.count(), expected, "{year}");
            assert!(!calendar.is_provisional(year));
        }
    }

    #[test]
    fn a_year_without_notice_is_provisional_until_loaded() {
        let calendar = NationalCalendar::new([]);
        assert!(calendar.is_provisional(2027));
        let weekdays_off: Vec<NaiveDate> =
            calendar.year(2027).unwrap().days().map(|day| day.date).filter(|day| !is_weekend(*day)).collect();
        // Tết 2027 is Saturday 6 February: Fri 5, Mon 8, Tue 9, and Wed 10, Thu 11 for the weekend days (art. 111(3));
        // Hùng Kings Fri 16 April; 1 May is a Saturday, made good on Mon 3 May.
        assert_eq!(
            weekdays_off,
            [
                date(2027, 1, 1),
                date(2027, 2, 5),
                date(2027, 2, 8),
                date(2027, 2, 9),
                date(2027, 2, 10),
                date(2027, 2, 11),
                date(2027, 4, 16),
                date(2027, 4, 30),
                date(2027, 5, 3),
                date(2027, 9, 2),
                date(2027, 11, 24)
            ]
        );

        let day = SpecialDay { date: date(2027, 1, 1), kind: DayKind::Off, name: "x".into(), ground: "y".into() };
        let loaded = NationalCalendar::new([(2027, vec![day.clone()])]);
        assert!(!loaded.is_provisional(2027));
        assert_eq!(loaded.year(2027).unwrap().days().collect::<Vec<_>>(), [&day]);
    }

    #[test]
    fn the_next_year_is_missed_from_october_on_until_it_is_loaded() {
        let shipped = NationalCalendar::new([]);
        for (today, missing) in [
            (date(2026, 9, 30), None),
            (date(2026, 10, 1), Some(2027)),
            (date(2026, 12, 31), Some(2027)),
            (date(2027, 1, 1), None),
            // 2026 ships with the program.
            (date(2025, 12, 1), None),
        ] {
            assert_eq!(missing_year(&shipped, today), missing, "{today}");
        }
        let loaded = NationalCalendar::new([(2027, Vec::new())]);
        assert_eq!(missing_year(&loaded, date(2026, 12, 31)), None);
    }

    #[test]
    fn the_swapped_days_of_2026_are_known() {
        // domain.md 5.6: 2 January against Saturday the 10th, 31 August against Saturday 22 August; 24 November off.
        let calendar = NationalCalendar::new([]);
        for (day, kind) in [
            (date(2026, 1, 2), DayKind::Off),
            (date(2026, 1, 10), DayKind::Work),
            (date(2026, 8, 31), DayKind::Off),
            (date(2026, 8, 22), DayKind::Work),
            (date(2026, 11, 24), DayKind::Off),
        ] {
            assert_eq!(calendar.mark(day), Some(kind), "{day}");
        }
    }
}
