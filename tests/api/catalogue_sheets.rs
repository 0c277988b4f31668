//! The catalogue as a sheet: out and in again to the same, a dry run first, and every trouble at its row and column.

use reqwest::Method;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use crate::catalogue::content;
use crate::story;
use crate::support::{Answer, TestApp};

const HEADINGS: [&str; 6] = ["Mã thủ tục", "Tên thủ tục", "Mã lĩnh vực", "Cấp", "Mức độ trực tuyến", "Thời hạn"];

async fn import(app: &TestApp, token: &str, query: &str, bytes: Vec<u8>) -> Answer {
    app.raw(Method::POST, &format!("/v1/procedures/import{query}"), Some(token), "application/octet-stream", bytes)
        .await
}

/// A workbook of texts under the headings that must be there.
fn book(rows: &[[&str; 6]]) -> Workbook {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip([HEADINGS].iter().chain(rows)) {
        for (column, text) in (0..).zip(cells) {
            sheet.write_string(row, column, *text).unwrap();
        }
    }
    workbook
}

fn full(code: &str) -> Value {
    content(
        json!({"code": code, "name": "Hỗ trợ =chi phí\nmai táng | đợt 2", "old_online_level": "3", "agency": "H16.18",
        "rule": {"amount": 5, "unit": "working_day", "cutoff": "15:00", "on_supplement": "pause"},
        "online_rule": {"amount": 8, "unit": "working_hour"}, "valid_from": "2026-01-01", "decision": "1/QĐ-UBND", "sets": 2,
        "cases": [{"code": "A", "name": "Gấp", "rule": {"amount": 1, "unit": "month"}}],
        "components": [{"name": "Tờ khai", "originals": 1, "form": "Mẫu 01"}, {"name": "Bản sao", "copies": 2}],
        "fees": [{"kind": "charge", "amount": 50000, "unit": "hồ sơ"}], "steps": ["Nộp", "Trả\nkết quả"],
        "grounds": ["Nghị định 20/2021/NĐ-CP"], "implemented_by": ["department", "commune"]}),
    )
}

story!(what_goes_out_comes_in_again_as_the_same, |app| {
    let admin = app.office().await;
    app.post("/v1/procedures", &admin, full("2.000001")).await.expect(201);
    let before = app.get("/v1/procedures/2.000001", &admin).await.expect(200);
    for ending in ["xlsx", "csv"] {
        let sheet = app.get(&format!("/v1/procedures.{ending}"), &admin).await;
        assert_eq!(sheet.status.as_u16(), 200);
        let report = import(app, &admin, "", sheet.bytes.clone()).await.expect(200);
        assert_eq!(report["errors"], json!([]), "{ending}");
        assert_eq!((&report["unchanged"], &report["applied"]), (&json!(2), &json!(false)), "{ending}: {report}");
        // Into an office that has none of it: the same members come out.
        let other = TestApp::start(app.kind()).await.unwrap();
        let there = other.admin().await;
        for agency in [
            json!({"code": "H16", "name": "Tỉnh", "level": "province"}),
            json!({"code": "H16.18", "name": "Sở", "level": "department", "parent": "H16"}),
        ] {
            other.post("/v1/agencies", &there, agency).await.expect(201);
        }
        other.post("/v1/fields", &there, json!({"code": "BTXH", "name": "Bảo trợ"})).await.expect(201);
        let report = import(&other, &there, "?dry_run=false", sheet.bytes).await.expect(200);
        assert_eq!((&report["added"], &report["applied"]), (&json!(2), &json!(true)), "{ending}: {report}");
        assert_eq!(other.get("/v1/procedures/2.000001", &there).await.expect(200), before, "{ending}");
    }
});

story!(a_dry_run_stores_nothing_and_a_real_one_all_or_nothing, |app| {
    let admin = app.office().await;
    let good = ["2.1", "Trợ cấp", "BTXH", "Tỉnh", "toàn trình", "5 ngày làm việc"];
    let revised = ["1.001739", "Trợ cấp (mới)", "BTXH", "province", "full", "5 ngày làm việc"];
    let bytes = book(&[good, revised]).save_to_buffer().unwrap();
    let report = import(app, &admin, "", bytes.clone()).await.expect(200);
    assert_eq!((&report["added"], &report["revised"], &report["applied"]), (&json!(1), &json!(1), &json!(false)));
    assert_eq!(report["rows"][0], json!({"row": 2, "code": "2.1", "effect": "added", "errors": []}));
    assert_eq!(app.get("/v1/procedures/2.1", &admin).await.problem(404), "not_found");

    let bad = ["2.2", "Trợ cấp", "XX", "Tỉnh", "toàn trình", "5 ngày làm việc"];
    let spoilt = book(&[good, bad]).save_to_buffer().unwrap();
    let refused = import(app, &admin, "?dry_run=false", spoilt).await;
    assert_eq!(refused.problem(422), "import_rejected");
    let error = &refused.json()["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/3/C"), &json!("unknown_reference")));
    assert_eq!(app.get("/v1/procedures/2.1", &admin).await.problem(404), "not_found", "nothing loaded");

    import(app, &admin, "?dry_run=false", bytes.clone()).await.expect(200);
    let shown = app.get("/v1/procedures/1.001739", &admin).await.expect(200);
    assert_eq!((&shown["version"], &shown["name"]), (&json!(2), &json!("Trợ cấp (mới)")));
    let again = import(app, &admin, "?dry_run=false", bytes).await.expect(200);
    assert_eq!(again["unchanged"], 2, "the second time there is nothing to do");
});

