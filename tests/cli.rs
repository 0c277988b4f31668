//! The program from outside: real processes in a folder of their own, on SQLite.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

#[path = "support/postgres.rs"]
#[allow(clippy::expect_used, clippy::print_stderr, dead_code, unreachable_pub)]
mod postgres;

use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use serde_json::{Value, json};

fn motcua(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
    command.args(arguments).current_dir(folder).env("MOTCUA_DATABASE_URL", "sqlite://office.db");
    command.env("MOTCUA_DRAIN_SECONDS", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str], code: i32) -> String {
    told(motcua(folder, arguments).output().unwrap(), code)
}

#[track_caller]
fn told(output: Output, code: i32) -> String {
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[track_caller]
fn create_user(folder: &Path) {
    let arguments = ["user", "create", "lan", "--role", "admin", "--password-stdin"];
    let mut child = motcua(folder, &arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("mật khẩu để thử\n".as_bytes()).unwrap();
    assert!(told(child.wait_with_output().unwrap(), 0).contains("lan created"));
}

#[test]
fn the_demonstration_loads_verifies_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["demo", "--load-only"], 0);
    assert!(run(folder, &["verify"], 0).contains(" 0 differences"));
    let csv = run(folder, &["report", "06a", "--period", "2023-H1", "--format", "csv"], 0);
    assert!(csv.contains("1917") && csv.contains("1715"), "{csv}");

    let sheet = run(folder, &["report", "06a", "--period", "2023-H1", "--format", "xlsx", "--output", "06a.xlsx"], 0);
    assert_eq!(sheet, "");
    assert!(fs::read(folder.join("06a.xlsx")).unwrap().starts_with(b"PK"));
    let summary = run(folder, &["report", "06b", "--period", "2023-H1", "--agency", "000.00.00.H16"], 0);
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["rows"][1]["columns"]["received_total"], 1_917);
    let redirected = motcua(folder, &["report", "06b", "--period", "2023-H1", "--format", "xlsx"]).output().unwrap();
    assert!(redirected.status.success() && redirected.stdout.starts_with(b"PK"));

    // A good line is taken, bad ones are named, and the exit code says that some failed.
    let procedure = run(folder, &["report", "06a", "--period", "2023-H1"], 0);
    serde_json::from_str::<Value>(&procedure).unwrap();
    let good = json!({"procedure": "1.001739", "agency": "000.00.18.H16", "channel": "direct",
        "received_at": "2023-07-03T08:00:00+07:00", "applicant": {"kind": "citizen", "name": "Người thử"},
        "events": [{"to": "finished", "at": "2023-07-05T08:00:00+07:00"}]});
    fs::write(folder.join("lines"), format!("{{broken\n{{\"procedure\": \"9.999999\"}}\n{good}\n")).unwrap();
    let report: Value = serde_json::from_str(&run(folder, &["import", "lines"], 1)).unwrap();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!(2)));
    assert_eq!(report["errors"][1]["line"], 2);
    assert!(run(folder, &["verify"], 0).contains(" 0 differences"));

    let mut connection = SqliteConnection::establish(folder.join("office.db").to_str().unwrap()).unwrap();
    connection
        .batch_execute("UPDATE dossiers SET late_from = '2020-01-01 00:00:00' WHERE code = (SELECT min(code) FROM dossiers WHERE late_from IS NOT NULL)")
        .unwrap();
    assert!(!run(folder, &["verify"], 1).contains(" 0 differences"));
}

