//! motcua ("one door") tracks administrative-procedure dossiers of Vietnamese one-stop shops.
//!
//! In reading order: [`domain`] (the rules, pure) → [`flow`] (one verb, one transaction) → [`storage`] (the only SQL) →
//! [`http`] (thin: extract, call, present). [`files`] keeps the bytes of files; [`integrations`] is what other systems speak;
//! [`worker`] does what nobody asks for by a request; [`documents`] is what
//! people print and open; [`app`] wires everything together. `tests/architecture.rs` holds the import rules.

pub mod ambient;
pub mod app;
pub mod config;
pub mod demo;
pub mod documents;
pub mod domain;
pub mod files;
pub mod flow;
pub mod folding;
pub mod http;
pub mod integrations;
pub mod storage;
pub mod telemetry;
pub mod trace;
pub mod worker;
