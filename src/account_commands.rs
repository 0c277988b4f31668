//! `motcua user` and `motcua client`: passwords come by standard input, secrets go to standard output, once.

use std::error::Error;
use std::io::{self, BufRead, Write};

use chrono::TimeDelta;
use clap::Subcommand;
use motcua::app;
use motcua::config::StoreSettings;
use motcua::domain::vocabulary::{AgencyCode, Role, Scope};
use motcua::flow::accounts::{self as users, UserPatch, hash_password};
use motcua::flow::clients::{self, ClientPatch};
use motcua::flow::{Act, Actor, Fault, audit};
use motcua::http::clients::{LONGEST_OVERLAP_HOURS, OVERLAP_HOURS};
use motcua::storage::clients::Client;
use motcua::storage::{self, Db, Tx, accounts::User};
use serde_json::{Value, json};

/// Rows read at once.
const PAGE: i64 = 200;

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user; the password is the first line of standard input.
    Create {
        /// Name to sign in with.
        name: String,
        /// front_desk, officer, leader, auditor or admin.
        #[arg(long)]
        role: Role,
        /// Agency the role is held at; optional for an administrator.
        #[arg(long)]
        agency: Option<AgencyCode>,
        /// Read the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Give a user a new password, the first line of standard input; they are signed out everywhere.
    Password {
        /// Name to sign in with.
        name: String,
        /// Read the password from standard input.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Let a user sign in no more; they are signed out everywhere.
    Disable {
        /// Name to sign in with.
        name: String,
    },
    /// Let a user sign in again, also after too many failures.
    Enable {
        /// Name to sign in with.
        name: String,
    },
    /// List users, one JSON object a line.
    List,
}

#[derive(Subcommand)]
pub(crate) enum ClientCommand {
    /// Add a client; prints its identifier and its secret, which is shown this once.
    Create {
        /// Name shown in timelines.
        name: String,
        /// What it may do, e.g. documents:exchange; may be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// Agency it acts for, with those below it; all when left out.
        #[arg(long)]
        agency: Option<AgencyCode>,
    },
    /// Give a client a new secret, shown this once.
    Rotate {
        /// Its identifier.
        id: String,
        /// How many hours the old secret goes on; 0 for one that got out.
        #[arg(long, default_value_t = OVERLAP_HOURS, value_parser = clap::value_parser!(i64).range(0..=LONGEST_OVERLAP_HOURS))]
        overlap_hours: i64,
    },
    /// Make a client's secret and tokens useless.
    Disable {
        /// Its identifier.
        id: String,
    },
    /// Let a client work again.
    Enable {
        /// Its identifier.
        id: String,
    },
    /// List clients, one JSON object a line.
    List,
}

/// Runs a command about users.
pub(crate) fn user(store: &StoreSettings, command: UserCommand) -> Result<(), Box<dyn Error>> {
    let db = app::open(store)?;
    let mut out = io::stdout().lock();
    match command {
        UserCommand::Create { name, role, agency, password_stdin: _ } => {
            let hash = hash_password(&name, &first_line()?)?;
            write(&db, store, ("motcua user create", None), |tx, act| {
                users::add_user(tx, act, (&name, &hash), role, agency.clone())
            })?;
            writeln!(out, "{name} created")?;
        }
        UserCommand::Password { name, password_stdin: _ } => {
            let hash = hash_password(&name, &first_line()?)?;
            let id = named(&db, &name)?;
            write(&db, store, ("motcua user password", Some(&id)), |tx, act| {
                users::reset_password(tx, act, &id, None, &hash)
            })?;
            writeln!(out, "{name} has a new password")?;
        }
        UserCommand::Disable { name } => {
            set_disabled(&db, store, &name, true)?;
            writeln!(out, "{name} disabled")?;
        }
        UserCommand::Enable { name } => {
            set_disabled(&db, store, &name, false)?;
            writeln!(out, "{name} enabled")?;
        }
        UserCommand::List => {
            let mut after: Option<String> = None;
            loop {
                let page = db.read(|reader| storage::accounts::page_of_users(reader, None, after.as_deref(), PAGE))?;
                let Some(last) = page.last() else { break };
                after = Some(last.username.clone());
                page.iter().try_for_each(|user| writeln!(out, "{}", user_line(user)))?;
            }
        }
    }
    Ok(())
}

/// Runs a command about clients.
pub(crate) fn client(store: &StoreSettings, command: ClientCommand) -> Result<(), Box<dyn Error>> {
    let db = app::open(store)?;
    let mut out = io::stdout().lock();
    match command {
        ClientCommand::Create { name, scopes, agency } => {
            let (client, secret) = write(&db, store, ("motcua client create", None), |tx, act| {
                clients::add(tx, act, &name, &scopes, agency.clone())
            })?;
            writeln!(out, "{}", json!({"client_id": client.id, "client_secret": secret}))?;
        }
        ClientCommand::Rotate { id, overlap_hours } => {
            let overlap = TimeDelta::hours(overlap_hours);
            let (client, secret) = write(&db, store, ("motcua client rotate", Some(&id)), |tx, act| {
                clients::rotate_secret(tx, act, &id, None, overlap)
            })?;
            writeln!(out, "{}", json!({"client_id": client.id, "client_secret": secret}))?;
        }
        ClientCommand::Disable { id } => {
            let patch = ClientPatch { disabled: Some(true), ..ClientPatch::default() };
            write(&db, store, ("motcua client disable", Some(&id)), |tx, act| {
                clients::change(tx, act, &id, None, &patch)
            })?;
            writeln!(out, "{id} disabled")?;
        }
        ClientCommand::Enable { id } => {
            let patch = ClientPatch { disabled: Some(false), ..ClientPatch::default() };
            write(&db, store, ("motcua client enable", Some(&id)), |tx, act| {
                clients::change(tx, act, &id, None, &patch)
            })?;
            writeln!(out, "{id} enabled")?;
        }
        ClientCommand::List => {
            let mut after: Option<String> = None;
            loop {
                let page = db.read(|reader| storage::clients::page(reader, None, after.as_deref(), PAGE))?;
                let Some(last) = page.last() else { break };
                after = Some(last.id.clone());
                page.iter().try_for_each(|client| writeln!(out, "{}", client_line(client)))?;
            }
        }
    }
    Ok(())
}

/// Runs a command's write, which is on record with it.
fn write<T>(
    db: &Db,
    store: &StoreSettings,
    (action, resource): (&str, Option<&str>),
    mut work: impl FnMut(&mut Tx, Act<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let (ambient, actor) = (store.ambient(), Actor::service("command line"));
    let act = Act { actor: &actor, now: ambient.now(), ambient: &ambient };
    db.write(|tx| {
        let done = work(tx, act)?;
        audit::command(tx, act, action, resource)?;
        Ok(done)
    })
}

fn set_disabled(db: &Db, store: &StoreSettings, name: &str, disabled: bool) -> Result<User, Fault> {
    let id = named(db, name)?;
    let patch = UserPatch { disabled: Some(disabled), ..UserPatch::default() };
    let action = if disabled { "motcua user disable" } else { "motcua user enable" };
    write(db, store, (action, Some(&id)), |tx, act| users::change_user(tx, act, &id, None, &patch))
}

fn named(db: &Db, name: &str) -> Result<String, Fault> {
    let found = db.read(|reader| storage::accounts::by_username(reader, name))?;
    found.map(|(user, _)| user.id).ok_or(Fault::NotFound("user"))
}

/// The first line of standard input without its end.
fn first_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn user_line(user: &User) -> Value {
    let agency = user.agency.as_ref().map(ToString::to_string);
    json!({"id": user.id, "username": user.username, "role": user.role.as_str(), "agency": agency, "disabled": user.disabled})
}

fn client_line(client: &Client) -> Value {
    let agency = client.agency.as_ref().map(ToString::to_string);
    let scopes: Vec<_> = client.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({"id": client.id, "name": client.name, "scopes": scopes, "agency": agency, "disabled": client.disabled})
}
