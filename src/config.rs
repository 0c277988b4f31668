//! Every setting, with its `MOTCUA_` name; the service runs with none set.

pub mod edges;
pub mod keys;
pub mod openid;
pub mod portal;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use object_store::aws::AmazonS3Builder;

use crate::ambient::Ambient;
use crate::documents::press::Press;
use crate::domain::feedback::ANSWER_DAYS;
use crate::domain::notice::{NoticeKind, Notices};
use crate::files::Files;
use crate::files::scan::Scanner;
use crate::files::store::FileStore;
use crate::flow::accounts::hex;
use crate::http::lookup_key::LookupKey;
use crate::http::tokens::TokenKey;
use crate::storage::{PoolSizes, ReplicaSettings, Surroundings, Vault};
use edges::EdgeSettings;
use openid::OpenidSettings;
use portal::PortalSettings;

/// Shortest secret that may sign tokens, in characters.
const SHORTEST_KEY: usize = 32;

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

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
    /// Whether prepared statements and settings are kept in a session of PostgreSQL: `off` behind a pooler that gives each
    /// transaction another session, such as pgbouncer in its transaction mode.
    #[arg(long, global = true, env = "MOTCUA_STATEMENT_CACHE", value_enum, default_value_t = Switch::On)]
    pub statement_cache: Switch,
    /// A streaming replica of PostgreSQL that lists, searches, statistics and reports are read from: postgres://USER@HOST/DATABASE
    #[arg(long, global = true, env = "MOTCUA_REPLICA_URL", hide_env_values = true)]
    pub replica_url: Option<String>,
    /// A replica that is further behind, in seconds, is not asked.
    #[arg(long, global = true, env = "MOTCUA_REPLICA_LAG_SECONDS", default_value_t = 10)]
    pub replica_lag_seconds: u64,
    /// Secrets that personal data is sealed with, the newest last, with commas between; without them a key file beside the
    /// database is used.
    #[arg(long, global = true, env = "MOTCUA_DATA_KEY", hide_env_values = true, value_delimiter = ',')]
    pub data_key: Vec<String>,
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
    /// How long, in seconds, SIGTERM leaves the listener open after `/readyz` began to refuse, so that a load balancer learns
    /// of it first; a second signal, and Ctrl+C, do not wait.
    #[arg(long, env = "MOTCUA_DRAIN_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub drain_seconds: u64,
    /// Open a warning letter so many working days ahead; 0 opens none.
    #[arg(long, env = "MOTCUA_AT_RISK_DAYS", default_value_t = 0)]
    pub at_risk_days: u32,
    /// In how many working days feedback and petitions are to be answered; what came in before keeps its day.
    #[arg(long, env = "MOTCUA_FEEDBACK_DAYS", default_value_t = ANSWER_DAYS, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub feedback_days: u32,
    /// Folder with templates of papers that override those compiled in.
    #[arg(long, env = "MOTCUA_TEMPLATES")]
    pub templates: Option<PathBuf>,
    /// Address below which applicants look dossiers up, printed as QR code on receipts.
    #[arg(long, env = "MOTCUA_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Collector that traces are shown to, e.g. http://127.0.0.1:4318 (OTLP over HTTP, protobuf); none by default.
    #[arg(long, env = "MOTCUA_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Where files are kept.
    #[command(flatten)]
    pub files: FileSettings,
    /// What is sent to others.
    #[command(flatten)]
    pub delivery: DeliverySettings,
    /// What the national portal is told by.
    #[command(flatten)]
    pub portal: PortalSettings,
    /// How the service meets the outside.
    #[command(flatten)]
    pub edges: EdgeSettings,
    /// Whose tokens are taken besides the service's own.
    #[command(flatten)]
    pub openid: OpenidSettings,
}

