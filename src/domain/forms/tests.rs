//! What papers say: sets and numbers of forms, dates and capacities, letters, notices and the control slip.
#![allow(clippy::unwrap_used)]

use super::apology::{Ended, LetterPaper};
use super::control_slip::{Side, steps};
use super::letterhead::{Imprint, Letterhead};
use super::notice::{Matter, RefusalPaper, StopPaper, SupplementPaper};
use super::party::Party;
use super::text::{Block, Paper};
use super::wording::{capacity, day, moment, number_and_notation, place_and_date, term};
use super::*;
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::deadline::Unit;
use crate::domain::event::Event;
use crate::domain::refusal::Refusal;
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::{ApplicantKind, LetterKind, LetterStatus, LocalTime, Outcome};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}

fn letterhead() -> Letterhead {
    Letterhead {
        code: Some("H16.18".parse().unwrap()),
        agency: "Sở Lao động - Thương binh và Xã hội".to_owned(),
        governing: Some("UBND tỉnh Đắk Nông".to_owned()),
        imprint: Imprint {
            place: Some("Đắk Nông".to_owned()),
            address: None,
            phone: Some("0261 0000 000".to_owned()),
            symbol: Some("SLĐTBXH".to_owned()),
        },
    }
}

fn citizen() -> Party {
    Party {
        kind: ApplicantKind::Citizen,
        name: "Nguyễn Thị Ưởng".to_owned(),
        identity_no: Some("000000000001".to_owned()),
        address: Some("Thôn 3, xã Hữu Nghị".to_owned()),
        phone: None,
        email: None,
    }
}

fn matter(on: &str) -> Matter {
    Matter {
        letterhead: letterhead(),
        dossier: "H16.18-230502-0001".to_owned(),
        applicant: citizen(),
        procedure: "Trợ cấp".to_owned(),
        filed_at: at("2023-05-02T09:00:00"),
        reason: "Bản sao giấy khai sinh\n\n  Tờ khai có xác nhận ".to_owned(),
        at: at(on),
    }
}

fn letter(kind: LetterKind) -> LetterPaper {
    LetterPaper {
        letterhead: letterhead(),
        letter: "x".to_owned(),
        kind,
        status: LetterStatus::Issued,
        dossier: "H16.18-230502-0001".to_owned(),
        applicant: citizen(),
        procedure: "Trợ cấp".to_owned(),
        received_at: at("2023-05-02T09:00:00"),
        promised_at: Some(at("2023-05-09T16:30:00")),
        reason: Some("Chờ ý kiến của cơ quan phối hợp".to_owned()),
        reappoints: true,
        new_return_at: Some(at("2023-06-12T09:00:00")),
        ended: None,
        promulgation: Some(Promulgation {
            number: 12,
            notation: "PXL-SLĐTBXH".to_owned(),
            on: date("2023-06-02"),
            signer: Signer { name: "Đặng Văn Quỳnh".to_owned(), position: "Giám đốc".to_owned() },
        }),
        today: date("2023-06-02"),
    }
}

/// All sentences and fields of a text, one a line.
fn said(paper: &Paper) -> String {
    let mut lines = Vec::new();
    for block in &paper.body {
        match block {
            Block::Addressee { label, name } => lines.push(format!("{label} {name}")),
            Block::Heading { text } | Block::Paragraph { text } => lines.push(text.clone()),
            Block::Items { items } => lines.extend(items.iter().cloned()),
            Block::Fields { fields } => lines.extend(
                fields.iter().map(|field| format!("{} {}", field.label, field.value.as_deref().unwrap_or("…"))),
            ),
            Block::Table(table) => lines.extend(table.rows.iter().map(|row| row.join(" | "))),
        }
    }
    lines.join("\n")
}

#[test]
fn the_set_changes_with_the_circular_of_15_september_2025() {
    // domain.md 1.1: Circular 03/2025/TT-VPCP is of 15-09-2025; Decree 118/2025 of 1 July brought no forms.
    for (on, set) in [
        ("2023-06-02", FormSet::Of2018),
        ("2025-07-01", FormSet::Of2018),
        ("2025-09-14", FormSet::Of2018),
        ("2025-09-15", FormSet::Of2025),
        ("2026-11-25", FormSet::Of2025),
    ] {
        assert_eq!(FormSet::on(date(on)), set, "{on}");
    }
}

