//! Which steps and supplements a journal tells of.

use super::*;
use crate::domain::testing::{at, deadline};
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::{ApplicantKind, Outcome, Status};

fn told(events: Vec<(&str, Event)>) -> PortalDossier {
    let mut standing = Standing::filed(at(events[0].0));
    let mut journal = Vec::new();
    for (seq, (when, event)) in (1..).zip(events) {
        standing.apply(at(when), &event);
        journal.push(Entry { seq, at: at(when), actor: "officer".into(), event });
    }
    let applicant = Applicant {
        kind: ApplicantKind::Citizen,
        name: "A".into(),
        identity_no: None,
        phone: None,
        email: None,
        address: None,
    };
    PortalDossier {
        code: "H16.18-260302-0001".parse().unwrap(),
        procedure: "1.001739".parse().unwrap(),
        procedure_name: String::new(),
        field: "BTXH".parse().unwrap(),
        field_name: String::new(),
        agency_name: String::new(),
        channel: Channel::Direct,
        applicant,
        summary: None,
        note: None,
        papers: Papers::default(),
        standing,
        account: Account { dossier: "H16.18-260302-0001".parse().unwrap(), fees: Vec::new(), payments: Vec::new() },
        files: Vec::new(),
        journal,
    }
}

fn received() -> Event {
    let deadline = Some(deadline("2026-03-09T09:00", "2026-03-10T00:00"));
    Event::Received { deadline, accepted_late: false, rule_version: 1 }
}

#[test]
fn a_reopened_dossier_stands_where_it_stood_before() {
    let finished = || Event::Finished { outcome: Outcome::Granted, reason: None, class: EndClass::Early };
    let dossier = told(vec![
        ("2026-03-02T09:00", received()),
        ("2026-03-03T09:00", Event::ProcessingStarted),
        ("2026-03-04T09:00", finished()),
        ("2026-03-04T10:00", Event::Reopened { reason: "Nhầm".into(), undone: Status::Finished }),
        ("2026-03-05T09:00", finished()),
    ]);
    let steps = dossier.steps(0);
    assert_eq!(
        steps.iter().map(|step| step.status).collect::<Vec<_>>(),
        ["received", "processing", "finished", "processing", "finished"]
    );
    assert_eq!(steps[3].what, "Giải quyết lại: Nhầm");
    assert_eq!(steps[4].began_at, Some(at("2026-03-04T10:00")));
    assert_eq!(dossier.steps(4).len(), 1);
}

#[test]
fn a_payment_is_no_supplement_and_intake_has_no_appointment() {
    let at_intake = told(vec![
        ("2026-03-02T09:00", Event::Registered { acceptance_due_at: at("2026-03-03T09:00") }),
        ("2026-03-02T10:00", Event::SupplementRequested { reason: "thiếu".into(), stops_clock: false, late: false }),
        ("2026-03-03T08:00", Event::Resubmitted { acceptance_due_at: at("2026-03-04T08:00") }),
    ]);
    let [supplement] = &at_intake.supplements()[..] else { panic!("{:?}", at_intake.supplements()) };
    assert_eq!((supplement.due_before, supplement.due_after), (None, None));
    assert_eq!(supplement.received, Some((at("2026-03-03T08:00"), "officer".into())));
    let paid = told(vec![
        ("2026-03-02T09:00", received()),
        ("2026-03-03T09:00", Event::PaymentRequested { reason: "phí".into(), stops_clock: true }),
        ("2026-03-04T09:00", Event::Resumed { old: None, new: None }),
    ]);
    assert_eq!(paid.supplements(), []);
}

#[test]
fn letters_and_lateness_are_no_news_to_the_portal() {
    // domain.md 3.2: there is no apology field in this model.
    let late = Event::BecameOverdue { late_from: at("2026-03-10T00:00") };
    let reappointed = Event::Reappointed { letter: "l".into(), new_return_at: at("2026-03-12T09:00") };
    assert!(!concerns_portal(&late) && !concerns_portal(&reappointed));
    assert!(concerns_portal(&received()) && concerns_portal(&Event::Edited { changes: Vec::new() }));
    assert!(concerns_portal(&Event::Voided { reason: String::new() }));
}
