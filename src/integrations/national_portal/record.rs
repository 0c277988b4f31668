//! The dossier record, `DongBoHoSoMC`: every value a text, what is not known empty.

use serde_json::{Value, json};

use super::codes::{Codes, Unmapped};
use super::envelope;
use super::text::{cut, time, wanted};
use crate::domain::fees::{Account, Fee};
use crate::domain::papers::Applicant;
use crate::domain::portal::{PortalDossier, PortalFile, Supplement, standing_word};
use crate::domain::vocabulary::{ApplicantKind, FileKind};

/// Longest summary (`TrichYeuHoSo`).
const SUMMARY: usize = 1_000;
/// Longest name of a file handed in (`TenTepDinhKem`).
const FILE_NAME: usize = 4_000;

/// The envelope of a dossier: a new one, or an update of one that the portal has.
///
/// # Errors
/// [`Unmapped`] when it cannot be said in the portal's codes.
pub fn dossier_envelope(dossier: &PortalDossier, codes: &Codes, updating: bool) -> Result<Value, Unmapped> {
    Ok(envelope("DongBoHoSoMC", updating, vec![record(dossier, codes)?]))
}

fn record(dossier: &PortalDossier, codes: &Codes) -> Result<Value, Unmapped> {
    let PortalDossier { applicant, standing, .. } = dossier;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let delivery = dossier.papers.delivery.as_ref();
    let handed_over = standing.returned_at.and(delivery);
    let online = dossier.account.online_payment();
    let is_scanned = dossier.files.iter().any(|file| file.kind == FileKind::Component);
    Ok(json!({
        "MaHoSo": dossier.code.to_string(),
        "MaTTHC": dossier.procedure.as_str(),
        "TenTTHC": dossier.procedure_name,
        "MaLinhVuc": dossier.field.as_str(),
        "TenLinhVuc": dossier.field_name,
        "KenhThucHien": codes.of("channel", dossier.channel.as_str())?,
        "ChuHoSo": applicant.name,
        "LoaiDoiTuong": codes.of("applicant", applicant.kind.as_str())?,
        "MaDoiTuong": "",
        "DinhDanhCHS": identifiers(applicant, codes)?,
        "ThongTinKhac": "",
        "Email": text(&applicant.email),
        "Fax": "",
        "SoDienThoai": text(&applicant.phone),
        "TrichYeuHoSo": wanted(&text(&dossier.summary), SUMMARY),
        "NgayNopHoSo": time(Some(standing.filed_at)),
        "NgayTiepNhan": time(standing.received_at),
        // The deadline that statistics go by; a re-appointment has no field in the portal's model.
        "NgayHenTra": time(standing.deadline.map(|deadline| deadline.due_at)),
        "TrangThaiHoSo": codes.of("status", standing_word(standing))?,
        "NgayKetThucXuLy": time(standing.end.map(|end| end.at)),
        "NgayTra": time(standing.returned_at),
        "ThongTinTra": text(&handed_over.and_then(|delivery| delivery.place.clone())),
        "HinhThuc": delivery.map_or(Ok(json!("")), |delivery| codes.of("delivery", delivery.method.as_str()))?,
        "NgayTuChoi": time(dossier.rejected_at()),
        "DonViXuLy": dossier.agency_name,
        "GhiChu": note(dossier),
        "NoiNopHoSo": codes.of("place", "local")?,
        "TaiLieuNop": files(dossier, FileKind::Component).map(handed_in).collect::<Vec<_>>(),
        "DanhSachLePhi": fees(&dossier.account, codes)?,
        "DanhSachTepDinhKemKhac": papers(dossier),
        "DanhSachHoSoBoSung": supplements(dossier, codes)?,
        "DanhSachGiayToKetQua": files(dossier, FileKind::Result).map(result).collect::<Vec<_>>(),
        "HoSoCoThanhPhanSoHoa": if is_scanned { "1" } else { "0" },
        "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": codes.of("online_payment", online.map_or("none", |method| method.as_str()))?,
        "DSKetNoiCSDL": [],
    }))
}

