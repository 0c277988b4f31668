//! The housekeeping of files: what a crash left on its way into the store or out of it.

use std::time::{Duration, SystemTime};

use chrono::TimeDelta;

use crate::ambient::Ambient;
use crate::files::Files;
use crate::files::spool::sweep;
use crate::flow::Fault;
use crate::flow::files::settle;
use crate::storage::Db;

/// Nobody takes longer than this to bring a file in.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// Erases contents that no file has and whose claim is a day old, and temporary files of that age. For threads that may
/// block, inside a runtime.
///
/// # Errors
/// [`Fault::Storage`], [`Fault::Unavailable`] of store or folder; the rest is done the next time.
pub fn tidy_files(db: &Db, ambient: &Ambient, files: &Files) -> Result<(), Fault> {
    let before = ambient.now() - PATIENCE;
    let erase = |sha256: &str| files.store.erase(sha256).map_err(|cause| Fault::unavailable("file store", cause));
    let erased = settle(db, before, erase)?;
    let before = SystemTime::UNIX_EPOCH + Duration::from_secs(ambient.unix(before).unsigned_abs());
    let swept = sweep(files.store.spool(), before).map_err(|cause| Fault::unavailable("folder of uploads", cause))?;
    if erased + swept > 0 {
        tracing::info!(erased, swept, "files tidied");
    }
    Ok(())
}
