//! Papers handed out: receipt, notices, control slip, letter and register, by date, by role, and as files.

use std::io::{Cursor, Read as _};

use motcua::domain::vocabulary::Role;
use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::json;

use crate::story;
use crate::support::{Answer, TestApp};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// What a PDF says, with single spaces.
#[track_caller]
pub(crate) fn said(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/pdf");
    let text = pdf_extract::extract_text_from_mem(&answer.bytes).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The body of a DOCX.
#[track_caller]
fn document(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), DOCX);
    let mut archive = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut text = String::new();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
}

async fn letterheads(app: &TestApp, admin: &str) {
    for (code, body) in [
        ("H16", json!({"place": "Đắk Nông"})),
        ("H16.18", json!({"phone": "0261 0000 000", "symbol": "SLĐTBXH", "address": "Số 1"})),
    ] {
        let path = format!("/v1/agencies/{code}");
        let changed =
            app.send(Method::PATCH, &path, Some(admin), &[("if-match", "\"1\"")], Some(body)).await.expect(200);
        assert_eq!(changed["version"], 2, "{changed}");
    }
}

fn received(overlay: serde_json::Value) -> serde_json::Value {
    let mut body = json!({"applicant": {"kind": "citizen", "name": "Nguyễn Thị Ưởng #1 $x$",
        "identity_no": "000000000001", "address": "Thôn Ỷ, xã Hữu Nghị", "phone": "0900000000"},
        "documents": [{"name": "Tờ khai", "originals": 1, "copies": 2}], "sets": 1});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

story!(a_receipt_is_handed_out_with_the_whole_identifier, |app| {
    let admin = app.office().await;
    letterheads(app, &admin).await;
    let code = app.receive(&admin, received(json!({}))).await;
    let path = format!("/v1/dossiers/{code}/receipt.pdf");
    let answer = app.get(&path, &admin).await;
    // Received on Monday 2 March 2026 at 9:00, 5 working days: Monday 9 March, 9:00 (contract section 4).
    has(
        &said(&answer),
        &[
            "SỞ LAO ĐỘNG BỘ PHẬN TIẾP NHẬN VÀ TRẢ KẾT QUẢ",
            "Số: 260302-0001/BPTNTKQ",
            "Đắk Nông, ngày 02 tháng 3 năm 2026",
            &format!("Mã hồ sơ: {code}"),
            "Nguyễn Thị Ưởng #1 $x$",
            "Số định danh cá nhân: 000000000001",
            "Thôn Ỷ, xã Hữu Nghị",
            "1. Tờ khai (01 bản chính, 02 bản sao)",
            "Số lượng hồ sơ: 01 (bộ)",
            "05 ngày làm việc",
            "Thời gian nhận hồ sơ: 09 giờ 00 phút, ngày 02 tháng 3 năm 2026",
            "09 giờ 00 phút, ngày 09 tháng 3 năm 2026",
            "Mẫu số 01 - Thông tư số 03/2025/TT-VPCP",
        ],
    );
    assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"giay-tiep-nhan_{code}.pdf\""));
    let tag = answer.header("etag").to_owned();
    let known = app.send(Method::GET, &path, Some(&admin), &[("if-none-match", &tag)], None).await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    let waiting = app.receive(&admin, received(json!({"channel": "online"}))).await;
    let none = app.get(&format!("/v1/dossiers/{waiting}/receipt.pdf"), &admin).await;
    assert_eq!(none.problem(404), "no_such_paper", "not accepted yet");
});

story!(a_dossier_of_2023_has_the_forms_of_2018, |app| {
    let admin = app.office().await;
    let line = json!({"procedure": "1.001739", "agency": "H16.18", "channel": "direct", "received_at": "2023-05-02T09:00:00+07:00",
        "applicant": {"kind": "citizen", "name": "Đặng Văn Quỳnh", "identity_no": "000000000002"},
        "events": [{"to": "processing", "at": "2023-05-02T10:00:00+07:00"},
            {"to": "supplement_required", "at": "2023-05-03T10:00:00+07:00", "reason": "Thiếu bản sao"},
            {"to": "stopped", "at": "2023-05-04T10:00:00+07:00", "reason": "Trùng hồ sơ"}]});
    let imported = app.post("/v1/imports", &admin, line).await.expect(200);
    assert_eq!(imported["accepted"], 1, "{imported}");
    let listed = app.get("/v1/dossiers?status=stopped", &admin).await.expect(200);
    let code = listed["items"][0]["code"].as_str().unwrap().to_owned();
    let get = async |paper: &str| app.get(&format!("/v1/dossiers/{code}/{paper}"), &admin).await;
    let receipt = said(&get("receipt.pdf").await);
    has(&receipt, &["Mẫu số 01 - Thông tư số 01/2018/TT-VPCP", "Số: 230502-0001/TNHS", "ngày 02 tháng 5 năm 2023"]);
    assert!(!receipt.contains("000000000002"), "form 01 of 2018 has no identifier");
    has(&said(&get("supplement.pdf").await), &["Mẫu số 02 - Thông tư số 01/2018/TT-VPCP", "1. Thiếu bản sao"]);
    has(
        &said(&get("control-slip.pdf").await),
        &["Mẫu số 05 - Thông tư số 01/2018/TT-VPCP", "Dừng giải quyết: Trùng hồ sơ"],
    );
    for paper in ["stop.pdf", "stop.docx"] {
        assert_eq!(get(paper).await.problem(409), "form_not_in_force", "a stop had no form before 15 September 2025");
    }
    assert_eq!(get("refusal.pdf").await.problem(404), "no_such_paper");
    let register = said(&app.get("/v1/reports/register.pdf?period=2023-M05&agency=H16.18", &admin).await);
    has(
        &register,
        &["SỔ THEO DÕI HỒ SƠ", "Mẫu số 06 - Thông tư số 01/2018/TT-VPCP", "Dừng giải quyết ngày 04/05/2023"],
    );
});

