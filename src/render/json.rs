//! Findings and answers for machines. Field names and their meaning are stable; fields are only ever added.

use std::path::Path;

use portcullis_grammar::diagnostic::{Diagnostic, Severity};
use portcullis_grammar::json::{Kind, Value as Parsed};
use portcullis_grammar::source::Source;
use portcullis_runtime::Decision;
use portcullis_runtime::explain::Statement;
use serde_json::{Value, json};

/// One finding.
pub(crate) fn diagnostic<'a>(found: &Diagnostic, path: impl Fn(&Source) -> Option<&'a Path>) -> Value {
    let place = |label: &portcullis_grammar::diagnostic::Label| {
        let (start, end) = (label.source.position(label.span.start), label.source.position(label.span.end));
        let shown = path(&label.source)
            .map_or_else(|| label.source.name().to_string(), |path| path.display().to_string());
        json!({
            "file": shown,
            "line": start.line, "column": start.column,
            "end_line": end.line, "end_column": end.column,
            "text": label.source.slice(label.span).chars().take(200).collect::<String>(),
            "label": label.text,
        })
    };
    let mut places = found.labels.iter().map(place);
    json!({
        "code": found.code,
        "severity": match found.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": found.message,
        "place": places.next(),
        "related": places.collect::<Vec<_>>(),
        "help": found.help,
    })
}

/// A decision with the statements that decided.
pub(crate) fn decision(decision: &Decision, statements: &[Statement<'_>]) -> Value {
    let statements: Vec<Value> = statements
        .iter()
        .map(|statement| {
            let name = statement.sid.map_or_else(|| format!("#{}", statement.index), str::to_owned);
            json!({
                "policy": statement.policy,
                "version": statement.version,
                "statement": name,
                "index": statement.index,
                "file": statement.file,
                "line": statement.line,
                "column": statement.column,
            })
        })
        .collect();
    json!({
        "decision": decision.effect().name(),
        "layer": decision.layer().name(),
        "level": decision.level(),
        "reason": decision.reason().name(),
        "statements": statements,
    })
}

/// A JSON value of our own front end.
pub(crate) fn value(value: &Parsed) -> Value {
    match &value.kind {
        Kind::Null => Value::Null,
        Kind::Bool(truth) => Value::Bool(*truth),
        Kind::Number(text) => {
            text.parse::<i64>().map_or_else(|_| Value::String(text.to_string()), Value::from)
        }
        Kind::String(text) => Value::String(text.to_string()),
        Kind::Array(items) => items.iter().map(self::value).collect(),
        Kind::Object(members) => {
            members.iter().map(|member| (member.key.to_string(), self::value(&member.value))).collect()
        }
    }
}
