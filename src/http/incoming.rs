//! The body of a request as it comes in; a client that sends nothing for too long is not waited for any more.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::Payload as RawPayload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::AppState;
use super::problem::Problem;
use crate::files::FileFault;

/// A body, block by block.
pub struct Incoming {
    payload: Payload,
    idle_time: Duration,
    /// Runs while the next block is waited for, and not while the last one is worked on.
    patience: Option<Pin<Box<Sleep>>>,
}

/// Why no more of a body comes.
#[derive(Debug)]
pub enum Broken {
    /// The client sent nothing for too long.
    Stalled,
    /// It broke off, or what it sent cannot be read.
    Unreadable(PayloadError),
}

impl FromRequest for Incoming {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut RawPayload) -> Self::Future {
        let state = req.app_data::<Data<AppState>>().ok_or_else(|| Problem::new("internal").into());
        ready(state.and_then(|state| {
            let payload = Payload::from_request(req, payload).into_inner()?;
            Ok(Self { payload, idle_time: state.edges.idle_time, patience: None })
        }))
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, Broken>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(block) = Pin::new(&mut this.payload).poll_next(context) {
            this.patience = None;
            return Poll::Ready(block.map(|block| block.map_err(Broken::Unreadable)));
        }
        let patience = this.patience.get_or_insert_with(|| Box::pin(sleep(this.idle_time)));
        patience.as_mut().poll(context).map(|()| Some(Err(Broken::Stalled)))
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Stalled => Self::new("body_stalled"),
            Broken::Unreadable(cause) => Self::new("unreadable_body").hint(cause),
        }
    }
}

impl From<Broken> for FileFault {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Stalled => Self::Stalled,
            Broken::Unreadable(cause) => Self::BrokenOff(cause.to_string()),
        }
    }
}
