//! Fees: demanded (with the clock stopped or without), paid, exempted, refunded. What settles the demand that a dossier waits
//! for also ends the wait, in the same transaction.

use super::actor::{Act, Action, Actor, may};
use super::desk::Desk;
use super::fault::Fault;
use super::keep::{Deed, Stored, keep, open};
use super::transition::{Target, Transition, advance, moved};
use crate::domain::dossier_code::DossierCode;
use crate::domain::event::Event;
use crate::domain::fees::{Account, Amount, Fee, FeeItem, Payment, PaymentMethod, Proof, Remission, reference};
use crate::domain::refusal::Refusal;
use crate::domain::transition::{Move, check_time};
use crate::domain::vocabulary::{LocalTime, Status};
use crate::storage::dossier_row::Record;
use crate::storage::{Reader, Tx, dossiers, fees, files};

/// Fees that are demanded without a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// What is to be paid; at least one item.
    pub items: Vec<FeeItem>,
    /// How all of it was paid on the spot, if it was.
    pub paid: Option<OnTheSpot>,
}

/// A payment of all that is demanded, when it is demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTheSpot {
    /// By what way.
    pub method: PaymentMethod,
    /// Number of the receipt.
    pub receipt_number: String,
}

/// Money that is not asked for, or is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grace {
    /// How much; all when not said.
    pub amount: Option<Amount>,
    /// Why.
    pub reason: String,
}

/// The account of a dossier that the actor may look up, with the dossier.
///
/// # Errors
/// [`Fault::NotFound`].
pub fn look(reader: &mut Reader, actor: &Actor, code: &DossierCode) -> Result<(Record, Account), Fault> {
    let record = dossiers::find(reader, code)?.ok_or(Fault::NotFound("dossier"))?;
    let sides = actor.sides(reader, &record.agency, &record.received_by)?;
    if !may(&actor.authority, Action::Read, sides) {
        return Err(Fault::NotFound("dossier"));
    }
    let account = fees::account(reader, code)?;
    Ok((record, account))
}

/// Moves a dossier to `payment_required` and demands these items, for which it then waits.
///
/// # Errors
/// As [`transition`](super::transition::transition); [`Refusal::FeesNotAllowed`] with any other move.
pub fn require_payment(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    wish: &Transition,
    items: &[FeeItem],
) -> Result<Record, Fault> {
    if wish.to != Target::Status(Status::PaymentRequired) {
        return Err(Refusal::FeesNotAllowed.into());
    }
    let (mut record, change) = moved(tx, act, code, expected, wish)?;
    let mut deed = Deed::from(change);
    let at = wish.at.unwrap_or(act.now);
    let (event, _) = demanded(tx, act, &record, items, (at, true))?;
    deed.events.push((at, event));
    keep(tx, act, &mut record, deed, Stored::Before)?;
    Ok(record)
}

/// Demands fees without a wait.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Refusal::DossierVoid`].
pub fn demand(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    demand: &Demand,
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Collect)?;
    charge(tx, act, &mut record, demand, act.now)?;
    Ok(record)
}

/// Demands fees of a dossier that was just taken in, dated like its filing.
///
/// # Errors
/// [`Fault::Storage`].
pub fn charge_at_intake(tx: &mut Tx, act: Act<'_>, record: &mut Record, demand: &Demand) -> Result<(), Fault> {
    let filed_at = record.standing.filed_at;
    charge(tx, act, record, demand, filed_at)
}

fn charge(tx: &mut Tx, act: Act<'_>, record: &mut Record, demand: &Demand, at: LocalTime) -> Result<(), Fault> {
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let (event, number) = demanded(tx, act, record, &demand.items, (at, false))?;
    let mut events = vec![(at, event)];
    if let Some(paid) = &demand.paid {
        let account = fees::account(tx, &record.code)?;
        let amount = account.sums(Some(number)).balance().try_into();
        let proof = Proof {
            reference: reference(&record.code, number),
            amount: amount.map_err(|_| Fault::Invalid { pointer: "/fees", code: "out_of_range" })?,
            paid_at: at,
            method: paid.method,
            receipt_number: paid.receipt_number.clone(),
            file: None,
        };
        let payment = accepted(act, &account, &proof)?.ok_or(Refusal::ReceiptNumberUsed)?;
        events.push(received(tx, &record.code, &payment)?);
    }
    keep(tx, act, record, Deed::of(events), Stored::Before)
}

/// Stores a new demand; answers its event and its number.
fn demanded(
    tx: &mut Tx,
    act: Act<'_>,
    record: &Record,
    items: &[FeeItem],
    (demanded_at, awaited): (LocalTime, bool),
) -> Result<(Event, i32), Fault> {
    let demand = fees::account(tx, &record.code)?.next_demand();
    let fee = |item: &FeeItem| Fee {
        id: act.ambient.new_id(),
        demand,
        item: item.clone(),
        awaited,
        demanded_at,
        demanded_by: act.actor.name.clone(),
        exemption: None,
    };
    let stored: Vec<Fee> = items.iter().map(fee).collect();
    fees::insert_fees(tx, &record.code, &stored)?;
    Ok((Event::FeesDemanded { reference: reference(&record.code, demand), items: items.to_vec() }, demand))
}

