//! The only Diesel in the house: one file per family of tables, plain functions on `&mut Tx` or `&mut Reader`.

pub mod connection;
pub mod db;
pub mod dialect;
pub mod error;
pub mod lending;
pub mod migrate;
pub mod schema;
pub mod vault;

mod as_of;
mod sql;
mod tables;

pub mod accounts;
pub mod agencies;
pub mod audit;
pub mod backup;
pub mod balances;
pub mod calendars;
pub mod clients;
pub mod counts;
pub mod data_keys;
pub mod decisions;
pub mod deliveries;
pub mod dossier_row;
pub mod dossiers;
pub mod dump;
pub mod duplicates;
pub mod errands;
pub mod exchange;
pub mod feed;
pub mod feedback;
pub mod fees;
pub mod files;
pub mod hand_offs;
pub mod histories;
pub mod idempotency;
pub mod journal;
pub mod leases;
pub mod letters;
pub mod lineage;
pub mod listing;
pub mod lives;
pub mod mandates;
pub mod my_dossiers;
pub mod personal_reads;
pub mod plans;
pub mod portal;
pub mod procedures;
pub mod processing_times;
pub mod ratings;
pub mod reception;
pub mod reference;
pub mod register_rows;
mod replica;
pub mod reports;
pub mod resealing;
pub mod retention;
pub mod rounds;
pub mod service_index;
pub mod sessions;
pub mod shown;
pub mod sign_ins;
pub mod signed_papers;
pub mod statistics;
pub mod striking;
pub mod tasks;
pub mod terms;
pub mod today;
pub mod transfers;
pub mod vitals;
pub mod warnings;
pub mod webhooks;

pub use db::{Db, Moment, PoolSizes, Position, Reader, Surroundings, Tx};
pub use error::{Failure, StorageError};
pub use replica::ReplicaSettings;
pub use vault::Vault;

/// Reads stored text back into its type.
fn parsed<T>(what: &'static str, text: &str) -> Result<T, StorageError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|cause| StorageError::corrupt(what, cause))
}

/// Reads stored JSON back into its type.
fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StorageError> {
    serde_json::from_str(text).map_err(|cause| StorageError::corrupt(what, cause))
}

/// Writes a value as JSON to be stored.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|cause| StorageError::corrupt(what, cause))
}
