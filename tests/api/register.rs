//! An office's own register comes in: a dry run first, each row once, every trouble at its row and column.

use motcua::domain::vocabulary::Role;
use reqwest::Method;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp};

fn mapping(overlay: Value) -> Value {
    let mut mapping = json!({"register": "2026", "columns": {"key": "TT", "name": "Họ tên", "received_at": "Ngày nhận",
        "finished_at": "Ngày xong", "channel": "Hình thức", "reason": "Ghi chú", "withdrawn_at": "Ngày rút"},
        "defaults": {"agency": "H16.18", "procedure": "1.001739", "kind": "citizen"},
        "values": {"channel": {"Trực tiếp": "direct", "Trực tuyến": "online"}},
        "hours": {"received_at": "08:00", "finished_at": "16:30", "withdrawn_at": "16:30"}});
    for (member, value) in overlay.as_object().unwrap() {
        mapping[member] = value.clone();
    }
    mapping
}

async fn send(app: &TestApp, token: &str, mapping: &Value, apply: bool, bytes: Vec<u8>) -> Answer {
    let mapping = mapping.to_string();
    let parameters = [("mapping", mapping.as_str()), ("apply", if apply { "true" } else { "false" })];
    let url = reqwest::Url::parse_with_params("http://x/v1/imports/register", parameters).unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    app.raw(Method::POST, &path, Some(token), "application/octet-stream", bytes).await
}

fn csv(rows: &[&str]) -> Vec<u8> {
    let head = "TT,Họ tên,Ngày nhận,Ngày xong,Hình thức,Ghi chú,Ngày rút";
    [&[head], rows].concat().join("\n").into_bytes()
}

fn counts(report: &Value) -> [u64; 3] {
    ["accepted", "known", "rejected"].map(|member| report[member].as_u64().unwrap())
}

async fn dossiers(app: &TestApp, token: &str) -> Vec<Value> {
    let list = app.get("/v1/dossiers?limit=200", token).await.expect(200);
    list["items"].as_array().unwrap().clone()
}

story!(nothing_is_loaded_unless_asked_and_nothing_twice, |app| {
    let admin = app.office().await;
    let rows = ["1,Nguyễn Văn A,02/02/2026,05/02/2026,Trực tiếp,,", "2,Trần Thị B,03/02/2026,,trực TUYẾN,,"];
    let foreseen = send(app, &admin, &mapping(json!({})), false, csv(&rows)).await.expect(200);
    assert_eq!((counts(&foreseen), &foreseen["applied"]), ([2, 0, 0], &json!(false)), "{foreseen}");
    assert_eq!(dossiers(app, &admin).await, Vec::<Value>::new());
    let done = send(app, &admin, &mapping(json!({})), true, csv(&rows)).await.expect(200);
    assert_eq!((counts(&done), &done["applied"], &done["errors"]), ([2, 0, 0], &json!(true), &json!([])), "{done}");
    let stored = dossiers(app, &admin).await;
    assert_eq!(stored.len(), 2);
    let first = stored.iter().find(|one| one["applicant"]["name"] == "Nguyễn Văn A").unwrap();
    assert_eq!((&first["status"], &first["channel"]), (&json!("finished"), &json!("direct")));
    assert_eq!(first["received_at"], "2026-02-02T08:00:00+07:00");
    // The register grew, and a row in it was changed: what is in stays, what is new comes.
    let grown = [rows[0], "2,Trần Thị Bê,03/02/2026,,Trực tuyến,,", "3,Lê C,04/02/2026,,Trực tiếp,,"];
    for (apply, expected) in [(false, [1, 2, 0]), (true, [1, 2, 0]), (true, [0, 3, 0])] {
        let report = send(app, &admin, &mapping(json!({})), apply, csv(&grown)).await.expect(200);
        assert_eq!(counts(&report), expected, "{report}");
    }
    assert_eq!(dossiers(app, &admin).await.len(), 3);
    // Another register has its own rows.
    let other = mapping(json!({"register": "2026-2"}));
    assert_eq!(counts(&send(app, &admin, &other, false, csv(&grown)).await.expect(200)), [3, 0, 0]);
});

story!(each_trouble_is_told_at_its_cell, |app| {
    let admin = app.office().await;
    let rows = [
        "1,A,02/02/2026,05/02/2026,Trực tiếp,,",
        "2,B,02/02/2026,01/02/2026,Trực tiếp,,",
        "3,,02/02/2026,,Trực tiếp,,",
        "4,D,02/02/2026,,Bồ câu,,",
        "5,E,ngày mai,,Trực tiếp,,",
        "6,F,02/02/2026,,Trực tiếp,,04/02/2026",
        "1,G,02/02/2026,,Trực tiếp,,",
        "8,H,02/03/2027,,Trực tiếp,,",
        "TT,Họ tên,Ngày nhận,Ngày xong,Hình thức,Ghi chú,Ngày rút",
        "9,I,,,Trực tiếp,,",
        "10,K,02/02/2026,,Trực tiếp,,",
    ];
    let expected = json!([
        [3, "D3", "before_last_move"],
        [4, "B4", "missing_member"],
        [5, "E5", "invalid_value"],
        [6, "C6", "date_as_text"],
        [7, "G7", "reason_required"],
        [8, "A8", "repeated"],
        [9, "C9", "in_the_future"],
        [10, "A10", "second_heading_row"],
        [11, "C11", "missing_member"],
    ]);
    for (apply, times) in [(false, 1), (true, 1), (true, 2)] {
        let report = send(app, &admin, &mapping(json!({})), apply, csv(&rows)).await.expect(200);
        let told: Vec<Value> =
            report["errors"].as_array().unwrap().iter().map(|it| json!([it["row"], it["cell"], it["code"]])).collect();
        assert_eq!(json!(told), expected);
        assert_eq!(counts(&report), if times == 1 { [2, 0, 9] } else { [0, 2, 9] });
    }
    assert_eq!(dossiers(app, &admin).await.len(), 2);
    // An unknown procedure or agency stands in no column: the row is told.
    let nowhere = mapping(json!({"defaults": {"agency": "H99", "procedure": "1.001739", "kind": "citizen"}}));
    let report = send(app, &admin, &nowhere, true, csv(&rows[..1])).await.expect(200);
    assert_eq!(
        (&report["errors"][0]["code"], &report["errors"][0]["cell"]),
        (&json!("unknown_reference"), &Value::Null)
    );
});

