//! Figures of form II.06a against each other: sums, identities and rates (contract section 5).

use super::*;

#[test]
fn percentages_are_rounded_half_up() {
    for (numerator, denominator, percent) in [
        (3, 5, "60.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
        (3, 800, "0.38"),
        (1, 20_000, "0.01"),
        (1, 20_001, "0.00"),
        (199, 200, "99.50"),
        (9_999, 20_000, "50.00"),
        (0, 7, "0.00"),
        (1_715, 1_715, "100.00"),
    ] {
        assert_eq!(Rate { numerator, denominator }.percent().as_deref(), Some(percent), "{numerator}/{denominator}");
    }
    assert_eq!(Rate { numerator: 0, denominator: 0 }.percent(), None, "denominator 0 → null");
}

#[test]
fn the_row_of_the_contract_adds_up() {
    let mut row = Tally { online: 2, direct: 4, postal: 2, carried_over: 2, ..Tally::default() };
    assert!(!row.is_balanced(), "ten in, none out");
    row += Tally { early: 1, on_time: 2, late: 2, late_with_letter: 1, within: 3, overdue: 2, ..Tally::default() };
    assert_eq!((row.received(), row.resolved(), row.in_progress()), (10, 5, 5));
    assert!(row.is_balanced());
    assert_eq!(row.on_time_rate(), Rate { numerator: 3, denominator: 5 });
    for impossible in [
        Tally { late_with_letter: 3, ..row },
        Tally { overdue_with_letter: 3, ..row },
        Tally { paused: 4, ..row },
        Tally { within: 4, ..row },
    ] {
        assert!(!impossible.is_balanced(), "{impossible:?}");
    }
}

#[test]
fn adding_up_adds_every_column() {
    let ones = Tally {
        online: 1,
        direct: 1,
        postal: 1,
        carried_over: 1,
        early: 1,
        on_time: 1,
        late: 1,
        late_with_letter: 1,
        within: 1,
        paused: 1,
        overdue: 1,
        overdue_with_letter: 1,
    };
    let mut sum = Tally::default();
    sum += ones;
    assert_eq!(sum, ones);
    sum += ones;
    assert_eq!((sum.received(), sum.resolved(), sum.in_progress()), (8, 6, 4));
    assert_eq!((sum.late_with_letter, sum.paused, sum.overdue_with_letter), (2, 2, 2));
}

#[test]
fn the_published_half_year_is_one_short() {
    // domain.md 2.3: 158 + 1,759 + 1 received; 1,715 resolved and 202 open make 1,917.
    let half_year = TypedFigures {
        online: 158,
        direct_postal: 1_759,
        carried_over: 1,
        early_or_on_time: Some(1_715),
        within: 202,
        ..TypedFigures::default()
    };
    let failed = vec![FailedIdentity { identity: "(3) = (7) + (11)", left: 1_918, right: 1_917 }];
    assert_eq!(half_year.check(), CheckedFigures { difference: 1, failed });

    let without_the_carried = TypedFigures { carried_over: 0, ..half_year.clone() };
    assert_eq!(without_the_carried.check(), CheckedFigures { difference: 0, failed: vec![] });
    let one_more = TypedFigures { overdue: 1, ..half_year };
    assert_eq!(one_more.check(), CheckedFigures { difference: 0, failed: vec![] });
}

#[test]
fn every_identity_of_the_form_is_checked() {
    let good = TypedFigures {
        online: 2,
        direct_postal: 6,
        carried_over: 2,
        early: Some(1),
        on_time: Some(2),
        early_or_on_time: Some(3),
        late: 2,
        within: 3,
        overdue: 2,
        received_total: Some(10),
        resolved_total: Some(5),
        in_progress_total: Some(5),
    };
    assert_eq!(good.check(), CheckedFigures { difference: 0, failed: vec![] });
    let names = |figures: &TypedFigures| {
        let checked = figures.check();
        let failed =
            checked.failed.iter().map(|failed| (failed.identity, failed.left, failed.right)).collect::<Vec<_>>();
        (checked.difference, failed)
    };
    let received = TypedFigures { received_total: Some(11), ..good.clone() };
    assert_eq!(names(&received), (1, vec![("(3) = (4) + (5) + (6)", 11, 10), ("(3) = (7) + (11)", 11, 10)]));
    let resolved = TypedFigures { resolved_total: Some(6), ..good.clone() };
    assert_eq!(names(&resolved), (-1, vec![("(7) = (8) + (9) + (10)", 6, 5), ("(3) = (7) + (11)", 10, 11)]));
    let in_progress = TypedFigures { in_progress_total: Some(4), ..good.clone() };
    assert_eq!(names(&in_progress), (1, vec![("(11) = (12) + (13)", 4, 5), ("(3) = (7) + (11)", 10, 9)]));
    let parts = TypedFigures { early: Some(2), ..good.clone() };
    assert_eq!(names(&parts), (0, vec![("(8+9) = (8) + (9)", 3, 4)]));
    let told_apart = TypedFigures { early_or_on_time: None, resolved_total: None, ..good };
    assert_eq!(told_apart.check(), CheckedFigures { difference: 0, failed: vec![] });
}