/// The identifier of a person. The model has no kind for those of organisations, which are left out unless a site has one.
fn identifiers(applicant: &Applicant, codes: &Codes) -> Result<Vec<Value>, Unmapped> {
    let Some(number) = applicant.identity_no.as_deref() else { return Ok(Vec::new()) };
    match codes.identity_kind(number) {
        Ok(kind) => Ok(vec![json!({"LoaiDinhDanh": kind, "SoDinhDanh": number})]),
        Err(_) if applicant.kind != ApplicantKind::Citizen => Ok(Vec::new()),
        Err(unmapped) => Err(unmapped),
    }
}

fn note(dossier: &PortalDossier) -> String {
    match dossier.void_reason().filter(|_| dossier.standing.void) {
        Some(reason) => format!("Hủy hồ sơ do nhập nhầm: {reason}"),
        None => dossier.note.clone().unwrap_or_default(),
    }
}

fn files(dossier: &PortalDossier, kind: FileKind) -> impl Iterator<Item = &PortalFile> {
    dossier.files.iter().filter(move |file| file.kind == kind)
}

/// What was handed in and is kept here is a scan. No address is given: nothing is shown without a login.
fn handed_in(file: &PortalFile) -> Value {
    json!({
        "TepDinhKemId": file.id,
        "TenTepDinhKem": cut(&file.name, FILE_NAME),
        "IsDeleted": "0",
        "MaThanhPhanHoSo": file.component.as_deref().unwrap_or_default(),
        "DuongDanTaiTepTin": "",
        "DuocSoHoa": "1",
        "DuocTaiSuDung": "0",
        "DuocLayTuKhoDMQG": "0",
        "MaKetQuaThayThe": "",
    })
}

fn result(file: &PortalFile) -> Value {
    json!({
        "TenGiayTo": file.name,
        "MaThanhPhanHoSo": file.component.as_deref().unwrap_or_default(),
        "GiayToId": file.id,
        "DuongDanTepTinKetQua": "",
        "MaGiayToKetQua": "",
    })
}

/// What is to be paid, less what was waived.
fn fees(account: &Account, codes: &Codes) -> Result<Vec<Value>, Unmapped> {
    let fee = |fee: &Fee| {
        Ok(json!({
            "TenPhiLePhi": fee.item.name,
            "MaPhiLePhi": fee.item.code.as_deref().unwrap_or_default(),
            "HinhThucThu": codes.of("collection", fee.item.collection.as_str())?,
            "Gia": fee.asked().to_string(),
            "LoaiPhiLePhi": codes.of("fee", fee.item.kind.as_str())?,
        }))
    };
    account.fees.iter().map(fee).collect()
}

/// The papers that were handed in, as the receipt lists them.
fn papers(dossier: &PortalDossier) -> Vec<Value> {
    let listed = dossier.papers.documents.iter().map(|document| {
        let count = u32::from(document.originals) + u32::from(document.copies);
        json!({"TenGiayTo": document.name, "SoLuong": count.to_string(), "LoaiGiayTo": ""})
    });
    listed.collect()
}

fn supplements(dossier: &PortalDossier, codes: &Codes) -> Result<Vec<Value>, Unmapped> {
    dossier.supplements().iter().map(|supplement| one_supplement(dossier, supplement, codes)).collect()
}

fn one_supplement(dossier: &PortalDossier, supplement: &Supplement, codes: &Codes) -> Result<Value, Unmapped> {
    let (received_at, received_by) = supplement.received.clone().unzip();
    let state = if received_at.is_some() { "received" } else { "asked" };
    Ok(json!({
        "HoSoBoSungId": format!("{}/{}", dossier.code, supplement.seq),
        "NguoiYeuCauBoSung": supplement.asked_by,
        "NoiDungBoSung": supplement.reason,
        "NgayBoSung": time(Some(supplement.asked_at)),
        "NguoiTiepNhanBoSung": received_by.unwrap_or_default(),
        "ThongTinTiepNhan": "",
        "NgayTiepNhanBoSung": time(received_at),
        "TrangThaiBoSung": codes.of("supplement", state)?,
        "DanhSachGiayToBoSung": [],
        "DanhSachLePhiBoSung": [],
        "NgayHenTraTruoc": time(supplement.due_before),
        "NgayHenTraMoi": time(supplement.due_after),
    }))
}
