//! PDF read back: hard syllables, text that is never markup, templates of an agency's own.
#![allow(clippy::unwrap_used)]

use std::fs;

use super::{PaperError, Press};
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::deadline::{OnSupplement, Rule, Unit};
use crate::domain::forms::apology::LetterPaper;
use crate::domain::forms::letterhead::{Imprint, Letterhead};
use crate::domain::forms::party::Party;
use crate::domain::forms::receipt::ReceiptPaper;
use crate::domain::papers::Document;
use crate::domain::vocabulary::{ApplicantKind, LetterKind, LetterStatus};

fn letterhead() -> Letterhead {
    Letterhead {
        code: Some("H16.18".parse().unwrap()),
        agency: "Sở Lao động - Thương binh và Xã hội".to_owned(),
        governing: Some("UBND tỉnh Đắk Nông".to_owned()),
        imprint: Imprint { place: Some("Đắk Nông".to_owned()), ..Imprint::default() },
    }
}

fn applicant(name: &str) -> Party {
    Party {
        kind: ApplicantKind::Citizen,
        name: name.to_owned(),
        identity_no: Some("000000000001".to_owned()),
        address: Some("Thôn Ỷ Nghĩa, xã Hữu Nghị".to_owned()),
        phone: None,
        email: None,
    }
}

/// A letter full of hard syllables.
pub(in crate::documents) fn hard_letter() -> LetterPaper {
    LetterPaper {
        letterhead: letterhead(),
        letter: "0198".to_owned(),
        kind: LetterKind::Late,
        status: LetterStatus::Issued,
        dossier: "H16.18-260302-0001".to_owned(),
        applicant: applicant("Nguyễn Thị Ưởng"),
        procedure: "Thủ tục tiếp nhận đối tượng ở xã Hữu Nghị".to_owned(),
        received_at: "2026-03-02T09:00:00".parse().unwrap(),
        promised_at: Some("2026-03-09T09:00:00".parse().unwrap()),
        reason: Some("Ỷ lại vào cơ quan phối hợp".to_owned()),
        reappoints: true,
        new_return_at: Some("2026-03-16T09:00:00".parse().unwrap()),
        ended: None,
        promulgation: Some(Promulgation {
            number: 12,
            notation: "PXL-SLĐTBXH".to_owned(),
            on: "2026-03-10".parse().unwrap(),
            signer: Signer { name: "Đặng Văn Quỳnh".to_owned(), position: "Phó Giám đốc".to_owned() },
        }),
        today: "2026-03-10".parse().unwrap(),
    }
}

/// A receipt full of hard syllables.
pub(in crate::documents) fn hard_receipt() -> ReceiptPaper {
    ReceiptPaper {
        letterhead: letterhead(),
        dossier: "H16.18-260302-0001".to_owned(),
        applicant: applicant("Nguyễn Thị Ưởng"),
        submitted_by: None,
        procedure: "Thủ tục tiếp nhận".to_owned(),
        summary: None,
        documents: vec![Document { name: "Tờ khai".to_owned(), originals: 1, copies: 0 }],
        sets: None,
        limit: Some(Rule {
            amount: 5,
            unit: Unit::WorkingDay,
            cutoff: None,
            on_supplement: OnSupplement::Restart,
            no_appointment: false,
        }),
        received_at: "2026-03-02T09:00:00".parse().unwrap(),
        promised_at: Some("2026-03-09T09:00:00".parse().unwrap()),
        delivery: None,
        secret: "ABCDE-FGHJK".to_owned(),
        address: Some("https://tra-cuu.example.vn".to_owned()),
    }
}

