//! The audit log: entries are written with their deeds, sealed into a chain of hashes afterwards, and checked.

use sha2::{Digest, Sha256};

use super::accounts::hex;
use super::actor::{Act, Actor, Authority, Citizen};
use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::audit::{Belongs, Entry, Outcome, Trace, Who};
use crate::storage::audit::{self, Head, Sealed};
use crate::storage::{Db, Reader, StorageError, Tx, accounts, clients};

/// How many entries one transaction seals, and one page of a verification holds.
const BATCH: i64 = 1_000;

/// Whom an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Somebody known.
    Who(Who),
    /// Who says to be this user. It may be a password in the wrong field: of a name that nobody has only `stand_in` is kept.
    User {
        /// The name as given.
        name: String,
        /// What stands for it.
        stand_in: String,
    },
    /// Who says to be this client.
    Client {
        /// The identifier as given.
        id: String,
        /// What stands for it.
        stand_in: String,
    },
}

impl From<&Actor> for Who {
    fn from(actor: &Actor) -> Self {
        let role = match &actor.authority {
            Authority::Role(role) => role.as_str(),
            Authority::Scopes(_) => "machine",
        };
        Self {
            actor: Some(actor.id.clone()),
            actor_name: Some(actor.name.clone()),
            role: Some(role.to_owned()),
            actor_agency: actor.agency.as_ref().map(ToString::to_string),
            on_behalf_of: actor.on_behalf_of.clone(),
        }
    }
}

impl From<&Citizen> for Who {
    fn from(citizen: &Citizen) -> Self {
        Self {
            actor: Some(citizen.id.clone()),
            actor_name: Some(citizen.name.clone()),
            role: Some("citizen".to_owned()),
            actor_agency: None,
            on_behalf_of: None,
        }
    }
}

fn who(reader: &mut Reader, named: &Named) -> Result<Who, StorageError> {
    let unknown = |stand_in: &str| Who { actor: Some(format!("unknown:{stand_in}")), ..Who::default() };
    Ok(match named {
        Named::Who(who) => who.clone(),
        Named::User { name, stand_in } => match accounts::by_username(reader, name)? {
            Some((user, _)) => {
                let authority = Authority::Role(user.role);
                Who::from(&Actor {
                    id: user.id,
                    name: user.username,
                    authority,
                    agency: user.agency,
                    predecessors: Vec::new(),
                    on_behalf_of: None,
                })
            }
            None => unknown(stand_in),
        },
        Named::Client { id, stand_in } => match clients::find(reader, id)? {
            Some(client) => {
                let authority = Authority::Scopes(client.scopes);
                Who::from(&Actor {
                    id: client.id,
                    name: client.name,
                    authority,
                    agency: client.agency,
                    predecessors: Vec::new(),
                    on_behalf_of: None,
                })
            }
            None => unknown(stand_in),
        },
    })
}

/// Whose a resource is, as far as its route tells.
fn belongs(reader: &mut Reader, trace: &Trace) -> Result<Belongs, StorageError> {
    let Some(resource) = &trace.resource else { return Ok(Belongs::default()) };
    let has = |route: &str| trace.action.contains(route);
    let found = if has("/v1/agencies") {
        Some(Belongs { agency: Some(resource.clone()), received_by: None })
    } else if has("/v1/dossiers") {
        audit::of_dossier(reader, resource)?
    } else if has("/apology-letters/") || has("/ioffice/documents/") {
        audit::of_letter(reader, resource)?
    } else {
        None
    };
    Ok(found.unwrap_or_default())
}

/// Writes down a deed in its own transaction: one statement, where the transaction knows whose the resource is.
///
/// # Errors
/// [`StorageError`].
pub fn deed(tx: &mut Tx, act: Act<'_>, trace: &Trace) -> Result<(), StorageError> {
    let belongs = match audit::concerned(tx) {
        Some(belongs) => belongs,
        None => belongs(tx, trace)?,
    };
    let mut trace = trace.clone();
    trace.resource = trace.resource.or_else(|| audit::made(tx));
    let entry = Entry {
        id: act.ambient.new_id(),
        at: act.now,
        who: act.actor.into(),
        trace,
        belongs,
        outcome: Outcome::Done,
        reason: None,
    };
    audit::enqueue(tx, &entry)
}

/// As [`deed`], for what is done by a command and not by a request.
///
/// # Errors
/// [`StorageError`].
pub fn command(tx: &mut Tx, act: Act<'_>, action: &str, resource: Option<&str>) -> Result<(), StorageError> {
    deed(tx, act, &Trace { action: action.to_owned(), resource: resource.map(str::to_owned), ..Trace::default() })
}

