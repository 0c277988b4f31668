//! Envelopes against JSON written by hand.
