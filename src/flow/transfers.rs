//! Transfers: owed with the receipt, sent by who received, confirmed by who resolves. They leave the dossier's clock alone.

use super::actor::{Act, Action};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::refusal::Refusal;
use crate::domain::transfer::{Handled, Transfer, is_owed, transfer_due_at};
use crate::domain::transition::check_time;
use crate::domain::vocabulary::LocalTime;
use crate::storage::dossier_row::Record;
use crate::storage::{Tx, transfers};

/// After a receipt or a correction: makes the transfer that the dossier is now owed, with its due time, and drops one that
/// was never sent and is owed no longer.
///
/// # Errors
/// [`Fault::Refused`] when the calendar ends, [`Fault::Storage`].
pub(in crate::flow) fn owe(
    tx: &mut Tx,
    act: Act<'_>,
    record: &Record,
    events: &[(LocalTime, Event)],
) -> Result<(), Fault> {
    let is_receipt = |event: &Event| matches!(event, Event::Received { .. } | Event::Corrected { .. });
    if !events.iter().any(|(_, event)| is_receipt(event)) {
        return Ok(());
    }
    // An imported history says nothing of its hand-over; mending it makes none up unless it goes another way from now on.
    let goes_anew = |event: &Event| match event {
        Event::Corrected { changes, .. } => changes.iter().any(|it| matches!(it.field.as_str(), "agency" | "channel")),
        event => is_receipt(event),
    };
    let known = if record.version > 1 { transfers::of_dossier(tx, &record.code)? } else { Vec::new() };
    if known.is_empty() && !events.iter().any(|(_, event)| goes_anew(event)) {
        return Ok(());
    }
    let owed = is_owed(record.channel, &record.received_by, &record.agency);
    let Some(received_at) = record.standing.received_at.filter(|_| owed) else {
        // A first receipt within one agency, the common case, has nothing to drop.
        return if record.version > 1 { Ok(transfers::drop_unsent(tx, &record.code, None)?) } else { Ok(()) };
    };
    let giving = Desk::new(tx)?.office(tx, &record.received_by)?;
    let due_at = transfer_due_at(received_at, &giving)?;
    transfers::drop_unsent(tx, &record.code, Some(&record.agency))?;
    let transfer = known.into_iter().find(|transfer| transfer.to == record.agency).unwrap_or_else(|| Transfer {
        id: act.ambient.new_id(),
        dossier: record.code.clone(),
        from: record.received_by.clone(),
        to: record.agency.clone(),
        due_at,
        sent: None,
        note: None,
        confirm_due_at: None,
        confirmed: None,
    });
    Ok(transfers::put(tx, &Transfer { due_at, ..transfer })?)
}

/// The transfer of a dossier to the agency that resolves it now.
fn present(tx: &mut Tx, record: &Record) -> Result<Transfer, Fault> {
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let known = transfers::of_dossier(tx, &record.code)?;
    let present = known.into_iter().find(|transfer| transfer.to == record.agency);
    Ok(present.ok_or(Refusal::NoTransferOwed)?)
}

/// The giver sends a dossier on.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn send(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    at: Option<LocalTime>,
    note: Option<String>,
) -> Result<Transfer, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Send)?;
    let mut transfer = present(tx, &record)?;
    let at = at.unwrap_or(act.now);
    check_time(at, act.now, act.days_back())?;
    if let Some(received_at) = record.standing.received_at.filter(|received_at| at < *received_at) {
        return Err(Refusal::BeforeLastMove { at, last_move_at: received_at }.into());
    }
    let taking = Desk::new(tx)?.office(tx, &transfer.to)?;
    transfer.send(Handled { at, by: act.actor.name.clone() }, note, &taking)?;
    transfers::put(tx, &transfer)?;
    let event = Event::TransferSent {
        transfer: transfer.id.clone(),
        from: transfer.from.clone(),
        to: transfer.to.clone(),
        late: transfer.is_sent_late(act.now),
    };
    keep(tx, act, &mut record, Deed::of(vec![(at, event)]), Stored::Before)?;
    Ok(transfer)
}

/// The receiver confirms to have a dossier.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn confirm(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    id: &str,
    at: Option<LocalTime>,
) -> Result<Transfer, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::TakeOver)?;
    let mut transfer = present(tx, &record)?;
    if transfer.id != id {
        return Err(Fault::NotFound("transfer"));
    }
    let at = at.unwrap_or(act.now);
    check_time(at, act.now, act.days_back())?;
    transfer.confirm(Handled { at, by: act.actor.name.clone() })?;
    transfers::put(tx, &transfer)?;
    let sent_by = transfer.sent.as_ref().map(|sent| sent.by.clone()).unwrap_or_default();
    let event = Event::TransferConfirmed {
        transfer: transfer.id.clone(),
        from: transfer.from.clone(),
        to: transfer.to.clone(),
        sent_by,
        late: transfer.is_confirmed_late(act.now),
    };
    keep(tx, act, &mut record, Deed::of(vec![(at, event)]), Stored::Before)?;
    Ok(transfer)
}
