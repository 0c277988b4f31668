//! Letters of apology: when one is owed, what each verb wants, and the single re-appointment (contract section 6).

use super::*;
use crate::domain::dossier::Dossier;
use crate::domain::testing::{
    at, day, deadline, moved, no_appointment, received, registered, standard_office, working_days,
};
use crate::domain::vocabulary::Status;

/// Monday 2 March 2026 and five days: due 9 March 09:00, late from the 10th.
fn dossier() -> Dossier {
    received(working_days(5), "2026-03-02T09:00")
}

const IN_TIME: &str = "2026-03-03T10:00";
const OVERDUE: &str = "2026-03-10T00:00:00";
const MUCH_LATER: &str = "2026-06-01T10:00";

fn ended(to: Status, ended_at: &str) -> Standing {
    moved(dossier(), &[(to, ended_at)]).standing
}

fn void() -> Standing {
    dossier().void(at(OVERDUE), "entered twice".into()).unwrap().after.standing
}

/// A letter with reason and new date, in some status.
fn letter(kind: LetterKind, status: LetterStatus) -> Letter {
    let mut letter = Letter::draft("id".into(), kind, false);
    letter.status = status;
    letter.reason = Some("a long queue".into());
    letter.new_return_at = Some(at("2026-03-20T09:00"));
    letter
}

fn promulgated(on: &str) -> Promulgation {
    let signer = Signer { name: "Nguyễn Văn A".into(), position: "Giám đốc".into() };
    Promulgation { number: 7, notation: "PXL".into(), on: day(on), signer }
}

#[test]
fn every_late_dossier_has_its_letter_exactly_once() {
    use LetterKind::{AtRisk, Late};
    use LetterStatus::{Delivered, Draft, Issued, Rejected, Submitted};
    use Settlement::{Cancel, Keep, Open, Promote};
    let supplement = |asked_at| moved(dossier(), &[(Status::SupplementRequired, asked_at)]).standing;
    // What is to be done without a letter, with an unissued warning, with an unissued late letter.
    let table: Vec<(&str, Standing, &str, [Settlement; 3])> = vec![
        ("within", dossier().standing, IN_TIME, [Keep, Keep, Cancel]),
        ("one second before", dossier().standing, "2026-03-09T23:59:59", [Keep, Keep, Cancel]),
        ("overdue", dossier().standing, OVERDUE, [Open, Promote, Keep]),
        ("paused", supplement("2026-03-09T23:59:59"), MUCH_LATER, [Keep, Keep, Cancel]),
        ("asked too late", supplement(OVERDUE), MUCH_LATER, [Open, Promote, Keep]),
        ("early", ended(Status::Finished, "2026-03-05T10:00"), MUCH_LATER, [Keep, Cancel, Cancel]),
        ("on time", ended(Status::Finished, "2026-03-09T16:00"), MUCH_LATER, [Keep, Cancel, Cancel]),
        ("late", ended(Status::Finished, OVERDUE), MUCH_LATER, [Open, Promote, Keep]),
        ("withdrawn in time", ended(Status::Withdrawn, "2026-03-09T16:00"), MUCH_LATER, [Keep, Cancel, Cancel]),
        ("stopped late", ended(Status::Stopped, OVERDUE), MUCH_LATER, [Open, Promote, Keep]),
        ("void", void(), MUCH_LATER, [Keep, Cancel, Cancel]),
        ("registered", registered(working_days(1), "2026-03-02T09:00").standing, MUCH_LATER, [Keep, Cancel, Cancel]),
        ("no appointment", received(no_appointment(), "2026-03-02T09:00").standing, MUCH_LATER, [Keep, Keep, Cancel]),
    ];
    for (case, standing, now, [without, warned, apologised]) in &table {
        let now = at(now);
        assert_eq!(settle(standing, None, now), *without, "{case}, no letter");
        for status in [Draft, Submitted, Rejected] {
            assert_eq!(settle(standing, Some(&letter(AtRisk, status)), now), *warned, "{case}, warning {status}");
            assert_eq!(settle(standing, Some(&letter(Late, status)), now), *apologised, "{case}, late {status}");
        }
        for status in [Issued, Delivered] {
            for kind in [AtRisk, Late] {
                // "an issued one stays on file"
                assert_eq!(settle(standing, Some(&letter(kind, status)), now), Keep, "{case}, {kind} {status}");
            }
        }
    }
}

