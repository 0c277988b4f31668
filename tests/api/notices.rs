//! Notices to applicants, by e-mail and through a gateway: each kind's text, who is passed over, and nothing unless said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use motcua::domain::delivery::{Means, Secret};
use motcua::domain::notice::{NoticeKind, Notices};
use motcua::integrations::destination::Destination;
use motcua::integrations::email::Email;
use motcua::integrations::gateway::Gateway;
use motcua::worker::delivery::Courier;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use crate::story;
use crate::support::TestApp;

/// A mail that reached the sink.
#[derive(Debug, Clone)]
struct Mail {
    from: String,
    to: Vec<String>,
    headers: BTreeMap<String, String>,
    text: String,
}

/// A mail server that keeps what it is sent. It refuses `refused@…` for good and `later@…` for now.
struct Sink {
    url: String,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Sink {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let mails: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let kept = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(Self::talk(connection, Arc::clone(&kept)));
            }
        });
        Self { url, mails }
    }

    async fn talk(connection: TcpStream, kept: Arc<Mutex<Vec<Mail>>>) {
        let (input, mut output) = connection.into_split();
        let mut lines = BufReader::new(input).lines();
        output.write_all(b"220 sink\r\n").await.unwrap();
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Ok(Some(line)) = lines.next_line().await {
            let address = || line.split(['<', '>']).nth(1).unwrap().to_owned();
            let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => "250 sink",
                "MAIL" => {
                    (from, to) = (address(), Vec::new());
                    "250 ok"
                }
                "RCPT" if address().starts_with("refused@") => "550 no such user",
                "RCPT" if address().starts_with("later@") => "450 try again",
                "RCPT" => {
                    to.push(address());
                    "250 ok"
                }
                "DATA" => {
                    output.write_all(b"354 go on\r\n").await.unwrap();
                    let mut data = Vec::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        data.push(line.strip_prefix('.').map(str::to_owned).unwrap_or(line));
                    }
                    kept.lock().unwrap().push(mail(&from, &to, &data));
                    "250 kept"
                }
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            output.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
    }

    fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mails.lock().unwrap())
    }
}

fn mail(from: &str, to: &[String], data: &[String]) -> Mail {
    let end = data.iter().position(String::is_empty).unwrap();
    let mut headers: Vec<String> = Vec::new();
    for line in &data[..end] {
        match headers.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(unfinished) => unfinished.push_str(line),
            None => headers.push(line.clone()),
        }
    }
    let named = |header: &String| {
        let (name, value) = header.split_once(':').unwrap();
        (name.to_ascii_lowercase(), words(value.trim()))
    };
    let headers: BTreeMap<String, String> = headers.iter().map(named).collect();
    let text = match headers["content-transfer-encoding"].as_str() {
        "base64" => STANDARD.decode(data[end + 1..].concat()).unwrap(),
        "quoted-printable" => quoted_printable(&data[end + 1..].join("\r\n").replace("=\r\n", "")),
        _ => data[end + 1..].join("\r\n").into_bytes(),
    };
    let text = String::from_utf8(text).unwrap().trim_end().to_owned();
    Mail { from: from.to_owned(), to: to.to_vec(), headers, text }
}

/// A header with its encoded words (RFC 2047) read.
fn words(value: &str) -> String {
    let read = |word: &str| {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
        encoded.map(|encoded| String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
    };
    let mut text = String::new();
    let mut was_encoded = false;
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        let encoded = read(word);
        // White space between encoded words is none (section 6.2).
        let is_joined = text.is_empty() || (was_encoded && encoded.is_some());
        if !is_joined {
            text.push(' ');
        }
        was_encoded = encoded.is_some();
        text.push_str(encoded.as_deref().unwrap_or(word));
    }
    text
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let (mut read, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        if byte == b'=' {
            let code = [bytes.next().unwrap(), bytes.next().unwrap()];
            read.push(u8::from_str_radix(std::str::from_utf8(&code).unwrap(), 16).unwrap());
        } else {
            read.push(byte);
        }
    }
    read
}

