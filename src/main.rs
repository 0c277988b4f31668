//! The program: subcommands, nothing else.

mod account_commands;
mod backup_commands;
mod catalogue_commands;
mod data_commands;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use motcua::config::{FileSettings, ServeSettings, StoreSettings};
use motcua::documents::docx::docx;
use motcua::documents::press::Press;
use motcua::documents::sheet::Imprint;
use motcua::documents::{form_06a, form_06b};
use motcua::domain::statistics::Period;
use motcua::domain::vocabulary::AgencyCode;
use motcua::flow::retention::Retention;
use motcua::flow::strike::rebuild;
use motcua::flow::sweep::sweep;
use motcua::flow::verify::{Verdict, verify};
use motcua::flow::{Fault, reform, report};
use motcua::http::reform::ReformReportView;
use motcua::{app, demo, http};
use serde_json::Value;

use account_commands::{ClientCommand, UserCommand};
use backup_commands::BackupSettings;
use catalogue_commands::CatalogueCommand;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Dossiers of one-stop shops: deadlines, states, counts, letters of apology.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    store: StoreSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(ServeSettings),
    /// Load the demonstration office into its own database, show its figures, and serve it.
    Demo {
        #[command(flatten)]
        serve: ServeSettings,
        /// Stop before serving.
        #[arg(long)]
        load_only: bool,
    },
    /// Bring the database up to date.
    Migrate,
    /// Notice what became overdue and open its letters.
    Sweep {
        /// Open a warning letter so many working days ahead; 0 opens none.
        #[arg(long, env = "MOTCUA_AT_RISK_DAYS", default_value_t = 0)]
        at_risk_days: u32,
    },
    /// Import histories, one JSON object a line.
    Import {
        /// The file; `-` for standard input.
        file: String,
    },
    /// Say row by row what taking in an office's own register, a workbook or CSV, would do; with --apply take it in.
    Register {
        /// The file.
        file: PathBuf,
        /// The file that says which column is what (JSON; docs/REGISTER.md).
        #[arg(long)]
        mapping: PathBuf,
        /// Take in the rows that are right. Rows that were taken in before are passed over.
        #[arg(long)]
        apply: bool,
    },
    /// Write everything as lines of JSON, to be loaded into an empty database of either kind.
    Export {
        /// The file, which must not be there yet; standard output when left out.
        file: Option<PathBuf>,
    },
    /// Copy a SQLite database and its keys while it is in use.
    Backup(BackupSettings),
    /// Put a backup in the place of a SQLite database that is not there; it is checked and recounted first.
    Restore {
        /// The backup.
        file: PathBuf,
        /// The keys that were written with it; the key files beside the database, or MOTCUA_DATA_KEY, when left out.
        #[arg(long)]
        keys: Option<PathBuf>,
    },
    /// Load what `export` wrote, all or nothing, into an empty database.
    Load {
        /// The file.
        file: PathBuf,
    },
    /// The catalogue of procedures as a sheet, in and out.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Reports.
    #[command(subcommand)]
    Report(ReportCommand),
    /// Recount everything from the journal; exit 1 when something differs.
    Verify,
    /// The balances that reports are reckoned from.
    #[command(subcommand)]
    Balances(BalancesCommand),
    /// People who may sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// Machines that may sign in.
    #[command(subcommand)]
    Client(ClientCommand),
    /// The key files.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Seal everything under the newest data key: after `key rotate --data` and a restart, and after an upgrade from a
    /// version that did not seal. Serving goes on meanwhile.
    Reencrypt,
    /// Forget the persons in dossiers that ended long ago; every figure stays. Only counts them unless --apply is given.
    Retention {
        /// How many years after the end.
        #[arg(long, env = "MOTCUA_RETENTION_YEARS", value_parser = clap::value_parser!(u32).range(1..=200))]
        years: u32,
        /// Resolved by this agency or one below it; by any when left out.
        #[arg(long)]
        agency: Option<AgencyCode>,
        /// Do it.
        #[arg(long)]
        apply: bool,
        /// Only count; this is so anyway.
        #[arg(long, conflicts_with = "apply")]
        dry_run: bool,
        /// Where files are kept.
        #[command(flatten)]
        files: FileSettings,
    },
    /// Print the API document.
    Openapi,
}

#[derive(Subcommand)]
enum ReportCommand {
    /// Form II.06a: fields in sections by level.
    #[command(name = "06a")]
    Form06a {
        #[command(flatten)]
        asked: AskedReport,
        /// json, csv or xlsx.
        #[arg(long, default_value = "json", value_parser = ["json", "csv", "xlsx"])]
        format: String,
    },
    /// Form II.06b: the agency itself and each one directly below it.
    #[command(name = "06b")]
    Form06b {
        #[command(flatten)]
        asked: AskedReport,
        /// json or xlsx.
        #[arg(long, default_value = "json", value_parser = ["json", "xlsx"])]
        format: String,
    },
    /// The report on administrative reform.
    Reform {
        #[command(flatten)]
        asked: AskedReport,
        /// json, docx or pdf.
        #[arg(long, default_value = "json", value_parser = ["json", "docx", "pdf"])]
        format: String,
    },
}

