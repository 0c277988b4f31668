//! What a dossier adds to form II.06a, and the periods it is made for, to the second (contract section 5).

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
    let today = |now: &str| Period::new(day("2026-01-10"), day("2026-02-05")).unwrap().window(at(now));
    assert_eq!(tally_of(&life, &today("2026-02-05T09:59:59")), paused, "the last second of the pause");
    assert_eq!(tally_of(&life, &today("2026-02-05T10:00:00")), within, "the first after it");
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
        ("2026-01-31T12:00:00", "2026-01-31T12:00:01", "2026-01-31", "`to` is today: as of now"),
        ("2026-01-31T23:59:59", "2026-02-01T00:00:00", "2026-01-31", "the last second of `to`"),
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
    assert_eq!((ahead.from, ahead.as_of()), (ahead.until, at("2026-01-15T10:00")), "nothing is new in it yet");
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
