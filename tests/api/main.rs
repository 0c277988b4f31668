//! Stories told over HTTP, each on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod balances;
mod changes;
mod counts;
mod drilldown;
mod edges;
mod feedback;
mod files;
mod identity;
mod intake;
mod ioffice;
mod ioffice_bad_input;
mod letters;
mod life;
mod machines;
mod malformed;
mod moves;
mod notices;
mod papers;
mod plans;
mod public;
mod ratings;
mod reception;
mod reports;
mod retries;
mod service_index;
mod webhooks;
