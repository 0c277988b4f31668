//! Parsers under mutated input: none panics, what is taken prints back and is taken again as the same, what is refused has a
//! name and stores nothing. `PROPTEST_CASES` says how long; docs/FUZZ.md, how long it was.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod mutation;

use actix_web::test::TestRequest;
use motcua::ambient::Ambient;
use motcua::domain::dossier_code::DossierCode;
use motcua::flow::verify::verify;
use motcua::flow::{Act, Actor};
use motcua::http::dossier_view::stamp;
use motcua::http::imports::import_lines;
use motcua::http::input::{Query, cursor, read_cursor};
use motcua::http::texts::TEXTS;
use motcua::integrations::edxml;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::Value;

use mutation::{lines, mutated};
use support::{Kind, NOW, TestApp};

const CODES: &str = include_str!("../corpus/codes.txt");
const CURSORS: &str = include_str!("../corpus/cursors.txt");
const QUERIES: &str = include_str!("../corpus/queries.txt");
const DATES: &str = include_str!("../corpus/dates.txt");
const TIMESTAMPS: &str = include_str!("../corpus/timestamps.txt");
const IMPORT: &str = include_str!("../corpus/import.ndjson");
const PATCHES: &str = include_str!("../corpus/patches.ndjson");
const PACKETS: &[&[u8]] =
    &[include_bytes!("../corpus/packets/document.xml"), include_bytes!("../corpus/packets/status.xml")];

fn texts(corpus: &str) -> impl Strategy<Value = String> {
    mutated(lines(corpus)).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a refusal is one of those the API has a sentence for, and none that hides a fault.
fn is_named(code: &str) -> bool {
    TEXTS.iter().any(|text| text.code == code && text.status < 500)
}

/// A value as the only query parameter, `x`.
fn query(value: &str) -> Query {
    let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let request = TestRequest::with_uri(&format!("/?x={escaped}")).to_http_request();
    Query::of(&request, &["x"]).unwrap()
}

proptest! {
    #[test]
    fn a_dossier_code_prints_as_it_was_written(text in texts(CODES)) {
        if let Ok(code) = text.parse::<DossierCode>() {
            prop_assert_eq!(code.to_string(), text);
            prop_assert!((1..10_u64.pow(18)).contains(&code.sequence()) || code.sequence() == 0);
        }
    }

    #[test]
    fn a_packet_that_is_read_is_written_and_read_again(bytes in mutated(PACKETS.iter().map(|packet| packet.to_vec()).collect())) {
        match edxml::read(&bytes) {
            Ok(packet) => {
                let written = edxml::write(&packet).unwrap();
                prop_assert_eq!(edxml::read(&written), Ok(packet));
            }
            Err(refusal) => prop_assert!(is_named(refusal.code()), "{}", refusal.code()),
        }
    }

    #[test]
    fn a_cursor_that_is_read_is_made_again(text in texts(CURSORS), parts in 1..3_usize) {
        if let Some(read) = read_cursor(&text, parts) {
            prop_assert_eq!(read_cursor(&cursor(&read), parts), Some(read));
        }
    }

    #[test]
    fn a_cursor_that_is_made_is_read_again(made in proptest::collection::vec("[^\\x00]{0,20}", 1..4)) {
        prop_assert_eq!(read_cursor(&cursor(&made), made.len()), Some(made));
    }

    #[test]
    fn a_query_is_taken_whole_or_refused_by_name(text in texts(QUERIES)) {
        let known = ["from", "to", "agency", "received_at", "unit", "amount", "limit", "cursor", "q", "timing", "reveal", "fields"];
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"=&%+-.:,_~!*'();/?@".contains(&byte);
        let sent: String = text
            .bytes()
            .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        let request = TestRequest::with_uri(&format!("/?{sent}")).to_http_request();
        match Query::of(&request, &known) {
            Err(problem) => prop_assert!(is_named(problem.code()), "{}", problem.code()),
            Ok(query) => {
                let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, NOW.parse().unwrap());
                let refusals = [
                    query.page(1).err(), query.date("from").err(), query.date("to").err(),
                    query.timestamp("received_at", &ambient).err(), query.parsed::<u32>("amount").err(),
                ];
                for problem in refusals.into_iter().flatten() {
                    prop_assert!(is_named(problem.code()), "{}", problem.code());
                }
            }
        }
    }

    #[test]
    fn a_date_prints_as_it_was_written(text in texts(DATES)) {
        let text = text.replace('\0', "");
        match query(&text).date("x") {
            Ok(date) => prop_assert_eq!(date.unwrap().format("%Y-%m-%d").to_string(), text),
            Err(problem) => prop_assert_eq!(problem.code(), "invalid_parameter"),
        }
    }

    #[test]
    fn a_timestamp_prints_so_that_it_is_read_as_the_same(text in texts(TIMESTAMPS)) {
        let text = text.replace('\0', "");
        let ambient = Ambient::standing_at(chrono_tz::Asia::Ho_Chi_Minh, NOW.parse().unwrap());
        match query(&text).timestamp("x", &ambient) {
            Ok(at) => {
                let printed = stamp(&ambient, at.unwrap());
                prop_assert_eq!(query(&printed).timestamp("x", &ambient).ok(), Some(at), "{}", printed);
            }
            Err(problem) => prop_assert_eq!(problem.code(), "invalid_parameter"),
        }
    }
}

