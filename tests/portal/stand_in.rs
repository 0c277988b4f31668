//! The stand-in portal: a process that takes `DongBoHoSoMC` and `CapNhatTienDoHoSoMC` over HTTP, answers in every way that
//! the portal was seen to answer in, and keeps books of what it took and of whatever was not as domain facts 3 have it. It
//! prints its port first; then each line on its standard input is an order, and each is answered by a line.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// The argument that makes the test binary the stand-in.
pub(crate) const WORD: &str = "stand-in";
/// The session that it wants in the header of that name.
pub(crate) const SESSION: &str = "s3cret";

/// How it deals with a dossier: by the last digit of the dossier's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// "0" and words.
    Zero,
    /// "00" and no words.
    DoubleZero,
    /// It has the dossier from elsewhere and says so in words, with "-3".
    KnownInWords,
    /// It has the dossier from elsewhere and says so by "3" alone; afterwards "-3" with words of success.
    KnownByCode,
    /// It takes the first of three and never answers.
    Silent,
    /// Down for two of three.
    Down,
    /// It refuses, quoting whom, until it is told to forgive.
    Refusing,
    /// It takes every other and answers with a page of something else.
    Garbled,
    /// It has a fault of its own at every third.
    Faulty,
    /// It takes and fails, then knows nobody, then goes on.
    Forgetful,
}

pub(crate) fn manner(code: &str) -> Manner {
    use Manner::*;
    let number: usize = code.rsplit('-').next().unwrap().parse().unwrap();
    [Zero, DoubleZero, KnownInWords, KnownByCode, Silent, Down, Refusing, Garbled, Faulty, Forgetful][number % 10]
}

#[derive(Default)]
struct Books {
    /// Dossier → the records taken, in order.
    records: BTreeMap<String, Vec<Value>>,
    /// Dossier → the steps taken, in order, each once.
    steps: BTreeMap<String, Vec<Value>>,
    /// Dossier → how many calls were about it.
    calls: BTreeMap<String, usize>,
    /// Size of every chunk of steps.
    chunks: Vec<usize>,
    /// What was not as it must be.
    violations: Vec<String>,
    forgiving: bool,
}

type Shared = Arc<Mutex<Books>>;

