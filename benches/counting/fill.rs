//! Synthetic dossiers: some thousands go through the service's own verbs, the rest are copies of them under other codes.

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection, sql_query};
use motcua::ambient::Ambient;
use motcua::domain::apology::{Promulgation, Signer};
use motcua::domain::deadline::{OnSupplement, Rule, Unit};
use motcua::domain::forms::letterhead::Imprint;
use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::procedure::{Details, Procedure};
use motcua::domain::transition::Move;
use motcua::domain::vocabulary::{AgencyLevel, ApplicantKind, Channel, OnlineLevel, ProcedureLevel, Status};
use motcua::flow::administer::{add_agency, add_field, add_procedure};
use motcua::flow::apologise::{Verb, handle};
use motcua::flow::desk::Desk;
use motcua::flow::import::{History, take};
use motcua::flow::intake::NewDossier;
use motcua::flow::sweep::sweep;
use motcua::flow::{Act, Actor, Fault};
use motcua::storage::agencies::Agency;
use motcua::storage::letters::{self, LetterFilter};
use motcua::storage::listing::Visible;
use motcua::storage::procedures::Field;
use motcua::storage::{Db, Tx, dossiers};

/// A Tuesday afternoon.
pub(crate) const NOW: &str = "2026-11-24T16:30:00";
/// Three years of dossiers.
const DAYS: u64 = 3 * 365;
/// How many go through the verbs.
const GENUINE: usize = 20_000;
const AGENCIES: u64 = 200;
const PROCEDURES: u64 = 60;
const FIELDS: u64 = 20;

/// The largest department: what it resolves is about a sixth of everything.
pub(crate) const LARGEST: &str = "H16.001";

