//! What the catalogue's search costs: 5,000 procedures, searches as clerks type them, on SQLite and on PostgreSQL.
//!
//! `cargo bench --bench catalogue` prints a table; PostgreSQL is that of the tests (`TEST_DATABASE_URL`, else a cluster of its own).
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/postgres.rs"]
#[allow(clippy::expect_used, clippy::print_stderr, unreachable_pub)]
mod postgres;

use std::time::{Duration, Instant};

use motcua::ambient::Ambient;
use motcua::demo::procedures;
use motcua::domain::procedure::Procedure;
use motcua::flow::Fault;
use motcua::storage::procedures::{Field, Wanted, insert, insert_field, page};
use motcua::storage::{Db, PoolSizes, Vault, migrate};

/// How many procedures there are: some more than a province has.
const COUNT: usize = 5_000;
/// How often each search is made.
const ROUNDS: usize = 200;
/// What is typed: common words, words that nothing has, a name in part, a code in part.
const TYPED: [&str; 6] =
    ["ho tro chi", "cấp giấy phép xây", "mai tang bao tro xa", "khong co gi", "thu tuc 49", "9.0049"];
/// What the names are made of.
const WORDS: [&str; 16] = [
    "Cấp",
    "giấy phép",
    "xây dựng",
    "hỗ trợ",
    "chi phí",
    "mai táng",
    "bảo trợ",
    "xã hội",
    "đăng ký",
    "kinh doanh",
    "đất đai",
    "chuyển nhượng",
    "quyền",
    "sử dụng",
    "người có công",
    "thân nhân",
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!("| database | typed | found | median | slowest |\n|---|---|---:|---:|---:|");
    measure("SQLite", &format!("sqlite://{}", folder.path().join("bench.db").display()));
    if let Some(schema) = postgres::Schema::create() {
        measure("PostgreSQL", &schema.url);
        schema.drop_it();
    }
}

fn measure(database: &str, url: &str) {
    let sizes = PoolSizes { readers: 2, writers: 2, wait: Duration::from_secs(20) };
    let db = Db::open(url, sizes, Vault::new(&["a key of the benchmark, for nothing else"]).unwrap()).unwrap();
    migrate::up(&db).unwrap();
    fill(&db);
    for typed in TYPED {
        let wanted = Wanted { q: Some(typed.to_owned()), ..Wanted::default() };
        let search = || db.read(|reader| page(reader, &wanted, None, 51)).unwrap().len();
        let found = search();
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let began = Instant::now();
                search();
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let (median, slowest) = (millis(times[ROUNDS / 2]), millis(times[ROUNDS - 1]));
        println!("| {database} | {typed} | {found} | {median:.2} ms | {slowest:.2} ms |");
    }
}

fn fill(db: &Db) {
    let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, "2026-03-02T09:00:00".parse().unwrap());
    let pattern = procedures().unwrap().remove(0);
    db.write(|tx| {
        insert_field(tx, &Field { code: pattern.field.clone(), name: "Bảo trợ xã hội".into(), version: 1 })?;
        for number in 0..COUNT {
            let words = (0..8).map(|place| WORDS[(number / (place + 1) + 5 * place) % WORDS.len()]);
            let name = format!("Thủ tục {number}: {}", words.collect::<Vec<_>>().join(" "));
            let code = format!("9.{number:06}").parse().unwrap();
            insert(tx, &Procedure { code, name, agency: None, ..pattern.clone() }, ambient.now())?;
        }
        Ok::<_, Fault>(())
    })
    .unwrap();
}