#[test]
fn the_catalogue_goes_out_and_in_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["demo", "--load-only"], 0);
    for file in ["catalogue.xlsx", "catalogue.csv"] {
        assert_eq!(run(folder, &["catalogue", "export", file], 0), "131 procedures\n", "abolished ones stay behind");
        let report: Value = serde_json::from_str(&run(folder, &["catalogue", "import", file], 0)).unwrap();
        assert_eq!((&report["unchanged"], &report["applied"]), (&json!(131), &json!(false)), "{file}");
    }
    let head = "code,name,field,level,online_level,rule\n";
    fs::write(folder.join("one.csv"), format!("{head}2.1,Thử,BTXH,Tỉnh,full,5 ngày\n")).unwrap();
    let import = |arguments: &[&str], code: i32| -> Value {
        serde_json::from_str(&run(folder, &[&["catalogue", "import"], arguments].concat(), code)).unwrap()
    };
    assert_eq!(import(&["one.csv"], 0)["added"], 1);
    assert_eq!(import(&["one.csv"], 0)["added"], 1, "a dry run stored nothing");
    assert_eq!(import(&["one.csv", "--apply"], 0)["applied"], true);
    assert_eq!(import(&["one.csv", "--apply"], 0)["unchanged"], 1);
    fs::write(folder.join("bad.csv"), format!("{head}2.2,Thử,BTXH,Tỉnh,full,5 ngày\n2.3,Thử,KHÁC,Tỉnh,full,5 ngày\n"))
        .unwrap();
    let refused = import(&["bad.csv", "--apply"], 1);
    assert_eq!((&refused["applied"], &refused["rows"][1]["errors"][0]["column"]), (&json!(false), &json!("C")));
    fs::write(folder.join("no.xlsx"), "\0").unwrap();
    assert_eq!(run(folder, &["catalogue", "import", "no.xlsx"], 1), "");
}

/// A register of so many rows as offices keep it, for the example mapping: title, two rows of headings, dates as texts.
fn register_of(rows: u32) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let plain = rust_xlsxwriter::Format::new();
    sheet.merge_range(0, 0, 0, 13, "SỔ THEO DÕI HỒ SƠ", &plain).unwrap();
    let above = ["TT", "Tên thủ tục hành chính", "Tên cá nhân, tổ chức", "Địa chỉ", "Số điện thoại", "Hình thức nộp"];
    let below = ["Nhận hồ sơ", "Yêu cầu bổ sung", "Bổ sung xong", "Hẹn trả", "Có kết quả", "Trả kết quả"];
    for (column, text) in (0..).zip(above) {
        sheet.merge_range(3, column, 4, column, text, &plain).unwrap();
    }
    sheet.merge_range(3, 6, 3, 11, "Ngày, tháng, năm", &plain).unwrap();
    for (column, text) in (6..).zip(below) {
        sheet.write_string(4, column, text).unwrap();
    }
    sheet.merge_range(3, 12, 4, 12, "Kết quả giải quyết", &plain).unwrap();
    sheet.merge_range(3, 13, 4, 13, "Ghi chú", &plain).unwrap();
    for number in 1..=rows {
        let row = number + 4;
        sheet.write_number(row, 0, number).unwrap();
        let cells = [
            "Trợ cấp mai táng".to_owned(),
            format!("Người nộp {number}"),
            format!("Thôn {}", number % 50),
            "0900000000".to_owned(),
            "Trực tiếp".to_owned(),
        ];
        for (column, text) in (1..).zip(cells) {
            sheet.write_string(row, column, text).unwrap();
        }
        let day = format!("{:02}/{:02}/2023", number % 20 + 1, number % 6 + 1);
        sheet
            .write_string(row, 6, &day)
            .unwrap()
            .write_string(row, 10, &day)
            .unwrap()
            .write_string(row, 11, &day)
            .unwrap();
        sheet.write_formula(row, 9, "=G6+5").unwrap();
        sheet.write_string(row, 12, "Giải quyết").unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn an_offices_register_comes_in_once_however_often_it_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["demo", "--load-only"], 0);
    let mapping = include_str!("../docs/register-mapping.json").replace("H16.18", "000.00.18.H16");
    fs::write(folder.join("mapping.json"), mapping).unwrap();
    fs::write(folder.join("register.xlsx"), register_of(2_500)).unwrap();
    let register = |arguments: &[&str], code: i32| -> Value {
        let whole = [&["register", "register.xlsx", "--mapping", "mapping.json"], arguments].concat();
        serde_json::from_str(&run(folder, &whole, code)).unwrap()
    };
    let told = |report: &Value| ["accepted", "known", "rejected"].map(|member| report[member].as_u64().unwrap());
    let mut connection = SqliteConnection::establish(folder.join("office.db").to_str().unwrap()).unwrap();
    let mut stored = || {
        diesel::sql_query("SELECT count(*) AS count FROM register_rows")
            .get_result::<Count>(&mut connection)
            .map_or(0, |it| it.count)
    };
    assert_eq!((told(&register(&[], 0)), stored()), ([2_500, 0, 0], 0), "a dry run is what happens unasked");
    // Ended in the middle, as an outage does.
    let arguments = ["register", "register.xlsx", "--mapping", "mapping.json", "--apply"];
    let mut child = motcua(folder, &arguments).stdout(Stdio::null()).spawn().unwrap();
    while stored() == 0 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = u64::try_from(stored()).unwrap();
    assert!((1_000..=2_500).contains(&before), "{before}");
    assert_eq!(told(&register(&["--apply"], 0)), [2_500 - before, before, 0]);
    assert_eq!(told(&register(&["--apply"], 0)), [0, 2_500, 0]);
    assert_eq!(stored(), 2_500);
    assert!(run(folder, &["verify"], 0).contains(" 0 differences"));
    // What was taken in is known again under the next data key.
    run(folder, &["key", "rotate", "--data"], 0);
    assert_eq!(told(&register(&["--apply"], 0)), [0, 2_500, 0]);
    fs::write(folder.join("register.xlsx"), b"%PDF-1.7\n\0").unwrap();
    assert_eq!(register(&["--apply"], 1)["errors"][0]["code"], "not_a_table");
    fs::write(folder.join("mapping.json"), "{\"register\": \"x\", \"kolumns\": {}}").unwrap();
    assert_eq!(run(folder, &arguments, 1), "");
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[test]
fn a_fresh_office_is_set_up_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(!run(folder, &["migrate"], 0).starts_with("0 "));
    assert!(run(folder, &["migrate"], 0).starts_with("0 "));
    create_user(folder);
    assert!(run(folder, &["sweep"], 0).starts_with("0 newly overdue"));
    assert!(run(folder, &["verify"], 0).contains(" 0 differences"));
    assert_eq!(run(folder, &["openapi"], 0), include_str!("../openapi/openapi.json"));
}

