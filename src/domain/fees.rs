//! Fees of a dossier (phí, lệ phí; Law 97/2015/QH13): what was demanded, exempted, paid and refunded, and what the rules refuse.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::dossier_code::DossierCode;
use super::refusal::Refusal;
use super::vocabulary::{LocalTime, UnknownWord, words};

words! {
    /// What an item is (Law 97/2015/QH13 art. 3).
    FeeKind("kind of fee") {
        /// Covers the cost of a public service (phí).
        Fee = "fee",
        /// A fixed charge for an act of the state (lệ phí).
        Charge = "charge",
    }
}

words! {
    /// At what point of the dossier's life an item is collected (hình thức thu).
    Collection("collection") {
        /// When the dossier is handed in.
        AtIntake = "at_intake",
        /// While it is resolved.
        During = "during",
        /// When the result is handed over.
        AtReturn = "at_return",
    }
}

words! {
    /// By what way money came in.
    PaymentMethod("payment method") {
        /// In cash, at the counter.
        Cash = "cash",
        /// By a transfer to the office's account.
        Transfer = "transfer",
        /// Collected by the public postal service.
        Postal = "postal",
        /// Online, through the National Public Service Portal (Cổng DVCQG).
        NationalPortal = "national_portal",
        /// Online, through the agency's own gateway.
        Gateway = "gateway",
    }
}

/// A sum of money: at least one đồng, at most [`Amount::LARGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i64);

impl Amount {
    /// A thousand billion đồng: far above any fee, and far below where sums of sums overflow.
    pub const LARGEST: i64 = 1_000_000_000_000;

    /// In đồng.
    pub const fn dong(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = UnknownWord;

    fn try_from(dong: i64) -> Result<Self, UnknownWord> {
        let is_sum = (1..=Self::LARGEST).contains(&dong);
        if is_sum { Ok(Self(dong)) } else { Err(UnknownWord { kind: "sum of money", given: dong.to_string() }) }
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

/// What is to be paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeItem {
    /// Its name.
    pub name: String,
    /// Its code in the catalogue of the procedure.
    pub code: Option<String>,
    /// Fee or charge.
    pub kind: FeeKind,
    /// How much, before any exemption.
    pub amount: Amount,
    /// When it is collected.
    pub collection: Collection,
}

/// Money that is not asked for (miễn, giảm) or is given back (hoàn trả).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remission {
    /// How much.
    pub amount: Amount,
    /// Why.
    pub reason: String,
    /// When.
    pub at: LocalTime,
    /// Who granted it.
    pub by: String,
}

/// An item that was demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Opaque identifier.
    pub id: String,
    /// The demand it belongs to, from 1.
    pub demand: i32,
    /// What is to be paid for.
    pub item: FeeItem,
    /// Whether the dossier waits for it with its clock stopped.
    pub awaited: bool,
    /// When it was demanded.
    pub demanded_at: LocalTime,
    /// Who demanded it.
    pub demanded_by: String,
    /// What of it was waived.
    pub exemption: Option<Remission>,
}

/// Proof that something was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The reference that was printed for the payer.
    pub reference: String,
    /// How much.
    pub amount: Amount,
    /// When.
    pub paid_at: LocalTime,
    /// By what way.
    pub method: PaymentMethod,
    /// Number of the receipt (số biên lai), or of the bank's or portal's transaction.
    pub receipt_number: String,
    /// The file of the dossier that shows it.
    pub file: Option<String>,
}

/// A payment on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Opaque identifier.
    pub id: String,
    /// The demand it pays.
    pub demand: i32,
    /// How much.
    pub amount: Amount,
    /// When.
    pub paid_at: LocalTime,
    /// By what way.
    pub method: PaymentMethod,
    /// Number of its receipt.
    pub receipt_number: String,
    /// The file that shows it.
    pub file: Option<String>,
    /// When it was recorded.
    pub recorded_at: LocalTime,
    /// Who recorded it.
    pub recorded_by: String,
    /// What of it was given back.
    pub refund: Option<Remission>,
}

/// Sums in đồng.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Demanded.
    pub due: i64,
    /// Of that, waived.
    pub exempted: i64,
    /// Paid.
    pub paid: i64,
    /// Of that, given back.
    pub refunded: i64,
}

impl Sums {
    /// What is still to be paid; below zero, what is to be given back. Who gets money back and owes it no longer is
    /// exempted from it, too.
    pub const fn balance(&self) -> i64 {
        self.due - self.exempted - self.paid + self.refunded
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.due += other.due;
        self.exempted += other.exempted;
        self.paid += other.paid;
        self.refunded += other.refunded;
    }
}

/// Everything about the money of one dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The dossier.
    pub dossier: DossierCode,
    /// What was demanded, in order.
    pub fees: Vec<Fee>,
    /// What was paid, in order.
    pub payments: Vec<Payment>,
}

