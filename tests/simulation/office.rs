//! The office of a run: its agencies, procedures, people and clock, its database, and the one way to do something in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use motcua::ambient::Ambient;
use motcua::domain::deadline::{OnSupplement, Rule, Unit};
use motcua::domain::ladder::{Offset, Rung, RungUnit, Told};
use motcua::domain::office::{Session, WeekHours};
use motcua::domain::procedure::{Details, Procedure};
use motcua::domain::statistics::{Tally, Window};
use motcua::domain::vocabulary::{AgencyCode, AgencyLevel, Channel, OnlineLevel, ProcedureLevel, Role};
use motcua::flow::actor::Authority;
use motcua::flow::administer::{add_agency, add_field, add_procedure, set_hours};
use motcua::flow::{Act, Actor, Fault, accounts, audit};
use motcua::storage::agencies::Agency;
use motcua::storage::idempotency::{self, Answer, KEPT, Key};
use motcua::storage::procedures::Field;
use motcua::storage::{Db, PoolSizes, Tx, Vault, migrate};
use tempfile::TempDir;

use super::chance::Chance;
use super::couriers::Couriers;
use super::model::Known;
use super::plain_clock::{Sessions, Wall, clock};

/// Code, the agency above, tier.
pub const AGENCIES: [(&str, Option<&str>, AgencyLevel); 4] = [
    ("H16", None, AgencyLevel::Province),
    ("H16.18", Some("H16"), AgencyLevel::Department),
    ("H16.18.01", Some("H16.18"), AgencyLevel::Commune),
    ("H16.20", Some("H16"), AgencyLevel::District),
];

/// A procedure of the office.
pub struct Plan {
    pub code: &'static str,
    amount: u32,
    unit: Unit,
    cutoff: Option<(u32, u32)>,
    on_supplement: OnSupplement,
    /// So many working hours for what is filed online.
    online_hours: Option<u32>,
    no_appointment: bool,
}

const fn plan(code: &'static str, amount: u32, unit: Unit, on_supplement: OnSupplement) -> Plan {
    Plan { code, amount, unit, cutoff: None, on_supplement, online_hours: None, no_appointment: false }
}

pub const PROCEDURES: [Plan; 9] = [
    plan("1.000001", 5, Unit::WorkingDay, OnSupplement::Restart),
    Plan { cutoff: Some((15, 0)), ..plan("1.000002", 2, Unit::WorkingDay, OnSupplement::Pause) },
    plan("1.000003", 8, Unit::WorkingHour, OnSupplement::Pause),
    Plan { cutoff: Some((11, 30)), ..plan("1.000004", 3, Unit::WorkingHour, OnSupplement::Restart) },
    Plan { cutoff: Some((15, 0)), ..plan("1.000005", 10, Unit::CalendarDay, OnSupplement::Restart) },
    plan("1.000006", 1, Unit::Month, OnSupplement::Pause),
    Plan { no_appointment: true, ..plan("1.000007", 5, Unit::WorkingDay, OnSupplement::Restart) },
    plan("1.000008", 0, Unit::WorkingDay, OnSupplement::Pause),
    Plan { online_hours: Some(16), ..plan("1.000009", 3, Unit::CalendarDay, OnSupplement::Pause) },
];

impl Plan {
    pub fn rule(&self, channel: Channel) -> Rule {
        let online = self.online_hours.filter(|_| channel == Channel::Online);
        Rule {
            amount: online.unwrap_or(self.amount),
            unit: if online.is_some() { Unit::WorkingHour } else { self.unit },
            cutoff: self.cutoff.map(|(hour, minute)| clock(hour, minute)),
            on_supplement: self.on_supplement,
            no_appointment: self.no_appointment,
        }
    }

    fn procedure(&self, number: usize) -> Procedure {
        let rung = |offset| Rung { offset, unit: RungUnit::WorkingDay, tell: vec![Told::Assignee] };
        let warnings = if number == 0 { vec![rung(Offset::Before(1)), rung(Offset::After(1))] } else { Vec::new() };
        Procedure {
            code: self.code.parse().unwrap(),
            version: 1,
            name: "Thủ tục".into(),
            field: if number.is_multiple_of(2) { "BTXH" } else { "LD" }.parse().unwrap(),
            level: if number.is_multiple_of(3) { ProcedureLevel::Commune } else { ProcedureLevel::Province },
            online_level: OnlineLevel::Full,
            old_online_level: None,
            agency: None,
            rule: self.rule(Channel::Direct),
            online_rule: self.online_hours.map(|_| self.rule(Channel::Online)),
            valid_from: None,
            valid_to: None,
            decision: None,
            details: Details { warnings, ..Details::default() },
        }
    }
}