/// Runs a command that reads a password from standard input.
#[track_caller]
fn with_password(folder: &Path, arguments: &[&str], password: &str, code: i32) -> String {
    let mut child = motcua(folder, arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    told(child.wait_with_output().unwrap(), code)
}

#[test]
fn users_and_clients_are_kept_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    create_user(folder);
    let create = ["user", "create", "binh", "--role", "admin", "--password-stdin"];
    with_password(folder, &create, "matkhau123", 1);
    with_password(folder, &create, "con ngựa ăn khoai lang", 0);
    let reset = ["user", "password", "binh", "--password-stdin"];
    with_password(folder, &reset, "1234567890", 1);
    assert!(with_password(folder, &reset, "đi chợ từ sáng sớm", 0).contains("binh has a new password"));
    let users = |folder: &Path| -> Vec<(String, bool)> {
        let lines = run(folder, &["user", "list"], 0);
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|user| (user["username"].as_str().unwrap().to_owned(), user["disabled"] == true)).collect()
    };
    run(folder, &["user", "disable", "binh"], 0);
    assert_eq!(users(folder), [("binh".to_owned(), true), ("lan".to_owned(), false)]);
    run(folder, &["user", "enable", "binh"], 0);
    assert_eq!(users(folder)[0], ("binh".to_owned(), false));
    run(folder, &["user", "disable", "nobody"], 1);

    let made = run(folder, &["client", "create", "iOffice", "--scope", "documents:exchange"], 0);
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["client_id"].as_str().unwrap();
    let rotated: Value = serde_json::from_str(&run(folder, &["client", "rotate", id], 0)).unwrap();
    assert_eq!(rotated["client_id"], id);
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    run(folder, &["client", "disable", id], 0);
    let listed: Value = serde_json::from_str(&run(folder, &["client", "list"], 0)).unwrap();
    assert_eq!((&listed["id"], &listed["disabled"]), (&json!(id), &json!(true)));
    assert!(listed.get("client_secret").is_none() && listed.get("secret").is_none());
    run(folder, &["client", "enable", id], 0);
}

