//! The steps of a run: the clock moves on, and somebody takes in, moves, reopens, corrects or voids a dossier.

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};
use motcua::domain::fees::{Collection, FeeItem, FeeKind};
use motcua::domain::papers::{Applicant, Papers};
use motcua::domain::vocabulary::{ApplicantKind, Channel, Outcome, Role, Status};
use motcua::flow::Actor;
use motcua::flow::actor::Authority;
use motcua::flow::correct::{Correction, correct, void};
use motcua::flow::fees::require_payment;
use motcua::flow::intake::{NewDossier, receive};
use motcua::flow::transition::{Target, Transition, transition};
use motcua::storage::dossiers;

use super::model::{Known, State};
use super::office::{AGENCIES, Office, PROCEDURES, agency};
use super::plain_clock::clock;

/// What a role is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// What is done where a dossier is handed in.
    Counter,
    /// What is done where it is resolved.
    Resolving,
    /// Reopen, correct, void.
    Mend,
    /// Change contact and note.
    Edit,
}

impl Office {
    /// The clock moves on, mostly a little; often exactly to where something changes; now and then it is set back.
    pub fn pass_time(&mut self) {
        let now = self.now();
        let next = match self.chance.weighted(&[(50, 0), (12, 1), (30, 2), (8, 3), (3, 4)]) {
            0 => now + TimeDelta::seconds(self.chance.between(0, 3 * 3_600)),
            1 => now + TimeDelta::seconds(self.chance.between(0, 40 * 3_600)),
            2 => self.edge() + TimeDelta::seconds(self.chance.between(-1, 1)),
            3 => now + TimeDelta::days(self.chance.between(1, 6)),
            _ => now - TimeDelta::seconds(self.chance.between(1, 30)),
        };
        self.ambient.set(next);
        self.latest = self.latest.max(next);
    }

    /// An instant at which an office opens or closes, a cut-off, a midnight, or one at which something becomes late.
    fn edge(&mut self) -> NaiveDateTime {
        let now = self.now();
        let mut ahead: Vec<_> = self.dossiers.iter().filter_map(|known| known.state.late_from()).collect();
        let today = now.date();
        ahead.extend([
            (today + Days::new(1)).and_time(NaiveTime::MIN),
            today.and_time(clock(15, 0)),
            today.and_time(clock(11, 30)),
        ]);
        let (code, ..) = *self.chance.pick(&AGENCIES);
        for (open, close) in self.wall.sessions(code, today) {
            ahead.extend([today.and_time(open), today.and_time(close)]);
        }
        ahead.retain(|at| *at > now && *at < now + TimeDelta::days(8));
        if ahead.is_empty() { now } else { *self.chance.pick(&ahead) }
    }

    /// Mostly who may do everything that leaders do, sometimes anybody.
    pub fn somebody(&mut self) -> Actor {
        let index = if self.chance.percent(75) { self.chance.below(2) } else { self.chance.below(self.people.len()) };
        self.people[index].clone()
    }

    pub fn some_dossier(&mut self) -> Option<usize> {
        if self.dossiers.is_empty() {
            return None;
        }
        // The newest more often: what ended long ago has not much left to happen.
        let count = self.dossiers.len();
        Some(if self.chance.percent(60) {
            count - 1 - self.chance.below(count.min(8))
        } else {
            self.chance.below(count)
        })
    }

