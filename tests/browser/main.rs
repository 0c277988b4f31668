//! The pages in a real browser. The application runs here, with the clock that tests move; Chromium is driven by the stories in
//! `stories/*.mjs` through Playwright, which ask for what only this side can do line by line.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use calamine::{Data, Reader, open_workbook_auto};
use motcua::domain::vocabulary::Role;
use motcua::flow::sweep::sweep;
use serde_json::{Value, json};

use support::{Kind, TestApp};

macro_rules! stories {
    ($($name:ident),+ $(,)?) => { $(
        #[actix_web::test]
        async fn $name() {
            tell(&stringify!($name).replace('_', "-")).await;
        }
    )+ };
}

stories![
    receives_and_counts_live,
    issues_a_letter,
    downloads_open,
    citizens_look_up,
    warns,
    works_by_keyboard_alone,
    fits_a_phone,
    is_accessible,
    is_light_and_keeps_to_itself,
];

/// Where the browser and its driver are; `None` when they are not, which CI does not take for an answer.
fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found =
        |name: &str| std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(found);
    let has_driver =
        here().join("node_modules/playwright-core").is_dir() && here().join("node_modules/axe-core").is_dir();
    let missing = match &chromium {
        None => "Chromium (Debian: chromium)",
        Some(_) if found("node").is_none() => "node",
        Some(_) if !has_driver => "its driver (npm ci --prefix tests/browser)",
        Some(_) => return chromium,
    };
    assert!(std::env::var_os("MOTCUA_REQUIRE_BROWSER").is_none(), "the pages cannot be tested: {missing} is missing");
    eprintln!("\n!!! THE PAGES ARE NOT TESTED: {missing} is missing !!!\n");
    None
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

async fn tell(story: &str) {
    let Some(chromium) = browser() else { return };
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    app.office().await;
    for (name, role) in [("lan", Role::FrontDesk), ("binh", Role::Officer), ("cuong", Role::Leader)] {
        app.user(name, role, Some("H16.18")).await;
    }
    let downloads = tempfile::tempdir().unwrap();
    let mut node = Command::new("node")
        .arg(here().join("run.mjs"))
        .args([story, &app.base, support::PASSWORD])
        .args([chromium.as_path(), downloads.path()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut answers, asked) = (node.stdin.take().unwrap(), BufReader::new(node.stdout.take().unwrap()));
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let reader = std::thread::spawn(move || asked.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    while let Some(line) = receiver.recv().await {
        let order: Value = serde_json::from_str(&line).unwrap_or_else(|cause| panic!("{cause}: {line}"));
        let answer = carry_out(&app, &order);
        writeln!(answers, "{answer}").unwrap();
    }
    drop(answers);
    let _ = reader.join();
    assert!(node.wait().unwrap().success(), "{story} failed; what happened stands above");
    app.verify();
}

/// What the story cannot do itself.
fn carry_out(app: &TestApp, order: &Value) -> Value {
    let text = |name: &str| order[name].as_str().unwrap();
    match text("do") {
        "clock" => {
            app.at(text("now"));
            json!(null)
        }
        "sweep" => json!(sweep(&app.db, &app.ambient, 0).unwrap().overdue),
        "open-pdf" => json!(pdf_extract::extract_text(text("file")).unwrap()),
        "open-xlsx" => {
            let mut book = open_workbook_auto(text("file")).unwrap();
            let sheet = book.worksheet_range_at(0).unwrap().unwrap();
            let cells = sheet.rows().map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>());
            json!(cells.collect::<Vec<_>>())
        }
        other => panic!("{other}"),
    }
}
