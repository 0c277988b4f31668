//! The gauges of `/metrics`: what waits and how far work is behind, read from the database at most every few seconds, and the
//! state of this process.

use std::fmt::{Display, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Data;
use chrono::TimeDelta;

use super::AppState;
use super::call::read;
use crate::ambient::Ambient;
use crate::domain::vocabulary::LocalTime;
use crate::storage::Db;
use crate::storage::vitals::{Unissued, Vitals, look};

/// How old what was read may be, however often it is asked for.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How long the database may take before the other figures go out alone.
const PATIENCE: Duration = Duration::from_secs(2);
/// Size of a page of memory as `/proc` counts them.
const PAGE: u64 = 4_096;

/// What was read last.
pub struct Gauges {
    started_at: i64,
    last: Mutex<Option<(LocalTime, Look)>>,
}

type Look = Option<(Vitals, Vec<Unissued>)>;

impl Gauges {
    /// Gauges of a process that starts now.
    pub fn new(ambient: &Ambient) -> Self {
        Self { started_at: ambient.unix(ambient.now()), last: Mutex::default() }
    }

    /// All of them in the Prometheus text format.
    pub(in crate::http) async fn render(state: &Data<AppState>) -> String {
        let mut page = Page(String::new());
        let now = state.ambient.now();
        let seen = state.gauges.look(state, now).await;
        page.family("motcua_database_up", "Whether the database answered.", &[("", i64::from(seen.is_some()))]);
        if let Some((vitals, letters)) = &seen {
            page.vitals(vitals, now);
            page.letters(letters);
        }
        page.pools(&state.db);
        page.process(state.gauges.started_at);
        page.0
    }

    async fn look(&self, state: &Data<AppState>, now: LocalTime) -> Look {
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, seen)) = &*last()
            && (now - *at).abs() < FRESH
        {
            return seen.clone();
        }
        let looked = tokio::time::timeout(PATIENCE, read(state, move |reader| Ok(look(reader, now)?))).await;
        let seen = looked.ok().and_then(Result::ok);
        *last() = Some((now, seen.clone()));
        seen
    }
}

/// A page of metrics.
struct Page(String);

impl Page {
    /// A metric with its samples: labels in braces, or none, and value.
    fn family(&mut self, name: &str, help: &str, samples: &[(&str, impl Display)]) {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    fn vitals(&mut self, vitals: &Vitals, now: LocalTime) {
        let age = |since: Option<LocalTime>| since.map(|since| (now - since).num_seconds().max(0));
        let mut one = |name: &str, help: &str, value: i64| self.family(name, help, &[("", value)]);
        one("motcua_dossiers_overdue", "Open dossiers past their deadline whose clock runs.", vitals.overdue);
        one("motcua_outbox_events", "Events that have no place in the feed yet.", vitals.outbox);
        let lag = age(vitals.outbox_since).unwrap_or(0);
        one("motcua_outbox_lag_seconds", "Age of the oldest event that has no place in the feed yet.", lag);
        one(
            "motcua_feed_behind_events",
            "Events that the slowest consumer of the feed has not taken.",
            vitals.feed_behind,
        );
        one("motcua_messages_waiting", "Messages of webhooks and notices that are not delivered.", vitals.messages);
        let lag = age(vitals.messages_since).unwrap_or(0);
        one("motcua_messages_lag_seconds", "Age of the oldest message that is not delivered.", lag);
        one("motcua_audit_unsealed_entries", "Entries of the audit log that are not in its chain.", vitals.unsealed);
        // Of what never was there is no age.
        if let Some(age) = age(vitals.balance_at) {
            one("motcua_balance_age_seconds", "Seconds since the last instant with a struck balance.", age);
        }
        if let (Some(lag), Some(took)) = (age(vitals.round_ended_at), vitals.round_took) {
            one("motcua_sweep_lag_seconds", "Seconds since background work was last done whole, by any process.", lag);
            let took = format!("{}.{:03}", took / 1_000, took % 1_000);
            self.family("motcua_sweep_round_seconds", "How long that round took.", &[("", took)]);
        }
    }

    fn letters(&mut self, letters: &[Unissued]) {
        let sample = |one: &Unissued| (format!("{{kind=\"{}\",status=\"{}\"}}", one.kind, one.status), one.letters);
        let mut samples: Vec<(String, i64)> = letters.iter().map(sample).collect();
        // Absence could be a fault: the one that matters most is always said.
        let owed = "{kind=\"late\",status=\"draft\"}";
        if samples.iter().all(|(labels, _)| labels != owed) {
            samples.push((owed.to_owned(), 0));
        }
        let samples: Vec<(&str, i64)> = samples.iter().map(|(labels, count)| (labels.as_str(), *count)).collect();
        self.family("motcua_letters_waiting", "Letters that are not issued, by kind and status.", &samples);
    }

    fn pools(&mut self, db: &Db) {
        let pools = db.lent_out().map(|(name, lent_out)| (format!("{{pool=\"{name}\"}}"), lent_out));
        let mut all = |name: &str, help: &str, value: fn(&crate::storage::lending::LentOut) -> u64| {
            let samples: Vec<_> = pools.iter().map(|(labels, pool)| (labels.as_str(), value(pool))).collect();
            self.family(name, help, &samples);
        };
        all("motcua_pool_connections_max", "Connections to the database there may be.", |pool| pool.most.into());
        all("motcua_pool_connections_in_use", "Connections that do work.", |pool| pool.in_use.into());
        all("motcua_pool_waiting", "Callers that wait for a connection.", |pool| pool.waiting.into());
        all("motcua_pool_timeouts_total", "Callers that waited for a connection in vain.", |pool| pool.timeouts);
    }

    fn process(&mut self, started_at: i64) {
        let version = concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
        self.family("motcua_build_info", "The version that runs.", &[(version, 1)]);
        self.family("motcua_process_start_time_seconds", "When it started, since 1970.", &[("", started_at)]);
        // Only Linux says it so cheaply.
        let pages = std::fs::read_to_string("/proc/self/statm").ok();
        let resident = pages.and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
        if let Some(pages) = resident {
            self.family("motcua_process_resident_bytes", "Memory in use.", &[("", pages * PAGE)]);
        }
    }
}
