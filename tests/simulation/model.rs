//! What the office was told and may rely on: each dossier as a handful of facts, moved by a few lines of its own.

use chrono::NaiveDateTime;
use motcua::domain::deadline::{OnSupplement, Rule};
use motcua::domain::dossier_code::DossierCode;
use motcua::domain::timeliness::EndClass;
use motcua::domain::vocabulary::{Channel, Status};

use super::office::PROCEDURES;
use super::plain_clock::{Due, Wall};

/// A dossier that was acknowledged.
#[derive(Debug, Clone)]
pub struct Known {
    pub code: DossierCode,
    pub procedure: usize,
    pub agency: &'static str,
    pub received_by: &'static str,
    pub channel: Channel,
    pub filed_at: NaiveDateTime,
    pub accept: bool,
    /// The moves that hold, in order.
    pub moves: Vec<(Status, NaiveDateTime)>,
    pub state: State,
    pub void: bool,
    pub anonymised: bool,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub status: Status,
    pub received_at: Option<NaiveDateTime>,
    pub due: Option<Due>,
    pub stopped_since: Option<NaiveDateTime>,
    pub last_move_at: NaiveDateTime,
    pub end: Option<(NaiveDateTime, EndClass)>,
    /// Status and last move before it ended, to which reopening goes back.
    before_end: Option<(Status, NaiveDateTime)>,
}

impl State {
    /// Handed in and not looked at yet.
    pub fn filed(at: NaiveDateTime) -> Self {
        Self {
            status: Status::Registered,
            received_at: None,
            due: None,
            stopped_since: None,
            last_move_at: at,
            end: None,
            before_end: None,
        }
    }

    pub fn late_from(&self) -> Option<NaiveDateTime> {
        if self.stopped_since.is_some() { None } else { self.due.map(|due| due.late_from) }
    }

    fn is_late(&self, at: NaiveDateTime) -> bool {
        self.late_from().is_some_and(|late_from| late_from <= at)
    }

    /// The moves of the contract by national code.
    fn allows(&self, to: Status) -> bool {
        let targets: &[i16] = match (self.status.national_code(), self.received_at.is_some()) {
            (1, _) => &[2, 3, 5],
            (2, _) => &[4, 5, 7, 8, 9],
            (4, _) => &[5, 6, 7, 8, 9],
            (5, true) | (6, _) => &[4, 7, 8],
            (5, false) => &[1, 7, 8],
            (9, _) => &[10],
            _ => &[],
        };
        targets.contains(&to.national_code())
    }
}

impl Known {
    pub fn rule(&self) -> Rule {
        PROCEDURES[self.procedure].rule(self.channel)
    }

    pub fn is_open(&self) -> bool {
        !self.void && self.state.received_at.is_some() && self.state.end.is_none()
    }

    pub fn owes_apology(&self, now: NaiveDateTime) -> bool {
        let ended_late = self.state.end.is_some_and(|(_, class)| class == EndClass::Late);
        !self.void && (ended_late || (self.is_open() && self.state.is_late(now)))
    }

    /// How it stands as it is handed in.
    pub fn filed(&self, wall: &Wall) -> State {
        let blank = State::filed(self.filed_at);
        if self.accept { self.accepted(&blank, wall, self.filed_at) } else { blank }
    }

    fn accepted(&self, state: &State, wall: &Wall, at: NaiveDateTime) -> State {
        State {
            status: Status::Received,
            received_at: Some(at),
            due: wall.promise(&self.rule(), self.agency, at),
            last_move_at: at,
            ..state.clone()
        }
    }

    /// How it would stand after a move; `None` when there is no such move.
    pub fn after(&self, state: &State, wall: &Wall, to: Status, at: NaiveDateTime) -> Option<State> {
        if !state.allows(to) || at < state.last_move_at {
            return None;
        }
        let mut next = State { status: to, last_move_at: at, ..state.clone() };
        let end = |class| state.received_at.map(|_| (at, class));
        match to {
            Status::Received => return Some(self.accepted(state, wall, at)),
            Status::Processing => {
                if let (Some(due), Some(since)) = (state.due, state.stopped_since) {
                    let rule = self.rule();
                    let restarts =
                        state.status == Status::SupplementRequired && rule.on_supplement == OnSupplement::Restart;
                    next.due = if restarts {
                        wall.promise(&rule, self.agency, at)
                    } else {
                        Some(wall.postpone(due, rule.unit, self.agency, since, at))
                    };
                }
                next.stopped_since = None;
            }
            Status::SupplementRequired | Status::PaymentRequired => {
                next.stopped_since = (state.received_at.is_some() && !state.is_late(at)).then_some(at);
            }
            Status::Withdrawn | Status::Stopped => {
                next.end = end(if state.is_late(at) { EndClass::Late } else { EndClass::OnTime });
                next.before_end = Some((state.status, state.last_move_at));
            }
            Status::Finished => {
                let is_early = state.due.is_some_and(|due| at.date() < due.on);
                next.end = end(match (state.is_late(at), is_early) {
                    (true, _) => EndClass::Late,
                    (false, true) => EndClass::Early,
                    (false, false) => EndClass::OnTime,
                });
                next.before_end = Some((state.status, state.last_move_at));
            }
            Status::Registered | Status::Rejected | Status::Returned => {}
        }
        Some(next)
    }

    pub fn moved(&mut self, wall: &Wall, to: Status, at: NaiveDateTime) {
        self.state = self.after(&self.state, wall, to, at).unwrap_or_else(|| panic!("{self:?} is not to go to {to}"));
        self.moves.push((to, at));
    }

    pub fn may_reopen(&self) -> bool {
        !self.void && matches!(self.state.status, Status::Withdrawn | Status::Stopped | Status::Finished)
    }

    pub fn reopened(&mut self) {
        let undone = self.state.status;
        let last = self.moves.iter().rposition(|(to, _)| *to == undone).unwrap();
        self.moves.remove(last);
        let (status, last_move_at) = self.state.before_end.take().unwrap();
        self.state = State { status, last_move_at, end: None, ..self.state.clone() };
    }

    /// Its whole life anew, as it would be with the present calendar; `None` when it cannot have been so.
    pub fn relived(&self, wall: &Wall) -> Option<State> {
        self.moves.iter().try_fold(self.filed(wall), |state, (to, at)| self.after(&state, wall, *to, *at))
    }
}
