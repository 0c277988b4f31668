//! One file per verb, one transaction each, in the order of a dossier's life.

pub mod actor;
pub mod desk;
pub mod fault;
pub mod keep;

pub mod apologise;
pub mod edit;
pub mod errands;
pub mod exchange;
pub mod fees;
pub mod files;
pub mod hand_offs;
pub mod intake;
pub mod ladder;
pub mod sweep;
pub mod transfers;
pub mod transition;

pub mod feedback;
pub mod plans;
pub mod rate;
pub mod reception;

pub mod papers;
pub mod reseal;
pub mod retention;
pub mod reveal;
pub mod subject;

pub mod freeze;
pub mod publish;
pub mod reform;
pub mod register;
pub mod report;
pub mod strike;

pub mod calendar_watch;
pub mod correct;
pub mod history;
pub mod import;
pub mod recompute;
pub mod take_catalogue;
pub mod verify;

pub mod deliver;
pub mod feed;
pub mod portal;
pub mod webhooks;

pub mod accounts;
pub mod administer;
pub mod announce;
pub mod audit;
pub mod clients;
pub mod mandates;
pub mod sessions;
pub mod watch;

pub use actor::{Act, Action, Actor, Citizen};
pub use fault::Fault;