#[test]
fn data_keys_are_made_rotated_and_missed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["migrate"], 0);
    let file = folder.join("office.data-key");
    let keys = || fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = keys();
    run(folder, &["key", "rotate", "--data"], 0);
    assert_eq!((keys().len(), &keys()[0]), (2, &first[0]));
    assert!(run(folder, &["reencrypt"], 0).contains("0 dossiers and 0 webhooks sealed"));
    // The key before is not asked for any more.
    fs::write(&file, keys()[1].clone()).unwrap();
    assert!(run(folder, &["verify"], 0).contains(" 0 differences"));
    assert!(run(folder, &["retention", "--years", "5"], 0).starts_with("0 dossiers would be anonymised"));
    run(folder, &["retention"], 2);

    // Without the key nothing starts, and the message says what is missing.
    fs::remove_file(&file).unwrap();
    let refused = motcua(folder, &["verify"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("data key") && said.contains("MOTCUA_DATA_KEY"), "{said}");
}

/// Serves until it answers.
/// Serves on a free port; the program says which one once it listens.
fn serve(folder: &Path) -> (Child, String) {
    let mut command = motcua(folder, &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().strip_prefix("API: ").unwrap().to_owned())
}

fn stop(mut child: Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(child.wait().unwrap().success());
}

#[actix_web::test]
async fn serving_stops_cleanly_and_tokens_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    create_user(folder);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (child, base) = serve(folder);
    for path in ["/healthz", "/readyz", "/docs/", "/openapi.json", "/metrics"] {
        let status = client.get(format!("{base}{path}")).send().await.unwrap().status();
        assert_eq!(status.as_u16(), 200, "{path}");
    }
    let key = fs::metadata(folder.join("office.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let body = json!({"username": "lan", "password": "mật khẩu để thử"});
    let answer = client.post(format!("{base}/v1/sessions")).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let mut refresh = answer["refresh_token"].as_str().unwrap().to_owned();
    stop(child);

    let (child, base) = serve(folder);
    let me = client.get(format!("{base}/v1/me")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(me.status().as_u16(), 200);
    stop(child);

    // A new key logs nobody out: the one before still verifies, until it is said to have got out.
    for (arguments, keys, status) in [(&["key", "rotate"][..], 2, 200), (&["key", "rotate", "--revoke"], 1, 401)] {
        run(folder, arguments, 0);
        assert_eq!(fs::read_to_string(folder.join("office.key")).unwrap().lines().count(), keys);
        assert_eq!(fs::metadata(folder.join("office.key")).unwrap().permissions().mode() & 0o777, 0o600);
        let (child, base) = serve(folder);
        let me = client.get(format!("{base}/v1/me")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(me.status().as_u16(), status);
        let body = json!({"refresh_token": refresh});
        let renewed = client.post(format!("{base}/v1/sessions/refresh")).json(&body).send().await.unwrap();
        let renewed: Value = renewed.json().await.unwrap();
        refresh = renewed["refresh_token"].as_str().unwrap().to_owned();
        stop(child);
    }
}

/// The rows of an export by table, in no order; without the audit log, which the commands themselves write to.
fn rows_of(export: &Path) -> Vec<String> {
    let text = fs::read_to_string(export).unwrap();
    let (mut table, mut rows) = (String::new(), Vec::new());
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        match value["table"]["name"].as_str() {
            Some(name) => table = name.to_owned(),
            None if table.starts_with("audit") || value.get("end").is_some() => {}
            None => rows.push(format!("{table} {value}")),
        }
    }
    rows.sort();
    rows
}

/// The tables that an export names.
fn tables_of(export: &str) -> BTreeSet<String> {
    let named = export.lines().filter_map(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        value["table"]["name"].as_str().map(str::to_owned)
    });
    named.collect()
}

/// The tables of `src/storage/schema`, but for those that are not kept.
fn tables_of_the_schema() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut files = vec![folder.join("schema.rs")];
    files.extend(fs::read_dir(folder.join("schema")).unwrap().map(|file| file.unwrap().path()));
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let lines = text.lines().filter(|line| line.ends_with('{') && !line.contains('!') && line.contains(" ("));
    let names = lines.map(|line| line.trim().split(" (").next().unwrap().to_owned());
    names.filter(|name| !["leases", "reference_state", "rounds"].contains(&name.as_str())).collect()
}