#[test]
fn warnings_are_opened_by_hand_while_a_deadline_can_be_kept() {
    let by_hand = |standing: &Standing, now| Letter::by_hand("id".into(), LetterKind::AtRisk, standing, None, at(now));
    let paused = moved(dossier(), &[(Status::SupplementRequired, IN_TIME)]).standing;
    for (standing, now) in [(dossier().standing, "2026-03-09T23:59:59"), (paused, MUCH_LATER)] {
        let opened = by_hand(&standing, now).unwrap();
        assert_eq!((opened.kind, opened.status, opened.reason), (LetterKind::AtRisk, LetterStatus::Draft, None));
    }
    for (standing, now) in [
        (dossier().standing, OVERDUE),
        (ended(Status::Finished, "2026-03-05T10:00"), MUCH_LATER),
        (void(), IN_TIME),
        (registered(working_days(5), "2026-03-02T09:00").standing, IN_TIME),
        (received(no_appointment(), "2026-03-02T09:00").standing, IN_TIME),
    ] {
        let timing = standing.timing(at(now));
        assert_eq!(by_hand(&standing, now), Err(Refusal::NotAtRisk { timing }));
    }
}

#[test]
fn a_dossier_has_one_letter_about_its_deadline_and_any_number_of_others() {
    let standing = dossier().standing;
    let by_hand =
        |kind, existing: Option<&Letter>, now| Letter::by_hand("id".into(), kind, &standing, existing, at(now));
    for existing in [LetterKind::AtRisk, LetterKind::Late].map(|kind| letter(kind, LetterStatus::Draft)) {
        assert_eq!(by_hand(LetterKind::AtRisk, Some(&existing), IN_TIME), Err(Refusal::LetterExists));
        for kind in [LetterKind::Lost, LetterKind::Damaged, LetterKind::Misconduct] {
            for now in [IN_TIME, OVERDUE] {
                assert!(by_hand(kind, Some(&existing), now).is_ok_and(|letter| letter.kind == kind));
            }
        }
    }
    for now in [IN_TIME, OVERDUE] {
        assert_eq!(
            by_hand(LetterKind::Late, None, now),
            Err(Refusal::LateLetterByHand),
            "made by sweep or late finish"
        );
    }
}

#[test]
fn each_verb_has_its_statuses() {
    let standing = dossier().standing;
    let now = at("2026-03-12T10:00");
    for &status in LetterStatus::ALL {
        let tried = |verb: &dyn Fn(&mut Letter) -> Result<(), Refusal>| {
            let mut letter = letter(LetterKind::Lost, status);
            let outcome = verb(&mut letter);
            assert!(
                outcome.is_ok() || outcome == Err(Refusal::LetterStatusForbids { status }),
                "{status}: {outcome:?}"
            );
            outcome.is_ok().then_some(letter.status)
        };
        use LetterStatus::{Cancelled, Delivered, Draft, Issued, Rejected, Submitted};
        let on = |from: &[LetterStatus], to| from.contains(&status).then_some(to);
        let edited = tried(&|letter| letter.edit(Some(Some("x".into())), None, &standing, standard_office(), now));
        assert_eq!(edited, on(&[Draft, Rejected], status), "edit");
        assert_eq!(tried(&|letter| letter.submit(&standing)), on(&[Draft, Rejected], Submitted), "submit");
        let issued = tried(&|letter| letter.issue(promulgated("2026-03-12"), &standing, now).map(|_| ()));
        assert_eq!(issued, on(&[Submitted], Issued), "issue");
        let delivered = tried(&|letter| letter.deliver(LetterChannel::Sms, now, now));
        assert_eq!(delivered, on(&[Issued], Delivered), "deliver");
        assert_eq!(tried(&|letter| letter.reject("wrong name".into())), on(&[Submitted], Rejected), "reject");
        let cancelled = tried(&|letter| letter.cancel(None, &standing, now));
        assert_eq!(cancelled, on(&[Draft, Submitted, Rejected], Cancelled), "cancel: what went out cannot be");
    }
}

