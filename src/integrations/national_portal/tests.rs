//! Envelopes against JSON written by hand after the shape in domain facts 3.2.

use serde_json::{Value, json};

use super::codes::Codes;
use super::progress::progress_chunk;
use super::record::dossier_envelope;
use super::text::{cut, time, wanted};
use crate::domain::deadline::Deadline;
use crate::domain::dossier::Standing;
use crate::domain::event::Event;
use crate::domain::fees::{Account, Collection, Fee, FeeItem, FeeKind, Payment, PaymentMethod, Remission};
use crate::domain::papers::{Applicant, Delivery, Document, Papers};
use crate::domain::portal::{Entry, PortalDossier, PortalFile};
use crate::domain::timeliness::EndClass;
use crate::domain::vocabulary::{ApplicantKind, Channel, DeliveryMethod, FileKind, LocalTime, Outcome};

fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}

/// Day units: late from the midnight after the day due.
fn due(text: &str) -> Option<Deadline> {
    let due_at = at(text);
    let late_from = due_at.date().succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap();
    Some(Deadline { due_on: due_at.date(), due_at, late_from })
}

/// The dossier of domain facts 3.2, with these events.
fn dossier(events: Vec<(&str, Event)>) -> PortalDossier {
    let mut standing = Standing::filed(at(events[0].0));
    let mut journal = Vec::new();
    for (seq, (when, event)) in (1..).zip(events) {
        standing.apply(at(when), &event);
        journal.push(Entry { seq, at: at(when), actor: "Lê Thị Cán Bộ".into(), event });
    }
    PortalDossier {
        code: "000.00.18.H16-230203-0001".parse().unwrap(),
        procedure: "1.001739".parse().unwrap(),
        procedure_name: "Nhận chăm sóc, nuôi dưỡng đối tượng cần bảo vệ khẩn cấp".into(),
        field: "BTXH".parse().unwrap(),
        field_name: "Bảo trợ xã hội".into(),
        agency_name: "Sở Lao động - TB&XH".into(),
        channel: Channel::Direct,
        applicant: Applicant {
            kind: ApplicantKind::Citizen,
            name: "Nguyễn Văn A".into(),
            identity_no: Some("067000000001".into()),
            phone: Some("0912345678".into()),
            email: None,
            address: Some("Gia Nghĩa".into()),
        },
        summary: None,
        note: None,
        papers: Papers::default(),
        standing,
        account: Account { dossier: "000.00.18.H16-230203-0001".parse().unwrap(), fees: vec![], payments: vec![] },
        files: Vec::new(),
        journal,
    }
}

fn received() -> (&'static str, Event) {
    let deadline = due("2023-02-10T08:30:00");
    ("2023-02-03T08:30:00", Event::Received { deadline, accepted_late: false, rule_version: 1 })
}

fn asked(when: &'static str) -> (&'static str, Event) {
    (when, Event::SupplementRequested { reason: "Thiếu giấy khai sinh".into(), stops_clock: true, late: false })
}

fn resumed(when: &'static str, new: &str) -> (&'static str, Event) {
    (when, Event::Resumed { old: due("2023-02-10T08:30:00"), new: due(new) })
}

fn codes() -> Codes {
    Codes::new(None).unwrap()
}

#[test]
fn a_dossier_in_progress_is_the_record_of_the_facts() {
    let dossier = dossier(vec![received(), ("2023-02-03T14:00:00", Event::ProcessingStarted)]);
    let expected = json!({"service": "DongBoHoSoMC", "isUpdating": "False", "data": [{
        "MaHoSo": "000.00.18.H16-230203-0001", "MaTTHC": "1.001739",
        "TenTTHC": "Nhận chăm sóc, nuôi dưỡng đối tượng cần bảo vệ khẩn cấp",
        "MaLinhVuc": "BTXH", "TenLinhVuc": "Bảo trợ xã hội", "KenhThucHien": "1",
        "ChuHoSo": "Nguyễn Văn A", "LoaiDoiTuong": "1", "MaDoiTuong": "",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "067000000001"}],
        "ThongTinKhac": "", "Email": "", "Fax": "", "SoDienThoai": "0912345678",
        "TrichYeuHoSo": "Dinhkem",
        "NgayNopHoSo": "20230203083000", "NgayTiepNhan": "20230203083000", "NgayHenTra": "20230210083000",
        "TrangThaiHoSo": "4", "NgayKetThucXuLy": "", "NgayTra": "", "ThongTinTra": "", "HinhThuc": "", "NgayTuChoi": "",
        "DonViXuLy": "Sở Lao động - TB&XH", "GhiChu": "", "NoiNopHoSo": "2",
        "TaiLieuNop": [], "DanhSachLePhi": [], "DanhSachTepDinhKemKhac": [], "DanhSachHoSoBoSung": [],
        "DanhSachGiayToKetQua": [], "HoSoCoThanhPhanSoHoa": "0", "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": "0", "DSKetNoiCSDL": []}]});
    assert_eq!(dossier_envelope(&dossier, &codes(), false).unwrap(), expected);
    assert_eq!(dossier_envelope(&dossier, &codes(), true).unwrap()["isUpdating"], "True");
}

