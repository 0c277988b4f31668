//! Reports as people open them: workbooks read back, the summary over agencies, the register, freezing and drift.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use motcua::domain::refusal::Refusal;
use motcua::domain::vocabulary::Role;
use motcua::flow::Fault;
use motcua::flow::register::{Limits, entries};
use motcua::storage::listing::{Filter, Order, Visible};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The only sheet of a workbook: what its cells show, and their formulas.
struct Sheet {
    values: calamine::Range<Data>,
    formulas: calamine::Range<String>,
}

impl Sheet {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), XLSX);
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes.clone())).unwrap();
        let name = workbook.sheet_names().first().unwrap().clone();
        Self { values: workbook.worksheet_range(&name).unwrap(), formulas: workbook.worksheet_formula(&name).unwrap() }
    }

    fn row(&self, row: u32) -> Vec<String> {
        let width = u32::try_from(self.values.width()).unwrap();
        (0..width).map(|column| self.values.get_value((row, column)).map(Data::to_string).unwrap_or_default()).collect()
    }

    fn formula(&self, row: u32, column: u32) -> &str {
        self.formulas.get_value((row, column)).map_or("", String::as_str)
    }
}

/// A second field with a procedure of 5 working days at this level.
async fn jobs(app: &TestApp, admin: &str, code: &str, level: &str) {
    app.post("/v1/fields", admin, json!({"code": "VL", "name": "Việc làm"})).await.expect(201);
    let body = json!({"code": code, "name": "Giới thiệu việc làm", "field": "VL", "level": level, "online_level": "full",
        "rule": {"amount": 5, "unit": "working_day"}});
    app.post("/v1/procedures", admin, body).await.expect(201);
}

story!(form_06a_is_a_workbook_whose_sums_reckon, |app| {
    let admin = app.office().await;
    jobs(app, &admin, "2.000001", "district").await;
    let early = app.receive(&admin, json!({"channel": "postal"})).await;
    app.receive(&admin, json!({})).await;
    let late = app.receive(&admin, json!({"channel": "online", "accept": true})).await;
    app.receive(&admin, json!({"procedure": "2.000001"})).await;
    // Due on 9 March, all of them: the first ends early, the third late; the others are overdue on the 11th.
    app.at("2026-03-04T09:00:00");
    app.transition(&app.admin().await, &early, json!({"to": "finished"})).await.expect(200);
    app.at("2026-03-11T09:00:00");
    let admin = app.admin().await;
    app.transition(&admin, &late, json!({"to": "finished"})).await.expect(200);

    let answer = app.get("/v1/reports/06a.xlsx?period=2026-M03&agency=H16.18", &admin).await;
    let expected = "attachment; filename=\"06a_H16.18_2026-02-15_2026-03-14.xlsx\"";
    assert_eq!(answer.header("content-disposition"), expected);
    let sheet = Sheet::of(&answer);
    assert_eq!(sheet.row(0)[0], "Biểu số II.06a/VPCP/KSTT");
    assert_eq!(sheet.row(1)[10], "Sở Lao động");
    assert_eq!(sheet.row(2)[3], "Kỳ báo cáo: Tháng 3 năm 2026");
    assert_eq!(sheet.row(9), ["I", "Cấp tỉnh", "3", "1", "2", "0", "2", "1", "0", "1", "1", "0", "1"]);
    assert_eq!(sheet.row(10), ["1", "Bảo trợ xã hội", "3", "1", "2", "0", "2", "1", "0", "1", "1", "0", "1"]);
    assert_eq!(sheet.row(11), ["II", "Cấp huyện", "1", "0", "1", "0", "0", "0", "0", "0", "1", "0", "1"]);
    assert_eq!(sheet.row(12), ["1", "Việc làm", "1", "0", "1", "0", "0", "0", "0", "0", "1", "0", "1"]);
    assert_eq!(sheet.row(13), ["", "TỔNG SỐ", "4", "1", "3", "0", "2", "1", "0", "1", "2", "0", "2"]);
    assert_eq!(sheet.row(14)[1..4], ["Kiểm tra: (3) − (7) − (11)", "0", "Cân đối"]);
    assert_eq!(sheet.row(15)[0], "Số liệu tính đến 09 giờ 00 phút 00 giây ngày 11/03/2026.");
    assert_eq!((sheet.formula(13, 2), sheet.formula(13, 3)), ("D14+E14+F14", "SUM(D10,D12)"));
    assert_eq!((sheet.formula(11, 10), sheet.formula(11, 11)), ("L12+M12", "SUM(L13)"));

    let asked = app.get("/v1/reports/06a?period=2026-M03&agency=H16.18&format=xlsx", &admin).await;
    assert_eq!(asked.bytes, answer.bytes);
    let csv = app.get("/v1/reports/06a.csv?period=2026-M03&agency=H16.18", &admin).await;
    assert!(csv.bytes.starts_with("\u{feff}STT,Lĩnh vực,".as_bytes()), "{}", csv.text);
    assert!(csv.text.ends_with("\r\n,\"Tổng số\",4,1,3,0,2,1,0,1,2,0,2\r\n"), "{}", csv.text);
});

