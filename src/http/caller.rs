//! Who calls: a token is read, whom it stands for is looked up, and for whom they stand in.

use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, parse_extended_value};
use actix_web::web::Data;
use unicode_normalization::UnicodeNormalization;

use super::AppState;
use super::admission;
use super::audit;
use super::call::{ON_BEHALF_OF, read, read_under};
use super::callers::Known;
use super::openid::{Holder, Standing};
use super::page_session;
use super::problem::Problem;
use super::tokens::Bearer;
use crate::domain::vocabulary::LocalTime;
use crate::flow::actor::Authority;
use crate::flow::{Actor, Citizen, Fault, mandates};
use crate::storage::accounts::User;
use crate::storage::clients::{self, Client};
use crate::storage::reference::Reference;
use crate::storage::{Reader, agencies, lineage, sessions};

/// Who calls.
#[derive(Clone)]
pub(in crate::http) enum Caller {
    /// A person of an office, in a session if they signed in here, or a machine.
    Office {
        /// The session.
        session: Option<String>,
        /// Who.
        actor: Actor,
    },
    /// A citizen.
    Citizen(Citizen),
}

/// Who calls; they are known to the audit log from here on, whatever becomes of the call.
///
/// # Errors
/// `unauthenticated`; `forbidden` for whom the OpenID provider vouches for and who is nobody here; `unavailable` when that
/// cannot be looked up.
pub(in crate::http) async fn signed_in(
    state: &Data<AppState>,
    req: &HttpRequest,
) -> Result<(Caller, Option<Arc<Reference>>), Problem> {
    let bearer = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let now = state.ambient.now();
    let bearer = match bearer {
        Some((_, token)) => bearer_of(state, token.trim(), now).await?,
        None => page_session::bearer(req, &state.tokens, state.ambient.unix(now))
            .ok_or_else(|| Problem::new("unauthenticated"))?,
    };
    audit::recognise(req, audit::bearer(&bearer));
    admission::recognise(&bearer);
    let (known, reference) = known_to(state, bearer, now).await?;
    let known = match absent_in(req.headers())? {
        None => known,
        Some(absent) => {
            if let Caller::Office { actor, .. } = &known {
                audit::recognise(req, actor.into());
            }
            read_under(state, reference.clone(), move |reader| standing_in(reader, known, &absent, now)).await?
        }
    };
    audit::recognise(
        req,
        match &known {
            Caller::Office { actor, .. } => actor.into(),
            Caller::Citizen(citizen) => citizen.into(),
        },
    );
    Ok((known, reference))
}

/// For whom the caller says to stand in: a user name, or one that is not ASCII as RFC 8187 writes it.
fn absent_in(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(ON_BEHALF_OF);
    let Some(value) = given.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| given.next().is_none());
    let name = text.map(str::trim).and_then(|text| match parse_extended_value(text) {
        Ok(extended) => String::from_utf8(extended.value).ok(),
        Err(_) => Some(text.to_owned()),
    });
    let name: Option<String> = name.map(|name| name.trim().nfc().collect());
    name.filter(|name| !name.is_empty() && !name.contains('\0')).map(Some).ok_or_else(|| Problem::new("no_mandate"))
}

/// The caller as who they stand in for: the whole request is made by that person's right and by none of their own. Only who
/// signed in here with a password stands in for anybody, and only by a mandate in force today.
fn standing_in(reader: &mut Reader, caller: Caller, absent: &str, now: LocalTime) -> Result<Caller, Fault> {
    let Caller::Office { session: Some(_), actor } = caller else { return Err(Fault::NoMandate) };
    let absent = mandates::represented(reader, &actor, absent, now.date())?;
    let predecessors = lineage::before(reader, absent.agency.as_ref())?;
    let Actor { id, name, .. } = actor;
    let (authority, agency) = (Authority::Role(absent.role), absent.agency);
    let actor = Actor { id, name, authority, agency, predecessors, on_behalf_of: Some(absent.username) };
    // Nobody's own session: what a person does to their own account they do in person.
    Ok(Caller::Office { session: None, actor })
}

/// Whom a token stands for. Whose it is, is told by the issuer it names, before any key is looked at: the keys of one are
/// never tried on the tokens of the other.
async fn bearer_of(state: &Data<AppState>, token: &str, now: LocalTime) -> Result<Bearer, Problem> {
    let now = state.ambient.unix(now);
    match state.openid.as_ref().filter(|provider| provider.is_named_by(token)) {
        Some(provider) => Ok(Bearer::Outside(provider.holder(token, now).await?)),
        None => state.tokens.bearer(token, now).ok_or_else(|| Problem::new("unauthenticated")),
    }
}

/// Whom a token stands for, asked of the database unless they called a moment ago.
async fn known_to(state: &Data<AppState>, bearer: Bearer, now: LocalTime) -> Result<Known, Problem> {
    let rights = state.db.state_of_rights();
    if let Some(known) = state.callers.get(&bearer, rights) {
        return Ok(known);
    }
    let (since, asked) = (Instant::now(), bearer.clone());
    let found = read(state, move |reader| Ok((known(reader, asked, now)?, reader.reference()?))).await?;
    let (Some(caller), reference) = found else { return Err(Problem::new("unauthenticated")) };
    let found = (caller, reference);
    state.callers.keep(bearer, &found, rights, since);
    Ok(found)
}

/// Whom a token stands for now: its session or client may have ended, or have less rights than it had.
fn known(reader: &mut Reader, bearer: Bearer, now: LocalTime) -> Result<Option<Caller>, Fault> {
    match bearer {
        Bearer::Session(session) => {
            let Some(User { id, username: name, role, agency, .. }) = sessions::user_of(reader, &session, now)? else {
                return Ok(None);
            };
            let (authority, predecessors) = (Authority::Role(role), lineage::before(reader, agency.as_ref())?);
            let actor = Actor { id, name, authority, agency, predecessors, on_behalf_of: None };
            Ok(Some(Caller::Office { session: Some(session), actor }))
        }
        Bearer::Client { id, scopes } => {
            let Some(client) = clients::find(reader, &id)?.filter(|client| !client.disabled) else { return Ok(None) };
            let Client { id, name, agency, .. } = client;
            let authority =
                Authority::Scopes(scopes.into_iter().filter(|scope| client.scopes.contains(scope)).collect());
            let predecessors = lineage::before(reader, agency.as_ref())?;
            let actor = Actor { id, name, authority, agency, predecessors, on_behalf_of: None };
            Ok(Some(Caller::Office { session: None, actor }))
        }
        Bearer::Outside(holder) => outsider(reader, holder).map(Some),
    }
}

/// What somebody whom the OpenID provider vouches for is here; at an agency that is not there they are nobody.
fn outsider(reader: &mut Reader, holder: Holder) -> Result<Caller, Fault> {
    let name = holder.shown();
    match holder.standing {
        Standing::Staff { role, agency } => {
            if let Some(agency) = &agency {
                agencies::find(reader, agency)?.ok_or(Fault::Forbidden)?;
            }
            let predecessors = lineage::before(reader, agency.as_ref())?;
            let authority = Authority::Role(role);
            let actor = Actor { id: holder.id, name, authority, agency, predecessors, on_behalf_of: None };
            Ok(Caller::Office { session: None, actor })
        }
        Standing::Citizen(identity_no) => Ok(Caller::Citizen(Citizen { id: holder.id, name, identity_no })),
        Standing::Nobody => Err(Fault::Forbidden),
    }
}