fn record(dossier: &PortalDossier) -> Value {
    dossier_envelope(dossier, &codes(), true).unwrap()["data"][0].clone()
}

#[test]
fn what_is_to_be_paid_is_told_less_what_was_waived() {
    let mut dossier = dossier(vec![received()]);
    let (by, amount) = ("Lê Thị Cán Bộ".to_owned(), |dong: i64| dong.try_into().unwrap());
    let fee = |name: &str, code: Option<&str>, kind, dong, collection| Fee {
        id: name.into(),
        demand: 1,
        item: FeeItem { name: name.into(), code: code.map(str::to_owned), kind, amount: amount(dong), collection },
        awaited: false,
        demanded_at: at("2023-02-03T08:30:00"),
        demanded_by: by.clone(),
        exemption: None,
    };
    dossier.account.fees = vec![
        fee("Lệ phí cấp giấy phép", Some("LP01"), FeeKind::Charge, 20_000, Collection::During),
        fee("Phí thẩm định", None, FeeKind::Fee, 1_000_000, Collection::AtReturn),
    ];
    let reason = "Hộ nghèo".to_owned();
    let waived = Remission { amount: amount(5_000), reason, at: at("2023-02-03T09:00:00"), by: by.clone() };
    dossier.account.fees[0].exemption = Some(waived);
    let told = record(&dossier);
    // domain.md 3.2: five members, all texts.
    let expected = json!([
        {"TenPhiLePhi": "Lệ phí cấp giấy phép", "MaPhiLePhi": "LP01", "HinhThucThu": "2", "Gia": "15000", "LoaiPhiLePhi": "2"},
        {"TenPhiLePhi": "Phí thẩm định", "MaPhiLePhi": "", "HinhThucThu": "4", "Gia": "1000000", "LoaiPhiLePhi": "1"}]);
    assert_eq!((&told["DanhSachLePhi"], &told["DuocThanhToanTrucTuyen"]), (&expected, &json!("0")));
    dossier.account.payments = vec![Payment {
        id: "p".into(),
        demand: 1,
        amount: amount(1_015_000),
        paid_at: at("2023-02-06T10:00:00"),
        method: PaymentMethod::NationalPortal,
        receipt_number: "1".into(),
        file: None,
        recorded_at: at("2023-02-06T10:00:00"),
        recorded_by: by,
        refund: None,
    }];
    assert_eq!(record(&dossier)["DuocThanhToanTrucTuyen"], "1");
}

#[test]
fn a_supplement_carries_the_old_and_the_new_appointment() {
    let dossier = dossier(vec![
        received(),
        asked("2023-02-06T09:00:00"),
        resumed("2023-02-07T10:00:00", "2023-02-14T10:00:00"),
        asked("2023-02-08T09:15:00"),
    ]);
    let record = record(&dossier);
    let one = |seq: &str, asked: &str, by: &str, received: &str, state: &str, before: &str, after: &str| {
        json!({"HoSoBoSungId": format!("000.00.18.H16-230203-0001/{seq}"), "NguoiYeuCauBoSung": "Lê Thị Cán Bộ",
            "NoiDungBoSung": "Thiếu giấy khai sinh", "NgayBoSung": asked, "NguoiTiepNhanBoSung": by, "ThongTinTiepNhan": "",
            "NgayTiepNhanBoSung": received, "TrangThaiBoSung": state, "DanhSachGiayToBoSung": [], "DanhSachLePhiBoSung": [],
            "NgayHenTraTruoc": before, "NgayHenTraMoi": after})
    };
    let (first, second) = ("20230210083000", "20230214100000");
    assert_eq!(
        record["DanhSachHoSoBoSung"],
        json!([
            one("2", "20230206090000", "Lê Thị Cán Bộ", "20230207100000", "1", first, second),
            one("4", "20230208091500", "", "", "0", second, ""),
        ])
    );
    assert_eq!((&record["NgayHenTra"], &record["TrangThaiHoSo"]), (&json!(second), &json!("5")));
}

