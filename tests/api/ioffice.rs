//! Letters through an e-office (contract section 7): fetched, signed, refused, called back, and every order of it.

use motcua::domain::vocabulary::Role;
use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::office::{Signed, document, machine, member, status};
use crate::support::{Answer, TestApp};

/// Tuesday 10 March 2026: what came on 2 March with five days is overdue.
const TODAY: &str = "2026-03-10T08:00:00";
/// `%PDF-1.4 x`, and its SHA-256 by sha256sum.
const PDF: &str = "JVBERi0xLjQgeA==";

/// An overdue dossier with its letter at H16.18, both the letter submitted; and who handles them.
struct Desk<'a> {
    app: &'a TestApp,
    admin: String,
    machine: String,
    dossier: String,
    letter: String,
}

impl<'a> Desk<'a> {
    async fn overdue(app: &'a TestApp) -> Self {
        let admin = app.office().await;
        let dossier = app.receive(&admin, json!({})).await;
        app.at(TODAY);
        sweep(&app.db, &app.ambient, 0).unwrap();
        Self::with(app, dossier).await
    }

    /// A dossier that is in time, with a warning that is submitted.
    async fn at_risk(app: &'a TestApp) -> Self {
        app.office().await;
        app.at(TODAY);
        let admin = app.admin().await;
        let dossier = app.receive(&admin, json!({})).await;
        let path = format!("/v1/dossiers/{dossier}/apology-letters");
        app.post(&path, &admin, json!({"kind": "at_risk"})).await.expect(201);
        Self::with(app, dossier).await
    }

    async fn with(app: &'a TestApp, dossier: String) -> Self {
        let admin = app.admin().await;
        let shown = app.get(&format!("/v1/dossiers/{dossier}"), &admin).await.expect(200);
        let letter = shown["letter"]["id"].as_str().unwrap().to_owned();
        let desk = Self { app, machine: machine(app, "H16.18").await, admin, dossier, letter };
        desk.submit(Some("2026-03-20T09:00:00+07:00")).await;
        desk
    }

    async fn submit(&self, new_return_at: Option<&str>) {
        let path = format!("/v1/apology-letters/{}", self.letter);
        let body = json!({"reason": "Chờ ý kiến phối hợp", "new_return_at": new_return_at});
        let headers = [("if-match", "*")];
        self.app.send(Method::PATCH, &path, Some(&self.admin), &headers, Some(body)).await.expect(200);
        self.app.post(&format!("{path}/submit"), &self.admin, json!({})).await.expect(200);
    }

    async fn packet(&self) -> String {
        let path = format!("/v1/ioffice/documents/{}/packet.edxml", self.letter);
        let answer = self.app.get(&path, &self.machine).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
        answer.text
    }

    async fn result(&self, body: Value) -> Answer {
        self.app.post(&format!("/v1/ioffice/documents/{}/result", self.letter), &self.machine, body).await
    }

    async fn send(&self, packet: String) -> Answer {
        let bytes = packet.into_bytes();
        self.app.raw(Method::POST, "/v1/ioffice/packets", Some(&self.machine), "application/xml", bytes).await
    }

    async fn listed(&self, which: &str) -> Vec<String> {
        let page = self.app.get(&format!("/v1/ioffice/documents?status={which}"), &self.machine).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn shown(&self) -> Value {
        self.app.get(&format!("/v1/apology-letters/{}", self.letter), &self.admin).await.expect(200)
    }

    async fn status(&self) -> String {
        self.shown().await["status"].as_str().unwrap().to_owned()
    }

    async fn dossier(&self) -> Value {
        self.app.get(&format!("/v1/dossiers/{}", self.dossier), &self.admin).await.expect(200)
    }

    async fn exchange(&self) -> Value {
        self.app.get(&format!("/v1/apology-letters/{}/exchange", self.letter), &self.admin).await.expect(200)
    }

    /// Kind, code and effect of every entry.
    async fn log(&self) -> Vec<String> {
        let exchange = self.exchange().await;
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let items = exchange["items"].as_array().unwrap().iter();
        items.map(|entry| ["kind", "code", "effect"].map(|name| word(entry, name)).join(" ")).collect()
    }

    async fn go(&self, to: &str) {
        self.app.transition(&self.admin, &self.dossier, json!({"to": to})).await.expect(200);
    }
}

fn issued(number: u32) -> Value {
    json!({"result": "issued", "number": number, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-10",
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}})
}

