//! What a file is, by its content: the types that a dossier takes, told apart, and names that fit them.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use infer::{archive, image, odf, text};
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// So much of the beginning tells most types.
const HEAD: u64 = 4 << 10;
/// The root of an XML document must begin within so much.
const PROLOGUE: u64 = 64 << 10;
/// The longest list of parts that a ZIP-based document may have.
const DIRECTORY: u64 = 1 << 20;
/// A ZIP archive ends with this record of 22 bytes and a comment of up to 65,535.
const ZIP_END: (&[u8], usize, u64) = (b"PK\x05\x06", 22, 22 + 65_535);
/// A part in a ZIP archive's list: its sign, and its length without names.
const ZIP_PART: (&[u8], usize) = (b"PK\x01\x02", 46);
/// The object identifier of CMS signed data, 1.2.840.113549.1.7.2 (RFC 5652), as in DER.
const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// Namespaces of pages and drawings, which hold scripts.
const RUNS: &[&[u8]] = &[b"http://www.w3.org/1999/xhtml", b"http://www.w3.org/2000/svg"];

/// A type that a dossier takes. Documents with macros are of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// PDF.
    Pdf,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// TIFF.
    Tiff,
    /// Word (OOXML).
    Docx,
    /// Excel (OOXML).
    Xlsx,
    /// OpenDocument text.
    Odt,
    /// XML, edXML included.
    Xml,
    /// A signature, or what is signed, as CMS.
    Signed,
}

impl FileType {
    /// Every type.
    pub const ALL: &'static [Self] =
        &[Self::Pdf, Self::Jpeg, Self::Png, Self::Tiff, Self::Docx, Self::Xlsx, Self::Odt, Self::Xml, Self::Signed];

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Tiff => "image/tiff",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Xml => "application/xml",
            Self::Signed => "application/pkcs7-signature",
        }
    }

    /// How names of such files end; the first is given to those that end otherwise.
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Tiff => &["tif", "tiff"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Odt => &["odt"],
            Self::Xml => &["xml", "edxml"],
            Self::Signed => &["p7s", "p7m"],
        }
    }

    /// The type of a content; `None` for what is on no list.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(source: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD).read_to_end(&mut head)?;
        let found = match head.as_slice() {
            head if head.starts_with(b"%PDF-") => Some(Self::Pdf),
            head if image::is_jpeg(head) => Some(Self::Jpeg),
            head if image::is_png(head) => Some(Self::Png),
            head if image::is_tiff(head) => Some(Self::Tiff),
            head if archive::is_zip(head) => return of_zip(source, odf::is_odt(head)),
            head if text::is_xml(head) => return Ok(is_plain_xml(source)?.then_some(Self::Xml)),
            // The identifier stands behind the sequence's sign and a length of up to five bytes.
            head if head.first() == Some(&0x30) => {
                let begin = &head[..head.len().min(SIGNED_DATA.len() + 6)];
                begin.windows(SIGNED_DATA.len()).any(|window| window == SIGNED_DATA).then_some(Self::Signed)
            }
            _ => None,
        };
        Ok(found)
    }

    /// The name with an ending that fits: one of another type is replaced, any other name is given one more.
    pub fn fitted(self, name: &str) -> String {
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let ending = ending.to_ascii_lowercase();
        let is_of = |kind: &Self| kind.endings().contains(&ending.as_str());
        if is_of(&self) {
            name.to_owned()
        } else if !stem.is_empty() && Self::ALL.iter().any(is_of) {
            format!("{stem}.{}", self.endings()[0])
        } else {
            format!("{name}.{}", self.endings()[0])
        }
    }
}

/// Whether it is XML that only says something: no declared types or entities, no page and no drawing.
fn is_plain_xml(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    source.rewind()?;
    let mut reader = NsReader::from_reader(BufReader::new(source.take(PROLOGUE)));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_resolved_event_into(&mut buffer) {
            Ok((namespace, Event::Start(_) | Event::Empty(_))) => {
                let ResolveResult::Bound(namespace) = namespace else { return Ok(true) };
                return Ok(!RUNS.contains(&namespace.as_ref()));
            }
            Ok((_, Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Text(_))) => {}
            Ok(_) | Err(_) => return Ok(false),
        }
    }
}

/// A document in a ZIP archive, told by the names of its parts.
fn of_zip(source: &mut (impl Read + Seek), is_odt: bool) -> io::Result<Option<FileType>> {
    let Some(parts) = zip_parts(source)? else { return Ok(None) };
    let has = |test: &dyn Fn(&str) -> bool| parts.iter().any(|part| test(part));
    let main = |folder: &str| has(&|part| part.starts_with(folder) && part.ends_with(".xml"));
    let has_macros = has(&|part| part.ends_with("vbaProject.bin") || part.starts_with("Basic/"));
    Ok(if has_macros {
        None
    } else if is_odt && has(&|part| part == "content.xml") {
        Some(FileType::Odt)
    } else if !has(&|part| part == "[Content_Types].xml") {
        None
    } else if main("word/document") {
        Some(FileType::Docx)
    } else if main("xl/workbook") {
        Some(FileType::Xlsx)
    } else {
        None
    })
}

/// The names of the parts of a ZIP archive; `None` when its list cannot be followed or is too long for a document.
fn zip_parts(source: &mut (impl Read + Seek)) -> io::Result<Option<Vec<String>>> {
    let (sign, shortest, longest) = ZIP_END;
    let length = source.seek(SeekFrom::End(0))?;
    let tail_at = length.saturating_sub(longest);
    source.seek(SeekFrom::Start(tail_at))?;
    let mut tail = Vec::new();
    source.by_ref().take(longest).read_to_end(&mut tail)?;
    let Some(at) = tail.windows(shortest).rposition(|window| window.starts_with(sign)) else { return Ok(None) };
    let (size, begin) = (u64::from(number(&tail, at + 12, 4)), u64::from(number(&tail, at + 16, 4)));
    if size > DIRECTORY || begin + size > tail_at + at as u64 {
        return Ok(None);
    }
    source.seek(SeekFrom::Start(begin))?;
    let mut list = Vec::new();
    source.by_ref().take(size).read_to_end(&mut list)?;
    let (sign, fixed) = ZIP_PART;
    let (mut parts, mut rest) = (Vec::new(), list.as_slice());
    while rest.len() >= fixed && rest.starts_with(sign) {
        let lengths = [28, 30, 32].map(|place| number(rest, place, 2) as usize);
        let Some(name) = rest.get(fixed..fixed + lengths[0]) else { return Ok(None) };
        parts.push(String::from_utf8_lossy(name).into_owned());
        rest = rest.get(fixed + lengths.iter().sum::<usize>()..).unwrap_or_default();
    }
    Ok(rest.is_empty().then_some(parts))
}

/// A little-endian number of some bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> u32 {
    let digits = bytes.get(at..at + length).unwrap_or_default();
    digits.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests;