#[test]
fn forms_have_the_numbers_of_their_set() {
    // domain.md 1.5: the stop notice is new in 2025 and shifts the two after it. No form is set for the report on reform.
    let numbers = |set| Form::ALL.iter().map(|form| form.number(set)).collect::<Vec<_>>();
    assert_eq!(numbers(FormSet::Of2018), [Some(1), Some(2), Some(3), Some(4), None, Some(5), Some(6), None]);
    assert_eq!(numbers(FormSet::Of2025), [Some(1), Some(2), Some(3), Some(4), Some(5), Some(6), Some(7), None]);
    // Circular 01/2018 art. 9: A5, the register A4.
    assert_eq!(Form::Apology.size(FormSet::Of2018), PageSize::A5);
    assert_eq!(Form::Apology.size(FormSet::Of2025), PageSize::A4);
    assert_eq!(Form::Register.size(FormSet::Of2018), PageSize::A4Landscape);
}

#[test]
fn dates_and_numbers_are_written_as_decree_30_2020_has_them() {
    // Appendix I: days below 10 and the months 1 and 2 have a zero, and so have numbers below 10.
    for (given, written) in [
        ("2023-06-02", "ngày 02 tháng 6 năm 2023"),
        ("2026-01-31", "ngày 31 tháng 01 năm 2026"),
        ("2026-02-09", "ngày 09 tháng 02 năm 2026"),
        ("2026-03-10", "ngày 10 tháng 3 năm 2026"),
        ("2026-12-01", "ngày 01 tháng 12 năm 2026"),
    ] {
        assert_eq!(day(date(given)), written);
    }
    assert_eq!(moment(at("2023-05-09T16:05:00")), "16 giờ 05 phút, ngày 09 tháng 5 năm 2023");
    assert_eq!(place_and_date(Some("Đắk Nông"), Some(date("2023-06-02"))), "Đắk Nông, ngày 02 tháng 6 năm 2023");
    assert_eq!(number_and_notation(Some(12), "PXL-SLĐTBXH"), "Số: 12/PXL-SLĐTBXH");
    assert_eq!(number_and_notation(Some(7), "PXL"), "Số: 07/PXL");
    assert_eq!(number_and_notation(None, "PXL"), "Số: ……/PXL");
    assert_eq!(term(5, Unit::WorkingDay), "05 ngày làm việc");
}

#[test]
fn a_deputy_signs_for_the_head_and_a_committee_as_a_body() {
    assert_eq!(capacity("Sở Nội vụ", "Giám đốc"), ["GIÁM ĐỐC"]);
    assert_eq!(capacity("Sở Nội vụ", "Phó Giám đốc"), ["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"]);
    assert_eq!(
        capacity("Ủy ban nhân dân xã Quảng Khê", "Phó Chủ tịch"),
        ["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"]
    );
}

#[test]
fn the_agency_issues_its_own_papers_and_governs_its_one_stop_shop() {
    let own = letterhead().head("Số: 1".to_owned(), None);
    assert_eq!(own.governing.as_deref(), Some("UBND TỈNH ĐẮK NÔNG"));
    assert_eq!(own.issuer, "SỞ LAO ĐỘNG - THƯƠNG BINH VÀ XÃ HỘI");
    assert_eq!(own.place_and_date, "Đắk Nông, ngày …… tháng …… năm ……");
    let unit = letterhead().head_of_unit("Số: 1".to_owned(), None);
    assert_eq!(unit.governing.as_deref(), Some("SỞ LAO ĐỘNG - THƯƠNG BINH VÀ XÃ HỘI"));
    assert_eq!(unit.issuer, "BỘ PHẬN TIẾP NHẬN VÀ TRẢ KẾT QUẢ");
    // A centre of public administrative services is a one-stop shop itself (Decree 118/2025 art. 7).
    let centre =
        Letterhead { agency: "Trung tâm Phục vụ hành chính công xã Quảng Khê".to_owned(), ..letterhead() };
    let head = centre.head_of_unit("Số: 1".to_owned(), None);
    assert_eq!(head.issuer, "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG XÃ QUẢNG KHÊ");
    assert_eq!((centre.unit_symbol(), letterhead().unit_symbol()), ("TTPVHCC", "BPTNTKQ"));
    let nowhere = Letterhead { imprint: Imprint::default(), ..letterhead() };
    assert!(nowhere.head(String::new(), None).place_and_date.starts_with("……………, ngày"));
}