async fn gateway() -> MockServer {
    let server = MockServer::start().await;
    let with_token = Mock::given(matchers::header("authorization", "Bearer for-tests-only"));
    with_token.respond_with(ResponseTemplate::new(202)).mount(&server).await;
    server
}

fn courier(app: &TestApp, sink: &Sink, gateway: &MockServer, kinds: &[NoticeKind]) -> Arc<Courier> {
    let email: Arc<dyn Destination> = Arc::new(Email::new(&sink.url, "Một cửa <motcua@example.vn>").unwrap());
    let token = Some(Secret("for-tests-only".to_owned()));
    let texts: Arc<dyn Destination> = Arc::new(Gateway::new(&format!("{}/send", gateway.uri()), token).unwrap());
    let notices = Notices::new(kinds.iter().copied().collect(), BTreeMap::new()).unwrap();
    let destinations = BTreeMap::from([(Means::Email, email), (Means::Gateway, texts)]);
    Arc::new(Courier::new(app.db.clone(), app.ambient.clone(), notices, destinations))
}

fn reachable() -> Value {
    json!({"applicant": {"kind": "citizen", "name": "Đặng Thị Quỳnh Thử", "identity_no": "000000000001",
        "phone": "0900000001", "email": "quynh@example.vn"}, "summary": "Xin trợ cấp"})
}

