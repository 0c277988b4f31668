//! Form II.06a by hand: periods, columns to the second, identities and rates (contract section 5).

use super::*;
use crate::domain::testing::{at, day};

/// The end of January 2026, asked about in June.
fn january(now: &str) -> Window {
    Period::new(day("2026-01-10"), day("2026-01-31")).unwrap().window(at(now))
}

const JUNE: &str = "2026-06-01T10:00";

/// Received on 12 January 2026, due on 30 January, open.
fn life() -> CountedLife {
    CountedLife {
        channel: Channel::Direct,
        received_at: at("2026-01-12T09:00"),
        end: None,
        past_spans: vec![],
        late_from: Some(at("2026-01-31T00:00")),
        paused: false,
        letter_on: None,
    }
}

fn ended(ended_at: &str, class: EndClass) -> CountedLife {
    CountedLife { end: Some((at(ended_at), class)), ..life() }
}

#[test]
fn a_day_belongs_to_the_period_from_midnight_to_midnight() {
    let received = |text| CountedLife { received_at: at(text), late_from: None, ..life() };
    let new = Tally { direct: 1, within: 1, ..Tally::default() };
    let carried = Tally { carried_over: 1, within: 1, ..Tally::default() };
    for (received_at, expected, ground) in [
        ("2026-01-09T23:59:59", carried, "before `from`"),
        ("2026-01-10T00:00:00", new, "first instant of `from`; domain.md 2.4: midnight is new, not carried"),
        ("2026-01-31T23:59:59", new, "last second of `to`"),
        ("2026-02-01T00:00:00", Tally::default(), "after `to`"),
    ] {
        assert_eq!(tally_of(&received(received_at), &january(JUNE)), expected, "{received_at}: {ground}");
    }
    let early = Tally { early: 1, ..Tally::default() };
    for (ended_at, expected, ground) in [
        ("2026-01-09T23:59:59", Tally::default(), "over before the period"),
        ("2026-01-10T00:00:00", Tally { carried_over: 1, ..early }, "open when it began, ended in it"),
        ("2026-01-31T23:59:59", Tally { carried_over: 1, ..early }, "ended in its last second"),
        ("2026-02-01T00:00:00", Tally { carried_over: 1, within: 1, ..Tally::default() }, "as of `to` still open"),
    ] {
        let received_at = at("2026-01-05T09:00");
        let life = CountedLife { received_at, late_from: None, ..ended(ended_at, EndClass::Early) };
        assert_eq!(tally_of(&life, &january(JUNE)), expected, "{ended_at}: {ground}");
    }
}

#[test]
fn new_dossiers_are_told_apart_by_channel() {
    let within = Tally { within: 1, ..Tally::default() };
    for (channel, expected) in [
        (Channel::Online, Tally { online: 1, ..within }),
        (Channel::Direct, Tally { direct: 1, ..within }),
        (Channel::Postal, Tally { postal: 1, ..within }),
    ] {
        let new = CountedLife { channel, late_from: None, ..life() };
        assert_eq!(tally_of(&new, &january(JUNE)), expected);
        let carried = CountedLife { received_at: at("2025-12-31T09:00"), ..new };
        assert_eq!(tally_of(&carried, &january(JUNE)), Tally { carried_over: 1, ..within }, "carried over: no channel");
    }
}

#[test]
fn what_ended_is_early_on_time_or_late() {
    let new = Tally { direct: 1, ..Tally::default() };
    for (class, expected) in [
        (EndClass::Early, Tally { early: 1, ..new }),
        (EndClass::OnTime, Tally { on_time: 1, ..new }),
        (EndClass::Late, Tally { late: 1, ..new }),
    ] {
        assert_eq!(tally_of(&ended("2026-01-20T09:00", class), &january(JUNE)), expected);
    }
}

#[test]
fn a_past_day_is_seen_as_it_was() {
    let window = |to: &str| Period::new(day("2026-01-10"), day(to)).unwrap().window(at(JUNE));
    let new = Tally { direct: 1, ..Tally::default() };
    let (within, overdue) = (Tally { within: 1, ..new }, Tally { overdue: 1, ..new });
    let paused = Tally { paused: 1, ..within };
    let span = |from, until, late_from: Option<&str>| Span {
        from: at(from),
        until: at(until),
        late_from: late_from.map(at),
        paused: late_from.is_none(),
    };
    // Paused from the midnight after 19 January to 5 February; then due on 9 February; a new calendar on the 20th
    // gives it to the 26th.
    let life = CountedLife {
        past_spans: vec![
            span("2026-01-12T09:00", "2026-01-20T00:00", Some("2026-01-31T00:00")),
            span("2026-01-20T00:00", "2026-02-05T10:00", None),
            span("2026-02-05T10:00", "2026-02-20T09:00", Some("2026-02-10T00:00")),
        ],
        late_from: Some(at("2026-02-27T00:00")),
        ..life()
    };
    for (to, expected, ground) in [
        ("2026-01-19", within, "the pause began at the midnight after"),
        ("2026-01-20", paused, "`paused` is part of `within`"),
        ("2026-02-04", paused, "past the old deadline, but the clock stood"),
        ("2026-02-05", within, "restarted"),
        ("2026-02-09", within, "the day due"),
        ("2026-02-10", overdue, "the first late day"),
        ("2026-02-19", overdue, "what was overdue then stays overdue then"),
        ("2026-02-20", within, "the new calendar"),
        ("2026-02-26", within, "the new day due"),
        ("2026-02-27", overdue, "late again"),
    ] {
        assert_eq!(tally_of(&life, &window(to)), expected, "{to}: {ground}");
    }
    let late = ended("2026-02-03T09:00", EndClass::Late);
    assert_eq!(tally_of(&late, &window("2026-01-30")), within, "ended later, in time as of then");
    assert_eq!(tally_of(&late, &window("2026-01-31")), overdue, "ended later, overdue as of then");
    assert_eq!(tally_of(&late, &window("2026-02-03")), Tally { late: 1, ..new });
}

