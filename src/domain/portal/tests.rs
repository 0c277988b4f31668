//! What the portal is told, from journals written by hand.
