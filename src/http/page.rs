//! A page of a list, as every list is answered.

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Page<T> {
    /// What is on it.
    pub(in crate::http) items: Vec<T>,
    /// For `cursor`, to have the next one; null on the last.
    pub(in crate::http) next_cursor: Option<String>,
}
