//! The sheets of forms II.06a and II.06b, read back as a spreadsheet reads them.
#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use chrono::DateTime;

use crate::documents::sheet::Imprint;
use crate::documents::{form_06a, form_06b};
use crate::domain::form_06a::{Form, Line, Section};
use crate::domain::form_06b::{Summary, SummaryLine};
use crate::domain::statistics::{Period, Tally};

fn imprint() -> Imprint {
    Imprint {
        as_of: "2023-06-14T23:59:59".parse().unwrap(),
        made_at: DateTime::parse_from_rfc3339("2023-06-15T08:00:00+07:00").unwrap(),
    }
}

/// 10 received (2 + 3 + 4 + 1) = 6 resolved (1 + 2 + 3) + 4 open (3 + 1).
fn ten() -> Tally {
    Tally {
        online: 2,
        direct: 3,
        postal: 4,
        carried_over: 1,
        early: 1,
        on_time: 2,
        late: 3,
        within: 3,
        overdue: 1,
        ..Tally::default()
    }
}

fn added(tallies: &[Tally]) -> Tally {
    let mut sum = Tally::default();
    for tally in tallies {
        sum += *tally;
    }
    sum
}

fn section(level: &str, fields: &[(&str, Tally)]) -> Section {
    let lines = fields.iter().map(|(name, tally)| Line { field: "F".into(), name: (*name).into(), tally: *tally });
    let total = added(&fields.iter().map(|(_, tally)| *tally).collect::<Vec<_>>());
    Section { level: level.into(), lines: lines.collect(), total }
}

fn form(sections: Vec<Section>) -> Form {
    let total = added(&sections.iter().map(|section| section.total).collect::<Vec<_>>());
    Form { agency: "Sở thử nghiệm".into(), period: Period::preset("2023-H1").unwrap(), sections, total }
}

/// Values and formulas of the only sheet.
fn read(bytes: &[u8]) -> (Range<Data>, Range<String>) {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let name = workbook.sheet_names().first().unwrap().clone();
    (workbook.worksheet_range(&name).unwrap(), workbook.worksheet_formula(&name).unwrap())
}

fn text(range: &Range<Data>, row: u32, column: u32) -> String {
    range.get_value((row, column)).map(ToString::to_string).unwrap_or_default()
}

fn row(range: &Range<Data>, row: u32) -> Vec<String> {
    (0..13).map(|column| text(range, row, column)).collect()
}

fn formula(range: &Range<String>, row: u32, column: u32) -> &str {
    range.get_value((row, column)).map_or("", String::as_str)
}

#[test]
fn form_06a_has_its_head_its_column_numbers_and_its_sections() {
    let sections = vec![
        section("province", &[("=Bảo trợ xã hội", ten()), ("Người có công", ten())]),
        section("district", &[("Việc làm", ten())]),
    ];
    let (values, formulas) = read(&form_06a::xlsx(&form(sections), imprint()).unwrap());
    assert_eq!(text(&values, 0, 0), "Biểu số II.06a/VPCP/KSTT");
    assert_eq!(text(&values, 1, 10), "Sở thử nghiệm");
    assert_eq!(text(&values, 2, 3), "Kỳ báo cáo: 6 tháng đầu năm 2023");
    assert_eq!(text(&values, 3, 3), "(Từ ngày 15/12/2022 đến ngày 14/06/2023)");
    assert_eq!(text(&values, 4, 12), "Đơn vị tính: Số hồ sơ TTHC");
    let numbers = row(&values, 8);
    assert_eq!(numbers[..3], ["(1)", "(2)", "(3)=(4)+(5)+(6)"]);
    assert_eq!((numbers[6].as_str(), numbers[10].as_str()), ("(7)=(8)+(9)+(10)", "(11)=(12)+(13)"));
    assert_eq!(numbers[12], "(13)");

    let two_tens = ["I", "Cấp tỉnh", "20", "4", "14", "2", "12", "2", "4", "6", "8", "6", "2"];
    let one_ten = ["10", "2", "7", "1", "6", "1", "2", "3", "4", "3", "1"];
    assert_eq!(row(&values, 9), two_tens);
    // A name that looks like a formula is a text.
    assert_eq!(row(&values, 10)[..2], ["1", "=Bảo trợ xã hội"]);
    assert_eq!(row(&values, 11)[..2], ["2", "Người có công"]);
    assert_eq!(row(&values, 11)[2..], one_ten);
    assert_eq!(row(&values, 12)[..2], ["II", "Cấp huyện"]);
    assert_eq!(row(&values, 13)[..2], ["1", "Việc làm"]);
    assert_eq!(row(&values, 14), ["", "TỔNG SỐ", "30", "6", "21", "3", "18", "3", "6", "9", "12", "9", "3"]);
    assert_eq!((text(&values, 15, 2), text(&values, 15, 3)), ("0".into(), "Cân đối".into()));

    for (place, expected) in [
        ((9, 2), "D10+E10+F10"),
        ((9, 3), "SUM(D11:D12)"),
        ((10, 1), ""),
        ((10, 2), "D11+E11+F11"),
        ((10, 3), ""),
        ((10, 6), "H11+I11+J11"),
        ((10, 10), "L11+M11"),
        ((12, 12), "SUM(M14)"),
        ((14, 2), "D15+E15+F15"),
        ((14, 3), "SUM(D10,D13)"),
        ((15, 2), "C15-G15-K15"),
        ((15, 3), "IF(C16=0,\"Cân đối\",\"Không cân đối\")"),
    ] {
        assert_eq!(formula(&formulas, place.0, place.1), expected, "{place:?}");
    }
    assert_eq!(text(&values, 16, 0), "Số liệu tính đến 23 giờ 59 phút 59 giây ngày 14/06/2023.");
    assert!(text(&values, 17, 7).ends_with("ngày 15 tháng 06 năm 2023"));
    assert_eq!((text(&values, 18, 1), text(&values, 18, 7)), ("NGƯỜI LẬP BIỂU".into(), "THỦ TRƯỞNG ĐƠN VỊ".into()));
}

