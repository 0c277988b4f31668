//! Commands that bring data in and out: histories line by line, and everything at once.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use motcua::config::StoreSettings;
use motcua::flow::{Act, Actor, audit};
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
