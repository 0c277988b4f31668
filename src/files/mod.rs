//! The bytes of files: received whole, known by their content, scanned, and kept in a store under their SHA-256.
//!
//! What comes in lies in a temporary file until it is found good, so a client that breaks off, a wrong type or a virus
//! leaves nothing behind. Which dossier has which file is none of this module's business.

pub mod content;
pub mod scan;
pub mod spool;
pub mod store;

use std::io;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use thiserror::Error;

use crate::domain::vocabulary::Scan;
use content::FileType;
use scan::{Scanner, Verdict};
use spool::{Draft, Spooled};
use store::FileStore;

/// So many bytes are gathered before they are written and hashed, off the request's thread.
const BLOCK: usize = 256 << 10;

/// Why a file is not taken.
#[derive(Debug, Error)]
pub enum FileFault {
    /// The client broke off.
    #[error("the body broke off: {0}")]
    BrokenOff(String),
    /// The client sent nothing for too long.
    #[error("the body stalled")]
    Stalled,
    /// Larger than allowed.
    #[error("larger than {most} bytes")]
    TooLarge {
        /// The most that is taken, in bytes.
        most: u64,
    },
    /// No content.
    #[error("empty")]
    Empty,
    /// No type of the list, by its content.
    #[error("not of an accepted type")]
    TypeRefused,
    /// The scanner found something.
    #[error("infected")]
    Infected,
    /// The scanner gave no answer, or none in time.
    #[error("not scanned: {0}")]
    NotScanned(String),
    /// The temporary file failed.
    #[error("temporary file: {0}")]
    Spool(#[from] io::Error),
    /// The store has lost a content that a file has.
    #[error("file store: {0} is not there")]
    Lost(String),
    /// The store failed.
    #[error("file store: {0}")]
    Store(#[from] object_store::Error),
}

/// Takes files in and gives them out; cheap to clone.
#[derive(Clone)]
pub struct Files {
    /// Where they are kept.
    pub store: Arc<FileStore>,
    scanner: Option<Arc<Scanner>>,
    most: u64,
}

impl Files {
    /// Files of at most `most` bytes, scanned when there is a scanner.
    pub fn new(store: FileStore, scanner: Option<Scanner>, most: u64) -> Self {
        Self { store: Arc::new(store), scanner: scanner.map(Arc::new), most }
    }

    /// Receives a body whole, in flat memory, and hashes it. What is too large is read to its end and refused, so that the
    /// client gets the answer.
    ///
    /// # Errors
    /// That of the body, [`FileFault::TooLarge`], [`FileFault::Empty`], [`FileFault::Spool`].
    pub async fn receive<C: AsRef<[u8]>, E: Into<FileFault>>(
        &self,
        body: &mut (impl Stream<Item = Result<C, E>> + Unpin),
    ) -> Result<Spooled, FileFault> {
        let received = self.spool(body).await;
        if !matches!(received, Ok(_) | Err(FileFault::BrokenOff(_) | FileFault::Stalled)) {
            drain(body).await;
        }
        received
    }

    async fn spool<C: AsRef<[u8]>, E: Into<FileFault>>(
        &self,
        body: &mut (impl Stream<Item = Result<C, E>> + Unpin),
    ) -> Result<Spooled, FileFault> {
        let folder = self.store.spool().to_owned();
        let mut draft = blocking(move || Draft::begin(&folder)).await?;
        let mut block = Vec::with_capacity(BLOCK);
        let mut size = 0;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(Into::into)?;
            let chunk = chunk.as_ref();
            size += chunk.len() as u64;
            if size > self.most {
                return Err(FileFault::TooLarge { most: self.most });
            }
            block.extend_from_slice(chunk);
            if block.len() >= BLOCK {
                (draft, block) = blocking(move || draft.write(block)).await?;
            }
        }
        if size == 0 {
            return Err(FileFault::Empty);
        }
        Ok(blocking(move || draft.write(block)?.0.finish()).await?)
    }

    /// The type of what was received, by its content.
    ///
    /// # Errors
    /// [`FileFault::TypeRefused`], [`FileFault::Spool`].
    pub async fn examine(&self, spooled: Spooled) -> Result<(Spooled, FileType), FileFault> {
        let (spooled, found) = blocking(move || {
            let found = FileType::of(&mut spooled.reader()?)?;
            Ok((spooled, found))
        })
        .await?;
        Ok((spooled, found.ok_or(FileFault::TypeRefused)?))
    }

    /// What the virus scanner says, if there is one.
    ///
    /// # Errors
    /// [`FileFault::Infected`], [`FileFault::NotScanned`].
    pub async fn scan(&self, spooled: &Spooled) -> Result<Scan, FileFault> {
        let Some(scanner) = &self.scanner else { return Ok(Scan::Unscanned) };
        let verdict = scanner.scan(spooled.reader()?).await;
        match verdict.map_err(|cause| FileFault::NotScanned(cause.to_string()))? {
            Verdict::Clean => Ok(Scan::Clean),
            Verdict::Infected => Err(FileFault::Infected),
        }
    }
}

/// Reads a body that nobody wants to its end, so that the client gets to read the answer.
pub async fn drain<T, E>(body: &mut (impl Stream<Item = Result<T, E>> + Unpin)) {
    while let Some(Ok(_)) = body.next().await {}
}

/// Runs work on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(crate::trace::carried(work)).await.map_err(io::Error::other)?
}
