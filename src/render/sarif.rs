//! Findings as SARIF 2.1.0, which code hosts and editors show beside the lines that they are about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use portcullis_compiler::lint::silence::{Judged, Place};
use portcullis_compiler::lint::{manual, registry};
use portcullis_compiler::resolve::codes;
use portcullis_grammar::diagnostic::{Label, Severity};
use portcullis_grammar::source::Source;
use serde_json::{Map, Value, json};

/// A whole log with one run. `path` gives the path under which the user knows a source.
pub(crate) fn log(found: &[Judged], path: impl Fn(&Source) -> String) -> Value {
    let mut rules: BTreeMap<&'static str, usize> = found.iter().map(|it| (it.diagnostic.code, 0)).collect();
    rules.values_mut().zip(0..).for_each(|(place, index)| *place = index);
    let results: Vec<Value> = found
        .iter()
        .map(|it| result(it, rules.get(it.diagnostic.code).copied().unwrap_or(0), &path))
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portcullis",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.keys().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            // Columns count characters.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }]
    })
}

fn rule(code: &str) -> Value {
    let lint = registry::find(code);
    let line = codes::ALL.iter().find(|(known, _)| *known == code).map_or("", |(_, line)| *line);
    let short = lint.map_or(line, |lint| lint.line);
    let short = if short.is_empty() { code } else { short };
    let level = if lint.is_some() { "warning" } else { "error" };
    let mut rule = json!({
        "id": code,
        "shortDescription": {"text": short},
        "fullDescription": {"text": short},
        "defaultConfiguration": {"level": level},
    });
    if let Some(section) = manual::section(code)
        && let Some(members) = rule.as_object_mut()
    {
        // The heading is the id, which viewers show.
        let body = section.split_once('\n').map_or("", |(_, body)| body).trim();
        let part = |name| body.lines().find_map(|line| line.strip_prefix(name)).unwrap_or(short);
        members.insert("fullDescription".to_owned(), json!({"text": part("**Why.** ")}));
        members.insert("help".to_owned(), json!({"text": part("**Fix.** "), "markdown": body}));
    }
    rule
}

fn result(judged: &Judged, rule: usize, path: &impl Fn(&Source) -> String) -> Value {
    let found = &judged.diagnostic;
    let text = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let mut result = json!({
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": match found.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": {"text": text},
        "locations": found.labels.iter().take(1).map(|label| location(label, path)).collect::<Vec<_>>(),
    });
    let Some(members) = result.as_object_mut() else { return result };
    let mut related: Vec<Value> = found.labels.iter().skip(1).map(|label| location(label, path)).collect();
    for (label, place) in found.labels.iter().skip(1).zip(&mut related) {
        if let Some(place) = place.as_object_mut() {
            place.insert("message".to_owned(), json!({"text": label.text}));
        }
    }
    if !related.is_empty() {
        members.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    if let Some(silence) = &judged.silence {
        let kind = match silence.place {
            Place::InSource => "inSource",
            Place::External => "external",
        };
        members.insert("suppressions".to_owned(), json!([{"kind": kind, "justification": silence.reason}]));
    }
    result
}

fn location(label: &Label, path: &impl Fn(&Source) -> String) -> Value {
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({"uri": uri(&path(&label.source))}));
    // A file that could not be read has no text to point into.
    if !label.source.text().is_empty() {
        let (start, end) = (label.source.position(label.span.start), label.source.position(label.span.end));
        let region = json!({
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        });
        physical.insert("region".to_owned(), region);
    }
    json!({"physicalLocation": physical})
}

/// A path as a reference: relative ones stay so, and what has a meaning in references is escaped.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    } else if path.split('/').next().is_some_and(|first| first.contains(':')) {
        // The first part of a relative reference holds no colon.
        uri.push_str("./");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_references() {
        for (path, reference) in [
            ("policies/a.json", "policies/a.json"),
            ("./a.json", "a.json"),
            ("a b%.json", "a%20b%25.json"),
            ("/p/ä.json", "file:///p/%C3%A4.json"),
            ("a:b.json", "./a:b.json"),
            ("<stdin>", "%3Cstdin%3E"),
        ] {
            assert_eq!(uri(path), reference);
        }
    }
}
