//! Explanations for machines. Field names and their meaning are stable; fields are only ever added.

use portcullis_compiler::analysis::explain::{Clause, Explanation, LayerReport, Named, NearMiss, Part};
use portcullis_compiler::model::Effect;
use portcullis_compiler::reference::Level;
use portcullis_compiler::request::{ContextValue, Request};
use serde_json::{Value, json};

use super::words;

/// An explanation.
pub(crate) fn json(explanation: &Explanation, request: &Request) -> Value {
    let decision = &explanation.decision;
    json!({
        "decision": decision.effect.name(),
        "layer": decision.layer.name(),
        "level": decision.level,
        "reason": decision.reason.name(),
        "statements": explanation.statements.iter().map(named).collect::<Vec<_>>(),
        "layers": explanation.layers.iter().map(|report| layer(report, request)).collect::<Vec<_>>(),
        "changes": words::changes(explanation, request).iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

pub(super) fn named(statement: &Named) -> Value {
    json!({
        "policy": statement.policy,
        "version": statement.version,
        "statement": statement.sid.clone().unwrap_or_else(|| format!("#{}", statement.index)),
        "index": statement.index,
        "effect": match statement.effect { Effect::Allow => "allow", Effect::Deny => "deny" },
        "file": statement.file,
        "line": statement.line,
        "column": statement.column,
    })
}

fn layer(report: &LayerReport, request: &Request) -> Value {
    let matched = report.matched.iter().map(|matched| {
        let principal = match matched.level {
            Level::Direct => "direct",
            Level::Session => "session",
            Level::Account => "account",
        };
        with(named(&matched.statement), "principal", json!(principal))
    });
    let near = report.near.iter().map(|NearMiss { statement, failed }| {
        let failed = failed.iter().map(|failed| part(failed, request));
        with(named(statement), "failed", failed.collect())
    });
    json!({
        "layer": report.layer.name(),
        "level": report.level,
        "of": report.of,
        "verdict": report.verdict.name(),
        "matched": matched.collect::<Vec<_>>(),
        "near": near.collect::<Vec<_>>(),
        "others": report.others,
    })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

fn part(part: &Part, request: &Request) -> Value {
    let clause = |name: &str, clause: &Option<Clause>, has: &str| {
        json!({
            "part": name,
            "negated": clause.as_ref().is_some_and(|clause| clause.negated),
            "values": clause.as_ref().map(|clause| &clause.entries),
            "request": has,
        })
    };
    match part {
        Part::Principal(entries) => clause("principal", entries, &request.principal),
        Part::Resource(entries) => clause("resource", entries, &request.resource),
        Part::Condition(condition) => json!({
            "part": "condition",
            "operator": condition.operator.to_string(),
            "key": condition.key,
            "values": condition.values,
            "request": match &condition.request {
                None => Value::Null,
                Some(ContextValue::One(value)) => json!(value),
                Some(ContextValue::Many(values)) => json!(values),
            },
        }),
    }
}