fn with_paper(mut body: Value, base64: &str) -> Value {
    body["attachment"] = json!({"name": "Thư.pdf", "content_type": "text/plain", "base64": base64});
    body
}

story!(a_letter_is_fetched_and_comes_back_issued, |app| {
    let desk = Desk::overdue(app).await;
    assert_eq!(desk.listed("submitted").await, [desk.letter.as_str()]);
    let packet = desk.packet().await;
    let document_id = format!("H16.18,2026/03/10,0/{}", desk.letter);
    assert_eq!(member(&packet, "DocumentId"), document_id);
    assert_eq!(member(&packet, "BussinessDocType"), "0");
    assert_eq!(member(&packet, "Subject"), format!("Xin lỗi và hẹn lại ngày trả kết quả hồ sơ {}", desk.dossier));
    assert_eq!(member(&packet, "Content"), "Hẹn trả lại: 09:00 ngày 20/03/2026. Lý do: Chờ ý kiến phối hợp");
    // Fetched again, it is the same and on file once.
    assert_eq!(desk.packet().await, packet);
    let first = desk.result(with_paper(issued(12), PDF)).await.expect(200);
    assert_eq!((&first["effect"], &first["code"], &first["seq"]), (&json!("issued"), &json!("issued"), &json!(2)));
    assert_eq!(desk.result(with_paper(issued(12), PDF)).await.expect(200), first, "the same again answers the same");
    for other in [issued(13), with_paper(issued(12), "JVBERi0xLjQgeQ=="), json!({"result": "returned", "reason": "x"})]
    {
        assert_eq!(desk.result(other).await.problem(409), "already_issued");
    }
    assert_eq!(desk.result(json!({"result": "trace"})).await.expect(200)["effect"], "noted");
    let letter = desk.shown().await;
    assert_eq!((&letter["status"], &letter["number"]), (&json!("issued"), &json!(12)));
    assert_eq!((&letter["notation"], &letter["promulgated_on"]), (&json!("PXL-SLĐTBXH"), &json!("2026-03-10")));
    assert_eq!(letter["signer"], json!({"name": "Đặng Văn Ưởng", "position": "Giám đốc"}));
    assert_eq!(desk.dossier().await["reappointed_at"], "2026-03-20T09:00:00+07:00");
    assert_eq!(desk.log().await, ["packet new sent", "result issued issued", "result trace noted"]);
    assert!(desk.listed("submitted").await.is_empty() && desk.listed("recalled").await.is_empty());
    let path = format!("/v1/ioffice/documents/{}/packet.edxml", desk.letter);
    assert_eq!(app.get(&path, &desk.machine).await.problem(409), "letter_status");

    let signed = app.get(&format!("/v1/apology-letters/{}/signed", desk.letter), &desk.admin).await;
    assert_eq!((signed.status.as_u16(), signed.bytes.as_slice()), (200, b"%PDF-1.4 x".as_slice()));
    assert_eq!(signed.header("content-type"), "application/pdf", "by content, not as declared");
    assert_eq!(signed.header("x-content-type-options"), "nosniff");
    assert!(signed.header("content-disposition").contains("filename*=UTF-8''Th%C6%B0.pdf"));
    let etag = signed.header("etag").to_owned();
    assert_eq!(desk.exchange().await["signed_sha256"], etag.trim_matches('"'));
    let headers = [("if-none-match", etag.as_str())];
    let path = format!("/v1/apology-letters/{}/signed", desk.letter);
    assert_eq!(app.send(Method::GET, &path, Some(&desk.admin), &headers, None).await.status, 304);

    let timeline = app.get(&format!("/v1/dossiers/{}/timeline?limit=200", desk.dossier), &desk.admin).await.expect(200);
    let by_machine = timeline["items"].as_array().unwrap().iter().filter(|event| event.to_string().contains("iOffice"));
    assert!(by_machine.count() >= 2, "the issue and the re-appointment, by the machine: {timeline}");
});

