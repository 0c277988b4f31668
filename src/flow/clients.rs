//! Machine clients: added, changed, given a new secret, removed; and signed in by it.

use std::net::IpAddr;

use chrono::TimeDelta;

use super::accounts::{digest, hex, is_within, require_agency};
use super::actor::{Act, Actor};
use super::fault::Fault;
use super::watch::Watch;
use crate::ambient::Ambient;
use crate::domain::vocabulary::{AgencyCode, LocalTime, Scope};
use crate::storage::clients::{self, Client};
use crate::storage::{Db, Reader, Tx};

/// What is to be changed of a client; `None` leaves a member alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientPatch {
    /// Name shown in timelines.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Vec<Scope>>,
    /// Agency it acts for; `Some(None)` clears.
    pub agency: Option<Option<AgencyCode>>,
    /// Whether its secret and its tokens are of no use for now.
    pub disabled: Option<bool>,
}

/// Adds a client; answers it with its secret, which is not kept and told only here.
///
/// # Errors
/// [`Fault::Unknown`] agency.
pub fn add(
    tx: &mut Tx,
    act: Act<'_>,
    name: &str,
    scopes: &[Scope],
    agency: Option<AgencyCode>,
) -> Result<(Client, String), Fault> {
    require_agency(tx, act, false, agency.as_ref())?;
    let secret = new_secret(act);
    let (id, name, scopes) = (act.ambient.new_id(), name.to_owned(), scopes.to_vec());
    let client = Client { id, name, scopes, agency, disabled: false, old_secret_until: None, version: 1 };
    clients::insert(tx, &client, &digest(&secret), act.now)?;
    Ok((client, secret))
}

fn new_secret(act: Act<'_>) -> String {
    hex(&act.ambient.random::<32>())
}

/// A client in the actor's reach.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str) -> Result<Client, Fault> {
    let client = clients::find(reader, id)?.ok_or(Fault::NotFound("client"))?;
    if is_within(reader, actor, client.agency.as_ref())? { Ok(client) } else { Err(Fault::NotFound("client")) }
}

/// Changes a client. Its tokens follow at once: each call looks up what the client may do by then. Enabled, it need not wait
/// any more after wrong secrets.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`], [`Fault::Unknown`] agency, [`Fault::Forbidden`] when the client would reach
/// further than the actor.
pub fn change(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    patch: &ClientPatch,
) -> Result<Client, Fault> {
    let mut client = expected_client(tx, act, id, expected)?;
    if let Some(name) = &patch.name {
        client.name.clone_from(name);
    }
    if let Some(scopes) = &patch.scopes {
        client.scopes.clone_from(scopes);
    }
    if let Some(agency) = &patch.agency {
        client.agency.clone_from(agency);
    }
    require_agency(tx, act, false, client.agency.as_ref())?;
    client.disabled = patch.disabled.unwrap_or(client.disabled);
    if patch.disabled == Some(false) {
        Watch::on_client(id, None).clear(tx)?;
    }
    clients::save(tx, &mut client)?;
    Ok(client)
}

/// Gives a client a new secret, told only here; the present one is good for `overlap` more, the one before it no longer.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`].
pub fn rotate_secret(
    tx: &mut Tx,
    act: Act<'_>,
    id: &str,
    expected: Option<i64>,
    overlap: TimeDelta,
) -> Result<(Client, String), Fault> {
    let mut client = expected_client(tx, act, id, expected)?;
    let secret = new_secret(act);
    clients::rotate(tx, &mut client, &digest(&secret), act.now + overlap)?;
    Ok((client, secret))
}

/// Removes a client; its tokens end at once.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Changed`].
pub fn remove(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>) -> Result<(), Fault> {
    let client = expected_client(tx, act, id, expected)?;
    Ok(clients::remove(tx, &client.id)?)
}

fn expected_client(tx: &mut Tx, act: Act<'_>, id: &str, expected: Option<i64>) -> Result<Client, Fault> {
    let client = find(tx, act.actor, id)?;
    if expected.is_some_and(|expected| expected != client.version) { Err(Fault::Changed) } else { Ok(client) }
}

/// Signs a client in. An unknown one is answered like a wrong secret and made to wait like one.
///
/// # Errors
/// [`Fault::BadCredentials`], [`Fault::TooManyAttempts`].
pub fn sign_in(
    db: &Db,
    ambient: &Ambient,
    (id, secret): (&str, &str),
    address: Option<IpAddr>,
) -> Result<Client, Fault> {
    let (watch, now) = (Watch::on_client(id, address), ambient.now());
    let found = db.read(|reader| {
        watch.require_open(reader, now)?;
        match of_secret(reader, id, secret, now) {
            Err(Fault::BadCredentials) => Ok(None),
            other => other.map(Some),
        }
    })?;
    db.write(|tx| {
        if found.is_none() {
            return watch.count_failure(tx, now);
        }
        // Of many guesses made at once only as many are answered as may fail one after the other.
        watch.require_open(tx, now)?;
        Ok::<_, Fault>(watch.clear(tx)?)
    })?;
    found.ok_or(Fault::BadCredentials)
}

/// The client that has this secret and is not disabled.
fn of_secret(reader: &mut Reader, id: &str, secret: &str, now: LocalTime) -> Result<Client, Fault> {
    let given = digest(secret);
    let Some((client, hashes)) = clients::with_secrets(reader, id)? else { return Err(Fault::BadCredentials) };
    // The digests of two secrets say nothing about each other: how long comparing them takes is no hint.
    let is_old = hashes.old.is_some_and(|old| old == given) && client.old_secret_until.is_some_and(|until| now < until);
    if (hashes.present == given || is_old) && !client.disabled { Ok(client) } else { Err(Fault::BadCredentials) }
}