story!(form_06b_has_a_line_for_each_agency_below, |app| {
    let admin = app.office().await;
    for (code, parent) in [("H16.18.1", "H16.18"), ("H16.19", "H16")] {
        let body = json!({"code": code, "name": format!("Đơn vị {code}"), "level": "commune", "parent": parent});
        app.post("/v1/agencies", &admin, body).await.expect(201);
    }
    for agency in ["H16", "H16.18", "H16.18.1"] {
        app.receive(&admin, json!({"agency": agency})).await;
    }
    let lines = async |query: &str, token: &str| {
        let form = app.get(&format!("/v1/reports/06b?period=2026-M03{query}"), token).await.expect(200);
        let rows = form["rows"].as_array().unwrap().iter();
        let lines: Vec<_> = rows
            .map(|row| (row["agency"].as_str().unwrap().to_owned(), row["columns"]["received_total"].clone()))
            .collect();
        (lines, form["total"]["received_total"].clone())
    };
    let line = |code: &str, count: i64| (code.to_owned(), json!(count));
    let province = vec![line("H16", 1), line("H16.18", 2), line("H16.19", 0)];
    assert_eq!(lines("&agency=H16", &admin).await, (province, json!(3)));
    assert_eq!(lines("", &admin).await, (vec![line("H16", 3)], json!(3)), "over all: the agencies at the top");
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    assert_eq!(lines("", &leader).await, (vec![line("H16.18", 1), line("H16.18.1", 1)], json!(2)));
    assert_eq!(app.get("/v1/reports/06b?period=2026-M03&agency=H16", &leader).await.problem(404), "not_found");

    let sheet = Sheet::of(&app.get("/v1/reports/06b.xlsx?period=2026-M03&agency=H16", &admin).await);
    assert_eq!(sheet.row(0)[0], "Biểu số II.06b/VPCP/KSTT");
    assert_eq!(sheet.row(10)[..6], ["2", "Sở Lao động", "2", "0", "2", "0"]);
    assert_eq!(sheet.row(12)[..5], ["", "TỔNG SỐ", "3", "0", "3"]);
    assert_eq!(sheet.formula(12, 4), "SUM(E10:E12)");
});

/// Received on 2 March, due on the 9th and open: one by post, one at the counter. Answers their codes.
async fn two_overdue(app: &TestApp) -> [String; 2] {
    let admin = app.office().await;
    jobs(app, &admin, "2.000001", "province").await;
    let posted = app.receive(&admin, json!({"channel": "postal"})).await;
    [posted, app.receive(&admin, json!({})).await]
}