#[derive(Args)]
struct AskedReport {
    /// First day.
    #[arg(long, required_unless_present = "period")]
    from: Option<NaiveDate>,
    /// Last day.
    #[arg(long, required_unless_present = "period")]
    to: Option<NaiveDate>,
    /// A preset instead, e.g. 2023-H1.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    period: Option<String>,
    /// Agency, with those below it; all when left out.
    #[arg(long)]
    agency: Option<AgencyCode>,
    /// File to write; standard output when left out.
    #[arg(long)]
    output: Option<PathBuf>,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Add a new key, which signs from the next start on; tokens of the one before go on for their 15 minutes.
    Rotate {
        /// Drop the keys before, because they got out: their tokens end with the restart, and clients renew them.
        #[arg(long)]
        revoke: bool,
        /// The keys that seal personal data instead: the new one seals, those before still open.
        #[arg(long, conflicts_with = "revoke")]
        data: bool,
    },
}

#[derive(Subcommand)]
enum BalancesCommand {
    /// Build them all anew from the rows; serving goes on meanwhile.
    Rebuild,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    motcua::telemetry::start();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            // The last word to whoever started the program, also when no log is read.
            let _ = writeln!(io::stderr(), "motcua: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    let store = cli.store;
    let mut out = io::stdout().lock();
    match cli.command {
        Command::Openapi => writeln!(out, "{}", http::openapi().to_pretty_json()?)?,
        Command::Serve(settings) => {
            let listener = listen(&settings)?;
            let db = app::open(&store)?;
            writeln!(out, "API: {}://{}", settings.edges.scheme(), listener.local_addr()?)?;
            drop(out);
            serve(db, &store, &settings, listener)?;
        }
        Command::Demo { serve: settings, load_only } => {
            drop(out);
            return run_demo(store, &settings, load_only);
        }
        Command::Migrate => {
            let db = motcua::storage::Db::open_amid(
                &store.database_url,
                store.pools(),
                &store.surroundings(),
                store.vault()?,
            )?;
            writeln!(out, "{} migration(s) run", motcua::storage::migrate::up(&db)?)?;
            motcua::storage::data_keys::admit(&db)?;
        }
        Command::Sweep { at_risk_days } => {
            let swept = sweep(&app::open(&store)?, &store.ambient(), at_risk_days)?;
            writeln!(out, "{} newly overdue, {} warned", swept.overdue, swept.warned)?;
        }
        Command::Catalogue(command) => {
            drop(out);
            return catalogue_commands::run(&store, command);
        }
        Command::Import { file } => {
            drop(out);
            return data_commands::import(&store, &file);
        }
        Command::Register { file, mapping, apply } => {
            drop(out);
            return data_commands::register(&store, &file, &mapping, apply);
        }
        Command::Export { file } => {
            drop(out);
            data_commands::export(&store, file.as_deref())?;
        }
        Command::Backup(settings) => {
            drop(out);
            backup_commands::backup(&store, settings)?;
        }
        Command::Restore { file, keys } => {
            drop(out);
            backup_commands::restore(&store, &file, keys.as_deref())?;
        }
        Command::Load { file } => {
            drop(out);
            data_commands::load(&store, &file)?;
        }
        Command::Report(command) => print_report(&store, command)?,
        Command::Verify => {
            let verdict = verify(&app::open(&store)?, store.ambient().now())?;
            for difference in &verdict.differences {
                writeln!(out, "{difference}")?;
            }
            let count = verdict.differences.len();
            let Verdict { dossiers, periods, balances, audited, unsealed, audit_head, .. } = verdict;
            writeln!(out, "audit log: {audited} entries, {unsealed} waiting, ends with {audit_head}")?;
            writeln!(out, "{dossiers} dossiers, {periods} periods, {balances} balances, {count} differences")?;
            return Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Balances(BalancesCommand::Rebuild) => {
            let struck = rebuild(&app::open(&store)?, &store.ambient())?;
            writeln!(out, "{} balances struck", struck.stamps)?;
        }
        Command::Key(KeyCommand::Rotate { data: true, .. }) => {
            store.rotate_data_key(&store.ambient())?;
            writeln!(out, "new data key; restart what serves, then run motcua reencrypt")?;
        }
        Command::Key(KeyCommand::Rotate { revoke, .. }) => {
            store.rotate_key(&store.ambient(), revoke)?;
            writeln!(out, "new key; restart what serves")?;
        }
        Command::Reencrypt => {
            drop(out);
            return data_commands::reencrypt(&store);
        }
        Command::Retention { years, agency, apply, files, .. } => {
            drop(out);
            data_commands::retention(&store, &files, &Retention { years, agency, apply })?;
        }
        Command::Client(command) => {
            drop(out);
            account_commands::client(&store, command)?;
        }
        Command::User(command) => {
            drop(out);
            account_commands::user(&store, command)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_report(store: &StoreSettings, command: ReportCommand) -> Result<(), Box<dyn Error>> {
    let (asked, format) = match &command {
        ReportCommand::Form06a { asked, format }
        | ReportCommand::Form06b { asked, format }
        | ReportCommand::Reform { asked, format } => (asked, format.as_str()),
    };
    if matches!(format, "xlsx" | "docx" | "pdf") && asked.output.is_none() && io::stdout().is_terminal() {
        return Err("this is no text for a terminal: give --output FILE".into());
    }
    let period = match (&asked.period, asked.from.zip(asked.to)) {
        (Some(name), _) => Period::preset(name)?,
        (None, Some((from, to))) => Period::new(from, to)?,
        (None, None) => return Err("from and to, or period".into()),
    };
    let (ambient, agency) = (store.ambient(), asked.agency.as_ref());
    let now = ambient.now();
    let window = period.window(now);
    let as_of = http::dossier_view::stamp(&ambient, window.as_of());
    let imprint = Imprint { as_of: window.as_of(), made_at: ambient.zoned(now) };
    let json = |form: Value| serde_json::to_string_pretty(&form).map(|text| format!("{text}\n").into_bytes());
    let db = app::open(store)?;
    let written = match &command {
        ReportCommand::Form06a { .. } => {
            let form = db.read(|reader| report::form_06a(reader, agency, period, &window))?;
            match format {
                "xlsx" => form_06a::xlsx(&form, imprint)?,
                "csv" => form_06a::csv(&form).into_bytes(),
                _ => json(form_06a::json(&form, &as_of))?,
            }
        }
        ReportCommand::Form06b { .. } => {
            let form = db.read(|reader| report::form_06b(reader, agency, period, &window))?;
            if format == "xlsx" { form_06b::xlsx(&form, imprint)? } else { json(form_06b::json(&form, &as_of))? }
        }
        ReportCommand::Reform { .. } => {
            let (figures, paper) = db.snapshot(|reader| {
                let figures = reform::figures(reader, agency, period, &window)?;
                let paper = reform::report(reader, agency, &window, &figures, now)?;
                Ok::<_, Fault>((figures, paper))
            })?;
            match format {
                "docx" => docx(&paper)?,
                "pdf" => Press::default().pdf(&paper)?,
                _ => json(serde_json::to_value(ReformReportView::of(agency.cloned(), as_of, &figures))?)?,
            }
        }
    };
    match &asked.output {
        Some(file) => std::fs::write(file, written)?,
        None => io::stdout().write_all(&written)?,
    }
    Ok(())
}

fn listen(settings: &ServeSettings) -> Result<TcpListener, Box<dyn Error>> {
    let listener = TcpListener::bind(&settings.listen)
        .map_err(|cause| format!("cannot listen on {}: {cause} (set MOTCUA_LISTEN)", settings.listen))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn serve(
    db: motcua::storage::Db,
    store: &StoreSettings,
    settings: &ServeSettings,
    listener: TcpListener,
) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    actix_web::rt::System::new().block_on(app::serve(db, store.ambient(), store, settings, listener))
}

fn run_demo(mut store: StoreSettings, settings: &ServeSettings, load_only: bool) -> Result<ExitCode, Box<dyn Error>> {
    if store.database_url == "sqlite://motcua.db" {
        store.database_url = demo::start_afresh()?;
    }
    let listener = if load_only { None } else { Some(listen(settings)?) };
    let db = app::open(&store)?;
    let ambient = store.ambient();
    let mut progress: Box<dyn Write> =
        if io::stderr().is_terminal() { Box::new(io::stderr()) } else { Box::new(io::sink()) };
    writeln!(io::stderr(), "Đang nạp dữ liệu minh họa …")?;
    demo::load(&db, &ambient, &mut progress)?;
    demo::login(&db, &ambient)?;
    demo::show(&db, &ambient, &mut io::stdout().lock())?;
    if let Some(listener) = listener {
        let here = format!("{}://{}", settings.edges.scheme(), listener.local_addr()?);
        writeln!(
            io::stdout(),
            "Một cửa: {here}/desk\nBảng điều hành: {here}/board\nTra cứu: {here}/tra-cuu\nNiêm yết: {here}/niem-yet\n\
             API: {here}/docs/ (Ctrl+C để dừng)"
        )?;
        // Slips of the demonstration lead to its own look-up.
        let public_url = settings.public_url.clone().or_else(|| Some(format!("{here}/tra-cuu")));
        serve(db, &store, &ServeSettings { public_url, ..settings.clone() }, listener)?;
    }
    Ok(ExitCode::SUCCESS)
}
