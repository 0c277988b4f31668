//! The Vietnamese lunar calendar at UTC+7, as far as holidays need it: the dates of Tết and of Hùng Kings' day.
//!
//! New moons and the sun's longitude after J. Meeus, *Astronomical Algorithms* (1998), in the reduction that
//! Hồ Ngọc Đức published for the Vietnamese calendar. Day numbers are Julian day numbers of the civil date.

use std::f64::consts::PI;

use chrono::{Datelike, Days, NaiveDate};

/// Offset of the zone the calendar is reckoned in (Decision 121-CP of 1967), in days.
const ZONE: f64 = 7.0 / 24.0;
/// Mean length of a lunation, in days.
const SYNODIC_MONTH: f64 = 29.530_588_868;
/// Julian date of the new moon of 31 December 1899, lunation 0.
const FIRST_NEW_MOON: f64 = 2_415_021.076_998_695;
/// Chrono's day count from the common era plus this is the Julian day number.
const JULIAN_FROM_CE: i32 = 1_721_425;

/// First day of the lunar year that begins in the given solar year (mùng 1 Tết).
pub fn new_year(year: i32) -> NaiveDate {
    date_of(month_start(year, 1))
}

/// The tenth day of the third lunar month (Giỗ Tổ Hùng Vương).
pub fn hung_kings_day(year: i32) -> NaiveDate {
    date_of(month_start(year, 3)) + Days::new(9)
}

/// Day number of the first day of an ordinary (not leap) lunar month, 1 to 10, of the lunar year that begins in `year`.
fn month_start(year: i32, month: i32) -> i32 {
    let eleventh = eleventh_month(year - 1);
    let lunations = lunations_until(eleventh);
    let mut offset = month + 1; // months from the eleventh of the year before
    let next_eleventh = eleventh_month(year);
    if next_eleventh - eleventh > 365 && offset >= leap_offset(lunations) {
        offset += 1;
    }
    new_moon_day(lunations + offset)
}

/// Day number on which the lunar month holding the winter solstice of `year` begins.
fn eleventh_month(year: i32) -> i32 {
    let last_day = NaiveDate::from_ymd_opt(year, 12, 31).map_or(0, |date| date.num_days_from_ce() + JULIAN_FROM_CE);
    let lunation = ((f64::from(last_day) - 2_415_021.0) / SYNODIC_MONTH) as i32;
    let start = new_moon_day(lunation);
    if sun_sector(start) >= 9 { new_moon_day(lunation - 1) } else { start }
}

/// Number of the lunation that begins on `day`.
fn lunations_until(day: i32) -> i32 {
    ((f64::from(day) - FIRST_NEW_MOON) / SYNODIC_MONTH + 0.5).floor() as i32
}

/// In a lunar year of 13 months, how many months after the eleventh the leap month comes: the first one in which the
/// sun enters no new sector.
fn leap_offset(lunations: i32) -> i32 {
    let mut offset = 1;
    let mut sector = sun_sector(new_moon_day(lunations + offset));
    loop {
        let before = sector;
        offset += 1;
        sector = sun_sector(new_moon_day(lunations + offset));
        if sector == before || offset >= 14 {
            return offset - 1;
        }
    }
}

/// Day number, at UTC+7, of the `k`-th new moon after 31 December 1899.
fn new_moon_day(k: i32) -> i32 {
    let k = f64::from(k);
    let t = k / 1236.85;
    let (t2, t3, degree) = (t * t, t * t * t, PI / 180.0);
    let mean = 2_415_020.759_33 + 29.530_588_68 * k + 0.000_117_8 * t2 - 0.000_000_155 * t3
        + 0.000_33 * ((166.56 + 132.87 * t - 0.009_173 * t2) * degree).sin();
    let sun = 359.2242 + 29.105_356_08 * k - 0.000_033_3 * t2 - 0.000_003_47 * t3;
    let moon = 306.0253 + 385.816_918_06 * k + 0.010_730_6 * t2 + 0.000_012_36 * t3;
    let latitude = 21.2964 + 390.670_506_46 * k - 0.001_652_8 * t2 - 0.000_002_39 * t3;
    let sine = |angle: f64| (angle * degree).sin();
    let correction = (0.1734 - 0.000_393 * t) * sine(sun) + 0.0021 * sine(2.0 * sun) - 0.4068 * sine(moon)
        + 0.0161 * sine(2.0 * moon)
        - 0.0004 * sine(3.0 * moon)
        + 0.0104 * sine(2.0 * latitude)
        - 0.0051 * sine(sun + moon)
        - 0.0074 * sine(sun - moon)
        + 0.0004 * sine(2.0 * latitude + sun)
        - 0.0004 * sine(2.0 * latitude - sun)
        - 0.0006 * sine(2.0 * latitude + moon)
        + 0.0010 * sine(2.0 * latitude - moon)
        + 0.0005 * sine(2.0 * moon + sun);
    let dynamical_minus_universal = -0.000_278 + 0.000_265 * t + 0.000_262 * t2;
    (mean + correction - dynamical_minus_universal + 0.5 + ZONE).floor() as i32
}

/// Which twelfth of the ecliptic (0 to 11) the sun stands in at the local midnight that opens the day.
fn sun_sector(day: i32) -> i32 {
    let t = (f64::from(day) - 0.5 - ZONE - 2_451_545.0) / 36_525.0;
    let (t2, degree) = (t * t, PI / 180.0);
    let anomaly = 357.529_10 + 35_999.050_30 * t - 0.000_155_9 * t2 - 0.000_000_48 * t * t2;
    let mean = 280.466_45 + 36_000.769_83 * t + 0.000_303_2 * t2;
    let centre = (1.914_600 - 0.004_817 * t - 0.000_014 * t2) * (anomaly * degree).sin()
        + (0.019_993 - 0.000_101 * t) * (2.0 * anomaly * degree).sin()
        + 0.000_290 * (3.0 * anomaly * degree).sin();
    ((mean + centre).rem_euclid(360.0) / 30.0) as i32
}

fn date_of(day: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day - JULIAN_FROM_CE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn tet_falls_on_its_published_dates() {
        // Notices of domain.md 5.6 for 2022–2026; 1985 and 2007 are the years in which Tết at UTC+7 differs from the
        // Chinese new year; 2027–2033 from printed almanacs (2033: the disputed leap-month year).
        for expected in [
            date(1985, 1, 21),
            date(2007, 2, 17),
            date(2020, 1, 25),
            date(2021, 2, 12),
            date(2022, 2, 1),
            date(2023, 1, 22),
            date(2024, 2, 10),
            date(2025, 1, 29),
            date(2026, 2, 17),
            date(2027, 2, 6),
            date(2028, 1, 26),
            date(2029, 2, 13),
            date(2030, 2, 2),
            date(2033, 1, 31),
            date(2034, 2, 19),
        ] {
            assert_eq!(new_year(expected.year()), expected);
        }
    }

    #[test]
    fn hung_kings_day_falls_on_its_published_dates() {
        // domain.md 5.6: 2022 11 Apr off for Sunday the 10th; 2023 Sat 29 Apr; 2024 18 Apr; 2025 7 Apr; 2026 Sun 26 Apr.
        for expected in [
            date(2022, 4, 10),
            date(2023, 4, 29),
            date(2024, 4, 18),
            date(2025, 4, 7),
            date(2026, 4, 26),
            date(2027, 4, 16),
        ] {
            assert_eq!(hung_kings_day(expected.year()), expected);
        }
    }
}