#[test]
fn letters_count_by_their_date() {
    // "`with_letter` counts letters … with `promulgated_on` up to the end of `to`."
    let new = Tally { direct: 1, ..Tally::default() };
    for (letter_on, counted) in [(None, 0), (Some("2026-01-31"), 1), (Some("2026-02-01"), 0)] {
        let letter_on = letter_on.map(day);
        let late = CountedLife { letter_on, ..ended("2026-01-31T10:00", EndClass::Late) };
        assert_eq!(tally_of(&late, &january(JUNE)), Tally { late: 1, late_with_letter: counted, ..new });
        let overdue = CountedLife { letter_on, ..life() };
        assert_eq!(tally_of(&overdue, &january(JUNE)), Tally { overdue: 1, overdue_with_letter: counted, ..new });
        let in_time = CountedLife { letter_on, ..ended("2026-01-20T10:00", EndClass::OnTime) };
        assert_eq!(tally_of(&in_time, &january(JUNE)), Tally { on_time: 1, ..new }, "in no column");
    }
}

#[test]
fn a_period_up_to_now_or_later_reads_as_now() {
    let period = Period::new(day("2026-01-10"), day("2026-01-31")).unwrap();
    for (now, until, letters_until, ground) in [
        ("2026-01-15T10:00:00", "2026-01-15T10:00:01", "2026-01-15", "a future `to` reads as now"),
        ("2026-01-31T23:59:59", "2026-02-01T00:00:00", "2026-01-31", "`to` is today"),
        ("2026-02-01T00:00:00", "2026-02-01T00:00:00", "2026-01-31", "past: as of the end of `to`"),
        (JUNE, "2026-02-01T00:00:00", "2026-01-31", "past: the same whenever it is asked"),
    ] {
        let expected = Window { from: at("2026-01-10T00:00"), until: at(until), letters_until: day(letters_until) };
        assert_eq!(period.window(at(now)), expected, "{now}: {ground}");
    }
    assert_eq!(january(JUNE).as_of(), at("2026-01-31T23:59:59"));
    assert_eq!(january("2026-01-15T10:00").as_of(), at("2026-01-15T10:00"));

    let now = january("2026-01-12T09:00:00");
    assert_eq!(tally_of(&life(), &now), Tally { direct: 1, within: 1, ..Tally::default() }, "received this second");
    let ahead = Period::new(day("2026-03-01"), day("2026-03-31")).unwrap().window(at("2026-01-15T10:00"));
    let carried = Tally { carried_over: 1, within: 1, ..Tally::default() };
    assert_eq!(tally_of(&life(), &ahead), carried, "wholly ahead: what is open now is carried over");
}

#[test]
fn presets_run_from_the_fifteenth_to_the_fourteenth() {
    // domain.md 2.2, Decree 09/2019 art. 12.
    for (name, from, to) in [
        ("2023", "2022-12-15", "2023-12-14"),
        ("2023-H1", "2022-12-15", "2023-06-14"),
        ("2023-H2", "2023-06-15", "2023-12-14"),
        ("2023-Q1", "2022-12-15", "2023-03-14"),
        ("2023-Q2", "2023-03-15", "2023-06-14"),
        ("2023-Q3", "2023-06-15", "2023-09-14"),
        ("2023-Q4", "2023-09-15", "2023-12-14"),
        ("2023-9M", "2022-12-15", "2023-09-14"),
        ("2023-M01", "2022-12-15", "2023-01-14"),
        ("2023-M05", "2023-04-15", "2023-05-14"),
        ("2023-M12", "2023-11-15", "2023-12-14"),
    ] {
        assert_eq!(Period::preset(name), Ok(Period { from: day(from), to: day(to) }), "{name}");
    }
    for name in [
        "",
        "23",
        "20233",
        "2023-",
        "2023-H3",
        "2023-h1",
        "2023-Q0",
        "2023-Q5",
        "2023-Q11",
        "2023-M00",
        "2023-M13",
        "2023-M5",
        "2023-M005",
        "2023-6M",
        "+023",
        "2023-Mé",
        "2023-H1-",
    ] {
        assert_eq!(Period::preset(name), Err(PeriodFault::UnknownPreset), "{name}");
    }
}

#[test]
fn a_period_ends_after_it_begins_and_within_twenty_years() {
    for (from, to, fault) in [
        ("2026-01-10", "2026-01-10", None),
        ("2026-01-10", "2026-01-09", Some(PeriodFault::Reversed)),
        ("2004-01-01", "2024-01-01", None),
        ("2004-01-01", "2024-01-02", Some(PeriodFault::TooLong)),
        ("2004-02-29", "2024-02-29", None),
        ("2004-02-29", "2024-03-01", Some(PeriodFault::TooLong)),
    ] {
        assert_eq!(Period::new(day(from), day(to)).err(), fault, "{from} to {to}");
    }
}

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
