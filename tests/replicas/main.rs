//! Many processes on one database: they are killed, stopped and restarted under load, behind a pooler and beside a replica,
//! and nothing that was acknowledged is lost or done twice.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../support/cluster.rs"]
mod cluster;
#[path = "../support/fleet.rs"]
mod fleet;
#[path = "../support/postgres.rs"]
#[allow(clippy::expect_used, dead_code, unreachable_pub)]
mod postgres;

mod pooler;
mod rolling;
mod standby;
mod storm;