#[test]
fn a_new_date_is_later_than_the_deadline_and_than_now_and_in_office_hours() {
    let too_early = |than| Err(Refusal::NewReturnTooEarly { than: at(than) });
    let outside = || Err(Refusal::NewReturnOutsideHours);
    let due = "2026-03-09T09:00";
    for (now, new_return_at, expected, ground) in [
        (IN_TIME, "2026-03-06T09:00:00", too_early(due), "before `due_at`"),
        (IN_TIME, "2026-03-09T09:00:00", too_early(due), "`due_at` itself"),
        (IN_TIME, "2026-03-09T09:00:01", Ok(()), "later than `due_at`"),
        ("2026-03-12T10:00", "2026-03-12T10:00:00", too_early("2026-03-12T10:00"), "now"),
        ("2026-03-12T10:00", "2026-03-12T10:00:01", Ok(()), "later than now"),
        (IN_TIME, "2026-03-14T09:00:00", outside(), "a Saturday"),
        (IN_TIME, "2026-04-30T09:00:00", outside(), "a holiday"),
        (IN_TIME, "2026-03-10T12:00:00", outside(), "in the break"),
        (IN_TIME, "2026-03-10T17:00:01", outside(), "after closing"),
        (IN_TIME, "2026-03-10T17:00:00", Ok(()), "closing is inside"),
    ] {
        let before = Letter::draft("id".into(), LetterKind::AtRisk, false);
        let mut edited = before.clone();
        let reason = Some(Some("a long queue".to_owned()));
        let standing = dossier().standing;
        let new_return_at = at(new_return_at);
        let outcome = edited.edit(reason.clone(), Some(Some(new_return_at)), &standing, standard_office(), at(now));
        let after = match outcome {
            Ok(()) => Letter { reason: reason.flatten(), new_return_at: Some(new_return_at), ..before },
            Err(_) => before,
        };
        assert_eq!((outcome, edited), (expected, after), "{new_return_at} at {now}: {ground}");
    }
}

#[test]
fn submitting_wants_reason_and_new_date() {
    let bare = |kind| Letter::draft("id".into(), kind, false);
    let with_reason = |kind| Letter { reason: Some("a long queue".into()), ..bare(kind) };
    let open = dossier().standing;
    let over = ended(Status::Finished, OVERDUE);
    for kind in [LetterKind::Late, LetterKind::AtRisk] {
        assert_eq!(bare(kind).submit(&open), Err(Refusal::LetterReasonMissing));
        assert_eq!(with_reason(kind).submit(&open), Err(Refusal::NewReturnMissing));
        assert_eq!(letter(kind, LetterStatus::Draft).submit(&open), Ok(()));
        assert_eq!(bare(kind).submit(&over), Err(Refusal::LetterReasonMissing));
        assert_eq!(with_reason(kind).submit(&over), Ok(()), "the letter of an ended dossier needs no new date");
    }
    for kind in [LetterKind::Lost, LetterKind::Damaged, LetterKind::Misconduct] {
        assert_eq!(bare(kind).submit(&open), Err(Refusal::LetterReasonMissing));
        assert_eq!(with_reason(kind).submit(&open), Ok(()), "{kind} needs no new date");
    }
}

