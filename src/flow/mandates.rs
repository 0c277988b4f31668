//! Mandates: a stand-in acts for an absent officer, by a leader's leave and for dated days.

use chrono::NaiveDate;

use super::accounts::is_within;
use super::actor::{Act, Actor, Authority};
use super::fault::Fault;
use crate::domain::mandate::{Mandate, are_days_acceptable, is_mandated};
use crate::domain::vocabulary::Role;
use crate::storage::accounts::{self, User};
use crate::storage::mandates;
use crate::storage::{Reader, Tx};

/// A mandate to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMandate {
    /// Name of the absent officer.
    pub absent: String,
    /// Name of who stands in.
    pub stand_in: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why.
    pub reason: String,
}

/// Gives a mandate among people in the actor's reach, in person.
///
/// # Errors
/// [`Fault::Forbidden`] for who neither leads nor administers, or stands in for somebody, [`Fault::Unknown`], [`Fault::Invalid`].
pub fn give(tx: &mut Tx, act: Act<'_>, new: &NewMandate) -> Result<Mandate, Fault> {
    require_giver(act.actor)?;
    act.actor.require_in_office(tx, act.now.date())?;
    require_party(tx, act.actor, "/absent", &new.absent)?;
    require_party(tx, act.actor, "/stand_in", &new.stand_in)?;
    if new.absent == new.stand_in {
        return Err(Fault::Invalid { pointer: "/stand_in", code: "invalid_value" });
    }
    if !are_days_acceptable(new.from, new.to, act.now.date()) {
        return Err(Fault::Invalid { pointer: "/to", code: "out_of_range" });
    }
    let NewMandate { absent, stand_in, from, to, reason } = new.clone();
    let (id, given_by) = (act.ambient.new_id(), act.actor.name.clone());
    let mandate = Mandate { id, absent, stand_in, from, to, reason, given_at: act.now, given_by, revoked: None };
    mandates::insert(tx, &mandate)?;
    Ok(mandate)
}

/// Mandates are given and taken back in person: what was received is not passed on.
fn require_giver(actor: &Actor) -> Result<(), Fault> {
    let leads = matches!(actor.authority, Authority::Role(Role::Leader | Role::Admin));
    if leads && actor.on_behalf_of.is_none() { Ok(()) } else { Err(Fault::Forbidden) }
}

fn require_party(tx: &mut Tx, actor: &Actor, pointer: &'static str, name: &str) -> Result<(), Fault> {
    let unknown = Fault::Unknown { pointer, what: "user" };
    let Some((user, _)) = accounts::by_username(tx, name)? else { return Err(unknown) };
    if !is_within(tx, actor, user.agency.as_ref())? {
        return Err(unknown);
    }
    if !is_mandated(user.role) {
        return Err(Fault::Invalid { pointer, code: "role_not_mandated" });
    }
    if user.disabled { Err(Fault::Invalid { pointer, code: "user_disabled" }) } else { Ok(()) }
}

/// The absent officer whom the actor may stand in for today, as they are now. Asked anew at every request, so that what ends
/// ends at once: the mandate, either account, or the role it was given for.
///
/// # Errors
/// [`Fault::NoMandate`], for whatever reason: who asks learns nothing of accounts.
pub fn represented(reader: &mut Reader, actor: &Actor, absent: &str, today: NaiveDate) -> Result<User, Fault> {
    let Authority::Role(role) = actor.authority else { return Err(Fault::NoMandate) };
    if !is_mandated(role) || !mandates::is_in_force(reader, absent, &actor.name, today)? {
        return Err(Fault::NoMandate);
    }
    let user = accounts::by_username(reader, absent)?.map(|(user, _)| user);
    user.filter(|user| !user.disabled && is_mandated(user.role)).ok_or(Fault::NoMandate)
}

/// A mandate that the actor may see: of an absent officer of their agency or, for those who reach below it, of one there; and
/// their own.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn find(reader: &mut Reader, actor: &Actor, id: &str) -> Result<Mandate, Fault> {
    let mandate = mandates::find(reader, id)?.ok_or(Fault::NotFound("mandate"))?;
    let is_own = [&mandate.absent, &mandate.stand_in].iter().any(|name| *name == actor.desk());
    if is_own || is_in_reach(reader, actor, &mandate)? { Ok(mandate) } else { Err(Fault::NotFound("mandate")) }
}

fn is_in_reach(reader: &mut Reader, actor: &Actor, mandate: &Mandate) -> Result<bool, Fault> {
    match accounts::by_username(reader, &mandate.absent)? {
        Some((absent, _)) => is_within(reader, actor, absent.agency.as_ref()),
        None => Ok(false),
    }
}

/// Revokes a mandate of somebody in the actor's reach, in person. One that was revoked stays as it is.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`].
pub fn revoke(tx: &mut Tx, act: Act<'_>, id: &str) -> Result<Mandate, Fault> {
    require_giver(act.actor)?;
    let mandate = find(tx, act.actor, id)?;
    if !is_in_reach(tx, act.actor, &mandate)? {
        return Err(Fault::Forbidden);
    }
    mandates::revoke(tx, id, act.now, &act.actor.name)?;
    find(tx, act.actor, id)
}