#[test]
fn a_letter_of_2023_is_form_04_of_2018_without_the_identifier() {
    let paper = letter(LetterKind::Late).paper();
    assert_eq!(paper.title, "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ");
    assert_eq!(paper.form_label.as_deref(), Some("Mẫu số 04 - Thông tư số 01/2018/TT-VPCP"));
    assert_eq!(paper.head.number, "Số: 12/PXL-SLĐTBXH");
    assert_eq!(paper.mark, None);
    let said = said(&paper);
    for part in [
        "Kính gửi: Ông/Bà Nguyễn Thị Ưởng",
        "Ngày 02 tháng 5 năm 2023, Sở Lao động - Thương binh và Xã hội tiếp nhận hồ sơ",
        "Thời gian hẹn trả kết quả giải quyết hồ sơ: 16 giờ 30 phút, ngày 09 tháng 5 năm 2023.",
        "Tuy nhiên đến nay, Sở Lao động - Thương binh và Xã hội chưa trả kết quả",
        "Lý do: Chờ ý kiến của cơ quan phối hợp.",
        "sẽ trả kết quả giải quyết hồ sơ cho Ông/Bà vào 09 giờ 00 phút, ngày 12 tháng 6 năm 2023.",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    assert!(!said.contains("000000000001"), "{said}");
    assert_eq!(paper.signatures[0].capacity, ["GIÁM ĐỐC"]);
    assert_eq!(paper.signatures[0].name.as_deref(), Some("Đặng Văn Quỳnh"));
}

#[test]
fn a_letter_of_today_asks_for_more_time_and_names_the_identifier() {
    let draft = LetterPaper {
        status: LetterStatus::Draft,
        promulgation: None,
        new_return_at: None,
        reason: None,
        today: date("2026-03-10"),
        ..letter(LetterKind::Late)
    };
    let paper = draft.paper();
    assert_eq!(paper.title, "PHIẾU XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT");
    assert_eq!(paper.mark.as_deref(), Some("DỰ THẢO"));
    assert_eq!(paper.head.number, "Số: ……/PXL-SLĐTBXH");
    assert_eq!(paper.date, None);
    let said = said(&paper);
    assert!(said.contains("; số định danh: 000000000001; mã số hồ sơ: H16.18-230502-0001."), "{said}");
    assert!(said.contains("Lý do: …\n"), "a line to write on: {said}");
    assert!(said.contains("vào …… giờ …… phút, ngày …… tháng …… năm ……."), "{said}");
}

#[test]
fn an_apology_alone_gives_no_new_date() {
    let ended = Some(Ended { at: at("2023-06-01T10:00:00"), with_result: true });
    let alone = LetterPaper { reappoints: false, ended, ..letter(LetterKind::Late) };
    let paper = alone.paper();
    assert_eq!((paper.title.as_str(), &paper.form_label), ("PHIẾU XIN LỖI", &None));
    let text = said(&paper);
    assert!(
        text.contains(
            "đến 10 giờ 00 phút, ngày 01 tháng 6 năm 2023, Sở Lao động - Thương binh và Xã hội mới có kết quả"
        ),
        "{text}"
    );
    assert!(!text.contains("12 tháng 6"), "{text}");
    for (kind, part) in [
        (LetterKind::Lost, "đã để mất giấy tờ"),
        (LetterKind::Damaged, "đã để hư hỏng giấy tờ"),
        (LetterKind::Misconduct, "đã có hành vi vi phạm quy định"),
    ] {
        let paper = LetterPaper { reappoints: false, ..letter(kind) }.paper();
        assert_eq!(paper.title, "VĂN BẢN XIN LỖI");
        let text = said(&paper);
        assert!(text.contains(part), "{text}");
        assert!(!text.contains("hẹn trả kết quả") && !text.contains("chậm trễ"), "{text}");
    }
    let ahead = LetterPaper { promised_at: Some(at("2023-06-09T16:30:00")), ..letter(LetterKind::AtRisk) };
    assert!(said(&ahead.paper()).contains("không thể trả kết quả"), "a letter ahead of the deadline says what will be");
}

#[test]
fn notices_say_what_is_missing_and_why() {
    let paper = SupplementPaper(matter("2023-05-03T10:00:00")).paper();
    assert!(said(&paper).contains("Bản sao giấy khai sinh\nTờ khai có xác nhận\n"), "{}", said(&paper));
    assert!(said(&paper).contains("số điện thoại 0261 0000 000 để được hướng dẫn./."), "{}", said(&paper));
    assert_eq!(paper.head.number, "Số: ……/HDHS");
    let today = SupplementPaper(matter("2026-05-04T10:00:00")).paper();
    assert_eq!(today.head.number, "Số: ……/PBS-BPTNTKQ");
    let refused = RefusalPaper(matter("2026-05-04T10:00:00")).paper();
    assert!(said(&refused).contains("Số định danh cá nhân: 000000000001"), "{}", said(&refused));
    assert_eq!(refused.head.number, "Số: ……/PTC-BPTNTKQ");
    let refused = RefusalPaper(matter("2023-05-03T10:00:00")).paper();
    assert!(!said(&refused).contains("000000000001"), "form 03 of 2018 has no identifier");
}

#[test]
fn a_stop_has_a_form_since_2025_only() {
    let before = StopPaper::new(matter("2025-09-12T10:00:00"), true);
    assert_eq!(before, Err(Refusal::FormNotInForce { on: date("2025-09-12") }));
    let asked = StopPaper::new(matter("2025-09-15T10:00:00"), true).unwrap().paper();
    assert_eq!(asked.form_label.as_deref(), Some("Mẫu số 05 - Thông tư số 03/2025/TT-VPCP"));
    assert!(said(&asked).contains("Căn cứ Điều 21 Nghị định số 118/2025/NĐ-CP"), "{}", said(&asked));
    let otherwise = StopPaper::new(matter("2026-05-04T10:00:00"), false).unwrap().paper();
    assert!(!said(&otherwise).contains("Điều 21"), "{}", said(&otherwise));
    assert!(said(&otherwise).contains("Lý do: Bản sao giấy khai sinh; Tờ khai có xác nhận."), "{}", said(&otherwise));
}

#[test]
fn the_control_slip_follows_the_journal() {
    let filed = Event::Registered { acceptance_due_at: at("2026-03-03T09:00:00") };
    let received = Event::Received { deadline: None, accepted_late: true, rule_version: 1 };
    let asked = Event::SupplementRequested { reason: "Thiếu".to_owned(), stops_clock: true, late: false };
    let resumed = Event::Resumed { old: None, new: None };
    let finished = Event::Finished { outcome: Outcome::Granted, reason: None, class: EndClass::Early };
    let overdue = Event::BecameOverdue { late_from: at("2026-03-03T09:00:00") };
    let journal =
        [&filed, &received, &Event::ProcessingStarted, &asked, &overdue, &resumed, &finished, &Event::Returned];
    let now = at("2026-03-02T09:00:00");
    let found: Vec<_> = steps(journal.map(|event| (event, now, "canbo")))
        .into_iter()
        .map(|step| (step.giver, step.receiver, step.class, step.note))
        .collect();
    let step = |giver, receiver, class, note: &str| (giver, receiver, class, note.to_owned());
    use Side::{Agency, Applicant, Unit};
    assert_eq!(
        found,
        [
            step(Applicant, Unit, None, "Nộp hồ sơ"),
            step(Applicant, Unit, Some(EndClass::Late), "Tiếp nhận hồ sơ"),
            step(Unit, Agency, None, "Chuyển hồ sơ giải quyết"),
            step(Agency, Applicant, Some(EndClass::OnTime), "Yêu cầu bổ sung: Thiếu"),
            step(Applicant, Agency, None, "Đã bổ sung"),
            step(Agency, Unit, Some(EndClass::Early), "Có kết quả giải quyết"),
            step(Unit, Applicant, None, "Trả kết quả"),
        ]
    );
    let agency = |code: &str| code.parse().unwrap();
    let (from, to) = (agency("H16.19"), agency("H16.18"));
    let sent = Event::TransferSent { transfer: "t".into(), from: agency("H16.19"), to: agency("H16.18"), late: true };
    let confirmed = Event::TransferConfirmed { transfer: "t".into(), from, to, sent_by: "motcua".into(), late: false };
    let handed: Vec<_> =
        steps([&received, &sent, &confirmed, &Event::ProcessingStarted].map(|event| (event, now, "canbo")))
            .into_iter()
            .skip(1)
            .map(|step| (step.giver, step.receiver, step.class, step.note))
            .collect();
    assert_eq!(
        handed,
        [
            step(Unit, Agency, Some(EndClass::Late), "Chuyển hồ sơ đến cơ quan giải quyết"),
            step(Unit, Agency, Some(EndClass::OnTime), "Xác nhận đã nhận hồ sơ; người giao: motcua"),
            step(Agency, Agency, None, "Giải quyết hồ sơ"),
        ]
    );
    let at_the_counter = steps([(&received, now, "canbo")]);
    assert_eq!(at_the_counter[0].class, None, "what was not filed before has no time by which it must be answered");
}