story!(what_is_no_register_loads_nothing, |app| {
    let admin = app.office().await;
    let whole = async |bytes: Vec<u8>| {
        let report = send(app, &admin, &mapping(json!({})), true, bytes).await.expect(200);
        assert_eq!(counts(&report), [0, 0, 0]);
        report["errors"].clone()
    };
    for (bytes, code) in [
        (b"%PDF-1.7\n\0".to_vec(), "not_a_table"),
        (Vec::new(), "not_a_table"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), "old_workbook"),
        (b"PK\x03\x04".to_vec(), "unreadable_workbook"),
    ] {
        let errors = whole(bytes).await;
        assert_eq!((&errors[0]["row"], &errors[0]["code"]), (&json!(0), &json!(code)));
    }
    let errors = whole("TT,Họ tên,Ngày nhận\n1,A,02/02/2026\n".as_bytes().to_vec()).await;
    let missing: Vec<_> = errors.as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!((missing, &errors[0]["row"]), (vec!["heading_missing"; 4], &json!(1)));
    assert!(errors.to_string().contains("Hình thức"), "{errors}");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, text) in (0..).zip(["TT", "Họ tên", "Ngày nhận", "Ngày xong", "Hình thức", "Ghi chú", "Ngày rút"])
    {
        sheet.write_string(3, column, text).unwrap();
    }
    sheet.merge_range(0, 0, 0, 6, "SỔ THEO DÕI HỒ SƠ", &Format::new()).unwrap();
    sheet.merge_range(4, 0, 4, 1, "1", &Format::new()).unwrap();
    sheet.write_string(5, 0, "2").unwrap().write_formula(5, 2, "=TODAY()").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let report = send(app, &admin, &mapping(json!({})), true, bytes).await.expect(200);
    let told: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["cell"].as_str().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("A5", "merged_cells"), ("C6", "formula")], "a title above the headings may be merged");
    for bad in [json!({"register": ""}), json!({"columns": {"nothing": "x"}}), json!({"dates": ["khi nào"]})] {
        let answer = send(app, &admin, &mapping(bad.clone()), true, csv(&[])).await;
        assert_eq!(answer.problem(400), "invalid_parameter", "{bad}");
    }
    let bare = app.raw(Method::POST, "/v1/imports/register", Some(&admin), "text/csv", csv(&[])).await;
    assert_eq!(bare.problem(400), "missing_parameter");
    assert_eq!(dossiers(app, &admin).await, Vec::<Value>::new());
});

story!(rows_of_another_agency_are_neither_taken_nor_known, |app| {
    let admin = app.office().await;
    let agency = json!({"code": "H16.19", "name": "Sở Y tế", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, agency).await.expect(201);
    let keeper = app.user("keeper", Role::Admin, Some("H16.19")).await;
    let rows = csv(&["1,A,02/02/2026,,Trực tiếp,,"]);
    for _ in 0..2 {
        let report = send(app, &keeper, &mapping(json!({})), true, rows.clone()).await.expect(200);
        assert_eq!((counts(&report), &report["errors"][0]["code"]), ([0, 0, 1], &json!("forbidden")));
        send(app, &admin, &mapping(json!({})), true, rows.clone()).await.expect(200);
    }
    assert_eq!(dossiers(app, &admin).await.len(), 1);
});

story!(a_register_says_nothing_of_hand_overs_so_none_is_late, |app| {
    let admin = app.office().await;
    let sent_on = mapping(
        json!({"defaults": {"agency": "H16.18", "received_by": "H16", "procedure": "1.001739", "kind": "citizen"}}),
    );
    let rows = csv(&["1,A,02/02/2026,05/02/2026,Trực tiếp,,", "2,B,02/02/2026,,Trực tiếp,,"]);
    assert_eq!(counts(&send(app, &admin, &sent_on, true, rows).await.expect(200)), [2, 0, 0]);
    let transfers = async || app.get("/v1/transfers", &admin).await.expect(200)["items"].clone();
    assert_eq!(transfers().await, json!([]));
    for one in dossiers(app, &admin).await {
        let path = format!("/v1/dossiers/{}/correct", one["code"].as_str().unwrap());
        let mend = json!({"reason": "Nhầm giờ", "received_at": "2026-02-02T09:00:00+07:00"});
        app.post(&path, &admin, mend).await.expect(200);
    }
    assert_eq!(transfers().await, json!([]), "a correction does not make up what was never said");
});
