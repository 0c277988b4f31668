//! The API document: the committed copy is the code's, and it is complete enough to build a client from.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use serde_json::Value;

/// The one route whose errors are no problem documents.
const OAUTH: &str = "POST /oauth/token";

fn generated() -> String {
    format!("{}\n", motcua::http::openapi().to_pretty_json().unwrap())
}

fn document() -> Value {
    serde_json::from_str(&generated()).unwrap()
}

/// Every operation as `METHOD path`, with itself.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if matches!(method.as_str(), "get" | "put" | "post" | "patch" | "delete") {
                found.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
            }
        }
    }
    assert!(found.len() > 40, "{} operations", found.len());
    found
}

#[test]
fn the_committed_document_is_the_codes() {
    let committed = include_str!("../openapi/openapi.json");
    let same = committed == generated();
    assert!(same, "openapi/openapi.json is out of date: cargo run -- openapi > openapi/openapi.json");
}

#[test]
fn it_is_openapi_3_1_with_a_title_a_version_and_a_licence() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    for pointer in ["/info/title", "/info/version", "/info/description", "/info/license/name"] {
        assert!(document.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{pointer}");
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let mut ids = BTreeSet::new();
    let mut faults = Vec::new();
    for (name, operation) in operations(&document()) {
        let text = |member: &str| operation[member].as_str().unwrap_or_default().trim().to_owned();
        if text("summary").is_empty() && text("description").is_empty() {
            faults.push(format!("{name}: no summary"));
        }
        if text("operationId").is_empty() || !ids.insert(text("operationId")) {
            faults.push(format!("{name}: no operationId of its own"));
        }
        if operation["tags"].as_array().is_none_or(Vec::is_empty) {
            faults.push(format!("{name}: no tag"));
        }
        let responses = operation["responses"].as_object().unwrap();
        if !responses.keys().any(|status| status.starts_with('2')) {
            faults.push(format!("{name}: no success"));
        }
        let takes_input = operation.get("requestBody").is_some()
            || operation["parameters"].as_array().is_some_and(|all| !all.is_empty());
        let problems: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with('4')).collect();
        if takes_input && problems.is_empty() {
            faults.push(format!("{name}: takes input and names no problem"));
        }
        // OAuth has errors of its own (RFC 6749, section 5.2).
        for (status, response) in problems.into_iter().filter(|_| name != OAUTH) {
            let schema = response
                .pointer("/content/application~1problem+json/schema/$ref")
                .or_else(|| response.pointer("/content/application~1json/schema/$ref"));
            if schema.and_then(Value::as_str) != Some("#/components/schemas/ProblemBody") {
                faults.push(format!("{name}: {status} is no problem"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn problems_are_declared_under_their_own_media_type() {
    let mut faults = Vec::new();
    for (name, operation) in operations(&document()).into_iter().filter(|(name, _)| name != OAUTH) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = response["content"].as_object();
            let is_error = status.starts_with('4') || status.starts_with('5');
            if is_error && content.is_none_or(|content| !content.contains_key("application/problem+json")) {
                faults.push(format!("{name}: {status}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn every_reference_resolves() {
    fn walk(node: &Value, document: &Value, dangling: &mut Vec<String>) {
        match node {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                    if found.is_none() {
                        dangling.push(target.clone());
                    }
                }
                members.values().for_each(|member| walk(member, document, dangling));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document, dangling)),
            _ => {}
        }
    }
    let document = document();
    let mut dangling = Vec::new();
    walk(&document, &document, &mut dangling);
    assert_eq!(dangling, Vec::<String>::new());
}

#[test]
fn every_path_parameter_is_declared() {
    for (name, operation) in operations(&document()) {
        let declared: BTreeSet<String> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let used: BTreeSet<String> =
            name.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect();
        assert_eq!(declared, used, "{name}");
    }
}
