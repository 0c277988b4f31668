//! The measurements: medians of several runs, each beside the plain GROUP BY over the same rows.

use std::time::{Duration, Instant};

use motcua::ambient::Ambient;
use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::statistics::Period;
use motcua::domain::vocabulary::{AgencyCode, ApplicantKind, Channel};
use motcua::flow::intake::{NewDossier, receive};
use motcua::flow::strike::{keep_up, rebuild};
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor};
use motcua::storage::Db;
use motcua::storage::counts::counts;
use motcua::storage::statistics::{GroupBy, tallies};

use crate::fill::{Filler, LARGEST, NOW};

/// Writes in one round of [`write_cost`].
const WRITES: u32 = 400;
/// Whose receipts these are.
const WRITER: &str = "Trần Thị Thử";

/// Prints the head of the table.
pub(crate) fn heading() {
    println!("| database | dossiers | what | plain GROUP BY | balances | ratio |");
    println!("|---|---:|---|---:|---:|---:|");
}

/// Measures everything at the size the database has now.
pub(crate) fn measure(db: &Db, ambient: &Ambient, filler: &mut Filler, has_journal: bool) {
    let name = format!("{:?}", db.backend());
    let total = all_time(db, ambient);
    let row = |what: &str, plain: Option<Duration>, balances: Duration| {
        let plain_text = plain.map_or_else(|| "–".to_owned(), text);
        let ratio = plain
            .map_or_else(|| "–".to_owned(), |plain| format!("{:.0}", plain.as_secs_f64() / balances.as_secs_f64()));
        println!("| {name} | {total} | {what} | {plain_text} | {} | {ratio} |", text(balances));
    };
    // The balances of a night, a working day later the next ones, and the day after as it grows long.
    ambient.set("2026-11-23T00:00:30".parse().unwrap());
    row("build all balances anew", None, once(|| assert!(rebuild(db, ambient).unwrap().anew)));
    ambient.set("2026-11-24T00:00:30".parse().unwrap());
    row("strike a day", None, once(|| assert_eq!(keep_up(db, ambient).unwrap().stamps, 1)));
    for minute in ["10", "15", "20", "25", "28"] {
        ambient.set(format!("2026-11-24T16:{minute}:00").parse().unwrap());
        keep_up(db, ambient).unwrap();
    }
    ambient.set(NOW.parse().unwrap());
    let largest: AgencyCode = LARGEST.parse().unwrap();
    for (what, period) in [
        ("closed half-year 2026-H1", Period::preset("2026-H1").unwrap()),
        ("old half-year 2024-H2", Period::preset("2024-H2").unwrap()),
        ("year up to now", Period::preset("2026").unwrap()),
    ] {
        let scopes: [(&str, Option<&AgencyCode>, &[GroupBy]); 3] = [
            ("province by field", None, &[GroupBy::Field]),
            ("province by agency", None, &[GroupBy::Agency]),
            ("largest agency by field", Some(&largest), &[GroupBy::Field]),
        ];
        for (scope, agency, groups) in scopes {
            let window = period.window(ambient.now());
            let by_rows = || db.read(|reader| tallies(reader, &window, agency, groups)).unwrap();
            let by_balances = || db.read(|reader| counts(reader, &window, agency, groups)).unwrap();
            assert_eq!(by_balances(), by_rows(), "{scope}, {what}");
            row(&format!("{scope}, {what}"), Some(median(5, || drop(by_rows()))), median(101, || drop(by_balances())));
        }
    }
    let (without, with) = write_cost(db, ambient, filler);
    println!(
        "| {name} | {total} | one receipt, without and with balances | {} | {} | {:.3} |",
        text(without),
        text(with),
        with.as_secs_f64() / without.as_secs_f64()
    );
    if has_journal {
        row("verify", None, once(|| assert_eq!(verify(db, ambient.now()).unwrap().differences, Vec::<String>::new())));
    }
}

