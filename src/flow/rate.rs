//! An applicant rates the service that a dossier got.

use super::actor::Act;
use super::fault::Fault;
use crate::domain::dossier_code::DossierCode;
use crate::domain::rating::{AspectScore, Rating, Score, may_rate};
use crate::domain::refusal::Refusal;
use crate::storage::ratings::{self, RatingRecord};
use crate::storage::{StorageError, Tx, dossiers};

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// On the whole.
    pub score: Score,
    /// By aspects.
    pub aspects: Vec<AspectScore>,
    /// In words.
    pub comment: Option<String>,
}

/// Rates a dossier, once; who calls has shown its secret.
///
/// # Errors
/// [`Fault::NotFound`], also for a void one, which is nobody's; [`Refusal::NotEnded`], [`Refusal::AlreadyRated`].
pub fn rate(tx: &mut Tx, act: Act<'_>, dossier: &DossierCode, verdict: &Verdict) -> Result<RatingRecord, Fault> {
    let record = dossiers::find(tx, dossier)?.filter(|record| !record.standing.void);
    let record = record.ok_or(Fault::NotFound("dossier"))?;
    may_rate(&record.standing)?;
    if ratings::is_rated(tx, dossier)? {
        return Err(Refusal::AlreadyRated.into());
    }
    let Verdict { score, aspects, comment } = verdict.clone();
    let rating = Rating { score, aspects, comment, rated_at: act.now };
    ratings::insert(tx, dossier, &record.agency, &rating).map_err(|error| match error {
        // Somebody was quicker with the same slip.
        StorageError::Duplicate(_) => Fault::Refused(Refusal::AlreadyRated),
        other => other.into(),
    })?;
    Ok(RatingRecord { dossier: dossier.clone(), agency: record.agency, procedure: record.procedure, rating })
}
