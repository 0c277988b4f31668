//! Feedback, petitions and complaints.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Counted, Visible, below, seen};
use super::parsed;
use super::schema::feedback;
use super::terms::{self, Matters};
use crate::domain::contact::Contact;
use crate::domain::deadline::Deadline;
use crate::domain::dossier_code::DossierCode;
use crate::domain::feedback::{Answer, Feedback, FeedbackChannel, FeedbackKind, FeedbackStatus};
use crate::domain::statistics::Window;
use crate::domain::term::{Term, TermTally};
use crate::domain::vocabulary::{AgencyCode, LocalTime, ProcedureCode};

/// Feedback with what it is about and whom it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackRecord {
    /// Opaque identifier.
    pub id: String,
    /// Whose it is to answer.
    pub agency: AgencyCode,
    /// The way it came in.
    pub channel: FeedbackChannel,
    /// The procedure it is about.
    pub procedure: Option<ProcedureCode>,
    /// The dossier it is about.
    pub dossier: Option<DossierCode>,
    /// What it says.
    pub content: String,
    /// Whom it is from.
    pub sender: Contact,
    /// The officer in charge.
    pub assignee: Option<String>,
    /// Note of the office.
    pub note: Option<String>,
    /// Where it stands.
    pub feedback: Feedback,
    /// Who entered it.
    pub recorded_by: String,
    /// When it was entered.
    pub created_at: LocalTime,
    /// Counts its changes.
    pub version: i64,
}

/// Which feedback to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct FeedbackFilter {
    /// Of this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// Whose.
    pub visible: Visible,
    /// The same again: of the agency of one row of figures.
    pub resolved_by: Option<AgencyCode>,
    /// Of this kind.
    pub kind: Option<FeedbackKind>,
    /// By this channel.
    pub channel: Option<FeedbackChannel>,
    /// In this status.
    pub status: Option<FeedbackStatus>,
    /// About this procedure.
    pub procedure: Option<ProcedureCode>,
    /// About this dossier.
    pub dossier: Option<DossierCode>,
    /// In this officer's charge.
    pub assignee: Option<String>,
    /// Counted in this figure of a period.
    pub counted: Option<Counted>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = feedback, treat_none_as_null = true)]
struct Row {
    id: String,
    agency: String,
    kind: String,
    channel: String,
    procedure_code: Option<String>,
    dossier: Option<String>,
    content: String,
    sender_name: Option<String>,
    sender_phone: Option<String>,
    sender_email: Option<String>,
    sender_address: Option<String>,
    assignee: Option<String>,
    note: Option<String>,
    status: String,
    received_at: LocalTime,
    acceptance_due_on: Option<NaiveDate>,
    last_move_at: LocalTime,
    due_at: Option<LocalTime>,
    late_from: Option<LocalTime>,
    ended_at: Option<LocalTime>,
    ended_class: Option<String>,
    answer: Option<String>,
    finding: Option<String>,
    answered_by: Option<String>,
    reason: Option<String>,
    forwarded_to: Option<String>,
    recorded_by: String,
    created_at: LocalTime,
    version: i64,
}

impl Row {
    fn of(record: &FeedbackRecord) -> Self {
        let FeedbackRecord { feedback, sender, .. } = record;
        let answer = feedback.answer.as_ref();
        Self {
            id: record.id.clone(),
            agency: record.agency.to_string(),
            kind: feedback.kind.to_string(),
            channel: record.channel.to_string(),
            procedure_code: record.procedure.as_ref().map(ToString::to_string),
            dossier: record.dossier.as_ref().map(ToString::to_string),
            content: record.content.clone(),
            sender_name: sender.name.clone(),
            sender_phone: sender.phone.clone(),
            sender_email: sender.email.clone(),
            sender_address: sender.address.clone(),
            assignee: record.assignee.clone(),
            note: record.note.clone(),
            status: feedback.status.to_string(),
            received_at: feedback.term.since,
            acceptance_due_on: feedback.acceptance_due_on,
            last_move_at: feedback.last_move_at,
            due_at: feedback.term.deadline.map(|deadline| deadline.due_at),
            late_from: feedback.term.late_from(),
            ended_at: feedback.term.end.map(|(at, _)| at),
            ended_class: feedback.term.end.map(|(_, class)| class.as_str().to_owned()),
            answer: answer.map(|answer| answer.text.clone()),
            finding: answer.and_then(|answer| answer.finding).map(|finding| finding.to_string()),
            answered_by: answer.map(|answer| answer.by.clone()),
            reason: feedback.reason.clone(),
            forwarded_to: feedback.forwarded_to.clone(),
            recorded_by: record.recorded_by.clone(),
            created_at: record.created_at,
            version: record.version,
        }
    }

