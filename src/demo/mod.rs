//! The demonstration office: the labour department of Đắk Nông, its first half-year of 2023, and a live sample around today.

mod catalogue;
mod half_year;
mod live;
mod reform;
mod show;

use std::io::Write;

use crate::ambient::Ambient;
use crate::domain::vocabulary::{AgencyCode, Role};
use crate::flow::accounts::{add_user, hash_password};
use crate::flow::desk::Desk;
use crate::flow::import::{History, take};
use crate::flow::sweep::sweep;
use crate::flow::{Act, Actor, Fault};
use crate::storage::{Db, agencies};

pub use catalogue::{DEPARTMENT, agency, procedures};
pub use show::show;

/// How many dossiers one transaction takes.
const BATCH: usize = 250;

/// Loads the office into an empty database, telling `progress` how far it is; does nothing when it is there already.
///
/// # Errors
/// [`Fault`].
pub fn load(db: &Db, ambient: &Ambient, progress: &mut dyn Write) -> Result<(), Fault> {
    let department: AgencyCode = agency(DEPARTMENT)?;
    if db.read(|reader| agencies::find(reader, &department))?.is_some() {
        return Ok(());
    }
    let actor = Actor::service("demo");
    let act = Act { actor: &actor, now: ambient.now(), ambient };
    db.write(|tx| catalogue::enter(tx, act))?;
    let desk = db.read(Desk::new)?;
    let mut histories = half_year::histories(desk.national())?;
    let live = live::histories(desk.national(), ambient.now())?;
    let total = histories.len() + live.len();
    histories.extend(live);
    let mut done = 0;
    for batch in histories.chunks(BATCH) {
        enter(db, act, batch)?;
        done += batch.len();
        // A progress line that cannot be shown is no reason to stop.
        let _ = write!(progress, "\r{done}/{total}");
    }
    let _ = writeln!(progress);
    db.write(|tx| reform::enter(tx, act, desk.national()))?;
    sweep(db, ambient, 0)?;
    Ok(())
}

fn enter(db: &Db, act: Act<'_>, batch: &[History]) -> Result<(), Fault> {
    db.write(|tx| {
        let mut desk = Desk::new(tx)?;
        take(tx, act, &mut desk, batch)?.into_iter().try_for_each(|answer| answer.map(drop))
    })
}

/// Name of the demonstration's only login.
pub const LOGIN: &str = "demo";
/// Its password: good for the demonstration's own database and nothing else.
pub const PASSWORD: &str = "mot-cua-minh-hoa";

/// The demonstration's own database file, emptied, as a URL.
///
/// # Errors
/// When an old file cannot be removed.
pub fn start_afresh() -> std::io::Result<String> {
    for file in ["motcua-demo.db", "motcua-demo.db-wal", "motcua-demo.db-shm"] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok("sqlite://motcua-demo.db".to_owned())
}

/// Adds the demonstration's login when it is not there.
///
/// # Errors
/// [`Fault`].
pub fn login(db: &Db, ambient: &Ambient) -> Result<(), Fault> {
    let actor = Actor::service("demo");
    let act = Act { actor: &actor, now: ambient.now(), ambient };
    let hash = hash_password(LOGIN, PASSWORD)?;
    match db.write(|tx| add_user(tx, act, (LOGIN, &hash), Role::Admin, None)) {
        Ok(_) | Err(Fault::Exists(_)) => Ok(()),
        Err(other) => Err(other),
    }
}
