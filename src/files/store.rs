//! Where contents lie: a folder, or a bucket of an S3-compatible service; each once, under its SHA-256.

use std::fs::DirBuilder;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetResult, ObjectStore, ObjectStoreExt, RetryConfig};

use super::spool::Spooled;
use super::{FileFault, blocking};

/// What is larger goes to a bucket in parts of this size, the smallest that S3 takes (5 MiB).
const PART: u64 = 5 << 20;
/// Where a folder keeps what is being received: on the same disk, so that a file is moved into its place and not copied.
const INCOMING: &str = "incoming";
/// How long one erasing may take; on SQLite all other writers wait meanwhile.
const ERASING: Duration = Duration::from_secs(3);

/// A store of contents.
pub struct FileStore {
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
    spool: PathBuf,
    is_folder: bool,
}

impl FileStore {
    /// A folder, which is made when it is not there, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn in_folder(root: &Path) -> io::Result<Self> {
        let spool = root.join(INCOMING);
        let mut folders = DirBuilder::new();
        folders.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        folders.create(&spool)?;
        let objects = LocalFileSystem::new_with_prefix(root).map_err(io::Error::other)?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), prefix: Key::default(), spool, is_folder: true })
    }

    /// A bucket, below `prefix`; what is being received waits in the folder `spool`.
    ///
    /// # Errors
    /// When the builder lacks something.
    pub fn in_bucket(bucket: AmazonS3Builder, prefix: &str, spool: PathBuf) -> Result<Self, object_store::Error> {
        // Somebody waits: better an answer that says to come back later than a long silence.
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        // One content is erased at a time, which every S3-compatible service can do.
        let objects = bucket.with_retry(retry).with_disable_bulk_delete(true).build()?;
        Ok(Self { objects: Arc::new(objects), prefix: Key::parse(prefix)?, spool, is_folder: false })
    }

    /// Where what is being received waits.
    pub fn spool(&self) -> &Path {
        &self.spool
    }

    /// Two levels of folders keep each of them small.
    fn key(&self, sha256: &str) -> Key {
        let parts = ["sha256", &sha256[..2], &sha256[2..4], sha256].map(object_store::path::PathPart::from);
        Key::from_iter(self.prefix.parts().chain(parts))
    }

    /// Keeps a content, unless it is there already. It is there whole, or not at all.
    ///
    /// # Errors
    /// [`FileFault::Store`], [`FileFault::Spool`].
    pub async fn keep(&self, spooled: Spooled) -> Result<(), FileFault> {
        let key = self.key(&spooled.sha256);
        match self.objects.head(&key).await {
            Ok(found) if found.size == spooled.size => return Ok(()),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        if self.is_folder { self.move_in(spooled, &key).await } else { self.upload(&spooled, &key).await }
    }

    async fn move_in(&self, spooled: Spooled, key: &Key) -> Result<(), FileFault> {
        let name = spooled.path().file_name().unwrap_or_default().to_string_lossy();
        self.objects.rename(&Key::from_iter([INCOMING, name.as_ref()]), key).await?;
        spooled.moved();
        Ok(())
    }

    async fn upload(&self, spooled: &Spooled, key: &Key) -> Result<(), FileFault> {
        let file = spooled.reader()?;
        if spooled.size <= PART {
            let (_, whole) = next_part(file).await?;
            self.objects.put(key, whole.into()).await?;
            return Ok(());
        }
        let mut upload = self.objects.put_multipart(key).await?;
        let sent: Result<(), FileFault> = async {
            let mut file = file;
            loop {
                let (rest, part) = next_part(file).await?;
                if part.is_empty() {
                    break;
                }
                file = rest;
                upload.put_part(part.into()).await?;
            }
            upload.complete().await?;
            Ok(())
        }
        .await;
        if sent.is_err() {
            // The fault that is told is the first one.
            let _ = upload.abort().await;
        }
        sent
    }

    /// A content, or the bytes of it in `range`.
    ///
    /// # Errors
    /// [`FileFault::Lost`] when it is not there, [`FileFault::Store`].
    pub async fn read(&self, sha256: &str, range: Option<Range<u64>>) -> Result<GetResult, FileFault> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        match self.objects.get_opts(&self.key(sha256), options).await {
            Err(object_store::Error::NotFound { .. }) => Err(FileFault::Lost(sha256.to_owned())),
            other => Ok(other?),
        }
    }

    /// Erases a content; one that is not there is erased already. For threads that may block, inside a runtime.
    ///
    /// # Errors
    /// [`FileFault::Store`]; [`FileFault::Spool`] when it takes too long.
    pub fn erase(&self, sha256: &str) -> Result<(), FileFault> {
        let key = self.key(sha256);
        let erasing = async { tokio::time::timeout(ERASING, self.objects.delete(&key)).await };
        match tokio::runtime::Handle::current().block_on(erasing).map_err(io::Error::other)? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

/// The next bytes of a file, at most a part.
async fn next_part(file: std::fs::File) -> io::Result<(std::fs::File, Vec<u8>)> {
    blocking(move || {
        let mut part = Vec::new();
        (&file).take(PART).read_to_end(&mut part)?;
        Ok((file, part))
    })
    .await
}