#[test]
fn a_dossier_is_re_appointed_at_most_once() {
    // Decree 61/2018 art. 19(9).
    let now = at("2026-03-12T10:00");
    let issue = |kind, standing: &Standing| {
        letter(kind, LetterStatus::Submitted).issue(promulgated("2026-03-12"), standing, now)
    };
    let open = dossier().standing;
    let new_return_at = at("2026-03-20T09:00");
    let reappointed = Standing { reappointed_at: Some(new_return_at), ..open.clone() };
    for kind in [LetterKind::Late, LetterKind::AtRisk] {
        assert_eq!(issue(kind, &open), Ok(Some(new_return_at)));
        assert_eq!(issue(kind, &reappointed), Err(Refusal::AlreadyReappointed));
    }
    for kind in [LetterKind::Lost, LetterKind::Damaged, LetterKind::Misconduct] {
        assert_eq!(issue(kind, &open), Ok(None), "{kind} uses nothing up");
        assert_eq!(issue(kind, &reappointed), Ok(None), "{kind} is not held up either");
    }
    let over = Standing { reappointed_at: Some(new_return_at), ..ended(Status::Finished, OVERDUE) };
    assert_eq!(issue(LetterKind::Late, &over), Ok(None), "an ended dossier's letter sets no date");
    let mut dateless = Letter { new_return_at: None, ..letter(LetterKind::Late, LetterStatus::Submitted) };
    let refused = dateless.issue(promulgated("2026-03-12"), &open, now);
    assert_eq!((refused, dateless.status), (Err(Refusal::NewReturnMissing), LetterStatus::Submitted));
}

#[test]
fn an_issued_letter_bears_number_date_and_signer() {
    let now = at("2026-03-12T10:00");
    let mut issued = letter(LetterKind::Late, LetterStatus::Submitted);
    let tomorrow = issued.issue(promulgated("2026-03-13"), &dossier().standing, now);
    assert_eq!(tomorrow, Err(Refusal::PromulgatedInTheFuture { on: day("2026-03-13") }));
    // The day before its dossier was handed in.
    let before = issued.issue(promulgated("2026-03-01"), &dossier().standing, now);
    assert_eq!(before, Err(Refusal::PromulgatedBeforeFiling { on: day("2026-03-01") }));
    assert!(issued.issue(promulgated("2026-03-12"), &dossier().standing, now).is_ok());
    assert_eq!(issued.promulgation, Some(promulgated("2026-03-12")));

    let ahead = issued.deliver(LetterChannel::Email, at("2026-03-12T10:00:01"), now);
    assert_eq!(ahead, Err(Refusal::InTheFuture { at: at("2026-03-12T10:00:01") }));
    assert_eq!(issued.deliver(LetterChannel::Email, now, now), Ok(()));
    assert_eq!(issued.delivered, Some((LetterChannel::Email, now)));
}

#[test]
fn notice_is_late_from_one_day_before_the_deadline_on() {
    // Decree 61/2018 art. 19(9): "no later than 1 day before expiry".
    let due = deadline("2026-03-09T09:00", "2026-03-10T00:00");
    for (on, late) in [("2026-03-07", false), ("2026-03-08", false), ("2026-03-09", true), ("2026-03-10", true)] {
        assert_eq!(is_notice_late(Some(&due), day(on)), late, "{on}");
        for (kind, late) in [(LetterKind::AtRisk, late), (LetterKind::Lost, false)] {
            let mut issued = letter(kind, LetterStatus::Submitted);
            issued.issue(promulgated(on), &dossier().standing, at("2026-03-10T10:00")).unwrap();
            assert_eq!(issued.notice_late, late, "{kind} of {on}");
        }
    }
    assert!(!is_notice_late(None, day("2026-03-10")), "no deadline, no notice to give");
}

