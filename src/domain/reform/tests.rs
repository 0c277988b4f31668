//! What the report says, by hand-made figures.

use super::*;
use crate::domain::catalogue::OnlineLevels;

fn nothing() -> ReformFigures {
    ReformFigures {
        period: Period::preset("2023-H1").unwrap(),
        inventory: Inventory::default(),
        changes: Changes::default(),
        dossiers: Tally::default(),
        visits: 0,
        people: 0,
        subjects: BTreeMap::new(),
        feedback: TermTally::default(),
        satisfied: Rate { numerator: 0, denominator: 0 },
        tasks: TermTally::default(),
    }
}

fn text(figures: &ReformFigures, name: &str) -> String {
    let sections = figures.sections();
    let section = sections.iter().find(|section| section.name == name).unwrap();
    section.paragraphs.iter().map(Paragraph::text).collect::<Vec<_>>().join("\n")
}

#[test]
fn numbers_are_written_as_reports_write_them() {
    for (number, written) in [
        (Number::Count(0), "0"),
        (Number::Count(999), "999"),
        (Number::Count(1_917), "1.917"),
        (Number::Count(1_234_567), "1.234.567"),
        (Number::Percent("100.00".into()), "100%"),
        (Number::Percent("98.50".into()), "98,5%"),
        (Number::Percent("66.67".into()), "66,67%"),
        (Number::Percent("0.00".into()), "0%"),
    ] {
        assert_eq!(number.written(), written);
    }
}

#[test]
fn a_period_without_anything_says_so_and_names_no_rate() {
    let nothing = nothing();
    assert_eq!(
        text(&nothing, "procedures"),
        "Đến ngày 14/6/2023, có 0 thủ tục hành chính đang áp dụng.\n\
         Trong kỳ không có thủ tục nào được công bố mới, sửa đổi, thay thế hoặc bãi bỏ."
    );
    assert!(text(&nothing, "dossiers").contains("đúng hạn: không tính (chưa có hồ sơ được giải quyết)."));
    assert_eq!(text(&nothing, "reception"), "Trong kỳ không có lượt tiếp công dân nào.");
    assert_eq!(text(&nothing, "tasks"), "Trong kỳ không có nhiệm vụ nào được giao.");
    assert!(text(&nothing, "feedback").starts_with("Trong kỳ không có phản ánh, kiến nghị nào."));
}

#[test]
fn procedures_are_told_by_tier_by_level_and_by_change() {
    let province = OnlineLevels { full: 12, partial: 6, information: 99 };
    let district = OnlineLevels { full: 1, partial: 1, information: 12 };
    let levels = BTreeMap::from([(ProcedureLevel::Province, province), (ProcedureLevel::District, district)]);
    let total = OnlineLevels { full: 13, partial: 7, information: 111 };
    let changed = [
        (CatalogueChange::New, ProcedureLevel::Province),
        (CatalogueChange::New, ProcedureLevel::District),
        (CatalogueChange::Abolished, ProcedureLevel::Province),
    ];
    let figures = ReformFigures {
        inventory: Inventory { total, levels, old_levels: BTreeMap::new() },
        changes: Changes::of(changed.into_iter()),
        ..nothing()
    };
    assert_eq!(
        text(&figures, "procedures"),
        "Đến ngày 14/6/2023, có 131 thủ tục hành chính đang áp dụng, gồm 117 cấp tỉnh, 14 cấp huyện; \
         theo mức độ dịch vụ công trực tuyến: 13 toàn trình, 7 một phần, 111 cung cấp thông tin trực tuyến.\n\
         Trong kỳ công bố: 2 ban hành mới (1 cấp tỉnh, 1 cấp huyện); 1 bãi bỏ (1 cấp tỉnh)."
    );
}

/// Decree 61/2018 art. 19(9): whoever is late is owed a letter; domain.md 2.3: where none is late, none is needed.
#[test]
fn letters_are_told_for_what_is_late_or_not_needed() {
    assert_eq!(text(&nothing(), "letters"), "Không có hồ sơ quá hạn nên không phải ban hành văn bản xin lỗi.");
    let late = |late, with, overdue, overdue_with| ReformFigures {
        dossiers: Tally {
            late,
            late_with_letter: with,
            overdue,
            overdue_with_letter: overdue_with,
            ..Tally::default()
        },
        ..nothing()
    };
    assert_eq!(
        text(&late(3, 2, 1, 1), "letters"),
        "Hồ sơ quá hạn: 3 đã giải quyết, 1 đang giải quyết; đã có văn bản xin lỗi: 2 hồ sơ đã giải quyết, \
         1 hồ sơ đang giải quyết. Các hồ sơ quá hạn còn lại chưa có văn bản xin lỗi."
    );
    assert!(text(&late(3, 3, 1, 1), "letters").ends_with(". Mọi hồ sơ quá hạn đều đã có văn bản xin lỗi."));
}

#[test]
fn feedback_ratings_and_tasks_are_told_in_parts() {
    let tally = TermTally { new: 5, carried_over: 1, early: 1, on_time: 1, late: 1, within: 2, overdue: 1 };
    let figures =
        ReformFigures { feedback: tally, tasks: tally, satisfied: Rate { numerator: 2, denominator: 3 }, ..nothing() };
    assert_eq!(
        text(&figures, "feedback"),
        "Phản ánh, kiến nghị phải xử lý: 6 (1 từ kỳ trước chuyển sang); đã xử lý 3 (1 quá hạn); \
         đang xử lý: 2 trong hạn, 1 quá hạn.\n\
         Có 3 lượt đánh giá, trong đó 2 lượt hài lòng trở lên, đạt 66,67%."
    );
    assert_eq!(text(&figures, "tasks"), "Được giao 6 nhiệm vụ: 3 đã hoàn thành, 2 đang thực hiện, 1 quá hạn.");
}
