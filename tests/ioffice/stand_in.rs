//! The stand-in iOffice: a process that signs in as a machine, speaks the contract over HTTP, and does as it is told on
//! its standard input: first where the service is, then lists of orders, each answered by a list of surprises.

use std::collections::HashMap;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::support::office::{Signed, document, member, status};

/// The argument that makes the test binary the stand-in.
pub(crate) const WORD: &str = "stand-in";
/// Orders carried out at once.
const AT_ONCE: usize = 6;
const TODAY: &str = "2026/03/10";

/// The signed paper of a letter.
pub(crate) fn paper(number: u32) -> Vec<u8> {
    format!("%PDF-1.4 letter {number}").into_bytes()
}

pub(crate) fn run() {
    actix_web::rt::System::new().block_on(serve());
}

async fn serve() {
    let mut lines = std::io::stdin().lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let mut office = StandIn::sign_in(&first).await;
    for line in lines {
        let orders: Vec<Value> = serde_json::from_str(&line.unwrap()).unwrap();
        let surprises = office.carry_out(&orders).await;
        println!("{}", json!(surprises));
        std::io::stdout().flush().unwrap();
    }
}

struct StandIn {
    base: String,
    client: Client,
    token: String,
    /// The date of the letters it issues.
    today: String,
    /// Letter → the identifier of its document, from the packet.
    fetched: HashMap<String, String>,
}

/// What the service answered.
struct Answer {
    status: u16,
    text: String,
}

/// An order, with what is known of its letter.
struct Order {
    letter: String,
    number: u32,
    what: String,
    expected: u16,
    document_id: Option<String>,
}

impl StandIn {
    async fn sign_in(first: &Value) -> Self {
        let text = |name: &str| first[name].as_str().unwrap().to_owned();
        let client = Client::builder().no_proxy().build().unwrap();
        let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", text("id"), text("secret"));
        let request = client.post(format!("{}/oauth/token", text("base")));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
        let token = answer["access_token"].as_str().unwrap().to_owned();
        let today = first["today"].as_str().unwrap_or("2026-03-10").to_owned();
        Self { base: text("base"), client, token, today, fetched: HashMap::new() }
    }

    async fn carry_out(&mut self, orders: &[Value]) -> Vec<String> {
        let lists = (self.list("submitted").await, self.list("recalled").await);
        let orders = orders.iter().map(|order| self.read(order));
        let mut surprises = Vec::new();
        let mut learnt = Vec::new();
        {
            let (office, lists) = (&*self, &lists);
            let done = futures_util::stream::iter(orders).map(|(name, order)| async move {
                let outcome = office.obey(&order, lists).await;
                (name, order, outcome)
            });
            let mut done = done.buffer_unordered(AT_ONCE);
            while let Some((name, order, outcome)) = done.next().await {
                match outcome {
                    Ok(document_id) => learnt.extend(document_id.map(|id| (order.letter, id))),
                    Err(surprise) => surprises.push(format!("{name}, {}: {surprise}", order.what)),
                }
            }
        }
        self.fetched.extend(learnt);
        surprises
    }

    fn read(&self, order: &Value) -> (String, Order) {
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        let letter = text("letter");
        let what = text("what");
        let (what, expected) = match what.split_once('=') {
            Some((what, expected)) => (what.to_owned(), expected.parse().unwrap()),
            None => (what, 200),
        };
        let document_id = self.fetched.get(&letter).cloned();
        let number = u32::try_from(order["number"].as_u64().unwrap()).unwrap();
        (text("case"), Order { letter, number, what, expected, document_id })
    }

