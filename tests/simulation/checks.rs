//! What holds at every moment, and what holds at the end.

use std::collections::BTreeMap;

use motcua::domain::statistics::{Period, Tally, Window};
use motcua::domain::timeliness::EndClass;
use motcua::domain::vocabulary::{Channel, LetterStatus};
use motcua::flow::feed;
use motcua::flow::freeze::drift;
use motcua::flow::retention::{Retention, retain};
use motcua::flow::verify::verify;
use motcua::storage::counts::counts;
use motcua::storage::statistics::{GroupBy, tallies};
use motcua::storage::{dossiers, letters, reports};

use super::office::{AGENCIES, Office, agency};

impl Office {
    /// Cheap enough to be asked every few steps.
    pub fn check(&mut self) {
        self.check_stored();
        self.check_past();
        self.check_feed();
        self.check_present();
    }

    fn check_stored(&self) {
        let nothing = |sql: &str| assert_eq!(self.lines(sql), Vec::<String>::new(), "{sql}");
        nothing("SELECT dossier AS text FROM journal GROUP BY dossier HAVING COUNT(*) <> MAX(seq) OR MIN(seq) <> 1");
        nothing(
            "SELECT dossier AS text FROM letters WHERE kind IN ('late', 'at_risk') AND status <> 'cancelled' \
            GROUP BY dossier HAVING COUNT(*) > 1",
        );
        nothing("SELECT code AS text FROM dossiers WHERE code NOT IN (SELECT dossier FROM journal)");
        assert_eq!(self.lines("SELECT COUNT(*) || '' AS text FROM dossiers")[0], self.dossiers.len().to_string());
        let counters = self.lines("SELECT agency || ' ' || day || ' ' || last AS text FROM code_counters");
        let last: BTreeMap<_, u64> = counters
            .iter()
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(day, last)| (day.to_owned(), last.parse().unwrap()))
            .collect();
        for known in &self.dossiers {
            let counted = last.get(&format!("{} {}", known.code.agency(), known.code.day()));
            assert!(
                counted.is_some_and(|last| *last >= known.code.sequence()),
                "the day's counter is behind {}",
                known.code
            );
        }
        for (id, (number, on)) in &self.out {
            let letter = self.db.read(|reader| letters::find(reader, id)).unwrap().expect("it went out").letter;
            let promulgation = letter.promulgation.as_ref().expect("it went out");
            assert_eq!((promulgation.number, promulgation.on), (*number, *on));
            assert!(matches!(letter.status, LetterStatus::Issued | LetterStatus::Delivered), "{letter:?}");
        }
    }

    /// Past figures are what they were when they were asked for, unless history was mended; frozen reports are what they were.
    fn check_past(&self) {
        for asked in &self.asked {
            assert_eq!(self.figures(&asked.window), asked.figures, "a past report changed: {:?}", asked.window);
        }
        for frozen in self.frozen.iter().filter(|frozen| !frozen.mended) {
            let moved = self.db.read(|reader| {
                let report = reports::find(reader, &frozen.id)?.expect("it was frozen");
                drift(reader, &report)
            });
            assert_eq!(moved.unwrap(), Vec::new(), "what was frozen is no longer so: {:?}", frozen.window);
        }
        for frozen in &self.frozen {
            let sheet = self.db.read(|reader| reports::sheet(reader, &frozen.id)).unwrap();
            assert_eq!(sheet, Some(vec![6, 10]));
        }
    }

    /// Every event stands in the feed once, in the order of its dossier, and stays where it stands.
    fn check_feed(&mut self) {
        feed::sequence(&self.db).unwrap();
        let feed = self.lines("SELECT position || ' ' || dossier || '/' || seq AS text FROM changes ORDER BY position");
        let journal = self.lines("SELECT COUNT(*) || '' AS text FROM journal");
        assert_eq!(feed.len().to_string(), journal[0], "as many events in the feed as in the journal");
        assert!(feed.starts_with(&self.feed), "what stood in the feed stands elsewhere");
        let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
        for (position, line) in feed.iter().enumerate() {
            let (place, event) = line.split_once(' ').unwrap();
            let (dossier, seq) = event.rsplit_once('/').unwrap();
            let next = reached.entry(dossier).or_default();
            *next += 1;
            assert_eq!((place, seq), ((position + 1).to_string().as_str(), next.to_string().as_str()), "{line}");
        }
        self.feed = feed;
    }

    /// Figures of now are what a plain count of the known dossiers gives; balances say what the rows say.
    fn check_present(&self) {
        let now = self.now();
        // With the clock set back, some of what is known has not happened yet.
        if now == self.latest {
            for (code, ..) in AGENCIES {
                let window = self.up_to_now();
                let found = self.total(&window, Some(code));
                let tally = self.counted_by_hand(code);
                assert_eq!(found, tally, "figures of {code} and those below it up to {now}");
            }
        }
        let today = now.date();
        for (days_from, days_to) in [(30, 1), (9, 3), (1, 0)] {
            let days = |back: i64| today - chrono::TimeDelta::days(back);
            let window = Period::new(days(days_from), days(days_to)).unwrap().window(now);
            for (under, groups) in [
                (None, &[][..]),
                (Some("H16.18"), &[GroupBy::Field, GroupBy::Channel]),
                (None, &[GroupBy::Agency, GroupBy::Level]),
            ] {
                let under = under.map(agency);
                let rows = self.db.read(|reader| tallies(reader, &window, under.as_ref(), groups)).unwrap();
                let struck = self.db.read(|reader| counts(reader, &window, under.as_ref(), groups)).unwrap();
                assert_eq!(struck, rows, "balances and rows of {window:?} {under:?} {groups:?}");
                assert!(rows.iter().all(|group| group.tally.is_balanced()), "{rows:?}");
            }
        }
    }

    fn total(&self, window: &Window, code: Option<&str>) -> Tally {
        let code = code.map(agency);
        let groups = self.db.read(|reader| tallies(reader, window, code.as_ref(), &[])).unwrap();
        let mut total = Tally::default();
        groups.into_iter().for_each(|group| total += group.tally);
        assert!(total.is_balanced(), "{total:?}");
        // Letters are counted by their own check.
        Tally { late_with_letter: 0, overdue_with_letter: 0, ..total }
    }

    fn counted_by_hand(&self, code: &str) -> Tally {
        let now = self.now();
        let mut tally = Tally::default();
        let below = format!("{code}.");
        let theirs = self.dossiers.iter().filter(|known| known.agency == code || known.agency.starts_with(&below));
        for known in theirs.filter(|known| !known.void && known.state.received_at.is_some()) {
            match known.channel {
                Channel::Online => tally.online += 1,
                Channel::Direct => tally.direct += 1,
                Channel::Postal => tally.postal += 1,
            }
            match known.state.end {
                Some((_, EndClass::Early)) => tally.early += 1,
                Some((_, EndClass::OnTime)) => tally.on_time += 1,
                Some((_, EndClass::Late)) => tally.late += 1,
                None if known.owes_apology(now) => tally.overdue += 1,
                None => {
                    tally.within += 1;
                    tally.paused += i64::from(known.state.stopped_since.is_some());
                }
            }
        }
        tally
    }

    /// After a sweep: who is late has exactly one letter of apology, and nobody else has one that is not out; nothing that
    /// ended or waits is noticed as overdue.
    pub fn check_letters(&self) {
        let now = self.now();
        if now < self.latest {
            return;
        }
        let left = self.db.read(|reader| dossiers::newly_overdue(reader, now, 1_000)).unwrap();
        assert!(left.is_empty(), "swept, and {left:?} are still to be noticed");
        let mut letters: BTreeMap<String, (usize, bool)> = BTreeMap::new();
        for line in self.lines(
            "SELECT dossier || ' ' || kind || ' ' || COALESCE(number, '-') AS text FROM letters \
             WHERE kind IN ('late', 'at_risk') AND status <> 'cancelled'",
        ) {
            let words: Vec<&str> = line.split(' ').collect();
            let (late, is_out) = letters.entry(words[0].to_owned()).or_default();
            *late += usize::from(words[1] == "late");
            *is_out |= words[2] != "-";
        }
        for known in &self.dossiers {
            let (late, is_out) = letters.get(&known.code.to_string()).copied().unwrap_or_default();
            let owed = known.owes_apology(now);
            // A letter that is out stays on file when a correction shows that it was not owed, or as the warning it was.
            assert!(late == usize::from(owed) || is_out, "{late} letters, owed: {owed}, at {now}: {known:?}");
        }
    }

    /// The whole house, recounted from its journal.
    pub fn check_all(&mut self) {
        self.check();
        (0..self.dossiers.len()).for_each(|index| self.compare(index));
        let verdict = verify(&self.db, self.now()).unwrap();
        assert_eq!(verdict.differences, Vec::<String>::new());
        assert_eq!(verdict.dossiers, self.dossiers.len());
    }

    /// What ended is forgotten: nothing that is counted changes.
    pub fn forget_all(&mut self) {
        let window = self.up_to_now();
        let before = self.figures(&window);
        let wish = Retention { years: 0, agency: None, apply: true };
        let done = retain(&self.db, &self.ambient, &wish, |_| Ok(())).unwrap();
        let forgotten = self.lines("SELECT code AS text FROM dossiers WHERE anonymised_at IS NOT NULL");
        assert_eq!(done.anonymised, forgotten.len());
        assert_eq!(self.figures(&window), before, "forgetting changes no figure");
        for index in 0..self.dossiers.len() {
            if forgotten.contains(&self.dossiers[index].code.to_string()) {
                self.dossiers[index].anonymised = true;
                assert!(self.dossiers[index].void || self.dossiers[index].state.status.is_ended(), "it goes on");
            }
        }
    }

    pub fn names_of_events(&self) -> Vec<String> {
        self.lines("SELECT DISTINCT name AS text FROM changes")
    }

    /// Journal, letters and figures, to be compared with another run's.
    pub fn digest(&self) -> Vec<String> {
        let mut all = self.lines(
            "SELECT dossier || seq || at || recorded_at || actor || name || event AS text FROM journal ORDER BY dossier, seq",
        );
        all.extend(self.lines("SELECT id || dossier || kind || status || version AS text FROM letters ORDER BY id"));
        all.extend(self.figures(&self.up_to_now()).iter().map(|figure| format!("{figure:?}")));
        all
    }
}