    pub fn take_in(&mut self) {
        let now = self.now();
        let procedure = self.chance.below(PROCEDURES.len());
        let (resolving, ..) = *self.chance.pick(&AGENCIES);
        let received_by = if self.chance.percent(70) { resolving } else { self.chance.pick(&AGENCIES).0 };
        let channel = *self.chance.pick(Channel::ALL);
        let accept = *self.chance.pick(&[None, None, Some(true), Some(false)]);
        let filed_at = match self.chance.weighted(&[(85, 0), (12, 1), (3, 2)]) {
            0 => now,
            1 => now - TimeDelta::hours(self.chance.between(0, 18 * 24)),
            _ => now + TimeDelta::minutes(self.chance.between(1, 90)),
        };
        let new =
            new_dossier(procedure, (resolving, received_by), channel, (filed_at != now).then_some(filed_at), accept);
        let who = self.somebody();
        let may = has(&who, Right::Counter, resolving, received_by) && in_reach_of_time(&who, filed_at, now);
        let answer = self.post(&who, "take in", |tx, act| Ok(receive(tx, act, &new)?.code.to_string()));
        assert_eq!(answer.is_ok(), may, "{} takes in {new:?} at {now}: {answer:?}", who.name);
        let Ok(code) = answer else { return };
        let accept = accept.unwrap_or(channel != Channel::Online);
        self.know(&code, (procedure, resolving, received_by), channel, (filed_at, accept), Vec::new());
    }

    /// Enters a dossier that was acknowledged: its code is a new one of that agency and day.
    pub fn know(
        &mut self,
        code: &str,
        (procedure, resolving, received_by): (usize, &'static str, &'static str),
        channel: Channel,
        (filed_at, accept): (NaiveDateTime, bool),
        moves: Vec<(Status, NaiveDateTime)>,
    ) {
        let code: motcua::domain::dossier_code::DossierCode = code.parse().unwrap();
        assert_eq!((code.agency().as_str(), code.day()), (received_by, filed_at.date()));
        assert!(self.dossiers.iter().all(|known| known.code != code), "{code} was given before");
        let mut known = Known {
            code,
            procedure,
            agency: resolving,
            received_by,
            channel,
            filed_at,
            accept,
            moves,
            state: State::filed(filed_at),
            void: false,
            anonymised: false,
        };
        known.state = known.relived(&self.wall).expect("it was taken in");
        self.mended_from(filed_at);
        self.dossiers.push(known);
        self.compare(self.dossiers.len() - 1);
    }

    pub fn move_on(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let (now, known) = (self.now(), self.dossiers[index].clone());
        let to = if self.chance.percent(85) {
            let possible: Vec<Status> = Status::ALL
                .iter()
                .copied()
                .filter(|to| known.after(&known.state, &self.wall, *to, known.state.last_move_at).is_some())
                .flat_map(|to| std::iter::repeat_n(to, if to.is_ended() { 1 } else { 4 }))
                .collect();
            if possible.is_empty() { return } else { *self.chance.pick(&possible) }
        } else {
            *self.chance.pick(Status::ALL)
        };
        let at = if self.chance.percent(3) { now + TimeDelta::seconds(1) } else { self.chance.at_most_back(now, 60) };
        let reason = self.chance.percent(95).then(|| "Lý do".to_owned());
        let outcome = (to == Status::Finished || self.chance.percent(2))
            .then(|| *self.chance.pick(&[Outcome::Granted, Outcome::Granted, Outcome::Refused]));
        let wish = Transition {
            to: Target::Status(to),
            at: (at != now).then_some(at),
            reason,
            outcome,
            documents: Vec::new(),
        };
        let priced = to == Status::PaymentRequired && self.chance.percent(60);
        let who = self.somebody();
        let may = may_move(&who, &known, &wish, to) && in_reach_of_time(&who, at, now);
        // A move of now comes after one that another host's clock, a little ahead, dated later.
        let last = known.state.last_move_at;
        let at = if at == now && last > now && last - now <= TimeDelta::minutes(1) { last } else { at };
        let possible = known.after(&known.state, &self.wall, to, at).is_some() && !known.void && !known.anonymised;
        let code = known.code.clone();
        let answer = self.post(&who, "move", |tx, act| {
            let record = if priced {
                require_payment(tx, act, &code, None, &wish, &[fee()])?
            } else {
                transition(tx, act, &code, None, &wish)?
            };
            Ok(format!("{} {}", record.standing.status, record.version))
        });
        assert_eq!(answer.is_ok(), may && possible, "{} moves {known:?} by {wish:?} at {now}: {answer:?}", who.name);
        if answer.is_ok() {
            self.dossiers[index].moved(&self.wall, to, at);
            self.mended_from(at);
            self.compare(index);
        }
    }

