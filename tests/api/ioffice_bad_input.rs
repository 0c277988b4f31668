//! What an e-office must not get away with: each piece of bad input has its named refusal, on a connection that goes on,
//! and leaves nothing behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use motcua::flow::sweep::sweep;
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::TestApp;
use crate::support::office::{Signed, document, machine, member, status};

/// One connection, kept over all its requests.
struct Wire {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Wire {
    fn open(app: &TestApp, token: &str) -> Self {
        let address = app.base.strip_prefix("http://").unwrap();
        Self { stream: BufReader::new(TcpStream::connect(address).unwrap()), token: token.to_owned() }
    }

    /// Sends a request and reads the whole answer: status and body.
    fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("the connection is gone: {line:?}")).parse().unwrap();
        let mut length = 0;
        loop {
            let mut header = String::new();
            self.stream.read_line(&mut header).unwrap();
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            assert!(!header.to_ascii_lowercase().starts_with("connection: close"), "{path}: {header}");
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    /// The code of the problem that the answer is; the connection goes on.
    fn refused(&mut self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let (status, answer) = self.send("POST", path, kind, body);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(self.send("GET", "/healthz", kind, b"").0, 200, "the next request on the same connection");
        (status, answer["code"].as_str().unwrap().to_owned())
    }
}

/// An overdue dossier's letter that is submitted and fetched: its identifier, and that of its document.
async fn fetched(app: &TestApp) -> (String, String, String) {
    let admin = app.office().await;
    let code = app.receive(&admin, json!({})).await;
    app.at("2026-03-10T08:00:00");
    sweep(&app.db, &app.ambient, 0).unwrap();
    let admin = app.admin().await;
    let shown = app.get(&format!("/v1/dossiers/{code}"), &admin).await.expect(200);
    let letter = shown["letter"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/apology-letters/{letter}");
    let body = json!({"reason": "Chậm", "new_return_at": "2026-03-20T09:00:00+07:00"});
    app.send(Method::PATCH, &path, Some(&admin), &[("if-match", "*")], Some(body)).await.expect(200);
    app.post(&format!("{path}/submit"), &admin, json!({})).await.expect(200);
    let token = machine(app, "H16.18").await;
    let packet = app.get(&format!("/v1/ioffice/documents/{letter}/packet.edxml"), &token).await;
    (letter, member(&packet.text, "DocumentId").to_owned(), token)
}

/// Everything that could have changed.
async fn state(app: &TestApp, letter: &str) -> Vec<Value> {
    let admin = app.admin().await;
    let mut seen = Vec::new();
    for path in ["", "/exchange"] {
        seen.push(app.get(&format!("/v1/apology-letters/{letter}{path}"), &admin).await.expect(200));
    }
    let dossier = seen[0]["dossier"].as_str().unwrap().to_owned();
    for path in ["", "/timeline?limit=200"] {
        seen.push(app.get(&format!("/v1/dossiers/{dossier}{path}"), &admin).await.expect(200));
    }
    seen
}

story!(every_bad_packet_is_refused_by_name_and_changes_nothing, |app| {
    let (letter, document_id, token) = fetched(app).await;
    let before = state(app, &letter).await;
    let good = |paper| {
        document(&Signed { answers: &document_id, number: 12, notation: "PXL-SLĐTBXH", on: "2026/03/10", paper })
    };
    let packet = good(Some("JVBERi0xLjQgeA=="));
    let entities: String =
        (1..10).map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10))).collect();
    let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    let bomb = packet
        .replace(declaration, &format!("{declaration}<!DOCTYPE b [<!ENTITY l0 \"ha\">{entities}]>"))
        .replace("Thư xin lỗi</q:Subject>", "&l9;</q:Subject>");
    let quadratic = format!("<!DOCTYPE b [<!ENTITY a \"{}\">]><b>{}</b>", "a".repeat(50_000), "&a;".repeat(50_000));
    let outside = packet.replace(declaration, "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">");
    let deep =
        format!("{}{}", "<a xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">".repeat(20_000), "</a>".repeat(20_000));
    let utf16: Vec<u8> = packet.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let lying = packet.replace("encoding=\"utf-8\"", "encoding=\"windows-1258\"");
    let foreign = packet.replace("http://www.mic.gov.vn/TBT/QCVN_102_2016", "http://www.go.vn/eDoc");
    let unknown = packet.replace(&document_id, "H16.18,2026/03/10,0/0195f2aa");
    let without_signer = packet.replace("<q:FullName>Đặng Văn Ưởng</q:FullName>", "");
    let stranger = status("H16.18,2026/03/10,99/PXL-SLĐTBXH", "02", "2026/03/10 08:10:00", "x");
    let table: Vec<(Vec<u8>, u16, &str)> = vec![
        (bomb.into(), 422, "xml_document_type"),
        (quadratic.into(), 422, "xml_document_type"),
        (outside.into(), 422, "xml_document_type"),
        (packet.replace("Đắk Nông", "&xxe;").into(), 422, "xml_entity"),
        (deep.into(), 422, "xml_too_deep"),
        (utf16, 400, "xml_encoding"),
        (lying.into(), 400, "xml_encoding"),
        (b"<edXML>\xff</edXML>".to_vec(), 400, "xml_encoding"),
        (foreign.into(), 422, "xml_namespace"),
        (b"garbage".to_vec(), 400, "malformed_xml"),
        (Vec::new(), 400, "malformed_xml"),
        (packet.as_bytes()[..packet.len() - 20].to_vec(), 400, "malformed_xml"),
        (packet.replace("Đắk Nông", "a\0b").into(), 422, "edxml_invalid"),
        (packet.replace("12/PXL", "13/PXL").into(), 422, "edxml_contradiction"),
        (packet.replace("2026/03/10 09:30:00", "10/03/2026").into(), 422, "edxml_invalid"),
        (
            packet.replace("Thư xin lỗi</q:Subject>", &format!("{}</q:Subject>", "ă".repeat(501))).into(),
            422,
            "edxml_too_long",
        ),
        (without_signer.into(), 422, "edxml_missing"),
        (good(Some("%%% not base64 %%%")).into(), 422, "base64_invalid"),
        (unknown.into(), 422, "unknown_document"),
        (stranger.into(), 422, "unknown_document"),
    ];
    let mut wire = Wire::open(app, &token);
    for (body, code, name) in &table {
        let found = wire.refused("/v1/ioffice/packets", "application/xml", body);
        assert_eq!(found, (*code, (*name).to_owned()), "{}", String::from_utf8_lossy(&body[..body.len().min(300)]));
    }
    let latin = wire.refused("/v1/ioffice/packets", "application/xml; charset=iso-8859-1", packet.as_bytes());
    assert_eq!(latin, (400, "xml_encoding".to_owned()));
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let refused = wire.refused("/v1/ioffice/packets", kind, packet.as_bytes());
        assert_eq!(refused, (415, "unsupported_media_type".to_owned()), "{kind}");
    }
    assert_eq!(state(app, &letter).await, before, "nothing changed");
    assert_eq!(wire.send("POST", "/v1/ioffice/packets", "text/xml; charset=\"UTF-8\"", packet.as_bytes()).0, 200);
});