story!(notices_are_there_when_they_were_given, |app| {
    let admin = app.office().await;
    letterheads(app, &admin).await;
    let (asked, refused, withdrawn) = (
        app.receive(&admin, received(json!({}))).await,
        app.receive(&admin, received(json!({}))).await,
        app.receive(&admin, received(json!({"channel": "online"}))).await,
    );
    let get = async |code: &str, paper: &str| app.get(&format!("/v1/dossiers/{code}/{paper}"), &admin).await;
    for paper in ["supplement.pdf", "supplement.docx", "refusal.pdf", "refusal.docx", "stop.pdf", "stop.docx"] {
        assert_eq!(get(&asked, paper).await.problem(404), "no_such_paper", "{paper}");
    }
    let move_on = async |code: &str, body| app.transition(&admin, code, body).await.expect(200);
    move_on(&asked, json!({"to": "processing"})).await;
    move_on(&asked, json!({"to": "supplement_required", "reason": "Thiếu bản sao giấy khai sinh\nThiếu tờ khai"}))
        .await;
    let supplement = said(&get(&asked, "supplement.pdf").await);
    has(
        &supplement,
        &[
            "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
            "1. Thiếu bản sao giấy khai sinh 2. Thiếu tờ khai",
            "(Số 1), số điện thoại 0261 0000 000",
            "NGƯỜI HƯỚNG DẪN",
            "/PBS-BPTNTKQ",
        ],
    );
    has(&document(&get(&asked, "supplement.docx").await), &["2. Thiếu tờ khai", "Nguyễn Thị Ưởng #1 $x$"]);
    move_on(&asked, json!({"to": "processing"})).await;
    has(&said(&get(&asked, "supplement.pdf").await), &["Thiếu tờ khai"]);
    let slip = said(&get(&asked, "control-slip.pdf").await);
    has(&slip, &["PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ", "Mẫu số 06", "1. Giao: Bộ phận TN&TKQ", "Đã bổ sung"]);

    move_on(&refused, json!({"to": "finished", "outcome": "refused", "reason": "Không đủ điều kiện"})).await;
    has(
        &said(&get(&refused, "refusal.pdf").await),
        &["PHIẾU TỪ CHỐI TIẾP NHẬN", "Không đủ điều kiện.", "000000000001"],
    );
    has(&document(&get(&refused, "refusal.docx").await), &["Không đủ điều kiện.", "/PTC-BPTNTKQ"]);
    move_on(&refused, json!({"to": "reopen", "reason": "Nhầm"})).await;
    assert_eq!(get(&refused, "refusal.pdf").await.problem(404), "no_such_paper", "a refusal undone is none");

    assert_eq!(get(&withdrawn, "refusal.pdf").await.problem(404), "no_such_paper");
    move_on(&withdrawn, json!({"to": "received"})).await;
    move_on(&withdrawn, json!({"to": "withdrawn", "reason": "Người nộp đề nghị rút"})).await;
    let stop = said(&get(&withdrawn, "stop.pdf").await);
    has(&stop, &["THÔNG BÁO Dừng giải quyết hồ sơ", "Điều 21", "Lý do: Người nộp đề nghị rút.", "Mẫu số 05"]);
    has(&document(&get(&withdrawn, "stop.docx").await), &["Người nộp đề nghị rút."]);
    app.post(&format!("/v1/dossiers/{withdrawn}/void"), &admin, json!({"reason": "Nhập nhầm"})).await.expect(200);
    assert_eq!(get(&withdrawn, "stop.pdf").await.problem(409), "dossier_void");
});

