//! Types told apart by content, and names that are made to fit.

use std::io::Cursor;

use super::*;

fn of(content: &[u8]) -> Option<FileType> {
    FileType::of(&mut Cursor::new(content)).unwrap()
}

/// A ZIP archive of stored parts (APPNOTE 4.3.6); nobody looks at check sums here.
fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut list) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let at = u32::try_from(archive.len()).unwrap();
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        // Version, flags, method, time, date, check sum; sizes; lengths of name and extra field.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for piece in [&size[..], &size, &name_length, &[0, 0]] {
            common.extend_from_slice(piece);
        }
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&common);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(content);
        list.extend_from_slice(b"PK\x01\x02\x14\x00");
        list.extend_from_slice(&common);
        // Comment, disk, attributes inside and outside, offset.
        list.extend_from_slice(&[0; 10]);
        list.extend_from_slice(&at.to_le_bytes());
        list.extend_from_slice(name.as_bytes());
    }
    let begin = u32::try_from(archive.len()).unwrap();
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    archive.extend_from_slice(&list);
    archive.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend_from_slice(&count);
    archive.extend_from_slice(&count);
    archive.extend_from_slice(&u32::try_from(list.len()).unwrap().to_le_bytes());
    archive.extend_from_slice(&begin.to_le_bytes());
    archive.extend_from_slice(&[0, 0]);
    archive
}

const TYPES: &str = "[Content_Types].xml";

#[test]
fn scans_and_signatures_are_known_by_how_they_begin() {
    assert_eq!(of(b"%PDF-1.7\n1 0 obj"), Some(FileType::Pdf));
    assert_eq!(of(b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"), Some(FileType::Jpeg));
    assert_eq!(of(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), Some(FileType::Png));
    assert_eq!(of(b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00"), Some(FileType::Tiff));
    assert_eq!(of(b"MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00"), Some(FileType::Tiff));
    // SEQUENCE, a length of two bytes, OBJECT IDENTIFIER signedData; and the same of indefinite length.
    let signed = [&[0x30, 0x82, 0x0A, 0x10][..], SIGNED_DATA, &[0xA0, 0x82]].concat();
    assert_eq!(of(&signed), Some(FileType::Signed));
    assert_eq!(of(&[&[0x30, 0x80][..], SIGNED_DATA, &[0xA0, 0x80]].concat()), Some(FileType::Signed));
}

#[test]
fn documents_are_known_by_their_parts() {
    let mut word = Cursor::new(Vec::new());
    docx_rs::Docx::new().build().pack(&mut word).unwrap();
    assert_eq!(of(word.get_ref()), Some(FileType::Docx));
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet();
    assert_eq!(of(&book.save_to_buffer().unwrap()), Some(FileType::Xlsx));
    let odt = |kind: &[u8]| of(&zip(&[("mimetype", kind), ("content.xml", b"<a/>"), ("META-INF/manifest.xml", b"")]));
    assert_eq!(odt(b"application/vnd.oasis.opendocument.text"), Some(FileType::Odt));
    assert_eq!(odt(b"application/vnd.oasis.opendocument.spreadsheet"), None);
    // Whatever order the parts stand in, and whatever follows as the archive's comment.
    let mut last = zip(&[("docProps/app.xml", b""), ("_rels/.rels", b""), ("word/document.xml", b""), (TYPES, b"")]);
    assert_eq!(of(&last), Some(FileType::Docx));
    let length = last.len();
    last[length - 2] = 3;
    last.extend_from_slice(b"abc");
    assert_eq!(of(&last), Some(FileType::Docx));
}

#[test]
fn archives_and_documents_with_macros_are_refused() {
    assert_eq!(of(&zip(&[("a.txt", b"abc")])), None);
    assert_eq!(of(&zip(&[(TYPES, b""), ("ppt/presentation.xml", b"")])), None);
    assert_eq!(of(&zip(&[(TYPES, b""), ("word/document.xml", b""), ("word/vbaProject.bin", b"")])), None);
    let text = b"application/vnd.oasis.opendocument.text";
    assert_eq!(of(&zip(&[("mimetype", text), ("content.xml", b""), ("Basic/Standard/Module1.xml", b"")])), None);
    // Lists that lead nowhere.
    let whole = zip(&[(TYPES, b""), ("word/document.xml", b"")]);
    assert_eq!(of(&whole[..whole.len() - 30]), None);
    let mut astray = whole.clone();
    let length = astray.len();
    astray[length - 10..length - 2].fill(0xFF);
    assert_eq!(of(&astray), None);
    assert_eq!(of(b"PK\x03\x04"), None);
}

#[test]
fn xml_is_taken_when_it_only_says_something() {
    assert_eq!(of("<?xml version=\"1.0\"?>\n<!-- gói tin -->\n<edXML:edXML xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"/>".as_bytes()), Some(FileType::Xml));
    assert_eq!(of(b"\xEF\xBB\xBF<?xml version='1.0'?><a/>"), Some(FileType::Xml));
    for refused in [
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>",
        "<?xml version=\"1.0\"?><h:html xmlns:h=\"http://www.w3.org/1999/xhtml\"/>",
        "<?xml version=\"1.0\"?>",
        "<?xml version=\"1.0\"?><a",
        "<html><body></body></html>",
    ] {
        assert_eq!(of(refused.as_bytes()), None, "{refused}");
    }
    let utf16: Vec<u8> = "\u{feff}<?xml version=\"1.0\"?><a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(of(&utf16), None);
}

#[test]
fn what_is_on_no_list_is_of_no_type() {
    for refused in [
        &b"MZ\x90\x00\x03"[..],
        b"\x7fELF\x02\x01\x01",
        b"GIF89a",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        b"{\"a\": 1}",
        b"#!/bin/sh\n",
        b" %PDF-1.7",
        b"\x30\x82\x01\x0a\x02\x82",
        b"a",
        b"",
    ] {
        assert_eq!(of(refused), None, "{refused:?}");
    }
}

#[test]
fn names_end_as_their_content_is() {
    for (kind, name, fitted) in [
        (FileType::Pdf, "Đơn đề nghị.pdf", "Đơn đề nghị.pdf"),
        (FileType::Pdf, "ĐƠN.PDF", "ĐƠN.PDF"),
        (FileType::Jpeg, "ảnh.jpeg", "ảnh.jpeg"),
        (FileType::Jpeg, "ảnh.pdf", "ảnh.jpg"),
        (FileType::Pdf, "Giấy tờ.exe", "Giấy tờ.exe.pdf"),
        (FileType::Pdf, "Quyết định 12.2026", "Quyết định 12.2026.pdf"),
        (FileType::Docx, "tờ khai", "tờ khai.docx"),
        (FileType::Png, ".pdf", ".pdf.png"),
    ] {
        assert_eq!(kind.fitted(name), fitted);
    }
}
