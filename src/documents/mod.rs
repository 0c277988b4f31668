//! What people print and open.

pub mod form_06a;
pub mod form_06b;
pub mod letter_register;
pub mod register;

mod figures;
mod frame;
pub mod sheet;
