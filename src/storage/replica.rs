//! A read replica of PostgreSQL: asked for what may be a moment old, as long as it keeps up.

use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::r2d2::Pool;
use diesel::sql_types::{Bool, Double, Nullable, Text};

use super::connection::{AnyConnection, Backend, Lent, Manager};
use super::error::StorageError;

/// How long the pool may take to make a connection, and thus half of how long it waits at most before it tries again.
const CONNECTING: Duration = Duration::from_secs(4);

/// Where a replica is, and how far behind it may be.
#[derive(Clone)]
pub struct ReplicaSettings {
    /// postgres://…
    pub url: String,
    /// A replica that is further behind is not asked.
    pub most_lag: Duration,
}

/// A replica behind its pool.
#[derive(Clone)]
pub(in crate::storage) struct Replica {
    pool: Pool<Manager>,
    manager: Manager,
    most_lag: Duration,
}

/// How a replica stands.
#[derive(diesel::QueryableByName)]
struct Standing {
    /// Seconds behind; none when that cannot be known, because it follows nobody.
    #[diesel(sql_type = Nullable<Double>)]
    lag: Option<f64>,
    /// Whether it has what was asked for.
    #[diesel(sql_type = Bool)]
    has: bool,
}

impl Replica {
    /// A replica of this primary, which need not be there yet.
    ///
    /// # Errors
    /// [`StorageError::NoReplica`] for anything but PostgreSQL.
    pub(in crate::storage) fn new(
        settings: &ReplicaSettings,
        primary: &Manager,
        connections: u32,
    ) -> Result<Self, StorageError> {
        let manager = Manager::new(&settings.url, primary.is_pooled)?;
        if (primary.backend, manager.backend) != (Backend::Postgres, Backend::Postgres) {
            return Err(StorageError::NoReplica);
        }
        let pool = Pool::builder()
            .max_size(connections)
            .connection_timeout(CONNECTING)
            .test_on_check_out(true)
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build_unchecked(manager.clone());
        Ok(Self { pool, manager, most_lag: settings.most_lag })
    }

    /// A connection of it that has everything up to `position`, and is not further behind than allowed; `None` when there is
    /// none at once.
    pub(in crate::storage) fn lend(&self, position: Option<&str>) -> Option<Lent> {
        // The lag of a replica that has replayed all it received is none, as long as it still receives.
        const SQL: &str = "SELECT CASE \
             WHEN NOT pg_is_in_recovery() OR NOT EXISTS (SELECT FROM pg_stat_wal_receiver) THEN NULL \
             WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 \
             ELSE GREATEST(EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END::float8 AS lag, \
             CASE WHEN $1 = '' THEN true ELSE COALESCE(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) END AS has";
        let mut lent = Lent(self.pool.try_get()?);
        let AnyConnection::Postgres(connection) = &mut *lent else { return None };
        let asked = diesel::sql_query(SQL).bind::<Text, _>(position.unwrap_or_default());
        match asked.get_result::<Standing>(connection) {
            Ok(Standing { lag, has }) => {
                metrics::gauge!("motcua_replica_lag_seconds").set(lag.unwrap_or(f64::INFINITY));
                let keeps_up = lag.is_some_and(|lag| lag <= self.most_lag.as_secs_f64());
                (has && keeps_up).then_some(lent)
            }
            Err(cause) => {
                tracing::warn!(%cause, "the replica does not answer");
                self.give_up(&lent);
                None
            }
        }
    }

    /// Its connections are of no use any more.
    pub(in crate::storage) fn give_up(&self, lent: &Lent) {
        self.manager.give_up(&lent.0);
    }
}
