//! Prints papers as PDF by typst: compiled-in templates that an agency may override, fonts of the program's own, nothing else.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Datelike, NaiveDate};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;
use thiserror::Error;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::{World as _, WorldExt as _};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::domain::forms::Printable;
use crate::domain::forms::text::{Block, Paper};
use crate::domain::vocabulary::AgencyCode;
use world::{DATA, QR, World, file_id};

mod world;

/// How many papers are printed between two clearings of what typst remembers.
const CLEARING: u32 = 16;
/// How many clearings an unused memory outlives.
const MEMORY: usize = 2;
/// Offset of the legal time of Việt Nam, in minutes.
const OFFSET: i32 = 7 * 60;

/// Held by whoever prints a long paper.
static LONG: Mutex<()> = Mutex::new(());

/// A paper could not be printed. The message is for the log: it may name files of the server.
#[derive(Debug, Error)]
pub enum PaperError {
    /// A template is wrong.
    #[error("template {place}: {message}")]
    Template {
        /// File and line.
        place: String,
        /// What typst says.
        message: String,
    },
    /// The data could not be handed to a writer.
    #[error("{0}")]
    Data(String),
}

/// Prints papers. Cheap to clone; a print takes some milliseconds of computing and belongs on a thread that may block.
#[derive(Debug, Clone, Default)]
pub struct Press {
    templates: Option<Arc<Path>>,
}

/// What a template reads from `data.json`: never source text, so that nothing in it is markup.
#[derive(Serialize)]
struct Data<'a, P> {
    /// The text, to be laid out.
    paper: &'a Paper,
    /// What it was made of, for templates with words of their own.
    facts: &'a P,
}

impl Press {
    /// A press whose templates may be overridden by `<folder>/<agency code>/<form>.typ`, else `<folder>/<form>.typ`.
    pub fn new(templates: Option<PathBuf>) -> Self {
        Self { templates: templates.map(Arc::from) }
    }

    /// Prints a paper. The same facts make the same bytes.
    ///
    /// # Errors
    /// [`PaperError`]; a broken template of an agency's own is not passed over, lest a paper go out with other words.
    pub fn pdf(&self, facts: &impl Printable) -> Result<Vec<u8>, PaperError> {
        let paper = facts.paper();
        let data = serde_json::to_vec(&Data { paper: &paper, facts });
        let data = data.map_err(|cause| PaperError::Data(cause.to_string()))?;
        let mut given = vec![(file_id(DATA), Bytes::new(data))];
        if let Some(look_up) = &paper.look_up {
            given.push((file_id(QR), Bytes::from_string(qr(&look_up.content)?)));
        }
        let folders = self.folders(paper.agency.as_ref());
        let world = World::new(paper.form.as_str(), folders, given);
        // Long papers take much memory: one after the other.
        let _turn = is_long(&paper).then(|| LONG.lock().unwrap_or_else(PoisonError::into_inner));
        let printed = compile(&world, &paper);
        clear_now_and_then(is_long(&paper));
        printed
    }

    /// Where templates of the agency's own may lie, the nearest first.
    fn folders(&self, agency: Option<&AgencyCode>) -> Vec<PathBuf> {
        let Some(templates) = &self.templates else { return Vec::new() };
        let own = agency.map(|agency| templates.join(agency.as_str()));
        own.into_iter().chain([templates.to_path_buf()]).collect()
    }
}

fn compile(world: &World, paper: &Paper) -> Result<Vec<u8>, PaperError> {
    let document = typst::compile(world).output.map_err(|errors| fault(world, &errors))?;
    // To be archived, a file must be dated; a draft is neither.
    let archival: &[PdfStandard] = if paper.date.is_some() { &[PdfStandard::A_2b] } else { &[] };
    let standards = PdfStandards::new(archival).map_err(|cause| PaperError::Data(format!("{cause:?}")))?;
    let options = PdfOptions {
        ident: Smart::Custom(identity(paper)),
        creator: Smart::Custom(Some("motcua".to_owned())),
        timestamp: paper.date.and_then(timestamp),
        standards,
        // Tags help readers for the blind, and cost a register of many pages its memory several times over.
        tagged: !is_long(paper),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(|errors| fault(world, &errors))
}

/// What tells the file from all others, and stays when it is printed again.
fn identity(paper: &Paper) -> String {
    let agency = paper.agency.as_ref().map_or("", AgencyCode::as_str);
    format!("{agency}/{}/{}", paper.form, paper.identity)
}

fn timestamp(date: NaiveDate) -> Option<Timestamp> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    Timestamp::new_local(Datetime::from_ymd_hms(date.year(), month, day, 0, 0, 0)?, OFFSET)
}

fn fault(world: &World, errors: &[SourceDiagnostic]) -> PaperError {
    let Some(first) = errors.first() else { return PaperError::Data("typst failed without a word".to_owned()) };
    let place = first.span.id().map_or_else(
        || world.main().vpath().get_without_slash().to_owned(),
        |id| {
            let file = world.describe(id);
            let line = world.range(first.span).zip(world.source(id).ok());
            let line = line.and_then(|(range, source)| source.lines().byte_to_line(range.start));
            line.map_or_else(|| file.clone(), |line| format!("{file}:{}", line + 1))
        },
    );
    PaperError::Template { place, message: first.message.to_string() }
}

/// A QR code that a scanner reads off a creased slip.
fn qr(content: &str) -> Result<String, PaperError> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M);
    let code = code.map_err(|cause| PaperError::Data(format!("QR code: {cause}")))?;
    Ok(code.render::<svg::Color<'_>>().quiet_zone(false).build())
}

/// Whether a paper goes on for many pages; typst is to forget those at once.
fn is_long(paper: &Paper) -> bool {
    paper.body.iter().any(|block| matches!(block, Block::Table(table) if table.rows.len() > 200))
}

/// Typst remembers parts of what it laid out, which makes the next paper fast, and without an end would fill the memory.
fn clear_now_and_then(at_once: bool) {
    static PRINTED: AtomicU32 = AtomicU32::new(0);
    let printed = PRINTED.fetch_add(1, Ordering::Relaxed);
    if at_once {
        typst::comemo::evict(0);
    } else if printed % CLEARING == CLEARING - 1 {
        typst::comemo::evict(MEMORY);
    }
}

#[cfg(test)]
pub(in crate::documents) mod tests;
