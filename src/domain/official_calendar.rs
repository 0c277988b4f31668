//! The official days off of civil servants, 2022 to 2026, as the yearly notices give them: weekdays off and worked Saturdays.

use chrono::{Datelike, NaiveDate};

use super::calendar::{DayKind, SpecialDay};

/// A run of days off, first and last included, as (month, day).
type Run = ((u32, u32), (u32, u32));

/// One year: days off with name and ground, make-up days with the day they stand for.
struct Notice {
    year: i32,
    off: &'static [(Run, &'static str, &'static str)],
    worked: &'static [((u32, u32), &'static str, &'static str)],
}

const NEW_YEAR: &str = "Tết Dương lịch";
const TET: &str = "Tết Âm lịch";
const HUNG_KINGS: &str = "Giỗ Tổ Hùng Vương";
const VICTORY: &str = "Ngày Chiến thắng";
const LABOUR: &str = "Ngày Quốc tế lao động";
const NATIONAL_DAY: &str = "Quốc khánh";
const CULTURE: &str = "Ngày Văn hóa Việt Nam";
const SWAP: &str = "Nghỉ hoán đổi";
const LABOUR_CODE: &str = "Bộ luật Lao động 2019, Điều 111, 112";

const NOTICES: &[Notice] = &[
    Notice {
        year: 2022,
        off: &[
            (((1, 3), (1, 3)), NEW_YEAR, LABOUR_CODE),
            (((1, 31), (2, 4)), TET, "119/TB-LĐTBXH"),
            (((4, 11), (4, 11)), HUNG_KINGS, LABOUR_CODE),
            (((5, 2), (5, 2)), VICTORY, LABOUR_CODE),
            (((5, 3), (5, 3)), LABOUR, LABOUR_CODE),
            (((9, 1), (9, 2)), NATIONAL_DAY, "119/TB-LĐTBXH"),
        ],
        worked: &[],
    },
    Notice {
        year: 2023,
        off: &[
            (((1, 2), (1, 2)), NEW_YEAR, LABOUR_CODE),
            (((1, 20), (1, 20)), TET, "5034/TB-LĐTBXH"),
            (((1, 23), (1, 26)), TET, "5034/TB-LĐTBXH"),
            (((5, 1), (5, 1)), LABOUR, LABOUR_CODE),
            (((5, 2), (5, 2)), HUNG_KINGS, LABOUR_CODE),
            (((5, 3), (5, 3)), VICTORY, LABOUR_CODE),
            (((9, 1), (9, 1)), NATIONAL_DAY, "5034/TB-LĐTBXH"),
            (((9, 4), (9, 4)), NATIONAL_DAY, "5034/TB-LĐTBXH"),
        ],
        worked: &[],
    },
    Notice {
        year: 2024,
        off: &[
            (((1, 1), (1, 1)), NEW_YEAR, LABOUR_CODE),
            (((2, 8), (2, 9)), TET, "5015/TB-LĐTBXH"),
            (((2, 12), (2, 14)), TET, "5015/TB-LĐTBXH"),
            (((4, 18), (4, 18)), HUNG_KINGS, LABOUR_CODE),
            (((4, 29), (4, 29)), SWAP, "1570/TB-LĐTBXH; 2450/VPCP-KGVX"),
            (((4, 30), (4, 30)), VICTORY, LABOUR_CODE),
            (((5, 1), (5, 1)), LABOUR, LABOUR_CODE),
            (((9, 2), (9, 3)), NATIONAL_DAY, "5015/TB-LĐTBXH"),
        ],
        worked: &[((5, 4), "Làm bù ngày 29/4/2024", "1570/TB-LĐTBXH; 2450/VPCP-KGVX")],
    },
    Notice {
        year: 2025,
        off: &[
            (((1, 1), (1, 1)), NEW_YEAR, LABOUR_CODE),
            (((1, 27), (1, 31)), TET, "6150/TB-BLĐTBXH"),
            (((4, 7), (4, 7)), HUNG_KINGS, LABOUR_CODE),
            (((4, 30), (4, 30)), VICTORY, LABOUR_CODE),
            (((5, 1), (5, 1)), LABOUR, LABOUR_CODE),
            (((5, 2), (5, 2)), SWAP, "6150/TB-BLĐTBXH"),
            (((9, 1), (9, 2)), NATIONAL_DAY, "6150/TB-BLĐTBXH"),
        ],
        worked: &[((4, 26), "Làm bù ngày 02/5/2025", "6150/TB-BLĐTBXH")],
    },
    Notice {
        year: 2026,
        off: &[
            (((1, 1), (1, 1)), NEW_YEAR, LABOUR_CODE),
            (((1, 2), (1, 2)), SWAP, "12729/VPCP-KGVX"),
            (((2, 16), (2, 20)), TET, "9441/TB-BNV"),
            (((4, 27), (4, 27)), HUNG_KINGS, LABOUR_CODE),
            (((4, 30), (4, 30)), VICTORY, LABOUR_CODE),
            (((5, 1), (5, 1)), LABOUR, LABOUR_CODE),
            (((8, 31), (8, 31)), SWAP, "9441/TB-BNV"),
            (((9, 1), (9, 2)), NATIONAL_DAY, "9441/TB-BNV"),
            (((11, 24), (11, 24)), CULTURE, "28/2026/QH16"),
        ],
        worked: &[
            ((1, 10), "Làm bù ngày 02/01/2026", "12729/VPCP-KGVX"),
            ((8, 22), "Làm bù ngày 31/8/2026", "9441/TB-BNV"),
        ],
    },
];

/// The special days of a year whose notice is shipped with the program; `None` for every other year.
pub fn days(year: i32) -> Option<Vec<SpecialDay>> {
    let notice = NOTICES.iter().find(|notice| notice.year == year)?;
    let date = |(month, day)| NaiveDate::from_ymd_opt(year, month, day);
    let special = |date, kind, name: &str, ground: &str| SpecialDay {
        date,
        kind,
        name: name.to_owned(),
        ground: ground.to_owned(),
    };
    let off = notice.off.iter().flat_map(|&((first, last), name, ground)| {
        let run = date(first).into_iter().flat_map(|first| first.iter_days());
        run.take_while(move |day| (day.month(), day.day()) <= last)
            .map(move |day| special(day, DayKind::Off, name, ground))
    });
    let worked = notice
        .worked
        .iter()
        .filter_map(|&(day, name, ground)| date(day).map(|day| special(day, DayKind::Work, name, ground)));
    Some(off.chain(worked).collect())
}
