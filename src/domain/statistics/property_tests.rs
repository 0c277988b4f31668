//! What holds for the figures of every history in every period.

use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::domain::testing::histories::{Incidents, any_history, any_instant, long_after};
use crate::domain::timeliness::Timing;

const EVERYTHING: Incidents = Incidents { reopened: true, calendar_changes: true };

fn period(from: NaiveDate, days: u64) -> Period {
    Period::new(from, from + Days::new(days)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn every_period_balances_for_every_dossier(
        history in any_history(EVERYTHING), lead in 0..40u64, days in 0..80u64, now in any_instant(),
        past in any::<bool>(),
    ) {
        let period = period(history.filed_at.date() - Days::new(lead), days);
        let window = period.window(if past { long_after() } else { now.max(history.filed_at) });
        if let Some(life) = history.life() {
            let tally = tally_of(&life, &window);
            prop_assert!(tally.is_balanced());
            prop_assert!(tally.received() <= 1, "a dossier is counted once");
        }
    }

    #[test]
    fn what_is_open_at_the_end_of_one_part_is_carried_into_the_next(
        history in any_history(EVERYTHING), lead in 0..40u64, first in 0..40u64, second in 0..40u64,
    ) {
        let Some(life) = history.life() else { return Ok(()) };
        let from = history.filed_at.date() - Days::new(lead);
        let middle = from + Days::new(first + 1);
        let tally = |period: Period| tally_of(&life, &period.window(long_after()));
        let (one, two) = (tally(period(from, first)), tally(period(middle, second)));
        let whole = tally(period(from, first + 1 + second));
        prop_assert_eq!(two.carried_over, one.in_progress());
        prop_assert_eq!(whole.carried_over, one.carried_over);
        let new = |tally: &Tally| (tally.online, tally.direct, tally.postal);
        let (a, b) = (new(&one), new(&two));
        prop_assert_eq!(new(&whole), (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        prop_assert_eq!(whole.resolved(), one.resolved() + two.resolved());
        prop_assert_eq!((whole.within, whole.paused, whole.overdue), (two.within, two.paused, two.overdue));
    }

    #[test]
    fn a_past_period_is_reported_alike_then_and_later(
        history in any_history(Incidents::default()), lead in 0..40u64, days in 0..80u64,
    ) {
        let window = period(history.filed_at.date() - Days::new(lead), days).window(long_after());
        let now = history.life().map_or(Tally::default(), |life| tally_of(&life, &window));
        let then = history.life_until(window.until).map_or(Tally::default(), |life| tally_of(&life, &window));
        prop_assert_eq!(now, then);
    }

    #[test]
    fn the_figures_say_what_the_dossier_says(history in any_history(EVERYTHING), days in 0..200u64) {
        // As of its end a period that covers everything shows the timing of the dossier itself.
        let whole = period(history.filed_at.date(), days).window(long_after());
        let standing = &history.dossier().standing;
        let last = history.events().map(|(effective, _)| *effective).max().unwrap();
        if let (Some(life), true) = (history.life(), last < whole.until) {
            let tally = tally_of(&life, &whole);
            let columns = [
                tally.within - tally.paused, tally.paused, tally.overdue, tally.early, tally.on_time, tally.late,
            ];
            let timing = standing.timing(whole.as_of());
            let words = Timing::ALL.map(|word| i64::from(Some(word) == timing));
            prop_assert_eq!(columns, words);
        }
    }

    #[test]
    fn a_percentage_is_the_nearest_hundredth(denominator in 1..50_000i64, share in 0.0..=1.0f64) {
        let numerator = (share * denominator as f64) as i64;
        let percent = Rate { numerator, denominator }.percent().unwrap();
        let (whole, hundredths) = percent.split_once('.').unwrap();
        prop_assert_eq!(hundredths.len(), 2);
        let printed: i64 = whole.parse::<i64>().unwrap() * 100 + hundredths.parse::<i64>().unwrap();
        let distance = 2 * (printed * denominator - numerator * 10_000);
        prop_assert!(-denominator < distance && distance <= denominator, "half up");
    }
}