    /// Every letter of a list, page after page.
    async fn list(&self, which: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = self.get(&format!("/v1/ioffice/documents?status={which}&limit=30{cursor}")).await;
            let page: Value = serde_json::from_str(&answer.text).unwrap();
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// Carries out an order; answers the identifier of a document it fetched, or what surprised it.
    async fn obey(
        &self,
        order: &Order,
        (submitted, recalled): &(Vec<String>, Vec<String>),
    ) -> Result<Option<String>, String> {
        let (verb, detail) = order.what.split_once(':').unwrap_or((&order.what, ""));
        let is_in = |list: &Vec<String>| list.contains(&order.letter);
        let answer = match verb {
            "gone" if is_in(submitted) || is_in(recalled) => return Err("it is still asked for".into()),
            "gone" => return Ok(None),
            "fetch" => {
                let list = if detail == "recall" { recalled } else { submitted };
                if !is_in(list) {
                    return Err("it is not asked for".into());
                }
                return self.fetch(&order.letter, detail).await.map(Some);
            }
            "issue" | "issue-other" | "sign" | "trace" | "return" | "tomorrow" | "other-letter" => {
                self.result(order).await
            }
            _ => self.packet(order, verb, detail).await,
        };
        if answer.status == order.expected { Ok(None) } else { Err(format!("{} {}", answer.status, answer.text)) }
    }

    async fn fetch(&self, letter: &str, detail: &str) -> Result<String, String> {
        let answer = self.get(&format!("/v1/ioffice/documents/{letter}/packet.edxml")).await;
        if answer.status != 200 {
            return Err(format!("{} {}", answer.status, answer.text));
        }
        let expected = match detail {
            "new" => "0",
            "recall" => "1",
            _ => "2",
        };
        let found = member(&answer.text, "BussinessDocType");
        if found != expected {
            return Err(format!("type {found}"));
        }
        Ok(member(&answer.text, "DocumentId").to_owned())
    }

    /// Posts a result in JSON.
    async fn result(&self, order: &Order) -> Answer {
        let signer = json!({"name": "Đặng Văn Ưởng", "position": "Giám đốc"});
        let issued = |number: u32, on: &str| json!({"result": "issued", "number": number, "notation": "PXL-SLĐTBXH", "promulgated_on": on, "signer": signer});
        let body = match order.what.as_str() {
            "issue-other" => issued(order.number + 1000, &self.today),
            "tomorrow" => issued(order.number, "2026-03-11"),
            "sign" => json!({"result": "signed", "signed_on": "2026-03-10", "signer": signer}),
            "trace" => json!({"result": "trace"}),
            "return" => json!({"result": "returned", "reason": "Chưa đạt"}),
            _ => issued(order.number, &self.today),
        };
        let letter = if order.what == "other-letter" { "0195f2aa" } else { order.letter.as_str() };
        let path = format!("/v1/ioffice/documents/{letter}/result");
        self.send(&path, "application/json", body.to_string()).await
    }

    /// Posts a packet: a signed document, a status, or something that is neither.
    async fn packet(&self, order: &Order, verb: &str, detail: &str) -> Answer {
        let document_id = order.document_id.as_deref().unwrap_or("H16.18,2026/03/10,0/unknown");
        let paper = STANDARD.encode(paper(order.number));
        let signed = |answers, number| {
            document(&Signed { answers, number, notation: "PXL-SLĐTBXH", on: TODAY, paper: Some(&paper) })
        };
        let good = signed(document_id, order.number);
        let body = match verb {
            "packet" => good,
            "packet-other" => signed(document_id, order.number + 2000),
            "wrong-id" => signed("H16.18,2026/03/10,0/0195f2aa", order.number),
            "garbage" => good[..good.len() / 2].to_owned(),
            "bomb" => good.replace("?>\n", "?><!DOCTYPE b [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>"),
            "foreign" => good.replace("www.mic.gov.vn/TBT/QCVN_102_2016", "example.vn/eDoc"),
            "refuse" => status(document_id, "02", "2026/03/10 08:00:00", "Sai thể thức"),
            _ => status(document_id, detail, "2026/03/10 08:00:00", "theo quy trình"),
        };
        self.send("/v1/ioffice/packets", "application/xml", body).await
    }

    async fn get(&self, path: &str) -> Answer {
        let request = self.client.request(Method::GET, format!("{}{path}", self.base)).bearer_auth(&self.token);
        Self::answer(request).await
    }

    async fn send(&self, path: &str, kind: &str, body: String) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        Self::answer(request.header("content-type", kind).body(body)).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        Answer { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
    }
}
