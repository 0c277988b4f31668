//! A stand-in for an S3-compatible service: one bucket in memory, as much of the protocol as a store of files speaks.

use std::collections::{BTreeMap, HashMap};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_RANGE, ETAG, LAST_MODIFIED, RANGE};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use object_store::aws::AmazonS3Builder;

/// What lies in the bucket, and what is on its way in parts.
#[derive(Default)]
struct Held {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    uploads: Mutex<HashMap<String, BTreeMap<u32, Vec<u8>>>>,
    is_down: AtomicBool,
}

pub struct Bucket {
    held: Arc<Held>,
    url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Bucket {
    pub fn start() -> Self {
        let held = Arc::new(Held::default());
        let shared = Data::from(Arc::clone(&held));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let limit = web::PayloadConfig::new(64 << 20);
                    App::new().app_data(shared.clone()).app_data(limit).default_service(web::to(answer))
                };
                let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { held, url, handle: receiver.recv().unwrap(), thread: Some(thread) }
    }

    /// How a client reaches it.
    pub fn builder(&self) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_endpoint(&self.url)
            .with_allow_http(true)
            .with_bucket_name("hoso")
            .with_region("us-east-1")
            .with_access_key_id("for tests")
            .with_secret_access_key("only")
    }

    /// Keys and lengths of what lies there.
    pub fn objects(&self) -> Vec<(String, usize)> {
        self.held.objects.lock().unwrap().iter().map(|(key, bytes)| (key.clone(), bytes.len())).collect()
    }

    /// How many uploads in parts are under way.
    pub fn uploads(&self) -> usize {
        self.held.uploads.lock().unwrap().len()
    }

    /// From now on every request is refused, or none.
    pub fn set_down(&self, is_down: bool) {
        self.held.is_down.store(is_down, Ordering::SeqCst);
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn xml(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("application/xml").body(format!("<?xml version=\"1.0\"?>{body}"))
}

async fn answer(req: HttpRequest, body: Bytes, held: Data<Held>) -> HttpResponse {
    let signed = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=for tests/")) {
        return HttpResponse::Forbidden().finish();
    }
    if held.is_down.load(Ordering::SeqCst) {
        return HttpResponse::Forbidden().body("<Error><Code>AccessDenied</Code></Error>");
    }
    let Some(key) = req.path().strip_prefix("/hoso/").map(str::to_owned) else {
        return HttpResponse::NotFound().finish();
    };
    let query = web::Query::<HashMap<String, String>>::from_query(req.query_string()).unwrap().into_inner();
    let mut uploads = held.uploads.lock().unwrap();
    let mut objects = held.objects.lock().unwrap();
    match (req.method(), query.get("uploadId")) {
        (&Method::POST, None) if query.contains_key("uploads") => {
            let id = format!("upload{}", uploads.len());
            uploads.insert(id.clone(), BTreeMap::new());
            xml(format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
        }
        (&Method::PUT, Some(id)) => {
            let number: u32 = query["partNumber"].parse().unwrap();
            uploads.get_mut(id).unwrap().insert(number, body.to_vec());
            HttpResponse::Ok().insert_header((ETAG, format!("\"{number}\""))).finish()
        }
        (&Method::POST, Some(id)) => {
            let parts = uploads.remove(id).unwrap();
            // S3 takes no part but the last that is smaller than 5 MiB.
            let last = parts.len();
            assert!(parts.values().enumerate().all(|(place, part)| place + 1 == last || part.len() >= 5 << 20));
            objects.insert(key, parts.into_values().flatten().collect());
            xml("<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>".to_owned())
        }
        (&Method::DELETE, Some(id)) => {
            uploads.remove(id);
            HttpResponse::NoContent().finish()
        }
        (&Method::PUT, None) => {
            objects.insert(key, body.to_vec());
            HttpResponse::Ok().insert_header((ETAG, "\"whole\"")).finish()
        }
        (&Method::DELETE, None) => {
            objects.remove(&key);
            HttpResponse::NoContent().finish()
        }
        (&Method::GET | &Method::HEAD, None) => match objects.get(&key) {
            Some(object) => given(&req, object),
            None => HttpResponse::NotFound().body("<Error><Code>NoSuchKey</Code></Error>"),
        },
        _ => HttpResponse::NotImplemented().finish(),
    }
}

fn given(req: &HttpRequest, object: &[u8]) -> HttpResponse {
    let range = req.headers().get(RANGE).map(|value| value.to_str().unwrap().strip_prefix("bytes=").unwrap());
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        let mut answer = HttpResponse::Ok();
        answer.insert_header((ETAG, "\"whole\"")).insert_header((LAST_MODIFIED, "Mon, 02 Mar 2026 02:00:00 GMT"));
        return answer.body(object.to_vec());
    };
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    HttpResponse::PartialContent()
        .insert_header((ETAG, "\"whole\""))
        .insert_header((LAST_MODIFIED, "Mon, 02 Mar 2026 02:00:00 GMT"))
        .insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{}", object.len())))
        .body(object[first..=last].to_vec())
}
