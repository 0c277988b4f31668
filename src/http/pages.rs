//! The pages people look at: files of this program, served with a policy that lets nothing else in.

use std::sync::OnceLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, LOCATION};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};

use super::call::knows;
use super::problem::Problem;
use crate::flow::accounts::hex;

/// Own scripts and styles and calls to this service; nothing inline, nothing from elsewhere, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What stands in pages for the name of this set of files.
const MARK: &str = "{version}";

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_bytes!(concat!("pages/", $name)))),+] };
}

/// Scripts, styles and pictures; all of them, under `/static/{version}/`.
const FILES: &[(&str, &[u8])] = files![
    "base.css",
    "board.css",
    "board-letters.js",
    "board-work.js",
    "board.js",
    "bars.js",
    "client.js",
    "desk.css",
    "desk-dossier.js",
    "desk-duplicates.js",
    "desk-receive.js",
    "desk.js",
    "dialog.js",
    "dom.js",
    "format.js",
    "frame.js",
    "login.js",
    "look-up.js",
    "mark.svg",
    "posted.js",
    "procedure-box.js",
    "stream.js",
    "texts.js",
    "texts-en.js",
    "texts-vi.js",
];

/// Pages, by the address they have.
const PAGES: &[(&str, &[u8])] = &[
    ("/login", include_bytes!("pages/login.html")),
    ("/desk", include_bytes!("pages/desk.html")),
    ("/board", include_bytes!("pages/board.html")),
    ("/tra-cuu", include_bytes!("pages/tra-cuu.html")),
    // The address in the QR code of slips, which the secret follows behind `#`.
    ("/tra-cuu/{code}", include_bytes!("pages/tra-cuu.html")),
    ("/niem-yet", include_bytes!("pages/niem-yet.html")),
];

/// The pages and their files.
pub fn routes(config: &mut ServiceConfig) {
    for (address, _) in PAGES {
        config.route(address, web::get().to(page));
    }
    config.route("/", web::get().to(front)).route("/static/{version}/{name}", web::get().to(file));
}

/// Whoever comes to the address alone wants to work.
async fn front() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, "/desk")).finish()
}

async fn page(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let pattern = req.match_pattern().unwrap_or_default();
    let found = PAGES.iter().find(|(address, _)| *address == pattern).ok_or_else(|| Problem::new("not_found"))?;
    let text = String::from_utf8_lossy(found.1).replace(MARK, version());
    let tag = format!("W/\"{}\"", version());
    let mut answer = if knows(req.headers(), &tag[2..]) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((ETAG, tag.clone()));
    Ok(if knows(req.headers(), &tag[2..]) {
        answer.finish()
    } else {
        answer.content_type("text/html; charset=utf-8").body(text)
    })
}

/// A file never changes under its version's name, so browsers ask for it once.
async fn file(path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (asked, name) = path.into_inner();
    let found = FILES.iter().find(|(known, _)| *known == name && asked == version());
    let (name, bytes) = found.ok_or_else(|| Problem::new("not_found"))?;
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_SECURITY_POLICY, POLICY));
    answer.insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    Ok(answer.content_type(kind).body(*bytes))
}

/// The name of this set of files: their hash.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hash = Sha256::new();
        for (name, bytes) in FILES.iter().chain(PAGES) {
            hash.update(name);
            hash.update(bytes);
        }
        hex(&hash.finalize()[..6])
    })
}
