//! The keys of an office in a file of their own, for its backup: they are kept apart from the data, which they seal.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{StoreSettings, create_private, read_keys};
use crate::storage::Vault;

/// Every key an office needs to go on. They are secrets, so there is no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRing {
    /// What personal data is sealed with, the newest last.
    data: Vec<String>,
    /// What makes the secrets on slips.
    lookup: Option<String>,
    /// What signs access tokens, the newest last.
    tokens: Vec<String>,
}

impl KeyRing {
    /// The keys set, else those of the key files that are there.
    ///
    /// # Errors
    /// When there is no data key, or a file cannot be read.
    pub fn of(store: &StoreSettings, jwt_key: Option<String>, lookup_key: Option<String>) -> io::Result<Self> {
        let kept = |path: PathBuf| if path.exists() { read_keys(&path) } else { Ok(Vec::new()) };
        let data = if store.data_key.is_empty() { kept(store.beside("data-key"))? } else { store.data_key.clone() };
        if data.is_empty() {
            return Err(io::Error::other(
                "there is no data key: set MOTCUA_DATA_KEY, or put the key file in its place",
            ));
        }
        let lookup = if lookup_key.is_some() { lookup_key } else { kept(store.beside("lookup-key"))?.pop() };
        let tokens = if let Some(key) = jwt_key { vec![key] } else { kept(store.key_file())? };
        Ok(Self { data, lookup, tokens })
    }

    /// Writes them into a new file that only its owner reads.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        let mut out = create_private(file)?;
        out.write_all(&serde_json::to_vec_pretty(self)?)?;
        out.sync_all()
    }

    /// Reads what [`KeyRing::write`] wrote.
    ///
    /// # Errors
    /// When it is not there or no such file.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(file)?)?)
    }

    /// What seals and opens with them.
    ///
    /// # Errors
    /// When a key is too short.
    pub fn vault(&self) -> io::Result<Vault> {
        Vault::new(&self.data).map_err(io::Error::other)
    }

    /// Puts them into key files beside the database; those that are there must say the same.
    ///
    /// # Errors
    /// When a key file with other keys is there, or one cannot be written.
    pub fn place(&self, store: &StoreSettings) -> io::Result<()> {
        let lookup = self.lookup.iter().cloned().collect();
        let files = [
            (store.beside("data-key"), &self.data),
            (store.beside("lookup-key"), &lookup),
            (store.key_file(), &self.tokens),
        ];
        for (path, keys) in files.iter().filter(|(path, keys)| path.exists() && !keys.is_empty()) {
            if read_keys(path)? != **keys {
                return Err(io::Error::other(format!("{} holds other keys; it is not overwritten", path.display())));
            }
        }
        for (path, keys) in files.iter().filter(|(path, keys)| !path.exists() && !keys.is_empty()) {
            let mut out = create_private(path)?;
            out.write_all(keys.join("\n").as_bytes())?;
            out.sync_all()?;
        }
        Ok(())
    }
}
