//! Writes cut short before their commit, or after it and before their answer, and then tried again under the same key.

use std::sync::{Arc, Mutex};

use motcua::storage::{Moment, StorageError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::story;
use crate::support::{Answer, TestApp, dossier};

/// Where the next write is to end; one only.
struct Shears(Arc<Mutex<Option<Moment>>>);

impl Shears {
    fn of(app: &TestApp) -> Self {
        let next = Arc::new(Mutex::new(None));
        let armed = Arc::clone(&next);
        app.db.cut_writes(move |moment| {
            let cuts_here = armed.lock().unwrap().take_if(|here| *here == moment).is_some();
            if cuts_here { Err(busy()) } else { Ok(()) }
        });
        Self(next)
    }

    fn arm(&self, moment: Moment) {
        *self.0.lock().unwrap() = Some(moment);
    }

    /// Sends the same request under a key, cut at both places in turn and whole; answers the effect.
    async fn cut(&self, what: &str, send: impl AsyncFn(&str) -> Answer, count: impl AsyncFn() -> usize) -> Value {
        let before = count().await;
        self.arm(Moment::BeforeCommit);
        let cut = send(&format!("{what}-1")).await;
        assert_eq!((cut.problem(503), cut.header("retry-after")), ("unavailable".to_owned(), "2"), "{what}");
        assert_eq!(count().await, before, "{what}: nothing is left of what was not committed");
        let done = send(&format!("{what}-1")).await;
        assert!(
            done.status.is_success() && !done.headers.contains_key("idempotency-replayed"),
            "{what}: {}",
            done.text
        );
        assert_eq!(count().await, before + 1, "{what}: done once");
        let again = send(&format!("{what}-1")).await;
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &done.text), "{what}");
        assert_eq!(count().await, before + 1, "{what}: and not again");
        done.json()
    }

    async fn cut_after(&self, what: &str, send: impl AsyncFn(&str) -> Answer, count: impl AsyncFn() -> usize) -> Value {
        let before = count().await;
        self.arm(Moment::AfterCommit);
        assert_eq!(send(&format!("{what}-2")).await.problem(503), "unavailable", "{what}");
        assert_eq!(count().await, before + 1, "{what}: it was committed");
        let first = send(&format!("{what}-2")).await;
        assert_eq!(first.header("idempotency-replayed"), "true", "{what}: {}", first.text);
        assert!(first.status.is_success());
        assert_eq!(count().await, before + 1, "{what}: once");
        first.json()
    }
}

/// A fault that the service says to come back after, and does not try again by itself.
fn busy() -> StorageError {
    let said = Box::new("database is locked".to_owned());
    StorageError::Query(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, said))
}

async fn keyed(app: &TestApp, token: &str, path: &str, key: &str, body: Value) -> Answer {
    app.send(Method::POST, path, Some(token), &[("idempotency-key", key)], Some(body)).await
}

/// How many events of a kind the journal of all dossiers has, by the feed.
async fn events(app: &TestApp, token: &str, kind: &str) -> usize {
    let changes = app.get("/v1/changes?limit=200", token).await.expect(200);
    changes["items"].as_array().unwrap().iter().filter(|change| change["type"] == kind).count()
}

async fn listed(app: &TestApp, token: &str, path: &str) -> usize {
    app.get(path, token).await.expect(200)["items"].as_array().unwrap().len()
}

story!(a_write_cut_short_is_done_once_when_it_is_tried_again, |app| {
    let admin = app.office().await;
    let shears = Shears::of(app);

    let send = async |key: &str| keyed(app, &admin, "/v1/dossiers", key, dossier(json!({}))).await;
    let count = async || listed(app, &admin, "/v1/dossiers?limit=200").await;
    let one = shears.cut("create", send, count).await;
    let other = shears.cut_after("create", send, count).await;
    assert_ne!(one["code"], other["code"]);

    let codes = [one["code"].as_str().unwrap(), other["code"].as_str().unwrap()];
    let moved = async || listed(app, &admin, "/v1/dossiers?limit=200&status=processing").await;
    let path = |code: &str| format!("/v1/dossiers/{code}/transitions");
    let body = || json!({"to": "processing"});
    shears.cut("move", async |key: &str| keyed(app, &admin, &path(codes[0]), key, body()).await, moved).await;
    shears.cut_after("move", async |key: &str| keyed(app, &admin, &path(codes[1]), key, body()).await, moved).await;

    let mut letters = Vec::new();
    for code in codes {
        let path = format!("/v1/dossiers/{code}/apology-letters");
        let opened = app.post(&path, &admin, json!({"kind": "lost", "reason": "Xin lỗi"})).await.expect(201);
        let letter = format!("/v1/apology-letters/{}", opened["id"].as_str().unwrap());
        app.post(&format!("{letter}/submit"), &admin, json!({})).await.expect(200);
        letters.push(format!("{letter}/issue"));
    }
    let issued = async || listed(app, &admin, "/v1/apology-letters?limit=200&status=issued").await;
    let issue = |number: u32| {
        json!({"number": number, "notation": "PXL-SLĐTBXH", "promulgated_on": "2026-03-02",
            "signer": {"name": "Đặng Văn Ưởng", "position": "Giám đốc"}})
    };
    shears.cut("letter", async |key: &str| keyed(app, &admin, &letters[0], key, issue(1)).await, issued).await;
    shears.cut_after("letter", async |key: &str| keyed(app, &admin, &letters[1], key, issue(2)).await, issued).await;
    assert_eq!(events(app, &admin, "letter.issued").await, 2, "each is told once");

    let line = format!("{}\n", dossier(json!({"received_at": "2026-02-27T09:00:00+07:00"})));
    let import = async |key: &str| {
        let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", key)];
        app.bytes(Method::POST, "/v1/imports?atomic=true", Some(&admin), &headers, line.clone().into_bytes()).await
    };
    shears.cut("import", import, count).await;
    shears.cut_after("import", import, count).await;

    // A secret is never given again (contract, section 1): a registration whose answer got lost is in the list, and is given a
    // new secret.
    let hooks = async || listed(app, &admin, "/v1/webhooks").await;
    let hook = async || {
        app.post("/v1/webhooks", &admin, json!({"url": "https://example.vn/hook", "events": ["*"]})).await.problem(503)
    };
    // A registration brings the feed up to date first; that is not what is to be cut.
    app.get("/v1/changes", &admin).await.expect(200);
    shears.arm(Moment::BeforeCommit);
    assert_eq!((hook().await, hooks().await), ("unavailable".to_owned(), 0));
    shears.arm(Moment::AfterCommit);
    assert_eq!((hook().await, hooks().await), ("unavailable".to_owned(), 1));
    let found = app.get("/v1/webhooks", &admin).await.expect(200)["items"][0].clone();
    let rotated =
        app.post(&format!("/v1/webhooks/{}/rotate-secret", found["id"].as_str().unwrap()), &admin, json!({})).await;
    assert!(rotated.expect(200)["secret"].is_string());
});