story!(bad_sheets_are_told_by_row_and_column, |app| {
    let admin = app.office().await;
    let good = ["2.1", "Trợ cấp", "BTXH", "Tỉnh", "toàn trình", "5 ngày làm việc"];
    for (bytes, code) in [
        (b"%PDF-1.7 \0".to_vec(), "not_a_table"),
        (vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1], "old_workbook"),
        (b"PK\x03\x04 broken".to_vec(), "unreadable_workbook"),
    ] {
        assert_eq!(import(app, &admin, "", bytes).await.problem(422), code);
    }
    let told = async |mut workbook: Workbook| -> Vec<(u64, String, String)> {
        let report = import(app, &admin, "", workbook.save_to_buffer().unwrap()).await.expect(200);
        assert_eq!(report["applied"], false);
        let rows = report["rows"].as_array().unwrap().iter().flat_map(|row| row["errors"].as_array().unwrap());
        let errors = report["errors"].as_array().unwrap().iter().chain(rows);
        let text = |error: &Value, member: &str| error[member].as_str().unwrap().to_owned();
        errors.map(|error| (error["row"].as_u64().unwrap(), text(error, "column"), text(error, "code"))).collect()
    };
    let found = |row: u64, column: &str, code: &str| vec![(row, column.to_owned(), code.to_owned())];

    let mut merged = book(&[good]);
    merged.worksheet_from_index(0).unwrap().merge_range(3, 1, 3, 2, "Ghi chú", &Format::new()).unwrap();
    assert_eq!(told(merged).await[0], found(4, "B", "merged_cells")[0]);

    let mut formula = book(&[good]);
    formula.worksheet_from_index(0).unwrap().write_formula(1, 1, "=A1&\"x\"").unwrap();
    assert!(told(formula).await.contains(&found(2, "B", "formula")[0]));

    let mut dated = book(&[good]);
    let sheet = dated.worksheet_from_index(0).unwrap();
    sheet.write_string(0, 6, "Hiệu lực từ").unwrap();
    sheet.write_string(1, 6, "01/03/2026").unwrap();
    assert_eq!(told(dated).await, found(2, "G", "date_as_text"));

    let numbers = ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"];
    assert_eq!(told(book(&[numbers, good])).await, found(2, "", "second_heading_row"));
    assert_eq!(told(book(&[HEADINGS, good])).await, found(2, "", "second_heading_row"));

    let mut strange = book(&[good]);
    strange.worksheet_from_index(0).unwrap().write_string(0, 6, "Người lập").unwrap();
    assert_eq!(told(strange).await, found(1, "G", "heading_unknown"));
    let mut short = book(&[good]);
    short.worksheet_from_index(0).unwrap().write_string(0, 0, "Tên thủ tục").unwrap();
    assert!(told(short).await.contains(&found(1, "", "heading_missing")[0]));

    let cells = [
        (["2.1", "Trợ cấp", "BTXH", "Thôn", "toàn trình", "5 ngày"], "D", "invalid_word"),
        (["2.1", "Trợ cấp", "BTXH", "Tỉnh", "toàn trình", "vài ngày"], "F", "invalid_value"),
        (["2.1", "Trợ cấp", "BTXH", "Tỉnh", "toàn trình", "9999 ngày"], "F", "out_of_range"),
        (["mã 1", "Trợ cấp", "BTXH", "Tỉnh", "toàn trình", "5 ngày"], "A", "invalid_value"),
        (["2.1", "", "BTXH", "Tỉnh", "toàn trình", "5 ngày"], "B", "missing_member"),
    ];
    for (row, column, code) in cells {
        assert_eq!(told(book(&[row])).await, found(2, column, code));
    }
    assert_eq!(told(book(&[good, good])).await, found(3, "A", "repeated"));
});
