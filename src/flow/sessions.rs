//! People sign in, renew, and change their own password; a stolen token ends its session.

use std::net::IpAddr;

use argon2::Argon2;
use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
use chrono::TimeDelta;

use super::accounts::{digest, hash_password, hex, store_password};
use super::fault::Fault;
use super::watch::Watch;
use crate::ambient::Ambient;
use crate::domain::vocabulary::LocalTime;
use crate::storage::accounts::{self, User};
use crate::storage::{Db, Tx, sessions};

/// How long a session lasts without being renewed.
pub const LENGTH: TimeDelta = TimeDelta::days(30);
/// How long the refresh token used last may come again: its answer may have been lost.
const RETRY: TimeDelta = TimeDelta::seconds(10);

/// The hash of no password anyone knows, of the same cost as those of users: an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$3YnkqYnOWBXHjwTA5ZK4DoM3hM6g7lJwB0e0vYbVq0c";

/// A session opened or renewed: its identifier, its user, and the refresh token, told once.
#[derive(Debug, Clone)]
pub struct Session {
    /// Opaque identifier.
    pub id: String,
    /// Who signed in.
    pub user: User,
    /// To be exchanged once for a new one.
    pub refresh_token: String,
}

/// Signs a user in. An unknown name is answered like a wrong password, as late, and made to wait like one.
///
/// # Errors
/// [`Fault::BadCredentials`], [`Fault::TooManyAttempts`].
pub fn sign_in(
    db: &Db,
    ambient: &Ambient,
    (username, password): (&str, &str),
    address: Option<IpAddr>,
) -> Result<Session, Fault> {
    let watch = Watch::on_user(username, address);
    db.read(|reader| watch.require_open(reader, ambient.now()))?;
    let found = db.read(|reader| accounts::by_username(reader, username))?;
    let verified = verified(found, password);
    let now = ambient.now();
    let (id, refresh_token) = (ambient.new_id(), hex(&ambient.random::<32>()));
    let signed_in = db.write(|tx| {
        let Some((user, hash)) = &verified else {
            watch.count_failure(tx, now)?;
            return Ok(None);
        };
        // Of many guesses made at once only as many are answered as may fail one after the other.
        watch.require_open(tx, now)?;
        if !accounts::hold(tx, &user.id, hash)? {
            return Ok(None);
        }
        watch.clear(tx)?;
        let (id, user_id, newest) = (id.clone(), user.id.clone(), digest(&refresh_token));
        let session = sessions::Session { id, user_id, newest, retry: None, expires_at: now + LENGTH };
        sessions::insert(tx, &session, now)?;
        Ok::<_, Fault>(Some(user.clone()))
    })?;
    let user = signed_in.ok_or(Fault::BadCredentials)?;
    Ok(Session { id, user, refresh_token })
}

/// The user, with the hash of the password, if the password is right and they may sign in.
fn verified(found: Option<(User, String)>, password: &str) -> Option<(User, String)> {
    let hash = found.as_ref().map_or(NOBODY, |(_, hash)| hash);
    let is_right =
        PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    found.filter(|(user, _)| is_right && !user.disabled)
}

/// Renews a session: the refresh token is used up and a new one given (RFC 9700, section 4.14.2).
///
/// A token that is used up and comes again ends the session: one of two who have it has stolen it. Only the one used last
/// may come again for ten seconds, for a client that did not get its answer; the token given in that answer is then used up,
/// too, so that a thief who was as quick is found out at the next renewal.
///
/// # Errors
/// [`Fault::BadCredentials`].
pub fn renew(db: &Db, ambient: &Ambient, refresh_token: &str) -> Result<Session, Fault> {
    let (now, next, given) = (ambient.now(), hex(&ambient.random::<32>()), digest(refresh_token));
    let renewed = db.write(|tx| renew_in(tx, &given, &digest(&next), now))?;
    let (id, user) = renewed.ok_or(Fault::BadCredentials)?;
    Ok(Session { id, user, refresh_token: next })
}

/// `None` when there is nothing to renew; a session that was ended for it stays so.
fn renew_in(tx: &mut Tx, given: &str, next: &str, now: LocalTime) -> Result<Option<(String, User)>, Fault> {
    let Some(id) = sessions::of_token(tx, given)? else { return Ok(None) };
    let Some(mut session) = sessions::hold(tx, &id)? else { return Ok(None) };
    let is_newest = session.newest == given;
    let is_retry = session.retry.as_ref().is_some_and(|(hash, until)| hash == given && now < *until);
    if !is_newest && !is_retry {
        tracing::warn!(session = %session.id, user = %session.user_id, "a used-up refresh token came again; session ended");
        sessions::end(tx, &session.id)?;
        return Ok(None);
    }
    let Some(user) = sessions::user_of(tx, &session.id, now)? else { return Ok(None) };
    let spent = std::mem::replace(&mut session.newest, next.to_owned());
    if is_newest {
        session.retry = Some((spent.clone(), now + RETRY));
    }
    session.expires_at = now + LENGTH;
    sessions::rotate(tx, &session, &spent, now)?;
    Ok(Some((session.id, user)))
}

/// Changes one's own password, which the present one must be known for; all sessions end, this one, too.
///
/// # Errors
/// [`Fault::Invalid`] at `/new` or `/current`, [`Fault::TooManyAttempts`] as for signing in.
pub fn change_password(
    db: &Db,
    ambient: &Ambient,
    username: &str,
    (current, new): (&str, &str),
    address: Option<IpAddr>,
) -> Result<(), Fault> {
    let watch = Watch::on_user(username, address);
    db.read(|reader| watch.require_open(reader, ambient.now()))?;
    let new_hash = hash_password(username, new).map_err(|fault| match fault {
        Fault::Invalid { code, .. } => Fault::Invalid { pointer: "/new", code },
        other => other,
    })?;
    let found = db.read(|reader| accounts::by_username(reader, username))?;
    let verified = verified(found, current);
    let now = ambient.now();
    let changed = db.write(|tx| {
        let Some((user, hash)) = &verified else {
            watch.count_failure(tx, now)?;
            return Ok(false);
        };
        watch.require_open(tx, now)?;
        if !accounts::hold(tx, &user.id, hash)? {
            return Ok(false);
        }
        let Some(mut user) = accounts::find_user(tx, &user.id)? else { return Ok(false) };
        store_password(tx, &mut user, &new_hash)?;
        Ok::<_, Fault>(true)
    })?;
    if changed { Ok(()) } else { Err(Fault::Invalid { pointer: "/current", code: "wrong_password" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_costs_as_much_as_a_user() {
        let cost = |hash: &str| hash.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(cost(NOBODY), cost(&hash_password("lan", "con ngựa ăn khoai lang").unwrap()));
        let read = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(read.hash.unwrap().as_bytes().len(), 32);
        assert!(Argon2::default().verify_password(b"nobody", &read).is_err());
    }
}