/// A database with agencies, procedures and accounts, to be copied for each run.
pub struct Template {
    folder: TempDir,
}

impl Template {
    /// In memory where the system keeps a folder there.
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (db, _) = open(folder.path().join("first.db"));
        migrate::up(&db).unwrap();
        let ambient = Ambient::simulated(chrono_tz::Asia::Ho_Chi_Minh, day("2026-01-01").and_time(NaiveTime::MIN), 0);
        let admin = person("admin", Role::Admin, None);
        let act = Act { actor: &admin, now: ambient.now(), ambient: &ambient };
        db.write(|tx| furnish(tx, act)).unwrap();
        let copy = format!("VACUUM INTO '{}'", folder.path().join("template.db").display());
        SqliteConnection::establish(folder.path().join("first.db").to_str().unwrap())
            .unwrap()
            .batch_execute(&copy)
            .unwrap();
        Self { folder }
    }
}

fn furnish(tx: &mut Tx, act: Act<'_>) -> Result<(), Fault> {
    for (code, parent, level) in AGENCIES {
        let parent = parent.map(|parent| parent.parse().unwrap());
        let agency = Agency::new(code.parse().unwrap(), format!("Cơ quan {code}"), level, parent, Default::default());
        add_agency(tx, act, agency, &Default::default())?;
    }
    for code in ["BTXH", "LD"] {
        add_field(tx, Field { code: code.parse().unwrap(), name: code.into(), version: 1 })?;
    }
    for (number, plan) in PROCEDURES.iter().enumerate() {
        add_procedure(tx, act, plan.procedure(number))?;
    }
    for somebody in people() {
        let Authority::Role(role) = somebody.authority else { continue };
        accounts::add_user(tx, act, (&somebody.name, "no password fits"), role, somebody.agency)?;
    }
    Ok(())
}

fn open(file: PathBuf) -> (Db, SqliteConnection) {
    let sizes = PoolSizes { readers: 1, writers: 1, wait: Duration::from_secs(20) };
    let db = Db::open(
        &format!("sqlite://{}", file.display()),
        sizes,
        Vault::new(&["a data key for tests only, 32 bytes"]).unwrap(),
    );
    let mut raw = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    raw.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    (db.unwrap(), raw)
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn agency(code: &str) -> AgencyCode {
    code.parse().unwrap()
}

fn person(name: &str, role: Role, agency: Option<&str>) -> Actor {
    Actor {
        id: name.to_owned(),
        name: name.to_owned(),
        authority: Authority::Role(role),
        agency: agency.map(|code| code.parse().unwrap()),
        predecessors: Vec::new(),
        on_behalf_of: None,
    }
}

/// Everybody who acts; the first may do everything.
pub fn people() -> Vec<Actor> {
    let mut people = vec![
        person("admin", Role::Admin, None),
        person("leader", Role::Leader, Some("H16")),
        person("leader.18", Role::Leader, Some("H16.18")),
        person("auditor", Role::Auditor, Some("H16")),
    ];
    for (code, ..) in AGENCIES {
        people.push(person(&format!("officer.{code}"), Role::Officer, Some(code)));
        people.push(person(&format!("desk.{code}"), Role::FrontDesk, Some(code)));
    }
    people
}

/// A past period whose figures were asked for.
pub struct Asked {
    pub window: Window,
    pub figures: Vec<(Vec<String>, Tally)>,
}

/// A report that was frozen: its identifier, what it showed, and whether its past was mended since.
pub struct Frozen {
    pub id: String,
    pub window: Window,
    pub mended: bool,
}

pub struct Office {
    pub db: Db,
    pub ambient: Ambient,
    pub chance: Chance,
    pub wall: Wall,
    pub people: Vec<Actor>,
    pub dossiers: Vec<Known>,
    /// The latest the clock ever showed.
    pub latest: NaiveDateTime,
    pub asked: Vec<Asked>,
    pub frozen: Vec<Frozen>,
    /// Letters that are out: number and day.
    pub out: BTreeMap<String, (u32, NaiveDate)>,
    pub feed: Vec<String>,
    pub couriers: Couriers,
    answered: Vec<(Key, String, NaiveDateTime)>,
    keys: usize,
    raw: RefCell<SqliteConnection>,
    _folder: TempDir,
}

/// How a step is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Nowhere,
    /// The work is done and its transaction fails.
    Error,
    /// The work is done and its process dies before the commit.
    Panic,
    /// It is committed, and the answer is lost.
    Answer,
}

