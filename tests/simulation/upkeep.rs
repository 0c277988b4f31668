//! Steps of those who keep the house: imports, the calendar, recomputing, past figures asked for and reports frozen.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use motcua::domain::calendar::{DayKind, SpecialDay};
use motcua::domain::dossier_code::DossierCode;
use motcua::domain::statistics::{Period, Tally, Window};
use motcua::domain::transition::Move;
use motcua::domain::vocabulary::{Channel, ReportKind, Status};
use motcua::flow::administer::{close, load_year};
use motcua::flow::desk::Desk;
use motcua::flow::freeze::{Wish, freeze};
use motcua::flow::import::{History, take};
use motcua::flow::recompute::recompute;
use motcua::flow::{Act, Fault};
use motcua::storage::statistics::{GroupBy, tallies};

use super::model::{Known, State};
use super::office::{AGENCIES, Asked, Frozen, Office, PROCEDURES, agency, day};
use super::steps::new_dossier;

impl Office {
    /// Loads the years around with days off and make-up days as chance has them.
    pub fn load_calendar(&mut self) {
        for year in 2025..=2027 {
            self.wall.special.retain(|date, _| date.year() != year);
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            for _ in 0..12 {
                let date = first + TimeDelta::days(self.chance.between(0, 364));
                // Holidays come in rows.
                let length = self.chance.between(1, 4);
                let is_worked = self.chance.percent(25);
                let row = date.iter_days().take(usize::try_from(length).unwrap());
                self.wall.special.extend(row.filter(|date| date.year() == year).map(|date| (date, is_worked)));
            }
            self.store_year(year);
        }
    }

    fn store_year(&self, year: i32) {
        let kind = |is_worked: bool| if is_worked { DayKind::Work } else { DayKind::Off };
        let special = self.wall.special.iter().filter(|(date, _)| date.year() == year);
        let days: Vec<_> = special
            .map(|(date, is_worked)| SpecialDay {
                date: *date,
                kind: kind(*is_worked),
                name: "Ngày".into(),
                ground: "CV".into(),
            })
            .collect();
        self.upkeep(|tx, _| load_year(tx, year, &days, None));
    }

    /// Days turn out to be off or worked, an agency closes, or has other hours; deadlines given stay.
    pub fn change_calendar(&mut self) {
        let today = self.now().date();
        let date = today + TimeDelta::days(self.chance.between(-12, 20));
        let (code, ..) = *self.chance.pick(&AGENCIES);
        match self.chance.below(3) {
            0 => {
                let year = date.year();
                if self.wall.special.remove(&date).is_none() {
                    let is_worked = self.chance.percent(30);
                    self.wall.special.insert(date, is_worked);
                }
                self.store_year(year);
            }
            1 if self.wall.closures.insert((code, date)) => {
                self.upkeep(|tx, act| close(tx, act, &agency(code), date, "Bão".into()).map(drop));
            }
            _ if self.wall.hours.contains_key(code) => self.set_hours(code, date),
            _ => {}
        }
    }

    /// Moves deadlines after the calendar, or only lists them.
    pub fn recompute(&mut self) {
        let (now, dry_run) = (self.now(), self.chance.percent(30));
        let mut expected = BTreeMap::new();
        for known in self.dossiers.iter().filter(|known| known.is_open() && !known.anonymised) {
            let anew = known.relived(&self.wall).expect("it was so").due;
            if let (Some(old), Some(new)) = (known.state.due, anew)
                && old != new
            {
                expected.insert(known.code.to_string(), (new, known.owes_apology(now)));
            }
        }
        let admin = self.admin();
        let act = Act { actor: &admin, now, ambient: &self.ambient };
        let found = recompute(&self.db, act, dry_run).unwrap();
        let listed: BTreeMap<_, _> = found.iter().map(|one| (one.code.to_string(), one.late)).collect();
        let wanted: BTreeMap<_, _> = expected.iter().map(|(code, (_, late))| (code.clone(), *late)).collect();
        assert_eq!(listed, wanted, "deadlines that the calendar of {now} moves");
        for index in 0..self.dossiers.len() {
            let known = &mut self.dossiers[index];
            if let Some((new, false)) = expected.get(&known.code.to_string())
                && !dry_run
            {
                known.state.due = Some(*new);
            }
            self.compare(index);
        }
    }