fn freeze(overlay: Value) -> Value {
    let mut body = json!({"kind": "06a", "from": "2026-03-01", "to": "2026-03-10"});
    for (name, value) in overlay.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Column, frozen, now.
fn moved(differences: &Value) -> Vec<(String, i64, i64)> {
    let moved = |one: &Value| {
        let (frozen, now) = (one["frozen"].as_i64().unwrap(), one["now"].as_i64().unwrap());
        assert_eq!(one["difference"], now - frozen);
        let line = one["field"].as_str().map_or_else(String::new, |field| format!("{field} "));
        (format!("{line}{}", one["column"].as_str().unwrap()), frozen, now)
    };
    differences.as_array().unwrap().iter().map(moved).collect()
}

fn told(expected: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    expected.iter().map(|(column, frozen, now)| ((*column).to_owned(), *frozen, *now)).collect()
}

story!(a_frozen_report_stays_and_tells_what_history_moved, |app| {
    let [posted, counter] = two_overdue(app).await;
    app.at("2026-03-20T09:00:00");
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    let answer = app.post("/v1/reports", &leader, freeze(json!({}))).await;
    let frozen = answer.expect(201);
    let path = format!("/v1/reports/{}", frozen["id"].as_str().unwrap());
    assert_eq!((answer.header("location"), answer.header("etag")), (path.as_str(), "\"1\""));
    assert_eq!((&frozen["agency"], &frozen["open"]), (&json!("H16.18"), &json!(false)));
    assert_eq!((&frozen["frozen_by"], &frozen["frozen_at"]), (&json!("leader"), &json!("2026-03-20T09:00:00+07:00")));
    assert_eq!(frozen["as_of"], "2026-03-10T23:59:59+07:00");
    assert_eq!(
        (&frozen["figures"]["total"]["direct_postal"], &frozen["figures"]["total"]["overdue"]),
        (&json!(2), &json!(2))
    );
    let sheet = app.get(&format!("{path}/sheet.xlsx"), &leader).await;
    assert_eq!(Sheet::of(&sheet).row(11)[1..5], ["TỔNG SỐ", "2", "0", "2"]);
    let drift = async || app.get(&format!("{path}/drift"), &leader).await.expect(200);
    let still = drift().await;
    assert_eq!((&still["drifted"], &still["differences"], &still["total"]), (&json!(false), &json!([]), &json!([])));
    // What happens after the period moves nothing in it.
    app.transition(&leader, &counter, json!({"to": "finished"})).await.expect(200);
    assert_eq!(drift().await["drifted"], false);

    let channel = json!({"channel": "online", "reason": "Ghi nhầm kênh"});
    app.post(&format!("/v1/dossiers/{posted}/correct"), &leader, channel).await.expect(200);
    let now = drift().await;
    assert_eq!(now["drifted"], true);
    let columns = told(&[("online", 0, 1), ("direct_postal", 2, 1)]);
    assert_eq!(moved(&now["total"]), columns);
    assert_eq!(moved(&now["differences"]), told(&[("BTXH online", 0, 1), ("BTXH direct_postal", 2, 1)]));
    assert_eq!(now["differences"][0]["level"], "province");
    assert_eq!(
        (&now["differences"][0]["name"], &now["differences"][0]["number"]),
        (&json!("Bảo trợ xã hội"), &json!(4))
    );

    // One goes to another field, the other is void: the line of the old field is gone, another appears.
    let field = json!({"procedure": "2.000001", "reason": "Ghi nhầm thủ tục"});
    app.post(&format!("/v1/dossiers/{posted}/correct"), &leader, field).await.expect(200);
    app.post(&format!("/v1/dossiers/{counter}/void"), &leader, json!({"reason": "Nhập trùng"})).await.expect(200);
    let now = drift().await;
    let gone = [
        ("BTXH received_total", 2, 0),
        ("BTXH direct_postal", 2, 0),
        ("BTXH in_progress_total", 2, 0),
        ("BTXH overdue", 2, 0),
    ];
    let appeared =
        [("VL received_total", 0, 1), ("VL online", 0, 1), ("VL in_progress_total", 0, 1), ("VL overdue", 0, 1)];
    assert_eq!(moved(&now["differences"]), told(&[gone, appeared].concat()));
    let total = [
        ("received_total", 2, 1),
        ("online", 0, 1),
        ("direct_postal", 2, 0),
        ("in_progress_total", 2, 1),
        ("overdue", 2, 1),
    ];
    assert_eq!(moved(&now["total"]), told(&total));

    assert_eq!(app.get(&path, &leader).await.expect(200), frozen);
    assert_eq!(app.get(&format!("{path}/sheet.xlsx"), &leader).await.bytes, sheet.bytes);
    let known = app.send(Method::GET, &path, Some(&leader), &[("if-none-match", "\"1\"")], None).await;
    assert_eq!(known.status.as_u16(), 304);
});

story!(an_open_period_is_frozen_only_when_told, |app| {
    let [posted, _] = two_overdue(app).await;
    app.at("2026-03-10T09:00:00");
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    // Its last day is today.
    let refused = app.post("/v1/reports", &leader, freeze(json!({}))).await;
    assert_eq!(refused.problem(409), "period_open");
    assert!(refused.json()["detail"].as_str().unwrap().ends_with("(đến hết ngày 10/03/2026)"), "{}", refused.text);
    assert_eq!(app.get("/v1/reports", &leader).await.expect(200)["items"], json!([]));
    let frozen = app.post("/v1/reports", &leader, freeze(json!({"open": true}))).await.expect(201);
    assert_eq!((&frozen["open"], &frozen["as_of"]), (&json!(true), &json!("2026-03-10T09:00:00+07:00")));
    assert_eq!(frozen["figures"]["total"]["overdue"], 2);
    // It looked at what was up to that instant: what came later on the last day is no drift.
    app.at("2026-03-10T09:10:00");
    app.transition(&leader, &posted, json!({"to": "finished"})).await.expect(200);
    let path = format!("/v1/reports/{}/drift", frozen["id"].as_str().unwrap());
    assert_eq!(app.get(&path, &leader).await.expect(200)["drifted"], false);
    app.at("2026-03-11T09:00:00");
    let leader = app.sign_in("leader").await;
    assert_eq!(app.get(&path, &leader).await.expect(200)["drifted"], false);
    let closed = app.post("/v1/reports", &leader, freeze(json!({}))).await.expect(201);
    assert_eq!((&closed["figures"]["total"]["late"], &closed["figures"]["total"]["overdue"]), (&json!(1), &json!(1)));
});

story!(frozen_reports_are_for_their_agency_and_those_above, |app| {
    let admin = app.office().await;
    let beside = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, beside).await.expect(201);
    app.at("2026-03-20T09:00:00");
    let token = async |name: &str, role: Role, agency: &str| app.user(name, role, Some(agency)).await;
    let (above, leader) = (token("above", Role::Leader, "H16").await, token("leader", Role::Leader, "H16.18").await);
    let (officer, stranger) =
        (token("officer", Role::Officer, "H16.18").await, token("stranger", Role::Leader, "H16.19").await);
    assert_eq!(app.post("/v1/reports", &officer, freeze(json!({}))).await.problem(403), "forbidden");
    for (caller, agency) in [(&stranger, "H16.18"), (&leader, "H16"), (&leader, "H16.99")] {
        let answer = app.post("/v1/reports", caller, freeze(json!({"agency": agency}))).await;
        assert_eq!(answer.problem(404), "not_found", "{agency}");
    }
    let admin = app.admin().await;
    let own = app.post("/v1/reports", &above, freeze(json!({"agency": "H16.18"}))).await.expect(201);
    let province = app.post("/v1/reports", &above, freeze(json!({}))).await.expect(201);
    let all = app.post("/v1/reports", &admin, freeze(json!({}))).await.expect(201);
    assert_eq!((&province["agency"], &all["agency"]), (&json!("H16"), &Value::Null));
    for (report, readers) in
        [(&own, vec![&officer, &leader, &above, &admin]), (&province, vec![&above, &admin]), (&all, vec![&admin])]
    {
        for caller in [&officer, &leader, &stranger, &above, &admin] {
            for part in ["", "/sheet.xlsx", "/drift"] {
                let answer = app.get(&format!("/v1/reports/{}{part}", report["id"].as_str().unwrap()), caller).await;
                let expected = if readers.contains(&caller) { 200 } else { 404 };
                assert_eq!(answer.status.as_u16(), expected, "{part}: {}", answer.text);
            }
        }
    }
    for (caller, count) in [(&officer, 1), (&leader, 1), (&stranger, 0), (&above, 2), (&admin, 3)] {
        let listed = app.get("/v1/reports", caller).await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), count);
    }
    assert_eq!(app.get("/v1/reports?agency=H16", &leader).await.problem(404), "not_found");
});