/// A reproducible source of chance (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    /// Small numbers much more often than great ones: a few agencies and procedures carry most.
    fn skewed(&mut self, limit: u64) -> u64 {
        let share = self.below(1_000_000) as f64 / 1_000_000.0;
        (share.powi(3) * limit as f64) as u64
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Fills one database.
pub(crate) struct Filler {
    raw: Raw,
    copies: usize,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Filler {
    /// Sets the office up and takes the genuine dossiers in.
    pub(crate) fn start(url: &str, db: &Db, ambient: &Ambient) -> Self {
        let raw = match url.strip_prefix("sqlite://") {
            Some(file) => Raw::Sqlite(SqliteConnection::establish(file).unwrap()),
            None => Raw::Postgres(PgConnection::establish(url).unwrap()),
        };
        let actor = Actor::service("benchmark");
        let act = Act { actor: &actor, now: ambient.now(), ambient };
        db.write(|tx| office(tx, act)).unwrap();
        let mut chance = Chance(2026);
        let mut histories: Vec<History> = (0..GENUINE).map(|_| history(&mut chance, act.now)).collect();
        histories.sort_by_key(|history| history.dossier.received_at);
        for some in histories.chunks(500) {
            db.write(|tx| {
                let mut desk = Desk::new(tx)?;
                take(tx, act, &mut desk, some)?.into_iter().try_for_each(|answer| answer.map(drop))
            })
            .unwrap();
        }
        sweep(db, ambient, 0).unwrap();
        apologise(db, act, &mut chance);
        let mut filler = Self { raw, copies: 1 };
        filler.run(
            "PRAGMA busy_timeout = 600000; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000",
            "SET maintenance_work_mem = '1GB'; SET synchronous_commit = off",
        );
        for table in ["dossiers", "past_spans", "journal", "letters"] {
            filler.run_both(&format!("CREATE TABLE genuine_{table} AS SELECT * FROM {table}"));
        }
        filler
    }

    /// Adds copies until there are `size` dossiers; with their journals and letters if wanted.
    pub(crate) fn grow_to(&mut self, size: usize, with_journal: bool) {
        let started = Instant::now();
        let copies = size / GENUINE;
        let (first, last) = (self.copies, copies - 1);
        let indexes = self.drop_indexes();
        for month in 0..=36 {
            let start = NaiveDate::from_ymd_opt(2023, 11, 1).unwrap() + chrono::Months::new(month);
            let end = start + chrono::Months::new(1);
            let of_month = format!("WHERE filed_at >= '{start} 00:00:00' AND filed_at < '{end} 00:00:00'");
            self.copy("dossiers", &["code"], &of_month, first, last);
        }
        self.copy("past_spans", &["dossier"], "", first, last);
        if with_journal {
            self.copy("journal", &["dossier"], "", first, last);
            self.copy("letters", &["id", "dossier"], "", first, last);
        }
        for index in indexes {
            self.run_both(&index);
        }
        self.run("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM ANALYZE");
        self.copies = copies;
        eprintln_progress(&format!("{size} dossiers after {:.0} s", started.elapsed().as_secs_f64()));
    }

    /// Copies `first` to `last` of the genuine rows, with other codes in the named columns.
    fn copy(&mut self, table: &str, renamed: &[&str], condition: &str, first: usize, last: usize) {
        let columns = self.columns(table);
        let copied: Vec<String> = columns
            .iter()
            .map(|column| match renamed.contains(&column.as_str()) {
                true if column == "id" => "id || '-' || CAST(k AS TEXT)".to_owned(),
                true => format!("substr({column}, 1, length({column}) - 4) || CAST(k AS TEXT) || substr({column}, length({column}) - 3)"),
                false => column.clone(),
            })
            .collect();
        self.run_both(&format!(
            "INSERT INTO {table} ({}) WITH RECURSIVE n(k) AS (SELECT {} UNION ALL SELECT k + 1 FROM n WHERE k < {}) \
             SELECT {} FROM genuine_{table} CROSS JOIN n {condition}",
            columns.join(", "),
            100 + first,
            100 + last,
            copied.join(", ")
        ));
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        let names: Vec<Name> = match &mut self.raw {
            Raw::Sqlite(raw) => sql_query(format!("SELECT name FROM pragma_table_info('{table}')")).load(raw),
            Raw::Postgres(raw) => sql_query(format!(
                "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            ))
            .load(raw),
        }
        .unwrap();
        names.into_iter().map(|column| column.name).collect()
    }

    /// Drops the indexes that hold nothing unique; answers the statements that make them again.
    fn drop_indexes(&mut self) -> Vec<String> {
        let definitions: Vec<Name> = match &mut self.raw {
            Raw::Sqlite(raw) => sql_query(
                "SELECT sql AS name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%' \
                 AND tbl_name IN ('dossiers', 'past_spans', 'letters')",
            )
            .load(raw),
            Raw::Postgres(raw) => sql_query(
                "SELECT indexdef AS name FROM pg_indexes WHERE indexdef LIKE 'CREATE INDEX%' \
                 AND tablename IN ('dossiers', 'past_spans', 'letters')",
            )
            .load(raw),
        }
        .unwrap();
        let definitions: Vec<String> = definitions.into_iter().map(|index| index.name).collect();
        for definition in &definitions {
            self.run_both(&format!("DROP INDEX {}", definition.split_whitespace().nth(2).unwrap()));
        }
        definitions
    }

    /// Runs one text on either database.
    pub(crate) fn run_both(&mut self, sql: &str) {
        self.run(sql, sql);
    }

    /// Writes out what waits to be written.
    pub(crate) fn settle(&mut self) {
        self.run("PRAGMA wal_checkpoint(PASSIVE)", "CHECKPOINT");
    }

    pub(crate) fn run(&mut self, sqlite: &str, postgres: &str) {
        match &mut self.raw {
            Raw::Sqlite(raw) => raw.batch_execute(sqlite),
            Raw::Postgres(raw) => raw.batch_execute(postgres),
        }
        .unwrap();
    }
}

#[allow(clippy::print_stderr)]
fn eprintln_progress(text: &str) {
    eprintln!("{text}");
}

/// A province with 20 departments and 179 communes, 20 fields and 60 procedures.
fn office(tx: &mut Tx, act: Act<'_>) -> Result<(), Fault> {
    let province = "H16".parse().unwrap();
    let province = Agency::new(province, "Tỉnh".into(), AgencyLevel::Province, None, Imprint::default());
    add_agency(tx, act, province, &BTreeSet::new())?;
    for number in 1..AGENCIES {
        let level = if number <= 20 { AgencyLevel::Department } else { AgencyLevel::Commune };
        let code = agency(number).parse().unwrap();
        let (name, parent) = (format!("Cơ quan {number}"), Some("H16".parse().unwrap()));
        add_agency(tx, act, Agency::new(code, name, level, parent, Imprint::default()), &BTreeSet::new())?;
    }
    for number in 0..FIELDS {
        let code = format!("F{number:02}").parse().unwrap();
        add_field(tx, Field { code, name: format!("Lĩnh vực {number}"), version: 1 })?;
    }
    for number in 0..PROCEDURES {
        let rule = Rule {
            amount: 3 + u32::try_from(number % 20).unwrap(),
            unit: Unit::WorkingDay,
            cutoff: None,
            on_supplement: OnSupplement::Restart,
            no_appointment: false,
        };
        add_procedure(
            tx,
            act,
            Procedure {
                code: procedure(number).parse().unwrap(),
                version: 1,
                name: format!("Thủ tục {number}"),
                field: format!("F{:02}", number % FIELDS).parse().unwrap(),
                level: if number % 3 == 0 { ProcedureLevel::Commune } else { ProcedureLevel::Province },
                online_level: OnlineLevel::Full,
                old_online_level: None,
                agency: None,
                rule,
                online_rule: None,
                valid_from: None,
                valid_to: None,
                decision: None,
                details: Details::default(),
            },
        )?;
    }
    Ok(())
}

fn agency(number: u64) -> String {
    format!("H16.{number:03}")
}

fn procedure(number: u64) -> String {
    format!("1.{number:06}")
}

/// One dossier's life: most end early, some on the day, one in twenty late; one in a hundred is left lying.
fn history(chance: &mut Chance, now: NaiveDateTime) -> History {
    let received_at = working_time(chance, now);
    let procedure_number = chance.skewed(PROCEDURES);
    let channel = match chance.below(10) {
        0..=4 => Channel::Online,
        5..=8 => Channel::Direct,
        _ => Channel::Postal,
    };
    let mut moves = Vec::new();
    let mut at = received_at;
    let mut go = |to: Status, minutes: i64| {
        at += TimeDelta::minutes(minutes);
        if at <= now {
            let reason = Some("Lý do".to_owned());
            moves.push(Move { to, at, reason, outcome: None });
        }
    };
    go(Status::Processing, 60);
    if chance.one_in(12) {
        go(Status::SupplementRequired, 1_000);
        go(Status::Processing, 3_000);
    }
    // In days of the calendar: what the rule allows, give or take.
    let allowed = (3 + procedure_number % 20) as f64 * 1.4 * 1_440.0;
    let share = match chance.below(100) {
        0 => 1_000.0,
        1..=5 => 1.1 + chance.below(100) as f64 / 50.0,
        6..=24 => 0.95,
        _ => 0.2 + chance.below(60) as f64 / 100.0,
    };
    go(Status::Finished, (allowed * share) as i64);
    go(Status::Returned, 1_440);
    let dossier = NewDossier {
        procedure: procedure(procedure_number).parse().unwrap(),
        agency: agency(1 + chance.skewed(AGENCIES - 1)).parse().unwrap(),
        case: None,
        received_by: None,
        channel,
        received_at: Some(received_at),
        accept: Some(true),
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: "Nguyễn Văn Thử".into(),
            identity_no: None,
            phone: None,
            email: None,
            address: None,
        },
        summary: None,
        papers: Papers::default(),
    };
    History { dossier, code: None, moves }
}

/// An instant in office hours, any working day of the last three years, today until now included.
fn working_time(chance: &mut Chance, now: NaiveDateTime) -> NaiveDateTime {
    loop {
        let day = now.date() - chrono::Days::new(chance.below(DAYS));
        let second = u32::try_from(8 * 3_600 + chance.below(9 * 3_600)).unwrap();
        let at = day.and_time(chrono::NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap());
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && at.hour() != 12 && at < now {
            return at;
        }
    }
}

/// Two letters in three are issued, a third of those some days after the end.
fn apologise(db: &Db, act: Act<'_>, chance: &mut Chance) {
    let filter = LetterFilter::of(Visible::Everything);
    let all = db.read(|reader| letters::page(reader, &filter, None, i64::MAX)).unwrap();
    for letter in all {
        if chance.one_in(3) {
            continue;
        }
        let record = db.read(|reader| dossiers::find(reader, &letter.dossier)).unwrap().unwrap();
        let ended = record.standing.end.map_or(act.now, |end| end.at).date();
        let on = ended + TimeDelta::days(i64::try_from(chance.below(12)).unwrap() - 8);
        let signer = Signer { name: "Nguyễn Văn A".into(), position: "Giám đốc".into() };
        let on = on.min(act.now.date());
        let in_a_week = (act.now.date() + TimeDelta::days(7)).and_hms_opt(9, 0, 0);
        let verbs = [
            Verb::Edit { reason: Some(Some("Chờ ý kiến".into())), new_return_at: Some(in_a_week) },
            Verb::Submit,
            Verb::Issue(Promulgation { number: 1, notation: "PXL".into(), on, signer }),
        ];
        let id = letter.letter.id.clone();
        let issued: Result<(), Fault> =
            db.write(|tx| verbs.iter().try_for_each(|verb| handle(tx, act, &id, None, verb.clone()).map(drop)));
        issued.unwrap();
    }
}
