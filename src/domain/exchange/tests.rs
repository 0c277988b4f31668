//! Every answer of an e-office in every order: what it does, and what it must not do.

use super::*;
use crate::domain::apology::{Promulgation, Signer};
use crate::domain::dossier::Standing;
use crate::domain::testing::{at, day, moved, received, working_days};
use crate::domain::vocabulary::{LetterKind, LetterStatus, Status};

const NOW: &str = "2026-03-10T10:00";

fn open() -> Standing {
    received(working_days(5), "2026-03-02T09:00").standing
}

fn handed_over() -> Standing {
    let dossier = received(working_days(5), "2026-03-02T09:00");
    moved(dossier, &[(Status::Finished, "2026-03-10T08:00"), (Status::Returned, "2026-03-10T09:00")]).standing
}

fn promulgated(number: u32) -> Promulgation {
    let signer = Signer { name: "Nguyễn Văn A".into(), position: "Giám đốc".into() };
    Promulgation { number, notation: "PXL-SLĐTBXH".into(), on: day("2026-03-10"), signer }
}

fn letter(status: LetterStatus) -> Letter {
    let mut letter = Letter::draft("id".into(), LetterKind::Late, false);
    letter.status = status;
    letter.reason = Some("a long queue".into());
    letter.new_return_at = Some(at("2026-03-20T09:00"));
    letter.promulgation = status.is_out().then(|| promulgated(12));
    letter
}

/// The e-office fetched the letter at `NOW` and stands so to it.
fn hold(state: HoldState) -> Hold {
    Hold {
        round: 1,
        state,
        document_id: "H16.18,2026/03/10,0/id".parse().unwrap(),
        sent_as: Business::New,
        fetched_at: at(NOW),
        reason: Some("a long queue".into()),
        new_return_at: Some(at("2026-03-20T09:00")),
    }
}

/// The e-office fetched another text than the letter has now.
fn stale(state: HoldState) -> Hold {
    Hold { new_return_at: Some(at("2026-03-18T09:00")), ..hold(state) }
}

fn status_packet(code: &str) -> Saying {
    Saying::Status { code: code.into(), at: at("2026-03-10T10:30"), description: Some("not legible".into()) }
}

fn returned() -> Saying {
    Saying::Returned { reason: "wrong name".into() }
}

/// What an answer comes to, in short: the deed, the hold after it, the effect; or the code of the refusal.
fn outcome(letter: &Letter, standing: &Standing, hold: Option<&Hold>, saying: &Saying) -> String {
    match judge(letter, standing, hold, saying) {
        Err(refusal) => refusal.code().to_owned(),
        Ok(Judgement { deed, hold: after, effect }) => {
            let deed = match deed {
                Deed::Nothing => "",
                Deed::Issue(_) => "issue ",
                Deed::KeepSigned(_) => "keep ",
                Deed::Reject(_) => "reject ",
            };
            let after = after.map(|state| format!(" {state}")).unwrap_or_default();
            format!("{deed}{effect}{after}")
        }
    }
}

#[test]
fn every_answer_in_every_order() {
    use HoldState::{Held, Over, RecallRefused};
    use LetterStatus::{Cancelled, Delivered, Draft, Issued, Rejected, Submitted};
    let same = Saying::Issued(promulgated(12));
    let other = Saying::Issued(promulgated(13));
    let sayings = [
        &same,
        &other,
        &Saying::Signed,
        &returned(),
        &Saying::Trace,
        &status_packet("03"),
        &status_packet("02"),
        &status_packet("13"),
        &status_packet("15"),
        &status_packet("16"),
        &status_packet("77"),
    ];
    let (waiting, signed, rejected) = ("issue issued over", "signed", "reject rejected over");
    let (called_back, recalled) = ("keep kept over", "recalled over");
    let (refuses, notes, closes) = ("recall_refused recall_refused", "noted", "noted over");
    let (status, superseded, out) = ("letter_status", "letter_superseded", "already_issued");
    let confirmed = "confirmed over";
    // Letter, what was fetched, what each saying comes to.
    let waits = [waiting, waiting, signed, rejected, notes, notes, rejected, notes, notes, notes, notes];
    let back = [called_back, called_back, signed, recalled, notes, notes, recalled, recalled, recalled, refuses, notes];
    let old = [superseded, superseded, notes, closes, notes, notes, closes, closes, closes, notes, notes];
    let nothing_asked = [status, status, status, status, notes, notes, notes, notes, notes, notes, notes];
    let is_out = [confirmed, out, out, out, notes, notes, notes, notes, notes, notes, notes];
    let out_by_hand = [confirmed, out, out, recalled, notes, notes, recalled, recalled, recalled, refuses, notes];
    let out_refused = [confirmed, out, out, recalled, notes, notes, notes, notes, notes, notes, notes];
    let table: Vec<(Letter, Option<Hold>, [&str; 11])> = vec![
        (letter(Submitted), None, waits),
        (letter(Submitted), Some(hold(Held)), waits),
        (letter(Submitted), Some(hold(Over)), waits),
        (letter(Submitted), Some(stale(Held)), old),
        (letter(Submitted), Some(stale(RecallRefused)), old),
        (letter(Submitted), Some(stale(Over)), old),
        (letter(Draft), Some(hold(Held)), back),
        (letter(Draft), Some(stale(Held)), back),
        (letter(Rejected), Some(hold(Held)), back),
        (letter(Cancelled), Some(hold(RecallRefused)), back),
        (letter(Draft), None, nothing_asked),
        (letter(Rejected), Some(hold(Over)), nothing_asked),
        (letter(Cancelled), Some(hold(Over)), nothing_asked),
        (letter(Issued), None, is_out),
        (letter(Delivered), Some(hold(Over)), is_out),
        (letter(Issued), Some(hold(Held)), out_by_hand),
        (letter(Issued), Some(hold(RecallRefused)), out_refused),
    ];
    for (letter, hold, expected) in &table {
        for (saying, expected) in sayings.iter().zip(expected) {
            let found = outcome(letter, &open(), hold.as_ref(), saying);
            let state = hold.as_ref().map(|hold| hold.state);
            assert_eq!(found, *expected, "{} letter, {state:?}, {saying:?}", letter.status);
        }
    }
}

