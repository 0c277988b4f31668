//! A call by a citizen, about their own dossiers: a type of its own, so that no route of the office can be one of theirs.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::AppState;
use super::call::{check_address, code_in, state_of};
use super::caller::{Caller, signed_in};
use super::problem::Problem;
use crate::flow::Citizen;

/// A call by a citizen, about their own dossiers. Nobody of an office makes one, and no other call is a citizen's.
pub struct CitizenCall {
    /// Who calls.
    pub citizen: Citizen,
    /// What the service stands on.
    pub state: Data<AppState>,
    /// The request.
    pub req: HttpRequest,
}

impl FromRequest for CitizenCall {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let state = state_of(&req)?;
            let (Caller::Citizen(citizen), _) = signed_in(&state, &req).await? else {
                return Err(Problem::new("forbidden"));
            };
            check_address(&req)?;
            Ok(Self { citizen, state, req })
        })
    }
}

impl CitizenCall {
    /// A code in the path; what is no code names nothing.
    ///
    /// # Errors
    /// `not_found`.
    pub fn code<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        code_in(&self.req, name)
    }
}