async fn log(app: &TestApp) -> Vec<Value> {
    let listed = app.get("/v1/notices", &app.admin().await).await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

/// The one mail and the one text message that went out since the last look: subject and text.
async fn told(courier: &Arc<Courier>, sink: &Sink, gateway: &MockServer, seen: &mut usize) -> (String, String) {
    courier.settle().await.unwrap();
    let mails = sink.take();
    let requests = gateway.received_requests().await.unwrap();
    assert_eq!((mails.len(), requests.len()), (1, *seen + 1));
    *seen += 1;
    let (mail, message) = (&mails[0], requests.last().unwrap().body_json::<Value>().unwrap());
    assert_eq!((mail.from.as_str(), &mail.to), ("motcua@example.vn", &vec!["quynh@example.vn".to_owned()]));
    assert_eq!((&message["to"], &message["text"]), (&json!("0900000001"), &json!(mail.text)));
    let all = format!("{mail:?}{message}");
    for secret in ["Quỳnh Thử", "000000000001", "trợ cấp", "khai sinh", "Chờ ý kiến"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    (mail.headers["subject"].clone(), mail.text.clone())
}

story!(each_kind_has_its_text_by_mail_and_through_the_gateway, |app| {
    let admin = app.office().await;
    let (sink, gateway, mut seen) = (Sink::start().await, gateway().await, 0);
    let courier = courier(app, &sink, &gateway, NoticeKind::ALL);
    courier.settle().await.unwrap();

    // Decree 61/2018 art. 17: taken in, with the appointment. Five working days after Monday 2 March is Monday 9 March.
    let code = app.receive(&admin, reachable()).await;
    let (subject, text) = told(&courier, &sink, &gateway, &mut seen).await;
    assert_eq!(subject, "Đã tiếp nhận hồ sơ H16.18-260302-0001");
    assert_eq!(
        text,
        "Sở Lao động đã tiếp nhận hồ sơ H16.18-260302-0001 lúc 09:00 ngày 02/03/2026. Hẹn trả kết quả: 09:00 ngày 09/03/2026."
    );

    // Art. 19(4): papers are wanted; what is missing stands on the slip.
    let body = json!({"to": "supplement_required", "reason": "Thiếu giấy khai sinh"});
    app.transition(&admin, &code, body).await.expect(200);
    let (subject, text) = told(&courier, &sink, &gateway, &mut seen).await;
    assert_eq!(subject, "Hồ sơ H16.18-260302-0001 cần bổ sung");
    assert_eq!(
        text,
        "Hồ sơ H16.18-260302-0001 cần được bổ sung, hoàn thiện. Đề nghị liên hệ bộ phận một cửa của Sở Lao động để nhận phiếu yêu cầu và nộp bổ sung."
    );

    // Art. 20(4): a result before its time is told beforehand.
    app.transition(&admin, &code, json!({"to": "processing"})).await.expect(200);
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    let (subject, text) = told(&courier, &sink, &gateway, &mut seen).await;
    assert_eq!(subject, "Hồ sơ H16.18-260302-0001 có kết quả sớm");
    assert_eq!(
        text,
        "Hồ sơ H16.18-260302-0001 đã có kết quả trước hạn, lúc 09:00 ngày 02/03/2026. Nếu nhận trực tiếp, mời đến bộ phận một cửa của Sở Lao động và mang theo giấy hẹn."
    );

    // Art. 19(9): the letter of apology gives a new date, of which the applicant is told by mail or message.
    let code = app.receive(&admin, reachable()).await;
    told(&courier, &sink, &gateway, &mut seen).await;
    let body = json!({"kind": "at_risk", "reason": "Chờ ý kiến", "new_return_at": "2026-03-16T09:30:00+07:00"});
    let letter = app.post(&format!("/v1/dossiers/{code}/apology-letters"), &admin, body).await.expect(201);
    let path = format!("/v1/apology-letters/{}", letter["id"].as_str().unwrap());
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    let body = json!({"number": 12, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-02",
        "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}});
    app.post(&format!("{path}/issue"), &admin, body).await.expect(200);
    let (subject, text) = told(&courier, &sink, &gateway, &mut seen).await;
    assert_eq!(subject, "Hẹn lại ngày trả kết quả hồ sơ H16.18-260302-0002");
    assert_eq!(
        text,
        "Sở Lao động xin lỗi vì chưa trả được kết quả hồ sơ H16.18-260302-0002 đúng hẹn. Thời gian hẹn trả mới: 09:30 ngày 16/03/2026. Lý do được nêu trong văn bản xin lỗi."
    );

    // On the day due it is on time, not early.
    app.at("2026-03-09T15:00:00");
    app.transition(&app.admin().await, &code, json!({"to": "finished"})).await.expect(200);
    let (subject, text) = told(&courier, &sink, &gateway, &mut seen).await;
    assert_eq!(subject, "Hồ sơ H16.18-260302-0002 đã có kết quả");
    assert_eq!(
        text,
        "Hồ sơ H16.18-260302-0002 đã có kết quả lúc 15:00 ngày 09/03/2026. Nếu nhận trực tiếp, mời đến bộ phận một cửa của Sở Lao động và mang theo giấy hẹn."
    );
    let log = log(app).await;
    assert!(log.len() == 12 && log.iter().all(|one| one["status"] == "delivered"), "{log:?}");
    let shown = json!(log).to_string();
    assert!(!shown.contains("quynh@") && !shown.contains("0900000001"), "{shown}");
});

story!(nothing_is_sent_unless_said, |app| {
    let admin = app.office().await;
    let (sink, gateway) = (Sink::start().await, gateway().await);
    let off = courier(app, &sink, &gateway, &[]);
    off.settle().await.unwrap();
    let code = app.receive(&admin, reachable()).await;
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    off.settle().await.unwrap();
    // Whoever switches them on means those to come, and those kinds alone.
    let ready = courier(app, &sink, &gateway, &[NoticeKind::Ready]);
    ready.settle().await.unwrap();
    assert_eq!((sink.take().len(), gateway.received_requests().await.unwrap().len()), (0, 0));
    let code = app.receive(&admin, reachable()).await;
    ready.settle().await.unwrap();
    assert_eq!(sink.take().len(), 0, "a receipt was not asked for");
    app.transition(&admin, &code, json!({"to": "finished"})).await.expect(200);
    ready.settle().await.unwrap();
    assert_eq!(sink.take()[0].headers["subject"], format!("Hồ sơ {code} đã có kết quả"));
});

story!(who_cannot_be_reached_is_passed_over_and_logged, |app| {
    let admin = app.office().await;
    let (sink, gateway) = (Sink::start().await, gateway().await);
    let courier = courier(app, &sink, &gateway, &[NoticeKind::Receipt]);
    courier.settle().await.unwrap();
    let code = app.receive(&admin, json!({})).await;
    courier.settle().await.unwrap();
    let mut faults: Vec<(String, String, String)> = Vec::new();
    for one in log(app).await {
        let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
        assert_eq!((text("dossier"), one["attempts"].clone()), (code.clone(), json!(0)));
        faults.push((text("means"), text("status"), text("fault")));
    }
    faults.sort();
    let expected = [("email", "skipped", "no_email"), ("gateway", "skipped", "no_phone")];
    assert_eq!(faults, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    assert_eq!((sink.take().len(), gateway.received_requests().await.unwrap().len()), (0, 0));
});

story!(an_address_that_is_refused_is_given_up_and_a_late_notice_is_dropped, |app| {
    let admin = app.office().await;
    let (sink, gateway) = (Sink::start().await, gateway().await);
    let courier = courier(app, &sink, &gateway, &[NoticeKind::Receipt]);
    courier.settle().await.unwrap();
    let with = |email: &str| json!({"applicant": {"kind": "citizen", "name": "Thử", "email": email}});
    let refused = app.receive(&admin, with("refused@example.vn")).await;
    let injected = app.receive(&admin, with("a@example.vn\r\nBcc: b@example.vn")).await;
    let later = app.receive(&admin, with("later@example.vn")).await;
    let mended = app.receive(&admin, with("later@example.vn")).await;
    courier.settle().await.unwrap();
    let state = async |code: &str| {
        let path = format!("/v1/notices?dossier={code}");
        let listed = app.get(&path, &app.admin().await).await.expect(200);
        let email = listed["items"].as_array().unwrap().iter().find(|one| one["means"] == "email").unwrap().clone();
        (email["status"].as_str().unwrap().to_owned(), email["response_code"].clone(), email["fault"].clone())
    };
    assert_eq!(state(&refused).await, ("dead".into(), json!(550), json!(null)));
    assert_eq!(state(&injected).await, ("dead".into(), json!(null), json!("bad_address")));
    assert_eq!(state(&later).await, ("waiting".into(), json!(450), json!(null)));
    assert_eq!(sink.take().len(), 0);
    // One contact is corrected meanwhile, the other dossier is over before its notice went out.
    let path = format!("/v1/dossiers/{mended}");
    let body = Some(json!({"applicant": {"email": "quynh@example.vn"}}));
    app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], body).await.expect(200);
    app.transition(&admin, &later, json!({"to": "withdrawn", "reason": "Đổi ý"})).await.expect(200);
    app.at("2026-03-02T09:00:15");
    courier.settle().await.unwrap();
    assert_eq!(state(&later).await.0, "skipped");
    assert_eq!(state(&mended).await.0, "delivered");
    assert_eq!(sink.take().len(), 1);
});

story!(nobody_is_told_of_what_was_imported, |app| {
    let admin = app.office().await;
    let (sink, gateway) = (Sink::start().await, gateway().await);
    let courier = courier(app, &sink, &gateway, NoticeKind::ALL);
    courier.settle().await.unwrap();
    let mut line = crate::support::dossier(reachable());
    line["received_at"] = json!("2026-03-02T08:00:00+07:00");
    let kind = "application/x-ndjson";
    let imported = app.raw(Method::POST, "/v1/imports", Some(&admin), kind, line.to_string().into_bytes()).await;
    assert_eq!(imported.expect(200)["accepted"], 1);
    courier.settle().await.unwrap();
    assert_eq!((sink.take().len(), log(app).await.len()), (0, 0));
    // What happens to it from now on is news.
    app.transition(&admin, "H16.18-260302-0001", json!({"to": "finished"})).await.expect(200);
    courier.settle().await.unwrap();
    assert_eq!(sink.take().len(), 1);
});
