//! Commands on what is kept: histories in, everything out and in again, sealed anew, and forgotten.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use motcua::config::{FileSettings, StoreSettings};
use motcua::flow::reseal::reseal;
use motcua::flow::retention::{Retained, Retention, retain};
use motcua::flow::{Act, Actor, Fault, audit};
use motcua::http::register_import;
use motcua::storage::dump::{self, DumpError};
use motcua::{app, http};

/// Takes histories in, one JSON object a line; `-` is standard input. Fails when a line was refused.
pub(crate) fn import(store: &StoreSettings, file: &str) -> Result<ExitCode, Box<dyn Error>> {
    let (db, ambient, actor) = (app::open(store)?, store.ambient(), Actor::service("import"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    let mut source: Box<dyn BufRead> =
        if file == "-" { Box::new(io::stdin().lock()) } else { Box::new(BufReader::new(File::open(file)?)) };
    db.write(|tx| audit::command(tx, act, "motcua import", None))?;
    let report = http::imports::import_lines(&db, act, &mut source)?;
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(if report.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Takes an office's own register in, or says what that would do. Fails when something is amiss.
pub(crate) fn register(
    store: &StoreSettings,
    file: &Path,
    mapping: &Path,
    apply: bool,
) -> Result<ExitCode, Box<dyn Error>> {
    let mapping = register_import::read_mapping(&std::fs::read(mapping)?)?;
    let bytes = std::fs::read(file)?;
    let (db, ambient, actor) = (app::open(store)?, store.ambient(), Actor::service("register"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    if apply {
        db.write(|tx| audit::command(tx, act, "motcua register", None))?;
    }
    let report = register_import::import_register(&db, act, &mapping, &bytes, apply, false)?;
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(if report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes everything to a new file that only its owner reads, or to standard output.
pub(crate) fn export(store: &StoreSettings, file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let (db, ambient, actor) = (app::open(store)?, store.ambient(), Actor::service("export"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    let mut out: Box<dyn Write> = match file {
        Some(file) => Box::new(BufWriter::new(OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?)),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    db.write(|tx| audit::command(tx, act, "motcua export", None))?;
    let rows = db.snapshot(|reader| dump::write(reader, &mut out))?;
    writeln!(io::stderr(), "{rows} rows written")?;
    Ok(())
}

/// Loads what [`export`] wrote into an empty database.
pub(crate) fn load(store: &StoreSettings, file: &Path) -> Result<(), Box<dyn Error>> {
    let (db, ambient, actor) = (app::open_to_load(store)?, store.ambient(), Actor::service("load"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    let rows = db.write(|tx| {
        let rows = dump::load(tx, &mut BufReader::new(File::open(file)?))?;
        audit::command(tx, act, "motcua load", None)?;
        Ok::<_, DumpError>(rows)
    })?;
    writeln!(io::stdout(), "{rows} rows loaded")?;
    Ok(())
}

/// Seals everything under the newest data key. Fails when something does not open.
pub(crate) fn reencrypt(store: &StoreSettings) -> Result<ExitCode, Box<dyn Error>> {
    let (db, ambient, actor) = (app::open(store)?, store.ambient(), Actor::service("reencrypt"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    db.write(|tx| audit::command(tx, act, "motcua reencrypt", None))?;
    let done = reseal(&db)?;
    let mut out = io::stdout().lock();
    for closed in &done.closed {
        writeln!(out, "{closed}")?;
    }
    writeln!(out, "{} dossiers and {} webhooks sealed", done.dossiers, done.webhooks)?;
    Ok(if done.closed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Anonymises what ended long ago, or counts it.
pub(crate) fn retention(store: &StoreSettings, files: &FileSettings, wish: &Retention) -> Result<(), Box<dyn Error>> {
    let (db, files) = (app::open(store)?, store.files(files)?);
    let runtime = tokio::runtime::Runtime::new()?;
    let _inside = runtime.enter();
    let erase = |sha256: &str| files.store.erase(sha256).map_err(|cause| Fault::unavailable("file store", cause));
    let Retained { anonymised, open_letters, held } = retain(&db, &store.ambient(), wish, erase)?;
    let what = if wish.apply { "anonymised" } else { "would be anonymised (give --apply to do it)" };
    writeln!(io::stdout(), "{anonymised} dossiers {what}; left: {open_letters} with open letters, {held} held")?;
    Ok(())
}
