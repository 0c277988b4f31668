//! Accounts: users and clients are set up, people sign in, renew and sign out.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::actor::Act;
use super::administer::require_reach;
use super::fault::Fault;
use crate::ambient::Ambient;
use crate::domain::vocabulary::{AgencyCode, Role, Scope};
use crate::storage::accounts::{self, Client, User};
use crate::storage::{Db, Reader, StorageError, Tx};

/// How long a session lasts without being renewed.
const SESSION: TimeDelta = TimeDelta::days(30);
/// Shortest password, in characters.
const SHORTEST_PASSWORD: usize = 10;
/// Longest password, in bytes: argon2 is not to be fed novels.
const LONGEST_PASSWORD: usize = 200;

/// A session opened or renewed: its identifier, its user, and the refresh token, told once.
#[derive(Debug, Clone)]
pub struct Session {
    /// Opaque identifier.
    pub id: String,
    /// Who signed in.
    pub user: User,
    /// To be exchanged once for a new one.
    pub refresh_token: String,
}

/// The hash of a password to be stored.
///
/// # Errors
/// [`Fault::Invalid`] at `/password` when it is too short or too long.
pub fn hash_password(password: &str) -> Result<String, Fault> {
    if password.chars().count() < SHORTEST_PASSWORD || password.len() > LONGEST_PASSWORD {
        return Err(Fault::Invalid { pointer: "/password", code: "weak_password" });
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed.map_err(|cause| StorageError::corrupt("password", cause))?.to_string())
}

/// Adds a user whose password was hashed before (hashing is slow and does not belong into a transaction).
///
/// # Errors
/// [`Fault::Invalid`], [`Fault::Unknown`] agency, [`Fault::Exists`].
pub fn add_user(
    tx: &mut Tx,
    act: Act<'_>,
    (username, password_hash): (&str, &str),
    role: Role,
    agency: Option<AgencyCode>,
) -> Result<User, Fault> {
    if username.trim() != username || username.is_empty() {
        return Err(Fault::Invalid { pointer: "/username", code: "blank" });
    }
    require_agency(tx, act, role != Role::Admin, agency.as_ref())?;
    if accounts::by_username(tx, username)?.is_some() {
        return Err(Fault::Exists("user"));
    }
    let user = User { id: act.ambient.new_id(), username: username.to_owned(), role, agency, version: 1 };
    accounts::insert_user(tx, &user, password_hash, act.now)?;
    Ok(user)
}

/// Adds a client; answers it with its secret, which is not kept and told only here.
///
/// # Errors
/// [`Fault::Unknown`] agency.
pub fn add_client(
    tx: &mut Tx,
    act: Act<'_>,
    name: &str,
    scopes: &[Scope],
    agency: Option<AgencyCode>,
) -> Result<(Client, String), Fault> {
    require_agency(tx, act, false, agency.as_ref())?;
    let secret = hex(&act.ambient.random::<32>());
    let (id, name, scopes) = (act.ambient.new_id(), name.to_owned(), scopes.to_vec());
    let client = Client { id, name, scopes, agency, version: 1 };
    accounts::insert_client(tx, &client, &digest(&secret), act.now)?;
    Ok((client, secret))
}

fn require_agency(tx: &mut Tx, act: Act<'_>, needed: bool, agency: Option<&AgencyCode>) -> Result<(), Fault> {
    match agency {
        Some(agency) => match require_reach(tx, act.actor, agency) {
            Err(Fault::NotFound(_)) => Err(Fault::Unknown { pointer: "/agency", what: "agency" }),
            other => other.map(drop),
        },
        None if needed => Err(Fault::Invalid { pointer: "/agency", code: "agency_required" }),
        None if act.actor.agency.is_some() => Err(Fault::Forbidden),
        None => Ok(()),
    }
}

/// Signs a user in. An unknown name takes as long as a wrong password.
///
/// # Errors
/// [`Fault::BadCredentials`].
pub fn sign_in(db: &Db, ambient: &Ambient, username: &str, password: &str) -> Result<Session, Fault> {
    let found = db.read(|reader| accounts::by_username(reader, username))?;
    let Some(user) = verified(found, password) else { return Err(Fault::BadCredentials) };
    let now = ambient.now();
    let (id, refresh_token) = (ambient.new_id(), hex(&ambient.random::<32>()));
    db.write(|tx| accounts::insert_session(tx, &id, &user.id, &digest(&refresh_token), (now, now + SESSION)))?;
    Ok(Session { id, user, refresh_token })
}

fn verified(found: Option<(User, String)>, password: &str) -> Option<User> {
    // The hash of no password anyone knows, of the same cost.
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$3YnkqYnOWBXHjwTA5ZK4DoM3hM6g7lJwB0e0vYbVq0c";
    let (user, hash) = found.map_or((None, NOBODY.to_owned()), |(user, hash)| (Some(user), hash));
    let is_right = PasswordHash::new(&hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    user.filter(|_| is_right)
}

/// Renews a session: the refresh token is used up and a new one given.
///
/// # Errors
/// [`Fault::BadCredentials`].
pub fn renew(db: &Db, ambient: &Ambient, refresh_token: &str) -> Result<Session, Fault> {
    let (now, next) = (ambient.now(), hex(&ambient.random::<32>()));
    let rotated = db.write(|tx| accounts::rotate(tx, &digest(refresh_token), &digest(&next), (now, now + SESSION)))?;
    let (id, user) = rotated.ok_or(Fault::BadCredentials)?;
    Ok(Session { id, user, refresh_token: next })
}

/// The client that has this secret.
///
/// # Errors
/// [`Fault::BadCredentials`] when there is none.
pub fn client_of(reader: &mut Reader, id: &str, secret: &str) -> Result<Client, Fault> {
    let given = digest(secret);
    // The digests of two secrets say nothing about each other: how long comparing them takes is no hint.
    let found = accounts::client_with_secret(reader, id)?.filter(|(_, kept)| *kept == given);
    found.map(|(client, _)| client).ok_or(Fault::BadCredentials)
}

/// Hex of SHA-256; enough for secrets that are random themselves.
fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
