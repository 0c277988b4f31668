//! What is written for whoever runs the service agrees with the service: every metric that dashboard, alerts and handbook name is
//! there, and every one that is there is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::office::{Served, create_admin, program};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names of metrics in a text; those of a histogram's series are its own.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'));
    let names = words.filter(|word| word.starts_with("motcua_") && !word.ends_with('_'));
    let own = |name: &str| {
        let series = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        series.unwrap_or(name).to_owned()
    };
    names.map(own).collect()
}

/// The metrics that the sources count under a name of their own; some of them are only there once something happened.
fn counted() -> BTreeSet<String> {
    let sources = ["src/http/middleware.rs", "src/worker/mod.rs", "src/worker/delivery.rs", "src/worker/portal.rs"];
    let lines = sources.map(read).join("\n");
    let lines = lines.lines().filter(|line| line.contains("metrics::"));
    lines.flat_map(named).collect()
}

#[actix_web::test]
async fn dashboard_alerts_and_handbook_name_the_metrics_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, url) = (folder.path(), "sqlite://office.db");
    create_admin(&program(), folder, url);
    let mut office = Served::start(&program(), folder, url, &[]);
    office.set_up().await;
    let page = office.send(reqwest::Method::GET, "/metrics", None).await.text().await.unwrap();
    office.stop();
    let samples = page.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut there = named(&samples);
    assert!(there.contains("motcua_database_up") && there.contains("motcua_http_request_seconds"), "{there:?}");
    there.extend(counted());
    // Until the first round ended, and the first balance was struck, there is no age.
    there.extend(
        ["motcua_sweep_lag_seconds", "motcua_sweep_round_seconds", "motcua_balance_age_seconds"].map(String::from),
    );

    for file in ["docs/operations/grafana-dashboard.json", "docs/operations/alerts.yml", "docs/OPERATIONS.md"] {
        let unknown: Vec<String> = named(&read(file)).difference(&there).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{file} names what is not there");
    }
    let unexplained: Vec<String> = there.difference(&named(&read("docs/OPERATIONS.md"))).cloned().collect();
    assert_eq!(unexplained, Vec::<String>::new(), "docs/OPERATIONS.md does not explain them");
    serde_json::from_str::<serde_json::Value>(&read("docs/operations/grafana-dashboard.json")).unwrap();
    // Whoever is woken by an alert finds what to do.
    let (alerts, handbook) = (read("docs/operations/alerts.yml"), read("docs/OPERATIONS.md"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(handbook.contains(&format!("`{name}`")), "docs/OPERATIONS.md does not say what to do about {name}");
    }
}
