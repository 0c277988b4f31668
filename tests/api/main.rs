//! Stories told over HTTP, each on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod balances;
mod between;
mod board;
mod catalogue;
mod catalogue_sheets;
mod changes;
mod counts;
mod doors;
mod drilldown;
mod edges;
mod feedback;
mod fees;
mod files;
mod identity;
mod intake;
mod ioffice;
mod ioffice_bad_input;
mod lean;
mod letters;
mod life;
mod machines;
mod malformed;
mod moves;
mod my_dossiers;
mod notices;
mod openid;
mod pages;
mod papers;
mod personal;
mod plans;
mod portal;
mod public;
mod public_catalogue;
mod ratings;
mod reception;
mod reports;
mod retries;
mod service_index;
mod succession;
mod webhooks;