/// What a process dies of here; no bug, so nothing is printed.
struct Crash;

impl Office {
    pub fn new(template: &Template, seed: u64) -> Self {
        let folder = tempfile::tempdir_in(template.folder.path()).unwrap();
        let file = folder.path().join("run.db");
        std::fs::copy(template.folder.path().join("template.db"), &file).unwrap();
        let (db, raw) = open(file);
        let mut chance = Chance::new(seed);
        let start = day("2026-01-20") + TimeDelta::days(chance.between(0, 300));
        let now = start.and_time(clock(8, 0));
        let ambient = Ambient::simulated(chrono_tz::Asia::Ho_Chi_Minh, now, seed);
        let mut office = Self {
            db,
            ambient,
            couriers: Couriers::new(&mut chance),
            chance,
            wall: Wall::default(),
            people: people(),
            dossiers: Vec::new(),
            latest: now,
            asked: Vec::new(),
            frozen: Vec::new(),
            out: BTreeMap::new(),
            feed: Vec::new(),
            answered: Vec::new(),
            keys: 0,
            raw: RefCell::new(raw),
            _folder: folder,
        };
        office.load_calendar();
        for (code, ..) in AGENCIES {
            if office.chance.percent(50) {
                office.set_hours(code, day("2020-01-01"));
            }
        }
        office.subscribe();
        office
    }

    pub fn now(&self) -> NaiveDateTime {
        self.ambient.now()
    }

    pub fn admin(&self) -> Actor {
        self.people[0].clone()
    }

    /// Does something with the administrator's right that nothing cuts.
    pub fn upkeep<T>(&self, mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<T, Fault>) -> T {
        let admin = self.admin();
        let act = Act { actor: &admin, now: self.now(), ambient: &self.ambient };
        self.db.write(|tx| work(tx, act)).unwrap()
    }

    /// New hours of a week from a day on.
    pub fn set_hours(&mut self, code: &'static str, from: NaiveDate) {
        let long = vec![(clock(7, 0), clock(11, 30)), (clock(13, 0), clock(17, 30))];
        let short = vec![(clock(8, 0), clock(11, 0))];
        let through = vec![(clock(7, 30), clock(16, 30))];
        let choices: [Sessions; 4] = [long, short, through, Vec::new()];
        // Wednesday is always worked: an office that never opens is refused.
        let week: [Sessions; 7] = std::array::from_fn(|weekday| match weekday {
            2 => choices[self.chance.below(3)].clone(),
            _ => self.chance.pick(&choices).clone(),
        });
        let session = |(open, close): &(NaiveTime, NaiveTime)| Session { open: *open, close: *close };
        let hours = WeekHours::new(week.clone().map(|day| day.iter().map(session).collect())).unwrap();
        self.upkeep(|tx, act| set_hours(tx, act, &agency(code), (from, hours.clone()), None));
        self.wall.hours.entry(code).or_default().insert(from, week);
    }

    /// Does what somebody posts, with a key, cut somewhere or nowhere; answers the first answer, or the refusal.
    pub fn post(
        &mut self,
        who: &Actor,
        action: &str,
        mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<String, Fault>,
    ) -> Result<String, Fault> {
        self.keys += 1;
        let key = Key { caller: who.caller(), route: action.to_owned(), key: self.keys.to_string() };
        let cut = self.chance.weighted(&[(82, Cut::Nowhere), (6, Cut::Error), (4, Cut::Panic), (8, Cut::Answer)]);
        let before = self.fingerprint();
        if matches!(cut, Cut::Error | Cut::Panic)
            && let Some(answer) = self.attempt(who, &key, cut, &mut work)
        {
            let fault = answer.expect_err("what was cut has no answer");
            return Err(self.refused(fault, &before));
        }
        assert!(
            cut != Cut::Error || self.fingerprint() == before,
            "{action}: what was cut before its commit left something"
        );
        assert!(
            cut != Cut::Panic || self.fingerprint() == before,
            "{action}: who died before the commit left something"
        );
        match self.attempt(who, &key, Cut::Nowhere, &mut work).expect("nothing cuts it") {
            Err(fault) => Err(self.refused(fault, &before)),
            Ok(answer) => {
                if cut == Cut::Answer {
                    self.retried(who, &key, &answer);
                }
                self.answered.push((key, answer.clone(), self.now()));
                Ok(answer)
            }
        }
    }

