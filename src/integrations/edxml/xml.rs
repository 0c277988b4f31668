//! XML from outside, read into a small tree: what no packet needs and an attacker might use is refused on the way.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::NAMESPACE;
use super::refusal::EdxmlRefusal;

/// A packet is seven deep.
const MAX_DEPTH: usize = 16;
/// A packet to a thousand offices has some ten thousand elements.
const MAX_ELEMENTS: usize = 50_000;
/// Attributes of one element, declarations of namespaces included.
const MAX_ATTRIBUTES: usize = 32;
/// Of XML signatures, which are passed over whole.
const SIGNATURE: &[u8] = b"http://www.w3.org/2000/09/xmldsig#";

/// An element of the standard's namespace.
#[derive(Debug, Default)]
pub(super) struct Element<'x> {
    /// Its local name.
    pub(super) name: String,
    /// Its text; blank beside other elements.
    pub(super) text: Cow<'x, str>,
    /// The elements in it, in order.
    pub(super) children: Vec<Element<'x>>,
}

/// Reads a document; the tree borrows from its bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Element<'_>, EdxmlRefusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| EdxmlRefusal::Encoding)?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    reader.resolver_mut().set_max_declarations_per_element(MAX_ATTRIBUTES);
    let mut builder = Builder::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(malformed)?;
        let kind = Kind::of(&namespace);
        match event {
            Event::Start(start) => builder.open(kind, &start)?,
            Event::Empty(start) => {
                builder.open(kind, &start)?;
                builder.close()?;
            }
            Event::End(_) => builder.close()?,
            Event::Text(text) => builder.text(text.xml10_content().map_err(malformed)?)?,
            Event::CData(text) => builder.text(text.xml10_content().map_err(malformed)?)?,
            Event::GeneralRef(reference) => builder.text(resolved(&reference)?.into())?,
            Event::Decl(declaration) => check_declaration(&declaration)?,
            Event::DocType(_) => return Err(EdxmlRefusal::DocumentType),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return builder.finish(),
        }
    }
}

fn malformed(cause: impl ToString) -> EdxmlRefusal {
    EdxmlRefusal::Malformed(cause.to_string())
}

fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), EdxmlRefusal> {
    if *declaration.version().map_err(malformed)? != *b"1.0" {
        return Err(malformed("only XML 1.0"));
    }
    match declaration.encoding().transpose().map_err(malformed)? {
        Some(encoding) if !encoding.eq_ignore_ascii_case(b"utf-8") => Err(EdxmlRefusal::Encoding),
        _ => Ok(()),
    }
}

/// What a reference stands for: a character, or one of the five entities that XML has by itself.
fn resolved(reference: &BytesRef<'_>) -> Result<String, EdxmlRefusal> {
    if let Some(character) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(malformed)?;
    let known = quick_xml::escape::resolve_predefined_entity(&name);
    known.map(str::to_owned).ok_or_else(|| EdxmlRefusal::Entity(name.into_owned()))
}

/// In which namespace an element is.
enum Kind {
    Ours,
    Signature,
    Foreign,
}

impl Kind {
    fn of(namespace: &ResolveResult<'_>) -> Self {
        match namespace {
            ResolveResult::Bound(Namespace(name)) if *name == NAMESPACE.as_bytes() => Self::Ours,
            ResolveResult::Bound(Namespace(SIGNATURE)) => Self::Signature,
            _ => Self::Foreign,
        }
    }
}

/// The elements that are open, and the root once it is closed.
#[derive(Default)]
struct Builder<'x> {
    open: Vec<Element<'x>>,
    root: Option<Element<'x>>,
    elements: usize,
    /// How deep the reading is inside a signature.
    passed_over: usize,
}

impl<'x> Builder<'x> {
    fn open(&mut self, kind: Kind, start: &BytesStart<'_>) -> Result<(), EdxmlRefusal> {
        self.elements += 1;
        if self.open.len() + self.passed_over >= MAX_DEPTH {
            return Err(EdxmlRefusal::TooDeep);
        }
        if self.elements > MAX_ELEMENTS {
            return Err(EdxmlRefusal::TooMany);
        }
        check_attributes(start)?;
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        match kind {
            // A root that is none, or one of a signature alone, is no packet.
            Kind::Signature if !self.open.is_empty() => self.passed_over += 1,
            Kind::Signature | Kind::Foreign => return Err(EdxmlRefusal::Namespace(name)),
            Kind::Ours if self.passed_over > 0 => return Err(EdxmlRefusal::Namespace(name)),
            Kind::Ours if self.open.is_empty() && self.root.is_some() => return Err(malformed("two roots")),
            Kind::Ours => self.open.push(Element { name, ..Element::default() }),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), EdxmlRefusal> {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return Ok(());
        }
        let Some(element) = self.open.pop() else { return Err(malformed("an end without a start")) };
        if !element.children.is_empty() && !is_blank(&element.text) {
            return Err(malformed("text beside elements"));
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'x, str>) -> Result<(), EdxmlRefusal> {
        if self.passed_over > 0 {
            return Ok(());
        }
        match self.open.last_mut() {
            Some(element) if element.text.is_empty() => element.text = text,
            Some(element) => element.text.to_mut().push_str(&text),
            None if is_blank(&text) => {}
            None => return Err(malformed("text outside the root")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element<'x>, EdxmlRefusal> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            _ => Err(malformed("it ends too early")),
        }
    }
}

/// White space as XML knows it.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Attributes say nothing that is needed; but they must be well-formed, and not too many to be compared with each other.
fn check_attributes(start: &BytesStart<'_>) -> Result<(), EdxmlRefusal> {
    for (index, attribute) in start.attributes().enumerate() {
        if index >= MAX_ATTRIBUTES {
            return Err(EdxmlRefusal::TooMany);
        }
        let value = attribute.map_err(malformed)?;
        value.normalized_value(XmlVersion::Implicit1_0).map_err(|cause| match cause {
            quick_xml::Error::Escape(quick_xml::escape::EscapeError::UnrecognizedEntity(_, name)) => {
                EdxmlRefusal::Entity(name)
            }
            other => malformed(other),
        })?;
    }
    Ok(())
}
