//! The catalogue from the command line: in and out as a sheet.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use motcua::app;
use motcua::config::StoreSettings;
use motcua::documents::procedure_sheet;
use motcua::flow::{Act, Actor, Fault, audit};
use motcua::http::catalogue_import::{catalogue, read_sheet};

/// What is done with the catalogue.
#[derive(Subcommand)]
pub(crate) enum CatalogueCommand {
    /// Say row by row what a workbook or CSV would change; with --apply change it, all rows or none.
    Import {
        /// The file.
        file: PathBuf,
        /// Store it.
        #[arg(long)]
        apply: bool,
    },
    /// Write the catalogue to a workbook, or to CSV when the name ends so.
    Export {
        /// The file.
        file: PathBuf,
    },
}

/// Runs a command; an import with anything amiss exits with 1.
///
/// # Errors
/// When file or database cannot be read or written.
pub(crate) fn run(store: &StoreSettings, command: CatalogueCommand) -> Result<ExitCode, Box<dyn Error>> {
    let (db, ambient) = (app::open(store)?, store.ambient());
    match command {
        CatalogueCommand::Import { file, apply } => {
            let sheet = read_sheet(&std::fs::read(&file)?, false).map_err(|problem| problem.text().vi)?;
            let actor = Actor::service("catalogue");
            let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
            let report = if apply {
                db.write(|tx| {
                    let report = sheet.take_over(tx, act, false)?;
                    if report.applied {
                        audit::command(tx, act, "motcua catalogue import", None)?;
                    }
                    Ok::<_, Fault>(report)
                })?
            } else {
                db.read(|reader| sheet.foresee(reader, false))?
            };
            writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
            Ok(if report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
        }
        CatalogueCommand::Export { file } => {
            let procedures = db.read(|reader| catalogue(reader, ambient.now().date()))?;
            let written = if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
                procedure_sheet::csv(&procedures).into_bytes()
            } else {
                procedure_sheet::xlsx(&procedures, ambient.zoned(ambient.now()))?
            };
            std::fs::write(&file, written)?;
            writeln!(io::stdout(), "{} procedures", procedures.len())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