#[test]
fn a_late_letter_stays_while_its_dossier_is_late() {
    let cancel = |kind, standing: &Standing, now| letter(kind, LetterStatus::Draft).cancel(None, standing, at(now));
    for kind in [LetterKind::Late, LetterKind::AtRisk] {
        assert_eq!(cancel(kind, &dossier().standing, "2026-03-09T23:59:59"), Ok(()), "{kind} of a dossier in time");
        assert_eq!(cancel(kind, &dossier().standing, OVERDUE), Err(Refusal::LetterOwed), "{kind} of an overdue one");
        let late = ended(Status::Finished, OVERDUE);
        assert_eq!(cancel(kind, &late, MUCH_LATER), Err(Refusal::LetterOwed), "{kind} of one that ended late");
        assert_eq!(cancel(kind, &void(), MUCH_LATER), Ok(()), "{kind} of a void one");
    }
    assert_eq!(cancel(LetterKind::Damaged, &dossier().standing, OVERDUE), Ok(()), "not about the deadline");
}

#[test]
fn a_rejected_letter_goes_back_for_change() {
    let standing = dossier().standing;
    let mut letter = letter(LetterKind::AtRisk, LetterStatus::Submitted);
    letter.reject("wrong name".into()).unwrap();
    assert_eq!(letter.remark.as_deref(), Some("wrong name"));
    letter.edit(Some(Some("a better reason".into())), None, &standing, standard_office(), at(IN_TIME)).unwrap();
    assert_eq!(letter.new_return_at, Some(at("2026-03-20T09:00")), "what is not given stays");
    letter.submit(&standing).unwrap();
    letter.reject("again".into()).unwrap();
    letter.edit(Some(None), Some(None), &standing, standard_office(), at(IN_TIME)).unwrap();
    assert_eq!((letter.reason, letter.new_return_at), (None, None), "null takes away");
}

#[test]
fn a_letter_waiting_for_signature_is_taken_back_when_its_dossier_has_ended() {
    // Contract section 6: "the letter of an ended dossier needs no new date".
    for kind in [LetterKind::Late, LetterKind::AtRisk] {
        let mut waiting = letter(kind, LetterStatus::Submitted);
        assert!(waiting.take_back());
        assert_eq!((waiting.status, waiting.new_return_at), (LetterStatus::Draft, None));
        assert!(waiting.reason.is_some() && waiting.remark.is_some());
        waiting.submit(&ended(Status::Finished, OVERDUE)).unwrap();
    }
    for status in LetterStatus::ALL.iter().filter(|status| **status != LetterStatus::Submitted) {
        let before = letter(LetterKind::Late, *status);
        let mut after = before.clone();
        assert!(!after.take_back(), "{status}");
        assert_eq!(after, before);
    }
    assert!(!letter(LetterKind::Lost, LetterStatus::Submitted).take_back(), "not about the deadline");
}

#[test]
fn a_letter_signed_in_spite_of_its_recall_is_on_file_with_the_text_that_was_signed() {
    let now = at("2026-03-12T10:00");
    let text = || (Some("what was signed".to_owned()), Some(at("2026-03-18T09:00")));
    let standing = ended(Status::Finished, OVERDUE);
    for status in [LetterStatus::Draft, LetterStatus::Rejected, LetterStatus::Cancelled] {
        let mut kept = letter(LetterKind::Late, status);
        kept.keep_signed(promulgated("2026-03-12"), text(), &standing, (now, false)).unwrap();
        assert_eq!((kept.status, &kept.promulgation), (LetterStatus::Issued, &Some(promulgated("2026-03-12"))));
        assert_eq!((kept.reason, kept.new_return_at, kept.notice_late), (text().0, text().1, true));
    }
    let mut dropped = letter(LetterKind::AtRisk, LetterStatus::Cancelled);
    dropped.keep_signed(promulgated("2026-03-12"), text(), &standing, (now, true)).unwrap();
    assert_eq!(dropped.status, LetterStatus::Cancelled, "the dossier has another letter by now");
    assert!(dropped.promulgation.is_some());
    let mut draft = letter(LetterKind::Late, LetterStatus::Draft);
    let ahead = draft.keep_signed(promulgated("2026-03-13"), text(), &standing, (now, false));
    assert_eq!(ahead, Err(Refusal::PromulgatedInTheFuture { on: day("2026-03-13") }));
    assert_eq!(draft, letter(LetterKind::Late, LetterStatus::Draft));
}