story!(attachments_have_a_limit_and_what_is_beyond_is_read_to_its_end, |app| {
    let (letter, document_id, token) = fetched(app).await;
    let before = state(app, &letter).await;
    let signed = |paper: &str| {
        let paper = Some(paper);
        document(&Signed { answers: &document_id, number: 12, notation: "PXL-SLĐTBXH", on: "2026/03/10", paper })
    };
    let mut wire = Wire::open(app, &token);
    // 20 MiB are 27,962,028 letters of base64, the last a padding.
    let beyond = signed(&"AAAA".repeat(6_990_508));
    let refused = wire.refused("/v1/ioffice/packets", "application/xml", beyond.as_bytes());
    assert_eq!(refused, (413, "attachment_too_large".to_owned()));
    let much_too_large = vec![b' '; (60 << 20) + 1];
    for (path, kind) in [
        ("/v1/ioffice/packets", "application/xml"),
        (&format!("/v1/ioffice/documents/{letter}/result"), "application/json"),
    ] {
        let refused = wire.refused(path, kind, &much_too_large);
        assert_eq!(refused, (413, "packet_too_large".to_owned()), "{path}");
    }
    assert_eq!(state(app, &letter).await, before, "nothing changed");
    let exactly = format!("{}AAA=", "AAAA".repeat(6_990_506));
    let (status, answer) = wire.send("POST", "/v1/ioffice/packets", "application/xml", signed(&exactly).as_bytes());
    assert_eq!(status, 200, "{answer}");
    let signed = app.get(&format!("/v1/apology-letters/{letter}/signed"), &app.admin().await).await;
    assert_eq!((signed.bytes.len(), signed.header("content-type")), (20 << 20, "application/octet-stream"));
});

