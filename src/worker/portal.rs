//! Telling the national portal: each dossier in its order, several at a time, by one process at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use opentelemetry::trace::SpanKind;
use tokio::sync::watch;
use tracing::Instrument;

use crate::ambient::Ambient;
use crate::domain::dossier_code::DossierCode;
use crate::domain::portal::PortalDossier;
use crate::domain::portal::telling::{Outcome, Part, Telling};
use crate::flow::{Fault, portal as verbs};
use crate::integrations::national_portal::client::Portal;
use crate::integrations::national_portal::codes::Unmapped;
use crate::integrations::national_portal::progress::{Chunk, progress_chunk};
use crate::integrations::national_portal::record::dossier_envelope;
use crate::integrations::national_portal::reply::{Answer, without_applicant};
use crate::storage::{Db, StorageError, portal};
use crate::trace::{self, Work};
use crate::worker::lease::{BEAT, Lease};

/// How often it is looked for what is owed.
const TICK: Duration = Duration::from_secs(2);
/// How many dossiers are told at a time.
const AT_ONCE: usize = 8;
/// How many dossiers a round tells at most, so that none that came meanwhile waits for long.
const ROUND: i64 = 64;

/// Tells the portal.
pub struct Herald {
    db: Db,
    ambient: Ambient,
    portal: Portal,
    lease: Lease,
}

impl Herald {
    /// One who tells this portal.
    pub fn new(db: Db, ambient: Ambient, portal: Portal) -> Self {
        let lease = Lease::new(db.clone(), "portal", ambient.new_id());
        Self { db, ambient, portal, lease }
    }