    /// Takes histories in, one for one or all or nothing.
    pub fn import(&mut self) {
        let atomic = self.chance.percent(40);
        let count = self.chance.below(3) + 1;
        let mut taken: Vec<String> = self.dossiers.iter().map(|known| known.code.to_string()).collect();
        let drafts: Vec<_> = (0..count).map(|_| self.some_history(&mut taken)).collect();
        let histories: Vec<History> = drafts.iter().map(|(history, ..)| history.clone()).collect();
        let admin = self.admin();
        let answer = self.post(&admin, "import", |tx, act| {
            let mut desk = Desk::new(tx)?;
            let answers = take(tx, act, &mut desk, &histories)?;
            let told = |answer: Result<DossierCode, Fault>| match answer {
                Err(fault) if atomic => Err(fault),
                answer => Ok(answer.map_or_else(|_| "-".to_owned(), |code| code.to_string())),
            };
            Ok(answers.into_iter().map(told).collect::<Result<Vec<_>, _>>()?.join(","))
        });
        let all_right = drafts.iter().all(|(_, _, is_right)| *is_right);
        assert_eq!(answer.is_ok(), all_right || !atomic, "{histories:?}: {answer:?}");
        let Ok(codes) = answer else { return };
        for ((history, known, is_right), code) in drafts.iter().zip(codes.split(',')) {
            assert_eq!(code != "-", *is_right, "{history:?}: {code}");
            assert!(history.code.as_ref().is_none_or(|own| code == "-" || own.to_string() == code));
            if *is_right {
                let about = (known.procedure, known.agency, known.received_by);
                self.know(code, about, known.channel, (known.filed_at, known.accept), known.moves.clone());
            }
        }
    }

    /// A history, what would be known of it, and whether it is right.
    fn some_history(&mut self, taken: &mut Vec<String>) -> (History, Known, bool) {
        let now = self.now();
        let (resolving, ..) = *self.chance.pick(&AGENCIES);
        let received_by = if self.chance.percent(70) { resolving } else { self.chance.pick(&AGENCIES).0 };
        let channel = *self.chance.pick(Channel::ALL);
        let filed_at = now - TimeDelta::minutes(self.chance.between(0, 60 * 24 * 50));
        let sequence = u64::try_from(self.chance.between(1, 30)).unwrap();
        let own = DossierCode::compose(agency(received_by), filed_at.date(), sequence);
        let code = self.chance.percent(40).then_some(own.clone());
        let mut known = Known {
            code: own,
            procedure: self.chance.below(PROCEDURES.len()),
            agency: resolving,
            received_by,
            channel,
            filed_at,
            accept: channel != Channel::Online,
            moves: Vec::new(),
            state: State::filed(filed_at),
            void: false,
            anonymised: false,
        };
        known.state = known.filed(&self.wall);
        let mut is_right = true;
        let mut at = filed_at;
        for _ in 0..self.chance.below(5) {
            at += TimeDelta::minutes(self.chance.between(0, 60 * 24 * 8));
            let mut possible = Status::ALL.to_vec();
            if self.chance.percent(96) {
                possible.retain(|to| known.after(&known.state, &self.wall, *to, at).is_some());
            }
            if possible.is_empty() {
                break;
            }
            let to = *self.chance.pick(&possible);
            is_right &= at <= now && known.after(&known.state, &self.wall, to, at).is_some();
            known.moves.push((to, at));
            if !is_right {
                break;
            }
            known.state = known.relived(&self.wall).unwrap();
        }
        if let Some(code) = &code {
            is_right &= !taken.contains(&code.to_string());
            if is_right {
                taken.push(code.to_string());
            }
        }
        let reason = Some("Lý do".to_owned());
        let moves = known.moves.iter().map(|(to, at)| Move { to: *to, at: *at, reason: reason.clone(), outcome: None });
        let dossier = new_dossier(known.procedure, (resolving, received_by), channel, Some(filed_at), None);
        (History { dossier, code, moves: moves.collect() }, known, is_right)
    }

    /// Asks for the figures of a period that is over, to ask again later.
    pub fn ask(&mut self) {
        let Some(window) = self.some_past() else { return };
        let figures = self.figures(&window);
        self.asked.push(Asked { window, figures });
        if self.asked.len() > 6 {
            self.asked.remove(0);
        }
    }

    fn some_past(&mut self) -> Option<Window> {
        Some(self.some_period()?.window(self.now()))
    }

    fn some_period(&mut self) -> Option<Period> {
        let to = self.now().date() - TimeDelta::days(self.chance.between(1, 12));
        Period::new(to - TimeDelta::days(self.chance.between(0, 40)), to).ok()
    }

    pub fn figures(&self, window: &Window) -> Vec<(Vec<String>, Tally)> {
        let groups = [GroupBy::Procedure, GroupBy::Channel];
        let counted = self.db.read(|reader| tallies(reader, window, None, &groups)).unwrap();
        counted.into_iter().map(|group| (group.keys, group.tally)).collect()
    }

    pub fn freeze(&mut self) {
        let Some(period) = self.some_period() else { return };
        let leader = self.people[1].clone();
        let wish = Wish { kind: ReportKind::Form06a, agency: None, period, open: false };
        let id =
            self.post(&leader, "freeze", |tx, act| Ok(freeze(tx, act, &wish, |_, _| Ok(vec![6, 10]))?.id)).unwrap();
        let window = period.window(self.now());
        self.frozen.push(Frozen { id, window, mended: false });
    }

    /// Everything up to now.
    pub fn up_to_now(&self) -> Window {
        Period::new(day("2020-01-01"), self.now().date()).unwrap().window(self.now())
    }
}