#[test]
fn a_dossier_that_was_handed_over_has_its_end_its_papers_and_its_result() {
    let finished = Event::Finished { outcome: Outcome::Granted, reason: None, class: EndClass::Early };
    let mut dossier =
        dossier(vec![received(), ("2023-02-08T15:00:00", finished), ("2023-02-09T08:05:00", Event::Returned)]);
    dossier.papers.delivery =
        Some(Delivery { method: DeliveryMethod::Postal, place: Some("Bưu điện Gia Nghĩa".into()) });
    dossier.papers.documents = vec![Document { name: "Tờ khai".into(), originals: 1, copies: 2 }];
    let file = |id: &str, kind, component: Option<&str>| PortalFile {
        id: id.into(),
        kind,
        name: format!("{id}.pdf"),
        component: component.map(str::to_owned),
    };
    dossier.files = vec![
        file("f1", FileKind::Component, Some("000.1")),
        file("f2", FileKind::SignedPaper, None),
        file("f3", FileKind::Result, None),
    ];
    let record = record(&dossier);
    assert_eq!(record["TrangThaiHoSo"], "10");
    // The finish decides whether it was on time, not the hand-over.
    assert_eq!((&record["NgayKetThucXuLy"], &record["NgayTra"]), (&json!("20230208150000"), &json!("20230209080500")));
    assert_eq!((&record["HinhThuc"], &record["ThongTinTra"]), (&json!("1"), &json!("Bưu điện Gia Nghĩa")));
    assert_eq!(
        record["TaiLieuNop"],
        json!([{"TepDinhKemId": "f1", "TenTepDinhKem": "f1.pdf", "IsDeleted": "0", "MaThanhPhanHoSo": "000.1",
            "DuongDanTaiTepTin": "", "DuocSoHoa": "1", "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0", "MaKetQuaThayThe": ""}])
    );
    assert_eq!(record["HoSoCoThanhPhanSoHoa"], "1");
    assert_eq!(record["DanhSachTepDinhKemKhac"], json!([{"TenGiayTo": "Tờ khai", "SoLuong": "3", "LoaiGiayTo": ""}]));
    assert_eq!(record["DanhSachGiayToKetQua"][0]["GiayToId"], "f3");
}

#[test]
fn what_is_refused_at_intake_and_what_is_void_says_so() {
    let registered = Event::Registered { acceptance_due_at: at("2023-02-04T08:30:00") };
    let rejected = Event::Rejected { reason: "Không thuộc thẩm quyền".into() };
    let refused = dossier(vec![("2023-02-03T08:30:00", registered), ("2023-02-03T10:00:00", rejected)]);
    let told = record(&refused);
    assert_eq!((&told["TrangThaiHoSo"], &told["NgayTuChoi"]), (&json!("3"), &json!("20230203100000")));
    assert_eq!((&told["NgayTiepNhan"], &told["NgayHenTra"]), (&json!(""), &json!("")));
    let mut void = dossier(vec![received(), ("2023-02-03T09:00:00", Event::Voided { reason: "Nhập trùng".into() })]);
    void.note = Some("Ghi chú".into());
    let told = record(&void);
    assert_eq!((&told["TrangThaiHoSo"], &told["GhiChu"]), (&json!("8"), &json!("Hủy hồ sơ do nhập nhầm: Nhập trùng")));
}