/// Where files are kept, and which are taken.
#[derive(Clone, Args)]
pub struct FileSettings {
    /// Folder of files, or s3://BUCKET/PREFIX with the usual AWS_ variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    /// AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …); without it a folder beside the database is used
    #[arg(long = "files", env = "MOTCUA_FILES")]
    pub place: Option<String>,
    /// Largest file, in MiB.
    #[arg(long, env = "MOTCUA_MAX_FILE_MIB", default_value_t = 20)]
    pub max_file_mib: u64,
    /// Virus scanner: a program that gets a file on standard input and exits with 0 (clean) or 1 (infected), e.g.
    /// `clamdscan --no-summary -`; without it files are kept unscanned.
    #[arg(long, env = "MOTCUA_SCAN_COMMAND")]
    pub scan_command: Option<String>,
    /// How long a scan may take, in seconds.
    #[arg(long, env = "MOTCUA_SCAN_SECONDS", default_value_t = 30)]
    pub scan_seconds: u64,
}

impl ServeSettings {
    /// What prints papers.
    ///
    /// # Errors
    /// When the folder of templates is not there: papers would go out with other words than the office set.
    pub fn press(&self) -> io::Result<Press> {
        match &self.templates {
            Some(folder) if !folder.is_dir() => {
                Err(io::Error::other(format!("MOTCUA_TEMPLATES: {} is no folder", folder.display())))
            }
            templates => Ok(Press::new(templates.clone())),
        }
    }
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
        PoolSizes { readers: self.readers.max(1), writers: self.writers.max(1), wait: Duration::from_secs(5) }
    }

    /// What stands between us and the database, and beside it.
    pub fn surroundings(&self) -> Surroundings {
        let most_lag = Duration::from_secs(self.replica_lag_seconds);
        let replica = self.replica_url.clone().map(|url| ReplicaSettings { url, most_lag });
        Surroundings { is_pooled: self.statement_cache == Switch::Off, replica }
    }

    /// Clock, zone and chance.
    pub fn ambient(&self) -> Ambient {
        Ambient::system(self.zone)
    }

    fn key_file(&self) -> PathBuf {
        self.beside("key")
    }

    /// A path beside the database's file; with a database elsewhere, in the working directory.
    fn beside(&self, extension: &str) -> PathBuf {
        let file = self.database_url.strip_prefix("sqlite://").unwrap_or("motcua.db");
        Path::new(file).with_extension(extension)
    }

    /// Takes files in and gives them out.
    ///
    /// # Errors
    /// When the folder cannot be made, or the bucket's settings do not suffice.
    pub fn files(&self, settings: &FileSettings) -> io::Result<Files> {
        let store = match settings.place.as_deref() {
            None => FileStore::in_folder(&self.beside("files"))?,
            Some(place) => match place.strip_prefix("s3://") {
                None => FileStore::in_folder(Path::new(place))?,
                Some(place) => {
                    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
                    let bucket = AmazonS3Builder::from_env().with_bucket_name(bucket);
                    FileStore::in_bucket(bucket, prefix, std::env::temp_dir()).map_err(io::Error::other)?
                }
            },
        };
        let limit = Duration::from_secs(settings.scan_seconds);
        let scanner = settings.scan_command.as_deref().and_then(|command| Scanner::new(command, limit));
        Ok(Files::new(store, scanner, settings.max_file_mib << 20))
    }

    /// The key that signs access tokens: the one set, or the last of the key file, which is created readable by its owner
    /// alone; the lines before the last still verify.
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
        let keys = kept_keys(&path, ambient)?;
        match keys.split_last() {
            Some((newest, older)) => {
                Ok(TokenKey::after(&older.iter().map(String::as_bytes).collect::<Vec<_>>(), newest.as_bytes()))
            }
            None => Err(no_key(&path)),
        }
    }

    /// The key of the public look-up: the one set, or that of a key file of its own. It is not derived from the key of
    /// tokens, which may change at any time, while slips are good for as long as their dossier takes.
    ///
    /// # Errors
    /// When the file can be neither read nor created.
    pub fn lookup_key(&self, set: Option<&str>, ambient: &Ambient) -> io::Result<LookupKey> {
        let key = match set {
            Some(secret) if secret.len() < SHORTEST_KEY => {
                return Err(io::Error::other("MOTCUA_LOOKUP_KEY must have at least 32 characters"));
            }
            Some(secret) => secret.to_owned(),
            None => kept_key(&self.beside("lookup-key"), ambient)?,
        };
        LookupKey::new(key.as_bytes()).map_err(io::Error::other)
    }

    /// What seals personal data: with the keys set, or those of a key file of its own, of which all open and the last seals.
    ///
    /// # Errors
    /// When the file can be neither read nor created.
    pub fn vault(&self) -> io::Result<Vault> {
        if self.data_key.iter().any(|key| key.len() < SHORTEST_KEY) {
            return Err(io::Error::other("MOTCUA_DATA_KEY must have at least 32 characters"));
        }
        let keys = if self.data_key.is_empty() {
            kept_keys(&self.beside("data-key"), &self.ambient())?
        } else {
            self.data_key.clone()
        };
        Vault::new(&keys).map_err(io::Error::other)
    }

    /// Adds a new key to the file of data keys, which seals from the next start on. All before stay: without them what they
    /// sealed could not be read.
    ///
    /// # Errors
    /// When the keys are set and not in the file, or the file can be neither read nor written.
    pub fn rotate_data_key(&self, ambient: &Ambient) -> io::Result<()> {
        if !self.data_key.is_empty() {
            return Err(io::Error::other("MOTCUA_DATA_KEY is set: add the new key at its end, behind a comma"));
        }
        let path = self.beside("data-key");
        let mut keys = if path.exists() { read_keys(&path)? } else { Vec::new() };
        keys.push(hex(&ambient.random::<32>()));
        replace_keys(&path, ambient, &keys)
    }

    /// Adds a new key to the key file, which signs from the next start on. The one before stays, so that tokens that are out
    /// go on, and earlier ones go; with `revoke`, for keys that got out, all go.
    ///
    /// # Errors
    /// When the file can be neither read nor written.
    pub fn rotate_key(&self, ambient: &Ambient, revoke: bool) -> io::Result<()> {
        let path = self.key_file();
        let before = if path.exists() && !revoke { read_keys(&path)?.pop() } else { None };
        let keys: Vec<String> = before.into_iter().chain([hex(&ambient.random::<32>())]).collect();
        replace_keys(&path, ambient, &keys)
    }
}