story!(a_signed_document_packet_issues_the_letter_it_answers, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    let signed =
        Signed { answers: &document_id, number: 12, notation: "PXL-SLĐTBXH", on: "2026/03/10", paper: Some(PDF) };
    let elsewhere = Signed { answers: "H16.18,2026/03/10,0/0195f2", ..signed.clone() };
    assert_eq!(desk.send(document(&elsewhere)).await.problem(422), "unknown_document");
    let wrong_day = document_id.replace("2026/03/10", "2026/03/09");
    let lies = Signed { answers: &wrong_day, ..signed.clone() };
    assert_eq!(desk.send(document(&lies)).await.problem(422), "unknown_document");
    let tomorrow = Signed { on: "2026/03/11", ..signed.clone() };
    assert_eq!(desk.send(document(&tomorrow)).await.problem(422), "promulgated_in_the_future");
    assert_eq!(desk.log().await, ["packet new sent"], "nothing changed");

    let first = desk.send(document(&signed)).await.expect(200);
    assert_eq!((&first["kind"], &first["effect"]), (&json!("document"), &json!("issued")));
    assert_eq!(desk.send(document(&signed)).await.expect(200), first);
    assert_eq!(desk.shown().await["signer"]["name"], "Đặng Văn Ưởng");
    assert_eq!(desk.dossier().await["reappointed_at"], "2026-03-20T09:00:00+07:00");
    // The result says the same another way; another document does not.
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "confirmed");
    let other = Signed { number: 13, ..signed.clone() };
    assert_eq!(desk.send(document(&other)).await.problem(409), "already_issued");
    // From now on the letter has a name of its own.
    let own = status("H16.18,2026/03/10,12/PXL-SLĐTBXH", "06", "2026/03/10 10:00:00", "");
    assert_eq!(desk.send(own).await.expect(200)["meaning"], "completed");
    let nobodys = status("H16.18,2026/03/10,13/PXL-SLĐTBXH", "06", "2026/03/10 10:00:00", "");
    assert_eq!(desk.send(nobodys).await.problem(422), "unknown_document");
    let signed = app.get(&format!("/v1/apology-letters/{}/signed", desk.letter), &desk.admin).await;
    assert_eq!(signed.bytes, b"%PDF-1.4 x");
});

story!(what_is_refused_goes_back_to_its_drafter_with_the_reason, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    let refused = |at: &str| status(&document_id, "02", at, "Sai thể thức");
    let first = desk.send(refused("2026/03/10 08:10:00")).await.expect(200);
    assert_eq!((&first["effect"], &first["meaning"]), (&json!("rejected"), &json!("refused")));
    let letter = desk.shown().await;
    assert_eq!((&letter["status"], &letter["remark"]), (&json!("rejected"), &json!("Sai thể thức")));
    desk.submit(Some("2026-03-20T09:00:00+07:00")).await;
    // The same status once more says nothing new, and neither does a result given twice in one round.
    assert_eq!(desk.send(refused("2026/03/10 08:10:00")).await.expect(200), first);
    assert_eq!(desk.status().await, "submitted");
    desk.packet().await;
    let returned = json!({"result": "returned", "reason": "Sai ngày"});
    let back = desk.result(returned.clone()).await.expect(200);
    assert_eq!((&back["effect"], desk.status().await.as_str()), (&json!("rejected"), "rejected"));
    desk.submit(Some("2026-03-20T09:00:00+07:00")).await;
    assert_eq!(desk.result(returned.clone()).await.expect(200), back);
    assert_eq!(desk.status().await, "submitted");
    // Fetched again it is another round, in which the same words mean something new.
    desk.packet().await;
    assert_eq!(desk.result(returned).await.expect(200)["seq"], back["seq"].as_i64().unwrap() + 2);
    assert_eq!(desk.status().await, "rejected");
    assert_eq!(desk.exchange().await["office"]["round"], 3);
});

story!(statuses_are_kept_once_each_the_unknown_ones_too, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    for (code, at) in
        [("01", "08:01"), ("03", "08:02"), ("77", "08:03"), ("77", "08:03"), ("77", "08:04"), ("01", "08:01")]
    {
        let sent = status(&document_id, code, &format!("2026/03/10 {at}:00"), "x");
        assert_eq!(desk.send(sent).await.expect(200)["effect"], "noted", "{code}");
    }
    let expected = ["packet new sent", "status 01 noted", "status 03 noted", "status 77 noted", "status 77 noted"];
    assert_eq!(desk.log().await, expected);
    assert_eq!(desk.exchange().await["items"][3]["meaning"], Value::Null);
    let signed = json!({"result": "signed", "signed_on": "2026-03-10", "signer": {"name": "A", "position": "B"}});
    assert_eq!(desk.result(with_paper(signed, PDF)).await.expect(200)["effect"], "signed");
    assert_eq!(desk.status().await, "submitted", "signed is not issued");
    let paged =
        app.get(&format!("/v1/apology-letters/{}/exchange?limit=4", desk.letter), &desk.admin).await.expect(200);
    let cursor = paged["next_cursor"].as_str().unwrap();
    let path = format!("/v1/apology-letters/{}/exchange?limit=4&cursor={cursor}", desk.letter);
    let rest = app.get(&path, &desk.admin).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &Value::Null));
});