    pub fn reopen(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let known = self.dossiers[index].clone();
        let who = self.somebody();
        let may = has(&who, Right::Mend, known.agency, known.received_by) && known.may_reopen() && !known.anonymised;
        let wish = Transition {
            to: Target::Reopen,
            at: None,
            reason: Some("Nhầm".into()),
            outcome: None,
            documents: Vec::new(),
        };
        let answer =
            self.post(&who, "reopen", |tx, act| Ok(transition(tx, act, &known.code, None, &wish)?.version.to_string()));
        assert_eq!(answer.is_ok(), may, "{} reopens {known:?}: {answer:?}", who.name);
        if answer.is_ok() {
            if let Some((ended_at, _)) = known.state.end {
                self.mended_from(ended_at);
            }
            self.dossiers[index].reopened();
            self.compare(index);
        }
    }

    pub fn void(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let known = self.dossiers[index].clone();
        let who = self.somebody();
        let may = has(&who, Right::Mend, known.agency, known.received_by) && !known.void && !known.anonymised;
        let answer = self
            .post(&who, "void", |tx, act| Ok(void(tx, act, &known.code, None, "Trùng".into())?.version.to_string()));
        assert_eq!(answer.is_ok(), may, "{} voids {known:?}: {answer:?}", who.name);
        if answer.is_ok() {
            self.dossiers[index].void = true;
            self.mended_from(known.state.received_at.unwrap_or(known.filed_at));
            self.compare(index);
        }
    }

    pub fn correct(&mut self) {
        let Some(index) = self.some_dossier() else { return };
        let (now, known) = (self.now(), self.dossiers[index].clone());
        let mut right = known.clone();
        if self.chance.percent(40) {
            right.procedure = self.chance.below(PROCEDURES.len());
        }
        if self.chance.percent(30) {
            right.agency = self.chance.pick(&AGENCIES).0;
        }
        if self.chance.percent(30) {
            right.channel = *self.chance.pick(Channel::ALL);
        }
        let before = known.state.received_at.unwrap_or(known.filed_at);
        let received_at = before + TimeDelta::minutes(self.chance.between(-3_000, 1_000));
        let received_at = self.chance.percent(40).then_some(received_at);
        if let Some(received_at) = received_at {
            match right.moves.iter_mut().find(|(to, _)| *to == Status::Received) {
                Some(acceptance) => acceptance.1 = received_at,
                None => right.filed_at = received_at,
            }
        }
        let wish = Correction {
            procedure: (right.procedure != known.procedure).then(|| PROCEDURES[right.procedure].code.parse().unwrap()),
            case: None,
            agency: (right.agency != known.agency).then(|| agency(right.agency)),
            channel: (right.channel != known.channel).then_some(right.channel),
            received_at,
            applicant: None,
            reason: "Nhập nhầm".into(),
        };
        let changes = wish.procedure.is_some()
            || wish.agency.is_some()
            || wish.channel.is_some()
            || received_at.is_some_and(|right| right != before);
        let life = right.relived(&self.wall).filter(|_| received_at.is_none_or(|at| at <= now));
        let who = self.somebody();
        let may = has(&who, Right::Mend, known.agency, known.received_by) && !known.void && !known.anonymised;
        let answer =
            self.post(&who, "correct", |tx, act| Ok(correct(tx, act, &known.code, None, &wish)?.version.to_string()));
        let expected = may && changes && life.is_some();
        assert_eq!(answer.is_ok(), expected, "{} corrects {known:?} by {wish:?} at {now}: {answer:?}", who.name);
        if let (Ok(_), Some(state)) = (answer, life) {
            let from = state.received_at.unwrap_or(before).min(before);
            self.dossiers[index] = Known { state, ..right };
            self.mended_from(from);
            self.compare(index);
        }
    }