story!(frozen_reports_are_listed_newest_first_and_frozen_once_for_each_key, |app| {
    let admin = app.office().await;
    let headers = [("idempotency-key", "freeze-february")];
    let body = json!({"kind": "06a", "agency": "H16.18", "period": "2026-M02"});
    let send =
        async |body: &Value| app.send(Method::POST, "/v1/reports", Some(&admin), &headers, Some(body.clone())).await;
    let first = send(&body).await.expect(201);
    let again = send(&body).await;
    assert_eq!((again.expect(201), again.header("idempotency-replayed")), (first.clone(), "true"));
    assert_eq!(send(&json!({"kind": "06a", "period": "2026-M02"})).await.problem(422), "idempotency_key_reused");
    app.at("2026-03-02T09:05:00");
    let second = app.post("/v1/reports", &admin, json!({"kind": "06a", "period": "2026-M01"})).await.expect(201);

    let page = app.get("/v1/reports?limit=1", &admin).await.expect(200);
    assert_eq!(page["items"][0]["id"], second["id"]);
    assert_eq!(page["items"][0].get("figures"), None, "the list has no figures");
    let next = page["next_cursor"].as_str().unwrap();
    let page = app.get(&format!("/v1/reports?limit=1&cursor={next}"), &admin).await.expect(200);
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&first["id"], &Value::Null));
    for (query, count) in [("kind=06a", 2), ("period=2026-M02", 1), ("period=2026-M03", 0), ("agency=H16", 1)] {
        let listed = app.get(&format!("/v1/reports?{query}"), &admin).await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{query}");
    }
});

