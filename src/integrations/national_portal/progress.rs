//! The progress records, `CapNhatTienDoHoSoMC`: the steps of a dossier, ten in a call at most.

use serde_json::{Value, json};

use super::codes::{Codes, Unmapped};
use super::envelope;
use super::text::{cut, time, wanted};
use crate::domain::portal::{PortalDossier, Step};

/// How many steps a call holds.
const MOST: usize = 10;
/// Longest name of who took a step (`NguoiXuLy`).
const PERSON: usize = 50;
/// Longest description of a step: the portal names no limit, so it is that of the summary.
const CONTENT: usize = 1_000;

/// Steps that go in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The body.
    pub envelope: Value,
    /// Up to which place the journal is told with it.
    pub up_to: i64,
}

/// The first steps behind place `after` of the journal; `None` when there are none.
///
/// # Errors
/// [`Unmapped`] when a step cannot be said in the portal's codes.
pub fn progress_chunk(dossier: &PortalDossier, codes: &Codes, after: i64) -> Result<Option<Chunk>, Unmapped> {
    let steps = dossier.steps(after);
    let is_last = steps.len() <= MOST;
    let Some(chunk) = steps.chunks(MOST).next() else { return Ok(None) };
    let records = chunk.iter().map(|step| record(dossier, step, codes)).collect::<Result<_, _>>()?;
    let up_to = if is_last { dossier.last_seq() } else { chunk[chunk.len() - 1].seq };
    // Steps are never changed: each is new.
    Ok(Some(Chunk { envelope: envelope("CapNhatTienDoHoSoMC", false, records), up_to }))
}

fn record(dossier: &PortalDossier, step: &Step, codes: &Codes) -> Result<Value, Unmapped> {
    Ok(json!({
        "MaHoSo": dossier.code.to_string(),
        "NguoiXuLy": cut(&step.actor, PERSON),
        "ChucDanh": "",
        "ThoiDiemXuLy": time(Some(step.at)),
        "PhongBanXuLy": dossier.agency_name,
        "NoiDungXuLy": wanted(&step.what, CONTENT),
        "TrangThai": codes.of("status", step.status)?,
        "NgayBatDau": time(step.began_at),
        "NgayKetThucTheoQuyDinh": time(step.due_at),
    }))
}