/// What a PDF says, with single spaces.
fn said(pdf: &[u8]) -> String {
    let text = pdf_extract::extract_text_from_mem(pdf).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn hard_syllables_are_printed_letter_by_letter() {
    let press = Press::default();
    let text = said(&press.pdf(&hard_letter()).unwrap());
    for line in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "UBND TỈNH ĐẮK NÔNG",
        "Số: 12/PXL-SLĐTBXH",
        "Đắk Nông, ngày 10 tháng 3 năm 2026",
        "PHIẾU XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
        "Kính gửi: Ông/Bà Nguyễn Thị Ưởng",
        "“Thủ tục tiếp nhận đối tượng ở xã Hữu Nghị”",
        "Lý do: Ỷ lại vào cơ quan phối hợp.",
        "vào 09 giờ 00 phút, ngày 16 tháng 3 năm 2026.",
        "KT. GIÁM ĐỐC",
        "PHÓ GIÁM ĐỐC",
        "Đặng Văn Quỳnh",
        "Mẫu số 04 - Thông tư số 03/2025/TT-VPCP",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let text = said(&press.pdf(&hard_receipt()).unwrap());
    for line in [
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Tiếp nhận hồ sơ của Ông/Bà: Nguyễn Thị Ưởng",
        "Số định danh cá nhân: 000000000001",
        "Thôn Ỷ Nghĩa, xã Hữu Nghị",
        "1. Tờ khai (01 bản chính)",
        "05 ngày làm việc",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn what_people_wrote_is_text_and_never_markup() {
    // Everything that means something to typst, to its strings or to JSON.
    let name = r##"#panic("a") $x$ *đậm* _nghiêng_ `mã` <nhãn> @dẫn [ô] {khối} \ "ngoặc" ~ // -- = + / 'Ưởng'"##;
    let paper = LetterPaper { applicant: applicant(name), reason: Some(name.to_owned()), ..hard_letter() };
    let text = said(&Press::default().pdf(&paper).unwrap());
    assert_eq!(text.matches(name).count(), 3, "addressee, sentence and reason: {text}");
}

#[test]
fn the_same_paper_makes_the_same_bytes_and_a_draft_is_marked() {
    let press = Press::default();
    let pdf = press.pdf(&hard_letter()).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf, press.pdf(&hard_letter()).unwrap());
    assert!(!said(&pdf).contains("DỰ THẢO"));
    let draft = LetterPaper { status: LetterStatus::Draft, promulgation: None, ..hard_letter() };
    assert!(said(&press.pdf(&draft).unwrap()).contains("DỰ THẢO"));
}

#[test]
fn an_agency_overrides_templates_and_a_broken_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let press = Press::new(Some(folder.path().to_owned()));
    assert!(said(&press.pdf(&hard_letter()).unwrap()).contains("PHIẾU XIN LỖI"), "no override, the built-in one");

    let common = "#let data = json(\"data.json\")\nChung: #data.facts.applicant.name";
    fs::write(folder.path().join("apology.typ"), common).unwrap();
    assert_eq!(said(&press.pdf(&hard_letter()).unwrap()), "Chung: Nguyễn Thị Ưởng");

    let own = folder.path().join("H16.18");
    fs::create_dir(&own).unwrap();
    fs::write(
        own.join("apology.typ"),
        "#import \"layout.typ\": *\n#let data = json(\"data.json\")\n#title(data.paper)",
    )
    .unwrap();
    assert!(
        said(&press.pdf(&hard_letter()).unwrap()).starts_with("PHIẾU XIN LỖI VÀ"),
        "its own, with what is built in"
    );

    fs::write(own.join("apology.typ"), "một\n#khong-co").unwrap();
    let PaperError::Template { place, message } = press.pdf(&hard_letter()).unwrap_err() else {
        panic!("a template fault")
    };
    assert!(place.ends_with("H16.18/apology.typ:2"), "{place}");
    assert!(message.contains("khong-co"), "{message}");
}

#[test]
fn a_template_reaches_nothing_but_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(folder.path().join("secret.txt"), "bí mật").unwrap();
    let press = Press::new(Some(templates.clone()));
    let outside = folder.path().join("secret.txt").display().to_string();
    for source in [
        "#read(\"../secret.txt\")".to_owned(),
        "#read(\"/../secret.txt\")".to_owned(),
        format!("#read(\"{outside}\")"),
        "#import \"@preview/tablex:0.0.8\": *".to_owned(),
        "#datetime.today().display()".to_owned(),
    ] {
        fs::write(templates.join("apology.typ"), &source).unwrap();
        let refused = press.pdf(&hard_letter());
        assert!(matches!(refused, Err(PaperError::Template { .. })), "{source}: {refused:?}");
    }
}
