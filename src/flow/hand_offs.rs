//! Hand-offs between officers: offered, confirmed, declined, taken back. The one in charge changes with the confirmation.

use super::actor::{Act, Action, Actor, Authority, may};
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::hand_off::{HandOff, HandOffStatus};
use crate::domain::refusal::Refusal;
use crate::domain::transfer::Handled;
use crate::domain::vocabulary::Role;
use crate::storage::dossier_row::Record;
use crate::storage::{Tx, accounts, hand_offs, lineage};

/// Offers a dossier to an account that may handle it, or (`None`) to whoever of the office takes it. Who is in charge gives
/// it, or a leader for them; what nobody is in charge of is given by anybody.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Unknown`] receiver, [`Fault::Refused`].
pub fn offer(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    receiver: Option<String>,
    note: Option<String>,
) -> Result<HandOff, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Edit)?;
    let giver = record.assignee.clone().unwrap_or_else(|| act.actor.desk().to_owned());
    if giver != act.actor.desk() && !leads(act.actor) {
        return Err(Fault::Forbidden);
    }
    if record.standing.is_closed() {
        return Err(Refusal::DossierClosed.into());
    }
    if let Some(receiver) = &receiver {
        if *receiver == giver {
            return Err(Refusal::HandedToGiver.into());
        }
        require_receiver(tx, &record, receiver)?;
    }
    let known = hand_offs::of_dossier(tx, code)?;
    if known.iter().any(|one| one.status == HandOffStatus::Pending) {
        return Err(Refusal::HandOffPending.into());
    }
    let hand_off = HandOff {
        id: act.ambient.new_id(),
        dossier: code.clone(),
        giver,
        receiver,
        note,
        offered: handled(act),
        status: HandOffStatus::Pending,
        ended: None,
        reason: None,
    };
    hand_offs::insert(tx, &hand_off)?;
    note_step(tx, act, &mut record, &hand_off)?;
    Ok(hand_off)
}

/// Ends a hand-off: the receiver confirms or declines, the giver or a leader takes it back.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn end(
    tx: &mut Tx,
    act: Act<'_>,
    (code, id): (&DossierCode, &str),
    expected: Option<i64>,
    status: HandOffStatus,
    reason: Option<String>,
) -> Result<HandOff, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Edit)?;
    let mut known = hand_offs::of_dossier(tx, code)?.into_iter();
    let mut hand_off = known.find(|one| one.id == id).ok_or(Fault::NotFound("hand-off"))?;
    // Said to all alike: it is nobody's to answer any more.
    hand_off.require_pending()?;
    let name = act.actor.desk();
    let is_theirs = match status {
        HandOffStatus::TakenBack => hand_off.is_of(name) || leads(act.actor),
        _ => hand_off.is_for(name) && hand_off.giver != name,
    };
    if !is_theirs {
        return Err(Fault::Forbidden);
    }
    hand_off.end(status, handled(act), reason)?;
    if status == HandOffStatus::Confirmed {
        if record.standing.is_closed() {
            return Err(Refusal::DossierClosed.into());
        }
        record.assignee = Some(name.to_owned());
    }
    hand_offs::save(tx, &hand_off)?;
    note_step(tx, act, &mut record, &hand_off)?;
    Ok(hand_off)
}

fn handled(act: Act<'_>) -> Handled {
    Handled { at: act.now, by: act.actor.name.clone() }
}

fn leads(actor: &Actor) -> bool {
    matches!(actor.authority, Authority::Role(Role::Leader | Role::Admin))
}

/// Refuses who is nobody, or not one to handle this dossier: both alike, so that no name is found out.
fn require_receiver(tx: &mut Tx, record: &Record, name: &str) -> Result<(), Fault> {
    let unknown = || Fault::Unknown { pointer: "/to", what: "officer" };
    let (user, _) = accounts::by_username(tx, name)?.filter(|(user, _)| !user.disabled).ok_or_else(unknown)?;
    let receiver = Actor {
        predecessors: lineage::before(tx, user.agency.as_ref())?,
        id: user.id,
        name: user.username,
        authority: Authority::Role(user.role),
        agency: user.agency,
        on_behalf_of: None,
    };
    let sides = receiver.sides(tx, &record.agency, &record.received_by)?;
    if may(&receiver.authority, Action::Edit, sides) { Ok(()) } else { Err(unknown()) }
}

fn note_step(tx: &mut Tx, act: Act<'_>, record: &mut Record, hand_off: &HandOff) -> Result<(), Fault> {
    let event = Event::HandOff {
        hand_off: hand_off.id.clone(),
        giver: hand_off.giver.clone(),
        receiver: hand_off.receiver.clone(),
        status: hand_off.status,
        reason: hand_off.reason.clone(),
    };
    keep(tx, act, record, Deed::of(vec![(act.now, event)]), Stored::Before)
}