/// The reference (mã tham chiếu) under which a demand is paid: unique, because dossier codes are.
pub fn reference(dossier: &DossierCode, demand: i32) -> String {
    format!("{dossier}-P{demand}")
}

fn granted(remission: Option<&Remission>) -> i64 {
    remission.map_or(0, |remission| remission.amount.dong())
}

impl Account {
    /// The numbers of its demands, in order.
    pub fn demands(&self) -> Vec<i32> {
        let mut demands: Vec<i32> = self.fees.iter().map(|fee| fee.demand).collect();
        demands.dedup();
        demands
    }

    /// The number of the next demand.
    pub fn next_demand(&self) -> i32 {
        self.fees.iter().map(|fee| fee.demand).max().unwrap_or(0) + 1
    }

    /// The sums of one demand, or of all.
    pub fn sums(&self, demand: Option<i32>) -> Sums {
        let wanted = |of: i32| demand.is_none_or(|demand| demand == of);
        let mut sums = Sums::default();
        for fee in self.fees.iter().filter(|fee| wanted(fee.demand)) {
            sums.due += fee.item.amount.dong();
            sums.exempted += granted(fee.exemption.as_ref());
        }
        for payment in self.payments.iter().filter(|payment| wanted(payment.demand)) {
            sums.paid += payment.amount.dong();
            sums.refunded += granted(payment.refund.as_ref());
        }
        sums
    }

    /// When the last was paid or waived of what a dossier waits for that stopped at `since`; `None` while something is open,
    /// and where nothing was demanded item by item.
    pub fn settled_at(&self, since: LocalTime) -> Option<LocalTime> {
        let awaited = self.fees.iter().filter(|fee| fee.awaited && fee.demanded_at == since);
        let demand = awaited.map(|fee| fee.demand).max()?;
        if self.sums(Some(demand)).balance() > 0 {
            return None;
        }
        let paid = self.payments.iter().filter(|payment| payment.demand == demand).map(|payment| payment.paid_at);
        let waived = self.fees.iter().filter(|fee| fee.demand == demand).filter_map(|fee| fee.exemption.as_ref());
        paid.chain(waived.map(|exemption| exemption.at)).max()
    }

    /// The way by which it was paid online, if it was: the national portal's before the agency's own.
    pub fn online_payment(&self) -> Option<PaymentMethod> {
        let has = |method: &PaymentMethod| self.payments.iter().any(|payment| payment.method == *method);
        [PaymentMethod::NationalPortal, PaymentMethod::Gateway].into_iter().find(has)
    }

    /// The demand that a proof pays; `None` when this very payment is on record already.
    ///
    /// # Errors
    /// [`Refusal::WrongReference`], [`Refusal::ReceiptNumberUsed`], [`Refusal::Overpaid`].
    pub fn accept(&self, proof: &Proof) -> Result<Option<i32>, Refusal> {
        let demand = self.demands().into_iter().find(|demand| reference(&self.dossier, *demand) == proof.reference);
        let demand = demand.ok_or_else(|| Refusal::WrongReference { given: proof.reference.clone() })?;
        if let Some(known) = self.payments.iter().find(|payment| payment.receipt_number == proof.receipt_number) {
            let same = (known.demand, known.amount, known.paid_at, known.method)
                == (demand, proof.amount, proof.paid_at, proof.method);
            return if same { Ok(None) } else { Err(Refusal::ReceiptNumberUsed) };
        }
        let open = self.sums(Some(demand)).balance();
        if proof.amount.dong() > open {
            return Err(Refusal::Overpaid { open: open.max(0) });
        }
        Ok(Some(demand))
    }
}

impl Fee {
    /// What is asked for after an exemption, in đồng.
    pub fn asked(&self) -> i64 {
        self.item.amount.dong() - granted(self.exemption.as_ref())
    }

    /// How much an exemption waives: what is asked for, or all.
    ///
    /// # Errors
    /// [`Refusal::AlreadyExempted`], [`Refusal::TooMuch`].
    pub fn exemption_of(&self, wanted: Option<Amount>) -> Result<Amount, Refusal> {
        if self.exemption.is_some() {
            return Err(Refusal::AlreadyExempted);
        }
        at_most(wanted, self.item.amount)
    }
}

impl Payment {
    /// How much a refund gives back: what is asked for, or all.
    ///
    /// # Errors
    /// [`Refusal::AlreadyRefunded`], [`Refusal::TooMuch`].
    pub fn refund_of(&self, wanted: Option<Amount>) -> Result<Amount, Refusal> {
        if self.refund.is_some() {
            return Err(Refusal::AlreadyRefunded);
        }
        at_most(wanted, self.amount)
    }
}

fn at_most(wanted: Option<Amount>, most: Amount) -> Result<Amount, Refusal> {
    match wanted {
        Some(wanted) if wanted > most => Err(Refusal::TooMuch { most: most.dong() }),
        wanted => Ok(wanted.unwrap_or(most)),
    }
}

#[cfg(test)]
mod tests;