story!(a_result_says_what_it_lacks, |app| {
    let (letter, _, token) = fetched(app).await;
    let before = state(app, &letter).await;
    let path = format!("/v1/ioffice/documents/{letter}/result");
    let signer = json!({"name": "Đặng Văn Ưởng", "position": "Giám đốc"});
    let whole =
        json!({"result": "issued", "number": 12, "notation": "PXL", "promulgated_on": "2026-03-10", "signer": signer});
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    let file = |base64: &str| json!({"name": "a.pdf", "content_type": "application/pdf", "base64": base64});
    for (body, expected) in [
        (
            json!({"result": "issued"}),
            vec![
                ("/number", "missing_member"),
                ("/notation", "missing_member"),
                ("/promulgated_on", "missing_member"),
                ("/signer", "missing_member"),
            ],
        ),
        (json!({"result": "signed"}), vec![("/signed_on", "missing_member"), ("/signer", "missing_member")]),
        (json!({"result": "returned"}), vec![("/reason", "missing_member")]),
        (json!({"result": "returned", "reason": " "}), vec![("/reason", "blank")]),
        (json!({"result": "burnt"}), vec![("/result", "invalid_value")]),
        (json!({}), vec![("/result", "missing_member")]),
        (with("number", json!(0)), vec![("/number", "out_of_range")]),
        (with("number", json!("12")), vec![("/number", "invalid_value")]),
        (with("promulgated_on", json!("10/03/2026")), vec![("/promulgated_on", "invalid_value")]),
        (with("signed_on", json!("2026-03-11")), vec![("/signed_on", "in_the_future")]),
        (with("signer", json!({"name": " ", "position": "x"})), vec![("/signer/name", "blank")]),
        (with("moon", json!(1)), vec![("/moon", "unknown_member")]),
        (with("attachment", file("not base64!")), vec![("/attachment/base64", "base64_invalid")]),
        (with("attachment", file("")), vec![("/attachment/base64", "base64_invalid")]),
    ] {
        let answer = app.post(&path, &token, body.clone()).await;
        assert_eq!(answer.problem(422), "validation", "{body}");
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap().iter();
        let found: Vec<_> =
            errors.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect();
        assert_eq!(found, expected, "{body}");
    }
    let tomorrow = with("promulgated_on", json!("2026-03-11"));
    assert_eq!(app.post(&path, &token, tomorrow).await.problem(422), "promulgated_in_the_future");
    let nobody = "/v1/ioffice/documents/0195f2aa/result";
    assert_eq!(app.post(nobody, &token, whole.clone()).await.problem(404), "not_found");
    assert_eq!(state(app, &letter).await, before, "nothing changed");
    app.post(&path, &token, whole.clone()).await.expect(200);
});
