//! DOCX read back: hard syllables, the mark of a draft, the same bytes for the same paper.
#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Read as _};

use super::{balanced, docx};
use crate::documents::press::tests::{hard_letter, hard_receipt};
use crate::domain::vocabulary::LetterStatus;

/// A part of the file, as text.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// What the runs of a part say, in order, without the tags around it.
fn said(xml: &str) -> String {
    let runs = xml.split("<w:t").skip(1).filter_map(|run| run.split_once('>'));
    runs.filter_map(|(_, rest)| rest.split_once("</w:t>")).map(|(text, _)| text).collect()
}

#[test]
fn hard_syllables_are_written_letter_by_letter() {
    let text = said(&part(&docx(&hard_letter()).unwrap(), "word/document.xml"));
    for syllables in ["Nguyễn Thị Ưởng", "Đặng Văn Quỳnh", "Ỷ lại", "xã Hữu Nghị", "tiếp nhận hồ sơ", "SỞ LAO ĐỘNG -"]
    {
        assert!(text.contains(syllables), "{syllables} in {text}");
    }
    let receipt = said(&part(&docx(&hard_receipt()).unwrap(), "word/document.xml"));
    assert!(receipt.contains("1. Tờ khai (01 bản chính)"), "{receipt}");
}

#[test]
fn a_draft_is_marked_in_the_header() {
    let draft = crate::domain::forms::apology::LetterPaper { status: LetterStatus::Draft, ..hard_letter() };
    assert_eq!(said(&part(&docx(&draft).unwrap(), "word/header1.xml")), "DỰ THẢO");
}

#[test]
fn the_same_paper_makes_the_same_bytes() {
    assert_eq!(docx(&hard_letter()).unwrap(), docx(&hard_letter()).unwrap());
}

#[test]
fn names_are_broken_into_lines_of_about_the_same_length() {
    for (name, fit, broken) in [
        ("UBND TỈNH", 24, "UBND TỈNH"),
        ("BỘ PHẬN TIẾP NHẬN VÀ TRẢ KẾT QUẢ", 24, "BỘ PHẬN TIẾP NHẬN\nVÀ TRẢ KẾT QUẢ"),
        ("MỘT HAI BA BỐN NĂM SÁU", 9, "MỘT HAI\nBA BỐN\nNĂM SÁU"),
        ("", 9, ""),
    ] {
        assert_eq!(balanced(name, fit), broken);
    }
}
