//! People's accounts: added, changed, disabled, given a new password.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use sha2::{Digest, Sha256};

use super::actor::{Act, Actor};
use super::administer::require_reach;
use super::fault::Fault;
use super::watch::Watch;
use crate::domain::password;
use crate::domain::refusal::Refusal;
use crate::domain::vocabulary::{AgencyCode, Role};
use crate::folding::fold;
use crate::storage::accounts::{self, User};
use crate::storage::{Reader, StorageError, Tx, sessions};

/// What is to be changed of a user; `None` leaves a member alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPatch {
    /// Role.
    pub role: Option<Role>,
    /// Agency; `Some(None)` clears.
    pub agency: Option<Option<AgencyCode>>,
    /// Whether signing in is over for now.
    pub disabled: Option<bool>,
}

/// The hash of a password to be stored, of the user who has this name.
///
/// # Errors
/// [`Fault::Invalid`] at `/password` when the password is not taken ([`password::check`]).
pub fn hash_password(username: &str, password: &str) -> Result<String, Fault> {
    password::check(password, (&fold(password), &fold(username)))
        .map_err(|weakness| Fault::Invalid { pointer: "/password", code: weakness.code() })?;
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
    let (id, username) = (act.ambient.new_id(), username.to_owned());
    let user = User { id, username, role, agency, disabled: false, version: 1 };
    accounts::insert_user(tx, &user, password_hash, act.now)?;
    Ok(user)
}

/// A user in the actor's reach.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find_user(reader: &mut Reader, actor: &Actor, id: &str) -> Result<User, Fault> {
    let user = accounts::find_user(reader, id)?.ok_or(Fault::NotFound("user"))?;
    if is_within(reader, actor, user.agency.as_ref())? { Ok(user) } else { Err(Fault::NotFound("user")) }
}

/// Changes a user. Who is disabled is signed out everywhere; who is enabled again may sign in at once.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`], [`Refusal::OwnAccount`], [`Fault::Unknown`] agency, [`Fault::Forbidden`] when
/// the user would reach further than the actor.
pub fn change_user(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &UserPatch,
) -> Result<User, Fault> {
    let mut user = others_account(tx, act, id, expected)?;
    user.role = patch.role.unwrap_or(user.role);
    if let Some(agency) = &patch.agency {
        user.agency.clone_from(agency);
    }
    require_agency(tx, act, user.role != Role::Admin, user.agency.as_ref())?;
    user.disabled = patch.disabled.unwrap_or(user.disabled);
    accounts::save_user(tx, &mut user)?;
    match patch.disabled {
        Some(true) => sessions::end_all_of(tx, &user.id)?,
        Some(false) => Watch::on_user(&user.username, None).clear(tx)?,
        None => {}
    }
    Ok(user)
}

/// Gives a user a new password, hashed before; they are signed out everywhere, and failed sign-ins are forgotten.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`], [`Refusal::OwnAccount`]: one's own password is changed by who knows it.
pub fn reset_password(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    password_hash: &str,
) -> Result<User, Fault> {
    let mut user = others_account(tx, act, id, expected)?;
    store_password(tx, &mut user, password_hash)?;
    Ok(user)
}

/// Stores a new password and ends what was opened with the old one.
pub(in crate::flow) fn store_password(tx: &mut Tx, user: &mut User, password_hash: &str) -> Result<(), Fault> {
    accounts::set_password(tx, user, password_hash)?;
    sessions::end_all_of(tx, &user.id)?;
    Ok(Watch::on_user(&user.username, None).clear(tx)?)
}

fn others_account(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>) -> Result<User, Fault> {
    let user = find_user(tx, act.actor, id)?;
    if expected.is_some_and(|expected| expected != user.version) {
        return Err(Fault::Changed);
    }
    if user.id == act.actor.id { Err(Refusal::OwnAccount.into()) } else { Ok(user) }
}

/// Whether what is held at an agency is the actor's to keep; what is held at none is theirs who act everywhere.
pub(in crate::flow) fn is_within(
    reader: &mut Reader,
    actor: &Actor,
    agency: Option<&AgencyCode>,
) -> Result<bool, Fault> {
    match agency {
        Some(agency) => Ok(actor.sides(reader, agency, agency)?.resolving),
        None => Ok(actor.agency.is_none()),
    }
}

/// Whether the actor may have an account act at an agency, or, at none, everywhere.
pub(in crate::flow) fn require_agency(
    tx: &mut Tx,
    act: Act<'_>,
    needed: bool,
    agency: Option<&AgencyCode>,
) -> Result<(), Fault> {
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

/// Hex of SHA-256; enough for secrets that are random themselves.
pub(in crate::flow) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
