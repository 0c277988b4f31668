//! The edges where the service calls others: one trait, one file per kind of other side.

pub mod destination;
pub mod email;
pub mod gateway;
pub mod target;
pub mod webhook;
