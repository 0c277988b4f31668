//! Leaving: a server that is told to stop says so first, so that nobody sends it anything new.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::ConnectionType;

/// Whether this process is about to stop.
#[derive(Debug, Default)]
pub struct Leave(AtomicBool);

impl Leave {
    /// From here on `/readyz` refuses, and each answer ends its connection.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has begun.
    pub fn is_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Has the client come back on another connection, which leads to who stays.
    pub(in crate::http) fn tell(&self, answer: &mut ServiceResponse<BoxBody>) {
        if self.is_begun() {
            answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        }
    }
}