#[test]
fn an_empty_form_and_one_that_does_not_balance_say_so() {
    let (values, formulas) = read(&form_06a::xlsx(&form(Vec::new()), imprint()).unwrap());
    assert_eq!(row(&values, 9)[1..], ["TỔNG SỐ", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0", "0"]);
    assert_eq!((formula(&formulas, 9, 2), formula(&formulas, 9, 3)), ("D10+E10+F10", ""));

    let lost = Tally { within: 2, ..ten() };
    let (values, _) = read(&form_06a::xlsx(&form(vec![section("commune", &[("Hộ tịch", lost)])]), imprint()).unwrap());
    assert_eq!((text(&values, 12, 2), text(&values, 12, 3)), ("1".into(), "Không cân đối".into()));
}

#[test]
fn form_06b_sums_up_its_lines() {
    let lines = [("H16", ten()), ("H16.18", ten())];
    let summary = Summary {
        agency: String::new(),
        period: Period::new("2023-01-01".parse().unwrap(), "2023-01-31".parse().unwrap()).unwrap(),
        lines: lines
            .iter()
            .map(|(code, tally)| SummaryLine {
                agency: (*code).into(), name: format!("Cơ quan {code}"), tally: *tally
            })
            .collect(),
        total: added(&[ten(), ten()]),
    };
    let (values, formulas) = read(&form_06b::xlsx(&summary, imprint()).unwrap());
    assert_eq!(text(&values, 1, 10), "……………………………", "to be filled in by hand");
    assert_eq!(text(&values, 2, 3), "", "a free period has no name");
    assert_eq!(row(&values, 10)[..3], ["2", "Cơ quan H16.18", "10"]);
    assert_eq!(row(&values, 11)[..4], ["", "TỔNG SỐ", "20", "4"]);
    assert_eq!((formula(&formulas, 11, 2), formula(&formulas, 11, 3)), ("D12+E12+F12", "SUM(D10:D11)"));
}

#[test]
fn the_same_figures_give_the_same_bytes() {
    let sheet = |made_at: &str| {
        let imprint = Imprint { made_at: DateTime::parse_from_rfc3339(made_at).unwrap(), ..imprint() };
        form_06a::xlsx(&form(vec![section("province", &[("Việc làm", ten())])]), imprint).unwrap()
    };
    assert_eq!(sheet("2023-06-15T08:00:00+07:00"), sheet("2023-06-15T08:00:00+07:00"));
    assert_ne!(sheet("2023-06-15T08:00:00+07:00"), sheet("2023-06-16T08:00:00+07:00"));
}