story!(a_letter_whose_dossier_ends_meanwhile_is_called_back, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    desk.go("finished").await;
    let letter = desk.shown().await;
    assert_eq!((&letter["status"], &letter["new_return_at"]), (&json!("draft"), &Value::Null));
    assert_eq!(desk.listed("recalled").await, [desk.letter.as_str()]);
    assert!(desk.listed("submitted").await.is_empty());
    let recall = desk.packet().await;
    assert_eq!((member(&recall, "BussinessDocType"), member(&recall, "DocumentId")), ("1", document_id.as_str()));
    assert_eq!(desk.exchange().await["office"]["recall_owed"], true);
    let agreed = status(&document_id, "15", "2026/03/10 08:30:00", "");
    assert_eq!(desk.send(agreed).await.expect(200)["effect"], "recalled");
    assert!(desk.listed("recalled").await.is_empty());
    assert_eq!(desk.result(issued(12)).await.problem(409), "letter_status", "it gave it back");
    // The letter of an ended dossier needs no new date and sets none.
    desk.submit(None).await;
    assert_eq!(member(&desk.packet().await, "BussinessDocType"), "0");
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "issued");
    assert_eq!(desk.dossier().await["reappointed_at"], Value::Null);
    let expected =
        ["packet new sent", "packet recall sent", "status 15 recalled", "packet new sent", "result issued issued"];
    assert_eq!(desk.log().await, expected);
});

story!(a_letter_signed_before_its_recall_is_kept_and_moves_no_date, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    desk.go("finished").await;
    let refused = status(&document_id, "16", "2026/03/10 08:30:00", "Đã ký");
    assert_eq!(desk.send(refused).await.expect(200)["effect"], "recall_refused");
    assert!(desk.listed("recalled").await.is_empty(), "it is answered");
    let signed =
        Signed { answers: &document_id, number: 12, notation: "PXL-SLĐTBXH", on: "2026/03/10", paper: Some(PDF) };
    assert_eq!(desk.send(document(&signed)).await.expect(200)["effect"], "kept");
    let letter = desk.shown().await;
    assert_eq!((&letter["status"], &letter["number"]), (&json!("issued"), &json!(12)));
    assert_eq!(letter["new_return_at"], "2026-03-20T09:00:00+07:00", "the text that was signed");
    assert_eq!(desk.dossier().await["reappointed_at"], Value::Null);
    let counted = app.get("/v1/statistics?from=2026-03-01&to=2026-03-31", &desk.admin).await.expect(200);
    assert_eq!(counted["total"]["resolved"]["late_with_letter"], 1);
    let path = format!("/v1/apology-letters/{}", desk.letter);
    app.post(&format!("{path}/deliver"), &desk.admin, json!({"channel": "postal"})).await.expect(200);
});

story!(a_reopened_dossier_is_not_reappointed_by_a_letter_that_was_called_back, |app| {
    let desk = Desk::overdue(app).await;
    desk.packet().await;
    desk.go("finished").await;
    let reopened = json!({"to": "reopen", "reason": "Nhầm hồ sơ"});
    app.transition(&desk.admin, &desk.dossier, reopened).await.expect(200);
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "kept");
    let dossier = desk.dossier().await;
    assert_eq!((&dossier["timing"], &dossier["reappointed_at"]), (&json!("overdue"), &Value::Null));
});

