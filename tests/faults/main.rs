//! The service as its own process, killed under load and left without its database: nothing acknowledged is lost, nothing is
//! done twice, and it comes back by itself.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../support/postgres.rs"]
#[allow(clippy::expect_used, dead_code, unreachable_pub)]
mod postgres;

mod clerk;
mod database;
mod full;
mod killed;
mod service;
