//! The rules of the one-stop mechanism, pure: no clock, no I/O, no framework. Modules stand in reading order.

pub mod vocabulary;

pub mod dossier_code;
pub mod identity_no;

pub mod calendar;
pub mod lunar;
pub mod office;
pub mod official_calendar;

pub mod deadline;
pub mod timeliness;

pub mod catalogue;
pub mod fees;
pub mod procedure;
pub mod processing_time;

pub mod papers;
pub mod personal;

pub mod succession;

pub mod dossier;
pub mod errand;
pub mod event;
pub mod hand_off;
pub mod ladder;
pub mod look_up;
pub mod mandate;
pub mod transfer;
pub mod transition;

pub mod contact;
pub mod feedback;
pub mod plan;
pub mod rating;
pub mod reception;
pub mod term;

pub mod document_number;

pub mod apology;
pub mod exchange;

pub mod balance;
pub mod form_06a;
pub mod form_06b;
pub mod forms;
pub mod reform;
pub mod register;
pub mod service_index;
pub mod statistics;

pub mod delivery;
pub mod notice;
pub mod portal;
pub mod trace_context;
pub mod webhook;

pub mod audit;
pub mod lockout;
pub mod password;

pub mod refusal;

#[cfg(test)]
mod testing;
