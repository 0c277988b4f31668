//! What a template sees of the world: the templates, the data of one paper, and the fonts in the program.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _};

/// The data of the paper.
pub(super) const DATA: &str = "data.json";
/// Its QR code.
pub(super) const QR: &str = "qr.svg";

/// The templates that are compiled in; all papers are laid out with `layout.typ`.
const TEMPLATES: [(&str, &str); 9] = [
    ("layout.typ", include_str!("../templates/layout.typ")),
    ("receipt.typ", include_str!("../templates/receipt.typ")),
    ("supplement.typ", include_str!("../templates/supplement.typ")),
    ("refusal.typ", include_str!("../templates/refusal.typ")),
    ("apology.typ", include_str!("../templates/apology.typ")),
    ("stop.typ", include_str!("../templates/stop.typ")),
    ("control-slip.typ", include_str!("../templates/control-slip.typ")),
    ("reform-report.typ", include_str!("../templates/reform-report.typ")),
    ("register.typ", include_str!("../templates/register.typ")),
];

/// Liberation Serif, as wide as Times New Roman and with all of Vietnamese (SIL Open Font License).
const FONTS: [&[u8]; 4] = [
    include_bytes!("../fonts/LiberationSerif-Regular.ttf"),
    include_bytes!("../fonts/LiberationSerif-Bold.ttf"),
    include_bytes!("../fonts/LiberationSerif-Italic.ttf"),
    include_bytes!("../fonts/LiberationSerif-BoldItalic.ttf"),
];

/// What all papers share, made once.
struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    templates: Vec<Source>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let fonts: Vec<Font> = FONTS.iter().flat_map(|font| Font::iter(Bytes::new(*font))).collect();
    Shared {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        templates: TEMPLATES.iter().map(|(name, text)| Source::new(file_id(name), (*text).to_owned())).collect(),
    }
});

/// The identifier of a file at the root.
///
/// # Panics
/// Never: the names are this program's own.
pub(super) fn file_id(name: &str) -> FileId {
    #[expect(clippy::expect_used, reason = "the names are written in this program")]
    let path = VirtualPath::new(name).expect("a plain file name");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// The world of one paper.
pub(super) struct World {
    main: FileId,
    folders: Vec<PathBuf>,
    given: Vec<(FileId, Bytes)>,
}

impl World {
    /// The world of a paper of this form: templates in these folders go before those compiled in, and these files are
    /// the paper's own.
    pub(super) fn new(form: &str, folders: Vec<PathBuf>, given: Vec<(FileId, Bytes)>) -> Self {
        Self { main: file_id(&format!("{form}.typ")), folders, given }
    }

    /// A file as the log names it: where it lies, if it overrides one that is compiled in.
    pub(super) fn describe(&self, id: FileId) -> String {
        let found = self.candidates(id).into_iter().flatten().find(|path| path.is_file());
        found.map_or_else(|| id.vpath().get_without_slash().to_owned(), |path| path.display().to_string())
    }

    /// Where an override may lie. A virtual path cannot climb out of its root.
    fn candidates(&self, id: FileId) -> FileResult<Vec<PathBuf>> {
        if *id.root() != VirtualRoot::Project {
            return Err(FileError::Other(Some("packages are not available to papers".into())));
        }
        let realized = self.folders.iter().map(|folder| id.vpath().realize(folder).map_err(FileError::Realize));
        realized.collect()
    }

    /// The file of an agency's own, if there is one.
    fn overriding(&self, id: FileId) -> FileResult<Option<Vec<u8>>> {
        for path in self.candidates(id)? {
            match fs::read(&path) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
                Err(cause) => return Err(FileError::from_io(cause, &path)),
            }
        }
        Ok(None)
    }
}

impl typst::World for World {
    fn library(&self) -> &LazyHash<Library> {
        &SHARED.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &SHARED.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if let Some(bytes) = self.overriding(id)? {
            let text = String::from_utf8(bytes).map_err(|_| FileError::InvalidUtf8)?;
            return Ok(Source::new(id, text));
        }
        let built_in = SHARED.templates.iter().find(|source| source.id() == id);
        built_in.cloned().ok_or_else(|| FileError::NotFound(id.vpath().get_without_slash().into()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if let Some((_, bytes)) = self.given.iter().find(|(given, _)| *given == id) {
            return Ok(bytes.clone());
        }
        match self.overriding(id)? {
            Some(bytes) => Ok(Bytes::new(bytes)),
            None => self.source(id).map(|source| Bytes::from_string(source.text().to_owned())),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHARED.fonts.get(index).cloned()
    }

    /// A paper has its own date: that of the machine would make the same paper different every day.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
