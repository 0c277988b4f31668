//! Hand-offs of dossiers between officers.

use diesel::prelude::*;

use super::db::{Reader, Tx};
use super::error::StorageError;
use super::listing::{Assignee, Visible, seen};
use super::parsed;
use super::schema::{dossiers, hand_offs};
use crate::domain::dossier_code::DossierCode;
use crate::domain::hand_off::{HandOff, HandOffStatus};
use crate::domain::transfer::Handled;
use crate::domain::vocabulary::LocalTime;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = hand_offs, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    dossier: String,
    giver: String,
    receiver: Option<String>,
    note: Option<String>,
    offered_at: LocalTime,
    offered_by: String,
    status: String,
    ended_at: Option<LocalTime>,
    ended_by: Option<String>,
    reason: Option<String>,
}

impl Row {
    fn of(hand_off: &HandOff) -> Self {
        let ended = hand_off.ended.as_ref();
        Self {
            id: hand_off.id.clone(),
            dossier: hand_off.dossier.to_string(),
            giver: hand_off.giver.clone(),
            receiver: hand_off.receiver.clone(),
            note: hand_off.note.clone(),
            offered_at: hand_off.offered.at,
            offered_by: hand_off.offered.by.clone(),
            status: hand_off.status.to_string(),
            ended_at: ended.map(|ended| ended.at),
            ended_by: ended.map(|ended| ended.by.clone()),
            reason: hand_off.reason.clone(),
        }
    }

    fn read(self) -> Result<HandOff, StorageError> {
        Ok(HandOff {
            id: self.id,
            dossier: parsed("dossier code", &self.dossier)?,
            giver: self.giver,
            receiver: self.receiver,
            note: self.note,
            offered: Handled { at: self.offered_at, by: self.offered_by },
            status: parsed("status of a hand-off", &self.status)?,
            ended: self.ended_at.zip(self.ended_by).map(|(at, by)| Handled { at, by }),
            reason: self.reason,
        })
    }
}

/// Stores a new hand-off.
///
/// # Errors
/// [`StorageError`].
pub fn insert(tx: &mut Tx, hand_off: &HandOff) -> Result<(), StorageError> {
    diesel::insert_into(hand_offs::table).values(Row::of(hand_off)).execute(&mut *tx.connection)?;
    Ok(())
}

/// Stores what became of a hand-off; its dossier is locked.
///
/// # Errors
/// [`StorageError`].
pub fn save(tx: &mut Tx, hand_off: &HandOff) -> Result<(), StorageError> {
    diesel::update(hand_offs::table.filter(hand_offs::id.eq(&hand_off.id)))
        .set(Row::of(hand_off))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// The hand-offs of a dossier, in order.
///
/// # Errors
/// [`StorageError`].
pub fn of_dossier(reader: &mut Reader, dossier: &DossierCode) -> Result<Vec<HandOff>, StorageError> {
    let rows: Vec<Row> = hand_offs::table
        .filter(hand_offs::dossier.eq(dossier.to_string()))
        .order((hand_offs::offered_at.asc(), hand_offs::id.asc()))
        .select(Row::as_select())
        .load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// Forgets what was said with the hand-offs of an anonymised dossier.
///
/// # Errors
/// [`StorageError`].
pub(in crate::storage) fn erase_words(tx: &mut Tx, dossier: &str) -> Result<(), StorageError> {
    diesel::update(hand_offs::table.filter(hand_offs::dossier.eq(dossier)))
        .set((hand_offs::note.eq(None::<String>), hand_offs::reason.eq(None::<String>)))
        .execute(&mut *tx.connection)?;
    Ok(())
}

/// Which hand-offs to list; what is `None` does not narrow.
#[derive(Debug, Clone)]
pub struct HandOffFilter {
    /// Of whose dossiers.
    pub visible: Visible,
    /// Who is to take it; nobody: whoever does.
    pub receiver: Option<Assignee>,
    /// Account that gives.
    pub giver: Option<String>,
    /// Where it stands.
    pub status: Option<HandOffStatus>,
}

/// Hand-offs in the order they were offered, after `after` (its time and identifier).
///
/// # Errors
/// [`StorageError`].
pub fn page(
    reader: &mut Reader,
    filter: &HandOffFilter,
    after: Option<(LocalTime, &str)>,
    limit: i64,
) -> Result<Vec<HandOff>, StorageError> {
    let mut query = hand_offs::table
        .inner_join(dossiers::table.on(dossiers::code.eq(hand_offs::dossier)))
        .select(Row::as_select())
        .order((hand_offs::offered_at.asc(), hand_offs::id.asc()))
        .limit(limit)
        .into_boxed();
    query = seen!(query, &filter.visible);
    match &filter.receiver {
        Some(Assignee::Named(receiver)) => query = query.filter(hand_offs::receiver.eq(receiver)),
        Some(Assignee::Nobody) => query = query.filter(hand_offs::receiver.is_null()),
        None => {}
    }
    if let Some(giver) = &filter.giver {
        query = query.filter(hand_offs::giver.eq(giver));
    }
    if let Some(status) = filter.status {
        query = query.filter(hand_offs::status.eq(status.as_str()));
    }
    if let Some((at, id)) = after {
        let behind = hand_offs::offered_at.eq(at).and(hand_offs::id.gt(id));
        query = query.filter(hand_offs::offered_at.gt(at).or(behind));
    }
    let rows: Vec<Row> = query.load(&mut *reader.connection)?;
    rows.into_iter().map(Row::read).collect()
}

/// How many hand-offs of visible dossiers wait for this account, and how many for whoever takes them.
///
/// # Errors
/// [`StorageError`].
pub fn waiting(reader: &mut Reader, visible: &Visible, account: &str) -> Result<(i64, i64), StorageError> {
    let mut count = |receiver: Assignee| {
        let query = hand_offs::table
            .inner_join(dossiers::table.on(dossiers::code.eq(hand_offs::dossier)))
            .filter(hand_offs::status.eq(HandOffStatus::Pending.as_str()))
            .select(diesel::dsl::count_star())
            .into_boxed();
        let query = seen!(query, visible);
        let query = match receiver {
            Assignee::Named(account) => query.filter(hand_offs::receiver.eq(account)),
            Assignee::Nobody => query.filter(hand_offs::receiver.is_null()),
        };
        query.get_result::<i64>(&mut *reader.connection)
    };
    Ok((count(Assignee::Named(account.to_owned()))?, count(Assignee::Nobody)?))
}