/// Inputs for tests that need the application, where proptest itself cannot wait; fewer, because each is stored.
fn inputs(corpus: &str) -> impl Iterator<Item = Vec<u8>> {
    let (strategy, mut runner) = (mutated(lines(corpus)), TestRunner::default());
    let cases = ProptestConfig::default().cases / 4;
    (0..cases.max(16)).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

#[actix_web::test]
async fn an_import_takes_a_line_whole_or_refuses_it_by_name() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    app.office().await;
    let actor = Actor::service("fuzz");
    let act = Act { actor: &actor, now: app.ambient.now(), ambient: &app.ambient };
    let mut stored = 0;
    for input in inputs(IMPORT) {
        let shown = String::from_utf8_lossy(&input).into_owned();
        let report = import_lines(&app.db, act, &mut &*input).unwrap_or_else(|fault| panic!("{fault}: {shown}"));
        let there = input.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        assert_eq!(report.accepted + report.rejected, there, "{shown}");
        assert_eq!(report.errors.len(), report.rejected, "{shown}");
        for error in &report.errors {
            assert!(is_named(&error.code), "{}: {shown}", error.code);
        }
        stored += report.accepted;
    }
    let verdict = verify(&app.db, app.ambient.now()).unwrap();
    assert_eq!(verdict.differences, Vec::<String>::new());
    assert_eq!(verdict.dossiers, stored, "what is refused stores nothing");
    assert!(stored > 0);
}

#[actix_web::test]
async fn a_merge_patch_changes_all_it_says_or_nothing() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let token = app.office().await;
    let path = format!("/v1/dossiers/{}", app.receive(&token, serde_json::json!({})).await);
    let headers = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
    let mut taken = 0;
    for input in inputs(PATCHES) {
        let shown = String::from_utf8_lossy(&input).into_owned();
        let before = app.get(&path, &token).await.text;
        let answer = app.bytes(Method::PATCH, &path, Some(&token), &headers, input).await;
        let after = app.get(&path, &token).await.text;
        if answer.status.is_success() {
            taken += 1;
            let patch: Value = serde_json::from_str(&shown).unwrap_or_default();
            let (told, found): (Value, Value) = (answer.json(), serde_json::from_str(&after).unwrap());
            for member in ["summary", "note", "assignee", "applicant", "version"] {
                assert_eq!(told[member], found[member], "{shown}");
            }
            // Texts are kept trimmed and in NFC; null clears.
            for member in ["summary", "note", "assignee"].into_iter().filter(|member| patch.get(*member).is_some()) {
                assert_eq!(patch[member].is_null(), found[member].is_null(), "{member}: {shown}");
            }
        } else {
            assert!(is_named(&answer.problem(answer.status.as_u16())), "{shown}");
            assert_eq!(before, after, "{shown}");
        }
    }
    assert!(taken > 0);
    app.verify();
}
