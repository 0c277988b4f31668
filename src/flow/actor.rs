//! Who acts, and what the contract's role table lets them do; the one place that decides.

use chrono::NaiveDate;

use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::identity_no::IdentityNo;
use crate::domain::transition::MAX_DAYS_BACK;
use crate::domain::vocabulary::{AgencyCode, LocalTime, Role, Scope, Status};
use crate::storage::dossiers::Stamp;
use crate::storage::listing::Visible;
use crate::storage::{Reader, StorageError, agencies, lineage};

/// By what right someone acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// A person's role.
    Role(Role),
    /// A machine client's scopes.
    Scopes(Vec<Scope>),
}

/// Someone who acts on the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Identifies the caller across requests, e.g. for idempotency keys.
    pub id: String,
    /// Name shown in the timeline.
    pub name: String,
    /// The role, or a machine's scopes.
    pub authority: Authority,
    /// The agency it is held at; `None` for who acts everywhere.
    pub agency: Option<AgencyCode>,
    /// Ended agencies whose work came to that one: what is theirs is the actor's, too.
    pub predecessors: Vec<AgencyCode>,
    /// The absent officer for whom they stand in by a mandate: role and agency are theirs, as they are now.
    pub on_behalf_of: Option<String>,
}

/// A citizen, signed in through the OpenID provider. No [`Actor`]: no verb and no list of the office takes one, so that none
/// can be reached by a slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citizen {
    /// The same for the same person.
    pub id: String,
    /// Their name, as the provider says it.
    pub name: String,
    /// By which their dossiers are known.
    pub identity_no: IdentityNo,
}

/// What an action on a dossier asks of its actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Look up.
    Read,
    /// See the numbers of persons in the open.
    Reveal,
    /// Take in.
    Receive,
    /// Edit contact, summary, assignee, note.
    Edit,
    /// A move of the state machine.
    Move {
        /// Where the dossier stands.
        from: Status,
        /// Whether it was never accepted.
        at_intake: bool,
        /// Where it is to go.
        to: Status,
    },
    /// Draft, edit, submit and deliver letters.
    DraftLetter,
    /// Sign, issue, reject and cancel letters.
    SignLetter,
    /// Reopen, correct, void.
    Mend,
    /// Send on to the agency that resolves it.
    Send,
    /// Confirm to have it.
    TakeOver,
    /// Ask another agency, or answer as the one asked.
    Ask,
    /// Demand fees and record what was paid.
    Collect,
    /// Waive a fee, or give money back.
    Remit,
    /// Put a file on.
    AddFile,
    /// Take in a warning of its ladder.
    Acknowledge,
    /// Take a file off.
    RemoveFile {
        /// Whether nothing is to be done on the dossier any more: rejected, withdrawn, stopped, handed over, void.
        closed: bool,
    },
}

/// On which side of a dossier an agency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// The actor's agency (or, for roles that reach below, its subtree) is the receiving agency, or took over from it.
    pub receiving: bool,
    /// The same for the resolving agency.
    pub resolving: bool,
}

/// Someone acting now.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub now: LocalTime,
    /// Where identifiers come from.
    pub ambient: &'a Ambient,
}

impl<'a> Act<'a> {
    /// How many calendar days back the actor may date a receipt or a move; `None`: any time back.
    pub fn days_back(&self) -> Option<u32> {
        if self.actor.authority == Authority::Role(Role::Admin) { None } else { Some(MAX_DAYS_BACK) }
    }

    /// The stamp that goes beside every event.
    pub fn stamp(&self) -> Stamp<'a> {
        let Actor { name, on_behalf_of, .. } = self.actor;
        Stamp { actor: name, on_behalf_of: on_behalf_of.as_deref(), now: self.now }
    }
}

impl Actor {
    /// The service itself: the sweep, the command line.
    pub fn service(name: &str) -> Self {
        Self {
            id: format!("service:{name}"),
            name: name.to_owned(),
            authority: Authority::Role(Role::Admin),
            agency: None,
            predecessors: Vec::new(),
            on_behalf_of: None,
        }
    }

    /// Whose desk the actor works at: their own, or that of the officer for whom they stand in. `me` of a list.
    pub fn desk(&self) -> &str {
        self.on_behalf_of.as_deref().unwrap_or(&self.name)
    }

    /// Identifies the caller together with the right they act by: a retried request is answered to no other.
    pub fn caller(&self) -> String {
        match &self.on_behalf_of {
            None => self.id.clone(),
            Some(absent) => format!("{} for {absent}", self.id),
        }
    }