story!(replies_for_handed_over_dossiers_are_on_file_and_ignored, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    desk.go("finished").await;
    desk.go("returned").await;
    assert_eq!(desk.result(with_paper(issued(12), PDF)).await.expect(200)["effect"], "ignored");
    let refused = status(&document_id, "02", "2026/03/10 08:10:00", "Sai");
    assert_eq!(desk.send(refused).await.expect(200)["effect"], "ignored");
    assert_eq!((desk.status().await.as_str(), desk.shown().await["number"].clone()), ("draft", Value::Null));
    assert_eq!(
        app.get(&format!("/v1/apology-letters/{}/signed", desk.letter), &desk.admin).await.problem(404),
        "not_found"
    );
    assert!(desk.listed("recalled").await.is_empty(), "it has answered");
    // A letter written after the hand-over is asked for, and its reply counts.
    desk.submit(None).await;
    desk.packet().await;
    assert_eq!(desk.result(issued(14)).await.expect(200)["effect"], "issued");
    assert_eq!(desk.shown().await["number"], 14);
});

story!(a_warning_is_called_back_when_the_result_comes_in_time, |app| {
    let desk = Desk::at_risk(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    desk.go("finished").await;
    assert_eq!(desk.status().await, "cancelled");
    assert_eq!(desk.listed("recalled").await, [desk.letter.as_str()]);
    let recalled = status(&document_id, "13", "2026/03/10 08:30:00", "");
    assert_eq!(desk.send(recalled).await.expect(200)["effect"], "recalled");
    assert_eq!(desk.status().await, "cancelled");
});

story!(a_warning_signed_meanwhile_stays_on_file, |app| {
    let desk = Desk::at_risk(app).await;
    desk.packet().await;
    desk.go("finished").await;
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "kept");
    let dossier = desk.dossier().await;
    assert_eq!((desk.status().await.as_str(), &dossier["reappointed_at"]), ("issued", &Value::Null));
});

story!(a_warning_whose_dossier_ends_late_unnoticed_is_called_back_as_the_late_letter, |app| {
    let desk = Desk::at_risk(app).await;
    desk.packet().await;
    // Due on the 17th; no sweep noticed that it passed.
    app.at("2026-03-18T08:00:00");
    let desk = Desk { admin: app.admin().await, machine: machine(app, "H16.18").await, ..desk };
    let stopped = json!({"to": "stopped", "reason": "Hết thời hạn bổ sung"});
    app.transition(&desk.admin, &desk.dossier, stopped).await.expect(200);
    let letter = desk.shown().await;
    assert_eq!((&letter["kind"], &letter["status"]), (&json!("late"), &json!("draft")));
    assert_eq!(desk.listed("recalled").await, [desk.letter.as_str()]);
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "kept");
    assert_eq!(desk.dossier().await["reappointed_at"], Value::Null);
});

story!(a_signature_that_is_recorded_late_counts_by_the_letters_date, |app| {
    // Signed on the 19th for the 20th; the record of it comes when that hour is over.
    let desk = Desk::overdue(app).await;
    desk.packet().await;
    app.at("2026-03-20T10:00:00");
    let desk = Desk { admin: app.admin().await, machine: machine(app, "H16.18").await, ..desk };
    let issued = json!({"result": "issued", "number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-19",
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}});
    desk.result(issued).await.expect(200);
    assert_eq!(desk.status().await, "issued");
    assert_eq!(desk.dossier().await["reappointed_at"], "2026-03-20T09:00:00+07:00");
});

story!(a_signed_letter_whose_date_fell_on_a_closure_is_kept_without_effect_on_the_deadline, |app| {
    let desk = Desk::overdue(app).await;
    desk.packet().await;
    let closure = json!({"date": "2026-03-20", "reason": "Bão"});
    app.post("/v1/agencies/H16.18/closures", &desk.admin, closure).await.expect(201);
    let issued = json!({"result": "issued", "number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-10",
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}});
    desk.result(issued.clone()).await.expect(200);
    assert_eq!(desk.log().await, ["packet new sent", "result issued kept"]);
    let shown = desk.shown().await;
    assert_eq!((&shown["status"], &shown["number"]), (&json!("issued"), &json!(12)));
    assert_eq!(desk.dossier().await["reappointed_at"], json!(null));
    assert!(desk.listed("submitted").await.is_empty());
    desk.result(issued).await.expect(200);
    assert_eq!(desk.log().await.len(), 2, "the same again does nothing");
});

story!(the_letter_of_an_ended_dossier_promises_nothing, |app| {
    let desk = Desk::overdue(app).await;
    let path = format!("/v1/apology-letters/{}", desk.letter);
    app.post(&format!("{path}/reject"), &desk.admin, json!({"reason": "Sửa lại"})).await.expect(200);
    desk.go("finished").await;
    assert_eq!(desk.shown().await["new_return_at"], "2026-03-20T09:00:00+07:00", "its text is the drafter's");
    let submitted = app.post(&format!("{path}/submit"), &desk.admin, json!({})).await.expect(200);
    assert_eq!(submitted["new_return_at"], json!(null));
    assert!(!desk.packet().await.contains("Hẹn trả lại"));
});