    /// The stored dossier is what the office was told.
    pub fn compare(&self, index: usize) {
        let known = &self.dossiers[index];
        let record = self.db.read(|reader| dossiers::find(reader, &known.code)).unwrap().expect("it was acknowledged");
        let (stored, state) = (&record.standing, &known.state);
        assert_eq!((stored.status, stored.void), (state.status, known.void), "{known:?}");
        assert_eq!((stored.filed_at, stored.received_at), (known.filed_at, state.received_at), "{known:?}");
        let due = stored.deadline.map(|due| (due.due_on, due.due_at, due.late_from));
        assert_eq!(due, state.due.map(|due| (due.on, due.at, due.late_from)), "deadline of {known:?}");
        assert_eq!(stored.stopped_since, state.stopped_since, "{known:?}");
        assert_eq!(stored.end.map(|end| (end.at, end.class)), state.end, "end of {known:?}");
        assert_eq!(stored.last_move_at, state.last_move_at, "{known:?}");
        assert_eq!((record.agency.as_str(), record.received_by.as_str()), (known.agency, known.received_by));
        assert_eq!((record.procedure.as_str(), record.channel), (PROCEDURES[known.procedure].code, known.channel));
    }
}

pub fn fee() -> FeeItem {
    let (kind, collection) = (FeeKind::Charge, Collection::During);
    FeeItem { name: "Lệ phí".into(), code: None, kind, amount: 5_000.try_into().unwrap(), collection }
}

pub fn new_dossier(
    procedure: usize,
    (resolving, received_by): (&str, &str),
    channel: Channel,
    received_at: Option<NaiveDateTime>,
    accept: Option<bool>,
) -> NewDossier {
    NewDossier {
        procedure: PROCEDURES[procedure].code.parse().unwrap(),
        case: None,
        agency: agency(resolving),
        received_by: (received_by != resolving).then(|| agency(received_by)),
        channel,
        received_at,
        accept,
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: "Người thử".into(),
            identity_no: None,
            phone: None,
            email: None,
            address: None,
        },
        summary: None,
        papers: Papers::default(),
    }
}

/// Nothing in the future; only administrators date back as far as they like.
pub fn in_reach_of_time(who: &Actor, at: NaiveDateTime, now: NaiveDateTime) -> bool {
    at <= now && (who.authority == Authority::Role(Role::Admin) || at.date() + Days::new(15) >= now.date())
}

/// The table of roles of the contract, for one who stands on these sides.
pub fn has(who: &Actor, right: Right, resolving: &str, received_by: &str) -> bool {
    let Authority::Role(role) = who.authority else { return false };
    let Some(own) = who.agency.as_ref().map(ToString::to_string) else { return true };
    let holds = |code: &str| code == own || (role == Role::Leader && code.starts_with(&format!("{own}.")));
    match (role, right) {
        (Role::FrontDesk | Role::Officer | Role::Leader, Right::Counter) => holds(received_by),
        (Role::FrontDesk | Role::Officer | Role::Leader, Right::Edit) => holds(received_by) || holds(resolving),
        (Role::Officer | Role::Leader, Right::Resolving) | (Role::Leader, Right::Mend) => holds(resolving),
        _ => false,
    }
}

fn may_move(who: &Actor, known: &Known, wish: &Transition, to: Status) -> bool {
    let state = &known.state;
    let at_counter = state.status == Status::Registered || state.received_at.is_none() || to == Status::Returned;
    let right = if at_counter { Right::Counter } else { Right::Resolving };
    let needs_reason = matches!(
        to,
        Status::Rejected | Status::SupplementRequired | Status::PaymentRequired | Status::Withdrawn | Status::Stopped
    ) || wish.outcome == Some(Outcome::Refused);
    let has_all = (wish.reason.is_some() || !needs_reason) && (wish.outcome.is_none() || to == Status::Finished);
    has(who, right, known.agency, known.received_by) && has_all
}