    /// Tells a round of dossiers whose turn it is, each as far as it goes; answers how many. None, while another process
    /// works.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn round(self: &Arc<Self>) -> Result<usize, Fault> {
        let due = self.look().await?;
        let count = due.len();
        futures_util::stream::iter(due)
            .for_each_concurrent(AT_ONCE, |code| async move {
                if let Err(cause) = self.tell(&code).await {
                    tracing::error!(%cause, %code, "the portal was not told; it is tried again");
                }
            })
            .await;
        Ok(count)
    }

    /// Notes what was committed; answers the dossiers whose turn it is.
    async fn look(self: &Arc<Self>) -> Result<Vec<DossierCode>, Fault> {
        let herald = Arc::clone(self);
        blocking(move || {
            let Herald { db, ambient, lease, .. } = &*herald;
            let now = ambient.now();
            let due = |db: &Db| db.read(|reader| portal::due(reader, now, ROUND));
            let owed = db.read(|reader| portal::owed(reader, now))?;
            metrics::gauge!("motcua_portal_waiting").set(owed.waiting as f64);
            metrics::gauge!("motcua_portal_parked").set(owed.parked as f64);
            metrics::gauge!("motcua_portal_late").set(owed.late as f64);
            let anything = db.read(verbs::is_anything_to_note)? || !due(db)?.is_empty();
            if !anything {
                return Ok(Vec::new());
            }
            if !lease.take()? {
                return Ok(Vec::new());
            }
            verbs::note_changes(db)?;
            Ok(due(db)?)
        })
        .await
    }

    /// Tells the portal of one dossier, part by part, until it knows everything or one fails.
    async fn tell(self: &Arc<Self>, code: &DossierCode) -> Result<(), Fault> {
        while self.lease.is_held() {
            let (herald, code) = (Arc::clone(self), code.clone());
            let turn = blocking(move || Ok(herald.db.snapshot(|reader| verbs::turn(reader, &code))?)).await?;
            let Some((telling, part, dossier)) = turn else { return Ok(()) };
            // Entered by mistake before the portal heard of it: it never does.
            let is_needless = dossier.standing.void && telling.is_unheard_of();
            let sent = if is_needless { Ok(Outcome::Needless) } else { self.send(part, &dossier).await };
            let outcome = sent.unwrap_or_else(|unmapped| Outcome::Unsayable(unmapped.to_string()));
            let went_on = matches!(outcome, Outcome::Told(_) | Outcome::Exists);
            let herald = Arc::clone(self);
            let noted = blocking(move || herald.note(&telling, part, &outcome)).await?;
            if !(noted && went_on) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends a part.
    async fn send(&self, part: Part, dossier: &PortalDossier) -> Result<Outcome, Unmapped> {
        let codes = self.portal.codes();
        let (envelope, up_to) = match part {
            Part::Record { updating } => (dossier_envelope(dossier, codes, updating)?, dossier.last_seq()),
            Part::Progress { after } => match progress_chunk(dossier, codes, after)? {
                Some(Chunk { envelope, up_to }) => (envelope, up_to),
                None => return Ok(Outcome::Told(dossier.last_seq())),
            },
        };
        let work = Work::begin(&self.ambient, None);
        let answer = trace::within(work.as_ref().map(Work::context), self.portal.call(&envelope)).await;
        if let Some(work) = work {
            let has_failed = !matches!(answer, Answer::Done | Answer::Exists(..));
            work.end(&self.ambient, SpanKind::Client, "tell the portal".to_owned(), has_failed, Vec::new());
        }
        let outcome = match answer {
            Answer::Done => Outcome::Told(up_to),
            Answer::Exists(..) if part == (Part::Record { updating: false }) => Outcome::Exists,
            // Steps, or an update, that the portal says in words to have.
            Answer::Exists(true, _) => Outcome::Told(up_to),
            Answer::Exists(false, reason) | Answer::Refused(reason) => {
                Outcome::Refused(without_applicant(&reason, &dossier.applicant))
            }
            Answer::Later(reason) => Outcome::Later(without_applicant(&reason, &dossier.applicant)),
        };
        metrics::counter!("motcua_portal_calls_total", "outcome" => word(&outcome)).increment(1);
        Ok(outcome)
    }

    /// Notes an outcome; answers whether it is as it was thought to be.
    fn note(&self, telling: &Telling, part: Part, outcome: &Outcome) -> Result<bool, Fault> {
        match self.db.write(|tx| verbs::note(tx, &self.ambient, telling, part, outcome)) {
            // Replayed meanwhile, or told by a process that took over: it is looked at anew.
            Err(StorageError::Stale) => Ok(false),
            Ok(_) => Ok(true),
            Err(other) => Err(other.into()),
        }
    }

    /// Keeps the work while a call takes its time; who does not have it does not ask for it here.
    async fn keep(self: &Arc<Self>) {
        if !self.lease.is_held() {
            return;
        }
        let herald = Arc::clone(self);
        if let Err(cause) = blocking(move || Ok(herald.lease.take()?)).await {
            tracing::warn!(%cause, "the lease is not renewed");
        }
    }

    /// Lets another process take the work over at once.
    async fn hand_back(self: &Arc<Self>) -> Result<(), Fault> {
        let herald = Arc::clone(self);
        blocking(move || Ok(herald.lease.hand_back()?)).await
    }
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Told(_) | Outcome::Needless => "told",
        Outcome::Exists => "exists",
        Outcome::Later(_) => "later",
        Outcome::Refused(_) => "refused",
        Outcome::Unsayable(_) => "unsayable",
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(trace::carried(work)).await {
        Ok(answer) => answer,
        Err(cause) => Err(StorageError::corrupt("portal", cause).into()),
    }
}

/// Tells the portal until `stop` turns true. Calls that are under way then are brought to their end.
pub async fn run(herald: Arc<Herald>, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stop.changed() => break,
        }
        let span = tracing::error_span!("round", round = herald.ambient.new_id());
        let mut round = std::pin::pin!(herald.round().instrument(span.clone()));
        let mut is_over = false;
        let ended = loop {
            tokio::select! {
                ended = &mut round => break ended,
                _ = beat.tick(), if !is_over => herald.keep().await,
                _ = stop.changed(), if !is_over => {
                    herald.lease.let_go();
                    is_over = true;
                }
            }
        };
        if let Err(cause) = ended {
            span.in_scope(|| {
                tracing::error!(%cause, "what the portal is owed was not looked for; the next tick tries again");
            });
        }
        if is_over {
            break;
        }
    }
    herald.lease.let_go();
    if let Err(cause) = herald.hand_back().await {
        tracing::warn!(%cause, "the next process waits for this one's lease to run out");
    }
}
