//! What people print and open.

pub mod form_06a;