    /// Sends a request again that was answered less than a day ago.
    pub fn retry(&mut self) {
        if self.answered.is_empty() {
            return;
        }
        let (key, answer, at) = self.chance.pick(&self.answered).clone();
        if self.latest - at < KEPT {
            let who = self.people.iter().find(|who| who.caller() == key.caller).unwrap().clone();
            self.retried(&who, &key, &answer);
        }
    }

    fn retried(&self, who: &Actor, key: &Key, answer: &str) {
        let before = self.fingerprint();
        let again = self.attempt(who, key, Cut::Nowhere, &mut |_, _| panic!("{key:?}: it was done before"));
        assert_eq!(again.unwrap().unwrap(), answer, "a request sent again has its first answer");
        assert_eq!(self.fingerprint(), before, "a request sent again changes nothing");
    }

    /// One attempt; nothing when it was cut.
    fn attempt(
        &self,
        who: &Actor,
        key: &Key,
        cut: Cut,
        work: &mut dyn FnMut(&mut Tx, Act<'_>) -> Result<String, Fault>,
    ) -> Option<Result<String, Fault>> {
        let act = Act { actor: who, now: self.now(), ambient: &self.ambient };
        let since = act.now - KEPT;
        let written = catch_unwind(AssertUnwindSafe(|| {
            self.db.write(|tx| {
                if let Some(first) = idempotency::find(tx, key, since)? {
                    return Ok(Some(first.answer));
                }
                let answer = work(tx, act)?;
                audit::command(tx, act, &key.route, None)?;
                let kept =
                    Answer { body_hash: String::new(), status: 200, headers: "[]".into(), answer: answer.clone() };
                idempotency::keep(tx, key, &kept, act.now, since)?;
                match cut {
                    Cut::Error => Err(Fault::Unavailable("simulation")),
                    Cut::Panic => resume_unwind(Box::new(Crash)),
                    Cut::Nowhere | Cut::Answer => Ok(Some(answer)),
                }
            })
        }));
        match written {
            Err(payload) if payload.is::<Crash>() => None,
            Err(bug) => resume_unwind(bug),
            Ok(Err(Fault::Unavailable(_))) => None,
            Ok(answer) => Some(answer.map(Option::unwrap)),
        }
    }

    /// A refusal has a name and changes nothing.
    fn refused(&self, fault: Fault, before: &str) -> Fault {
        assert!(!matches!(fault, Fault::Storage(_)), "the database failed: {fault}");
        assert_eq!(self.fingerprint(), before, "refused, and something changed: {fault}");
        fault
    }

    /// Rises with everything that is written by a request.
    fn fingerprint(&self) -> String {
        const COUNTED: &str = "SELECT (SELECT COUNT(*) FROM journal) || ' ' || (SELECT TOTAL(version) FROM dossiers) || ' ' || \
            (SELECT COUNT(*) || ' ' || TOTAL(version) FROM letters) || ' ' || (SELECT COUNT(*) FROM outbox) || ' ' || \
            (SELECT COUNT(*) FROM idempotency_keys) || ' ' || (SELECT COUNT(*) FROM audit_queue) || ' ' || \
            (SELECT COUNT(*) || ' ' || COUNT(sent_at) || ' ' || COUNT(confirmed_at) FROM transfers) || ' ' || \
            (SELECT COUNT(*) || ' ' || TOTAL(version) FROM errands) || ' ' || (SELECT COUNT(*) || ' ' || COUNT(ended_at) FROM hand_offs) || \
            ' ' || (SELECT COUNT(*) FROM fees) || ' ' || (SELECT COUNT(*) FROM payments) || ' ' || (SELECT TOTAL(last) FROM code_counters) || \
            ' ' || (SELECT COUNT(*) FROM balance_corrections) || ' ' || (SELECT COUNT(*) FROM past_spans) || ' ' || \
            (SELECT COUNT(*) FROM reports) AS text";
        self.lines(COUNTED).remove(0)
    }

    /// Reads past the program: the column `text` of each row.
    pub fn lines(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
            text: Option<String>,
        }
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut *self.raw.borrow_mut()).unwrap();
        lines.into_iter().map(|line| line.text.unwrap_or_default()).collect()
    }

    /// Something of the past was mended from an instant on: what was asked about it is no longer the measure.
    pub fn mended_from(&mut self, at: NaiveDateTime) {
        self.asked.retain(|asked| asked.window.until <= at);
        self.frozen.iter_mut().for_each(|report| report.mended |= report.window.until > at);
    }
}
