//! An e-office's side of the wire: its sign-in, and packets written by hand, not by the program under test.

use serde_json::json;

use super::TestApp;

const NAMESPACE: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// A token of a machine that exchanges documents for an agency and those below it.
pub async fn machine(app: &TestApp, agency: &str) -> String {
    client(app, "documents:exchange", Some(agency)).await
}

/// A token of a machine that exchanges documents for all.
pub async fn machine_of_all(app: &TestApp) -> String {
    client(app, "documents:exchange", None).await
}

/// A token of a machine that has one scope, at an agency.
pub async fn client(app: &TestApp, scope: &str, agency: Option<&str>) -> String {
    let body = json!({"name": "iOffice", "scopes": [scope], "agency": agency});
    let client = app.post("/v1/clients", &app.admin().await, body).await.expect(201);
    let (id, secret) = (client["id"].as_str().unwrap(), client["secret"].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = "application/x-www-form-urlencoded";
    let answer = app.raw(reqwest::Method::POST, "/oauth/token", None, kind, form.into_bytes()).await.expect(200);
    answer["access_token"].as_str().unwrap().to_owned()
}

/// A signed letter as the e-office sends it.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    /// The document it answers.
    pub answers: &'a str,
    pub number: u32,
    pub notation: &'a str,
    /// `yyyy/MM/dd`.
    pub on: &'a str,
    /// Base64 of the signed paper.
    pub paper: Option<&'a str>,
}

/// A document packet, with a prefix of the e-office's own and the other spelling of "Bussiness".
pub fn document(signed: &Signed<'_>) -> String {
    let Signed { answers, number, notation, on, paper } = signed;
    let attachment = paper.map_or_else(String::new, |paper| {
        format!(
            "<q:AttachmentEncoded><q:Attachment><q:ContentId>cid:1</q:ContentId><q:AttachmentName>Thư xin lỗi.pdf</q:AttachmentName>\
             <q:ContentTransferEncoded>{paper}</q:ContentTransferEncoded></q:Attachment></q:AttachmentEncoded>"
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<q:edXML xmlns:q=\"{NAMESPACE}\"><q:edXMLEnvelope><q:edXMLHeader><q:MessageHeader>\
         <q:From><q:OrganId>H16.18</q:OrganId></q:From><q:To><q:OrganId>H16.18</q:OrganId></q:To>\
         <q:DocumentId>H16.18,{on},{number}/{notation}</q:DocumentId>\
         <q:Code><q:CodeNumber>{number}</q:CodeNumber><q:CodeNotation>{notation}</q:CodeNotation></q:Code>\
         <q:PromulgationInfo><q:Place>Đắk Nông</q:Place><q:PromulgationDate>{on}</q:PromulgationDate></q:PromulgationInfo>\
         <q:Subject>Thư xin lỗi</q:Subject>\
         <q:SignerInfo><q:Position>Giám đốc</q:Position><q:FullName>Đặng Văn Ưởng</q:FullName></q:SignerInfo>\
         <q:ResponseFor><q:OrganId>H16.18</q:OrganId><q:DocumentId>{answers}</q:DocumentId></q:ResponseFor></q:MessageHeader>\
         <q:TraceHeaderList><q:TraceHeader><q:OrganId>H16.18</q:OrganId><q:Timestamp>{on} 09:30:00</q:Timestamp></q:TraceHeader>\
         <q:Business><q:BusinessDocType>0</q:BusinessDocType></q:Business></q:TraceHeaderList></q:edXMLHeader></q:edXMLEnvelope>{attachment}</q:edXML>"
    )
}

/// A status packet.
pub fn status(document_id: &str, code: &str, at: &str, description: &str) -> String {
    format!(
        "<edXML xmlns=\"{NAMESPACE}\"><edXMLEnvelope><edXMLHeader><MessageHeader><From><OrganId>H16.18</OrganId></From>\
         <ResponseFor><OrganId>H16.18</OrganId><DocumentId>{document_id}</DocumentId></ResponseFor>\
         <StatusCode>{code}</StatusCode><Description>{description}</Description><Timestamp>{at}</Timestamp></MessageHeader></edXMLHeader></edXMLEnvelope></edXML>"
    )
}

/// What stands between the first `<…:NAME>` and its end in a packet.
pub fn member<'p>(packet: &'p str, name: &str) -> &'p str {
    let start = packet.find(&format!(":{name}>")).unwrap_or_else(|| panic!("no {name} in {packet}"));
    let text = &packet[start + name.len() + 2..];
    &text[..text.find("</").unwrap()]
}