/// The key in a file, which is created readable by its owner alone.
fn kept_key(path: &Path, ambient: &Ambient) -> io::Result<String> {
    kept_keys(path, ambient)?.pop().ok_or_else(|| no_key(path))
}

/// The keys of a key file, the newest last; where there is no file yet, it is made with one.
fn kept_keys(path: &Path, ambient: &Ambient) -> io::Result<Vec<String>> {
    if !path.exists() {
        place_key(path, ambient)?;
    }
    read_keys(path)
}

/// The keys of the key file, the newest last.
fn read_keys(path: &Path) -> io::Result<Vec<String>> {
    let text = fs::read_to_string(path)?;
    let keys: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    // An empty or torn file would be a key that anyone can guess.
    if keys.is_empty() || keys.iter().any(|key| key.len() < SHORTEST_KEY) {
        return Err(no_key(path));
    }
    Ok(keys)
}

fn no_key(path: &Path) -> io::Error {
    io::Error::other(format!("{} holds no key: delete it to have a new one made", path.display()))
}

/// Writes keys into a file of their own beside the key file.
fn draft_of(path: &Path, ambient: &Ambient, keys: &[String]) -> io::Result<PathBuf> {
    let draft = path.with_extension(format!("key.{}", ambient.new_id()));
    let mut file = create_private(&draft)?;
    file.write_all(keys.join("\n").as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

/// Puts keys in the place of those of a key file, whole.
fn replace_keys(path: &Path, ambient: &Ambient, keys: &[String]) -> io::Result<()> {
    fs::rename(draft_of(path, ambient, keys)?, path)
}

/// Puts a new key in place whole, or leaves the one that another process placed first.
fn place_key(path: &Path, ambient: &Ambient) -> io::Result<()> {
    let draft = draft_of(path, ambient, &[hex(&ambient.random::<32>())])?;
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
