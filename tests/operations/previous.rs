//! The version before on the schema of this one: an upgrade is rolled out one process after the other, so both serve at once.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::office::{Served, create_admin, program, run, verify};
use crate::postgres::Schema;

/// The last commit before the newest migrations; `.ci/previous` builds its program.
const REVISION: &str = include_str!("../previous-version");

/// The program of the version before; `None`, said loudly, where nobody built it.
#[allow(clippy::print_stderr)]
fn previous() -> Option<PathBuf> {
    let target = program().parent().and_then(Path::parent).unwrap().to_owned();
    let previous = target.join("previous").join(REVISION.trim()).join("motcua");
    if previous.exists() {
        return Some(previous);
    }
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the program")]
    let required = std::env::var("MOTCUA_REQUIRE_PREVIOUS").is_ok();
    assert!(!required, "{} is required: bash .ci/previous", previous.display());
    eprintln!("!!! NO PREVIOUS VERSION: this test did not run. Build it with: bash .ci/previous");
    None
}

async fn tell(url: &str) {
    let Some(previous) = previous() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Migrated by this version, served by the one before.
    run(&program(), folder, url, &["migrate"], 0);
    create_admin(&previous, folder, url);
    let mut old = Served::start(&previous, folder, url, &[]);
    old.set_up().await;
    old.life().await;
    let handed_on = old.receive().await;
    old.transition(&handed_on, json!({"to": "processing"})).await;

    // Both at once, as while an upgrade is rolled out: what one began the other ends.
    let mut new = Served::start(&program(), folder, url, &[]);
    new.sign_in().await;
    new.transition(&handed_on, json!({"to": "finished", "outcome": "granted"})).await;
    old.transition(&handed_on, json!({"to": "returned"})).await;
    let begun = new.receive().await;
    old.transition(&begun, json!({"to": "supplement_required", "reason": "Thiếu giấy"})).await;
    new.transition(&begun, json!({"to": "processing"})).await;
    new.life().await;
    old.life().await;
    let told = |feed: serde_json::Value| feed["items"].as_array().unwrap().len();
    let (by_new, by_old) = (new.get("/v1/changes").await, old.get("/v1/changes").await);
    assert_eq!(told(by_new), told(by_old));
    old.stop();
    // And back again, when the new version is found wanting.
    let mut old = Served::start(&previous, folder, url, &[]);
    old.sign_in().await;
    new.stop();
    old.transition(&begun, json!({"to": "finished", "outcome": "granted"})).await;
    old.stop();
    verify(&previous, folder, url);
    verify(&program(), folder, url);
}

#[actix_web::test]
async fn the_version_before_works_on_this_schema_on_sqlite() {
    tell("sqlite://office.db").await;
}

#[actix_web::test]
async fn the_version_before_works_on_this_schema_on_postgres() {
    let Some(schema) = Schema::create() else { return };
    tell(&schema.url).await;
    schema.drop_it();
}
