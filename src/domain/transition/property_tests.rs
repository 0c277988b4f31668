//! What holds for every legal history of a dossier.

use proptest::prelude::*;

use super::*;
use crate::domain::testing::histories::{History, Incidents, any_history};
use crate::domain::timeliness::Timing;

const EVERYTHING: Incidents = Incidents { reopened: true, calendar_changes: true };

fn folded(history: &History) -> (Standing, Vec<Span>) {
    let mut standing = Standing::filed(history.filed_at);
    let spans = history.events().filter_map(|(effective, event)| standing.apply(*effective, event)).collect();
    (standing, spans)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_journal_alone_gives_the_standing_and_the_spans(history in any_history(EVERYTHING)) {
        let (standing, spans) = folded(&history);
        prop_assert_eq!(&standing, &history.dossier().standing);
        prop_assert_eq!(spans, history.spans());
    }

    #[test]
    fn spans_follow_each_other_from_receipt_to_the_last(history in any_history(EVERYTHING)) {
        let (standing, spans) = (&history.dossier().standing, history.spans());
        prop_assert_eq!(standing.span_from.is_some(), standing.received_at.is_some());
        let mut end_of_last = standing.received_at;
        for span in &spans {
            prop_assert_eq!(Some(span.from), end_of_last);
            prop_assert!(span.from <= span.until);
            prop_assert!(!(span.paused && span.late_from.is_some()));
            end_of_last = Some(span.until);
        }
        prop_assert_eq!(standing.span_from, end_of_last);
    }

    #[test]
    fn what_waits_is_stopped_unless_it_was_late(history in any_history(EVERYTHING)) {
        for change in &history.changes {
            let standing = &change.after.standing;
            prop_assert_eq!(standing.end.is_some(), standing.status.is_ended() && standing.received_at.is_some());
            prop_assert!(standing.stopped_since.is_none() || standing.status.is_waiting() || standing.end.is_some());
            prop_assert!(standing.received_at.is_none_or(|received_at| received_at >= standing.filed_at));
            if standing.status.is_waiting() && standing.stopped_since.is_none() && standing.received_at.is_some() {
                prop_assert!(is_late(standing.late_from(), standing.last_move_at));
            }
        }
    }

    #[test]
    fn a_lateness_lasts(history in any_history(Incidents::default())) {
        // Without a correction or a new calendar, what was overdue at a move is overdue or late ever after.
        let mut was_late = false;
        for change in &history.changes {
            let timing = change.after.standing.timing(change.events[0].0);
            let is_late = timing.is_some_and(Timing::owes_apology);
            prop_assert!(is_late || !was_late);
            was_late = is_late;
        }
    }

    #[test]
    fn an_end_undone_leaves_nothing(history in any_history(EVERYTHING)) {
        for pair in history.changes.windows(2) {
            let (before, after) = (&pair[0].after, &pair[1].after);
            let (effective, event) = &pair[1].events[0];
            if matches!(event, Event::Withdrawn { .. } | Event::Stopped { .. } | Event::Finished { .. }) {
                let reopened = after.reopen(*effective, "a mistake".into()).unwrap();
                prop_assert_eq!(&reopened.after, before);
            }
        }
    }
}