    /// On which side of a dossier the actor stands.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn sides(
        &self,
        reader: &mut Reader,
        resolving: &AgencyCode,
        receiving: &AgencyCode,
    ) -> Result<Sides, StorageError> {
        let mut holds = |code: &AgencyCode| match &self.agency {
            None => Ok(true),
            Some(own) if own == code || self.predecessors.contains(code) => Ok(true),
            Some(own) if self.authority.reaches_below() => lineage::is_held(reader, code, own),
            Some(_) => Ok(false),
        };
        Ok(Sides { resolving: holds(resolving)?, receiving: holds(receiving)? })
    }

    /// Whose dossiers the actor sees.
    pub fn sees(&self) -> Visible {
        match &self.agency {
            None => Visible::Everything,
            Some(own) if self.authority.reaches_below() => Visible::Below(own.clone()),
            Some(own) => Visible::Of([std::slice::from_ref(own), &self.predecessors].concat()),
        }
    }

    /// On which side of a dossier the actor stands, if it is theirs to look up.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: to all others it is not there.
    pub fn sides_of_seen(
        &self,
        reader: &mut Reader,
        resolving: &AgencyCode,
        receiving: &AgencyCode,
    ) -> Result<Sides, Fault> {
        let sides = self.sides(reader, resolving, receiving)?;
        if may(&self.authority, Action::Read, sides) { Ok(sides) } else { Err(Fault::NotFound("dossier")) }
    }

    /// Refuses who is of an agency that ended: its people keep reading, and those of its successors act.
    ///
    /// # Errors
    /// [`Fault::Forbidden`].
    pub fn require_in_office(&self, reader: &mut Reader, today: NaiveDate) -> Result<(), Fault> {
        let Some(own) = &self.agency else { return Ok(()) };
        let is_over = agencies::known(reader, own)?.is_some_and(|agency| agency.validity.is_over(today));
        if is_over { Err(Fault::Forbidden) } else { Ok(()) }
    }
}

impl Authority {
    /// Whether it reaches the agencies below its own. A machine acts for a whole office.
    pub const fn reaches_below(&self) -> bool {
        matches!(self, Self::Role(Role::Leader | Role::Auditor | Role::Admin) | Self::Scopes(_))
    }

    /// Whether a machine has one of these scopes.
    fn has(&self, wanted: &[Scope]) -> bool {
        matches!(self, Self::Scopes(scopes) if wanted.iter().any(|scope| scopes.contains(scope)))
    }
}

/// What is asked of an actor for what belongs to one agency and is no dossier: feedback, visits, tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Look up.
    Read,
    /// Enter, take on, note.
    Record,
    /// Assign, answer, pass on, sign off.
    Decide,
}

impl Actor {
    /// Asks whether the actor has a duty at an agency.
    ///
    /// # Errors
    /// [`Fault::NotFound`] `what`, when the agency is out of reach; [`Fault::Forbidden`] when the role does not have it.
    pub fn require(
        &self,
        reader: &mut Reader,
        agency: &AgencyCode,
        duty: Duty,
        what: &'static str,
    ) -> Result<(), Fault> {
        if !self.sides(reader, agency, agency)?.resolving {
            return Err(Fault::NotFound(what));
        }
        let has = match (&self.authority, duty) {
            (Authority::Scopes(_), duty) => duty == Duty::Read,
            (Authority::Role(_), Duty::Read) | (Authority::Role(Role::Admin | Role::Leader), _) => true,
            (Authority::Role(role), Duty::Record) => matches!(role, Role::FrontDesk | Role::Officer),
            (Authority::Role(_), Duty::Decide) => false,
        };
        if has { Ok(()) } else { Err(Fault::Forbidden) }
    }
}

/// Whether an actor may do this to a dossier they stand to on these sides.
pub fn may(authority: &Authority, action: Action, sides: Sides) -> bool {
    let any_side = sides.receiving || sides.resolving;
    let at_counter = match action {
        Action::Receive | Action::Move { from: Status::Registered, .. } => true,
        Action::Move { to, at_intake, .. } => at_intake || to == Status::Returned,
        Action::Read | Action::Reveal | Action::Edit | Action::DraftLetter | Action::SignLetter | Action::Mend => false,
        Action::Send => true,
        Action::TakeOver | Action::Ask | Action::Collect | Action::Remit => false,
        Action::AddFile | Action::Acknowledge | Action::RemoveFile { .. } => false,
    };
    let role = match authority {
        Authority::Role(role) => *role,
        Authority::Scopes(_) => {
            return match action {
                // Which scope a read asks for is said by its route.
                Action::Read => any_side,
                Action::Reveal | Action::Edit | Action::Collect | Action::AddFile => {
                    authority.has(&[Scope::DossiersWrite]) && any_side
                }
                Action::Receive | Action::Send | Action::Move { .. } if at_counter => {
                    authority.has(&[Scope::DossiersWrite]) && sides.receiving
                }
                Action::Receive | Action::Send | Action::TakeOver | Action::Ask | Action::Move { .. } => {
                    authority.has(&[Scope::DossiersWrite]) && sides.resolving
                }
                Action::DraftLetter | Action::SignLetter => {
                    authority.has(&[Scope::DocumentsExchange]) && sides.resolving
                }
                Action::Mend | Action::Remit | Action::Acknowledge | Action::RemoveFile { .. } => false,
            };
        }
    };
    match (role, action) {
        (_, Action::Read) | (Role::Admin, _) => any_side,
        (Role::Auditor, _) => false,
        (_, Action::Reveal | Action::Edit) => any_side,
        // What comes over the counter is scanned there; who resolves adds signed papers and the result.
        (Role::FrontDesk, Action::AddFile | Action::Collect) => sides.receiving,
        (Role::Officer | Role::Leader, Action::AddFile | Action::Collect | Action::Remit) => any_side,
        (Role::Officer, Action::RemoveFile { closed }) => any_side && !closed,
        (Role::Leader, Action::RemoveFile { .. }) => any_side,
        (Role::FrontDesk | Role::Officer | Role::Leader, _) if at_counter => sides.receiving,
        (Role::FrontDesk, _) | (Role::Officer, Action::SignLetter | Action::Mend) => false,
        (Role::Officer | Role::Leader, _) => sides.resolving,
    }
}