story!(a_letter_about_something_else_is_signed_whatever_becomes_of_the_dossier, |app| {
    let desk = Desk::overdue(app).await;
    let path = format!("/v1/dossiers/{}/apology-letters", desk.dossier);
    let lost = app.post(&path, &desk.admin, json!({"kind": "lost", "reason": "Thất lạc"})).await.expect(201);
    let desk = Desk { letter: lost["id"].as_str().unwrap().to_owned(), ..desk };
    app.post(&format!("/v1/apology-letters/{}/submit", desk.letter), &desk.admin, json!({})).await.expect(200);
    let packet = desk.packet().await;
    assert_eq!(member(&packet, "Subject"), format!("Xin lỗi về việc làm mất giấy tờ của hồ sơ {}", desk.dossier));
    desk.go("finished").await;
    assert_eq!(desk.status().await, "submitted");
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "issued");
    assert_eq!(desk.dossier().await["reappointed_at"], Value::Null);
});

story!(a_warning_that_was_replaced_stays_dropped_though_it_was_signed, |app| {
    let desk = Desk::at_risk(app).await;
    desk.packet().await;
    let path = format!("/v1/apology-letters/{}", desk.letter);
    app.post(&format!("{path}/cancel"), &desk.admin, json!({"reason": "Sẽ kịp hạn"})).await.expect(200);
    app.at("2026-03-18T08:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let desk = Desk { admin: app.admin().await, machine: machine(app, "H16.18").await, ..desk };
    assert_ne!(desk.dossier().await["letter"]["id"], desk.letter, "the dossier has a late letter by now");
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "kept");
    let letter = desk.shown().await;
    assert_eq!((&letter["status"], &letter["number"]), (&json!("cancelled"), &json!(12)));
    assert_eq!(desk.dossier().await["reappointed_at"], Value::Null);
});

story!(a_text_changed_after_it_was_fetched_is_not_issued_by_the_former_one, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    let path = format!("/v1/apology-letters/{}", desk.letter);
    app.post(&format!("{path}/reject"), &desk.admin, json!({"reason": "Đổi ngày"})).await.expect(200);
    assert_eq!(desk.listed("recalled").await, [desk.letter.as_str()]);
    desk.submit(Some("2026-03-25T09:00:00+07:00")).await;
    assert!(desk.listed("recalled").await.is_empty());
    assert_eq!(desk.result(issued(12)).await.problem(409), "letter_superseded");
    let update = desk.packet().await;
    assert_eq!((member(&update, "BussinessDocType"), member(&update, "DocumentId")), ("2", document_id.as_str()));
    assert_eq!(desk.result(issued(12)).await.expect(200)["effect"], "issued");
    assert_eq!(desk.dossier().await["reappointed_at"], "2026-03-25T09:00:00+07:00");
});

story!(a_letter_issued_by_hand_is_called_back_and_not_issued_twice, |app| {
    let desk = Desk::overdue(app).await;
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    let mut by_hand = issued(7);
    by_hand.as_object_mut().unwrap().remove("result");
    let path = format!("/v1/apology-letters/{}", desk.letter);
    app.post(&format!("{path}/issue"), &desk.admin, by_hand).await.expect(200);
    assert_eq!(desk.listed("recalled").await, [desk.letter.as_str()]);
    assert_eq!(desk.result(issued(12)).await.problem(409), "already_issued");
    let agreed = status(&document_id, "15", "2026/03/10 08:30:00", "");
    assert_eq!(desk.send(agreed).await.expect(200)["effect"], "recalled");
    assert!(desk.listed("recalled").await.is_empty());
    assert_eq!(desk.shown().await["number"], 7);
});

story!(of_many_answers_at_once_one_counts, |app| {
    let desk = Desk::overdue(app).await;
    desk.packet().await;
    let answers = futures_util::future::join_all((0..6).map(|place| desk.result(issued(12 + place % 2)))).await;
    let mut counted: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    counted.sort_unstable();
    assert_eq!(counted, [200, 200, 200, 409, 409, 409], "three say the same and three another thing");
    assert_eq!(desk.log().await.len(), 2, "one packet, one result");
});

