//! Terms and moves of feedback, against the calendar of 2026.

use super::*;
use crate::domain::testing::standard_office;
use crate::domain::timeliness::{EndClass, Timing};

fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn received(kind: FeedbackKind) -> Feedback {
    Feedback::receive(kind, at("2026-03-02T09:00:00"), true, ANSWER_DAYS, standard_office()).unwrap()
}

fn answer(finding: Option<Finding>) -> Move {
    Move::Answer(Answer { text: "Đã trả lời".to_owned(), finding, by: "Giám đốc".to_owned() })
}

#[test]
fn feedback_is_due_fifteen_working_days_after_its_receipt() {
    // Monday 2 March 2026, not counted; 15 working days without a holiday end on Monday 23 March.
    let feedback = received(FeedbackKind::Feedback);
    assert_eq!(feedback.term.deadline.unwrap().due_on, day("2026-03-23"));
    assert_eq!(feedback.term.timing(at("2026-03-24T00:00:00")), Timing::Overdue);
    // An office that gives itself five working days: Monday 9 March.
    let swift =
        Feedback::receive(FeedbackKind::Petition, at("2026-03-02T09:00:00"), false, 5, standard_office()).unwrap();
    assert_eq!(swift.term.deadline.unwrap().due_on, day("2026-03-09"));
}

#[test]
fn the_term_of_a_complaint_runs_from_its_acceptance() {
    // Law on Complaints art. 27: accepted within 10 days, 12 March; art. 28: 30 days from there, and 4 April is a Saturday:
    // Civil Code art. 148(5), Monday 6 April.
    let mut complaint = received(FeedbackKind::Complaint);
    assert_eq!((complaint.acceptance_due_on, complaint.term.deadline), (Some(day("2026-03-12")), None));
    let early = complaint.clone().go(answer(Some(Finding::Upheld)), at("2026-03-03T09:00:00"), standard_office());
    let (from, to) = (FeedbackStatus::Received, FeedbackStatus::Answered);
    assert_eq!(early, Err(Refusal::FeedbackStatusForbids { from, to }));
    complaint.go(Move::Take, at("2026-03-05T09:00:00"), standard_office()).unwrap();
    assert_eq!(complaint.term.deadline.unwrap().due_on, day("2026-04-06"));
    let without = complaint.clone().go(answer(None), at("2026-03-20T09:00:00"), standard_office());
    assert_eq!(without, Err(Refusal::FindingRequired), "art. 31: the decision says whether it is right");
    complaint.go(answer(Some(Finding::PartlyUpheld)), at("2026-04-07T08:00:00"), standard_office()).unwrap();
    assert_eq!(complaint.term.timing(at("2026-04-07T08:00:00")), Timing::Ended(EndClass::Late));
}

#[test]
fn nobody_complains_without_a_name() {
    let anonymous = |kind| Feedback::receive(kind, at("2026-03-02T09:00:00"), false, ANSWER_DAYS, standard_office());
    assert_eq!(anonymous(FeedbackKind::Complaint), Err(Refusal::SenderRequired));
    assert!(anonymous(FeedbackKind::Feedback).is_ok());
}

#[test]
fn what_ended_moves_no_more_and_time_does_not_run_back() {
    let mut feedback = received(FeedbackKind::Petition);
    let earlier = feedback.clone().go(Move::Take, at("2026-03-02T08:59:59"), standard_office());
    let (given, last_move_at) = (at("2026-03-02T08:59:59"), at("2026-03-02T09:00:00"));
    assert_eq!(earlier, Err(Refusal::BeforeLastMove { at: given, last_move_at }));
    feedback.go(Move::Refuse { reason: "Trùng".to_owned() }, at("2026-03-03T09:00:00"), standard_office()).unwrap();
    assert_eq!(feedback.term.timing(at("2026-03-03T09:00:00")), Timing::Ended(EndClass::OnTime));
    for step in [Move::Take, answer(None), Move::Withdraw { reason: None }] {
        let (from, to) = (FeedbackStatus::Refused, step.to());
        let again = feedback.go(step, at("2026-03-04T09:00:00"), standard_office());
        assert_eq!(again, Err(Refusal::FeedbackStatusForbids { from, to }));
    }
}