    fn read(self) -> Result<FeedbackRecord, StorageError> {
        let deadline = self.due_at.zip(self.late_from);
        let deadline = deadline.map(|(due_at, late_from)| Deadline { due_on: due_at.date(), due_at, late_from });
        let class = self.ended_class.map(|class| parsed("class", &class)).transpose()?;
        let finding = self.finding.map(|finding| parsed("finding", &finding)).transpose()?;
        let answer = self.answer.zip(self.answered_by).map(|(text, by)| Answer { text, finding, by });
        Ok(FeedbackRecord {
            id: self.id,
            agency: parsed("agency code", &self.agency)?,
            channel: parsed("channel", &self.channel)?,
            procedure: self.procedure_code.map(|code| parsed("procedure code", &code)).transpose()?,
            dossier: self.dossier.map(|code| parsed("dossier code", &code)).transpose()?,
            content: self.content,
            sender: Contact {
                name: self.sender_name,
                phone: self.sender_phone,
                email: self.sender_email,
                address: self.sender_address,
            },
            assignee: self.assignee,
            note: self.note,
            feedback: Feedback {
                kind: parsed("kind of feedback", &self.kind)?,
                status: parsed("feedback status", &self.status)?,
                term: Term { since: self.received_at, deadline, end: self.ended_at.zip(class) },
                acceptance_due_on: self.acceptance_due_on,
                last_move_at: self.last_move_at,
                answer,
                reason: self.reason,
                forwarded_to: self.forwarded_to,
            },
            recorded_by: self.recorded_by,
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// Stores new feedback.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, new: &FeedbackRecord) -> Result<(), StorageError> {
    tx.concerns = Some((new.agency.to_string(), None));
    tx.made = Some(new.id.clone());
    diesel::insert_into(feedback::table).values(Row::of(new)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores changed feedback; `record.version` is the version it was read with, and is counted up.
///
/// # Errors
/// [`StorageError::Stale`] when another write came in between.
pub fn save(tx: &mut Tx, record: &mut FeedbackRecord) -> Result<(), StorageError> {
    tx.concerns = Some((record.agency.to_string(), None));
    let read_version = record.version;
    record.version += 1;
    let changed = diesel::update(feedback::table)
        .filter(feedback::id.eq(&record.id).and(feedback::version.eq(read_version)))
        .set(Row::of(record))
        .execute(&mut *tx.connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::Stale) }
}

/// One piece of feedback.
///
/// # Errors
/// [`StorageError`].
pub fn find(reader: &mut Reader, id: &str) -> Result<Option<FeedbackRecord>, StorageError> {
    let row = feedback::table
        .filter(feedback::id.eq(id))
        .select(Row::as_select())
        .first(&mut *reader.connection)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Feedback in the order of its receipt, after `after` (its time and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &FeedbackFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<FeedbackRecord>, StorageError> {
    let mut query = feedback::table
        .select(Row::as_select())
        .order((feedback::received_at.asc(), feedback::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(agency) = &filter.agency {
        query = query.filter(feedback::agency.eq_any(below(agency.as_str())));
    }
    query = seen!(query, &filter.visible, feedback::agency);
    if let Some(agency) = &filter.resolved_by {
        query = query.filter(feedback::agency.eq(agency.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(feedback::kind.eq(kind.as_str()));
    }
    if let Some(channel) = filter.channel {
        query = query.filter(feedback::channel.eq(channel.as_str()));
    }
    if let Some(status) = filter.status {
        query = query.filter(feedback::status.eq(status.as_str()));
    }
    if let Some(procedure) = &filter.procedure {
        query = query.filter(feedback::procedure_code.eq(procedure.as_str()));
    }
    if let Some(dossier) = &filter.dossier {
        query = query.filter(feedback::dossier.eq(dossier.to_string()));
    }
    if let Some(assignee) = &filter.assignee {
        query = query.filter(feedback::assignee.eq(assignee));
    }
    if let Some(counted) = &filter.counted {
        query = query.filter(terms::counted_in(Matters::Feedback, counted));
    }
    if let Some((at, id)) = after {
        query = query.filter(feedback::received_at.gt(at).or(feedback::received_at.eq(at).and(feedback::id.gt(id))));
    }
    query.load(&mut *reader.connection)?.into_iter().map(Row::read).collect()
}

/// By what figures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackGroup {
    /// What it is.
    Kind,
    /// The way it came in.
    Channel,
    /// The procedure it is about; empty for none.
    Procedure,
    /// Whose it is to answer.
    Agency,
}

impl FeedbackGroup {
    /// Every grouping.
    pub const ALL: [Self; 4] = [Self::Kind, Self::Channel, Self::Procedure, Self::Agency];

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Channel => "channel",
            Self::Procedure => "procedure",
            Self::Agency => "agency",
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Procedure => "procedure_code",
            other => other.as_str(),
        }
    }
}

/// Figures of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedbackFigures {
    /// By time.
    pub tally: TermTally,
    /// What ended, by the status it ended in.
    pub ended_as: BTreeMap<String, i64>,
}

/// Figures of an agency and those below it (`None`: of all), by group; one group, named by an empty text, when there is no
/// grouping.
///
/// # Errors
/// [`StorageError`].
pub fn figures(
    reader: &mut Reader,
    window: &Window,
    agency: Option<&AgencyCode>,
    group: Option<FeedbackGroup>,
) -> Result<BTreeMap<String, FeedbackFigures>, StorageError> {
    let keys = [group.map(FeedbackGroup::column), Some("status")];
    let mut figures = BTreeMap::new();
    for ([key, status], tally) in terms::tallies(reader, Matters::Feedback, window, agency, keys)? {
        let figures: &mut FeedbackFigures = figures.entry(key).or_default();
        figures.tally += tally;
        if tally.ended() > 0 {
            // What ended stays as it ended: its status now is that of any instant since.
            *figures.ended_as.entry(status).or_default() += tally.ended();
        }
    }
    Ok(figures)
}