#[test]
fn the_reason_goes_back_to_the_drafter() {
    let (waiting, held) = (letter(LetterStatus::Submitted), hold(HoldState::Held));
    for (saying, reason) in [
        (returned(), "wrong name"),
        (status_packet("02"), "not legible"),
        (Saying::Status { code: "02".into(), at: at(NOW), description: None }, "Hệ thống văn bản từ chối tiếp nhận"),
    ] {
        let judgement = judge(&waiting, &open(), Some(&held), &saying).unwrap();
        assert_eq!(judgement.deed, Deed::Reject(reason.into()));
    }
}

#[test]
fn a_refusal_that_was_on_its_way_is_about_the_round_before() {
    let late = Saying::Status { code: "02".into(), at: at("2026-03-10T09:59"), description: None };
    let second = Hold { round: 2, ..hold(HoldState::Held) };
    assert_eq!(outcome(&letter(LetterStatus::Submitted), &open(), Some(&second), &late), "noted");
    // In the first round there is none before it, whatever the clocks say.
    let first = hold(HoldState::Held);
    assert_eq!(outcome(&letter(LetterStatus::Submitted), &open(), Some(&first), &late), "reject rejected over");
}

#[test]
fn a_reply_for_a_dossier_that_was_handed_over_is_on_file_and_ignored() {
    // domain.md 6.5.
    let issued = Saying::Issued(promulgated(12));
    for status in LetterStatus::ALL {
        let early = Hold { fetched_at: at("2026-03-10T08:59"), ..hold(HoldState::Held) };
        for (saying, expected) in [
            (&issued, "ignored over"),
            (&returned(), "ignored over"),
            (&Saying::Signed, "ignored"),
            (&Saying::Trace, "ignored"),
            (&status_packet("02"), "ignored over"),
            (&status_packet("13"), "ignored over"),
            (&status_packet("16"), "ignored recall_refused"),
            (&status_packet("06"), "ignored"),
        ] {
            let found = outcome(&letter(*status), &handed_over(), Some(&early), saying);
            assert_eq!(found, expected, "{status} {saying:?}");
        }
        assert_eq!(outcome(&letter(*status), &handed_over(), None, &issued), "ignored over");
    }
    // A letter that was written and fetched only after the hand-over is asked for, and its reply counts.
    let after = hold(HoldState::Held);
    assert_eq!(outcome(&letter(LetterStatus::Submitted), &handed_over(), Some(&after), &issued), "issue issued over");
    assert_eq!(outcome(&letter(LetterStatus::Draft), &handed_over(), Some(&after), &issued), "ignored over");
}

#[test]
fn what_is_sent_is_new_or_its_new_text_or_its_recall() {
    use HoldState::{Held, Over, RecallRefused};
    let submitted = letter(LetterStatus::Submitted);
    let updated = Hold { sent_as: Business::Update, ..hold(Held) };
    for (hold, expected) in [
        (None, Business::New),
        (Some(hold(Held)), Business::New),
        (Some(updated), Business::Update),
        (Some(stale(Held)), Business::Update),
        (Some(stale(RecallRefused)), Business::Update),
        (Some(hold(Over)), Business::New),
        (Some(stale(Over)), Business::New),
    ] {
        assert_eq!(sending(&submitted, hold.as_ref()), Ok(expected), "{hold:?}");
    }
    for status in LetterStatus::ALL.iter().copied().filter(|status| *status != LetterStatus::Submitted) {
        let letter = letter(status);
        assert_eq!(sending(&letter, Some(&hold(Held))), Ok(Business::Recall), "{status}");
        for hold in [None, Some(hold(RecallRefused)), Some(hold(Over))] {
            assert_eq!(sending(&letter, hold.as_ref()), Err(Refusal::LetterStatusForbids { status }), "{status}");
        }
    }
}

#[test]
fn words_and_codes_are_those_of_the_standard() {
    // domain.md 6.2 and 6.3.
    for (code, business) in
        [("0", Business::New), ("1", Business::Recall), ("2", Business::Update), ("3", Business::Replace)]
    {
        assert_eq!((Business::from_code(code), business.code().to_string()), (Some(business), code.to_owned()));
    }
    assert_eq!(Business::from_code("4"), None);
    for code in ["01", "02", "03", "04", "05", "06", "13", "15", "16"] {
        assert!(meaning(code).is_some(), "{code}");
    }
    assert_eq!(meaning("07"), None);
}
