//! motcua ("one door").
pub mod domain;