#[test]
fn everything_moves_to_the_other_database_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |url: &str, arguments: &[&str], code: i32| {
        let key = fs::read_to_string(folder.join("office.data-key"))
            .unwrap_or_else(|_| "another key, of 32 characters, too".into());
        let mut command = motcua(folder, arguments);
        told(command.env("MOTCUA_DATABASE_URL", url).env("MOTCUA_DATA_KEY", key.trim()).output().unwrap(), code)
    };
    run(folder, &["demo", "--load-only"], 0);
    run(folder, &["export", "all.ndjson"], 0);
    // What is sealed stays so: the key goes with it, by another way. Without it nothing is loaded.
    fs::rename(folder.join("office.data-key"), folder.join("taken-along")).unwrap();
    at("sqlite://second.db", &["load", "all.ndjson"], 1);
    fs::rename(folder.join("taken-along"), folder.join("office.data-key")).unwrap();
    assert_eq!(fs::metadata(folder.join("all.ndjson")).unwrap().permissions().mode() & 0o777, 0o600);
    // A file that is there is not written over, and a database in use not into.
    run(folder, &["export", "all.ndjson"], 1);
    run(folder, &["load", "all.ndjson"], 1);
    let text = fs::read_to_string(folder.join("all.ndjson")).unwrap();
    fs::write(folder.join("cut.ndjson"), &text[..text.len() / 2]).unwrap();
    fs::write(folder.join("other.ndjson"), text.replacen("\"migration\":\"2", "\"migration\":\"3", 1)).unwrap();
    assert_eq!(tables_of(&text), tables_of_the_schema(), "a table of the schema is not carried, or one is not in it");
    let before = rows_of(&folder.join("all.ndjson"));
    let form = run(folder, &["report", "06a", "--period", "2023-H1", "--format", "csv"], 0);
    assert!(before.len() > 6_000 && form.contains("1917"));

    let schema = postgres::Schema::create();
    let mut steps = vec!["sqlite://second.db".to_owned()];
    steps.extend(schema.as_ref().map(|schema| schema.url.clone()));
    steps.push("sqlite://third.db".to_owned());
    let mut file = "all.ndjson".to_owned();
    for (step, url) in steps.iter().enumerate() {
        // What cannot be loaded leaves the database empty.
        at(url, &["load", "cut.ndjson"], 1);
        at(url, &["load", "other.ndjson"], 1);
        at(url, &["load", &file], 0);
        assert!(at(url, &["verify"], 0).contains(" 0 differences"));
        assert_eq!(at(url, &["report", "06a", "--period", "2023-H1", "--format", "csv"], 0), form);
        file = format!("from{step}.ndjson");
        at(url, &["export", &file], 0);
        let after = rows_of(&folder.join(&file));
        let differing = before.iter().zip(&after).find(|(before, after)| before != after);
        assert_eq!((differing, before.len()), (None, after.len()), "{url}");
        // New codes and events go on behind those loaded.
        let line = json!({"procedure": "1.001739", "agency": "000.00.18.H16", "channel": "direct",
            "received_at": "2023-07-03T08:00:00+07:00", "applicant": {"kind": "citizen", "name": "Người thử"}});
        fs::write(folder.join("line"), line.to_string()).unwrap();
        at(url, &["import", "line"], 0);
        assert!(at(url, &["verify"], 0).contains(" 0 differences"));
    }
    if let Some(schema) = schema {
        schema.drop_it();
    }
}
