//! What other systems speak: their formats, and the way to and from ours.

pub mod edxml;