/// Records a payment. One that is on record already changes nothing.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Unknown`] file, [`Fault::Refused`].
pub fn pay(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    proof: &Proof,
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Collect)?;
    let standing = &record.standing;
    if standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    check_time(proof.paid_at, act.now, act.days_back())?;
    if proof.paid_at < standing.filed_at {
        return Err(Refusal::PaidBeforeFiling.into());
    }
    if let Some(file) = &proof.file {
        files::find(tx, code, file)?.ok_or(Fault::Unknown { pointer: "/file", what: "file" })?;
    }
    let account = fees::account(tx, code)?;
    let Some(payment) = accepted(act, &account, proof)? else { return Ok(record) };
    let event = received(tx, code, &payment)?;
    settle(tx, act, &mut record, event)?;
    Ok(record)
}

/// The payment that a proof makes; `None` when it is on record already.
fn accepted(act: Act<'_>, account: &Account, proof: &Proof) -> Result<Option<Payment>, Refusal> {
    Ok(account.accept(proof)?.map(|demand| Payment {
        id: act.ambient.new_id(),
        demand,
        amount: proof.amount,
        paid_at: proof.paid_at,
        method: proof.method,
        receipt_number: proof.receipt_number.clone(),
        file: proof.file.clone(),
        recorded_at: act.now,
        recorded_by: act.actor.name.clone(),
        refund: None,
    }))
}

/// Stores a payment; answers its event.
fn received(tx: &mut Tx, code: &DossierCode, payment: &Payment) -> Result<(LocalTime, Event), Fault> {
    fees::insert_payment(tx, code, payment)?;
    let event = Event::PaymentReceived {
        payment: payment.id.clone(),
        reference: reference(code, payment.demand),
        amount: payment.amount,
        method: payment.method,
        receipt_number: payment.receipt_number.clone(),
    };
    Ok((payment.paid_at, event))
}

/// Waives an item, wholly or in part.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn exempt(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    (id, grace): (&str, &Grace),
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Remit)?;
    if record.standing.void {
        return Err(Refusal::DossierVoid.into());
    }
    let account = fees::account(tx, code)?;
    let fee = account.fees.iter().find(|fee| fee.id == id).ok_or(Fault::NotFound("fee"))?;
    let amount = fee.exemption_of(grace.amount)?;
    fees::exempt(tx, id, &remission(act, amount, grace))?;
    let event = Event::FeeExempted { fee: id.to_owned(), amount, reason: grace.reason.clone() };
    settle(tx, act, &mut record, (act.now, event))?;
    Ok(record)
}

/// Gives a payment back, wholly or in part; also of a void dossier.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Forbidden`], [`Fault::Changed`], [`Fault::Refused`].
pub fn refund(
    tx: &mut Tx,
    act: Act<'_>,
    code: &DossierCode,
    expected: Option<i64>,
    (id, grace): (&str, &Grace),
) -> Result<Record, Fault> {
    let mut record = open(tx, act, code, expected, |_| Action::Remit)?;
    let account = fees::account(tx, code)?;
    let payment = account.payments.iter().find(|payment| payment.id == id).ok_or(Fault::NotFound("payment"))?;
    let amount = payment.refund_of(grace.amount)?;
    fees::refund(tx, id, &remission(act, amount, grace))?;
    let event = Event::PaymentRefunded { payment: id.to_owned(), amount, reason: grace.reason.clone() };
    keep(tx, act, &mut record, Deed::of(vec![(act.now, event)]), Stored::Before)?;
    Ok(record)
}

fn remission(act: Act<'_>, amount: Amount, grace: &Grace) -> Remission {
    Remission { amount, reason: grace.reason.clone(), at: act.now, by: act.actor.name.clone() }
}

/// Keeps what happened to the money. Where nothing of what the dossier waits for is open any more, the wait ends with the
/// last payment or exemption, not before it began.
fn settle(tx: &mut Tx, act: Act<'_>, record: &mut Record, event: (LocalTime, Event)) -> Result<(), Fault> {
    let mut deed = Deed::of(vec![event]);
    if record.standing.status == Status::PaymentRequired
        && let Some(settled_at) = fees::account(tx, &record.code)?.settled_at(record.standing.last_move_at)
    {
        let at = settled_at.max(record.standing.last_move_at);
        let wish = Move { to: Status::Processing, at, reason: None, outcome: None };
        let mut desk = Desk::new(tx)?;
        let change = advance(tx, &mut desk, record, &wish)?;
        deed.events.extend(change.events);
        deed.spans = change.spans;
    }
    keep(tx, act, record, deed, Stored::Before)
}
