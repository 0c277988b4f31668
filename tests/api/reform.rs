//! The report on administrative reform: its sentences, and each number against the query that is given for it.

use motcua::domain::vocabulary::Role;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;

/// A dossier with a letter that is owed and not written yet, one ended in time, one paused; two visits; feedback; a task.
async fn busy(app: &TestApp) -> String {
    let admin = app.office().await;
    let done = app.receive(&admin, json!({})).await;
    for body in [json!({"to": "processing"}), json!({"to": "finished", "outcome": "granted"})] {
        app.transition(&admin, &done, body).await.expect(200);
    }
    app.receive(&admin, json!({})).await;
    let paused = app.receive(&admin, json!({"channel": "postal"})).await;
    app.transition(&admin, &paused, json!({"to": "supplement_required", "reason": "Thiếu bản sao"})).await.expect(200);
    let post = async |path: &str, body: Value| app.post(path, &admin, body).await.expect(201);
    for (people, subject) in [(1, "petition"), (3, "procedure")] {
        let visit = json!({"agency": "H16.18", "visited_on": "2026-03-02", "session": "regular",
            "received_by": {"name": "Lê Thị Tiếp"}, "people": people, "subjects": [subject], "content": "Hỏi", "outcome": "guided"});
        post("/v1/reception-visits", visit).await;
    }
    post("/v1/feedback", json!({"agency": "H16.18", "kind": "petition", "channel": "direct", "content": "Chờ lâu"}))
        .await;
    let plan = json!({"agency": "H16.18", "number": "01/KH", "promulgated_on": "2026-03-02", "title": "Kế hoạch", "period": "2026"});
    let plan = post("/v1/plans", plan).await;
    let task = json!({"title": "Rà soát thủ tục", "due_on": "2026-03-10"});
    post(&format!("/v1/plans/{}/tasks", plan["id"].as_str().unwrap()), task).await;
    let item = json!({"change": "amended", "procedure": "1.001739", "effective_on": "2026-03-01"});
    post(
        "/v1/decisions",
        json!({"number": "7/QĐ-UBND", "decided_on": "2026-02-27", "issuer": "Chủ tịch", "items": [item]}),
    )
    .await;
    app.at("2026-03-12T09:00:00");
    motcua::flow::sweep::sweep(&app.db, &app.ambient, 0).unwrap();
    app.admin().await
}

