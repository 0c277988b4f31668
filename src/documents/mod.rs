//! What people print and open.

pub mod form_06a;
pub mod form_06b;

mod figures;
pub mod sheet;
