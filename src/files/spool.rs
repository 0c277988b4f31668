//! What is being received: a temporary file that is gone with its last handle, hashed as it grows.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

/// How the names of temporary files begin.
const PREFIX: &str = "motcua-upload-";

/// A file that is being received.
pub(in crate::files) struct Draft {
    file: NamedTempFile,
    hash: Sha256,
    size: u64,
}

/// A file received whole. Dropped, it is gone.
#[derive(Debug)]
pub struct Spooled {
    path: TempPath,
    /// In bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Draft {
    /// An empty one, readable by its owner alone.
    pub(in crate::files) fn begin(folder: &Path) -> io::Result<Self> {
        let file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)?;
        Ok(Self { file, hash: Sha256::new(), size: 0 })
    }

    /// Appends a block, and gives it back empty for the next.
    pub(in crate::files) fn write(mut self, mut block: Vec<u8>) -> io::Result<(Self, Vec<u8>)> {
        self.file.write_all(&block)?;
        self.hash.update(&block);
        self.size += block.len() as u64;
        block.clear();
        Ok((self, block))
    }

    /// All is there, on the disk too.
    pub(in crate::files) fn finish(self) -> io::Result<Spooled> {
        self.file.as_file().sync_all()?;
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Spooled { path: self.file.into_temp_path(), size: self.size, sha256 })
    }
}

impl Spooled {
    /// Its content from the beginning.
    ///
    /// # Errors
    /// When the temporary file cannot be opened.
    pub fn reader(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Where it lies.
    pub(in crate::files) fn path(&self) -> &Path {
        &self.path
    }

    /// It was moved away: there is nothing left to clean up.
    pub(in crate::files) fn moved(mut self) {
        self.path.disable_cleanup(true);
    }
}

/// Removes what a process that died left behind before `before`; answers how many files.
///
/// # Errors
/// When the folder cannot be read, or a file not removed.
pub fn sweep(folder: &Path, before: SystemTime) -> io::Result<usize> {
    let mut swept = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let removed = entry.metadata().and_then(|known| known.modified()).and_then(|modified| {
            if modified < before { fs::remove_file(entry.path()).map(|()| true) } else { Ok(false) }
        });
        match removed {
            Ok(removed) => swept += usize::from(removed),
            // Moved away meanwhile, or another owner's in a folder that all share: not ours to remove.
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(swept)
}