story!(reports_refuse_what_they_cannot_read, |app| {
    let admin = app.office().await;
    for (query, status, code) in [
        ("from=2026-03-02&to=2026-03-01", 422, "period_reversed"),
        ("from=2000-01-01&to=2026-03-01", 422, "period_too_long"),
        ("period=2026-Q5", 422, "unknown_preset"),
        ("from=2026-03-01", 400, "missing_parameter"),
        ("from=1.3.2026&to=2026-03-02", 400, "invalid_parameter"),
        ("period=2026-Q1&colour=red", 400, "unknown_parameter"),
        ("period=2026-Q1&agency=H99", 404, "not_found"),
    ] {
        for path in ["06a", "06a.xlsx", "06a.csv", "06b", "06b.xlsx"] {
            assert_eq!(
                app.get(&format!("/v1/reports/{path}?{query}"), &admin).await.problem(status),
                code,
                "{path} {query}"
            );
        }
    }
    for path in ["06a?period=2026-Q1&format=pdf", "06b?period=2026-Q1&format=csv"] {
        assert_eq!(app.get(&format!("/v1/reports/{path}"), &admin).await.problem(422), "invalid_word", "{path}");
    }
    assert_eq!(
        app.get("/v1/reports/06a.xlsx?period=2026-Q1&format=csv", &admin).await.problem(400),
        "unknown_parameter"
    );
    assert_eq!(app.get("/v1/reports/06a.pdf", &admin).await.problem(404), "not_found");
    for (query, status, code) in
        [("kind=06c", 422, "invalid_word"), ("period=x", 422, "unknown_preset"), ("cursor=x", 400, "bad_cursor")]
    {
        assert_eq!(app.get(&format!("/v1/reports?{query}"), &admin).await.problem(status), code, "{query}");
    }
    for (body, pointer, code) in [
        (json!({"kind": "06a", "from": "2026-03-02", "to": "2026-03-01"}), "/to", "period_reversed"),
        (json!({"kind": "06a", "from": "2000-01-01", "to": "2026-03-01"}), "/to", "period_too_long"),
        (json!({"kind": "06a", "period": "2026-Q5"}), "/period", "unknown_preset"),
        (json!({"kind": "06a", "period": "2026-Q1", "to": "2026-03-01"}), "/period", "period_twice"),
        (json!({"kind": "06a"}), "/period", "missing_member"),
        (json!({"kind": "06a", "from": "2026-03-01"}), "/to", "missing_member"),
        (json!({"kind": "06c", "period": "2026-Q1"}), "/kind", "invalid_value"),
        (json!({"kind": "06a", "period": "2026-Q1", "colour": "red"}), "/colour", "unknown_member"),
    ] {
        let error = app.post("/v1/reports", &admin, body.clone()).await.expect(422)["errors"][0].clone();
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
});

story!(the_register_lists_what_the_caller_may_see_by_receipt, |app| {
    let admin = app.office().await;
    let beside = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, beside).await.expect(201);
    let applicant = json!({"kind": "citizen", "name": "=1+1", "identity_no": "000000000001",
        "address": "Thôn Thử, xã Nghiệm", "phone": "0900000001"});
    let returned = app
        .receive(&admin, json!({"applicant": applicant, "delivery": {"method": "postal", "place": "Nhà riêng"}}))
        .await;
    app.receive(&admin, json!({"channel": "online"})).await;
    app.at("2026-03-02T09:01:00");
    let withdrawn = app.receive(&admin, json!({})).await;
    app.at("2026-03-02T09:02:00");
    let void = app.receive(&admin, json!({})).await;
    let elsewhere = app.receive(&admin, json!({"agency": "H16.19"})).await;
    app.post(&format!("/v1/dossiers/{void}/void"), &admin, json!({"reason": "Nhập trùng"})).await.expect(200);
    app.transition(&admin, &withdrawn, json!({"to": "withdrawn", "reason": "Đổi ý"})).await.expect(200);
    app.transition(&admin, &returned, json!({"to": "finished"})).await.expect(200);
    app.at("2026-03-02T09:03:00");
    app.transition(&admin, &returned, json!({"to": "returned"})).await.expect(200);

    let clerk = app.user("clerk", Role::FrontDesk, Some("H16.18")).await;
    let answer = app.get("/v1/reports/register.xlsx?period=2026-M03", &clerk).await;
    let sheet = Sheet::of(&answer);
    assert_eq!((sheet.row(0)[0].as_str(), sheet.row(1)[0].as_str()), ("Sở Lao động", "SỔ THEO DÕI HỒ SƠ"));
    assert_eq!(sheet.row(2)[0], "(Từ ngày 15/02/2026 đến ngày 14/03/2026)");
    assert_eq!(
        (sheet.row(4)[5].as_str(), sheet.row(4)[6].as_str()),
        ("Cơ quan chủ trì giải quyết", "Nhận và trả kết quả")
    );
    assert_eq!(
        sheet.row(5)[6..11],
        ["Nhận hồ sơ", "Hẹn trả kết quả", "Trả kết quả", "Phương thức nhận kết quả", "Ký nhận"]
    );
    // Days since 30 December 1899, as spreadsheets count them: 2 and 9 March 2026, 09:00 being 0.375 of a day.
    let first = sheet.row(7);
    assert_eq!(
        first[..6],
        ["1", returned.as_str(), "Trợ cấp", "=1+1", "Thôn Thử, xã Nghiệm; •••••••001", "Sở Lao động"]
    );
    assert_eq!(first[6..8], ["46083.375", "46090.375"]);
    assert!(first[8].starts_with("46083.37708"), "three minutes later: {}", first[8]);
    assert_eq!(first[9..], ["Bưu chính", "", ""]);
    assert_eq!(sheet.formula(7, 3), "", "a name is no formula");
    let second = sheet.row(8);
    assert_eq!(
        (second[1].as_str(), second[8].as_str(), second[11].as_str()),
        (withdrawn.as_str(), "", "Rút hồ sơ ngày 02/03/2026")
    );
    let third = sheet.row(9);
    assert_eq!((third[1].as_str(), third[11].as_str()), (void.as_str(), "Hồ sơ bị hủy"));
    assert!(sheet.row(10)[0].starts_with("Tổng số: 3 hồ sơ. Số liệu tính đến 09 giờ 03 phút"), "{:?}", sheet.row(10));
    assert!(!(0..=10).any(|row| sheet.row(row).iter().any(|cell| cell.contains("000000000001"))));

    let both = Sheet::of(&app.get("/v1/reports/register?period=2026-M03&agency=H16", &admin).await);
    assert_eq!((both.row(10)[1].as_str(), both.row(10)[5].as_str()), (elsewhere.as_str(), "Sở khác"));
    let earlier = Sheet::of(&app.get("/v1/reports/register?period=2026-M02", &clerk).await);
    // It shows how dossiers stand now, whatever the period.
    assert_eq!(earlier.row(7)[0], "Tổng số: 0 hồ sơ. Số liệu tính đến 09 giờ 03 phút 00 giây ngày 02/03/2026.");
    assert_eq!(app.get("/v1/reports/register?period=2026-M03&agency=H16.19", &clerk).await.problem(404), "not_found");
    assert_eq!(app.get("/v1/reports/register?period=2026-Q5", &clerk).await.problem(422), "unknown_preset");
    assert_eq!(app.get("/v1/reports/register?period=2026-Q1&q=x", &clerk).await.problem(400), "unknown_parameter");

    // Page by page it is the same list; one that is too long is refused.
    let filter = Filter::of(Visible::Everything, app.ambient.now(), Order::Received { descending: false });
    let read = |most: usize| {
        let mut codes = Vec::new();
        let limits = Limits { page: 2, most };
        let done = app.db.read(|reader| {
            entries(reader, &filter, limits, |entry| {
                codes.push(entry.code.clone());
                Ok(())
            })
        });
        done.map(|_| codes)
    };
    assert_eq!(read(4).unwrap(), [returned, withdrawn, void, elsewhere]);
    assert!(matches!(read(3), Err(Fault::Refused(Refusal::RegisterTooLong { most: 3 }))));
});