fn all_time(db: &Db, ambient: &Ambient) -> i64 {
    let window = Period { from: "2010-01-01".parse().unwrap(), to: ambient.now().date() }.window(ambient.now());
    db.read(|reader| tallies(reader, &window, None, &[])).unwrap().iter().map(|group| group.tally.received()).sum()
}

fn once(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn median(runs: usize, mut work: impl FnMut()) -> Duration {
    work();
    let mut times: Vec<Duration> = (0..runs).map(|_| once(&mut work)).collect();
    times.sort();
    times[runs / 2]
}

fn text(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1_000.0;
    if milliseconds < 1_000.0 { format!("{milliseconds:.2} ms") } else { format!("{:.1} s", milliseconds / 1_000.0) }
}

/// Takes the indexes away that only balances need.
const DROP_INDEXES: &str =
    "DROP INDEX dossiers_settled; DROP INDEX dossiers_noted_overdue; DROP INDEX dossiers_lettered_after_end;";
/// Puts them back.
const CREATE_INDEXES: &str = "CREATE INDEX dossiers_settled ON dossiers (settled_at) WHERE received_at IS NOT NULL AND NOT void; \
     CREATE INDEX dossiers_noted_overdue ON dossiers (late_from) WHERE ended_at IS NULL AND late_from IS NOT NULL AND NOT void AND lateness_noted; \
     CREATE INDEX dossiers_lettered_after_end ON dossiers (letter_on, ended_at) WHERE ended_class = 'late' AND letter_on > ended_at AND NOT void;";

/// A receipt without any balances, nor the indexes that only they need, and with them; in turns, medians of the rounds.
fn write_cost(db: &Db, ambient: &Ambient, filler: &mut Filler) -> (Duration, Duration) {
    let round = |filler: &mut Filler, balances: bool| {
        // Both kinds of round follow the same work on the disk, which goes on for a while after an index is made.
        filler.run_both(&format!("{DROP_INDEXES} {CREATE_INDEXES}"));
        filler.settle();
        if !balances {
            filler.run_both(&format!("DELETE FROM balance_stamps; {DROP_INDEXES}"));
        }
        (0..WRITES / 4).for_each(|_| receive_one(db, ambient));
        let time = once(|| (0..WRITES).for_each(|_| receive_one(db, ambient))) / WRITES;
        if !balances {
            filler.run_both(&format!("INSERT INTO balance_stamps SELECT * FROM saved_stamps; {CREATE_INDEXES}"));
        }
        time
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    filler.run_both("CREATE TABLE saved_stamps AS SELECT * FROM balance_stamps");
    for _ in 0..9 {
        with.push(round(filler, true));
        without.push(round(filler, false));
    }
    filler.run_both("DROP TABLE saved_stamps");
    // The next size finds a day without these. What guards the journal goes for good: this database is thrown away.
    filler.run(
        "DROP TRIGGER IF EXISTS journal_refuses_delete",
        "DROP TRIGGER IF EXISTS journal_refuses_change ON journal",
    );
    for (table, column) in [("outbox", "dossier"), ("journal", "dossier"), ("dossiers", "code")] {
        filler.run_both(&format!(
            "DELETE FROM {table} WHERE {column} IN (SELECT code FROM dossiers WHERE applicant_name = '{WRITER}')"
        ));
    }
    without.sort();
    with.sort();
    (without[without.len() / 2], with[with.len() / 2])
}

fn receive_one(db: &Db, ambient: &Ambient) {
    let actor = Actor::service("benchmark");
    let act = Act { actor: &actor, now: ambient.now(), ambient };
    let new = NewDossier {
        procedure: "1.000001".parse().unwrap(),
        agency: LARGEST.parse().unwrap(),
        case: None,
        received_by: None,
        channel: Channel::Direct,
        received_at: None,
        accept: Some(true),
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: WRITER.into(),
            identity_no: None,
            phone: None,
            email: None,
            address: None,
        },
        summary: None,
        papers: Papers::default(),
    };
    db.write(|tx| receive(tx, act, &new)).unwrap();
}
