//! What other systems speak, and the edges where the service calls them: one file per kind of other side.

pub mod destination;
pub mod edxml;
pub mod email;
pub mod gateway;
pub mod key_set;
pub mod national_portal;
pub mod target;
pub mod webhook;
