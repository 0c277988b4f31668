//! Every setting, with its `MOTCUA_` name; the service runs with none set.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use clap::Args;

use crate::ambient::Ambient;
use crate::domain::notice::{NoticeKind, Notices};
use crate::flow::accounts::hex;
use crate::http::tokens::TokenKey;
use crate::storage::PoolSizes;

/// Shortest secret that may sign tokens, in characters.
const SHORTEST_KEY: usize = 32;

/// Where the data is, and in which zone. The URL may hold a password, so there is no `Debug`.
#[derive(Clone, Args)]
pub struct StoreSettings {
    /// sqlite://FILE or postgres://USER@HOST/DATABASE
    #[arg(
        long,
        global = true,
        env = "MOTCUA_DATABASE_URL",
        default_value = "sqlite://motcua.db",
        hide_env_values = true
    )]
    pub database_url: String,
    /// Zone of the offices.
    #[arg(long, global = true, env = "MOTCUA_ZONE", default_value = "Asia/Ho_Chi_Minh")]
    pub zone: Tz,
    /// Connections for reads.
    #[arg(long, global = true, env = "MOTCUA_READERS", default_value_t = 4)]
    pub readers: u32,
    /// Connections for writes; SQLite always has one.
    #[arg(long, global = true, env = "MOTCUA_WRITERS", default_value_t = 4)]
    pub writers: u32,
}

/// How the service is reached.
#[derive(Clone, Args)]
pub struct ServeSettings {
    /// Address to listen on.
    #[arg(long, env = "MOTCUA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Secret that signs access tokens; without it a key file beside the database is used.
    #[arg(long, env = "MOTCUA_JWT_KEY", hide_env_values = true)]
    pub jwt_key: Option<String>,
    /// Open a warning letter so many working days ahead; 0 opens none.
    #[arg(long, env = "MOTCUA_AT_RISK_DAYS", default_value_t = 0)]
    pub at_risk_days: u32,
    /// What is sent to others.
    #[command(flatten)]
    pub delivery: DeliverySettings,
}

/// Webhooks, and notices to applicants.
#[derive(Clone, Args)]
pub struct DeliverySettings {
    /// Let webhooks call loopback, link-local and private addresses, too.
    #[arg(long, env = "MOTCUA_WEBHOOK_PRIVATE")]
    pub webhook_private: bool,
    /// Notices to send: receipt, supplement, early_result, reappointment, ready, with commas between; none by default.
    #[arg(long, env = "MOTCUA_NOTICES", value_delimiter = ',')]
    pub notices: Vec<NoticeKind>,
    /// JSON file with texts of notices in place of the built-in ones: {"ready": {"subject": "…", "text": "…"}}
    #[arg(long, env = "MOTCUA_NOTICE_TEMPLATES")]
    pub notice_templates: Option<PathBuf>,
    /// Server for e-mail: smtp://USER:PASSWORD@HOST:PORT, smtps://… or smtp://…?tls=required
    #[arg(long, env = "MOTCUA_SMTP_URL", requires = "mail_from", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Sender of e-mail, e.g. "Một cửa <motcua@example.vn>"
    #[arg(long, env = "MOTCUA_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// URL of the gateway for text messages (SMS, Zalo).
    #[arg(long, env = "MOTCUA_NOTICE_GATEWAY")]
    pub notice_gateway: Option<String>,
    /// Bearer token that the gateway wants.
    #[arg(long, env = "MOTCUA_NOTICE_GATEWAY_TOKEN", hide_env_values = true)]
    pub notice_gateway_token: Option<String>,
}

impl DeliverySettings {
    /// Which notices are sent, with what texts.
    ///
    /// # Errors
    /// When the templates cannot be used, or notices are wanted and there is nothing to send them by.
    pub fn notices(&self) -> io::Result<Notices> {
        if !self.notices.is_empty() && self.smtp_url.is_none() && self.notice_gateway.is_none() {
            return Err(io::Error::other("MOTCUA_NOTICES needs MOTCUA_SMTP_URL or MOTCUA_NOTICE_GATEWAY"));
        }
        let own = match &self.notice_templates {
            Some(path) => serde_json::from_slice(&fs::read(path)?)?,
            None => BTreeMap::new(),
        };
        Notices::new(self.notices.iter().copied().collect(), own).map_err(io::Error::other)
    }
}

impl StoreSettings {
    /// Sizes of the pools.
    pub fn pools(&self) -> PoolSizes {
        PoolSizes { readers: self.readers.max(1), writers: self.writers.max(1), wait: Duration::from_secs(10) }
    }

    /// Clock, zone and chance.
    pub fn ambient(&self) -> Ambient {
        Ambient::system(self.zone)
    }

    fn key_file(&self) -> PathBuf {
        let beside = |file: &str| Path::new(file).with_extension("key");
        self.database_url.strip_prefix("sqlite://").map_or_else(|| PathBuf::from("motcua.key"), beside)
    }

    /// The key that signs access tokens: the one set, or that of the key file, which is created readable by its owner alone.
    ///
    /// # Errors
    /// When the file can be neither read nor created.
    pub fn token_key(&self, set: Option<&str>, ambient: &Ambient) -> io::Result<TokenKey> {
        if let Some(secret) = set {
            if secret.len() < SHORTEST_KEY {
                return Err(io::Error::other("MOTCUA_JWT_KEY must have at least 32 characters"));
            }
            return Ok(TokenKey::new(secret.as_bytes()));
        }
        let path = self.key_file();
        if !path.exists() {
            place_key(&path, ambient)?;
        }
        let key = fs::read_to_string(&path)?;
        let key = key.trim();
        // An empty or torn file would be a key that anyone can guess.
        if key.len() < SHORTEST_KEY {
            let cause = format!("{} holds no key: delete it to have a new one made", path.display());
            return Err(io::Error::other(cause));
        }
        Ok(TokenKey::new(key.as_bytes()))
    }
}

/// Puts a new key in place whole, or leaves the one that another process placed first.
fn place_key(path: &Path, ambient: &Ambient) -> io::Result<()> {
    let draft = path.with_extension(format!("key.{}", ambient.new_id()));
    let mut file = create_private(&draft)?;
    file.write_all(hex(&ambient.random::<32>()).as_bytes())?;
    file.sync_all()?;
    let placed = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match placed {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