story!(a_letter_is_a_draft_until_it_is_signed, |app| {
    let admin = app.office().await;
    letterheads(app, &admin).await;
    let code = app.receive(&admin, received(json!({}))).await;
    app.at("2026-03-10T08:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    let letter = format!("/v1/apology-letters/{}", shown["letter"]["id"].as_str().unwrap());
    let draft = said(&app.get(&format!("{letter}/letter.pdf"), &admin).await);
    has(&draft, &["DỰ THẢO", "Số: ……/PXL-SLĐTBXH", "UBND TỈNH SỞ LAO ĐỘNG", "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ"]);
    let body = json!({"reason": "Chờ ý kiến", "new_return_at": "2026-03-16T09:00:00+07:00"});
    app.send(Method::PATCH, &letter, Some(&admin), &[("if-match", "*")], Some(body)).await.expect(200);
    app.post(&format!("{letter}/submit"), &admin, json!({})).await.expect(200);
    let body = json!({"number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-10",
        "signer": {"name": "Đặng Văn Quỳnh", "position": "Giám đốc"}});
    app.post(&format!("{letter}/issue"), &admin, body).await.expect(200);
    let answer = app.get(&format!("{letter}/letter.pdf"), &admin).await;
    let issued = said(&answer);
    has(
        &issued,
        &[
            "Số: 12/PXL-SLĐTBXH",
            "Đắk Nông, ngày 10 tháng 3 năm 2026",
            "PHIẾU XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT",
            "09 giờ 00 phút, ngày 16 tháng 3 năm 2026",
            "GIÁM ĐỐC Đặng Văn Quỳnh",
            "Nơi nhận:",
        ],
    );
    assert!(!issued.contains("DỰ THẢO"), "{issued}");
    assert_eq!(answer.header("content-disposition"), format!("inline; filename=\"phieu-xin-loi_{code}.pdf\""));
    has(&document(&app.get(&format!("{letter}/letter.docx"), &admin).await), &["Số: 12/PXL-SLĐTBXH", "Đặng Văn Quỳnh"]);
});

story!(papers_are_for_those_who_may_read_the_dossier, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let code = app.receive(&admin, received(json!({}))).await;
    let opened = json!({"kind": "lost", "reason": "Mất giấy tờ"});
    let opened = app.post(&format!("/v1/dossiers/{code}/apology-letters"), &admin, opened).await.expect(201);
    let id = opened["id"].as_str().unwrap();
    let mut paths =
        vec![format!("/v1/apology-letters/{id}/letter.pdf"), format!("/v1/apology-letters/{id}/letter.docx")];
    for paper in [
        "receipt.pdf",
        "supplement.pdf",
        "supplement.docx",
        "refusal.pdf",
        "refusal.docx",
        "stop.pdf",
        "stop.docx",
        "control-slip.pdf",
    ] {
        paths.push(format!("/v1/dossiers/{code}/{paper}"));
    }
    for (place, role) in
        [Role::FrontDesk, Role::Officer, Role::Leader, Role::Auditor, Role::Admin].into_iter().enumerate()
    {
        let own = app.user(&format!("own{place}"), role, Some("H16.18")).await;
        let other = app.user(&format!("other{place}"), role, Some("H16.19")).await;
        for path in &paths {
            assert_eq!(app.get(path, &other).await.problem(404), "not_found", "{role:?} {path}");
            let answer = app.get(path, &own).await;
            let missing = answer.problem_code() == "no_such_paper";
            assert!(missing || answer.status.as_u16() == 200, "{role:?} {path}: {}", answer.text);
        }
        let register = app.get("/v1/reports/register.pdf?period=2026-M03&agency=H16.18", &other).await;
        assert_eq!(register.problem(404), "not_found", "{role:?}");
    }
    assert_eq!(
        app.get(&format!("/v1/dossiers/{code}/receipt.pdf?x=1"), &admin).await.problem(400),
        "unknown_parameter"
    );
    assert_eq!(app.get("/v1/apology-letters/nothing/letter.pdf", &admin).await.problem(404), "not_found");
});

story!(what_stands_on_an_agencys_papers_is_kept_with_it, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.20", "name": "Sở", "level": "department", "parent": "H16",
        "place": "Gia Nghĩa", "address": "Số 1", "phone": "0261", "symbol": "SX"});
    let made = app.post("/v1/agencies", &admin, body).await.expect(201);
    assert_eq!((&made["place"], &made["symbol"]), (&json!("Gia Nghĩa"), &json!("SX")));
    let patch = async |body| {
        app.send(Method::PATCH, "/v1/agencies/H16.20", Some(&admin), &[("if-match", "*")], Some(body)).await
    };
    let changed = patch(json!({"place": null, "phone": "0262"})).await.expect(200);
    assert_eq!(
        (&changed["place"], &changed["phone"], &changed["symbol"]),
        (&json!(null), &json!("0262"), &json!("SX"))
    );
    assert_eq!((&changed["name"], &changed["address"]), (&json!("Sở"), &json!("Số 1")), "what is left out stays");
    assert_eq!(patch(json!({"name": null})).await.problem(422), "validation");
    let read = app.get("/v1/agencies/H16.20", &admin).await.expect(200);
    assert_eq!(read, changed);
});