story!(the_register_of_letters_shows_each_with_its_number_and_where_it_stands, |app| {
    let admin = app.office().await;
    let body = json!({"code": "H16.19", "name": "Sở khác", "level": "department", "parent": "H16"});
    app.post("/v1/agencies", &admin, body).await.expect(201);
    let late = app.receive(&admin, json!({})).await;
    app.receive(&admin, json!({"agency": "H16.19"})).await;
    app.at("2026-03-10T08:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let clerk = app.user("clerk", Role::FrontDesk, Some("H16.18")).await;
    let shown = app.get(&format!("/v1/dossiers/{late}"), &admin).await.expect(200);
    let path = format!("/v1/apology-letters/{}", shown["letter"]["id"].as_str().unwrap());
    let text = json!({"reason": "Chờ ý kiến", "new_return_at": "2026-03-16T09:00:00+07:00"});
    app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], Some(text)).await.expect(200);
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    let issue = json!({"number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-10",
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}});
    app.post(&format!("{path}/issue"), &admin, issue).await.expect(200);
    app.post(&format!("{path}/deliver"), &admin, json!({"channel": "email"})).await.expect(200);

    let answer = app.get("/v1/reports/letters.xlsx?period=2026-M03", &clerk).await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"van-ban-xin-loi_H16.18_2026-02-15_2026-03-14.xlsx\""
    );
    let sheet = Sheet::of(&answer);
    assert_eq!(sheet.row(1)[0], "SỔ THEO DÕI VĂN BẢN XIN LỖI");
    let row = sheet.row(6);
    assert_eq!(row[..2], ["1".to_owned(), late.clone()]);
    assert_eq!(row[2..5], ["Trợ cấp", "Đặng Thị Quỳnh Thử", "Sở Lao động"]);
    assert_eq!(row[6..8], ["Quá hạn", "Chờ ý kiến"]);
    assert_eq!((&row[9], &row[11]), (&"12/PXL-SLĐTBXH".to_owned(), &"Giám đốc\nĐặng Văn Ưởng".to_owned()));
    assert_eq!(row[12], "Đã gửi qua thư điện tử ngày 10/03/2026");
    assert_eq!(sheet.row(7)[0], "Tổng số: 1 văn bản. Số liệu tính đến 08 giờ 00 phút 00 giây ngày 10/03/2026.");
    let draft = Sheet::of(&app.get("/v1/reports/letters.xlsx?period=2026-M03&status=draft", &admin).await);
    assert_eq!((draft.row(6)[4].as_str(), draft.row(6)[12].as_str()), ("Sở khác", "Dự thảo"));
    let warned = Sheet::of(&app.get("/v1/reports/letters.xlsx?period=2026-M03&kind=at_risk", &admin).await);
    assert!(warned.row(6)[0].starts_with("Tổng số: 0 văn bản."), "{:?}", warned.row(6));
});
