//! motcua ("one door") tracks administrative-procedure dossiers of Vietnamese one-stop shops.
//!
//! In reading order: [`domain`] (the rules, pure) → [`flow`] (one verb, one transaction) → [`storage`] (the only SQL).

pub mod ambient;
pub mod demo;
pub mod domain;
pub mod flow;
pub mod folding;
pub mod storage;
