//! The service as whoever runs it meets it: built, as a process, with its logs, traces, backups and upgrades.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "../support/postgres.rs"]
#[allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub)]
mod postgres;

mod backup;
mod cluster;
mod collector;
mod documents;
mod logs;
mod office;
mod previous;