/// What was done without a write of its own, or refused.
#[derive(Debug, Clone)]
pub struct Note {
    /// By whom.
    pub by: Named,
    /// What, and from where.
    pub trace: Trace,
    /// The agency asked for, where the resource says nothing of one.
    pub agency: Option<String>,
    /// Whether they were let.
    pub outcome: Outcome,
    /// The problem's code.
    pub reason: Option<String>,
}

/// Writes down a look or a refused attempt, in a transaction of its own. Something of another agency that is not found for
/// the caller is told apart here from what is not there.
///
/// # Errors
/// [`StorageError`].
pub fn note(db: &Db, ambient: &Ambient, note: &Note) -> Result<(), StorageError> {
    db.write(|tx| {
        let mut belongs = belongs(tx, &note.trace)?;
        if belongs.agency.is_none() {
            belongs.agency.clone_from(&note.agency);
        }
        let hidden =
            note.reason.as_deref() == Some("not_found") && belongs.received_by.is_some() && note.trace.part.is_none();
        let entry = Entry {
            id: ambient.new_id(),
            at: ambient.now(),
            who: who(tx, &note.by)?,
            trace: note.trace.clone(),
            belongs,
            outcome: note.outcome,
            reason: if hidden { Some("out_of_reach".to_owned()) } else { note.reason.clone() },
        };
        audit::enqueue(tx, &entry)
    })
}

/// The hash of an entry: over the hash before it, its position and its text, each on a line.
fn link(before: &str, position: i64, entry: &Entry) -> Result<String, StorageError> {
    let text = audit::canonical(entry)?;
    Ok(hex(&Sha256::digest(format!("{before}\n{position}\n{text}").as_bytes())))
}

/// Seals every entry that is committed by now into the chain; answers how many there were. Any number of processes may do
/// so at once, and any may die at any instant. The end of the chain goes to the log: whoever keeps that elsewhere can
/// prove a chain that was made anew from some entry on.
///
/// # Errors
/// [`StorageError`].
pub fn seal(db: &Db) -> Result<usize, StorageError> {
    let mut count = 0;
    while db.read(audit::is_any_waiting)? {
        let (sealed, head) = db.write_steady(seal_some)?;
        tracing::info!(position = head.position, hash = head.hash, "audit entries sealed");
        count += sealed;
    }
    Ok(count)
}

fn seal_some(tx: &mut Tx) -> Result<(usize, Head), StorageError> {
    let mut head = audit::take_turn(tx)?;
    let waiting = audit::waiting(tx, BATCH)?;
    let mut sealed = Vec::with_capacity(waiting.len());
    let mut up_to = 0;
    for (place, entry) in waiting {
        let position = head.position + 1;
        let hash = link(&head.hash, position, &entry)?;
        head = Head { position, hash: hash.clone() };
        sealed.push(Sealed { position, hash, entry });
        up_to = place;
    }
    audit::keep(tx, &sealed, up_to)?;
    Ok((sealed.len(), head))
}

/// What a look at the chain found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Entries in it.
    pub sealed: i64,
    /// Entries that wait to be sealed.
    pub waiting: i64,
    /// Hash of the last one.
    pub head: String,
    /// What does not agree, in words.
    pub differences: Vec<String>,
}

/// Checks the whole chain: that no entry was changed, taken out, put in or taken off the end.
///
/// # Errors
/// [`Fault::Storage`].
pub fn check(reader: &mut Reader) -> Result<Chain, Fault> {
    let end = audit::head(reader)?;
    let mut chain = Chain { waiting: audit::waiting_count(reader)?, ..Chain::default() };
    let mut last = Head { position: 0, hash: "0".repeat(64) };
    loop {
        let page = audit::chain(reader, last.position, BATCH)?;
        if page.is_empty() {
            break;
        }
        for Sealed { position, hash, entry } in page {
            chain.sealed += 1;
            if position != last.position + 1 {
                let (first, until) = (last.position + 1, position - 1);
                chain.differences.push(format!("audit entries {first} to {until} are missing"));
            } else if link(&last.hash, position, &entry)? != hash {
                chain.differences.push(format!("audit entry {position} is not what was sealed"));
            }
            last = Head { position, hash };
        }
    }
    if last != end {
        let (there, sealed) = (last.position, end.position);
        chain.differences.push(format!("the audit log ends with entry {there}, and {sealed} was sealed last"));
    }
    chain.head = end.hash;
    Ok(chain)
}
