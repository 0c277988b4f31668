//! Spans: what stays of the clock's past, so that reports of a past day keep their answer (contract section 5).

use super::*;
use crate::domain::testing::{at, attempt, deadline, moved, received, registered, wish, working_days};
use crate::domain::timeliness::Timing;

use Status::{Finished, Processing, Received, SupplementRequired};

fn span(from: &str, until: &str, late_from: Option<&str>, paused: bool) -> Span {
    Span { from: at(from), until: at(until), late_from: late_from.map(at), paused }
}

#[test]
fn spans_keep_when_the_dossier_was_to_become_overdue() {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    let step = |dossier: &Dossier, to, moved_at| {
        let change = attempt(dossier, &wish(to, moved_at)).unwrap();
        (change.after, change.spans)
    };
    let (dossier, unchanged) = step(&dossier, Processing, "2026-03-02T10:00");
    assert_eq!(unchanged, SpanChange::Unchanged);
    let (dossier, running) = step(&dossier, SupplementRequired, "2026-03-04T10:00");
    let (dossier, waiting) = step(&dossier, Processing, "2026-03-12T15:30");
    let (_, finished) = step(&dossier, Finished, "2026-03-13T09:00");
    let span = |from, until, late_from, paused| SpanChange::Closed(vec![span(from, until, late_from, paused)]);
    assert_eq!(running, span("2026-03-02T09:00", "2026-03-04T10:00", Some("2026-03-10T00:00"), false));
    assert_eq!(waiting, span("2026-03-04T10:00", "2026-03-12T15:30", None, true));
    assert_eq!(finished, SpanChange::Unchanged, "the last span stays with the dossier");
}

#[test]
fn the_first_span_begins_with_the_receipt() {
    let filed = registered(working_days(5), "2026-03-02T09:00");
    assert_eq!(filed.standing.span_from, None, "in no column, no span");
    let accepted = attempt(&filed, &wish(Received, "2026-03-03T10:00")).unwrap();
    assert_eq!(accepted.spans, SpanChange::Unchanged);
    assert_eq!(accepted.after.standing.span_from, Some(at("2026-03-03T10:00")));
}

/// The calendar changes on 5 March: the deadline moves from the 9th to the 10th.
fn given_a_new_calendar(dossier: &Dossier) -> Change {
    let new = Some(deadline("2026-03-10T09:00", "2026-03-11T00:00"));
    let moved = Event::DeadlineMoved { old: dossier.standing.deadline, new };
    Change::of(dossier, vec![(at("2026-03-05T12:00"), moved)])
}

#[test]
fn a_new_calendar_moves_the_deadline_from_now_on() {
    let change = given_a_new_calendar(&received(working_days(5), "2026-03-02T09:00"));
    let before = span("2026-03-02T09:00", "2026-03-05T12:00", Some("2026-03-10T00:00"), false);
    assert_eq!(change.spans, SpanChange::Closed(vec![before]));
    let standing = &change.after.standing;
    assert_eq!(standing.original, Some(deadline("2026-03-09T09:00", "2026-03-10T00:00")), "the first promise stays");
    assert_eq!(standing.timing(at("2026-03-10T23:59:59")), Some(Timing::Within));
    assert_eq!(standing.timing(at("2026-03-11T00:00:00")), Some(Timing::Overdue));

    let waiting = moved(received(working_days(5), "2026-03-02T09:00"), &[(SupplementRequired, "2026-03-03T09:00")]);
    let change = given_a_new_calendar(&waiting);
    assert_eq!(change.spans, SpanChange::Unchanged, "the clock stands anyway");
    assert_eq!(change.after.standing.timing(at("2026-06-01T00:00")), Some(Timing::Paused));
}

#[test]
fn a_move_dated_before_a_new_calendar_leaves_the_spans_in_order() {
    // Recorded after the recompute of 5 March but dated the 4th, as clerks may (15 days back).
    let recomputed = given_a_new_calendar(&received(working_days(5), "2026-03-02T09:00")).after;
    let asked = attempt(&recomputed, &wish(SupplementRequired, "2026-03-04T10:00")).unwrap();
    assert_eq!(asked.spans, SpanChange::Unchanged, "a span of no length holds no instant");
    assert_eq!(asked.after.standing.stopped_since, Some(at("2026-03-04T10:00")), "the pause itself keeps its date");
    let back = attempt(&asked.after, &wish(Processing, "2026-03-09T09:00")).unwrap();
    assert_eq!(back.spans, SpanChange::Closed(vec![span("2026-03-05T12:00", "2026-03-09T09:00", None, true)]));
}
