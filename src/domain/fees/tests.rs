//! Fees, by hand-computed examples.

use super::*;

fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}

fn dong(amount: i64) -> Amount {
    amount.try_into().unwrap()
}

fn fee(demand: i32, amount: i64, awaited: bool) -> Fee {
    Fee {
        id: format!("f{demand}-{amount}"),
        demand,
        item: FeeItem {
            name: "Lệ phí cấp giấy phép".into(),
            code: Some("LP01".into()),
            kind: FeeKind::Charge,
            amount: dong(amount),
            collection: Collection::During,
        },
        awaited,
        demanded_at: at("2026-03-02T09:00:00"),
        demanded_by: "officer".into(),
        exemption: None,
    }
}

fn payment(demand: i32, amount: i64, number: &str, paid_at: &str) -> Payment {
    Payment {
        id: number.into(),
        demand,
        amount: dong(amount),
        paid_at: at(paid_at),
        method: PaymentMethod::Cash,
        receipt_number: number.into(),
        file: None,
        recorded_at: at(paid_at),
        recorded_by: "desk".into(),
        refund: None,
    }
}

fn proof(reference: &str, amount: i64, number: &str) -> Proof {
    Proof {
        reference: reference.into(),
        amount: dong(amount),
        paid_at: at("2026-03-03T10:00:00"),
        method: PaymentMethod::Cash,
        receipt_number: number.into(),
        file: None,
    }
}

fn waived(amount: i64, day: &str) -> Option<Remission> {
    Some(Remission { amount: dong(amount), reason: "Hộ nghèo".into(), at: at(day), by: "leader".into() })
}

fn account() -> Account {
    Account {
        dossier: "H16.18-260302-0001".parse().unwrap(),
        fees: vec![fee(1, 20_000, false), fee(2, 150_000, true), fee(2, 50_000, true)],
        payments: Vec::new(),
    }
}

#[test]
fn sums_of_money_are_positive_and_bounded() {
    for (given, is_sum) in [(1, true), (Amount::LARGEST, true), (0, false), (-1, false), (Amount::LARGEST + 1, false)] {
        assert_eq!(Amount::try_from(given).is_ok(), is_sum, "{given}");
    }
}

#[test]
fn a_proof_names_its_demand_and_pays_no_more_than_is_open() {
    let mut account = account();
    assert_eq!(account.accept(&proof("H16.18-260302-0001-P2", 200_000, "BL1")), Ok(Some(2)));
    for wrong in ["H16.18-260302-0001-P3", "H16.18-260302-0002-P2", "H16.18-260302-0001", ""] {
        let refused = account.accept(&proof(wrong, 1, "BL1"));
        assert_eq!(refused, Err(Refusal::WrongReference { given: wrong.into() }), "{wrong}");
    }
    account.payments.push(payment(2, 120_000, "BL1", "2026-03-03T10:00:00"));
    // 150,000 + 50,000 − 120,000 paid.
    let refused = account.accept(&proof("H16.18-260302-0001-P2", 80_001, "BL2"));
    assert_eq!(refused, Err(Refusal::Overpaid { open: 80_000 }));
    assert_eq!(account.accept(&proof("H16.18-260302-0001-P2", 80_000, "BL2")), Ok(Some(2)));
    assert_eq!(account.sums(None).balance(), 100_000);
}

#[test]
fn a_receipt_number_stands_for_one_payment() {
    let mut account = account();
    account.payments.push(payment(2, 120_000, "BL1", "2026-03-03T10:00:00"));
    assert_eq!(account.accept(&proof("H16.18-260302-0001-P2", 120_000, "BL1")), Ok(None), "told again");
    for other in [proof("H16.18-260302-0001-P2", 80_000, "BL1"), proof("H16.18-260302-0001-P1", 120_000, "BL1")] {
        assert_eq!(account.accept(&other), Err(Refusal::ReceiptNumberUsed));
    }
}

#[test]
fn the_wait_is_over_with_the_last_payment_or_exemption_of_its_demand() {
    let mut account = account();
    let since = at("2026-03-02T09:00:00");
    assert_eq!(account.settled_at(since), None);
    account.payments.push(payment(1, 20_000, "BL0", "2026-03-04T10:00:00"));
    account.payments.push(payment(2, 150_000, "BL1", "2026-03-03T10:00:00"));
    assert_eq!(account.settled_at(since), None);
    account.fees[2].exemption = waived(50_000, "2026-03-03T15:00:00");
    assert_eq!(account.settled_at(since), Some(at("2026-03-03T15:00:00")), "what nobody waits for does not count");
    assert_eq!(account.settled_at(at("2026-03-06T09:00:00")), None, "a later wait");
    account.payments[1].refund = waived(1_000, "2026-03-05T08:00:00");
    assert_eq!(account.settled_at(since), None);
}

#[test]
fn nothing_is_exempted_or_refunded_twice_or_beyond_itself() {
    let mut fee = fee(1, 20_000, false);
    assert_eq!(fee.exemption_of(None), Ok(dong(20_000)));
    assert_eq!(fee.exemption_of(Some(dong(20_001))), Err(Refusal::TooMuch { most: 20_000 }));
    fee.exemption = waived(5_000, "2026-03-03T15:00:00");
    assert_eq!(fee.exemption_of(Some(dong(1))), Err(Refusal::AlreadyExempted));
    let mut paid = payment(1, 15_000, "BL1", "2026-03-03T10:00:00");
    assert_eq!(paid.refund_of(Some(dong(15_001))), Err(Refusal::TooMuch { most: 15_000 }));
    assert_eq!(paid.refund_of(None), Ok(dong(15_000)));
    paid.refund = waived(5_000, "2026-03-03T15:00:00");
    assert_eq!(paid.refund_of(None), Err(Refusal::AlreadyRefunded));
}

#[test]
fn what_is_asked_for_is_the_amount_less_the_exemption() {
    let mut fee = fee(1, 20_000, false);
    assert_eq!(fee.asked(), 20_000);
    fee.exemption = waived(5_000, "2026-03-03T15:00:00");
    assert_eq!(fee.asked(), 15_000);
}

#[test]
fn a_payment_through_the_national_portal_goes_before_one_through_the_gateway() {
    let mut account = account();
    account.payments.push(payment(1, 5_000, "BL1", "2026-03-03T10:00:00"));
    assert_eq!(account.online_payment(), None);
    account
        .payments
        .push(Payment { method: PaymentMethod::Gateway, ..payment(1, 5_000, "BL2", "2026-03-03T10:00:00") });
    assert_eq!(account.online_payment(), Some(PaymentMethod::Gateway));
    let national = PaymentMethod::NationalPortal;
    account.payments.push(Payment { method: national, ..payment(1, 5_000, "BL3", "2026-03-03T10:00:00") });
    assert_eq!(account.online_payment(), Some(national));
}
