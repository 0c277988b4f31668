//! What counting costs: fills a database with synthetic dossiers and measures reports by balances against a plain GROUP BY.
//!
//! `cargo bench --bench counting -- URL N…` fills the empty database at URL up to each N in turn and prints a table.
//! `benches/counting.sh` does so for SQLite and for a PostgreSQL cluster of its own.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod fill;
mod measure;

use std::time::Duration;

use motcua::ambient::Ambient;
use motcua::storage::{Db, PoolSizes, Vault, migrate};

/// Up to so many dossiers the journal is filled, too, so that `verify` can be measured.
const WITH_JOURNAL: usize = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some((url, sizes)) = arguments.split_first() else {
        println!("usage: cargo bench --bench counting -- URL N…");
        return;
    };
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse().unwrap()).collect();
    let pools = PoolSizes { readers: 2, writers: 2, wait: Duration::from_secs(600) };
    let vault = Vault::new(&["a data key for measuring, 32 bytes"]).unwrap();
    let db = Db::open(url, pools, vault).unwrap();
    migrate::up(&db).unwrap();
    let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, fill::NOW.parse().unwrap());
    let mut filler = fill::Filler::start(url, &db, &ambient);
    measure::heading();
    for size in sizes {
        filler.grow_to(size, size <= WITH_JOURNAL);
        measure::measure(&db, &ambient, &mut filler, size <= WITH_JOURNAL);
    }
}
