//! Who may use whom: the import rules of the house, read from the sources themselves.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

/// A source file: its path below the crate, its text, and its lines that are code.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_start()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// Whether the file is a test that sits beside the code.
    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/testing")
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
                found.push(Source { path: below.display().to_string(), text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 60, "{} files", found.len());
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Whether `line` uses `name` as a path or word, and not as a part of a longer word.
fn mentions(line: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[test]
fn every_module_keeps_to_what_it_may_use() {
    // Module, what it never mentions.
    let rules: &[(&str, &[&str])] = &[
        (
            "src/domain/",
            &[
                "diesel",
                "actix_web",
                "utoipa",
                "reqwest",
                "tokio",
                "async",
                "std::fs",
                "std::net",
                "std::env",
                "crate::storage",
                "crate::flow",
                "crate::http",
                "crate::documents",
                "crate::files",
                "crate::ambient",
                "crate::config",
            ],
        ),
        (
            "src/storage/",
            &[
                "actix_web",
                "utoipa",
                "reqwest",
                "tokio",
                "async",
                "crate::flow",
                "crate::http",
                "crate::worker",
                "crate::files",
                "crate::documents",
                "crate::config",
            ],
        ),
        (
            "src/flow/",
            &[
                "diesel",
                "actix_web",
                "utoipa",
                "reqwest",
                "tokio",
                "async",
                "crate::http",
                "crate::worker",
                "crate::files",
                "crate::documents",
                "crate::config",
                "crate::demo",
            ],
        ),
        (
            "src/documents/",
            &["diesel", "actix_web", "utoipa", "reqwest", "crate::storage", "crate::flow", "crate::http"],
        ),
        (
            "src/files/",
            &[
                "diesel",
                "actix_web",
                "utoipa",
                "reqwest",
                "crate::storage",
                "crate::flow",
                "crate::http",
                "crate::worker",
                "crate::documents",
                "crate::config",
            ],
        ),
        ("src/integrations/", &["diesel", "actix_web", "utoipa", "crate::storage", "crate::http", "crate::worker"]),
        ("src/http/", &["diesel", "diesel_migrations", "reqwest", "crate::worker", "crate::demo", "crate::config"]),
        (
            "src/integrations/",
            &["diesel", "actix_web", "utoipa", "crate::storage", "crate::http", "crate::worker", "crate::config"],
        ),
        ("src/worker/", &["diesel", "actix_web", "utoipa", "crate::http", "crate::demo"]),
        ("src/demo/", &["diesel", "actix_web", "utoipa", "reqwest", "tokio", "crate::http", "crate::worker"]),
    ];
    let mut broken = Vec::new();
    for source in sources() {
        for (folder, never) in rules.iter().filter(|(folder, _)| source.path.starts_with(folder)) {
            for (number, line) in source.code() {
                for name in never.iter().filter(|name| mentions(line, name)) {
                    broken.push(format!("{}:{number} {folder} must not use {name}", source.path));
                }
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_domain_imports_nothing_but_std_chrono_thiserror_and_serde() {
    let mut strangers = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("src/domain/")) {
        let allowed: &[&str] = if source.is_test() {
            &["std", "core", "chrono", "thiserror", "serde", "serde_json", "proptest", "super", "self"]
        } else {
            &["std", "core", "chrono", "thiserror", "serde", "super", "self"]
        };
        for (number, line) in source.code() {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let Some(path) = line.strip_prefix("use ") else { continue };
            let root = path.split([':', ';', ' ']).next().unwrap();
            // A module below the file, or a type already imported, is at home too.
            let beside = sources_below(&source.path, root) || root.starts_with(char::is_uppercase);
            if !(allowed.contains(&root) || path.starts_with("crate::domain") || beside) {
                strangers.push(format!("{}:{number} {line}", source.path));
            }
        }
    }
    assert_eq!(strangers, Vec::<String>::new());
}

fn sources_below(path: &str, module: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join(path.trim_end_matches(".rs").trim_end_matches("/mod"));
    own.join(format!("{module}.rs")).exists() || own.join(module).is_dir()
}

#[test]
fn diesel_lives_in_storage_alone() {
    let mut outside = Vec::new();
    for source in sources().iter().filter(|source| !source.path.starts_with("src/storage/")) {
        for (number, line) in source.code() {
            if mentions(line, "diesel") || mentions(line, "diesel_migrations") {
                outside.push(format!("{}:{number} {line}", source.path));
            }
        }
    }
    assert_eq!(outside, Vec::<String>::new());
}

#[test]
fn only_settings_and_the_store_know_where_files_lie() {
    let homes = ["src/config.rs", "src/files/"];
    let mut outside = Vec::new();
    for source in sources().iter().filter(|source| !homes.iter().any(|home| source.path.starts_with(home))) {
        for (number, line) in source.code().filter(|(_, line)| mentions(line, "object_store")) {
            outside.push(format!("{}:{number} {line}", source.path));
        }
    }
    assert_eq!(outside, Vec::<String>::new());
}

#[test]
fn the_clock_and_the_environment_have_one_home_each() {
    let homes = ["src/ambient.rs", "src/config.rs", "src/telemetry.rs"];
    let mut outside = Vec::new();
    for source in sources().iter().filter(|source| !homes.contains(&source.path.as_str())) {
        for (number, line) in source.code() {
            for name in ["Utc::now", "Local::now", "SystemTime::now", "env::var", "env::var_os", "env::vars"] {
                if mentions(line, name) {
                    outside.push(format!("{}:{number} {name}", source.path));
                }
            }
        }
    }
    assert_eq!(outside, Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with its sentence", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines", source.path);
    }
}

#[test]
fn the_pages_files_say_what_they_are_and_call_nobody_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages");
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let opening = match path.extension().and_then(|extension| extension.to_str()) {
            Some("js") => "// ",
            Some("css") => "/* ",
            Some("svg") => "<!-- ",
            _ => "<!doctype html>",
        };
        if !text.starts_with(opening) {
            faults.push(format!("{name} does not open with its sentence"));
        }
        if text.lines().count() > 300 {
            faults.push(format!("{name} has {} lines", text.lines().count()));
        }
        // Text becomes markup nowhere, and nothing is fetched from elsewhere.
        for forbidden in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://", " style="]
        {
            if text.contains(forbidden) {
                faults.push(format!("{name} has {forbidden}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// Two schemas of one name would be one in the API document, and wrong for one of them.
#[test]
fn every_schema_of_the_document_has_a_name_of_its_own() {
    let mut named: Vec<(String, String)> = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("src/http/")) {
        let mut is_schema = false;
        for (_, line) in source.code() {
            is_schema |= line.starts_with("#[derive(") && line.contains("ToSchema");
            let item = line.split_once("struct ").or_else(|| line.split_once("enum "));
            let Some((_, item)) = item.filter(|_| is_schema && !line.starts_with("#[")) else { continue };
            let name: String = item.chars().take_while(|character| character.is_alphanumeric()).collect();
            named.push((name, source.path.clone()));
            is_schema = false;
        }
    }
    assert!(named.len() > 100, "{} schemas", named.len());
    named.sort();
    let twice: Vec<_> = named.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