#[test]
fn the_identifier_of_an_organisation_is_left_out_and_an_unknown_one_of_a_citizen_is_an_error() {
    let mut dossier = dossier(vec![received()]);
    dossier.applicant.identity_no = Some("123456789".into());
    assert_eq!(record(&dossier)["DinhDanhCHS"], json!([{"LoaiDinhDanh": "2", "SoDinhDanh": "123456789"}]));
    dossier.applicant.identity_no = Some("C1234567".into());
    let error = dossier_envelope(&dossier, &codes(), false).unwrap_err();
    assert_eq!(error.to_string(), "unmapped:identity:other");
    dossier.applicant.kind = ApplicantKind::Business;
    assert_eq!((&record(&dossier)["DinhDanhCHS"], &record(&dossier)["LoaiDoiTuong"]), (&json!([]), &json!("2")));
    let own = Codes::new(Some(r#"{"channel": {"direct": null}}"#)).unwrap();
    assert_eq!(dossier_envelope(&dossier, &own, false).unwrap_err().to_string(), "unmapped:channel:direct");
}

#[test]
fn steps_go_ten_at_a_time_each_with_its_time_its_words_and_its_deadline() {
    let mut events = vec![received(), ("2023-02-03T14:00:00", Event::ProcessingStarted)];
    for (ask, back) in [
        ("2023-02-06T09:00:00", "2023-02-06T10:00:00"),
        ("2023-02-06T11:00:00", "2023-02-06T14:00:00"),
        ("2023-02-07T09:00:00", "2023-02-07T10:00:00"),
        ("2023-02-07T11:00:00", "2023-02-07T14:00:00"),
    ] {
        events.extend([asked(ask), resumed(back, "2023-02-14T10:00:00")]);
    }
    events.push(("2023-02-07T15:00:00", Event::Edited { changes: Vec::new() }));
    events
        .push(("2023-02-07T16:00:00", Event::Stopped { reason: "Theo đề nghị".into(), class: Some(EndClass::OnTime) }));
    let dossier = dossier(events);
    let first = progress_chunk(&dossier, &codes(), 0).unwrap().unwrap();
    assert_eq!((first.envelope["service"].as_str(), first.up_to), (Some("CapNhatTienDoHoSoMC"), 10));
    assert_eq!(first.envelope["data"].as_array().unwrap().len(), 10);
    assert_eq!(
        first.envelope["data"][2],
        json!({"MaHoSo": "000.00.18.H16-230203-0001", "NguoiXuLy": "Lê Thị Cán Bộ", "ChucDanh": "",
            "ThoiDiemXuLy": "20230206090000", "PhongBanXuLy": "Sở Lao động - TB&XH",
            "NoiDungXuLy": "Yêu cầu bổ sung: Thiếu giấy khai sinh", "TrangThai": "5",
            "NgayBatDau": "20230203140000", "NgayKetThucTheoQuyDinh": "20230210083000"})
    );
    // An edit is no step; the journal is told to its end all the same.
    let second = progress_chunk(&dossier, &codes(), first.up_to).unwrap().unwrap();
    assert_eq!(second.up_to, 12);
    let data = second.envelope["data"].as_array().unwrap();
    assert_eq!(
        (data.len(), &data[0]["TrangThai"], &data[0]["NgayKetThucTheoQuyDinh"]),
        (1, &json!("8"), &json!("20230214100000"))
    );
    assert_eq!(progress_chunk(&dossier, &codes(), 12).unwrap(), None);
}

#[test]
fn texts_are_cut_as_the_portal_counts_and_never_inside_a_character() {
    // domain.md 3.2: at most 1000; cut to 995 and three dots; empty: Dinhkem.
    assert_eq!((wanted("", 1_000), wanted(" \n", 1_000)), ("Dinhkem".to_owned(), "Dinhkem".to_owned()));
    let full = "ễ".repeat(1_000);
    assert_eq!(wanted(&full, 1_000), full);
    assert_eq!(wanted(&"ễ".repeat(1_001), 1_000), "ễ".repeat(995) + "...");
    // One outside the basic plane counts twice, and goes whole.
    assert_eq!(cut(&"😀".repeat(6), 10), "😀".repeat(2) + "...");
    let mut dossier = dossier(vec![received()]);
    dossier.journal[0].actor = "Đặng ".repeat(20);
    let chunk = progress_chunk(&dossier, &codes(), 0).unwrap().unwrap();
    let person = chunk.envelope["data"][0]["NguoiXuLy"].as_str().unwrap().to_owned();
    assert_eq!(person.chars().count(), 48);
    assert!(person.starts_with("Đặng ") && person.ends_with("..."));
}

#[test]
fn times_are_fourteen_digits_or_nothing() {
    assert_eq!(time(Some(at("2023-02-03T08:05:09"))), "20230203080509");
    assert_eq!(time(None), "");
}
