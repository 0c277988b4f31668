//! Stories told over HTTP, each on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod edges;
mod intake;
mod life;
mod moves;
