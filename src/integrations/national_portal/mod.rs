//! The national portal's side: a dossier as `DongBoHoSoMC` and `CapNhatTienDoHoSoMC` (domain facts 3), and the calls that
//! take it there.

pub mod client;
pub mod codes;
pub mod progress;
pub mod record;
pub mod reply;

mod text;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

/// The body of a call.
fn envelope(service: &str, updating: bool, data: Vec<Value>) -> Value {
    json!({"service": service, "isUpdating": if updating { "True" } else { "False" }, "data": data})
}
