//! Backup and restore of a database in a file. What a server keeps is backed up by the server's own means.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use motcua::config::StoreSettings;
use motcua::config::keys::KeyRing;
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor, audit};
use motcua::storage::{Db, backup, data_keys, migrate};

/// Said where the database is PostgreSQL.
const OTHER_MEANS: &str = "PostgreSQL is backed up and restored by its own means: pg_dump and pg_restore, or a base backup \
    with WAL archiving for any point in time (docs/OPERATIONS.md, Backups)";

/// Where a backup goes, and the keys that are set and not in files.
#[derive(Args)]
pub(crate) struct BackupSettings {
    /// The file, which must not be there yet.
    file: PathBuf,
    /// A second file for the keys, to be kept elsewhere: whoever has both can read everything.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Signs access tokens, where it is not in a key file.
    #[arg(long, env = "MOTCUA_JWT_KEY", hide_env_values = true)]
    jwt_key: Option<String>,
    /// Makes the secrets on slips, where it is not in a key file.
    #[arg(long, env = "MOTCUA_LOOKUP_KEY", hide_env_values = true)]
    lookup_key: Option<String>,
}

/// Copies the database, as it stands at this moment, and the keys. Serving goes on meanwhile.
pub(crate) fn backup(store: &StoreSettings, settings: BackupSettings) -> Result<(), Box<dyn Error>> {
    let database = database_file(store)?;
    let BackupSettings { file, keys, jwt_key, lookup_key } = settings;
    if !database.exists() {
        return Err(format!("{} is not there", database.display()).into());
    }
    if let Some(new) = [Some(&file), keys.as_ref()].into_iter().flatten().find(|new| new.exists()) {
        return Err(format!("{} is there; it is not overwritten", new.display()).into());
    }
    let ring = KeyRing::of(store, jwt_key, lookup_key)?;
    // Not migrated: a backup before an upgrade is made by the new program while the old one serves.
    let db = Db::open(&store.database_url, store.pools(), ring.vault()?)?;
    data_keys::admit(&db)?;
    note(store, &db, "motcua backup")?;
    let folder = drafts(&file)?;
    let draft = folder.path().join("copy");
    private(&draft)?;
    let faults = db.read(|reader| backup::copy_into(reader, &draft))?;
    refuse("the copy is damaged", &faults)?;
    File::open(&draft)?.sync_all()?;
    if let Some(keys) = &keys {
        ring.write(keys)?;
    }
    put(&draft, &file)?;
    writeln!(io::stdout(), "{}: {} bytes, checked", file.display(), fs::metadata(&file)?.len())?;
    match keys {
        Some(keys) => writeln!(io::stdout(), "{}: the keys; keep them apart from it", keys.display())?,
        None => writeln!(
            io::stderr(),
            "!!! WITHOUT KEYS: nobody can restore this without the data key it is sealed with. Give --keys FILE, or make sure \
             that the key files are backed up elsewhere."
        )?,
    }
    writeln!(io::stderr(), "the folder of files is not in it: copy it after this (docs/OPERATIONS.md, Backups)")?;
    Ok(())
}

/// Puts a backup in the place of a database that is not there, once it has proved to be whole.
pub(crate) fn restore(store: &StoreSettings, file: &Path, keys: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let database = database_file(store)?;
    for path in ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", database.display()))) {
        if path.exists() {
            return Err(format!("{} is there; it is not overwritten", path.display()).into());
        }
    }
    let ring = match keys {
        Some(keys) => KeyRing::read(keys)?,
        None => KeyRing::of(store, None, None).map_err(|cause| format!("{cause}; or give --keys FILE"))?,
    };
    let folder = drafts(&database)?;
    let draft = folder.path().join("copy");
    io::copy(&mut File::open(file)?, &mut private(&draft)?)?;
    let db = Db::open(&format!("sqlite://{}", draft.display()), store.pools(), ring.vault()?)?;
    refuse("the backup is damaged", &db.read(backup::faults)?)?;
    if !db.read(migrate::is_known)? {
        return Err("the backup is of a newer version of this program: restore it with that".into());
    }
    migrate::up(&db)?;
    data_keys::admit(&db)?;
    let verdict = verify(&db, store.ambient().now())?;
    refuse("a recount differs from what the backup says", &verdict.differences)?;
    note(store, &db, "motcua restore")?;
    if !db.read(backup::settle)? {
        return Err("the restored database is in use".into());
    }
    drop(db);
    File::open(&draft)?.sync_all()?;
    ring.place(store)?;
    put(&draft, &database)?;
    writeln!(io::stdout(), "{}: {} dossiers, no differences", database.display(), verdict.dossiers)?;
    Ok(())
}

/// The database's file.
fn database_file(store: &StoreSettings) -> Result<PathBuf, Box<dyn Error>> {
    Ok(store.database_url.strip_prefix("sqlite://").map(PathBuf::from).ok_or(OTHER_MEANS)?)
}

fn note(store: &StoreSettings, db: &Db, command: &'static str) -> Result<(), Box<dyn Error>> {
    let (ambient, actor) = (store.ambient(), Actor::service(command.trim_start_matches("motcua ")));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    Ok(db.write(|tx| audit::command(tx, act, command, None))?)
}

/// A folder beside `file` for what is not whole yet; it goes with whatever is in it.
fn drafts(file: &Path) -> io::Result<tempfile::TempDir> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".motcua-").tempdir_in(parent)
}

fn private(file: &Path) -> io::Result<File> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

/// Gives a whole file its name, which nobody took meanwhile.
fn put(draft: &Path, file: &Path) -> io::Result<()> {
    fs::hard_link(draft, file)?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn refuse(what: &str, faults: &[String]) -> Result<(), Box<dyn Error>> {
    if faults.is_empty() { Ok(()) } else { Err(format!("{what}: {}", faults.join("; ")).into()) }
}
