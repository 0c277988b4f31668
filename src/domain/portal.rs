//! What the national portal (Cổng dịch vụ công quốc gia, DVCQG) is told of a dossier: its record, its supplements, its steps.

pub mod telling;

use chrono::TimeDelta;

use super::dossier::Standing;
use super::dossier_code::DossierCode;
use super::event::Event;
use super::fees::Account;
use super::forms::control_slip;
use super::papers::{Applicant, Papers};
use super::vocabulary::{Channel, FieldCode, FileKind, LocalTime, ProcedureCode};

/// How long after the end of a step the portal is to know of it (Decree 63/2024 art. 7(4)).
pub const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// A dossier with everything that the portal is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalDossier {
    /// Its code.
    pub code: DossierCode,
    /// The procedure.
    pub procedure: ProcedureCode,
    /// The procedure's name in the dossier's version.
    pub procedure_name: String,
    /// The field.
    pub field: FieldCode,
    /// The field's name.
    pub field_name: String,
    /// Name of the resolving agency.
    pub agency_name: String,
    /// How it came in.
    pub channel: Channel,
    /// Who applies.
    pub applicant: Applicant,
    /// What the applicant asks for.
    pub summary: Option<String>,
    /// Note of the office.
    pub note: Option<String>,
    /// What was handed in with it.
    pub papers: Papers,
    /// Where it stands.
    pub standing: Standing,
    /// What is to be paid for it, and what was.
    pub account: Account,
    /// Its files, in the order of their coming.
    pub files: Vec<PortalFile>,
    /// Its journal, from the beginning.
    pub journal: Vec<Entry>,
}

/// A file of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalFile {
    /// Opaque identifier.
    pub id: String,
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: String,
    /// The part of the dossier that it is a scan of (`MaThanhPhanHoSo`).
    pub component: Option<String>,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1.
    pub seq: i64,
    /// When it took effect.
    pub at: LocalTime,
    /// Who did it.
    pub actor: String,
    /// What happened.
    pub event: Event,
}

/// A request for papers (yêu cầu bổ sung) and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplement {
    /// Its place in the journal.
    pub seq: i64,
    /// When it was asked for.
    pub asked_at: LocalTime,
    /// By whom.
    pub asked_by: String,
    /// What is missing and why.
    pub reason: String,
    /// When the papers came, and who took them; `None` while the office waits.
    pub received: Option<(LocalTime, String)>,
    /// The appointment before.
    pub due_before: Option<LocalTime>,
    /// The appointment from the receipt on.
    pub due_after: Option<LocalTime>,
}

/// A step of resolving, for the progress record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place in the journal.
    pub seq: i64,
    /// When.
    pub at: LocalTime,
    /// Who took it.
    pub actor: String,
    /// What was done, in Vietnamese.
    pub what: String,
    /// Where the dossier stood after it, as [`standing_word`] has it.
    pub status: &'static str,
    /// When the step before ended.
    pub began_at: Option<LocalTime>,
    /// The appointment in force after it.
    pub due_at: Option<LocalTime>,
}

/// Whether an event changes what the portal knows. Letters of apology have no place in its model, and lateness is what it
/// reckons itself.
pub const fn concerns_portal(event: &Event) -> bool {
    !matches!(event, Event::BecameOverdue { .. } | Event::Reappointed { .. } | Event::Letter { .. })
}

/// The word for where a dossier stands: a status, or `void` for what was entered by mistake.
pub const fn standing_word(standing: &Standing) -> &'static str {
    if standing.void { "void" } else { standing.status.as_str() }
}

impl PortalDossier {
    /// The place of the last entry of its journal.
    pub fn last_seq(&self) -> i64 {
        self.journal.last().map_or(0, |entry| entry.seq)
    }

    /// When it was rejected at intake.
    pub fn rejected_at(&self) -> Option<LocalTime> {
        let rejections = self.journal.iter().rev().filter(|entry| matches!(entry.event, Event::Rejected { .. }));
        rejections.map(|entry| entry.at).next()
    }

    /// Why it is void.
    pub fn void_reason(&self) -> Option<&str> {
        self.journal.iter().rev().find_map(|entry| match &entry.event {
            Event::Voided { reason } => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Its requests for papers with the appointments as they were promised at the time, oldest first.
    pub fn supplements(&self) -> Vec<Supplement> {
        let mut found: Vec<Supplement> = Vec::new();
        for (entry, before, _) in self.walk() {
            match &entry.event {
                Event::SupplementRequested { reason, .. } => found.push(Supplement {
                    seq: entry.seq,
                    asked_at: entry.at,
                    asked_by: entry.actor.clone(),
                    reason: reason.clone(),
                    received: None,
                    due_before: due_at(&before),
                    due_after: None,
                }),
                Event::Resumed { new, .. } => {
                    // What came back from a payment answers no request for papers.
                    let waits = before.status == super::vocabulary::Status::SupplementRequired;
                    if let Some(open) = found.last_mut().filter(|last| waits && last.received.is_none()) {
                        open.received = Some((entry.at, entry.actor.clone()));
                        open.due_after = new.map(|deadline| deadline.due_at);
                    }
                }
                Event::Resubmitted { .. } => {
                    if let Some(open) = found.last_mut().filter(|last| last.received.is_none()) {
                        open.received = Some((entry.at, entry.actor.clone()));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The steps behind place `after` of the journal, in order: every move, and what undid or voided one.
    pub fn steps(&self, after: i64) -> Vec<Step> {
        let mut began_at = None;
        let mut steps = Vec::new();
        for (entry, _, standing) in self.walk() {
            if !(entry.event.is_move() || matches!(entry.event, Event::Reopened { .. } | Event::Voided { .. })) {
                continue;
            }
            steps.push(Step {
                seq: entry.seq,
                at: entry.at,
                actor: entry.actor.clone(),
                what: what_was_done(entry),
                status: standing_word(&standing),
                began_at,
                due_at: due_at(&standing),
            });
            began_at = Some(entry.at);
        }
        steps.retain(|step| step.seq > after);
        steps
    }

    /// Every entry with the standing before and after it.
    fn walk(&self) -> impl Iterator<Item = (&Entry, Standing, Standing)> {
        let mut standing = Standing::filed(self.journal.first().map_or(self.standing.filed_at, |first| first.at));
        self.journal.iter().map(move |entry| {
            let before = standing.clone();
            standing.apply(entry.at, &entry.event);
            (entry, before, standing.clone())
        })
    }
}

fn due_at(standing: &Standing) -> Option<LocalTime> {
    standing.deadline.map(|deadline| deadline.due_at)
}

/// The words of the control slip, which has no line for what was never accepted and what is void.
fn what_was_done(entry: &Entry) -> String {
    let reasoned = |what: &str, reason: &str| format!("{what}: {}", reason.trim());
    match &entry.event {
        Event::Rejected { reason } => reasoned("Không tiếp nhận hồ sơ", reason),
        Event::Voided { reason } => reasoned("Hủy hồ sơ do nhập nhầm", reason),
        event => {
            let slip = control_slip::steps([(event, entry.at, entry.actor.as_str())]);
            slip.into_iter().next().map(|step| step.note).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests;