pub(crate) fn run() {
    let books = Shared::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    let shared = Arc::clone(&books);
    std::thread::spawn(move || actix_web::rt::System::new().block_on(serve(listener, shared)));
    for line in std::io::stdin().lines() {
        let mut books = books.lock().unwrap();
        let answer = match line.unwrap().as_str() {
            "forgive" => {
                books.forgiving = true;
                json!({})
            }
            _ => {
                json!({"records": books.records, "steps": books.steps, "chunks": books.chunks, "violations": books.violations})
            }
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}

async fn serve(listener: TcpListener, books: Shared) {
    let app = move || App::new().app_data(Data::new(Arc::clone(&books))).default_service(web::to(take));
    HttpServer::new(app).workers(2).disable_signals().listen(listener).unwrap().run().await.unwrap();
}

/// What comes back.
enum Answer {
    Json(Value),
    Page(&'static str),
    Status(u16),
    Silence,
}

async fn take(req: HttpRequest, body: Bytes, books: Data<Shared>) -> HttpResponse {
    let session = req.headers().get("session").map(|value| value.as_bytes() == SESSION.as_bytes());
    let answer = {
        let mut books = books.lock().unwrap();
        if session != Some(true) {
            books.violations.push(format!("session {session:?}"));
        }
        books.take(&body)
    };
    match answer {
        Answer::Json(answer) => HttpResponse::Ok().json(answer),
        Answer::Page(page) => HttpResponse::Ok().content_type("text/html").body(page),
        Answer::Status(status) => HttpResponse::build(status.try_into().unwrap()).finish(),
        Answer::Silence => std::future::pending().await,
    }
}

fn said(code: &str, message: &str) -> Answer {
    Answer::Json(json!({"error_code": code, "message": message}))
}

impl Books {
    fn take(&mut self, body: &[u8]) -> Answer {
        let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
        self.examine(&envelope);
        let code = envelope["data"][0]["MaHoSo"].as_str().unwrap_or("x-0").to_owned();
        let calls = self.calls.entry(code.clone()).or_default();
        let call = *calls;
        *calls += 1;
        match manner(&code) {
            Manner::Zero => self.keep(&code, &envelope, "0", "Thành công"),
            Manner::DoubleZero => self.keep(&code, &envelope, "00", ""),
            Manner::KnownInWords => self.keep(&code, &envelope, "0", "Đồng bộ thành công"),
            Manner::KnownByCode => self.keep(&code, &envelope, "-3", "Cập nhật thành công"),
            Manner::Down if call % 3 < 2 => Answer::Status(503),
            Manner::Refusing if !self.forgiving => {
                let record = &envelope["data"][0];
                let (name, number) = (&record["ChuHoSo"], &record["DinhDanhCHS"][0]["SoDinhDanh"]);
                said("7", &format!("Số định danh {number} của {name} không hợp lệ"))
            }
            Manner::Faulty if call.is_multiple_of(3) => said("99", "Lỗi hệ thống"),
            Manner::Forgetful if call % 4 == 1 => Answer::Status(401),
            Manner::Silent | Manner::Down | Manner::Refusing | Manner::Garbled | Manner::Faulty | Manner::Forgetful => {
                let answer = self.keep(&code, &envelope, "0", "Thành công");
                match manner(&code) {
                    Manner::Silent if call.is_multiple_of(3) => Answer::Silence,
                    Manner::Garbled if call.is_multiple_of(2) => Answer::Page("<html>Bad gateway</html>"),
                    Manner::Forgetful if call.is_multiple_of(4) => Answer::Status(500),
                    _ => answer,
                }
            }
        }
    }

    /// Takes what is new; answers with this code and these words, or that it is there.
    fn keep(&mut self, code: &str, envelope: &Value, success: &str, words: &str) -> Answer {
        let data = envelope["data"].as_array().unwrap();
        if envelope["service"] == "CapNhatTienDoHoSoMC" {
            if !self.records.contains_key(code) {
                self.violations.push(format!("{code}: steps of an unknown dossier"));
            }
            let steps = self.steps.entry(code.to_owned()).or_default();
            let new: Vec<Value> = data.iter().filter(|step| !steps.contains(step)).cloned().collect();
            self.chunks.push(data.len());
            if new.is_empty() {
                return said("-3", "Tiến độ đã tồn tại");
            }
            steps.extend(new);
            return said(success, words);
        }
        let is_new = envelope["isUpdating"] == "False";
        let is_from_elsewhere = matches!(manner(code), Manner::KnownInWords | Manner::KnownByCode);
        let known = is_from_elsewhere || self.records.contains_key(code);
        match (is_new, known) {
            (true, true) if manner(code) == Manner::KnownByCode => said("3", ""),
            (true, true) => said("-3", "Hồ sơ đã tồn tại"),
            (false, false) => {
                self.violations.push(format!("{code}: an update of an unknown dossier"));
                said("7", "Hồ sơ không tồn tại")
            }
            _ => {
                self.records.entry(code.to_owned()).or_default().push(data[0].clone());
                said(success, words)
            }
        }
    }

    /// Holds an envelope against domain facts 3.
    fn examine(&mut self, envelope: &Value) {
        let mut wrong = Vec::new();
        let members: Vec<&String> = envelope.as_object().into_iter().flat_map(|members| members.keys()).collect();
        if members != ["service", "isUpdating", "data"] {
            wrong.push(format!("members {members:?}"));
        }
        let (service, updating) = (envelope["service"].as_str(), envelope["isUpdating"].as_str());
        if !matches!(service, Some("DongBoHoSoMC" | "CapNhatTienDoHoSoMC"))
            || !matches!(updating, Some("True" | "False"))
        {
            wrong.push(format!("{service:?} {updating:?}"));
        }
        let data = envelope["data"].as_array().cloned().unwrap_or_default();
        if data.is_empty() || data.len() > 10 {
            wrong.push(format!("{} records", data.len()));
        }
        for record in &data {
            texts("", record, &mut wrong);
            let status: usize =
                record["TrangThaiHoSo"].as_str().or(record["TrangThai"].as_str()).unwrap_or("").parse().unwrap_or(0);
            if !(1..=10).contains(&status) {
                wrong.push(format!("status {record}"));
            }
            for (field, most) in [("TrichYeuHoSo", 1000), ("NguoiXuLy", 50)] {
                let length = record[field].as_str().map_or(1, |text| text.chars().count());
                if length == 0 || length > most {
                    wrong.push(format!("{field} of {length}"));
                }
            }
        }
        self.violations.extend(wrong);
    }
}

/// Every value is a text, and every time has fourteen digits that are one, or is open.
fn texts(name: &str, value: &Value, wrong: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| texts(name, value, wrong)),
        Value::Array(items) => items.iter().for_each(|item| texts(name, item, wrong)),
        Value::String(text) if name.starts_with("Ngay") || name.starts_with("ThoiDiem") => {
            let is_time = text.len() == 14 && NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").is_ok();
            if !(is_time || text.is_empty()) {
                wrong.push(format!("{name}: {text:?} is no time"));
            }
        }
        Value::String(_) => {}
        other => wrong.push(format!("{name}: {other} is no text")),
    }
}