fn texts(report: &Value) -> String {
    let sections = report["sections"].as_array().unwrap().iter();
    let paragraphs = sections.flat_map(|section| section["paragraphs"].as_array().unwrap());
    paragraphs.map(|paragraph| paragraph["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

const MARCH: &str = "from=2026-03-01&to=2026-03-31";

story!(every_number_of_the_report_is_what_its_query_gives, |app| {
    let admin = busy(app).await;
    for narrowed in ["", "&agency=H16", "&agency=H16.18"] {
        let report = app.get(&format!("/v1/reports/reform?{MARCH}{narrowed}"), &admin).await.expect(200);
        let mut followed = 0;
        for section in report["sections"].as_array().unwrap() {
            for paragraph in section["paragraphs"].as_array().unwrap() {
                for figure in paragraph["figures"].as_array().unwrap() {
                    let (query, pointer) = (figure["query"].as_str().unwrap(), figure["pointer"].as_str().unwrap());
                    let given = app.get(query, &admin).await.expect(200);
                    assert_eq!(given.pointer(pointer), Some(&figure["value"]), "{query} {pointer}");
                    assert!(paragraph["text"].as_str().unwrap().contains(figure["text"].as_str().unwrap()));
                    followed += 1;
                }
            }
        }
        assert!(followed > 25, "{followed} of {narrowed}");
    }
});

story!(the_report_says_in_words_what_the_office_did, |app| {
    let admin = busy(app).await;
    let report = app.get(&format!("/v1/reports/reform?{MARCH}&agency=H16.18"), &admin).await.expect(200);
    let text = texts(&report);
    // Counted by hand from the story above: three received, one of them early, one paused, one overdue since the 10th.
    for sentence in [
        "Tổng số hồ sơ phải giải quyết: 3 hồ sơ, trong đó 0 trực tuyến, 3 trực tiếp và qua bưu chính, 0 từ kỳ trước chuyển sang.",
        "Đã giải quyết 1 hồ sơ: 1 trước hạn, 0 đúng hạn, 0 quá hạn; tỷ lệ trước hạn và đúng hạn: 100%.",
        "Đang giải quyết 2 hồ sơ: 1 trong hạn, 1 quá hạn; trong số còn hạn có 1 hồ sơ tạm dừng chờ bổ sung hoặc nộp phí, lệ phí.",
        "Hồ sơ quá hạn: 0 đã giải quyết, 1 đang giải quyết; đã có văn bản xin lỗi: 0 hồ sơ đã giải quyết, 0 hồ sơ đang giải quyết. \
         Các hồ sơ quá hạn còn lại chưa có văn bản xin lỗi.",
        "Trong kỳ tiếp 2 lượt công dân với 4 người, trong đó 1 lượt kiến nghị, 1 lượt hỏi về thủ tục, hồ sơ.",
        "Phản ánh, kiến nghị phải xử lý: 1 (0 từ kỳ trước chuyển sang); đã xử lý 0 (0 quá hạn); đang xử lý: 1 trong hạn, 0 quá hạn.",
        "Được giao 1 nhiệm vụ: 0 đã hoàn thành, 0 đang thực hiện, 1 quá hạn.",
    ] {
        assert!(text.contains(sentence), "{sentence}\n--\n{text}");
    }
    // Before anything happened no letter was needed.
    let before = app.get("/v1/reports/reform?period=2025-H1&agency=H16.18", &admin).await.expect(200);
    assert!(texts(&before).contains("Không có hồ sơ quá hạn nên không phải ban hành văn bản xin lỗi."));
    assert_eq!(before["period"], json!({"from": "2024-12-15", "to": "2025-06-14"}));
});

story!(the_report_goes_out_to_edit_and_to_print, |app| {
    let admin = busy(app).await;
    let path = format!("/v1/reports/reform.docx?{MARCH}&agency=H16.18");
    let docx = app.get(&path, &admin).await;
    let bytes = docx.expect_bytes(200);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut document = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("word/document.xml").unwrap(), &mut document).unwrap();
    for words in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "BÁO CÁO",
        "Công tác cải cách hành chính từ ngày 01/03/2026 đến ngày 31/03/2026",
        "3. Văn bản xin lỗi",
        "Trong kỳ tiếp 2 lượt công dân với 4 người",
    ] {
        assert!(document.contains(words), "{words}");
    }
    let pdf = app.get(&format!("/v1/reports/reform.pdf?{MARCH}&agency=H16.18"), &admin).await;
    assert!(pdf.expect_bytes(200).starts_with(b"%PDF-1.7"));
    let name = "attachment; filename=\"bao-cao-cchc_H16.18_2026-03-01_2026-03-31.docx\"";
    assert_eq!(docx.header("content-disposition"), name);
});

story!(who_asks_for_what_is_not_theirs_or_no_period_is_told, |app| {
    app.office().await;
    let leader = app.user("leader", Role::Leader, Some("H16.18")).await;
    for path in ["/v1/reports/reform", "/v1/reports/reform.docx", "/v1/reports/reform.pdf"] {
        let of = |query: &str| format!("{path}?{query}");
        assert_eq!(app.get(&of("period=2026-H1&agency=H16"), &leader).await.problem(404), "not_found");
        assert_eq!(app.get(&of("period=2026-H3"), &leader).await.problem(422), "unknown_preset");
        assert_eq!(app.get(&of("from=2026-03-31&to=2026-03-01"), &leader).await.problem(422), "period_reversed");
        assert_eq!(app.get(path, &leader).await.problem(400), "missing_parameter");
        assert_eq!(app.get(&of("period=2026-H1&format=csv"), &leader).await.problem(400), "unknown_parameter");
    }
});