story!(whoever_comes_first_the_signature_or_the_end_they_agree, |app| {
    let admin = app.office().await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(app.receive(&admin, json!({})).await);
    }
    app.at(TODAY);
    sweep(&app.db, &app.ambient, 0).unwrap();
    for (place, code) in codes.into_iter().enumerate() {
        let desk = Desk::with(app, code).await;
        desk.packet().await;
        let finish = app.transition(&desk.admin, &desk.dossier, json!({"to": "finished"}));
        let answer = desk.result(issued(12));
        // Both at once, the other first every second time.
        let answer = if place % 2 == 0 {
            futures_util::future::join(answer, finish).await.0
        } else {
            futures_util::future::join(finish, answer).await.1
        };
        let effect = answer.expect(200)["effect"].clone();
        let dossier = desk.dossier().await;
        assert_eq!((&dossier["status"], desk.status().await.as_str()), (&json!("finished"), "issued"));
        let reappointed = dossier["reappointed_at"] == "2026-03-20T09:00:00+07:00";
        assert!(
            effect == "issued" && reappointed || effect == "kept" && dossier["reappointed_at"].is_null(),
            "{effect} {dossier}"
        );
    }
});

story!(a_packet_fetched_while_the_dossier_ends_is_called_back_or_not_given, |app| {
    let admin = app.office().await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(app.receive(&admin, json!({})).await);
    }
    app.at(TODAY);
    sweep(&app.db, &app.ambient, 0).unwrap();
    for code in codes {
        let desk = Desk::with(app, code).await;
        let path = format!("/v1/ioffice/documents/{}/packet.edxml", desk.letter);
        let finish = app.transition(&desk.admin, &desk.dossier, json!({"to": "finished"}));
        let (fetched, finished) = futures_util::future::join(app.get(&path, &desk.machine), finish).await;
        finished.expect(200);
        assert_eq!(desk.status().await, "draft");
        let recalled = desk.listed("recalled").await.contains(&desk.letter);
        match fetched.status.as_u16() {
            200 => assert!(recalled && member(&fetched.text, "BussinessDocType") == "0", "{}", fetched.text),
            _ => assert_eq!((fetched.problem(409).as_str(), recalled), ("letter_status", false)),
        }
    }
});

story!(only_the_machine_takes_a_letter_along_and_only_its_agencys, |app| {
    let desk = Desk::overdue(app).await;
    let leader = app.user("leader", Role::Leader, Some("H16")).await;
    let path = format!("/v1/ioffice/documents/{}/packet.edxml", desk.letter);
    let looked = app.get(&path, &leader).await;
    assert_eq!(member(&looked.text, "BussinessDocType"), "0");
    assert!(desk.log().await.is_empty(), "who looks takes nothing along");
    for role in [Role::FrontDesk, Role::Officer, Role::Auditor] {
        let token = app.user(role.as_str(), role, Some("H16.18")).await;
        assert_eq!(app.get("/v1/ioffice/documents", &token).await.problem(403), "forbidden");
    }
    let document_id = member(&desk.packet().await, "DocumentId").to_owned();
    app.post("/v1/agencies", &desk.admin, json!({"code": "H17", "name": "Tỉnh khác", "level": "province"}))
        .await
        .expect(201);
    let stranger = Desk {
        machine: machine(app, "H17").await,
        admin: desk.admin.clone(),
        dossier: desk.dossier.clone(),
        letter: desk.letter.clone(),
        app,
    };
    assert!(stranger.listed("submitted").await.is_empty());
    assert_eq!(app.get(&path, &stranger.machine).await.problem(404), "not_found");
    assert_eq!(stranger.result(issued(12)).await.problem(404), "not_found");
    let refused = status(&document_id, "02", "2026/03/10 08:10:00", "");
    assert_eq!(stranger.send(refused).await.problem(422), "unknown_document");
    for path in ["", "/exchange", "/signed"] {
        let answer = app.get(&format!("/v1/apology-letters/{}{path}", desk.letter), &stranger.machine).await;
        assert!(matches!(answer.status.as_u16(), 403 | 404), "{path}: {}", answer.text);
    }
    let above = Desk { machine: machine(app, "H16").await, ..stranger };
    assert_eq!(above.listed("submitted").await, [desk.letter.as_str()]);
    assert_eq!(desk.status().await, "submitted");
});
